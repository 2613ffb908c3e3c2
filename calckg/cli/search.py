"""``calckg search``: concepts by name."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from calckg import naming
from calckg.cli.options import KgOption, OutputOption, choose_format, emit, open_graph, terminal_width

app = typer.Typer(add_completion=False)
_FORMATS = ("table", "csv", "json", "markdown")
_SUFFIXES = {".csv": "csv", ".json": "json", ".md": "markdown", ".txt": "table"}
_COLUMNS = naming.Found._fields[:-1]


@app.command()
def search(
    text: Annotated[
        list[str], typer.Argument(metavar="TEXT...", help="Words of a name in any order, their beginnings, or a code.")
    ],
    limit: Annotated[int, typer.Option("--limit", metavar="N", help="At most this many concepts.")] = 10,
    format: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="NAME",
            help=f"One of: {', '.join(_FORMATS)}. Default: by the suffix of -o, a table on a terminal, else csv.",
        ),
    ] = None,
    kg: KgOption = None,
    output: OutputOption = None,
) -> None:
    """Find concepts by name, synonym or code, the best first; typing errors are corrected.

    Exact matches come before names that begin with the text, those before names that have all its words. Where there
    is none, words that no name has are corrected; at last, names with some of the words.
    """
    width = terminal_width(output)
    name = choose_format(format, output, _FORMATS, _SUFFIXES, "table" if width else "csv")
    asked = " ".join(text)
    found = naming.search(open_graph(kg, None).names, asked, limit)
    if not found:
        print(f"no concept has a name like {asked!r}", file=sys.stderr)
    emit(_rendered(found, name, width).encode(), output)


def _rendered(found: list[naming.Found], name: str, width: int | None) -> str:
    if name == "json":
        data = [dict(zip(_COLUMNS, one, strict=False)) for one in found]
        return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    if name == "csv":
        import csv
        import io

        stream = io.StringIO()
        csv.writer(stream, lineterminator="\n").writerows([_COLUMNS, *(one[:-1] for one in found)])
        return stream.getvalue()
    from calckg import render  # needs the RDF parser

    rows = [(one.curie, *one[1:-1]) for one in found]
    return render.markdown(_COLUMNS, rows) if name == "markdown" else render.table(_COLUMNS, rows, width=width)
