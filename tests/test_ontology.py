"""The ontology: every term said in own words, every term of the graph declared, nothing that OWL 2 DL refuses."""

from __future__ import annotations

import shutil
from functools import cache
from itertools import combinations, product

import pyoxigraph as ox
import pytest
from rdflib import DCTERMS, OWL, RDF, RDFS, BNode, Graph, Literal, Namespace, URIRef

from calckg import prefixes, resources

CKG = Namespace("https://w3id.org/calckg/ontology/")
BIOLINK = Namespace("https://w3id.org/biolink/vocab/")
SH = Namespace("http://www.w3.org/ns/shacl#")
ONTOLOGY = resources.ontology_dir() / "calckg.ttl"
IRI = URIRef("https://w3id.org/calckg/ontology/")
KINDS = {OWL.Class, OWL.ObjectProperty, OWL.AnnotationProperty, OWL.NamedIndividual}
# RDF, RDFS, OWL and XML Schema are the languages themselves (OWL 2 Structural Specification, 2.4).
BUILT_IN = tuple(prefixes.load().namespaces[name] for name in ("rdf", "rdfs", "owl", "xsd"))

# The design: each of these kinds excludes each other one.
EXCLUSIVE = (
    ("DiseaseOrPhenotypicFeature", "BiologicalProcess"),
    ("AnatomicalEntity",),
    ("ChemicalEntity",),
    ("Procedure",),
    ("Gene",),
)


@cache
def ontology() -> Graph:
    return Graph().parse(ONTOLOGY)


@cache
def curated() -> Graph:
    """Return the curated graph: what its Turtle files say."""
    graph = Graph()
    for path in sorted(resources.graph_dir().glob("*.ttl")):
        graph.parse(path)
    return graph


def declared(*kinds: URIRef) -> set[URIRef]:
    found = {s for kind in kinds or KINDS for s in ontology().subjects(RDF.type, kind)}
    return {s for s in found if isinstance(s, URIRef)}


def foreign(node: object) -> bool:
    return isinstance(node, URIRef) and not str(node).startswith(BUILT_IN)


def curie(node: object) -> str:
    return prefixes.load().compress(str(node)) or str(node)


def test_the_header_says_what_the_ontology_is() -> None:
    header = ontology()
    assert list(header.subjects(RDF.type, OWL.Ontology)) == [IRI]
    version = header.value(IRI, OWL.versionInfo)
    assert header.value(IRI, OWL.versionIRI) == IRI + str(version)
    for about in (DCTERMS.title, DCTERMS.description, DCTERMS.license, DCTERMS.creator):
        assert header.value(IRI, about)


def test_nothing_is_imported() -> None:
    assert not list(ontology().objects(None, OWL.imports))


def test_there_are_no_blank_nodes() -> None:
    assert not [t for t in ontology() if any(isinstance(node, BNode) for node in t)]


def test_every_term_is_of_one_kind() -> None:
    for one, other in combinations(sorted(KINDS), 2):
        assert declared(one) & declared(other) == set(), (one, other)


def test_every_subject_is_a_declared_term() -> None:
    assert {curie(s) for s in set(ontology().subjects()) - declared() - {IRI}} == set()


@pytest.mark.parametrize("about", [RDFS.label, RDFS.comment, RDFS.isDefinedBy])
def test_every_term_has_one(about: URIRef) -> None:
    assert [curie(s) for s in sorted(declared()) if len(list(ontology().objects(s, about))) != 1] == []


def test_every_label_and_comment_is_english() -> None:
    for about in (RDFS.label, RDFS.comment):
        for text in ontology().objects(None, about):
            assert isinstance(text, Literal)
            assert text.language == "en"


def test_every_comment_is_a_sentence() -> None:
    texts = [str(text) for text in ontology().objects(None, RDFS.comment)]
    assert [text for text in texts if not text.endswith(".") or " " not in text] == []


def test_no_two_terms_are_described_alike() -> None:
    texts = [str(text) for text in ontology().objects(None, RDFS.comment)]
    assert sorted(set(texts)) == sorted(texts)


def test_the_axioms_speak_of_declared_terms() -> None:
    axioms = (RDFS.subClassOf, RDFS.subPropertyOf, RDFS.domain, RDFS.range, OWL.inverseOf, OWL.disjointWith)
    for axiom in axioms:
        assert {curie(o) for o in ontology().objects(None, axiom)} <= {curie(t) for t in declared()}, axiom


def test_only_object_properties_have_a_domain_a_range_or_an_inverse() -> None:
    for axiom in (RDFS.domain, RDFS.range, OWL.inverseOf):
        assert set(ontology().subjects(axiom)) <= declared(OWL.ObjectProperty), axiom


def test_a_property_and_its_parent_are_of_one_kind() -> None:
    for kind in (OWL.ObjectProperty, OWL.AnnotationProperty):
        for one, parent in ontology().subject_objects(RDFS.subPropertyOf):
            assert (one in declared(kind)) == (parent in declared(kind)), curie(one)


def test_every_own_predicate_has_a_biolink_parent() -> None:
    table = Graph().parse(resources.ontology_dir() / "shapes" / "associations.ttl")
    own = [p for p in table.objects(None, SH.targetNode) if str(p).startswith(str(CKG))]
    assert own
    for predicate in own:
        parents = list(ontology().objects(predicate, RDFS.subPropertyOf))
        assert any(str(parent).startswith(str(BIOLINK)) for parent in parents), curie(predicate)


def test_there_is_no_datatype_property() -> None:
    assert not list(ontology().subjects(RDF.type, OWL.DatatypeProperty))


