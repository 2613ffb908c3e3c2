"""The difference of two graphs as RDF that holds every triple of it: as named graphs, or as change sets."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from urllib.parse import quote

import pyoxigraph as ox

from calckg import bundle
from calckg.diff import Difference

_GRAPH = bundle.GRAPH + "diff"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_TYPE = f"<{_RDF}type>"
_CS = "http://purl.org/vocab/changeset/schema#"
_VOID = "http://rdfs.org/ns/void#"
_XSD = "http://www.w3.org/2001/XMLSchema#"
_SOURCE = "http://purl.org/dc/terms/source"


def dataset(difference: Difference) -> Iterator[ox.Quad]:
    """Yield added and removed triples in named graphs: ``kg:diff/added/NAME``, ``kg:diff/removed/NAME``.

    NAME is the changed graph's below ``kg:``, or its whole IRI, percent-encoded. The graph ``kg:diff`` says of each
    that it is a ``void:Dataset``, how many triples it holds, and with ``dcterms:source`` which graph it is about.
    """
    counts: dict[tuple[str, str], int] = {}
    lines = []
    for added, s, p, o, g in difference.quads():
        name = _GRAPH + ("/added" if added else "/removed") + _below(g)
        counts[name, g] = counts.get((name, g), 0) + 1
        lines.append(f"{s} {p} {o} <{name}> .")
    for (name, g), count in counts.items():
        lines.append(f"<{name}> {_TYPE} <{_VOID}Dataset> <{_GRAPH}> .")
        lines.append(f'<{name}> <{_VOID}triples> "{count}"^^<{_XSD}integer> <{_GRAPH}> .')
        if g:
            lines.append(f"<{name}> <{_SOURCE}> {g} <{_GRAPH}> .")
    yield from ox.parse("\n".join(lines), format=ox.RdfFormat.N_QUADS)


def change_sets(difference: Difference) -> Iterator[ox.Quad]:
    """Yield the same as triples: a ``cs:ChangeSet`` for each subject, its additions and removals reified.

    It follows the Changeset vocabulary (https://vocab.org/changeset/); each ``rdf:Statement`` has its named graph
    as ``dcterms:source``.
    """
    subjects: dict[str, list[tuple[bool, str]]] = {}
    lines = []
    for added, s, p, o, g in difference.quads():
        node = _minted("statement", f"{s} {p} {o} {g}")
        subjects.setdefault(s, []).append((added, node))
        lines.append(f"{node} {_TYPE} <{_RDF}Statement> .")
        lines.append(f"{node} <{_RDF}subject> {s} .\n{node} <{_RDF}predicate> {p} .\n{node} <{_RDF}object> {o} .")
        if g:
            lines.append(f"{node} <{_SOURCE}> {g} .")
    for s, statements in subjects.items():
        node = _minted("change-set", "\n".join(f"{added:d} {statement}" for added, statement in statements))
        lines.append(f"{node} {_TYPE} <{_CS}ChangeSet> .\n{node} <{_CS}subjectOfChange> {s} .")
        lines += [f"{node} <{_CS}{'addition' if added else 'removal'}> {told} ." for added, told in statements]
    yield from ox.parse("\n".join(lines), format=ox.RdfFormat.N_TRIPLES)


def _below(graph: str) -> str:
    """Return what a named graph, as an N-Quads text, adds to the name of a graph of changes."""
    if not graph:
        return ""
    name = graph[1:-1]
    return "/" + (name.removeprefix(bundle.GRAPH) if name.startswith(bundle.GRAPH) else quote(name, safe=""))


def _minted(kind: str, content: str) -> str:
    return f"<https://w3id.org/calckg/id/{kind}/{hashlib.sha256(content.encode()).hexdigest()[:32]}>"
