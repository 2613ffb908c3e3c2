"""HPO's annotations: what a row becomes, and what is told of a bad one."""

from __future__ import annotations

import gzip
from pathlib import Path

import duckdb
import pytest

from calckg.errors import SourceError
from calckg.upstream import obographs, stop
from calckg.upstream.hpoa import ANNOTATIONS, FORMATS
from calckg.upstream.hpoa_columns import SEVERITIES

from .reading import SHARED, Connection, Select, complaints, filled, known, no_malformed, real, selecting, statements

DATA = Path(__file__).parent / "data/hpoa"
HPOA, GENES = DATA / "phenotype.hpoa", DATA / "genes_to_disease.txt"
REAL = "hpo/phenotype.v2025-05-06.hpoa.gz"
REAL_GENES = "hpo/genes_to_disease.2025.txt.gz"
GRAPH = "https://w3id.org/calckg/graph/release/hpo-annotations"
XSD_STRING = "xsd:string"


@pytest.fixture(scope="module")
def connection() -> Connection:
    return filled(FORMATS, HPOA)[0]


@pytest.fixture(scope="module")
def select(connection: Connection) -> Select:
    return selecting(connection)


def said(select: Select, term: str, columns: str) -> list[tuple[object, ...]]:
    """Return columns of the associations about a term."""
    return select(f"SELECT {columns} FROM association WHERE object LIKE '%HP_{term}'")


# --- what is denied


@pytest.mark.parametrize(
    ("term", "why"),
    [("0002240", "0 %"), ("0001251", "the frequency 'excluded'"), ("0000639", "NOT"), ("0032316", "NOT, in history")],
)
def test_an_absence_is_negated(select: Select, term: str, why: str) -> None:
    assert said(select, term, "negated") == [(True,)], why


def test_none_of_some_is_negated_and_keeps_its_count(select: Select) -> None:
    assert said(select, "0000657", "negated, has_count, has_total") == [(False, 4, 4), (True, 0, 7)]


def test_only_what_is_not_negated_is_stated(connection: Connection) -> None:
    stated = {o for s, p, o in statements(connection) if s == "OMIM:231000" and p == "biolink:has_phenotype"}
    assert {"HP:0004934", "HP:0000657"} <= stated
    assert stated.isdisjoint({"HP:0002240", "HP:0001251", "HP:0000639"})


# --- frequency and other qualifiers


def test_a_frequency_is_a_term(select: Select) -> None:
    expected = [("OMIM:231000", None), ("Orphanet:191", "HP:0040283")]
    assert said(select, "0004934", "subject, frequency_qualifier") == expected


def test_a_frequency_is_a_percentage(select: Select) -> None:
    columns = "has_percentage, has_count, frequency_qualifier"
    assert said(select, "0001250", columns) == [(56.6, None, None)]


def test_a_row_keeps_onset_and_sex(select: Select) -> None:
    assert said(select, "0001744", "onset_qualifier, sex_qualifier") == [("HP:0003593", "PATO:0000383")]


def test_a_severity_is_told_from_other_modifiers(select: Select) -> None:
    assert said(select, "0001744", "severity_qualifier, modifier_qualifier") == [("HP:0012828", ["HP:0031796"])]


def test_of_two_severities_neither_is_the_severity(select: Select) -> None:
    expected = [(None, ["HP:0012825", "HP:0012828"])]
    assert said(select, "0001903", "severity_qualifier, modifier_qualifier") == expected


# --- aspects


@pytest.mark.parametrize(
    ("term", "aspect", "predicate"),
    [
        ("0001744", "P", "biolink:has_phenotype"),
        ("0000007", "I", "biolink:has_mode_of_inheritance"),
        ("0011463", "C", "ckg:has_clinical_course"),
        ("0003829", "M", "ckg:has_modifier"),
        ("0032316", "H", "ckg:has_past_medical_history"),
    ],
)
def test_an_aspect_has_its_own_predicate(select: Select, term: str, aspect: str, predicate: str) -> None:
    assert said(select, term, "original_predicate, predicate") == [([aspect], predicate)]


def test_only_features_make_a_condition_feature_association(select: Select) -> None:
    found = select(
        "SELECT DISTINCT category, predicate = 'https://w3id.org/biolink/vocab/has_phenotype' FROM association"
    )
    assert found == [(None, False), (["biolink:DiseaseToPhenotypicFeatureAssociation"], True)]


# --- references, evidence, sources


def test_a_reference_that_is_the_disease_is_no_publication(select: Select) -> None:
    assert said(select, "0001744", "publications") == [(["PMID:1303161", "PMID:8780099"],)]
    assert said(select, "0004934", "publications, citation_status") == [(None, "ckg:Unsourced")] * 2


