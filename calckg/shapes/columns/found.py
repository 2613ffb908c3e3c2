"""What plans have found on the columns, as ids, until the terms of several are looked up at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from calckg.shapes.algebra import Plan
from calckg.shapes.model import Predicate, Term
from calckg.shapes.results import Outcome, Result, order


@dataclass(frozen=True, slots=True)
class Found:
    """What was found for one plan: ``rows`` are the ids of focus node, value and path, and how often each is found.

    ``results`` are such as have their terms, of constraints in SPARQL. ``total`` counts them all, those beyond the
    ``limit`` too; ``queries`` and ``seconds`` tell how it was found.
    """

    plan: Plan
    rows: Sequence[tuple[int, ...]]
    results: Sequence[Result]
    total: int
    limit: int | None
    queries: tuple[str, ...]
    seconds: float

    def ids(self) -> set[int]:
        """Return the ids of all terms in the rows."""
        return {number for row in self.rows for number in row[:3] if number is not None}

    def outcome(self, terms: Mapping[int, Term], seconds: float = 0.0) -> Outcome:
        """Return the outcome with the terms of the ids; ``seconds`` were spent on looking them up."""
        results = list(self.results)
        for focus, value_id, path_id, times in self.rows:
            value = None if value_id is None else terms[value_id]
            path = None if path_id is None else Predicate(terms[path_id].value)
            results += [Result(terms[focus], value, path)] * int(times)
        results.sort(key=order)
        kept = results if self.limit is None else results[: self.limit]
        return Outcome(self.plan, kept, self.total - len(kept), self.queries, self.seconds + seconds)


def shares(found: Collection[Found], seconds: float) -> list[float]:
    """Divide the seconds of what was done for several plans by what each has found."""
    rows = sum(len(one.rows) for one in found)
    return [seconds * len(one.rows) / rows if rows else 0.0 for one in found]
