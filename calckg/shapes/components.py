"""What a shapes graph says in SPARQL: constraints, constraint components, targets (SHACL 5 and 6; SHACL-AF 3)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from calckg.errors import CalckgError
from calckg.shapes import model
from calckg.shapes.model import SH, Constraint, Term
from calckg.shapes.nodes import XSD, Nodes, shown

_OWL: Final = "http://www.w3.org/2002/07/owl#"
_NOISE: Final = re.compile(
    r"""\#[^\n]*|<[^<>"{}|^`\\\s]*>|\"{3}(?:[^\\]|\\.)*?\"{3}|'{3}(?:[^\\]|\\.)*?'{3}|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'""",
    re.DOTALL,
)
_NEVER: Final = {"MINUS": r"\bMINUS\b", "SERVICE": r"\bSERVICE\b", "VALUES": r"\bVALUES\b"}
_FLAGS: Final = frozenset("smixq")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a component: the predicate that gives it, and the variable that stands for it in a query."""

    path: str
    optional: bool

    @property
    def variable(self) -> str:
        """The local name of the predicate (SHACL 6.2.1)."""
        return re.split(r"[/#:]", self.path)[-1]


@dataclass(frozen=True, slots=True)
class Component:
    """A constraint component that the shapes graph declares."""

    node: Term
    parameters: tuple[Parameter, ...]

    def uses(self, nodes: Nodes, shape: Term, path: model.Path | None) -> Iterator[Constraint]:
        """Yield a constraint for each time that ``shape`` uses the component (SHACL 6.3)."""
        needed = [p for p in self.parameters if not p.optional]
        given = {p.variable: nodes.values(shape, p.path) for p in self.parameters}
        if not needed or not all(given[p.variable] for p in needed):
            return
        if len(self.parameters) > 1:
            for parameter in self.parameters:
                nodes.one(shape, parameter.path)
        validator, ask = self._validator(nodes, path)
        if validator is None:
            return
        name = "ask" if ask else "select"
        told = nodes.one(validator, SH + name)
        if told is None:
            raise nodes.fault(validator, f"the validator has no sh:{name}", f"give it a query in sh:{name}")
        variables = {p.variable for p in self.parameters} | ({"value"} if ask else set())
        query = _query(nodes, validator, nodes.text(validator, SH + name, told), path, variables)
        said = messages(nodes, validator)
        first, *others = [p.variable for p in needed] + [p.variable for p in self.parameters if p.optional]
        for value in given[first]:
            values = [(first, value), *((other, given[other][0]) for other in others if given[other])]
            iri = self.node.value if not isinstance(self.node, ox.Literal) else ""
            yield Constraint(iri, model.Sparql(query, ask, tuple(values), None, said))

    def _validator(self, nodes: Nodes, path: model.Path | None) -> tuple[Term | None, bool]:
        """Return the validator for a node or a property shape, and whether it is an ASK (SHACL 6.2.3)."""
        own = nodes.values(self.node, SH + ("nodeValidator" if path is None else "propertyValidator"))
        if own:
            return own[0], False
        general = nodes.values(self.node, SH + "validator")
        return (general[0], True) if general else (None, False)


def declared(nodes: Nodes) -> tuple[Component, ...]:
    """Return the components that the shapes graph declares."""
    found = []
    for node in sorted(nodes.instances(SH + "ConstraintComponent"), key=str):
        parameters = []
        for parameter in nodes.values(node, SH + "parameter"):
            path = nodes.one(parameter, SH + "path")
            if path is None:
                raise nodes.fault(parameter, "a parameter has no sh:path", "name its predicate")
            parameters.append(
                Parameter(nodes.iri(parameter, SH + "path", path), nodes.flag(parameter, SH + "optional"))
            )
        if not any(not parameter.optional for parameter in parameters):
            raise nodes.fault(
                node, "the component has no parameter that must be given", "declare one with sh:parameter"
            )
        found.append(Component(node, tuple(sorted(parameters, key=lambda p: p.path))))
    return tuple(found)


def messages(nodes: Nodes, node: Term) -> tuple[ox.Literal, ...]:
    """Return the messages of a shape, a constraint or a validator; one a language at most is looked at."""
    return tuple(value for value in nodes.values(node, SH + "message") if isinstance(value, ox.Literal))


def constraint(nodes: Nodes, shape: Term, node: Term, path: model.Path | None) -> Constraint | None:
    """Return a constraint of ``sh:sparql``; nothing for one that is deactivated."""
    told = nodes.one(node, SH + "select")
    if told is None:
        raise nodes.fault(node, "a constraint of sh:sparql has no sh:select", "give it a query in sh:select")
    query = _query(nodes, node, nodes.text(node, SH + "select", told), path, set())
    if nodes.flag(node, SH + "deactivated"):
        return None
    kind = model.Sparql(query, node=node, messages=messages(nodes, node))
    return Constraint(SH + "SPARQLConstraintComponent", kind)


def target(nodes: Nodes, shape: Term, node: Term) -> model.Target:
    """Return a target of ``sh:target``: a query of its own, or that of a target type with its parameters."""
    if nodes.values(node, SH + "select"):
        told = nodes.one(node, SH + "select")
        assert told is not None
        return model.TargetSparql(_query(nodes, node, nodes.text(node, SH + "select", told), None, set()))
    for kind in nodes.values(node, "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"):
        told = nodes.one(kind, SH + "select")
        if told is None:
            continue
        values = []
        for parameter in nodes.values(kind, SH + "parameter"):
            path = nodes.one(parameter, SH + "path")
            given = [] if path is None else nodes.values(node, nodes.iri(parameter, SH + "path", path))
            if path is not None and given:
                values.append((Parameter(nodes.iri(parameter, SH + "path", path), False).variable, given[0]))
        query = _query(nodes, kind, nodes.text(kind, SH + "select", told), None, {name for name, _ in values})
        return model.TargetSparql(query, tuple(values))
    raise nodes.fault(shape, f"the target {shown(node)} has no sh:select", "give it a query, or a type that has one")


def regex_problem(regex: str, flags: str) -> str:
    """Say what is wrong with a regular expression or its flags (XPath functions 5.6.1); empty when nothing is."""
    if set(flags) - _FLAGS:
        return "the flags are s, m, i, x and q"
    text = f"ASK {{ FILTER(REGEX('', {ox.Literal(regex)}, {ox.Literal(flags)})) }}"
    try:
        ox.Store().query(text)
        if "q" not in flags:
            re.compile(regex)
    except (SyntaxError, ValueError, re.error) as error:
        return " ".join(str(error).split())
    return ""


def _query(nodes: Nodes, node: Term, text: str, path: model.Path | None, variables: Iterable[str]) -> str:
    """Return a query with the prefixes that it declares (SHACL 5.2.1) and the path of the shape (5.3.2).

    Raises ``CalckgError`` where it can't be pre-bound (SHACL 5.3.1 and appendix A) or does not parse.
    """
    if path is not None:
        text = re.sub(r"[$?]PATH\b", lambda _: path_text(path), text)
    bare = _NOISE.sub(" ", text)
    bound = {"this", *variables}
    for name, pattern in _NEVER.items():
        if re.search(pattern, bare, re.IGNORECASE):
            raise nodes.fault(
                node, f"the query has {name}, which can't be pre-bound", "write it another way (SHACL, A.1)"
            )
    for name in re.findall(r"\bAS\s+[?$](\w+)", bare, re.IGNORECASE):
        if name in bound or name in {"shapesGraph", "currentShape"}:
            raise nodes.fault(node, f"the query binds ?{name}, which is bound before", "take another variable")
    for head in re.findall(r"\{\s*SELECT\b(.*?)(?:\bWHERE\b|\{)", bare, re.IGNORECASE | re.DOTALL):
        if not re.search(r"[?$]this\b", head):
            raise nodes.fault(node, "a sub-query does not return ?this", "add it to what the sub-query selects")
    query = _prefixes(nodes, node) + text
    try:
        ox.Store().query(query)
    except SyntaxError as error:
        raise nodes.fault(node, f"the query does not parse ({' '.join(str(error).split())[:120]})", "mend it") from None
    except (OSError, ValueError, RuntimeError) as error:
        raise CalckgError(f"{shown(node)}: the query can't be run: {error}") from None
    return query


def _prefixes(nodes: Nodes, node: Term) -> str:
    seen: dict[Term, None] = {}
    waiting = nodes.values(node, SH + "prefixes")
    while waiting:
        table = waiting.pop(0)
        if table not in seen:
            seen[table] = None
            waiting += nodes.values(table, _OWL + "imports")
    found: dict[str, str] = {}
    for table in seen:
        for entry in nodes.values(table, SH + "declare"):
            prefix, namespace = nodes.one(entry, SH + "prefix"), nodes.one(entry, SH + "namespace")
            if prefix is None or namespace is None:
                raise nodes.fault(entry, "a declaration lacks sh:prefix or sh:namespace", "give both")
            if not isinstance(namespace, ox.Literal) or namespace.datatype.value not in {
                XSD + "anyURI",
                XSD + "string",
            }:
                raise nodes.fault(entry, f"sh:namespace is {shown(namespace)}", 'write it as "…"^^xsd:anyURI')
            name = nodes.text(entry, SH + "prefix", prefix)
            if found.setdefault(name, namespace.value) != namespace.value:
                raise nodes.fault(entry, f"the prefix {name} stands for two namespaces", "declare it once")
    return "".join(f"PREFIX {prefix}: <{namespace}>\n" for prefix, namespace in sorted(found.items()))


def path_text(path: model.Path) -> str:
    """Return a path as SPARQL writes it."""
    match path:
        case model.Predicate(iri):
            return f"<{iri}>"
        case model.Inverse(inner):
            return f"^({path_text(inner)})"
        case model.Sequence(paths):
            return "(" + "/".join(map(path_text, paths)) + ")"
        case model.Alternative(paths):
            return "(" + "|".join(map(path_text, paths)) + ")"
        case model.Closure(inner, least, many):
            return f"({path_text(inner)}){'?' if not many else '+' if least else '*'}"
