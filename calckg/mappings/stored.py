"""The mapping records of a graph as the tables that ``intake`` makes of files."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from calckg import prefixes
from calckg.columnar import LITERAL
from calckg.identifiers import CODE_SYSTEMS
from calckg.mappings.intake import File, quoted, rows_of
from calckg.mappings.vocabulary import namespaces, term_ids
from calckg.quads.properties import DEFINITION_KINDS, MAPPING
from calckg.tables import Type
from calckg.upstream.sssom_slots import SCHEMES, SLOTS

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_REFERENCE: Final = ("record_id", "subject_id", "predicate_id", "object_id", "mapping_justification")
_REFERENCES: Final = "oboInOwl:hasDbXref"


def read(connection: DuckDBPyConnection, slots: Collection[str] = ()) -> list[File]:
    """Fill ``mapping_row`` from ``term`` and ``quad``; return a ``File`` for each named graph that has mappings.

    IRIs are told as CURIEs, several values of a slot with bars between them, in the order of their texts. A
    cross-reference by the prefix of a code system that was no code, and so became a text and no mapping, is one too.
    The table has the slots that are used, and ``slots``, for what is to come in besides.
    """
    run = connection.execute
    table = prefixes.load()
    slots_known = [slot for slot in MAPPING if slot in SLOTS]
    numbers = term_ids(connection, *(MAPPING[slot] for slot in slots_known))
    used = {slot: number for slot, number in zip(slots_known, numbers, strict=True) if number >= 0}
    rows_of(connection, {*used, *slots, *_REFERENCE})
    _records(connection)
    columns = "".join(f', "{slot}"' for slot in used)
    values = "".join(
        f", string_agg({'c.curie' if SLOTS[slot].type is Type.IRI else 't.value'}, '|' ORDER BY t.value) "
        f"FILTER (q.p = {number})"
        for slot, number in used.items()
    )
    _curies(connection, used)
    run("UPDATE mapping_curie SET curie = 'Not' WHERE curie = 'sssom:NegatedPredicate'")  # as files tell it
    run(
        f"""INSERT INTO mapping_told (id, file, graph, record_id{columns})
        SELECT row_number() OVER (ORDER BY r.g, r.s), r.g, g.value, n.value{values}
        FROM mapping_record r JOIN quad q ON q.s = r.s AND q.g = r.g JOIN term t ON t.id = q.o
        LEFT JOIN mapping_curie c ON c.id = q.o JOIN term n ON n.id = r.s JOIN term g ON g.id = r.g
        GROUP BY r.g, r.s, g.value, n.value"""
    )
    _unread(connection)
    run(
        """UPDATE mapping_told SET file = numbered.number FROM (
            SELECT graph, row_number() OVER (ORDER BY graph) - 1 AS number FROM (
                SELECT DISTINCT graph FROM mapping_told) graphs) numbered
        WHERE numbered.graph = mapping_told.graph"""
    )
    run("DROP TABLE mapping_record; DROP TABLE mapping_curie; DROP TABLE mapping_space")
    curie_map = {**table.namespaces, **SCHEMES}
    graphs = run("SELECT DISTINCT file, graph FROM mapping_told ORDER BY file").fetchall()
    return [File(int(number), None, None, curie_map, graph=str(graph)) for number, graph in graphs]


def _records(connection: DuckDBPyConnection) -> None:
    """Make ``mapping_record(s, g)``: the axioms about a mapping; those about a definition are of the same class."""
    table = prefixes.load()
    kinds = ", ".join(quoted(table.expand(name)) for name in DEFINITION_KINDS.values())
    of = term_ids(connection, *(f"owl:annotated{name}" for name in ("Source", "Property", "Target")))
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE mapping_record AS
        SELECT s, g FROM (SELECT DISTINCT s, g FROM quad WHERE p IN ({", ".join(map(str, of))})) axiom
        WHERE NOT EXISTS (
            SELECT 1 FROM quad q JOIN term t ON t.id = q.o
            WHERE q.s = axiom.s AND q.p = {of[1]} AND t.value IN ({kinds}))"""
    )


def _curies(connection: DuckDBPyConnection, used: dict[str, int]) -> None:
    """Make ``mapping_curie(id, curie)``, of the IRIs that stand in slots; the longest namespace counts."""
    ids = ", ".join(str(number) for slot, number in used.items() if SLOTS[slot].type is Type.IRI) or "0"
    namespaces(connection)
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE mapping_curie AS
        SELECT t.id, coalesce(max_by(n.prefix || ':' || substr(t.value, length(n.namespace) + 1), length(n.namespace)),
            min(t.value)) AS curie
        FROM (SELECT DISTINCT q.o FROM quad q SEMI JOIN mapping_record USING (s, g) WHERE q.p IN ({ids})) o
        JOIN term t ON t.id = o.o LEFT JOIN mapping_space n
        ON starts_with(t.value, n.namespace) AND length(t.value) > length(n.namespace) GROUP BY t.id"""
    )


def _unread(connection: DuckDBPyConnection) -> None:
    """Add the cross-references that are texts with the prefix of a code system."""
    reference, notation = term_ids(connection, _REFERENCES, "skos:notation")
    systems = ", ".join(map(quoted, CODE_SYSTEMS))
    connection.execute(
        f"""INSERT INTO mapping_told (id, file, graph, subject_id, predicate_id, object_id, mapping_justification)
        SELECT row_number() OVER (ORDER BY q.g, q.s, q.o) + (SELECT count(*) FROM mapping_told), q.g, g.value,
            (SELECT min(c.value) FROM quad n JOIN term c ON c.id = n.o WHERE n.s = q.s AND n.p = {notation}),
            '{_REFERENCES}', o.value, 'semapv:UnspecifiedMatching'
        FROM quad q JOIN term o ON o.id = q.o JOIN term g ON g.id = q.g
        WHERE q.p = {reference} AND o.kind = {LITERAL} AND split_part(o.value, ':', 1) IN ({systems})
            AND q.s IN (SELECT s FROM quad WHERE p = {notation})"""
    )
