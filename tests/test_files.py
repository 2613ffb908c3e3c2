"""Files are read with a clear error, and appear whole or not at all."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

from calckg.errors import SourceError, UsageError
from calckg.files import plain_suffix, readable, writing

NOT_ROOT = pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")


def write(path: Path, data: bytes) -> None:
    with writing(path) as stream:
        stream.write(data)


def fail_midway(path: Path) -> None:
    with writing(path) as stream:
        stream.write(b"half")
        raise RuntimeError


def test_what_is_written_is_there(tmp_path: Path) -> None:
    write(tmp_path / "a.ttl", b"whole")
    assert (tmp_path / "a.ttl").read_bytes() == b"whole"


def test_nothing_is_there_before_the_end(tmp_path: Path) -> None:
    with writing(tmp_path / "a.ttl") as stream:
        stream.write(b"half")
        stream.flush()
        assert not (tmp_path / "a.ttl").exists()


def test_an_old_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.ttl").write_bytes(b"old, and longer")
    write(tmp_path / "a.ttl", b"new")
    assert (tmp_path / "a.ttl").read_bytes() == b"new"


def test_a_writer_that_raises_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "a.ttl").write_bytes(b"old")
    with pytest.raises(RuntimeError):
        fail_midway(tmp_path / "a.ttl")
    assert (tmp_path / "a.ttl").read_bytes() == b"old"


@pytest.mark.parametrize("name", ["a.ttl", "a.ttl.gz"])
def test_a_writer_that_raises_leaves_nothing_else(tmp_path: Path, name: str) -> None:
    with pytest.raises(RuntimeError):
        fail_midway(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_writer_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), writing(tmp_path / "a.ttl"):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "real.ttl").write_bytes(b"old")
    (tmp_path / "link.ttl").symlink_to("real.ttl")
    write(tmp_path / "link.ttl", b"new")
    assert (tmp_path / "link.ttl").is_symlink()
    assert (tmp_path / "real.ttl").read_bytes() == b"new"


@pytest.mark.parametrize("name", ["a.ttl.gz", "a.ttl.GZ"])
def test_a_name_that_ends_in_gz_is_compressed(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, b"data")
    assert gzip.decompress((tmp_path / name).read_bytes()) == b"data"


def test_the_same_bytes_compress_to_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.gz", "b.gz"):
        write(tmp_path / name, b"data" * 100)
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()


def test_a_compressed_file_holds_no_time(tmp_path: Path) -> None:
    write(tmp_path / "a.gz", b"data")
    assert (tmp_path / "a.gz").read_bytes()[4:8] == bytes(4)  # MTIME (RFC 1952, 2.3.1)


def test_a_directory_can_not_be_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="this is a directory"):
        write(tmp_path, b"")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"the folder {tmp_path}/none does not exist"):
        write(tmp_path / "none" / "a.ttl", b"")


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="can't be written"):
        write(tmp_path / "file" / "a.ttl", b"")


def test_a_name_that_is_too_long_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be written"):
        write(tmp_path / ("a" * 300), b"")


@NOT_ROOT
def test_a_folder_without_permission_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UsageError, match="Permission denied"):
        write(tmp_path / "a.ttl", b"")


def test_a_pipe_is_written_as_it_is() -> None:
    program = "from calckg.files import writing\nwith writing('/dev/stdout') as stream: stream.write(b'data')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout == b"data"


def test_standard_output_that_is_a_file_is_written_whole(tmp_path: Path) -> None:
    program = "from calckg.files import writing\nwith writing('/dev/stdout') as stream: stream.write(b'data')"
    with (tmp_path / "out").open("wb") as out:
        subprocess.run([sys.executable, "-c", program], stdout=out, check=True)
    assert (tmp_path / "out").read_bytes() == b"data"


def test_a_readable_file_is_returned(tmp_path: Path) -> None:
    (tmp_path / "a.ttl").write_bytes(b"x")
    assert readable(str(tmp_path / "a.ttl")) == tmp_path / "a.ttl"


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"none\.ttl: no such file"):
        readable(tmp_path / "none.ttl")


def test_a_link_to_nothing_is_a_missing_file(tmp_path: Path) -> None:
    (tmp_path / "a.ttl").symlink_to("none")
    with pytest.raises(SourceError, match="no such file"):
        readable(tmp_path / "a.ttl")


def test_a_directory_can_not_be_read(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="this is a directory"):
        readable(tmp_path)


def test_an_empty_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.ttl").touch()
    with pytest.raises(SourceError, match="the file is empty"):
        readable(tmp_path / "a.ttl")


@NOT_ROOT
def test_a_file_without_permission_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.ttl").write_bytes(b"x")
    (tmp_path / "a.ttl").chmod(0)
    with pytest.raises(SourceError, match="no permission"):
        readable(tmp_path / "a.ttl")


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("a.ttl", ".ttl"),
        ("a.ttl.gz", ".ttl"),
        ("A.TTL", ".ttl"),
        ("a.b.nq.GZ", ".nq"),
        ("a", ""),
        ("a.gz", ""),
        (".gz", ""),
    ],
)
def test_the_suffix_that_tells_the_format(name: str, suffix: str) -> None:
    assert plain_suffix(name) == suffix
