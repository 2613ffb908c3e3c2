"""Files of N-Triples for the columns: read by DuckDB, a statement a line, without Python in between.

That takes lines as pyoxigraph writes them (``rdf.write_lines``), which are those of canonical N-Triples. Lines of a
user's file are ``plain`` where a regular expression surely tells that they are the same; nearly all are.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from calckg.errors import CalckgError
from calckg.quads.sql import quoted
from calckg.staging import stage_texts

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_BUFFER = 2_000_000  # bytes of lines at once: small ones are read side by side, and take less memory
_LONGEST = 100_000_000
_WILD: Final = frozenset("*?[]{}~:")  # in a path DuckDB takes them for a pattern, or for another place

# A part of what RFC 3986 allows: no percent, no user, no brackets, nothing that a reader may find fault with.
_CHARACTERS: Final = r"A-Za-z0-9._~!$&'()*+,;=:@\-"
_HIER: Final = f"(?://[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]+)?(?:/[{_CHARACTERS}/]*)?|[{_CHARACTERS}][{_CHARACTERS}/]*)"
_IRI: Final = f"<[a-z][a-z0-9+.-]*:{_HIER}(?:[?][{_CHARACTERS}/?]*)?(?:#[{_CHARACTERS}/?]*)?>"
_TEXT: Final = r'"(?:[^"\\\x00-\x1f\x7f]|\\[btnfr"\\])*"'
LINE: Final = rf"{_IRI} {_IRI} (?:{_IRI}|{_TEXT}(?:@[a-z]{{2,3}}(?:-[A-Za-z]{{2}})?|\^\^{_IRI})?) \."
"""A regular expression of plain lines: without blank nodes, which two files may call the same."""
OTHER: Final = ("XMLSchema#string>", "rdf-syntax-ns#langString>", "rdf-syntax-ns#dirLangString>")
"""What a plain line does not have: datatypes that canonical N-Triples does not write."""


def are_plain(connection: DuckDBPyConnection, path: Path) -> bool:
    """Tell whether the lines of a file are surely what ``stage`` takes."""
    from calckg.database import duckdb

    if set(str(path)) & _WILD or not _is_utf8(path):
        return False
    count, has_long = _count(path)
    others = " OR ".join(f"contains(line, {quoted(text)})" for text in OTHER)
    plain = f"SELECT count(*) FROM {_lines(path, has_long)} line WHERE regexp_full_match(line, {quoted(LINE)})"
    try:
        row = connection.execute(f"{plain} AND NOT ({others})").fetchone()
    except (duckdb.InvalidInputException, duckdb.NotImplementedException):  # no UTF-8, too long: others tell of it
        return False
    return row is not None and row[0] > 0 and row[0] == count


def _is_utf8(path: Path) -> bool:
    """Tell whether DuckDB, which takes nothing else, can be told the name of a file."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def stage(connection: DuckDBPyConnection, path: Path, graph: str) -> int:
    """Put by the triples of a file of canonical N-Triples, all in ``graph`` (an IRI); return how many there were.

    Raises ``CalckgError`` where a line is too long to be read.
    """
    count, has_long = _count(path)
    lines = f"SELECT line, strpos(line, ' ') AS first FROM {_lines(path, has_long)} line"
    cut = f"SELECT substr(line, 1, first - 1) AS s, substr(line, first + 1) AS more FROM ({lines}) line"
    split = f"""SELECT s, substr(more, 1, strpos(more, ' ') - 1) AS p,
        substr(more, strpos(more, ' ') + 1, length(more) - strpos(more, ' ') - 2) AS o, NULL AS g
    FROM ({cut}) part"""
    staged = stage_texts(connection, f"({split})", graph)
    if staged != count:  # a last line that does not fit is left out without a word
        raise CalckgError(f"{path}: a statement is longer than {_LONGEST // 1_000_000} MB; shorten its literal")
    return staged


def _lines(path: Path, has_long: bool) -> str:
    """Return SQL for ``(line)`` of a file."""
    size = _LONGEST if has_long else _BUFFER
    return f"""read_csv({quoted(str(path))}, columns = {{'line': 'VARCHAR'}}, header = false, delim = '\x01',
        quote = '', escape = '', max_line_size = {size}, buffer_size = {size}, auto_detect = false)"""


def _count(path: Path) -> tuple[int, bool]:
    """Return how many lines a file has, and whether one may be longer than half of ``_BUFFER``."""
    lines, has_long, last = 0, False, b"\n"
    with path.open("rb") as stream:
        while block := stream.read(_BUFFER // 4):
            ends = block.count(b"\n")
            lines, has_long, last = lines + ends, has_long or not ends, block[-1:]
    return lines + (last != b"\n"), has_long  # the last line may have no end
