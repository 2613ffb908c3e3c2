"""Tests on one or two terms as SQL, over the columns ``kind, value, datatype, lang`` of an alias.

Languages are in lower case there, however the data write them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from calckg.columnar import BLANK, IRI, LITERAL
from calckg.shapes import algebra as al
from calckg.shapes import lexical, patterns
from calckg.shapes.lexical import XSD
from calckg.shapes.model import Term

KINDS: Final = {"IRI": IRI, "BlankNode": BLANK, "Literal": LITERAL}
_LANG: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"
_EXACT: Final = ("decimal", *lexical.BOUNDS)
_ZONE: Final = "(Z|[+-][0-9]{2}:[0-9]{2})$"
_DAY_AND_NIGHT: Final = 14 * 60  # minutes: no zone is farther off (XPath functions, 10.4)


def quoted(text: str) -> str:
    """Return a text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


@dataclass(frozen=True, slots=True)
class TermSql:
    """A term in SQL: an expression for each of its columns."""

    kind: str
    value: str
    datatype: str
    lang: str
    type: str | None = None  # the datatype's IRI, where it is the same in every row
    types: AbstractSet[str] | None = None  # the datatypes' IRIs that rows may have, where they are known

    @classmethod
    def of(cls, alias: str, types: AbstractSet[str] | None = None) -> TermSql:
        """Return the term in the row called ``alias``."""
        return cls(f"{alias}.kind", f"{alias}.value", f"{alias}.datatype", f"{alias}.lang", types=types)

    @classmethod
    def constant(cls, term: Term) -> TermSql:
        """Return a term that is the same in every row."""
        parts = [str(p) if isinstance(p, int) else quoted(p) if p is not None else "NULL" for p in row(term)]
        kind, value, datatype, lang = parts
        return cls(kind, value, datatype, lang, term.datatype.value if isinstance(term, ox.Literal) else "")

    def may_be(self, names: Sequence[str]) -> list[str]:
        """Return those of the datatypes, by their names in XML Schema, that the term may have."""
        known = self.types if self.type is None else {self.type}
        return [name for name in names if known is None or XSD + name in known]


def row(term: Term) -> tuple[int, str, str | None, str | None]:
    """Return ``kind, value, datatype, lang`` as the columns have them."""
    if isinstance(term, ox.NamedNode):
        return IRI, term.value, None, None
    if isinstance(term, ox.BlankNode):
        return BLANK, term.value, None, None
    return (
        LITERAL,
        term.value,
        _LANG if term.language else term.datatype.value,
        term.language.lower() if term.language else None,
    )


def _in(term: TermSql, names: tuple[str, ...]) -> str:
    """Return SQL for: the term is a literal of one of these datatypes; of a constant that is known already."""
    possible = term.may_be(names)
    if term.type is not None or not possible:
        return "true" if possible else "false"
    if len(possible) == 1:
        return f"coalesce({term.datatype} = {quoted(XSD + possible[0])}, false)"
    # Of a list DuckDB plans a join: for two terms of any type that is most of what a comparison takes.
    anyone = f"{XSD.replace('.', '[.]')}({'|'.join(possible)})"
    return f"coalesce(regexp_full_match({term.datatype}, {quoted(anyone)}), false)"


def well_formed(term: TermSql, iri: str) -> str:
    """Return SQL for: the term is a literal of this datatype, in one of its lexical forms."""
    tests = [f"coalesce({term.datatype} = {quoted(iri)}, false)"]
    least, most = lexical.bounds(iri)
    form, but = lexical.sign(least, most) or lexical.form(iri), lexical.not_form(iri)
    if form is not None:
        tests.append(f"regexp_full_match({term.value}, {quoted(form)})")
    if but is not None:
        tests.append(f"NOT regexp_full_match({term.value}, {quoted(but)})")
    if least is not None and most is not None:
        tests.append(f"coalesce(TRY_CAST({term.value} AS HUGEINT) BETWEEN {least} AND {most}, false)")
    return "(" + " AND ".join(tests) + ")"


def length_is(term: TermSql, operator: str, length: int) -> str:
    """Return SQL for ``STRLEN(STR(term)) operator length``."""
    return f"({term.kind} <> {BLANK} AND length({term.value}) {operator} {length})"


def matches(term: TermSql, regex: str, flags: str) -> str:
    """Return SQL for ``REGEX(STR(term), regex, flags)``."""
    return f"({term.kind} <> {BLANK} AND regexp_matches({term.value}, {quoted(patterns.for_re2(regex, flags))}))"


def in_language(term: TermSql, ranges: tuple[str, ...]) -> str:
    """Return SQL for ``langMatches`` with any of the ranges (SPARQL 1.1, 17.4.3.14)."""
    tests = []
    for one in ranges:
        low = quoted(one.lower())
        tests.append(
            f"{term.lang} IS NOT NULL"
            if one == "*"
            else f"coalesce({term.lang} = {low} OR starts_with({term.lang}, {low} || '-'), false)"
        )
    return "(" + (" OR ".join(tests) or "false") + ")"


def same_language(one: TermSql, other: TermSql) -> str:
    """Return SQL for: both have the same language."""
    return f"coalesce({one.lang} = {other.lang}, false)"


