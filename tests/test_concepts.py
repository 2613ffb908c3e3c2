"""A concept is found by its code in any form, or by its name."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from calckg import concepts
from calckg.errors import UnknownNameError, UsageError
from calckg.sparql import LocalGraph
from tests.conftest import PREFIXES

HP = "http://purl.obolibrary.org/obo/HP_0004934"

GRAPH = """
HP:0004934 a skos:Concept ; ckg:cliqueLeader HP:0004934 ; skos:inScheme scheme:HP ;
  skos:altLabel "Vascular calcification"@en ; rdfs:label "Vascular calcification"@en .
medgen:C0342649 a skos:Concept ; ckg:cliqueLeader HP:0004934 ; skos:inScheme scheme:medgen ;
  skos:prefLabel "VASCULAR CALCIFICATION"@en ; skos:altLabel "Calcinosis, Vascular"@en ;
  rdfs:label "VASCULAR CALCIFICATION"@en .
UMLS:C0342649 a skos:Concept ; ckg:cliqueLeader HP:0004934 ; skos:inScheme scheme:UMLS .
<http://snomed.info/id/237897009> a skos:Concept ; ckg:cliqueLeader HP:0004934 ; skos:inScheme scheme:SCTID .
HP:0004963 a skos:Concept ; ckg:cliqueLeader HP:0004963 ; skos:inScheme scheme:HP ;
  skos:altLabel "Calcification of the aorta"@en ; rdfs:label "Calcification of the aorta"@en .
# two that share a name and are not the same
MONDO:0000001 a skos:Concept ; ckg:cliqueLeader MONDO:0000001 ; rdfs:label "Ambiguous"@en .
OMIM:231000 a skos:Concept ; ckg:cliqueLeader OMIM:231000 ; rdfs:label "ambiguous"@en .
# a name that holds a colon, one in another alphabet, one with a sharp s
ex:colon a skos:Concept ; ckg:cliqueLeader ex:colon ; rdfs:label "Type 1: early"@en .
ex:greek a skos:Concept ; ckg:cliqueLeader ex:greek ; rdfs:label "Ασβέστωση ΑΓΓΕΊΩΝ"@el .
ex:sharp a skos:Concept ; ckg:cliqueLeader ex:sharp ; rdfs:label "Weiße Substanz"@de .
# a MIM number that is an NCBI Gene number as well
<https://omim.org/entry/603000> a skos:Concept ; ckg:cliqueLeader <https://omim.org/entry/603000> .
<https://www.ncbi.nlm.nih.gov/gene/603000> a skos:Concept ;
  ckg:cliqueLeader <https://www.ncbi.nlm.nih.gov/gene/603000> .
