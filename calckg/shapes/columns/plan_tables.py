"""Plans run over the columns one at a time, over tables of focus nodes and values that they share.

The tables are temporary, and so of one connection; ``on_columns`` runs plans on two.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Sequence
from itertools import count
from typing import TYPE_CHECKING

import pyoxigraph as ox

from calckg.errors import CalckgError
from calckg.shapes import algebra as al
from calckg.shapes import model, patterns
from calckg.shapes.columns import closures, selected
from calckg.shapes.columns.clearing import Clearing
from calckg.shapes.columns.found import Found, shares
from calckg.shapes.columns.in_sparql import InSparql
from calckg.shapes.columns.known_terms import KnownTerms
from calckg.shapes.columns.predicates import MOST_IN_ONE, Predicates, variable
from calckg.shapes.columns.sql_names import PlanNames
from calckg.shapes.columns.to_sql import Renderer, step_of
from calckg.shapes.model import Path, Term
from calckg.shapes.results import Outcome, Result
from calckg.shapes.store.asked import AskerInTurn

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_KEPT = 4  # tables of pairs at once: plans of one shape come one after another
_JOINED = 30  # conditions in one statement: a bit each
_LARGE = 10_000  # nodes that are looked up among bits
_MANY = 100_000  # pairs that are not kept, but told as they are found
_ALL = 3  # times as many values as focus nodes are tested without looking whose they are


class PlanTables:
    """Runs plans on a connection with ``term`` and ``quad``; ``asker`` asks what is written in SPARQL.

    First ``know`` the plans' terms (or ``know_as`` another who does), then ``join`` them; what is ``cleared`` gets its
    outcome of ``none``; of each of the others is asked what is ``found``, and of several then the ``outcomes``.
    """

    def __init__(self, connection: DuckDBPyConnection, asker: AskerInTurn) -> None:
        self._connection = connection
        self._numbers = count(1)
        self._terms = KnownTerms(connection, self._table)
        self._predicates = Predicates(connection)
        self._focus: dict[tuple[object, ...], str] = {}
        self._sizes: dict[str, int] = {}  # of the tables
        self._wrong: dict[tuple[al.Focus, Path | None, int], str | None] = {}
        self._joined: dict[tuple[al.Focus, Path | None], list[al.Condition]] = {}
        self._pairs: OrderedDict[tuple[str, Path], str] = OrderedDict()
        self._members: dict[str, str] = {}  # tables of instances, by the ids of classes
        self._bits_of: dict[str, str | None] = {}
        self._closures: dict[model.Closure, str] = {}
        self._plans: Sequence[al.Plan] = ()
        self._only: str | None = None
        self._empty: str | None = None
        self._queries: list[str] = []
        self._owed = 0.0  # seconds of what was asked for many plans: the next outcome tells them
        ways = (self._leads, self._once, self._bits, self._terms.datatypes)
        self._in_sparql = InSparql(connection, self._terms, asker, self._table, self._closure, self._say)
        self._names = PlanNames(self._terms.id, self._instances, self._closure, self._in_sparql.failing, *ways)
        self._renderer = Renderer(self._names)

    def know(self, plans: Sequence[al.Plan], focus: Sequence[Term] | None = None) -> None:
        """Give an id to each term that the plans speak of, in ``node``: that of the data, else one of its own.

        ``focus`` are the only nodes to check.
        """
        self._terms.know(plans, focus or ())
        self._check_only(focus)

    def know_as(self, other: PlanTables, focus: Sequence[Term] | None) -> None:
        """Know the terms that ``other`` does."""
        self._terms.know_as(other._terms)
        self._check_only(focus)

    def share(self, other: PlanTables) -> None:
        """Take over what ``other`` has found out of the predicates."""
        self._predicates.know_as(other._predicates)

    def _check_only(self, focus: Sequence[Term] | None) -> None:
        if focus is not None:
            self._only = self._table("SELECT unnest(?::BIGINT[]) AS n", [[self._terms.id(node) for node in focus]])

    def join(self, plans: Sequence[al.Plan]) -> None:
        """Have those of the plans that look at the same values asked in one statement."""
        self._plans = plans
        for plan in plans:
            if isinstance(plan.question, al.Values) and al.simple(plan.question.where):
                self._joined.setdefault((plan.focus, plan.question.path), []).append(plan.question.where)

    def cleared(self, plans: Sequence[al.Plan]) -> set[int]:
        """Return the places of the plans that surely find nothing; what this takes is told with the next outcome."""
        begin = time.perf_counter()
        clearing = Clearing(self._run, self._names, self._terms, self._predicates, self._only)
        self._queries.append("-- asked of many constraints together, told with the first:")
        clearing.know(plans)
        asked = [number for number, plan in enumerate(plans) if not self._is_met(plan.question)]
        found = {asked[place] for place in clearing.cleared([plans[number] for number in asked])}
        self._owed += time.perf_counter() - begin
        return set(range(len(plans))) - set(asked) | found

    def found(self, plan: al.Plan, limit: int | None) -> Found:
        """Return what is found for a plan that is known and, if it can be, joined."""
        begin = time.perf_counter()
        rows: list[tuple[int, ...]] = []
        results: list[Result] = []
        if isinstance(plan.question, al.Asked):
            results, more = self._ask(plan, plan.question.query, limit)
            total = len(results) + more
        else:
            rows, total = self._found(plan, limit)
        queries, self._queries = tuple(self._queries), []
        seconds, self._owed = time.perf_counter() - begin + self._owed, 0.0
        return Found(plan, rows, results, total, limit, queries, seconds)

    def outcomes(self, found: Sequence[Found]) -> list[Outcome]:
        """Return what becomes of plans of which is known what is found."""
        begin = time.perf_counter()
        ids = set[int]().union(*(one.ids() for one in found))
        terms = self._terms.terms_of(ids) if ids else {}
        parts = shares(found, time.perf_counter() - begin)
        return [one.outcome(terms, seconds) for one, seconds in zip(found, parts, strict=True)]

    def none(self, plan: al.Plan) -> Outcome:
        """Return the outcome of a plan that was cleared."""
        queries, self._queries = tuple(self._queries), []
        seconds, self._owed = self._owed, 0.0
        return Outcome(plan, (), 0, queries, seconds)

    def _say(self, query: str) -> None:
        self._queries.append(query)

    def _run(self, query: str) -> DuckDBPyConnection:
        self._say(query)
        return self._connection.execute(query)

    # --- tables that plans share

    def _table(self, query: str, parameters: Sequence[object] | None = None) -> str:
        name = f"shared_{next(self._numbers)}"
        self._queries.append(query)
        row = self._connection.execute(f"CREATE TEMP TABLE {name} AS {query}", parameters).fetchone()
        self._sizes[name] = int(row[0]) if row else 0
        return name

    def _closure(self, path: model.Closure) -> str:
        if path not in self._closures:
            self._closures[path] = closures.made(self._connection, self._table, self._renderer.relation(path.path))
        return self._closures[path]

    def _focus_of(self, focus: al.Focus) -> str:
        key = (focus.targets, focus.hops)
        if key not in self._focus:
            if focus.hops:
                table = self._focus_of(al.Focus(focus.targets, focus.hops[:-1]))
                if not self._sizes[table] or not self._leads(focus.hops[-1]):
                    self._focus[key] = self._nobody()
                    return self._focus[key]
                tables, wheres, end = self._renderer.step(focus.hops[-1], "n.n")
                # A node that several focus nodes lead to is checked for each of them: as many results, told once.
                query = (
                    f"SELECT n, sum(m) AS m FROM (SELECT DISTINCT n.n AS k, n.m, {end} AS n "
                    f"FROM {table} n, {', '.join(tables)} WHERE {' AND '.join(wheres)}) hop GROUP BY n"
                )
            else:
                parts = " UNION ALL ".join(map(self._targeted, focus.targets))
                only = f" WHERE n IN (SELECT n FROM {self._only})" if self._only else ""
                once = len(focus.targets) == 1 and self._names_once(focus.targets[0])
                query = f"SELECT {'' if once else 'DISTINCT '}n, 1 AS m FROM ({parts}) target{only}"
            self._focus[key] = self._table(query)
        return self._focus[key]

    def _bits(self, table: str) -> str | None:
        """Return SQL for the nodes of a table as bits, where these are worth it."""
        highest = self._terms.highest
        if self._sizes[table] < _LARGE or highest > MOST_IN_ONE:
            return None
        if table not in self._bits_of:
            query = f"SELECT bitstring_agg(n, 0, {highest}) FROM {table}"
            self._bits_of[table] = variable(self._connection, f"bits_of_{table}", query)
        return self._bits_of[table]

    def _nobody(self) -> str:
        """Return an empty table of focus nodes."""
        if self._empty is None:
            self._empty = self._table("SELECT 0::BIGINT AS n, 1 AS m WHERE false")
        return self._empty

    def _rows(self, iri: str) -> int:
        return self._predicates.count(self._terms.id(ox.NamedNode(iri)))

    def _leads(self, path: Path) -> bool:
        """Tell whether a path may lead anywhere: a graph uses few of the predicates that shapes speak of."""
        if isinstance(path, model.Sequence):
            return all(map(self._leads, path.paths))
        step = step_of(path)
        return step is None or self._rows(step[0]) > 0

    def _leads_once(self, path: Path) -> bool:
        """Tell whether a path surely leads from no node to two others."""
        return isinstance(path, model.Predicate) and self._predicates.is_single(self._terms.id(ox.NamedNode(path.iri)))

    def _once(self, path: Path) -> bool:
        step = step_of(path)
        return step is not None and self._predicates.is_once(self._terms.id(ox.NamedNode(step[0])))

    def _is_met(self, question: al.Question) -> bool:
        """Tell whether what is known of the predicates leaves nothing to find."""
        match question:
            case al.Values(path, _) if path is not None:
                return not self._leads(path)
            case al.Nodes(al.Count(al.Var("this"), path, _, al.Constant(True), ">", number)):
                return not self._leads(path) or (number > 0 and self._leads_once(path))
            case al.Triples(path, _) if path is not None:
                return not self._leads(path)
            case al.Languages(path):
                return not self._leads(path) or self._leads_once(path)
            case al.Pairs(path, other, _):
                return not (self._leads(path) and self._leads(other))
        return False

    def _instances(self, cls: Term) -> str:
        """Make the table ``(n)`` of the instances of a class: there are many types, and many shapes ask for few."""
        classes = self._terms.classes(cls)
        if classes not in self._members:
            kind = self._terms.id(_TYPE)
            self._members[classes] = self._table(f"SELECT s AS n FROM quad WHERE p = {kind} AND o IN {classes}")
        return self._members[classes]

    def _names_once(self, target: model.Target) -> bool:
        """Tell whether a target surely names no node twice."""
        match target:
            case model.TargetNode():
                return True
            case model.TargetClass(cls):
                return len(self._terms.class_ids(cls)) == 1 and self._predicates.is_once(self._terms.id(_TYPE))
        return False

    def _targeted(self, target: model.Target) -> str:
        match target:
            case model.TargetNode(node):
                return f"SELECT {self._terms.id(node)}::BIGINT AS n"
            case model.TargetClass(cls):
                return f"SELECT n FROM {self._instances(cls)}"
            case model.TargetSubjectsOf(iri):
                return f"SELECT s AS n FROM quad WHERE p = {self._terms.id(ox.NamedNode(iri))}"
            case model.TargetObjectsOf(iri):
                return f"SELECT o AS n FROM quad WHERE p = {self._terms.id(ox.NamedNode(iri))}"
            case model.TargetSparql():
                return f"SELECT n FROM {self._in_sparql.target(target)}"

    def _pair(self, focus: str, path: Path | None) -> str:
        """Return the focus nodes with their values, each pair once."""
        if path is None:
            return f"(SELECT n AS f, n AS v FROM {focus})"
        if (focus, path) not in self._pairs:
            while len(self._pairs) >= _KEPT:
                self._connection.execute(f"DROP TABLE {self._pairs.popitem(last=False)[1]}")
            self._pairs[focus, path] = self._table(self._renderer.pairs(path, focus))
        self._pairs.move_to_end((focus, path))
        return self._pairs[focus, path]

    # --- plans

    def _found(self, plan: al.Plan, limit: int | None) -> tuple[list[tuple[int, ...]], int]:
        """Return ``(f, v, p, times)`` of results, the first of them if there is a limit, and how many there are."""
        focus = self._focus_of(plan.focus)
        if not self._sizes[focus]:
            return [], 0
        from calckg.database import duckdb

        try:
            relation = self._results(plan, focus, limit)
            return self._rows_of(relation, plan.focus, limit) if relation else ([], 0)
        except duckdb.InvalidInputException as error:
            raise self._fault(plan, error) from None

    def _fault(self, plan: al.Plan, error: Exception) -> CalckgError:
        """Return the error of the plan with a regular expression that can't be run: maybe one asked with it."""
        for asked in (plan, *self._plans):
            for part in model.within(asked.question):
                if isinstance(part, al.Matches) and patterns.fault_to_re2(self._connection, part.regex, part.flags):
                    why = f"sh:pattern {part.regex!r} can't be run on columns ({' '.join(str(error).split())})"
                    return CalckgError(f"{asked.shape.node}: {why}; write it plainer, or ask a store")
        return CalckgError(f"{plan.shape.node}: {' '.join(str(error).split())}; mend the shape")

    def _rows_of(self, relation: str, focus: al.Focus, limit: int | None) -> tuple[list[tuple[int, ...]], int]:
        told = f"SELECT f, v, p, 1 AS m FROM {relation} r"
        if focus.hops:  # else no node is checked twice
            told = f"SELECT r.f, r.v, r.p, t.m FROM {relation} r JOIN {self._focus_of(focus)} t ON t.n = r.f"
        return selected.first(self._run, told, ["f", "v", "p", "m"], limit, "m")

    def _results(self, plan: al.Plan, focus: str, limit: int | None) -> str | None:
        """Return SQL for the results ``(f, v, p)`` of a plan, as ids; nothing where there surely are none.

        Plans that look at the same values are asked in one statement, when the first of them is run.
        """
        question = plan.question
        if self._is_met(question):
            return None
        if isinstance(question, al.Values) and question.path is None and isinstance(question.where, al.All):
            return self._all(focus, question.where)
        is_simple = isinstance(question, al.Values) and al.simple(question.where)
        if isinstance(question, al.Values) and question.path and not is_simple and al.of_value(question.where):
            table = self._wrong_values(focus, question.path, [question.where], limit)
            return f"(SELECT f, v, NULL AS p FROM {table})" if table else None
        if not isinstance(question, al.Values) or not is_simple:
            query = self._renderer.question(question, focus, lambda path: self._pair(focus, path))
            return f"({query})"
        conditions = self._joined[plan.focus, question.path]
        part, bit = divmod(conditions.index(question.where), _JOINED)
        key = (plan.focus, question.path, part)
        if key not in self._wrong:
            self._wrong[key] = self._wrong_values(focus, question.path, conditions[part * _JOINED :][:_JOINED], limit)
        table = self._wrong[key]
        return f"(SELECT f, v, NULL AS p FROM {table} WHERE w & {1 << bit} > 0)" if table else None

    def _all(self, focus: str, where: al.All) -> str | None:
        """Narrow the focus nodes down by one condition after the other: most are gone after the first."""
        table = focus
        for condition in where.conditions:
            table = self._table(f"SELECT f AS n FROM ({self._renderer.values(None, condition, table)}) held")
            if not self._sizes[table]:
                return None
        return f"(SELECT n AS f, n AS v, NULL AS p FROM {table})"

    def _wrong_values(
        self, focus: str, path: Path | None, conditions: Sequence[al.Condition], limit: int | None
    ) -> str | None:
        """Return ``(f, v, w)`` of the focus nodes with values of which conditions hold; see ``Renderer.wrong``.

        It is a table, but with a limit of pairs that are many: then the first are told while the rest is counted.
        """
        step = None if path is None else step_of(path)
        asked = any(map(al.asks_sparql, conditions))
        anywhere = step is not None and not asked and self._rows(step[0]) <= _ALL * self._sizes[focus]
        wrong = self._table(self._renderer.wrong(path, conditions, focus, anywhere))
        if not self._sizes[wrong]:
            return None
        if path is None:
            return f"(SELECT v AS f, v, w FROM {wrong})"
        if step is None or limit is None or self._terms.highest > MOST_IN_ONE:
            return self._table(self._renderer.pairs(path, focus, wrong))
        pairs = self._table(f"{self._renderer.pairs(path, focus, wrong, twice=True)} LIMIT {_MANY + 1}")
        if self._sizes[pairs] <= _MANY:
            return pairs if self._once(path) else f"(SELECT DISTINCT f, v, w FROM {pairs})"
        self._connection.execute(f"DROP TABLE {pairs}")
        predicate = self._terms.id(ox.NamedNode(step[0]))
        again = None if self._once(path) else self._predicates.again(predicate, self._terms.highest)
        return f"({self._renderer.pairs(path, focus, wrong, twice=True, some=again)})"

    def _ask(self, plan: al.Plan, query: model.Sparql, limit: int | None) -> tuple[list[Result], int]:
        focus = self._focus_of(plan.focus)
        if not self._sizes[focus]:
            return [], 0
        return self._in_sparql.results(plan, query, focus, lambda: self._pair(focus, plan.shape.path), limit)
