"""What both ends are: kinds that exclude each other, names with nothing in common, classes without a member."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import pyoxigraph as ox
import pytest

from calckg import reason
from calckg.kg import KnowledgeGraph
from calckg.mappings import reasoning
from calckg.mappings.check import prepare
from calckg.mappings.meaning import excluded
from tests.test_mappings_check import Check, Loaded, checked, loaded, table

__all__ = ["checked", "loaded"]
needs_java = pytest.mark.skipif(
    shutil.which("java") is None, reason="HermiT needs Java, and there is no 'java' on PATH"
)

HEADER = "subject_id | predicate_id | object_id"
STY = "<http://purl.bioontology.org/ontology/STY/{}>"


def concept(code: str, *names: str, category: str = "", semantic_type: str = "", above: str = "") -> str:
    """Return a concept in Turtle."""
    parts = [f"{code} a skos:Concept ; skos:notation '{code}'"]
    parts += [f"skos:{'altLabel' if number else 'prefLabel'} '{name}'@en" for number, name in enumerate(names)]
    parts += [f"a biolink:{category}"] if category else []
    parts += [f"ckg:semanticType {STY.format(semantic_type)}"] if semantic_type else []
    parts += [f"skos:broader {above}"] if above else []
    return " ; ".join(parts) + " .\n"


# categories


def test_what_excludes_what_is_read_from_the_ontology_with_its_subclasses() -> None:
    assert {
        ("Disease", "AnatomicalEntity"),
        ("AnatomicalEntity", "Disease"),
        ("PhenotypicFeature", "Gene"),
    } <= excluded()
    assert ("Disease", "PhenotypicFeature") not in excluded()
    assert ("Disease", "PathologicalProcess") not in excluded()


KINDS = (
    concept("HP:0000001", category="PhenotypicFeature")
    + concept("UMLS:C0000001", category="Disease")
    + concept("UMLS:C0000002", category="AnatomicalEntity")
    + concept("UMLS:C0000003", category="NamedThing", semantic_type="T028")
    + concept("UMLS:C0000004", category="NamedThing", semantic_type="T047")
)


@pytest.mark.parametrize("relation", ["exactMatch", "closeMatch", "broadMatch", "narrowMatch"])
def test_only_the_ends_that_exclude_each_other_are_told(checked: Check, loaded: Loaded, relation: str) -> None:
    rows = "\n".join(f"HP:0000001 | skos:{relation} | UMLS:C000000{n}" for n in range(1, 6))
    done = checked(table(f"{HEADER}\n{rows}"), "meaning/category", graph=loaded(KINDS))
    assert {one.message for one in done.report} == {
        "HP:0000001 is of PhenotypicFeature, UMLS:C0000002 of AnatomicalEntity",
        "HP:0000001 is of PhenotypicFeature, UMLS:C0000003 of Gene",
    }


def test_related_and_denied_matches_may_be_of_two_kinds(checked: Check, loaded: Loaded) -> None:
    text = table(
        "subject_id | predicate_id | predicate_modifier | object_id\n"
        "HP:0000001 | skos:relatedMatch | | UMLS:C0000002\nHP:0000001 | skos:exactMatch | Not | UMLS:C0000003"
    )
    assert not checked(text, "meaning/category", graph=loaded(KINDS)).by_rule


def test_a_code_of_an_ontology_of_diseases_is_one_without_its_release(checked: Check, loaded: Loaded) -> None:
    text = table(
        f"{HEADER}\nMONDO:0000001 | skos:exactMatch | UMLS:C0000002\nMONDO:0000002 | skos:exactMatch | UMLS:C0000001"
    )
    (finding,) = checked(text, "meaning/category", graph=loaded(KINDS)).report
    assert finding.message == "MONDO:0000001 is of Disease, UMLS:C0000002 of AnatomicalEntity"


def test_a_release_s_other_code_for_a_concept_has_its_category(checked: Check, loaded: Loaded) -> None:
    alike = concept("medgen:C0000005", category="Procedure") + concept("UMLS:C0000005")
    text = table(f"{HEADER}\nHP:0000001 | skos:exactMatch | UMLS:C0000005")
    assert not checked(text, "meaning/category", graph=loaded(KINDS + alike)).by_rule
    graph = loaded(f"{KINDS}{alike} medgen:C0000005 skos:exactMatch UMLS:C0000005 .")
    (finding,) = checked(text, "meaning/category", graph=graph).report
    assert finding.message == "HP:0000001 is of PhenotypicFeature, UMLS:C0000005 of Procedure"


# names


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ("Vascular calcification", "Calcified vessels", False),
        ("Vascular calcification", "Premature birth", True),
        ("Sjögren syndrome", "SJOGREN'S SYNDROME", False),
        ("Oto-palato-digital syndrome", "otopalatodigital syndrome", False),
        ("Gaucher disease", "Crohn disease", True),
        ("Scars", "Scar of skin", False),
        ("Disease", "Syndrome", False),  # of names without a telling word nothing is said
    ],
)
def test_names_are_compared_word_by_word(checked: Check, one: str, other: str, found: bool) -> None:
    row = f"HP:0000001 | {one} | skos:exactMatch | UMLS:C0000001 | {other}"
    done = checked(
        table(f"subject_id | subject_label | predicate_id | object_id | object_label\n{row}"), "meaning/label"
    )
    assert bool(done.by_rule) is found


def test_a_synonym_in_the_graph_is_a_name(checked: Check, loaded: Loaded) -> None:
    one = concept("HP:0000001", "Renal stones", "Nephrolithiasis")
    text = table(f"{HEADER}\nHP:0000001 | skos:exactMatch | UMLS:C0000001")
    clean = loaded(one + concept("UMLS:C0000001", "Kidney calculi", "Nephrolith"))
    assert not checked(text, "meaning/label", graph=clean).by_rule
    bare = loaded(one + concept("UMLS:C0000001", "Kidney calculi"))
    (finding,) = checked(text, "meaning/label", graph=bare).report
    assert finding.message == "HP:0000001 (Renal stones) and UMLS:C0000001 (Kidney calculi) share no word"


def test_names_of_broad_and_related_matches_may_differ(checked: Check) -> None:
    head = "subject_id | subject_label | predicate_id | object_id | object_label"
    row = "HP:0000001 | Brittle hair | skos:broadMatch | UMLS:C0000001 | Premature birth"
    assert not checked(table(f"{head}\n{row}"), "meaning/label").by_rule


# reasoning

CHAIN = (
    concept("HP:0000001", category="PhenotypicFeature")
    + concept("HP:0000002", category="PhenotypicFeature", above="HP:0000001")
    + concept("UMLS:C0000001", category="AnatomicalEntity")
    + concept("UMLS:C0000002", category="PhenotypicFeature")
)
CLEAN = f"{HEADER}\nHP:0000002 | skos:exactMatch | UMLS:C0000002\nHP:0000001 | skos:exactMatch | SCTID:237897009"
BAD = f"{CLEAN}\nSCTID:237897009 | skos:broadMatch | UMLS:C0000001"


def unsatisfiable(text: str, graph: KnowledgeGraph, folder: Path) -> dict[str, str]:
    """Return what is said of each row, by its subject and object."""
    path = folder / "set.sssom.tsv"
    path.write_text(table(text))
    connection, _ = prepare([path], graph)
    found = reasoning.unsatisfiable(connection, reason.reason)
    names = dict(connection.execute("SELECT id, subject || ' ' || object FROM mapping").fetchall())
    return {names[row]: said for row, said in found}


@pytest.mark.java
@needs_java
def test_the_axioms_that_leave_a_class_empty_are_told_and_no_others(loaded: Loaded, tmp_path: Path) -> None:
    found = unsatisfiable(BAD, loaded(CHAIN), tmp_path)
    assert set(found) == {"HP:0000001 SCTID:237897009", "SCTID:237897009 UMLS:C0000001"}
    (said,) = set(found.values())
    assert "SCTID:237897009 is below UMLS:C0000001 (line " in said
    assert "UMLS:C0000001 is of AnatomicalEntity" in said
    assert "= HP:0000001 (line " in said or "HP:0000001 = " in said
    assert "HP:0000001 is of PhenotypicFeature" in said
    assert "HP:0000002" not in said


def test_without_a_contradiction_the_reasoner_is_not_started(loaded: Loaded, tmp_path: Path) -> None:
    path = tmp_path / "set.sssom.tsv"
    path.write_text(table(CLEAN))

    def refuse(axioms: Iterable[ox.Quad]) -> reason.Reasoning:
        raise AssertionError("asked")

    assert reasoning.unsatisfiable(prepare([path], loaded(CHAIN))[0], refuse) == []


@pytest.mark.java
@needs_java
def test_each_axiom_of_the_explanation_is_needed(loaded: Loaded, tmp_path: Path) -> None:
    lines = BAD.splitlines()
    for gone in (2, 3):
        assert unsatisfiable("\n".join(lines[:gone] + lines[gone + 1 :]), loaded(CHAIN), tmp_path) == {}


@pytest.mark.java
@needs_java
@pytest.mark.parametrize(("prefix", "count"), [("HP:000000", 2), ("medgen:C000000", 0)])
def test_a_hierarchy_that_is_none_of_classes_is_not_reasoned_with(
    loaded: Loaded, tmp_path: Path, prefix: str, count: int
) -> None:
    turtle = concept(f"{prefix}1", above=f"{prefix}2") + concept(f"{prefix}2")
    kinds = concept("UMLS:C0000001", category="AnatomicalEntity") + concept("UMLS:C0000002", category="Disease")
    rows = "\n".join(f"{prefix}{number} | skos:exactMatch | UMLS:C000000{number}" for number in (1, 2))
    assert len(unsatisfiable(f"{HEADER}\n{rows}", loaded(turtle + kinds), tmp_path)) == count
