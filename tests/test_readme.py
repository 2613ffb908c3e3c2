"""The README cannot drift: generated parts are compared, shell and Python examples are run."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from calckg import cli, resources
from tests import reference

TEXT = reference.README.read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
EXAMPLES = [
    line.removeprefix("$ ")
    for language, block in BLOCKS
    if language in {"console", "sh"}
    for line in block.replace("\\\n", " ").splitlines()
    if line.removeprefix("$ ").startswith("calckg ")
]


def test_generated_parts_are_current() -> None:
    assert reference.rewritten(TEXT) == TEXT, "run: make format"


def test_there_are_examples() -> None:
    assert len(EXAMPLES) > 10


@pytest.mark.parametrize("example", [line for line in EXAMPLES if "--endpoint" not in line])
def test_shell_example_runs(example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data.ttl").write_text("<https://example.org/a> <https://example.org/b> <https://example.org/c> .\n")
    shutil.copy(resources.graph_dir() / "mappings.sssom.tsv", tmp_path / "set.sssom.tsv")
    words = shlex.split(example, comments=True)
    if "reason" in words:
        pytest.skip("HermiT takes seconds; tests/test_reason.py runs it")
    assert cli.run(words[1:]) == 0, example


@pytest.mark.parametrize(("language", "block"), [pair for pair in BLOCKS if pair[0] == "python"])
def test_python_example_runs(language: str, block: str) -> None:
    exec(compile(block, f"README.md ({language})", "exec"), {})
