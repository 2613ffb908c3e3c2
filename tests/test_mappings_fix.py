"""``calckg mappings fix`` mends what is certain and nothing else; mappings of a graph are checked as those of files."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from calckg.findings import GraphSource
from calckg.mappings import rules
from calckg.mappings.check import check
from calckg.mappings.repair import Change, repair
from tests.conftest import Run
from tests.test_mappings_check import HEAD, RELEASE, SHARED, Loaded, loaded, needs_shared, table

__all__ = ["loaded"]  # a fixture

HEAD_LINES = HEAD.count("\n") + 1
GOOD = """
subject_id | predicate_id | object_id
HP:0004934 | skos:exactMatch | UMLS:C0342649
HP:0004933 | skos:exactMatch | mesh:D061205
"""
RETIRED = """
@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix obo: <http://purl.obolibrary.org/obo/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix dcterms: <http://purl.org/dc/terms/> .
obo:HP_0000001 a skos:Concept ; skos:notation "HP:0000001" ; owl:deprecated true ; dcterms:isReplacedBy obo:HP_0000002 .
obo:HP_0000002 a skos:Concept ; skos:notation "HP:0000002" ; owl:deprecated true ; dcterms:isReplacedBy obo:HP_0000003 .
obo:HP_0000003 a skos:Concept ; skos:notation "HP:0000003" .
obo:HP_0000004 a skos:Concept ; skos:notation "HP:0000004" ; owl:deprecated true ;
    dcterms:isReplacedBy obo:HP_0000003, obo:HP_0000005 .
obo:HP_0000005 a skos:Concept ; skos:notation "HP:0000005" .
"""
Fixed = Callable[..., tuple[str, list[Change]]]


@pytest.fixture
def fixed(tmp_path: Path) -> Fixed:
    """Return the repaired text of a set, and the changes; the file itself stays what it is."""

    def run(text: str, **options: object) -> tuple[str, list[Change]]:
        path = tmp_path / "set.sssom.tsv"
        path.write_bytes(text.encode())
        copy, changes = repair(path, **options)  # type: ignore[arg-type]
        assert path.read_bytes() == text.encode()
        return copy.decode(), changes

    return run


def test_a_good_set_stays_what_it_is_to_the_letter(fixed: Fixed) -> None:
    text = table(GOOD).replace("\n", "\r\n") + '"skos:exactMatch"\t\u2028 odd\n\nlast, without an end'
    assert fixed(text) == (text, [])


def test_prefixes_and_codes_get_their_case(fixed: Fixed) -> None:
    text = table(GOOD)
    broken = text.replace("HP:0004934", "hp:0004934").replace("mesh:D061205", "MESH:d061205")
    copy, changes = fixed(broken)
    assert copy == text
    assert changes == [
        Change(HEAD_LINES + 1, "record/prefix", "subject_id", "hp:0004934", "HP:0004934"),
        Change(HEAD_LINES + 2, "record/prefix", "object_id", "MESH:d061205", "mesh:d061205"),
        Change(HEAD_LINES + 2, "identifier/form", "object_id", "mesh:d061205", "mesh:D061205"),
    ]


def test_a_code_that_no_case_makes_right_stays(fixed: Fixed) -> None:
    text = table(GOOD).replace("UMLS:C0342649", "UMLS:0342649").replace("mesh:D061205", "nowhere:1")
    assert fixed(text) == (text, [])


def test_rows_that_stand_before_are_taken_away_also_when_a_repair_made_them_equal(fixed: Fixed) -> None:
    text = table(GOOD)
    rows = text.splitlines(keepends=True)
    copy, changes = fixed(text + rows[-2] + rows[-1].replace("HP:", "hp:"))
    assert copy == text
    assert [change.rule for change in changes] == ["record/repeated", "record/prefix", "record/repeated"]


def test_a_retired_code_gives_way_to_the_one_that_took_its_place(fixed: Fixed, loaded: Loaded) -> None:
    text = table(GOOD).replace("HP:0004934", "HP:0000001").replace("HP:0004933", "HP:0000004")
    copy, changes = fixed(text, graph=loaded(RETIRED))
    assert copy == text.replace("HP:0000001", "HP:0000003"), "two took the place of HP:0000004: that is not certain"
    assert changes == [Change(HEAD_LINES + 1, "existence/retired", "subject_id", "HP:0000001", "HP:0000003")]


def test_cells_with_quotes_and_line_ends_keep_what_they_say(fixed: Fixed) -> None:
    text = (
        table(GOOD.replace("object_id\n", "object_id | comment\n").replace("\nHP", "\nhp"))
        .replace("UMLS:C0342649", 'UMLS:C0342649\t"one\n""two"""')
        .replace("mesh:D061205", "mesh:D061205\tplain")
    )
    copy, changes = fixed(text)
    assert copy == text.replace("\thp:", "\tHP:")
    assert [change.line for change in changes] == [HEAD_LINES + 1, HEAD_LINES + 3]


