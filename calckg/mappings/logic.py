"""Checks of what mappings say together: chains of exact matches, denials, precisions that exclude each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, islice
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from calckg.mappings.chains import Chains
from calckg.mappings.intake import File
from calckg.mappings.vocabulary import term_ids

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_MOST: Final = 100  # chains told of one component
_INVERSE: Final = (
    "CASE predicate WHEN 'skos:broadMatch' THEN 'skos:narrowMatch' WHEN 'skos:narrowMatch' THEN "
    "'skos:broadMatch' ELSE predicate END"
)


def queries(connection: DuckDBPyConnection, files: Sequence[File]) -> dict[str, str]:
    """Return the query of each rule; makes ``mapping_clique(code, root, pair)``, the components of exact matches."""
    _cliques(connection, "mapping_clique", "SELECT subject AS a, object AS b FROM mapping_exact")
    _torn(connection)
    _circles(connection)
    return {
        "logic/chain": "SELECT id, 'object_id' AS slot, said FROM mapping_torn",
        "logic/circle": "SELECT id, 'object_id' AS slot, said FROM mapping_circle",
        "logic/denied": """
            SELECT n.id, 'predicate_modifier' AS slot,
                'denied here, and a chain of exact matches says that they are the same' AS said
            FROM mapping n JOIN mapping_clique a ON a.code = n.subject JOIN mapping_clique b ON b.code = n.object
            WHERE n.negated AND n.predicate = 'skos:exactMatch' AND a.root = b.root""",
        "logic/precision": """
            SELECT m.id, 'predicate_id' AS slot,
                'a chain of exact matches says that they are the same, and this one that they are not' AS said
            FROM mapping m JOIN mapping_clique a ON a.code = m.subject JOIN mapping_clique b ON b.code = m.object
            WHERE m.predicate IN ('skos:broadMatch', 'skos:narrowMatch') AND NOT m.negated AND a.root = b.root""",
        "logic/reciprocal": f"""
            SELECT m.id, 'predicate_id' AS slot,
                'the other way round it is ' || o.said || ' (' || o.place || ')' AS said
            FROM mapping m JOIN (
                SELECT m.subject, m.object, {_INVERSE} AS inverse, min(predicate) AS said,
                    arg_min(mapping_place(r.file, r.line), id) AS place
                FROM mapping m JOIN mapping_told r USING (id) WHERE NOT negated GROUP BY m.subject, m.object, inverse) o
            ON o.subject = m.object AND o.object = m.subject AND o.inverse <> m.predicate
            WHERE NOT m.negated AND starts_with(m.predicate, 'skos:') AND starts_with(o.said, 'skos:')
                AND m.subject <> m.object""",
    }


def _cliques(connection: DuckDBPyConnection, table: str, edges: str) -> None:
    """Make the components: each node hangs on the lowest of its neighbours, and each tree becomes one node.

    ``pair`` tells those of two nodes.
    """
    run = connection.execute
    # Most codes have one neighbour only: they are where it is, and need no looking at again and again.
    run(
        f"""CREATE OR REPLACE TEMP TABLE clique_leaf AS SELECT a AS code, min(b) AS hub FROM (
            SELECT a, b FROM ({edges}) one UNION ALL SELECT b, a FROM ({edges}) other
        ) edge GROUP BY a HAVING min(b) = max(b)"""
    )
    run(
        f"""CREATE OR REPLACE TEMP TABLE clique_edge AS
        WITH inner_edge AS (
            SELECT a, b FROM ({edges}) e
            ANTI JOIN clique_leaf x ON x.code = e.a ANTI JOIN clique_leaf y ON y.code = e.b)
        SELECT a, b FROM inner_edge UNION SELECT b, a FROM inner_edge"""
    )
    run(
        f"""CREATE OR REPLACE TEMP TABLE {table} AS SELECT code, code AS root, false AS pair FROM (
            SELECT l.hub AS code FROM clique_leaf l ANTI JOIN clique_leaf x ON x.code = l.hub
            UNION SELECT a FROM clique_edge) node"""
    )
    while _any(connection, "clique_edge"):
        run("CREATE OR REPLACE TEMP TABLE tree AS SELECT a AS id, least(a, min(b)) AS root FROM clique_edge GROUP BY a")
        while _any(connection, "tree t JOIN tree r ON r.id = t.root WHERE r.root <> t.root"):
            run("CREATE OR REPLACE TEMP TABLE tree AS SELECT t.id, r.root FROM tree t JOIN tree r ON r.id = t.root")
        run(
            f"""CREATE OR REPLACE TEMP TABLE {table} AS
            SELECT c.code, coalesce(t.root, c.root) AS root, pair FROM {table} c LEFT JOIN tree t ON t.id = c.root"""
        )
        run(
            """CREATE OR REPLACE TEMP TABLE clique_edge AS
            SELECT DISTINCT a.root AS a, b.root AS b FROM clique_edge e JOIN tree a ON a.id = e.a
            JOIN tree b ON b.id = e.b WHERE a.root <> b.root"""
        )
    run(
        f"""INSERT INTO {table} SELECT l.code, coalesce(t.root, least(l.code, l.hub)), t.code IS NULL
        FROM clique_leaf l LEFT JOIN {table} t ON t.code = l.hub"""
    )
    run("DROP TABLE clique_edge; DROP TABLE clique_leaf; DROP TABLE IF EXISTS tree")


def _torn(connection: DuckDBPyConnection) -> None:
    """Make ``mapping_torn(id, said)``: the links of the shortest chain between each two codes of one source.

    A chain of two links is left out: that one code has two exact matches in a source, ``cardinality/exact`` says.
    """
    rows = connection.execute(
        """SELECT c.root, m.subject, m.object, m.id, mapping_place(r.file, r.line) FROM mapping_exact m
        JOIN mapping_clique c ON c.code = m.subject JOIN mapping_told r USING (id) JOIN (
            SELECT DISTINCT root FROM (
                SELECT root, split_part(code, ':', 1) AS prefix FROM mapping_clique WHERE NOT pair
                GROUP BY ALL HAVING count(*) > 1) two
        ) torn ON torn.root = c.root ORDER BY c.root, m.id"""
    )
    _keep(connection, "mapping_torn", rows.fetchall(), lambda links: len(links) > 2)


def _circles(connection: DuckDBPyConnection) -> None:
    """Make ``mapping_circle(id, said)``: chains that need exact matches of the graph to join two codes of one source.

    The graph's links are looked up around the codes of the rows only, in components of rows (``mapping_clique``).
    """
    run = connection.execute
    _keep(connection, "mapping_circle", [], bool)
    exact, notation = term_ids(connection, "skos:exactMatch", "skos:notation")
    if not _any(connection, f"quad WHERE p = {exact}") or not _any(connection, "mapping_clique"):
        return
    run(
        f"""CREATE OR REPLACE TEMP TABLE graph_code AS SELECT id, min(code) AS code FROM (
            SELECT id, code FROM vocabulary_code UNION ALL
            SELECT q.s, t.value FROM quad q JOIN term t ON t.id = q.o WHERE q.p = {notation}) known GROUP BY id"""
    )
    run(
        f"""CREATE OR REPLACE TEMP TABLE graph_exact AS SELECT DISTINCT a.code AS a, b.code AS b FROM quad q
        JOIN graph_code a ON a.id = q.s JOIN graph_code b ON b.id = q.o WHERE q.p = {exact} AND a.code <> b.code"""
    )
    run(
        """CREATE OR REPLACE TEMP TABLE graph_edge AS
        SELECT coalesce(a.root, g.a) AS a, coalesce(b.root, g.b) AS b FROM graph_exact g
        LEFT JOIN mapping_clique a ON a.code = g.a LEFT JOIN mapping_clique b ON b.code = g.b"""
    )
    _cliques(connection, "graph_clique", "SELECT a, b FROM graph_edge WHERE a <> b")
    rows = run(
        """WITH member AS (
            SELECT c.code, c.root, g.root AS whole FROM mapping_clique c JOIN graph_clique g ON g.code = c.root
            UNION ALL SELECT code, code, root FROM graph_clique ANTI JOIN mapping_clique USING (code)),
        torn AS (
            SELECT DISTINCT whole FROM (SELECT whole FROM member GROUP BY whole, split_part(code, ':', 1)
                HAVING count(DISTINCT root) > 1) two
            WHERE whole IN (SELECT m.whole FROM member m SEMI JOIN mapping_clique c ON c.code = m.code))
        SELECT m.whole, e.subject, e.object, e.id, mapping_place(r.file, r.line)
            FROM mapping_exact e JOIN member m ON m.code = e.subject JOIN torn ON torn.whole = m.whole
            JOIN mapping_told r ON r.id = e.id
        UNION ALL SELECT m.whole, g.a, g.b, NULL, 'the graph' FROM graph_exact g JOIN member m ON m.code = g.a
            JOIN torn ON torn.whole = m.whole
        ORDER BY 1, 4 NULLS LAST, 2, 3"""
    )
    # Chains of rows alone are ``logic/chain``'s; those of the graph alone are no mapping's fault.
    _keep(
        connection,
        "mapping_circle",
        rows.fetchall(),
        lambda links: len({link.graph for link in links}) == 2,
    )
    run("DROP TABLE graph_code; DROP TABLE graph_exact; DROP TABLE graph_edge; DROP TABLE graph_clique")


class _Link(NamedTuple):
    """An exact match in a chain: by a row, which goes before, or by the graph."""

    graph: bool
    row: int
    place: str


def _keep(
    connection: DuckDBPyConnection,
    table: str,
    rows: Sequence[tuple[str, str, str, int | None, str]],
    wanted: Callable[[Sequence[_Link]], bool],
) -> None:
    """Make ``table(id, said)`` of the chains in ``rows`` (component, both ends, row, place) whose links are wanted."""
    found: list[tuple[int, str]] = []
    for _, members in groupby(rows, key=itemgetter(0)):
        found += _chains(list(members), wanted)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS "
        "SELECT DISTINCT unnest(?::BIGINT[]) AS id, unnest(?::VARCHAR[]) AS said",
        [list(column) for column in zip(*found, strict=True)] or [[], []],
    )


def _chains(
    rows: Sequence[tuple[str, str, str, int | None, str]], wanted: Callable[[Sequence[_Link]], bool]
) -> Iterator[tuple[int, str]]:
    """Yield the row and the text of each shortest chain between two codes of one source, in one component."""
    chains = Chains((one, other, _Link(row is None, row or 0, place)) for _, one, other, row, place in rows)
    by_source: dict[str, list[str]] = {}
    for code in sorted({code for row in rows for code in row[1:3]}):
        by_source.setdefault(code.partition(":")[0], []).append(code)
    found = (
        (start, steps)
        for codes in by_source.values()
        for number, start in enumerate(codes)
        for _, steps in chains.shortest(start, codes[number + 1 :])
        if wanted([step.link for step in steps])
    )
    for start, steps in islice(found, _MOST):
        told = start + "".join(f" = {step.code} ({step.link.place})" for step in steps)
        yield from ((step.link.row, told) for step in steps if not step.link.graph)


def _any(connection: DuckDBPyConnection, relation: str) -> bool:
    return connection.execute(f"SELECT 1 FROM {relation} LIMIT 1").fetchone() is not None
