"""MedGen's concepts: NAMES, MGCONSO, MGSTY, MGDEF and MGSAT.

The name in NAMES is MedGen's own (README.txt: "Concept name (preferred)") and becomes ``skos:prefLabel``; the preferred
name in other files of MedGen's stands in for it, and the first term by the rules of the UMLS (TS, STT, ISPREF) where
there is none. All else in MGCONSO is what a source calls the concept. A name that is suppressed wherever it stands is
found, not shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from calckg import prefixes
from calckg.upstream import OnError, semantic_types
from calckg.upstream.by_rule import leave_out
from calckg.upstream.ends import namespace, resource, scheme
from calckg.upstream.flat import quoted
from calckg.upstream.medgen_codes import stage_codes
from calckg.upstream.medgen_files import Check, Kind, load, refuse
from calckg.upstream.medgen_staging import no_cui, prepare, wrong_cui
from calckg.upstream.umls_files import prefix_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

NAMES: Final = Kind("NAMES", ("CUI", "name", "source", "SUPPRESS"))
ATOMS: Final = Kind(
    "MGCONSO",
    ("CUI", "TS", "STT", "ISPREF", "AUI", "SAUI", "SCUI", "SDUI", "SAB", "TTY", "CODE", "STR", "SUPPRESS"),
)
TYPES: Final = Kind("MGSTY", ("CUI", "TUI", "STN", "STY", "ATUI"))
DEFINITIONS: Final = Kind("MGDEF", ("CUI", "DEF", "source", "SUPPRESS"), folded=True)
ATTRIBUTES: Final = Kind("MGSAT", ("CUI", "METAUI", "STYPE", "CODE", "ATUI", "ATN", "SAB", "ATV", "SUPPRESS"))

INFORES: Final = {
    "HPO": "hpo",
    "MONDO": "mondo",
    "MSH": "mesh",
    "NCI": "ncit",
    "OMIM": "omim",
    "ORDO": "orphanet",
    "SNOMEDCT_US": "snomedct",
}
"""Which information resource a source (SAB) of MedGen's is."""

LED: Final = 9
"""The rank of a name that leads by the rules of the UMLS only."""

NOTHING: Final[Check] = (lambda column: f"{column} IS NULL", lambda _: "a value expected, nothing found")
"""The check of a column that must have a value."""

_WORD: Final = "[A-Za-z0-9_.-]+"
_SOURCE: Final[Check] = (
    lambda column: f"NOT regexp_full_match({column}, '{_WORD}')",
    lambda text: f"letters, digits, _, - and . expected as in SNOMEDCT_US, found {text!r}",
)
_TYPE: Final[Check] = (
    lambda column: f"NOT regexp_full_match({column}, 'T[0-9]{{3}}')",
    lambda text: f"a semantic type expected, T and 3 digits, found {text!r}",
)
_MESH_TREE_NUMBER: Final = "MN"
_ENDS: Final = (
    ("broader", "concept"),
    ("broader", "broader"),
    ("definition", "concept"),
    ("replacement", "replacement"),
    ("mapping", "subject_id"),
    ("association", "subject"),
    ("association", "object"),
    ("literature_link", "concept"),
)
_OF_CONCEPTS: Final = ("CODE", "CUI", "SCUI", "SDUI")  # what an attribute is of, when not of a name or a relation
# A definition is plain text; some come with the markup of the page that they were taken from.
_TAG: Final = r"</?(?:p|br|ul|ol|li|a|b|i|em|strong|h[1-6]|sup|sub|div|span)(?:\s[^<>]*)?/?>"
_SHOWN: Final = "coalesce(SUPPRESS, 'N') = 'N'"


def fill_names(connection: DuckDBPyConnection, path: Path, graph: str, on_error: OnError) -> int:
    """Read NAMES: what MedGen calls each concept."""
    prepare(connection)
    count, found = load(connection, "medgen_file", path, NAMES, on_error, text=("name",))
    checks = {"CUI": (no_cui, wrong_cui), "name": NOTHING, "source": _SOURCE}
    refuse(connection, "medgen_file", found, on_error, checks)
    connection.execute(f"INSERT INTO medgen_title SELECT CUI, name, source, 0, {_SHOWN} FROM medgen_file")
    connection.execute("DROP TABLE medgen_file")
    return count


