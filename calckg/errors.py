"""What can go wrong, as one tree, and what each means for the exit code.

::

    CalckgError                 the job could not be done                  exit 3
    ├── UsageError              the request itself is wrong                exit 2
    │   └── UnknownNameError    a name nobody knows, with the nearest ones exit 2
    ├── SourceError             a file that can't be read as it should     exit 3
    ├── EndpointError           a distant SPARQL endpoint failed           exit 3
    ├── CollisionError          two terms share a hash; build tries again  exit 3
    └── MissingToolError        Java, or an optional library, is missing   exit 3

Every message is one line that names the place, the value and the way out. ``CalckgError`` is caught once, in
``calckg.cli``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from calckg.printable import printable, without_password


class CalckgError(Exception):
    """Say that the job could not be done; the message is one line for the user."""

    exit_code = 3

    def __init__(self, message: str) -> None:
        # What it quotes may hold anything.
        super().__init__(without_password(printable(" ".join(message.splitlines()))))


class UsageError(CalckgError):
    """Say that the request is wrong: an argument, an option, a query."""

    exit_code = 2


class UnknownNameError(UsageError):
    """Say that ``name`` is not a known ``kind``, and which known names come near.

    ``known`` is every name that would have been accepted; ``hint`` is added at the end (how to list them).
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], hint: str = "") -> None:
        self.kind, self.name = kind, name
        self.nearest = nearest(name, known)
        text = f"unknown {kind} {name!r}"
        if self.nearest:
            text += "; did you mean " + " or ".join(self.nearest) + "?"
        if hint:
            text += f" {hint}" if self.nearest or hint.startswith("(") else f"; {hint}"
        super().__init__(text)


class SourceError(CalckgError):
    """Say which ``file`` (and 1-based ``line`` and ``column``) can't be read, and what to do."""

    def __init__(
        self, message: str, file: str | Path, line: int | None = None, column: int | str | None = None
    ) -> None:
        self.reason, self.file, self.line, self.column = message, str(file), line, column
        place = ":".join(str(part) for part in (file, line, column) if part is not None)
        super().__init__(f"{place}: {message}")


class EndpointError(CalckgError):
    """Say that a distant SPARQL endpoint could not be reached or refused the query."""


class CollisionError(CalckgError):
    """Say that two terms have the same hash: the quads must be added anew, by another hash."""


class MissingToolError(CalckgError):
    """Say that a program or an optional library that the job needs is not installed."""


def lack(error: BaseException) -> str | None:
    """Say what DuckDB could not go on without, and what to do; ``None`` if ``error`` tells of no such thing.

    It is memory, space for files, or columns that are whole on the disk.
    """
    if "_duckdb" not in sys.modules and "duckdb" not in sys.modules:
        return None
    from calckg.database import duckdb

    if not isinstance(error, duckdb.Error):
        return None
    reason = str(error).strip().partition("\n")[0]  # what follows is advice on settings that nobody here can make
    if isinstance(error, duckdb.OutOfMemoryException | duckdb.IOException):
        return f"{reason}; is the memory, or the disk, full? Free some, or let TMPDIR name a larger disk"
    if reason.startswith("Corrupt database"):  # a block's checksum, which no class of errors is for
        return f"the columns (quads.duckdb) are damaged ({reason}); build the graph again"
    return None


def nearest(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Return up to ``count`` of the ``known`` names that are most like ``name``, best first."""
    from difflib import SequenceMatcher, get_close_matches  # only an error needs it, and it costs 5 ms

    folded: dict[str, str] = {}
    for item in known:
        folded.setdefault(item.casefold(), item)
    wanted = name.casefold()
    cutoff = 0.6 if len(wanted) > 3 else 0.5  # one wrong letter is half of HP
    close = get_close_matches(wanted, folded, 3 * count, cutoff)
    # Of names that are as like, those that begin alike come first: HP:0004934 before HP:0004963 for HP:0004935.
    close.sort(key=lambda key: (-SequenceMatcher(None, key, wanted).ratio(), -_alike_from_the_start(key, wanted)))
    found = [folded[key] for key in close[:count]]
    for key, item in folded.items():
        if len(found) >= count:
            break
        if len(wanted) > 2 and (wanted in key or key in wanted) and item not in found and len(key) > 2:
            found.append(item)
    return found


def _alike_from_the_start(one: str, other: str) -> int:
    """Count the first letters that two texts share."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
