"""Files read with a clear error, and written whole or not at all."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, cast

from calckg.errors import SourceError, UsageError

EMPTY: Final = "the file is empty; is the download complete?"
_ADDRESS = re.compile(r"(?:https?|ftp):/", re.IGNORECASE)  # of two slashes a path keeps one


def readable(path: str | Path) -> Path:
    """Return ``path`` when it is a file that can be read and is not empty; raise ``SourceError`` otherwise."""
    path = Path(path)
    try:
        status = path.stat()
    except FileNotFoundError:
        if _ADDRESS.match(str(path)):
            raise SourceError("addresses are not fetched; download it, and name the file", path) from None
        raise SourceError("no such file; check the spelling of its path", path) from None
    except OSError as error:
        raise SourceError(f"can't be read ({error.strerror}); check its path", path) from None
    if stat.S_ISDIR(status.st_mode):
        raise SourceError("this is a directory; name a file in it", path)
    if not os.access(path, os.R_OK):
        raise SourceError("no permission to read this file; ask its owner, or copy it", path)
    if stat.S_ISREG(status.st_mode) and status.st_size == 0:
        raise SourceError(EMPTY, path)
    return path


def refuse_directory(path: Path) -> None:
    """Raise ``UsageError`` when ``path``, which shall be written, is a directory or can't be looked at."""
    try:
        found = path.is_dir()
    except OSError as error:
        raise UsageError(f"{path}: can't be written ({error.strerror}); choose another place") from None
    if found:
        raise UsageError(f"{path}: this is a directory; name a file in it to write to")


def refuse_input(output: Path, inputs: Iterable[Path]) -> None:
    """Raise ``UsageError`` when ``output``, which shall be written, is one of the files that are read."""
    if not output.is_file():  # there is nothing to lose in a device or a pipe
        return
    for path in inputs:
        if path.exists() and path.samefile(output):
            raise UsageError(f"{output}: this is {path}, which is read; write to another file")


@contextmanager
def writing(path: str | Path) -> Iterator[IO[bytes]]:
    """Open ``path`` for bytes so that it appears whole, or not at all when the block raises.

    A name that ends in ``.gz`` is compressed, with no time stamp in it: the same bytes in, the same bytes out. A
    device or a pipe (``/dev/stdout``) is written as it is. Raises ``UsageError`` when it can't be written.
    """
    path = Path(path)
    refuse_directory(path)
    if path.exists() and not path.is_file():
        with path.open("wb") as stream:
            yield stream
        return
    target = path.resolve()
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        raw = part.open("wb")
    except FileNotFoundError:
        raise UsageError(f"{path}: the folder {target.parent} does not exist; make it first") from None
    except OSError as error:
        raise UsageError(f"{path}: can't be written ({error.strerror}); choose another place") from None
    try:
        with raw:
            if path.suffix.lower() == ".gz":
                import gzip

                with gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as packed:
                    yield cast("IO[bytes]", packed)
            else:
                yield raw
            raw.flush()
            os.fsync(raw.fileno())
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def plain_suffix(path: str | Path) -> str:
    """Return the suffix of ``path`` that tells its format, lower case, without ``.gz``: ``a.ttl.gz`` → ``.ttl``."""
    path = Path(path)
    if path.suffix.lower() == ".gz":
        path = path.with_suffix("")
    return path.suffix.lower()


def sha256(path: Path) -> tuple[str, int]:
    """Return the SHA-256 of a file, hexadecimal, and its size in bytes."""
    import hashlib  # few commands need it, and it costs some ms

    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
        return found, stream.tell()
