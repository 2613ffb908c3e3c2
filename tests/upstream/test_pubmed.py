"""PubMed: what a record becomes, and which of several of one citation counts."""

from __future__ import annotations

import gzip
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import duckdb
import pyoxigraph as ox
import pytest

from calckg import loading, prefixes, tables
from calckg.errors import SourceError
from calckg.tables import SEPARATOR
from calckg.upstream import OnError, stop
from calckg.upstream.pubmed import FORMATS, SOURCE
from calckg.upstream.pubmed_fields import RELATIONS, authors, day, identified, pages, slug, title
from tests import stating

DATA = Path(__file__).parent / "data" / "pubmed"
SHARED = Path(__file__).parents[3] / "shared" / "data" / "pubmed"
GRAPH = prefixes.load().expand("kg:release/pubmed")
(PUBMED,) = FORMATS
Connection = duckdb.DuckDBPyConnection
shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the folder of upstream data is not there")


def filled(*names: str | Path, on_error: OnError = stop) -> Connection:
    connection = duckdb.connect()
    tables.create(connection)
    for name in names:
        PUBMED.fill(connection, DATA / name, GRAPH, on_error)
    assert SOURCE.finish is not None
    SOURCE.finish(connection, GRAPH)
    return connection


def citation(connection: Connection, pmid: str) -> dict[str, object]:
    """Return the row of a citation, IRIs as CURIEs, without what is empty."""
    found = connection.execute("SELECT * FROM citation WHERE pmid = ?", [pmid])
    names = [column[0] for column in found.description or ()]
    (row,) = found.fetchall()
    return {name: short(value) for name, value in zip(names, row, strict=True) if value is not None}


def short(value: object) -> object:
    if isinstance(value, list):
        return [short(item) for item in value]
    if isinstance(value, str) and SEPARATOR in value:
        prop, _, text = value.split(SEPARATOR)
        return f"{short(prop)} {short(text)}"
    return (prefixes.load().compress(value) if isinstance(value, str) and "://" in value else None) or value


def statements(connection: Connection) -> set[ox.Quad]:
    """Return the quads, as another implementation reads them."""
    connection.execute("CREATE OR REPLACE TABLE written (s VARCHAR, p VARCHAR, o VARCHAR, g VARCHAR)")
    count = stating.insert(connection, "written")
    text = "\n".join(f"{' '.join(row)} ." for row in connection.execute("FROM written").fetchall())
    found = set(ox.parse(text, format=ox.RdfFormat.N_QUADS))
    assert len(found) == count
    return found


def element(text: str) -> ET.Element:
    return ET.fromstring(text)


@pytest.fixture(scope="module")
def articles() -> Connection:
    return filled("articles.xml")


@pytest.fixture(scope="module")
def full(articles: Connection) -> dict[str, object]:
    return citation(articles, "10000001")


@pytest.fixture(scope="module")
def scanty(articles: Connection) -> dict[str, object]:
    return citation(articles, "10000002")


@pytest.fixture(scope="module")
def books() -> Connection:
    return filled("books.xml")


@pytest.fixture(scope="module")
def updated() -> Connection:
    return filled("pubmed26n0001.xml", "pubmed26n1275.xml")


def test_a_file_is_known_by_its_name_and_its_root() -> None:
    head = (DATA / "articles.xml").read_bytes()
    assert PUBMED.matches("pubmed26n0001.xml.gz", head)
    assert PUBMED.matches("1.xml", (DATA / "empty.xml").read_bytes())
    assert not PUBMED.matches("1.txt", head)
    assert not PUBMED.matches("1.xml", b"<DescriptorRecordSet/>")


