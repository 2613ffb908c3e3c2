"""The tables and conditions that a part of a query becomes, and the walks along property paths among them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count

import pyoxigraph as ox

from calckg.shapes import model
from calckg.shapes.columns.select_tree import Outside, closures
from calckg.shapes.columns.sql_terms import TermSql
from calckg.shapes.columns.value_sql import ERROR, TYPES, Value
from calckg.shapes.model import Path, Term

OBJECTS = "SELECT o AS n FROM quad WHERE p = "
"""How a query for the objects of one predicate begins."""
_NODES = "SELECT s AS n FROM quad UNION SELECT o FROM quad"


@dataclass(frozen=True, slots=True)
class Names:
    """What is asked of the back end: ids of terms, and the tables that it makes, for one query once."""

    id: Callable[[Term], int]
    closure: Callable[[model.Closure], str]  # a relation (s, o) of the path, once or more
    table: Callable[[str], str]  # a table of what a query gives
    listed: Callable[[str], str]  # the ids that a query gives, for IN
    blanks: Callable[[], bool]  # whether a term is a blank node
    few: Callable[[str], bool]  # whether a query for ids gives few, each many times


@dataclass(slots=True)
class Block:
    """Some tables, joined: one part of a group, or all of it.

    ``keys`` are the hidden ids that tell solutions apart, ``rows`` the columns of the terms that are at hand by id,
    ``domains`` a query for what an id may be. ``seen`` are the variables that the group being read speaks of, ``given``
    those that every group knows. In an EXISTS ``outer`` is the group around it.
    """

    given: frozenset[str]
    outer: Block | None = None
    tables: list[str] = field(default_factory=list)
    wheres: list[str] = field(default_factory=list)
    bound: dict[str, Value] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    rows: dict[str, TermSql] = field(default_factory=dict)
    domains: dict[str, str] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)  # not asked for: nothing may speak of them

    def copy(self) -> Block:
        """Return another that can be gone on with."""
        tables, wheres, keys = list(self.tables), list(self.wheres), list(self.keys)
        bound, rows, domains = dict(self.bound), dict(self.rows), dict(self.domains)
        seen, unknown = set(self.seen), set(self.unknown)
        return Block(self.given, self.outer, tables, wheres, bound, keys, rows, domains, seen, unknown)

    def owns(self, sql: str) -> bool:
        """Tell whether the value of one of its own variables is this."""
        return any(value.sql == sql for value in self.bound.values())

    def source(self) -> str:
        """Return what follows the columns of a SELECT."""
        tables = f" FROM {', '.join(self.tables)}" if self.tables else ""
        return tables + (f" WHERE {' AND '.join(self.wheres)}" if self.wheres else "")

    def once_joined(self, tests: Iterable[str]) -> list[str]:
        """Return tests that wait for all that is bound: an engine may take them for a way to join, and pair off all."""
        known = [f"{value.sql} >= 0" for value in self.bound.values() if value.kind == "term" and not value.maybe]
        return [f"CASE WHEN {' AND '.join(known)} THEN {test} ELSE false END" if known else test for test in tests]

    def told(self, values: Sequence[Value], kinds: Sequence[str], distinct: bool) -> str:
        """Return a SELECT of the solutions: each once, or as often as there are."""
        columns = [
            f"{f'NULL::{TYPES[kind]}' if value.kind == ERROR.kind else value.sql} AS c{number}"
            for number, (value, kind) in enumerate(zip(values, kinds, strict=True))
        ]
        if distinct:
            return f"SELECT DISTINCT {', '.join(columns)}{self.source()}"
        keys = [value.sql for value in self.bound.values() if value.kind == "term" and value.constant is None]
        apart = [f"{key} AS k{number}" for number, key in enumerate(dict.fromkeys([*keys, *self.keys]))]
        named = ", ".join(f"c{number}" for number in range(len(columns)))
        return f"SELECT {named} FROM (SELECT DISTINCT {', '.join([*columns, *apart])}{self.source()}) told"


class Walks:
    """Puts steps and whole paths into blocks; a path's nodes between its steps are keys (SPARQL 1.1, 18.4).

    A sequence and an alternative have as many solutions as the pattern that they stand for; a closure is a set.
    """

    def __init__(self, names: Names) -> None:
        self._names, self._numbers = names, count(1)

    def fresh(self) -> str:
        """Return an alias that no table has."""
        return f"y{next(self._numbers)}"

    def quad(self, block: Block) -> str:
        """Put one triple into a block, and return its alias."""
        alias = self.fresh()
        block.tables.append(f"quad {alias}")
        return alias

    def among(self, block: Block, column: str, at: str) -> None:
        """Say what ``at``, which a column is joined to, may be: so that little of all the quads is read."""
        domain = self._domain(block, at)
        if domain != _NODES:
            block.wheres.append(f"{column} IN {self._names.listed(f'SELECT DISTINCT n FROM ({domain}) ends')}")

    def meet(self, block: Block, iri: str, start: str | None, end: str | None) -> tuple[str, str]:
        """Put a step into a block as ``walk`` does, where another step ends at the same node.

        Where a predicate has few objects, the step has a table of its own: of all quads an engine only knows that they
        have many, and then it pairs off all that have the same one.
        """
        predicate = self._names.id(ox.NamedNode(iri))
        if not self._names.few(f"{OBJECTS}{predicate}"):
            return self.walk(block, model.Predicate(iri), start, end)
        alias = self.fresh()
        block.tables.append(f"{self._names.table(f'SELECT s, o FROM quad WHERE p = {predicate}')} {alias}")
        self._place(block, alias, predicate)
        return self._ends(block, alias, start, end)

    def walk(self, block: Block, path: Path, start: str | None, end: str | None) -> tuple[str, str]:
        """Put a walk into a block and return the ids that it begins and ends with; those given are joined."""
        match path:
            case model.Predicate(iri):
                alias, predicate = self.quad(block), self._names.id(ox.NamedNode(iri))
                block.wheres.append(f"{alias}.p = {predicate}")
                self._place(block, alias, predicate)
                return self._ends(block, alias, start, end)
            case model.Inverse(inner):
                return self.walk(block, inner, end, start)[::-1]
            case model.Sequence(paths):
                return self._sequence(block, paths, start, end)
            case model.Alternative(paths):
                return self._alternative(block, paths, start, end)
            case model.Closure(inner, least, many):
                if any(one.least == 0 for one in closures(inner)):
                    raise Outside("paths of no length in a path that is repeated")
                if not least:
                    return self._from_nothing(block, path, start, end)
                alias = self.fresh()
                table = self._names.closure(path) if many else f"({self._relation(inner)})"
                block.tables.append(f"{table} {alias}")
                return self._ends(block, alias, start, end)

    def _place(self, block: Block, alias: str, predicate: int) -> None:
        """Note what the ends of a step may be."""
        block.domains[f"{alias}.s"] = f"SELECT s AS n FROM quad WHERE p = {predicate}"
        block.domains[f"{alias}.o"] = f"{OBJECTS}{predicate}"

    def _ends(self, block: Block, alias: str, start: str | None, end: str | None) -> tuple[str, str]:
        block.wheres += [f"{alias}.{column} = {at}" for column, at in (("s", start), ("o", end)) if at is not None]
        return start or f"{alias}.s", end or f"{alias}.o"

    def _sequence(self, block: Block, paths: tuple[Path, ...], start: str | None, end: str | None) -> tuple[str, str]:
        last = len(paths) - 1
        if start is None and isinstance(paths[0], model.Closure) and not paths[0].least:
            at = end
            for number, path in reversed(list(enumerate(paths))):
                first, after = self.walk(block, path, None, at)
                end = after if number == last else end
                block.keys += [first] * (number > 0)
                at = first
            return at or "", end or ""
        at = start
        for number, path in enumerate(paths):
            before, at = self.walk(block, path, at, end if number == last else None)
            start = before if number == 0 else start
            block.keys += [at] * (number < last)
        return start or "", at or ""

    def _alternative(
        self, block: Block, paths: tuple[Path, ...], start: str | None, end: str | None
    ) -> tuple[str, str]:
        alias = self.fresh()
        plain = [path.iri for path in paths if isinstance(path, model.Predicate)]
        if len(set(plain)) == len(paths):
            ids = ", ".join(str(self._names.id(ox.NamedNode(iri))) for iri in plain)
            block.tables.append(f"quad {alias}")
            block.wheres.append(f"{alias}.p IN ({ids})")
            block.keys.append(f"{alias}.p")
            for column in "so":
                block.domains[f"{alias}.{column}"] = f"SELECT {column} AS n FROM quad WHERE p IN ({ids})"
            return self._ends(block, alias, start, end)
        parts = []
        for path in paths:
            part = Block(frozenset())
            parts.append((part, *self.walk(part, path, None, None)))
        most = max(len(part.keys) for part, _, _ in parts)
        selects = []
        for number, (part, first, last) in enumerate(parts):
            keys = [*part.keys, *["NULL::BIGINT"] * (most - len(part.keys))]
            columns = "".join(f", {key} AS k{at}" for at, key in enumerate(keys))
            selects.append(f"SELECT {first} AS s, {last} AS o, {number} AS way{columns}{part.source()}")
        block.tables.append(f"({' UNION ALL '.join(selects)}) {alias}")
        block.keys += [f"{alias}.way", *(f"{alias}.k{at}" for at in range(most))]
        return self._ends(block, alias, start, end)

    def _from_nothing(self, block: Block, path: model.Closure, start: str | None, end: str | None) -> tuple[str, str]:
        """Walk a path that may have no length: from what one of its ends may be, which must be known."""
        at, column = (start, "s") if start is not None else (end, "o")
        if at is None:
            raise Outside("a path of no length from anywhere to anywhere")
        whence = self._names.table(f"SELECT DISTINCT n FROM ({self._domain(block, at)}) ends")
        step = self._names.closure(model.Closure(path.path, 1, True)) if path.many else f"({self._relation(path.path)})"
        found = self._names.table(
            f"SELECT DISTINCT s, o FROM {step} step WHERE s <> o AND {column} IN (SELECT n FROM {whence}) "
            f"UNION ALL SELECT n AS s, n AS o FROM {whence}"
        )
        alias = self.fresh()
        block.tables.append(f"{found} {alias}")
        return self._ends(block, alias, start, end)

    def _domain(self, block: Block, at: str) -> str:
        while True:
            if at in block.domains:
                return block.domains[at]
            if block.outer is None:
                return f"SELECT {at}::BIGINT AS n" if at.isdigit() else _NODES
            block = block.outer

    def _relation(self, path: Path) -> str:
        part = Block(frozenset())
        start, end = self.walk(part, path, None, None)
        return f"SELECT DISTINCT {start} AS s, {end} AS o{part.source()}"
