"""What is computed: clique leaders, and one label for each concept and citation."""

from __future__ import annotations

from itertools import pairwise

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calckg import columnar, derive, prefixes, staging
from tests.conftest import PREFIXES

LEADER = "https://w3id.org/calckg/ontology/cliqueLeader"
LABEL = "http://www.w3.org/2000/01/rdf-schema#label"

CONNECTION = columnar.connect()  # making one costs more than a test
CONNECTION.execute("SET threads = 1")


def derived(graphs: dict[str, str] | str) -> set[ox.Quad]:
    """Compute over Turtle texts by the IRIs of their named graphs; one text alone is of one graph."""
    if isinstance(graphs, str):
        graphs = {"urn:x:g": graphs}
    CONNECTION.execute("DELETE FROM term; DELETE FROM quad")
    for graph, text in graphs.items():
        staging.stage_quads(CONNECTION, ox.parse(PREFIXES + text, format=ox.RdfFormat.TURTLE), graph)
    columnar.settle(CONNECTION)
    derive.derive(CONNECTION)
    named = {derive.CLIQUE_GRAPH, derive.LABEL_GRAPH}
    return {
        q for q in columnar.quads(CONNECTION) if isinstance(q.graph_name, ox.NamedNode) and q.graph_name.value in named
    }


def leaders(text: str) -> dict[str, str]:
    """Return the leader of each concept, both as CURIEs."""
    table = prefixes.load()
    return {
        str(table.compress(q.subject.value)): str(table.compress(q.object.value))
        for q in derived(text)
        if q.predicate.value == LEADER and isinstance(q.subject, ox.NamedNode) and isinstance(q.object, ox.NamedNode)
    }


def label(graphs: dict[str, str] | str) -> str:
    """Return the only label there is, as N-Triples."""
    (found,) = [str(q.object) for q in derived(graphs) if q.predicate.value == LABEL]
    return found


CONCEPTS = """
HP:0000001 a skos:Concept ; skos:inScheme scheme:HP .
HP:0000002 a skos:Concept ; skos:inScheme scheme:HP .
medgen:C0000001 a skos:Concept ; skos:inScheme scheme:medgen .
MONDO:0000001 a skos:Concept ; skos:inScheme scheme:MONDO .
UMLS:C0000001 a skos:Concept ; skos:inScheme scheme:UMLS .
"""
ALONE = {name: name for name in ("HP:0000001", "HP:0000002", "medgen:C0000001", "MONDO:0000001", "UMLS:C0000001")}


# cliques


def test_a_concept_alone_leads_itself() -> None:
    assert leaders(CONCEPTS) == ALONE


def test_an_exact_match_makes_a_clique() -> None:
    found = leaders(CONCEPTS + "medgen:C0000001 skos:exactMatch HP:0000001 .")
    assert found == ALONE | {"medgen:C0000001": "HP:0000001"}


def test_an_exact_match_is_read_both_ways() -> None:
    one = leaders(CONCEPTS + "medgen:C0000001 skos:exactMatch HP:0000001 .")
    assert one == leaders(CONCEPTS + "HP:0000001 skos:exactMatch medgen:C0000001 .")


def test_a_chain_is_one_clique() -> None:
    chain = "UMLS:C0000001 skos:exactMatch medgen:C0000001 . HP:0000001 skos:exactMatch medgen:C0000001 ."
    found = leaders(CONCEPTS + chain + "MONDO:0000001 skos:exactMatch HP:0000001 .")
    members = {"HP:0000001", "medgen:C0000001", "MONDO:0000001", "UMLS:C0000001"}
    assert {found[name] for name in members} == {"MONDO:0000001"}


def test_a_ring_is_one_clique() -> None:
    ring = "HP:0000001 skos:exactMatch UMLS:C0000001 . UMLS:C0000001 skos:exactMatch medgen:C0000001 ."
    found = leaders(CONCEPTS + ring + "medgen:C0000001 skos:exactMatch HP:0000001 .")
    assert {found[name] for name in ("HP:0000001", "medgen:C0000001", "UMLS:C0000001")} == {"HP:0000001"}


def test_the_leader_is_the_first_in_the_declared_order_of_prefixes() -> None:
    table = prefixes.load()
    found = leaders(CONCEPTS + "UMLS:C0000001 skos:exactMatch medgen:C0000001 .")
    assert table.rank("medgen") < table.rank("UMLS")
    assert found["UMLS:C0000001"] == "medgen:C0000001"


def test_a_scheme_without_a_rank_comes_after_one_with() -> None:
    own = "ex:a a skos:Concept ; skos:inScheme scheme:none ; skos:exactMatch UMLS:C0000001 ."
    assert leaders(CONCEPTS + own)["None"] == "UMLS:C0000001"


def test_of_two_without_a_rank_the_first_iri_leads() -> None:
    found = derived("ex:b a skos:Concept ; skos:exactMatch ex:a . ex:a a skos:Concept .")
    assert {q.object for q in found} == {ox.NamedNode("https://example.org/a")}


