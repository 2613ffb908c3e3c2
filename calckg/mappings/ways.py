"""Ways from one code system to another through the mappings: the shortest of each pair of codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from calckg import prefixes
from calckg.errors import UnknownNameError, UsageError
from calckg.mappings import chains
from calckg.mappings.check import prepare

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from calckg.kg import KnowledgeGraph

COLUMNS: Final = ("from", "from_label", "to", "to_label", "steps", "kind", "predicates", "via", "ways", "denied")
MACHINE_COLUMNS: Final = (*COLUMNS, "from_iri", "to_iri")
"""Those of the formats for machines, which carry IRIs."""
_BETWEEN: Final = "\x1f"  # the codes of a way, for a code may be written with a space in it


@dataclass(frozen=True, slots=True)
class Way:
    """The shortest way between two codes; of several, one whose weakest link is strongest, and ``ways`` is how many.

    ``kind`` is that weakest link's, ``predicates`` is the way as a SPARQL property path (``^`` before what is read
    against its direction), ``via`` the codes between. ``denied``: a negative mapping is about the pair.
    """

    start: str
    start_label: str
    end: str
    end_label: str
    steps: int
    kind: str
    predicates: str
    via: Sequence[str]
    ways: int
    denied: bool

    def as_dict(self) -> dict[str, object]:
        """Return the way as JSON holds it, by the names of ``MACHINE_COLUMNS``."""
        iris = {"from_iri": chains.iri(self.start), "to_iri": chains.iri(self.end)}
        return dict(zip(COLUMNS, asdict(self).values(), strict=True)) | {"via": list(self.via)} | iris

    def cells(self, columns: Sequence[str] = COLUMNS) -> tuple[str, ...]:
        """Return the way as texts, in the order of ``columns``; empty for an IRI that is not known."""
        told = {**self.as_dict(), "via": " ".join(self.via), "denied": "yes" if self.denied else ""}
        return tuple("" if told[column] is None else str(told[column]) for column in columns)


def ways(
    start: str,
    end: str,
    paths: Sequence[Path] = (),
    graph: KnowledgeGraph | None = None,
    longest: int = 3,
    only_exact: bool = False,
) -> list[Way]:
    """Return the ways from the codes of the system ``start`` to those of ``end``, by code.

    Both are prefixes, in any form and case that is known. The mappings are those of the files ``paths``, or without
    them of ``graph``. A way has ``longest`` links at most, and no code of either system stands within it: it would be
    that code's own way. Raises ``UnknownNameError`` for a code system that nobody knows, ``UsageError`` for one that no
    mapping speaks of.
    """
    connection, _ = prepare(paths, graph)
    chains.links(connection)
    one, other = _system(connection, start), _system(connection, end)
    _steps(connection, one, other, only_exact)
    _distances(connection, longest)
    _walk(connection, longest)
    return _told(connection)


def _system(connection: DuckDBPyConnection, text: str) -> str:
    """Return the prefix that stands in ``mapping_link``."""
    used = [
        str(row[0])
        for row in connection.execute(
            "SELECT DISTINCT split_part(a, ':', 1) AS p FROM mapping_link ORDER BY p"
        ).fetchall()
    ]
    found = next((name for name in used if name.lower() == text.lower()), None)
    if found is not None:
        return found
    try:
        name = prefixes.load().canonical_prefix(text)
    except UnknownNameError:
        raise UnknownNameError("code system", text, used, f"(the mappings have {_some(used)})") from None
    if name not in used:
        raise UsageError(f"no mapping has a code of {name}; the mappings have {_some(used)}")
    return name


def _some(names: Sequence[str]) -> str:
    return (", ".join(names[:30]) + (", …" if len(names) > 30 else "")) or "none"


def _steps(connection: DuckDBPyConnection, start: str, end: str, only_exact: bool) -> None:
    """Make ``way_node(n, code, is_start, is_end)`` and ``way_step(a, b, …)``, the strongest link of each pair."""
    run = connection.execute
    run(
        """CREATE OR REPLACE TABLE way_node AS
        SELECT row_number() OVER (ORDER BY code) AS n, code, prefix = ? AS is_start, prefix = ? AS is_end
        FROM (SELECT DISTINCT a AS code, split_part(a, ':', 1) AS prefix FROM mapping_link) c""",
        [start, end],
    )
    run(
        f"""CREATE OR REPLACE TABLE way_step AS
        SELECT a, b, rank, broad, narrow, path FROM (
            SELECT *, row_number() OVER (PARTITION BY a, b ORDER BY rank, path) AS place FROM (
                SELECT DISTINCT a.n AS a, b.n AS b, {chains.rank_of("l.kind")} AS rank, l.path,
                    CASE l.kind WHEN 'broad' THEN 1 ELSE 0 END AS broad,
                    CASE l.kind WHEN 'narrow' THEN 1 ELSE 0 END AS narrow
                FROM mapping_link l JOIN way_node a ON a.code = l.a JOIN way_node b ON b.code = l.b
                WHERE {"l.kind = 'exact'" if only_exact else "true"}) one) numbered WHERE place = 1"""
    )


def _distances(connection: DuckDBPyConnection, longest: int) -> None:
    """Make ``way_far(n, steps)``: how far it is at least from a code to one of the end's system."""
    run = connection.execute
    run("CREATE OR REPLACE TABLE way_far AS SELECT n, 0 AS steps FROM way_node WHERE is_end")
    for step in range(1, longest):
        run(
            f"""INSERT INTO way_far
            SELECT DISTINCT s.a, {step} FROM way_step s JOIN way_far f ON f.n = s.b JOIN way_node x ON x.n = s.a
            WHERE f.steps = {step - 1} AND NOT x.is_start AND NOT EXISTS (SELECT 1 FROM way_far o WHERE o.n = s.a)"""
        )


