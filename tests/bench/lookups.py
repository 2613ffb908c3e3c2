"""Questions to a built graph: single ones by SPARQL, cold commands beside the bundled graph, statistics and search.

``BENCH_KG=KG`` names the graph; without it one is built, of HPO and its annotations where they are, else of a generated
release. What is asked about are concepts and conditions spread evenly over the graph, the same in each run.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from calckg import naming, prefixes, queries
from calckg.errors import CalckgError
from calckg.kg import KnowledgeGraph
from calckg.sparql import LocalGraph, SparqlGraph
from tests.bench._run import CALCKG, CONCEPTS, SHARED, folder, run, say, verdict

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SAMPLE: Final = 100
WARM: Final = 1.0  # ms
COLD: Final = 1.5
COUNTED: Final = 2.0  # seconds for ten million quads
COMMANDS: Final = 11
LEVELS: Final = 10
TEXTS: Final = ("vascular calcification", "calcification", "HP:0004934", "vasculr calcificaton", "calc")
_PREFIXES: Final = """PREFIX biolink: <https://w3id.org/biolink/vocab/>
PREFIX ckg: <https://w3id.org/calckg/ontology/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>"""
_BY_CODE: Final = f"""{_PREFIXES} SELECT ?concept ?label {{
    ?code skos:notation %s ; ckg:cliqueLeader ?concept . OPTIONAL {{ ?concept rdfs:label ?label }} }}"""
_FEATURES: Final = f"""{_PREFIXES} SELECT DISTINCT ?feature ?label {{
    %s ckg:cliqueLeader/^ckg:cliqueLeader ?condition . ?condition biolink:has_phenotype/ckg:cliqueLeader ?feature .
    OPTIONAL {{ ?feature rdfs:label ?label }} }}"""
_ASSOCIATIONS: Final = f"""{_PREFIXES} SELECT ?feature ?label {{
    %s ckg:cliqueLeader/^ckg:cliqueLeader ?condition .
    ?said biolink:subject ?condition ; biolink:predicate biolink:has_phenotype ; biolink:negated false ;
        biolink:object/ckg:cliqueLeader ?feature .
    OPTIONAL {{ ?feature rdfs:label ?label }} }}"""


def _id(curie: str) -> str:
    """Return SQL of the id of a property."""
    return f"SELECT id FROM term WHERE kind = 0 AND value = '{prefixes.load().expand(curie)}'"


_IN_SCHEME, _NOTATION, _BROADER = map(_id, ("skos:inScheme", "skos:notation", "skos:broader"))
# Conditions that some association gives a feature.
_CONDITIONS: Final = f"""SELECT DISTINCT about.o FROM quad about JOIN quad said ON said.s = about.s
    WHERE about.p = ({_id("biolink:subject")}) AND said.p = ({_id("biolink:predicate")})
    AND said.o = ({_id("biolink:has_phenotype")})"""


def main() -> None:
    """Print the figures of the graph that is named, or of one that is built here."""
    named = os.environ.get("BENCH_KG")
    if named:
        _measure(Path(named).absolute())
        return
    with folder() as work:
        files = sorted((SHARED / "hpo").glob("*.gz"))
        if not files:
            files = [work / "release"]
            run(sys.executable, "-m", "tests.bench._medgen_release", str(CONCEPTS), files[0])
        say(f"build: {run(*CALCKG, 'build', *files, '-o', work / 'KG')}")
        _measure(work / "KG")


def _measure(path: Path) -> None:
    try:
        graph = KnowledgeGraph.built(path)
    except CalckgError as error:
        sys.exit(f"BENCH_KG: {error}")
    # Those first that tell the memory of a process: this one grows.
    _cold(path)
    _counted(path, int(graph.manifest["quads"]))
    _warm(graph)
    _search(graph.names)


def _cold(path: Path) -> None:
    """Ask in a process of its own, the built graph and the bundled one in turn."""
    command = (*CALCKG, "query", "concept", "--code", "HP:0004934", "--format", "csv")
    built, bundled = (*command, "--kg", path), command
    run(*built), run(*bundled)
    pairs = [(run(*built).wall, run(*bundled).wall) for _ in range(COMMANDS)]
    ratio = statistics.median(one / other for one, other in pairs)
    one, other = (statistics.median(column) * 1e3 for column in zip(*pairs, strict=True))
    say(f"calckg query, cold: built {one:.0f} ms : bundled {other:.0f} ms: ratio {ratio:.2f}; {verdict(ratio, COLD)}")


def _counted(path: Path, quads: int) -> None:
    limit = COUNTED * max(1.0, quads / 1e7)
    for name, form in (("calckg stats", "csv"), ("calckg stats, VoID", "turtle")):
        took = statistics.median(run(*CALCKG, "stats", "--kg", path, "--format", form).wall for _ in range(3))
        say(f"{name}, {quads:,} quads: {took:.2f} s; {verdict(took, limit)}")


