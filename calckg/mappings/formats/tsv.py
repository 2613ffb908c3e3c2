"""SSSOM/TSV: read as it is written, every cell checked, and written in the canonical form but for the order of rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from calckg import prefixes
from calckg.errors import CalckgError, SourceError
from calckg.mappings.formats.model import (
    CORE,
    MAPPING_SLOTS,
    NO_LICENSE,
    NO_TERM,
    SET_SLOTS,
    Kind,
    Mappings,
    parts,
)
from calckg.tables import Value
from calckg.upstream.sssom import MappingSet, open_set
from calckg.upstream.sssom_metadata import BUILT_IN, Metadata
from calckg.upstream.sssom_slots import PROPAGATED, RENAMED, SLOTS, TRANSLATED, Values

_VERSIONS: Final = ("1.0", "1.1")
_NOT_SLOTS: Final = ("curie_map", "extension_definitions", "mappings")
_QUOTED: Final = re.compile('[\t"\r\n]')
_ESCAPED: Final = re.compile('[\\\\"\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ufeff\\ud800-\\udfff\\ufffe\\uffff]')


def read(path: Path) -> Mappings:
    """Read a set and check every row of it; raises ``SourceError`` with file, line and slot for what can't be read."""
    found = open_set(path)
    metadata = found.metadata
    curie_map = metadata.curie_map()
    values = Values(curie_map, prefixes.load())
    mappings = Mappings(curie_map, {}, _definitions(metadata))
    for slot in metadata.slots:
        if slot not in _NOT_SLOTS and (texts := _of_set(metadata, slot, values)):
            mappings.slots[slot] = texts
    lines: list[int] = []
    cells_of: list[list[str]] = []
    for line, cells in found.records():
        lines.append(line)
        cells_of.append(cells)
    taken = list(_taken(found))
    mappings.columns = [slot for slot, _, _ in taken]
    places = [place for _, place, _ in taken]
    if places == list(range(len(found.columns))):
        mappings.rows = cells_of
    else:
        mappings.rows = [[cells[place] for place in places] for cells in cells_of]
    for place, (_, _, translation) in enumerate(taken):
        if translation is not None:
            _translate(mappings, place, translation, path, lines)
    check(mappings, values, lambda row, slot, said: SourceError(said, path, lines[row], slot))
    mappings.propagate()
    return mappings


def _definitions(metadata: Metadata) -> list[dict[str, str]]:
    tree = metadata.slots.get("extension_definitions")
    items = tree if isinstance(tree, list) else []
    return [{key: str(value) for key, value in item.items()} for item in items if isinstance(item, dict)]


def _of_set(metadata: Metadata, slot: str, values: Values) -> list[str]:
    known = SET_SLOTS.get(slot)
    if known is None:
        return metadata.texts(slot)
    texts = metadata.texts(slot) if known.many else [text for text in [metadata.text(slot)] if text is not None]
    if slot == "sssom_version":
        if texts and texts[0] not in _VERSIONS:
            said = f"SSSOM {texts[0]!r} is not known here ({', '.join(_VERSIONS)} are)"
            raise metadata.error(slot, f"{said}; say which it follows")
        return texts
    read_one = reader_of(slot, values)
    for text in texts:
        try:
            read_one(text)
        except ValueError as error:
            raise metadata.error(slot, str(error)) from None
    return texts


def reader_of(slot: str, values: Values) -> Callable[[str], Value]:
    """Return what reads one value of a slot; it raises ``ValueError`` for one that is none."""
    if (SET_SLOTS | MAPPING_SLOTS)[slot].kind is Kind.URI:
        return values.uri
    name = {"mapping_set_confidence": "confidence"}.get(slot, slot)
    if name in SLOTS:
        return values.reader(name, SLOTS[name].type, many=False)
    return lambda text: text


def _taken(found: MappingSet) -> Iterator[tuple[str, int, Mapping[str, str] | None]]:
    """Yield each slot, the place of its column, and what its values have become since."""
    for place, column in enumerate(found.columns):
        slots, translation = TRANSLATED.get(column, ((RENAMED.get(column, column),), None))
        for slot in slots:
            if slot == column or slot not in found.columns:
                yield slot, place, translation


def _translate(
    mappings: Mappings, place: int, translation: Mapping[str, str], path: Path, lines: Sequence[int]
) -> None:
    for row, line in zip(mappings.rows, lines, strict=True):
        if row[place] and row[place] not in translation:
            said = f"{row[place]!r} is not one of its values; use one of: {', '.join(translation)}"
            raise SourceError(said, path, line, mappings.columns[place])
        row[place] = translation.get(row[place], "")


def check(mappings: Mappings, values: Values, wrong: Callable[[int, str, str], CalckgError]) -> None:
    """Check all cells; ``wrong`` makes the error of the number of a row, a slot, and what is wrong.

    What SSSOM called NoMapping before 1.0 becomes NoTermFound.
    """
    for place, slot in enumerate(mappings.columns):
        known = MAPPING_SLOTS.get(slot)
        if known is not None and known.many:
            for row in mappings.rows:
                if row[place] and not row[place].strip("| \t\r\n"):
                    row[place] = ""  # bars and no value between them
        if known is None or (known.kind is Kind.TEXT and slot != "mapping_cardinality"):
            continue
        read_one, seen = reader_of(slot, values), {""}
        for number, row in enumerate(mappings.rows):
            text = row[place]
            if text == "sssom:NoMapping":
                row[place] = NO_TERM
            elif text not in seen:
                try:
                    for part in parts(slot, text):
                        read_one(part)
                except ValueError as error:
                    raise wrong(number, slot, str(error)) from None
                seen.add(text)
    for slot in ("predicate_id", "mapping_justification"):
        for number, cell in enumerate(mappings.cells(slot)):
            if not cell:
                raise wrong(number, slot, f"{slot} is empty; every mapping needs one")
    for end in ("subject", "object"):
        ends = zip(*(mappings.cells(f"{end}_{slot}") for slot in ("id", "label", "type")), strict=True)
        for number, (identifier, label, kind) in enumerate(ends):
            literal = kind == "rdfs literal"
            if not (label if literal else identifier):
                needed = f"{end}_label" if literal else f"{end}_id"
                said = f"{needed} is empty; write it (only a literal has a label and no identifier)"
                raise wrong(number, needed, said)


