"""Where ``ontology/``, ``graph/`` and ``queries/`` are: beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_SHIPPED = _PACKAGE / "_resources"


def root() -> Path:
    """Return the folder that holds the three resource folders."""
    return _SHIPPED if _SHIPPED.is_dir() else _PACKAGE.parent


def ontology_dir() -> Path:
    """Return the folder of the ontology, the prefix table and the shapes."""
    return root() / "ontology"


def graph_dir() -> Path:
    """Return the folder of the curated graph: Turtle files and SSSOM tables."""
    return root() / "graph"


def queries_dir() -> Path:
    """Return the folder of the stored queries, one folder a group."""
    return root() / "queries"
