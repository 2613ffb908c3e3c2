"""Findings for CI systems: SARIF 2.1.0 and JUnit's XML."""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib.metadata import version
from xml.etree import ElementTree as ET

from calckg import prefixes
from calckg.findings import FileSource, Finding, Severity

_LEVELS = {Severity.VIOLATION: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def _short(iri: str) -> str:
    return prefixes.load().compress(iri) or iri


def sarif(findings: Iterable[Finding]) -> str:
    """Return a SARIF log of one run: a rule for each shape that found something, a result for each finding."""
    kept = list(findings)
    rules = {finding.rule: finding for finding in reversed(kept)}
    places = {rule: number for number, rule in enumerate(sorted(rules))}
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "calckg",
                        "version": version("calckg"),
                        "rules": [_rule(rule, rules[rule]) for rule in sorted(rules)],
                    }
                },
                "results": [_result(finding, places[finding.rule]) for finding in kept],
            }
        ],
    }
    return json.dumps(log, indent=1, ensure_ascii=False) + "\n"


def _rule(rule: str, finding: Finding) -> dict[str, object]:
    told: dict[str, object] = {"id": _short(rule), "defaultConfiguration": {"level": _LEVELS[finding.severity]}}
    if finding.remedy:
        told["help"] = {"text": finding.remedy}
    return told


def _result(finding: Finding, rule: int) -> dict[str, object]:
    location: dict[str, object] = {"logicalLocations": [{"fullyQualifiedName": finding.subject}]}
    if isinstance(finding.source, FileSource):
        place: dict[str, object] = {"artifactLocation": {"uri": finding.source.file}}
        if finding.source.line is not None:
            place["region"] = {"startLine": finding.source.line}
        location["physicalLocation"] = place
    return {
        "ruleId": _short(finding.rule),
        "ruleIndex": rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{_short(finding.subject)}: {finding.message}"},
        "locations": [location],
    }


def junit(findings: Iterable[Finding], checked: Iterable[tuple[str, float]], limit: Severity) -> str:
    """Return JUnit's XML: a case for each shape in ``checked`` (IRI, seconds); findings from ``limit`` on fail it."""
    by_rule: dict[str, list[Finding]] = {}
    for finding in findings:
        by_rule.setdefault(finding.rule, []).append(finding)
    seconds: dict[str, float] = dict.fromkeys(by_rule, 0.0)
    for rule, took in checked:
        seconds[rule] = seconds.get(rule, 0.0) + took
    suite = ET.Element("testsuite", name="calckg validate", tests=str(len(seconds)))
    failures = 0
    for rule in sorted(seconds):
        case = ET.SubElement(suite, "testcase", classname="shapes", name=_short(rule), time=f"{seconds[rule]:.3f}")
        found = by_rule.get(rule, [])
        grave = [finding for finding in found if finding.severity >= limit]
        lines = "\n".join(f"{f.severity}: {_short(f.subject)}: {f.message} ({f.source})" for f in found)
        if grave:
            failures += 1
            ET.SubElement(case, "failure", message=f"{len(grave)} findings: {grave[0].message}").text = lines
        elif found:
            ET.SubElement(case, "system-out").text = lines
    suite.set("failures", str(failures))
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"
