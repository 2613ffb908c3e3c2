"""Mappings counted: by set and predicate, by code system, how many to how many, and where two sets agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from calckg import prefixes
from calckg.identifiers import CODE_SYSTEMS
from calckg.mappings import chains
from calckg.mappings.check import prepare
from calckg.mappings.picture import Bar
from calckg.mappings.vocabulary import term_id

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from calckg.kg import KnowledgeGraph

PARTS: Final[Mapping[str, Sequence[str]]] = {
    "sets": ("set", "predicate", "negated", "rows", "subjects", "objects"),
    "coverage": ("system", "name", "release", "codes", "mapped", "exact", "outside"),
    "cardinality": ("system", "other", "1:1", "1:n", "n:1", "n:n"),
    "agreement": ("set", "other_set", "system", "other", "same", "differing", "only_set", "only_other_set"),
}
"""The columns of each part.

``sets``: rows of each set by predicate, all of them. ``coverage``: of each code system the codes of the release that is
loaded (none where none is; retired ones do not count), how many of them are mapped at all and exactly, and how many
mapped codes are not among them; of a system that is not loaded, all that are mapped. ``cardinality``: pairs of codes
with an exact match, by how many each has in the other's system. ``agreement``: codes of a system by whether two sets
state the same mappings of them to another system, with the same meaning.
"""

Summary = Mapping[str, Sequence[Mapping[str, object]]]


def summary(paths: Sequence[Path] = (), graph: KnowledgeGraph | None = None) -> Summary:
    """Return the rows of each part, by the names of ``PARTS``.

    The mappings are those of the files ``paths``, or without them of ``graph``. A set is a file, or a named graph.
    """
    connection, files = prepare(paths, graph)
    names = {file.number: str(file.path) if file.path is not None else str(file.graph) for file in files}
    chains.links(connection)
    _pairs(connection)
    sets = [(names[row[0]], *row[1:]) for row in connection.execute(_SETS).fetchall()]
    for number, name in names.items():  # a set without a row is a set, too
        if not connection.execute("SELECT 1 FROM mapping_row WHERE file = ? LIMIT 1", [number]).fetchone():
            sets.append((name, "", False, 0, 0, 0))
    rows = {
        "sets": sets,
        "coverage": _coverage(connection),
        "cardinality": connection.execute(_CARDINALITY).fetchall(),
        "agreement": [(names[r[0]], names[r[1]], *r[2:]) for r in connection.execute(_AGREEMENT).fetchall()],
    }
    return {part: [dict(zip(columns, row, strict=True)) for row in rows[part]] for part, columns in PARTS.items()}


def bars(told: Summary) -> list[Bar]:
    """Return the coverage of each code system as a bar."""
    found = []
    for row in told["coverage"]:
        codes, mapped, exact = (int(str(row[name] or 0)) for name in ("codes", "mapped", "exact"))
        found.append(Bar(str(row["system"]), codes, mapped, exact))
    return found


_SETS: Final = """
    SELECT r.file, coalesce(m.predicate, r.predicate_id, ''), coalesce(m.negated, false), count(*),
        count(DISTINCT m.subject), count(DISTINCT m.object)
    FROM mapping_row r LEFT JOIN mapping m USING (id) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
