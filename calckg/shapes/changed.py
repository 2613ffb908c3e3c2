"""Which focus nodes of a plan changed triples can touch: what a plan reads, walked back from what has changed.

A plan reads triples along paths from its focus nodes: to find that these are targets, to come to their values, to test
these. A triple that was added or removed touches the focus nodes from which a walk in the old graph or in the new one
comes to where it is read. That is never too few nodes: of all others every walk is what it was, and so are the results.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Final, assert_never

from calckg.shapes import algebra as al
from calckg.shapes import model
from calckg.shapes.algebra import THIS, VALUE, Condition, End, Var
from calckg.shapes.model import Path

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_TYPE: Final = model.Predicate("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_SUBCLASS: Final = "http://www.w3.org/2000/01/rdf-schema#subClassOf"


@dataclass(frozen=True, slots=True)
class AnyTriple:
    """One triple, whatever its predicate but for those of ``but``."""

    but: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Read:
    """A plan reads what ``path`` takes, from the nodes that ``before`` lead to from a focus node, one by one."""

    before: tuple[Path, ...]
    path: Path | AnyTriple


@dataclass(frozen=True, slots=True)
class Reads:
    """All that a plan reads: ``walks``, and whether it asks for instances of classes; ``anything`` where none can tell.

    What asks for instances reads all the class hierarchy.
    """

    walks: frozenset[Read]
    instances: bool = False
    anything: bool = False


@dataclass(frozen=True, slots=True)
class Touched:
    """The focus nodes to check again: ``every`` one, or those in the table ``nodes`` of one column ``n``, if any."""

    every: bool = False
    nodes: str | None = None

    def __bool__(self) -> bool:
        """Tell whether there is something to check."""
        return self.every or self.nodes is not None


# --- what a plan reads


def reads(plan: al.Plan) -> Reads:
    """Return what a plan reads of the data."""
    found = _Reading()
    back = tuple(turned(hop) for hop in reversed(plan.focus.hops))
    for number, hop in enumerate(back):
        found.walks.add(Read(back[:number], hop))
    for target in plan.focus.targets:
        found.target(target, back)
    found.question(plan.question)
    return Reads(frozenset(found.walks), found.instances, found.anything)


class _Reading:
    def __init__(self) -> None:
        self.walks = set[Read]()
        self.instances = self.anything = False

    def target(self, target: model.Target, back: tuple[Path, ...]) -> None:
        match target:
            case model.TargetNode():
                pass
            case model.TargetClass():
                self.instances = True
                self.walks.add(Read(back, _TYPE))
            case model.TargetSubjectsOf(iri):
                self.walks.add(Read(back, model.Predicate(iri)))
            case model.TargetObjectsOf(iri):
                self.walks.add(Read(back, model.Inverse(model.Predicate(iri))))
            case model.TargetSparql():
                self.anything = True
            case _:
                assert_never(target)

    def question(self, question: al.Question) -> None:
        bound: dict[str, tuple[Path, ...]] = {THIS: ()}
        match question:
            case al.Values(path, where):
                bound[VALUE] = () if path is None else (path,)
                self._paths(path)
                self._condition(where, bound)
            case al.Nodes(where):
                self._condition(where, bound)
            case al.Languages(path):
                self._paths(path)
            case al.Triples(path, allowed):
                self._paths(path)
                self.walks.add(Read(() if path is None else (path,), AnyTriple(allowed)))
            case al.Absent(path, other) | al.Pairs(path, other):
                self._paths(path, other)
            case al.Asked():
                self.anything = True
            case _:
                assert_never(question)

    def _paths(self, *paths: Path | None) -> None:
        self.walks.update(Read((), path) for path in paths if path is not None)

    def _condition(self, condition: Condition, bound: dict[str, tuple[Path, ...]]) -> None:
        match condition:
            case al.All(conditions) | al.Any(conditions) | al.ExactlyOne(conditions):
                for one in conditions:
                    self._condition(one, bound)
            case al.Neg(inner):
                self._condition(inner, bound)
            case al.Exists(start, path, end, where) | al.Count(start, path, end, where):
                self._condition(where, {**bound, **self._walk(start, path, end, bound)})
            case al.Reaches(start, path, end):
                self._walk(start, path, end, bound)
            case al.IsA(var):
                self.instances = True
                self._walk(var, _TYPE, var, bound)
            case al.ExistsTriple(start, _, _, where):
                # What it binds is no end of a path: a condition that walks on from there can't be placed.
                self._walk(start, AnyTriple(), start, bound)
                self._condition(where, bound)
            case al.FailsSparql():
                self.anything = True
            case (
                al.Constant() | al.Same() | al.OneOf() | al.IsKind() | al.HasDatatype() | al.Compares() | al.LengthIs()
                | al.Matches() | al.InLanguage() | al.SameLanguage()
            ):  # fmt: skip
                pass  # of the terms themselves
            case _:
                assert_never(condition)

    def _walk(
        self, start: End, path: Path | AnyTriple, end: End, bound: dict[str, tuple[Path, ...]]
    ) -> dict[str, tuple[Path, ...]]:
        """Note a walk; return the variable at its end with the paths that lead to it."""
        before = bound.get(start.name) if isinstance(start, Var) else None
        if before is None:
            self.anything = True
            return {}
        self.walks.add(Read(before, path))
        return {end.name: (*before, path)} if isinstance(end, Var) and not isinstance(path, AnyTriple) else {}


def turned(path: Path) -> Path:
    """Return the path that leads from the ends of ``path`` to its starts; ``Inverse`` only of a predicate in it."""
    match path:
        case model.Predicate():
            return model.Inverse(path)
        case model.Inverse(inner):
            return _straight(inner)
        case model.Sequence(paths):
            return model.Sequence(tuple(turned(one) for one in reversed(paths)))
        case model.Alternative(paths):
            return model.Alternative(tuple(map(turned, paths)))
        case model.Closure(inner, least, many):
            return model.Closure(turned(inner), least, many)
    assert_never(path)


def _straight(path: Path) -> Path:
    """Return the same path with ``Inverse`` only of a predicate in it."""
    return turned(turned(path)) if not isinstance(path, model.Predicate) else path


# --- whom that touches


class Changes:
    """Tells what the triples of a temporary table ``changed(s, p, o)`` touch: those added and those removed.

    Their ids are those of ``node``, a relation with all terms of the new graph and those that only removed triples
    have. ``walked`` is made: the triples of both graphs.
    """

    def __init__(self, connection: DuckDBPyConnection) -> None:
        self._connection, self._numbers = connection, count(1)
        self._tables: dict[tuple[object, ...], str | None] = {}
        self._made = list[str]()
        run = connection.execute
        run("CREATE OR REPLACE TEMP VIEW walked AS SELECT s, p, o FROM quad UNION ALL SELECT s, p, o FROM changed")
        rows = run("SELECT t.value, t.id FROM (SELECT DISTINCT p FROM walked) w JOIN node t ON t.id = w.p").fetchall()
        self._ids = {str(iri): int(identifier) for iri, identifier in rows}
        self._changed = {int(p) for (p,) in run("SELECT DISTINCT p FROM changed").fetchall()}

    def touched(self, plan: al.Plan) -> Touched:
        """Return the focus nodes of a plan that have to be checked again; they need not be targets any more."""
        found = reads(plan)
        if found.anything or (found.instances and self._ids.get(_SUBCLASS) in self._changed):
            return Touched(every=bool(self._changed))
        return Touched(nodes=self._any(self._read(read) for read in sorted(found.walks, key=repr)))

    def _read(self, read: Read) -> str | None:
        return self._back(read.before, self._starts(read.path))

    def _back(self, paths: Iterable[Path], nodes: str | None) -> str | None:
        """Return the nodes from which ``paths``, one after the other, lead to ``nodes``."""
        for path in reversed(tuple(paths)):
            nodes = self._step(path, nodes)
        return nodes

    def _starts(self, path: Path | AnyTriple) -> str | None:
        """Return the nodes from which a walk along ``path`` can take a triple that has changed."""
        return self._kept(("starts", path), lambda: self._made_starts(path))

    def _made_starts(self, path: Path | AnyTriple) -> str | None:
        match path:
            case AnyTriple(but):
                ids = self._changed - {self._ids[iri] for iri in but if iri in self._ids}
                return self._ends("s", ids, "changed")
            case model.Predicate(iri):
                return self._ends("s", {self._ids.get(iri, -1)} & self._changed, "changed")
            case model.Inverse(model.Predicate(iri)):
                return self._ends("o", {self._ids.get(iri, -1)} & self._changed, "changed")
            case model.Inverse():
                return self._starts(_straight(path))
            case model.Sequence(paths):
                return self._any(self._back(paths[:number], self._starts(one)) for number, one in enumerate(paths))
            case model.Alternative(paths):
                return self._any(map(self._starts, paths))
            case model.Closure(inner, _, many):
                begun = self._starts(inner)
                return self._back([path], begun) if many else begun
        assert_never(path)

    def _step(self, path: Path, nodes: str | None) -> str | None:
        """Return the nodes from which ``path`` leads to one of ``nodes``."""
        if nodes is None:
            return None
        return self._kept(("step", path, nodes), lambda: self._made_step(path, nodes))

    def _made_step(self, path: Path, nodes: str) -> str | None:
        to = f"SELECT n FROM {nodes}"
        match path:
            case model.Predicate(iri):
                return self._ends("s", {self._ids[iri]} if iri in self._ids else (), "walked", f"o IN ({to})")
            case model.Inverse(model.Predicate(iri)):
                return self._ends("o", {self._ids[iri]} if iri in self._ids else (), "walked", f"s IN ({to})")
            case model.Inverse():
                return self._step(_straight(path), nodes)
            case model.Sequence(paths):
                return self._back(paths, nodes)
            case model.Alternative(paths):
                return self._any(self._step(one, nodes) for one in paths)
            case model.Closure(inner, _, many):
                found: str | None = nodes
                last = self._step(inner, nodes)
                while last is not None:
                    new = self._table(f"SELECT n FROM {last} EXCEPT SELECT n FROM {found}")
                    found = self._any([found, new])
                    last = self._step(inner, new) if many else None
                return found
        assert_never(path)

    # --- tables of nodes; there is none of no node

    def _ends(self, end: str, predicates: Iterable[int], triples: str, where: str = "true") -> str | None:
        ids = ", ".join(map(str, sorted(predicates)))
        return self._table(f"SELECT {end} AS n FROM {triples} WHERE p IN ({ids}) AND {where}") if ids else None

    def _any(self, tables: Iterable[str | None]) -> str | None:
        some = list(dict.fromkeys(table for table in tables if table is not None))
        if len(some) < 2:
            return some[0] if some else None
        return self._kept(("any", *some), lambda: self._table(" UNION ALL ".join(f"SELECT n FROM {t}" for t in some)))

    def _kept(self, key: tuple[object, ...], make: Callable[[], str | None]) -> str | None:
        if key not in self._tables:
            self._tables[key] = make()
        return self._tables[key]

    def _table(self, query: str) -> str | None:
        name = f"touched_{next(self._numbers)}"
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT DISTINCT n FROM ({query}) node_of")
        if self._connection.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone() is not None:
            self._made.append(name)
            return name
        self._connection.execute(f"DROP TABLE {name}")
        return None

    def drop(self) -> None:
        """Drop all tables that were made."""
        for name in self._made:
            self._connection.execute(f"DROP TABLE {name}")
        self._made.clear()
        self._tables.clear()
