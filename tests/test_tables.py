"""The canonical tables: what is declared, and how rows come into them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unicodedata import normalize

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calckg import loading, tables
from calckg.errors import SourceError
from calckg.tables import TABLES, Rows, Type

GRAPH = "https://w3id.org/calckg/graph/release/example"
HP = "http://purl.obolibrary.org/obo/HP_0004934"
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        tables.create(connection)
        yield connection


def name(text: str, **more: Any) -> tuple[str, dict[str, Any]]:
    return "name", {"graph": GRAPH, "concept": HP, "text": text, "kind": "exact"} | more


def test_the_tables_are_those_of_the_design() -> None:
    assert list(TABLES) == [
        "source",
        "concept",
        "name",
        "definition",
        "broader",
        "replacement",
        "mapping",
        "association",
        "citation",
        "citation_link",
        "literature_link",
    ]


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_every_table_and_column_says_in_one_line_what_it_means(table: tables.Table) -> None:
    assert table.meaning
    assert "\n" not in table.meaning
    for column in table.columns:
        assert column.meaning
        assert "\n" not in column.meaning


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_every_row_says_its_graph(table: tables.Table) -> None:
    graph = table.column("graph")
    assert graph.type is Type.IRI
    assert graph.required


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_no_column_stands_twice(table: tables.Table) -> None:
    names = [column.name for column in table.columns]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("temporary", [False, True])
def test_the_tables_are_made_as_they_are_declared(temporary: bool) -> None:
    with duckdb.connect() as connection:
        tables.create(connection, temporary=temporary)
        for table in TABLES.values():
            found = connection.execute(f'DESCRIBE "{table.name}"').fetchall()
            assert [(row[0], row[1]) for row in found] == [(column.name, column.sql) for column in table.columns]


def test_an_unknown_column_is_asked_for_in_vain() -> None:
    with pytest.raises(KeyError, match="no column colour"):
        TABLES["concept"].column("colour")


def test_rows_come_into_their_tables_and_are_counted(connection: duckdb.DuckDBPyConnection) -> None:
    rows: Rows = [
        ("concept", {"graph": GRAPH, "concept": HP, "category": ["a:b", "a:c"], "deprecated": True}),
        ("concept", {"graph": GRAPH, "concept": HP, "notation": "HP:0004934"}),
        (
            "association",
            {"graph": GRAPH, "subject": HP, "predicate": HP, "object": HP, "negated": False, "has_count": 3},
        ),
    ]
    assert loading.load(connection, rows) == {"concept": 2, "association": 1}
    found = connection.execute(
        "SELECT concept, notation, category, deprecated FROM concept ORDER BY notation"
    ).fetchall()
    assert found == [(HP, "HP:0004934", None, None), (HP, None, ["a:b", "a:c"], True)]
    assert connection.execute("SELECT negated, has_count, has_percentage FROM association").fetchall() == [
        (False, 3, None)
    ]


def test_rows_stream(connection: duckdb.DuckDBPyConnection) -> None:
    """No more than a batch is taken before the first of it is in the table."""
    seen: list[int] = []

    def rows() -> Rows:
        for number in range(25):
            count = connection.execute("SELECT count(*) FROM name").fetchone()
            seen.append(number - (count[0] if count else 0))
            yield name(str(number))

    loading.load(connection, rows(), batch=10)
    assert max(seen) < 10


def test_all_rows_come_in_or_none(connection: duckdb.DuckDBPyConnection) -> None:
    def rows() -> Rows:
        yield from (name(str(number)) for number in range(15))
        raise SourceError("broken", "file", 15)

    with pytest.raises(SourceError, match="broken"):
        loading.load(connection, rows(), batch=10)
    assert connection.execute("SELECT count(*) FROM name").fetchone() == (0,)


def test_an_unknown_column_or_table_is_a_mistake(connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(ValueError, match="the table name has no column colour"):
        loading.load(connection, [name("a", colour="red")])
    with pytest.raises(KeyError):
        loading.load(connection, [("colour", {})])


@pytest.mark.parametrize("row", [name("a", kind="nickname"), name("a", graph=None)])
def test_a_value_that_the_table_does_not_take_is_refused(row: Any, connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.ConstraintException):
        loading.load(connection, [row])


def test_text_is_brought_to_nfc(connection: duckdb.DuckDBPyConnection) -> None:
    loading.load(connection, [name("Sjo\u0308gren", identifier=["e\u0301"]), name("Sjo\u0308gren")])
    assert connection.execute("SELECT text, identifier FROM name ORDER BY ALL").fetchall() == [
        ("Sj\u00f6gren", ["\u00e9"]),
        ("Sj\u00f6gren", None),
    ]


@given(values=st.lists(st.tuples(TEXT, st.none() | TEXT, st.none() | st.lists(TEXT)), min_size=1, max_size=5))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_text_comes_in_as_it_is(
    connection: duckdb.DuckDBPyConnection, values: list[tuple[str, str | None, list[str] | None]]
) -> None:
    """Also the control characters that a batch is put together with."""
    connection.execute("DELETE FROM name")
    loading.load(connection, [name(text, code=code, identifier=items) for text, code, items in values])
    found = connection.execute("SELECT text, code, identifier FROM name").fetchall()
    assert found == [
        (
            normalize("NFC", text),
            None if code is None else normalize("NFC", code),
            [normalize("NFC", item) for item in items] if items else None,
        )
        for text, code, items in values
    ]


@pytest.mark.parametrize(
    ("iri", "sound"),
    [
        (HP, True),
        ("urn:example:a", True),
        ("http://example.org/(SICI)1096'65:4,a;b?c=d#e", True),
        ("http://example.org/é", True),
        ("http://example.org/%20", True),
        ("HP_0004934", False),
        ("http://example.org/a b", False),
        ("http://example.org/<a>", False),
        ("http://example.org/a|b", False),
        ("http://example.org/%2", False),
        ("http://example.org/a#b#c", False),
        ("http://example.org/a\n", False),
    ],
)
def test_what_is_no_iri_is_found(iri: str, sound: bool, connection: duckdb.DuckDBPyConnection) -> None:
    loading.load(connection, [name("a", concept=iri, xref=[HP, iri])])
    assert loading.malformed(connection, "name") == ([] if sound else [("concept", iri), ("xref", iri)])
