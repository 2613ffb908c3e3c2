"""The engine beside pySHACL: on the examples of our own shapes, and on generated data and shapes; both back ends."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyoxigraph as ox
import pyshacl
import pytest
import rdflib
from hypothesis import given, settings
from hypothesis import strategies as st

from calckg import columnar, rdf, staging
from calckg.shapes import algebra, compiler, engine, model
from calckg.shapes.columns.on_columns import _SEVERAL, OnColumns
from calckg.shapes.reading import reader
from calckg.shapes.results import Backend, Outcome
from calckg.shapes.store.on_sparql import OnSparql
from calckg.sparql import LocalGraph

HERE = Path(__file__).parent / "shapes"
CASES = sorted(path.parent.relative_to(HERE).as_posix() for path in HERE.glob("*/*/expected.json"))
SHAPE = "https://w3id.org/calckg/ontology/shapes/"
SH = rdflib.Namespace("http://www.w3.org/ns/shacl#")
OWN = engine.read_shapes(engine.shape_files())
PLANS = list(compiler.compile_shapes(OWN))
VALID = list(rdf.read(HERE / "valid.ttl"))
Told = tuple[str, str, str, str]


def on_columns(quads: Iterable[ox.Quad], shapes: ox.Store, several: int = _SEVERAL) -> Backend:
    connection = columnar.connect()
    connection.execute("SET threads = 1")
    staging.stage_quads(connection, quads)
    columnar.settle(connection)
    return OnColumns(connection, shapes=shapes, several=several)


def together(quads: Iterable[ox.Quad], shapes: ox.Store) -> Backend:
    return on_columns(quads, shapes, several=1)


def on_sparql(quads: Iterable[ox.Quad], shapes: ox.Store) -> Backend:
    store = ox.Store()
    store.bulk_extend(ox.Quad(q.subject, q.predicate, q.object) for q in quads)
    return OnSparql(LocalGraph(store), shapes, many=1)  # every target is large


BACKENDS = {"columns": on_columns, "together": together, "sparql": on_sparql}


def told(outcomes: Iterable[Outcome]) -> Counter[Told]:
    """Count the results: focus node, component, value, severity."""
    return Counter(
        (
            str(result.focus),
            outcome.plan.constraint.component,
            str(result.value),
            outcome.plan.shape.severity,
        )
        for outcome in outcomes
        for result in outcome.results
    )


# --- our own shapes


def own(path: Path, backend: str, name: str | None = None) -> list[tuple[str, str, str]]:
    quads = [*VALID, *rdf.read(path)]
    plans = [plan for plan in PLANS if name is None or plan.shape.node.value == SHAPE + name]
    outcomes = BACKENDS[backend](quads, OWN.graph).run(plans)
    return sorted(
        (
            "_:" if isinstance(result.focus, ox.BlankNode) else result.focus.value,
            outcome.plan.shape.node.value.removeprefix(SHAPE),
            outcome.plan.shape.severity.removeprefix(model.SH),
        )
        for outcome in outcomes
        for result in outcome.results
    )


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("case", CASES[::20])
def test_our_shapes_find_what_is_expected(case: str, backend: str) -> None:
    expected = json.loads((HERE / case / "expected.json").read_text())
    named = {one["sourceShape"] for one in expected}
    found = [one for one in own(HERE / case / "fail.ttl", backend) if one[2] != "Info" or one[1] in named]
    assert found == sorted((one["focusNode"], one["sourceShape"], one["severity"]) for one in expected)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("backend", ["columns", "sparql"])
def test_a_shape_finds_what_is_expected_of_it(case: str, backend: str) -> None:
    expected = json.loads((HERE / case / "expected.json").read_text())
    name = case.partition("/")[2]
    assert own(HERE / case / "pass.ttl", backend, name) == []
    assert own(HERE / case / "fail.ttl", backend, name) == sorted(
        (one["focusNode"], one["sourceShape"], one["severity"]) for one in expected if one["sourceShape"] == name
    )


# --- generated data and shapes

HEAD = """@prefix ex: <http://example.org/> . @prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
"""
NODES = [f"ex:n{number}" for number in range(4)]
LITERALS = [
    '"a"',
    '"abc"',
    '"abc"@en',
    '"x"@en-gb',
    "1",
    "2",
    "7",
    '"zz"^^xsd:integer',
]
PATHS = ["ex:p", "ex:q", "[ sh:inversePath ex:p ]", "( ex:p ex:q )", "[ sh:alternativePath ( ex:p ex:q ) ]"]
PATHS += ["[ sh:zeroOrMorePath ex:p ]", "[ sh:oneOrMorePath ex:p ]", "[ sh:zeroOrOnePath ex:q ]"]
SIMPLE = [
    *("sh:class ex:C", "sh:datatype xsd:string", "sh:datatype xsd:integer", "sh:nodeKind sh:IRI"),
    *("sh:nodeKind sh:Literal", "sh:minInclusive 2", "sh:maxExclusive 7", "sh:minLength 2", "sh:maxLength 2"),
    *('sh:pattern "^a"', 'sh:languageIn ( "en" )', "sh:in ( ex:n0 1 )", "sh:disjoint ex:q", "sh:hasValue ex:n1"),
]
OF_PATHS = [*SIMPLE, "sh:minCount 1", "sh:maxCount 1", "sh:uniqueLang true", "sh:minCount 2"]
triples = st.tuples(st.sampled_from(NODES), st.sampled_from(["ex:p", "ex:q"]), st.sampled_from(NODES + LITERALS))
typed = st.tuples(st.sampled_from(NODES), st.just("a"), st.sampled_from(["ex:C", "ex:D"]))
inner = st.one_of(
    st.sampled_from(SIMPLE).map(lambda one: f"[ {one} ]"),
    st.tuples(st.sampled_from(PATHS), st.sampled_from(OF_PATHS)).map(lambda two: f"[ sh:path {two[0]} ; {two[1]} ]"),
)
logical = st.one_of(
    inner.map(lambda one: f"sh:not {one}"),
    st.sampled_from(SIMPLE).map(lambda one: f"sh:node [ sh:property [ sh:path ex:p ; {one} ] ; sh:not [ {one} ] ]"),
    st.lists(inner, min_size=1, max_size=3).map(lambda some: f"sh:or ( {' '.join(some)} )"),
    st.lists(inner, min_size=1, max_size=3).map(lambda some: f"sh:and ( {' '.join(some)} )"),
    st.lists(inner, min_size=1, max_size=3).map(lambda some: f"sh:xone ( {' '.join(some)} )"),
)
constraint = st.one_of(st.sampled_from(OF_PATHS), logical)
targets = st.sampled_from(
    ["sh:targetClass ex:C", "sh:targetNode ex:n0, ex:n9", "sh:targetSubjectsOf ex:p", "sh:targetObjectsOf ex:q"]
)


def by_pyshacl(data: str, shapes: str) -> Counter[Told]:
    graph, shapes_graph = rdflib.Graph().parse(data=data), rdflib.Graph().parse(data=shapes)
    _, report, _ = pyshacl.validate(graph, shacl_graph=shapes_graph)
    assert isinstance(report, rdflib.Graph)

    def text(node: rdflib.term.Node | None) -> str:
        return (
            "None"
            if node is None
            else str(
                ox.parse(f"<urn:x:s> <urn:x:p> {node.n3()} .".encode(), format=ox.RdfFormat.N_TRIPLES).__next__().object
            )
        )

    return Counter(
        (
            text(report.value(result, SH.focusNode)),
            str(report.value(result, SH.sourceConstraintComponent)),
            text(report.value(result, SH.value)),
            str(report.value(result, SH.resultSeverity)),
        )
        for result in report.subjects(rdflib.RDF.type, SH.ValidationResult)
        if (None, SH.result, result) in report
    )


def ours(data: str, shapes: str, backend: str) -> Counter[Told]:
    known = reader.read(ox.parse(shapes, format=ox.RdfFormat.TURTLE))
    quads = list(ox.parse(data, format=ox.RdfFormat.TURTLE))
    return told(BACKENDS[backend](quads, known.graph).run(list(compiler.compile_shapes(known))))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.lists(st.one_of(triples, typed), max_size=10),
    targets,
    st.sampled_from(PATHS),
    st.lists(constraint, min_size=1, max_size=3),
)
def test_results_are_those_of_pyshacl(
    facts: Sequence[tuple[str, str, str]], target: str, path: str, constraints: list[str]
) -> None:
    data = HEAD + "".join(f"{' '.join(fact)} .\n" for fact in facts)
    named = dict.fromkeys(constraints)
    some = [one for one in named if one.split()[0] not in {o.split()[0] for o in list(named)[: list(named).index(one)]}]
    shapes = HEAD + f"ex:s a sh:PropertyShape ; {target} ; sh:path {path} ; {' ; '.join(some)} ."
    expected = by_pyshacl(data, shapes)
    for backend in BACKENDS:
        assert ours(data, shapes, backend) == expected


@pytest.mark.parametrize("value", ["true", '"2020-01-01"^^xsd:date'])
@pytest.mark.parametrize("backend", BACKENDS)
def test_what_can_not_be_compared_is_a_violation(backend: str, value: str) -> None:
    """A date and a number have no order (SPARQL 1.1, 17.3): a violation by SHACL 4.3, which pySHACL passes over."""
    shapes = HEAD + "ex:s a sh:PropertyShape ; sh:targetSubjectsOf ex:p ; sh:path ex:p ; sh:maxExclusive 7 ."
    data = HEAD + f"ex:n0 ex:p {value} ."
    assert len(ours(data, shapes, backend)) == 1
    assert not by_pyshacl(data, shapes)


# --- what it does with its options


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_limit_tells_the_first_and_counts_the_rest(backend: str) -> None:
    shapes = HEAD + "ex:s a sh:PropertyShape ; sh:targetSubjectsOf ex:p ; sh:path ex:p ; sh:nodeKind sh:Literal ."
    data = HEAD + "".join(f"ex:n{n} ex:p ex:o .\n" for n in range(9))
    known = reader.read(ox.parse(shapes, format=ox.RdfFormat.TURTLE))
    plans = list(compiler.compile_shapes(known))
    (outcome,) = BACKENDS[backend](list(ox.parse(data, format=ox.RdfFormat.TURTLE)), known.graph).run(plans, limit=2)
    assert [str(result.focus) for result in outcome.results] == ["<http://example.org/n0>", "<http://example.org/n1>"]
    assert outcome.more == 7
    assert outcome.queries


@pytest.mark.parametrize("limit", [1, 2, 5, 8])
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_limit_keeps_the_same_results_on_each_back_end(backend: str, limit: int) -> None:
    """As N-Triples ``<.../a/b>`` is before ``<.../a>``, by their values it is after; so with ``"a"`` and ``"a!"``."""
    shapes = HEAD + "ex:s a sh:PropertyShape ; sh:targetSubjectsOf ex:p ; sh:path ex:p ; sh:nodeKind sh:BlankNode ."
    values = """"a", "a!", "a"@en, "a"^^xsd:date, <http://example.org/a/b>, ex:a, "é", 7"""
    data = HEAD + f"<http://example.org/a/b> ex:p {values} . ex:a ex:p 1 . ex:a-b ex:p 2 ."
    known = reader.read(ox.parse(shapes, format=ox.RdfFormat.TURTLE))
    quads = list(ox.parse(data, format=ox.RdfFormat.TURTLE))
    plans = list(compiler.compile_shapes(known))
    (outcome,) = BACKENDS[backend](quads, known.graph).run(plans, limit=limit)
    expected = [
        ("a", "1"),
        ("a-b", "2"),
        *(
            ("a/b", value)
            for value in ("7", "a!", "a", "a", "a", "http://example.org/a", "http://example.org/a/b", "é")
        ),
    ]
    assert len(outcome.results) == limit
    assert outcome.more == len(expected) - limit
    kept = [(r.focus.value.removeprefix("http://example.org/"), r.value and r.value.value) for r in outcome.results]
    assert sorted(kept) == sorted(expected[:limit])


@pytest.mark.parametrize("backend", BACKENDS)
def test_only_the_focus_nodes_are_checked(backend: str) -> None:
    shapes = HEAD + "ex:s a sh:PropertyShape ; sh:targetSubjectsOf ex:p ; sh:path ex:p ; sh:nodeKind sh:Literal ."
    data = HEAD + "ex:n0 ex:p ex:o . ex:n1 ex:p ex:o . ex:n2 ex:q ex:o ."
    known = reader.read(ox.parse(shapes, format=ox.RdfFormat.TURTLE))
    quads = list(ox.parse(data, format=ox.RdfFormat.TURTLE))
    focus = [ox.NamedNode("http://example.org/n1"), ox.NamedNode("http://example.org/n2")]
    (outcome,) = BACKENDS[backend](quads, known.graph).run(list(compiler.compile_shapes(known)), focus=focus)
    assert [str(result.focus) for result in outcome.results] == ["<http://example.org/n1>"]


def test_every_plan_has_a_question() -> None:
    assert {type(plan.question) for plan in PLANS} >= {algebra.Values, algebra.Nodes, algebra.Asked}
