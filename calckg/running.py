"""What runs at the moment: how far it is, for those who wait, and Ctrl-C, where DuckDB would only hear half of it.

DuckDB looks for Ctrl-C in the main thread, and then waits for its own threads, which go on with what they are at to
its end: seconds, in a large graph. ``interrupt`` of the connection ends them, too.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_open: WeakSet[DuckDBPyConnection] = WeakSet()
_rows = [0]
_heard: list[int] = []  # the signals that came to ``_end``
_USUAL = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
if hasattr(signal, "SIGHUP"):  # not on Windows
    _USUAL[signal.SIGHUP] = signal.SIG_DFL


def watched(connection: DuckDBPyConnection) -> DuckDBPyConnection:
    """Return ``connection``, whose statement Ctrl-C is to end."""
    _open.add(connection)
    return connection


def close() -> None:
    """Close the ``watched`` connections; what they have put by on a disk is removed."""
    for connection in list(_open):
        with suppress(Exception):  # it is closed
            connection.close()


def tracked(connection: DuckDBPyConnection) -> DuckDBPyConnection:
    """Return ``connection``, of whose statements ``percent`` is to tell how far they are; nothing is printed."""
    connection.execute("SET enable_progress_bar = true; SET enable_progress_bar_print = false")
    return connection


def percent() -> float | None:
    """Return how far the statement is that a ``tracked`` connection runs; ``None`` if none does, or nobody knows."""
    told = [-1.0]
    for connection in list(_open):
        with suppress(Exception):  # it is closed
            told.append(connection.query_progress())
    return max(told) if max(told) >= 0 else None


def add_rows(count: int) -> None:
    """Count rows that a reader has given."""
    _rows[0] += count


def rows() -> int:
    """Return how many rows readers have given so far."""
    return _rows[0]


def silence(*streams: int) -> None:
    """Let standard output (1) or error (2) go nowhere: their reader has gone, and Python flushes them when it ends."""
    for stream in streams:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream)


@contextmanager
def ending_statements() -> Iterator[None]:
    """Let Ctrl-C, and the signals that end a program, end what runs in ``watched`` connections, and clean up.

    One that someone hears in a way of their own, or that is ignored, stays as it is.
    """
    _heard.clear()
    is_main = threading.current_thread() is threading.main_thread()
    own = {number: usual for number, usual in _USUAL.items() if is_main and signal.getsignal(number) is usual}
    for number in own:
        signal.signal(number, _end)
    try:
        yield
    finally:
        for number, usual in own.items():
            signal.signal(number, usual)


def exit_code() -> int:
    """Return the exit code of a program that a signal has ended: 128 and its number (POSIX, Shell, 2.8.2)."""
    return 128 + (_heard[-1] if _heard else signal.SIGINT)


def caused(error: Exception) -> bool:
    """Tell whether ``error`` is what DuckDB makes of a signal while it runs a statement."""
    return isinstance(error, RuntimeError) and str(error) == "Query interrupted"


def _end(number: int, frame: FrameType | None) -> None:
    _heard.append(number)
    for connection in list(_open):
        with suppress(Exception):  # it is closed
            connection.interrupt()
    raise KeyboardInterrupt