def test_the_year_of_the_baseline_is_in_the_name_of_its_files() -> None:
    assert PUBMED.stated(Path("pubmed26n0001.xml.gz"), b"").version == "2026"
    assert PUBMED.stated(Path("33190187.xml"), b"").version is None


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("citation", "PMID:10000001"),
        ("pmid", "10000001"),
        ("doi", "10.1681/ASN.0000000000000001"),
        ("pmcid", "PMC1234567"),
        ("title", "[Ca2+ in arteries]."),
        ("vernacular_title", "Ca in Arterien"),
        ("language", ["eng", "ger"]),
        ("journal", "ckgid:journal/j-am-soc-nephrol"),
        ("journal_title", "Journal of the American Society of Nephrology : JASN"),
        ("journal_short_title", "J Am Soc Nephrol"),
        ("journal_issn", ["1533-3450", "1046-6673"]),
        ("volume", "34"),
        ("issue", "Suppl 1"),
        ("pages", "772-82"),
        ("issued", "2023-05-01"),
        ("electronic_date", "2023-02-28"),
        ("creator", ["Müller-Okoye AB Jr", "Smith C", "Calcification Study Group", "Anaxagoras"]),
        ("author_list", "Müller-Okoye AB Jr, Smith C; Calcification Study Group; Anaxagoras"),
        ("creator_id", ["ORCID:0000-0002-1825-0097", "ORCID:0000-0002-1694-233X"]),
        ("publication_type", ["mesh:D016428", "mesh:D016454"]),
        ("subject", [f"mesh:{ui}" for ui in ("D061205", "D001158", "D006801", "D002118", "C000001", "C537440")]),
        ("main_subject", ["mesh:D061205", "mesh:D001158"]),
        ("keyword", ["bone–vascular axis", "a newer binder"]),
        (
            "extra",
            [
                "dcterms:modified 2023-11-14",
                "fabio:hasSubjectTerm mesh:D061205Q000188",
                "fabio:hasSubjectTerm mesh:D061205Q000209",
                "dc:relation CommentIn Elsewhere. 2023;1:1 in German",
                "dc:relation PraiseIn PMID:10000010 Elsewhere. 2024;1:1",
            ],
        ),
    ],
)
def test_an_article_keeps(full: dict[str, object], column: str, value: object) -> None:
    assert full[column] == value


def test_the_abstract_is_not_read(articles: Connection) -> None:
    assert not any("not to be read" in str(quad.object) for quad in statements(articles))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("title", None),
        ("journal", "ckgid:journal/nihon-rinsho-suppl"),
        ("journal_short_title", "Nihon Rinsho (Suppl)"),
        ("issued", "1998-12"),
        ("pages", None),  # the publisher's number of the manuscript is none
        ("doi", None),
        ("pmcid", None),
        ("author_list", "Ito K, et al"),
        ("creator", ["Ito K"]),
        ("creator_id", None),
        (
            "extra",
            [
                "dc:date 1998 Dec-1999 Jan",
                "dcterms:identifier doi:doi: 10.1016/S0140",
                "dcterms:identifier PMC:1234",
                "dcterms:identifier ORCID:0000-0002-1825-0090",
            ],
        ),
    ],
)
def test_what_is_malformed_is_kept_as_text(scanty: dict[str, object], column: str, value: object) -> None:
    assert scanty.get(column) == value


def test_a_correction_is_a_link(articles: Connection) -> None:
    found = articles.execute("SELECT citation, relation, other FROM citation_link").fetchall()
    assert [short(list(row)) for row in found] == [["PMID:10000001", "cito:isCorrectedBy", "PMID:10000009"]]


def test_each_kind_of_link_of_the_dtd_has_a_property() -> None:
    kinds = """AssociatedDataset AssociatedPublication CommentIn CommentOn CorrectedandRepublishedIn
        CorrectedandRepublishedFrom ErratumIn ErratumFor ExpressionOfConcernIn ExpressionOfConcernFor RepublishedIn
        RepublishedFrom RetractedandRepublishedIn RetractedandRepublishedFrom RetractionIn RetractionOf UpdateIn
        UpdateOf SummaryForPatientsIn OriginalReportIn ReprintIn ReprintOf Cites"""
    assert set(RELATIONS) == set(kinds.split())
    assert all(prefixes.load().expand(relation) for relation in RELATIONS.values())


@pytest.mark.parametrize(
    ("ui", "name", "category"),
    [
        ("D061205", "Vascular Calcification", "NamedThing"),
        ("D016454", "Review", "NamedThing"),
        ("C000001", "a new binder", "ChemicalEntity"),
        ("C537440", "Arterial calcification of infancy", "Disease"),
    ],
)
def test_a_heading_is_a_concept_that_pubmed_names(articles: Connection, ui: str, name: str, category: str) -> None:
    sql = "SELECT notation, scheme, category, text, kind, lang FROM concept JOIN name USING (concept) WHERE concept = ?"
    found = articles.execute(sql, [prefixes.load().expand(f"mesh:{ui}")]).fetchall()
    expected = [f"mesh:{ui}", "ckgid:scheme/mesh", [f"biolink:{category}"], name, "exact", "en"]
    assert [short(list(row)) for row in found] == [expected]


