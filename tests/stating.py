"""The quads of the tables as N-Quads texts, for tests that read them with another implementation, and rows to try."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import duckdb

from calckg import quads, tables
from calckg.quads.sql import escaped
from calckg.tables import TABLES, Column, Type


def insert(connection: duckdb.DuckDBPyConnection, relation: str, tables: Iterable[str] = TABLES) -> int:
    """Add the quads of ``tables`` to ``relation(s, p, o, g)``, each once; return how many there were."""
    count = 0
    for table in tables:
        row = connection.execute(
            f"""INSERT INTO "{relation}" SELECT DISTINCT '<' || s || '>', '<' || p || '>',
                CASE WHEN t IS NULL THEN '<' || v || '>' ELSE '"' || {escaped("v")} || '"' || t END, '<' || g || '>'
            FROM ({quads.statement(table)}) AS told"""
        ).fetchone()
        count += int(row[0]) if row else 0
    return count


def sample(column: Column) -> Any:
    """Return a value that no other column has."""
    iri = f"https://example.org/{column.name}"
    if column.name == "extra":
        return [tables.extra(iri, iri)]
    if column.values:
        return column.values[0]
    others = {Type.DATE: "2024-02-25", Type.INTEGER: 1, Type.DOUBLE: 0.5, Type.BOOLEAN: True, Type.IRI: iri}
    value = others.get(column.type, column.name)
    return [value] if column.many else value


def full_row(table: str) -> dict[str, Any]:
    """Return a row of ``table`` that leaves nothing out."""
    row = {column.name: sample(column) for column in TABLES[table].columns}
    return row | {"negated": False} if table == "association" else row
