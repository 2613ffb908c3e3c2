"""What may not be passed on is left out of a dump, also where it has become a label."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest

from tests.conftest import Build, Run

OPEN, CLOSED, META = (f"https://w3id.org/calckg/graph/{name}" for name in ("release/open", "release/closed", "meta"))


@pytest.fixture(scope="module")
def graph(build: Build) -> Path:
    return build(
        {
            OPEN: """ex:a a skos:Concept ; skos:inScheme scheme:HP ; skos:altLabel "Open name"@en .
                ex:b a skos:Concept ; skos:inScheme scheme:MONDO ; skos:notation "MONDO:1" .""",
            # The closed source names ex:b first; its name must not leave as the label.
            CLOSED: """ex:b skos:prefLabel "Closed name"@en .
                ex:c a skos:Concept ; skos:inScheme scheme:UMLS ; skos:prefLabel "Closed concept"@en .""",
            META: f"<{OPEN}> a dcat:Dataset ; ckg:redistribution true . "
            f"<{CLOSED}> a dcat:Dataset ; ckg:redistribution false .",
        }
    )


def test_a_restricted_source_is_left_out(graph: Path, run: Run, tmp_path: Path) -> None:
    done = run("dump", "--kg", graph, "-o", tmp_path / "a.nq")
    assert done.code == 0
    assert "kg:release/closed" in done.complaint
    quads = list(ox.parse(path=str(tmp_path / "a.nq")))
    assert not [q for q in quads if "Closed" in str(q.object) or q.graph_name == ox.NamedNode(CLOSED)]
    assert not [q for q in quads if str(q.subject) == "<https://example.org/c>"]
    assert [q for q in quads if "Open name" in str(q.object)]


def test_a_graph_without_a_store_is_dumped_too(graph: Path, run: Run, tmp_path: Path) -> None:
    bare = tmp_path / "kg"
    bare.mkdir()
    for name in ("quads.duckdb", "manifest.json"):
        (bare / name).write_bytes((graph / name).read_bytes())
    done = run("dump", "--kg", bare, "-o", tmp_path / "a.nq")
    assert done.code == 0
    assert "Closed" not in (tmp_path / "a.nq").read_text()


def test_it_is_there_when_asked_for(graph: Path, run: Run, tmp_path: Path) -> None:
    done = run("dump", "--kg", graph, "--include-restricted", "-o", tmp_path / "a.nq")
    assert (done.code, done.err) == (0, "")
    text = (tmp_path / "a.nq").read_text()
    assert "Closed name" in text
    assert "Closed concept" in text


def test_the_bundled_graph_is_whole(run: Run, tmp_path: Path) -> None:
    assert run("dump", "-o", tmp_path / "a.nq").err == ""
