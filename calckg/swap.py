"""A directory that is made beside the old one and takes its place in one step, under a lock."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from calckg.errors import CalckgError, UsageError

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2  # Linux, renameat2(2)
_RENAME_SWAP = 2  # macOS, renamex_np(2)


def part_of(target: Path) -> Path:
    """Return where the successor of ``target`` is made."""
    return target.with_name(f".{target.name}.part")


def old_of(target: Path) -> Path:
    """Return where the predecessor of ``target`` is while it is removed."""
    return target.with_name(f".{target.name}.old")


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Yield an empty directory that takes the place of ``target`` when the block ends without an error.

    Until then, and when the process dies at any moment, ``target`` is whole and as it was; what a dead process left is
    cleaned up first. Raises ``CalckgError`` when another process is at it.
    """
    target = target.resolve()
    if target.exists() and not target.is_dir():
        raise UsageError(f"{target}: this is a file; name a directory for the graph")
    if not target.parent.is_dir():
        raise UsageError(f"{target}: the folder {target.parent} does not exist; make it first")
    with _locked(target):
        _recover(target)
        part = part_of(target)
        part.mkdir()
        try:
            yield part
            _sync(part)
            _take_place(part, target)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise


@contextmanager
def _locked(target: Path) -> Iterator[None]:
    """Hold the lock beside ``target``; its file stays, for removing it would let a third process in."""
    with target.with_name(f".{target.name}.lock").open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CalckgError(f"{target}: another build is at work on it; wait until it ends") from None
        yield


def _recover(target: Path) -> None:
    """Clean up after a process that died: bring back the old directory if it was on its way out, drop the rest."""
    old = old_of(target)
    if old.exists() and not target.exists():
        old.rename(target)
    for left in (old, part_of(target)):
        try:
            _remove(left)
        except OSError as error:
            raise CalckgError(f"{left}: what an earlier build left can't be removed ({error}); remove it") from None


def _remove(folder: Path) -> None:
    """Remove a directory, if there is one, with those in it that nobody may write to."""
    if not folder.exists():
        return
    folder.chmod(0o700)
    for path, inner, _ in os.walk(folder):
        for name in inner:
            (Path(path) / name).chmod(0o700)
    shutil.rmtree(folder)


def _take_place(part: Path, target: Path) -> None:
    if not target.exists():
        part.rename(target)
    elif _exchange(part, target):
        with suppress(OSError):  # the next build tries again, and tells
            _remove(part)
    else:
        # Between these two there is no target for a moment; who dies here is helped by _recover.
        old = old_of(target)
        target.rename(old)
        try:
            part.rename(target)
        except OSError:
            old.rename(target)
            raise
        with suppress(OSError):
            _remove(old)
    _sync_directory(target.parent)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two directories in one step; ``False`` where the system can't."""
    library = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(one), os.fsencode(other)
    if sys.platform == "darwin" and hasattr(library, "renamex_np"):
        done = library.renamex_np(*names, _RENAME_SWAP)
    elif hasattr(library, "renameat2"):
        done = library.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE)
    else:
        return False
    if done == 0:
        return True
    code = ctypes.get_errno()
    if code in {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP}:
        return False
    raise OSError(code, os.strerror(code), str(other))


def _sync(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as handle:
                os.fsync(handle.fileno())
        elif path.is_dir():
            _sync_directory(path)
    _sync_directory(folder)


def _sync_directory(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
