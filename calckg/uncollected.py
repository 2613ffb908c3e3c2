"""Python's garbage collector, kept from looking for cycles: what it takes, and in which thread it runs."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_lock = Lock()
_depth = 0
_was_enabled = False


@contextmanager
def uncollected() -> Iterator[None]:
    """Put the collector off until the last of those that ask for it is done; references are counted all the while.

    Rows by the hundred thousand have no cycles, and it would go through all of them again and again. And it runs in
    whatever thread makes the next object, where pyoxigraph lets no solutions of another thread end: one that a caller
    left in a cycle would end a check with an error.
    """
    global _depth, _was_enabled
    with _lock:
        if not _depth:
            _was_enabled = gc.isenabled()
            gc.disable()
        _depth += 1
    try:
        yield
    finally:
        with _lock:
            _depth -= 1
            if not _depth and _was_enabled:
                gc.enable()
