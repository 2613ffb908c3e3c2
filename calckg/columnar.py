"""The graph as columns: ``term(id, kind, value, datatype, lang)`` and ``quad(s, p, o, g)`` in DuckDB.

``quad`` holds the ids of ``term``; ``g`` is 0 for the default graph. Ids follow the order of the terms' values, so the
same graph has the same ids. What walks over the whole graph is SQL over these two tables.

Quads come in by ``stage``, as often as there is something to add, and by ``settle`` at the end. Both work with a 64-bit
hash of each term, for joins of long texts take five times as long; ``settle`` sees whether two terms share one. What is
computed from the columns comes in by ``link``, as ids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from calckg.errors import CalckgError, CollisionError
from calckg.interrupts import watched
from calckg.quads import statement
from calckg.quads.sql import escaped, quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SPILL: Final = "20GB"  # what does not fit into memory may take so much of a disk; a query that wants more is at fault
_TRIES = 3  # with a hash each that has two terms in common
IRI, BLANK, LITERAL = 0, 1, 2
DEFAULT_GRAPH = 0

_STRING = "http://www.w3.org/2001/XMLSchema#string"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS term (
    id BIGINT NOT NULL, kind TINYINT NOT NULL, value VARCHAR NOT NULL, datatype VARCHAR, lang VARCHAR);
CREATE TABLE IF NOT EXISTS quad (s BIGINT NOT NULL, p BIGINT NOT NULL, o BIGINT NOT NULL, g BIGINT NOT NULL);
"""

# A term is told as one text: an IRI's own, "_:" and a blank node's name, or a literal's lexical form, a quote, and
# what follows the closing quote in N-Quads. No IRI has a quote in it, and nothing that follows the last one has.
_ADD = """
CREATE TEMP TABLE IF NOT EXISTS staged_quad (s UBIGINT, p UBIGINT, o UBIGINT, g UBIGINT);
CREATE TEMP TABLE IF NOT EXISTS staged_term (h UBIGINT, t VARCHAR);
CREATE OR REPLACE TEMP TABLE fact AS
SELECT s, p, o, {s} AS hs, {p} AS hp, {o} AS ho{each}
FROM (SELECT s, p, CASE WHEN t IS NULL THEN v ELSE v || '"' || t END AS o, g FROM ({facts}) told) textual;
INSERT INTO staged_quad SELECT hs, hp, ho, {g} FROM fact;
INSERT INTO staged_term
SELECT {t}, t FROM (SELECT s AS t FROM fact UNION SELECT o FROM fact UNION SELECT DISTINCT p FROM fact
                    UNION {graphs}) term;
DROP TABLE fact
"""
_TAIL = (
    "CASE WHEN NOT contains(t, '\"') THEN NULL WHEN ends_with(t, '\"') THEN '' WHEN ends_with(t, '\"@en') THEN '@en' "
    "ELSE substr(t, length(t) - strpos(reverse(t), '\"') + 2) END"
)
_TERM = f"""
INSERT INTO term
SELECT id,
       CASE WHEN tail IS NOT NULL THEN {LITERAL} WHEN starts_with(t, '_:') THEN {BLANK} ELSE {IRI} END,
       CASE WHEN tail IS NOT NULL THEN substr(t, 1, length(t) - length(tail) - 1)
            WHEN starts_with(t, '_:') THEN substr(t, 3) ELSE t END,
       CASE WHEN tail = '' THEN 'http://www.w3.org/2001/XMLSchema#string'
            WHEN starts_with(tail, '@') THEN 'http://www.w3.org/1999/02/22-rdf-syntax-ns#langString'
            ELSE substr(tail, 4, length(tail) - 4) END,
       CASE WHEN starts_with(tail, '@') THEN substr(tail, 2) END
FROM (SELECT rowid + {{first}} AS id, t, {_TAIL} AS tail FROM fresh_term) parted
"""
# Predicates and graphs are few: a relation of their own keeps their joins small. The quads are narrow until they are
# sorted; by predicate first, so that what asks for one predicate reads little.
_SETTLE = f"""
CREATE OR REPLACE TEMP TABLE few AS
SELECT h, id FROM number WHERE h IN (SELECT DISTINCT p FROM staged_quad UNION ALL SELECT DISTINCT g FROM staged_quad);
CREATE OR REPLACE TEMP TABLE half_quad AS
SELECT s.id AS s, q.p, q.o, q.g FROM staged_quad q JOIN number s ON s.h = q.s;
DROP TABLE staged_quad;
CREATE OR REPLACE TEMP TABLE whole_quad AS
SELECT q.s, p.id AS p, o.id AS o, coalesce(g.id, {DEFAULT_GRAPH}) AS g
FROM half_quad q JOIN number o ON o.h = q.o JOIN few p ON p.h = q.p LEFT JOIN few g ON g.h = q.g;
DROP TABLE half_quad;
INSERT INTO quad SELECT DISTINCT s, p, o, g FROM whole_quad {{old}} ORDER BY p, s, o, g;
DROP TABLE whole_quad; DROP TABLE few; DROP TABLE number
"""
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


