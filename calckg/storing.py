"""The store of a graph, made from its columns: parts by ranges of subjects, written and loaded in two threads.

The store's default graph holds the merge, each triple once; the named graphs hold their own. One bulk load of all would
hold it all in memory; parts keep that near the size of two of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox

from calckg import columnar
from calckg.errors import CalckgError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_PART = 1_500_000  # quads of named graphs in a part; the merge adds nearly as many
_THREADS = 2
Progress = Callable[[int], None]


def write(connection: DuckDBPyConnection, path: Path, progress: Progress = lambda count: None) -> None:
    """Write the graph in ``connection`` to a new store in the directory ``path``, and optimise it.

    ``progress`` is told how many more quads of the named graphs are loaded. Raises ``CalckgError`` when it can't be
    written.
    """
    store = ox.Store(str(path))

    def load(number: int, low: int, high: int, count: int) -> None:
        part = path.with_name(f"part-{number}.nq")
        with connection.cursor() as cursor:
            columnar.copy_nquads(cursor, part, f"q.s >= {low} AND q.s < {high}", merge=True)
        store.bulk_load(path=str(part), format=ox.RdfFormat.N_QUADS, lenient=True)
        part.unlink()
        progress(count)

    try:
        with ThreadPoolExecutor(_THREADS) as pool:
            for done in [pool.submit(load, *part) for part in _parts(connection)]:
                done.result()
        store.optimize()
        store.flush()
    except OSError as error:
        raise CalckgError(f"{path}: the store can't be written: {error}; is the disk full?") from None


def _parts(connection: DuckDBPyConnection) -> Iterator[tuple[int, int, int, int]]:
    """Yield (number, lowest subject, next part's lowest subject, quads) for parts of nearly the same size."""
    rows = connection.execute(
        f"""SELECT part, min(s), max(s) + 1, sum(n) FROM (
            SELECT s, n, (sum(n) OVER (ORDER BY s) - n) // {_PART} AS part
            FROM (SELECT s, count(*) AS n FROM quad GROUP BY s) subject) ranged
        GROUP BY part ORDER BY part"""
    ).fetchall()
    for part, low, high, count in rows:
        yield int(part), low, high, int(count)
