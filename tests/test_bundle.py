"""The bundled graph is compiled once, to a cache that need not be there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from calckg import bundle, resources
from calckg.errors import SourceError
from calckg.kg import KnowledgeGraph
from tests.conftest import PREFIXES, ROOT

SOURCES = "<https://w3id.org/calckg/graph/curated/concepts> ckg:namePriority 1 ."
CONCEPTS = 'HP:0004934 a skos:Concept ; skos:inScheme scheme:HP ; skos:altLabel "Vascular calcification"@en .'


@pytest.fixture
def resource_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small graph with the real prefix table, and an empty cache beside it."""
    root = tmp_path / "root"
    (root / "graph").mkdir(parents=True)
    (root / "ontology").mkdir()
    shutil.copy(ROOT / "ontology" / "prefixes.ttl", root / "ontology")
    (root / "ontology" / "calckg.ttl").write_text(PREFIXES + "ckg:cliqueLeader a owl:ObjectProperty .")
    (root / "graph" / "sources.ttl").write_text(PREFIXES + SOURCES)
    (root / "graph" / "concepts.ttl").write_text(PREFIXES + CONCEPTS)
    monkeypatch.setattr(resources, "root", lambda: root)
    monkeypatch.setenv("CALCKG_CACHE", str(tmp_path / "cache"))
    return root


# Another process, which compiles the same small graph.
PROGRAM = """
import sys
from pathlib import Path
from calckg import bundle, resources
resources.root = lambda: Path(sys.argv[1])
print(bundle.directory())
"""


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# what goes into it


def test_each_file_has_a_named_graph(resource_root: Path) -> None:
    graphs = {path.name: graph for path, graph in bundle.graph_files()}
    assert graphs == {
        "calckg.ttl": "https://w3id.org/calckg/graph/ontology",
        "concepts.ttl": "https://w3id.org/calckg/graph/curated/concepts",
        "sources.ttl": "https://w3id.org/calckg/graph/meta",
    }


def test_a_mapping_table_is_named_by_what_stands_before_the_first_dot(resource_root: Path) -> None:
    (resource_root / "graph" / "mappings.sssom.tsv").touch()
    assert bundle.graph_files()[2][1] == "https://w3id.org/calckg/graph/curated/mappings"


def test_other_files_are_left_out(resource_root: Path) -> None:
    (resource_root / "graph" / "notes.txt").touch()
    assert len(bundle.graph_files()) == 3


# the cache


def test_the_layout_is_that_of_a_built_graph(resource_root: Path) -> None:
    assert left(bundle.directory()) == ["manifest.json", "names.sqlite", "quads.duckdb", "store"]


def test_the_manifest_counts_the_quads(resource_root: Path) -> None:
    folder = bundle.directory()
    manifest = json.loads((folder / "manifest.json").read_text())
    quads = list(KnowledgeGraph.built(folder).quads())
    assert manifest == {"graph": "bundled", "quads": len(quads), "triples": len({quad.triple for quad in quads})}


