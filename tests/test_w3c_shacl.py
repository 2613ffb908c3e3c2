"""The W3C's tests of SHACL: each expected report, isomorphic, on each back end; and the shapes that must be refused."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
from rdflib.compare import isomorphic

from calckg import columnar, rdf, staging
from calckg.errors import CalckgError
from calckg.shapes import compiler
from calckg.shapes.columns.on_columns import _SEVERAL, OnColumns
from calckg.shapes.reading import reader
from calckg.shapes.reports import report_graph
from calckg.shapes.results import Backend
from calckg.shapes.store.on_sparql import OnSparql
from calckg.sparql import LocalGraph

SUITE = Path(__file__).parent.parent.parent / "shared" / "data" / "w3c-shacl"
SH = rdflib.Namespace("http://www.w3.org/ns/shacl#")
MF = rdflib.Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
SHT = rdflib.Namespace("http://www.w3.org/ns/shacl-test#")
RDF = rdflib.RDF
TESTS = sorted(path for path in SUITE.rglob("*.ttl") if "sht:Validate" in path.read_text(encoding="utf-8"))


def triples(path: Path) -> list[ox.Triple]:
    quads = ox.parse(path=str(path), format=ox.RdfFormat.TURTLE, base_iri=path.as_uri())
    return [quad.triple for quad in quads]


def on_columns(data: Iterable[ox.Triple], shapes: ox.Store, several: int = _SEVERAL) -> Backend:
    connection = columnar.connect()
    staging.stage_quads(connection, (ox.Quad(t.subject, t.predicate, t.object) for t in data))
    columnar.settle(connection)
    return OnColumns(connection, shapes=shapes, several=several)


def together(data: Iterable[ox.Triple], shapes: ox.Store) -> Backend:
    return on_columns(data, shapes, several=1)


def on_sparql(data: Iterable[ox.Triple], shapes: ox.Store) -> Backend:
    store = ox.Store()
    store.bulk_extend(ox.Quad(t.subject, t.predicate, t.object) for t in data)
    return OnSparql(LocalGraph(store), shapes)


class Keeping:
    """A graph for SPARQL that keeps literals as they are written: rdflib's."""

    def __init__(self, data: Iterable[ox.Triple]) -> None:
        self._graph = rdf.to_rdflib(data)

    def query(self, text: str) -> ox.QuerySolutions:
        answer = self._graph.query(text).serialize(format="json")
        assert answer is not None
        # Kept in no variable of this frame, which rdflib's warnings keep: solutions must end in their own thread.
        return solutions(answer)


def solutions(answer: bytes) -> ox.QuerySolutions:
    found = ox.parse_query_results(answer, format=ox.QueryResultsFormat.JSON)
    assert isinstance(found, ox.QuerySolutions)
    return found


def on_keeping(data: Iterable[ox.Triple], shapes: ox.Store) -> Backend:
    return OnSparql(Keeping(data), shapes)


def as_written_by_a_store(said: Iterable[ox.Triple]) -> list[ox.Triple]:
    store = ox.Store()
    store.extend(ox.Quad(t.subject, t.predicate, t.object) for t in said)
    return [quad.triple for quad in store]


BACKENDS = {"columns": on_columns, "together": together, "sparql": on_sparql}


def told(graph: rdflib.Graph, node: rdflib.term.Node | None) -> rdflib.Graph:
    """Return the part of a graph that a report consists of: its node, the results, and what their blank nodes say."""
    found = rdflib.Graph()
    assert node is not None
    waiting, seen = [node], set[rdflib.term.Node]()
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        for s, p, o in graph.triples((one, None, None)):
            found.add((s, p, o))
            inner = p in {SH.result, SH.resultPath, RDF.first, RDF.rest} or str(p).endswith("Path")
            if inner and isinstance(o, rdflib.BNode):
                waiting.append(o)
    return found


def without_messages(found: rdflib.Graph, expected: rdflib.Graph) -> rdflib.Graph:
    """Leave out messages where the expected report has none (the suite's rule)."""
    if (None, SH.resultMessage, None) not in expected:
        found.remove((None, SH.resultMessage, None))
    return found


@pytest.mark.skipif(not TESTS, reason="the suite is not here")
def test_the_whole_suite_is_there() -> None:
    assert len(TESTS) == 86


# A local store writes numbers its own way, so that on it these two reports can't be the expected ones to the letter:
# 4.0 comes back as 4 (compared with the expected report as the store writes that), and a byte is an integer already
# when the shape sees it (asked of another store, that keeps what it is given).
REWRITTEN = "core/node/minExclusive-001.ttl"
LOST = "core/property/datatype-ill-formed.ttl"


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("path", TESTS, ids=lambda path: str(path.relative_to(SUITE)))
def test_the_report_is_the_expected_one(path: Path, backend: str) -> None:
    name, made = path.relative_to(SUITE).as_posix(), BACKENDS[backend]
    if (name, backend) == (LOST, "sparql"):
        made = on_keeping
    said = triples(path)
    if (name, backend) == (REWRITTEN, "sparql"):
        said = as_written_by_a_store(said)
    manifest = rdf.to_rdflib(said)
    (test,) = manifest.subjects(RDF.type, SHT.Validate)
    action, result = manifest.value(test, MF.action), manifest.value(test, MF.result)
    files = [
        Path(str(manifest.value(action, name)).removeprefix("file://")) for name in (SHT.dataGraph, SHT.shapesGraph)
    ]
    read = {file: triples(file) for file in {*files, path}}
    data, shapes_graph = (read[file] for file in files)
    if result == SHT.Failure:
        with pytest.raises(CalckgError):
            reader.read(shapes_graph)
        return
    shapes = reader.read(shapes_graph)
    plans = list(compiler.compile_shapes(shapes))
    outcomes = list(made(data, shapes.graph).run(plans))
    found = rdf.to_rdflib(report_graph.triples(outcomes))
    expected = told(manifest, result)
    (node,) = found.subjects(RDF.type, SH.ValidationReport)
    found = without_messages(told(found, node), expected)
    assert isomorphic(found, expected), (
        f"\n{found.serialize(format='turtle')}\n--- expected\n{expected.serialize(format='turtle')}"
    )
