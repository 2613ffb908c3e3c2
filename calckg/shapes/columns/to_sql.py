"""Conditions, paths and questions as SQL over ``node(id, kind, value, datatype, lang)`` and ``quad(s, p, o, g)``.

``node`` is ``term`` and what only the shapes speak of. A triple may stand in several graphs: it is looked for by EXISTS
and told by DISTINCT, never counted.

Columns are ids, and have the same letters in all statements: ``n`` a node, ``m`` how often it is checked; ``f`` a focus
node, ``v`` its value, ``p`` the predicate that led there; ``w`` which of several conditions hold, a bit each. A plan
asks the tables ``focus(n, m)`` and ``pair(f, v)``, which are made beforehand (``plan_tables``), for results
``(f, v, p)``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from itertools import count

import pyoxigraph as ox

from calckg.shapes import algebra as al
from calckg.shapes import model
from calckg.shapes.algebra import THIS, VALUE, Condition, End, Var
from calckg.shapes.columns import comparison_sql, sql_terms
from calckg.shapes.columns.sql_names import Bound, PlanNames
from calckg.shapes.columns.sql_terms import TermSql
from calckg.shapes.model import Term


class Renderer:
    """Renders one plan after another."""

    def __init__(self, names: PlanNames) -> None:
        self._names, self._numbers = names, count(1)

    def _fresh(self) -> str:
        return f"x{next(self._numbers)}"

    # --- paths

    def relation(self, path: model.Path) -> str:
        """Return a query for all ``(s, o)`` that a path leads from and to."""
        match path:
            case model.Predicate(iri):
                return f"SELECT s, o FROM quad WHERE p = {self._id(ox.NamedNode(iri))}"
            case model.Inverse(inner):
                return f"SELECT o AS s, s AS o FROM ({self.relation(inner)}) {self._fresh()}"
            case model.Alternative(paths):
                return " UNION ALL ".join(f"SELECT s, o FROM ({self.relation(one)}) {self._fresh()}" for one in paths)
            case model.Closure(inner, least, many):
                found = self._names.closure(path) if many else f"({self.relation(inner)})"
                query = f"SELECT s, o FROM {found} {self._fresh()}"
                return query if least else f"{query} UNION ALL SELECT id, id FROM node"
            case model.Sequence(paths):
                first = self._fresh()
                tables, wheres, end = [f"({self.relation(paths[0])}) {first}"], [], f"{first}.o"
                for one in paths[1:]:
                    more, where, end = self.step(one, end)
                    tables += more
                    wheres += where
                return f"SELECT {first}.s AS s, {end} AS o FROM {', '.join(tables)} WHERE {' AND '.join(wheres)}"

    def step(self, path: model.Path, start: str) -> tuple[list[str], list[str], str]:
        """Return (tables, conditions, end) of one walk along ``path`` from the id ``start``."""
        if isinstance(path, model.Sequence):
            tables, wheres = list[str](), list[str]()
            for one in path.paths:
                more, where, start = self.step(one, start)
                tables += more
                wheres += where
            return tables, wheres, start
        name = self._fresh()
        if isinstance(path, model.Predicate):
            return (
                [f"quad {name}"],
                [f"{name}.p = {self._id(ox.NamedNode(path.iri))}", f"{name}.s = {start}"],
                f"{name}.o",
            )
        if isinstance(path, model.Inverse) and isinstance(path.path, model.Predicate):
            iri = self._id(ox.NamedNode(path.path.iri))
            return [f"quad {name}"], [f"{name}.p = {iri}", f"{name}.o = {start}"], f"{name}.s"
        return [f"({self.relation(path)}) {name}"], [f"{name}.s = {start}"], f"{name}.o"

    def _id(self, term: Term) -> str:
        return str(self._names.id(term))

    # --- questions

    def question(self, question: al.Question, focus: str, pair: Callable[[model.Path | None], str]) -> str:
        """Return a query for ``(f, v, p)``: focus node, value or NULL, predicate of the path or NULL.

        ``pair`` gives the table of focus nodes and values of a path.
        """
        match question:
            case al.Nodes(al.Count(Var("this"), path, _, al.Constant(True), ">", number)) if step_of(path) is not None:
                many = self._many(path, number, focus)
                return f"SELECT s AS f, NULL AS v, NULL AS p FROM ({many}) many"
            case al.Nodes(al.Count(Var("this"), path, _, al.Constant(True), ">", number)):
                counted = f"SELECT f FROM {pair(path)} counted GROUP BY f HAVING count(*) > {number}"
                return f"SELECT f, NULL AS v, NULL AS p FROM ({counted}) many"
            case al.Nodes(where):
                test = self._test(where, {THIS: Bound("r.n", lambda: f"SELECT n FROM {focus}")})
                return f"SELECT r.n AS f, NULL AS v, NULL AS p FROM {focus} r WHERE {test}"
            case al.Languages(path):
                told = f"FROM {pair(path)} u JOIN node t ON t.id = u.v WHERE t.lang IS NOT NULL"
                return f"SELECT u.f, NULL AS v, NULL AS p {told} GROUP BY u.f, t.lang HAVING count(*) > 1"
            case al.Triples(path, allowed):
                ids = ", ".join(str(self._id(ox.NamedNode(iri))) for iri in sorted(allowed)) or "-1"
                nodes = f"SELECT n AS f, n AS v FROM {focus}" if path is None else f"SELECT f, v FROM {pair(path)} led"
                others = f"SELECT DISTINCT r.f, q.* EXCLUDE g FROM ({nodes}) r JOIN quad q ON q.s = r.v"
                return f"SELECT f, o AS v, p FROM ({others} WHERE q.p NOT IN ({ids})) other"
            case al.Absent(path, other):
                return f"{self._absent(path, other, focus)} UNION {self._absent(other, path, focus)}"
            case al.Pairs(path, other, operator):
                # Many focus nodes have the same two values: they are compared once.
                types = self._names.datatypes()
                right = comparison_sql.compares(TermSql.of("r", types), operator, TermSql.of("t", types))
                return (
                    f"WITH told AS (SELECT r.f, r.v, o.v AS other FROM {pair(path)} r "
                    f"JOIN ({self.pairs(other, focus)}) o ON o.f = r.f), "
                    "compared AS (SELECT d.v, d.other FROM (SELECT DISTINCT v, other FROM told) d "
                    f"JOIN node r ON r.id = d.v JOIN node t ON t.id = d.other WHERE NOT {right}) "
                    "SELECT f, v, NULL AS p FROM told SEMI JOIN compared USING (v, other)"
                )
            case al.Values(path, where):
                return self.values(path, where, focus)
            case al.Asked():
                raise TypeError("a query in SPARQL is not rendered as SQL")

    def values(self, path: model.Path | None, where: Condition, focus: str) -> str:
        """Return a query for ``(f, v, p)``: the focus nodes and values of which a condition holds.

        A triple that stands in several graphs is walked over twice and told once: what is wrong is little, and is made
        distinct in the end where it need be.
        """
        tables, wheres, start, end = self._led(path, focus)

        def among() -> str:
            return f"SELECT n FROM {focus}"

        value = Bound(end, among if path is None else lambda: self._ends(among(), path), "t")
        test = self._test(where, {THIS: value if path is None else Bound(start, among), VALUE: value})
        if value.used:
            tables.append("node t")
            wheres.append(f"t.id = {end}")
            test = f"CASE WHEN {end} >= 0 THEN {test} ELSE false END"  # not of all terms that there are; see _walk
        told = f"{self._distinct(path)}{start} AS f, {end} AS v, NULL AS p"
        return f"SELECT {told} FROM {', '.join(tables)} WHERE {' AND '.join([*wheres, test])}"

    def _led(self, path: model.Path | None, focus: str) -> tuple[list[str], list[str], str, str]:
        """Return (tables, conditions, start, end) of the walks along ``path`` from the nodes of ``focus``.

        Of many nodes a step looks its start up among their bits: a join takes five times as long, and memory.
        """
        if path is None:
            return [f"{focus} n"], [], "n.n", "n.n"
        step, bits = step_of(path), self._names.bits(focus)
        if step is None or bits is None:
            tables, wheres, end = self.step(path, "n.n")
            return [f"{focus} n", *tables], wheres, "n.n", end
        name = self._fresh()
        start = f"{name}.{step[1]}"
        wheres = [f"{name}.p = {self._id(ox.NamedNode(step[0]))}", f"get_bit({bits}, {start}::INTEGER) = 1"]
        return [f"quad {name}"], wheres, start, f"{name}.{step[2]}"

    def _distinct(self, path: model.Path | None) -> str:
        return "" if path is None or self._names.once(path) else "DISTINCT "

    def wrong(
        self, path: model.Path | None, conditions: Sequence[Condition], focus: str, anywhere: bool = False
    ) -> str:
        """Return a query for ``(v, w)``: values, and which of the conditions hold of each, a bit for a condition.

        The conditions are ``of_value``: each value is tested once, however many focus nodes have it. Values that only
        other nodes have may be among them, ``anywhere``: it takes less to test them too than to look whose they are.
        """
        values = f"SELECT n AS v FROM {focus}"
        step = step_of(path) if anywhere and path is not None else None
        if step is not None:
            values = f"SELECT DISTINCT {step[2]} AS v FROM quad WHERE p = {self._id(ox.NamedNode(step[0]))}"
        elif path is not None:
            values = f"SELECT DISTINCT v FROM ({self.pairs(path, focus, twice=True)}) pair"
        value = Bound("d.v", lambda: values, "t")
        wrong = self._bits(conditions, value)
        if len(conditions) == 1 and not value.used:
            return f"SELECT d.v, 1 AS w FROM ({values}) d WHERE {wrong} > 0"
        told = f"SELECT d.v, {wrong} AS w FROM ({values}) d"
        if value.used:
            told = f"SELECT d.v, CASE WHEN d.v >= 0 THEN {wrong} END AS w FROM ({values}) d JOIN node t ON t.id = d.v"
        return f"SELECT v, w FROM ({told}) tested WHERE w > 0"

    def bits(self, conditions: Sequence[Condition]) -> str:
        """Return SQL for which of the conditions hold of the value ``d.v``, a bit each; its term is in ``t``."""
        return self._bits(conditions, Bound("d.v", lambda: "SELECT id FROM node", "t"))

    def _bits(self, conditions: Sequence[Condition], value: Bound) -> str:
        tests = [self._test(condition, {THIS: value, VALUE: value}) for condition in conditions]
        return " + ".join(f"CASE WHEN {test} THEN {1 << bit} ELSE 0 END" for bit, test in enumerate(tests))

    def pairs(
        self, path: model.Path, focus: str, among: str | None = None, *, twice: bool = False, some: str | None = None
    ) -> str:
        """Return a query for ``(f, v)``, focus nodes and values, each pair once, unless it may be told ``twice``.

        With ``among``, a relation ``(v, w)``, it is one for ``(f, v, w)`` of those values only. Only ``some`` nodes, as
        bits, are subjects of triples that stand in several graphs: nothing else need be made distinct.
        """
        tables, wheres, start, end = self._led(path, focus)
        if among is not None:
            tables.append(f"{among} a")
            wheres.append(f"a.v = {end}")
        told = f"{start} AS f, {end} AS v" + ("" if among is None else ", a.w")
        query = f"{told} FROM {', '.join(tables)} WHERE {' AND '.join(wheres)}"
        if some is None:
            return f"SELECT {'' if twice else self._distinct(path)}{query}"
        bit = f"get_bit({some}, {end.partition('.')[0]}.s::INTEGER)"
        return f"SELECT {query} AND {bit} = 0 UNION ALL SELECT DISTINCT {query} AND {bit} = 1"

    def _absent(self, path: model.Path | None, other: model.Path | None, focus: str) -> str:
        """Return a query for the focus nodes and the values of one path that another does not lead to."""
        pairs = f"SELECT n AS f, n AS v FROM {focus}" if path is None else self.pairs(path, focus, twice=True)
        there = "r.f = r.v"
        if other is not None:
            tables, wheres, end = self.step(other, "r.f")
            there = f"EXISTS (SELECT 1 FROM {', '.join(tables)} WHERE {' AND '.join([*wheres, f'{end} = r.v'])})"
        return f"SELECT {self._distinct(path)}r.f, r.v, NULL AS p FROM ({pairs}) r WHERE NOT {there}"

    def _many(self, path: model.Path, number: int, focus: str | None = None) -> str:
        """Return a query for the nodes ``s`` from which a path of one step leads to more than so many others."""
        step = step_of(path)
        assert step is not None
        iri, start, end = step
        kept = ""
        if focus is not None:
            bits = self._names.bits(focus)
            among = f"{start} IN (SELECT n FROM {focus})" if bits is None else f"get_bit({bits}, {start}::INTEGER) = 1"
            kept = f" AND {among}"
        several = {0: "true", 1: f"min({end}) < max({end})"}.get(number, f"count(*) > {number}")
        if number > 1 and not self._names.once(path):  # the same triple may stand in several graphs
            several += f" AND count(DISTINCT {end}) > {number}"
        ends = f"FROM quad WHERE p = {self._id(ox.NamedNode(iri))}{kept}"
        return f"SELECT {start} AS s {ends} GROUP BY {start} HAVING {several}"

    # --- conditions

    def _test(self, condition: Condition, bound: dict[str, Bound]) -> str:
        """Return SQL for a condition on what is bound."""
        match condition:
            case al.Constant(holds):
                return "true" if holds else "false"
            case al.All(conditions):
                return "(" + (" AND ".join(self._test(one, bound) for one in conditions) or "true") + ")"
            case al.Any(conditions):
                return "(" + (" OR ".join(self._test(one, bound) for one in conditions) or "false") + ")"
            case al.Neg(inner):
                return f"(NOT {self._test(inner, bound)})"
            case al.ExactlyOne(conditions):
                ones = ", ".join(f"CASE WHEN {self._test(one, bound)} THEN 1 ELSE 0 END" for one in conditions)
                # The engine nests a chain of +, and not a thousand deep.
                return f"(list_sum([{ones or '0'}]) = 1)"
            case al.Same(one, other):
                return f"({self._end(one, bound)} = {self._end(other, bound)})"
            case al.OneOf(var, terms):
                return f"({bound[var.name].id} IN ({', '.join(map(self._id, terms)) or '-1'}))"
            case al.IsA(var, cls):
                name, node = self._fresh(), bound[var.name].id
                table = self._names.instances(cls)
                if (bits := self._names.bits(table)) is not None:
                    known = f"get_bit({bits}, {node}::INTEGER) = 1"  # a term may have come after the bits
                    return f"(CASE WHEN {node} < length({bits}) THEN {known} ELSE false END)"
                return f"(EXISTS (SELECT 1 FROM {table} {name} WHERE {name}.n = {node}))"
            case al.FailsSparql(var):
                failed = self._names.failed(condition, bound[var.name].among())
                return f"({bound[var.name].id} IN (SELECT n FROM {failed}))"
            case al.Exists(_, path, _, _) | al.Reaches(_, path, _) if not self._names.leads(path):
                return "false"
            case al.Count(_, path, _, _, operator, number) if not self._names.leads(path):
                return "true" if operator == "<" and number > 0 else "false"
            case al.Exists(start, path, end, where):
                return self._walk(start, path, end, where, bound, "(EXISTS (SELECT 1 FROM {tables} WHERE {wheres}))")
            case al.Count(start, path, end, where, operator, number):
                return self._counted(start, path, end, where, operator, number, bound)
            case al.Reaches(start, path, end):
                tables, wheres, last = self.step(path, self._end(start, bound))
                wheres.append(f"{last} = {self._end(end, bound)}")
                return f"(EXISTS (SELECT 1 FROM {', '.join(tables)} WHERE {' AND '.join(wheres)}))"
            case al.ExistsTriple(start, predicate, object_, where):
                name = self._fresh()
                more = {
                    predicate.name: Bound(f"{name}.p", lambda: "SELECT p FROM quad"),
                    object_.name: Bound(f"{name}.o", lambda: "SELECT o FROM quad"),
                }
                test = self._test(where, bound | more)
                return f"(EXISTS (SELECT 1 FROM quad {name} WHERE {name}.s = {self._end(start, bound)} AND {test}))"
            case al.Compares(one, operator, other):
                types = self._names.datatypes()
                return self._on_terms(
                    lambda left, right: comparison_sql.compares(left, operator, right), (one, other), bound, types
                )
            case al.SameLanguage(one, other):
                return self._on_terms(sql_terms.same_language, (one, other), bound)
            case _:
                return self._on_terms(sql_terms.test_of(condition), (condition.var,), bound)

    def _end(self, end: End, bound: dict[str, Bound]) -> str:
        return bound[end.name].id if isinstance(end, Var) else self._id(end)

    def _walk(
        self, start: End, path: model.Path, end: Var, where: Condition, bound: dict[str, Bound], form: str
    ) -> str:
        tables, wheres, last = self.step(path, self._end(start, bound))
        step = step_of(path)
        if step is None and not al.simple(where):
            # The engine would multiply all the tables of the path before it looks into those of the test.
            name = self._fresh()
            tables = [f"(SELECT {last} AS v FROM {', '.join(tables)} WHERE {' AND '.join(wheres) or 'true'}) {name}"]
            wheres, last = [], f"{name}.v"
        starts = bound[start.name].among if isinstance(start, Var) else lambda: f"SELECT {self._end(start, bound)}"
        mine = Bound(last, lambda: self._ends(starts(), path), self._fresh())
        test = self._test(where, {**bound, end.name: mine})
        if mine.used and step is not None and al.simple(where):
            # Many nodes share a value: each is tested once.
            values = f"SELECT DISTINCT {step[2]} AS v FROM quad WHERE p = {self._id(ox.NamedNode(step[0]))}"
            tested = f"FROM ({values}) d JOIN node {mine.term} ON {mine.term}.id = d.v"
            test = f"{last} IN (SELECT d.v {tested} WHERE CASE WHEN d.v >= 0 THEN {test} ELSE false END)"
        elif mine.used:
            tables.append(f"node {mine.term}")
            wheres.append(f"{mine.term}.id = {last}")
            # Else the engine would try the test on all terms that there are, before it joins.
            test = f"CASE WHEN {last} >= 0 THEN {test} ELSE false END"
        wheres.append(test)
        return form.format(tables=", ".join(tables), wheres=" AND ".join(wheres), end=last)

    def _ends(self, starts: str, path: model.Path) -> str:
        """Return a query for the ids that a path leads to from those of another query."""
        name = self._fresh()
        tables, wheres, end = self.step(path, f"{name}.n")
        return f"SELECT DISTINCT {end} FROM ({starts}) {name}(n), {', '.join(tables)} WHERE {' AND '.join(wheres)}"

    def _counted(
        self,
        start: End,
        path: model.Path,
        end: Var,
        where: Condition,
        operator: str,
        number: int,
        bound: dict[str, Bound],
    ) -> str:
        if (operator, number) == ("<", 0):
            return "false"
        if operator == ">" and where == al.Constant(True) and step_of(path) is not None:
            name, node = self._fresh(), self._end(start, bound)
            return f"(EXISTS (SELECT 1 FROM ({self._many(path, number)}) {name} WHERE {name}.s = {node}))"
        if (operator, number) in {("<", 1), (">", 0)}:
            found = self._walk(start, path, end, where, bound, "(EXISTS (SELECT 1 FROM {tables} WHERE {wheres}))")
            return found if operator == ">" else f"(NOT {found})"
        counted = "(SELECT count(DISTINCT {end}) FROM {tables} WHERE {wheres})"
        found = self._walk(start, path, end, where, bound, counted)
        return f"(coalesce({found}, 0) {operator} {number})"

    def _on_terms(
        self,
        test: Callable[..., str],
        ends: tuple[End, ...],
        bound: dict[str, Bound],
        types: AbstractSet[str] | None = None,
    ) -> str:
        """Return a test on terms, of these datatypes if they are given; terms that are not at hand are looked up."""
        terms, tables, wheres = list[TermSql](), list[str](), list[str]()
        for end in ends:
            if not isinstance(end, Var):
                terms.append(TermSql.constant(end))
                continue
            var = bound[end.name]
            if var.term is None:
                name = self._fresh()
                tables.append(f"node {name}")
                wheres.append(f"{name}.id = {var.id}")
                terms.append(TermSql.of(name, types))
            else:
                var.used = True
                terms.append(TermSql.of(var.term, types))
        found = test(*terms)
        if not tables:
            return found
        return f"(EXISTS (SELECT 1 FROM {', '.join(tables)} WHERE {' AND '.join([*wheres, found])}))"


def step_of(path: model.Path) -> tuple[str, str, str] | None:
    """Return predicate, start column and end column of a path of one step."""
    match path:
        case model.Predicate(iri):
            return iri, "s", "o"
        case model.Inverse(model.Predicate(iri)):
            return iri, "o", "s"
    return None
