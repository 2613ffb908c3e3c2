"""Outcomes as a ``sh:ValidationReport`` (SHACL 3.6), as triples or as Turtle.

Blank nodes are numbered: of the same results the report is the same, byte by byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from typing import Final

import pyoxigraph as ox

from calckg import rdf
from calckg.shapes import messages, model
from calckg.shapes.algebra import Plan
from calckg.shapes.model import SH, Term
from calckg.shapes.results import Outcome

_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_TYPE: Final = ""  # is told as "a", before all other predicates
_FOCUS: Final = SH + "focusNode"
_PATH: Final = SH + "resultPath"
_VALUE: Final = SH + "value"
_MESSAGE: Final = SH + "resultMessage"
_BOOLEAN: Final = ox.NamedNode("http://www.w3.org/2001/XMLSchema#boolean")
_Row = tuple[str, str, str]  # subject, predicate IRI, object: blank nodes and terms as in N-Triples


def triples(outcomes: Iterable[Outcome]) -> list[ox.Triple]:
    """Return the validation report: its node, and one for each result with all that SHACL 3.6.2 asks for."""
    report = _Report(outcomes)
    return [
        ox.Triple(ox.BlankNode(subject[2:]), ox.NamedNode(predicate or rdf.RDF_TYPE.value), report.term(told))
        for subject, predicate, told in report.rows
    ]


def turtle(outcomes: Iterable[Outcome]) -> bytes:
    """Return the validation report as ``rdf.write_turtle`` writes it; each term is rendered once."""
    report = _Report(outcomes)
    rows = sorted(report.rows)  # they come nearly in order
    terms = {text: term for text, term in report.terms.items() if not isinstance(term, ox.BlankNode)}
    predicates = {iri: ox.NamedNode(iri or rdf.RDF_TYPE.value) for iri in {predicate for _, predicate, _ in rows}}
    head, texts = rdf.turtle_texts([*terms.values(), *predicates.values()])
    objects = dict(zip(terms, texts, strict=False))
    names = dict(zip(predicates, texts[len(terms) :], strict=True)) | {_TYPE: "a"}
    said: tuple[str, str] = ("", "")
    parts = [head]
    for subject, predicate, told in rows:
        if (subject, predicate) == said:
            parts.append(" , ")
        elif subject == said[0]:
            parts += [" ;\n\t", names[predicate], " "]
        else:
            parts += [" .\n" if said[0] else "", subject, " ", names[predicate], " "]
        parts.append(objects.get(told, told))
        said = subject, predicate
    return "".join([*parts, " .\n"]).encode()


class _Report:
    """The rows of a report, each once, and the terms in them."""

    def __init__(self, outcomes: Iterable[Outcome]) -> None:
        kept = list(outcomes)
        self._label, self._numbers = _unused("result", kept), count(1)
        self.terms: dict[str, Term] = {}
        self.rows: list[_Row] = []
        node = f"_:{self._label}s"
        conforms = not any(outcome.more or outcome.results for outcome in kept)  # nor does what a limit left out
        self._say(node, _TYPE, ox.NamedNode(SH + "ValidationReport"))
        self._say(node, SH + "conforms", ox.Literal("true" if conforms else "false", datatype=_BOOLEAN))
        for outcome in kept:
            for result in self._results(outcome):
                self.rows.append((node, SH + "result", result))

    def term(self, text: str) -> Term:
        """Return the term that stands in a row so."""
        return self.terms[text] if text in self.terms else ox.BlankNode(text[2:])

    def _text(self, term: Term) -> str:
        text = str(term)
        self.terms[text] = term
        return text

    def _say(self, subject: str, predicate: str, term: Term) -> None:
        self.rows.append((subject, predicate, self._text(term)))

    def _fresh(self) -> str:
        return f"_:{self._label}{next(self._numbers):07}"  # in their order as texts, too

    def _results(self, outcome: Outcome) -> Iterator[str]:
        """Say the results of a plan, and yield the node of each."""
        plan, rows = outcome.plan, self.rows
        said = messages.of_all(plan)
        same = list(dict.fromkeys((predicate, self._text(term)) for predicate, term in _of_all(plan, said or ())))
        for result in outcome.results:
            node = self._fresh()
            rows += [(node, predicate, text) for predicate, text in same]
            rows.append((node, _FOCUS, self._text(result.focus)))
            path = plan.shape.path if result.path is None else result.path
            if path is not None:
                rows.append((node, _PATH, self._path(path)))
            if result.value is not None:
                rows.append((node, _VALUE, self._text(result.value)))
            for message in dict.fromkeys(messages.of(plan, result) if said is None else ()):
                self._say(node, _MESSAGE, message)
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
        self.rows.append((node, SH + name, value))
        return node

    def _list(self, paths: tuple[model.Path, ...]) -> str:
        rest = self._iri(_RDF + "nil")
        for path in reversed(paths):
            cell = self._fresh()
            self.rows += [(cell, _RDF + "first", self._path(path)), (cell, _RDF + "rest", rest)]
            rest = cell
        return rest


def _of_all(plan: Plan, said: Iterable[ox.Literal]) -> Iterator[tuple[str, Term]]:
    """Yield what is said of all results of a plan, predicate and object; its messages are ``said``."""
    yield _TYPE, ox.NamedNode(SH + "ValidationResult")
    yield SH + "sourceShape", plan.shape.node
    yield SH + "sourceConstraintComponent", ox.NamedNode(plan.constraint.component)
    kind = plan.constraint.kind
    if isinstance(kind, model.Sparql) and kind.node is not None:
        yield SH + "sourceConstraint", kind.node
    yield SH + "resultSeverity", ox.NamedNode(plan.shape.severity)
    for message in said:
        yield _MESSAGE, message


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