def write(mappings: Mappings) -> bytes:
    """Write a set; raises ``CalckgError`` for a subject, predicate, object or justification without a prefix."""
    mappings.identify()
    if "license" not in mappings.slots:
        mappings.slots["license"] = [NO_LICENSE]
        mappings.notes.append(f"the input has no license: {NO_LICENSE} is written")
    mappings.drop_empty()
    for slot in CORE:
        if slot not in mappings.columns:  # without rows, or with literals only
            mappings.add(slot, mappings.cells(slot))
    whole = _condensed(mappings)
    used = _prefixes(mappings, whole)
    order = [*MAPPING_SLOTS, *(slot for slot in mappings.columns if slot not in MAPPING_SLOTS)]
    places = [mappings.columns.index(slot) for slot in order if slot in mappings.columns and slot not in whole]
    header = "\t".join(mappings.columns[place] for place in places)
    head = "".join(f"#{line}\n" for line in _metadata(mappings, whole, used))
    quoted = _QUOTED.search
    body = []
    for row in mappings.rows:
        cells = [row[place] for place in places]
        line = "\t".join(cells)
        if line.count("\t") >= len(cells) or quoted(line.replace("\t", "")):
            line = "\t".join('"' + cell.replace('"', '""') + '"' if quoted(cell) else cell for cell in cells)
        body.append(line)
    return (head + "\n".join([header, *body]) + "\n").encode()


def _condensed(mappings: Mappings) -> dict[str, list[str]]:
    """Return the slots that say the same of each mapping, which the set says for all of them."""
    found = {}
    for slot in PROPAGATED:
        cells = mappings.cells(slot) if slot in mappings.columns and slot not in mappings.slots else []
        if cells and cells[0] and all(cell == cells[0] for cell in cells):
            found[slot] = parts(slot, cells[0])
    return found


def _prefixes(mappings: Mappings, whole: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return the prefixes that are used, but for those that every set has."""
    texts: set[str] = set()
    for slot in mappings.columns:
        known = MAPPING_SLOTS.get(slot)
        if known is None or known.kind in (Kind.ENTITY, Kind.URI):
            cells = set(mappings.cells(slot)) - {""}
            found = {part for cell in cells for part in parts(slot, cell)} if known and known.many else cells
            if slot in CORE:
                _refuse_iris(mappings, found)
            texts |= {text.partition(":")[0] for text in found}
    of_set = {**mappings.slots, **whole}
    texts |= {
        text.partition(":")[0]
        for slot, values in of_set.items()
        if slot not in SET_SLOTS or SET_SLOTS[slot].kind in (Kind.ENTITY, Kind.URI)
        for text in values
    }
    texts |= {text.partition(":")[0] for definition in mappings.definitions for text in definition.values()}
    return {
        prefix: space
        for prefix, space in sorted(mappings.curie_map.items())
        if prefix in texts and prefix not in BUILT_IN
    }


def _refuse_iris(mappings: Mappings, texts: set[str]) -> None:
    bare = min((text for text in texts if text.partition(":")[0] not in mappings.curie_map), default=None)
    if bare is not None:
        raise CalckgError(
            f"no prefix is declared for {bare}, and SSSOM/TSV holds CURIEs only; "
            "declare one in the input (@prefix in Turtle)"
        )


def _metadata(mappings: Mappings, whole: Mapping[str, Sequence[str]], used: Mapping[str, str]) -> Iterator[str]:
    slots = {**mappings.slots, **whole}
    order = [slot for slot in SET_SLOTS if slot in slots] + sorted(slot for slot in slots if slot not in SET_SLOTS)
    if "sssom_version" in slots:
        yield f"sssom_version: {scalar(slots['sssom_version'][0])}"
    if used:
        yield "curie_map:"
        for prefix, space in used.items():
            yield f"  {scalar(prefix)}: {scalar(space)}"
    for slot in order:
        values = slots[slot]
        if slot == "sssom_version" or not values:
            continue
        known = SET_SLOTS.get(slot)
        if (known is not None and known.many) or len(values) > 1:
            yield f"{scalar(slot)}:"
            yield from (f"  - {scalar(value)}" for value in values)
        elif known is not None and known.kind is Kind.NUMBER:
            yield f"{slot}: {values[0]}"
        else:
            yield f"{scalar(slot)}: {scalar(values[0])}"
    if mappings.definitions:
        yield "extension_definitions:"
        for definition in mappings.definitions:
            lead = "  - "
            for key, value in definition.items():
                yield f"{lead}{scalar(key)}: {scalar(value)}"
                lead = "    "


def scalar(text: str) -> str:
    """Return a text as YAML writes it on one line: plain where that says the same text, else in double quotes."""
    import yaml

    if text.isprintable():
        try:
            if yaml.safe_load(f"{text}: 1") == {text: 1} and yaml.safe_load(f"- {text}") == [text]:
                return text
        except yaml.YAMLError:
            pass
    return '"' + _ESCAPED.sub(_escape, text) + '"'


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    return f"\\{character}" if character in '\\"' else f"\\u{ord(character):04X}"
