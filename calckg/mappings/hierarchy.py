"""Checks of mappings against the hierarchies of both ends: what is narrower here must not be wider there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from calckg.mappings.cardinality import EXACT
from calckg.mappings.chains import Chains, Link
from calckg.mappings.intake import File
from calckg.mappings.vocabulary import term_id

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_UPWARD: Final = "predicate IN ('skos:broadMatch', 'rdfs:subClassOf')"
_DOWNWARD: Final = "predicate = 'skos:narrowMatch'"
_ENOUGH: Final = 2  # ancestors that have a match on the other side, before they count as testimony


def queries(connection: DuckDBPyConnection, files: Sequence[File]) -> dict[str, str]:
    """Return the query of each rule.

    Makes ``hierarchy_above(node, above)``, the mapped ancestors of mapped codes, as ids of ``term``, and
    ``hierarchy_match(id, place, a, a_code, a_prefix, b, …)``, each exact match from both its ends.
    """
    _edges(connection)
    _above(connection)
    _cycles(connection)
    return {
        "hierarchy/reversed": _reversed(),
        "hierarchy/siblings": _siblings(),
        "hierarchy/cycle": "SELECT id, 'predicate_id' AS slot, said FROM hierarchy_cycle",
        "hierarchy/apart": _apart(),
    }


def _edges(connection: DuckDBPyConnection) -> None:
    run = connection.execute
    run(
        "CREATE OR REPLACE TABLE hierarchy_edge AS SELECT DISTINCT s AS child, o AS parent FROM quad "
        f"WHERE p = {term_id(connection, 'skos:broader')} AND s <> o"
    )
    run(
        f"""CREATE OR REPLACE TABLE hierarchy_match AS
        WITH exact AS (
            SELECT m.id, mapping_place(r.file, r.line) AS place,
                s.node AS s, m.subject, subject_prefix, o.node AS o, m.object, object_prefix
            FROM mapping m JOIN mapped_code s ON s.code = m.subject JOIN mapped_code o ON o.code = m.object
            JOIN mapping_told r USING (id) WHERE {EXACT} AND subject_prefix <> object_prefix)
        SELECT id, place, s AS a, subject AS a_code, subject_prefix AS a_prefix,
            o AS b, object AS b_code, object_prefix AS b_prefix FROM exact
        UNION ALL SELECT id, place, o, object, object_prefix, s, subject, subject_prefix FROM exact"""
    )
    place = "mapping_place(r.file, r.line)"
    run(
        f"""CREATE OR REPLACE TABLE hierarchy_link AS
        SELECT m.id, {place} AS place, subject AS narrow, object AS broad FROM mapping m
        JOIN mapping_told r USING (id) WHERE {_UPWARD} AND NOT negated AND subject <> object
        UNION ALL SELECT m.id, {place}, object, subject FROM mapping m JOIN mapping_told r USING (id)
        WHERE {_DOWNWARD} AND NOT negated AND subject <> object"""
    )


def _above(connection: DuckDBPyConnection) -> None:
    connection.execute(
        """CREATE OR REPLACE TABLE hierarchy_node AS SELECT a AS node FROM hierarchy_match
        UNION SELECT c.node FROM mapped_code c JOIN hierarchy_link l ON c.code = l.narrow
        UNION SELECT c.node FROM mapped_code c JOIN hierarchy_link l ON c.code = l.broad"""
    )
    connection.execute(
        """CREATE OR REPLACE TABLE hierarchy_above AS
        WITH RECURSIVE up AS (
            SELECT e.child AS node, e.parent AS above FROM hierarchy_edge e
            SEMI JOIN hierarchy_node n ON n.node = e.child
            UNION SELECT u.node, e.parent FROM up u JOIN hierarchy_edge e ON e.child = u.above)
        SELECT node, above FROM up SEMI JOIN hierarchy_node n ON n.node = up.above WHERE up.node <> up.above"""
    )


def _reversed() -> str:
    """Of two rows that contradict each other, the one is told that contradicts more; both where they tie."""
    return """WITH pair AS (
            SELECT DISTINCT m.id AS low, n.id AS high,
                m.a_code || ' is below ' || n.a_code || ', and ' || m.b_code || ' above ' || n.b_code AS said,
                ' (' || m.place || ')' AS low_place, ' (' || n.place || ')' AS high_place
            FROM hierarchy_above x JOIN hierarchy_match m ON m.a = x.node
            JOIN hierarchy_match n ON n.a = x.above AND n.a_prefix = m.a_prefix AND n.b_prefix = m.b_prefix
            JOIN hierarchy_above y ON y.node = n.b AND y.above = m.b
            WHERE m.a_prefix < m.b_prefix
            AND NOT EXISTS (SELECT 1 FROM hierarchy_above z WHERE z.node = n.a AND z.above = m.a)
            AND NOT EXISTS (SELECT 1 FROM hierarchy_above z WHERE z.node = m.b AND z.above = n.b)),
        told AS (
            SELECT low AS id, high AS other, said || high_place AS said FROM pair
            UNION ALL SELECT high, low, said || low_place FROM pair),
        counted AS (SELECT id, count(DISTINCT other) AS n FROM told GROUP BY id)
        SELECT t.id, 'object_id' AS slot,
            min(t.said) || CASE WHEN min(c.n) > 1 THEN ', and ' || (min(c.n) - 1) || ' more' ELSE '' END AS said
        FROM told t JOIN counted c ON c.id = t.id JOIN counted o ON o.id = t.other WHERE c.n >= o.n GROUP BY t.id"""


def _siblings() -> str:
    return """SELECT m.id, 'object_id' AS slot,
            min(m.a_code || ' and ' || n.a_code || ' are siblings, and ' || m.b_code || ' is below ' || n.b_code
                || ' (' || n.place || ')') AS said
        FROM hierarchy_edge b JOIN hierarchy_match m ON m.b = b.child
        JOIN hierarchy_match n ON n.b = b.parent AND n.a_prefix = m.a_prefix AND n.b_prefix = m.b_prefix
        JOIN hierarchy_edge e ON e.child = m.a JOIN hierarchy_edge f ON f.child = n.a AND f.parent = e.parent
        WHERE m.a <> n.a AND NOT EXISTS (
            SELECT 1 FROM hierarchy_above z WHERE (z.node = m.a AND z.above = n.a) OR (z.node = n.a AND z.above = m.a))
        GROUP BY m.id"""


def _apart() -> str:
    """Both ends must say so: one end's hierarchy may be poor, or its ancestors matched badly."""
    return f"""WITH witness AS (
            SELECT m.id, m.a_prefix, m.b_prefix, min(m.a_code) AS a_code, min(m.b_code) AS b_code,
                count(DISTINCT n.b) AS n, min(n.b_code) AS said,
                bool_or(n.b = m.b OR up.node IS NOT NULL OR down.node IS NOT NULL) AS fits
            FROM hierarchy_match m JOIN hierarchy_above x ON x.node = m.a
            JOIN hierarchy_match n ON n.a = x.above AND n.a_prefix = m.a_prefix AND n.b_prefix = m.b_prefix
            LEFT JOIN hierarchy_above up ON up.node = m.b AND up.above = n.b
            LEFT JOIN hierarchy_above down ON down.node = n.b AND down.above = m.b
            GROUP BY m.id, m.a_prefix, m.b_prefix)
        SELECT one.id, 'object_id' AS slot,
            one.n || ' ancestors of ' || one.a_code || ' have matches, ' || one.said || ' for one, and none is above '
                || one.b_code AS said
        FROM witness one JOIN witness other ON other.id = one.id AND other.a_prefix = one.b_prefix
        WHERE one.a_prefix < one.b_prefix AND NOT one.fits AND NOT other.fits
        AND one.n >= {_ENOUGH} AND other.n >= {_ENOUGH}"""


