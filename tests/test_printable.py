"""What comes from data, or from a file's name, reaches a terminal as plain text."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from calckg import render
from calckg.errors import CalckgError
from calckg.printable import printable
from tests.conftest import PREFIXES, Run

# The escape character in a value, in a predicate's message and in a name.
RED = "\x1b[31m"
DATA = PREFIXES + 'ex:a ex:n "\\u001B[31mred\\u0000\\u202E" .'
SHAPES = PREFIXES + "ex:s a sh:NodeShape ; sh:targetSubjectsOf ex:n ; sh:property [ sh:path ex:n ; sh:maxLength 1 ] ."


@pytest.fixture
def files(tmp_path: Path) -> tuple[str | Path, ...]:
    (tmp_path / "data.ttl").write_text(DATA)
    (tmp_path / "shapes.ttl").write_text(SHAPES)
    return ("validate", tmp_path / "data.ttl", "--shapes", tmp_path / "shapes.ttl")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("plain\tté\n", "plain\tté\n"),
        ("a\x1b[0m\x00\x7f\x9b", r"a\x1b[0m\x00\x7f\x9b"),
        ("a\u202eb\u2066", r"a\u202eb\u2066"),
        ("a\udcffb\ud800", r"a\xffb\ud800"),
    ],
)
def test_what_is_no_plain_text_is_escaped(text: str, told: str) -> None:
    assert printable(text) == told


def test_an_error_is_printable() -> None:
    assert str(CalckgError(f"{RED}: no")) == r"\x1b[31m: no"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("http://me:secret@host/a@b", "http://…@host/a@b"),
        ("at https:/me@host:1", "at https:/…@host:1"),
        ("https://host/?q=a@b mailto:a@b", "https://host/?q=a@b mailto:a@b"),
    ],
)
def test_an_error_has_no_password(text: str, told: str) -> None:
    assert str(CalckgError(text)) == told


@pytest.mark.parametrize("name", ["table", "markdown", "junit"])
def test_findings_for_people_are_printable(run: Run, files: tuple[str | Path, ...], name: str) -> None:
    done = run(*files, "--format", name)
    assert "\x1b" not in done.out
    assert r"x1b[31mred" in done.out
    if name == "junit":
        assert ET.fromstring(done.out).tag == "testsuite"


def test_machines_get_what_the_data_has(run: Run, files: tuple[str | Path, ...]) -> None:
    assert f"{RED}red\0" in run(*files, "--format", "csv").out
    (finding,) = json.loads(run(*files, "--format", "json").out)
    assert f"{RED}red\0" in finding["message"]


def test_a_line_beside_the_table_is_printable(run: Run, files: tuple[str | Path, ...], tmp_path: Path) -> None:
    (tmp_path / "shapes.ttl").write_text(SHAPES.replace("sh:maxLength 1", "sh:maxLength 1 ; sh:severity sh:Info"))
    assert r"\x1b[31mred" in run(*files).err


def test_a_table_on_a_terminal_has_the_escapes_of_its_own_alone() -> None:
    assert "red" in render.table(["a"], [[f"{RED}red"]], width=80)
    assert RED not in render.table(["a"], [[f"{RED}red"]], width=80)


@pytest.mark.skipif(sys.platform == "darwin", reason="there file names are UTF-8")
@pytest.mark.parametrize("name", ["table", "csv", "json", "markdown", "sarif", "junit", "turtle"])
@pytest.mark.parametrize("suffix", [".ttl", ".nt"])
def test_a_file_whose_name_is_no_utf8_is_checked(run: Run, tmp_path: Path, name: str, suffix: str) -> None:
    (tmp_path / f"a\udcff{suffix}").write_text('<https://example.org/a> <https://example.org/n> "red" .\n')
    (tmp_path / "s\udcff.ttl").write_text(SHAPES)
    done = run("validate", tmp_path / f"a\udcff{suffix}", "--shapes", tmp_path / "s\udcff.ttl", "--format", name)
    assert done.code == 1, done.err
    if name != "turtle":
        told = {"json": r"a\udcff", "csv": r"a\udcff", "sarif": "a%FF", "markdown": r"a\\xff"}.get(name, r"a\xff")
        assert told + suffix in done.out


@pytest.mark.skipif(sys.platform == "darwin", reason="there file names are UTF-8")
def test_a_missing_file_whose_name_is_no_utf8_is_told(run: Run, tmp_path: Path) -> None:
    done = run("validate", tmp_path / "a\udcff.nt")
    assert done.code == 3
    assert r"a\xff.nt: no such file" in done.complaint