def test_the_page_of_the_disease_is_no_publication_either(select: Select) -> None:
    found = select("SELECT publications FROM association WHERE subject LIKE '%deciphergenomics%'")
    assert found == [(["ISBN:978-0721606156"],)]


def test_a_page_is_a_publication(select: Select) -> None:
    found = select("SELECT publications, citation_status FROM association WHERE subject LIKE '%MONDO%'")
    assert found == [(["http://www.ncbi.nlm.nih.gov/books/NBK1191/"], "ckg:Cited")]


def test_a_malformed_reference_is_kept_as_text(select: Select) -> None:
    expected = [(["PMID:1303161"], [("dc:source", XSD_STRING, "PMID:8780099P")])]
    assert said(select, "0001873", "publications, extra") == expected


@pytest.mark.parametrize(
    ("subject", "primary", "aggregators"),
    [
        ("OMIM:231000", "infores:omim", ["infores:hpo-annotations"]),
        ("Orphanet:191", "infores:orphanet", ["infores:hpo-annotations"]),
        ("DECIPHER:35", "infores:decipher", ["infores:hpo-annotations"]),
        ("MONDO:0011111", "infores:hpo-annotations", None),
    ],
)
def test_the_database_of_the_disease_said_it_first(
    select: Select, subject: str, primary: str, aggregators: list[str] | None
) -> None:
    found = select("SELECT DISTINCT subject, primary_knowledge_source, aggregator_knowledge_source FROM association")
    assert (subject, primary, aggregators) in found


def test_each_code_of_evidence_is_an_eco_term(select: Select) -> None:
    found = {evidence for (row,) in select("SELECT evidence FROM association") for evidence in row}
    assert found == {"ECO:0006017", "ECO:0000304", "ECO:0000501", "ECO:0006019"}


def test_what_was_read_out_of_text_is_a_programs(select: Select) -> None:
    found = select("SELECT evidence, agent_type FROM association WHERE agent_type <> 'manual_agent'")
    assert found == [(["ECO:0000501"], "automated_agent")]


# --- rows of one content


def test_rows_of_one_content_are_one_association_and_counted(select: Select) -> None:
    (row,) = said(select, "0002376", "evidence, contributor, created, modified, extra")
    assert row == (
        ["ECO:0000304", "ECO:0006017"],
        ["HPO:probinson", "HPO:sdoelken", "ORCID:0000-0002-0736-9199", "ZFIN:bruef"],
        "2012-04-24",
        "2023-01-02",
        [("ckg:rowCount", "xsd:integer", "2")],
    )


def test_the_identity_in_the_quads_is_that_of_the_table(connection: Connection, select: Select) -> None:
    ((count,),) = select("SELECT count(*) FROM association")
    assert len({s for s, p, _ in statements(connection) if p == "biolink:negated"}) == count == 18


# --- concepts


def test_a_disease_has_all_names_it_is_given(select: Select) -> None:
    expected = [("GAUCHER DISEASE, TYPE III", "en", "exact"), ("Gaucher disease, type III", "en", "exact")]
    assert select("SELECT text, lang, kind FROM name WHERE concept LIKE '%231000'") == expected


def test_every_end_is_a_concept(select: Select) -> None:
    missing = "SELECT unnest([subject, object]) AS c FROM association"
    assert select(f"SELECT c FROM ({missing}) WHERE c NOT IN (SELECT concept FROM concept)") == []
    assert ("Orphanet:191", "ckgid:scheme/Orphanet", "Orphanet:191", ["biolink:Disease"]) in select(
        "SELECT concept, scheme, notation, category FROM concept"
    )


def test_a_term_is_what_its_aspect_says(select: Select) -> None:
    found: dict[str, list[str]] = dict(select("SELECT concept, category FROM concept WHERE scheme LIKE '%/HP'"))
    assert found["HP:0004934"] == ["biolink:PhenotypicFeature"]
    assert found["HP:0000007"] == ["biolink:GeneticInheritance"]
    assert found["HP:0011463"] == ["biolink:ClinicalCourse"]


def test_every_identifier_is_an_iri(connection: Connection) -> None:
    assert no_malformed(connection)


# --- genes


@pytest.fixture(scope="module")
def genes() -> Select:
    return selecting(filled(FORMATS, GENES)[0])


def test_the_type_of_a_gene_association_is_its_predicate(genes: Select) -> None:
    assert genes("SELECT subject, predicate, object, original_predicate FROM association") == [
        ("NCBIGene:105259599", "biolink:causes", "OMIM:180860", ["MENDELIAN"]),
        ("NCBIGene:1161", "biolink:gene_associated_with_condition", "Orphanet:191", ["UNKNOWN"]),
        ("NCBIGene:2629", "biolink:causes", "OMIM:231000", ["MENDELIAN"]),
        ("NCBIGene:2629", "biolink:contributes_to", "OMIM:168600", ["POLYGENIC"]),
    ]


