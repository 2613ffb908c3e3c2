"""The graph as sorted RDF, streamed from its columns part by part.

Terms are numbered in the order of their N-Quads texts and quads told by these numbers; a part is so many of them that
come one after another. Memory does not grow with the graph: what DuckDB may not hold it puts by on disk.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

import pyoxigraph as ox

from calckg import columnar, rdf
from calckg.errors import CalckgError, lack

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_PART = 500_000  # quads of a part
_MEMORY = "500MB"
_THREADS = 4  # each has buffers of its own within that memory
_ROWS = 10_000
_TYPE = f"<{rdf.RDF_TYPE.value}>"

# Texts of one term never begin another's but where a tag follows a quote, which is above the blank that follows the
# term in a line: the order of lines is that of their terms. Predicates and graphs are few.
_NUMBER = """
CREATE OR REPLACE TEMP TABLE line_term AS
SELECT id, t, CAST(row_number() OVER (ORDER BY t) AS INTEGER) AS n
FROM (SELECT id, {text} AS t FROM term) textual;
CREATE OR REPLACE TEMP TABLE line_few AS
SELECT id, t, n, {place} AS place
FROM line_term WHERE id IN (SELECT DISTINCT p FROM quad UNION ALL SELECT DISTINCT g FROM quad);
CREATE OR REPLACE TEMP TABLE line_quad AS
SELECT s.n AS s, p.n AS p, o.n AS o, coalesce(g.n, 0) AS g
FROM ({relation}) q JOIN line_term s ON s.id = q.s JOIN line_term o ON o.id = q.o
JOIN line_few p ON p.id = q.p LEFT JOIN line_few g ON g.id = q.g
"""
_IN_TEXT_ORDER = "n"
_TYPE_FIRST = f"row_number() OVER (ORDER BY CASE WHEN t = '{_TYPE}' THEN 0 ELSE 1 END, substr(t, 2, length(t) - 2))"
_STARTS = """SELECT {key} FROM (
    SELECT {key}, row_number() OVER (PARTITION BY part ORDER BY {key}) AS place FROM (
        SELECT {key}, (sum(n) OVER (ORDER BY {key}) - n) // {size} AS part
        FROM (SELECT {key}, count(*) AS n FROM line_quad GROUP BY {key}) counted) parted) numbered
WHERE place = 1 ORDER BY {key}"""
_LINES = """
CREATE OR REPLACE TEMP TABLE line_part AS SELECT {columns} FROM line_quad WHERE {within};
CREATE OR REPLACE TEMP TABLE line_own AS
SELECT n, t FROM line_term WHERE n IN (SELECT s FROM line_part UNION SELECT o FROM line_part);
SELECT s.t || ' ' || p.t || ' ' || o.t || CASE WHEN g.t IS NULL THEN ' .' ELSE ' ' || g.t || ' .' END
FROM line_part q JOIN line_own s ON s.n = q.s JOIN line_own o ON o.n = q.o
JOIN line_few p ON p.n = q.p LEFT JOIN line_few g ON g.n = q.g
ORDER BY {order}"""
_IRIS = f"""
SELECT DISTINCT datatype FROM term JOIN line_term USING (id)
WHERE kind = {columnar.LITERAL} AND n IN (SELECT o FROM line_quad)
UNION ALL
SELECT value FROM term JOIN line_term USING (id)
WHERE kind = {columnar.IRI}
    AND n IN (SELECT s FROM line_quad UNION SELECT p FROM line_quad UNION SELECT o FROM line_quad)
"""


def write(connection: DuckDBPyConnection, output: IO[bytes], name: str, relation: str = "FROM quad") -> None:
    """Write the graph in ``connection`` to ``output`` in the format called ``name``, as ``rdf.write_quads`` would.

    ``relation`` is a statement for the quads ``s, p, o, g`` to write. Raises ``UsageError`` for an unknown name, and
    ``CalckgError`` when the quads can't be sorted.
    """
    merge = not rdf.format_named(name).supports_datasets
    with _bounded(connection) as cursor:
        place = _IN_TEXT_ORDER if name in rdf.LINES else _TYPE_FIRST
        cursor.execute(_NUMBER.format(text=columnar.text_of("term"), place=place, relation=relation))
        if name in rdf.LINES:
            for text in _texts(cursor, ("s",), merge):
                output.write(text)
            return
        quads = _quads(cursor, merge)
        if merge:
            declared = rdf.prefixes_of(_iris(cursor)) if name == "turtle" else None
            rdf.serialise((ox.Triple(q.subject, q.predicate, q.object) for q in quads), output, name, declared)
        else:
            rdf.serialise(quads, output, name)


@contextmanager
def _bounded(connection: DuckDBPyConnection) -> Iterator[DuckDBPyConnection]:
    """Yield a cursor whose database holds no more than ``_MEMORY``; its temporary tables go with it."""
    from calckg.database import duckdb

    known = connection.execute("SELECT current_setting('memory_limit'), current_setting('threads')").fetchone()
    assert known is not None
    memory, threads = known
    cursor = connection.cursor()
    try:
        cursor.execute(f"SET memory_limit = '{_MEMORY}'; SET threads = {min(_THREADS, threads)}")
        yield cursor
    except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
        raise CalckgError(f"the quads can't be sorted: {lack(error)}") from None
    finally:
        cursor.close()
        connection.execute(f"SET memory_limit = '{memory}'; SET threads = {threads}")


def _texts(cursor: DuckDBPyConnection, key: tuple[str, ...], merge: bool) -> Iterator[bytes]:
    """Yield lines, some thousand at once, ordered by the columns of ``key`` and then as ``line_few`` has predicates."""
    columns = "DISTINCT s, p, o, 0 AS g" if merge else "s, p, o, g"
    order = "q.s, p.place, q.o, q.g" if key == ("s",) else "q.g, q.s, p.place, q.o"
    starts = cursor.execute(_STARTS.format(key=", ".join(key), size=_PART)).fetchall()
    for start, end in zip(starts, [*starts[1:], None], strict=False):  # of an empty graph there are no starts
        within = _compared(key, start, ">=")
        if end is not None:
            within += f" AND {_compared(key, end, '<')}"
        cursor.execute(_LINES.format(columns=columns, within=within, order=order))
        while rows := cursor.fetchmany(_ROWS):
            yield ("\n".join([line for (line,) in rows]) + "\n").encode()


def _compared(key: tuple[str, ...], row: tuple[int, ...], sign: str) -> str:
    """Return SQL that compares the columns of ``key`` with ``row``, the first one first."""
    if len(key) == 1:
        return f"{key[0]} {sign} {row[0]}"
    return f"({key[0]} {sign[0]} {row[0]} OR ({key[0]} = {row[0]} AND {_compared(key[1:], row[1:], sign)}))"


def _quads(cursor: DuckDBPyConnection, merge: bool) -> Iterator[ox.Quad]:
    for text in _texts(cursor, ("s",) if merge else ("g", "s"), merge):
        yield from ox.parse(text, format=ox.RdfFormat.N_QUADS)


def _iris(cursor: DuckDBPyConnection) -> Iterator[str]:
    """Yield the IRIs that Turtle may write with a prefix, datatypes too."""
    cursor.execute(_IRIS)
    while rows := cursor.fetchmany(_ROWS):
        for (iri,) in rows:
            yield iri
