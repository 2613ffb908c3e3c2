"""``calckg.validate``: files, rdflib graphs and built graphs against shapes, from Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib.compare import isomorphic

import calckg
from calckg import rdf
from calckg.errors import CalckgError, SourceError, UnknownNameError, UsageError
from calckg.findings import FileSource, GraphSource
from tests.conftest import PREFIXES, Build
from tests.terms import TEXT, quads

EX = "https://example.org/"
SHAPES = """ex:label a sh:NodeShape ; sh:targetClass ex:Thing ;
  sh:property [ sh:path rdfs:label ; sh:minCount 1 ; sh:message "There is no label." ] .
ex:size a sh:PropertyShape ; sh:targetClass ex:Thing ; sh:path ex:size ; sh:maxInclusive 3 ; sh:severity sh:Warning ."""
DATA = """ex:a a ex:Thing ; rdfs:label "a" ; ex:size 4 . ex:b a ex:Thing ; ex:size 5, 2 . ex:c a ex:Thing ."""
FOUND = {"violation": 2, "warning": 2}
Told = list[tuple[str, str, str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shapes.ttl").write_text(PREFIXES + SHAPES)
    (tmp_path / "data.ttl").write_text(PREFIXES + DATA)
    return tmp_path


def told(outcome: object) -> Told:
    return [(finding.rule, finding.subject, finding.message) for finding in outcome.report]  # type: ignore[attr-defined]


def test_files_and_rdflib_graphs_give_the_same(folder: Path) -> None:
    data, shapes = folder / "data.ttl", folder / "shapes.ttl"
    by_files = calckg.validate(data, shapes)
    assert not by_files.conforms
    assert by_files.counts() == FOUND
    assert {str(finding.source) for finding in by_files.report} == {str(data)}
    graph, rules = rdflib.Graph().parse(data), rdflib.Graph().parse(shapes)
    for outcome in (
        calckg.validate(str(data), [str(shapes)]),
        calckg.validate(graph, rules),
        calckg.validate(graph, shapes),
        calckg.validate([data], rules),
    ):
        assert told(outcome) == told(by_files)


def test_findings_are_made_once_when_they_are_asked_for(folder: Path) -> None:
    (folder / "data.nt").write_text(f"<{EX}a> a <{EX}Thing> .\n".replace(" a ", f" <{rdflib.RDF.type}> "))
    outcome = calckg.validate(folder / "data.nt", folder / "shapes.ttl")
    assert "report" not in vars(outcome)
    (finding,) = outcome.report
    assert str(finding.source) == f"{folder / 'data.nt'}:1"
    assert outcome.report is outcome.report


def test_several_files_are_taken_together(folder: Path) -> None:
    more = folder / "more.ttl"
    more.write_text(PREFIXES + 'ex:c rdfs:label "c" .')
    assert calckg.validate([folder / "data.ttl", more], folder / "shapes.ttl").counts()["violation"] == 1


def test_the_report_is_an_rdflib_graph(folder: Path) -> None:
    outcome = calckg.validate(folder / "data.ttl", folder / "shapes.ttl")
    report = outcome.to_rdflib()
    assert isomorphic(report, rdflib.Graph().parse(data=outcome.turtle(), format="turtle"))
    assert len(list(report.objects(None, rdflib.SH.focusNode))) == 4


@pytest.mark.filterwarnings("ignore:Dataset.default_context:DeprecationWarning")  # rdflib of itself
def test_the_graph_of_a_dataset_is_told(folder: Path) -> None:
    data = rdflib.Dataset()
    data.add((rdflib.URIRef(f"{EX}c"), rdflib.RDF.type, rdflib.URIRef(f"{EX}Thing")))
    data.graph(rdflib.URIRef(f"{EX}g")).parse(data=PREFIXES + "ex:d a ex:Thing .", format="turtle")
    sources = {f.subject: f.source for f in calckg.validate(data, folder / "shapes.ttl").report}
    assert sources == {f"{EX}c": GraphSource(None), f"{EX}d": GraphSource(f"{EX}g")}


def test_limit_shape_and_focus(folder: Path) -> None:
    data, shapes = folder / "data.ttl", folder / "shapes.ttl"
    few = calckg.validate(data, shapes, limit=1)
    assert few.counts() == FOUND
    assert len(few.report) == 2
    assert calckg.validate(data, shapes, shape=f"{EX}size").counts() == {"warning": 2}
    assert calckg.validate(data, shapes, focus=[f"{EX}b"]).counts() == {"violation": 1, "warning": 1}


def test_a_built_graph(build: Build, folder: Path) -> None:
    graph = calckg.open(build({f"{EX}g": DATA}))
    outcome = graph.validate(folder / "shapes.ttl", limit=5)
    assert outcome.counts() == FOUND
    assert {finding.source for finding in outcome.report} == {GraphSource(f"{EX}g")}
    assert graph.validate(rdflib.Graph().parse(folder / "shapes.ttl"), recheck=True).counts() == FOUND
    own = graph.validate()
    assert len(own.outcomes) > 200
    assert own.triples == 7


def test_without_shapes_calckg_s_own_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "data.ttl"
    path.write_text(PREFIXES + "ex:a a skos:Concept .")
    found = [finding for finding in calckg.validate(path).report if finding.subject == f"{EX}a"]
    assert found
    assert {type(finding.source) for finding in found} == {FileSource}


@pytest.mark.parametrize("data", [[], 5, [3], None, ["a.ttl", b"b.ttl"]])
def test_what_is_no_rdf_is_refused(data: object) -> None:
    with pytest.raises(UsageError, match="is no RDF to check or to check against; give a file, several, or an rdflib"):
        calckg.validate(data)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "data", ["ex:a a ex:b .\n" * 99, "@prefix ex: <urn:x:> .", "{}", "a\0", "x" * 9999, ["<a> <b> 1"]]
)
def test_a_text_is_no_path_and_is_not_told_as_a_whole(data: str | list[str]) -> None:
    with pytest.raises(UsageError, match="is a text, no path; write it to a file, or read it into an rdflib") as caught:
        calckg.validate(data)
    assert len(str(caught.value)) < 150


def test_an_open_file_is_no_path(folder: Path) -> None:
    with (folder / "data.ttl").open() as stream, pytest.raises(UsageError, match="an open file is no RDF"):
        calckg.validate(stream)


def test_what_can_not_be_is_told_in_a_line(folder: Path) -> None:
    data, shapes = folder / "data.ttl", folder / "shapes.ttl"
    with pytest.raises(SourceError, match=r"none\.ttl: no such file"):
        calckg.validate(folder / "none.ttl", shapes)
    with pytest.raises(CalckgError, match=r"the graph of shapes: there is no shape in it; give one with sh:NodeShape"):
        calckg.validate(data, rdflib.Graph().parse(data))
    with pytest.raises(UnknownNameError, match="unknown shape"):
        calckg.validate(data, shapes, shape=[f"{EX}none"])


@pytest.mark.parametrize("limit", [-1, "3", 1.5, True])
def test_a_limit_is_a_whole_number(folder: Path, limit: Any) -> None:
    with pytest.raises(UsageError, match=rf"limit {limit!r}: give a whole number, 0 or more"):
        calckg.validate(folder / "data.ttl", folder / "shapes.ttl", limit=limit)


@pytest.mark.parametrize("name", ["shape", "focus"])
@pytest.mark.parametrize(
    ("given", "told"), [(5, "5"), ([f"{EX}a", None], "None"), (b"a", "b'a'"), (["x", b"y" * 999], "…")]
)
def test_shapes_and_nodes_are_texts(folder: Path, name: str, given: Any, told: str) -> None:
    with pytest.raises(
        UsageError, match=rf"{name}=.*{told}: give an IRI or a CURIE as text, several, or None"
    ) as caught:
        calckg.validate(folder / "data.ttl", folder / "shapes.ttl", **{name: given})
    assert len(str(caught.value)) < 150


def test_none_is_no_shape_and_no_node(folder: Path) -> None:
    outcome = calckg.validate(folder / "data.ttl", folder / "shapes.ttl", shape=None, focus=None, limit=None)
    assert outcome.counts() == FOUND


@pytest.mark.parametrize(
    ("subject", "why"),
    [
        (rdflib.URIRef("a b"), r"a b urn:p 1: no statement of RDF \(.*' '\); mend it in the graph"),
        (rdflib.Literal("a"), r"a urn:p 1: no statement of RDF \(one of these can't stand where it does\); mend it"),
    ],
)
def test_what_rdflib_has_and_rdf_has_not_is_told(folder: Path, subject: rdflib.term.Node, why: str) -> None:
    graph = rdflib.Graph()
    graph.add((subject, rdflib.URIRef("urn:p"), rdflib.Literal(1)))
    with pytest.raises(CalckgError, match=why) as told:
        calckg.validate(graph, folder / "shapes.ttl")
    assert "\n" not in str(told.value)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(quads(TEXT, graphs=False), max_size=12))
def test_what_goes_to_rdflib_comes_back(given_quads: list[ox.Quad]) -> None:
    assert set(rdf.of_rdflib(rdf.to_rdflib(quad.triple for quad in given_quads))) == set(given_quads)


def test_a_file_that_has_gone_has_no_lines(tmp_path: Path) -> None:
    (tmp_path / "shapes.ttl").write_text(PREFIXES + SHAPES)
    data = tmp_path / "data.nt"
    data.write_text(f"<{EX}a> <{rdflib.RDF.type}> <{EX}Thing> .\n")
    outcome = calckg.validate(data, tmp_path / "shapes.ttl")
    data.unlink()
    (finding,) = outcome.report
    assert finding.source == FileSource(str(data))
