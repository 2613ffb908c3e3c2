"""``calckg mappings convert``: there and back without loss where a format can hold it, and a stated loss where not."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calckg.cli import mapping_convert
from calckg.errors import CalckgError, SourceError, UnknownNameError, UsageError
from calckg.mappings.formats import FORMATS, Converted, convert, tsv
from calckg.mappings.formats.model import MAPPING_SLOTS, TRIPLE, Mappings, joined, parts
from calckg.prefixes import load

SHARED = Path(__file__).parents[2] / "shared" / "data"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the folder of upstream data is not there")
DATA = Path(__file__).parent / "data" / "sssom"
SKOS = "http://www.w3.org/2004/02/skos/core#"
OWL = "http://www.w3.org/2002/07/owl#"
SUFFIXES = {
    "sssom-tsv": ".sssom.tsv",
    "sssom-rdf": ".ttl",
    "fhir": ".json",
    "skos": ".skos.ttl",
    "owl": ".owl.ttl",
}
PAIR = """
subject_id | predicate_id | object_id
HP:0004934 | skos:exactMatch | UMLS:C0342649
"""
HEAD = """#curie_map:
#  HP: http://purl.obolibrary.org/obo/HP_
#  UMLS: http://linkedlifedata.com/resource/umls/id/
#  dcterms: http://purl.org/dc/terms/
#license: https://creativecommons.org/publicdomain/zero/1.0/
#mapping_set_id: https://example.org/set
"""
There = Callable[..., tuple[Converted, Path]]


def table(text: str) -> str:
    """Return rows with bars between the cells as a mapping set, each made by hand."""
    header, *rows = ([cell.strip() for cell in line.split("|")] for line in text.strip("\n").splitlines())
    lines = [[*header, "mapping_justification"], *([*row, "semapv:ManualMappingCuration"] for row in rows)]
    return HEAD + "".join("\t".join(line) + "\n" for line in lines)


@pytest.fixture
def there(tmp_path: Path) -> There:
    """Convert a text of a format (SSSOM/TSV) to another, into a file."""

    def run(text: str, name: str, given: str = "sssom-tsv") -> tuple[Converted, Path]:
        path, out = tmp_path / f"in{SUFFIXES[given]}", tmp_path / f"out{SUFFIXES[name]}"
        path.write_bytes(text.encode())
        done = convert([path], None, name, out)
        out.write_bytes(done.data)
        return done, out

    return run


def read_tsv(path: Path) -> Mappings:
    return tsv.read(path)


def told(mappings: Mappings, *but: str) -> list[dict[str, Any]]:
    """Return the rows, IRIs in the project's form, several values without an order."""
    found = []
    for row in mappings.rows:
        known: dict[str, Any] = {}
        for slot, cell in zip(mappings.columns, row, strict=True):
            if cell and slot not in but:
                values = [load().normalise(mappings.expand(part)) for part in parts(slot, cell)]
                known[slot] = frozenset(values) if slot in MAPPING_SLOTS and MAPPING_SLOTS[slot].many else values[0]
        found.append(known)
    return found


def back(path: Path, folder: Path) -> tuple[Mappings, Converted]:
    done = convert([path], None, "sssom-tsv")
    out = folder / "back.sssom.tsv"
    out.write_bytes(done.data)
    return read_tsv(out), done


# --- there and back


@pytest.mark.parametrize("name", ["every-slot", "kinds", "before-1.0", "external"])
def test_tsv_and_rdf_lose_nothing(name: str, tmp_path: Path) -> None:
    first = read_tsv(DATA / f"{name}.sssom.tsv")
    for target in ("sssom-tsv", "sssom-rdf"):
        path = tmp_path / f"{name}{SUFFIXES[target]}"
        done = convert([DATA / f"{name}.sssom.tsv"], None, target, path)
        assert done.notes == []
        path.write_bytes(done.data)
        found, again = back(path, tmp_path)
        assert again.notes == []
        assert told(found) == told(first)
        assert found.slots == first.slots
        assert found.definitions == first.definitions


