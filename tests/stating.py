"""The quads of the tables as N-Quads texts, for tests that read them with another implementation."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from calckg import quads
from calckg.quads.sql import escaped
from calckg.tables import TABLES


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
