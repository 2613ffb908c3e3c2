"""Values of slots as terms of RDF, and back; a set as Turtle with its prefixes; RDF files as nodes with values."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import pyoxigraph as ox

from calckg import prefixes, rdf
from calckg.errors import CalckgError, SourceError
from calckg.files import plain_suffix
from calckg.mappings.formats.model import MAPPING_SLOTS, SET_SLOTS, Kind, Mappings, Shortener, Slot, parts
from calckg.quads.properties import MAPPING, SOURCE
from calckg.upstream import opened_bytes
from calckg.upstream.sssom_metadata import BUILT_IN
from calckg.upstream.sssom_slots import ENTITY_TYPES, SET_COLUMNS, SSSOM, STRING, Values, extension

XSD: Final = BUILT_IN["xsd"]
RDF_TYPE: Final = BUILT_IN["rdf"] + "type"
INVALID: Final = "http://sssom.invalid/"
"""The namespace of the properties of slots that no extension is defined for (SSSOM 1.1, non-standard slots)."""
_HINT_OF_IRI: Final = "linkml:uriOrCurie"
_CHOICES: Final = {
    **{text: BUILT_IN[curie.partition(":")[0]] + curie.partition(":")[2] for text, curie in ENTITY_TYPES.items()},
    "Not": SSSOM + "NegatedPredicate",
    "1.0": SSSOM + "version1.0",
    "1.1": SSSOM + "version1.1",
}
_OF_CHOICES: Final = {iri: text for text, iri in _CHOICES.items()}
_DATATYPES: Final = {Kind.DATE: XSD + "date", Kind.NUMBER: XSD + "double"}
_TAGGED: Final = tuple(BUILT_IN["rdf"] + name for name in ("langString", "dirLangString"))
_PREFIX: Final = re.compile(r"[A-Za-z]([A-Za-z0-9_.-]*[A-Za-z0-9_-])?")
_LOCAL: Final = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_-])?")
_NO_IRI: Final = re.compile(r"[\x00-\x20<>\"{}|^`\\]")
_SPECIAL: Final = re.compile(r'[\\"\x00-\x1f\x7f]')


def property_of(slot: str) -> str:
    """Return the IRI of the property of a slot of SSSOM, the same for a mapping and a set."""
    name = MAPPING.get(slot) or SOURCE[SET_COLUMNS[slot]]
    return prefixes.load().expand(name)


PROPERTIES: Final = {
    slot: (SSSOM + slot if slot in ("record_id", "sssom_version", "mapping_set_id") else property_of(slot))
    for slot in (*MAPPING_SLOTS, *SET_SLOTS)
}
OF_PROPERTIES: Final = {PROPERTIES[slot]: slot for slot in MAPPING_SLOTS}
SET_OF_PROPERTIES: Final = {PROPERTIES[slot]: slot for slot in SET_SLOTS}


class Turtle:
    """Write the terms of a set, IRIs by its prefixes where Turtle lets them be written so."""

    def __init__(self, mappings: Mappings) -> None:
        self.mappings = mappings
        own = {prefix: space for prefix, space in mappings.curie_map.items() if _PREFIX.fullmatch(prefix)}
        spaces = set(own.values())
        standard = {**BUILT_IN, **{name: prefixes.load().namespaces[name] for name in ("dcterms", "pav", "prov")}}
        self.prefixes = own | {p: space for p, space in standard.items() if p not in own and space not in spaces}
        self.of_spaces = {space: prefix for prefix, space in self.prefixes.items()}
        definitions = {one.get("slot_name"): one for one in mappings.definitions}
        values = Values(mappings.curie_map, prefixes.load())
        self.extensions = {
            slot: extension(values, slot, definitions.get(slot))
            for slot in (*mappings.columns, *mappings.slots)
            if slot not in PROPERTIES
        }

    def head(self) -> str:
        """Return the declarations of the prefixes."""
        return "".join(f"@prefix {prefix}: <{space}> .\n" for prefix, space in sorted(self.prefixes.items())) + "\n"

    def iri(self, iri: str) -> str:
        """Return an IRI; raises ``CalckgError`` when it is none."""
        for ends in ("/#:", "_"):
            cut = max(map(iri.rfind, ends)) + 1
            prefix = self.of_spaces.get(iri[:cut])
            if prefix is not None and _LOCAL.fullmatch(iri, cut):
                return f"{prefix}:{iri[cut:]}"
        if _NO_IRI.search(iri) or ":" not in iri:
            raise CalckgError(f"{iri!r} is no absolute IRI, so RDF can't hold it; mend it in the input")
        return f"<{iri}>"

    def entity(self, text: str) -> str:
        """Return the IRI of a CURIE, or an IRI."""
        prefix, colon, local = text.partition(":")
        if colon and prefix in self.prefixes and prefix in self.mappings.curie_map and _LOCAL.fullmatch(local):
            return text
        return self.iri(self.mappings.expand(text))

    def literal(self, text: str, datatype: str = STRING) -> str:
        """Return a literal."""
        if _SPECIAL.search(text):
            text = _SPECIAL.sub(_escaped, text)
        return f'"{text}"' if datatype == STRING else f'"{text}"^^{self.iri(datatype)}'

    def property(self, slot: str) -> str:
        """Return the property of a slot."""
        return self.iri(PROPERTIES[slot] if slot in PROPERTIES else self.extensions[slot][0])

    def writer(self, slot: str) -> Callable[[str], str]:
        """Return what writes one value of a slot, and remembers what it wrote of IRIs."""
        known = MAPPING_SLOTS.get(slot) or SET_SLOTS.get(slot)
        if known is None:
            datatype = self.extensions[slot][1]
            return lambda text: self.literal(text, datatype) if datatype else self.entity(text)
        if known.kind is Kind.TEXT:
            return self.literal
        if known.kind in _DATATYPES:
            tail = f"^^{self.iri(_DATATYPES[known.kind])}"
            return lambda text: f'"{text}"{tail}'
        if known.kind is Kind.CHOICE:
            return lambda text: self.iri(_CHOICES[text]) if text in _CHOICES else self.entity(text)
        return self.entity

    def cells(self, slot: str) -> Callable[[str], str]:
        """Return what writes property and values of the cell of a slot, which is not empty."""
        lead, one = self.property(slot), self.writer(slot)
        many = slot in MAPPING_SLOTS and MAPPING_SLOTS[slot].many
        known: dict[str, str] = {}

        def write(cell: str) -> str:
            found = known.get(cell)
            if found is None:
                texts = parts(slot, cell) if many else [cell]
                found = f"{lead} {', '.join(dict.fromkeys(map(one, texts)))}"
                if len(known) < 100_000:
                    known[cell] = found
            return found

        return write

    def of_set(self) -> list[str]:
        """Return property and values of each slot of the set, and the definitions of its extensions."""
        found = []
        for slot, values in self.mappings.slots.items():
            if slot != "mapping_set_id" and values:
                found.append(f"{self.property(slot)} {', '.join(dict.fromkeys(map(self.writer(slot), values)))}")
        for definition in self.mappings.definitions:
            inner = [f"a {self.iri(SSSOM + 'ExtensionDefinition')}"]
            for key, text in definition.items():
                told = self.literal(text) if key == "slot_name" else self.entity(text)
                inner.append(f"{self.iri(SSSOM + key)} {told}")
            found.append(f"{self.iri(SSSOM + 'extension_definitions')} [ {' ; '.join(inner)} ]")
        return found

    def rows(self, slots: Iterable[str]) -> Iterator[list[str]]:
        """Yield, for each row, property and values of each of ``slots`` that it has."""
        writers = [(self.mappings.columns.index(s), self.cells(s)) for s in slots if s in self.mappings.columns]
        for row in self.mappings.rows:
            yield [write(row[place]) for place, write in writers if row[place]]


def _escaped(found: re.Match[str]) -> str:
    known = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return known.get(found[0]) or f"\\u{ord(found[0]):04X}"


def encoded(turtle: Iterable[str], output: Path | None) -> bytes:
    """Return Turtle, told in parts, in the format of RDF that the suffix of ``output`` tells, or as it is."""
    data = b"".join(part.encode() for part in turtle)
    tells = output is not None and plain_suffix(output) in rdf.SUFFIXES
    wanted = rdf.format_of(output) if output is not None and tells else ox.RdfFormat.TURTLE
    if wanted == ox.RdfFormat.TURTLE:
        return data
    quads = ox.parse(data, format=ox.RdfFormat.TURTLE)
    told = ox.serialize((ox.Triple(q.subject, q.predicate, q.object) for q in quads), format=wanted)
    return told or b""


@dataclass(slots=True)
class Nodes:
    """A graph by its nodes: each with its properties, and their values as texts; a blank node begins with ``_:``."""

    path: Path
    shortener: Shortener
    of: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    datatypes: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    tagged: int = 0

    def typed(self, iri: str) -> list[str]:
        """Return the nodes of a class, in the order of the file."""
        return [node for node, told in self.of.items() if iri in told.get(RDF_TYPE, ())]

    def error(self, node: str, message: str) -> SourceError:
        """Return the error of what is said of a node."""
        told = self.of.get(node, {})
        ends = [told.get(PROPERTIES[slot], ["?"])[0] for slot in ("subject_id", "predicate_id", "object_id")]
        named = " ".join(map(self.shortener.curie, ends)) if node.startswith("_:") else node
        return SourceError(f"{named}: {message}", self.path)

    def values(self, node: str, prop: str, slot: str, known: Slot) -> list[str]:
        """Return the values of a slot of SSSOM; raises ``SourceError`` when there are more than it takes."""
        texts = self.of[node][prop]
        if len(texts) > 1 and not known.many:
            raise self.error(node, f"{slot} has {len(texts)} values and takes one; keep one")
        return [self.text(known, text) for text in texts]

    def text(self, known: Slot, text: str) -> str:
        """Return a value as SSSOM/TSV has it."""
        if known.kind is Kind.ENTITY:
            return self.shortener.curie(text)
        if known.kind is Kind.CHOICE:
            return _OF_CHOICES.get(text, text)
        if known.kind is Kind.NUMBER and "e" in text.lower():
            try:
                return str(float(text))
            except ValueError:
                return text
        return text

    def extension(self, prop: str, definitions: list[dict[str, str]]) -> str:
        """Return the slot of a property that SSSOM does not know; defines it when nobody has."""
        for definition in definitions:
            if self.shortener.curie(prop) == definition.get("property") or prop == definition.get("property"):
                return definition["slot_name"]
        if prop.startswith(INVALID) and self.datatypes[prop] <= {STRING}:
            return unquote(prop[len(INVALID) :])
        if "_:" in self.datatypes[prop]:
            raise SourceError(f"{prop} has a blank node as its value, which no slot holds; give it an IRI", self.path)
        tail = re.split("[/#:]", self.shortener.curie(prop))[-1]
        name = "ext_" + (re.sub("[^A-Za-z0-9_]", "_", tail) or "slot")
        taken = {definition["slot_name"] for definition in definitions}
        while name in taken:
            name += "_"
        hints = self.datatypes[prop]
        hint = _HINT_OF_IRI if hints == {""} else self.shortener.curie(min(hints)) if len(hints) == 1 else "xsd:string"
        definitions.append({"slot_name": name, "property": self.shortener.curie(prop), "type_hint": hint})
        return name


def read(path: Path) -> Nodes:
    """Read an RDF file; raises ``SourceError`` with the place when it is not well formed."""
    try:
        with opened_bytes(path) as stream:
            return _read(path, ox.parse(stream, format=rdf.format_of(path), base_iri=path.resolve().as_uri()))
    except (SyntaxError, ValueError):
        for _ in rdf.read(path):  # which tells what is wrong, and takes longer
            pass
        raise


def _read(path: Path, quads: ox.QuadParser) -> Nodes:
    nodes = Nodes(path, Shortener({}))
    of, datatypes, languages = nodes.of, nodes.datatypes, 0
    names: dict[str, str] = {}  # what comes often is kept once
    kept = names.setdefault
    for quad in quads:
        subject, prop, value = quad.subject, quad.predicate.value, quad.object
        prop = kept(prop, prop)
        kind = type(value)
        if kind is ox.NamedNode:
            text, datatype = value.value, ""
        elif kind is ox.Literal:
            text, datatype = value.value, value.datatype.value
            if datatype in _TAGGED:
                languages += 1
                datatype = STRING
        elif kind is ox.BlankNode:
            text, datatype = f"_:{value.value}", "_:"
        else:
            raise SourceError(f"{value} is RDF 1.2 (an object of {subject}); write RDF 1.1", path)
        if datatype not in datatypes[prop]:
            datatypes[prop].add(datatype)
        node = subject.value if type(subject) is ox.NamedNode else f"_:{subject.value}"
        told = of.get(node)
        if told is None:
            told = of[node] = {}
        if prop in told:
            told[prop].append(text)
        else:
            told[prop] = [kept(text, text)]
    nodes.tagged = languages
    nodes.shortener = Shortener({prefix: space for prefix, space in quads.prefixes.items() if prefix})
    return nodes
