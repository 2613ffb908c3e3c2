"""The wheel carries ontology, graph and queries, and answers outside the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling", reason="the wheel is built with hatchling, which is not installed")
    target = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(target)]
    subprocess.run([*command, str(ROOT)], check=True, capture_output=True)
    (built,) = target.glob("calckg-*.whl")
    return built


def test_the_wheel_holds_every_resource(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder, suffixes in (("ontology", {".ttl"}), ("graph", {".ttl", ".tsv", ".toml"}), ("queries", {".rq"})):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in suffixes:
                assert f"calckg/_resources/{path.relative_to(ROOT)}" in names
    assert "calckg/py.typed" in names
    assert not any(name.startswith("tests/") for name in names)


def test_an_installed_wheel_answers_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    # The dependencies come from this environment: the point is where the wheel finds its own files.
    venv.create(tmp_path / "env", with_pip=False)
    python = tmp_path / "env" / "bin" / "python"
    target = next((tmp_path / "env" / "lib").glob("python3*")) / "site-packages"
    zipfile.ZipFile(wheel).extractall(target)
    here = [p for p in sys.path if p.endswith("site-packages")]
    bare = tmp_path / "dependencies"
    bare.mkdir()
    for folder in here:
        for path in Path(folder).iterdir():
            if "calckg" not in path.name and path.suffix != ".pth":
                (bare / path.name).symlink_to(path)
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(bare),
        "CALCKG_CACHE": str(tmp_path / "cache"),
        "HOME": str(tmp_path),
    }
    command = [str(python), "-m", "calckg", "query", "conditions-with-feature", "--feature", "HP:0004934"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Gaucher disease type III" in done.stdout
    where = [str(python), "-c", "import calckg.resources as r; print(r.root())"]
    shown = subprocess.run(where, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert shown.stdout.strip().endswith("site-packages/calckg/_resources")