# The characters that N-Quads escapes in the canonical form, which pyoxigraph writes; the backslash first, for then
# what is left of backslashes is escapes.
_UNESCAPES = [
    ("\\\\", r"'\s'"),
    ('\\"', "'\"'"),
    *((f"\\{letter}", f"chr({code})") for letter, code in zip("btnfr", (8, 9, 10, 12, 13), strict=True)),
    *((f"\\u{code:04X}", f"chr({code})") for code in (*range(32), 0x7F, 0xFFFE, 0xFFFF)),
    (r"\s", r"'\'"),
]


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

    import duckdb

    scratch = str(Path(tempfile.gettempdir()) / f"calckg-{uuid.uuid4().hex}")
    # A checkpoint would pack temporary tables for seconds in the middle of a command that soon drops them.
    settings = {"temp_directory": scratch, "max_temp_directory_size": SPILL, "checkpoint_threshold": "1TB"}
    return watched(duckdb.connect(":memory:", config={**settings}))


def connect(path: Path | None = None, *, read_only: bool = False) -> DuckDBPyConnection:
    """Open the columns at ``path``, or empty ones in memory, with the two tables in place."""
    import duckdb

    try:
        connection = watched(duckdb.connect(str(path), read_only=read_only)) if path else in_memory()
    except duckdb.Error as error:
        raise CalckgError(f"{path}: the columns can't be opened ({error}); build the graph again") from None
    if not read_only:
        connection.execute(_SCHEMA)
    return connection


def _hash(text: str) -> str:
    """Return SQL for a hash of ``text``: of itself and of itself moved on, by one letter, and by more with each salt.

    Of texts that differ in two places, eight bytes apart, DuckDB's hash can be the same: "cM1 … v7" and "cT1 … v8" in
    MedGen's names. Moved on they fall apart.
    """
    return f"hash({text}, repeat('.', coalesce(getvariable('salt'), 0) + 1) || {text})"


def stage(connection: DuckDBPyConnection, facts: str, graph: str | None = None) -> int:
    """Put by the quads of the statement ``facts``, as ``quads`` has them; return how many there were.

    ``facts`` gives ``s, p, v, t, g``: ``t`` is NULL where ``v`` is an IRI or, with "_:" before it, a blank node, and
    else what follows the closing quote in N-Quads, a language in lower case. ``g`` is NULL for the default graph.
    With ``graph``, an IRI, all are in that, whatever ``g`` is, which takes a fifth less time.
    """
    parts = {name: _hash(name) for name in "spot"}
    if graph is None:
        parts["each"] = f", g, CASE WHEN g IS NOT NULL THEN {_hash('g')} END AS hg"
        parts["g"], parts["graphs"] = "hg", "SELECT DISTINCT g FROM fact WHERE g IS NOT NULL"
    else:
        iri = quoted(graph)
        parts |= {"each": "", "g": _hash(iri), "graphs": f"SELECT {iri} WHERE EXISTS (FROM fact)"}
    before = _count(connection, "staged_quad") if _is_there(connection, "staged_quad") else 0
    connection.execute(_ADD.format(facts=facts, **parts))
    return _count(connection, "staged_quad") - before


