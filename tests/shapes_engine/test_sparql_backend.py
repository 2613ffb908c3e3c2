"""Plans run by SPARQL: on a local store, and on what stands for an endpoint (no functions, no blank nodes)."""

from __future__ import annotations

import re

import pyoxigraph as ox
import pytest

from calckg.errors import CalckgError, EndpointError
from calckg.shapes import compiler
from calckg.shapes.reading import reader
from calckg.shapes.store import on_sparql
from calckg.shapes.store.on_sparql import OnSparql
from calckg.sparql import EndpointGraph, LocalGraph, Result, SparqlGraph

PREFIXES = """@prefix : <http://e/> . @prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> ."""


class Distant:
    """A store that is asked by text alone, as an endpoint is."""

    def __init__(self, store: ox.Store) -> None:
        self._local = LocalGraph(store)

    def query(self, text: str) -> Result:
        return self._local.query(text)


def triples(turtle: str) -> list[ox.Triple]:
    parsed = ox.parse(f"{PREFIXES} {turtle}", format=ox.RdfFormat.TURTLE)
    return [ox.Triple(quad.subject, quad.predicate, quad.object) for quad in parsed]


def store(turtle: str) -> ox.Store:
    found = ox.Store()
    found.extend(ox.Quad(t.subject, t.predicate, t.object) for t in triples(turtle))
    return found


def short(term: object) -> str:
    return str(term).replace("<http://e/", ":").removesuffix(">")


def results(
    shapes: str,
    data: str,
    graph: SparqlGraph | None = None,
    many: int = 10_000,
    size: int | None = 0,
    **options: object,
) -> list[tuple[str, str]]:
    plans = list(compiler.compile_shapes(reader.read(triples(shapes))))
    backend = OnSparql(graph or LocalGraph(store(data)), many=many, triples=size)
    outcomes = backend.run(plans, **options)  # type: ignore[arg-type]
    return [(short(r.focus), short(r.value)) for outcome in outcomes for r in outcome.results]


PEOPLE = """:a a :Person ; :knows :b, :c, :d, :e . :b a :Person ; :knows :b . :c :knows :a .
:Poet rdfs:subClassOf :Person . :d a :Poet . :e :age 7, 8, 9 ."""


@pytest.mark.parametrize("many", [1, 10_000])
@pytest.mark.parametrize("endpoint", [False, True])
@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        ("sh:path :knows ; sh:minCount 1", [(":d", "None")]),
        ("sh:path :knows ; sh:minCount 2", [(":b", "None"), (":d", "None")]),
        ("sh:path :knows ; sh:maxCount 3", [(":a", "None")]),
        ("sh:path :knows ; sh:class :Person", [(":a", ":c"), (":a", ":e")]),
        ("sh:path :knows ; sh:disjoint :knows", [(":a", f":{x}") for x in "bcde"] + [(":b", ":b")]),
        ("sh:path [ sh:inversePath :knows ] ; sh:minCount 1", []),
        # One more than those that :knows leads to: a path of no length leads to the node itself.
        ("sh:path [ sh:zeroOrOnePath :knows ] ; sh:maxCount 4", [(":a", "None")]),
        ("sh:path [ sh:zeroOrOnePath :knows ] ; sh:maxCount 1", [(":a", "None")]),
        ("sh:path :knows ; sh:qualifiedValueShape [ sh:class :Person ] ; sh:qualifiedMinCount 2", [
            (":b", "None"), (":d", "None")
        ]),
        ("sh:not [ sh:path :knows ; sh:minCount 4 ]", [(":a", ":a")]),
        ("sh:not [ sh:path :knows ; sh:minCount 2 ]", [(":a", ":a")]),
        ("sh:xone ( [ sh:class :Poet ] [ sh:path :knows ; sh:hasValue :b ] )", []),
        ("sh:closed true ; sh:ignoredProperties ( <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> )", [
            (":a", f":{x}") for x in "bcde"
        ] + [(":b", ":b")]),
        ("sh:in ( :a :b 3 )", [(":d", ":d")]),
        ("sh:path :knows ; sh:equals :knows", []),
    ],
)  # fmt: skip
def test_core_constraints(constraint: str, expected: list[tuple[str, str]], endpoint: bool, many: int) -> None:
    kind = "PropertyShape" if constraint.startswith("sh:path") else "NodeShape"
    shapes = f":s a sh:{kind} ; sh:targetClass :Person ; {constraint} ."
    graph: SparqlGraph = Distant(store(PEOPLE)) if endpoint else LocalGraph(store(PEOPLE))
    assert results(shapes, PEOPLE, graph, many) == expected


