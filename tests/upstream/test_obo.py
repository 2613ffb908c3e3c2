"""The OBO flat file format: how its clauses are read, and what is told of a bad one."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from calckg.errors import SourceError
from calckg.tables import TABLES
from calckg.upstream import obographs
from calckg.upstream.obo import FORMATS

from .reading import SHARED, Connection, Rows, Select, complaints, filled, known, no_malformed, real, selecting

SMALL = Path(__file__).parent / "data/obo/small.obo"
REAL = "doid/doid.2016-03-04.obo.gz"
OBO = "http://purl.obolibrary.org/obo/"
STRING = "xsd:string"


@pytest.fixture(scope="module")
def doid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("obo") / "doid.obo"
    path.write_bytes(SMALL.read_bytes())
    return path


@pytest.fixture(scope="module")
def connection(doid: Path) -> Connection:
    return filled(FORMATS, doid)[0]


@pytest.fixture(scope="module")
def select(connection: Connection) -> Select:
    return selecting(connection)


def of(select: Select, table: str, columns: str, term: str = "0001816", where: str = "true") -> Rows:
    return select(f"SELECT {columns} FROM {table} WHERE concept LIKE '%/DOID_{term}' AND {where}")


# --- clauses


def test_a_definition_is_unescaped_and_has_its_sources(select: Select) -> None:
    columns = "text, source, attribution"
    expected = ('A tumour of vessels, said "so".', ["http://example.org/a?b=c", "PMID:23327728"], ["DO:lh"])
    assert of(select, "definition", columns, where="kind = 'definition'") == [expected]


def test_a_comment_ends_before_qualifiers_and_hidden_comments(select: Select) -> None:
    assert of(select, "definition", "text", where="kind = 'comment'") == [("First line.\nSecond line.",)]


def test_a_synonym_has_scope_type_and_references(select: Select) -> None:
    found = of(select, "name", "kind, synonym_type, xref, vocabulary, code", where="text = 'blood vessel cancer'")
    layperson = [f"{OBO}doid#layperson"]
    assert found == [
        ("broad", layperson, None, "ckgid:scheme/CSP2005", "2006-1"),
        ("broad", layperson, ["NCIT:C3088"], None, None),
    ]


def test_white_space_around_a_synonym_is_none_of_it(select: Select) -> None:
    assert of(select, "name", "text", where="kind = 'exact'") == [("hemangiosarcoma",)]


def test_a_tag_of_format_1_0_is_a_synonym(select: Select) -> None:
    assert of(select, "name", "text", where="kind = 'related'") == [("vessel sarcoma",)]


def test_a_cross_reference_is_a_mapping_whatever_follows_it(select: Select) -> None:
    xrefs = "SELECT object_id FROM mapping WHERE predicate_id LIKE '%hasDbXref'"
    assert select(xrefs) == [("UMLS:C0018923",), ("mesh:D006394",)]


def test_a_cross_reference_that_makes_no_code_is_kept(select: Select) -> None:
    ((extra,),) = of(select, "concept", "extra", where="created IS NOT NULL")
    assert [item[1:] for item in extra if item[0] == "oboInOwl:hasDbXref"] == [
        (STRING, "UMLS_CUI:0018923"),
        (STRING, "ICD9CM:171.9"),
        ("", "http://example.org/page"),
    ]


def test_a_property_value_is_an_iri_a_text_or_a_match(select: Select) -> None:
    ((extra,),) = of(select, "concept", "extra", where="created IS NOT NULL")
    assert ("IAO:0000233", "", "https://github.com/DiseaseOntology/issues/1") in extra
    assert ("dc:source", STRING, 'a "book"') in extra
    assert select("SELECT object_id FROM mapping WHERE predicate_id LIKE '%exactMatch'") == [("MONDO:0003022",)]


def test_a_subset_is_named_by_the_ontology(select: Select) -> None:
    assert of(select, "concept", "subset", where="subset IS NOT NULL") == [([f"{OBO}doid#DO_rare_slim"],)]


def test_who_made_a_term_and_when(select: Select) -> None:
    assert of(select, "concept", "created_by, created", where="created IS NOT NULL") == [
        (["laronhughes"], "2010-06-30T02:44:30Z")
    ]


def test_a_relation_is_the_one_that_its_definition_refers_to(select: Select) -> None:
    assert of(select, "broader", "broader, relation") == [("DOID:4", f"{OBO}BFO_0000050"), ("DOID:4", None)]
    found = of(select, "concept", "extra", where="scheme IS NULL AND extra IS NOT NULL")
    assert found == [([("RO:0001025", "", "UBERON:0001981")],)]


# --- terms


def test_every_term_is_a_disease_also_the_retired(select: Select) -> None:
    found = select("SELECT DISTINCT category FROM concept WHERE concept LIKE '%DOID%' AND category IS NOT NULL")
    assert found == [(["biolink:Disease"],)]


def test_a_retired_term_has_its_replacement(select: Select) -> None:
    assert of(select, "replacement", "replacement, kind", "1000") == [("DOID:0001816", "replaced")]


def test_of_two_replacements_one_has_to_choose(select: Select) -> None:
    found = of(select, "replacement", "replacement, kind", "1001")
    assert set(found) == {("DOID:0001816", "consider"), ("DOID:4", "consider")}


def test_an_alternative_identifier_is_a_merged_term(select: Select) -> None:
    found = of(select, "concept", "deprecated, retirement_reason", "267", "notation IS NOT NULL")
    assert found == [(True, "IAO:0000227")]
    assert of(select, "replacement", "replacement", "267") == [("DOID:0001816",)]


def test_a_merged_term_may_be_described_still(select: Select) -> None:
    found = of(select, "concept", "deprecated, retirement_reason", "4508", "notation IS NOT NULL")
    assert found == [(True, None)]
    assert of(select, "replacement", "replacement", "4508") == [("DOID:0001816",)]


def test_what_is_no_term_is_no_concept(select: Select) -> None:
    assert select("SELECT concept FROM concept WHERE concept LIKE '%MA_%' OR concept LIKE '%9999'") == []
    assert select("SELECT text, kind FROM name WHERE concept LIKE '%UBERON%'") == [("blood vessel", "exact")]


def test_every_identifier_is_an_iri(connection: Connection) -> None:
    assert no_malformed(connection)


@pytest.mark.parametrize("table", ["concept", "name", "definition", "broader", "replacement", "mapping"])
def test_the_other_format_says_the_same(table: str) -> None:
    flat = selecting(filled(FORMATS, SMALL.with_name("hp.obo"))[0])
    graphs = selecting(filled(obographs.FORMATS, SMALL.parents[1] / "obographs/hp.json")[0])
    columns = ", ".join(f"list_sort({c.name})" if c.many else c.name for c in TABLES[table].columns)
    assert flat(f"SELECT {columns} FROM {table}") == graphs(f"SELECT {columns} FROM {table}")


# --- which file, which release


def test_the_release_is_in_the_head(doid: Path) -> None:
    stated = known(FORMATS, doid).stated(doid, doid.read_bytes())
    assert (stated.version, stated.issued) == ("2024-01-31", "2024-01-31")
    assert stated.license == "https://creativecommons.org/publicdomain/zero/1.0/"


def test_a_file_of_another_ontology_is_not_taken_for_this_one(doid: Path) -> None:
    head = doid.read_bytes().replace(b"ontology: doid", b"ontology: mondo")
    assert not any(known.matches("doid.obo", head) for known in FORMATS)


def test_a_packed_file_with_ends_of_lines_as_on_windows_is_read(tmp_path: Path, select: Select) -> None:
    path = tmp_path / "doid.obo.gz"
    path.write_bytes(gzip.compress(SMALL.read_bytes().replace(b"\n", b"\r\n")))
    connection, count = filled(FORMATS, path)
    assert count == 10
    assert selecting(connection)("SELECT * FROM name") == select("SELECT * FROM name")


# --- what is told

HEAD = "format-version: 1.2\nontology: doid\n\n[Term]\nid: DOID:4\nname: disease\n"
BAD = {
    "no clause": ("disease", None, "'disease'", "tag: value"),
    "a second name": ("name: other", "name", "'other'", "synonym"),
    "a definition without quotes": ("def: a disease", "def", "'a disease'", '"text" [xrefs]'),
    "references that do not end": ('def: "a" [PMID:1', "def", "[PMID:1", "does not end in ]"),
    "a synonym without quotes": ("synonym: illness EXACT []", "synonym", "illness", '"text" SCOPE'),
    "an unknown scope": ('synonym: "illness" EXACTLY THE []', "synonym", "illness", "SCOPE"),
    "a relation without a term": ("relationship: part_of", "relationship", "'part_of'", "a term expected"),
    "a property without a value": ("property_value: dc:source", "property_value", "'dc:source'", "a property"),
    "a malformed parent": ("is_a: DOID:x ! x", "is_a", "DOID:x", "1 to 7 digits"),
}


@pytest.mark.parametrize(("clause", "column", "value", "remedy"), BAD.values(), ids=BAD)
def test_a_bad_clause_is_told_and_its_term_stays(
    clause: str, column: str | None, value: str, remedy: str, tmp_path: Path
) -> None:
    path = tmp_path / "doid.obo"
    path.write_text(f"{HEAD}{clause}\n", encoding="utf-8")
    errors: list[SourceError] = []
    connection, _ = filled(FORMATS, path, on_error=errors.append)
    assert [(error.line, error.column) for error in errors] == [(7, column)]
    assert value in errors[0].reason
    assert remedy in errors[0].reason
    assert selecting(connection)("SELECT text FROM name WHERE kind = 'preferred'") == [("disease",)]


def test_a_stanza_without_an_identifier_is_told(tmp_path: Path) -> None:
    path = tmp_path / "doid.obo"
    path.write_text(f"{HEAD}\n[Term]\nname: nothing\n", encoding="utf-8")
    (error,) = complaints(FORMATS, path)
    assert (error.line, error.column) == (8, "id")


def test_a_malformed_identifier_is_told(tmp_path: Path) -> None:
    path = tmp_path / "doid.obo"
    path.write_text(f"{HEAD}\n[Term]\nid: DOID:abc\nname: nothing\n", encoding="utf-8")
    (error,) = complaints(FORMATS, path)
    assert (error.line, error.column) == (8, "id")
    assert "1 to 7 digits" in error.reason


def test_a_clause_may_go_on_in_the_next_line(tmp_path: Path) -> None:
    path = tmp_path / "doid.obo"
    path.write_text(HEAD + 'def: "one \\\ntwo" []\nis_a: DOID:x\n', encoding="utf-8")
    errors: list[SourceError] = []
    connection, _ = filled(FORMATS, path, on_error=errors.append)
    assert selecting(connection)("SELECT text FROM definition") == [("one two",)]
    assert [error.line for error in errors] == [9]


# --- habits of other ontologies


def test_mondos_clauses_are_read(tmp_path: Path) -> None:
    path = tmp_path / "mondo.obo"
    path.write_text(
        """format-version: 1.2
