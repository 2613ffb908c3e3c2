"""Which nodes of a shapes graph are shapes (SHACL 2.1), in an order in which each follows those that it refers to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import pyoxigraph as ox

from calckg.shapes.model import SH, Term
from calckg.shapes.reading.nodes import Nodes, shown

RANGES: Final = {"minExclusive": ">", "minInclusive": ">=", "maxExclusive": "<", "maxInclusive": "<="}
LENGTHS: Final = {"minLength": ">=", "maxLength": "<="}
COUNTS: Final = {"qualifiedMinCount": ">=", "qualifiedMaxCount": "<="}
LISTS: Final = ("and", "or", "xone")
ONCE: Final = (
    *("datatype", "nodeKind", "minCount", "maxCount", *RANGES, *LENGTHS, "pattern", "languageIn", "uniqueLang"),
    *("qualifiedValueShape", "closed", "in"),
)
SEVERAL: Final = ("class", "equals", "disjoint", "lessThan", "lessThanOrEquals", "hasValue", "not", "node", "property")
OF_PROPERTIES: Final = frozenset(
    ("minCount", "maxCount", "uniqueLang", "lessThan", "lessThanOrEquals", "qualifiedValueShape")
)
_SHAPES: Final = ("NodeShape", "PropertyShape")
_TARGETS: Final = ("targetNode", "targetClass", "targetSubjectsOf", "targetObjectsOf", "target")
_REFERENCES: Final = ("property", "node", "not", "qualifiedValueShape")
_REFUSED: Final = {
    "js": ("it has a constraint in JavaScript, which is not run", "write it in SPARQL (sh:sparql)"),
    "expression": ("it has a constraint by a node expression, which is not done", "write it in SPARQL (sh:sparql)"),
}
_RDFS_CLASS: Final = "http://www.w3.org/2000/01/rdf-schema#Class"
_DEEPEST: Final = 40  # shapes within shapes; a query nests as deep


def refuse_entailment(nodes: Nodes) -> None:
    """Refuse a shapes graph that asks for an entailment (SHACL 3.2)."""
    for node in nodes.subjects(SH + "entailment"):
        regimes = ", ".join(map(shown, nodes.values(node, SH + "entailment")))
        problem = f"it asks for the entailment {regimes}, which is not done"
        raise nodes.fault(node, problem, "leave sh:entailment out and add what follows to the data")


def shapes(nodes: Nodes, parameters: Iterable[str]) -> list[Term]:
    """Return the shapes, each after those that it refers to.

    ``parameters`` are the predicates of constraint components of the graph's own. Raises ``CalckgError`` for a shape
    that refers to itself, which SHACL leaves undefined (3.4.3).
    """
    found: dict[Term, None] = {}
    for name in _SHAPES:
        found.update(dict.fromkeys(nodes.instances(SH + name)))
    known = (*_TARGETS, *ONCE, *SEVERAL, *LISTS, "sparql", *_REFUSED)
    for predicate in (*(SH + name for name in known), *parameters):
        found.update(dict.fromkeys(nodes.subjects(predicate)))
    return _ordered(nodes, sorted(found, key=str))


def _ordered(nodes: Nodes, roots: Iterable[Term]) -> list[Term]:
    depths: dict[Term, int] = {}
    way: dict[Term, Iterator[Term]] = {}
    for root in roots:
        if root not in depths:
            way[root] = references(nodes, root)
        while way:
            node, waiting = next(reversed(way.items()))
            following = next(waiting, None)
            if following is None:
                del way[node]
                depths[node] = 1 + max((depths[one] for one in references(nodes, node)), default=0)
                if depths[node] > _DEEPEST:
                    raise nodes.fault(node, f"shapes are nested more than {_DEEPEST} deep in it", "nest them less")
            elif following in way:
                cycle = [*list(way)[list(way).index(following) :], following]
                told = " → ".join(nodes.name(one) for one in cycle)
                raise nodes.fault(node, f"the shape refers to itself: {told}", "break the cycle (SHACL, 3.4.3)")
            elif following not in depths:
                way[following] = references(nodes, following)
    return list(depths)


def references(nodes: Nodes, node: Term) -> Iterator[Term]:
    """Yield the shapes that a shape refers to, its qualified siblings too."""
    for name in _REFERENCES:
        for value in nodes.values(node, SH + name):
            yield _shape(nodes, node, name, value)
    for name in LISTS:
        for head in nodes.values(node, SH + name):
            for value in nodes.members(node, SH + name, head):
                yield _shape(nodes, node, name, value)
    yield from siblings(nodes, node)


def _shape(nodes: Nodes, node: Term, name: str, value: Term) -> Term:
    if isinstance(value, ox.Literal):
        problem = f"sh:{name} has {shown(value)}, and a literal is no shape"
        raise nodes.fault(node, problem, "name a shape by its IRI, or write it in [ ]")
    return value


def siblings(nodes: Nodes, node: Term) -> list[Term]:
    """Return the shapes that no value may conform to that counts (``sh:qualifiedValueShapesDisjoint``, SHACL 4.7.3)."""
    own = nodes.values(node, SH + "qualifiedValueShape")
    if not own or not nodes.flag(node, SH + "qualifiedValueShapesDisjoint"):
        return []
    found = {
        other
        for parent in nodes.holders(node, SH + "property")
        for child in nodes.values(parent, SH + "property")
        for other in nodes.values(child, SH + "qualifiedValueShape")
    }
    return sorted(found.difference(own), key=str)


def is_class(nodes: Nodes, node: Term) -> bool:
    """Tell whether a shape is a class too, and so its own target (SHACL 2.1.3.3)."""
    if node not in nodes.instances(_RDFS_CLASS) or not any(node in nodes.instances(SH + name) for name in _SHAPES):
        return False
    if not isinstance(node, ox.NamedNode):
        raise nodes.fault(node, "a shape that is a class has no IRI", "give it one, or name the class: sh:targetClass")
    return True


def check(nodes: Nodes, node: Term, has_path: bool) -> None:
    """Refuse what one shape must not have, whatever its values are."""
    if not has_path and node in nodes.instances(SH + "PropertyShape"):
        raise nodes.fault(node, "a property shape has no sh:path", "give it one")
    if has_path and node in nodes.instances(SH + "NodeShape"):
        raise nodes.fault(node, "a node shape has a sh:path", "make it a sh:PropertyShape, or leave the path out")
    told = set(nodes.predicates(node))
    for name, (problem, remedy) in _REFUSED.items():
        if SH + name in told and not nodes.flag(node, SH + "deactivated"):
            raise nodes.fault(node, problem, remedy)
    for name in ONCE:
        if SH + name in told:
            nodes.one(node, SH + name)
    if not has_path:
        for name in sorted(OF_PROPERTIES):
            if SH + name in told:
                if nodes.holders(node, SH + "property"):
                    raise nodes.fault(node, f"a value of sh:property has sh:{name} and no sh:path", "give it a path")
                raise nodes.fault(node, f"sh:{name} stands in a node shape", "put it into a property shape")
    flags, ignored = nodes.one(node, SH + "flags"), nodes.one(node, SH + "ignoredProperties")
    if flags is not None:
        nodes.text(node, SH + "flags", flags)
    if ignored is not None:
        for member in nodes.members(node, SH + "ignoredProperties", ignored):
            nodes.iri(node, SH + "ignoredProperties", member)
