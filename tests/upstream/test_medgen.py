"""MedGen: what each of its files becomes, in either edition, and what is told of a bad row."""

from __future__ import annotations

import csv
import gzip
import time
from pathlib import Path

import pytest

from calckg.errors import SourceError
from calckg.upstream.by_rule import left_out
from calckg.upstream.medgen import FORMATS, SOURCE
from calckg.upstream.medgen_relations import RULES, meaning
from calckg.upstream.source import Stated

from .reading import SHARED, Connection, Rows, Select, complaints, filled, known, no_malformed, real, selecting
from .reading import statements as told

DATA = Path(__file__).parent / "data/medgen"
FILES = sorted(path for path in DATA.iterdir() if path.suffix != ".md")
REAL_NAMES, REAL_RELATIONS = "medgen/NAMES.RRF.gz", "medgen/MGREL_2.2022-05-26.csv.gz"


@pytest.fixture(scope="module")
def connection() -> Connection:
    return filled(FORMATS, *FILES)[0]


@pytest.fixture(scope="module")
def select(connection: Connection) -> Select:
    return selecting(connection)


@pytest.fixture(scope="module")
def quads(connection: Connection) -> set[tuple[str, str, str]]:
    return told(connection)


def about(select: Select, columns: str, table: str, concept: str) -> Rows:
    return select(f"SELECT DISTINCT {columns} FROM {table} WHERE ends_with(concept, '/medgen/{concept}')")


# Files


@pytest.mark.parametrize(
    ("name", "head", "which"),
    [
        ("NAMES.RRF.gz", b"#CUI|name|source|SUPPRESS|\n", "names"),
        ("NAMES.csv", b"CUI,name,source,SUPPRESS\r\n", "names"),
        ("MGREL_2.2022-05-26.csv.gz", b"CUI1,AUI1,STYPE1,REL", "relations"),
        ("MGREL_1.csv", b"CUI1,AUI1,STYPE1,REL", "relations"),
        ("MGCONSO.2025-09.RRF", b"#CUI|TS|", "terms"),
        ("mgsat_12.csv", b"\xef\xbb\xbfCUI,METAUI", "attributes"),
        ("MERGED.RRF.gz", b"#CUI|to CUI|\n", "merged concepts"),
        ("MedGenIDMappings.txt.gz", b"#CUI|pref_name|", "codes"),
        ("MedGen_UID_CUI_history.txt", b"#UID\tCUI\t", "history of medgen.uid"),
        ("MONDO_CUI_history.txt", b"#MONDO_Id\tCUI", "history of MONDO"),
        ("Mondo_CUI_history.txt", b"#Mondo_Id\tCUI", "history of MONDO"),
        ("medgen_pubmed_lnk.txt.gz", b"#UID|CUI|NAME|PMID|", "literature"),
    ],
)
def test_a_file_is_known_by_its_name_and_first_line(name: str, head: bytes, which: str) -> None:
    assert [format_.name for format_ in FORMATS if format_.matches(name, head)] == [f"MedGen {which}"]


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("MRCONSO.RRF", b"C0000005|ENG|"),
        ("NAMES.RRF", b"Vascular calcification|C0342649|"),  # another's list of names
        ("MedGen_Sources.txt", b"#Source\tAbbreviation"),
        ("README.txt", b"README.txt\n=========="),
    ],
)
def test_other_files_are_not_known(name: str, head: bytes) -> None:
    assert not any(format_.matches(name, head) for format_ in FORMATS)


def test_each_file_of_the_readme_has_a_reader() -> None:
    assert len(FORMATS) == len(FILES) == 16


def test_the_name_of_a_download_carries_its_date() -> None:
    assert FORMATS[0].stated(Path("MGREL_2.2022-05-26.csv.gz"), b"").version == "2022-05-26"  # nothing is read


def test_a_file_whose_name_has_no_date_is_of_the_day_on_which_it_was_packed(tmp_path: Path) -> None:
    path = tmp_path / "NAMES.RRF.gz"
    path.write_bytes(gzip.compress(b"#CUI|name|source|SUPPRESS|\n", mtime=1_757_184_679))
    assert FORMATS[0].stated(path, b"") == Stated(version="2025-09-06", issued="2025-09-06")


@pytest.mark.parametrize("data", [gzip.compress(b"", mtime=0), b"#CUI|name|source|SUPPRESS|\n", b""])
def test_without_any_date_the_release_is_not_known(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "NAMES.RRF.gz").write_bytes(data)
    assert FORMATS[0].stated(tmp_path / "NAMES.RRF.gz", b"") == Stated()


