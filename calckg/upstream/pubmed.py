"""PubMed: ``PubmedArticleSet`` in XML, as E-utilities give it or as NLM's baseline and its daily updates.

Each article is a citation; a book or a chapter of one (``PubmedBookArticle``) too, and the book that it is in. A record
comes again when it is revised: of several of one PMID the one of the latest version counts, then of the latest
revision; a deleted one (``DeleteCitation``) is only said to be so. Headings of MeSH, publication types and substances
are concepts. A set without a record is what PubMed gives for a PMID that it has nothing of, and no error.

Not read: abstracts (publishers may have rights in them), references, grants, affiliations, investigators, databanks,
dates of the record's own life but for the last revision.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote
from xml.etree.ElementTree import Element

from calckg import identifiers, prefixes
from calckg.errors import SourceError
from calckg.identifiers import isbn_ok
from calckg.loading import load
from calckg.tables import Row, Rows, Value, extra
from calckg.upstream import OnError
from calckg.upstream.pubmed_fields import Authors, Identifiers, authors, day, identified, links, pages, slug, title
from calckg.upstream.source import Format, Source, Stated
from calckg.upstream.xml import Document, child, text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_REMEMBERED: Final = 100_000  # headings whose concept need not be given again
_BOOKS: Final = "https://www.ncbi.nlm.nih.gov/books/"
_ACCESSION: Final = re.compile(r"NBK[0-9]+")
_SUPPLEMENTAL: Final = {"Disease": "Disease", "Protocol": "Procedure", "Anatomy": "AnatomicalEntity"}


def fill(connection: DuckDBPyConnection, path: Path, graph: str, on_error: OnError) -> int:
    """Read one set of citations; a deleted one is a record too."""
    reader = _Reader(path, graph, on_error)
    load(connection, reader.rows())
    return reader.count


@cache
def _iri(curie: str) -> str:
    return prefixes.load().expand(curie)


def _plain(prop: str, value: str) -> str:
    return extra(_iri(prop), value, datatype=_iri("xsd:string"))


def _texts(elements: Iterable[Element]) -> list[str]:
    return list(dict.fromkeys(found for found in map(text, elements) if found))


class _Reader:
    """Turn the records of one file into rows."""

    def __init__(self, path: Path, graph: str, on_error: OnError) -> None:
        namespaces = prefixes.load().namespaces
        self.pubmed, self.mesh, self.ids = namespaces["PMID"], namespaces["mesh"], namespaces["ckgid"]
        self.orcid = namespaces["ORCID"]
        self.graph, self.on_error, self.count = graph, on_error, 0
        tags = ("PubmedArticle", "PubmedBookArticle", "DeleteCitation")
        self.document = Document(path, ("PubmedArticleSet", "PubmedBookArticleSet"), tags)
        self.given: set[tuple[str, str, str]] = set()
        self.found: list[tuple[str, Row]] = []  # the rows of the present record

    def rows(self) -> Rows:
        """Yield the rows of each record; one that can't be read is told and left out."""
        read = {"PubmedArticle": self.article, "PubmedBookArticle": self.book_article, "PMID": self.deleted}
        for record in self.document:
            for part in record.iterfind("PMID") if record.tag == "DeleteCitation" else (record,):
                self.count += 1
                self.found.clear()
                try:
                    read[part.tag](part)
                except SourceError as error:
                    self.on_error(error)
                    continue
                yield from self.found

    def add(self, table: str, row: Row) -> None:
        """Add a row of the present record."""
        self.found.append((table, {"graph": self.graph, **row}))

    def deleted(self, pmid: Element) -> None:
        """Read the PMID of a citation that PubMed has withdrawn."""
        mark = extra(_iri("owl:deprecated"), "true", datatype=_iri("xsd:boolean"))
        self.add("citation", self.identity(pmid, pmid) | {"type": [_iri("bibo:Document")], "extra": [mark]})

    def identity(self, pmid: Element | None, record: Element) -> dict[str, Value]:
        """Return the columns that say which citation it is; raises ``SourceError`` when the PMID is none."""
        found = text(pmid)
        problem = "no <PMID>" if found is None else identifiers.problem("PMID", found)
        if found is None or problem is not None:
            said = f"{problem}; compare with the publisher's file"
            raise self.document.error(said, record if pmid is None else pmid, "PMID")
        return {"citation": self.pubmed + found, "pmid": found}

    def article(self, record: Element) -> None:
        """Read an article."""
        citation, article = record.find("MedlineCitation"), record.find("MedlineCitation/Article")
        if citation is None or article is None:
            raise self.document.error("no <MedlineCitation> with an <Article>; is the file complete?", record)
        pmid = citation.find("PMID")
        row = self.identity(pmid, record)
        issued, written = day(article.find("Journal/JournalIssue/PubDate"))
        ids = identified(record.find("PubmedData/ArticleIdList"), article.iterfind("ELocationID"))
        by = authors(article.iterfind("AuthorList"))
        items = [*self.record(pmid, citation, written), *self.malformed(by, ids)]
        row |= self.signed(by, ids) | self.journal(article, citation)
        row |= self.subjects(citation, items)
        row |= {
            "publication_type": self.headings(article.iterfind("PublicationTypeList/PublicationType")),
            "title": title(article.find("ArticleTitle")),
            "vernacular_title": child(article, "VernacularTitle"),
            "language": _texts(article.iterfind("Language")),
            "volume": child(article, "Journal/JournalIssue/Volume"),
            "issue": child(article, "Journal/JournalIssue/Issue"),
            "pages": pages(article),
            "issued": issued,
            "electronic_date": day(article.find("ArticleDate"))[0],
        }
        for link in links(citation):
            if link.relation is None or link.pmid is None:
                items.append(_plain("dc:relation", link.words))
                continue
            other = {"relation": _iri(link.relation), "other": self.pubmed + link.pmid}
            self.add("citation_link", {"citation": row["citation"], **other})
        self.add("citation", row | {"extra": items})

    def journal(self, article: Element, citation: Element) -> dict[str, Value]:
        """Return what is known of the journal; its IRI is made from the abbreviation that PubMed shows."""
        full, iso = child(article, "Journal/Title"), child(article, "Journal/ISOAbbreviation")
        shown = child(citation, "MedlineJournalInfo/MedlineTA") or iso or full
        numbers = (*article.iterfind("Journal/ISSN"), *citation.iterfind("MedlineJournalInfo/ISSNLinking"))
        return {
            "journal": None if shown is None else f"{self.ids}journal/{slug(shown)}",
            "journal_title": full,
            "journal_short_title": iso or shown,
            "journal_issn": _texts(numbers),
        }

    def signed(self, by: Authors, ids: Identifiers) -> dict[str, Value]:
        """Return the columns of the authors and of the identifiers."""
        return {
            "doi": ids.doi,
            "pmcid": ids.pmcid,
            "creator": by.names,
            "author_list": by.in_order,
            "creator_id": [self.orcid + orcid for orcid in dict.fromkeys(by.orcids)],
        }

    def malformed(self, by: Authors, ids: Identifiers) -> Iterator[str]:
        """Yield the identifiers that are not well-formed, as text: nothing can be linked by them."""
        for curie in (*ids.malformed, *(f"ORCID:{orcid}" for orcid in by.malformed)):
            yield _plain("dcterms:identifier", curie)

    def record(self, pmid: Element | None, record: Element, written: str | None) -> Iterator[str]:
        """Yield the version and the last revision of the record, and the date of issue where it is not all told."""
        version = "1" if pmid is None else pmid.get("Version", "1")
        if version != "1":
            yield _plain("dcat:version", version)
        revised, odd = day(record.find("DateRevised"))
        if revised is not None and odd is None:
            kind = ("gYear", "gYearMonth", "date")[revised.count("-")]
            yield extra(_iri("dcterms:modified"), revised, datatype=_iri(f"xsd:{kind}"))
        if written is not None:
            yield _plain("dc:date", written)

    def heading(self, element: Element, category: str = "NamedThing") -> str | None:
        """Add the concept of a MeSH heading; return its IRI, ``None`` where it has no identifier."""
        name, local = text(element), element.get("UI", "")
        if name is None or identifiers.problem("mesh", local):
            return None
        concept = self.mesh + local
        key = (local, name, category)
        if key not in self.given:
            if len(self.given) >= _REMEMBERED:
                self.given.clear()
            self.given.add(key)
            scheme, kinds = _iri("ckgid:scheme/mesh"), [_iri(f"biolink:{category}")]
            self.add("concept", {"concept": concept, "scheme": scheme, "notation": f"mesh:{local}", "category": kinds})
            self.add("name", {"concept": concept, "text": name, "lang": "en", "kind": "exact"})
        return concept

    def headings(self, elements: Iterable[Element]) -> list[str]:
        """Return the IRIs of headings of which no category is known."""
        return [found for found in map(self.heading, elements) if found]

    def subjects(self, citation: Element, items: list[str]) -> dict[str, Value]:
        """Return the columns of what an article is about; add its headings with a qualifier to ``items``.

        A heading is a major topic when it or one of its qualifiers is. A pair has the IRI that MeSH RDF gives it.
        """
        subjects: dict[str, bool] = {}
        words = [*citation.iterfind("KeywordList/Keyword")]
        for heading in citation.iterfind("MeshHeadingList/MeshHeading"):
            concept = next(iter(self.headings(heading.iterfind("DescriptorName"))), None)
            if concept is None:
                words += heading.iterfind("DescriptorName")
                continue
            major = any(part.get("MajorTopicYN") == "Y" for part in heading)
            subjects[concept] = subjects.get(concept, False) or major
            for qualifier in heading.iterfind("QualifierName"):
                if identifiers.problem("mesh", qualifier.get("UI", "")) is None:
                    items.append(extra(_iri("fabio:hasSubjectTerm"), concept + qualifier.get("UI", "")))
        for path in ("ChemicalList/Chemical/NameOfSubstance", "SupplMeshList/SupplMeshName"):
            for element in citation.iterfind(path):
                category = _SUPPLEMENTAL.get(element.get("Type", ""), "NamedThing")
                if element.tag == "NameOfSubstance" and element.get("UI", "").startswith("C"):
                    category = "ChemicalEntity"  # a descriptor's place in the trees tells it better
                concept = self.heading(element, category)
                if concept is None:
                    words.append(element)
                else:
                    subjects.setdefault(concept, False)
        return {
            "subject": list(subjects),
            "main_subject": [concept for concept, major in subjects.items() if major],
            "keyword": _texts(words),
        }

    def book_article(self, record: Element) -> None:
        """Read a book, or a chapter of one: one that has a title besides the book's."""
        document, book = record.find("BookDocument"), record.find("BookDocument/Book")
        if document is None or book is None:
            raise self.document.error("no <BookDocument> with a <Book>; is the file complete?", record)
        pmid = document.find("PMID")
        row = self.identity(pmid, record)
        chapter = title(document.find("ArticleTitle"))
        issued, written = day(document.find("ContributionDate"))
        if issued is None:
            issued, written = day(book.find("PubDate"))
        ids = identified(document.find("ArticleIdList"), book.iterfind("ELocationID"))
        lists = document.findall("AuthorList") or ([] if chapter else book.findall("AuthorList"))
        by = authors(element for element in lists if element.get("Type") != "editors")
        items = [*self.record(pmid, document, written), *self.malformed(by, ids), *_editors(lists)]
        if chapter is None:
            row |= self.book(book, items)
        else:
            whole = {"citation": self.book_iri(book)}
            items.append(extra(_iri("dcterms:isPartOf"), whole["citation"]))
            row |= {"type": [_iri("bibo:Chapter")], "title": chapter, "pages": pages(document)}
            of_book = _editors(book.findall("AuthorList"))
            self.add("citation", whole | self.book(book, of_book) | {"extra": of_book})
        row |= self.signed(by, ids)
        row |= {
            "publication_type": self.headings(document.iterfind("PublicationType")),
            "vernacular_title": child(document, "VernacularTitle"),
            "language": _texts(document.iterfind("Language")),
            "issued": issued,
            "keyword": _texts(document.iterfind("KeywordList/Keyword")),
            "page": [
                f"{_BOOKS}{accession}/"
                for accession in _texts(document.iterfind("ArticleIdList/ArticleId[@IdType='bookaccession']"))
                if _ACCESSION.fullmatch(accession)
            ],
        }
        self.add("citation", row | {"extra": items})

    def book_iri(self, book: Element) -> str:
        """Return the IRI of a book: its page, which has its short name at NCBI; else one made from its title."""
        heading = book.find("BookTitle")
        name = None if heading is None else heading.get("book")
        if name:
            return f"{_BOOKS}n/{quote(name, safe='')}/"
        return f"{self.ids}book/{sha256((text(heading) or '').encode()).hexdigest()[:32]}"

    def book(self, book: Element, items: list[str]) -> dict[str, Value]:
        """Return the columns of a whole book; add to ``items`` what has none."""
        numbers = _texts(book.iterfind("Isbn"))
        items += [_plain("dcterms:identifier", f"ISBN:{number}") for number in numbers if not isbn_ok(number)]
        issued, _ = day(book.find("PubDate"))
        return {
            "type": [_iri("bibo:Book")],
            "title": title(book.find("BookTitle")),
            "volume": child(book, "Volume"),
            "isbn": [number.replace("-", "") for number in numbers if isbn_ok(number)],
            "publisher_name": child(book, "Publisher/PublisherName"),
            "issued": issued,
        }