def _walk(connection: DuckDBPyConnection, longest: int) -> None:
    """Make ``way(start, here, …)``: step by step, of each pair of codes the ways that get there first."""
    run = connection.execute
    run(
        """CREATE OR REPLACE TABLE way AS
        SELECT n AS start, n AS here, 0 AS steps, 0 AS rank, 0 AS broad, 0 AS narrow, '' AS path, '' AS via,
            1::BIGINT AS ways FROM way_node WHERE is_start"""
    )
    for step in range(1, longest + 1):
        run(
            f"""INSERT INTO way
            WITH further AS (
                SELECT w.start, s.b AS here, greatest(w.rank, s.rank) AS rank, greatest(w.broad, s.broad) AS broad,
                    greatest(w.narrow, s.narrow) AS narrow, w.ways,
                    CASE w.path WHEN '' THEN s.path ELSE w.path || '/' || s.path END AS path,
                    CASE {step} WHEN 1 THEN '' WHEN 2 THEN x.code ELSE w.via || chr(31) || x.code END AS via
                FROM way w JOIN way_node x ON x.n = w.here JOIN way_step s ON s.a = w.here
                JOIN way_far f ON f.n = s.b
                WHERE w.steps = {step - 1} AND f.steps <= {longest - step} AND ({step} = 1 OR NOT x.is_end)
                AND NOT EXISTS (SELECT 1 FROM way o WHERE o.start = w.start AND o.here = s.b))
            SELECT start, here, {step}, rank, broad, narrow, path, via, ways FROM (
                SELECT start, here, rank, broad, narrow, path, via,
                    sum(ways) OVER (PARTITION BY start, here) AS ways,
                    row_number() OVER (PARTITION BY start, here ORDER BY rank, via, path) AS place FROM further) best
            WHERE place = 1"""
        )


def _told(connection: DuckDBPyConnection) -> list[Way]:
    connection.execute(
        """CREATE OR REPLACE TABLE way_pair AS
        SELECT a.code AS start, b.code AS finish, w.steps, w.rank, w.broad, w.narrow, w.path, w.via, w.ways FROM way w
        JOIN way_node a ON a.n = w.start JOIN way_node b ON b.n = w.here WHERE b.is_end AND w.steps > 0"""
    )
    chains.labels(connection, "SELECT start AS code FROM way_pair UNION SELECT finish FROM way_pair")
    kinds = {rank: kind for kind, rank in chains.RANKS.items() if kind != "narrow"}
    both = chains.RANKS["broad"]
    rows = connection.execute(
        """WITH denied AS (
            SELECT DISTINCT subject AS a, object AS b FROM mapping WHERE negated UNION
            SELECT object, subject FROM mapping WHERE negated)
        SELECT p.start, a.label, p.finish, b.label, p.steps, p.rank, p.broad, p.narrow, p.path, p.via, p.ways,
            d.a IS NOT NULL
        FROM way_pair p LEFT JOIN mapping_label a ON a.code = p.start LEFT JOIN mapping_label b ON b.code = p.finish
        LEFT JOIN denied d ON d.a = p.start AND d.b = p.finish ORDER BY p.start, p.finish"""
    ).fetchall()
    found = []
    for start, label, end, end_label, steps, rank, broad, narrow, path, via, count, denied in rows:
        kind = kinds[rank]
        if rank == both:
            kind = "broad/narrow" if broad and narrow else "narrow" if narrow else "broad"
        found.append(
            Way(
                start,
                label or "",
                end,
                end_label or "",
                steps,
                kind,
                path,
                tuple(via.split(_BETWEEN)) if via else (),
                int(count),
                denied,
            )
        )
    return found
