"""MedlinePlus: health topics in XML, English and Spanish.

A topic is one concept, whose IRI is its page in English. The Spanish record of a topic adds Spanish names, the summary
and its page to it; what the English record says already (headings, related topics) is not read again from it. A Spanish
topic that has no English one stands for itself.

The groups that MedlinePlus puts topics in are subsets; a group is named as a concept. ``also-called`` are exact names,
``see-reference`` related ones: some are narrower, and the file does not say which. A topic with one MeSH heading is a
close match of it; one of several, or with a qualifier, is related to each. The pages that a topic leads to are web
pages with a title, who publishes them, and what kind of information they are.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import date
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote
from xml.etree.ElementTree import Element

from calckg import identifiers, prefixes
from calckg.errors import SourceError
from calckg.loading import load
from calckg.tables import Row, Rows, Value, extra
from calckg.upstream import OnError
from calckg.upstream.source import Format, Source, Stated
from calckg.upstream.xml import Document, text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_LANGUAGES: Final = {"English": "en", "Spanish": "es"}
_PAGE: Final = re.compile(r"[A-Za-z0-9_-]+[.]html")
_SPANISH: Final = "/spanish/"
_DATE: Final = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})")
_BLOCKS: Final = re.compile("address|blockquote|br|d[dlt]|div|h[1-6r]|li|[ou]l|p|pre|table|t[dhr]")
_UNSEEN: Final = frozenset({"script", "style"})


def fill(connection: DuckDBPyConnection, path: Path, graph: str, on_error: OnError) -> int:
    """Read the health topics."""
    reader = _Reader(path, graph, on_error)
    load(connection, reader.rows())
    return reader.count


def plain(html: str) -> str:
    """Return what HTML says: a line for each paragraph, and for each item of a list, with a hyphen before it."""
    parser = _Lines()
    parser.feed(html)
    parser.close()
    return parser.text()


class _Lines(HTMLParser):
    """Gather the lines of a text in HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[list[str]] = [[]]
        self.unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.unseen += tag in _UNSEEN
        if _BLOCKS.fullmatch(tag):
            self.lines.append(["- "] if tag == "li" else [])

    def handle_endtag(self, tag: str) -> None:
        self.unseen -= tag in _UNSEEN and self.unseen > 0
        if _BLOCKS.fullmatch(tag):
            self.lines.append([])

    def handle_data(self, data: str) -> None:
        if not self.unseen:
            self.lines[-1].append(data)

    def text(self) -> str:
        """Return the lines that are not empty, with single spaces."""
        lines = (" ".join("".join(line).split()) for line in self.lines)
        return "\n".join(line for line in lines if line not in ("", "-"))


@cache
def _iri(curie: str) -> str:
    return prefixes.load().expand(curie)


