"""Table to quads: rows in, exactly these quads out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import Any
from unicodedata import normalize

import duckdb
import pyoxigraph as ox
import pytest
import sqlglot
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calckg import loading, prefixes, quads, tables
from calckg.tables import TABLES
from tests import stating

GRAPH = "https://w3id.org/calckg/graph/release/example"
PREFIXES = "\n".join(f"PREFIX {name}: <{iri}>" for name, iri in prefixes.load().turtle_prefixes().items())
HP, FEATURE, DISEASE = (prefixes.load().expand(curie) for curie in ("HP:0004934", "HP:0011915", "MONDO:0005311"))
PAPER = "https://pubmed.ncbi.nlm.nih.gov/33190187"
XSD = "http://www.w3.org/2001/XMLSchema#"
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        tables.create(connection)
        connection.execute("CREATE TABLE nquad (s VARCHAR, p VARCHAR, o VARCHAR, g VARCHAR)")
        yield connection


def lines(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[dict[str, Any]]) -> list[str]:
    """Return the N-Quads of these rows of ``table``, sorted."""
    connection.execute(f'DELETE FROM "{table}"')
    connection.execute("DELETE FROM nquad")
    loading.load(connection, [(table, {"graph": GRAPH} | row) for row in rows])
    count = stating.insert(connection, "nquad", [table])
    found = connection.execute("SELECT concat_ws(' ', s, p, o, g, '.') FROM nquad").fetchall()
    assert count == len(found)
    return sorted(line for (line,) in found)


def expected(turtle: str, graph: str = GRAPH) -> list[str]:
    """Return the N-Quads of a Turtle text as the peer, pyoxigraph, writes them."""
    triples = ox.parse(PREFIXES + turtle, format=ox.RdfFormat.TURTLE)
    return sorted(f"{quad.triple} <{graph}> ." for quad in triples)


def minted(kind: str, *fields: str) -> str:
    """Make an IRI as the design says: 32 hexadecimal digits of SHA-256 over the fields, NFC, joined by U+001F."""
    digest = hashlib.sha256(normalize("NFC", "\x1f".join(fields)).encode()).hexdigest()
    return f"https://w3id.org/calckg/id/{kind}/{digest[:32]}"


MAPPING_IDENTITY = (
    "graph",
    "subject_id",
    "subject_type",
    "subject_label",
    "subject_source",
    "predicate_id",
    "predicate_modifier",
    "object_id",
    "object_type",
    "object_label",
    "object_source",
    "mapping_justification",
    "author_id",
    "author_label",
    "mapping_source",
    "mapping_tool",
    "mapping_tool_id",
    "subject_match_field",
    "object_match_field",
    "match_string",
    "curation_rule",
    "curation_rule_text",
)
ASSOCIATION_IDENTITY = (
    "graph",
    "primary_knowledge_source",
    "subject",
    "predicate",
    "object",
    "negated",
    "frequency_qualifier",
    "has_count",
    "has_total",
    "has_percentage",
    "frequency_text",
    "onset_qualifier",
    "sex_qualifier",
    "severity_qualifier",
    "modifier_qualifier",
    "disease_context_qualifier",
    "context",
    "publications",
)


def identity(fields: Sequence[str], row: dict[str, Any]) -> Iterator[str]:
    """Yield the texts of the identity fields: a list sorted, joined by U+001E; nothing for NULL."""
    for field in fields:
        value = ({"graph": GRAPH} | row).get(field, "")
        if isinstance(value, list):
            yield "\x1e".join(sorted(value))
        else:
            yield str(value).lower() if isinstance(value, bool) else str(value)


# --- concepts, names, definitions, hierarchy


def test_a_concept(connection: duckdb.DuckDBPyConnection) -> None:
    row: dict[str, Any] = {
        "concept": HP,
        "scheme": "https://w3id.org/calckg/id/scheme/HP",
        "notation": "HP:0004934",
        "category": [prefixes.load().expand(c) for c in ("biolink:PhenotypicFeature", "biolink:Disease")],
        "semantic_type": [prefixes.load().expand("STY:T047")],
        "alternative_id": ["HP:0004933"],
        "tree_number": ["C14.907"],
        "created": "2010-06-30T02:44:30Z",
        "modified": "2024-02",
    }
    assert lines(connection, "concept", [row]) == expected(
        """HP:0004934 a skos:Concept, biolink:PhenotypicFeature, biolink:Disease ;
        skos:inScheme <https://w3id.org/calckg/id/scheme/HP> ; skos:notation "HP:0004934" ;
        ckg:semanticType STY:T047 ; oboInOwl:hasAlternativeId "HP:0004933" ; ckg:treeNumber "C14.907" ;
        dcterms:created "2010-06-30T02:44:30Z"^^xsd:dateTime ; dcterms:modified "2024-02"^^xsd:gYearMonth ."""
    )


def test_what_several_rows_say_of_one_concept_adds_up(connection: duckdb.DuckDBPyConnection) -> None:
    rows: list[dict[str, Any]] = [
        {"concept": HP, "notation": "HP:0004934"},
        {"concept": HP, "tree_number": ["C14"]},
        {"concept": HP},
    ]
    assert lines(connection, "concept", rows) == expected(
        """HP:0004934 a skos:Concept ; skos:notation "HP:0004934" ; ckg:treeNumber "C14" ."""
    )


def test_a_retired_concept_keeps_its_node(connection: duckdb.DuckDBPyConnection) -> None:
    assert lines(connection, "concept", [{"concept": HP, "deprecated": True, "retired_on": "2019"}]) == expected(
        """HP:0004934 a skos:Concept ; owl:deprecated true ; ckg:retiredOn "2019"^^xsd:gYear ."""
    )


def test_a_replacement_is_certain_or_to_be_considered(connection: duckdb.DuckDBPyConnection) -> None:
    rows = [
        {"concept": HP, "replacement": FEATURE, "kind": "replaced", "date": "2019-10-30"},
        {
            "concept": HP,
            "replacement": DISEASE,
            "kind": "consider",
            "relation": "http://snomed.info/id/900000000000523009",
        },
    ]
    assert lines(connection, "replacement", rows) == expected(
        """HP:0004934 dcterms:isReplacedBy HP:0011915 ; IAO:0100001 HP:0011915 ; oboInOwl:consider MONDO:0005311 ;
        <http://snomed.info/id/900000000000523009> MONDO:0005311 ; ckg:retiredOn "2019-10-30"^^xsd:date ."""
    )


