"""The canonical tables: what every reader fills and ``quads`` turns into RDF.

Contract for a reader:

- A row is a mapping of column name to value; a column that is not in it is NULL. An empty list is NULL too.
- An identifier is a canonical IRI (``Prefixes.expand`` or ``normalise``), never a CURIE: what is written most often is
  then written without a look-up, and a wrong prefix is found where the file and the line are still known.
- Text is in Unicode NFC (RDF 1.1 Concepts, 3.3). ``loading.load`` sees to it; SQL that inserts uses ``nfc_normalize``.
- ``graph`` is the IRI of the named graph of the source that says the row.
- A row may come twice, and what is known of one thing may come in several rows: quads are made without repetition.
- Every end of a row that is a concept has a row in ``concept`` too, also when it is retired.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeAlias

from calckg.tables.declared import TABLES
from calckg.tables.model import Column, Table, Type

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = [
    "SEPARATOR",
    "TABLES",
    "Column",
    "Row",
    "Rows",
    "Table",
    "Type",
    "Value",
    "create",
    "extra",
    "filled",
    "narrowed",
]

Value: TypeAlias = str | int | float | bool | Sequence[str] | None
Row: TypeAlias = Mapping[str, Value]
Rows: TypeAlias = Iterable[tuple[str, Row]]
"""What a reader yields: the name of a table, and a row of it."""

SEPARATOR: Final = "\x1f"
"""What stands between the parts of one text that has parts: ``extra``, and the fields that an identity is made of."""


def extra(prop: str, value: str, *, datatype: str = "", lang: str = "") -> str:
    """Return one item of an ``extra`` column: ``prop`` and ``datatype`` are IRIs.

    Without ``datatype`` and ``lang`` the value is an IRI; give xsd:string for text in no language.
    """
    return SEPARATOR.join((prop, f"@{lang.lower()}" if lang else datatype, value))


def create(connection: DuckDBPyConnection, *, temporary: bool = False) -> None:
    """Make all the tables, empty; those that were there go."""
    kind = "TEMP TABLE" if temporary else "TABLE"
    for table in TABLES.values():
        columns = ", ".join(_declaration(column) for column in table.columns)
        connection.execute(f'CREATE OR REPLACE {kind} "{table.name}" ({columns})')


def filled(connection: DuckDBPyConnection) -> list[str]:
    """Return the names of the tables that have rows, in the order in which they are declared."""
    looks = " UNION ALL ".join(f"(SELECT '{name}' FROM \"{name}\" LIMIT 1)" for name in TABLES)
    found = {name for (name,) in connection.execute(looks).fetchall()}
    return [name for name in TABLES if name in found]


def narrowed(connection: DuckDBPyConnection, table: str) -> Table:
    """Return the table called ``table`` with only those of its columns that have a value in some row."""
    whole = TABLES[table]
    counts = ", ".join(f"count({column.name})" for column in whole.columns)
    row = connection.execute(f'SELECT {counts} FROM "{table}"').fetchone() or ()
    return replace(whole, columns=tuple(column for column, n in zip(whole.columns, row, strict=True) if n))


def _declaration(column: Column) -> str:
    text = f"{column.name} {column.sql}"
    if column.required:
        text += " NOT NULL"
    if column.values:
        text += f" CHECK ({column.name} IN ({', '.join(repr(value) for value in column.values)}))"
    return text
