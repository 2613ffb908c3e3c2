"""The ends of mappings as codes: each CURIE by the prefix that the project gives its namespace.

``mapping`` has a row for each that has a subject or an object: ``id, file, subject, predicate, object, negated`` and
the parts of the two ends, ``subject_prefix``, ``subject_local``, ``object_prefix``, ``object_local``. An end whose
prefix nobody declares stays as it is written. ``mapping_code(key, code, prefix, local)`` has each of them once; ``key``
is a number by which codes are joined faster than by their texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import TYPE_CHECKING, Final

from calckg import prefixes
from calckg.mappings.intake import File, quoted
from calckg.prefixes import PLAIN, Prefixes
from calckg.upstream.sssom_slots import Values, coded

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_ENDS: Final = ("subject", "object", "predicate")
TERMS: Final = "subject IS NOT NULL AND object IS NOT NULL AND 'sssom:NoTermFound' NOT IN (subject, object)"
"""SQL: a row of ``mapping`` has two ends."""


def make(connection: DuckDBPyConnection, files: Sequence[File]) -> None:
    """Make ``mapping``, and ``mapping_prefix(file, prefix, declared, name)`` of the prefixes of all ends."""
    run = connection.execute
    # Of most prefixes all codes are letters and digits; those of the others are looked at one by one.
    ends = dict.fromkeys(_ENDS, "mapping_row") | {"predicate": "(SELECT DISTINCT file, predicate_id FROM mapping_row)"}
    parts = " UNION ALL ".join(
        f"SELECT file, {_prefix(f'{end}_id')} AS prefix, "
        f"bool_and(regexp_full_match({_local(f'{end}_id')}, '{PLAIN}')) AS plain FROM {rows} GROUP BY ALL"
        for end, rows in ends.items()
    )
    run(
        f"""CREATE OR REPLACE TABLE mapping_prefix AS
        SELECT file, prefix, false AS declared, NULL::VARCHAR AS name, NULL::VARCHAR AS pattern,
            bool_and(plain) AS plain
        FROM ({parts}) p WHERE prefix IS NOT NULL GROUP BY file, prefix"""
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
    others = _others(connection, values)
    renamed = run("SELECT 1 FROM mapping_prefix WHERE name <> prefix LIMIT 1").fetchone() is not None
    columns, joins = "", ""
    for end in _ENDS:
        curie, known, other = f"r.{end}_id", f"{end}_known.name", f"{end}_other.code"
        # Most prefixes are the project's: what is written is the code.
        code, prefix, local = curie, _prefix(curie), _local(curie)
        if renamed:
            code = f"CASE WHEN {known} IS NULL THEN {curie} ELSE {known} || ':' || {local} END"
            joins += (
                f" LEFT JOIN mapping_prefix {end}_known ON {end}_known.file = r.file "
                f"AND {end}_known.prefix = {prefix} AND {known} <> {end}_known.prefix"
            )
            prefix = f"coalesce({known}, {prefix})"
        if others:
            code = f"coalesce({other}, {code})"
            prefix = f"CASE WHEN {other} IS NULL THEN {prefix} ELSE {_prefix(other)} END"
            local = f"CASE WHEN {other} IS NULL THEN {local} ELSE {_local(other)} END"
            joins += (
                f" LEFT JOIN mapping_other {end}_other ON {end}_other.file = r.file AND {end}_other.curie = {curie}"
            )
        columns += f", {code} AS {end}"
        if end != "predicate":
            columns += f", {prefix} AS {end}_prefix, {local} AS {end}_local"
    run(
        f"""CREATE OR REPLACE TABLE mapping AS
        SELECT r.id, r.file{columns}, coalesce(r.predicate_modifier = 'Not', false) AS negated
        FROM mapping_row r{joins} WHERE r.subject_id IS NOT NULL OR r.object_id IS NOT NULL"""
    )
    run("DROP TABLE mapping_other")
    _codes(connection)


def _codes(connection: DuckDBPyConnection) -> None:
    """Make ``mapping_code``, and ``mapping_key(code)``, which gives each of its codes a number of its own."""
    run = connection.execute
    each = " UNION ".join(f"SELECT {end} AS code FROM mapping WHERE {end} IS NOT NULL" for end in ("subject", "object"))
    parts = f"{_prefix('code')} AS prefix, {_local('code')} AS local"
    for salt in count():
        run(f"CREATE OR REPLACE MACRO mapping_key(code) AS hash(code, {salt})")
        run(f"CREATE OR REPLACE TABLE mapping_code AS SELECT mapping_key(code) AS key, code, {parts} FROM ({each}) e")
        if run("SELECT count(*) = count(DISTINCT key) FROM mapping_code").fetchone() == (True,):
            return


def _prefix(curie: str) -> str:
    return f"nullif(split_part({curie}, ':', 1), {curie})"


def _local(curie: str) -> str:
    return f"substr({curie}, strpos({curie}, ':') + 1)"


def _direct(table: Prefixes, namespace: str) -> tuple[str | None, str | None]:
    """Return the project's prefix of a namespace, and the pattern of the local parts that surely stay what they are."""
    for record in table.records.values():
        if namespace in (record.namespace, *record.alternative_namespaces):
            if record.local_pattern is None and table.words(record, namespace) is None:
                return None, None
            # OMIM:PS203655 stays what is written, though https://omim.org/entry/PS is a form of OMIMPS: it is told.
            return record.name, record.local_pattern or PLAIN
    return None, None


def _others(connection: DuckDBPyConnection, values: dict[int, Values]) -> int:
    """Make ``mapping_other(file, curie, code)``, the ends of which each must be looked at; return how many."""
    looked_at = f"p.declared AND (p.name IS NULL OR p.pattern <> {quoted(PLAIN)} OR NOT p.plain)"
    patterns = connection.execute(
        f"SELECT DISTINCT pattern FROM mapping_prefix p WHERE {looked_at} AND name IS NOT NULL ORDER BY pattern"
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
        JOIN mapping_prefix p ON p.file = r.file AND p.prefix = {_prefix(f"r.{end}_id")} AND {looked_at}
        WHERE {is_other(end)}"""
        for end in _ENDS
    )
    is_any = connection.execute(f"SELECT 1 FROM mapping_prefix p WHERE {looked_at} LIMIT 1").fetchone() is not None
    found = []
    for file, curie in connection.execute(told).fetchall() if is_any else ():
        prefix, _, local = curie.partition(":")
        try:
            code = coded(values[file].prefixes, values[file].curie_map[prefix] + local)[1]
        except ValueError:
            code = None
        found.append((file, curie, code or curie))
    columns = [list(column) for column in zip(*found, strict=True)] or [[], [], []]
    connection.execute(
        "CREATE OR REPLACE TABLE mapping_other AS SELECT unnest(?::INTEGER[]) AS file, "
        "unnest(?::VARCHAR[]) AS curie, unnest(?::VARCHAR[]) AS code",
        columns,
    )
    return len(found)
