"""Imports go downwards only, from floor to floor; no module imports the package root."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "calckg"
FLOORS = (
    ("database", "printable"),
    ("errors", "running", "resources", "uncollected"),
    ("prefixes", "identifiers", "findings", "files", "spelling", "swap"),
    ("tables", "rdf"),
    ("loading", "quads", "render"),
    ("upstream",),
    ("staging", "sparql"),
    ("columnar", "plain_lines"),
    ("derive", "concepts", "extract", "naming", "storing", "lines", "checked"),
    ("bundle",),
    ("kg", "rooting"),
    ("queries", "redistribution", "shapes", "mappings", "reason", "stats", "diff", "fetch"),
    ("card", "changeset", "earlier", "planning", "validating", "void"),
    ("build",),
    ("cli", "api"),
)
SHAPES = (
    ("record",),
    ("model", "lexical", "patterns"),
    ("algebra",),
    ("results", "compiler", "changed", "standing", "options"),
    ("store",),
    ("reading", "columns"),
    ("reports",),
    ("engine",),
)
"""The floors inside the SHACL engine."""
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}
TOP = {"__init__", "__main__"}
MODULES = sorted(PACKAGE.rglob("*.py"))


def part(path: Path) -> str:
    """Return the part of the house that a module is in: a module or a sub-package of ``calckg``."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, dotted name) for each import of the package, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names if alias.name.split(".")[0] == "calckg")
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            if node.module and node.module.split(".")[0] == "calckg":
                yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def test_every_module_has_a_floor() -> None:
    found = {part(path) for path in MODULES} - TOP
    assert found == set(FLOOR)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_downwards(path: Path) -> None:
    here = part(path)
    for line, name in imports(path):
        if here in TOP and path.parent == PACKAGE:
            continue
        assert name != "calckg", f"{path}:{line}: imports the package root"
        there = name.split(".")[1]
        assert there == here or FLOOR[there] < FLOOR[here], f"{path}:{line}: {here} imports {there}"


ENGINE = sorted((PACKAGE / "shapes").rglob("*.py"))


@pytest.mark.parametrize("path", ENGINE, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_downwards_in_the_shacl_engine(path: Path) -> None:
    floor = {name: number for number, names in enumerate(SHAPES) for name in names}
    here = path.relative_to(PACKAGE / "shapes").parts[0].removesuffix(".py")
    for line, name in imports(path):
        first, *parts = name.removeprefix("calckg.").split(".")
        if first != "shapes" or here == "__init__":
            continue
        there = parts[0]
        assert there == here or floor[there] < floor[here], f"{path}:{line}: {here} imports {there}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_stays_readable(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, f"{path}:{node.lineno}: {node.name}"
