"""Checks of where mappings come from: whose terms their labels are under, who made them, when, with what, and by what.

What all rows of a file lack is told once, of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from calckg.identifiers import CODE_SYSTEMS
from calckg.mappings import vocabulary
from calckg.mappings.intake import File
from calckg.mappings.vocabulary import term_ids
from calckg.upstream import registry

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_AUTOMATIC: Final = (
    "LexicalMatching",
    "LexicalSimilarityThresholdMatching",
    "SemanticSimilarityThresholdMatching",
    "StructuralMatching",
    "InstanceBasedMatching",
    "BackgroundKnowledgeBasedMatching",
    "LLMBasedMatching",
    "AgentBasedMatching",
)
"""The processes of semapv that a program runs."""
_BY: Final = (
    *(f"{who}_{what}" for who in ("author", "reviewer", "creator") for what in ("id", "label")),
    *("mapping_provider", "mapping_source"),
)
_SET_BY: Final = ("creator_id", "creator_label", "author_id", "author_label", "mapping_provider")
_SET_DATES: Final = ("mapping_date", "publication_date")
_READ: Final = "r.id NOT IN (SELECT id FROM mapping_fault WHERE rule = 'record/cells')"
_COLLECTIONS: Final = ("umls", "medgen")  # their names are under the terms of many sources, open ones too
_TERMS: Final = re.compile(r"creativecommons\.org/(?:licenses/(by(?:-[a-z]+)*)|(publicdomain)/)", re.IGNORECASE)


class Licence(NamedTuple):
    """The licence of a vocabulary: whose it is, its address, and whether it may be passed on."""

    name: str
    address: str | None
    passed_on: bool


def queries(connection: DuckDBPyConnection, files: Sequence[File]) -> dict[str, str]:
    """Return the query of each rule on rows; what holds for whole files goes to their ``faults``."""
    _licences(connection, files)
    held = {number: _number_of_rows(connection, number) for number in (file.number for file in files)}
    found = {
        "provenance/attribution": _lacking(files, _BY, _SET_BY, "author, creator or reviewer"),
        "provenance/date": _lacking(files, ("mapping_date",), _SET_DATES, "mapping_date"),
        "provenance/tool": _without_tool(),
    }
    for name, query in found.items():
        rows = connection.execute(
            f"SELECT r.file, count(*), min(q.said) FROM ({query}) q "  # each row is there once
            "JOIN mapping_row r USING (id) GROUP BY r.file"
        )
        whole = {file: said for file, count, said in rows.fetchall() if count == held[file]}
        for file in files:
            if file.number in whole:
                said = f"{whole[file.number]} in any row ({held[file.number]:,}), nor in the metadata"
                file.faults.append((name, file.graph, None, said))
        if whole:
            numbers = ", ".join(map(str, whole))
            found[name] = f"SELECT q.* FROM ({query}) q JOIN mapping_row r USING (id) WHERE r.file NOT IN ({numbers})"
    return {**found, "provenance/retracted": _retracted(connection)}


def _number_of_rows(connection: DuckDBPyConnection, file: int) -> int:
    row = connection.execute(f"SELECT count(*) FROM mapping_row r WHERE r.file = {file} AND {_READ}").fetchone()
    return int(row[0]) if row else 0


def _lacking(files: Sequence[File], slots: Sequence[str], of_set: Sequence[str], what: str) -> str:
    """The rows with none of ``slots``, of the files whose metadata have none of ``of_set`` either."""
    told = [file.number for file in files if not any(_metadata(file, slot) for slot in of_set)]
    empty = " AND ".join(f"r.{slot} IS NULL" for slot in slots)
    return f"""SELECT r.id, '{slots[0]}' AS slot, 'no {what}' AS said FROM mapping_row r
        WHERE {empty} AND r.file IN ({", ".join(map(str, told)) or "-1"}) AND {_READ}"""


def _without_tool() -> str:
    known = ", ".join(f"'semapv:{name}'" for name in _AUTOMATIC)
    return f"""SELECT r.id, 'mapping_tool' AS slot, 'no mapping_tool' AS said FROM mapping_row r
        WHERE r.mapping_justification IN ({known})
        AND r.mapping_tool IS NULL AND r.mapping_tool_id IS NULL AND {_READ}"""


def _metadata(file: File, slot: str) -> object:
    """Return what a set says of itself; the named graph of a release says who made it and when, so that is there."""
    if file.mapping_set is None:
        return file.graph
    return file.mapping_set.metadata.slots.get(slot)


def _retracted(connection: DuckDBPyConnection) -> str:
    """The papers of the graph that others retract, or that are published as retracted."""
    by, retracts, kind, retraction, title = term_ids(
        connection, "cito:isRetractedBy", "cito:retracts", "dcterms:type", "mesh:D016441", "dcterms:title"
    )
    return f"""SELECT p.id, p.slot, p.code || ' is retracted' || coalesce(': ' || min(t.value), '') AS said
        FROM mapping_paper p JOIN known_paper k ON k.code = p.code JOIN (
            SELECT s AS paper FROM quad WHERE p = {by}
            UNION SELECT o FROM quad WHERE p = {retracts}
            UNION SELECT s FROM quad WHERE p = {kind} AND o = {retraction}) gone
        ON gone.paper = k.paper
        LEFT JOIN quad q ON q.s = k.paper AND q.p = {title} LEFT JOIN term t ON t.id = q.o
        GROUP BY p.id, p.slot, p.code"""


# licences


def _licences(connection: DuckDBPyConnection, files: Sequence[File]) -> None:
    """Note which vocabularies' labels stand in a set whose licence gives what theirs does not."""
    labels = " UNION ALL ".join(
        f"""SELECT m.file, m.{end}_prefix AS prefix, '{end}_label' AS slot, r.license, r.line
        FROM mapping m JOIN mapping_row r USING (id)
        WHERE r.{end}_label IS NOT NULL AND m.{end}_prefix IS NOT NULL"""
        for end in ("subject", "object")
    )
    rows = connection.execute(
        f"SELECT file, prefix, slot, license, count(*), min(line) FROM ({labels}) l GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    by_number = {file.number: file for file in files if file.mapping_set is not None}
    stated = _stated(connection)
    for number, prefix, slot, own, count, line in rows:
        file = by_number.get(number)
        if file is None or prefix not in CODE_SYSTEMS:
            continue
        licence = (stated.get(prefix) or _known()[prefix]) if prefix in _known() else None
        given = own or _metadata(file, "license")
        if licence is not None and isinstance(given, str):
            for rule, said in _told(licence, given, _published_by(file, prefix)):
                some = f"{count:,} labels of {licence.name}" if count > 1 else f"a label of {licence.name}"
                file.faults.append((rule, slot, line, f"{some} under {given}: {said}"))


def _told(licence: Licence, given: str, own: bool) -> Iterator[tuple[str, str]]:
    """Yield the rule and what is wrong with labels under ``licence`` in a set under ``given``."""
    terms, free = _parts(licence.address), _parts(given)
    if free is None or own:
        return
    if not licence.passed_on:
        yield "provenance/licence", "its terms do not let them be passed on freely"
    elif terms is not None:
        lost = [term for term in ("nc", "nd", "sa") if term in terms and term not in free]
        if lost:
            yield "provenance/licence", f"theirs ({licence.address}) has {', '.join(lost)}, the set's has not"
        elif "by" in terms and "by" not in free:
            yield "provenance/credit", f"theirs ({licence.address}) asks for credit, the set's does not"


def _parts(address: str | None) -> frozenset[str] | None:
    """Return the terms of a Creative Commons licence, none for the public domain; ``None`` for any other licence."""
    found = _TERMS.search(address or "")
    return None if found is None else frozenset((found[1] or "").lower().split("-")) - {""}


def _published_by(file: File, prefix: str) -> bool:
    """Tell whether the set is of the vocabulary's own publisher, who may license it anew: its address has the name."""
    address = str(_metadata(file, "mapping_set_id") or "").lower()
    return prefix.lower() in re.split(r"[^a-z0-9]", address.rpartition("/")[0])


@cache
def _known() -> dict[str, Licence]:
    """Return the licence of each code system whose release a reader knows, by prefix."""
    found = {"MedDRA": Licence("MedDRA", None, False)}
    for source in {form.source.name: form.source for form in registry.formats()}.values():
        for prefix in () if source.name in _COLLECTIONS else vocabulary.owned(source.name):
            found[prefix] = Licence(source.title, source.license, source.redistribution)
    return found


def _stated(connection: DuckDBPyConnection) -> dict[str, Licence]:
    """Return the licence of each vocabulary that is loaded, as the graph states it, by prefix."""
    licence, passed_on = term_ids(connection, "dcterms:license", "ckg:redistribution")
    rows = connection.execute(
        f"""SELECT l.prefix, min(l.title), min(t.value) FILTER (q.p = {licence}),
            min(t.value) FILTER (q.p = {passed_on})
        FROM vocabulary_loaded l JOIN quad q ON q.s = l.g JOIN term t ON t.id = q.o
        WHERE q.p IN ({licence}, {passed_on}) GROUP BY l.prefix"""
    )
    return {prefix: Licence(title, address, told != "false") for prefix, title, address, told in rows.fetchall()}
