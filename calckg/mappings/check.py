"""Check mappings by rules: every row is accounted for, and what can't be checked is said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from calckg.columnar import connect
from calckg.findings import FileSource, Finding, Report
from calckg.mappings import cardinality, codes, existence, identifier, intake, logic, record, vocabulary
from calckg.mappings.intake import File
from calckg.mappings.rules import Rule

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from calckg.kg import KnowledgeGraph

_FAMILIES = (record, identifier, existence, cardinality, logic)


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
) -> Checked:
    """Check files of mappings by ``rules`` (see ``rules.chosen``), with ``limit`` findings of each rule at most.

    Codes are looked up in the vocabularies of ``graph``. Raises ``SourceError`` for a file that can't be read at all.
    """
    connection = connect() if graph is None else graph.columns
    files = intake.read(connection, paths)
    codes.make(connection, files)
    vocabulary.make(connection, graph)
    for family in _FAMILIES:
        for name, query in family.queries(connection, files).items():
            if name in rules:
                connection.execute(f"INSERT INTO mapping_fault SELECT id, '{name}', slot, said FROM ({query}) f")
    found = [*_of_files(files, rules), *_of_rows(connection, files, rules, limit)]
    rows = _number(connection, "SELECT count(*) FROM mapping_row")
    faulty = _number(connection, f"SELECT count(DISTINCT id) FROM mapping_fault WHERE {_known(rules)}")
    counts = connection.execute(f"SELECT rule, count(*) FROM mapping_fault WHERE {_known(rules)} GROUP BY rule")
    by_rule = Counter({str(rule): int(count) for rule, count in counts.fetchall()})
    by_rule.update(finding.rule for finding in found if finding.rule.startswith("file/"))
    not_loaded = vocabulary.not_loaded(connection) if any(rule.family == "existence" for rule in rules.values()) else []
    return Checked(rows, rows - faulty, Report(found), dict(sorted(by_rule.items())), not_loaded)


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
                yield Finding(name, rule.severity, subject, said, rule.remedy, FileSource(str(file.path), line))


def _of_rows(
    connection: DuckDBPyConnection, files: Sequence[File], rules: Mapping[str, Rule], limit: int | None
) -> Iterator[Finding]:
    kept = "" if limit is None else f"QUALIFY row_number() OVER (PARTITION BY rule ORDER BY id, slot, said) <= {limit}"
    cursor = connection.execute(
        f"""SELECT f.rule, r.file, r.line, f.said,
            concat_ws(' ', coalesce(subject_id, subject_label), predicate_id, coalesce(object_id, object_label))
        FROM (SELECT * FROM mapping_fault WHERE {_known(rules)} {kept}) f JOIN mapping_row r ON r.id = f.id"""
    )
    while batch := cursor.fetchmany(10_000):
        for name, file, line, said, subject in batch:
            rule, place = rules[name], FileSource(str(files[file].path), line)
            yield Finding(name, rule.severity, subject or f"line {line}", said or rule.problem, rule.remedy, place)
