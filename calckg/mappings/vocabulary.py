"""The vocabularies of a built graph: which codes each has, which are retired and by what replaced, and their names.

``vocabulary_code(id, code, prefix)`` has the codes that a loaded release states of its own code system, and
``vocabulary_loaded(prefix, title, version)`` the code systems that are there; what a mapping set alone speaks of is in
neither. ``graph_notation(node, g, code)`` has all notations of the graph, ``mapped_code(node, code, prefix)`` those
of the concepts that mappings speak of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from calckg import prefixes
from calckg.columnar import IRI
from calckg.identifiers import CODE_SYSTEMS

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from calckg.kg import KnowledgeGraph

OWN: Final = {
    "hpo": ("HP",),
    "medgen": ("medgen", "medgen.uid"),
    "umls": ("UMLS",),
    "snomed": ("SCTID",),
    "mesh": ("mesh",),
    "pubmed": ("PMID",),
}
"""The code systems of which a source is the release; an OBO ontology has its own, of the same name."""


def read(connection: DuckDBPyConnection, graph: KnowledgeGraph | None) -> None:
    """Make the tables but ``mapped_code``, empty without a graph; ``connection`` has its ``term`` and ``quad``."""
    run = connection.execute
    run(
        "CREATE OR REPLACE TABLE vocabulary_loaded "
        "(prefix VARCHAR, graph VARCHAR, title VARCHAR, version VARCHAR, g BIGINT)"
    )
    releases = graph.manifest.get("sources", []) if graph is not None else []
    rows = [
        (prefix, source["graph"], source["title"], source["version"])
        for source in releases
        for prefix in owned(source["source"])
    ]
    run(
        f"""INSERT INTO vocabulary_loaded SELECT r.*, t.id FROM (SELECT unnest(?::VARCHAR[]) AS prefix,
            unnest(?::VARCHAR[]) AS graph, unnest(?::VARCHAR[]) AS title, unnest(?::VARCHAR[]) AS version) r
        LEFT JOIN (SELECT id, value FROM term WHERE kind = {IRI}) t ON t.value = r.graph""",
        [list(column) for column in zip(*rows, strict=True)] or [[], [], [], []],
    )
    notation = term_id(connection, "skos:notation") if graph is not None else -1
    run(
        f"""CREATE OR REPLACE TABLE graph_notation AS
        SELECT DISTINCT q.s AS node, q.g, t.value AS code FROM quad q JOIN term t ON t.id = q.o
        WHERE q.p = {notation}"""
    )
    run(
        """CREATE OR REPLACE TABLE vocabulary_code AS
        SELECT DISTINCT n.node AS id, n.code, l.prefix FROM graph_notation n JOIN vocabulary_loaded l ON l.g = n.g
        WHERE starts_with(n.code, l.prefix || ':')"""
    )


def find(connection: DuckDBPyConnection) -> None:
    """Make ``mapped_code``: look the codes of ``mapping_code`` up in ``graph_notation``."""
    connection.execute(
        "CREATE OR REPLACE TABLE mapped_code AS "
        "SELECT DISTINCT n.node, n.code, k.prefix FROM graph_notation n JOIN mapping_code k ON k.code = n.code"
    )


def namespaces(connection: DuckDBPyConnection) -> None:
    """Make ``mapping_space(prefix, namespace)``, the project's prefixes."""
    spaces = prefixes.load().namespaces
    connection.execute(
        "CREATE OR REPLACE TABLE mapping_space AS "
        "SELECT unnest(?::VARCHAR[]) AS prefix, unnest(?::VARCHAR[]) AS namespace",
        [list(spaces), list(spaces.values())],
    )


def owned(source: str) -> tuple[str, ...]:
    """Return the prefixes of the code systems that a source is the release of."""
    if source in OWN:
        return OWN[source]
    return tuple(name for name in CODE_SYSTEMS if name.lower() == source.lower())


def term_ids(connection: DuckDBPyConnection, *names: str) -> list[int]:
    """Return the ids of the terms that CURIEs name, -1 for one that the graph does not have."""
    iris = [prefixes.load().expand(name) for name in names]
    rows = connection.execute(
        f"SELECT value, min(id) FROM term WHERE kind = {IRI} AND value IN (SELECT unnest(?)) GROUP BY value", [iris]
    )
    found = dict(rows.fetchall())
    return [found.get(iri, -1) for iri in iris]


def term_id(connection: DuckDBPyConnection, name: str) -> int:
    """Return the id of the term that a CURIE names, -1 where the graph does not have it."""
    return term_ids(connection, name)[0]


def not_loaded(connection: DuckDBPyConnection) -> list[tuple[str, int]]:
    """Return the name of each code system that mappings speak of and that is not loaded, and how many of its codes.

    A release that is there and has none of the codes, as some files of MedGen have no UID, is of no use.
    """
    rows = connection.execute(
        """SELECT prefix, count(*) FROM mapping_code
        WHERE prefix NOT IN (SELECT prefix FROM vocabulary_code) GROUP BY prefix ORDER BY prefix"""
    )
    return [
        (f"{CODE_SYSTEMS[prefix].name} ({prefix})", int(count))
        for prefix, count in rows.fetchall()
        if prefix in CODE_SYSTEMS and prefix in prefixes.load().records
    ]
