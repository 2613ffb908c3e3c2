"""FHIR R4 ``ConceptMap`` in JSON: groups by code system, elements by code, targets with an equivalence."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from calckg import prefixes
from calckg.errors import SourceError
from calckg.mappings.formats.model import MAPPING_SLOTS, NO_TERM, TRIPLE, Losses, Mappings
from calckg.mappings.formats.systems import Coding, Decoding
from calckg.mappings.formats.tsv import check
from calckg.upstream import opened
from calckg.upstream.sssom_metadata import BUILT_IN
from calckg.upstream.sssom_slots import SSSOM, Values

_PREDICATES: Final = {
    "equivalent": "skos:exactMatch",
    "wider": "skos:broadMatch",
    "narrower": "skos:narrowMatch",
    "inexact": "skos:closeMatch",
    "relatedto": "skos:relatedMatch",
    "subsumes": "rdfs:subClassOf",
    "specializes": "sssom:superClassOf",
    "disjoint": "owl:disjointWith",
}
"""What each equivalence is in SSSOM (ConceptMapEquivalence of R4: each is said of the target)."""
_NARROWED: Final = {"equal": "equivalent"}
_OBO: Final = "http://www.geneontology.org/formats/oboInOwl#"
_OTHER_PREDICATES: Final = {
    BUILT_IN["owl"] + "equivalentClass": "equivalent",
    BUILT_IN["owl"] + "sameAs": "equal",
    SSSOM.replace("https:", "http:") + "superClassOf": "specializes",
    _OBO + "hasDbXref": "relatedto",
    BUILT_IN["skos"] + "mappingRelation": "relatedto",
}
"""Predicates that an equivalence says, and that are read as another one."""
_EXPLAINED: Final = ("narrower", "inexact")  # R4 demands a comment (invariant cmd-1)
_SET: Final = {
    "url": "mapping_set_id",
    "version": "mapping_set_version",
    "title": "mapping_set_title",
    "description": "mapping_set_description",
    "date": "publication_date",
    "copyright": "license",
}
_VERSIONS: Final = ("subject_source_version", "object_source_version")
_HELD: Final = (*TRIPLE, "subject_label", "object_label", "comment", *_VERSIONS)
_IGNORED: Final = ("resourceType", "group", "status", "text", "id", "meta")


def write(mappings: Mappings) -> tuple[bytes, Losses]:
    """Write a ConceptMap; negative mappings, literals and predicates that no equivalence says have no place in it."""
    losses, coding = Losses("FHIR"), Coding(mappings)
    groups: dict[tuple[str, ...], dict[tuple[str, str], list[dict[str, str]]]] = {}
    known = {mappings.expand(predicate): name for name, predicate in _PREDICATES.items()}
    held, changed = [], Counter[str]()
    slots = (*TRIPLE, "predicate_modifier", "subject_type", "object_type", *_HELD[3:])
    cells = zip(*map(mappings.cells, slots), strict=True)
    for row, (subject, predicate, target, modifier, kind, other, *labels, comment, version, to) in zip(
        mappings.rows, cells, strict=True
    ):
        iri = mappings.expand(predicate)
        name = known.get(iri) or _OTHER_PREDICATES.get(iri)
        reason = _why_not(subject, modifier, (kind, other))
        if reason is None and name is None and target != NO_TERM:
            reason = f"{predicate}, which no equivalence says"
        if reason is not None:
            losses.rows[reason] += 1
            continue
        held.append(row)
        absent = target == NO_TERM
        if absent:
            name = "unmatched"
        if name is not None and iri != mappings.expand(_PREDICATES.get(name, "skos:exactMatch")):
            changed[predicate] += 1
        system, code = coding.of(subject)
        its_system, its_code = ("", "") if absent else coding.of(target)
        told = {"code": its_code, "display": labels[1], "equivalence": name or "", "comment": comment}
        if name in _EXPLAINED and not comment:
            told["comment"] = predicate
        group = groups.setdefault((system, version, its_system, to), {})
        group.setdefault((code, labels[0]), []).append({key: text for key, text in told.items() if text})
    for predicate, count in changed.items():
        losses.slots[f"the predicate {predicate}"] = count
    losses.without(mappings, held, _HELD)
    losses.of_set = [slot for slot in mappings.slots if slot not in _SET.values()]
    losses.of_set += [f"where {space} ends and a code begins" for space in sorted(coding.unended)]
    resource: dict[str, Any] = {"resourceType": "ConceptMap"}
    for key, slot in _SET.items():
        if mappings.slots.get(slot):
            resource[key] = mappings.slots[slot][0]
        if key == "version":
            resource["status"] = "unknown"
    if "url" in resource:
        resource["url"] = mappings.expand(resource["url"])
    return _json(resource, groups).encode(), losses


def _json(resource: dict[str, Any], groups: dict[tuple[str, ...], dict[tuple[str, str], list[dict[str, str]]]]) -> str:
    """Return a resource with an element on each line; Python's encoder is slow where it indents."""
    text = json.dumps(resource, ensure_ascii=False, indent=1).removesuffix("\n}")
    if not groups:
        return text + "\n}\n"
    parts = []
    for key, elements in groups.items():
        names = ("source", "sourceVersion", "target", "targetVersion")
        head = {name: value for name, value in zip(names, key, strict=True) if value}
        told = json.dumps({**head, "element": []}, ensure_ascii=False).removesuffix("]}")
        lines = (
            json.dumps(
                {"code": code, **({"display": display} if display else {}), "target": targets}, ensure_ascii=False
            )
            for (code, display), targets in elements.items()
        )
        parts.append(told + "\n   " + ",\n   ".join(lines) + "]}")
    return text + ',\n "group": [\n  ' + ",\n  ".join(parts) + "\n ]\n}\n"


