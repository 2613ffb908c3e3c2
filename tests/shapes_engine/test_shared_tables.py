"""Tables and bits that plans share: within what the database takes, and gone when they are done with."""

from __future__ import annotations

from itertools import count

import duckdb
import pyoxigraph as ox
import pytest

from calckg import columnar, staging
from calckg.shapes import compiler, model
from calckg.shapes.columns import closures
from calckg.shapes.columns.on_columns import OnColumns
from calckg.shapes.columns.predicates import MOST_BITS, Predicates
from calckg.shapes.reading import reader
from calckg.shapes.reports import places
from tests.test_shapes_engine import HEAD

EX = "http://example.org/"


@pytest.mark.parametrize(("apart", "single"), [(1, True), (MOST_BITS, False), (10**12, False)])
def test_subjects_whose_ids_are_far_apart_are_not_looked_up_among_bits(apart: int, single: bool) -> None:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE quad (s BIGINT, p BIGINT, o BIGINT, g BIGINT)")
    connection.execute(f"INSERT INTO quad VALUES (5, 1, 2, 0), ({5 + apart}, 1, 2, 0)")
    predicates = Predicates(connection)
    assert predicates.is_single(1) is single
    assert predicates.is_single(1) is single


def test_bits_for_each_step_have_room_for_the_highest_id() -> None:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE quad (s BIGINT, p BIGINT, o BIGINT, g BIGINT)")
    connection.execute("INSERT INTO quad VALUES (5, 1, 2, 0)")
    assert not Predicates(connection).know_steps([(1, "s")], MOST_BITS)


def test_the_rounds_of_a_closure_leave_nothing_but_its_pairs() -> None:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE step AS SELECT n AS s, n + 1 AS o FROM range(20) chain(n)")
    numbers = count()

    def table(query: str) -> str:
        name = f"made_{next(numbers)}"
        connection.execute(f"CREATE TEMP TABLE {name} AS {query}")
        return name

    name = closures.made(connection, table, "SELECT s, o FROM step")
    assert connection.execute(f"SELECT count(*) FROM {name}").fetchone() == (20 * 21 // 2,)
    assert temporary(connection) == [name]


def test_a_step_that_leads_nowhere_has_no_closure() -> None:
    connection = duckdb.connect()
    numbers = count()

    def table(query: str) -> str:
        name = f"made_{next(numbers)}"
        connection.execute(f"CREATE TEMP TABLE {name} AS {query}")
        return name

    name = closures.made(connection, table, "SELECT 1 AS s, 2 AS o WHERE false")
    assert connection.execute(f"SELECT count(*) FROM {name}").fetchone() == (0,)
    assert temporary(connection) == [name]


def test_who_asks_where_statements_stand_finds_no_table_of_them() -> None:
    connection = columnar.connect()
    node, path, value, graph = (ox.NamedNode(EX + name) for name in "spog")
    staging.stage_quads(connection, [ox.Quad(node, path, value, graph)])
    columnar.settle(connection)
    before = temporary(connection)
    statement = (node, model.Predicate(path.value), value)
    assert places.graphs_of(connection, [statement]) == {statement: graph.value}
    assert temporary(connection) == before


MEMBERS = {
    "in": ("sh:in ( {} )", "ex:v{}", 2),
    "or": ("sh:or ( {} )", "[ sh:hasValue ex:v{} ]", 2),
    "and": ("sh:and ( {} )", "[ sh:maxLength {} ]", 3),
    "xone": ("sh:xone ( {} )", "[ sh:hasValue ex:v{} ]", 2),
    "xone of paths": ("sh:xone ( {} )", "[ sh:path ex:q{} ; sh:minCount 1 ]", 3),
}


@pytest.mark.parametrize("several", [1, 100], ids=["together", "alone"])
@pytest.mark.parametrize(("form", "member", "wrong"), MEMBERS.values(), ids=MEMBERS)
def test_a_list_may_have_more_members_than_an_expression_may_be_deep(
    form: str, member: str, wrong: int, several: int
) -> None:
    told = form.format(" ".join(member.format(n) for n in range(1_500)))
    shapes = f"ex:s a sh:PropertyShape ; sh:targetSubjectsOf ex:p ; sh:path ex:p ; {told} ."
    plans = compiler.compile_shapes(reader.read(ox.parse(HEAD + shapes, format=ox.RdfFormat.TURTLE)))
    connection = columnar.connect()
    staging.stage_quads(connection, ox.parse(HEAD + 'ex:a ex:p "x", ex:v7, 5 .', format=ox.RdfFormat.TURTLE))
    columnar.settle(connection)
    (outcome,) = OnColumns(connection, several=several).run(list(plans))
    assert len(outcome.results) == wrong


def temporary(connection: duckdb.DuckDBPyConnection) -> list[str]:
    return [
        str(name) for (name,) in connection.execute("SELECT table_name FROM duckdb_tables() WHERE temporary").fetchall()
    ]
