"""What may be passed on: quads of sources that may not be redistributed are left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

import pyoxigraph as ox

from calckg.derive import CLIQUE_GRAPH, LABEL_GRAPH
from calckg.kg import KnowledgeGraph
from calckg.rdf import RDF_TYPE

_LEADER = ox.NamedNode("https://w3id.org/calckg/ontology/cliqueLeader")
_REDISTRIBUTION = "https://w3id.org/calckg/ontology/redistribution"
_DATASET = "http://www.w3.org/ns/dcat#Dataset"
_BOOLEAN = "http://www.w3.org/2001/XMLSchema#boolean"
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
            JOIN term o ON o.id = q.o
            WHERE p.value = '{_REDISTRIBUTION}' AND o.value IN ('false', '0') AND o.datatype = '{_BOOLEAN}'
            AND s.id IN (SELECT g FROM quad) AND s.id IN (
                SELECT q.s FROM quad q JOIN term p ON p.id = q.p JOIN term o ON o.id = q.o
                WHERE p.value = '{RDF_TYPE.value}' AND o.value = '{_DATASET}')
            ORDER BY s.value"""
        ).fetchall()
        return [ox.NamedNode(iri) for (iri,) in rows]
    found = cast(ox.QuerySolutions, graph.sparql.query(_RESTRICTED))
    return [cast(ox.NamedNode, row["graph"]) for row in found]


def statement(graphs: Iterable[ox.NamedNode]) -> str:
    """Return SQL for the quads ``s, p, o, g`` of the columns that ``without`` leaves of a whole graph."""
    closed = ", ".join("'" + graph.value.replace("'", "''") + "'" for graph in graphs)
    return f"""WITH closed AS (SELECT id FROM term WHERE value IN ({closed})),
    kept AS (SELECT s, p, o, g FROM quad WHERE g NOT IN (SELECT id FROM closed)),
    label AS (SELECT id FROM term WHERE value = '{LABEL_GRAPH}'),
    clique AS (SELECT id FROM term WHERE value = '{CLIQUE_GRAPH}'),
    leader AS (SELECT id FROM term WHERE value = '{_LEADER.value}'),
    described AS (SELECT DISTINCT s AS id FROM kept
                  WHERE g NOT IN (SELECT id FROM label) AND g NOT IN (SELECT id FROM clique)),
    concept AS (SELECT s AS id FROM kept WHERE p IN (SELECT id FROM leader)),
    chosen AS (SELECT k.* FROM kept k WHERE g IN (SELECT id FROM label) AND s IN (SELECT id FROM described)),
    named AS (SELECT DISTINCT c.s, c.o FROM chosen c JOIN kept k ON k.s = c.s AND k.o = c.o
              WHERE k.g NOT IN (SELECT id FROM label))
    SELECT s, p, o, g FROM kept
    WHERE g NOT IN (SELECT id FROM label) AND s IN (SELECT id FROM described)
        AND (p NOT IN (SELECT id FROM leader) OR o IN (SELECT id FROM described))
    UNION ALL SELECT s, p, o, g FROM chosen WHERE s NOT IN (SELECT id FROM concept)
    UNION ALL SELECT c.s, c.p, c.o, c.g FROM chosen c JOIN named n ON n.s = c.s AND n.o = c.o
    WHERE c.s IN (SELECT id FROM concept)"""


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
