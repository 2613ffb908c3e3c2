"""The results of a constraint's SELECT that was turned into SQL (``select_sql``), from the database to ``Result``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

import pyoxigraph as ox

from calckg.shapes.algebra import THIS, VALUE
from calckg.shapes.asked import _result
from calckg.shapes.lexical import XSD
from calckg.shapes.model import Shape, Term
from calckg.shapes.results import Result
from calckg.shapes.select_sql import Selection

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def results(
    connection: DuckDBPyConnection,
    selection: Selection,
    shape: Shape,
    given: Mapping[str, Term],
    terms_of: Callable[[Collection[int]], Mapping[int, Term]],
    limit: int | None = None,
) -> tuple[list[Result], int] | None:
    """Return the results, ``limit`` of them at most, and how many more there are.

    ``given`` are the parameters, ``terms_of`` looks terms up by their ids. ``None`` where the database can't run the
    statement: a correlation, or a regular expression, that it does not know.
    """
    import duckdb

    try:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE selected AS {selection.sql}")
    except (duckdb.BinderException, duckdb.NotImplementedException, duckdb.InvalidInputException):
        return None
    row = connection.execute("SELECT count(*) FROM selected").fetchone()
    total = int(row[0]) if row else 0
    if not total:
        return [], 0
    told = "FROM selected"
    if limit is not None:
        names = [name for name, _ in selection.columns]
        order = sorted(range(len(names)), key=lambda at: (names[at] != THIS, names[at] != VALUE, at))
        told += f" ORDER BY {', '.join(f'c{at}' for at in order)} LIMIT {int(limit)}"
    rows = connection.execute(told).fetchall()
    of_terms = [at for at, (_, kind) in enumerate(selection.columns) if kind == "term"]
    terms = terms_of({row[at] for row in rows for at in of_terms if row[at] is not None})
    found = []
    for row in rows:
        bindings = {
            name: terms[value] if kind == "term" else _computed(kind, value)
            for (name, kind), value in zip(selection.columns, row, strict=True)
            if value is not None
        }
        found.append(_result(shape, bindings[THIS], {**given, **bindings}, bindings))
    found.sort(key=lambda one: (str(one.focus), str(one.value)))
    return found, total - len(found)


def _computed(kind: str, value: str | int | bool) -> Term:
    if kind == "iri":
        return ox.NamedNode(str(value))
    text = str(value).lower() if kind == "boolean" else str(value)
    return ox.Literal(text, datatype=ox.NamedNode(XSD + kind))
