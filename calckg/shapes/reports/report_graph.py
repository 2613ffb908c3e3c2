"""Outcomes as a ``sh:ValidationReport`` (SHACL 3.6), as triples or as Turtle.

Blank nodes are numbered: of the same results the report is the same, byte by byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from operator import itemgetter
from typing import IO, Final

import pyoxigraph as ox

from calckg import rdf
from calckg.shapes import model
from calckg.shapes.algebra import Plan
from calckg.shapes.model import SH, Term
from calckg.shapes.reports import messages
from calckg.shapes.results import Outcome

_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_TYPE: Final = ""  # is told as "a", before all other predicates
_FOCUS: Final = SH + "focusNode"
_PATH: Final = SH + "resultPath"
_VALUE: Final = SH + "value"
_MESSAGE: Final = SH + "resultMessage"
_BOOLEAN: Final = ox.NamedNode("http://www.w3.org/2001/XMLSchema#boolean")
_Told = tuple[str, "str | int"]  # predicate IRI, object: as in N-Triples, or the place of one that differs by result
_Block = tuple[str, Sequence[_Told], Sequence[str]]  # a blank node, what is said of it, and what differs
_STEPS: Final[Mapping[str, Sequence[_Told]]] = {
    name: [(SH + name, 0)]
    for name in ("alternativePath", "inversePath", "zeroOrOnePath", "oneOrMorePath", "zeroOrMorePath")
}
_CELL: Final[Sequence[_Told]] = [(_RDF + "first", 0), (_RDF + "rest", 1)]


def triples(outcomes: Iterable[Outcome]) -> list[ox.Triple]:
    """Return the validation report: its node, and one for each result with all that SHACL 3.6.2 asks for."""
    return list(_triples(_Report(outcomes)))


def _triples(report: _Report) -> Iterator[ox.Triple]:
    """Yield the triples of a report in the order in which ``rdf.write_quads`` would put them."""
    predicates = {_TYPE: rdf.RDF_TYPE}
    for name, said, differing in report.blocks:
        node = ox.BlankNode(name[2:])
        for iri, told in said:
            if (predicate := predicates.get(iri)) is None:
                predicate = predicates[iri] = ox.NamedNode(iri)
            yield ox.Triple(node, predicate, report.term(differing[told] if isinstance(told, int) else told))


def write(outcomes: Iterable[Outcome], output: IO[bytes], name: str) -> None:
    """Write the validation report as ``rdf.write_quads`` writes its triples in the format called ``name``."""
    if name == "turtle":
        output.write(turtle(outcomes))
    elif name == "ntriples":
        output.writelines(line.encode() for line in sorted(_lines(_Report(outcomes))))
    else:
        rdf.serialise(_triples(_Report(outcomes)), output, name)


def _lines(report: _Report) -> Iterator[str]:
    for node, said, differing in report.blocks:
        for predicate, told in said:
            value = differing[told] if isinstance(told, int) else told
            yield f"{node} <{predicate or rdf.RDF_TYPE.value}> {value} .\n"


def turtle(outcomes: Iterable[Outcome]) -> bytes:
    """Return the validation report as ``rdf.write_turtle`` writes it; each term is rendered once.

    So is what the results of a constraint have in common.
    """
    report = _Report(outcomes)
    forms = {id(said): said for _, said, _ in report.blocks}
    predicates = (ox.NamedNode(iri or rdf.RDF_TYPE.value) for said in forms.values() for iri, _ in said)
    terms = report.terms | {str(predicate): predicate for predicate in predicates}
    head, texts = rdf.turtle_texts({text: t for text, t in terms.items() if not isinstance(t, ox.BlankNode)})
    rendered = {number: _form(said, texts) for number, said in forms.items()}
    parts = [head]
    for node, said, differing in report.blocks:
        parts.append(rendered[id(said)] % (node, *[texts.get(told, told) for told in differing]))
    return "".join(parts).encode()


def _form(said: Sequence[_Told], texts: Mapping[str, str]) -> str:
    """Return the Turtle of what is said of a node, with ``%s`` for the node and for each object that differs."""
    parts, before = list[str](), ""
    for number, (predicate, told) in enumerate(said):
        text = "%s" if isinstance(told, int) else texts.get(told, told).replace("%", "%%")
        if number and predicate == before:
            parts += [" , ", text]
        else:
            name = "a" if predicate == _TYPE else texts[f"<{predicate}>"].replace("%", "%%")
            parts += [" ;\n\t" if number else "%s ", name, " ", text]
        before = predicate
    return "".join([*parts, " .\n"])


def _said(common: Iterable[tuple[str, str]], has_path: bool, has_value: bool) -> Sequence[_Told]:
    """Return what is said of a result, in order; focus node, path and value are told by their places."""
    differing = [_FOCUS, *[_PATH] * has_path, *[_VALUE] * has_value]  # in order, too
    return sorted([*common, *((name, at) for at, name in enumerate(differing))], key=lambda one: (one[0], str(one[1])))


class _Report:
    """What a report says, a block for each blank node in the order of their names, and the terms in it."""

    def __init__(self, outcomes: Iterable[Outcome]) -> None:
        kept = list(outcomes)
        self._label, self._numbers = _unused("result", kept), count(1)
        self.terms: dict[str, Term] = {}
        self.blocks: list[_Block] = []
        results = [node for outcome in kept if outcome.results for node in self._results(outcome)]
        conforms = not any(outcome.total for outcome in kept)  # nor does what a limit left out
        said: list[_Told] = [
            (_TYPE, self._text(ox.NamedNode(SH + "ValidationReport"))),
            (SH + "conforms", self._text(ox.Literal("true" if conforms else "false", datatype=_BOOLEAN))),
        ]
        said += [(SH + "result", node) for node in results]
        self.blocks.sort(key=itemgetter(0))  # nearly in order: the node of a path is made before what it leads to
        self.blocks.append((f"_:{self._label}s", said, ()))  # after all numbers

    def term(self, text: str) -> Term:
        """Return the term that stands in a row so."""
        found = self.terms.get(text)
        return ox.BlankNode(text[2:]) if found is None else found

    def _text(self, term: Term) -> str:
        text = str(term)
        self.terms[text] = term
        return text

    def _fresh(self) -> str:
        return f"_:{self._label}{next(self._numbers):07}"  # in their order as texts, too

    def _results(self, outcome: Outcome) -> Iterator[str]:
        """Say the results of a plan, and yield the node of each."""
        plan, own = outcome.plan, outcome.plan.shape.path
        told = messages.of_all(plan)
        texts = tuple(map(self._text, told or ()))
        common = {(predicate, self._text(term)) for predicate, term in _of_all(plan)}
        # All results have a path in common that is a predicate, as most are; another one has nodes of its own.
        step = {(_PATH, self._iri(own.iri))} if isinstance(own, model.Predicate) else set[tuple[str, str]]()
        known: dict[tuple[bool, bool, tuple[str, ...]], Sequence[_Told]] = {}
        for result in outcome.results:
            node, differing = self._fresh(), [self._text(result.focus)]
            path = result.path if result.path is not None or step else own
            if path is not None:
                differing.append(self._path(path))
            if result.value is not None:
                differing.append(self._text(result.value))
            if told is None:
                texts = tuple(map(self._text, messages.of(plan, result)))
            kind = path is not None, result.value is not None, texts
            if kind not in known:
                more = {*common, *(step if path is None else ()), *((_MESSAGE, text) for text in texts)}
                known[kind] = _said(more, *kind[:2])
            self.blocks.append((node, known[kind], differing))
            yield node

    def _path(self, path: model.Path) -> str:
        """Return the node of a path; what a shapes graph says of it is said in the report too."""
        match path:
            case model.Predicate(iri):
                return self._iri(iri)
            case model.Sequence(paths):
                return self._list(paths)
            case model.Alternative(paths):
                return self._node_with("alternativePath", self._list(paths))
            case model.Inverse(inner):
                return self._node_with("inversePath", self._path(inner))
            case model.Closure(inner, least, many):
                name = "zeroOrOnePath" if not many else "oneOrMorePath" if least else "zeroOrMorePath"
                return self._node_with(name, self._path(inner))

    def _iri(self, iri: str) -> str:
        text = f"<{iri}>"
        if text not in self.terms:
            self.terms[text] = ox.NamedNode(iri)
        return text

    def _node_with(self, name: str, value: str) -> str:
        node = self._fresh()
        self.blocks.append((node, _STEPS[name], [value]))
        return node

    def _list(self, paths: tuple[model.Path, ...]) -> str:
        rest = self._iri(_RDF + "nil")
        for path in reversed(paths):
            cell = self._fresh()
            self.blocks.append((cell, _CELL, [self._path(path), rest]))
            rest = cell
        return rest


def _of_all(plan: Plan) -> Iterator[tuple[str, Term]]:
    """Yield what is said of all results of a plan, predicate and object."""
    yield _TYPE, ox.NamedNode(SH + "ValidationResult")
    yield SH + "sourceShape", plan.shape.node
    yield SH + "sourceConstraintComponent", ox.NamedNode(plan.constraint.component)
    kind = plan.constraint.kind
    if isinstance(kind, model.Sparql) and kind.node is not None:
        yield SH + "sourceConstraint", kind.node
    yield SH + "resultSeverity", ox.NamedNode(plan.shape.severity)


def _unused(label: str, outcomes: Sequence[Outcome]) -> str:
    """Return what the name of no blank node begins with that results tell of; it begins with ``label``."""

    def told() -> Iterator[object]:
        for outcome in outcomes:
            kind = outcome.plan.constraint.kind
            yield outcome.plan.shape.node
            yield kind.node if isinstance(kind, model.Sparql) else None
            for result in outcome.results:
                yield result.focus
                yield result.value

    taken = [node.value for node in told() if isinstance(node, ox.BlankNode)]
    while any(name.startswith(label) for name in taken):
        label += "x"
    return label
