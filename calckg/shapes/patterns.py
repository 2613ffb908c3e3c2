r"""Regular expressions of SPARQL (XPath functions 3.1, 5.6.1), written so that they mean the same to every engine.

To RE2 and Java ``\w``, ``\d`` and ``\s`` are ASCII, to others Unicode: they are written out. ``\d`` is a decimal digit
of any script and ``\s`` one of XPath's four spaces. ``\w`` is a letter, a mark, a digit, a letter number or a connector
such as ``_``, as in Python and in the stores; to XSD it is all but punctuation, separators and others, so that it takes
``+`` and ``€`` too and ``_`` not: nobody who writes ``\w`` expects that. The flags ``x`` and ``q`` are done here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_WORD: Final = r"\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}"
_NO_WORD: Final = r"\p{Z}\p{S}\p{No}\p{Pd}\p{Ps}\p{Pe}\p{Pi}\p{Pf}\p{Po}\p{Cc}\p{Cf}\p{Co}"
_UNASSIGNED: Final = r"\p{Cn}"  # which RE2 does not have
_SPACE: Final = r"\t\n\r "
_NO_SPACE: Final = "\x01-\x08\x0b\x0c\x0e-\x1f!-\U0010ffff"
_IN_CLASS: Final = {
    "\\w": _WORD,
    "\\W": _NO_WORD + _UNASSIGNED,
    "\\d": r"\p{Nd}",
    "\\D": r"\P{Nd}",
    "\\s": _SPACE,
    "\\S": _NO_SPACE,
}
_ALONE: Final = {
    "\\w": f"[{_WORD}]",
    "\\W": f"[^{_WORD}]",
    "\\d": r"\p{Nd}",
    "\\D": r"\P{Nd}",
    "\\s": f"[{_SPACE}]",
    "\\S": f"[^{_SPACE}]",
}
_ESCAPE: Final = r"\\[pP]\{[^}]*\}|\\.|\\"
_PART: Final = re.compile(rf"{_ESCAPE}|\[\^?\]?(?:{_ESCAPE}|[^\]\\])*\]?|\{{[0-9]+(?:,[0-9]*)?\}}|.", re.DOTALL)
_MEMBER: Final = re.compile(rf"{_ESCAPE}|.", re.DOTALL)
_TIMES: Final = re.compile(r"\{([0-9]+)(,?)([0-9]*)\}")
_SPACES: Final = "\t\n\r "
_SIGNS: Final = "\\|.?*+(){}[]^$"
_MOST: Final = 1000  # times that RE2 repeats
_ONLY_RE2: Final = re.compile(r"\\[CQE]")


def for_store(regex: str, flags: str) -> tuple[str, str]:
    """Return the expression and the flags to ask a SPARQL store: of these only ``i``, ``m`` and ``s``."""
    if "q" in flags:
        return "".join(f"\\{letter}" if letter in _SIGNS else letter for letter in regex), "i" if "i" in flags else ""
    given = "".join(_without_spaces(regex)) if "x" in flags else regex
    return "".join(_written(part) for part in _PART.findall(given)), "".join(one for one in "ims" if one in flags)


def for_re2(regex: str, flags: str) -> str:
    """Return the expression for RE2, with the flags in it and repeated as often as it is to be."""
    written, letters = for_store(regex, flags)
    if _UNASSIGNED in written:
        written = written.replace(_UNASSIGNED, _unassigned())
    return (f"(?{letters})" if letters else "") + "".join(_repeated(_PART.findall(written)))


def fault_to_re2(connection: DuckDBPyConnection, regex: str, flags: str) -> str | None:
    """Return what RE2 says of an expression that it can't run; ``None`` where it can."""
    from calckg.database import duckdb

    if "q" not in flags and _ONLY_RE2.search(regex.replace("\\\\", "")):
        return "an escape that is none in XPath"
    try:
        connection.execute("SELECT regexp_matches('', ?)", [for_re2(regex, flags)])
    except duckdb.InvalidInputException as error:
        return " ".join(str(error).split())
    return None


def _without_spaces(regex: str) -> Iterator[str]:
    """Yield what the flag ``x`` leaves: spaces count in classes only, and ``#`` is no comment."""
    inside = escaped = False
    for letter in regex:
        if letter in _SPACES and not inside:
            continue
        yield letter
        if not escaped and letter in "[]":
            inside = letter == "["
        escaped = letter == "\\" and not escaped


def _written(part: str) -> str:
    """Return a part of an expression with the escapes that stand for many characters written out."""
    if not part.startswith("[") or not part.endswith("]"):
        return _ALONE.get(part, part)
    begin = "[^" if part.startswith("[^") else "["
    members = _MEMBER.findall(part[len(begin) : -1])
    return begin + "".join(_member(members, place) for place in range(len(members))) + "]"


def _member(members: list[str], place: int) -> str:
    """Return a member of a class; no range begins or ends with what stands for many characters."""
    member, before, after = members[place], members[:place], members[place + 1 :]
    if member == "-" and before and before[-1] in _IN_CLASS and after:
        return "\\-"
    if before[-1:] == ["-"] and len(before) > 1 and before[-2] not in _IN_CLASS:
        return member  # the engine refuses it
    return _IN_CLASS.get(member, member)


@cache
def _unassigned() -> str:
    """Return the characters that Unicode has not assigned, as ranges of a class."""
    found: list[str] = []
    for is_one, some in groupby(range(0x110000), lambda code: unicodedata.category(chr(code)) == "Cn"):
        if is_one:
            codes = list(some)
            found.append(f"{chr(codes[0])}-{chr(codes[-1])}")
    return "".join(found)


def _repeated(parts: list[str]) -> Iterator[str]:
    """Yield the parts, one character repeated more often than RE2 does as several repetitions."""
    place = 0
    while place < len(parts):
        part, times = parts[place], _TIMES.fullmatch("".join(parts[place + 1 : place + 2]))
        bounds = [int(bound) for bound in times.group(1, 3) if bound] if times else []
        if times is None or max(bounds) <= _MOST or part in {"(", ")", "|", "^", "$", "*", "+", "?"}:
            yield part
            place += 1
            continue
        lazy = "?" if parts[place + 2 : place + 3] == ["?"] else ""
        least, most = bounds[0], bounds[-1]
        open_ = bool(times.group(2)) and len(bounds) == 1
        yield from (f"{part}{{{many}}}{lazy}" for many in _in_parts(least))
        if open_:
            yield f"{part}*{lazy}"
        yield from (f"{part}{{0,{many}}}{lazy}" for many in _in_parts(most - least))
        place += 2 + len(lazy)


def _in_parts(times: int) -> list[int]:
    whole, rest = divmod(times, _MOST)
    return [_MOST] * whole + [rest] * (rest > 0)
