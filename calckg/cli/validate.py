"""``calckg validate``: SHACL shapes over the graph or over anybody's RDF files."""

from __future__ import annotations

import sys
from collections import Counter
from io import BytesIO
from pathlib import Path
from typing import Annotated

import pyoxigraph as ox
import typer

from calckg import prefixes, rdf, render
from calckg.cli.options import (
    EndpointOption,
    KgOption,
    OutputOption,
    choose_format,
    emit,
    is_explicit,
    open_graph,
    terminal_width,
)
from calckg.errors import UnknownNameError, UsageError
from calckg.findings import Report, Severity

app = typer.Typer(add_completion=False)
FORMATS = (*render.FINDING_FORMATS, "turtle", "ntriples", "jsonld")
_SUFFIXES = {
    ".csv": "csv",
    ".json": "json",
    ".md": "markdown",
    ".txt": "table",
    ".ttl": "turtle",
    ".nt": "ntriples",
    ".jsonld": "jsonld",
}


@app.command()
def validate(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE", help="RDF files to check instead of the graph."),
    ] = None,
    shapes: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Shapes to check against (repeatable). Default: calckg's own."),
    ] = None,
    fail_on: Annotated[
        str,
        typer.Option(metavar="SEVERITY", help="Exit with 1 at a finding this grave: violation, warning or info."),
    ] = "violation",
    format: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="NAME",
            help=f"One of: {', '.join(FORMATS)}; the last three hold the sh:ValidationReport. Default: table.",
        ),
    ] = None,
    kg: KgOption = None,
    endpoint: EndpointOption = None,
    output: OutputOption = None,
) -> None:
    """Check the graph, or RDF FILEs, against SHACL shapes, and say what is wrong and what to do about it."""
    from calckg.shapes import validate as shacl

    limit = _severity(fail_on)
    name = choose_format(format, output, FORMATS, _SUFFIXES, "table")
    places: dict[str, str] = {}
    if files:
        if endpoint is not None or is_explicit(kg):
            other = "--kg" if endpoint is None else "--endpoint"
            raise UsageError(f"FILE and {other} name two things to check; give one of them")
        quads = []
        for path in files:
            for quad in rdf.read(path):
                quads.append(quad)
                places.setdefault(str(quad.subject), str(path))
    else:
        quads = list(open_graph(kg, endpoint).quads())
    outcome = shacl.validate(quads, shapes or shacl.shape_files(), places)
    report, more = outcome.report, Counter[tuple[str, str]]()
    if name == "table" and limit > Severity.INFO:
        more.update((f.rule, f.message) for f in report if f.severity == Severity.INFO)
        report = Report(f for f in report if f.severity > Severity.INFO)
    emit(_rendered(report, outcome.triples, name, terminal_width(output)), output)
    triples = len({(q.subject, q.predicate, q.object) for q in quads})
    found = ", ".join(f"{count} {severity}" for severity, count in outcome.report.counts().items())
    for (rule, message), count in sorted(more.items()):
        print(f"info, {count} times: {message} ({prefixes.load().compress(rule) or rule})", file=sys.stderr)
    verdict = "does not conform" if outcome.report.at_least(limit) else "conforms"
    verdict += f" ({found})" if found else ""
    print(f"{triples:,} triples, {outcome.shapes} shapes: {verdict}", file=sys.stderr)
    if outcome.report.at_least(limit):
        raise typer.Exit(1)


def _severity(text: str) -> Severity:
    try:
        return Severity.of(text)
    except KeyError:
        known = [str(severity) for severity in Severity]
        raise UnknownNameError("severity", text, known, f"(one of: {', '.join(known)})") from None


def _rendered(report: Report, triples: list[ox.Triple], name: str, width: int | None) -> bytes:
    if name in rdf.FORMATS:
        stream = BytesIO()
        rdf.write_quads((ox.Quad(t.subject, t.predicate, t.object) for t in triples), stream, name)
        return stream.getvalue()
    return render.findings(report, name, width=width).encode()
