"""What a graph holds, counted."""

from __future__ import annotations

import pytest

from calckg.errors import UsageError
from calckg.kg import KnowledgeGraph
from calckg.stats import count
from tests.conftest import Build

SKOS = "http://www.w3.org/2004/02/skos/core#"
BIOLINK = "https://w3id.org/biolink/vocab/"
A, B = "https://example.org/graph/a", "https://example.org/graph/b"
GRAPHS = {
    A: "HP:0000001 a skos:Concept ; skos:inScheme scheme:HP . HP:0000002 a skos:Concept ; skos:inScheme scheme:HP .",
    # One concept is said again here, and is still one.
    B: """HP:0000001 a skos:Concept . medgen:C0000001 a skos:Concept ; skos:inScheme scheme:medgen .
        ex:x a biolink:Association ; biolink:predicate biolink:has_phenotype .
        ex:m a owl:Axiom ; owl:annotatedProperty skos:exactMatch .""",
}


@pytest.fixture(scope="module")
def counts(build: Build) -> dict[tuple[str, str], int]:
    found = count(KnowledgeGraph.built(build(GRAPHS)))
    assert len({(line.heading, line.what) for line in found}) == len(found)
    return {(line.heading, line.what): line.count for line in found}


@pytest.mark.parametrize(
    ("heading", "what", "number"),
    [
        ("graph", "quads", 4 + 7 + 3),  # three leaders are derived
        ("graph", "triples of the merge", 4 + 7 + 3 - 1),
        ("graph", "named graphs", 3),
        ("graph", "subjects", 5),
        ("named graph", A, 4),
        ("named graph", B, 7),
        ("class", SKOS + "Concept", 3),
        ("class", BIOLINK + "Association", 1),
        ("concepts by vocabulary", "https://w3id.org/calckg/id/scheme/HP", 2),
        ("concepts by vocabulary", "https://w3id.org/calckg/id/scheme/medgen", 1),
        ("associations by predicate", BIOLINK + "has_phenotype", 1),
        ("mappings by predicate", SKOS + "exactMatch", 1),
    ],
)
def test_a_count(counts: dict[tuple[str, str], int], heading: str, what: str, number: int) -> None:
    assert counts[heading, what] == number


def test_the_most_frequent_comes_first(counts: dict[tuple[str, str], int]) -> None:
    classes = [number for (heading, _), number in counts.items() if heading == "class"]
    assert classes == sorted(classes, reverse=True)


def test_the_quads_of_the_named_graphs_are_all_quads(counts: dict[tuple[str, str], int]) -> None:
    assert sum(n for (heading, _), n in counts.items() if heading == "named graph") == counts["graph", "quads"]


def test_an_empty_graph_is_counted(build: Build) -> None:
    found = count(KnowledgeGraph.built(build({A: ""})))
    assert {line.what: line.count for line in found} == {
        "quads": 0,
        "triples of the merge": 0,
        "named graphs": 0,
        "subjects": 0,
    }


def test_a_distant_graph_has_no_counts() -> None:
    with pytest.raises(UsageError, match="the columns of a distant graph can't be had"):
        count(KnowledgeGraph.distant("http://127.0.0.1:1/"))