def _warm(graph: KnowledgeGraph) -> None:
    """Ask one question of each kind about each of a sample: the plain question, then the stored query."""
    columns = graph.columns.cursor()
    concepts = [ox.NamedNode(iri) for iri in _spread(columns, f"SELECT DISTINCT s FROM quad WHERE p = ({_IN_SCHEME})")]
    codes = map(ox.Literal, _spread(columns, f"SELECT DISTINCT o FROM quad WHERE p = ({_NOTATION})"))
    conditions = [ox.NamedNode(iri) for iri in _spread(columns, _CONDITIONS)]
    ids, level = _deep(columns)
    deep = [ox.NamedNode(iri) for iri in _spread(columns, ids)]
    steps = "/".join(["skos:broader"] * level)
    asked = {
        "concept by code": [_BY_CODE % code for code in codes],
        "features of a condition": [_FEATURES % node for node in conditions],
        "the same by its associations": [_ASSOCIATIONS % node for node in conditions],
        f"{level} levels up": [f"{_PREFIXES} SELECT DISTINCT ?up {{ {node} {steps} ?up }}" for node in deep if level],
        "all levels up": [f"{_PREFIXES} SELECT ?up {{ {node} skos:broader+ ?up }}" for node in deep if level],
    }
    for name, param, nodes in (
        ("concept", "code", concepts),
        ("features-of-condition", "condition", conditions),
        ("broader-concepts", "concept", deep),
    ):
        query = queries.load(name)
        asked[f"stored query {name}"] = [query.bind({param: node}) for node in nodes]
    for name, texts in asked.items():
        say(f"{name}: " + (_took(graph.sparql, texts) if texts else "left out, the graph has none"))


def _took(graph: SparqlGraph, texts: list[str]) -> str:
    """Tell the median over ``texts``, warm, with all rows taken; and what of it a store with nothing in it takes."""
    rows = statistics.mean(_ask(graph, text) for text in texts)
    took = [_milliseconds(partial(_ask, graph, text), 5) for text in texts]
    middle, most = statistics.median(took), sorted(took)[len(took) * 95 // 100]
    empty = LocalGraph(ox.Store())
    planned = statistics.median(_milliseconds(partial(_ask, empty, text), 5) for text in texts)
    figures = f"{middle:.3f} ms, {planned:.3f} of them to parse and plan, 95 of 100 below {most:.3f} ms"
    return f"{figures}, {rows:.0f} rows; {verdict(middle, WARM)}"


def _ask(graph: SparqlGraph, text: str) -> int:
    """Ask, and take every row."""
    rows = graph.query(text)
    assert isinstance(rows, ox.QuerySolutions)
    return len(list(rows))


def _milliseconds(function: Callable[[], object], count: int) -> float:
    """Return what ``function`` takes, the median of ``count`` calls."""
    took = []
    for _ in range(count):
        begin = time.perf_counter()
        function()
        took.append((time.perf_counter() - begin) * 1e3)
    return statistics.median(took)


def _spread(columns: DuckDBPyConnection, ids: str) -> list[str]:
    """Return the values of some of the terms that ``ids`` selects, at even distances."""
    rows = columns.execute(
        f"""WITH numbered AS (
            SELECT id, row_number() OVER (ORDER BY id) - 1 AS n, count(*) OVER () AS many FROM ({ids}) AS chosen(id))
        SELECT value FROM numbered JOIN term USING (id) WHERE n % greatest(1, many // {SAMPLE}) = 0
        ORDER BY id LIMIT {SAMPLE}"""
    ).fetchall()
    return [str(value) for (value,) in rows]


def _deep(columns: DuckDBPyConnection) -> tuple[str, int]:
    """Return SQL of the concepts ten levels below a top one, or as many as there are, by their shortest way; levels."""
    columns.execute(
        f"""CREATE OR REPLACE TEMP TABLE above AS SELECT DISTINCT s, o FROM quad WHERE p = ({_BROADER});
        CREATE OR REPLACE TEMP TABLE level AS
        SELECT DISTINCT o AS id, 0 AS depth FROM above WHERE o NOT IN (SELECT s FROM above)"""
    )
    for depth in range(LEVELS):
        columns.execute(
            f"""INSERT INTO level SELECT DISTINCT s, {depth + 1} FROM above JOIN level ON id = o AND depth = {depth}
            WHERE s NOT IN (SELECT id FROM level)"""
        )
    row = columns.execute("SELECT coalesce(max(depth), 0) FROM level").fetchone()
    level = int(row[0]) if row else 0
    return f"SELECT id FROM level WHERE depth = {level}", level


def _search(names: Path) -> None:
    for text in TEXTS:
        took = _milliseconds(partial(naming.search, names, text), 11)
        say(f"search {text!r}: {took:.1f} ms, {len(naming.search(names, text))} found")
