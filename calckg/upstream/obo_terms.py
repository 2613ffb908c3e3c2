"""Terms of an OBO ontology, whichever format they were read from, as rows of the canonical tables.

- A term is a class, or whatever else has an identifier of the ontology's own (HPO's ``allelic_requirement`` is a
  property). Of a class of another vocabulary, imported, only its name and its place are taken; one whose prefix is not
  declared is left out, and so are properties, individuals, and logical definitions.
- A cross-reference to a code is a mapping, ``oboInOwl:hasDbXref``; one to a paper or a page, or in a prefix that nobody
  declared, or malformed, stays with the concept as the IRI or the text that it is. So do all further properties.
- ``is_a`` and ``part_of`` are steps up the hierarchy; another relation is a statement of the concept.
- An alternative identifier is that of a term which was merged into this one: it becomes a retired concept
  (IAO:0000227), as in the translation of OBO to OWL, unless the file describes it itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Final

from calckg import prefixes
from calckg.identifiers import CODE_SYSTEMS
from calckg.tables import Row, Rows, Value, extra
from calckg.upstream.ends import namespace, resource, scheme
from calckg.upstream.flat import quoted
from calckg.upstream.obo_ontologies import CATEGORY, Ontology
from calckg.upstream.references import Reference, References

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_expand = prefixes.load().expand
XREF: Final = _expand("oboInOwl:hasDbXref")
ALTERNATIVE: Final = _expand("oboInOwl:hasAlternativeId")
REPLACED: Final = _expand("IAO:0100001")
CONSIDER: Final = _expand("oboInOwl:consider")
CREATOR: Final = _expand("oboInOwl:created_by")
CREATED: Final = _expand("oboInOwl:creation_date")
OBO: Final = "http://purl.obolibrary.org/obo/"
IS_A: Final = "is_a"
PART_OF: Final = f"{OBO}BFO_0000050"
_REASON: Final = _expand("IAO:0000231")
_CREATORS: Final = frozenset({CREATOR, *map(_expand, ("dc:creator", "dcterms:creator"))})
_DATES: Final = frozenset({CREATED, *map(_expand, ("dc:date", "dcterms:date", "dcterms:created"))})
_MATCHES: Final = frozenset(_expand(f"skos:{kind}Match") for kind in ("exact", "close", "broad", "narrow", "related"))
# What the identifier says already, or the column deprecated.
_SAID: Final = frozenset(
    {_expand("owl:deprecated"), *(_expand(f"oboInOwl:{name}") for name in ("id", "hasOBONamespace", "shorthand"))}
)
_BETWEEN_PROPERTIES: Final = frozenset({"subPropertyOf", "inverseOf", "type"})
_STRING: Final = _expand("xsd:string")
_UNSPECIFIED: Final = _expand("semapv:UnspecifiedMatching")
_MERGED: Final = "IAO:0000227"
_BIOLINK: Final = prefixes.load().namespaces["biolink"]
_ISO_DATE: Final = re.compile(
    r"[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01])"
    r"(T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})?)?)?)?"
)
_REMEMBERED: Final = 100_000


class MalformedTermError(Exception):
    """Say what is wrong with a term, and in which of its fields."""

    def __init__(self, message: str, column: str | None = None) -> None:
        self.column = column
        super().__init__(message)


@dataclass(slots=True)
class Synonym:
    """A synonym; ``kind`` is as in the table ``name``, ``type`` the IRI of its type (layperson's term)."""

    text: str
    kind: str
    type: str | None = None
    xrefs: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Term:
    """A term as its file has it; ``properties`` are (property IRI, value), all but those with a field here."""

    id: str
    is_class: bool = True
    label: str | None = None
    definition: str | None = None
    definition_xrefs: list[str] = field(default_factory=list)
    synonyms: list[Synonym] = field(default_factory=list)
    xrefs: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    subsets: list[str] = field(default_factory=list)
    properties: list[tuple[str, str]] = field(default_factory=list)
    deprecated: bool = False


class Terms:
    """Turn the terms and relations of one ontology into rows of ``graph``."""

    def __init__(self, ontology: Ontology, graph: str) -> None:
        self.ontology, self.graph, self.reference = ontology, graph, References()
        self._given: set[str] = set()
        self._names: dict[str, str] = {}

    def term(self, term: Term) -> Rows:
        """Yield the rows of a term, none when it is none of this module's; raises ``MalformedTermError``."""
        known = self._known(term.id, "id")
        if known is None or not (term.is_class or known.prefix == self.ontology.prefix):
            return
        if known.prefix != self.ontology.prefix:
            yield "concept", self._concept(known)
            if term.label:
                yield "name", self._name(known.value, term.label, "exact")
            return
        if term.label:
            yield "name", self._name(known.value, term.label, "preferred")
        yield from self._synonyms(known.value, term)
        yield from self._texts(known.value, term)
        row = self._row(known)
        row["deprecated"] = True if term.deprecated else None
        row["subset"] = [self._named(text) for text in term.subsets]
        extras: list[str] = []
        for text in term.xrefs:
            yield from self._mapping(known.value, XREF, text, extras)
        yield from self._properties(known.value, term, row, extras)
        row["extra"] = extras
        yield "concept", row

    def relation(self, subject: str, predicate: str, object_: str) -> Rows:
        """Yield the rows of a relation: ``is_a`` or a property's IRI; raises ``MalformedTermError``."""
        if predicate in _BETWEEN_PROPERTIES:
            return
        narrower, wider = self._known(subject, "sub"), self._known(object_, "obj")
        if narrower is None or wider is None:
            return
        pair = {"graph": self.graph, "concept": narrower.value}
        if predicate == IS_A:
            yield "broader", {**pair, "broader": wider.value}
        elif predicate == PART_OF:
            yield "broader", {**pair, "broader": wider.value, "relation": PART_OF}
        else:
            yield "concept", {**pair, "extra": [extra(self._named(predicate), wider.value)]}

    def _known(self, text: str, column: str) -> Reference | None:
        """Return the term that an identifier stands for, ``None`` when it is in no vocabulary of concepts."""
        found = self.reference(text)
        if found.prefix == self.ontology.prefix and found.wrong is not None:
            raise MalformedTermError(f"{found.wrong} (found {text!r})", column)
        return found if found.kind == "code" or found.prefix == self.ontology.prefix else None

    def _named(self, text: str) -> str:
        """Return the IRI of a property, a subset or a type of synonyms; a bare name is one of the ontology's own."""
        known = self._names.get(text)
        if known is None:
            found = self.reference(text)
            own = f"{OBO}{self.ontology.names[0]}#{re.sub(r'[^A-Za-z0-9_.-]', '_', text)}"
            known = self._names[text] = own if found.kind == "text" else found.value
        return known

    def _row(self, known: Reference) -> dict[str, Value]:
        return {
            "graph": self.graph,
            "concept": known.value,
            "scheme": _scheme(known.prefix or ""),
            "notation": known.notation,
        }

    def _concept(self, known: Reference) -> Row:
        category = CATEGORY.get(known.prefix or "", "NamedThing")
        return {**self._row(known), "category": [_BIOLINK + category]}

    def _name(self, concept: str, text: str, kind: str) -> dict[str, Value]:
        return {"graph": self.graph, "concept": concept, "text": text, "lang": "en", "kind": kind}

    def _synonyms(self, concept: str, term: Term) -> Rows:
        for synonym in term.synonyms:
            # A layperson's word may be the label itself, which is no alternative then (SKOS, S13).
            kind = "preferred" if synonym.kind == "exact" and synonym.text == term.label else synonym.kind
            row = self._name(concept, synonym.text, kind)
            if synonym.type:
                row["synonym_type"] = [self._named(synonym.type)]
            found = [self.reference(text) for text in synonym.xrefs]
            xrefs = [reference.value for reference in found if reference.kind != "text"]
            if xrefs or not found:
                yield "name", {**row, "xref": xrefs}
            for reference in found:
                if reference.kind == "text":  # a vocabulary of which no prefix is known, and the code in it
                    prefix, colon, code = reference.value.partition(":")
                    source = _scheme(prefix) if colon and not code.startswith("//") else None
                    yield "name", {**row, "vocabulary": source, "code": code if source else reference.value}

    def _texts(self, concept: str, term: Term) -> Rows:
        row = {"graph": self.graph, "concept": concept, "lang": "en"}
        if term.definition:
            found = [self.reference(text) for text in term.definition_xrefs]
            yield (
                "definition",
                {
                    **row,
                    "text": term.definition,
                    "kind": "definition",
                    "knowledge_source": self.ontology.source.infores,
                    "source": [reference.value for reference in found if reference.kind != "text"],
                    "attribution": [reference.value for reference in found if reference.kind == "text"],
                },
            )
        for text in term.comments:
            yield "definition", {**row, "text": text, "kind": "comment"}

    def _mapping(self, concept: str, predicate: str, text: str, extras: list[str]) -> Rows:
        found = self.reference(text)
        if found.kind != "code":
            # As a text it is no match of anything.
            if found.kind == "iri":
                extras.append(extra(predicate, found.value))
            else:
                extras.append(extra(XREF, found.value, datatype=_STRING))
        elif found.value != concept:
            yield (
                "mapping",
                {
                    "graph": self.graph,
                    "subject_id": concept,
                    "predicate_id": predicate,
                    "object_id": found.value,
                    "mapping_justification": _UNSPECIFIED,
                },
            )
            if found.prefix != self.ontology.prefix and found.value not in self._given:
                if len(self._given) >= _REMEMBERED:
                    self._given.clear()
                self._given.add(found.value)
                yield "concept", self._concept(found)

    def _properties(self, concept: str, term: Term, row: dict[str, Value], extras: list[str]) -> Rows:
        replacing = [value for prop, value in term.properties if prop == REPLACED]
        dates = []
        for prop, value in term.properties:
            found = self.reference(value)
            if prop == ALTERNATIVE:
                _add(row, "alternative_id", found.notation or found.value)
            elif prop in (REPLACED, CONSIDER) and term.deprecated and found.kind != "text":
                yield "replacement", self._replacement(concept, prop, found.value, sure=len(replacing) == 1)
            elif prop in _CREATORS and found.kind == "text":
                _add(row, "created_by", value)
            elif prop in _DATES and _ISO_DATE.fullmatch(value):
                dates.append((value, prop))
            elif prop == _REASON and found.kind != "text":
                row["retirement_reason"] = found.value
            elif prop in _MATCHES:
                yield from self._mapping(concept, prop, value, extras)
            elif prop not in _SAID:
                name = self._named(prop)
                extras.append(_plain(name, value) if found.kind == "text" else extra(name, found.value))
        for value, prop in sorted(dates)[1:]:
            extras.append(_plain(prop, value))
        row["created"] = min(dates)[0] if dates else None

    def _replacement(self, concept: str, prop: str, other: str, *, sure: bool) -> Row:
        row = {"graph": self.graph, "concept": concept, "replacement": other}
        if prop == CONSIDER:
            return {**row, "kind": "consider"}
        # Of two that replace a term, a person has to choose.
        return {**row, "kind": "replaced"} if sure else {**row, "kind": "consider", "relation": REPLACED}


def _add(row: dict[str, Value], column: str, text: str) -> None:
    found = row.setdefault(column, [])
    if isinstance(found, list) and text not in found:
        found.append(text)


def _plain(prop: str, value: str) -> str:
    return extra(prop, value, datatype=_STRING)


@cache
def _scheme(prefix: str) -> str | None:
    return _expand(f"ckgid:scheme/{prefix}") if re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]*", prefix) else None


