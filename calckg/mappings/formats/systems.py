"""Code systems as FHIR names them, and CURIEs: by the schemes of the graph, else by the namespace."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

import pyoxigraph as ox

from calckg import prefixes, resources
from calckg.mappings.formats.model import Mappings
from calckg.prefixes import CKG
from calckg.upstream.sssom_metadata import BUILT_IN

_IDENTIFIER: Final = "http://purl.org/dc/terms/identifier"
_ENDED: Final = re.compile("[/#_:=?]$")
_WITH_PREFIX: Final = ("HP", "MONDO")
"""Code systems whose codes have the prefix in them, as FHIR's terminology has them: HP:0004934."""


@cache
def systems() -> dict[str, str]:
    """Return the URI of FHIR's of each prefix that has one."""
    told: dict[str, dict[str, str]] = {}
    for quad in ox.parse(path=str(resources.graph_dir() / "schemes.ttl"), format=ox.RdfFormat.TURTLE):
        if quad.predicate.value in (CKG + "fhirSystem", _IDENTIFIER) and isinstance(quad.object, ox.Literal):
            told.setdefault(str(quad.subject), {})[quad.predicate.value] = quad.object.value
    return {
        scheme[_IDENTIFIER]: scheme[CKG + "fhirSystem"]
        for scheme in told.values()
        if CKG + "fhirSystem" in scheme and _IDENTIFIER in scheme
    }


class Coding:
    """Turn CURIEs of a set into a system and a code."""

    def __init__(self, mappings: Mappings) -> None:
        self.mappings = mappings
        self.known: dict[str, tuple[str, str]] = {}
        self.unended: set[str] = set()  # namespaces that a code can't be told from

    def of(self, curie: str) -> tuple[str, str]:
        """Return the system and the code of a CURIE, or of an IRI without a prefix."""
        found = self.known.get(curie)
        if found is None:
            found = self.known[curie] = self._found(curie)
        return found

    def _found(self, curie: str) -> tuple[str, str]:
        own = prefixes.load().compress(self.mappings.expand(curie))
        if own is not None:
            prefix, _, local = own.partition(":")
            if prefix in systems():
                return systems()[prefix], own if prefix in _WITH_PREFIX else local
        prefix, _, local = curie.partition(":")
        space = self.mappings.curie_map.get(prefix)
        if space is None:  # an IRI that no prefix is declared for
            cut = max(map(curie.rfind, "/#:")) + 1
            return curie[:cut], curie[cut:]
        if not _ENDED.search(space):
            self.unended.add(space)
        return space, local


class Decoding:
    """Turn a system and a code into a CURIE, and collect the prefixes."""

    def __init__(self) -> None:
        self.curie_map = dict(BUILT_IN)
        self.prefixes = {system: prefix for prefix, system in systems().items()}
        table = prefixes.load().namespaces
        self.prefixes |= {space: prefix for prefix, space in table.items() if space not in self.prefixes}
        self.unchanged: dict[str, str] = {}

    def curie(self, system: str, code: str) -> str:
        """Return the CURIE of a code."""
        prefix = self.prefixes.get(system)
        if prefix is None:
            number = sum(name.startswith("ns") for name in self.curie_map) + 1
            prefix = self.prefixes[system] = f"ns{number}"
            # Nothing stands between system and code in FHIR: there must be something in an IRI.
            ends = _ENDED.search(system) is not None
            self.curie_map[prefix] = system if ends else system + (":" if system.startswith("urn:") else "/")
            if not ends:
                self.unchanged[system] = self.curie_map[prefix]
        elif prefix not in self.curie_map:
            self.curie_map[prefix] = prefixes.load().namespaces[prefix]
        return f"{prefix}:{code.removeprefix(prefix + ':') if prefix in _WITH_PREFIX else code}"
