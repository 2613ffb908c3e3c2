"""What a build has made is checked against calckg's own shapes; after a change, only what the change can touch.

The results stay in the columns, as ids: ``result_of`` has a row for each constraint, ``result`` one for each of its
results (of those in SPARQL their number is kept alone), ``result_term`` the terms that only results have. The next
build takes them over, but for the focus nodes that its changed triples touch (``shapes.changed``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calckg.findings import Severity
from calckg.shapes import algebra as al
from calckg.shapes import compiler, engine, standing
from calckg.shapes.changed import Changes
from calckg.shapes.columns.relations import Among, Relations
from calckg.shapes.reports import report
from calckg.shapes.store.asked import AskerInTurn, stored

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_TABLES = """
CREATE TABLE result_of (plan INTEGER, key VARCHAR, results BIGINT);
CREATE TABLE result (plan INTEGER, f BIGINT, v BIGINT, p BIGINT, n BIGINT);
CREATE TABLE result_term AS FROM term LIMIT 0
"""
# Terms by their texts, for the ids of two builds differ; what only the earlier one has gets new ids, beside the graph.
_MATCH = """
CREATE OR REPLACE TEMP VIEW old_node AS FROM earlier.term UNION ALL FROM earlier.result_term;
CREATE OR REPLACE TEMP TABLE old_term AS
SELECT e.id AS old, t.id FROM old_node e JOIN node t ON t.value = e.value AND t.kind = e.kind
    AND t.datatype IS NOT DISTINCT FROM e.datatype AND t.lang IS NOT DISTINCT FROM e.lang;
CREATE OR REPLACE TEMP TABLE lost_term AS
SELECT id AS old, row_number() OVER (ORDER BY id) + (SELECT max(id) FROM node) AS id, kind, value, datatype, lang
FROM old_node e WHERE NOT EXISTS (SELECT 1 FROM old_term t WHERE t.old = e.id);
INSERT INTO old_term SELECT old, id FROM lost_term;
INSERT INTO own_term SELECT id, kind, value, datatype, lang FROM lost_term;
DROP VIEW old_node; DROP TABLE lost_term
"""
# Most triples stand where they stood. They are counted, and the sum of their hashes is made, by predicate, graph and
# some of the subjects; only where these differ the triples themselves are compared.
_PART = "p, g, hash(s) >> 52 AS part"
_COMPARE = f"""
CREATE OR REPLACE TEMP TABLE old_few AS
SELECT old, id FROM old_term WHERE old IN (SELECT p FROM earlier.quad UNION SELECT g FROM earlier.quad);
CREATE OR REPLACE TEMP TABLE was AS
SELECT s.id::UINTEGER AS s, p.id::UINTEGER AS p, o.id::UINTEGER AS o, coalesce(g.id, q.g)::UINTEGER AS g
FROM (FROM earlier.quad WHERE NOT list_contains(getvariable('same_old'), g)) q
JOIN old_term s ON s.old = q.s JOIN old_few p ON p.old = q.p JOIN old_term o ON o.old = q.o
LEFT JOIN old_few g ON g.old = q.g;
CREATE OR REPLACE TEMP VIEW now AS
SELECT s::UINTEGER AS s, p::UINTEGER AS p, o::UINTEGER AS o, g::UINTEGER AS g
FROM quad WHERE NOT list_contains(getvariable('same_new'), g);
CREATE OR REPLACE TEMP TABLE differs AS
SELECT DISTINCT p, g, part FROM (
    SELECT {_PART}, count(*) AS n, sum(hash(s, o)::HUGEINT) AS h FROM was GROUP BY ALL
    UNION ALL SELECT {_PART}, count(*), sum(hash(s, o)::HUGEINT) FROM now GROUP BY ALL) counted
