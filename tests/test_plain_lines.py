"""Lines of N-Triples that are taken as they stand: only such as pyoxigraph reads, and to the same quads."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from calckg import columnar, plain_lines, rdf
from calckg.errors import SourceError
from calckg.shapes import engine

GRAPH = "urn:x:graph"
FEW = settings(max_examples=60, deadline=None, derandomize=True)
SHAPES = """@prefix sh: <http://www.w3.org/ns/shacl#> .
<urn:x:shape> a sh:PropertyShape ; sh:targetSubjectsOf <urn:x:p> ; sh:path <urn:x:p> ; sh:nodeKind sh:IRI ."""


def is_plain(path: Path, lines: str | bytes) -> bool:
    path.write_bytes(lines.encode() if isinstance(lines, str) else lines)
    return plain_lines.are_plain(columnar.connect(), path)


def quads(path: Path) -> set[ox.Quad]:
    connection = columnar.connect()
    columnar.add(connection, lambda: plain_lines.stage(connection, path, GRAPH))
    return set(columnar.quads(connection))


@FEW
@given(st.lists(st.from_regex(plain_lines.LINE, fullmatch=True), min_size=1, max_size=4))
@example(['<urn:x:a> <urn:x:p> "x"@en-GB .', '<urn:x:a> <urn:x:p> "x"@en-gb .'])
@example(['<urn:x:a> <urn:x:p> "\\\\u0041\\\\\\n\\"é\u2028\ufffe" .', "<http://a.b:80/?x#y> <urn:x:p> <urn:x:b> ."])
def test_what_is_plain_is_read_as_any_other_lines(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    path, other = (tmp_path_factory.getbasetemp() / name for name in ("plain.nt", "other.nt"))
    plain = is_plain(path, "".join(f"{line}\n" for line in lines))
    assert plain == (not any(text in line for line in lines for text in plain_lines.OTHER))
    rdf.write_lines(path, other)  # pyoxigraph finds no fault with it
    if plain:
        assert quads(path) == quads(other)


PLAIN = [
    "<http://example.org/a> <urn:x:p> <https://example.org:8080/b/c?d=e/f#g> .",
    '<urn:x:a> <urn:x:p> "" .',
    r'<urn:x:a> <urn:x:p> "two \"words\" \\ \n ä 中" .',
    '<urn:x:a> <urn:x:p> "x"@en .',
    '<urn:x:a> <urn:x:p> "1"^^<http://www.w3.org/2001/XMLSchema#integer> .',
]
NOT_PLAIN = [
    "",
    "# a comment",
    "<urn:x:a> <urn:x:p> <urn:x:b>.",
    "<urn:x:a>  <urn:x:p> <urn:x:b> .",
    "<urn:x:a> <urn:x:p> <urn:x:b> . # a comment",
    "<urn:x:a> <urn:x:p> <urn:x:b> <urn:x:g> .",
    "_:a <urn:x:p> <urn:x:b> .",
    "<urn:x:a> <urn:x:p> _:b .",
    "<a> <urn:x:p> <urn:x:b> .",
    "<urn:x:a b> <urn:x:p> <urn:x:b> .",
    "<http://a.b:c/> <urn:x:p> <urn:x:b> .",
    "<http://a.b/%zz> <urn:x:p> <urn:x:b> .",
    r"<urn:x:\u0041> <urn:x:p> <urn:x:b> .",
    r'<urn:x:a> <urn:x:p> "\u0041" .',
    '<urn:x:a> <urn:x:p> "\t" .',
    '<urn:x:a> <urn:x:p> "x"@12 .',
    '<urn:x:a> <urn:x:p> "x"@ar--rtl .',
    '<urn:x:a> <urn:x:p> "x"^^<http://www.w3.org/2001/XMLSchema#string> .',
    "<urn:x:a> <urn:x:p> <<( <urn:x:a> <urn:x:p> 1 )>> .",
    "not a statement",
]


def test_a_file_of_plain_lines_is_plain(tmp_path: Path) -> None:
    assert is_plain(tmp_path / "a.nt", "".join(f"{line}\n" for line in PLAIN))
    assert len(quads(tmp_path / "a.nt")) == len(PLAIN)


def test_the_last_line_may_have_no_end(tmp_path: Path) -> None:
    assert is_plain(tmp_path / "a.nt", "\n".join(PLAIN))
    assert len(quads(tmp_path / "a.nt")) == len(PLAIN)


@pytest.mark.parametrize("line", NOT_PLAIN)
@pytest.mark.parametrize("place", [0, 2, len(PLAIN)])
def test_one_line_that_is_not_plain_is_enough(tmp_path: Path, line: str, place: int) -> None:
    lines = [*PLAIN[:place], line, *PLAIN[place:]]
    assert not is_plain(tmp_path / "a.nt", "".join(f"{one}\n" for one in lines))


def test_a_bad_line_is_named_where_the_last_one_has_no_end(tmp_path: Path) -> None:
    (tmp_path / "shapes.ttl").write_text(SHAPES)
    (tmp_path / "a.nt").write_text("\n".join([PLAIN[0], "not a statement", PLAIN[1]]))
    with pytest.raises(SourceError, match=r"a\.nt:2:1: not well formed"):
        engine.validate_files([tmp_path / "a.nt"], [tmp_path / "shapes.ttl"])


@pytest.mark.parametrize("text", [b"", b"\n", b'<urn:x:a> <urn:x:p> "\xff" .\n', "\r".join(PLAIN).encode()])
def test_a_file_that_is_no_lines_is_not_plain(tmp_path: Path, text: bytes) -> None:
    assert not is_plain(tmp_path / "a.nt", text)


@pytest.mark.parametrize("place", [0, 2, len(PLAIN)])
@pytest.mark.parametrize("end", ["\n", ""])
def test_a_line_that_does_not_fit_is_not_plain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: int, end: str
) -> None:
    monkeypatch.setattr(plain_lines, "_BUFFER", 4_000)
    monkeypatch.setattr(plain_lines, "_LONGEST", 10_000)
    lines = [*PLAIN[:place], f'<urn:x:a> <urn:x:p> "{"x" * 30_000}" .', *PLAIN[place:]]
    assert not is_plain(tmp_path / "a.nt", "\n".join(lines) + end)


@pytest.mark.parametrize("name", ["a[1].nt", "*.nt", "it's ä.nt", "a?.NT"])
def test_a_name_that_could_be_a_pattern_is_one_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "a1.nt").write_text("<urn:x:other> <urn:x:p> 1 .")
    shapes = tmp_path / "shapes.ttl"
    shapes.write_text(SHAPES)
    (tmp_path / name).write_text("".join(line + "\n" for line in PLAIN))
    assert engine.validate_files([tmp_path / name], [shapes]).triples == len(PLAIN)


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_validating_lines_finds_the_same_whether_they_are_plain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: str
) -> None:
    data, shapes = tmp_path / "data.nt", tmp_path / "shapes.ttl"
    data.write_bytes("".join(line + ends for line in PLAIN).encode())
    shapes.write_text(SHAPES)
    found = engine.validate_files([data], [shapes])
    assert found.triples == len(PLAIN)
    assert found.counts() == {"violation": 4}
    monkeypatch.setattr(plain_lines, "are_plain", lambda *_: False)
    other = engine.validate_files([data], [shapes])
    assert other.turtle() == found.turtle()
    assert list(other.report) == list(found.report)
