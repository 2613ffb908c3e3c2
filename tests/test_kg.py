"""A knowledge graph hands out its two sides: SPARQL and columns."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pyoxigraph as ox
import pytest

from calckg import kg, swap
from calckg.errors import CalckgError, EndpointError, SourceError, UsageError
from calckg.kg import KnowledgeGraph
from tests.conftest import Build
from tests.endpoint import Answer, serving

A, B = "https://example.org/graph/a", "https://example.org/graph/b"
GRAPHS = {
    A: 'HP:0004934 a skos:Concept ; skos:notation "HP:0004934" ; ex:share 99.0 , "01"^^xsd:integer .',
    B: 'HP:0004934 a skos:Concept . ex:a ex:text "a \\"b\\" \\\\u0041\\n é"@en .',
}


@pytest.fixture(scope="module")
def small(build: Build) -> KnowledgeGraph:
    return KnowledgeGraph.built(build(GRAPHS))


def rows(graph: KnowledgeGraph, text: str) -> list[str]:
    result = graph.sparql.query(text)
    assert isinstance(result, ox.QuerySolutions)
    return sorted(" ".join(str(value) for value in row) for row in result)


def test_the_default_graph_holds_each_triple_once(small: KnowledgeGraph) -> None:
    (count,) = rows(small, "SELECT (COUNT(*) AS ?n) { ?s a <http://www.w3.org/2004/02/skos/core#Concept> }")
    assert count.startswith('"1"')


def test_a_named_graph_holds_its_own(small: KnowledgeGraph) -> None:
    found = rows(small, "SELECT ?g { GRAPH ?g { ?s a <http://www.w3.org/2004/02/skos/core#Concept> } }")
    assert found == [f"<{A}>", f"<{B}>"]


def test_the_default_graph_holds_what_is_derived(small: KnowledgeGraph) -> None:
    assert rows(small, "SELECT ?l { ?s <https://w3id.org/calckg/ontology/cliqueLeader> ?l }")


def test_quads_keep_each_literal_as_it_was_written(small: KnowledgeGraph) -> None:
    written = {str(quad.object) for quad in small.quads() if "share" in str(quad.predicate)}
    xsd = "http://www.w3.org/2001/XMLSchema#"
    assert written == {f'"99.0"^^<{xsd}decimal>', f'"01"^^<{xsd}integer>'}


def test_quads_are_those_of_the_named_graphs(small: KnowledgeGraph) -> None:
    assert all(isinstance(quad.graph_name, ox.NamedNode) for quad in small.quads())


def test_quads_of_both_sides_are_the_same_but_for_numbers(small: KnowledgeGraph) -> None:
    def plain(quads: list[ox.Quad]) -> set[str]:
        return {str(quad) for quad in quads if "share" not in str(quad.predicate)}

    store = [q for q in ox.Store.read_only(f"{small.name}/store") if isinstance(q.graph_name, ox.NamedNode)]
    assert plain(list(small.quads())) == plain(store)


def test_quads_come_in_one_order(small: KnowledgeGraph) -> None:
    assert list(small.quads()) == list(KnowledgeGraph.built(small.name).quads())


def test_the_manifest_counts_the_quads(small: KnowledgeGraph) -> None:
    assert small.manifest["quads"] == len(list(small.quads()))


def test_columns_can_not_be_changed(small: KnowledgeGraph) -> None:
    import duckdb

    with pytest.raises(duckdb.Error, match="Can only delete from base table"):
        small.columns.execute("DELETE FROM quad")
    with pytest.raises(duckdb.Error, match="read-only"):
        small.columns.execute("DELETE FROM graph.quad")


def test_two_can_read_one_graph(small: KnowledgeGraph) -> None:
    other = KnowledgeGraph.built(small.name)
    assert rows(other, "SELECT * { ?s ?p ?o }") == rows(small, "SELECT * { ?s ?p ?o }")


def test_what_does_not_fit_into_memory_is_not_put_beside_the_graph(
    small: KnowledgeGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    columns = KnowledgeGraph.built(small.name).columns
    before = {path.name for path in Path(small.name).iterdir()}
    columns.execute("SET memory_limit = '50MB'; CREATE TEMP TABLE much AS SELECT uuid() AS id FROM range(3_000_000)")
    assert {path.name for path in Path(small.name).iterdir()} == before
    assert len(list(tmp_path.iterdir())) == 1
    columns.close()
    assert not list(tmp_path.iterdir())


# a graph that is replaced while it is read


@pytest.fixture(scope="module")
def builds(build: Build) -> tuple[Path, Path]:
    """An old graph and a new one."""
    old, new = (build({A: f'HP:1 a skos:Concept ; skos:notation "{text}" .'}) for text in ("old", "new"))
    return old, new


@pytest.fixture
def place(builds: tuple[Path, Path], tmp_path: Path) -> Path:
    """Where the old graph is, and the new one will be."""
    shutil.copytree(builds[0], tmp_path / "KG")
    return tmp_path / "KG"


def replace(place: Path, builds: tuple[Path, Path]) -> None:
    with swap.replacing(place) as folder:
        shutil.copytree(builds[1], folder, dirs_exist_ok=True)


def notation(graph: KnowledgeGraph, side: str) -> set[str]:
    """Return the notations that are in one side of ``graph``."""
    if side == "columns":
        return {str(quad.object) for quad in graph.quads() if "notation" in str(quad.predicate)}
    return set(rows(graph, "SELECT DISTINCT ?n { ?s <http://www.w3.org/2004/02/skos/core#notation> ?n }"))


SIDES = {
    "sparql": lambda graph: graph.sparql,
    "columns": lambda graph: graph.columns,
    "names": lambda graph: graph.names,
    "manifest": lambda graph: graph.manifest,
}
PAIRS = [(first, second) for first in SIDES for second in SIDES if first != second]


@pytest.mark.parametrize("side", ["sparql", "columns"])
def test_an_open_side_is_read_on(place: Path, builds: tuple[Path, Path], side: str) -> None:
    graph = KnowledgeGraph.built(place)
    SIDES[side](graph)
    replace(place, builds)
    assert notation(graph, side) == {'"old"'}


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_a_side_of_another_build_is_refused(place: Path, builds: tuple[Path, Path], first: str, second: str) -> None:
    graph = KnowledgeGraph.built(place)
    SIDES[first](graph)
    replace(place, builds)
    with pytest.raises(CalckgError, match="KG: another build has taken the graph's place; open the graph again"):
        SIDES[second](graph)


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_a_side_of_a_graph_that_is_gone_is_refused(place: Path, first: str, second: str) -> None:
    graph = KnowledgeGraph.built(place)
    SIDES[first](graph)
    shutil.rmtree(place)
    with pytest.raises(CalckgError, match="open the graph again"):
        SIDES[second](graph)


@pytest.mark.parametrize("side", ["sparql", "columns"])
def test_who_opens_the_graph_again_has_the_new_one(place: Path, builds: tuple[Path, Path], side: str) -> None:
    """Also while the old one is still open, which DuckDB would hand out again."""
    old = KnowledgeGraph.built(place)
    assert notation(old, side) == {'"old"'}
    replace(place, builds)
    assert notation(KnowledgeGraph.built(place), side) == {'"new"'}
    assert notation(old, side) == {'"old"'}


@pytest.mark.parametrize("side", ["sparql", "columns"])
def test_a_graph_of_which_nothing_is_open_yet_is_the_new_one(place: Path, builds: tuple[Path, Path], side: str) -> None:
    graph = KnowledgeGraph.built(place)
    replace(place, builds)
    assert notation(graph, side) == {'"new"'}


def test_a_build_that_ends_while_a_side_is_opened_is_seen(
    place: Path, builds: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    opening = kg._attached

    def slow(path: Path) -> object:
        replace(place, builds)
        return opening(path)

    monkeypatch.setattr(kg, "_attached", slow)
    with pytest.raises(CalckgError, match="open the graph again"):
        _ = KnowledgeGraph.built(place).columns


def test_a_name_tells_which_graph(small: KnowledgeGraph) -> None:
    assert repr(small) == f"KnowledgeGraph({small.name!r})"


def test_a_missing_directory_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such graph directory; check the path given with --kg or CALCKG_KG"):
        KnowledgeGraph.built(tmp_path / "none")


def test_a_directory_that_is_no_graph_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"not a built graph \(no manifest\.json in it\)"):
        KnowledgeGraph.built(tmp_path)


def test_a_file_is_no_graph(tmp_path: Path) -> None:
    (tmp_path / "a.ttl").write_text("x")
    with pytest.raises(SourceError, match="not a built graph"):
        KnowledgeGraph.built(tmp_path / "a.ttl")


@pytest.mark.parametrize("text", ["", '{"graph": "bu', "[]", '"built"', "\x00"])
def test_a_manifest_that_is_damaged_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(SourceError, match=r"manifest\.json: the manifest is damaged \(.*\); build the graph again"):
        _ = KnowledgeGraph.built(tmp_path).manifest


@pytest.mark.parametrize("side", ["sparql", "columns"])
def test_a_graph_without_a_side_is_told(tmp_path: Path, side: str) -> None:
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(CalckgError, match="can't be opened"):
        getattr(KnowledgeGraph.built(tmp_path), side)


def test_nothing_is_asked_of_a_distant_graph_at_first() -> None:
    assert KnowledgeGraph.distant("http://127.0.0.1:1/").name == "http://127.0.0.1:1/"


def test_a_distant_graph_gives_its_named_graphs() -> None:
    quad = ox.Quad(ox.NamedNode("urn:x:a"), ox.NamedNode("urn:x:b"), ox.Literal("1"), ox.NamedNode(A))
    store = ox.Store()
    store.add(quad)
    store.add(ox.Quad(quad.subject, quad.predicate, quad.object))
    with serving(Answer(store=store)) as url:
        assert list(KnowledgeGraph.distant(url).quads()) == [quad]


def test_a_distant_graph_that_is_not_there_is_told() -> None:
    with pytest.raises(EndpointError, match="can't be reached"):
        list(KnowledgeGraph.distant("http://127.0.0.1:1/").quads())


def test_a_distant_graph_has_no_columns() -> None:
    with pytest.raises(UsageError, match="the columns of a distant graph can't be had"):
        _ = KnowledgeGraph.distant("http://127.0.0.1:1/").columns


def test_a_distant_graph_has_no_manifest() -> None:
    assert KnowledgeGraph.distant("http://127.0.0.1:1/").manifest == {}


def test_the_bundled_graph_is_there(bundled: KnowledgeGraph) -> None:
    assert bundled.manifest["quads"] == len(list(bundled.quads())) > 1000
