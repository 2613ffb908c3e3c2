"""A mapping set in memory: what every format is read into, and written from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from hashlib import sha256
from typing import Final, NamedTuple

from calckg import prefixes
from calckg.errors import CalckgError
from calckg.tables import TABLES, Column, Type
from calckg.upstream.sssom_metadata import BUILT_IN
from calckg.upstream.sssom_slots import PROPAGATED, SET_COLUMNS, SLOTS, split

NO_TERM: Final = "sssom:NoTermFound"
UNSPECIFIED: Final = "semapv:UnspecifiedMatching"
NO_LICENSE: Final = "https://w3id.org/sssom/license/unspecified"
TRIPLE: Final = ("subject_id", "predicate_id", "object_id")
CORE: Final = (*TRIPLE, "mapping_justification")
"""Slots whose values must be CURIEs; other references were IRIs before SSSOM 1.0."""


class Kind(Enum):
    """What a value of a slot is."""

    TEXT = "text"
    ENTITY = "CURIE"
    URI = "IRI"
    DATE = "date"
    NUMBER = "number"
    CHOICE = "one of some texts that stand for IRIs"


class Slot(NamedTuple):
    """What a slot holds."""

    kind: Kind
    many: bool


_URIS: Final = (*("license", "mapping_provider", "see_also", "issue_tracker", "mapping_set_source", "mapping_set_id"),)


def _slot(name: str, column: Column) -> Slot:
    if name in _URIS:
        kind = Kind.URI
    elif name.endswith("_type") or name == "predicate_modifier":
        kind = Kind.CHOICE
    else:
        kinds = {Type.IRI: Kind.ENTITY, Type.DATE: Kind.DATE, Type.DOUBLE: Kind.NUMBER}
        kind = kinds.get(column.type, Kind.TEXT)
    return Slot(kind, column.many)


MAPPING_SLOTS: Final = {name: _slot(name, column) for name, column in SLOTS.items()}
"""The slots of a mapping, in SSSOM's order."""
_OF_SET: Final = {
    **{slot: _slot(slot, TABLES["source"].column(column)) for slot, column in SET_COLUMNS.items()},
    **{slot: MAPPING_SLOTS[slot] for slot in PROPAGATED},
    "mapping_set_id": Slot(Kind.URI, False),
    "sssom_version": Slot(Kind.CHOICE, False),
}
_FIRST: Final = (
    *("sssom_version", "mapping_set_id", "mapping_set_version", "mapping_set_source", "mapping_set_title"),
    *("mapping_set_description", "mapping_set_confidence", "creator_id", "creator_label", "license"),
)
_LAST: Final = ("similarity_measure", "curation_rule", "curation_rule_text", "see_also", "issue_tracker", "other")
SET_SLOTS: Final = {
    slot: _OF_SET[slot]
    for slot in (
        *_FIRST,
        *(slot for slot in MAPPING_SLOTS if slot in _OF_SET and slot not in (*_FIRST, *_LAST, "comment")),
        *_LAST,
        "comment",
    )
}
"""The slots of a set, in SSSOM's order; ``curie_map`` and ``extension_definitions`` stand apart."""


