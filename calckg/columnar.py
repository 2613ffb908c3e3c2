"""The graph as columns: ``term(id, kind, value, datatype, lang)`` and ``quad(s, p, o, g)`` in DuckDB.

``quad`` holds the ids of ``term``; ``g`` is 0 for the default graph. Ids follow the order of the terms' N-Quads
text, so the same graph has the same ids. What walks over the whole graph is SQL over these two tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox

from calckg.errors import CalckgError
from calckg.quads.sql import escaped

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

IRI, BLANK, LITERAL = 0, 1, 2
DEFAULT_GRAPH = 0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS term (
    id BIGINT NOT NULL, kind TINYINT NOT NULL, value VARCHAR NOT NULL, datatype VARCHAR, lang VARCHAR);
CREATE TABLE IF NOT EXISTS quad (s BIGINT NOT NULL, p BIGINT NOT NULL, o BIGINT NOT NULL, g BIGINT NOT NULL);
"""

# A literal's N-Quads text is "…", "…"@lang or "…"^^<datatype>; inside the quotes every quote is escaped, so the last
# quote ends the lexical form.
_LEXICAL = "substr(t, 2, length(t) - 2 - strpos(reverse(t), '\"') + 1)"
_TAIL = "substr(t, length(t) - strpos(reverse(t), '\"') + 2)"
# Where a text holds the character that stands in for the backslash, or may hold a code point escape, Python undoes all.
_RARE = "(contains(t, '\\u') OR contains(t, '\\U') OR contains(t, chr(1)))"
_UNESCAPED = (
    f"CASE WHEN {_RARE} OR NOT contains(t, '\\') THEN {_LEXICAL} ELSE "
    f"replace(replace(replace(replace(replace(replace(replace(replace({_LEXICAL},"
    " '\\\\', chr(1)), '\\\"', '\"'), '\\n', chr(10)), '\\r', chr(13)), '\\t', chr(9)),"
    " '\\b', chr(8)), '\\f', chr(12)), chr(1), '\\') END"
)
_ENCODE = f"""
INSERT INTO term
SELECT id,
       CASE WHEN t LIKE '<%' THEN {IRI} WHEN t LIKE '"%' THEN {LITERAL} ELSE {BLANK} END AS kind,
       CASE WHEN t LIKE '<%' THEN substr(t, 2, length(t) - 2)
            WHEN t LIKE '"%' THEN {_UNESCAPED} ELSE substr(t, 3) END AS value,
       CASE WHEN t NOT LIKE '"%' THEN NULL
            WHEN {_TAIL} LIKE '^^%' THEN substr({_TAIL}, 4, length({_TAIL}) - 4)
            WHEN {_TAIL} LIKE '@%' THEN 'http://www.w3.org/1999/02/22-rdf-syntax-ns#langString'
            ELSE 'http://www.w3.org/2001/XMLSchema#string' END AS datatype,
       CASE WHEN t LIKE '"%' AND {_TAIL} LIKE '@%' THEN lower(substr({_TAIL}, 2)) END AS lang
FROM encoded_term
"""
# The escapes of N-Quads (RDF 1.1 N-Quads, 2: ECHAR and UCHAR).
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))")
_ESCAPED_CHARACTERS = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}


def text_of(alias: str) -> str:
    """Return SQL for the N-Quads text of the term in the row called ``alias``, as pyoxigraph writes it."""
    text = escaped(f"{alias}.value")
    return (
        f"CASE {alias}.kind WHEN {IRI} THEN '<' || {alias}.value || '>' WHEN {BLANK} THEN '_:' || {alias}.value "
        f"ELSE '\"' || {text} || '\"' || CASE WHEN {alias}.lang IS NOT NULL THEN '@' || {alias}.lang "
        f"WHEN {alias}.datatype = 'http://www.w3.org/2001/XMLSchema#string' THEN '' "
        f"ELSE '^^<' || {alias}.datatype || '>' END END"
    )


def connect(path: Path | None = None, *, read_only: bool = False) -> DuckDBPyConnection:
    """Open the columns at ``path``, or empty ones in memory, with the two tables in place."""
    import duckdb

    try:
        connection = duckdb.connect(str(path) if path else ":memory:", read_only=read_only)
    except duckdb.Error as error:
        raise CalckgError(f"{path}: the columns can't be opened ({error}); build the graph again") from None
    if not read_only:
        connection.execute(_SCHEMA)
    return connection


