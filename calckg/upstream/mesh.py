"""MeSH: descriptor, supplemental concept and qualifier records in XML, and the file of the trees (``mesh_tree``).

A record is one concept. Its terms are names: those of its preferred MeSH concept name it exactly, those of a narrower,
broader or related one (as the records relate them; related where they don't) are narrower, broader or related names.
Inversions that NLM makes by rule, and abbreviated forms for entry, are found and not shown. Of each name the lexical
tag, the term's and the MeSH concept's identifier are kept. What has no column is said in MeSH RDF's own words
(``meshv:``), so that the two can stand in one store.

Not read: which qualifiers a descriptor may have and what is used for the pairs that it may not; of a term its date, its
form for sorting and the thesauri that it comes from.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple
from xml.etree.ElementTree import Element

from calckg import identifiers, prefixes
from calckg.errors import SourceError
from calckg.loading import load
from calckg.tables import Row, Rows, extra
from calckg.upstream import OnError
from calckg.upstream.mesh_tree import categories, fill_tree, finish, release
from calckg.upstream.source import Format, Source, Stated
from calckg.upstream.xml import Document, child, text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class Kind(NamedTuple):
    """A kind of record: how its parts are called, and what each of its classes is.

    ``classes`` is the value of the attribute ``class_name`` to the class in MeSH RDF and the Biolink category, ``None``
    where the tree numbers tell it.
    """

    part: str
    class_name: str
    classes: Mapping[str, tuple[str, str | None]]


KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "DescriptorRecord": Kind(
            "Descriptor",
            "DescriptorClass",
            {
                "1": ("TopicalDescriptor", None),
                "2": ("PublicationType", None),
                "3": ("CheckTag", None),
                "4": ("GeographicalDescriptor", None),
            },
        ),
        "SupplementalRecord": Kind(
            "SupplementalRecord",
            "SCRClass",
            {
                "1": ("SCR_Chemical", "ChemicalEntity"),
                "2": ("SCR_Protocol", "Procedure"),
                "3": ("SCR_Disease", "Disease"),
                "4": ("SCR_Organism", "NamedThing"),
                "5": ("SCR_Population", "NamedThing"),
                "6": ("SCR_Anatomy", "AnatomicalEntity"),
            },
        ),
        "QualifierRecord": Kind("Qualifier", "QualifierClass", {"": ("Qualifier", "NamedThing")}),
    }
)
NOTES: Final = (
    ("Annotation", "editorial_note"),  # for indexers
    ("ConsiderAlso", "editorial_note"),
    ("OnlineNote", "editorial_note"),
    ("HistoryNote", "history_note"),
    ("PublicMeSHNote", "history_note"),
    ("Note", "note"),  # what a supplemental record is about
)
PLAIN: Final = (
    ("PreviousIndexingList/PreviousIndexing", "meshv:previousIndexing"),
    ("NLMClassificationNumber", "meshv:nlmClassificationNumber"),
    ("Frequency", "meshv:frequency"),
    ("SourceList/Source", "meshv:source"),
)
REFERENCES: Final = (
    ("SeeRelatedList/SeeRelatedDescriptor", "skos:related"),
    ("PharmacologicalActionList/PharmacologicalAction", "meshv:pharmacologicalAction"),
    ("IndexingInformationList/IndexingInformation", "meshv:indexerConsiderAlso"),
)
_RELATIONS: Final = {"NRW": "narrow", "BRD": "broad", "REL": "related"}
_REVERSED: Final = {"NRW": "broad", "BRD": "narrow", "REL": "related"}
_NO_TERMS: Final = ("CASN1", "EntryVersion")  # names that have no identifier of their own
_RANK: Final = ("preferred", "exact", "narrow", "broad", "related", "hidden")
_LANGUAGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "eng": "en",
        "cze": "cs",
        "dut": "nl",
        "fin": "fi",
        "fre": "fr",
        "ger": "de",
        "ita": "it",
        "nor": "no",
        "por": "pt",
        "rus": "ru",
        "spa": "es",
        "swe": "sv",
    }
)
"""BCP 47 tag for ``LanguageCode``; another is a tag of three letters as it is."""
_ENGLISH_TOO: Final = re.compile(r"\s*\[[^\[\]]*\]$")  # a translated heading has the English one after it


def fill(connection: DuckDBPyConnection, path: Path, graph: str, on_error: OnError) -> int:
    """Read a set of descriptor, supplemental or qualifier records."""
    reader = _Reader(path, graph, on_error)
    load(connection, reader.rows())
    return reader.count


class _Reader:
    """Turn the records of one file into rows."""

    def __init__(self, path: Path, graph: str, on_error: OnError) -> None:
        table = prefixes.load()
        self.expand, self.mesh = lru_cache(None)(table.expand), table.namespaces["mesh"]
        self.graph, self.on_error, self.count = graph, on_error, 0
        self.scheme, self.string = self.expand("ckgid:scheme/mesh"), self.expand("xsd:string")
        self.document = Document(path, [f"{kind}Set" for kind in KINDS], KINDS)
        self.lang = "en"
        self.given: set[str] = set()  # what was referred to and has its rows: descriptors only, some 30,000
        self.fresh: set[str] = set()  # those that the present record gives

    def rows(self) -> Rows:
        """Yield the rows of each record; one that can't be read is told and left out."""
        for record in self.document:
            self.count += 1
            if self.count == 1 and self.document.root is not None:
                code = self.document.root.get("LanguageCode", "eng")
                self.lang = _LANGUAGES.get(code, code)
            self.fresh.clear()
            try:
                found = list(self.record(record, KINDS[record.tag]))
            except SourceError as error:
                self.on_error(error)
                continue
            self.given |= self.fresh
            yield from found

    def record(self, record: Element, kind: Kind) -> Rows:
        """Yield the rows of one record; raises ``SourceError``."""
        concept, name = self.identity(record, f"{kind.part}UI", f"{kind.part}Name")
        numbers = [number for number in map(text, record.iterfind("TreeNumberList/TreeNumber")) if number]
        mesh_class, category = self.classified(record, kind)
        row = self.concept(concept)
        row["tree_number"] = numbers
        if category is not None:
            row["category"] = [self.expand(f"biolink:{category}")]
        elif numbers:
            row["category"] = categories(numbers)
        row["created"], row["modified"] = self.day(record, "DateCreated"), self.day(record, "DateRevised")
        items = [extra(self.expand("rdf:type"), self.expand(f"meshv:{mesh_class}"))]
        established = self.day(record, "DateEstablished")
        if established is not None:
            items.append(extra(self.expand("meshv:dateEstablished"), established, datatype=self.expand("xsd:date")))
        for path, prop in PLAIN:
            items += [self.plain(prop, found) for found in map(text, record.iterfind(path)) if found]
        concepts = record.findall("ConceptList/Concept")
        items += self.registry_numbers(concepts)
        yield from self.references(record, concept, items)
        row["extra"] = items
        yield "concept", row
        yield from self.names(concepts, concept, name)
        yield from self.notes(record, concepts, concept)

    def identity(self, element: Element, ui: str, name: str) -> tuple[str, str]:
        """Return the IRI and the name of the record, or of one that is referred to."""
        found, heading = child(element, ui), child(element, f"{name}/String")
        local = (found or "").removeprefix("*")
        problem = f"no <{ui}>" if not local else identifiers.problem("mesh", local)
        if problem is None and heading is None:
            problem = f"{local} has no <{name}>"
        if problem is not None or heading is None:
            raise self.document.error(f"{problem}; compare with the publisher's file", element, ui)
        return self.mesh + local, heading if self.lang == "en" else _ENGLISH_TOO.sub("", heading)

    def classified(self, record: Element, kind: Kind) -> tuple[str, str | None]:
        """Return the class of a record in MeSH RDF and its category; the first is meant when it says none."""
        given = record.get(kind.class_name, next(iter(kind.classes)))
        if kind.part != "Qualifier" and given not in kind.classes:
            known = ", ".join(kind.classes)
            raise self.document.error(f"{given!r} is none of {known}; update calckg", record, kind.class_name)
        return kind.classes[given if given in kind.classes else ""]

    def concept(self, concept: str) -> dict[str, str | bool | list[str] | None]:
        """Return what the row of every concept has."""
        notation = "mesh:" + concept.removeprefix(self.mesh)
        return {"graph": self.graph, "concept": concept, "scheme": self.scheme, "notation": notation}

    def plain(self, prop: str, value: str) -> str:
        """Return an item of ``extra``: text in no language."""
        return extra(self.expand(prop), value, datatype=self.string)

    def day(self, record: Element, tag: str) -> str | None:
        """Return a date, ``None`` when there is none."""
        element = record.find(tag)
        if element is None:
            return None
        parts = [child(element, part) or "" for part in ("Year", "Month", "Day")]
        try:
            return date(*map(int, parts)).isoformat()
        except ValueError:
            said = f"{'-'.join(parts)!r} is not a date; compare with the publisher's file"
            raise self.document.error(said, element) from None

    def registry_numbers(self, concepts: Iterable[Element]) -> Iterator[str]:
        """Yield the registry numbers; 0 is written where there is none. A number of a narrower one says of which."""
        for concept in concepts:
            own = concept.get("PreferredConceptYN") == "Y"
            number = child(concept, "RegistryNumber")
            if number not in (None, "0"):
                name = child(concept, "ConceptName/String")
                yield self.plain(
                    f"meshv:{'registryNumber' if own else 'relatedRegistryNumber'}",
                    number if own or not name else f"{number} ({name})",
                )
            for related in map(text, concept.iterfind("RelatedRegistryNumberList/RelatedRegistryNumber")):
                if related:
                    yield self.plain("meshv:relatedRegistryNumber", related)

    def references(self, record: Element, concept: str, items: list[str]) -> Rows:
        """Add what refers to other records to ``items``; yield the rows of those, and of the headings above."""
        for path, prop in REFERENCES:
            for element in record.iterfind(path):
                other, pair, _ = yield from self.referred(element)
                items.append(extra(self.expand(prop), pair or other))
        for element in record.iterfind("HeadingMappedToList/HeadingMappedTo"):
            other, pair, starred = yield from self.referred(element)
            prop = self.expand("meshv:preferredMappedTo" if starred else "meshv:mappedTo")
            if starred and pair is None:
                yield "broader", {"graph": self.graph, "concept": concept, "broader": other, "relation": prop}
            else:
                items.append(extra(prop, pair or other))

    def referred(self, element: Element) -> Generator[tuple[str, Row], None, tuple[str, str | None, bool]]:
        """Yield the rows of a descriptor that is referred to; return it, its pair with a qualifier, and the star."""
        descriptor = element.find("DescriptorReferredTo")
        if descriptor is None:
            raise self.document.error("no <DescriptorReferredTo>; compare with the publisher's file", element)
        other, name = self.identity(descriptor, "DescriptorUI", "DescriptorName")
        if other not in self.given and other not in self.fresh:
            self.fresh.add(other)
            yield "concept", self.concept(other)
            yield "name", self.name(other, name, "preferred")
        starred = (child(descriptor, "DescriptorUI") or "").startswith("*")
        qualifier = element.find("QualifierReferredTo")
        if qualifier is None:
            return other, None, starred
        ui = child(qualifier, "QualifierUI") or ""
        pair, _ = self.identity(qualifier, "QualifierUI", "QualifierName")
        return other, other + pair.removeprefix(self.mesh), starred or ui.startswith("*")

    def name(self, concept: str, name: str, kind: str) -> dict[str, str | list[str] | None]:
        """Return a row of a name."""
        return {"graph": self.graph, "concept": concept, "text": name, "lang": self.lang, "kind": kind}

    def names(self, parts: Sequence[Element], concept: str, preferred: str) -> Rows:
        """Yield the names of a record; one that is there twice counts once, as the better kind."""
        kinds = _kinds(parts)
        found = [self.name(concept, preferred, "preferred")]
        for part in parts:
            ui = child(part, "ConceptUI")
            kind = kinds.get(ui or "", "related")
            systematic = child(part, "CASN1Name")
            if systematic:
                found.append(self.name(concept, systematic, kind) | {"term_type": "CASN1", "code": ui})
            for term in part.iterfind("TermList/Term"):
                found += self.term(term, concept, ui, kind)
        best: dict[str, dict[str, str | list[str] | None]] = {}
        # A term comes before another name that reads the same.
        for row in sorted(found, key=lambda row: (_RANK.index(str(row["kind"])), row.get("term_type") in _NO_TERMS)):
            known = best.setdefault(str(row["text"]), row)
            if "identifier" not in known and known["kind"] == "preferred":
                known |= {key: value for key, value in row.items() if key not in known}
        yield from (("name", row) for row in best.values())

    def term(
        self, term: Element, concept: str, ui: str | None, kind: str
    ) -> Iterator[dict[str, str | list[str] | None]]:
        """Yield the names that one term gives."""
        string, identifier = child(term, "String"), child(term, "TermUI")
        if string is None:
            raise self.document.error("a term without <String>; compare with the publisher's file", term)
        known = {"code": ui, "identifier": [identifier] if identifier else None}
        shown = "hidden" if term.get("IsPermutedTermYN") == "Y" else kind
        yield self.name(concept, string, shown) | known | {"term_type": term.get("LexicalTag")}
        version = child(term, "EntryVersion")
        if version is not None:
            yield self.name(concept, version, "hidden") | known | {"term_type": "EntryVersion"}

    def notes(self, record: Element, parts: Iterable[Element], concept: str) -> Rows:
        """Yield the notes; the scope of another than the preferred MeSH concept is a note that names it."""
        row = {"graph": self.graph, "concept": concept, "lang": self.lang}
        for tag, kind in NOTES:
            for note in map(text, record.iterfind(tag)):
                if note:
                    yield "definition", row | {"text": note, "kind": kind}
        for part in parts:
            scope = child(part, "ScopeNote")
            if scope is None:
                continue
            if part.get("PreferredConceptYN") == "Y":
                yield "definition", row | {"text": scope, "kind": "scope_note"}
            else:
                yield "definition", row | {"text": f"{child(part, 'ConceptName/String')}: {scope}", "kind": "note"}


