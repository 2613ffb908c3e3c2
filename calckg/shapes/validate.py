"""Run SHACL shapes over triples with pySHACL and report what they find."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from calckg import rdf, resources
from calckg.errors import CalckgError
from calckg.findings import FileSource, Finding, GraphSource, Report, Severity

if TYPE_CHECKING:
    from rdflib import Graph

_SH = "http://www.w3.org/ns/shacl#"
_SEVERITIES = {
    _SH + "Violation": Severity.VIOLATION,
    _SH + "Warning": Severity.WARNING,
    _SH + "Info": Severity.INFO,
}


@dataclass(frozen=True, slots=True)
class Validation:
    """The outcome of a validation.

    ``conforms`` is SHACL's own word (no result of any severity, SHACL 3.6.1); ``report`` holds a finding for each
    result, ``triples`` the ``sh:ValidationReport``, ``shapes`` the count of shapes that were run.
    """

    conforms: bool
    report: Report
    triples: list[ox.Triple]
    shapes: int


def shape_files() -> list[Path]:
    """Return calckg's own shapes and the prefix table that they declare their prefixes in."""
    folder = resources.ontology_dir()
    return [*sorted((folder / "shapes").glob("*.ttl")), folder / "prefixes.ttl"]


def validate(quads: Iterable[ox.Quad], shapes: Sequence[Path], files: dict[str, str] | None = None) -> Validation:
    """Validate the merge of ``quads`` against the shapes in the files ``shapes``.

    ``files`` gives the file that each subject (as N-Triples text) was read from, where there are files; else the
    source of a finding is the named graph of its focus node. Raises ``SourceError`` for a file that can't be read and
    ``CalckgError`` for shapes that are not well formed.
    """
    import pyshacl
    from pyshacl.errors import ReportableRuntimeError, ShapeLoadError

    kept = list(quads)
    shapes_graph = _rdflib(ox.Triple(q.subject, q.predicate, q.object) for path in shapes for q in rdf.read(path))
    data = _rdflib(ox.Triple(q.subject, q.predicate, q.object) for q in kept)
    try:
        conforms, results, _ = pyshacl.validate(data, shacl_graph=shapes_graph, advanced=False, inplace=True)
    except (ShapeLoadError, ReportableRuntimeError) as error:
        text = " ".join(str(error).split())
        raise CalckgError(f"{', '.join(map(str, shapes))}: the shapes are not well formed: {text}") from None
    triples = _triples(results)
    graphs = {str(q.subject): q.graph_name.value for q in kept if isinstance(q.graph_name, ox.NamedNode)}
    report = Report(_findings(triples, shapes_graph, graphs, files or {}))
    return Validation(bool(conforms), report, triples, _count_shapes(shapes_graph))


def _rdflib(triples: Iterable[ox.Triple]) -> Graph:
    """Copy triples to an rdflib graph, literals kept as they are written."""
    import rdflib

    rdflib.NORMALIZE_LITERALS = False
    graph = rdflib.Graph(bind_namespaces="none")
    stream = BytesIO()
    ox.serialize(triples, stream, ox.RdfFormat.N_TRIPLES)
    graph.parse(data=stream.getvalue(), format="nt")
    return graph


def _triples(results: Any) -> list[ox.Triple]:
    text = results.serialize(format="nt", encoding="utf-8")
    return [ox.Triple(q.subject, q.predicate, q.object) for q in ox.parse(text, format=ox.RdfFormat.N_TRIPLES)]


def _count_shapes(shapes: Graph) -> int:
    from rdflib import RDF, URIRef

    kinds = (URIRef(_SH + "NodeShape"), URIRef(_SH + "PropertyShape"))
    return len({subject for kind in kinds for subject in shapes.subjects(RDF.type, kind)})


def _findings(
    triples: Iterable[ox.Triple], shapes: Graph, graphs: dict[str, str], files: dict[str, str]
) -> Iterable[Finding]:
    results: dict[str, dict[str, Any]] = {}
    for triple in triples:
        results.setdefault(str(triple.subject), {}).setdefault(triple.predicate.value, triple.object)
    for result in results.values():
        if _SH + "focusNode" not in result:
            continue
        focus, shape = result[_SH + "focusNode"], result.get(_SH + "sourceShape")
        severity = result.get(_SH + "resultSeverity")
        place = files.get(str(focus))
        yield Finding(
            rule=_rule(shape, shapes),
            severity=_SEVERITIES.get(getattr(severity, "value", ""), Severity.VIOLATION),
            subject=focus.value,
            message=_message(result),
            remedy=_remedy(result, shape, shapes),
            source=FileSource(place) if place else GraphSource(graphs.get(str(focus))),
        )


def _message(result: dict[str, Any]) -> str:
    """Return the result's message, with its path and value where the message doesn't hold them."""
    told = result.get(_SH + "resultMessage")
    text = str(told.value) if told is not None else "does not conform"
    value = result.get(_SH + "value")
    shown = getattr(value, "value", None)
    return text if shown is None or str(shown) in text else f"{text} (found: {shown})"


def _node(term: Any) -> Any:
    from rdflib import BNode, URIRef

    return BNode(term.value) if isinstance(term, ox.BlankNode) else URIRef(term.value)


def _rule(shape: Any, shapes: Graph) -> str:
    """Return the IRI of the shape that found it; for one without an IRI, of the shape that holds it."""
    node, seen = _node(shape), set()
    while node is not None and not str(node).startswith(("http:", "https:", "urn:")) and node not in seen:
        seen.add(node)
        node = next(iter(shapes.subjects(None, node)), None)
    return str(node if node is not None else shape.value)


def _remedy(result: dict[str, Any], shape: Any, shapes: Graph) -> str:
    """Return what the shape's ``rdfs:comment`` says to do; of the constraint itself, if it says so there."""
    from rdflib import RDFS

    for term in (result.get(_SH + "sourceConstraint"), shape):
        node = _node(term) if term is not None else None
        while node is not None:
            comment = shapes.value(node, RDFS.comment)
            if comment is not None:
                return str(comment)
            node = next(iter(shapes.subjects(None, node)), None)
    return ""
