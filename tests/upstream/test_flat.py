"""Flat files: what is read, what is told of a bad line, and that the fast and the slow way agree."""

from __future__ import annotations

import gzip
from pathlib import Path

import duckdb
import pytest

from calckg.errors import SourceError
from calckg.upstream import stop
from calckg.upstream.by_rule import left_out
from calckg.upstream.flat import Layout, load, refuse

BARS = Layout(("CUI", "STR"), "|", closed=True)
TABS = Layout(("id", "term"), "\t", headed=True)


def read(tmp_path: Path, content: bytes, layout: Layout, *, name: str = "file.txt") -> list[tuple[str | None, ...]]:
    path = tmp_path / name
    path.write_bytes(content)
    connection = duckdb.connect()
    count = load(connection, "t", path, layout, stop)
    rows = connection.execute("SELECT * FROM t").fetchall()
    assert count == len(rows)
    return sorted(rows)


def told(tmp_path: Path, content: bytes, layout: Layout) -> tuple[list[tuple[str | None, ...]], list[SourceError]]:
    path = tmp_path / "file.txt"
    path.write_bytes(content)
    connection, errors = duckdb.connect(), list[SourceError]()
    count = load(connection, "t", path, layout, errors.append)
    rows = connection.execute("SELECT * FROM t").fetchall()
    assert count == len(rows) + len(errors)
    return sorted(rows), errors


def test_quotes_and_tabs_are_text(tmp_path: Path) -> None:
    assert read(tmp_path, b'C1|a "pipe\'s"\tstem|\nC2|"|\n', BARS) == [("C1", 'a "pipe\'s"\tstem'), ("C2", '"')]


def test_an_empty_field_is_null(tmp_path: Path) -> None:
    assert read(tmp_path, b"C1||\n", BARS) == [("C1", None)]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_both_line_ends_are_read(tmp_path: Path, end: bytes) -> None:
    assert read(tmp_path, end.join([b"id\tterm", b"1\ta", b"2\tb", b""]), TABS) == [("1", "a"), ("2", "b")]


def test_no_line_of_many_with_carriage_returns_is_lost(tmp_path: Path) -> None:
    # DuckDB 2.0 loses lines when it is told that they end in \r\n; it must find out itself.
    lines = [b"id\tterm", *(f"{number}\tterm {number}".encode() for number in range(300_000))]
    assert len(read(tmp_path, b"\r\n".join(lines) + b"\r\n", TABS)) == 300_000


def test_line_ends_may_be_mixed(tmp_path: Path) -> None:
    assert read(tmp_path, b"id\tterm\r\n1\ta\n2\tb\r\n", TABS) == [("1", "a"), ("2", "b")]


def test_the_last_line_need_not_end(tmp_path: Path) -> None:
    assert read(tmp_path, b"id\tterm\r\n1\ta", TABS) == [("1", "a")]


def test_blank_lines_are_no_records(tmp_path: Path) -> None:
    assert read(tmp_path, b"C1|a|\n\nC2|b|\n\n", BARS) == [("C1", "a"), ("C2", "b")]


def test_a_carriage_return_inside_a_field_stays(tmp_path: Path) -> None:
    assert read(tmp_path, b"C1|first\rsecond|\nC2|b|\n", BARS) == [("C1", "first\rsecond"), ("C2", "b")]


def test_a_byte_order_mark_is_dropped(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbfid\tterm\n1\ta\n", TABS) == [("1", "a")]


def test_a_gzip_file_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, gzip.compress(b"C1|a|\n"), BARS, name="file.RRF.gz") == [("C1", "a")]


def test_a_record_with_too_few_fields_is_told_with_its_line(tmp_path: Path) -> None:
    rows, errors = told(tmp_path, b"C1|a|\nC2|\nC3|c|\n", BARS)
    assert rows == [("C1", "a"), ("C3", "c")]
    assert str(errors[0]) == (
        f"{tmp_path / 'file.txt'}:2: 2 fields expected, 1 found ('C2|'); is the download complete? "
        "Compare its size with the publisher's."
    )


