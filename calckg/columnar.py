"""The graph as columns: ``term(id, kind, value, datatype, lang)`` and ``quad(s, p, o, g)`` in DuckDB.

``quad`` holds the ids of ``term``; ``g`` is 0 for the default graph. Ids follow the order of the terms' values, so the
same graph has the same ids. What walks over the whole graph is SQL over these two tables.

Quads come in by ``staging``, as often as there is something to add, and by ``settle`` at the end. What is computed from
the columns comes in by ``link``, as ids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, NoReturn

import pyoxigraph as ox

from calckg.errors import CalckgError, CollisionError
from calckg.quads.sql import escaped
from calckg.running import watched
from calckg.staging import count, hash_of, is_pending, stage_texts

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SPILL: Final = "20GB"  # what does not fit into memory may take so much of a disk; a query that wants more is at fault
_TRIES = 3  # with a hash each that has two terms in common
IRI, BLANK, LITERAL = 0, 1, 2
DEFAULT_GRAPH = 0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS term (
    id BIGINT NOT NULL, kind TINYINT NOT NULL, value VARCHAR NOT NULL, datatype VARCHAR, lang VARCHAR);
CREATE TABLE IF NOT EXISTS quad (s BIGINT NOT NULL, p BIGINT NOT NULL, o BIGINT NOT NULL, g BIGINT NOT NULL);
"""

_TAIL = (
    "CASE WHEN NOT contains(t, '\"') THEN NULL WHEN ends_with(t, '\"') THEN '' WHEN ends_with(t, '\"@en') THEN '@en' "
    "ELSE substr(t, length(t) - strpos(reverse(t), '\"') + 2) END"
)
_VALUE = (
    "CASE WHEN tail IS NOT NULL THEN substr(t, 1, length(t) - length(tail) - 1) "
    "WHEN starts_with(t, '_:') THEN substr(t, 3) ELSE t END"
)
_TERM = f"""
INSERT INTO term
SELECT id,
       CASE WHEN tail IS NOT NULL THEN {LITERAL} WHEN starts_with(t, '_:') THEN {BLANK} ELSE {IRI} END,
       {_VALUE},
       CASE WHEN tail = '' THEN 'http://www.w3.org/2001/XMLSchema#string'
            WHEN starts_with(tail, '@') THEN 'http://www.w3.org/1999/02/22-rdf-syntax-ns#langString'
            ELSE substr(tail, 4, length(tail) - 4) END,
       CASE WHEN starts_with(tail, '@') THEN substr(tail, 2) END
FROM (SELECT rowid + {{first}} AS id, t, {_TAIL} AS tail FROM fresh_term) parted
"""
# Predicates and graphs are few: a relation of their own keeps their joins small. The quads are narrow until they are
# sorted; by predicate first, so that what asks for one predicate reads little.
_FEW = """
CREATE OR REPLACE TEMP TABLE few AS
SELECT h, id, row_number() OVER (ORDER BY id)::UBIGINT AS place
FROM number WHERE h IN (SELECT DISTINCT p FROM staged_quad UNION ALL SELECT DISTINCT g FROM staged_quad)
"""
_NUMBERED = """
CREATE OR REPLACE TEMP TABLE half_quad AS
SELECT s.id AS s, q.p, q.o, q.g FROM staged_quad q JOIN number s ON s.h = q.s;
DROP TABLE staged_quad;
CREATE OR REPLACE TEMP TABLE whole_quad AS
SELECT {quad} FROM half_quad q
JOIN number o ON o.h = q.o JOIN few p ON p.h = q.p LEFT JOIN few g ON g.h = q.g;
DROP TABLE half_quad
"""
_GIVEN_BACK = {120_000: "256KB", 300_000: "2MB"}  # what is freed at once, of fewer quads than these
_BITS = 63  # of a number that a quad may be; to sort one, and to find it again, takes a quarter less time than four
_WIDE = f"q.s, p.id AS p, o.id AS o, coalesce(g.id, {DEFAULT_GRAPH}) AS g"
_SORTED = "SELECT DISTINCT s, p, o, g FROM whole_quad {old} ORDER BY p, s, o, g"
_OLD = f"""EXCEPT SELECT s, p, o, g FROM quad WHERE g = {DEFAULT_GRAPH} OR g IN (SELECT id FROM few)"""

