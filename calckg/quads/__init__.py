"""Table to quads: one SQL statement a table, the only place that knows how a row becomes RDF.

A statement yields ``s, p, v, t, g``, as ``sql`` says, in no order; a quad may come more than once. What the columns of
the tables mean is said in ``tables``.
"""

from __future__ import annotations

from functools import cache

from calckg.quads.sql import Parts, united
from calckg.quads.statements import BUILDERS
from calckg.tables import TABLES, Table


@cache
def statement(table: str) -> str:
    """Return the SQL that turns the table called ``table`` into quads; raises ``KeyError`` for an unknown one."""
    return united(parts(TABLES[table]))


def parts(table: Table) -> Parts:
    """Return what the statement of ``table`` is made of; it may have only those of its columns that have values."""
    return BUILDERS[table.name](table)
