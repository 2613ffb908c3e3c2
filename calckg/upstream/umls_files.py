"""The columns of the UMLS's files, the values that some of them may have, and the vocabularies behind them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from calckg import prefixes
from calckg.errors import UnknownNameError
from calckg.identifiers import CODE_SYSTEMS, problem
from calckg.upstream.flat import Layout, quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def _layout(columns: str) -> Layout:
    return Layout(tuple(columns.split("|")), "|", closed=True)


NAMES: Final = _layout("CUI|LAT|TS|LUI|STT|SUI|ISPREF|AUI|SAUI|SCUI|SDUI|SAB|TTY|CODE|STR|SRL|SUPPRESS|CVF")
RELATIONS: Final = _layout("CUI1|AUI1|STYPE1|REL|CUI2|AUI2|STYPE2|RELA|RUI|SRUI|SAB|SL|RG|DIR|SUPPRESS|CVF")
TYPES: Final = _layout("CUI|TUI|STN|STY|ATUI|CVF")
DEFINITIONS: Final = _layout("CUI|AUI|ATUI|SATUI|SAB|DEF|SUPPRESS|CVF")
RETIRED: Final = _layout("CUI1|VER|REL|RELA|MAPREASON|CUI2|MAPIN")

LANGUAGES: Final[Mapping[str, str]] = {
    "ARA": "ar",
    "BAQ": "eu",
    "BUL": "bg",
    "CHI": "zh",
    "CZE": "cs",
    "DAN": "da",
    "DUT": "nl",
    "ENG": "en",
    "EST": "et",
    "FIN": "fi",
    "FRE": "fr",
    "GER": "de",
    "GRE": "el",
    "HEB": "he",
    "HRV": "hr",
    "HUN": "hu",
    "ICE": "is",
    "ITA": "it",
    "JPN": "ja",
    "KOR": "ko",
    "LAV": "lv",
    "LIT": "lt",
    "NOR": "no",
    "POL": "pl",
    "POR": "pt",
    "RUM": "ro",
    "RUS": "ru",
    "SCR": "hr",  # the Metathesaurus files its Croatian MeSH under the old code of Serbo-Croatian
    "SLO": "sk",
    "SLV": "sl",
    "SPA": "es",
    "SWE": "sv",
    "TUR": "tr",
    "UKR": "uk",
}
"""LAT to BCP 47."""

# Prefixes that the Metathesaurus has no codes under: its own, and MedGen's.
_NO_SOURCES: Final = ("UMLS", "medgen", "medgen.uid", "ckgid")


def language_of_source(column: str) -> str:
    """Return the SQL of the language that a source's abbreviation ends in: MSHSPA is Spanish; English otherwise."""
    cases = " ".join(f"WHEN '{lat}' THEN '{tag}'" for lat, tag in LANGUAGES.items() if lat != "ENG")
    return f"CASE WHEN length({column}) > 3 THEN CASE right({column}, 3) {cases} ELSE 'en' END ELSE 'en' END"


def outside(connection: DuckDBPyConnection, table: str, column: str, condition: str, said: str) -> dict[str, str]:
    """Return the values of a column that do not meet ``condition``, SQL on ``v``, and what to say of each.

    An empty value is the empty string.
    """
    rows = connection.execute(
        f"WITH given AS MATERIALIZED (SELECT DISTINCT coalesce({column}, '') AS v FROM {table}) "
        f"SELECT v FROM given WHERE NOT ({condition})"
    ).fetchall()
    return {str(value): f"{said}, found {str(value)!r}" for (value,) in rows}


def cuis(connection: DuckDBPyConnection, table: str, column: str, empty: str = "false") -> dict[str, dict[str, str]]:
    """Return the values of a column that are no CUI, and why; none may be missing but where ``empty`` (SQL) holds."""
    rows = connection.execute(
        f"""
        SELECT DISTINCT coalesce({column}, '') FROM {table}
        WHERE NOT regexp_full_match(coalesce({column}, ''), '{CODE_SYSTEMS["UMLS"].pattern}')
            AND NOT ({column} IS NULL AND {empty})
        """
    ).fetchall()
    return {column: {str(value): problem("UMLS", str(value)) or "" for (value,) in rows}}


def sources(connection: DuckDBPyConnection, table: str) -> dict[str, str]:
    """Return the values of SAB that are no abbreviation of a source, and what to say of each."""
    said = "letters, digits, _, - and . expected as in SNOMEDCT_US"
    return outside(connection, table, "SAB", "regexp_full_match(v, '[A-Za-z0-9_.-]+')", said)


def vocabularies(connection: DuckDBPyConnection, table: str) -> None:
    """Make the temporary table ``umls_vocabulary(SAB, prefix, scheme)`` of the sources in ``table``.

    ``prefix`` is NULL where no code system with a declared prefix is behind a source.
    """
    rows = connection.execute(f"SELECT DISTINCT SAB FROM {table} ORDER BY SAB").fetchall()
    connection.execute("CREATE OR REPLACE TEMP TABLE umls_vocabulary (SAB VARCHAR, prefix VARCHAR, scheme VARCHAR)")
    found = [(str(sab), prefix_of(str(sab))) for (sab,) in rows]
    if found:
        expand = prefixes.load().expand
        values = ", ".join(
            f"({quoted(sab)}, nullif({quoted(prefix or '')}, ''), {quoted(expand(f'ckgid:scheme/{prefix or sab}'))})"
            for sab, prefix in found
        )
        connection.execute(f"INSERT INTO umls_vocabulary VALUES {values}")


def prefix_of(sab: str) -> str | None:
    """Return the declared prefix of the code system that a source is, or ``None``: ``MSH`` is ``mesh``."""
    table = prefixes.load()
    try:
        prefix = table.canonical_prefix(sab)
    except UnknownNameError:
        return None
    is_code_system = prefix in CODE_SYSTEMS and table.records[prefix].clique_rank is not None
    return prefix if is_code_system and prefix not in _NO_SOURCES else None
