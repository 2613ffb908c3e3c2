"""DuckDB: its engine alone, without what the package ``duckdb`` builds on it.

Relations, expressions and the readers of Arrow and polars, of which nothing is used here, are more than half of what
the package takes to be imported: 50 ms and 13 MiB of every process. Connections and errors are the package's own.
"""

from __future__ import annotations

try:
    import _duckdb as duckdb
except ImportError:  # before 1.4 it is inside the package
    import duckdb  # type: ignore[no-redef]

__all__ = ["duckdb"]
