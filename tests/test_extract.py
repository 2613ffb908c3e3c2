"""The part of a graph that is about one concept: all of it, nothing dangling, nothing more."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from calckg import extract, prefixes
from calckg.kg import KnowledgeGraph
from calckg.sparql import LocalGraph
from tests.conftest import PREFIXES

ROOT = ox.NamedNode("http://purl.obolibrary.org/obo/HP_0000001")
TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
CONCEPT = ox.NamedNode("http://www.w3.org/2004/02/skos/core#Concept")

# The root HP:0000001, its clique with medgen:C0000001, a narrower HP:0000002, and below that HP:0000003 and its
# clique-mate UMLS:C0000003; a condition MONDO:0000001 whose clique-mate is OMIM:231000; and what must not come along:
# the broader HP:0000009, a sibling HP:0000008 and all that is only about them.
CONCEPTS = """
HP:0000001 a skos:Concept , biolink:PhenotypicFeature ; skos:inScheme scheme:HP ; skos:prefLabel "Root"@en ;
  skos:broader HP:0000009 ; ckg:semanticType ex:finding .
medgen:C0000001 a skos:Concept ; skos:inScheme scheme:medgen ; skos:definition "The root."@en ;
  skos:relatedMatch HP:0000008 .
HP:0000002 a skos:Concept ; skos:inScheme scheme:HP ; skos:broader HP:0000001 ; skos:altLabel "Narrower"@en .
HP:0000003 a skos:Concept ; skos:inScheme scheme:HP ; skos:broader HP:0000002 .
UMLS:C0000003 a skos:Concept ; skos:inScheme scheme:UMLS .
HP:0000009 a skos:Concept ; skos:inScheme scheme:HP ; skos:prefLabel "Broader"@en .
HP:0000008 a skos:Concept ; skos:inScheme scheme:HP ; skos:broader HP:0000009 ; skos:prefLabel "Sibling"@en .
MONDO:0000001 a skos:Concept ; skos:inScheme scheme:MONDO ; skos:prefLabel "Condition"@en ;
  skos:broader MONDO:0000009 ; biolink:has_phenotype HP:0000002 , HP:0000008 .
MONDO:0000009 a skos:Concept ; skos:inScheme scheme:MONDO .
OMIM:231000 a skos:Concept ; skos:inScheme scheme:OMIM ; skos:altLabel "CONDITION"@en .
HP:0040281 a skos:Concept ; skos:inScheme scheme:HP ; skos:prefLabel "Very frequent"@en .
ex:etiology a skos:Concept ; skos:inScheme ex:categories ; skos:broader ex:study ; skos:prefLabel "Etiology"@en .
ex:study a skos:Concept ; skos:inScheme ex:categories ; skos:prefLabel "Clinical study"@en .
scheme:HP a skos:ConceptScheme . scheme:medgen a skos:ConceptScheme . scheme:UMLS a skos:ConceptScheme .
scheme:MONDO a skos:ConceptScheme . scheme:OMIM a skos:ConceptScheme . ex:categories a skos:ConceptScheme .
scheme:mesh a skos:ConceptScheme .
"""
STATEMENTS = """
ex:has a biolink:Association ; biolink:subject MONDO:0000001 ; biolink:predicate biolink:has_phenotype ;
  biolink:object HP:0000002 ; biolink:frequency_qualifier HP:0040281 ; biolink:publications PMID:1 .
ex:other a biolink:Association ; biolink:subject MONDO:0000001 ; biolink:predicate biolink:has_phenotype ;
  biolink:object HP:0000008 ; biolink:publications PMID:2 .
PMID:1 a bibo:AcademicArticle ; dcterms:isPartOf ex:journal1 .
PMID:2 a bibo:AcademicArticle ; dcterms:isPartOf ex:journal2 .
PMID:3 a bibo:AcademicArticle ; dcterms:isPartOf ex:journal1 .
ex:journal1 a bibo:Journal . ex:journal2 a bibo:Journal .
ex:literature a ckg:LiteratureLink ; ckg:concept medgen:C0000001 ; ckg:citation PMID:3 ;
  ckg:literatureCategory ex:etiology .
"""
MAPPINGS = """
ex:mapping a owl:Axiom ; owl:annotatedSource HP:0000003 ; owl:annotatedProperty skos:exactMatch ;
  owl:annotatedTarget UMLS:C0000003 .
