"""SSSOM/RDF: the schema's own terms, each mapping an ``owl:Axiom`` within a ``sssom:MappingSet``."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from pathlib import Path
from typing import Final

from calckg import prefixes
from calckg.errors import CalckgError, SourceError
from calckg.mappings.formats import terms
from calckg.mappings.formats.model import MAPPING_SLOTS, SET_SLOTS, Kind, Mappings, Slot, joined
from calckg.mappings.formats.terms import OF_PROPERTIES, PROPERTIES, RDF_TYPE, SET_OF_PROPERTIES, Nodes, Turtle
from calckg.mappings.formats.tsv import check, reader_of
from calckg.upstream.sssom_metadata import BUILT_IN
from calckg.upstream.sssom_slots import SCHEMES, SSSOM, Values

AXIOM: Final = BUILT_IN["owl"] + "Axiom"
_SET: Final = SSSOM + "MappingSet"
_MAPPINGS: Final = SSSOM + "mappings"
_DEFINITIONS: Final = SSSOM + "extension_definitions"


def read(path: Path) -> Mappings:
    """Read a set; raises ``SourceError`` when there are several, or what is said of a mapping can't be read."""
    nodes = terms.read(path)
    sets = nodes.typed(_SET)
    if len(sets) > 1:
        raise SourceError(f"{len(sets)} mapping sets ({sets[0]}, {sets[1]}, …); put each into a file of its own", path)
    mappings = Mappings()
    for node in sets:
        read_set(nodes, node, mappings, (_MAPPINGS,))
    listed = {node for set_node in sets for node in nodes.of[set_node].get(_MAPPINGS, ())}
    found = [node for set_node in sets for node in nodes.of[set_node].get(_MAPPINGS, ())]
    found += [node for node in nodes.typed(AXIOM) if node not in listed and _is_mapping(nodes, node)]
    if not sets and not found:
        raise SourceError(
            "no sssom:MappingSet and no owl:Axiom in it; plain triples are read by --from skos, axioms by --from owl",
            path,
        )
    read_rows(nodes, found, mappings)
    _note_others(nodes, {*sets, *found}, mappings)
    finish(nodes, found, mappings)
    return mappings


def _is_mapping(nodes: Nodes, node: str) -> bool:
    """Tell whether an axiom that no set lists is a mapping; ontologies annotate other axioms too."""
    return PROPERTIES["mapping_justification"] in nodes.of[node]


def read_set(nodes: Nodes, node: str, mappings: Mappings, other: tuple[str, ...]) -> None:
    """Read the slots of a set from its node; ``other`` properties say something else."""
    for inner in nodes.of[node].get(_DEFINITIONS, ()):
        told = nodes.of.get(inner, {})
        definition = {
            key: told[SSSOM + key][0] for key in ("slot_name", "property", "type_hint") if SSSOM + key in told
        }
        for key in ("property", "type_hint"):
            if key in definition:
                definition[key] = nodes.shortener.curie(definition[key])
        if "slot_name" in definition:
            mappings.definitions.append(definition)
    if not node.startswith("_:"):
        mappings.slots["mapping_set_id"] = [node]
    values = Values({}, prefixes.load())
    for prop in nodes.of[node]:
        if prop in (RDF_TYPE, _DEFINITIONS, *other):
            continue
        slot = SET_OF_PROPERTIES.get(prop)
        if slot is None:
            slot, known = nodes.extension(prop, mappings.definitions), _kind_of(nodes, prop)
        else:
            known = SET_SLOTS[slot]
        mappings.slots[slot] = nodes.values(node, prop, slot, known)
        if slot in SET_SLOTS and known.kind in (Kind.DATE, Kind.NUMBER, Kind.URI):
            for text in mappings.slots[slot]:
                try:
                    reader_of(slot, values)(text)
                except ValueError as error:
                    raise SourceError(f"{slot} of the set: {error}", nodes.path) from None


def _kind_of(nodes: Nodes, prop: str) -> Slot:
    return Slot(Kind.ENTITY if nodes.datatypes[prop] == {""} else Kind.TEXT, True)


