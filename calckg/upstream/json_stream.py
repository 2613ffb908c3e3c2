"""JSON as a stream: the members of an object and the items of an array, one at a time (RFC 8259).

Only the value that is asked for is in memory, so that it does not grow with the file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

from calckg.errors import SourceError

_CHUNK: Final = 1 << 20
_LARGEST: Final = 1 << 27  # characters of one value
_SPACE: Final = re.compile(r"[ \t\n\r]*")
_BEHIND: Final = frozenset(" \t\n\r,]}")
_NEAR: Final = 16  # an error so near the end of what was read may come of the end: tru, \u00
_SHOWN: Final = 40


class JsonStream:
    """A JSON text that is read once from its beginning to its end; ``path`` is for errors.

    Every method raises ``SourceError`` with line and column where the text is not JSON, or not what was asked for.
    """

    def __init__(self, stream: IO[str], path: Path) -> None:
        self.path = path
        self._stream, self._decoder = stream, json.JSONDecoder()
        self._text, self._position, self._ended = "", 0, False
        # Characters and lines that are gone from _text, and where its first line began.
        self._gone, self._lines, self._line_start = 0, 0, 0

    def mark(self) -> int:
        """Return where the next value begins, for ``place``."""
        self._peek()
        return self._gone + self._position

    def place(self, mark: int) -> tuple[int, int]:
        """Return the line and the column of a mark, as long as no more than the value after it has been read."""
        return self._place(mark - self._gone)

    def members(self) -> Iterator[str]:
        """Yield the name of each member of an object; its value has to be read or skipped before the next one."""
        self._expect("{", "an object")
        if self._peek() == "}":
            self._position += 1
            return
        while True:
            name = self.value() if self._peek() == '"' else None
            if not isinstance(name, str):
                raise self._error("a member's name in quotes expected")
            self._expect(":", "a colon")
            yield name
            if self._peek() == "}":
                self._position += 1
                return
            self._expect(",", "a comma or }")

    def items(self) -> Iterator[None]:
        """Yield for each item of an array; it has to be read or skipped before the next one."""
        self._expect("[", "an array")
        if self._peek() == "]":
            self._position += 1
            return
        while True:
            yield
            if self._peek() == "]":
                self._position += 1
                return
            self._expect(",", "a comma or ]")

    def value(self) -> Any:
        """Return the next value whole."""
        self._peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._position)
            except json.JSONDecodeError as error:
                cut_off = error.pos > len(self._text) - _NEAR or error.msg.startswith("Unterminated")
                if self._ended or not cut_off:
                    said = (
                        "a string without an end" if "ntermin" in error.msg else error.msg[:1].lower() + error.msg[1:]
                    )
                    raise self._error(said, error.pos, cut_off=cut_off) from None
            except (RecursionError, ValueError) as error:
                raise self._error(f"this value can't be read ({error})") from None
            else:
                # A number may go on behind what was read: 0. is not yet 0.5.
                if self._ended or self._text[end - 1] in '}]"' or self._text[end : end + 1] in _BEHIND:
                    self._position = end
                    return value
            if len(self._text) - self._position > _LARGEST:
                raise self._error("a single value goes on for more than 128 million characters")
            self._read()

    def skip(self) -> None:
        """Pass over the next value; an array item by item, as it may be long."""
        if self._peek() == "[":
            for _ in self.items():
                self.value()
        else:
            self.value()

    def end(self) -> None:
        """See that nothing follows."""
        if self._peek():
            raise self._error("the end of the file expected")

    def _expect(self, sign: str, said: str) -> None:
        if self._peek() != sign:
            raise self._error(f"{said} expected")
        self._position += 1

    def _peek(self) -> str:
        """Go to the next sign that is not white space and return it; nothing at the end."""
        while True:
            found = _SPACE.match(self._text, self._position)
            self._position = found.end() if found else self._position
            if self._position < len(self._text):
                return self._text[self._position]
            if self._ended:
                return ""
            self._read()

    def _read(self) -> None:
        """Read on, as much again as there is, so that a long value is not tried too often."""
        gone = self._text[: self._position]
        self._gone += len(gone)
        self._lines += gone.count("\n")
        self._line_start = gone.rfind("\n") + 1 - len(gone) if "\n" in gone else self._line_start - len(gone)
        kept = self._text[self._position :]
        more = self._stream.read(max(_CHUNK, len(kept)))
        self._text, self._position, self._ended = kept + more, 0, not more

    def _place(self, position: int) -> tuple[int, int]:
        last = self._text.rfind("\n", 0, position)
        start = self._line_start if last < 0 else last + 1
        return self._lines + self._text.count("\n", 0, position) + 1, position - start + 1

    def _error(self, message: str, position: int | None = None, *, cut_off: bool = False) -> SourceError:
        at = self._position if position is None else position
        found = self._text[at : at + _SHOWN]
        said = f"{message}, found {found!r}" if found else f"{message}, and the file ends here"
        remedy = "is the download complete?" if cut_off or not found else "is this JSON? Download it again."
        return SourceError(f"not well-formed JSON ({said}); {remedy}", self.path, *self._place(at))
