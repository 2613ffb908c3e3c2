"""Outcomes as findings: one for each result, with its place and its remedy."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import pyoxigraph as ox

from calckg.findings import FileSource, Finding, GraphSource, Severity
from calckg.shapes import model
from calckg.shapes.algebra import Plan
from calckg.shapes.model import SH, Term
from calckg.shapes.reports import messages
from calckg.shapes.results import Outcome, Result

_COMMENT: Final = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#comment")
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
                messages.text(result.focus),
                _message(plan, result),
                remedy,
                source(result.focus, path, result.value),
            )


def _message(plan: Plan, result: Result) -> str:
    text = messages.of_finding(plan, result)
    value = None if result.value is None else messages.text(result.value)
    # Our own words name the limit, never the value; a number in them is not that of the value.
    named = value is None or (bool(messages.given(plan, result)) and _names(text, value))
    return text if named else f"{text} (found: {value})"


def _names(text: str, value: str) -> bool:
    """Tell whether a text has a value in it, as a word or words of its own."""
    return re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text) is not None


def rule(node: Term, shapes: ox.Store) -> str:
    """Return the IRI of the shape that found it; for one without an IRI, of what holds it."""
    return messages.text(model.named(node, shapes))


def _remedy(plan: Plan, shapes: ox.Store) -> str:
    """Return what ``rdfs:comment`` says to do: the constraint's own, the shape's, or that of what holds it."""
    kind = plan.constraint.kind
    starts = [kind.node] if isinstance(kind, model.Sparql) and kind.node is not None else []
    for start in (*starts, plan.shape.node):
        for holder in model.holders(start, shapes):
            if isinstance(holder, ox.Literal):
                continue
            comments = sorted((quad.object for quad in shapes.quads_for_pattern(holder, _COMMENT, None, None)), key=str)
            for comment in comments:
                if isinstance(comment, ox.Literal):
                    return comment.value
    return ""
