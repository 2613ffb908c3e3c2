"""The UMLS Metathesaurus in its Rich Release Format: the user's own, licensed copy.

The columns are those of the UMLS Reference Manual, chapter 3; the files have no header line. Names, codes and relations
have modules of their own (``umls_names``, ``umls_relations``); here are the files, semantic types, definitions and
retired concepts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from calckg.upstream import OnError, semantic_types
from calckg.upstream.by_rule import account
from calckg.upstream.ends import complete, namespace, scheme
from calckg.upstream.flat import load, refuse
from calckg.upstream.source import Fill, Format, Source, Stated
from calckg.upstream.umls_files import (
    DEFINITIONS,
    RETIRED,
    TYPES,
    cuis,
    language_of_source,
    outside,
    sources,
    vocabularies,
)
from calckg.upstream.umls_names import fill_names
from calckg.upstream.umls_relations import associate, fill_relations

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# What MRCUI's REL says of the retired concept and the other: merged into it, deleted, or only mapped to it.
_MERGED: Final = "SY"
_DELETED: Final = "DEL"
_MAPPED: Final = ("RB", "RN", "RO")
_RELEASE: Final = re.compile(r"(?:19|20)[0-9]{2}A[A-D]")
# Definitions of MedlinePlus are HTML, and a definition is plain text.
_BLOCK: Final = r"</?(?:p|br|ul|ol|li|h[1-6]|div)(?:\s[^<>]*)?/?>"
_INLINE: Final = r"</?(?:a|b|i|em|strong|sup|sub|span)(?:\s[^<>]*)?/?>"
_ENTITIES: Final = {"&#xA;": " ", "&nbsp;": " ", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&amp;": "&"}


def _plain(column: str) -> str:
    """Return the SQL of a text without HTML; a text without any stays as it is."""
    text = f"regexp_replace(regexp_replace({column}, '{_BLOCK}', ' ', 'gi'), '{_INLINE}', '', 'gi')"
    for entity, sign in _ENTITIES.items():
        text = f"replace({text}, '{entity}', '{sign}')"
    markup = f"{_BLOCK}|{_INLINE}|{'|'.join(_ENTITIES)}"
    text = rf"regexp_replace({text}, '\s+', ' ', 'g')"
    return f"CASE WHEN regexp_matches({column}, '{markup}', 'i') THEN {text} ELSE {column} END"


def fill_types(connection: DuckDBPyConnection, path: Path, graph: str, on_error: OnError) -> int:
    """Read MRSTY: the semantic types of each concept, and its categories. Types that exclude each other give none."""
    count = load(connection, "umls_type", path, TYPES, on_error, keep=("CUI", "TUI", "STN"))
    wrong = cuis(connection, "umls_type", "CUI")
    wrong["TUI"] = outside(
        connection, "umls_type", "TUI", "regexp_full_match(v, 'T[0-9]{3}')", "a TUI is T and 3 digits, e.g. T047"
    )
    refuse(connection, "umls_type", path, TYPES, on_error, wrong)
    connection.execute(
        f"""
        INSERT INTO concept (graph, concept, semantic_type, tree_number, category)
        SELECT $graph, {namespace("UMLS")} || CUI, list(DISTINCT {namespace("STY")} || TUI), list(DISTINCT STN),
            CASE WHEN count(DISTINCT side) = 1 THEN list(DISTINCT category) FILTER (category IS NOT NULL) END
        FROM umls_type LEFT JOIN {semantic_types.relation()} USING (TUI)
        GROUP BY CUI
        """,
        {"graph": graph},
    )
    connection.execute("DROP TABLE umls_type")
    return count


def fill_definitions(connection: DuckDBPyConnection, path: Path, graph: str, on_error: OnError) -> int:
    """Read MRDEF; a definition that its source has given up is a history note, a suppressed one a note."""
    count = load(connection, "umls_definition", path, DEFINITIONS, on_error, keep=("CUI", "SAB", "DEF", "SUPPRESS"))
    wrong = cuis(connection, "umls_definition", "CUI")
    wrong["SAB"] = sources(connection, "umls_definition")
    wrong["DEF"] = outside(connection, "umls_definition", "DEF", "v <> ''", "a definition expected")
    refuse(connection, "umls_definition", path, DEFINITIONS, on_error, wrong)
    vocabularies(connection, "umls_definition")
    connection.execute(
        f"""
        INSERT INTO definition (graph, concept, text, lang, kind, source, attribution)
        SELECT $graph, {namespace("UMLS")} || CUI, trim(nfc_normalize({_plain("DEF")})), {language_of_source("SAB")},
            CASE SUPPRESS WHEN 'N' THEN 'definition' WHEN 'O' THEN 'history_note' ELSE 'note' END,
            [scheme], [SAB]
        FROM umls_definition JOIN umls_vocabulary USING (SAB)
        """,
        {"graph": graph},
    )
    connection.execute("DROP TABLE umls_definition")
    connection.execute("DROP TABLE umls_vocabulary")
    return count


def fill_retired(connection: DuckDBPyConnection, path: Path, graph: str, on_error: OnError) -> int:
    """Read MRCUI (the manual's 'Retired CUI Mapping').

    A merged concept (SY) is replaced by the other; of those that another is only mapped to (RB, RN, RO), consider it.
    The date is the year of the last release that still had the concept, which a note names.
    """
    table = "umls_retired"
    count = load(connection, table, path, RETIRED, on_error, keep=("CUI1", "VER", "REL", "CUI2"))
    relations = (_MERGED, _DELETED, *_MAPPED)
    wrong = cuis(connection, table, "CUI1") | cuis(connection, table, "CUI2", empty="REL = 'DEL'")
    wrong["REL"] = outside(connection, table, "REL", f"v IN {relations}", f"one of {', '.join(relations)} expected")
    wrong["VER"] = outside(
        connection, table, "VER", f"regexp_full_match(v, '{_RELEASE.pattern}')", "a release such as 2008AB expected"
    )
    refuse(connection, table, path, RETIRED, on_error, wrong)
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE umls_gone AS
        SELECT CUI1, max(VER) AS VER,
            CASE WHEN count(DISTINCT CUI2) FILTER (REL = '{_MERGED}') = 1 THEN min(CUI2) FILTER (REL = '{_MERGED}') END
                AS merged,
            count(CUI2) > 0 AS mapped
        FROM {table} GROUP BY CUI1
        """
    )
    parameters = {"graph": graph}
    connection.execute(
        f"""
        INSERT INTO concept (graph, concept, scheme, notation, deprecated, retired_on)
        SELECT $graph, {namespace("UMLS")} || CUI1, {scheme("UMLS")}, 'UMLS:' || CUI1, true,
            CASE WHEN NOT mapped THEN left(VER, 4) END
        FROM umls_gone
        """,
        parameters,
    )
    connection.execute(
        f"""
        INSERT INTO definition (graph, concept, text, lang, kind)
        SELECT $graph, {namespace("UMLS")} || CUI1, 'Last in release ' || VER || ' of the UMLS.', 'en', 'history_note'
        FROM umls_gone
        """,
        parameters,
    )
    connection.execute(
        f"""
        INSERT INTO replacement (graph, concept, replacement, kind, date)
        SELECT DISTINCT $graph, {namespace("UMLS")} || CUI1, {namespace("UMLS")} || CUI2,
            CASE WHEN CUI2 = merged THEN 'replaced' ELSE 'consider' END, left(umls_gone.VER, 4)
        FROM {table} JOIN umls_gone USING (CUI1) WHERE CUI2 IS NOT NULL AND CUI2 <> CUI1
        """,
        parameters,
    )
    connection.execute(f"DROP TABLE {table}")
    connection.execute("DROP TABLE umls_gone")
    return count


