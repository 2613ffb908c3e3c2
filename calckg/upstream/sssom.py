"""Mapping sets in SSSOM/TSV: versions 0.9 to 1.1, metadata embedded or in a file of its own.

``open_set`` gives the file as it is written, row by row with its lines, for who checks it; ``read`` gives rows of the
canonical tables: each mapping with all its slots, and for each end the concept and its name.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, TypeVar

from calckg.errors import SourceError
from calckg.prefixes import Prefixes, load
from calckg.tables import TABLES, Row, Rows, Value, extra
from calckg.upstream import OnError, opened, opened_bytes, stop
from calckg.upstream.sssom_metadata import BUILT_IN, Metadata, beside, embedded, external
from calckg.upstream.sssom_slots import (
    LITERAL,
    NO_TERM_FOUND,
    PROPAGATED,
    RENAMED,
    SET_COLUMNS,
    SLOTS,
    SSSOM,
    STRING,
    TRANSLATED,
    Reader,
    Values,
    extension,
)

_BIOLINK: Final = "https://w3id.org/biolink/vocab/"
_SCHEME: Final = "https://w3id.org/calckg/id/scheme/"
_VERSIONS: Final = ("1.0", "1.1")
_OTHER_SET_SLOTS: Final = ("curie_map", "mapping_set_id", "sssom_version", "extension_definitions", "mappings")
_REQUIRED: Final = ("predicate_id", "mapping_justification")
_REMEMBERED: Final = 100_000  # concepts and names that need not be given again
_ENDS: Final = tuple(
    tuple(f"{end}_{slot}" for slot in ("id", "type", "label", "category")) for end in ("subject", "object")
)
_NO_CONCEPT: Final = (
    {LITERAL}
    | {BUILT_IN["owl"] + name for name in ("ObjectProperty", "DataProperty", "AnnotationProperty")}
    | {BUILT_IN["rdf"] + "Property"}
)
_Key = TypeVar("_Key")


class ColumnsError(SourceError):
    """Say what is wrong with the names of the columns of a set."""


@dataclass(frozen=True)
class MappingSet:
    """A mapping set as it is written: ``metadata``, ``columns`` and, with ``records``, each row."""

    path: Path
    metadata: Metadata
    columns: tuple[str, ...]
    header_line: int

    def records(self, on_error: OnError = stop) -> Iterator[tuple[int, list[str]]]:
        """Yield the line that a row begins on and its cells, as many as there are columns; empty lines are none."""
        for line, cells in self.rows(on_error):
            if len(cells) == len(self.columns):
                yield line, cells
            else:
                on_error(self._wrong_length(line, cells))

    def rows(self, on_error: OnError = stop) -> Iterator[tuple[int, list[str]]]:
        """Yield the line that a row begins on and its cells, however many there are; empty lines are none."""
        with opened(self.path) as stream:
            for _ in range(self.header_line):
                stream.readline()
            rows = csv.reader(stream, delimiter="\t", strict=True)
            while True:
                line = self.header_line + rows.line_num + 1
                try:
                    cells = next(rows, None)
                except csv.Error as error:
                    on_error(
                        SourceError(f"the quotes do not match ({error}); double each quote in it", self.path, line)
                    )
                    continue
                if cells is None:
                    return
                if any(cells):
                    yield line, cells

    def _wrong_length(self, line: int, cells: Sequence[str]) -> SourceError:
        start = "|".join(cells)[:60]
        said = f"{len(self.columns)} cells expected, {len(cells)} found ({start!r})"
        return SourceError(f"{said}; separate the cells by tabs, also the empty ones at the end", self.path, line)


def open_set(path: str | Path, metadata: str | Path | None = None, on_error: OnError = stop) -> MappingSet:
    """Read the metadata and the column names of the set at ``path``.

    ``metadata`` names the file of the metadata; without it, the block in the file counts, else the file beside it
    (``a.sssom.yml``). What is wrong with the metadata, which then say nothing, and with the columns goes to
    ``on_error``. Raises ``SourceError`` for a file that can't be read or has no columns.
    """
    path = Path(path)
    with opened_bytes(path) as stream:
        lines, header = _head(stream, path, on_error)
    slots = Metadata(path)
    try:
        slots = _metadata(path, lines, metadata)
    except SourceError as error:
        on_error(error)
    number = len(lines) + 1
    if not header.strip():
        raise SourceError("no column names after the metadata; is the file complete?", path, number)
    columns = tuple(name.strip() for name in next(csv.reader([header], delimiter="\t")))
    for column, said in _problems(columns):
        on_error(ColumnsError(said, path, number, column))
    return MappingSet(path, slots, columns, number)


def _metadata(path: Path, lines: list[str], given: str | Path | None) -> Metadata:
    if given is not None:
        return external(Path(given))
    if lines:
        return embedded(path, lines)
    other = beside(path)
    if other is None:
        said = "no metadata, neither in lines with # at the top nor in a .sssom.yml file beside it"
        raise SourceError(f"{said}; add one with curie_map", path, 1)
    return external(other)


def _head(stream: IO[bytes], path: Path, on_error: OnError) -> tuple[list[str], str]:
    lines: list[str] = []
    for number, data in enumerate(stream, 1):
        try:
            line = data.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            on_error(SourceError(f"not UTF-8 ({error.reason}); convert the file to UTF-8", path, number))
            line = data.decode("utf-8", errors="replace")
        if not line.startswith("#"):
            return lines, line.rstrip("\r\n")
        lines.append(line)
    return lines, ""


def _problems(columns: Sequence[str]) -> Iterator[tuple[int | str | None, str]]:
    """Yield the column (its place or name) and what is wrong with the names of the columns."""
    for place, name in enumerate(columns, 1):
        if not name:
            yield place, "this column has no name; name it, or remove its tabs"
        elif columns.index(name) != place - 1:
            yield name, f"the column {name} stands twice; keep one"
    present = {slot for name in columns for slot in TRANSLATED.get(name, ((RENAMED.get(name, name),), {}))[0]}
    for name in _REQUIRED:
        if name not in present:
            yield None, f"no column {name} (found: {' '.join(columns)}); every mapping needs one (SSSOM, Mapping)"
    for end in ("subject", "object"):
        if f"{end}_id" not in present and f"{end}_label" not in present:
            yield None, f"no column {end}_id and no {end}_label; every mapping needs one of them"


def read(
    path: str | Path,
    graph: str,
    *,
    metadata: str | Path | None = None,
    prefixes: Prefixes | None = None,
    on_error: OnError = stop,
) -> Rows:
    """Yield the rows of the set at ``path``: one ``source``, then ``mapping``, ``concept`` and ``name`` as they come.

    ``graph`` is the IRI of the named graph that they are said in; ``metadata`` as in ``open_set``. Slots of the set
    that hold for each mapping are in each mapping. A ``concept`` or ``name`` may come again.
    """
    mapping_set = open_set(path, metadata)
    values = Values(mapping_set.metadata.curie_map(), load() if prefixes is None else prefixes)
    shared, left = _propagated(mapping_set, values)
    description = _description(mapping_set, values, graph, left)
    yield "source", description
    cells_of = _Cells(mapping_set, values, {"graph": graph, "mapping_set": description["iri"], **shared})
    ends = _Ends(graph, values)
    for line, cells in mapping_set.records(on_error):
        try:
            row = cells_of.row(cells)
        except _CellError as error:
            on_error(SourceError(str(error), path, line, error.slot))
            continue
        yield "mapping", row
        yield from ends.rows(row)


class _CellError(Exception):
    def __init__(self, slot: str, message: str) -> None:
        self.slot = slot
        super().__init__(message)


class _Cells:
    """Turn the cells of a row into a row of ``mapping``."""

    def __init__(self, mapping_set: MappingSet, values: Values, shared: Row) -> None:
        self.values, self.shared = values, dict(shared)
        self.slots: list[tuple[int, str, str, Reader]] = []
        self.extensions: list[tuple[int, str, str, str]] = []
        definitions = _definitions(mapping_set)
        for index, column in enumerate(mapping_set.columns):
            slots, translation = TRANSLATED.get(column, ((RENAMED.get(column, column),), None))
            for name in slots:
                if name not in SLOTS:
                    self.extensions.append((index, column, *extension(values, column, definitions.get(column))))
                elif name == column or name not in mapping_set.columns:
                    # A slot of before 1.0 does not count beside the one that took its place.
                    slot = SLOTS[name]
                    reader = values.reader(name, slot.type, many=slot.many)
                    self.slots.append((index, column, name, _translating(reader, translation)))

    def row(self, cells: Sequence[str]) -> dict[str, Value]:
        """Return the row; raises ``_CellError``."""
        row = self.shared.copy()
        for index, column, slot, read_cell in self.slots:
            if text := cells[index]:
                try:
                    row[slot] = read_cell(text)
                except ValueError as error:
                    raise _CellError(column, str(error)) from None
        if self.extensions:
            row["extra"] = [self._extra(*known, cells[known[0]]) for known in self.extensions if cells[known[0]]]
        for slot in _REQUIRED:
            if slot not in row:
                raise _CellError(slot, f"{slot} is empty; every mapping needs one")
        for identifier, kind, label, _ in _ENDS:
            needed = label if row.get(kind) == LITERAL else identifier
            if needed not in row:
                said = f"{needed} is empty; write it (only a literal has a label and no identifier)"
                raise _CellError(needed, said)
        return row

    def _extra(self, _: int, column: str, prop: str, datatype: str, text: str) -> str:
        try:
            return extra(prop, text if datatype else self.values.reference(text), datatype=datatype)
        except ValueError as error:
            raise _CellError(column, str(error)) from None


class _Ends:
    """Give the concept and the name at each end of a mapping, as far as they were not given shortly before."""

    def __init__(self, graph: str, values: Values) -> None:
        self.graph, self.values = graph, values
        self.concepts: set[tuple[str, str | None]] = set()
        self.names: set[tuple[str, str]] = set()

    def rows(self, mapping: Mapping[str, Any]) -> Rows:
        """Yield the rows of both ends; a literal, no term at all, and a property are no concept."""
        for identifier, kind, label, category in _ENDS:
            iri = mapping.get(identifier)
            if iri is None or iri == NO_TERM_FOUND or mapping.get(kind) in _NO_CONCEPT:
                continue
            concept: tuple[str, str | None] = (iri, mapping.get(category))
            if concept not in self.concepts:
                _remember(self.concepts, concept)
                yield "concept", self._concept(*concept)
            text: str | None = mapping.get(label)
            if text is not None and (iri, text) not in self.names:
                _remember(self.names, (iri, text))
                yield "name", {"graph": self.graph, "concept": iri, "text": text, "lang": "en", "kind": "exact"}

    def _concept(self, iri: str, category: str | None) -> Row:
        prefix, notation = self.values.code(iri)
        # SSSOM takes any text for a category; only Biolink's classes are ours.
        known = category is not None and category.startswith("biolink:") and category[8:].isalnum()
        return {
            "graph": self.graph,
            "concept": iri,
            "scheme": None if prefix is None else _SCHEME + prefix,
            "notation": notation,
            "category": [_BIOLINK + (category[8:] if known and category else "NamedThing")],
        }


def _remember(given: set[_Key], key: _Key) -> None:
    if len(given) >= _REMEMBERED:
        given.clear()
    given.add(key)


def _translating(reader: Reader, translation: Mapping[str, str] | None) -> Reader:
    if translation is None:
        return reader
    return lambda text: reader(_translated(text, translation))


def _translated(text: str, translation: Mapping[str, str]) -> str:
    if text not in translation:
        raise ValueError(f"{text!r} is not one of its values; use one of: {', '.join(translation)}")
    return translation[text]


def _definitions(mapping_set: MappingSet) -> dict[str, object]:
    tree = mapping_set.metadata.slots.get("extension_definitions")
    items = tree if isinstance(tree, list) else []
    return {str(item.get("slot_name")): item for item in items if isinstance(item, dict)}


def _propagated(mapping_set: MappingSet, values: Values) -> tuple[dict[str, Value], list[str]]:
    """Return the slots of the set that hold for each mapping, and those that don't as some mapping has its own."""
    columns, metadata = mapping_set.columns, mapping_set.metadata
    given = [slot for slot in PROPAGATED if metadata.texts(slot)]
    doubtful = {slot: columns.index(slot) for slot in given if slot in columns}
    left: list[str] = []
    if doubtful:
        # Whether any mapping has its own is known only at the end of the file.
        for _, cells in mapping_set.records(lambda error: None):
            left += [slot for slot, index in doubtful.items() if cells[index] and slot not in left]
    return {slot: _of_set(mapping_set, values, slot, slot, "mapping") for slot in given if slot not in left}, left