GROUP BY p, g, part, n, h HAVING count(*) < 2;
CREATE OR REPLACE TEMP TABLE changed AS
SELECT DISTINCT s::BIGINT AS s, p::BIGINT AS p, o::BIGINT AS o FROM (
    SELECT s, p, o, g FROM (
        SELECT s, o, {_PART} FROM was UNION ALL SELECT s, o, {_PART} FROM now) every
    SEMI JOIN differs USING (p, g, part) GROUP BY s, p, o, g HAVING count(*) < 2) moved;
DROP VIEW now; DROP TABLE was; DROP TABLE differs; DROP TABLE old_few
"""
_TAKE_OVER = """
INSERT INTO result SELECT w.plan, f.id, v.id, p.id, r.n FROM earlier.result r JOIN stays w ON w.old = r.plan
JOIN old_term f ON f.old = r.f LEFT JOIN old_term v ON v.old = r.v LEFT JOIN old_term p ON p.old = r.p
WHERE NOT EXISTS (SELECT 1 FROM again a WHERE a.part = w.part AND a.n = f.id)
"""
_CLOSE = """
INSERT INTO result_term FROM own_term SEMI JOIN (
    SELECT f AS id FROM result UNION SELECT v FROM result UNION SELECT p FROM result) used USING (id)
