"""Plans on two connections: outcomes in order, errors told, and nothing left behind when one stops in the middle."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pyoxigraph as ox
import pytest
from duckdb import DuckDBPyConnection

from calckg import columnar, staging
from calckg.errors import CalckgError
from calckg.shapes import algebra as al
from calckg.shapes import compiler
from calckg.shapes.columns.on_columns import OnColumns
from calckg.shapes.columns.plan_tables import PlanTables
from calckg.shapes.reading import reader
from tests.test_shapes_engine import HEAD

IN_SPARQL = """ex:q{n} a sh:NodeShape ; sh:targetClass ex:C ; sh:sparql [ sh:select
    "SELECT $this WHERE {{ $this <http://example.org/p{n}> $this }}" ] ."""
PLAIN = "ex:s{n} a sh:PropertyShape ; sh:targetClass ex:C ; sh:path ex:p{n} ; sh:minCount 1 ; sh:maxCount 1 ."
SHAPES = "\n".join(text.format(n=n) for n in range(6) for text in (IN_SPARQL, PLAIN))
DATA = "ex:a a ex:C ; ex:p0 ex:a, ex:b ; ex:p1 ex:a ; ex:p5 1, 2 . ex:b a ex:C ; ex:p2 ex:b ."


@pytest.fixture(scope="module")
def plans() -> list[al.Plan]:
    return list(compiler.compile_shapes(reader.read(ox.parse(HEAD + SHAPES, format=ox.RdfFormat.TURTLE))))


@pytest.fixture
def connection() -> Iterator[DuckDBPyConnection]:
    connection = columnar.connect()
    staging.stage_quads(connection, ox.parse(HEAD + DATA, format=ox.RdfFormat.TURTLE))
    columnar.settle(connection)
    yield connection
    connection.close()


def temporary(connection: DuckDBPyConnection) -> list[tuple[str]]:
    return connection.execute("SELECT table_name FROM duckdb_tables() WHERE temporary").fetchall()


def test_outcomes_come_in_the_order_of_the_plans(connection: DuckDBPyConnection, plans: list[al.Plan]) -> None:
    found = list(OnColumns(connection, several=1).run(plans))
    assert [outcome.plan for outcome in found] == plans
    assert sum(len(outcome.results) for outcome in found) == 3 + 8 + 2
    assert temporary(connection) == []


def test_the_error_of_the_first_plan_is_told(
    connection: DuckDBPyConnection, plans: list[al.Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = PlanTables._found
    failing = [number for number, plan in enumerate(plans) if not isinstance(plan.question, al.Asked)][-3:]

    def fails(self: PlanTables, plan: al.Plan, limit: int | None) -> object:
        if plans.index(plan) in failing:
            raise CalckgError(f"plan {plans.index(plan)} can't be asked")
        return asked(self, plan, limit)

    monkeypatch.setattr(PlanTables, "_found", fails)
    running = OnColumns(connection).run(plans)
    with pytest.raises(CalckgError, match=f"plan {failing[0]} can't"):
        list(running)
    assert gc.isenabled()


@pytest.mark.parametrize("method", ["know", "cleared", "join"])
def test_what_goes_wrong_before_any_plan_is_told(
    connection: DuckDBPyConnection, plans: list[al.Plan], monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    def fails(*_: object) -> None:
        raise CalckgError("the columns are gone")

    monkeypatch.setattr(PlanTables, method, fails)
    with pytest.raises(CalckgError, match="the columns are gone"):
        list(OnColumns(connection, several=1).run(plans))


def test_one_that_stops_in_the_middle_leaves_no_thread(connection: DuckDBPyConnection, plans: list[al.Plan]) -> None:
    before = threading.active_count()
    running = OnColumns(connection).run(plans)
    next(iter(running))
    assert not gc.isenabled()
    del running
    assert threading.active_count() == before
    assert gc.isenabled()
    assert temporary(connection) == []


def test_solutions_that_a_caller_left_in_a_cycle_end_no_check(
    connection: DuckDBPyConnection, plans: list[al.Plan]
) -> None:
    store = ox.Store()
    for _ in range(20):  # some of them would be found by the collector in another thread, and must not end there
        cycle: list[object] = [store.query("SELECT * WHERE { ?s ?p ?o }")]
        cycle.append(cycle)
        del cycle
        assert len(list(OnColumns(connection).run(plans))) == len(plans)
        gc.collect()
