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
    _curies(connection, used)
    run("UPDATE mapping_curie SET curie = 'Not' WHERE curie = 'sssom:NegatedPredicate'")  # as files tell it
    _values(connection, used)
    columns = "".join(f', "{slot}"' for slot in used)
    values = "".join(f', "{number}"' for number in used.values())
    known = ", ".join(map(str, used.values())) or "-1"
    run(
        f"""INSERT INTO mapping_told (id, file, graph, record_id{columns})
        SELECT row_number() OVER (ORDER BY v.g, v.s), v.g, g.value, n.value{values}
        FROM (PIVOT mapping_value ON p IN ({known}) USING any_value(told) GROUP BY g, s) v
        JOIN term n ON n.id = v.s JOIN term g ON g.id = v.g"""
    )
    _unread(connection)
    run(
        """UPDATE mapping_told SET file = numbered.number FROM (
            SELECT graph, row_number() OVER (ORDER BY graph) - 1 AS number FROM (
                SELECT DISTINCT graph FROM mapping_told) graphs) numbered
        WHERE numbered.graph = mapping_told.graph"""
    )
    run("DROP TABLE mapping_record; DROP TABLE mapping_value; DROP TABLE mapping_curie; DROP TABLE mapping_space")
    curie_map = {**table.namespaces, **SCHEMES}
    graphs = run("SELECT DISTINCT file, graph FROM mapping_told ORDER BY file").fetchall()
    return [File(int(number), None, None, curie_map, graph=str(graph)) for number, graph in graphs]


def _records(connection: DuckDBPyConnection) -> None:
    """Make ``mapping_record(s, g)``: the axioms about a mapping; those about a definition are of the same class."""
    table = prefixes.load()
    kinds = ", ".join(quoted(table.expand(name)) for name in DEFINITION_KINDS.values())
    of = term_ids(connection, *(f"owl:annotated{name}" for name in ("Source", "Property", "Target")))
    connection.execute(
        f"""CREATE OR REPLACE TABLE mapping_record AS
        SELECT s, g FROM (SELECT DISTINCT s, g FROM quad WHERE p IN ({", ".join(map(str, of))})) axiom
        WHERE NOT EXISTS (
            SELECT 1 FROM quad q JOIN term t ON t.id = q.o
            WHERE q.s = axiom.s AND q.p = {of[1]} AND t.value IN ({kinds}))"""
    )


def _values(connection: DuckDBPyConnection, used: dict[str, int]) -> None:
    """Make ``mapping_value(g, s, p, told)``, what a record says of each slot."""
    known = ", ".join(map(str, used.values())) or "-1"
    iris = ", ".join(str(number) for slot, number in used.items() if SLOTS[slot].type is Type.IRI) or "-1"
    connection.execute(
        f"""CREATE OR REPLACE TABLE mapping_value AS
        SELECT q.g, q.s, q.p, t.value, CASE WHEN q.p IN ({iris}) THEN c.curie ELSE t.value END AS told
        FROM mapping_record r JOIN quad q ON q.s = r.s AND q.g = r.g JOIN term t ON t.id = q.o
        LEFT JOIN mapping_curie c ON c.id = q.o WHERE q.p IN ({known})"""
    )
    # What has its order takes long, and few slots have more than one value in any record.
    several = "p IN (SELECT p FROM mapping_value GROUP BY g, s, p HAVING count(*) > 1)"
    connection.execute(
        f"""CREATE OR REPLACE TABLE mapping_value AS SELECT g, s, p, told FROM mapping_value WHERE NOT ({several})
        UNION ALL SELECT g, s, p, string_agg(told, '|' ORDER BY value) FROM mapping_value WHERE {several}
        GROUP BY g, s, p"""
    )


def _curies(connection: DuckDBPyConnection, used: dict[str, int]) -> None:
    """Make ``mapping_curie(id, curie)``, of the IRIs that stand in slots; the longest namespace counts."""
    ids = ", ".join(str(number) for slot, number in used.items() if SLOTS[slot].type is Type.IRI) or "0"
    namespaces(connection)
    connection.execute(
        f"""CREATE OR REPLACE TABLE mapping_curie AS
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
