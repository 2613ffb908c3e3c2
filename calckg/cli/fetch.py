"""``calckg fetch``: releases, from their publishers to a folder."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from calckg.cli.options import emit, terminal_width
from calckg.errors import UsageError

if TYPE_CHECKING:
    from calckg.fetch import Release, Watcher

app = typer.Typer(add_completion=False)
_UNITS = {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}


@app.command()
def fetch(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="Releases to fetch: hpo, medgen, mondo …")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIRECTORY", help="Where the files go. It is made if need be."),
    ] = None,
    list_all: Annotated[
        bool, typer.Option("--list", help="List the releases, their size, terms and page; of NAMEs, the files.")
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Only the files of such a name, as in 'MG*' (repeatable)."),
    ] = None,
    max_unpacked: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE",
            help="Refuse a file that is, or unpacks to, more than this: 500M, 20G. "
            "Default: 16G, and 200 times the packed size.",
        ),
    ] = None,
    releases: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Another table of addresses (a mirror's), like graph/releases.toml."),
    ] = None,
) -> None:
    """Download releases from their publishers, ready for a build.

    What has broken off is gone on with, also in a later run; what has not changed is not downloaded again. A file gets
    its name when it is whole: size, checksum where the publisher gives one, and what it unpacks to are checked.
    Standard output has the path of each file.
    """
    from calckg.fetch import Limits, chosen, load
    from calckg.fetch import fetch as fetch_releases

    known = load(releases)
    wanted = chosen(known, names or ())
    if list_all:
        emit(_listing(wanted or list(known.values()), with_files=bool(wanted)).encode(), None)
        return
    if not wanted:
        raise UsageError("no release is named; calckg fetch --list shows all")
    if output is None:
        raise UsageError("no directory is named; add -o DIRECTORY")
    limits = Limits(_bytes(max_unpacked))
    count = come = 0
    with _watching() as watcher:
        for path, new in fetch_releases(wanted, output, only=only or (), limits=limits, watcher=watcher):
            print(path, flush=True)
            count, come = count + 1, come + new
        watcher.say(f"{count} files: {come} downloaded, {count - come} unchanged")


def _listing(releases: list[Release], *, with_files: bool) -> str:
    from calckg.render import table

    if not with_files:
        rows = [(r.name, r.title, r.size, r.license, r.landing_page) for r in releases]
        return table(("name", "title", "size", "licence", "page"), rows, width=terminal_width(None))
    files = [(r.name, address.rpartition("/")[2], address) for r in releases for address in r.addresses]
    files += [(r.name, f"/{item.pattern.pattern}/", item.index) for r in releases for item in r.listed]
    return table(("name", "file", "address"), files, width=terminal_width(None))


def _bytes(text: str | None) -> int | None:
    if text is None:
        return None
    match = re.fullmatch(r"([0-9]+)\s*([KMGT]?)(?:i?B)?", text, re.IGNORECASE)
    if match is None or len(match[1]) > 15:
        raise UsageError(f"--max-unpacked: {text!r} is no size; give bytes, or a number with K, M, G or T (20G)")
    return int(match[1]) << _UNITS[match[2].upper()]


@contextmanager
def _watching() -> Iterator[Watcher]:
    """Give what shows the way of things: a progress bar on a terminal, elsewhere only what must be known."""
    from calckg.fetch import Watcher

    class Quiet(Watcher):
        def outdated(self, path: Path, release: Release) -> None:
            said = f"calckg: {path}: of an earlier edition of {release.name}; remove it before a build"
            print(said, file=sys.stderr)

    if not sys.stderr.isatty():
        yield Quiet()
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    console = Console(stderr=True, highlight=False)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bars:

        class Bars(Quiet):
            def begin(self, name: str, done: int, total: int | None) -> None:
                for task in bars.task_ids:
                    bars.remove_task(task)
                bars.add_task(name, total=total, completed=done)

            def advance(self, count: int) -> None:
                bars.advance(bars.task_ids[-1], count)

            def say(self, text: str) -> None:
                console.print(text, markup=False)

        yield Bars()
