"""Shapes of many parts on generated data: both back ends find what pySHACL finds, each result as often."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.test_shapes_engine import (
    BACKENDS,
    HEAD,
    NODES,
    PATHS,
    by_pyshacl,
    constraint,
    inner,
    ours,
    targets,
    triples,
    typed,
)

ONE = '"1"^^<http://www.w3.org/2001/XMLSchema#integer>'
Fact = tuple[str, str, str]
STEPS = PATHS[:4]  # of these a query's $PATH gives each value once
SELECTS = [
    "SELECT $this ?value WHERE { $this $PATH ?value . FILTER isLiteral(?value) }",
    "SELECT $this WHERE { $this <http://example.org/p> ?one , ?other . FILTER (?one != ?other) }",
    "SELECT $this ?value WHERE { $this $PATH ?value . ?value <http://example.org/q> $this }",
    # A count is no part of what becomes SQL.
    "SELECT $this ?value WHERE { $this $PATH ?value } GROUP BY $this ?value HAVING (COUNT(*) > 0)",
]
COMPONENTS = """ex:Most a sh:ConstraintComponent ;
  sh:parameter [ sh:path ex:most ] , [ sh:path ex:kind ; sh:optional true ] ;
  sh:propertyValidator [ a sh:SPARQLSelectValidator ; sh:select
    "SELECT $this ?value WHERE { $this $PATH ?value . FILTER (isNumeric(?value) && ?value > $most) }" ] .
ex:Other a sh:ConstraintComponent ; sh:parameter [ sh:path ex:other ] ;
  sh:validator [ a sh:SPARQLAskValidator ; sh:ask "ASK { FILTER ($value != $other) }" ] .
