"""The texts of queries of shapes: taken apart into tokens, freed of prefixes, given bindings (SHACL 5.3.1, appendix A).

Pre-binding by the specification joins the bound variables to every pattern of a query. For one node or for many that is
a block (``VALUES``, or a sub-select of the focus nodes) at the head of each group that speaks of the variables: *values
insertion*. It is the same for all nodes at once as for each, unless solutions of several nodes are counted together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urljoin

from calckg.errors import UsageError

Token = tuple[str, str]
"""What it is (``var``, ``iri``, ``name``, ``word``, ``string``, ``space``, ``other``) and its text."""

_TOKENS: Final = re.compile(
    r"""(?P<space>\s+|\#[^\n\r]*)
      | (?P<string>\"{3}(?:[^\\]|\\.)*?\"{3} | '{3}(?:[^\\]|\\.)*?'{3} | "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*')
      | (?P<iri><[^<>"{}|^`\\\x00-\x20]*>)
      | (?P<var>[?$]\w+)
      | (?P<node>_:\w(?:[\w.\-]*[\w\-])?)
      | (?P<name>(?:[^\W\d_](?:[\w.\-]*[\w\-])?)?:(?:(?:[\w:]|%[0-9A-Fa-f]{2}|\\.)(?:(?:[\w:.\-]|%[0-9A-Fa-f]{2}|\\.)*
            (?:[\w:\-]|%[0-9A-Fa-f]{2}|\\.))?)?)
      | (?P<word>@?\w+(?:-\w+)*)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPED: Final = re.compile(r"\\(.)")  # in local names
_AGGREGATES: Final = frozenset({"COUNT", "SUM", "MIN", "MAX", "AVG", "SAMPLE", "GROUP_CONCAT"})


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of a query; joined they are the query."""
    for match in _TOKENS.finditer(text):
        yield match.lastgroup or "other", match.group()


def _is(token: Token, *words: str) -> bool:
    return token[0] == "word" and token[1].upper() in words


def variable(token: Token) -> str:
    """Return the name of a variable; of any other token the empty string."""
    return token[1][1:] if token[0] == "var" else ""


def speaks_of(text: str, name: str) -> bool:
    """Tell whether a query speaks of a variable, not only in a comment or a string."""
    return name in text and name in map(variable, tokens(text))


@dataclass(slots=True)
class Group:
    """A group graph pattern: tokens and, in their places, groups (in braces) and sub-selects."""

    parts: list[Token | Group | Select] = field(default_factory=list)
    exists: bool = False
    """Whether it is that of an EXISTS: its variables are those of the group around it."""

    def mentions(self) -> set[str]:
        """Return the variables that this group itself speaks of, and the EXISTS in it."""
        found = set()
        for part in self.parts:
            if isinstance(part, Group):
                found |= part.everything() if part.exists else set()
            elif isinstance(part, tuple) and part[0] == "var":
                found.add(variable(part))
        return found

    def everything(self) -> set[str]:
        """Return the variables that this group speaks of and all that is in it."""
        found = {variable(part) for part in self.parts if isinstance(part, tuple) and part[0] == "var"}
        for part in self.parts:
            if not isinstance(part, tuple):
                found |= part.everything()
        return found

    def binds_first(self, name: str) -> bool:
        """Tell whether it begins with a triple pattern whose subject or object is the variable ``name``."""
        first = [part for part in self.parts if not (isinstance(part, tuple) and part[0] == "space")][:3]
        if len(first) < 3 or not all(isinstance(part, tuple) for part in first):
            return False
        one, two, three = (part for part in first if isinstance(part, tuple))
        if one[0] not in {"var", "iri"} or (two[0] not in {"iri", "var"} and two != ("word", "a")):
            return False
        return variable(one) == name or (three[0] == "var" and variable(three) == name)


@dataclass(slots=True)
class Select:
    """A SELECT or an ASK: what comes before its group, its group, what comes after."""

    head: list[Token]
    group: Group
    tail: list[Token]

    def everything(self) -> set[str]:
        """Return the variables that it speaks of."""
        return self.group.everything() | {variable(one) for one in (*self.head, *self.tail) if one[0] == "var"}

    def projects(self, name: str) -> bool:
        """Tell whether the variable is one of its solutions' (``SELECT *`` has them all)."""
        depth = 0
        for token in self.head:
            depth += {"(": 1, ")": -1}.get(token[1], 0)
            if depth == 0 and (token == ("other", "*") or variable(token) == name):
                return True
        return False

    def separate(self, names: Iterable[str]) -> bool:
        """Tell whether its solutions for several bindings of ``names`` at once are those for each of them."""
        grouped = any(_is(token, "GROUP") for token in self.tail)
        if any(_is(token, "LIMIT", "OFFSET", "FROM") for token in (*self.head, *self.tail)):
            return False
        if grouped and not set(names) <= self._grouping():
            return False
        if not grouped and any(_is(token, *_AGGREGATES) for token in (*self.head, *self.tail)):
            return False
        return _all_separate(self.group, set(names))

    def _grouping(self) -> set[str]:
        found, depth, on = set(), 0, False
        for token in self.tail:
            on = (on or _is(token, "GROUP")) and not _is(token, "HAVING", "ORDER", "LIMIT", "OFFSET")
            depth += {"(": 1, ")": -1}.get(token[1], 0)
            if on and depth == 0 and token[0] == "var":
                found.add(variable(token))
        return found


def _all_separate(group: Group, names: set[str]) -> bool:
    for part in group.parts:
        if isinstance(part, Group) and not _all_separate(part, names):
            return False
        if isinstance(part, Select):
            spoken = names & part.everything()
            if not all(part.projects(name) for name in spoken) or not part.separate(spoken):
                return False
    return True


def parsed(text: str) -> Select:
    """Take a SELECT or ASK query apart, prefixed names turned into IRIs.

    Raises ``UsageError`` for what is no such query; that the rest is well formed the engine says that answers it.
    """
    stream = list(_expanded(tokens(text)))
    if not any(_is(token, "SELECT", "ASK") for token in stream):
        raise UsageError("the query is neither a SELECT nor an ASK")
    select, end = _select(stream, 0)
    if end < len(stream):
        raise UsageError("the query is malformed: a brace too many")
    return select


def _select(stream: list[Token], at: int) -> tuple[Select, int]:
    """Read a query at ``at`` up to its end or the brace that closes the group around it."""
    start = at
    while at < len(stream) and stream[at] != ("other", "{"):
        at += 1
    head = [token for token in stream[start:at] if not _is(token, "WHERE")]
    group, at = _group(stream, at + 1)
    start = at
    while at < len(stream) and stream[at] != ("other", "}"):
        if stream[at] == ("other", "{"):  # of VALUES after the query, or of an EXISTS in HAVING
            _, at = _group(stream, at + 1)
        else:
            at += 1
    return Select(head, group, stream[start:at]), at


def _group(stream: list[Token], at: int) -> tuple[Group, int]:
    """Read a group whose opening brace is before ``at``, up to after its closing one."""
    group, last, values = Group(), ("", ""), False
    while at < len(stream):
        token = stream[at]
        if token == ("other", "}"):
            return group, at + 1
        if token != ("other", "{"):
            group.parts.append(token)
            if token[0] != "space":
                values = _is(token, "VALUES") or (values and (token[0] == "var" or token[1] in "()"))
                last = token
            at += 1
        elif values:
            end = stream.index(("other", "}"), at)
            group.parts += stream[at : end + 1]
            at, values = end + 1, False
        else:
            inner: Group | Select
            after = next((one for one in stream[at + 1 :] if one[0] != "space"), ("", ""))
            if _is(after, "SELECT"):
                inner, at = _select(stream, at + 1)
                at += 1
            else:
                inner, at = _group(stream, at + 1)
                inner.exists = _is(last, "EXISTS")
            group.parts.append(inner)
            last = ("", "")
    raise UsageError("the query is malformed: a brace is not closed")


def _expanded(stream: Iterable[Token]) -> Iterator[Token]:
    """Turn prefixed names into IRIs, relative ones into absolute ones; leave the prologue out."""
    prefixes: dict[str, str] = {}
    base, prologue, name = "", "", ""
    for kind, text in stream:
        if kind == "space":
            if not prologue:
                yield "space", " " if text.startswith("#") else text
        elif kind == "word" and text.upper() in {"PREFIX", "BASE"} and not prologue:
            prologue = text.upper()
        elif prologue == "PREFIX" and kind == "name":
            name = text[:-1]
        elif prologue and kind == "iri":
            iri = _resolved(base, text[1:-1])
            if prologue == "BASE":
                base = iri
            else:
                prefixes[name] = iri
            prologue = ""
        elif kind == "name":
            prefix, _, local = text.partition(":")
            if prefix not in prefixes:
                raise UsageError(f"the query uses the prefix {prefix}:, which is not declared; add it to sh:prefixes")
            yield "iri", f"<{prefixes[prefix]}{_ESCAPED.sub(lambda match: match[1], local)}>"
        elif kind == "iri" and base:
            yield "iri", f"<{_resolved(base, text[1:-1])}>"
        else:
            yield kind, text


def _resolved(base: str, iri: str) -> str:
    # An empty fragment, as a namespace has it, is lost in joining.
    return urljoin(base, iri) + ("#" if iri.endswith("#") else "") if base else iri


# --- written again


class Insertion:
    """What values insertion puts at the head of each group.

    ``constants`` are blocks that bind one variable each; ``focus`` is one that binds all of ``names``. The outermost
    group has it unless ``outermost`` is false; another where it speaks of one of ``names`` and does not bind the only
    one first (``always``: also then); none has it in an EXISTS, whose variables are those of the group around it.
    """

    def __init__(
        self,
        constants: Mapping[str, str],
        focus: str = "",
        names: Iterable[str] = (),
        *,
        outermost: bool = True,
        always: bool = False,
    ) -> None:
        self._constants, self._focus, self._names = constants, focus, tuple(names)
        self._outermost, self._always = outermost, always

    def inside(self, query: Select) -> str:
        """Write the outermost group of a query, without its braces."""
        spoken = query.group.everything()
        constants = "".join(f"{block} " for name, block in self._constants.items() if name in spoken)
        head = f"{self._focus} " if self._outermost else ""
        return f"{constants}{head}{self._parts(query.group, in_exists=False)}"

    def _group(self, group: Group, in_exists: bool) -> str:
        spoken = group.mentions()
        found = "".join(f"{block} " for name, block in self._constants.items() if name in spoken)
        if self._focus and not in_exists and spoken & set(self._names):
            bound = not self._always and len(self._names) == 1 and group.binds_first(self._names[0])
            found += "" if bound else f"{self._focus} "
        return found + self._parts(group, in_exists)

    def _parts(self, group: Group, in_exists: bool) -> str:
        return "".join(self._part(part, in_exists) for part in group.parts)

    def _part(self, part: Token | Group | Select, in_exists: bool) -> str:
        if isinstance(part, tuple):
            return part[1]
        if isinstance(part, Group):
            return f"{{ {self._group(part, in_exists or part.exists)} }}"
        return f"{{ {joined(part.head)} {{ {self._group(part.group, in_exists)} }} {joined(part.tail)} }}"


def joined(parts: Iterable[Token]) -> str:
    """Return the text of tokens."""
    return "".join(text for _, text in parts).strip()
