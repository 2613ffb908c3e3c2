"""A graph cut down to what is about some concepts."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox

from calckg import bundle, columnar, concepts, extract, storing
from calckg.sparql import LocalGraph

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_ONTOLOGY = bundle.GRAPH + "ontology"


def keep(connection: DuckDBPyConnection, folder: Path, roots: Sequence[str]) -> int:
    """Leave in the columns only what ``extract.about`` gives of the concepts ``roots``, and the ontology.

    ``roots`` are codes or names. The whole graph is put into a store in ``folder`` for it, which is removed again.
    Return how many quads are left. Raises ``UnknownNameError`` for a concept that the graph does not have.
    """
    whole = folder / "whole"
    try:
        storing.write(connection, whole)
        graph = LocalGraph(ox.Store.read_only(str(whole)))
        kept: set[ox.Quad] = set()
        for root in roots:
            kept.update(extract.about(graph, concepts.find(graph, root)))
        kept.update(quad for quad in graph.store.quads_for_pattern(None, None, None, ox.NamedNode(_ONTOLOGY)))
        del graph
    finally:
        shutil.rmtree(whole, ignore_errors=True)
    connection.execute("DELETE FROM quad; DELETE FROM term")
    return columnar.add(connection, lambda: columnar.stage_quads(connection, kept))
