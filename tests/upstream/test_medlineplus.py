"""MedlinePlus: what a health topic becomes."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import duckdb
import pyoxigraph as ox
import pytest

from calckg import loading, prefixes, tables
from calckg.errors import SourceError
from calckg.tables import SEPARATOR
from calckg.upstream import OnError, stop
from calckg.upstream.medlineplus import FORMATS, plain
from tests import stating

DATA = Path(__file__).parent / "data" / "medlineplus"
SHARED = Path(__file__).parents[3] / "shared" / "data" / "medlineplus" / "mplus_topics_2012-07-21.xml"
GRAPH = prefixes.load().expand("kg:release/medlineplus")
(TOPICS,) = FORMATS
Connection = duckdb.DuckDBPyConnection
shared = pytest.mark.skipif(not SHARED.is_file(), reason="the folder of upstream data is not there")


def fill(path: Path, on_error: OnError = stop) -> tuple[Connection, int]:
    connection = duckdb.connect()
    tables.create(connection)
    return connection, TOPICS.fill(connection, path, GRAPH, on_error)


def rows(connection: Connection, sql: str, *parameters: object) -> list[list[object]]:
    """Return the rows of a query, IRIs as CURIEs."""
    return [[short(value) for value in row] for row in connection.execute(sql, list(parameters)).fetchall()]


def short(value: object) -> object:
    if isinstance(value, list):
        return [short(item) for item in value]
    if isinstance(value, str) and SEPARATOR in value:
        prop, _, text = value.split(SEPARATOR)
        return f"{short(prop)} {short(text)}"
    return (prefixes.load().compress(value) if isinstance(value, str) and "://" in value else None) or value


def iri(page: str) -> str:
    return prefixes.load().namespaces["MedlinePlus"] + page


@pytest.fixture(scope="module")
def topics() -> Connection:
    return fill(DATA / "topics.xml")[0]


def concept(connection: Connection, page: str, column: str) -> list[object]:
    """Return what the rows of a concept say in a column."""
    found = rows(connection, f"SELECT {column} FROM concept WHERE concept = ? AND {column} IS NOT NULL", iri(page))
    return [value for (value,) in found]


def test_a_file_is_known_by_its_name_and_its_root() -> None:
    head = (DATA / "topics.xml").read_bytes()
    assert TOPICS.matches("mplus_topics_2024-05-03.xml", head)
    assert TOPICS.matches("mplus_topics_2024-05-03.xml.gz", head)
    assert not TOPICS.matches("mplus_topics_2024-05-03.zip", head)
    assert not TOPICS.matches("a.xml", b"<PubmedArticleSet/>")


def test_the_day_of_the_file_is_its_release() -> None:
    stated = TOPICS.stated(DATA / "topics.xml", (DATA / "topics.xml").read_bytes())
    assert (stated.version, stated.issued) == ("2024-05-03", "2024-05-03")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("notation", ["MedlinePlus:calcium.html"] * 2),
        ("scheme", ["ckgid:scheme/MedlinePlus"] * 2),
        ("category", [["biolink:NamedThing"]] * 2),
        ("created", ["2004-02-28"]),  # not when it was translated
        ("alternative_id", [["MedlinePlus:spanish/calcio.html"]] * 2),
        ("subset", [["MedlinePlus:foodandnutrition.html"]] * 2),
        (
            "extra",
            [
                ["dcterms:identifier 4567", "skos:related MedlinePlus:osteoporosis.html", "dc:relation tel:5550100"],
                ["dcterms:identifier 4568"],
            ],
        ),
    ],
)
def test_a_topic_is_one_concept_in_both_languages(topics: Connection, column: str, value: object) -> None:
    assert concept(topics, "calcium.html", column) == value


def test_the_pages_of_a_topic_are_those_of_the_translation_and_those_that_it_leads_to(topics: Connection) -> None:
    assert concept(topics, "calcium.html", "page") == [
        [
            "MedlinePlus:spanish/calcio.html",
            "https://www.nlm.nih.gov/medlineplus/languages/calcium.html",
            "https://ods.od.nih.gov/",
            "https://example.org/a%20b?x=1%7C2#top",
        ],
        ["MedlinePlus:spanish/calcio.html", "https://example.org/es"],
    ]


def test_the_names_of_a_topic_have_their_language_and_kind(topics: Connection) -> None:
    sql = "SELECT DISTINCT text, lang, kind FROM name WHERE concept = ? ORDER BY ALL"
    assert rows(topics, sql, iri("calcium.html")) == [
        ["Calcio", "es", "preferred"],
        ["Calcio dietético", "es", "exact"],
        ["Calcium", "en", "preferred"],
        ["Calcium, Dietary", "en", "related"],
        ["Dietary calcium", "en", "exact"],
    ]


def test_the_summary_is_plain_text_and_the_short_one_a_note(topics: Connection) -> None:
    sql = "SELECT kind, lang, text FROM definition WHERE concept = ? ORDER BY ALL"
    assert rows(topics, sql, iri("calcium.html")) == [
        ["note", "en", "About calcium in the body."],
        ["summary", "en", "Bones need calcium & more.\n- milk\n- greens\nAsk\nyour <doctor"],
        ["summary", "es", "Los huesos necesitan calcio."],
    ]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("no markup", "no markup"),
        ("<p>a</p><p>b", "a\nb"),
        ("a<br>b", "a\nb"),
        ("<ul><li>a</li><li></li></ul>", "- a"),
        ("a <a href='x'>link</a>, b", "a link, b"),
        ("caf&eacute; &#8211; &lt;1", "café – <1"),
        ("<style>p {}</style>a", "a"),
        ("</script>a", "a"),
        ("a <!-- b --> c", "a c"),
        ("", ""),
    ],
)
def test_html_becomes_lines(html: str, text: str) -> None:
    assert plain(html) == text


def test_a_group_is_a_concept_with_a_name_in_both_languages(topics: Connection) -> None:
    assert set(map(str, concept(topics, "foodandnutrition.html", "notation"))) == {"MedlinePlus:foodandnutrition.html"}
    sql = "SELECT DISTINCT text, lang, kind FROM name WHERE concept = ? ORDER BY ALL"
    assert rows(topics, sql, iri("foodandnutrition.html")) == [
        ["Alimentos y nutrición", "es", "preferred"],
        ["Food and Nutrition", "en", "preferred"],
    ]


def test_a_topic_with_one_heading_is_a_close_match_of_it(topics: Connection) -> None:
    sql = """SELECT predicate_id, object_id, subject_label, object_label, mapping_justification, comment FROM mapping
        WHERE subject_id = ?"""
    assert rows(topics, sql, iri("calcium.html")) == [
        ["skos:closeMatch", "mesh:D002118", "Calcium", "Calcium", "semapv:ManualMappingCuration", None]
    ]


def test_a_topic_with_several_headings_is_related_to_each(topics: Connection) -> None:
    sql = "SELECT predicate_id, object_id, comment FROM mapping WHERE subject_id = ? ORDER BY object_id"
    assert rows(topics, sql, iri("kidneystones.html")) == [
        ["skos:relatedMatch", "mesh:D007669", None],
        ["skos:relatedMatch", "mesh:D014545", "The heading is qualified: therapy."],
    ]


def test_a_heading_is_a_concept_with_a_name(topics: Connection) -> None:
    sql = "SELECT notation, scheme, category, text, kind FROM concept JOIN name USING (concept) WHERE notation = ?"
    assert rows(topics, sql, "mesh:D002118") == [
        ["mesh:D002118", "ckgid:scheme/mesh", ["biolink:NamedThing"], "Calcium", "exact"]
    ]


def test_a_topic_that_is_only_in_spanish_stands_for_itself(topics: Connection) -> None:
    assert concept(topics, "spanish/temasolo.html", "notation") == ["MedlinePlus:spanish/temasolo.html"]
    assert concept(topics, "spanish/temasolo.html", "extra") == [
        ["dcterms:identifier 12", "skos:related MedlinePlus:spanish/otro.html"]
    ]


def test_a_page_that_a_topic_leads_to_is_described(topics: Connection) -> None:
    sql = "SELECT citation, type, title, vernacular_title, publisher_name, keyword FROM citation ORDER BY 1"
    page = ["bibo:Webpage"]
    assert rows(topics, sql) == [
        [
            "https://example.org/a%20b?x=1%7C2#top",
            page,
            "Calcium: the facts",
            None,
            "An Institute; A Society",
            ["Start Here", "Children"],
        ],
        ["https://example.org/es", page, None, "El calcio", None, None],
    ]


def test_the_related_topics_of_a_translation_are_those_of_the_english_record(topics: Connection) -> None:
    assert concept(topics, "spanish/osteoporosis.html", "notation") == []


def test_what_is_related_is_a_concept(topics: Connection) -> None:
    assert concept(topics, "osteoporosis.html", "notation") == ["MedlinePlus:osteoporosis.html"]


def test_the_quads_can_be_read_and_every_iri_is_one(topics: Connection) -> None:
    topics.execute("CREATE TABLE written (s VARCHAR, p VARCHAR, o VARCHAR, g VARCHAR)")
    count = stating.insert(topics, "written")
    text = "\n".join(f"{' '.join(row)} ." for row in topics.execute("FROM written").fetchall())
    assert len(set(ox.parse(text, format=ox.RdfFormat.N_QUADS))) == count > 0
    assert [loading.malformed(topics, table) for table in tables.TABLES] == [[] for _ in tables.TABLES]


@pytest.mark.parametrize(
    ("number", "line", "column", "said"),
    [
        (0, 2, "title", "the topic has no title; compare with the publisher's file"),
        (1, 3, "url", "'https://example.org/b.html' is not the page of a topic, such as"),
        (2, 4, "language", "the language is 'Klingon', English or Spanish expected; update calckg"),
        (3, 5, "date-created", "'31/12/2004' is not a date, month first: 07/21/2012"),
        (4, 7, "mesh-heading", "C0006675 has the form of a UMLS CUI"),
        (5, 10, "mesh-heading", "no <descriptor> with an id; compare with the publisher's file"),
        (6, 13, "url", "'' is not the page of a topic"),
    ],
)
def test_a_topic_that_cannot_be_read_is_told_with_place_value_and_remedy(
    number: int, line: int, column: str, said: str
) -> None:
    errors: list[SourceError] = []
    fill(DATA / "wrong.xml", errors.append)
    assert (errors[number].line, errors[number].column) == (line, column)
    assert said in errors[number].reason


def test_a_topic_that_cannot_be_read_is_left_out_and_counted() -> None:
    errors: list[SourceError] = []
    connection, count = fill(DATA / "wrong.xml", errors.append)
    assert (len(errors), count) == (7, 8)
    assert rows(connection, "SELECT DISTINCT text FROM name") == [["Good"]]


@shared
def test_nothing_of_the_published_file_is_lost() -> None:
    connection, count = fill(SHARED)
    root = ET.parse(SHARED).getroot()
    assert count == len(root) == 2
    sites = {site.get("url") for site in root.iter("site")}
    assert rows(connection, "SELECT count(DISTINCT citation) FROM citation") == [[len(sites)]]
    pages = "SELECT unnest(page) AS p FROM concept"
    leads = f"SELECT count(DISTINCT p) FROM ({pages}) WHERE p IN (SELECT citation FROM citation)"
    assert rows(connection, leads) == [[len(sites)]]
    names = {" ".join((name.text or "").split()) for tag in ("also-called", "see-reference") for name in root.iter(tag)}
    assert names <= {str(name) for (name,) in rows(connection, "SELECT text FROM name")}
    assert rows(connection, "SELECT count(*) FROM definition WHERE kind = 'summary' AND text NOT LIKE '%<%'") == [[2]]
    assert rows(connection, "SELECT subject_id, object_id FROM mapping") == [
        ["MedlinePlus:abdominalpain.html", "mesh:D015746"]
    ]
