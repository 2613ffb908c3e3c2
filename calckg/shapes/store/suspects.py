"""Which focus nodes a constraint can have results of, found by reading its predicates through.

A store looks up one focus node after the other, at ten times the cost of reading the triples of a predicate in their
order. So a constraint on many focus nodes is first asked of its predicate alone, whoever has it: mostly nothing is
wrong with any value, and that is that. Where little is, the constraint is asked of those nodes only.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Final

import pyoxigraph as ox

from calckg.shapes import algebra as al
from calckg.shapes import model
from calckg.shapes.algebra import THIS, VALUE, Var
from calckg.shapes.model import Path, Term
from calckg.shapes.store import sparql_literals
from calckg.shapes.store.sparql_paths import walked
from calckg.shapes.store.sparql_terms import Terms
from calckg.shapes.store.to_sparql import Renderer

_FEW: Final = 10_000  # suspects, or values: more are no help


class Suspects:
    """Asks one graph, and remembers in ``large`` which targets give ``many`` focus nodes or more."""

    def __init__(self, terms: Terms, many: int, large: dict[al.Focus, bool]) -> None:
        self._terms, self._many, self._large = terms, many, large
        self.queries: list[str] = []
        """What was asked; clear it between plans."""

    def of(self, plan: al.Plan, renderer: Renderer) -> list[Term] | None:
        """Return the focus nodes of which a plan can have results, and maybe others; ``None``: any may be one."""
        wrong = _wrong(plan.question)
        if wrong is None and not isinstance(plan.question, al.Pairs | al.Absent):
            return None
        if (wrong is not None and al.asks_sparql(wrong)) or not self.is_large(plan.focus, renderer):
            return None
        focus = renderer.focus(plan.focus)
        match plan.question:
            case al.Pairs(path, other, operator):
                return self._unordered(path, other, operator)
            case al.Absent(path, other):
                return self._unequal(path, other, focus)
        return None if wrong is None else self._where(wrong, focus, renderer)

    def _unordered(self, path: Path, other: Path, operator: str) -> list[Term] | None:
        if not (_is_step(path) and _is_step(other)):
            return None
        wrong = f"FILTER(!{sparql_literals.compares(f'?{VALUE}', operator, '?other')})"
        both = f"{_walk(path, Var(VALUE))} {_pairs(other, Var('other'))}"
        return self._few(f"SELECT DISTINCT ?{THIS} WHERE {{ {both} {wrong} }}")

    def _unequal(self, path: Path | None, other: Path, focus: str) -> list[Term] | None:
        if not _is_step(other) or not (path is None or _is_chain(path)):
            return None
        if path is None:
            one = self._without(walked("", f"?{THIS}", other, f"?{THIS}"), focus)
            back = f"{_walk(other, Var(VALUE))} FILTER(!sameTerm(?{THIS}, ?{VALUE}))"
            two = None if one is None else self._few(f"SELECT DISTINCT ?{THIS} WHERE {{ {back} }}")
        else:
            here, there = _walk(path, Var(VALUE)), _walk(other, Var(VALUE))
            one = self._without(there, here)
            two = None if one is None else self._without(here, there)
        return None if one is None or two is None else list(dict.fromkeys([*one, *two]))

    def _where(self, wrong: al.Condition, focus: str, renderer: Renderer) -> list[Term] | None:
        """Return the nodes of which a condition may hold."""
        found = (self._where_one(one, focus, renderer) for one in al.conjuncts(wrong))
        return next((nodes for nodes in found if nodes is not None), None)

    def _where_one(self, wrong: al.Condition, focus: str, renderer: Renderer) -> list[Term] | None:
        match wrong:
            case al.Neg(al.All(conditions)):
                return self._where_one(al.Any(tuple(map(al.Neg, conditions))), focus, renderer)
            case al.Any(conditions):
                every = dict[Term, None]()
                for one in conditions:
                    nodes = self._where(one, focus, renderer)
                    if nodes is None:
                        return None
                    every |= dict.fromkeys(nodes)
                return list(every)
            case al.Reaches(Var("this"), path, ox.NamedNode() | ox.Literal() as end) if _is_step(path):
                return self._few(f"SELECT DISTINCT ?{THIS} WHERE {{ {walked('', f'?{THIS}', path, str(end))} }}")
            case al.Neg(al.Reaches(Var("this"), path, ox.NamedNode() | ox.Literal() as end)) if _is_step(path):
                return self._without(walked("", f"?{THIS}", path, str(end)), focus)
            case al.Neg(al.IsA(Var("this"), cls)):
                return self._without(renderer.instances(cls, f"?{THIS}"), focus)
            case al.Exists(Var("this"), path, end, where) if _is_step(path) and al.of_value(where):
                return self._of_values(path, renderer.values_alone(path, end, where), end, focus)
            case al.Exists(Var("this"), path, end, where) if _is_step(path):
                return self._shared(path, end, where)
            case al.Count(Var("this"), path, end, al.Constant(True), ">", number) if _is_step(path):
                many = f"GROUP BY ?{THIS} HAVING (COUNT(DISTINCT ?{end.name}) > {number})"
                return self._few(f"SELECT ?{THIS} WHERE {{ {_walk(path, end)} }} {many}")
            case al.Count(Var("this"), path, end, where, "<", 1) if _is_step(path) and al.of_value(where):
                return self._without(renderer.leads(path, end, where), focus)
        return None

    def _shared(self, path: Path, end: Var, where: al.Condition) -> list[Term] | None:
        """Return the nodes with a value that another predicate leads to, too, where that is asked for."""
        for one in al.conjuncts(where):
            match one:
                case al.Reaches(Var("this"), other, Var(name)) if name == end.name and _is_step(other):
                    both = f"{_walk(path, end)} {_pairs(other, end)}"
                    return self._few(f"SELECT DISTINCT ?{THIS} WHERE {{ {both} }}")
        return None

    def _without(self, pattern: str, focus: str) -> list[Term] | None:
        if not self._terms.joins_by_hash:
            return None
        return self._few(f"SELECT DISTINCT ?{THIS} WHERE {{ {focus} MINUS {{ {pattern} }} }}")

    def is_large(self, focus: al.Focus, renderer: Renderer) -> bool:
        """Tell whether the targets give many focus nodes."""
        if focus not in self._large:
            some = f"SELECT ?{THIS} WHERE {{ {renderer.focus(focus)} }} LIMIT {self._many}"
            self.queries.append(f"SELECT (COUNT(*) AS ?n) WHERE {{ {{ {some} }} }}")
            rows = self._terms.rows(self.queries[-1])
            self._large[focus] = any(row["n"].value == str(self._many) for row in rows if "n" in row)
        return self._large[focus]

    def _of_values(self, path: Path, wrong: str, end: Var, focus: str) -> list[Term] | None:
        values = self._few(wrong)
        if values is None:  # much is wrong with other nodes: see whether it is with these, too
            return self._few(_of_them(f"{{ {wrong} }} {_walk(path, end)}", focus))
        if not values:
            return values
        whose = f"{self._terms.table([end.name], [[value] for value in values])} {_walk(path, end)}"
        nodes = self._few(f"SELECT DISTINCT ?{THIS} WHERE {{ {whose} }}")
        return self._few(_of_them(whose, focus)) if nodes is None else nodes

    def _few(self, query: str) -> list[Term] | None:
        """Return what a query of one variable finds, if it is not much."""
        limited = f"{query} LIMIT {_FEW + 1}"
        self.queries.append(limited)
        found = [term for row in islice(self._terms.rows(limited), _FEW + 1) for term in row.values()]
        if len(found) > _FEW or (not self._terms.local and any(isinstance(term, ox.BlankNode) for term in found)):
            return None  # a blank node has no name at an endpoint
        return list(dict.fromkeys(found))


def _wrong(question: al.Question) -> al.Condition | None:
    """Return what holds of each focus node that has a result; ``None`` where no condition says it."""
    match question:
        case al.Values(None, where) | al.Nodes(where):
            return where
        case al.Values(path, where) if path is not None:
            return al.Exists(Var(THIS), path, Var(VALUE), where)
        case al.Languages(path):
            return al.Count(Var(THIS), path, Var(VALUE), al.Constant(True), ">", 1)
    return None


def _is_step(path: Path) -> bool:
    return isinstance(path, model.Predicate) or (
        isinstance(path, model.Alternative) and all(isinstance(one, model.Predicate) for one in path.paths)
    )


def _of_them(wrong: str, focus: str) -> str:
    """Return a SELECT of the nodes that something is wrong with, those of them that are focus nodes."""
    return f"SELECT DISTINCT ?{THIS} WHERE {{ {{ SELECT DISTINCT ?{THIS} WHERE {{ {wrong} }} }} {focus} }}"


def _is_chain(path: Path) -> bool:
    return _is_step(path) or (isinstance(path, model.Sequence) and all(map(_is_step, path.paths)))


def _walk(path: Path, end: Var) -> str:
    """Return a pattern of ``?this`` and what a chain leads to."""
    if not isinstance(path, model.Sequence):
        return walked("", f"?{THIS}", path, f"?{end.name}")
    nodes = [f"?{THIS}", *(f"?{end.name}{number}" for number in range(1, len(path.paths))), f"?{end.name}"]
    steps = [walked("", one, step, two) for one, step, two in zip(nodes, path.paths, nodes[1:], strict=False)]
    later = (_at_once(nodes[at : at + 2], step) for at, step in enumerate(steps[1:], 1))
    return " ".join([steps[0], *later])


def _pairs(path: Path, end: Var) -> str:
    return _at_once([f"?{THIS}", f"?{end.name}"], _walk(path, end))


def _at_once(names: Sequence[str], pattern: str) -> str:
    """Return a pattern as a SELECT of its own, which is joined by hash, not looked up for each node."""
    return f"{{ SELECT {' '.join(names)} WHERE {{ {pattern} }} }}"
