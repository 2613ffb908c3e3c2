"""What the SQL of a plan speaks of beside the plan: what its variables are, and what the back end has made."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from calckg.shapes import algebra as al
from calckg.shapes import model
from calckg.shapes.model import Term


@dataclass(slots=True)
class Bound:
    """What a variable is in SQL: the expression of its id, and the alias of a row with its term, if one is at hand.

    ``among`` gives a query for the ids that it can be.
    """

    id: str
    among: Callable[[], str]
    term: str | None = None
    used: bool = False


@dataclass(frozen=True, slots=True)
class PlanNames:
    """What the renderer asks of the back end: ids of terms, and the tables that it has made."""

    id: Callable[[Term], int]
    instances: Callable[[Term], str]  # a relation (n) of the instances of a class and its subclasses
    closure: Callable[[model.Closure], str]  # a relation (s, o) of the path, once or more
    failed: Callable[[al.FailsSparql, str], str]  # a relation (n) of the nodes of a query that fail, and maybe more
    leads: Callable[[model.Path], bool]  # false where a path surely leads nowhere
    once: Callable[[model.Path], bool]  # true where it surely leads from one node to another once, not by two graphs
    bits: Callable[[str], str | None]  # SQL for the nodes of a large table (n) as bits
    datatypes: Callable[[], AbstractSet[str]]  # the IRIs of the datatypes that there are
