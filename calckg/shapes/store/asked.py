"""Constraints, validators and targets in SPARQL (SHACL 5 and 6; SHACL-AF 3), asked of a graph with ``$this`` bound.

Pre-binding is values insertion (SHACL, appendix A; see ``query_text``). A query is asked for many nodes at once unless
it counts or cuts off solutions of several of them together; then for each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from calckg import columnar
from calckg.errors import CalckgError, UsageError
from calckg.shapes.algebra import THIS, VALUE, FailsSparql
from calckg.shapes.model import Path, Shape, Sparql, TargetSparql, Term, named
from calckg.shapes.results import Result, of_solution
from calckg.shapes.store.query_sets import set_wise
from calckg.shapes.store.query_text import Insertion, Select, joined, parsed, speaks_of
from calckg.shapes.store.sparql_paths import group, walked
from calckg.shapes.store.sparql_terms import Row, Terms
from calckg.shapes.store.spellings import Asked
from calckg.sparql import LocalGraph, SparqlGraph

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SHAPES_GRAPH: Final = ox.NamedNode("urn:x-calckg:shapes-graph")
_SHAPES: Final = "shapesGraph"
_AT_ONCE: Final = 2_000  # nodes in one query; its text is some 100 kB
_MANY: Final = 10_000  # more are not named where a query binds them itself: it is asked of all nodes
_CONFORMS: Final = "conforms_"
_TRUE: Final = ox.Literal(True)
_PAIR: Final = (THIS, VALUE)


class Asker:
    """Asks queries of shapes of one graph; ``shapes`` is what they may see as ``$shapesGraph``.

    ``queries`` has the texts asked so far; clear it between plans.
    """

    def __init__(self, graph: SparqlGraph, shapes: ox.Store | None = None, terms: Terms | None = None) -> None:
        self._terms, self._shapes = terms or Terms(graph), shapes
        self.queries: list[str] = []

    def name(self, node: Term) -> Term:
        """Return what people know a shape by: its IRI, or that of what holds it."""
        return node if self._shapes is None else named(node, self._shapes)

    @property
    def takes_shapes(self) -> bool:
        """Whether the shapes can be put beside the data: the store is here, and may be written to."""
        if not isinstance(self._terms.graph, LocalGraph):
            return False
        try:
            self._terms.graph.store.extend([])
        except RuntimeError:
            return False
        return True

    def results(
        self,
        query: Sparql,
        shape: Shape,
        focus: Sequence[Term] | str,
        values: Iterable[tuple[Term, ...]] | None = None,
        *,
        many: bool = False,
    ) -> Iterator[Result]:
        """Yield the results of a constraint in SPARQL, in no order.

        ``focus`` are the focus nodes, or a pattern that binds ``?this`` to them; ``many`` says that there are many, and
        that the graph ``joins_by_hash``. An ASK is asked of the pairs of focus node and value node ``values``;
        without them, of what the path of the shape leads to. Raises ``CalckgError`` for a query that can't be asked of
        this graph, is malformed, or reports a failure of its own.
        """
        try:
            select = parsed(query.query)
            if many and not query.ask and select.separate([THIS]):
                select = set_wise(select)
            given = {**dict(query.values), **self._special(select, shape)}
            asked = None
            if self._terms.local and not isinstance(focus, str):  # an endpoint may keep literals as they are
                asked = Asked(_single(focus) if values is None else values)
                focus, values = [row[0] for row in asked.rows], None if values is None else asked.rows
            found = self._found(select, query, shape, given, focus, values)
            for result in self._beside_shapes(found) if _SHAPES in given else found:
                yield from asked.meant(result, pair=values is not None) if asked else (result,)
        except UsageError as error:
            raise CalckgError(f"{self.name(shape.node)}: its query in SPARQL: {error}; mend the shape") from None

    def failing(self, condition: FailsSparql, nodes: Sequence[Term] | str) -> set[Term]:
        """Return those of ``nodes`` (or of what a pattern binds to ``?this``) that do not conform to a constraint."""
        shape = Shape(condition.shape, condition.path)
        return {result.focus for result in self.results(condition.query, shape, nodes)}

    def target(self, target: TargetSparql) -> list[Term]:
        """Return the focus nodes that a target in SPARQL gives, each once."""
        return [row[THIS] for row in self._rows(f"SELECT DISTINCT ?{THIS} WHERE {{ {self.target_pattern(target)} }}")]

    def target_pattern(self, target: TargetSparql) -> str:
        """Return a pattern that binds ``?this`` to the focus nodes that a target in SPARQL gives."""
        try:
            select = parsed(target.select)
        except UsageError as error:
            raise CalckgError(f"a target in SPARQL: {error}; mend the shape") from None
        inside = Insertion(self._constants(dict(target.values))).inside(select)
        inner = f"{joined(select.head)} {{ {inside} }} {joined(select.tail)}"
        return f"{{ SELECT DISTINCT ?{THIS} WHERE {{ {{ {inner} }} FILTER(BOUND(?{THIS})) }} }}"

    # --- SELECT and ASK

    def _found(
        self,
        select: Select,
        query: Sparql,
        shape: Shape,
        given: Mapping[str, Term],
        focus: Sequence[Term] | str,
        values: Iterable[tuple[Term, ...]] | None,
    ) -> Iterator[Result]:
        constants = self._constants(given)
        if not query.ask:
            for node, row in self._solutions(select, constants, focus):
                if row.get("failure") == _TRUE:
                    place = f"{self.name(shape.node)}: its query in SPARQL"
                    raise CalckgError(f"{place} reports a failure for {node}; see the query")
                yield of_solution(shape, node, {**given, THIS: node, **row}, row)
            return
        tables = self._tables(select, _PAIR, self._values(focus, shape.path) if values is None else [values])
        for table in tables:
            inside = Insertion(constants, table, _PAIR).inside(select)
            conforms = f"OPTIONAL {{ {{ {inside} }} BIND(true AS ?{_CONFORMS}) }} FILTER(!BOUND(?{_CONFORMS}))"
            for row in self._rows(f"SELECT DISTINCT ?{THIS} ?{VALUE} WHERE {{ {table} {conforms} }}"):
                yield Result(row[THIS], row[VALUE], bindings={**given, **row})

    def _solutions(
        self, select: Select, constants: Mapping[str, str], focus: Sequence[Term] | str
    ) -> Iterator[tuple[Term, Row]]:
        head, tail = joined(select.head), joined(select.tail)
        together = select.separate([THIS])
        if together and not select.projects(THIS):
            head = f"{head} ?{THIS}"
        if together and not isinstance(focus, str) and len(focus) > _MANY and _binds_itself(select):
            wanted = set(focus)
            inside = Insertion(constants).inside(select)
            rows = self._rows(f"{head} {{ {inside} }} {tail}")
            yield from ((row[THIS], row) for row in rows if row.get(THIS) in wanted)
            return
        if together:
            nodes: Iterable[str | Iterable[tuple[Term, ...]]] = [focus if isinstance(focus, str) else _single(focus)]
            for table in self._tables(select, [THIS], nodes):
                inside = Insertion(constants, table, [THIS]).inside(select)
                yield from ((row[THIS], row) for row in self._rows(f"{head} {{ {inside} }} {tail}"))
            return
        for (node,) in self._each([THIS], focus if isinstance(focus, str) else _single(focus)):
            inside = Insertion(constants, self._terms.block(THIS, node), [THIS], always=True).inside(select)
            yield from ((node, row) for row in self._rows(f"{head} {{ {inside} }} {tail}"))

    def _values(self, focus: Sequence[Term] | str, path: Path | None) -> Iterator[str]:
        """Yield patterns that bind ``?this`` and ``?value``."""
        patterns: Iterable[str] = [focus] if isinstance(focus, str) else self._chunks([THIS], _single(focus), _AT_ONCE)
        for pattern in patterns:
            if path is None:
                yield f"{group(pattern)} BIND(?{THIS} AS ?{VALUE})"
            else:
                yield walked(group(pattern), f"?{THIS}", path, f"?{VALUE}")

    def _tables(
        self, select: Select, names: Sequence[str], nodes: Iterable[str | Iterable[tuple[Term, ...]]]
    ) -> Iterator[str]:
        """Yield blocks that bind ``names`` to ``nodes``: as many at once as are the same as each for itself."""
        together = select.separate(names)
        for some in nodes:
            if together and isinstance(some, str):
                yield f"{{ SELECT DISTINCT {_list(names)} WHERE {{ {some} }} }}"
            else:
                yield from self._chunks(names, self._each(names, some), _AT_ONCE if together else 1)

    def _chunks(self, names: Sequence[str], rows: Iterable[tuple[Term, ...]], size: int) -> Iterator[str]:
        stream = iter(rows)
        while some := list(islice(stream, size)):
            yield group(self._terms.table(names, some))

    def _each(self, names: Sequence[str], nodes: str | Iterable[tuple[Term, ...]]) -> Iterable[tuple[Term, ...]]:
        if not isinstance(nodes, str):
            return nodes
        rows = self._rows(f"SELECT DISTINCT {_list(names)} WHERE {{ {nodes} }}")
        return [tuple(row[name] for name in names) for row in rows]

    def _rows(self, text: str) -> Iterator[Row]:
        self.queries.append(text)
        return self._terms.rows(text)

    # --- what is bound beside the nodes

    def _constants(self, given: Mapping[str, Term]) -> dict[str, str]:
        return {name: self._terms.block(name, term) for name, term in given.items()}

    def _special(self, select: Select, shape: Shape) -> dict[str, Term]:
        """Return ``$currentShape`` and ``$shapesGraph`` where a query speaks of them."""
        spoken, found = select.everything(), dict[str, Term]()
        if "currentShape" in spoken:
            found["currentShape"] = shape.node
        if _SHAPES in spoken:
            if not self._terms.local or self._shapes is None:
                raise UsageError("$shapesGraph is not at hand here (an endpoint has no shapes); check a local copy")
            found[_SHAPES] = SHAPES_GRAPH
        return found

    def _beside_shapes(self, results: Iterator[Result]) -> Iterator[Result]:
        """Yield what is found while the shapes graph is a named graph of the store."""
        graph, shapes = self._terms.graph, self._shapes
        if not isinstance(graph, LocalGraph) or shapes is None:
            return
        if not self.takes_shapes:
            raise UsageError("$shapesGraph can't be put into a store that is only read; check the files it was made of")
        graph.store.extend(ox.Quad(q.subject, q.predicate, q.object, SHAPES_GRAPH) for q in shapes)
        try:
            found = list(results)
        finally:
            graph.store.remove_graph(SHAPES_GRAPH)
        yield from found


class AskerInTurn:
    """An ``Asker``, made when it is first needed, that several threads may ask: one waits for the other.

    ``copied`` makes the graph in memory, which takes its time; it is called where there is no ``graph``, or where
    ``$shapesGraph`` can't be put beside the data there, as in the store of a built graph. While it stands there,
    nothing else may look at them.
    """

    def __init__(
        self,
        copied: Callable[[], SparqlGraph],
        shapes: ox.Store | None = None,
        graph: Callable[[], SparqlGraph] | None = None,
        terms: Callable[[SparqlGraph], Terms] = Terms,
    ) -> None:
        self._copied, self._shapes, self._graph, self._terms = copied, shapes, graph or copied, terms
        self._lock = Lock()
        self._made: Asker | None = None

    def results(
        self,
        query: Sparql,
        shape: Shape,
        focus: Sequence[Term],
        values: Iterable[tuple[Term, ...]] | None = None,
    ) -> list[Result]:
        """Return the results of a constraint in SPARQL; see ``Asker.results``."""
        with self._asker(query.query) as asker:
            return list(asker.results(query, shape, focus, values))

    def failing(self, condition: FailsSparql, nodes: Sequence[Term]) -> set[Term]:
        """Return those of ``nodes`` that do not conform to a constraint."""
        with self._asker(condition.query.query) as asker:
            return asker.failing(condition, nodes)

    def target(self, target: TargetSparql) -> list[Term]:
        """Return the focus nodes that a target in SPARQL gives, each once."""
        with self._asker() as asker:
            return asker.target(target)

    @contextmanager
    def _asker(self, text: str = "") -> Iterator[Asker]:
        with self._lock:
            if self._made is None:
                self._made = self._of(self._graph())
            if speaks_of(text, _SHAPES) and not self._made.takes_shapes:
                self._made = self._of(self._copied())
            self._made.queries.clear()  # nobody here reads them
            yield self._made

    def _of(self, graph: SparqlGraph) -> Asker:
        return Asker(graph, self._shapes, self._terms(graph))


def stored(connection: DuckDBPyConnection) -> SparqlGraph:
    """Return a store in memory with the merge of the quads of columns."""
    store = ox.Store()
    store.bulk_extend(ox.Quad(q.subject, q.predicate, q.object) for q in columnar.quads(connection))
    return LocalGraph(store)


def _binds_itself(select: Select) -> bool:
    """Tell whether all groups that speak of ``?this`` bind it by a triple pattern of their own, first."""
    mark = "<urn:x-calckg:mark>"
    return select.group.binds_first(THIS) and mark not in Insertion({}, mark, [THIS], outermost=False).inside(select)


def _single(nodes: Iterable[Term]) -> list[tuple[Term, ...]]:
    return [(node,) for node in nodes]


def _list(names: Iterable[str]) -> str:
    return " ".join(f"?{name}" for name in names)
