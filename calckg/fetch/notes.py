"""What is remembered of a fetched file: enough to go on with it later, and to ask whether it has changed.

One small JSON file for each, in the folder ``.calckg-fetch`` beside them. A note that can't be read is none.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from email.message import Message
from pathlib import Path
from typing import Any, Final

from calckg.files import writing

FOLDER: Final = ".calckg-fetch"


@dataclass(frozen=True, slots=True)
class Note:
    """What the server said of a file: ``etag`` and ``modified`` as they stood in the header, ``size`` in bytes.

    ``release`` is whose file it is. ``written`` is the time (in nanoseconds) at which the checked file was written
    last; ``None`` until it is whole and checked.
    """

    release: str
    address: str
    etag: str | None = None
    modified: str | None = None
    size: int | None = None
    written: int | None = None

    @classmethod
    def of(cls, release: str, address: str, headers: Message, size: int | None) -> Note:
        """Note what the headers of a response say."""
        return cls(release, address, headers.get("ETag"), headers.get("Last-Modified"), size)

    def unchanged(self, conditional: bool) -> dict[str, str]:
        """Return the headers that ask for the file only where it is another one now; empty where nothing tells.

        Unless ``conditional``, the header that makes a server send the rest only where the file is the same; a weak
        ETag does not do for that (RFC 9110, 13.1.5).
        """
        if conditional:
            said = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
            return {name: value for name, value in said.items() if value}
        strong = self.etag if self.etag and not self.etag.startswith("W/") else None
        validator = strong or self.modified
        return {"If-Range": validator} if validator else {}

    def same(self, headers: Message) -> bool:
        """Tell whether a response with these headers is of the very file that this note is of."""
        etag, modified = headers.get("ETag"), headers.get("Last-Modified")
        if self.etag and etag:
            return self.etag == etag
        return bool(self.modified and modified and self.modified == modified)

    def describes(self, path: Path) -> bool:
        """Tell whether the file is as it was when it had been checked."""
        try:
            status = path.stat()
        except OSError:
            return False
        return self.written is not None and (status.st_size, status.st_mtime_ns) == (self.size, self.written)

    def settled(self, path: Path) -> Note:
        """Return the note of the file, now whole and checked."""
        status = path.stat()
        return replace(self, size=status.st_size, written=status.st_mtime_ns)


def _path(folder: Path, name: str) -> Path:
    return folder / FOLDER / f"{name}.json"


def write(folder: Path, name: str, note: Note) -> None:
    """Keep the note of the file ``name`` of ``folder``."""
    path = _path(folder, name)
    path.parent.mkdir(exist_ok=True)
    with writing(path) as stream:
        stream.write(json.dumps(asdict(note), indent=1).encode() + b"\n")


def read(folder: Path, name: str) -> Note | None:
    """Return the note of the file ``name`` of ``folder``."""
    try:
        said = json.loads(_path(folder, name).read_bytes())
    except (OSError, ValueError):
        return None
    return _note(said)


def others(folder: Path, release: str, names: set[str]) -> Iterator[str]:
    """Yield the names of whole files of ``release`` that are still in ``folder`` and not among ``names``."""
    for path in sorted((folder / FOLDER).glob("*.json")):
        name = path.name.removesuffix(".json")
        note = read(folder, name)
        if note is not None and note.release == release and name not in names and note.describes(folder / name):
            yield name


def _note(said: Any) -> Note | None:
    if not isinstance(said, dict) or set(said) != {field.name for field in fields(Note)}:
        return None
    texts = [said["release"], said["address"], *(said[key] or "" for key in ("etag", "modified"))]
    numbers = [said[key] or 0 for key in ("size", "written")]
    plain = all(isinstance(text, str) and text.isprintable() and text.isascii() for text in texts)
    return Note(**said) if plain and all(type(number) is int for number in numbers) else None


def sync(folder: Path) -> None:
    """See to it that a rename in ``folder`` outlives a power cut, where the system can."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
