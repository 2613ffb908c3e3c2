"""Who stops a check in the middle waits for nothing: no thread, no setting and no statement is left."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Iterator
from pathlib import Path

import duckdb
import pyoxigraph as ox
import pytest
from duckdb import DuckDBPyConnection

from calckg import columnar, staging
from calckg.errors import CalckgError
from calckg.shapes import algebra as al
from calckg.shapes import compiler, engine, model
from calckg.shapes.columns import clearing, on_columns
from calckg.shapes.columns.on_columns import OnColumns
from calckg.shapes.columns.plan_tables import PlanTables
from calckg.shapes.options import Options
from calckg.shapes.reading import reader
from calckg.shapes.results import Outcome
from calckg.shapes.store.on_sparql import OnSparql
from calckg.sparql import EndpointGraph, LocalGraph, Result
from tests.endpoint import Answer, serving
from tests.test_shapes_engine import HEAD

PLAIN = "".join(
    f"ex:s{n} a sh:PropertyShape ; sh:targetClass ex:C ; sh:path ex:p{n} ; sh:minCount 1 ; sh:class ex:D .\n"
    for n in range(30)
)
# A count can't be asked of several nodes at once; of 20,000 it takes seconds.
OF_EACH_NODE = """ex:t a sh:NodeShape ; sh:targetClass ex:C ; sh:sparql [ sh:select
    "SELECT $this (COUNT(?o) AS ?value) WHERE { $this ?p ?o FILTER(STRLEN(STR(?o)) > 0) } GROUP BY $this LIMIT 3" ] .
"""
DATA = "".join(f"ex:i{n} a ex:C ; ex:p1 ex:i{n} .\n" for n in range(20_000))
ENDLESS = "SELECT sum(a.range * b.range) FROM range(10_000_000) a, range(10_000_000) b"
PROGRAM = """import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background is started without it
from calckg.cli import program
program()
"""
AT_ONCE = 1.0  # second


def read(shapes: str) -> model.Shapes:
    return reader.read(ox.parse(HEAD + shapes, format=ox.RdfFormat.TURTLE))


def plans(shapes: str) -> list[al.Plan]:
    return list(compiler.compile_shapes(read(shapes)))


@pytest.fixture(scope="module")
def connection() -> Iterator[DuckDBPyConnection]:
    connection = columnar.connect()
    staging.stage_quads(connection, ox.parse(HEAD + DATA, format=ox.RdfFormat.TURTLE))
    columnar.settle(connection)
    yield connection
    connection.close()


@pytest.fixture(autouse=True)
def nothing_left(connection: DuckDBPyConnection) -> Iterator[None]:
    """Set an optimizer off, as somebody may have; check that in the end it is as before, and so are the threads."""
    connection.execute("SET disabled_optimizers = 'top_n'")
    before = threading.active_count()
    yield
    assert connection.execute("SELECT current_setting('disabled_optimizers')").fetchone() == ("top_n",)
    assert threading.active_count() == before
    assert not connection.execute("SELECT 1 FROM duckdb_tables() WHERE temporary").fetchall()


def ended(running: Generator[Outcome, None, None]) -> float:
    """Return the seconds that closing takes."""
    begin = time.perf_counter()
    running.close()
    return time.perf_counter() - begin


def test_who_has_had_all_finds_everything_as_before(connection: DuckDBPyConnection) -> None:
    assert len(list(OnColumns(connection).run(plans(PLAIN)))) == 60


@pytest.mark.parametrize("busy", [0.0, 0.3], ids=["in the statement", "before it"])
def test_a_statement_is_ended_whenever_it_begins(
    connection: DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch, busy: float
) -> None:
    known, begun, asked = plans(PLAIN), threading.Event(), PlanTables._found

    def found(self: PlanTables, plan: al.Plan, limit: int | None) -> object:
        if plan is known[0]:
            return asked(self, plan, limit)
        begun.set()
        time.sleep(busy)
        return self._connection.execute(ENDLESS).fetchall()

    monkeypatch.setattr(PlanTables, "_found", found)
    monkeypatch.setattr(on_columns, "_A_WHILE", 0.0)  # what is found does not wait for what has no end
    running = OnColumns(connection, several=100).run(known)
    next(running)
    assert begun.wait(10)
    assert ended(running) < AT_ONCE


def test_a_query_for_each_node_is_asked_of_no_more_nodes(connection: DuckDBPyConnection) -> None:
    asked = 0

    class Counting(LocalGraph):
        def query(self, text: str) -> Result:
            nonlocal asked
            asked += 1
            return super().query(text)

    graph = Counting(ox.Store())
    graph.store.bulk_extend(ox.Quad(q.subject, q.predicate, q.object) for q in columnar.quads(connection))
    running = OnColumns(connection, lambda: graph).run(plans(PLAIN + OF_EACH_NODE))
    next(running)
    while not asked:
        time.sleep(0.01)
    assert ended(running) < AT_ONCE
    assert asked < 20_000


def test_an_interruption_while_the_optimizers_are_put_back_is_none() -> None:
    said: list[str] = []

    def run(statement: str) -> DuckDBPyConnection:
        said.append(statement)
        if said.count("SET disabled_optimizers = ''") == 1 and statement.endswith("''"):
            raise duckdb.InterruptException("INTERRUPT Error: Interrupted!")
        return duckdb.execute("SELECT ''")

    with clearing._without(run, "in_clause"):
        said.append("done")
    assert said[1:] == [
        "SET disabled_optimizers = 'in_clause'",
        "done",
        "SET disabled_optimizers = ''",
        "SET disabled_optimizers = ''",
    ]


def test_progress_that_fails_ends_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody closes the plans by hand: a traceback may keep them for long."""
    before = threading.active_count()

    def fails(done: int, of: int) -> None:
        raise KeyboardInterrupt

    quads = [ox.Quad(*triple) for triple in ox.parse(HEAD + DATA, format=ox.RdfFormat.TURTLE)]
    with pytest.raises(KeyboardInterrupt) as kept:
        engine.validate(quads, read(PLAIN), options=Options(progress=fails))
    assert threading.active_count() == before
    assert kept.tb is not None


