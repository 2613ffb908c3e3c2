"""CURIE to IRI and back, by the one prefix table ``ontology/prefixes.ttl``.

>>> table = load()
>>> table.expand("orpha:191")
'http://www.orpha.net/ORDO/Orphanet_191'
>>> table.compress("https://identifiers.org/mesh/D061205")
'mesh:D061205'
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import pyoxigraph as ox

from calckg import resources
from calckg.errors import SourceError, UnknownNameError, UsageError

SH = "http://www.w3.org/ns/shacl#"
CKG = "https://w3id.org/calckg/ontology/"

UNRANKED = 1_000_000
"""The clique rank of a prefix that has none, and of an IRI that has no prefix: after all others."""

# What may follow the colon of a CURIE (W3C CURIE Syntax 1.0, 3: an irelative-ref). Narrower than the grammar
# in three points: not empty, no slash first (``x://y`` reads as an IRI) and no query (``medgen:?term=…`` is a
# search).
_CHAR = r"(?:[^\s\x00-\x20\x7f-\x9f<>\"{}|\\^`?\[\]%#]|%[0-9A-Fa-f]{2})"
_CURIE_LOCAL = re.compile(rf"(?![/:])(?:(?![:/]){_CHAR})+(?:/{_CHAR}*)?(?:#{_CHAR}*)?")
# What may follow an alternative namespace: a code. A longer path below it is another page of that publisher.
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_WORDS = string.ascii_letters + string.digits
_WORD = re.compile(f"[{_WORDS}]*")
PLAIN = "[A-Za-z0-9]+"
"""The pattern of a code that is a word of letters and digits."""
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_SCHEME = re.compile(r"https?://")
# Schemes of absolute IRIs without ``//`` that are taken for IRIs when they are no declared prefix.
_BARE_SCHEMES = frozenset({"urn", "info", "tag"})
_BLANK = " \t\r\n"


class Prefix(NamedTuple):
    """One declaration of the table; see the head of ``ontology/prefixes.ttl`` for what each part means."""

    name: str
    namespace: str
    alternative_prefixes: tuple[str, ...] = ()
    alternative_namespaces: tuple[str, ...] = ()
    local_pattern: str | None = None
    clique_rank: int | None = None
    comment: str = ""

    def fits(self, local: str) -> bool:
        """Tell whether ``local`` has the declared local pattern (no: it has none declared)."""
        return self.local_pattern is not None and _compiled(self.local_pattern).fullmatch(local) is not None


class Prefixes:
    """The prefix table; make it with `load`."""

    def __init__(self, declared: Iterable[Prefix]) -> None:
        records = {prefix.name: prefix for prefix in declared}
        self.records: Mapping[str, Prefix] = MappingProxyType(records)
        self.namespaces: Mapping[str, str] = MappingProxyType({p.name: p.namespace for p in records.values()})
        # IRIs are looked up without http:// or https://, CURIEs in lower case.
        self._forms: dict[str, list[tuple[Prefix, bool]]] = {}
        self._stems: dict[str, list[Prefix]] = {}
        self._tails: dict[str, Prefix] = {}
        for prefix in records.values():
            for form in (prefix.namespace, *prefix.alternative_namespaces):
                owners = self._forms.setdefault(_SCHEME.sub("", form, count=1), [])
                owners.append((prefix, form is prefix.namespace))
            for stem in {_stem(name) for name in (prefix.name, *prefix.alternative_prefixes)}:
                self._stems.setdefault(stem, []).append(prefix)
            if prefix.namespace.endswith("_"):
                self._tails[re.split("[/#]", prefix.namespace)[-1].lower()] = prefix
        self._ends = frozenset(form[-1] for form in self._forms)
        self._long_stems = [stem for stem in self._stems if not stem.endswith(":")]

    def expand(self, text: str, *, strict: bool = False) -> str:
        """Return the canonical IRI that ``text`` stands for.

        ``text`` is a CURIE in any declared prefix (upper and lower case alike), an IRI, bare or in angle
        brackets, in any declared form, or an OBO identifier with an underscore (``HP_0004934``). The local
        part is not judged: that is for ``calckg.identifiers``. An absolute IRI outside every declared
        namespace is returned as it is, or refused if ``strict``. Raises ``UnknownNameError`` for a prefix that
        is not declared (or, if ``strict``, such an IRI), and ``UsageError`` for what is neither a CURIE nor an
        IRI.
        """
        text = text.strip(_BLANK)
        bracketed = len(text) > 1 and text[0] == "<" and text[-1] == ">"
        if bracketed or _IRI.match(text):
            return self._expand_iri(text[1:-1] if bracketed else text, strict)
        if ":" not in text:
            return self._expand_underscore(text)
        split = self._split(text)
        if split is not None:
            return self._join(*split, text)
        head = text.partition(":")[0]
        if self._locate(text) or head.lower() in _BARE_SCHEMES:
            return self._expand_iri(text, strict)
        raise UnknownNameError("prefix", head, self._names())

    def compress(self, iri: str) -> str | None:
        """Return the CURIE of ``iri``, or ``None`` if it has none.

        The inverse of `expand` for canonical IRIs; another declared form is made canonical first.
        """
        found = self._identified(iri)
        return None if found is None else f"{found[0].name}:{found[1]}"

    def normalise(self, iri: str) -> str:
        """Return the canonical form of ``iri``; one in no declared form is returned as it is."""
        found = self._locate(iri)
        return iri if found is None else found[0].namespace + found[1]

    def prefix_of(self, iri: str) -> str | None:
        """Return the prefix of the CURIE that `compress` makes of ``iri``, or ``None``."""
        found = self._identified(iri)
        return None if found is None else found[0].name

    def canonical_prefix(self, prefix: str) -> str:
        """Return the declared prefix that ``prefix`` stands for (``SNOMEDCT_US`` → ``SCTID``), in any case.

        Raises ``UnknownNameError`` with the nearest ones.
        """
        owners = self._stems.get(_stem(prefix), [])
        own = [owner for owner in owners if owner.name.lower() == prefix.lower()]
        for owner in own or owners:
            return owner.name
        raise UnknownNameError("prefix", prefix, self._names())

    def rank(self, prefix: str | None) -> int:
        """Return the place of ``prefix`` in the order in which a clique takes its leader, lowest first."""
        record = self.records.get(prefix) if prefix is not None else None
        return UNRANKED if record is None or record.clique_rank is None else record.clique_rank

    def turtle_prefixes(self) -> dict[str, str]:
        """Return prefix to namespace, for serialisers of Turtle, TriG, RDF/XML and SPARQL."""
        return dict(self.namespaces)

    def jsonld_context(self) -> dict[str, object]:
        """Return the value of ``@context`` (JSON-LD 1.1) that declares every prefix.

        A namespace that does not end in one of ``:/?#[]@`` needs ``@prefix`` (JSON-LD 1.1, 4.1.5).
        """
        context: dict[str, object] = {"@version": 1.1}
        for name, namespace in self.namespaces.items():
            plain = namespace[-1] in ":/?#[]@"
            context[name] = namespace if plain else {"@id": namespace, "@prefix": True}
        return context

    def sssom_curie_map(self, prefixes: Iterable[str]) -> dict[str, str]:
        """Return the ``curie_map`` of an SSSOM set that uses ``prefixes``, sorted.

        Raises ``UnknownNameError`` for one that is not declared.
        """
        wanted = sorted(set(prefixes))
        for name in wanted:
            if name not in self.namespaces:
                raise UnknownNameError("prefix", name, self._names())
        return {name: self.namespaces[name] for name in wanted}

    def _expand_iri(self, iri: str, strict: bool) -> str:
        iri = self.normalise(iri)
        if strict and self._locate(iri) is None:
            raise UnknownNameError("namespace", iri, self.namespaces.values())
        return _checked(iri, iri)

    def _expand_underscore(self, text: str) -> str:
        head, underscore, local = text.partition("_")
        prefix = self._tails.get((head + underscore).lower())
        if prefix is None or not local:
            raise UsageError(f"{text!r} is neither a CURIE nor an IRI; write one, such as HP:0004934")
        return self._join(prefix, local, text)

    def _join(self, prefix: Prefix, local: str, text: str) -> str:
        if not local:
            raise UsageError(f"{text!r} has nothing after the prefix; write a CURIE such as HP:0004934")
        if prefix.fits(local):
            local = _escape(local)
        return self.normalise(_checked(prefix.namespace + local, text))

    def _split(self, text: str) -> tuple[Prefix, str] | None:
        """Split a CURIE into its prefix and its local part; ``None`` when the prefix is not declared."""
        lower = text.lower()
        for stem in self._long_stems:
            if lower.startswith(stem):
                return self._stems[stem][0], text[len(stem) :]
        head, _, local = text.partition(":")
        owners = self._stems.get(head.lower() + ":", [])
        fitting = [prefix for prefix in owners if prefix.fits(local)]
        own = [prefix for prefix in owners if prefix.name.lower() == head.lower()]
        for prefix in (*fitting, *own, *owners):
            return prefix, local
        return None

    def _identified(self, iri: str) -> tuple[Prefix, str] | None:
        """Find prefix and local part of an IRI that has a CURIE."""
        found = self._locate(iri)
        if found is None or _CURIE_LOCAL.fullmatch(found[1]) is None:
            return None
        # An IRI has one fragment, and ICD10WHO's namespace begins it.
        return None if "#" in found[1] and "#" in found[0].namespace else found

    def _locate(self, iri: str) -> tuple[Prefix, str] | None:
        """Find the longest declared form that ``iri`` begins with, and what follows it."""
        rest = _SCHEME.sub("", iri, count=1)
        ends, forms = self._ends, self._forms
        for cut in range(len(rest) - 1, 0, -1):
            if rest[cut - 1] in ends and (owners := forms.get(rest[:cut])):
                found = _owner(owners, iri, rest[cut:])
                if found:
                    return found
        return None

    def words(self, prefix: Prefix, namespace: str) -> str | None:
        """Return the pattern of words that after a namespace of ``prefix``, which has no pattern, are surely its codes.

        Words are of letters and digits. There is none where another prefix has the namespace too; where one has a
        longer namespace, such as ``https://omim.org/entry/PS``, no word is sure that begins like it.
        """
        own = _SCHEME.sub("", namespace, count=1)
        longer = [
            form[len(own) :]
            for form, owners in self._forms.items()
            if form.startswith(own) and _WORD.fullmatch(form, len(own)) and any(owner != prefix for owner, _ in owners)
        ]
        if not longer:
            return PLAIN
        if "" in longer:
            return None
        first = "".join(letter for letter in _WORDS if letter not in {word[0] for word in longer})
        return f"[{first}][A-Za-z0-9]*"

    def _names(self) -> list[str]:
        names = [name for p in self.records.values() for name in p.alternative_prefixes if ":" not in name]
        return [*self.records, *names]


def _owner(owners: list[tuple[Prefix, bool]], iri: str, local: str) -> tuple[Prefix, str] | None:
    for prefix, _ in owners:
        for candidate in (local, local.removesuffix("/")):
            if prefix.fits(candidate):
                return prefix, candidate
    for prefix, canonical in owners:
        if canonical and iri.startswith(prefix.namespace):
            return prefix, local
        if prefix.local_pattern is None and (_CURIE_LOCAL if canonical else _CODE).fullmatch(local):
            return prefix, local
    return None


def _stem(prefix: str) -> str:
    return (prefix if ":" in prefix else prefix + ":").lower()


def _escape(local: str) -> str:
    # A DOI may hold what an IRI may not: 10.1002/(SICI)1096-8628(19961111)65:4<277::AID-AJMG6>3.0.CO;2-M
    return re.sub(r"[<>\"{}|\\^`?\[\]#]", lambda found: f"%{ord(found[0]):02X}", local)


def _checked(iri: str, text: str) -> str:
    try:
        return ox.NamedNode(iri).value
    except ValueError as error:
        raise UsageError(f"{text!r} does not make an IRI: {error}") from None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


@cache
def load(path: str | Path | None = None) -> Prefixes:
    """Read the prefix table: the project's own, or the one at ``path``; each is read once.

    Raises ``SourceError`` when the file is missing, malformed, or declares a prefix or a form twice.
    """
    path = resources.ontology_dir() / "prefixes.ttl" if path is None else Path(path)
    declared = [_record(parts, path) for parts in _declarations(path)]
    _refuse_duplicates(declared, path)
    return Prefixes(declared)


def _declarations(path: Path) -> Iterable[dict[str, list[str]]]:
    """Read the value of each ``sh:declare`` as predicate to literal values, in the order of the file."""
    nodes: dict[str, dict[str, list[str]]] = {}
    declared: set[str] = set()
    try:
        for subject, predicate, value, _ in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE):
            if predicate.value == SH + "declare" and isinstance(value, ox.BlankNode):
                declared.add(value.value)
            elif isinstance(subject, ox.BlankNode) and isinstance(value, ox.Literal):
                nodes.setdefault(subject.value, {}).setdefault(predicate.value, []).append(value.value)
    except SyntaxError as error:
        raise SourceError(f"not well formed: {error.msg}", path, error.lineno, error.offset) from None
    except OSError as error:
        raise SourceError(f"can't be read ({error.strerror}); the prefix table is missing", path) from None
    return [parts for node, parts in nodes.items() if node in declared]


def _record(parts: dict[str, list[str]], path: Path) -> Prefix:
    names, namespaces = parts.get(SH + "prefix", []), parts.get(SH + "namespace", [])
    if len(names) != 1 or len(namespaces) != 1 or not namespaces[0]:
        said = f"{names} {namespaces}"
        raise SourceError(f"a declaration needs one sh:prefix and one sh:namespace, found {said}", path)
    rank = next(iter(parts.get(CKG + "cliqueRank", [])), None)
    if rank is not None and not rank.isdecimal():
        raise SourceError(f"{names[0]}: ckg:cliqueRank is {rank!r}, a whole number expected", path)
    return Prefix(
        names[0],
        namespaces[0],
        tuple(parts.get(CKG + "alternativePrefix", [])),
        tuple(parts.get(CKG + "alternativeNamespace", [])),
        next(iter(parts.get(CKG + "localPattern", [])), None),
        None if rank is None else int(rank),
        next(iter(parts.get("http://www.w3.org/2000/01/rdf-schema#comment", [])), ""),
    )


def _refuse_duplicates(declared: list[Prefix], path: Path) -> None:
    """Refuse a form that stands for two prefixes, unless the local pattern of each decides between them."""
    owners: dict[tuple[str, str], list[Prefix]] = {}
    for prefix in declared:
        for name in (prefix.name, *prefix.alternative_prefixes):
            owners.setdefault(("prefix", _stem(name)), []).append(prefix)
        for form in (prefix.namespace, *prefix.alternative_namespaces):
            owners.setdefault(("namespace", _SCHEME.sub("", form, count=1)), []).append(prefix)
        if prefix.clique_rank is not None:
            owners.setdefault(("clique rank", str(prefix.clique_rank)), []).append(prefix)
    for (kind, form), claimants in owners.items():
        names = [prefix.name for prefix in claimants]
        shared = kind != "clique rank" and len(set(names)) == len(names)
        if len(names) > 1 and not (shared and all(p.local_pattern for p in claimants)):
            said = " and ".join(names)
            raise SourceError(f"the {kind} {form!r} is declared twice ({said}); keep one of them", path)
