"""SSSOM's slots: which there are, what a cell of each holds, and what became of those of earlier versions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from math import isfinite
from typing import Final, TypeAlias
from urllib.parse import quote

import pyoxigraph as ox

from calckg.errors import CalckgError
from calckg.prefixes import PLAIN, Prefix, Prefixes
from calckg.tables import TABLES, Type, Value
from calckg.upstream.sssom_metadata import BUILT_IN, undeclared

Reader: TypeAlias = Callable[[str], Value]
"""Turns the text of a cell into the value of a column; raises ``ValueError`` that says what is wrong and what to do."""

SSSOM: Final = BUILT_IN["sssom"]
NO_TERM_FOUND: Final = SSSOM + "NoTermFound"
LITERAL: Final = BUILT_IN["rdfs"] + "Literal"
STRING: Final = BUILT_IN["xsd"] + "string"
SCHEMES: Final = {"http": "http:", "https": "https:", "urn": "urn:"}
"""What an IRI without a prefix is a CURIE by: its scheme, which is no vocabulary."""

SLOTS: Final = {
    column.name: column for column in TABLES["mapping"].columns if column.name not in ("graph", "mapping_set", "extra")
}
PROPAGATED: Final = (
    "subject_type",
    "subject_source",
    "subject_source_version",
    "object_type",
    "object_source",
    "object_source_version",
    "predicate_type",
    "mapping_provider",
    "cardinality_scope",
    "mapping_tool",
    "mapping_tool_id",
    "mapping_tool_version",
    "mapping_date",
    "curation_rule",
    "curation_rule_text",
    "subject_match_field",
    "object_match_field",
    "subject_preprocessing",
    "object_preprocessing",
    "similarity_measure",
)
"""Slots of a set that hold for each of its mappings, unless a mapping has its own (SSSOM 1.1, propagation)."""

SET_COLUMNS: Final = {
    "mapping_set_title": "title",
    "mapping_set_description": "description",
    "mapping_set_version": "version_info",
    "mapping_set_source": "derived_from",
    "mapping_set_confidence": "confidence",
    "creator_id": "creator",
    "creator_label": "creator_label",
    "license": "license",
    "publication_date": "issued",
    "see_also": "see_also",
    "comment": "comment",
    "issue_tracker": "issue_tracker",
    "other": "other",
}
"""The column of ``source`` that holds each slot of a set."""

RENAMED: Final = {
    "semantic_similarity_score": "similarity_score",
    "semantic_similarity_measure": "similarity_measure",
}
"""Slots that had another name before 1.0."""

TRANSLATED: Final[Mapping[str, tuple[tuple[str, ...], Mapping[str, str]]]] = {
    "match_type": (
        ("mapping_justification",),
        {
            "Lexical": "semapv:LexicalMatching",
            "Logical": "semapv:LogicalMatching",
            "HumanCurated": "semapv:ManualMappingCuration",
            "Complex": "semapv:CompositeMatching",
            "Unspecified": "semapv:UnspecifiedMatching",
            "SemanticSimilarity": "semapv:SemanticSimilarityThresholdMatching",
        },
    ),
    "match_term_type": (
        ("subject_type", "object_type"),
        {
            "ConceptMatch": "skos concept",
            "ClassMatch": "owl class",
            "ObjectPropertyMatch": "owl object property",
            "IndividualMatch": "owl named individual",
            "DataPropertyMatch": "owl data property",
            "TermMatch": "rdfs literal",
        },
    ),
}
"""Slots of before 0.9.1: those that took their place, and what each value became (SSSOM 1.1, compatibility)."""

ENTITY_TYPES = {
    "owl class": "owl:Class",
    "owl object property": "owl:ObjectProperty",
    "owl data property": "owl:DataProperty",
    "owl annotation property": "owl:AnnotationProperty",
    "owl named individual": "owl:NamedIndividual",
    "skos concept": "skos:Concept",
    "rdfs resource": "rdfs:Resource",
    "rdfs class": "rdfs:Class",
    "rdfs literal": "rdfs:Literal",
    "rdfs datatype": "rdfs:Datatype",
    "rdf property": "rdf:Property",
    "composed entity expression": "sssom:ComposedEntityExpression",
}
_CARDINALITIES = ("1:1", "1:n", "n:1", "n:n", "1:0", "0:1", "0:0")
_URIS = ("license", "mapping_provider", "see_also", "issue_tracker", "derived_from")
_CORE = ("subject_id", "predicate_id", "object_id", "mapping_justification")
_BEFORE_1_0 = {SSSOM + "NoMapping": NO_TERM_FOUND}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_PART = re.compile(r"((?:[^\\|]|\\.|\\$)*)(?:\||$)", re.DOTALL)
_REMEMBERED = 1 << 16


class Values:
    """Read the cells of one set, whose ``curie_map`` tells what its CURIEs stand for."""

    def __init__(self, curie_map: Mapping[str, str], prefixes: Prefixes) -> None:
        self.curie_map, self.prefixes = curie_map, prefixes
        self._known: dict[str, str] = {}
        self._direct: dict[str, tuple[Prefix, Callable[[str], bool]]] = {}

    def reader(self, slot: str, kind: Type, *, many: bool) -> Reader:
        """Return what reads the cells of ``slot``, which holds ``kind``."""
        one = self._reader(slot, kind)
        if not many:
            return one
        return lambda text: [str(one(part)) for part in split(text)]

    def _reader(self, slot: str, kind: Type) -> Reader:
        if slot.endswith("_type"):
            return _entity_type
        if slot == "predicate_modifier":
            return _modifier
        if slot == "mapping_cardinality":
            return _cardinality
        if kind is Type.DATE:
            return _date
        if kind is Type.DOUBLE:
            return _number
        if kind is not Type.IRI:
            return _text
        if slot in _URIS:
            return self.uri
        return self.entity if slot in _CORE else self.reference

    def entity(self, text: str) -> str:
        """Return the canonical IRI of a CURIE."""
        iri = self._known.get(text)
        if iri is None:
            iri = self._resolved(text)
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[text] = iri
        return iri

    def _resolved(self, text: str) -> str:
        prefix, colon, local = text.partition(":")
        if not colon or not local or " " in text:
            raise ValueError(f"{text!r} is not a CURIE; write one, such as HP:0004934")
        namespace = self.curie_map.get(prefix)
        if namespace is None:
            if local.startswith("//"):
                raise ValueError(f"{text!r} is an IRI; declare its prefix in curie_map and write a CURIE")
            raise ValueError(f"{text!r}: {undeclared(prefix, self.curie_map)}")
        direct = self._direct.get(prefix)
        if direct is not None and direct[1](local):
            iri = direct[0].namespace + local
            return _BEFORE_1_0.get(iri, iri)
        iri, curie = coded(self.prefixes, namespace + local)
        if curie is not None:
            # The set's prefix is one of the project's, perhaps by another name: its next codes need no search.
            found = self.prefixes.records[curie.partition(":")[0]]
            if iri == found.namespace + local:
                self._direct[prefix] = found, _plain_code(self.prefixes, found)
        return _BEFORE_1_0.get(iri, iri)

    def reference(self, text: str) -> str:
        """Return the canonical IRI of a CURIE, or of an IRI: sets of before 1.0 name sources and tools by those."""
        if text.startswith(("http://", "https://")) and text.partition(":")[0] not in self.curie_map:
            return coded(self.prefixes, text)[0]
        return self.entity(text)

    def uri(self, text: str) -> str:
        """Return an absolute IRI as it is; a CURIE is taken too."""
        if text.partition(":")[0] in self.curie_map:
            return self.entity(text)
        return _checked(text)

    def code(self, iri: str) -> tuple[str | None, str]:
        """Return the prefix of a canonical IRI, ``None`` when the project declares none, and its CURIE.

        Without a prefix of the project's, the CURIE is the set's own.
        """
        for record, is_plain in self._direct.values():
            if iri.startswith(record.namespace) and is_plain(local := iri[len(record.namespace) :]):
                return record.name, f"{record.name}:{local}"
        curie = coded(self.prefixes, iri)[1]
        if curie is not None:
            return curie.partition(":")[0], curie
        own = [(len(space), prefix) for prefix, space in self.curie_map.items() if iri.startswith(space)]
        length, prefix = max(own, default=(0, ""))
        return None, f"{prefix}:{iri[length:]}" if own else iri


@lru_cache(_REMEMBERED)
def coded(prefixes: Prefixes, iri: str) -> tuple[str, str | None]:
    """Return the canonical form of an IRI and its CURIE; raises ``ValueError`` when it is no IRI."""
    curie = prefixes.compress(iri)
    if curie is None:
        return _checked(prefixes.normalise(iri)), None
    prefix, _, local = curie.partition(":")
    return _checked(prefixes.namespaces[prefix] + local), curie


@lru_cache(None)
def _plain_code(prefixes: Prefixes, prefix: Prefix) -> Callable[[str], bool]:
    """Return a test of local parts that surely stay as they are, after ``prefix``: letters and digits that fit it."""
    if prefix.local_pattern is not None:
        return lambda local: local.isalnum() and local.isascii() and prefix.fits(local)
    pattern = prefixes.words(prefix, prefix.namespace)
    if pattern == PLAIN:
        return lambda local: local.isalnum() and local.isascii()
    sure = None if pattern is None else re.compile(pattern)
    return lambda local: sure is not None and sure.fullmatch(local) is not None


def _checked(iri: str) -> str:
    try:
        return ox.NamedNode(iri).value
    except ValueError as error:
        raise ValueError(
            f"{iri!r} is not an absolute IRI ({error}); write one, such as https://example.org/a"
        ) from None


def split(text: str) -> list[str]:
    r"""Return the values of a cell that takes several: ``|`` stands between them, ``\|`` and ``\\`` are in them."""
    if "\\" not in text:
        parts = text.split("|")
    else:
        parts = [re.sub(r"\\([\\|])", r"\1", found) for found in _PART.findall(text)]
    return [part for part in (item.strip() for item in parts) if part]


def extension(values: Values, name: str, definition: object) -> tuple[str, str]:
    """Return the property and the datatype of a slot that SSSOM does not know; the datatype of an IRI is empty.

    ``definition`` is its entry in ``extension_definitions``, if there is one; an invalid one counts as none (SSSOM
    1.1, non-standard slots).
    """
    default = f"http://sssom.invalid/{quote(name, safe='')}"
    if not isinstance(definition, dict) or not set(definition) <= {"slot_name", "property", "type_hint"}:
        return default, STRING
    try:
        prop = values.reference(definition["property"]) if definition.get("property") else default
        hint = values.reference(definition["type_hint"]) if definition.get("type_hint") else STRING
    except (CalckgError, ValueError):
        return default, STRING
    return prop, "" if hint.lower() == "https://w3id.org/linkml/uriorcurie" else hint


def _text(text: str) -> str:
    return text


def _date(text: str) -> str:
    try:
        if not _DATE.fullmatch(text):
            raise ValueError
        date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a date; write it as 2024-02-25") from None
    return text


def _number(text: str) -> float:
    try:
        number = float(text)
        if not isfinite(number):
            raise ValueError
    except ValueError:
        raise ValueError(f"{text!r} is not a number; write it as 0.95") from None
    return number


def _entity_type(text: str) -> str:
    curie = ENTITY_TYPES.get(text, text)
    if curie not in ENTITY_TYPES.values():
        raise ValueError(f"{text!r} is not a type of entity; use one of: {', '.join(ENTITY_TYPES)}")
    prefix, _, local = curie.partition(":")
    return BUILT_IN[prefix] + local


def _modifier(text: str) -> str:
    if text != "Not":
        raise ValueError(f"{text!r} is not a predicate modifier; write Not, or nothing")
    return SSSOM + "NegatedPredicate"


def _cardinality(text: str) -> str:
    if text not in _CARDINALITIES:
        raise ValueError(f"{text!r} is not a cardinality; use one of: {' '.join(_CARDINALITIES)}")
    return text
