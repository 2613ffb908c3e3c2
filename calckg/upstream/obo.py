"""The OBO flat file format 1.2 and 1.4 (owlcollab.github.io/oboformat): ``hp.obo``, ``doid.obo``, plain or gz.

What terms become is said in ``obo_terms``. A clause that can't be read is told and left out, its term stays. Clauses
of logic (``intersection_of``, ``disjoint_from``, …), type definitions of relations, and instances are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from calckg.errors import SourceError, UsageError
from calckg.loading import load
from calckg.prefixes import load as prefix_table
from calckg.tables import Rows
from calckg.upstream import OnError, opened
from calckg.upstream.obo_ontologies import ONTOLOGIES, Ontology, stated
from calckg.upstream.obo_terms import (
    ALTERNATIVE,
    CONSIDER,
    CREATED,
    CREATOR,
    IS_A,
    OBO,
    REPLACED,
    MalformedTermError,
    Synonym,
    Term,
    Terms,
    settle,
)
from calckg.upstream.source import Format, Stated

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED: Final = {"n": "\n", "t": "\t", "W": " "}
_QUOTED: Final = r'"((?:[^"\\]|\\.)*)"'
_DEFINITION: Final = re.compile(rf"{_QUOTED}\s*(\[.*)?", re.DOTALL)
_SYNONYM: Final = re.compile(
    rf"{_QUOTED}(?:\s+(EXACT|BROAD|NARROW|RELATED))?(?:\s+([^\s\[{{!]+))?\s*(\[.*|\{{.*|!.*)?", re.DOTALL
)
_PROPERTY: Final = re.compile(rf"(\S+)\s+(?:{_QUOTED}|(\S+))")
_XREF: Final = re.compile(r'\s*((?:[^,\]"\\]|\\.)*)(?:"(?:[^"\\]|\\.)*"\s*)?([,\]])')
# What may follow a value that has no quotes: {qualifiers} and a ! comment.
_AFTER: Final = re.compile(r'\s+(?:!.*|\{[^{}"=]+="(?:[^"\\]|\\.)*".*)$|(?<=\S)\{[^{}"=]+="(?:[^"\\]|\\.)*".*$')
_IN_CONTEXT: Final = re.compile(r"[{,]\s*gci_")
# The tags of synonyms up to format 1.0, which later readers keep to.
_OLD_SYNONYMS: Final = {
    "exact_synonym": "EXACT",
    "broad_synonym": "BROAD",
    "narrow_synonym": "NARROW",
    "related_synonym": "RELATED",
}
_PROPERTIES: Final = {
    "alt_id": ALTERNATIVE,
    "replaced_by": REPLACED,
    "use_term": REPLACED,
    "consider": CONSIDER,
    "created_by": CREATOR,
    "creation_date": CREATED,
}
_ONTOLOGY: Final = re.compile(r"^ontology:\s*(\S+)", re.MULTILINE)
_VERSION: Final = re.compile(r"^data-version:\s*(\S+)", re.MULTILINE)


class Clause(NamedTuple):
    """One ``tag: value`` of a file, and the line that it begins on."""

    tag: str
    value: str
    line: int


class Stanza(NamedTuple):
    """``[Term]`` or the like with its clauses; the head of the file has no kind."""

    kind: str
    line: int
    clauses: list[Clause]


def stanzas(path: Path, on_error: OnError) -> Iterator[Stanza]:
    """Yield the head of a file and its stanzas; comments and empty lines are none."""
    found = Stanza("", 1, [])
    for number, line in _lines(path):
        if not line or line.startswith("!"):
            continue
        if line.startswith("["):
            yield found
            found = Stanza(line.partition("]")[0][1:].strip(), number, [])
            continue
        tag, colon, value = line.partition(":")
        if colon and tag and not any(sign in tag for sign in ' "'):
            found.clauses.append(Clause(tag, value.strip(), number))
        else:
            on_error(SourceError(f"a clause tag: value expected, found {line[:40]!r}; mend it there", path, number))
    yield found


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield each line with its number; one that ends in a backslash goes on in the next."""
    first, pending = 0, ""
    with opened(path) as stream:
        for number, text in enumerate(stream, 1):
            line = text.rstrip()
            if line.endswith("\\") and not line.endswith("\\\\"):
                first, pending = first or number, pending + line[:-1]
                continue
            yield first or number, (pending + line).strip() if pending else line.strip()
            first, pending = 0, ""
    if pending:
        yield first, pending.strip()


