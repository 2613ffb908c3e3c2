"""A shapes graph to shapes (SHACL 2 to 6), or a refusal that names the node: what is not well formed is not run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import pyoxigraph as ox

from calckg.shapes import model
from calckg.shapes.model import SH, Constraint, Kind, Shape, Shapes, Term
from calckg.shapes.reading import components, query_rules, wellformed
from calckg.shapes.reading.nodes import XSD, Nodes, shown

_COMMENTS: Final = ("http://www.w3.org/2000/01/rdf-schema#comment", SH + "description")
_KINDS: Final = {
    "IRI": {"IRI"},
    "BlankNode": {"BlankNode"},
    "Literal": {"Literal"},
    "BlankNodeOrIRI": {"BlankNode", "IRI"},
    "BlankNodeOrLiteral": {"BlankNode", "Literal"},
    "IRIOrLiteral": {"IRI", "Literal"},
}
_PARAMETERS: Final = (*wellformed.ONCE, *wellformed.SEVERAL, *wellformed.LISTS, "sparql")
_TRUE: Final = ox.Literal("true", datatype=ox.NamedNode(XSD + "boolean"))


def read(triples: Iterable[ox.Triple | ox.Quad]) -> Shapes:
    """Read all shapes of a shapes graph.

    Raises ``CalckgError`` for a graph that is not well formed, for a shape that refers to itself, and for what is not
    done here: ``sh:entailment``, JavaScript, node expressions. Rules (SHACL-AF 8) only count with an entailment.
    """
    return _Reader(Nodes(triples)).read()


class _Reader:
    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes
        self._made: dict[Term, Shape] = {}

    def read(self) -> Shapes:
        nodes = self._nodes
        wellformed.refuse_entailment(nodes)
        own = components.declared(nodes)
        needed = {one.path for component in own for one in component.parameters if not one.optional}
        for node in wellformed.shapes(nodes, sorted(needed)):
            self._made[node] = self._shape(node, own)
        graph = ox.Store()
        graph.bulk_extend(nodes.quads())
        return Shapes(tuple(sorted(self._made.values(), key=lambda shape: str(shape.node))), graph)

    def _shape(self, node: Term, own: Iterable[components.Component]) -> Shape:
        nodes = self._nodes
        told = nodes.one(node, SH + "path")
        path = None if told is None else nodes.path(node, told)
        wellformed.check(nodes, node, path is not None)
        severity = nodes.one(node, SH + "severity")
        constraints = list(self._constraints(node, path))
        for component in own:
            constraints += component.uses(nodes, node, path)
        return Shape(
            node=node,
            path=path,
            targets=tuple(self._targets(node)),
            constraints=tuple(constraints),
            severity=SH + "Violation" if severity is None else nodes.iri(node, SH + "severity", severity),
            messages=nodes.texts(node, SH + "message"),
            remedies=self._remedies(node),
            deactivated=nodes.flag(node, SH + "deactivated", strict=True),
        )

    def _remedies(self, node: Term) -> tuple[ox.Literal, ...]:
        for predicate in _COMMENTS:
            values = [value for value in self._nodes.values(node, predicate) if isinstance(value, ox.Literal)]
            if values:
                return tuple(values)
        return ()

    def _targets(self, node: Term) -> Iterable[model.Target]:
        nodes = self._nodes
        for value in nodes.values(node, SH + "targetNode"):
            if isinstance(value, ox.BlankNode):
                raise nodes.fault(node, "sh:targetNode is a blank node", "name an IRI or a literal")
            yield model.TargetNode(value)
        for value in nodes.values(node, SH + "targetClass"):
            yield model.TargetClass(ox.NamedNode(nodes.iri(node, SH + "targetClass", value)))
        if wellformed.is_class(nodes, node):
            yield model.TargetClass(node)
        for value in nodes.values(node, SH + "targetSubjectsOf"):
            yield model.TargetSubjectsOf(nodes.iri(node, SH + "targetSubjectsOf", value))
        for value in nodes.values(node, SH + "targetObjectsOf"):
            yield model.TargetObjectsOf(nodes.iri(node, SH + "targetObjectsOf", value))
        for value in nodes.values(node, SH + "target"):
            yield components.target(nodes, node, value)

    def _constraints(self, node: Term, path: model.Path | None) -> Iterable[Constraint]:
        told = set(self._nodes.predicates(node))
        for name in _PARAMETERS:
            if SH + name not in told:
                continue
            for value in self._nodes.values(node, SH + name):
                if name == "qualifiedValueShape":
                    yield from self._qualified(node, value)
                elif name == "sparql":
                    constraint = components.constraint(self._nodes, value, path)
                    if constraint is not None:
                        yield constraint
                else:
                    kind = self._kind(node, name, value)
                    if kind is not None:
                        yield Constraint(f"{SH}{name[0].upper()}{name[1:]}ConstraintComponent", kind)

    def _kind(self, node: Term, name: str, value: Term) -> Kind | None:
        """Return what a parameter with a value asks; nothing where it is switched off."""
        nodes, key = self._nodes, SH + name
        match name:
            case "class":
                return model.Class(ox.NamedNode(nodes.iri(node, key, value)))
            case "datatype":
                return model.Datatype(nodes.iri(node, key, value))
            case "nodeKind":
                return self._node_kind(node, value)
            case "minCount":
                return model.MinCount(nodes.number(node, key, value))
            case "maxCount":
                return model.MaxCount(nodes.number(node, key, value))
            case "pattern":
                return self._pattern(node, value)
            case "languageIn":
                members = nodes.members(node, key, value)
                return model.LanguageIn(tuple(nodes.text(node, key, member) for member in members))
            case "uniqueLang":
                # The specification asks for the literal true: 1 is the same value, but not the same term.
                return model.UniqueLang() if nodes.flag(node, key) and value == _TRUE else None
            case "equals":
                return model.Equals(nodes.iri(node, key, value))
            case "disjoint":
                return model.Disjoint(nodes.iri(node, key, value))
            case "lessThan" | "lessThanOrEquals":
                return model.LessThan(nodes.iri(node, key, value), or_equals=name == "lessThanOrEquals")
            case "hasValue":
                return model.HasValue(value)
            case "in":
                return model.In(nodes.members(node, key, value))
            case "closed":
                return self._closed(node) if nodes.flag(node, key) else None
            case _ if name in wellformed.RANGES:
                if not isinstance(value, ox.Literal):
                    raise nodes.fault(node, f"sh:{name} is {shown(value)}, which is no literal", "give a number")
                return model.Range(wellformed.RANGES[name], value)
            case _ if name in wellformed.LENGTHS:
                return model.Length(wellformed.LENGTHS[name], nodes.number(node, key, value))
            case _:
                return self._logical(node, name, value)

    def _logical(self, node: Term, name: str, value: Term) -> Kind:
        """Return the constraint that refers to other shapes; they are made before."""
        nodes = self._nodes
        if name in wellformed.LISTS:
            shapes = tuple(self._made[member] for member in nodes.members(node, SH + name, value))
            if name == "and":
                return model.And(shapes)
            return model.Or(shapes) if name == "or" else model.Xone(shapes)
        shape = self._made[value]
        if name == "not":
            return model.Not(shape)
        if name == "node":
            if shape.path is not None:
                raise nodes.fault(node, f"sh:node {nodes.name(value)} is a property shape", "use sh:property for it")
            return model.Node(shape)
        if shape.path is None:
            remedy = "give it a path, or use sh:node; is the file that declares it left out?"
            raise nodes.fault(node, f"sh:property {nodes.name(value)} has no sh:path", remedy)
        return model.Property(shape)

    def _node_kind(self, node: Term, value: Term) -> model.NodeKind:
        iri = self._nodes.iri(node, SH + "nodeKind", value)
        kinds = _KINDS.get(iri.removeprefix(SH)) if iri.startswith(SH) else None
        if kinds is None:
            known = ", ".join(f"sh:{name}" for name in _KINDS)
            raise self._nodes.fault(node, f"sh:nodeKind is {shown(value)}", f"give one of {known}")
        return model.NodeKind(frozenset(kinds))

    def _pattern(self, node: Term, value: Term) -> model.Pattern:
        nodes = self._nodes
        flags = nodes.one(node, SH + "flags")
        letters = "" if flags is None else nodes.text(node, SH + "flags", flags)
        regex = nodes.text(node, SH + "pattern", value)
        query_rules.check_regex(nodes, node, regex, letters)
        return model.Pattern(regex, letters)

    def _closed(self, node: Term) -> model.Closed:
        nodes = self._nodes
        paths = [nodes.one(value, SH + "path") for value in nodes.values(node, SH + "property")]
        allowed = {path.value for path in paths if isinstance(path, ox.NamedNode)}
        ignored = nodes.one(node, SH + "ignoredProperties")
        if ignored is not None:
            members = nodes.members(node, SH + "ignoredProperties", ignored)
            allowed |= {nodes.iri(node, SH + "ignoredProperties", member) for member in members}
        return model.Closed(frozenset(allowed))

    def _qualified(self, node: Term, value: Term) -> Iterable[Constraint]:
        nodes, shape = self._nodes, self._made[value]
        siblings = tuple(self._made[other] for other in wellformed.siblings(nodes, node))
        counts = {name: nodes.one(node, SH + name) for name in wellformed.COUNTS}
        for name, count in counts.items():
            if count is not None:
                kind = model.Qualified(shape, wellformed.COUNTS[name], nodes.number(node, SH + name, count), siblings)
                yield Constraint(f"{SH}Q{name[1:]}ConstraintComponent", kind)
        if not any(counts.values()):
            remedy = "add sh:qualifiedMinCount or sh:qualifiedMaxCount"
            raise nodes.fault(node, "sh:qualifiedValueShape stands without a count", remedy)
