"""All readers: which of them knows a file."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from calckg import loading
from calckg.errors import SourceError, UnknownNameError
from calckg.files import readable
from calckg.upstream import OnError, sssom
from calckg.upstream.source import Format, Source, Stated

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

HEAD = 65_536
RELEASE = "https://w3id.org/calckg/graph/release/"

_MAPPINGS = Source(
    name="mappings",
    title="Mapping set",
    publisher="see the set's own metadata",
    landing_page="https://mapping-commons.github.io/sssom/",
    infores="",
    redistribution=True,
    name_priority=70,
)


def _fill_mappings(connection: DuckDBPyConnection, path: Path, graph: str, on_error: OnError) -> int:
    left_out = 0

    def note(error: SourceError) -> None:
        nonlocal left_out
        on_error(error)
        left_out += 1

    return loading.load(connection, sssom.read(path, graph, on_error=note))["mapping"] + left_out


def _stated_mappings(path: Path, head: bytes) -> Stated:
    """Take the release out of a set's own metadata; nothing of it when that can't be read, which ``fill`` says."""
    try:
        slots = sssom.open_set(path).metadata.slots
    except SourceError:
        return Stated()
    version, license_ = slots.get("mapping_set_version"), slots.get("license")
    date = slots.get("publication_date") or slots.get("mapping_date")
    return Stated(
        version=str(version) if version else None,
        issued=str(date) if date else None,
        license=str(license_) if license_ else None,
        derived_from=str(version) if str(version).startswith("http") else None,
    )


def _stem(path: Path) -> str:
    return path.name.removesuffix(".gz").removesuffix(".tsv").removesuffix(".sssom")


MAPPINGS = Format(
    name="SSSOM",
    source=_MAPPINGS,
    matches=lambda name, head: name.lower().removesuffix(".gz").endswith(".sssom.tsv"),
    fill=_fill_mappings,
    stated=_stated_mappings,
    graph=_stem,
)


# In the order in which they are tried: the most particular first.
_READERS = ("hpoa", "medgen", "eutils", "umls", "snomed", "mesh", "pubmed", "medlineplus", "obographs", "obo")


@cache
def formats() -> tuple[Format, ...]:
    """Return every format that a reader knows, in the order in which they are tried."""
    return tuple(_formats())


def _formats() -> Iterator[Format]:
    """Yield the formats, importing a reader when those before it have not been enough."""
    yield MAPPINGS
    for name in _READERS:
        yield from import_module(f"calckg.upstream.{name}").FORMATS


def head_of(path: Path) -> bytes:
    """Return the first 64 KiB of a file, unpacked; raises ``SourceError`` when it can't be read."""
    path = readable(path)
    try:
        if path.suffix.lower() == ".gz":
            with gzip.open(path, "rb") as packed:
                return packed.read(HEAD)
        with path.open("rb") as stream:
            return stream.read(HEAD)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise SourceError(f"not a whole gzip file ({error}); download it again", path) from None


def recognise(path: Path, head: bytes) -> Format | None:
    """Return the format of a file by its name and its head; ``None`` when no reader knows it."""
    return next((known for known in _formats() if known.matches(path.name, head)), None)


def by_name(name: str) -> list[Format]:
    """Return the formats of the source called ``name``, or the one format called so.

    Raises ``UnknownNameError`` with the nearest names.
    """
    found = [known for known in formats() if name in (known.source.name, known.name)]
    if not found:
        raise UnknownNameError("source", name, sorted({known.source.name for known in formats()}))
    return found
