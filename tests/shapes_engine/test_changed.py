"""What a change can touch: never too few focus nodes, by generated graphs, changes and shapes; and not all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import pyoxigraph as ox
import pytest
from duckdb import DuckDBPyConnection
from hypothesis import given, settings
from hypothesis import strategies as st

from calckg import columnar, staging
from calckg.shapes import algebra as al
from calckg.shapes import compiler, model
from calckg.shapes.changed import Changes, turned
from calckg.shapes.columns import sql_terms
from calckg.shapes.columns.relations import Among, Relations
from calckg.shapes.reading import reader
from calckg.shapes.store.asked import AskerInTurn, stored

EX = "http://example.org/"
PREFIXES = """@prefix ex: <http://example.org/> . @prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
"""
HEAD = PREFIXES + 'ex: sh:declare [ sh:prefix "ex" ; sh:namespace "http://example.org/"^^xsd:anyURI ] .\n'
P, Q = (model.Predicate(EX + letter) for letter in "pq")
Fact = tuple[str, str, str]
Told = tuple[str, str, str]  # focus node, value, path


def quads(facts: Iterable[Fact]) -> list[ox.Quad]:
    return list(ox.parse(PREFIXES + "".join(f"{' '.join(f)} .\n" for f in facts), format=ox.RdfFormat.TRIG))


def connected(facts: Iterable[Fact]) -> DuckDBPyConnection:
    connection = columnar.connect()
    connection.execute("SET threads = 1")
    staging.stage_quads(connection, quads(facts))
    columnar.settle(connection)
    return connection


def plans_of(shapes: str) -> tuple[list[al.Plan], ox.Store]:
    known = reader.read(ox.parse(HEAD + shapes, format=ox.RdfFormat.TURTLE))
    return list(compiler.compile_shapes(known)), known.graph


def found(
    connection: DuckDBPyConnection,
    backend: Relations,
    plans: Sequence[al.Plan],
    again: Sequence[str | None] | None = None,
) -> list[Counter[Told]]:
    """Run plans, those with a table in ``again`` for the focus nodes in it; queries in SPARQL are only counted."""
    given = [
        plan if table is None else plan.changed(focus=Among(plan.focus.targets, plan.focus.hops, table))
        for plan, table in zip(plans, again or [None] * len(plans), strict=True)
    ]
    told = []
    for made in backend.relations(given):
        rows: list[tuple[str, str, str, int]] = [("", "", "", made.counted)] if made.counted else []
        if made.query is not None:
            texts = ", ".join(columnar.text_of(name) for name in "fvp")
            joins = " ".join(f"LEFT JOIN node {name} ON {name}.id = r.{name}" for name in "fvp")
            rows = connection.execute(f"SELECT {texts}, r.m FROM {made.query} r {joins}").fetchall()
        told.append(Counter({(f, v, p): int(m) for f, v, p, m in rows}))
    return told


def note(connection: DuckDBPyConnection, facts: Iterable[Fact]) -> None:
    """Make the table ``changed``; terms that are no longer in the graph get ids beside those of the shapes."""
    run = connection.execute
    run("CREATE OR REPLACE TEMP TABLE changed (s BIGINT, p BIGINT, o BIGINT)")
    same = "t.kind = ? AND t.value = ? AND t.datatype IS NOT DISTINCT FROM ? AND t.lang IS NOT DISTINCT FROM ?"
    for quad in quads(facts):
        ids: list[int] = []
        for term in (quad.subject, quad.predicate, quad.object):
            assert not isinstance(term, ox.Triple)
            row = sql_terms.row(term)
            if run(f"SELECT id FROM node t WHERE {same}", row).fetchone() is None:
                run("INSERT INTO own_term SELECT max(id) + 1, ?, ?, ?, ? FROM node", row)
            ids += run(f"SELECT id FROM node t WHERE {same}", row).fetchall()[0]
        run("INSERT INTO changed VALUES (?, ?, ?)", ids)


def touched(connection: DuckDBPyConnection, changes: Changes, plan: al.Plan) -> set[str] | None:
    """Return the focus nodes as N-Triples; ``None`` for all there are."""
    found = changes.touched(plan)
    if found.every:
        return None
    if found.nodes is None:
        return set()
    rows = connection.execute(f"SELECT {columnar.text_of('t')} FROM {found.nodes} f JOIN node t ON t.id = f.n")
    return {text for (text,) in rows.fetchall()}


def relations(connection: DuckDBPyConnection, shapes: ox.Store) -> Relations:
    """Return the back end on a connection."""
    return Relations(connection, AskerInTurn(lambda: stored(connection), shapes))


def after(facts: Sequence[Fact], less: Iterable[Fact], more: Iterable[Fact], shapes: str) -> list[set[str] | None]:
    """Return what a change touches, plan by plan."""
    plans, graph = plans_of(shapes)
    new = connected([fact for fact in facts if fact not in set(less)] + list(more))
    relations(new, graph).know(plans)
    note(new, [*less, *more])
    changes = Changes(new)
    return [touched(new, changes, plan) for plan in plans]


# --- never too few

NODES = [f"ex:n{number}" for number in range(5)]
LITERALS = ['"abc"', '"abc"@en', '"y"@en', "1", "7"]
PATHS = [
    *("ex:p", "ex:q", "[ sh:inversePath ex:p ]", "( ex:p ex:q )", "( ex:p [ sh:inversePath ex:q ] ex:r )"),
    *("[ sh:alternativePath ( ex:p ex:q ) ]", "[ sh:alternativePath ( ( ex:p ex:r ) [ sh:inversePath ex:q ] ) ]"),
    *("[ sh:zeroOrMorePath ex:p ]", "[ sh:oneOrMorePath ex:p ]", "[ sh:zeroOrOnePath ex:q ]"),
    *("[ sh:inversePath ( ex:p ex:q ) ]", "[ sh:inversePath [ sh:oneOrMorePath ex:r ] ]", "( ex:q rdfs:label )"),
    *("[ sh:oneOrMorePath [ sh:alternativePath ( ex:p [ sh:inversePath ex:q ] ) ] ]", "rdfs:label"),
    "( [ sh:zeroOrMorePath ( ex:p ex:q ) ] [ sh:zeroOrOnePath ex:r ] )",
]
SIMPLE = [
    *("sh:class ex:C", "sh:class ex:D", "sh:datatype xsd:string", "sh:datatype xsd:integer", "sh:nodeKind sh:IRI"),
    *("sh:nodeKind sh:Literal", "sh:minInclusive 2", "sh:maxExclusive 7", "sh:minLength 2", "sh:maxLength 2"),
    *('sh:pattern "^a"', 'sh:languageIn ( "en" )', "sh:in ( ex:n0 1 )", "sh:disjoint ex:q", "sh:hasValue ex:n1"),
    *("sh:equals ex:q", "sh:closed true ; sh:ignoredProperties ( ex:p ex:q )"),
]
OF_PATHS = [
    *(one for one in SIMPLE if "closed" not in one),
    *("sh:minCount 1", "sh:maxCount 1", "sh:uniqueLang true", "sh:minCount 2", "sh:lessThan ex:q"),
    "sh:lessThanOrEquals ex:r",
]
SPARQL = [
    'sh:sparql [ sh:prefixes ex: ; sh:select "SELECT $this ?value WHERE { $this ex:p ?value . ?value ex:r ?x }" ]',
]
simple_inner = st.one_of(
    st.sampled_from(SIMPLE).map(lambda one: f"[ {one} ]"),
    st.tuples(st.sampled_from(PATHS), st.sampled_from(OF_PATHS)).map(lambda two: f"[ sh:path {two[0]} ; {two[1]} ]"),
)


def nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    some = st.lists(inner, min_size=1, max_size=3).map(" ".join)
    path, number = st.sampled_from(PATHS), st.integers(0, 2)
    return st.one_of(
        inner.map(lambda one: f"[ sh:not {one} ]"),
        some.map(lambda all_: f"[ sh:or ( {all_} ) ]"),
        some.map(lambda all_: f"[ sh:and ( {all_} ) ]"),
        some.map(lambda all_: f"[ sh:xone ( {all_} ) ]"),
        st.tuples(path, inner).map(lambda two: f"[ sh:path {two[0]} ; sh:or ( {two[1]} ) ]"),
        st.tuples(path, inner, st.sampled_from(["Min", "Max"]), number).map(
            lambda four: "[ sh:path {} ; sh:qualifiedValueShape {} ; sh:qualified{}Count {} ]".format(*four)
        ),
    )


inner = st.recursive(simple_inner, nested, max_leaves=3)
property_parts = st.one_of(
    st.sampled_from(OF_PATHS),
    inner.map(lambda one: f"sh:not {one}"),
    inner.map(lambda one: f"sh:qualifiedValueShape {one} ; sh:qualifiedMaxCount 1"),
    st.tuples(st.sampled_from(PATHS), st.sampled_from(OF_PATHS)).map(
        lambda two: f"sh:property [ sh:path {two[0]} ; {two[1]} ]"
    ),
)
node_parts = st.one_of(
    st.sampled_from(SIMPLE),
    inner.map(lambda one: f"sh:not {one}"),
    inner.map(lambda one: f"sh:or ( {one} [ sh:nodeKind sh:Literal ] )"),
    st.tuples(st.sampled_from(PATHS), property_parts).map(lambda two: f"sh:property [ sh:path {two[0]} ; {two[1]} ]"),
    st.sampled_from(SPARQL),
)
TARGETS = ["sh:targetClass ex:C", "sh:targetNode ex:n0, ex:n9", "sh:targetSubjectsOf ex:p", "sh:targetObjectsOf ex:q"]
shape = st.one_of(
    st.tuples(st.sampled_from(TARGETS), node_parts).map(lambda two: f"a sh:NodeShape ; {two[0]} ; {two[1]} ."),
    st.tuples(st.sampled_from(TARGETS), st.sampled_from(PATHS), property_parts).map(
        lambda three: f"a sh:PropertyShape ; {three[0]} ; sh:path {three[1]} ; {three[2]} ."
    ),
)
triple = st.tuples(
    st.sampled_from(NODES),
    st.sampled_from(["ex:p", "ex:q", "ex:r"]),
    st.one_of(*[st.sampled_from(NODES)] * 3, st.sampled_from(LITERALS)),
)
label = st.tuples(st.sampled_from(NODES), st.just("rdfs:label"), st.sampled_from(LITERALS))
typed = st.tuples(st.sampled_from(NODES), st.just("a"), st.sampled_from(["ex:C", "ex:D", "ex:E"]))
classes = st.tuples(st.sampled_from(["ex:E", "ex:D"]), st.just("rdfs:subClassOf"), st.sampled_from(["ex:C", "ex:D"]))
fact = st.one_of(*[triple] * 9, label, *[typed] * 3, classes)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    st.sets(fact, min_size=14, max_size=24),
    st.lists(st.integers(0, 23), min_size=1, max_size=2),
    st.sets(fact, max_size=1),
    st.lists(shape, min_size=7, max_size=10),
)
def test_what_stands_with_what_is_checked_again_is_what_all_of_it_gives(
    facts: set[Fact], removed: list[int], added: set[Fact], shapes: list[str]
) -> None:
    before = sorted(facts)
    less = {before[number] for number in removed if number < len(before)}
    more = added - facts
    plans, graph = plans_of("".join(f"ex:s{number} {text}\n" for number, text in enumerate(shapes)))
    old, new = connected(before), connected((facts - less) | more)
    backends = relations(old, graph), relations(new, graph)
    for backend in backends:
        backend.know(plans)
    was, expected = found(old, backends[0], plans), found(new, backends[1], plans)
    note(new, less | more)
    changes = Changes(new)
    again = [(plan, changes.touched(plan)) for plan in plans]
    rerun = found(new, backends[1], plans, [told.nodes for _, told in again])
    for number, (plan, told) in enumerate(again):
        nodes = touched(new, changes, plan)
        stands = Counter({one: n for one, n in was[number].items() if nodes is not None and one[0] not in nodes})
        assert stands + (rerun[number] if told else Counter()) == expected[number]


# --- and not all of them

FEW = [("ex:n1", "a", "ex:C"), ("ex:n2", "a", "ex:C"), ("ex:n1", "ex:p", "ex:n2"), ("ex:n2", "ex:p", "ex:n3")]
TO_N1, TO_N2 = {f"<{EX}n1>"}, {f"<{EX}n2>"}


@pytest.mark.parametrize(
    ("shape", "more", "expected"),
    [
        pytest.param("sh:property [ sh:path ex:q ; sh:minCount 1 ]", ("ex:n2", "ex:q", "1"), TO_N2, id="path"),
        pytest.param(
            "sh:property [ sh:path ex:q ; sh:minCount 1 ]", ("ex:n2", "ex:r", "1"), set(), id="other predicate"
        ),
        pytest.param(
            "sh:property [ sh:path ( ex:p ex:q ) ; sh:minCount 1 ]", ("ex:n2", "ex:q", "1"), TO_N1, id="second step"
        ),
        pytest.param(
            "sh:property [ sh:path [ sh:inversePath ex:p ] ; sh:minCount 1 ]",
            ("ex:n9", "ex:p", "ex:n2"),
            TO_N2,
            id="inverse",
        ),
        pytest.param(
            "sh:property [ sh:path [ sh:oneOrMorePath ex:p ] ; sh:minCount 1 ]",
            ("ex:n3", "ex:p", "ex:n4"),
            {f"<{EX}n{number}>" for number in (1, 2, 3)},
            id="closure",
        ),
        pytest.param(
            "sh:property [ sh:path ex:p ; sh:class ex:D ]",
            ("ex:n3", "a", "ex:D"),
            {f"<{EX}n2>", f"<{EX}n3>"},
            id="class of a value",
        ),
        pytest.param(
            "sh:property [ sh:path ex:p ; sh:node [ sh:closed true ] ]",
            ("ex:n3", "ex:q", "1"),
            TO_N2,
            id="closed value",
        ),
        pytest.param(
            "sh:closed true ; sh:ignoredProperties ( ex:q )", ("ex:n2", "ex:q", "1"), set(), id="closed, but for it"
        ),
        pytest.param("sh:closed true ; sh:ignoredProperties ( ex:q )", ("ex:n2", "ex:r", "1"), TO_N2, id="closed"),
        pytest.param(
            "sh:property [ sh:path ex:p ; sh:property [ sh:path ex:q ; sh:minCount 1 ] ]",
            ("ex:n1", "ex:p", "ex:n4"),
            {f"<{EX}n4>"},
            id="values of a value: the hop",
        ),
        pytest.param(
            "sh:property [ sh:path ex:p ; sh:property [ sh:path ex:q ; sh:minCount 1 ] ]",
            ("ex:n3", "ex:q", "1"),
            {f"<{EX}n3>"},
            id="values of a value: the value",
        ),
        pytest.param("sh:nodeKind sh:IRI", ("ex:n4", "a", "ex:C"), {f"<{EX}n4>"}, id="a new target"),
        pytest.param("sh:nodeKind sh:IRI", ("ex:n1", "ex:q", "1"), set(), id="the term itself"),
        pytest.param("sh:nodeKind sh:IRI", ("ex:D", "rdfs:subClassOf", "ex:C"), None, id="a subclass"),
        pytest.param(SPARQL[0], ("ex:n1", "ex:q", "1"), None, id="a query"),
    ],
)
def test_only_what_reads_a_triple_is_touched(shape: str, more: Fact, expected: set[str] | None) -> None:
    (nodes,) = after(FEW, [], [more], f"ex:s a sh:NodeShape ; sh:targetClass ex:C ; {shape} .")
    assert nodes == expected


@pytest.mark.parametrize(
    ("target", "more", "expected"),
    [
        ("sh:targetSubjectsOf ex:q", ("ex:n2", "ex:q", "ex:n3"), TO_N2),
        ("sh:targetObjectsOf ex:q", ("ex:n2", "ex:q", "ex:n1"), TO_N1),
        ("sh:targetNode ex:n2", ("ex:n2", "ex:q", "ex:n1"), set()),
    ],
)
def test_a_triple_touches_whom_it_makes_a_target(target: str, more: Fact, expected: set[str]) -> None:
    (nodes,) = after(FEW, [], [more], f"ex:s a sh:NodeShape ; {target} ; sh:nodeKind sh:Literal .")
    assert nodes == expected


def test_a_walk_goes_over_triples_that_are_there_no_more() -> None:
    less = [("ex:n1", "ex:p", "ex:n2"), ("ex:n2", "ex:q", "1")]
    shapes = "ex:s a sh:NodeShape ; sh:targetNode ex:n1 ; sh:property [ sh:path ( ex:p ex:q ) ; sh:minCount 1 ] ."
    (nodes,) = after([*FEW, less[1]], less[1:], [], shapes)
    assert nodes == TO_N1
    (nodes,) = after([*FEW, less[1]], less, [], shapes)
    assert nodes == TO_N1


def test_of_no_change_nothing_is_touched() -> None:
    shapes = f"ex:s a sh:NodeShape ; sh:targetClass ex:C ; {SPARQL[0]} ; sh:nodeKind sh:IRI ."
    assert after(FEW, [], [], shapes) == [set(), set()]


def test_of_many_nodes_those_few_are_touched() -> None:
    facts = [(f"ex:n{number}", *rest) for number in range(500) for rest in [("a", "ex:C"), ("ex:p", f'"{number}"')]]
    shapes = 'ex:s a sh:NodeShape ; sh:targetClass ex:C ; sh:property [ sh:path ex:p ; sh:pattern "^9" ] .'
    assert after(facts, [facts[7]], [("ex:n8", "ex:p", '"x"')], shapes) == [{f"<{EX}n3>", f"<{EX}n8>"}]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (P, model.Inverse(P)),
        (model.Inverse(P), P),
        (model.Inverse(model.Sequence((P, Q))), model.Sequence((P, Q))),
        (model.Sequence((P, model.Inverse(Q))), model.Sequence((Q, model.Inverse(P)))),
        (model.Alternative((P, Q)), model.Alternative((model.Inverse(P), model.Inverse(Q)))),
        (model.Closure(P, 1, many=True), model.Closure(model.Inverse(P), 1, many=True)),
    ],
)
def test_a_path_is_turned_round(path: model.Path, expected: model.Path) -> None:
    assert turned(path) == expected
