"""A knowledge graph and its two sides: bundled, built (a directory) or distant (an endpoint)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calckg import bundle
from calckg.errors import SourceError, UsageError

if TYPE_CHECKING:
    import pyoxigraph as ox
    from duckdb import DuckDBPyConnection

    from calckg.sparql import SparqlGraph


class KnowledgeGraph:
    """Hand out the two sides of one graph: ``sparql`` for queries, ``columns`` for what walks over all of it.

    Each side is opened when first asked for. Make one with ``bundled``, ``built`` or ``distant``.
    """

    def __init__(self, name: str, directory: Path | None = None, endpoint: str | None = None) -> None:
        self.name, self._directory, self._endpoint = name, directory, endpoint

    def __repr__(self) -> str:
        return f"KnowledgeGraph({self.name!r})"

    @classmethod
    def bundled(cls) -> KnowledgeGraph:
        """Return the calcification graph that comes with the package."""
        return cls("bundled", directory=bundle.directory())

    @classmethod
    def built(cls, path: str | Path) -> KnowledgeGraph:
        """Return the built graph in the directory ``path``; raises ``SourceError`` when it is none."""
        path = Path(path)
        if not path.exists():
            raise SourceError("no such graph directory; check the path given with --kg or CALCKG_KG", path)
        if not (path / "manifest.json").is_file():
            raise SourceError("not a built graph (no manifest.json in it); name a directory that calckg built", path)
        return cls(str(path), directory=path)

    @classmethod
    def distant(cls, url: str) -> KnowledgeGraph:
        """Return the graph behind a SPARQL endpoint; nothing is asked of it yet."""
        return cls(url, endpoint=url)

    @property
    def distant_address(self) -> str | None:
        """The address of the endpoint of a distant graph; ``None`` for one that is here."""
        return self._endpoint

    @cached_property
    def sparql(self) -> SparqlGraph:
        """The side that answers SPARQL."""
        from calckg.sparql import EndpointGraph, LocalGraph

        if self._endpoint is not None:
            return EndpointGraph(self._endpoint)
        return LocalGraph(self._store)

    @cached_property
    def _store(self) -> ox.Store:
        import pyoxigraph as ox

        path = self._local("the store") / "store"
        try:
            return ox.Store.read_only(str(path))
        except (OSError, ValueError) as error:
            raise SourceError(f"the store can't be opened ({error}); build the graph again", path) from None

    @cached_property
    def columns(self) -> DuckDBPyConnection:
        """The side that is read whole: a read-only DuckDB connection with ``term`` and ``quad``."""
        from calckg import columnar

        return columnar.connect(self._local("the columns") / "quads.duckdb", read_only=True)

    @property
    def names(self) -> Path:
        """The index of names, a file for ``calckg.naming.search``."""
        if self._directory is None:
            raise UsageError(
                f"{self.name} has no index of names; ask it with: calckg query search-by-name --endpoint {self.name}"
            )
        return self._directory / "names.sqlite"

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What the graph was made of; empty for a distant one."""
        if self._directory is None:
            return {}
        manifest: dict[str, Any] = json.loads((self._directory / "manifest.json").read_text(encoding="utf-8"))
        return manifest

    def quads(self) -> Iterator[ox.Quad]:
        """Yield the quads of the named graphs; of a distant graph, of its named graphs by SPARQL."""
        import pyoxigraph as ox

        if self._endpoint is None:
            # From the columns, which keep each literal as it was written; the store writes 99.0 as 99.
            from calckg import columnar

            yield from columnar.quads(self.columns)
            return
        rows = self.sparql.query("SELECT ?s ?p ?o ?g WHERE { GRAPH ?g { ?s ?p ?o } }")
        if not isinstance(rows, ox.QuerySolutions):
            raise UsageError(f"{self.name} did not answer with rows")
        for row in rows:
            yield ox.Quad(row["s"], row["p"], row["o"], row["g"])

    def _local(self, side: str) -> Path:
        if self._directory is None:
            raise UsageError(
                f"{side} of a distant graph can't be had; use --kg with a built graph, or neither for the bundled one"
            )
        return self._directory
