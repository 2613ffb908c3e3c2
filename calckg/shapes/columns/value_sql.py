"""What the expressions of a query are in SQL, and what is asked of two of them (``expression_sql``)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import pyoxigraph as ox

from calckg.shapes import lexical
from calckg.shapes.columns import comparison_sql
from calckg.shapes.columns.select_tree import Group, Outside
from calckg.shapes.columns.sql_terms import TermSql, quoted
from calckg.shapes.lexical import XSD
from calckg.shapes.model import Term

_STRING: Final = XSD + "string"
_LANG: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"
_NUMBERS: Final = ("decimal", "float", "double", *lexical.BOUNDS)
_KNOWN: Final = ("boolean", *_NUMBERS, "dateTime", "date", "time", "gYear", "gYearMonth", "gMonth", "gDay", "gMonthDay")
TYPES: Final = {"string": "VARCHAR", "iri": "VARCHAR", "integer": "BIGINT", "boolean": "BOOLEAN", "term": "BIGINT"}
_ELSEWHERE: Final = re.compile(r"\\[wWsSbBpP]|\(\?|\[\[|&&|--|~~|\[\^?\]")
"""What the engines' regular expressions do not share; an escaped backslash is taken out beforehand."""
_QUOTED: Final = re.compile("'[^']*'")


@dataclass(frozen=True, slots=True)
class Value:
    """What a variable or an expression is in SQL.

    ``kind`` is ``term`` (``sql`` is its id), ``string``, ``iri`` (its text), ``integer`` or ``boolean``. ``maybe``: it
    may be NULL, that is unbound or an error. ``resource``: it is never a literal.
    """

    kind: str
    sql: str
    maybe: bool = False
    resource: bool = False
    constant: Term | None = None


ERROR: Final = Value("error", "NULL", maybe=True)


class Scope(Protocol):
    """What an expression sees of the group that it stands in."""

    def value(self, name: str) -> Value | None:
        """Return what a variable is; ``None`` where it is not bound."""
        ...

    def row(self, value: Value) -> TermSql:
        """Return the columns of a term by its id."""
        ...

    def exists(self, group: Group) -> str:
        """Return a test for solutions of a group."""
        ...

    def id(self, term: Term) -> int:
        """Return the id of a constant."""
        ...

    def blanks(self) -> bool:
        """Tell whether a term may be a blank node."""
        ...


def strict(of_kind: str, sql: str, *given: str) -> Value:
    """Return a value that is an error where one of ``given`` is: ``greatest`` passes over NULL."""
    doubtful = [one for one in given if not one.isdigit() and not _QUOTED.fullmatch(one)]
    if doubtful:
        tests = " AND ".join(f"{one} IS NOT NULL" for one in doubtful)
        sql = f"(CASE WHEN {tests} THEN {sql} END)"
    return Value(of_kind, sql, maybe=True)


def kind(term: Term | None) -> str:
    """Return the kind of value that a constant can be."""
    if not isinstance(term, ox.Literal) or term.language:
        return "term"
    datatype = term.datatype.value.removeprefix(XSD)
    return datatype if datatype in {"string", "integer", "boolean"} else "term"


def coerced(value: Value, wanted: str) -> Value:
    """Return a constant as a value of a kind, if it is one; what is no constant stays what it is."""
    if value.constant is None or value.kind == wanted:
        return value
    if wanted == "iri" and isinstance(value.constant, ox.NamedNode):
        return Value("iri", quoted(value.constant.value))
    if wanted == "term" or kind(value.constant) != wanted:
        return value
    text = value.constant.value
    if wanted == "string":
        return Value(wanted, quoted(text))
    if wanted == "boolean" and text in {"true", "false", "1", "0"}:
        return Value(wanted, str(text in {"true", "1"}).lower())
    if wanted == "integer" and re.fullmatch("[+-]?[0-9]{1,18}", text):
        return Value(wanted, str(int(text)) if int(text) >= 0 else f"({int(text)})")
    return value


def unified(values: Sequence[Value]) -> tuple[str, list[str]]:
    """Return values of one kind as SQL; an error is NULL whatever the others are."""
    kinds = {value.kind for value in values if value.constant is None and value.kind != "error"}
    kind = next(iter(kinds), "term")
    same = [value if value.kind == "error" else coerced(value, kind) for value in values]
    if len(kinds) > 1 or any(value.kind not in {kind, "error"} for value in same):
        raise Outside("a value that is once a term, once a text")
    return kind, [f"NULL::{TYPES[kind]}" if value.kind == "error" else value.sql for value in same]


def by_name(term: Term | None) -> bool:
    """Tell whether nothing but itself is equal to a term."""
    return isinstance(term, ox.Literal) and bool(term.language or term.datatype.value == _STRING)


def ordered(one: TermSql, sign: str, other: TermSql) -> str:
    """Return SQL for ``one sign other``; texts in one language have an order too."""
    tagged = f"{one.lang} = {other.lang} AND {one.value} {sign} {other.value}"
    both = {one.type, other.type} - {None}
    found = comparison_sql.compares(one, sign, other)
    return found if both and both != {_LANG} else f"({found} OR coalesce({tagged}, false))"


def known(term: TermSql) -> str:
    """Return SQL for: the literal has a value that is known to differ from all others that are told apart."""
    if term.type == _STRING:
        return "true"
    tests = [f"WHEN {term.datatype} = {quoted(_STRING)} THEN true"]
    for form in dict.fromkeys(lexical.FORMS[name] for name in _KNOWN):
        names = ", ".join(quoted(XSD + name) for name in _KNOWN if lexical.FORMS[name] == form)
        tests.append(f"WHEN {term.datatype} IN ({names}) THEN regexp_full_match({term.value}, {quoted(form)})")
    return f"(CASE {' '.join(tests)} ELSE false END)"


def check_shared(pattern: str, flags: str = "") -> None:
    """Refuse a regular expression that a store may read in another way than the columns do."""
    if "q" in flags:
        return
    if "x" in flags or _ELSEWHERE.search(pattern.replace("\\\\", "")):
        raise Outside("a regular expression that the engines do not agree on")
