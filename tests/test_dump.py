"""The dump: the same bytes every time, the same counts in every store that loads it."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyoxigraph as ox
import pytest

from calckg import cli, rdf
from calckg.kg import KnowledgeGraph
from tests.canonical import canonical

ROOT = Path(__file__).parent.parent
FORMATS = {"nquads": "nq", "trig": "trig", "jsonld": "jsonld", "ntriples": "nt", "turtle": "ttl", "rdfxml": "rdf"}
WITH_GRAPHS = {"nquads", "trig", "jsonld"}


@pytest.fixture(scope="module")
def dumps(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("dumps")
    found = {}
    for name, suffix in FORMATS.items():
        found[name] = folder / f"calckg.{suffix}"
        assert cli.run(["dump", "-o", str(found[name])]) == 0
    return found


@pytest.fixture(scope="module")
def quads(dumps: dict[str, Path]) -> set[ox.Quad]:
    return set(ox.parse(path=dumps["nquads"]))


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_holds_the_same_graph(name: str, dumps: dict[str, Path], quads: set[ox.Quad]) -> None:
    found = set(ox.parse(path=dumps[name]))
    if name in WITH_GRAPHS:
        assert found == quads
    else:
        assert found == {ox.Quad(q.subject, q.predicate, q.object) for q in quads}


@pytest.mark.parametrize("name", FORMATS)
def test_another_process_writes_the_same_bytes(name: str, dumps: dict[str, Path], tmp_path: Path) -> None:
    again = tmp_path / dumps[name].name
    # Another hash seed orders sets and dictionaries of Python in another way.
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    subprocess.run([sys.executable, "-m", "calckg", "dump", "-o", str(again)], check=True, env=environment)
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(dumps[name].read_bytes()).digest()


@pytest.mark.parametrize("name", FORMATS)
def test_it_is_as_sorted_in_memory(name: str, dumps: dict[str, Path], bundled: KnowledgeGraph) -> None:
    stream = io.BytesIO()
    rdf.write_quads(bundled.quads(), stream, name)
    assert hashlib.sha256(dumps[name].read_bytes()).digest() == hashlib.sha256(stream.getvalue()).digest()


def test_gz_holds_the_same(dumps: dict[str, Path], tmp_path: Path) -> None:
    for place in ("a.nq.gz", "b.nq.gz"):
        assert cli.run(["dump", "-o", str(tmp_path / place)]) == 0
    packed = (tmp_path / "a.nq.gz").read_bytes()
    assert packed == (tmp_path / "b.nq.gz").read_bytes()
    assert gzip.decompress(packed) == dumps["nquads"].read_bytes()


def test_there_is_no_blank_node(quads: set[ox.Quad]) -> None:
    assert not [q for q in quads if isinstance(q.subject, ox.BlankNode) or isinstance(q.object, ox.BlankNode)]


@pytest.mark.filterwarnings("ignore::DeprecationWarning:rdflib")  # rdflib warns of its own use of itself
def test_rdflib_counts_the_same(dumps: dict[str, Path], quads: set[ox.Quad]) -> None:
    import rdflib

    dataset = rdflib.Dataset()
    dataset.parse(data=dumps["nquads"].read_bytes(), format="nquads")
    assert sum(1 for _ in dataset.quads()) == len(quads)
    merged = rdflib.Graph().parse(data=dumps["turtle"].read_bytes(), format="turtle")
    assert len(merged) == len({(q.subject, q.predicate, q.object) for q in quads})


def test_oxigraph_counts_the_same(dumps: dict[str, Path], quads: set[ox.Quad], tmp_path: Path) -> None:
    program = shutil.which("oxigraph", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if program is None:
        pytest.skip("the program oxigraph is not installed (pip install oxigraph)")
    place = str(tmp_path / "db")
    for name in ("nquads", "turtle"):
        subprocess.run(
            [program, "load", "--location", place, "--file", str(dumps[name])], check=True, capture_output=True
        )
    store = ox.Store.read_only(place)
    merge = {(q.subject, q.predicate, q.object) for q in quads}
    assert sum(1 for quad in store if quad.graph_name != ox.DefaultGraph()) == len(quads)
    assert sum(1 for _ in store.quads_for_pattern(None, None, None, ox.DefaultGraph())) == len(merge)


@pytest.mark.parametrize("path", sorted((ROOT / "graph").glob("*.ttl")), ids=lambda path: path.name)
def test_curated_turtle_is_in_canonical_order(path: Path) -> None:
    assert path.read_bytes() == canonical(path), "run: make format"
