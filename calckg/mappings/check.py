"""Check mappings by rules: every row is accounted for, and what can't be checked is said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from calckg.columnar import connect
from calckg.findings import FileSource, Finding, GraphSource, Report
from calckg.mappings import (
    cardinality,
    codes,
    existence,
    hierarchy,
    identifier,
    intake,
    logic,
    meaning,
    provenance,
    reasoning,
    record,
    stored,
    vocabulary,
)
from calckg.mappings.intake import File
from calckg.mappings.rules import Rule
from calckg.uncollected import uncollected
from calckg.upstream.sssom_slots import SLOTS

if TYPE_CHECKING:
    import pyoxigraph as ox
    from duckdb import DuckDBPyConnection

    from calckg.kg import KnowledgeGraph

# Two are asked at a time, the longest first; those that ask each other's tables stay together.
_SIDE_BY_SIDE = ((cardinality, logic), (meaning,), (existence,), (hierarchy,), (identifier, provenance), (record,))
_AT_ONCE = 2
_ALSO = {"cardinality": "logic", "identifier": "provenance"}  # the other asks the tables of the one, too
_LOOKED_UP = {"existence", "hierarchy", "meaning"}
UNSATISFIABLE = "meaning/unsatisfiable"
"""The rule that a reasoner decides."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of the mappings.

    ``rows`` were read; ``clean`` of them have no finding, the others are in ``report``, which also holds what is wrong
    with whole files. ``by_rule`` counts the findings of each rule, those that a limit left out of the report too.
    ``not_loaded`` names the code systems whose codes could not be looked up, and how many codes that are.
    """

    rows: int
    clean: int
    report: Report
    by_rule: Mapping[str, int]
    not_loaded: Sequence[tuple[str, int]] = ()


def check(
    paths: Sequence[Path],
    rules: Mapping[str, Rule],
    limit: int | None = None,
    graph: KnowledgeGraph | None = None,
    against: Sequence[Path] = (),
    reason: Callable[[Iterable[ox.Quad]], reasoning.Reasoned] | None = None,
) -> Checked:
    """Check files of mappings by ``rules`` (see ``rules.chosen``), with ``limit`` findings of each rule at most.

    Without ``paths`` the mappings of ``graph`` are checked. Codes are looked up in its vocabularies. The mappings of
    the files ``against`` count in what mappings say together, and nothing is told of them. ``reason``, a reasoner such
    as ``calckg.reason.reason``, is asked what mappings make unsatisfiable. Raises ``SourceError`` for a file that can't
    be read at all.
    """
    connection, files = prepare(paths, graph, against)
    _ask(connection, files, rules)
    if reason is not None and UNSATISFIABLE in rules:
        for row, said in reasoning.unsatisfiable(connection, reason):
            connection.execute("INSERT INTO mapping_fault VALUES (?, ?, 'object_id', ?)", [row, UNSATISFIABLE, said])
    connection.execute(
        f"""DELETE FROM mapping_fault WHERE NOT {_known(rules)}
        OR id IN (SELECT id FROM mapping_row WHERE file >= {len(files) - len(against)})"""
    )
    told = files[: len(files) - len(against)]
    of_files = list(_of_files(told, rules))
    found = [*of_files, *_of_rows(connection, files, rules, limit)]
    rows = _number(connection, f"SELECT count(*) FROM mapping_row WHERE file < {len(told)}")
    faulty = _number(connection, "SELECT count(DISTINCT id) FROM mapping_fault")
    counts = connection.execute("SELECT rule, count(*) FROM mapping_fault GROUP BY rule")
    by_rule = Counter({str(rule): int(count) for rule, count in counts.fetchall()})
    by_rule.update(finding.rule for finding in of_files)
    looked_up = _LOOKED_UP.intersection(rule.family for rule in rules.values())
    not_loaded = vocabulary.not_loaded(connection) if looked_up else []
    return Checked(rows, rows - faulty, Report(found), dict(sorted(by_rule.items())), not_loaded)


def _ask(connection: DuckDBPyConnection, files: Sequence[File], rules: Mapping[str, Rule]) -> None:
    """Put what the rules find into ``mapping_fault``."""
    cursors = [connection.cursor() for _ in _SIDE_BY_SIDE]
    with uncollected(), ThreadPoolExecutor(_AT_ONCE) as pool:
        asked = [
            pool.submit(_ask_of, cursor, files, rules, modules)
            for cursor, modules in zip(cursors, _SIDE_BY_SIDE, strict=True)
        ]
        try:
            for done in as_completed(asked):
                done.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for cursor in cursors:  # what is under way ends now, and the pool with it
                cursor.interrupt()
            raise


def _ask_of(
    connection: DuckDBPyConnection, files: Sequence[File], rules: Mapping[str, Rule], modules: Sequence[ModuleType]
) -> None:
    families = {rule.family for rule in rules.values()}
    for module in modules:
        own = module.__name__.rpartition(".")[2]
        if own not in families and _ALSO.get(own) not in families:
            continue
        for name, query in module.queries(connection, files).items():
            if name in rules:
                connection.execute(f"INSERT INTO mapping_fault SELECT id, '{name}', slot, said FROM ({query}) f")


def prepare(
    paths: Sequence[Path], graph: KnowledgeGraph | None, against: Sequence[Path] = ()
) -> tuple[DuckDBPyConnection, list[File]]:
    """Read mappings, and the vocabularies of ``graph``, into the tables that the rules ask.

    Without ``paths`` they are those of ``graph``, or none; the files ``against`` come last.
    """
    connection = connect() if graph is None else graph.columns
    with connection.cursor() as other, uncollected(), ThreadPoolExecutor(1) as pool:
        vocabularies = pool.submit(vocabulary.read, other, graph)
        if paths or graph is None:
            files = intake.read(connection, [*paths, *against])
        else:
            files = stored.read(connection, SLOTS if against else ())
            files += intake.read(connection, against, len(files))
        intake.places(connection, files)
        codes.make(connection, files)
        vocabularies.result()
    vocabulary.find(connection)
    return connection, files


def _known(rules: Iterable[str]) -> str:
    return "rule IN (" + (", ".join(map(intake.quoted, rules)) or "''") + ")"


def _number(connection: DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def _of_files(files: Sequence[File], rules: Mapping[str, Rule]) -> Iterator[Finding]:
    for file in files:
        for name, slot, line, said in file.faults:
            if name in rules:
                rule = rules[name]
                subject = str(file.path) if slot is None else slot
                yield Finding(name, rule.severity, subject, said, rule.remedy, _place(file, line))


def _of_rows(
    connection: DuckDBPyConnection, files: Sequence[File], rules: Mapping[str, Rule], limit: int | None
) -> Iterator[Finding]:
    kept = f"SELECT * FROM mapping_fault WHERE {_known(rules)}"
    if limit is not None:  # for each rule: a window over all rules together would sort all that is found
        kept = " UNION ALL ".join(
            f"(SELECT * FROM mapping_fault WHERE rule = {intake.quoted(name)} ORDER BY id, slot, said LIMIT {limit})"
            for name in rules
        )
    cursor = connection.execute(
        f"""SELECT f.rule, r.file, r.line, f.said,
            concat_ws(' ', coalesce(subject_id, subject_label), predicate_id, coalesce(object_id, object_label))
        FROM ({kept}) f JOIN mapping_row r ON r.id = f.id"""
    )
    while batch := cursor.fetchmany(10_000):
        for name, file, line, said, triple in batch:
            rule = rules[name]
            subject = triple or (f"line {line}" if line else "a mapping")
            place = _place(files[file], line)
            yield Finding(name, rule.severity, subject, said or rule.problem, rule.remedy, place)


def _place(file: File, line: int | None) -> FileSource | GraphSource:
    return GraphSource(file.graph) if file.path is None else FileSource(str(file.path), line)