# A graph states a triple once: what is repeated stands outside the graph that uses its predicate most, its home.
REPEATED = """WITH used AS (SELECT p, g, count(*) AS n FROM quad GROUP BY p, g),
    home AS (SELECT p, arg_max(g, n) AS g FROM used GROUP BY p HAVING count(*) > 1),
    away AS (SELECT q.s, q.p, q.o FROM quad q JOIN home h ON h.p = q.p WHERE q.g <> h.g)
    SELECT s, p, o, count(*) - 1 AS n FROM quad SEMI JOIN away USING (s, p, o) GROUP BY s, p, o HAVING count(*) > 1"""
"""SQL for ``(s, p, o, n)``: each triple that ``n`` more graphs state."""


def triples(connection: DuckDBPyConnection) -> int:
    """Count the triples of the merge of all graphs."""
    row = connection.execute(
        f"SELECT count(*) - coalesce((SELECT sum(n) FROM ({REPEATED}) again), 0) FROM quad"
    ).fetchone()
    return int(row[0]) if row else 0


def text_of(alias: str) -> str:
    """Return SQL for the N-Quads text of the term in the row called ``alias``, as pyoxigraph writes it."""
    text = escaped(f"{alias}.value")
    return (
        f"CASE {alias}.kind WHEN {IRI} THEN '<' || {alias}.value || '>' WHEN {BLANK} THEN '_:' || {alias}.value "
        f"ELSE '\"' || {text} || '\"' || CASE WHEN {alias}.lang IS NOT NULL THEN '@' || {alias}.lang "
        f"WHEN {alias}.datatype = 'http://www.w3.org/2001/XMLSchema#string' THEN '' "
        f"ELSE '^^<' || {alias}.datatype || '>' END END"
    )


def value_of(alias: str) -> str:
    """Return SQL for the ``s`` or ``v`` by which ``stage`` takes the term in the row called ``alias``."""
    return f"CASE {alias}.kind WHEN {BLANK} THEN '_:' || {alias}.value ELSE {alias}.value END"


def tail_of(alias: str) -> str:
    """Return SQL for what follows the closing quote of the term in the row called ``alias``; NULL for no literal."""
    return (
        f"CASE WHEN {alias}.kind <> {LITERAL} THEN NULL WHEN {alias}.lang IS NOT NULL THEN '@' || {alias}.lang "
        f"WHEN {alias}.datatype = 'http://www.w3.org/2001/XMLSchema#string' THEN '' "
        f"ELSE '^^<' || {alias}.datatype || '>' END"
    )


def in_memory() -> DuckDBPyConnection:
    """Open an empty database in memory.

    What does not fit there goes to a folder for temporary files that is made when it is needed, and removed with the
    connection. DuckDB's own choice would be the user's working directory.
    """
    import tempfile
    import uuid

    from calckg.database import duckdb

    scratch = str(Path(tempfile.gettempdir()) / f"calckg-{uuid.uuid4().hex}")
    # A checkpoint would pack temporary tables for seconds in the middle of a command that soon drops them.
    settings = {"temp_directory": scratch, "max_temp_directory_size": SPILL, "checkpoint_threshold": "1TB"}
    return watched(duckdb.connect(":memory:", config={**settings}))


def give_back(connection: DuckDBPyConnection, quads: int) -> None:
    """Have memory given back whenever a table goes, where there are few quads: of many it takes a sixth more time."""
    for most, least in _GIVEN_BACK.items():
        if quads < most:
            connection.execute(f"SET allocator_bulk_deallocation_flush_threshold = '{least}'")
            return


def connect(path: Path | None = None, *, read_only: bool = False) -> DuckDBPyConnection:
    """Open the columns at ``path``, or empty ones in memory, with the two tables in place."""
    from calckg.database import duckdb

    try:
        connection = watched(duckdb.connect(str(path), read_only=read_only)) if path else in_memory()
    except duckdb.Error as error:
        raise CalckgError(f"{path}: the columns can't be opened ({error}); build the graph again") from None
    if not read_only:
        connection.execute(_SCHEMA)
    return connection