def test_what_was_left_out_is_told_once() -> None:
    connection = filled(FORMATS, *FILES)[0]
    expected = left_out(connection)
    assert SOURCE.left_out is not None
    assert [SOURCE.left_out(connection), SOURCE.left_out(connection)] == [expected, []]
    assert expected != []


def test_the_source_may_not_be_passed_on() -> None:
    assert SOURCE.redistribution is False


def test_every_row_is_counted() -> None:
    assert filled(FORMATS, *FILES)[1] == 113


def test_the_order_of_the_files_does_not_matter(quads: set[tuple[str, str, str]]) -> None:
    assert told(filled(FORMATS, *reversed(FILES))[0]) == quads


def test_the_rows_are_iris_where_they_should_be(connection: Connection) -> None:
    assert no_malformed(connection)


def test_packed_files_give_the_same(tmp_path: Path, quads: set[tuple[str, str, str]]) -> None:
    for path in FILES:
        (tmp_path / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    assert told(filled(FORMATS, *tmp_path.iterdir())[0]) == quads


def csv_edition(path: Path, folder: Path) -> None:
    """Write a .RRF file as the csv edition has it, in two parts: no # and CRLF, quotes where they are needed."""
    lines = path.read_bytes().decode().removeprefix("#").removesuffix("|\n").split("|\n")
    rows = [line.split("|") for line in lines]
    half = len(rows) // 2 + 1
    for number, part in enumerate((rows[:half], [rows[0], *rows[half:]]), 1):
        with (folder / f"{path.stem}_{number}.csv").open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows(part)


def test_the_csv_edition_in_parts_gives_the_same(tmp_path: Path, quads: set[tuple[str, str, str]]) -> None:
    for path in FILES:
        if path.suffix == ".RRF":
            csv_edition(path, tmp_path)
    texts = [path for path in FILES if path.suffix == ".txt"]
    assert told(filled(FORMATS, *tmp_path.iterdir(), *texts)[0]) == quads


def test_columns_are_found_by_name(tmp_path: Path) -> None:
    path = tmp_path / "NAMES.RRF"
    path.write_text("#CUI|SUPPRESS|source|extra|name|\nC0342649|N|HPO|?|Vascular calcification|\n")
    select = selecting(filled(FORMATS, path)[0])
    assert about(select, "text", "name", "C0342649") == [("Vascular calcification",)]


def test_lines_may_end_as_in_windows(tmp_path: Path) -> None:
    path = tmp_path / "MGDEF.RRF"
    path.write_bytes(b"#CUI|DEF|source|SUPPRESS|\r\nC0342649|One\rtext.|HPO|N|\r\nC0268251|Another.|HPO|N|\r\n")
    select = selecting(filled(FORMATS, path)[0])
    assert select("SELECT text FROM definition") == [("Another.",), ("One\ntext.",)]


def test_the_last_line_may_be_unended(tmp_path: Path) -> None:
    path = tmp_path / "MERGED.RRF"
    path.write_text("#CUI|toCUI|\nC5555555|C0342649|")
    assert filled(FORMATS, path)[1] == 1


def test_an_empty_line_is_none(tmp_path: Path) -> None:
    path = tmp_path / "MERGED.RRF"
    path.write_text("#CUI|toCUI|\n\nC5555555|C0342649|\n")
    assert filled(FORMATS, path)[1] == 1


def test_a_file_may_have_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "MERGED.RRF"
    path.write_text("#CUI|toCUI|\n")
    assert filled(FORMATS, path)[1] == 0


# Concepts


def test_a_concept_has_scheme_and_notation(select: Select) -> None:
    assert ("ckgid:scheme/medgen", "medgen:CN000117") in about(select, "scheme, notation", "concept", "CN000117")


def test_every_concept_has_one_notation_and_a_category(select: Select) -> None:
    wrong = "count(DISTINCT notation) <> 1 OR count(category) = 0"
    assert select(f"SELECT concept FROM concept GROUP BY concept HAVING {wrong}") == []


def test_every_end_is_a_concept(select: Select) -> None:
    ends = {
        "name": "concept",
        "definition": "concept",
        "broader": "concept, broader",
        "replacement": "concept, replacement",
        "mapping": "subject_id, object_id",
        "association": "subject, object",
        "literature_link": "concept",
    }
    for table, columns in ends.items():
        for column in columns.split(", "):
            assert select(f"SELECT {column} FROM {table} WHERE {column} NOT IN (SELECT concept FROM concept)") == []


@pytest.mark.parametrize(
    ("concept", "categories"),
    [
        ("C0268251", {"Disease"}),
        ("C0342649", {"Disease", "PhenotypicFeature"}),  # a disease, used as a feature
        ("C1111111", {"Disease"}),
        ("C2222222", {"NamedThing"}),  # a procedure and a substance exclude each other
        ("C3333333", {"PhysiologicalProcess", "GeneticInheritance"}),  # used as a mode of inheritance
        ("C4444444", {"NamedThing"}),  # its type says nothing
        ("C8888888", {"Gene"}),
        ("C9999999", {"AnatomicalEntity"}),  # said to be a feature, which a site is not
        ("C5555555", {"NamedThing"}),
    ],
)
def test_semantic_types_and_use_give_the_category(select: Select, concept: str, categories: set[str]) -> None:
    found = about(select, "unnest(category)", "concept", concept)
    assert {category for (category,) in found} == {f"biolink:{name}" for name in categories}


def test_semantic_types_are_kept(select: Select) -> None:
    assert set(about(select, "unnest(semantic_type)", "concept", "C1111111")) == {("STY:T047",), ("STY:T190",)}


def test_tree_numbers_are_those_of_the_semantic_network_and_of_mesh(select: Select) -> None:
    found = set(about(select, "unnest(tree_number)", "concept", "C0342649"))
    assert found == {("B2.2.1.2.1",), ("C14.907.101",)}


def test_a_semantic_type_of_an_unknown_name_is_counted(connection: Connection) -> None:
    rule = "semantic type of an unknown name: Kind of thing"
    assert ("MedGen_HPO_Mapping", rule, 1) in left_out(connection)


# Names


@pytest.mark.parametrize(
    ("concept", "text"),
    [
        ("C0342649", "Vascular calcification"),
        ("C0268251", "Gaucher disease type III"),  # MGCONSO leads with another
        ("C1111111", "Ménière calcinosis"),  # NFC
        ("C2222222", "A substance"),  # the one in NAMES is suppressed
        ("C4444444", 'Vascular "disorder"'),
        ("C9999999", "Artery"),  # MedGenIDMappings has another
        ("CN000117", "Nephrocalcinosis"),
    ],
)
def test_medgens_own_name_is_the_preferred_one(select: Select, concept: str, text: str) -> None:
    found = about(select, "text", "name", concept), about(select, "text, kind", "name", concept)
    assert [name for name, kind in found[1] if kind == "preferred"] == [text]


def test_without_names_the_mappings_say_what_is_preferred(tmp_path: Path) -> None:
    paths = [path for path in FILES if path.name != "NAMES.RRF"]
    select = selecting(filled(FORMATS, *paths)[0])
    assert ("Artery, as mapped", "preferred") in about(select, "text, kind", "name", "C9999999")


def test_without_both_the_rules_of_the_umls_do(tmp_path: Path) -> None:
    select = selecting(filled(FORMATS, DATA / "MGCONSO.RRF")[0])
    assert select("SELECT text FROM name WHERE kind = 'preferred'") == [
        ("A substance",),
        ("Gaucher disease, chronic neuronopathic",),
        ("Vascular calcification",),
    ]


def test_no_name_is_both_preferred_and_not(select: Select) -> None:
    assert select("SELECT concept FROM name GROUP BY concept, text HAVING count(DISTINCT kind) > 1") == []


def test_a_name_tells_its_source_kind_and_code(select: Select) -> None:
    columns = "vocabulary, term_type, code, identifier"
    assert select(f"SELECT {columns} FROM name WHERE text = 'Vascular Calcification' AND code IS NOT NULL") == [
        ("ckgid:scheme/mesh", "MH", "D061205", ["A0000003"])
    ]


def test_a_sources_identifier_comes_before_ncbis_number(select: Select) -> None:
    found = about(select, "vocabulary, code", "name", "C0268251")
    assert ("ckgid:scheme/Orphanet", "Orphanet_77261") in found
    assert ("ckgid:scheme/GTR", "GTRT000001952") in found


def test_a_name_has_the_identifier_of_its_source(select: Select) -> None:
    (found,) = select("SELECT list_sort(identifier) FROM name WHERE term_type = 'SY'")
    assert found == (["2821300015", "A0000002"],)


@pytest.mark.parametrize("text", ["Vascular Calcinoses", "Retired code", "Former name of a substance"])
def test_suppressed_names_are_hidden(select: Select, text: str) -> None:
    assert select(f"SELECT kind FROM name WHERE text = '{text}' AND concept LIKE '%/medgen/%'") == [("hidden",)]


def test_hpos_name_stands_where_mgconso_has_none(select: Select) -> None:
    assert ("Renal calcium deposits", "exact", "ckgid:scheme/HP", "HP:0000121") in about(
        select, "text, kind, vocabulary, code", "name", "CN000117"
    )


# Definitions and attributes


def test_a_definition_tells_whom_it_is_from(select: Select) -> None:
    columns = "text, knowledge_source, source, attribution"
    text = "Calcium salts in the wall of a vessel."
    expected = (text, "infores:hpo", ["ckgid:scheme/HP"], ["HPO"])
    assert select(f"SELECT {columns} FROM definition WHERE kind = 'definition' AND attribution = ['HPO']") == [expected]


def test_a_definition_goes_on_over_lines(select: Select) -> None:
    assert select("SELECT text FROM definition WHERE attribution = ['GeneReviews']") == [
        ("The first paragraph.\nThe second,\nbroken in two.",)
    ]


def test_a_definition_is_plain_text(select: Select) -> None:
    (found,) = select("SELECT text FROM definition WHERE attribution = ['Medical Genetics Summaries']")
    assert str(found[0]).split() == ["Lumps,", "hard", "&", "painful."]


@pytest.mark.parametrize(("concept", "kind"), [("C2222222", "history_note"), ("C4444444", "note")])
def test_suppressed_definitions_are_notes(select: Select, concept: str, kind: str) -> None:
    assert about(select, "kind", "definition", concept) == [(kind,)]


def test_an_attribute_is_a_note_that_names_it(select: Select) -> None:
    assert ("GENELOCUS (OMIM): 1q22", "note") in about(select, "text, kind", "definition", "C0268251")


def test_what_is_left_out_of_the_attributes_is_counted(connection: Connection) -> None:
    assert {row[1:] for row in left_out(connection) if row[0] == "MGSAT"} == {
        ("an attribute of a name or a relation", 1),
        ("no value", 1),
        ("suppressed", 1),
    }


# Codes


def predicates(select: Select, subject: str) -> dict[object, object]:
    sql = f"SELECT object_id, predicate_id FROM mapping WHERE ends_with(subject_id, '/medgen/{subject}')"
    found = select(sql)
    assert len(dict(found)) == len(found)
    return dict(found)


def test_a_c_number_is_a_cui_of_the_umls(select: Select) -> None:
    assert predicates(select, "C9999999")["UMLS:C9999999"] == "skos:exactMatch"


def test_a_cn_number_never_is(select: Select) -> None:
    assert select("SELECT * FROM mapping WHERE contains(object_id, '/CN')") == []
    assert "UMLS:CN000117" not in predicates(select, "CN000117")


def test_the_only_code_of_a_system_matches_exactly(select: Select) -> None:
    assert predicates(select, "C0342649") == {
        "HP:0004934": "skos:exactMatch",
        "SCTID:237897009": "skos:exactMatch",
        "UMLS:C0342649": "skos:exactMatch",
        "medgen.uid:90990": "skos:exactMatch",
        "mesh:D061205": "skos:exactMatch",
    }


@pytest.mark.parametrize(
    ("concept", "code"),
    [
        ("C1111111", "SCTID:100002008"),  # one of two
        ("C1111111", "SCTID:100003003"),
        ("C1111111", "SCTID:100004009"),  # obsolete
        ("C9999999", "SCTID:100002008"),  # of two concepts
        ("C4444444", "mesh:D061205"),  # an entry term's
        ("C1111111", "OMIM:231000"),  # only included in the entry
    ],
)
def test_other_codes_match_closely(select: Select, concept: str, code: str) -> None:
    assert predicates(select, concept)[code] == "skos:closeMatch"


def test_a_phenotypic_series_is_no_entry(select: Select) -> None:
    assert predicates(select, "C4444444")["OMIMPS:231000"] == "skos:exactMatch"


def test_no_member_of_a_system_matches_two_concepts_exactly(select: Select) -> None:
    exact = "SELECT object_id FROM mapping WHERE predicate_id LIKE '%exactMatch'"
    assert select(f"{exact} GROUP BY object_id HAVING count(DISTINCT subject_id) > 1") == []


def test_a_code_with_the_wrong_check_digit_is_kept_with_its_name_only(select: Select) -> None:
    assert ("100002009",) in about(select, "code", "name", "C2222222")
    assert not any("100002009" in str(code) for code in predicates(select, "C2222222"))


@pytest.mark.parametrize(("concept", "text"), [("C1111111", "OMIM:231000.0001"), ("C0268251", "GARD:0002443")])
def test_what_has_no_iri_is_kept_as_text(select: Select, concept: str, text: str) -> None:
    expected = (("oboInOwl:hasDbXref", "xsd:string", text),)
    assert expected in about(select, "unnest(extra)", "concept", concept)


def test_a_mapping_has_the_date_of_its_history(select: Select) -> None:
    sql = "SELECT mapping_date FROM mapping WHERE object_id LIKE '%MONDO_0009266'"
    assert select(sql) == [("2020-03-01",)]


def test_a_code_has_the_name_of_its_source(select: Select) -> None:
    assert select("SELECT text FROM name WHERE concept LIKE '%Orphanet_77261'") == [("Gaucher disease type 3",)]


# Relations


def test_parents_are_broader(select: Select) -> None:
    assert select("SELECT concept, broader FROM broader") == [
        ("medgen:C0342649", "medgen:C4444444"),
        ("medgen:C1111111", "medgen:C4444444"),
    ]


CLAIM = "SELECT DISTINCT subject, predicate, object FROM association WHERE"


def test_a_manifestation_is_a_feature_of_the_first_concept(select: Select) -> None:
    expected = ("medgen:C0268251", "biolink:has_phenotype", "medgen:C0342649")
    assert select(f"{CLAIM} list_contains(identifier, 'R04')") == [expected]


def test_its_inverse_says_the_same(select: Select, quads: set[tuple[str, str, str]]) -> None:
    expected = ("medgen:C0268251", "biolink:has_phenotype", "medgen:C0342649")
    assert select(f"{CLAIM} list_contains(identifier, 'R05')") == [expected]
    nodes = {s for s, p, o in quads if p == "dcterms:identifier" and o in ("R04", "R05")}
    assert len(nodes) == 1


def test_hpos_annotations_of_omim_join_them(quads: set[tuple[str, str, str]]) -> None:
    (node,) = {s for s, p, o in quads if p == "dcterms:identifier" and o == "R04"}
    assert (node, "biolink:primary_knowledge_source", "infores:hpo-annotations") in quads
    assert (node, "biolink:aggregator_knowledge_source", "infores:medgen") in quads


def test_a_feature_is_a_condition_feature_association(select: Select) -> None:
    kinds = select("SELECT DISTINCT category FROM association WHERE predicate LIKE '%has_phenotype'")
    assert kinds == [(["biolink:DiseaseToPhenotypicFeatureAssociation"],)]


def test_a_mode_of_inheritance(select: Select) -> None:
    expected = ("medgen:C0268251", "biolink:has_mode_of_inheritance", "medgen:C3333333")
    assert select(f"{CLAIM} list_contains(identifier, 'R07')") == [expected]


@pytest.mark.parametrize(
    ("where", "negated", "hedge"),
    [
        ("list_contains(identifier, 'R08')", True, None),  # is_not_finding_of_disease
        ("list_contains(identifier, 'R09')", False, "may"),  # may_be_finding_of_disease
        ("original_predicate = ['not_manifestation_of']", True, None),
    ],
)
def test_denials_and_doubts(select: Select, where: str, negated: bool, hedge: str | None) -> None:
    sql = f"SELECT predicate, negated, hedge FROM association WHERE {where}"
    assert select(sql) == [("biolink:has_phenotype", negated, hedge)]


@pytest.mark.parametrize(
    ("relation", "expected"),
    [
        ("manifestation_of", ("manifestation_of", False, None)),
        ("is_not_finding_of_disease", ("is_finding_of_disease", True, None)),
        ("disease_excludes_finding", ("disease_has_finding", True, None)),
        ("disease_may_have_finding", ("disease_has_finding", False, "may")),
        ("may_treat", ("may_treat", False, "may")),
        ("has_ctdc_value", None),
    ],
)
def test_what_a_relation_means(relation: str, expected: tuple[str, bool, str | None] | None) -> None:
    assert meaning(relation) == expected


def test_a_rule_stands_once_for_a_relation_and_a_predicate() -> None:
    rules = [(rule.relation, rule.predicate) for rule in RULES]
    assert len(set(rules)) == len(rules)


def test_a_gene_is_associated_with_a_condition(select: Select) -> None:
    expected = ("medgen:C8888888", "biolink:gene_associated_with_condition", "medgen:C0268251")
    assert select(f"{CLAIM} list_contains(identifier, 'R16')") == [expected]


def test_a_condition_is_at_a_site(select: Select) -> None:
    expected = ("medgen:C0342649", "biolink:located_in", "medgen:C9999999")
    assert select(f"{CLAIM} list_contains(identifier, 'R18')") == [expected]


def test_related_is_no_more_than_that(select: Select) -> None:
    assert (("skos:related", "", "medgen:C0268251"),) in about(select, "unnest(extra)", "concept", "C1111111")


def test_what_is_left_out_of_the_relations_is_counted(connection: Connection) -> None:
    assert {row[1:] for row in left_out(connection) if row[0] == "MGREL"} == {
        ("no predicate for RB", 1),
        ("no predicate for RO has_ctdc_value", 1),
        ("of a concept to itself", 1),
        ("suppressed", 1),
        ("the categories of the ends do not fit manifestation_of", 1),
    }


def test_both_ends_fit_without_semantic_types() -> None:
    select = selecting(filled(FORMATS, DATA / "MGREL.RRF")[0])
    assert select("SELECT category FROM concept WHERE concept LIKE '%/C3333333' AND category IS NOT NULL") == [
        (["biolink:GeneticInheritance"],)
    ]
    assert select(f"{CLAIM} list_contains(identifier, 'R15')") != []  # nothing tells that it is a site


# Retired concepts


@pytest.mark.parametrize(
    ("concept", "successor", "kind", "date"),
    [
        ("C5555555", "C0342649", "replaced", None),
        ("C5555555", "C4444444", "consider", None),  # what the history said before
        ("CN111111", "C0342649", "replaced", "2014-04"),
        ("C6666666", "C0268251", "consider", "2013-06"),
        ("C6666666", "C1111111", "consider", "2013-06"),
        ("CN222222", "C0268251", "replaced", "2014-02-03"),  # its UID went on
        ("CN117695", "C0025322", "replaced", "2016-02-08"),  # the example of README.txt
        ("C4021965", "C0025322", "replaced", "2017-01-25"),
        ("CN207372", "C0399380", "replaced", "2018-01-31"),
    ],
)
def test_a_retired_concept_has_a_dated_replacement(
    select: Select, concept: str, successor: str, kind: str, date: str | None
) -> None:
    assert (f"medgen:{successor}", kind, date) in about(select, "replacement, kind, date", "replacement", concept)


def test_these_are_all_that_are_retired(select: Select) -> None:
    names = "C4021965 C5555555 C6666666 C7777777 CN111111 CN117695 CN207372 CN222222"
    assert select("SELECT concept FROM concept WHERE deprecated") == [(f"medgen:{name}",) for name in names.split()]


def test_a_concept_may_go_without_a_successor(select: Select) -> None:
    assert (True, "2015-03-01") in about(select, "deprecated, retired_on", "concept", "C7777777")


def test_a_concept_that_the_release_names_is_not_retired(select: Select, connection: Connection) -> None:
    assert about(select, "replacement", "replacement", "C0268251") == []
    assert ("MERGED", "of a concept that the release names", 1) in left_out(connection)


def test_a_former_code_is_noted(select: Select) -> None:
    expected = ("MedGen had HP:0100805 here until 2016-02-08.", "history_note")
    assert about(select, "text, kind", "definition", "CN117695") == [expected]


def test_uids_of_concepts_outside_the_release_are_counted(connection: Connection) -> None:
    rule = "the UID of a concept that the release does not have"
    assert ("MedGen_UID_CUI_history", rule, 1) in left_out(connection)


def test_without_the_release_all_uids_stay() -> None:
    select = selecting(filled(FORMATS, DATA / "MedGen_UID_CUI_history.txt")[0])
    assert ("medgen.uid:12345",) in select("SELECT object_id FROM mapping")


# Literature


def test_a_paper_to_read_stands_once(select: Select) -> None:
    assert select("SELECT concept, citation, category FROM literature_link") == [
        ("medgen:C0268251", "PMID:24084238", None),
        ("medgen:C0268251", "PMID:33190187", None),
        ("medgen:C0342649", "PMID:33190187", None),
    ]


def test_a_paper_is_at_least_its_number(select: Select) -> None:
    assert select("SELECT citation, pmid FROM citation") == [
        ("PMID:24084238", "24084238"),
        ("PMID:33190187", "33190187"),
    ]


# What is wrong


@pytest.mark.parametrize(
    ("name", "row", "place", "said"),
    [
        ("NAMES.RRF", "C0342649|Vascular calcification|HPO|", "3", "4 fields expected, 3 found"),
        ("NAMES.RRF", "C0342649|Vascular calcification|HPO|N", "3", "4 fields expected, 4 found"),
        ("NAMES.RRF", "C0342649|Vascular|calcification|HPO|N|", "3", "4 fields expected, 5 found"),
        ("NAMES.RRF", "C034264|Vascular calcification|HPO|N|", "3:CUI", "C034264"),
        ("NAMES.RRF", "90990|Vascular calcification|HPO|N|", "3:CUI", "write medgen.uid:90990"),
        ("NAMES.RRF", "|Vascular calcification|HPO|N|", "3:CUI", "nothing found"),
        ("NAMES.RRF", "C0342649||HPO|N|", "3:name", "nothing found"),
        ("MGCONSO.RRF", "C0342649|P|PF|Y|A1|||D1|M S H|MH|D1|Name|N|", "3:SAB", "'M S H'"),
        ("MGSTY.RRF", "C0342649|047|B2|Disease or Syndrome|AT1|", "3:TUI", "'047'"),
        ("MGDEF.RRF", "C0342649|One|HPO|N|extra|", "3", "4 fields expected, 5 found"),
        ("MGREL.RRF", "C1|A|AUI|PAR|C0342649|A||R1|HPO|HPO|N|", "3:CUI1", "C1"),
        ("MGSAT.RRF", "C0342649|M|CUI|C|AT1||OMIM|x|N|", "3:ATN", "nothing found"),
        ("MERGED.RRF", "C0342649|C03426490|", "3:toCUI", "C03426490"),
        ("MedGenIDMappings.txt", "UMLS:C0342649|Name|1|MedGen|", "3:CUI_or_CN_id", "UMLS:C0342649"),
        ("MedGen_HPO_Mapping.txt", "C0342649|HP:493|a|b|HPO|Finding|", "3:SDUI", "'HP:493'"),
        ("MedGen_HPO_OMIM_Mapping.txt", "C1111111|7|a|manifestation_of|C0342649||||||", "3:MIM_number", "'7'"),
        ("medgen_pubmed_lnk.txt", "90990|C0342649|Name|PMC1|", "3:PMID", "'PMC1'"),
        ("MedGen_CUI_history.txt", "C5555555\tC0342649\tspring", "3:Date_Of_Action", "'spring'"),
        ("MedGen_CUI_history.txt", "C5555555\tgone\tJun 2013", "3:Current_CUI", "gone"),
        ("MedGen_UID_CUI_history.txt", "C1\tC0342649\t12 Jun 2019\t1", "3:UID", "'C1'"),
        ("HPO_CUI_history.txt", "HP:0004934\tC0342649\t31 Feb 2019\t1", "3:Date", "'31 Feb 2019'"),
        ("HPO_CUI_history.txt", "HP:0004934\tC0342649\t12 Jun 2019\tyes", "3:IsCurrent", "'yes'"),
        ("ORDO_CUI_history.txt", "ORDO 7\tC0342649\t12 Jun 2019\t1", "3:ORDO_Id", "'ORDO 7'"),
    ],
)
def test_a_bad_row_is_told_with_place_and_value_and_left_out(
    tmp_path: Path, name: str, row: str, place: str, said: str
) -> None:
    header, first, *rest = (DATA / name).read_bytes().decode().split("\n")
    path = tmp_path / name
    path.write_bytes("\n".join((header, first, row, *rest)).encode())
    (error,) = complaints(FORMATS, path)
    assert str(error).startswith(f"{path}:{place}: ")
    assert said in error.reason
    good = filled(FORMATS, DATA / name)[0]
    assert told(filled(FORMATS, path, on_error=lambda error: None)[0]) == told(good)


def test_a_bad_row_of_the_csv_edition_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "MGDEF_1.csv"
    path.write_bytes(b'CUI,DEF,source,SUPPRESS\r\nC0342649,"Two\r\nlines.",HPO,N\r\nC0268251,short,HPO\r\n')
    (error,) = complaints(FORMATS, path)
    assert str(error).startswith(f"{path}:4: 4 fields expected, 3 found")


def test_a_quote_that_does_not_end_is_told(tmp_path: Path) -> None:
    path = tmp_path / "MGDEF_1.csv"
    path.write_bytes(b'CUI,DEF,source,SUPPRESS\r\nC0342649,"Two\r\nlines.,HPO,N\r\n')
    (error,) = complaints(FORMATS, path)
    assert error.line == 2
    assert "quotes" in error.reason


def test_the_first_error_stops_the_reading(tmp_path: Path) -> None:
    path = tmp_path / "MERGED.RRF"
    path.write_text("#CUI|toCUI|\nC5555555|\n")
    with pytest.raises(SourceError, match="2 fields expected, 1 found"):
        filled(FORMATS, path)


def test_a_missing_column_is_told(tmp_path: Path) -> None:
    path = tmp_path / "MGREL.RRF"
    path.write_text("#CUI1|REL|CUI2|\nC0342649|PAR|C4444444|\n")
    with pytest.raises(SourceError, match=r"the first line names the columns CUI1 AUI1 .* found '#CUI1"):
        filled(FORMATS, path)


def test_a_broken_download_is_told(tmp_path: Path) -> None:
    path = tmp_path / "NAMES.RRF.gz"
    path.write_bytes(gzip.compress((DATA / "NAMES.RRF").read_bytes() * 9)[:-40])
    format_ = next(format_ for format_ in FORMATS if format_.name == "MedGen names")
    with pytest.raises(SourceError, match="not a whole gzip file"):
        format_.fill(
            filled(FORMATS, DATA / "MERGED.RRF")[0], path, "https://w3id.org/calckg/graph/release/medgen", print
        )


def test_what_is_not_utf_8_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "NAMES.RRF"
    path.write_bytes(b"#CUI|name|source|SUPPRESS|\nC0342649|M\xe9ni\xe8re|HPO|N|\n")
    with pytest.raises(SourceError, match=":2: not UTF-8"):
        filled(FORMATS, path)


# The real files


@pytest.fixture(scope="module")
def release() -> tuple[Connection, dict[str, int], float]:
    counts, begin = {}, time.perf_counter()
    paths = [SHARED / REAL_NAMES, SHARED / REAL_RELATIONS]
    connection, _ = filled(FORMATS, *paths)
    seconds = time.perf_counter() - begin
    for path in paths:
        counts[path.name] = filled(FORMATS, path)[1]
    return connection, counts, seconds


@real(REAL_NAMES)
def test_every_name_of_the_release(release: tuple[Connection, dict[str, int], float]) -> None:
    connection, counts, seconds = release
    print(f"{sum(counts.values()):,} rows in {seconds:.1f} s")
    select = selecting(connection)
    own = "concept LIKE '%/medgen/C%'"
    assert counts[Path(REAL_NAMES).name] == 234_073
    assert select(f"SELECT count(*), count(DISTINCT concept) FROM name WHERE kind = 'preferred' AND {own}") == [
        (234_073, 234_073)
    ]


@real(REAL_NAMES)
def test_cn_numbers_of_the_release_are_no_cuis(release: tuple[Connection, dict[str, int], float]) -> None:
    select = selecting(release[0])
    preferred = "SELECT count(*) FROM name WHERE kind = 'preferred' AND concept"
    assert select(f"{preferred} LIKE '%/medgen/CN%'") == [(7_018,)]
    assert select("SELECT count(*), count(DISTINCT subject_id) FROM mapping") == [(227_055, 227_055)]
    assert select("SELECT count(*) FROM mapping WHERE contains(subject_id, '/CN')") == [(0,)]


@real(REAL_RELATIONS)
def test_every_relation_of_the_release_is_accounted_for() -> None:
    path = SHARED / REAL_RELATIONS
    connection, count = filled(FORMATS, path)
    select = selecting(connection)
    ((associations,),) = select("SELECT sum(len(identifier)) FROM association")  # one for each row (RUI)
    ((related,),) = select("SELECT count(*) FROM (SELECT unnest(extra) FROM concept)")
    # Counted in the file by column: rows of REL PAR or CHD, and how many pairs these are; rows of related concepts.
    hierarchy, edges = 14_823, 13_497
    assert select("SELECT count(*) FROM broader") == [(edges,)]
    assert (associations, related, count) == (30_403, 327, 47_520)
    assert associations + related + hierarchy + sum(number for _, _, number in left_out(connection)) == count


@real(REAL_RELATIONS)
def test_the_rows_of_the_release_are_iris_where_they_should_be(
    release: tuple[Connection, dict[str, int], float],
) -> None:
    assert no_malformed(release[0])


def test_known_formats_are_those_of_the_files() -> None:
    assert {known(FORMATS, path).name for path in FILES} == {format_.name for format_ in FORMATS}
