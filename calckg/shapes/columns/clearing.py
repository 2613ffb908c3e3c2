"""Which plans surely find nothing, told of many at a time.

A statement takes DuckDB milliseconds to plan, however little it asks, and most constraints find nothing. So those that
ask the same sort of thing are asked together, of no fewer nodes than each alone: whether one of them finds anything at
all. Only those that do, or that can't be asked so, get statements of their own (``plan_tables``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Final

from pyoxigraph import NamedNode

from calckg.shapes import algebra as al
from calckg.shapes import model
from calckg.shapes.columns.known_terms import FEW, KnownTerms
from calckg.shapes.columns.predicates import BITS, MOST_BITS, Predicates
from calckg.shapes.columns.sql_names import Bound, PlanNames
from calckg.shapes.columns.to_sql import Renderer, step_of
from calckg.shapes.model import Path

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_MOST: Final = 50_000  # quads of a predicate: with more, what is asked takes longer than its planning
_BITS: Final = 62  # conditions that one number holds
_TYPE: Final = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_Step = tuple[int, str]  # id of the predicate; the column of quad where the step starts
_ALONE: Final = Lock()
_END: Final = {"s": "o", "o": "s"}


@dataclass(slots=True)
class _Tests:
    """Conditions to be tested on the values of groups, by a bit each."""

    groups: dict[int, dict[al.Condition, int]] = field(default_factory=dict)
    plans: dict[int, list[tuple[int, int]]] = field(default_factory=dict)

    def add(self, plan: int, group: int, condition: al.Condition) -> None:
        """Have a plan found clear only if the condition holds of no value of the group."""
        known = self.groups.setdefault(group, {})
        self.plans.setdefault(plan, []).append((group, known.setdefault(condition, len(known))))

    def clear(self, wrong: dict[int, int]) -> Iterator[int]:
        """Yield the plans of whose conditions none held; ``wrong`` has the bits of those that did, by group."""
        for plan, tests in self.plans.items():
            if all(bit < _BITS and not wrong.get(group, 0) >> bit & 1 for group, bit in tests):
                yield plan


class _Renderer(Renderer):
    """Renders tests that need nothing but the value, its term, and its ``classes``: bits in ``c.b0``, ``c.b1``, ..."""

    def __init__(self, names: PlanNames) -> None:
        super().__init__(names)
        self.classes: dict[model.Term, int] = {}

    def _test(self, condition: al.Condition, bound: dict[str, Bound]) -> str:
        if isinstance(condition, al.IsA):
            column, bit = divmod(self.classes.setdefault(condition.cls, len(self.classes)), _BITS)
            return f"(coalesce(c.b{column}, 0) & {1 << bit} > 0)"
        return super()._test(condition, bound)


def _testable(condition: al.Condition) -> bool:
    """Tell whether a condition asks only what a value is, and of which classes."""
    match condition:
        case al.All(conditions) | al.Any(conditions) | al.ExactlyOne(conditions):
            return all(map(_testable, conditions))
        case al.Neg(inner):
            return _testable(inner)
        case al.IsA():
            return True
    return al.simple(condition)


class Clearing:
    """Asks plans together; ``run`` runs a statement, ``only`` names a table of the only targets."""

    def __init__(
        self,
        run: Callable[[str], DuckDBPyConnection],
        names: PlanNames,
        terms: KnownTerms,
        predicates: Predicates,
        only: str | None = None,
    ) -> None:
        self._run, self._names, self._terms, self._predicates, self._only = run, names, terms, predicates, only
        self._has_bits = False

    def know(self, plans: Sequence[al.Plan]) -> None:
        """Count at once what the plans will ask of the predicates."""
        steps = []
        for plan in plans:
            match plan.question:
                case al.Nodes(al.Count(al.Var("this"), path, _, al.Constant(True))) | al.Languages(path):
                    step = self._step(path)
                    steps += [] if step is None else [step]
        self._has_bits = self._predicates.know_steps(steps, self._terms.highest)

    def cleared(self, plans: Sequence[al.Plan]) -> set[int]:
        """Return the places in ``plans`` of those that surely find nothing; nothing of shapes that can't be asked."""
        from calckg.database import duckdb

        wanted = {n: plan for n, plan in enumerate(plans) if not isinstance(plan.question, al.Asked)}
        try:
            found = set(self._anywhere(wanted))
            rest = {number: plan for number, plan in wanted.items() if number not in found}
            return found | set(self._of_focus_nodes(rest))
        except duckdb.Error:  # such as a pattern that is none: asked alone it is told with its shape
            return set()
        finally:
            self._run(f"DROP TABLE IF EXISTS clearing; DROP TABLE IF EXISTS {BITS}")

    # --- values, whoever has them

    def _anywhere(self, plans: dict[int, al.Plan]) -> Iterator[int]:
        """Yield the plans whose conditions hold of no value that the steps of their paths lead to anywhere."""
        steps: dict[int, tuple[al.Condition, list[_Step]]] = {}
        for number, plan in plans.items():
            question = plan.question
            if isinstance(question, al.Values) and question.path is not None and al.simple(question.where):
                found = self._steps(question.path)
                if found is not None:
                    steps[number] = question.where, found
        asked: dict[_Step, set[al.Condition]] = {}
        for condition, found in steps.values():
            for step in found:
                asked.setdefault(step, set()).add(condition)
        small = {step for step, wanted in asked.items() if self._predicates.count(step[0]) * len(wanted) <= _MOST}
        tests = _Tests()
        for number, (condition, found) in steps.items():
            for predicate, start in found if small.issuperset(found) else ():
                tests.add(number, 2 * predicate + (start == "o"), condition)
        ends = []
        for odd, end in enumerate(_END.values()):
            ids = [group // 2 for group in tests.groups if group % 2 == odd]
            if ids:
                ends.append(f"SELECT 2 * p + {odd} AS g, {end} AS v FROM quad WHERE p IN ({_listed(ids)})")
        if ends:
            yield from tests.clear(self._wrong(tests, " UNION ALL ".join(ends)))

    def _steps(self, path: Path) -> list[_Step] | None:
        """Return the steps that lead to the values of a path, if one of them is all that it takes."""
        if isinstance(path, model.Alternative):
            parts = [self._steps(one) for one in path.paths]
            return None if None in parts else [step for part in parts for step in part or ()]
        step = self._step(path)
        return None if step is None else [step]

    def _step(self, path: Path) -> _Step | None:
        step = step_of(path)
        return None if step is None else (self._terms.id(NamedNode(step[0])), step[1])

    def _wrong(self, tests: _Tests, values: str) -> dict[int, int]:
        """Return by group the bits of the conditions that hold of one of its ``values`` ``(g, v)`` or of more."""
        renderer = _Renderer(self._names)
        groups = {group: renderer.bits(list(conditions)[:_BITS]) for group, conditions in tests.groups.items()}
        cases = " ".join(f"WHEN {group} THEN {bits}" for group, bits in groups.items())
        joined = f" LEFT JOIN ({self._classed(renderer.classes)}) c ON c.n = d.v" if renderer.classes else ""
        # A filter below the grouping, or IN as a join, would have the engine plan the conditions over and over.
        with _without(self._run, "in_clause"):
            rows = self._run(
                f"SELECT d.g, bit_or(CASE d.g {cases} END) AS w FROM (SELECT DISTINCT g, v FROM ({values}) e) d "
                f"JOIN node t ON t.id = d.v{joined} GROUP BY d.g HAVING w > 0"
            ).fetchall()
        return {int(group): int(wrong) for group, wrong in rows}

    def _classed(self, classes: dict[model.Term, int]) -> str:
        """Return a query for ``(n, b0, b1...)``: the instances of classes, a bit for each class by its number."""
        columns = range(len(classes) // _BITS + 1)

        def by_column(bits: int) -> list[int]:
            return [bits >> _BITS * n & (1 << _BITS) - 1 for n in columns]

        few, tables = dict[int, int](), list[str]()
        for cls, bit in classes.items():
            ids = self._terms.class_ids(cls)
            if len(ids) > FEW:  # written out they would be megabytes of a statement
                told = ", ".join(map(str, by_column(1 << bit)))
                tables.append(f" UNION ALL SELECT id, {told} FROM {self._terms.classes(cls)} many")
            else:
                few.update((one, few.get(one, 0) | 1 << bit) for one in ids)
        rows = [(one, *by_column(bits)) for one, bits in few.items()] or [(-1, *by_column(0))]
        names = ", ".join(f"b{n}" for n in columns)
        found = ", ".join(f"bit_or(b{n}) AS b{n}" for n in columns)
        return (
            f"SELECT q.s AS n, {found} FROM quad q "
            f"JOIN (FROM {_values(rows)}{''.join(tables)}) k(cls, {names}) ON q.o = k.cls "
            f"WHERE q.p = {self._terms.id(_TYPE)} GROUP BY q.s"
        )

    # --- the focus nodes and their values

    def _of_focus_nodes(self, plans: dict[int, al.Plan]) -> Iterator[int]:
        """Yield the plans that find nothing with their focus nodes, where these are few."""
        tested: dict[int, tuple[al.Focus, al.Condition, _Step | None]] = {}
        absent: dict[int, tuple[al.Focus, _Step]] = {}
        for number, plan in plans.items():
            is_small = self._is_small(plan.focus)
            match plan.question:
                case al.Values(path, where) if is_small and _testable(where) and (path is None or al.of_value(where)):
                    step = None if path is None else self._step(path)
                    if path is None or step is not None:
                        tested[number] = (plan.focus, where, step)
                case al.Nodes(where) if self._has_bits and (is_small or not plan.focus.hops):
                    step = self._least_one(where)
                    if step is not None and not any(isinstance(t, model.TargetSparql) for t in plan.focus.targets):
                        absent[number] = (plan.focus, step)
        if tested or absent:
            focuses = [*(focus for focus, _, _ in tested.values()), *(focus for focus, _ in absent.values())]
            keys = self._focus_nodes([focus for focus in focuses if self._is_small(focus)])
            yield from self._tested({n: (keys[focus], where, step) for n, (focus, where, step) in tested.items()})
            yield from self._present(absent, keys)

    def _least_one(self, where: al.Condition) -> _Step | None:
        """Return the step that a focus node lacks if the condition holds."""
        match where:
            case al.Count(al.Var("this"), path, _, al.Constant(True), "<", 1):
                return self._step(path)
        return None

    def _is_small(self, focus: al.Focus) -> bool:
        """Tell whether the focus nodes are surely few, or led to from few by a step each."""
        return all(map(self._step, focus.hops)) and all(self._many(target) <= _MOST for target in focus.targets)

    def _many(self, target: model.Target) -> int:
        """Return how many nodes a target has at most."""
        match target:
            case model.TargetNode():
                return 1
            case model.TargetClass(cls):
                kind = self._terms.id(_TYPE)
                return sum(self._predicates.members(one, kind) for one in self._terms.class_ids(cls))
            case model.TargetSubjectsOf(iri) | model.TargetObjectsOf(iri):
                return self._predicates.count(self._terms.id(NamedNode(iri)))
        return _MOST + 1

    def _focus_nodes(self, focuses: Sequence[al.Focus]) -> dict[al.Focus, int]:
        """Make the table ``clearing(k, n)`` of the focus nodes; return the key of each focus."""
        every = {al.Focus(one.targets, one.hops[:end]) for one in focuses for end in range(len(one.hops) + 1)}
        # by their places, as sets have no order and statements are to be the same each time
        keys = {one: key for key, one in enumerate(sorted(every, key=lambda one: (len(one.hops), str(one))))}
        targeted = self._targeted({key: one for one, key in keys.items() if not one.hops})
        self._run(f"CREATE OR REPLACE TEMP TABLE clearing AS SELECT DISTINCT k, n FROM ({targeted}) target")
        for length in range(1, max((len(one.hops) for one in keys), default=0) + 1):
            hops = [
                (key, keys[al.Focus(one.targets, one.hops[:-1])], self._step(one.hops[-1]))
                for one, key in keys.items()
                if len(one.hops) == length
            ]
            self._run(f"INSERT INTO clearing SELECT DISTINCT k, v FROM ({self._led(hops)}) led")
        return keys

    def _targeted(self, focuses: dict[int, al.Focus]) -> str:
        """Return a query for ``(k, n)``: the nodes that the targets lead to, some of them twice, by their keys."""
        nodes = [(-1, -1)]
        parts: list[str] = []
        for key, focus in focuses.items():
            for target in focus.targets:
                match target:
                    case model.TargetNode(node):
                        nodes.append((key, self._terms.id(node)))
                    case model.TargetClass(cls):
                        kind = f"p = {self._terms.id(_TYPE)} AND o IN {self._terms.classes(cls)}"
                        parts.append(f"SELECT {key} AS k, s AS n FROM quad WHERE {kind}")
                    case model.TargetSubjectsOf(iri):
                        parts.append(f"SELECT {key} AS k, s AS n FROM quad WHERE p = {self._terms.id(NamedNode(iri))}")
                    case model.TargetObjectsOf(iri):
                        parts.append(f"SELECT {key} AS k, o AS n FROM quad WHERE p = {self._terms.id(NamedNode(iri))}")
        parts.append(f"SELECT k, n FROM {_values(nodes)} node(k, n) WHERE k >= 0")
        only = f" WHERE n IN (SELECT n FROM {self._only})" if self._only else ""
        return f"SELECT k::INTEGER AS k, n::BIGINT AS n FROM ({' UNION ALL '.join(parts)}) target{only}"

    def _led(self, wanted: Sequence[tuple[int, int, _Step | None]]) -> str:
        """Return a query for ``(k, v)``: for each ``(k, key, step)``, what the step leads to from the nodes of the key.

        Without a step these are the nodes themselves.
        """
        parts = []
        for start, end in _END.items():
            rows = [(k, key, step[0]) for k, key, step in wanted if step is not None and step[1] == start]
            if rows:
                # Each triple has one subject, and many keys the same predicate: the nodes have to come first.
                from_nodes = f"SELECT w.k, w.p, c.n FROM {_values(rows)} w(k, f, p) JOIN clearing c ON c.k = w.f"
                parts.append(
                    f"(WITH led_from AS MATERIALIZED ({from_nodes}) SELECT n.k, q.{end} AS v FROM led_from n JOIN "
                    f"(FROM quad WHERE p IN ({_listed(row[2] for row in rows)})) q ON q.p = n.p AND q.{start} = n.n)"
                )
        same = [(k, key) for k, key, step in wanted if step is None]
        if same:
            parts.append(f"SELECT w.k, c.n AS v FROM {_values(same)} w(k, f) JOIN clearing c ON c.k = w.f")
        return " UNION ALL ".join(parts)

    def _tested(self, plans: dict[int, tuple[int, al.Condition, _Step | None]]) -> Iterator[int]:
        """Yield the plans whose condition holds of no value that the step leads to from the nodes of the key."""
        if not plans:
            return
        tests = _Tests()
        groups: dict[tuple[int, _Step | None], int] = {}
        for number, (key, condition, step) in plans.items():
            tests.add(number, groups.setdefault((key, step), len(groups)), condition)
        led = self._led([(group, key, step) for (key, step), group in groups.items()])
        yield from tests.clear(self._wrong(tests, f"SELECT k AS g, v FROM ({led}) led"))

    def _present(self, plans: dict[int, tuple[al.Focus, _Step]], keys: dict[al.Focus, int]) -> Iterator[int]:
        """Yield the plans whose step leads somewhere from every focus node; ``keys`` has those of ``clearing``."""
        places = {focus: place for place, focus in enumerate(dict.fromkeys(focus for focus, _ in plans.values()))}
        if not plans or len(places) * self._terms.highest > MOST_BITS:
            return
        known = [(place, keys[focus]) for focus, place in places.items() if focus in keys] or [(-1, -1)]
        nodes = f"SELECT w.k, c.n FROM {_values(known)} w(k, f) JOIN clearing c ON c.k = w.f"
        others = {place: focus for focus, place in places.items() if focus not in keys}
        if others:
            nodes += f" UNION ALL {self._targeted(others)}"
        highest = self._terms.highest
        focus = f"SELECT k, bitstring_agg(n, 0, {highest}) AS bits FROM ({nodes}) node GROUP BY k"
        wanted = ", ".join(
            f"({number}, {places[focus]}, {predicate}, '{start}')"
            for number, (focus, (predicate, start)) in plans.items()
        )
        rows = self._run(
            f"SELECT w.number FROM (VALUES {wanted}) w(number, k, p, start) JOIN ({focus}) f ON f.k = w.k "
            f"LEFT JOIN {BITS} b ON b.p = w.p AND b.start = w.start "
            "WHERE coalesce(bit_count(f.bits & ~b.bits), bit_count(f.bits)) > 0"
        ).fetchall()
        without = {int(number) for (number,) in rows}
        yield from (number for number in plans if number not in without)


@contextmanager
def _without(run: Callable[[str], DuckDBPyConnection], optimizer: str) -> Iterator[None]:
    """Do without an optimizer for a while, in the whole database: one thread at a time, or they undo each other's."""
    from calckg.database import duckdb

    with _ALONE:
        row = run("SELECT current_setting('disabled_optimizers')").fetchone()
        before = str(row[0]) if row else ""
        try:
            run(f"SET disabled_optimizers = '{', '.join(filter(None, (before, optimizer)))}'")
            yield
        finally:
            is_back = False
            while not is_back:
                with suppress(duckdb.InterruptException):  # whoever ends the plans does not mean this
                    run(f"SET disabled_optimizers = '{before}'")
                    is_back = True


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(set(numbers))))


def _values(rows: Sequence[tuple[int, ...]]) -> str:
    return "(VALUES " + ", ".join(f"({', '.join(map(str, row))})" for row in rows) + ")"