def settle(connection: DuckDBPyConnection, graph: str, ontology: Ontology) -> None:
    """Give the merged terms a concept, and each term of the ontology its category, once all rows are in."""
    own = {"graph": graph, "scheme": _expand(f"ckgid:scheme/{ontology.prefix}")}
    _merged(connection, graph, ontology)
    # The first branch that has the term; a retired term stands in none and is what replaces it; then the rest.
    for chosen in (_in_branches(ontology), _as_replaced(), f"SELECT concept, {_category(ontology.category)} FROM bare"):
        connection.execute(
            f"""
            INSERT INTO concept (graph, concept, category)
            WITH RECURSIVE bare AS (
                SELECT concept FROM concept WHERE graph = $graph
                GROUP BY concept HAVING count(category) = 0 AND bool_or(scheme = $scheme)
            ), {chosen if chosen.startswith("chosen") else f"chosen(concept, category) AS ({chosen})"}
            SELECT $graph, concept, [category] FROM chosen SEMI JOIN bare USING (concept)
            """,
            own,
        )


def _category(name: str) -> str:
    return resource(f"biolink:{name}")


def _in_branches(ontology: Ontology) -> str:
    roots = [
        f"SELECT {namespace(ontology.prefix)} || {quoted(root)}, {_category(category)}, {rank}"
        for rank, (root, category) in enumerate(ontology.branches)
    ] or ["SELECT NULL, NULL, NULL WHERE false"]
    return f"""chosen(concept, category) AS (
        WITH RECURSIVE below(concept, category, rank) AS (
            {" UNION ALL ".join(roots)}
            UNION
            SELECT step.concept, below.category, below.rank
            FROM below JOIN broader AS step ON step.broader = below.concept
            WHERE step.graph = $graph AND step.relation IS NULL
        )
        SELECT concept, arg_min(category, rank) FROM below GROUP BY concept
    )"""


