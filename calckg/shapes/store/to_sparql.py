"""Plans to SPARQL 1.1: one SELECT each, for any graph whose default graph is the merge; none grows with the data.

A condition becomes an expression that is never an error. In a condition EXISTS sees the variables of the row that it
is asked for; where a path may have no length at all, its start is tried beside, for engines give a node that the data
do not have no path to itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final

import pyoxigraph as ox

from calckg.shapes import algebra as al
from calckg.shapes import model
from calckg.shapes.algebra import THIS, VALUE, Condition, End, Var
from calckg.shapes.model import Path, Term
from calckg.shapes.store import sparql_literals
from calckg.shapes.store.sparql_literals import joined
from calckg.shapes.store.sparql_paths import group, nullable, path_text, walked
from calckg.shapes.store.sparql_terms import Terms

_TYPE: Final = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
_SUBCLASS: Final = "<http://www.w3.org/2000/01/rdf-schema#subClassOf>"
_FUNCTIONS: Final = {"IRI": "isIRI", "BlankNode": "isBlank", "Literal": "isLiteral"}
_PAIRWISE: Final = 3  # so many values are joined with each other; more are counted
_NESTED: Final = 6  # so many ends of a path of several steps are looked for one after the other


@dataclass(frozen=True, slots=True)
class Query:
    """The text of a query and, in their order, which parts of a result its variables are."""

    text: str
    path: str | None = None
    value: str | None = None


class Renderer:
    """Writes the conditions, the focus nodes and the questions of plans for one graph.

    ``fails`` gives the nodes that do not conform to a constraint in SPARQL, of those that a pattern binds to ``?this``.
    ``target`` gives the pattern of a target in SPARQL, which binds ``?this``.
    """

    def __init__(
        self,
        terms: Terms,
        fails: Callable[[al.FailsSparql, str], frozenset[Term]],
        target: Callable[[model.TargetSparql], str],
    ) -> None:
        self._terms, self._fails, self._target = terms, fails, target
        self._numbers = count(1)
        self._patterns: dict[str, str] = {}  # what binds a variable, all from the focus nodes on
        self.chain: list[str] = []
        """The variables on the way to the focus nodes: there is a result for each way (SHACL 4.8.1)."""
        self.regexes: list[tuple[str, str]] = []

    # --- focus nodes

    def focus(self, focus: al.Focus, only: Sequence[Term] | None = None, among: Sequence[Term] | None = None) -> str:
        """Return the pattern that binds ``?this`` to the focus nodes that are ``among`` some.

        Their targets give ``only`` certain nodes, those that hops begin at.
        """
        self.chain = [f"this{number}" for number in range(len(focus.hops))]
        root = self.chain[0] if self.chain else THIS
        found = " UNION ".join(group(self._of_target(target, f"?{root}")) for target in focus.targets)
        if only is not None:
            found = f"{self._terms.table([root], [[node] for node in only])} {found}"
        for number, hop in enumerate(focus.hops, 1):
            end = THIS if number == len(focus.hops) else f"this{number}"
            found = walked(found, f"?this{number - 1}", hop, f"?{end}")
        if among is not None:
            found = f"{self._terms.table([THIS], [[node] for node in among])} {found}"
        return group(found)

    def instances(self, cls: Term, node: str) -> str:
        """Return a pattern that binds the variable ``node`` to the SHACL instances of a class."""
        bound, text = self._known(cls)
        return f"{bound} {node} {_TYPE}/{_SUBCLASS}* {text} ."

    def _of_target(self, target: model.Target, node: str) -> str:
        match target:
            case model.TargetNode(term):
                return self._terms.block(node[1:], term)
            case model.TargetClass(cls):
                return self.instances(cls, node)
            case model.TargetSubjectsOf(iri):
                return f"{node} <{iri}> {self._fresh()} ."
            case model.TargetObjectsOf(iri):
                return f"{self._fresh()} <{iri}> {node} ."
            case model.TargetSparql():
                inner = self._target(target)
                return inner if node == f"?{THIS}" else f"{{ SELECT (?{THIS} AS {node}) WHERE {{ {inner} }} }}"

    def _fresh(self) -> str:
        return f"?x{next(self._numbers)}"

    def _known(self, end: End) -> tuple[str, str]:
        """Return a block that must come first in the group, and what stands in a triple pattern."""
        if isinstance(end, ox.BlankNode):
            node = self._fresh()
            return self._terms.block(node[1:], end), node
        return "", self._text(end)

    def _text(self, end: End) -> str:
        return f"?{end.name}" if isinstance(end, Var) else self._terms.text(end)

    # --- questions

    def query(self, question: al.Question, focus: str) -> Query:
        """Return the query of a question, all but ``Asked``, of the nodes that ``focus`` binds."""
        self._patterns = {THIS: focus}
        match question:
            case al.Values(path, where):
                found = focus if path is None else walked(focus, f"?{THIS}", path, f"?{VALUE}")
                self._patterns[VALUE] = found
                value = THIS if path is None else VALUE
                return Query(
                    self._select([THIS] if path is None else [THIS, VALUE], found, self.condition(where)), None, value
                )
            case al.Nodes(where):
                return Query(self._nodes(where, focus))
            case al.Languages(path):
                one, other = self._fresh(), self._fresh()
                found = walked(walked(focus, f"?{THIS}", path, one), f"?{THIS}", path, other)
                found = f"{group(found)} BIND(LCASE(LANG({one})) AS ?language)"
                where_ = f"!sameTerm({one}, {other}) && {sparql_literals.same_language(one, other)}"
                return Query(self._select([THIS, "language"], found, where_))
            case al.Triples(path, allowed):
                others = (
                    "".join(f" && ?path != <{iri}>" for iri in sorted(allowed))
                    if len(allowed) < 2
                    else (f" && !(?path IN ({', '.join(f'<{iri}>' for iri in sorted(allowed))}))")
                )
                names, node = [THIS, VALUE, "path"], f"?{THIS}"
                if path is not None:
                    node = self._fresh()
                    names, focus = [*names, node[1:]], group(walked(focus, f"?{THIS}", path, node))
                found = f"{focus} {node} ?path ?{VALUE} ."
                return Query(self._select(names, found, f"true{others}"), "path", VALUE)
            case al.Absent(path, other):
                return Query(self._absent(path, other, focus), None, VALUE)
            case al.Pairs(path, other, operator):
                found = walked(focus, f"?{THIS}", path, f"?{VALUE}")
                found = walked(group(found), f"?{THIS}", other, "?other")
                wrong = f"!{sparql_literals.compares(f'?{VALUE}', operator, '?other')}"
                return Query(self._select([THIS, VALUE, "other"], found, wrong), None, VALUE)
            case al.Asked():
                raise TypeError("a question in SPARQL is not rendered but asked")

    def values_alone(self, path: Path, end: Var, where: Condition) -> str:
        """Return a SELECT of the values of which a condition ``of_value`` holds, of whatever node they are values."""
        value = f"?{end.name}"
        self._patterns = {end.name: walked("", self._fresh(), path, value)}
        found = f"{{ SELECT DISTINCT {value} WHERE {{ {self._patterns[end.name]} }} }}"
        tests = []
        for one in al.conjuncts(where):
            match one:
                case al.Neg(al.IsA(var, cls)) if var == end and self._terms.joins_by_hash:
                    found += f" MINUS {{ {self.instances(cls, value)} }}"
                case _:
                    tests.append(self.condition(one))
        return f"SELECT {value} WHERE {{ {found} {_filter(joined(' && ', tests, 'true'))} }}"

    def leads(self, path: Path, end: Var, where: Condition) -> str:
        """Return a pattern of ``?this`` and what ``path`` leads to of which a condition ``of_value`` holds."""
        self._patterns = {end.name: walked("", f"?{THIS}", path, f"?{end.name}")}
        return f"{self._patterns[end.name]} {_filter(self.condition(where))}"

    def _select(self, names: Sequence[str], pattern: str, where: str) -> str:
        selected = " ".join(f"?{name}" for name in (*self.chain, *names))
        return f"SELECT DISTINCT {selected} WHERE {{ {pattern} {_filter(where)} }}"

    def _nodes(self, where: Condition, focus: str) -> str:
        """Count the values of all focus nodes at once, where it is counts that are asked for."""
        if not isinstance(where, al.Count) or where.start != Var(THIS) or nullable(where.path) or where.count < 1:
            return self._select([THIS], focus, self.condition(where))
        end = f"?{where.end.name}"
        self._patterns[where.end.name] = found = walked(focus, f"?{THIS}", where.path, end)
        wanted = self.condition(where.where)
        if where.operator == ">":
            ways = " ".join(f"?{name}" for name in (*self.chain, THIS))
            having = f"GROUP BY {ways} HAVING (COUNT(DISTINCT {end}) > {where.count})"
            return f"SELECT {ways} WHERE {{ {found} {_filter(wanted)} }} {having}"
        if where.count == 1:
            return self._select([THIS], focus, self.condition(where))
        counted = f"SELECT ?{THIS} (COUNT(DISTINCT {end}) AS ?n) WHERE {{ {found} {_filter(wanted)} }} GROUP BY ?{THIS}"
        return self._select([THIS], f"{focus} OPTIONAL {{ {counted} }}", f"COALESCE(?n, 0) < {where.count}")

    def _absent(self, path: Path | None, other: Path, focus: str) -> str:
        this, value = Var(THIS), Var(VALUE)
        there = walked(focus, f"?{THIS}", other, f"?{VALUE}")
        if path is None:
            here = f"{focus} BIND(?{THIS} AS ?{VALUE})"
            back: Condition = al.Same(this, value)
        else:
            here = walked(focus, f"?{THIS}", path, f"?{VALUE}")
            back = al.Reaches(this, path, value)
        one = f"{group(here)} {_filter(self.condition(al.Neg(al.Reaches(this, other, value))))}"
        two = f"{group(there)} {_filter(self.condition(al.Neg(back)))}"
        return self._select([THIS, VALUE], f"{group(one)} UNION {group(two)}", "true")

    # --- conditions

    def condition(self, condition: Condition) -> str:
        """Return an expression that is true where the condition holds, else false."""
        match condition:
            case al.Constant(holds):
                return "true" if holds else "false"
            case al.All(conditions):
                return joined(" && ", [self.condition(one) for one in conditions], "true")
            case al.Any(conditions):
                return joined(" || ", [self.condition(one) for one in conditions], "false")
            case al.Neg(inner):
                return f"!({self.condition(inner)})"
            case al.ExactlyOne(conditions):
                ones = [f"IF({self.condition(one)}, 1, 0)" for one in conditions]
                return f"({' + '.join(ones) or '0'} = 1)"
            case al.Exists(start, path, end, where):
                return self._exists(start, path, end, where)
            case al.Reaches(start, path, end):
                return self._reaches(start, path, end)
            case al.ExistsTriple(start, predicate, object_, where):
                bound, text = self._known(start)
                pattern = f"{bound} {text} ?{predicate.name} ?{object_.name} ."
                self._bind(start, predicate, pattern)
                self._bind(start, object_, pattern)
                return f"EXISTS {{ {pattern} {_filter(self.condition(where))} }}"
            case al.Count():
                return self._count(condition)
            case al.FailsSparql(var):
                return self._terms.is_in(f"?{var.name}", self._fails(condition, self._binding(var)))
            case _:
                return self._of_node(condition)

    def _of_node(self, condition: Condition) -> str:
        match condition:
            case al.Same(one, other):
                return f"sameTerm({self._text(one)}, {self._text(other)})"
            case al.OneOf(var, terms):
                return self._terms.is_one_of(f"?{var.name}", terms)
            case al.IsKind(var, kinds):
                return joined(" || ", [f"{_FUNCTIONS[kind]}(?{var.name})" for kind in sorted(kinds)], "false")
            case al.IsA(var, cls):
                bound, text = self._known(cls)
                return f"EXISTS {{ {bound} ?{var.name} {_TYPE}/{_SUBCLASS}* {text} . }}"
            case al.HasDatatype(var, iri):
                return sparql_literals.has_datatype(f"?{var.name}", iri, self._terms.local)
            case al.Compares(one, operator, other):
                limit = None if isinstance(other, Var) else other
                return sparql_literals.compares(self._text(one), operator, self._text(other), limit)
            case al.LengthIs(var, operator, length):
                return f"(!isBlank(?{var.name}) && STRLEN(STR(?{var.name})) {operator} {length})"
            case al.Matches(var, regex, flags):
                self.regexes.append((regex, flags))
                return f"(!isBlank(?{var.name}) && {sparql_literals.matches(f'?{var.name}', regex, flags)})"
            case al.InLanguage(var, ranges):
                return sparql_literals.in_language(f"?{var.name}", ranges)
            case al.SameLanguage(one, other):
                return sparql_literals.same_language(f"?{one.name}", f"?{other.name}")
            case _:
                raise TypeError(f"{type(condition).__name__} is not known to the renderer")

    def _exists(self, start: End, path: Path, end: Var, where: Condition) -> str:
        if isinstance(path, model.Sequence) and not nullable(path):
            first, between, rest = self._parted(path)
            return self._exists(start, first, between, al.Exists(between, rest, end, where))
        bound, text = self._known(start)
        walk = f"{bound} {text} {path_text(path)} ?{end.name} ."
        self._bind(start, end, walked(self._binding(start), text, path, f"?{end.name}"), whole=True)
        found = f"EXISTS {{ {walk} {_filter(self.condition(where))} }}"
        if not nullable(path):
            return found
        if isinstance(start, Var):
            return f"({found} || {self.condition(al.renamed(where, end, start))})"
        return f"({found} || EXISTS {{ {self._terms.block(end.name, start)} {_filter(self.condition(where))} }})"

    def _parted(self, path: model.Sequence) -> tuple[Path, Var, Path]:
        """Return the first step of a walk, a variable for where that ends, and the other steps.

        One EXISTS in the other looks up what each step leads to. Of a whole walk a store may plan a join, without
        knowing that its start is bound, and run that for each row.
        """
        first, *rest = path.paths
        return first, Var(self._fresh()[1:]), rest[0] if len(rest) == 1 else model.Sequence(tuple(rest))

    def _reaches(self, start: End, path: Path, end: End) -> str:
        if isinstance(path, model.Sequence) and not nullable(path):
            first, between, rest = self._parted(path)
            return self._exists(start, first, between, al.Reaches(between, rest, end))
        (bound, one), (known, other) = self._known(start), self._known(end)
        found = f"EXISTS {{ {bound} {known} {one} {path_text(path)} {other} . }}"
        return f"({found} || sameTerm({self._text(start)}, {self._text(end)}))" if nullable(path) else found

    def _count(self, counted: al.Count) -> str:
        least = counted.count + (counted.operator in {">", "<="})
        found = self._at_least(counted, least)
        return f"!({found})" if counted.operator in {"<", "<="} else found

    def _at_least(self, counted: al.Count, least: int) -> str:
        if least <= 0:
            return "true"
        if not nullable(counted.path) or not isinstance(counted.start, Var):
            return self._others(counted, least)
        others = counted.changed(where=al.All((counted.where, al.Neg(al.Same(counted.end, counted.start)))))
        itself = self.condition(al.renamed(counted.where, counted.end, counted.start))
        with_itself = self._others(others, least - 1) if least > 1 else "true"
        return f"(({itself} && {with_itself}) || {self._others(others, least)})"

    def _others(self, counted: al.Count, least: int) -> str:
        if not nullable(counted.path):
            if least == 1:
                return self._exists(counted.start, counted.path, counted.end, counted.where)
            if isinstance(counted.path, model.Sequence) and least <= _NESTED:
                ends = [counted.end, *(Var(self._fresh()[1:]) for _ in range(least - 1))]
                return self.condition(al.one_in_the_other(counted, ends))
        bound, start = self._known(counted.start)
        path, end = path_text(counted.path), counted.end
        walks = walked(self._binding(counted.start), start, counted.path, f"?{end.name}")
        self._bind(counted.start, end, walks, whole=True)
        if least <= _PAIRWISE or not isinstance(counted.start, Var):
            ends = [end, *(Var(self._fresh()[1:]) for _ in range(least - 1))]
            found = " ".join(f"{start} {path} ?{one.name} ." for one in ends)
            for one in ends[1:]:
                self._patterns[one.name] = walked(self._binding(counted.start), start, counted.path, f"?{one.name}")
            unlike = [f"!sameTerm(?{one.name}, ?{other.name})" for n, one in enumerate(ends) for other in ends[n + 1 :]]
            wanted = [self.condition(al.renamed(counted.where, end, one)) for one in ends]
            return f"EXISTS {{ {bound} {found} {_filter(joined(' && ', unlike + wanted, 'true'))} }}"
        having = f"GROUP BY {start} HAVING (COUNT(DISTINCT ?{end.name}) >= {least})"
        inner = f"{start} {path} ?{end.name} . {_filter(self.condition(counted.where))}"
        return f"EXISTS {{ {{ SELECT {start} WHERE {{ {inner} }} {having} }} }}"

    # --- what binds a variable, for the constraints in SPARQL that are asked of its values beforehand

    def _binding(self, end: End) -> str:
        if isinstance(end, Var):
            return group(self._patterns.get(end.name, ""))
        return group(self._known(end)[0])

    def _bind(self, start: End, end: Var, pattern: str, *, whole: bool = False) -> None:
        self._patterns[end.name] = pattern if whole else f"{self._binding(start)} {pattern}"


def _filter(condition: str) -> str:
    return "" if condition == "true" else f"FILTER({condition})"
