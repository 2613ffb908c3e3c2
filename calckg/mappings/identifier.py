"""Checks of the codes by themselves: has each the form that its code system asks for? ``calckg.identifiers`` judges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from calckg.identifiers import CODE_SYSTEMS, problem
from calckg.mappings.intake import File, quoted
from calckg.upstream import sctid

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def queries(connection: DuckDBPyConnection, files: Sequence[File]) -> dict[str, str]:
    """Return the query of the rule; makes ``mapping_wrong_code(code, said)``."""
    known = ", ".join(map(quoted, CODE_SYSTEMS))
    connection.execute(
        " UNION ".join(
            f"""{"CREATE OR REPLACE TEMP TABLE mapping_code AS " if end == "subject" else ""}
            SELECT DISTINCT {end}_prefix AS prefix, {end}_local AS local FROM mapping
            WHERE {end}_prefix IN ({known})"""
            for end in ("subject", "object")
        )
    )
    doubtful = " UNION ALL ".join(
        f"SELECT prefix, local FROM mapping_code WHERE prefix = {quoted(prefix)} AND NOT {_surely(prefix)}"
        for prefix in CODE_SYSTEMS
    )
    found = [
        (f"{prefix}:{local}", said.partition(": ")[2])
        for prefix, local in connection.execute(doubtful).fetchall()
        if (said := problem(prefix, local)) is not None
    ]
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE mapping_wrong_code AS "
        "SELECT unnest(?::VARCHAR[]) AS code, unnest(?::VARCHAR[]) AS said",
        [list(column) for column in zip(*found, strict=True)] or [[], []],
    )
    return {
        "identifier/form": " UNION ALL ".join(
            f"SELECT m.id, '{end}_id' AS slot, w.code || ': ' || w.said AS said "
            f"FROM mapping m JOIN mapping_wrong_code w ON w.code = m.{end}"
            for end in ("subject", "object")
        )
    }


def _surely(prefix: str) -> str:
    """Return the SQL of: the local part is well formed; false of what must be asked of the judge."""
    system = CODE_SYSTEMS[prefix]
    if prefix == "SCTID":
        return f"coalesce({sctid.is_concept('local')}, false)"
    return "false" if system.check else f"regexp_full_match(local, {quoted(system.pattern)})"
