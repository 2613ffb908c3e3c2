"""Each shape finds what it should and nothing else: pySHACL over small graphs, on two SPARQL engines.

``tests/shapes/FAMILY/SHAPE/`` holds, for each shape of ``ontology/shapes/FAMILY.ttl``, a graph that passes, one that
fails, and the results that it yields. Each is read together with ``valid.ttl``, with which nothing is wrong.
"""

from __future__ import annotations

import json
import random
import re
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pyshacl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import RDF, RDFS, SKOS, BNode, Graph, Namespace, URIRef
from rdflib.collection import Collection
from rdflib.plugins.sparql import prepareQuery
from rdflib.query import Result

from calckg import identifiers, prefixes, resources

SH = Namespace("http://www.w3.org/ns/shacl#")
SHAPE = Namespace("https://w3id.org/calckg/ontology/shapes/")
HERE = Path(__file__).parent / "shapes"
FOLDER = resources.ontology_dir() / "shapes"
FILES = sorted(FOLDER.glob("*.ttl"))
CASES = sorted(path.parent.relative_to(HERE).as_posix() for path in HERE.glob("*/*/expected.json"))
ABOUT_THE_SHAPE = {
    *(RDF.type, SH.path, SH.message, SH.severity, SH.property, SH.node, SH.name, SH.order, SH.group, RDFS.comment),
    *(SH.targetClass, SH.targetNode, SH.targetObjectsOf, SH.targetSubjectsOf),
}
prepared = cache(prepareQuery)


class PreparedGraph(Graph):
    """A graph that parses each query once: pySHACL asks the same one for every focus node."""

    def query(self, query_object: Any, *args: Any, **kwargs: Any) -> Any:
        return super().query(prepared(query_object), *args, **kwargs)


class OxigraphQueries(Graph):
    """A graph whose queries Oxigraph answers, so that two engines have to agree on them."""

    def query(self, query_object: Any, *args: Any, **kwargs: Any) -> Any:
        store = ox.Store()
        store.load(self.serialize(format="nt").encode(), format=ox.RdfFormat.N_TRIPLES)
        given = next(one for one in [kwargs.get("initBindings"), *args] if isinstance(one, dict))
        bound: dict[ox.Variable, Any] = {ox.Variable(str(name)): term(node) for name, node in given.items()}
        solutions = store.query(query_object, substitutions=bound)
        assert isinstance(solutions, ox.QuerySolutions)
        return Result.parse(BytesIO(solutions.serialize(format=ox.QueryResultsFormat.JSON) or b""), format="json")


def term(node: Any) -> ox.NamedNode | ox.BlankNode:
    return ox.BlankNode(node) if isinstance(node, BNode) else ox.NamedNode(node)


@cache
def shapes_graph() -> Graph:
    graph = Graph()
    for path in [*FILES, resources.ontology_dir() / "prefixes.ttl"]:
        graph.parse(path)
    return graph


@cache
def family_graph(path: Path) -> Graph:
    return Graph().parse(path)


@cache
def valid_graph() -> Graph:
    return Graph().parse(HERE / "valid.ttl")


def shapes_of(graph: Graph) -> list[URIRef]:
    """Return the shapes that have an IRI."""
    kinds = (SH.NodeShape, SH.PropertyShape)
    return sorted(s for kind in kinds for s in graph.subjects(RDF.type, kind) if isinstance(s, URIRef))


def constrains(graph: Graph, shape: URIRef) -> bool:
    """Tell whether the shape says something itself: a walker only leads to others."""
    return any(p not in ABOUT_THE_SHAPE for p in graph.predicates(shape))


def name(shape: URIRef) -> str:
    return shape.removeprefix(str(SHAPE))


CONSTRAINTS = [
    (path.stem, shape)
    for path in FILES
    for shape in shapes_of(family_graph(path))
    if constrains(family_graph(path), shape)
]


def path_text(graph: Graph, node: Any) -> str | None:
    """Write a SHACL path as SPARQL does."""
    if node is None:
        return None
    if isinstance(node, URIRef):
        return graph.namespace_manager.normalizeUri(str(node))
    if inverse := graph.value(node, SH.inversePath):
        return f"^{path_text(graph, inverse)}"
    if alternatives := graph.value(node, SH.alternativePath):
        return "|".join(str(path_text(graph, one)) for one in Collection(graph, alternatives))
    return "/".join(str(path_text(graph, one)) for one in Collection(graph, node))


