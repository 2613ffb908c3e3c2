"""What to check, and how much to tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pyoxigraph as ox

from calckg import prefixes
from calckg.errors import UnknownNameError, UsageError
from calckg.shapes.model import Term

Progress = Callable[[int, int], None]
"""Told how many plans are run, of how many."""


@dataclass(frozen=True, slots=True)
class Options:
    """What to check and how much to tell.

    ``limit`` is the most results of one constraint, ``focus`` the only nodes to check, ``only`` the IRIs of the only
    shapes to check against (targets of their own or not: with ``focus`` a shape without targets is asked of these).
    With ``recheck`` constraints are run that found nothing when the graph was built, too, though nothing has changed.
    """

    limit: int | None = None
    focus: tuple[Term, ...] = ()
    only: tuple[str, ...] = ()
    progress: Progress = lambda done, of: None
    recheck: bool = False

    def __post_init__(self) -> None:
        limit = self.limit
        if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool) or limit < 0):
            raise UsageError(f"limit {limit!r}: give a whole number, 0 or more")

    @classmethod
    def of(
        cls,
        limit: int | None,
        shape: Iterable[str],
        focus: Iterable[str],
        progress: Progress = lambda done, of: None,
        *,
        recheck: bool = False,
        named: str = "{}=",
    ) -> Options:
        """Return options of shapes and nodes by their IRIs or CURIEs; ``named`` is how an error names an argument.

        Raises ``UsageError`` for one that is neither, and for a limit that is no whole number or below 0.
        """
        only = tuple(_expanded(named.format("shape"), text) for text in shape)
        nodes = tuple(_expanded(named.format("focus"), text) for text in focus)
        return cls(limit, tuple(map(ox.NamedNode, nodes)), only, progress, recheck)


def _expanded(label: str, text: str) -> str:
    if text.startswith("_:"):
        raise UsageError(f"{label}{text!r}: a blank node can't be asked for by name; give an IRI or a CURIE")
    try:
        return prefixes.load().expand(text)
    except UnknownNameError as error:
        near = f" (did you mean {' or '.join(error.nearest)}?)" if error.nearest else ""
        why = f"unknown prefix {error.name!r}{near}; write the IRI, all of it, in angle brackets: <…>"
    except UsageError as error:
        why = str(error)
    raise UsageError(f"{label}{text!r}: {why}")
