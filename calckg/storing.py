"""The store of a graph, made from its columns: parts by ranges of subjects, loaded by two threads.

The store's default graph holds the merge, each triple once; the named graphs hold their own. One bulk load of all would
hold too much in memory, and small ones leave the store much to put together: a part is as large as may be. The merge
and the named graphs are in parts of their own, for they go to different indexes, and all of the one are loaded before
the first of the other: the store puts an index together whenever two parts of it have come, and so less often.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pyoxigraph as ox

from calckg import columnar
from calckg.errors import CalckgError
from calckg.uncollected import uncollected

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_PART = 950_000  # quads of a part at most; the store takes a million at once
_THREADS = 2
_MEMORY = "300MB"  # of the columns, while the store takes the rest
Progress = Callable[[int], None]

_NAMED = "SELECT s, p, o, g FROM quad WHERE g > 0"
# A triple of several graphs comes more than once: the store keeps one, for less than it costs to look for them here.
_MERGE = f"SELECT s, p, o, {columnar.DEFAULT_GRAPH} AS g FROM quad"
# The text of a term is made once, not once for each quad.
_TEXTS = f"""
CREATE OR REPLACE TEMP TABLE written_term AS SELECT id, {columnar.text_of("term")} AS t FROM term;
CREATE OR REPLACE TEMP TABLE written_few AS
SELECT id, t FROM written_term WHERE id IN (SELECT p FROM quad UNION SELECT g FROM quad)
"""


class _Part(NamedTuple):
    """Quads of ``relation`` whose subjects are from ``low`` on, below ``high``; ``told`` of them are progress."""

    relation: str
    low: int
    high: int
    told: int


def write(
    connection: DuckDBPyConnection,
    path: Path,
    progress: Progress = lambda count: None,
    beside: Callable[[], None] = lambda: None,
) -> None:
    """Write the graph in ``connection`` to a new store in the directory ``path``, and optimise it.

    ``progress`` is told how many more quads of the named graphs are loaded. ``beside`` is called while the store is
    optimised, which keeps one processor busy. Raises ``CalckgError`` when it can't be written.
    """
    try:
        with uncollected():
            store = ox.Store(str(path))
            with _modest(connection):
                _fill(store, connection, path, progress)
            with ThreadPoolExecutor(1) as pool:
                optimized = pool.submit(store.optimize)
                beside()
                optimized.result()
            store.flush()
    except OSError as error:
        raise CalckgError(f"{path}: the store can't be written: {error}; is the disk full?") from None


def _fill(store: ox.Store, connection: DuckDBPyConnection, path: Path, progress: Progress) -> None:
    def load(file: Path, count: int) -> None:
        store.bulk_load(path=str(file), format=ox.RdfFormat.N_QUADS, lenient=True)
        file.unlink()
        progress(count)

    connection.execute(_TEXTS)
    loads: deque[Future[None]] = deque()
    with ThreadPoolExecutor(_THREADS) as pool:
        for number, part in enumerate(_parts(connection)):
            file = path.with_name(f"part-{number}.nq")
            _write(connection, part, file)
            if len(loads) == _THREADS:  # as much waits on disk as is being loaded, and no more
                loads.popleft().result()
            loads.append(pool.submit(load, file, part.told))
        for done in loads:
            done.result()


@contextmanager
def _modest(connection: DuckDBPyConnection) -> Iterator[None]:
    """Let the columns have little memory; what they need beyond it they put by on disk."""
    row = connection.execute("SELECT current_setting('memory_limit')").fetchone()
    assert row is not None
    connection.execute(f"SET memory_limit = '{_MEMORY}'")
    try:
        yield
    finally:
        connection.execute("DROP TABLE IF EXISTS written_term; DROP TABLE IF EXISTS written_few")
        connection.execute(f"SET memory_limit = '{row[0]}'")


def _parts(connection: DuckDBPyConnection) -> Iterator[_Part]:
    """Yield parts of nearly the same size: those of the named graphs, which have more indexes, then of the merge."""
    row = connection.execute("SELECT count(*) FROM quad").fetchone()
    total = int(row[0]) if row else 0
    size = -(-total // -(-total // _PART)) if total else 1  # parts of one size: no thread is idle at the end
    ranges = connection.execute(
        f"""SELECT min(s), max(s) + 1, sum(n), sum(d) FROM (
            SELECT s, n, d, (sum(n) OVER (ORDER BY s) - n) // {size} AS part FROM (
                SELECT s, count(*) AS n, count(*) FILTER (g = {columnar.DEFAULT_GRAPH}) AS d
                FROM quad GROUP BY s) subject) ranged
        GROUP BY part ORDER BY part"""
    )
    found = [(int(low), int(high), int(count), int(default)) for low, high, count, default in ranges.fetchall()]
    for low, high, count, default in found:
        if count > default:
            yield _Part(_NAMED, low, high, count - default)
    for low, high, _, default in found:
        yield _Part(_MERGE, low, high, default)  # of the others is told with their graphs


def _write(connection: DuckDBPyConnection, part: _Part, file: Path) -> None:
    """Write a part as N-Quads, in no fixed order: its terms are columns, which blanks part."""
    quoted = str(file).replace("'", "''")
    connection.execute(
        f"""COPY (SELECT s.t, p.t, o.t, CASE WHEN g.t IS NULL THEN '.' ELSE g.t || ' .' END
            FROM (SELECT s, p, o, g FROM ({part.relation}) q WHERE s >= {part.low} AND s < {part.high}) q
            JOIN written_term s ON s.id = q.s JOIN written_few p ON p.id = q.p JOIN written_term o ON o.id = q.o
            LEFT JOIN written_few g ON g.id = q.g)
        TO '{quoted}' (FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER ' ')"""
    )
