"""What the back ends give: for each plan its results, what was asked, and how long it took."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import pyoxigraph as ox

from calckg.shapes.algebra import Plan
from calckg.shapes.model import Path, Predicate, Shape, Term


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
