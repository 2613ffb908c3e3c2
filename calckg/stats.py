"""What a graph holds, counted over its columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from calckg.kg import KnowledgeGraph

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_SKOS = "http://www.w3.org/2004/02/skos/core#"
_BIOLINK = "https://w3id.org/biolink/vocab/"
_OWL = "http://www.w3.org/2002/07/owl#"
_TRIPLE = "(SELECT DISTINCT s, p, o FROM quad)"


@dataclass(frozen=True, slots=True)
class Count:
    """One line of the statistics: how many there are of ``what``, under a heading; ``what`` is a name or an IRI."""

    heading: str
    what: str
    count: int


def _by_object(predicate: str, of: str = "") -> str:
    """Return SQL that counts the subjects of ``predicate`` by object, only those of the class ``of`` where given."""
    limited = (
        f"""JOIN (SELECT DISTINCT q.s FROM quad q JOIN term p ON p.id = q.p JOIN term o ON o.id = q.o
            WHERE p.value = '{_RDF_TYPE}' AND o.value = '{of}') c ON c.s = q.s"""
        if of
        else ""
    )
    return f"""SELECT o.value, count(DISTINCT q.s) FROM {_TRIPLE} q {limited}
        JOIN term p ON p.id = q.p JOIN term o ON o.id = q.o
        WHERE p.value = '{predicate}' GROUP BY o.value ORDER BY 2 DESC, 1"""


_STATEMENTS = (
    ("graph", "SELECT 'quads', count(*) FROM quad"),
    ("graph", f"SELECT 'triples of the merge', count(*) FROM {_TRIPLE} q"),
    ("graph", "SELECT 'named graphs', count(DISTINCT g) FROM quad WHERE g > 0"),
    ("graph", "SELECT 'subjects', count(DISTINCT s) FROM quad"),
    (
        "named graph",
        "SELECT g.value, count(*) FROM quad q JOIN term g ON g.id = q.g GROUP BY g.value ORDER BY 2 DESC, 1",
    ),
    ("class", _by_object(_RDF_TYPE)),
    ("concepts by vocabulary", _by_object(_SKOS + "inScheme")),
    ("associations by predicate", _by_object(_BIOLINK + "predicate")),
    ("mappings by predicate", _by_object(_OWL + "annotatedProperty")),
)


def count(graph: KnowledgeGraph) -> list[Count]:
    """Count what ``graph`` holds; raises ``UsageError`` for a distant graph, which has no columns."""
    return [
        Count(heading, what, int(number))
        for heading, statement in _STATEMENTS
        for what, number in _rows(graph.columns, statement)
    ]


def _rows(columns: DuckDBPyConnection, statement: str) -> list[tuple[str, int]]:
    rows: list[tuple[str, int]] = columns.execute(statement).fetchall()
    return rows
