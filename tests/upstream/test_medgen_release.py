"""The generator of MedGen-shaped releases that the measurements stand on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from calckg.upstream.by_rule import left_out
from calckg.upstream.medgen import FORMATS
from tests.bench import _medgen_release

from .reading import Connection, filled, known, no_malformed, selecting, statements

COUNT = 2_000


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return _medgen_release.write(COUNT, tmp_path_factory.mktemp("release"))


@pytest.fixture(scope="module")
def connection(paths: list[Path]) -> Connection:
    return filled(FORMATS, *paths)[0]


def test_it_is_no_measurement_itself() -> None:
    command = [sys.executable, "-m", "tests.bench", "_medgen_release"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert "unknown measurement '_medgen_release'" in answer.stderr


def test_all_kinds_of_files_are_there(paths: list[Path]) -> None:
    assert {known(FORMATS, path).name for path in paths} == {format_.name for format_ in FORMATS}


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, paths: list[Path]) -> None:
    again = _medgen_release.write(COUNT, tmp_path)
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in paths]


def test_another_seed_gives_another_release(tmp_path: Path, paths: list[Path]) -> None:
    other = _medgen_release.write(COUNT, tmp_path, seed=2)
    assert other[0].read_bytes() != paths[0].read_bytes()


def test_it_has_as_many_concepts_as_were_asked_for(connection: Connection) -> None:
    select = selecting(connection)
    assert select("SELECT count(DISTINCT concept) FROM name WHERE kind = 'preferred'") == [(COUNT,)]


def test_nothing_is_wrong_with_it(connection: Connection) -> None:
    assert no_malformed(connection)
    assert {reason for _, reason, _ in left_out(connection)} <= {"the UID of a concept that the release does not have"}


def test_it_fills_the_tables_that_medgen_fills(connection: Connection) -> None:
    select = selecting(connection)
    names = "name definition broader replacement mapping association citation literature_link"
    for table in names.split():
        assert select(f"SELECT count(*) > 0 FROM {table}") == [(True,)], table


def test_a_concept_makes_some_forty_quads(connection: Connection) -> None:
    assert 30 * COUNT < len(statements(connection)) < 50 * COUNT