@pytest.mark.parametrize(
    ("kind", "prop"),
    [
        ("preferred", "skos:prefLabel"),
        ("exact", "skos:altLabel"),
        ("hidden", "skos:hiddenLabel"),
        ("broad", "oboInOwl:hasBroadSynonym"),
        ("narrow", "oboInOwl:hasNarrowSynonym"),
        ("related", "oboInOwl:hasRelatedSynonym"),
    ],
)
def test_a_name_of_which_nothing_is_known(kind: str, prop: str, connection: duckdb.DuckDBPyConnection) -> None:
    row = {"concept": HP, "text": "Vascular calcification", "lang": "en", "kind": kind}
    assert lines(connection, "name", [row]) == expected(f'HP:0004934 {prop} "Vascular calcification"@en .')


@pytest.mark.parametrize(("lang", "after"), [(None, ""), ("en-US", "@en-us"), ("de", "@de")])
def test_a_name_has_its_language(lang: str | None, after: str, connection: duckdb.DuckDBPyConnection) -> None:
    row = {"concept": HP, "text": "Calcification", "lang": lang, "kind": "exact"}
    assert lines(connection, "name", [row]) == expected(f'HP:0004934 skos:altLabel "Calcification"{after} .')


@pytest.mark.parametrize(
    ("kind", "prop", "linked"),
    [
        ("preferred", "skos:prefLabel", "skosxl:prefLabel"),
        ("exact", "skos:altLabel", "skosxl:altLabel"),
        ("hidden", "skos:hiddenLabel", "skosxl:hiddenLabel"),
        ("related", "oboInOwl:hasRelatedSynonym", "ckg:synonymLabel"),
    ],
)
def test_a_name_of_which_something_is_known(
    kind: str, prop: str, linked: str, connection: duckdb.DuckDBPyConnection
) -> None:
    row: dict[str, Any] = {
        "concept": HP,
        "text": "Calcified vessels",
        "lang": "en",
        "kind": kind,
        "vocabulary": "https://w3id.org/calckg/id/scheme/NCIT",
        "term_type": "SY",
        "code": "C1",
        "identifier": ["A1", "A2"],
        "synonym_type": ["http://purl.obolibrary.org/obo/hp#layperson"],
        "xref": [PAPER],
    }
    node = minted("name", HP, kind, "Calcified vessels", "en", row["vocabulary"], "SY", "C1")
    assert lines(connection, "name", [row]) == expected(
        f"""HP:0004934 {prop} "Calcified vessels"@en ; {linked} <{node}> .
        <{node}> a skosxl:Label ; skosxl:literalForm "Calcified vessels"@en ;
        dcterms:source <https://w3id.org/calckg/id/scheme/NCIT> ; ckg:termType "SY" ; ckg:code "C1" ;
        dcterms:identifier "A1", "A2" ; oboInOwl:hasSynonymType <http://purl.obolibrary.org/obo/hp#layperson> ;
        oboInOwl:hasDbXref PMID:33190187 ."""
    )


