"""Queries as a shapes graph has them: prefixes put before, the path put in, the rules of pre-binding kept (SHACL 5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

import pyoxigraph as ox

from calckg import columnar
from calckg.errors import UsageError
from calckg.shapes import model, patterns
from calckg.shapes.model import SH, Term
from calckg.shapes.reading.nodes import XSD, Nodes, shown
from calckg.shapes.store import sparql_literals
from calckg.shapes.store.query_text import Group, Select, Token, joined, parsed, tokens, variable
from calckg.shapes.store.sparql_paths import path_text

_OWL: Final = "http://www.w3.org/2002/07/owl#"
_NEVER: Final = ("MINUS", "SERVICE", "VALUES")
_OPTIONAL: Final = frozenset({"shapesGraph", "currentShape"})
_FLAGS: Final = frozenset("smixq")
_SET: Final = ("--", "&&", "~~")


def query(nodes: Nodes, node: Term, form: str, path: model.Path | None, bound: Iterable[str]) -> str:
    """Return the query of ``node``, its value of ``sh:select`` or ``sh:ask`` (``form``), ready to be asked.

    The prefixes that it may use stand before it, in its own first line so that places in it stay what they are, and
    ``$PATH`` is replaced by ``path``. ``bound`` are the variables that may be bound before it is asked. Raises
    ``CalckgError`` for what does not parse, is no such query, or can't be pre-bound (SHACL 5.2.1, 5.3.1, appendix A).
    """
    told = nodes.one(node, SH + form)
    if told is None:
        raise nodes.fault(node, f"there is no sh:{form}", f"give it a query in sh:{form}")
    text = _with_path(nodes, node, nodes.text(node, SH + form, told), form, path)
    declared = _declared(nodes, tuple(nodes.values(node, SH + "prefixes")))
    text = "".join(f"PREFIX {name}: <{declared[name]}> " for name in sorted(declared) if f"{name}:" in text) + text
    answer: object = None
    try:
        answer = ox.Store().query(text)
    except SyntaxError as error:
        if (prefix := _undeclared(text)) is not None:  # the parser does not say so of every place
            problem = f"the query of sh:{form} has {prefix}, a prefix that is not declared"
            remedy = "declare it with sh:declare, and name what declares it with sh:prefixes"
            raise nodes.fault(node, problem, remedy) from None
        problem = f"the query of sh:{form} does not parse ({' '.join(str(error).split())[:160]})"
        raise nodes.fault(node, problem, "mend it") from None
    except (OSError, ValueError, RuntimeError):
        pass  # a function that only another store has: the one that is asked will tell
    if answer is not None and not isinstance(answer, ox.QuerySolutions if form == "select" else ox.QueryBoolean):
        raise nodes.fault(node, f"the query of sh:{form} is of another form", f"write it as {form.upper()}")
    try:
        taken = parsed(text)
    except UsageError as error:
        raise nodes.fault(node, f"sh:{form}: {error}", "mend the query") from None
    _check_prebinding(nodes, node, text, taken, frozenset(bound))
    return text


def _undeclared(text: str) -> str | None:
    """Return the first prefix that a query has and does not declare."""
    declared = {after[1] for before, after in _pairs(text) if before[1].upper() == "PREFIX"}
    used = (f"{one[1].partition(':')[0]}:" for one in tokens(text) if one[0] == "name")
    return next((prefix for prefix in used if prefix not in declared and prefix != "_:"), None)


def returns(text: str, name: str) -> bool:
    """Tell whether the solutions of a SELECT have a variable."""
    try:
        answer = ox.Store().query(text)
    except (OSError, ValueError, RuntimeError):  # a function that only another store has
        select = parsed(text)
        return select.projects(name) or any(
            before[1].upper() == "AS" and variable(after) == name for before, after in _pairs(joined(select.head))
        )
    return isinstance(answer, ox.QuerySolutions) and any(one.value == name for one in answer.variables)


def has_dataset(text: str) -> bool:
    """Tell whether a query names the graphs that it is asked of (``FROM``, ``FROM NAMED``)."""
    return any(one[0] == "word" and one[1].upper() == "FROM" for one in parsed(text).head)


def _with_path(nodes: Nodes, node: Term, text: str, form: str, path: model.Path | None) -> str:
    """Put the path of a property shape in the place of ``$PATH`` (SHACL 5.3.2); not in texts and comments."""
    found = list(tokens(text))
    if path is not None:
        return "".join(path_text(path) if variable(one) == "PATH" else one[1] for one in found)
    if form == "select" and any(variable(one) == "PATH" for one in found):
        raise nodes.fault(node, "the query has $PATH, and the shape has no path", "use it in a property shape")
    return text


def _check_prebinding(nodes: Nodes, node: Term, text: str, taken: Select, bound: frozenset[str]) -> None:
    """Refuse what makes pre-binding ambiguous (SHACL, appendix A)."""
    words = {one[1].upper() for one in tokens(text) if one[0] == "word"}
    # Without pre-binding, as in a target, only what asks another endpoint is refused.
    for name in _NEVER if bound else ("SERVICE",):
        if name in words:
            raise nodes.fault(node, f"the query has {name}, which a query of a shape must not have", "write it without")
    for before, after in _pairs(text):
        if before[1].upper() == "AS" and variable(after) in bound:
            problem = f"the query gives ?{variable(after)}, which is bound before, another value"
            raise nodes.fault(node, problem, "take another variable")
    for inner in _selects(taken.group):
        for name in sorted(bound - _OPTIONAL):
            if _star(inner) or not inner.projects(name):
                problem = f"a sub-query does not return ?{name}, which is bound before"
                raise nodes.fault(node, problem, f"name it: SELECT ?{name} …")


def _pairs(text: str) -> Iterator[tuple[Token, Token]]:
    """Yield each token of a query with the one after it."""
    return pairwise(one for one in tokens(text) if one[0] != "space")


def _selects(group: Group) -> Iterator[Select]:
    for part in group.parts:
        if isinstance(part, Select):
            yield part
            yield from _selects(part.group)
        elif isinstance(part, Group):
            yield from _selects(part)


def _star(select: Select) -> bool:
    """Tell whether it is ``SELECT *``, which does not say what it returns (the W3C's test pre-binding-006)."""
    named: list[Token] = [one for one in select.head if one[0] in {"var", "other"}]
    return bool(named) and named[0] == ("other", "*")


def _declared(nodes: Nodes, tables: tuple[Term, ...]) -> dict[str, str]:
    """Return the prefixes of these values of ``sh:prefixes`` (SHACL 5.2.1), imports in the graph followed."""
    if tables in nodes.prefixes:
        return nodes.prefixes[tables]
    reached: dict[Term, None] = {}
    waiting = list(tables)
    while waiting:
        table = waiting.pop(0)
        if table not in reached:
            reached[table] = None
            waiting += nodes.values(table, _OWL + "imports")
    found: dict[str, str] = {}
    for table in reached:
        for entry in nodes.values(table, SH + "declare"):
            name, namespace = _declaration(nodes, entry)
            if found.setdefault(name, namespace) != namespace:
                problem = f"the prefix {name}: stands for two namespaces (<{found[name]}>, <{namespace}>)"
                raise nodes.fault(entry, problem, "declare it once")
    nodes.prefixes[tables] = found
    return found


def _declaration(nodes: Nodes, entry: Term) -> tuple[str, str]:
    prefix, namespace = nodes.one(entry, SH + "prefix"), nodes.one(entry, SH + "namespace")
    if prefix is None or namespace is None:
        raise nodes.fault(entry, "the declaration lacks sh:prefix or sh:namespace", "give both")
    if not isinstance(namespace, ox.Literal) or namespace.datatype.value != XSD + "anyURI":
        raise nodes.fault(entry, f"sh:namespace is {shown(namespace)}", 'write it as "…"^^xsd:anyURI')
    name = nodes.text(entry, SH + "prefix", prefix)
    try:
        ox.Store().query(f"PREFIX {name}: <{namespace.value}> ASK {{}}")
    except SyntaxError:
        problem = f"{name}: <{namespace.value}> is no prefix with its namespace"
        raise nodes.fault(entry, problem, "give a name of letters and an IRI") from None
    return name, namespace.value


def check_regex(nodes: Nodes, node: Term, regex: str, flags: str) -> None:
    """Refuse an expression or flags that XPath's ``fn:matches`` does not know, or that no engine here can run."""
    wrong = sorted(set(flags) - _FLAGS)
    if wrong:
        raise nodes.fault(node, f"sh:flags {flags!r} has {', '.join(wrong)}", "the flags are s, m, i, x and q")
    if "q" not in flags:
        for problem in _class_problems(regex):
            raise nodes.fault(node, f"sh:pattern {regex!r} has {problem}", "escape it, or write the class out")
    if not _runs(regex, flags):
        remedy = "mend it; \\i, \\c, \\p{Is…}, look-around and references back are not done here"
        raise nodes.fault(node, f"sh:pattern {regex!r} is no regular expression that can be run", remedy)


def _runs(regex: str, flags: str) -> bool:
    """Tell whether a store in this process can run an expression, or else the columns: their limits differ."""
    answer = ox.Store().query(f"SELECT ({sparql_literals.matches(str(ox.Literal('')), regex, flags)} AS ?known) {{}}")
    if isinstance(answer, ox.QuerySolutions) and next(answer)["known"] is not None:
        return True
    connection = columnar.connect()
    try:
        return patterns.fault_to_re2(connection, regex, flags) is None
    finally:
        connection.close()


def _class_problems(regex: str) -> Iterator[str]:
    """Yield what stands in character classes and means another thing to each engine."""
    inside, at = False, 0
    while at < len(regex):
        letter = regex[at]
        if letter == "\\":
            at += 1
        elif letter == "[" and inside:
            yield "a class in a class" if regex[at - 1] == "-" else "[ in a class"
            return
        elif inside and regex[at : at + 2] in _SET:
            yield f"{regex[at : at + 2]} in a class"
        elif letter == "[":
            inside = True
            # A bracket that follows at once is one of the class to some and its end to others.
            at += regex[at + 1 : at + 2] == "^"
            if regex[at + 1 : at + 2] == "]":
                yield "] first in a class"
        elif letter == "]":
            inside = False
        at += 1
