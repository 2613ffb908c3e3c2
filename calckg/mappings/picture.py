"""Pictures as SVG: the chains between two codes, and the coverage of code systems as bars.

The text is written by hand: no script, no font and no file of elsewhere. It is readable without colour (words, full,
dashed and hatched lines say the same), light or dark as the reader's system is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final
from unicodedata import east_asian_width

from calckg import prefixes
from calckg.findings import FileSource, GraphSource
from calckg.mappings.explain import Chain, Code, Contradiction, Explanation, Link, Statement

_WIDTH: Final = 960
_MARGIN: Final = 24
_BOX: Final = 34  # height of a code's box
_LINE: Final = 18  # from line to line of small text
_TOLD: Final = 4  # statements told of one link
_STYLE: Final = """
text { font-family: system-ui, "DejaVu Sans", sans-serif; font-size: 13px; fill: #1b1f24; }
.title { font-size: 16px; font-weight: bold; }
.strong { font-weight: bold; }
.small { font-size: 12px; fill: #57606a; }
.paper { fill: #ffffff; }
.box { fill: #eef4fb; stroke: #2f6db3; stroke-width: 1.5; }
.link { stroke: #1b1f24; stroke-width: 2; fill: none; }
.weak { stroke-dasharray: 6 4; }
.against { fill: none; stroke: #b3261e; stroke-width: 1.5; stroke-dasharray: 3 3; }
.wrong { fill: #b3261e; font-weight: bold; }
.frame { fill: none; stroke: #8c959f; }
.exact { fill: #2f6db3; }
.any { stroke: #2f6db3; stroke-width: 2; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; }
.small { fill: #9aa5b1; }
.paper { fill: #0d1117; }
.box { fill: #14263b; stroke: #6cb0f5; }
.link { stroke: #e6edf3; }
.against { stroke: #ff8a80; }
.wrong { fill: #ff8a80; }
.exact { fill: #6cb0f5; }
.any { stroke: #6cb0f5; }
}
"""
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar: its name, what it is of (0 where that is not known), how much of it is mapped at all, and exactly."""

    name: str
    whole: int
    mapped: int
    exact: int


def explanation(told: Explanation) -> str:
    """Return the picture of the chains between two codes, one below the other, and of what contradicts them."""
    drawing = _Drawing(f"{told.start.code} and {told.end.code}")
    drawing.text(_MARGIN, drawing.title, "title", 24)
    if not told.chains:
        drawing.text(_MARGIN, str(told.start), "", 24)
        drawing.text(_MARGIN, str(told.end), "", _LINE)
        drawing.text(_MARGIN, f"No chain of up to {told.longest} mappings connects them.", "", 24)
    for one in told.contradictions:
        _contradiction(drawing, one)
    for number, chain in enumerate(told.chains, 1):
        _chain(drawing, number, chain)
    if told.more:
        drawing.text(_MARGIN, "There are more chains.", "small", 24)
    return drawing.svg(f"{len(told.chains)} chains, {len(told.contradictions)} contradictions")


def coverage(bars: Sequence[Bar]) -> str:
    """Return the picture of how many codes of each code system are mapped: shares of releases, and bare numbers."""
    drawing = _Drawing("Coverage by code system")
    drawing.text(_MARGIN, "Coverage by code system", "title", 24)
    if not bars:
        drawing.text(_MARGIN, "There is no mapping.", "", 24)
    _legend(drawing)
    known = sorted((bar for bar in bars if bar.whole), key=lambda bar: (-bar.mapped / bar.whole, bar.name))
    others = sorted((bar for bar in bars if not bar.whole), key=lambda bar: (-bar.mapped, bar.name))
    if known:
        drawing.text(_MARGIN, "Share of the codes in the release that is loaded", "strong", 30)
    for bar in known:
        said = f"{bar.mapped:,} of {bar.whole:,} ({_percent(bar.mapped, bar.whole)}), {bar.exact:,} exactly"
        _bar(drawing, bar, bar.whole, said)
    if others:
        drawing.text(_MARGIN, "Codes that are mapped, of systems that are not loaded", "strong", 30)
    most = max((bar.mapped for bar in others), default=0)
    for bar in others:
        _bar(drawing, bar, most, f"{bar.mapped:,}, {bar.exact:,} exactly")
    return drawing.svg("Horizontal bars: codes with a mapping at all, and with an exact match")


class _Drawing:
    """Elements of a picture, and how far down it goes."""

    def __init__(self, title: str) -> None:
        self.title, self.y, self.elements = title, 0, list[str]()

    def add(self, element: str) -> None:
        self.elements.append(element)

    def text(self, x: int, text: str, style: str, down: int = 0, room: int | None = None) -> None:
        """Write a line, ``down`` below the last one, cut off where the picture, or ``room``, ends."""
        self.y += down
        wide = 9.9 if style == "title" else 8.3 if style in ("strong", "wrong") else 7.6 if style != "small" else 7.1
        told = _cut(text, (room if room is not None else _WIDTH - _MARGIN - x) / wide)
        whole = "" if told == _plain(text) else f"<title>{_xml(text)}</title>"
        mark = f' class="{style}"' if style else ""
        self.add(f'<text x="{x}" y="{self.y}"{mark}>{_xml(told)}{whole}</text>')

    def svg(self, description: str) -> str:
        height = self.y + _MARGIN
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
            f'viewBox="0 0 {_WIDTH} {height}" role="img" aria-labelledby="title description">'
        )
        hatch = (
            '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
            'patternTransform="rotate(45)"><line class="any" x1="0" y1="0" x2="0" y2="6"/></pattern></defs>'
        )
        titles = [f'<title id="title">{_xml(self.title)}</title>', f'<desc id="description">{_xml(description)}</desc>']
        paper = f'<rect class="paper" width="{_WIDTH}" height="{height}"/>'
        return "\n".join([head, *titles, f"<style>{_STYLE}</style>", hatch, paper, *self.elements, "</svg>"]) + "\n"


def _contradiction(drawing: _Drawing, one: Contradiction) -> None:
    top = drawing.y + 14
    height = 30 + _LINE * len(one.statements)
    drawing.add(
        f'<rect class="against" x="{_MARGIN}" y="{top}" width="{_WIDTH - 2 * _MARGIN}" height="{height}" rx="4"/>'
    )
    drawing.text(_MARGIN + 12, f"✗ Contradiction{_of(one.chains)}: {one.said}", "wrong", 34, _WIDTH - 2 * _MARGIN - 24)
    for statement in one.statements:
        drawing.text(_MARGIN + 28, f"{triple(statement)} · {origin(statement)}", "small", _LINE)
    drawing.y = top + height


def _of(numbers: Sequence[int]) -> str:
    if not numbers:
        return ""
    return f" (chain{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))})"


def _chain(drawing: _Drawing, number: int, chain: Chain) -> None:
    count = len(chain.links)
    drawing.text(_MARGIN, f"Chain {number}: {count} link{'s' if count > 1 else ''}, {chain.kind}", "strong", 36)
    drawing.y += 10
    _box(drawing, chain.links[0].start)
    for link in chain.links:
        _link(drawing, link)
        _box(drawing, link.end)


def _box(drawing: _Drawing, code: Code) -> None:
    name = _cut(code.code, 36)
    wide = min(_WIDTH - 2 * _MARGIN, 24 + round(8.6 * _length(name)))
    drawing.add(f'<rect class="box" x="{_MARGIN}" y="{drawing.y}" width="{wide}" height="{_BOX}" rx="5"/>')
    drawing.text(_MARGIN + 12, code.code, "strong", 22, 24 + wide)
    drawing.text(_MARGIN + wide + 12, code.label, "", room=_WIDTH - 2 * _MARGIN - wide - 12)
    drawing.y += _BOX - 22


def _link(drawing: _Drawing, link: Link) -> None:
    told = link.statements[:_TOLD]
    more = len(link.statements) - len(told)
    height = 12 + _LINE * (len(told) + (1 if more else 0))
    weak = "" if link.kind == "exact" else " weak"
    x, top = _MARGIN + 26, drawing.y
    drawing.add(f'<path class="link{weak}" d="M{x} {top}V{top + height}"/>')
    for statement in told:
        sign = "=" if statement.kind == "exact" else "↓" if statement.subject == link.start.code else "↑"
        drawing.text(x + 16, f"{sign} {statement.predicate} · {origin(statement)}", "small", _LINE)
    if more:
        drawing.text(x + 16, f"and {more:,} more", "small", _LINE)
    drawing.y = top + height


def _legend(drawing: _Drawing) -> None:
    y = drawing.y + 14
    drawing.add(f'<rect class="exact" x="{_MARGIN}" y="{y}" width="24" height="12"/>')
    drawing.add(f'<rect fill="url(#hatch)" x="{_MARGIN + 150}" y="{y}" width="24" height="12"/>')
    drawing.add(f'<rect class="frame" x="{_MARGIN + 150}" y="{y}" width="24" height="12"/>')
    drawing.text(_MARGIN + 32, "exact match", "small", 25, 110)
    drawing.text(_MARGIN + 182, "other mappings only", "small")


def _bar(drawing: _Drawing, bar: Bar, full: int, said: str) -> None:
    left, most = _MARGIN + 170, 420
    y = drawing.y + 10

    def width(count: int) -> float:
        return round(most * count / full, 1) if full else 0.0

    exact, mapped = width(bar.exact), width(bar.mapped)
    drawing.add(f'<rect class="exact" x="{left}" y="{y}" width="{exact}" height="16"/>')
    drawing.add(f'<rect fill="url(#hatch)" x="{left + exact}" y="{y}" width="{round(mapped - exact, 1)}" height="16"/>')
    drawing.add(f'<rect class="frame" x="{left}" y="{y}" width="{most if bar.whole else mapped}" height="16"/>')
    drawing.text(_MARGIN, bar.name, "", 23, 162)
    end = left + (most if bar.whole else round(mapped)) + 8
    drawing.text(end, said, "small")
    drawing.y += 3


def triple(statement: Statement) -> str:
    """Return a statement as a line of text."""
    negated = "not " if statement.negated else ""
    return f"{statement.subject} {negated}{statement.predicate or '(no predicate)'} {statement.target}"


def origin(statement: Statement) -> str:
    """Return where a statement is, how it is justified and by whom, as a line of text."""
    return " · ".join(part for part in (place(statement.source), statement.justification, statement.author) if part)


def place(source: FileSource | GraphSource) -> str:
    """Return a place as people read it: a named graph as a CURIE."""
    told = str(source)
    return told if isinstance(source, FileSource) else prefixes.load().compress(told) or told


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %"


def _plain(text: str) -> str:
    return " ".join(_NOT_XML.sub("\ufffd", text).split())


def _xml(text: str) -> str:
    return escape(_plain(text))


def _length(text: str) -> float:
    """Return how much room a text takes, in small letters."""
    return sum(2 if east_asian_width(letter) in "WF" else 1.35 if letter.isupper() else 1 for letter in text)


def _cut(text: str, room: float) -> str:
    """Return as much of a text as ``room`` letters hold, wide ones counted twice."""
    text = _plain(text)
    if _length(text) <= room:
        return text
    used, letters = 1.0, list[str]()
    for letter in text:
        used += _length(letter)
        if used > room:
            break
        letters.append(letter)
    return "".join(letters).rstrip() + "…"