def fill(ontology: Ontology, connection: DuckDBPyConnection, path: Path, graph: str, on_error: OnError) -> int:
    """Read a file into the tables; return how many stanzas there were."""
    document = _Document(path, ontology, graph, on_error)
    load(connection, document.rows())
    settle(connection, graph, ontology)
    return document.stanzas


class _Document:
    def __init__(self, path: Path, ontology: Ontology, graph: str, on_error: OnError) -> None:
        self.path, self.on_error, self.stanzas = path, on_error, 0
        self.ontology, self.terms = ontology, Terms(ontology, graph)
        self.base = f"{OBO}{ontology.names[0]}"
        # The type definitions stand behind the terms that use them.
        self.properties = self._defined()

    def _defined(self) -> dict[str, str]:
        """Return the IRIs of the relations, subsets and types of synonyms by the names that the file gives them."""
        found: dict[str, str] = {}
        for kind, _, clauses in stanzas(self.path, lambda error: None):
            if kind == "" and (names := [clause.value for clause in clauses if clause.tag == "ontology"]):
                self.base = OBO + _name(names[0]).partition("/")[0]
            if kind == "Typedef":
                names = [clause.value for clause in clauses if clause.tag == "id"]
                xrefs = [_plain(clause.value) for clause in clauses if clause.tag == "xref"]
                iris = [iri for iri in map(self._iri, xrefs) if iri is not None]
                if names and iris and ":" not in names[0]:
                    # Some have a page about them beside the relation that they are.
                    found[_plain(names[0])] = next((iri for iri in iris if iri.startswith(OBO)), iris[0])
        return found

    def _iri(self, name: str) -> str | None:
        """Return the IRI of a CURIE or address, by the table, else by OBO's rule; ``None`` for a bare name."""
        try:
            return prefix_table().expand(name)
        except UsageError:
            prefix, colon, local = name.partition(":")
            obo = colon and re.fullmatch(r"[A-Za-z_]+", prefix) and re.fullmatch(r"[A-Za-z0-9_]+", local)
            return f"{OBO}{prefix}_{local}" if obo else None

    def _named(self, name: str) -> str:
        """Return the IRI of a property, a subset or a type of synonyms."""
        known = self.properties.get(name)
        if known is None:
            known = self._iri(name) or f"{self.base}#{re.sub(r'[^A-Za-z0-9_.-]', '_', name)}"
            self.properties[name] = known
        return known

    def rows(self) -> Rows:
        for stanza in stanzas(self.path, self.on_error):
            self.stanzas += bool(stanza.kind)
            if stanza.kind in ("Term", "Typedef"):
                yield from self._stanza(stanza)

    def _stanza(self, stanza: Stanza) -> Rows:
        # A relation by a name (part_of) has no identifier of a term.
        identifiers = [_plain(clause.value) for clause in stanza.clauses if clause.tag == "id"]
        if not identifiers:
            self._told("a stanza without id; every one needs it (OBO 1.4, 3)", stanza.line, "id")
            return
        is_class = stanza.kind == "Term"
        if not is_class and ":" not in identifiers[0]:
            return
        term = Term(identifiers[0], is_class)
        relations: list[tuple[str, str, int]] = []
        for clause in stanza.clauses:
            try:
                self._clause(term, clause, relations)
            except MalformedTermError as error:
                self._told(str(error), clause.line, clause.tag)
        try:
            yield from list(self.terms.term(term))
        except MalformedTermError as error:
            self._told(str(error), stanza.line, error.column)
            return
        for predicate, other, line in relations if is_class else ():
            try:
                yield from list(self.terms.relation(term.id, predicate, other))
            except MalformedTermError as error:
                self._told(str(error), line, "is_a" if predicate == IS_A else "relationship")

    def _told(self, message: str, line: int, column: str | None) -> None:
        self.on_error(SourceError(message, self.path, line, column))

    def _clause(self, term: Term, clause: Clause, relations: list[tuple[str, str, int]]) -> None:
        tag, value = clause.tag, clause.value
        if tag == "name":
            if term.label is not None:
                raise MalformedTermError(f"a second name ({value[:40]!r}); keep one, make the other a synonym")
            term.label = _unescaped(_plain(value)) or None
        elif tag == "def":
            term.definition, term.definition_xrefs = _definition(value)
        elif tag == "comment":
            term.comments.append(_unescaped(_plain(value)))
        elif tag == "synonym" or tag in _OLD_SYNONYMS:
            term.synonyms.append(self._synonym(tag, value))
        elif tag in ("xref", "xref_analog", "xref_unknown"):
            term.xrefs.append(_identifier(value))
        elif tag == "subset":
            term.subsets.append(self._named(_plain(value)))
        elif tag in ("is_a", "relationship") and _IN_CONTEXT.search(value):
            return  # it holds in the context only that the qualifier names
        elif tag == "is_a":
            relations.append((IS_A, _identifier(value), clause.line))
        elif tag == "relationship":
            parts = value.split(maxsplit=2)
            if len(parts) < 2:
                raise MalformedTermError(f"a relation and a term expected, found {value[:40]!r}")
            relations.append((self._named(parts[0]), _unescaped(parts[1]), clause.line))
        elif tag == "is_obsolete":
            term.deprecated = _plain(value) == "true"
        elif tag == "property_value":
            term.properties.append(self._property(value))
        elif tag in _PROPERTIES:
            found = _plain(value) if tag in ("created_by", "creation_date") else _identifier(value)
            term.properties.append((_PROPERTIES[tag], _unescaped(found)))

    def _synonym(self, tag: str, value: str) -> Synonym:
        found = _SYNONYM.fullmatch(value)
        if found is None:
            raise MalformedTermError(f'"text" SCOPE TYPE [xrefs] expected, found {value[:60]!r}')
        text, scope, name, xrefs = found.groups()
        kind = (scope or _OLD_SYNONYMS.get(tag, "RELATED")).lower()
        known = None if name is None else self._named(_unescaped(name))
        return Synonym(_unescaped(text).strip(), kind, known, _xrefs(xrefs))

    def _property(self, value: str) -> tuple[str, str]:
        found = _PROPERTY.match(value)
        if found is None:
            raise MalformedTermError(f'a property and "text" or an identifier expected, found {value[:60]!r}')
        name, quoted, plain = found.groups()
        return self._named(_unescaped(name)), _unescaped(plain if quoted is None else quoted)


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), text) if "\\" in text else text