def _of_set(mapping_set: MappingSet, values: Values, slot: str, column: str, table: str) -> Value:
    """Return the value of a slot of the set for ``column`` of ``table``."""
    metadata, known = mapping_set.metadata, TABLES[table].column(column)
    texts = metadata.texts(slot) if known.many else [text for text in [metadata.text(slot)] if text is not None]
    read_one = values.reader(column, known.type, many=False)
    try:
        found = [read_one(text) for text in texts]
    except ValueError as error:
        raise metadata.error(slot, str(error)) from None
    return [str(value) for value in found] if known.many else next(iter(found), None)


def _description(mapping_set: MappingSet, values: Values, graph: str, left: Sequence[str]) -> dict[str, Value]:
    """Return the row of ``source`` that describes the set; one without an identifier is taken for its source."""
    metadata = mapping_set.metadata
    identifier, version = metadata.text("mapping_set_id"), metadata.text("sssom_version")
    try:
        iri = graph if identifier is None else values.uri(identifier)
    except ValueError as error:
        raise metadata.error("mapping_set_id", str(error)) from None
    if version is not None and version not in _VERSIONS:
        said = f"SSSOM {version!r} is not known here ({', '.join(_VERSIONS)} are)"
        raise metadata.error("sssom_version", f"{said}; update calckg, or say which it follows")
    row: dict[str, Value] = {"graph": graph, "iri": iri, "type": [SSSOM + "MappingSet"]}
    if iri != graph:
        row["part_of"] = graph
    if version is not None:
        row["sssom_version"] = f"{SSSOM}version{version}"
    for slot, column in SET_COLUMNS.items():
        row[column] = _of_set(mapping_set, values, slot, column, "source")
    own = [extra(SSSOM + slot, text, datatype=STRING) for slot in left for text in metadata.texts(slot)]
    row["extra"] = own + _extensions_of_set(mapping_set, values)
    return row


def _extensions_of_set(mapping_set: MappingSet, values: Values) -> list[str]:
    metadata, definitions = mapping_set.metadata, _definitions(mapping_set)
    items = []
    for slot in metadata.slots:
        if slot in SET_COLUMNS or slot in PROPAGATED or slot in _OTHER_SET_SLOTS:
            continue
        prop, datatype = extension(values, slot, definitions.get(slot))
        for text in metadata.texts(slot):
            try:
                items.append(extra(prop, text if datatype else values.reference(text), datatype=datatype))
            except ValueError as error:
                raise metadata.error(slot, str(error)) from None
    return items
