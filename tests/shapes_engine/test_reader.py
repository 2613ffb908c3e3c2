"""A shapes graph as its reader takes it: every constraint and target to its value, and each refusal with the place."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pyshacl
import pytest

from calckg import rdf
from calckg.errors import CalckgError
from calckg.shapes import engine, model
from calckg.shapes.model import SH, Constraint, Shape
from calckg.shapes.reading import reader

EX = "http://example.org/"
XSD = "http://www.w3.org/2001/XMLSchema#"
HEAD = f"""@prefix ex: <{EX}> . @prefix sh: <{SH}> . @prefix xsd: <{XSD}> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
"""
P, Q = model.Predicate(EX + "p"), model.Predicate(EX + "q")
DECLARED = f'ex: sh:declare [ sh:prefix "ex" ; sh:namespace "{EX}"^^xsd:anyURI ] .\n'
COMPONENT = """ex:Part a sh:ConstraintComponent ; sh:labelTemplate "has {$part}" ;
  sh:parameter [ sh:path ex:part ] , [ sh:path ex:case ; sh:optional true ] ;
  sh:validator [ sh:ask "ASK { FILTER(CONTAINS($value, $part)) }" ] .
"""


def read(turtle: str) -> model.Shapes:
    return reader.read(ox.parse(HEAD + turtle, format=ox.RdfFormat.TURTLE))


def shape(turtle: str, name: str = "s") -> Shape:
    (found,) = [one for one in read(turtle) if one.node == ox.NamedNode(EX + name)]
    return found


def constraints(turtle: str) -> tuple[Constraint, ...]:
    return shape(turtle).constraints


def kinds(turtle: str) -> list[model.Kind]:
    return [constraint.kind for constraint in constraints(turtle)]


def refused(turtle: str) -> str:
    with pytest.raises(CalckgError) as caught:
        read(turtle)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def integer(number: int) -> ox.Literal:
    return ox.Literal(str(number), datatype=ox.NamedNode(XSD + "integer"))


# --- which nodes are shapes


@pytest.mark.parametrize(
    "turtle",
    [
        "ex:s a sh:NodeShape .",
        "ex:s a sh:PropertyShape ; sh:path ex:p .",
        "ex:s a ex:Mine . ex:Mine rdfs:subClassOf sh:NodeShape .",
        "ex:s sh:targetNode ex:n .",
        "ex:s sh:class ex:C .",
        "ex:t sh:node ex:s .",
        "ex:t sh:or ( ex:s ) .",
        f"{COMPONENT} ex:s ex:part 'a' .",
    ],
)
def test_a_shape_is_found_wherever_the_specification_finds_it(turtle: str) -> None:
    assert shape(turtle).node == ox.NamedNode(EX + "s")


def test_a_node_of_which_nothing_says_so_is_no_shape() -> None:
    assert not read("ex:s rdfs:label 'no shape' ; sh:severity sh:Info . ex:t ex:case 'x' .").shapes


def test_a_shape_holds_what_is_said_of_it() -> None:
    found = shape(
        """ex:s a sh:PropertyShape ; sh:path ex:p ; sh:severity ex:Grave ; sh:deactivated true ;
        sh:message "wrong"@en , "falsch"@de ; rdfs:comment "Mend it." ; sh:description "A description." ."""
    )
    assert (found.path, found.severity, found.deactivated) == (P, EX + "Grave", True)
    assert found.messages == (ox.Literal("falsch", language="de"), ox.Literal("wrong", language="en"))
    assert found.remedies == (ox.Literal("Mend it."),)


def test_without_more_it_is_active_and_a_violation() -> None:
    found = shape('ex:s sh:class ex:C ; sh:description "A description." .')
    assert (found.path, found.severity, found.deactivated, found.messages) == (None, SH + "Violation", False, ())
    assert found.remedies == (ox.Literal("A description."),)


# --- paths


@pytest.mark.parametrize(
    ("turtle", "path"),
    [
        ("ex:p", P),
        ("[ sh:inversePath ex:p ]", model.Inverse(P)),
        ("( ex:p ex:q )", model.Sequence((P, Q))),
        ("[ sh:alternativePath ( ex:p ex:q ) ]", model.Alternative((P, Q))),
        ("[ sh:zeroOrMorePath ex:p ]", model.Closure(P, 0, many=True)),
        ("[ sh:oneOrMorePath ex:p ]", model.Closure(P, 1, many=True)),
        ("[ sh:zeroOrOnePath ex:p ]", model.Closure(P, 0, many=False)),
        (
            "( [ sh:inversePath [ sh:zeroOrMorePath ex:p ] ] ex:q )",
            model.Sequence((model.Inverse(model.Closure(P, 0, many=True)), Q)),
        ),
        ("[ rdf:first ex:p ; rdf:rest ( ex:q ) ; sh:inversePath ex:p ]", model.Sequence((P, Q))),
    ],
)
def test_a_path_of_each_kind_is_read(turtle: str, path: model.Path) -> None:
    assert shape(f"ex:s sh:minCount 1 ; sh:path {turtle} .").path == path


def shared(levels: int) -> str:
    """Return paths each of which has the one before twice: written out, 2 to the power of ``levels``."""
    rest = "".join(f" . _:l{n} sh:alternativePath ( _:l{n - 1} _:l{n - 1} )" for n in range(1, levels))
    return f"_:l{levels - 1} . _:l0 sh:alternativePath ( ex:p ex:p ){rest}"


def test_paths_share_parts() -> None:
    path = shape(f"ex:s sh:minCount 1 ; sh:path {shared(12)} .").path
    assert isinstance(path, model.Alternative)
    assert path.paths[0] is path.paths[1]


def test_a_path_that_is_too_long_written_out_is_refused() -> None:
    message = refused(f"ex:s sh:minCount 1 ; sh:path {shared(40)} .")
    assert "the path has 16,384 steps, written out; write a shorter one" in message


def test_a_shared_part_is_as_deep_as_where_it_is_shared() -> None:
    inner = "_:a sh:inversePath " + "[ sh:inversePath " * 29 + "ex:p" + " ]" * 29
    deep = "[ sh:inversePath " * 29 + "_:a" + " ]" * 29
    message = refused(f"ex:r sh:minCount 1 ; sh:path _:a . {inner} . ex:s sh:minCount 1 ; sh:path {deep} .")
    assert "nested more than 50 deep" in message


@pytest.mark.parametrize(
    ("turtle", "said"),
    [
        ("'p'", 'sh:path is "p"'),
        ("[]", "leads to a blank node that says nothing"),
        ("( ex:p )", "fewer than two"),
        ("()", "sh:path is rdf:nil"),
        ("[ sh:alternativePath ( ex:p ) ]", "fewer than two"),
        ("[ sh:alternativePath ex:p ]", "no well-formed list"),
        ("[ sh:inversePath ex:p , ex:q ]", "says sh:inversePath"),
        ("[ sh:inversePath ex:p ; rdfs:comment 'no' ]", "says rdfs:comment, sh:inversePath"),
        ("[ sh:twoPath ex:p ]", "sh:twoPath is no kind of path"),
        ("_:a . _:a sh:inversePath _:a", "the path holds itself"),
        ("_:a . _:a rdf:first ex:p ; rdf:rest _:a", "no well-formed list"),
        ("[ sh:inversePath " * 60 + "ex:p" + " ]" * 60, "nested more than 50 deep"),
        ("ex:p , ex:q", "sh:path has 2 values"),
    ],
)
def test_a_path_that_is_none_is_refused(turtle: str, said: str) -> None:
    message = refused(f"ex:s sh:minCount 1 ; sh:path {turtle} .")
    assert said in message
    assert f"{EX}s:" in message


# --- targets


def test_each_target_is_read() -> None:
    found = shape(
        """ex:s sh:targetNode ex:n , 7 ; sh:targetClass ex:C ; sh:targetSubjectsOf ex:p ; sh:targetObjectsOf ex:q ;
        sh:target [ sh:select "SELECT ?this { VALUES ?this { ex:n } }" ; sh:prefixes ex: ] . """
        + DECLARED
    )
    assert found.targets == (
        model.TargetNode(integer(7)),
        model.TargetNode(ox.NamedNode(EX + "n")),
        model.TargetClass(ox.NamedNode(EX + "C")),
        model.TargetSubjectsOf(EX + "p"),
        model.TargetObjectsOf(EX + "q"),
        model.TargetSparql(f"PREFIX ex: <{EX}> SELECT ?this {{ VALUES ?this {{ ex:n }} }}"),
    )


@pytest.mark.parametrize("kind", ["rdfs:Class", "owl:Class"])
def test_a_shape_that_is_a_class_is_its_own_target(kind: str) -> None:
    (target,) = shape(f"ex:s a sh:NodeShape , {kind} . owl:Class rdfs:subClassOf rdfs:Class .").targets
    assert target == model.TargetClass(ox.NamedNode(EX + "s"))


def test_a_class_that_the_graph_does_not_know_to_be_one_is_no_target() -> None:
    assert shape("ex:s a sh:NodeShape , owl:Class .").targets == ()


def test_a_target_type_is_read_with_its_parameters() -> None:
    kind = """ex:Of a sh:SPARQLTargetType ; rdfs:subClassOf sh:Target ; sh:parameter [ sh:path ex:in ] ,
      [ sh:path ex:on ; sh:optional true ] ; sh:select "SELECT ?this { ?this ?p $in }" . """
    target = model.TargetSparql("SELECT ?this { ?this ?p $in }", (("in", ox.Literal("x")),))
    assert shape(kind + "ex:s sh:target [ a ex:Of ; ex:in 'x' ] .").targets == (target,)
    assert shape(kind + "ex:s sh:target [ a ex:More ; ex:in 'x' ] . ex:More rdfs:subClassOf ex:Of .").targets == (
        target,
    )
    assert "lacks http://example.org/in" in refused(kind + "ex:s sh:target [ a ex:Of ] .")
    assert "2 values" in refused(kind + "ex:s sh:target [ a ex:Of ; ex:in 'x' , 'y' ] .")


@pytest.mark.parametrize(
    ("turtle", "said"),
    [
        ("sh:targetNode []", "sh:targetNode is a blank node"),
        ("sh:targetClass 'C'", 'sh:targetClass is "C"'),
        ("sh:targetSubjectsOf []", "which is no IRI"),
        ("sh:targetObjectsOf 'p'", 'sh:targetObjectsOf is "p"'),
        ("sh:target []", "has no sh:select"),
        ("sh:target [ sh:jsFunctionName 'f' ]", "is in JavaScript"),
        ("sh:target [ sh:select 'SELECT ?that { ?that ?p ?o }' ]", "does not return ?this"),
        ("sh:target [ sh:select 'SELECT ?this { SERVICE ex:a { ?this ?p ?o } }' ; sh:prefixes ex: ]", "SERVICE"),
    ],
)
def test_a_target_that_is_none_is_refused(turtle: str, said: str) -> None:
    assert said in refused(f"{DECLARED} ex:s sh:class ex:C ; {turtle} .")


@pytest.mark.parametrize("head", ["?this", "DISTINCT ?x ?this", "(?s AS ?this)"])
def test_a_target_may_return_its_nodes_in_any_way(head: str) -> None:
    assert shape(f"ex:s sh:target [ sh:select 'SELECT {head} {{ ?s ?p ?o MINUS {{ ?s a ?o }} }}' ] .").targets


# --- constraints


@pytest.mark.parametrize(
    ("turtle", "component", "kind"),
    [
        ("sh:class ex:C", "Class", model.Class(ox.NamedNode(EX + "C"))),
        ("sh:datatype xsd:date", "Datatype", model.Datatype(XSD + "date")),
        ("sh:nodeKind sh:IRI", "NodeKind", model.NodeKind(frozenset({"IRI"}))),
        ("sh:nodeKind sh:BlankNodeOrLiteral", "NodeKind", model.NodeKind(frozenset({"BlankNode", "Literal"}))),
        ("sh:minCount 1", "MinCount", model.MinCount(1)),
        ("sh:maxCount 0", "MaxCount", model.MaxCount(0)),
        ("sh:minExclusive 1", "MinExclusive", model.Range(">", integer(1))),
        ("sh:minInclusive 1", "MinInclusive", model.Range(">=", integer(1))),
        ("sh:maxExclusive 1", "MaxExclusive", model.Range("<", integer(1))),
        ("sh:maxInclusive 1", "MaxInclusive", model.Range("<=", integer(1))),
        ("sh:minLength 1", "MinLength", model.Length(">=", 1)),
        ("sh:minLength '-0'^^xsd:integer", "MinLength", model.Length(">=", 0)),
        ("sh:maxLength 1", "MaxLength", model.Length("<=", 1)),
        ("sh:pattern '^a' ; sh:flags 'i'", "Pattern", model.Pattern("^a", "i")),
        ("sh:languageIn ( 'en' 'de' )", "LanguageIn", model.LanguageIn(("en", "de"))),
        ("sh:uniqueLang true", "UniqueLang", model.UniqueLang()),
        ("sh:equals ex:q", "Equals", model.Equals(EX + "q")),
        ("sh:disjoint ex:q", "Disjoint", model.Disjoint(EX + "q")),
        ("sh:lessThan ex:q", "LessThan", model.LessThan(EX + "q")),
        ("sh:lessThanOrEquals ex:q", "LessThanOrEquals", model.LessThan(EX + "q", or_equals=True)),
        ("sh:hasValue 7", "HasValue", model.HasValue(integer(7))),
        ("sh:in ( ex:n 7 )", "In", model.In((ox.NamedNode(EX + "n"), integer(7)))),
        ("sh:in ()", "In", model.In(())),
        ("sh:not ex:t", "Not", model.Not(Shape(ox.NamedNode(EX + "t")))),
        ("sh:node ex:t", "Node", model.Node(Shape(ox.NamedNode(EX + "t")))),
        ("sh:and ( ex:t )", "And", model.And((Shape(ox.NamedNode(EX + "t")),))),
        ("sh:or ( ex:t ex:t )", "Or", model.Or((Shape(ox.NamedNode(EX + "t")),) * 2)),
        ("sh:xone ()", "Xone", model.Xone(())),
        ("sh:property ex:u", "Property", model.Property(Shape(ox.NamedNode(EX + "u")))),
    ],
)
def test_each_constraint_of_the_core_is_read(turtle: str, component: str, kind: model.Kind) -> None:
    found = constraints(f"ex:s sh:path ex:p ; {turtle} . ex:u sh:path ex:q .")
    assert found == (Constraint(f"{SH}{component}ConstraintComponent", kind),)


def test_several_values_are_several_constraints() -> None:
    assert kinds("ex:s sh:class ex:C , ex:D ; sh:or () , ( ex:t ) .") == [
        model.Class(ox.NamedNode(EX + "C")),
        model.Class(ox.NamedNode(EX + "D")),
        *kinds("ex:s sh:or () , ( ex:t ) ."),
    ]
    assert len(kinds("ex:s sh:or () , ( ex:t ) .")) == 2


@pytest.mark.parametrize("turtle", ["sh:uniqueLang false", "sh:uniqueLang '1'^^xsd:boolean", "sh:closed false"])
def test_what_is_switched_off_asks_nothing(turtle: str) -> None:
    assert kinds(f"ex:s sh:path ex:p ; {turtle} .") == []


@pytest.mark.parametrize("turtle", ["sh:flags 'i'", "sh:ignoredProperties ( ex:p )", "sh:qualifiedMinCount 1"])
def test_what_belongs_to_another_parameter_asks_nothing_alone(turtle: str) -> None:
    assert kinds(f"ex:s sh:path ex:p ; sh:nodeKind sh:IRI ; {turtle} .") == [model.NodeKind(frozenset({"IRI"}))]


def test_a_closed_shape_allows_the_predicates_of_its_properties_and_those_it_ignores() -> None:
    properties = "sh:property [ sh:path ex:p ] , [ sh:path [ sh:inversePath ex:q ] ]"
    *_, closed = sorted(kinds(f"ex:s sh:closed true ; {properties} ; sh:ignoredProperties ( rdf:type ) ."), key=repr)
    (closed,) = [
        kind
        for kind in kinds(f"ex:s sh:closed true ; {properties} ; sh:ignoredProperties ( rdf:type ) .")
        if isinstance(kind, model.Closed)
    ]
    assert closed.allowed == {EX + "p", "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"}


def test_a_qualified_shape_is_a_constraint_for_each_count() -> None:
    counts = "sh:qualifiedMinCount 1 ; sh:qualifiedMaxCount 2"
    found = constraints(f"ex:s sh:path ex:p ; sh:qualifiedValueShape ex:t ; {counts} .")
    shape_ = Shape(ox.NamedNode(EX + "t"))
    assert found == (
        Constraint(SH + "QualifiedMinCountConstraintComponent", model.Qualified(shape_, ">=", 1)),
        Constraint(SH + "QualifiedMaxCountConstraintComponent", model.Qualified(shape_, "<=", 2)),
    )


def test_siblings_are_the_other_qualified_shapes_of_all_parents() -> None:
    (found,) = kinds(
        """ex:s sh:path ex:p ; sh:qualifiedValueShape ex:t ; sh:qualifiedMinCount 1 ;
          sh:qualifiedValueShapesDisjoint true .
        ex:one sh:property ex:s , [ sh:path ex:p ; sh:qualifiedValueShape ex:u ; sh:qualifiedMinCount 1 ] .
        ex:two sh:property ex:s , [ sh:path ex:q ; sh:qualifiedValueShape ex:v ; sh:qualifiedMaxCount 1 ] .
        ex:three sh:property [ sh:path ex:q ; sh:qualifiedValueShape ex:w ; sh:qualifiedMaxCount 1 ] ."""
    )
    assert isinstance(found, model.Qualified)
    assert [str(one.node) for one in found.siblings] == [f"<{EX}u>", f"<{EX}v>"]


@pytest.mark.parametrize(
    ("turtle", "said"),
    [
        ("sh:class 'C'", 'sh:class is "C", which is no IRI'),
        ("sh:datatype []", "which is no IRI"),
        ("sh:datatype xsd:date , xsd:time", "sh:datatype has 2 values (xsd:date, xsd:time)"),
        ("sh:nodeKind sh:Iri", "sh:nodeKind is sh:Iri; give one of sh:IRI"),
        ("sh:nodeKind ex:IRI", "sh:nodeKind is"),
        ("sh:minCount 1.0", 'sh:minCount is "1.0"'),
        ("sh:minCount '1'", 'sh:minCount is "1"; give a whole number'),
        ("sh:maxCount '1_000'^^xsd:integer", "give a whole number"),
        ("sh:maxCount 1 , 2", "sh:maxCount has 2 values"),
        ("sh:maxLength ex:n", "give a whole number"),
        ("sh:minCount -1", "sh:minCount is"),
        ("sh:maxCount -1", "which is below 0; give 0 or more"),
        ("sh:minLength -1", "which is below 0; give 0 or more"),
        ("sh:maxLength -1", "which is below 0; give 0 or more"),
        ("sh:qualifiedValueShape ex:t ; sh:qualifiedMaxCount -1", "which is below 0; give 0 or more"),
        ("sh:minInclusive ex:n", "which is no literal"),
        ("sh:pattern 7", "which is no string"),
        ("sh:pattern 'a' , 'b'", "sh:pattern has 2 values"),
        ("sh:pattern 'a' ; sh:flags 'ig'", "sh:flags 'ig' has g; the flags are s, m, i, x and q"),
        ("sh:flags 7", "sh:flags is"),
        ("sh:pattern '('", "sh:pattern '(' is no regular expression"),
        ("sh:pattern '(?=a)'", "look-around"),
        ("sh:pattern '[a-z-[aeiou]]'", "a class in a class"),
        ("sh:pattern '[[:alpha:]]'", "[ in a class"),
        ("sh:pattern '[]a]'", "] first in a class"),
        ("sh:pattern '[a&&b]'", "&& in a class"),
        ("sh:languageIn ( 7 )", "which is no string"),
        ("sh:languageIn 'en'", "sh:languageIn is no well-formed list"),
        ("sh:uniqueLang 'yes'", "write true or false"),
        ("sh:equals 'q'", "which is no IRI"),
        ("sh:lessThan []", "which is no IRI"),
        ("sh:in ex:n", "sh:in is no well-formed list; write it as ( a b )"),
        ("sh:in () , ( ex:n )", "sh:in has 2 values"),
        ("sh:in _:l . _:l rdf:first 1 ; rdf:rest _:l", "no well-formed list"),
        ("sh:in [ rdf:first 1 , 2 ; rdf:rest () ]", "no well-formed list"),
        ("sh:or ex:t", "sh:or is no well-formed list"),
        ("sh:and ( 'no' )", 'sh:and has "no", and a literal is no shape'),
        ("sh:not 'no'", "a literal is no shape"),
        ("sh:property ex:u", f"sh:property {EX}u has no sh:path"),
        ("sh:node ex:t . ex:t sh:path ex:p", "is a property shape; use sh:property"),
        ("sh:closed 'yes'", "write true or false"),
        ("sh:ignoredProperties ( 'p' )", "which is no IRI"),
        ("sh:ignoredProperties ex:p", "no well-formed list"),
        ("sh:qualifiedValueShape ex:t", "stands without a count"),
        ("sh:qualifiedValueShape ex:t , ex:u ; sh:qualifiedMinCount 1", "sh:qualifiedValueShape has 2 values"),
        ("sh:deactivated '1'^^xsd:boolean ; sh:nodeKind sh:IRI", "sh:deactivated is"),
        ("sh:severity 'Info' ; sh:nodeKind sh:IRI", "sh:severity is"),
        ("sh:message 7 ; sh:nodeKind sh:IRI", "sh:message is"),
        ("a sh:NodeShape", "a node shape has a sh:path"),
        ("sh:js [ sh:jsFunctionName 'f' ]", "JavaScript"),
        ("sh:expression [ sh:path ex:p ]", "node expression"),
    ],
)
def test_what_is_not_well_formed_is_refused_by_name(turtle: str, said: str) -> None:
    message = refused(f"ex:s a sh:PropertyShape ; sh:path ex:p ; {turtle} .")
    assert said in message
    assert message.startswith(f"the shapes are not well formed: {EX}s: ")


@pytest.mark.parametrize(
    "turtle",
    [
        *("sh:minCount 1", "sh:maxCount 1", "sh:uniqueLang true", "sh:lessThan ex:q", "sh:lessThanOrEquals ex:q"),
        "sh:qualifiedValueShape ex:t ; sh:qualifiedMinCount 1",
    ],
)
def test_what_counts_or_orders_values_stands_in_property_shapes_only(turtle: str) -> None:
    assert f"{turtle.split()[0]} stands in a node shape" in refused(f"ex:s sh:targetNode ex:n ; {turtle} .")


def test_a_value_of_sh_property_without_a_path_is_told_so() -> None:
    told = refused("ex:s sh:targetNode ex:n ; sh:property [ sh:minCount 1 ] .")
    assert "a value of sh:property has sh:minCount and no sh:path; give it a path" in told


@pytest.mark.parametrize(
    ("query", "prefix"),
    [
        ("SELECT $this { $this foo:p 1 }", "foo:"),
        ("SELECT $this { $this :p 1 }", ":"),
        ("PREFIX ex: <urn:x:> SELECT $this { $this ex:p _:b, '1'^^foo:d }", "foo:"),
    ],
)
def test_a_prefix_of_a_query_that_is_not_declared_is_named(query: str, prefix: str) -> None:
    told = refused(f'ex:s sh:targetNode ex:n ; sh:sparql [ sh:select """{query}""" ] .')
    assert f"the query of sh:select has {prefix}, a prefix that is not declared; declare it with sh:declare" in told


def test_a_property_shape_needs_a_path() -> None:
    assert "a property shape has no sh:path" in refused("ex:s a sh:PropertyShape .")


def test_a_blank_shape_that_is_a_class_is_refused() -> None:
    assert "a shape that is a class has no IRI" in refused("[] a sh:NodeShape , rdfs:Class .")


def test_the_place_in_a_named_shape_is_told() -> None:
    message = refused("ex:s sh:or ( [ sh:property [ sh:path rdfs:label ; sh:minCount 'x' ] ] ) .")
    assert f": {EX}s, in its sh:or, sh:property of rdfs:label: sh:minCount is" in message


def test_a_shape_without_a_name_is_told_by_what_it_says() -> None:
    assert "a blank node (sh:datatype" in refused("[] sh:targetNode ex:n ; sh:datatype xsd:date , xsd:time .")


@pytest.mark.parametrize("regex", [r"\\p{L}+", r"^[^\\]]$", r"[a\\-z]", r"[\\[a]", "a|b", r"\\d{4}-\\d{2}"])
def test_regular_expressions_of_xpath_are_taken(regex: str) -> None:
    assert isinstance(kinds(f'ex:s sh:pattern "{regex}" .')[0], model.Pattern)


def test_an_expression_without_meaning_is_taken_with_the_flag_q() -> None:
    assert kinds("ex:s sh:pattern '[(' ; sh:flags 'q' .") == [model.Pattern("[(", "q")]


# --- what is not done


def test_an_entailment_is_refused() -> None:
    assert "the entailment http://www.w3.org/ns/entailment/RDFS" in refused(
        "ex:graph sh:entailment <http://www.w3.org/ns/entailment/RDFS> ."
    )


def test_rules_count_only_with_an_entailment() -> None:
    assert shape("ex:s a sh:NodeShape ; sh:rule [ a sh:TripleRule ] .").constraints == ()
    assert "sh:Rules" in refused("ex:s a sh:NodeShape ; sh:rule [] . ex:graph sh:entailment sh:Rules .")


@pytest.mark.parametrize(
    ("turtle", "cycle"),
    [
        ("ex:s sh:node ex:s .", "s → s"),
        ("ex:s sh:not ex:t . ex:t sh:and ( ex:u ) . ex:u sh:node ex:s .", "s → t → u → s"),
        (
            "ex:s sh:property ex:t . ex:t sh:path ex:p ; sh:qualifiedValueShape ex:s ; sh:qualifiedMinCount 1 .",
            "s → t → s",
        ),
        ("ex:s sh:xone ( ex:t ex:u ) . ex:u sh:or ( ex:t ex:s ) .", "s → u → s"),
    ],
)
def test_a_shape_that_refers_to_itself_is_refused_with_the_cycle(turtle: str, cycle: str) -> None:
    assert cycle in refused(turtle).replace(EX, "")


def test_shapes_may_share_a_shape() -> None:
    shared = "ex:s sh:and ( ex:t ex:u ) . ex:t sh:node ex:v . ex:u sh:node ex:v . ex:v sh:class ex:C ."
    assert len(read(shared).shapes) == 4


def test_shapes_nested_too_deep_are_refused() -> None:
    deep = "sh:not [ " * 2000 + "sh:class ex:C" + " ]" * 2000
    assert "nested more than" in refused(f"ex:s {deep} .")


def test_a_triple_as_a_term_is_refused() -> None:
    assert "leave it out" in refused("ex:s sh:hasValue <<( ex:a ex:b ex:c )>> .")


# --- constraints in SPARQL


def sparql(query: str, more: str = "", of: str = "sh:targetNode ex:n") -> str:
    return f'{DECLARED} ex:s {of} ; sh:sparql [ sh:select """{query}""" ; sh:prefixes ex: {more} ] .'


def test_a_query_is_read_with_its_prefixes_and_messages() -> None:
    (found,) = constraints(sparql("SELECT $this { $this ex:p ?value }", "; sh:message 'wrong {?value}'"))
    assert found.component == SH + "SPARQLConstraintComponent"
    assert isinstance(found.kind, model.Sparql)
    assert found.kind.query == f"PREFIX ex: <{EX}> SELECT $this {{ $this ex:p ?value }}"
    assert found.kind.messages == (ox.Literal("wrong {?value}"),)
    assert isinstance(found.kind.node, ox.BlankNode)
    assert not found.kind.ask


def test_the_path_stands_for_its_variable_but_in_texts_and_comments() -> None:
    query = "SELECT $this ?value { $this $PATH ?value FILTER(?value != '$PATH') # $PATH\n }"
    (found,) = kinds(sparql(query, of="sh:path [ sh:inversePath ex:p ]"))
    assert isinstance(found, model.Sparql)
    assert found.query.endswith(
        f"SELECT $this ?value {{ $this ^(<{EX}p>) ?value FILTER(?value != '$PATH') # $PATH\n }}"
    )


def test_a_deactivated_query_asks_nothing() -> None:
    assert kinds(sparql("SELECT $this {}", "; sh:deactivated true")) == []


def test_prefixes_of_imported_tables_are_taken_too() -> None:
    turtle = f"""ex:s sh:sparql [ sh:select "SELECT $this {{ $this far:p ?x }}" ; sh:prefixes ex:near ] .
      ex:near owl:imports ex:far . ex:far owl:imports ex:near ;
      sh:declare [ sh:prefix "far" ; sh:namespace "{EX}far/"^^xsd:anyURI ] ."""
    assert len(kinds(turtle)) == 1


@pytest.mark.parametrize(
    ("declaration", "said"),
    [
        ("sh:prefix 'a'", "lacks sh:prefix or sh:namespace"),
        (f"sh:prefix 'a' ; sh:namespace '{EX}'", 'write it as "…"^^xsd:anyURI'),
        (f"sh:prefix 'a b' ; sh:namespace '{EX}'^^xsd:anyURI", "is no prefix with its namespace"),
        ("sh:prefix 'a' ; sh:namespace 'no iri'^^xsd:anyURI", "is no prefix with its namespace"),
        ("sh:prefix 'ex' ; sh:namespace 'urn:other:'^^xsd:anyURI", "the prefix ex: stands for two namespaces"),
    ],
)
def test_a_prefix_that_is_not_well_declared_is_refused(declaration: str, said: str) -> None:
    assert said in refused(sparql("SELECT $this {}") + f"ex: sh:declare [ {declaration} ] .")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT $this { $this ?p", "does not parse"),
        ("SELECT $this { $this ?x }", "does not parse"),
        ("ASK { $this ?p ?o }", "is of another form; write it as SELECT"),
        ("CONSTRUCT WHERE { ?s ?p ?o }", "is of another form"),
        ("SELECT $this { $this ?p ?o MINUS { ?o ?p $this } }", "the query has MINUS"),
        ("SELECT $this { SERVICE ex:a { $this ?p ?o } }", "the query has SERVICE"),
        ("SELECT $this { VALUES ?x { 1 } }", "the query has VALUES"),
        ("SELECT $this { $this ?p ?x } VALUES ?x { 1 }", "the query has VALUES"),
        ("SELECT $this { BIND(1 AS ?this) }", "gives ?this, which is bound before, another value"),
        ("SELECT ?x { { SELECT ?x { ?x ?p ?o } } }", "a sub-query does not return ?this"),
        ("SELECT $this { { SELECT * { $this ?p ?o } } }", "a sub-query does not return ?this"),
        ("SELECT $this { $this $PATH ?value }", "the shape has no path"),
    ],
)
def test_a_query_that_can_not_be_bound_before_is_refused(query: str, said: str) -> None:
    message = refused(sparql(query))
    assert said in message
    assert f"{EX}s, in its sh:sparql: " in message


@pytest.mark.parametrize(
    "query",
    [
        "SELECT $this { $this ex:minus ?values ; ex:values ?service FILTER(?values != 'MINUS { }') # VALUES ?x\n }",
        "SELECT $this (COUNT(?o) AS ?value) { $this ?p ?o } GROUP BY $this",
        "SELECT $this { { SELECT $this (MAX(?o) AS ?most) { $this ?p ?o } GROUP BY $this } }",
        "SELECT $this { GRAPH $shapesGraph { $currentShape ?p ?o } }",
        "SELECT $this { FILTER(<urn:only:elsewhere>($this)) }",
    ],
)
def test_a_query_that_only_looks_like_that_is_taken(query: str) -> None:
    assert len(kinds(sparql(query))) == 1


def test_a_constraint_without_a_query_is_refused() -> None:
    assert "there is no sh:select" in refused("ex:s sh:targetNode ex:n ; sh:sparql [ sh:ask 'ASK {}' ] .")


# --- constraint components


def test_a_use_of_a_component_is_a_constraint() -> None:
    (found,) = constraints(COMPONENT + "ex:s ex:part 'a' ; ex:case 'low' .")
    assert found == Constraint(
        EX + "Part",
        model.Sparql(
            "ASK { FILTER(CONTAINS($value, $part)) }",
            ask=True,
            values=(("part", ox.Literal("a")), ("case", ox.Literal("low"))),
            messages=(ox.Literal("has {$part}"),),
        ),
    )


def test_a_message_of_the_shape_comes_before_the_label_of_the_component() -> None:
    (found,) = kinds(COMPONENT + "ex:s ex:part 'a' ; sh:message 'wrong' .")
    assert isinstance(found, model.Sparql)
    assert found.messages == ()


def test_a_component_of_several_parameters_takes_one_value_each() -> None:
    assert "http://example.org/part has 2 values" in refused(COMPONENT + "ex:s ex:part 'a' , 'b' .")


def test_a_component_of_one_parameter_is_used_once_a_value() -> None:
    single = COMPONENT.replace(", [ sh:path ex:case ; sh:optional true ]", "")
    values = [kind.values for kind in kinds(single + "ex:s ex:part 'a' , 'b' .") if isinstance(kind, model.Sparql)]
    assert values == [(("part", ox.Literal("a")),), (("part", ox.Literal("b")),)]


def test_a_component_without_all_it_needs_is_not_used() -> None:
    assert kinds(COMPONENT + "ex:s sh:targetNode ex:n ; ex:case 'low' .") == []


def test_each_kind_of_shape_has_its_validator() -> None:
    component = """ex:Own a sh:ConstraintComponent ; sh:parameter [ sh:path ex:own ] ;
      sh:nodeValidator [ sh:select "SELECT $this { $this ?own $own }" ] ;
      sh:propertyValidator [ sh:select "SELECT $this ?value { $this $PATH ?value }" ] ."""
    (of_node,) = kinds(component + "ex:s ex:own 1 .")
    (of_property,) = kinds(component + "ex:s sh:path ex:p ; ex:own 1 .")
    assert isinstance(of_node, model.Sparql)
    assert isinstance(of_property, model.Sparql)
    assert of_node.query == "SELECT $this { $this ?own $own }"
    assert of_property.query == f"SELECT $this ?value {{ $this <{EX}p> ?value }}"
    assert not of_node.ask


def test_a_component_without_a_validator_for_the_shape_asks_nothing() -> None:
    component = """ex:Own a sh:ConstraintComponent ; sh:parameter [ sh:path ex:own ] ;
      sh:propertyValidator [ sh:select "SELECT $this { $this $PATH ?value }" ] ."""
    assert kinds(component + "ex:s ex:own 1 .") == []


@pytest.mark.parametrize(
    ("component", "said"),
    [
        ("ex:c a sh:ConstraintComponent .", "no parameter that must be given"),
        ("[] a sh:ConstraintComponent ; sh:parameter [ sh:path ex:a ] .", "has no IRI"),
        ("ex:c a sh:ConstraintComponent ; sh:parameter [] .", "a parameter has no sh:path"),
        ("ex:c a sh:ConstraintComponent ; sh:parameter [ sh:path ex:value ] .", "the local name 'value'"),
        ("ex:c a sh:ConstraintComponent ; sh:parameter [ sh:path ex:a-b ] .", "the local name 'a-b'"),
        ("ex:c a sh:ConstraintComponent ; sh:parameter [ sh:path ex:a ] , [ sh:path <urn:x/a> ] .", "two parameters"),
    ],
)
def test_a_component_that_is_not_well_formed_is_refused(component: str, said: str) -> None:
    assert said in refused(component)


@pytest.mark.parametrize(
    ("validator", "said"),
    [
        ("[ sh:jsFunctionName 'f' ]", "is in JavaScript"),
        ("[ sh:select 'SELECT $this {}' ]", "there is no sh:ask"),
        ("[ sh:ask 'SELECT $this {}' ]", "write it as ASK"),
        ("[ sh:ask 'ASK { BIND(1 AS ?value) }' ]", "gives ?value"),
        ("[ sh:ask 'ASK { { SELECT $this $value { $this ?p $value } } }' ]", "does not return ?own"),
    ],
)
def test_a_validator_that_can_not_be_asked_is_refused_where_it_is_used(validator: str, said: str) -> None:
    component = f"ex:Own a sh:ConstraintComponent ; sh:parameter [ sh:path ex:own ] ; sh:validator {validator} ."
    assert read(component).shapes == ()
    assert said in refused(component + "ex:s ex:own 1 .")


def test_components_of_shacl_itself_are_built_in() -> None:
    """DASH gives them validators in SPARQL; a result would be told twice."""
    component = COMPONENT.replace("ex:Part", "sh:ClassConstraintComponent").replace("ex:part", "sh:class")
    assert kinds(component + "ex:s sh:class ex:C .") == [model.Class(ox.NamedNode(EX + "C"))]


# --- whole shapes graphs


def test_our_own_shapes_are_read() -> None:
    shapes = engine.read_shapes(engine.shape_files())
    assert sum(1 for one in shapes if one.targets) > 100
    assert all(one.messages or one.remedies for one in shapes if one.targets)
    assert len(shapes.graph) > 2000


@pytest.mark.parametrize(("name", "targets"), [("shacl", 0), ("shacl-shacl", 3), ("dash", 4)])
def test_shapes_of_others_are_read(name: str, targets: int) -> None:
    path = Path(pyshacl.__file__).parent / "assets" / f"{name}.ttl"
    shapes = reader.read(rdf.read(path))
    assert sum(1 for one in shapes if one.targets) >= targets


def test_the_order_of_the_triples_changes_nothing() -> None:
    quads = [quad for path in engine.shape_files() for quad in rdf.read(path)]
    assert repr(reader.read(quads).shapes) == repr(reader.read(reversed(quads)).shapes)
