"""Eight shapes over generated data with seeded violations, to the report, beside pySHACL and Apache Jena.

All are whole processes that end with a report in a file, of the same data and shapes; the results in it must be as
many. What a program pays that has loaded its libraries and its graph is told, too: of pySHACL by the same process, of
calckg by one that checks a built graph twice, the second time. ``BENCH_TRIPLES`` has the sizes (100000,1000000).
pySHACL takes minutes for a million triples: it is asked at sizes up to ``BENCH_PYSHACL_AT_MOST`` (100000).
"""

from __future__ import annotations

import os
import re
import statistics
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.bench import _jena
from tests.bench._run import CALCKG, RUNS, Run, folder, run, say, verdict

SIZES: Final = tuple(int(size) for size in os.environ.get("BENCH_TRIPLES", "100000,1000000").split(","))
PYSHACL_AT_MOST: Final = int(os.environ.get("BENCH_PYSHACL_AT_MOST", "100000"))
FILES: Final = 1 / 40
GRAPH: Final = 1 / 400
MEMORY: Final = 1 / 2
JENA: Final = 3.0  # times faster
# It tells of each literal that is none, which must not be part of what it takes.
PYSHACL: Final = """
import logging, pathlib, sys, time, rdflib, pyshacl
logging.disable()
data, shapes = (rdflib.Graph().parse(path) for path in sys.argv[1:3])
begin = time.perf_counter()
_, report, _ = pyshacl.validate(data, shacl_graph=shapes)
report.serialize(sys.argv[3], format="nt", encoding="utf-8")
pathlib.Path(sys.argv[4]).write_text(str(time.perf_counter() - begin))
"""
TWICE: Final = """
import pathlib, sys, time, calckg
graph = calckg.open(sys.argv[1])
for _ in range(2):
    begin = time.perf_counter()
    pathlib.Path(sys.argv[3]).write_bytes(graph.validate(sys.argv[2]).turtle())
    pathlib.Path(sys.argv[4]).write_text(str(time.perf_counter() - begin))
"""
_OF_FILES, _OF_A_GRAPH, _PYSHACL, _JENA = "calckg, of files", "calckg, of a built graph", "pySHACL", "Jena"
_TWICE = "calckg, in a program"
_Command = tuple[str | Path, ...]


def main() -> None:
    """Print the ratios for each size; end with an error where the results are not as many."""
    for triples in SIZES:
        with folder() as work:
            _measure(work, triples)


def _measure(work: Path, triples: int) -> None:
    run(sys.executable, "-m", "tests.bench._shapes_data", str(triples), work)
    say(f"{triples:,} triples")
    commands = _commands(work, triples)
    rounds: list[dict[str, Run]] = []
    warm: list[float] = []
    for _ in range(RUNS):
        took = {}
        for name, command in commands.items():
            took[name] = run(*command, codes=(0, 1))  # 1: there are violations
            say(f"{name}: {took[name]}")
        rounds.append(took)
        ours, theirs = (_seconds(work, name) for name in (_TWICE, _PYSHACL))
        say(f"in a program: calckg {ours:.2f} s" + (f", pySHACL {theirs:.1f} s" if theirs else ""))
        if theirs:
            warm.append(theirs / ours)
    _compare(rounds)
    if warm:
        say(f"in a program, of a graph that is loaded: {statistics.median(warm):.0f} times faster than pySHACL")
    _same({name: _report(work, name) for name in commands})


def _commands(work: Path, triples: int) -> dict[str, _Command]:
    """Return what is run, by name; say what is left out."""
    data, shapes = work / "data.nt", work / "shapes.ttl"
    ours = (*CALCKG, "validate", "--shapes", shapes, "--format", "turtle", "-o")
    found: dict[str, _Command] = {
        _OF_FILES: (*ours, _report(work, _OF_FILES), data),
        _OF_A_GRAPH: (*ours, _report(work, _OF_A_GRAPH), "--kg", work / "KG"),
    }
    told = _report(work, _TWICE)
    found[_TWICE] = (sys.executable, "-c", TWICE, work / "KG", shapes, told, _clock(work, _TWICE))
    if triples <= PYSHACL_AT_MOST:
        told = _report(work, _PYSHACL)
        found[_PYSHACL] = (sys.executable, "-c", PYSHACL, data, shapes, told, _clock(work, _PYSHACL))
    else:
        say(f"pySHACL: left out at this size; BENCH_PYSHACL_AT_MOST={triples} asks it")
    jena = _jena.command(work / "jena", data, shapes, _report(work, _JENA))
    if jena is None:
        say(f"Jena: left out: {_jena.MISSING}")
    else:
        found[_JENA] = jena
    return found


def _report(work: Path, name: str) -> Path:
    return work / f"{re.sub(r'[^A-Za-z]+', '-', name)}.report"


def _clock(work: Path, name: str) -> Path:
    return _report(work, name).with_suffix(".seconds")


def _seconds(work: Path, name: str) -> float:
    """Return the seconds that a process has told, or 0 where it was left out."""
    clock = _clock(work, name)
    return float(clock.read_text()) if clock.is_file() else 0.0


def _compare(rounds: list[dict[str, Run]]) -> None:
    """Print the ratios, each the median of the rounds."""

    def ratio(one: str, other: str) -> float:
        return statistics.median(took[one].wall / took[other].wall for took in rounds)

    if _PYSHACL in rounds[0]:
        for name, limit in ((_OF_FILES, FILES), (_OF_A_GRAPH, GRAPH)):
            time = ratio(name, _PYSHACL)
            say(f"{name} : pySHACL: ratio {time:.4f}, {1 / time:.0f} times faster; {verdict(time, limit)}")
        for name in (_OF_FILES, _OF_A_GRAPH):
            memory = statistics.median(took[name].memory / took[_PYSHACL].memory for took in rounds)
            say(f"{name} : pySHACL, peak memory: ratio {memory:.2f}; {verdict(memory, MEMORY)}")
    if _JENA in rounds[0]:
        for name in (_OF_FILES, _OF_A_GRAPH):
            times = ratio(_JENA, name)
            say(f"{name} : Jena: {times:.1f} times faster; {verdict(times, JENA, at_least=True)}")


def _same(reports: Mapping[str, Path]) -> None:
    """Compare how many results there are; each has its severity once, in whatever syntax the report is."""
    counts = {}
    for name, path in reports.items():
        with path.open(encoding="utf-8") as lines:
            counts[name] = sum(line.count("resultSeverity") for line in lines)
    told = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    if len(set(counts.values())) > 1 or not all(counts.values()):
        sys.exit(f"the results are not as many: {told}; look at the shapes one by one")
    say(f"results, the same of all: {told}")
