"""``calckg`` with a clock in it: ``python -m tests.bench._timed FILE COMMAND…`` writes to FILE what some steps took."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Final

from calckg import cli, columnar, staging

STEPS: Final[tuple[tuple[ModuleType, str], ...]] = (
    (staging, "stage"),
    (staging, "stage_table"),
    (columnar, "settle"),
    (columnar, "link"),
)
"""What makes quads of the tables, and what makes columns of quads and of ids; each returns how many there are."""


def _clocked(function: Callable[..., int], calls: list[tuple[float, int]]) -> Callable[..., int]:
    def call(*arguments: object, **named: object) -> int:
        begin = time.perf_counter()
        count = function(*arguments, **named)
        calls.append((time.perf_counter() - begin, count))
        return count

    return call


def main() -> None:
    """Run the command; FILE holds (seconds, quads) for each call of each step."""
    path, *arguments = sys.argv[1:]
    calls: dict[str, list[tuple[float, int]]] = {}
    for module, name in STEPS:
        setattr(module, name, _clocked(getattr(module, name), calls.setdefault(name, [])))
    code = cli.run(arguments)
    Path(path).write_text(json.dumps(calls), encoding="utf-8")
    sys.exit(code)


if __name__ == "__main__":
    main()
