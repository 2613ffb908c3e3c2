"""The ends of mappings as codes: each CURIE by the prefix that the project gives its namespace.

``mapping`` has a row for each that has a subject or an object: ``id, file, subject, predicate, object, negated`` and
the parts of the two ends, ``subject_prefix``, ``subject_local``, ``object_prefix``, ``object_local``. An end whose
prefix nobody declares stays as it is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from calckg import prefixes
from calckg.mappings.intake import File, quoted
from calckg.prefixes import Prefixes
from calckg.upstream.sssom_slots import Values, coded

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_ENDS: Final = ("subject", "object", "predicate")
TERMS: Final = "subject IS NOT NULL AND object IS NOT NULL AND 'sssom:NoTermFound' NOT IN (subject, object)"
"""SQL: a row of ``mapping`` has two ends."""
_PLAIN: Final = "[A-Za-z0-9]+"


def make(connection: DuckDBPyConnection, files: Sequence[File]) -> None:
    """Make ``mapping``, and ``mapping_prefix(file, prefix, declared, name)`` of the prefixes of all ends."""
    run = connection.execute
    parts = " UNION ".join(f"SELECT DISTINCT file, {_prefix(f'{end}_id')} AS prefix FROM mapping_row" for end in _ENDS)
    run(
        f"""CREATE OR REPLACE TEMP TABLE mapping_prefix AS
        SELECT file, prefix, false AS declared, NULL::VARCHAR AS name, NULL::VARCHAR AS pattern FROM ({parts}) p
        WHERE prefix IS NOT NULL"""
    )
    table = prefixes.load()
    values = {file.number: Values(file.curie_map, table) for file in files}
    for file, prefix in run("SELECT file, prefix FROM mapping_prefix").fetchall():
        if prefix in values[file].curie_map:
            told = _direct(table, values[file].curie_map[prefix])
            run(
                "UPDATE mapping_prefix SET declared = true, name = ?, pattern = ? WHERE file = ? AND prefix = ?",
                [*told, file, prefix],
            )
    _others(connection, values)
    ends = ", ".join(
        f"coalesce({end}_other.code, CASE WHEN {end}_known.name IS NULL THEN r.{end}_id "
        f"ELSE {end}_known.name || ':' || {_local(f'r.{end}_id')} END) AS {end}"
        for end in _ENDS
    )
    joins = " ".join(
        f"""LEFT JOIN mapping_prefix {end}_known ON {end}_known.file = r.file
            AND {end}_known.prefix = {_prefix(f"r.{end}_id")}
        LEFT JOIN mapping_other {end}_other ON {end}_other.file = r.file AND {end}_other.curie = r.{end}_id"""
        for end in _ENDS
    )
    run(
        f"""CREATE OR REPLACE TEMP TABLE mapping AS
        SELECT *, {_prefix("subject")} AS subject_prefix, {_local("subject")} AS subject_local,
            {_prefix("object")} AS object_prefix, {_local("object")} AS object_local
        FROM (SELECT r.id, r.file, {ends}, coalesce(r.predicate_modifier = 'Not', false) AS negated
            FROM mapping_row r {joins} WHERE r.subject_id IS NOT NULL OR r.object_id IS NOT NULL) m"""
    )
    run("DROP TABLE mapping_other")


def _prefix(curie: str) -> str:
    return f"nullif(split_part({curie}, ':', 1), {curie})"


def _local(curie: str) -> str:
    return f"substr({curie}, strpos({curie}, ':') + 1)"


def _direct(table: Prefixes, namespace: str) -> tuple[str | None, str | None]:
    """Return the project's prefix of a namespace, and the pattern of the local parts that surely stay what they are."""
    for record in table.records.values():
        if namespace in (record.namespace, *record.alternative_namespaces):
            sharing = [
                other
                for other in table.records.values()
                if other != record
                and any(form.startswith(namespace) for form in (other.namespace, *other.alternative_namespaces))
            ]
            if record.local_pattern is None and sharing:
                return None, None
            return record.name, record.local_pattern or _PLAIN
    return None, None


def _others(connection: DuckDBPyConnection, values: dict[int, Values]) -> None:
    """Make ``mapping_other(file, curie, code)``: the ends of which each must be looked at by itself."""
    patterns = connection.execute(
        "SELECT DISTINCT pattern FROM mapping_prefix WHERE declared AND name IS NOT NULL ORDER BY pattern"
    ).fetchall()

    def is_other(end: str) -> str:
        # An expression that is written out is made ready once, one that comes from a table with each row.
        fits = "".join(
            f" WHEN {quoted(pattern)} THEN regexp_full_match({_local(f'r.{end}_id')}, {quoted(pattern)})"
            for (pattern,) in patterns
        )
        return f"p.name IS NULL OR NOT (CASE p.pattern{fits} ELSE false END)" if patterns else "p.name IS NULL"

    told = " UNION ".join(
        f"""SELECT DISTINCT r.file, r.{end}_id AS curie FROM mapping_row r
        JOIN mapping_prefix p ON p.file = r.file AND p.prefix = {_prefix(f"r.{end}_id")} AND p.declared
        WHERE {is_other(end)}"""
        for end in _ENDS
    )
    found = []
    for file, curie in connection.execute(told).fetchall():
        prefix, _, local = curie.partition(":")
        try:
            code = coded(values[file].prefixes, values[file].curie_map[prefix] + local)[1]
        except ValueError:
            code = None
        found.append((file, curie, code or curie))
    columns = [list(column) for column in zip(*found, strict=True)] or [[], [], []]
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE mapping_other AS SELECT unnest(?::INTEGER[]) AS file, "
        "unnest(?::VARCHAR[]) AS curie, unnest(?::VARCHAR[]) AS code",
        columns,
    )
