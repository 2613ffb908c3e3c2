"""What may be passed on: quads of sources that may not be redistributed are left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

import pyoxigraph as ox

from calckg.derive import CLIQUE_GRAPH, LABEL_GRAPH
from calckg.sparql import SparqlGraph

_LEADER = ox.NamedNode("https://w3id.org/calckg/ontology/cliqueLeader")
_RESTRICTED = """PREFIX dcat: <http://www.w3.org/ns/dcat#>
PREFIX ckg: <https://w3id.org/calckg/ontology/>
SELECT DISTINCT ?graph WHERE {
  ?graph a dcat:Dataset ; ckg:redistribution false . FILTER EXISTS { GRAPH ?graph { ?s ?p ?o } }
} ORDER BY ?graph"""


def restricted(graph: SparqlGraph) -> list[ox.NamedNode]:
    """Return the named graphs of the sources that say ``ckg:redistribution false``, sorted."""
    rows = cast(ox.QuerySolutions, graph.query(_RESTRICTED))
    return [cast(ox.NamedNode, row["graph"]) for row in rows]


def without(quads: Iterable[ox.Quad], graphs: Iterable[ox.NamedNode]) -> Iterator[ox.Quad]:
    """Yield ``quads`` but those in ``graphs``, and but what was derived from these alone."""
    left_out = set(graphs)
    kept = [quad for quad in quads if quad.graph_name not in left_out]
    label_graph = ox.NamedNode(LABEL_GRAPH)
    derived = {label_graph, ox.NamedNode(CLIQUE_GRAPH)}
    described = {quad.subject for quad in kept if quad.graph_name not in derived}
    named = {(quad.subject, quad.object) for quad in kept if quad.graph_name != label_graph}
    concepts = {quad.subject for quad in kept if quad.predicate == _LEADER}
    for quad in kept:
        chosen = quad.graph_name == label_graph and quad.subject in concepts
        led_away = quad.predicate == _LEADER and quad.object not in described
        if quad.subject in described and not led_away and (not chosen or (quad.subject, quad.object) in named):
            yield quad
