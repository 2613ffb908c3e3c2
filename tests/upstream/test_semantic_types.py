"""The UMLS semantic types and their categories."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest

from calckg.upstream.semantic_types import KIND, SEMANTIC_TYPES, categories

SHAPES = Path(__file__).parents[2] / "ontology/shapes/concepts.ttl"
BIOLINK = "https://w3id.org/biolink/vocab/"


def test_there_are_127() -> None:
    assert len(SEMANTIC_TYPES) == 127


def test_the_model_has_every_category() -> None:
    allowed = {
        term.value for triple in ox.parse(path=str(SHAPES)) for term in (triple.object,) if hasattr(term, "value")
    }
    assert {BIOLINK + known.category for known in SEMANTIC_TYPES.values()} <= allowed
    assert {BIOLINK + name for name in KIND} <= allowed


@pytest.mark.parametrize(
    ("tuis", "expected"),
    [
        (["T047"], ("Disease",)),
        (["T047", "T078"], ("Disease",)),  # Idea or Concept says nothing
        (["T047", "T046"], ("Disease", "PathologicalProcess")),  # conditions and processes go together
        (["T121", "T061"], ("NamedThing",)),  # a substance and a procedure do not
        (["T999"], ("NamedThing",)),
        ([], ("NamedThing",)),
    ],
)
def test_categories_of_several_types(tuis: list[str], expected: tuple[str, ...]) -> None:
    assert categories(tuis) == expected