def results(data: Graph, only: list[str] | None = None) -> list[dict[str, str | None]]:
    _, report, _ = pyshacl.validate(data, shacl_graph=shapes_graph(), use_shapes=only)
    shapes = shapes_graph()
    found = []
    for result in report.objects(None, SH.result):
        focus, shape = report.value(result, SH.focusNode), report.value(result, SH.sourceShape)
        # Of a path that is more than a property the shape has the list, the report only the first node.
        path = report.value(result, SH.resultPath)
        told = shapes.value(shape, SH.path) if isinstance(path, BNode) else path
        found.append(
            {
                "focusNode": "_:" if isinstance(focus, BNode) else str(focus),
                "resultPath": path_text(shapes, told),
                "sourceShape": name(shape),
                "severity": report.value(result, SH.resultSeverity).removeprefix(str(SH)),
            }
        )
    return found


def read(path: Path, kind: type[Graph] = PreparedGraph) -> Graph:
    graph = kind(bind_namespaces="none")
    graph += valid_graph()
    return graph.parse(path)


def relevant(found: list[dict[str, str | None]], expected: list[dict[str, str | None]]) -> list[str]:
    """Return results as sorted lines, without the information that nobody expects."""
    shapes = {one["sourceShape"] for one in expected}
    kept = [one for one in found if one["severity"] != "Info" or one["sourceShape"] in shapes]
    return sorted(json.dumps(one, sort_keys=True) for one in kept)


def written_in_sparql(case: str) -> bool:
    return (SHAPE[case.partition("/")[2]], SH.sparql, None) in shapes_graph()


def alone(case: str) -> list[str]:
    """Return what to run so that only the shape is: itself, or what leads to it."""
    shape = SHAPE[case.partition("/")[2]]
    return [str(one) for one in shapes_graph().subjects(SH.property, shape)] or [str(shape)]


@pytest.mark.parametrize("case", CASES)
def test_the_passing_example_conforms(case: str) -> None:
    assert results(read(HERE / case / "pass.ttl"), alone(case)) == []


@pytest.mark.parametrize("case", CASES)
def test_the_failing_example_has_exactly_the_expected_findings(case: str) -> None:
    expected = json.loads((HERE / case / "expected.json").read_text())
    assert relevant(results(read(HERE / case / "fail.ttl")), expected) == relevant(expected, expected)


@pytest.mark.parametrize("example", ["pass", "fail"])
@pytest.mark.parametrize("case", [case for case in CASES if written_in_sparql(case)])
def test_oxigraph_agrees_on_the_constraints_in_sparql(case: str, example: str) -> None:
    path = HERE / case / f"{example}.ttl"
    found = results(read(path, OxigraphQueries), alone(case))
    assert sorted(found, key=str) == sorted(results(read(path), alone(case)), key=str)


def test_the_valid_graph_has_no_finding() -> None:
    assert results(PreparedGraph() + valid_graph()) == []


@pytest.mark.parametrize("case", CASES)
def test_the_expected_findings_are_those_of_the_shape(case: str) -> None:
    expected = json.loads((HERE / case / "expected.json").read_text())
    assert case.partition("/")[2] in {one["sourceShape"] for one in expected}


def test_every_shape_has_a_passing_and_a_failing_example() -> None:
    assert [f"{family}/{name(shape)}" for family, shape in sorted(CONSTRAINTS)] == CASES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_shape_says_what_to_do(path: Path) -> None:
    graph = family_graph(path)
    assert [name(s) for s in shapes_of(graph) if len(list(graph.objects(s, RDFS.comment))) != 1] == []


@pytest.mark.parametrize(("family", "shape"), CONSTRAINTS, ids=lambda value: name(URIRef(value)))
def test_every_shape_says_what_is_wrong_and_how_grave_it_is(family: str, shape: URIRef) -> None:
    graph = family_graph(FOLDER / f"{family}.ttl")
    told = [*graph.objects(shape, SH.message), *graph.objects(shape, SH.sparql / SH.message)]
    assert len(told) == 1
    assert str(told[0]).endswith(".")
    assert graph.value(shape, SH.severity) in (SH.Violation, SH.Warning, SH.Info)


def test_no_two_files_have_a_shape_of_the_same_name() -> None:
    names = [name(shape) for path in FILES for shape in shapes_of(family_graph(path))]
    assert sorted(set(names)) == sorted(names)


def test_a_query_keeps_to_what_prebinding_allows() -> None:
    """MINUS, VALUES, SERVICE and a nested SELECT may not stand in a SPARQL constraint (SHACL, 5.2.1)."""
    for text in shapes_graph().objects(None, SH.select):
        words = re.findall(r"[A-Z]{5,}", re.sub(r'"[^"]*"', "", str(text)))
        assert words.count("SELECT") == 1
        assert not {"MINUS", "VALUES", "SERVICE"} & set(words)


