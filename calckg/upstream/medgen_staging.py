"""What MedGen's files say together: kept in temporary tables until the last of them is read.

Which name is the preferred one, which code stands for a concept alone, which concept is retired and which relation
fits its ends is known only when all files of the release are there, in whatever order they come.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from calckg.identifiers import CODE_SYSTEMS, problem

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_TABLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        # A name as MGCONSO has it. ``leads``: preferred by the rules of the UMLS (TS, STT, ISPREF).
        "medgen_atom": "cui VARCHAR, text VARCHAR, sab VARCHAR, tty VARCHAR, code VARCHAR, identifier VARCHAR[], "
        "leads BOOLEAN, shown BOOLEAN",
        # What MedGen itself calls a concept; a lower ``rank`` is preferred.
        "medgen_title": "cui VARCHAR, text VARCHAR, sab VARCHAR, rank INTEGER, shown BOOLEAN",
        # What a source calls a concept, as files other than MGCONSO have it.
        "medgen_term": "cui VARCHAR, text VARCHAR, sab VARCHAR, code VARCHAR",
        "medgen_type": "cui VARCHAR, tui VARCHAR, stn VARCHAR",
        # A code of a concept. ``main``: it names the concept itself; ``since``: from when on.
        "medgen_code": "cui VARCHAR, prefix VARCHAR, local VARCHAR, label VARCHAR, main BOOLEAN, since VARCHAR",
        # A relation whose ends must be known before it becomes an association: ``first`` is what it speaks of.
        "medgen_claim": "relation VARCHAR, first VARCHAR, second VARCHAR, negated BOOLEAN, hedge VARCHAR, "
        "original VARCHAR, sab VARCHAR, rui VARCHAR, section VARCHAR, file VARCHAR",
        # A concept that another has come for; a lower ``rank`` is the surer source. No successor: it just went.
        "medgen_gone": "cui VARCHAR, successor VARCHAR, date VARCHAR, rank INTEGER, file VARCHAR",
        # What a code stood for, or stands for: the five history files.
        "medgen_past": "prefix VARCHAR, local VARCHAR, cui VARCHAR, date VARCHAR, current BOOLEAN",
    }
)
CUI: Final = CODE_SYSTEMS["medgen"].pattern
"""A concept's identifier as a pattern: C with 7 digits, or CN with 6."""


def prepare(connection: DuckDBPyConnection) -> None:
    """Make the temporary tables that are not there yet."""
    for name, columns in _TABLES.items():
        connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS {name} ({columns})")


def clear(connection: DuckDBPyConnection) -> None:
    """Drop the temporary tables."""
    for name in (*_TABLES, "medgen_called", "medgen_described", "medgen_known"):
        connection.execute(f"DROP TABLE {name}")


def no_cui(column: str) -> str:
    """Return the SQL that is true of a value that is no concept's identifier."""
    return f"NOT regexp_full_match({column}, '{CUI}')"


def wrong_cui(text: str) -> str | None:
    """Tell what is wrong with a concept's identifier."""
    return problem("medgen", text) if text else "a concept's identifier expected, nothing found"
