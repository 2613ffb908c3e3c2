"""Literals as a store spells them: Oxigraph keeps the values of numbers, times and booleans, not their texts.

What stands as ``2.50`` in the data is ``2.5`` in the store, and so in what a query there finds. The columns keep terms
as they are (two are the same if their texts are; RDF 1.1, 3.3): what was found is told as it stands in the data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from calckg import columnar
from calckg.shapes.lexical import XSD
from calckg.shapes.model import Term
from calckg.shapes.results import Result

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_PLACE: Final = ox.NamedNode("urn:x-calckg:place")
_AS_THEY_ARE: Final = {f"{XSD}{name}" for name in ("string", "anyURI", "language", "token", "normalizedString")}
_CANONICAL: Final = {  # texts that surely stay: to look at each of many in turn takes long
    "integer": "0|-?[1-9][0-9]{0,16}",
    "decimal": r"-?(0|[1-9][0-9]{0,11})\.[0-9]{0,11}[1-9]",
    "boolean": "true|false",
    "date": "[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "dateTime": "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z?",
    "gYear": "[0-9]{4}",
}


def stored(terms: Iterable[Term]) -> dict[Term, Term]:
    """Return those of the terms that a store spells in another way, with how it does."""
    literals = [term for term in terms if isinstance(term, ox.Literal) and _may_differ(term)]
    if not literals:
        return {}
    store = ox.Store()
    places = [ox.NamedNode(f"urn:x-calckg:{number}") for number in range(len(literals))]
    store.extend(ox.Quad(place, _PLACE, literal) for place, literal in zip(places, literals, strict=True))
    kept = {quad.subject: quad.object for quad in store}
    told = ((literal, kept[place]) for place, literal in zip(places, literals, strict=True))
    return {literal: other for literal, other in told if isinstance(other, ox.Literal) and other != literal}


class Spellings:
    """The literals in ``term`` that a store spells in another way, for what it was asked about these columns."""

    def __init__(self, connection: DuckDBPyConnection) -> None:
        self._connection = connection

    @cached_property
    def _by_stored(self) -> dict[Term, list[Term]]:
        plain = " OR ".join(
            f"(datatype = '{XSD}{name}' AND regexp_full_match(value, '{form}'))" for name, form in _CANONICAL.items()
        )
        others = ", ".join(f"'{iri}'" for iri in sorted(_AS_THEY_ARE))
        rows = self._connection.execute(
            f"SELECT value, datatype FROM term WHERE starts_with(datatype, '{XSD}') "
            f"AND datatype NOT IN ({others}) AND NOT ({plain}) ORDER BY id"
        ).fetchall()
        found = dict[Term, list[Term]]()
        for term, kept in stored(ox.Literal(value, datatype=ox.NamedNode(iri)) for value, iri in rows).items():
            found.setdefault(kept, []).append(term)
        return found

    def all_of(self, terms: Sequence[Term]) -> list[Term]:
        """Return what a store has found as it stands in the data; one that has several texts there as each of them."""
        if not any(map(_may_differ, terms)):
            return list(terms)
        known = self._known([term for term in terms if term in self._by_stored])
        found = (
            [*self._by_stored[term], *([term] if term in known else [])] if term in self._by_stored else [term]
            for term in terms
        )
        return [term for some in found for term in some]

    def of_results(self, results: Iterable[Result]) -> Iterator[Result]:
        """Yield results with their values as they stand in the data: as each text that is a value of the focus node."""
        told = list(results)
        values = {result.value for result in told if result.value is not None and _may_differ(result.value)}
        if not values or not any(value in self._by_stored for value in values):
            yield from told
            return
        stand = self._values_of(told)
        known = self._known([value for value in values if value in self._by_stored])
        for number, result in enumerate(told):
            others = [] if result.value is None else self._by_stored.get(result.value, [])
            alone = others if len(others) == 1 and result.value not in known else []  # no other can be meant
            texts: Sequence[Term | None] = stand.get(number) or alone or [result.value]
            for value in texts:
                bindings = {name: value or term if name == "value" else term for name, term in result.bindings.items()}
                yield replace(result, value=value, bindings=bindings)

    def _values_of(self, results: Sequence[Result]) -> dict[int, list[ox.Literal]]:
        """Return the literals that a result can mean and its focus node has, by the place of the result."""
        asked = [
            (number, result.focus, text)
            for number, result in enumerate(results)
            if result.value in self._by_stored and isinstance(result.focus, ox.NamedNode | ox.BlankNode)
            for text in (*self._by_stored[result.value], result.value)
            if isinstance(text, ox.Literal)
        ]
        rows = self._connection.execute(
            "SELECT DISTINCT a.n, t.value, t.datatype FROM (SELECT unnest(?::INTEGER[]) AS n, unnest(?::TINYINT[]) "
            "AS kind, unnest(?::VARCHAR[]) AS node, unnest(?::VARCHAR[]) AS value, unnest(?::VARCHAR[]) AS datatype) a "
            "JOIN term f ON f.value = a.node AND f.kind = a.kind "
            "JOIN term t ON t.value = a.value AND t.datatype = a.datatype "
            "JOIN quad q ON q.s = f.id AND q.o = t.id ORDER BY ALL",
            [
                [number for number, _, _ in asked],
                [columnar.BLANK if isinstance(focus, ox.BlankNode) else columnar.IRI for _, focus, _ in asked],
                [focus.value for _, focus, _ in asked],
                [text.value for *_, text in asked],
                [text.datatype.value for *_, text in asked],
            ],
        ).fetchall()
        found = dict[int, list[ox.Literal]]()
        for number, value, datatype in rows:
            found.setdefault(number, []).append(ox.Literal(value, datatype=ox.NamedNode(datatype)))
        return found

    def _known(self, terms: Sequence[Term]) -> set[Term]:
        """Return those literals that stand in the data just so."""
        literals = [term for term in terms if isinstance(term, ox.Literal)]
        rows = self._connection.execute(
            "SELECT t.value, t.datatype "
            "FROM (SELECT unnest(?::VARCHAR[]) AS value, unnest(?::VARCHAR[]) AS datatype) a "
            "JOIN term t ON t.value = a.value AND t.datatype = a.datatype",
            [[term.value for term in literals], [term.datatype.value for term in literals]],
        ).fetchall()
        return {ox.Literal(value, datatype=ox.NamedNode(datatype)) for value, datatype in rows}


class Asked:
    """Rows of terms to ask a store of: ``rows`` has each once as the store spells it."""

    def __init__(self, rows: Iterable[tuple[Term, ...]]) -> None:
        self.rows = list(rows)
        kept = stored({term for row in self.rows for term in row})
        self._meant: dict[tuple[Term, ...], list[tuple[Term, ...]]] = {}
        if not kept:
            return
        for row in self.rows:
            told = tuple(kept.get(term, term) for term in row)
            self._meant.setdefault(told, []).append(row)
        self.rows = list(self._meant)

    def meant(self, result: Result, *, pair: bool) -> Iterator[Result]:
        """Yield a result of the store as one of each focus node, or ``pair`` of it and a value, that was meant."""
        if not self._meant:
            yield result
            return
        told = (result.focus, result.value) if pair and result.value else (result.focus,)
        for row in self._meant[told]:
            value = row[1] if pair else row[0] if result.value == result.focus else result.value
            given = {"this": row[0], "value": value}
            bindings = {name: given.get(name) or term for name, term in result.bindings.items()}
            yield replace(result, focus=row[0], value=value, bindings=bindings)


def _may_differ(term: Term) -> bool:
    if not isinstance(term, ox.Literal):
        return False
    datatype = term.datatype.value
    return datatype.startswith(XSD) and datatype not in _AS_THEY_ARE