"""
facts = st.lists(st.one_of(triples, typed), max_size=12)
asked = st.sampled_from(SELECTS).map(lambda text: f'sh:sparql [ sh:select "{text}" ]')
often = settings(max_examples=25, deadline=None, derandomize=True)


def same(told: Sequence[Fact], shapes: str) -> None:
    data = HEAD + "".join(f"{' '.join(fact)} .\n" for fact in told)
    expected = by_pyshacl(data, HEAD + shapes)
    for backend in BACKENDS:
        assert ours(data, HEAD + shapes, backend) == expected, backend


@often
@given(facts, targets, st.sampled_from(PATHS), st.sampled_from(STEPS), st.one_of(constraint, asked))
def test_nested_shapes(told: Sequence[Fact], target: str, path: str, step: str, one: str) -> None:
    """A node that several focus nodes lead to is checked for each of them (SHACL 4.7.2), by a query too."""
    same(told, f"ex:s a sh:PropertyShape ; {target} ; sh:path {path} ; sh:property [ sh:path {step} ; {one} ] .")


@often
@given(facts, targets, targets, st.tuples(*[st.sampled_from(STEPS)] * 4), *[st.one_of(constraint, asked)] * 2)
def test_shapes_of_several_parents(
    told: Sequence[Fact], target: str, other: str, paths: Sequence[str], one: str, two: str
) -> None:
    shapes = f"""ex:s a sh:PropertyShape ; {target} ; sh:path {paths[0]} ;
        sh:property ex:u , [ sh:path {paths[1]} ; sh:property ex:u ; {one} ] .
      ex:w a sh:NodeShape ; {other} ; sh:property ex:u ; sh:node [ sh:property ex:u ] .
      ex:u a sh:PropertyShape ; sh:path {paths[2]} ; {two} ;
        sh:property [ sh:path {paths[3]} ; {one} ; sh:severity sh:Warning ] ."""
    same(told, shapes)


LED_TO_TWICE = [("ex:n0", "ex:p", "ex:n2"), ("ex:n1", "ex:p", "ex:n2"), ("ex:n2", "ex:q", "1")]


@pytest.mark.parametrize("one", ["sh:nodeKind sh:IRI", *(f'sh:sparql [ sh:select "{text}" ]' for text in SELECTS[::3])])
@pytest.mark.parametrize("backend", BACKENDS)
def test_what_two_nodes_lead_to_is_told_twice(backend: str, one: str) -> None:
    data = HEAD + "".join(f"{' '.join(fact)} .\n" for fact in LED_TO_TWICE)
    inside = f"sh:property [ sh:path ex:q ; {one} ]"
    shapes = f"{HEAD} ex:s a sh:PropertyShape ; sh:targetSubjectsOf ex:p ; sh:path ex:p ; {inside} ."
    assert list(ours(data, shapes, backend).values()) == [2]
    same(LED_TO_TWICE, shapes.removeprefix(HEAD))


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_ask_that_values_must_not_pass(backend: str) -> None:
    told = [("ex:n0", "ex:p", "ex:n1"), ("ex:n0", "ex:p", "ex:n2")]
    data = HEAD + "".join(f"{' '.join(fact)} .\n" for fact in told)
    shapes = f"{COMPONENTS} ex:s a sh:PropertyShape ; sh:targetNode ex:n0 ; sh:path ex:p ; sh:not [ ex:other ex:n1 ] ."
    assert [value for _, _, value, _ in ours(data, HEAD + shapes, backend)] == ["<http://example.org/n2>"]
    same(told, shapes)


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_ask_tells_the_value(backend: str) -> None:
    """Its result has the value node as its value (SHACL 6.3), which pySHACL leaves out."""
    shapes = f"{HEAD}{COMPONENTS} ex:s a sh:PropertyShape ; sh:targetNode ex:n0 ; sh:path ex:p ; ex:other ex:n1 ."
    (told,) = ours(f"{HEAD} ex:n0 ex:p ex:n1 , ex:n2 .", shapes, backend)
    assert told[2] == "<http://example.org/n1>"


def test_a_count_along_a_long_path_with_conditions_takes_no_minutes() -> None:
    """The tables of the path times those of the conditions are millions of rows for 200 triples."""
    path = "( ex:p ( ex:q ex:q ) [ sh:zeroOrOnePath ex:p ] )"
    steps = [("ex:p", 3), ("ex:q", 7)]
    told = [(f"ex:n{n}", name, f"ex:n{(n * step + 1) % 50}") for n in range(50) for name, step in steps]
    told += [(f"ex:n{n}", "a", "ex:C") for n in range(0, 50, 2)]
    inside = "ex:i sh:not [ sh:class ex:C ; sh:languageIn ( 'en' ) ] ; sh:nodeKind sh:IRI ; sh:disjoint ex:q ."
    counted = "sh:qualifiedValueShape ex:i ; sh:qualifiedMaxCount 0"
    shapes = f"ex:s a sh:PropertyShape ; sh:targetSubjectsOf ex:q ; sh:path {path} ; {counted} . {inside}"
    data = HEAD + "".join(f"{' '.join(fact)} .\n" for fact in told)
    assert len(by_pyshacl(data, HEAD + shapes)) > 10
    same(told, shapes)


counts = ["sh:qualifiedMinCount 1", "sh:qualifiedMaxCount 1", "sh:qualifiedMinCount 2", "sh:qualifiedMaxCount 0"]
qualified = st.tuples(inner, st.sampled_from(counts)).map(lambda two: f"sh:qualifiedValueShape {two[0]} ; {two[1]}")
disjoint = st.sampled_from(["", " ; sh:qualifiedValueShapesDisjoint true"])
ignored = "sh:ignoredProperties ( <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> )"
closed = st.sampled_from(["", "; sh:closed true", f"; sh:closed true ; {ignored}"])


@often
@given(
    facts,
    targets,
    st.lists(st.tuples(st.sampled_from(["ex:p", "ex:q"]), qualified, disjoint), min_size=1, max_size=3),
    closed,
)
def test_qualified_and_closed_shapes(
    told: Sequence[Fact], target: str, parts: Sequence[tuple[str, str, str]], rest: str
) -> None:
    inside = " ; ".join(f"sh:property [ sh:path {path} ; {one}{apart} ]" for path, one, apart in parts)
    same(told, f"ex:s a sh:NodeShape ; {target} ; {inside} {rest} .")


WALKS = {
    "( ex:p ex:q )": ["ex:n0 ex:p ex:a{0}", "ex:n0 ex:p ex:b{0}", "ex:a{0} ex:q ex:c{0}", "ex:b{0} ex:q ex:c{0}"],
    "( ex:p ( ex:q ex:p ) )": ["ex:n0 ex:p ex:a{0}", "ex:a{0} ex:q ex:b{0}", "ex:b{0} ex:p ex:c{0}"],
    "( [ sh:inversePath ex:q ] ex:p )": ["ex:a ex:q ex:n0", "ex:a ex:p ex:c{0}", "ex:b{0} ex:q ex:n0"],
    "ex:p": ["ex:n0 ex:p ex:c{0}"],
    "( [ sh:zeroOrOnePath ex:p ] [ sh:zeroOrOnePath ex:q ] )": ["ex:n0 ex:p ex:c{0}", "ex:c{0} ex:q 1"],
}


@pytest.mark.parametrize("path", WALKS)
@pytest.mark.parametrize("number", [2, 5, 6, 7])
@pytest.mark.parametrize("where", ["", "sh:property [ sh:path ex:q ; sh:maxCount 0 ]"])
def test_how_many_a_path_in_a_condition_leads_to(path: str, number: int, where: str) -> None:
    """They are looked for one after the other, or counted, by how many they are to be."""
    told = [fact.format(n) for n in range(5) for fact in WALKS[path]]
    facts = [(one, two, three) for one, two, three in map(str.split, told)]
    asked = f"sh:qualifiedValueShape [ {where} ] ; sh:qualifiedMinCount" if where else "sh:minCount"
    same(facts, f"ex:s a sh:NodeShape ; sh:targetNode ex:n0 , ex:n9 ; sh:not [ sh:path {path} ; {asked} {number} ] .")


@pytest.mark.parametrize("path", ["ex:p", "( ex:p ex:p )", "[ sh:zeroOrMorePath ex:p ]"])
def test_a_closed_property_shape_tells_of_each_triple_of_its_values(path: str) -> None:
    """A result has the predicate as its path and the object as its value (SHACL 4.8.1)."""
    told = ["ex:n0 ex:p ex:n1", "ex:n0 ex:p ex:n2", "ex:n1 ex:r 1", "ex:n2 ex:r 1", "ex:n2 ex:q 2", "ex:n1 ex:p ex:n2"]
    facts = [(one, two, three) for one, two, three in map(str.split, told)]
    closed = "sh:closed true ; sh:ignoredProperties ( ex:q )"
    same(facts, f"ex:s a sh:PropertyShape ; sh:targetSubjectsOf ex:p ; sh:path {path} ; {closed} .")
    shapes = f"{HEAD} ex:s a sh:PropertyShape ; sh:targetNode ex:n0 ; sh:path ex:p ; {closed} ."
    for backend in BACKENDS:
        found = ours(HEAD + "".join(f"{fact} .\n" for fact in told), shapes, backend)
        assert {value: number for (_, _, value, _), number in found.items()} == {ONE: 2, "<http://example.org/n2>": 1}


def among(*values: str) -> st.SearchStrategy[list[Fact]]:
    """Return facts whose objects have an order among them: others pySHACL compares as texts."""
    return st.lists(
        st.tuples(st.sampled_from(NODES), st.sampled_from(["ex:p", "ex:q"]), st.sampled_from(values)), max_size=10
    )


ordered = st.one_of(
    among("1", "2", "7", "1.5", "2.5"),
    among('"2020-01-01"^^xsd:date', '"2021-01-01"^^xsd:date', '"2020-06-01"^^xsd:date'),
    among('"a"', '"b"', '"ab"'),
)


@often
@given(
    ordered,
    st.sampled_from(STEPS),
    st.sampled_from(["sh:lessThan", "sh:lessThanOrEquals", "sh:equals"]),
    *[st.sampled_from(["ex:p", "ex:q"])],
)
def test_property_pairs(told: Sequence[Fact], path: str, kind: str, other: str) -> None:
    same(told, f"ex:s a sh:PropertyShape ; sh:targetSubjectsOf ex:p ; sh:path {path} ; {kind} {other} .")


@often
@given(
    facts.map(lambda some: [fact for fact in some if "zz" not in fact[2]]),  # to rdflib that is numeric
    targets,
    targets,
    st.sampled_from(STEPS),
    st.sampled_from(["ex:most 1", "ex:most 2 ; ex:kind 3", "ex:other ex:n1", "ex:other 1", 'ex:other "a"']),
    st.sampled_from(["ex:other ex:n0", "ex:other ex:n1"]),
)
def test_components_of_one_s_own(told: Sequence[Fact], target: str, other: str, path: str, one: str, two: str) -> None:
    shapes = f"""{COMPONENTS} ex:s a sh:PropertyShape ; {target} ; sh:path {path} ; {one} .
      ex:w a sh:NodeShape ; {other} ; {two} ; sh:property [ sh:path {path} ; {one} ; sh:not [ {two} ] ] ."""
    same(told, shapes)