def test_the_second_call_does_not_compile(resource_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = bundle.directory()
    monkeypatch.setattr(bundle, "compile_to", lambda folder: pytest.fail("compiled again"))
    assert bundle.directory() == first


@pytest.mark.parametrize(
    "name", ["graph/concepts.ttl", "graph/sources.ttl", "ontology/calckg.ttl", "ontology/prefixes.ttl"]
)
def test_an_edited_file_makes_another_graph(resource_root: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(bundle, "compile_to", lambda folder: (folder / "manifest.json").touch())
    before = bundle.directory()
    with (resource_root / name).open("a") as stream:
        stream.write("# edited\n")
    assert bundle.directory() != before


def test_what_is_edited_is_in_the_graph(resource_root: Path) -> None:
    bundle.directory()
    path = resource_root / "graph" / "concepts.ttl"
    path.write_text(path.read_text().replace("Vascular", "Arterial"))
    assert any("Arterial" in str(quad) for quad in KnowledgeGraph.bundled().quads())


def test_the_same_files_give_the_same_columns(resource_root: Path, tmp_path: Path) -> None:
    folders = [tmp_path / name for name in "ab"]
    for folder in folders:
        folder.mkdir()
        bundle.compile_to(folder)
    one, two = (list(KnowledgeGraph.built(folder).quads()) for folder in folders)
    assert one == two


def test_earlier_graphs_are_forgotten_but_a_few(resource_root: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    for age in range(6):
        old = cache / f"bundled-{age}"
        old.mkdir(parents=True)
        os.utime(old, (time.time() - age * 1000,) * 2)
    current = bundle.directory().name
    assert left(cache) == sorted(["bundled-0", "bundled-1", "bundled-2", current])


def test_a_graph_that_something_has_eaten_at_is_compiled_anew(resource_root: Path) -> None:
    (bundle.directory() / "manifest.json").unlink()
    assert "manifest.json" in left(bundle.directory())


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_cache_that_can_not_be_written_costs_only_time(
    resource_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CALCKG_CACHE", str(tmp_path / place))
    assert any("Vascular" in str(quad) for quad in KnowledgeGraph.bundled().quads())


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_cache_without_permission_costs_only_time(resource_root: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir(mode=0o500)
    assert (bundle.directory() / "manifest.json").is_file()


def test_what_is_compiled_for_one_process_goes_with_it(resource_root: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    environment = os.environ | {"CALCKG_CACHE": str(tmp_path / "file"), "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-c", PROGRAM, str(resource_root)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(str(tmp_path))
    assert left(tmp_path) == ["file", "root"]


def test_a_user_without_a_home_has_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    def home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("CALCKG_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", home)
    with pytest.raises(OSError, match="Not a directory"):
        bundle.cache().mkdir(parents=True)


def test_the_cache_follows_the_desktop_s_convention(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CALCKG_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/caches")
    assert bundle.cache() == Path("/var/caches/calckg")


def test_the_cache_is_in_the_home_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CALCKG_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setenv("HOME", "/home/someone")
    assert bundle.cache() == Path("/home/someone/.cache/calckg")


def test_two_processes_at_once_end_with_one_graph(resource_root: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, str(resource_root)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    one, two = (process.communicate()[0] for process in both)
    assert [process.returncode for process in both] == [0, 0]
    assert one == two
    assert left(tmp_path / "cache") == [Path(one.strip()).name]


def test_of_two_that_compile_the_later_takes_what_is_there(
    resource_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compile_to = bundle.compile_to

    def slowly(folder: Path) -> None:
        compile_to(folder)
        with monkeypatch.context() as patch:
            patch.setattr(bundle, "compile_to", compile_to)
            bundle.directory()  # another process was faster

    monkeypatch.setattr(bundle, "compile_to", slowly)
    folder = bundle.directory()
    assert left(folder.parent) == [folder.name]


# failures


def test_a_malformed_file_is_told_and_nothing_is_left(resource_root: Path, tmp_path: Path) -> None:
    (resource_root / "graph" / "concepts.ttl").write_text("<urn:x:a> <urn:x:b> .")
    with pytest.raises(SourceError, match=r"concepts\.ttl:1:21"):
        bundle.directory()
    assert left(tmp_path / "cache") == []


def test_an_interrupted_compilation_leaves_nothing(
    resource_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(folder: Path) -> None:
        (folder / "store").mkdir()
        raise KeyboardInterrupt

    monkeypatch.setattr(bundle, "compile_to", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bundle.directory()
    assert left(tmp_path / "cache") == []


def test_a_full_disk_leaves_nothing(resource_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(folder: Path) -> None:
        (folder / "store").mkdir()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(bundle, "compile_to", full)
    with pytest.raises(OSError, match="No space left"):
        bundle.directory()
    assert left(tmp_path / "cache") == []