def stage_table(connection: DuckDBPyConnection, table: str) -> int:
    """Put by the quads of the canonical table called ``table``; return how many there were."""
    graphs = connection.execute(f'SELECT DISTINCT graph FROM "{table}" LIMIT 2').fetchall()
    return stage(connection, statement(table), graphs[0][0] if len(graphs) == 1 else None)


def stage_quads(connection: DuckDBPyConnection, quads: Iterable[ox.Quad], graph: str | None = None) -> int:
    """Put by ``quads``, all in ``graph`` if that is given (an IRI); return how many there were."""
    rows = [(*_parts(q.subject)[:1], q.predicate.value, *_parts(q.object), graph or _graph(q)) for q in quads]
    connection.execute("CREATE OR REPLACE TEMP TABLE given (s VARCHAR, p VARCHAR, v VARCHAR, t VARCHAR, g VARCHAR)")
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        lists = ", ".join(["unnest(?::VARCHAR[])"] * len(columns))
        connection.execute(f"INSERT INTO given SELECT {lists}", columns)
    count = stage(connection, "FROM given")
    connection.execute("DROP TABLE given")
    return count


def _parts(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple) -> tuple[str, str | None]:
    if isinstance(term, ox.NamedNode):
        return term.value, None
    if isinstance(term, ox.BlankNode):
        return f"_:{term.value}", None
    if isinstance(term, ox.Triple):
        raise CalckgError(f"{term}: a triple as a term can't be kept in the columns; leave it out")
    if term.language:
        return term.value, f"@{term.language.lower()}"
    return term.value, "" if term.datatype.value == _STRING else f"^^{term.datatype}"


def _graph(quad: ox.Quad) -> str | None:
    return None if isinstance(quad.graph_name, ox.DefaultGraph) else _parts(quad.graph_name)[0]


def settle(connection: DuckDBPyConnection) -> int:
    """Number the terms that are put by, and add the quads to the columns; return how many there are then.

    A quad that came twice, or is there already, is kept once. New terms are numbered after those that are there.
    Raises ``CollisionError``; nothing is changed then, and nothing is staged any more.
    """
    if not _is_there(connection, "staged_quad"):
        return _count(connection, "quad")
    last = _last_id(connection)
    more = last > 0
    told = "SELECT h, t FROM staged_term"
    if more:
        text = f"{value_of('t')} || coalesce('\"' || {tail_of('t')}, '')"
        known = f"SELECT {_hash('t')} AS h, t, id FROM (SELECT id, {text} AS t FROM term t) textual"
        connection.execute(f"CREATE OR REPLACE TEMP TABLE known AS {known}")
        told += " UNION ALL SELECT k.h, k.t FROM known k SEMI JOIN staged_term USING (h)"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE told_term AS SELECT DISTINCT h, t FROM ({told}) told")
    connection.execute("DROP TABLE staged_term")  # each of these tables is large: it goes as soon as it can
    _look_for_collisions(connection)
    fresh = f"SELECT h, t FROM told_term {'ANTI JOIN known USING (h)' if more else ''} ORDER BY t"
    old = "UNION ALL SELECT k.h, k.id FROM known k SEMI JOIN told_term USING (h)" if more else ""
    # The order of the rows, which holds whatever is set, gives the ids for less than a window function takes.
    connection.execute(f"CREATE OR REPLACE TEMP TABLE fresh_term AS {fresh}")
    number = f"SELECT h, (rowid + {last + 1})::UINTEGER AS id FROM fresh_term {old}"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE number AS {number}")
    connection.execute("DROP TABLE told_term; DROP TABLE IF EXISTS known")
    connection.execute(_TERM.format(first=last + 1))
    connection.execute("DROP TABLE fresh_term")
    connection.execute(_SETTLE.format(old=_OLD if more else ""))
    return _count(connection, "quad")


