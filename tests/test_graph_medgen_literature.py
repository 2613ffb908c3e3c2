"""The literature of the MedGen page on vascular calcification, section by section and paper by paper.

The first half holds what must be in the graph. The second half, where the page is at hand, reads it again
with its own pattern and compares every field of every citation.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest
from pyoxigraph import Literal, NamedNode, RdfFormat, Store

from calckg import resources

GRAPH = resources.graph_dir() / "medgen-vascular-calcification.ttl"
SCHEMES = resources.graph_dir() / "schemes.ttl"
PAGE = Path(__file__).resolve().parents[2] / "shared" / "sources" / "medgen-vascular-calcification.txt"

RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
BIBO = "http://purl.org/ontology/bibo/"
CKG = "https://w3id.org/calckg/ontology/"
CATEGORY = "https://w3id.org/calckg/id/literature-category/"
DC = "http://purl.org/dc/elements/1.1/"
DCTERMS = "http://purl.org/dc/terms/"
PMID = "https://pubmed.ncbi.nlm.nih.gov/"
SKOS = "http://www.w3.org/2004/02/skos/core#"
XSD = "http://www.w3.org/2001/XMLSchema#"


class Paper(NamedTuple):
    """A citation as the page shows it; ``authors`` counts group authors too."""

    first_author: str
    authors: int
    journal: str
    issued: str
    volume_issue_pages: str
    electronic: str | None
    free: bool
    doi: str


# Category -> PMIDs in the order of the page. The page has lost the headings of etiology to prognosis.
SECTIONS = {
    "professional-guideline": ("33190187", "31008757", "29523679"),
    "etiology": ("34503684", "32294899", "29514202", "29301708", "25435520"),
    "diagnosis": ("33513420", "32294899", "32122526", "31008757", "28473100"),
    "therapy": ("35076791", "34003226", "33969611", "32179896", "30253289"),
    "prognosis": ("31464003", "30409567", "29688297", "28608927", "28375870"),
    "clinical-prediction-guide": ("37227328", "35467692", "32647932", "29954746", "29400655"),
    "systematic-review": ("36683537", "35232774", "32977548", "32017605", "29133976"),
}

# fmt: off
PAPERS = {
    "33190187": Paper(
        "Cannata-Andía JB", 7, "Calcif Tissue Int", "2021-04", "108(4):410-422", "2020-11-15", False,
        "10.1007/s00223-020-00777-1",
    ),
    "31008757": Paper(
        "Chang JJ", 1, "Adv Skin Wound Care", "2019-05", "32(5):205-215", None, False,
        "10.1097/01.ASW.0000554443.14002.13",
    ),
    "29523679": Paper(
        "Lau WL", 3, "Clin J Am Soc Nephrol", "2018-06-07", "13(6):952-961", "2018-03-09", True,
        "10.2215/CJN.10390917",
    ),
    "34503684": Paper(
        "Lanzer P", 15, "J Am Coll Cardiol", "2021-09-14", "78(11):1145-1165", None, True,
        "10.1016/j.jacc.2021.06.049",
    ),
    "32294899": Paper(
        "Lee SJ", 3, "Int J Mol Sci", "2020-04-13", "21(8)", None, True,
        "10.3390/ijms21082685",
    ),
    "29514202": Paper(
        "Durham AL", 5, "Cardiovasc Res", "2018-03-15", "114(4):590-600", None, True,
        "10.1093/cvr/cvy010",
    ),
    "29301708": Paper(
        "Mori H", 6, "JACC Cardiovasc Imaging", "2018-01", "11(1):127-142", None, False,
        "10.1016/j.jcmg.2017.10.012",
    ),
    "25435520": Paper(
        "Leopold JA", 1, "Trends Cardiovasc Med", "2015-05", "25(4):267-74", "2014-10-30", True,
        "10.1016/j.tcm.2014.10.021",
    ),
    "33513420": Paper(
        "Ma WQ", 4, "Free Radic Biol Med", "2021-03", "165:229-242", "2021-01-26", False,
        "10.1016/j.freeradbiomed.2021.01.033",
    ),
    "32122526": Paper(
        "Makowski GS", 1, "Adv Clin Chem", "2020", "95:xi-xii", None, False,
        "10.1016/S0065-2423(20)30032-9",
    ),
    "28473100": Paper(
        "Nakahara T", 6, "JACC Cardiovasc Imaging", "2017-05", "10(5):582-593", None, False,
        "10.1016/j.jcmg.2017.03.005",
    ),
    "35076791": Paper(
        "Sakaguchi Y", 1, "Clin Exp Nephrol", "2022-05", "26(5):379-384", "2022-01-25", True,
        "10.1007/s10157-022-02182-4",
    ),
    "34003226": Paper(
        "Ogata H", 7, "JAMA", "2021-05-18", "325(19):1946-1954", None, True,
        "10.1001/jama.2021.4807",
    ),
    "33969611": Paper(
        "Liu X", 15, "Aging Cell", "2021-06", "20(6):e13377", "2021-05-09", True,
        "10.1111/acel.13377",
    ),
    "32179896": Paper(
        "Sanchez-Lozada LG", 12, "Am J Hypertens", "2020-07-18", "33(7):583-594", None, True,
        "10.1093/ajh/hpaa044",
    ),
    "30253289": Paper(
        "Reiss AB", 7, "Atherosclerosis", "2018-11", "278:49-59", "2018-08-30", False,
        "10.1016/j.atherosclerosis.2018.08.046",
    ),
    "31464003": Paper(
        "Kakani E", 4, "Semin Dial", "2019-11", "32(6):553-561", "2019-08-29", False,
        "10.1111/sdi.12840",
    ),
    "30409567": Paper(
        "Mitchell JD", 9, "J Am Coll Cardiol", "2018-12-25", "72(25):3233-3242", None, True,
        "10.1016/j.jacc.2018.09.051",
    ),
    "29688297": Paper(
        "Budoff MJ", 15, "Eur Heart J", "2018-07-01", "39(25):2401-2408", None, True,
        "10.1093/eurheartj/ehy217",
    ),
    "28608927": Paper(
        "Gungor O", 4, "Semin Dial", "2018-01", "31(1):72-81", "2017-06-13", False,
        "10.1111/sdi.12616",
    ),
    "28375870": Paper(
        "Nigwekar SU", 1, "Curr Opin Nephrol Hypertens", "2017-07", "26(4):276-281", None, True,
        "10.1097/MNH.0000000000000328",
    ),
    "37227328": Paper(
        "Budoff MJ", 26, "JACC Cardiovasc Imaging", "2023-09", "16(9):1181-1189", "2023-05-24", False,
        "10.1016/j.jcmg.2023.03.008",
    ),
    "35467692": Paper(
        "Bell KJL", 7, "JAMA Intern Med", "2022-06-01", "182(6):634-642", None, True,
        "10.1001/jamainternmed.2022.1262",
    ),
    "32647932": Paper(
        "Lee H", 9, "Curr Cardiol Rep", "2020-07-09", "22(9):90", None, False,
        "10.1007/s11886-020-01337-7",
    ),
    "29954746": Paper(
        "Wang Y", 5, "J Am Heart Assoc", "2018-06-28", "7(13)", None, True,
        "10.1161/JAHA.118.008564",
    ),
    "29400655": Paper(
        "Fujino A", 12, "EuroIntervention", "2018-04-06", "13(18):e2182-e2189", None, False,
        "10.4244/EIJ-D-17-00962",
    ),
    "36683537": Paper(
        "Avvisato R", 6, "Curr Opin Nephrol Hypertens", "2023-03-01", "32(2):134-140", "2022-12-23", True,
        "10.1097/MNH.0000000000000866",
    ),
    "35232774": Paper(
        "Xu C", 5, "J Am Soc Nephrol", "2022-05", "33(5):1011-1032", "2022-03-01", True,
        "10.1681/ASN.2021101327",
    ),
    "32977548": Paper(
        "Vlasschaert C", 5, "Nutrients", "2020-09-23", "12(10)", None, True,
        "10.3390/nu12102909",
    ),
    "32017605": Paper(
        "Jiang B", 6, "Br J Radiol", "2020-09-01", "93(1113):20190812", "2020-02-06", True,
        "10.1259/bjr.20190812",
    ),
    "29133976": Paper(
        "Caffarelli C", 4, "Clin Interv Aging", "2017", "12:1819-1828", "2017-10-30", True,
        "10.2147/CIA.S138002",
    ),
}
# fmt: on

# Datatype of a date by its length: a year, a year and month, a day.
DATE_TYPES = {4: XSD + "gYear", 7: XSD + "gYearMonth", 10: XSD + "date"}

Link = tuple[str, int, str]


@pytest.fixture(scope="module")
def graph() -> Store:
    store = Store()
    store.load(path=GRAPH, format=RdfFormat.TURTLE)
    store.load(path=SCHEMES, format=RdfFormat.TURTLE)
    return store


def values(store: Store, subject: str, predicate: str) -> list[NamedNode | Literal]:
    """Return the objects of all triples of ``subject`` and ``predicate``."""
    found = []
    for quad in store.quads_for_pattern(NamedNode(subject), NamedNode(predicate), None):
        assert isinstance(quad.object, NamedNode | Literal)
        found.append(quad.object)
    return found


def value(store: Store, subject: str, predicate: str) -> str:
    """Return the one object of ``subject`` and ``predicate``."""
    (found,) = values(store, subject, predicate)
    return found.value


def optional(store: Store, subject: str, predicate: str) -> str | None:
    """Return the one object of ``subject`` and ``predicate``, or None when there is none."""
    return value(store, subject, predicate) if values(store, subject, predicate) else None


def instances(store: Store, class_iri: str) -> list[str]:
    """Return the IRIs of the instances of a class."""
    found = []
    for quad in store.quads_for_pattern(None, NamedNode(RDF_TYPE), NamedNode(class_iri)):
        assert isinstance(quad.subject, NamedNode)
        found.append(quad.subject.value)
    return found


def links(store: Store) -> list[Link]:
    """Return each literature link as category, position in it and PMID, in the order of the page."""
    found = []
    for link in instances(store, CKG + "LiteratureLink"):
        category = value(store, link, CKG + "literatureCategory").removeprefix(CATEGORY)
        pmid = value(store, link, CKG + "citation").removeprefix(PMID)
        found.append((category, int(value(store, link, CKG + "position")), pmid))
    return sorted(found, key=lambda link: (list(SECTIONS).index(link[0]), link[1]))


def author_list(store: Store, pmid: str) -> list[str]:
    """Return the authors of a paper in order, group authors last."""
    return re.split("[,;] ", value(store, PMID + pmid, CKG + "authorList"))


def paper(store: Store, pmid: str) -> Paper:
    """Return what the graph says of a paper."""
    node = PMID + pmid
    issue = optional(store, node, BIBO + "issue")
    pages = optional(store, node, BIBO + "pages")
    return Paper(
        first_author=author_list(store, pmid)[0],
        authors=len(values(store, node, DC + "creator")),
        journal=value(store, value(store, node, DCTERMS + "isPartOf"), BIBO + "shortTitle"),
        issued=value(store, node, DCTERMS + "issued"),
        volume_issue_pages=value(store, node, BIBO + "volume")
        + (f"({issue})" if issue else "")
        + (f":{pages}" if pages else ""),
        electronic=optional(store, node, CKG + "electronicDate"),
        free={"true": True, "false": False}[value(store, node, CKG + "freeFullText")],
        doi=value(store, node, BIBO + "doi"),
    )


@pytest.mark.parametrize("category", SECTIONS)
def test_a_section_lists_its_papers_in_the_order_of_the_page(graph: Store, category: str) -> None:
    listed = [(position, pmid) for section, position, pmid in links(graph) if section == category]
    assert listed == list(enumerate(SECTIONS[category], start=1))


def test_33_links_lead_to_31_papers(graph: Store) -> None:
    assert len(links(graph)) == 33
    assert {pmid for _, _, pmid in links(graph)} == set(PAPERS)
    assert set(instances(graph, BIBO + "AcademicArticle")) == {PMID + pmid for pmid in PAPERS}
    assert len(PAPERS) == 31


def test_two_papers_stand_in_two_sections(graph: Store) -> None:
    sections = {pmid: {c for c, _, other in links(graph) if other == pmid} for pmid in PAPERS}
    assert {pmid: s for pmid, s in sections.items() if len(s) > 1} == {
        "31008757": {"professional-guideline", "diagnosis"},
        "32294899": {"etiology", "diagnosis"},
    }


def test_every_link_is_of_vascular_calcification_and_names_its_source(graph: Store) -> None:
    for link in instances(graph, CKG + "LiteratureLink"):
        assert value(graph, link, CKG + "concept") == "https://www.ncbi.nlm.nih.gov/medgen/C0342649"
        assert (
            value(graph, link, DCTERMS + "source")
            == "https://w3id.org/calckg/graph/curated/medgen-vascular-calcification"
        )


@pytest.mark.parametrize("pmid", PAPERS)
def test_a_paper_is_as_the_page_shows_it(graph: Store, pmid: str) -> None:
    assert paper(graph, pmid) == PAPERS[pmid]
    assert value(graph, PMID + pmid, BIBO + "pmid") == pmid


@pytest.mark.parametrize("pmid", PAPERS)
def test_the_creators_of_a_paper_are_the_members_of_its_author_list(graph: Store, pmid: str) -> None:
    creators = [creator.value for creator in values(graph, PMID + pmid, DC + "creator")]
    assert sorted(creators) == sorted(author_list(graph, pmid))


def test_no_author_is_lost(graph: Store) -> None:
    assert sum(len(values(graph, PMID + pmid, DC + "creator")) for pmid in PAPERS) == 212


def test_two_papers_have_a_group_author_after_the_semicolon(graph: Store) -> None:
    lists = {pmid: value(graph, PMID + pmid, CKG + "authorList") for pmid in PAPERS}
    assert {pmid: text.partition("; ")[2] for pmid, text in lists.items() if ";" in text} == {
        "34003226": "LANDMARK Investigators and Committees",
        "37227328": "CONFIRM Investigators",
    }


def test_three_papers_have_no_pages(graph: Store) -> None:
    without = {pmid for pmid in PAPERS if optional(graph, PMID + pmid, BIBO + "pages") is None}
    assert without == {"29954746", "32294899", "32977548"}


def test_a_date_is_as_precise_as_the_page(graph: Store) -> None:
    for pmid in PAPERS:
        for predicate in (DCTERMS + "issued", CKG + "electronicDate"):
            for date in values(graph, PMID + pmid, predicate):
                assert isinstance(date, Literal)
                assert date.datatype.value == DATE_TYPES[len(date.value)]


def test_the_literature_categories_form_the_tree_of_medgen(graph: Store) -> None:
    tree = {}
    for category in instances(graph, CKG + "LiteratureCategory"):
        broader = optional(graph, category, SKOS + "broader")
        tree[category.removeprefix(CATEGORY)] = broader and broader.removeprefix(CATEGORY)
    below = ("etiology", "diagnosis", "therapy", "prognosis", "clinical-prediction-guide")
    tops = ("professional-guideline", "clinical-study", "systematic-review")
    assert tree == dict.fromkeys(below, "clinical-study") | dict.fromkeys(tops)


# ---------------------------------------------------------------- against the page itself

CITATION = re.compile(
    r"^(?P<authors>[^\n;]+(?:; [^\n]+)?)\n"
    r"(?P<journal>[A-Z][A-Za-z ]+?) (?P<year>\d{4})(?: (?P<month>[A-Z][a-z]{2}))?(?: (?P<day>\d{1,2}))?"
    r";(?P<place>\S+?)\.?"
    r"(?: Epub (?P<epub>\d{4} [A-Z][a-z]{2} \d{1,2}))?"
    r" doi: (?P<doi>\S+)\. PMID: (?P<pmid>\d+)(?P<free>Free PMC Article)?$",
    re.MULTILINE,
)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
HEADINGS = {
    "Professional guidelines": ("professional-guideline",),
    "Recent clinical studies": ("etiology", "diagnosis", "therapy", "prognosis"),
    "Clinical prediction guides": ("clinical-prediction-guide",),
    "Recent systematic reviews": ("systematic-review",),
}

needs_page = pytest.mark.skipif(not PAGE.is_file(), reason="the MedGen page is not part of the repository")


def iso(year: str, month: str | None = None, day: str | None = None) -> str:
    """Return PubMed's date in the lexical form of XML Schema."""
    parts = [year]
    if month:
        parts.append(f"{MONTHS.index(month) + 1:02}")
    if day:
        parts.append(f"{int(day):02}")
    return "-".join(parts)


