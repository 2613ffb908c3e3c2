"""Flat files of one record a line, without quoting, read set-wise: UMLS's Rich Release Format, SNOMED CT's RF2.

DuckDB takes each line whole and splits it. What it does not take (a wrong number of fields, a carriage return inside a
field) sends the file the slow way round: record by record through Python, where each bad line is told with its number.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Final, TypeAlias

from calckg.errors import SourceError
from calckg.files import readable
from calckg.upstream import OnError, opened
from calckg.upstream.by_rule import leave_out_rows

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Find: TypeAlias = Callable[[Mapping[str, str]], tuple[str, str] | None]
"""Looks at a record by its columns; returns the column that is wrong and what to say of it, or ``None``."""

_DELIMITER: Final = "\x01"  # in no text, so that a line is one field to DuckDB
_RETURN: Final = "\x1e"  # stands for a carriage return inside a record, in the file that DuckDB gets
_SHOWN: Final = 40


@dataclass(frozen=True, slots=True)
class Layout:
    """How the records of a file are written.

    ``closed``: the separator stands after the last field too (RRF). ``headed``: the first line names the columns (RF2).
    """

    columns: tuple[str, ...]
    separator: str
    closed: bool = False
    headed: bool = False

    @property
    def width(self) -> int:
        """How many parts a record splits into."""
        return len(self.columns) + self.closed

    def fits(self, fields: Sequence[str]) -> bool:
        """Tell whether a record has the fields that it should have."""
        return len(fields) == self.width and not (self.closed and fields[-1])


def quoted(text: str) -> str:
    """Return a string as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def load(
    connection: DuckDBPyConnection,
    table: str,
    path: Path,
    layout: Layout,
    on_error: OnError,
    *,
    keep: Sequence[str] = (),
    leave: Mapping[str, str] = MappingProxyType({}),
) -> int:
    """Make the temporary table ``table`` of the records of a file; return how many records there were.

    ``keep`` names the columns that are wanted (all), ``leave`` the rules by which good records are left out, and
    counted (``by_rule``): in words, and as a condition of SQL on those columns. Every column is text, NULL when empty.
    Records that can't be read are left out and told to ``on_error``; raises ``SourceError`` when the columns that the
    file names are not those of ``layout``, or the file can't be read at all.
    """
    from calckg.database import duckdb

    readable(path)
    if layout.headed:
        _check_header(path, layout)
    select = _select(layout, keep or layout.columns)
    try:
        return _fill(connection, table, select, path, path, leave)
    except duckdb.Error:
        pass  # the slow way tells what is wrong
    with _mended(path, layout, on_error) as (good, count):
        select = select.replace("line AS text", f"replace(line, '{_RETURN}', chr(13)) AS text")
        try:
            _fill(connection, table, select, good, path, leave)
        except duckdb.Error as error:
            raise SourceError(f"can't be read ({str(error).splitlines()[0]}); is it a text file?", path) from None
    return count


def _fill(
    connection: DuckDBPyConnection, table: str, select: str, good: Path, path: Path, leave: Mapping[str, str]
) -> int:
    """Fill ``table`` by ``select`` of the file ``good``; count what is left out as of ``path``; return the records."""
    rules = " ".join(f"WHEN {condition} THEN {quoted(rule)}" for rule, condition in leave.items())
    kept = f"SELECT * FROM ({select}) WHERE CASE {rules} END IS NULL" if leave else select
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {kept}", [str(good)])
    count = _count(connection, table)
    if leave:  # the file is read once more: what is left out may be most of it, and is not kept
        left = f"SELECT rule, count(*) AS n FROM (SELECT CASE {rules} END AS rule FROM ({select})) GROUP BY rule"
        told = connection.execute(f"SELECT rule, n FROM ({left}) WHERE rule IS NOT NULL ORDER BY rule", [str(good)])
        for rule, rows in told.fetchall():
            leave_out_rows(connection, path.name.partition(".")[0], rule, rows)
            count += rows
    return count


def _select(layout: Layout, keep: Iterable[str]) -> str:
    fields = ", ".join(f"nullif(f[{layout.columns.index(name) + 1}], '') AS {name}" for name in keep)
    fits = f"len(f) = {layout.width}" + (f" AND f[{layout.width}] = ''" if layout.closed else "")
    split = (
        f"SELECT string_split(text, {quoted(layout.separator)}) AS f FROM (SELECT line AS text FROM {_lines(layout)})"
    )
    checked = f"SELECT CASE WHEN {fits} THEN f ELSE error('malformed') END AS f FROM ({split})"
    return f"SELECT {fields} FROM ({checked})"


