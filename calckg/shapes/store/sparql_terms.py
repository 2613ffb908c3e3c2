"""Terms in queries: blank nodes and sets of nodes, which SPARQL has no words for, are functions of a local store.

An endpoint has no such functions: a set is written out there, and a blank node of a shape can't be asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

import pyoxigraph as ox

from calckg.errors import CalckgError, EndpointError
from calckg.shapes.model import Term
from calckg.shapes.store.spellings import stored
from calckg.sparql import EndpointGraph, LocalGraph, SparqlGraph

_NODE: Final = ox.NamedNode("urn:x-calckg:node")  # a function: of a blank node's label, the node; else what it is given
_SET: Final = "urn:x-calckg:set-"
_MANY: Final = 20  # terms: of more not each is compared with each node
_STRING: Final = "http://www.w3.org/2001/XMLSchema#string"
_TRUE, _FALSE = ox.Literal(True), ox.Literal(False)
_OnNode: TypeAlias = "Callable[[ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple], Term | None]"
Row: TypeAlias = "dict[str, Term]"


class BlankNodeError(CalckgError):
    """Say that an endpoint can't be asked for a blank node of the shapes; whoever knows the shape says which."""


class Terms:
    """Writes terms for the queries to one graph, and asks them.

    ``by_hash`` says whether the graph is small enough for joins that hold a predicate in memory.
    """

    def __init__(self, graph: SparqlGraph, by_hash: bool = True) -> None:
        self.graph, self._by_hash = graph, by_hash
        self._functions: dict[ox.NamedNode, _OnNode] = {_NODE: _node}
        self._names: dict[frozenset[Term], ox.NamedNode] = {}  # of the functions of sets
        self._sets: dict[tuple[Term, ...], frozenset[Term]] = {}  # as a store has them

    @property
    def local(self) -> bool:
        """Whether the graph is a store in this process, which knows functions of ours."""
        return isinstance(self.graph, LocalGraph)

    @property
    def joins_by_hash(self) -> bool:
        """Whether to ask by MINUS and sub-SELECTs: Oxigraph, here or behind an endpoint, of a graph small enough.

        It joins them by hash; for MINUS some stores compare all pairs.
        """
        at_endpoint = isinstance(self.graph, EndpointGraph) and self.graph.server.startswith("Oxigraph")
        return self._by_hash and (self.local or at_endpoint)

    def text(self, term: Term) -> str:
        """Return an expression for a term; raises ``BlankNodeError`` for one that is asked of an endpoint."""
        if not isinstance(term, ox.BlankNode):
            return str(term)
        if not self.local:
            raise BlankNodeError(
                f"{term}: a blank node can't be asked of an endpoint; give it an IRI, or check a local copy"
            )
        return f'{_NODE}("{term.value}"^^{_NODE})'

    def block(self, name: str, term: Term) -> str:
        """Return a block that binds a variable to a term."""
        if isinstance(term, ox.BlankNode):
            return f"BIND({self.text(term)} AS ?{name})"
        return f"VALUES ?{name} {{ {term} }}"

    def table(self, names: Sequence[str], rows: Sequence[Sequence[Term]]) -> str:
        """Return a block that binds variables to each of ``rows``."""
        plain = [row for row in rows if not any(isinstance(term, ox.BlankNode) for term in row)]
        blank = [row for row in rows if any(isinstance(term, ox.BlankNode) for term in row)]
        variables = " ".join(f"?{name}" for name in names)
        found = f"VALUES ({variables}) {{ {' '.join(_row(map(str, row)) for row in plain)} }}"
        if not blank:
            return found
        keys = [f"{name}_key" for name in names]
        cells = (_row(self._key(term) for term in row) for row in blank)
        nodes = f"VALUES ({' '.join(f'?{key}' for key in keys)}) {{ {' '.join(cells)} }} " + " ".join(
            f"BIND({_NODE}(?{key}) AS ?{name})" for key, name in zip(keys, names, strict=True)
        )
        selected = f"{{ SELECT {variables} WHERE {{ {nodes} }} }}"  # the keys are not seen outside
        return f"{{ {found} }} UNION {selected}" if plain else selected

    def _key(self, term: Term) -> str:
        if not isinstance(term, ox.BlankNode):
            return str(term)
        self.text(term)  # refuses it where it must
        return f'"{term.value}"^^{_NODE}'

    def is_in(self, expression: str, nodes: frozenset[Term]) -> str:
        """Return an expression: what the first stands for is one of ``nodes``."""
        if not nodes:
            return "false"
        if not self.local:
            return self.is_one_of(expression, sorted(nodes, key=str))
        if nodes not in self._names:
            function = ox.NamedNode(f"{_SET}{len(self._functions)}")
            self._functions[function] = lambda term: _TRUE if term in nodes else _FALSE
            self._names[nodes] = function
        return f"{self._names[nodes]}({expression})"

    def is_one_of(self, expression: str, terms: Sequence[Term]) -> str:
        """Return an expression: what the first stands for is one of ``terms``.

        They are written out, unless they are many and the graph has functions of ours.
        """
        if len(terms) > _MANY and self.local:
            return self._is_in_set(expression, tuple(terms))
        iris = [str(term) for term in terms if isinstance(term, ox.NamedNode)]
        found = [f"(isIRI({expression}) && {expression} IN ({', '.join(iris)}))"] if iris else []
        texts, others = _by_language(terms) if len(terms) > _MANY else ({}, [*terms])
        for language, values in texts.items():
            kind = f'LCASE(LANG({expression})) = "{language}"' if language else f"DATATYPE({expression}) = <{_STRING}>"
            found.append(f"(isLiteral({expression}) && {kind} && STR({expression}) IN ({', '.join(values)}))")
        # IN compares values; of terms that may be literals, sameTerm.
        found += [f"sameTerm({expression}, {self.text(term)})" for term in others if not isinstance(term, ox.NamedNode)]
        return f"({' || '.join(found)})" if found else "false"

    def _is_in_set(self, expression: str, terms: tuple[Term, ...]) -> str:
        if terms not in self._sets:
            spelled = stored(terms)
            self._sets[terms] = frozenset(spelled.get(term, term) for term in terms)
        return self.is_in(expression, self._sets[terms])

    def rows(self, text: str) -> Iterator[Row]:
        """Ask a SELECT; yield what each solution binds.

        Raises ``CalckgError`` for a query that is malformed, ``EndpointError`` for one that failed.
        """
        found = self._asked(text)
        if not isinstance(found, ox.QuerySolutions):
            raise CalckgError("a query of a shape did not answer with solutions; make it a SELECT")
        names = [variable.value for variable in found.variables]
        try:
            for row in found:
                yield {name: term for name, term in zip(names, row, strict=True) if _is_term(term)}
        except (OSError, ValueError, RuntimeError) as error:
            raise EndpointError(f"the query failed: {' '.join(str(error).split())}") from None
        finally:
            del found  # solutions must end in their own thread, and a traceback may keep this frame for longer

    def _asked(self, text: str) -> object:
        if not isinstance(self.graph, LocalGraph) or not any(f"{name}(" in text for name in self._functions):
            return self.graph.query(text)
        functions: Mapping[ox.NamedNode, _OnNode] = self._functions
        try:
            return self.graph.store.query(text, custom_functions=dict(functions))
        except SyntaxError as error:
            raise CalckgError(f"the query is malformed: {' '.join(str(error).split())}") from None
        except (OSError, ValueError, RuntimeError) as error:
            raise EndpointError(f"the query failed: {' '.join(str(error).split())}") from None


def _by_language(terms: Sequence[Term]) -> tuple[dict[str, list[str]], list[Term]]:
    """Return the texts by their languages, as they are written, and the other terms."""
    texts, others = dict[str, list[str]](), list[Term]()
    for term in terms:
        if isinstance(term, ox.Literal) and (term.language or term.datatype.value == _STRING):
            texts.setdefault((term.language or "").lower(), []).append(str(ox.Literal(term.value)))
        else:
            others.append(term)
    return texts, others


def _row(cells: Iterator[str] | map[str]) -> str:
    return f"({' '.join(cells)})"


def _is_term(term: object) -> bool:
    return isinstance(term, ox.NamedNode | ox.BlankNode | ox.Literal)


def _node(term: object) -> Term | None:
    if isinstance(term, ox.Literal) and term.datatype == _NODE:
        return ox.BlankNode(term.value)
    return term if isinstance(term, ox.NamedNode | ox.BlankNode | ox.Literal) else None