def read_rows(nodes: Nodes, found: list[str], mappings: Mappings) -> None:
    """Read each mapping from its node into a row; what SSSOM has no slot for is an extension."""
    rows: list[dict[str, str]] = []
    slots: dict[str, tuple[str, Slot]] = {}
    for node in found:
        row = {}
        for prop, given in nodes.of.get(node, {}).items():
            if prop == RDF_TYPE:
                continue
            if prop not in slots:
                name = OF_PROPERTIES.get(prop)
                slots[prop] = (
                    (name, MAPPING_SLOTS[name])
                    if name is not None
                    else (nodes.extension(prop, mappings.definitions), _kind_of(nodes, prop))
                )
            slot, known = slots[prop]
            if len(given) == 1 and not known.many and known.kind is Kind.TEXT:
                row[slot] = given[0]
                continue
            texts = nodes.values(node, prop, slot, known)
            if slot not in MAPPING_SLOTS and len(texts) > 1:
                raise nodes.error(node, f"{slot} has {len(texts)} values, and an extension slot takes one; keep one")
            row[slot] = joined(texts) if known.many and slot in MAPPING_SLOTS else texts[0]
        if not node.startswith("_:"):
            row["record_id"] = nodes.shortener.curie(node)
        rows.append(row)
    present = dict.fromkeys(slot for row in rows for slot in row)
    mappings.columns = [*(s for s in MAPPING_SLOTS if s in present), *(s for s in present if s not in MAPPING_SLOTS)]
    mappings.rows = [[row.get(slot, "") for slot in mappings.columns] for row in rows]


def finish(nodes: Nodes, found: list[str], mappings: Mappings) -> None:
    """Check all rows, and put into them what the set says of each."""
    mappings.curie_map = nodes.shortener.curie_map
    if nodes.tagged:
        mappings.notes.append(f"SSSOM can't hold: language tags ({nodes.tagged:,} texts)")
    # An IRI without a prefix is looked at, too.
    values = Values({**SCHEMES, **mappings.curie_map}, prefixes.load())
    check(mappings, values, lambda row, slot, said: nodes.error(found[row], f"{slot}: {said}"))
    mappings.propagate()


def _note_others(nodes: Nodes, known: set[str], mappings: Mappings) -> None:
    """Count the triples that say nothing of the set; a mapping's own plain triple may stand beside it."""
    columns = [mappings.cells(slot) for slot in ("subject_id", "predicate_id", "object_id")]
    plain = set(zip(*columns, strict=True))
    definitions = {inner for node in known for inner in nodes.of.get(node, {}).get(_DEFINITIONS, ())}
    curie = nodes.shortener.curie
    count = sum(
        (curie(node), curie(prop), curie(text)) not in plain
        for node, told in nodes.of.items()
        if node not in known and node not in definitions
        for prop, texts in told.items()
        for text in texts
    )
    if count:
        mappings.notes.append(f"not read, as no mapping says it: {count:,} triples")


def write(mappings: Mappings, output: Path | None) -> bytes:
    """Write a set; raises ``CalckgError`` when two rows have one ``record_id``."""
    mappings.identify()
    counts = Counter(cell for cell in mappings.cells("record_id") if cell)
    twice = next((record for record, count in counts.items() if count > 1), None)
    if twice is not None:
        raise CalckgError(f"the record_id {twice} stands twice, and RDF would make one mapping of two; change one")
    turtle = Turtle(mappings)
    told = turtle.rows(slot for slot in MAPPING_SLOTS if slot != "record_id")
    others = turtle.rows(slot for slot in mappings.columns if slot not in MAPPING_SLOTS)
    set_node = turtle.iri(mappings.expand(mappings.slots["mapping_set_id"][0]))
    written = [turtle.head(), " ;\n  ".join([f"{set_node} a sssom:MappingSet", *turtle.of_set()])]
    named, lead = [], " ;\n  sssom:mappings\n    "
    for record, one, other in zip(mappings.cells("record_id"), told, others, strict=True):
        said = " ;\n      ".join(["a owl:Axiom", *one, *other])
        if record:
            node = turtle.entity(record)
            named.append(f"{node} {said} .\n")
        else:
            node = f"[ {said} ]"
        written.append(lead + node)
        lead = ",\n    "
    return terms.encoded(chain(written, [" .\n"], named), output)
