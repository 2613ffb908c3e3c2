"""Checking a large mapping set by all rules but reasoning, as a whole process, beside ``sssom validate``.

``BENCH_ROWS`` tells how many rows are generated, ``BENCH_KG=KG`` in which built graph codes are looked up. The rows are
like Mondo's: each disease has a label, and exact matches in several vocabularies; one row in a thousand has a defect.
``sssom`` is left out where the program is not there.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Final

from calckg import prefixes
from calckg.identifiers import verhoeff_check_digit
from tests.bench._run import CALCKG, RUNS, folder, run, say, verdict

ROWS: Final = int(os.environ.get("BENCH_ROWS", "1000000"))
WALL: Final = 10.0  # seconds for a million rows
MEMORY: Final = 2048  # MiB
_PREFIXES: Final = ("MONDO", "UMLS", "SCTID", "mesh", "OMIM", "Orphanet")
_COLUMNS: Final = ("subject_id", "subject_label", "predicate_id", "object_id", "mapping_justification")
_MANUAL: Final = "semapv:ManualMappingCuration"


def main() -> None:
    """Print the figures beside their limits, and the ratio to the peer."""
    graph = os.environ.get("BENCH_KG")
    known = ("--kg", str(Path(graph).absolute())) if graph else ()
    peer = Path(sys.executable).with_name("sssom")
    program = str(peer) if peer.is_file() else shutil.which("sssom")
    with folder() as work:
        path = work / "set.sssom.tsv"
        path.write_text(_head(), encoding="utf-8")
        _write(path)
        say(f"{ROWS:,} rows, {path.stat().st_size >> 20:,} MiB, {graph or 'no graph'}")
        for _ in range(RUNS):
            # What is told goes to a file, with a limit: the rows are checked all the same.
            told = work / "found.csv"
            took = run(*CALCKG, "mappings", "check", path, *known, "--limit", "100", "-o", told, codes=(0, 1))
            say(f"calckg mappings check: {took}")
            say(f"  seconds {took.wall:.1f}, {verdict(took.wall, WALL * max(1.0, ROWS / 1e6))}")
            say(f"  peak {took.memory:,} MiB, {verdict(took.memory, MEMORY)}")
            if program is None:
                say("sssom validate: left out, the program is not there")
                continue
            other = run(program, "validate", path, codes=(0, 1))
            say(f"sssom validate: {other}; ratio {other.wall / took.wall:.1f}")


def _head() -> str:
    namespaces = prefixes.load().namespaces
    lines = ("# curie_map:", *(f"#   {name}: {namespaces[name]}" for name in _PREFIXES))
    more = (
        "# license: https://creativecommons.org/publicdomain/zero/1.0/\n# mapping_set_id: https://example.org/mondo/set"
    )
    return "\n".join((*lines, more, "\t".join(_COLUMNS))) + "\n"


def _write(path: Path) -> None:
    with path.open("a", encoding="utf-8") as stream:
        for number in range(ROWS):
            stream.write(_row(number))


def _row(number: int) -> str:
    disease, kind = divmod(number, 5)
    code = 100_000 + disease
    if number % 1000 == 999:  # two diseases have the same code
        code -= 1
    if kind == 0:
        other = f"UMLS:C{code:07}"
    elif kind == 1:
        digits = f"{code:07}00".lstrip("0")
        other = f"SCTID:{digits}{verhoeff_check_digit(digits)}"
    else:
        other = (f"mesh:C{code:06}", f"OMIM:{100_000 + code % 500_000}", f"Orphanet:{code}")[kind - 2]
    return f"MONDO:{disease:07}\tdisease number {disease}\tskos:exactMatch\t{other}\t{_MANUAL}\n"
