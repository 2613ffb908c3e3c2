"""A graph cut down to what is about some concepts: ``extract.about`` over the columns, for any number of quads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import pyoxigraph as ox

from calckg import bundle, columnar, concepts, extract, prefixes, staging
from calckg.errors import UnknownNameError, UsageError
from calckg.sparql import LocalGraph

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_ONTOLOGY = bundle.GRAPH + "ontology"
_NAMES = ("skos:prefLabel", "skos:altLabel", "rdfs:label")
_SPOKEN_OF = ("biolink:subject", "biolink:object", "owl:annotatedSource", "owl:annotatedTarget")
# What leads from what is kept to what must be there for it to be readable.
_LINKS = (
    *_SPOKEN_OF,
    *("ckg:citation", "biolink:publications", "ckg:literatureCategory", "dcterms:isPartOf", "skos:inScheme"),
    *("biolink:frequency_qualifier", "biolink:onset_qualifier", "biolink:sex_qualifier"),
    *("skosxl:prefLabel", "skosxl:altLabel"),
)
_LARGEST = 200_000  # names that are looked through for the nearest


def keep(connection: DuckDBPyConnection, roots: Sequence[str]) -> int:
    """Leave in the columns only what ``extract.about`` gives of the concepts ``roots``, and the ontology.

    ``roots`` are codes or names. Return how many quads are left. Raises ``UnknownNameError`` for a concept that the
    graph does not have, and ``UsageError`` for a name of several.
    """
    _Cut(connection).make([_find(connection, root) for root in roots])
    facts = f"""SELECT {columnar.value_of("s")} AS s, p.value AS p, {columnar.value_of("o")} AS v,
        {columnar.tail_of("o")} AS t, g.value AS g
    FROM cut_quad q JOIN term s ON s.id = q.s JOIN term p ON p.id = q.p JOIN term o ON o.id = q.o
    LEFT JOIN term g ON g.id = q.g"""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE cut_fact AS {facts}")
    connection.execute("DELETE FROM quad; DELETE FROM term; DROP TABLE cut_quad")
    count = columnar.add(connection, lambda: staging.stage(connection, "FROM cut_fact"))
    connection.execute("DROP TABLE cut_fact")
    return count


def _find(connection: DuckDBPyConnection, text: str) -> ox.NamedNode:
    """Find a concept as ``concepts.find`` does, in a small graph of all that could be meant."""
    meant = f"t.value IN (SELECT id FROM meant) OR ends_with(t.value, {_quoted(text.strip())})"
    named = f"lower(o.value) = lower({_quoted(text.strip())})"
    store = ox.Store()
    iris = []
    with suppress(UsageError):
        iris.append(concepts.node(text).value)
    connection.execute("CREATE OR REPLACE TEMP TABLE meant AS SELECT unnest(?::VARCHAR[]) AS id", [iris])
    _put(connection, store, f"q.s IN (SELECT t.id FROM term t WHERE t.kind = 0 AND ({meant}))")
    names = f"q.p IN ({_ids(_NAMES)})"
    _put(connection, store, f"q.s IN (SELECT q.s FROM quad q JOIN term o ON o.id = q.o WHERE {names} AND {named})")
    try:
        return concepts.find(LocalGraph(store), text)
    except UnknownNameError:
        _put(connection, store, "true")
        return concepts.find(LocalGraph(store), text)


def _put(connection: DuckDBPyConnection, store: ox.Store, where: str) -> None:
    """Put codes, names and leaders of the concepts that ``where`` holds of into ``store``."""
    told = ("rdf:type", "skos:inScheme", "ckg:cliqueLeader", *_NAMES)
    cursor = connection.execute(
        f"""SELECT DISTINCT s.value, p.value, o.kind, o.value FROM quad q JOIN term s ON s.id = q.s AND s.kind = 0
        JOIN term p ON p.id = q.p JOIN term o ON o.id = q.o
        WHERE q.p IN ({_ids(told)}) AND ({where}) ORDER BY ALL LIMIT {_LARGEST}"""
    )
    while rows := cursor.fetchmany(10_000):
        store.extend(
            ox.Quad(
                ox.NamedNode(subject),
                ox.NamedNode(predicate),
                ox.NamedNode(value) if kind == columnar.IRI else ox.Literal(value),
            )
            for subject, predicate, kind, value in rows
        )


class _Cut:
    """Sets of nodes as temporary tables, each made of others by a step along predicates."""

    def __init__(self, connection: DuckDBPyConnection) -> None:
        self._connection = connection

    def make(self, roots: Sequence[ox.NamedNode]) -> None:
        """Make ``cut_quad``, the quads to keep; see ``extract.about`` for which these are."""
        run = self._connection.execute
        iris = [root.value for root in roots]
        run(
            "CREATE OR REPLACE TEMP TABLE root AS SELECT id FROM term WHERE kind = 0 AND value IN (SELECT unnest(?))",
            [iris],
        )
        run("CREATE OR REPLACE TEMP TABLE core AS FROM root")
        self._closure("core", lambda front: f"{_same(front)} UNION {_back(front, ('skos:broader',))}")
        self._set("statement", _back("core", (*_SPOKEN_OF, "ckg:concept")))
        self._set("once", _on("(SELECT id FROM statement UNION SELECT id FROM core)", _LINKS))
        self._set("linked", f"SELECT id FROM once UNION {_on('once', _LINKS)}")
        self._set(
            "category", _on("(SELECT id FROM statement UNION SELECT id FROM linked)", ("ckg:literatureCategory",))
        )
        self._closure("category", lambda front: _on(front, ("skos:broader",)))
        self._set("far_end", _same("linked"))
        parts = ("core", "statement", "linked", "category", "far_end")
        every = " UNION ".join(f"SELECT id FROM {name}" for name in parts)
        self._set("kept", f"{every} UNION {_on('far_end', ('skos:inScheme',))}")
        concept = _back(f"({_id('skos:Concept')})", ("rdf:type",))
        self._set("concept", concept)
        run(
            f"""CREATE OR REPLACE TEMP TABLE cut_quad AS SELECT s, p, o, g FROM quad q
            WHERE s IN (SELECT id FROM kept)
                AND (p IN ({_ids(extract.DESCRIBING)}) OR s NOT IN (SELECT id FROM concept)
                     OR s IN (SELECT id FROM core) OR o IN (SELECT id FROM core))
                AND (o IN (SELECT id FROM kept) OR o NOT IN (SELECT id FROM concept));
            INSERT INTO cut_quad SELECT s, p, o, g FROM quad
            WHERE s IN (SELECT g FROM cut_quad) AND s NOT IN (SELECT id FROM kept);
            INSERT INTO cut_quad SELECT s, p, o, g FROM quad WHERE g IN (
                SELECT id FROM term WHERE kind = 0 AND value = '{_ONTOLOGY}')"""
        )

    def _set(self, name: str, nodes: str) -> None:
        self._connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE {name} AS
            SELECT DISTINCT n.id FROM ({nodes}) n JOIN term t ON t.id = n.id WHERE t.kind = {columnar.IRI}"""
        )

    def _closure(self, name: str, step: Callable[[str], str]) -> None:
        """Add to the set what ``step`` gives of what was new, until nothing is."""
        self._set("front", f"SELECT id FROM {name}")
        while True:
            self._set("new", f"SELECT id FROM ({step('front')}) found WHERE id NOT IN (SELECT id FROM {name})")
            count = self._connection.execute(f"INSERT INTO {name} FROM new").fetchone()
            if not count or not count[0]:
                break
            self._connection.execute("CREATE OR REPLACE TEMP TABLE front AS FROM new")


def _on(nodes: str, predicates: Iterable[str]) -> str:
    """Return SQL for the ends of triples of ``nodes``."""
    return f"SELECT o AS id FROM quad WHERE p IN ({_ids(predicates)}) AND s IN (SELECT id FROM {nodes})"


def _back(nodes: str, predicates: Iterable[str]) -> str:
    """Return SQL for the subjects of triples that end in ``nodes``."""
    return f"SELECT s AS id FROM quad WHERE p IN ({_ids(predicates)}) AND o IN (SELECT id FROM {nodes})"


def _same(nodes: str) -> str:
    """Return SQL for all members of the cliques of ``nodes``."""
    return _back(f"({_on(nodes, ('ckg:cliqueLeader',))})", ("ckg:cliqueLeader",))


def _id(curie: str) -> str:
    return f"SELECT id FROM term WHERE kind = {columnar.IRI} AND value = {_quoted(prefixes.load().expand(curie))}"


def _ids(curies: Iterable[str]) -> str:
    iris = ", ".join(_quoted(prefixes.load().expand(curie)) for curie in curies)
    return f"SELECT id FROM term WHERE kind = {columnar.IRI} AND value IN ({iris})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
