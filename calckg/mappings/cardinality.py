"""Checks of how many: an exact match is one to one within a pair of sources, and a pair has one precision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from calckg.mappings.intake import File

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

EXACT: Final = "predicate IN ('skos:exactMatch', 'owl:equivalentClass', 'owl:sameAs') AND NOT negated"
_TERMS: Final = "subject IS NOT NULL AND object IS NOT NULL AND 'sssom:NoTermFound' NOT IN (subject, object)"


def queries(connection: DuckDBPyConnection, files: Sequence[File]) -> dict[str, str]:
    """Return the query of each rule; makes ``mapping_exact(id, subject, object, …)`` of the exact matches."""
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE mapping_exact AS SELECT * FROM mapping WHERE {EXACT} AND {_TERMS} "
        "AND subject <> object"
    )
    return {
        "cardinality/exact": " UNION ALL ".join(
            _several(one, other) for one, other in (("subject", "object"), ("object", "subject"))
        ),
        "cardinality/precisions": f"""
            SELECT m.id, 'predicate_id' AS slot, 'stated as ' || several.said AS said
            FROM mapping m JOIN (
                SELECT subject, object, string_agg(DISTINCT predicate, ', ' ORDER BY predicate) AS said
                FROM mapping WHERE {_TERMS} AND NOT negated AND starts_with(predicate, 'skos:')
                AND predicate NOT IN ('skos:relatedMatch', 'skos:mappingRelation')
                GROUP BY subject, object HAVING count(DISTINCT predicate) > 1) several
            ON several.subject = m.subject AND several.object = m.object
            WHERE NOT m.negated AND starts_with(m.predicate, 'skos:')""",
    }


def _several(one: str, other: str) -> str:
    """Return the exact matches of a code with more than one code of the same source."""
    return f"""SELECT m.id, '{one}_id' AS slot,
            m.{one} || ' has ' || k.n || ' exact matches in ' || m.{other}_prefix || ': ' || k.said AS said
        FROM mapping_exact m JOIN (
            SELECT {one}, {other}_prefix, count(DISTINCT {other}) AS n,
                array_to_string(list_sort(list(DISTINCT {other}))[:5], ', ')
                    || CASE WHEN count(DISTINCT {other}) > 5 THEN ', …' ELSE '' END AS said
            FROM mapping_exact GROUP BY {one}, {other}_prefix HAVING min({other}) < max({other})) k
        ON k.{one} = m.{one} AND k.{other}_prefix = m.{other}_prefix"""