"""


@dataclass(frozen=True, slots=True)
class Validated:
    """What a validation found: how many results, by severity and by the IRI of their shape.

    ``checked`` is the number of focus nodes that were checked, for each constraint that checked them.
    """

    constraints: int
    severities: dict[Severity, int]
    shapes: dict[str, int]
    checked: int

    def entry(self) -> dict[str, Any]:
        """Return what a manifest keeps of it; severities from the gravest on."""
        return {
            "constraints": self.constraints,
            "checked": self.checked,
            "results": {str(one): self.severities.get(one, 0) for one in sorted(Severity, reverse=True)},
            "shapes": dict(sorted(self.shapes.items())),
        }


def told(entry: dict[str, Any]) -> str:
    """Return what a manifest has of a validation as words: constraints, and how many results of each severity."""
    some = [f"{n:,} {severity}{'' if n == 1 else 's'}" for severity, n in entry["results"].items() if n]
    return f"{entry['constraints']} constraints, {', '.join(some) or 'nothing found'}"


def validate(connection: DuckDBPyConnection, before: Path | None = None, same: Collection[str] = ()) -> Validated:
    """Check the graph in ``connection``, tables ``term`` and ``quad``, against calckg's shapes; put the results by.

    ``before`` is the directory of an earlier build, whose results are taken over as far as they stand; ``same`` are the
    IRIs of those named graphs that are known to be what they were there.
    """
    shapes = engine.read_shapes(engine.shape_files())
    plans = list(compiler.compile_shapes(shapes))
    asker = AskerInTurn(lambda: stored(connection), shapes.graph)
    work = _Work(connection, plans, Relations(connection, asker))
    connection.execute(_TABLES)  # ``result_of`` is filled last: without rows, what is in ``result`` is not whole
    work.backend.know(plans)
    old = str(before / "quads.duckdb").replace("'", "''") if before else ""
    if before is not None and (before / "quads.duckdb").is_file():
        connection.execute(f"ATTACH '{old}' AS earlier (READ_ONLY)")
        try:
            work.take_over(same)
        finally:
            connection.execute("DETACH earlier")
    checked = work.check()
    results = work.close()
    severities, by_shape = Counter[Severity](), Counter[str]()
    for number, plan in enumerate(plans):
        severities[report.severity(plan)] += results.get(number, 0)
        by_shape[report.rule(plan.shape.node, shapes.graph)] += results.get(number, 0)
    return Validated(len(plans), dict(severities), {iri: n for iri, n in by_shape.items() if n}, checked)


class _Work:
    """The plans that are to be run: all at first; of those whose results stand, none, or for some focus nodes."""

    def __init__(self, connection: DuckDBPyConnection, plans: list[al.Plan], backend: Relations) -> None:
        self.connection, self.backend = connection, backend
        self.keys = standing.keys(plans, engine.shape_files())
        self.waiting = dict(enumerate(plans))
        self.counts: dict[int, int] = {}  # of constraints in SPARQL

    def take_over(self, same: Collection[str]) -> None:
        """Take over what stands of the results of the graph that is attached as ``earlier``."""
        run = self.connection.execute
        tables = "SELECT 1 FROM duckdb_tables() WHERE database_name = 'earlier' AND table_name = 'result_of'"
        if run(tables).fetchone() is None:
            return
        rows = run("SELECT key, plan, results FROM earlier.result_of WHERE key IS NOT NULL").fetchall()
        known = {str(key): (int(plan), int(results)) for key, plan, results in rows}
        if not set(self.keys) & set(known):
            return
        self._compare(same)
        changes = Changes(self.connection)
        run("CREATE OR REPLACE TEMP TABLE stays (old INTEGER, plan INTEGER, part INTEGER)")
        run("CREATE OR REPLACE TEMP TABLE again (part INTEGER, n BIGINT)")
        parts: dict[al.Focus, list[tuple[int, int, str]]] = {}
        for number, plan in list(self.waiting.items()):
            key, touched = self.keys[number], changes.touched(plan)
            if touched.every or key is None or key not in known:
                continue
            old, results = known[key]
            if touched.nodes is not None:
                parts.setdefault(plan.focus, []).append((number, old, touched.nodes))
                continue
            del self.waiting[number]
            run("INSERT INTO stays VALUES (?, ?, NULL)", [old, number])
            if isinstance(plan.question, al.Asked):
                self.counts[number] = results
        for part, (focus, some) in enumerate(parts.items()):
            # Plans of the same focus nodes share their walks: what one has to check again, all do.
            nodes = " UNION ".join(f"SELECT n FROM {table}" for table in sorted({table for _, _, table in some}))
            run(f"CREATE OR REPLACE TEMP TABLE within_{part} AS {nodes}")
            run(f"INSERT INTO again SELECT {part}, n FROM within_{part}")
            for number, old, _ in some:
                run("INSERT INTO stays VALUES (?, ?, ?)", [old, number, part])
                among = Among(focus.targets, focus.hops, f"within_{part}")
                self.waiting[number] = self.waiting[number].changed(focus=among)
        run(_TAKE_OVER)
        changes.drop()

    def _compare(self, same: Collection[str]) -> None:
        """Make ``changed``, the triples of the one graph that are not in the other; a few more do no harm.

        A triple that another named graph still has is one of them.
        """
        run = self.connection.execute
        for name, terms in (("old", "earlier.term"), ("new", "term")):
            found = run(f"SELECT id FROM {terms} WHERE kind = 0 AND list_contains(?, value)", [sorted(same)]).fetchall()
            run(f"SET VARIABLE same_{name} = ?::BIGINT[]", [[identifier for (identifier,) in found]])
        run(_MATCH)
        run(_COMPARE)

    def check(self) -> int:
        """Run what is to be run, and add the results; return how many focus nodes were checked."""
        numbers, checked = list(self.waiting), 0
        for number, made in zip(numbers, self.backend.relations(list(self.waiting.values())), strict=True):
            checked += made.checked
            if made.query is not None:
                self.connection.execute(f"INSERT INTO result SELECT {number}, f, v, p, m FROM {made.query} made")
            elif made.counted:
                self.counts[number] = made.counted
        return checked

    def close(self) -> dict[int, int]:
        """Finish the tables; return how many results each plan has."""
        run = self.connection.execute
        run(_CLOSE)
        rows = run("SELECT plan, sum(n) FROM result GROUP BY plan").fetchall()
        found = {**{int(plan): int(results) for plan, results in rows}, **self.counts}
        columns = [list(range(len(self.keys))), self.keys, [found.get(number, 0) for number in range(len(self.keys))]]
        run("INSERT INTO result_of SELECT unnest(?::INTEGER[]), unnest(?::VARCHAR[]), unnest(?::BIGINT[])", columns)
        return found
