"""calckg's own shapes by one back end: ``python -m tests.bench._by_sparql BACKEND KG FILE``.

BACKEND is ``columns`` or ``sparql``, which asks the graph's store and nothing else; FILE takes, as JSON, how many
results each shape and component has. Twenty of each constraint are kept, the others counted.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Final

from calckg.kg import KnowledgeGraph
from calckg.shapes import compiler, engine
from calckg.shapes.columns.on_columns import OnColumns
from calckg.shapes.reports import report
from calckg.shapes.results import Backend
from calckg.shapes.store.on_sparql import OnSparql

KEPT: Final = 20


def main() -> None:
    """Run the plans of all shapes."""
    name, path, file = sys.argv[1:]
    graph = KnowledgeGraph.built(path)
    shapes = engine.read_shapes(engine.shape_files())
    backend: Backend = OnSparql(graph.sparql, shapes.graph)
    if name == "columns":
        backend = OnColumns(graph.columns, lambda: graph.sparql, shapes.graph)
    counts = Counter[str]()
    for outcome in backend.run(list(compiler.compile_shapes(shapes)), limit=KEPT):
        rule = report.rule(outcome.plan.shape.node, shapes.graph)
        component = outcome.plan.constraint.component.rpartition("#")[2]
        counts[f"{rule.rpartition('/')[2]} ({component})"] += outcome.total
    Path(file).write_text(json.dumps(counts), encoding="utf-8")


if __name__ == "__main__":
    main()
