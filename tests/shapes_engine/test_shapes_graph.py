"""Shapes in files that others import, and shapes that data suggest (SHACL 3.1)."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib

import calckg
from calckg.errors import CalckgError, SourceError
from calckg.shapes import engine
from tests.conftest import PREFIXES, Run

HEAD = f"{PREFIXES}@prefix owl: <http://www.w3.org/2002/07/owl#> .\n"
NAME = "ex:name a sh:NodeShape ; sh:targetClass ex:Thing ; sh:property [ sh:path ex:name ; sh:minCount 1 ] .\n"
CODE = "ex:code a sh:NodeShape ; sh:targetClass ex:Thing ; sh:property [ sh:path ex:code ; sh:minCount 1 ] .\n"
SIZE = "ex:size a sh:NodeShape ; sh:targetClass ex:Thing ; sh:property [ sh:path ex:size ; sh:minCount 1 ] .\n"
DATA = "ex:a a ex:Thing .\n"
ALL = ["code", "name", "size"]


def written(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        (folder / f"{name}.ttl").write_text(HEAD + text)


def found(validation: engine.Validation) -> list[str]:
    """Return the names of the shapes that found something, one for each result."""
    return sorted(finding.rule.rpartition("/")[2] for finding in validation.report)


# owl:imports


def test_files_that_shapes_import_are_shapes_too(tmp_path: Path) -> None:
    (tmp_path / "a folder").mkdir()
    written(
        tmp_path,
        data=DATA,
        one=f"<> a owl:Ontology ; owl:imports <two.ttl>, <one.ttl> . {NAME}",
        two=f"<> owl:imports <a%20folder/three.ttl>, <one.ttl> . {CODE}",
    )
    written(tmp_path / "a folder", three=f"<> owl:imports <../one.ttl#top> . {SIZE}")
    outcome = calckg.validate(tmp_path / "data.ttl", tmp_path / "one.ttl")
    assert found(outcome) == ALL
    assert outcome.notes == ()
    both = calckg.validate(tmp_path / "data.ttl", [tmp_path / "one.ttl", tmp_path / "two.ttl"])
    assert found(both) == ALL


def test_a_graph_of_shapes_imports_files_too(tmp_path: Path) -> None:
    written(tmp_path, data=DATA, two=CODE)
    shapes = rdflib.Graph().parse(data=f"{HEAD}<urn:x:o> owl:imports <{(tmp_path / 'two.ttl').as_uri()}> . {NAME}")
    assert found(calckg.validate(tmp_path / "data.ttl", shapes)) == ["code", "name"]


def test_a_file_of_shapes_counts_once_however_it_is_named(tmp_path: Path) -> None:
    written(tmp_path, data=DATA, shapes=NAME)
    (tmp_path / "link.ttl").symlink_to(tmp_path / "shapes.ttl")
    given = [tmp_path / name for name in ("shapes.ttl", "link.ttl", "../" + tmp_path.name + "/shapes.ttl")]
    assert found(calckg.validate(tmp_path / "data.ttl", given)) == ["name"]


def test_what_is_wrong_in_an_imported_file_has_its_place(tmp_path: Path) -> None:
    written(tmp_path, data=DATA, one=f"<> owl:imports <two.ttl> . {NAME}", two="ex:a ex:b")
    with pytest.raises(SourceError, match=r"two\.ttl:\d+:\d+: not well formed"):
        calckg.validate(tmp_path / "data.ttl", tmp_path / "one.ttl")


@pytest.mark.parametrize(
    ("imported", "note"),
    [
        ("<http://example.com/far>", "the shapes import <http://example.com/far>, which was not read: addresses are"),
        ("<urn:x:far>", "the shapes import <urn:x:far>, which was not read: addresses are not fetched; give its file"),
        ("<gone.ttl>", "gone.ttl>, which was not read: there is no such file of RDF; give its file, too"),
        ("<notes.txt>", "notes.txt>, which was not read: there is no such file of RDF; give its file, too"),
    ],
)
def test_an_import_that_is_not_followed_is_told(tmp_path: Path, run: Run, imported: str, note: str) -> None:
    written(tmp_path, data=DATA, one=f"<> owl:imports {imported} . {NAME}")
    (tmp_path / "notes.txt").write_text("hello")
    done = run("validate", tmp_path / "data.ttl", "--shapes", tmp_path / "one.ttl")
    assert (done.code, done.err.count("note: ")) == (1, 1)
    assert note in done.err


def test_an_import_of_what_was_given_or_of_shacl_is_not_told(tmp_path: Path) -> None:
    far = "<http://example.com/far>"
    written(tmp_path, data=DATA, one=f"<> owl:imports {far}, sh: . {NAME}", two=f"{far} a owl:Ontology . {CODE}")
    outcome = calckg.validate(tmp_path / "data.ttl", [tmp_path / "one.ttl", tmp_path / "two.ttl"])
    assert (found(outcome), outcome.notes) == (["code", "name"], ())


# sh:shapesGraph


def test_data_are_checked_against_the_files_that_they_name(tmp_path: Path, run: Run) -> None:
    written(tmp_path, data=f"<> sh:shapesGraph <one.ttl>, <two.ttl> . {DATA}", one=NAME, two=CODE, other=SIZE)
    outcome = calckg.validate(tmp_path / "data.ttl")
    assert found(outcome) == ["code", "name"]
    assert found(calckg.validate(rdflib.Graph().parse(tmp_path / "data.ttl"))) == ["code", "name"]
    assert found(calckg.validate(tmp_path / "data.ttl", tmp_path / "other.ttl")) == ["size"]  # given ones go first
    assert "2 violations" in run("validate", tmp_path / "data.ttl").err


def test_data_may_have_their_shapes_in_themselves(tmp_path: Path) -> None:
    written(tmp_path, data=f"<> sh:shapesGraph <> . {DATA} {NAME}")
    assert found(calckg.validate(tmp_path / "data.ttl")) == ["name"]


@pytest.mark.parametrize("read_as", [None, "trig"])
def test_data_may_have_their_shapes_in_a_named_graph(tmp_path: Path, read_as: str | None) -> None:
    path = tmp_path / ("data.trig" if read_as is None else "data.txt")
    path.write_text(f"{HEAD}{DATA} <urn:x:d> sh:shapesGraph ex:g . ex:g {{ {NAME} }} ex:h {{ {CODE} }}")
    assert found(calckg.validate(path, format=read_as)) == ["name"]


@pytest.mark.parametrize("name", ["<http://example.com/far>", "<gone.ttl>", "<urn:x:none>"])
def test_shapes_that_the_data_name_and_that_are_not_here_are_told(tmp_path: Path, run: Run, name: str) -> None:
    written(tmp_path, data=f"<> sh:shapesGraph {name} . {DATA}")
    done = run("validate", tmp_path / "data.ttl")
    assert done.code == 3
    assert done.complaint.startswith("calckg: sh:shapesGraph <")
    assert "the data name these shapes, which are not here; give a file of shapes" in done.complaint


def test_what_the_data_name_and_is_no_shapes_graph_is_told(tmp_path: Path) -> None:
    written(tmp_path, data=f"<> sh:shapesGraph <one.ttl> . {DATA}", one="ex:a ex:b ex:c .")
    with pytest.raises(CalckgError, match="sh:shapesGraph of the data: there is no shape in it"):
        calckg.validate(tmp_path / "data.ttl")


def test_a_literal_names_no_shapes(tmp_path: Path) -> None:
    written(tmp_path, data=f'<> sh:shapesGraph "one.ttl" . {DATA}')
    own = engine.read_shapes(engine.shape_files())
    assert len(calckg.validate(tmp_path / "data.ttl").shapes_graph) == len(own.graph)


def test_blank_nodes_of_the_data_are_none_of_the_shapes(tmp_path: Path) -> None:
    path = tmp_path / "data.nq"
    sh, thing = "http://www.w3.org/ns/shacl#", "<https://example.org/Thing>"
    path.write_text(
        f"_:a <{rdflib.RDF.type}> {thing} .\n<urn:x:d> <{sh}shapesGraph> <urn:x:g> .\n"
        f"_:a <{rdflib.RDF.type}> <{sh}NodeShape> <urn:x:g> .\n_:a <{sh}targetClass> {thing} <urn:x:g> .\n"
        f"_:a <{sh}nodeKind> <{sh}IRI> <urn:x:g> .\n"
    )
    outcome = calckg.validate(path)
    (result,) = (one for outcome in outcome.outcomes for one in outcome.results)
    assert isinstance(result.focus, ox.BlankNode)


# what was read is not written over


def test_a_report_is_not_written_over_shapes_that_others_import(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, data=DATA, name=NAME, all="<> owl:imports <name.ttl> .\n" + CODE)
    before = (tmp_path / "name.ttl").read_bytes()
    done = run("validate", "data.ttl", "--shapes", "all.ttl", "-o", "name.ttl")
    assert done.code == 2
    assert "name.ttl, which is read; write to another file" in done.complaint
    assert (tmp_path / "name.ttl").read_bytes() == before


def test_a_report_is_not_written_over_shapes_that_data_name(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, data="<> sh:shapesGraph <name.ttl> .\n" + DATA, name=NAME)
    before = (tmp_path / "name.ttl").read_bytes()
    done = run("validate", "data.ttl", "-o", "name.ttl")
    assert done.code == 2
    assert "name.ttl, which is read; write to another file" in done.complaint
    assert (tmp_path / "name.ttl").read_bytes() == before


def test_the_files_of_shapes_are_told(tmp_path: Path) -> None:
    written(tmp_path, data=DATA, name=NAME, all="<> owl:imports <name.ttl> .\n" + CODE)
    files = calckg.validate(tmp_path / "data.ttl", tmp_path / "all.ttl").files
    assert files == ((tmp_path / "all.ttl").resolve(), (tmp_path / "name.ttl").resolve())
