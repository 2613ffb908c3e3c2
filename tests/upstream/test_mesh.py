"""MeSH: what a record and the file of the trees become."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree as ET

import duckdb
import pyoxigraph as ox
import pytest

from calckg import loading, prefixes, tables
from calckg.errors import SourceError
from calckg.tables import SEPARATOR
from calckg.upstream import OnError, stop
from calckg.upstream.mesh import FORMATS, KINDS, SOURCE
from calckg.upstream.mesh_tree import BRANCHES, PRECEDENCE, categories
from calckg.upstream.semantic_types import KIND
from tests import stating

DATA = Path(__file__).parent / "data" / "mesh"
SHARED = Path(__file__).parents[3] / "shared" / "data" / "mesh"
GRAPH = prefixes.load().expand("kg:release/mesh")
CALCINOSIS, VASCULAR = (prefixes.load().expand(f"mesh:{ui}") for ui in ("D002113", "D061205"))
shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the folder of upstream data is not there")

Connection = duckdb.DuckDBPyConnection


def fill(connection: Connection, path: Path, on_error: OnError = stop) -> int:
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
        head = stream.read(1 << 16)
    (known,) = (found for found in FORMATS if found.matches(path.name, head))
    return known.fill(connection, path, GRAPH, on_error)


def filled(*names: str | Path) -> Connection:
    connection = duckdb.connect()
    tables.create(connection)
    for name in names:
        fill(connection, DATA / name)
    assert SOURCE.finish is not None
    SOURCE.finish(connection, GRAPH)
    return connection


def column(connection: Connection, sql: str, *parameters: object) -> list[object]:
    return [row[0] for row in connection.execute(sql, list(parameters)).fetchall()]


def curies(iris: Iterable[object]) -> list[str]:
    return sorted(str(prefixes.load().compress(str(iri))) for iri in iris)


def told(name: str) -> tuple[list[SourceError], int, list[str]]:
    """Return the errors of a file, how many records it had, and the names of the concepts that were read."""
    connection, errors = duckdb.connect(), list[SourceError]()
    tables.create(connection)
    count = fill(connection, DATA / name, errors.append)
    return errors, count, sorted(map(str, column(connection, "SELECT DISTINCT text FROM name")))


def extras(connection: Connection, concept: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for item in column(connection, "SELECT unnest(extra) FROM concept WHERE concept = ?", concept):
        prop, _, value = str(item).split(SEPARATOR)
        found.setdefault(str(prefixes.load().compress(prop)), []).append(prefixes.load().compress(value) or value)
    return found


@pytest.fixture(scope="module")
def records() -> Connection:
    return filled("desc2026.xml", "supp2026.xml", "qual2026.xml")


@pytest.fixture(scope="module")
def whole() -> Connection:
    return filled("desc2026.xml", "supp2026.xml", "mtrees2026.bin")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("desc2026.xml", "mesh-records"),
        ("supp2026.xml", "mesh-records"),
        ("qual2026.xml", "mesh-records"),
        ("mtrees2026.bin", "mesh-tree"),
    ],
)
def test_a_file_is_known_by_its_name_and_its_first_lines(name: str, kind: str) -> None:
    head = (DATA / name).read_bytes()
    assert [found.name for found in FORMATS if found.matches(name, head)] == [kind]
    assert [found.name for found in FORMATS if found.matches(f"{name}.gz", head)] == [kind]
    assert not any(found.matches("a.txt", head) or found.matches(name, b"<html/>") for found in FORMATS)


@pytest.mark.parametrize(("name", "year"), [("desc2026.xml", "2026"), ("mtrees2019.bin.gz", "2019"), ("a.xml", None)])
def test_the_edition_is_in_the_name_of_the_file(name: str, year: str | None) -> None:
    stated = FORMATS[0].stated(Path(name), b"")
    assert (stated.version, stated.issued) == (year, year)


def test_a_record_is_a_concept(records: Connection) -> None:
    row = records.execute(
        "SELECT graph, scheme, notation, category, tree_number, created, modified FROM concept "
        "WHERE concept = ? AND created IS NOT NULL",
        [CALCINOSIS],
    ).fetchall()
    expand = prefixes.load().expand
    kinds = [expand("biolink:Disease"), expand("biolink:PhenotypicFeature")]
    numbers = ["C18.452.174.130", "C23"]
    scheme = expand("ckgid:scheme/mesh")
    assert row == [(GRAPH, scheme, "mesh:D002113", kinds, numbers, "1999-01-01", "2024-06-03")]


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("preferred", ["Calcinosis"]),
        ("exact", ["Calcification, Pathologic"]),
        ("narrow", ["Teutschlaender Disease"]),
        ("broad", ["Mineral Deposits"]),
        ("related", ["Calciphylaxis-like Change", "Microcalcification"]),
        ("hidden", ["CALCIF PATHOL", "Calcinoses"]),
    ],
)
def test_a_term_names_the_record_as_its_concept_is_related(records: Connection, kind: str, names: list[str]) -> None:
    assert column(records, "SELECT text FROM name WHERE concept = ? AND kind = ? ORDER BY 1", CALCINOSIS, kind) == names


def test_a_relation_may_have_the_concept_of_the_record_second(records: Connection) -> None:
    assert column(records, "SELECT text FROM name WHERE concept = ? AND kind = 'narrow'", VASCULAR) == [
        "Arterial Calcification"
    ]


def test_each_name_is_there_once_and_in_the_language_of_the_file(records: Connection) -> None:
    found = records.execute("SELECT concept, text, lang FROM name WHERE concept = ?", [CALCINOSIS]).fetchall()
    assert len({text for _, text, _ in found}) == len(found) == 8
    assert {lang for _, _, lang in found} == {"en"}


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("Calcinosis", ("NON", "M0003221", ["T006053"])),
        ("Calcinoses", ("NON", "M0003221", ["T006053"])),
        ("Teutschlaender Disease", ("EPO", "M0000002", ["T000002"])),
        ("CALCIF PATHOL", ("EntryVersion", "M0003221", ["T006054"])),
    ],
)
def test_a_name_keeps_its_lexical_tag_and_its_identifiers(
    records: Connection, name: str, known: tuple[str, str, list[str]]
) -> None:
    sql = "SELECT term_type, code, identifier FROM name WHERE concept = ? AND text = ?"
    assert records.execute(sql, [CALCINOSIS, name]).fetchall() == [known]


def test_the_systematic_name_of_a_substance_is_a_name(records: Connection) -> None:
    sql = "SELECT kind, term_type FROM name WHERE text = 'Acetamide, N-(4-hydroxyphenyl)-'"
    assert records.execute(sql).fetchall() == [("exact", "CASN1")]


def test_a_translated_heading_is_without_the_english_one() -> None:
    found = filled("fredesc2026.xml").execute("SELECT text, lang, kind FROM name ORDER BY kind DESC").fetchall()
    assert found == [("Calcinose", "fr", "preferred"), ("Calcification pathologique", "fr", "exact")]


def test_the_notes_of_a_record_keep_their_kinds(records: Connection) -> None:
    sql = "SELECT kind, text FROM definition WHERE concept = ? ORDER BY ALL"
    assert records.execute(sql, [CALCINOSIS]).fetchall() == [
        ("editorial_note", "consider also terms at LITH-"),
        ("editorial_note", "for indexers"),
        ("editorial_note", "for searchers"),
        ("history_note", "66"),
        ("history_note", "66; was elsewhere before"),
        ("note", "Tumoral Calcinosis: Deposits like tumours."),
        ("scope_note", "Deposits of calcium salts where there should be none."),
    ]


def test_what_has_no_column_is_said_in_the_words_of_mesh_rdf(records: Connection) -> None:
    assert extras(records, CALCINOSIS) == {
        "rdf:type": ["meshv:TopicalDescriptor"],
        "meshv:dateEstablished": ["1966-01-01"],
        "meshv:previousIndexing": ["Calcification, Physiologic (1963-1965)", "Calcium (1963-1965)"],
        "meshv:nlmClassificationNumber": ["WD 200.5"],
        "skos:related": ["mesh:D002120"],
    }


def test_a_registry_number_tells_of_which_substance_it_is(records: Connection) -> None:
    found = extras(records, prefixes.load().expand("mesh:D000082"))
    assert found["meshv:registryNumber"] == ["362O9ITL9D"]
    assert found["meshv:relatedRegistryNumber"] == ["103-90-2 (Acetaminophen)", "10066-90-7 (Paracetamol Sulfate)"]
    assert found["meshv:pharmacologicalAction"] == ["mesh:D058633"]


def test_the_heading_with_the_star_is_above_a_supplemental_record(records: Connection) -> None:
    sql = "SELECT broader, relation FROM broader WHERE concept = ?"
    found = records.execute(sql, [prefixes.load().expand("mesh:C025735")]).fetchall()
    assert [curies(row) for row in found] == [["mesh:D001286", "meshv:preferredMappedTo"]]


def test_other_headings_of_a_supplemental_record_are_only_mapped_to(records: Connection) -> None:
    found = extras(records, prefixes.load().expand("mesh:C025735"))
    assert found["meshv:mappedTo"] == ["mesh:D004338", "mesh:D012601Q000627"]
    assert found["meshv:preferredMappedTo"] == ["mesh:D002164Q000031"]
    assert found["meshv:indexerConsiderAlso"] == ["mesh:D001285"]
    assert (found["meshv:frequency"], found["meshv:source"]) == (["5"], ["Vrach Delo 1980;(7):55"])
    assert found["meshv:previousIndexing"] == ["ATROPINE/*analogs (81-86)"]


def test_the_note_of_a_supplemental_record_is_a_note(records: Connection) -> None:
    sql = "SELECT kind, text FROM definition WHERE concept = ?"
    assert records.execute(sql, [prefixes.load().expand("mesh:C025735")]).fetchall() == [("note", "a mixture")]


@pytest.mark.parametrize(
    ("ui", "category", "mesh_class"),
    [
        ("C025735", "ChemicalEntity", "SCR_Chemical"),
        ("C537440", "Disease", "SCR_Disease"),
        ("Q000627", "NamedThing", "Qualifier"),
        ("D005260", "NamedThing", "CheckTag"),  # in no tree
        ("D000082", "ChemicalEntity", "TopicalDescriptor"),
    ],
)
def test_a_record_has_a_category_and_its_class(records: Connection, ui: str, category: str, mesh_class: str) -> None:
    concept = prefixes.load().expand(f"mesh:{ui}")
    found = column(records, "SELECT DISTINCT unnest(category) FROM concept WHERE concept = ?", concept)
    assert curies(found) == [f"biolink:{category}"]
    assert extras(records, concept)["rdf:type"] == [f"meshv:{mesh_class}"]


def test_what_is_referred_to_is_a_concept_with_its_name(records: Connection) -> None:
    sql = "SELECT DISTINCT text, kind FROM name WHERE concept = ?"
    assert records.execute(sql, [prefixes.load().expand("mesh:D002120")]).fetchall() == [
        ("Calcium Compounds", "preferred")
    ]


def test_every_concept_has_scheme_notation_and_category(whole: Connection) -> None:
    sql = (
        "SELECT concept FROM concept GROUP BY 1 HAVING count(scheme) = 0 OR count(notation) = 0 OR count(category) = 0"
    )
    assert column(whole, sql) == []
    ends = "SELECT concept FROM broader UNION SELECT broader FROM broader UNION SELECT concept FROM name"
    assert column(whole, f"SELECT * FROM ({ends}) EXCEPT SELECT concept FROM concept") == []


def test_a_record_is_below_the_one_whose_number_it_begins_with(records: Connection) -> None:
    sql = "SELECT broader, relation FROM broader WHERE concept = ?"
    found = records.execute(sql, [VASCULAR]).fetchall()
    assert [curies(row) for row in found] == [["mesh:D002113", "meshv:broaderDescriptor"]]


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        (["A07.231.114"], ["AnatomicalEntity"]),
        (["B01.050"], ["NamedThing"]),
        (["C14.907.854"], ["Disease"]),
        (["C23.888.592"], ["PhenotypicFeature"]),
        (["C23.550.291"], ["PathologicalProcess"]),
        (["C23.5505"], ["PathologicalProcess"]),  # no such number; only beginnings are compared
        (["D01.248"], ["ChemicalEntity"]),
        (["E01.370"], ["Procedure"]),
        (["E07.695"], ["NamedThing"]),
        (["F01.145"], ["NamedThing"]),
        (["F03.600"], ["Disease"]),
        (["G03.458"], ["BiologicalProcess"]),
        (["G09.330"], ["PhysiologicalProcess"]),
        (["G01.910"], ["NamedThing"]),
        (["G05.360.162"], ["NamedThing"]),
        ([], ["NamedThing"]),
        (["C18.654.726.500", "C23.888.144.699", "E01.370.600.115", "G07.100.100"], ["Disease", "PhenotypicFeature"]),
        (["A11.284.187", "G05.360.162"], ["AnatomicalEntity"]),  # chromosomes
        (["E01.370.370.380", "G09.330.380"], ["PhysiologicalProcess"]),  # stroke volume
        (["D20.215", "J02.500"], ["ChemicalEntity"]),
    ],
)
def test_the_branch_tells_the_category(numbers: list[str], expected: list[str]) -> None:
    assert curies(categories(numbers)) == [f"biolink:{name}" for name in expected]


def test_the_table_of_branches_has_only_categories_of_the_model() -> None:
    assert set(BRANCHES.values()) <= set(KIND)
    assert {name for kind in PRECEDENCE for name in kind} == set(BRANCHES.values()) - {"NamedThing"}
    given = {category for kind in KINDS.values() for _, category in kind.classes.values() if category}
    assert given <= set(KIND)


def test_the_tree_file_alone_gives_the_trees() -> None:
    connection = filled("mtrees2026.bin")
    sql = """SELECT below.text, above.text FROM broader
        JOIN name AS below ON below.concept = broader.concept JOIN name AS above ON above.concept = broader.broader"""
    assert sorted(set(connection.execute(sql).fetchall())) == [
        ("Calcinosis", "Calcium Metabolism Disorders"),
        ("Calcium Metabolism Disorders", "Metabolic Diseases"),
        ("Metabolic Diseases", "Nutritional and Metabolic Diseases"),
        ("Vascular Calcification", "Calcinosis"),
        ("Vascular Calcification", "Vascular Diseases"),
    ]


def test_a_heading_without_a_record_is_a_concept_made_from_its_name() -> None:
    connection = filled("mtrees2026.bin")
    sql = """SELECT concept, list(DISTINCT notation) FILTER (notation IS NOT NULL),
            list_sort(flatten(list(tree_number))) FROM concept
        WHERE concept IN (SELECT concept FROM name WHERE text = 'Vascular Calcification') GROUP BY 1"""
    ((concept, notations, numbers),) = connection.execute(sql).fetchall()
    assert notations == [prefixes.load().compress(concept)]
    assert notations[0].startswith("ckgid:mesh-heading/")
    schemes = column(connection, "SELECT DISTINCT scheme FROM concept WHERE notation = ?", notations[0])
    assert schemes == [prefixes.load().expand("ckgid:scheme/ckgid")], "it has no identifier of MeSH's"
    assert numbers == ["C14.907.854", "C18.452.174.130.780"]
    assert column(connection, "SELECT DISTINCT kind FROM name") == ["preferred"]


def test_a_heading_that_a_record_names_is_that_descriptor(whole: Connection) -> None:
    for text in ("Calcinosis", "Vascular Calcification", "Antipyretics"):  # the last is only referred to
        found = column(whole, "SELECT DISTINCT concept FROM name WHERE text = ? AND kind = 'preferred'", text)
        assert [str(concept).startswith(prefixes.load().namespaces["mesh"]) for concept in found] == [True]


def test_the_tree_file_gives_the_parents_that_the_records_lack(whole: Connection) -> None:
    named = "SELECT DISTINCT text FROM broader JOIN name ON name.concept = broader.broader"
    sql = f"{named} WHERE broader.concept = ? ORDER BY 1"
    assert column(whole, sql, CALCINOSIS) == ["Calcium Metabolism Disorders"]
    preferred = sql.replace("ORDER", "AND kind = 'preferred' ORDER")
    assert column(whole, preferred, VASCULAR) == ["Calcinosis", "Vascular Diseases"]


def test_the_tree_number_of_a_heading_counts_when_no_record_gives_one(whole: Connection) -> None:
    antipyretics = prefixes.load().expand("mesh:D058633")
    assert column(whole, "SELECT unnest(tree_number) FROM concept WHERE concept = ?", antipyretics) == ["D27.505"]
    assert column(whole, "SELECT unnest(tree_number) FROM concept WHERE concept = ?", CALCINOSIS) == [
        "C18.452.174.130",
        "C23",
    ]


def test_numbers_of_another_edition_do_not_mix(tmp_path: Path) -> None:
    connection = filled("desc2026.xml", "mtrees2001.bin")
    numbers = column(connection, "SELECT unnest(tree_number) FROM concept WHERE concept = ?", VASCULAR)
    assert sorted(map(str, numbers)) == ["C14.907.854", "C18.452.174.130.780"]
    # Old Heading was below Vascular Calcification by a number that is another's in 2026.
    sql = (
        """SELECT broader.broader FROM broader JOIN name ON name.concept = broader.concept WHERE text = 'Old Heading'"""
    )
    assert column(connection, sql) == [VASCULAR]


def test_the_tree_file_adds_nothing_to_a_descriptor_whose_parents_are_all_known(tmp_path: Path) -> None:
    path = tmp_path / "desc2026.xml"
    path.write_text(
        (DATA / "desc2026.xml").read_text("utf-8").replace("<TreeNumber>C14.907.854</TreeNumber>", ""), "utf-8"
    )
    connection = filled(path, "mtrees2026.bin")
    assert curies(column(connection, "SELECT broader FROM broader WHERE concept = ?", VASCULAR)) == ["mesh:D002113"]


def test_the_order_of_the_files_does_not_matter() -> None:
    names = ["desc2026.xml", "supp2026.xml", "mtrees2026.bin", "qual2026.xml"]
    assert statements(filled(*names)) == statements(filled(*reversed(names)))


def statements(connection: Connection) -> set[ox.Quad]:
    """Return the quads, as another implementation reads them."""
    connection.execute("CREATE TABLE written (s VARCHAR, p VARCHAR, o VARCHAR, g VARCHAR)")
    count = stating.insert(connection, "written")
    text = "\n".join(f"{' '.join(row)} ." for row in connection.execute("FROM written").fetchall())
    found = set(ox.parse(text, format=ox.RdfFormat.N_QUADS))
    assert len(found) == count
    return found


def test_all_that_should_be_an_iri_is_one(whole: Connection) -> None:
    assert [loading.malformed(whole, table) for table in tables.TABLES] == [[] for _ in tables.TABLES]


@pytest.mark.parametrize(
    ("number", "line", "column", "said"),
    [
        (0, 2, "DescriptorUI", "no <DescriptorUI>; compare with the publisher's file"),
        (1, 6, "DescriptorUI", "C0002113 has the form of a UMLS CUI"),
        (2, 10, "DescriptorUI", "D000003 has no <DescriptorName>"),
        (3, 13, "DescriptorClass", "'9' is none of 1, 2, 3, 4; update calckg"),
        (4, 20, 3, "'1999-02-30' is not a date"),
        (5, 26, 5, "no <DescriptorReferredTo>"),
        (6, 33, 5, "a term without <String>"),
    ],
)
def test_a_record_that_cannot_be_read_is_told_with_place_value_and_remedy(
    number: int, line: int, column: int | str, said: str
) -> None:
    error = told("wrong.xml")[0][number]
    assert (error.line, error.column) == (line, column)
    assert said in error.reason
    assert ";" in error.reason


def test_a_record_that_cannot_be_read_is_left_out_and_counted() -> None:
    errors, count, names = told("wrong.xml")
    assert (len(errors), count, names) == (7, 8, ["Good"])


def test_the_first_error_stops_the_reading_and_nothing_comes_in() -> None:
    connection = duckdb.connect()
    tables.create(connection)
    with pytest.raises(SourceError, match=r"wrong\.xml:2:"):
        fill(connection, DATA / "wrong.xml")
    assert column(connection, "SELECT count(*) FROM concept") == [0]


@pytest.mark.parametrize(
    ("number", "line", "said"),
    [
        (0, 2, "'' is not a tree number"),
        (1, 3, "a heading, a semicolon and a tree number expected, 'Pelvis' found; is the download complete?"),
        (2, 4, "';A02' found"),
        (3, 5, "'a01.1' is not a tree number, such as C14.907.137"),
    ],
)
def test_a_line_of_the_trees_that_cannot_be_read_is_told(number: int, line: int, said: str) -> None:
    error = told("wrong.bin")[0][number]
    assert error.line == line
    assert said in error.reason


def test_a_line_of_the_trees_that_cannot_be_read_is_left_out_and_counted() -> None:
    errors, count, names = told("wrong.bin")
    assert (len(errors), count, names) == (4, 6, ["Abdomen", "Back"])


def test_blank_lines_of_the_trees_are_no_rows() -> None:
    connection = duckdb.connect()
    tables.create(connection)
    assert fill(connection, DATA / "mtrees2026.bin") == 9


@shared
@pytest.mark.parametrize(
    ("name", "tag", "count"), [("desc-samples", "Descriptor", 43), ("supp-samples", "Supplemental", 19)]
)
def test_every_record_of_the_samples_is_read(name: str, tag: str, count: int) -> None:
    path = SHARED / f"{name}.xml"
    connection = duckdb.connect()
    tables.create(connection)
    assert fill(connection, path) == count
    found = {name.split("}")[-1]: list(ET.parse(path).iter(name)) for name in ("Term", "TreeNumber", "ScopeNote")}
    records = ET.parse(path).getroot().findall(f"{tag}Record")
    uis = {record.findtext(f"{tag}UI") or record.findtext(f"{tag}RecordUI") for record in records}
    said = column(connection, "SELECT DISTINCT concept FROM concept WHERE created IS NOT NULL")
    assert {curie.removeprefix("mesh:") for curie in curies(said)} == uis
    terms = {
        (record, term.findtext("String")) for record in range(len(records)) for term in records[record].iter("Term")
    }
    kept = column(connection, "SELECT count(*) FROM name WHERE term_type NOT IN ('CASN1', 'EntryVersion')")
    assert kept == [len(terms)]
    numbers = column(connection, "SELECT count(*) FROM (SELECT unnest(tree_number) FROM concept)")
    assert numbers == [len(found["TreeNumber"])]
    notes = column(connection, "SELECT count(*) FROM definition WHERE kind IN ('scope_note', 'note')")
    own = sum(record.find("Note") is not None for record in records)
    assert notes == [len(found["ScopeNote"]) + own]


@shared
def test_every_line_of_the_trees_is_read_and_every_number_has_its_parent() -> None:
    path = SHARED / "mtrees2019.bin.gz"
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        lines = [line.rstrip("\n").rpartition(";") for line in stream]
    by_number = {number: heading.strip() for heading, _, number in lines}
    assert len(by_number) == len(lines) == 59_248
    steps = {(heading.strip(), by_number[number.rpartition(".")[0]]) for heading, _, number in lines if "." in number}
    connection = duckdb.connect()
    tables.create(connection)
    assert fill(connection, path) == len(lines)
    assert SOURCE.finish is not None
    SOURCE.finish(connection, GRAPH)
    assert column(connection, "SELECT count(DISTINCT concept) FROM concept") == [len(set(by_number.values()))]
    sql = """SELECT DISTINCT below.text, above.text FROM broader
        JOIN name AS below ON below.concept = broader.concept JOIN name AS above ON above.concept = broader.broader"""
    assert set(connection.execute(sql).fetchall()) == steps


@shared
def test_the_files_as_they_lie_become_quads() -> None:
    found = statements(filled(*sorted(path for path in SHARED.iterdir())))
    named = Counter(quad.subject for quad in found if quad.predicate.value.endswith("core#prefLabel"))
    assert set(named.values()) == {1}
    assert len(named) == 29_088