@pytest.mark.parametrize(
    ("suffix", "name"), [(".nt", "sssom-rdf"), (".rdf", "sssom-rdf"), (".jsonld", "sssom-rdf"), (".owl", "owl")]
)
def test_every_format_of_rdf_holds_a_set(suffix: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / f"set{suffix}"
    source = tmp_path / "set.sssom.tsv"
    source.write_text(table(PAIR))
    done = convert([source], None, name, path)
    path.write_bytes(done.data)
    assert done.notes == []
    assert told(back(path, tmp_path)[0]) == told(read_tsv(source))


def test_prefixes_that_only_turtle_holds_are_said(tmp_path: Path) -> None:
    done = convert([DATA / "every-slot.sssom.tsv"], None, "sssom-rdf", tmp_path / "set.nt")
    assert done.notes == [".nt can't hold: the prefixes EX, MESH, orcid"]


def test_bars_without_a_value_between_them_say_nothing(there: There, tmp_path: Path) -> None:
    text = table("subject_id | predicate_id | object_id | author_label\nHP:1 | skos:exactMatch | HP:2 | bars")
    for name in ("sssom-tsv", "sssom-rdf"):
        found = back(there(text.replace("bars", "| |"), name)[1], tmp_path)[0]
        assert "author_label" not in found.columns


def test_what_the_set_says_of_each_mapping_is_in_each_axiom(there: There) -> None:
    done, _ = there((DATA / "kinds.sssom.tsv").read_text(), "sssom-rdf")
    triples = [(q.predicate.value, str(q.object)) for q in ox.parse(done.data, format=ox.RdfFormat.TURTLE)]
    assert triples.count(("https://w3id.org/sssom/object_source", "<https://example.org/mesh>")) == 4
    # One row has a tool of its own, so that of the set holds for none.
    assert triples.count(("https://w3id.org/sssom/mapping_tool", '"hand"')) == 1


def test_rows_that_are_the_same_stay_as_many_in_rdf(there: There, tmp_path: Path) -> None:
    text = table(PAIR)
    _, path = there(text + text.splitlines()[-1] + "\n", "sssom-rdf")
    assert len(back(path, tmp_path)[0].rows) == 2


def test_a_record_that_stands_twice_is_refused_by_rdf(there: There) -> None:
    text = table("record_id | subject_id | predicate_id | object_id\n" + 2 * "HP:1 | HP:2 | skos:exactMatch | HP:3\n")
    with pytest.raises(CalckgError, match="HP:1 stands twice"):
        there(text, "sssom-rdf")


def test_tsv_is_canonical(there: There) -> None:
    done, _ = there(table(PAIR), "sssom-tsv")
    assert done.data.decode() == (
        "#curie_map:\n"
        "#  HP: http://purl.obolibrary.org/obo/HP_\n"
        "#  UMLS: http://linkedlifedata.com/resource/umls/id/\n"
        "#mapping_set_id: https://example.org/set\n"
        "#license: https://creativecommons.org/publicdomain/zero/1.0/\n"
        "subject_id\tpredicate_id\tobject_id\tmapping_justification\n"
        "HP:0004934\tskos:exactMatch\tUMLS:C0342649\tsemapv:ManualMappingCuration\n"
    )


@pytest.mark.parametrize(
    "text", ["null", "~", "1.0", "2024-01-02", "a: b", "a #b", "- x", " x", "é\u2028", 'q"\\', "NO"]
)
def test_metadata_are_read_as_they_were(text: str, there: There, tmp_path: Path) -> None:
    head = table(PAIR).replace("#license", f"#comment: {json.dumps(text)}\n#license")
    assert read_tsv(there(head, "sssom-tsv")[1]).slots["comment"] == [text]


# --- property tests

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), min_size=1).filter(
    lambda text: text == text.strip() and "\ufeff" not in text and "\ufffe" not in text and "\uffff" not in text
)
CODE = st.tuples(
    st.sampled_from(["HP", "UMLS", "EX", "X.Y"]), st.from_regex("[A-Za-z0-9]([A-Za-z0-9._-]*[0-9])?", fullmatch=True)
).map(":".join)
MATCH = st.sampled_from(["exactMatch", "closeMatch", "broadMatch", "narrowMatch", "relatedMatch"]).map("skos:".__add__)
SPECIAL = {
    "subject_type": st.sampled_from(["owl class", "skos concept", "composed entity expression"]),
    "object_type": st.sampled_from(["owl class", "rdf property"]),
    "predicate_type": st.sampled_from(["owl annotation property"]),
    "predicate_modifier": st.just("Not"),
    "mapping_cardinality": st.sampled_from(["1:1", "n:n"]),
    "mapping_justification": st.sampled_from(["semapv:LexicalMatching", "semapv:ManualMappingCuration"]),
    "predicate_id": MATCH,
    "record_id": st.nothing(),
}


