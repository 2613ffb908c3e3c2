"""Constraints in SPARQL asked of the columns: as SQL where that has the same meaning, else of a store beside them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, cached_property
from itertools import repeat
from typing import TYPE_CHECKING, Final

from calckg import columnar
from calckg.shapes import algebra as al
from calckg.shapes import model
from calckg.shapes.columns import select_reader, select_sql, select_walks, selected
from calckg.shapes.columns.known_terms import FEW, KnownTerms
from calckg.shapes.model import Term
from calckg.shapes.results import Result, first
from calckg.shapes.store.asked import AskerInTurn
from calckg.shapes.store.spellings import Spellings

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_NO_NODES: Final = "SELECT 0::BIGINT AS n WHERE false"


class InSparql:
    """Asks for the focus nodes in a table ``(n, m)``, each of them ``m`` times; ``table`` makes one of a query.

    ``closure`` gives the table of a path that repeats, and ``say`` is told each query that is asked.
    """

    def __init__(
        self,
        connection: DuckDBPyConnection,
        terms: KnownTerms,
        asker: AskerInTurn,
        table: Callable[[str], str],
        closure: Callable[[model.Closure], str],
        say: Callable[[str], None],
    ) -> None:
        self._connection, self._terms, self._asker, self._table, self._say = connection, terms, asker, table, say
        self._spellings = Spellings(connection)
        self._failed: dict[al.FailsSparql, tuple[str, str]] = {}  # tables of the nodes that were asked, and that fail
        made, listed, few = cache(table), cache(self._listed), cache(self._few)
        self._walked = select_walks.Names(terms.id, closure, made, listed, lambda: self._has_blanks, few)

    def results(
        self, plan: al.Plan, query: model.Sparql, focus: str, pairs: Callable[[], str], limit: int | None
    ) -> tuple[list[Result], int]:
        """Return the results, ``limit`` of them at most, and how many more there are.

        ``focus`` names the table of focus nodes, ``pairs`` gives that of these with their values.
        """
        many = focus if plan.focus.hops else None  # else no node is checked twice
        found = self._selected(plan, query, focus, many, limit)
        if found is not None:
            return found
        self._say(query.query)
        nodes = [node for (node,) in self._terms.of_ids(f"SELECT n FROM {focus}", 1)]
        values: list[tuple[Term, Term]] | None = None
        if query.ask:
            values = [(one, other) for one, other in self._terms.of_ids(f"SELECT f, v FROM {pairs()} pair", 2)]
        ways = self._ways(many) if many else {}
        told = (
            one
            for result in self._spellings.of_results(self._asker.results(query, plan.shape, nodes, values))
            for one in repeat(result, ways.get(result.focus, 1))
        )
        return first(told, limit)

    def target(self, target: model.TargetSparql) -> str:
        """Return a table of the focus nodes that a target in SPARQL gives."""
        return self._terms.table_of(self._spellings.all_of(self._asker.target(target)), new=True)

    def failing(self, condition: al.FailsSparql, among: str) -> str:
        """Return a table with those nodes of the query ``among`` that do not conform to a constraint in SPARQL.

        A node is asked about once, whatever asks for it, and none that nobody asks for: the query may report a failure
        of its own.
        """
        if condition not in self._failed:
            self._failed[condition] = self._table(_NO_NODES), self._table(_NO_NODES)
        asked, failed = self._failed[condition]
        run = self._connection.execute
        new = self._table(f"SELECT DISTINCT n FROM ({among}) c(n) WHERE n NOT IN (SELECT n FROM {asked})")
        run(f"INSERT INTO {asked} FROM {new}")
        nodes = [node for (node,) in self._terms.of_ids(f"SELECT n FROM {new}", 1)]
        if nodes:
            found = self._terms.table_of(sorted(self._asker.failing(condition, nodes), key=str))
            run(f"INSERT INTO {failed} FROM {found}")
        return failed

    def _selected(
        self, plan: al.Plan, query: model.Sparql, focus: str, many: str | None, limit: int | None
    ) -> tuple[list[Result], int] | None:
        """Ask a SELECT as SQL; ``None`` where that can't have the same meaning."""
        tree = None if query.ask else select_reader.tree(query.query)
        if tree is None:
            return None
        selection = select_sql.translated(tree, focus, self._walked, dict(query.values))
        if selection is None:
            return None
        self._say(selection.sql)
        given = dict(query.values)
        return selected.results(self._connection, selection, plan.shape, given, self._terms.terms_of, limit, many)

    def _ways(self, focus: str) -> dict[Term, int]:
        """Return on how many ways those nodes are come to that are on several."""
        rows = self._connection.execute(f"SELECT n, m FROM {focus} WHERE m > 1").fetchall()
        terms = self._terms.terms_of([node for node, _ in rows])
        return {terms[node]: int(many) for node, many in rows}

    def _listed(self, query: str) -> str:
        """Return SQL for the ids that a query for ``(n)`` gives; of few in the statement most quads are passed over."""
        table = self._table(query)
        rows = self._connection.execute(f"SELECT n FROM {table} LIMIT {FEW + 1}").fetchall()
        if len(rows) > FEW:
            return f"(SELECT n FROM {table})"
        return f"({', '.join(map(str, sorted(int(node) for (node,) in rows))) or -1})"

    def _few(self, query: str) -> bool:
        row = self._connection.execute(f"SELECT approx_count_distinct(n), count(*) FROM ({query}) d").fetchone()
        return row is not None and row[0] * 10 < row[1]

    @cached_property
    def _has_blanks(self) -> bool:
        blank = f"SELECT 1 FROM node WHERE kind = {columnar.BLANK} LIMIT 1"
        return self._connection.execute(blank).fetchone() is not None
