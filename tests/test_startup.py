"""Starting costs nothing that the command does not use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from calckg import database
from calckg.kg import KnowledgeGraph

HEAVY = {
    "rich",
    "rdflib",
    "pyshacl",
    "owlready2",
    "duckdb",
    "_duckdb",
    "pydantic",
    "yaml",
    "starlette",
    "pandas",
    "polars",
    "hypothesis",
}
PROGRAM = """
import json, sys
from calckg import cli
code = cli.run(sys.argv[1:])
print(json.dumps([code, sorted({name.partition(".")[0] for name in sys.modules})]), file=sys.stderr)
"""


def imported(*arguments: str, cache: Path | None = None) -> set[str]:
    """Run a command in a process of its own, its output not a terminal, and return the packages that it imported."""
    environment = os.environ | ({"CALCKG_CACHE": str(cache)} if cache else {})
    command = [sys.executable, "-c", PROGRAM, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    code, names = json.loads(done.stderr.splitlines()[-1])
    assert code == 0, done.stderr
    return set(names)


@pytest.fixture(scope="module")
def query(bundled: KnowledgeGraph) -> set[str]:
    """What a stored query of the bundled graph imports, its cache warm."""
    imported("query", "conditions-with-feature", "--feature", "HP:0004934")
    return imported("query", "conditions-with-feature", "--feature", "HP:0004934")


@pytest.mark.parametrize("name", sorted(HEAVY))
def test_a_stored_query_does_without(query: set[str], name: str) -> None:
    assert name not in query


@pytest.mark.parametrize("name", ["pyoxigraph", "typer"])
def test_a_stored_query_needs(query: set[str], name: str) -> None:
    assert name in query


def test_the_version_does_without_a_store() -> None:
    assert not imported("--version") & (HEAVY | {"pyoxigraph"})


def test_a_sparql_query_does_without_the_rest(bundled: KnowledgeGraph) -> None:
    assert not imported("sparql", "ASK {}") & HEAVY


def test_shapes_are_checked_with_the_engine_alone(tmp_path: Path) -> None:
    """The package ``duckdb`` takes longer to be imported than its engine, and as much memory again."""
    data = tmp_path / "data.ttl"
    data.write_text("<x:a> <x:b> 1 .")
    shapes = tmp_path / "shapes.ttl"
    shapes.write_text("@prefix sh: <http://www.w3.org/ns/shacl#> . <x:s> sh:targetNode <x:a> ; a sh:NodeShape .")
    names = imported("validate", "--shapes", str(shapes), str(data))
    assert names & {"duckdb", "_duckdb"} == {database.duckdb.__name__}
    assert not names & (HEAVY - {"duckdb", "_duckdb"})


@pytest.mark.parametrize("name", ["connect", "Error", "DuckDBPyConnection", "OutOfMemoryException"])
def test_the_engine_is_that_of_the_package(name: str) -> None:
    assert getattr(database.duckdb, name) is getattr(duckdb, name)


def test_a_header_is_read_as_yaml_once(bundled: KnowledgeGraph, tmp_path: Path) -> None:
    """In a new cache the header of the query that is asked is parsed, and no other."""
    (tmp_path / "cache").mkdir()
    assert bundled._directory is not None
    (tmp_path / "cache" / bundled._directory.name).symlink_to(bundled._directory)
    first = imported("query", "sources", cache=tmp_path / "cache")
    assert len(list((tmp_path / "cache" / "headers").iterdir())) == 1
    assert "yaml" in first
    assert "yaml" not in imported("query", "sources", cache=tmp_path / "cache")


def test_an_error_is_told_without_the_rest(bundled: KnowledgeGraph) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "calckg", "query", "nothing"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    names = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert done.returncode == 2
    assert "typer" in names
    assert not names & HEAVY