def test_a_target_that_the_data_do_not_have_is_its_own_value_of_a_path_of_no_length() -> None:
    shapes = (
        ":s a sh:PropertyShape ; sh:targetNode :none ; sh:path [ sh:zeroOrMorePath :knows ] ; sh:nodeKind sh:Literal ."
    )
    assert results(shapes, PEOPLE) == [(":none", ":none")]


def test_a_nested_shape_has_a_result_for_each_way_to_its_focus_node() -> None:
    shapes = """:s a sh:NodeShape ; sh:targetClass :P ; sh:property [ sh:path :home ;
      sh:property [ sh:path :city ; sh:maxCount 0 ; sh:nodeKind sh:Literal ] ] ."""
    data = ":a a :P ; :home :h . :b a :P ; :home :h . :h :city :c ."
    assert sorted(results(shapes, data)) == [(":h", ":c")] * 2 + [(":h", "None")] * 2


@pytest.mark.parametrize("inner", ["sh:hasValue :b", "sh:minCount 1", "sh:minCount 1 ; sh:nodeKind sh:IRI"])
def test_a_walk_in_a_condition_is_looked_up_step_by_step(inner: str) -> None:
    """Of a whole walk a store joins all triples of its predicates, and does so for each row."""
    path = "sh:path ( :knows [ sh:inversePath :knows ] )"
    shapes = f":s a sh:NodeShape ; sh:targetClass :Person ; sh:not [ {path} ; {inner} ] ."
    plans = list(compiler.compile_shapes(reader.read(triples(shapes))))
    (outcome,) = OnSparql(LocalGraph(store(PEOPLE))).run(plans)
    assert {short(result.focus) for result in outcome.results} == {":a", ":b"}
    assert not any("knows>/" in query for query in outcome.queries)


def test_one_result_for_each_pair_that_is_not_less() -> None:
    shapes = ":s a sh:PropertyShape ; sh:targetNode :a ; sh:path :from ; sh:lessThan :to ."
    assert results(shapes, ":a :from 1, 5 ; :to 3, 4, 'x' .") == [
        (":a", '"1"^^<http://www.w3.org/2001/XMLSchema#integer'),
        *[(":a", '"5"^^<http://www.w3.org/2001/XMLSchema#integer')] * 3,
    ]


def test_one_result_for_each_language_of_several_values() -> None:
    shapes = ":s a sh:PropertyShape ; sh:targetNode :a ; sh:path :name ; sh:uniqueLang true ."
    assert results(shapes, ":a :name 'a'@en, 'b'@EN, 'c'@en, 'd'@de, 'e', 'f' .") == [(":a", "None")]


@pytest.mark.parametrize(
    ("datatype", "form", "wrong"),
    [
        ("integer", "07", False),
        ("integer", "a", True),
        ("byte", "127", False),  # a local store keeps it as an integer
        ("byte", "128", True),
        ("unsignedLong", "18446744073709551615", False),
        ("positiveInteger", "0", True),
        ("nonNegativeInteger", "99999999999999999999999999", False),
        ("date", "2023-02-29", True),
        ("date", "2024-02-29", False),
    ],
)
def test_lexical_forms_of_datatypes(datatype: str, form: str, wrong: bool) -> None:
    shapes = f":s a sh:PropertyShape ; sh:targetNode :a ; sh:path :v ; sh:datatype xsd:{datatype} ."
    assert bool(results(shapes, f":a :v '{form}'^^xsd:{datatype} .")) == wrong


def test_the_first_by_focus_node_and_value_and_how_many_more() -> None:
    shapes = reader.read(triples(":s a sh:NodeShape ; sh:targetObjectsOf :knows ; sh:nodeKind sh:Literal ."))
    backend = OnSparql(LocalGraph(store(PEOPLE)))
    (outcome,) = backend.run(list(compiler.compile_shapes(shapes)), limit=2)
    assert [short(result.focus) for result in outcome.results] == [":a", ":b"]
    assert outcome.more == 3


def test_only_the_focus_nodes_that_are_asked_for() -> None:
    shapes = ":s a sh:PropertyShape ; sh:targetClass :Person ; sh:path :knows ; sh:maxCount 0 ."
    focus = [ox.NamedNode("http://e/b"), ox.NamedNode("http://e/c")]  # :c is no Person
    assert results(shapes, PEOPLE, focus=focus) == [(":b", "None")]


