"""The rules of mapping checks: their texts, examples and severities are in ``ontology/mapping-rules.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from calckg import resources
from calckg.errors import SourceError, UnknownNameError
from calckg.findings import Severity

FAMILIES = ("file", "record", "identifier", "existence", "cardinality", "logic", "hierarchy", "meaning", "provenance")


@dataclass(frozen=True, slots=True)
class Rule:
    """One check: what is wrong (``problem``), what to do (``remedy``), and how grave it is.

    ``id`` is its family and its name with a slash between. ``good`` and ``bad`` are examples: rows of a mapping set,
    the cells between bars, and for a rule that looks at vocabularies a graph in Turtle, ``graph``.
    """

    id: str
    severity: Severity
    problem: str
    remedy: str
    good: str
    bad: str
    graph: str = ""

    @property
    def family(self) -> str:
        """What kind of check it is."""
        return self.id.partition("/")[0]


@cache
def load() -> Mapping[str, Rule]:
    """Return the rules by id, in the order of the file."""
    with (resources.ontology_dir() / "mapping-rules.toml").open("rb") as stream:
        told = tomllib.load(stream)
    return {
        f"{family}/{name}": Rule(
            f"{family}/{name}",
            Severity.of(one["severity"]),
            " ".join(one["problem"].split()),
            " ".join(one["remedy"].split()),
            one.get("good", ""),
            one.get("bad", ""),
            one.get("graph", ""),
        )
        for family, rules in told.items()
        for name, one in rules.items()
    }


def chosen(only: Sequence[str] = (), skip: Sequence[str] = (), profile: Path | None = None) -> dict[str, Rule]:
    """Return the rules to check by.

    ``only`` and ``skip`` are ids, or families; ``profile`` is a TOML file of severities by id, ``"off"`` among them:
    ``"cardinality/exact" = "info"``. Raises ``UnknownNameError`` for a rule that is none, ``SourceError`` for a profile
    that can't be read.
    """
    known = load()
    severities = {} if profile is None else _profile(profile, known)
    kept = {}
    for name, rule in known.items():
        wanted = not only or name in only or rule.family in only
        if wanted and name not in skip and rule.family not in skip and severities.get(name) != "off":
            kept[name] = replace(rule, severity=Severity.of(severities[name])) if name in severities else rule
    for name in (*only, *skip):
        if name not in known and name not in FAMILIES:
            raise UnknownNameError("rule", name, [*known, *FAMILIES])
    return kept


def _profile(path: Path, known: Mapping[str, Rule]) -> dict[str, str]:
    try:
        with path.open("rb") as stream:
            told = tomllib.load(stream)
    except OSError as error:
        raise SourceError(f"can't be read ({error.strerror}); check its path", path) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SourceError(f'is no TOML ({error}); write lines such as "record/confidence" = "info"', path) from None
    for name, severity in told.items():
        if name not in known:
            raise SourceError(f"{name!r} is no rule; calckg mappings rules lists them", path)
        if severity not in {"violation", "warning", "info", "off"}:
            raise SourceError(f"{name} = {severity!r}: write violation, warning, info or off", path)
    return {str(name): str(severity) for name, severity in told.items()}