# A pair stands once, from the system that comes first in the alphabet.
_PAIRS: Final = """
    CREATE OR REPLACE TABLE summary_pair AS
    SELECT DISTINCT m.file, l.a, l.b, l.kind, p.system, p.other FROM mapping_link l JOIN mapping m USING (id)
    JOIN (SELECT a, b, split_part(a, ':', 1) AS system, split_part(b, ':', 1) AS other
        FROM (SELECT DISTINCT a, b FROM mapping_link) ends) p ON p.a = l.a AND p.b = l.b
    WHERE lower(p.system) < lower(p.other) OR lower(p.system) = lower(p.other) AND l.a < l.b
"""
_CARDINALITY: Final = """
    WITH exact AS (SELECT DISTINCT a, b, system, other FROM summary_pair WHERE kind = 'exact'),
    onward AS (SELECT a, other, count(*) AS n FROM exact GROUP BY a, other),
    back AS (SELECT b, system, count(*) AS n FROM exact GROUP BY b, system)
    SELECT e.system, e.other,
        count(*) FILTER (WHERE o.n = 1 AND c.n = 1), count(*) FILTER (WHERE o.n > 1 AND c.n = 1),
        count(*) FILTER (WHERE o.n = 1 AND c.n > 1), count(*) FILTER (WHERE o.n > 1 AND c.n > 1)
    FROM exact e JOIN onward o ON o.a = e.a AND o.other = e.other
    JOIN back c ON c.b = e.b AND c.system = e.system
    GROUP BY e.system, e.other ORDER BY e.system, e.other
"""
_AGREEMENT: Final = """
    WITH stated AS (SELECT DISTINCT file, system, other FROM summary_pair),
    two AS (
        SELECT x.file AS one, y.file AS two, x.system, x.other FROM stated x
        JOIN stated y ON y.system = x.system AND y.other = x.other AND x.file < y.file),
    shared AS (SELECT DISTINCT system, other FROM two),
    told AS (
        SELECT p.file, p.system, p.other, p.a, string_agg(p.b || ' ' || p.kind, '|' ORDER BY p.b, p.kind) AS said
        FROM summary_pair p JOIN shared s ON s.system = p.system AND s.other = p.other
        GROUP BY p.file, p.system, p.other, p.a),
    joined AS (
        SELECT p.one, p.two, p.system, p.other, t.a, max(t.said) FILTER (WHERE t.file = p.one) AS first,
            max(t.said) FILTER (WHERE t.file = p.two) AS second
        FROM two p JOIN told t ON t.system = p.system AND t.other = p.other AND t.file IN (p.one, p.two)
        GROUP BY p.one, p.two, p.system, p.other, t.a)
    SELECT one, two, system, other, count(*) FILTER (WHERE first = second),
        count(*) FILTER (WHERE first <> second), count(*) FILTER (WHERE second IS NULL),
        count(*) FILTER (WHERE first IS NULL)
    FROM joined GROUP BY one, two, system, other ORDER BY one, two, system, other
"""


def _pairs(connection: DuckDBPyConnection) -> None:
    """Make ``summary_pair(file, a, b, kind, system, other)``, each pair of codes that a set maps."""
    connection.execute(_PAIRS)


def _coverage(connection: DuckDBPyConnection) -> list[tuple[object, ...]]:
    connection.execute("CREATE OR REPLACE TABLE summary_current (code VARCHAR, prefix VARCHAR)")
    loaded = {
        str(prefix): f"{title} {version}".strip()
        for prefix, title, version in connection.execute(
            "SELECT prefix, min(coalesce(title, '')), min(coalesce(version, '')) FROM vocabulary_loaded GROUP BY prefix"
        ).fetchall()
    }
    if loaded:
        connection.execute(
            f"""INSERT INTO summary_current SELECT DISTINCT v.code, v.prefix FROM vocabulary_code v
            WHERE NOT EXISTS (SELECT 1 FROM quad q JOIN term t ON t.id = q.o
                WHERE q.s = v.id AND q.p = {term_id(connection, "owl:deprecated")} AND t.value = 'true')"""
        )
    rows = connection.execute(
        """WITH mapped AS (
            SELECT a AS code, split_part(a, ':', 1) AS prefix, bool_or(kind = 'exact') AS exact
            FROM mapping_link GROUP BY a),
        counted AS (
            SELECT m.prefix, count(*) AS mapped, count(*) FILTER (WHERE exact) AS exact, count(c.code) AS mapped_here,
                count(c.code) FILTER (WHERE exact) AS exact_here
            FROM mapped m LEFT JOIN summary_current c ON c.code = m.code GROUP BY m.prefix),
        present AS (SELECT prefix, count(*) AS codes FROM summary_current GROUP BY prefix)
        SELECT coalesce(k.prefix, p.prefix), p.codes, coalesce(k.mapped, 0), coalesce(k.exact, 0),
            coalesce(k.mapped_here, 0), coalesce(k.exact_here, 0)
        FROM counted k FULL JOIN present p ON p.prefix = k.prefix ORDER BY 1"""
    ).fetchall()
    known = prefixes.load().records
    found: list[tuple[object, ...]] = []
    for prefix, codes, mapped, exact, mapped_here, exact_here in rows:
        name = CODE_SYSTEMS[prefix].name if prefix in CODE_SYSTEMS and prefix in known else ""
        if codes is None:
            found.append((prefix, name, None, None, mapped, exact, None))
        else:
            found.append((prefix, name, loaded[prefix], codes, mapped_here, exact_here, mapped - mapped_here))
    return found
