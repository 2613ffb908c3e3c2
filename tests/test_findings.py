"""Findings are values of one form, in one order."""

from __future__ import annotations

import pytest

from calckg.findings import FileSource, Finding, GraphSource, Report, Severity


def finding(rule: str, severity: Severity, subject: str = "HP:0004934") -> Finding:
    return Finding(rule, severity, subject, "no name", "name it")


def test_severities_are_ordered() -> None:
    assert Severity.INFO < Severity.WARNING < Severity.VIOLATION


@pytest.mark.parametrize("text", ["violation", "Violation", "VIOLATION"])
def test_a_severity_is_read_in_any_case(text: str) -> None:
    assert Severity.of(text) is Severity.VIOLATION


def test_an_unknown_severity_is_refused() -> None:
    with pytest.raises(KeyError):
        Severity.of("grave")


def test_json_holds_six_keys() -> None:
    assert list(finding("a", Severity.INFO).as_dict()) == ["rule", "severity", "subject", "message", "remedy", "source"]


def test_a_file_is_a_source_by_its_line() -> None:
    assert FileSource("a.ttl", 3).as_dict() == {"file": "a.ttl", "line": 3}
    assert str(FileSource("a.ttl", 3)) == "a.ttl:3"


def test_a_file_is_a_source_without_a_line() -> None:
    assert str(FileSource("a.ttl")) == "a.ttl"


def test_a_named_graph_is_a_source() -> None:
    assert GraphSource("https://example.org/g").as_dict() == {"graph": "https://example.org/g"}


def test_the_default_graph_is_a_source() -> None:
    assert str(GraphSource()) == "default graph"


def test_the_gravest_comes_first_then_rules_in_order() -> None:
    report = Report([finding("b", Severity.INFO), finding("b", Severity.VIOLATION), finding("a", Severity.VIOLATION)])
    assert [(f.rule, f.severity) for f in report] == [
        ("a", Severity.VIOLATION),
        ("b", Severity.VIOLATION),
        ("b", Severity.INFO),
    ]


def test_the_order_does_not_depend_on_the_input() -> None:
    findings = [finding("a", Severity.INFO, subject) for subject in "zyx"]
    assert list(Report(findings)) == list(Report(reversed(findings)))


@pytest.mark.parametrize(("limit", "count"), [(Severity.VIOLATION, 1), (Severity.WARNING, 1), (Severity.INFO, 3)])
def test_at_least_counts_graver_ones_too(limit: Severity, count: int) -> None:
    report = Report(finding("a", s) for s in (Severity.INFO, Severity.INFO, Severity.VIOLATION))
    assert report.at_least(limit) == count


def test_counts_name_only_what_occurs() -> None:
    report = Report(finding("a", s) for s in (Severity.INFO, Severity.VIOLATION, Severity.INFO))
    assert report.counts() == {"violation": 1, "info": 2}