def test_genes_come_from_omim_by_medgen_or_from_orphanet(genes: Select) -> None:
    assert genes("SELECT DISTINCT primary_knowledge_source, aggregator_knowledge_source FROM association") == [
        ("infores:omim", ["infores:hpo-annotations", "infores:medgen"]),
        ("infores:orphanet", ["infores:hpo-annotations"]),
    ]


def test_a_gene_row_that_comes_twice_is_counted(genes: Select) -> None:
    found = genes("SELECT extra FROM association WHERE subject LIKE '%/1161'")
    assert found == [([("ckg:rowCount", "xsd:integer", "2")],)]


def test_a_gene_without_a_symbol_has_no_name(genes: Select) -> None:
    assert genes("SELECT concept, text FROM name") == [("NCBIGene:1161", "ERCC8"), ("NCBIGene:2629", "GBA1")]
    assert ("NCBIGene:105259599",) in genes("SELECT concept FROM concept")


# --- which file, which release


def test_the_release_is_in_the_head() -> None:
    stated = known(FORMATS, HPOA).stated(HPOA, HPOA.read_bytes())
    assert (stated.version, stated.issued) == ("2025-05-06", "2025-05-06")


def test_the_head_up_to_2023_is_read() -> None:
    old = DATA / "phenotype.2022.hpoa"
    connection, count = filled(FORMATS, old)
    assert count == 2
    assert selecting(connection)("SELECT subject FROM association") == [("OMIM:231000",), ("Orphanet:191",)]
    assert known(FORMATS, old).stated(old, old.read_bytes()).version == "2022-06-11"


def test_a_packed_file_is_read(tmp_path: Path) -> None:
    packed = tmp_path / "phenotype.hpoa.gz"
    packed.write_bytes(gzip.compress(HPOA.read_bytes()))
    assert filled(FORMATS, packed)[1] == 19


def test_lines_may_end_as_on_windows(tmp_path: Path) -> None:
    path = tmp_path / "phenotype.hpoa"
    path.write_bytes(HPOA.read_bytes().replace(b"\n", b"\r\n"))
    expected = selecting(filled(FORMATS, HPOA)[0])("SELECT * FROM association")
    assert selecting(filled(FORMATS, path)[0])("SELECT * FROM association") == expected


# --- what is told

GOOD = ["OMIM:231000", "Gaucher", "", "HP:0001744", "PMID:8780099", "PCS", "", "3/7", "", "", "P", "HPO:x[2021-06-21]"]
BAD = {
    "no disease": ("database_id", "", "OMIM:231000"),
    "a malformed disease": ("database_id", "OMIM:23100", "6 digits"),
    "an unknown database": ("database_id", "OMIN:231000", "OMIN:231000"),
    "a term of another vocabulary": ("hpo_id", "MP:0005555", "a code of HP"),
    "a malformed term": ("hpo_id", "HP:1744", "7 digits"),
    "another qualifier": ("qualifier", "NO", "NOT, or nothing"),
    "another evidence": ("evidence", "XYZ", "PCS, TAS, IEA, ICE"),
    "no evidence": ("evidence", "", "PCS, TAS, IEA, ICE"),
    "more than all": ("frequency", "8/7", "such as 3/7"),
    "some of none": ("frequency", "0/0", "such as 3/7"),
    "words": ("frequency", "rarely", "such as 3/7"),
    "more than 100 %": ("frequency", "101%", "such as 3/7"),
    "a term that is no frequency": ("frequency", "HP:0040286", "HP:0040285"),
    "another sex": ("sex", "M", "MALE, FEMALE"),
    "an onset that is no term": ("onset", "adult", "adult"),
    "a modifier that is no term": ("modifier", "HP:0012828;severe", "severe"),
    "another aspect": ("aspect", "O", "P, I, C, M, H"),
}


