"""Shapes as values: what the reader makes of a shapes graph and the compiler makes plans of (SHACL 2 to 5)."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from typing import Final, TypeAlias

import pyoxigraph as ox

from calckg.shapes.record import Record

Term: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal
SH: Final = "http://www.w3.org/ns/shacl#"


def within(value: object, closed: tuple[type, ...] = ()) -> Iterator[object]:
    """Yield a value and all that is in it: items of tuples, fields of records, but not those of ``closed``."""
    yield value
    if isinstance(value, tuple):
        for item in value:
            yield from within(item, closed)
    elif isinstance(value, Record) and not isinstance(value, closed):
        for one in value.__dict__.values():
            yield from within(one, closed)


# --- property paths (SHACL 2.3.1)


class Predicate(Record):
    """One triple, from its subject to its object."""

    iri: str


class Inverse(Record):
    """``path`` walked from its end to its start."""

    path: Path


class Sequence(Record):
    """One path after the other."""

    paths: tuple[Path, ...]


class Alternative(Record):
    """Any of the paths."""

    paths: tuple[Path, ...]


class Closure(Record):
    """``path`` repeated: at least ``least`` times (0 or 1), and any number of times if ``many``, else once at most."""

    path: Path
    least: int
    many: bool


Path: TypeAlias = Predicate | Inverse | Sequence | Alternative | Closure


# --- targets (SHACL 2.1.3; SHACL-AF 3)


class TargetNode(Record):
    """A node itself, whether the data speak of it or not."""

    node: Term


class TargetClass(Record):
    """The instances of a class and of its subclasses; also of a shape that is a class."""

    iri: Term


class TargetSubjectsOf(Record):
    """The subjects of a predicate."""

    iri: str


class TargetObjectsOf(Record):
    """The objects of a predicate."""

    iri: str


class TargetSparql(Record):
    """What a query binds to ``?this``; ``select`` has its prefixes before it, ``values`` are its parameters."""

    select: str
    values: tuple[tuple[str, Term], ...] = ()


Target: TypeAlias = TargetNode | TargetClass | TargetSubjectsOf | TargetObjectsOf | TargetSparql


# --- constraints (SHACL 4 to 6): one class for what is compiled alike; ``component`` is the IRI that a report names


class Class(Record):
    """``sh:class``."""

    cls: Term


class Datatype(Record):
    """``sh:datatype``: the datatype and a lexical form that is one of it."""

    iri: str


class NodeKind(Record):
    """``sh:nodeKind``: any of the kinds IRI, BlankNode, Literal."""

    kinds: frozenset[str]


class MinCount(Record):
    """``sh:minCount``."""

    count: int


class MaxCount(Record):
    """``sh:maxCount``."""

    count: int


class Range(Record):
    """``sh:minExclusive``, ``sh:minInclusive``, ``sh:maxExclusive``, ``sh:maxInclusive``.

    ``operator`` is what must hold of value and limit: ``>``, ``>=``, ``<`` or ``<=``.
    """

    operator: str
    limit: ox.Literal


class Length(Record):
    """``sh:minLength`` (``operator`` is ``>=``) and ``sh:maxLength`` (``<=``)."""

    operator: str
    length: int


class Pattern(Record):
    """``sh:pattern`` with ``sh:flags``."""

    regex: str
    flags: str = ""


class LanguageIn(Record):
    """``sh:languageIn``."""

    ranges: tuple[str, ...]


class UniqueLang(Record):
    """``sh:uniqueLang true``."""


class Equals(Record):
    """``sh:equals``."""

    iri: str


class Disjoint(Record):
    """``sh:disjoint``."""

    iri: str


class LessThan(Record):
    """``sh:lessThan``, and with ``or_equals`` ``sh:lessThanOrEquals``."""

    iri: str
    or_equals: bool = False


class Not(Record):
    """``sh:not``."""

    shape: Shape


class And(Record):
    """``sh:and``."""

    shapes: tuple[Shape, ...]


class Or(Record):
    """``sh:or``."""

    shapes: tuple[Shape, ...]


class Xone(Record):
    """``sh:xone``."""

    shapes: tuple[Shape, ...]


class Node(Record):
    """``sh:node``."""

    shape: Shape


class Property(Record):
    """``sh:property``: its results are those of the property shape itself, with the values as focus nodes."""

    shape: Shape


class Qualified(Record):
    """``sh:qualifiedValueShape`` with one of ``sh:qualifiedMinCount`` (``>=``) and ``sh:qualifiedMaxCount`` (``<=``).

    ``siblings`` are the shapes that no value that counts conforms to (``sh:qualifiedValueShapesDisjoint``).
    """

    shape: Shape
    operator: str
    count: int
    siblings: tuple[Shape, ...] = ()


class Closed(Record):
    """``sh:closed true``: no predicate but ``allowed`` (``sh:ignoredProperties`` among them)."""

    allowed: frozenset[str]


class HasValue(Record):
    """``sh:hasValue``."""

    term: Term


class In(Record):
    """``sh:in``."""

    terms: tuple[Term, ...]


class Sparql(Record):
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


class Constraint(Record):
    """One constraint of a shape: what it asks, and the IRI of the component that a result names."""

    component: str
    kind: Kind


class Shape(Record):
    """A shape; a property shape has a ``path``.

    ``node`` is its node in the shapes graph, ``severity`` an IRI, ``messages`` its ``sh:message`` and ``remedies`` its
    ``rdfs:comment`` or ``sh:description``. Shapes are compared by ``node`` alone.
    """

    node: Term
    path: Path | None = None
    targets: tuple[Target, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    severity: str = SH + "Violation"
    messages: tuple[ox.Literal, ...] = ()
    remedies: tuple[ox.Literal, ...] = ()
    deactivated: bool = False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Shape) and other.node == self.node

    def __hash__(self) -> int:
        return hash(self.node)


class Shapes(Record):
    """All that was read: the shapes that have targets or can be asked for by name, the graph and ``files`` of them."""

    shapes: tuple[Shape, ...]
    graph: ox.Store
    files: tuple[pathlib.Path, ...] = ()

    def __iter__(self) -> Iterator[Shape]:
        return iter(self.shapes)


def holders(node: Term, shapes: ox.Store) -> Iterator[Term]:
    """Yield a node of a shapes graph, and what holds it, and what holds that."""
    seen: set[Term] = set()
    holder: Term | None = node
    while holder is not None and holder not in seen:
        yield holder
        seen.add(holder)
        subjects = (quad.subject for quad in shapes.quads_for_pattern(None, None, holder, None))
        holder = min((s for s in subjects if not isinstance(s, ox.Triple)), key=str, default=None)


def named(node: Term, shapes: ox.Store) -> Term:
    """Return what people know a node of a shapes graph by: its IRI, or that of what holds it; else the node."""
    return next((holder for holder in holders(node, shapes) if isinstance(holder, ox.NamedNode)), node)
