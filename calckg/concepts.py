"""Find the concept that a user means: by code in any of its forms, or by its name."""

from __future__ import annotations

import pyoxigraph as ox

from calckg import identifiers, prefixes
from calckg.errors import UnknownNameError, UsageError
from calckg.sparql import SparqlGraph

_SKOS = "PREFIX skos: <http://www.w3.org/2004/02/skos/core#> PREFIX ckg: <https://w3id.org/calckg/ontology/> "
_NAMES = "skos:prefLabel|skos:altLabel|<http://www.w3.org/2000/01/rdf-schema#label>"
_MOST = 200_000  # how many codes of one vocabulary are looked through for the nearest


def node(text: str) -> ox.NamedNode:
    """Turn a CURIE or an IRI, in any of its known forms, into the canonical IRI.

    Raises ``UnknownNameError`` for an unknown prefix and ``UsageError`` for an ill-formed code or IRI.
    """
    table = prefixes.load()
    iri = table.expand(text)
    curie = table.compress(iri)
    if curie is not None:
        prefix, _, local = curie.partition(":")
        problem = identifiers.problem(prefix, local)
        if problem:
            raise UsageError(problem if problem.startswith(f"{text}:") else f"{text}: {problem}")
    try:
        return ox.NamedNode(iri)
    except ValueError:
        raise UsageError(f"{text!r} is neither a CURIE such as HP:0004934 nor an absolute IRI") from None


def find(graph: SparqlGraph, text: str) -> ox.NamedNode:
    """Return the concept in ``graph`` with the code or the name ``text``.

    A name is matched whole, in any case. Raises ``UnknownNameError`` with the nearest codes or names, ``UsageError``
    for a name of several concepts that are not the same.
    """
    text = text.strip()
    if not text:
        raise UsageError("the concept is empty; give a code such as HP:0004934, or a name")
    if ":" not in text or any(map(str.isspace, text)):  # a name may hold a colon, a code no space
        return _by_name(graph, text)
    concept = node(text)
    if not graph.query(f"{_SKOS} ASK {{ {concept} a skos:Concept }}"):
        raise UnknownNameError(
            "concept", text, _codes_like(graph, concept), "(calckg query search-by-name finds codes)"
        )
    return concept


def _by_name(graph: SparqlGraph, name: str) -> ox.NamedNode:
    """Find by a name, by a bare code (a notation without its prefix), or by OBO's form with an underscore."""
    found = graph.query(
        f"""{_SKOS} SELECT DISTINCT ?leader WHERE {{
            ?concept {_NAMES} ?name . FILTER(LCASE(STR(?name)) = LCASE({ox.Literal(name)}))
            ?concept ckg:cliqueLeader ?leader
        }} ORDER BY ?leader"""
    )
    leaders = [row["leader"] for row in found]  # type: ignore[union-attr]
    if len(leaders) == 1 and isinstance(leaders[0], ox.NamedNode):
        return leaders[0]
    if leaders:
        codes = ", ".join(sorted(_curie(leader) for leader in leaders))
        raise UsageError(f"{name!r} is the name of several concepts; give one of these codes: {codes}")
    bare = _by_bare_code(graph, name)
    if len(bare) == 1:
        return bare[0]
    if bare:
        codes = ", ".join(sorted(_curie(concept) for concept in bare))
        raise UsageError(f"{name!r} is a code in several vocabularies; give one of: {codes}")
    obo = _from_underscore(name)
    if obo is not None:
        return find(graph, obo)
    names = graph.query(f"{_SKOS} SELECT DISTINCT ?name WHERE {{ ?c a skos:Concept ; {_NAMES} ?name }} LIMIT {_MOST}")
    known = [str(row["name"].value) for row in names]  # type: ignore[union-attr]
    raise UnknownNameError("concept", name, known, "(a code such as HP:0004934 works too)")


def _from_underscore(text: str) -> str | None:
    """Return the CURIE of ``HP_0004934``; ``None`` for what is no such form."""
    table = prefixes.load()
    try:
        return None if ":" in text else table.compress(table.expand(text))
    except UsageError:
        return None


def _by_bare_code(graph: SparqlGraph, code: str) -> list[ox.NamedNode]:
    """Return the concepts whose code without prefix is ``code``, where its syntax lets it be one."""
    table = prefixes.load()
    found = []
    for prefix in identifiers.CODE_SYSTEMS:
        if prefix not in table.namespaces or identifiers.problem(prefix, code):
            continue
        try:
            concept = ox.NamedNode(table.namespaces[prefix] + code)
        except ValueError:
            continue
        if graph.query(f"{_SKOS} ASK {{ {concept} a skos:Concept }}"):
            found.append(concept)
    leaders = {_leader(graph, concept) for concept in found}
    return found[:1] if len(leaders) == 1 else found


def _leader(graph: SparqlGraph, concept: ox.NamedNode) -> str:
    rows = graph.query(f"{_SKOS} SELECT ?leader WHERE {{ {concept} ckg:cliqueLeader ?leader }}")
    return next((str(row["leader"]) for row in rows), str(concept))  # type: ignore[union-attr]


def _codes_like(graph: SparqlGraph, concept: ox.NamedNode) -> list[str]:
    """Return the CURIEs of the concepts in the vocabulary of ``concept``, or of all where it has none."""
    prefix = prefixes.load().prefix_of(concept.value)
    scheme = f"; skos:inScheme <https://w3id.org/calckg/id/scheme/{prefix}>" if prefix else ""
    rows = graph.query(f"{_SKOS} SELECT DISTINCT ?c WHERE {{ ?c a skos:Concept {scheme} }} LIMIT {_MOST}")
    return [_curie(row["c"]) for row in rows]  # type: ignore[union-attr]


def _curie(concept: object) -> str:
    value = concept.value if isinstance(concept, ox.NamedNode) else str(concept)
    return prefixes.load().compress(value) or value