def test_what_the_database_refuses_is_told_with_the_shape(
    connection: DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found(self: PlanTables, plan: al.Plan, limit: int | None) -> object:
        return self._connection.execute("SELECT error('too much of it' || chr(10) || 'and more')")

    monkeypatch.setattr(PlanTables, "_found", found)
    monkeypatch.setattr(on_columns, "_A_WHILE", 0.0)  # what is found does not wait for what has no end
    with pytest.raises(CalckgError, match=r"^<http://example.org/s0>: .*too much of it; write the shape as several"):
        list(OnColumns(connection, several=100).run(plans(PLAIN)))


# --- SPARQL


class Slow(Answer):
    """An endpoint without data whose answers to queries of ``ex:p1`` and the like come when ``go`` is set."""

    def __init__(self) -> None:
        super().__init__(store=ox.Store())
        self.go, self.waiting = threading.Event(), 0

    def reply(self, query: str) -> bytes:
        if re.search("/p[1-9]", query):
            self.waiting += 1
            self.go.wait(30)
        return super().reply(query)


@pytest.fixture
def slow() -> Iterator[tuple[Slow, str]]:
    before, answer = threading.active_count(), Slow()
    with serving(answer) as url:
        yield answer, url
        answer.go.set()
    while threading.active_count() > before:
        time.sleep(0.01)


def test_who_leaves_an_endpoint_does_not_wait_for_its_answers(slow: tuple[Slow, str]) -> None:
    answer, url = slow
    before = threading.active_count()
    running = OnSparql(EndpointGraph(url)).run(plans(PLAIN))
    next(running)
    while answer.waiting < 2:
        time.sleep(0.01)
    assert ended(running) < AT_ONCE
    answer.go.set()
    while threading.active_count() > before:
        time.sleep(0.01)
    assert answer.waiting == 2  # no further one is asked


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT to send")
def test_ctrl_c_at_a_slow_endpoint_ends_the_program(slow: tuple[Slow, str], tmp_path: Path) -> None:
    answer, url = slow
    (tmp_path / "shapes.ttl").write_text(HEAD + PLAIN, encoding="utf-8")
    command = [sys.executable, "-c", PROGRAM, "validate", "--endpoint", url, "--shapes", str(tmp_path / "shapes.ttl")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as program:
        while answer.waiting < 2 and program.poll() is None:
            time.sleep(0.01)
        begin = time.perf_counter()
        program.send_signal(signal.SIGINT)
        _, said = program.communicate(timeout=20)
        assert (program.returncode, said) == (130, "")
        assert time.perf_counter() - begin < 5 * AT_ONCE
