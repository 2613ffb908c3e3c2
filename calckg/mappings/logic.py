"""Checks of what mappings say together: chains of exact matches, denials, precisions that exclude each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from calckg.mappings.chains import Chains, Link
from calckg.mappings.intake import File
from calckg.mappings.vocabulary import term_id

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_MOST: Final = 100  # chains told of one component
_INVERSE: Final = (
    "CASE predicate WHEN 'skos:broadMatch' THEN 'skos:narrowMatch' WHEN 'skos:narrowMatch' THEN "
    "'skos:broadMatch' ELSE predicate END"
)


def queries(connection: DuckDBPyConnection, files: Sequence[File]) -> dict[str, str]:
    """Return the query of each rule; makes ``mapping_clique(key, root, star)``, the components of exact matches."""
    _cliques(connection, "mapping_clique", "SELECT subject_key AS a, object_key AS b FROM mapping_exact")
    _torn(connection)
    _circles(connection)
    joined = """JOIN mapping_clique a ON a.key = mapping_key(m.subject)
            JOIN mapping_clique b ON b.key = mapping_key(m.object) AND b.root = a.root"""
    return {
        "logic/chain": "SELECT id, 'object_id' AS slot, said FROM mapping_torn",
        "logic/circle": "SELECT id, 'object_id' AS slot, said FROM mapping_circle",
        "logic/denied": f"""
            SELECT m.id, 'predicate_modifier' AS slot,
                'denied here, and a chain of exact matches says that they are the same' AS said
            FROM mapping m {joined} WHERE m.negated AND m.predicate = 'skos:exactMatch'""",
        "logic/precision": f"""
            SELECT m.id, 'predicate_id' AS slot,
                'a chain of exact matches says that they are the same, and this one that they are not' AS said
            FROM mapping m {joined} WHERE m.predicate IN ('skos:broadMatch', 'skos:narrowMatch') AND NOT m.negated""",
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

    ``star`` tells those in which all edges have one end in common.
    """
    run = connection.execute
    # Most codes have one neighbour only: they are where it is, and need no looking at again and again.
    run(
        f"""CREATE OR REPLACE TABLE clique_leaf AS SELECT a AS key, min(b) AS hub FROM (
            SELECT a, b FROM ({edges}) one UNION ALL SELECT b, a FROM ({edges}) other
        ) edge GROUP BY a HAVING min(b) = max(b)"""
    )
    run(
        f"""CREATE OR REPLACE TABLE clique_edge AS
        WITH inner_edge AS (
            SELECT a, b FROM ({edges}) e
            ANTI JOIN clique_leaf x ON x.key = e.a ANTI JOIN clique_leaf y ON y.key = e.b)
        SELECT a, b FROM inner_edge UNION SELECT b, a FROM inner_edge"""
    )
    run(
        f"""CREATE OR REPLACE TABLE {table} AS SELECT key, key AS root FROM (
            SELECT l.hub AS key FROM clique_leaf l ANTI JOIN clique_leaf x ON x.key = l.hub
            UNION SELECT a FROM clique_edge) node"""
    )
    while _any(connection, "clique_edge"):
        run("CREATE OR REPLACE TABLE tree AS SELECT a AS id, least(a, min(b)) AS root FROM clique_edge GROUP BY a")
        while _any(connection, "tree t JOIN tree r ON r.id = t.root WHERE r.root <> t.root"):
            run("CREATE OR REPLACE TABLE tree AS SELECT t.id, r.root FROM tree t JOIN tree r ON r.id = t.root")
        run(
            f"""CREATE OR REPLACE TABLE {table} AS
            SELECT c.key, coalesce(t.root, c.root) AS root FROM {table} c LEFT JOIN tree t ON t.id = c.root"""
        )
        run(
            """CREATE OR REPLACE TABLE clique_edge AS
            SELECT DISTINCT a.root AS a, b.root AS b FROM clique_edge e JOIN tree a ON a.id = e.a
            JOIN tree b ON b.id = e.b WHERE a.root <> b.root"""
        )
    run(
        f"""CREATE OR REPLACE TABLE {table} AS
        SELECT key, root, n = 1 AS star FROM {table}
        JOIN (SELECT root, count(*) AS n FROM {table} GROUP BY root) counted USING (root)"""
    )
    run(
        f"""INSERT INTO {table} SELECT l.key, coalesce(t.root, least(l.key, l.hub)), coalesce(t.star, true)
        FROM clique_leaf l LEFT JOIN {table} t ON t.key = l.hub"""
    )
    run("DROP TABLE clique_edge; DROP TABLE clique_leaf; DROP TABLE IF EXISTS tree")


def _torn(connection: DuckDBPyConnection) -> None:
    """Make ``mapping_torn(id, said)``: the links of the shortest chain between each two codes of one source.

    A chain of two links is left out: that one code has two exact matches in a source, ``cardinality/exact`` says.
    """
    rows = connection.execute(
        """SELECT c.root, m.subject, m.object, m.id, mapping_place(r.file, r.line) FROM mapping_exact m
        JOIN mapping_clique c ON c.key = m.subject_key JOIN mapping_told r USING (id) JOIN (
            SELECT DISTINCT root FROM (
                SELECT root, prefix FROM mapping_clique JOIN mapping_code USING (key) WHERE NOT star
                GROUP BY ALL HAVING count(*) > 1) two
        ) torn ON torn.root = c.root ORDER BY c.root, m.id"""
    )
    _keep(connection, "mapping_torn", rows.fetchall(), lambda chain: len(chain) > 2)


