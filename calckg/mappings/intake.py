"""Mapping sets in SSSOM/TSV as tables, row by row as they are written; what can't be read is a finding.

No row is lost: ``mapping_row`` has one for each line (or lines, where quotes hold a line end) of each file, with
``id``, ``file``, ``line`` and, as text, what it says of each slot of SSSOM; where it says nothing, what the set does. A
row that does not fit the columns has no slots; it is there, and in ``mapping_fault(id, rule, slot, said)``.
"""

from __future__ import annotations

import csv
import tempfile
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from calckg import prefixes
from calckg.errors import SourceError
from calckg.upstream import opened_bytes
from calckg.upstream.sssom import ColumnsError, MappingSet, open_set
from calckg.upstream.sssom_slots import PROPAGATED, RENAMED, SLOTS, TRANSLATED

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_BLOCK: Final = 16 << 20
_TOGETHER: Final = 8  # blocks whose lines are split at once: what is large, both processors work at
_QUOTE: Final = "regexp_matches(text, '(^|\t)\"')"  # a quote counts where it begins a cell
_SAID: Final = {"encoding": "is not UTF-8", "line-end": "has a carriage return that ends no line"}


@dataclass(slots=True)
class File:
    """A file of mappings: its number, its set, and what is wrong with the file (rule, slot, line, what).

    Or a named ``graph`` with mappings, which has neither path nor set.
    """

    number: int
    path: Path | None
    mapping_set: MappingSet | None
    curie_map: dict[str, str] = field(default_factory=dict)
    faults: list[tuple[str, str | None, int | None, str]] = field(default_factory=list)
    graph: str | None = None


def read(connection: DuckDBPyConnection, paths: Sequence[Path], first: int = 0) -> list[File]:
    """Read the files into ``mapping_row``, numbered from ``first`` on; where that is not 0 the table is there.

    Raises ``SourceError`` for one that can't be read or has no columns.
    """
    sets = [(path, *_opened(path)) for path in paths]
    if first == 0:
        rows_of(connection, {slot for _, mapping_set, _ in sets for slot in _values(mapping_set)})
    files = []
    for number, (path, mapping_set, errors) in enumerate(sets, first):
        file = File(number, path, mapping_set)
        try:
            file.curie_map = mapping_set.metadata.curie_map()
        except SourceError as error:
            errors.append(error)
        for fault in errors:
            rule = "file/columns" if isinstance(fault, ColumnsError) else "file/metadata"
            file.faults.append((rule, None if fault.column is None else str(fault.column), fault.line, fault.reason))
        _Reading(connection, file, path, mapping_set).all()
        files.append(file)
    return files


def rows_of(connection: DuckDBPyConnection, slots: Collection[str]) -> None:
    """Make the tables ``mapping_told``, which has the ``slots`` that are used, and ``mapping_fault``, empty.

    ``mapping_row`` is a view of ``mapping_told`` with all slots: fifty columns without a value take long to fill.
    """
    columns = "".join(f', "{slot}" VARCHAR' for slot in SLOTS if slot in slots)
    connection.execute(
        f"CREATE OR REPLACE TABLE mapping_told (id BIGINT, file INTEGER, line BIGINT, graph VARCHAR{columns})"
    )
    all_slots = "".join(f', "{slot}"' if slot in slots else f', NULL::VARCHAR AS "{slot}"' for slot in SLOTS)
    connection.execute(
        f"CREATE OR REPLACE VIEW mapping_row AS SELECT id, file, line, graph{all_slots} FROM mapping_told"
    )
    connection.execute("CREATE OR REPLACE TABLE mapping_fault (id BIGINT, rule VARCHAR, slot VARCHAR, said VARCHAR)")


def places(connection: DuckDBPyConnection, files: Sequence[File]) -> None:
    """Make the macro ``mapping_place(file, line)``: where a row stands, in words.

    The file is told where there are several: such as ``line 12``, ``line 12 of set.sssom.tsv``, ``kg:release/mondo``.
    """
    names = Counter(file.path.name for file in files if file.path is not None)
    told = []
    for file in files:
        if file.path is None:
            told.append(prefixes.load().compress(file.graph or "") or file.graph or "")
        else:
            name = file.path.name if names[file.path.name] == 1 else str(file.path)
            told.append(f" of {name}" if len(files) > 1 else "")
    texts = "[" + ", ".join(map(quoted, told or [""])) + "]"
    connection.execute(
        "CREATE OR REPLACE MACRO mapping_place(file, line) AS "
        f"CASE WHEN line IS NULL THEN {texts}[file + 1] ELSE 'line ' || line || {texts}[file + 1] END"
    )


def _opened(path: Path) -> tuple[MappingSet, list[SourceError]]:
    errors: list[SourceError] = []
    return open_set(path, on_error=errors.append), errors


