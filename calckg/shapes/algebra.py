"""A small algebra between shapes and queries: conditions on nodes, and one plan a constraint.

A plan asks for the nodes, or the pairs of focus node and value node, of which a *condition* holds: that something is
wrong with them. Conditions speak of variables (``this``, ``value``, those that ``Exists`` and ``Count`` bind) and of
terms. Nothing here grows with the data. Three know every class: the renderers ``to_sql`` and ``to_sparql``, and
``changed``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

import pyoxigraph as ox

from calckg.shapes.model import Constraint, Path, Shape, Sparql, Target, Term, within
from calckg.shapes.record import Record

THIS: Final = "this"
VALUE: Final = "value"


class Var(Record):
    """A variable; its name is a word of ASCII letters and digits."""

    name: str


End: TypeAlias = Var | ox.NamedNode | ox.BlankNode | ox.Literal
"""What stands at the end of a path or of a comparison."""


# --- conditions


class Constant(Record):
    """Always ``holds``."""

    holds: bool


class All(Record):
    """Every one of the conditions; of none, true."""

    conditions: tuple[Condition, ...]


class Any(Record):
    """One of the conditions or more; of none, false."""

    conditions: tuple[Condition, ...]


class Neg(Record):
    """Not ``condition``. There is no third value: a comparison that can't be made is false."""

    condition: Condition


class ExactlyOne(Record):
    """Just one of the conditions."""

    conditions: tuple[Condition, ...]


class Same(Record):
    """Two ends are the same RDF term (not only the same value)."""

    one: End
    other: End


class OneOf(Record):
    """A node is one of the terms."""

    var: Var
    terms: tuple[Term, ...]


class IsKind(Record):
    """A node is of one of the kinds ``IRI``, ``BlankNode``, ``Literal``."""

    var: Var
    kinds: frozenset[str]


class IsA(Record):
    """A node is a SHACL instance of a class: ``rdf:type/rdfs:subClassOf*``."""

    var: Var
    cls: Term


class HasDatatype(Record):
    """A node is a literal of the datatype, and its lexical form is one of that datatype (``lexical`` knows them)."""

    var: Var
    iri: str


class Compares(Record):
    """``one operator other`` by SPARQL's operator table (SPARQL 1.1, 17.3); false where it has no entry."""

    one: End
    operator: str
    other: End


class LengthIs(Record):
    """``STRLEN(STR(node)) operator length``; false of a blank node."""

    var: Var
    operator: str
    length: int


class Matches(Record):
    """``REGEX(STR(node), regex, flags)``; false of a blank node."""

    var: Var
    regex: str
    flags: str


class InLanguage(Record):
    """A node is a literal whose language one of the ``ranges`` matches (``langMatches``)."""

    var: Var
    ranges: tuple[str, ...]


class SameLanguage(Record):
    """Two nodes are literals of the same language, whatever its case; false where one has none."""

    one: Var
    other: Var


class Exists(Record):
    """``path`` leads from ``start`` to some ``end`` of which ``where`` holds."""

    start: End
    path: Path
    end: Var
    where: Condition = Constant(True)


class Reaches(Record):
    """``path`` leads from ``start`` to ``end``, both of which are known."""

    start: End
    path: Path
    end: End


class ExistsTriple(Record):
    """``start`` has a triple with ``predicate`` and ``object``, of which ``where`` holds."""

    start: End
    predicate: Var
    object: Var
    where: Condition = Constant(True)


class Count(Record):
    """So many different ends does ``path`` lead to from ``start`` of which ``where`` holds."""

    start: End
    path: Path
    end: Var
    where: Condition
    operator: str
    count: int


class FailsSparql(Record):
    """A node does not conform to a constraint in SPARQL, which is asked beforehand (the engine knows how).

    ``shape`` is the node of the shape that has it, ``path`` its path: the values are what that leads to, or the node
    itself.
    """

    var: Var
    constraint: Constraint
    query: Sparql
    path: Path | None
    shape: Term


Condition: TypeAlias = (
    Constant | All | Any | Neg | ExactlyOne | Same | OneOf | IsKind | IsA | HasDatatype | Compares | LengthIs | Matches
    | InLanguage | SameLanguage | Exists | Reaches | ExistsTriple | Count | FailsSparql
)  # fmt: skip