def values_of(slot: str) -> st.SearchStrategy[str]:
    kind = MAPPING_SLOTS[slot].kind.value
    if slot in SPECIAL:
        return SPECIAL[slot]
    if kind == "IRI":
        return CODE.map("https://example.org/".__add__)
    return {
        "CURIE": CODE,
        "date": st.dates().map(str),
        "number": st.floats(0, 1).map(str),
    }.get(kind, TEXT)


OPTIONAL = [
    slot
    for slot in MAPPING_SLOTS
    if slot not in ("record_id", "subject_id", "predicate_id", "object_id", "mapping_justification")
]


@st.composite
def sets(draw: st.DrawFn, without: tuple[str, ...] = ()) -> str:
    slots = draw(st.lists(st.sampled_from([slot for slot in OPTIONAL if slot not in without]), unique=True, max_size=6))
    columns = ["subject_id", "predicate_id", "object_id", "mapping_justification", *slots]
    rows = []
    for _ in range(draw(st.integers(1, 4))):
        row = []
        for slot in columns:
            if slot in slots and draw(st.booleans()):
                row.append("")
            elif MAPPING_SLOTS[slot].many:
                row.append(joined(draw(st.lists(values_of(slot), min_size=1, max_size=3, unique=True))))
            else:
                row.append(draw(values_of(slot)))
        rows.append(row)
    head = (
        "#curie_map:\n#  HP: http://purl.obolibrary.org/obo/HP_\n#  UMLS: http://linkedlifedata.com/resource/umls/id/\n"
    )
    head += "#  EX: https://example.org/e/\n#  X.Y: https://example.org/xy#\n#mapping_set_id: https://example.org/set\n"
    head += "#license: https://example.org/license\n"
    cells = ['"' + cell.replace('"', '""') + '"' for row in rows for cell in row]
    lines = ["\t".join(cells[i : i + len(columns)]) for i in range(0, len(cells), len(columns))]
    return head + "\n".join(["\t".join(columns), *lines]) + "\n"


many = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
Row = dict[str, Any]


def counted(rows: list[Row], *slots: str) -> Counter[frozenset[tuple[str, Any]]]:
    return Counter(frozenset((s, v) for s, v in row.items() if not slots or s in slots) for row in rows)


@many
@given(text=sets())
def test_any_set_comes_back_from_tsv_and_rdf(there: There, tmp_path: Path, text: str) -> None:
    for name in ("sssom-tsv", "sssom-rdf"):
        _, path = there(text, name)
        first = read_tsv(tmp_path / "in.sssom.tsv")
        assert told(back(path, tmp_path)[0]) == told(first)


@many
@given(text=sets(without=("predicate_modifier",)))
def test_any_set_without_negative_mappings_comes_back_from_owl(there: There, tmp_path: Path, text: str) -> None:
    done, path = there(text, "owl")
    assert done.notes == []
    assert told(back(path, tmp_path)[0]) == told(read_tsv(tmp_path / "in.sssom.tsv"))


@many
@given(text=sets(without=("predicate_modifier",)))
def test_any_set_comes_back_from_fhir_in_the_slots_that_it_has(there: There, tmp_path: Path, text: str) -> None:
    _, path = there(text, "fhir")
    held = (*TRIPLE, "subject_label", "object_label", "comment", "subject_source_version", "object_source_version")
    first = counted(told(read_tsv(tmp_path / "in.sssom.tsv")), *held)
    assert counted(told(back(path, tmp_path)[0]), *held) == first


@many
@given(text=sets(without=("predicate_modifier",)))
def test_any_set_comes_back_from_skos_as_its_triples(there: There, tmp_path: Path, text: str) -> None:
    _, path = there(text, "skos")
    first = counted(told(read_tsv(tmp_path / "in.sssom.tsv")), "subject_id", "predicate_id", "object_id")
    assert set(counted(told(back(path, tmp_path)[0]), "subject_id", "predicate_id", "object_id")) == set(first)


# --- what a format can't hold is said

