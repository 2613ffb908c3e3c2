"""Targets in SPARQL (SHACL-AF 3) on both back ends: what they give, with which parameters, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence

import pyoxigraph as ox
import pytest

from calckg import columnar, staging
from calckg.errors import CalckgError
from calckg.shapes import compiler
from calckg.shapes.columns.on_columns import OnColumns
from calckg.shapes.model import Term
from calckg.shapes.reading import reader
from calckg.shapes.results import Backend
from calckg.shapes.store.on_sparql import OnSparql
from calckg.sparql import LocalGraph
from tests.shapes_engine.test_sparql_backend import Distant

EX = "http://example.org/"
HEAD = f"""@prefix ex: <{EX}> . @prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
ex: sh:declare [ sh:prefix "ex" ; sh:namespace "{EX}"^^xsd:anyURI ] .
"""
DATA = f'{HEAD} ex:a a ex:C ; ex:p ex:b ; ex:n "x"@en , 5 . ex:b ex:p [ ex:q ex:a ] . ex:c ex:n 7 .'
# A target of this type has the subjects of a predicate whose value is not below another.
TYPE = """ex:WithValue a sh:SPARQLTargetType ; rdfs:subClassOf sh:Target ; sh:prefixes ex: ;
  sh:labelTemplate "what has {$predicate}" ;
  sh:parameter [ sh:path ex:predicate ] , [ sh:path ex:least ; sh:optional true ] ;
  sh:select "SELECT ?this { ?this $predicate ?x FILTER(!BOUND($least) || ?x >= $least) }" .
