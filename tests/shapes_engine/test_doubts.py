"""What an outcome tells beside its results: that nothing was checked, or that a term is none of SHACL's."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest
from rdflib import SH

from calckg.shapes import engine
from calckg.shapes.engine import Validation
from calckg.shapes.options import Options
from calckg.shapes.reading import doubts
from tests.conftest import PREFIXES, Run

DATA = PREFIXES + "ex:a a ex:Thing ; ex:p ex:b . ex:c a ex:Small . ex:Small rdfs:subClassOf ex:Thing ."
ASKED = "sh:nodeKind sh:IRI ."


def validated(tmp_path: Path, shapes: str, *focus: str) -> Validation:
    (tmp_path / "data.ttl").write_text(DATA)
    (tmp_path / "shapes.ttl").write_text(PREFIXES + shapes)
    return engine.validate_files([tmp_path / "data.ttl"], [tmp_path / "shapes.ttl"], Options.of(None, (), focus))


@pytest.mark.parametrize(
    "target",
    [
        "sh:targetClass ex:Thing",
        "sh:targetClass ex:Small",
        "sh:targetNode ex:nowhere",  # a node is one whether the data speak of it or not
        "sh:targetSubjectsOf ex:p",
        "sh:targetObjectsOf ex:p",
        "sh:targetClass ex:None ; sh:targetObjectsOf ex:p",
    ],
)
def test_where_a_node_is_checked_there_is_no_note(tmp_path: Path, target: str) -> None:
    assert validated(tmp_path, f"ex:s a sh:NodeShape ; {target} ; {ASKED}").notes == ()


@pytest.mark.parametrize(
    "target", ["sh:targetClass ex:None", "sh:targetSubjectsOf ex:none", "sh:targetObjectsOf rdfs:label"]
)
def test_where_no_node_is_a_target_it_is_told(tmp_path: Path, target: str) -> None:
    (note,) = validated(tmp_path, f"ex:s a sh:NodeShape ; {target} ; {ASKED}").notes
    assert note.startswith("nothing was checked: no node of the data is the target of a shape (sh:target")


@pytest.mark.parametrize("shape", ["a sh:NodeShape", "a sh:NodeShape ; sh:targetNode ex:a ; sh:deactivated true"])
def test_where_no_shape_has_a_target_it_is_told(tmp_path: Path, shape: str) -> None:
    (note,) = validated(tmp_path, f"ex:s {shape} ; {ASKED}").notes
    assert note.startswith("nothing was checked: no shape has a target; give one sh:targetClass")


@pytest.mark.parametrize(
    ("target", "targeted"),
    [
        ("sh:targetClass ex:Thing", ["a", "c"]),
        ("sh:targetClass ex:Small", ["c"]),
        ("sh:targetNode ex:b", ["b"]),
        ("sh:targetSubjectsOf ex:p", ["a"]),
        ("sh:targetObjectsOf ex:p", ["b"]),
    ],
)
def test_a_focus_node_that_is_no_target_is_told(tmp_path: Path, target: str, targeted: list[str]) -> None:
    nodes = [f"https://example.org/{name}" for name in ("a", "b", "c", "none")]
    notes = validated(tmp_path, f"ex:s a sh:NodeShape ; {target} ; {ASKED}", *nodes).notes
    told = [note.partition(" was not checked: it is the target of no shape")[0] for note in notes]
    assert told == [node for node in nodes if node[-1] not in targeted]


def test_a_target_in_sparql_is_not_looked_at(tmp_path: Path) -> None:
    query = 'ex:s a sh:NodeShape ; sh:target [ sh:select "SELECT ?this { ?this a <urn:x:none> }" ] ; '
    assert validated(tmp_path, query + ASKED).notes == ()


def test_a_term_that_is_none_is_told_with_the_nearest(tmp_path: Path) -> None:
    shapes = (
        "ex:s a sh:NodeShape ; sh:targetClass ex:Thing ; sh:property [ sh:path ex:p ; sh:minCout 1 ] ; sh:sevrity 1 ."
    )
    assert validated(tmp_path, shapes).notes == (
        "sh:minCout is no term of SHACL and asks nothing; did you mean sh:minCount?",
        "sh:sevrity (of https://example.org/s) is no term of SHACL and asks nothing; did you mean sh:severity?",
    )


def test_every_term_of_the_vocabulary_is_known() -> None:
    terms = [ox.NamedNode(str(SH[name])) for name in (*SH.__annotations__, *SH._extras)]
    graph = ox.Store()
    graph.extend(ox.Quad(ox.NamedNode("urn:x:s"), term, term) for term in terms)
    assert list(doubts.unknown_terms(graph)) == []


def test_calckg_s_own_shapes_are_in_terms_of_shacl() -> None:
    assert list(doubts.unknown_terms(engine.read_shapes(engine.shape_files()).graph)) == []


def test_notes_stand_on_standard_error(run: Run, tmp_path: Path) -> None:
    validated(tmp_path, f"ex:s a sh:NodeShape ; sh:targetClass ex:None ; {ASKED}")
    done = run("validate", tmp_path / "data.ttl", "--shapes", tmp_path / "shapes.ttl")
    note, summary = done.err.splitlines()
    assert note.startswith("note: nothing was checked")
    assert summary == "4 triples, 1 shape: conforms"
    assert (done.code, done.out) == (0, "")
