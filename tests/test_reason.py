"""OWL 2 DL reasoning with HermiT: consistency, unsatisfiable classes, what is inferred."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyoxigraph as ox
import pytest

from calckg.errors import CalckgError, MissingToolError
from calckg.kg import KnowledgeGraph
from calckg.reason import Reasoning, reason, reasonable
from tests.conftest import PREFIXES, Run

pytestmark = [
    pytest.mark.java,
    pytest.mark.skipif(shutil.which("java") is None, reason="HermiT needs Java, and there is no 'java' on the PATH"),
]

EX = "https://example.org/"
ONTOLOGY = """
ex:Condition a owl:Class . ex:Site a owl:Class ; owl:disjointWith ex:Condition .
ex:Disease a owl:Class ; rdfs:subClassOf ex:Condition .
ex:at a owl:ObjectProperty ; rdfs:domain ex:Condition ; rdfs:range ex:Site .
"""


def quads(text: str) -> list[ox.Quad]:
    return list(ox.parse(PREFIXES + text, format=ox.RdfFormat.TURTLE))


def twice(text: str) -> list[ox.Quad]:
    """Say the same in two named graphs: reasoning is over the merge."""
    said = quads(text)
    return [ox.Quad(q.subject, q.predicate, q.object, ox.NamedNode(f"urn:x:{name}")) for name in "ab" for q in said]


@pytest.fixture(scope="module")
def consistent() -> Reasoning:
    """What follows from an ontology with an odd thing of each kind."""
    return reason(
        twice(
            ONTOLOGY
            + """
            ex:gout a ex:Disease ; ex:at ex:toe .
            ex:toe a ex:Site .
            ex:joint a ex:Site , owl:NamedIndividual .
            ex:knee ex:at ex:toe ; a ex:Disease .
            # A class expression is a blank node: no class that owlready2 would list.
            ex:Painful a owl:Class ; owl:equivalentClass [ a owl:Class ; owl:intersectionOf ( ex:Disease [
              a owl:Restriction ; owl:onProperty ex:at ; owl:someValuesFrom ex:Site ] ) ] .
            owl:Thing a owl:Class .
            # A mapping axiom says that a condition is a site, and is left out.
            ex:mapping a owl:Axiom , ex:Condition , ex:Site ; owl:annotatedSource ex:gout .
            """
        )
    )


def test_a_consistent_graph_is_consistent(consistent: Reasoning) -> None:
    assert consistent.consistent
    assert consistent.unsatisfiable == []


def test_named_classes_are_counted(consistent: Reasoning) -> None:
    assert consistent.classes == 4


def test_individuals_are_counted(consistent: Reasoning) -> None:
    assert consistent.individuals == 4


def test_what_follows_is_inferred(consistent: Reasoning) -> None:
    assert (EX + "gout", "a", EX + "Painful") in consistent.inferred
    assert (EX + "Painful", "subclass of", EX + "Disease") in consistent.inferred


def test_what_is_stated_is_not_inferred(consistent: Reasoning) -> None:
    assert (EX + "gout", "a", EX + "Disease") not in consistent.inferred
    assert consistent.inferred == sorted(consistent.inferred)


def test_a_property_that_no_ontology_declares_is_an_annotation() -> None:
    said = quads(ONTOLOGY + "ex:gout ex:site ex:toe ; ex:since '2020'^^xsd:gYear ; ex:at ex:toe ; rdfs:label 'gout' .")
    kinds = {str(t.subject): str(t.object) for t in reasonable(said) if "Property>" in str(t.object)}
    owl = "http://www.w3.org/2002/07/owl#"
    assert kinds == {
        f"<{EX}site>": f"<{owl}AnnotationProperty>",
        f"<{EX}since>": f"<{owl}AnnotationProperty>",
        f"<{EX}at>": f"<{owl}ObjectProperty>",
    }
    assert reason(said).consistent


def test_an_individual_in_two_disjoint_classes_is_inconsistent() -> None:
    found = reason(quads(ONTOLOGY + "ex:odd a ex:Disease , ex:Site ."))
    assert not found.consistent
    assert (found.classes, found.individuals, found.inferred) == (3, 1, [])


def test_a_class_below_two_disjoint_ones_is_unsatisfiable() -> None:
    found = reason(quads(ONTOLOGY + "ex:Odd a owl:Class ; rdfs:subClassOf ex:Disease , ex:Site ."))
    assert found.consistent
    assert found.unsatisfiable == [EX + "Odd"]


def test_classes_in_a_circle_are_one_and_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    circle = "ex:A a owl:Class ; rdfs:subClassOf ex:B . ex:B a owl:Class ; rdfs:subClassOf ex:C . ex:C a owl:Class ;"
    found = reason(quads(f"{ONTOLOGY} {circle} rdfs:subClassOf ex:A , ex:Disease . ex:B rdfs:subClassOf ex:Site ."))
    assert found.unsatisfiable == [EX + "A", EX + "B", EX + "C"]
    assert capfd.readouterr() == ("", "")


def test_a_graph_without_a_class_is_refused() -> None:
    with pytest.raises(CalckgError, match="0 of 0 classes"):
        reason(quads("ex:a ex:b ex:c ."))


def test_what_hermit_does_not_take_is_told_in_one_line() -> None:
    dates = 'ex:born a owl:DatatypeProperty . ex:gout a ex:Disease ; ex:born "2020-01-01"^^xsd:date .'
    with pytest.raises(CalckgError, match="HermiT stopped: ") as caught:
        reason(quads(ONTOLOGY + dates))
    assert "\n" not in str(caught.value)


# the command


def test_the_bundled_graph_is_consistent(run: Run, bundled: KnowledgeGraph) -> None:
    done = run("reason", "--format", "json")
    found = json.loads(done.out)
    assert (done.code, found["consistent"], found["unsatisfiable"]) == (0, True, [])
    assert found["classes"] > 40
    assert done.complaint.startswith(f"consistent: {found['classes']} classes, ")


def test_an_inconsistent_graph_exits_with_1(run: Run, bundled: KnowledgeGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calckg.reason.reason", lambda quads: Reasoning(False, 3, 1, [], []))
    done = run("reason")
    assert done.code == 1
    assert done.complaint == "inconsistent: 3 classes, 1 individuals, 0 unsatisfiable, 0 inferred"


@pytest.fixture
def odd(monkeypatch: pytest.MonkeyPatch, bundled: KnowledgeGraph) -> Reasoning:
    """Let the command find an unsatisfiable class and an inference, without asking HermiT."""
    found = Reasoning(True, 4, 1, [EX + "Odd"], [("http://purl.obolibrary.org/obo/HP_0004934", "a", EX + "Odd")])
    monkeypatch.setattr("calckg.reason.reason", lambda quads: found)
    return found


def test_an_unsatisfiable_class_exits_with_1(run: Run, odd: Reasoning) -> None:
    done = run("reason")
    assert done.code == 1
    assert done.complaint == "consistent: 4 classes, 1 individuals, 1 unsatisfiable, 1 inferred"


def test_a_table_shows_unsatisfiable_classes_then_inferences(run: Run, odd: Reasoning) -> None:
    lines = [line.split() for line in run("reason").out.splitlines()]
    assert lines[2:] == [["unsatisfiable", EX + "Odd"], ["inferred", "HP:0004934", "a", EX + "Odd"]]


def test_json_holds_iris(run: Run, odd: Reasoning) -> None:
    assert json.loads(run("reason", "--format", "json").out) == {
        "consistent": True,
        "classes": 4,
        "individuals": 1,
        "unsatisfiable": [EX + "Odd"],
        "inferred": [
            {"subject": "http://purl.obolibrary.org/obo/HP_0004934", "relation": "a", "object": EX + "Odd"},
        ],
    }


def test_without_java_one_line_tells_so(
    run: Run, bundled: KnowledgeGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = run("reason")
    assert (done.code, done.out) == (3, "")
    assert "reasoning needs Java, and there is no 'java' on the PATH; install a Java runtime" in done.complaint


def test_without_java_python_users_get_an_error_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingToolError):
        reason([])
