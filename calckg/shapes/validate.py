"""Run SHACL shapes over triples with pySHACL and report what they find."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from calckg import rdf, resources
from calckg.errors import CalckgError
from calckg.findings import FileSource, Finding, GraphSource, Report, Severity
from calckg.shapes import prebound

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
    source of a finding is the named graph of the statement that it is about, else of its focus node. Raises
    ``SourceError`` for a file that can't be read, ``CalckgError`` for shapes that are not well formed or not there.
    """
    kept = list(quads)
    with _quiet():
        shapes_graph = rdf.to_rdflib(
            ox.Triple(q.subject, q.predicate, q.object) for path in shapes for q in rdf.read(path)
        )
        data = rdf.to_rdflib(ox.Triple(q.subject, q.predicate, q.object) for q in kept)
        names = ", ".join(map(str, shapes))
        count = _count_shapes(shapes_graph)
        if not count:
            raise CalckgError(f"{names}: there is no shape in it; give a file with sh:NodeShape or sh:PropertyShape")
        taken = prebound.take_over(shapes_graph)
        conforms, results = _run(data, shapes_graph, names)
    merged = {ox.Triple(q.subject, q.predicate, q.object) for q in kept}
    found = list(prebound.results(merged, shapes_graph, taken))
    triples = _together(_triples(results), found)
    conforms = conforms and not found
    report = Report(_findings(triples, shapes_graph, _graphs(kept), files or {}))
    return Validation(conforms, report, triples, count)


def _together(report: list[ox.Triple], results: list[ox.Triple]) -> list[ox.Triple]:
    """Put results into a ``sh:ValidationReport`` (SHACL 3.6) that was made without them."""
    if not results:
        return report
    conforms = ox.NamedNode(_SH + "conforms")
    kept = [triple for triple in report if triple.predicate != conforms]
    node = next(triple.subject for triple in report if triple.predicate == conforms)
    nodes = dict.fromkeys(triple.subject for triple in results)
    false = ox.Literal("false", datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#boolean"))
    links = [ox.Triple(node, ox.NamedNode(_SH + "result"), result) for result in nodes]
    return [*kept, ox.Triple(node, conforms, false), *links, *results]


def _graphs(quads: Iterable[ox.Quad]) -> dict[tuple[str, ...], str]:
    """Return the named graph of each statement (subject, predicate, object) and of each (subject,): the first."""
    found: dict[tuple[str, ...], str] = {}
    for quad in quads:
        if isinstance(quad.graph_name, ox.NamedNode):
            statement = (str(quad.subject), str(quad.predicate), str(quad.object))
            found.setdefault(statement, quad.graph_name.value)
            found.setdefault(statement[:1], quad.graph_name.value)
    return found


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep rdflib and pySHACL from talking on standard error: what matters of it is in the report or an exception."""
    loggers = [logging.getLogger(name) for name in ("rdflib.term", "pyshacl-validate")]
    before = [logger.disabled for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.disabled = True
        try:
            yield
        finally:
            for logger, disabled in zip(loggers, before, strict=True):
                logger.disabled = disabled


def _run(data: Graph, shapes: Graph, names: str) -> tuple[bool, Graph]:
    """Return whether ``data`` conforms, and pySHACL's report."""
    import pyshacl
    import rdflib

    try:
        conforms, results, _ = pyshacl.validate(data, shacl_graph=shapes, advanced=False, inplace=True)
    except Exception as error:
        # pySHACL checks shapes as it runs them: a bad pattern is an re.error, a bad query a bare exception.
        raise CalckgError(f"{names}: the shapes are not well formed: {_told(error)}") from None
    if not isinstance(results, rdflib.Graph):  # a pyshacl.ValidationFailure, returned
        raise CalckgError(f"{names}: the shapes can't be run: {_told(results)}")
    return bool(conforms), results


def _told(error: object) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _triples(results: Graph) -> list[ox.Triple]:
    text = results.serialize(format="nt", encoding="utf-8")
    quads = ox.parse(text, format=ox.RdfFormat.N_TRIPLES)
    return sorted((ox.Triple(q.subject, q.predicate, q.object) for q in quads), key=str)


def _count_shapes(shapes: Graph) -> int:
    """Count the shapes (SHACL, 2.1): typed as one, with a target, or named by ``sh:property`` or ``sh:node``."""
    from rdflib import RDF, URIRef

    found = {s for kind in ("NodeShape", "PropertyShape") for s in shapes.subjects(RDF.type, URIRef(_SH + kind))}
    for target in ("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf"):
        found.update(shapes.subjects(URIRef(_SH + target)))
    for name in ("property", "node"):
        found.update(shapes.objects(None, URIRef(_SH + name)))
    return len(found)


def _findings(
    triples: Iterable[ox.Triple], shapes: Graph, graphs: dict[tuple[str, ...], str], files: dict[str, str]
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
        statement = (str(focus), str(result.get(_SH + "resultPath")), str(result.get(_SH + "value")))
        yield Finding(
            rule=_rule(shape, shapes),
            severity=_SEVERITIES.get(getattr(severity, "value", ""), Severity.VIOLATION),
            subject=focus.value,
            message=_message(result),
            remedy=_remedy(result, shape, shapes),
            source=FileSource(place) if place else GraphSource(graphs.get(statement, graphs.get(statement[:1]))),
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
        node = min(shapes.subjects(None, node), key=str, default=None)
    return str(node if node is not None else shape.value)


def _remedy(result: dict[str, Any], shape: Any, shapes: Graph) -> str:
    """Return what the shape's ``rdfs:comment`` says to do; of the constraint itself, if it says so there."""
    from rdflib import RDFS

    for term in (result.get(_SH + "sourceConstraint"), shape):
        node, seen = _node(term) if term is not None else None, set()
        while node is not None and node not in seen:
            seen.add(node)
            comment = shapes.value(node, RDFS.comment)
            if comment is not None:
                return str(comment)
            node = min(shapes.subjects(None, node), key=str, default=None)
    return ""
