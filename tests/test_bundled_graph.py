"""The bundled graph as a whole: consistent with its ontology, with its shapes, and with HPO's own annotations."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyoxigraph as ox
import pytest

import calckg
from calckg.findings import Severity
from calckg.kg import KnowledgeGraph
from calckg.shapes.engine import shape_files, validate

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
BUILT_IN = ("http://www.w3.org/1999/02/22-rdf-syntax-ns#", "http://www.w3.org/2000/01/rdf-schema#")
OWL = "http://www.w3.org/2002/07/owl#"
VASCULAR_CALCIFICATION = ("HP:0004934", "medgen:C0342649", "SCTID:237897009", "UMLS:C0342649", "medgen.uid:90990")


@pytest.fixture(scope="module")
def quads() -> list[ox.Quad]:
    return list(KnowledgeGraph.bundled().quads())


def test_it_conforms_to_the_shapes(quads: list[ox.Quad]) -> None:
    found = validate(quads, shape_files()).report
    assert [f for f in found if f.severity > Severity.INFO] == []


def test_every_term_is_declared(quads: list[ox.Quad]) -> None:
    used = {q.predicate.value for q in quads}
    used |= {
        q.object.value for q in quads if q.predicate.value.endswith("#type") and isinstance(q.object, ox.NamedNode)
    }
    declared = {q.subject.value for q in quads if isinstance(q.subject, ox.NamedNode)}
    assert sorted(t for t in used - declared if not t.startswith((*BUILT_IN, OWL))) == []


@pytest.mark.parametrize("code", VASCULAR_CALCIFICATION)
def test_any_code_gives_the_same_answer(code: str) -> None:
    graph = calckg.open()
    for query, parameter in (("conditions-with-feature", "feature"), ("claims-about", "concept")):
        asked = graph.query(query, **{parameter: code})
        assert asked.terms == graph.query(query, **{parameter: "HP:0004934"}).terms
        assert len(asked) > 2


def test_conditions_on_the_page_are_those_of_the_annotations() -> None:
    """The two conditions that the MedGen page lists are the OMIM rows of HP:0004934 in HPO's own annotations."""
    (path, *_) = [*(SHARED / "hpo").glob("phenotype.*.hpoa.gz"), None]
    if path is None:
        pytest.skip("no ../shared/data/hpo here")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [line.split("\t") for line in lines if "\tHP:0004934\t" in line]
    annotated = {row[0] for row in rows if row[0].startswith("OMIM:") and row[2] != "NOT"}
    graph = calckg.open()
    found = set()
    for condition in graph.query("conditions-with-feature", feature="HP:0004934").dicts():
        codes = graph.query("codes-of-concept", concept=condition["condition"]).dicts()
        found |= {row["notation"] for row in codes if row["notation"].startswith("OMIM:")}
    assert found == annotated == {"OMIM:231000", "OMIM:211900"}
