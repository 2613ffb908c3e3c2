"""``calckg build``: releases to a graph directory."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from calckg import build as building
from calckg import earlier, render
from calckg.errors import UsageError
from calckg.upstream import registry

app = typer.Typer(add_completion=False)


@app.command()
def build(
    downloads: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATH]...", help="Files of releases, or folders of them.")
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="KG", help="The graph directory to make or to renew.")
    ] = Path("KG"),
    source: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=PATH", help="Say outright whose a file is (repeatable): pubmed=articles.xml."),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this source of those found (repeatable).")
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Without this source (repeatable), also if it was there.")
    ] = None,
    curated: Annotated[bool, typer.Option(help="With calckg's own curated graph.")] = True,
    store: Annotated[bool, typer.Option(help="With the store; without it: columns only, for stats and dump.")] = True,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget what an earlier build has put there.")] = False,
    root: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CONCEPT",
            help="Keep only this concept (a code or a name; repeatable), what is narrower, and what is linked to them.",
        ),
    ] = None,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="Leave out rows that can't be read, count and list them.")
    ] = False,
) -> None:
    """Build a graph from releases of HPO, MedGen, Mondo, UMLS, SNOMED CT, MeSH, PubMed, MedlinePlus and SSSOM sets.

    Files are known by their names and first lines. An unchanged file is not read again; sources of an earlier build
    that are not given stay. The old graph stays whole until the new one is complete.
    """
    if not downloads and not source and not without:
        raise UsageError("name the files or folders to build from, such as: calckg build downloads -o KG")
    planned = building.plan(downloads or [], [_named(text) for text in source or []])
    for line in [*_listed("not known", planned.unknown), *_listed("not a whole download", planned.incomplete)]:
        print(line, file=sys.stderr)
    if not planned.graphs and not without:
        raise UsageError("none of these files is known; say whose they are with --source NAME=PATH")
    _select(planned, only or [], without or [], earlier.names(output))
    with _bars() as progress:
        done = building.build(
            output,
            planned,
            curated=curated,
            fresh=fresh,
            without=without or [],
            with_store=store,
            keep_going=keep_going,
            roots=root or [],
            progress=progress,
        )
    _summary(done)


def _named(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    if not equals or not path:
        raise UsageError(f"--source {text!r}: write NAME=PATH, such as pubmed=articles.xml")
    registry.by_name(name)
    return name, Path(path)


def _select(planned: building.Plan, only: list[str], without: list[str], known: set[str]) -> None:
    """Keep what --only and --without say; a name is a source's or a named graph's, here or in an earlier build."""
    here = {graph.removeprefix(registry.RELEASE) for graph in planned.graphs}
    for name in [*only, *without]:
        if name not in here | known:
            registry.by_name(name)
    for graph, items in list(planned.graphs.items()):
        names = {graph.removeprefix(registry.RELEASE), items[0].format.source.name}
        if (only and not names & set(only)) or names & set(without):
            del planned.graphs[graph]
    if only and not planned.graphs:
        raise UsageError(f"--only {', '.join(only)}: there is no file of it here; found: {', '.join(sorted(here))}")


def _listed(why: str, paths: list[Path]) -> Iterator[str]:
    """Name the files that are left out, many in one folder together."""
    folders = Counter(path.parent for path in paths)
    for folder, count in sorted(folders.items()):
        if count > 3:
            yield f"{why}, left out: {count} files in {folder}"
            continue
        for path in sorted(paths):
            if path.parent == folder:
                yield f"{why}, left out: {path}"


@contextmanager
def _bars() -> Iterator[building.Progress]:
    """Show a line for each stage with what is done and the time; nothing when it is no terminal."""
    if not sys.stderr.isatty():
        yield lambda what, count: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TextColumn("{task.completed:,.0f}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as shown:
        stages: dict[str, object] = {}

        def progress(what: str, count: int) -> None:
            name = what.removeprefix(registry.RELEASE)
            if name not in stages:
                stages[name] = shown.add_task(name, total=None)
            if what == "store":
                shown.advance(stages[name], count)  # type: ignore[arg-type]
            else:
                shown.update(stages[name], completed=count)  # type: ignore[arg-type]

        yield progress


def _summary(done: list[building.Done]) -> None:
    rows = [
        (
            one.graph.removeprefix(registry.RELEASE),
            str(one.files),
            f"{one.rows:,}",
            f"{one.quads:,}",
            "kept" if one.kept else f"{one.seconds:.1f}",
            f"{one.memory:,}",
            str(len(one.errors)) if one.errors else "",
        )
        for one in done
    ]
    columns = ("source", "files", "rows", "quads", "seconds", "peak MiB", "left out")
    print(render.table(columns, rows, width=None), end="", file=sys.stderr)
    for one in done:
        for error in one.errors:
            print(f"left out: {error}", file=sys.stderr)