def _kinds(concepts: Sequence[Element]) -> dict[str, str]:
    """Return for each MeSH concept of a record how its terms name the record."""
    preferred = (child(part, "ConceptUI") for part in concepts if part.get("PreferredConceptYN") == "Y")
    own = next(preferred, None) or ""
    kinds: dict[str, str] = {}
    for concept in concepts:
        for relation in concept.iterfind("ConceptRelationList/ConceptRelation"):
            first, second = child(relation, "Concept1UI"), child(relation, "Concept2UI")
            name = relation.get("RelationName", "REL")
            if first == own and second:
                kinds[second] = _RELATIONS.get(name, "related")
            elif second == own and first:
                kinds[first] = _REVERSED.get(name, "related")
    return kinds | {own: "exact"}


SOURCE: Final = Source(
    name="mesh",
    title="Medical Subject Headings",
    publisher="U.S. National Library of Medicine",
    landing_page="https://www.nlm.nih.gov/mesh/",
    infores="https://w3id.org/information-resource-registry/mesh",
    redistribution=True,
    name_priority=44,
    license="https://www.nlm.nih.gov/databases/download/terms_and_conditions_mesh.html",
    rights="Free to use and pass on when NLM is named as the source and the year of the edition is given.",
    finish=finish,
)


def _stated(path: Path, head: bytes) -> Stated:
    year = release(path.name)
    return Stated(version=year, issued=year)


_RECORDS: Final = re.compile(rb"<(?:Descriptor|Supplemental|Qualifier)RecordSet[\s>]")
_TREE: Final = re.compile(rb"\A(?:\xef\xbb\xbf)?[^;\r\n]+;[A-NVZ][0-9]{2}[0-9.]*\r?\n")
FORMATS: Final = (
    Format(
        name="mesh-records",
        source=SOURCE,
        matches=lambda name, head: (
            name.lower().removesuffix(".gz").endswith(".xml") and _RECORDS.search(head) is not None
        ),
        fill=fill,
        stated=_stated,
    ),
    Format(
        name="mesh-tree",
        source=SOURCE,
        matches=lambda name, head: name.lower().removesuffix(".gz").endswith(".bin") and _TREE.match(head) is not None,
        fill=fill_tree,
        stated=_stated,
    ),
)
