"""SNOMED CT's maps to other code systems (Release File Specification, 5.2.3), each row with its rule.

A map is not an equivalence: a classification puts a concept into a class. The row's correlation says how the two
compare. Where it says nothing, a concept that is properly and always classified by one code has that code above it
(``skos:broadMatch``), and all else (one of several codes, or under a rule) is ``skos:relatedMatch``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from calckg.identifiers import CODE_SYSTEMS
from calckg.upstream import OnError
from calckg.upstream.ends import namespace, resource, scheme
from calckg.upstream.flat import Layout, refuse
from calckg.upstream.snomed_files import NO_CONCEPTS, ROW, date, rows

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# The map reference sets whose code system has a declared prefix, and the names of others'.
_SYSTEMS: Final = {"447562003": "ICD10WHO", "6011000124106": "ICD10CM"}
_UNDECLARED: Final = {"446608001": "ICDO", "900000000000497000": "CTV3"}

_CORRELATIONS: Final = {
    "447557004": "skos:exactMatch",
    "447558009": "skos:broadMatch",  # narrow to broad: the code is the broader
    "447559001": "skos:narrowMatch",
    "447560006": "skos:relatedMatch",  # partial overlap
}
_NOT_MAPPABLE: Final = "447556008"
_PROPERLY_CLASSIFIED: Final = "447637006"
_ALWAYS: Final = ("TRUE", "OTHERWISE TRUE")

_UUID: Final = "[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_EXTRA: Final = (
    ("mapGroup", "xsd:integer", "mapGroup"),
    ("mapPriority", "xsd:integer", "mapPriority"),
    ("mapRule", "xsd:string", "nfc_normalize(mapRule)"),
    ("mapAdvice", "xsd:string", "nfc_normalize(mapAdvice)"),
    ("mapTarget", "xsd:string", "CASE WHEN mapTarget <> local THEN mapTarget END"),
    ("mapCorrelation", "", "{sct} || correlationId"),
    ("mapCategory", "", "{sct} || mapCategoryId"),
)


def fill_map(connection: DuckDBPyConnection, path: Path, graph: str, on_error: OnError, layout: Layout) -> int:
    """Read a simple, complex or extended map: to ICD-10 and ICD-10-CM into ``mapping``.

    Codes of systems without a declared prefix become cross-references in words (``CTV3:XE0UG``) of the concept.
    """
    texts = {"id": (_UUID, "a UUID")}
    if "mapGroup" in layout.columns:
        texts |= dict.fromkeys(("mapGroup", "mapPriority"), ("[0-9]{1,4}", "a number"))
    concepts = ("refsetId", "referencedComponentId")
    if "correlationId" in layout.columns:
        texts["correlationId"] = ("[0-9]*", "an identifier")
    if "mapCategoryId" in layout.columns:
        texts["mapCategoryId"] = ("[0-9]*", "an identifier")
    count = rows(
        connection,
        path,
        layout,
        on_error,
        concepts=concepts,
        texts=texts,
        leave=NO_CONCEPTS,
    )
    for column in ("mapGroup", "mapPriority", "mapRule", "mapAdvice", "correlationId", "mapCategoryId"):
        if column not in layout.columns:
            connection.execute(f"ALTER TABLE {ROW} ADD COLUMN {column} VARCHAR")
    refuse(connection, ROW, path, layout, on_error, {"mapTarget": _wrong_targets(connection)})
    _insert_mappings(connection, graph)
    _insert_references(connection, graph)
    return count


def _local() -> str:
    """Return the SQL of the code in ``mapTarget``; ICD-10-CM's ends in ? where a seventh character is to be added."""
    return "rtrim(mapTarget, '?')"


