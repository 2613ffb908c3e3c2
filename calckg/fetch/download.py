"""One file from its address to its place: resumed, checked, and only then given its name.

What has come stands in ``NAME.part``. The next attempt, in this run or a later one, asks for the rest of it, on the
condition that the publisher's file is still the same (RFC 9110, ``Range`` and ``If-Range``).
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import shutil
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPResponse
from pathlib import Path
from typing import Final

from calckg.errors import CalckgError, SourceError, UsageError
from calckg.fetch import notes
from calckg.fetch.notes import Note
from calckg.fetch.releases import CHECKSUMS, File, Release
from calckg.fetch.transport import BLOCK, PassingError, Patience, RefusedError, blocks, get, persistently, read_text

LARGEST: Final = 16 << 30
_RATIO: Final = 200  # a table or an XML file packs to a tenth or a twentieth; nulls to a thousandth
_SMALL: Final = 256 << 20
_RANGE: Final = re.compile(r"bytes ([0-9]+)-[0-9]+/([0-9]+|\*)")


class Watcher:
    """What is told of the way of things; this one takes no notice."""

    def begin(self, name: str, done: int, total: int | None) -> None:
        """Hear that ``name`` comes: ``done`` bytes of it are there, of ``total`` in the end."""

    def advance(self, count: int) -> None:
        """Hear that ``count`` more bytes have come."""

    def say(self, text: str) -> None:
        """Hear a word about what is being done."""

    def outdated(self, path: Path, release: Release) -> None:
        """Hear that the file at ``path`` is of an earlier edition of ``release``."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a file may unpack to, in bytes; ``None``: 16 GiB, and no more than 200 times its packed size."""

    unpacked: int | None = None

    def of(self, packed: int) -> int:
        """Return how much a file of ``packed`` bytes may unpack to."""
        return min(LARGEST, max(_SMALL, _RATIO * packed)) if self.unpacked is None else self.unpacked

    @property
    def size(self) -> int:
        """How large any file may be, packed or not."""
        return LARGEST if self.unpacked is None else self.unpacked


class _DamagedError(SourceError):
    """Say that what has come is not what the publisher has; it may come right from the start."""


class _StartOverError(Exception):
    """Say that what is there can't be gone on with."""


