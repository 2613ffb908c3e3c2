"""The store that is made from columns: the merge in its default graph, each triple once, and the named graphs."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest

from calckg import columnar, staging, storing
from calckg.errors import CalckgError

NODES = [ox.NamedNode(f"https://example.org/{letter}") for letter in "abcdef"]
P, G, H = (ox.NamedNode(f"urn:x:{name}") for name in "pgh")
TEXTS = ['plain "quoted"', "two\nlines\t\\", "blank and , comma", "\x00\x7f\ufffe"]
QUADS = [
    *(ox.Quad(node, P, ox.Literal(text), G) for node in NODES for text in TEXTS),
    *(ox.Quad(node, P, ox.Literal(text), H) for node in NODES[:3] for text in TEXTS),
    ox.Quad(NODES[0], P, ox.Literal("en", language="en-gb"), H),
    ox.Quad(
        NODES[0], P, ox.Literal("2020-02", datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#gYearMonth")), G
    ),
    ox.Quad(NODES[5], P, NODES[0]),
]


def stored(tmp_path: Path, quads: list[ox.Quad]) -> tuple[ox.Store, list[int]]:
    connection = columnar.connect()
    staging.stage_quads(connection, quads)
    columnar.settle(connection)
    told: list[int] = []
    storing.write(connection, tmp_path / "store", told.append)
    assert connection.execute("SELECT count(*) FROM quad").fetchone() == (len(quads),)
    return ox.Store.read_only(str(tmp_path / "store")), told


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_the_default_graph_is_the_merge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(storing, "_PART", size)
    store, told = stored(tmp_path, QUADS)
    named = [quad for quad in store if not isinstance(quad.graph_name, ox.DefaultGraph)]
    assert set(named) == {quad for quad in QUADS if not isinstance(quad.graph_name, ox.DefaultGraph)}
    merge = [quad.triple for quad in store.quads_for_pattern(None, None, None, ox.DefaultGraph())]
    assert len(merge) == len(set(merge))
    assert set(merge) == {quad.triple for quad in QUADS}
    assert sum(told) == len(QUADS)


def test_the_parts_are_gone_then(tmp_path: Path) -> None:
    stored(tmp_path, QUADS)
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


def test_an_empty_graph_is_an_empty_store(tmp_path: Path) -> None:
    store, told = stored(tmp_path, [])
    assert (len(store), sum(told)) == (0, 0)


def test_memory_is_as_it_was(tmp_path: Path) -> None:
    connection = columnar.connect()

    def limit() -> str:
        ((setting,),) = connection.execute("SELECT current_setting('memory_limit')").fetchall()
        return str(setting).split(".")[0]  # DuckDB rounds it

    connection.execute("SET memory_limit = '2GiB'")
    before = limit()
    storing.write(connection, tmp_path / "store")
    assert limit() == before


def test_a_store_that_can_not_be_written_is_told(tmp_path: Path) -> None:
    connection = columnar.connect()
    staging.stage_quads(connection, QUADS)
    columnar.settle(connection)
    (tmp_path / "store").write_text("a file")
    with pytest.raises(CalckgError, match="the store can't be written"):
        storing.write(connection, tmp_path / "store")
