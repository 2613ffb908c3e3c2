"""The last look at the terms: what no store would load is told with its source."""

from __future__ import annotations

import duckdb
import pytest

from calckg import checked, columnar, staging
from calckg.errors import SourceError

GOOD = ("https://example.org/a", "https://example.org/p", "https://example.org/b", None, "https://example.org/graph")


def columns(*quads: tuple[str | None, ...]) -> duckdb.DuckDBPyConnection:
    """Return columns of these quads as a reader's SQL gives them: subject, predicate, value, its tail, graph."""
    connection = columnar.connect()
    connection.execute("CREATE TEMP TABLE told (s VARCHAR, p VARCHAR, v VARCHAR, t VARCHAR, g VARCHAR)")
    connection.executemany("INSERT INTO told VALUES (?, ?, ?, ?, ?)", [GOOD, *quads])
    columnar.add(connection, lambda: staging.stage(connection, "FROM told"))
    return connection


@pytest.mark.parametrize(
    "value",
    [
        "https://example.org/Ångström",
        "https://doi.org/10.1002/(SICI)1096%3C277",
        "urn:oid:2.16.840.1",
        "http://example.org/?a=[1]",  # RFC 3987 refuses the brackets, no store does
    ],
)
def test_an_iri_passes(value: str) -> None:
    checked.terms(columns((value, value, value, None, value)))


def test_a_literal_may_hold_anything() -> None:
    rest = GOOD[:2]
    tails = ("", "@en", "^^<http://www.w3.org/2001/XMLSchema#token>")
    checked.terms(columns(*((*rest, 'a "b" <c>\n{d} |^`\\', tail, GOOD[4]) for tail in tails)))


def test_a_blank_node_and_the_default_graph_pass() -> None:
    checked.terms(columns(("_:b0", GOOD[1], "_:b1", None, None)))


BAD = ["a b", "a<b", "a>b", "a{b}", "a|b", "a\\b", "a^b", "a`b", "a\tb", "a\nb", "a\x7fb", "a\u0085b"]


PLACES = {"subject": 0, "predicate": 1, "object": 2, "graph": 4}


def with_bad(place: str, text: str) -> tuple[str | None, ...]:
    return tuple(text if number == PLACES[place] else part for number, part in enumerate(GOOD))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("text", BAD)
def test_a_character_that_no_iri_has_is_told(text: str, place: str) -> None:
    value = f"https://example.org/{text}"
    with pytest.raises(SourceError, match="is no IRI") as caught:
        checked.terms(columns(with_bad(place, value)))
    assert repr(value) in str(caught.value)


@pytest.mark.parametrize("text", ["0004934", "/calckg", ""])
def test_what_has_no_scheme_is_told(text: str) -> None:
    with pytest.raises(SourceError, match="is no IRI"):
        checked.terms(columns(with_bad("object", text)))


@pytest.mark.parametrize("place", ["subject", "predicate", "graph"])
@pytest.mark.parametrize("text", ['https://example.org/a"b', 'https://example.org/a"', 'https://example.org/a"@en'])
def test_a_quotation_mark_is_told_where_no_literal_may_stand(place: str, text: str) -> None:
    with pytest.raises(SourceError, match="is no IRI"):
        checked.terms(columns(with_bad(place, text)))


def test_a_quotation_mark_inside_an_object_is_told() -> None:
    with pytest.raises(SourceError, match="is no IRI"):
        checked.terms(columns(with_bad("object", 'https://example.org/a"b')))


@pytest.mark.parametrize("datatype", ["^^<a b>", "^^<>", "^^<token>"])
def test_a_datatype_that_is_no_iri_is_told(datatype: str) -> None:
    with pytest.raises(SourceError, match="is no IRI"):
        checked.terms(columns((*GOOD[:2], "text", datatype, GOOD[4])))


def test_it_is_told_where_it_stands() -> None:
    with pytest.raises(SourceError) as caught:
        checked.terms(columns(with_bad("object", "https://example.org/a b")))
    assert str(caught.value) == (
        "https://example.org/graph: 'https://example.org/a b' is no IRI (https://example.org/p of "
        "https://example.org/a); mend it in the files of this source, or build without it"
    )
