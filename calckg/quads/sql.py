"""The pieces that the statements are made of.

A *branch* gives one predicate, in five columns: ``s`` and ``p`` (IRIs), ``v`` (an IRI or a lexical form), ``t`` (what
follows a literal's closing quote in N-Quads; NULL when ``v`` is an IRI) and ``g`` (an IRI). Branches are joined by
``UNION ALL``. A quad may come more than once: the columns keep one, which is cheaper there, where it is four numbers.
The SQL is portable: Spark runs it when sqlglot has translated it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from calckg import prefixes
from calckg.tables import Column, Table, Type

HEX_DIGITS = 32  # of SHA-256, in a minted IRI

NULL = "CAST(NULL AS VARCHAR)"
PLAIN = "''"
LANG = "CASE WHEN lang IS NULL THEN '' ELSE '@' || lower(lang) END"

_NAMED_ESCAPES = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r"}
_ESCAPED_CODES = (*range(32), 0x7F)
_NON_CHARACTERS = (0xFFFE, 0xFFFF)  # written out: Spark's chr() ends at 255
_TO_ESCAPE = r'[\x00-\x1F"\\\x7F\x{FFFE}\x{FFFF}]'
_DATES = {4: "xsd:gYear", 7: "xsd:gYearMonth", 10: "xsd:date"}  # by the length of the lexical form


def iri(name: str) -> str:
    """Return the IRI of a CURIE of the model."""
    return prefixes.load().expand(name)


def quoted(text: str) -> str:
    """Return a string as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def resource(name: str) -> str:
    """Return the SQL of an IRI that is the same in every row, as of a predicate."""
    return quoted(iri(name))


def choice(column: str, names: Mapping[str, str]) -> str:
    """Return the SQL of the predicate that the value of ``column`` stands for."""
    cases = " ".join(f"WHEN {quoted(value)} THEN {resource(name)}" for value, name in names.items())
    return f"CASE {column} {cases} END"


def datatype(name: str) -> str:
    """Return the SQL of what follows the closing quote of a literal of this datatype."""
    return quoted(f"^^<{iri(name)}>")


class Branch(NamedTuple):
    """What gives one predicate of the subjects in ``s``, a column of ``relation`` or SQL over it.

    ``text`` has "{s}" and "{p}" where the SQL of these goes; ``every`` tells that each row of ``relation`` has a quad.
    """

    relation: str
    s: str
    p: str
    text: str
    every: bool = False

    def sql(self, s: str = "", p: str = "") -> str:
        """Return the branch as SQL, with ``s`` and ``p`` in place of its own."""
        return self.text.replace("{s}", s or self.s).replace("{p}", p or self.p)


class Common(NamedTuple):
    """A common table ``name`` that branches speak of: the rows that ``select`` gives."""

    name: str
    select: str


class Parts(NamedTuple):
    """What a table's statement is made of."""

    branches: list[Branch]
    common: Common | None = None


def branch(s: str, p: str, v: str, t: str, relation: str, where: str = "") -> Branch:
    """Return a branch of the SQL of its four terms; ``graph`` of ``relation`` is the fifth."""
    text = f"SELECT {{s}} AS s, {{p}} AS p, {v} AS v, {t} AS t, graph AS g FROM {relation}{_if(where)}"
    return Branch(relation, s, p, text, not where)


def link(s: str, name: str, v: str, relation: str, where: str = "") -> Branch:
    """Return a branch whose value is an IRI."""
    return branch(s, resource(name), v, NULL, relation, where)


def typed(s: str, name: str, relation: str, where: str = "") -> Branch:
    """Return a branch that gives ``s`` the class ``name``."""
    return link(s, "rdf:type", resource(name), relation, where)


def _if(where: str) -> str:
    return f" WHERE {where}" if where else ""


def stated(s: str, p: str, v: str, relation: str, where: str) -> Branch:
    """Return a branch whose predicate is an IRI in the column ``p``."""
    return branch(s, p, v, NULL, relation, where)


def columns(table: Table, names: Mapping[str, str], relation: str, s: str, t: str = "") -> list[Branch]:
    """Return a branch for each column of ``table`` that becomes one property: its value, or each of its list.

    ``t`` is given where the column's type does not tell it. A column that ``table`` has not got has no branch.
    """
    return [
        _column(table.column(column), resource(name), relation, s, t)
        for column, name in names.items()
        if table.has(column)
    ]


def _column(column: Column, p: str, relation: str, s: str, t: str) -> Branch:
    name = column.name
    value = f"unnest({name})" if column.many else name
    rows = f"SELECT {{s}} AS s, {value} AS v, graph AS g FROM {relation} WHERE {name} IS NOT NULL"
    v = "v" if column.sql.startswith("VARCHAR") else "CAST(v AS VARCHAR)"
    text = f"SELECT s, {{p}} AS p, {v} AS v, {t or _after(column.type)} AS t, g FROM ({rows}) AS told"
    return Branch(relation, s, p, text)


