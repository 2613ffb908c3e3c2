"""``calckg show``: a concept as a page in the terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from textwrap import fill
from typing import Annotated

import typer

from calckg import concepts
from calckg.card import Card, Section
from calckg.card import card as make
from calckg.cli.options import (
    EndpointOption,
    KgOption,
    OutputOption,
    choose_format,
    emit,
    open_graph,
    terminal_width,
)

app = typer.Typer(add_completion=False)
_FORMATS = ("text", "markdown", "json")
_SUFFIXES = {".txt": "text", ".md": "markdown", ".json": "json"}
_WIDTH = 100  # of the text where there is no terminal


@app.command()
def show(
    concept: Annotated[
        str, typer.Argument(metavar="CONCEPT", help="A code (HP:0004934, SCTID:237897009, an IRI) or a name.")
    ],
    format: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="NAME",
            help=f"One of: {', '.join(_FORMATS)}. Default: by the suffix of -o, else text.",
        ),
    ] = None,
    kg: KgOption = None,
    endpoint: EndpointOption = None,
    output: OutputOption = None,
) -> None:
    """Show a concept: names, codes, definition, hierarchy, conditions, features, claims, literature, sources.

    The page is the same whichever of its codes it is asked for by.
    """
    name = choose_format(format, output, _FORMATS, _SUFFIXES, "text")
    graph = open_graph(kg, endpoint).sparql
    page = make(graph, concepts.find(graph, concept))
    if name == "json":
        text = json.dumps(asdict(page), indent=2, ensure_ascii=False) + "\n"
    elif name == "markdown":
        text = "".join(_markdown(page))
    else:
        width = terminal_width(output)
        text = "".join(f"{line}\n" for line in _lines(page, width or _WIDTH, bold=width is not None))
    emit(text.encode(), output)


def _lines(page: Card, width: int, *, bold: bool) -> Iterator[str]:
    """Yield the page's lines for a terminal that is ``width`` columns wide."""

    def strong(text: str) -> str:
        return f"\033[1m{text}\033[0m" if bold else text

    yield strong(page.label) + " " * max(2, width - len(page.label) - len(page.leader)) + page.leader
    yield "═" * width
    yield from (fill(text, width) for text in (", ".join(page.categories), *page.definitions) if text)
    for section in page.sections:
        yield ""
        yield strong(_title(section))
        under = ""
        for group, entry in section.entries:
            if group != under:
                yield f"  {group}"
                under = group
            margin = "    " if group else "  "
            yield fill(entry, width, initial_indent=margin + "· ", subsequent_indent=margin + "  ")


def _title(section: Section) -> str:
    return f"{section.title} ({len(section.entries)})"


def _markdown(page: Card) -> Iterator[str]:
    yield f"# {page.label} ({page.leader})\n\n"
    yield "\n\n".join(text for text in (", ".join(page.categories), *page.definitions) if text) + "\n"
    for section in page.sections:
        yield f"\n## {_title(section)}\n\n"
        under = ""
        for group, entry in section.entries:
            if group != under:
                yield f"\n### {group}\n\n"
                under = group
            yield f"- {entry}\n"
