"""The codes of MedGen's concepts: those in MGCONSO, MedGenIDMappings and MedGen_HPO_Mapping, and the UIDs.

MedGen says that a code names its concept, so the two match exactly, as long as the code names no other concept and the
concept has no other current code of that system (two codes of one system are two things there): then it is a close
match. A title that an OMIM entry only includes, and the allelic variants of an entry, are not the entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from calckg import prefixes
from calckg.identifiers import CODE_SYSTEMS
from calckg.tables import SEPARATOR
from calckg.upstream import OnError, sctid
from calckg.upstream.by_rule import leave_out
from calckg.upstream.ends import namespace, resource, scheme
from calckg.upstream.flat import quoted
from calckg.upstream.medgen_files import Kind, load, refuse
from calckg.upstream.medgen_staging import no_cui, prepare, wrong_cui
from calckg.upstream.semantic_types import SEMANTIC_TYPES
from calckg.upstream.umls_files import prefix_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MAPPINGS: Final = Kind(
    "MedGenIDMappings", ("CUI_or_CN_id", "pref_name", "source_id", "source"), other={"CUI": "CUI_or_CN_id"}
)
FEATURES: Final = Kind("MedGen_HPO_Mapping", ("CUI", "SDUI", "HpoStr", "MedGenStr", "MedGenStr_SAB", "STY"))

HEADS: Final = ("PT", "MH", "NM", "FN")
"""Term types that name a code itself; an entry term may lead to a heading that means more."""

# A code as it is written, where that is not the prefix and a colon; the group is the local part.
_FORMS: Final[Mapping[str, str]] = {
    "OMIMPS": "(?:OMIM(?:PS)?:)?PS({})",
    "Orphanet": "(?:ORPHA|Orphanet)[:_]?({})",
}
# The sources of MedGenIDMappings; ``main`` false: the concept is not what the code stands for.
_SOURCES: Final[Mapping[str, tuple[str, bool]]] = {
    "HPO": ("HP", True),
    "Human Phenotype Ontology (HPO)": ("HP", True),
    "MedGen": ("medgen.uid", True),
    "MedGen UID": ("medgen.uid", True),
    "MeSH": ("mesh", True),
    "MONDO": ("MONDO", True),
    "OMIM": ("OMIM", True),
    "OMIM included": ("OMIM", False),
    "OMIM Phenotypic Series": ("OMIMPS", True),
    "Orphanet": ("Orphanet", True),
    "SNOMEDCT_US": ("SCTID", True),
    "SNOMED CT": ("SCTID", True),
}
_EMPTY: Final = "(source_id IS NULL OR source IS NULL)"
RANK_OF_MAPPINGS: Final = 1
"""The rank of the preferred names in the files of mappings: after NAMES."""


def local_part(prefix: str, column: str) -> str:
    """Return the SQL of the local part of a code in ``column``; NULL when it has not the form of the system's."""
    form = _FORMS.get(prefix, f"(?:{prefix}[:_])?({{}})").format(f"(?:{CODE_SYSTEMS[prefix].pattern})")
    whole = quoted(rf"\A(?:{form})\z")
    return f"nullif(regexp_extract({column}, {whole}, 1), '')"


def stage_codes(connection: DuckDBPyConnection, table: str) -> None:
    """Put by the codes of the rows of MGCONSO in ``table``: the first of SDUI, CODE and SCUI that is one."""
    for (sab,) in connection.execute(f"SELECT DISTINCT SAB FROM {table} ORDER BY SAB").fetchall():
        known = prefix_of(str(sab))
        for prefix in (known, "OMIMPS") if known == "OMIM" else (known,) if known else ():
            codes = ", ".join(local_part(prefix, column) for column in ("SDUI", "CODE", "SCUI"))
            real = sctid.is_concept("local") if prefix == "SCTID" else "local IS NOT NULL"
            connection.execute(
                f"""
                INSERT INTO medgen_code
                SELECT cui, {quoted(prefix)}, local, STR, main, NULL
                FROM (
                    SELECT CUI AS cui, coalesce({codes}) AS local, STR,
                        CASE WHEN SUPPRESS = 'O' THEN false WHEN TTY IN {HEADS} THEN true END AS main
                    FROM {table} WHERE SAB = {quoted(str(sab))}
                )
                WHERE {real}
                """
            )