def _address(url: str) -> str | None:
    """Return a web address as an IRI; ``None`` when it is none."""
    url = url.strip()
    if not re.match(r"https?://[^/\s]", url):
        return None
    escaped = quote(re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", url), safe="!$&'()*+,/:;=?@~%#-._")
    head, sign, tail = escaped.partition("#")
    return head + sign + tail.replace("#", "%23")


class _Reader:
    """Turn the topics of one file into rows."""

    def __init__(self, path: Path, graph: str, on_error: OnError) -> None:
        self.table = prefixes.load()
        self.topics, self.mesh = self.table.namespaces["MedlinePlus"], self.table.namespaces["mesh"]
        self.graph, self.on_error, self.count = graph, on_error, 0
        self.document = Document(path, ("health-topics",), ("health-topic",))
        self.found: list[tuple[str, Row]] = []  # the rows of the present topic

    def rows(self) -> Rows:
        """Yield the rows of each topic; one that can't be read is told and left out."""
        for topic in self.document:
            self.count += 1
            self.found.clear()
            try:
                self.topic(topic)
            except SourceError as error:
                self.on_error(error)
                continue
            yield from self.found

    def add(self, table: str, row: Row) -> None:
        """Add a row of the present topic."""
        self.found.append((table, {"graph": self.graph, **row}))

    def topic(self, topic: Element) -> None:
        """Read a topic; raises ``SourceError``."""
        title, page, lang = " ".join((topic.get("title") or "").split()), self.page(topic), self.language(topic)
        if not title:
            raise self.document.error("the topic has no title; compare with the publisher's file", topic, "title")
        concept, pages, items = page, [], []
        row: dict[str, Value] = {}
        other = topic.find("language-mapped-topic")
        if other is not None:
            mapped = self.page(other)
            concept, translated = (mapped, page) if self.language(other) == "en" else (page, mapped)
            pages.append(translated)
            row["alternative_id"] = [self.curie(translated)]
            self.name(concept, text(other), self.language(other), "preferred")
        if topic.get("id"):
            items.append(extra(_iri("dcterms:identifier"), topic.get("id", ""), datatype=_iri("xsd:string")))
        self.names(topic, concept, title, lang)
        self.notes(topic, concept, lang)
        row["subset"] = [self.entitled(group, lang, english=True) for group in topic.iterfind("group")]
        if concept == page:
            row["created"] = self.day(topic)
            related = [self.entitled(part, lang) for part in topic.iterfind("related-topic")]
            items += [extra(_iri("skos:related"), iri) for iri in related]
            self.headings(topic, concept, title)
        pages += self.sites(topic, lang, items)
        row |= {"page": list(dict.fromkeys(pages)), "extra": items}
        self.concept(concept, row)

    def concept(self, iri: str, row: Row) -> None:
        """Add a concept of MedlinePlus; of what kind it is, the file does not say."""
        known = {"scheme": _iri("ckgid:scheme/MedlinePlus"), "notation": self.curie(iri)}
        self.add("concept", {"concept": iri, **known, "category": [_iri("biolink:NamedThing")], **row})

    def name(self, concept: str, name: str | None, lang: str, kind: str) -> None:
        """Add a name, if it is one."""
        if name is not None:
            self.add("name", {"concept": concept, "text": name, "lang": lang, "kind": kind})

    def curie(self, page: str) -> str:
        """Return the notation of a topic or a group."""
        return f"MedlinePlus:{page.removeprefix(self.topics)}"

    def page(self, element: Element, *, english: bool = False) -> str:
        """Return the page of a topic or a group as its IRI, in the form of today.

        With ``english``, the one in English: of a group it has the same name.
        """
        url = (element.get("url") or "").strip()
        local = self.table.normalise(url.replace(_SPANISH, "/", 1)).removeprefix(self.topics)
        if not _PAGE.fullmatch(local):
            said = f"{url!r} is not the page of a topic, such as {self.topics}calcium.html; compare it with the website"
            raise self.document.error(said, element, "url")
        return self.topics + ("" if english or _SPANISH not in url else _SPANISH[1:]) + local

    def language(self, element: Element) -> str:
        """Return the language of a topic as a BCP 47 tag."""
        given = element.get("language") or ""
        if given not in _LANGUAGES:
            known = " or ".join(_LANGUAGES)
            raise self.document.error(
                f"the language is {given!r}, {known} expected; update calckg", element, "language"
            )
        return _LANGUAGES[given]

    def day(self, topic: Element) -> str | None:
        """Return the date at which a topic was made."""
        written = topic.get("date-created")
        if written is None:
            return None
        month, day, year = found.groups() if (found := _DATE.fullmatch(written)) else ("0", "0", "0")
        try:
            return date(int(year), int(month), int(day)).isoformat()
        except ValueError:
            said = f"{written!r} is not a date, month first: 07/21/2012; compare with the publisher's file"
            raise self.document.error(said, topic, "date-created") from None

    def entitled(self, element: Element, lang: str, *, english: bool = False) -> str:
        """Add the concept of a group or of a related topic, and its name; return its IRI."""
        iri = self.page(element, english=english)
        self.concept(iri, {})
        self.name(iri, text(element), lang, "preferred")
        return iri

    def names(self, topic: Element, concept: str, title: str, lang: str) -> None:
        """Add the names of a topic, each once."""
        kinds = {title: "preferred"}
        for tag, kind in (("also-called", "exact"), ("see-reference", "related")):
            for found in map(text, topic.iterfind(tag)):
                if found is not None:
                    kinds.setdefault(found, kind)
        for found, kind in kinds.items():
            self.name(concept, found, lang, kind)

    def notes(self, topic: Element, concept: str, lang: str) -> None:
        """Add the summary, and the short one that is for search engines."""
        summary = topic.find("full-summary")
        if summary is not None:
            html = ET.tostring(summary, "unicode", "html") if len(summary) else summary.text or ""
            if said := plain(html):
                self.add("definition", {"concept": concept, "text": said, "lang": lang, "kind": "summary"})
        if short := " ".join((topic.get("meta-desc") or "").split()):
            self.add("definition", {"concept": concept, "text": short, "lang": lang, "kind": "note"})

    def headings(self, topic: Element, concept: str, title: str) -> None:
        """Add the mappings to MeSH, which NLM's indexers make."""
        headings = topic.findall("mesh-heading")
        for heading in headings:
            descriptor = heading.find("descriptor")
            ui, name = ("", None) if descriptor is None else (descriptor.get("id") or "", text(descriptor))
            problem = identifiers.problem("mesh", ui) if ui else "no <descriptor> with an id"
            if problem is not None:
                raise self.document.error(f"{problem}; compare with the publisher's file", heading, "mesh-heading")
            known = {"scheme": _iri("ckgid:scheme/mesh"), "notation": f"mesh:{ui}"}
            self.add("concept", {"concept": self.mesh + ui, **known, "category": [_iri("biolink:NamedThing")]})
            self.name(self.mesh + ui, name, "en", "exact")
            qualifiers = [found for found in map(text, heading.iterfind("qualifier")) if found]
            alone = len(headings) == 1 and not qualifiers
            row = {
                "subject_id": concept,
                "subject_label": title,
                "predicate_id": _iri("skos:closeMatch" if alone else "skos:relatedMatch"),
                "object_id": self.mesh + ui,
                "object_label": name,
                "mapping_justification": _iri("semapv:ManualMappingCuration"),
                "mapping_provider": self.topics,
                "comment": f"The heading is qualified: {', '.join(qualifiers)}." if qualifiers else None,
            }
            self.add("mapping", row)

    def sites(self, topic: Element, lang: str, items: list[str]) -> Iterator[str]:
        """Yield the pages that a topic leads to, each described; what is no web address goes to ``items`` as text."""
        for element in (
            *topic.iterfind("other-language"),
            *topic.iterfind("primary-institute"),
            *topic.iterfind("site"),
        ):
            url = element.get("url") or ""
            address = _address(url)
            if address is None:
                if url.strip():
                    items.append(extra(_iri("dc:relation"), url.strip(), datatype=_iri("xsd:string")))
                continue
            yield address
            title = " ".join((element.get("title") or "").split())
            if element.tag == "site" and title:
                row = {
                    "type": [_iri("bibo:Webpage")],
                    "title" if lang == "en" else "vernacular_title": title,
                    "publisher_name": "; ".join(filter(None, map(text, element.iterfind("organization")))) or None,
                    "keyword": [found for found in map(text, element.iterfind("information-category")) if found],
                }
                self.add("citation", {"citation": address, **row})


SOURCE: Final = Source(
    name="medlineplus",
    title="MedlinePlus health topics",
    publisher="U.S. National Library of Medicine",
    landing_page="https://medlineplus.gov/xml.html",
    infores="https://w3id.org/information-resource-registry/medlineplus",
    redistribution=True,
    name_priority=48,
    license="https://medlineplus.gov/about/using/usingcontent/",
    rights="The summaries of health topics are in the public domain; name MedlinePlus as the source.",
)
_GENERATED: Final = re.compile(rb'date-generated="([0-9]{2})/([0-9]{2})/([0-9]{4})')


def _stated(path: Path, head: bytes) -> Stated:
    found = _GENERATED.search(head)
    day = "-".join(found[place].decode() for place in (3, 1, 2)) if found else None
    return Stated(version=day, issued=day)


FORMATS: Final = (
    Format(
        name="medlineplus",
        source=SOURCE,
        matches=lambda name, head: name.lower().removesuffix(".gz").endswith(".xml") and b"<health-topics" in head,
        fill=fill,
        stated=_stated,
    ),
)
