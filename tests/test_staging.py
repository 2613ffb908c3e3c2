"""The quads of a table put by as fast as may be: they are those of its statement."""

from __future__ import annotations

from typing import Any

import pyoxigraph as ox
import pytest
from duckdb import DuckDBPyConnection

from calckg import columnar, loading, quads, staging, tables
from calckg.tables import TABLES
from tests import stating

GRAPH = "https://w3id.org/calckg/graph/release/example"


def filled(table: str, rows: list[dict[str, Any]]) -> DuckDBPyConnection:
    connection = columnar.connect()
    tables.create(connection, temporary=True)
    loading.load(connection, [(table, {"graph": GRAPH} | row) for row in rows])
    return connection


def least_row(table: str) -> dict[str, Any]:
    """Return a row of ``table`` that has what it must have, with other values than the full one."""
    full = stating.full_row(table)
    required = {column.name: full[column.name] for column in TABLES[table].columns if column.required}
    return {name: f"{value}/least" if str(value).startswith("https:") else value for name, value in required.items()}


def put_by(connection: DuckDBPyConnection, table: str) -> set[ox.Quad]:
    """Return the quads of ``table`` by way of ``stage_table``; there is no term that none of them has."""
    assert staging.stage_table(connection, table) >= columnar.settle(connection) > 0
    unused = "FROM term ANTI JOIN (SELECT unnest([s, p, o, g]) AS id FROM quad) USING (id)"
    assert connection.execute(unused).fetchall() == []
    return set(columnar.quads(connection))


def told(connection: DuckDBPyConnection, table: str) -> set[ox.Quad]:
    """Return the quads of the statement of ``table``."""
    staging.stage(connection, quads.statement(table))
    columnar.settle(connection)
    return set(columnar.quads(connection))


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("rows", ["full", "least", "both"])
def test_a_table_gives_what_its_statement_gives(table: str, rows: str) -> None:
    given = {"full": [stating.full_row(table)], "least": [least_row(table)]}
    of_one_graph = [row | {"graph": GRAPH} for row in given.get(rows, given["full"] + given["least"])]
    assert put_by(filled(table, of_one_graph), table) == told(filled(table, of_one_graph), table)


@pytest.mark.parametrize("table", TABLES)
def test_a_table_of_several_graphs_does_too(table: str) -> None:
    rows = [stating.full_row(table) | {"graph": f"{GRAPH}/{number}"} for number in range(2)]
    found = put_by(filled(table, rows), table)
    assert found == told(filled(table, rows), table)
    assert len({quad.graph_name for quad in found}) == 2


@pytest.mark.parametrize("denied", [False, True])
@pytest.mark.parametrize("table", ["mapping", "association"])
def test_what_is_denied_has_no_triple_of_its_own(table: str, denied: bool) -> None:
    change: dict[str, dict[str, Any]] = {
        "mapping": {
            "predicate_modifier": "https://example.org/Not" if denied else None,
            "subject_type": None,
            "object_type": None,
        },
        "association": {"negated": denied},
    }
    row = stating.full_row(table) | change[table]
    found = put_by(filled(table, [row]), table)
    assert found == told(filled(table, [row]), table)
    ends = ("subject_id", "predicate_id", "object_id") if table == "mapping" else ("subject", "predicate", "object")
    plain = ox.Triple(*(ox.NamedNode(row[end]) for end in ends))
    assert (plain in {quad.triple for quad in found}) == (not denied)


def test_a_table_without_rows_gives_nothing() -> None:
    connection = filled("concept", [])
    assert staging.stage_table(connection, "concept") == 0
    assert columnar.settle(connection) == 0