class _Reading:
    """Reads the rows of one file: by DuckDB, a block of lines at a time, but for lines with quotes."""

    def __init__(self, connection: DuckDBPyConnection, file: File, path: Path, mapping_set: MappingSet) -> None:
        self.connection, self.file, self.path, self.mapping_set = connection, file, path, mapping_set
        row = connection.execute("SELECT coalesce(max(id), 0) FROM mapping_row").fetchone()
        self.first = int(row[0]) if row else 0  # a row's id is this and its line
        self.values = _values(self.mapping_set)
        self.width = len(self.mapping_set.columns)

    def all(self) -> None:
        """Fill ``mapping_row`` and ``mapping_fault``, and note what is wrong with the file."""
        quoted: list[tuple[int, str]] = []
        bad = {rule: list[int]() for rule in _SAID}
        run = self.connection.execute
        run("CREATE OR REPLACE TABLE mapping_line (text VARCHAR, line BIGINT)")
        with opened_bytes(self.path) as stream, tempfile.TemporaryDirectory(prefix="calckg-") as scratch:
            for number, (first, text) in enumerate(_blocks(stream, bad), 1):
                self._split(first, text, Path(scratch) / "lines")
                if number % _TOGETHER == 0:
                    quoted += self._take()
        quoted += self._take()
        run("DROP TABLE mapping_line; DROP TABLE IF EXISTS mapping_block")
        for rule, numbers in bad.items():
            if numbers:
                also = "" if len(numbers) == 1 else f", as {len(numbers):,} lines are"
                self.file.faults.append((f"file/{rule}", None, numbers[0], f"line {numbers[0]} {_SAID[rule]}{also}"))
        if quoted:
            self._quoted(quoted)

    def _split(self, first: int, text: str, scratch: Path) -> None:
        """Add the lines of a text to ``mapping_line``; the first has the number ``first``."""
        if text and "\1" not in text and "\n\n" not in text and text[0] != "\n":  # it would pass over empty lines
            size = scratch.write_bytes(text.encode()) + 1
            self.connection.execute(
                f"""INSERT INTO mapping_line SELECT text, row_number() OVER () + {first - 1}
                FROM read_csv({quoted(str(scratch))}, columns = {{'text': 'VARCHAR'}}, header = false, delim = chr(1),
                    quote = '', escape = '', auto_detect = false, max_line_size = {size}, buffer_size = {size})"""
            )
            return
        run = self.connection.execute
        run("CREATE OR REPLACE TABLE mapping_block AS SELECT string_split(?, chr(10)) AS lines", [text])
        lines = f"SELECT unnest(lines), generate_subscripts(lines, 1) + {first - 1} FROM mapping_block"
        run(f"INSERT INTO mapping_line {lines}")

    def _take(self) -> list[tuple[int, str]]:
        """Keep or refuse the rows in ``mapping_line``, and empty it; return those with quotes, which wait."""
        run = self.connection.execute
        rows = (
            f"SELECT line, text FROM mapping_line WHERE line > {self.mapping_set.header_line} AND text <> '' "
            "AND NOT (starts_with(text, chr(9)) AND trim(text, chr(9)) = '')"
        )
        quoted: list[tuple[int, str]] = []
        if run("SELECT 1 FROM mapping_line WHERE contains(text, '\"') LIMIT 1").fetchone():
            quoted = run(f"{rows} AND {_QUOTE}").fetchall()
            rows += f" AND NOT {_QUOTE}"
        cells = f"SELECT line, string_split(text, chr(9)) AS cells FROM ({rows}) r"
        kept = self._keep(f"SELECT * FROM ({cells}) s WHERE len(cells) = {self.width}")
        if run(f"SELECT count(*) FROM ({rows}) r").fetchall() != [(kept,)]:
            self._refuse(f"SELECT * FROM ({cells}) s WHERE len(cells) <> {self.width}")
        run("TRUNCATE mapping_line")
        return quoted

    def _quoted(self, quoted: Sequence[tuple[int, str]]) -> None:
        """Read the lines with quotes; where they don't stand alone, as quotes hold line ends, the whole file anew."""
        found: list[tuple[int, Sequence[str]]] = []
        for line, text in quoted:
            try:
                (cells,) = csv.reader([text], delimiter="\t", strict=True)
            except (csv.Error, ValueError):
                break
            found.append((line, cells))
        else:
            self._insert(found)
            return
        run = self.connection.execute
        run(f"DELETE FROM mapping_fault WHERE id IN (SELECT id FROM mapping_row WHERE file = {self.file.number})")
        run(f"DELETE FROM mapping_told WHERE file = {self.file.number}")
        errors: list[SourceError] = []
        self._insert(list(self.mapping_set.rows(errors.append)))
        self._insert([(error.line or 0, [f"\1{error.reason}"]) for error in errors])

    def _insert(self, rows: Sequence[tuple[int, Sequence[str]]]) -> None:
        self.connection.execute(
            "CREATE OR REPLACE TABLE mapping_cells AS "
            "SELECT unnest(?::BIGINT[]) AS line, unnest(?::VARCHAR[][]) AS cells",
            [[line for line, _ in rows], [list(cells) for _, cells in rows]],
        )
        self._keep(f"SELECT * FROM mapping_cells WHERE len(cells) = {self.width} AND NOT starts_with(cells[1], chr(1))")
        self._refuse(f"SELECT * FROM mapping_cells WHERE len(cells) <> {self.width} OR starts_with(cells[1], chr(1))")
        self.connection.execute("DROP TABLE mapping_cells")

    def _keep(self, cells: str) -> int:
        """Keep rows with as many cells as there are columns; return how many."""
        columns = "".join(f', "{slot}"' for slot in self.values)
        values = "".join(f", {value}" for value in self.values.values())
        row = self.connection.execute(
            f"INSERT INTO mapping_told (id, file, line{columns}) "
            f"SELECT line + {self.first}, {self.file.number}, line{values} FROM ({cells}) c"
        ).fetchone()
        return int(row[0]) if row else 0

    def _refuse(self, cells: str) -> None:
        """Keep rows with another number of cells than there are columns, but none of the cells."""
        self.connection.execute(
            f"""INSERT INTO mapping_fault SELECT line + {self.first}, 'record/cells', NULL,
                CASE WHEN starts_with(cells[1], chr(1)) THEN substr(cells[1], 2)
                     ELSE '{self.width} cells expected, ' || len(cells) || ' found' END FROM ({cells}) c"""
        )
        self.connection.execute(
            "INSERT INTO mapping_told (id, file, line) "
            f"SELECT line + {self.first}, {self.file.number}, line FROM ({cells}) c"
        )


