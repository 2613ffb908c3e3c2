"""Rows to N-Quads: calckg's tables and SQL beside rdflib, row by row, and beside Morph-KGC with an RML mapping.

All read the concepts of a generated release (``BENCH_CONCEPTS``) as comma-separated values and write the same quads.
Morph-KGC asks for older versions of libraries than calckg, so it gets an environment of its own:
``python -m venv morph && morph/bin/pip install morph-kgc``, then ``BENCH_MORPH_KGC=morph/bin/python``.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from tests.bench._rows import MAPPING
from tests.bench._run import CONCEPTS, RUNS, Run, environment, folder, run, say

MORPH: Final = str(Path(os.environ.get("BENCH_MORPH_KGC", sys.executable)).absolute())
_SETTINGS: Final = """[CONFIGURATION]
output_file: {target}
output_format: N-QUADS
logging_level: ERROR

[concepts]
mappings: {mapping}
"""


def main() -> None:
    """Print what each takes and the ratio, when all have written the same."""
    with folder() as work:
        source = _concepts(work)
        written = {name: work / f"{name}.nq" for name in ("calckg", "rdflib", "Morph-KGC")}
        ways: dict[str, Callable[[], Run]] = {
            name: partial(run, sys.executable, "-m", "tests.bench._rows", name, source, written[name])
            for name in ("calckg", "rdflib")
        }
        if _has_morph():
            ways["Morph-KGC"] = partial(run, MORPH, "-m", "morph_kgc", _settings(work, source, written["Morph-KGC"]))
        else:
            say("left out: Morph-KGC is not installed (pip install morph-kgc; BENCH_MORPH_KGC names its python)")
        took = [{name: way() for name, way in ways.items()} for _ in range(RUNS)]
        made = {name: _quads(written[name]) for name in ways}
        for name, (count, digest) in made.items():
            say(f"{name}: {took[-1][name]}, {count:,} quads")
            if (count, digest) != made["calckg"]:
                sys.exit(f"{name} has written other quads than calckg")
        for name in [name for name in ways if name != "calckg"]:
            ratio = statistics.median(one["calckg"].wall / one[name].wall for one in took)
            say(f"calckg : {name}: ratio {ratio:.3f}")


def _concepts(work: Path) -> Path:
    """Make the file of the concepts, as in the ``csv/`` edition of MedGen: name and concept of each row."""
    run(sys.executable, "-m", "tests.bench._medgen_release", str(CONCEPTS), work / "release")
    path = work / "NAMES.csv"
    with (
        gzip.open(work / "release" / "NAMES.RRF.gz", "rt", encoding="utf-8") as stream,
        path.open("w", encoding="utf-8", newline="") as out,
    ):
        csv.writer(out, lineterminator="\n").writerows(line.lstrip("#").split("|")[:4] for line in stream)
    return path


def _settings(work: Path, source: Path, target: Path) -> Path:
    mapping, settings = work / "mapping.ttl", work / "morph-kgc.ini"
    mapping.write_text(MAPPING.replace("PATH", str(source)), encoding="utf-8")
    settings.write_text(_SETTINGS.format(target=target, mapping=mapping), encoding="utf-8")
    return settings


def _has_morph() -> bool:
    command = [MORPH, "-c", "import importlib.util, sys; sys.exit(importlib.util.find_spec('morph_kgc') is None)"]
    try:
        return subprocess.run(command, env=environment(), check=False).returncode == 0
    except OSError as error:
        sys.exit(f"BENCH_MORPH_KGC={MORPH}: {error.strerror}; name the python of the environment that has Morph-KGC")


def _quads(path: Path) -> tuple[int, str]:
    """Return how many quads a file has, and a digest of them whatever their order and spelling."""
    quads = sorted(set(map(str, ox.parse(path=path))))
    return len(quads), hashlib.sha256("\n".join(quads).encode()).hexdigest()
