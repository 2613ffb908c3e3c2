"""What a graph holds, counted over its columns.

Ten million quads are counted in little time because all counting is of integers, grouped; a term is looked up when its
number is known. What two graphs state is one triple of the merge: such triples are few, so they are found once, and
each count is that of the quads less what is stated again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from calckg import columnar
from calckg.columnar import IRI
from calckg.kg import KnowledgeGraph

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_BY_OBJECT = {
    "class": RDF_TYPE,
    "concepts by vocabulary": "http://www.w3.org/2004/02/skos/core#inScheme",
    "associations by predicate": "https://w3id.org/biolink/vocab/predicate",
    "mappings by predicate": "http://www.w3.org/2002/07/owl#annotatedProperty",
}
_TALLY = f"""
CREATE OR REPLACE TEMP TABLE predicate_count AS SELECT p, g, count(*) AS n FROM quad GROUP BY p, g;
CREATE OR REPLACE TEMP TABLE repeated AS {columnar.REPEATED};
CREATE OR REPLACE TEMP TABLE object_count AS
    SELECT t.p, t.o, t.n - coalesce(r.n, 0) AS n
    FROM (SELECT p, o, count(*) AS n FROM quad WHERE p IN (
            SELECT id FROM term WHERE kind = {IRI} AND value IN ({", ".join(f"'{iri}'" for iri in _BY_OBJECT.values())})
          ) GROUP BY p, o) t
    LEFT JOIN (SELECT p, o, sum(n) AS n FROM repeated GROUP BY p, o) r ON r.p = t.p AND r.o = t.o
"""
TRIPLES = """SELECT coalesce((SELECT sum(n) FROM predicate_count), 0) - coalesce((SELECT sum(n) FROM repeated), 0)"""
GRAPHS = """SELECT g.value, sum(c.n) FROM predicate_count c JOIN term g ON g.id = c.g
    GROUP BY g.value ORDER BY 2 DESC, 1"""


@dataclass(frozen=True, slots=True)
class Count:
    """One line of the statistics: how many there are of ``what``, under a heading; ``what`` is a name or an IRI."""

    heading: str
    what: str
    count: int


def tallied(graph: KnowledgeGraph) -> DuckDBPyConnection:
    """Return a connection to the columns of ``graph`` with what all counts are made of, in three more tables.

    ``predicate_count(p, g, n)`` has the quads, ``repeated(s, p, o, n)`` each triple that ``n`` more graphs state, and
    ``object_count(p, o, n)`` the triples of the merge, for classes and the other groupings of the statistics.
    Raises ``UsageError`` for a distant graph, which has no columns.
    """
    columns = graph.columns.cursor()
    columns.execute(_TALLY)
    return columns


def by_object(predicate: str) -> str:
    """Return SQL over what ``tallied`` returns: how many subjects each object of ``predicate`` has."""
    return f"""SELECT o.value, c.n FROM object_count c JOIN term o ON o.id = c.o
        WHERE c.p = (SELECT id FROM term WHERE kind = {IRI} AND value = '{predicate}') ORDER BY 2 DESC, 1"""


def distinct(columns: DuckDBPyConnection, *places: str) -> list[int]:
    """Count the distinct terms in each of ``places`` (``s``, ``p``, ``o`` or ``g`` of the quads)."""
    (last,) = columns.execute("SELECT coalesce(max(id), 0) FROM term").fetchall()[0]
    # Ids have no gaps, so a bit for each counts them in a third of the time that count(DISTINCT) takes.
    bits = ", ".join(f"coalesce(bit_count(bitstring_agg({place}, 0, {int(last)})), 0)" for place in places)
    return [int(number) for number in columns.execute(f"SELECT {bits} FROM quad").fetchall()[0]]


def count(graph: KnowledgeGraph) -> list[Count]:
    """Count what ``graph`` holds; raises ``UsageError`` for a distant graph, which has no columns."""
    columns = tallied(graph)
    (subjects,) = distinct(columns, "s")
    (named,) = columns.execute("SELECT count(DISTINCT g) FROM predicate_count WHERE g > 0").fetchall()[0]
    (quads,) = columns.execute("SELECT coalesce(sum(n), 0) FROM predicate_count").fetchall()[0]
    (triples,) = columns.execute(TRIPLES).fetchall()[0]
    counts = [("quads", quads), ("triples of the merge", triples), ("named graphs", named), ("subjects", subjects)]
    groups = {"graph": counts, "named graph": columns.execute(GRAPHS).fetchall()}
    groups |= {heading: columns.execute(by_object(predicate)).fetchall() for heading, predicate in _BY_OBJECT.items()}
    return [Count(heading, what, int(number)) for heading, rows in groups.items() for what, number in rows]
