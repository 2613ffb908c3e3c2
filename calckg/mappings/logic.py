"""Checks of what mappings say together: chains of exact matches, denials, precisions that exclude each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from calckg.mappings.chains import Chains
from calckg.mappings.intake import File

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_MOST: Final = 100  # chains told of one component
_INVERSE: Final = (
    "CASE predicate WHEN 'skos:broadMatch' THEN 'skos:narrowMatch' WHEN 'skos:narrowMatch' THEN "
    "'skos:broadMatch' ELSE predicate END"
)


def queries(connection: DuckDBPyConnection, files: Sequence[File]) -> dict[str, str]:
    """Return the query of each rule; makes ``mapping_clique(code, root)``, the components of exact matches."""
    _cliques(connection)
    _torn(connection)
    return {
        "logic/chain": "SELECT id, 'object_id' AS slot, said FROM mapping_torn",
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
                'the other way round it is ' || o.said || ' (line ' || o.line || ')' AS said
            FROM mapping m JOIN (
                SELECT m.subject, m.object, {_INVERSE} AS inverse, min(predicate) AS said, min(r.line) AS line
                FROM mapping m JOIN mapping_row r USING (id) WHERE NOT negated GROUP BY ALL) o
            ON o.subject = m.object AND o.object = m.subject AND o.inverse <> m.predicate
            WHERE NOT m.negated AND starts_with(m.predicate, 'skos:') AND starts_with(o.said, 'skos:')
                AND m.subject <> m.object""",
    }


def _cliques(connection: DuckDBPyConnection) -> None:
    """Make the components: each node hangs on the lowest of its neighbours, and each tree becomes one node."""
    run = connection.execute
    run(
        "CREATE OR REPLACE TEMP TABLE clique_edge AS SELECT subject AS a, object AS b FROM mapping_exact "
        "UNION SELECT object, subject FROM mapping_exact"
    )
    run("CREATE OR REPLACE TEMP TABLE mapping_clique AS SELECT DISTINCT a AS code, a AS root FROM clique_edge")
    while _any(connection, "clique_edge"):
        run("CREATE OR REPLACE TEMP TABLE tree AS SELECT a AS id, least(a, min(b)) AS root FROM clique_edge GROUP BY a")
        while _any(connection, "tree t JOIN tree r ON r.id = t.root WHERE r.root <> t.root"):
            run("CREATE OR REPLACE TEMP TABLE tree AS SELECT t.id, r.root FROM tree t JOIN tree r ON r.id = t.root")
        run(
            """CREATE OR REPLACE TEMP TABLE mapping_clique AS
            SELECT c.code, coalesce(t.root, c.root) AS root FROM mapping_clique c LEFT JOIN tree t ON t.id = c.root"""
        )
        run(
            """CREATE OR REPLACE TEMP TABLE clique_edge AS
            SELECT DISTINCT a.root AS a, b.root AS b FROM clique_edge e JOIN tree a ON a.id = e.a
            JOIN tree b ON b.id = e.b WHERE a.root <> b.root"""
        )
    run("DROP TABLE clique_edge; DROP TABLE IF EXISTS tree")


def _torn(connection: DuckDBPyConnection) -> None:
    """Make ``mapping_torn(id, said)``: the links of the shortest chain between each two codes of one source.

    A chain of two links is left out: that one code has two exact matches in a source, ``cardinality/exact`` says.
    """
    rows = connection.execute(
        """SELECT c.root, m.subject, m.object, r.file, r.line, m.id FROM mapping_exact m
        JOIN mapping_clique c ON c.code = m.subject JOIN mapping_row r USING (id) JOIN (
            SELECT DISTINCT root FROM (
                SELECT root, split_part(code, ':', 1) AS prefix FROM mapping_clique
                GROUP BY ALL HAVING count(*) > 1) two
        ) torn ON torn.root = c.root ORDER BY c.root, m.id"""
    )
    found: list[tuple[int, str]] = []
    for _, members in groupby(rows.fetchall(), key=itemgetter(0)):
        found += _chains(list(members))
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE mapping_torn AS "
        "SELECT DISTINCT unnest(?::BIGINT[]) AS id, unnest(?::VARCHAR[]) AS said",
        [list(column) for column in zip(*found, strict=True)] or [[], []],
    )


def _chains(rows: Sequence[tuple[str, str, str, int, int, int]]) -> Iterator[tuple[int, str]]:
    """Yield the row and the text of each chain in one component."""
    chains = Chains((subject, other, (line, row)) for _, subject, other, _, line, row in rows)
    by_source: dict[str, list[str]] = {}
    for code in sorted({code for row in rows for code in row[1:3]}):
        by_source.setdefault(code.partition(":")[0], []).append(code)
    pairs = 0
    for codes in by_source.values():
        for number, start in enumerate(codes):
            for _, steps in chains.shortest(start, codes[number + 1 :]):
                if len(steps) > 2:
                    pairs += 1
                    told = start + "".join(f" = {step.code} (line {step.link[0]})" for step in steps)
                    yield from ((step.link[1], told) for step in steps)
                if pairs == _MOST:
                    return


def _any(connection: DuckDBPyConnection, relation: str) -> bool:
    return connection.execute(f"SELECT 1 FROM {relation} LIMIT 1").fetchone() is not None
