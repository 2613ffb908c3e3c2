"""Run the measurements: ``python -m tests.bench [NAME…]``."""

from __future__ import annotations

import importlib
import pkgutil
import sys

from tests import bench

NAMES = sorted(
    module.name.replace("_", "-") for module in pkgutil.iter_modules(bench.__path__) if not module.name.startswith("_")
)

for name in sys.argv[1:] or NAMES:
    if name not in NAMES:
        sys.exit(f"unknown measurement {name!r}; known: {', '.join(NAMES)}")
    print(f"== {name}")
    importlib.import_module(f"tests.bench.{name.replace('-', '_')}").main()
