"""The back end on the columns ``term`` and ``quad``: plans as SQL, on two connections side by side."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from functools import partial
from itertools import groupby
from threading import Event
from typing import TYPE_CHECKING, Any, TypeVar

import pyoxigraph as ox

from calckg.errors import CalckgError, lack
from calckg.shapes import algebra as al
from calckg.shapes.columns.found import Found
from calckg.shapes.columns.plan_tables import PlanTables
from calckg.shapes.model import Term
from calckg.shapes.results import Outcome
from calckg.shapes.store.asked import AskerInTurn, stored
from calckg.shapes.store.ending import EndingTerms
from calckg.uncollected import uncollected

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from calckg.sparql import SparqlGraph

_SEVERAL = 20  # plans: to ask first which of them find nothing takes less than to ask each
_A_MOMENT = 0.02  # seconds
_A_WHILE = 0.1  # seconds that what is found waits for its terms, and so for people to see how far this is
_Group = deque[list[int]]  # of the numbers of plans
_Taken = TypeVar("_Taken")


class OnColumns:
    """The back end on ``term`` and ``quad``; only temporary tables are made.

    ``sparql`` gives the SPARQL side of the same graph; without it one is made in memory when a shape needs it. Of
    ``several`` plans or more it is first asked of them together which find nothing.
    """

    def __init__(
        self,
        connection: DuckDBPyConnection,
        sparql: Callable[[], SparqlGraph] | None = None,
        shapes: ox.Store | None = None,
        several: int = _SEVERAL,
    ) -> None:
        self._connection, self._several = connection, several
        self._is_over = Event()
        terms = partial(EndingTerms, is_over=self._is_over)
        self._asker = AskerInTurn(lambda: stored(connection.cursor()), shapes, sparql, terms)

    def run(
        self, plans: Sequence[al.Plan], *, limit: int | None = None, focus: Sequence[Term] | None = None
    ) -> Generator[Outcome, None, None]:
        """Yield the outcome of each plan; see ``Backend``."""
        self._is_over.clear()
        running = _Running(plans, limit, focus, self._several, self._is_over)
        cursor = self._connection.cursor
        # Temporary tables end with the connection that they are of.
        with cursor() as one, cursor() as other, uncollected(), ThreadPoolExecutor(2) as pool:
            threads: list[Future[None]] = []
            try:
                threads.append(pool.submit(running.ask_rest, PlanTables(one, self._asker)))
                threads.append(pool.submit(running.ask_sparql, PlanTables(other, self._asker)))
                yield from _in_order(running.outcomes, threads)
            finally:
                running.stop()
                while any(not thread.done() for thread in threads):
                    one.interrupt()  # the statement of this moment: a plan takes several
                    other.interrupt()
                    wait(threads, timeout=_A_MOMENT)


def _in_order(outcomes: Iterable[Future[Outcome]], threads: Iterable[Future[None]]) -> Iterator[Outcome]:
    """Yield the outcomes as they come; raise what goes wrong with one, or in a thread with none in particular."""
    at_work: set[Future[Any]] = set(threads)
    for outcome in outcomes:
        while not outcome.done():
            ended, _ = wait([outcome, *at_work], return_when=FIRST_COMPLETED)
            for thread in ended & at_work:
                thread.result()  # raises its error
            at_work -= ended
        yield outcome.result()


class _Running:
    """Plans under way in two threads.

    Constraints in SPARQL take long, and can't be asked together: they are one thread's, while the other finds out what
    need not be asked at all. What is left then both share, from both ends.
    """

    def __init__(
        self,
        plans: Sequence[al.Plan],
        limit: int | None,
        focus: Sequence[Term] | None,
        several: int,
        is_over: Event,
    ) -> None:
        self._plans, self._focus, self._several, self._is_over = plans, focus, several, is_over
        self.outcomes = [Future[Outcome]() for _ in plans]
        self._asking = partial(_Asking, plans, self.outcomes, limit, is_over)
        self._in_sparql = [number for number, plan in enumerate(plans) if isinstance(plan.question, al.Asked)]
        # Those with the same targets together, as they share tables, and in these those that look at the same values.
        self._left, self._begun = deque[_Group](), list[_Group]()
        self._is_known, self._is_shared = Event(), Event()
        self._knowing: PlanTables | None = None  # what the terms are known by

    def stop(self) -> None:
        """Have the threads end after the statements or the query in SPARQL that they run now."""
        self._is_over.set()
        self._is_known.set()
        self._is_shared.set()

    def ask_sparql(self, tables: PlanTables) -> None:
        """Ask the plans in SPARQL, then of the others the last first."""
        self._is_known.wait()
        if self._knowing is None:
            return
        tables.know_as(self._knowing, self._focus)
        tables.join(self._plans)
        asking = self._asking(tables)
        asking.ask(self._in_sparql)
        asking.tell()
        self._is_shared.wait()
        tables.share(self._knowing)
        self._ask_left(asking, self._left.pop)

    def ask_rest(self, tables: PlanTables) -> None:
        """Find out which plans find nothing, and ask the others, the first first."""
        try:
            tables.know(self._plans, self._focus)
            self._knowing = tables
            self._is_known.set()
            tables.join(self._plans)
            others = [number for number, plan in enumerate(self._plans) if not isinstance(plan.question, al.Asked)]
            cleared = set[int]()
            if len(others) >= self._several:
                cleared = {others[place] for place in tables.cleared([self._plans[number] for number in others])}
            for number in sorted(cleared):
                self.outcomes[number].set_result(tables.none(self._plans[number]))
            left = [number for number in others if number not in cleared]
            self._left += self._groups(left)
        finally:
            self._is_known.set()
            self._is_shared.set()
        self._ask_left(self._asking(tables), self._left.popleft)

    def _groups(self, numbers: Iterable[int]) -> Iterator[_Group]:
        def plan(number: int) -> al.Plan:
            return self._plans[number]

        for _, group in groupby(numbers, key=lambda number: plan(number).focus.targets):
            same = groupby(group, key=lambda number: (plan(number).focus, plan(number).shape.path))
            yield deque(list(part) for _, part in same)

    def _ask_left(self, asking: _Asking, take: Callable[[], _Group]) -> None:
        """Ask groups until none is left; then help with those that are begun, from their ends."""
        for group in _taken(take):
            self._begun.append(group)
            for numbers in _taken(group.popleft):
                asking.ask(numbers)
        for group in list(self._begun):
            for numbers in _taken(group.pop):
                asking.ask(numbers)
        asking.tell()


class _Asking:
    """Asks plans on one connection, and looks their terms up together: each look-up reads the terms of all the data."""

    def __init__(
        self,
        plans: Sequence[al.Plan],
        outcomes: Sequence[Future[Outcome]],
        limit: int | None,
        is_over: Event,
        tables: PlanTables,
    ) -> None:
        self._plans, self._outcomes, self._limit, self._is_over = plans, outcomes, limit, is_over
        self._tables = tables
        self._found: dict[int, Found] = {}
        self._since = 0.0

    def ask(self, numbers: Iterable[int]) -> None:
        """Ask plans by their numbers; tell of those that are asked when the first of them has waited for a while."""
        for number in numbers:
            if self._is_over.is_set():
                return
            if not self._found:
                self._since = time.perf_counter()
            try:
                self._found[number] = self._tables.found(self._plans[number], self._limit)
            except Exception as error:
                self._fail(number, error)
            if time.perf_counter() - self._since > _A_WHILE:
                self.tell()

    def tell(self) -> None:
        """Set the outcomes of what was asked."""
        found, self._found = self._found, {}
        try:
            for number, outcome in zip(found, self._tables.outcomes(list(found.values())), strict=True):
                self._outcomes[number].set_result(outcome)
        except Exception as error:
            for number in found:
                self._fail(number, error)

    def _fail(self, number: int, error: Exception) -> None:
        if not self._outcomes[number].done():
            self._outcomes[number].set_exception(_told(self._plans[number], error))


def _told(plan: al.Plan, error: Exception) -> Exception:
    """Return what goes wrong with a plan in the database as one line with the name of its shape."""
    from calckg.database import duckdb

    if not isinstance(error, duckdb.Error):
        return error
    reason = str(error).strip().partition("\n")[0]
    why = lack(error) or f"{reason}; write the shape as several smaller ones, or plainer"
    return CalckgError(f"{plan.shape.node}: {why}")


def _taken(take: Callable[[], _Taken]) -> Iterator[_Taken]:
    """Yield what is taken of a deque, from whichever end, until it is empty; two threads may take of one."""
    with suppress(IndexError):
        while True:
            yield take()
