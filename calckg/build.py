"""Releases and the curated graph to a graph directory, swapped in whole."""

from __future__ import annotations

import hashlib
import json
import resource
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calckg import (
    bundle,
    checked,
    columnar,
    derive,
    earlier,
    files,
    loading,
    naming,
    rooting,
    running,
    staging,
    storing,
    swap,
    tables,
    validating,
)
from calckg.errors import CalckgError, SourceError
from calckg.planning import Item, Plan
from calckg.upstream import OnError, registry, stop
from calckg.upstream.source import LeftOut, Stated, together

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Progress = Callable[[str, int, str], None]
"""Told of a stage, and of how many rows or quads are done in all; 0 when it begins. Of the store: how many more.

Then, where a file is read next, of its name; else of an empty text."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one named graph: rows read, quads, seconds, peak memory in MiB, errors told.

    ``by_rule`` is what the reader left out as its rules say: file, rule, rows.
    """

    graph: str
    files: int
    rows: int
    quads: int
    seconds: float
    memory: int
    errors: tuple[str, ...] = ()
    kept: bool = False
    by_rule: tuple[LeftOut, ...] = ()


def build(
    target: Path,
    planned: Plan,
    *,
    curated: bool = True,
    fresh: bool = False,
    without: Sequence[str] = (),
    with_store: bool = True,
    keep_going: bool = False,
    roots: Sequence[str] = (),
    validate: bool = True,
    progress: Progress = lambda what, count, at: None,
) -> list[Done]:
    """Build the graph directory ``target``; return what became of each named graph.

    A named graph of an earlier build that ``planned`` has no files for stays, unless ``fresh`` or ``without`` names it;
    one whose files are unchanged is taken over, not read again, unless somebody has written to the columns since.
    ``keep_going`` leaves out rows that can't be read and lists them; else the first one raises ``SourceError``. With
    ``roots`` only what is about these concepts is kept. The graph is kept whatever its validation finds; the manifest
    says how much that is. The old directory stays whole until the new one is complete.
    """
    from calckg.database import duckdb

    with swap.replacing(target) as folder:
        # Only now: what a build that was killed has left is put right first.
        before = _before(target, fresh, without)
        # What somebody has written to since is not what the manifest tells of.
        stands = bool(before) and earlier.is_as_built(target)
        try:
            connection = running.tracked(columnar.connect(folder / "quads.duckdb"))
            try:
                done = _fill(connection, folder, planned, before, target, curated, keep_going, progress, stands=stands)
                total = _finish(connection, roots, progress)
                triples = columnar.triples(connection)
                done = [replace(one, quads=total.get(one.graph, 0)) for one in done]
                same = [one.graph for one in done if one.kept and not roots]
                check = partial(validating.validate, connection, target if stands else None, same) if validate else None
                validation = _write(connection, folder, with_store, check, progress)
            finally:
                connection.close()
        except (duckdb.OperationalError, duckdb.FatalException) as error:  # others are mistakes of calckg's own
            raise CalckgError(f"{target}: not built: {error}; is the disk full, or memory short?") from None
        shutil.rmtree(folder / "spill", ignore_errors=True)
        digest, size = files.sha256(folder / "quads.duckdb")
        manifest = {
            "graph": "built",
            "quads": sum(total.values()),
            "triples": triples,
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "calckg": _version(),
            "curated": curated,
            "store": with_store,
            "columns": {"bytes": size, "sha256": digest},
            "validation": validation,
            "sources": _entries(planned, before, done, roots),
        }
        (folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return done


def _before(target: Path, fresh: bool, without: Sequence[str]) -> dict[str, Any]:
    """Return the sources of the earlier build that may stay; none of a fresh one, which replaces a graph only, too."""
    there, gone = earlier.sources(target), set(without)
    return {} if fresh else {graph: old for graph, old in there.items() if not {old["name"], old["source"]} & gone}


def _fill(
    connection: DuckDBPyConnection,
    folder: Path,
    planned: Plan,
    before: dict[str, Any],
    target: Path,
    curated: bool,
    keep_going: bool,
    progress: Progress,
    *,
    stands: bool,
) -> list[Done]:
    """Make the columns; return what became of each named graph."""
    _settle(connection, folder)
    done: list[Done] = []

    def stage() -> None:
        done[:] = [
            *_read(connection, planned, before if stands else {}, target, keep_going, progress),
            *_keep(connection, planned, before, target, progress),
        ]
        _describe(connection, planned)
        bundle.stage(connection, curated=curated)
        progress("columns", 0, "")

    progress("columns", columnar.add(connection, stage), "")
    checked.terms(connection)
    return done


def _finish(connection: DuckDBPyConnection, roots: Sequence[str], progress: Progress) -> dict[str, int]:
    """Add what is derived, cut down to ``roots``; return how many quads each named graph has."""
    derive.derive(connection)
    if roots:
        progress("columns", rooting.keep(connection, roots), "")
    rows = connection.execute(
        "SELECT t.value, q.n FROM (SELECT g, count(*) AS n FROM quad GROUP BY g) q JOIN term t ON t.id = q.g"
    )
    return {str(graph): int(count) for graph, count in rows.fetchall()}


def _write(
    connection: DuckDBPyConnection,
    folder: Path,
    with_store: bool,
    check: Callable[[], validating.Validated] | None,
    progress: Progress,
) -> dict[str, Any] | None:
    """Write store, index of names and columns, and validate; return what the manifest says of that.

    That is nothing when there was not enough memory, or disk, for it.
    """
    from calckg.database import duckdb

    found: dict[str, Any] | None = None

    def beside() -> None:
        nonlocal found
        progress("names", 0, "")
        naming.write(connection, folder / "names.sqlite")
        if check is not None:
            progress("shapes", 0, "")
            with suppress(duckdb.OutOfMemoryException, duckdb.IOException):  # the graph is whole all the same
                found = check().entry()
        connection.execute("CHECKPOINT")

    if with_store:
        progress("store", 0, "")
        storing.write(connection, folder / "store", lambda count: progress("store", count, ""), beside)
    else:
        beside()
    return found


def _settle(connection: DuckDBPyConnection, folder: Path) -> None:
    spill = str(folder / "spill").replace("'", "''")
    connection.execute(f"SET temp_directory = '{spill}'; SET memory_limit = '1200MB'")
    connection.execute(f"SET max_temp_directory_size = '{columnar.SPILL}'")
    connection.execute("SET preserve_insertion_order = false")
    # The file is of no use before it is whole; a checkpoint on the way takes seconds.
    connection.execute("SET checkpoint_threshold = '1TB'")


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
        progress(graph, 0, "")
        old = before.get(graph)
        if old is not None and _unchanged(old, items):
            yield _kept(connection, target, old, progress)
            continue
        errors: list[str] = []

        def note(error: SourceError, errors: list[str] = errors) -> None:
            errors.append(str(error))

        on_error: OnError = note if keep_going else stop
        tables.create(connection, temporary=True)
        rows = 0
        for item in items:
            progress(graph, rows, item.path.name)
            rows += item.format.fill(connection, item.path, graph, on_error)
        progress(graph, rows, "")
        for finish in dict.fromkeys(item.format.source.finish for item in items):
            if finish is not None:
                finish(connection, graph)
        tell = items[0].format.source.left_out
        by_rule = tuple(tell(connection)) if tell else ()
        count = _stage(connection)
        seconds = time.perf_counter() - begin
        yield Done(graph, len(items), rows, count, seconds, _memory(), tuple(errors), by_rule=by_rule)


def _stage(connection: DuckDBPyConnection) -> int:
    """Put the quads of the tables by, and empty these; return how many there were."""
    count = 0
    for table in tables.filled(connection):
        count += staging.stage_table(connection, table)
        connection.execute(f'TRUNCATE "{table}"')
    return count


def _unchanged(old: dict[str, Any], items: list[Item]) -> bool:
    """Tell whether ``items`` are the files that the same code has read, and all that they say is there."""
    whole = not old["left_out"] and not old["roots"]  # rows that are left out are told each time
    return whole and old["code"] == earlier.code() and old["files"] == [_entry(item) for item in items]


def _keep(
    connection: DuckDBPyConnection, planned: Plan, before: dict[str, Any], target: Path, progress: Progress
) -> Iterator[Done]:
    """Take over the named graphs of the earlier build that this one has no files for."""
    for graph, old in before.items():
        if graph not in planned.graphs:
            yield _kept(connection, target, old, progress)


def _kept(connection: DuckDBPyConnection, target: Path, old: dict[str, Any], progress: Progress) -> Done:
    begin = time.perf_counter()
    progress(old["graph"], 0, "")
    count = earlier.take_over(connection, target, old["graph"])
    progress(old["graph"], old["rows"], "")
    seconds, rules = time.perf_counter() - begin, tuple(tuple(told.values()) for told in old.get("by_rule", ()))
    return Done(old["graph"], len(old["files"]), old["rows"], count, seconds, _memory(), kept=True, by_rule=rules)


def _describe(connection: DuckDBPyConnection, planned: Plan) -> None:
    """Describe each source that was read as a ``dcat:Dataset`` with its files, in the graph ``kg:meta``."""
    rows = []
    for graph, items in planned.graphs.items():
        source = items[0].format.source
        stated = _stated(items)
        for item in items:
            rows.append(
                (
                    "source",
                    {
                        "graph": earlier.META,
                        "iri": graph,
                        "title": f"{source.title}: {graph.removeprefix(registry.RELEASE)}",
                        "description": f"As calckg reads it: release {stated.version}, {len(items)} of its files.",
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
    _stage(connection)


def _stated(items: Sequence[Item]) -> Stated:
    """Return what the files of a release say of it; where none has a version, what tells it apart, its SHA-256."""
    stated, digests = together([item.stated for item in items]), sorted(item.sha256 for item in items)
    digest = hashlib.sha256("".join(digests).encode()).hexdigest() if len(digests) > 1 else digests[0]
    return replace(stated, version=stated.version or f"sha256:{digest[:12]}")


def _entry(item: Item) -> dict[str, Any]:
    return {"name": item.path.name, "bytes": item.bytes, "sha256": item.sha256}


def _entries(planned: Plan, before: dict[str, Any], done: Iterable[Done], roots: Sequence[str]) -> list[dict[str, Any]]:
    entries = []
    for one in done:
        if one.kept:
            old = before[one.graph]
            entries.append({**old, "quads": one.quads, "roots": sorted({*old["roots"], *roots})})
            continue
        items = planned.graphs[one.graph]
        source, stated = items[0].format.source, _stated(items)
        entries.append(
            {
                "graph": one.graph,
                "name": one.graph.removeprefix(registry.RELEASE),
                "source": source.name,
                "title": source.title,
                "version": stated.version,
                "license": stated.license or source.license,
                "redistribution": source.redistribution,
                "code": earlier.code(),
                "files": [_entry(item) for item in items],
                "rows": one.rows,
                "left_out": len(one.errors),
                "by_rule": [{"file": file, "rule": rule, "rows": rows} for file, rule, rows in one.by_rule],
                "roots": sorted(roots),
                "quads": one.quads,
            }
        )
    return sorted(entries, key=lambda entry: str(entry["graph"]))


def _memory() -> int:
    """Return the peak memory of this process so far, in MiB (Linux counts in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _version() -> str:
    from importlib.metadata import version

    return version("calckg")
