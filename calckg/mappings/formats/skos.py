"""Plain SKOS: a triple of a mapping property for each mapping, and nothing else."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import Final

from calckg.errors import SourceError
from calckg.mappings.formats import terms
from calckg.mappings.formats.model import NO_TERM, TRIPLE, Losses, Mappings
from calckg.mappings.formats.rdf_sssom import finish
from calckg.mappings.formats.terms import Turtle
from calckg.upstream.sssom_metadata import BUILT_IN

SKOS: Final = BUILT_IN["skos"]
MATCHES: Final = tuple(
    SKOS + name for name in ("exactMatch", "closeMatch", "broadMatch", "narrowMatch", "relatedMatch", "mappingRelation")
)


def read(path: Path) -> Mappings:
    """Read a mapping for each triple of a mapping property; raises ``SourceError`` when there is none."""
    nodes = terms.read(path)
    mappings = Mappings(columns=list(TRIPLE))
    curie, found, others = nodes.shortener.curie, [], 0
    for node, told in nodes.of.items():
        for prop, texts in told.items():
            if prop not in MATCHES:
                others += len(texts)
                continue
            if node.startswith("_:") or nodes.datatypes[prop] != {""}:
                wrong = next((text for text in texts if ":" not in text or text.startswith("_:")), texts[0])
                raise SourceError(f"{node} {curie(prop)} {wrong}: each end must be an IRI; mend the triple", path)
            for text in dict.fromkeys(texts):
                found.append(node)
                mappings.rows.append([curie(node), curie(prop), curie(text)])
    if not found:
        raise SourceError("no triple of a SKOS mapping property (skos:exactMatch …) in it; is --from right?", path)
    if others:
        mappings.notes.append(f"not read, as they are no mapping: {others:,} triples")
    mappings.justify("SKOS says no mapping_justification")
    finish(nodes, found, mappings)
    return mappings


def write(mappings: Mappings, output: Path | None) -> tuple[bytes, Losses]:
    """Write the triples; negative mappings, literals, absent terms and other predicates have none."""
    losses, turtle = Losses("SKOS"), Turtle(mappings)
    triples: dict[str, None] = {}
    held = []
    for number, reason in enumerate(plain_or_why(mappings)):
        row = mappings.rows[number]
        if reason is None:
            subject, predicate, target = (row[mappings.columns.index(slot)] for slot in TRIPLE)
            if mappings.expand(predicate) not in MATCHES:
                reason = f"{predicate}, which is no mapping property of SKOS"
            else:
                triple = f"{turtle.entity(subject)} {turtle.entity(predicate)} {turtle.entity(target)} .\n"
                if triple in triples:
                    reason = "what another row says"
                triples[triple] = None
                held.append(row)
        if reason is not None:
            losses.rows[reason] += 1
    losses.without(mappings, held, TRIPLE)
    losses.of_set = [slot for slot in mappings.slots if mappings.slots[slot]]
    return terms.encoded(chain([turtle.head()], triples), output), losses


def plain_or_why(mappings: Mappings) -> list[str | None]:
    """Return for each row why no triple of subject, predicate and object states it, or nothing."""
    slots = ("predicate_modifier", "subject_type", "object_type", "subject_id", "object_id")
    found: list[str | None] = []
    for modifier, *kinds, subject, target in zip(*map(mappings.cells, slots), strict=True):
        if modifier:
            found.append("negative mappings")
        elif "rdfs literal" in kinds:
            found.append("literals")
        elif NO_TERM in (subject, target):
            found.append(NO_TERM)
        else:
            found.append(None)
    return found
