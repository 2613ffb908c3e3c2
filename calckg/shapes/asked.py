"""Constraints and targets that are written in SPARQL, asked of the graph's SPARQL side (SHACL 5 and 6; SHACL-AF 3).

Pre-binding puts a value in the place of a variable wherever it stands, also in what is nested. A query is asked once
for all focus nodes where that is the same: a SELECT whose WHERE begins with a triple pattern of ``$this``, which then
is bound in all that follows. Any other is asked for each focus node, or each value node of an ASK.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, cast

import pyoxigraph as ox

from calckg.errors import CalckgError
from calckg.shapes import model
from calckg.shapes.model import Term
from calckg.shapes.results import Result
from calckg.sparql import EndpointGraph, LocalGraph, SparqlGraph

SHAPES_GRAPH: Final = ox.NamedNode("urn:x-calckg:shapes-graph")
_BOUND_FIRST: Final = re.compile(
    r"\bWHERE\s*\{\s*(?:\#[^\n]*\n\s*)*(?:[$?]this\s+[^\s{}]|[$?]\w+\s+[^\s{}]+\s+[$?]this\b)", re.IGNORECASE
)
_NESTED: Final = re.compile(r"\{\s*SELECT\b|\bUNION\b|\bLIMIT\b|\bOFFSET\b|\bGROUP\s+BY\b|\bHAVING\b", re.IGNORECASE)
_SPECIAL: Final = re.compile(r"[$?](shapesGraph|currentShape)\b")


class Asker:
    """Asks one graph; ``shapes`` is what a query may see as ``$shapesGraph``."""

    def __init__(self, graph: SparqlGraph, shapes: ox.Store | None = None) -> None:
        self._graph, self._shapes, self._shown = graph, shapes, False

    def results(
        self,
        query: model.Sparql,
        shape: model.Shape,
        focus: Sequence[Term],
        values: Iterable[tuple[Term, Term]],
    ) -> Iterator[Result]:
        """Yield the results of a constraint for the focus nodes; ``values`` are pairs of them and value nodes."""
        given = {**dict(query.values), **self._special(query, shape)}
        if query.ask:
            for node, value in values:
                if not self._holds(query.query, {**given, "this": node, "value": value}):
                    yield Result(node, value, bindings={**given, "value": value})
            return
        for row in self._rows(query.query, focus, given):
            node = row["this"]
            value = row.get("value")
            if value is None and shape.path is None:
                value = node
            path = row.get("path")
            message = row.get("message")
            yield Result(
                node,
                value,
                path=model.Predicate(path.value) if isinstance(path, ox.NamedNode) and shape.path is None else None,
                bindings={**given, **row},
                message=message if isinstance(message, ox.Literal) else None,
            )

    def target(self, target: model.TargetSparql) -> list[Term]:
        """Return the nodes that a target's query binds to ``?this``."""
        rows = self._select(target.query if isinstance(target, model.Sparql) else target.select, dict(target.values))
        return list(dict.fromkeys(row["this"] for row in rows if "this" in row))

    def _special(self, query: model.Sparql, shape: model.Shape) -> dict[str, Term]:
        if not _SPECIAL.search(query.query):
            return {}
        if isinstance(self._graph, EndpointGraph):
            raise CalckgError(
                f"{shape.node}: its query uses $shapesGraph, which an endpoint does not have; leave it out"
            )
        if not self._shown and self._shapes is not None and isinstance(self._graph, LocalGraph):
            store = ox.Store()
            store.bulk_extend(self._graph.store)
            store.bulk_extend(ox.Quad(q.subject, q.predicate, q.object, SHAPES_GRAPH) for q in self._shapes)
            self._graph, self._shown = LocalGraph(store), True
        return {"shapesGraph": SHAPES_GRAPH, "currentShape": shape.node}

    def _rows(self, text: str, focus: Sequence[Term], given: Mapping[str, Term]) -> Iterator[dict[str, Term]]:
        if _BOUND_FIRST.search(text) and not _NESTED.search(text):
            wanted = set(focus)
            yield from (row for row in self._select(text, given) if row.get("this") in wanted)
            return
        for node in focus:
            for row in self._select(text, {**given, "this": node}):
                yield {**row, "this": node}

    def _select(self, text: str, given: Mapping[str, Term]) -> Iterator[dict[str, Term]]:
        found = cast(ox.QuerySolutions, self._query(text, given))
        names = [variable.value for variable in found.variables]
        for row in found:
            yield {name: row[name] for name in names if row[name] is not None} | {
                name: value for name, value in given.items() if name in names
            }

    def _holds(self, text: str, given: Mapping[str, Term]) -> bool:
        return bool(self._query(text, given))

    def _query(self, text: str, given: Mapping[str, Term]) -> object:
        if isinstance(self._graph, LocalGraph):
            try:
                return self._graph.store.query(
                    text, substitutions={ox.Variable(name): value for name, value in given.items()}
                )
            except (SyntaxError, OSError, ValueError, RuntimeError) as error:
                raise CalckgError(f"a query of the shapes failed: {' '.join(str(error).split())}") from None
        return self._graph.query(substituted(text, given))


def substituted(text: str, given: Mapping[str, Term]) -> str:
    """Return a query with terms in the place of variables (an endpoint knows no pre-binding).

    A variable that is selected stays so: it is bound beside, by BIND at the end of what is asked for.
    """
    for name, value in given.items():
        if isinstance(value, ox.BlankNode):
            raise CalckgError(f"{value}: a blank node can't be asked of an endpoint; give it an IRI")
        head, brace, body = text.partition("{")
        text = head + brace + re.sub(rf"[$?]{name}\b", lambda _: str(value), body)  # noqa: B023
        text = re.sub(rf"^((?:.|\n)*?SELECT\b[^{{]*?)[$?]{name}\b", rf"\1({value} AS ?{name})", text, count=1)
    return text