def fill_mappings(connection: DuckDBPyConnection, path: Path, graph: str, on_error: OnError) -> int:
    """Read MedGenIDMappings: names, UIDs and codes. What has no IRI (an allele, a GARD number) is kept as a text."""
    prepare(connection)
    count, found = load(connection, "medgen_file", path, MAPPINGS, on_error, text=("pref_name",))
    refuse(connection, "medgen_file", found, on_error, {"CUI_or_CN_id": (no_cui, wrong_cui)})
    leave_out(connection, MAPPINGS.stem, f"SELECT 'no identifier of a source' FROM medgen_file WHERE {_EMPTY}")
    connection.execute(
        f"""
        INSERT INTO medgen_title
        SELECT DISTINCT CUI_or_CN_id, pref_name, CAST(NULL AS VARCHAR), {RANK_OF_MAPPINGS}, true
        FROM medgen_file WHERE pref_name IS NOT NULL
        """
    )
    forms = " ".join(
        f"WHEN {quoted(source.lower())} THEN {local_part(prefix, 'source_id')}"
        for source, (prefix, _) in _SOURCES.items()
    )
    known = ", ".join(
        f"({quoted(source.lower())}, {quoted(prefix)}, {str(main).lower()})"
        for source, (prefix, main) in _SOURCES.items()
    )
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE medgen_pair AS
        SELECT cui, prefix, main, source, source_id,
            CASE WHEN prefix <> 'SCTID' OR {sctid.is_concept("local")} THEN local END AS local
        FROM (
            SELECT CUI_or_CN_id AS cui, source_id, source, lower(source) AS name, CASE name {forms} END AS local
            FROM medgen_file WHERE NOT {_EMPTY}
        )
        LEFT JOIN (VALUES {known}) AS known(name, prefix, main) USING (name)
        """
    )
    connection.execute(
        """
        INSERT INTO medgen_code SELECT DISTINCT cui, prefix, local, CAST(NULL AS VARCHAR), main, CAST(NULL AS VARCHAR)
        FROM medgen_pair WHERE local IS NOT NULL
        """
    )
    reference, string = prefixes.load().expand("oboInOwl:hasDbXref"), prefixes.load().expand("xsd:string")
    curie = """CASE WHEN starts_with(source_id, source || ':') THEN source_id
            WHEN starts_with(upper(source), 'OMIM') THEN 'OMIM:' || source_id ELSE source || ':' || source_id END"""
    start = quoted(SEPARATOR.join((reference, string, "")))
    connection.execute(
        f"""
        INSERT INTO concept (graph, concept, extra)
        SELECT $graph, {namespace("medgen")} || cui, list(DISTINCT {start} || nfc_normalize({curie}))
        FROM medgen_pair WHERE local IS NULL GROUP BY cui
        """,
        {"graph": graph},
    )
    connection.execute("DROP TABLE medgen_pair")
    connection.execute("DROP TABLE medgen_file")
    return count


def fill_features(connection: DuckDBPyConnection, path: Path, graph: str, on_error: OnError) -> int:
    """Read MedGen_HPO_Mapping: the HPO terms, with HPO's and MedGen's name; a row for each semantic type."""
    prepare(connection)
    count, found = load(connection, "medgen_file", path, FEATURES, on_error, text=("HpoStr", "MedGenStr"))
    refuse(connection, "medgen_file", found, on_error, {"CUI": (no_cui, wrong_cui), "SDUI": (no_term, wrong_term)})
    stage_terms(connection, FEATURES.stem, "CUI", "SDUI", "HpoStr", "MedGenStr", "MedGenStr_SAB")
    connection.execute("DROP TABLE medgen_file")
    return count


def no_term(column: str) -> str:
    """Return the SQL that is true of a value that is no HPO term; there may be none."""
    return f"{column} IS NOT NULL AND {local_part('HP', column)} IS NULL"


def wrong_term(text: str) -> str:
    """Tell what is wrong with an identifier that is no HPO term's."""
    return f"an HPO term expected, HP: and 7 digits, found {text!r}"


def stage_terms(
    connection: DuckDBPyConnection, stem: str, cui: str, term: str, name: str, title: str, sab: str
) -> None:
    """Put by what the rows of ``medgen_file`` say of HPO terms: code, both names, and the semantic type in ``STY``."""
    connection.execute(
        f"""
        INSERT INTO medgen_code
        SELECT DISTINCT {cui}, 'HP', {local_part("HP", term)}, {name}, true, CAST(NULL AS VARCHAR)
        FROM medgen_file WHERE {term} IS NOT NULL
        """
    )
    connection.execute(
        f"""
        INSERT INTO medgen_title
        SELECT DISTINCT {cui}, {title}, {sab}, {RANK_OF_MAPPINGS}, true FROM medgen_file WHERE {title} IS NOT NULL
        """
    )
    connection.execute(
        f"""
        INSERT INTO medgen_term
        SELECT DISTINCT {cui}, {name}, 'HPO', 'HP:' || {local_part("HP", term)}
        FROM medgen_file WHERE {name} IS NOT NULL
        """
    )
    names = ", ".join(f"({quoted(known.tui)}, {quoted(known.name.lower())})" for known in SEMANTIC_TYPES.values())
    types = f"(VALUES {names}) AS known(tui, name)"
    connection.execute(
        f"""
        INSERT INTO medgen_type SELECT DISTINCT {cui}, tui, CAST(NULL AS VARCHAR)
        FROM medgen_file JOIN {types} ON name = lower(STY)
        """
    )
    leave_out(
        connection,
        stem,
        f"SELECT 'semantic type of an unknown name: ' || STY FROM medgen_file ANTI JOIN {types} ON name = lower(STY) "
        "WHERE STY IS NOT NULL",
    )