def extreme(fold: str, table: Table, column: str, name: str, relation: str, s: str) -> list[Branch]:
    """Return the branch with one value a node: ``fold`` (min or max) of ``column``, if ``table`` has that."""
    if not table.has(column):
        return []
    rows = (
        f"SELECT {{s}} AS s, {fold}({column}) AS v, graph AS g FROM {relation} "
        f"WHERE {column} IS NOT NULL GROUP BY {{s}}, graph"
    )
    text = f"SELECT s, {{p}} AS p, v, {_after(table.column(column).type)} AS t, g FROM ({rows}) AS told"
    return [Branch(relation, s, resource(name), text)]


def _after(kind: Type) -> str:
    """Return the SQL of what follows the closing quote of a value ``v`` of this type; NULL for an IRI."""
    if kind is Type.IRI:
        return NULL
    if kind is Type.TEXT:
        return PLAIN
    if kind is Type.ENGLISH:
        return "'@en'"
    if kind is Type.DATE:
        cases = " ".join(f"WHEN {length} THEN {datatype(name)}" for length, name in _DATES.items())
        return f"CASE length(v) {cases} ELSE {datatype('xsd:dateTime')} END"
    return datatype(f"xsd:{kind.value}")


def extras(table: Table, relation: str, s: str) -> list[Branch]:
    """Return the branch of the column ``extra``: property, then datatype or @language or nothing, then value."""
    if not table.has("extra"):
        return []
    items = f"SELECT {{s}} AS s, graph AS g, unnest(extra) AS x FROM {relation} WHERE extra IS NOT NULL"
    parts = (
        "SELECT s, g, split_part(x, chr(31), 1) AS name, split_part(x, chr(31), 2) AS d, "
        "substr(x, length(split_part(x, chr(31), 1)) + length(split_part(x, chr(31), 2)) + 3) AS v "
        f"FROM ({items}) AS items"
    )
    t = (
        f"CASE WHEN d = '' THEN {NULL} WHEN d = {resource('xsd:string')} THEN '' "
        "WHEN d LIKE '@%' THEN d ELSE '^^<' || d || '>' END"
    )
    return [Branch(relation, s, "name", f"SELECT s, {{p}} AS p, v, {t} AS t, g FROM ({parts}) AS parts")]


def minted(kind: str, table: Table, fields: Sequence[str]) -> str:
    """Return the SQL of a minted IRI: SHA-256 over ``fields``, joined by U+001F; a list is sorted, joined by U+001E.

    What ``table`` has not got counts as empty.
    """
    texts, behind = [], 0  # how many separators have been written
    for number, name in enumerate(fields):
        if not table.has(name):
            continue
        many = table.column(name).many
        text = f"array_to_string(list_sort({name}), chr(30))" if many else f"CAST({name} AS VARCHAR)"
        texts += [_separators(number - behind), f"coalesce({text}, '')"]
        behind = number
    texts.append(_separators(len(fields) - 1 - behind))
    digest = f"sha256(concat({', '.join(filter(None, texts)) or PLAIN}))"
    return f"{quoted(iri(f'ckgid:{kind}/'))} || substr({digest}, 1, {HEX_DIGITS})"


def _separators(count: int) -> str:
    return "" if count == 0 else "chr(31)" if count == 1 else f"repeat(chr(31), {count})"


def nodes(name: str, table: Table, node: str, where: str = "", more: str = "") -> Common:
    """Return a common table: the rows of ``table`` with the IRI ``node`` that each is about, made once."""
    return Common(name, f"SELECT *, {node} AS node{more} FROM {table.name}{_if(where)}")


def united(parts: Parts) -> str:
    """Return the statement of these branches, with the common table that they speak of, if any."""
    common = f"WITH {parts.common.name} AS ({parts.common.select})\n" if parts.common else ""
    return common + "\nUNION ALL ".join(one.sql() for one in parts.branches)


def escaped(text: str) -> str:
    """Return the SQL of ``text`` as it stands between quotes in N-Quads; few texts need more than the look at them."""
    result = f"replace(replace({text}, '\\', '\\\\'), '\"', '\\\"')"
    for code in _ESCAPED_CODES:
        escape = _NAMED_ESCAPES.get(code, f"\\u{code:04X}")
        result = f"replace({result}, chr({code}), '{escape}')"
    for code in _NON_CHARACTERS:
        result = f"replace({result}, '{chr(code)}', '\\u{code:04X}')"
    return f"CASE WHEN regexp_matches({text}, '{_TO_ESCAPE}') THEN {result} ELSE {text} END"
