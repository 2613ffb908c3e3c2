"""SPARQL-based constraints (SHACL 5.2), each run once for all focus nodes by pyoxigraph, not by rdflib for each.

pySHACL gives each focus node to rdflib's SPARQL engine; on the bundled graph that took minutes, this takes a second.
Taken over is what stands alone, where asking once and keeping the rows of the focus nodes is the same as pre-binding
``$this`` (SHACL 5.3.1): SELECT constraints of shapes with targets of their own that no other shape refers to, with no
path or a predicate path, whose WHERE begins with a triple pattern of ``$this``, which so is bound in all that follows.
The rest stays with pySHACL.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from calckg import rdf
from calckg.errors import CalckgError
from calckg.sparql import LocalGraph

if TYPE_CHECKING:
    from rdflib import Graph
    from rdflib.term import Node

_SH = "http://www.w3.org/ns/shacl#"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_RDFS = "http://www.w3.org/2000/01/rdf-schema#"
_BOUND_FIRST = re.compile(
    r"\bWHERE\s*\{\s*(?:\#[^\n]*\n\s*)*(?:[$?]this\s+[^\s{}]|[$?]\w+\s+[^\s{}]+\s+[$?]this\b)", re.IGNORECASE
)
# What only pySHACL knows, and what it refuses.
_PYSHACLS = re.compile(r"[$?](shapesGraph|currentShape)\b|SERVICE", re.IGNORECASE)
_REFERRING = ("node", "property", "not", "qualifiedValueShape")
_TARGETS = {
    "targetClass": f"SELECT DISTINCT ?this WHERE {{ ?this <{_RDF}type>/<{_RDFS}subClassOf>* {{target}} }}",
    "targetSubjectsOf": "SELECT DISTINCT ?this WHERE { ?this {target} ?o }",
    "targetObjectsOf": "SELECT DISTINCT ?this WHERE { ?s {target} ?this }",
}


def take_over(shapes: Graph) -> list[tuple[Node, Node]]:
    """Remove from ``shapes`` the constraints that can be run here; return them as (shape, constraint)."""
    from rdflib import RDF, URIRef

    def sh(name: str) -> URIRef:
        return URIRef(_SH + name)

    referred = {node for name in _REFERRING for node in shapes.objects(None, sh(name))}
    referred |= set(shapes.objects(None, RDF.first))
    taken = []
    for shape, constraint in sorted(shapes.subject_objects(sh("sparql"))):
        targeted = any((shape, sh(name), None) in shapes for name in (*_TARGETS, "targetNode"))
        path = shapes.value(shape, sh("path"))
        alone = shape not in referred and (path is None or isinstance(path, URIRef))
        select = str(shapes.value(constraint, sh("select")) or "")
        plain = _BOUND_FIRST.search(select) and not _PYSHACLS.search(select)
        if alone and targeted and plain and not _off(shapes, shape) and not _off(shapes, constraint):
            taken.append((shape, constraint))
    for shape, constraint in taken:
        shapes.remove((shape, sh("sparql"), constraint))
    return taken


def _off(shapes: Graph, node: Node) -> bool:
    from rdflib import URIRef

    return any(str(value) in {"true", "1"} for value in shapes.objects(node, URIRef(_SH + "deactivated")))


def results(triples: Iterable[ox.Triple], shapes: Graph, taken: Iterable[tuple[Node, Node]]) -> Iterator[ox.Triple]:
    """Yield the ``sh:ValidationResult`` triples of the constraints ``taken`` over ``triples``.

    Raises ``CalckgError`` for a constraint whose query is malformed.
    """
    store = ox.Store()
    store.bulk_extend(ox.Quad(t.subject, t.predicate, t.object) for t in triples)
    for shape, constraint in taken:
        focus_nodes = _focus_nodes(store, shapes, shape)
        try:
            found = LocalGraph(store).query(_query(shapes, shape, constraint))
        except CalckgError as error:
            raise CalckgError(f"{shape}: its sh:select: {error}; mend the shape") from None
        if isinstance(found, ox.QuerySolutions):
            names = [variable.value for variable in found.variables]
            for row in found:
                bindings = {name: row[name] for name in names if row[name] is not None}
                if bindings.get("this") in focus_nodes:
                    yield from _result(shapes, shape, constraint, bindings["this"], bindings)


def _query(shapes: Graph, shape: Node, constraint: Node) -> str:
    """Return the text of a constraint's query with the prefixes that it declares (SHACL 5.2.1) and the shape's path."""
    from rdflib import URIRef

    declared = {
        str(shapes.value(entry, URIRef(_SH + "prefix"))): str(shapes.value(entry, URIRef(_SH + "namespace")))
        for table in shapes.objects(constraint, URIRef(_SH + "prefixes"))
        for entry in shapes.objects(table, URIRef(_SH + "declare"))
    }
    head = "".join(f"PREFIX {prefix}: <{namespace}>\n" for prefix, namespace in sorted(declared.items()))
    path = shapes.value(shape, URIRef(_SH + "path"))
    select = str(shapes.value(constraint, URIRef(_SH + "select")))
    return head + (select if path is None else re.sub(r"[$?]PATH\b", f"<{path}>", select))


def _focus_nodes(store: ox.Store, shapes: Graph, shape: Node) -> set[Any]:
    from rdflib import URIRef

    found = {_term(node) for node in shapes.objects(shape, URIRef(_SH + "targetNode"))}
    for name, query in _TARGETS.items():
        for target in shapes.objects(shape, URIRef(_SH + name)):
            rows = store.query(query.replace("{target}", str(_term(target))))
            if isinstance(rows, ox.QuerySolutions):
                found |= {row["this"] for row in rows}
    return found


def _result(shapes: Graph, shape: Node, constraint: Node, focus: Any, row: dict[str, Any]) -> Iterator[ox.Triple]:
    """Yield one result (SHACL 5.3.2): the value is ``?value`` where it is bound, else the focus node."""
    from rdflib import URIRef

    node = ox.BlankNode()

    def said(name: str, value: Any) -> ox.Triple:
        return ox.Triple(node, ox.NamedNode(_SH + name), value)

    def stated(name: str) -> Any:
        value = shapes.value(constraint, URIRef(_SH + name)) or shapes.value(shape, URIRef(_SH + name))
        return None if value is None else _term(value)

    yield ox.Triple(node, rdf.RDF_TYPE, ox.NamedNode(_SH + "ValidationResult"))
    yield said("focusNode", focus)
    if "value" in row or (shape, URIRef(_SH + "path"), None) not in shapes:
        yield said("value", row.get("value", focus))
    path = shapes.value(shape, URIRef(_SH + "path"))
    if isinstance(row.get("path"), ox.NamedNode) or path is not None:
        yield said("resultPath", row["path"] if path is None else _term(path))
    yield said("resultSeverity", stated("severity") or ox.NamedNode(_SH + "Violation"))
    yield said("sourceConstraintComponent", ox.NamedNode(_SH + "SPARQLConstraintComponent"))
    yield said("sourceConstraint", _term(constraint))
    yield said("sourceShape", _term(shape))
    message = row.get("message") or stated("message")
    if isinstance(message, ox.Literal):
        yield said("resultMessage", _filled(message, {"this": focus, **row}))


def _filled(message: ox.Literal, row: dict[str, Any]) -> ox.Literal:
    def text(match: re.Match[str]) -> str:
        term = row.get(match[1])
        return match[0] if term is None else str(term.value)

    filled = re.sub(r"\{[?$](\w+)\}", text, message.value)
    return ox.Literal(filled, language=message.language) if message.language else ox.Literal(filled)


def _term(node: Node) -> Any:
    """Turn an rdflib term into pyoxigraph's."""
    from rdflib import BNode, Literal

    if isinstance(node, BNode):
        return ox.BlankNode(str(node))
    if isinstance(node, Literal):
        if node.language:
            return ox.Literal(str(node), language=node.language)
        return (
            ox.Literal(str(node), datatype=ox.NamedNode(str(node.datatype))) if node.datatype else ox.Literal(str(node))
        )
    return ox.NamedNode(str(node))
