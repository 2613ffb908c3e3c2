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

_FEW: Final = 3  # datatypes that are compared one by one, the first: they are the most common
KINDS: Final = {"IRI": IRI, "BlankNode": BLANK, "Literal": LITERAL}
_LANG: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"


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


def is_of(term: TermSql, names: Sequence[str]) -> str:
    """Return SQL for: the term is a literal of one of these datatypes; of a constant that is known already."""
    possible = term.may_be(names)
    if term.type is not None or not possible:
        return "true" if possible else "false"
    anyone = [f"{term.datatype} = {quoted(XSD + name)}" for name in possible[:_FEW]]
    if len(possible) > _FEW:
        # Of a list DuckDB plans a join: for two terms of any type that is most of what a comparison takes.
        others = quoted(f"{XSD.replace('.', '[.]')}({'|'.join(possible[_FEW:])})")
        anyone.append(f"regexp_full_match({term.datatype}, {others})")
    return f"coalesce({' OR '.join(anyone)}, false)"


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