"""
BACKENDS = ["columns", "store", "endpoint"]
# Of whatever node it is asked, it is one result.
WRONG = "sh:in ()"


def backend(name: str, data: str, shapes: ox.Store) -> Backend:
    quads = list(ox.parse(data, format=ox.RdfFormat.TURTLE))
    if name == "columns":
        connection = columnar.connect()
        staging.stage_quads(connection, quads)
        columnar.settle(connection)
        return OnColumns(connection, shapes=shapes, several=1)
    store = ox.Store()
    store.extend(ox.Quad(quad.subject, quad.predicate, quad.object) for quad in quads)
    return OnSparql(LocalGraph(store) if name == "store" else Distant(store), shapes)


def found(name: str, turtle: str, focus: Sequence[Term] | None = None, data: str = DATA) -> list[str]:
    """Return the focus nodes of the results, as often as there are results."""
    shapes = reader.read(ox.parse(HEAD + turtle, format=ox.RdfFormat.TURTLE))
    outcomes = backend(name, data, shapes.graph).run(list(compiler.compile_shapes(shapes)), focus=focus)
    return sorted(shown(result.focus) for outcome in outcomes for result in outcome.results)


def shown(term: Term) -> str:
    if isinstance(term, ox.Literal):
        return f"{term.value}@{term.language}" if term.language else term.value
    return "_:" if isinstance(term, ox.BlankNode) else term.value.removeprefix(EX)


def target(select: str) -> str:
    return f'[ a sh:SPARQLTarget ; sh:prefixes ex: ; sh:select """{select}""" ]'


def shape(targets: str, constraint: str = WRONG) -> str:
    return f"ex:s a sh:NodeShape ; {constraint} ; sh:target {targets} ."


def refused(turtle: str) -> str:
    with pytest.raises(CalckgError) as caught:
        reader.read(ox.parse(HEAD + turtle, format=ox.RdfFormat.TURTLE))
    assert "\n" not in str(caught.value)
    return str(caught.value)


# --- what a query gives


@pytest.mark.parametrize("name", BACKENDS)
@pytest.mark.parametrize(
    ("select", "expected"),
    [
        ("SELECT ?this { ?this ex:p ?x }", ["a", "b"]),
        ("SELECT $this WHERE { ?x ex:p $this }", ["_:", "b"]),
        ("SELECT (?x AS ?this) { ?x ex:p ?y }", ["a", "b"]),
        ("SELECT * { ?this ex:p ?x }", ["a", "b"]),
        ("PREFIX own: <http://example.org/> SELECT ?this { ?this own:p ?x }", ["a", "b"]),
        # Literals and blank nodes are nodes too.
        ("SELECT ?this { ?x ex:n ?this }", ["5", "7", "x@en"]),
        ("SELECT ?this { ?this ex:q ?x }", ["_:"]),
        # A node that is given several times is one target; a solution without it is none.
        ("SELECT ?this { ?this ex:n ?x }", ["a", "c"]),
        ("SELECT ?this { ?x ex:p ?y OPTIONAL { ?x ex:n ?this FILTER(isNumeric(?this)) } }", ["5"]),
        ("SELECT ?this { ?this ex:none ?x }", []),
        # The whole query is asked, with what follows its pattern; nothing is bound before, so that all is allowed.
        ("SELECT ?this { ?this ex:p ?x } ORDER BY DESC(?this) LIMIT 1", ["b"]),
        ("SELECT ?this { ?this ex:n ?x } GROUP BY ?this HAVING(COUNT(?x) > 1)", ["a"]),
        ("SELECT ?this { ?this ex:p ?x } VALUES ?this { ex:a ex:c }", ["a"]),
        ("SELECT ?this { ?this ex:p ?x MINUS { ?this a ?y } }", ["b"]),
        ("SELECT ?this { ?this ex:p _:x . _:x ex:q ex:a }", ["b"]),
    ],
)
def test_the_focus_nodes_are_what_the_query_gives(name: str, select: str, expected: list[str]) -> None:
    assert found(name, shape(target(select))) == expected


@pytest.mark.parametrize("name", BACKENDS)
def test_a_target_may_have_a_name_and_prefixes_of_several_tables(name: str) -> None:
    named = """ex:other sh:declare [ sh:prefix "o" ; sh:namespace "http://example.org/"^^xsd:anyURI ] .
    ex:t a sh:SPARQLTarget ; sh:prefixes ex: , ex:other ; sh:select "SELECT ?this { ?this o:p ?x . ?this a ex:C }" ."""
    assert found(name, f"{named} {shape('ex:t')}") == ["a"]


@pytest.mark.parametrize("name", BACKENDS)
def test_targets_of_all_kinds_are_taken_together(name: str) -> None:
    both = f"{target('SELECT ?this { ?this ex:p ?x }')} , {target('SELECT ?this { ?this ex:n ?x }')}"
    assert found(name, f"{shape(both)} ex:s sh:targetNode ex:a , ex:z .") == ["a", "b", "c", "z"]


@pytest.mark.parametrize("name", BACKENDS)
def test_only_the_focus_nodes_that_are_asked_for(name: str) -> None:
    focus = [ox.NamedNode(EX + "b"), ox.NamedNode(EX + "c")]  # ex:c is no target
    assert found(name, shape(target("SELECT ?this { ?this ex:p ?x }")), focus) == ["b"]


@pytest.mark.parametrize("name", BACKENDS)
@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        ("sh:property [ sh:path ex:p ; sh:maxCount 0 ]", ["a", "b"]),
        ("sh:property [ sh:path ex:p ; sh:property [ sh:path ex:q ; sh:maxCount 0 ] ]", ["_:"]),
        ("sh:or ( [ sh:class ex:D ] [ sh:property [ sh:path ex:p ; sh:nodeKind sh:IRI ] ] )", ["b"]),
        ("sh:sparql [ sh:select 'SELECT $this { $this a ?x }' ]", ["a"]),
        ("sh:not [ sh:sparql [ sh:select 'SELECT $this { $this a ?x }' ] ]", ["b"]),
    ],
)
def test_every_constraint_can_be_asked_of_them(name: str, constraint: str, expected: list[str]) -> None:
    # A label of the query's own must not meet itself where the target stands in a query twice.
    assert found(name, shape(target("SELECT ?this { ?this ex:p _:x }"), constraint)) == expected


@pytest.mark.parametrize(
    "name",
    [
        "columns",
        "store",
        "endpoint",
    ],
)
def test_a_query_may_give_nodes_that_the_data_do_not_have(name: str) -> None:
    absent = "SELECT ?this { VALUES ?this { ex:a ex:nowhere 'none' } }"
    assert found(name, shape(target(absent))) == ["a", "none", "nowhere"]
    assert found(name, shape(target(absent), "sh:property [ sh:path ex:p ; sh:minCount 1 ]")) == ["none", "nowhere"]


# --- target types


@pytest.mark.parametrize("name", BACKENDS)
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("ex:predicate ex:n", ["a", "c"]),
        ("ex:predicate ex:n ; ex:least 6", ["c"]),
        ("ex:predicate ex:none", []),
        ("ex:predicate ex:q", ["_:"]),
    ],
)
def test_a_target_type_is_asked_with_its_parameters(name: str, given: str, expected: list[str]) -> None:
    assert found(name, TYPE + shape(f"[ a ex:WithValue ; {given} ]")) == expected


@pytest.mark.parametrize("name", BACKENDS)
def test_each_use_of_a_target_type_has_parameters_of_its_own(name: str) -> None:
    two = "[ a ex:WithValue ; ex:predicate ex:q ] , [ a ex:WithValue ; ex:predicate ex:n ; ex:least 6 ]"
    other = "ex:t a sh:NodeShape ; sh:in ( ex:a ) ; sh:target [ a ex:WithValue ; ex:predicate ex:n ] ."
    assert found(name, TYPE + shape(two) + other) == ["_:", "c", "c"]


@pytest.mark.parametrize("name", BACKENDS)
def test_a_parameter_is_bound_in_groups_and_sub_queries_too(name: str) -> None:
    kind = """ex:Deep a sh:SPARQLTargetType ; sh:parameter [ sh:path ex:text ] ; sh:select \"\"\"SELECT ?this {
      { ?this ?p $text } UNION { { SELECT ?this $text { ?x ?p $text . ?x ?q ?this FILTER(isIRI(?this)) } } }
    }\"\"\" ."""
    assert found(name, kind + shape('[ a ex:Deep ; ex:text "x"@en ]')) == ["C", "a", "b"]


