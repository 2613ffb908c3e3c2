"""Tests on one or two terms as expressions of SPARQL 1.1 that mean the same in any store."""

from __future__ import annotations

from typing import Final

import pyoxigraph as ox

from calckg.shapes import lexical, patterns
from calckg.shapes.lexical import XSD

_BASES: Final = {**dict.fromkeys(set(lexical.BOUNDS) - {"integer"}, "integer"), "dateTimeStamp": "dateTime"}


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
