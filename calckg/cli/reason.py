"""``calckg reason``: is the graph consistent, and what follows from it."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from calckg import prefixes, render
from calckg.cli.options import (
    EndpointOption,
    KgOption,
    OutputOption,
    choose_format,
    emit,
    open_graph,
    terminal_width,
)

app = typer.Typer(add_completion=False)
_FORMATS = ("table", "json", "markdown")
_SUFFIXES = {".json": "json", ".md": "markdown", ".txt": "table"}


@app.command()
def reason(
    format: Annotated[
        str | None,
        typer.Option("--format", metavar="NAME", help=f"One of: {', '.join(_FORMATS)}. Default: table."),
    ] = None,
    kg: KgOption = None,
    endpoint: EndpointOption = None,
    output: OutputOption = None,
) -> None:
    """Reason over ontology and graph with HermiT: consistency, unsatisfiable classes, what is inferred.

    It needs Java. An inconsistent graph or an unsatisfiable class exits with 1.
    """
    from calckg.reason import reason as classify

    name = choose_format(format, output, _FORMATS, _SUFFIXES, "table")
    found = classify(open_graph(kg, endpoint).quads())
    table = prefixes.load()

    def short(iri: str) -> str:
        return table.compress(iri) or iri

    if name == "json":
        data = {
            "consistent": found.consistent,
            "classes": found.classes,
            "individuals": found.individuals,
            "unsatisfiable": found.unsatisfiable,
            "inferred": [{"subject": s, "relation": r, "object": o} for s, r, o in found.inferred],
        }
        emit((json.dumps(data, indent=2) + "\n").encode(), output)
    else:
        rows = [("unsatisfiable", short(iri), "", "") for iri in found.unsatisfiable]
        rows += [("inferred", short(s), r, short(o)) for s, r, o in found.inferred]
        columns = ("finding", "subject", "relation", "object")
        if name == "markdown":
            emit(render.markdown(columns, rows).encode(), output)
        elif rows:
            emit(render.table(columns, rows, width=terminal_width(output)).encode(), output)
    verdict = "consistent" if found.consistent else "inconsistent"
    print(
        f"{verdict}: {found.classes} classes, {found.individuals} individuals, "
        f"{len(found.unsatisfiable)} unsatisfiable, {len(found.inferred)} inferred",
        file=sys.stderr,
    )
    if not found.consistent or found.unsatisfiable:
        raise typer.Exit(1)
