"""What is done another way where there is much of it finds the same: bits for nodes, results that are only counted."""

from __future__ import annotations

from collections.abc import Sequence

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calckg import columnar, staging
from calckg.shapes import compiler, model
from calckg.shapes.columns.on_columns import OnColumns
from calckg.shapes.reading import reader
from calckg.shapes.results import Result
from tests.test_shapes_engine import HEAD, PATHS, constraint, targets, triples, typed

Told = list[tuple[str, list[str], int]]
IN_SPARQL = """ex:q a sh:NodeShape ; sh:targetSubjectsOf ex:p ; sh:sparql [ sh:select
    "SELECT $this ?value WHERE { $this <http://example.org/p> ?value }" ] ."""


def parsed(text: str) -> list[ox.Quad]:
    return list(ox.parse(HEAD + text, format=ox.RdfFormat.TRIG))


def read(shapes: str) -> model.Shapes:
    return reader.read(quad.triple for quad in parsed(shapes))


def told(quads: Sequence[ox.Quad], known: model.Shapes, limit: int | None = None, **patched: int) -> Told:
    """Return for each plan its component, its results and how many more there are."""
    plans = list(compiler.compile_shapes(known))
    connection = columnar.connect()
    connection.execute("SET threads = 1")
    columnar.add(connection, lambda: staging.stage_quads(connection, quads))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in patched.items():
            patch.setattr(f"calckg.shapes.columns.plan_tables.{name}", value)
        return [
            (outcome.plan.constraint.component, [shown(result) for result in outcome.results], outcome.more)
            for outcome in OnColumns(connection, shapes=known.graph, several=1).run(plans, limit=limit)
        ]


def shown(result: Result) -> str:
    return f"{result.focus} {result.path} {result.value}"


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.one_of(triples, typed)), max_size=20),
    st.lists(st.tuples(targets, st.sampled_from(PATHS), st.lists(constraint, min_size=1, max_size=2)), max_size=5),
    st.sampled_from([None, 0, 1, 3]),
)
def test_many_are_found_as_few_are(
    facts: Sequence[tuple[str, tuple[str, str, str]]],
    shapes: Sequence[tuple[str, str, Sequence[str]]],
    limit: int | None,
) -> None:
    quads = parsed("".join(f"ex:{graph} {{ {' '.join(fact)} }}\n" for graph, fact in facts))
    text = IN_SPARQL + "".join(
        f"ex:s{n} a sh:PropertyShape ; {target} ; sh:path {path} ; {' ; '.join(some)} .\n"
        for n, (target, path, some) in enumerate(shapes)
    )
    known = read(text)
    few = told(quads, known, limit)
    assert told(quads, known, limit, _LARGE=0, _MANY=0) == few
    every = told(quads, known)
    assert [len(results) + more for _, results, more in few] == [len(results) for _, results, _ in every]
    assert all(set(some) <= set(all_) for (_, some, _), (_, all_, _) in zip(few, every, strict=True))
    if limit is not None:
        assert [len(results) for _, results, _ in few] == [min(limit, len(results)) for _, results, _ in every]


# n1 and n2 have the triple in two graphs, n3 in one.
TWICE = "ex:g { ex:n1 ex:p 1 . ex:n2 ex:p 2 . ex:n3 ex:p 3 } ex:h { ex:n1 ex:p 1 . ex:n2 ex:p 2 }"
WRONG = "ex:s a sh:PropertyShape ; sh:targetSubjectsOf ex:p ; sh:path ex:p ; sh:nodeKind sh:IRI ."


@pytest.mark.parametrize("many", [0, 1, 100])
@pytest.mark.parametrize("limit", [None, 0, 1, 2, 3, 200_000])
def test_a_triple_of_two_graphs_is_one_result(limit: int | None, many: int) -> None:
    ((_, results, more),) = told(parsed(TWICE), read(WRONG), limit, _LARGE=0, _MANY=many)
    every = [f'<http://example.org/n{n}> None "{n}"^^<http://www.w3.org/2001/XMLSchema#integer>' for n in (1, 2, 3)]
    assert results == every[: 3 if limit is None else limit]
    assert more == 3 - len(results)


def test_a_node_that_two_lead_to_is_counted_for_each() -> None:
    data = parsed("ex:g { ex:a ex:q ex:x . ex:b ex:q ex:x, ex:y . ex:x ex:p 1 . ex:y ex:p 2 }")
    shapes = """ex:s a sh:NodeShape ; sh:targetSubjectsOf ex:q ; sh:property [ sh:path ex:q ;
        sh:property [ sh:path ex:p ; sh:nodeKind sh:IRI ] ] ."""
    for limit, kept in ((None, 3), (2, 2), (0, 0)):
        (found,) = [
            one
            for one in told(data, read(shapes), limit, _LARGE=0, _MANY=0)
            if one[0].endswith("#NodeKindConstraintComponent")
        ]
        assert len(found[1]) == kept
        assert len(found[1]) + found[2] == 3


def test_nodes_that_a_target_makes_up_are_looked_up_among_bits() -> None:
    data = parsed("ex:a a ex:C ; ex:p ex:a . ex:b a ex:C ; ex:p ex:c .")
    shapes = """ex:s a sh:NodeShape ; sh:class ex:C ; sh:target [ a sh:SPARQLTarget ; sh:select
        "SELECT ?this WHERE { ?a <http://example.org/p> ?b BIND(IRI(CONCAT(STR(?b), 'x')) AS ?this) }" ] .
        ex:t a sh:PropertyShape ; sh:path ex:p ; sh:class ex:C ; sh:targetClass ex:C ."""
    few = told(data, read(shapes))
    assert sorted(len(results) for _, results, _ in few) == [1, 2]
    assert told(data, read(shapes), _LARGE=0) == few