def test_a_row_with_a_carriage_return_in_it_is_mended_too(fixed: Fixed) -> None:
    text = table(GOOD.replace("object_id\n", "object_id | comment\n").replace("\nHP", "\nhp"))
    text = text.replace("UMLS:C0342649", "UMLS:C0342649\tone\rtwo").replace("mesh:D061205", "mesh:D061205\tplain")
    copy, changes = fixed(text)
    assert copy.split("\n")[-3:] == text.replace("\thp:", "\tHP:").split("\n")[-3:]
    assert len(changes) == 2


def test_the_command_writes_copy_and_log_and_never_the_input(run: Run, tmp_path: Path) -> None:
    path, copy, log = (tmp_path / name for name in ("set.sssom.tsv", "copy.sssom.tsv.gz", "log.tsv"))
    text = table(GOOD)
    path.write_text(text.replace("HP:0004934", "hp:0004934"), encoding="utf-8")
    done = run("mappings", "fix", str(path), "-o", str(copy), "--log", str(log))
    assert (done.code, done.out) == (0, "")
    assert gzip.decompress(copy.read_bytes()).decode() == text
    assert log.read_text().splitlines()[1:] == [f"{HEAD_LINES + 1}\trecord/prefix\tsubject_id\thp:0004934\tHP:0004934"]
    assert "1 changes" in done.err
    for options in (("-o", str(path)), ("--log", str(path)), ("-o", str(copy), "--log", str(copy))):
        refused = run("mappings", "fix", str(path), *options)
        assert refused.code == 2
        assert refused.err.count("\n") == 1
    assert "hp:0004934" in path.read_text()


@needs_shared
def test_real_sets_are_repaired_and_nothing_else_is_changed() -> None:
    path = SHARED / "mondo" / "mondo_exactmatch_omim.sssom.tsv.gz"
    copy, changes = repair(path)
    assert copy == gzip.decompress(path.read_bytes())
    assert changes == []


SET = """
@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix obo: <http://purl.obolibrary.org/obo/> . @prefix sssom: <https://w3id.org/sssom/> .
@prefix umls: <http://linkedlifedata.com/resource/umls/id/> .
<https://example.org/1> a owl:Axiom ; owl:annotatedSource obo:HP_0004934 ; owl:annotatedProperty skos:exactMatch ;
    owl:annotatedTarget umls:C0342649 ; sssom:mapping_justification <https://w3id.org/semapv/vocab/MappingReview> .
<https://example.org/2> a owl:Axiom ; owl:annotatedSource obo:HP_0004933 ; owl:annotatedProperty skos:exactMatch ;
    owl:annotatedTarget umls:0342649 ; sssom:mapping_justification <https://w3id.org/semapv/vocab/MappingReview> .
<https://example.org/3> a owl:Axiom ; owl:annotatedSource obo:HP_0004933 ; owl:annotatedProperty skos:definition ;
    owl:annotatedTarget "No mapping." .
"""


