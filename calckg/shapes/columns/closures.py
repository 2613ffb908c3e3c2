"""The pairs of a path taken once or more (SHACL 2.3.2.7), as a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def made(connection: DuckDBPyConnection, table: Callable[[str], str], step: str) -> str:
    """Make the pairs ``(s, o)`` of one or more steps, by adding a step until nothing is new; return the table's name.

    ``step`` is a query for the pairs of one, ``table`` makes a temporary table of a query and returns its name.
    """
    one = table(f"SELECT DISTINCT s, o FROM ({step}) step")
    name = table(f"SELECT s, o FROM {one}")
    new = one
    while True:
        last = new
        new = table(
            f"SELECT DISTINCT n.s, t.o FROM {last} n JOIN {one} t ON t.s = n.o "
            f"WHERE NOT EXISTS (SELECT 1 FROM {name} k WHERE k.s = n.s AND k.o = t.o)"
        )
        if last != one:
            connection.execute(f"DROP TABLE {last}")
        added = connection.execute(f"INSERT INTO {name} SELECT s, o FROM {new}").fetchone()
        if not added or not added[0]:
            connection.execute(f"DROP TABLE {new}; DROP TABLE {one}")
            return name