@pytest.mark.parametrize(
    ("kind", "prop"),
    [
        ("definition", "skos:definition"),
        ("scope_note", "skos:scopeNote"),
        ("note", "skos:note"),
        ("history_note", "skos:historyNote"),
        ("editorial_note", "skos:editorialNote"),
        ("example", "skos:example"),
        ("summary", "dcterms:abstract"),
        ("comment", "rdfs:comment"),
    ],
)
def test_a_definition_or_another_note(kind: str, prop: str, connection: duckdb.DuckDBPyConnection) -> None:
    row = {"concept": HP, "text": "Two\nlines", "lang": "en", "kind": kind}
    assert lines(connection, "definition", [row]) == expected(f'HP:0004934 {prop} "Two\\nlines"@en .')


def test_a_definition_says_whom_it_is_from(connection: duckdb.DuckDBPyConnection) -> None:
    infores = prefixes.load().expand("infores:medgen")
    row: dict[str, Any] = {
        "concept": HP,
        "text": "Calcium",
        "lang": "en",
        "kind": "definition",
        "knowledge_source": infores,
    }
    row |= {"source": [PAPER], "attribution": ["HPO:probinson"]}
    node = minted("definition", HP, "definition", "Calcium", "en")
    assert lines(connection, "definition", [row]) == expected(
        f"""HP:0004934 skos:definition "Calcium"@en ; ckg:definitionSource infores:medgen .
        <{node}> a owl:Axiom ; owl:annotatedSource HP:0004934 ; owl:annotatedProperty skos:definition ;
        owl:annotatedTarget "Calcium"@en ; dcterms:source PMID:33190187 ; dc:source "HPO:probinson" ."""
    )


def test_a_step_up_is_broader_and_what_it_is_more_exactly(connection: duckdb.DuckDBPyConnection) -> None:
    part_of = "http://purl.obolibrary.org/obo/BFO_0000050"
    rows = [{"concept": HP, "broader": FEATURE}, {"concept": HP, "broader": DISEASE, "relation": part_of}]
    assert lines(connection, "broader", rows) == expected(
        f"HP:0004934 skos:broader HP:0011915, MONDO:0005311 ; <{part_of}> MONDO:0005311 ."
    )


# --- mappings


def mapping(**more: Any) -> dict[str, Any]:
    table = prefixes.load()
    return {
        "subject_id": HP,
        "predicate_id": table.expand("skos:exactMatch"),
        "object_id": DISEASE,
        "mapping_justification": table.expand("semapv:ManualMappingCuration"),
    } | more


def mapping_node(row: dict[str, Any]) -> str:
    return minted("mapping", *identity(MAPPING_IDENTITY, row))


