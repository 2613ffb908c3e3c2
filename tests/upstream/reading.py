"""What the tests of readers share: a file read into tables, and its rows with CURIEs for IRIs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import duckdb
import pyoxigraph as ox
import pytest

from calckg import loading, prefixes, tables
from calckg.errors import SourceError
from calckg.tables import SEPARATOR
from calckg.upstream import OnError, stop
from calckg.upstream.source import Format
from tests import stating

SHARED = Path(__file__).parents[3] / "shared" / "data"
Connection = duckdb.DuckDBPyConnection
Rows = list[tuple[Any, ...]]
Select = Callable[[str], Rows]
NO_SHARED = "the folder of upstream data is not there"


def real(name: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not (SHARED / name).is_file(), reason=NO_SHARED)


def known(formats: Iterable[Format], path: Path) -> Format:
    """Return the one format that knows a file by its name and first bytes."""
    import gzip

    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
        head = stream.read(1 << 16)
    (found,) = (known for known in formats if known.matches(path.name, head))
    return found


def graph_of(known: Format) -> str:
    return prefixes.load().expand(f"kg:release/{known.source.name}")


def filled(formats: Iterable[Format], *paths: Path, on_error: OnError = stop) -> tuple[Connection, int]:
    """Read files of one source into fresh tables; return the connection and how many rows there were."""
    connection, count = duckdb.connect(), 0
    tables.create(connection)
    for path in paths:
        format_ = known(formats, path)
        count += format_.fill(connection, path, graph_of(format_), on_error)
    if format_.source.finish:
        format_.source.finish(connection, graph_of(format_))
    return connection, count


def short(value: object) -> object:
    """Return an IRI as a CURIE, also in a list and in an item of ``extra``."""
    if isinstance(value, list):
        return [short(item) for item in value]
    if isinstance(value, str) and SEPARATOR in value:
        return tuple(map(short, value.split(SEPARATOR)))
    if isinstance(value, str) and value.startswith("http"):
        return prefixes.load().compress(value) or value
    return value


def selecting(connection: Connection) -> Select:
    return lambda sql: sorted((tuple(map(short, row)) for row in connection.execute(sql).fetchall()), key=str)


def statements(connection: Connection) -> set[tuple[str, str, str]]:
    """Return the quads of all tables as pyoxigraph reads them, each part short."""
    connection.execute("CREATE OR REPLACE TEMP TABLE told (s VARCHAR, p VARCHAR, o VARCHAR, g VARCHAR)")
    stating.insert(connection, "told")
    lines = connection.execute("SELECT s || ' ' || p || ' ' || o || ' ' || g || ' .' FROM told").fetchall()
    parsed = ox.parse("\n".join(line for (line,) in lines).encode(), format=ox.RdfFormat.N_QUADS)
    return {(str(short(q.subject.value)), str(short(q.predicate.value)), str(short(q.object.value))) for q in parsed}


def no_malformed(connection: Connection) -> bool:
    return not any(loading.malformed(connection, table) for table in tables.TABLES)


def complaints(formats: Iterable[Format], path: Path) -> list[SourceError]:
    """Return all that is told of a file."""
    errors: list[SourceError] = []
    filled(formats, path, on_error=errors.append)
    return errors