@pytest.mark.parametrize(
    "name",
    ["biolink:predicate", "biolink:primary_knowledge_source", "biolink:aggregator_knowledge_source"],
)
def test_what_has_properties_or_agents_as_values_is_an_annotation(name: str) -> None:
    assert URIRef(prefixes.load().expand(name)) in declared(OWL.AnnotationProperty)


def test_every_slot_of_a_mapping_is_an_annotation() -> None:
    slots = {p for p in declared(OWL.ObjectProperty) if p.startswith("https://w3id.org/sssom/")}
    assert slots == set()


def test_every_property_of_the_graph_is_declared() -> None:
    used = {p for p in curated().predicates() if foreign(p)}
    assert {curie(p) for p in used - declared(OWL.ObjectProperty, OWL.AnnotationProperty)} == set()


def test_every_class_of_the_graph_is_declared() -> None:
    used = {c for c in curated().objects(None, RDF.type) if foreign(c)}
    assert {curie(c) for c in used - declared(OWL.Class)} == set()


def test_every_predicate_of_an_association_is_an_object_property() -> None:
    stated = set(curated().objects(None, BIOLINK.predicate))
    assert {curie(p) for p in stated - declared(OWL.ObjectProperty)} == set()


def test_a_property_with_literal_values_is_an_annotation() -> None:
    """A reasoner stops at xsd:date and xsd:gYear; on an annotation it does not look."""
    literal = {p for _, p, o in curated() if isinstance(o, Literal) and foreign(p)}
    assert {curie(p) for p in literal - declared(OWL.AnnotationProperty)} == set()


def test_every_property_that_a_shape_looks_at_is_declared() -> None:
    shapes = Graph()
    for path in sorted((resources.ontology_dir() / "shapes").glob("*.ttl")):
        shapes.parse(path)
    looked = {p for about in (SH.path, SH.inversePath, SH.disjoint, SH.equals) for p in shapes.objects(None, about)}
    looked |= {p for about in (SH.targetSubjectsOf, SH.targetObjectsOf) for p in shapes.objects(None, about)}
    properties = declared(OWL.ObjectProperty, OWL.AnnotationProperty)
    assert {curie(p) for p in looked if foreign(p)} <= {curie(p) for p in properties}
    classes = {c for about in (SH["class"], SH.targetClass) for c in shapes.objects(None, about)}
    assert {curie(c) for c in classes if foreign(c)} <= {curie(c) for c in declared(OWL.Class)}


def excluded() -> list[tuple[str, str]]:
    kinds = combinations(EXCLUSIVE, 2)
    return [pair for one, other in kinds for pair in product(one, other)]


@pytest.mark.parametrize(("one", "other"), excluded())
def test_kinds_that_exclude_each_other_are_disjoint(one: str, other: str) -> None:
    pair = (BIOLINK[one], BIOLINK[other])
    assert pair in disjoint() or pair[::-1] in disjoint()


def disjoint() -> set[tuple[object, object]]:
    return set(ontology().subject_objects(OWL.disjointWith))


def test_a_disease_may_be_a_phenotypic_feature_and_a_process() -> None:
    together = [BIOLINK.Disease, BIOLINK.PhenotypicFeature, BIOLINK.BiologicalProcess]
    apart = disjoint()
    for one, other in product(*(list(ontology().transitive_objects(c, RDFS.subClassOf)) for c in together[:2])):
        assert (one, other) not in apart
    for one, other in product(*(list(ontology().transitive_objects(c, RDFS.subClassOf)) for c in together[1:])):
        assert (one, other) not in apart


needs_java = [
    pytest.mark.java,
    pytest.mark.skipif(shutil.which("java") is None, reason="HermiT needs Java, and none is on the PATH"),
]
SAMPLE = """
@prefix : <http://example.org/> .
@prefix biolink: <https://w3id.org/biolink/vocab/> .
@prefix ckg: <https://w3id.org/calckg/ontology/> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

:calcification a skos:Concept, biolink:Disease, biolink:PhenotypicFeature ; biolink:located_in :aorta .
:gaucher a skos:Concept, biolink:Disease ; biolink:has_phenotype :calcification .
:aorta a skos:Concept, biolink:AnatomicalEntity .
:statement a biolink:Association ;
  biolink:subject :gaucher ;
  biolink:predicate biolink:has_phenotype ;
  biolink:object :calcification ;
  biolink:negated false ;
  biolink:has_percentage 12.5 ;
  dcterms:issued "2021-04"^^xsd:gYearMonth .
"""


def consistent(text: str) -> bool:
    """Reason over the ontology and ``text``; fails when classes were not read or can't have members."""
    from calckg.reason import reason

    turtle = ox.RdfFormat.TURTLE
    quads = [*ox.parse(path=str(ONTOLOGY), format=turtle), *ox.parse(text.encode(), format=turtle)]
    found = reason(quads)
    assert found.classes >= len(declared(OWL.Class))
    assert found.unsatisfiable == []
    return found.consistent


class TestWithHermit:
    pytestmark = needs_java

    def test_a_sample_of_what_the_graph_says_is_consistent(self) -> None:
        assert consistent(SAMPLE)

    @pytest.mark.parametrize(
        "wrong",
        [
            pytest.param(":gaucher biolink:has_phenotype :aorta .", id="a site as a phenotype"),
            pytest.param(":calcification a biolink:Procedure .", id="a condition and a procedure"),
            pytest.param(":link a ckg:LiteratureLink ; ckg:concept :statement .", id="a statement as a concept"),
            pytest.param(":statement biolink:subject :other . :other a biolink:Gene, biolink:Disease .", id="a gene"),
        ],
    )
    def test_a_contradiction_is_found(self, wrong: str) -> None:
        assert not consistent(SAMPLE + wrong)
