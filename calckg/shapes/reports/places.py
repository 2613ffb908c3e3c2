"""Where statements stand: in which named graph of the columns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from calckg.shapes import model
from calckg.shapes.columns import sql_terms
from calckg.shapes.reports.file_lines import Statement

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_GRAPHS: Final = """
WITH known AS MATERIALIZED (SELECT id, kind, value, datatype, lang FROM term
        SEMI JOIN (SELECT unnest([s, p, value]) AS value FROM told_of) w USING (value)),
    node_of AS (SELECT w.n, t.id AS s, p.id AS p, o.id AS o FROM told_of w
        JOIN known t ON t.value = w.s AND t.kind <> 2 LEFT JOIN known p ON p.value = w.p AND p.kind = 0
        LEFT JOIN known o ON o.value = w.value AND o.kind = w.kind
            AND o.datatype IS NOT DISTINCT FROM w.datatype AND o.lang IS NOT DISTINCT FROM w.lang),
    graph_of AS (SELECT w.n, q.g, 0 AS place FROM node_of w JOIN quad q ON q.s = w.s AND q.p = w.p AND q.o = w.o
        UNION ALL SELECT w.n, q.g, 1 FROM node_of w JOIN quad q ON q.s = w.s)
SELECT n, arg_min(t.value, (place, t.value)) FROM graph_of JOIN term t ON t.id = g GROUP BY n
"""


def graphs_of(connection: DuckDBPyConnection, statements: Iterable[Statement]) -> dict[Statement, str]:
    """Return the named graph of each statement (node, path, value): the first with it, else the node's first."""
    told = list(dict.fromkeys(statements))
    rows = [
        (
            number,
            node.value,
            path.iri if isinstance(path, model.Predicate) else None,
            *(sql_terms.row(value) if value is not None else (None, None, None, None)),
        )
        for number, (node, path, value) in enumerate(told)
    ]
    if not rows:
        return {}
    types = ("BIGINT", "VARCHAR", "VARCHAR", "TINYINT", "VARCHAR", "VARCHAR", "VARCHAR")
    lists = ", ".join(
        f"unnest(?::{kind}[]) AS {name}"
        for kind, name in zip(types, ("n", "s", "p", "kind", "value", "datatype", "lang"), strict=True)
    )
    columns = [list(column) for column in zip(*rows, strict=True)]
    connection.execute(f"CREATE OR REPLACE TEMP TABLE told_of AS SELECT {lists}", columns)
    try:
        found = connection.execute(_GRAPHS).fetchall()
    finally:
        connection.execute("DROP TABLE told_of")
    return {told[number]: str(graph) for number, graph in found}