def settle(connection: DuckDBPyConnection) -> int:
    """Number the terms that are put by, and add the quads to the columns; return how many there are then.

    A quad that came twice, or is there already, is kept once. New terms are numbered after those that are there.
    Raises ``CollisionError``; nothing is changed then, and nothing is staged any more.
    """
    if not is_pending(connection):
        return count(connection, "quad")
    last, staged = _last_id(connection), count(connection, "staged_quad")
    more = last > 0
    if more:
        # Most often a few terms come to many: to hash those of the same value only is less work.
        values = f"SELECT {_VALUE} AS value FROM (SELECT t, {_TAIL} AS tail FROM staged_term) parted"
        text = f"{value_of('t')} || coalesce('\"' || {tail_of('t')}, '')"
        known = f"SELECT id, {text} AS t FROM term t SEMI JOIN ({values}) v USING (value)"
        connection.execute(f"CREATE OR REPLACE TEMP TABLE known AS {known}")
    fresh = f"SELECT DISTINCT t FROM staged_term {'ANTI JOIN known USING (t)' if more else ''} ORDER BY t"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE fresh_term AS {fresh}")
    connection.execute("DROP TABLE staged_term")  # each of these tables is large: it goes as soon as it can
    # The order of the rows, which holds whatever is set, gives the ids for less than a window function takes.
    number = f"SELECT {hash_of('t')} AS h, (rowid + {last + 1})::UINTEGER AS id FROM fresh_term"
    number += f" UNION ALL SELECT {hash_of('t')}, id FROM known" if more else ""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE number AS {number}")
    connection.execute(_FEW)
    packing = None if more else _packing(connection)
    connection.execute(_NUMBERED.format(quad=packing.packed if packing else _WIDE))
    if count(connection, "whole_quad") != staged:
        _tell_collision(connection, more)
    connection.execute(_TERM.format(first=last + 1))
    connection.execute("DROP TABLE fresh_term; DROP TABLE IF EXISTS known; DROP TABLE number")
    if packing:
        _unpack(connection, packing)
    else:
        connection.execute(f"INSERT INTO quad {_SORTED.format(old=_OLD if more else '')}")
    connection.execute("DROP TABLE whole_quad; DROP TABLE few")
    return count(connection, "quad")


class _Packing(NamedTuple):
    """SQL that makes one number of a quad, in the order of (p, s, o, g), and SQL for the quad of a number ``k``."""

    packed: str
    quad: str


def _packing(connection: DuckDBPyConnection) -> _Packing | None:
    """Return how a quad becomes one number, or None where the bits don't do.

    A predicate and a graph are told by their place among the few.
    """
    ids = [id for (id,) in connection.execute("SELECT id FROM few ORDER BY place").fetchall()]
    few, many = len(ids).bit_length(), count(connection, "number").bit_length()
    if 2 * (few + many) > _BITS:
        return None
    packed = (
        f"(p.place << {few + 2 * many}) | (q.s::UBIGINT << {few + many}) | (o.id::UBIGINT << {few}) "
        "| coalesce(g.place, 0)::UBIGINT AS k"
    )
    names = f"[{', '.join(map(str, [DEFAULT_GRAPH, *ids]))}]::BIGINT[]"

    def part(shift: int, bits: int) -> str:
        return f"((k >> {shift}) & {2**bits - 1})::BIGINT"

    s, o = part(few + many, many), part(few, many)
    p, g = (f"list_extract({names}, {part(shift, few)} + 1)" for shift in (few + 2 * many, 0))
    return _Packing(packed, f"{s}, {p}, {o}, {g}")


def _unpack(connection: DuckDBPyConnection, packing: _Packing) -> None:
    """Add the quads of ``whole_quad`` in the order of their numbers, each once.

    Once they are sorted, what is repeated follows itself. To see that takes a tenth of what a DISTINCT does.
    """
    connection.execute("CREATE OR REPLACE TEMP TABLE sorted_quad AS SELECT k FROM whole_quad ORDER BY k")
    with _in_order(connection):
        again = "SELECT k, lag(k) OVER () AS before FROM sorted_quad"
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE whole_quad AS SELECT k FROM ({again}) told WHERE k IS DISTINCT FROM before"
        )
        connection.execute("DROP TABLE sorted_quad")
        connection.execute(f"INSERT INTO quad SELECT {packing.quad} FROM whole_quad")


