"""A shapes graph to shapes (SHACL 2 to 6), or a refusal that names the node: what is not well formed is not run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import pyoxigraph as ox

from calckg.shapes import components, model
from calckg.shapes.model import SH, Constraint, Kind, Shape, Shapes, Term
from calckg.shapes.nodes import XSD, Nodes, shown

_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_RDFS: Final = "http://www.w3.org/2000/01/rdf-schema#"
_SHAPE_CLASSES: Final = ("NodeShape", "PropertyShape")
_TARGETS: Final = ("targetNode", "targetClass", "targetSubjectsOf", "targetObjectsOf", "target")
_KINDS: Final = {
    "IRI": {"IRI"},
    "BlankNode": {"BlankNode"},
    "Literal": {"Literal"},
    "BlankNodeOrIRI": {"BlankNode", "IRI"},
    "BlankNodeOrLiteral": {"BlankNode", "Literal"},
    "IRIOrLiteral": {"IRI", "Literal"},
}
_RANGES: Final = {"minExclusive": ">", "minInclusive": ">=", "maxExclusive": "<", "maxInclusive": "<="}
_LENGTHS: Final = {"minLength": ">=", "maxLength": "<="}
_COUNTS: Final = {"qualifiedMinCount": ">=", "qualifiedMaxCount": "<="}
_SEVERAL: Final = {"class", "equals", "disjoint", "lessThan", "lessThanOrEquals", "hasValue", "not", "node", "property"}
_SEVERAL_LISTS: Final = {"and", "or", "xone"}
_OF_PROPERTIES: Final = {"minCount", "maxCount", "uniqueLang", "lessThan", "lessThanOrEquals", "qualifiedValueShape"}
_ONCE: Final = (
    *("datatype", "nodeKind", "minCount", "maxCount", *_RANGES, *_LENGTHS, "pattern", "languageIn", "uniqueLang"),
    *("qualifiedValueShape", "closed", "in"),
)
_PARAMETERS: Final = (*_ONCE, *_SEVERAL, *_SEVERAL_LISTS, "sparql")
_TRUE: Final = ox.Literal("true", datatype=ox.NamedNode(XSD + "boolean"))
_REFUSED: Final = {"js": "JavaScript is not run", "rule": "rules are not run", "expression": "expressions are not run"}


def read(triples: Iterable[ox.Triple | ox.Quad]) -> Shapes:
    """Read all shapes of a shapes graph.

    Raises ``CalckgError`` for a graph that is not well formed, for a shape that holds itself, and for what is not
    done here: ``sh:entailment``, JavaScript, rules, node expressions.
    """
    return _Reader(Nodes(triples)).read()


class _Reader:
    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes
        self._made: dict[Term, Shape] = {}
        self._within: list[Term] = []
        self._components = components.declared(nodes)

    def read(self) -> Shapes:
        for node in self._nodes.subjects(SH + "entailment"):
            (regime, *_) = self._nodes.values(node, SH + "entailment")
            raise self._nodes.fault(
                node, f"it asks for the entailment {shown(regime)}, which is not done", "leave it out"
            )
        shapes = tuple(self._shape(node) for node in self._found())
        graph = ox.Store()
        graph.bulk_extend(ox.Quad(t.subject, t.predicate, t.object) for t in self._nodes.triples())
        return Shapes(shapes, graph)

    def _found(self) -> list[Term]:
        """Return the nodes of all shapes that something says of them that they are, or that a target makes so."""
        found: dict[Term, None] = {}
        for name in _SHAPE_CLASSES:
            found.update(dict.fromkeys(self._nodes.instances(SH + name)))
        for name in (*_TARGETS, *_PARAMETERS):
            found.update(dict.fromkeys(self._nodes.subjects(SH + name)))
        for component in self._components:
            for parameter in component.parameters:
                if not parameter.optional:
                    found.update(dict.fromkeys(self._nodes.subjects(parameter.path)))
        return sorted(found, key=str)

    def _shape(self, node: Term) -> Shape:
        if node in self._made:
            return self._made[node]
        if node in self._within:
            cycle = " → ".join(map(shown, [*self._within[self._within.index(node) :], node]))
            raise self._nodes.fault(node, f"the shape holds itself: {cycle}", "break the cycle")
        if isinstance(node, ox.Literal):
            raise self._nodes.fault(node, "a literal is no shape", "name a shape by its IRI, or write it in [ ]")
        self._within.append(node)
        nodes = self._nodes
        for name, reason in _REFUSED.items():
            if nodes.values(node, SH + name):
                raise nodes.fault(node, f"it has sh:{name}, and {reason}", "leave it out, or write it in SPARQL")
        told = nodes.one(node, SH + "path")
        path = None if told is None else nodes.path(node, told)
        if path is None and ox.NamedNode(SH + "PropertyShape") in nodes.values(node, _RDF + "type"):
            raise nodes.fault(node, "a property shape has no sh:path", "give it one")
        severity = nodes.one(node, SH + "severity")
        shape = Shape(
            node=node,
            path=path,
            targets=self._targets(node),
            constraints=tuple(self._constraints(node, path)),
            severity=SH + "Violation" if severity is None else nodes.iri(node, SH + "severity", severity),
            messages=components.messages(nodes, node),
            remedies=tuple(v for v in nodes.values(node, _RDFS + "comment") if isinstance(v, ox.Literal)),
            deactivated=nodes.flag(node, SH + "deactivated"),
        )
        self._within.pop()
        self._made[node] = shape
        return shape

    def _targets(self, node: Term) -> tuple[model.Target, ...]:
        nodes, found = self._nodes, list[model.Target]()
        found += [model.TargetNode(value) for value in nodes.values(node, SH + "targetNode")]
        for value in nodes.values(node, SH + "targetClass"):
            found.append(model.TargetClass(ox.NamedNode(nodes.iri(node, SH + "targetClass", value))))
        types = nodes.values(node, _RDF + "type")
        if ox.NamedNode(_RDFS + "Class") in types and any(ox.NamedNode(SH + name) in types for name in _SHAPE_CLASSES):
            found.append(model.TargetClass(node))
        for value in nodes.values(node, SH + "targetSubjectsOf"):
            found.append(model.TargetSubjectsOf(nodes.iri(node, SH + "targetSubjectsOf", value)))
        for value in nodes.values(node, SH + "targetObjectsOf"):
            found.append(model.TargetObjectsOf(nodes.iri(node, SH + "targetObjectsOf", value)))
        found += [components.target(nodes, node, value) for value in nodes.values(node, SH + "target")]
        return tuple(found)

    def _constraints(self, node: Term, path: model.Path | None) -> Iterable[Constraint]:
        nodes = self._nodes
        for name in _PARAMETERS:
            values = nodes.values(node, SH + name)
            if not values:
                continue
            if path is None and name in _OF_PROPERTIES:
                raise nodes.fault(
                    node, f"sh:{name} stands in a node shape", "put it into a property shape (sh:property)"
                )
            if name in _ONCE:
                nodes.one(node, SH + name)
            for value in values:
                yield from self._of(node, name, value, path)
        for component in self._components:
            yield from component.uses(nodes, node, path)

    def _of(self, node: Term, name: str, value: Term, path: model.Path | None) -> Iterable[Constraint]:
        if name == "qualifiedValueShape":
            yield from self._qualified(node, value)
        elif name == "sparql":
            constraint = components.constraint(self._nodes, node, value, path)
            if constraint is not None:
                yield constraint
        else:
            kind = self._kind(node, name, value)
            if kind is not None:
                yield Constraint(f"{SH}{name[0].upper()}{name[1:]}ConstraintComponent", kind)

    def _kind(self, node: Term, name: str, value: Term) -> Kind | None:
        nodes, key = self._nodes, SH + name
        if name in _RANGES:
            if not isinstance(value, ox.Literal):
                raise nodes.fault(node, f"sh:{name} is {shown(value)}, which is no literal", "give a number or a date")
            return model.Range(_RANGES[name], value)
        if name in _LENGTHS:
            return model.Length(_LENGTHS[name], nodes.number(node, key, value))
        if name in _SEVERAL_LISTS:
            shapes = tuple(self._shape(member) for member in nodes.members(node, key, value))
            if name == "and":
                return model.And(shapes)
            return model.Or(shapes) if name == "or" else model.Xone(shapes)
        simple: dict[str, Callable[[], Kind]] = {
            "class": lambda: model.Class(ox.NamedNode(nodes.iri(node, key, value))),
            "datatype": lambda: model.Datatype(nodes.iri(node, key, value)),
            "nodeKind": lambda: self._node_kind(node, value),
            "minCount": lambda: model.MinCount(nodes.number(node, key, value)),
            "maxCount": lambda: model.MaxCount(nodes.number(node, key, value)),
            "pattern": lambda: self._pattern(node, value),
            "languageIn": lambda: model.LanguageIn(
                tuple(nodes.text(node, key, member) for member in nodes.members(node, key, value))
            ),
            "equals": lambda: model.Equals(nodes.iri(node, key, value)),
            "disjoint": lambda: model.Disjoint(nodes.iri(node, key, value)),
            "lessThan": lambda: model.LessThan(nodes.iri(node, key, value)),
            "lessThanOrEquals": lambda: model.LessThan(nodes.iri(node, key, value), or_equals=True),
            "not": lambda: model.Not(self._shape(value)),
            "node": lambda: self._node(node, value),
            "property": lambda: self._property(node, value),
            "hasValue": lambda: model.HasValue(value),
            "in": lambda: model.In(nodes.members(node, key, value)),
        }
        if name == "uniqueLang":
            # The specification asks for the literal true: 1 is the same value, but not the same term.
            return model.UniqueLang() if nodes.flag(node, key) and value == _TRUE else None
        if name == "closed":
            return self._closed(node) if nodes.flag(node, key) else None
        return simple[name]()

    def _node_kind(self, node: Term, value: Term) -> model.NodeKind:
        iri = self._nodes.iri(node, SH + "nodeKind", value)
        kinds = _KINDS.get(iri.removeprefix(SH))
        if kinds is None:
            known = ", ".join(f"sh:{name}" for name in _KINDS)
            raise self._nodes.fault(node, f"sh:nodeKind is {shown(value)}", f"give one of {known}")
        return model.NodeKind(frozenset(kinds))

    def _pattern(self, node: Term, value: Term) -> model.Pattern:
        flags = self._nodes.one(node, SH + "flags")
        letters = "" if flags is None else self._nodes.text(node, SH + "flags", flags)
        regex = self._nodes.text(node, SH + "pattern", value)
        problem = components.regex_problem(regex, letters)
        if problem:
            raise self._nodes.fault(node, f"sh:pattern {regex!r} with flags {letters!r}: {problem}", "mend it")
        return model.Pattern(regex, letters)

    def _node(self, node: Term, value: Term) -> model.Node:
        shape = self._shape(value)
        if shape.path is not None:
            raise self._nodes.fault(node, f"sh:node {shown(value)} is a property shape", "use sh:property for it")
        return model.Node(shape)

    def _property(self, node: Term, value: Term) -> model.Property:
        shape = self._shape(value)
        if shape.path is None:
            raise self._nodes.fault(node, f"sh:property {shown(value)} has no sh:path", "give it one, or use sh:node")
        return model.Property(shape)

    def _closed(self, node: Term) -> model.Closed:
        nodes = self._nodes
        allowed = set()
        for value in nodes.values(node, SH + "property"):
            told = nodes.one(value, SH + "path")
            if isinstance(told, ox.NamedNode):
                allowed.add(told.value)
        ignored = nodes.one(node, SH + "ignoredProperties")
        if ignored is not None:
            members = nodes.members(node, SH + "ignoredProperties", ignored)
            allowed |= {nodes.iri(node, SH + "ignoredProperties", member) for member in members}
        return model.Closed(frozenset(allowed))

    def _qualified(self, node: Term, value: Term) -> Iterable[Constraint]:
        nodes, shape = self._nodes, self._shape(value)
        siblings: tuple[Shape, ...] = ()
        if nodes.flag(node, SH + "qualifiedValueShapesDisjoint"):
            found = {
                other
                for parent in nodes.subjects(SH + "property")
                if node in nodes.values(parent, SH + "property")
                for child in nodes.values(parent, SH + "property")
                for other in nodes.values(child, SH + "qualifiedValueShape")
            }
            siblings = tuple(self._shape(other) for other in sorted(found - {value}, key=str))
        counted = False
        for name, operator in _COUNTS.items():
            count = nodes.one(node, SH + name)
            if count is not None:
                counted = True
                kind = model.Qualified(shape, operator, nodes.number(node, SH + name, count), siblings)
                yield Constraint(f"{SH}Q{name[1:]}ConstraintComponent", kind)
        if not counted:
            raise nodes.fault(
                node, "sh:qualifiedValueShape stands without a count", "add sh:qualifiedMinCount or …MaxCount"
            )
