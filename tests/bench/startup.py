"""A query of the bundled graph, from shell to result, beside importing what it stands on."""

from __future__ import annotations

import os
import pty
import statistics
import subprocess
import sys
import time

RUNS = 21
PEER = [sys.executable, "-c", "import typer, rich, pyoxigraph"]
QUERY = [sys.executable, "-m", "calckg", "query", "conditions-with-feature", "--feature", "HP:0004934"]


def _environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}


def _piped(command: list[str]) -> float:
    begin = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, env=_environment(), check=True)
    return time.perf_counter() - begin


def _on_a_terminal(command: list[str]) -> float:
    """Run ``command`` with a pseudo-terminal as its standard output."""
    leader, follower = pty.openpty()
    begin = time.perf_counter()
    with subprocess.Popen(command, stdout=follower, stdin=follower, env=_environment()) as process:
        os.close(follower)
        try:
            while os.read(leader, 65_536):
                pass
        except OSError:
            pass
        process.wait()
    os.close(leader)
    return time.perf_counter() - begin


def main() -> None:
    """Print the ratios, the two commands in turn."""
    for name, measure in (("piped", _piped), ("table on a terminal", _on_a_terminal)):
        measure(QUERY), _piped(PEER)
        pairs = [(_piped(PEER), measure(QUERY)) for _ in range(RUNS)]
        ratio = statistics.median(query / peer for peer, query in pairs)
        peer, query = (statistics.median(column) * 1e3 for column in zip(*pairs, strict=True))
        print(f"{name}: import typer, rich, pyoxigraph {peer:.0f} ms; query {query:.0f} ms; ratio {ratio:.2f}")
