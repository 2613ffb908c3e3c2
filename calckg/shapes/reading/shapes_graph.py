"""Where shapes are: in files that are named, in those that these import, in graphs that data suggest (SHACL 3.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import unquote, urlsplit

import pyoxigraph as ox

from calckg import columnar, rdf
from calckg.errors import CalckgError
from calckg.files import plain_suffix
from calckg.shapes.model import SH

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

IMPORTS: Final = ox.NamedNode("http://www.w3.org/2002/07/owl#imports")
_SUGGESTED: Final = f"""SELECT DISTINCT o.value FROM quad q JOIN term p ON p.id = q.p JOIN term o ON o.id = q.o
WHERE p.kind = {columnar.IRI} AND p.value = '{SH}shapesGraph' AND o.kind = {columnar.IRI} ORDER BY 1"""


class Found(NamedTuple):
    """The triples of shapes, and the files that were read for them."""

    triples: list[ox.Triple]
    files: tuple[Path, ...]


def read(paths: Iterable[Path], triples: Iterable[ox.Triple] = ()) -> Found:
    """Return ``triples`` and those of the files, and of the files here that all of them import; each file once.

    Raises ``SourceError`` for a file that can't be read.
    """
    found = list(triples)
    waiting = [*paths, *_imported(found)]
    seen = dict[Path, None]()
    while waiting:
        path = waiting.pop(0)
        if path.resolve() not in seen:
            seen[path.resolve()] = None
            fresh = [quad.triple for quad in rdf.read(path)]
            waiting += _imported(fresh)
            found += fresh
    return Found(found, tuple(seen))


def not_followed(shapes: ox.Store) -> Iterator[str]:
    """Yield a line for each import of a shapes graph that is none of a file here, nor of a graph that was read, too."""
    for iri in sorted({str(quad.object) for quad in shapes.quads_for_pattern(None, IMPORTS, None, None)}):
        name = ox.NamedNode(iri[1:-1]) if iri.startswith("<") else None
        if name is None or name.value.rstrip("#") + "#" == SH or _here(name.value):
            continue  # SHACL's own vocabulary asks nothing
        if next(shapes.quads_for_pattern(name, None, None, None), None) is None:
            why = "there is no such file of RDF" if name.value.startswith("file:") else "addresses are not fetched"
            yield f"the shapes import {iri}, which was not read: {why}; give its file, too"


def suggested(connection: DuckDBPyConnection, data: Mapping[Path, str | None]) -> Found:
    """Return the shapes graphs that the data say they conform to; none where they say nothing.

    ``data`` are the files that the columns were made of, with the name of the format where a suffix does not tell it.
    Such a graph is a file here or one of the named graphs in these files. Raises ``CalckgError`` where it is neither.
    """
    found, files = list[ox.Triple](), list[Path]()
    for (iri,) in connection.execute(_SUGGESTED).fetchall():
        file = _here(iri)
        told = read([file]) if file else Found(list(_named(ox.NamedNode(iri), data)), ())
        if not told.triples:
            why = "the data name these shapes, which are not here; give a file of shapes"
            raise CalckgError(f"sh:shapesGraph <{iri}>: {why}")
        found += told.triples
        files += told.files
    return Found(found, tuple(files))


def _named(name: ox.NamedNode, data: Mapping[Path, str | None]) -> Iterator[ox.Triple]:
    for path, read_as in data.items():
        if path.is_file() and rdf.format_of(path, read_as).supports_datasets:
            yield from (quad.triple for quad in rdf.read(path, read_as) if quad.graph_name == name)


def _imported(triples: Iterable[ox.Triple]) -> list[Path]:
    objects = (triple.object for triple in triples if triple.predicate == IMPORTS)
    found = (_here(one.value) for one in objects if isinstance(one, ox.NamedNode))
    return [path for path in found if path]


def _here(iri: str) -> Path | None:
    """Return the file of RDF on this machine that an IRI names."""
    if not iri.startswith("file:"):
        return None
    path = Path(unquote(urlsplit(iri).path))
    return path if path.is_file() and plain_suffix(path) in rdf.SUFFIXES else None
