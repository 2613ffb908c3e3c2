"""What the build has found nothing by is not asked again, while graph, shapes and code are what they were."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from calckg import build, planning
from calckg.kg import KnowledgeGraph
from calckg.shapes import compiler, engine, standing
from calckg.shapes.engine import Validation
from calckg.shapes.options import Options
from tests.conftest import PREFIXES, Run

DATA = Path(__file__).parent / "data" / "build"
OWN = engine.shape_files()


def made(target: Path, **options: Any) -> Path:
    build.build(target, planning.plan([DATA]), curated=False, with_store=False, **options)
    return target


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("built") / "KG")


@pytest.fixture
def copied(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "KG"))


def validated(kg: Path, options: Options | None = None, shapes: list[Path] = OWN) -> Validation:
    return engine.validate_graph(KnowledgeGraph.built(kg), shapes, options)


@pytest.mark.parametrize("limit", [None, 0, 1])
def test_the_report_is_that_of_everything(built: Path, limit: int | None) -> None:
    some, every = (validated(built, Options(limit, recheck=recheck)) for recheck in (False, True))
    assert some.turtle() == every.turtle()
    assert some.counts() == every.counts() != {}
    assert [one.plan.shape for one in some.outcomes] == [one.plan.shape for one in every.outcomes]
    empty = [one for one in every.outcomes if not one.results and not one.more]
    assert (some.standing, every.standing) == (len(empty), 0)
    assert len(empty) > 200


def test_nodes_and_shapes_that_are_named_find_the_same(built: Path) -> None:
    found = next(one for one in validated(built).outcomes if one.results)
    for options in (
        {"focus": (found.results[0].focus,)},
        {"only": (found.plan.shape.node.value,)},
        {"only": (found.plan.shape.node.value,), "focus": (found.results[0].focus,)},
    ):
        some, every = (validated(built, Options(**options, recheck=recheck)) for recheck in (False, True))
        assert some.turtle() == every.turtle()
        assert not some.conforms


def test_columns_that_somebody_has_written_to_are_asked_everything(built: Path, copied: Path) -> None:
    with duckdb.connect(str(copied / "quads.duckdb")) as connection:
        connection.execute("DELETE FROM quad WHERE p = (SELECT id FROM term WHERE value LIKE '%core#inScheme')")
    after = validated(copied)
    assert after.standing == 0
    assert after.counts() != validated(built).counts()


def test_what_is_written_beside_the_columns_counts(copied: Path) -> None:
    assert KnowledgeGraph.built(copied).has_columns_of_its_build
    (copied / "quads.duckdb.wal").touch()
    assert not KnowledgeGraph.built(copied).has_columns_of_its_build


def test_columns_of_the_same_size_are_not_yet_the_same(copied: Path) -> None:
    path = copied / "quads.duckdb"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert not KnowledgeGraph.built(copied).has_columns_of_its_build


@pytest.mark.parametrize("told", [None, "columns", {}, {"bytes": 1}, {"sha256": "a"}, []])
def test_a_manifest_that_tells_the_columns_wrongly_stands_for_nothing(copied: Path, told: object) -> None:
    path = copied / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"columns": told}))
    assert validated(copied).standing == 0


def test_columns_that_are_gone_are_not_those_of_the_build(copied: Path) -> None:
    (copied / "quads.duckdb").unlink()
    assert not KnowledgeGraph.built(copied).has_columns_of_its_build


def test_what_asks_for_named_graphs_has_no_key(tmp_path: Path) -> None:
    """A build sees none, the store of its graph does."""
    shapes = tmp_path / "shapes.ttl"
    texts = [
        "GRAPH ?g { $this ?p ?value }",
        "graph<urn:x:g>{ $this ?p ?value }",
        "$this <urn:x:GRAPH> ?graph . ?graph ?GRAPH ?value",
        "$this ?p ?value GRAPH $shapesGraph { $currentShape ?q ?value }",
    ]
    asked = [f"sh:sparql [ sh:select 'SELECT $this ?value {{ {text} }}' ]" for text in texts]
    told = [f"ex:s{n} a sh:NodeShape ; sh:targetClass ex:T ; {one} .\n" for n, one in enumerate(asked)]
    shapes.write_text(PREFIXES + "".join(told))
    plans = list(compiler.compile_shapes(engine.read_shapes([shapes])))
    assert [key is None for key in standing.keys(plans, [shapes])] == [True, True, False, False]


def test_that_no_node_was_checked_is_told_without_asking_again(built: Path, run: Run) -> None:
    arguments = ("validate", "--kg", str(built), "--shape", "ckg:shapes/citation-iri")
    for more in ((), ("--recheck",)):
        assert "note: nothing was checked: no node of the data is the target" in run(*arguments, *more).err


def test_a_manifest_of_an_earlier_version_tells_nothing_of_the_columns(copied: Path) -> None:
    path = copied / "manifest.json"
    manifest = json.loads(path.read_text())
    del manifest["columns"]
    path.write_text(json.dumps(manifest))
    assert validated(copied).standing == 0


def test_a_graph_that_was_not_validated_is_asked_everything(tmp_path: Path, built: Path) -> None:
    outcome = validated(made(tmp_path / "KG", validate=False))
    assert outcome.standing == 0
    assert outcome.counts() == validated(built).counts()


def test_the_bundled_graph_is_asked_everything() -> None:
    assert not KnowledgeGraph.bundled().has_columns_of_its_build
    assert not KnowledgeGraph.distant("http://127.0.0.1:1/sparql").has_columns_of_its_build


def test_other_shapes_by_the_same_names_are_asked(built: Path, tmp_path: Path) -> None:
    shapes = []
    for path in OWN:
        text = path.read_text(encoding="utf-8")
        shapes.append(tmp_path / path.name)
        shapes[-1].write_text(text.replace("sh:minCount 1", "sh:minCount 9"), encoding="utf-8")
    outcome = validated(built, shapes=shapes)
    assert outcome.standing == 0
    assert outcome.counts() != validated(built).counts()


def test_shapes_that_are_edited_meanwhile_are_asked(built: Path, tmp_path: Path) -> None:
    shapes = [Path(shutil.copy(path, tmp_path)) for path in OWN]
    assert validated(built, shapes=shapes).standing == validated(built).standing > 0
    shapes[0].write_text(shapes[0].read_text(encoding="utf-8") + "# edited\n", encoding="utf-8")
    assert validated(built, shapes=shapes).standing == 0


def test_other_code_asks_everything(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing, "_rules", lambda shapes: "others")
    assert validated(built).standing == 0


def test_the_command_says_what_it_did_not_ask(built: Path, run: Run) -> None:
    done = run("validate", "--kg", str(built))
    every = run("validate", "--kg", str(built), "--recheck")
    line = f"{validated(built).standing} of {len(validated(built).outcomes)} constraints found nothing when the graph"
    assert f"{line} was built: --recheck asks them again\n" in done.err
    assert "--recheck" not in every.err
    assert done.out == every.out


def test_queries_are_explained_all(built: Path, run: Run) -> None:
    told = run("validate", "--kg", str(built), "--explain").err
    assert "asks them again" not in told
    assert told.count("SELECT") > 100


@pytest.mark.parametrize("other", [["FILE"], ["--endpoint", "http://127.0.0.1:1/sparql"]])
def test_what_is_not_built_has_nothing_to_recheck(run: Run, tmp_path: Path, other: list[str]) -> None:
    (tmp_path / "data.ttl").write_text("")
    arguments = [str(tmp_path / "data.ttl") if one == "FILE" else one for one in other]
    done = run("validate", "--recheck", *arguments)
    assert (done.code, done.complaint) == (
        2,
        "calckg: --recheck is for a built graph; of FILEs and of an endpoint everything is asked anyway",
    )
