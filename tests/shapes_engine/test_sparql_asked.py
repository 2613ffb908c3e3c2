"""Constraints, validators and targets in SPARQL: pre-binding, for all nodes at once and for each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyoxigraph as ox
import pytest

from calckg.errors import CalckgError, UsageError
from calckg.shapes.algebra import FailsSparql, Var
from calckg.shapes.model import Constraint, Predicate, Shape, Sparql, TargetSparql, Term
from calckg.shapes.store.asked import Asker, AskerInTurn
from calckg.shapes.store.query_text import parsed, tokens
from calckg.sparql import LocalGraph
from tests.shapes_engine.test_sparql_backend import Distant, short, store

P = "PREFIX : <http://e/> "
DATA = ":a :p :b, :c ; :n 1 . :b :p :c ; :n 2 . :c :n 2 ; :m 2 . _:x :p :a ."
ALL = "?this :n ?any_n".replace(":n", "<http://e/n>")


def iri(name: str) -> ox.NamedNode:
    return ox.NamedNode(f"http://e/{name}")


NODES: Sequence[Term] = [iri("a"), iri("b"), iri("c")]
SHAPE = Shape(iri("shape"))


def asked(query: Sparql, focus: Sequence[Term] | str = ALL, shape: Shape = SHAPE) -> list[tuple[str, str]]:
    found = Asker(LocalGraph(store(DATA))).results(query, shape, focus)
    return sorted((short(result.focus), short(result.value)) for result in found)


@pytest.mark.parametrize("focus", [ALL, NODES], ids=["pattern", "nodes"])
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT $this ?value WHERE { $this :p ?value }", [(":a", ":b"), (":a", ":c"), (":b", ":c")]),
        # Bound in a group of its own, in a filter, and where nothing else binds it.
        ("SELECT $this { { FILTER ($this = :a) } UNION { ?value :p $this FILTER ($this = :b) } }", [
            (":a", ":a"), (":b", ":b")
        ]),
        ("SELECT $this ?value { ?value :p ?o OPTIONAL { BIND ($this AS ?k) } FILTER (?k = ?o) }", [
            (":a", "_:x"), (":b", ":a"), (":c", ":a"), (":c", ":b")
        ]),
        ("SELECT $this { FILTER NOT EXISTS { $this :p ?x } }", [(":c", ":c")]),
        # Solutions of several nodes counted or cut off together: asked for each.
        ("SELECT $this { $this :p ?x } LIMIT 1", [(":a", ":a"), (":b", ":b")]),
        ("SELECT $this { $this :p ?x } GROUP BY $this HAVING (COUNT(?x) > 1)", [(":a", ":a")]),
        ("SELECT (COUNT(?x) AS ?value) { $this :p ?x } HAVING (COUNT(?x) > 1)", [
            (":a", '"2"^^<http://www.w3.org/2001/XMLSchema#integer')
        ]),
        ("SELECT $this ?value { { SELECT $this ?value { $this :p ?value } ORDER BY ?value LIMIT 1 } }", [
            (":a", ":b"), (":b", ":c")
        ]),
    ],
)  # fmt: skip
def test_pre_binding(query: str, expected: list[tuple[str, str]], focus: Sequence[Term] | str) -> None:
    found = [(one, "_:x" if value.startswith("_:") else value) for one, value in asked(Sparql(P + query), focus)]
    assert sorted(found) == sorted(expected)


def test_an_ask_is_asked_of_each_value_with_the_parameters_bound() -> None:
    query = Sparql(P + "ASK { FILTER (?value = $only) }", ask=True, values=(("only", iri("c")),))
    assert asked(query, shape=Shape(iri("s"), Predicate("http://e/p"))) == [(":a", ":b")]
    assert asked(query) == [(":a", ":a"), (":b", ":b")]


def test_an_optional_parameter_that_is_not_given_is_not_bound() -> None:
    query = "SELECT $this { $this :n ?n FILTER (BOUND($least) && ?n < $least) }"
    assert asked(Sparql(P + query)) == []
    assert asked(Sparql(P + query, values=(("least", ox.Literal(2)),))) == [(":a", ":a")]


def test_a_blank_node_is_asked_for_by_its_label_in_a_local_store() -> None:
    data = store(DATA)
    (node,) = (quad.subject for quad in data if isinstance(quad.subject, ox.BlankNode))
    query = Sparql(P + "SELECT $this ?value { { FILTER(isBlank($this)) $this :p ?value } }")
    (result,) = Asker(LocalGraph(data)).results(query, SHAPE, [iri("a"), node])
    assert (result.focus, result.value) == (node, iri("a"))
    with pytest.raises(CalckgError, match="blank node"):
        list(Asker(Distant(data)).results(query, SHAPE, [node]))


def test_the_shape_and_the_shapes_graph_are_bound() -> None:
    shapes, data = store(":shape :allows :b ."), store(DATA)
    query = Sparql(
        P + "SELECT $this { $this :n ?n FILTER NOT EXISTS { GRAPH $shapesGraph { $currentShape :allows $this } } }"
    )
    found = Asker(LocalGraph(data), shapes).results(query, SHAPE, NODES)
    assert sorted(short(result.focus) for result in found) == [":a", ":c"]
    assert list(data.named_graphs()) == []  # it is there only while the query is asked
    with pytest.raises(CalckgError, match=r"\$shapesGraph is not at hand"):
        list(Asker(Distant(data), shapes).results(query, SHAPE, NODES))


def test_a_graph_that_is_only_read_is_copied_where_a_query_looks_at_the_shapes(tmp_path: Path) -> None:
    written = ox.Store(str(tmp_path / "store"))
    written.extend(store(DATA))
    del written
    copies = []

    def copied() -> LocalGraph:
        copies.append("one")
        return LocalGraph(store(DATA))

    asker = AskerInTurn(
        copied, store(":shape :allows :b ."), lambda: LocalGraph(ox.Store.read_only(str(tmp_path / "store")))
    )
    speaks = "FILTER NOT EXISTS { GRAPH $shapesGraph { $currentShape :allows $this } }"
    for query, found, count in ((f"# {speaks}", [":a", ":b", ":c"], 0), (speaks, [":a", ":c"], 1)):
        results = asker.results(Sparql(f"{P} SELECT $this {{ $this :n ?n {query}\n}}"), SHAPE, NODES)
        assert sorted(short(result.focus) for result in results) == found
        assert len(copies) == count


def test_many_focus_nodes_are_picked_from_the_answer_of_a_query_that_binds_them_itself() -> None:
    asker = Asker(LocalGraph(store(DATA)))
    many = [iri("b"), *(iri(f"none{n}") for n in range(10_000))]
    found = asker.results(Sparql(P + "SELECT $this { $this :p ?x FILTER(isIRI(?x)) }"), SHAPE, many)
    assert [short(result.focus) for result in found] == [":b"]
    assert len(asker.queries) == 1


def test_a_failure_of_the_query_is_no_result() -> None:
    with pytest.raises(CalckgError, match=r"reports a failure for <http://e/a>"):
        asked(Sparql(P + "SELECT $this ?failure { $this :n 1 BIND (true AS ?failure) }"))


def test_what_fails_is_a_set_of_nodes() -> None:
    query = Sparql(P + "SELECT $this { $this :p ?x }")
    condition = FailsSparql(Var("v1"), Constraint("http://e/component", query), query, None, iri("s"))
    assert Asker(LocalGraph(store(DATA))).failing(condition, NODES) == {iri("a"), iri("b")}


def test_a_target_in_sparql_with_a_parameter() -> None:
    target = TargetSparql(P + "SELECT DISTINCT ?this { ?this :n $number }", (("number", ox.Literal(2)),))
    assert set(Asker(LocalGraph(store(DATA))).target(target)) == {iri("b"), iri("c")}


# --- texts


def test_tokens_joined_are_the_query() -> None:
    text = "PREFIX a:<u#>\nSELECT ?x{?x a:b.c \"\\\"{\"@en-GB;a:d\\,e <u>, '''}''', -1.5e3.# {\n FILTER(?x<3&&?y>2)}"
    assert "".join(token for _, token in tokens(text)) == text


def test_prefixes_and_base_are_resolved() -> None:
    query = parsed("BASE <http://b/> PREFIX : <x#> SELECT * WHERE { :a\\,b <c> ':a' . }")
    iris = [part[1] for part in query.group.parts if isinstance(part, tuple) and part[0] == "iri"]
    assert iris == ["<http://b/x#a,b>", "<http://b/c>"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("SELECT * { ?s ex:p ?o }", "the prefix ex:, which is not declared"),
        ("SELECT * { ?s ?p ?o", "a brace is not closed"),
        ("SELECT * { ?s ?p ?o } }", "a brace too many"),
        ("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }", "neither a SELECT nor an ASK"),
    ],
)
def test_what_is_no_such_query_is_refused(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        parsed(text)