class Counting(LocalGraph):
    """A store that keeps what it is asked."""

    def __init__(self, store: ox.Store) -> None:
        super().__init__(store)
        self.asked: list[str] = []

    def query(self, text: str) -> Result:
        self.asked.append(text)
        return super().query(text)


@pytest.mark.parametrize(
    ("constraint", "wrong"),
    [
        ("sh:path :name ; sh:pattern '^[a-z]+$'", ":p7 :name 'A'"),
        ("sh:path :name ; sh:maxCount 1", ":p7 :name 'b'"),
        ("sh:path :name ; sh:uniqueLang true", ":p7 :name 'a'@en, 'b'@en"),
        ("sh:path [ sh:alternativePath ( :name :alias ) ] ; sh:nodeKind sh:Literal", ":p7 :alias :stone"),
        ("sh:path :knows ; sh:class :Person", ":p7 :knows :stone"),
    ],
)
def test_of_many_focus_nodes_those_are_asked_that_may_be_wrong(constraint: str, wrong: str) -> None:
    people = " ".join(f":p{n} a :Person ; :name 'a' ; :knows :p{n} ." for n in range(20))
    shapes = f":s a sh:PropertyShape ; sh:targetClass :Person ; {constraint} ."
    for data, found in ((people, []), (f"{people} {wrong} .", [":p7"])):
        graph = Counting(store(data))
        assert [focus for focus, _ in results(shapes, "", graph, many=10)] == found
        named = [set(re.findall("<http://e/(p[0-9]+)>", text)) for text in graph.asked]
        assert list(filter(None, named)) == [{focus[1:]} for focus in found]


def test_a_constraint_in_sparql_is_asked_of_no_other_nodes() -> None:
    """It may report a failure of its own of a node that nobody asks for."""
    people = " ".join(f":p{n} a :Person ; :knows :p{n} ." for n in range(20))
    shapes = """:s a sh:PropertyShape ; sh:targetClass :Person ; sh:path :knows ; sh:node :n .
        :n a sh:NodeShape ; sh:sparql [ sh:select
            'SELECT $this (true AS ?failure) WHERE { $this a <http://e/Stone> }' ] ."""
    assert results(shapes, f"{people} :x :knows :y . :y a :Stone .", many=10) == []
    with pytest.raises(CalckgError, match="reports a failure"):
        results(shapes, f"{people} :p3 :knows :y . :y a :Stone .", many=10)


