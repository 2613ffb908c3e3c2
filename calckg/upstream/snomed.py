"""SNOMED CT's snapshot release (Release Format 2), International and national editions: the user's own, licensed copy.

What needs several files (the preferred term of a language reference set, the category of a concept from its fully
specified name, associations between categories) is put by and done once all are read, by ``snomed_concepts``.

Inactive descriptions are hidden names. Left out are other inactive rows, which are history; relationships that are
stated or additional; and members of reference sets that are about descriptions.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from calckg.upstream import OnError
from calckg.upstream.by_rule import account
from calckg.upstream.ends import namespace, resource, scheme
from calckg.upstream.snomed_concepts import finish, stage
from calckg.upstream.snomed_files import (
    ASSOCIATION,
    ATTRIBUTE_VALUE,
    COMPLEX_MAP,
    CONCEPT,
    CONCEPT_INACTIVATION,
    DESCRIPTION,
    EXTENDED_MAP,
    FULLY_SPECIFIED_NAME,
    INFERRED,
    IS_A,
    LANGUAGE,
    NAME,
    NO_CONCEPTS,
    NOT_ACTIVE,
    PREFERRED,
    RELATIONSHIP,
    ROW,
    SIMPLE_MAP,
    SYNONYM,
    TEXT_DEFINITION,
    date,
    leave_by_rule,
    rows,
)
from calckg.upstream.snomed_maps import fill_map
from calckg.upstream.source import Fill, Format, Source, Stated

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def fill_concepts(connection: DuckDBPyConnection, path: Path, graph: str, on_error: OnError) -> int:
    """Read Concept: what is inactive is deprecated since the date of the row."""
    count = rows(connection, path, CONCEPT, on_error, concepts=("id",))
    connection.execute(
        f"""
        INSERT INTO concept (graph, concept, scheme, notation, deprecated, retired_on, modified)
        SELECT $graph, {namespace("SCTID")} || id, {scheme("SCTID")}, 'SCTID:' || id,
            CASE WHEN active = '0' THEN true END,
            CASE WHEN active = '0' THEN {date("effectiveTime")} END,
            CASE WHEN active = '1' THEN {date("effectiveTime")} END
        FROM {ROW}
        """,
        {"graph": graph},
    )
    return count


def fill_descriptions(connection: DuckDBPyConnection, path: Path, graph: str, on_error: OnError) -> int:
    """Read Description or TextDefinition."""
    stage(connection)
    types = f"{FULLY_SPECIFIED_NAME}|{SYNONYM}|{TEXT_DEFINITION}"
    texts = {
        "languageCode": ("[A-Za-z]{2,3}(-[A-Za-z0-9]+)*", "a language such as en"),
        "typeId": (types, f"a type of description ({types.replace('|', ', ')})"),
        "term": ("", "a term"),
    }
    count = rows(connection, path, DESCRIPTION, on_error, concepts=("conceptId",), texts=texts)
    connection.execute(
        f"""
        INSERT INTO definition (graph, concept, text, lang, kind, knowledge_source)
        SELECT $graph, {namespace("SCTID")} || conceptId, nfc_normalize(term), lower(languageCode), 'definition',
            {resource("infores:snomedct")}
        FROM {ROW} WHERE typeId = '{TEXT_DEFINITION}' AND active = '1'
        """,
        {"graph": graph},
    )
    connection.execute(
        f"""
        INSERT INTO snomed_description
        SELECT id, {namespace("SCTID")} || conceptId, lower(languageCode), typeId = '{FULLY_SPECIFIED_NAME}',
            nfc_normalize(term), active = '1'
        FROM {ROW} WHERE typeId <> '{TEXT_DEFINITION}'
        """
    )
    return count


def fill_language(connection: DuckDBPyConnection, path: Path, graph: str, on_error: OnError) -> int:
    """Read a language reference set: which descriptions are preferred in a dialect."""
    stage(connection)
    count = rows(connection, path, LANGUAGE, on_error, concepts=("refsetId",))
    only = {**NOT_ACTIVE, "acceptable, not preferred": f"acceptabilityId IS DISTINCT FROM '{PREFERRED}'"}
    leave_by_rule(connection, path, only)
    connection.execute(f"INSERT INTO snomed_language SELECT referencedComponentId, refsetId FROM {ROW}")
    return count


def fill_relationships(connection: DuckDBPyConnection, path: Path, graph: str, on_error: OnError) -> int:
    """Read Relationship: is-a into ``broader``; attributes are put by."""
    stage(connection)
    count = rows(connection, path, RELATIONSHIP, on_error, concepts=("sourceId", "destinationId", "typeId"))
    only = {**NOT_ACTIVE, "not inferred": f"characteristicTypeId IS DISTINCT FROM '{INFERRED}'"}
    leave_by_rule(connection, path, only)
    sct = namespace("SCTID")
    connection.execute(
        f"""
        INSERT INTO broader (graph, concept, broader)
        SELECT $graph, {sct} || sourceId, {sct} || destinationId FROM {ROW} WHERE typeId = '{IS_A}'
        """,
        {"graph": graph},
    )
    connection.execute(
        f"""
        INSERT INTO snomed_claim
        SELECT typeId, {sct} || sourceId, {sct} || destinationId, id, {date("effectiveTime")}
        FROM {ROW} WHERE typeId <> '{IS_A}'
        """
    )
    return count


def fill_associations(connection: DuckDBPyConnection, path: Path, graph: str, on_error: OnError) -> int:
    """Read the association reference sets: which concepts stand for an inactive one, and other links."""
    stage(connection)
    concepts = ("refsetId", "referencedComponentId", "targetComponentId")
    count = rows(connection, path, ASSOCIATION, on_error, concepts=concepts, leave=NO_CONCEPTS)
    sct = namespace("SCTID")
    connection.execute(
        f"INSERT INTO snomed_association "
        f"SELECT refsetId, {sct} || referencedComponentId, {sct} || targetComponentId FROM {ROW}"
    )
    return count


def fill_reasons(connection: DuckDBPyConnection, path: Path, graph: str, on_error: OnError) -> int:
    """Read the attribute value reference sets: why a concept was made inactive; the others are left out."""
    stage(connection)
    concepts = ("referencedComponentId", "valueId")
    leave = {**NOT_ACTIVE, "no reason for a concept": f"refsetId <> '{CONCEPT_INACTIVATION}'"}
    count = rows(connection, path, ATTRIBUTE_VALUE, on_error, concepts=concepts, leave=leave)
    sct = namespace("SCTID")
    connection.execute(f"INSERT INTO snomed_reason SELECT {sct} || referencedComponentId, {sct} || valueId FROM {ROW}")
    return count


def _fill_simple_map(connection: DuckDBPyConnection, path: Path, graph: str, on_error: OnError) -> int:
    return fill_map(connection, path, graph, on_error, SIMPLE_MAP)


def _fill_complex_map(connection: DuckDBPyConnection, path: Path, graph: str, on_error: OnError) -> int:
    return fill_map(connection, path, graph, on_error, COMPLEX_MAP)


def _fill_extended_map(connection: DuckDBPyConnection, path: Path, graph: str, on_error: OnError) -> int:
    return fill_map(connection, path, graph, on_error, EXTENDED_MAP)


def _named(*kinds: str) -> Callable[[str, bytes], bool]:
    def matches(file: str, head: bytes) -> bool:
        found = NAME.fullmatch(file)
        return found is not None and found["kind"] in kinds and head.removeprefix(b"\xef\xbb\xbf").startswith(b"id\t")

    return matches


def _stated(path: Path, head: bytes) -> Stated:
    found = NAME.fullmatch(path.name)
    if found is None:
        return Stated()
    day = found["date"]
    return Stated(version=f"{found['edition']} {day}", issued=f"{day[:4]}-{day[4:6]}-{day[6:]}")


SOURCE: Final = Source(
    name="snomed",
    title="SNOMED CT",
    publisher="SNOMED International",
    landing_page="https://www.snomed.org/",
    infores="https://w3id.org/information-resource-registry/snomedct",
    redistribution=False,
    name_priority=16,
    license="https://www.snomed.org/get-snomed",
    rights="For affiliate licensees of SNOMED International and users in its member countries.",
    finish=finish,
    left_out=account,
)

_FILES: Final[tuple[tuple[str, tuple[str, ...], Fill], ...]] = (
    ("concepts", ("sct2_Concept_",), fill_concepts),
    ("descriptions", ("sct2_Description_", "sct2_TextDefinition_"), fill_descriptions),
    ("relationships", ("sct2_Relationship_",), fill_relationships),
    ("language reference sets", ("der2_cRefset_Language",), fill_language),
    (
        "association reference sets",
        ("der2_cRefset_Association", "der2_cRefset_AssociationReference"),
        fill_associations,
    ),
    ("inactivation reasons", ("der2_cRefset_AttributeValue",), fill_reasons),
    ("simple maps", ("der2_sRefset_SimpleMap",), _fill_simple_map),
    ("complex maps", ("der2_iissscRefset_ComplexMap",), _fill_complex_map),
    ("extended maps", ("der2_iisssccRefset_ExtendedMap",), _fill_extended_map),
)
FORMATS: Final = tuple(
    Format(f"SNOMED CT {name}", SOURCE, _named(*kinds), fill, _stated) for name, kinds, fill in _FILES
)
"""The files of a snapshot release that are read."""