@pytest.mark.parametrize(
    ("written", "issued", "rest"),
    [
        ("<Year>2020</Year>", "2020", None),
        ("<Year>2020</Year><Month>Apr</Month>", "2020-04", None),
        ("<Year>2020</Year><Month>04</Month>", "2020-04", None),
        ("<Year>2020</Year><Month>Apr</Month><Day>9</Day>", "2020-04-09", None),
        ("<Year>2020</Year><Month>Sep-Dec</Month>", "2020-09", "2020 Sep-Dec"),
        ("<Year>2020</Year><Month>Feb</Month><Day>30</Day>", "2020-02", "2020 Feb 30"),
        ("<Year>2020</Year><Month>Feb</Month><Day>1-15</Day>", "2020-02", "2020 Feb 1-15"),
        ("<Year>2020</Year><Month>Month</Month>", "2020", "2020 Month"),
        ("<Year>2020</Year><Season>Winter-Spring</Season>", "2020", "2020 Winter-Spring"),
        ("<MedlineDate>1998 Dec-1999 Jan</MedlineDate>", "1998-12", "1998 Dec-1999 Jan"),
        ("<MedlineDate>2000 Dec 23- 30</MedlineDate>", "2000-12", "2000 Dec 23- 30"),
        ("<MedlineDate>1976-1977</MedlineDate>", "1976", "1976-1977"),
        ("<MedlineDate>2000 Spring</MedlineDate>", "2000", "2000 Spring"),
        ("<MedlineDate>Fall 2015</MedlineDate>", "2015", "Fall 2015"),
        ("<MedlineDate>undated</MedlineDate>", None, "undated"),
        ("<Year>0</Year>", None, "0"),
        ("", None, None),
    ],
)
def test_a_date_is_as_precise_as_it_is_written(written: str, issued: str | None, rest: str | None) -> None:
    assert day(element(f"<PubDate>{written}</PubDate>")) == (issued, rest)


def test_no_date_is_none() -> None:
    assert day(None) == (None, None)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (
            "<Pagination><StartPage>576</StartPage><EndPage>583</EndPage><MedlinePgn>576-83</MedlinePgn></Pagination>",
            "576-83",
        ),
        ("<Pagination><StartPage>576</StartPage><EndPage>583</EndPage></Pagination>", "576-583"),
        ("<Pagination><StartPage>e13</StartPage></Pagination>", "e13"),
        ('<ELocationID EIdType="doi">10.1/1</ELocationID><ELocationID EIdType="pii">fnae046</ELocationID>', "fnae046"),
        ('<ELocationID EIdType="pii">S0140-6736(20)30183-5</ELocationID>', None),
        ("", None),
    ],
)
def test_pages_are_as_pubmed_shows_them(written: str, expected: str | None) -> None:
    assert pages(element(f"<Article>{written}</Article>")) == expected


@pytest.mark.parametrize(
    ("abbreviation", "expected"),
    [
        ("J Am Soc Nephrol", "j-am-soc-nephrol"),
        ("J. Am. Soc. Nephrol.", "j-am-soc-nephrol"),
        ("Phronesis (Barc)", "phronesis-barc"),
        ("Rev Méd Chil", "rev-med-chil"),
    ],
)
def test_a_journal_is_named_by_its_abbreviation(abbreviation: str, expected: str) -> None:
    assert slug(abbreviation) == expected


def test_a_journal_without_a_latin_name_has_a_name_too() -> None:
    assert re.fullmatch("[0-9a-f]{32}", slug("日本臨床"))
    assert slug("日本臨床") != slug("臨床日本")


def test_a_title_may_be_missing() -> None:
    assert [title(element(f"<a>{text}</a>")) for text in ("[Not Available].", "[Not available]", "", "A.")] == [
        None,
        None,
        None,
        "A.",
    ]


def test_an_author_list_may_be_of_a_group_only() -> None:
    found = authors([element("<AuthorList><Author><CollectiveName>A <i>B</i></CollectiveName></Author></AuthorList>")])
    assert (found.names, found.in_order) == (["A B"], "A B")


def test_no_author_is_no_list() -> None:
    assert authors([]).in_order is None


def test_the_doi_of_the_place_counts_when_the_record_has_none() -> None:
    place = element('<ELocationID EIdType="doi" ValidYN="Y">10.1000/1</ELocationID>')
    assert identified(None, [place]).doi == "10.1000/1"
    ids = element('<ArticleIdList><ArticleId IdType="doi">10.1000/2</ArticleId></ArticleIdList>')
    assert identified(ids, [place]).doi == "10.1000/2"


