"""Identifiers of SNOMED CT in SQL: the same judgement as in Python."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calckg.identifiers import problem, verhoeff_check_digit
from calckg.upstream import sctid


def wrong(values: list[str | None]) -> dict[str, str]:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE t (id VARCHAR)")
    connection.executemany("INSERT INTO t VALUES (?)", [[value] for value in values])
    return sctid.wrong(connection, "t", ["id"])["id"]


@st.composite
def identifiers(draw: st.DrawFn) -> str:
    partition = draw(st.sampled_from(["00", "10", "00", "10", "01", "12", "99"]))
    number = draw(st.from_regex("[0-9]{3,16}", fullmatch=True)) + partition
    right = verhoeff_check_digit(number)
    return number + draw(st.sampled_from([right, right, right, "0", "7"]))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.one_of(identifiers(), st.text("0123456789C ", max_size=20)), min_size=20, max_size=200, unique=True))
def test_sql_and_python_agree(values: list[str]) -> None:
    assert set(wrong(list(values))) == {value for value in values if problem("SCTID", value)}


@pytest.mark.parametrize(
    ("identifier", "said"),
    [
        ("237897008", "the check digit is 8, 9 expected"),
        ("990001010", "marks a description, not a concept"),
        ("", "6 to 18 digits"),
    ],
)
def test_what_is_wrong_is_told_in_the_words_of_the_judge(identifier: str, said: str) -> None:
    assert said in wrong(["237897009", identifier])[identifier]


def test_a_missing_identifier_is_wrong() -> None:
    assert set(wrong(["237897009", None])) == {""}


def test_identifiers_of_an_extension_are_concepts() -> None:
    assert wrong(["421000124100", "900000000000526001"]) == {}