def _blocks(stream: IO[bytes], bad: dict[str, list[int]]) -> Iterator[tuple[int, str]]:
    """Yield the number of the first line and the text of some lines; what is no UTF-8 is replaced and noted."""
    rest, first = b"", 1
    while True:
        block = stream.read(_BLOCK)
        data = rest + block
        cut = data.rfind(b"\n") + 1 if block else len(data)
        data, rest = data[:cut], data[cut:]
        if data:
            text = _text(data, first, bad)
            yield first, text
            first += text.count("\n")
        if not block:
            return


def _text(data: bytes, first: int, bad: dict[str, list[int]]) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("utf-8", errors="replace")
        for number, line in enumerate(data.split(b"\n"), first):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                bad["encoding"].append(number)
    if "\0" in text:
        bad["encoding"] += _lines_with("\0", text, first)
        text = text.replace("\0", "\ufffd")
    if "\r" in text:
        text = text.replace("\r\n", "\n")
        bad["line-end"] += _lines_with("\r", text, first)
        text = text.replace("\r", " ")
    return text.removeprefix("\ufeff") if first == 1 else text


def _lines_with(character: str, text: str, first: int) -> list[int]:
    return [number for number, line in enumerate(text.split("\n"), first) if character in line]


def _values(mapping_set: MappingSet) -> dict[str, str]:
    """Return the SQL of each slot that the set or its columns have."""
    values: dict[str, str] = {}
    for place, column in enumerate(mapping_set.columns, 1):
        slots, translation = TRANSLATED.get(column, ((RENAMED.get(column, column),), None))
        for slot in slots:
            if slot in SLOTS and (slot == column or slot not in mapping_set.columns) and slot not in values:
                cell = f"nullif(cells[{place}], '')"
                if translation:
                    cases = " ".join(f"WHEN {quoted(old)} THEN {quoted(new)}" for old, new in translation.items())
                    cell = f"CASE {cell} {cases} ELSE {cell} END"
                values[slot] = cell
    for slot in PROPAGATED:
        texts = mapping_set.metadata.slots.get(slot)
        told = "|".join(map(str, texts)) if isinstance(texts, list) else texts
        if isinstance(told, str) and told:
            values[slot] = f"coalesce({values[slot]}, {quoted(told)})" if slot in values else quoted(told)
    return values


def used_slots(connection: DuckDBPyConnection) -> set[str]:
    """Return the slots that rows may have a value in; in the others of ``mapping_row`` nothing can be wrong."""
    return {str(row[0]) for row in connection.execute("DESCRIBE mapping_told").fetchall()}


def union(parts: Iterable[str]) -> str:
    """Return the query for the findings of several; of none, an empty one."""
    return " UNION ALL ".join(parts) or "SELECT 0::BIGINT AS id, NULL AS slot, NULL AS said WHERE false"


def quoted(text: str) -> str:
    """Return a text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"
