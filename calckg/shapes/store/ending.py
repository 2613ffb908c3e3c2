"""Queries of plans that may be ended: once nobody waits for the answers, no further one is asked."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event

from calckg.errors import CalckgError
from calckg.shapes.store.sparql_terms import Row, Terms
from calckg.sparql import SparqlGraph


class EndingTerms(Terms):
    """``Terms`` that answer until ``is_over`` is set: a plan may ask a query for each node, and read for long."""

    def __init__(self, graph: SparqlGraph, is_over: Event, by_hash: bool = True) -> None:
        super().__init__(graph, by_hash)
        self._is_over = is_over

    def rows(self, text: str) -> Iterator[Row]:
        """Ask a SELECT; see ``Terms``. Raises ``CalckgError`` once it is over."""
        self._refuse()
        for row in super().rows(text):
            self._refuse()
            yield row

    def _refuse(self) -> None:
        if self._is_over.is_set():
            raise CalckgError("nobody waits for the answer any more; ask again")