def page_citations() -> list[tuple[str, int, re.Match[str]]]:
    """Return each citation of the page with its category and its position there."""
    text = PAGE.read_text(encoding="utf-8")
    body = text[text.index("\nProfessional guidelines\n") : text.index("\nSupplemental Content\n")]
    pieces = re.split(f"^({'|'.join(HEADINGS)})$", body, flags=re.MULTILINE)
    found = []
    for heading, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        groups = [group for group in re.split(r"\n\s*\n", piece) if group.strip()]
        for category, group in zip(HEADINGS[heading], groups, strict=True):
            matches = list(CITATION.finditer(group))
            assert len(matches) == group.count("PMID: ")
            found += [(category, position, match) for position, match in enumerate(matches, start=1)]
    return found


@needs_page
def test_the_links_are_those_of_the_page() -> None:
    assert [(category, match["pmid"]) for category, _, match in page_citations()] == [
        (category, pmid) for category, pmids in SECTIONS.items() for pmid in pmids
    ]


@needs_page
def test_every_field_of_every_citation_is_that_of_the_page(graph: Store) -> None:
    for category, position, match in page_citations():
        pmid = match["pmid"]
        authors = re.split("[,;] ", match["authors"])
        assert (category, position, pmid) in links(graph)
        assert value(graph, PMID + pmid, CKG + "authorList") == match["authors"]
        assert sorted(c.value for c in values(graph, PMID + pmid, DC + "creator")) == sorted(authors)
        assert paper(graph, pmid) == Paper(
            first_author=authors[0],
            authors=len(authors),
            journal=match["journal"],
            issued=iso(match["year"], match["month"], match["day"]),
            volume_issue_pages=match["place"],
            electronic=iso(*match["epub"].split()) if match["epub"] else None,
            free=bool(match["free"]),
            doi=match["doi"],
        )
