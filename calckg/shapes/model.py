"""Shapes as values: what the reader makes of a shapes graph and the compiler makes plans of (SHACL 2 to 5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Final, TypeAlias

import pyoxigraph as ox

Term: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal
SH: Final = "http://www.w3.org/ns/shacl#"


def within(value: object, closed: tuple[type, ...] = ()) -> Iterator[object]:
    """Yield a value and all that is in it: items of tuples, fields of dataclasses, but not those of ``closed``."""
    yield value
    if isinstance(value, tuple):
        for item in value:
            yield from within(item, closed)
    elif is_dataclass(value) and not isinstance(value, closed):
        for one in fields(value):
            yield from within(getattr(value, one.name), closed)


# --- property paths (SHACL 2.3.1)


@dataclass(frozen=True, slots=True)
class Predicate:
    """One triple, from its subject to its object."""

    iri: str


@dataclass(frozen=True, slots=True)
class Inverse:
    """``path`` walked from its end to its start."""

    path: Path


@dataclass(frozen=True, slots=True)
class Sequence:
    """One path after the other."""

    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Alternative:
    """Any of the paths."""

    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Closure:
    """``path`` repeated: at least ``least`` times (0 or 1), and any number of times if ``many``, else once at most."""

    path: Path
    least: int
    many: bool


Path: TypeAlias = Predicate | Inverse | Sequence | Alternative | Closure


# --- targets (SHACL 2.1.3; SHACL-AF 3)


@dataclass(frozen=True, slots=True)
class TargetNode:
    """A node itself, whether the data speak of it or not."""

    node: Term


@dataclass(frozen=True, slots=True)
class TargetClass:
    """The instances of a class and of its subclasses; also of a shape that is a class."""

    iri: Term


@dataclass(frozen=True, slots=True)
class TargetSubjectsOf:
    """The subjects of a predicate."""

    iri: str


@dataclass(frozen=True, slots=True)
class TargetObjectsOf:
    """The objects of a predicate."""

    iri: str


@dataclass(frozen=True, slots=True)
class TargetSparql:
    """What a query binds to ``?this``; ``select`` has its prefixes before it, ``values`` are its parameters."""

    select: str
    values: tuple[tuple[str, Term], ...] = ()


Target: TypeAlias = TargetNode | TargetClass | TargetSubjectsOf | TargetObjectsOf | TargetSparql


# --- constraints (SHACL 4 to 6): one class for what is compiled alike; ``component`` is the IRI that a report names


@dataclass(frozen=True, slots=True)
class Class:
    """``sh:class``."""

    cls: Term


@dataclass(frozen=True, slots=True)
class Datatype:
    """``sh:datatype``: the datatype and a lexical form that is one of it."""

    iri: str


@dataclass(frozen=True, slots=True)
class NodeKind:
    """``sh:nodeKind``: any of the kinds IRI, BlankNode, Literal."""

    kinds: frozenset[str]


@dataclass(frozen=True, slots=True)
class MinCount:
    """``sh:minCount``."""

    count: int


@dataclass(frozen=True, slots=True)
class MaxCount:
    """``sh:maxCount``."""

    count: int


@dataclass(frozen=True, slots=True)
class Range:
    """``sh:minExclusive``, ``sh:minInclusive``, ``sh:maxExclusive``, ``sh:maxInclusive``.

    ``operator`` is what must hold of value and limit: ``>``, ``>=``, ``<`` or ``<=``.
    """

    operator: str
    limit: ox.Literal


@dataclass(frozen=True, slots=True)
class Length:
    """``sh:minLength`` (``operator`` is ``>=``) and ``sh:maxLength`` (``<=``)."""

    operator: str
    length: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """``sh:pattern`` with ``sh:flags``."""

    regex: str
    flags: str = ""


@dataclass(frozen=True, slots=True)
class LanguageIn:
    """``sh:languageIn``."""

    ranges: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UniqueLang:
    """``sh:uniqueLang true``."""


@dataclass(frozen=True, slots=True)
class Equals:
    """``sh:equals``."""

    iri: str


@dataclass(frozen=True, slots=True)
class Disjoint:
    """``sh:disjoint``."""

    iri: str


@dataclass(frozen=True, slots=True)
class LessThan:
    """``sh:lessThan``, and with ``or_equals`` ``sh:lessThanOrEquals``."""

    iri: str
    or_equals: bool = False


@dataclass(frozen=True, slots=True)
class Not:
    """``sh:not``."""

    shape: Shape


@dataclass(frozen=True, slots=True)
class And:
    """``sh:and``."""

    shapes: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """``sh:or``."""

    shapes: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class Xone:
    """``sh:xone``."""

    shapes: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """``sh:node``."""

    shape: Shape


@dataclass(frozen=True, slots=True)
class Property:
    """``sh:property``: its results are those of the property shape itself, with the values as focus nodes."""

    shape: Shape


@dataclass(frozen=True, slots=True)
class Qualified:
    """``sh:qualifiedValueShape`` with one of ``sh:qualifiedMinCount`` (``>=``) and ``sh:qualifiedMaxCount`` (``<=``).

    ``siblings`` are the shapes that no value that counts conforms to (``sh:qualifiedValueShapesDisjoint``).
    """

    shape: Shape
    operator: str
    count: int
    siblings: tuple[Shape, ...] = ()


@dataclass(frozen=True, slots=True)
class Closed:
    """``sh:closed true``: no predicate but ``allowed`` (``sh:ignoredProperties`` among them)."""

    allowed: frozenset[str]


@dataclass(frozen=True, slots=True)
class HasValue:
    """``sh:hasValue``."""

    term: Term


@dataclass(frozen=True, slots=True)
class In:
    """``sh:in``."""

    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Sparql:
    """A constraint or a validator written in SPARQL (SHACL 5 and 6).

    ``query`` has its prefixes before it and, in a property shape, ``$PATH`` replaced. An ASK is asked for each value
    node, bound to ``?value``; a SELECT for each focus node. ``values`` are the parameters of the component by variable;
    ``node`` is the constraint's own node (``sh:sourceConstraint``), ``None`` for a component. ``messages`` are the
    constraint's or the validator's, where it has some; they come before the shape's.
    """

    query: str
    ask: bool = False
    values: tuple[tuple[str, Term], ...] = ()
    node: Term | None = None
    messages: tuple[ox.Literal, ...] = ()


Kind: TypeAlias = (
    Class | Datatype | NodeKind | MinCount | MaxCount | Range | Length | Pattern | LanguageIn | UniqueLang | Equals
    | Disjoint | LessThan | Not | And | Or | Xone | Node | Property | Qualified | Closed | HasValue | In | Sparql
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Constraint:
    """One constraint of a shape: what it asks, and the IRI of the component that a result names."""

    component: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Shape:
    """A shape; a property shape has a ``path``.

    ``node`` is its node in the shapes graph, ``severity`` an IRI, ``messages`` its ``sh:message`` and ``remedies`` its
    ``rdfs:comment`` or ``sh:description``. Shapes are compared by ``node`` alone.
    """

    node: Term
    path: Path | None = field(default=None, compare=False)
    targets: tuple[Target, ...] = field(default=(), compare=False)
    constraints: tuple[Constraint, ...] = field(default=(), compare=False)
    severity: str = field(default=SH + "Violation", compare=False)
    messages: tuple[ox.Literal, ...] = field(default=(), compare=False)
    remedies: tuple[ox.Literal, ...] = field(default=(), compare=False)
    deactivated: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Shapes:
    """All that was read: the shapes that have targets or can be asked for by name, and the graph that has them."""

    shapes: tuple[Shape, ...]
    graph: ox.Store

    def __iter__(self) -> Iterator[Shape]:
        return iter(self.shapes)
