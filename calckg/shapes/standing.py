"""What a build has found of the shapes still stands while its columns and the shapes are what they were."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from calckg.shapes import algebra as al
from calckg.shapes import model

if TYPE_CHECKING:
    from calckg.kg import KnowledgeGraph

_GRAPH: Final = re.compile(r"(?<![?$:\w])GRAPH(?!\s*[?$]shapesGraph\b)\s*(?:[<?$]|\w*:)", re.IGNORECASE)


def keys(plans: Sequence[al.Plan], shapes: Sequence[Path]) -> list[str | None]:
    """Return for each plan of the files ``shapes`` a key: who has the same asks the same, by the same rules.

    There is none where the names of shape, component and targets do not tell one plan from another.
    """
    texts = [_named(plan) for plan in plans]
    often = Counter(texts)
    rules = _rules(shapes)
    digest = [hashlib.sha256(f"{rules} {text}".encode()).hexdigest()[:32] for text in texts]
    return [key if text and often[text] == 1 else None for key, text in zip(digest, texts, strict=True)]


def nothing_found(graph: KnowledgeGraph, plans: Sequence[al.Plan], shapes: Sequence[Path]) -> set[int]:
    """Return the places of those plans of which the build of ``graph`` has found that they find nothing.

    There are none where the columns are not byte for byte those that the build wrote.
    """
    if not graph.has_columns_of_its_build:
        return set()
    told = "SELECT 1 FROM duckdb_tables() WHERE database_name = 'graph' AND table_name = 'result_of'"
    if graph.columns.execute(told).fetchone() is None:
        return set()
    rows = graph.columns.execute("SELECT key FROM graph.result_of WHERE key IS NOT NULL AND results = 0").fetchall()
    known = {key for (key,) in rows}
    return {place for place, key in enumerate(keys(plans, shapes)) if key in known}


def _named(plan: al.Plan) -> str:
    shape, focus = plan.shape.node, plan.focus
    if isinstance(shape, ox.BlankNode):  # its name is another one each time
        return ""
    if any(isinstance(part, model.Sparql) and _GRAPH.search(part.query) for part in model.within(plan.question)):
        return ""  # a build sees the merge, the store of its graph the named graphs, too
    return f"{shape} {plan.constraint.component} {sorted(map(str, focus.targets))} {focus.hops}"


def _rules(shapes: Sequence[Path]) -> str:
    """Return a digest of the shapes and of the code that checks them: of what the files hold now, in milliseconds."""
    from calckg.database import duckdb

    digest = hashlib.sha256(f"{duckdb.__version__} {ox.__version__}".encode())
    here = Path(__file__).parent
    beside = (here.with_name("columnar.py"), here.with_name("sparql.py"))
    for path in (*beside, *sorted(here.rglob("*.py")), *shapes):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:32]
