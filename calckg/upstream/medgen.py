"""NCBI's MedGen: the weekly files of its download site, in their own formats or in the ``csv/`` edition.

The publisher's README.txt describes the files. Each is read into temporary tables (``medgen_staging``), and what they
say together is written when the last one is read (``finish``): names and concepts (``medgen_names``), codes
(``medgen_codes``), relations (``medgen_relations``), retired concepts (``medgen_history``). Here are the list of the
files, and the literature.

A concept is ``medgen:`` with its CUI. A C-number is a CUI of the UMLS as well, and matches it exactly; a CN-number was
made by NCBI and never is one.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from calckg.upstream import OnError, medgen_codes, medgen_history, medgen_names, medgen_relations
from calckg.upstream.by_rule import account
from calckg.upstream.ends import namespace
from calckg.upstream.medgen_files import Kind, date_in_name, load, refuse
from calckg.upstream.medgen_staging import clear, no_cui, prepare, wrong_cui
from calckg.upstream.source import Fill, Format, Source, Stated

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["FORMATS", "SOURCE", "fill_literature", "finish"]

LITERATURE: Final = Kind("medgen_pubmed_lnk", ("UID", "CUI", "NAME", "PMID"))
_UID: Final = "[1-9][0-9]{0,7}"


def fill_literature(connection: DuckDBPyConnection, path: Path, graph: str, on_error: OnError) -> int:
    """Read medgen_pubmed_lnk: the papers about each concept, without a category; and its UID and name."""
    prepare(connection)
    count, found = load(connection, "medgen_file", path, LITERATURE, on_error, text=("NAME",))
    checks = {
        "UID": (lambda column: f"{column} IS NOT NULL AND NOT regexp_full_match({column}, '{_UID}')", _wrong_number),
        "CUI": (no_cui, wrong_cui),
        "PMID": (lambda column: f"NOT regexp_full_match({column}, '{_UID}')", _wrong_number),
    }
    refuse(connection, "medgen_file", found, on_error, checks)
    connection.execute(
        f"""
        INSERT INTO literature_link (graph, concept, citation)
        SELECT DISTINCT $graph, {namespace("medgen")} || CUI, {namespace("PMID")} || PMID FROM medgen_file
        """,
        {"graph": graph},
    )
    connection.execute(
        f"""
        INSERT INTO citation (graph, citation, pmid)
        SELECT DISTINCT $graph, {namespace("PMID")} || PMID, PMID FROM medgen_file
        """,
        {"graph": graph},
    )
    connection.execute(
        f"""
        INSERT INTO medgen_title
        SELECT DISTINCT CUI, NAME, CAST(NULL AS VARCHAR), {medgen_codes.RANK_OF_MAPPINGS}, true
        FROM medgen_file WHERE NAME IS NOT NULL
        """
    )
    connection.execute(
        """
        INSERT INTO medgen_code
        SELECT DISTINCT CUI, 'medgen.uid', UID, CAST(NULL AS VARCHAR), true, CAST(NULL AS VARCHAR)
        FROM medgen_file WHERE UID IS NOT NULL
        """
    )
    connection.execute("DROP TABLE medgen_file")
    return count


def _wrong_number(text: str) -> str:
    return f"a number of 1 to 8 digits without a leading zero expected, found {text!r}"


def finish(connection: DuckDBPyConnection, graph: str) -> None:
    """Write what all files of the release say together."""
    prepare(connection)
    medgen_names.settle_names(connection, graph)
    medgen_names.settle_concepts(connection, graph)
    medgen_relations.associate(connection, graph)
    medgen_history.settle_current(connection)
    medgen_codes.settle_codes(connection, graph)
    medgen_history.settle_gone(connection, graph)
    medgen_names.settle_ends(connection, graph)
    clear(connection)


def _stated(path: Path, head: bytes) -> Stated:
    """MedGen's files carry no release: take the date that the name of a download carries, or of its packing."""
    date = date_in_name(path) or _packed_on(path)
    return Stated(version=date, issued=date)


def _packed_on(path: Path) -> str | None:
    """Return the day on which a gzip file was made, which NCBI does with each release (RFC 1952, 2.3.1: MTIME)."""
    with path.open("rb") as stream:
        head = stream.read(8)
    seconds = int.from_bytes(head[4:], "little") if head[:2] == b"\x1f\x8b" else 0
    return datetime.fromtimestamp(seconds, UTC).date().isoformat() if seconds else None


SOURCE: Final = Source(
    name="medgen",
    title="MedGen",
    publisher="National Center for Biotechnology Information",
    landing_page="https://www.ncbi.nlm.nih.gov/medgen/",
    infores="https://w3id.org/information-resource-registry/medgen",
    # The terms of SNOMED CT and of some sources of the UMLS are in it.
    redistribution=False,
    name_priority=22,
    license="https://www.ncbi.nlm.nih.gov/home/about/policies/",
    rights="Work of the U.S. government; the terms of the UMLS hold for names that come from some vocabularies.",
    finish=finish,
    left_out=account,
)

_FILES: Final[tuple[tuple[str, Kind, Fill], ...]] = (
    ("names", medgen_names.NAMES, medgen_names.fill_names),
    ("terms", medgen_names.ATOMS, medgen_names.fill_atoms),
    ("definitions", medgen_names.DEFINITIONS, medgen_names.fill_definitions),
    ("semantic types", medgen_names.TYPES, medgen_names.fill_types),
    ("attributes", medgen_names.ATTRIBUTES, medgen_names.fill_attributes),
    ("relations", medgen_relations.RELATIONS, medgen_relations.fill_relations),
    ("merged concepts", medgen_history.MERGED, medgen_history.fill_merged),
    ("codes", medgen_codes.MAPPINGS, medgen_codes.fill_mappings),
    ("HPO terms", medgen_codes.FEATURES, medgen_codes.fill_features),
    ("HPO terms of OMIM", medgen_relations.FEATURES, medgen_relations.fill_features),
    ("literature", LITERATURE, fill_literature),
    ("history of concepts", medgen_history.CONCEPTS, medgen_history.fill_concepts),
    *(
        (f"history of {prefix}", kind, medgen_history.fill_codes(prefix))
        for prefix, kind in medgen_history.CODES.items()
    ),
)
FORMATS: Final = tuple(Format(f"MedGen {name}", SOURCE, kind.matches, fill, _stated) for name, kind, fill in _FILES)
"""The files of MedGen that are read."""
