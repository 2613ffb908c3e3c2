"""From releases to a graph directory: small releases in ``data/build``, each a file of the publisher's form."""

from __future__ import annotations

import errno
import fcntl
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyoxigraph as ox
import pytest
from rich.console import Console
from rich.progress import Progress

from calckg import build, bundle, cli, columnar, derive, planning, running, staging, storing, swap
from calckg.cli.build import Stages
from calckg.kg import KnowledgeGraph
from calckg.upstream import registry
from tests.conftest import Run

DATA = Path(__file__).parent / "data" / "build"
SHARED = Path(__file__).parents[2] / "shared" / "data"
RELEASE = registry.RELEASE
# Columns only, and only what was read: what a test does not ask for costs it time.
QUICK = ("--no-curated", "--no-store", "--no-validate")
# Quads by graph, of the files in data/build.
COUNTS = {"hearts": 22, "hpo": 23, "hpo-annotations": 51, "medgen": 49, "vessels": 42}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with one small set of mappings in ``in``."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    shutil.copy(DATA / "hearts.sssom.tsv", tmp_path / "in")
    return tmp_path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A graph of all the small releases, with the store."""
    target = tmp_path_factory.mktemp("whole") / "KG"
    build.build(target, planning.plan([DATA]), curated=False)
    return target


@pytest.fixture
def built(whole: Path, tmp_path: Path) -> Path:
    """A copy of that graph, without the store, to build on."""
    return Path(shutil.copytree(whole, tmp_path / "KG", ignore=shutil.ignore_patterns("store")))


def manifest(target: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((target / "manifest.json").read_text())
    return found


def counts(target: Path) -> dict[str, int]:
    return {entry["name"]: entry["quads"] for entry in manifest(target)["sources"]}


def nquads(target: Path) -> list[str]:
    return [f"{quad} ." for quad in KnowledgeGraph.built(target).quads()]


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def add_row(path: Path, subject: str = "HP:0000175") -> None:
    with path.open("a") as stream:
        stream.write(f"{subject}\tA name\tskos:exactMatch\tMP:0000111\tA name\tsemapv:LexicalMatching\n")


# recognition


def plan_of(*paths: Path) -> dict[str, list[str]]:
    found = planning.plan(paths).graphs
    return {graph.removeprefix(RELEASE): [item.path.name for item in items] for graph, items in found.items()}


def test_every_small_release_is_known() -> None:
    assert plan_of(DATA) == {
        "hearts": ["hearts.sssom.tsv"],
        "hpo": ["hp.obo"],
        "hpo-annotations": ["phenotype.hpoa"],
        "medgen": ["NAMES.RRF"],
        "vessels": ["vessels.sssom.tsv"],
    }


def test_a_file_given_twice_is_one_file() -> None:
    assert plan_of(DATA / "hp.obo", DATA / "hp.obo", DATA)["hpo"] == ["hp.obo"]


def test_the_name_of_a_graph_is_a_whole_iri(tmp_path: Path) -> None:
    shutil.copy(DATA / "hearts.sssom.tsv", tmp_path / "my hearts <1>.sssom.tsv")
    assert list(plan_of(tmp_path)) == ["my%20hearts%20%3C1%3E"]


def test_an_unknown_file_is_named(folder: Path, run: Run) -> None:
    (folder / "in" / "notes.txt").write_text("hello")
    done = run("build", "in", "-o", "KG", *QUICK)
    assert done.code == 0
    assert "not known, left out: in/notes.txt\n" in done.err


def test_many_unknown_files_of_one_folder_are_counted(folder: Path, run: Run) -> None:
    for number in range(4):
        (folder / "in" / f"{number}.txt").write_text("hello")
    assert "not known, left out: 4 files in in\n" in run("build", "in", "-o", "KG", *QUICK).err


def test_nothing_known_is_wrong_usage(folder: Path, run: Run) -> None:
    (folder / "notes.txt").write_text("hello")
    done = run("build", "notes.txt")
    assert done.code == 2
    assert done.err.splitlines()[-1] == (
        "calckg: none of these files is known; say whose they are with --source NAME=PATH"
    )
    assert left(folder) == {"in", "notes.txt"}


@pytest.mark.parametrize("name", ["hp.obo.part", "NAMES.RRF"])
def test_what_is_no_whole_download_is_named(folder: Path, run: Run, name: str) -> None:
    (folder / "in" / name).write_bytes((DATA / "hp.obo").read_bytes() if name.endswith(".part") else b"")
    done = run("build", "in", "-o", "KG", *QUICK)
    assert done.code == 0
    assert f"not a whole download, left out: in/{name}\n" in done.err


def test_a_graph_directory_among_the_downloads_is_no_release(folder: Path, run: Run) -> None:
    assert run("build", ".", "-o", "KG", *QUICK).code == 0
    assert "not known" not in run("build", ".", "-o", "KG", *QUICK).err


def test_a_missing_file_is_told(folder: Path, run: Run) -> None:
    done = run("build", "none", "-o", "KG")
    assert (done.code, done.complaint) == (
        3,
        "calckg: none: no such file or folder; check the spelling of its path",
    )


def test_two_files_of_one_name_are_refused(folder: Path, run: Run) -> None:
    (folder / "in" / "more").mkdir()
    shutil.copy(DATA / "hearts.sssom.tsv", folder / "in" / "more")
    done = run("build", "in", "-o", "KG")
    assert done.code == 2
    assert "in/hearts.sssom.tsv, in/more/hearts.sssom.tsv: two files of this name" in done.complaint


def test_a_source_is_said_outright(folder: Path, run: Run) -> None:
    shutil.copy(DATA / "hearts.sssom.tsv", folder / "table.txt")
    assert run("build", "--source", "mappings=table.txt", "-o", "KG", *QUICK).code == 0
    assert list(counts(folder / "KG").values()) == [22]


def test_a_format_is_said_outright(folder: Path, run: Run) -> None:
    shutil.copy(DATA / "NAMES.RRF", folder / "names.txt")
    assert run("build", "--source", "MedGen names=names.txt", "-o", "KG", *QUICK).code == 0
    assert counts(folder / "KG") == {"medgen": 49}


def test_a_source_of_many_files_needs_more_than_its_name(folder: Path, run: Run) -> None:
    shutil.copy(DATA / "NAMES.RRF", folder / "table.txt")
    done = run("build", "--source", "medgen=table.txt", "-o", "KG")
    assert done.code == 2
    assert "table.txt: which file of medgen is it?" in done.complaint
    assert "'MedGen names'" in done.complaint


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--source", "medgne=x"), "unknown source 'medgne'; did you mean medgen"),
        (("--source", "medgen"), "write NAME=PATH"),
        (("in", "--only", "hpo"), "--only hpo: there is no file of it here; found: hearts"),
        (("in", "--without", "hop"), "unknown source 'hop'; did you mean hpo"),
        ((), "name the files or folders to build from"),
    ],
)
def test_wrong_usage_is_one_line(folder: Path, run: Run, arguments: tuple[str, ...], told: str) -> None:
    done = run("build", *arguments, "-o", "KG")
    assert done.code == 2
    assert told in done.complaint
    assert left(folder) == {"in"}


# what comes of it


def test_each_release_has_its_graph_with_so_many_quads(whole: Path) -> None:
    assert counts(whole) == COUNTS


def test_the_columns_hold_what_the_manifest_says(whole: Path) -> None:
    columns = KnowledgeGraph.built(whole).columns
    assert columns.execute("SELECT count(*) FROM quad").fetchall() == [(manifest(whole)["quads"],)]
    merged = columns.execute("SELECT count(*) FROM (SELECT DISTINCT s, p, o FROM quad)").fetchall()
    assert merged == [(manifest(whole)["triples"],)]
    assert manifest(whole)["triples"] < manifest(whole)["quads"]


def test_the_store_holds_what_the_columns_hold(whole: Path) -> None:
    graph = KnowledgeGraph.built(whole)
    store = ox.Store.read_only(str(whole / "store"))
    assert {str(q) for q in store if str(q.graph_name) != "DEFAULT"} == {str(q) for q in graph.quads()}


def test_the_graph_answers_queries(whole: Path, run: Run) -> None:
    done = run("query", "conditions-with-feature", "--feature", "HP:0004934", "--kg", whole, "--format", "csv")
    assert {line.split(",")[0] for line in done.out.splitlines()[1:]} == {
        "http://www.orpha.net/ORDO/Orphanet_191",
        "https://omim.org/entry/231000",
    }


def test_the_manifest_says_what_the_graph_was_made_of(whole: Path) -> None:
    found = manifest(whole)
    assert {key: found[key] for key in ("graph", "curated", "store")} == {
        "graph": "built",
        "curated": False,
        "store": True,
    }
    (vessels,) = (entry for entry in found["sources"] if entry["name"] == "vessels")
    path = DATA / "vessels.sssom.tsv"
    assert {key: value for key, value in vessels.items() if key != "code"} == {
        "graph": f"{RELEASE}vessels",
        "name": "vessels",
        "source": "mappings",
        "title": "Mapping set",
        "version": "2025-01-01",
        "license": "https://creativecommons.org/publicdomain/zero/1.0/",
        "redistribution": True,
        "files": [
            {
                "name": path.name,
                "bytes": path.stat().st_size,
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            }
        ],
        "rows": 2,
        "left_out": 0,
        "by_rule": [],
        "roots": [],
        "quads": 42,
    }


def test_nothing_but_the_graph_is_in_its_directory(whole: Path) -> None:
    assert left(whole) == {"quads.duckdb", "store", "names.sqlite", "manifest.json"}


def test_every_file_is_described_with_its_checksum(whole: Path) -> None:
    text = "\n".join(nquads(whole))
    for path in DATA.iterdir():
        assert f'"{hashlib.sha256(path.read_bytes()).hexdigest()}"^^' in text


def test_the_summary_tells_rows_and_quads(folder: Path, run: Run) -> None:
    done = run("build", "in", "-o", "KG", *QUICK)
    assert done.out == ""
    assert done.err.splitlines()[-1].split()[:4] == ["hearts", "1", "1", "22"]


def test_the_curated_graph_is_in_it_unless_it_is_left_out(folder: Path, run: Run) -> None:
    assert run("build", "in", "-o", "KG", "--no-store").code == 0
    with_it = {entry for entry in nquads(folder / "KG") if "/graph/curated/medgen" in entry}
    assert len(with_it) > 1000
    assert run("build", "in", "-o", "KG", *QUICK).code == 0
    assert not [entry for entry in nquads(folder / "KG") if "/graph/curated/medgen" in entry]


def test_without_the_store_there_is_none(folder: Path, run: Run) -> None:
    assert run("build", "in", "-o", "KG", *QUICK).code == 0
    assert not (folder / "KG" / "store").exists()
    assert manifest(folder / "KG")["store"] is False


# building again


def kept(done: list[build.Done]) -> set[str]:
    return {one.graph.removeprefix(RELEASE) for one in done if one.kept}


def rebuild(target: Path, *paths: Path, **options: Any) -> list[build.Done]:
    return build.build(target, planning.plan(paths), curated=False, with_store=False, **options)


def test_an_unchanged_file_is_not_read_again(built: Path, whole: Path) -> None:
    assert kept(rebuild(built, DATA)) == set(COUNTS)
    assert nquads(built) == nquads(whole)
    assert manifest(built)["sources"] == manifest(whole)["sources"]


def test_one_new_release_replaces_that_graph_only(built: Path, whole: Path, tmp_path: Path) -> None:
    shutil.copy(DATA / "hearts.sssom.tsv", tmp_path)
    add_row(tmp_path / "hearts.sssom.tsv")
    assert kept(rebuild(built, tmp_path / "hearts.sssom.tsv")) == set(COUNTS) - {"hearts"}
    assert counts(built) == COUNTS | {"hearts": 41}
    graphs = (f"<{RELEASE}{name}> ." for name in COUNTS if name != "hearts")
    for graph in graphs:
        assert [q for q in nquads(built) if q.endswith(graph)] == [q for q in nquads(whole) if q.endswith(graph)]


def test_what_is_kept_is_as_if_it_were_read(built: Path, folder: Path) -> None:
    add_row(folder / "in" / "hearts.sssom.tsv")
    rebuild(built, folder / "in")
    for path in DATA.iterdir():
        if path.name != "hearts.sssom.tsv":
            shutil.copy(path, folder / "in")
    rebuild(folder / "new", folder / "in")
    assert nquads(built) == nquads(folder / "new")


def test_the_order_of_the_files_does_not_show(whole: Path, tmp_path: Path) -> None:
    rebuild(tmp_path / "KG", *sorted(DATA.iterdir(), reverse=True))
    assert nquads(tmp_path / "KG") == nquads(whole)


def test_the_dump_is_the_same_byte_for_byte(built: Path, whole: Path, run: Run) -> None:
    rebuild(built, DATA, fresh=True)
    for number, target in enumerate((built, whole)):
        assert run("dump", "--include-restricted", "--kg", target, "-o", target.with_name(f"{number}.nq")).code == 0
    first, second = built.with_name("0.nq").read_bytes(), whole.with_name("1.nq").read_bytes()
    assert first == second != b""


def test_fresh_forgets_what_was_there(built: Path, folder: Path) -> None:
    assert kept(rebuild(built, folder / "in", fresh=True)) == set()
    assert counts(built) == {"hearts": 22}


@pytest.mark.parametrize(
    ("name", "stays"),
    [
        ("hpo", {"hearts", "hpo-annotations", "medgen", "vessels"}),
        ("vessels", {"hearts", "hpo", "hpo-annotations", "medgen"}),
        ("mappings", {"hpo", "hpo-annotations", "medgen"}),
    ],
)
def test_without_takes_away_what_was_there(built: Path, run: Run, name: str, stays: set[str]) -> None:
    assert run("build", "--without", name, "-o", built, *QUICK).code == 0
    assert set(counts(built)) == stays
    assert not [quad for quad in nquads(built) if f"/release/{name}>" in quad]


def test_only_leaves_the_other_files_alone(folder: Path, run: Run) -> None:
    assert run("build", DATA, "--only", "hearts", "--only", "medgen", "-o", "KG", *QUICK).code == 0
    assert set(counts(folder / "KG")) == {"hearts", "medgen"}


def test_what_other_code_has_read_is_read_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rebuild(folder / "KG", folder / "in")
    monkeypatch.setattr("calckg.earlier.code", lambda: "other")
    assert kept(rebuild(folder / "KG", folder / "in")) == set()


def test_what_other_code_has_read_stays_where_no_file_is_given(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calckg.earlier.code", lambda: "other")
    assert kept(rebuild(built)) == set(COUNTS)


def test_a_graph_cut_down_to_a_root_is_read_again(folder: Path) -> None:
    rebuild(folder / "KG", folder / "in", roots=["HP:0001627"])
    assert kept(rebuild(folder / "KG", folder / "in")) == set()


# rows that can't be read


@pytest.fixture
def bad(folder: Path) -> Path:
    path = folder / "in" / "hearts.sssom.tsv"
    add_row(path, "XX:1")  # a prefix that is not declared
    return path


def test_a_row_that_can_not_be_read_stops_the_build(bad: Path, run: Run) -> None:
    done = run("build", "in", "-o", "KG", *QUICK)
    assert done.code == 3
    assert "in/hearts.sssom.tsv:8:subject_id: 'XX:1': the prefix 'XX' is not in curie_map" in done.complaint
    assert left(bad.parent.parent) == {"in", ".KG.lock"}


def test_keep_going_leaves_it_out_counts_it_and_lists_it(bad: Path, run: Run) -> None:
    done = run("build", "in", "-o", "KG", "--keep-going", *QUICK)
    assert done.code == 0
    table, line = done.err.splitlines()[-2:]
    assert table.split()[1:4] == ["1", "2", "22"]
    assert table.split()[-1] == "1"
    assert line.startswith("left out: in/hearts.sssom.tsv:8:subject_id: 'XX:1'")
    assert manifest(bad.parent.parent / "KG")["sources"][0]["left_out"] == 1


def test_what_was_left_out_is_told_the_next_time_too(bad: Path, run: Run) -> None:
    for _ in range(2):
        assert "left out: " in run("build", "in", "-o", "KG", "--keep-going", *QUICK).err
    assert run("build", "in", "-o", "KG", *QUICK).code == 3


# what a rule leaves out


MEDGEN = Path(__file__).parent / "upstream" / "data" / "medgen"
FEATURES = "MedGen_HPO_Mapping.txt"
RULE = "semantic type of an unknown name: Kind of thing"


def test_what_a_rule_leaves_out_is_told_and_stands_in_the_manifest(folder: Path, run: Run) -> None:
    shutil.copy(MEDGEN / FEATURES, folder / "in")
    done = run("build", "in", "-o", "KG", *QUICK)
    assert f"medgen: left out by rule, 1 row of MedGen_HPO_Mapping: {RULE}\n" in done.err
    by_rule = {entry["name"]: entry["by_rule"] for entry in manifest(folder / "KG")["sources"]}
    assert {"file": "MedGen_HPO_Mapping", "rule": RULE, "rows": 1} in by_rule["medgen"]
    assert by_rule["hearts"] == []


def test_what_a_rule_left_out_of_a_graph_that_is_kept_is_told_again(folder: Path, run: Run) -> None:
    shutil.copy(MEDGEN / FEATURES, folder / "in")
    first, second = (run("build", "in", "-o", "KG", *QUICK) for _ in range(2))
    assert "kept" in second.err
    told = [[line for line in done.err.splitlines() if "by rule" in line] for done in (first, second)]
    assert told[0] == told[1] != []


def test_a_malformed_iri_stops_the_build_with_its_source(old: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(connection: duckdb.DuckDBPyConnection, path: Path, graph: str, on_error: object) -> int:
        row = (graph, "http://purl.obolibrary.org/obo/HP_1 2")
        connection.execute("INSERT INTO concept (graph, concept, notation) VALUES (?, ?, 'HP:1 2')", row)
        return 1

    monkeypatch.setattr(registry, "MAPPINGS", replace(registry.MAPPINGS, fill=fill))
    done = run("build", "in", "-o", "KG", *QUICK)
    assert done.code == 3
    assert f"{RELEASE}hearts: 'http://purl.obolibrary.org/obo/HP_1 2' is no IRI" in done.complaint
    assert usable(old)


# releases

ISSUED = "http://purl.org/dc/terms/issued"


def version(target: Path, name: str) -> str:
    found = next(entry["version"] for entry in manifest(target)["sources"] if entry["name"] == name)
    assert isinstance(found, str)
    return found


def dated(folder: Path, *days: str) -> Path:
    """Put parts of MedGen's names into a folder, each of its day; an empty day is none."""
    for number, day in enumerate(days):
        dot = "." if day else ""
        (folder / f"NAMES_{number}.{day}{dot}csv").write_text("CUI,name,source,SUPPRESS\r\nC0342649,A,GTR,N\r\n")
    return folder


