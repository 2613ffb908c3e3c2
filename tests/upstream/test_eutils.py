"""MedGen's records from the E-utilities: what one concept becomes, and what is told of a bad record."""

from __future__ import annotations

from pathlib import Path

import pytest

from calckg.errors import SourceError
from calckg.upstream import medgen
from calckg.upstream.by_rule import left_out
from calckg.upstream.eutils import FORMATS

from .reading import SHARED, Connection, Rows, Select, complaints, filled, no_malformed, real, selecting
from .reading import statements as told

DATA = Path(__file__).parent / "data/eutils"
WHOLE = DATA / "esummary.xml"
REAL = "eutils/esummary.medgen.336867.xml"


@pytest.fixture(scope="module")
def connection() -> Connection:
    return filled(FORMATS, WHOLE)[0]


@pytest.fixture(scope="module")
def select(connection: Connection) -> Select:
    return selecting(connection)


def about(select: Select, columns: str, table: str, concept: str) -> Rows:
    return select(f"SELECT DISTINCT {columns} FROM {table} WHERE ends_with(concept, '/{concept}')")


# Files


def test_a_file_is_known_by_its_elements() -> None:
    assert FORMATS[0].matches("esummary.medgen.336867.xml", WHOLE.read_bytes())
    assert FORMATS[0].matches("anything.XML.gz", WHOLE.read_bytes())


@pytest.mark.parametrize("head", [b"<eSummaryResult><DocSum>", b"<PubmedArticleSet><ConceptId>"])
def test_other_files_are_not_known(head: bytes) -> None:
    assert not FORMATS[0].matches("esummary.xml", head)


def test_the_build_of_the_database_is_the_release() -> None:
    stated = FORMATS[0].stated(WHOLE, WHOLE.read_bytes())
    assert (stated.version, stated.issued) == ("Build141124-1357.1", "2014-11-24")


def test_it_is_of_the_same_source_as_the_files() -> None:
    assert FORMATS[0].source is medgen.SOURCE


def test_every_record_is_counted() -> None:
    assert filled(FORMATS, WHOLE)[1] == 3


def test_the_rows_are_iris_where_they_should_be(connection: Connection) -> None:
    assert no_malformed(connection)


def test_every_end_is_a_concept(select: Select) -> None:
    for column in ("subject", "object"):
        assert select(f"SELECT {column} FROM association WHERE {column} NOT IN (SELECT concept FROM concept)") == []


# One concept whole


def test_the_title_is_the_preferred_name(select: Select) -> None:
    found = about(select, "text, vocabulary", "name", "medgen/C0268251")
    preferred = select("SELECT DISTINCT text FROM name WHERE kind = 'preferred' AND concept LIKE '%/C0268251'")
    assert preferred == [("Gaucher disease type III",)]
    assert ("Gaucher disease type 3", "ckgid:scheme/Orphanet") in found


def test_the_release_knows_better_what_a_concept_is_called(tmp_path: Path) -> None:
    names = tmp_path / "NAMES.RRF"
    names.write_text("#CUI|name|source|SUPPRESS|\nC0268251|Chronic neuronopathic Gaucher disease|GTR|N|\n")
    both = (*medgen.FORMATS, *FORMATS)
    found = selecting(filled(both, WHOLE, names)[0])
    assert found("SELECT DISTINCT text FROM name WHERE kind = 'preferred' AND concept LIKE '%/C0268251'") == [
        ("Chronic neuronopathic Gaucher disease",)
    ]


def test_a_term_of_snomed_ct_has_its_identifier(select: Select) -> None:
    assert select("SELECT identifier FROM name WHERE text = 'Neuronopathic Gaucher disease' AND code IS NOT NULL") == [
        (["2821300015"],)
    ]


def test_a_suppressed_name_is_hidden(select: Select) -> None:
    assert about(select, "kind", "name", "medgen/CN000117") == [("hidden",)]


@pytest.mark.parametrize("code", ["OMIM:231000", "OMIMPS:230800", "Orphanet:77261", "SCTID:237897009", "UMLS:C0268251"])
def test_codes(select: Select, code: str) -> None:
    exact = "SELECT object_id FROM mapping WHERE predicate_id LIKE '%exactMatch' AND subject_id LIKE '%/C0268251'"
    assert (code,) in select(exact)


def test_uids_of_all_concepts_in_a_record(select: Select) -> None:
    assert select("SELECT subject_id, object_id FROM mapping WHERE object_id LIKE '%identifiers.org/medgen%'") == [
        ("medgen:C0268251", "medgen.uid:78653"),
        ("medgen:C0342649", "medgen.uid:90990"),
        ("medgen:C2222222", "medgen.uid:22695"),
        ("medgen:C3333333", "medgen.uid:141025"),
        ("medgen:CN000117", "medgen.uid:122602"),
    ]


def test_definitions_with_their_source(select: Select) -> None:
    sql = "SELECT text FROM definition WHERE attribution = ['GeneReviews'] AND concept LIKE '%/C0268251'"
    assert select(sql) == [("A form of the disease & its course.",)]
    texts = {
        text for text, kind in about(select, "text, kind", "definition", "medgen/C0268251") if kind == "definition"
    }
    assert texts == {"A form of the disease & its course.", "Another text."}


def test_where_it_is_in_the_genome_is_a_note(select: Select) -> None:
    notes = {text for text, kind in about(select, "text, kind", "definition", "medgen/C0268251") if kind == "note"}
    assert notes == {"Chromosome: 1", "Cytogenetic location: 1q22"}