KINDS = (DATA / "kinds.sssom.tsv").read_text()


def test_fhir_says_what_it_has_no_place_for(there: There) -> None:
    done, path = there(KINDS, "fhir")
    assert done.rows == 4
    assert done.notes == [
        "FHIR can't hold: negative mappings (1 row), literals (1 row)",
        "FHIR can't hold: mapping_justification (2 rows), object_source (2 rows)",
        "FHIR can't hold of the set: mapping_tool",
    ]
    groups = json.loads(path.read_text())["group"]
    assert [group.get("target") for group in groups] == ["https://www.nlm.nih.gov/mesh", None]
    assert groups[0]["element"] == [
        {
            "code": "HP:0004934",
            "display": "Vascular calcification",
            "target": [{"code": "D061205", "equivalence": "equivalent"}],
        }
    ]
    assert groups[1]["element"][0]["target"] == [{"equivalence": "unmatched"}]


def test_skos_and_owl_say_what_they_have_no_place_for(there: There) -> None:
    rows = "negative mappings (1 row), sssom:NoTermFound (1 row), literals (1 row)"
    assert there(KINDS, "skos")[0].notes == [
        f"SKOS can't hold: {rows}",
        "SKOS can't hold: subject_label (1 row), mapping_justification (1 row), object_source (1 row)",
        "SKOS can't hold of the set: mapping_set_id, license, mapping_tool",
    ]
    assert there(KINDS, "owl")[0].notes == [f"OWL can't hold: {rows}"]


def test_predicates_that_a_format_does_not_know_are_said(there: There) -> None:
    text = table(PAIR.replace("skos:exactMatch", "dcterms:relation"))
    assert "dcterms:relation, which no equivalence says (1 row)" in there(text, "fhir")[0].notes[0]
    assert "dcterms:relation, which is no mapping property of SKOS (1 row)" in there(text, "skos")[0].notes[0]
    text = table(PAIR.replace("skos:exactMatch", "owl:equivalentClass"))
    assert "the predicate owl:equivalentClass (1 row)" in there(text, "fhir")[0].notes[0]


def test_a_row_that_says_what_another_says_is_no_second_triple(there: There) -> None:
    text = table(PAIR)
    done, path = there(text + text.splitlines()[-1] + "\n", "skos")
    assert done.notes[0] == "SKOS can't hold: what another row says (1 row)"
    assert len(list(ox.parse(path=str(path), format=ox.RdfFormat.TURTLE))) == 1


# --- FHIR

MAP: dict[str, Any] = {
    "resourceType": "ConceptMap",
    "url": "https://example.org/map",
    "status": "draft",
    "contact": [{"name": "someone"}],
    "group": [
        {
            "source": "http://human-phenotype-ontology.org",
            "target": "http://snomed.info/sct",
            "targetVersion": "2026",
            "element": [
                {
                    "code": "HP:0004934",
                    "display": "Vascular calcification",
                    "target": [
                        {"code": "237897009", "equivalence": "equal"},
                        {
                            "code": "1",
                            "equivalence": "narrower",
                            "comment": "only in children",
                            "dependsOn": [{"property": "https://example.org/age", "value": "child"}],
                        },
                    ],
                },
                {"code": "0000001", "target": [{"equivalence": "unmatched", "display": "nothing"}]},
                {"code": "0000002"},
            ],
        },
        {
            "source": "http://loinc.org",
            "target": "urn:oid:1.2.3",
            "element": [{"code": "1-8", "target": [{"code": "a", "equivalence": "wider"}]}],
        },
    ],
}