def _wrong_targets(connection: DuckDBPyConnection) -> dict[str, str]:
    wrong: dict[str, str] = {}
    for refset, prefix in _SYSTEMS.items():
        system = CODE_SYSTEMS[prefix]
        found = connection.execute(
            f"SELECT DISTINCT mapTarget FROM {ROW} WHERE refsetId = '{refset}' AND mapTarget IS NOT NULL "
            f"AND NOT regexp_full_match({_local()}, '{system.pattern}')"
        ).fetchall()
        wrong |= {str(v): f"{str(v)!r} is no code of {system.name}; expected {system.form}" for (v,) in found}
    return wrong


def _insert_mappings(connection: DuckDBPyConnection, graph: str) -> None:
    sct = namespace("SCTID")
    systems = ", ".join(f"('{refset}', {namespace(prefix)}, {scheme(prefix)})" for refset, prefix in _SYSTEMS.items())
    said = " ".join(
        f"WHEN '{value}' THEN {resource(name)}" for value, name in _CORRELATIONS.items() if value != "447557004"
    )
    items = ", ".join(
        f"{resource(f'ckg:{name}')} || chr(31) || {resource(kind) if kind else repr('')} || chr(31) || "
        f"({value.format(sct=sct)})"
        for name, kind, value in _EXTRA
    )
    connection.execute(
        f"""
        INSERT INTO mapping (graph, record_id, subject_id, predicate_id, object_id, mapping_justification,
            subject_source, object_source, mapping_date, extra)
        WITH target AS (
            SELECT r.*, {_local()} AS local, system.namespace, system.scheme,
                r.mapTarget IS NULL OR correlationId IS NOT DISTINCT FROM '{_NOT_MAPPABLE}' AS unmapped
            FROM {ROW} AS r JOIN (VALUES {systems}) AS system(refsetId, namespace, scheme) USING (refsetId)
        ),
        counted AS (
            SELECT refsetId, referencedComponentId, count(*) AS members, count(DISTINCT mapTarget) AS targets
            FROM {ROW} GROUP BY refsetId, referencedComponentId
        )
        SELECT $graph, {sct} || id, {sct} || referencedComponentId,
            CASE
                WHEN correlationId = '447557004' AND NOT unmapped AND local = mapTarget
                    THEN CASE WHEN targets = 1 THEN {resource("skos:exactMatch")} ELSE {resource("skos:closeMatch")} END
                WHEN unmapped THEN {resource("skos:broadMatch")}
                ELSE CASE correlationId {said} ELSE
                    CASE
                        WHEN mapGroup IS NULL THEN {resource("skos:closeMatch")}
                        WHEN mapCategoryId = '{_PROPERLY_CLASSIFIED}' AND mapRule IN {_ALWAYS} AND members = 1
                            THEN {resource("skos:broadMatch")}
                        ELSE {resource("skos:relatedMatch")}
                    END
                END
            END,
            CASE WHEN unmapped THEN {resource("sssom:NoTermFound")} ELSE namespace || local END,
            {resource("semapv:UnspecifiedMatching")}, {scheme("SCTID")}, scheme, {date("effectiveTime")},
            string_split(nullif(concat_ws(chr(29), {items}), ''), chr(29))
        FROM target JOIN counted USING (refsetId, referencedComponentId)
        """,
        {"graph": graph},
    )


def _insert_references(connection: DuckDBPyConnection, graph: str) -> None:
    known = " ".join(f"WHEN '{refset}' THEN '{name}'" for refset, name in _UNDECLARED.items())
    item = (
        f"{resource('oboInOwl:hasDbXref')} || chr(31) || {resource('xsd:string')} || chr(31) || "
        f"CASE refsetId {known} ELSE refsetId END || ':' || nfc_normalize(mapTarget)"
    )
    connection.execute(
        f"""
        INSERT INTO concept (graph, concept, extra)
        SELECT $graph, {namespace("SCTID")} || referencedComponentId, list(DISTINCT {item})
        FROM {ROW} WHERE refsetId NOT IN {tuple(_SYSTEMS)} AND mapTarget IS NOT NULL GROUP BY referencedComponentId
        """,
        {"graph": graph},
    )
