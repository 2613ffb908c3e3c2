"""Checks of how many: an exact match is one to one within a pair of sources, and a pair has one precision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from calckg.mappings.codes import TERMS
from calckg.mappings.intake import File, quoted, union
from calckg.upstream.sssom_slots import SLOTS, split

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

EXACT: Final = "predicate IN ('skos:exactMatch', 'owl:equivalentClass', 'owl:sameAs') AND NOT negated"
_PRECISE: Final = (
    f"SELECT subject, object, predicate FROM mapping WHERE {TERMS} AND NOT negated AND starts_with(predicate, 'skos:') "
    "AND predicate NOT IN ('skos:relatedMatch', 'skos:mappingRelation')"
)


def queries(connection: DuckDBPyConnection, files: Sequence[File]) -> dict[str, str]:
    """Return the query of each rule; makes ``mapping_exact(id, subject, …, scope, subject_key, object_key)``."""
    scopes = _scopes(connection)
    key = "NULL::VARCHAR"
    if any(scopes.values()):
        cases = "".join(f" WHEN r.cardinality_scope = {quoted(told)} THEN {_key(of)}" for told, of in scopes.items())
        key = f"(SELECT CASE{cases} END FROM mapping_row r WHERE r.id = m.id)"
    connection.execute(
        "CREATE OR REPLACE TABLE mapping_exact AS "
        f"SELECT id, subject, subject_prefix, object, object_prefix, {key} AS scope, "
        "mapping_key(subject) AS subject_key, mapping_key(object) AS object_key FROM mapping m "
        f"WHERE {EXACT} AND {TERMS} AND subject <> object"
    )
    return {
        "cardinality/exact": " UNION ALL ".join(
            _several(one, other) for one, other in (("subject", "object"), ("object", "subject"))
        ),
        "cardinality/stated": " UNION ALL ".join([_stated(None, ()), *(_stated(*scope) for scope in scopes.items())]),
        "cardinality/shared": """
            SELECT m.id, 'object_id' AS slot,
                m.object || ' is the cross-reference of ' || k.n || ' terms: ' || k.said AS said
            FROM mapping m JOIN (
                SELECT object, subject_prefix, count(DISTINCT subject) AS n,
                    array_to_string(list_sort(list(DISTINCT subject))[:5], ', ')
                        || CASE WHEN count(DISTINCT subject) > 5 THEN ', …' ELSE '' END AS said
                FROM mapping WHERE predicate = 'oboInOwl:hasDbXref' AND NOT negated
                GROUP BY object, subject_prefix HAVING min(subject) < max(subject)) k
            ON k.object = m.object AND k.subject_prefix = m.subject_prefix
            WHERE m.predicate = 'oboInOwl:hasDbXref' AND NOT m.negated""",
        "cardinality/precisions": _precisions(connection),
    }


def _precisions(connection: DuckDBPyConnection) -> str:
    rows = connection.execute(f"SELECT DISTINCT predicate FROM ({_PRECISE}) p LIMIT 2").fetchall()
    if len(rows) < 2:  # most sets have exact matches only
        return union(())
    return f"""SELECT m.id, 'predicate_id' AS slot, 'stated as ' || several.said AS said
        FROM mapping m JOIN (
            SELECT subject, object, string_agg(DISTINCT predicate, ', ' ORDER BY predicate) AS said
            FROM ({_PRECISE}) p SEMI JOIN (
                SELECT subject, object FROM ({_PRECISE}) p GROUP BY subject, object
                HAVING min(predicate) < max(predicate)) few USING (subject, object)
            GROUP BY subject, object) several
        ON several.subject = m.subject AND several.object = m.object
        WHERE NOT m.negated AND starts_with(m.predicate, 'skos:')"""


def _scopes(connection: DuckDBPyConnection) -> dict[str, list[str]]:
    """Return the slots of each cardinality scope that rows have (SSSOM 1.1), by the text of the cell."""
    rows = connection.execute(
        "SELECT DISTINCT cardinality_scope FROM mapping_row WHERE cardinality_scope IS NOT NULL ORDER BY 1"
    )
    return {told: [slot for slot in split(told) if slot in SLOTS] for (told,) in rows.fetchall()}


def _key(slots: Sequence[str]) -> str:
    return "concat_ws(chr(31)" + "".join(f", coalesce(r.{slot}, '')" for slot in slots) + ")"


def _stated(told: str | None, slots: Sequence[str]) -> str:
    """The cardinality that rows of one scope state, where there is another one; denials are neither told nor counted.

    A row of ``sssom:NoTermFound`` is about what has no match, and not counted. Literals are what their labels are.
    """
    within = "r.cardinality_scope IS NULL" if told is None else f"r.cardinality_scope = {quoted(told)}"
    group = "".join(f", r.{slot}" for slot in slots)
    ends = {end: f"coalesce(r.{end}_id, r.{end}_label)" for end in ("subject", "object")}
    none = {end: f"coalesce(r.{end}_id = 'sssom:NoTermFound', false)" for end in ends}
    several = {
        end: f"min({ends[end]}) FILTER (found) OVER ({end}_of) < max({ends[end]}) FILTER (found) OVER ({end}_of)"
        for end in ends
    }
    return f"""SELECT id, 'mapping_cardinality' AS slot,
            'said to be ' || mapping_cardinality || ', and it is ' || counted AS said
        FROM (SELECT r.id, r.mapping_cardinality, CASE WHEN {none["subject"]} THEN '0'
                WHEN NOT {none["object"]} AND {several["subject"]} THEN 'n' ELSE '1' END || ':'
                || CASE WHEN {none["object"]} THEN '0'
                WHEN NOT {none["subject"]} AND {several["object"]} THEN 'n' ELSE '1' END AS counted
            FROM (SELECT *, NOT ({none["subject"]} OR {none["object"]}) AS found FROM mapping_row r
                WHERE {within} AND coalesce(r.predicate_modifier, '') <> 'Not'
                AND r.file IN (SELECT file FROM mapping_row WHERE mapping_cardinality IS NOT NULL)) r
            WINDOW subject_of AS (PARTITION BY r.file, {ends["object"]}{group}),
                object_of AS (PARTITION BY r.file, {ends["subject"]}{group})) c
        WHERE mapping_cardinality IN ('1:1', '1:n', 'n:1', 'n:n', '1:0', '0:1', '0:0')
            AND mapping_cardinality <> counted"""


def _several(one: str, other: str) -> str:
    """Return the exact matches of a code with more than one code of the same source.

    Hashes leave few to be looked at; two that are the same by chance are told apart after that.
    """
    return f"""SELECT m.id, '{one}_id' AS slot,
            m.{one} || ' has ' || k.n || ' exact matches in ' || m.{other}_prefix || ': ' || k.said AS said
        FROM mapping_exact m JOIN (
            SELECT {one}, {other}_prefix, scope, count(DISTINCT {other}) AS n,
                array_to_string(list_sort(list(DISTINCT {other}))[:5], ', ')
                    || CASE WHEN count(DISTINCT {other}) > 5 THEN ', …' ELSE '' END AS said
            FROM mapping_exact SEMI JOIN (
                    SELECT hash({one}_key, {other}_prefix) AS h FROM mapping_exact GROUP BY h
                    HAVING min({other}_key) < max({other}_key)) few ON few.h = hash({one}_key, {other}_prefix)
            GROUP BY {one}, {other}_prefix, scope HAVING min({other}) < max({other})) k
        ON k.{one} = m.{one} AND k.{other}_prefix = m.{other}_prefix AND k.scope IS NOT DISTINCT FROM m.scope"""