def fill_atoms(connection: DuckDBPyConnection, path: Path, graph: str, on_error: OnError) -> int:
    """Read MGCONSO: the terms of each source, and the codes that they have there."""
    prepare(connection)
    count, found = load(connection, "medgen_file", path, ATOMS, on_error, text=("STR",))
    checks = {"CUI": (no_cui, wrong_cui), "SAB": _SOURCE, "STR": NOTHING}
    refuse(connection, "medgen_file", found, on_error, checks)
    stage_atoms(connection, "medgen_file")
    connection.execute("DROP TABLE medgen_file")
    return count


def stage_atoms(connection: DuckDBPyConnection, table: str) -> None:
    """Put by the names in ``table``, which has the columns of MGCONSO, and their codes."""
    # What NCBI took over itself has a number of NCBI's as its CODE, and the source's own identifier in SDUI.
    code = "coalesce(SDUI, CASE WHEN NOT regexp_full_match(CODE, 'AN[0-9]+|NOCODE') THEN CODE END, SCUI)"
    identifier = "CASE WHEN SAUI IS NULL THEN [AUI] WHEN AUI IS NULL THEN [SAUI] ELSE [AUI, SAUI] END"
    identifier = f"CASE WHEN coalesce(AUI, SAUI) IS NOT NULL THEN {identifier} END"
    connection.execute(
        f"""
        INSERT INTO medgen_atom
        SELECT CUI, STR, SAB, TTY, {code}, {identifier},
            {_SHOWN} AND TS = 'P' AND STT = 'PF' AND ISPREF = 'Y', {_SHOWN}
        FROM {table}
        """
    )
    stage_codes(connection, table)


def fill_types(connection: DuckDBPyConnection, path: Path, graph: str, on_error: OnError) -> int:
    """Read MGSTY: the semantic types of each concept."""
    prepare(connection)
    count, found = load(connection, "medgen_file", path, TYPES, on_error, without=("STY", "ATUI"))
    refuse(connection, "medgen_file", found, on_error, {"CUI": (no_cui, wrong_cui), "TUI": _TYPE})
    connection.execute("INSERT INTO medgen_type SELECT CUI, TUI, STN FROM medgen_file")
    connection.execute("DROP TABLE medgen_file")
    return count


def fill_definitions(connection: DuckDBPyConnection, path: Path, graph: str, on_error: OnError) -> int:
    """Read MGDEF. A definition that is obsolete (O) is a history note, another suppressed one a note."""
    prepare(connection)
    count, found = load(connection, "medgen_file", path, DEFINITIONS, on_error, text=("DEF",))
    refuse(connection, "medgen_file", found, on_error, {"CUI": (no_cui, wrong_cui), "DEF": NOTHING})
    sources = [text for (text,) in connection.execute("SELECT DISTINCT source FROM medgen_file").fetchall() if text]
    connection.execute(
        f"""
        INSERT INTO definition (graph, concept, text, lang, kind, knowledge_source, source, attribution)
        SELECT $graph, {namespace("medgen")} || CUI, {plain("DEF")}, 'en',
            CASE WHEN {_SHOWN} THEN 'definition' WHEN SUPPRESS = 'O' THEN 'history_note' ELSE 'note' END,
            infores, CASE WHEN known THEN [scheme] END, CASE WHEN source IS NOT NULL THEN [source] END
        FROM medgen_file LEFT JOIN {vocabularies(sources)} ON sab = source
        """,
        {"graph": graph},
    )
    connection.execute("DROP TABLE medgen_file")
    return count


