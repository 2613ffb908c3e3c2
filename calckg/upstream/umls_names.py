"""MRCONSO: the concepts of the Metathesaurus, their names in each source, and the codes that they have there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from calckg.identifiers import CODE_SYSTEMS
from calckg.upstream import OnError, sctid
from calckg.upstream.ends import namespace, resource, scheme
from calckg.upstream.flat import load, quoted, refuse
from calckg.upstream.umls_files import LANGUAGES, NAMES, cuis, outside, sources, vocabularies

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_KEPT: Final = ("CUI", "LAT", "TS", "STT", "ISPREF", "AUI", "SAB", "TTY", "CODE", "STR", "SUPPRESS")
_SUPPRESSED: Final = ("N", "O", "E", "Y")

_HEADS: Final = ("PT", "FN", "MH", "NM", "HT", "HG", "HS", "OS", "SMQ", "LLT")
"""Term types that name a code itself. Entry terms (ET, SY, PEP, …) bear the code of the heading that they lead to, and
the Metathesaurus files some of them under another concept, which the code does not stand for."""

# A code as its source writes it, where that is not the prefix's local part; the group is the local part.
_FORMS: Final[Mapping[str, str]] = {
    "Orphanet": "(?:ORPHA|Orphanet)[:_]?({})",
    "OMIMPS": "PS({})",
}
_FURTHER: Final = {"OMIM": ("OMIMPS",)}


def fill_names(connection: DuckDBPyConnection, path: Path, graph: str, on_error: OnError) -> int:
    """Read MRCONSO into ``concept``, ``name`` and ``mapping``."""
    count = load(connection, "umls_atom", path, NAMES, on_error, keep=_KEPT)
    wrong = cuis(connection, "umls_atom", "CUI")
    wrong["LAT"] = outside(
        connection, "umls_atom", "LAT", f"v IN {tuple(LANGUAGES)}", "a language such as ENG or SPA expected"
    )
    wrong["SAB"] = sources(connection, "umls_atom")
    if connection.execute("SELECT 1 FROM umls_atom WHERE STR IS NULL LIMIT 1").fetchone():
        wrong["STR"] = {"": "a name expected, found ''"}
    wrong["SUPPRESS"] = outside(
        connection, "umls_atom", "SUPPRESS", f"v IN {_SUPPRESSED}", f"one of {', '.join(_SUPPRESSED)} expected"
    )
    wrong["CODE"] = _wrong_codes(connection)
    refuse(connection, "umls_atom", path, NAMES, on_error, wrong)
    vocabularies(connection, "umls_atom")
    connection.execute(
        f"""
        INSERT INTO concept (graph, concept, scheme, notation)
        SELECT DISTINCT $graph, {namespace("UMLS")} || CUI, {scheme("UMLS")}, 'UMLS:' || CUI FROM umls_atom
        """,
        {"graph": graph},
    )
    _insert_names(connection, graph)
    _insert_codes(connection, graph)
    for table in (sctid.KNOWN, "umls_atom", "umls_vocabulary", "umls_code", "umls_coded"):
        connection.execute(f"DROP TABLE {table}")
    return count


def _wrong_codes(connection: DuckDBPyConnection) -> dict[str, str]:
    """Return the codes of SNOMED CT that identify no concept; other systems' odd codes are just not mapped."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE umls_sctid AS SELECT CODE FROM umls_atom WHERE SAB = 'SNOMEDCT_US' "
        "AND CODE IS NOT NULL"
    )
    found = sctid.wrong(connection, "umls_sctid", ("CODE",))["CODE"]
    connection.execute("DROP TABLE umls_sctid")
    return found


def _insert_names(connection: DuckDBPyConnection, graph: str) -> None:
    """A string is the preferred name in every source that has it, or shown in all, or hidden in all (SKOS, S13)."""
    languages = ", ".join(f"('{lat}', '{tag}')" for lat, tag in LANGUAGES.items())
    connection.execute(
        f"""
        INSERT INTO name (graph, concept, text, lang, kind, vocabulary, term_type, code, identifier)
        WITH language AS (SELECT * FROM (VALUES {languages}) AS known(LAT, tag)),
        preferred AS (
            SELECT CUI, tag, min(STR) AS STR FROM umls_atom JOIN language USING (LAT)
            WHERE TS = 'P' AND STT = 'PF' AND ISPREF = 'Y' GROUP BY CUI, tag
        ),
        shown AS (
            SELECT DISTINCT CUI, LAT, STR FROM umls_atom
            SEMI JOIN (SELECT CUI, LAT, STR FROM umls_atom WHERE SUPPRESS <> 'N') AS suppressed USING (CUI, LAT, STR)
            WHERE SUPPRESS = 'N'
        )
        SELECT $graph, {namespace("UMLS")} || atom.CUI, nfc_normalize(atom.STR), language.tag,
            CASE
                WHEN preferred.CUI IS NOT NULL THEN 'preferred'
                WHEN SUPPRESS = 'N' OR shown.CUI IS NOT NULL THEN 'exact'
                ELSE 'hidden'
            END,
            scheme, TTY, nullif(CODE, 'NOCODE'), CASE WHEN AUI IS NOT NULL THEN [AUI] END
        FROM umls_atom AS atom JOIN language USING (LAT) JOIN umls_vocabulary USING (SAB)
        LEFT JOIN preferred ON (preferred.CUI, preferred.tag, preferred.STR) = (atom.CUI, language.tag, atom.STR)
        LEFT JOIN shown ON (shown.CUI, shown.LAT, shown.STR) = (atom.CUI, atom.LAT, atom.STR)
        """,
        {"graph": graph},
    )


