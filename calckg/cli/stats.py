"""``calckg stats``: what the graph holds, counted; or its VoID description."""

from __future__ import annotations

import csv
import io
import json
from typing import Annotated

import typer

from calckg import prefixes, rdf, render
from calckg.cli.options import KgOption, OutputOption, choose_format, emit, open_graph, opened, terminal_width

app = typer.Typer(add_completion=False)
_FORMATS = ("table", "csv", "json", "markdown")
_SUFFIXES = rdf.SUFFIXES | {".csv": "csv", ".json": "json", ".md": "markdown", ".txt": "table"}
_COLUMNS = ("what", "of", "count")


@app.command()
def stats(
    format: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="NAME",
            help=f"One of: {', '.join(_FORMATS)}, or for VoID {', '.join(rdf.FORMATS)}. "
            "Default: by the suffix of -o, a table on a terminal, else csv.",
        ),
    ] = None,
    kg: KgOption = None,
    output: OutputOption = None,
) -> None:
    """Count what the graph holds: quads, named graphs, classes, concepts, associations, mappings.

    In an RDF format it is the VoID description: a void:Dataset with its class and property partitions, its vocabularies
    and a subset for each named graph.
    """
    from calckg.stats import count
    from calckg.void import describe

    width = terminal_width(output)
    name = choose_format(format, output, (*_FORMATS, *rdf.FORMATS), _SUFFIXES, "table" if width else "csv")
    if name in rdf.FORMATS:
        description = list(describe(open_graph(kg, None)))
        with opened(output) as target:
            rdf.write_quads(description, target, name)
        return
    counts = count(open_graph(kg, None))
    rows = [(c.heading, c.what, str(c.count)) for c in counts]
    if name == "json":
        data = [{"what": c.heading, "of": c.what, "count": c.count} for c in counts]
        text = json.dumps(data, indent=2) + "\n"
    elif name == "csv":
        stream = io.StringIO()
        csv.writer(stream, lineterminator="\n").writerows([_COLUMNS, *rows])
        text = stream.getvalue()
    else:
        table = prefixes.load()
        short = [(heading, table.compress(what) or what, number) for heading, what, number in rows]
        text = render.markdown(_COLUMNS, short) if name == "markdown" else render.table(_COLUMNS, short, width=width)
    emit(text.encode(), output)
