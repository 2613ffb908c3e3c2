"""What a reader tells of itself: which files it knows, whose they are, and how they fill the tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from calckg.upstream import OnError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Fill: TypeAlias = Callable[["DuckDBPyConnection", Path, str, OnError], int]
Finish: TypeAlias = Callable[["DuckDBPyConnection", str], None]
LeftOut: TypeAlias = tuple[str, str, int]
"""What was left out by a rule of the reader: the file or the kind of file, the rule in words, and how many rows."""


@dataclass(frozen=True, slots=True)
class Source:
    """A publisher's release: its description, and the name of its named graph, ``kg:release/NAME``.

    ``license`` is an IRI, ``rights`` the terms in words where no IRI stands for them. ``redistribution`` tells whether
    what is built from it may be passed on. ``name_priority`` is its place when a label is chosen, lower first.
    ``finish`` runs once after all files of the source have filled the tables; ``left_out`` tells after it what was left
    out by rule, not by mistake, and forgets it.
    """

    name: str
    title: str
    publisher: str
    landing_page: str
    infores: str
    redistribution: bool
    name_priority: int
    license: str | None = None
    rights: str | None = None
    finish: Finish | None = None
    left_out: Callable[[DuckDBPyConnection], list[LeftOut]] | None = None


@dataclass(frozen=True, slots=True)
class Stated:
    """What a file says of its own release."""

    version: str | None = None
    issued: str | None = None
    license: str | None = None
    derived_from: str | None = None


def together(files: Sequence[Stated]) -> Stated:
    """Return what the files of one release say of it: version and date of the latest, the rest of the first that does.

    A version without a date is compared as it is written; the date is the version where there is no other.
    """
    latest = max(files, key=lambda one: one.issued or one.version or "", default=Stated())
    return Stated(
        latest.version or latest.issued,
        latest.issued,
        next((one.license for one in files if one.license), None),
        next((one.derived_from for one in (latest, *files) if one.derived_from), None),
    )


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file that a reader knows.

    ``matches`` is given the file's name without its folder, and its first 64 KiB, unpacked; both must fit. ``fill``
    reads one file into the tables (``calckg.tables``) that stand in the connection under their own names, for the named
    graph that it is given; it returns how many rows (records, terms) the file had, those that ``on_error`` was told of
    too. ``stated`` reads the release out of the file's head. ``graph`` names the graph where it is not the source's own
    (each mapping set has one).
    """

    name: str
    source: Source
    matches: Callable[[str, bytes], bool]
    fill: Fill
    stated: Callable[[Path, bytes], Stated] = field(default=lambda path, head: Stated())
    graph: Callable[[Path], str] | None = None
