"""A knowledge graph and its two sides: bundled, built (a directory) or distant (an endpoint)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from calckg import bundle, files
from calckg.errors import CalckgError, SourceError, UsageError

if TYPE_CHECKING:
    import pyoxigraph as ox
    from duckdb import DuckDBPyConnection

    from calckg.sparql import SparqlGraph

_Side = TypeVar("_Side")


class KnowledgeGraph:
    """Hand out the two sides of one graph: ``sparql`` for queries, ``columns`` for what walks over all of it.

    Each side is opened when first asked for. Both are of one build: when another one has taken the graph's place
    since the first was opened, asking for the second raises ``CalckgError``; a side that is open is read on.
    Make one with ``bundled``, ``built`` or ``distant``.
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

        def opening(path: Path) -> ox.Store:
            try:
                return ox.Store.read_only(str(path))
            except (OSError, ValueError) as error:
                raise SourceError(f"the store can't be opened ({error}); build the graph again", path) from None

        return self._of_one_build(opening, self._local("the store") / "store")

    @cached_property
    def columns(self) -> DuckDBPyConnection:
        """The side that is read whole: a read-only DuckDB connection with ``term`` and ``quad``."""
        return self._of_one_build(_attached, self._local("the columns") / "quads.duckdb")

    @property
    def has_columns_of_its_build(self) -> bool:
        """Whether the columns are, byte for byte, those that the manifest tells of; nobody has written to them."""
        told = self.manifest.get("columns")
        if not isinstance(told, dict) or self._directory is None:
            return False
        path = self._directory / "quads.duckdb"
        if not path.is_file() or path.with_name(f"{path.name}.wal").exists():
            return False
        return path.stat().st_size == told.get("bytes") and files.sha256(path)[0] == told.get("sha256")

    @property
    def names(self) -> Path:
        """The index of names, a file for ``calckg.naming.search``."""
        if self._directory is None:
            raise UsageError(
                f"{self.name} has no index of names; ask it with: calckg query search-by-name --endpoint {self.name}"
            )
        return self._of_one_build(lambda path: path, self._directory / "names.sqlite")

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What the graph was made of; empty for a distant one."""
        if self._directory is None:
            return {}

        def opening(path: Path) -> dict[str, Any]:
            try:
                manifest = json.loads(path.read_text(encoding="utf-8"))
            except ValueError as error:
                raise SourceError(f"the manifest is damaged ({error}); build the graph again", path) from None
            if not isinstance(manifest, dict):
                raise SourceError("the manifest is damaged (no JSON object); build the graph again", path)
            return manifest

        return self._of_one_build(opening, self._directory / "manifest.json")

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

    def _of_one_build(self, opening: Callable[[Path], _Side], path: Path) -> _Side:
        """Open the side at ``path``; raise ``CalckgError`` when the directory is no longer that of the first side.

        Builds swap whole directories: whose manifest is there after a side was opened, that build's it was.
        """
        first = self._build
        try:
            side = opening(path)
        except (CalckgError, OSError):
            self._refuse_another(first)
            raise
        self._refuse_another(first)
        return side

    def _refuse_another(self, first: tuple[int, ...]) -> None:
        if self._identity() != first:
            raise CalckgError(f"{self.name}: another build has taken the graph's place; open the graph again")

    @cached_property
    def _build(self) -> tuple[int, ...]:
        return self._identity()

    def _identity(self) -> tuple[int, ...]:
        """Tell one build from another: by its manifest's file, of which the time is told too, for inodes are reused."""
        assert self._directory is not None
        try:
            status = (self._directory / "manifest.json").stat()
        except OSError:
            return ()
        return status.st_dev, status.st_ino, status.st_mtime_ns

    def _local(self, side: str) -> Path:
        if self._directory is None:
            raise UsageError(
                f"{side} of a distant graph can't be had; use --kg with a built graph, or neither for the bundled one"
            )
        return self._directory


def _attached(path: Path) -> DuckDBPyConnection:
    """Open the columns at ``path`` in a database of their own.

    Were they the database, DuckDB would hand out the one that this process has open by that name, of an earlier build
    too, and put what does not fit into memory beside them.
    """
    from calckg import columnar  # with it comes pyoxigraph, which a search does without
    from calckg.database import duckdb

    connection = columnar.in_memory()
    name = str(path).replace("'", "''")
    try:
        connection.execute(f"ATTACH '{name}' AS graph (READ_ONLY)")
        for table in ("term", "quad"):
            connection.execute(f"CREATE VIEW {table} AS SELECT * FROM graph.{table}")
    except duckdb.Error as error:
        connection.close()
        raise CalckgError(f"{path}: the columns can't be opened ({error}); build the graph again") from None
    return connection
