"""Rows as people read them: a table, Markdown; and findings as table, CSV, JSON, Markdown.

Machine formats of SPARQL results are the W3C's own and are written by pyoxigraph.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from calckg import prefixes
from calckg.printable import printable

if TYPE_CHECKING:
    from calckg.findings import Report

_FOLDED = 1.5  # a table this many times wider than the terminal is folded; a wider one is drawn row by row
ROW_FORMATS = ("table", "csv", "tsv", "json", "xml", "markdown")
FINDING_FORMATS = ("table", "csv", "json", "markdown")
ROW_SUFFIXES = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".json": "json",
    ".srj": "json",
    ".xml": "xml",
    ".srx": "xml",
    ".md": "markdown",
    ".txt": "table",
}


def cell(term: Any) -> str:
    """Return a term as people read it: an IRI as a CURIE where there is one, a literal's text, nothing for unbound."""
    if term is None:
        return ""
    if isinstance(term, ox.NamedNode):
        return prefixes.load().compress(term.value) or term.value
    if isinstance(term, ox.Literal):
        return str(term.value)
    return str(term)


def counted(number: int, noun: str) -> str:
    """Return a number with what it is of: ``1 triple``, ``2,000 triples``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, width: int | None) -> str:
    """Draw a table; with ``width`` in the terminal's colours and columns, else in plain text as wide as it gets.

    Columns that are empty in every row are left out. What would be much too wide for the terminal is drawn row by row,
    one value a line.
    """
    body = [[_one_line(value) for value in row] for row in rows]
    kept = [i for i in range(len(columns)) if not body or any(row[i] for row in body)]
    lines = [[row[i] for i in kept] for row in [list(columns), *body]]
    widths = [max(map(len, values)) for values in zip(*lines, strict=True)]
    if width is not None and sum(widths) + 3 * len(widths) > _FOLDED * width:
        return _records(lines[0], lines[1:], width)
    if width is not None:
        return _rich_table(lines[0], lines[1:], width)
    drawn = ["  ".join(value.ljust(w) for value, w in zip(row, widths, strict=True)).rstrip() for row in lines]
    drawn.insert(1, "  ".join("─" * w for w in widths))
    return "\n".join(drawn) + "\n"


def _records(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> str:
    """Write each row as a block of lines, its empty values left out."""
    from textwrap import fill

    margin = max(map(len, columns)) + 2
    blocks = []
    for number, row in enumerate(rows, 1):
        head = f"── {number} "
        lines = [head + "─" * max(0, min(width, 60) - len(head))]
        for column, value in zip(columns, row, strict=True):
            if value:
                label = column.ljust(margin)
                lines.append(fill(value, width, initial_indent=label, subsequent_indent=" " * margin))
        blocks.append("\n".join(lines))
    return "\n".join(blocks) + "\n"


def _rich_table(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> str:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(header_style="bold")
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(value) for value in row))
    console = Console(file=io.StringIO(), force_terminal=True, width=width)
    with console.capture() as capture:
        console.print(drawn)
    return capture.get()


def markdown(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a Markdown table; bars and line ends inside a cell are escaped."""
    lines = [tuple(columns), tuple("---" for _ in columns), *(tuple(row) for row in rows)]
    return "".join("| " + " | ".join(_markdown_cell(value) for value in line) + " |\n" for line in lines)


def _one_line(value: str) -> str:
    return printable(" ".join(value.split()))


def _markdown_cell(value: str) -> str:
    return _one_line(value).replace("\\", "\\\\").replace("|", "\\|")


def solutions(result: ox.QuerySolutions, name: str, *, width: int | None = None) -> bytes:
    """Render the rows of a query in the format called ``name``, one of ``ROW_FORMATS``."""
    standard = {
        "csv": ox.QueryResultsFormat.CSV,
        "tsv": ox.QueryResultsFormat.TSV,
        "json": ox.QueryResultsFormat.JSON,
        "xml": ox.QueryResultsFormat.XML,
    }
    if name in standard:
        return result.serialize(format=standard[name]) or b""
    columns = [variable.value for variable in result.variables]
    rows = [[cell(solution[column]) for column in columns] for solution in result]
    drawn = markdown(columns, rows) if name == "markdown" else table(columns, rows, width=width)
    return drawn.encode()


def findings(report: Report, name: str, *, width: int | None = None) -> str:
    """Render findings in the format called ``name``, one of ``FINDING_FORMATS``."""
    if name == "json":
        import json

        return json.dumps([finding.as_dict() for finding in report], indent=2, ensure_ascii=False) + "\n"
    columns = ("severity", "rule", "subject", "message", "remedy", "source")
    full = [(str(f.severity), f.rule, f.subject, f.message, f.remedy, str(f.source)) for f in report]
    if name == "csv":
        import csv

        stream = io.StringIO()
        plain = csv.writer(stream, lineterminator="\n")
        quoted = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)
        for row in (columns, *full):  # before Python 3.13 a carriage return is not seen to need quotes
            (quoted if any("\r" in value for value in row) else plain).writerow(row)
        return stream.getvalue()
    short = [(s, _short(r), _short(n), m, e, _short(p)) for s, r, n, m, e, p in full]
    if name == "markdown":
        return markdown(columns, short)
    return table(columns, short, width=width) if short else ""


def _short(text: str) -> str:
    return prefixes.load().compress(text) or text