def test_a_mapping_is_a_node_beside_the_plain_triple(connection: duckdb.DuckDBPyConnection) -> None:
    row = mapping(
        mapping_set="https://example.org/set",
        subject_label="Vascular calcification",
        author_id=["https://orcid.org/0000-0001-0000-0002", "https://orcid.org/0000-0001-0000-0001"],
        confidence=0.95,
        mapping_date="2024-02-25",
        license="https://creativecommons.org/publicdomain/zero/1.0/",
        comment="by hand",
    )
    assert lines(connection, "mapping", [row]) == expected(
        f"""HP:0004934 skos:exactMatch MONDO:0005311 .
        <https://example.org/set> sssom:mappings <{mapping_node(row)}> .
        <{mapping_node(row)}> a owl:Axiom ; owl:annotatedSource HP:0004934 ; owl:annotatedProperty skos:exactMatch ;
        owl:annotatedTarget MONDO:0005311 ; sssom:mapping_justification semapv:ManualMappingCuration ;
        sssom:subject_label "Vascular calcification" ; sssom:confidence "0.95"^^xsd:double ;
        <http://purl.org/pav/authoredBy> ORCID:0000-0001-0000-0001, ORCID:0000-0001-0000-0002 ;
        dcterms:created "2024-02-25"^^xsd:date ; rdfs:comment "by hand" ;
        dcterms:license <https://creativecommons.org/publicdomain/zero/1.0/> ."""
    )


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"predicate_modifier": "https://w3id.org/sssom/NegatedPredicate"}, id="negated"),
        pytest.param({"object_id": "https://w3id.org/sssom/NoTermFound"}, id="no object found"),
        pytest.param({"subject_id": "https://w3id.org/sssom/NoTermFound"}, id="no subject found"),
        pytest.param({"subject_id": None, "subject_label": "vessels"}, id="literal subject"),
        pytest.param({"object_type": "http://www.w3.org/2000/01/rdf-schema#Literal"}, id="literal object"),
    ],
)
def test_some_mappings_have_no_plain_triple(change: dict[str, str], connection: duckdb.DuckDBPyConnection) -> None:
    row = {name: value for name, value in mapping(**change).items() if value is not None}
    assert {line.split()[0] for line in lines(connection, "mapping", [row])} == {f"<{mapping_node(row)}>"}


def test_a_record_with_an_identifier_of_its_own_keeps_it(connection: duckdb.DuckDBPyConnection) -> None:
    found = lines(connection, "mapping", [mapping(record_id="https://example.org/record")])
    assert {line.split()[0] for line in found} == {"<https://example.org/record>", f"<{HP}>"}


def test_a_mapping_of_the_next_release_has_the_same_iri(connection: duckdb.DuckDBPyConnection) -> None:
    rows = [
        mapping(),
        mapping(comment="later", confidence=0.5, mapping_tool_version="2", mapping_set="https://example.org/2"),
    ]
    found = lines(connection, "mapping", rows)
    assert sum(line.endswith(f"<http://www.w3.org/2002/07/owl#Axiom> <{GRAPH}> .") for line in found) == 1


def test_another_justification_makes_another_mapping(connection: duckdb.DuckDBPyConnection) -> None:
    other = prefixes.load().expand("semapv:LexicalMatching")
    found = lines(connection, "mapping", [mapping(), mapping(mapping_justification=other)])
    assert sum(line.endswith(f"<http://www.w3.org/2002/07/owl#Axiom> <{GRAPH}> .") for line in found) == 2
    assert sum(line.startswith(f"<{HP}> ") for line in found) == 1


def test_an_extension_slot_keeps_property_and_type(connection: duckdb.DuckDBPyConnection) -> None:
    ex = "https://example.org/"
    items = [
        tables.extra(ex + "iri", ex + "a"),
        tables.extra(ex + "text", "a\x1fb", datatype=XSD + "string"),
        tables.extra(ex + "number", "1", datatype=XSD + "integer"),
        tables.extra(ex + "german", "Kalk", lang="DE"),
    ]
    found = lines(connection, "mapping", [mapping(extra=items, record_id=ex + "r")])
    assert [line for line in found if line.startswith(f"<{ex}r> <{ex}")] == expected(
        f"""PREFIX ex: <{ex}> ex:r ex:iri ex:a ; ex:text "a\\u001Fb" ; ex:number 1 ; ex:german "Kalk"@de ."""
    )


