"""What a shapes graph says in SPARQL: constraints, constraint components, targets (SHACL 5 and 6; SHACL-AF 3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from calckg.shapes import model
from calckg.shapes.model import SH, Constraint, Term
from calckg.shapes.reading import query_rules
from calckg.shapes.reading.nodes import Nodes, short, shown

_SPECIAL: Final = ("shapesGraph", "currentShape")
_RESERVED: Final = frozenset({"this", "value", "path", "PATH", *_SPECIAL})
_LOCAL: Final = re.compile(r"[^\W\d][\w.\-]*$")
_VARIABLE: Final = re.compile(r"\w+")
_JS: Final = frozenset({"jsFunctionName", "jsLibrary"})
_NO_JS: Final = "write it in SPARQL; JavaScript is not run"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a component: the predicate that gives it, and the variable that stands for it in a query."""

    path: str
    variable: str
    optional: bool


@dataclass(frozen=True, slots=True)
class Component:
    """A constraint component that the shapes graph declares."""

    node: ox.NamedNode
    parameters: tuple[Parameter, ...]

    def uses(self, nodes: Nodes, shape: Term, path: model.Path | None) -> Iterator[Constraint]:
        """Yield a constraint for each time that ``shape`` uses the component (SHACL 6.3).

        It uses it if it has all parameters that are not optional: a single one as often as it has values, several only
        with one value each (SHACL 2.1.2). One that has no validator for this kind of shape asks nothing.
        """
        given = {p: nodes.values(shape, p.path) for p in self.parameters}
        if not all(values for parameter, values in given.items() if not parameter.optional):
            return
        if len(self.parameters) > 1:
            for parameter in self.parameters:
                nodes.one(shape, parameter.path)
        validator, form = self._validator(nodes, path)
        if validator is None:
            return
        ask = form == "ask"
        bound = {"this", *_SPECIAL, *(p.variable for p in self.parameters), *(["value"] if ask else [])}
        query = query_rules.query(nodes, validator, form, path, bound)
        said = nodes.texts(validator, SH + "message")
        if not said and not nodes.values(shape, SH + "message"):
            said = nodes.texts(self.node, SH + "message") or nodes.texts(self.node, SH + "labelTemplate")
        many, *_ = [p for p in self.parameters if not p.optional]
        for value in given[many]:
            others = [(p.variable, values[0]) for p, values in given.items() if values and p != many]
            kind = model.Sparql(query, ask, ((many.variable, value), *others), None, said)
            yield Constraint(self.node.value, kind)

    def _validator(self, nodes: Nodes, path: model.Path | None) -> tuple[Term | None, str]:
        """Return the validator for a node or a property shape, and its form (SHACL 6.2.3)."""
        own = "nodeValidator" if path is None else "propertyValidator"
        script = None
        for name, form in ((own, "select"), ("validator", "ask")):
            for validator in nodes.values(self.node, SH + name):
                if nodes.values(validator, SH + form) or not any(nodes.values(validator, SH + one) for one in _JS):
                    return validator, form
                script = validator
        if script is not None:
            raise nodes.fault(self.node, f"its validator {shown(script)} is in JavaScript", _NO_JS)
        return None, ""


def declared(nodes: Nodes) -> tuple[Component, ...]:
    """Return the components that the shapes graph declares; SHACL's own, if it describes them, are built in."""
    found = []
    for node in sorted(nodes.instances(SH + "ConstraintComponent"), key=str):
        if not isinstance(node, ox.NamedNode):
            raise nodes.fault(node, "a constraint component has no IRI, and results name it", "give it one")
        if not node.value.startswith(SH):
            parameters = _parameters(nodes, node)
            if all(parameter.optional for parameter in parameters):
                raise nodes.fault(node, "the component has no parameter that must be given", "declare one")
            found.append(Component(node, parameters))
    return tuple(found)


def _parameters(nodes: Nodes, holder: Term) -> tuple[Parameter, ...]:
    """Return the parameters of a component or a target type, ordered by variable (SHACL 6.2.1)."""
    found: dict[str, Parameter] = {}
    for node in nodes.values(holder, SH + "parameter"):
        told = nodes.one(node, SH + "path")
        if told is None:
            raise nodes.fault(node, "a parameter has no sh:path", "name its predicate")
        path = nodes.iri(node, SH + "path", told)
        local = _LOCAL.search(path)
        name = local[0] if local else ""
        if _VARIABLE.fullmatch(name) is None or name in _RESERVED:
            problem = f"the parameter {shown(told)} has the local name {name!r}, which can't be a variable of its own"
            raise nodes.fault(holder, problem, "take a predicate with another local name")
        if name in found:
            problem = f"two parameters have the local name {name!r} ({found[name].path}, {path})"
            raise nodes.fault(holder, problem, "take a predicate with another local name")
        found[name] = Parameter(path, name, nodes.flag(node, SH + "optional"))
    return tuple(found[name] for name in sorted(found))


def constraint(nodes: Nodes, node: Term, path: model.Path | None) -> Constraint | None:
    """Return the constraint that a value of ``sh:sparql`` is; nothing for one that is deactivated."""
    query = query_rules.query(nodes, node, "select", path, {"this", *_SPECIAL})
    if nodes.flag(node, SH + "deactivated", strict=True):
        return None
    kind = model.Sparql(query, node=node, messages=nodes.texts(node, SH + "message"))
    return Constraint(SH + "SPARQLConstraintComponent", kind)


def target(nodes: Nodes, shape: Term, node: Term) -> model.TargetSparql:
    """Return a target of ``sh:target``: a query of its own, or that of its target type with its parameters."""
    if nodes.values(node, SH + "select"):
        return model.TargetSparql(_target_query(nodes, node, frozenset()))
    if any(nodes.values(node, SH + name) for name in _JS):
        raise nodes.fault(shape, f"sh:target {nodes.name(node)} is in JavaScript", _NO_JS)
    kind = next((one for one in nodes.classes(node) if nodes.values(one, SH + "select")), None)
    if kind is None:
        problem = f"sh:target {nodes.name(node)} has no sh:select"
        raise nodes.fault(shape, problem, "give it a query, or a type with one")
    values = []
    parameters = _parameters(nodes, kind)
    for parameter in parameters:
        value = nodes.one(node, parameter.path)
        if value is not None:
            values.append((parameter.variable, value))
        elif not parameter.optional:
            problem = f"a target of the type {shown(kind)} lacks {short(parameter.path)}"
            raise nodes.fault(shape, problem, "give it a value")
    query = _target_query(nodes, kind, frozenset(parameter.variable for parameter in parameters))
    return model.TargetSparql(query, tuple(values))


def _target_query(nodes: Nodes, node: Term, bound: frozenset[str]) -> str:
    query = query_rules.query(nodes, node, "select", None, bound)
    if not query_rules.returns(query, "this"):
        raise nodes.fault(node, "the query of a target does not return ?this", "add it to what it selects")
    if query_rules.has_dataset(query):
        problem = "the query of a target says FROM, and it is asked as a part of other queries"
        raise nodes.fault(node, problem, "write GRAPH in its pattern")
    return query
