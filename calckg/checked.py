"""A last look at the terms before they are written: what no store would load is told with its source.

Readers make IRIs in SQL, of codes that they have looked at; one that slips through would stop the store's load long
after, with a line of a file that nobody has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calckg import columnar
from calckg.errors import SourceError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# An IRI begins with a scheme and has none of the characters that RFC 3987 keeps out of it.
_IRI = r"""[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>"{}|\\^`\x7F-\x9F]*"""
# A quotation mark makes a literal of what should be an IRI: one whose datatype is none, or that stands where none may.
_LOOKS = (
    f"SELECT id, value FROM term WHERE kind = {columnar.IRI} AND NOT regexp_full_match(value, '{_IRI}')",
    f"""SELECT id, datatype FROM term WHERE kind = {columnar.LITERAL} AND datatype IN (
        SELECT datatype FROM (SELECT DISTINCT datatype FROM term WHERE kind = {columnar.LITERAL}) AS used
        WHERE NOT regexp_full_match(datatype, '{_IRI}'))""",
    *(
        f"SELECT id, value FROM term JOIN (SELECT {distinct} {place} AS id FROM quad) AS used USING (id) "
        f"WHERE kind = {columnar.LITERAL}"
        for place, distinct in (("s", ""), ("p", "DISTINCT"), ("g", "DISTINCT"))
    ),
)


def terms(connection: DuckDBPyConnection) -> None:
    """Look at ``term`` and ``quad``: raise ``SourceError`` for a term that is no IRI where one must stand.

    It names the term, where it stands, and its named graph.
    """
    for look in _LOOKS:
        found = connection.execute(f"{look} ORDER BY ALL LIMIT 1").fetchone()
        if found is not None:
            raise _no_iri(connection, *found)


def _no_iri(connection: DuckDBPyConnection, identifier: int, text: str) -> SourceError:
    row = connection.execute(
        """SELECT g.value, s.value, p.value FROM quad q JOIN term s ON s.id = q.s JOIN term p ON p.id = q.p
        LEFT JOIN term g ON g.id = q.g WHERE $id IN (q.s, q.p, q.o, q.g) ORDER BY ALL LIMIT 1""",
        {"id": identifier},
    ).fetchone()
    graph, subject, predicate = row or (None, None, None)
    said = f"{text!r} is no IRI ({predicate} of {subject}); mend it in the files of this source, or build without it"
    return SourceError(said, graph or "default graph")