def _why_not(subject: str, modifier: str, kinds: tuple[str, str]) -> str | None:
    """Return why a ConceptMap has no place for a mapping, or nothing."""
    if modifier:
        return "negative mappings"
    if "rdfs literal" in kinds:
        return "literals"
    return f"{NO_TERM} as a subject" if subject == NO_TERM else None


def read(path: Path) -> Mappings:
    """Read a ConceptMap of R4; raises ``SourceError`` with the place of what can't be read."""
    with opened(path) as stream:
        try:
            resource = json.load(stream)
        except json.JSONDecodeError as error:
            raise SourceError(f"not JSON: {error.msg}; mend it there", path, error.lineno, error.colno) from None
        except RecursionError:
            raise SourceError("not a ConceptMap: it is nested too deeply", path) from None
    return _Reading(path).all(resource)


class _Reading:
    """Reads one resource; ``lost`` counts what it says and SSSOM has no place for."""

    def __init__(self, path: Path) -> None:
        self.path, self.decoding, self.lost = path, Decoding(), Counter[str]()
        self.places: list[str] = []
        self.mappings = Mappings(columns=[slot for slot in MAPPING_SLOTS if slot in _HELD])

    def all(self, resource: object) -> Mappings:
        """Return the set."""
        if not isinstance(resource, dict) or resource.get("resourceType") != "ConceptMap":
            kind = resource.get("resourceType") if isinstance(resource, dict) else None
            raise SourceError(f"a resource of type {kind!r}; a FHIR ConceptMap is expected", self.path)
        for key in ("sourceScopeUri", "sourceScopeCanonical", "targetScopeUri", "targetScopeCanonical"):
            if key in resource:
                raise self._later(key)
        self._set(resource)
        order = self.mappings.columns
        for row in self._rows(resource):
            self.mappings.rows.append([row.get(slot, "") for slot in order])
        mappings = self.mappings
        mappings.curie_map = self.decoding.curie_map
        if self.lost:
            told = ", ".join(f"{key} ({count:,})" for key, count in self.lost.items())
            mappings.notes.append(f"SSSOM can't hold: {told}")
        for system, space in self.decoding.unchanged.items():
            mappings.notes.append(f"the code system {system} has no namespace: {space} is written")
        mappings.drop_empty()
        mappings.justify("FHIR says no mapping_justification")
        values = Values(mappings.curie_map, prefixes.load())
        check(mappings, values, lambda row, slot, said: self._error(self.places[row], f"{slot}: {said}"))
        return mappings

    def _set(self, resource: dict[str, Any]) -> None:
        for key, value in resource.items():
            slot = _SET.get(key)
            if slot == "license" and not (isinstance(value, str) and value.startswith("http") and " " not in value):
                slot = None
            if slot == "publication_date" and len(str(value)) != 10:
                slot = None  # a year, or a time of day
            if slot is not None and isinstance(value, str):
                self.mappings.slots[slot] = [value]
            elif key not in _IGNORED or (key == "status" and value != "unknown"):
                self.lost[key] += 1

    def _rows(self, resource: dict[str, Any]) -> Iterator[dict[str, str]]:
        for group, place in self._items(resource, "group", ""):
            self._others(group, "source", "sourceVersion", "target", "targetVersion", "element")
            versions = [self._text(group, key, place) for key in ("sourceVersion", "targetVersion")]
            for element, inner in self._items(group, "element", place):
                self._others(element, "code", "display", "target")
                system, code = self._text(group, "source", place), self._text(element, "code", inner)
                if not system or not code:
                    raise self._error(inner, f"no {'code' if system else 'source'}; name code system and code")
                given = {
                    "subject_id": self.decoding.curie(system, code),
                    "subject_label": self._text(element, "display", inner),
                    "subject_source_version": versions[0],
                    "object_source_version": versions[1],
                }
                if "noMap" in element:
                    raise self._later(f"{inner}.noMap")
                targets = list(self._items(element, "target", inner))
                # An element without a target has no match in the target code system.
                for target, at in targets or [({"equivalence": "unmatched"}, inner)]:
                    self.places.append(at)
                    yield given | self._target(target, self._text(group, "target", place), at)

    def _target(self, target: dict[str, Any], system: str, place: str) -> dict[str, str]:
        if "relationship" in target and "equivalence" not in target:
            raise self._later(f"{place}.relationship")
        self._others(target, "code", "display", "equivalence", "comment")
        texts = {key: self._text(target, key, place) for key in ("code", "display", "equivalence", "comment")}
        name = texts["equivalence"]
        if name in _NARROWED:
            self.lost[f"equivalence {name}, read as {_NARROWED[name]}"] += 1
            name = _NARROWED[name]
        if name == "unmatched":
            if texts["code"]:
                raise self._error(place, f"unmatched, and yet a code, {texts['code']}; keep one of them")
            return {
                "predicate_id": _PREDICATES["equivalent"],
                "object_id": NO_TERM,
                "object_label": texts["display"],
                "comment": texts["comment"],
            }
        if name not in _PREDICATES:
            known = ", ".join((*_PREDICATES, *_NARROWED, "unmatched"))
            raise self._error(place, f"the equivalence is {name!r}; in R4 it is one of: {known}")
        if not system or not texts["code"]:
            raise self._error(place, f"no {'code' if system else 'target in its group'}; name code system and code")
        predicate = _PREDICATES[name]
        generated = name in _EXPLAINED and texts["comment"] == predicate
        return {
            "predicate_id": predicate,
            "object_id": self.decoding.curie(system, texts["code"]),
            "object_label": texts["display"],
            "comment": "" if generated else texts["comment"],
        }

    def _others(self, node: dict[str, Any], *known: str) -> None:
        for key in node:
            if key not in known and key not in ("noMap", "relationship"):
                self.lost[key] += 1

    def _items(self, node: dict[str, Any], key: str, place: str) -> Iterator[tuple[dict[str, Any], str]]:
        items = node.get(key, [])
        if not isinstance(items, list):
            raise self._error(f"{place}{key}", "a list is expected")
        for number, item in enumerate(items):
            at = f"{place}.{key}[{number}]".lstrip(".")
            if not isinstance(item, dict):
                raise self._error(at, "an object is expected")
            yield item, at

    def _text(self, node: dict[str, Any], key: str, place: str) -> str:
        value = node.get(key, "")
        if not isinstance(value, str):
            raise self._error(f"{place}.{key}", f"{value!r} is no text")
        return value

    def _error(self, place: str, message: str) -> SourceError:
        return SourceError(f"{place}: {message}", self.path)

    def _later(self, place: str) -> SourceError:
        said = "stands in ConceptMaps of FHIR R5, and R4 is read here; convert it to R4 (relationship to equivalence)"
        return SourceError(f"{place} {said}", self.path)
