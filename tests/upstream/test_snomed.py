"""SNOMED CT's snapshot files: what each becomes alone and together, and what is told of a bad row."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import duckdb
import pyoxigraph as ox
import pytest

from calckg import prefixes, tables
from calckg.errors import SourceError
from calckg.identifiers import verhoeff_check_digit
from calckg.tables import SEPARATOR
from calckg.upstream import stop
from calckg.upstream.snomed import FORMATS, SOURCE
from tests import stating

DATA = Path(__file__).parent / "data/snomed"
GRAPH = "https://w3id.org/calckg/graph/release/snomed"
FILES = sorted(path.name for path in DATA.glob("*.txt"))
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
    if isinstance(value, str) and SEPARATOR in value:
        return " ".join(str(short(part)) for part in value.split(SEPARATOR) if part)
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


def about(select: Select, columns: str, table: str, concept: str) -> list[tuple[object, ...]]:
    return select(f"SELECT {columns} FROM {table} WHERE ends_with(concept, '/{concept}')")


def triples(connection: duckdb.DuckDBPyConnection) -> list[str]:
    connection.execute("CREATE OR REPLACE TEMP TABLE q (s VARCHAR, p VARCHAR, o VARCHAR, g VARCHAR)")
    stating.insert(connection, "q")
    rows = connection.execute("SELECT s || ' ' || p || ' ' || o || ' ' || g || ' .' FROM q ORDER BY ALL").fetchall()
    return [str(row[0]) for row in rows]


# Files


@pytest.mark.parametrize(
    "name",
    [
        "sct2_Concept_Snapshot_INT_20240101.txt",
        "sct2_Concept_Snapshot_US1000124_20240301.txt.gz",
        "xsct2_Description_Snapshot-en_INT_20240101.txt",
        "sct2_TextDefinition_Snapshot-en_US1000124_20240301.txt",
        "der2_cRefset_LanguageSnapshot-en_INT_20240101T120000Z.txt",
        "der2_cRefset_AssociationReferenceSnapshot_INT_20130131.txt",
        "der2_iissscRefset_ComplexMapSnapshot_US1000124_20240301.txt",
    ],
)
def test_a_snapshot_file_is_known_by_its_name(name: str) -> None:
    assert [known.source.name for known in FORMATS if known.matches(name, b"id\teffectiveTime\t")] == ["snomed"]


@pytest.mark.parametrize(
    "name",
    [
        "sct2_Concept_Full_INT_20240101.txt",
        "sct2_Concept_Delta_INT_20240101.txt",
        "sct2_StatedRelationship_Snapshot_INT_20240101.txt",
        "sct2_RelationshipConcreteValues_Snapshot_INT_20240101.txt",
        "der2_Refset_SimpleSnapshot_INT_20240101.txt",
    ],
)
def test_other_files_are_not_known(name: str) -> None:
    assert not any(known.matches(name, b"id\teffectiveTime\t") for known in FORMATS)


def test_the_name_tells_edition_and_release() -> None:
    stated = FORMATS[0].stated(Path("sct2_Concept_Snapshot_US1000124_20240301.txt"), b"")
    assert (stated.version, stated.issued) == ("US1000124 20240301", "2024-03-01")


def test_the_source_may_not_be_passed_on() -> None:
    assert SOURCE.redistribution is False


@pytest.mark.parametrize("name", FILES)
def test_every_row_is_counted(name: str) -> None:
    connection = duckdb.connect()
    tables.create(connection)
    assert fill(connection, DATA / name) == (DATA / name).read_bytes().count(b"\n") - 1


def test_the_order_of_the_files_does_not_matter(connection: duckdb.DuckDBPyConnection) -> None:
    assert triples(filled(DATA / name for name in reversed(FILES))) == triples(connection)


def test_the_quads_are_n_quads(connection: duckdb.DuckDBPyConnection) -> None:
    lines = triples(connection)
    assert len(list(ox.parse("\n".join(lines), format=ox.RdfFormat.N_QUADS))) == len(lines)


def test_what_is_left_out_by_rule_is_told_once() -> None:
    connection = filled(DATA / name for name in FILES)
    assert SOURCE.left_out is not None
    assert SOURCE.left_out(connection) == [
        ("der2_cRefset_Association", "not active", 1),
        ("der2_cRefset_Association", "of a description or relationship", 1),
        ("der2_cRefset_AttributeValue", "no reason for a concept", 1),
        ("der2_cRefset_Language", "acceptable, not preferred", 2),
        ("der2_cRefset_Language", "not active", 1),
        ("der2_iisssccRefset_ExtendedMap", "not active", 1),
        ("sct2_Relationship", "not active", 1),
        ("sct2_Relationship", "not inferred", 2),
    ]
    assert SOURCE.left_out(connection) == []


def test_nothing_put_by_is_left() -> None:
    connection = filled(DATA / name for name in FILES)
    assert SOURCE.left_out is not None
    SOURCE.left_out(connection)
    left = connection.execute("SELECT table_name FROM duckdb_tables() WHERE temporary").fetchall()
    assert left == []


# Concepts


def test_an_active_concept_has_the_date_of_its_last_change(select: Select) -> None:
    rows = about(select, "scheme, notation, deprecated, modified", "concept", "237897009")
    assert ("ckgid:scheme/SCTID", "SCTID:237897009", None, "2002-01-31") in rows


def test_an_inactive_concept_is_deprecated_since_the_date_of_its_row(select: Select) -> None:
    rows = about(select, "deprecated, retired_on, modified", "concept", "990003009")
    assert (True, "2019-07-31", None) in rows


def test_a_concept_of_an_extension_is_read(select: Select) -> None:
    assert ("SCTID:421000124100",) in about(select, "notation", "concept", "421000124100")


def test_every_concept_has_one_notation_and_a_category(select: Select) -> None:
    found = "count(DISTINCT notation) <> 1 OR count(category) = 0"
    assert select(f"SELECT concept FROM concept GROUP BY concept HAVING {found}") == []


@pytest.mark.parametrize(
    ("concept", "category"),
    [
        ("237897009", "biolink:Disease"),
        ("990003009", "biolink:PhenotypicFeature"),
        ("59820001", "biolink:AnatomicalEntity"),
        ("990001006", "biolink:ChemicalEntity"),
        ("990007005", "biolink:Procedure"),
        ("990002004", "biolink:NamedThing"),  # (organism)
        ("24484000", "biolink:ClinicalModifier"),  # as an end of severity
        ("90734009", "biolink:ClinicalCourse"),
        ("255399007", "biolink:Onset"),
    ],
)
def test_the_tag_of_the_fully_specified_name_gives_the_category(select: Select, concept: str, category: str) -> None:
    assert set(about(select, "unnest(category)", "concept", concept)) == {(category,)}


def test_a_concept_tells_why_it_was_made_inactive(select: Select) -> None:
    sql = "SELECT concept, retirement_reason FROM concept WHERE retirement_reason IS NOT NULL"
    assert select(sql) == [("SCTID:990004003", "SCTID:900000000000484002")]


# Names


def names(select: Select, concept: str, kind: str) -> list[tuple[object, ...]]:
    return select(f"SELECT text, lang FROM name WHERE ends_with(concept, '/{concept}') AND kind = '{kind}'")


def test_the_preferred_term_is_the_preferred_name_in_each_language(select: Select) -> None:
    assert names(select, "237897009", "preferred") == [
        ("Vascular calcification", "en"),
        ("calcificación vascular", "es"),
    ]


def test_another_term_that_is_preferred_in_great_britain_is_preferred_in_en_gb(select: Select) -> None:
    assert names(select, "990008000", "preferred") == [
        ("Haemorrhage with vascular calcification", "en-gb"),
        ("Hemorrhage with vascular calcification", "en"),
    ]


def test_where_only_great_britain_prefers_a_term_it_is_the_preferred_name(select: Select) -> None:
    assert names(select, "59820001", "preferred") == [("Blood vessel", "en")]


def test_where_no_term_is_preferred_it_is_the_fully_specified_name(select: Select) -> None:
    assert names(select, "990001006", "preferred") == [("Calcium phosphate (substance)", "en")]


def test_the_fully_specified_name_is_else_an_exact_name(select: Select) -> None:
    sql = "SELECT kind, term_type, identifier FROM name WHERE text = 'Vascular calcification (disorder)'"
    assert select(sql) == [("exact", "fully specified name", ["990001018"])]


def test_an_inactive_description_is_hidden_unless_another_shows_the_text(select: Select) -> None:
    assert names(select, "237897009", "hidden") == [("Calcinosis of vessels", "en")]


def test_a_text_is_of_one_kind(select: Select) -> None:
    sql = "SELECT concept FROM name GROUP BY concept, lang, text HAVING count(DISTINCT kind) > 1"
    assert select(sql) == []


def test_quotes_stay_and_text_is_in_nfc(select: Select) -> None:
    sql = "SELECT text FROM name WHERE text LIKE '%pipe%' OR text LIKE '%vasculaire'"
    assert select(sql) == [('Calcified "pipe-stem" artery',), ("Oédeme vasculaire",)]


def test_an_active_definition_is_read(select: Select) -> None:
    assert select("SELECT text, lang, kind FROM definition") == [
        ('Deposits of calcium salts in the wall of a vessel, seen as "rails" in a radiograph.', "en", "definition")
    ]


# Relationships


def test_active_inferred_is_a_is_broader(select: Select) -> None:
    assert select("SELECT concept, broader FROM broader") == [
        ("SCTID:237897009", "SCTID:64572001"),
        ("SCTID:990008000", "SCTID:237897009"),
    ]


def test_attributes_become_associations_where_a_predicate_fits(select: Select) -> None:
    assert select("SELECT subject, predicate, object FROM association") == [
        ("SCTID:237897009", "biolink:causes", "SCTID:990008000"),  # due to
        ("SCTID:237897009", "biolink:located_in", "SCTID:59820001"),
        ("SCTID:990001006", "biolink:causes", "SCTID:237897009"),  # causative agent
        ("SCTID:990002004", "biolink:affects", "SCTID:237897009"),  # an organism is no cause of the model
        ("SCTID:990008000", "ckg:has_clinical_course", "SCTID:255399007"),
        ("SCTID:990008000", "ckg:has_clinical_course", "SCTID:90734009"),
        ("SCTID:990008000", "ckg:has_modifier", "SCTID:24484000"),
    ]


def test_an_association_keeps_attribute_and_relationship(select: Select) -> None:
    sql = (
        "SELECT original_predicate, identifier, primary_knowledge_source FROM association WHERE object LIKE '%59820001'"
    )
    assert select(sql) == [(["SCTID:363698007"], ["990005027"], "infores:snomedct")]


def test_other_attributes_are_stated_as_they_are(select: Select) -> None:
    stated = "SELECT concept, unnest(extra) FROM concept WHERE concept LIKE '%/id/{}'"
    assert ("SCTID:237897009", "SCTID:116676008 SCTID:990002004") in select(stated.format("237897009"))
    assert select(stated.format("990007005")) == [("SCTID:990007005", "SCTID:363698007 SCTID:59820001")]


# Inactive concepts


def test_only_a_certain_association_with_one_concept_is_a_replacement(select: Select) -> None:
    assert select("SELECT concept, replacement, kind, relation FROM replacement") == [
        ("SCTID:990003009", "SCTID:237897009", "replaced", "SCTID:900000000000526001"),
        ("SCTID:990004003", "SCTID:237897009", "consider", "SCTID:900000000000523009"),
        ("SCTID:990004003", "SCTID:64572001", "consider", "SCTID:900000000000523009"),
        ("SCTID:990005002", "SCTID:237897009", "consider", "SCTID:900000000000527005"),
        ("SCTID:990005002", "SCTID:64572001", "consider", "SCTID:900000000000527005"),
    ]


@pytest.mark.parametrize(
    ("concept", "stated"),
    [
        ("990006001", "SCTID:900000000000524003 SCTID:370136006"),  # moved to a namespace
        ("59820001", "SCTID:734138000 SCTID:990012006"),  # an anatomical structure and its whole
    ],
)
def test_other_association_reference_sets_are_stated_as_they_are(select: Select, concept: str, stated: str) -> None:
    assert (stated,) in about(select, "unnest(extra)", "concept", concept)


# Maps


def mapped(select: Select, concept: str) -> list[tuple[object, ...]]:
    return select(f"SELECT predicate_id, object_id FROM mapping WHERE subject_id LIKE '%/{concept}'")


@pytest.mark.parametrize(
    ("concept", "expected"),
    [
        ("990008000", [("skos:relatedMatch", f"ICD10WHO:{code}") for code in ("I70.9", "N92.0", "R58")]),
        ("64572001", [("skos:broadMatch", "sssom:NoTermFound")]),
        ("990001006", [("skos:exactMatch", "ICD10WHO:E83.5")]),
        ("990002004", [("skos:narrowMatch", "ICD10WHO:B99")]),
        ("59820001", [("skos:closeMatch", "ICD10WHO:I70")]),  # a simple map
        ("990007005", []),  # inactive
    ],
)
def test_the_correlation_or_the_rule_gives_the_predicate(
    select: Select, concept: str, expected: list[tuple[object, ...]]
) -> None:
    assert mapped(select, concept) == expected


def test_one_code_always_is_broader(select: Select) -> None:
    assert ("skos:broadMatch", "ICD10WHO:I70.9") in mapped(select, "237897009")


def test_a_code_to_be_completed_is_mapped_and_kept_as_written(select: Select) -> None:
    assert ("skos:broadMatch", "ICD10CM:S72.001") in mapped(select, "237897009")
    sql = "SELECT unnest(extra) FROM mapping WHERE object_id LIKE '%S72.001'"
    assert ("ckg:mapTarget xsd:string S72.001?",) in select(sql)


def test_a_map_keeps_group_priority_rule_advice_correlation_and_category(select: Select) -> None:
    assert select("SELECT unnest(extra) FROM mapping WHERE object_id LIKE '%N92.0'") == [
        ("ckg:mapAdvice xsd:string IF FEMALE CHOOSE N92.0 | MAP IS CONTEXT DEPENDENT FOR GENDER",),
        ("ckg:mapCategory SCTID:447639009",),
        ("ckg:mapCorrelation SCTID:447561005",),
        ("ckg:mapGroup xsd:integer 1",),
        ("ckg:mapPriority xsd:integer 1",),
        ("ckg:mapRule xsd:string IFA 248152002 | Female (finding) |",),
    ]


def test_each_member_of_a_map_is_a_mapping_of_its_own(select: Select) -> None:
    assert len(select("SELECT DISTINCT record_id FROM mapping")) == len(select("SELECT record_id FROM mapping")) == 9


def test_codes_of_systems_without_a_prefix_are_kept_in_words(select: Select) -> None:
    found = {row[0] for row in about(select, "unnest(extra)", "concept", "237897009")}
    assert {"oboInOwl:hasDbXref xsd:string CTV3:XE0UG", "oboInOwl:hasDbXref xsd:string ICDO:M-55400"} <= found


# Bad rows

CORE = "900000000000207008"
HEADS = {
    "sct2_Concept_": "definitionStatusId",
    "sct2_Description_": "conceptId languageCode typeId term caseSignificanceId",
    "sct2_Relationship_": "sourceId destinationId relationshipGroup typeId characteristicTypeId modifierId",
    "der2_cRefset_Association": "refsetId referencedComponentId targetComponentId",
    "der2_sRefset_SimpleMap": "refsetId referencedComponentId mapTarget",
}


def written(folder: Path, kind: str, rows: Sequence[Sequence[str]]) -> Path:
    path = folder / f"{kind}Snapshot_INT_20240101.txt"
    head = ["id", "effectiveTime", "active", "moduleId", *HEADS[kind].split()]
    path.write_text("".join("\t".join(row) + "\r\n" for row in (head, *rows)), encoding="utf-8", newline="")
    return path


def concept(identifier: str, time: str = "20020131", active: str = "1") -> list[str]:
    return [identifier, time, active, CORE, "900000000000074008"]


@pytest.mark.parametrize(
    ("row", "column", "said"),
    [
        (concept("237897008"), "id", "the check digit is 8, 9 expected (Verhoeff)"),
        (concept("990001010"), "id", "marks a description, not a concept"),
        (concept(""), "id", "6 to 18 digits"),
        (concept("990001006", active="yes"), "active", "0 or 1 expected, found 'yes'"),
        (concept("990001006", time="2024-01-01"), "effectiveTime", "a date as in 20240101 expected"),
        (concept("990001006")[:3], None, "5 fields expected, 3 found"),
    ],
)
def test_a_bad_concept_is_told_with_place_and_value(
    tmp_path: Path, row: list[str], column: str | None, said: str
) -> None:
    errors = list[SourceError]()
    connection = filled_alone(written(tmp_path, "sct2_Concept_", [concept("237897009"), row]), errors.append)
    assert [(error.line, error.column) for error in errors] == [(3, column)]
    assert said in errors[0].reason
    assert connection.execute("SELECT DISTINCT notation FROM concept WHERE notation IS NOT NULL").fetchall() == [
        ("SCTID:237897009",)
    ]


DESCRIPTION = ["990001010", "20020131", "1", CORE, "237897009", "en", "900000000000013009", "A term", "x"]
RELATIONSHIP = ["1", "20020131", "1", CORE, "237897009", "64572001", "0", "116680003", "900000000000011006", "x"]
MEMBER = ["00000000-0000-4000-8000-000000000001", "20020131", "1", CORE]


@pytest.mark.parametrize(
    ("kind", "good", "place", "value", "column"),
    [
        ("sct2_Description_", DESCRIPTION, 4, "990001010", "conceptId"),  # a description's identifier
        ("sct2_Description_", DESCRIPTION, 5, "english", "languageCode"),
        ("sct2_Description_", DESCRIPTION, 6, "237897009", "typeId"),
        ("sct2_Description_", DESCRIPTION, 7, "", "term"),
        ("sct2_Relationship_", RELATIONSHIP, 4, "64572002", "sourceId"),
        ("sct2_Relationship_", RELATIONSHIP, 5, "", "destinationId"),
        (
            "der2_cRefset_Association",
            [*MEMBER, "900000000000526001", "990003009", "237897009"],
            6,
            "990001010",
            "targetComponentId",
        ),
        ("der2_sRefset_SimpleMap", [*MEMBER, "447562003", "237897009", "I70.9"], 6, "I709", "mapTarget"),
        ("der2_sRefset_SimpleMap", [*MEMBER, "447562003", "237897009", "I70.9"], 0, "1", "id"),
    ],
)
def test_bad_rows_of_the_other_files(
    tmp_path: Path, kind: str, good: list[str], place: int, value: str, column: str
) -> None:
    errors = list[SourceError]()
    bad = [*good[:place], value, *good[place + 1 :]]
    if place:
        bad[0] = f"{good[0][:-1]}8"  # another row
    filled_alone(written(tmp_path, kind, [good, bad]), errors.append)
    assert [(error.line, error.column) for error in errors] == [(3, column)]


def test_a_bad_row_stops_the_reader_when_nobody_takes_it(tmp_path: Path) -> None:
    path = written(tmp_path, "sct2_Concept_", [concept("990001010")])
    with pytest.raises(SourceError, match=r"INT_20240101\.txt:2:id: SCTID:990001010: partition 01"):
        filled_alone(path, stop)


def test_of_several_rows_for_one_identifier_the_latest_stays_and_the_others_are_told(tmp_path: Path) -> None:
    errors = list[SourceError]()
    rows = [concept("237897009"), concept("237897009", "20240101", "0"), concept("64572001")]
    connection = filled_alone(written(tmp_path, "sct2_Concept_", rows), errors.append)
    assert [(error.line, error.column) for error in errors] == [(2, "id")]
    assert "is this a Full file?" in errors[0].reason
    sql = "SELECT retired_on FROM concept WHERE concept LIKE '%/237897009' AND notation IS NOT NULL"
    assert connection.execute(sql).fetchall() == [("2024-01-01",)]


# Size


def identifier(number: int, partition: str) -> str:
    digits = f"{number + 1000}{partition}"
    return digits + verhoeff_check_digit(digits)


def test_a_hundred_thousand_rows(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    chance, name = random.Random(1), "900000000000003001"
    concepts = [identifier(number, "00") for number in range(20_000)]
    paths = [
        written(tmp_path, "sct2_Concept_", [concept(each) for each in concepts]),
        written(
            tmp_path,
            "sct2_Description_",
            [
                [identifier(place, "01"), "20020131", "1", CORE, each, "en", name, f"Thing {place} (disorder)", "x"]
                for place, each in enumerate(concepts)
            ],
        ),
        written(
            tmp_path,
            "sct2_Relationship_",
            [
                [identifier(place, "02"), *RELATIONSHIP[1:4], *chance.sample(concepts, 2), *RELATIONSHIP[6:]]
                for place in range(60_000)
            ],
        ),
    ]
    begun = time.perf_counter()
    connection = filled(paths)
    record_property("rows_per_second", round(100_000 / (time.perf_counter() - begun)))
    assert connection.execute("SELECT count(*) FROM name WHERE kind = 'preferred'").fetchall() == [(20_000,)]
    assert connection.execute("SELECT count(*) FROM broader").fetchall() == [(60_000,)]
