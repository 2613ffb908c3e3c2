"""Queries of shapes asked of many nodes at once: joined by hash they find what they find as they are written."""

from __future__ import annotations

from collections.abc import Sequence

import pyoxigraph as ox
import pytest
from hypothesis import given, settings

from calckg.shapes import algebra as al
from calckg.shapes.store.asked import Asker
from calckg.shapes.store.query_sets import set_wise
from calckg.shapes.store.query_text import Insertion, parsed
from calckg.shapes.store.sparql_terms import Terms
from calckg.sparql import LocalGraph
from tests.shapes_engine.test_select_sql import FOCUS, PREFIXES, QUERIES, by_store, plan_of, quads, told

# In the first of these a filter has a variable that only some solutions bind.
MORE = [
    "$this :r ?o OPTIONAL { ?o :q ?value } FILTER NOT EXISTS { $this :p ?value }",
    "$this :p ?o ; :q ?value . ?o :r $this FILTER NOT EXISTS { $this :p ?value }",
    "$this :p ?value , ?o . ?value ^:q ?o",
    "$this :p ?o . ?o :q :a . ?o :p ?value FILTER (?value != $this)",
    "?value :p $this ; :q ?o . { ?o :p $this } UNION { ?o :q $this }",
]


@settings(max_examples=10, deadline=None, derandomize=True)
@given(quads)
@pytest.mark.parametrize("query", [*QUERIES, *MORE])
def test_of_many_the_results_are_those_of_each(query: str, quads: Sequence[ox.Quad]) -> None:
    plan = plan_of(f"SELECT * WHERE {{ {query} }}")
    assert isinstance(plan.question, al.Asked)
    store = ox.Store()
    store.extend(ox.Quad(quad.subject, quad.predicate, quad.object) for quad in quads)
    terms = Terms(LocalGraph(store))
    asker = Asker(LocalGraph(store), None, terms)
    focus = terms.table(["this"], [[node] for node in FOCUS])
    found = asker.results(plan.question.query, plan.shape, focus, many=True)
    assert told(found) == told(by_store(quads, plan, FOCUS))


@pytest.mark.parametrize(
    ("query", "minuses"),
    [
        (
            "SELECT * { $this :p ?x FILTER NOT EXISTS { $this :q ?x } FILTER NOT EXISTS { ?x :q $this, :a ; :r ?y } }",
            2,
        ),
        ("SELECT $this { $this :p ?x FILTER NOT EXISTS { $this :q ?x . } FILTER NOT EXISTS { ?x ?y $this } }", 1),
        ("SELECT $this { FILTER NOT EXISTS { $this :q ?x } $this :p ?x }", 0),
        ("SELECT $this { $this :p ?x FILTER NOT EXISTS { ?x :q :a } }", 0),
        ("SELECT $this { $this :p ?x FILTER NOT EXISTS { $this :q ?y FILTER (?y != ?x) } }", 0),
        ("SELECT $this { $this :p ?x FILTER EXISTS { $this :q ?x } }", 0),
        ("SELECT $this { $this :p ?x FILTER NOT EXISTS { $this :q/:r ?x } }", 0),
        ("SELECT $this { $this :p ?x FILTER NOT EXISTS { $this :q [ :r ?x ] } }", 0),
    ],
)
def test_only_triples_of_named_predicates_are_subtracted(query: str, minuses: int) -> None:
    text = Insertion({}).inside(set_wise(parsed(PREFIXES + query)))
    assert text.count("MINUS") == minuses
    assert text.count("EXISTS") == query.count("EXISTS") - minuses


@pytest.mark.parametrize(
    ("group", "selects"),
    [
        ("$this :p ?x ; :q ?y , true . ?x a ?z . FILTER (?x != ?y)", 4),
        ("$this :p ?x . ?x :q :a { ?x :r ?y } UNION { ?y :r ?x }", 2),
        ("$this :p ?x . ?x :q ?y BIND (?x AS ?z) ?z :r ?y . ?y :p ?z", 2),
        ("$this :p ?x", 0),
        ("$this :p ?x . :a :q :b", 0),
        ("$this :p ?x . ?x ?y $this", 0),
        ("$this :p ?x ; :q/:r ?y", 0),
        ("$this :p ?x . ?x :q [ :r ?y ]", 0),
        ("$this :p ?x . ?x :q _:y . _:y :r $this", 0),
        ("$this :p ?x . ?x :q 'text'", 0),
        ("FILTER (isIRI($this)) $this :p ?x . ?x :q ?y", 0),
    ],
)
def test_the_first_triples_stand_apart_where_their_predicates_are_named(group: str, selects: int) -> None:
    select = set_wise(parsed(f"{PREFIXES} SELECT $this {{ {group} }}"))
    assert Insertion({}).inside(select).count("SELECT") == selects
    assert select.separate(["this"])  # still asked of all nodes at once
