"""OWL 2 DL reasoning over ontology and graph with HermiT (by owlready2, which runs it in Java)."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from contextlib import redirect_stderr
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from calckg.errors import CalckgError, MissingToolError

_OWL = "http://www.w3.org/2002/07/owl#"
_RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_PROPERTIES = {f"<{_OWL}{kind}Property>" for kind in ("Object", "Datatype", "Annotation")}
# What the languages themselves have needs no declaration (OWL 2 Structural Specification, 2.4).
_BUILT_IN = (_OWL, "http://www.w3.org/1999/02/22-rdf-syntax-ns#", "http://www.w3.org/2000/01/rdf-schema#")


@dataclass(frozen=True, slots=True)
class Reasoning:
    """What HermiT found: IRIs, sorted.

    ``inferred`` holds (subject, relation, object): ``subclass of`` between named classes and ``a`` for an individual's
    class, as far as neither was stated.
    """

    consistent: bool
    classes: int
    individuals: int
    unsatisfiable: list[str]
    inferred: list[tuple[str, str, str]]


def reason(quads: Iterable[ox.Quad]) -> Reasoning:
    """Classify the merge of ``quads``, mapping axioms left out.

    Raises ``MissingToolError`` without Java, ``CalckgError`` when the graph is not OWL 2 DL or comes to no class at all
    (owlready2 reads what it can't parse as nothing, so the count is checked).
    """
    java = shutil.which("java")
    if java is None:
        raise MissingToolError(
            "reasoning needs Java, and there is no 'java' on the PATH; install a Java runtime "
            "(Debian: apt install default-jre-headless)"
        )
    triples = reasonable(quads)
    # owlready2 lists the named classes; a class expression (a blank node) is part of what it says of one.
    expected = {
        t.subject
        for t in triples
        if t.predicate.value == _RDF_TYPE
        and str(t.object) == f"<{_OWL}Class>"
        and isinstance(t.subject, ox.NamedNode)
        and t.subject.value not in {_OWL + "Thing", _OWL + "Nothing"}
    }
    with tempfile.TemporaryDirectory(prefix="calckg-") as folder:
        path = Path(folder) / "graph.nt"
        with path.open("wb") as stream:
            ox.serialize(triples, stream, ox.RdfFormat.N_TRIPLES)
        # It prints that it leaves classes in a circle out of Python's hierarchy; HermiT has them all.
        with redirect_stderr(StringIO()):
            return _classify(path, java, len(expected))


def reasonable(quads: Iterable[ox.Quad]) -> list[ox.Triple]:
    """Return the merge without mapping axioms, each individual declared as one, each property that is not declared too.

    Mapping axioms are annotations about statements. owlready2 knows an individual only when it is declared. A release
    has properties of its own (SNOMED CT's attributes, an OBO ontology's); the ontology says nothing of them, so they
    are annotations, for OWL 2 DL wants each property declared.
    """
    merged = {ox.Triple(q.subject, q.predicate, q.object) for q in quads}
    axioms = {t.subject for t in merged if t.predicate.value == _RDF_TYPE and str(t.object) == f"<{_OWL}Axiom>"}
    kept = {t for t in merged if t.subject not in axioms}
    kinds = {t for t in kept if t.predicate.value == _RDF_TYPE}
    classes = {t.subject for t in kinds if t.object == ox.NamedNode(_OWL + "Class")}
    individual = ox.NamedNode(_OWL + "NamedIndividual")
    kept |= {ox.Triple(t.subject, t.predicate, individual) for t in kinds if t.object in classes}
    declared = {t.subject for t in kinds if str(t.object) in _PROPERTIES}
    annotation = ox.NamedNode(_OWL + "AnnotationProperty")
    own = {t.predicate for t in kept if not t.predicate.value.startswith(_BUILT_IN)} - declared
    kept |= {ox.Triple(p, ox.NamedNode(_RDF_TYPE), annotation) for p in own}
    return sorted(kept, key=str)


def _classify(path: Path, java: str, expected: int) -> Reasoning:
    import owlready2

    owlready2.JAVA_EXE = java
    world = owlready2.World()
    with path.open("rb") as stream:
        ontology = world.get_ontology("https://w3id.org/calckg/ontology/").load(fileobj=stream, format="ntriples")
    classes = [c for c in world.classes() if c not in {owlready2.Thing, owlready2.Nothing}]
    if len(classes) < expected or not classes:
        raise CalckgError(f"owlready2 read {len(classes)} of {expected} classes; the graph can't be reasoned over")
    stated = _stated(world)
    individuals = sum(1 for _ in world.individuals())
    try:
        with ontology:
            owlready2.sync_reasoner_hermit(world, infer_property_values=False, debug=0)
    except owlready2.OwlReadyInconsistentOntologyError:
        return Reasoning(False, len(classes), individuals, [], [])
    except owlready2.OwlReadyJavaError as error:
        told = next((line for line in str(error).splitlines() if "Exception" in line), str(error))
        raise CalckgError(f"HermiT stopped: {' '.join(told.split())}") from None
    unsatisfiable = sorted(c.iri for c in world.inconsistent_classes() if c is not owlready2.Nothing)
    return Reasoning(True, len(classes), individuals, unsatisfiable, sorted(_stated(world) - stated))


def _stated(world: Any) -> set[tuple[str, str, str]]:
    import owlready2

    found: set[tuple[str, str, str]] = set()
    for one in world.classes():
        parents = [p for p in one.is_a + one.equivalent_to if isinstance(p, owlready2.ThingClass)]
        found |= {(one.iri, "subclass of", p.iri) for p in parents if p is not owlready2.Thing and p is not one}
    for individual in world.individuals():
        kinds = [k for k in individual.is_a if isinstance(k, owlready2.ThingClass) and k is not owlready2.Thing]
        found |= {(individual.iri, "a", kind.iri) for kind in kinds}
    return found