def fill_attributes(connection: DuckDBPyConnection, path: Path, graph: str, on_error: OnError) -> int:
    """Read MGSAT: MeSH's tree numbers, and each other attribute of a concept as a note that names it.

    Left out are those that are suppressed, and those of a name or of a relation.
    """
    prepare(connection)
    count, found = load(
        connection, "medgen_file", path, ATTRIBUTES, on_error, text=("ATV",), without=("METAUI", "CODE", "ATUI")
    )
    refuse(connection, "medgen_file", found, on_error, {"CUI": (no_cui, wrong_cui), "ATN": NOTHING})
    reason = f"""CASE WHEN NOT {_SHOWN} THEN 'suppressed' WHEN ATV IS NULL THEN 'no value'
        WHEN coalesce(STYPE NOT IN {_OF_CONCEPTS}, true) THEN 'an attribute of a name or a relation' END"""
    leave_out(connection, ATTRIBUTES.stem, f"SELECT {reason} FROM medgen_file WHERE {reason} IS NOT NULL")
    kept = f"{reason} IS NULL"
    connection.execute(
        f"""
        INSERT INTO concept (graph, concept, tree_number)
        SELECT $graph, {namespace("medgen")} || CUI, list(DISTINCT ATV)
        FROM medgen_file WHERE {kept} AND ATN = '{_MESH_TREE_NUMBER}' GROUP BY CUI
        """,
        {"graph": graph},
    )
    connection.execute(
        f"""
        INSERT INTO definition (graph, concept, text, kind)
        SELECT DISTINCT $graph, {namespace("medgen")} || CUI,
            ATN || CASE WHEN SAB IS NULL THEN '' ELSE ' (' || SAB || ')' END || ': ' || ATV, 'note'
        FROM medgen_file WHERE {kept} AND ATN <> '{_MESH_TREE_NUMBER}'
        """,
        {"graph": graph},
    )
    connection.execute("DROP TABLE medgen_file")
    return count