def test_two_members_of_one_scheme_are_not_merged() -> None:
    both = "medgen:C0000001 skos:exactMatch HP:0000001 , HP:0000002 ."
    assert leaders(CONCEPTS + both) == ALONE


def test_two_members_of_one_scheme_at_the_ends_of_a_chain_are_not_merged() -> None:
    chain = "HP:0000001 skos:exactMatch medgen:C0000001 . medgen:C0000001 skos:exactMatch UMLS:C0000001 ."
    assert leaders(CONCEPTS + chain + "UMLS:C0000001 skos:exactMatch HP:0000002 .") == ALONE


def test_a_concept_in_two_schemes_counts_in_both() -> None:
    both = "UMLS:C0000001 skos:inScheme scheme:HP ; skos:exactMatch HP:0000001 ."
    assert leaders(CONCEPTS + both) == ALONE


def test_the_same_scheme_said_in_two_graphs_counts_once() -> None:
    text = "medgen:C0000001 skos:exactMatch HP:0000001 ."
    found = derived({"urn:x:a": CONCEPTS + text, "urn:x:b": CONCEPTS})
    assert len({q.object for q in found if q.predicate.value == LEADER}) == 4


@pytest.mark.parametrize("match", ["closeMatch", "broadMatch", "narrowMatch", "relatedMatch"])
def test_another_match_makes_no_clique(match: str) -> None:
    assert leaders(CONCEPTS + f"medgen:C0000001 skos:{match} HP:0000001 .") == ALONE


def test_a_match_with_itself_changes_nothing() -> None:
    assert leaders(CONCEPTS + "HP:0000001 skos:exactMatch HP:0000001 .") == ALONE


def test_what_is_no_concept_is_in_no_clique() -> None:
    assert leaders(CONCEPTS + "HP:0000001 skos:exactMatch OMIM:231000 .") == ALONE


def test_leaders_are_in_their_own_graph() -> None:
    graphs = {str(q.graph_name) for q in derived(CONCEPTS) if q.predicate.value == LEADER}
    assert graphs == {"<https://w3id.org/calckg/graph/derived/clique>"}


@settings(max_examples=8)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=12))
def test_cliques_are_the_components_of_exact_match(edges: list[tuple[int, int]]) -> None:
    nodes = "".join(f"ex:n{n} a skos:Concept ." for n in range(10))
    found = derived(nodes + "".join(f"ex:n{a} skos:exactMatch ex:n{b} ." for a, b in edges))
    root = list(range(10))
    for _ in root:
        for a, b in edges:
            root[a] = root[b] = min(root[a], root[b])
    iri = "<https://example.org/n{}>".format
    assert {(str(q.subject), str(q.object)) for q in found} == {(iri(n), iri(root[n])) for n in range(10)}


@pytest.mark.parametrize("step", [1, 7, 99])
def test_a_long_chain_is_one_clique(step: int) -> None:
    order = [n * step % 200 for n in range(200)]
    nodes = "".join(f"ex:n{n:03} a skos:Concept ." for n in order)
    chain = "".join(f"ex:n{a:03} skos:exactMatch ex:n{b:03} ." for a, b in pairwise(order))
    found = derived(nodes + chain)
    assert len(found) == 200
    assert {str(q.object) for q in found} == {"<https://example.org/n000>"}


def test_a_match_with_what_is_no_concept_joins_nothing() -> None:
    both = "HP:0000001 skos:exactMatch OMIM:231000 . OMIM:231000 skos:exactMatch UMLS:C0000001 ."
    assert leaders(CONCEPTS + both) == ALONE


# labels

PRIORITIES = "<urn:x:a> ckg:namePriority 1 . <urn:x:b> ckg:namePriority 2 . <urn:x:c> ckg:namePriority 10 ."


def named(*names: str) -> str:
    return "ex:c a skos:Concept ; " + " ; ".join(names) + " ."


CASES = {
    "preferred before other names": (['skos:prefLabel "b"@en', 'skos:altLabel "a"@en'], '"b"@en'),
    "a name before the code": (['skos:altLabel "a"@en', 'skos:notation "X:1"'], '"a"@en'),
    "the code where there is no name": (['skos:notation "X:1"'], '"X:1"'),
    "preferred in another language before another name in English": (
        ['skos:prefLabel "Kalk"@de', 'skos:altLabel "lime"@en'],
        '"Kalk"@de',
    ),
    "English before other languages": (['skos:prefLabel "a"@de', 'skos:prefLabel "b"@en'], '"b"@en'),
    "plain English before a country's": (['skos:prefLabel "a"@en-GB', 'skos:prefLabel "b"@en'], '"b"@en'),
    "a country's English before other languages": (
        ['skos:prefLabel "a"@de', 'skos:prefLabel "b"@en-GB'],
        '"b"@en-gb',
    ),
    "no language before one that is not English": (['skos:prefLabel "a"@de', 'skos:prefLabel "b"'], '"b"'),
    "else the first in the alphabet": (['skos:prefLabel "b"@en', 'skos:prefLabel "a"@en'], '"a"@en'),
    "with the characters that need an escape": (
        ['skos:prefLabel "a \\"b\\" \\\\u0041 é\\n"@en'],
        '"a \\"b\\" \\\\u0041 é\\n"@en',
    ),
}


