"""``calckg sparql``: any read-only SPARQL query."""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path
from typing import Annotated

import pyoxigraph as ox
import typer

from calckg import rdf
from calckg.cli.options import (
    EndpointOption,
    KgOption,
    OutputOption,
    choose_format,
    emit,
    open_graph,
    terminal_width,
)
from calckg.errors import UsageError
from calckg.files import readable
from calckg.render import ROW_FORMATS, ROW_SUFFIXES, solutions
from calckg.sparql import check_read_only, query_form

app = typer.Typer(add_completion=False)


@app.command()
def sparql(
    query: Annotated[
        str | None, typer.Argument(metavar="QUERY", help="The query's text; - reads standard input.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", metavar="FILE", help="Read the query from FILE instead.")
    ] = None,
    kg: KgOption = None,
    endpoint: EndpointOption = None,
    format: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="NAME",
            help=f"Rows: {', '.join(ROW_FORMATS)}. Graphs (CONSTRUCT, DESCRIBE): {', '.join(rdf.FORMATS)}.",
        ),
    ] = None,
    output: OutputOption = None,
) -> None:
    """Ask a SPARQL 1.1 query: SELECT, ASK, CONSTRUCT or DESCRIBE.

    It only reads: updates, SERVICE and FROM of anything but a named graph of this graph are refused.
    """
    text = _text(query, file)
    width = terminal_width(output)
    if query_form(text) in {"CONSTRUCT", "DESCRIBE"}:
        name = choose_format(format, output, rdf.FORMATS, rdf.SUFFIXES, "turtle")
    else:
        name = choose_format(format, output, ROW_FORMATS, ROW_SUFFIXES, "table" if width else "csv")
    graph = open_graph(kg, endpoint).sparql
    check_read_only(text, graph)
    result = graph.query(text)
    if isinstance(result, ox.QueryTriples):
        stream = BytesIO()
        rdf.write_quads(result, stream, name)
        emit(stream.getvalue(), output)
    elif isinstance(result, ox.QueryBoolean):
        emit(_boolean(result, name), output)
    else:
        emit(solutions(result, name, width=width), output)


def _text(query: str | None, file: Path | None) -> str:
    if (query is None) == (file is None):
        raise UsageError(
            "give the query as an argument, or a file with -f, and not both: calckg sparql 'ASK { ?s ?p ?o }'"
        )
    try:
        if file is not None:
            return readable(file).read_text(encoding="utf-8")
        return sys.stdin.buffer.read().decode("utf-8") if query == "-" else query or ""
    except UnicodeDecodeError as error:
        raise UsageError(f"{file or '-'}: not UTF-8 at byte {error.start}; save the query as UTF-8") from None


def _boolean(result: ox.QueryBoolean, name: str) -> bytes:
    standard = {"json": ox.QueryResultsFormat.JSON, "xml": ox.QueryResultsFormat.XML}
    if name in standard:
        return result.serialize(format=standard[name]) or b""
    return b"true\n" if result else b"false\n"