def patterns() -> dict[str, str]:
    graph = family_graph(FOLDER / "identifiers.ttl")
    found = {}
    for walker in shapes_of(graph):
        scheme = graph.value(walker, SH.targetNode)
        if scheme is not None:
            prefix = str(scheme).rpartition("/")[2]
            first = SHAPE[f"{prefix.lower().replace('.', '-')}-identifier"]
            found[prefix] = str(graph.value(first, SH.pattern))
    return found


def test_the_patterns_are_those_of_the_program() -> None:
    found = patterns()
    assert found.pop("ckgid")
    for prefix, pattern in found.items():
        same = identifiers.CODE_SYSTEMS[prefix].pattern
        begin = f"^{prefix.replace('.', '[.]')}:"
        assert pattern in (f"{begin}{same}$", f"{begin}({same})$"), prefix


def test_every_code_system_that_concepts_belong_to_has_a_pattern() -> None:
    of_papers_and_people = {"PMID", "PMC", "doi", "ISBN", "ORCID"}
    assert set(identifiers.CODE_SYSTEMS) - of_papers_and_people == set(patterns()) - {"ckgid"}


def test_the_patterns_of_papers_are_those_of_the_program() -> None:
    graph = family_graph(FOLDER / "citations.ttl")
    for shape, prefix in (("citation-pmid", "PMID"), ("citation-doi", "doi"), ("citation-pmc", "PMC")):
        assert str(graph.value(SHAPE[shape], SH.pattern)) == f"^{identifiers.CODE_SYSTEMS[prefix].pattern}$"


def test_every_namespace_in_a_pattern_stands_in_the_prefix_table() -> None:
    known = tuple(prefixes.load().namespaces.values())
    for pattern in shapes_graph().objects(None, SH.pattern):
        for start in re.findall(r"https?://[^()|^$?]*?(?=[\[(|$]|[A-Z]\[)", str(pattern).replace("\\", "")):
            assert any(start.startswith(one) or one.startswith(start) for one in known), pattern


def test_one_list_of_predicates_stands_in_three_places() -> None:
    graph = family_graph(FOLDER / "associations.ttl")
    listed = graph.value(SHAPE["association-predicate"], SH["in"])
    assert listed is not None
    predicates = {str(one) for one in Collection(graph, listed)}
    table = {str(one) for one in graph.objects(None, SH.targetNode)}
    assert table | {"https://w3id.org/biolink/vocab/subclass_of"} == predicates
    assert {str(one) for one in graph.objects(SHAPE["triple-stated"], SH.targetSubjectsOf)} == predicates
    query = str(next(graph.objects(SHAPE["triple-stated"], SH.sparql / SH.select)))
    inside = re.findall(r"(?:biolink|ckg):\w+", query.partition("IN (")[2].partition(")")[0])
    assert {prefixes.load().expand(one) for one in inside} == predicates


def check_digit_query() -> str:
    graph = family_graph(FOLDER / "identifiers.ttl")
    query = str(next(graph.objects(SHAPE["sctid-check-digit"], SH.sparql / SH.select)))
    return "PREFIX skos: <http://www.w3.org/2004/02/skos/core#>\n" + query


def refused(codes: list[str], engine: str) -> set[str]:
    """Return those codes that the constraint's query finds a wrong check digit in."""
    notation, scheme = SKOS.notation.n3(), SKOS.inScheme.n3()
    lines = "".join(
        f'<http://snomed.info/id/{code}> {notation} "SCTID:{code}" ; {scheme} <http://example.org/scheme> .\n'
        for code in codes
    )
    if engine == "oxigraph":
        store = ox.Store()
        store.load(lines.encode(), format=ox.RdfFormat.TURTLE)
        solutions = store.query(check_digit_query())
        assert isinstance(solutions, ox.QuerySolutions)
        return {row["code"].value.removeprefix("SCTID:") for row in solutions}
    found: Any = PreparedGraph().parse(data=lines, format="turtle").query(check_digit_query())
    return {str(one.code).removeprefix("SCTID:") for one in found}


@given(st.lists(st.from_regex(r"[1-9][0-9]{5,17}", fullmatch=True), max_size=50))
def test_the_check_digit_is_that_of_the_program(codes: list[str]) -> None:
    codes += [code[:-1] + identifiers.verhoeff_check_digit(code[:-1]) for code in codes]
    expected = {code for code in codes if not identifiers.sctid_check_digit_ok(code)}
    assert refused(codes, "oxigraph") == expected


@pytest.mark.parametrize("digits", range(6, 19))
def test_the_check_digit_holds_at_every_length_in_rdflib(digits: int) -> None:
    chance = random.Random(digits)
    start = str(chance.randrange(10 ** (digits - 2), 10 ** (digits - 1)))
    codes = [f"{start}{last}" for last in "0123456789"]
    right = {code for code in codes if identifiers.sctid_check_digit_ok(code)}
    assert len(right) == 1
    assert refused(codes, "rdflib") == set(codes) - right