def test_a_concept_map_becomes_mappings(there: There) -> None:
    done, path = there(json.dumps(MAP), "sssom-tsv", "fhir")
    found = read_tsv(path)
    rows = [
        tuple(
            found.expand(cell) if slot.endswith("_id") else cell for slot, cell in zip(found.columns, row, strict=True)
        )
        for row in found.rows
    ]
    hp, snomed = "http://purl.obolibrary.org/obo/HP_", "http://snomed.info/id/"
    place = {slot: found.columns.index(slot) for slot in found.columns}
    ends = [tuple(row[place[slot]] for slot in ("subject_id", "predicate_id", "object_id")) for row in rows]
    assert ends == [
        (f"{hp}0004934", f"{SKOS}exactMatch", f"{snomed}237897009"),
        (f"{hp}0004934", f"{SKOS}narrowMatch", f"{snomed}1"),
        (f"{hp}0000001", f"{SKOS}exactMatch", "https://w3id.org/sssom/NoTermFound"),
        (f"{hp}0000002", f"{SKOS}exactMatch", "https://w3id.org/sssom/NoTermFound"),
        ("http://loinc.org/1-8", f"{SKOS}broadMatch", "urn:oid:1.2.3:a"),
    ]
    assert found.cells("comment")[1] == "only in children"
    assert found.cells("object_label") == ["", "", "nothing", "", ""]
    assert found.cells("object_source_version") == ["2026", "2026", "2026", "2026", ""]
    assert done.notes == [
        "SSSOM can't hold: status (1), contact (1), equivalence equal, read as equivalent (1), dependsOn (1)",
        "the code system http://loinc.org has no namespace: http://loinc.org/ is written",
        "the code system urn:oid:1.2.3 has no namespace: urn:oid:1.2.3: is written",
        "FHIR says no mapping_justification: semapv:UnspecifiedMatching is written (5 rows)",
        "the input has no license: https://w3id.org/sssom/license/unspecified is written",
    ]


def test_a_narrower_or_inexact_target_has_a_comment_as_fhir_demands(there: There, tmp_path: Path) -> None:
    done, path = there(table(PAIR.replace("exactMatch", "closeMatch")), "fhir")
    (target,) = json.loads(done.data)["group"][0]["element"][0]["target"]
    assert (target["equivalence"], target["comment"]) == ("inexact", "skos:closeMatch")
    assert "comment" not in back(path, tmp_path)[0].columns


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"resourceType": "ValueSet"}, "'ValueSet'; a FHIR ConceptMap is expected"),
        ({"group": [{"source": "a:b", "element": {}}]}, r"group\[0\]element: a list is expected"),
        ({"group": [{"source": "a:b", "element": [{"display": "x"}]}]}, r"group\[0\].element\[0\]: no code"),
        ({"sourceScopeUri": "http://x"}, "sourceScopeUri stands in ConceptMaps of FHIR R5"),
    ],
)
def test_a_concept_map_that_is_none_is_refused_with_the_place(there: There, change: Row, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        there(json.dumps(MAP | change), "sssom-tsv", "fhir")


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ({"code": "1", "relationship": "equivalent"}, r"target\[0\].relationship stands in .* R5.*; convert it to R4"),
        ({"code": "1", "equivalence": "same"}, r"target\[0\]: the equivalence is 'same'; in R4"),
        ({"code": "1", "equivalence": "unmatched"}, "unmatched, and yet a code, 1"),
        ({"equivalence": "equal"}, r"target\[0\]: no code"),
        ({"code": 1, "equivalence": "equal"}, r"target\[0\].code: 1 is no text"),
    ],
)
def test_a_target_that_is_none_is_refused_with_the_place(there: There, target: Row, said: str) -> None:
    group = {"source": "a:b", "target": "c:d", "element": [{"code": "x", "target": [target]}]}
    with pytest.raises(SourceError, match=said):
        there(json.dumps({"resourceType": "ConceptMap", "group": [group]}), "sssom-tsv", "fhir")


# --- OWL


def axioms(path: Path) -> set[tuple[str, str, str]]:
    return {
        (q.subject.value, q.predicate.value, q.object.value)
        for q in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE)
        if isinstance(q.subject, ox.NamedNode)
        and isinstance(q.object, ox.NamedNode)
        and q.predicate.value.partition("#")[2] in ("equivalentClass", "subClassOf", "closeMatch", "exactMatch")
    }


@pytest.mark.parametrize(
    ("predicate", "expected"),
    [
        ("skos:exactMatch", ("HP_0004934", f"{OWL}equivalentClass", "C0342649")),
        ("skos:broadMatch", ("HP_0004934", "http://www.w3.org/2000/01/rdf-schema#subClassOf", "C0342649")),
        ("skos:narrowMatch", ("C0342649", "http://www.w3.org/2000/01/rdf-schema#subClassOf", "HP_0004934")),
        ("skos:closeMatch", ("HP_0004934", f"{SKOS}closeMatch", "C0342649")),
    ],
)
def test_a_match_becomes_an_axiom(there: There, predicate: str, expected: tuple[str, str, str]) -> None:
    _, path = there(table(PAIR.replace("skos:exactMatch", predicate)), "owl")
    ((subject, prop, target),) = axioms(path)
    assert (subject.rsplit("/", 1)[1], prop, target.rsplit("/", 1)[1]) == expected


