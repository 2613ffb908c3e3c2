"""Run a command and tell what it took; print a figure beside its limit."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
SHARED: Final = ROOT.parent / "shared" / "data"
CALCKG: Final = (sys.executable, "-m", "calckg")
RUNS: Final = int(os.environ.get("BENCH_RUNS", "1"))
"""How often what takes long is measured, beside its peer each time."""
CONCEPTS: Final = int(os.environ.get("BENCH_CONCEPTS", "230000"))
"""How many concepts a generated release has."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a command took: seconds by the clock, seconds of the processors, peak memory in MiB."""

    wall: float
    cpu: float
    memory: int

    def __add__(self, other: Run) -> Run:
        """Return what both take, one after the other."""
        return Run(self.wall + other.wall, self.cpu + other.cpu, max(self.memory, other.memory))

    def __str__(self) -> str:
        return f"{self.wall:.2f} s (processors {self.cpu:.2f} s, peak {self.memory:,} MiB)"


def environment() -> dict[str, str]:
    """Return the environment of a command: compiled modules are kept, and no graph is named."""
    return {key: value for key, value in os.environ.items() if key not in {"PYTHONDONTWRITEBYTECODE", "CALCKG_KG"}}


def run(*command: str | Path, codes: Collection[int] = (0,)) -> Run:
    """Run ``command`` to its end; what it prints is shown, and the measurement ended, only if it fails (not ``codes``).

    The peak memory of a process begins with that of the one that starts it, so whoever calls this must stay small.
    """
    os.sync()  # what was written before is not part of it
    with tempfile.TemporaryFile() as printed:
        begin = time.perf_counter()
        with subprocess.Popen(command, stdout=printed, stderr=printed, env=environment(), cwd=ROOT) as process:
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - begin
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in codes:
            printed.seek(0)
            told = printed.read().decode("utf-8", "replace").strip()
            sys.exit(f"{shlex.join(map(str, command))}: exit code {process.returncode}\n{told}")
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024)  # Linux counts in KiB


def verdict(figure: float, limit: float, *, at_least: bool = False) -> str:
    """Return the words that tell a limit and whether ``figure`` meets it."""
    met = figure >= limit if at_least else figure <= limit
    return f"limit {limit:,.4g}{' at least' if at_least else ''}: {'met' if met else 'NOT MET'}"


def say(what: str) -> None:
    """Print a line at once: what follows may take minutes."""
    print(what, flush=True)


@contextmanager
def folder() -> Iterator[Path]:
    """Make a folder that is gone at the end; ``TMPDIR`` says where."""
    with tempfile.TemporaryDirectory(prefix="calckg-bench-") as name:
        yield Path(name)
