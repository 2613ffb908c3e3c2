"""The part of a graph that is about one concept: it, what is narrower, and what is linked to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import cast

import pyoxigraph as ox

from calckg import prefixes
from calckg.sparql import SparqlGraph

_PREFIXES = """PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX skosxl: <http://www.w3.org/2008/05/skos-xl#>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX biolink: <https://w3id.org/biolink/vocab/>
PREFIX ckg: <https://w3id.org/calckg/ontology/>
"""
_BATCH = 500
_SAME = "?node ckg:cliqueLeader ?leader . ?found ckg:cliqueLeader ?leader ."
_NARROWER = "?found skos:broader ?node ."
_STATEMENTS = (
    "?found biolink:subject ?node .",
    "?found biolink:object ?node .",
    "?found owl:annotatedSource ?node .",
    "?found owl:annotatedTarget ?node .",
    "?found ckg:concept ?node .",
)
# What a statement speaks of, and what must be there for that to be readable.
_LINKED = (
    "?node biolink:subject|biolink:object|owl:annotatedSource|owl:annotatedTarget ?found .",
    "?node ckg:citation|biolink:publications ?found .",
    "?node ckg:literatureCategory/skos:broader* ?found .",
    "?node biolink:frequency_qualifier|biolink:onset_qualifier|biolink:sex_qualifier ?found .",
    "?node dcterms:isPartOf ?found .",
    "?node skos:inScheme ?found .",
    "?node skosxl:prefLabel|skosxl:altLabel ?found .",
)
DESCRIBING = (
    "rdf:type",
    "rdfs:label",
    "skos:prefLabel",
    "skos:altLabel",
    "skos:notation",
    "skos:definition",
    "skos:inScheme",
    "owl:deprecated",
    "ckg:cliqueLeader",
    "ckg:semanticType",
)
"""What is kept of a concept at the other end of a statement, as CURIEs."""


def about(graph: SparqlGraph, root: ox.NamedNode) -> Iterator[ox.Quad]:
    """Yield the quads about ``root``, in every form of it, and what is narrower.

    Kept whole: these concepts, and each association, mapping and literature link that one of them stands in. Kept with
    names, codes and scheme only: the concepts at the other ends. Citations, journals, schemes and the descriptions of
    the named graphs that occur come along. No quad points to a concept that is left out.
    """
    core = _closure(graph, {root})
    statements = _step(graph, core, _STATEMENTS)
    linked = _step(graph, statements | core, _LINKED)
    linked |= _step(graph, linked, _LINKED)
    ends = _step(graph, linked, (_SAME,))
    kept = core | statements | linked | ends | _step(graph, ends, ("?node skos:inScheme ?found .",))
    concepts = _step(graph, kept, ("BIND(?node AS ?found) ?node a skos:Concept .",))
    describing = {prefixes.load().expand(curie) for curie in DESCRIBING}
    graphs: set[ox.NamedNode] = set()
    for quad in _quads(graph, kept):
        subject, target = quad.subject, quad.object
        if (
            subject in concepts
            and subject not in core
            and quad.predicate.value not in describing
            and target not in core
        ):
            continue
        if isinstance(target, ox.NamedNode) and target not in kept and _is_concept(graph, target):
            continue
        if isinstance(quad.graph_name, ox.NamedNode):
            graphs.add(quad.graph_name)
        yield quad
    yield from _quads(graph, graphs - kept)


def _closure(graph: SparqlGraph, start: set[ox.NamedNode]) -> set[ox.NamedNode]:
    """Add the other members of each clique and what is narrower than any, until nothing is new."""
    found, front = set(start), set(start)
    while front:
        front = _step(graph, front, (_SAME, _NARROWER)) - found
        found |= front
    return found


def _step(graph: SparqlGraph, nodes: Iterable[ox.NamedNode], patterns: Iterable[str]) -> set[ox.NamedNode]:
    found: set[ox.NamedNode] = set()
    for values in _batches(nodes):
        for pattern in patterns:
            rows = graph.query(f"{_PREFIXES} SELECT DISTINCT ?found WHERE {{ {values} {pattern} }}")
            found.update(
                row["found"] for row in cast(ox.QuerySolutions, rows) if isinstance(row["found"], ox.NamedNode)
            )
    return found


def _quads(graph: SparqlGraph, nodes: Iterable[ox.NamedNode]) -> Iterator[ox.Quad]:
    for values in _batches(nodes):
        rows = graph.query(f"SELECT ?node ?p ?o ?g WHERE {{ {values} GRAPH ?g {{ ?node ?p ?o }} }}")
        for row in cast(ox.QuerySolutions, rows):
            yield ox.Quad(row["node"], row["p"], row["o"], row["g"])


def _is_concept(graph: SparqlGraph, node: ox.NamedNode) -> bool:
    return bool(graph.query(f"{_PREFIXES} ASK {{ {node} a skos:Concept }}"))


def _batches(nodes: Iterable[ox.NamedNode]) -> Iterator[str]:
    ordered = iter(sorted(nodes, key=str))
    while batch := list(islice(ordered, _BATCH)):
        yield "VALUES ?node { " + " ".join(str(node) for node in batch) + " }"
