"""The UMLS Metathesaurus: what each file becomes, and what is told of a bad row."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import duckdb
import pyoxigraph as ox
import pytest

from calckg import prefixes, tables
from calckg.errors import SourceError
from calckg.upstream import stop
from calckg.upstream.umls import FORMATS, SOURCE
from tests import stating

DATA = Path(__file__).parent / "data/umls"
GRAPH = "https://w3id.org/calckg/graph/release/umls"
FILES = ("MRCONSO.RRF", "MRCUI.RRF", "MRDEF.RRF", "MRREL.RRF", "MRSTY.RRF")
Select = Callable[[str], list[tuple[object, ...]]]


def fill(connection: duckdb.DuckDBPyConnection, path: Path, on_error: Callable[[SourceError], None] = stop) -> int:
    (known,) = (known for known in FORMATS if known.matches(path.name, path.read_bytes()[:1000]))
    return known.fill(connection, path, GRAPH, on_error)


def filled(paths: Iterable[Path], on_error: Callable[[SourceError], None] = stop) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    tables.create(connection)
    for path in paths:
        fill(connection, path, on_error)
    assert SOURCE.finish is not None
    SOURCE.finish(connection, GRAPH)
    return connection


def filled_alone(path: Path, on_error: Callable[[SourceError], None]) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    tables.create(connection)
    fill(connection, path, on_error)
    return connection


def short(value: object) -> object:
    if isinstance(value, list):
        return sorted(str(short(item)) for item in value)
    if isinstance(value, str) and value.startswith("http"):
        return prefixes.load().compress(value) or value
    return value


def selecting(connection: duckdb.DuckDBPyConnection) -> Select:
    return lambda sql: sorted((tuple(map(short, row)) for row in connection.execute(sql).fetchall()), key=str)


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    return filled(DATA / name for name in FILES)


@pytest.fixture(scope="module")
def select(connection: duckdb.DuckDBPyConnection) -> Select:
    return selecting(connection)


def test_what_is_left_out_by_rule_is_told_once() -> None:
    connection = filled(DATA / name for name in FILES)
    assert SOURCE.left_out is not None
    assert SOURCE.left_out(connection) == [
        ("MRREL", "neither of the hierarchy nor a relation with a predicate", 2),
        ("MRREL", "of a concept to itself", 1),
        ("MRREL", "suppressed or obsolete", 1),
        ("MRREL", "the categories of the ends do not fit has_finding_site", 1),
    ]
    assert SOURCE.left_out(connection) == []


def about(select: Select, columns: str, table: str, concept: str) -> list[tuple[object, ...]]:
    return select(f"SELECT {columns} FROM {table} WHERE ends_with(concept, '/{concept}')")


# Files


@pytest.mark.parametrize("name", ["MRCONSO.RRF", "MRCONSO.RRF.gz", "mrrel.rrf", "MRCUI.RRF", "RETIRED_CUI_Mapping.RRF"])
def test_a_file_is_known_by_its_name(name: str) -> None:
    assert [known.source.name for known in FORMATS if known.matches(name, b"C0000005|")] == ["umls"]


@pytest.mark.parametrize("name", ["MGCONSO.RRF", "MRCONSO.txt", "MRSAB.RRF", "RXNCONSO.RRF", "MRHIER.RRF"])
def test_other_files_are_not_known(name: str) -> None:
    assert not any(known.matches(name, b"C0000005|") for known in FORMATS)


def test_a_file_with_a_header_is_not_known() -> None:
    assert not any(known.matches("MRCONSO.RRF", b"#CUI|LAT|") for known in FORMATS)


def test_the_release_is_the_name_of_the_folder() -> None:
    assert FORMATS[0].stated(Path("/data/2024AB/META/MRCONSO.RRF"), b"").version == "2024AB"


def test_the_source_may_not_be_passed_on() -> None:
    assert (SOURCE.redistribution, SOURCE.license is not None) == (False, True)


@pytest.mark.parametrize(("name", "rows"), list(zip(FILES, (20, 6, 6, 16, 13), strict=True)))
def test_every_row_is_counted(name: str, rows: int) -> None:
    connection = duckdb.connect()
    tables.create(connection)
    assert fill(connection, DATA / name) == rows


def test_the_order_of_the_files_does_not_matter(connection: duckdb.DuckDBPyConnection) -> None:
    assert triples(filled(DATA / name for name in reversed(FILES))) == triples(connection)


def triples(connection: duckdb.DuckDBPyConnection) -> list[str]:
    connection.execute("CREATE OR REPLACE TEMP TABLE q (s VARCHAR, p VARCHAR, o VARCHAR, g VARCHAR)")
    stating.insert(connection, "q")
    rows = connection.execute("SELECT s || ' ' || p || ' ' || o || ' ' || g || ' .' FROM q ORDER BY ALL").fetchall()
    return [str(row[0]) for row in rows]


def test_the_quads_are_n_quads(connection: duckdb.DuckDBPyConnection) -> None:
    lines = triples(connection)
    assert len(list(ox.parse("\n".join(lines), format=ox.RdfFormat.N_QUADS))) == len(lines)


# Concepts


def test_a_concept_has_scheme_and_notation(select: Select) -> None:
    rows = about(select, "scheme, notation", "concept", "C0342649")
    assert ("ckgid:scheme/UMLS", "UMLS:C0342649") in rows


def test_every_concept_has_one_notation_and_a_category(select: Select) -> None:
    found = "count(DISTINCT notation) <> 1 OR count(category) = 0"
    assert select(f"SELECT concept FROM concept GROUP BY concept HAVING {found}") == []


def test_every_end_is_a_concept(select: Select) -> None:
    ends = {"broader": "concept, broader", "mapping": "subject_id, object_id", "association": "subject, object"}
    for table, columns in ends.items():
        for column in columns.split(", "):
            assert select(f"SELECT {column} FROM {table} WHERE {column} NOT IN (SELECT concept FROM concept)") == []


@pytest.mark.parametrize(
    ("concept", "types", "category"),
    [
        ("C0342649", ["STY:T047"], ["biolink:Disease"]),
        ("C2222222", ["STY:T047", "STY:T190"], ["biolink:Disease"]),
        ("C4444444", ["STY:T185"], None),
        ("C8888888", ["STY:T061", "STY:T121"], None),  # a procedure and a substance exclude each other
    ],
)
def test_semantic_types_give_the_category(
    select: Select, concept: str, types: list[str], category: list[str] | None
) -> None:
    assert (types, category) in about(select, "semantic_type, category", "concept", concept)


def test_without_a_category_it_is_a_thing(select: Select) -> None:
    assert (["biolink:NamedThing"],) in about(select, "category", "concept", "C8888888")


# Names


def test_the_preferred_name_is_preferred_in_every_source_that_has_it(select: Select) -> None:
    sql = "SELECT text, vocabulary FROM name WHERE kind = 'preferred' AND lang = 'en' AND concept LIKE '%C0342649'"
    assert select(sql) == [
        ("Vascular calcification", "ckgid:scheme/HP"),
        ("Vascular calcification", "ckgid:scheme/SCTID"),
    ]


def test_one_name_is_preferred_in_each_language(select: Select) -> None:
    preferred = "SELECT concept FROM name WHERE kind = 'preferred' GROUP BY concept, lang"
    assert select(f"{preferred} HAVING count(DISTINCT text) > 1") == []


def test_a_name_tells_its_source_kind_and_code(select: Select) -> None:
    sql = "SELECT vocabulary, term_type, code, identifier FROM name WHERE text = 'Vascular Calcifications'"
    assert ("ckgid:scheme/mesh", "MH", "D061205", ["A0000003"]) in select(sql)


def test_a_source_without_a_prefix_keeps_its_abbreviation(select: Select) -> None:
    assert select("SELECT vocabulary FROM name WHERE text = 'VascCalc'") == [("ckgid:scheme/LNC",)]


def test_nocode_is_no_code(select: Select) -> None:
    assert select("SELECT code FROM name WHERE vocabulary LIKE '%/MTH'") == [(None,)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Calcified vessel", "hidden"),  # obsolete
        ("VascCalc", "hidden"),  # suppressed
        ("Calcification, Vascular", "exact"),  # suppressed in one source, shown in another
    ],
)
def test_suppressed_names_are_hidden_unless_shown_elsewhere(select: Select, text: str, kind: str) -> None:
    assert set(select(f"SELECT kind FROM name WHERE concept LIKE '%/umls/%' AND text = '{text}'")) == {(kind,)}


def test_names_are_in_nfc_and_have_a_language(select: Select) -> None:
    assert select("SELECT text, lang FROM name WHERE lang <> 'en'") == [("calcificación vascular", "es")]


def test_quotes_and_tabs_stay(select: Select) -> None:
    assert select("SELECT text FROM name WHERE text LIKE '%pipe%'") == [('Calcified "pipe-stem"\tartery',)]


# Codes


def codes(select: Select, concept: str) -> set[tuple[object, object]]:
    rows = select(f"SELECT object_id, predicate_id FROM mapping WHERE ends_with(subject_id, '{concept}')")
    return {(row[0], row[1]) for row in rows}


def test_the_only_current_code_of_a_system_is_exact_and_an_obsolete_one_close(select: Select) -> None:
    assert codes(select, "C0342649") == {
        ("SCTID:237897009", "skos:exactMatch"),
        ("SCTID:990001006", "skos:closeMatch"),
        ("HP:0004934", "skos:exactMatch"),
        ("mesh:D061205", "skos:exactMatch"),
    }


def test_several_codes_of_one_system_are_close(select: Select) -> None:
    assert codes(select, "C1111111") == {
        ("SCTID:990002004", "skos:closeMatch"),
        ("SCTID:990003009", "skos:closeMatch"),
    }


def test_the_code_of_an_entry_term_is_close(select: Select) -> None:
    assert codes(select, "C2222222") == {("HP:0004934", "skos:closeMatch")}


def test_no_code_is_exact_twice(select: Select) -> None:
    exact = "FROM mapping WHERE predicate_id LIKE '%exactMatch'"
    assert select(f"SELECT object_id {exact} GROUP BY object_id HAVING count(*) > 1") == []
    assert select(f"SELECT subject_id {exact} GROUP BY subject_id, object_source HAVING count(*) > 1") == []


@pytest.mark.parametrize(
    ("concept", "code"),
    [("C0268251", "Orphanet:77261"), ("C9999999", "OMIMPS:203655"), ("C4444444", "ICD10CM:I00-I99")],
)
def test_a_code_is_read_as_its_source_writes_it(select: Select, concept: str, code: str) -> None:
    assert (code, "skos:exactMatch") in codes(select, concept)


def test_a_number_that_is_no_code_of_the_system_is_not_mapped(select: Select) -> None:
    assert codes(select, "C3333333") == set()
    assert select("SELECT code FROM name WHERE text = 'Calcified valve'") == [("MTHU012345",)]


def test_a_code_has_one_name_that_is_not_preferred(select: Select) -> None:
    sql = "SELECT text, lang, kind FROM name WHERE concept LIKE '%snomed.info/id/237897009'"
    assert select(sql) == [("Vascular calcification", "en", "exact")]


# Definitions


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("NCI", ("Deposits of calcium salts in a vessel's wall.", "en", "definition")),
        ("MSHSPA", ("Depósito de calcio.", "es", "definition")),
        ("MEDLINEPLUS", ("Calcium can build up in your arteries. LDL < 100", "en", "definition")),
        ("CSP", ("first line\rsecond line", "en", "definition")),
        ("PDQ", ("An abandoned wording.", "en", "history_note")),
        ("JABL", ("A doubtful wording.", "en", "note")),
    ],
)
def test_definitions(select: Select, source: str, expected: tuple[str, str, str]) -> None:
    assert select(f"SELECT text, lang, kind FROM definition WHERE attribution = ['{source}']") == [expected]


# Relations


def test_par_chd_and_isa_lead_from_the_narrower_to_the_broader(select: Select) -> None:
    assert select("SELECT DISTINCT concept, broader FROM broader") == [
        ("UMLS:C0342649", "UMLS:C4444444"),
        ("UMLS:C1111111", "UMLS:C4444444"),
        ("UMLS:C2222222", "UMLS:C4444444"),
    ]


def test_a_relation_is_what_the_second_concept_has_to_the_first(select: Select) -> None:
    sql = "SELECT DISTINCT subject, object FROM association WHERE predicate LIKE '%located_in'"
    assert select(sql) == [("UMLS:C0342649", "UMLS:C5555555"), ("UMLS:C6666666", "UMLS:C5555555")]


def test_a_relation_and_its_inverse_are_one_association(connection: duckdb.DuckDBPyConnection) -> None:
    store = ox.Store()
    store.load("\n".join(triples(connection)).encode(), format=ox.RdfFormat.N_QUADS)
    found = store.query(
        """
        PREFIX biolink: <https://w3id.org/biolink/vocab/>
        PREFIX dcterms: <http://purl.org/dc/terms/>
        SELECT ?node (COUNT(?identifier) AS ?identifiers) {
          ?node biolink:subject <http://linkedlifedata.com/resource/umls/id/C0342649> ;
            biolink:predicate biolink:located_in ; dcterms:identifier ?identifier
        } GROUP BY ?node
        """,
        use_default_graph_as_union=True,
    )
    assert isinstance(found, ox.QuerySolutions)
    assert [int(row["identifiers"].value) for row in found] == [2]


@pytest.mark.parametrize(
    ("subject", "predicate", "object_"),
    [
        ("UMLS:C0268251", "biolink:has_phenotype", "UMLS:C3333333"),  # the object is a feature
        ("UMLS:C1111111", "biolink:manifestation_of", "UMLS:C0268251"),  # a process is none
        ("UMLS:C0268251", "biolink:has_mode_of_inheritance", "UMLS:C7777777"),
        ("UMLS:C6666666", "biolink:treats", "UMLS:C0342649"),
    ],
)
def test_associations(select: Select, subject: str, predicate: str, object_: str) -> None:
    assert (subject, predicate, object_) in select("SELECT subject, predicate, object FROM association")


def test_what_no_predicate_is_for_and_ends_that_do_not_fit_make_no_association(select: Select) -> None:
    assert select("SELECT identifier FROM association WHERE identifier IN (['R00000015'], ['R00000016'])") == []


def test_an_association_tells_who_said_it_first_and_who_passed_it_on(select: Select) -> None:
    sql = (
        "SELECT primary_knowledge_source, aggregator_knowledge_source FROM association WHERE identifier = ['R00000010']"
    )
    assert select(sql) == [("infores:omim", ["infores:umls"])]


def test_may_is_a_hedge(select: Select) -> None:
    sql = "SELECT hedge, original_predicate FROM association WHERE predicate LIKE '%treats'"
    assert select(sql) == [("may", ["may_treat"])]


# Retired concepts


def test_a_merged_concept_is_replaced_and_a_mapped_one_to_be_considered(select: Select) -> None:
    assert select("SELECT concept, replacement, kind, date FROM replacement") == [
        ("UMLS:C0000100", "UMLS:C0342649", "replaced", "2008"),
        ("UMLS:C0000300", "UMLS:C0342649", "consider", "2010"),
        ("UMLS:C0000300", "UMLS:C4444444", "consider", "2010"),
        ("UMLS:C0000400", "UMLS:C0342649", "replaced", "2015"),
        ("UMLS:C0000400", "UMLS:C1111111", "consider", "2015"),
    ]


def test_a_deleted_concept_is_deprecated_and_has_a_date(select: Select) -> None:
    sql = "SELECT concept, retired_on FROM concept WHERE deprecated AND retired_on IS NOT NULL"
    assert select(sql) == [("UMLS:C0000200", "1993")]
    assert len(select("SELECT concept FROM concept WHERE deprecated")) == 4


def test_a_note_names_the_last_release(select: Select) -> None:
    rows = about(select, "text, kind", "definition", "C0000100")
    assert rows == [("Last in release 2008AB of the UMLS.", "history_note")]


# Bad rows

GOOD = "C0342649|ENG|P|L1|PF|S1|Y|A1||||SNOMEDCT_US|PT|237897009|Vascular calcification|0|N||"


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


@pytest.mark.parametrize(
    ("row", "column", "said"),
    [
        (changed("C0342649", "CN295720"), "CUI", "CN-number is MedGen's own"),
        (changed("C0342649", ""), "CUI", "expected C and 7 digits"),
        (changed("ENG", "XXX"), "LAT", "found 'XXX'"),
        (changed("SNOMEDCT_US", "SNOMED CT"), "SAB", "found 'SNOMED CT'"),
        (changed("Vascular calcification", ""), "STR", "a name expected"),
        (changed("|N||", "|Q||"), "SUPPRESS", "one of N, O, E, Y expected, found 'Q'"),
        (changed("237897009", "237897008"), "CODE", "the check digit is 8, 9 expected"),
        (changed("|Vascular calcification", ""), None, "18 fields expected, 17 found"),
    ],
)
def test_a_bad_name_is_told_with_place_and_value(tmp_path: Path, row: str, column: str | None, said: str) -> None:
    path, errors = tmp_path / "MRCONSO.RRF", list[SourceError]()
    path.write_text(f"{GOOD}\n{row}\n", encoding="utf-8", newline="")
    connection = filled_alone(path, errors.append)
    assert [(error.line, error.column) for error in errors] == [(2, column)]
    assert said in errors[0].reason
    assert connection.execute("SELECT count(*) FROM name WHERE concept LIKE '%/umls/%'").fetchall() == [(1,)]


@pytest.mark.parametrize(
    ("name", "good", "bad", "column"),
    [
        ("MRREL.RRF", "C0342649|A1|AUI|PAR|C4444444|A2|AUI||R1||MSH|MSH||Y|N||", ("C4444444", "C44"), "CUI2"),
        ("MRSTY.RRF", "C0342649|T047|B2|Disease or Syndrome|AT1||", ("T047", "047"), "TUI"),
        ("MRDEF.RRF", "C0342649|A1|AT1||NCI|A text.|N||", ("A text.", ""), "DEF"),
        ("MRCUI.RRF", "C0000100|2008AB|SY|||C0342649|Y|", ("SY", "XX"), "REL"),
        ("MRCUI.RRF", "C0000100|2008AB|SY|||C0342649|Y|", ("2008AB", "2008"), "VER"),
        ("MRCUI.RRF", "C0000100|2008AB|SY|||C0342649|Y|", ("C0342649", ""), "CUI2"),
    ],
)
def test_bad_rows_of_the_other_files(tmp_path: Path, name: str, good: str, bad: tuple[str, str], column: str) -> None:
    path, errors = tmp_path / name, list[SourceError]()
    path.write_text(f"{good}\n{good.replace(*bad, 1)}\n", encoding="utf-8", newline="")
    filled_alone(path, errors.append)
    assert [(error.line, error.column) for error in errors] == [(2, column)]


def test_a_bad_row_stops_the_reader_when_nobody_takes_it(tmp_path: Path) -> None:
    path = tmp_path / "MRCONSO.RRF"
    path.write_text(changed("ENG", "XXX") + "\n", encoding="utf-8", newline="")
    with pytest.raises(SourceError, match=r"MRCONSO\.RRF:1:LAT: a language such as ENG or SPA expected, found 'XXX'"):
        filled_alone(path, stop)


# Size


def test_a_hundred_thousand_rows(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    chance, concepts = random.Random(1), 10_000
    names = (
        f"C{number % concepts:07d}|ENG|{'P' if number < concepts else 'S'}|L{number}|PF|S{number}|Y|A{number:08d}||||"
        f"HPO|PT|HP:{number % concepts:07d}|Calcification {number}|0|N||\n"
        for number in range(50_000)
    )
    relations = (
        f"C{chance.randrange(concepts):07d}|A{number}|AUI|{chance.choice(['PAR', 'CHD', 'SIB'])}|"
        f"C{chance.randrange(concepts):07d}|A{number}|AUI||R{number}||HPO|HPO||Y|N||\n"
        for number in range(50_000)
    )
    (tmp_path / "MRCONSO.RRF").write_text("".join(names), encoding="utf-8", newline="")
    (tmp_path / "MRREL.RRF").write_text("".join(relations), encoding="utf-8", newline="")
    begun = time.perf_counter()
    connection = filled([tmp_path / "MRCONSO.RRF", tmp_path / "MRREL.RRF"])
    record_property("rows_per_second", round(100_000 / (time.perf_counter() - begun)))
    assert connection.execute("SELECT count(*) FROM name WHERE kind = 'preferred'").fetchall() == [(concepts,)]
    exact = "SELECT count(*) FROM mapping WHERE predicate_id LIKE '%exactMatch'"
    assert connection.execute(exact).fetchall() == [(concepts,)]
