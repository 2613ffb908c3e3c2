"""Quads put by for the columns: terms as texts, and quads as four hashes of such.

Joins of long texts take five times as long as joins of 64-bit hashes, and a term that a hundred quads have is hashed in
each of them: so what turns tables into quads here hashes the subject of a row and a predicate once. ``columnar.settle``
numbers what is put by and sees whether two terms share a hash.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import pyoxigraph as ox

from calckg.errors import CalckgError
from calckg.quads import parts, statement
from calckg.quads.sql import Branch, quoted
from calckg.tables import narrowed

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


# A term is told as one text: an IRI's own, "_:" and a blank node's name, or a literal's lexical form, a quote, and
# what follows the closing quote in N-Quads. No IRI has a quote in it, and nothing that follows the last one has.
_TOLD = "CASE WHEN t IS NULL THEN v ELSE v || '\"' || t END AS o"
_TABLES = """
CREATE TEMP TABLE IF NOT EXISTS staged_quad (s UBIGINT, p UBIGINT, o UBIGINT, g UBIGINT);
CREATE TEMP TABLE IF NOT EXISTS staged_term (t VARCHAR)
"""
_STAGE = """
CREATE OR REPLACE TEMP TABLE fact AS {facts};
INSERT INTO staged_quad SELECT hs, hp, ho, {g} FROM fact;
INSERT INTO staged_term SELECT t FROM ({terms}) term;
DROP TABLE fact
"""
_NODE = "node_hash"  # of the node that a row of a common table is about
_STRING = "http://www.w3.org/2001/XMLSchema#string"
# The characters that N-Quads escapes in the canonical form, which pyoxigraph writes; the backslash first, for then
# what is left of backslashes is escapes.
_UNESCAPES = [
    ("\\\\", r"'\s'"),
    ('\\"', "'\"'"),
    *((f"\\{letter}", f"chr({code})") for letter, code in zip("btnfr", (8, 9, 10, 12, 13), strict=True)),
    *((f"\\u{code:04X}", f"chr({code})") for code in (*range(32), 0x7F, 0xFFFE, 0xFFFF)),
    (r"\s", r"'\'"),
]


def hash_of(text: str) -> str:
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
    told = f"SELECT s, p, {_TOLD}, g FROM ({facts}) told"
    hashed = f"SELECT s, p, o, {hash_of('s')} AS hs, {hash_of('p')} AS hp, {hash_of('o')} AS ho"
    if graph is None:
        hashed += f", g, CASE WHEN g IS NOT NULL THEN {hash_of('g')} END AS hg"
        g, graphs = "hg", "SELECT DISTINCT g FROM fact WHERE g IS NOT NULL"
    else:
        g, graphs = hash_of(quoted(graph)), f"SELECT {quoted(graph)} WHERE EXISTS (FROM fact)"
    terms = f"SELECT s AS t FROM fact UNION SELECT o FROM fact UNION SELECT DISTINCT p FROM fact UNION {graphs}"
    return _put(connection, f"{hashed} FROM ({told}) textual", g, terms)


def _put(connection: DuckDBPyConnection, facts: str, g: str, terms: str) -> int:
    """Put by quads of the SQL ``facts``, which has the hashes ``hs, hp, ho``, of ``g`` and of all their ``terms``."""
    connection.execute(_TABLES)
    before = count(connection, "staged_quad")
    connection.execute(_STAGE.format(facts=facts, g=g, terms=terms))
    return count(connection, "staged_quad") - before


def stage_table(connection: DuckDBPyConnection, table: str) -> int:
    """Put by the quads of the canonical table called ``table``; return how many there were."""
    graphs = connection.execute(f'SELECT DISTINCT graph FROM "{table}" LIMIT 2').fetchall()
    if len(graphs) != 1:
        return stage(connection, statement(table))
    branches, common = parts(narrowed(connection, table))
    if common:
        rows = f"SELECT *, {hash_of('node')} AS {_NODE} FROM ({common.select}) told"
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {common.name} AS {rows}")
    facts = f"SELECT hs, hp, o, {hash_of('o')} AS ho FROM ({' UNION ALL '.join(map(_hashed, branches))}) branch"
    graph = quoted(graphs[0][0])
    # The graph is a term, too: there is no row without a quad.
    terms = ["SELECT o AS t FROM fact", *_subjects(branches), *_predicates(branches), f"SELECT {graph}"]
    staged = _put(connection, facts, hash_of(graph), " UNION ".join(terms))
    if common:
        connection.execute(f"DROP TABLE {common.name}")
    return staged


def _hashed(one: Branch) -> str:
    """Return the SQL of a branch with its subject and its predicate as hashes; of a constant DuckDB takes it once."""
    hashed = one.sql(_NODE if one.s == "node" else hash_of(one.s), hash_of(one.p))
    return f"SELECT s AS hs, p AS hp, {_TOLD} FROM ({hashed}) told"


def _subjects(branches: Sequence[Branch]) -> Iterator[str]:
    """Yield SQL for all subjects: where one branch has those of all rows, the others need not be asked."""
    for about in dict.fromkeys((one.relation, one.s) for one in branches):
        same = [one for one in branches if (one.relation, one.s) == about]
        for one in [one for one in same if one.every][:1] or same:
            yield f"SELECT s FROM ({one.sql()}) told"


def _predicates(branches: Sequence[Branch]) -> Iterator[str]:
    """Yield SQL for all predicates: constants if there is such a fact, and what comes of rows."""
    constants = dict.fromkeys(one.p for one in branches if one.p.startswith("'"))
    values = f"SELECT unnest([{', '.join(constants)}]::VARCHAR[]) AS p"
    yield f"SELECT p FROM ({values}) constant WHERE {hash_of('p')} IN (SELECT hp FROM fact)"
    for one in branches:
        if one.p not in constants:
            yield f"SELECT p FROM ({one.sql()}) told"


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


def stage_texts(connection: DuckDBPyConnection, relation: str, graph: str | None = None) -> int:
    """Put by the quads of ``relation(s, p, o, g)`` of canonical N-Quads texts; return how many there were.

    ``g`` is NULL for the default graph. With ``graph``, an IRI, all are in that.
    """
    plain = "CASE WHEN starts_with({0}, '<') THEN substr({0}, 2, length({0}) - 2) ELSE {0} END"
    s, p, g = (plain.format(name) for name in "spg")
    quote = "length(o) - strpos(reverse(o), '\"') + 1"  # the last one: inside the quotes every quote is escaped
    v = "substr(o, 2, quote - 2)"
    unescaped = v
    for escape, character in _UNESCAPES:
        unescaped = f"replace({unescaped}, '{escape}', {character})"
    facts = f"""SELECT {s} AS s, {p} AS p, {g} AS g,
            CASE WHEN quote IS NULL THEN {plain.format("o")} WHEN contains(o, '\\') THEN {unescaped} ELSE {v} END AS v,
            CASE WHEN o LIKE '%@%' AND substr(o, quote + 1, 1) = '@' THEN lower(substr(o, quote + 1))
                 ELSE substr(o, quote + 1) END AS t
        FROM (SELECT *, CASE WHEN starts_with(o, '"') THEN {quote} END AS quote FROM {relation}) quoted"""
    return stage(connection, facts, graph)


def is_pending(connection: DuckDBPyConnection) -> bool:
    """Tell whether something is put by."""
    found = connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'staged_quad' AND temporary")
    return found.fetchone() is not None


def count(connection: DuckDBPyConnection, table: str) -> int:
    """Return how many rows ``table`` has, a table's name or SQL that can stand for one."""
    row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(row[0]) if row else 0
