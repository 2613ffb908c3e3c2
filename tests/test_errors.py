"""The exception tree: what each means for the exit code, and that a message is one line with a way out."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calckg import errors
from calckg.errors import (
    CalckgError,
    EndpointError,
    MissingToolError,
    SourceError,
    UnknownNameError,
    UsageError,
    lack,
    nearest,
)

COMMANDS = ("query", "sparql", "show", "dump", "validate", "reason", "stats")


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (CalckgError, 3),
        (UsageError, 2),
        (UnknownNameError, 2),
        (SourceError, 3),
        (EndpointError, 3),
        (MissingToolError, 3),
    ],
)
def test_each_error_has_its_exit_code(kind: type[CalckgError], code: int) -> None:
    assert kind.exit_code == code


def test_a_message_is_one_line_whatever_it_quotes() -> None:
    assert str(UsageError("a\nb\r\nc")) == "a b c"


def test_every_error_is_drawn_in_the_tree() -> None:
    tree = errors.__doc__ or ""
    for value in vars(errors).values():
        if isinstance(value, type) and issubclass(value, CalckgError):
            assert value.__name__ in tree


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    assert str(UnknownNameError("command", "qurey", COMMANDS)) == "unknown command 'qurey'; did you mean query?"


def test_the_nearest_names_are_an_attribute() -> None:
    assert UnknownNameError("command", "qurey", COMMANDS).nearest == ["query"]


def test_a_hint_in_brackets_follows_the_nearest() -> None:
    error = UnknownNameError("command", "dmup", COMMANDS, "(calckg --help lists all)")
    assert str(error) == "unknown command 'dmup'; did you mean dump? (calckg --help lists all)"


def test_a_hint_in_brackets_follows_a_name_without_a_near_one() -> None:
    error = UnknownNameError("command", "xyzzy", COMMANDS, "(calckg --help lists all)")
    assert str(error) == "unknown command 'xyzzy' (calckg --help lists all)"


def test_a_hint_without_brackets_is_a_clause() -> None:
    assert str(UnknownNameError("parameter", "xyzzy", ["feature"], "it takes: feature")).endswith(
        "'xyzzy'; it takes: feature"
    )


def test_a_place_is_file_line_and_column() -> None:
    assert str(SourceError("not well formed", Path("a.ttl"), 3, 7)) == "a.ttl:3:7: not well formed"


def test_a_place_without_a_line_is_the_file() -> None:
    assert str(SourceError("no such file", "a.ttl")) == "a.ttl: no such file"


def test_nearest_ignores_case() -> None:
    assert nearest("hp", ["MONDO", "HP"]) == ["HP"]


def test_nearest_names_a_two_letter_prefix_with_one_wrong_letter() -> None:
    assert nearest("HQ", ["MONDO", "HP", "UMLS"]) == ["HP"]


def test_nearest_of_codes_as_like_is_the_one_that_begins_alike() -> None:
    assert nearest("HP:0004935", ["HP:0004963", "HP:0004934"])[0] == "HP:0004934"


def test_nearest_finds_a_name_that_holds_the_word() -> None:
    assert nearest("calcification", ["Vascular calcification of the aorta", "Gout"]) == [
        "Vascular calcification of the aorta"
    ]


def test_nearest_of_something_unlike_everything_is_empty() -> None:
    assert nearest("xyzzy", COMMANDS) == []


@given(st.text(), st.lists(st.text()), st.integers(1, 4))
def test_nearest_gives_no_more_than_asked_and_only_known_names(name: str, known: list[str], count: int) -> None:
    found = nearest(name, known, count)
    assert len(found) <= count
    assert set(found) <= set(known)
    assert len(set(found)) == len(found)


@given(st.lists(st.text(min_size=1), min_size=1))
def test_nearest_of_a_known_name_is_itself(known: list[str]) -> None:
    assert nearest(known[0], known)[0].casefold() == known[0].casefold()


def test_what_duckdb_has_too_little_of_is_one_line() -> None:
    settings = {"memory_limit": "20MB", "temp_directory": "", "threads": "1"}
    with duckdb.connect(config={**settings}) as connection, pytest.raises(duckdb.OutOfMemoryException) as caught:
        connection.execute("CREATE TABLE large AS SELECT hash(range) AS h FROM range(9_000_000) ORDER BY h")
    told = lack(caught.value) or ""
    assert told.startswith("Out of Memory Error: ")
    assert told.endswith("; is the memory, or the disk, full? Free some, or let TMPDIR name a larger disk")
    assert "SET" not in told
    assert lack(duckdb.BinderException("Binder Error: no such column")) is None
    assert lack(MemoryError()) is None


def test_columns_that_are_damaged_on_the_disk_are_one_line(tmp_path: Path) -> None:
    path = tmp_path / "quads.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE term AS SELECT hash(range)::VARCHAR AS value FROM range(300_000)")
    damaged = bytearray(path.read_bytes())
    for place in range(1_000_000, len(damaged), 250_000):
        damaged[place] ^= 255
    path.write_bytes(damaged)
    with pytest.raises(duckdb.Error) as caught, duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("SELECT count(DISTINCT value) FROM term")
    told = lack(caught.value) or ""
    assert told.startswith("the columns (quads.duckdb) are damaged (Corrupt database file: ")
    assert told.endswith("; build the graph again")
