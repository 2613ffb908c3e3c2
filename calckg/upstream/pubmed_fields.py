"""The parts of a PubMed record that need more than a look: dates, authors, identifiers, pages, links, the journal.

The elements are those of NLM's DTD (``PubmedArticleSet``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from hashlib import sha256
from types import MappingProxyType
from typing import Final, NamedTuple
from unicodedata import normalize
from xml.etree.ElementTree import Element

from calckg import identifiers
from calckg.upstream.xml import child, text

RELATIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "AssociatedDataset": "cito:citesAsDataSource",
        "AssociatedPublication": "cito:citesAsRelated",
        "Cites": "cito:cites",
        "CommentIn": "cito:isDiscussedBy",
        "CommentOn": "cito:discusses",
        "CorrectedandRepublishedFrom": "cito:corrects",
        "CorrectedandRepublishedIn": "cito:isCorrectedBy",
        "ErratumFor": "cito:corrects",
        "ErratumIn": "cito:isCorrectedBy",
        "ExpressionOfConcernFor": "cito:qualifies",
        "ExpressionOfConcernIn": "cito:isQualifiedBy",
        "OriginalReportIn": "cito:citesAsSourceDocument",
        "ReprintIn": "dcterms:hasFormat",
        "ReprintOf": "dcterms:isFormatOf",
        "RepublishedFrom": "dcterms:isVersionOf",
        "RepublishedIn": "dcterms:hasVersion",
        "RetractedandRepublishedFrom": "cito:retracts",
        "RetractedandRepublishedIn": "cito:isRetractedBy",
        "RetractionIn": "cito:isRetractedBy",
        "RetractionOf": "cito:retracts",
        "SummaryForPatientsIn": "cito:isCitedAsSourceDocumentBy",
        "UpdateIn": "cito:isUpdatedBy",
        "UpdateOf": "cito:updates",
    }
)
"""What ``RefType`` says of the two publications; CiTO has nothing for a reprint and a second publication."""

_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_YEAR: Final = re.compile(r"[12][0-9]{3}")
_MEDLINE_DATE: Final = re.compile(r"([12][0-9]{3})(?:\s+([A-Za-z]{3,}))?")
# A pii that is the article's number, and not the publisher's bookkeeping (S0140-6736(20)30183-5).
_ARTICLE_NUMBER: Final = re.compile(r"[A-Za-z]{0,6}[0-9]{1,9}[A-Za-z]?")
_ORCID: Final = re.compile(r"([0-9]{4})-?([0-9]{4})-?([0-9]{4})-?([0-9]{3}[0-9Xx])")


def day(element: Element | None) -> tuple[str | None, str | None]:
    """Return a date as precise as it is written, and its text where that says more or other.

    A span counts from its beginning, by month at most; a season gives its year only; what is no date of the calendar
    loses its day.
    """
    if element is None:
        return None, None
    written = " ".join(part for part in map(text, element) if part) or None
    found = _MEDLINE_DATE.search(child(element, "MedlineDate") or "")
    if found is not None:
        month = _month(found[2] or "")
        return found[1] + (f"-{month:02}" if month else ""), written
    year, first, number = (child(element, part) or "" for part in ("Year", "Month", "Day"))
    month = _month(first.partition("-")[0])
    if not _YEAR.fullmatch(year):
        return None, written
    if element.find("Season") is not None or (first and not month):
        return year, written
    if "-" in first or (number and not number.isdecimal()):
        return f"{year}-{month:02}", written
    if not month:
        return year, None
    if not number:
        return f"{year}-{month:02}", None
    try:
        return date(int(year), month, int(number)).isoformat(), None
    except ValueError:
        return f"{year}-{month:02}", written


def _month(written: str) -> int:
    if written.isdecimal():
        return int(written) if 1 <= int(written) <= 12 else 0
    return _MONTHS.get(written[:3].lower(), 0)


class Authors(NamedTuple):
    """Authors as PubMed writes them, ``family name, initials``, in order; and their ORCID iDs."""

    names: list[str]
    in_order: str | None
    orcids: list[str]
    malformed: list[str]


def authors(lists: Iterable[Element]) -> Authors:
    """Return the authors of a record; a name that NLM marks as wrong (``ValidYN``) has the right one beside it.

    In the text with all in order a group stands between semicolons, and ``et al`` ends a list that is not complete.
    """
    names: list[str] = []
    in_order = ""
    found = Authors(names, None, [], [])
    group = complete = True
    for element in lists:
        complete = complete and element.get("CompleteYN") != "N"
        for author in element.iterfind("Author"):
            name = _name(author)
            if name is None or author.get("ValidYN") == "N":
                continue
            collective = author.find("CollectiveName") is not None
            if names:
                in_order += "; " if collective or group else ", "
            names.append(name)
            in_order, group = in_order + name, collective
            for identifier in author.iterfind("Identifier[@Source='ORCID']"):
                _orcid(text(identifier) or "", found)
    return found._replace(in_order=(in_order if complete else f"{in_order}, et al") or None)


def _name(author: Element) -> str | None:
    collective = author.find("CollectiveName")
    if collective is not None:
        return text(collective)
    parts = (child(author, part) for part in ("LastName", "Initials", "Suffix"))
    return " ".join(part for part in parts if part) or None


def _orcid(written: str, found: Authors) -> None:
    match = _ORCID.search(written)
    local = "-".join(match.groups()).upper() if match else written
    (found.malformed if identifiers.problem("ORCID", local) else found.orcids).append(local)


class Identifiers(NamedTuple):
    """The DOI and the PMC identifier, when they are well-formed, and those that are not, each as a CURIE."""

    doi: str | None
    pmcid: str | None
    malformed: list[str]


def identified(ids: Element | None, locations: Iterable[Element] = ()) -> Identifiers:
    """Return the identifiers in an ``ArticleIdList``; the DOI of an ``ELocationID`` counts where that has none."""
    given: dict[str, list[str]] = {"doi": [], "pmc": []}
    for element in ids if ids is not None else ():
        if element.get("IdType") in given and (found := text(element)):
            given[element.get("IdType", "")].append(found)
    for element in locations:
        if element.get("EIdType") == "doi" and element.get("ValidYN") != "N" and (found := text(element)):
            given["doi"].append(found)
    malformed: list[str] = []
    chosen: dict[str, str] = {}
    for kind, prefix in (("doi", "doi"), ("pmc", "PMC")):
        for found in given[kind]:
            if identifiers.problem(prefix, found):
                malformed.append(f"{prefix}:{found}")
            else:
                chosen.setdefault(kind, found)
    return Identifiers(chosen.get("doi"), chosen.get("pmc"), list(dict.fromkeys(malformed)))


def pages(article: Element) -> str | None:
    """Return the pages as PubMed shows them, else the article's number."""
    shown = child(article, "Pagination/MedlinePgn")
    if shown is not None:
        return shown
    first, last = child(article, "Pagination/StartPage"), child(article, "Pagination/EndPage")
    if first is not None:
        return first if last in (None, first) else f"{first}-{last}"
    numbers = (text(element) or "" for element in article.iterfind("ELocationID[@EIdType='pii']"))
    return next((number for number in numbers if _ARTICLE_NUMBER.fullmatch(number)), None)


