"""Rows into the canonical tables, in batches, so that memory does not grow with the file that they come from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, cast
from unicodedata import normalize

from calckg import running
from calckg.tables import TABLES, Column, Row, Rows, Table, Type, Value

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_BATCH = 10_000
_RECORD, _UNIT, _NULL = "\x1e", "\x1f", "\x1d"  # between values, between the items of a list, in place of a value
# An IRI begins with a scheme, holds no character that RFC 3987 keeps out, and has one fragment at most.
_PART = r'(?:[^\x00-\x20<>"{}|\\^`#%\[\]\x7F-\x9F]|%[0-9A-Fa-f]{2})*'
_IRI = rf"^[A-Za-z][A-Za-z0-9+.-]*:{_PART}(?:#{_PART})?\z"


def load(connection: DuckDBPyConnection, rows: Rows, *, batch: int = _BATCH) -> Counter[str]:
    """Add ``rows`` to the tables as they come; return how many there were of each table.

    No more than ``batch`` rows of a table wait in memory. Text is brought to NFC. All come in or, when the reader
    raises, none: it is one transaction (a commit for each batch takes four times as long), so the caller has none open.
    Raises ``KeyError`` for a table
    that is not declared and ``ValueError`` for a column that is not: a mistake in the reader.
    """
    connection.begin()
    try:
        counts = _load(connection, rows, batch)
    except BaseException:
        connection.rollback()
        raise
    connection.commit()
    return counts


def _load(connection: DuckDBPyConnection, rows: Rows, batch: int) -> Counter[str]:
    waiting: dict[str, list[Row]] = {name: [] for name in TABLES}
    counts: Counter[str] = Counter()
    for name, row in rows:
        pending = waiting[name]
        pending.append(row)
        if len(pending) >= batch:
            counts[name] += _insert(connection, TABLES[name], pending)
            running.add_rows(len(pending))
            pending.clear()
    for name, pending in waiting.items():
        if pending:
            counts[name] += _insert(connection, TABLES[name], pending)
    return counts


def _insert(connection: DuckDBPyConnection, table: Table, rows: Sequence[Row]) -> int:
    """Insert ``rows`` by one statement: a list of values for each column, or the value that all rows share."""
    given: set[str] = set().union(*rows)
    columns = [column for column in table.columns if column.name in given]
    if len(columns) != len(given):
        unknown = sorted(given - {column.name for column in table.columns})
        raise ValueError(f"the table {table.name} has no column {', '.join(unknown)}")
    inner, outer, parameters = [], [], []
    for column in columns:
        expression, reading, parameter = _parameter(column, _values(column.name, rows))
        inner.append(expression)
        outer.append(reading.format(column.name))
        parameters.append(parameter)
    names = ", ".join(column.name for column in columns)
    # range() gives the number of rows when all of them share every value.
    connection.execute(
        f'INSERT INTO "{table.name}" ({names}) SELECT {", ".join(outer)} '
        f"FROM (SELECT {', '.join(inner)}, unnest(range({len(rows)}))) AS r({names}, n)",
        parameters,
    )
    return len(rows)


def _values(name: str, rows: Sequence[Row]) -> list[Value]:
    try:
        return list(map(itemgetter(name), rows))
    except KeyError:
        return [row.get(name) for row in rows]


def _parameter(column: Column, values: list[Value]) -> tuple[str, str, object]:
    """Return how one column of a batch comes in: SQL for the inner and the outer SELECT, and the parameter."""
    sql = column.sql
    if values.count(values[0]) == len(values):
        return f"?::{sql}", "{}", _normal(values[0] or None if column.many else values[0])
    if not sql.startswith("VARCHAR"):
        return f"unnest(?::{sql}[])", "{}", values
    units = 0
    if column.many:
        lists = cast("list[Sequence[str] | None]", values)
        texts = [_UNIT.join(items) if items else None for items in lists]
        units = sum(len(items) - 1 for items in lists if items)
    else:
        texts = cast("list[str | None]", values)
    nulls = texts.count(None)
    # One long text goes over in a third of the time of a list of texts, but a text with these characters must not.
    joined = normalize("NFC", _RECORD.join(_NULL if text is None else text for text in texts))
    if (joined.count(_RECORD), joined.count(_UNIT), joined.count(_NULL)) != (len(texts) - 1, units, nulls):
        return f"unnest(?::{sql}[])", "{}", [_normal(value) if value or not column.many else None for value in values]
    reading = f"nullif({{}}, chr({ord(_NULL)}))" if nulls else "{}"
    if column.many:
        reading = f"string_split({reading}, chr({ord(_UNIT)}))"
    return f"unnest(string_split(?, chr({ord(_RECORD)})))", reading, joined


def _normal(value: Value) -> Value:
    """Return the value with every text in NFC."""
    if isinstance(value, str):
        return normalize("NFC", value)
    return [normalize("NFC", item) for item in value] if isinstance(value, Sequence) else value


def malformed(connection: DuckDBPyConnection, table: str, limit: int = 10) -> list[tuple[str, str]]:
    """Return up to ``limit`` (column, value) of ``table`` that should be IRIs and are none.

    A net for readers that insert by SQL: what is written to N-Quads is not looked at again.
    """
    parts = []
    for column in TABLES[table].columns:
        if column.type is Type.IRI:
            value = f"unnest({column.name})" if column.many else column.name
            parts.append(f"SELECT '{column.name}' AS c, {value} AS v FROM \"{table}\" WHERE {column.name} IS NOT NULL")
    found = connection.execute(
        f"SELECT DISTINCT c, v FROM ({' UNION ALL '.join(parts)}) AS u "
        f"WHERE NOT regexp_matches(v, '{_IRI}') ORDER BY c, v LIMIT {int(limit)}"
    )
    return [(str(column), str(value)) for column, value in found.fetchall()]
