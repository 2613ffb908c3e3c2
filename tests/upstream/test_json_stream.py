"""JSON as a stream: the same values as the standard library's reader, in memory that stays, and errors."""

from __future__ import annotations

import io
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calckg.errors import SourceError
from calckg.upstream import json_stream
from calckg.upstream.json_stream import JsonStream

PATH = Path("some.json")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


def read(json: JsonStream, depth: int = 0) -> Any:
    """Read a value member by member and item by item, down to a few levels."""
    sign = json._peek()
    if sign == "{" and depth < 3:
        return {name: read(json, depth + 1) for name in json.members()}
    if sign == "[" and depth < 3:
        return [read(json, depth + 1) for _ in json.items()]
    return json.value()


@given(VALUES, st.sampled_from([None, 1]), st.integers(1, 9), st.booleans())
def test_it_reads_what_the_standard_library_reads(value: Any, indent: int | None, chunk: int, ascii_: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_stream, "_CHUNK", chunk)
        stream = JsonStream(io.StringIO(text), PATH)
        assert read(stream) == value
        stream.end()


@given(VALUES, st.integers(1, 9))
def test_what_is_skipped_is_passed_over(value: Any, chunk: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_stream, "_CHUNK", chunk)
        stream = JsonStream(io.StringIO(json.dumps([value, 5])), PATH)
        items = stream.items()
        next(items)
        stream.skip()
        next(items)
        assert stream.value() == 5


@pytest.mark.parametrize("chunk", [1, 5, 1000])
def test_a_mark_is_a_line_and_a_column(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "_CHUNK", chunk)
    stream = JsonStream(io.StringIO('[1,\n  {"a": "b"}, 3,\n\n4]'), PATH)
    places = []
    for _ in stream.items():
        mark = stream.mark()
        stream.value()
        places.append(stream.place(mark))
    assert places == [(1, 2), (2, 3), (2, 15), (4, 1)]


BAD = {
    "cut off in a string": ('{"a": "b', (1, 7), "download complete"),
    "cut off behind a comma": ("[1,\n", (2, 1), "download complete"),
    "cut off in a word": ("[tru", (1, 2), "download complete"),
    "two values": ("[1]\n[2]", (2, 1), "the end of the file expected"),
    "no comma": ("[1\n 2]", (2, 2), "a comma or ]"),
    "no colon": ('{"a" 1}', (1, 6), "a colon"),
    "a name without quotes": ("{a: 1}", (1, 2), "a member's name in quotes"),
    "no JSON": ("<html>" + " " * 50, (1, 1), "is this JSON?"),
    "nothing": ("  ", (1, 3), "the file ends here"),
    "too deep": ("[" * 100_000, (1, 4), "can't be read"),
    "a number of too many digits": ('{"a": ' + "1" * 5000 + "}", (1, 7), "can't be read"),
    "something else": ('{"a": ?' + " " * 50 + "}", (1, 7), "is this JSON?"),
}


def all_of(text: str) -> Any:
    stream = JsonStream(io.StringIO(text), PATH)
    value = read(stream)
    stream.end()
    return value


@pytest.mark.parametrize(("text", "place", "said"), BAD.values(), ids=BAD)
def test_a_bad_text_is_told_with_its_place(text: str, place: tuple[int, int], said: str) -> None:
    with pytest.raises(SourceError) as caught:
        all_of(text)
    assert (caught.value.line, caught.value.column) == place
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_array_is_no_object() -> None:
    with pytest.raises(SourceError, match=r"an object expected, found '\[1\]'"):
        list(JsonStream(io.StringIO("[1]"), PATH).members())


class Endless(io.StringIO):
    """An array of objects, as long as one wants, made as it is read."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.left, self.begun = size, False

    def read(self, size: int | None = -1) -> str:
        if not self.begun:
            self.begun = True
            return "[0"
        if self.left <= 0:
            self.left, text = 1 << 60, "]"
            return text
        if self.left > 1 << 50:
            return ""
        text = ', {"a": ["b", 1]}' * ((size or 0) // 17)
        self.left -= len(text)
        return text


@pytest.mark.parametrize("millions", [2, 8])
def test_memory_does_not_grow_with_the_text(millions: int) -> None:
    stream = JsonStream(Endless(millions * 1_000_000), PATH)
    tracemalloc.start()
    count = sum(1 for _ in stream.items() if stream.value() is not None)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count > millions * 50_000
    assert peak < 8_000_000
