"""What may be passed on: quads of sources that may not be redistributed are left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

import pyoxigraph as ox

from calckg.derive import CLIQUE_GRAPH, LABEL_GRAPH
from calckg.kg import KnowledgeGraph

_LEADER = ox.NamedNode("https://w3id.org/calckg/ontology/cliqueLeader")
_REDISTRIBUTION = "https://w3id.org/calckg/ontology/redistribution"
_RESTRICTED = """PREFIX dcat: <http://www.w3.org/ns/dcat#>
PREFIX ckg: <https://w3id.org/calckg/ontology/>
SELECT DISTINCT ?graph WHERE {
  ?graph a dcat:Dataset ; ckg:redistribution false . FILTER EXISTS { GRAPH ?graph { ?s ?p ?o } }
} ORDER BY ?graph"""


def restricted(graph: KnowledgeGraph) -> list[ox.NamedNode]:
    """Return the named graphs of the sources that say ``ckg:redistribution false``, sorted.

    Asked of the columns where there are any, for a graph may be built without a store.
    """
    if graph.distant_address is None:
        rows = graph.columns.execute(
            f"""SELECT DISTINCT s.value FROM quad q JOIN term s ON s.id = q.s JOIN term p ON p.id = q.p
            JOIN term o ON o.id = q.o WHERE p.value = '{_REDISTRIBUTION}' AND o.value IN ('false', '0')
            AND s.id IN (SELECT g FROM quad) ORDER BY s.value"""
        ).fetchall()
        return [ox.NamedNode(iri) for (iri,) in rows]
    found = cast(ox.QuerySolutions, graph.sparql.query(_RESTRICTED))
    return [cast(ox.NamedNode, row["graph"]) for row in found]


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