def test_a_blank_node_as_a_parameter_is_refused_at_an_endpoint() -> None:
    kind = "ex:On a sh:SPARQLTargetType ; sh:parameter [ sh:path ex:on ] ; sh:select 'SELECT ?this { ?this ?p $on }' ."
    turtle = kind + shape("[ a ex:On ; ex:on [] ]")
    assert found("columns", turtle) == found("store", turtle) == []
    with pytest.raises(CalckgError, match=r"[/:]s>: _:.*: a blank node can't be asked of an endpoint"):
        found("endpoint", turtle)


# --- what is refused, with the shape or the node that it is about


@pytest.mark.parametrize(
    ("targets", "said"),
    [
        (target("SELECT ?this { ?this"), "ex:s, in its sh:target: the query of sh:select does not parse"),
        (
            target("SELECT ?this { ?this o:p ?x }"),
            "ex:s, in its sh:target: the query of sh:select has o:, a prefix that is not declared",
        ),
        (target("ASK { ?this ?p ?x }"), "the query of sh:select is of another form; write it as SELECT"),
        (target("CONSTRUCT WHERE { ?this ?p ?x }"), "the query of sh:select is of another form; write it as SELECT"),
        (target("DELETE WHERE { ?this ?p ?x }"), "does not parse"),
        (target("SELECT ?that { ?that ?p ?x }"), "ex:s, in its sh:target: the query of a target does not return ?this"),
        (target("SELECT * { ?x ex:p ?y }"), "does not return ?this"),
        (target("SELECT * { ?x ex:p ?y FILTER EXISTS { ?this ex:p ?y } }"), "does not return ?this"),
        (target("SELECT ?x (ex:own(?y) AS ?that) { ?x ex:p ?y }"), "does not return ?this"),
        (target("SELECT ?this FROM ex:g { ?this ?p ?x }"), "the query of a target says FROM"),
        (target("SELECT ?this FROM NAMED ex:g { GRAPH ?g { ?this ?p ?x } }"), "write GRAPH in its pattern"),
        (target("SELECT ?this { SERVICE ex:g { ?this ?p ?x } }"), "the query has SERVICE"),
        (target("SELECT ?this { ?this $PATH ?x }"), "the query has $PATH, and the shape has no path"),
        ("[ a sh:SPARQLTarget ; sh:select 5 ]", "which is no string"),
        ("[ a sh:SPARQLTarget ; sh:select 'SELECT ?this {}' , 'SELECT ?this { }' ]", "sh:select has 2 values"),
        ("[ a sh:SPARQLTarget ; sh:ask 'ASK {}' ]", '(rdf:type sh:SPARQLTarget, sh:ask "ASK {}") has no sh:select'),
        ("[ a sh:JSTarget ; sh:jsFunctionName 'f' ]", "is in JavaScript; write it in SPARQL"),
        ("'here'", 'ex:s: sh:target "here" has no sh:select; give it a query, or a type with one'),
        ("ex:unknown", "ex:s: sh:target ex:unknown has no sh:select"),
        ("[ a ex:WithValue ; ex:least 6 ]", "ex:s: a target of the type ex:WithValue lacks ex:predicate"),
        ("[ a ex:WithValue ; ex:predicate ex:n , ex:p ]", "ex:s, in its sh:target: ex:predicate has 2 values"),
        ("[ a ex:WithValue ; ex:predicate ex:n ; ex:least 6 , 7 ]", "ex:least has 2 values"),
    ],
)
def test_a_target_that_is_none_is_refused(targets: str, said: str) -> None:
    assert said in refused(TYPE + shape(targets)).replace(EX, "ex:")


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("", "has no sh:select; give it a query, or a type with one"),
        ("sh:select 'SELECT ?x { ?x ?p $in }'", "ex:T: the query of a target does not return ?this"),
        ("sh:select 'SELECT ?this { ?this ?p $in MINUS { ?this a $in } }'", "ex:T: the query has MINUS"),
        ("sh:select 'SELECT ?this { ?this ?p ?x VALUES $in { 1 } }'", "ex:T: the query has VALUES"),
        ("sh:select 'SELECT ?this { ?this ?p ?x BIND(?x AS ?in) }'", "gives ?in, which is bound before, another value"),
        ("sh:select 'SELECT ?this { { SELECT ?this { ?this ?p $in } } }'", "a sub-query does not return ?in"),
        ("sh:select 'SELECT ?this { ?this ?p $in }' ; sh:parameter []", "a parameter has no sh:path"),
        ("sh:select 'SELECT ?this { ?this ?p $in }' ; sh:parameter [ sh:path ex:this ]", "the local name 'this'"),
        ("sh:select 'SELECT ?this { ?this ?p $in }' ; sh:parameter [ sh:path <urn:o#in> ]", "two parameters have"),
    ],
)
def test_a_target_type_that_can_not_be_used_is_refused(kind: str, said: str) -> None:
    declared = f"ex:T a sh:SPARQLTargetType ; sh:parameter [ sh:path ex:in ] ; {kind} ."
    assert said in refused(declared + shape("[ a ex:T ; ex:in 1 ; <urn:o#in> 2 ]")).replace(EX, "ex:")
