"""The source documents and datasets of ``graph/sources.ttl``: what each says of itself must be there."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Store

from calckg import resources

SOURCES = resources.graph_dir() / "sources.ttl"
PAGES = Path(__file__).resolve().parents[2] / "shared" / "sources"

NAMESPACES = {
    "bibo": "http://purl.org/ontology/bibo/",
    "ckg": "https://w3id.org/calckg/ontology/",
    "ckgid": "https://w3id.org/calckg/id/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": "http://purl.org/dc/terms/",
    "fabio": "http://purl.org/spar/fabio/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "HP": "http://purl.obolibrary.org/obo/HP_",
    "kg": "https://w3id.org/calckg/graph/",
    "prov": "http://www.w3.org/ns/prov#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "schema": "https://schema.org/",
}
BY_SA = "https://creativecommons.org/licenses/by-sa/4.0/"
CURATED = (
    "concepts",
    "mappings",
    "medgen-vascular-calcification",
    "medlineplus-calcification",
    "schemes",
    "wikipedia-calcification",
)
RELEASES = {
    "doid-2016-03-04": "2016-03-04",
    "hpo-2025-05-06": "2025-05-06",
    "hpo-annotations-2025-05-06": "2025-05-06",
    "medgen-names-2025-09": "2025-09",
    "mesh-records-2026": "2026",
    "mesh-tree-2019": "2019",
    "mondo-mappings-2026-08-04": "2026-08-04",
    "pubmed-2026": "2026",
}
OWN = (
    "kg:meta",
    "kg:ontology",
    "kg:derived/clique",
    "kg:derived/label",
    *(f"kg:curated/{c}" for c in CURATED),
)


@pytest.fixture(scope="module")
def graph() -> Store:
    store = Store()
    store.load(path=SOURCES, format=RdfFormat.TURTLE)
    return store


def node(curie: str) -> NamedNode:
    """Return the IRI of a CURIE whose local part may hold slashes."""
    prefix, _, local = curie.partition(":")
    return NamedNode(NAMESPACES[prefix] + local)


def said(store: Store, subject: str, predicate: str) -> set[str]:
    """Return the values of ``subject`` and ``predicate``; an IRI of a namespace above as a CURIE."""
    found = set()
    for quad in store.quads_for_pattern(node(subject), node(predicate), None):
        assert isinstance(quad.object, NamedNode | Literal)
        text = quad.object.value
        if isinstance(quad.object, NamedNode):
            fitting = [p for p, namespace in NAMESPACES.items() if text.startswith(namespace)]
            text = f"{fitting[0]}:{text.removeprefix(NAMESPACES[fitting[0]])}" if fitting else text
        found.add(text)
    return found


def datasets(store: Store) -> set[str]:
    """Return the CURIE of each dataset."""
    found = set()
    for quad in store.quads_for_pattern(None, node("rdf:type"), node("dcat:Dataset")):
        assert isinstance(quad.subject, NamedNode)
        found.add("kg:" + quad.subject.value.removeprefix(NAMESPACES["kg"]))
    return found


# ---------------------------------------------------------------- datasets


def test_every_named_graph_and_every_release_is_a_dataset(graph: Store) -> None:
    assert datasets(graph) == {*OWN, *(f"kg:release/{release}" for release in RELEASES)}


@pytest.mark.parametrize("dataset", [*OWN, *(f"kg:release/{release}" for release in RELEASES)])
@pytest.mark.parametrize(
    "predicate",
    [
        "dcterms:title",
        "dcterms:description",
        "dcterms:publisher",
        "dcterms:license",
        "dcterms:issued",
        "dcat:version",
        "dcat:landingPage",
        "ckg:redistribution",
    ],
)
def test_a_dataset_has_exactly_one_of_each_field(graph: Store, dataset: str, predicate: str) -> None:
    assert len(said(graph, dataset, predicate)) == 1


@pytest.mark.parametrize("dataset", OWN)
def test_our_own_datasets_are_ours_and_may_be_redistributed(graph: Store, dataset: str) -> None:
    assert said(graph, dataset, "prov:wasAttributedTo") == {"ckgid:organization/calckg"}
    assert said(graph, dataset, "ckg:redistribution") == {"true"}


@pytest.mark.parametrize(("release", "version"), RELEASES.items())
def test_a_release_has_its_version_and_date(graph: Store, release: str, version: str) -> None:
    assert said(graph, f"kg:release/{release}", "dcat:version") == {version}
    assert said(graph, f"kg:release/{release}", "dcterms:issued") == {version}


@pytest.mark.parametrize("document", CURATED[2:4] + CURATED[5:])
def test_a_transcription_is_derived_from_its_document(graph: Store, document: str) -> None:
    assert said(graph, f"kg:curated/{document}", "prov:wasDerivedFrom") == {f"ckgid:document/{document}"}


def test_what_is_derived_from_wikipedia_keeps_its_licence(graph: Store) -> None:
    assert said(graph, "kg:curated/wikipedia-calcification", "dcterms:license") == {BY_SA}


def test_no_two_datasets_have_the_same_name_priority(graph: Store) -> None:
    priorities = [p for dataset in sorted(datasets(graph)) for p in said(graph, dataset, "ckg:namePriority")]
    assert len(set(priorities)) == len(priorities) >= len(CURATED)


def test_every_node_of_ours_that_is_pointed_to_is_described(graph: Store) -> None:
    subjects = {quad.subject for quad in graph}
    own = (NAMESPACES["kg"], NAMESPACES["ckgid"])
    pointed = {q.object for q in graph if isinstance(q.object, NamedNode) and q.object.value.startswith(own)}
    concepts = {n for n in pointed if n.value.startswith(NAMESPACES["ckgid"] + "concept/")}
    assert pointed - concepts <= subjects


def test_there_are_no_blank_nodes(graph: Store) -> None:
    assert not any(isinstance(term, BlankNode) for quad in graph for term in (quad.subject, quad.object))


# ---------------------------------------------------------------- MedGen

MEDGEN = "ckgid:document/medgen-vascular-calcification"


@pytest.mark.parametrize(
    ("predicate", "expected"),
    [
        ("dcterms:title", "Vascular calcification"),
        ("dcterms:identifier", "90990"),
        ("bibo:uri", "https://www.ncbi.nlm.nih.gov/medgen/90990"),
        ("ckg:redistribution", "true"),
        ("foaf:primaryTopic", "https://www.ncbi.nlm.nih.gov/medgen/C0342649"),
    ],
)
def test_the_medgen_page(graph: Store, predicate: str, expected: str) -> None:
    assert said(graph, MEDGEN, predicate) == {expected}


# ---------------------------------------------------------------- Wikipedia

WIKIPEDIA = "ckgid:document/wikipedia-calcification"
FIGURE = "ckgid:image/ddc-sem-cardiovascular-calcification"


@pytest.mark.parametrize(
    ("predicate", "expected"),
    [
        ("dcterms:title", "Calcification"),
        ("dcterms:modified", "2024-02-25T17:26:00Z"),
        ("dcterms:license", BY_SA),
        ("dcterms:isPartOf", "ckgid:document/wikipedia"),
        ("dcterms:hasPart", FIGURE),
        ("bibo:uri", "https://en.wikipedia.org/wiki/Calcification"),
        ("ckg:redistribution", "true"),
    ],
)
def test_the_wikipedia_article(graph: Store, predicate: str, expected: str) -> None:
    assert said(graph, WIKIPEDIA, predicate) == {expected}


def test_the_wikipedia_article_ends_with_an_empty_see_also(graph: Store) -> None:
    (contents,) = said(graph, WIKIPEDIA, "dcterms:tableOfContents")
    assert contents.split("; ")[-1] == "See also"
    assert said(graph, WIKIPEDIA, "ckg:emptySection") == {"See also"}


def test_the_figure_shows_calcium_phosphate_in_orange_and_the_matrix_in_green(graph: Store) -> None:
    assert said(graph, FIGURE, "rdf:type") == {"bibo:Image"}
    assert said(graph, FIGURE, "dcterms:isPartOf") == {WIKIPEDIA}
    assert said(graph, FIGURE, "dcterms:subject") == {"ckgid:concept/ddc-sem"}
    assert said(graph, FIGURE, "foaf:depicts") == {
        "HP:0011915",  # cardiovascular calcification
        "ckgid:concept/calcium-phosphate",
        "ckgid:concept/extracellular-matrix",
    }
    descriptions = said(graph, FIGURE, "dcterms:description")
    (orange,) = (text for text in descriptions if text.startswith("Orange"))
    (green,) = (text for text in descriptions if text.startswith("Green"))
    assert "denser" in orange
    assert "calcium phosphate" in orange
    assert "less dense" in green
    assert "matrix" in green


# ---------------------------------------------------------------- MedlinePlus

MEDLINEPLUS = "ckgid:document/medlineplus-calcification"
CHAPTER = "ckgid:reference/poole-dodge-scleroderma-therapy"
BOOK = "ckgid:reference/rehabilitation-of-the-hand-and-upper-extremity"
DICTIONARY_ENTRY = "ckgid:reference/merriam-webster-calcification"


@pytest.mark.parametrize(
    ("predicate", "expected"),
    [
        ("dcterms:title", {"Calcification"}),
        ("dcterms:identifier", {"002321"}),
        ("bibo:uri", {"https://medlineplus.gov/ency/article/002321.htm"}),
        ("dcterms:isPartOf", {"ckgid:document/medlineplus-medical-encyclopedia"}),
        ("dcterms:tableOfContents", {"Information; References"}),
        ("schema:lastReviewed", {"2024-07-23"}),
        (
            "schema:reviewedBy",
            {
                "ckgid:person/linda-j-vorvick",
                "ckgid:person/david-c-dugdale",
                "ckgid:person/brenda-conaway",
                "ckgid:organization/adam-editorial-team",
            },
        ),
        ("dcterms:contributor", {"ckgid:person/linda-j-vorvick"}),
        ("dcterms:rightsHolder", {"ckgid:organization/adam"}),
        ("dcterms:dateCopyrighted", {"1997/2025"}),
        ("ckg:redistribution", {"false"}),
        ("dcterms:references", {DICTIONARY_ENTRY, CHAPTER}),
    ],
)
def test_the_medlineplus_article(graph: Store, predicate: str, expected: set[str]) -> None:
    assert said(graph, MEDLINEPLUS, predicate) == expected


@pytest.mark.parametrize("word", ["emergency", "diagnose", "Links", "Translations", "warranty"])
def test_the_notices_of_the_medlineplus_article(graph: Store, word: str) -> None:
    assert any(word in notice for notice in said(graph, MEDLINEPLUS, "rdfs:comment"))


@pytest.mark.parametrize(
    ("person", "name", "suffix", "title"),
    [
        ("linda-j-vorvick", "Linda J. Vorvick", {"MD"}, "Clinical Professor"),
        ("david-c-dugdale", "David C. Dugdale", {"MD"}, "Medical Director"),
        ("brenda-conaway", "Brenda Conaway", set(), "Editorial Director"),
    ],
)
def test_a_reviewer(graph: Store, person: str, name: str, suffix: set[str], title: str) -> None:
    reviewer = f"ckgid:person/{person}"
    assert said(graph, reviewer, "foaf:name") == {name}
    assert said(graph, reviewer, "schema:honorificSuffix") == suffix
    assert said(graph, reviewer, "schema:jobTitle") == {title}


def test_the_affiliation_of_the_first_reviewer(graph: Store) -> None:
    reviewer = "ckgid:person/linda-j-vorvick"
    assert said(graph, reviewer, "schema:affiliation") == {
        "Department of Family Medicine, UW Medicine",
        "School of Medicine, University of Washington",
    }
    assert said(graph, reviewer, "schema:workLocation") == {"Seattle, WA"}


def test_adam_belongs_to_ebix_and_is_accredited_by_urac(graph: Store) -> None:
    assert said(graph, "ckgid:organization/adam", "schema:parentOrganization") == {"ckgid:organization/ebix"}
    (standard,) = said(graph, "ckgid:organization/adam", "dcterms:conformsTo")
    assert said(graph, standard, "dcterms:title") == {"URAC accreditation for Health Content Provider"}
    assert said(graph, standard, "dcterms:publisher") == {"URAC"}


def test_medlineplus_is_published_by_the_national_library_of_medicine(graph: Store) -> None:
    library = "ckgid:organization/national-library-of-medicine"
    institutes = "ckgid:organization/national-institutes-of-health"
    department = "ckgid:organization/us-department-of-health-and-human-services"
    assert library in said(graph, MEDLINEPLUS, "prov:wasAttributedTo")
    assert said(graph, library, "schema:address") == {"8600 Rockville Pike, Bethesda, MD 20894"}
    assert said(graph, library, "schema:parentOrganization") == {institutes}
    assert said(graph, institutes, "schema:parentOrganization") == {department}


@pytest.mark.parametrize(
    ("reference", "predicate", "expected"),
    [
        (DICTIONARY_ENTRY, "dcterms:title", {"Calcification"}),
        (DICTIONARY_ENTRY, "bibo:uri", {"https://www.merriam-webster.com/medical/calcification"}),
        (DICTIONARY_ENTRY, "fabio:hasAccessDate", {"2024-08-01"}),
        (DICTIONARY_ENTRY, "dcterms:isPartOf", {"ckgid:reference/merriam-websters-medical-dictionary"}),
        (CHAPTER, "dcterms:title", {"Scleroderma: therapy"}),
        (CHAPTER, "ckg:authorList", {"Poole JL, Dodge C"}),
        (CHAPTER, "dc:creator", {"Poole JL", "Dodge C"}),
        (CHAPTER, "bibo:chapter", {"92"}),
        (CHAPTER, "dcterms:issued", {"2021"}),
        (CHAPTER, "dcterms:isPartOf", {BOOK}),
        (BOOK, "dcterms:title", {"Rehabilitation of the Hand and Upper Extremity"}),
        (
            BOOK,
            "ckg:editorList",
            {"Skirven TM, Osterman AL, Fedorczyk JM, Amadio PC, Feldscher SB, Shin EK"},
        ),
        (BOOK, "bibo:edition", {"7"}),
        (BOOK, "ckg:placeOfPublication", {"Philadelphia, PA"}),
        (BOOK, "dcterms:publisher", {"Elsevier"}),
        (BOOK, "dcterms:issued", {"2021"}),
    ],
)
def test_the_references_of_the_medlineplus_article(
    graph: Store, reference: str, predicate: str, expected: set[str]
) -> None:
    assert said(graph, reference, predicate) == expected


def test_the_editors_of_the_book_are_the_members_of_its_editor_list(graph: Store) -> None:
    (editors,) = said(graph, BOOK, "ckg:editorList")
    assert said(graph, BOOK, "dc:contributor") == set(editors.split(", "))


# ---------------------------------------------------------------- against the documents themselves


@pytest.mark.skipif(not PAGES.is_dir(), reason="the source documents are not part of the repository")
@pytest.mark.parametrize(
    ("page", "subject", "predicate"),
    [
        ("medgen-vascular-calcification", MEDGEN, "dcterms:title"),
        ("wikipedia-calcification", WIKIPEDIA, "dcterms:title"),
        ("medlineplus-calcification", MEDLINEPLUS, "dcterms:title"),
        ("medlineplus-calcification", MEDLINEPLUS, "dcterms:identifier"),
        ("medlineplus-calcification", DICTIONARY_ENTRY, "bibo:uri"),
        ("medlineplus-calcification", CHAPTER, "dcterms:title"),
        ("medlineplus-calcification", CHAPTER, "ckg:authorList"),
        ("medlineplus-calcification", BOOK, "dcterms:title"),
        ("medlineplus-calcification", BOOK, "ckg:editorList"),
        ("medlineplus-calcification", BOOK, "ckg:placeOfPublication"),
        ("medlineplus-calcification", BOOK, "dcterms:publisher"),
        ("medlineplus-calcification", "ckgid:person/linda-j-vorvick", "foaf:name"),
        ("medlineplus-calcification", "ckgid:person/linda-j-vorvick", "schema:affiliation"),
        ("medlineplus-calcification", "ckgid:person/linda-j-vorvick", "schema:workLocation"),
        ("medlineplus-calcification", "ckgid:person/david-c-dugdale", "foaf:name"),
        ("medlineplus-calcification", "ckgid:person/brenda-conaway", "foaf:name"),
        ("medlineplus-calcification", "ckgid:organization/adam-editorial-team", "foaf:name"),
        ("medlineplus-calcification", "ckgid:organization/ebix", "foaf:name"),
        ("medlineplus-calcification", "ckgid:organization/national-library-of-medicine", "schema:address"),
    ],
)
def test_a_name_is_spelt_as_in_the_document(graph: Store, page: str, subject: str, predicate: str) -> None:
    text = (PAGES / f"{page}.txt").read_text(encoding="utf-8")
    names = said(graph, subject, predicate)
    assert names
    assert all(name in text for name in names)


@pytest.mark.skipif(not PAGES.is_dir(), reason="the source documents are not part of the repository")
@pytest.mark.parametrize("document", [MEDGEN, WIKIPEDIA, MEDLINEPLUS])
def test_the_table_of_contents_names_headings_of_the_document(graph: Store, document: str) -> None:
    text = (PAGES / f"{document.rpartition('/')[2]}.txt").read_text(encoding="utf-8")
    lines = [line.strip() for line in text.splitlines()]
    (contents,) = said(graph, document, "dcterms:tableOfContents")
    headings = contents.replace(" (", "; ").replace(", ", "; ").replace(")", "").split("; ")
    assert [line for line in lines if line in headings] == headings
