"""Queries of shapes for a store that looks up row by row what stands side by side, and joins by hash what stands apart.

``FILTER NOT EXISTS`` of triples becomes ``MINUS``. Both are the same where the triples speak of ``$this``, which every
solution binds, and have nothing but variables that they bind themselves: to be compatible with a solution (SPARQL 1.1,
18.5) then is to agree with all that it binds. A query of a shape may not have MINUS of its own (SHACL, appendix A);
this is how it is answered.

The triple patterns that a query begins with become a SELECT each. A basic graph pattern without blank nodes is the join
of its triple patterns (SPARQL 1.1, 18.3), and none of them has a solution twice.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, TypeAlias

from calckg.shapes.algebra import THIS
from calckg.shapes.store.query_text import Group, Select, Token, variable

Part: TypeAlias = Token | Group | Select
_NAMED: Final = ("var", "iri")
_SPACE: Final[Token] = ("space", " ")
_WORDS: Final = frozenset({"a", "true", "false"})


def set_wise(query: Select) -> Select:
    """Return the query with a SELECT for each of its first triples and MINUS for its last filters, as far as may be."""
    parts = _selects(_minuses(query.group.parts))
    return replace(query, group=replace(query.group, parts=parts))


def _minuses(before: list[Part]) -> list[Part]:
    parts = list(before)
    end = _trimmed(parts, len(parts))
    while (start := _filter(parts, end)) is not None:
        group = parts[end - 1]
        if isinstance(group, Group) and THIS in group.everything() and _is_flat(group):
            parts[start : end - 1] = [("word", "MINUS"), _SPACE]
        end = _trimmed(parts, start)
    return parts


def _selects(parts: list[Part]) -> list[Part]:
    triples, end = _triples(parts)
    if len(triples) < 2 or not all(any(map(variable, triple)) for triple in triples):
        return parts
    return [*(_select(triple) for triple in triples), *parts[end:]]


def _select(triple: list[Token]) -> Select:
    head: list[Token] = [("word", "SELECT")]
    for name in dict.fromkeys(filter(None, map(variable, triple))):
        head += [_SPACE, ("var", f"?{name}")]
    return Select(head, Group([_SPACE if at % 2 else triple[at // 2] for at in range(5)]), [])


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
    return _triples(group.parts)[1] == len(group.parts)


def _triples(parts: list[Part]) -> tuple[list[list[Token]], int]:
    """Return the triples that a group begins with and where they end; none, at 0, where one can't be told.

    Each has a predicate that is named, and ends of which each is a variable, an IRI or a truth value.
    """
    found, triple = list[list[Token]](), list[Token]()
    for at, part in enumerate(parts):
        if _is_space(part):
            continue
        if not isinstance(part, tuple):
            return (found, at) if len(triple) in {0, 3} else ([], 0)
        kind, text = part
        if kind == "other":
            if len(triple) != 3 or text not in ".;,":
                return [], 0
            triple = triple[: {".": 0, ";": 1, ",": 2}[text]]
        elif kind in _NAMED or text in _WORDS:
            if len(triple) == 3 or (len(triple) == 1 and kind == "var"):
                return [], 0
            triple = [*triple, part]
            if len(triple) == 3:
                found.append(triple)
        else:
            return (found, at) if kind == "word" and len(triple) in {0, 3} else ([], 0)
    return (found, len(parts)) if len(triple) in {0, 3} else ([], 0)