ontology: mondo

[Term]
id: MONDO:0000001
name: disease
subset: gard_rare {source="GARD:1", source="MONDO:GARD"}
synonym: "ill" RELATED ABBREVIATION [DOID:4] {source="x"}
synonym: "illness" EXACT []
xref: DOID:4 {source="MONDO:equivalentTo", source="x"}
property_value: exactMatch DOID:4

[Term]
id: MONDO:0021178
name: injury
is_a: MONDO:0000001 {source="DOID:4"} ! disease
is_a: MONDO:0021125 {gci_relation="part_of", gci_filler="NCBITaxon:9606"} ! only in man

[Typedef]
id: exactMatch
name: exactMatch
xref: http://www.w3.org/2004/02/skos/core#exactMatch
""",
        encoding="utf-8",
    )
    select = selecting(filled(FORMATS, path)[0])
    assert select("SELECT predicate_id, object_id FROM mapping") == [
        ("oboInOwl:hasDbXref", "DOID:4"),
        ("skos:exactMatch", "DOID:4"),
    ]
    assert select("SELECT subset FROM concept WHERE subset IS NOT NULL") == [([f"{OBO}mondo#gard_rare"],)]
    assert select("SELECT text, synonym_type FROM name WHERE kind = 'related'") == [
        ("ill", [f"{OBO}mondo#ABBREVIATION"])
    ]
    # A step that holds only in some context is none.
    assert select("SELECT concept, broader FROM broader") == [("MONDO:0021178", "MONDO:0000001")]


# --- the real release


@real(REAL)
def test_the_terms_of_the_release() -> None:
    connection, _ = filled(FORMATS, SHARED / REAL)
    select = selecting(connection)
    own = "scheme LIKE '%/DOID' AND notation IS NOT NULL AND retirement_reason IS NULL"
    assert select(f"SELECT count(DISTINCT concept) FROM concept WHERE {own}") == [(9_243,)]
    assert select(f"SELECT count(DISTINCT concept) FROM concept WHERE {own} AND deprecated") == [(2_369,)]
    assert select("SELECT count(*) FROM broader") == [(8_062,)]
    kept = "(SELECT unnest(extra) AS e FROM concept) WHERE e LIKE '%hasDbXref%'"
    assert select(f"SELECT (SELECT count(*) FROM mapping) + (SELECT count(*) FROM {kept})") == [(36_661,)]
    assert no_malformed(connection)
