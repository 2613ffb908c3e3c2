"""MedGen's flat files: Rich Release Format, tables with bars or tabs, and the ``csv/`` edition, whole or in parts.

The publisher's README.txt names the columns; the first line of a file says in which order they stand. DuckDB takes a
file at one go. What it does not take goes the slow way round, record by record through Python, where each record that
can't be read is told with its line.
"""

from __future__ import annotations

import csv
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, TypeAlias, cast
from unicodedata import normalize

from calckg.errors import SourceError
from calckg.upstream import OnError, opened
from calckg.upstream.flat import quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_CHUNK: Final = 1 << 20
_WHOLE: Final = "\x01"  # in no text, so that a line is one field to DuckDB
# What stands for a line feed and a carriage return inside a record in the copy that DuckDB gets.
_FEED, _RETURN = "\x1d", "\x1e"
_SEPARATORS: Final = ("|", "\t", ",")
_SHOWN: Final = 40
_EDITION: Final = r"(_[0-9]+)?([._-][0-9]{4}(-[0-9]{2}){0,2})?\.(rrf|txt|csv)(\.gz)?"
_DATE: Final = re.compile(r"[._-]([0-9]{4}(?:-[0-9]{2}){1,2})\.")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: the stem of its name, and its columns.

    ``other`` are further names that a column had or has. A record of a ``folded`` file may go on over several lines.
    """

    stem: str
    columns: tuple[str, ...]
    other: Mapping[str, str] | None = None
    folded: bool = False

    def matches(self, name: str, head: bytes) -> bool:
        """Tell whether a file of this name and beginning is of this kind."""
        if re.fullmatch(self.stem + _EDITION, name, re.IGNORECASE) is None:
            return False
        first = re.split(r"[|\t,\r\n]", head[:400].decode("utf-8-sig", errors="replace"), maxsplit=1)[0]
        return self.named(first) == self.columns[0]

    def named(self, text: str) -> str | None:
        """Return the column that a name in a first line stands for: capitals, spaces, _ and # do not count."""
        known = {_plain(name): name for name in self.columns} | {
            _plain(name): column for name, column in (self.other or {}).items()
        }
        return known.get(_plain(text))


def _plain(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())


def date_in_name(path: Path) -> str | None:
    """Return the date that the name of a download carries (``MGREL_2.2022-05-26.csv.gz``)."""
    found = _DATE.search(path.name)
    return found[1] if found else None


@dataclass(frozen=True, slots=True)
class Layout:
    """How one file is written: what stands between its fields, and where each column is.

    ``closed``: the separator stands after the last field too.
    """

    path: Path
    kind: Kind
    separator: str
    header: tuple[str, ...]
    places: Mapping[str, int]
    closed: bool

    @property
    def quoting(self) -> bool:
        """Tell whether fields may stand in quotes."""
        return self.separator == ","

    @property
    def folded(self) -> bool:
        """Tell whether a record ends only where the separator stands before the end of the line."""
        return self.kind.folded and self.closed

    def fits(self, fields: Sequence[str]) -> bool:
        """Tell whether a record has the fields that it should have."""
        return len(fields) == len(self.header) + self.closed and not (self.closed and fields[-1])


def layout(path: Path, kind: Kind) -> Layout:
    """Read the first line of a file; raises ``SourceError`` when it does not name the columns of ``kind``."""
    with opened(path) as stream:
        line = stream.readline().rstrip("\r\n")
    for separator in _SEPARATORS:
        header = tuple(next(csv.reader([line]), [])) if separator == "," else tuple(line.split(separator))
        closed = separator != "," and header[-1] == ""
        header = header[: len(header) - closed]
        names = [kind.named(name) for name in header]
        if all(column in names for column in kind.columns):
            places = {column: names.index(column) for column in kind.columns}
            return Layout(path, kind, separator, header, places, closed)
    expected = " ".join(kind.columns)
    said = f"the first line names the columns {expected}, found {line[:200]!r}"
    raise SourceError(f"{said}; is this the file that its name says?", path, 1)