def test_a_chapter_is_part_of_its_book(books: Connection) -> None:
    assert citation(books, "20301001") == {
        "graph": "kg:release/pubmed",
        "citation": "PMID:20301001",
        "type": ["bibo:Chapter"],
        "publication_type": ["mesh:D016454"],
        "pmid": "20301001",
        "title": "Arterial Calcification of Infancy",
        "language": ["eng"],
        "issued": "2014-11-13",
        "creator": ["Rossi G"],
        "author_list": "Rossi G",
        "page": ["https://www.ncbi.nlm.nih.gov/books/NBK1001/"],
        "keyword": ["GACI"],
        "extra": ["dcterms:modified 2020-12-30", "dcterms:isPartOf https://www.ncbi.nlm.nih.gov/books/n/gene/"],
    }


def test_the_book_of_a_chapter_is_a_citation(books: Connection) -> None:
    sql = "SELECT type, title, isbn, publisher_name, issued, extra FROM citation WHERE citation LIKE '%/n/gene/'"
    (found,) = books.execute(sql).fetchall()
    assert short(list(found)) == [
        ["bibo:Book"],
        "GeneReviews®",
        ["9780721606156"],
        "University of Somewhere",
        "1993",
        ["ckg:editorList Adam MP", "dcterms:identifier ISBN:978-0-7216-0615-5"],
    ]


def test_a_whole_book_is_one_citation(books: Connection) -> None:
    found = citation(books, "20301002")
    assert found["type"] == ["bibo:Book"]
    assert (found["title"], found["vernacular_title"], found["volume"]) == ("Calcium", "Kalzium", "2")
    assert (found["creator"], found["doi"], found["issued"]) == (["Weiß E"], "10.1000/book", "2001-03")
    assert "page" not in found


@pytest.mark.parametrize(
    ("pmid", "expected"),
    [("10000003", "As revised"), ("10000005", "The second version"), ("10000006", "Unchanged")],
)
def test_the_latest_version_then_the_latest_revision_counts(updated: Connection, pmid: str, expected: str) -> None:
    assert citation(updated, pmid)["title"] == expected


@pytest.mark.parametrize("pmid", ["10000004", "10000007"])
def test_a_deleted_citation_is_only_said_to_be_so(updated: Connection, pmid: str) -> None:
    assert citation(updated, pmid) == {
        "graph": "kg:release/pubmed",
        "citation": f"PMID:{pmid}",
        "type": ["bibo:Document"],
        "pmid": pmid,
        "extra": ["owl:deprecated true"],
    }
    links = updated.execute("SELECT citation FROM citation_link").fetchall()
    assert prefixes.load().expand(f"PMID:{pmid}") not in {link for (link,) in links}


def test_the_order_of_the_files_does_not_matter(updated: Connection) -> None:
    assert statements(updated) == statements(filled("pubmed26n1275.xml", "pubmed26n0001.xml"))


def test_a_deleted_citation_is_a_record(tmp_path: Path) -> None:
    connection = duckdb.connect()
    tables.create(connection)
    assert PUBMED.fill(connection, DATA / "pubmed26n1275.xml", GRAPH, stop) == 5


def test_a_set_without_a_record_is_no_error() -> None:
    connection = duckdb.connect()
    tables.create(connection)
    assert PUBMED.fill(connection, DATA / "empty.xml", GRAPH, stop) == 0


def test_a_packed_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "pubmed26n0001.xml.gz"
    path.write_bytes(gzip.compress((DATA / "articles.xml").read_bytes()))
    assert citation(filled(path), "10000001")["pages"] == "772-82"


@pytest.mark.parametrize(
    ("number", "line", "column", "said"),
    [
        (0, 2, "PMID", "no <PMID>; compare with the publisher's file"),
        (1, 6, "PMID", "PMID:PMC12"),
        (2, 8, 1, "no <MedlineCitation> with an <Article>; is the file complete?"),
        (3, 11, 1, "no <BookDocument> with a <Book>; is the file complete?"),
        (4, 16, "PMID", "PMID:x"),
    ],
)
def test_a_record_that_cannot_be_read_is_told_with_place_value_and_remedy(
    number: int, line: int, column: int | str, said: str
) -> None:
    errors: list[SourceError] = []
    filled("wrong.xml", on_error=errors.append)
    assert (errors[number].line, errors[number].column) == (line, column)
    assert said in errors[number].reason


def test_a_record_that_cannot_be_read_is_left_out_and_counted() -> None:
    errors: list[SourceError] = []
    connection = duckdb.connect()
    tables.create(connection)
    assert PUBMED.fill(connection, DATA / "wrong.xml", GRAPH, errors.append) == 7
    assert len(errors) == 5
    assert connection.execute("SELECT pmid FROM citation ORDER BY 1").fetchall() == [("14",), ("15",)]


