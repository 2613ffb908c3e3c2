"""Data whose format no suffix tells: standard input, pipes, and files with other names."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pyoxigraph as ox
import pytest

import calckg
from calckg import rdf
from calckg.errors import SourceError, UsageError
from calckg.findings import FileSource
from tests.conftest import PREFIXES, Run

EX = "https://example.org/"
SHAPES = "ex:named a sh:NodeShape ; sh:targetClass ex:Thing ; sh:property [ sh:path ex:name ; sh:minCount 1 ] ."
DATA = 'ex:a a ex:Thing . ex:b a ex:Thing ; ex:name "b" .'
PLACE = 1  # line of what is wrong, in N-Triples and N-Quads


@pytest.fixture
def shapes(tmp_path: Path) -> Path:
    path = tmp_path / "shapes.ttl"
    path.write_text(PREFIXES + SHAPES)
    return path


def written(name: str) -> bytes:
    """Return the data in the format called ``name``."""
    read = ox.parse(PREFIXES + DATA, format=ox.RdfFormat.TURTLE)
    text = ox.serialize(sorted((quad.triple for quad in read), key=str), format=rdf.FORMATS[name])
    assert text is not None
    return text


def piped(shapes: Path, data: bytes, *arguments: object) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "calckg", "validate", "--shapes", shapes, "--format", "json", *arguments]
    return subprocess.run([*map(str, command)], input=data, capture_output=True, check=False)


@pytest.mark.parametrize("name", rdf.FORMATS)
def test_a_file_of_any_name_is_read_as_what_is_said(tmp_path: Path, shapes: Path, run: Run, name: str) -> None:
    data = tmp_path / "data.txt"
    data.write_bytes(written(name))
    done = run("validate", data, "--from", name, "--shapes", shapes, "--format", "json")
    (finding,) = json.loads(done.out)
    assert (done.code, finding["subject"]) == (1, EX + "a")
    assert finding["source"] == {"file": str(data), "line": PLACE if name in rdf.LINES else None}


def test_what_is_said_goes_before_the_suffix(tmp_path: Path, shapes: Path, run: Run) -> None:
    (tmp_path / "a.ttl").write_bytes(written("jsonld"))
    (tmp_path / "b.nt.gz").write_bytes(gzip.compress(written("jsonld")))
    for name in ("a.ttl", "b.nt.gz"):
        assert run("validate", tmp_path / name, "--shapes", shapes).code == 3
        assert run("validate", tmp_path / name, "--from", "jsonld", "--shapes", shapes).code == 1


@pytest.mark.parametrize("name", ["ntriples", "turtle", "trig"])
def test_standard_input_is_data(shapes: Path, name: str) -> None:
    done = piped(shapes, written(name), "-", "--from", name)
    (finding,) = json.loads(done.stdout)
    assert (done.returncode, finding["subject"]) == (1, EX + "a")
    assert finding["source"] == {"file": "/dev/stdin", "line": None}
    assert b"3 triples" in done.stderr


def test_what_is_wrong_in_standard_input_has_its_place(shapes: Path) -> None:
    done = piped(shapes, b"<urn:a> <urn:b>\nc .", "-", "--from", "turtle")
    assert done.returncode == 3
    assert done.stderr.startswith(b"calckg: /dev/stdin:2:1: not well formed")
    assert done.stderr.count(b"\n") == 1


def test_newer_rdf_in_standard_input_is_refused(shapes: Path) -> None:
    done = piped(shapes, b'<urn:a> <urn:b> "c"@en--ltr .', "-", "--from", "ntriples")
    assert (done.returncode, b"RDF 1.2" in done.stderr) == (3, True)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_a_pipe_with_a_name_is_read_once(tmp_path: Path, shapes: Path) -> None:
    os.mkfifo(tmp_path / "data.nt")
    writer = threading.Thread(target=(tmp_path / "data.nt").write_bytes, args=[written("ntriples")])
    writer.start()
    outcome = calckg.validate(tmp_path / "data.nt", shapes)
    writer.join()
    (finding,) = outcome.report
    assert finding.source == FileSource(str(tmp_path / "data.nt"))
    assert outcome.triples == 3


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["-"], "-: the suffix (none) does not tell a format; add --from with one of turtle, trig"),
        (["data.txt"], "data.txt: the suffix .txt does not tell a format; add --from with one of turtle, trig"),
        (["data.txt", "--from", "turtel"], "unknown format 'turtel'; did you mean turtle? (one of: turtle, trig"),
        (["--from", "turtle"], "--from is the format of FILEs; name one, or - for standard input"),
        (["data.ttl", "--shapes", "-"], "--shapes: shapes are not read from standard input; give a file of them"),
        (["data.ttl", "--shapes", "/dev/stdin"], "--shapes: shapes are not read from standard input"),
    ],
)
def test_what_is_not_said_well_is_refused(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, arguments: list[str], complaint: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data.txt").write_bytes(written("turtle"))
    done = run("validate", *arguments)
    assert done.code == 2
    assert complaint in done.complaint


def test_python_can_say_it_too(tmp_path: Path, shapes: Path) -> None:
    data = tmp_path / "data.txt"
    data.write_bytes(written("trig"))
    with pytest.raises(SourceError, match="not an RDF suffix"):
        calckg.validate(data, shapes)
    assert calckg.validate(data, shapes, format="trig").counts() == {"violation": 1}
    for wrong in ("trg", ["trig"], b"trig"):
        with pytest.raises(UsageError, match="give one of turtle, trig"):
            calckg.validate(data, shapes, format=wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("packed", [False, True])
def test_nothing_at_all_is_no_graph(tmp_path: Path, shapes: Path, packed: bool) -> None:
    data = tmp_path / ("empty.ttl.gz" if packed else "mark.ttl")
    data.write_bytes(gzip.compress(b"") if packed else b"\xef\xbb\xbf")
    with pytest.raises(SourceError, match="the file is empty"):
        calckg.validate(data, shapes)


def test_standard_input_of_nothing_is_told(shapes: Path) -> None:
    command = (sys.executable, "-m", "calckg", "validate", "-", "--from", "turtle", "--shapes", shapes)
    done = subprocess.run(command, input=b"", capture_output=True, check=False)
    assert done.returncode == 3
    assert b"the file is empty" in done.stderr


def test_a_minus_is_standard_output(run: Run, shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data.ttl").write_bytes(written("turtle"))
    done = run("validate", "data.ttl", "--shapes", shapes, "--format", "csv", "-o", "-")
    assert done.out == run("validate", "data.ttl", "--shapes", shapes, "--format", "csv").out != ""
    assert not Path("-").exists()
