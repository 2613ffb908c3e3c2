"""Plans asked together: what is found is what each finds alone, and shapes that find nothing take few statements."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calckg import columnar, rdf, staging
from calckg.errors import CalckgError
from calckg.shapes import algebra as al
from calckg.shapes import compiler, model
from calckg.shapes.columns import clearing, known_terms
from calckg.shapes.columns.on_columns import OnColumns
from calckg.shapes.reading import reader
from calckg.shapes.results import Outcome
from tests.test_shapes_engine import CASES, HEAD, HERE, OWN, PATHS, PLANS, VALID, constraint, targets, triples, typed

Told = tuple[str, str, str]


def outcomes(
    quads: Sequence[ox.Quad], plans: Sequence[al.Plan], shapes: ox.Store, *, one_by_one: bool = False
) -> list[Outcome]:
    connection = columnar.connect()
    connection.execute("SET threads = 1")
    staging.stage_quads(connection, quads)
    columnar.settle(connection)
    return list(OnColumns(connection, shapes=shapes, several=sys.maxsize if one_by_one else 1).run(plans))


def told(found: Sequence[Outcome]) -> Counter[Told]:
    return Counter(
        (str(outcome.plan.shape.node), str(result.focus), str(result.value))
        for outcome in found
        for result in outcome.results
    )


def both(data: str, shapes: str) -> tuple[Counter[Told], Counter[Told]]:
    known = reader.read(ox.parse(HEAD + shapes, format=ox.RdfFormat.TURTLE))
    quads = list(ox.parse(HEAD + data, format=ox.RdfFormat.TURTLE))
    plans = list(compiler.compile_shapes(known))
    return told(outcomes(quads, plans, known.graph)), told(outcomes(quads, plans, known.graph, one_by_one=True))


@pytest.mark.parametrize("most", [clearing._MOST, 3, 0])
@pytest.mark.parametrize("case", CASES[::60])
def test_our_shapes_together_find_what_they_find_alone(case: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calckg.shapes.columns.clearing._MOST", most)
    quads = [*VALID, *rdf.read(HERE / case / "fail.ttl")]
    together = told(outcomes(quads, PLANS, OWN.graph))
    assert together
    assert together == told(outcomes(quads, PLANS, OWN.graph, one_by_one=True))


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    st.lists(st.one_of(triples, typed), max_size=12),
    st.lists(st.tuples(targets, st.sampled_from(PATHS), st.lists(constraint, min_size=1, max_size=2)), max_size=6),
    st.lists(st.tuples(targets, st.sampled_from(PATHS), st.sampled_from(PATHS), constraint), max_size=3),
)
def test_shapes_together_find_what_they_find_alone(
    facts: Sequence[tuple[str, str, str]],
    shapes: Sequence[tuple[str, str, Sequence[str]]],
    nested: Sequence[tuple[str, str, str, str]],
) -> None:
    data = "".join(" ".join(fact) + " .\n" for fact in facts)
    text = "".join(
        f"ex:s{n} a sh:PropertyShape ; {target} ; sh:path {path} ; {' ; '.join(some)} .\n"
        for n, (target, path, some) in enumerate(shapes)
    )
    text += "".join(
        f"ex:t{n} a sh:PropertyShape ; {target} ; sh:path {path} ; sh:property ex:u{n} .\n"
        f"ex:u{n} a sh:PropertyShape ; sh:path {other} ; {one} .\n"
        for n, (target, path, other, one) in enumerate(nested)
    )
    together, alone = both(data, text)
    assert together == alone


def test_more_conditions_than_a_number_has_bits() -> None:
    shapes = "".join(
        f'ex:s{n} a sh:PropertyShape ; sh:targetSubjectsOf ex:p ; sh:path ex:p ; sh:pattern "[{n}]" .\n'
        for n in range(100, 170)
    )
    together, alone = both('ex:a ex:p "0" .', shapes)
    assert together == alone
    assert len(alone) == len([n for n in range(100, 170) if "0" not in str(n)])


def test_more_classes_than_a_number_has_bits() -> None:
    shapes = "".join(
        f"ex:s{n} a sh:PropertyShape ; sh:targetSubjectsOf ex:p ; sh:path ex:p ; sh:class ex:C{n} .\n"
        for n in range(70)
    )
    together, alone = both(
        "ex:a ex:p ex:b . ex:b a ex:C3 , ex:C66 . ex:D rdfs:subClassOf ex:C67 . ex:b a ex:D .", shapes
    )
    assert together == alone
    assert len(alone) == 67


def test_a_class_of_many_subclasses_is_not_written_out() -> None:
    """Of ex:Many the ids are in a table, of ex:Few in the statement; ex:C0 is in both."""
    shapes = "".join(
        f"ex:s{cls} a sh:PropertyShape ; sh:targetSubjectsOf ex:p ; sh:path ex:p ; sh:class ex:{cls} .\n"
        for cls in ("Many", "Few", "None", *(f"D{n}" for n in range(62)))
    )
    known = reader.read(ox.parse(HEAD + shapes, format=ox.RdfFormat.TURTLE))
    data = "".join(f"ex:C{n} rdfs:subClassOf ex:Many .\n" for n in range(2 * known_terms.FEW))
    data += "ex:C0 rdfs:subClassOf ex:Few . ex:a ex:p ex:x , ex:y . ex:x a ex:C0 . ex:y a ex:C999 , ex:D61 ."
    quads = list(ox.parse(HEAD + data, format=ox.RdfFormat.TURTLE))
    plans = list(compiler.compile_shapes(known))
    together = outcomes(quads, plans, known.graph)
    assert told(together) == told(outcomes(quads, plans, known.graph, one_by_one=True))
    found = {outcome.plan.shape.node.value.rpartition("/")[2]: len(outcome.results) for outcome in together}
    assert (found["sMany"], found["sFew"], found["sNone"], found["sD61"], found["sD0"]) == (0, 1, 2, 1, 2)
    assert max(len(query) for query in together[0].queries) < 10_000


def test_what_finds_nothing_has_no_statement_of_its_own() -> None:
    shapes = "".join(
        f"ex:s{n} a sh:PropertyShape ; sh:targetClass ex:C ; sh:path ex:p{n} ; sh:minCount 1 ; sh:maxCount 1 ;"
        f" sh:datatype xsd:integer ; sh:class ex:D{n} .\n"
        for n in range(20)
    )
    known = reader.read(ox.parse(HEAD + shapes, format=ox.RdfFormat.TURTLE))
    facts = " ; ".join(f"ex:p{n} {n}" for n in range(20))
    quads = list(ox.parse(HEAD + f"ex:a a ex:C ; {facts} .", format=ox.RdfFormat.TURTLE))
    plans = [plan for plan in compiler.compile_shapes(known) if not plan.constraint.component.endswith("#Class")]
    right = [plan for plan in plans if "ClassConstraint" not in plan.constraint.component]
    found = outcomes(quads, right, known.graph)
    assert len(right) == 60
    assert not told(found)
    assert found[0].queries
    assert not any(outcome.queries for outcome in found[1:])
    wrong = outcomes(quads, plans, known.graph)
    assert {outcome.plan.constraint.component for outcome in wrong if outcome.results} == {
        "http://www.w3.org/ns/shacl#ClassConstraintComponent"
    }


def test_what_can_not_be_asked_is_told_as_when_asked_alone() -> None:
    shapes = """ex:s a sh:PropertyShape ; sh:targetSubjectsOf ex:p ; sh:path ex:p ; sh:datatype xsd:string .
        ex:t a sh:PropertyShape ; sh:targetSubjectsOf ex:p ; sh:path ex:p ; sh:pattern "a" ."""
    known = reader.read(ox.parse(HEAD + shapes, format=ox.RdfFormat.TURTLE))
    quads = list(ox.parse(HEAD + 'ex:a ex:p "a" .', format=ox.RdfFormat.TURTLE))
    plans = list(compiler.compile_shapes(known))
    (place,) = (place for place, plan in enumerate(plans) if "Pattern" in plan.constraint.component)
    where = al.Neg(al.Matches(al.Var("value"), "(a", ""))  # the reader refuses such a pattern
    path = model.Predicate("http://example.org/p")
    plans[place] = plans[place].changed(question=al.Values(path, where))
    with pytest.raises(CalckgError, match=r"^<http://example.org/t>: sh:pattern '\(a' .*missing \): \(a"):
        outcomes(quads, plans, known.graph)
