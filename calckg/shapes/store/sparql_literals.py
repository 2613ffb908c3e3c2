"""Tests on one or two terms as expressions of SPARQL 1.1 that mean the same in any store."""

from __future__ import annotations

from typing import Final

import pyoxigraph as ox

from calckg.shapes import lexical, patterns
from calckg.shapes.lexical import XSD
from calckg.shapes.model import Term

_BASES: Final = {**dict.fromkeys(set(lexical.BOUNDS) - {"integer"}, "integer"), "dateTimeStamp": "dateTime"}
_NAMED: Final = ("string", "dateTime", "dateTimeStamp", "date", "time")
_ORDERED: Final = frozenset({*_NAMED, "decimal", "float", "double", *lexical.BOUNDS})


def has_datatype(node: str, iri: str, local: bool) -> str:
    """Return an expression: a literal of this datatype, in one of its lexical forms."""
    found = [f"isLiteral({node})", f"sameTerm(DATATYPE({node}), <{iri}>)"]
    base = _BASES.get(iri.removeprefix(XSD))
    if local and base is not None:  # a local store keeps the datatype that it is derived from
        found[1] = f"DATATYPE({node}) IN (<{iri}>, <{XSD}{base}>)"
    least, greatest = lexical.bounds(iri)
    form, unfinished = lexical.sign(least, greatest) or lexical.form(iri), lexical.not_form(iri)
    if form is not None:
        found.append(_regex(node, f"^({form})$", ""))
    if unfinished is not None:
        found.append(f"!{_regex(node, f'^({unfinished})$', '')}")
    if least is not None and greatest is not None:
        number = f"<{XSD}decimal>(STR({node}))"
        found.append(f"{number} >= {least}.0 && {number} <= {greatest}.0")
    return f"COALESCE({' && '.join(found)}, false)"


def matches(node: str, regex: str, flags: str) -> str:
    """Return ``REGEX(STR(node), regex, flags)`` as any store reads it (``patterns``)."""
    return _regex(node, *patterns.for_store(regex, flags))


def _regex(node: str, regex: str, flags: str) -> str:
    given = f", {ox.Literal(flags)}" if flags else ""
    return f"REGEX(STR({node}), {ox.Literal(regex)}{given})"


def compares(one: str, operator: str, other: str, limit: Term | None = None) -> str:
    """Return ``one operator other`` by the operator table (SPARQL 1.1, 17.3), also of dates and of times.

    Stores order more or less than the table does: IRIs, languages, years, and truth values or not. ``limit`` is the
    other, where it is a term that is known: only what it can be compared with needs to be asked.
    """
    compared = f"{one} {operator} {other}"
    truth = f"<{XSD}integer>({one}) {operator} <{XSD}integer>({other})"
    boolean = f"<{XSD}boolean>"
    if limit is not None:
        name = "" if not isinstance(limit, ox.Literal) or limit.language else limit.datatype.value.removeprefix(XSD)
        if name == "boolean":
            return f"COALESCE(DATATYPE({one}) = {boolean} && {truth}, false)"
        return f"COALESCE({compared}, false)" if name in _ORDERED else "false"
    names = ", ".join(f"<{XSD}{name}>" for name in (*_NAMED, "boolean"))
    same = f"IF(DATATYPE({one}) = {boolean}, DATATYPE({other}) = {boolean} && {truth}, {compared})"
    return f"COALESCE((isNumeric({one}) || DATATYPE({one}) IN ({names})) && {same}, false)"


def in_language(node: str, ranges: tuple[str, ...]) -> str:
    """Return an expression: the language matches one of the ranges; of an empty one some stores say that none does."""
    matched = [f"langMatches(LANG({node}), {ox.Literal(one)})" for one in ranges if one]
    return f"(isLiteral({node}) && {joined(' || ', matched, 'false')})"


def same_language(one: str, other: str) -> str:
    """Return an expression: both have the same language."""
    return f'(isLiteral({one}) && isLiteral({other}) && LANG({one}) != "" && LCASE(LANG({one})) = LCASE(LANG({other})))'


def joined(operator: str, conditions: list[str], none: str) -> str:
    """Return the conditions with the operator between them; ``none`` where there are none."""
    return f"({operator.join(conditions)})" if len(conditions) > 1 else conditions[0] if conditions else none
