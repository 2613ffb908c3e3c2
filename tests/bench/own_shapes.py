"""calckg's own shapes over built graphs: a generated MedGen release, and HPO with its annotations where it is.

Each figure is that of a whole process. ``BENCH_KG=KG`` takes a graph that is built already instead,
``BENCH_CONCEPTS=3000`` makes the generated release small. The SPARQL back end asks the store of the same graph, and
must find as many results of each shape.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
from pathlib import Path
from typing import Final

from tests.bench._run import CALCKG, CONCEPTS, RUNS, SHARED, Run, folder, run, say, verdict

ANY: Final = 6.0  # seconds for ten million quads
HPO: Final = 2.0
BY_SPARQL: Final = 180.0  # for ten million
GROWS: Final = 1.2  # times the memory, whatever is found
LIMIT: Final = ("--limit", "20")
RECHECK: Final = "--recheck"  # as if the build had found nothing out
# Asked of every statement of a type: of none it is wrong, or of all.
_SHAPE: Final = """@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
<urn:x:typed> a sh:PropertyShape ; sh:targetSubjectsOf rdf:type ; sh:path rdf:type ; sh:nodeKind sh:%s .
"""


def main() -> None:
    """Print the figures of the graph that is named, or of those that are built here."""
    named = os.environ.get("BENCH_KG")
    with folder() as work:
        if named:
            _measure(Path(named).absolute(), work, ANY)
            return
        run(sys.executable, "-m", "tests.bench._medgen_release", str(CONCEPTS), work / "release")
        built = run(*CALCKG, "build", work / "release", "-o", work / "KG")
        say(f"a generated release of {CONCEPTS:,} concepts: {built}")
        _measure(work / "KG", work, ANY)
        files = sorted((SHARED / "hpo").glob("*.gz"))
        if not files:
            say("HPO: left out: its releases are not beside this checkout (../shared/data/hpo)")
            return
        say(f"HPO and its annotations: {run(*CALCKG, 'build', *files, '-o', work / 'HPO')}")
        _measure(work / "HPO", work, HPO)


def _measure(kg: Path, work: Path, limit: float) -> None:
    try:
        manifest = json.loads((kg / "manifest.json").read_text(encoding="utf-8"))
    except OSError as error:
        sys.exit(f"BENCH_KG: {error}; name a directory that calckg built")
    tens = max(1.0, manifest["quads"] / 1e7)
    for options in ((RECHECK,), (RECHECK, *LIMIT), LIMIT):
        took = [_validate(kg, work, *options) for _ in range(RUNS)]
        wall, memory = statistics.median(one.wall for one in took), max(one.memory for one in took)
        done = f"calckg validate {' '.join(options)}, {manifest['quads']:,} quads: {wall:.2f} s, peak {memory:,} MiB"
        say(f"{done}; {verdict(wall, limit * tens)}")
    _memory(kg, work)
    if manifest.get("store", True):
        _by_sparql(kg, work, BY_SPARQL * tens)
    else:
        say("by SPARQL: left out: the graph is built without a store")


def _validate(kg: Path, work: Path, *options: str | Path) -> Run:
    report = work / "report.ttl"
    report.unlink(missing_ok=True)
    took = run(*CALCKG, "validate", "--kg", kg, "--format", "turtle", "-o", report, *options, codes=(0, 1))
    if not report.exists():  # 1 is findings, but Python's own failures too
        sys.exit(f"calckg validate --kg {kg} wrote no report; run it by hand")
    return took


def _memory(kg: Path, work: Path) -> None:
    """Compare the peak memory where nothing is wrong with that where everything is, by shapes that cost the same."""
    peaks = []
    for kind in ("IRI", "Literal"):
        shapes = work / f"{kind}.ttl"
        shapes.write_text(_SHAPE % kind, encoding="utf-8")
        peaks.append(_validate(kg, work, "--shapes", shapes, *LIMIT).memory)
    none, all_ = peaks
    ratio = all_ / none
    told = f"no statement of a type is wrong: {none:,} MiB, each is: {all_:,} MiB"
    say(f"memory, {told}: ratio {ratio:.2f}; {verdict(ratio, GROWS)}")


def _by_sparql(kg: Path, work: Path, limit: float) -> None:
    counts, took = {}, {}
    for name in ("columns", "sparql"):
        file = work / f"{name}.json"
        took[name] = run(sys.executable, "-m", "tests.bench._by_sparql", name, kg, file)
        counts[name] = json.loads(file.read_text(encoding="utf-8"))
    wall = took["sparql"].wall
    say(f"by SPARQL, of the store: {took['sparql']}; {verdict(wall, limit)}")
    columns, sparql = counts["columns"], counts["sparql"]
    different = [f"{rule} {columns[rule]:,} : {sparql[rule]:,}" for rule in columns if columns[rule] != sparql[rule]]
    if different:
        sys.exit(f"the back ends do not find as much, columns : SPARQL: {'; '.join(different)}")
    say(f"results, the same of both back ends: {sum(columns.values()):,}")