def load(
    connection: DuckDBPyConnection,
    table: str,
    path: Path,
    kind: Kind,
    on_error: OnError,
    *,
    text: Sequence[str] = (),
    without: Sequence[str] = (),
) -> tuple[int, Layout]:
    """Make the temporary table ``table`` of the records of a file; return how many records there were.

    Every column but those in ``without`` is there as text, NULL when empty; those in ``text`` are in NFC. Records that
    can't be read are told to ``on_error`` and left out.
    """
    from calckg.database import duckdb

    found = layout(path, kind)
    try:
        with _unfolded(found) as source:
            _create(connection, table, _relation(found, source, table), found, text, without)
        return _count(connection, table), found
    except duckdb.Error:
        pass  # the slow way tells what is wrong
    with _mended(found, on_error) as (good, count):
        _create(connection, table, _quoted_lines(found, good), found, text, without)
    return count, found


def _create(
    connection: DuckDBPyConnection,
    table: str,
    relation: str,
    found: Layout,
    text: Sequence[str],
    without: Sequence[str],
) -> None:
    columns = []
    for name in found.kind.columns:
        if name in without:
            continue
        value = f"c{found.places[name]}"
        if found.folded:
            value = f"translate({value}, chr({ord(_FEED)}) || chr({ord(_RETURN)}), chr(10) || chr(10))"
        columns.append(f"{f'nfc_normalize({value})' if name in text else value} AS {name}")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT {', '.join(columns)} FROM {relation}")


def _relation(found: Layout, source: Path, table: str) -> str:
    """Return the SQL of the records as ``c0``, ``c1``, …; it fails when one of them does not have all fields."""
    if found.quoting:
        names = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(found.header)))
        return _read(source, ",", '"', names, skip=1)
    width = len(found.header) + found.closed
    fits = f"len(f) = {width}" + (f" AND f[{width}] = ''" if found.closed else "")
    lines = _read(source, _WHOLE, "", "'line': 'VARCHAR'", skip=1)
    split = f"SELECT string_split(line, {quoted(found.separator)}) AS f FROM {lines}"
    checked = f"SELECT CASE WHEN {fits} THEN f ELSE error('malformed') END AS f FROM ({split})"
    fields = ", ".join(f"nullif(f[{i + 1}], '') AS c{i}" for i in range(len(found.header)))
    return f"(SELECT {fields} FROM ({checked})) AS {table}_line"


def _quoted_lines(found: Layout, good: Path) -> str:
    names = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(found.header)))
    return _read(good, ",", '"', names, skip=0, ends=r"\n")


def _read(path: Path, separator: str, quote: str, columns: str, *, skip: int, ends: str = "") -> str:
    # Not told how lines end, DuckDB tells \n and \r\n apart itself and refuses a mixture; told \r\n, it loses lines.
    new_line = f"new_line = '{ends}', " if ends else ""
    return (
        f"read_csv({quoted(str(path))}, delim = '{separator}', quote = '{quote}', escape = '{quote}', comment = '', "
        f"header = false, skip = {skip}, {new_line}columns = {{{columns}}}, auto_detect = false, strict_mode = true)"
    )


