"""Shapes to plans: one plan for each constraint of each shape that nodes are checked against (SHACL 3.4 and 4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count
from typing import Final

import pyoxigraph as ox

from calckg.shapes import algebra as al
from calckg.shapes import model
from calckg.shapes.algebra import THIS, VALUE, Condition, Focus, Plan, Var

_THIS, _VALUE = Var(THIS), Var(VALUE)
_OPPOSITE: Final = {">=": "<", "<=": ">"}


def compile_shapes(shapes: Iterable[model.Shape]) -> Iterator[Plan]:
    """Yield the plans of the shapes that have targets, in their order, and of the property shapes nested in them."""
    for shape in shapes:
        if shape.targets:
            yield from compile_shape(shape, Focus(shape.targets))


def compile_shape(shape: model.Shape, focus: Focus) -> Iterator[Plan]:
    """Yield the plans of one shape for the nodes of ``focus``; none when it is deactivated."""
    if shape.deactivated:
        return
    for constraint in shape.constraints:
        if isinstance(constraint.kind, model.Property):
            hops = focus.hops if shape.path is None else (*focus.hops, shape.path)
            yield from compile_shape(constraint.kind.shape, Focus(focus.targets, hops))
        else:
            yield Plan(shape, constraint, focus, _Conditions().question(constraint, shape.path))


class _Conditions:
    """Makes the conditions of one plan; each variable that it binds has a name of its own."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def _fresh(self) -> Var:
        return Var(f"v{next(self._numbers)}")

    def question(self, constraint: model.Constraint, path: model.Path | None) -> al.Question:
        """Return what a constraint of a shape with ``path`` asks of the focus nodes."""
        kind = constraint.kind
        match kind:
            case model.Sparql():
                return al.Asked(kind, path)
            case model.UniqueLang() if path is not None:
                return al.Languages(path)
            case model.Closed(allowed):
                return al.Triples(path, allowed)
            case model.Equals(iri):
                return al.Absent(path, model.Predicate(iri))
            case model.LessThan(iri, or_equals) if path is not None:
                return al.Pairs(path, model.Predicate(iri), "<=" if or_equals else "<")
        value = _THIS if path is None else _VALUE
        wrong = self._wrong(kind, value, _THIS)
        if wrong is not None:
            return al.Values(path, wrong)
        return al.Nodes(self._lacking(constraint, path, _THIS))

    def fails(self, shape: model.Shape, node: Var) -> Condition:
        """Return the condition that ``node`` does not conform to ``shape``."""
        if shape.deactivated:
            return al.Constant(False)
        return al.Any(tuple(self._violated(shape, constraint, node) for constraint in shape.constraints))

    def _violated(self, shape: model.Shape, constraint: model.Constraint, node: Var) -> Condition:
        path = shape.path
        if isinstance(constraint.kind, model.Sparql):
            return al.FailsSparql(node, constraint, constraint.kind, path, shape.node)
        value = node if path is None else self._fresh()
        wrong = self._wrong(constraint.kind, value, node)
        if wrong is None:
            return self._lacking(constraint, path, node)
        return wrong if path is None else al.Exists(node, path, value, wrong)

    def _wrong(self, kind: model.Kind, value: Var, node: Var) -> Condition | None:
        """Return what is wrong with one value node; ``None`` where all values of the node count together."""
        match kind:
            case model.Class(cls):
                return al.Neg(al.IsA(value, cls))
            case model.Datatype(iri):
                return al.Neg(al.HasDatatype(value, iri))
            case model.NodeKind(kinds):
                return al.Neg(al.IsKind(value, kinds))
            case model.Range(operator, limit):
                return al.Neg(al.Compares(value, operator, limit))
            case model.Length(operator, length):
                return al.Neg(al.LengthIs(value, operator, length))
            case model.Pattern(regex, flags):
                return al.Neg(al.Matches(value, regex, flags))
            case model.LanguageIn(ranges):
                return al.Neg(al.InLanguage(value, ranges))
            case model.In(terms):
                return al.Neg(al.OneOf(value, terms))
            case model.Disjoint(iri):
                return al.Reaches(node, model.Predicate(iri), value)
            case model.Closed(allowed):
                predicate, object_ = self._fresh(), self._fresh()
                others = al.Neg(al.OneOf(predicate, tuple(ox.NamedNode(iri) for iri in sorted(allowed))))
                return al.ExistsTriple(value, predicate, object_, others)
            case model.Not() | model.And() | model.Or() | model.Xone() | model.Node() | model.Property():
                return self._logical(kind, value)
            case _:
                return None

    def _logical(
        self, kind: model.Not | model.And | model.Or | model.Xone | model.Node | model.Property, value: Var
    ) -> Condition:
        match kind:
            case model.Not(shape):
                return al.Neg(self.fails(shape, value))
            case model.Node(shape) | model.Property(shape):
                return self.fails(shape, value)
            case model.And(shapes):
                return al.Any(tuple(self.fails(shape, value) for shape in shapes))
            case model.Or(shapes):
                return al.All(tuple(self.fails(shape, value) for shape in shapes))
            case model.Xone(shapes):
                return al.Neg(al.ExactlyOne(tuple(al.Neg(self.fails(shape, value)) for shape in shapes)))

    def _lacking(self, constraint: model.Constraint, path: model.Path | None, node: Var) -> Condition:
        """Return what is wrong with all values of ``node`` together."""
        kind, value = constraint.kind, self._fresh()
        match kind:
            case model.HasValue(term):
                return al.Neg(al.Same(node, term) if path is None else al.Reaches(node, path, term))
            case model.Equals(iri):
                return self._unequal(node, path, model.Predicate(iri))
        if path is None:
            raise TypeError(f"{constraint.component} in a node shape; the reader should have refused it")
        match kind:
            case model.MinCount(least):
                return al.Count(node, path, value, al.Constant(True), "<", least)
            case model.MaxCount(most):
                return al.Count(node, path, value, al.Constant(True), ">", most)
            case model.Qualified(shape, operator, number, siblings):
                fails = (self.fails(shape, value), *(al.Neg(self.fails(one, value)) for one in siblings))
                return al.Count(node, path, value, al.Neg(al.Any(fails)), _OPPOSITE[operator], number)
            case model.UniqueLang():
                other = self._fresh()
                twice = al.All((al.Neg(al.Same(value, other)), al.SameLanguage(value, other)))
                return al.Exists(node, path, value, al.Exists(node, path, other, twice))
            case model.LessThan(iri, or_equals):
                other = self._fresh()
                wrong = al.Neg(al.Compares(value, "<=" if or_equals else "<", other))
                return al.Exists(node, path, value, al.Exists(node, model.Predicate(iri), other, wrong))
            case _:
                raise TypeError(f"{constraint.component} is not known to the compiler")

    def _unequal(self, node: Var, path: model.Path | None, other: model.Path) -> Condition:
        value = self._fresh()
        if path is None:
            more = al.Exists(node, other, value, al.Neg(al.Same(value, node)))
            return al.Any((al.Neg(al.Reaches(node, other, node)), more))
        back = self._fresh()
        return al.Any(
            (
                al.Exists(node, path, value, al.Neg(al.Reaches(node, other, value))),
                al.Exists(node, other, back, al.Neg(al.Reaches(node, path, back))),
            )
        )
