"""``calckg diff``: what changed between two built graphs."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from calckg import bundle, prefixes, rdf, render
from calckg.cli.options import OutputOption, choose_format, emit, opened, terminal_width
from calckg.kg import KnowledgeGraph

if TYPE_CHECKING:
    from calckg.diff import Change

app = typer.Typer(add_completion=False)
_FORMATS = ("table", "csv", "json", "markdown")
_SUFFIXES = rdf.SUFFIXES | {".csv": "csv", ".json": "json", ".md": "markdown", ".txt": "table"}
_COLUMNS = (
    *("change", "id", "label", "property", "before", "before_label", "after", "after_label", "statement"),
    *("details", "graphs"),
)
_SHORT_COLUMNS = ("change", "id", "label", "property", "before", "after", "details", "graphs")


@app.command()
def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="The earlier graph's directory, or: bundled.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The later graph's directory, or: bundled.")],
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 1 when the graphs differ, as git diff does.")
    ] = False,
    format: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="NAME",
            help=f"One of: {', '.join((*_FORMATS, *rdf.FORMATS))}. "
            "Default: by the suffix of -o, a table on a terminal, else csv.",
        ),
    ] = None,
    output: OutputOption = None,
) -> None:
    """Tell what changed between two built graphs: concepts, mappings, associations, citations, literature links.

    Concepts are added, retired, restored, removed, renamed or moved in the graph as a whole; statements are gained or
    lost by source. RDF formats hold every triple: nquads, trig and jsonld in the graphs kg:diff/added/NAME and
    kg:diff/removed/NAME, the others as change sets (vocab.org/changeset).
    """
    from calckg import changeset
    from calckg.diff import Difference

    width = terminal_width(output)
    name = choose_format(format, output, (*_FORMATS, *rdf.FORMATS), _SUFFIXES, "table" if width else "csv")
    with Difference(_directory(old), _directory(new)) as difference:
        changes = difference.changes()
        added, removed = difference.counts()
        if name in rdf.FORMATS:
            as_rdf = changeset.dataset if rdf.FORMATS[name].supports_datasets else changeset.change_sets
            with opened(output) as stream:
                rdf.write_quads(as_rdf(difference), stream, name)
        else:
            emit(_rendered(changes, name, width).encode(), output)
    _summary(changes, added, removed)
    if exit_code and added + removed:
        raise typer.Exit(1)


def _directory(name: str) -> Path:
    if name == "bundled":
        return bundle.directory()
    KnowledgeGraph.built(name)  # says what is wrong with the path
    return Path(name)


def _rendered(changes: Sequence[Change], name: str, width: int | None) -> str:
    if name == "json":
        return json.dumps([_object(change) for change in changes], indent=2, ensure_ascii=False) + "\n"
    if name == "csv":
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows(_row(change) for change in changes)
        return stream.getvalue()
    rows = [_short_row(change) for change in changes]
    if name == "markdown":
        return render.markdown(_SHORT_COLUMNS, rows)
    return render.table(_SHORT_COLUMNS, rows, width=width) if rows else ""


def _object(change: Change) -> dict[str, object]:
    """Return a change as JSON: terms as IRIs or texts, what does not apply left out."""
    texts = dict(zip(_COLUMNS, _row(change)[:9], strict=False))
    found: dict[str, object] = {column: text for column, text in texts.items() if text}
    details: dict[str, list[str]] = {}
    for about, value in change.details:
        details.setdefault(about, []).append(value)
    return found | {"details": details, "graphs": list(change.graphs)}


def _row(change: Change) -> tuple[str, ...]:
    details = "; ".join(f"{about}={value}" for about, value in change.details)
    named = (change.kind, change.id, change.label, change.property, change.before, change.before_label)
    return (*named, change.after, change.after_label, change.statement, details, " ".join(change.graphs))


def _short_row(change: Change) -> tuple[str, ...]:
    """Return a change as people read it: IRIs as CURIEs, a concept beside its label."""
    details = "; ".join(f"{_curie(about)} {_curie(value)}" for about, value in change.details)
    before = f"{_curie(change.before)} {change.before_label}".strip()
    after = f"{_curie(change.after)} {change.after_label}".strip()
    graphs = " ".join(map(_curie, change.graphs))
    said = (change.kind, _curie(change.id), change.label, _curie(change.property), before, after)
    return (*said, details, graphs)


def _curie(text: str) -> str:
    return prefixes.load().compress(text) or text


def _summary(changes: Sequence[Change], added: int, removed: int) -> None:
    counts = Counter(change.kind for change in changes)
    parts = [f"{kind}: {number:,}" for kind, number in counts.items()]
    print("; ".join([*parts, f"quads added: {added:,}", f"quads removed: {removed:,}"]), file=sys.stderr)
