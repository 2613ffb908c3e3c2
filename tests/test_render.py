"""Rows and findings as people read them, and as machines do."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calckg import render
from calckg.findings import FileSource, Finding, GraphSource, Report, Severity

QUERY = """SELECT ?concept ?name ?n { VALUES (?concept ?name ?n) {
  (<http://purl.obolibrary.org/obo/HP_0004934> "Vascular calcification"@en 5)
  (<https://example.org/a> "a | b\\\\c\\n d" UNDEF)
} }"""
FINDINGS = Report(
    [
        Finding(
            "https://w3id.org/calckg/ontology/shapes/concept-label",
            Severity.VIOLATION,
            "http://purl.obolibrary.org/obo/HP_0004934",
            "The concept has no label.",
            'Add one: "é, x".',
            GraphSource("https://w3id.org/calckg/graph/meta"),
        ),
        Finding("mapping-check-digit", Severity.INFO, "SCTID:1", "wrong", "", FileSource("a.tsv", 3)),
    ]
)


def solutions(name: str, width: int | None = None) -> str:
    result = ox.Store().query(QUERY)
    assert isinstance(result, ox.QuerySolutions)
    return render.solutions(result, name, width=width).decode()


# a term


@pytest.mark.parametrize(
    ("term", "text"),
    [
        (None, ""),
        (ox.NamedNode("http://purl.obolibrary.org/obo/HP_0004934"), "HP:0004934"),
        (ox.NamedNode("https://example.org/a"), "https://example.org/a"),
        (ox.Literal("a", language="en"), "a"),
        (ox.Literal(5), "5"),
        (ox.BlankNode("b"), "_:b"),
    ],
)
def test_a_term_as_people_read_it(term: object, text: str) -> None:
    assert render.cell(term) == text


# rows


def test_a_plain_table_is_as_wide_as_it_gets() -> None:
    assert solutions("table") == (
        "concept                name                    n\n"
        "─────────────────────  ──────────────────────  ─\n"
        "HP:0004934             Vascular calcification  5\n"
        "https://example.org/a  a | b\\c d\n"
    )


def test_a_table_on_a_terminal_fits_its_width() -> None:
    lines = re.sub(r"\x1b\[[0-9;]*m", "", solutions("table", width=40)).splitlines()
    assert max(map(len, lines)) <= 40
    assert "".join(re.findall(r"[a-z]+", "".join(lines))).count("concept") == 1


def test_a_table_on_a_terminal_takes_no_markup_from_the_data() -> None:
    assert "[red]x[/red]" in render.table(["a"], [["[red]x[/red]"]], width=40)


def test_a_table_without_rows_has_its_head() -> None:
    assert render.table(["a", "bc"], [], width=None) == "a  bc\n─  ──\n"


def test_markdown_escapes_bars_and_joins_lines() -> None:
    assert solutions("markdown") == (
        "| concept | name | n |\n"
        "| --- | --- | --- |\n"
        "| HP:0004934 | Vascular calcification | 5 |\n"
        "| https://example.org/a | a \\| b\\\\c d |  |\n"
    )


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=4))
def test_every_row_of_markdown_is_one_line_of_as_many_cells(rows: list[list[str]]) -> None:
    lines = render.markdown(["a", "b"], rows).split("\n")
    assert len(lines) == len(rows) + 3
    assert all(len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) == 3 for line in lines[:-1])


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=4))
def test_every_row_of_a_plain_table_is_one_line(rows: list[list[str]]) -> None:
    assert len(render.table(["a", "b"], rows, width=None).split("\n")) == len(rows) + 3


def test_csv_holds_iris() -> None:
    rows = list(csv.reader(io.StringIO(solutions("csv"), newline="")))
    assert rows[:2] == [
        ["concept", "name", "n"],
        ["http://purl.obolibrary.org/obo/HP_0004934", "Vascular calcification", "5"],
    ]


def test_tsv_holds_terms() -> None:
    assert solutions("tsv").splitlines()[1] == (
        '<http://purl.obolibrary.org/obo/HP_0004934>\t"Vascular calcification"@en\t5'
    )


def test_json_is_sparql_json() -> None:
    data = json.loads(solutions("json"))
    assert data["head"]["vars"] == ["concept", "name", "n"]
    assert data["results"]["bindings"][0]["name"] == {
        "type": "literal",
        "value": "Vascular calcification",
        "xml:lang": "en",
    }


def test_xml_is_sparql_xml() -> None:
    root = ET.fromstring(solutions("xml"))
    assert root.tag == "{http://www.w3.org/2005/sparql-results#}sparql"


def test_every_format_is_rendered() -> None:
    assert all(solutions(name) for name in render.ROW_FORMATS)


def test_every_suffix_stands_for_a_format() -> None:
    assert set(render.ROW_SUFFIXES.values()) == set(render.ROW_FORMATS)


# findings


def test_findings_in_json_are_objects_of_six_keys() -> None:
    first = json.loads(render.findings(FINDINGS, "json"))[0]
    assert first == {
        "rule": "https://w3id.org/calckg/ontology/shapes/concept-label",
        "severity": "violation",
        "subject": "http://purl.obolibrary.org/obo/HP_0004934",
        "message": "The concept has no label.",
        "remedy": 'Add one: "é, x".',
        "source": {"graph": "https://w3id.org/calckg/graph/meta"},
    }


def test_findings_in_csv_hold_iris() -> None:
    rows = list(csv.DictReader(io.StringIO(render.findings(FINDINGS, "csv"), newline="")))
    assert [row["subject"] for row in rows] == ["http://purl.obolibrary.org/obo/HP_0004934", "SCTID:1"]
    assert rows[0]["remedy"] == 'Add one: "é, x".'
    assert rows[1]["source"] == "a.tsv:3"


@pytest.mark.parametrize("name", ["table", "markdown"])
def test_findings_for_people_hold_curies(name: str) -> None:
    text = render.findings(FINDINGS, name)
    assert "HP:0004934" in text
    assert "ckg:shapes/concept-label" in text
    assert "kg:meta" in text


ODD = "".join(map(chr, range(0x20))) + "\x7f\x85 \u2028 é"


@pytest.mark.parametrize("odd", [ODD, "a\rb"])
def test_findings_in_csv_and_json_hold_whatever_a_value_holds(odd: str) -> None:
    report = Report([Finding("https://example.org/s", Severity.INFO, odd, odd, "", GraphSource(None))])
    (row,) = csv.DictReader(io.StringIO(render.findings(report, "csv"), newline=""))
    assert (row["subject"], row["message"]) == (odd, odd)
    (told,) = json.loads(render.findings(report, "json"))
    assert (told["subject"], told["message"]) == (odd, odd)


@pytest.mark.parametrize("width", [None, 80])
def test_no_value_gives_orders_to_the_terminal(width: int | None) -> None:
    drawn = render.table(["a"], [["red: \x1b[31m, bell: \x07, \x9b1m"]], width=width)
    assert r"red: \x1b[31m, bell: \x07, \x9b1m" in drawn
    assert r"| red: \\x1b[31m |" in render.markdown(["a"], [["red: \x1b[31m"]])


def test_no_findings_are_an_empty_list_in_json() -> None:
    assert json.loads(render.findings(Report(), "json")) == []


def test_no_findings_are_no_table() -> None:
    assert render.findings(Report(), "table") == ""


def test_no_findings_have_a_head_in_csv() -> None:
    assert render.findings(Report(), "csv") == "severity,rule,subject,message,remedy,source\n"
