"""Which kinds may stand at the ends of a predicate: the same in the readers and in the shapes."""

from __future__ import annotations

from pathlib import Path

import pytest
from rdflib import SH, Graph, Namespace, URIRef
from rdflib.collection import Collection

from calckg import prefixes
from calckg.upstream.ends import FEATURES, FITS
from calckg.upstream.semantic_types import KIND

SHAPES = Path(__file__).parents[2] / "ontology/shapes/associations.ttl"
BIOLINK = Namespace("https://w3id.org/biolink/vocab/")


@pytest.fixture(scope="module")
def shapes() -> Graph:
    return Graph().parse(SHAPES)


def in_shapes(shapes: Graph, predicate: str, end: str) -> set[str] | None:
    """Return the categories that the shapes allow at an end, ``None`` for any."""
    (shape,) = shapes.subjects(SH.targetNode, URIRef(prefixes.load().expand(predicate)))
    for part in shapes.objects(shape, SH.property):
        if shapes.value(part, SH.path) != BIOLINK[end]:
            continue
        alternatives = shapes.value(part, SH["or"])
        nodes = [part] if alternatives is None else list(Collection(shapes, alternatives))
        found = [shapes.value(node, SH["class"]) or shapes.value(node, SH.hasValue) for node in nodes]
        return {str(category).removeprefix(str(BIOLINK)) for category in found}
    return None


def in_readers(kinds: tuple[str, ...]) -> set[str] | None:
    found = {name for name, kind in KIND.items() if kind in kinds} | (set(FEATURES) if "feature" in kinds else set())
    return None if found == set(KIND) else found


@pytest.mark.parametrize("predicate", FITS)
def test_readers_and_shapes_agree(shapes: Graph, predicate: str) -> None:
    subjects, objects = FITS[predicate]
    assert in_shapes(shapes, predicate, "subject") == in_readers(tuple(subjects))
    assert in_shapes(shapes, predicate, "object") == in_readers(tuple(objects))