def _plain(value: str) -> str:
    """Return a value without the qualifiers and the comment behind it."""
    return _AFTER.sub("", value).strip() if "{" in value or "!" in value else value


def _identifier(value: str) -> str:
    """Return the identifier that a value begins with; a text about it may follow."""
    found = re.split(r'\s+(?=["{!])', value, maxsplit=1)[0]
    return _unescaped(_plain(found))


def _definition(value: str) -> tuple[str, list[str]]:
    found = _DEFINITION.match(value)
    if found is None:
        raise MalformedTermError(f'"text" [xrefs] expected, found {value[:60]!r}')
    return _unescaped(found[1]).strip(), _xrefs(found[2])


def _xrefs(text: str | None) -> list[str]:
    """Return the identifiers in [a, b "what b is"]."""
    found: list[str] = []
    position = 1
    while text and text.startswith("["):
        item = _XREF.match(text, position)
        if item is None:
            raise MalformedTermError(f"the list of references {text[:60]!r} does not end in ]")
        identifier = _unescaped(item[1]).strip()
        if identifier:
            found.append(identifier)
        if item[2] == "]":
            break
        position = item.end()
    return found


def _matches(ontology: Ontology, name: str, head: bytes) -> bool:
    text = head.decode("utf-8", errors="replace")
    if not ontology.named(name, "obo") or re.search(r"^format-version:", text, re.MULTILINE) is None:
        return False
    said = _ONTOLOGY.search(text)
    return said is None or ontology.named(_name(said[1]).rpartition("/")[2] + ".obo", "obo")


def _name(ontology: str) -> str:
    """Return the name in the header ``ontology``, which some write as an address."""
    return ontology.removeprefix(OBO).removesuffix(".owl").removesuffix(".obo")


def _stated(path: Path, head: bytes) -> Stated:
    text = head.decode("utf-8", errors="replace").partition("\n[Term]")[0]
    version = _VERSION.search(text)
    return stated(path, version[1] if version else None, text)


FORMATS: Final = tuple(
    Format(
        f"{ontology.source.title} (OBO)",
        ontology.source,
        partial(_matches, ontology),
        partial(fill, ontology),
        _stated,
    )
    for ontology in ONTOLOGIES
)
"""OBO flat files of each ontology that is known."""
