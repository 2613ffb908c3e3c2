"""What the columns know of each predicate: whether it is there, how often, and whether any subject has it twice.

Most constraints are of predicates that a graph does not use, or that each subject has once; then nothing is asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class _Rows(NamedTuple):
    """The quads of a predicate: how many, the lowest and the highest id of a subject, whether one graph has them."""

    many: int
    low: int
    high: int
    alone: bool


_NONE: Final = _Rows(0, 0, 0, True)
MOST_BITS: Final = 1_000_000_000
"""What a table of bits may have: a bit for each id, for each predicate or each shape; an eighth of it are bytes."""
MOST_IN_ONE: Final = 100_000_000
"""What one value of bits may have that stands in statements."""
BITS: Final = "step_bits"
"""Table ``(p, start, bits)``: the ids of subjects (``start`` is ``s``) or objects (``o``) of predicates, a bit each."""

# Most quads of a predicate are of one graph, its home; what stands in several graphs stands outside it, too.
_AGAIN: Final = """
WITH used AS (SELECT g, count(*) AS n FROM quad WHERE p = {p} GROUP BY g),
    away AS (SELECT s, o FROM quad WHERE p = {p} AND g <> (SELECT arg_max(g, n) FROM used))
SELECT DISTINCT s FROM quad SEMI JOIN away USING (s, o) WHERE p = {p} GROUP BY s, o HAVING count(*) > 1
"""


def variable(connection: DuckDBPyConnection, name: str, query: str) -> str | None:
    """Give a connection's variable the one value of a query; return SQL for it, or ``None`` where it is NULL.

    In a statement it is a constant: what tests a column by it is done where the column is read.
    """
    connection.execute(f"SET VARIABLE {name} = ({query})")
    row = connection.execute(f"SELECT getvariable('{name}') IS NULL").fetchone()
    return None if row is None or row[0] else f"getvariable('{name}')"


class Predicates:
    """Counts over ``quad``, made when they are first asked for; the quads must not change."""

    def __init__(self, connection: DuckDBPyConnection) -> None:
        self._connection = connection
        self._rows: dict[int, _Rows] | None = None
        self._single: dict[int, bool] = {}
        self._again: dict[int, str | None] = {}
        self._members: dict[int, int] | None = None

    def know_as(self, other: Predicates) -> None:
        """Know what ``other`` does, which is that of another connection to the same columns."""
        self._rows = other._rows if self._rows is None else self._rows
        self._single = other._single | self._single

    def count(self, predicate: int) -> int:
        """Return in how many quads the predicate with this id stands."""
        return self._of(predicate).many

    def is_single(self, predicate: int) -> bool:
        """Tell whether each subject surely has one quad of the predicate; the same triple of two graphs is two.

        Of subjects whose ids are ``MOST_BITS`` apart nobody is sure.
        """
        if predicate not in self._single:
            many, low, high, _ = self._of(predicate)
            if high - low >= MOST_BITS:
                self._single[predicate] = False
                return False
            # A bit for each subject counts them in a tenth of the time that grouping takes.
            row = self._connection.execute(
                f"SELECT bit_count(bitstring_agg(s, {low}, {high})) FROM quad WHERE p = {predicate}"
            ).fetchone()
            self._single[predicate] = row is None or row[0] is None or int(row[0]) == many
        return self._single[predicate]

    def is_once(self, predicate: int) -> bool:
        """Tell whether surely no triple of the predicate stands in two graphs, by what is known already."""
        return self._of(predicate).alone or self._single.get(predicate, False)

    def again(self, predicate: int, highest: int) -> str | None:
        """Return SQL for bits of the subjects of triples that stand in several graphs; ``None`` where there are none.

        No id is higher than ``highest``.
        """
        if predicate not in self._again:
            bits = f"SELECT bitstring_agg(s, 0, {highest}) FROM ({_AGAIN.format(p=predicate)}) again"
            self._again[predicate] = variable(self._connection, f"again_{predicate}", bits)
        return self._again[predicate]

    def know_steps(self, steps: Iterable[tuple[int, str]], highest: int) -> bool:
        """Make ``BITS`` for steps, predicates with the column where they start, and ids no higher than ``highest``.

        Returns false, with nothing made, where that would be more than ``MOST_BITS``.
        """
        wanted = sorted(set(steps))
        if (highest + 1) * len(wanted) > MOST_BITS:
            return False
        parts = []
        for start in ("s", "o"):
            ids = ", ".join(str(predicate) for predicate, one in wanted if one == start) or "-1"
            found = f"bitstring_agg({start}, 0, {highest})"
            parts.append(f"SELECT p, '{start}' AS start, {found} AS bits FROM quad WHERE p IN ({ids}) GROUP BY p")
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {BITS} AS {' UNION ALL '.join(parts)}")
        self._single.update({predicate: True for predicate, start in wanted if start == "s"})
        counted = self._connection.execute(f"SELECT p, bit_count(bits) FROM {BITS} WHERE start = 's'").fetchall()
        self._single.update({int(p): int(subjects) == self._of(int(p)).many for p, subjects in counted})
        return True

    def members(self, cls: int, kind: int) -> int:
        """Return in how many quads of the predicate ``kind``, which is ``rdf:type``, a class stands."""
        if self._members is None:
            found = self._connection.execute(f"SELECT o, count(*) FROM quad WHERE p = {kind} GROUP BY o").fetchall()
            self._members = {int(one): int(many) for one, many in found}
        return self._members.get(cls, 0)

    def _of(self, predicate: int) -> _Rows:
        if self._rows is None:
            rows = self._connection.execute("SELECT p, count(*), min(s), max(s), min(g) = max(g) FROM quad GROUP BY p")
            self._rows = {
                int(p): _Rows(int(many), int(low), int(high), bool(alone))
                for p, many, low, high, alone in rows.fetchall()
            }
        return self._rows.get(predicate, _NONE)