@dataclass(slots=True)
class Download:
    """The way of one ``file`` into ``folder``."""

    file: File
    folder: Path
    patience: Patience
    limits: Limits = field(default_factory=Limits)
    watcher: Watcher = field(default_factory=Watcher)

    @property
    def target(self) -> Path:
        """The place of the whole file."""
        return self.folder / self.file.name

    @property
    def part(self) -> Path:
        """The place of what has come of it."""
        return self.folder / f"{self.file.name}.part"

    def run(self) -> bool:
        """Fetch the file; return whether it has come: ``False`` when the one that is there is still the publisher's.

        Raises ``SourceError``; there is no new file under its name then, and what can be gone on with is kept.
        """
        if self.target.is_dir():
            raise UsageError(f"{self.target}: this is a directory; choose another one for the downloads")
        for last in (False, True):
            if not persistently(self._attempt, self.file.address, self.patience, self._there):
                return False
            try:
                self._check()
                break
            except _DamagedError as error:
                self.part.unlink()
                if last:
                    raise
                self.watcher.say(f"{error}; once more from the start")
        self._settle()
        return True

    def _there(self) -> int:
        try:
            return self.part.stat().st_size
        except FileNotFoundError:
            return 0

    def _attempt(self) -> bool:
        try:
            return self._ask(notes.read(self.folder, self.file.name))
        except _StartOverError:
            return self._ask(None)

    def _ask(self, note: Note | None) -> bool:
        """Ask once; return whether the part is the whole file now, ``False`` when the target is still current."""
        there = self._there()
        if note is not None and note.address != self.file.address:
            note = None
        current = note is not None and note.describes(self.target)
        whole = note is not None and not current and 0 < there == note.size
        headers: dict[str, str] = {}
        if note is not None and (current or whole):
            headers = note.unchanged(conditional=True)
        elif note is not None and there and (condition := note.unchanged(conditional=False)):
            headers = {"Range": f"bytes={there}-", **condition}
        with get(self.file.address, headers, self.patience, self._remedy) as response:
            status = response.status
            same = status == 304 or (status == 200 and note is not None and note.same(response.headers))
            if same and (current or whole):
                return whole
            if status == 200:
                self._begin(response)
            elif status == 206 and note is not None and "Range" in headers:
                self._go_on(response, note, there)
            elif headers:
                raise _StartOverError
            else:
                raise RefusedError(f"the server answers {status} to a plain request; {self._remedy}", self.file.address)
        return True

    @property
    def _remedy(self) -> str:
        return f"see {self.file.release.landing_page}"

    def _begin(self, response: HTTPResponse) -> None:
        total = None if response.chunked else response.length
        self.part.write_bytes(b"")  # first, so that the new note never stands beside the old part
        note = Note.of(self.file.release.name, self.file.address, response.headers, total)
        notes.write(self.folder, self.file.name, note)
        self._receive(response, 0, total)

    def _go_on(self, response: HTTPResponse, note: Note, there: int) -> None:
        said = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if said is None or int(said[1]) != there or not note.same(response.headers):
            raise _StartOverError
        total = int(said[2]) if said[2] != "*" else note.size
        if note.size is not None and total != note.size:
            raise _StartOverError
        self._receive(response, there, total)

    def _receive(self, response: HTTPResponse, there: int, total: int | None) -> None:
        encoding = response.headers.get("Content-Encoding", "identity").lower()
        packed = self.file.name.endswith(".gz")
        if encoding != "identity" and not (packed and encoding in ("gzip", "x-gzip")):  # some say it of a .gz itself
            raise SourceError(f"the server packs the file ({encoding}) unasked; {self._remedy}", self.file.address)
        self._fits(there, total)
        ends_by_itself = response.chunked or packed or self.file.checksum is not None
        if total is None and not ends_by_itself:
            said = "the server does not say how long the file is, so nothing would tell whether it is whole"
            raise SourceError(f"{said}; {self._remedy}", self.file.address)
        self.watcher.begin(self.file.name, there, total)
        with self.part.open("ab") as stream:
            for block in blocks(response, self.patience):
                there += len(block)
                self._fits(there, None)
                stream.write(block)
                self.watcher.advance(len(block))
        if total is not None and there < total:
            raise PassingError(f"{there:,} of {total:,} bytes came, then the connection ended")

    def _fits(self, there: int, total: int | None) -> None:
        if max(there, total or 0) > self.limits.size:
            said = f"larger than {self.limits.size:,} bytes"
            raise SourceError(f"{said}; if that is right, raise --max-unpacked", self.file.address)
        if total is not None and (free := shutil.disk_usage(self.folder).free) < total - there:
            said = f"{self.folder}: {self.file.name} needs {total - there:,} bytes, {free:,} are free"
            raise CalckgError(f"{said}; free some space or choose another place")

    def _check(self) -> None:
        with self.part.open("rb") as stream:
            head = stream.read(512).lstrip().lower()
        if not head:
            raise _DamagedError("the server sends nothing; try again later", self.file.address)
        if head.startswith((b"<!doctype html", b"<html")):
            raise _DamagedError(f"the server sends a web page in the file's place; {self._remedy}", self.file.address)
        if self.file.name.endswith(".gz"):
            self._unpacks()
        if self.file.checksum is not None:
            self._sums_up(self.file.checksum)

    def _unpacks(self) -> None:
        """Unpack the part to nowhere: whole, and no larger than it may be."""
        limit, size = self.limits.of(self._there()), 0
        try:
            with gzip.open(self.part, "rb") as stream:
                while block := stream.read(BLOCK):
                    size += len(block)
                    if size > limit:
                        said = f"it unpacks to more than {limit:,} bytes; if that is right, raise --max-unpacked"
                        raise SourceError(f"{said} (kept as {self.part.name})", self.file.address)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise _DamagedError(f"no whole gzip file ({error}); {self._remedy}", self.file.address) from None

    def _sums_up(self, address: str) -> None:
        algorithm = next(name for suffix, name in CHECKSUMS.items() if address.endswith(suffix))
        _, text = read_text(address, self.patience, self._remedy)
        expected = checksum(text, self.file.address.rpartition("/")[2], algorithm)
        if expected is None:
            raise SourceError(f"no {algorithm.upper()} checksum of the file in {text[:80]!r}; {self._remedy}", address)
        digest = hashlib.new(algorithm, usedforsecurity=False)
        with self.part.open("rb") as stream:
            while block := stream.read(BLOCK):
                digest.update(block)
        if digest.hexdigest() != expected:
            said = f"its {algorithm.upper()} is {digest.hexdigest()}, but {address} says {expected}"
            raise _DamagedError(f"{said}; try again later", self.file.address)

    def _settle(self) -> None:
        note = notes.read(self.folder, self.file.name) or Note(self.file.release.name, self.file.address)
        with self.part.open("rb+") as stream:
            os.fsync(stream.fileno())
        # The note goes first: until the file has its name it describes nothing, and the part is only checked again.
        notes.write(self.folder, self.file.name, note.settled(self.part))
        self.part.replace(self.target)
        notes.sync(self.folder)


def checksum(text: str, name: str, algorithm: str) -> str | None:
    """Find the checksum of the file ``name`` in the text of a checksum file; ``None`` when it holds none.

    It is the only one there, or the one on the line that names the file (``HASH  NAME``, ``MD5(NAME)= HASH``).
    """
    digits = 2 * hashlib.new(algorithm, usedforsecurity=False).digest_size
    found = list(_sums(text, digits))
    named = [value for value, line in found if re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", line)]
    if named or len(found) == 1:
        return (named or [found[0][0]])[0].lower()
    return None


def _sums(text: str, digits: int) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        if match := re.search(rf"(?<![0-9A-Fa-f])[0-9A-Fa-f]{{{digits}}}(?![0-9A-Fa-f])", line):
            yield match[0], line