def test_what_is_no_class_is_not_made_one(there: There) -> None:
    text = table(
        "subject_id | predicate_id | object_id | subject_type\nHP:1 | skos:exactMatch | HP:2 | owl named individual"
    )
    ((_, prop, _),) = axioms(there(text, "owl")[1])
    assert prop == f"{SKOS}exactMatch"


def test_axioms_without_annotations_are_read(there: There, tmp_path: Path) -> None:
    text = "@prefix o: <http://purl.obolibrary.org/obo/HP_> . @prefix owl: <http://www.w3.org/2002/07/owl#> .\n"
    done, path = there(text + 'o:1 a owl:Class ; owl:equivalentClass o:2 ; owl:versionInfo "x" .', "sssom-tsv", "owl")
    assert told(read_tsv(path)) == [
        {
            "subject_id": "http://purl.obolibrary.org/obo/HP_1",
            "predicate_id": f"{OWL}equivalentClass",
            "object_id": "http://purl.obolibrary.org/obo/HP_2",
            "mapping_justification": "https://w3id.org/semapv/vocab/UnspecifiedMatching",
        }
    ]
    assert done.notes[0] == "not read, as they are no mapping: 1 triples"


# --- the RDF of others

FOREIGN = """
@prefix EXT: <https://example.org/properties/> . @prefix F: <http://purl.obolibrary.org/obo/FOODON_> .
@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix semapv: <https://w3id.org/semapv/vocab/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix sssom: <https://w3id.org/sssom/> .
[] a sssom:MappingSet ; sssom:mapping_set_id "https://example.org/foreign" ;
  sssom:mappings [ a owl:Axiom ; owl:annotatedSource F:1 ; owl:annotatedProperty skos:exactMatch ;
    owl:annotatedTarget F:2 ; sssom:mapping_justification semapv:LexicalMatching ; EXT:isFooable true ;
    sssom:confidence 9.5E-1 ; sssom:predicate_modifier "Not" ; sssom:subject_type owl:Class ] .
F:1 skos:exactMatch F:2 . F:1 skos:note "no mapping" .
"""