@pytest.mark.parametrize(
    "days", [("2025-09-06", "2022-05-26"), ("2022-05-26", "2025-09-06", ""), ("", "2025-09-06"), ("2025-09-06",)]
)
def test_the_latest_of_the_files_gives_the_release_its_version(folder: Path, days: tuple[str, ...]) -> None:
    rebuild(folder / "KG", dated(folder / "in", *days))
    assert version(folder / "KG", "medgen") == "2025-09-06"
    date = '"2025-09-06"^^<http://www.w3.org/2001/XMLSchema#date>'
    said = f"<{RELEASE}medgen> <{ISSUED}> {date}"
    assert [quad for quad in nquads(folder / "KG") if quad.startswith(said)]


def test_a_release_without_any_has_its_checksum_for_a_version(folder: Path) -> None:
    rebuild(folder / "KG", folder / "in")
    digest = hashlib.sha256((folder / "in" / "hearts.sssom.tsv").read_bytes()).hexdigest()
    assert version(folder / "KG", "hearts") == f"sha256:{digest[:12]}"
    assert not [quad for quad in nquads(folder / "KG") if quad.startswith(f"<{RELEASE}hearts> <{ISSUED}>")]


def test_several_files_without_a_version_have_one_checksum_whatever_their_order(folder: Path) -> None:
    dated(folder / "in", "")
    (folder / "other").mkdir()
    shutil.copy(DATA / "NAMES.RRF", folder / "in")
    for path in (folder / "in").iterdir():
        shutil.copy(path, folder / "other" / path.name.replace("_0", "_7"))
    found = []
    for name in ("in", "other"):
        rebuild(folder / f"KG-{name}", folder / name)
        found.append(version(folder / f"KG-{name}", "medgen"))
    assert found[0] == found[1]
    assert found[0].startswith("sha256:")


