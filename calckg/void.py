"""A graph described as a ``void:Dataset`` (Describing Linked Datasets with the VoID Vocabulary, W3C 2011)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pyoxigraph as ox

from calckg import bundle, columnar, prefixes
from calckg.kg import KnowledgeGraph
from calckg.stats import RDF_TYPE, TRIPLES, by_object, distinct, tallied

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

DATASET = ox.NamedNode(bundle.GRAPH)
_VOID = "http://rdfs.org/ns/void#"
_DCTERMS = "http://purl.org/dc/terms/"
_DCAT = "http://www.w3.org/ns/dcat#"
_XSD = "http://www.w3.org/2001/XMLSchema#"
_PARTITION = "https://w3id.org/calckg/id/partition/"
_PROPERTIES = """SELECT p.value, c.n - coalesce(r.n, 0)
    FROM (SELECT p, sum(n) AS n FROM predicate_count GROUP BY p) c
    LEFT JOIN (SELECT p, sum(n) AS n FROM repeated GROUP BY p) r ON r.p = c.p
    JOIN term p ON p.id = c.p ORDER BY p.value"""
_SUBSETS = """SELECT g.value, sum(c.n), count(*) FROM predicate_count c JOIN term g ON g.id = c.g
    GROUP BY g.value ORDER BY g.value"""
_BLANK = f"SELECT count(DISTINCT q.s) FROM quad q JOIN term s ON s.id = q.s WHERE s.kind = {columnar.BLANK}"
# What the graph itself says of its sources: title, licence, date, version and so on.
_SAID = f"""SELECT s.value, p.value, {columnar.text_of("o")}
    FROM quad q JOIN term s ON s.id = q.s JOIN term p ON p.id = q.p JOIN term o ON o.id = q.o JOIN term g ON g.id = q.g
    WHERE g.value = '{bundle.GRAPH}meta' AND q.s IN (SELECT g FROM predicate_count)
      AND (starts_with(p.value, '{_DCTERMS}') OR p.value IN ('{_DCAT}version', '{_DCAT}landingPage'))
    ORDER BY ALL"""


def describe(graph: KnowledgeGraph) -> Iterator[ox.Quad]:
    """Yield the description of ``graph``: the merge as the dataset, each named graph as a subset of it.

    The dataset has its counts, vocabularies, and a partition for each class (with ``void:entities``) and each property
    (with ``void:triples``); a subset has its counts and what the graph says of the source. Entities are subjects that
    are IRIs. Raises ``UsageError`` for a distant graph, which has no columns.
    """
    columns = tallied(graph)
    classes = _counted(columns, by_object(RDF_TYPE))
    properties = _counted(columns, _PROPERTIES)
    yield _link(DATASET, RDF_TYPE, _VOID + "Dataset")
    yield ox.Quad(DATASET, ox.NamedNode(_DCTERMS + "title"), ox.Literal("calckg knowledge graph", language="en"))
    if "time" in graph.manifest:
        modified = ox.Literal(graph.manifest["time"], datatype=ox.NamedNode(_XSD + "dateTime"))
        yield ox.Quad(DATASET, ox.NamedNode(_DCTERMS + "modified"), modified)
    subjects, objects = distinct(columns, "s", "o")
    ((blank,),) = columns.execute(_BLANK).fetchall()
    ((triples,),) = columns.execute(TRIPLES).fetchall()
    yield _number(DATASET, "triples", triples)
    yield _number(DATASET, "entities", subjects - blank)
    yield _number(DATASET, "distinctSubjects", subjects)
    yield _number(DATASET, "distinctObjects", objects)
    yield _number(DATASET, "classes", len(classes))
    yield _number(DATASET, "properties", len(properties))
    yield from _vocabularies([*classes, *properties])
    yield from _partitions("class", classes, "entities")
    yield from _partitions("property", properties, "triples")
    yield from _subsets(columns)


def _counted(columns: DuckDBPyConnection, statement: str) -> dict[str, int]:
    return {value: int(number) for value, number in columns.execute(statement).fetchall()}


def _vocabularies(names: list[str]) -> Iterator[ox.Quad]:
    table = prefixes.load()
    used = {table.prefix_of(name) for name in names}
    for prefix in sorted(prefix for prefix in used if prefix is not None):
        yield _link(DATASET, _VOID + "vocabulary", table.namespaces[prefix])


def _partitions(kind: str, counts: dict[str, int], what: str) -> Iterator[ox.Quad]:
    """Describe the part of the dataset for each class or property; the parts have minted IRIs, not blank nodes."""
    for name, number in counts.items():
        digest = hashlib.sha256(f"{kind}\x1f{name}".encode()).hexdigest()
        node = ox.NamedNode(_PARTITION + digest[:32])
        yield _link(DATASET, f"{_VOID}{kind}Partition", node.value)
        yield _link(node, _VOID + kind, name)
        yield _number(node, what, number)


def _subsets(columns: DuckDBPyConnection) -> Iterator[ox.Quad]:
    for name, triples, properties in columns.execute(_SUBSETS).fetchall():
        node = ox.NamedNode(name)
        yield _link(DATASET, _VOID + "subset", name)
        yield _link(node, RDF_TYPE, _VOID + "Dataset")
        yield _number(node, "triples", int(triples))
        yield _number(node, "properties", properties)
    said = "".join(f"<{s}> <{p}> {o} .\n" for s, p, o in columns.execute(_SAID).fetchall())
    yield from ox.parse(said, format=ox.RdfFormat.N_TRIPLES)


def _link(subject: ox.NamedNode, predicate: str, value: str) -> ox.Quad:
    return ox.Quad(subject, ox.NamedNode(predicate), ox.NamedNode(value))


def _number(subject: ox.NamedNode, name: str, number: int) -> ox.Quad:
    value = ox.Literal(str(int(number)), datatype=ox.NamedNode(_XSD + "integer"))
    return ox.Quad(subject, ox.NamedNode(_VOID + name), value)