def encode(connection: DuckDBPyConnection, relation: str) -> int:
    """Add ``relation(s, p, o, g)`` of N-Quads texts to ``term`` and ``quad``; return how many quads there are then.

    ``g`` is NULL for the default graph. A quad that comes twice, or is there already, is kept once. New terms are
    numbered in the order of their texts, after those that are there.
    """
    # Predicates and graphs are few: a relation of their own keeps their joins small.
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE few AS
        SELECT DISTINCT p AS t FROM {relation} UNION SELECT DISTINCT g FROM {relation} WHERE g IS NOT NULL;
        CREATE OR REPLACE TEMP TABLE told_term AS
        SELECT n.t, k.id FROM (SELECT s AS t FROM {relation} UNION SELECT o FROM {relation} UNION SELECT t FROM few) n
        LEFT JOIN (SELECT {text_of("t")} AS t, t.id FROM term t) k ON k.t = n.t;
        CREATE OR REPLACE TEMP TABLE encoded_term AS
        SELECT t, row_number() OVER (ORDER BY t) + (SELECT coalesce(max(id), 0) FROM term) AS id
        FROM told_term WHERE id IS NULL"""
    )
    connection.execute(_ENCODE)
    _unescape(connection)
    # One end after the other: given both joins at once, the engine's order of them takes half as long again.
    connection.execute(
        f"""INSERT INTO encoded_term SELECT t, id FROM told_term WHERE id IS NOT NULL;
        CREATE OR REPLACE TEMP TABLE few_term AS SELECT e.t, e.id FROM encoded_term e JOIN few f ON f.t = e.t;
        CREATE OR REPLACE TEMP TABLE half_quad AS
        SELECT s.id AS s, p.id AS p, q.o, coalesce(g.id, {DEFAULT_GRAPH}) AS g
        FROM {relation} q JOIN encoded_term s ON s.t = q.s JOIN few_term p ON p.t = q.p
        LEFT JOIN few_term g ON g.t = q.g;
        CREATE OR REPLACE TEMP TABLE whole_quad AS
        SELECT q.s, q.p, o.id AS o, q.g FROM half_quad q JOIN encoded_term o ON o.t = q.o;
        DROP TABLE half_quad; DROP TABLE encoded_term; DROP TABLE told_term; DROP TABLE few;
        INSERT INTO quad SELECT DISTINCT s, p, o, g FROM whole_quad
        EXCEPT SELECT s, p, o, g FROM quad
        WHERE g = {DEFAULT_GRAPH} OR g IN (SELECT id FROM few_term)
        ORDER BY ALL"""
    )
    connection.execute("DROP TABLE few_term; DROP TABLE whole_quad")
    row = connection.execute("SELECT count(*) FROM quad").fetchone()
    return int(row[0]) if row else 0


def _unescape(connection: DuckDBPyConnection) -> None:
    """Undo the escapes of the new literals that SQL left alone."""
    rows = connection.execute(
        f"""SELECT id, value FROM term JOIN encoded_term USING (id)
        WHERE kind = {LITERAL} AND {_RARE} ORDER BY id"""
    ).fetchall()
    if rows:
        plain = [_ESCAPE.sub(_character, value) for _, value in rows]
        connection.execute(
            "UPDATE term SET value = n.value FROM (SELECT unnest(?) AS id, unnest(?) AS value) n WHERE term.id = n.id",
            [[identifier for identifier, _ in rows], plain],
        )


def _character(escape: re.Match[str]) -> str:
    code = escape[1] or escape[2]
    return chr(int(code, 16)) if code else _ESCAPED_CHARACTERS.get(escape[3], escape[3])


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


def copy_nquads(connection: DuckDBPyConnection, path: Path, where: str = "true", *, merge: bool = False) -> None:
    """Write the quads that ``where`` holds of (an expression over ``q``) to ``path`` as N-Quads, in no fixed order.

    With ``merge``, each triple is also written once for the default graph.
    """
    triples = f"UNION ALL SELECT DISTINCT q.s, q.p, q.o, {DEFAULT_GRAPH} FROM quad q WHERE g > 0 AND {where}"
    lines = f"""SELECT {text_of("s")} || ' ' || {text_of("p")} || ' ' || {text_of("o")} ||
            CASE WHEN q.g > 0 THEN ' ' || {text_of("g")} ELSE '' END || ' .' AS line
        FROM (SELECT q.s, q.p, q.o, q.g FROM quad q WHERE {where} {triples if merge else ""}) q
        JOIN term s ON s.id = q.s JOIN term p ON p.id = q.p JOIN term o ON o.id = q.o
        LEFT JOIN term g ON g.id = q.g"""
    quoted = str(path).replace("'", "''")
    connection.execute(
        f"COPY ({lines}) TO '{quoted}' (FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\x01')"
    )