@contextmanager
def _in_order(connection: DuckDBPyConnection) -> Iterator[None]:
    """Have statements keep the order of the rows: DuckDB promises it for an empty OVER, a filter and an INSERT."""
    row = connection.execute("SELECT current_setting('preserve_insertion_order')").fetchone()
    connection.execute("SET preserve_insertion_order = true")
    try:
        yield
    finally:
        connection.execute(f"SET preserve_insertion_order = {row and row[0]}")


def _tell_collision(connection: DuckDBPyConnection, more: bool) -> NoReturn:
    """Raise ``CollisionError``: two terms with one hash have two numbers, and so their quads came out twice."""
    terms = "SELECT t FROM fresh_term" + (" UNION ALL SELECT t FROM known" if more else "")
    found = connection.execute(
        f"SELECT min(t), max(t) FROM ({terms}) term GROUP BY {hash_of('t')} HAVING count(*) > 1 LIMIT 1"
    ).fetchone()
    for table in ("whole_quad", "few", "number", "fresh_term", "known"):
        connection.execute(f"DROP TABLE IF EXISTS {table}")
    connection.execute("SET VARIABLE salt = coalesce(getvariable('salt'), 0) + 1")
    raise CollisionError(f"{found} have the same hash; add them again, another hash is taken then")


def link(connection: DuckDBPyConnection, pairs: str, predicate: str, graph: str) -> int:
    """Add a quad for each (s, o) of ``pairs``, ids of terms that are there; return how many quads there are then.

    ``predicate`` and ``graph`` are IRIs, in the columns or not. This is far less work than to ``stage`` the texts.
    """
    if count(connection, f"({pairs} LIMIT 1)"):
        p, g = (_id_of(connection, iri) for iri in (predicate, graph))
        connection.execute(
            f"""INSERT INTO quad SELECT s, {p}, o, {g}
            FROM (({pairs}) EXCEPT SELECT s, o FROM quad WHERE p = {p} AND g = {g}) fresh ORDER BY s, o"""
        )
    return count(connection, "quad")


def _id_of(connection: DuckDBPyConnection, iri: str) -> int:
    """Return the id of an IRI, which is numbered if it is new."""
    found = connection.execute("SELECT id FROM term WHERE kind = ? AND value = ?", [IRI, iri]).fetchone()
    if found is not None:
        return int(found[0])
    fresh = _last_id(connection) + 1
    connection.execute("INSERT INTO term (id, kind, value) VALUES (?, ?, ?)", [fresh, IRI, iri])
    return fresh


def _last_id(connection: DuckDBPyConnection) -> int:
    row = connection.execute("SELECT coalesce(max(id), 0) FROM term").fetchone()
    return int(row[0]) if row else 0


def add(connection: DuckDBPyConnection, staging: Callable[[], object]) -> int:
    """Call ``staging``, which stages quads, and settle them; return how many quads there are then.

    When two terms have the same hash (at 10 million terms, once in 400,000 graphs) it is called again. Raises
    ``CollisionError`` when that happens again and again.
    """
    for _ in range(_TRIES):
        staging()
        with suppress(CollisionError):
            return settle(connection)
    staging()
    return settle(connection)


def encode(connection: DuckDBPyConnection, relation: str) -> int:
    """Add ``relation(s, p, o, g)`` of canonical N-Quads texts; return how many quads there are then.

    ``g`` is NULL for the default graph.
    """
    stage_texts(connection, relation)
    return settle(connection)


def quads(connection: DuckDBPyConnection) -> Iterator[ox.Quad]:
    """Yield every quad, ordered by graph, subject, predicate and object; literals as they were written."""
    cursor = connection.execute(
        f"""SELECT {text_of("s")} || ' ' || {text_of("p")} || ' ' || {text_of("o")} ||
            CASE WHEN q.g > 0 THEN ' ' || {text_of("g")} ELSE '' END || ' .'
        FROM quad q JOIN term s ON s.id = q.s JOIN term p ON p.id = q.p JOIN term o ON o.id = q.o
        LEFT JOIN term g ON g.id = q.g ORDER BY q.g, q.s, q.p, q.o"""
    )
    while rows := cursor.fetchmany(10_000):
        yield from ox.parse("\n".join(line for (line,) in rows), format=ox.RdfFormat.N_QUADS)