# --- associations


def association(**more: Any) -> dict[str, Any]:
    table = prefixes.load()
    return {
        "subject": DISEASE,
        "predicate": table.expand("biolink:has_phenotype"),
        "object": HP,
        "negated": False,
        "primary_knowledge_source": table.expand("infores:omim"),
    } | more


def association_node(row: dict[str, Any]) -> str:
    return minted("association", *identity(ASSOCIATION_IDENTITY, row))


def test_an_association_with_all_its_qualifiers(connection: duckdb.DuckDBPyConnection) -> None:
    expand = prefixes.load().expand
    row = association(
        category=[expand("biolink:DiseaseToPhenotypicFeatureAssociation")],
        frequency_qualifier=expand("HP:0040283"),
        has_count=3,
        has_total=12,
        has_percentage=12.5,
        frequency_text="occasional",
        onset_qualifier=expand("HP:0003577"),
        sex_qualifier=expand("PATO:0000384"),
        severity_qualifier=expand("HP:0012828"),
        modifier_qualifier=[expand("HP:0012833"), expand("HP:0012832")],
        disease_context_qualifier=expand("MONDO:0009265"),
        context="cardiovascular form",
        section="Features",
        hedge="may",
        misconception=False,
        citation_status=expand("ckg:Cited"),
        evidence=[expand("ECO:0006017")],
        publications=[PAPER],
        aggregator_knowledge_source=[expand("infores:hpo-annotations")],
        knowledge_level="knowledge_assertion",
        agent_type="manual_agent",
        original_predicate=["P"],
        identifier=["R1"],
        comment="In our own words.",
        contributor=["HPO:probinson"],
        created="2021-06-21",
        modified="2024-03-14",
    )
    assert lines(connection, "association", [row]) == expected(
        f"""MONDO:0005311 biolink:has_phenotype HP:0004934 .
        <{association_node(row)}> a biolink:Association, biolink:DiseaseToPhenotypicFeatureAssociation ;
        biolink:subject MONDO:0005311 ; biolink:predicate biolink:has_phenotype ; biolink:object HP:0004934 ;
        biolink:negated false ; dcterms:source <{GRAPH}> ;
        biolink:frequency_qualifier HP:0040283 ; biolink:has_count 3 ; biolink:has_total 12 ;
        biolink:has_percentage "12.5"^^xsd:double ; ckg:frequencyText "occasional" ;
        biolink:onset_qualifier HP:0003577 ; biolink:sex_qualifier PATO:0000384 ; ckg:severityQualifier HP:0012828 ;
        ckg:modifierQualifier HP:0012832, HP:0012833 ; biolink:disease_context_qualifier MONDO:0009265 ;
        ckg:context "cardiovascular form" ; ckg:section "Features" ; ckg:hedge "may" ; ckg:misconception false ;
        ckg:citationStatus ckg:Cited ; biolink:has_evidence_of_type ECO:0006017 ; biolink:publications PMID:33190187 ;
        biolink:primary_knowledge_source infores:omim ;
        biolink:aggregator_knowledge_source infores:hpo-annotations ;
        biolink:knowledge_level "knowledge_assertion" ; biolink:agent_type "manual_agent" ;
        biolink:original_predicate "P" ; dcterms:identifier "R1" ; rdfs:comment "In our own words."@en ;
        dc:contributor "HPO:probinson" ; dcterms:created "2021-06-21"^^xsd:date ;
        dcterms:modified "2024-03-14"^^xsd:date ."""
    )


def test_a_negated_association_states_no_triple(connection: duckdb.DuckDBPyConnection) -> None:
    found = lines(connection, "association", [association(negated=True)])
    assert not [line for line in found if line.startswith(f"<{DISEASE}> ")]


