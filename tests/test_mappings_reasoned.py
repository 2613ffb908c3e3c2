"""The axioms that mappings become are OWL 2 DL: HermiT reads them, and draws from them what they say."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyoxigraph as ox
import pytest

from calckg import rdf
from calckg.mappings.formats import convert
from calckg.prefixes import load
from calckg.reason import reason
from tests.test_mappings_convert import SHARED, needs_shared, table

pytestmark = [
    pytest.mark.java,
    pytest.mark.skipif(shutil.which("java") is None, reason="HermiT needs Java, and there is no 'java' on the PATH"),
]

CHAIN = """
subject_id | predicate_id | object_id
HP:0000001 | skos:exactMatch | UMLS:C0000001
UMLS:C0000001 | skos:broadMatch | UMLS:C0000002
HP:0000002 | skos:narrowMatch | UMLS:C0000002
HP:0000003 | skos:closeMatch | UMLS:C0000003
"""


def owl(path: Path, folder: Path) -> list[ox.Quad]:
    out = folder / "out.owl.ttl"
    out.write_bytes(convert([path], None, "owl", out).data)
    return list(rdf.read(out))


def node(code: str) -> ox.NamedNode:
    return ox.NamedNode(load().expand(code))


def test_what_mappings_say_is_inferred(tmp_path: Path) -> None:
    path = tmp_path / "set.sssom.tsv"
    path.write_text(table(CHAIN))
    axioms = owl(path, tmp_path)
    plain = reason(axioms)
    assert (plain.consistent, plain.classes, plain.unsatisfiable) == (True, 4, [])
    # Exact, broad and narrow together put the first code below the last.
    apart = ox.Quad(node("HP:0000001"), ox.NamedNode("http://www.w3.org/2002/07/owl#disjointWith"), node("HP:0000002"))
    assert reason([*axioms, apart]).unsatisfiable == sorted([node("HP:0000001").value, node("UMLS:C0000001").value])


@needs_shared
def test_a_set_of_mondo_s_is_satisfiable(tmp_path: Path) -> None:
    found = reason(owl(SHARED / "mondo" / "mondo_exactmatch_omimps.sssom.tsv.gz", tmp_path))
    assert (found.consistent, found.classes, found.unsatisfiable) == (True, 1230, [])
    assert len(found.inferred) == 615  # each series is its disease
