"""What readers leave out by rule, not by mistake: counted as they read, told when the source is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calckg.upstream.source import LeftOut

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_TABLE = "CREATE TEMP TABLE IF NOT EXISTS left_out_by_rule (file VARCHAR, rule VARCHAR, rows BIGINT)"


def leave_out(connection: DuckDBPyConnection, file: str, select: str) -> None:
    """Count what is left out of ``file``; ``select`` is SQL that yields a rule, in words, for each row."""
    connection.execute(_TABLE)
    connection.execute(
        f"INSERT INTO left_out_by_rule SELECT $file, rule, count(*) FROM ({select}) AS r(rule) GROUP BY rule",
        {"file": file},
    )


def leave_out_rows(connection: DuckDBPyConnection, file: str, rule: str, rows: int) -> None:
    """Count ``rows`` that are left out of ``file`` by a rule, in words."""
    connection.execute(_TABLE)
    connection.execute("INSERT INTO left_out_by_rule VALUES (?, ?, ?)", [file, rule, rows])


def left_out(connection: DuckDBPyConnection) -> list[LeftOut]:
    """Return what was left out by rule so far: file, rule and number of rows."""
    connection.execute(_TABLE)
    rows = connection.execute(
        "SELECT file, rule, CAST(sum(rows) AS BIGINT) FROM left_out_by_rule GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return [(str(file), str(rule), int(number)) for file, rule, number in rows]


def account(connection: DuckDBPyConnection) -> list[LeftOut]:
    """Return what ``left_out`` does, and forget it: the next release is told of by itself."""
    told = left_out(connection)
    connection.execute("DROP TABLE left_out_by_rule")
    return told
