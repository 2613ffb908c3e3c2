"""Releases of the vocabularies, fetched from their publishers to a folder from which a graph can be built.

Three modules: ``releases`` knows what there is, ``transport`` talks HTTP, ``download`` brings one file to its place
(``notes`` remembers it).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from calckg.errors import CalckgError, UnknownNameError, UsageError
from calckg.fetch import notes
from calckg.fetch.download import Download, Limits, Watcher
from calckg.fetch.releases import File, Release, load
from calckg.fetch.transport import Patience, RefusedError, read_text

__all__ = ["File", "Limits", "Patience", "Release", "Watcher", "chosen", "fetch", "load"]


def chosen(releases: dict[str, Release], names: Iterable[str]) -> list[Release]:
    """Return the releases of these names, each once; raises ``UnknownNameError``."""
    found = {}
    for name in names:
        if name not in releases:
            raise UnknownNameError("release", name, releases, "(calckg fetch --list shows all)")
        found[name] = releases[name]
    return list(found.values())


def fetch(
    releases: Iterable[Release],
    folder: Path,
    *,
    only: Sequence[str] = (),
    limits: Limits | None = None,
    patience: Patience | None = None,
    watcher: Watcher | None = None,
) -> Generator[tuple[Path, bool]]:
    """Fetch the files of ``releases`` to ``folder``; yield each that is there now, and whether it has come just now.

    With ``only``, those whose names fit one of the patterns (``*``, ``?``, ``[…]``). What a server refuses is left out,
    the rest is fetched, and the refusal is raised in the end. Raises ``SourceError`` for what can't be fetched.
    """
    watcher = watcher or Watcher()
    patience = replace(patience or Patience(), say=watcher.say)
    refused: list[RefusedError] = []
    with _alone(folder):
        there_are = [file for release in releases for file in _files(release, patience, refused.append)]
        for file in _wanted(there_are, only) if there_are else ():
            try:
                come = Download(file, folder, patience, limits or Limits(), watcher).run()
            except RefusedError as error:
                refused.append(error)
            else:
                yield folder / file.name, come
        for release in {file.release.name: file.release for file in there_are}.values():
            current = {file.name for file in there_are}
            for name in notes.others(folder, release.name, current):
                watcher.outdated(folder / name, release)
    if refused:
        more = f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
        raise CalckgError(f"{refused[0]}{more}")


def _files(release: Release, patience: Patience, on_error: Callable[[RefusedError], None]) -> list[File]:
    remedy = f"see {release.landing_page}"
    return release.files(lambda address: read_text(address, patience, remedy), on_error)


def _wanted(files: list[File], only: Sequence[str]) -> list[File]:
    for pattern in only:
        if not any(fnmatchcase(file.name, pattern) for file in files):
            names = [file.name for file in files]
            raise UnknownNameError("file", pattern, names, "(calckg fetch --list NAME shows all)")
    return [file for file in files if not only or any(fnmatchcase(file.name, pattern) for pattern in only)]


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Make ``folder`` and hold it, so that no other process fetches to it meanwhile."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder}: no directory can be made here ({error.strerror}); choose another place") from None
    if sys.platform == "win32":  # a directory can't be locked there
        yield
        return
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            said = f"{folder}: another calckg fetch is at work here"
            raise CalckgError(f"{said}; wait for it, or choose another directory") from None
        except OSError:
            pass  # a network drive may have no locks
        yield
    finally:
        os.close(handle)
