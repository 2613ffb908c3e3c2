"""A concept as a page: what all sources say of it, section by section, put together from stored queries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pyoxigraph as ox

from calckg import queries
from calckg.render import cell
from calckg.sparql import SparqlGraph

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Section:
    """One section: a title and its entries; an entry is a line of text, with what it is indented under or nothing."""

    title: str
    entries: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Card:
    """A concept as a page. ``leader`` is the code that leads its clique, ``asked`` the one that was asked for."""

    label: str
    leader: str
    asked: str
    categories: list[str]
    definitions: list[str]
    sections: list[Section]


def card(graph: SparqlGraph, concept: ox.NamedNode) -> Card:
    """Put together the page of ``concept``, the same whichever member of its clique it is."""

    def ask(name: str, parameter: str) -> list[Row]:
        columns, rows = queries.rows(queries.load(name).run(graph, {parameter: concept}))
        return [dict(zip(columns, row, strict=True)) for row in rows]

    about = ask("concept", "code")
    first = about[0]
    sections = [
        Section(
            "Names", _merged((_text(row["name"]), cell(row["asserted"])) for row in ask("names-of-concept", "concept"))
        ),
        Section("Codes", _unique(("", cell(row["code"])) for row in ask("codes-of-concept", "concept"))),
        Section(
            "Broader", _unique(("", _named(row, "broader", "label")) for row in ask("broader-concepts", "concept"))
        ),
        Section(
            "Narrower", _unique(("", _named(row, "narrower", "label")) for row in ask("narrower-concepts", "concept"))
        ),
        Section("Conditions with this feature", _told(ask("conditions-with-feature", "feature"), "condition")),
        Section("Features of this condition", _told(ask("features-of-condition", "condition"), "feature")),
        Section("Claims", _unique(_claim(row) for row in ask("claims-about", "concept"))),
        Section("Literature", _unique(_paper(row) for row in ask("citations-by-category", "concept"))),
        Section("Sources", _unique(("", _text(row["title"])) for row in ask("sources-of-concept", "concept"))),
    ]
    return Card(
        label=_text(first["label"]) or cell(first["concept"]),
        leader=cell(first["concept"]),
        asked=cell(concept),
        categories=_distinct(_category(row["category"]) for row in about),
        definitions=_distinct(_definition(row) for row in about),
        sections=[section for section in sections if section.entries],
    )


def _text(term: Any) -> str:
    return "" if term is None else str(term.value)


def _distinct(texts: Iterable[str]) -> list[str]:
    return [text for text in dict.fromkeys(texts) if text]


def _unique(entries: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [entry for entry in dict.fromkeys(entries) if entry[1]]


def _merged(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Put the codes that carry the same name beside it."""
    found: dict[str, list[str]] = {}
    for name, code in pairs:
        found.setdefault(name, []).append(code)
    return [("", f"{name}  ({', '.join(_distinct(codes))})") for name, codes in found.items()]


def _category(term: Any) -> str:
    """Turn ``biolink:PhenotypicFeature`` into ``phenotypic feature``."""
    name = cell(term).partition(":")[2]
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()


def _definition(row: Row) -> str:
    return f"{_text(row['definition'])} ({cell(row['defined_by'])})" if row["definition"] is not None else ""


def _named(row: Row, code: str, label: str) -> str:
    return f"{_text(row[label])}  {cell(row[code])}".strip()


def _told(rows: list[Row], column: str) -> list[tuple[str, str]]:
    """Write each condition or feature with what is known of the link, and on whose word."""

    def entry(row: Row) -> tuple[str, str]:
        known = [_text(row[name]) for name in ("frequency", "context") if row[name] is not None]
        source = f"[{cell(row['source'])}]" if row["source"] is not None else ""
        return "", "; ".join(_distinct([_named(row, column, "label"), *known])) + f"  {source}"

    return _unique(map(entry, rows))


def _claim(row: Row) -> tuple[str, str]:
    words = [_text(row["subject_label"]), _phrase(row), _text(row["object_label"])]
    remarks = [f"“{_text(row['hedge'])}”" if row["hedge"] is not None else "", _text(row["context"])]
    status = cell(row["citation_status"]).removeprefix("ckg:")
    needed = "citation needed" if status == "CitationNeeded" else ""
    remarks = _distinct([*remarks, needed])
    told = f" ({'; '.join(remarks)})" if remarks else ""
    return "", f"{' '.join(words)}{told}  [{cell(row['source'])}]"


def _phrase(row: Row) -> str:
    phrase = cell(row["predicate"]).partition(":")[2].replace("_", " ")
    return f"NOT {phrase}" if _text(row["negated"]) == "true" else phrase


def _paper(row: Row) -> tuple[str, str]:
    free = ", free in full" if _text(row["free_full_text"]) == "true" else ""
    return _text(row["category_label"]), f"{_text(row['label'])}  {cell(row['citation'])}{free}"
