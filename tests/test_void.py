"""The VoID description of a graph."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest

from calckg import resources
from calckg.errors import UsageError
from calckg.kg import KnowledgeGraph
from calckg.void import DATASET, describe
from tests.conftest import Build, Run

VOID = "PREFIX void: <http://rdfs.org/ns/void#> PREFIX dcterms: <http://purl.org/dc/terms/> "
SKOS = "http://www.w3.org/2004/02/skos/core#"
META, A, B = (f"https://w3id.org/calckg/graph/{name}" for name in ("meta", "release/a", "release/b"))
GRAPHS = {
    META: f'<{A}> a dcat:Dataset ; dcterms:title "A"@en ; dcat:version "1" ; ckg:redistribution true .',
    A: "HP:0000001 a skos:Concept ; skos:broader HP:0000002, HP:0000003 . ex:o a ex:Thing .",
    # Two triples are said again here, and are still one each.
    B: 'HP:0000001 a skos:Concept ; skos:broader HP:0000002 ; skos:altLabel "x"@en . HP:0000002 a skos:Concept .',
}
# HP:0000001 has one class, two parents, a name, a label and a leader; HP:0000002 a class and a leader; ex:o a class.
TRIPLES = 6 + 2 + 1 + 4


def described(graph: KnowledgeGraph) -> ox.Store:
    store = ox.Store()
    store.extend(describe(graph))
    return store


@pytest.fixture(scope="module")
def graph(build: Build) -> KnowledgeGraph:
    return KnowledgeGraph.built(build(GRAPHS))


@pytest.fixture(scope="module")
def store(graph: KnowledgeGraph) -> ox.Store:
    return described(graph)


def ask(store: ox.Store, pattern: str) -> bool:
    return bool(store.query(f"{VOID} ASK {{ {pattern} }}"))


def numbers(store: ox.Store, name: str) -> list[int]:
    return [int(q.object.value) for q in store.quads_for_pattern(DATASET, ox.NamedNode(f"{NS}{name}"), None)]  # type: ignore[union-attr]


NS = "http://rdfs.org/ns/void#"


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("triples", "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"),
        ("entities", "SELECT (COUNT(DISTINCT ?s) AS ?n) WHERE { ?s ?p ?o FILTER(isIRI(?s)) }"),
        ("distinctSubjects", "SELECT (COUNT(DISTINCT ?s) AS ?n) WHERE { ?s ?p ?o }"),
        ("distinctObjects", "SELECT (COUNT(DISTINCT ?o) AS ?n) WHERE { ?s ?p ?o }"),
        ("properties", "SELECT (COUNT(DISTINCT ?p) AS ?n) WHERE { ?s ?p ?o }"),
        ("classes", "SELECT (COUNT(DISTINCT ?c) AS ?n) WHERE { ?s a ?c }"),
    ],
)
@pytest.mark.parametrize("which", ["small", "bundled"])
def test_a_count_is_what_sparql_counts(
    which: str, name: str, query: str, graph: KnowledgeGraph, bundled: KnowledgeGraph
) -> None:
    of = graph if which == "small" else bundled
    rows = list(of.sparql.query(query))  # type: ignore[arg-type]
    assert numbers(described(of), name) == [int(rows[0]["n"].value)]


def test_the_triples_are_those_of_the_merge(store: ox.Store) -> None:
    assert numbers(store, "triples") == [TRIPLES]


@pytest.mark.parametrize(
    ("kind", "what", "query"),
    [
        ("class", "entities", "SELECT ?x (COUNT(DISTINCT ?s) AS ?n) WHERE { ?s a ?x } GROUP BY ?x"),
        ("property", "triples", "SELECT ?x (COUNT(*) AS ?n) WHERE { ?s ?x ?o } GROUP BY ?x"),
    ],
)
def test_partitions_are_what_sparql_counts(kind: str, what: str, query: str, bundled: KnowledgeGraph) -> None:
    found = described(bundled).query(
        f"{VOID} SELECT ?x ?n WHERE {{ {DATASET} void:{kind}Partition [ void:{kind} ?x ; void:{what} ?n ] }}"
    )
    there = {row["x"].value: int(row["n"].value) for row in found}  # type: ignore[union-attr]
    here = {row["x"].value: int(row["n"].value) for row in bundled.sparql.query(query)}  # type: ignore[union-attr]
    assert there == here


def test_each_named_graph_is_a_subset_with_its_own_counts(store: ox.Store) -> None:
    assert ask(store, f"{DATASET} void:subset <{B}> . <{B}> a void:Dataset ; void:triples 4 ; void:properties 3")


def test_a_subset_has_what_the_graph_says_of_the_source(store: ox.Store) -> None:
    assert ask(store, f"<{A}> dcterms:title 'A'@en ; <http://www.w3.org/ns/dcat#version> '1'")


def test_the_vocabularies_are_those_of_classes_and_properties(store: ox.Store) -> None:
    assert ask(store, f"{DATASET} void:vocabulary <{SKOS}>")
    assert not ask(store, f"{DATASET} void:vocabulary <http://purl.obolibrary.org/obo/HP_>")


def test_there_is_no_blank_node(store: ox.Store) -> None:
    assert not [q for q in store if isinstance(q.subject, ox.BlankNode) or isinstance(q.object, ox.BlankNode)]


def test_an_empty_graph_is_described(build: Build) -> None:
    store = described(KnowledgeGraph.built(build({A: ""})))
    assert (numbers(store, "triples"), numbers(store, "distinctObjects")) == ([0], [0])


def test_a_distant_graph_is_refused() -> None:
    with pytest.raises(UsageError, match="the columns of a distant graph can't be had"):
        list(describe(KnowledgeGraph.distant("http://127.0.0.1:1/")))


@pytest.mark.parametrize("suffix", ["ttl", "nt", "rdf", "jsonld", "nq", "trig"])
def test_stats_writes_it_in_each_rdf_format(run: Run, bundled: KnowledgeGraph, tmp_path: Path, suffix: str) -> None:
    assert run("stats", "-o", tmp_path / f"void.{suffix}").code == 0
    assert {q.triple for q in ox.parse(path=tmp_path / f"void.{suffix}")} == {q.triple for q in describe(bundled)}


def test_the_prefix_of_void_is_known() -> None:
    assert NS in (resources.ontology_dir() / "prefixes.ttl").read_text(encoding="utf-8")