def _editors(lists: Iterable[Element]) -> list[str]:
    names = authors(element for element in lists if element.get("Type") == "editors").in_order
    return [_plain("ckg:editorList", names)] if names else []


def finish(connection: DuckDBPyConnection, graph: str) -> None:
    """Keep one row of each citation: that it is deleted, else its latest version and revision."""
    words = "array_to_string(extra, chr(30))"
    values = {
        name: rf"regexp_extract({words}, '{re.escape(_iri(curie))}\x1f[^\x1f]*\x1f([^\x1e]*)', 1)"
        for name, curie in (("version", "dcat:version"), ("revised", "dcterms:modified"))
    }
    connection.execute(
        f"""
        DELETE FROM citation WHERE rowid IN (
            SELECT row FROM (
                SELECT rowid AS row, row_number() OVER (PARTITION BY citation ORDER BY
                    strpos(coalesce({words}, ''), $deleted) > 0 DESC,
                    coalesce(TRY_CAST({values["version"]} AS INTEGER), 1) DESC,
                    coalesce({values["revised"]}, '') DESC, CAST(record AS VARCHAR)) AS place
                FROM citation AS record
                WHERE graph = $graph AND citation IN (
                    SELECT citation FROM citation WHERE graph = $graph GROUP BY citation HAVING count(*) > 1)
            ) AS ranked WHERE place > 1)
        """,
        {"graph": graph, "deleted": _iri("owl:deprecated")},
    )
    connection.execute(
        f"""
        DELETE FROM citation_link WHERE graph = $graph AND citation IN (
            SELECT citation FROM citation WHERE graph = $graph AND strpos({words}, $deleted) > 0)
        """,
        {"graph": graph, "deleted": _iri("owl:deprecated")},
    )


SOURCE: Final = Source(
    name="pubmed",
    title="PubMed",
    publisher="U.S. National Library of Medicine",
    landing_page="https://pubmed.ncbi.nlm.nih.gov/",
    infores="https://w3id.org/information-resource-registry/pubmed",
    redistribution=True,
    name_priority=70,
    license="https://www.nlm.nih.gov/databases/download/terms_and_conditions.html",
    rights="Records may be passed on when NLM is named as the source; abstracts, which may be protected, are left out.",
    finish=finish,
)
_SET: Final = re.compile(rb"<Pubmed(?:Book)?ArticleSet[\s/>]")
_FTP_FILE: Final = re.compile(r"pubmed([0-9]{2})n[0-9]+\.xml", re.IGNORECASE)


def _stated(path: Path, head: bytes) -> Stated:
    year = _FTP_FILE.match(path.name)
    return Stated(version=f"20{year[1]}" if year else None)


FORMATS: Final = (
    Format(
        name="pubmed",
        source=SOURCE,
        matches=lambda name, head: name.lower().removesuffix(".gz").endswith(".xml") and _SET.search(head) is not None,
        fill=fill,
        stated=_stated,
    ),
)
