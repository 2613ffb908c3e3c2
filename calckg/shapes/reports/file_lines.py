"""Where statements stand in files that have one in a line: N-Triples and N-Quads."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import IO, Final, NamedTuple, cast

import pyoxigraph as ox

from calckg import rdf
from calckg.shapes import model
from calckg.shapes.model import Term

Statement = tuple[Term, model.Path | None, Term | None]
"""Focus node, path and value of a result."""


class DataFile(NamedTuple):
    """A file of the data, and its format's name where its suffix does not tell it."""

    path: Path
    format: str | None


_LINED: Final = (ox.RdfFormat.N_TRIPLES, ox.RdfFormat.N_QUADS)


def find(file: DataFile, statements: Collection[Statement]) -> dict[Statement, int]:
    """Return the line (from 1) of each statement in the file.

    A result of no one predicate and value has the first line with its focus node as subject. Nothing for a file in
    another format, or that can't be read again, for blank nodes (reading names them anew), and for what is written
    with escapes or spaces other than N-Triples' canonical ones: its place is the file.
    """
    wanted: dict[bytes, dict[bytes, list[Statement]]] = {}
    for statement in statements:
        focus, way, value = statement
        if isinstance(focus, ox.NamedNode):
            exact = f"<{way.iri}> {value}" if isinstance(way, model.Predicate) and value is not None else ""
            wanted.setdefault(str(focus).encode(), {}).setdefault(exact.encode(), []).append(statement)
    path, name = file
    if not wanted or not path.is_file() or rdf.format_of(path, name) not in _LINED:
        return {}
    found: dict[Statement, int] = {}
    try:
        with _open(path) as stream:
            for number, line in enumerate(stream, 1):
                subject, _, rest = line.partition(b" ")
                if subject in wanted:
                    for end in (b"", *_ends(rest)):
                        for statement in wanted[subject].get(end, ()):
                            found.setdefault(statement, number)
    except (OSError, EOFError, zlib.error):  # the file has gone, or is another, since it was checked
        return {}
    return found


def _ends(rest: bytes) -> tuple[bytes, ...]:
    """Return what a line says after its subject: predicate and object, with and without a graph's name at the end."""
    said = rest.rstrip().removesuffix(b".").rstrip()
    return _lowered(said), _lowered(said.rpartition(b" ")[0])


def _lowered(said: bytes) -> bytes:
    """Return what is said with the language at its end in lower case, as terms have it."""
    text, at, tag = said.rpartition(b'"@')
    return text + at + tag.lower() if at and tag.replace(b"-", b"").isalnum() else said


def _open(path: Path) -> IO[bytes]:
    if path.suffix.lower() == ".gz":
        return cast("IO[bytes]", gzip.open(path, "rb"))
    return path.open("rb")