def _lines(layout: Layout) -> str:
    # Without new_line: DuckDB tells \n and \r\n apart itself and refuses a mixture; told \r\n, it loses lines.
    return (
        f"read_csv($1, delim = '{_DELIMITER}', quote = '', escape = '', comment = '', header = false, "
        f"skip = {int(layout.headed)}, columns = {{'line': 'VARCHAR'}}, auto_detect = false, strict_mode = true)"
    )


def _count(connection: DuckDBPyConnection, table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(row[0]) if row else 0


def _check_header(path: Path, layout: Layout) -> None:
    with opened(path) as stream:
        names = tuple(stream.readline().rstrip("\r\n").split(layout.separator))
    if names != layout.columns:
        expected, found = " ".join(layout.columns), " ".join(names)[:200]
        raise SourceError(f"the columns {expected} expected, found {found!r}; is this the file that it says?", path, 1)


def records(path: Path, layout: Layout, on_error: OnError) -> Iterator[tuple[int, list[str]]]:
    """Yield each good record with the number of its line; tell ``on_error`` of the others. Blank lines are none."""
    for number, text in _texts(path):
        if number == 1 and layout.headed:
            continue
        fields = text.split(layout.separator)
        if layout.fits(fields) and _DELIMITER not in text and _RETURN not in text:
            yield number, fields
        elif text:
            on_error(_malformed(path, layout, number, text, fields))


def _texts(path: Path) -> Iterator[tuple[int, str]]:
    with opened(path) as stream:
        number, pending = 1, []
        for piece in stream:
            pending.append(piece)
            if piece.endswith("\n"):  # a carriage return alone is inside the record
                yield number, "".join(pending).removesuffix("\n").removesuffix("\r")
                number, pending = number + 1, []
        if pending:
            yield number, "".join(pending)


def _malformed(path: Path, layout: Layout, number: int, text: str, fields: Sequence[str]) -> SourceError:
    shown = f"{text[:_SHOWN]!r}" + ("…" if len(text) > _SHOWN else "")
    if layout.fits(fields):
        return SourceError(f"a control character inside the record ({shown}); take it out", path, number)
    found = len(fields) - (layout.closed and not fields[-1])
    said = f"{len(layout.columns)} fields expected, {found} found ({shown})"
    if found > len(layout.columns):
        return SourceError(f"{said}; is there a {_named(layout.separator)} inside a field?", path, number)
    said += "" if found < len(layout.columns) else f", and no {_named(layout.separator)} at the end"
    return SourceError(f"{said}; is the download complete? Compare its size with the publisher's.", path, number)


def _named(separator: str) -> str:
    return {"\t": "tab", "|": "|"}.get(separator, separator)


@contextmanager
def _mended(path: Path, layout: Layout, on_error: OnError) -> Iterator[tuple[Path, int]]:
    """Write the good records to a file of their own; give it and the number of all records."""
    bad = 0

    def told(error: SourceError) -> None:
        nonlocal bad
        bad += 1
        on_error(error)

    handle, name = tempfile.mkstemp(suffix=".txt")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            good = _write(stream, path, layout, told)
        yield Path(name), good + bad
    finally:
        Path(name).unlink()


def _write(stream: IO[str], path: Path, layout: Layout, on_error: OnError) -> int:
    if layout.headed:
        stream.write("\n")
    count = 0
    for _, fields in records(path, layout, on_error):
        stream.write(layout.separator.join(fields).replace("\r", _RETURN) + "\n")
        count += 1
    return count


def tell(path: Path, layout: Layout, find: Find, on_error: OnError) -> None:
    """Go through the records once more and tell ``on_error`` of each that ``find`` finds fault with, with its line."""
    for number, fields in records(path, layout, lambda error: None):
        found = find(dict(zip(layout.columns, fields, strict=False)))
        if found is not None:
            column, message = found
            on_error(SourceError(message, path, number, column))


def refuse(
    connection: DuckDBPyConnection,
    table: str,
    path: Path,
    layout: Layout,
    on_error: OnError,
    wrong: Mapping[str, Mapping[str, str]],
) -> None:
    """Take the rows with wrong values out of ``table`` and tell ``on_error`` of each.

    ``wrong`` is column to value to what is to be said of it. A record is told once, of its first wrong column.
    """
    wrong = {column: values for column, values in wrong.items() if values}
    if not wrong:
        return

    def find(record: Mapping[str, str]) -> tuple[str, str] | None:
        for column, values in wrong.items():
            if record[column] in values:
                return column, values[record[column]]
        return None

    tell(path, layout, find, on_error)
    for column, values in wrong.items():
        connection.execute(
            f"DELETE FROM {table} WHERE coalesce({column}, '') IN (SELECT unnest(CAST($1 AS VARCHAR[])))",
            [list(values)],
        )
