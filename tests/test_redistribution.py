"""What may not be passed on is left out of a dump, also where it has become a label."""

from __future__ import annotations

import io
from pathlib import Path

import pyoxigraph as ox
import pytest

from calckg import lines, redistribution
from calckg.kg import KnowledgeGraph
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


def test_a_description_that_is_of_no_data_set_leaves_nothing_out(build: Build) -> None:
    text = {OPEN: "ex:a a skos:Concept .", META: f"<{OPEN}> ckg:redistribution false ."}
    assert redistribution.restricted(KnowledgeGraph.built(build(text))) == []


def test_a_text_is_no_truth_value(build: Build) -> None:
    text = {OPEN: "ex:a a skos:Concept .", META: f'<{OPEN}> a dcat:Dataset ; ckg:redistribution "false" .'}
    assert redistribution.restricted(KnowledgeGraph.built(build(text))) == []


SAID = {  # of the closed graph, beside what the open one says of ex:a, ex:b and ex:d
    "a name that has become the label": 'ex:b skos:prefLabel "Closed name"@en .',
    "a name that the open graph has too": 'ex:a skos:prefLabel "Open name"@en .',
    "a concept of its own": 'ex:c a skos:Concept ; skos:inScheme scheme:UMLS ; skos:prefLabel "Closed"@en .',
    "the concept that leads": "MONDO:7 a skos:Concept ; skos:inScheme scheme:MONDO ; skos:exactMatch ex:a .",
    "a leader that the open graph describes": "ex:b skos:exactMatch ex:d .",
    "a citation": 'PMID:1 a bibo:AcademicArticle ; dcterms:title "Closed"@en .',
    "the type of a concept": "ex:e a skos:Concept .",
    "nothing that is not open": "ex:a a skos:Concept .",
}


@pytest.fixture(scope="module", params=SAID.values(), ids=list(SAID))
def half_closed(request: pytest.FixtureRequest, build: Build) -> KnowledgeGraph:
    text = """ex:a a skos:Concept ; skos:inScheme scheme:HP ; skos:altLabel "Open name"@en .
        ex:b a skos:Concept ; skos:inScheme scheme:MONDO ; skos:notation "MONDO:1" .
        ex:d a skos:Concept ; skos:inScheme scheme:OMIM ; skos:altLabel "Open too"@en .
        ex:e skos:altLabel "of no type"@en .
        PMID:2 a bibo:AcademicArticle ; dcterms:title "Open"@en ."""
    return KnowledgeGraph.built(build({OPEN: text, CLOSED: request.param, META: f"<{CLOSED}> a dcat:Dataset ."}))


@pytest.mark.parametrize("left_out", [[CLOSED], [OPEN], [OPEN, CLOSED], [META], ["https://example.org/none"]])
def test_columns_and_quads_are_cut_alike(half_closed: KnowledgeGraph, left_out: list[str]) -> None:
    graphs = [ox.NamedNode(iri) for iri in left_out]
    stream = io.BytesIO()
    lines.write(half_closed.columns, stream, "nquads", redistribution.statement(graphs))
    kept = redistribution.without(half_closed.quads(), graphs)
    assert stream.getvalue().decode().splitlines() == sorted(f"{quad} ." for quad in kept)


def test_the_bundled_graph_is_whole(run: Run, tmp_path: Path) -> None:
    assert run("dump", "-o", tmp_path / "a.nq").err == ""