def plain(column: str) -> str:
    """Return the SQL of a text without markup; lines end as in Unix."""
    text = rf"regexp_replace(regexp_replace({column}, '\r\n?', chr(10), 'g'), '{_TAG}', ' ', 'gi')"
    for entity, sign in (("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        text = f"replace({text}, '{entity}', '{sign}')"
    return f"trim({text})"


def vocabularies(sabs: Iterable[str]) -> str:
    """Return a relation of SQL ``(sab, scheme, known, infores)``; ``known``: codes of it have a declared prefix."""
    expand = prefixes.load().expand
    rows = [f"({', '.join(['CAST(NULL AS VARCHAR)'] * 2)}, false, CAST(NULL AS VARCHAR))"]  # there may be no other
    for sab in sorted(set(sabs)):
        prefix = prefix_of(sab)
        place = quoted(expand(f"ckgid:scheme/{prefix or sab}")) if prefix or re.fullmatch(_WORD, sab) else "NULL"
        infores = quoted(expand(f"infores:{INFORES[sab]}")) if sab in INFORES else "NULL"
        rows.append(f"({quoted(sab)}, {place}, {str(prefix is not None).lower()}, {infores})")
    return f"(VALUES {', '.join(rows)}) AS vocabulary(sab, scheme, known, infores)"


def settle_names(connection: DuckDBPyConnection, graph: str) -> None:
    """Write ``name`` when all names are known.

    A string is preferred, or shown, or hidden, in whatever source it stands (SKOS Reference, S13). Makes the temporary
    table ``medgen_called(cui, text)`` of the preferred names.
    """
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE medgen_called AS
        SELECT cui, substr(min(rank || text), 2) AS text
        FROM (
            SELECT cui, CAST(rank AS VARCHAR) AS rank, text FROM medgen_title WHERE shown
            UNION ALL SELECT cui, '{LED}', text FROM medgen_atom WHERE leads
        )
        GROUP BY cui
        """
    )
    sabs = connection.execute(
        "SELECT sab FROM (SELECT DISTINCT sab FROM medgen_atom UNION SELECT sab FROM medgen_title "
        "UNION SELECT sab FROM medgen_term) WHERE sab IS NOT NULL"
    ).fetchall()
    every = "(SELECT cui, text, shown FROM medgen_atom UNION ALL SELECT cui, text, shown FROM medgen_title)"
    connection.execute(
        f"""
        INSERT INTO name (graph, concept, text, lang, kind, vocabulary, term_type, code, identifier)
        WITH given AS (
            SELECT cui, text, sab, tty, code, identifier, shown FROM medgen_atom
            UNION ALL
            SELECT DISTINCT cui, text, sab, NULL, code, NULL, true
            FROM medgen_term ANTI JOIN medgen_atom USING (cui, text)
            UNION ALL
            SELECT DISTINCT cui, text, sab, NULL, NULL, NULL, shown
            FROM medgen_title ANTI JOIN medgen_atom USING (cui, text) ANTI JOIN medgen_term USING (cui, text)
        ),
        rescued AS (
            SELECT DISTINCT cui, text, true AS seen
            FROM (FROM {every} WHERE shown) SEMI JOIN (FROM {every} WHERE NOT shown) AS hidden USING (cui, text)
        )
        SELECT $graph, {namespace("medgen")} || given.cui, given.text, 'en',
            CASE WHEN given.text = medgen_called.text THEN 'preferred' WHEN shown OR seen THEN 'exact'
                ELSE 'hidden' END,
            scheme, tty, code, identifier
        FROM given LEFT JOIN medgen_called ON medgen_called.cui = given.cui
        LEFT JOIN rescued ON NOT shown AND rescued.cui = given.cui AND rescued.text = given.text
        LEFT JOIN {vocabularies(str(sab) for (sab,) in sabs)} USING (sab)
        """,
        {"graph": graph},
    )


def settle_concepts(connection: DuckDBPyConnection, graph: str) -> None:
    """Write ``concept`` for what the release describes, with semantic types and categories.

    Types that exclude each other (a substance that is also a procedure) give no category. Makes the temporary tables
    ``medgen_described(cui)``, the concepts that the release names or gives a type, and ``medgen_known(cui)``, those
    that have a category.
    """
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE medgen_described AS
        SELECT cui FROM medgen_title UNION SELECT cui FROM medgen_atom UNION SELECT cui FROM medgen_type
        UNION SELECT cui FROM medgen_term
        """
    )
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE medgen_typed AS
        WITH typed AS (
            SELECT medgen_type.*, category, side
            FROM medgen_type LEFT JOIN {semantic_types.relation()} ON semantic_type.tui = medgen_type.tui
        ),
        torn AS (SELECT cui, true AS torn FROM typed GROUP BY cui HAVING min(side) <> max(side))
        SELECT cui, tui, stn, CASE WHEN torn IS NULL THEN category END AS category
        FROM typed LEFT JOIN torn USING (cui)
        """
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE medgen_known AS SELECT DISTINCT cui FROM medgen_typed WHERE category IS NOT NULL"
    )
    connection.execute(
        f"""
        INSERT INTO concept (graph, concept, scheme, notation, semantic_type, tree_number, category)
        SELECT $graph, {namespace("medgen")} || cui, {scheme("medgen")}, 'medgen:' || cui,
            CASE WHEN tui IS NOT NULL THEN [{namespace("STY")} || tui] END, CASE WHEN stn IS NOT NULL THEN [stn] END,
            CASE WHEN category IS NOT NULL THEN [category] END
        FROM medgen_described LEFT JOIN medgen_typed USING (cui)
        """,
        {"graph": graph},
    )
    connection.execute("DROP TABLE medgen_typed")


def settle_ends(connection: DuckDBPyConnection, graph: str) -> None:
    """Describe the concepts that stand at some end only; ``biolink:NamedThing`` is what has no category so far."""
    medgen = namespace("medgen")
    ends = " UNION ".join(
        f"SELECT substr({column}, length({medgen}) + 1) FROM {table} WHERE graph = $graph "
        f"AND starts_with({column}, {medgen})"
        for table, column in _ENDS
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE medgen_end AS SELECT cui FROM ({ends}) AS ends(cui) "
        "ANTI JOIN medgen_described USING (cui)",
        {"graph": graph},
    )
    connection.execute(
        f"""
        INSERT INTO concept (graph, concept, scheme, notation, category)
        SELECT $graph, {medgen} || cui, {scheme("medgen")}, 'medgen:' || cui,
            CASE WHEN known IS NULL THEN [{resource("biolink:NamedThing")}] END
        FROM (FROM medgen_described UNION ALL FROM medgen_end)
        LEFT JOIN (SELECT DISTINCT cui, true AS known FROM medgen_known) USING (cui)
        WHERE known IS NULL OR cui IN (FROM medgen_end)
        """,
        {"graph": graph},
    )
    connection.execute("DROP TABLE medgen_end")
