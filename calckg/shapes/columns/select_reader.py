"""Reads the tree of a SELECT from its tokens; what ``select_sql`` can't say is refused, by ``Outside``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import count
from typing import Final, TypeAlias

import pyoxigraph as ox

from calckg.errors import UsageError
from calckg.shapes import model
from calckg.shapes.columns.select_tree import (
    Bind,
    Call,
    Exists,
    Expression,
    Filter,
    Group,
    Node,
    Optional,
    Outside,
    Part,
    Tree,
    Triple,
    Union,
    Var,
)
from calckg.shapes.lexical import XSD
from calckg.shapes.model import Path
from calckg.shapes.store import query_text
from calckg.shapes.store.query_text import Token, variable

_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_TYPE: Final = model.Predicate(_RDF + "type")
_FIRST, _REST = model.Predicate(_RDF + "first"), model.Predicate(_RDF + "rest")
_NIL: Final = ox.NamedNode(_RDF + "nil")
_OPERATORS: Final = frozenset({"&&", "||", "!=", "<=", ">="})
_COMPARISONS: Final = frozenset({"=", "!=", "<", ">", "<=", ">="})
_NUMBER: Final = re.compile(r"[0-9]+(?:(?P<decimal>\.[0-9]+)?(?P<double>[eE][0-9]+)?)?")
_ESCAPE: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_LETTERS: Final = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f"}


@lru_cache(maxsize=256)
def tree(text: str) -> Tree | None:
    """Return the tree of a SELECT that parses in SPARQL; ``None`` for what is beyond this part of SPARQL."""
    try:
        select = query_text.parsed(text)
        if {"currentShape", "shapesGraph", "failure"} & select.everything():
            return None
        numbers = count()
        head, tail = _Reader(select.head, numbers), _compact(select.tail)
        if tail and not _word(tail[0], "ORDER"):  # an order changes nothing: the results have their own
            return None
        if any(_word(item, "LIMIT", "OFFSET", "VALUES") for item in tail):
            return None
        head.need("SELECT")
        distinct = head.take("DISTINCT")
        columns = None if head.take("*") else tuple(head.columns())
        head.at_end()
        return Tree(distinct, columns, _Reader(select.group.parts, numbers).group())
    except (Outside, UsageError, ValueError, RecursionError):
        return None


_Item: TypeAlias = Token | query_text.Group | query_text.Select


def _word(item: _Item, *words: str) -> bool:
    return isinstance(item, tuple) and item[0] == "word" and item[1].upper() in words


def _compact(parts: Iterable[_Item]) -> list[_Item]:
    """Leave out the space between tokens; put together numbers with a point and operators of two characters."""
    found: list[_Item] = []
    close = False  # nothing stands between this and the last
    for part in parts:
        last = found[-1] if found else None
        if isinstance(part, tuple) and part[0] == "space":
            close = False
            continue
        if close and isinstance(part, tuple) and isinstance(last, tuple):
            if last[0] == "other" and last[1] + part[1] in _OPERATORS:
                found[-1] = ("other", last[1] + part[1])
                continue
            before = found[-2] if len(found) > 1 else None
            pointed = last == ("other", ".") and isinstance(before, tuple) and before[0] == "word"
            if pointed and isinstance(before, tuple) and before[1].isdigit() and part[1][:1].isdigit():
                found[-2:] = [("word", f"{before[1]}.{part[1]}")]
                continue
        found.append(part)
        close = True
    return found


class _Reader:
    """Reads what stands in one group, or before it; ``numbers`` are for the nodes without a name of all groups."""

    def __init__(self, parts: Iterable[_Item], numbers: Iterator[int]) -> None:
        self._items, self._at = _compact(parts), 0
        self._numbers = numbers
        self._triples: list[Triple] = []

    # --- items

    def _next(self) -> _Item:
        return self._items[self._at] if self._at < len(self._items) else ("", "")

    def _is(self, *texts: str) -> bool:
        item = self._next()
        return isinstance(item, tuple) and item[0] in {"other", "word"} and item[1].upper() in texts

    def take(self, *texts: str) -> bool:
        """Go past an operator or a word, if it is one of these."""
        found = self._is(*texts)
        self._at += found
        return found

    def need(self, text: str) -> None:
        """Go past an operator or a word that must be there."""
        if not self.take(text):
            raise Outside(f"{text} expected, {self._next()} found")

    def at_end(self) -> None:
        """Refuse what is left."""
        if self._at < len(self._items):
            raise Outside(f"{self._next()} is not known here")

    def _any(self) -> _Item:
        item = self._next()
        self._at += 1
        return item

    def _variable(self) -> str:
        item = self._any()
        if not isinstance(item, tuple) or item[0] != "var":
            raise Outside(f"a variable expected, {item} found")
        return variable(item)

    # --- groups

    def columns(self) -> Iterator[tuple[str, Expression | None]]:
        """Read what a SELECT returns."""
        while self._at < len(self._items):
            if self.take("("):
                value = self._expression()
                self.need("AS")
                yield self._variable(), value
                self.need(")")
            else:
                yield self._variable(), None

    def group(self) -> Group:
        """Read the parts of a group."""
        parts: list[Part] = []
        while self._at < len(self._items):
            if self.take("."):
                continue
            if self.take("FILTER"):
                parts.append(Filter(self._constraint()))
            elif self.take("BIND"):
                self.need("(")
                value = self._expression()
                self.need("AS")
                parts.append(Bind(value, self._variable()))
                self.need(")")
            elif self.take("OPTIONAL"):
                parts.append(Optional(self._inner()))
            elif isinstance(self._next(), query_text.Group):
                groups = [self._inner()]
                while self.take("UNION"):
                    groups.append(self._inner())
                parts.append(Union(tuple(groups)))
            else:
                self._triples = []
                self._properties(self._subject())
                parts += self._triples
        return Group(tuple(parts))

    def _inner(self) -> Group:
        item = self._any()
        if not isinstance(item, query_text.Group):
            raise Outside(f"a group expected, {item} found")
        return _Reader(item.parts, self._numbers).group()

    # --- triples

    def _fresh(self) -> Var:
        return Var(f"_:.{next(self._numbers)}")

    def _subject(self) -> Node:
        if self._is("["):
            return self._object()
        node = self._object()
        if isinstance(node, ox.Literal):
            raise Outside("a literal is no subject")
        return node

    def _properties(self, subject: Node) -> None:
        while not self._is(".", "]", "FILTER", "BIND", "OPTIONAL") and isinstance(self._next(), tuple):
            if self._next() == ("", ""):
                break
            item = self._next()
            path: Var | Path = Var(self._variable()) if isinstance(item, tuple) and item[0] == "var" else self._path()
            while True:
                self._triples.append(Triple(subject, path, self._object()))
                if not self.take(","):
                    break
            if not self.take(";"):
                break
            while self.take(";"):
                pass

    def _object(self) -> Node:
        if self.take("["):
            node = self._fresh()
            self._properties(node)
            self.need("]")
            return node
        if self.take("("):
            members = list[Node]()
            while not self.take(")"):
                members.append(self._object())
            return self._list(members)
        item = self._next()
        if isinstance(item, tuple) and item[0] == "node":
            self._at += 1
            return Var(item[1])
        if isinstance(item, tuple) and item[0] == "var":
            return Var(self._variable())
        return self._term()

    def _list(self, members: list[Node]) -> Node:
        rest: Node = _NIL
        for member in reversed(members):
            node = self._fresh()
            self._triples += [Triple(node, _FIRST, member), Triple(node, _REST, rest)]
            rest = node
        return rest

    def _term(self) -> ox.NamedNode | ox.Literal:
        item = self._any()
        if not isinstance(item, tuple):
            raise Outside("a group is no term")
        kind, text = item
        if kind == "iri":
            return ox.NamedNode(text[1:-1])
        if kind == "string":
            return self._literal(_unescaped(text))
        if kind == "word" and text.lower() in {"true", "false"}:
            return ox.Literal(text.lower() == "true")
        sign = ""
        if text in {"+", "-"}:
            sign, item = text, self._any()
            kind, text = item if isinstance(item, tuple) else ("", "")
        number = _NUMBER.fullmatch(text) if kind == "word" else None
        if number is None:
            raise Outside(f"{text} is no term that is known here")
        name = "double" if number["double"] else "decimal" if number["decimal"] else "integer"
        return ox.Literal(sign + text, datatype=ox.NamedNode(XSD + name))

    def _literal(self, text: str) -> ox.Literal:
        item = self._next()
        if isinstance(item, tuple) and item[0] == "word" and item[1].startswith("@"):
            self._at += 1
            return ox.Literal(text, language=item[1][1:])
        if self.take("^"):
            self.need("^")
            datatype = self._term()
            if not isinstance(datatype, ox.NamedNode):
                raise Outside("a datatype is an IRI")
            return ox.Literal(text, datatype=datatype)
        return ox.Literal(text)

    # --- paths

    def _path(self) -> Path:
        paths = [self._sequence()]
        while self.take("|"):
            paths.append(self._sequence())
        return paths[0] if len(paths) == 1 else model.Alternative(tuple(paths))

    def _sequence(self) -> Path:
        paths = [self._step()]
        while self.take("/"):
            paths.append(self._step())
        return paths[0] if len(paths) == 1 else model.Sequence(tuple(paths))

    def _step(self) -> Path:
        if self.take("^"):
            return model.Inverse(self._step())
        path: Path
        if self.take("("):
            path = self._path()
            self.need(")")
        elif self.take("A"):
            path = _TYPE
        else:
            iri = self._term()
            if not isinstance(iri, ox.NamedNode):
                raise Outside("a path is made of IRIs")
            path = model.Predicate(iri.value)
        for sign, least, many in (("*", 0, True), ("+", 1, True), ("?", 0, False)):
            if self.take(sign):
                return model.Closure(path, least, many)
        return path

    # --- expressions

    def _constraint(self) -> Expression:
        if self._is("(", "EXISTS", "NOT") or _word(self._next()) or isinstance(self._next(), tuple):
            return self._primary()
        raise Outside("a filter expected")

    def _expression(self) -> Expression:
        return self._chain("||", lambda: self._chain("&&", self._comparison))

    def _chain(self, sign: str, one: Callable[[], Expression]) -> Expression:
        found = [one()]
        while self.take(sign):
            found.append(one())
        return found[0] if len(found) == 1 else Call(sign, tuple(found))

    def _comparison(self) -> Expression:
        left = self._sum()
        for sign in _COMPARISONS:
            if self.take(sign):
                return Call(sign, (left, self._sum()))
        negated = self._is("NOT") and _word(self._items[self._at + 1], "IN")
        self._at += negated
        if self.take("IN"):
            among = Call("IN", (left, *self._arguments()))
            return Call("!", (among,)) if negated else among
        return left

    def _sum(self) -> Expression:
        found = self._signed()
        while self._is("+", "-"):
            sign = "+" if self.take("+") else "-"
            self._at += sign == "-"
            found = Call(sign, (found, self._signed()))
        if self._is("*", "/"):
            raise Outside("products are not known here")
        return found

    def _signed(self) -> Expression:
        if self.take("!"):
            return Call("!", (self._signed(),))
        item = self._items[self._at + 1] if self._at + 1 < len(self._items) else ("", "")
        if self._is("+", "-") and not (isinstance(item, tuple) and _NUMBER.fullmatch(item[1])):
            sign = "+" if self.take("+") else "-"
            self._at += sign == "-"
            return Call(sign, (self._signed(),))
        return self._primary()

    def _primary(self) -> Expression:
        if self.take("("):
            found = self._expression()
            self.need(")")
            return found
        if self.take("NOT"):
            self.need("EXISTS")
            return Call("!", (Exists(self._inner()),))
        if self.take("EXISTS"):
            return Exists(self._inner())
        item = self._next()
        after = self._items[self._at + 1] if self._at + 1 < len(self._items) else ("", "")
        if isinstance(item, tuple) and item[0] == "var":
            return Var(self._variable())
        if isinstance(item, tuple) and after == ("other", "("):
            if item[0] != "word":
                raise Outside(f"the function {item[1]} is not known here")
            self._at += 1
            return Call(item[1].upper(), tuple(self._arguments()))
        return self._term()

    def _arguments(self) -> list[Expression]:
        self.need("(")
        found = list[Expression]()
        if self._is("DISTINCT", "*"):
            raise Outside("aggregates are not known here")
        while not self.take(")"):
            if found:
                self.need(",")
            found.append(self._expression())
        return found


def _unescaped(text: str) -> str:
    quotes = 3 if text[:3] in {'"""', "'''"} and len(text) >= 6 else 1

    def letter(match: re.Match[str]) -> str:
        code = match[1] or match[2]
        return chr(int(code, 16)) if code else _LETTERS.get(match[3], match[3])

    return _ESCAPE.sub(letter, text[quotes:-quotes])
