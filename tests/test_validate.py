"""SHACL shapes over files and graphs: findings with their place, the report, and shapes that are none."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pyoxigraph as ox
import pytest

from calckg import rdf
from calckg.errors import CalckgError, SourceError
from calckg.findings import FileSource, GraphSource, Severity
from calckg.shapes import engine as shacl
from tests.conftest import PREFIXES, Build, Run

SHAPES = """
ex:label a sh:NodeShape ; sh:targetClass ex:Thing ; rdfs:comment "Give it one."@en ;
  sh:property [ sh:path rdfs:label ; sh:minCount 1 ; sh:message "There is no label." ] .
ex:colour a sh:PropertyShape ; sh:targetClass ex:Thing ; sh:path ex:colour ; sh:in ( "red" "blue" ) ;
  sh:severity sh:Warning ; sh:message "Not a colour." ; rdfs:comment "Take red or blue."@en .
ex:note a sh:PropertyShape ; sh:targetClass ex:Thing ; sh:path ex:note ; sh:maxCount 0 ;
  sh:severity sh:Info ; sh:message "There is a note." .
"""
GOOD = 'ex:good a ex:Thing ; rdfs:label "good" ; ex:colour "red" .'
BAD = 'ex:bad a ex:Thing ; ex:colour "green" ; ex:note "x" .'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {"shapes": SHAPES, "good": GOOD, "bad": BAD}.items():
        (tmp_path / f"{name}.ttl").write_text(PREFIXES + text)
    return tmp_path


def shapes(folder: Path, text: str) -> list[Path]:
    path = folder / "other-shapes.ttl"
    path.write_text(PREFIXES + text)
    return [path]


def run(folder: Path, text: str, shape_files: list[Path] | None = None) -> shacl.Validation:
    quads = [ox.Quad(*t) for t in ox.parse(PREFIXES + text, format=ox.RdfFormat.TURTLE)]
    return shacl.validate(quads, shape_files or [folder / "shapes.ttl"])


# findings


def test_what_conforms_has_no_finding(folder: Path) -> None:
    outcome = run(folder, GOOD)
    assert outcome.conforms
    assert len(outcome.report) == 0


def test_a_finding_has_the_words_of_its_shape(folder: Path) -> None:
    (finding,) = (f for f in run(folder, BAD).report if f.severity is Severity.VIOLATION)
    assert finding.rule == "https://example.org/label"
    assert finding.subject == "https://example.org/bad"
    assert finding.message == "There is no label."
    assert finding.remedy == "Give it one."


def test_a_finding_shows_the_value(folder: Path) -> None:
    (finding,) = (f for f in run(folder, BAD).report if f.severity is Severity.WARNING)
    assert finding.message == "Not a colour. (found: green)"


def test_each_severity_is_kept(folder: Path) -> None:
    assert run(folder, BAD).report.counts() == {"violation": 1, "warning": 1, "info": 1}


def test_a_warning_does_not_conform(folder: Path) -> None:
    assert not run(folder, 'ex:a a ex:Thing ; rdfs:label "a" ; ex:note "x" .').conforms  # SHACL, 3.6.1


def test_a_shape_without_a_comment_has_no_remedy(folder: Path) -> None:
    (finding,) = (f for f in run(folder, BAD).report if f.severity is Severity.INFO)
    assert finding.remedy == ""


def test_shapes_that_need_each_other_are_refused_with_the_cycle(folder: Path) -> None:
    ring = """ex:s a sh:NodeShape ; sh:targetClass ex:Thing ; sh:node ex:t . ex:t a sh:NodeShape ; sh:property ex:u .
        ex:u a sh:PropertyShape ; sh:path ex:q ; sh:minCount 1 ; sh:node ex:s ."""
    cycle = r"https://example\.org/s → https://example\.org/t → https://example\.org/u → https://example\.org/s"
    with pytest.raises(CalckgError, match=cycle):
        run(folder, GOOD, shapes(folder, ring))


def test_findings_name_the_graph_of_the_statement_else_of_the_node(folder: Path) -> None:
    quads = [
        ox.Quad(
            q.subject, q.predicate, q.object, ox.NamedNode("urn:x:b" if "colour" in str(q.predicate) else "urn:x:a")
        )
        for q in ox.parse(PREFIXES + BAD, format=ox.RdfFormat.TURTLE)
    ]
    report = shacl.validate(sorted(quads, key=lambda q: str(q.graph_name)), [folder / "shapes.ttl"]).report
    assert {f.severity: f.source for f in report} == {
        Severity.VIOLATION: GraphSource("urn:x:a"),
        Severity.WARNING: GraphSource("urn:x:b"),
        Severity.INFO: GraphSource("urn:x:a"),
    }


def test_the_source_in_a_file_is_the_file(folder: Path) -> None:
    quads = list(rdf.read(folder / "bad.ttl"))
    report = shacl.validate(quads, [folder / "shapes.ttl"], {str(q.subject): "bad.ttl" for q in quads}).report
    assert {f.source for f in report} == {FileSource("bad.ttl")}


def test_a_blank_node_has_a_file_too(folder: Path) -> None:
    (folder / "blank.ttl").write_text(PREFIXES + "[] a ex:Thing .")
    quads = list(rdf.read(folder / "blank.ttl"))
    (finding,) = shacl.validate(quads, [folder / "shapes.ttl"], {str(q.subject): "blank.ttl" for q in quads}).report
    assert finding.source == FileSource("blank.ttl")


def test_the_report_is_the_standard_s(folder: Path) -> None:
    predicates = {t.predicate.value.rpartition("#")[2] for t in run(folder, BAD).graph()}
    assert {"conforms", "result", "focusNode", "resultMessage", "sourceShape", "resultSeverity"} <= predicates


def test_the_order_of_findings_is_the_same_each_time(folder: Path) -> None:
    reports = [[f.as_dict() for f in run(folder, BAD).report] for _ in range(2)]
    assert reports[0] == reports[1]


def test_a_literal_is_compared_as_it_is_written(folder: Path) -> None:
    pattern = "ex:s a sh:PropertyShape ; sh:targetClass ex:Thing ; sh:path ex:n ; sh:pattern '^01$' ."
    assert run(folder, 'ex:a a ex:Thing ; ex:n "01"^^xsd:integer .', shapes(folder, pattern)).conforms


# quiet


def test_an_ill_typed_literal_is_a_finding_and_no_talk(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    datatype = "ex:s a sh:PropertyShape ; sh:targetClass ex:Thing ; sh:path ex:n ; sh:datatype xsd:date ."
    outcome = run(folder, 'ex:a a ex:Thing ; ex:n "2020-13-45"^^xsd:date .', shapes(folder, datatype))
    assert len(outcome.report) == 1
    assert not caplog.records


def test_afterwards_rdflib_talks_as_before(folder: Path) -> None:
    run(folder, GOOD)
    assert not logging.getLogger("rdflib.term").disabled


# shapes that are none

HEAD = "ex:s a sh:NodeShape ; sh:targetClass ex:Thing ; "
MALFORMED = {
    "no path": HEAD + "sh:property [ sh:minCount 1 ] .",
    "a count that is none": HEAD + 'sh:property [ sh:path ex:p ; sh:minCount "x" ] .',
    "an unknown kind of path": HEAD + "sh:property [ sh:path [ ex:foo ex:p ] ; sh:minCount 1 ] .",
    "a malformed pattern": HEAD + 'sh:property [ sh:path ex:colour ; sh:pattern "(" ] .',
    "a malformed query": HEAD + 'sh:sparql [ sh:select "SELECT $this WHERE { " ] .',
    "a query with an unknown prefix": HEAD + 'sh:sparql [ sh:select "SELECT $this WHERE { $this foo:x ?y }" ] .',
    "a query to another server": HEAD
    + 'sh:sparql [ sh:select "SELECT $this WHERE { SERVICE <http://127.0.0.1:1/> { $this ?y ?z } }" ] .',
    "a query to another server, bound first": HEAD
    + 'sh:sparql [ sh:select "SELECT $this WHERE { $this a ?t . SERVICE <http://127.0.0.1:1/> { $this ?y ?z } }" ] .',
    "a qualified shape without a count": HEAD + "sh:property [ sh:path ex:p ; sh:qualifiedValueShape ex:t ] .",
}


@pytest.mark.parametrize("text", MALFORMED.values(), ids=MALFORMED)
def test_malformed_shapes_are_told_in_one_line(
    folder: Path, text: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    said = (
        r"other-shapes\.ttl: the shapes (are not well formed|can't be run): |its sh:select: the query is malformed at"
    )
    with pytest.raises(CalckgError, match=said) as caught:
        run(folder, GOOD, shapes(folder, text))
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


def test_a_file_without_a_shape_is_told(folder: Path) -> None:
    with pytest.raises(CalckgError, match=r"other-shapes\.ttl: there is no shape in it"):
        run(folder, GOOD, shapes(folder, "ex:a ex:b ex:c ."))


def test_shapes_without_a_type_are_counted_by_their_targets(folder: Path) -> None:
    untyped = "ex:s sh:targetClass ex:Thing ; sh:property [ sh:path rdfs:label ; sh:minCount 1 ] ."
    outcome = run(folder, BAD, shapes(folder, untyped))
    assert (outcome.shapes, len(outcome.report)) == (1, 1)


def test_shapes_are_counted_once_where_they_are_checked_against(folder: Path) -> None:
    """ex:s has two constraints; ex:t only holds the other, and nobody asks for ex:u."""
    text = """ex:s sh:targetClass ex:Thing ; sh:nodeKind sh:IRI ; sh:minLength 1 .
        ex:t sh:targetClass ex:Thing ; sh:property [ sh:path rdfs:label ; sh:minCount 1 ; sh:maxCount 1 ] .
        ex:u a sh:NodeShape ; sh:nodeKind sh:IRI ."""
    assert run(folder, BAD, shapes(folder, text)).shapes == 2


def test_a_malformed_file_of_shapes_is_told_with_its_place(folder: Path) -> None:
    (folder / "broken.ttl").write_text("<urn:x:a> <urn:x:b> .")
    with pytest.raises(SourceError, match=r"broken\.ttl:1:21"):
        run(folder, GOOD, [folder / "broken.ttl"])


def test_our_own_shapes_and_prefixes_are_the_default() -> None:
    names = [path.name for path in shacl.shape_files()]
    assert "concepts.ttl" in names
    assert names[-1] == "prefixes.ttl"


# the command


def test_files_that_conform_exit_with_0(run: Run, folder: Path) -> None:
    done = run("validate", folder / "good.ttl", "--shapes", folder / "shapes.ttl")
    assert (done.code, done.out) == (0, "")
    assert done.complaint == "3 triples, 3 shapes: conforms"


def test_findings_exit_with_1_and_are_counted(run: Run, folder: Path) -> None:
    done = run("validate", folder / "good.ttl", folder / "bad.ttl", "--shapes", folder / "shapes.ttl")
    assert done.code == 1
    assert done.err.endswith("\n6 triples, 3 shapes: does not conform (1 violation, 1 warning, 1 info)\n")


def test_what_is_only_information_is_counted_beside_the_table(run: Run, folder: Path) -> None:
    done = run("validate", folder / "bad.ttl", "--shapes", folder / "shapes.ttl")
    assert "There is a note." not in done.out
    assert done.err.splitlines()[0] == "info, once: There is a note. (https://example.org/note)"


def test_information_of_one_rule_is_one_line(run: Run, folder: Path) -> None:
    (folder / "notes.ttl").write_text(PREFIXES + 'ex:a a ex:Thing ; rdfs:label "a" ; ex:note "x" . ex:b ex:note "y" .')
    shapes = (
        PREFIXES
        + """@prefix sh: <http://www.w3.org/ns/shacl#> .
        ex:noted sh:targetSubjectsOf ex:note ; sh:property ex:short .
        ex:short sh:path ex:note ; sh:maxLength 0 ; sh:severity sh:Info ; sh:message "A note is empty." ."""
    )
    (folder / "noted.ttl").write_text(shapes)
    done = run("validate", folder / "notes.ttl", "--shapes", folder / "noted.ttl")
    (line,) = (line for line in done.err.splitlines() if line.startswith("info"))
    assert line.startswith("info, 2 times, such as: A note is empty. (found: ")
    assert line.endswith(" (https://example.org/short)")


def test_information_is_in_the_table_when_it_fails(run: Run, folder: Path) -> None:
    done = run("validate", folder / "bad.ttl", "--shapes", folder / "shapes.ttl", "--fail-on", "info")
    assert "There is a note." in done.out
    assert "(1 violation, 1 warning, 1 info)" in done.complaint


def test_a_warning_below_the_limit_does_not_conform_and_does_not_fail(run: Run, folder: Path) -> None:
    (folder / "grey.ttl").write_text(PREFIXES + 'ex:a a ex:Thing ; rdfs:label "a" ; ex:colour "grey" .')
    done = run("validate", folder / "grey.ttl", "--shapes", folder / "shapes.ttl")
    assert done.code == 0
    assert done.complaint == "3 triples, 3 shapes: no violation (1 warning)"


def test_the_summary_counts_one_as_one(run: Run, folder: Path) -> None:
    (folder / "one.ttl").write_text(PREFIXES + 'ex:a ex:note "x" .')
    (folder / "one-shape.ttl").write_text(PREFIXES + "ex:s a sh:NodeShape ; sh:targetNode ex:a ; sh:closed true .")
    done = run("validate", folder / "one.ttl", "--shapes", folder / "one-shape.ttl")
    assert done.err == "1 triple, 1 shape: does not conform (1 violation)\n"
    done = run("validate", folder / "one.ttl", "--shapes", folder / "one-shape.ttl", "--format", "junit")
    assert 'message="1 finding: ' in done.out


@pytest.mark.parametrize(("limit", "code"), [("violation", 0), ("warning", 0), ("Info", 1)])
def test_fail_on_sets_the_limit(run: Run, folder: Path, limit: str, code: int) -> None:
    (folder / "note.ttl").write_text(PREFIXES + 'ex:a a ex:Thing ; rdfs:label "a" ; ex:note "x" .')
    assert run("validate", folder / "note.ttl", "--shapes", folder / "shapes.ttl", "--fail-on", limit).code == code


def test_an_unknown_severity_names_the_known(run: Run, folder: Path) -> None:
    done = run("validate", folder / "good.ttl", "--fail-on", "warnin")
    assert done.code == 2
    assert "unknown severity 'warnin'; did you mean warning? (one of: info, warning, violation)" in done.complaint


def test_findings_in_json_name_their_file(run: Run, folder: Path) -> None:
    done = run("validate", folder / "bad.ttl", "--shapes", folder / "shapes.ttl", "--format", "json")
    assert {item["source"]["file"] for item in json.loads(done.out)} == {str(folder / "bad.ttl")}


@pytest.mark.parametrize("name", ["turtle", "ntriples", "jsonld"])
def test_a_report_in_rdf_is_the_same_each_time(run: Run, folder: Path, name: str) -> None:
    """That is so for shapes without an IRI, too: :label has one."""
    told = []
    for _ in range(2):
        done = run("validate", folder / "bad.ttl", "--shapes", folder / "shapes.ttl", "--format", name)
        assert (done.code, done.err.count("1 violation, 1 warning, 1 info")) == (1, 1)
        told.append(done.out)
    assert told[0] == told[1]
    assert "There is no label." in told[0]


def test_the_report_in_turtle_is_a_validation_report(run: Run, folder: Path) -> None:
    target = folder / "report.ttl"
    done = run("validate", folder / "bad.ttl", "--shapes", folder / "shapes.ttl", "-o", target)
    assert (done.code, done.out) == (1, "")
    report = "http://www.w3.org/ns/shacl#ValidationReport"
    assert any(str(quad.object) == f"<{report}>" for quad in rdf.read(target))


@pytest.mark.parametrize("name", ["bad.ttl", "shapes.ttl", "./bad.ttl", "link.ttl"])
def test_what_is_read_is_not_written_over(run: Run, folder: Path, name: str) -> None:
    (folder / "link.ttl").symlink_to(folder / "bad.ttl")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    done = run("validate", folder / "bad.ttl", "--shapes", folder / "shapes.ttl", "-o", f"{folder}/{name}")
    assert done.code == 2
    assert "which is read; write to another file" in done.complaint
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize(("name", "code"), [("bad", 1), ("good", 0), ("none", 3)])
@pytest.mark.parametrize("closed", ["both", "stderr"])
def test_the_exit_code_stands_when_nobody_reads_on(folder: Path, name: str, code: int, closed: str) -> None:
    read, write = os.pipe()
    os.close(read)
    files = [str(folder / f"{name}.ttl"), "--shapes", str(folder / "shapes.ttl")]
    command = [sys.executable, "-m", "calckg", "validate", *files]
    stdout = write if closed == "both" else subprocess.DEVNULL
    done = subprocess.run(command, stdout=stdout, stderr=write, check=False)
    os.close(write)
    assert done.returncode == code


def test_several_files_of_shapes_are_taken_together(run: Run, folder: Path) -> None:
    done = run(
        "validate", folder / "bad.ttl", "--shapes", folder / "shapes.ttl",
        "--shapes", shapes(folder, HEAD + "sh:property [ sh:path ex:p ; sh:minCount 1 ] .")[0],
    )  # fmt: skip
    assert "(2 violations, 1 warning, 1 info)" in done.err


def test_a_built_graph_is_validated(run: Run, folder: Path, build: Build) -> None:
    done = run("validate", "--kg", build({"urn:x:g": BAD}), "--shapes", folder / "shapes.ttl", "--format", "json")
    assert {item["source"]["graph"] for item in json.loads(done.out)} == {"urn:x:g"}


def test_files_and_an_endpoint_are_two_things(run: Run, folder: Path) -> None:
    done = run("validate", folder / "good.ttl", "--endpoint", "http://127.0.0.1:1/")
    assert done.code == 2
    assert "FILE and --endpoint name two things to check" in done.complaint


def test_files_and_a_graph_are_two_things(run: Run, folder: Path) -> None:
    done = run("validate", folder / "good.ttl", "--kg", folder)
    assert done.code == 2
    assert "FILE and --kg name two things to check" in done.complaint


def test_the_environment_s_graph_gives_way_to_files(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALCKG_KG", str(folder))
    assert run("validate", folder / "good.ttl", "--shapes", folder / "shapes.ttl").code == 0


# options


def bad(folder: Path) -> tuple[str | Path, ...]:
    return "validate", folder / "bad.ttl", "--shapes", folder / "shapes.ttl"


def test_only_one_shape_and_one_node_are_checked(run: Run, folder: Path) -> None:
    done = run(
        "validate",
        folder / "bad.ttl",
        "--shapes",
        folder / "shapes.ttl",
        "--shape",
        "https://example.org/label",
        "--format",
        "json",
    )
    assert {finding["rule"] for finding in json.loads(done.out)} == {"https://example.org/label"}
    done = run(
        "validate",
        folder / "bad.ttl",
        "--shapes",
        folder / "shapes.ttl",
        "--focus",
        "https://example.org/other",
        "--format",
        "json",
    )
    assert json.loads(done.out) == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ("--focus", "unknown:bob"),
            "--focus 'unknown:bob': unknown prefix 'unknown'; write the IRI, all of it, in angle",
        ),
        (("--focus", "mailto:a@example.org"), "--focus 'mailto:a@example.org': unknown prefix 'mailto'"),
        (("--shape", "unknown:bob"), "--shape 'unknown:bob': unknown prefix"),
        (("--focus", "_:x"), "--focus '_:x': a blank node can't be asked for by name"),
        (("--focus", "bob"), "--focus 'bob': 'bob' is neither a CURIE nor an IRI"),
        (("--limit", "abc"), "--limit 'abc': give a whole number"),
        (("--limit", "1.5"), "--limit '1.5': give a whole number"),
        (("-o", ""), "--output '': the name of a file is empty; give one"),
        (("--shapes", ""), "--shapes '': the name of a file is empty; give one"),
        (("",), "FILE '': the name of a file is empty; give one"),
    ],
)
def test_wrong_arguments_are_named_with_their_value(
    run: Run, folder: Path, arguments: tuple[str, ...], told: str
) -> None:
    done = run(*bad(folder), *arguments)
    assert done.code == 2
    assert done.complaint.startswith(f"calckg: {told}")


def test_an_address_with_a_password_is_not_asked_and_not_told(run: Run) -> None:
    done = run("validate", "--endpoint", "http://me:secret@localhost/sparql")
    assert done.code == 2
    assert (
        done.complaint
        == "calckg: --endpoint 'http://…@localhost/sparql': has a name before @; give the address without it"
    )


def test_an_unknown_shape_is_told(run: Run, folder: Path) -> None:
    done = run(
        "validate", folder / "bad.ttl", "--shapes", folder / "shapes.ttl", "--shape", "https://example.org/lable"
    )
    assert done.code == 2
    assert "did you mean https://example.org/label" in done.complaint


def test_a_limit_below_0_is_told(run: Run, folder: Path) -> None:
    done = run(*bad(folder), "--limit", "-1")
    assert (done.code, done.complaint) == (2, "calckg: limit -1: give a whole number, 0 or more")


def test_one_shape_that_is_asked_for_is_one_shape(run: Run, folder: Path) -> None:
    done = run(*bad(folder), "--shape", "https://example.org/colour", "--focus", "https://example.org/bad")
    assert done.complaint == "3 triples, 1 shape: no violation (1 warning)"


def test_a_limit_says_how_many_more(run: Run, folder: Path) -> None:
    done = run(*bad(folder), "--limit", "0")
    assert done.code == 1
    assert "1 more of https://example.org/label" in done.err


def test_explain_prints_queries_and_times(run: Run, folder: Path) -> None:
    done = run(*bad(folder), "--explain")
    assert "MinCountConstraintComponent" in done.err
    assert " ms, 1 result\n" in done.err
    assert "SELECT" in done.err


def test_sarif_has_a_result_for_each_finding(run: Run, folder: Path) -> None:
    (told,) = json.loads(run(*bad(folder), "--format", "sarif").out)["runs"]
    levels = {result["level"] for result in told["results"]}
    assert levels == {"error", "warning", "note"}
    uris = {r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in told["results"]}
    assert uris == {str(folder / "bad.ttl")}
    ids = [rule["id"] for rule in told["tool"]["driver"]["rules"]]
    assert all(ids[result["ruleIndex"]] == result["ruleId"] for result in told["results"])


def test_junit_fails_a_shape_with_grave_findings(run: Run, folder: Path) -> None:
    suite = ElementTree.fromstring(run(*bad(folder), "--format", "junit").out)
    failed = [case.get("name") for case in suite if case.find("failure") is not None]
    assert failed == ["https://example.org/label"]
    assert suite.get("failures") == "1"


def test_a_query_may_look_at_the_shapes_beside_a_graph_that_is_only_read(run: Run, tmp_path: Path) -> None:
    shapes = tmp_path / "shapes.ttl"
    shapes.write_text(
        """@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <http://example.org/> .
        ex:allowed a sh:NodeShape ; sh:targetClass <http://purl.org/ontology/bibo/Journal> ;
            sh:sparql [ sh:message "not allowed" ; sh:select '''
                SELECT $this ?value { $this a ?value
                    FILTER NOT EXISTS { GRAPH $shapesGraph { $currentShape <http://example.org/allows> ?value } } }'''
            ] .""",
        encoding="utf-8",
    )
    journals = "SELECT (COUNT(DISTINCT ?j) AS ?n) { ?j a <http://purl.org/ontology/bibo/Journal> }"
    count = int(run("sparql", journals, "--format", "csv").out.split()[1])
    done = run("validate", "--shapes", str(shapes), "--format", "json")
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert len(json.loads(done.out)) == count > 1
    shapes.write_text(
        f"{shapes.read_text()} ex:allowed ex:allows <http://purl.org/ontology/bibo/Journal> .", encoding="utf-8"
    )
    assert run("validate", "--shapes", str(shapes)).code == 0
