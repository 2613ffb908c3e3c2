"""HPO and its annotations, from files to a queryable, optimised graph, beside Oxigraph loading the same graph."""

from __future__ import annotations

from tests.bench._building import compare
from tests.bench._run import SHARED, folder, say


def main() -> None:
    """Print the ratios; without the files, say so."""
    files = sorted((SHARED / "hpo").glob("*.gz"))
    if not files:
        say("left out: the releases of HPO are not beside this checkout (../shared/data/hpo)")
        return
    with folder() as work:
        compare(files, work)