@pytest.fixture(scope="module")
def labels() -> dict[str, str]:
    """Compute the labels of all cases at once: the concept of case N is ex:cN."""
    text = "".join(named(*names).replace("ex:c ", f"ex:c{n} ") for n, (names, _) in enumerate(CASES.values()))
    found = {str(q.subject): str(q.object) for q in derived(text) if q.predicate.value == LABEL}
    return {why: found[f"<https://example.org/c{n}>"] for n, why in enumerate(CASES)}


@pytest.mark.parametrize("why", CASES)
def test_the_label_of_a_concept(labels: dict[str, str], why: str) -> None:
    assert labels[why] == CASES[why][1]


def test_a_source_of_lower_priority_number_names_the_concept() -> None:
    graphs = {
        "urn:x:meta": PRIORITIES,
        "urn:x:b": named('skos:prefLabel "a"@en'),
        "urn:x:a": named('skos:prefLabel "b"@en'),
    }
    assert label(graphs) == '"b"@en'


def test_priorities_are_compared_as_numbers() -> None:
    graphs = {
        "urn:x:meta": PRIORITIES,
        "urn:x:c": named('skos:prefLabel "a"@en'),
        "urn:x:b": named('skos:prefLabel "b"@en'),
    }
    assert label(graphs) == '"b"@en'


def test_a_source_without_a_priority_comes_last() -> None:
    graphs = {
        "urn:x:meta": PRIORITIES,
        "urn:x:z": named('skos:prefLabel "a"@en'),
        "urn:x:c": named('skos:prefLabel "b"@en'),
    }
    assert label(graphs) == '"b"@en'


def test_the_kind_of_name_goes_before_the_source() -> None:
    graphs = {
        "urn:x:meta": PRIORITIES,
        "urn:x:a": named('skos:altLabel "a"@en'),
        "urn:x:c": named('skos:prefLabel "b"@en'),
    }
    assert label(graphs) == '"b"@en'


def test_the_same_name_in_two_graphs_is_one_label() -> None:
    graphs = {"urn:x:a": named('skos:prefLabel "a"@en'), "urn:x:b": named('skos:prefLabel "a"@en')}
    assert label(graphs) == '"a"@en'


def test_a_concept_without_any_name_gets_no_label() -> None:
    assert not [q for q in derived("ex:c a skos:Concept .") if q.predicate.value == LABEL]


def test_what_is_no_concept_gets_no_label() -> None:
    assert not derived('ex:c skos:prefLabel "a"@en .')


def test_labels_are_in_their_own_graph() -> None:
    graphs = {str(q.graph_name) for q in derived(CONCEPTS + named('skos:notation "X:1"')) if q.predicate.value == LABEL}
    assert graphs == {"<https://w3id.org/calckg/graph/derived/label>"}


# citations

PAPER = """PMID:33190187 a bibo:AcademicArticle ; bibo:pmid "33190187" ; dcterms:isPartOf ex:journal ;
  bibo:volume "108" ; bibo:issue "4" ; bibo:pages "410-422" ; dcterms:issued "2021-04"^^xsd:gYearMonth ;
  ckg:authorList "Cannata-Andía JB, Martín-Carro B" .
ex:journal bibo:shortTitle "Calcif Tissue Int" ."""


def test_a_citation_without_a_title_is_labelled_by_author_journal_and_place() -> None:
    assert label(PAPER) == '"Cannata-Andía JB et al. Calcif Tissue Int 2021;108(4):410-422"@en'


def test_a_citation_with_a_title_is_labelled_by_it() -> None:
    assert label(PAPER + 'PMID:33190187 dcterms:title "Chronic \\"kidney\\" disease\\n\\\\"@en .') == (
        '"Chronic \\"kidney\\" disease\\n\\\\"@en'
    )


def test_a_citation_of_one_author_has_no_et_al() -> None:
    assert label(PAPER.replace(", Martín-Carro B", "")).startswith('"Cannata-Andía JB. Calcif')


@pytest.mark.parametrize(
    ("part", "rest"),
    [
        ('bibo:issue "4" ; ', "Calcif Tissue Int 2021;108:410-422"),
        ('bibo:volume "108" ; ', "Calcif Tissue Int 2021(4):410-422"),
        ('bibo:pages "410-422" ; ', "Calcif Tissue Int 2021;108(4)"),
        ("dcterms:isPartOf ex:journal ;", "2021;108(4):410-422"),
    ],
)
def test_what_a_citation_does_not_say_is_left_out(part: str, rest: str) -> None:
    assert part in PAPER
    assert label(PAPER.replace(part, "")) == f'"Cannata-Andía JB et al. {rest}"@en'


def test_a_citation_of_which_nothing_is_known_gets_no_label() -> None:
    assert not derived('PMID:1 a bibo:AcademicArticle ; bibo:pmid "1" .')


def test_a_citation_is_labelled_once_in_two_graphs() -> None:
    assert label({"urn:x:a": PAPER, "urn:x:b": PAPER})
