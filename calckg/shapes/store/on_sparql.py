"""Plans run by SPARQL: one SELECT each, on a local store or inside a user's own triple store.

Where this back end differs from the columns, it is the store's doing. A local store writes numbers, booleans and dates
its own way (``"01"^^xsd:integer`` and ``"1"^^xsd:byte`` are ``1`` in it, ``4.0`` is ``4``), so that patterns, lengths,
equality of terms and the values of results are those of what it wrote, and an integer in its bounds is taken for one
of a derived datatype. An endpoint's blank nodes have the names that it gives them in each answer.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from itertools import repeat
from threading import Event, Thread
from typing import Final

import pyoxigraph as ox

from calckg.errors import CalckgError, EndpointError, UsageError
from calckg.shapes import algebra as al
from calckg.shapes import model
from calckg.shapes.algebra import THIS
from calckg.shapes.model import Term, within
from calckg.shapes.results import Outcome, Result, first
from calckg.shapes.store import sparql_literals
from calckg.shapes.store.asked import Asker
from calckg.shapes.store.ending import EndingTerms
from calckg.shapes.store.query_text import speaks_of
from calckg.shapes.store.sparql_terms import BlankNodeError, Row, Terms
from calckg.shapes.store.suspects import Suspects
from calckg.shapes.store.to_sparql import Query, Renderer
from calckg.sparql import LocalGraph, SparqlGraph
from calckg.uncollected import uncollected

_AT_ONCE: Final = 2_000  # focus nodes named in one query
_A_MOMENT: Final = 0.05  # seconds
_HASHED: Final = 40_000_000  # triples; a third of them in one join would be 2 GB, at some 150 bytes each
_SHAPES_GRAPH: Final = "shapesGraph"


class OnSparql:
    """The back end on a graph that answers SPARQL; ``shapes`` is the shapes graph, for ``$shapesGraph``.

    It asks ``at_once`` queries side by side. A target of ``many`` focus nodes is worth finding ``Suspects`` in. A store
    of too many ``triples``, or nobody knows how many, is not asked to hold those of a predicate in memory.
    """

    def __init__(
        self,
        graph: SparqlGraph,
        shapes: ox.Store | None = None,
        at_once: int = 2,
        many: int = 10_000,
        triples: int | None = 0,
    ) -> None:
        self._graph, self._shapes, self._at_once, self._many = graph, shapes, at_once, many
        self._by_hash = triples is not None and triples <= _HASHED

    def run(
        self, plans: Sequence[al.Plan], *, limit: int | None = None, focus: Sequence[Term] | None = None
    ) -> Generator[Outcome, None, None]:
        """Yield the outcome of each plan; see ``Backend``.

        Raises ``CalckgError`` for what can't be asked of this graph, ``EndpointError`` for a query that failed.
        """
        # While the shapes graph stands beside the data, nothing else may look at them.
        number = 1 if _speak_of_shapes(plans) else min(self._at_once, len(plans))
        is_over, large = Event(), dict[al.Focus, bool]()
        waiting = deque((plan, Future[Outcome]()) for plan in plans)
        outcomes = [future for _, future in waiting]
        threads = []
        with uncollected():
            try:
                for _ in range(number):
                    terms = EndingTerms(self._graph, is_over, self._by_hash)
                    asker = Asker(self._graph, self._shapes, terms)
                    worker = _Worker(terms, asker, Suspects(terms, self._many, large))
                    # An endpoint may take minutes for an answer that nobody waits for: the process ends without it.
                    thread = Thread(target=worker.work, args=(waiting, limit, focus), daemon=True)
                    thread.start()
                    threads.append(thread)
                for outcome in outcomes:
                    yield outcome.result()
            finally:
                is_over.set()
                waiting.clear()
                for thread in threads:
                    thread.join(None if isinstance(self._graph, LocalGraph) else _A_MOMENT)


class _Worker:
    """Asks one query after the other."""

    def __init__(self, terms: Terms, asker: Asker, suspects: Suspects) -> None:
        self._terms, self._asker, self._suspects = terms, asker, suspects
        self._failing: dict[tuple[al.FailsSparql, str], frozenset[Term]] = {}
        self._regexes: set[tuple[str, str]] = set()
        self._queries: list[str] = []

    def work(
        self, waiting: deque[tuple[al.Plan, Future[Outcome]]], limit: int | None, focus: Sequence[Term] | None
    ) -> None:
        """Find the outcomes of plans until none waits."""
        with suppress(IndexError):
            while True:
                plan, outcome = waiting.popleft()
                try:
                    outcome.set_result(self.outcome(plan, limit, focus))
                except BaseException as error:
                    outcome.set_exception(error)
                    del outcome  # the error has this frame: no cycle

    def outcome(self, plan: al.Plan, limit: int | None, focus: Sequence[Term] | None) -> Outcome:
        """Return what becomes of a plan."""
        begin = time.perf_counter()
        self._queries, self._asker.queries, self._suspects.queries = [], [], []
        try:
            results, more = first(self._results(plan, focus), limit)
        except EndpointError as error:
            component = plan.constraint.component.rpartition("#")[2]
            raise EndpointError(f"{self._asker.name(plan.shape.node)} {component}: {error}") from None
        except BlankNodeError as error:
            raise CalckgError(f"{self._asker.name(plan.shape.node)}: {error}") from None
        queries = (*self._suspects.queries, *self._asker.queries, *self._queries)
        return Outcome(plan, results, more, queries, time.perf_counter() - begin)

    def _results(self, plan: al.Plan, focus: Sequence[Term] | None) -> Iterator[Result]:
        if focus is not None:
            for only in _chunks(focus):
                yield from self._of(plan, only=only)
            return
        suspects = self._narrowed(plan)
        if suspects is None:
            yield from self._of(plan)
            return
        for among in _chunks(suspects):
            yield from self._of(plan, among=among)

    def _narrowed(self, plan: al.Plan) -> Sequence[Term] | None:
        """Return the only focus nodes to ask a plan of, where they can be told; see ``Suspects``."""
        renderer = self._renderer()
        try:
            suspects = self._suspects.of(plan, renderer)
        except UsageError as error:
            raise CalckgError(f"{self._asker.name(plan.shape.node)}: {error}") from None
        except EndpointError:  # a graph that is too large for this may still answer what it is asked of its nodes
            return None
        self._check(plan, renderer)
        return suspects

    def _renderer(self) -> Renderer:
        return Renderer(self._terms, self._fails, self._asker.target_pattern)

    def _of(
        self, plan: al.Plan, only: Sequence[Term] | None = None, among: Sequence[Term] | None = None
    ) -> Iterator[Result]:
        try:
            renderer = self._renderer()
            focus = renderer.focus(plan.focus, only, among)
            if isinstance(plan.question, al.Asked):
                ways = self._ways(renderer.chain, focus)
                many = only is None and self._terms.joins_by_hash and self._suspects.is_large(plan.focus, renderer)
                for result in self._asker.results(plan.question.query, plan.shape, focus, many=many):
                    yield from repeat(result, ways[result.focus] if ways else 1)
                return
            query = renderer.query(plan.question, focus)
            self._check(plan, renderer)
            self._queries.append(query.text)
            for row in self._terms.rows(query.text):
                yield _result(query, row)
        except UsageError as error:
            raise CalckgError(f"{self._asker.name(plan.shape.node)}: {error}") from None

    def _ways(self, chain: Sequence[str], focus: str) -> Counter[Term]:
        """Count on how many ways each focus node of a nested shape is come to."""
        if not chain:
            return Counter()
        variables = " ".join(f"?{name}" for name in (*chain, THIS))
        return Counter(row[THIS] for row in self._terms.rows(f"SELECT DISTINCT {variables} WHERE {{ {focus} }}"))

    def _fails(self, condition: al.FailsSparql, pattern: str) -> frozenset[Term]:
        """Ask a constraint in SPARQL of the nodes that it is nested for, once."""
        key = (condition, pattern)
        if key not in self._failing:
            candidates = f"{{ SELECT DISTINCT ?{condition.var.name} WHERE {{ {pattern} }} }}"
            if condition.var.name != THIS:  # and of this name nothing is left: an ASK binds ?value itself
                candidates = f"{{ SELECT ?{THIS} WHERE {{ {candidates} BIND(?{condition.var.name} AS ?{THIS}) }} }}"
            self._failing[key] = frozenset(self._asker.failing(condition, candidates))
        return self._failing[key]

    def _check(self, plan: al.Plan, renderer: Renderer) -> None:
        """Refuse a regular expression that the engine can't read: to it, no text would match."""
        for regex, flags in set(renderer.regexes) - self._regexes:
            read = sparql_literals.matches('""', regex, flags)
            if not any(self._terms.rows(f"SELECT ({read} AS ?read) WHERE {{ }}")):
                why = f"sh:pattern {regex!r} can't be read by this store; write it plainer"
                raise CalckgError(f"{self._asker.name(plan.shape.node)}: {why}")
            self._regexes.add((regex, flags))


def _speak_of_shapes(plans: Iterable[al.Plan]) -> bool:
    """Tell whether a query of one of the plans looks at the shapes graph."""
    texts = set[str]()
    targets = {id(plan.focus.targets): plan.focus.targets for plan in plans}  # most plans share them
    for part in within((*targets.values(), *(plan.question for plan in plans)), (model.Constraint,)):
        if isinstance(part, model.Sparql):
            texts.add(part.query)
        elif isinstance(part, model.TargetSparql):
            texts.add(part.select)
    return any(speaks_of(text, _SHAPES_GRAPH) for text in texts)


def _chunks(nodes: Sequence[Term]) -> Iterator[list[Term]]:
    distinct = list(dict.fromkeys(nodes))
    return (distinct[start : start + _AT_ONCE] for start in range(0, len(distinct), _AT_ONCE))


def _result(query: Query, row: Row) -> Result:
    path = row[query.path] if query.path else None
    predicate = model.Predicate(path.value) if isinstance(path, ox.NamedNode) else None
    return Result(row[THIS], row[query.value] if query.value else None, predicate)
