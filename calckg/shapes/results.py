"""What the back ends give: for each plan its results, what was asked, and how long it took."""

from __future__ import annotations

import heapq
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import pyoxigraph as ox

from calckg.shapes.algebra import Plan
from calckg.shapes.model import Path, Predicate, Shape, Term

_STRING: Final = ox.NamedNode("http://www.w3.org/2001/XMLSchema#string")


@dataclass(frozen=True, slots=True)
class Result:
    """One validation result (SHACL 3.6.2) but for what its plan says: shape, component, severity.

    ``path`` is the predicate of a triple that a closed shape does not allow, or what a query bound to ``?path``; else
    ``None``, and the shape's path stands. ``bindings`` are the variables that a message of a constraint in SPARQL may
    name, ``message`` what such a query bound to ``?message``.
    """

    focus: Term
    value: Term | None = None
    path: Path | None = None
    bindings: Mapping[str, Term] = field(default_factory=dict)
    message: ox.Literal | None = None


def of_solution(shape: Shape, node: Term, bindings: Mapping[str, Term], row: Mapping[str, Term]) -> Result:
    """Return the result of one solution (SHACL 5.3.2)."""
    value = row.get("value", node if shape.path is None else None)
    path, message = row.get("path"), row.get("message")
    return Result(
        node,
        value,
        Predicate(path.value) if isinstance(path, ox.NamedNode) else None,
        bindings,
        message if isinstance(message, ox.Literal) else None,
    )


def first(results: Iterable[Result], limit: int | None) -> tuple[list[Result], int]:
    """Return the results in their order, ``limit`` at most, and how many more there are."""
    if limit is None:
        return sorted(results, key=order), 0
    total = 0

    def counted() -> Iterator[Result]:
        nonlocal total
        for total, result in enumerate(results, 1):  # noqa: B007
            yield result

    # Asked for none, it would look at none and so count none.
    kept = heapq.nsmallest(max(limit, 1), counted(), key=_place)[:limit]
    return sorted(kept, key=order), total - len(kept)


def _place(result: Result) -> tuple[str, str, str]:
    """Return which results a limit keeps first: those that the columns do, whose ids follow the terms' values."""
    path = result.path.iri if isinstance(result.path, Predicate) else ""
    return _by_value(result.focus), "" if result.value is None else _by_value(result.value), path


def _by_value(term: Term) -> str:
    if isinstance(term, ox.NamedNode):
        return term.value
    if isinstance(term, ox.BlankNode):
        return f"_:{term.value}"
    tail = f"@{term.language.lower()}" if term.language else "" if term.datatype == _STRING else f"^^{term.datatype}"
    return f'{term.value}"{tail}'


def order(result: Result) -> tuple[str, str, str]:
    """Return the key that results are sorted by: their N-Triples texts."""
    path = result.path.iri if isinstance(result.path, Predicate) else ""
    return str(result.focus), "" if result.value is None else str(result.value), path


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one plan: its results, how many more there are beyond the limit, the query or queries, seconds."""

    plan: Plan
    results: Sequence[Result]
    more: int = 0
    queries: Sequence[str] = ()
    seconds: float = 0.0

    @property
    def total(self) -> int:
        """How many results there are, those beyond the limit too."""
        return len(self.results) + self.more


class Backend(Protocol):
    """Where plans are run."""

    def run(
        self, plans: Sequence[Plan], *, limit: int | None = None, focus: Sequence[Term] | None = None
    ) -> Generator[Outcome, None, None]:
        """Yield the outcome of each plan, in their order; ``close`` ends what runs.

        With ``limit`` each has so many results at most, the first by the values of focus node and value node, as the
        ids of columns are that were written at once; they are told in the order of their N-Triples texts. With
        ``focus`` only these focus nodes are checked, those of them that the targets give.
        """
        ...