def test_the_mappings_of_a_graph_are_checked(loaded: Loaded) -> None:
    done = check([], rules.chosen(["record", "identifier"]), graph=loaded(SET))
    assert (done.rows, done.clean) == (2, 1)
    (finding,) = done.report
    assert finding.source == GraphSource(RELEASE)
    assert finding.subject == "HP:0004933 skos:exactMatch UMLS:0342649"


def test_a_cross_reference_that_is_no_code_is_told_and_other_texts_are_not(loaded: Loaded) -> None:
    turtle = """
    @prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix obo: <http://purl.obolibrary.org/obo/> .
    @prefix oboInOwl: <http://www.geneontology.org/formats/oboInOwl#> .
    obo:HP_0034420 skos:notation "HP:0034420" ; oboInOwl:hasDbXref "UMLS:0189573", "Fyler:0100" .
    """
    done = check([], rules.chosen(["record", "identifier"]), graph=loaded(turtle))
    assert done.rows == 1
    (finding,) = done.report
    assert (finding.rule, finding.subject) == ("identifier/form", "HP:0034420 oboInOwl:hasDbXref UMLS:0189573")


def test_the_bundled_graph_is_clean_without_a_file(run: Run) -> None:
    done = run("mappings", "check")
    assert done.code == 0, done.out
    assert " rows: " in done.err


def test_sets_that_are_checked_against_count_and_nothing_is_told_of_them(tmp_path: Path, loaded: Loaded) -> None:
    mine, other = tmp_path / "mine.sssom.tsv", tmp_path / "other.sssom.tsv"
    mine.write_text(table("subject_id | predicate_id | object_id\nHP:0004934 | skos:exactMatch | UMLS:C0342649"))
    other.write_text(table("subject_id | predicate_id | object_id\nHP:0004934 | skos:exactMatch | UMLS:C0000001"))
    assert check([mine], rules.chosen()).clean == 1
    for done in (
        check([mine], rules.chosen(), against=[other]),
        check([], rules.chosen(["cardinality"]), graph=loaded(SET), against=[other]),
    ):
        assert done.by_rule == {"cardinality/exact": 1}
        assert len(done.report) == 1


def test_rows_of_other_files_and_graphs_are_named_where_they_are_spoken_of(tmp_path: Path, loaded: Loaded) -> None:
    mine, other = tmp_path / "mine.sssom.tsv", tmp_path / "other.sssom.tsv"
    mine.write_text(table("subject_id | predicate_id | object_id\nHP:0004934 | skos:exactMatch | UMLS:C0342649"))
    other.write_text(table("subject_id | predicate_id | object_id\nUMLS:C0342649 | skos:broadMatch | HP:0004934"))
    (finding,) = check([mine], rules.chosen(["logic/reciprocal"]), against=[other]).report
    place = f"line {HEAD_LINES + 1} of other.sssom.tsv"
    assert finding.message == f"the other way round it is skos:broadMatch ({place})"
    (finding,) = check([], rules.chosen(["logic/reciprocal"]), graph=loaded(SET), against=[other]).report
    assert finding.message.endswith(f"({place})")
    reverse = SET.replace("umls:0342649", "umls:C0342649").replace(
        "Source obo:HP_0004933 ; owl:annotatedProperty skos:exactMatch ;\n    owl:annotatedTarget umls:C0342649",
        "Source umls:C0342649 ; owl:annotatedProperty skos:broadMatch ;\n    owl:annotatedTarget obo:HP_0004934",
    )
    told = {one.message for one in check([], rules.chosen(["logic/reciprocal"]), graph=loaded(reverse)).report}
    assert told == {f"the other way round it is skos:{kind}Match (kg:release/hpo)" for kind in ("exact", "broad")}