def _count(connection: DuckDBPyConnection, table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(row[0]) if row else 0


@contextmanager
def _unfolded(found: Layout) -> Iterator[Path]:
    """Give the file itself or, where records go on over lines, a copy in which each is one line."""
    if not found.folded:
        yield found.path
        return
    end, feed, kept = found.separator.encode() + b"\n", _FEED.encode(), b"\x02"
    with _temporary("wb") as (target, name):
        rest = b""
        with opened(found.path) as source:
            target.write(source.readline().rstrip("\r\n").encode() + b"\n")
            while True:
                text = source.read(_CHUNK)
                block = rest + text.encode().replace(end[:1] + b"\r\n", end)
                cut = block.rfind(end) + len(end) if text and end in block else 0 if text else len(block)
                block, rest = block[:cut], block[cut:]
                block = block.replace(end, kept).replace(b"\n", feed).replace(b"\r", _RETURN.encode())
                target.write(block.replace(kept, end))
                if not text:
                    break
        target.close()
        yield name


@contextmanager
def _temporary(mode: str) -> Iterator[tuple[IO[bytes], Path]]:
    handle, name = tempfile.mkstemp(suffix=".txt")
    try:
        with os.fdopen(handle, mode) as stream:
            yield cast("IO[bytes]", stream), Path(name)
    finally:
        Path(name).unlink()


@contextmanager
def _mended(found: Layout, on_error: OnError) -> Iterator[tuple[Path, int]]:
    """Write the good records to a file of their own, all in quotes; give it and the number of all records."""
    bad = good = 0

    def told(error: SourceError) -> None:
        nonlocal bad
        bad += 1
        on_error(error)

    handle, name = tempfile.mkstemp(suffix=".csv")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\n")
            for _, fields in records(found, told):
                writer.writerow(fields)
                good += 1
        yield Path(name), good + bad
    finally:
        Path(name).unlink()


def records(found: Layout, on_error: OnError) -> Iterator[tuple[int, list[str]]]:
    """Yield the fields of each good record with the line that it begins on; tell ``on_error`` of the others.

    Empty lines are none.
    """
    with opened(found.path) as stream:
        parts = _quoted_records(found, stream, on_error) if found.quoting else _plain_records(found, stream)
        for number, fields in parts:
            if number == 1:
                continue
            if found.fits(fields):
                yield number, fields[: len(found.header)]
            elif fields != [""] and fields:
                on_error(_malformed(found, number, fields))


def _plain_records(found: Layout, stream: IO[str]) -> Iterator[tuple[int, list[str]]]:
    number, pending, lines = 1, "", 0
    for piece in stream:  # ends at a line feed or at a carriage return, which may be inside the record
        pending += piece
        if not piece.endswith("\n"):
            continue
        lines += 1
        record = pending.removesuffix("\n").removesuffix("\r")
        if found.folded and number > 1 and not record.endswith(found.separator):
            continue
        yield number, record.split(found.separator)
        number, pending = lines + 1, ""
    if pending:
        yield number, pending.removesuffix("\n").split(found.separator)


def _quoted_records(found: Layout, stream: IO[str], on_error: OnError) -> Iterator[tuple[int, list[str]]]:
    rows = csv.reader(stream, strict=True)
    while True:
        number = rows.line_num + 1
        try:
            fields = next(rows, None)
        except csv.Error as error:
            said = f"the quotes do not match ({error}); is the download complete?"
            on_error(SourceError(said, found.path, number))
            continue
        if fields is None:
            return
        yield number, fields


def _malformed(found: Layout, number: int, fields: Sequence[str]) -> SourceError:
    text = found.separator.join(fields)
    shown = f"{text[:_SHOWN]!r}" + ("…" if len(text) > _SHOWN else "")
    count = len(fields) - (found.closed and not fields[-1])
    expected = len(found.header)
    said = f"{expected} fields expected, {count} found ({shown})"
    if count > expected:
        named = {"|": "|", "\t": "tab", ",": "comma"}[found.separator]
        return SourceError(f"{said}; is there a {named} inside a field?", found.path, number)
    said += "" if count < expected else f", and no {found.separator} at the end"
    return SourceError(f"{said}; is the download complete? Compare its size with the publisher's.", found.path, number)


Check: TypeAlias = tuple[Callable[[str], str], Callable[[str], str | None]]
"""What makes a value of a column wrong, as SQL (NULL counts as wrong), and what to say of such a value."""


def refuse(
    connection: DuckDBPyConnection, table: str, found: Layout, on_error: OnError, checks: Mapping[str, Check]
) -> None:
    """Take the rows with wrong values out of ``table`` and tell ``on_error`` of each with its line, once.

    The file is read a second time only when there is something to tell.
    """
    bad = {column: f"coalesce({wrong(column)}, true)" for column, (wrong, _) in checks.items()}
    condition = " OR ".join(bad.values())
    row = connection.execute(f"SELECT count(*) FROM {table} WHERE {condition}").fetchone()
    if not row or not row[0]:
        return
    values: dict[str, dict[str, str]] = {}
    for column, (_, say) in checks.items():
        rows = connection.execute(f"SELECT DISTINCT {column} FROM {table} WHERE {bad[column]}").fetchall()
        texts = {"" if value is None else str(value) for (value,) in rows}
        values[column] = {text: say(text) or "not a value of this column" for text in texts}
    for number, fields in records(found, lambda error: None):
        for column, messages in values.items():
            field = fields[found.places[column]]
            message = messages.get(field, messages.get(normalize("NFC", field)))
            if message is not None:
                on_error(SourceError(message, found.path, number, column))
                break
    connection.execute(f"DELETE FROM {table} WHERE {condition}")
