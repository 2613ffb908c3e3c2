"""Findings for CI systems: SARIF 2.1.0 and JUnit's XML."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from urllib.parse import quote
from xml.etree import ElementTree as ET

from calckg import prefixes
from calckg.findings import FileSource, Finding, Severity
from calckg.printable import printable
from calckg.render import counted

_LEVELS = {Severity.VIOLATION: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def _short(iri: str) -> str:
    return prefixes.load().compress(iri) or iri


def sarif(findings: Iterable[Finding], left_out: Sequence[str] = ()) -> str:
    """Return a SARIF log of one run: a rule for each shape that found something, a result for each finding.

    ``left_out`` says what a limit kept from the results; each line becomes a notification of the run.
    """
    kept = list(findings)
    rules = {finding.rule: finding for finding in reversed(kept)}
    places = {rule: number for number, rule in enumerate(sorted(rules))}
    notes = [{"level": "warning", "message": {"text": text}} for text in left_out]
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
                "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notes}],
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
        place: dict[str, object] = {"artifactLocation": {"uri": quote(os.fsencode(finding.source.file))}}
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


def junit(findings: Iterable[Finding], checked: Iterable[tuple[str, float, int]], limit: Severity) -> str:
    """Return JUnit's XML: a case for each shape; findings from ``limit`` on fail it.

    ``checked`` has, once or more for each shape, its IRI, seconds, and how many such findings are not told. Characters
    that XML 1.0 does not have (2.2), most control characters among them, are escaped (``\\x1b``).
    """
    by_rule: dict[str, list[Finding]] = {}
    for finding in findings:
        by_rule.setdefault(finding.rule, []).append(finding)
    seconds: dict[str, float] = dict.fromkeys(by_rule, 0.0)
    more: dict[str, int] = {}
    for rule, took, untold in checked:
        seconds[rule] = seconds.get(rule, 0.0) + took
        more[rule] = more.get(rule, 0) + untold
    suite = ET.Element("testsuite", name="calckg validate", tests=str(len(seconds)))
    failures = 0
    for rule in sorted(seconds):
        case = ET.SubElement(suite, "testcase", classname="shapes", name=_short(rule), time=f"{seconds[rule]:.3f}")
        found = by_rule.get(rule, [])
        grave = [finding for finding in found if finding.severity >= limit]
        lines = "\n".join(f"{f.severity}: {_short(f.subject)}: {f.message} ({f.source})" for f in found)
        count = len(grave) + more.get(rule, 0)
        if count:
            failures += 1
            said = counted(count, "finding") + (f": {grave[0].message}" if grave else ", not told")
            ET.SubElement(case, "failure", message=said).text = lines
        elif found:
            ET.SubElement(case, "system-out").text = lines
    suite.set("failures", str(failures))
    ET.indent(suite)
    # What XML 1.0 does not have is some of what must not reach a terminal.
    return printable(ET.tostring(suite, encoding="unicode", xml_declaration=True)) + "\n"