def written(folder: Path, *rows: list[str]) -> Path:
    path = folder / "phenotype.hpoa"
    lines = ["#version: 2025-05-06", "\t".join(ANNOTATIONS.columns), *("\t".join(row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(("column", "value", "remedy"), BAD.values(), ids=BAD)
def test_a_bad_value_is_told_with_its_place_and_the_way_out(
    column: str, value: str, remedy: str, tmp_path: Path
) -> None:
    bad = GOOD.copy()
    bad[ANNOTATIONS.columns.index(column)] = value
    path = written(tmp_path, GOOD, bad)
    (error,) = complaints(FORMATS, path)
    assert (error.line, error.column) == (4, column)
    assert remedy in error.reason
    assert value.split(";")[-1] in error.reason


def test_a_bad_row_is_left_out_and_the_others_are_read(tmp_path: Path) -> None:
    others = ([*GOOD[:3], term, *GOOD[4:]] for term in ("HP:1", "HP:0000001"))
    path = written(tmp_path, GOOD, GOOD[:-1], ["x"], *others)
    errors: list[SourceError] = []
    connection, count = filled(FORMATS, path, on_error=errors.append)
    assert count == 5
    assert [(error.line, error.column) for error in errors] == [(4, None), (5, None), (6, "hpo_id")]
    assert "12 fields expected, 11 found" in errors[0].reason
    assert selecting(connection)("SELECT object FROM association") == [("HP:0000001",), ("HP:0001744",)]


def test_a_file_with_other_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "phenotype.hpoa"
    path.write_text("#version: 1\ndatabase_id\tdisease_name\n", encoding="utf-8")
    with pytest.raises(SourceError, match=r":2: the columns database_id .* expected, found 'database_id disease_name'"):
        filled(FORMATS, path)


def test_a_file_that_ends_in_its_head_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "phenotype.hpoa"
    path.write_text("#version: 1\n", encoding="utf-8")
    with pytest.raises(SourceError, match="download complete"):
        FORMATS[0].fill(duckdb.connect(), path, GRAPH, stop)


def test_half_a_packed_file_is_told(tmp_path: Path) -> None:
    packed = gzip.compress(HPOA.read_bytes(), compresslevel=0)
    path = tmp_path / "phenotype.hpoa.gz"
    path.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(SourceError, match="not a whole gzip file"):
        FORMATS[0].fill(duckdb.connect(), path, GRAPH, stop)


def test_a_bad_gene_row_is_told(tmp_path: Path) -> None:
    path = tmp_path / "genes_to_disease.txt"
    path.write_text(
        GENES.read_text() + "NCBIGene:0\tX\tMENDELIAN\tOMIM:231000\ts\nNCBIGene:1\tX\tWHO\tOMIM:231000\ts\n"
    )
    assert [(error.line, error.column) for error in complaints(FORMATS, path)] == [
        (7, "ncbi_gene_id"),
        (8, "association_type"),
    ]


# --- the real files


@pytest.fixture(scope="module")
def whole() -> tuple[Select, int]:
    connection, count = filled(FORMATS, SHARED / REAL)
    assert no_malformed(connection)
    return selecting(connection), count


@real(REAL)
def test_every_row_of_the_release_is_accounted_for(whole: tuple[Select, int]) -> None:
    select, count = whole
    ((rows,),) = select(
        """
        SELECT sum(coalesce(TRY_CAST(regexp_extract(array_to_string(extra, ' '), 'rowCount\x1f[^\x1f]*\x1f([0-9]+)', 1)
            AS BIGINT), 1)) FROM association
        """
    )
    assert rows == count == 272_060


@real(REAL)
def test_34_pairs_of_the_release_have_both_signs(whole: tuple[Select, int]) -> None:
    pairs = (
        "SELECT subject, object FROM association GROUP BY subject, predicate, object HAVING count(DISTINCT negated) = 2"
    )
    assert len(whole[0](pairs)) == 34


@real(REAL)
def test_the_conditions_with_vascular_calcification(whole: tuple[Select, int]) -> None:
    columns = "subject, frequency_qualifier, publications"
    assert said(whole[0], "0004934", columns) == [
        ("OMIM:211900", None, None),
        ("OMIM:231000", None, None),
        ("Orphanet:191", "HP:0040283", None),
        ("Orphanet:90324", "HP:0040282", None),
    ]


@real(REAL)
def test_the_malformed_references_of_the_release_are_kept(whole: tuple[Select, int]) -> None:
    found = whole[0]("SELECT unnest(extra) AS e FROM association WHERE contains(array_to_string(extra, ' '), 'source')")
    assert found == [
        (("dc:source", XSD_STRING, "OMIM:18417549"),),
        (("dc:source", XSD_STRING, "OMIM:23900"),),
        (("dc:source", XSD_STRING, "PMID:20037588P"),),
    ]


@real(REAL_GENES)
def test_every_gene_row_of_the_release_is_an_association() -> None:
    connection, count = filled(FORMATS, SHARED / REAL_GENES)
    predicates = "SELECT split_part(predicate, '/', 6), count(*) FROM association GROUP BY 1"
    assert selecting(connection)(predicates) == [
        ("causes", 6_893),
        ("contributes_to", 604),
        ("gene_associated_with_condition", 8_105),
    ]
    assert count == 15_602


@real("hpo/hp.v2025-05-06.json.gz")
def test_the_severities_are_the_terms_below_severity() -> None:
    connection, _ = filled(obographs.FORMATS, SHARED / "hpo/hp.v2025-05-06.json.gz")
    found = selecting(connection)("SELECT concept FROM broader WHERE broader LIKE '%HP_0012824'")
    assert {concept for (concept,) in found} == set(SEVERITIES)
