"""A directory takes the place of the old one in one step, or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from calckg import swap
from calckg.errors import CalckgError, UsageError


def make(target: Path, text: str) -> None:
    with swap.replacing(target) as folder:
        (folder / "file").write_text(text)


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.fixture(params=["exchange", "two renames"])
def target(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A target, on a system that can exchange two directories in one step and on one that can't."""
    if request.param == "two renames":
        monkeypatch.setattr(swap, "_exchange", lambda one, other: False)
    return tmp_path / "KG"


def test_the_first_one_appears_whole(target: Path) -> None:
    make(target, "new")
    assert (target / "file").read_text() == "new"


def test_the_next_one_takes_its_place(target: Path) -> None:
    make(target, "old")
    make(target, "new")
    assert (target / "file").read_text() == "new"


def test_nothing_but_the_lock_stays_beside_it(target: Path) -> None:
    make(target, "old")
    make(target, "new")
    assert left(target.parent) == {"KG", ".KG.lock"}


def test_the_old_one_is_there_while_the_new_one_is_made(target: Path) -> None:
    make(target, "old")
    with swap.replacing(target) as folder:
        (folder / "file").write_text("new")
        assert (target / "file").read_text() == "old"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_leaves_the_old_one(target: Path, error: type[BaseException]) -> None:
    make(target, "old")

    def fail() -> None:
        with swap.replacing(target) as folder:
            (folder / "file").write_text("half")
            raise error

    with pytest.raises(error):
        fail()
    assert (target / "file").read_text() == "old"
    assert left(target.parent) == {"KG", ".KG.lock"}


def test_a_name_that_can_not_be_given_brings_the_old_one_back(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(target, "old")
    monkeypatch.setattr(swap, "_exchange", lambda one, other: False)
    rename = Path.rename

    def fail(self: Path, to: Path) -> Path:
        if self == swap.part_of(target):
            raise OSError(28, "No space left on device")
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(OSError, match="No space"):
        make(target, "new")
    assert (target / "file").read_text() == "old"


def test_what_a_dead_process_has_half_made_is_dropped(target: Path) -> None:
    make(target, "old")
    swap.part_of(target).mkdir()
    (swap.part_of(target) / "half").touch()
    make(target, "new")
    assert left(target) == {"file"}


def test_the_old_one_comes_back_when_a_process_died_between_two_renames(target: Path) -> None:
    make(target, "old")
    target.rename(swap.old_of(target))
    with swap.replacing(target):
        assert (target / "file").read_text() == "old"
    assert not swap.old_of(target).exists()


def test_what_was_on_its_way_out_is_dropped(target: Path) -> None:
    make(target, "old")
    shutil.copytree(target, swap.old_of(target))
    make(target, "new")
    assert left(target.parent) == {"KG", ".KG.lock"}


def test_what_nobody_may_write_to_is_dropped(target: Path) -> None:
    for place in (target, swap.part_of(target), swap.old_of(target)):
        (place / "store" / "more").mkdir(parents=True)
        (place / "store" / "more" / "file").write_text("old")
        for folder in (place / "store" / "more", place / "store", place):
            folder.chmod(0o500)
    make(target, "new")
    assert left(target) == {"file"}
    assert left(target.parent) == {f".{target.name}.lock", target.name}


def test_what_can_not_be_dropped_is_told(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    swap.part_of(target).mkdir()

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(shutil, "rmtree", refuse)
    with pytest.raises(CalckgError, match=r"\.KG\.part: what an earlier build left can't be removed \(.*\); remove it"):
        make(target, "new")


def test_two_at_once_is_one_too_many(target: Path) -> None:
    with (
        swap.replacing(target),
        pytest.raises(CalckgError, match="another build is at work on it; wait until it ends"),
        swap.replacing(target),
    ):
        pass


def test_the_lock_ends_with_the_block(target: Path) -> None:
    make(target, "old")
    make(target, "new")


def test_an_open_file_of_the_old_one_is_read_on(target: Path) -> None:
    make(target, "old")
    with (target / "file").open() as stream:
        make(target, "new")
        assert stream.read() == "old"


def test_a_link_to_a_directory_stays_a_link(tmp_path: Path) -> None:
    make(tmp_path / "KG", "old")
    (tmp_path / "current").symlink_to("KG")
    make(tmp_path / "current", "new")
    assert (tmp_path / "current").is_symlink()
    assert (tmp_path / "KG" / "file").read_text() == "new"


def test_a_file_is_no_target(tmp_path: Path) -> None:
    (tmp_path / "KG").touch()
    with pytest.raises(UsageError, match="this is a file; name a directory"):
        make(tmp_path / "KG", "new")


def test_a_missing_parent_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist; make it first"):
        make(tmp_path / "none" / "KG", "new")
