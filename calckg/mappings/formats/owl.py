"""OWL axioms, with everything else that is known of a mapping as annotations of its axiom.

An exact match of classes is an equivalence of classes, a broad one a subclass axiom, a narrow one a subclass axiom the
other way; ``sssom:predicate_id`` keeps the predicate. Any other mapping is an annotation assertion (SSSOM 1.1, OWL).
"""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import Final

from calckg.errors import SourceError
from calckg.mappings.formats import terms
from calckg.mappings.formats.model import TRIPLE, Losses, Mappings
from calckg.mappings.formats.rdf_sssom import AXIOM, finish, read_rows, read_set
from calckg.mappings.formats.skos import MATCHES, SKOS, plain_or_why
from calckg.mappings.formats.terms import PROPERTIES, RDF_TYPE, Nodes, Turtle
from calckg.upstream.sssom_metadata import BUILT_IN
from calckg.upstream.sssom_slots import SSSOM

_OWL: Final = BUILT_IN["owl"]
_EQUIVALENT: Final = _OWL + "equivalentClass"
_SUBCLASS: Final = BUILT_IN["rdfs"] + "subClassOf"
_AS_CLASSES: Final = {
    SKOS + "exactMatch": _EQUIVALENT,
    SKOS + "broadMatch": _SUBCLASS,
    SKOS + "narrowMatch": _SUBCLASS,
    _EQUIVALENT: _EQUIVALENT,
    _SUBCLASS: _SUBCLASS,
}
_CLASSES: Final = ("", "owl class", "rdfs class")
_MEANT: Final = SSSOM + "predicate_id"
_NARROW: Final = SKOS + "narrowMatch"
_DECLARED: Final = {_OWL + "AnnotationProperty", _OWL + "Class", _OWL + "Ontology"}


def read(path: Path) -> Mappings:
    """Read annotated axioms, and plain ones between named classes; raises ``SourceError`` when there is neither."""
    nodes = terms.read(path)
    mappings = Mappings()
    ontologies = nodes.typed(_OWL + "Ontology")
    for node in ontologies[:1]:
        read_set(nodes, node, mappings, (_OWL + "imports", _OWL + "versionIRI"))
    found = [node for node in nodes.typed(AXIOM) if _is_mapping(nodes.of[node])]
    for node in found:
        _turn(nodes.of[node])
    stated = {_ends(nodes, node) for node in found}
    others = _plain(nodes, found, stated)
    if not found:
        raise SourceError("no axiom about two classes and no mapping in it; is --from right?", path)
    if others:
        mappings.notes.append(f"not read, as they are no mapping: {others:,} triples")
    read_rows(nodes, found, mappings)
    mappings.justify("the axioms say no mapping_justification")
    finish(nodes, found, mappings)
    return mappings


_READ: Final = {*MATCHES, *_AS_CLASSES, _OWL + "sameAs", _OWL + "disjointWith"}


def _is_mapping(told: dict[str, list[str]]) -> bool:
    return told.get(PROPERTIES["predicate_id"], ["?"])[0] in _READ or PROPERTIES["mapping_justification"] in told


def _turn(told: dict[str, list[str]]) -> None:
    """Tell an axiom's node by what was meant: the predicate, and a narrow match the other way round."""
    meant = told.pop(_MEANT, None)
    if meant:
        told[PROPERTIES["predicate_id"]] = meant
        if meant == [_NARROW]:
            one, other = PROPERTIES["subject_id"], PROPERTIES["object_id"]
            told[one], told[other] = told.get(other, []), told.get(one, [])


def _ends(nodes: Nodes, node: str) -> tuple[str, ...]:
    return tuple(nodes.of[node].get(PROPERTIES[slot], [""])[0] for slot in TRIPLE)


def _plain(nodes: Nodes, found: list[str], stated: set[tuple[str, ...]]) -> int:
    """Add a node to ``found`` for each axiom without annotations; return how many triples are something else."""
    others, axioms = 0, []
    annotated = set(found)
    for node, told in nodes.of.items():
        if node in annotated or _OWL + "Ontology" in told.get(RDF_TYPE, ()):
            continue
        for prop, texts in told.items():
            for text in texts:
                if _is_stated(node, prop, text, stated):
                    continue
                if prop in _READ and not node.startswith("_:") and ":" in text and not text.startswith("_:"):
                    axioms.append((node, prop, text))
                elif not (prop == RDF_TYPE and text in _DECLARED):
                    others += 1
    for number, triple in enumerate(axioms):
        name = f"_:plain {number}"
        nodes.of[name] = {PROPERTIES[slot]: [text] for slot, text in zip(TRIPLE, triple, strict=True)}
        found.append(name)
    return others


def _is_stated(node: str, prop: str, text: str, stated: set[tuple[str, ...]]) -> bool:
    """Tell whether an annotated axiom is the same as this one."""
    if (node, prop, text) in stated:
        return True
    if prop == _EQUIVALENT:
        return (node, SKOS + "exactMatch", text) in stated
    if prop == _SUBCLASS:
        return (node, SKOS + "broadMatch", text) in stated or (text, _NARROW, node) in stated
    return False


def write(mappings: Mappings, output: Path | None) -> tuple[bytes, Losses]:
    """Write the axioms; negative mappings, literals and absent terms have none."""
    losses, turtle = Losses("OWL"), Turtle(mappings)
    slots = [slot for slot in mappings.columns if slot not in (*TRIPLE, "record_id")]
    told = turtle.rows(slots)
    columns = (*TRIPLE, "subject_type", "object_type", "record_id")
    properties = {turtle.property(slot) for slot in (*slots, *(s for s in mappings.slots if s != "mapping_set_id"))}
    classes: dict[str, None] = {}
    axioms = []
    iri, entity = turtle.iri, turtle.entity
    ends = zip(*map(mappings.cells, columns), strict=True)
    for (subject, predicate, target, *kinds, record), said, reason in zip(
        ends, told, plain_or_why(mappings), strict=True
    ):
        if reason is not None:
            losses.rows[reason] += 1
            continue
        one, other, meant = entity(subject), entity(target), mappings.expand(predicate)
        axiom = _AS_CLASSES.get(meant) if all(kind in _CLASSES for kind in kinds) else None
        annotations = list(said)
        if axiom is None:
            axiom = meant
            if not meant.startswith(_OWL):
                properties.add(iri(meant))
        else:
            classes[one] = classes[other] = None
            if meant != axiom:
                annotations.append(f"{iri(_MEANT)} {entity(predicate)}")
                properties.add(iri(_MEANT))
            if meant == _NARROW:
                one, other = other, one
        if record:
            annotations.append(f"{iri(PROPERTIES['record_id'])} {entity(record)}")
            properties.add(iri(PROPERTIES["record_id"]))
        named = f"owl:annotatedSource {one} ; owl:annotatedProperty {iri(axiom)} ; owl:annotatedTarget {other}"
        axioms.append(f"{one} {iri(axiom)} {other} .\n[] a owl:Axiom ; {' ; '.join([named, *annotations])} .\n")
    head = " ;\n  ".join([f"{_ontology(mappings, turtle)} a owl:Ontology", *turtle.of_set()]) + " .\n"
    declared = [f"{name} a owl:AnnotationProperty .\n" for name in sorted(properties)]
    declared += [f"{name} a owl:Class .\n" for name in sorted(classes)]
    return terms.encoded(chain([turtle.head(), head], declared, axioms), output), losses


def _ontology(mappings: Mappings, turtle: Turtle) -> str:
    identifier = mappings.slots.get("mapping_set_id")
    return turtle.iri(mappings.expand(identifier[0])) if identifier else "[]"
