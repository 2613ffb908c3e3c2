"""The columns of SNOMED CT's snapshot files (Release Format 2), the concepts that they speak with, and their checks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from calckg.errors import SourceError
from calckg.upstream import OnError, sctid
from calckg.upstream.by_rule import leave_out
from calckg.upstream.flat import Layout, load, quoted, records, refuse

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def _layout(columns: str) -> Layout:
    return Layout(("id", "effectiveTime", "active", "moduleId", *columns.split()), "\t", headed=True)


def _members(columns: str) -> Layout:
    return _layout(f"refsetId referencedComponentId {columns}")


CONCEPT: Final = _layout("definitionStatusId")
DESCRIPTION: Final = _layout("conceptId languageCode typeId term caseSignificanceId")
RELATIONSHIP: Final = _layout("sourceId destinationId relationshipGroup typeId characteristicTypeId modifierId")
LANGUAGE: Final = _members("acceptabilityId")
ASSOCIATION: Final = _members("targetComponentId")
ATTRIBUTE_VALUE: Final = _members("valueId")
SIMPLE_MAP: Final = _members("mapTarget")
COMPLEX_MAP: Final = _members("mapGroup mapPriority mapRule mapAdvice mapTarget correlationId")
EXTENDED_MAP: Final = _members("mapGroup mapPriority mapRule mapAdvice mapTarget correlationId mapCategoryId")

FULLY_SPECIFIED_NAME: Final = "900000000000003001"
SYNONYM: Final = "900000000000013009"
TEXT_DEFINITION: Final = "900000000000550004"
PREFERRED: Final = "900000000000548007"
IS_A: Final = "116680003"
INFERRED: Final = "900000000000011006"
CONCEPT_INACTIVATION: Final = "900000000000489007"

ROW: Final = "snomed_row"
"""The temporary table that ``rows`` makes."""

NOT_ACTIVE: Final[Mapping[str, str]] = MappingProxyType({"not active": "active <> '1'"})
"""A rule by which rows are left out, and its condition in SQL."""

NO_CONCEPTS: Final[Mapping[str, str]] = MappingProxyType(
    {**NOT_ACTIVE, "of a description or relationship": "substr(referencedComponentId, -2, 1) IN ('1', '2')"}
)
"""The rules by which a reference set has only what is said of concepts now; the partition tells what a member is of."""


def rows(
    connection: DuckDBPyConnection,
    path: Path,
    layout: Layout,
    on_error: OnError,
    *,
    concepts: Sequence[str] = (),
    texts: Mapping[str, tuple[str, str]] | None = None,
    leave: Mapping[str, str] = MappingProxyType({}),
) -> int:
    """Make the temporary table ``snomed_row`` of a file's good rows; return how many rows the file has.

    ``concepts`` are columns that must hold identifiers of concepts; ``texts`` is column to a pattern that it must match
    wholly (none: it must not be empty), and what is expected in words. ``leave`` are the rules by which good rows are
    left out and counted. A snapshot has one row for each ``id``: of several, the latest stays.
    """
    count = load(connection, ROW, path, layout, on_error)
    always = {"active": ("[01]", "0 or 1"), "effectiveTime": ("[12][0-9]{7}", "a date as in 20240101")}
    refuse(connection, ROW, path, layout, on_error, _unmatched(connection, always))
    _keep_latest(connection, path, layout, on_error)
    leave_by_rule(connection, path, leave)
    wrong = sctid.wrong(connection, ROW, concepts) | _unmatched(connection, texts or {})
    refuse(connection, ROW, path, layout, on_error, wrong)
    return count


def leave_by_rule(connection: DuckDBPyConnection, path: Path, rules: Mapping[str, str]) -> None:
    """Take the rows that the conditions of ``rules`` hold for out of ``snomed_row``, and count them."""
    file = path.name.partition("Snapshot")[0].rstrip("_")
    for rule, condition in rules.items():
        leave_out(connection, file, f"SELECT {quoted(rule)} FROM {ROW} WHERE {condition}")
        connection.execute(f"DELETE FROM {ROW} WHERE {condition}")


def _unmatched(connection: DuckDBPyConnection, texts: Mapping[str, tuple[str, str]]) -> dict[str, dict[str, str]]:
    wrong = {}
    for column, (pattern, said) in texts.items():
        if pattern:
            given = f"SELECT DISTINCT coalesce({column}, '') AS v FROM {ROW}"
            select = f"SELECT v FROM given WHERE NOT regexp_full_match(v, '{pattern}')"
            found = connection.execute(f"WITH given AS MATERIALIZED ({given}) {select}").fetchall()
        else:
            found = connection.execute(f"SELECT '' FROM {ROW} WHERE {column} IS NULL LIMIT 1").fetchall()
        wrong[column] = {str(value): f"{said} expected, found {str(value)!r}" for (value,) in found}
    return wrong


def _keep_latest(connection: DuckDBPyConnection, path: Path, layout: Layout, on_error: OnError) -> None:
    latest = dict(
        connection.execute(f"SELECT id, max(effectiveTime) FROM {ROW} GROUP BY id HAVING count(*) > 1").fetchall()
    )
    if not latest:
        return
    place = layout.columns.index("id"), layout.columns.index("effectiveTime")
    kept = set()
    for number, fields in records(path, layout, lambda error: None):
        identifier, time = (fields[index] for index in place)
        if identifier not in latest:
            continue
        if time == latest[identifier] and identifier not in kept:
            kept.add(identifier)
            continue
        said = f"{identifier} has a further row, of {latest[identifier]}; a snapshot has one for each"
        on_error(SourceError(f"{said}: is this a Full file?", path, number, "id"))
    connection.execute(
        f"""
        DELETE FROM {ROW} WHERE rowid IN (
            SELECT rowid FROM {ROW} QUALIFY row_number() OVER (PARTITION BY id ORDER BY effectiveTime DESC, rowid) > 1
        )
        """
    )


def date(column: str) -> str:
    """Return the SQL of an effectiveTime as an ISO date."""
    return f"left({column}, 4) || '-' || substr({column}, 5, 2) || '-' || substr({column}, 7, 2)"


NAME: Final = re.compile(
    r"x?(?P<kind>sct2_[A-Za-z]+_|der2_[a-z]+Refset_[A-Za-z]+)Snapshot(?P<language>-[A-Za-z-]+)?"
    r"_(?P<edition>[A-Z]{2,3}[0-9]{0,7})_(?P<date>[0-9]{8})(?:T[0-9]+Z?)?\.txt(?:\.gz)?",
)
"""The name of a snapshot file: kind of file, language, country and namespace of the edition, date of the release."""
