"""A graph cut down to some concepts: by SQL over the columns what ``extract.about`` finds by SPARQL in the store."""

from __future__ import annotations

import duckdb
import pyoxigraph as ox
import pytest

from calckg import bundle, columnar, concepts, extract, rooting, staging
from calckg.errors import UnknownNameError
from calckg.kg import KnowledgeGraph

ONTOLOGY = ox.NamedNode(bundle.GRAPH + "ontology")


@pytest.fixture(scope="module")
def whole() -> KnowledgeGraph:
    return KnowledgeGraph.bundled()


@pytest.fixture
def columns(whole: KnowledgeGraph) -> duckdb.DuckDBPyConnection:
    connection = columnar.connect()
    staging.stage_quads(connection, columnar.quads(whole.columns))
    columnar.settle(connection)
    return connection


def expected(whole: KnowledgeGraph, roots: list[str]) -> set[str]:
    found = {str(quad) for root in roots for quad in extract.about(whole.sparql, concepts.find(whole.sparql, root))}
    return found | {str(quad) for quad in whole.quads() if quad.graph_name == ONTOLOGY}


@pytest.mark.parametrize(
    "roots",
    [
        ["HP:0004934"],
        ["medgen:C0342649"],
        ["OMIM:211900"],
        ["calcinosis"],
        ["HP:0003207"],
        ["OMIM:231000"],
        ["Vascular Calcinosis"],
    ],
    ids=" ".join,
)
def test_what_is_kept_is_what_the_extract_has(
    whole: KnowledgeGraph, columns: duckdb.DuckDBPyConnection, roots: list[str]
) -> None:
    wanted = expected(whole, roots)
    assert rooting.keep(columns, roots) == len(wanted)
    assert {str(quad) for quad in columnar.quads(columns)} == wanted


def test_each_root_adds_its_part(columns: duckdb.DuckDBPyConnection, whole: KnowledgeGraph) -> None:
    wanted = expected(whole, ["HP:0003207", "OMIM:231000"])  # and what stands between the two
    rooting.keep(columns, ["HP:0003207", "OMIM:231000"])
    kept = {str(quad) for quad in columnar.quads(columns)}
    assert wanted <= kept
    assert len(kept) < len(wanted) + 20


@pytest.mark.parametrize("root", ["HP:9999999", "no such thing", "Vascular calcificaton"])
def test_a_concept_that_is_not_there_is_told_with_the_nearest(
    columns: duckdb.DuckDBPyConnection, whole: KnowledgeGraph, root: str
) -> None:
    with pytest.raises(UnknownNameError) as raised:
        rooting.keep(columns, [root])
    with pytest.raises(UnknownNameError) as known:
        concepts.find(whole.sparql, root)
    assert raised.value.nearest == known.value.nearest
    assert columns.execute("SELECT count(*) > 10000 FROM quad").fetchone() == (True,)