@dataclass(slots=True)
class Mappings:
    """A set: what its prefixes mean, its slots, and the rows, each with a cell for each of ``columns``.

    Cells are as SSSOM/TSV has them: CURIEs by ``curie_map``, several values between bars, nothing where nothing is
    said. Slots of the set that hold for each mapping are in each row. ``notes`` say what could not be read from the
    format, and what had to be added.
    """

    curie_map: dict[str, str] = field(default_factory=lambda: dict(BUILT_IN))
    slots: dict[str, list[str]] = field(default_factory=dict)
    definitions: list[dict[str, str]] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def cells(self, slot: str) -> list[str]:
        """Return the cell of each row in a column; empty ones where there is no such column."""
        if slot not in self.columns:
            return [""] * len(self.rows)
        place = self.columns.index(slot)
        return [row[place] for row in self.rows]

    def add(self, slot: str, cells: Iterable[str]) -> None:
        """Put a column where SSSOM's order has it, the columns that SSSOM does not know last."""
        order = [*MAPPING_SLOTS]
        place = len(self.columns)
        if slot in MAPPING_SLOTS:
            later = {
                name for name in self.columns if name not in MAPPING_SLOTS or order.index(name) > order.index(slot)
            }
            place = next((i for i, name in enumerate(self.columns) if name in later), place)
        self.columns.insert(place, slot)
        for row, cell in zip(self.rows, cells, strict=True):
            row.insert(place, cell)

    def drop_empty(self) -> None:
        """Take away the columns without any value, but for those that every mapping needs."""
        for slot in [slot for slot in self.columns if slot not in CORE and not any(self.cells(slot))]:
            place = self.columns.index(slot)
            del self.columns[place]
            for row in self.rows:
                del row[place]

    def propagate(self) -> None:
        """Put the set's slots that hold for each mapping into each row, unless some row has its own (SSSOM 1.1)."""
        for slot in [slot for slot in PROPAGATED if slot in self.slots and self.rows]:
            if any(self.cells(slot)):
                continue
            values = self.slots.pop(slot)
            text = joined(values) if MAPPING_SLOTS[slot].many else values[0]
            if slot in self.columns:
                place = self.columns.index(slot)
                for row in self.rows:
                    row[place] = text
            else:
                self.add(slot, [text] * len(self.rows))

    def expand(self, text: str) -> str:
        """Return the IRI of a CURIE; what has no prefix of the set's is an IRI already."""
        prefix, colon, local = text.partition(":")
        space = self.curie_map.get(prefix)
        return text if space is None or not colon else space + local

    def identify(self) -> None:
        """Give the set an identifier, made of what it maps, when it has none."""
        if "mapping_set_id" not in self.slots:
            texts = [";".join(map(self.expand, triple)) for triple in zip(*map(self.cells, TRIPLE), strict=True)]
            digest = sha256("\x1f".join(texts).encode()).hexdigest()[:32]
            self.slots["mapping_set_id"] = [f"{prefixes.load().namespaces['ckgid']}mapping-set/{digest}"]
            self.notes.append(f"the input has no mapping_set_id: {self.slots['mapping_set_id'][0]} is written")

    def justify(self, why: str) -> None:
        """Say of mappings without a justification that none is specified."""
        found = self.cells("mapping_justification")
        missing = found.count("")
        if not missing:
            return
        if "mapping_justification" not in self.columns:
            self.add("mapping_justification", found)
        place = self.columns.index("mapping_justification")
        for row in self.rows:
            row[place] = row[place] or UNSPECIFIED
        self.notes.append(f"{why}: {UNSPECIFIED} is written ({_rows(missing)})")


class Losses:
    """What a format can't hold of a set: slots, and how many rows have them; rows, and why; slots of the set."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.slots: Counter[str] = Counter()
        self.rows: Counter[str] = Counter()
        self.of_set: list[str] = []

    def without(self, mappings: Mappings, rows: Sequence[Sequence[str]], held: Iterable[str]) -> None:
        """Count the values in columns of ``rows`` that are not ``held``, and note such slots of the set."""
        held = set(held)
        for place, slot in enumerate(mappings.columns):
            if slot not in held and (count := sum(1 for row in rows if row[place])):
                self.slots[slot] += count

    def said(self) -> list[str]:
        """Return a line for each sort of loss."""
        lines = []
        if self.rows:
            reasons = ", ".join(f"{why} ({_rows(count)})" for why, count in self.rows.items())
            lines.append(f"{self.name} can't hold: {reasons}")
        if self.slots:
            lines.append(f"{self.name} can't hold: " + ", ".join(f"{s} ({_rows(n)})" for s, n in self.slots.items()))
        if self.of_set:
            lines.append(f"{self.name} can't hold of the set: {', '.join(self.of_set)}")
        return lines


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"


def joined(values: Iterable[str]) -> str:
    """Return several values as one cell."""
    return "|".join(value.replace("\\", "\\\\").replace("|", "\\|") for value in values)


def parts(slot: str, cell: str) -> list[str]:
    """Return the values of a cell that is not empty."""
    return split(cell) if slot in MAPPING_SLOTS and MAPPING_SLOTS[slot].many else [cell]


class Shortener:
    """Turn IRIs into CURIEs: by the prefixes that a file declares, else by the project's."""

    def __init__(self, declared: dict[str, str]) -> None:
        self.curie_map = {**declared, **BUILT_IN}
        self.spaces: dict[str, str] = {}
        for prefix, space in self.curie_map.items():
            self.spaces.setdefault(space, prefix)
        self.others = {space: prefix for prefix, space in prefixes.load().namespaces.items()}
        self.ends = frozenset(space[-1] for space in (*self.spaces, *self.others) if space)
        self.known: dict[str, str] = {}

    def curie(self, iri: str) -> str:
        """Return the CURIE of an IRI, or the IRI when no prefix is declared for it."""
        found = self.known.get(iri)
        if found is None:
            found = self.known[iri] = self._found(iri, self.spaces) or self._others(iri) or iri
        return found

    def _others(self, iri: str) -> str | None:
        found = self._found(iri, self.others)
        if found is not None:
            prefix = found.partition(":")[0]
            if prefix in self.curie_map:
                return None  # the file means something else by it
            self.curie_map[prefix] = prefixes.load().namespaces[prefix]
            self.spaces[self.curie_map[prefix]] = prefix
        return found

    def _found(self, iri: str, spaces: dict[str, str]) -> str | None:
        for cut in range(len(iri) - 1, 0, -1):
            if iri[cut - 1] in self.ends and (prefix := spaces.get(iri[:cut])) is not None:
                return f"{prefix}:{iri[cut:]}"
        return None


