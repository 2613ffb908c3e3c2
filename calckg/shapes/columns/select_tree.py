"""A SELECT as a tree: that part of SPARQL 1.1 which ``select_sql`` turns into SQL (``select_reader`` reads it)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import pyoxigraph as ox

from calckg.shapes import model
from calckg.shapes.model import Path, Term, within
from calckg.shapes.record import Record


class Outside(Exception):  # noqa: N818 - no error: the query is asked in another way
    """A query, or the data it is asked of, is beyond what can be said in SQL with the same meaning."""


class Var(Record):
    """A variable; that of a blank node begins with ``_:`` and is none of the solutions'."""

    name: str


class Call(Record):
    """A function or an operator, by its name in capitals, and what it is given."""

    name: str
    arguments: tuple[Expression, ...]


class Exists(Record):
    """``EXISTS``; NOT is a ``Call`` around it."""

    group: Group


Expression: TypeAlias = Var | Call | Exists | ox.NamedNode | ox.Literal
Node: TypeAlias = Var | ox.NamedNode | ox.Literal


class Triple(Record):
    """A triple pattern; ``path`` is a variable, or a predicate or another path."""

    start: Node
    path: Var | Path
    end: Node


class Filter(Record):
    """``FILTER``."""

    test: Expression


class Bind(Record):
    """``BIND``."""

    value: Expression
    name: str


class Optional(Record):
    """``OPTIONAL``."""

    group: Group


class Union(Record):
    """``UNION``, or a group in a group, which is a union of one."""

    groups: tuple[Group, ...]


class Group(Record):
    """A group graph pattern."""

    parts: tuple[Part, ...]


Part: TypeAlias = Triple | Filter | Bind | Optional | Union


class Tree(Record):
    """A SELECT; without ``columns`` it is ``SELECT *``. A column is a variable, or what is bound to one."""

    distinct: bool
    columns: tuple[tuple[str, Expression | None], ...] | None
    group: Group


def terms(value: object) -> Iterator[Term]:
    """Yield the terms that a tree speaks of, the predicates of its paths too."""
    for part in within(value):
        if isinstance(part, ox.NamedNode | ox.Literal):
            yield part
        elif isinstance(part, model.Predicate):
            yield ox.NamedNode(part.iri)


def variables(value: object) -> set[str]:
    """Return the names of the variables that a part of a tree speaks of."""
    return {part.name for part in within(value) if isinstance(part, Var | Bind)}


def conjuncts(expression: Expression) -> list[Expression]:
    """Return the conditions that are joined by ``&&``."""
    if isinstance(expression, Call) and expression.name == "&&":
        return [one for part in expression.arguments for one in conjuncts(part)]
    return [expression]


def looked_into(expression: object) -> set[str]:
    """Return the variables of an expression of which more is asked than whether they are bound."""
    if isinstance(expression, Call):
        return set() if expression.name == "BOUND" else set[str]().union(*map(looked_into, expression.arguments))
    return variables(expression)


def in_order(group: Group) -> list[Part]:
    """Return the parts of a group: patterns that others must bind first after these, filters as soon as they can be."""
    found, waiting = list[Part](), list[Part]()
    for part in group.parts:
        if isinstance(part, Triple):
            late = not isinstance(part.path, Var) and has_empty_part(part.path)
            (waiting if late else found).append(part)
        elif not isinstance(part, Filter):
            found += [*waiting, part]
            waiting = []
    found += waiting
    tests: dict[int, list[Expression]] = {}
    for part in group.parts:
        if isinstance(part, Filter):
            spoken = variables(part)
            at = max((n + 1 for n, one in enumerate(found) if spoken & variables(one)), default=0)
            while at < len(found) and isinstance(found[at], Triple):
                at += 1
            tests.setdefault(at, []).append(part.test)
    ordered = list[Part]()
    for at in range(len(found) + 1):
        ordered += [Filter(Call("&&", tuple(tests[at])))] if at in tests else []
        ordered += found[at : at + 1]
    return ordered


def flattened(group: Group) -> Group:
    """Return a group with the same answer to whether it has a solution: triples that it asks for by EXISTS are its own.

    An engine finds them by one join. Only what binds no variable that something else speaks of is moved.
    """
    found, rest = list[Part](), list[Part]()
    for part in group.parts:
        tests = conjuncts(part.test) if isinstance(part, Filter) else []
        rest += map(Filter, tests) if tests else [part]
    for part in rest:
        match part:
            case Filter(Exists(Group(parts))) if all(map(_is_plain, parts)):
                others = [one for one in rest if one is not part]
                bound = variables(tuple(one for one in others if isinstance(one, Triple)))
                alone = variables(parts) - bound
                found += parts if not alone & variables(tuple(others)) else [part]
            case _:
                found.append(part)
    return Group(tuple(found))


def _is_plain(part: Part) -> bool:
    return isinstance(part, Triple) and (isinstance(part.path, Var) or not has_empty_part(part.path))


def closures(path: Path) -> Iterator[model.Closure]:
    """Yield the repeated parts of a path."""
    match path:
        case model.Closure(inner):
            yield path
            yield from closures(inner)
        case model.Inverse(inner):
            yield from closures(inner)
        case model.Sequence(paths) | model.Alternative(paths):
            for one in paths:
                yield from closures(one)


def has_empty_part(path: Path) -> bool:
    """Tell whether a path has a part of no length: what it leads from or to must be known."""
    return any(one.least == 0 for one in closures(path))