def test_files_of_different_releases_are_told(folder: Path, run: Run) -> None:
    dated(folder / "in", "2022-05-26", "2025-09-06")
    assert (
        "medgen: files of different releases, NAMES_0.2022-05-26.csv of 2022-05-26 and NAMES_1.2025-09-06.csv of "
        "2025-09-06; is one out of date?\n"
    ) in run("build", "in", "-o", "KG", *QUICK).err


def test_files_of_one_month_are_of_one_release(folder: Path, run: Run) -> None:
    dated(folder / "in", "2025-09-06", "2025-09-13", "")
    assert "different releases" not in run("build", "in", "-o", "KG", *QUICK).err


# on a terminal


class Terminal(io.StringIO):
    """A standard error that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_each_stage_has_a_line_with_rows_and_rate(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    assert cli.run(["build", "in", "-o", "KG", "--no-curated"]) == 0
    last = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.getvalue()).replace("\r", "\n").splitlines()
    for stage, unit in (("hearts", "rows"), ("columns", "quads"), ("store", "quads")):
        line = next(line for line in reversed(last) if line.startswith(f"{stage} ") and "/s" in line)
        assert re.search(rf" [1-9][0-9,]* {unit} +[1-9][0-9,]*/s +0:00:\d\d", line), line


def test_a_stage_that_is_over_has_its_clock_stopped() -> None:
    with Progress(console=Console(file=io.StringIO())) as shown:
        stages = Stages(shown)
        for what, count in (("one", 0), ("one", 7), ("two", 0), ("store", 3), ("store", 4)):
            stages.tell(what, count, "")
        assert [task.finished for task in shown.tasks] == [True, True, False]
        assert [task.stop_time is not None for task in shown.tasks] == [True, True, False]
        assert [task.fields["done"] for task in shown.tasks] == ["7 quads", "", "7 quads"]


def test_the_file_that_is_read_is_named_with_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    with Progress(console=Console(file=io.StringIO())) as shown:
        stages = Stages(shown)
        stages.tell("one", 0, "first.xml")
        stages.tell("two", 0, "second.xml")
        one, two = (task.id for task in shown.tasks)
        assert (stages.reading(one), stages.reading(two)) == ("", "second.xml")
        monkeypatch.setattr(running, "percent", lambda: 41.7)
        assert stages.reading(two) == "second.xml 42 %"
        running.add_rows(12_345)
        assert stages.reading(two) == "second.xml 12,345 table rows"
        stages.tell("two", 1, "third.xml")
        assert stages.reading(two) == "third.xml 42 %"
        stages.tell("two", 2, "")
        assert stages.reading(two) == ""


def test_a_statement_tells_how_far_it_is() -> None:
    connection = running.tracked(columnar.in_memory())
    assert running.percent() is None
    told, over = [], threading.Event()

    def look() -> None:
        while not over.is_set():
            told.append(running.percent())

    looking = threading.Thread(target=look)
    looking.start()
    try:
        connection.execute("CREATE TABLE t AS SELECT hash(range) AS h FROM range(3_000_000) ORDER BY h")
    finally:
        over.set()
        looking.join()
        connection.close()
    assert any(one is not None and 0 <= one <= 100 for one in told)
    assert running.percent() is None


# the old graph stays whole


@pytest.fixture
def old(folder: Path) -> Path:
    """A graph from before, and a release that has changed since."""
    rebuild(folder / "KG", folder / "in")
    add_row(folder / "in" / "hearts.sssom.tsv")
    return folder / "KG"


def usable(target: Path, count: int = 22) -> bool:
    return counts(target) == {"hearts": count} and len(nquads(target)) == manifest(target)["quads"]


def fail(error: BaseException) -> Callable[..., None]:
    def raising(*_: object, **__: object) -> None:
        raise error

    return raising


STAGES = [
    (bundle, "stage"),
    (staging, "stage_table"),
    (columnar, "settle"),
    (derive, "derive"),
    (storing, "write"),
    (swap, "_sync"),
    (swap, "_take_place"),
]
ERRORS = [
    (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
    (duckdb.OutOfMemoryException("failed to allocate data"), "memory short"),
    (duckdb.IOException("Could not write file:\nNo space left on device"), "is the disk full"),
]


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: f"{stage[0].__name__}.{stage[1]}")
def test_a_full_disk_at_any_stage_leaves_the_old_graph(
    old: Path, run: Run, monkeypatch: pytest.MonkeyPatch, stage: tuple[Any, str]
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(*stage, fail(ERRORS[0][0]))
        done = run("build", "in", "-o", "KG", "--no-curated")
    assert done.code == 3
    assert "No space left on device" in done.complaint
    assert left(old.parent) == {"in", "KG", ".KG.lock"}
    assert usable(old)


@pytest.mark.parametrize(("error", "told"), ERRORS, ids=["OSError", "memory", "DuckDB"])
def test_what_fails_is_one_line(
    old: Path, run: Run, monkeypatch: pytest.MonkeyPatch, error: Exception, told: str
) -> None:
    monkeypatch.setattr(columnar, "settle", fail(error))
    done = run("build", "in", "-o", "KG", *QUICK)
    assert done.code == 3
    assert told in done.complaint


def test_a_file_that_may_not_grow_leaves_the_old_graph(old: Path) -> None:
    limited = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000));"
        "from calckg import cli; cli.main(sys.argv[1:])"
    )
    command = [sys.executable, "-c", limited, "build", "in", "-o", "KG", *QUICK]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert left(old.parent) == {"in", "KG", ".KG.lock"}
    assert usable(old)


def test_a_build_that_is_killed_at_any_moment_leaves_the_old_graph(old: Path) -> None:
    command = [sys.executable, "-m", "calckg", "build", "in", "-o", "KG", "--no-curated"]
    before = counts(old)
    for share in (0.2, 0.5, 0.8):
        begin = time.monotonic()
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        # The moment is chosen by what has been done, not by the clock, which a busy machine makes worthless.
        while process.poll() is None and not swap.part_of(old).exists():
            time.sleep(0.001)
        try:
            # From here on it takes about as long again as it took to get here.
            process.wait(timeout=share * (time.monotonic() - begin))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        process.wait()
        assert counts(old) in (before, {"hearts": 41})
        assert usable(old, counts(old)["hearts"])
    rebuild(old, old.parent / "in")
    assert left(old.parent) == {"in", "KG", ".KG.lock"}
    assert usable(old, 41)


def test_a_build_that_died_between_two_renames_loses_nothing(built: Path, folder: Path) -> None:
    built.rename(swap.old_of(built))
    assert kept(rebuild(built, folder / "in")) == set(COUNTS)


def test_the_second_of_two_builds_says_so_and_stops(old: Path, run: Run) -> None:
    with (old.parent / ".KG.lock").open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        done = run("build", "in", "-o", "KG", *QUICK)
    assert done.code == 3
    assert "another build is at work on it; wait until it ends" in done.complaint
    assert usable(old)


def test_who_reads_the_old_graph_goes_on(built: Path, whole: Path, folder: Path) -> None:
    shutil.copytree(whole / "store", built / "store")
    graph = KnowledgeGraph.built(built)
    columns, store = graph.columns, graph.sparql
    expected = nquads(whole)
    add_row(folder / "in" / "hearts.sssom.tsv")
    build.build(built, planning.plan([folder / "in"]), curated=False)
    assert [f"{quad} ." for quad in columnar.quads(columns)] == expected
    rows = store.query("SELECT ?s { GRAPH ?g { ?s ?p ?o } }")
    assert isinstance(rows, ox.QuerySolutions)
    assert len(list(rows)) == len(expected)
    assert counts(built)["hearts"] == 41


# what must not be replaced


@pytest.mark.parametrize("more", [(), ("--fresh",), ("--without", "hpo")])
def test_a_folder_of_something_else_is_left_alone(folder: Path, run: Run, more: tuple[str, ...]) -> None:
    (folder / "KG").mkdir()
    (folder / "KG" / "thesis.txt").write_text("years of work")
    done = run("build", "in", "-o", "KG", *QUICK, *more)
    assert done.code == 2
    assert "this folder is not a graph directory and is not empty" in done.complaint
    assert left(folder / "KG") == {"thesis.txt"}


@pytest.mark.parametrize("text", ['{"graph": "bundled"}', "[]", "{", '{"graph": "built"}'])
def test_another_manifest_is_left_alone(folder: Path, run: Run, text: str) -> None:
    (folder / "KG").mkdir()
    (folder / "KG" / "manifest.json").write_text(text)
    done = run("build", "in", "-o", "KG", *QUICK)
    assert done.code == 2
    assert "KG: not made by calckg build; name another place" in done.complaint


def test_an_empty_folder_is_filled(folder: Path, run: Run) -> None:
    (folder / "KG").mkdir()
    assert run("build", "in", "-o", "KG", *QUICK).code == 0


def test_a_file_is_no_place_for_a_graph(folder: Path, run: Run) -> None:
    (folder / "KG").write_text("")
    done = run("build", "in", "-o", "KG", *QUICK)
    assert (done.code, "this is a file" in done.complaint) == (2, True)


def test_a_missing_parent_is_told(folder: Path, run: Run) -> None:
    done = run("build", "in", "-o", "none/KG", *QUICK)
    assert (done.code, "does not exist; make it first" in done.complaint) == (2, True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_place_that_may_not_be_written_is_told(folder: Path, run: Run) -> None:
    (folder / "out").mkdir(mode=0o500)
    done = run("build", "in", "-o", "out/KG", *QUICK)
    assert (done.code, "Permission denied" in done.complaint) == (3, True)


def test_a_packed_release_gives_the_same_graph(folder: Path) -> None:
    (folder / "packed").mkdir()
    path = folder / "packed" / "hearts.sssom.tsv.gz"
    path.write_bytes(gzip.compress((DATA / "hearts.sssom.tsv").read_bytes()))
    rebuild(folder / "KG", folder / "packed")
    assert counts(folder / "KG") == {"hearts": 22}