def _as_replaced() -> str:
    return """
        SELECT r.concept, min(c.category)
        FROM replacement AS r JOIN (
            SELECT concept, unnest(category) AS category FROM concept WHERE graph = $graph
        ) AS c ON c.concept = r.replacement
        WHERE r.graph = $graph AND r.kind = 'replaced' GROUP BY r.concept
    """


def _merged(connection: DuckDBPyConnection, graph: str, ontology: Ontology) -> None:
    prefix, pattern = quoted(ontology.prefix + ":"), quoted(CODE_SYSTEMS[ontology.prefix].pattern)
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE obo_merged AS
        SELECT {namespace(ontology.prefix)} || substr(notation, length({prefix}) + 1) AS concept, notation, into_
        FROM (
            SELECT concept AS into_, unnest(alternative_id) AS notation FROM concept WHERE graph = $graph
        ) AS said
        WHERE starts_with(notation, {prefix}) AND regexp_full_match(substr(notation, length({prefix}) + 1), {pattern})
        """,
        {"graph": graph},
    )
    connection.execute(
        """
        INSERT INTO replacement (graph, concept, replacement, kind)
        SELECT $graph, concept, into_,
            CASE WHEN count(*) OVER (PARTITION BY concept) = 1 THEN 'replaced' ELSE 'consider' END
        FROM (SELECT DISTINCT concept, into_ FROM obo_merged) AS merged
        ANTI JOIN (
            SELECT concept FROM concept WHERE graph = $graph AND notation IS NOT NULL AND deprecated IS NULL
            UNION ALL SELECT concept FROM replacement WHERE graph = $graph
        ) AS settled USING (concept)
        """,
        {"graph": graph},
    )
    connection.execute(
        f"""
        INSERT INTO concept (graph, concept, scheme, notation, deprecated, retirement_reason)
        SELECT DISTINCT $graph, concept, {scheme(ontology.prefix)}, notation, true, {resource(_MERGED)}
        FROM obo_merged
        ANTI JOIN (SELECT concept FROM concept WHERE graph = $graph AND notation IS NOT NULL) AS known USING (concept)
        """,
        {"graph": graph},
    )
    connection.execute("DROP TABLE obo_merged")
