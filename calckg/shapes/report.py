"""Outcomes as a ``sh:ValidationReport`` (SHACL 3.6) and as findings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import count
from typing import Final

import pyoxigraph as ox

from calckg import rdf
from calckg.findings import FileSource, Finding, GraphSource, Severity
from calckg.shapes import messages, model
from calckg.shapes.algebra import Plan
from calckg.shapes.model import SH, Term
from calckg.shapes.results import Outcome, Result

_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_COMMENT: Final = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#comment")
_BOOLEAN: Final = ox.NamedNode("http://www.w3.org/2001/XMLSchema#boolean")
_SEVERITIES: Final = {
    SH + "Violation": Severity.VIOLATION,
    SH + "Warning": Severity.WARNING,
    SH + "Info": Severity.INFO,
}
Source = Callable[[Term, model.Path | None, Term | None], FileSource | GraphSource]
"""Tells where the statement (focus node, path, value) that a result is about stands, or else its focus node."""


def severity(plan: Plan) -> Severity:
    """Return how grave the results of a plan are; one that SHACL does not name is a violation."""
    return _SEVERITIES.get(plan.shape.severity, Severity.VIOLATION)


def triples(outcomes: Iterable[Outcome]) -> list[ox.Triple]:
    """Return the validation report: its node, and one for each result with all that SHACL 3.6.2 asks for."""
    kept = list(outcomes)
    report = _Report(_unused("result", kept))
    for outcome in kept:
        if outcome.more:  # what a limit left out does not conform either
            report.fail()
        for result in outcome.results:
            report.add(outcome.plan, result)
    return report.finished()


def _unused(label: str, outcomes: Sequence[Outcome]) -> str:
    """Return what the name of no blank node begins with that results tell of; it begins with ``label``."""
    told: set[object] = set()
    for outcome in outcomes:
        kind = outcome.plan.constraint.kind
        told |= {outcome.plan.shape.node, kind.node if isinstance(kind, model.Sparql) else None}
        told |= {node for result in outcome.results for node in (result.focus, result.value)}
    taken = [node.value for node in told if isinstance(node, ox.BlankNode)]
    while any(name.startswith(label) for name in taken):
        label += "x"
    return label


class _Report:
    """The triples of a report. Blank nodes are numbered: of the same results it is the same, byte by byte."""

    def __init__(self, label: str) -> None:
        self._label, self._numbers = label, count(1)
        self._node = ox.BlankNode(f"{label}s")
        self._found: list[ox.Triple] = []
        self._conforms = True

    def _fresh(self) -> ox.BlankNode:
        return ox.BlankNode(f"{self._label}{next(self._numbers):07}")  # in their order as texts, too

    def finished(self) -> list[ox.Triple]:
        conforms = ox.Literal("true" if self._conforms else "false", datatype=_BOOLEAN)
        head = [
            ox.Triple(self._node, rdf.RDF_TYPE, _sh("ValidationReport")),
            ox.Triple(self._node, _sh("conforms"), conforms),
        ]
        return [*head, *self._found]

    def fail(self) -> None:
        self._conforms = False

    def add(self, plan: Plan, result: Result) -> None:
        self.fail()
        node = self._fresh()

        def say(name: str, value: Term) -> None:
            self._found.append(ox.Triple(node, _sh(name), value))

        self._found.append(ox.Triple(self._node, _sh("result"), node))
        self._found.append(ox.Triple(node, rdf.RDF_TYPE, _sh("ValidationResult")))
        say("focusNode", result.focus)
        path = plan.shape.path if result.path is None else result.path
        if path is not None:
            say("resultPath", self._path(path))
        if result.value is not None:
            say("value", result.value)
        say("sourceShape", plan.shape.node)
        say("sourceConstraintComponent", ox.NamedNode(plan.constraint.component))
        kind = plan.constraint.kind
        if isinstance(kind, model.Sparql) and kind.node is not None:
            say("sourceConstraint", kind.node)
        say("resultSeverity", ox.NamedNode(plan.shape.severity))
        for message in messages.of(plan, result):
            say("resultMessage", message)

    def _path(self, path: model.Path) -> ox.NamedNode | ox.BlankNode:
        """Return the node of a path; what a shapes graph says of it is said in the report too."""
        match path:
            case model.Predicate(iri):
                return ox.NamedNode(iri)
            case model.Sequence(paths):
                return self._list(paths)
            case model.Alternative(paths):
                return self._node_with("alternativePath", self._list(paths))
            case model.Inverse(inner):
                return self._node_with("inversePath", self._path(inner))
            case model.Closure(inner, least, many):
                name = "zeroOrOnePath" if not many else "oneOrMorePath" if least else "zeroOrMorePath"
                return self._node_with(name, self._path(inner))

    def _node_with(self, name: str, value: ox.NamedNode | ox.BlankNode) -> ox.BlankNode:
        node = self._fresh()
        self._found.append(ox.Triple(node, _sh(name), value))
        return node

    def _list(self, paths: tuple[model.Path, ...]) -> ox.NamedNode | ox.BlankNode:
        rest: ox.NamedNode | ox.BlankNode = ox.NamedNode(_RDF + "nil")
        for path in reversed(paths):
            cell = self._fresh()
            self._found.append(ox.Triple(cell, ox.NamedNode(_RDF + "first"), self._path(path)))
            self._found.append(ox.Triple(cell, ox.NamedNode(_RDF + "rest"), rest))
            rest = cell
        return rest


@cache
def _sh(name: str) -> ox.NamedNode:
    return ox.NamedNode(SH + name)


def findings(outcomes: Iterable[Outcome], shapes: ox.Store, source: Source) -> Iterator[Finding]:
    """Yield a finding for each result; ``shapes`` is the shapes graph: what holds a shape without an IRI names it."""
    for outcome in outcomes:
        plan = outcome.plan
        iri, remedy, grave = rule(plan.shape.node, shapes), _remedy(plan, shapes), severity(plan)
        for result in outcome.results:
            path = plan.shape.path if result.path is None else result.path
            yield Finding(
                iri,
                grave,
                result.focus.value,
                _message(plan, result),
                remedy,
                source(result.focus, path, result.value),
            )


def _message(plan: Plan, result: Result) -> str:
    told = messages.of(plan, result)
    text = next((m.value for m in told if m.language in {None, "en"}), told[0].value)
    value = None if result.value is None else result.value.value
    # Our own words name the limit, never the value; a number in them is not that of the value.
    named = value is None or (bool(messages.given(plan, result)) and _names(text, value))
    return text if named else f"{text} (found: {value})"


def _names(text: str, value: str) -> bool:
    """Tell whether a text has a value in it, as a word or words of its own."""
    return re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text) is not None


def _holders(node: Term, shapes: ox.Store) -> Iterator[Term]:
    """Yield a node, and what holds it, and what holds that."""
    seen: set[Term] = set()
    holder: Term | None = node
    while holder is not None and holder not in seen:
        yield holder
        seen.add(holder)
        subjects = (quad.subject for quad in shapes.quads_for_pattern(None, None, holder, None))
        holder = min((s for s in subjects if not isinstance(s, ox.Triple)), key=str, default=None)


def rule(node: Term, shapes: ox.Store) -> str:
    """Return the IRI of the shape that found it; for one without an IRI, of what holds it."""
    named = (holder for holder in _holders(node, shapes) if isinstance(holder, ox.NamedNode))
    return next((holder.value for holder in named), node.value)


def _remedy(plan: Plan, shapes: ox.Store) -> str:
    """Return what ``rdfs:comment`` says to do: the constraint's own, the shape's, or that of what holds it."""
    kind = plan.constraint.kind
    starts = [kind.node] if isinstance(kind, model.Sparql) and kind.node is not None else []
    for start in (*starts, plan.shape.node):
        for holder in _holders(start, shapes):
            if isinstance(holder, ox.Literal):
                continue
            comments = sorted((quad.object for quad in shapes.quads_for_pattern(holder, _COMMENT, None, None)), key=str)
            for comment in comments:
                if isinstance(comment, ox.Literal):
                    return comment.value
    return ""