def _cycles(connection: DuckDBPyConnection) -> None:
    """Make ``hierarchy_cycle(id, said)``: what has nothing above or nothing below it is in no cycle."""
    run = connection.execute
    run(
        """CREATE OR REPLACE TABLE cycle_edge AS
        SELECT narrow, broad, min(id) AS id, arg_min(place, id) AS place FROM hierarchy_link GROUP BY narrow, broad
        UNION ALL SELECT n.code, b.code, NULL, 'hierarchy' FROM hierarchy_above x
        JOIN mapped_code n ON n.node = x.node JOIN mapped_code b ON b.node = x.above
        WHERE EXISTS (SELECT 1 FROM hierarchy_link)"""
    )
    before = -1
    while (left := _count(connection)) not in {0, before}:
        before = left
        run(
            """CREATE OR REPLACE TABLE cycle_edge AS SELECT * FROM cycle_edge
            WHERE narrow IN (SELECT broad FROM cycle_edge) AND broad IN (SELECT narrow FROM cycle_edge)"""
        )
    rows = run("SELECT narrow, broad, id, place FROM cycle_edge ORDER BY id NULLS LAST").fetchall()
    found = sorted(set(_round([(low, high, Link(row, place)) for low, high, row, place in rows])))
    run(
        "CREATE OR REPLACE TABLE hierarchy_cycle AS SELECT l.id, f.said FROM hierarchy_link l JOIN "
        "(SELECT unnest(?::VARCHAR[]) AS narrow, unnest(?::VARCHAR[]) AS broad, unnest(?::VARCHAR[]) AS said) f "
        "ON f.narrow = l.narrow AND f.broad = l.broad",
        [list(column) for column in zip(*found, strict=True)] or [[], [], []],
    )
    run("DROP TABLE cycle_edge")


def _count(connection: DuckDBPyConnection) -> int:
    row = connection.execute("SELECT count(*) FROM cycle_edge").fetchone()
    return int(row[0]) if row else 0


def _round(links: Sequence[tuple[str, str, Link]]) -> Iterator[tuple[str, str, str]]:
    """Yield each link of a mapping that lies on a cycle, and the shortest one.

    A link without a row is the hierarchy's. One of two mappings alone is left out: ``logic/reciprocal`` and
    ``cardinality/precisions`` tell it.
    """
    upwards = Chains(links, directed=True)
    for start, end, link in links:
        way = None if link.row is None else next(upwards.shortest(end, [start]), None)
        if way is not None and (len(way) > 1 or way[0][1].row is None):
            told = "".join(f" < {code} ({step.place})" for code, step in ((end, link), *way))
            yield start, end, start + told