def test_rdf_as_others_write_it_is_read(there: There) -> None:
    done, path = there(FOREIGN, "sssom-tsv", "sssom-rdf")
    found = read_tsv(path)
    (row,) = [dict(zip(found.columns, row, strict=True)) for row in found.rows]
    assert (row["confidence"], row["predicate_modifier"], row["ext_isFooable"]) == ("0.95", "Not", "true")
    assert row["subject_type"] == "owl class"
    assert found.slots["mapping_set_id"] == ["https://example.org/foreign"]
    assert found.definitions == [
        {"slot_name": "ext_isFooable", "property": "EXT:isFooable", "type_hint": "xsd:boolean"}
    ]
    assert done.notes[0] == "not read, as no mapping says it: 1 triples"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("sssom:confidence 9.5E-1", 'sssom:confidence "much"', "confidence: 'much' is not a number"),
        ("sssom:confidence 9.5E-1", "sssom:confidence 1, 0.5", "confidence has 2 values and takes one"),
        ("semapv:LexicalMatching ;", "semapv:LexicalMatching ; EXT:isFooable [] ;", "a blank node as its value"),
        ("sssom:mapping_justification semapv:LexicalMatching ;", "", "mapping_justification is empty"),
        ("F:1 skos:note", "F:1 F:1 skos:note", ":9:"),
        ("a sssom:MappingSet", "a sssom:MappingSet . <urn:x> a sssom:MappingSet . [] a owl:Thing", "2 mapping sets"),
    ],
)
def test_rdf_that_can_not_be_read_is_refused(there: There, old: str, new: str, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        there(FOREIGN.replace(old, new, 1), "sssom-tsv", "sssom-rdf")


def test_axioms_of_an_ontology_that_say_no_mapping_are_counted(there: There) -> None:
    axiom = """[] a owl:Axiom ; owl:annotatedSource F:3 ; owl:annotatedProperty skos:note ; owl:annotatedTarget "x" ."""
    done, _ = there(FOREIGN + axiom, "sssom-tsv", "sssom-rdf")
    assert done.rows == 1
    assert done.notes[0] == "not read, as no mapping says it: 5 triples"


def test_a_version_of_sssom_that_is_not_known_is_refused(there: There) -> None:
    with pytest.raises(SourceError, match=r":7:sssom_version: SSSOM '7\.0' is not known here"):
        there(table(PAIR).replace("subject_id", '#sssom_version: "7.0"\nsubject_id'), "sssom-rdf")


def test_rdf_without_mappings_is_refused(there: There) -> None:
    for name in ("sssom-rdf", "skos", "owl"):
        with pytest.raises(SourceError, match="--from"):
            there("<urn:a> <urn:b> <urn:c> .", "sssom-tsv", name)


def test_an_iri_that_no_prefix_is_declared_for_can_not_be_in_tsv(there: There) -> None:
    with pytest.raises(CalckgError, match=r"no prefix is declared for https://nowhere.org/1.*@prefix"):
        there(f"<https://nowhere.org/1> <{SKOS}exactMatch> <https://nowhere.org/2> .", "sssom-tsv", "skos")


# --- several sets


def test_several_sets_become_one_that_says_where_each_row_is_from(tmp_path: Path) -> None:
    one, other = tmp_path / "one.sssom.tsv", tmp_path / "two.sssom.tsv"
    one.write_text(table(PAIR).replace("#license", "#mapping_set_version: a\n#license"))
    other.write_text(table(PAIR).replace("org/set", "org/other").replace("publicdomain/zero", "licenses/by"))
    done = convert([one, other], None, "sssom-tsv")
    out = tmp_path / "out.sssom.tsv"
    out.write_bytes(done.data)
    found = read_tsv(out)
    assert found.slots["mapping_set_source"] == ["https://example.org/set", "https://example.org/other"]
    assert found.cells("mapping_source") == found.slots["mapping_set_source"]
    assert [cell.rsplit("/", 3)[1] for cell in found.cells("license")] == ["zero", "by"]
    assert "the sets differ in, and the output has not: mapping_set_version" in done.notes


def test_a_prefix_with_two_meanings_is_refused(tmp_path: Path) -> None:
    one, other = tmp_path / "one.sssom.tsv", tmp_path / "two.sssom.tsv"
    one.write_text(table(PAIR))
    other.write_text(table(PAIR).replace("obo/HP_", "obo/MP_"))
    with pytest.raises(CalckgError, match="the prefix HP stands for"):
        convert([one, other], None, "sssom-tsv")


# --- rows that can't be read, formats, the command


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("HP:1 | skos:exactMatch", ":9: 4 cells expected, 3 found"),
        ("HP:1 | skos:exactMatch | nope:1", ":9:object_id: 'nope:1': the prefix 'nope' is not in curie_map"),
        ("HP:1 | | HP:2", ":9:predicate_id: predicate_id is empty"),
        (" | skos:exactMatch | HP:2", ":9:subject_id: subject_id is empty"),
    ],
)
def test_a_row_that_can_not_be_read_stops_with_its_line(there: There, row: str, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        there(table(PAIR + row), "sssom-rdf")


@pytest.mark.parametrize("name", FORMATS)
def test_a_malformed_file_is_refused_with_the_place(there: There, name: str) -> None:
    text = {"sssom-tsv": "#curie_map: [\nsubject_id\n", "fhir": '{"a": 1,\n}'}.get(name, "<a> <b> .\n<")
    with pytest.raises(SourceError, match=r":[12]:"):
        there(text, "sssom-tsv", name)


def call(*files: Path, read_as: str | None = None, written_as: str | None = None, output: Path | None = None) -> None:
    mapping_convert.convert(list(files), read_as, written_as, output)


def test_the_command_writes_the_file_and_says_what_is_lost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "kinds.json.gz"
    call(DATA / "kinds.sssom.tsv", output=out)
    assert json.loads(gzip.decompress(out.read_bytes()))["resourceType"] == "ConceptMap"
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines()[-2:] == ["FHIR can't hold of the set: mapping_tool", "4 rows read"]


def test_the_command_refuses_what_it_can_not_do(tmp_path: Path) -> None:
    path = tmp_path / "set.sssom.tsv"
    path.write_text(table(PAIR))
    with pytest.raises(UsageError, match="that is the input"):
        call(path, output=path)
    with pytest.raises(UsageError, match=r"the suffix \.xyz does not tell a format; add --to with one of sssom-tsv"):
        call(path, output=tmp_path / "set.xyz")
    with pytest.raises(UnknownNameError, match="unknown format 'foaf'"):
        call(path, written_as="foaf")
    with pytest.raises(UsageError, match="no output format"):
        call(path)
    with pytest.raises(UsageError, match="add --from"):
        call(tmp_path / "set.txt", written_as="owl")
    path.write_text(table(PAIR + "HP:1 | skos:exactMatch | nope:1\n"))
    with pytest.raises(SourceError):
        call(path, output=tmp_path / "set.ttl")
    assert not (tmp_path / "set.ttl").exists()


# --- the reference implementation


def validated(path: Path) -> int:
    """Let sssom-py validate a set; return the number of its rows."""
    parsers = pytest.importorskip("sssom.parsers")
    validators = pytest.importorskip("sssom.validators")
    read = parsers.parse_sssom_rdf if path.suffix == ".ttl" else parsers.parse_sssom_table
    found = read(str(path))
    validators.validate(found, fail_on_error=True)
    return len(found.df)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["sssom-tsv", "sssom-rdf"])