# a label of something that is no concept
ex:source rdfs:label "MedGen: Vascular calcifications"@en .
"""


@pytest.fixture(scope="module")
def graph() -> LocalGraph:
    store = ox.Store()
    store.load(PREFIXES + GRAPH, format=ox.RdfFormat.TURTLE)
    return LocalGraph(store)


FORMS = [
    "HP:0004934",
    " HP:0004934\n",
    "hp:0004934",
    "HPO:0004934",
    HP,
    f"<{HP}>",
    HP.replace("http", "https"),
    "https://bioregistry.io/hp:0004934",
    "HP_0004934",
    "0004934",
]


@pytest.mark.parametrize("text", FORMS)
def test_a_concept_is_found_by_its_code_in_any_form(graph: LocalGraph, text: str) -> None:
    assert concepts.find(graph, text) == ox.NamedNode(HP)


def test_another_code_of_the_clique_finds_its_own_concept(graph: LocalGraph) -> None:
    assert concepts.find(graph, "medgen:C0342649").value == "https://www.ncbi.nlm.nih.gov/medgen/C0342649"


@pytest.mark.parametrize("text", ["SNOMEDCT_US:237897009", "SCTID:237897009", "237897009"])
def test_a_snomed_code_is_found_by_each_prefix_and_without(graph: LocalGraph, text: str) -> None:
    assert concepts.find(graph, text).value == "http://snomed.info/id/237897009"


def test_a_bare_code_of_several_members_of_one_clique_is_one_concept(graph: LocalGraph) -> None:
    found = concepts.find(graph, "C0342649")  # MedGen's and UMLS's
    assert found.value in {
        "https://www.ncbi.nlm.nih.gov/medgen/C0342649",
        "http://linkedlifedata.com/resource/umls/id/C0342649",
    }


@pytest.mark.parametrize(
    "text", ["Vascular calcification", "vascular calcification", "VASCULAR CALCIFICATION", " calcinosis, vascular "]
)
def test_a_name_in_any_case_finds_the_leader(graph: LocalGraph, text: str) -> None:
    assert concepts.find(graph, text) == ox.NamedNode(HP)


@pytest.mark.parametrize(
    ("text", "found"), [("Type 1: early", "colon"), ("ασβέστωση αγγείων", "greek"), ("WEIßE SUBSTANZ", "sharp")]
)
def test_an_odd_name_is_found(graph: LocalGraph, text: str, found: str) -> None:
    assert concepts.find(graph, text).value == f"https://example.org/{found}"


def test_a_name_of_several_concepts_names_their_codes(graph: LocalGraph) -> None:
    with pytest.raises(UsageError, match=r"'Ambiguous' is the name of .*: MONDO:0000001, OMIM:231000"):
        concepts.find(graph, "Ambiguous")


def test_a_bare_code_of_several_vocabularies_names_them(graph: LocalGraph) -> None:
    with pytest.raises(UsageError, match=r"'603000' is a code in .*: NCBIGene:603000, OMIM:603000"):
        concepts.find(graph, "603000")


def test_an_unknown_code_names_the_nearest_of_its_vocabulary(graph: LocalGraph) -> None:
    with pytest.raises(UnknownNameError, match="unknown concept 'HP:0004935'; did you mean HP:0004934 or HP:0004963"):
        concepts.find(graph, "HP:0004935")


def test_an_unknown_code_with_an_underscore_names_the_nearest(graph: LocalGraph) -> None:
    with pytest.raises(UnknownNameError, match="unknown concept 'HP:0004935'; did you mean HP:0004934"):
        concepts.find(graph, "HP_0004935")


def test_an_unknown_name_names_the_nearest(graph: LocalGraph) -> None:
    with pytest.raises(
        UnknownNameError, match=r"(?i)unknown concept 'vascular calcificatoin'; did you mean vascular calcification"
    ):
        concepts.find(graph, "Vascular calcificatoin")


def test_the_nearest_names_are_those_of_concepts(graph: LocalGraph) -> None:
    with pytest.raises(UnknownNameError) as caught:
        concepts.find(graph, "MedGen: Vascular calcification")
    assert not any("MedGen" in name for name in caught.value.nearest)


def test_an_unknown_prefix_names_the_nearest(graph: LocalGraph) -> None:
    with pytest.raises(UnknownNameError, match="unknown prefix 'HQ'; did you mean HP"):
        concepts.find(graph, "HQ:0004934")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("HP:12", "HP:12: expected 7 digits, e.g. 0004934"),
        ("hp:12", "hp:12: HP:12: expected 7 digits, e.g. 0004934"),
        ("SCTID:237897008", "SCTID:237897008: the check digit is 8, 9 expected (Verhoeff)"),
        ("UMLS:CN295720", "UMLS:CN295720: a CN-number is MedGen's own, never a UMLS CUI; write medgen:CN295720"),
    ],
)
def test_an_ill_formed_code_is_told_what_is_wrong(graph: LocalGraph, text: str, problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        concepts.find(graph, text)
    assert str(caught.value) == problem


@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_empty_concept_is_told(graph: LocalGraph, text: str) -> None:
    with pytest.raises(UsageError, match="the concept is empty"):
        concepts.find(graph, text)


@pytest.mark.parametrize(
    "text",
    [
        "HP:0004934> . ?s ?p ?o",
        "<http://x> } #",
        'a" ) } #',
        "a\\",
        "a\n}",
        "<>",
        ":",
        "::",
        "HP:",
        "ex:a{b}",
        "http://",
        "_:b",
    ],
)
def test_what_is_neither_code_nor_name_is_refused(graph: LocalGraph, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        concepts.find(graph, text)
    assert "\n" not in str(caught.value)


def test_a_node_need_not_be_known() -> None:
    assert concepts.node("biolink:causes").value == "https://w3id.org/biolink/vocab/causes"
