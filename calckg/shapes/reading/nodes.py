"""A shapes graph as its reader walks it: one value, some values, lists, property paths; each fault with its node."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import pyoxigraph as ox

from calckg import prefixes
from calckg.errors import CalckgError
from calckg.shapes import model
from calckg.shapes.model import SH, Term

_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_SUBCLASS: Final = "http://www.w3.org/2000/01/rdf-schema#subClassOf"
XSD: Final = "http://www.w3.org/2001/XMLSchema#"
RDF_TYPE: Final = _RDF + "type"
_TEXTS: Final = (XSD + "string", _RDF + "langString")
_BOOLEAN: Final = ox.NamedNode(XSD + "boolean")
_INTEGER: Final = re.compile(r"[+-]?0*[0-9]{1,18}")  # no data has more
_DEEPEST: Final = 50  # paths within paths
_LONGEST: Final = 10_000  # steps of a path
_REPEATED: Final = {"zeroOrMorePath": (0, True), "oneOrMorePath": (1, True), "zeroOrOnePath": (0, False)}


_NO_PATH: Final = "give an IRI, a list of paths, or one of sh:inversePath, sh:alternativePath, sh:zeroOrMorePath …"


def shown(term: Term) -> str:
    """Return a term as a person reads it: a CURIE where there is one."""
    if isinstance(term, ox.NamedNode):
        return prefixes.load().compress(term.value) or term.value
    return str(term)


class _Read(NamedTuple):
    """A path, how deep it is nested, and how many steps it has where each part is written out."""

    path: model.Path
    depth: int
    steps: int


class Nodes:
    """The triples of a shapes graph, asked by subject and predicate."""

    def __init__(self, triples: Iterable[ox.Triple | ox.Quad]) -> None:
        self._objects: dict[Term, dict[str, list[Term]]] = {}
        self._subjects: dict[str, list[Term]] = {}
        self._instances: dict[str, frozenset[Term]] = {}
        self._paths: dict[Term, _Read] = {}
        self.prefixes: dict[tuple[Term, ...], dict[str, str]] = {}  # declared by the values of sh:prefixes, once read
        for triple in dict.fromkeys(ox.Triple(t.subject, t.predicate, t.object) for t in triples):
            subject, value = triple.subject, triple.object
            if isinstance(subject, ox.Triple) or isinstance(value, ox.Triple):
                raise CalckgError(f"{triple}: a triple as a term has no place in a shapes graph; leave it out")
            told = self._objects.setdefault(subject, {})
            told.setdefault(triple.predicate.value, []).append(value)
            self._subjects.setdefault(triple.predicate.value, []).append(subject)

    def quads(self) -> Iterable[ox.Quad]:
        """Yield all of it, as a store takes it."""
        for subject, told in self._objects.items():
            for predicate, values in told.items():
                name = ox.NamedNode(predicate)
                for value in values:
                    yield ox.Quad(subject, name, value)  # type: ignore[arg-type]

    def predicates(self, node: Term) -> Iterable[str]:
        """Return the predicates that ``node`` is the subject of."""
        return self._objects.get(node, {})

    def values(self, node: Term, predicate: str) -> list[Term]:
        """Return the values of a predicate of ``node``, ordered by their N-Triples texts."""
        found = self._objects.get(node, {}).get(predicate, [])
        return sorted(found, key=str) if len(found) > 1 else list(found)

    def subjects(self, predicate: str) -> list[Term]:
        """Return the nodes that have a predicate, each once."""
        return list(dict.fromkeys(self._subjects.get(predicate, ())))

    def holders(self, value: Term, predicate: str) -> list[Term]:
        """Return the nodes that have ``value`` as a value of a predicate."""
        return [node for node in self.subjects(predicate) if value in self._objects[node][predicate]]

    def instances(self, cls: str) -> frozenset[Term]:
        """Return the SHACL instances of ``cls``: what is typed as it, or as one of its subclasses."""
        if cls not in self._instances:
            wanted: set[Term] = {ox.NamedNode(cls)}
            lower = [(one, upper) for one in self.subjects(_SUBCLASS) for upper in self.values(one, _SUBCLASS)]
            while more := {one for one, upper in lower if upper in wanted} - wanted:
                wanted |= more
            typed = ((one, self._objects[one][RDF_TYPE]) for one in self.subjects(RDF_TYPE))
            self._instances[cls] = frozenset(one for one, classes in typed if not wanted.isdisjoint(classes))
        return self._instances[cls]

    def classes(self, node: Term) -> list[Term]:
        """Return the classes that ``node`` is a SHACL instance of, its own before those above them."""
        found = dict.fromkeys(self.values(node, RDF_TYPE))
        waiting = list(found)
        while waiting:
            above = [one for one in self.values(waiting.pop(0), _SUBCLASS) if one not in found]
            found.update(dict.fromkeys(above))
            waiting += above
        return list(found)

    def fault(self, node: Term, problem: str, remedy: str) -> CalckgError:
        """Return the error for a node that is not well formed, named by itself or by what holds it."""
        return CalckgError(f"the shapes are not well formed: {self.place(node)}: {problem}; {remedy}")

    def place(self, node: Term) -> str:
        """Return where a node is: its name, or that of the shape around it and the way from there."""
        steps: list[str] = []
        seen = {node}
        while isinstance(node, ox.BlankNode):
            found = next((one for one in self._parents(node) if one[0] not in seen), None)
            if found is None:
                break
            parent, predicate = found
            if not predicate.startswith(_RDF):  # a cell of a list is no step of the way
                path = self.values(node, SH + "path")
                at = f" of {shown(path[0])}" if path and isinstance(path[0], ox.NamedNode) else ""
                steps.append(short(predicate) + at)
            node = parent
            seen.add(node)
        return self.name(node) + (f", in its {', '.join(reversed(steps))}" if steps else "")

    def name(self, node: Term) -> str:
        """Return a node as it is told of: its name, or what a blank one says."""
        return self._nameless(node) if isinstance(node, ox.BlankNode) else shown(node)

    def _parents(self, node: Term) -> Iterator[tuple[Term, str]]:
        for parent, told in self._objects.items():
            for predicate, values in told.items():
                if node in values:
                    yield parent, predicate

    def _nameless(self, node: Term) -> str:
        told = [
            f"{short(predicate)} {shown(value)}"
            for predicate in self.predicates(node)
            for value in self.values(node, predicate)
            if not isinstance(value, ox.BlankNode)
        ]
        return f"a blank node ({', '.join(sorted(told)[:3])})" if told else "a blank node"

    def one(self, node: Term, predicate: str) -> Term | None:
        """Return the only value of a predicate, if any; raises ``CalckgError`` for several."""
        values = self.values(node, predicate)
        if len(values) > 1:
            told = ", ".join(map(shown, values))
            raise self.fault(node, f"{short(predicate)} has {len(values)} values ({told})", "give one")
        return values[0] if values else None

    def iri(self, node: Term, predicate: str, value: Term) -> str:
        """Return the IRI that a value must be."""
        if not isinstance(value, ox.NamedNode):
            raise self.fault(node, f"{short(predicate)} is {shown(value)}, which is no IRI", "give an IRI")
        return value.value

    def text(self, node: Term, predicate: str, value: Term) -> str:
        """Return the text of a value that must be a string."""
        if not isinstance(value, ox.Literal) or value.datatype.value != XSD + "string":
            raise self.fault(node, f"{short(predicate)} is {shown(value)}, which is no string", "write it in quotes")
        return value.value

    def texts(self, node: Term, predicate: str) -> tuple[ox.Literal, ...]:
        """Return the values of a predicate, which must be strings, with a language or without."""
        found = []
        for value in self.values(node, predicate):
            if not isinstance(value, ox.Literal) or value.datatype.value not in _TEXTS:
                raise self.fault(node, f"{short(predicate)} is {shown(value)}, which is no text", "write it in quotes")
            found.append(value)
        return tuple(found)

    def number(self, node: Term, predicate: str, value: Term) -> int:
        """Return the count or length, an integer from 0 on, that a value must be."""
        fits = isinstance(value, ox.Literal) and value.datatype.value == XSD + "integer"
        if not fits or _INTEGER.fullmatch(value.value) is None:
            raise self.fault(node, f"{short(predicate)} is {shown(value)}", "give a whole number (xsd:integer)")
        if int(value.value) < 0:
            raise self.fault(node, f"{short(predicate)} is {shown(value)}, which is below 0", "give 0 or more")
        return int(value.value)

    def flag(self, node: Term, predicate: str, *, strict: bool = False) -> bool:
        """Return the truth value of a predicate; false where there is none; ``strict`` knows no 1 and 0."""
        value = self.one(node, predicate)
        if value is None:
            return False
        known = {"true": True, "false": False} if strict else {"true": True, "1": True, "false": False, "0": False}
        if isinstance(value, ox.Literal) and value.datatype == _BOOLEAN and value.value in known:
            return known[value.value]
        raise self.fault(node, f"{short(predicate)} is {shown(value)}", "write true or false")

    def members(self, node: Term, predicate: str, head: Term) -> tuple[Term, ...]:
        """Return the members of an RDF list."""
        found: list[Term] = []
        seen: set[Term] = set()
        cell = head
        while cell != ox.NamedNode(_RDF + "nil"):
            first, rest = self.values(cell, _RDF + "first"), self.values(cell, _RDF + "rest")
            if len(first) != 1 or len(rest) != 1 or cell in seen:
                raise self.fault(node, f"{short(predicate)} is no well-formed list", "write it as ( a b )")
            seen.add(cell)
            found.append(first[0])
            cell = rest[0]
        return tuple(found)

    def path(self, node: Term, value: Term) -> model.Path:
        """Return the property path that ``value`` is the node of (SHACL 2.3.1)."""
        return self._path(node, value, ()).path

    def _path(self, node: Term, value: Term, within: tuple[Term, ...]) -> _Read:
        if isinstance(value, ox.NamedNode) and value.value != _RDF + "nil":
            return _Read(model.Predicate(value.value), 0, 1)
        if value in within:
            raise self.fault(node, "the path holds itself", "break the cycle")
        if not isinstance(value, ox.BlankNode):
            raise self.fault(node, f"sh:path is {shown(value)}", _NO_PATH)
        too_deep = len(within) == _DEEPEST
        if not too_deep and value not in self._paths:  # parts may be shared, and have shared parts
            self._paths[value] = self._blank_path(node, value, (*within, value))
        if too_deep or len(within) + self._paths[value].depth > _DEEPEST:
            raise self.fault(node, f"the path is nested more than {_DEEPEST} deep", "write it flatter")
        return self._paths[value]

    def _blank_path(self, node: Term, value: Term, within: tuple[Term, ...]) -> _Read:
        told = list(self.predicates(value))
        if _RDF + "first" in told or _RDF + "rest" in told:
            return self._several(node, value, within, model.Sequence)
        if len(told) != 1 or len(self.values(value, told[0])) != 1:
            said = ", ".join(sorted(map(short, told))) or "nothing"
            raise self.fault(node, f"sh:path leads to a blank node that says {said}", _NO_PATH)
        name, (inner,) = told[0].removeprefix(SH), self.values(value, told[0])
        if name == "alternativePath":
            return self._several(node, inner, within, model.Alternative)
        if name != "inversePath" and name not in _REPEATED:
            raise self.fault(node, f"{short(told[0])} is no kind of path", _NO_PATH)
        path, depth, steps = self._path(node, inner, within)
        made = model.Inverse(path) if name == "inversePath" else model.Closure(path, *_REPEATED[name])
        return _Read(made, depth + 1, steps)

    def _several(
        self,
        node: Term,
        head: Term,
        within: tuple[Term, ...],
        kind: type[model.Sequence] | type[model.Alternative],
    ) -> _Read:
        members = self.members(node, SH + "path", head)
        if len(members) < 2:
            raise self.fault(
                node, "a path of several has fewer than two members", "write the one member without the list"
            )
        parts = [self._path(node, member, within) for member in members]
        steps = sum(part.steps for part in parts)
        if steps > _LONGEST:
            raise self.fault(node, f"the path has {steps:,} steps, written out", "write a shorter one")
        return _Read(kind(tuple(part.path for part in parts)), 1 + max(part.depth for part in parts), steps)


def short(predicate: str) -> str:
    """Return a predicate as a person reads it; SHACL's own with ``sh:``."""
    return "sh:" + predicate.removeprefix(SH) if predicate.startswith(SH) else shown(ox.NamedNode(predicate))
