"""``import calckg``: open a graph, ask it, get rows, a data frame or an rdflib graph."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import pytest
import rdflib

import calckg
from calckg.errors import EndpointError, MissingToolError, SourceError, UnknownNameError, UsageError
from calckg.kg import KnowledgeGraph
from tests.conftest import ROOT, Build

HP = "http://purl.obolibrary.org/obo/HP_0004934"
GRAPH = "https://example.org/graph/a"
TEXT = 'HP:0004934 a skos:Concept ; skos:altLabel "Vascular calcification"@en ; ex:share 99.0 .'
VALUES = """SELECT ?iri ?text ?whole ?part ?flag ?day ?none {
  VALUES (?iri ?text ?whole ?part ?flag ?day) { (
    <https://example.org/a> "é"@fr 5 0.5 true "2024-02-25"^^<http://www.w3.org/2001/XMLSchema#date>
  ) } }"""


@pytest.fixture(scope="module")
def graph(build: Build) -> calckg.Graph:
    return calckg.open(build({GRAPH: TEXT}))


@pytest.fixture(scope="module")
def whole(bundled: KnowledgeGraph) -> calckg.Graph:
    return calckg.open()


@pytest.fixture(scope="module")
def everything(whole: calckg.Graph) -> rdflib.Graph:
    return whole.to_rdflib()


# rows


def test_a_value_is_python_s_own(graph: calckg.Graph) -> None:
    assert graph.select(VALUES)[0] == ("https://example.org/a", "é", 5, 0.5, True, "2024-02-25", None)


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ('"5"^^xsd:nonNegativeInteger', 5),
        ('"5"^^xsd:long', 5),
        ("1.5e0", 1.5),
        ('"1.5"^^xsd:float', 1.5),
        ('"INF"^^xsd:double', math.inf),
        ('"many"^^xsd:integer', "many"),
        ('"0"^^xsd:boolean', False),
        ('"yes"^^xsd:boolean', "yes"),
        ('"5"', "5"),
        ('"2020"^^xsd:gYear', "2020"),
    ],
)
def test_a_literal_is_read_by_its_datatype(graph: calckg.Graph, literal: str, value: object) -> None:
    text = f"PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> SELECT ?x {{ VALUES ?x {{ {literal} }} }}"
    ((found,),) = graph.select(text)
    assert found == value
    assert type(found) is type(value)


def test_columns_are_the_variables_in_order(graph: calckg.Graph) -> None:
    assert graph.select(VALUES).columns == ["iri", "text", "whole", "part", "flag", "day", "none"]


def test_rows_are_dictionaries(graph: calckg.Graph) -> None:
    assert graph.select("SELECT ?a ?b { VALUES (?a ?b) { (1 2) } }").dicts() == [{"a": 1, "b": 2}]


def test_rows_are_a_sequence(graph: calckg.Graph) -> None:
    rows = graph.select("SELECT ?a { VALUES ?a { 1 2 3 } }")
    assert (len(rows), rows[-1], rows[:2], list(rows)) == (3, (3,), [(1,), (2,)], [(1,), (2,), (3,)])


def test_terms_are_kept_beside_the_values(graph: calckg.Graph) -> None:
    assert graph.select(VALUES).terms[0][1].language == "fr"


# data frames


def test_rows_become_a_pandas_frame(graph: calckg.Graph) -> None:
    pytest.importorskip("pandas", reason="pandas is not installed")
    frame = graph.select(VALUES).to_pandas()
    assert list(frame.columns) == graph.select(VALUES).columns
    assert frame["whole"][0] == 5


def test_rows_become_a_polars_frame(graph: calckg.Graph) -> None:
    pytest.importorskip("polars", reason="polars is not installed")
    frame = graph.select(VALUES).to_polars()
    assert frame.columns == graph.select(VALUES).columns
    assert frame["whole"][0] == 5


@pytest.mark.parametrize("method", ["to_pandas", "to_polars"])
def test_no_rows_become_a_frame_with_columns(graph: calckg.Graph, method: str) -> None:
    pytest.importorskip(method.removeprefix("to_"))
    frame = getattr(graph.select("SELECT ?a ?b { FILTER(false) }"), method)()
    assert (list(frame.columns), len(frame)) == (["a", "b"], 0)


@pytest.mark.parametrize("method", ["to_pandas", "to_polars"])
def test_a_column_of_several_kinds_becomes_a_frame(graph: calckg.Graph, method: str) -> None:
    pytest.importorskip(method.removeprefix("to_"))
    frame = getattr(graph.select('SELECT ?a { VALUES ?a { 1 "x" 0.5 true UNDEF } }'), method)()
    assert len(frame) == 5


@pytest.mark.parametrize("name", ["pandas", "polars"])
def test_a_missing_library_is_told(graph: calckg.Graph, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingToolError, match=f"{name} is not installed; install it: pip install {name}"):
        getattr(graph.select(VALUES), f"to_{name}")()


# asking


def test_ask_is_a_truth_value(graph: calckg.Graph) -> None:
    assert graph.ask("ASK { ?s ?p ?o }") is True
    assert graph.ask("ASK { FILTER(false) }") is False


def test_construct_is_an_rdflib_graph(graph: calckg.Graph) -> None:
    found = graph.construct("CONSTRUCT WHERE { ?s <https://example.org/share> ?o }")
    assert isinstance(found, rdflib.Graph)
    assert {str(subject) for subject in found.subjects()} == {HP}


def test_describe_is_an_rdflib_graph(graph: calckg.Graph) -> None:
    assert len(graph.construct(f"DESCRIBE <{HP}>")) > 3


@pytest.mark.parametrize(
    ("method", "text"),
    [("select", "ASK {}"), ("ask", "SELECT * {}"), ("construct", "SELECT * {}"), ("select", "DESCRIBE <urn:x:a>")],
)
def test_another_form_is_refused(graph: calckg.Graph, method: str, text: str) -> None:
    with pytest.raises(UsageError, match="use "):
        getattr(graph, method)(text)


@pytest.mark.parametrize("method", ["select", "ask", "construct"])
@pytest.mark.parametrize(
    "text",
    ["SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }", "DROP ALL", "SELECT * FROM <urn:x:none> {}", "SELEC"],
)
def test_what_is_not_reading_is_refused(graph: calckg.Graph, method: str, text: str) -> None:
    with pytest.raises(UsageError):
        getattr(graph, method)(text)


# stored queries


def test_stored_queries_are_listed_with_what_they_answer() -> None:
    assert calckg.Graph.queries()["conditions-with-feature"].startswith("Conditions that show a feature")


def test_a_stored_query_gives_rows(whole: calckg.Graph) -> None:
    rows = whole.query("conditions-with-feature", feature="HP:0004934")
    assert "Gaucher disease type III" in {row["label"] for row in rows.dicts()}


@pytest.mark.parametrize("feature", ["medgen:C0342649", "SCTID:237897009", HP, "vascular calcification"])
def test_a_stored_query_gives_the_same_by_any_code_or_name(whole: calckg.Graph, feature: str) -> None:
    one, two = (whole.query("conditions-with-feature", feature=f) for f in (feature, "HP:0004934"))
    assert list(one) == list(two)


def test_an_unknown_query_names_the_nearest(whole: calckg.Graph) -> None:
    with pytest.raises(UnknownNameError, match="did you mean conditions-with-feature"):
        whole.query("conditions-with-featur")


def test_an_unknown_parameter_names_the_nearest(whole: calckg.Graph) -> None:
    with pytest.raises(UnknownNameError, match="'featur'; did you mean feature"):
        whole.query("conditions-with-feature", featur="HP:0004934")


def test_a_parameter_may_be_called_name(whole: calckg.Graph) -> None:
    with pytest.raises(UnknownNameError, match="unknown parameter of conditions-with-feature 'name'"):
        whole.query("conditions-with-feature", name="x")


def test_a_missing_parameter_is_told(whole: calckg.Graph) -> None:
    with pytest.raises(UsageError, match="conditions-with-feature needs --feature"):
        whole.query("conditions-with-feature")


# rdflib


def test_the_whole_graph_is_the_merge(graph: calckg.Graph, build: Build) -> None:
    twice = calckg.open(build({GRAPH: TEXT, GRAPH + "2": TEXT}))
    assert set(twice.to_rdflib()) == set(graph.to_rdflib())


def test_a_literal_keeps_its_form(graph: calckg.Graph) -> None:
    (share,) = graph.to_rdflib().objects(None, rdflib.URIRef("https://example.org/share"))
    assert str(share) == "99.0"


def test_prefixes_are_bound(graph: calckg.Graph) -> None:
    assert graph.to_rdflib().qname(HP) == "HP:0004934"


def test_a_root_gives_a_part(whole: calckg.Graph, everything: rdflib.Graph) -> None:
    part = whole.to_rdflib(root="HP:0004934")
    assert 0 < len(part) < len(everything)
    assert set(part) <= set(everything)


def test_the_whole_graph_is_as_large_as_the_merge(everything: rdflib.Graph, bundled: KnowledgeGraph) -> None:
    triples = {(q.subject, q.predicate, q.object) for q in bundled.quads()}
    assert len(everything) == len(triples)


# opening


def test_a_graph_tells_which_it_is(graph: calckg.Graph) -> None:
    assert repr(graph).startswith("calckg.open('")


def test_a_missing_graph_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such graph directory"):
        calckg.open(tmp_path / "none")


def test_two_graphs_are_refused() -> None:
    with pytest.raises(UsageError, match="kg and endpoint name two graphs"):
        calckg.open("kg", endpoint="http://127.0.0.1:1/")


def test_an_endpoint_that_is_not_there_is_told() -> None:
    with pytest.raises(EndpointError, match="can't be reached"):
        calckg.open(endpoint="http://127.0.0.1:1/").ask("ASK {}")


def test_every_error_can_be_caught_as_one() -> None:
    assert issubclass(UnknownNameError, calckg.CalckgError)


def test_the_package_has_just_what_it_names() -> None:
    assert dir(calckg) == sorted(calckg.__all__)
    assert all(getattr(calckg, name) for name in calckg.__all__)


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'calckg' has no attribute 'nothing'"):
        _ = calckg.nothing


def test_importing_costs_nothing() -> None:
    program = "import sys, calckg; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-S", "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert set(done.stdout.split()) - sys.stdlib_module_names - {"__main__"} == {"calckg"}
