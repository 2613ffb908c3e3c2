"""Repair mapping sets: a copy with what is certain mended, and a line of a log for each change.

Mended are codes that are retired and have one replacement, codes whose letters have the wrong case or that stand
between blanks, prefixes in the wrong case, and rows that stand in the file before. Everything else stays a finding.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from calckg import prefixes
from calckg.identifiers import problem
from calckg.mappings import check, codes, existence, identifier, record
from calckg.mappings.intake import File
from calckg.upstream import opened_bytes
from calckg.upstream.sssom import MappingSet
from calckg.upstream.sssom_slots import RENAMED, Values, coded

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from calckg.kg import KnowledgeGraph

_ENDS: Final = ("subject", "object")
_SLOTS: Final = ("subject_id", "predicate_id", "object_id")
COLUMNS: Final = ("line", "rule", "slot", "before", "after")
"""The columns of the log; a row that is taken away has no slot, and nothing after."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a file: where, by which rule, and what became of what."""

    line: int
    rule: str
    slot: str
    before: str
    after: str


def repair(path: Path, graph: KnowledgeGraph | None = None) -> tuple[bytes, list[Change]]:
    """Return the bytes of the set at ``path`` as it should be, and the changes, by line.

    Lines without a change are what they were, to the letter. Codes are looked up in the vocabularies of ``graph``.
    Raises ``SourceError`` for a file that can't be read.
    """
    connection, files = check.prepare([path], graph)
    (file,) = files
    assert file.mapping_set is not None
    changes: list[Change] = []
    # One after another: a code is looked up when its prefix and form are mended, and rows may become equal.
    for step in (_prefixes, _forms, _retired):
        found = list(step(connection, file))
        if found:
            _apply(connection, found)
            codes.make(connection, files)
        changes += found
    repeated = connection.execute(
        f"SELECT DISTINCT r.line FROM ({record.queries(connection, files)['record/repeated']}) f "
        "JOIN mapping_row r USING (id) ORDER BY r.line"
    )
    changes += [Change(int(line), "record/repeated", "", "", "") for (line,) in repeated.fetchall()]
    changes.sort(key=lambda change: change.line)  # those of one line stay in their order
    return _rewritten(path, file.mapping_set, changes), changes


def _apply(connection: DuckDBPyConnection, changes: Sequence[Change]) -> None:
    for slot in {change.slot for change in changes}:
        lines, after = zip(*((change.line, change.after) for change in changes if change.slot == slot), strict=True)
        connection.execute(
            f"""UPDATE mapping_told SET {slot} = new.after
            FROM (SELECT unnest(?::BIGINT[]) AS line, unnest(?::VARCHAR[]) AS after) new
            WHERE mapping_told.line = new.line""",
            [list(lines), list(after)],
        )


def _prefixes(connection: DuckDBPyConnection, file: File) -> Iterator[Change]:
    """A prefix that is not declared, where one that differs only in case is."""
    declared = defaultdict(set)
    for prefix in file.curie_map:
        declared[prefix.lower()].add(prefix)
    for slot in _SLOTS:
        rows = connection.execute(
            f"""SELECT r.line, r.{slot}, p.prefix FROM mapping_row r
            JOIN mapping_prefix p ON p.prefix = split_part(r.{slot}, ':', 1) WHERE NOT p.declared ORDER BY r.line"""
        )
        for line, curie, prefix in rows.fetchall():
            known = declared[prefix.lower()]
            if len(known) == 1:
                yield Change(line, "record/prefix", slot, curie, f"{min(known)}{curie[len(prefix) :]}")


def _forms(connection: DuckDBPyConnection, file: File) -> Iterator[Change]:
    """A code that is well formed in capital or small letters, or without the blanks around it."""
    identifier.queries(connection, [file])
    for end in _ENDS:
        rows = connection.execute(
            f"""SELECT r.line, r.{end}_id, m.{end}_prefix, m.{end}_local FROM mapping m JOIN mapping_row r USING (id)
            WHERE m.{end} IN (SELECT code FROM mapping_wrong_code) ORDER BY r.line"""
        )
        for line, curie, prefix, local in rows.fetchall():
            bare = local.strip()
            fitting = {text for text in (bare, bare.upper(), bare.lower()) if problem(prefix, text) is None}
            if len(fitting) == 1:
                yield Change(line, "identifier/form", f"{end}_id", curie, f"{curie.partition(':')[0]}:{fitting.pop()}")


def _retired(connection: DuckDBPyConnection, file: File) -> Iterator[Change]:
    """A code that is retired, where one other of its vocabulary took its place."""
    existence.queries(connection, [file])
    values = Values(file.curie_map, prefixes.load())
    for end in _ENDS:
        rows = connection.execute(
            f"""SELECT r.line, r.{end}_id, v.replacement FROM mapping m JOIN mapping_row r USING (id)
            JOIN vocabulary_retired v ON v.code = m.{end}
            WHERE split_part(v.replacement, ':', 1) = m.{end}_prefix ORDER BY r.line"""
        )
        for line, curie, replacement in rows.fetchall():
            prefix = curie.partition(":")[0]
            after = f"{prefix}:{replacement.partition(':')[2]}"
            if coded(values.prefixes, values.curie_map[prefix] + after.partition(":")[2])[1] == replacement:
                yield Change(line, "existence/retired", f"{end}_id", curie, after)


def _rewritten(path: Path, mapping_set: MappingSet, changes: Sequence[Change]) -> bytes:
    by_line: dict[int, list[Change]] = defaultdict(list)
    for change in changes:
        by_line[change.line].append(change)
    with opened_bytes(path) as stream:
        # What is no UTF-8 comes out as it came in. Only line feeds end lines: texts may hold other separators.
        lines = stream.read().decode("utf-8", "surrogateescape").split("\n")
    lines = [f"{line}\n" for line in lines[:-1]] + lines[-1:]
    head = mapping_set.header_line
    written, body = lines[:head], lines[head:]
    rows = csv.reader(body, delimiter="\t", strict=True)
    places = {RENAMED.get(column, column): place for place, column in enumerate(mapping_set.columns)}
    start = 0
    while start < len(body):
        try:
            cells = next(rows, None)
        except csv.Error:  # a carriage return within a line: there are no quotes, then, that hold it
            cells = body[start].rstrip("\r\n").split("\t")
        end = max(rows.line_num, start + 1)  # quotes may hold line ends
        mine = by_line.get(head + start + 1, [])
        if not mine or cells is None:
            written += body[start:end]
        elif mine[-1].rule != "record/repeated":
            for change in mine:
                cells[places[change.slot]] = change.after
            written.append(_row(cells) + _line_end(body[end - 1]))
        start = end
    return "".join(written).encode("utf-8", "surrogateescape")


def _line_end(line: str) -> str:
    return "\r\n" if line.endswith("\r\n") else "\n" if line.endswith("\n") else ""


def _row(cells: Sequence[str]) -> str:
    stream = io.StringIO()
    csv.writer(stream, delimiter="\t", lineterminator="").writerow(cells)
    return stream.getvalue()


def log(changes: Sequence[Change]) -> str:
    """Return the changes as a table of tabs, with a header."""
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter="\t", lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((one.line, one.rule, one.slot, one.before, one.after) for one in changes)
    return stream.getvalue()
