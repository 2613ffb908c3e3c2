"""Constraints in SPARQL as SQL over the columns, beside the same queries asked of a store."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyoxigraph as ox
import pytest
from duckdb import DuckDBPyConnection
from hypothesis import given, settings
from hypothesis import strategies as st

from calckg import columnar, rdf, staging
from calckg.errors import CalckgError
from calckg.shapes import algebra as al
from calckg.shapes import compiler, engine, model
from calckg.shapes.columns import select_reader
from calckg.shapes.columns.on_columns import OnColumns
from calckg.shapes.model import Constraint, Predicate, Shape, Sparql, TargetNode, TargetSubjectsOf, Term
from calckg.shapes.results import Result
from calckg.shapes.store.asked import Asker
from calckg.sparql import LocalGraph, SparqlGraph

HERE = Path(__file__).parent.parent / "shapes"
CASES = sorted(path.parent.relative_to(HERE).as_posix() for path in HERE.glob("*/*/expected.json"))
SHAPE = "https://w3id.org/calckg/ontology/shapes/"
OWN = engine.read_shapes(engine.shape_files())
ASKED = [plan for plan in compiler.compile_shapes(OWN) if isinstance(plan.question, al.Asked)]
VALID = list(rdf.read(HERE / "valid.ttl"))

E = "http://e/"
PREFIXES = f"PREFIX : <{E}> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> "
Told = tuple[str, str, str, frozenset[tuple[str, str]]]


def no_store() -> SparqlGraph:
    raise AssertionError("a store is asked")


def told(results: Iterable[Result]) -> Counter[Told]:
    """Count the results: focus node, value, path, all that is bound."""
    return Counter(
        (
            str(result.focus),
            str(result.value),
            str(result.path),
            frozenset((name, str(term)) for name, term in result.bindings.items()),
        )
        for result in results
    )


def columns(quads: Iterable[ox.Quad]) -> DuckDBPyConnection:
    connection = columnar.connect()
    connection.execute("SET threads = 1")
    staging.stage_quads(connection, quads)
    columnar.settle(connection)
    return connection


def by_columns(
    quads: Iterable[ox.Quad], plans: Sequence[al.Plan], limit: int | None = None
) -> tuple[list[Result], int]:
    outcomes = list(OnColumns(columns(quads), no_store).run(plans, limit=limit))
    return [result for one in outcomes for result in one.results], sum(one.more for one in outcomes)


def by_store(quads: Iterable[ox.Quad], plan: al.Plan, focus: Sequence[Term]) -> list[Result]:
    assert isinstance(plan.question, al.Asked)
    store = ox.Store()
    store.extend(ox.Quad(quad.subject, quad.predicate, quad.object) for quad in quads)
    return list(Asker(LocalGraph(store)).results(plan.question.query, plan.shape, focus))


# --- our own shapes


@pytest.mark.parametrize("plan", ASKED, ids=lambda plan: plan.shape.node.value.removeprefix(SHAPE))
def test_our_queries_have_a_tree(plan: al.Plan) -> None:
    assert isinstance(plan.question, al.Asked)
    assert select_reader.tree(plan.question.query.query) is not None


@pytest.mark.parametrize(
    "case", [case for case in CASES if any(p.shape.node.value == SHAPE + case.partition("/")[2] for p in ASKED)]
)
@pytest.mark.parametrize("file", ["pass.ttl", "fail.ttl"])
def test_our_queries_find_what_a_store_finds(case: str, file: str) -> None:
    quads = [*VALID, *rdf.read(HERE / case / file)]
    plans = [plan for plan in ASKED if plan.shape.node.value == SHAPE + case.partition("/")[2]]
    found, _ = by_columns(quads, plans)
    assert bool(found) == (file == "fail.ttl")
    store = ox.Store()
    store.extend(ox.Quad(quad.subject, quad.predicate, quad.object) for quad in quads)
    asker = Asker(LocalGraph(store), OWN.graph)
    expected = Counter[Told]()
    for plan in plans:
        assert isinstance(plan.question, al.Asked)
        targets = " UNION ".join(f"{{ {_pattern(target)} }}" for target in plan.focus.targets)
        expected += told(asker.results(plan.question.query, plan.shape, targets))
    assert told(found) == expected


def _pattern(target: object) -> str:
    match target:
        case model.TargetNode(node):
            return f"VALUES ?this {{ {node} }}"
        case model.TargetClass(iri):
            subclass = "http://www.w3.org/2000/01/rdf-schema#subClassOf"
            return f"?this a/<{subclass}>* {iri}"
        case model.TargetSubjectsOf(iri):
            return f"?this <{iri}> ?any_"
        case model.TargetObjectsOf(iri):
            return f"?any_ <{iri}> ?this"
    raise TypeError


# --- generated data

NODES: list[ox.NamedNode | ox.BlankNode] = [
    *(ox.NamedNode(E + name) for name in ("a", "b", "c")), ox.BlankNode("x"), ox.BlankNode("y")
]  # fmt: skip
XSD = "http://www.w3.org/2001/XMLSchema#"
LITERALS = [
    ox.Literal("a"),
    ox.Literal("ab"),
    ox.Literal("b:ä😀"),
    ox.Literal(""),
    ox.Literal("a", language="en"),
    ox.Literal("ab", language="en-gb"),
    ox.Literal(1),
    ox.Literal(2),
    ox.Literal("1.5", datatype=ox.NamedNode(XSD + "decimal")),
    ox.Literal("1", datatype=ox.NamedNode(XSD + "decimal")),
    ox.Literal(True),
    ox.Literal("2020-01-01", datatype=ox.NamedNode(XSD + "date")),
    ox.Literal("2020-01-01T00:00:00Z", datatype=ox.NamedNode(XSD + "dateTime")),
    ox.Literal("2021-01-01T00:00:00Z", datatype=ox.NamedNode(XSD + "dateTime")),
    ox.Literal("zz", datatype=ox.NamedNode(XSD + "integer")),
    ox.Literal("a", datatype=ox.NamedNode(E + "type")),
]
PREDICATES = [ox.NamedNode(E + name) for name in ("p", "q", "r")]
GRAPHS = [ox.NamedNode(E + "g1"), ox.NamedNode(E + "g2")]
quads = st.lists(
    st.builds(
        ox.Quad,
        st.sampled_from(NODES),
        st.sampled_from(PREDICATES),
        st.sampled_from([*NODES, *LITERALS]),
        st.sampled_from(GRAPHS),
    ),
    max_size=24,
)
FOCUS = [*NODES, ox.NamedNode(E + "nowhere"), ox.Literal("a")]

QUERIES = [
    # patterns
    "$this :p ?value",
    "$this ?path ?value",
    "$this :p ?value ; :q ?value",
    "?value :p $this . ?value :q ?o",
    "$this :p [ :q ?value ] , ?o",
    "{ $this :p [ :q ?value ] } { $this :r [ :q ?o ] }",
    "{ $this :p [ :q ?value ] } UNION { $this :r [ :q ?o ] }",
    "{ $this :p [ :q ?value ] } FILTER NOT EXISTS { ?value :r [ :p ?value ] }",
    "$this :p ?value FILTER EXISTS { [] :q ?value } FILTER EXISTS { [] :r ?value }",
    "?s ?p ?o",
    "$this :p ?value . ?other :p ?value",
    "$this :p 1",
    "$this :p 'a'@en",
    "$this ?p ?p",
    # paths
    "$this :p/:q ?value",
    "$this ^:p ?value",
    "$this :p/^:q ?value",
    "$this :p+ ?value",
    "$this :p* ?value . $this :q ?o",
    "$this :q ?o . ?o :p* ?value",
    "$this :q/:p* ?value",
    "$this :q/:p? ?value",
    "?value :p*/:q $this",
    "$this (:p/:q)+ ?value",
    "$this (^:p/:q)* ?value . $this :p ?o",
    "$this :p+/:q+ ?value",
    # filters
    "$this :p ?value FILTER (isIRI(?value) || isBlank($this))",
    "$this :p ?value FILTER (!isLiteral(?value) && ?value != :a)",
    "$this :p ?value ; :q ?o FILTER (?value = ?o)",
    "$this :p ?value ; :q ?o FILTER (?value != ?o)",
    "$this :p ?value ; :q ?o FILTER (!(?value = ?o))",
    "$this :p ?value ; :q ?o FILTER (?value < ?o)",
    "$this :p ?value ; :q ?o FILTER (!(?value < ?o))",
    "$this :p ?value ; :q ?o FILTER (?value >= ?o || ?value = ?o)",
    "$this :p ?value ; :q ?o FILTER (sameTerm(?value, ?o))",
    "$this :p ?value FILTER (?value = 'a')",
    "$this :p ?value FILTER (?value != 'a')",
    "$this :p ?value FILTER (!(?value = 'a'@en))",
    "$this :p ?value FILTER (?value = 1)",
    "$this :p ?value FILTER (?value != 1.0)",
    "$this :p ?value FILTER (?value > 1)",
    "$this :p ?value FILTER (?value IN (:a, 1, 'ab'))",
    "$this :p ?value FILTER (?value NOT IN (:a, 1, 'ab'))",
    "$this ?path ?value FILTER (?path IN (:p, :q))",
    "$this ?path ?value FILTER (?path NOT IN (:p, :q))",
    "$this :p ?value FILTER (?value < '2020-06-01T00:00:00Z'^^xsd:dateTime)",
    "$this :p ?value FILTER (?nothing = 1 || isIRI(?value))",
    "$this :p ?value FILTER (!BOUND(?nothing))",
    "FILTER ($this = :a)",
    "FILTER (STR($this) = 'a')",
    # functions
    "$this :p ?value FILTER (STR(?value) = 'a')",
    "$this :p ?value FILTER (STR(?value) < 'ab')",
    "$this :p ?value FILTER (LANG(?value) = 'en')",
    "$this :p ?value FILTER (LANG(?value) != '')",
    "$this :p ?value FILTER (LANGMATCHES(LANG(?value), 'EN'))",
    "$this :p ?value FILTER (!LANGMATCHES(LANG(?value), '*'))",
    "$this :p ?value FILTER (DATATYPE(?value) = xsd:integer)",
    "$this :p ?value FILTER (DATATYPE(?value) != xsd:string)",
    "$this :p ?value ; :q ?o FILTER (DATATYPE(?value) = DATATYPE(?o))",
    "$this :p ?value FILTER (STRLEN(?value) > 1)",
    "$this :p ?value FILTER (STRLEN(STR(?value)) - 1 != 0)",
    "$this :p ?value FILTER (CONTAINS(?value, 'b'))",
    "$this :p ?value FILTER (!CONTAINS(?value, 'b'))",
    "$this :p ?value FILTER (STRSTARTS(STR(?value), 'http://e'))",
    "$this :p ?value FILTER (STRENDS(STR(?value), STR(?value)))",
    "$this :p ?value FILTER (REGEX(?value, '^A', 'i'))",
    "$this :p ?value FILTER (!REGEX(STR(?value), '^\\\\d+$'))",
    "$this :p ?value BIND (STRAFTER(STR(?value), ':') AS ?x) FILTER (?x != '')",
    "$this :p ?value BIND (STRBEFORE(STR(?value), ':') AS ?x) FILTER (?x != 'http')",
    "$this :p ?value BIND (SUBSTR(STR(?value), 2, 2) AS ?x)",
    "$this :p ?value BIND (SUBSTR(STR(?value), STRLEN(STR(?value))) AS ?x)",
    "$this :p ?value BIND (CONCAT(STR(?value), '-', STR($this)) AS ?x)",
    "$this :p ?value BIND (REPLACE(STR(?value), '[ab]', 'x') AS ?x)",
    "$this :p ?value BIND (IF(isIRI(?value), 'iri', STR(?value)) AS ?x)",
    "$this :p ?value BIND (COALESCE(?nothing, ?value) AS ?x)",
    "$this :p ?value BIND (COALESCE(STRAFTER(STR(?value), 'a'), 'none') AS ?x) FILTER (?x = 'none')",
    "$this :p ?value BIND (STRLEN(STR(?value)) + 1 AS ?x)",
    "$this :p ?value BIND (?value = 1 AS ?x)",
    "$this :p ?o BIND (?o AS ?value) ?value :q ?x",
    "$this :p ?value BIND (:a AS ?x) ?value :q ?x",
    # groups
    "{ $this :p ?value } UNION { $this :q ?value }",
    "{ $this :p ?value } UNION { ?value :q $this FILTER ($this != ?value) }",
    "$this :r ?o { ?o :p ?value } UNION { ?value :q ?o }",
    "$this :p ?o { FILTER (BOUND(?o)) }",
    "$this :p ?o { ?o :q ?value FILTER ($this != ?value) }",
    "{ $this :p ?value } { $this :q ?value }",
    "$this :p ?o OPTIONAL { ?o :q ?value }",
    "$this :p ?o OPTIONAL { ?o :q ?value FILTER (isIRI(?value)) }",
    "$this :p ?o OPTIONAL { ?o :q ?value FILTER (?value != $this) }",
    "$this :p ?o OPTIONAL { $this :q ?value FILTER (?value != ?o) }",
    "$this :p ?o OPTIONAL { ?o :q ?value } FILTER (!BOUND(?value))",
    "$this :p ?o OPTIONAL { ?o :q ?x } OPTIONAL { ?o :r ?y } FILTER (?x = ?y || !BOUND(?y))",
    "$this :p ?o OPTIONAL { ?o :q ?x OPTIONAL { ?x :r ?y } }",
    "OPTIONAL { $this :p ?value }",
    # EXISTS
    "$this :p ?value FILTER NOT EXISTS { $this :q ?value }",
    "$this :p ?value FILTER EXISTS { ?value ?q ?o FILTER (?o != $this) }",
    "$this ?path ?value FILTER NOT EXISTS { ?value ?path $this }",
    "$this :p ?value FILTER NOT EXISTS { ?value :q ?x FILTER NOT EXISTS { ?x :r $this } }",
    "$this :p ?value FILTER (isLiteral(?value) || NOT EXISTS { { ?value :q ?x } UNION { ?value :r $this } })",
    "$this :p ?value FILTER EXISTS { FILTER (?value = 1) }",
    "$this :p ?value FILTER EXISTS { $this :q ?o OPTIONAL { ?o :r ?x } FILTER (STR(?o) = STR(?value)) }",
    "$this :p ?value BIND (EXISTS { ?value :q ?o } AS ?x) FILTER (!?x)",
    "$this :p ?value FILTER NOT EXISTS { ?value :q/:p* $this }",
    "$this :p ?value FILTER NOT EXISTS { $this :q ?o { FILTER (?o = ?value) } }",
    "FILTER NOT EXISTS { $this :p ?any }",
    "$this :p ?value FILTER EXISTS { ?value :q ?x FILTER EXISTS { ?x :r $this } }",
    "$this :p ?value FILTER NOT EXISTS { ?value :q ?x FILTER EXISTS { ?x :p ?value } FILTER (?x != $this) }",
    "$this :p ?value FILTER EXISTS { $this :q ?x FILTER EXISTS { ?y :r ?x } FILTER NOT EXISTS { ?y :p ?x } }",
    "$this :p ?value FILTER NOT EXISTS { ?value :q ?x FILTER (EXISTS { ?x :r ?y } && NOT EXISTS { ?x :p ?y }) }",
    "$this :p ?value FILTER NOT EXISTS { $this :q ?x ; :r ?value . ?x :p ?value }",
    "$this :p ?value FILTER NOT EXISTS { $this :q ?value } FILTER NOT EXISTS { ?value :q $this . }",
]


def plan_of(query: str, **values: Term) -> al.Plan:
    sparql = Sparql(PREFIXES + query, values=tuple(values.items()))
    shape = Shape(ox.NamedNode(E + "shape"))
    constraint = Constraint(E + "component", sparql)
    return al.Plan(shape, constraint, al.Focus(tuple(map(TargetNode, FOCUS))), al.Asked(sparql, None))


CHANCE = random.Random(5)
OBJECTS = [*NODES, *LITERALS]
MANY = [ox.Quad(CHANCE.choice(NODES), CHANCE.choice(PREDICATES), CHANCE.choice(OBJECTS)) for _ in range(100)]
NOTHING = {"$this ?p ?p", "$this :p ?o { FILTER (BOUND(?o)) }"}  # that nothing is found by


@pytest.mark.parametrize("query", QUERIES)
def test_of_many_quads_a_store_has_the_same(query: str) -> None:
    plan = plan_of(f"SELECT * WHERE {{ {query} }}")
    expected = by_store(MANY, plan, FOCUS)
    found, _ = by_columns(MANY, [plan])
    assert told(found) == told(expected)
    assert bool(found) is not (query in NOTHING)


@settings(max_examples=3, deadline=None, derandomize=True)
@given(quads, st.sampled_from(["SELECT *", "SELECT DISTINCT $this", "SELECT $this ?value"]))
@pytest.mark.parametrize("query", QUERIES)
def test_results_are_those_of_a_store(query: str, quads: Sequence[ox.Quad], head: str) -> None:
    plan = plan_of(f"{head} WHERE {{ {query} }}")
    found, _ = by_columns(quads, [plan])
    assert told(found) == told(by_store(quads, plan, FOCUS))


def facts(text: str) -> list[ox.Quad]:
    return list(ox.parse(f"@prefix : <{E}> . {text}", format=ox.RdfFormat.TURTLE))


def values(query: str, text: str, **parameters: Term) -> list[str]:
    found, _ = by_columns(facts(text), [plan_of(query, **parameters)])
    return sorted(str(result.value).replace(E, ":") for result in found)


def test_an_alternative_has_a_solution_for_each_way() -> None:
    """It is a union of patterns (SPARQL 1.1, 18.4), which Oxigraph makes a set of."""
    data = ":a :p :b ; :q :b . :b :p :a ."
    assert values("PREFIX : <http://e/> SELECT $this ?value { $this :p|:q ?value }", data) == ["<:a>", "<:b>", "<:b>"]
    inverse = "PREFIX : <http://e/> SELECT $this ?value { $this :p|^:p ?value }"
    assert values(inverse, data) == ["<:a>", "<:a>", "<:b>", "<:b>"]
    assert values(inverse.replace("SELECT", "SELECT DISTINCT"), data) == ["<:a>", "<:b>"]


@pytest.mark.parametrize(
    ("part", "expected"), [("0, 2", "a"), ("-1, 3", "a"), ("-1", "abc"), ("2, -1", ""), ("9", ""), ("2, 1", "b")]
)
def test_a_part_of_a_text_is_that_of_xpath(part: str, expected: str) -> None:
    query = f"SELECT $this ?value {{ $this :p ?o BIND (SUBSTR(STR(?o), {part}) AS ?value) }}"
    assert values(query, ':a :p "abc" .') == [f'"{expected}"']


def test_parameters_are_bound_in_every_group() -> None:
    query = "SELECT $this ?value { $this :p ?value FILTER NOT EXISTS { ?value :q $least } { FILTER ($least = 2) } }"
    data = ":a :p :b , :c . :b :q 2 ."
    assert values(query, data, least=ox.Literal(2)) == ["<:c>"]
    assert values(query, data, least=ox.Literal(3)) == []


def test_a_path_and_a_message_are_the_results_own() -> None:
    query = 'SELECT $this ?path ?message { $this ?path :b BIND ("so" AS ?message) }'
    (result,) = by_columns(facts(":a :p :b ."), [plan_of(query)])[0]
    assert result.path == Predicate(E + "p")
    assert result.message == ox.Literal("so")
    assert result.bindings["path"] == ox.NamedNode(E + "p")


def test_a_limit_tells_some_and_counts_the_rest() -> None:
    data = "".join(f":n{n} :p {n} ." for n in range(9))
    sparql = Sparql(PREFIXES + "SELECT $this ?value { $this :p ?value }")
    focus = al.Focus((TargetSubjectsOf(E + "p"),))
    constraint = Constraint(E + "component", sparql)
    plan = al.Plan(Shape(ox.NamedNode(E + "shape")), constraint, focus, al.Asked(sparql, None))
    found, more = by_columns(facts(data), [plan], limit=4)
    assert (len(found), more) == (4, 5)


@pytest.fixture(scope="module")
def skewed() -> DuckDBPyConnection:
    """Return columns in which a predicate has two objects, beside many that are each there once."""
    facts = [
        ("c", "in", "s", "range(20_000)", "range % 2"),
        ("x", "other", "v", "range(400_000)", "range"),
        *(("c", predicate, "c", "range(5_000)", "range + 2") for predicate in ("from", "near")),
        ("c", "to", "c", "range(5_000)", "range + 4"),
    ]
    connection = columnar.connect()
    connection.execute("SET threads = 2; SET memory_limit = '500MB'; SET max_temp_directory_size = '500MB'")
    for s, p, o, rows, number in facts:
        told = f"'{E}{s}' || range AS s, '{E}{p}' AS p, '{E}{o}' || ({number}) AS v, NULL AS t, NULL AS g"
        staging.stage(connection, f"SELECT {told} FROM {rows}")
    columnar.settle(connection)
    return connection


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("$this :from ?a ; :to ?value . ?a :in ?s . ?value :in ?s FILTER (?a != ?value)", 5_000),
        ("$this :in ?s ; :near ?value . ?value :in ?s FILTER (STR($this) < STR(?value))", 4_994),
        ("$this :in ?s ; :near ?value FILTER EXISTS { ?value :in ?s } FILTER (STR($this) < STR(?value))", 4_994),
    ],
)
def test_what_many_nodes_share_does_not_pair_them_off(skewed: DuckDBPyConnection, query: str, found: int) -> None:
    sparql = Sparql(PREFIXES + f"SELECT $this ?value {{ {query} }}")
    constraint = Constraint(E + "component", sparql)
    focus = al.Focus((TargetSubjectsOf(E + "near"),))
    plan = al.Plan(Shape(ox.NamedNode(E + "shape")), constraint, focus, al.Asked(sparql, None))
    (outcome,) = OnColumns(skewed.cursor(), no_store).run([plan], limit=4)
    assert len(outcome.results) + outcome.more == found


def test_a_constraint_that_needs_more_memory_than_there_is_is_named(skewed: DuckDBPyConnection) -> None:
    sparql = Sparql(PREFIXES + "SELECT $this ?value { $this :in ?s . ?value :in ?s }")
    focus = al.Focus((TargetSubjectsOf(E + "in"),))
    plan = al.Plan(Shape(ox.NamedNode(E + "shape")), Constraint(E + "component", sparql), focus, al.Asked(sparql, None))
    with pytest.raises(CalckgError, match=r"^<http://e/shape>: Out of Memory Error: .*; is the memory, or the disk"):
        list(OnColumns(skewed.cursor(), no_store).run([plan], limit=4))


@pytest.mark.parametrize(
    "query",
    [
        "SELECT $this { $this :p ?x } LIMIT 1",
        "SELECT $this { $this :p ?x } GROUP BY $this HAVING (COUNT(?x) > 1)",
        "SELECT $this { { SELECT $this { $this :p ?x } } }",
        "SELECT $this { $this :p ?x FILTER (UCASE(STR(?x)) = 'A') }",
        "SELECT $this { $this :p ?x FILTER (CONCAT(?x, 'a') = 'aa') }",
        "SELECT $this { $this !:q ?x }",
        "SELECT $this { $this :p ?x FILTER (?x * 2 > 1) }",
        "SELECT $this { $this :p ?x FILTER (REGEX(STR(?x), '\\\\w')) }",
        "SELECT $this { $this :p ?x FILTER (xsd:integer(?x) > 0) }",
    ],
)
def test_what_is_beyond_is_asked_of_a_store(query: str) -> None:
    plan = plan_of(query)
    data = facts(':a :p 1 , "a" , :b . :b :p 2 .')
    with pytest.raises(AssertionError, match="a store is asked"):
        by_columns(data, [plan])
    (outcome,) = OnColumns(columns(data)).run([plan])
    assert told(outcome.results) == told(by_store(data, plan, FOCUS))


def test_each_of_our_queries_has_examples() -> None:
    names = {case.partition("/")[2] for case in CASES}
    assert {plan.shape.node.value.removeprefix(SHAPE) for plan in ASKED} <= names
