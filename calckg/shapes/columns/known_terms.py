"""The terms that plans speak of and those of the data, by their ids in the columns.

``node`` is ``term`` and, in ``own_term``, what only the shapes speak of, which gets ids of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from calckg import columnar
from calckg.shapes import algebra as al
from calckg.shapes import model
from calckg.shapes.columns import select_reader, select_tree, sql_terms
from calckg.shapes.model import Term

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_SUBCLASS = "http://www.w3.org/2000/01/rdf-schema#subClassOf"
_SAME: Final = (
    "t.value = a.value AND t.kind = a.kind AND t.datatype IS NOT DISTINCT FROM a.datatype "
    "AND t.lang IS NOT DISTINCT FROM a.lang"
)
FEW: Final = 500
"""How many ids stand in a statement; more are in a table."""


class KnownTerms:
    """Looks terms up; ``table`` makes a temporary table of a query and returns its name."""

    def __init__(self, connection: DuckDBPyConnection, table: Callable[..., str]) -> None:
        self._connection, self._table = connection, table
        self._ids: dict[Term, int] = {}
        self._own: list[tuple[int, int, str, str | None, str | None]] = []  # what is in own_term
        self._class_ids: dict[Term, frozenset[int]] = {}
        self._classes: dict[Term, str] = {}
        self._subclasses: dict[int, list[int]] | None = None
        self.highest = 0
        """The highest id of all."""
        self._datatypes: tuple[int, frozenset[str]] | None = None  # with the highest id when they were asked for

    def know(self, plans: Sequence[al.Plan], focus: Iterable[Term]) -> None:
        """Look up the ids of all terms that the plans speak of; those that the data do not have get new ones."""
        terms = set[Term]([ox.NamedNode(_TYPE), ox.NamedNode(_SUBCLASS), *focus])
        for plan in plans:
            terms.update(_terms((plan.focus, plan.question)))
        asked = sorted(terms - set(self._ids), key=str)
        rows = [sql_terms.row(term) for term in asked]
        columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], []]
        self._make()
        run = self._connection.execute
        run(
            "CREATE OR REPLACE TEMP TABLE asked_term AS "
            "SELECT unnest(?::INTEGER[]) AS n, unnest(?::TINYINT[]) AS kind, "
            "unnest(?::VARCHAR[]) AS value, unnest(?::VARCHAR[]) AS datatype, unnest(?::VARCHAR[]) AS lang",
            [list(range(len(rows))), *columns],
        )
        found = run(f"SELECT a.n, t.id FROM asked_term a JOIN node t ON {_SAME}").fetchall()
        self._ids.update({asked[n]: int(identifier) for n, identifier in found})
        highest = run("SELECT max(id) FROM node").fetchone()
        last = int((highest and highest[0]) or 0)
        new = [n for n, term in enumerate(asked) if term not in self._ids]
        self._ids.update({asked[n]: last + place for place, n in enumerate(new, 1)})
        self.highest = last + len(new)
        self._own += [(last + place, *rows[n]) for place, n in enumerate(new, 1)]
        self._add(self._own[len(self._own) - len(new) :])

    def know_as(self, other: KnownTerms) -> None:
        """Know what ``other`` does, which is that of another connection to the same columns."""
        self._ids, self._own, self.highest = dict(other._ids), list(other._own), other.highest
        self._make()
        self._add(self._own)

    def _make(self) -> None:
        run = self._connection.execute
        run("CREATE TEMP TABLE IF NOT EXISTS own_term AS FROM term LIMIT 0")
        run("CREATE OR REPLACE TEMP VIEW node AS FROM term UNION ALL FROM own_term")

    def _add(self, own: Sequence[tuple[int, int, str, str | None, str | None]]) -> None:
        self._connection.execute(
            "INSERT INTO own_term SELECT unnest(?::BIGINT[]), unnest(?::TINYINT[]), "
            "unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), unnest(?::VARCHAR[])",
            [list(column) for column in zip(*own, strict=True)] or [[], [], [], [], []],
        )

    def id(self, term: Term) -> int:
        """Return the id of a term that is known."""
        return self._ids[term]

    def class_ids(self, cls: Term) -> frozenset[int]:
        """Return the ids of a class and of all its subclasses."""
        if cls not in self._class_ids:
            if self._subclasses is None:
                self._subclasses = {}
                rows = self._connection.execute(
                    f"SELECT DISTINCT o, s FROM quad WHERE p = {self._ids[ox.NamedNode(_SUBCLASS)]}"
                )
                for upper, lower in rows.fetchall():
                    self._subclasses.setdefault(upper, []).append(lower)
            found, waiting = set[int](), [self.id(cls)]
            while waiting:
                one = waiting.pop()
                if one not in found:
                    found.add(one)
                    waiting += self._subclasses.get(one, ())
            self._class_ids[cls] = frozenset(found)
        return self._class_ids[cls]

    def classes(self, cls: Term) -> str:
        """Return SQL for the ids of a class and of all its subclasses."""
        if cls not in self._classes:
            found = sorted(self.class_ids(cls))
            if len(found) <= FEW:
                self._classes[cls] = "(" + ", ".join(map(str, found)) + ")"
            else:
                table = self._table("SELECT unnest(?::BIGINT[]) AS id", [found])
                self._classes[cls] = f"(SELECT id FROM {table})"
        return self._classes[cls]

    def datatypes(self) -> frozenset[str]:
        """Return the IRIs of the datatypes of all literals."""
        if self._datatypes is None or self._datatypes[0] != self.highest:
            rows = self._connection.execute("SELECT DISTINCT datatype FROM node WHERE datatype IS NOT NULL").fetchall()
            self._datatypes = self.highest, frozenset(str(iri) for (iri,) in rows)
        return self._datatypes[1]

    def table_of(self, terms: Sequence[Term], *, new: bool = False) -> str:
        """Make a table ``(n)`` of the ids of terms; with ``new`` those that the data do not have get one too."""
        rows = [sql_terms.row(term) for term in terms]
        columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], []]
        asked = self._table(
            "SELECT unnest(?::TINYINT[]) AS kind, unnest(?::VARCHAR[]) AS value, unnest(?::VARCHAR[]) AS datatype, "
            "unnest(?::VARCHAR[]) AS lang",
            columns,
        )
        if new:
            self._connection.execute(
                "INSERT INTO own_term SELECT (SELECT coalesce(max(id), 0) FROM node) + row_number() OVER (), a.* "
                f"FROM {asked} a WHERE NOT EXISTS (SELECT 1 FROM node t WHERE {_SAME})"
            )
            highest = self._connection.execute("SELECT max(id) FROM own_term").fetchone()
            self.highest = max(self.highest, int((highest and highest[0]) or 0))
        return self._table(f"SELECT t.id AS n FROM {asked} a JOIN node t ON {_SAME}")

    def terms_of(self, ids: Collection[int]) -> dict[int, Term]:
        """Return terms by their ids."""
        # Of a join the engine hands the ids down to where the terms are read; of an IN it tests nearly every term.
        rows = self._connection.execute(
            "SELECT t.* FROM (SELECT unnest(?::BIGINT[]) AS id) a JOIN node t ON t.id = a.id", [list(ids)]
        )
        return {int(row[0]): _term(*row[1:]) for row in rows.fetchall()}

    def of_ids(self, query: str, width: int) -> Iterator[tuple[Term, ...]]:
        """Yield the terms of a query for ids, ``width`` of them in a row, ordered by their N-Triples texts."""
        names = ["f", "v"][:width]
        columns = ", ".join(f"{n}.kind, {n}.value, {n}.datatype, {n}.lang" for n in names)
        joins = " ".join(f"JOIN node {n} ON {n}.id = q.{n}" for n in names)
        texts = ", ".join(columnar.text_of(n) for n in names)
        cursor = self._connection.execute(
            f"SELECT {columns} FROM ({query}) q({', '.join(names)}) {joins} ORDER BY {texts}"
        )
        for row in cursor.fetchall():
            yield tuple(_term(*row[start : start + 4]) for start in range(0, 4 * width, 4))


def _terms(value: object) -> Iterator[Term]:
    """Yield every term in a plan; a predicate is one too."""
    for part in model.within(value, (model.Constraint, model.Sparql)):
        if isinstance(part, ox.NamedNode | ox.BlankNode | ox.Literal):
            yield part
        elif isinstance(part, model.Predicate | model.TargetSubjectsOf | model.TargetObjectsOf):
            yield ox.NamedNode(part.iri)
        elif isinstance(part, al.Triples):
            yield from map(ox.NamedNode, part.allowed)
        elif isinstance(part, model.Sparql):
            yield from (term for _, term in part.values)
            yield from select_tree.terms(None if part.ask else select_reader.tree(part.query))


def _term(kind: int, value: str, datatype: str | None, lang: str | None) -> Term:
    if kind == columnar.IRI:
        return ox.NamedNode(value)
    if kind == columnar.BLANK:
        return ox.BlankNode(value)
    return ox.Literal(value, language=lang) if lang else ox.Literal(value, datatype=ox.NamedNode(datatype or ""))
