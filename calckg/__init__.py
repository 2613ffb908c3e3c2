"""calckg: a knowledge graph of medical concepts, grown around calcification.

>>> import calckg
>>> graph = calckg.open()
>>> rows = graph.query("conditions-with-feature", feature="HP:0004934")
>>> sorted(rows.columns)[:2]
['asserted', 'condition']

Importing costs nothing: what is used is loaded when it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from calckg.api import Graph as Graph
    from calckg.api import Rows as Rows
    from calckg.api import open_graph as open
    from calckg.api import validate as validate
    from calckg.errors import CalckgError as CalckgError

__all__ = ["CalckgError", "Graph", "Rows", "open", "validate"]


def __getattr__(name: str) -> Any:
    if name == "open":
        from calckg.api import open_graph

        return open_graph
    if name in {"Graph", "Rows", "validate"}:
        from calckg import api

        return getattr(api, name)
    if name == "CalckgError":
        from calckg.errors import CalckgError

        return CalckgError
    raise AttributeError(f"module 'calckg' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