def test_sssom_py_accepts_what_is_written(there: There, name: str) -> None:
    for source, rows in ((table(PAIR), 1), ((DATA / "every-slot.sssom.tsv").read_text(), 1), (KINDS, 4)):
        done, path = there(source, name)
        assert validated(path) == done.rows == rows


@pytest.mark.filterwarnings("ignore")
def test_sssom_py_accepts_several_sets_in_one(tmp_path: Path) -> None:
    out = tmp_path / "out.sssom.tsv"
    done = convert([DATA / "kinds.sssom.tsv", DATA / "every-slot.sssom.tsv"], None, "sssom-tsv")
    out.write_bytes(done.data)
    assert validated(out) == done.rows == 5


@pytest.mark.filterwarnings("ignore")
def test_sssom_py_accepts_what_comes_of_a_concept_map(there: There) -> None:
    done, path = there(json.dumps(MAP), "sssom-tsv", "fhir")
    assert validated(path) == done.rows == 5


@pytest.mark.filterwarnings("ignore")
def test_rdf_of_sssom_py_says_the_same(tmp_path: Path) -> None:
    parsers, writers = pytest.importorskip("sssom.parsers"), pytest.importorskip("sssom.writers")
    source, path = DATA / "every-slot.sssom.tsv", tmp_path / "peer.ttl"
    writers.write_rdf(parsers.parse_sssom_table(str(source)), str(path))
    found, first = back(path, tmp_path)[0], read_tsv(source)
    peers = (
        "author_label",
        "ext_reviewed",
        "ext_nearest",
        "ext_undefined",
    )  # it does not undo \\| and drops extensions
    assert told(found, *peers) == told(first, *peers)
    assert found.slots == {slot: texts for slot, texts in first.slots.items() if slot in found.slots}


# --- real sets


@needs_shared
@pytest.mark.parametrize(
    "name",
    [
        "mondo/mondo_exactmatch_omim.sssom.tsv.gz",
        "mondo/mondo_narrowmatch_icd10cm.sssom.tsv.gz",
        "mondo/mondo_relatedmatch_ncit.sssom.tsv.gz",
        "sssom/foodie-inc-2022-05-01.sssom.tsv",
        "sssom/pipe-escaping.sssom.tsv",
        "sssom/mp-hp-exact-0.0.1.sssom.tsv",
    ],
)
def test_real_sets_keep_their_rows(name: str, tmp_path: Path) -> None:
    source = SHARED / name
    first = read_tsv(source)
    for target in FORMATS:
        path = tmp_path / f"out{SUFFIXES[target]}"
        done = convert([source], None, target, path)
        path.write_bytes(done.data)
        found = back(path, tmp_path)[0]
        absent = first.cells("object_id").count("sssom:NoTermFound") if target in ("skos", "owl") else 0
        assert len(found.rows) == len(first.rows) - absent
        if target.startswith("sssom"):
            assert told(found) == told(first)
