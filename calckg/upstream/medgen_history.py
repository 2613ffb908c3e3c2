"""MedGen's retired concepts: MERGED, and the five files of what has changed.

A concept is retired when MERGED or MedGen_CUI_history says so, or when a UID or a code once stood for it, no longer
does, and another concept has come in its place; but never one that the release itself names. Its replacement is certain
where the surest and latest of these sources names one concept, else it is one to consider. MERGED comes first, then
MedGen_CUI_history, then the UIDs, then the codes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from calckg.upstream import OnError
from calckg.upstream.by_rule import leave_out
from calckg.upstream.ends import namespace, resource, scheme
from calckg.upstream.flat import quoted
from calckg.upstream.medgen_codes import local_part
from calckg.upstream.medgen_files import Kind, load, refuse
from calckg.upstream.medgen_staging import no_cui, prepare, wrong_cui
from calckg.upstream.source import Fill

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MERGED: Final = Kind("MERGED", ("CUI", "toCUI"))
CONCEPTS: Final = Kind("MedGen_CUI_history", ("Previous_CUI", "Current_CUI", "Date_Of_Action"))
CODES: Final = {
    "medgen.uid": Kind("MedGen_UID_CUI_history", ("UID", "CUI", "Date", "IsCurrent")),
    "HP": Kind("HPO_CUI_history", ("HPO_Id", "CUI", "Date", "IsCurrent")),
    "MONDO": Kind("MONDO_CUI_history", ("MONDO_Id", "CUI", "Date", "IsCurrent")),
    "Orphanet": Kind("ORDO_CUI_history", ("ORDO_Id", "CUI", "Date", "IsCurrent")),
}
"""The history of each code system, by its prefix."""

_MERGED, RANK_OF_HISTORY, _UIDS, _CODES = range(4)
# In place of a current concept, when there is none.
_NONE: Final = "lower(Current_CUI) IN ('no longer reported', '0', 'null', '-')"
_DAYS: Final = (
    "%d %b %Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%Y/%m/%d",
    "%m/%d/%Y",
    "%d-%b-%Y",
    "%Y-%m-%d %H:%M:%S",
)
_MONTHS: Final = ("%b %Y", "%B %Y", "%Y/%m", "%m/%Y", "%b-%Y", "%Y %b", "%Y-%b")


def iso_date(column: str) -> str:
    """Return the SQL of a date as ISO writes it: a day, a month or a year; NULL when it is none."""
    days, months = (f"[{', '.join(map(quoted, formats))}]" for formats in (_DAYS, _MONTHS))
    form = "[0-9]{4}(-(0[1-9]|1[0-2]))?"
    return (
        f"CASE WHEN regexp_full_match({column}, '{form}') THEN {column} ELSE "
        f"coalesce(CAST(TRY_CAST({column} AS DATE) AS VARCHAR), strftime(try_strptime({column}, {days}), '%Y-%m-%d'), "
        f"strftime(try_strptime({column}, {months}), '%Y-%m')) END"
    )


def _no_date(column: str) -> str:
    return f"{column} IS NOT NULL AND {iso_date(column)} IS NULL"


def _wrong_date(text: str) -> str:
    return f"a date expected such as 12 Jun 2019, Jun 2019 or 2019-06-12, found {text!r}"


def _wrong_mark(text: str) -> str:
    return f"1 or 0 expected, found {text!r}"


def fill_merged(connection: DuckDBPyConnection, path: Path, graph: str, on_error: OnError) -> int:
    """Read MERGED: concepts that were merged into others."""
    prepare(connection)
    count, found = load(connection, "medgen_file", path, MERGED, on_error)
    refuse(connection, "medgen_file", found, on_error, {"CUI": (no_cui, wrong_cui), "toCUI": (no_cui, wrong_cui)})
    leave_out(connection, MERGED.stem, "SELECT 'of a concept to itself' FROM medgen_file WHERE CUI = toCUI")
    connection.execute(
        f"INSERT INTO medgen_gone SELECT CUI, toCUI, NULL, {_MERGED}, '{MERGED.stem}' FROM medgen_file "
        "WHERE CUI <> toCUI"
    )
    connection.execute("DROP TABLE medgen_file")
    return count


def fill_concepts(connection: DuckDBPyConnection, path: Path, graph: str, on_error: OnError) -> int:
    """Read MedGen_CUI_history: which concept came in the place of which, and in which month."""
    prepare(connection)
    count, found = load(connection, "medgen_file", path, CONCEPTS, on_error)
    checks = {
        "Previous_CUI": (no_cui, wrong_cui),
        "Current_CUI": (lambda column: f"{column} IS NOT NULL AND NOT {_NONE} AND {no_cui(column)}", wrong_cui),
        "Date_Of_Action": (_no_date, _wrong_date),
    }
    refuse(connection, "medgen_file", found, on_error, checks)
    itself = "coalesce(Previous_CUI = Current_CUI, false)"
    leave_out(connection, CONCEPTS.stem, f"SELECT 'of a concept to itself' FROM medgen_file WHERE {itself}")
    connection.execute(
        f"""
        INSERT INTO medgen_gone
        SELECT Previous_CUI, CASE WHEN NOT {_NONE} THEN Current_CUI END, {iso_date("Date_Of_Action")},
            {RANK_OF_HISTORY}, '{CONCEPTS.stem}'
        FROM medgen_file WHERE NOT {itself}
        """
    )
    connection.execute("DROP TABLE medgen_file")
    return count


def fill_codes(prefix: str) -> Fill:
    """Return the reader of the history file of a code system: which concept a code stood for until when."""
    kind = CODES[prefix]
    code = kind.columns[0]
    wrong: Callable[[str], str] = lambda text: f"a code of {prefix} expected, found {text!r}"  # noqa: E731

    def fill(connection: DuckDBPyConnection, path: Path, graph: str, on_error: OnError) -> int:
        prepare(connection)
        count, found = load(connection, "medgen_file", path, kind, on_error)
        checks = {
            code: (lambda column: f"{local_part(prefix, column)} IS NULL", wrong),
            "CUI": (no_cui, wrong_cui),
            "Date": (_no_date, _wrong_date),
            "IsCurrent": (lambda column: f"{column} NOT IN ('0', '1')", _wrong_mark),
        }
        refuse(connection, "medgen_file", found, on_error, checks)
        connection.execute(
            f"""
            INSERT INTO medgen_past
            SELECT {quoted(prefix)}, {local_part(prefix, code)}, CUI, {iso_date("Date")}, IsCurrent = '1'
            FROM medgen_file
            """
        )
        connection.execute("DROP TABLE medgen_file")
        return count

    return fill


def settle_current(connection: DuckDBPyConnection) -> None:
    """Put by the codes that stand for a concept today, and the concepts that codes no longer stand for.

    Needs ``medgen_described``. A UID of a concept that the release does not have is left out, for MedGen has numbered
    the whole UMLS; without the release's concepts, all stay.
    """
    absent = (
        "past.prefix = 'medgen.uid' AND NOT EXISTS (FROM medgen_described AS d WHERE d.cui = past.cui) "
        "AND EXISTS (FROM medgen_described)"
    )
    connection.execute(
        f"""
        INSERT INTO medgen_code
        SELECT DISTINCT cui, prefix, local, CAST(NULL AS VARCHAR), true, date FROM medgen_past AS past
        WHERE current AND NOT ({absent})
        """
    )
    reason = "'the UID of a concept that the release does not have'"
    leave_out(
        connection, CODES["medgen.uid"].stem, f"SELECT {reason} FROM medgen_past AS past WHERE current AND {absent}"
    )
    # The present concept of a code is its successor or, where there is none, the one that had it last.
    connection.execute(
        f"""
        INSERT INTO medgen_gone
        WITH latest AS (
            SELECT prefix, local, arg_max(cui, (date, cui)) AS cui FROM medgen_past
            WHERE NOT current AND date IS NOT NULL GROUP BY prefix, local
        ),
        present AS (
            SELECT prefix, local, cui FROM medgen_past WHERE current
            UNION
            SELECT prefix, local, cui FROM latest
            ANTI JOIN (FROM medgen_past WHERE current) AS now USING (prefix, local)
        )
        SELECT past.cui, present.cui, date, CASE past.prefix WHEN 'medgen.uid' THEN {_UIDS} ELSE {_CODES} END, NULL
        FROM medgen_past AS past JOIN present USING (prefix, local)
        ANTI JOIN (FROM medgen_past WHERE current) AS alive ON alive.cui = past.cui
        WHERE NOT past.current AND past.cui <> present.cui
        """
    )


def settle_gone(connection: DuckDBPyConnection, graph: str) -> None:
    """Write the retired concepts, their replacements, and a note of each code that a concept no longer has."""
    for kind in (MERGED, CONCEPTS):
        leave_out(
            connection,
            kind.stem,
            "SELECT 'of a concept that the release names' FROM medgen_gone SEMI JOIN medgen_described USING (cui) "
            f"WHERE file = '{kind.stem}'",
        )
    _make_retired(connection)
    medgen = namespace("medgen")
    connection.execute(
        f"""
        INSERT INTO concept (graph, concept, scheme, notation, category, deprecated, retired_on)
        SELECT $graph, {medgen} || cui, {scheme("medgen")}, 'medgen:' || cui,
            CASE WHEN cui NOT IN (FROM medgen_known) THEN [{resource("biolink:NamedThing")}] END, true,
            CASE WHEN count(successor) = 0 THEN max(date) END
        FROM medgen_retired GROUP BY cui
        """,
        {"graph": graph},
    )
    connection.execute(
        f"""
        INSERT INTO replacement (graph, concept, replacement, kind, date)
        SELECT $graph, {medgen} || cui, {medgen} || successor, CASE WHEN certain THEN 'replaced' ELSE 'consider' END,
            CASE WHEN certain OR NOT decided THEN date END
        FROM medgen_retired WHERE successor IS NOT NULL AND successor <> cui
        """,
        {"graph": graph},
    )
    _note_former_codes(connection, graph)
    connection.execute("DROP TABLE medgen_retired")


def _make_retired(connection: DuckDBPyConnection) -> None:
    """Make the temporary table ``medgen_retired`` of each retired concept and each of its successors, if any.

    ``certain``: it is the only one in the surest and latest source; ``decided``: there is a certain one.
    """
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE medgen_retired AS
        WITH gone AS (FROM medgen_gone ANTI JOIN medgen_described USING (cui)),
        surest AS (SELECT cui, min(rank) AS rank FROM gone GROUP BY cui),
        latest AS (SELECT cui, rank, max(date) AS date FROM gone JOIN surest USING (cui, rank) GROUP BY cui, rank),
        best AS (
            SELECT cui, rank, latest.date, count(DISTINCT successor) AS successors, min(successor) AS successor
            FROM gone JOIN latest USING (cui, rank) WHERE gone.date IS NOT DISTINCT FROM latest.date
            GROUP BY cui, rank, latest.date
        )
        SELECT DISTINCT cui, gone.successor, best.date,
            successors = 1 AND gone.successor = best.successor AS certain, successors = 1 AS decided
        FROM gone JOIN best USING (cui)
        """
    )


def _note_former_codes(connection: DuckDBPyConnection, graph: str) -> None:
    known = "(SELECT cui FROM medgen_described UNION SELECT cui FROM medgen_retired)"
    noted = f"(prefix <> 'medgen.uid' OR cui IN {known} OR NOT EXISTS (FROM medgen_described))"
    connection.execute(
        f"""
        INSERT INTO definition (graph, concept, text, lang, kind)
        SELECT DISTINCT $graph, {namespace("medgen")} || cui,
            'MedGen had ' || prefix || ':' || local || ' here' || coalesce(' until ' || date, '') || '.', 'en',
            'history_note'
        FROM medgen_past WHERE NOT current AND {noted}
        """,
        {"graph": graph},
    )
    leave_out(
        connection,
        CODES["medgen.uid"].stem,
        "SELECT 'the UID of a concept that the release does not have' "
        f"FROM medgen_past WHERE NOT current AND NOT {noted}",
    )