def conjuncts(condition: Condition) -> Iterator[Condition]:
    """Yield the conditions all of which must hold for this one to hold."""
    match condition:
        case All(conditions):
            for one in conditions:
                yield from conjuncts(one)
        case Any((one,)):
            yield from conjuncts(one)
        case Neg(Any(conditions)):
            for one in conditions:
                yield from conjuncts(Neg(one))
        case Neg(Neg(inner)):
            yield from conjuncts(inner)
        case _:
            yield condition


def of_value(condition: Condition) -> bool:
    """Tell whether a condition is one on the value alone, wherever it is a value."""
    return not any(part == Var(THIS) for part in within(condition))


def asks_sparql(condition: Condition) -> bool:
    """Tell whether a part of a condition is a query, which may report a failure of nodes that nobody asks about."""
    return any(isinstance(part, FailsSparql) for part in within(condition))


def simple(condition: Condition) -> bool:
    """Tell whether a condition asks only what a value is, and of no triple."""
    match condition:
        case All(conditions) | Any(conditions) | ExactlyOne(conditions):
            return all(map(simple, conditions))
        case Neg(inner):
            return simple(inner)
        case Compares(_, _, other) | Same(_, other):
            return not isinstance(other, Var)
        case Constant() | OneOf() | IsKind() | HasDatatype() | LengthIs() | Matches() | InLanguage():
            return True
    return False


def renamed(condition: Condition, old: Var, new: Var) -> Condition:
    """Return a condition that speaks of another variable in the place of ``old``."""

    def of(value: object) -> object:
        if value == old:
            return new
        if isinstance(value, tuple):
            return tuple(of(one) for one in value)
        return renamed(value, old, new) if isinstance(value, Condition.__args__) else value

    return condition.changed(**{name: of(value) for name, value in condition.__dict__.items()})


def one_in_the_other(counted: Count, ends: Sequence[Var]) -> Condition:
    """Return the condition that a path leads to as many different ends, each of them as is asked for."""
    found: Condition = Constant(True)
    for number in reversed(range(len(ends))):
        unlike = (Neg(Same(ends[number], other)) for other in ends[:number])
        parts = (*unlike, renamed(counted.where, counted.end, ends[number]), found)
        where = All(tuple(part for part in parts if part != Constant(True)))
        found = Exists(counted.start, counted.path, ends[number], where)
    return found


# --- plans


class Focus(Record):
    """Where the focus nodes come from: the targets, then along each of ``hops`` (of nested property shapes)."""

    targets: tuple[Target, ...]
    hops: tuple[Path, ...] = ()


class Values(Record):
    """A result for each focus node ``this`` and value node ``value`` of which ``where`` holds.

    Without ``path`` the value node is the focus node itself: only ``this`` is bound, and ``where`` speaks of it alone.
    """

    path: Path | None
    where: Condition


class Nodes(Record):
    """A result without a value for each focus node ``this`` of which ``where`` holds."""

    where: Condition


class Languages(Record):
    """A result without a value for each focus node and each language of more than one value (``sh:uniqueLang``)."""

    path: Path


class Triples(Record):
    """A result for each triple of a value node whose predicate is none of ``allowed``: its path, its value.

    Without ``path`` the value node is the focus node itself.
    """

    path: Path | None
    allowed: frozenset[str]


class Absent(Record):
    """A result for each focus node and each of its values of ``path`` that ``other`` does not lead to, and back.

    That is ``sh:equals``: the value is one that only one of the two has.
    """

    path: Path | None
    other: Path


class Pairs(Record):
    """A result for each focus node and value of ``path`` for each ``other`` value that it does not stand so to.

    That is ``sh:lessThan``: one result a pair of values, though it names only the first.
    """

    path: Path
    other: Path
    operator: str


class Asked(Record):
    """The results of a query in SPARQL, for each focus node."""

    query: Sparql
    path: Path | None


Question: TypeAlias = Values | Nodes | Languages | Triples | Absent | Pairs | Asked


class Plan(Record):
    """What one constraint of one shape asks of the nodes that it is checked for."""

    shape: Shape
    constraint: Constraint
    focus: Focus
    question: Question
