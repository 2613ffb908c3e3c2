"""A shapes graph as its reader walks it: one value, some values, lists, property paths; each fault with its node."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeVar

import pyoxigraph as ox

from calckg import prefixes
from calckg.errors import CalckgError
from calckg.shapes import model
from calckg.shapes.model import SH, Term

_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_SUBCLASS: Final = "http://www.w3.org/2000/01/rdf-schema#subClassOf"
XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_T = TypeVar("_T", ox.NamedNode, ox.Literal)
_REPEATED: Final = {"zeroOrMorePath": (0, True), "oneOrMorePath": (1, True), "zeroOrOnePath": (0, False)}


def shown(term: Term) -> str:
    """Return a term as a person reads it: a CURIE where there is one."""
    if isinstance(term, ox.NamedNode):
        return prefixes.load().compress(term.value) or term.value
    return str(term)


class Nodes:
    """The triples of a shapes graph, asked by subject and predicate."""

    def __init__(self, triples: Iterable[ox.Triple | ox.Quad]) -> None:
        self._objects: dict[Term, dict[str, list[Term]]] = {}
        self._subjects: dict[str, list[Term]] = {}
        for triple in dict.fromkeys(ox.Triple(t.subject, t.predicate, t.object) for t in triples):
            subject, value = triple.subject, triple.object
            if isinstance(subject, ox.Triple) or isinstance(value, ox.Triple):
                raise CalckgError(f"{triple}: a triple as a term has no place in a shapes graph; leave it out")
            told = self._objects.setdefault(subject, {})
            told.setdefault(triple.predicate.value, []).append(value)
            self._subjects.setdefault(triple.predicate.value, []).append(subject)

    def triples(self) -> Iterable[ox.Triple]:
        """Yield all of it."""
        for subject, told in self._objects.items():
            for predicate, values in told.items():
                for value in values:
                    yield ox.Triple(subject, ox.NamedNode(predicate), value)  # type: ignore[arg-type]

    def predicates(self, node: Term) -> Iterable[str]:
        """Return the predicates that ``node`` is the subject of."""
        return self._objects.get(node, {})

    def values(self, node: Term, predicate: str) -> list[Term]:
        """Return the values of a predicate of ``node``, ordered by their N-Triples texts."""
        return sorted(self._objects.get(node, {}).get(predicate, ()), key=str)

    def subjects(self, predicate: str) -> list[Term]:
        """Return the nodes that have a predicate, each once."""
        return list(dict.fromkeys(self._subjects.get(predicate, ())))

    def instances(self, cls: str) -> list[Term]:
        """Return the SHACL instances of ``cls``: what is typed as it, or as one of its subclasses."""
        wanted: set[Term] = {ox.NamedNode(cls)}
        lower = [(one, upper) for one in self.subjects(_SUBCLASS) for upper in self.values(one, _SUBCLASS)]
        while more := {one for one, upper in lower if upper in wanted} - wanted:
            wanted |= more
        return [node for node in self.subjects(_RDF + "type") if wanted.intersection(self.values(node, _RDF + "type"))]

    def fault(self, node: Term, problem: str, remedy: str) -> CalckgError:
        """Return the error for a node that is not well formed, named by itself or by what holds it."""
        holder, seen = node, {node}
        while isinstance(holder, ox.BlankNode):
            parents = [s for s, told in self._objects.items() if any(holder in values for values in told.values())]
            parent = next((one for one in parents if one not in seen), None)
            if parent is None:
                break
            holder = parent
            seen.add(holder)
        place = shown(node) if holder == node else f"{shown(holder)}, in it"
        return CalckgError(f"the shapes are not well formed: {place}: {problem}; {remedy}")

    def one(self, node: Term, predicate: str) -> Term | None:
        """Return the only value of a predicate, if any; raises ``CalckgError`` for several."""
        values = self.values(node, predicate)
        if len(values) > 1:
            told = ", ".join(map(shown, values))
            raise self.fault(node, f"{_short(predicate)} has {len(values)} values ({told})", "give one")
        return values[0] if values else None

    def iri(self, node: Term, predicate: str, value: Term) -> str:
        """Return the IRI that a value must be."""
        if not isinstance(value, ox.NamedNode):
            raise self.fault(node, f"{_short(predicate)} is {shown(value)}, which is no IRI", "give an IRI")
        return value.value

    def text(self, node: Term, predicate: str, value: Term) -> str:
        """Return the text of a value that must be a string."""
        if not isinstance(value, ox.Literal) or value.datatype.value != XSD + "string":
            raise self.fault(node, f"{_short(predicate)} is {shown(value)}, which is no string", "write it in quotes")
        return value.value

    def number(self, node: Term, predicate: str, value: Term) -> int:
        """Return the integer, not below 0, that a value must be."""
        if isinstance(value, ox.Literal) and value.datatype.value == XSD + "integer":
            try:
                number = int(value.value)
            except ValueError:
                number = -1
            if number >= 0:
                return number
        raise self.fault(node, f"{_short(predicate)} is {shown(value)}", "give a whole number, 0 or more")

    def flag(self, node: Term, predicate: str) -> bool:
        """Return the truth value of a predicate; false where there is none."""
        value = self.one(node, predicate)
        if value is None:
            return False
        if isinstance(value, ox.Literal) and value.datatype.value == XSD + "boolean":
            if value.value in {"true", "1"}:
                return True
            if value.value in {"false", "0"}:
                return False
        raise self.fault(node, f"{_short(predicate)} is {shown(value)}", "write true or false")

    def members(self, node: Term, predicate: str, head: Term) -> tuple[Term, ...]:
        """Return the members of an RDF list."""
        found: list[Term] = []
        seen: set[Term] = set()
        cell = head
        while cell != ox.NamedNode(_RDF + "nil"):
            first, rest = self.values(cell, _RDF + "first"), self.values(cell, _RDF + "rest")
            if len(first) != 1 or len(rest) != 1 or cell in seen:
                raise self.fault(
                    node, f"{_short(predicate)} is no well-formed list", "write it in parentheses: ( a b )"
                )
            seen.add(cell)
            found.append(first[0])
            cell = rest[0]
        return tuple(found)

    def path(self, node: Term, value: Term, within: tuple[Term, ...] = ()) -> model.Path:
        """Return the property path that ``value`` is the node of (SHACL 2.3.1)."""
        if isinstance(value, ox.NamedNode) and value.value != _RDF + "nil":
            return model.Predicate(value.value)
        if value in within or not isinstance(value, ox.BlankNode):
            raise self.fault(node, f"the path {shown(value)} is no path, or holds itself", "see SHACL 2.3.1")
        within = (*within, value)
        if self.values(value, _RDF + "first"):
            return model.Sequence(self._paths(node, value, within))
        told = [name for name in self.predicates(value) if name.startswith(SH) and name.endswith("Path")]
        if len(told) != 1 or len(self.values(value, told[0])) != 1:
            raise self.fault(
                node, "a path is neither an IRI, a list nor one of sh:inversePath and the like", "see SHACL 2.3.1"
            )
        name, (inner,) = told[0].removeprefix(SH), self.values(value, told[0])
        if name == "alternativePath":
            return model.Alternative(self._paths(node, inner, within))
        if name == "inversePath":
            return model.Inverse(self.path(node, inner, within))
        if name in _REPEATED:
            least, many = _REPEATED[name]
            return model.Closure(self.path(node, inner, within), least, many)
        raise self.fault(node, f"sh:{name} is no kind of path", "see SHACL 2.3.1")

    def _paths(self, node: Term, head: Term, within: tuple[Term, ...]) -> tuple[model.Path, ...]:
        members = self.members(node, SH + "path", head)
        if len(members) < 2:
            raise self.fault(
                node, "a path of several has fewer than two members", "write the one member without the list"
            )
        return tuple(self.path(node, member, within) for member in members)


def _short(predicate: str) -> str:
    return shown(ox.NamedNode(predicate)) if not predicate.startswith(SH) else "sh:" + predicate.removeprefix(SH)


short = _short
