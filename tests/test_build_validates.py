"""What a build has made is checked; after a change only what the change can touch, with the results of all of it."""

from __future__ import annotations

import json
import random
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest

from calckg import build, columnar, planning, validating
from calckg.errors import CalckgError, UsageError
from calckg.kg import KnowledgeGraph
from calckg.shapes import engine, standing
from calckg.shapes.options import Options
from tests.conftest import Run

DATA = Path(__file__).parent / "data" / "build"
Row = tuple[str, str, str, str, int]
TOLD = "validated: {} constraints, {}; calckg validate --kg KG lists them\n"
ROW = "{0}\tA name\tskos:exactMatch\tMP:0000111\tA name\tsemapv:LexicalMatching\n"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A graph of the small releases, validated."""
    target = tmp_path_factory.mktemp("first") / "KG"
    made(target, DATA)
    return target


@pytest.fixture
def again(first: Path, tmp_path: Path) -> Path:
    """A copy of that graph, to build on."""
    return Path(shutil.copytree(first, tmp_path / "KG"))


def made(target: Path, *paths: Path, **options: Any) -> None:
    build.build(target, planning.plan(paths), **{"curated": False, "with_store": False, **options})


def entry(target: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((target / "manifest.json").read_text())["validation"]
    return found


def found(target: Path) -> dict[str, Any]:
    """Return what was found, without how much work it was."""
    return {key: value for key, value in entry(target).items() if key != "checked"}


def rows(columns: Path) -> Counter[Row]:
    """Return the results that are kept, by the texts of their terms: constraint, focus node, value, path."""
    texts = ", ".join(columnar.text_of(name) for name in "fvp")
    joins = " ".join(f"LEFT JOIN any_term {name} ON {name}.id = r.{name}" for name in "fvp")
    with duckdb.connect(str(columns), read_only=True) as connection:
        told = connection.execute(
            f"""WITH any_term AS (FROM term UNION ALL FROM result_term)
            SELECT w.key, {texts}, r.n FROM result r JOIN result_of w ON w.plan = r.plan {joins}"""
        ).fetchall()
        counted = connection.execute("SELECT key, '', '', '', results FROM result_of WHERE results > 0").fetchall()
    return Counter([*told, *counted])


def same(target: Path, fresh: Path) -> bool:
    return found(target) == found(fresh) and rows(target / "quads.duckdb") == rows(fresh / "quads.duckdb")


@pytest.fixture
def releases(tmp_path: Path) -> Path:
    """A folder with a copy of the releases."""
    return Path(shutil.copytree(DATA, tmp_path / "releases"))


def renamed(path: Path) -> None:
    path.write_text(path.read_text().replace("name: Vascular calcification", "name: Calcified vessels"))


def nameless(path: Path) -> None:
    path.write_text(path.read_text().replace("name: Vascular calcification\n", ""))


def one_more(path: Path) -> None:
    path.write_text(path.read_text() + ROW.format("HP:0000175"))


def one_less(path: Path) -> None:
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))


CHANGES = [
    ("hp.obo", renamed),
    ("hp.obo", nameless),
    ("hearts.sssom.tsv", one_more),
    ("vessels.sssom.tsv", one_less),
    ("phenotype.hpoa", one_less),
    ("NAMES.RRF", one_less),
]


# --- what a build says


def test_the_manifest_says_what_was_found_by_severity_and_shape(first: Path) -> None:
    told = entry(first)
    assert set(told["results"]) == {"violation", "warning", "info"}
    assert sum(told["results"].values()) == sum(told["shapes"].values()) > 0
    assert told["constraints"] > 200


def test_it_is_what_validate_finds(first: Path) -> None:
    outcome = engine.validate_graph(KnowledgeGraph.built(first), engine.shape_files(), Options(recheck=True))
    assert outcome.standing == 0
    assert {severity: n for severity, n in entry(first)["results"].items() if n} == outcome.counts()
    by_shape = Counter(finding.rule for finding in outcome.report)
    assert entry(first)["shapes"] == by_shape


def test_the_summary_counts_and_names_the_command(
    first: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("build", str(DATA), "-o", "KG", "--no-store", "--no-curated")
    assert done.code == 0
    results = ", ".join(f"{n} {name}{'' if n == 1 else 's'}" for name, n in entry(first)["results"].items() if n)
    assert done.err.endswith(TOLD.format(entry(first)["constraints"], results))


@pytest.mark.parametrize(
    ("results", "told"),
    [
        ({"violation": 0, "warning": 0, "info": 0}, "9 constraints, nothing found"),
        ({"violation": 1, "warning": 0, "info": 1200}, "9 constraints, 1 violation, 1,200 infos"),
    ],
)
def test_results_are_told_in_words(results: dict[str, int], told: str) -> None:
    assert validating.told({"constraints": 9, "results": results}) == told


def test_a_graph_may_be_left_unchecked_and_is_checked_the_next_time(
    first: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("build", str(DATA), "-o", "KG", "--no-store", "--no-curated", "--no-validate")
    assert "validated" not in done.err
    assert entry(tmp_path / "KG") is None
    made(tmp_path / "KG", DATA)
    assert entry(tmp_path / "KG") == entry(first)


def test_a_graph_with_its_store_has_the_same_results(first: Path, tmp_path: Path) -> None:
    made(tmp_path / "KG", DATA, with_store=True)
    assert same(tmp_path / "KG", first)


# --- after a change


def test_of_no_change_nothing_is_checked_again(again: Path, first: Path) -> None:
    made(again, DATA)
    assert entry(again)["checked"] == 0
    assert same(again, first)


@pytest.mark.parametrize(("name", "change"), CHANGES, ids=lambda one: getattr(one, "__name__", one))
def test_a_replaced_source_gives_the_results_of_a_fresh_build(
    again: Path, first: Path, releases: Path, tmp_path: Path, name: str, change: Any
) -> None:
    change(releases / name)
    made(again, releases / name)
    made(tmp_path / "fresh", releases)
    assert same(again, tmp_path / "fresh")
    assert 0 < entry(again)["checked"] < entry(tmp_path / "fresh")["checked"] / 2


def test_a_source_taken_away_takes_its_results_along(again: Path, releases: Path, tmp_path: Path) -> None:
    build.build(again, planning.Plan(), curated=False, with_store=False, without=["hpo"])
    (releases / "hp.obo").unlink()
    made(tmp_path / "fresh", releases)
    assert same(again, tmp_path / "fresh")


def test_a_graph_cut_down_to_a_root_has_the_results_of_what_is_left(again: Path, tmp_path: Path) -> None:
    made(again, DATA, roots=["HP:0004934"])
    made(tmp_path / "fresh", DATA, roots=["HP:0004934"])
    assert same(again, tmp_path / "fresh")


def test_fresh_checks_everything(again: Path, first: Path) -> None:
    made(again, DATA, fresh=True)
    assert entry(again) == entry(first)


def test_by_other_rules_everything_is_checked(again: Path, first: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing, "_rules", lambda shapes: "others")
    made(again, DATA)
    assert entry(again) == entry(first)


def put(connection: duckdb.DuckDBPyConnection, table: str, rows: list[list[Any]]) -> None:
    columns = [list(column) for column in zip(*rows, strict=True)]
    connection.execute(f"INSERT INTO {table} SELECT {', '.join(['unnest(?)'] * len(columns))}", columns)


@pytest.mark.parametrize("seed", range(3))
def test_any_change_of_the_columns_gives_the_results_of_all_of_it(again: Path, tmp_path: Path, seed: int) -> None:
    """Quads at random go, and others come, between terms that are there."""
    chosen = random.Random(seed)
    fresh = tmp_path / "fresh.duckdb"
    with duckdb.connect(str(again / "quads.duckdb"), read_only=True) as old:
        terms = old.execute("SELECT kind, value, datatype, lang FROM term ORDER BY id").fetchall()
        quads = old.execute("SELECT s, p, o, g FROM quad ORDER BY ALL").fetchall()
    with columnar.connect(fresh) as connection:
        # Other ids than before, as another build would give.
        number = {before: after for after, before in enumerate(chosen.sample(range(1, len(terms) + 1), len(terms)), 7)}
        put(connection, "term", [[number[at], *term] for at, term in enumerate(terms, 1)])
        stay = chosen.sample(quads, len(quads) - 8)
        more = {(chosen.choice(quads)[0], p, chosen.choice(quads)[2], g) for _, p, _, g in chosen.sample(quads, 8)}
        put(connection, "quad", [[number.get(one, 0) for one in quad] for quad in {*stay, *more}])
    other = Path(shutil.copy(fresh, tmp_path / "other.duckdb"))
    with columnar.connect(fresh) as connection:
        expected = validating.validate(connection)
    with columnar.connect(other) as connection:
        partly = validating.validate(connection, again)
    assert (partly.severities, partly.shapes) == (expected.severities, expected.shapes)
    assert rows(other) == rows(fresh)
    assert partly.checked < expected.checked


def edited(target: Path) -> None:
    """Write to the columns of a graph as somebody else would."""
    with duckdb.connect(str(target / "quads.duckdb")) as connection:
        gone = connection.execute(
            "DELETE FROM quad WHERE p = (SELECT id FROM term WHERE value = 'https://w3id.org/biolink/vocab/object')"
        ).fetchall()
    assert gone[0][0] > 0


def test_columns_that_somebody_has_written_to_are_made_again(first: Path, again: Path) -> None:
    edited(again)
    made(again, DATA)
    assert same(again, first)
    assert entry(again)["checked"] > 0
    sums = [json.loads((kg / "manifest.json").read_text())["quads"] for kg in (first, again)]
    assert sums[0] == sums[1]


def test_what_is_taken_over_of_columns_that_were_written_to_is_checked(again: Path) -> None:
    edited(again)
    made(again, DATA / "hp.obo")  # the others stay, as they are now
    full = engine.validate_graph(KnowledgeGraph.built(again), engine.shape_files(), Options(recheck=True))
    assert entry(again)["results"] | full.counts() == entry(again)["results"]
    assert entry(again)["results"]["violation"] > 0


@pytest.mark.parametrize("damage", ["gone", "garbage"])
def test_columns_that_can_not_be_taken_over_are_told(again: Path, damage: str) -> None:
    (again / "quads.duckdb").unlink()
    if damage == "garbage":
        (again / "quads.duckdb").write_bytes(b"garbage" * 1000)
    with pytest.raises(CalckgError, match=r"columns of the earlier build can't be opened .*; name all of its files"):
        made(again, DATA / "hp.obo")
    made(again, DATA)  # all files are there: nothing need be taken over
    assert entry(again)["checked"] > 0


@pytest.mark.parametrize("lack", ["name", "source", "code", "files", "rows", "left_out", "roots"])
def test_a_manifest_that_lacks_something_is_refused(again: Path, lack: str) -> None:
    manifest = json.loads((again / "manifest.json").read_text())
    del manifest["sources"][0][lack]
    (again / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(UsageError, match=f"a source has no {lack!r}, the manifest is damaged"):
        made(again, DATA)
