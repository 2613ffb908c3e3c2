"""A constraint's SELECT as one SQL statement over ``quad`` and ``node``, for all focus nodes at once.

A group becomes ``FROM tables WHERE conditions`` with an SQL expression for each variable; a UNION makes several.
Solutions are told apart by the ids of all their variables and of what stands between the steps of their paths: made
distinct over these, a triple counts once however many graphs have it, and no solution is lost. ``$this`` is a column of
the table of focus nodes in each group that speaks of it, a parameter is its id (values insertion: SHACL, appendix A).
What is beyond this raises ``Outside``; the query is then asked of a store.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import pyoxigraph as ox

from calckg.shapes import model
from calckg.shapes.algebra import THIS
from calckg.shapes.columns import select_tree
from calckg.shapes.columns.expression_sql import Expressions
from calckg.shapes.columns.select_tree import (
    Bind,
    Call,
    Exists,
    Expression,
    Filter,
    Group,
    Node,
    Optional,
    Outside,
    Part,
    Tree,
    Triple,
    Union,
    Var,
    conjuncts,
    flattened,
    has_empty_part,
    in_order,
    looked_into,
)
from calckg.shapes.columns.select_walks import OBJECTS, Block, Names, Walks
from calckg.shapes.columns.sql_terms import TermSql
from calckg.shapes.columns.value_sql import ERROR, Value
from calckg.shapes.model import Term

_COLUMNS: Final = ("kind", "value", "datatype", "lang")
_SHORT: Final = 200  # letters of SQL; what is longer is made once, under a name
_MOST: Final = 16  # groups that unions may make of one


@dataclass(frozen=True, slots=True)
class Selection:
    """A statement and its columns: each a variable and what it is (see ``Value.kind``); the first is ``this``."""

    sql: str
    columns: tuple[tuple[str, str], ...]


def translated(query: Tree, focus: str, names: Names, parameters: Mapping[str, Term] | None = None) -> Selection | None:
    """Return the statement for a query, asked of the nodes in the table ``focus(n)``; ``None`` if it is beyond SQL."""
    try:
        return _Translator(focus, names, parameters or {}).selection(query)
    except (Outside, RecursionError):
        return None


class _Translator:
    def __init__(self, focus: str, names: Names, parameters: Mapping[str, Term]) -> None:
        self._focus, self.names, self._walks = focus, names, Walks(names)
        self._meeting: set[Node] = set()  # variables that several steps end at
        self._parameters = {
            name: Value("term", str(names.id(term)), resource=not isinstance(term, ox.Literal), constant=term)
            for name, term in parameters.items()
        }

    # --- the statement

    def selection(self, query: Tree) -> Selection:
        ends = Counter(part.end for part in model.within(query.group) if isinstance(part, Triple))
        self._meeting = {end for end, times in ends.items() if times > 1 and isinstance(end, Var)}
        start = Block(frozenset({THIS, *self._parameters}))
        self._find(start, THIS)
        blocks = self._group([start], query.group)
        columns = query.columns
        if columns is None:
            found = {name for block in blocks for name in block.bound if not name.startswith("_:")}
            columns = tuple((name, None) for name in sorted(found))
        for name, expression in columns:
            if expression is not None:
                blocks = [self._bind(block, Bind(expression, name)) for block in blocks]
        names = [THIS, *dict.fromkeys(name for name, _ in columns if name != THIS)]
        values = [[self.value(block, name) or ERROR for name in names] for block in blocks]
        kinds = []
        for told in zip(*values, strict=True):
            kind = {value.kind for value in told} - {ERROR.kind}
            if len(kind) > 1:
                raise Outside("a variable that is once a term, once a text")
            kinds.append(next(iter(kind), "term"))
        sql = " UNION ALL ".join(
            block.told(row, kinds, query.distinct) for block, row in zip(blocks, values, strict=True)
        )
        if query.distinct and len(blocks) > 1:
            sql = f"SELECT DISTINCT * FROM ({sql}) every"
        return Selection(sql, tuple(zip(names, kinds, strict=True)))

    # --- variables and terms

    def _find(self, block: Block, name: str) -> Value | None:
        """Return what a pattern of the block joins a variable to."""
        if name in block.unknown:
            raise Outside("a variable of an OPTIONAL in an EXISTS")
        if name in block.bound:
            return block.bound[name]
        found = self.value(block.outer, name) if block.outer is not None else self._parameters.get(name)
        if found is None and name == THIS and block.outer is None:
            alias = self._walks.fresh()
            block.tables.append(f"{self._focus} {alias}")
            block.bound[THIS] = found = Value("term", f"{alias}.n")
            there = f"SELECT n FROM {self._focus} WHERE n IN (SELECT {{}} FROM quad)"
            block.domains[found.sql] = f"{there.format('s')} UNION {there.format('o')}"
        return found

    def value(self, block: Block, name: str) -> Value | None:
        """Return what an expression in the group that is being read sees of a variable."""
        if name in block.unknown:
            raise Outside("a variable of an OPTIONAL in an EXISTS")
        return self._find(block, name) if name in block.seen or name in block.given else None

    def row(self, block: Block, value: Value) -> TermSql:
        """Return the columns of a term; it is joined to the block that it is of."""
        if value.constant is not None:
            return TermSql.constant(value.constant)
        if value.sql in block.rows:
            return block.rows[value.sql]
        if block.owns(value.sql) and not value.maybe:
            alias, domain, terms = self._walks.fresh(), block.domains.get(value.sql, ""), "node"
            if domain.startswith(OBJECTS) and self.names.few(domain):
                # An engine that takes the many rows with few ids for the smaller side joins them one by one.
                terms = self.names.table(f"SELECT * FROM node WHERE id IN ({domain})")
            block.tables.append(f"{terms} {alias}")
            block.wheres.append(f"{alias}.id = {value.sql}")
            block.rows[value.sql] = TermSql.of(alias)
            return block.rows[value.sql]
        if block.outer is not None and not block.owns(value.sql):
            return self.row(block.outer, value)
        raise Outside("a term that is computed, or may be unbound, and is looked into")

    def exists(self, block: Block, group: Group) -> str:
        """Return a test for solutions of a group, the variables around it being what they are."""
        inner = Block(block.given | block.seen, block)
        tests = []
        for one in self._group([inner], flattened(group)):
            if one.tables:
                tests.append(f"EXISTS (SELECT 1{one.source()})")
            else:
                tests.append(f"coalesce({' AND '.join(one.wheres)}, false)" if one.wheres else "true")
        return "(" + " OR ".join(tests) + ")"

    def _expressions(self, block: Block) -> Expressions:
        return Expressions(_Seen(self, block))

    # --- groups

    def _group(self, blocks: Iterable[Block], group: Group) -> list[Block]:
        """Join the solutions of a group to each block."""
        found = []
        for block in blocks:
            around, block.seen = block.seen, set()
            some = [block]
            for part in in_order(group):
                some = [more for one in some for more in self._part(one, part)]
                if len(some) > _MOST:
                    raise Outside("more unions than are worth it")
            for one in some:
                one.seen |= around
            found += some
        return found

    def _part(self, block: Block, part: Part) -> list[Block]:
        match part:
            case Triple():
                self._pattern(block, part)
            case Filter(test):
                return [self._filter(block, test)]
            case Bind():
                return [self._bind(block, part)]
            case Optional(group):
                return [self._optional(block, group)]
            case Union(groups):
                return [one for group in groups for one in self._group([block.copy()], group)]
        return [block]

    def _filter(self, block: Block, test: Expression) -> Block:
        block = self._with_rows(block, test)
        later = []
        for one in conjuncts(test):
            block.wheres += self._unlike(block, one)
            trial = block.copy()
            tests = self._expressions(trial).tests(one)
            if trial.tables == block.tables:
                block.wheres += _waiting(block, one, tests)
            else:
                later.append(one)
        block = self._staged(block) if later else block
        for one in later:
            block.wheres += _waiting(block, one, self._expressions(block).tests(one))
        return block

    def _unlike(self, block: Block, test: Expression) -> list[str]:
        """Return what a comparison of texts says of ids: what differs in its text is not the same term."""
        if isinstance(test, Call) and test.name in {"<", ">", "!="}:
            texts = [one.arguments[0] for one in test.arguments if isinstance(one, Call) and one.name == "STR"]
            values = [self.value(block, one.name) for one in texts if isinstance(one, Var)]
            ids = [value.sql for value in values if value is not None and value.kind == "term"]
            if len(ids) == 2:
                return block.once_joined([f"{ids[0]} <> {ids[1]}"])
        return []

    def _staged(self, block: Block) -> Block:
        """Have all that ids can tell done before terms are looked up: an engine would look up more of them."""
        staged = block.outer is None and len(block.tables) > 1 and not block.rows
        return self._layer(block, "DISTINCT ") if staged else block

    def _bind(self, block: Block, part: Bind) -> Block:
        if self._find(block, part.name) is not None:
            raise Outside("a variable that has a value already")
        block = self._with_rows(block, part.value)
        trial = block.copy()
        self._expressions(trial).value(part.value)
        block = block if trial.tables == block.tables else self._staged(block)
        value = self._expressions(block).value(part.value)
        block.bound[part.name] = value
        block.seen.add(part.name)
        short = value.constant is not None or len(value.sql) <= _SHORT
        return block if short else self._layer(block)

    def _with_rows(self, block: Block, expression: Expression) -> Block:
        """Have the terms at hand of the variables that an expression looks into and that may be unbound."""
        looked = [
            name
            for name in sorted(looked_into(expression) & set(block.bound))
            if block.bound[name].kind == "term" and block.bound[name].maybe and block.bound[name].sql not in block.rows
        ]
        if not looked:
            return block
        made = self._layer(block)
        for name in looked:
            alias, value = self._walks.fresh(), made.bound[name].sql
            made.tables[0] += f" LEFT JOIN node {alias} ON {alias}.id = {value}"
            made.rows[value] = TermSql.of(alias)
        return made

    def _layer(self, block: Block, distinct: str = "") -> Block:
        """Return the block as one table, a column for each value in it."""
        alias = self._walks.fresh()
        told = [value.sql for value in block.bound.values() if value.constant is None]
        told += block.keys + [getattr(row, name) for row in block.rows.values() for name in _COLUMNS]
        columns = {sql: f"c{number}" for number, sql in enumerate(dict.fromkeys(told))}
        select = ", ".join(f"{sql} AS {name}" for sql, name in columns.items()) or "1 AS c0"
        now = {sql: f"{alias}.{name}" for sql, name in columns.items()}
        made = block.copy()
        made.tables, made.wheres = [f"(SELECT {distinct}{select}{block.source()}) {alias}"], []
        made.bound = {name: replace(v, sql=now.get(v.sql, v.sql)) for name, v in block.bound.items()}
        made.keys = [now[key] for key in block.keys]
        made.rows = {
            now.get(sql, sql): TermSql(now[row.kind], now[row.value], now[row.datatype], now[row.lang])
            for sql, row in block.rows.items()
        }
        made.domains = {now[sql]: query for sql, query in block.domains.items() if sql in now}
        return made

    def _optional(self, block: Block, group: Group) -> Block:
        names = select_tree.variables(group)
        if block.outer is not None:
            # Whether there is a solution does not hang on it, unless something speaks of its variables.
            block.unknown |= {name for name in names if self._find(block, name) is None}
            return block
        if any(name in block.bound for name in names - block.seen - block.given):
            raise Outside("a variable that an OPTIONAL and what is around its group share")
        right = Block(block.given)
        tests = [part.test for part in group.parts if isinstance(part, Filter)]
        rest = Group(tuple(part for part in group.parts if not isinstance(part, Filter)))
        rights = self._group([right], rest)
        if len(rights) > 1 or any(value.constant is not None for value in rights[0].bound.values()):
            raise Outside("a union or a constant in an OPTIONAL")
        (right,) = rights
        both = []
        for test in tests:
            spoken = select_tree.variables(test)
            if any(name not in right.bound and self.value(block, name) for name in spoken - right.given):
                both.append(test)
                for name in spoken:
                    for side in (block, right):
                        value = side.bound.get(name)
                        if value is not None and value.kind == "term" and not value.maybe:
                            self.row(side, value)
            else:
                right.wheres += self._expressions(right).tests(test)
        return self._left_join(self._layer(block), self._layer(right), both)

    def _left_join(self, left: Block, right: Block, tests: Sequence[Expression]) -> Block:
        conditions = []
        made = left.copy()
        for name, value in right.bound.items():
            mine = left.bound.get(name)
            if mine is None:
                made.bound[name] = replace(value, maybe=True, constant=None)
                made.seen.add(name)
            elif mine.maybe or value.maybe or mine.kind != "term" or value.kind != "term":
                raise Outside("a variable that may be unbound on one side of a join")
            else:
                conditions.append(f"{mine.sql} = {value.sql}")
        made.rows |= right.rows
        made.keys += right.keys
        made.tables = list(left.tables)
        for test in tests:
            conditions += self._expressions(made).tests(test)
        if made.tables != left.tables or made.wheres:
            raise Outside("a condition of an OPTIONAL that looks further")
        (one,), (other,) = left.tables, right.tables
        made.tables = [f"{one} LEFT JOIN {other} ON {' AND '.join(conditions) or 'true'}"]
        # The rows of what may be missing are at hand only where it is not: there they are NULL.
        return made

    # --- triples

    def _pattern(self, block: Block, triple: Triple) -> None:
        if isinstance(triple.path, Var):
            alias = self._walks.quad(block)
            known = self._known(block, triple.path)
            if known is not None and block.outer is not None:
                self._walks.among(block, f"{alias}.p", known)
            self._join(block, triple.start, f"{alias}.s", resource=True)
            self._join(block, triple.path, f"{alias}.p", resource=True)
            self._join(block, triple.end, f"{alias}.o")
            return
        start, end = self._known(block, triple.start), self._known(block, triple.end)
        empty = has_empty_part(triple.path)
        if empty and any(
            isinstance(node, Var) and node.name in self._parameters for node in (triple.start, triple.end)
        ):
            raise Outside("a parameter at the end of a path of no length")
        if isinstance(triple.path, model.Predicate) and triple.end in self._meeting:
            first, last = self._walks.meet(block, triple.path.iri, start, end)
        else:
            first, last = self._walks.walk(block, triple.path, start, end)
        self._join(block, triple.start, first, resource=isinstance(triple.path, model.Predicate))
        self._join(block, triple.end, last)

    def _known(self, block: Block, node: Node) -> str | None:
        if not isinstance(node, Var):
            return str(self.names.id(node))
        value = self._find(block, node.name)
        if value is not None and (value.kind != "term" or value.maybe):
            raise Outside("a pattern with a variable that is no term of the data, or may be unbound")
        return None if value is None else value.sql

    def _join(self, block: Block, node: Node, sql: str, *, resource: bool = False) -> None:
        known = self._known(block, node)
        if known is not None and known != sql:
            block.wheres.append(f"{sql} = {known}")
        if isinstance(node, Var):
            block.seen.add(node.name)
            if known is None:
                block.bound[node.name] = Value("term", sql, resource=resource)
            elif resource and node.name in block.bound:
                block.bound[node.name] = replace(block.bound[node.name], resource=True)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the expressions of a group see (``expression_sql.Scope``)."""

    translator: _Translator
    block: Block

    def value(self, name: str) -> Value | None:
        return self.translator.value(self.block, name)

    def row(self, value: Value) -> TermSql:
        return self.translator.row(self.block, value)

    def exists(self, group: Group) -> str:
        return self.translator.exists(self.block, group)

    def id(self, term: Term) -> int:
        return self.translator.names.id(term)

    def blanks(self) -> bool:
        return self.translator.names.blanks()


def _waiting(block: Block, test: Expression, tests: list[str]) -> list[str]:
    """Return what ``tests`` say of ``test``; where it compares two variables, once all is joined."""
    compares = isinstance(test, Call) and test.name in {"<", "<=", ">", ">=", "!=", "!"}
    asks = any(isinstance(one, Exists) for one in model.within(test))
    return block.once_joined(tests) if compares and len(looked_into(test)) > 1 and not asks else tests