def _circles(connection: DuckDBPyConnection) -> None:
    """Make ``mapping_circle(id, said)``: chains that need exact matches of the graph to join two codes of one source.

    The graph's links are looked up around the codes of the rows only, in components of rows (``mapping_clique``).
    """
    run = connection.execute
    _keep(connection, "mapping_circle", [], bool)
    exact = term_id(connection, "skos:exactMatch")
    if not _any(connection, f"quad WHERE p = {exact}") or not _any(connection, "mapping_clique"):
        return
    run(
        """CREATE OR REPLACE TABLE graph_code AS
        SELECT id, code, mapping_key(code) AS key, split_part(code, ':', 1) AS prefix
        FROM (SELECT node AS id, min(code) AS code FROM graph_notation GROUP BY node) one"""
    )
    run(
        f"""CREATE OR REPLACE TABLE graph_exact AS SELECT DISTINCT s, o, a.key AS a, b.key AS b FROM quad q
        JOIN graph_code a ON a.id = q.s JOIN graph_code b ON b.id = q.o WHERE q.p = {exact} AND a.code <> b.code"""
    )
    run(
        """CREATE OR REPLACE TABLE graph_edge AS
        SELECT coalesce(a.root, g.a) AS a, coalesce(b.root, g.b) AS b FROM graph_exact g
        LEFT JOIN mapping_clique a ON a.key = g.a LEFT JOIN mapping_clique b ON b.key = g.b"""
    )
    _cliques(connection, "graph_clique", "SELECT a, b FROM graph_edge WHERE a <> b")
    # Chains of rows alone are ``logic/chain``'s; those of the graph alone are no mapping's fault.
    _keep(connection, "mapping_circle", run(_TORN_BY_THE_GRAPH).fetchall(), _crosses)
    run("DROP TABLE graph_code; DROP TABLE graph_exact; DROP TABLE graph_edge; DROP TABLE graph_clique")


_TORN_BY_THE_GRAPH: Final = """
    WITH met AS (SELECT DISTINCT g.root AS whole FROM graph_clique g SEMI JOIN mapping_clique c ON c.root = g.key),
    member AS (
        SELECT c.key, c.root, g.root AS whole, k.prefix FROM mapping_clique c JOIN graph_clique g ON g.key = c.root
        JOIN mapping_code k ON k.key = c.key
        UNION ALL SELECT g.key, g.key, g.root, k.prefix FROM graph_clique g SEMI JOIN met ON met.whole = g.root
        ANTI JOIN mapping_clique c ON c.key = g.key JOIN graph_code k ON k.key = g.key),
    torn AS (
        SELECT DISTINCT whole FROM (
            SELECT whole FROM member GROUP BY whole, prefix HAVING min(root) < max(root)) two),
    within AS (SELECT DISTINCT key, whole FROM member SEMI JOIN torn USING (whole))
    SELECT m.whole, e.subject, e.object, e.id, mapping_place(r.file, r.line)
        FROM mapping_exact e JOIN within m ON m.key = e.subject_key JOIN mapping_told r ON r.id = e.id
    UNION ALL SELECT m.whole, a.code, b.code, NULL, 'the graph' FROM graph_exact g JOIN within m ON m.key = g.a
        JOIN graph_code a ON a.id = g.s JOIN graph_code b ON b.id = g.o
    ORDER BY 1, 4 NULLS LAST"""


_Chain = Sequence[tuple[str, Link]]


def _crosses(chain: _Chain) -> bool:
    """Tell whether a chain needs both rows and the graph."""
    graph = [link.row is None for _, link in chain]
    return True in graph and False in graph


def _keep(
    connection: DuckDBPyConnection,
    table: str,
    rows: Sequence[tuple[str, str, str, int | None, str]],
    wanted: Callable[[_Chain], bool],
) -> None:
    """Make ``table(id, said)`` of the wanted chains in ``rows`` (component, both ends, row, place).

    The rows of a component come together, of links between the same codes the one to be told first.
    """
    found: list[tuple[int, str]] = []
    for _, members in groupby(rows, key=itemgetter(0)):
        found += _chains(members, wanted)
    connection.execute(
        f"CREATE OR REPLACE TABLE {table} AS SELECT DISTINCT unnest(?::BIGINT[]) AS id, unnest(?::VARCHAR[]) AS said",
        [list(column) for column in zip(*found, strict=True)] or [[], []],
    )


def _chains(
    rows: Iterable[tuple[str, str, str, int | None, str]], wanted: Callable[[_Chain], bool]
) -> Iterator[tuple[int, str]]:
    """Yield the row and the text of each shortest chain between two codes of one source, in one component."""
    chains = Chains((one, other, Link(row, place)) for _, one, other, row, place in rows)
    by_source: dict[str, list[str]] = {}
    for code in chains.codes():
        by_source.setdefault(code.partition(":")[0], []).append(code)
    left = _MOST
    for codes in by_source.values():
        for number, start in enumerate(codes[:-1], 1):
            for chain in chains.shortest(start, codes[number:]):
                if not wanted(chain):
                    continue
                told = start + "".join([f" = {code} ({link.place})" for code, link in chain])
                yield from [(link.row, told) for _, link in chain if link.row is not None]
                left -= 1
                if not left:
                    return


def _any(connection: DuckDBPyConnection, relation: str) -> bool:
    return connection.execute(f"SELECT 1 FROM {relation} LIMIT 1").fetchone() is not None
