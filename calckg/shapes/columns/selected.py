"""The results of a constraint's SELECT that was turned into SQL (``select_sql``), from the database to ``Result``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import pyoxigraph as ox

from calckg.shapes.algebra import THIS, VALUE
from calckg.shapes.columns.select_sql import Selection
from calckg.shapes.lexical import XSD
from calckg.shapes.model import Shape, Term
from calckg.shapes.results import Result, of_solution, order

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_MOST: Final = 100_000  # of a limit that an engine keeps the first rows for; of a higher one all are taken


def results(
    connection: DuckDBPyConnection,
    selection: Selection,
    shape: Shape,
    given: Mapping[str, Term],
    terms_of: Callable[[Collection[int]], Mapping[int, Term]],
    limit: int | None = None,
    many: str | None = None,
) -> tuple[list[Result], int] | None:
    """Return the results, ``limit`` of them at most, and how many more there are.

    ``given`` are the parameters, ``terms_of`` looks terms up by their ids; ``many`` names a table ``(n, m)`` of how
    often each focus node is checked, where that is not once. ``None`` where the database can't run the statement: a
    correlation, or a regular expression, that it does not know.
    """
    from calckg.database import duckdb

    named = sorted(
        ((name, kind, f"c{at}") for at, (name, kind) in enumerate(selection.columns)),
        key=lambda one: (one[0] != THIS, one[0] != VALUE),
    )
    told = f"SELECT *, 1 AS m FROM ({selection.sql}) told"
    if many is not None:
        (this,) = (column for name, _, column in named if name == THIS)
        told = f"SELECT told.*, t.m FROM ({selection.sql}) told JOIN {many} t ON t.n = told.{this}"
    try:
        rows, total = first(connection.execute, told, [*(column for *_, column in named), "m"], limit, "m")
    except (duckdb.BinderException, duckdb.NotImplementedException, duckdb.InvalidInputException):
        return None
    of_terms = [at for at, (_, kind, _) in enumerate(named) if kind == "term"]
    terms = terms_of({row[at] for row in rows for at in of_terms if row[at] is not None})
    found: list[Result] = []
    for *row, times in rows:
        bindings = {
            name: terms[value] if kind == "term" else _computed(kind, value)
            for (name, kind, _), value in zip(named, row, strict=True)
            if value is not None
        }
        found += [of_solution(shape, bindings[THIS], {**given, **bindings}, bindings)] * int(times)
    found.sort(key=order)
    kept = found if limit is None else found[:limit]
    return kept, total - len(kept)


def first(
    run: Callable[[str], DuckDBPyConnection], query: str, columns: Sequence[str], limit: int | None, times: str = "1"
) -> tuple[list[tuple[Any, ...]], int]:
    """Return the rows of ``columns`` that a query gives, and how many there are, a row as often as ``times`` says.

    With a limit they are the first, by the order of the columns. The engine keeps those few and counts the rest:
    memory does not grow with what is wrong.
    """
    listed = ", ".join(columns)
    if limit is None or limit > _MOST:
        rows = run(f"SELECT {listed}, {times} AS times FROM ({query}) told").fetchall()
        return [row[:-1] for row in rows], sum(int(row[-1]) for row in rows)
    kept = f"min({{{', '.join(f'{name!r}: {name}' for name in columns)}}}, {max(limit, 1)})"
    row = run(f"SELECT sum({times}), {kept} FROM ({query}) told").fetchone()
    if row is None or not row[0]:
        return [], 0
    return [tuple(one.values()) for one in row[1][:limit]], int(row[0])


def _computed(kind: str, value: str | int | bool) -> Term:
    if kind == "iri":
        return ox.NamedNode(str(value))
    text = str(value).lower() if kind == "boolean" else str(value)
    return ox.Literal(text, datatype=ox.NamedNode(XSD + kind))
