"""Releases and the curated graph to a graph directory, swapped in whole."""

from __future__ import annotations

import hashlib
import json
import resource
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calckg import bundle, columnar, derive, loading, quads, storing, swap, tables
from calckg.errors import CalckgError, SourceError, UsageError
from calckg.upstream import OnError, registry, stop
from calckg.upstream.source import Format, Stated

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

META = bundle.GRAPH + "meta"
Progress = Callable[[str, int], None]
"""Told what is being done and how many more rows or quads of it are done."""


@dataclass(frozen=True, slots=True)
class Item:
    """One file of a release: what it is, whose, and into which named graph it goes."""

    path: Path
    format: Format
    stated: Stated
    sha256: str
    bytes: int

    @property
    def graph(self) -> str:
        """The IRI of the named graph."""
        name = self.format.graph(self.path) if self.format.graph else self.format.source.name
        return registry.RELEASE + name


@dataclass(slots=True)
class Plan:
    """The files to build from, by named graph, and those that no reader knows."""

    graphs: dict[str, list[Item]] = field(default_factory=dict)
    unknown: list[Path] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one named graph: rows read, quads, seconds, peak memory in MiB, errors told."""

    graph: str
    files: int
    rows: int
    quads: int
    seconds: float
    memory: int
    errors: tuple[str, ...] = ()
    kept: bool = False


def plan(paths: Sequence[Path], named: Iterable[tuple[str, Path]] = ()) -> Plan:
    """Recognise the files at ``paths`` (folders are looked through) and those that are ``named`` with their source.

    Raises ``SourceError`` for a file that can't be read and ``UsageError`` when two files are the same by name.
    """
    found = Plan()
    outright = {path.resolve(): name for name, path in named}
    files = {path.resolve(): path for given in paths for path in _files(given)}
    files |= {path: path for path in outright}
    for real, path in sorted(files.items()):
        head = registry.head_of(path)
        known = _of_source(outright[real], path, head) if real in outright else registry.recognise(path, head)
        if known is None:
            found.unknown.append(path)
            continue
        digest, size = _digest(path)
        item = Item(path, known, known.stated(path, head), digest, size)
        found.graphs.setdefault(item.graph, []).append(item)
    for graph, items in found.graphs.items():
        # The order of the files must not show in the graph: by content, whatever they are called.
        items.sort(key=lambda item: (item.path.name, item.sha256))
        names = [item.path.name for item in items]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            places = ", ".join(str(item.path) for item in items if item.path.name == twice)
            raise UsageError(f"{places}: two files of this name for {graph}; give one of them")
    found.graphs = dict(sorted(found.graphs.items()))
    return found


def _files(path: Path) -> Iterator[Path]:
    if not path.exists():
        raise SourceError("no such file or folder; check the spelling of its path", path)
    if not path.is_dir():
        yield path
        return
    for found in sorted(path.rglob("*")):
        hidden = any(part.startswith(".") for part in found.relative_to(path).parts)
        if found.is_file() and not hidden and found.stat().st_size:
            yield found


def _of_source(name: str, path: Path, head: bytes) -> Format:
    """Return the format of a file whose source was said outright; by its content alone where its name tells nothing."""
    known = registry.by_name(name)
    fitting = [one for one in known if one.matches(path.name, head)]
    if not fitting and len(known) > 1:
        names = ", ".join(one.name for one in known)
        raise UsageError(f"{path}: which file of {name} is it? Give it its publisher's name; known: {names}")
    return (fitting or known)[0]


def _digest(path: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
            size += len(block)
    return digest.hexdigest(), size


def build(
    target: Path,
    planned: Plan,
    *,
    curated: bool = True,
    fresh: bool = False,
    without: Sequence[str] = (),
    with_store: bool = True,
    keep_going: bool = False,
    progress: Progress = lambda what, count: None,
) -> list[Done]:
    """Build the graph directory ``target``; return what became of each named graph.

    A named graph of an earlier build that ``planned`` has no files for stays, unless ``fresh`` or ``without`` names it;
    one whose files are unchanged is taken over, not read again. ``keep_going`` leaves out rows that can't be read and
    lists them; else the first one raises ``SourceError``. The old directory stays whole until the new one is complete.
    """
    before = {} if fresh else _manifest(target)
    with swap.replacing(target) as folder:
        connection = columnar.connect(folder / "quads.duckdb")
        try:
            _settle(connection, folder)
            done = [
                *_read(connection, planned, before, target, keep_going, progress),
                *_keep(connection, planned, before, target, without, progress),
            ]
            _describe(connection, planned)
            bundle.insert(connection, curated=curated)
            progress("columns", columnar.encode(connection, "nquad"))
            connection.execute("DROP TABLE nquad")
            total = columnar.encode(connection, derive.derive(connection))
            connection.execute("CHECKPOINT")
            if with_store:
                storing.write(connection, folder / "store", lambda count: progress("store", count))
        finally:
            connection.close()
        files = _entries(planned, before, done)
        manifest = {"graph": "built", "quads": total, "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
        manifest |= {"calckg": _version(), "code": code(), "curated": curated, "store": with_store, "sources": files}
        (folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return done


def _settle(connection: DuckDBPyConnection, folder: Path) -> None:
    spill = str(folder / "spill").replace("'", "''")
    connection.execute(f"SET temp_directory = '{spill}'; SET memory_limit = '1200MB'")
    connection.execute("SET preserve_insertion_order = false")
    connection.execute("CREATE TEMP TABLE nquad (s VARCHAR, p VARCHAR, o VARCHAR, g VARCHAR)")


def _read(
    connection: DuckDBPyConnection,
    planned: Plan,
    before: dict[str, Any],
    target: Path,
    keep_going: bool,
    progress: Progress,
) -> Iterator[Done]:
    for graph, items in planned.graphs.items():
        begin = time.perf_counter()
        old = before.get(graph)
        if old is not None and old["files"] == [_entry(item) for item in items]:
            count = _take_over(connection, target, graph)
            progress(graph, count)
            yield Done(graph, len(items), old["rows"], count, time.perf_counter() - begin, _memory(), kept=True)
            continue
        errors: list[str] = []

        def note(error: SourceError, errors: list[str] = errors) -> None:
            errors.append(str(error))

        on_error: OnError = note if keep_going else stop
        tables.create(connection, temporary=True)
        rows = 0
        for item in items:
            rows += item.format.fill(connection, item.path, graph, on_error)
            progress(graph, rows)
        for finish in dict.fromkeys(item.format.source.finish for item in items):
            if finish is not None:
                finish(connection, graph)
        count = quads.insert(connection, "nquad")
        yield Done(graph, len(items), rows, count, time.perf_counter() - begin, _memory(), tuple(errors))


def _keep(
    connection: DuckDBPyConnection,
    planned: Plan,
    before: dict[str, Any],
    target: Path,
    without: Sequence[str],
    progress: Progress,
) -> Iterator[Done]:
    """Take over the named graphs of the earlier build that this one has no files for, but for those in ``without``."""
    for graph, old in before.items():
        if graph in planned.graphs or graph.removeprefix(registry.RELEASE) in without:
            continue
        begin = time.perf_counter()
        count = _take_over(connection, target, graph)
        progress(graph, count)
        yield Done(graph, len(old["files"]), old["rows"], count, time.perf_counter() - begin, _memory(), kept=True)


def _take_over(connection: DuckDBPyConnection, target: Path, graph: str) -> int:
    """Copy one named graph, with its description, out of the columns of the graph directory ``target``."""
    old = str(target / "quads.duckdb").replace("'", "''")
    connection.execute(f"ATTACH '{old}' AS earlier (READ_ONLY)")
    try:
        row = connection.execute(
            f"""INSERT INTO nquad SELECT {columnar.text_of("s")}, {columnar.text_of("p")}, {columnar.text_of("o")},
                {columnar.text_of("g")}
            FROM earlier.quad q JOIN earlier.term s ON s.id = q.s JOIN earlier.term p ON p.id = q.p
            JOIN earlier.term o ON o.id = q.o JOIN earlier.term g ON g.id = q.g WHERE g.value = ?""",
            [graph],
        ).fetchone()
        connection.execute(
            f"""INSERT INTO nquad SELECT {columnar.text_of("s")}, {columnar.text_of("p")}, {columnar.text_of("o")},
                {columnar.text_of("g")}
            FROM earlier.quad q JOIN earlier.term s ON s.id = q.s JOIN earlier.term p ON p.id = q.p
            JOIN earlier.term o ON o.id = q.o JOIN earlier.term g ON g.id = q.g
            WHERE g.value = '{META}' AND (s.value = $1 OR starts_with(s.value, $1 || '/file/'))""",
            [graph],
        )
    finally:
        connection.execute("DETACH earlier")
    return int(row[0]) if row else 0


def _describe(connection: DuckDBPyConnection, planned: Plan) -> None:
    """Describe each source that was read as a ``dcat:Dataset`` with its files, in the graph ``kg:meta``."""
    rows = []
    for graph, items in planned.graphs.items():
        source = items[0].format.source
        stated = next((item.stated for item in items if item.stated != Stated()), Stated())
        for item in items:
            rows.append(
                (
                    "source",
                    {
                        "graph": META,
                        "iri": graph,
                        "title": f"{source.title}: {graph.removeprefix(registry.RELEASE)}",
                        "publisher": source.publisher,
                        "license": stated.license or source.license,
                        "rights": source.rights,
                        "version": stated.version,
                        "issued": stated.issued,
                        "landing_page": source.landing_page,
                        "derived_from": [stated.derived_from] if stated.derived_from else [source.landing_page],
                        "infores": source.infores or None,
                        "redistribution": source.redistribution,
                        "name_priority": source.name_priority,
                        "file_name": item.path.name,
                        "file_sha256": item.sha256,
                        "file_bytes": item.bytes,
                    },
                )
            )
    tables.create(connection, temporary=True)
    loading.load(connection, rows)
    quads.insert(connection, "nquad", ("source",))


def _entry(item: Item) -> dict[str, Any]:
    return {"name": item.path.name, "bytes": item.bytes, "sha256": item.sha256}


def _entries(planned: Plan, before: dict[str, Any], done: Iterable[Done]) -> list[dict[str, Any]]:
    entries = []
    for one in done:
        if one.graph in planned.graphs:
            items = planned.graphs[one.graph]
            source = items[0].format.source
            entry = {
                "graph": one.graph,
                "title": source.title,
                "version": items[0].stated.version,
                "license": items[0].stated.license or source.license,
                "redistribution": source.redistribution,
                "files": [_entry(item) for item in items],
                "rows": one.rows,
                "left_out": len(one.errors),
            }
        else:
            entry = before[one.graph]
        entries.append({**entry, "quads": one.quads})
    return entries


def _manifest(target: Path) -> dict[str, Any]:
    """Return the sources of an earlier build by graph; nothing when there is none, or other code made it."""
    path = target / "manifest.json"
    if not path.is_file():
        if target.is_dir() and any(target.iterdir()):
            raise UsageError(f"{target}: this folder is not a graph directory and is not empty; name another place")
        return {}
    manifest = json.loads(path.read_text(encoding="utf-8"))
    if manifest.get("graph") != "built":
        raise CalckgError(f"{target}: not made by calckg build; name another place")
    if manifest.get("code") != code():
        return {}
    return {entry["graph"]: entry for entry in manifest["sources"]}


def code() -> str:
    """Return a digest of the code that turns files into quads: what other code made is read again."""
    package = Path(__file__).parent
    digest = hashlib.sha256()
    for folder in ("upstream", "tables", "quads"):
        for path in sorted((package / folder).glob("*.py")):
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:32]


def _memory() -> int:
    """Return the peak memory of this process so far, in MiB (Linux counts in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _version() -> str:
    from importlib.metadata import version

    return version("calckg")
