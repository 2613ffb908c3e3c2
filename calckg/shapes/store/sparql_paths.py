"""Property paths in SPARQL, and the patterns that walk along them."""

from __future__ import annotations

from collections.abc import Callable

from calckg.shapes import model
from calckg.shapes.model import Path


def bracketed(iri: str) -> str:
    """Return an IRI as SPARQL has it where there are no prefixes."""
    return f"<{iri}>"


def path_text(path: Path, name: Callable[[str], str] = bracketed) -> str:
    """Return a property path in SPARQL's syntax (SPARQL 1.1, 9.1); ``name`` gives the text of a predicate's IRI."""
    match path:
        case model.Predicate(iri):
            return name(iri)
        case model.Inverse(inner):
            return f"^({path_text(inner, name)})"
        case model.Sequence(paths):
            return f"({'/'.join(path_text(one, name) for one in paths)})"
        case model.Alternative(paths):
            return f"({'|'.join(path_text(one, name) for one in paths)})"
        case model.Closure(inner, least, many):
            return f"({path_text(inner, name)}){('+' if least else '*') if many else '?'}"


def nullable(path: Path) -> bool:
    """Tell whether a path leads from every node to itself."""
    match path:
        case model.Inverse(inner):
            return nullable(inner)
        case model.Sequence(paths):
            return all(map(nullable, paths))
        case model.Alternative(paths):
            return any(map(nullable, paths))
        case model.Closure(inner, least, _):
            return least == 0 or nullable(inner)
        case _:
            return False


def walked(before: str, start: str, path: Path, end: str) -> str:
    """Return a pattern: what ``before`` binds, and the variable ``end`` to what ``path`` leads to from ``start``."""
    walk = f"{before} {start} {path_text(path)} {end} ."
    return f"{{ {walk} }} UNION {{ {before} BIND({start} AS {end}) }}" if nullable(path) else walk


def group(pattern: str) -> str:
    """Put a pattern into braces, so that others can stand beside it."""
    return f"{{ {pattern} }}"
