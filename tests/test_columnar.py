"""The graph as columns: what goes in comes out, in one step or two; pyoxigraph is the oracle."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable
from pathlib import Path

import duckdb
import pyoxigraph as ox
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from calckg import columnar, plain_lines, staging
from calckg.errors import CalckgError, CollisionError
from tests import terms

A, P, G = (ox.NamedNode(f"https://example.org/{name}") for name in "apg")
XSD = "http://www.w3.org/2001/XMLSchema#"


def add(connection: duckdb.DuckDBPyConnection, quads: Iterable[ox.Quad]) -> int:
    rows = [
        (str(q.subject), str(q.predicate), str(q.object), None if str(q.graph_name) == "DEFAULT" else str(q.graph_name))
        for q in quads
    ]
    connection.execute("CREATE OR REPLACE TEMP TABLE nquad (s VARCHAR, p VARCHAR, o VARCHAR, g VARCHAR)")
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        connection.execute("INSERT INTO nquad SELECT unnest(?), unnest(?), unnest(?), unnest(?::VARCHAR[])", columns)
    return columnar.encode(connection, "nquad")


CONNECTIONS = [columnar.connect() for _ in range(2)]  # making one costs more than an example


def encoded(quads: Iterable[ox.Quad], number: int = 0) -> duckdb.DuckDBPyConnection:
    connection = CONNECTIONS[number]
    connection.execute("DELETE FROM term; DELETE FROM quad")
    add(connection, quads)
    return connection


def term(value: ox.NamedNode | ox.BlankNode | ox.Literal) -> tuple[object, ...]:
    """Return the row of the table of terms for the object of a quad."""
    found = encoded([ox.Quad(A, P, value)]).execute(
        "SELECT t.kind, t.value, t.datatype, t.lang FROM quad q JOIN term t ON t.id = q.o"
    )
    (row,) = found.fetchall()
    assert isinstance(row, tuple)
    return row


def tables(connection: duckdb.DuckDBPyConnection) -> tuple[list[tuple[object, ...]], list[str]]:
    return (
        connection.execute("SELECT * EXCLUDE (id) FROM term ORDER BY ALL").fetchall(),
        sorted(map(str, columnar.quads(connection))),
    )


FEW = settings(max_examples=10)
SAMPLES = [
    ox.Quad(A, P, ox.Literal("\\u0041")),  # a backslash and a u: no escape
    ox.Quad(A, P, ox.Literal("\x01\\n")),
    ox.Quad(A, P, ox.Literal("\x00\x7f\ufffe")),
    ox.Quad(A, P, ox.Literal('"@en', language="en-GB")),
    ox.Quad(A, P, ox.Literal("\u0301e\u0301")),  # begins with a combining mark, which clings to the quote
    ox.Quad(ox.BlankNode("b"), P, ox.BlankNode("c"), G),
]


@FEW
@given(st.lists(terms.quads(terms.TEXT), max_size=6))
@example(SAMPLES)
def test_what_is_encoded_is_decoded(quads: list[ox.Quad]) -> None:
    assert set(columnar.quads(encoded(quads))) == set(quads)


@FEW
@given(st.lists(terms.quads(terms.TEXT), max_size=6), st.integers(0, 6))
@example(SAMPLES, 3)
def test_two_steps_are_as_good_as_one(quads: list[ox.Quad], cut: int) -> None:
    twice = encoded(quads[:cut])
    add(twice, quads[cut:])
    assert tables(twice) == tables(encoded(quads, 1))


@FEW
@given(st.lists(terms.quads(terms.TEXT), max_size=6))
@example(SAMPLES)
def test_adding_again_adds_nothing(quads: list[ox.Quad]) -> None:
    connection = encoded(quads)
    before = connection.execute("FROM term ORDER BY id").fetchall()
    assert add(connection, quads) == len(set(quads))
    assert connection.execute("FROM term ORDER BY id").fetchall() == before


@FEW
@given(st.lists(terms.quads(terms.TEXT), max_size=6))
def test_ids_do_not_depend_on_the_order_of_the_input(quads: list[ox.Quad]) -> None:
    once, again = encoded(quads), encoded(reversed(quads), 1)
    assert once.execute("FROM term ORDER BY id").fetchall() == again.execute("FROM term ORDER BY id").fetchall()


def test_a_new_term_is_numbered_after_those_that_are_there() -> None:
    connection = encoded([ox.Quad(A, P, ox.Literal("z"))])
    add(connection, [ox.Quad(A, P, ox.Literal("b")), ox.Quad(A, P, ox.Literal("a"))])
    found = connection.execute("SELECT value FROM term WHERE kind = 2 ORDER BY id").fetchall()
    assert found == [("z",), ("a",), ("b",)]


def test_encode_counts_what_is_there_then() -> None:
    connection = encoded([ox.Quad(A, P, ox.Literal("1"))])
    assert add(connection, [ox.Quad(A, P, ox.Literal("1")), ox.Quad(A, P, ox.Literal("2"))]) == 2


def test_a_quad_that_comes_twice_is_kept_once() -> None:
    assert add(columnar.connect(), [ox.Quad(A, P, A), ox.Quad(A, P, A)]) == 1


def test_a_triple_in_two_graphs_is_two_quads() -> None:
    assert add(columnar.connect(), [ox.Quad(A, P, A), ox.Quad(A, P, A, G)]) == 2


def test_an_iri_is_a_row() -> None:
    assert term(A) == (columnar.IRI, "https://example.org/a", None, None)


def test_a_blank_node_is_a_row() -> None:
    assert term(ox.BlankNode("b1")) == (columnar.BLANK, "b1", None, None)


def test_a_plain_literal_is_a_string() -> None:
    assert term(ox.Literal('a "b"\n\\')) == (columnar.LITERAL, 'a "b"\n\\', XSD + "string", None)


def test_a_literal_of_a_language_is_a_row() -> None:
    language = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"
    assert term(ox.Literal("a", language="en-GB")) == (columnar.LITERAL, "a", language, "en-gb")


def test_a_literal_of_a_datatype_is_a_row() -> None:
    assert term(ox.Literal("01", datatype=ox.NamedNode(XSD + "integer"))) == (
        columnar.LITERAL,
        "01",
        XSD + "integer",
        None,
    )


def test_the_default_graph_is_zero() -> None:
    assert encoded([ox.Quad(A, P, A)]).execute("SELECT g FROM quad").fetchall() == [(columnar.DEFAULT_GRAPH,)]


def test_columns_are_kept_in_a_file(tmp_path: Path) -> None:
    connection = columnar.connect(tmp_path / "quads.duckdb")
    add(connection, [ox.Quad(A, P, A)])
    connection.close()
    assert list(columnar.quads(columnar.connect(tmp_path / "quads.duckdb", read_only=True))) == [ox.Quad(A, P, A)]


def test_columns_that_are_not_there_are_told(tmp_path: Path) -> None:
    with pytest.raises(CalckgError, match="the columns can't be opened"):
        columnar.connect(tmp_path / "none.duckdb", read_only=True)


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "quads.duckdb").write_text("text, and not short enough to be taken for an empty database" * 100)
    with pytest.raises(CalckgError, match="the columns can't be opened"):
        columnar.connect(tmp_path / "quads.duckdb", read_only=True)


def test_a_term_of_each_kind_is_staged_as_it_is() -> None:
    connection = columnar.connect()
    quads = [
        ox.Quad(ox.BlankNode("a"), P, ox.Literal('one "two"@en'), G),
        ox.Quad(A, P, ox.Literal("drei", language="de-CH")),
        ox.Quad(A, P, ox.Literal("4", datatype=ox.NamedNode(XSD + "integer"))),
    ]
    assert staging.stage_quads(connection, quads) == 3
    assert columnar.settle(connection) == 3
    assert set(columnar.quads(connection)) == {
        quads[0],
        ox.Quad(A, P, ox.Literal("drei", language="de-ch")),
        quads[2],
    }


def test_all_can_be_staged_for_one_graph() -> None:
    connection = columnar.connect()
    staging.stage_quads(connection, [ox.Quad(A, P, A)], G.value)
    columnar.settle(connection)
    assert list(columnar.quads(connection)) == [ox.Quad(A, P, A, G)]


def test_a_statement_can_be_staged_for_one_graph() -> None:
    connection = columnar.connect()
    facts = f"SELECT '{A.value}' AS s, '{P.value}' AS p, 'a' AS v, '@en' AS t, 'urn:x:other' AS g"
    assert staging.stage(connection, f"{facts} UNION ALL {facts}", G.value) == 2
    columnar.settle(connection)
    assert list(columnar.quads(connection)) == [ox.Quad(A, P, ox.Literal("a", language="en"), G)]
    assert staging.stage(connection, f"FROM ({facts}) WHERE false", "urn:x:unused") == 0
    columnar.settle(connection)
    assert connection.execute("SELECT value FROM term WHERE value LIKE 'urn:x:%'").fetchall() == []


def test_what_is_told_by_ids_is_there_once() -> None:
    connection = encoded([ox.Quad(A, P, ox.Literal("a"))])
    pairs = "SELECT s, o FROM quad"
    assert columnar.link(connection, f"{pairs} UNION ALL {pairs}", "urn:x:new", G.value) == 2
    assert columnar.link(connection, pairs, "urn:x:new", G.value) == 2
    assert columnar.link(connection, pairs, P.value, G.value) == 3
    a = ox.Literal("a")
    assert set(columnar.quads(connection)) == {
        ox.Quad(A, P, a),
        ox.Quad(A, ox.NamedNode("urn:x:new"), a, G),
        ox.Quad(A, P, a, G),
    }


def test_without_pairs_no_term_is_numbered() -> None:
    connection = encoded([ox.Quad(A, P, A)])
    assert columnar.link(connection, "SELECT s, o FROM quad WHERE false", "urn:x:new", G.value) == 1
    assert connection.execute("SELECT count(*) FROM term").fetchone() == (2,)


def test_ids_follow_the_order_of_the_values_whatever_is_set() -> None:
    connection = columnar.connect()
    connection.execute("SET preserve_insertion_order = false")
    names = (hashlib.md5(str(number).encode()).hexdigest() for number in range(200_000))
    told = [ox.Quad(ox.NamedNode(f"urn:x:{name}"), P, A) for name in names]
    staging.stage_quads(connection, told)
    columnar.settle(connection)
    found = connection.execute("SELECT value FROM term ORDER BY id").fetchall()
    assert found == sorted(found)


def test_a_triple_as_a_term_is_refused() -> None:
    with pytest.raises(CalckgError, match="a triple as a term"):
        staging.stage_quads(columnar.connect(), [ox.Quad(A, P, ox.Triple(A, P, A))])


@FEW
@given(st.lists(terms.quads(terms.TEXT), max_size=20))
@example(SAMPLES)
def test_quads_that_do_not_fit_into_one_number_come_out_the_same(quads: list[ox.Quad]) -> None:
    packed = encoded(quads * 2).execute("FROM quad").fetchall()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columnar, "_BITS", 0)
        assert encoded(quads * 2).execute("FROM quad").fetchall() == packed
    assert packed == sorted(set(packed), key=lambda quad: (quad[1], quad[0], *quad[2:]))


def test_settling_nothing_changes_nothing() -> None:
    connection = encoded([ox.Quad(A, P, A)])
    assert columnar.settle(connection) == 1


def weak(text: str) -> str:
    """Give nearly all terms one of two hashes, until another salt is taken."""
    salt = "coalesce(getvariable('salt'), 0)"
    return f"CASE WHEN {salt} = 0 THEN hash({text}) % 2 ELSE hash({text}, {salt}) END"


@pytest.mark.parametrize("there", [[], [ox.Quad(A, P, ox.Literal("there before"))]], ids=["empty", "filled"])
def test_two_terms_of_one_hash_are_told_apart(monkeypatch: pytest.MonkeyPatch, there: list[ox.Quad]) -> None:
    for module in (columnar, staging):
        monkeypatch.setattr(module, "hash_of", weak)
    connection = columnar.connect()
    connection.execute("SET VARIABLE salt = 1")
    staging.stage_quads(connection, there)
    columnar.settle(connection)
    connection.execute("SET VARIABLE salt = 0")
    quads = [ox.Quad(A, P, ox.Literal(str(n))) for n in range(5)]
    staging.stage_quads(connection, quads)
    with pytest.raises(CollisionError, match="have the same hash"):
        columnar.settle(connection)
    assert set(columnar.quads(connection)) == set(there)
    connection.execute("SET VARIABLE salt = 0")
    calls = []
    assert columnar.add(connection, lambda: calls.append(staging.stage_quads(connection, quads))) == 5 + len(there)
    assert calls == [5, 5]
    assert set(columnar.quads(connection)) == {*there, *quads}


def test_texts_that_duckdb_gives_one_hash_are_told_apart_at_once() -> None:
    alike = "Merkel Cell Carcinoma cM1 TNM Finding v7", "Merkel Cell Carcinoma cT1 TNM Finding v8"
    quads = {ox.Quad(A, P, ox.Literal(text, language="en")) for text in alike}
    calls = []
    connection = columnar.connect()
    columnar.add(connection, lambda: calls.append(staging.stage_quads(connection, quads)))
    assert calls == [2]
    assert set(columnar.quads(connection)) == quads


def test_a_hash_that_never_tells_terms_apart_is_an_error_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (columnar, staging):
        monkeypatch.setattr(module, "hash_of", lambda text: f"length({text}) % 2")
    connection = columnar.connect()
    with pytest.raises(CollisionError, match="have the same hash"):
        columnar.add(connection, lambda: staging.stage_quads(connection, [ox.Quad(A, P, ox.Literal("one"))]))


@FEW
@given(st.lists(terms.quads(terms.TEXT), max_size=6))
@example(SAMPLES)
def test_lines_of_a_file_are_staged_as_the_quads_are(
    tmp_path_factory: pytest.TempPathFactory, quads: list[ox.Quad]
) -> None:
    path = tmp_path_factory.getbasetemp() / "lines.nt"
    triples = {quad.triple for quad in quads}
    with path.open("wb") as output:
        ox.serialize(triples, output, format=ox.RdfFormat.N_TRIPLES)
    connection = encoded([])
    assert plain_lines.stage(connection, path, G.value) == len(triples)
    columnar.settle(connection)
    assert {quad.triple for quad in columnar.quads(connection)} == triples


@pytest.mark.parametrize("length", [1_900_000, 3_900_000, 4_100_000, 15_000_000])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_line_longer_than_what_is_read_at_once(tmp_path: Path, place: int, length: int) -> None:
    texts = ["a", "b"]
    texts.insert(place, "x" * length)
    path = tmp_path / "lines.nt"
    path.write_text("".join(f'{A} {P} "{text}" .\n' for text in texts))
    connection = columnar.connect()
    assert plain_lines.stage(connection, path, G.value) == 3
    columnar.settle(connection)
    assert {quad.object for quad in columnar.quads(connection)} == {ox.Literal(text) for text in texts}


def test_no_line_is_left_out_without_a_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_lines, "_BUFFER", 4_000)
    monkeypatch.setattr(plain_lines, "_LONGEST", 10_000)
    path = tmp_path / "lines.nt"
    path.write_text(f'{A} {P} "a" .\n{A} {P} "{"x" * 30_000}" .\n')
    with pytest.raises((CalckgError, duckdb.Error)):
        plain_lines.stage(columnar.connect(), path, G.value)


def test_what_does_not_fit_into_memory_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    for name in ("here", "scratch"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    connection = columnar.connect()
    connection.execute("SET memory_limit = '30MB'")
    connection.execute("CREATE TEMP TABLE large AS SELECT range AS n, hash(range) AS h FROM range(3_000_000)")
    assert any((tmp_path / "scratch").rglob("*.tmp"))
    connection.close()
    assert not any((tmp_path / "scratch").iterdir())
    assert not any(Path().iterdir())
