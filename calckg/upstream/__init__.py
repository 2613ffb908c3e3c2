"""One reader a publisher: files in, rows of the canonical tables out.

A reader is a function that takes the file and the IRI of the named graph and yields ``Rows``; it has no network, no
store and no logging in it, and its memory does not grow with the file. A row that can't be read goes to ``on_error``
as a ``SourceError`` with file, line and column, and is left out when that returns; ``stop`` raises it. What makes the
whole file unreadable is raised.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import IO, TypeAlias, cast

from calckg.errors import SourceError
from calckg.files import readable

OnError: TypeAlias = Callable[[SourceError], None]


def stop(error: SourceError) -> None:
    """Raise the first error of a file."""
    raise error


@contextmanager
def opened(path: str | Path) -> Iterator[IO[str]]:
    """Open a UTF-8 text file, compressed when it ends in ``.gz``; line ends are left as they are, a BOM is dropped.

    Raises ``SourceError`` when it is missing, empty or no whole gzip file, and, with the line, when it is not UTF-8.
    """
    with opened_bytes(path) as stream, TextIOWrapper(stream, encoding="utf-8-sig", newline="") as text:
        try:
            yield text
        except UnicodeDecodeError as error:
            line = _undecodable(Path(path))
            raise SourceError(f"not UTF-8 ({error.reason}); convert the file to UTF-8", path, line) from None


@contextmanager
def opened_bytes(path: str | Path) -> Iterator[IO[bytes]]:
    """Open a file, compressed when it ends in ``.gz``; raises ``SourceError`` as ``opened`` does."""
    path = readable(path)
    try:
        with _bytes(path) as stream:
            yield stream
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise SourceError(f"not a whole gzip file ({error}); download it again", path) from None
    except OSError as error:
        raise SourceError(f"can't be read: {error.strerror or error}", path) from None


def _bytes(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path, "rb")) if path.suffix.lower() == ".gz" else path.open("rb")


def _undecodable(path: Path) -> int | None:
    with _bytes(path) as stream:
        for number, line in enumerate(stream, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return None