def finish(connection: DuckDBPyConnection, graph: str) -> None:
    """Make the associations, which need the categories of their ends, and describe every end."""
    associate(connection, graph)
    complete(connection, graph)


def _stated(path: Path, head: bytes) -> Stated:
    """The release stands in no file of these, but in the name of the folder: 2024AB/META/MRCONSO.RRF."""
    for part in reversed(path.absolute().parts):
        if found := _RELEASE.search(part):
            return Stated(version=found[0])
    return Stated()


def _named(pattern: str) -> Callable[[str, bytes], bool]:
    name = re.compile(rf"{pattern}\.RRF(\.gz)?", re.IGNORECASE)
    return lambda file, head: name.fullmatch(file) is not None and not head.startswith(b"#")


SOURCE: Final = Source(
    name="umls",
    title="UMLS Metathesaurus",
    publisher="U.S. National Library of Medicine",
    landing_page="https://www.nlm.nih.gov/research/umls/",
    infores="https://w3id.org/information-resource-registry/umls",
    redistribution=False,
    name_priority=56,
    license="https://uts.nlm.nih.gov/uts/assets/LicenseAgreement.pdf",
    rights="For licensees of the UMLS; some of its sources have terms of their own.",
    finish=finish,
    left_out=account,
)

_FILES: Final[tuple[tuple[str, str, Fill], ...]] = (
    ("names", "MRCONSO", fill_names),
    ("relations", "MRREL", fill_relations),
    ("semantic types", "MRSTY", fill_types),
    ("definitions", "MRDEF", fill_definitions),
    ("retired concepts", "(MRCUI|RETIRED(_?CUI(_?MAPPING)?)?)", fill_retired),
)
FORMATS: Final = tuple(Format(f"UMLS {name}", SOURCE, _named(pattern), fill, _stated) for name, pattern, fill in _FILES)
"""The files of the Metathesaurus that are read."""
