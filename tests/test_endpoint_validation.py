"""``calckg validate --endpoint``: a real SPARQL server finds what the columns find; what goes wrong is told."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import pyoxigraph as ox
import pytest

from tests.bench import _shapes_data
from tests.conftest import Build, Done, Run
from tests.endpoint import Answer, serving

OXIGRAPH = shutil.which("oxigraph", path=str(Path(sys.executable).parent)) or shutil.which("oxigraph")
EXAMPLES = Path(__file__).parent / "shapes"
SHAPE = """@prefix sh: <http://www.w3.org/ns/shacl#> .
<http://example.org/s> sh:targetNode <http://example.org/n> ; sh:nodeKind sh:Literal .
"""
# A store writes numbers its own way, 7.0 as 7: the examples without such.
FAULTY = [path for path in sorted(EXAMPLES.glob("*/*/fail.ttl"))[::4] if path.parent.name != "association-total"]
LONGEST = 10  # seconds until a server answers
needs_a_server = pytest.mark.skipif(OXIGRAPH is None, reason="the program oxigraph is not installed: pip install it")


def free_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
        return port


@contextmanager
def served(store: Path) -> Iterator[str]:
    """Yield the address of a server, a process of its own, of the store of a built graph."""
    assert OXIGRAPH is not None
    bind = f"127.0.0.1:{free_port()}"
    command = [OXIGRAPH, "serve-read-only", "--location", str(store), "--bind", bind]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for(server, f"http://{bind}/")
            yield f"http://{bind}/query"
        finally:
            server.kill()


def wait_for(server: subprocess.Popen[bytes], url: str) -> None:
    end = time.monotonic() + LONGEST
    while True:
        try:
            urlopen(url, timeout=1).close()
            return
        except OSError:
            assert server.poll() is None, "the server has ended"
            assert time.monotonic() < end, "the server does not answer"
            time.sleep(0.02)


def findings(done: Done) -> Counter[str]:
    """Count the findings; an endpoint gives its blank nodes other names, and has no named graph to tell."""
    assert done.code in {0, 1}, done.err
    kept = [{key: value for key, value in one.items() if key != "source"} for one in json.loads(done.out)]
    return Counter(nameless(json.dumps(one, sort_keys=True)) for one in kept)


def told(done: Done) -> list[str]:
    """Return what is said of the findings: how many of what, and what a limit left out."""
    return nameless(done.err).splitlines()


def nameless(text: str) -> str:
    return re.sub(r"_:\w+|\b[0-9a-f]{24,}\b", "_:", text)


# --- what is found


@dataclass(frozen=True)
class Graph:
    """A built graph, the address of a server of its store, and the shapes to check it against, if not calckg's."""

    path: Path
    url: str
    shapes: tuple[str | Path, ...] = ()

    def both(self, run: Run, *options: str | Path) -> tuple[Done, Done]:
        """Validate it by its columns and at its server."""
        command = ("validate", "--format", "json", *self.shapes, *options)
        return run(*command, "--kg", self.path), run(*command, "--endpoint", self.url)


@pytest.fixture(scope="module")
def faulty(build: Build) -> Iterator[Graph]:
    """The examples of calckg's own shapes, right and wrong ones, together."""
    texts = [path.read_text(encoding="utf-8") for path in (EXAMPLES / "valid.ttl", *FAULTY)]
    path = build({"https://w3id.org/calckg/graph/curated/examples": "\n".join(texts)})
    with served(path / "store") as url:
        yield Graph(path, url)


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graph]:
    """Generated data in which each of eight shapes is broken."""
    folder = tmp_path_factory.mktemp("generated")
    _shapes_data.generate(folder / "data.nt", 4_000, seed=3)
    _shapes_data.build(folder / "data.nt", folder / "KG")
    (folder / "shapes.ttl").write_text(_shapes_data.SHAPES, encoding="utf-8")
    with served(folder / "KG" / "store") as url:
        yield Graph(folder / "KG", url, ("--shapes", folder / "shapes.ttl"))


@needs_a_server
def test_a_server_finds_with_our_shapes_what_the_columns_find(run: Run, faulty: Graph) -> None:
    here, there = faulty.both(run)
    assert len(findings(here)) > len(FAULTY)
    assert findings(there) == findings(here)
    assert (there.code, told(there)) == (here.code, told(here))


@needs_a_server
def test_a_server_finds_in_generated_data_what_the_columns_find(run: Run, generated: Graph) -> None:
    here, there = generated.both(run)
    rules = {json.loads(one)["rule"].rpartition("/")[2] for one in findings(here)}
    assert rules == {"code", "date", "kind", "name", "part", "either", "whole", "own"}
    assert findings(there) == findings(here)
    assert (there.code, told(there)) == (here.code, told(here)) == (1, told(here))


@needs_a_server
@pytest.mark.parametrize(
    "options",
    [
        ("--limit", "1"),
        ("--limit", "0"),
        ("--focus", "http://example.org/n7", "--focus", "http://example.org/n8", "--focus", "http://example.org/n9"),
        ("--shape", "http://example.org/code", "--shape", "http://example.org/own"),
    ],
    ids=" ".join,
)
def test_a_server_is_asked_with_the_same_options(run: Run, generated: Graph, options: tuple[str, ...]) -> None:
    here, there = generated.both(run, *options)
    assert findings(there) == findings(here)
    assert (there.code, told(there)) == (here.code, told(here))


