"""Checks against vocabularies: is there such a code, is it retired and what came in its place, is that its name?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from calckg.mappings.identifier import single
from calckg.mappings.intake import File
from calckg.mappings.vocabulary import term_id, term_ids

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_ENDS: Final = ("subject", "object")
# A part of a release may have none: MedGen's names come without its UIDs.
_HAS_CODES: Final = "l.prefix IN (SELECT prefix FROM vocabulary_code)"
_NAMES: Final = ("skos:prefLabel", "skos:altLabel", "skos:hiddenLabel")
_LONGEST: Final = 20  # replacements one after another


def queries(connection: DuckDBPyConnection, files: Sequence[File]) -> dict[str, str]:
    """Return the query of each rule; makes ``vocabulary_retired(code, said, replacement)``."""
    _retired(connection)
    names = term_ids(connection, *_NAMES)
    justification = term_id(connection, "sssom:mapping_justification")
    return {
        "existence/unknown": " UNION ALL ".join(
            f"""SELECT m.id, '{end}_id' AS slot, m.{end} || ' is not in ' || l.title || ' ' || l.version AS said
            FROM mapping m JOIN vocabulary_loaded l ON l.prefix = m.{end}_prefix
            WHERE m.{end} NOT IN (SELECT code FROM vocabulary_code) AND {single(end)} AND {_HAS_CODES}"""
            for end in _ENDS
        ),
        "existence/medgen": " UNION ALL ".join(map(_not_in_medgen, _ENDS)),
        "existence/retired": " UNION ALL ".join(
            f"SELECT m.id, '{end}_id' AS slot, m.{end} || r.said AS said "
            f"FROM mapping m JOIN vocabulary_retired r ON r.code = m.{end}"
            for end in _ENDS
        ),
        "existence/label": " UNION ALL ".join(_label(end, names) for end in _ENDS),
        "existence/called": " UNION ALL ".join(_called(end, names, justification) for end in _ENDS),
        "existence/version": " UNION ALL ".join(map(_version, _ENDS)),
    }


def _retired(connection: DuckDBPyConnection) -> None:
    """Follow the replacements of each retired code to the end."""
    replaced, deprecated, retired, consider = term_ids(
        connection, "dcterms:isReplacedBy", "owl:deprecated", "ckg:retiredOn", "oboInOwl:consider"
    )
    connection.execute(
        f"""CREATE OR REPLACE TABLE vocabulary_replaced AS
        SELECT DISTINCT a.code, b.code AS by FROM quad q JOIN vocabulary_code a ON a.id = q.s
        JOIN vocabulary_code b ON b.id = q.o WHERE q.p = {replaced} AND a.code <> b.code"""
    )
    connection.execute(
        f"""CREATE OR REPLACE TABLE vocabulary_retired AS
        WITH RECURSIVE gone AS (
            SELECT DISTINCT v.code FROM quad q JOIN vocabulary_code v ON v.id = q.s JOIN term t ON t.id = q.o
            WHERE q.p = {deprecated} AND t.value = 'true'
            UNION SELECT code FROM vocabulary_replaced),
        way AS (
            SELECT code, code AS here, [code] AS steps FROM gone
            UNION ALL SELECT w.code, r.by, list_append(w.steps, r.by) FROM way w
            JOIN vocabulary_replaced r ON r.code = w.here
            WHERE len(w.steps) < {_LONGEST} AND NOT list_contains(w.steps, r.by)),
        ended AS (
            SELECT w.code, w.here, w.steps FROM way w
            WHERE NOT EXISTS (SELECT 1 FROM vocabulary_replaced r WHERE r.code = w.here) AND len(w.steps) > 1)
        SELECT g.code, ' is retired' || coalesce(' (' || min(d.said) || ')', '') || CASE count(e.here)
            WHEN 0 THEN coalesce(
                ', and its replacements go round in a circle: ' || g.code || ' → ' || min(c.said),
                '; its vocabulary has you consider ' || min(o.said), ', and nothing took its place')
            WHEN 1 THEN '; ' || min(e.here) || ' took its place'
                || CASE WHEN min(len(e.steps)) > 2 THEN ' by way of ' ||
                    array_to_string(min(e.steps)[2:-2], ', ') ELSE '' END
            ELSE '; ' || string_agg(e.here, ' or ' ORDER BY e.here) || ' took its place' END AS said,
            CASE WHEN count(DISTINCT e.here) = 1 THEN min(e.here) END AS replacement
        FROM gone g LEFT JOIN ended e ON e.code = g.code
        LEFT JOIN (SELECT w.code, min(array_to_string(w.steps[2:], ' → ') || ' → ' || r.by) AS said FROM way w
            JOIN vocabulary_replaced r ON r.code = w.here AND list_contains(w.steps, r.by) GROUP BY w.code) c
            ON c.code = g.code
        LEFT JOIN ({_of_retired("min(t.value)", retired)}) d ON d.code = g.code
        LEFT JOIN ({_of_retired("string_agg(b.code, ' or ' ORDER BY b.code)", consider)}) o
            ON o.code = g.code
        GROUP BY g.code"""
    )


def _of_retired(said: str, told: int) -> str:
    """Select what the graph says of codes by one property: the date, or the codes that may come in their place."""
    return f"""SELECT v.code, {said} AS said FROM quad q JOIN vocabulary_code v ON v.id = q.s
        LEFT JOIN term t ON t.id = q.o LEFT JOIN vocabulary_code b ON b.id = q.o
        WHERE q.p = {told} GROUP BY v.code"""


def _not_in_medgen(end: str) -> str:
    """Where UMLS itself is not loaded, MedGen has its concepts of genetics, under the same identifiers."""
    return f"""SELECT m.id, '{end}_id' AS slot,
            m.{end} || ' is not in ' || l.title || ' ' || l.version || ', which has not all of UMLS' AS said
        FROM mapping m JOIN vocabulary_loaded l ON l.prefix = 'medgen'
        WHERE m.{end}_prefix = 'UMLS' AND regexp_full_match(m.{end}_local, 'C[0-9]{{7}}')
            AND NOT EXISTS (SELECT 1 FROM vocabulary_loaded u WHERE u.prefix = 'UMLS')
            AND {_HAS_CODES}
            AND 'medgen:' || m.{end}_local NOT IN (SELECT code FROM vocabulary_code) AND {single(end)}"""


def _label(end: str, names: Sequence[int]) -> str:
    known, given = ", ".join(map(str, names)), f"r.{end}_label"
    return f"""SELECT m.id, '{end}_label' AS slot,
            {given} || ' is no name of ' || m.{end} || coalesce(' (' || (SELECT min(t.value) FROM quad q
                JOIN term t ON t.id = q.o WHERE q.s = v.id AND q.p = {names[0]}) || ')', '') AS said
        FROM mapping m JOIN mapping_row r USING (id) JOIN vocabulary_code v ON v.code = m.{end}
        WHERE {given} IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM quad q JOIN term t ON t.id = q.o WHERE q.s = v.id AND q.p IN ({known})
            AND lower(nfc_normalize(t.value)) = lower(nfc_normalize({given})))
        AND EXISTS (SELECT 1 FROM quad q WHERE q.s = v.id AND q.p IN ({known}))"""


def _called(end: str, names: Sequence[int], justification: int) -> str:
    """Of a code whose vocabulary is not loaded, the names that sources other than mapping sets have for it."""
    known, plain = ", ".join(map(str, names)), "regexp_replace(lower(nfc_normalize({})), '[^\\pL\\pN]+', '', 'g')"
    return f"""SELECT m.id, '{end}_label' AS slot,
            r.{end}_label || ' here, and ' || c.names[1] || ' elsewhere: ' || m.{end} AS said
        FROM mapping m JOIN mapping_row r USING (id) JOIN (
            SELECT code.code, list_sort(list(DISTINCT name.value)) AS names,
                list(DISTINCT {plain.format("name.value")}) AS plain
            FROM mapped_code code JOIN quad q ON q.s = code.node JOIN term name ON name.id = q.o
            WHERE q.p IN ({known})
                AND code.prefix NOT IN (SELECT prefix FROM vocabulary_code)
                AND q.g NOT IN (SELECT g FROM quad WHERE p = {justification})
            GROUP BY code.code) c ON c.code = m.{end}
        WHERE r.{end}_label IS NOT NULL AND NOT list_contains(c.plain, {plain.format(f"r.{end}_label")})"""


def _version(end: str) -> str:
    """Versions are compared where both are dates; others have no order."""
    date = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
    told, loaded = f"regexp_extract(r.{end}_source_version, '{date}')", f"regexp_extract(l.version, '{date}')"
    return f"""SELECT m.id, '{end}_source_version' AS slot,
            r.{end}_source_version || ' is older than ' || l.title || ' ' || l.version || ', which is loaded' AS said
        FROM mapping m JOIN mapping_row r USING (id) JOIN vocabulary_loaded l ON l.prefix = m.{end}_prefix
        WHERE {told} <> '' AND {loaded} <> '' AND {told} < {loaded}"""
