"""What a result says to a person: the shape's own message, or one made of what the constraint asks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

import pyoxigraph as ox

from calckg import prefixes
from calckg.shapes import model
from calckg.shapes.algebra import Plan
from calckg.shapes.model import Term
from calckg.shapes.reading.nodes import shown
from calckg.shapes.results import Result
from calckg.shapes.store.sparql_paths import bracketed, path_text

_PLACE = re.compile(r"\{[?$](\w+)\}")
_ARTICLES = {"IRI": "an IRI", "BlankNode": "a blank node", "Literal": "a literal"}


def given(plan: Plan, result: Result) -> tuple[ox.Literal, ...]:
    """Return the messages that come with a result: of the query's row, of the constraint or of the shape; or none."""
    kind = plan.constraint.kind
    if result.message is not None:
        return (result.message,)
    if isinstance(kind, model.Sparql) and kind.messages:
        return kind.messages
    return plan.shape.messages


def of(plan: Plan, result: Result) -> list[ox.Literal]:
    """Return the messages of a result with their placeholders filled: those that come with it, or one of our own."""
    values: Mapping[str, Term] = {"this": result.focus, **result.bindings}
    if result.value is not None:
        values = {"value": result.value, **values}
    told = [_filled(message, values) for message in given(plan, result)]
    return told or [ox.Literal(_own(plan.constraint.kind))]


def of_finding(plan: Plan, result: Result) -> str:
    """Return the message of a result in one text, in English where there is some; our own says of what it is.

    It begins with the path of the shape, or with the predicate that the result is about: a report in RDF has that
    beside the message.
    """
    told = of(plan, result)
    if given(plan, result):
        return next((message.value for message in told if message.language in {None, "en"}), told[0].value)
    path = plan.shape.path if result.path is None else result.path
    if path is None:
        return told[0].value
    if isinstance(plan.constraint.kind, model.Closed):
        return f"{_path(path)} is not allowed here"
    return f"{_path(path)} {told[0].value}"


@lru_cache(1000)
def _path(path: model.Path) -> str:
    return path_text(path, lambda iri: prefixes.load().compress(iri) or bracketed(iri))


def text(term: Term) -> str:
    """Return a term in a text: a literal's lexical form, an IRI, a blank node with what tells that it is one."""
    return str(term) if isinstance(term, ox.BlankNode) else term.value


def of_all(plan: Plan) -> list[ox.Literal] | None:
    """Return the messages of any result of a plan; ``None`` where a result may have others than the next."""
    kind, told = plan.constraint.kind, plan.shape.messages
    if isinstance(kind, model.Sparql) or any(_PLACE.search(message.value) for message in told):
        return None
    return [_filled(message, {}) for message in told] or [ox.Literal(_own(kind))]


def _filled(message: ox.Literal, values: Mapping[str, Term]) -> ox.Literal:
    """Put values in the place of {$name} and {?name} (SHACL 5.2.1.1)."""

    def put(match: re.Match[str]) -> str:
        term = values.get(match[1])
        return match[0] if term is None else text(term)

    filled = _PLACE.sub(put, message.value)
    return ox.Literal(filled, language=message.language) if message.language else ox.Literal(filled)


def _own(kind: model.Kind) -> str:
    match kind:
        case model.Class(cls):
            return f"is no instance of {shown(cls)}"
        case model.Datatype(iri):
            return f"is no well-formed literal of {shown(ox.NamedNode(iri))}"
        case model.NodeKind(kinds):
            return "is not " + " or ".join(_ARTICLES[kind] for kind in sorted(kinds))
        case model.MinCount(count):
            return f"has fewer than {count} value{'s' * (count != 1)}"
        case model.MaxCount(count):
            return f"has more than {count} value{'s' * (count != 1)}"
        case model.Range(operator, limit):
            return f"is not {operator} {limit.value}"
        case model.Length(operator, length):
            return f"has {'fewer' if operator == '>=' else 'more'} than {length} characters"
        case model.Pattern(regex, flags):
            return f"does not match {regex}" + (f" (flags {flags})" if flags else "")
        case model.LanguageIn(ranges):
            return f"is in none of the languages {', '.join(ranges)}"
        case model.UniqueLang():
            return "has more than one value in a language"
        case model.Equals(iri):
            return f"is not a value of both this and {shown(ox.NamedNode(iri))}"
        case model.Disjoint(iri):
            return f"is a value of {shown(ox.NamedNode(iri))} too"
        case model.LessThan(iri, or_equals):
            return f"is not less than {'or equal to ' * or_equals}the values of {shown(ox.NamedNode(iri))}"
        case model.Not(shape):
            return f"conforms to {_name(shape)}, which it must not"
        case model.And(shapes):
            return f"does not conform to all of {_names(shapes)}"
        case model.Or(shapes):
            return f"conforms to none of {_names(shapes)}"
        case model.Xone(shapes):
            return f"does not conform to just one of {_names(shapes)}"
        case model.Node(shape) | model.Property(shape):
            return f"does not conform to {_name(shape)}"
        case model.Qualified(shape, operator, count):
            few = "fewer" if operator == ">=" else "more"
            return f"has {few} than {count} values that conform to {_name(shape)}"
        case model.Closed():
            return "has a predicate that is not allowed here"
        case model.HasValue(term):
            return f"lacks the value {shown(term)}"
        case model.In(()):
            return "can have no value: sh:in is empty"
        case model.In(terms):
            few = ", ".join(shown(term) for term in terms[:8])
            return f"is none of {few}" + (f" and {len(terms) - 8} more" if len(terms) > 8 else "")
        case model.Sparql():
            return "does not conform to a constraint in SPARQL"


def _name(shape: model.Shape) -> str:
    if not isinstance(shape.node, ox.BlankNode):
        return shown(shape.node)
    asked = [_asked(one.kind) for one in shape.constraints] if shape.path is None else []
    return asked[0] if len(asked) == 1 and asked[0] else "a shape"


def _asked(kind: model.Kind) -> str:
    """Return a constraint as a shapes graph has it, if that is short."""
    match kind:
        case model.Class(cls):
            return f"sh:class {shown(cls)}"
        case model.Datatype(iri):
            return f"sh:datatype {shown(ox.NamedNode(iri))}"
        case model.NodeKind(kinds):
            return f"sh:nodeKind {' or '.join(sorted(kinds))}"
        case _:
            return ""


def _names(shapes: tuple[model.Shape, ...]) -> str:
    return ", ".join(_name(shape) for shape in shapes) or "no shape"