def test_all_that_should_be_an_iri_is_one() -> None:
    connection = filled("articles.xml", "books.xml", "pubmed26n1275.xml")
    assert [loading.malformed(connection, table) for table in tables.TABLES] == [[] for _ in tables.TABLES]


# The files as they are published


def published() -> Iterator[tuple[Path, ET.Element]]:
    for path in sorted(SHARED.glob("*.xml")):
        for article in ET.parse(path).getroot():
            yield path, article


@pytest.fixture(scope="module")
def real() -> Connection:
    return filled(*sorted(SHARED.glob("*.xml")))


@shared
def test_every_published_file_is_known_and_every_record_read(real: Connection) -> None:
    paths = sorted(SHARED.glob("*.xml"))
    assert len(paths) == 82
    assert all(PUBMED.matches(path.name, path.read_bytes()[: 1 << 16]) for path in paths)
    pmids = Counter(article.findtext("MedlineCitation/PMID") for _, article in published())
    found = Counter(pmid for (pmid,) in real.execute("SELECT pmid FROM citation").fetchall())
    assert found == pmids
    assert len(pmids) == 81


@shared
def test_one_published_file_has_no_record(real: Connection) -> None:
    with_records = {path for path, _ in published()}
    assert [path.name for path in sorted(SHARED.glob("*.xml")) if path not in with_records] == ["37909814.xml"]


@shared
@pytest.mark.parametrize(
    ("column", "path"),
    [
        ("title", "Article/ArticleTitle"),
        ("vernacular_title", "Article/VernacularTitle"),
        ("journal", "MedlineJournalInfo/MedlineTA"),
        ("journal_title", "Article/Journal/Title"),
        ("journal_short_title", "Article/Journal/ISOAbbreviation"),
        ("volume", "Article/Journal/JournalIssue/Volume"),
        ("issue", "Article/Journal/JournalIssue/Issue"),
        ("issued", "Article/Journal/JournalIssue/PubDate"),
        ("electronic_date", "Article/ArticleDate"),
    ],
)
def test_no_value_of_a_published_record_is_lost(real: Connection, column: str, path: str) -> None:
    there = sum(article.find(f"MedlineCitation/{path}") is not None for _, article in published())
    assert real.execute(f"SELECT count({column}) FROM citation").fetchone() == (there,)


@shared
@pytest.mark.parametrize(
    ("column", "path"),
    [
        ("creator", "MedlineCitation/Article/AuthorList/Author"),
        ("creator_id", "MedlineCitation/Article/AuthorList/Author/Identifier[@Source='ORCID']"),
        ("language", "MedlineCitation/Article/Language"),
        ("publication_type", "MedlineCitation/Article/PublicationTypeList/PublicationType"),
        ("keyword", "MedlineCitation/KeywordList/Keyword"),
        ("pmcid", "PubmedData/ArticleIdList/ArticleId[@IdType='pmc']"),
        ("doi", "PubmedData/ArticleIdList/ArticleId[@IdType='doi']"),
    ],
)
def test_no_value_of_several_of_a_published_record_is_lost(real: Connection, column: str, path: str) -> None:
    there = sum(len(article.findall(path)) for _, article in published())
    items = f"unnest({column})" if column not in ("pmcid", "doi") else column
    found = real.execute(f"SELECT count(x) FROM (SELECT {items} AS x FROM citation)").fetchone()
    assert found == (there,)


@shared
def test_no_heading_substance_or_link_of_a_published_record_is_lost(real: Connection) -> None:
    places = (".//MeshHeading/DescriptorName", ".//Chemical/NameOfSubstance", ".//SupplMeshName")
    subjects = sum(len({part.get("UI") for place in places for part in a.findall(place)}) for _, a in published())
    assert real.execute("SELECT count(*) FROM (SELECT unnest(subject) FROM citation)").fetchone() == (subjects,)
    pairs = sum(len(article.findall(".//MeshHeading/QualifierName")) for _, article in published())
    sql = "SELECT count(*) FROM (SELECT unnest(extra) AS x FROM citation) WHERE x LIKE '%hasSubjectTerm%'"
    assert real.execute(sql).fetchone() == (pairs,)
    links = sum(len(article.findall(".//CommentsCorrections")) for _, article in published())
    assert real.execute("SELECT count(*) FROM citation_link").fetchone() == (links,)


@shared
def test_the_published_files_become_quads(real: Connection) -> None:
    assert len(statements(real)) > 4_000
    assert [loading.malformed(real, table) for table in tables.TABLES] == [[] for _ in tables.TABLES]
