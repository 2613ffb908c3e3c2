"""A generated MedGen release, from files to a queryable, optimised graph, beside Oxigraph loading the same graph.

It has 230,000 concepts, which make 10 million quads; ``BENCH_CONCEPTS=3000`` tries it on few.
"""

from __future__ import annotations

import sys

from tests.bench._building import compare
from tests.bench._run import CONCEPTS, folder, run, say


def main() -> None:
    """Print the ratios."""
    with folder() as work:
        release = work / "release"
        run(sys.executable, "-m", "tests.bench._medgen_release", str(CONCEPTS), release)
        say(f"{CONCEPTS:,} concepts")
        compare([release], work)