def test_a_clinical_feature_has_the_headings_of_the_page(select: Select) -> None:
    columns = "subject, predicate, object, section, primary_knowledge_source"
    expected = ("medgen:C0268251", "biolink:has_phenotype", "medgen:C0342649")
    assert select(f"SELECT {columns} FROM association WHERE original_predicate = ['ClinicalFeature']") == [
        (*expected, "Abnormality of the heart", "infores:medgen"),
        (*expected, "Abnormality of vessels", "infores:medgen"),
    ]


def test_a_feature_is_a_feature(select: Select) -> None:
    found = about(select, "unnest(category)", "concept", "medgen/C0342649")
    assert set(found) == {("biolink:Disease",), ("biolink:PhenotypicFeature",)}


def test_a_feature_has_its_hpo_term(select: Select) -> None:
    assert select("SELECT subject_id FROM mapping WHERE object_id LIKE '%HP_0004934'") == [("medgen:C0342649",)]


def test_a_feature_is_defined(select: Select) -> None:
    assert about(select, "text", "definition", "medgen/C0342649") == [("Calcium salts in the wall of a vessel.",)]


def test_a_mode_of_inheritance_is_on_the_word_of_its_source(select: Select) -> None:
    columns = "subject, object, primary_knowledge_source"
    assert select(f"SELECT {columns} FROM association WHERE predicate LIKE '%has_mode_of_inheritance'") == [
        ("medgen:C0268251", "medgen:C3333333", "infores:orphanet")
    ]


def test_a_gene(select: Select) -> None:
    sql = "SELECT subject, object FROM association WHERE predicate LIKE '%gene_associated_with_condition'"
    assert select(sql) == [("NCBIGene:2629", "medgen:C0268251")]
    assert about(select, "text", "name", "gene/2629") == [("GBA1",)]
    assert about(select, "category", "concept", "gene/2629") == [(["biolink:Gene"],)]
    assert about(select, "text", "definition", "gene/2629") == [("Cytogenetic location: 1q22",)]


def test_the_response_to_a_drug_is_related(select: Select) -> None:
    assert (("skos:related", "", "medgen:C2222222"),) in about(select, "unnest(extra)", "concept", "medgen/C0268251")


def test_when_a_record_was_changed(select: Select) -> None:
    assert ("2012-11-24",) in about(select, "modified", "concept", "medgen/C0268251")


def test_the_page_of_the_hierarchy(select: Select) -> None:
    assert ("http://example.org/hierarchy?id=1",) in about(select, "unnest(see_also)", "concept", "medgen/C0268251")


def test_a_merged_concept_is_retired(select: Select) -> None:
    assert about(select, "replacement, kind", "replacement", "medgen/C5555555") == [("medgen:C0342649", "replaced")]
    assert (True,) in about(select, "deprecated", "concept", "medgen/C5555555")


def test_a_part_that_is_not_known_is_counted(connection: Connection) -> None:
    assert ("esummary", "the element Gossip of ConceptMeta", 1) in left_out(connection)


@pytest.mark.parametrize("part", ["ClinicalFeature", "Gene"])
def test_a_part_without_an_identifier_is_counted(connection: Connection, part: str) -> None:
    assert ("esummary", f"a {part} without an identifier", 1) in left_out(connection)


# What is wrong


def test_bad_records_are_told_with_their_line() -> None:
    errors = complaints(FORMATS, DATA / "bad.xml")
    assert [error.line for error in errors] == [7, 24, 28, 38, 38]
    assert "write medgen.uid:90990" in errors[0].reason
    assert "not well-formed (mismatched tag)" in errors[1].reason
    assert "cannot get document summary" in errors[2].reason
    assert errors[3].reason == "ClinicalFeature: medgen:90990: a bare number is a MedGen UID; write medgen.uid:90990"
    assert errors[4].reason == "Gene: a number of NCBI Gene expected as gene_id, found 'GBA1'"


def test_what_else_they_say_is_read() -> None:
    connection, count = filled(FORMATS, DATA / "bad.xml", on_error=lambda error: None)
    found = selecting(connection)("SELECT DISTINCT text FROM name WHERE concept LIKE '%/medgen/%'")
    assert (found, count) == ([("Good",)], 4)


def test_the_first_error_stops_the_reading() -> None:
    with pytest.raises(SourceError, match=r"bad\.xml:7:"):
        filled(FORMATS, DATA / "bad.xml")


def test_entities_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "esummary.xml"
    text = WHOLE.read_text()
    public = text[text.index("<!DOCTYPE") : text.index("<eSummaryResult>")]
    path.write_text(text.replace(public, '<!DOCTYPE eSummaryResult [<!ENTITY a "b">]>\n'))
    with pytest.raises(SourceError, match="entity 'a' is declared"):
        filled(FORMATS, path)


# The real files


@real(REAL)
def test_the_real_record_of_dent_disease_2() -> None:
    connection, count = filled(FORMATS, SHARED / REAL)
    select = selecting(connection)
    features = "SELECT DISTINCT object FROM association WHERE predicate LIKE '%has_phenotype'"
    assert (count, len(select(features))) == (1, 11)
    assert ("medgen:CN000117",) in select(features)  # nephrocalcinosis
    assert select("SELECT subject FROM association WHERE subject LIKE '%gene%'") == [("NCBIGene:4952",)]
    assert ("OMIM:300555",) in select("SELECT object_id FROM mapping WHERE subject_id LIKE '%/C1845167'")
    assert no_malformed(connection)


@real(REAL)
def test_the_real_files_give_n_quads() -> None:
    paths = sorted((SHARED / "eutils").glob("*.xml"))
    assert told(filled(FORMATS, *paths)[0])