def _insert_codes(connection: DuckDBPyConnection, graph: str) -> None:
    """Map each concept to the codes that it has.

    An exact match is the only current code of its system that names the concept itself, when it names no other concept.
    All else is a close match: several codes of one system are not one thing.
    """
    _make_codes(connection)
    connection.execute(
        f"""
        INSERT INTO mapping (graph, subject_id, predicate_id, object_id, object_label, mapping_justification,
            subject_source, object_source)
        WITH led AS (
            SELECT CUI, prefix, local, coded.label,
                CASE WHEN heads > 0 THEN head ELSE live END AS main,
                CASE WHEN heads > 0 THEN heads ELSE lives END = 1 AS alone
            FROM umls_coded AS coded JOIN umls_code AS code USING (prefix, local)
        ),
        counted AS (SELECT CUI, prefix, count(*) AS mains FROM led WHERE main GROUP BY CUI, prefix)
        SELECT $graph, {namespace("UMLS")} || CUI,
            CASE WHEN main AND alone AND mains = 1 THEN {resource("skos:exactMatch")}
                ELSE {resource("skos:closeMatch")} END,
            namespace || local, nfc_normalize(label), {resource("semapv:UnspecifiedMatching")}, {scheme("UMLS")}, scheme
        FROM led LEFT JOIN counted USING (CUI, prefix) JOIN {_systems()} USING (prefix)
        """,
        {"graph": graph},
    )
    connection.execute(
        "INSERT INTO concept (graph, concept, scheme, notation) "
        "SELECT $graph, namespace || local, scheme, prefix || ':' || local "
        f"FROM umls_code JOIN {_systems()} USING (prefix)",
        {"graph": graph},
    )
    connection.execute(
        "INSERT INTO name (graph, concept, text, lang, kind) "
        "SELECT $graph, namespace || local, nfc_normalize(label), 'en', 'exact' "
        f"FROM umls_code JOIN {_systems()} USING (prefix)",
        {"graph": graph},
    )


def _make_codes(connection: DuckDBPyConnection) -> None:
    """Make ``umls_coded``, each concept with each of its codes, and ``umls_code``, each code.

    Both have the best label: one of a heading before one of an entry term, and current before obsolete.
    """
    obsolete, entry = "SUPPRESS = 'O'", f"TTY NOT IN {_HEADS}"
    order = f"CAST(({obsolete})::INT * 4 + ({entry})::INT * 2 + (SUPPRESS <> 'N')::INT AS VARCHAR)"
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE umls_coded AS
        SELECT CUI, prefix, local, bool_or(NOT {obsolete}) AS live, bool_or(NOT {obsolete} AND NOT {entry}) AS head,
            substr(min({order} || STR), 2) AS label
        FROM ({" UNION ALL ".join(_found(connection))}) AS found WHERE local <> '' GROUP BY CUI, prefix, local
        """
    )
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE umls_code AS
        SELECT prefix, local, count(*) FILTER (head) AS heads, count(*) FILTER (live) AS lives,
            substr(min(CASE WHEN head THEN '0' WHEN live THEN '1' ELSE '2' END || label), 2) AS label
        FROM umls_coded GROUP BY prefix, local
        """
    )


def _systems() -> str:
    rows = ", ".join(f"({quoted(name)}, {namespace(name)}, {scheme(name)})" for name in CODE_SYSTEMS)
    return f"(VALUES {rows}) AS system(prefix, namespace, scheme)"


def _found(connection: DuckDBPyConnection) -> Iterator[str]:
    """Yield, for each source and each system that its codes may be of, the SQL of its atoms with the local part.

    One statement each, so that the pattern is a constant, compiled once.
    """
    atoms = "SELECT CUI, TTY, SUPPRESS, STR, {} AS prefix, {} AS local FROM umls_atom WHERE {}"
    yield atoms.format("''", "''", "false")  # there may be no other
    for sab, first in connection.execute(
        "SELECT SAB, prefix FROM umls_vocabulary WHERE prefix IS NOT NULL ORDER BY SAB"
    ).fetchall():
        for prefix in (first, *_FURTHER.get(first, ())):
            form = _FORMS.get(prefix, f"(?:{prefix}:)?({{}})").format(f"(?:{CODE_SYSTEMS[prefix].pattern})")
            local = rf"regexp_extract(CODE, '\A(?:{form})\z', 1)"
            yield atoms.format(quoted(prefix), local, f"SAB = {quoted(sab)}")
