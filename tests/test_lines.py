"""The streamed dump is, byte for byte, what sorting all of the graph in memory gives."""

from __future__ import annotations

import io
from collections.abc import Iterator

import duckdb
import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calckg import columnar, lines, rdf, staging
from calckg.errors import CalckgError, UsageError
from tests import terms

CONNECTION = columnar.connect()  # making one costs more than a test
P = ox.NamedNode("https://example.org/p#a")
XSD = "http://www.w3.org/2001/XMLSchema#"


@pytest.fixture(params=[1, 500_000], ids="parts of {}".format)
def size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many quads a part has, at most but for those of one subject."""
    monkeypatch.setattr(lines, "_PART", request.param)
    return int(request.param)


def encoded(quads: list[ox.Quad]) -> duckdb.DuckDBPyConnection:
    CONNECTION.execute("DELETE FROM term; DELETE FROM quad")
    columnar.add(CONNECTION, lambda: staging.stage_quads(CONNECTION, quads))
    return CONNECTION


def streamed(connection: duckdb.DuckDBPyConnection, name: str, relation: str = "FROM quad") -> bytes:
    stream = io.BytesIO()
    lines.write(connection, stream, name, relation)
    return stream.getvalue()


def sorted_whole(quads: Iterator[ox.Quad], name: str) -> bytes:
    stream = io.BytesIO()
    rdf.write_quads(quads, stream, name)
    return stream.getvalue()


def nodes(*names: str) -> list[ox.Quad]:
    return [ox.Quad(ox.NamedNode(name), P, ox.NamedNode(name), ox.NamedNode(name)) for name in names]


@pytest.mark.parametrize("name", rdf.FORMATS)
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(quads=st.lists(terms.quads(terms.XML_TEXT), max_size=8))
def test_it_is_as_sorted_in_memory(size: int, name: str, quads: list[ox.Quad]) -> None:
    connection = encoded(quads)
    assert streamed(connection, name) == sorted_whole(columnar.quads(connection), name)


@pytest.mark.parametrize("name", rdf.LINES)
@settings(max_examples=20)
@given(quads=st.lists(terms.quads(terms.TEXT), max_size=8))
def test_lines_of_any_text_are(name: str, quads: list[ox.Quad]) -> None:
    connection = encoded(quads)
    assert streamed(connection, name) == sorted_whole(columnar.quads(connection), name)


# An IRI that begins another: as texts, its ">" comes after "." and "/" of the other. A tag follows a quote.
HARD = {
    "an IRI begins another": nodes("https://example.org/a", "https://example.org/a.b", "https://example.org/a/b"),
    "an IRI goes on with a letter": nodes("https://example.org/a", "https://example.org/aa"),
    "a literal begins another": [
        ox.Quad(P, P, literal)
        for literal in (
            ox.Literal("a"),
            ox.Literal("a", language="en"),
            ox.Literal("a", language="en-gb"),
            ox.Literal("a", datatype=ox.NamedNode(XSD + "date")),
            ox.Literal('a"'),
            ox.Literal("a b"),
        )
    ],
    "a blank node begins another": [ox.Quad(ox.BlankNode(name), P, P) for name in ("a", "a1", "b")],
    "code points beyond the first plane": [ox.Quad(P, P, ox.Literal(text)) for text in ("\U0001f600", "\uffee", "é")],
    "predicates that begin another": [
        ox.Quad(P, ox.NamedNode(f"https://example.org/{name}"), P) for name in ("q", "q/r", "q.r")
    ],
}


@pytest.mark.parametrize("name", rdf.FORMATS)
@pytest.mark.parametrize("what", HARD)
def test_the_order_is_that_of_texts(what: str, name: str) -> None:
    if name == "rdfxml" and "predicates" not in what:
        name = "ntriples"  # RDF/XML has no other order than Turtle, which is here too
    connection = encoded(HARD[what])
    assert streamed(connection, name) == sorted_whole(iter(HARD[what]), name)


def test_the_merge_has_each_triple_once(size: int) -> None:
    quads = [ox.Quad(P, P, P, ox.NamedNode(f"urn:x:{n}")) for n in range(5)]
    assert streamed(encoded(quads), "ntriples") == f"{P} {P} {P} .\n".encode()


def test_only_the_quads_of_the_relation_are_written() -> None:
    connection = encoded(nodes("urn:x:a", "urn:x:b"))
    kept = "SELECT q.* FROM quad q JOIN term s ON s.id = q.s WHERE s.value = 'urn:x:b'"
    assert streamed(connection, "nquads", kept) == sorted_whole(iter(nodes("urn:x:b")), "nquads")


def test_prefixes_are_those_of_what_is_written() -> None:
    one = ox.Quad(ox.NamedNode("http://purl.obolibrary.org/obo/HP_1"), P, P)
    other = ox.Quad(ox.NamedNode("http://purl.obolibrary.org/obo/MONDO_1"), P, P)
    kept = "SELECT q.* FROM quad q JOIN term s ON s.id = q.s WHERE s.value LIKE '%HP%'"
    assert streamed(encoded([one, other]), "turtle", kept) == sorted_whole(iter([one]), "turtle")


def test_an_empty_graph_has_no_lines() -> None:
    assert streamed(encoded([]), "nquads") == b""


def test_a_graph_may_be_written_while_it_is_read() -> None:
    """What is put by does not meet with what another dump of the connection has put by."""
    connection = encoded(nodes("urn:x:a"))
    assert streamed(connection, "nquads") == streamed(connection, "nquads") != b""
    assert connection.execute("SELECT count(*) FROM quad").fetchone() == (1,)


def test_the_connection_is_left_as_it_was() -> None:
    connection = columnar.connect()
    connection.execute("SET memory_limit = '700MiB'; SET threads = 1")
    streamed(connection, "nquads")
    settings = connection.execute("SELECT current_setting('memory_limit'), current_setting('threads')").fetchone()
    assert settings == ("700.0 MiB", 1)
    assert connection.execute("SELECT count(*) FROM duckdb_tables() WHERE temporary").fetchone() == (0,)


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown RDF format 'hdt'; known: turtle, trig"):
        streamed(CONNECTION, "hdt")


def test_what_can_not_be_sorted_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_MEMORY", "1KB")
    connection = encoded(nodes(*(f"urn:x:{n}" for n in range(1000))))
    with pytest.raises(CalckgError, match=r"can't be sorted: .*; is the memory, or the disk, full\? Free some"):
        streamed(connection, "nquads")