def title(element: Element | None) -> str | None:
    """Return a title as PubMed writes it: in brackets when NLM translated it; ``None`` where it is not available."""
    found = text(element)
    return None if found is not None and found.strip("[]. ").lower() == "not available" else found


@lru_cache(1 << 16)
def slug(abbreviation: str) -> str:
    """Return the local name of a journal: ``J Am Soc Nephrol`` → ``j-am-soc-nephrol``."""
    plain = normalize("NFKD", abbreviation).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-") or sha256(abbreviation.encode()).hexdigest()[:32]


class Link(NamedTuple):
    """A link to another publication: ``relation`` as a CURIE with the PMID, or only words."""

    relation: str | None
    pmid: str | None
    words: str


def links(citation: Element) -> Iterator[Link]:
    """Yield the corrections, comments and the like of a record; one without a PMID or of an unknown kind is words."""
    for element in citation.iterfind("CommentsCorrectionsList/CommentsCorrections"):
        kind, pmid = element.get("RefType", ""), child(element, "PMID")
        relation = RELATIONS.get(kind)
        if relation is not None and pmid is not None and identifiers.problem("PMID", pmid) is None:
            yield Link(relation, pmid, "")
        else:
            parts = (kind, f"PMID:{pmid}" if pmid else None, child(element, "RefSource"), child(element, "Note"))
            yield Link(None, None, " ".join(part for part in parts if part))
