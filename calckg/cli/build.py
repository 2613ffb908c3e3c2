"""``calckg build``: releases to a graph directory."""

from __future__ import annotations

import shlex
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from calckg import build as building
from calckg import earlier, planning, render, running, validating
from calckg.errors import UsageError
from calckg.kg import KnowledgeGraph
from calckg.upstream import registry

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

app = typer.Typer(add_completion=False)
_MONTH = 31


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
    validate: Annotated[bool, typer.Option(help="Check what was built against calckg's shapes.")] = True,
) -> None:
    """Build a graph from releases of HPO, MedGen, Mondo, UMLS, SNOMED CT, MeSH, PubMed, MedlinePlus and SSSOM sets.

    Files are known by their names and first lines. An unchanged file is not read again; sources of an earlier build
    that are not given stay. The old graph stays whole until the new one is complete.
    """
    if not downloads and not source and not without:
        raise UsageError("name the files or folders to build from, such as: calckg build downloads -o KG")
    planned = planning.plan(downloads or [], [_named(text) for text in source or []])
    _say(*_listed("not known", planned.unknown), *_listed("not a whole download", planned.incomplete))
    if not planned.graphs and not without:
        raise UsageError("none of these files is known; say whose they are with --source NAME=PATH")
    _select(planned, only or [], without or [], earlier.names(output))
    _say(*_far_apart(planned))
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
            validate=validate,
            progress=progress,
        )
    _summary(done, output if validate else None)


def _say(*lines: str) -> None:
    for line in lines:
        print(line, file=sys.stderr)


def _named(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    if not equals or not path:
        raise UsageError(f"--source {text!r}: write NAME=PATH, such as pubmed=articles.xml")
    registry.by_name(name)
    return name, Path(path)


def _select(planned: planning.Plan, only: list[str], without: list[str], known: set[str]) -> None:
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


def _far_apart(planned: planning.Plan) -> Iterator[str]:
    """Name the releases of which one file is more than a month younger than another: they may not fit together."""
    for graph, items in planned.graphs.items():
        # A release that is called by something else than its day may be of parts that have days of their own.
        said = [(item.stated.version, item.stated.issued or "", item.path.name) for item in items]
        days = sorted((day, file) for version, day, file in said if version == day and len(day) == 10)
        if days and (date.fromisoformat(days[-1][0]) - date.fromisoformat(days[0][0])).days > _MONTH:
            (first, old), (last, new) = days[0], days[-1]
            name = graph.removeprefix(registry.RELEASE)
            yield f"{name}: files of different releases, {old} of {first} and {new} of {last}; is one out of date?"


@contextmanager
def _bars() -> Iterator[building.Progress]:
    """Show a line for each stage: a bar, how much is done, how fast, and the time. Nothing when it is no terminal."""
    if not sys.stderr.isatty():
        yield lambda what, count, at: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn
    from rich.text import Text

    class Reading(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(stages.reading(task.id), no_wrap=True, overflow="ellipsis")

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[done]}"),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        Reading(),
    )
    shown = Progress(*columns, console=Console(stderr=True))
    stages = Stages(shown)
    with shown:
        yield stages.tell
        stages.end()


class Stages:
    """The lines of the stages; one runs at a time, and how long it will take is not known."""

    def __init__(self, shown: RichProgress) -> None:
        self.shown = shown
        self.lines: dict[str, TaskID] = {}
        self.counts: dict[str, int] = {}
        self.begun: dict[str, float] = {}
        self.running: str | None = None
        self.at, self.before = "", 0  # the file that is read, and the rows that readers had given before it

    def tell(self, what: str, count: int, at: str) -> None:
        """Show that of the stage ``what`` so many rows or quads are done, and that the file ``at`` is next."""
        self.at, self.before = at, running.rows()
        if what != self.running:
            self.end()
            self.running = what
            if what not in self.lines:
                self.lines[what] = self.shown.add_task(
                    what.removeprefix(registry.RELEASE), total=None, done="", rate=""
                )
                self.begun[what] = time.perf_counter()
        # The store is loaded in parts, each of which is told by itself.
        self.counts[what] = self.counts.get(what, 0) + count if what == "store" else count
        done, seconds = self.counts[what], time.perf_counter() - self.begun[what]
        unit = "rows" if what.startswith(registry.RELEASE) else "quads"
        if done:
            self.shown.update(self.lines[what], done=f"{done:,} {unit}", rate=f"{done / seconds:,.0f}/s")

    def reading(self, line: TaskID) -> str:
        """Return which file the stage of a line reads, and how far that is, or how many rows it has given."""
        if not self.at or self.running is None or line != self.lines.get(self.running):
            return ""
        percent, rows = running.percent(), running.rows() - self.before
        if rows:
            return f"{self.at} {rows:,} table rows"
        return f"{self.at} {percent:.0f} %" if percent is not None else self.at

    def end(self) -> None:
        """Fill the bar of the stage that runs, and stop its clock."""
        if self.running is not None:
            line = self.lines[self.running]
            self.shown.update(line, total=1, completed=1)
            self.shown.stop_task(line)
            self.running = None


def _validated(output: Path) -> str:
    """Return how many findings there are, and the command that lists them."""
    entry = KnowledgeGraph.built(output).manifest["validation"]
    if entry is None:
        again = f"calckg validate --kg {shlex.quote(str(output))}"
        return f"not validated: there was not enough memory or disk for it; try {again}"
    listed = f"; calckg validate --kg {shlex.quote(str(output))} lists them" if any(entry["results"].values()) else ""
    return f"validated: {validating.told(entry)}{listed}"


def _summary(done: list[building.Done], validated: Path | None) -> None:
    lines = [
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
    print(render.table(columns, lines, width=None), end="", file=sys.stderr)
    for one in done:
        name = one.graph.removeprefix(registry.RELEASE)
        for file, rule, count in one.by_rule:
            rows = "row" if count == 1 else "rows"
            print(f"{name}: left out by rule, {count:,} {rows} of {file}: {rule}", file=sys.stderr)
        for error in one.errors:
            print(f"left out: {error}", file=sys.stderr)
    if validated is not None:
        print(_validated(validated), file=sys.stderr)