@pytest.mark.parametrize("values", [20, 1])
def test_where_others_have_the_same_values_those_of_the_target_are_asked(
    values: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many values are wrong with others, or one is with many."""
    monkeypatch.setattr("calckg.shapes.store.suspects._FEW", 5)
    others = " ".join(f":t{n} :name {3 + n % values} ." for n in range(20))
    people = " ".join(f":p{n} a :Person ; :name 'a' ." for n in range(20))
    shapes = ":s a sh:PropertyShape ; sh:targetClass :Person ; sh:path :name ; sh:datatype xsd:string ."
    graph = Counting(store(f"{others} {people} :p3 :name 3 ."))
    assert results(shapes, "", graph, many=10) == [(":p3", '"3"^^<http://www.w3.org/2001/XMLSchema#integer')]
    assert set(re.findall("<http://e/p[0-9]+>", graph.asked[-1])) == {"<http://e/p3>"}


class Server(EndpointGraph):
    """An endpoint that says what it is, and keeps what it is asked."""

    def __init__(self, store: ox.Store, server: str) -> None:
        super().__init__("http://e/query")
        self._local = Counting(store)
        self.server, self.asked = server, self._local.asked

    def query(self, text: str) -> Result:
        return self._local.query(text)


@pytest.mark.parametrize(
    "shapes",
    [
        ":s a sh:PropertyShape ; sh:targetClass :Person ; sh:path :name ; sh:minCount 1 .",
        ":s a sh:NodeShape ; sh:targetClass :Person ; sh:sparql [ sh:select "
        "'SELECT $this WHERE { FILTER NOT EXISTS { $this <http://e/name> ?name } }' ] .",
    ],
)
@pytest.mark.parametrize(
    ("server", "size", "at_once"),
    [
        ("Oxigraph/0.4.9", 10, True),
        ("Oxigraph/0.4.9", 10**8, False),  # too large to hold a predicate in memory
        ("Oxigraph/0.4.9", None, False),
        ("Apache", 10, False),
        ("", 10, False),
    ],
)
def test_a_server_that_is_known_to_join_by_hash_is_asked_for_what_lacks_a_value_by_minus(
    shapes: str, server: str, size: int | None, at_once: bool
) -> None:
    people = " ".join(f":p{n} a :Person ; :name 'a' ." for n in range(20))
    graph = Server(store(f"{people} :p20 a :Person ."), server)
    assert [focus for focus, _ in results(shapes, "", graph, many=10, size=size)] == [":p20"]
    assert any("MINUS" in text for text in graph.asked) == at_once


class Short(Distant):
    """An endpoint that gives up where a whole predicate is counted."""

    def query(self, text: str) -> Result:
        if "HAVING" in text and "#type>" not in text:
            raise EndpointError("http://e/query answered 504 Gateway Timeout: too long")
        return super().query(text)


def test_an_endpoint_that_gives_up_on_a_predicate_is_asked_of_its_nodes() -> None:
    shapes = ":s a sh:PropertyShape ; sh:targetClass :Person ; sh:path :knows ; sh:maxCount 3 ."
    assert results(shapes, PEOPLE, Short(store(PEOPLE)), many=1) == [(":a", "None")]
    with pytest.raises(EndpointError, match="Gateway Timeout"):
        results(shapes.replace("targetClass :Person", "targetSubjectsOf :knows"), PEOPLE, Short(store(PEOPLE)), many=1)


def test_what_can_not_be_asked_is_told_in_its_turn() -> None:
    data = triples(":a :p _:x . :s sh:targetNode :a ; sh:path :p ; sh:nodeKind sh:Literal ; sh:hasValue _:x .")
    plans = list(compiler.compile_shapes(reader.read(data)))
    plans.sort(key=lambda plan: plan.constraint.component.endswith("#HasValueConstraintComponent"))
    outcomes = OnSparql(Distant(store(":a :p :b ."))).run(plans)
    assert [short(result.focus) for result in next(outcomes).results] == [":a"]
    with pytest.raises(CalckgError, match=r"[/:]s>: _:.*: a blank node can't be asked of an endpoint"):
        next(outcomes)


def test_a_blank_node_of_the_shapes_is_found_in_a_local_store_and_refused_at_an_endpoint() -> None:
    both = triples(":a :p _:x . :b :p 1 . :s sh:targetNode :a, :b ; sh:path :p ; sh:hasValue _:x .")
    plans = list(compiler.compile_shapes(reader.read(both)))
    data = ox.Store()
    data.extend(ox.Quad(t.subject, t.predicate, t.object) for t in both)
    (outcome,) = OnSparql(LocalGraph(data)).run(plans)
    assert [short(result.focus) for result in outcome.results] == [":b"]
    with pytest.raises(CalckgError, match=r"[/:]s>: _:.*: a blank node can't be asked of an endpoint"):
        list(OnSparql(Distant(data)).run(plans))


def test_a_pattern_that_the_store_can_not_read_is_refused() -> None:
    shapes = ":s a sh:PropertyShape ; sh:targetNode :a ; sh:path :v ; sh:pattern '(?=a)' ."
    with pytest.raises(CalckgError, match="no regular expression that can be run"):
        results(shapes, ":a :v 'a' .")


ASKED = """:q sh:sparql [ sh:select "SELECT $this WHERE { GRAPH $shapesGraph { ?s ?p $this } }" ] ."""


@pytest.mark.parametrize(
    ("shapes", "alone"),
    [
        (":s sh:targetNode :a ; sh:minLength 2 ; sh:message 'See $shapesGraph.' .", False),
        (":s sh:targetNode :a ; sh:hasValue 'shapesGraph' .", False),
        (":s sh:targetNode :a ; sh:sparql [ sh:select 'SELECT $this WHERE { $this ?p ?o } # $shapesGraph' ] .", False),
        (ASKED + ":q sh:targetNode :a .", True),
        (ASKED + ":s sh:targetNode :a ; sh:not :q .", True),
        (ASKED + ":s sh:targetNode :a ; sh:property [ sh:path :p ; sh:node [ sh:not :q ] ] .", True),
        (
            """:s sh:minLength 2 ; sh:target [ a sh:SPARQLTarget ; sh:select
            "SELECT ?this WHERE { GRAPH ?shapesGraph { ?this ?p ?o } }" ] .""",
            True,
        ),
    ],
    ids=["a message", "a value", "a comment", "a query", "one of a nested shape", "one of values", "a target"],
)
def test_only_queries_that_look_at_the_shapes_are_asked_alone(shapes: str, alone: bool) -> None:
    plans = list(compiler.compile_shapes(reader.read(triples(shapes))))
    assert plans
    assert on_sparql._speak_of_shapes(plans) is alone