HP:0000003 skos:exactMatch UMLS:C0000003 .
ex:othermapping a owl:Axiom ; owl:annotatedSource MONDO:0000001 ; owl:annotatedTarget OMIM:231000 .
"""
LEADERS = """
HP:0000001 ckg:cliqueLeader HP:0000001 . medgen:C0000001 ckg:cliqueLeader HP:0000001 .
HP:0000002 ckg:cliqueLeader HP:0000002 . HP:0000003 ckg:cliqueLeader HP:0000003 .
UMLS:C0000003 ckg:cliqueLeader HP:0000003 . HP:0000008 ckg:cliqueLeader HP:0000008 .
HP:0000009 ckg:cliqueLeader HP:0000009 . MONDO:0000001 ckg:cliqueLeader MONDO:0000001 .
OMIM:231000 ckg:cliqueLeader MONDO:0000001 . MONDO:0000009 ckg:cliqueLeader MONDO:0000009 .
HP:0040281 ckg:cliqueLeader HP:0040281 . ex:etiology ckg:cliqueLeader ex:etiology . ex:study ckg:cliqueLeader ex:study .
"""
META = """
ex:concepts a dcat:Dataset . ex:statements a dcat:Dataset . ex:mappings a dcat:Dataset . ex:unused a dcat:Dataset .
"""
GRAPHS = {"concepts": CONCEPTS, "statements": STATEMENTS, "mappings": MAPPINGS, "clique": LEADERS, "meta": META}


@pytest.fixture(scope="module")
def found() -> set[ox.Quad]:
    store = ox.Store()
    for name, text in GRAPHS.items():
        for graph in (ox.NamedNode(f"https://example.org/{name}"), ox.DefaultGraph()):
            store.load(PREFIXES + text, format=ox.RdfFormat.TURTLE, to_graph=graph)
    quads = list(extract.about(LocalGraph(store), ROOT))
    assert len(quads) == len(set(quads))
    assert set(quads) <= set(store)
    return set(quads)


def curie(node: object) -> str:
    value = node.value if isinstance(node, ox.NamedNode) else str(node)
    return prefixes.load().compress(value) or value.removeprefix("https://example.org/")


@pytest.fixture(scope="module")
def subjects(found: set[ox.Quad]) -> set[str]:
    return {curie(quad.subject) for quad in found}


@pytest.mark.parametrize(
    "name",
    [
        "HP:0000001",  # the root
        "medgen:C0000001",  # its clique
        "HP:0000002",  # narrower
        "HP:0000003",  # narrower still
        "UMLS:C0000003",  # the clique of what is narrower
        "has",  # an association with what is narrower
        "mapping",
        "literature",
        "PMID:1",  # of the association
        "PMID:3",  # of the literature link
        "journal1",
        "etiology",  # the category
        "study",  # and the one above it
        "HP:0040281",  # the frequency
        "MONDO:0000001",  # the other end
        "OMIM:231000",  # and its clique
        "ckgid:scheme/HP",
        "ckgid:scheme/UMLS",
        "ckgid:scheme/OMIM",  # of the clique of the other end
        "categories",
        "concepts",  # the description of a graph that occurs
    ],
)
def test_what_belongs_to_the_root_comes_along(subjects: set[str], name: str) -> None:
    assert name in subjects


@pytest.mark.parametrize(
    "name",
    [
        "HP:0000009",  # broader
        "HP:0000008",  # a sibling, of which the condition speaks, too
        "MONDO:0000009",  # broader than the other end
        "other",  # an association of the other end with the sibling
        "othermapping",  # a mapping between other ends
        "PMID:2",
        "journal2",
        "ckgid:scheme/mesh",  # a scheme of which nothing is here
        "unused",  # a graph of which nothing is here
    ],
)
def test_what_is_about_something_else_stays_behind(subjects: set[str], name: str) -> None:
    assert name not in subjects


def test_the_core_is_kept_whole_as_far_as_its_ends_are_here(found: set[ox.Quad]) -> None:
    said = {curie(quad.predicate) for quad in found if quad.subject == ROOT}
    assert said == {"rdf:type", "skos:inScheme", "skos:prefLabel", "ckg:semanticType", "ckg:cliqueLeader"}


def test_another_end_is_kept_with_its_names_and_what_it_says_of_the_core(found: set[ox.Quad]) -> None:
    condition = ox.NamedNode("http://purl.obolibrary.org/obo/MONDO_0000001")
    said = {(curie(q.predicate), curie(q.object)) for q in found if q.subject == condition}
    assert said == {
        ("rdf:type", "skos:Concept"),
        ("skos:inScheme", "ckgid:scheme/MONDO"),
        ("skos:prefLabel", '"Condition"@en'),
        ("ckg:cliqueLeader", "MONDO:0000001"),
        ("biolink:has_phenotype", "HP:0000002"),
    }


def dangling(found: set[ox.Quad], concepts: set[object]) -> set[str]:
    subjects = {quad.subject for quad in found}
    return {str(quad) for quad in found if quad.object in concepts and quad.object not in subjects}


def concepts(quads: set[ox.Quad]) -> set[object]:
    return {quad.subject for quad in quads if quad.predicate == TYPE and quad.object == CONCEPT}


def test_no_quad_points_to_a_concept_that_is_left_out(found: set[ox.Quad]) -> None:
    everything = ox.parse(PREFIXES + CONCEPTS, format=ox.RdfFormat.TURTLE)
    assert not dangling(found, concepts(set(everything)))


def test_a_concept_in_any_form_gives_the_same(bundled: KnowledgeGraph) -> None:
    table = prefixes.load()
    one, two = (
        set(extract.about(bundled.sparql, ox.NamedNode(table.expand(code))))
        for code in ("HP:0004934", "medgen:C0342649")
    )
    assert one == two


def test_nothing_dangles_in_the_bundled_graph(bundled: KnowledgeGraph) -> None:
    vascular = ox.NamedNode(prefixes.load().expand("HP:0004934"))
    found = set(extract.about(bundled.sparql, vascular))
    everything = set(bundled.quads())
    assert found < everything
    assert not dangling(found, concepts(everything))