def test_the_triple_is_stated_when_one_association_affirms_it(connection: duckdb.DuckDBPyConnection) -> None:
    found = lines(
        connection, "association", [association(negated=True), association(publications=[PAPER]), association()]
    )
    assert len([line for line in found if line.startswith(f"<{DISEASE}> ")]) == 1
    assert len({line.split()[0] for line in found}) == 4


def test_rows_of_one_content_are_one_association(connection: duckdb.DuckDBPyConnection) -> None:
    """Evidence, curator and date do not make another one; each of them is kept, and the first and the last date."""
    rows = [
        association(evidence=["http://e.org/1"], contributor=["b"], created="2020-01-01", modified="2020-01-01"),
        association(evidence=["http://e.org/2"], contributor=["a"], created="2010-01-01", modified="2022-01-01"),
    ]
    node = association_node(association())
    assert lines(connection, "association", rows) == expected(
        f"""MONDO:0005311 biolink:has_phenotype HP:0004934 .
        <{node}> a biolink:Association ; biolink:subject MONDO:0005311 ; biolink:predicate biolink:has_phenotype ;
        biolink:object HP:0004934 ; biolink:negated false ; dcterms:source <{GRAPH}> ;
        biolink:primary_knowledge_source infores:omim ; dc:contributor "a", "b" ;
        biolink:has_evidence_of_type <http://e.org/1>, <http://e.org/2> ;
        dcterms:created "2010-01-01"^^xsd:date ; dcterms:modified "2022-01-01"^^xsd:date ."""
    )


@pytest.mark.parametrize(
    "change", [{"has_count": 1}, {"publications": [PAPER]}, {"negated": True}, {"sex_qualifier": "http://e.org/1"}]
)
def test_another_content_is_another_association(change: dict[str, Any], connection: duckdb.DuckDBPyConnection) -> None:
    found = lines(connection, "association", [association(), association(**change)])
    assert len({line.split()[0] for line in found} - {f"<{DISEASE}>"}) == 2


def test_the_order_of_references_makes_no_difference(connection: duckdb.DuckDBPyConnection) -> None:
    rows = [association(publications=["http://e.org/2", "http://e.org/1"])]
    rows += [association(publications=["http://e.org/1", "http://e.org/2"])]
    found = lines(connection, "association", rows)
    assert {line.split()[0] for line in found} == {f"<{association_node(rows[0])}>", f"<{DISEASE}>"}


def test_an_association_may_have_a_name(connection: duckdb.DuckDBPyConnection) -> None:
    found = lines(connection, "association", [association(association="https://example.org/a", negated=True)])
    assert {line.split()[0] for line in found} == {"<https://example.org/a>"}


# --- literature


def test_a_citation(connection: duckdb.DuckDBPyConnection) -> None:
    row = {
        "citation": PAPER,
        "publication_type": ["http://id.nlm.nih.gov/mesh/D016454"],
        "pmid": "33190187",
        "doi": "10.1007/s00223",
        "pmcid": "PMC1",
        "title": "Calcification",
        "journal": "https://w3id.org/calckg/id/journal/calcif-tissue-int",
        "journal_title": "Calcified tissue international",
        "journal_short_title": "Calcif Tissue Int",
        "journal_issn": ["0171-967X"],
        "volume": "108",
        "issue": "4",
        "pages": "410-422",
        "issued": "2021-04",
        "electronic_date": "2020-11-15",
        "creator": ["Cannata-Andía JB", "Bover J"],
        "free_full_text": True,
        "subject": ["http://id.nlm.nih.gov/mesh/D061205"],
        "page": ["https://example.org/paper"],
    }
    assert lines(connection, "citation", [row]) == expected(
        """PMID:33190187 a bibo:AcademicArticle ; dcterms:type mesh:D016454 ; bibo:pmid "33190187" ;
        bibo:doi "10.1007/s00223" ; fabio:hasPubMedCentralId "PMC1" ; dcterms:title "Calcification"@en ;
        dcterms:isPartOf <https://w3id.org/calckg/id/journal/calcif-tissue-int> ; bibo:volume "108" ; bibo:issue "4" ;
        bibo:pages "410-422" ; dcterms:issued "2021-04"^^xsd:gYearMonth ;
        ckg:electronicDate "2020-11-15"^^xsd:date ; dc:creator "Cannata-Andía JB", "Bover J" ;
        ckg:authorList "Cannata-Andía JB, Bover J" ; ckg:freeFullText true ; dcterms:subject mesh:D061205 ;
        bibo:uri "https://example.org/paper"^^xsd:anyURI .
        <https://w3id.org/calckg/id/journal/calcif-tissue-int> a bibo:Journal ; bibo:issn "0171-967X" ;
        bibo:shortTitle "Calcif Tissue Int" ; dcterms:title "Calcified tissue international" ."""
    )


