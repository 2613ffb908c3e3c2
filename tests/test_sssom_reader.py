"""The reader of SSSOM/TSV: what each slot becomes, that no mapping is lost, and what is said of a bad file."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from calckg import loading, prefixes, tables
from calckg.errors import SourceError
from calckg.tables import Type
from calckg.upstream import sssom, sssom_slots

DATA = Path(__file__).parent / "data" / "sssom"
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
GRAPH = "https://w3id.org/calckg/graph/release/example"
OBO = "http://purl.obolibrary.org/obo/"
SKOS = "http://www.w3.org/2004/02/skos/core#"
OWL = "http://www.w3.org/2002/07/owl#"
SEMAPV = "https://w3id.org/semapv/vocab/"
SSSOM = "https://w3id.org/sssom/"
XSD = "http://www.w3.org/2001/XMLSchema#"
EX = "https://example.org/"
MESH = "http://id.nlm.nih.gov/mesh/"

HEAD = f"""#curie_map:
#  HP: {OBO}HP_
#  EX: {EX}
#mapping_set_id: {EX}set
"""
COLUMNS = "subject_id\tpredicate_id\tobject_id\tmapping_justification\n"
ROW = "HP:0004934\tskos:exactMatch\tEX:1\tsemapv:ManualMappingCuration\n"


def rows(path: Path, table: str, **options: Any) -> list[dict[str, Any]]:
    """Return the rows of ``table``, without the columns that are empty."""
    return [
        {column: value for column, value in row.items() if value not in (None, [])}
        for name, row in sssom.read(path, GRAPH, **options)
        if name == table
    ]


def written(folder: Path, text: str | bytes, name: str = "set.sssom.tsv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


# --- the slots


def test_every_slot_is_in_the_mapping() -> None:
    (mapping,) = rows(DATA / "every-slot.sssom.tsv", "mapping")
    assert mapping == {
        "graph": GRAPH,
        "mapping_set": EX + "sets/every-slot",
        "record_id": EX + "record1",
        "subject_id": OBO + "HP_0004934",
        "subject_label": "Vascular calcification",
        "subject_category": "biolink:PhenotypicFeature",
        "predicate_id": SKOS + "exactMatch",
        "predicate_label": "has exact match",
        "predicate_modifier": SSSOM + "NegatedPredicate",
        "object_id": MESH + "D061205",
        "object_label": 'Vascular "calcification"',
        "object_category": "disease",
        "mapping_justification": SEMAPV + "LexicalMatching",
        "author_id": ["https://orcid.org/0000-0001-0000-0001", "https://orcid.org/0000-0001-0000-0002"],
        "author_label": ["A|B", "C\\"],
        "reviewer_id": ["https://orcid.org/0000-0001-0000-0003"],
        "reviewer_label": ["Reviewer"],
        "creator_id": ["https://orcid.org/0000-0001-0000-0004"],
        "creator_label": ["Creator"],
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "subject_type": OWL + "Class",
        "subject_source": EX + "hpo",
        "subject_source_version": "2025-05-06",
        "object_type": SKOS + "Concept",
        "object_source": EX + "mesh",
        "object_source_version": "2026",
        "predicate_type": OWL + "AnnotationProperty",
        "mapping_provider": EX + "provider",
        "mapping_source": EX + "sets/other",
        "mapping_cardinality": "1:1",
        "cardinality_scope": ["predicate_id", "subject_source"],
        "mapping_tool": "matcher",
        "mapping_tool_id": EX + "tool",
        "mapping_tool_version": "1.2",
        "mapping_date": "2024-01-02",
        "publication_date": "2024-01-03",
        "review_date": "2024-01-04",
        "confidence": 0.95,
        "reviewer_agreement": -0.5,
        "curation_rule": [EX + "rule1", EX + "rule2"],
        "curation_rule_text": ["by name"],
        "subject_match_field": ["http://www.w3.org/2000/01/rdf-schema#label", SKOS + "altLabel"],
        "object_match_field": ["http://www.w3.org/2000/01/rdf-schema#label"],
        "match_string": ["vascular calcification"],
        "subject_preprocessing": [SEMAPV + "Stemming"],
        "object_preprocessing": [SEMAPV + "Lowercasing"],
        "similarity_score": 0.9,
        "similarity_measure": "Levenshtein distance",
        "see_also": [EX + "a", EX + "b"],
        "issue_tracker_item": EX + "issues/1",
        "other": "a: b",
        "comment": "two\nlines",
        "extra": [
            tables.extra(EX + "reviewed", "true", datatype=XSD + "boolean"),
            tables.extra(EX + "nearest", OBO + "HP_0011915"),
            tables.extra("http://sssom.invalid/ext_undefined", "anything", datatype=XSD + "string"),
        ],
    }
    assert set(mapping) == {column.name for column in tables.TABLES["mapping"].columns}


def test_the_set_is_described() -> None:
    assert rows(DATA / "every-slot.sssom.tsv", "source") == [
        {
            "graph": GRAPH,
            "iri": EX + "sets/every-slot",
            "part_of": GRAPH,
            "type": [SSSOM + "MappingSet"],
            "sssom_version": SSSOM + "version1.1",
            "title": "Every slot",
            "version_info": "2024-02-25",
            "confidence": 0.5,
            "license": "https://creativecommons.org/publicdomain/zero/1.0/",
            "creator": ["https://orcid.org/0000-0001-0000-0009"],
        }
    ]


def test_the_slots_are_those_of_the_schema() -> None:
    """The peer is the LinkML schema that the package sssom is built on."""
    schema = yaml.safe_load((resources.files("sssom_schema") / "schema" / "sssom_schema.yaml").read_text("utf-8"))
    slots = {name: schema["slots"][name] for name in schema["classes"]["mapping"]["slots"]}
    assert {name: bool(slot.get("multivalued")) for name, slot in slots.items()} == {
        name: column.many for name, column in sssom_slots.SLOTS.items()
    }
    propagated = {name for name, slot in slots.items() if slot.get("annotations", {}).get("propagated")}
    assert propagated == set(sssom_slots.PROPAGATED)
    numbers = {name for name, slot in slots.items() if slot["range"] == "double"}
    assert numbers == {name for name, column in sssom_slots.SLOTS.items() if column.type is Type.DOUBLE}
    texts = {name for name, slot in slots.items() if slot["range"] == "string"} | {"mapping_cardinality"}
    assert texts == {name for name, column in sssom_slots.SLOTS.items() if column.type is Type.TEXT}


def test_a_slot_of_the_set_holds_for_each_mapping() -> None:
    mappings = rows(DATA / "kinds.sssom.tsv", "mapping")
    assert [mapping["object_source"] for mapping in mappings] == [EX + "mesh"] * 4


def test_a_slot_of_the_set_stays_there_when_one_mapping_has_its_own() -> None:
    mappings = rows(DATA / "kinds.sssom.tsv", "mapping")
    assert [mapping.get("mapping_tool") for mapping in mappings] == [None, "machine", None, None]
    (described,) = rows(DATA / "kinds.sssom.tsv", "source")
    assert described["extra"] == [tables.extra(SSSOM + "mapping_tool", "hand", datatype=XSD + "string")]


def test_a_set_of_before_1_0_is_understood() -> None:
    first, second, third = rows(DATA / "before-1.0.sssom.tsv", "mapping")
    assert first["mapping_justification"] == SEMAPV + "LexicalMatching"
    assert first["subject_type"] == first["object_type"] == OWL + "Class"
    assert first["similarity_score"] == 0.8
    assert first["subject_source"] == OBO + "hp.owl"
    assert second["object_id"] == third["object_id"] == SSSOM + "NoTermFound"


def test_a_slot_of_before_1_0_does_not_count_beside_its_successor(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + COLUMNS.strip() + "\tmatch_type\n" + ROW.strip() + "\tLexical\n")
    (mapping,) = rows(path, "mapping")
    assert mapping["mapping_justification"] == SEMAPV + "ManualMappingCuration"


# --- metadata


def test_metadata_may_be_in_the_file_beside_it() -> None:
    (mapping,) = rows(DATA / "external.sssom.tsv", "mapping")
    assert mapping["mapping_set"] == EX + "sets/external"
    assert mapping["mapping_date"] == "2024-02-25"


def test_metadata_may_be_in_a_file_that_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, COLUMNS + ROW)
    (mapping,) = rows(path, "mapping", metadata=DATA / "external.sssom.yml")
    assert mapping["mapping_set"] == EX + "sets/external"


def test_a_set_without_an_identifier_is_taken_for_its_source(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD.replace(f"#mapping_set_id: {EX}set\n", "") + COLUMNS + ROW)
    (mapping,) = rows(path, "mapping")
    assert mapping["mapping_set"] == GRAPH


def test_a_multi_valued_slot_may_be_written_as_one_value(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + "#see_also: https://example.org/a\n" + COLUMNS + ROW)
    (described,) = rows(path, "source")
    assert described["see_also"] == [EX + "a"]


def test_tabs_that_a_spreadsheet_put_behind_the_metadata_do_no_harm(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD.replace("\n", "\t\t\t\n") + COLUMNS + ROW)
    assert len(rows(path, "mapping")) == 1


# --- the bytes


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda data: data.replace(b"\n", b"\r\n"), id="CRLF"),
        pytest.param(lambda data: b"\xef\xbb\xbf" + data, id="BOM"),
        pytest.param(lambda data: data[:-1], id="no line end at the end"),
        pytest.param(lambda data: data + b"\n\n", id="empty lines at the end"),
    ],
)
def test_the_same_mappings_come_of_other_bytes(change: Any, tmp_path: Path) -> None:
    original = DATA / "kinds.sssom.tsv"
    changed = written(tmp_path, change(original.read_bytes()))
    assert list(sssom.read(changed, GRAPH)) == list(sssom.read(original, GRAPH))


def test_a_set_may_be_compressed(tmp_path: Path) -> None:
    original = DATA / "kinds.sssom.tsv"
    packed = written(tmp_path, gzip.compress(original.read_bytes()), "set.sssom.tsv.gz")
    assert list(sssom.read(packed, GRAPH)) == list(sssom.read(original, GRAPH))


@pytest.mark.parametrize(
    ("cell", "values"),
    [
        ("a", ["a"]),
        ("a|b", ["a", "b"]),
        (" a | b ", ["a", "b"]),
        ("a||b|", ["a", "b"]),
        (r"a\|b", ["a|b"]),
        (r"a\\|b", ["a\\", "b"]),
        (r"a\\\|b\\", ["a\\|b\\"]),
        (r"a\n|b", [r"a\n", "b"]),
        ("a\\", ["a\\"]),
    ],
)
def test_a_bar_in_a_value_is_escaped(cell: str, values: list[str]) -> None:
    assert sssom_slots.split(cell) == values


# --- the ends


def test_each_end_is_a_concept_with_scheme_notation_and_category() -> None:
    assert rows(DATA / "every-slot.sssom.tsv", "concept") == [
        {
            "graph": GRAPH,
            "concept": OBO + "HP_0004934",
            "scheme": "https://w3id.org/calckg/id/scheme/HP",
            "notation": "HP:0004934",
            "category": ["https://w3id.org/biolink/vocab/PhenotypicFeature"],
        },
        {
            "graph": GRAPH,
            "concept": MESH + "D061205",
            "scheme": "https://w3id.org/calckg/id/scheme/mesh",
            "notation": "mesh:D061205",
            "category": ["https://w3id.org/biolink/vocab/NamedThing"],  # "disease" is no class of Biolink's
        },
    ]


def test_each_label_is_a_name_of_its_end() -> None:
    assert [
        (row["concept"], row["text"], row["lang"], row["kind"]) for row in rows(DATA / "kinds.sssom.tsv", "name")
    ] == [
        (OBO + "HP_0004934", "Vascular calcification", "en", "exact"),
        (OBO + "HP_0011915", "Cardiovascular calcification", "en", "exact"),
    ]


def test_neither_a_literal_nor_the_absence_of_a_term_is_a_concept() -> None:
    concepts = {row["concept"] for row in rows(DATA / "kinds.sssom.tsv", "concept")}
    assert concepts == {OBO + "HP_0004934", OBO + "HP_0011915", OBO + "MONDO_0005311", MESH + "D061205"}


def test_a_code_in_a_namespace_of_the_set_alone_keeps_its_curie_and_has_no_scheme(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + COLUMNS + ROW)
    concepts = rows(path, "concept")
    assert [(row["notation"], row.get("scheme")) for row in concepts] == [
        ("HP:0004934", "https://w3id.org/calckg/id/scheme/HP"),
        ("EX:1", None),
    ]


# --- bad input: file, line, column, value, remedy

BAD = {
    "unknown prefix": (HEAD + COLUMNS + ROW.replace("EX:1", "EXX:1"), "6:object_id", "'EXX:1'", "did you mean EX"),
    "no CURIE": (HEAD + COLUMNS + ROW.replace("EX:1", "one"), "6:object_id", "'one'", "write one"),
    "a blank in a CURIE": (HEAD + COLUMNS + ROW.replace("EX:1", "EX: 1"), "6:object_id", "'EX: 1'", "write one"),
    "an IRI": (HEAD + COLUMNS + ROW.replace("EX:1", EX + "1"), "6:object_id", EX + "1", "write a CURIE"),
    "no IRI comes of it": (HEAD + COLUMNS + ROW.replace("EX:1", "EX:<1>"), "6:object_id", EX + "<1>", "write one"),
    "no subject": (HEAD + COLUMNS + ROW.replace("HP:0004934", ""), "6:subject_id", "empty", "write it"),
    "no predicate": (HEAD + COLUMNS + ROW.replace("skos:exactMatch", ""), "6:predicate_id", "empty", "needs one"),
    "no justification": (
        HEAD + COLUMNS + ROW.replace("semapv:ManualMappingCuration", ""),
        "6:mapping_justification",
        "empty",
        "needs one",
    ),
    "a literal without its text": (
        HEAD + COLUMNS.strip() + "\tsubject_type\n" + ROW.strip() + "\trdfs literal\n",
        "6:subject_label",
        "empty",
        "write it",
    ),
    "too few cells": (HEAD + COLUMNS + "HP:0004934\tskos:exactMatch\n", "6", "4 cells expected, 2 found", "tabs"),
    "too many cells": (HEAD + COLUMNS + ROW.strip() + "\tx\n", "6", "4 cells expected, 5 found", "tabs"),
    "an open quote": (HEAD + COLUMNS + ROW + ROW.replace("EX:1", '"EX:1'), "7", "quotes", "double"),
    "text behind a quote": (HEAD + COLUMNS + ROW.replace("EX:1", '"EX:1"2'), "6", "quotes", "double"),
    "no number": (
        HEAD + COLUMNS.strip() + "\tconfidence\n" + ROW.strip() + "\thigh\n",
        "6:confidence",
        "'high'",
        "write it as 0.95",
    ),
    "no finite number": (
        HEAD + COLUMNS.strip() + "\tconfidence\n" + ROW.strip() + "\tnan\n",
        "6:confidence",
        "'nan'",
        "write it as 0.95",
    ),
    "no date": (
        HEAD + COLUMNS.strip() + "\tmapping_date\n" + ROW.strip() + "\t2024-02-30\n",
        "6:mapping_date",
        "'2024-02-30'",
        "write it as 2024-02-25",
    ),
    "no type of entity": (
        HEAD + COLUMNS.strip() + "\tsubject_type\n" + ROW.strip() + "\tclass\n",
        "6:subject_type",
        "'class'",
        "owl class",
    ),
    "no modifier": (
        HEAD + COLUMNS.strip() + "\tpredicate_modifier\n" + ROW.strip() + "\tnot\n",
        "6:predicate_modifier",
        "'not'",
        "write Not",
    ),
    "no cardinality": (
        HEAD + COLUMNS.strip() + "\tmapping_cardinality\n" + ROW.strip() + "\t1:2\n",
        "6:mapping_cardinality",
        "'1:2'",
        "1:n",
    ),
    "no address": (
        HEAD + COLUMNS.strip() + "\tsee_also\n" + ROW.strip() + "\tpage.html\n",
        "6:see_also",
        "'page.html'",
        "https://example.org/a",
    ),
    "no match type": (
        HEAD
        + COLUMNS.replace("mapping_justification", "match_type")
        + ROW.replace("semapv:ManualMappingCuration", "By hand"),
        "6:match_type",
        "'By hand'",
        "HumanCurated",
    ),
    "a column missing": (HEAD + COLUMNS.replace("predicate_id", "predicate"), "5", "predicate_id", "needs one"),
    "a column twice": (HEAD + COLUMNS.replace("object_id", "subject_id"), "5:subject_id", "twice", "keep one"),
    "a column without a name": (HEAD + COLUMNS.replace("object_id", ""), "5:3", "no name", "name it"),
    "no columns": (HEAD, "5", "no column names", "complete"),
    "no metadata": (COLUMNS + ROW, "1", "no metadata", "curie_map"),
    "no YAML": (HEAD + "#license: 'open\n" + COLUMNS + ROW, "5:16", "not YAML", "mend"),
    "metadata without slots": ("#only text\n" + COLUMNS + ROW, "1", "no slots", "slot: value"),
    "a slot twice": (HEAD + "#curie_map: {}\n" + COLUMNS + ROW, "5", "curie_map", "keep one"),
    "an alias": (HEAD + "#license: &a b\n#other: *a\n" + COLUMNS + ROW, "5", "alias", "write the value out"),
    "a prefix that is no IRI": (HEAD.replace(EX + "\n", "here\n") + COLUMNS, "3:curie_map", "'here'", "namespace"),
    "a built-in prefix for something else": (
        HEAD.replace("EX:", "skos:", 1) + COLUMNS,
        "3:curie_map",
        "skos",
        "use http://www.w3.org/2004/02/skos/core#",
    ),
    "no curie map": (
        HEAD.replace("#curie_map:\n", "#curie_map: x\n").replace("#  ", "#") + COLUMNS,
        "1:curie_map",
        "namespace",
        "write",
    ),
    "two values for one": (HEAD + "#license: [a, b]\n" + COLUMNS + ROW, "5:license", "2 values", "keep one"),
    "a slot of the set with a bad value": (
        HEAD + "#mapping_date: today\n" + COLUMNS + ROW,
        "5:mapping_date",
        "'today'",
        "write it as 2024-02-25",
    ),
    "an unknown version": (HEAD + '#sssom_version: "9.9"\n' + COLUMNS + ROW, "5:sssom_version", "'9.9'", "update"),
    "not UTF-8": ((HEAD + COLUMNS + ROW).encode() + b"\xff\n", "7", "not UTF-8", "convert"),
    "empty": ("", None, "empty", "complete"),
}


@pytest.mark.parametrize(("text", "place", "value", "remedy"), BAD.values(), ids=BAD)
def test_a_bad_file_is_told_with_its_place_the_value_and_the_way_out(
    text: str | bytes, place: str | None, value: str, remedy: str, tmp_path: Path
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(SourceError) as caught:
        list(sssom.read(path, GRAPH))
    message = str(caught.value)
    assert message.startswith(f"{path}:{place}: " if place else f"{path}: ")
    assert value in message
    assert remedy in message
    assert "\n" not in message


def test_half_a_gzip_file_is_told(tmp_path: Path) -> None:
    packed = gzip.compress((HEAD + COLUMNS + ROW * 1000).encode())
    path = written(tmp_path, packed[: len(packed) // 2], "set.sssom.tsv.gz")
    with pytest.raises(SourceError, match="not a whole gzip file"):
        list(sssom.read(path, GRAPH))


def test_a_row_that_cannot_be_read_may_be_left_out_and_is_told(tmp_path: Path) -> None:
    bad = ROW.replace("EX:1", "one"), "HP:1\n", ROW.replace("EX:1", '"EX:1"2')
    path = written(tmp_path, HEAD + COLUMNS + ROW + "".join(bad) + ROW)
    errors: list[SourceError] = []
    assert len(rows(path, "mapping", on_error=errors.append)) == 2
    assert [error.line for error in errors] == [7, 8, 9]


def test_a_line_is_counted_where_its_row_begins(tmp_path: Path) -> None:
    text = (
        HEAD + COLUMNS.strip() + "\tcomment\n" + ROW.strip() + '\t"two\nlines"\n\n' + ROW.replace("EX:1", "one").strip()
    )
    path = written(tmp_path, text + "\t\n")
    with pytest.raises(SourceError) as caught:
        list(sssom.read(path, GRAPH))
    assert caught.value.line == 9


def test_the_file_as_it_is_written_can_be_had() -> None:
    mapping_set = sssom.open_set(DATA / "before-1.0.sssom.tsv")
    assert mapping_set.columns[3] == "match_type"
    assert [(line, cells[3]) for line, cells in mapping_set.records()] == [
        (10, "Lexical"),
        (11, "HumanCurated"),
        (12, "HumanCurated"),
    ]


# --- real sets


def real_sets(folder: str) -> list[Any]:
    found = sorted((SHARED / folder).glob("*.sssom.tsv*"))
    missing = pytest.mark.skip(reason=f"{SHARED / folder} is not there")
    return [pytest.param(path, id=path.name) for path in found] or [pytest.param(None, marks=missing)]


def data_lines(path: Path) -> int:
    """Count the mappings of a set without the reader: its lines but metadata, header and empty ones."""
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    lines = [line for line in data.decode().splitlines() if line and not line.startswith("#")]
    return len(lines) - 1


@pytest.mark.parametrize("path", [*real_sets("sssom"), *real_sets("mondo")])
def test_not_one_mapping_is_lost(path: Path) -> None:
    count = Counter(name for name, _ in sssom.read(path, GRAPH))
    assert count["mapping"] == data_lines(path)


@pytest.mark.parametrize("path", real_sets("mondo"))
def test_each_code_is_the_one_that_the_prefix_table_makes(path: Path) -> None:
    """The reader looks a prefix up once a set; the table does so for each code."""
    table = prefixes.load()
    mapping_set = sssom.open_set(path)
    spaces = mapping_set.metadata.curie_map()
    subject, target = mapping_set.columns.index("subject_id"), mapping_set.columns.index("object_id")
    expected = []
    for _, cells in mapping_set.records():
        ends = [cells[index].partition(":") for index in (subject, target)]
        expected.append(tuple(table.normalise(spaces[prefix] + local) for prefix, _, local in ends))
    assert [(row["subject_id"], row["object_id"]) for row in rows(path, "mapping")] == expected
    for row in rows(path, "concept"):
        assert row["notation"] == table.compress(row["concept"])
        assert row["scheme"] == "https://w3id.org/calckg/id/scheme/" + str(table.prefix_of(row["concept"]))


@pytest.mark.skipif(not (SHARED / "mondo").is_dir(), reason=f"{SHARED / 'mondo'} is not there")
def test_every_identifier_of_real_sets_is_an_iri() -> None:
    with duckdb.connect() as connection:
        tables.create(connection)
        for path in (SHARED / "mondo").glob("*.sssom.tsv.gz"):
            loading.load(connection, sssom.read(path, GRAPH))
        assert [found for table in tables.TABLES for found in loading.malformed(connection, table)] == []


def test_the_peer_reads_the_same_mappings() -> None:
    """The peer is a plain CSV reader over the example files of the specification."""
    folder = SHARED / "sssom"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    for path in sorted(folder.glob("*.sssom.tsv")):
        with path.open(encoding="utf-8", newline="") as stream:
            plain = list(csv.DictReader((line for line in stream if not line.startswith("#")), delimiter="\t"))
        read = rows(path, "mapping")
        assert [row.get("subject_label") or "" for row in read] == [row.get("subject_label") or "" for row in plain]
        assert [row.get("comment") or "" for row in read] == [row.get("comment") or "" for row in plain]
