"""Each rule of the mapping checks finds a defect that is put into clean rows, and nothing else by that rule.

The rows are 200 generated ones and, where it is there, a set of Mondo's.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from calckg.findings import FileSource
from calckg.kg import KnowledgeGraph
from calckg.mappings import rules
from calckg.mappings.check import check
from calckg.mappings.reasoning import Reasoned
from calckg.prefixes import load
from calckg.reason import reason
from tests.conftest import Build

Rows = list[dict[str, str]]
Seed = Callable[[Rows], set[int]]

SHARED = Path(__file__).parents[2] / "shared" / "data" / "mondo" / "mondo_exactmatch_omimps.sssom.tsv.gz"
FAMILIES = {"file", "record", "identifier", "existence", "cardinality", "logic", "meaning", "provenance"}
ELSEWHERE = {"meaning/unsatisfiable"}  # a reasoner tells it, and must be asked
COLUMNS = (
    *("subject_id", "subject_label", "subject_type", "subject_source_version", "predicate_id", "predicate_modifier"),
    *("object_id", "object_label", "object_type", "mapping_justification", "author_id", "mapping_date", "mapping_tool"),
    *("mapping_cardinality", "confidence", "see_also", "comment"),
)
PREFIXES = ("HP", "MONDO", "UMLS", "SCTID", "OMIM", "OMIMPS", "ICD10CM", "NCIT", "ORCID", "dcterms", "oboInOwl")
HEAD = "\n".join(
    [
        "# curie_map:",
        *(f"#   {name}: {load().namespaces[name]}" for name in PREFIXES),
        "# license: https://creativecommons.org/publicdomain/zero/1.0/",
        "# mapping_set_id: https://example.org/mondo/set",
        "",
    ]
)
FIRST = HEAD.count("\n") + 2  # the line of the first row
ONE, TWO, THREE = 77, 78, 79  # the rows that are spoilt

HPO, MEDGEN = (f"https://w3id.org/calckg/graph/release/{name}" for name in ("hpo", "medgen"))
TERMS = "".join(
    f"HP:{n:07} a skos:Concept ; skos:notation 'HP:{n:07}' ; skos:prefLabel 'Feature {n}'@en .\n" for n in range(1, 201)
)
SPECIAL = """
HP:0009996 a skos:Concept ; skos:notation 'HP:0009996' .
HP:0009997 a skos:Concept ; skos:notation 'HP:0009997' .
HP:0009998 a skos:Concept ; skos:notation 'HP:0009998' ; owl:deprecated true ; dcterms:isReplacedBy HP:0000001 .
OMIM:231000 skos:notation 'OMIM:231000' ; skos:altLabel 'Gaucher disease, type III'@en .
PMID:11 bibo:pmid '11' ; bibo:doi '10.1000/eleven' .
PMID:12 bibo:pmid '12' ; bibo:doi '10.1000/twelve' ; <http://purl.org/spar/cito/isRetractedBy> PMID:11 .
"""
CONCEPTS = "".join(
    f"medgen:C{n:07} a skos:Concept ; skos:notation 'medgen:C{n:07}' .\n" for n in (*range(1, 201), 990001)
)
LINK = "UMLS:C0990001 skos:notation 'UMLS:C0990001' ; skos:exactMatch HP:0009997 .\n"


def generated() -> Rows:
    return [
        row(f"HP:{n:07}", f"UMLS:C{n:07}", subject_label=f"Feature {n}", subject_source_version="2025-05-06")
        for n in range(1, 201)
    ]


def real() -> Rows:
    with gzip.open(SHARED, "rt", encoding="utf-8") as stream:
        lines = (line for line in stream if not line.startswith("#"))
        return [
            row(one["subject_id"], one["object_id"], subject_label=one["subject_label"])
            for one in csv.DictReader(lines, delimiter="\t")
        ]


def row(subject: str, other: str, **more: str) -> dict[str, str]:
    given = {
        "subject_id": subject,
        "predicate_id": "skos:exactMatch",
        "object_id": other,
        "mapping_justification": "semapv:ManualMappingCuration",
        "author_id": "ORCID:0000-0002-7356-1779",
        "mapping_date": "2024-02-25",
    }
    return {**dict.fromkeys(COLUMNS, ""), **given, **more}


def cell(**values: str) -> Seed:
    """Spoil one row by cells."""

    def spoil(rows: Rows) -> set[int]:
        rows[ONE] |= values
        return {ONE}

    return spoil


def again(*found: int, **values: str) -> Seed:
    """Let a row be the one before it, but for some cells."""

    def spoil(rows: Rows) -> set[int]:
        rows[TWO] = rows[ONE] | values
        return set(found)

    return spoil


def short(rows: Rows) -> set[int]:
    del rows[ONE]["comment"]
    return {ONE}


def same_ends(rows: Rows) -> set[int]:
    rows[ONE]["object_id"] = rows[ONE]["subject_id"]
    return {ONE}


def two_objects(rows: Rows) -> set[int]:
    rows[TWO]["subject_id"] = rows[ONE]["subject_id"]
    return {ONE, TWO}


def chain(rows: Rows) -> set[int]:
    rows[THREE] |= {"subject_id": rows[ONE]["object_id"], "object_id": rows[TWO]["object_id"], "subject_label": ""}
    return {ONE, TWO, THREE}


def beside_a_chain(**values: str) -> Seed:
    """Say of the ends of a chain of two links what does not go with it."""

    def spoil(rows: Rows) -> set[int]:
        rows[TWO] |= {"subject_id": rows[ONE]["object_id"], "object_id": "SCTID:237897009", "subject_label": ""}
        rows[THREE] |= {"subject_id": rows[ONE]["subject_id"], "object_id": "SCTID:237897009", **values}
        return {THREE}

    return spoil


def reciprocal(rows: Rows) -> set[int]:
    one, other = rows[ONE]["subject_id"], rows[ONE]["object_id"]
    rows[ONE]["predicate_id"] = "skos:broadMatch"
    rows[TWO] = row(other, one, predicate_id="skos:broadMatch")
    return {ONE, TWO}


def shared(rows: Rows) -> set[int]:
    for place in (ONE, TWO):
        rows[place] |= {"predicate_id": "oboInOwl:hasDbXref", "object_id": "SCTID:237897009"}
    return {ONE, TWO}


SEEDS: Mapping[str, Seed] = {
    "record/cells": short,
    "record/required": cell(predicate_id=""),
    "record/curie": cell(object_id="UMLS C0000077"),
    "record/prefix": cell(subject_id="HPO:0000077"),
    "record/justification": cell(mapping_justification="semapv:Guessing"),
    "record/predicate": cell(predicate_id="dcterms:relation"),
    "record/value": cell(predicate_modifier="not"),
    "record/range": cell(confidence="1.5"),
    "record/date": cell(mapping_date="2024-02-30"),
    "record/same-ends": same_ends,
    "record/literal": cell(subject_type="rdfs literal"),
    "record/composite": cell(
        subject_id="HP:0000077/(of:'HP:0000001',in:'HP:0000002'", subject_type="composed entity expression"
    ),
    "record/text": cell(comment="MÃ©nÃ©trier"),
    "record/repeated": again(TWO),
    "record/contradictory": again(ONE, TWO, predicate_modifier="Not"),
    "identifier/form": cell(object_id="SCTID:237897008"),
    "identifier/chapter": cell(object_id="ICD10CM:K96.1"),
    "identifier/paper": cell(comment="PMID:11, doi:10.1000/twelve"),
    "existence/unknown": cell(subject_id="HP:0009999", subject_label=""),
    "existence/medgen": cell(object_id="UMLS:C7999999"),
    "existence/retired": cell(subject_id="HP:0009998", subject_label=""),
    "existence/label": cell(subject_id="HP:0000077", subject_label="Brittle hair"),
    "existence/called": cell(object_id="OMIM:231000", object_label="gaucher disease, type 2"),
    "existence/version": cell(subject_id="HP:0000077", subject_source_version="2019-11-08"),
    "cardinality/exact": two_objects,
    "cardinality/precisions": again(ONE, TWO, predicate_id="skos:broadMatch"),
    "cardinality/shared": shared,
    "cardinality/stated": cell(mapping_cardinality="n:1"),
    "logic/chain": chain,
    "logic/circle": cell(subject_id="HP:0009996", subject_label="", object_id="UMLS:C0990001"),
    "logic/denied": beside_a_chain(predicate_modifier="Not"),
    "logic/precision": beside_a_chain(predicate_id="skos:narrowMatch"),
    "logic/reciprocal": reciprocal,
    "meaning/category": cell(subject_id="MONDO:0000077", subject_label="", object_id="UBERON:0002107"),
    "meaning/label": cell(object_label="Brittle hair"),
    "provenance/licence": cell(object_id="SCTID:237897009", object_label="Calcification"),
    "provenance/credit": cell(object_id="NCIT:C26691", object_label="Calcification"),
    "provenance/attribution": cell(author_id=""),
    "provenance/date": cell(mapping_date=""),
    "provenance/tool": cell(mapping_justification="semapv:LexicalMatching"),
    "provenance/retracted": cell(see_also="https://pubmed.ncbi.nlm.nih.gov/12/"),
}
OF_FILES: Mapping[str, tuple[bytes, bytes]] = {
    "file/metadata": (b"# curie_map:", b"# curie_map: ["),
    "file/columns": (b"\tmapping_justification\t", b"\tjustification\t"),
    "file/encoding": (b"CODE", b"\xffCODE"),
    "file/line-end": (b"CODE", b"\rCODE"),
}
"""What is written in place of what; ``CODE`` is the object of a row."""


@pytest.fixture(scope="module")
def graph(build: Build) -> KnowledgeGraph:
    """Two releases that have all codes of the generated rows."""
    path = build({HPO: TERMS + SPECIAL, MEDGEN: CONCEPTS + LINK})
    manifest = json.loads((path / "manifest.json").read_text())
    sources = [
        {"graph": HPO, "source": "hpo", "title": "Human Phenotype Ontology", "version": "2025-05-06"},
        {"graph": MEDGEN, "source": "medgen", "title": "MedGen", "version": "2025-09"},
    ]
    (path / "manifest.json").write_text(json.dumps({**manifest, "sources": sources}))
    return KnowledgeGraph.built(path)


def written(rows: Sequence[Mapping[str, str]]) -> bytes:
    stream = io.StringIO()
    table = csv.writer(stream, delimiter="\t", lineterminator="\n")
    table.writerow(COLUMNS)
    table.writerows([one[column] for column in COLUMNS if column in one] for one in rows)
    return (HEAD + stream.getvalue()).encode()


def found(
    folder: Path, content: bytes, graph: KnowledgeGraph, *only: str, reason: Callable[..., Reasoned] | None = None
) -> list[tuple[str, int | None]]:
    """Return the rule and the row of each finding; of one on the file, without a line, the row is ``None``."""
    path = folder / "set.sssom.tsv"
    path.write_bytes(content)
    told = []
    for finding in check([path], rules.chosen(only), None, graph, reason=reason).report:
        assert isinstance(finding.source, FileSource)
        told.append((finding.rule, finding.source.line and finding.source.line - FIRST))
    return told


def in_three_steps(rows: Rows) -> set[int]:
    """Let a disease be a body part by three rows, none of which says so alone."""
    rows[TWO] |= {"subject_id": rows[ONE]["object_id"], "object_id": "SCTID:237897009", "subject_label": ""}
    rows[THREE] |= {"subject_id": "UBERON:0002107", "object_id": "SCTID:237897009", "subject_label": ""}
    return {ONE, TWO, THREE}


def test_every_rule_of_these_families_is_tried() -> None:
    assert {rule.id for rule in rules.load().values() if rule.family in FAMILIES} == {*SEEDS, *OF_FILES, *ELSEWHERE}


def test_the_generated_rows_are_clean(tmp_path: Path, graph: KnowledgeGraph) -> None:
    assert not found(tmp_path, written(generated()), graph)


@pytest.mark.parametrize("name", SEEDS)
def test_the_defect_is_found_in_generated_rows_and_nothing_else(
    tmp_path: Path, graph: KnowledgeGraph, name: str
) -> None:
    rows = generated()
    expected = SEEDS[name](rows)
    assert {place for _, place in found(tmp_path, written(rows), graph, name)} == expected


def found_in_a_file(folder: Path, rows: Rows, graph: KnowledgeGraph, name: str) -> int:
    """Spoil a file of rows; return how many findings there are of a rule that there was none of."""
    before, after = (text.replace(b"CODE", rows[ONE]["object_id"].encode()) for text in OF_FILES[name])
    content = written(rows)
    assert before in content
    assert not found(folder, content, graph, name)
    return len(found(folder, content.replace(before, after), graph, name))


@pytest.mark.parametrize("name", OF_FILES)
def test_the_defect_of_a_file_is_found_once(tmp_path: Path, graph: KnowledgeGraph, name: str) -> None:
    assert found_in_a_file(tmp_path, generated(), graph, name) == 1


@pytest.mark.skipif(not SHARED.is_file(), reason="the folder of upstream data is not there")
@pytest.mark.parametrize("name", OF_FILES)
def test_the_defect_of_a_file_is_found_once_in_a_set_of_mondo_s(
    tmp_path: Path, graph: KnowledgeGraph, name: str
) -> None:
    assert found_in_a_file(tmp_path, real(), graph, name) == 1


@pytest.mark.skipif(not SHARED.is_file(), reason="the folder of upstream data is not there")
def test_each_defect_is_found_in_a_set_of_mondo_s_and_nothing_else(tmp_path: Path, graph: KnowledgeGraph) -> None:
    before = set(found(tmp_path, written(real()), graph))
    for name, spoil in SEEDS.items():
        rows = real()
        places = {(name, place) for place in spoil(rows)}
        assert not places & before, name
        assert set(found(tmp_path, written(rows), graph, name)) - before == places, name


@pytest.mark.skipif(not SHARED.is_file(), reason="the folder of upstream data is not there")
@pytest.mark.java
@pytest.mark.skipif(shutil.which("java") is None, reason="HermiT needs Java, and there is no 'java' on PATH")
def test_a_disease_that_becomes_a_body_part_is_found_in_a_set_of_mondo_s(tmp_path: Path, graph: KnowledgeGraph) -> None:
    rule = "meaning/unsatisfiable"
    assert not found(tmp_path, written(real()), graph, rule, reason=reason)
    rows = real()
    places = {(rule, place) for place in in_three_steps(rows)}
    told = set(found(tmp_path, written(rows), graph, rule, reason=reason))
    assert told
    assert told <= places
    for place in (ONE, TWO, THREE):  # two of them alone say nothing wrong
        fewer = rows[:place] + rows[place + 1 :]
        assert not found(tmp_path, written(fewer), graph, rule, reason=reason)
    assert not set(found(tmp_path, written(rows), graph, "meaning/category")) & {
        ("meaning/category", place) for _, place in places
    }