@needs_a_server
def test_nothing_is_copied_out_of_a_server(run: Run, generated: Graph) -> None:
    """Each query that is explained names what it looks for; none asks for all triples."""
    done = run("validate", *generated.shapes, "--endpoint", generated.url, "--explain", "--format", "json")
    queries = [line for line in done.err.splitlines() if "SELECT" in line]
    assert len(queries) >= 8
    assert all("http://example.org/" in query for query in queries)


# --- what goes wrong


Complaint = Callable[[str], str]


@pytest.fixture
def complaint(run: Run, tmp_path: Path) -> Complaint:
    """Validate at an endpoint that fails; return its one line. A report of a part is not written."""
    shapes, report = tmp_path / "shapes.ttl", tmp_path / "report.ttl"
    shapes.write_text(SHAPE, encoding="utf-8")

    def call(url: str) -> str:
        done = run("validate", "--endpoint", url, "--shapes", shapes, "-o", report)
        assert (done.code, done.out, report.exists()) == (3, "", False), done.err
        assert url in done.complaint
        return done.complaint

    return call


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(b"out of memory", status=500), "answered 500 Internal Server Error: out of memory"),
        (Answer(b"no such dataset", status=404), "answered 404 Not Found: no such dataset"),
        (Answer(b"password?", status=401), "answered 401 Unauthorized: password?"),
        (Answer(b"one moment", status=503), "answered 503 Service Unavailable: one moment"),
        (Answer(b"<html><body>Welcome</body></html>"), "is it a SPARQL endpoint?"),
        (Answer(b""), "is it a SPARQL endpoint?"),
        (Answer(b'{"head": {}, "boolean": true}'), "is it a SPARQL endpoint?"),
        (Answer(b'{"head": {"vars": ["this"]}, "results": {"bindings": [', missing=9), "broke its answer off"),
        (
            Answer(b"", status=307, location="http://127.0.0.1/there"),
            "has moved (307); give the address http://127.0.0.1/",
        ),
        (Answer(b"", status=307), "answered 307 Temporary Redirect"),
    ],
    ids=["500", "404", "401", "503", "a web page", "nothing", "a truth value", "cut off", "moved", "moved nowhere"],
)
def test_an_endpoint_that_does_not_answer_as_one(complaint: Complaint, answer: Answer, said: str) -> None:
    with serving(answer) as url:
        assert said in complaint(url)


def test_an_endpoint_that_refuses_a_query_is_told_with_the_shape(complaint: Complaint) -> None:
    """By 400 it says that a query is wrong, which a shape has made: it is the shape that is named, and no usage."""
    with serving(Answer(b"Parse error", status=400)) as url:
        assert "<http://example.org/s>: http://127.0.0.1:" in complaint(url)


def test_an_endpoint_that_is_not_there(complaint: Complaint) -> None:
    assert "is the server running?" in complaint(f"http://127.0.0.1:{free_port()}/sparql")


def test_an_endpoint_that_takes_too_long(complaint: Complaint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALCKG_TIMEOUT", "0.1")
    with serving(Answer(b"{}", delay=0.5)) as url:
        told = complaint(url)
    assert "<http://example.org/s> NodeKindConstraintComponent: http://127.0.0.1:" in told
    assert "gave no answer in 0.1 seconds" in told


def test_an_address_that_is_none_is_wrong_usage(run: Run) -> None:
    done = run("validate", "--endpoint", "example.org")
    assert done.code == 2
    assert "not an http(s) address" in done.complaint


class Uncounted(Answer):
    """An endpoint that refuses to count all that it has."""

    def reply(self, query: str) -> bytes:
        self.status = 500 if "COUNT(*)" in query else 200
        return super().reply(query)


def test_an_endpoint_that_does_not_count_is_validated_without_the_number(run: Run, tmp_path: Path) -> None:
    (tmp_path / "shapes.ttl").write_text(SHAPE, encoding="utf-8")
    with serving(Uncounted(store=ox.Store())) as url:
        done = run("validate", "--endpoint", url, "--shapes", tmp_path / "shapes.ttl")
    assert (done.code, done.complaint) == (1, "1 shape: does not conform (1 violation)")


def test_an_endpoint_that_is_not_there_is_told_where_no_constraint_is_asked(run: Run, tmp_path: Path) -> None:
    shapes = SHAPE.replace("sh:nodeKind", "sh:deactivated true ; sh:nodeKind")
    (tmp_path / "shapes.ttl").write_text(shapes, encoding="utf-8")
    url = f"http://127.0.0.1:{free_port()}/sparql"
    done = run("validate", "--endpoint", url, "--shapes", tmp_path / "shapes.ttl")
    assert (done.code, done.out) == (3, "")
    assert "is the server running?" in done.complaint


def test_an_error_names_the_shape_that_the_user_has_written(run: Run, tmp_path: Path) -> None:
    shapes = tmp_path / "shapes.ttl"
    shapes.write_text("""@prefix sh: <http://www.w3.org/ns/shacl#> .
    <http://example.org/s> a sh:NodeShape ; sh:targetNode <http://example.org/n> ;
      sh:property [ sh:path <http://example.org/p> ; sh:minCount 1 ] .""")
    done = run("validate", "--endpoint", f"http://127.0.0.1:{free_port()}/", "--shapes", shapes)
    assert done.code == 3
    assert "<http://example.org/s> MinCountConstraintComponent: http://127.0.0.1:" in done.complaint