def settle_codes(connection: DuckDBPyConnection, graph: str) -> None:
    """Write ``mapping`` when all codes are known, and describe the codes. Needs ``medgen_called``.

    Every C-number is a CUI of the UMLS. The name of a code is the one that it has when it matches exactly; without one,
    MedGen's name of the concept.
    """
    _match_codes(connection)
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE medgen_end AS
        SELECT prefix, local, substr(min(CASE WHEN exact THEN '0' ELSE '1' END
            || CASE WHEN label IS NULL THEN '1' ELSE '0' END || coalesce(label, text, '')), 3) AS name
        FROM medgen_match LEFT JOIN medgen_called USING (cui) GROUP BY prefix, local
        """
    )
    found = connection.execute("SELECT DISTINCT prefix FROM medgen_end ORDER BY prefix").fetchall()
    # One statement for all systems: small ones one after another take several times as long.
    spaces = " ".join(f"WHEN '{prefix}' THEN {namespace(prefix)}" for (prefix,) in found) or "WHEN '' THEN ''"
    schemes = " ".join(f"WHEN '{prefix}' THEN {scheme(prefix)}" for (prefix,) in found) or "WHEN '' THEN ''"
    code = f"CASE prefix {spaces} END || local"
    predicate = f"CASE WHEN exact THEN {resource('skos:exactMatch')} ELSE {resource('skos:closeMatch')} END"
    connection.execute(
        f"""
        INSERT INTO mapping (graph, subject_id, predicate_id, object_id, object_label, mapping_justification,
            mapping_date)
        SELECT $graph, {namespace("medgen")} || cui, {predicate}, {code}, label,
            {resource("semapv:UnspecifiedMatching")}, CASE WHEN length(since) = 10 THEN since END
        FROM medgen_match
        """,
        {"graph": graph},
    )
    connection.execute(
        f"""
        INSERT INTO concept (graph, concept, scheme, notation, category)
        SELECT $graph, {code}, CASE prefix {schemes} END, prefix || ':' || local, [{resource("biolink:NamedThing")}]
        FROM medgen_end
        """,
        {"graph": graph},
    )
    connection.execute(
        f"""
        INSERT INTO name (graph, concept, text, lang, kind)
        SELECT $graph, {code}, name, 'en', 'exact' FROM medgen_end WHERE name <> ''
        """,
        {"graph": graph},
    )
    connection.execute("DROP TABLE medgen_end")
    connection.execute("DROP TABLE medgen_match")


def _match_codes(connection: DuckDBPyConnection) -> None:
    """Make the temporary table ``medgen_match`` of one row for each concept and code."""
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE medgen_coded AS
        SELECT cui, prefix, local, coalesce(bool_or(main), false) AS head, bool_or(coalesce(main, true)) AS live,
            substr(min(CASE WHEN main THEN '0' WHEN main IS NULL THEN '1' ELSE '2' END || label), 2) AS label,
            max(since) AS since
        FROM medgen_code GROUP BY cui, prefix, local
        """
    )
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE medgen_match AS
        WITH code AS (
            SELECT prefix, local, bool_or(head) AS led, count(*) FILTER (head) AS heads, count(*) FILTER (live) AS lives
            FROM medgen_coded GROUP BY prefix, local
        ),
        standing AS (
            SELECT medgen_coded.*, CASE WHEN led THEN head ELSE live END AS main,
                CASE WHEN led THEN heads ELSE lives END = 1 AS alone
            FROM medgen_coded JOIN code USING (prefix, local)
        ),
        several AS (
            SELECT prefix, cui, true AS several FROM standing WHERE main GROUP BY prefix, cui HAVING count(*) > 1
        )
        SELECT cui, prefix, local, label, since, main AND alone AND several IS NULL AS exact
        FROM standing LEFT JOIN several USING (prefix, cui)
        UNION ALL
        SELECT cui, 'UMLS', cui, NULL, NULL, true FROM medgen_described WHERE NOT starts_with(cui, 'CN')
        """
    )
    connection.execute("DROP TABLE medgen_coded")
