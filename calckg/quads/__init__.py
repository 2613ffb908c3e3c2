"""Table to quads: one SQL statement a table, the only place that knows how a row becomes RDF.

A statement yields ``s, p, o, g`` as N-Quads texts, each quad once, in no order. The texts are those of the RDF
canonicalisation (RDF-canon, appendix A), which pyoxigraph writes too. What the columns mean is said in ``tables``.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from calckg.quads.sql import serialised
from calckg.quads.statements import BUILDERS
from calckg.tables import TABLES

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@cache
def statement(table: str) -> str:
    """Return the SQL that turns the table called ``table`` into quads; raises ``KeyError`` for an unknown one."""
    return serialised(*BUILDERS[table]())


def insert(connection: DuckDBPyConnection, relation: str, tables: Iterable[str] = TABLES) -> int:
    """Add the quads of ``tables`` to ``relation(s, p, o, g)`` of texts; return how many there were."""
    count = 0
    for table in tables:
        if connection.execute(f'SELECT graph FROM "{table}" LIMIT 1').fetchone() is None:
            continue  # the statement takes longer to plan than to run
        row = connection.execute(f'INSERT INTO "{relation}" (s, p, o, g) {statement(table)}').fetchone()
        count += int(row[0]) if row else 0
    return count