def link(connection: DuckDBPyConnection, pairs: str, predicate: str, graph: str) -> int:
    """Add a quad for each (s, o) of ``pairs``, ids of terms that are there; return how many quads there are then.

    ``predicate`` and ``graph`` are IRIs, in the columns or not. This is far less work than to ``stage`` the texts.
    """
    if _count(connection, f"({pairs} LIMIT 1)"):
        p, g = (_id_of(connection, iri) for iri in (predicate, graph))
        connection.execute(
            f"""INSERT INTO quad SELECT s, {p}, o, {g}
            FROM (({pairs}) EXCEPT SELECT s, o FROM quad WHERE p = {p} AND g = {g}) fresh ORDER BY s, o"""
        )
    return _count(connection, "quad")


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


def _look_for_collisions(connection: DuckDBPyConnection) -> None:
    """Raise ``CollisionError`` where two of the terms in ``told_term`` have one hash."""
    if connection.execute("SELECT count(*) = count(DISTINCT h) FROM told_term").fetchone() == (True,):
        return
    found = connection.execute("SELECT min(t), max(t) FROM told_term GROUP BY h HAVING count(*) > 1").fetchone()
    connection.execute("DROP TABLE staged_quad; DROP TABLE told_term; DROP TABLE IF EXISTS known")
    connection.execute("SET VARIABLE salt = coalesce(getvariable('salt'), 0) + 1")
    raise CollisionError(f"{found} have the same hash; add them again, another hash is taken then")


def encode(connection: DuckDBPyConnection, relation: str) -> int:
    """Add ``relation(s, p, o, g)`` of canonical N-Quads texts; return how many quads there are then.

    ``g`` is NULL for the default graph.
    """
    stage(connection, _facts(relation))
    return settle(connection)


def stage_lines(connection: DuckDBPyConnection, path: Path, graph: str) -> int:
    """Put by the triples of a file of canonical N-Triples, all in ``graph`` (an IRI); return how many there were."""
    lines = f"""SELECT line, strpos(line, ' ') AS first
        FROM read_csv({quoted(str(path))}, columns = {{'line': 'VARCHAR'}}, header = false, delim = '\x01',
            quote = '', escape = '', max_line_size = 100000000, auto_detect = false)"""
    parts = f"""SELECT substr(line, 1, first - 1) AS s, substr(line, first + 1) AS more FROM ({lines}) line"""
    split = f"""SELECT s, substr(more, 1, strpos(more, ' ') - 1) AS p,
        substr(more, strpos(more, ' ') + 1, length(more) - strpos(more, ' ') - 2) AS o, NULL AS g
    FROM ({parts}) part"""
    return stage(connection, _facts(f"({split})"), graph)


def _facts(relation: str) -> str:
    """Return what ``stage`` takes for a relation of canonical N-Quads texts."""
    plain = "CASE WHEN starts_with({0}, '<') THEN substr({0}, 2, length({0}) - 2) ELSE {0} END"
    s, p, g = (plain.format(name) for name in "spg")
    quote = "length(o) - strpos(reverse(o), '\"') + 1"  # the last one: inside the quotes every quote is escaped
    v = "substr(o, 2, quote - 2)"
    unescaped = v
    for escape, character in _UNESCAPES:
        unescaped = f"replace({unescaped}, '{escape}', {character})"
    return f"""SELECT {s} AS s, {p} AS p, {g} AS g,
            CASE WHEN quote IS NULL THEN {plain.format("o")} WHEN contains(o, '\\') THEN {unescaped} ELSE {v} END AS v,
            CASE WHEN o LIKE '%@%' AND substr(o, quote + 1, 1) = '@' THEN lower(substr(o, quote + 1))
                 ELSE substr(o, quote + 1) END AS t
        FROM (SELECT *, CASE WHEN starts_with(o, '"') THEN {quote} END AS quote FROM {relation}) quoted"""


def _is_there(connection: DuckDBPyConnection, table: str) -> bool:
    found = connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = ? AND temporary", [table])
    return found.fetchone() is not None


def _count(connection: DuckDBPyConnection, table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(row[0]) if row else 0


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