def test_a_record_with_too_many_fields_is_told(tmp_path: Path) -> None:
    _, errors = told(tmp_path, b"id\tterm\r\n1\ta\tb\r\n", TABS)
    assert (errors[0].line, errors[0].reason) == (
        2,
        "2 fields expected, 3 found ('1\\ta\\tb'); is there a tab inside a field?",
    )


def test_a_record_that_is_cut_off_is_told(tmp_path: Path) -> None:
    _, errors = told(tmp_path, b"C1|a|\nC2|Calcif", BARS)
    assert (errors[0].line, "no | at the end" in errors[0].reason) == (2, True)


def test_a_carriage_return_inside_a_field_does_not_move_the_lines(tmp_path: Path) -> None:
    _, errors = told(tmp_path, b"C1|a\rb|\nC2|\n", BARS)
    assert errors[0].line == 2


def test_a_control_character_is_told(tmp_path: Path) -> None:
    _, errors = told(tmp_path, b"C1|a\x01b|\n", BARS)
    assert "control character" in errors[0].reason


def test_other_columns_than_expected_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"file\.txt:1: the columns id term expected, found 'id name'"):
        read(tmp_path, b"id\tname\n1\ta\n", TABS)


def test_what_is_not_utf_8_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"file\.txt:2: not UTF-8"):
        read(tmp_path, b"C1|a|\nC2|\xff|\n", BARS)


def test_half_a_gzip_file_is_refused(tmp_path: Path) -> None:
    whole = gzip.compress("".join(f"C{number}|{number * 7919}|\n" for number in range(50_000)).encode())
    with pytest.raises(SourceError, match="not a whole gzip file"):
        read(tmp_path, whole[: len(whole) // 2], BARS, name="file.gz")


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="the file is empty"):
        read(tmp_path, b"", BARS)


@pytest.mark.parametrize(
    "text", [b"C1|a|\nC2|b|\nC3||\nC4|a|\n", b"C1|a|\nC2|b|\nC3||\nC4|a|\nC5|\n"], ids=["good", "bad"]
)
def test_what_is_left_out_by_rule_is_counted_by_the_first_that_holds(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "FILE.RRF"
    path.write_bytes(text)
    connection, told = duckdb.connect(), list[SourceError]()
    leave = {"says a": "STR = 'a'", "not the second": "CUI <> 'C2'"}
    count = load(connection, "t", path, BARS, told.append, keep=("CUI", "STR"), leave=leave)
    assert count == 4 + len(told)
    assert connection.execute("SELECT * FROM t").fetchall() == [("C2", "b")]
    assert left_out(connection) == [("FILE", "not the second", 1), ("FILE", "says a", 2)]


def test_only_wanted_columns_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_bytes(b"C1|a|\nC2|b|\n")
    connection = duckdb.connect()
    assert load(connection, "t", path, BARS, stop, keep=("CUI",)) == 2
    assert connection.execute("SELECT * FROM t ORDER BY ALL").fetchall() == [("C1",), ("C2",)]


def test_a_refused_value_is_told_once_a_record_and_taken_out(tmp_path: Path) -> None:
    path, errors = tmp_path / "file.txt", list[SourceError]()
    path.write_bytes(b"C1|a|\nX|b|\nX||\n")
    connection = duckdb.connect()
    load(connection, "t", path, BARS, stop)
    wrong = {"CUI": {"X": "a CUI expected"}, "STR": {"": "a name expected"}}
    refuse(connection, "t", path, BARS, errors.append, wrong)
    assert [(error.line, error.column) for error in errors] == [(2, "CUI"), (3, "CUI")]
    assert connection.execute("SELECT * FROM t").fetchall() == [("C1", "a")]
