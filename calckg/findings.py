"""What a check found: values, not exceptions, all of one form (shapes, mapping checks, reasoning)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum


class Severity(IntEnum):
    """How grave a finding is; the order is that of SHACL's severities (SHACL 2.1.4)."""

    INFO = 0
    WARNING = 1
    VIOLATION = 2

    @classmethod
    def of(cls, text: str) -> Severity:
        """Read ``violation``, ``warning`` or ``info``, in any case; raises ``KeyError`` for another word."""
        return cls[text.upper()]

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class FileSource:
    """A place in a file; ``line`` is 1-based."""

    file: str
    line: int | None = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"

    def as_dict(self) -> dict[str, object]:
        """Return the JSON form of the place."""
        return {"file": self.file, "line": self.line}


@dataclass(frozen=True, slots=True)
class GraphSource:
    """A named graph, by its IRI; ``None`` for the default graph."""

    graph: str | None = None

    def __str__(self) -> str:
        return self.graph or "default graph"

    def as_dict(self) -> dict[str, object]:
        """Return the JSON form of the place."""
        return {"graph": self.graph}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a rule found about one subject.

    ``rule`` is a shape's IRI or a check's id, ``subject`` an IRI or the text of a row, ``message`` says what is
    wrong and ``remedy`` what to do about it.
    """

    rule: str
    severity: Severity
    subject: str
    message: str
    remedy: str
    source: FileSource | GraphSource = field(default_factory=GraphSource)

    def as_dict(self) -> dict[str, object]:
        """Return the finding as JSON holds it: just these six keys."""
        return {
            "rule": self.rule,
            "severity": str(self.severity),
            "subject": self.subject,
            "message": self.message,
            "remedy": self.remedy,
            "source": self.source.as_dict(),
        }


class Report:
    """The findings of one run, in a stable order: gravest first, then by rule, subject and message."""

    def __init__(self, findings: Iterable[Finding] = ()) -> None:
        self.findings = sorted(findings, key=lambda f: (-f.severity, f.rule, f.subject, f.message, str(f.source)))

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    def at_least(self, severity: Severity) -> int:
        """Count the findings of this severity or a graver one."""
        return sum(1 for finding in self.findings if finding.severity >= severity)

    def counts(self) -> dict[str, int]:
        """Count the findings by severity, gravest first, only those that occur."""
        counter = Counter(finding.severity for finding in self.findings)
        return {str(severity): counter[severity] for severity in sorted(counter, reverse=True)}
