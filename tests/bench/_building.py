"""What a build takes, from files to a queryable, optimised graph, beside Oxigraph loading the same graph.

The peer gets what the build has made: the named graphs as N-Quads and their merge as N-Triples, read in parallel into
an empty store, then ``oxigraph optimize``. ``BENCH_LENIENT=1`` lets it leave out the checks of IRIs and language tags,
as a build does.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.bench._run import CALCKG, RUNS, Run, environment, run, say, verdict

RATIO: Final = 1.25
MEMORY: Final = 2048  # MiB
SHARE: Final = 0.2  # of a whole build, for one without a store
RATE: Final = 2.0  # million quads a second, from tables
ENCODED: Final = 5.0  # seconds
LENIENT: Final = ("--lenient",) if os.environ.get("BENCH_LENIENT") else ()
# Default graph and named graphs of a store, counted in a process of its own so that this one stays small.
_COUNT: Final = """
import sys, pyoxigraph
store = pyoxigraph.Store.read_only(sys.argv[1])
for where in ("?s ?p ?o", "GRAPH ?g { ?s ?p ?o }"):
    print(next(store.query("SELECT (COUNT(*) AS ?n) WHERE { %s }" % where))["n"].value)
"""


def compare(files: Sequence[Path], work: Path) -> Path:
    """Build a graph of ``files`` below ``work`` beside the peer, print the figures, return the graph's directory."""
    kg, store = work / "KG", work / "store"
    pairs = []
    for _ in range(RUNS):
        for old in (kg, store):
            shutil.rmtree(old, ignore_errors=True)
        built = run(*CALCKG, "build", *files, "-o", kg)
        say(f"build: {built}")
        peer = _peer(kg, store, work)
        pairs.append((built, peer))
    ratio = statistics.median(built.wall / peer.wall for built, peer in pairs)
    say(f"build : oxigraph load and optimize: ratio {ratio:.2f}; {verdict(ratio, RATIO)}")
    memory = max(built.memory for built, _ in pairs)
    say(f"build, peak memory: {memory:,} MiB; {verdict(memory, MEMORY)}")
    _same(kg / "store", store)
    _without_store(files, work, statistics.median(built.wall for built, _ in pairs))
    return kg


def _peer(kg: Path, store: Path, work: Path) -> Run:
    program = shutil.which("oxigraph", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if program is None:
        sys.exit("the program oxigraph is not installed; install it: pip install oxigraph")
    files = [work / "named.nq", work / "merge.nt"]
    for path in files:
        if not path.exists():
            run(*CALCKG, "dump", "--kg", kg, "--include-restricted", "-o", path)
    loaded = run(program, "load", *LENIENT, "--location", store, "--file", *files)
    optimized = run(program, "optimize", "--location", store)
    say(f"oxigraph load {' '.join(LENIENT)}".rstrip() + f": {loaded}; optimize: {optimized}")
    return loaded + optimized


def _same(ours: Path, theirs: Path) -> None:
    """Compare what the two stores hold, by count: the default graph, and the named ones together."""
    merge, named = _counts(ours)
    if (merge, named) != _counts(theirs):
        sys.exit(f"the stores differ: {merge:,} and {named:,} quads built; by oxigraph load {_counts(theirs)}")
    say(f"both stores: {merge:,} triples in the default graph, {named:,} quads in named graphs")


def _counts(store: Path) -> tuple[int, int]:
    command = [sys.executable, "-c", _COUNT, str(store)]
    merge, named = subprocess.run(command, env=environment(), check=True, stdout=subprocess.PIPE).stdout.split()
    return int(merge), int(named)


def _without_store(files: Sequence[Path], work: Path, whole: float) -> None:
    """Build columns only, with a clock in the two steps that have limits of their own."""
    runs, calls = [], []
    for number in range(RUNS):
        told = work / f"steps-{number}.json"
        shutil.rmtree(work / "columns", ignore_errors=True)
        clocked = (sys.executable, "-m", "tests.bench._timed", told)
        runs.append(run(*clocked, "build", *files, "-o", work / "columns", "--no-store"))
        calls.append(json.loads(told.read_text(encoding="utf-8")))
        say(f"build --no-store: {runs[-1]}")
    share = statistics.median(one.wall for one in runs) / whole
    say(f"build --no-store : build: ratio {share:.2f}; {verdict(share, SHARE)}")
    kept = min(count for _, count in calls[0]["settle"])  # what is derived is not made of tables
    seconds = statistics.median(sum(second for second, _ in call["stage"] + call["stage_table"]) for call in calls)
    rate = kept / seconds / 1e6  # what comes twice is counted once
    met = verdict(rate, RATE, at_least=True)
    say(f"tables to quads: {kept:,} in {seconds:.2f} s, {rate:.2f} million a second; {met}")
    encoded = statistics.median(sum(second for second, _ in call["settle"] + call["link"]) for call in calls)
    kept = max(count for _, count in calls[0]["settle"])
    say(f"columns: {kept:,} quads encoded in {encoded:.2f} s; {verdict(encoded, ENCODED)}")
