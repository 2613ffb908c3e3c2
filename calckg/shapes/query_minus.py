"""``FILTER NOT EXISTS`` of triples as ``MINUS``, for a store that tests the one row by row and finds the other at once.

Both are the same where the triples speak of ``$this``, which every solution binds, and have nothing but variables that
they bind themselves: to be compatible with a solution (SPARQL 1.1, 18.5) then is to agree with all that it binds. A
query of a shape may not have MINUS of its own (SHACL, appendix A); this is how it is answered.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, TypeAlias

from calckg.shapes.algebra import THIS
from calckg.shapes.query_text import Group, Select, Token, variable

Part: TypeAlias = Token | Group | Select
_NAMED: Final = ("var", "iri")
_WORDS: Final = frozenset({"a", "true", "false"})


def with_minus(query: Select) -> Select:
    """Return the query with MINUS for each of its last filters that allows it; else it is as it was."""
    parts = list(query.group.parts)
    end = _trimmed(parts, len(parts))
    while (start := _filter(parts, end)) is not None:
        group = parts[end - 1]
        if isinstance(group, Group) and THIS in group.everything() and _is_flat(group):
            parts[start : end - 1] = [("word", "MINUS"), ("space", " ")]
        end = _trimmed(parts, start)
    return replace(query, group=replace(query.group, parts=parts))


def _filter(parts: list[Part], end: int) -> int | None:
    """Return where the ``FILTER NOT EXISTS`` begins whose group is the last part before ``end``."""
    last = parts[end - 1] if end else None
    if not isinstance(last, Group) or not last.exists:
        return None
    end -= 1
    for word in ("EXISTS", "NOT", "FILTER"):
        end = _trimmed(parts, end)
        token = parts[end - 1] if end else None
        if not isinstance(token, tuple) or token[0] != "word" or token[1].upper() != word:
            return None
        end -= 1
    return end


def _trimmed(parts: list[Part], end: int) -> int:
    while end and _is_space(parts[end - 1]):
        end -= 1
    return end


def _is_space(part: Part) -> bool:
    return isinstance(part, tuple) and part[0] == "space"


def _is_flat(group: Group) -> bool:
    """Tell whether a group is triples alone, each with a predicate that is named: of any, it would be all triples."""
    at = 0  # subject, predicate, object
    for part in group.parts:
        if not isinstance(part, tuple):
            return False
        kind, text = part
        if kind == "space":
            continue
        if kind == "other":
            if at != 3 or text not in ".;,":
                return False
            at = {".": 0, ";": 1, ",": 2}[text]
            continue
        if at > 2 or not (kind in _NAMED or (kind == "word" and text in _WORDS)) or (at == 1 and variable(part)):
            return False
        at += 1
    return at in {0, 3}
