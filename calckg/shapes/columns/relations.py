"""Plans run over the columns for their results as relations of ids: what is to be kept need not become terms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from calckg.errors import CalckgError
from calckg.shapes import algebra as al
from calckg.shapes.columns.plan_tables import PlanTables


class Among(al.Focus):
    """Those of the focus nodes that are in a table, of one column ``n``."""

    table: str = ""


@dataclass(frozen=True, slots=True)
class Relation:
    """The results of one plan, and how many focus nodes were ``checked`` for it.

    ``query`` is SQL, in parentheses, for ``(f, v, p, m)``: the ids of focus node, value and predicate of the path, or
    NULL, and how many results that is; ``None`` where there are none. Of a constraint in SPARQL it is ``None``, and
    ``counted`` tells how many there are.
    """

    query: str | None
    counted: int
    checked: int


class Relations(PlanTables):
    """The back end that gives relations; a plan may have its focus nodes ``Among`` those of a table."""

    def relations(self, plans: Sequence[al.Plan]) -> Iterator[Relation]:
        """Run plans that are known, or that differ from these in their focus; a relation is there until the next one.

        Raises ``CalckgError`` for a shape that can't be asked, such as one with a pattern that is no expression.
        """
        from calckg.database import duckdb

        self.join(plans)
        for plan in plans:
            focus = self._focus_of(plan.focus)
            size = self._sizes[focus]
            if isinstance(plan.question, al.Asked):
                yield Relation(None, self._ask(plan, plan.question.query, 0)[1] if size else 0, size)
                continue
            try:
                found = self._results(plan, focus, None) if size else None
                if found:
                    told = f"SELECT r.f, r.v, r.p, t.m FROM {found} r JOIN {focus} t ON t.n = r.f"
                    self._connection.execute(f"CREATE OR REPLACE TEMP TABLE found AS {told}")
            except duckdb.InvalidInputException as error:
                raise CalckgError(f"{plan.shape.node}: {' '.join(str(error).split())}; mend the shape") from None
            yield Relation("found" if found else None, 0, size)

    def _focus_of(self, focus: al.Focus) -> str:
        if not isinstance(focus, Among):
            return super()._focus_of(focus)
        key = (focus,)
        if key not in self._focus:
            every = super()._focus_of(al.Focus(focus.targets, focus.hops))
            self._focus[key] = self._table(f"SELECT n, m FROM {every} SEMI JOIN {focus.table} USING (n)")
        return self._focus[key]