def merged(sets: Sequence[Mappings]) -> Mappings:
    """Return one set with the rows of all; each row names the set that it comes from as its ``mapping_source``.

    Slots of the set that they don't agree in are not in it, which is noted, but for the licence, which then stands in
    the rows. Raises ``CalckgError`` when a prefix means two things.
    """
    if len(sets) == 1:
        return sets[0]
    whole = Mappings()
    left: Counter[str] = Counter()
    slots = dict.fromkeys(slot for one in sets for slot in one.slots if slot != "mapping_set_id")
    for slot in slots:
        values = [one.slots.get(slot) for one in sets]
        if all(value == values[0] for value in values):
            whole.slots[slot] = list(values[0] or [])
        elif slot != "license":
            left[slot] = sum(value is not None for value in values)
    for one in sets:
        identifier, license = one.slots.get("mapping_set_id", [""])[0], one.slots.get("license", [""])[0]
        told = {"mapping_source": _entity(one, identifier), "license": "" if "license" in whole.slots else license}
        for slot, text in told.items():
            if text and slot in one.columns:
                place = one.columns.index(slot)
                for row in one.rows:
                    row[place] = row[place] or text
            elif text:
                one.add(slot, [text] * len(one.rows))
        _agree(one, whole)
        whole.notes += one.notes
    whole.slots["mapping_set_source"] = [text for one in sets for text in one.slots.get("mapping_set_id", [])]
    present = dict.fromkeys(slot for one in sets for slot in one.columns)
    whole.columns = [*(s for s in MAPPING_SLOTS if s in present), *(s for s in present if s not in MAPPING_SLOTS)]
    for one in sets:
        places = [one.columns.index(slot) if slot in one.columns else None for slot in whole.columns]
        whole.rows += [["" if place is None else row[place] for place in places] for row in one.rows]
    if left:
        whole.notes.append("the sets differ in, and the output has not: " + ", ".join(left))
    return whole


def _agree(one: Mappings, whole: Mappings) -> None:
    for prefix, space in one.curie_map.items():
        if whole.curie_map.setdefault(prefix, space) != space:
            raise CalckgError(
                f"the prefix {prefix} stands for {whole.curie_map[prefix]} in one set and for {space} in another; "
                "convert them one by one, or rename it"
            )
    names = {definition.get("slot_name"): definition for definition in whole.definitions}
    for definition in one.definitions:
        if names.setdefault(definition.get("slot_name"), definition) != definition:
            raise CalckgError(
                f"the slot {definition.get('slot_name')} is defined in two ways; convert the sets one by one"
            )
    whole.definitions = list(names.values())


def _entity(one: Mappings, iri: str) -> str:
    shortener = Shortener(one.curie_map)
    curie = shortener.curie(one.expand(iri)) if iri else ""
    one.curie_map = shortener.curie_map
    return curie