def test_a_citation_of_another_type_says_so_and_may_give_its_list_of_authors(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    book = prefixes.load().expand("bibo:Book")
    row = {"citation": PAPER, "type": [book], "creator": ["A B", "Group"], "author_list": "A B; Group"}
    assert lines(connection, "citation", [row]) == expected(
        'PMID:33190187 a bibo:Book ; dc:creator "A B", "Group" ; ckg:authorList "A B; Group" .'
    )


def test_a_citation_link_is_the_property_that_it_says(connection: duckdb.DuckDBPyConnection) -> None:
    row = {"citation": PAPER, "relation": "http://purl.org/spar/cito/isRetractedBy", "other": PAPER + "0"}
    assert lines(connection, "citation_link", [row]) == expected("PMID:33190187 cito:isRetractedBy PMID:331901870 .")


def test_a_literature_link_with_and_without_a_name(connection: duckdb.DuckDBPyConnection) -> None:
    category = "https://w3id.org/calckg/id/literature-category/etiology"
    rows = [
        {"concept": HP, "citation": PAPER, "category": category},
        {"literature_link": "https://example.org/l", "concept": HP, "citation": PAPER},
    ]
    node = minted("literature", GRAPH, HP, PAPER, category)
    assert lines(connection, "literature_link", rows) == expected(
        f"""<{node}> a ckg:LiteratureLink ; ckg:concept HP:0004934 ; ckg:citation PMID:33190187 ;
        ckg:literatureCategory <{category}> ; dcterms:source <{GRAPH}> .
        <https://example.org/l> a ckg:LiteratureLink ; ckg:concept HP:0004934 ; ckg:citation PMID:33190187 ;
        dcterms:source <{GRAPH}> ."""
    )


# --- sources


def test_a_source_with_two_files(connection: duckdb.DuckDBPyConnection) -> None:
    dataset = {"iri": GRAPH, "title": "HPO", "version": "2025-05-06", "redistribution": True, "name_priority": 10}
    one = dataset | {"file_name": "hp.json", "file_sha256": "ab" * 32, "file_bytes": 12}
    two = dataset | {"file_name": "phenotype.hpoa"}
    first, second = (minted("distribution", GRAPH, name) for name in ("hp.json", "phenotype.hpoa"))
    checksum = "https://w3id.org/calckg/id/checksum/" + "ab" * 16
    assert lines(connection, "source", [one, two]) == expected(
        f"""<{GRAPH}> a dcat:Dataset ; dcterms:title "HPO"@en ; rdfs:label "HPO"@en ; dcat:version "2025-05-06" ;
        ckg:redistribution true ; ckg:namePriority 10 ; dcat:distribution <{first}>, <{second}> .
        <{first}> a dcat:Distribution ; dcterms:title "hp.json" ; dcat:byteSize 12 ; spdx:checksum <{checksum}> .
        <{second}> a dcat:Distribution ; dcterms:title "phenotype.hpoa" .
        <{checksum}> a spdx:Checksum ; spdx:algorithm spdx:checksumAlgorithm_sha256 ;
        spdx:checksumValue "{"ab" * 32}"^^xsd:hexBinary ."""
    )


def test_a_mapping_set_is_no_dataset_of_its_own(connection: duckdb.DuckDBPyConnection) -> None:
    row = {"iri": "https://example.org/set", "type": ["https://w3id.org/sssom/MappingSet"], "version_info": "1"}
    assert lines(connection, "source", [row | {"confidence": 0.5}]) == expected(
        """<https://example.org/set> a sssom:MappingSet ; owl:versionInfo "1" ;
        sssom:mapping_set_confidence "0.5"^^xsd:double ."""
    )


# --- what holds for all


@given(texts=st.lists(TEXT, min_size=1, max_size=20))
@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_text_is_written_as_the_peer_writes_it(connection: duckdb.DuckDBPyConnection, texts: list[str]) -> None:
    rows = [{"concept": HP, "text": text, "lang": "en", "kind": "exact"} for text in texts]
    literals = {ox.Literal(normalize("NFC", text), language="en") for text in texts}
    found = lines(connection, "name", rows)
    label = "<http://www.w3.org/2004/02/skos/core#altLabel>"
    assert found == sorted(f"<{HP}> {label} {literal} <{GRAPH}> ." for literal in literals)
    assert {quad.object for quad in ox.parse("\n".join(found), format=ox.RdfFormat.N_QUADS)} == literals


def test_every_odd_character_is_written_as_the_peer_writes_it(connection: duckdb.DuckDBPyConnection) -> None:
    codes = (*range(0x20), 0x22, 0x5C, 0x7F, 0x80, 0x85, 0x2028, 0xFEFF, 0xFFFE, 0xFFFF, 0x1F600)
    texts = [f"a{chr(code)}\\{chr(code)}u0041b" for code in codes]
    found = lines(connection, "name", [{"concept": HP, "text": text, "kind": "exact"} for text in texts])
    label = "<http://www.w3.org/2004/02/skos/core#altLabel>"
    assert found == sorted(f"<{HP}> {label} {ox.Literal(text)} <{GRAPH}> ." for text in texts)


@pytest.mark.parametrize("table", TABLES)
def test_nothing_that_a_table_can_hold_is_lost(table: str, connection: duckdb.DuckDBPyConnection) -> None:
    """Taking away any value takes away a quad, or makes another; each row is in a graph of its own."""
    row = stating.full_row(table)
    absent = ["nothing", *(column.name for column in TABLES[table].columns if not column.required)]
    found = lines(
        connection,
        table,
        [row | {"graph": f"{GRAPH}/{name}/", name: None} for name in absent[1:]]
        + [row | {"graph": f"{GRAPH}/nothing/"}],
    )
    told = {
        name: {line.replace(f"{GRAPH}/{name}/", GRAPH) for line in found if f"<{GRAPH}/{name}/> ." in line}
        for name in absent
    }
    assert [name for name in absent[1:] if told[name] == told["nothing"]] == []


@pytest.mark.parametrize("table", TABLES)
def test_every_quad_comes_once(table: str, connection: duckdb.DuckDBPyConnection) -> None:
    row = stating.full_row(table)
    once = lines(connection, table, [row])
    assert len(set(once)) == len(once)
    assert lines(connection, table, [row, row]) == once


@pytest.mark.parametrize("table", TABLES)
def test_the_peer_reads_what_is_written(table: str, connection: duckdb.DuckDBPyConnection) -> None:
    text = "\n".join(lines(connection, table, [stating.full_row(table)]))
    assert sorted(f"{quad} ." for quad in ox.parse(text, format=ox.RdfFormat.N_QUADS)) == text.split("\n")


@pytest.mark.parametrize("table", TABLES)
def test_a_statement_is_portable(table: str) -> None:
    """sqlglot turns it into Spark SQL, and it has none of what no other engine has."""
    sql = quads.statement(table)
    (spark,) = sqlglot.transpile(sql, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)
    assert "UNNEST" not in spark
    for pattern in (r"\w\[\d+\]", r"(?i)\bhash\(", r"(?i)read_csv|\bcopy\b|row_number|\bmacro\b|\bpragma\b"):
        assert not re.search(pattern, re.sub("'[^']*'", "''", sql)), pattern


def test_a_statement_has_only_values_of_the_tables() -> None:
    """A kind that the table takes and the statement does not know would be lost."""
    for table in ("name", "definition", "replacement"):
        for kind in TABLES[table].column("kind").values:
            assert f"'{kind}'" in quads.statement(table)