def compares(one: TermSql, operator: str, other: TermSql) -> str:
    """Return SQL for ``one operator other`` by SPARQL's operator table; false where it has no entry."""

    def may_be(*names: str) -> bool:
        return bool(one.may_be(names) and other.may_be(names))

    tests = []
    if may_be(*_EXACT):
        exact = _numbers(one, operator, other, "DECIMAL(38, 12)", lexical.FORMS["decimal"])
        tests.append(f"{_in(one, _EXACT)} AND {_in(other, _EXACT)} AND {exact}")
    floating = "float", "double"
    if may_be(*_EXACT, *floating) and (one.may_be(floating) or other.may_be(floating)):
        # Both exact is told above: as floats they might be equal, and are not.
        floats = "NOT (" + " AND ".join(_in(term, _EXACT) for term in (one, other)) + ")"
        numbers = _numbers(one, operator, other, "DOUBLE", lexical.FORMS["double"])
        tests.append(f"{_numeric(one)} AND {_numeric(other)} AND {floats} AND {numbers}")
    if may_be("string"):
        tests.append(f"{_both(one, other, 'string')} AND {one.value} {operator} {other.value}")
    if may_be("boolean"):
        tests.append(f"{_both(one, other, 'boolean')} AND coalesce({_truth(one)} {operator} {_truth(other)}, false)")
    for kind in ("dateTime", "date", "time"):
        if may_be(kind):
            tests.append(f"{_both(one, other, kind)} AND {_times(one, operator, other, kind)}")
    return "(" + (" OR ".join(f"({test})" for test in tests) or "false") + ")"


def _both(one: TermSql, other: TermSql, name: str) -> str:
    return f"{_in(one, (name,))} AND {_in(other, (name,))}"


def _numeric(term: TermSql) -> str:
    return _in(term, (*_EXACT, "float", "double"))


def _numbers(one: TermSql, operator: str, other: TermSql, sql: str, form: str) -> str:
    """Return SQL that compares two numbers; one in no lexical form of its datatype compares with none."""

    def number(term: TermSql) -> str:
        integer = f"(NOT {_in(term, tuple(lexical.BOUNDS))} OR NOT contains({term.value}, '.'))"
        cast = f"TRY_CAST({term.value} AS {sql})"
        fits = f"regexp_full_match({term.value}, {quoted(form)}) AND {term.value} <> 'NaN'"
        return f"CASE WHEN {integer} AND {fits} THEN {cast} END"

    return f"coalesce({number(one)} {operator} {number(other)}, false)"


def _truth(term: TermSql) -> str:
    return f"CASE WHEN {term.value} IN ('true', '1') THEN 1 WHEN {term.value} IN ('false', '0') THEN 0 END"


def _times(one: TermSql, operator: str, other: TermSql, kind: str) -> str:
    """Return SQL that compares two points in time; one with and one without a zone only where no zone could matter."""
    left, right = _instant(one, kind), _instant(other, kind)
    known = f"(regexp_matches({one.value}, {quoted(_ZONE)}) = regexp_matches({other.value}, {quoted(_ZONE)}))"
    apart = f"abs(date_diff('minute', {left}, {right})) > {_DAY_AND_NIGHT}"
    return f"coalesce(({known} OR {apart}) AND {left} {operator} {right}, false)"


def _instant(term: TermSql, kind: str) -> str:
    form = quoted(lexical.FORMS[kind])
    text = f"regexp_replace({term.value}, {quoted(_ZONE)}, '')"
    text = {"dateTime": text, "date": f"{text} || 'T00:00:00'", "time": f"'1972-12-31T' || {text}"}[kind]
    zone = f"regexp_extract({term.value}, {quoted(_ZONE)}, 1)"
    minutes = f"TRY_CAST(substr({zone}, 2, 2) AS INTEGER) * 60 + TRY_CAST(substr({zone}, 5, 2) AS INTEGER)"
    offset = f"CASE WHEN {zone} IN ('', 'Z') THEN 0 WHEN starts_with({zone}, '-') THEN -({minutes}) ELSE {minutes} END"
    instant = f"TRY_CAST({text} AS TIMESTAMP) - to_minutes({offset})"
    return f"CASE WHEN regexp_full_match({term.value}, {form}) THEN {instant} END"


def test_of(condition: al.Condition) -> Callable[[TermSql], str]:
    """Return what makes the test of a condition on one term; raises ``TypeError`` for another condition."""
    match condition:
        case al.IsKind(_, kinds):
            numbers = ", ".join(str(KINDS[kind]) for kind in sorted(kinds))
            return lambda term: f"({term.kind} IN ({numbers}))"
        case al.HasDatatype(_, iri):
            return lambda term: well_formed(term, iri)
        case al.LengthIs(_, operator, length):
            return lambda term: length_is(term, operator, length)
        case al.Matches(_, regex, flags):
            return lambda term: matches(term, regex, flags)
        case al.InLanguage(_, ranges):
            return lambda term: in_language(term, ranges)
        case _:
            raise TypeError(f"{type(condition).__name__} is not known to the renderer")
