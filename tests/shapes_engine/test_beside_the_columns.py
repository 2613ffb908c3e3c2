"""What becomes no SQL is asked of a store beside the columns, which spells literals and names nodes in its own way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib

import calckg
from calckg.errors import CalckgError
from calckg.shapes import compiler
from calckg.shapes.columns.on_columns import OnColumns
from calckg.shapes.reading import reader
from calckg.shapes.results import Result
from tests.test_shapes_engine import BACKENDS, HEAD, by_pyshacl, on_columns, ours

LITERAL = 'sh:sparql [ sh:select "SELECT $this WHERE { FILTER (isLiteral($this)) }" ]'
LEADS = "SELECT ?this { ?this <http://example.org/p> ?o }"
COUNTED = "GROUP BY $this ?value HAVING (COUNT(*) > 0)"  # a count is no part of what becomes SQL
TEXTS = ["2.50", "01", '"5"^^xsd:byte', '"1"^^xsd:boolean', '"2020-01-01T00:00:00+00:00"^^xsd:dateTime', "1.0e0", "1"]
_NUMBER = "http://www.w3.org/2001/XMLSchema#integer"


def backend(data: str, shapes: str) -> OnColumns:
    quads = list(ox.parse(HEAD + data, format=ox.RdfFormat.TURTLE))
    found = on_columns(quads, reader.read(list(_triples(shapes))).graph)
    assert isinstance(found, OnColumns)
    return found


def _triples(shapes: str) -> Sequence[ox.Triple]:
    return [quad.triple for quad in ox.parse(HEAD + shapes, format=ox.RdfFormat.TURTLE)]


def found(data: str, shapes: str) -> list[Result]:
    plans = list(compiler.compile_shapes(reader.read(_triples(shapes))))
    return [result for outcome in backend(data, shapes).run(plans) for result in outcome.results]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("logic", ["sh:node", "sh:not", "sh:qualifiedMaxCount 0 ; sh:qualifiedValueShape"])
def test_a_literal_of_any_spelling_is_asked_about(text: str, logic: str) -> None:
    shapes = f"ex:s a sh:PropertyShape ; sh:targetNode ex:n ; sh:path ex:p ; {logic} [ {LITERAL} ] ."
    assert len(found(f"ex:n ex:p {text} .", shapes)) == (logic == "sh:node")


@pytest.mark.parametrize("text", TEXTS)
def test_a_target_finds_what_the_data_have(text: str) -> None:
    target = "SELECT ?this WHERE { ?x <http://example.org/p> ?this }"
    path = "sh:path [ sh:inversePath ex:p ] ; sh:minCount 1 ; sh:maxCount 0"
    shapes = f'ex:s a sh:PropertyShape ; {path} ; sh:target [ a sh:SPARQLTarget ; sh:select "{target}" ] .'
    (quad,) = ox.parse(HEAD + f"ex:n ex:p {text} .", format=ox.RdfFormat.TURTLE)
    (result,) = found(f"ex:n ex:p {text} .", shapes)
    assert result.focus == quad.object


def test_values_are_told_as_they_stand_in_the_data() -> None:
    query = f"SELECT $this ?value WHERE {{ $this $PATH ?value }} {COUNTED}"
    shapes = f'ex:s a sh:PropertyShape ; sh:targetNode ex:n ; sh:path ex:p ; sh:sparql [ sh:select "{query}" ] .'
    data = f"ex:n ex:p {', '.join(TEXTS)} . ex:m ex:p 001, 2.500 ."
    told = {
        quad.object for quad in ox.parse(HEAD + data, format=ox.RdfFormat.TURTLE) if str(quad.subject).endswith("n>")
    }
    assert {result.value for result in found(data, shapes)} == told
    assert {result.bindings["value"] for result in found(data, shapes)} == told


def test_a_value_of_a_value_is_told_as_it_stands_in_the_data() -> None:
    query = f"SELECT $this ?value WHERE {{ $this $PATH ?value }} {COUNTED}"
    path = "sh:path ( ex:p ex:p )"
    shapes = f'ex:s a sh:PropertyShape ; sh:targetNode ex:n ; {path} ; sh:sparql [ sh:select "{query}" ] .'
    assert [str(result.value) for result in found("ex:n ex:p ex:m . ex:m ex:p 01 .", shapes)] == [f'"01"^^<{_NUMBER}>']
    computed = shapes.replace("{ $this $PATH ?value }", "{ $this $PATH ?any BIND (1 AS ?value) }")
    data = "ex:n ex:p ex:m . ex:m ex:p 2 . ex:k ex:p 01 , 1 ."
    assert [str(result.value) for result in found(data, computed)] == [f'"1"^^<{_NUMBER}>']


@pytest.mark.parametrize("name", BACKENDS)
def test_the_current_shape_of_a_nested_constraint_is_the_one_that_has_it(name: str) -> None:
    """SHACL 5.3.1."""
    prefixes = 'ex: sh:declare [ sh:prefix "ex" ; sh:namespace "http://example.org/"^^xsd:anyURI ] .'
    for logic, operator, count in (("sh:node", "=", 1), ("sh:node", "!=", 0), ("sh:not", "!=", 1)):
        shapes = f"""{HEAD}{prefixes} ex:s a sh:NodeShape ; sh:targetNode ex:n ; {logic} ex:inner .
          ex:inner a sh:NodeShape ; sh:sparql [ sh:prefixes ex: ; sh:select
            "SELECT $this WHERE {{ FILTER ($currentShape {operator} ex:inner) }}" ] ."""
        told = ours(HEAD + "ex:n ex:p 1 .", shapes, name)
        assert told == by_pyshacl(HEAD + "ex:n ex:p 1 .", shapes)
        assert sum(told.values()) == count


FAILURE = """ex:s a sh:PropertyShape ; sh:targetClass ex:Person ; sh:path ex:knows ; sh:node ex:n .
    ex:n a sh:NodeShape ; sh:sparql [ sh:select
        'SELECT $this (true AS ?failure) WHERE { $this a <http://example.org/Stone> }' ] ."""


def test_a_constraint_in_sparql_is_asked_of_no_other_nodes() -> None:
    """It may report a failure of its own of a node that nobody asks for."""
    people = " ".join(f"ex:p{n} a ex:Person ; ex:knows ex:p{n} ." for n in range(20))
    assert found(f"{people} ex:x ex:knows ex:y . ex:y a ex:Stone .", FAILURE) == []
    with pytest.raises(CalckgError, match="reports a failure"):
        found(f"{people} ex:p3 ex:knows ex:y . ex:y a ex:Stone .", FAILURE)


@pytest.mark.parametrize("number", range(2))
def test_a_node_that_only_a_target_makes_up_is_asked_about_too(number: int) -> None:
    inner = 'ex:n a sh:NodeShape ; sh:sparql [ sh:select "SELECT $this WHERE { FILTER (isIRI($this)) }" ] .'
    target = "SELECT ?this WHERE { BIND (<http://example.org/nowhere> AS ?this) }"
    shapes = [
        "ex:s1 a sh:NodeShape ; sh:targetNode ex:a ; sh:node ex:n .",
        f'ex:s2 a sh:NodeShape ; sh:target [ a sh:SPARQLTarget ; sh:select "{target}" ] ; sh:node ex:n .',
    ]
    told = found("ex:a ex:p 1 .", inner + shapes[number] + shapes[1 - number])
    assert Counter(str(result.focus) for result in told) == {
        "<http://example.org/a>": 1,
        "<http://example.org/nowhere>": 1,
    }


@pytest.mark.parametrize(
    "shape",
    [
        'sh:targetSubjectsOf ex:p ; sh:sparql [ sh:select "SELECT $this WHERE { $this ?p ?o } LIMIT 1" ]',
        f"sh:targetSubjectsOf ex:p ; sh:node [ {LITERAL.replace('isLiteral', 'isBlank')} ]",
        f'sh:target [ a sh:SPARQLTarget ; sh:select "{LEADS}" ] ; sh:nodeKind sh:IRI',
    ],
)
@pytest.mark.parametrize("suffix", ["ttl", "nt"])
def test_blank_nodes_of_files_have_the_same_names_in_the_store(tmp_path: Path, shape: str, suffix: str) -> None:
    data, shapes = tmp_path / f"data.{suffix}", tmp_path / "shapes.ttl"
    data.write_text("_:one <http://example.org/p> <http://example.org/o> .\n")
    shapes.write_text(f"{HEAD} ex:s a sh:NodeShape ; {shape} .")
    assert calckg.validate(data, shapes).counts() == {"violation": 1}


@pytest.mark.parametrize(("message", "expected"), [("", "at most 1"), (' ; sh:message "the shape\'s"', "the shape's")])
def test_a_component_has_a_message_of_its_own(message: str, expected: str) -> None:
    """It stands after the validator's and the shape's (SHACL 5.3.2, 2.1.5)."""
    shapes = f"""ex:Most a sh:ConstraintComponent ; sh:message "at most {{$most}}" ; sh:labelTemplate "label" ;
      sh:parameter [ sh:path ex:most ] ; sh:validator [ a sh:SPARQLAskValidator ; sh:ask "ASK {{ FILTER (false) }}" ] .
      ex:s a sh:NodeShape ; sh:targetNode ex:n ; ex:most 1{message} ."""
    graphs = (rdflib.Graph().parse(data=HEAD + text, format="turtle") for text in ("ex:n ex:p 1 .", shapes))
    (finding,) = calckg.validate(*graphs).report.findings
    assert finding.message.startswith(expected)
