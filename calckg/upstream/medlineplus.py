"""MedlinePlus: health topics in XML, English and Spanish.

A topic is one concept, whose IRI is its page in English. The Spanish record of a topic adds Spanish names, the summary
and its page to it; what the English record says already (headings, related topics) is not read again from it. A Spanish
topic that has no English one stands for itself.

The groups that MedlinePlus puts topics in are subsets; a group is named as a concept. ``also-called`` are exact names,
``see-reference`` related ones: some are narrower, and the file does not say which. A topic with one MeSH heading is a
close match of it; one of several, or with a qualifier, is related to each. The pages that a topic leads to are web pages
with a title, who publishes them, and what kind of information they are.
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

from calckg import identifiers, prefixes
from calckg.errors import SourceError
from calckg.loading import load
from calckg.tables import Row, Rows, Value, extra
from calckg.upstream import OnError
from calckg.upstream.source import Format, Source, Stated
from calckg.upstream.xml import Document, child, text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_LANGUAGES: Final = {"English": "en", "Spanish": "es"}
_DATE: Final = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})")
_BLOCKS: Final = frozenset("address blockquote br dd div dl dt h1 h2 h3 h4 h5 h6 hr li ol p pre table td th tr ul".split())
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
        if tag in _BLOCKS:
            self.lines.append(["- "] if tag == "li" else [])

    def handle_endtag(self, tag: str) -> None:
        self.unseen -= tag in _UNSEEN and self.unseen > 0
        if tag in _BLOCKS:
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

    def rows(self) -> Rows:
        """Yield the rows of each topic; one that can't be read is told and left out."""
        for topic in self.document:
            self.count += 1
            try:
                found = list(self.topic(topic))
            except SourceError as error:
                self.on_error(error)
                continue
            for name, row in found:
                yield name, {"graph": self.graph, **row}

    def topic(self, topic: ET.Element) -> Rows:
        """Yield the rows of a topic; raises ``SourceError``."""
        title, page, lang = (topic.get("title") or "").strip(), self.page(topic), self.language(topic, topic)
        if not title:
            raise self.document.error("the topic has no title; compare with the publisher's file", topic, "title")
        other = topic.find("language-mapped-topic")
        english = page if other is None or self.language(topic, other) != "en" else self.page(other)
        own = english == page
        row = self.concept(english)
        # In the topic's own language; a translation has its own number and its own date.
        items = [extra(_iri("dcterms:identifier"), number, datatype=_iri("xsd:string")) for number in [topic.get("id")] if number]
        pages = [] if own else [page]
        if own:
            row["created"] = self.created(topic)
        elif other is not None:
            row["alternative_id"] = [self.table.compress(page) or page]
        for part in topic.iterfind("language-mapped-topic"):
            name = text(part)
            if own:
                pages.append(self.page(part))
                row["alternative_id"] = [self.table.compress(self.page(part)) or ""]
            if name is not None:
                yield "name", self.name(english, name, self.language(topic, part), "preferred")
        yield "name", self.name(english, title, lang, "preferred")
        yield from self.names(topic, english, title, lang)
        yield from self.summaries(topic, english, lang)
        row["subset"] = yield from self.groups(topic, lang)
        if own:
            items += yield from self.related(topic, lang)
            yield from self.headings(topic, english, title)
        pages += yield from self.sites(topic, lang, items)
        row |= {"page": list(dict.fromkeys(pages)), "extra": items}
        yield "concept", row
