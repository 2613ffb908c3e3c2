"""calckg for Python: open a graph, ask it, get rows, a data frame or an rdflib graph; check RDF against shapes."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard, Union, overload

import pyoxigraph as ox

from calckg import concepts, extract, naming, prefixes, queries, rdf
from calckg.errors import MissingToolError, UsageError
from calckg.kg import KnowledgeGraph
from calckg.printable import shortened
from calckg.sparql import check_read_only

if TYPE_CHECKING:
    import pandas
    import polars
    import rdflib

    from calckg.shapes.engine import Rules, Validation
    from calckg.shapes.options import Options

Source: TypeAlias = Union[str, Path, Iterable["str | Path"], "rdflib.Graph"]
"""RDF: a file, several, or an rdflib graph."""
_TEXT = re.compile(r"[\n\0]|^\s*(?:@|<|\{|\[|_:|PREFIX\b|BASE\b)", re.IGNORECASE)
_XSD = "http://www.w3.org/2001/XMLSchema#"
_WHOLE = ("integer", "long", "int", "short", "nonNegativeInteger", "positiveInteger")
_NUMBERS = {_XSD + name: int for name in _WHOLE} | {_XSD + name: float for name in ("decimal", "double", "float")}


@dataclass(frozen=True)
class Rows(Sequence[tuple[Any, ...]]):
    """The rows of a query: tuples of Python values in the order of ``columns``.

    An IRI is its text, a literal a ``str``, ``int``, ``float`` or ``bool`` by its datatype (another one's lexical
    form), an unbound variable ``None``. ``terms`` holds the same rows as pyoxigraph terms.
    """

    columns: list[str]
    terms: list[Sequence[Any]]
    _values: list[tuple[Any, ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_values", [tuple(map(_python, row)) for row in self.terms])

    def __len__(self) -> int:
        return len(self._values)

    @overload
    def __getitem__(self, index: int) -> tuple[Any, ...]: ...
    @overload
    def __getitem__(self, index: slice) -> list[tuple[Any, ...]]: ...
    def __getitem__(self, index: int | slice) -> tuple[Any, ...] | list[tuple[Any, ...]]:
        return self._values[index]

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self._values)

    def dicts(self) -> list[dict[str, Any]]:
        """Return each row as a dictionary from column to value."""
        return [dict(zip(self.columns, row, strict=True)) for row in self._values]

    def to_pandas(self) -> pandas.DataFrame:
        """Return a pandas data frame; raises ``MissingToolError`` when pandas is not installed."""
        try:
            import pandas
        except ImportError:
            raise MissingToolError("pandas is not installed; install it: pip install pandas") from None
        return pandas.DataFrame(self._values, columns=self.columns)

    def to_polars(self) -> polars.DataFrame:
        """Return a polars data frame; raises ``MissingToolError`` when polars is not installed."""
        try:
            import polars
        except ImportError:
            raise MissingToolError("polars is not installed; install it: pip install polars") from None
        return polars.DataFrame(self._values, schema=self.columns, orient="row", infer_schema_length=None)


def _python(term: Any) -> Any:
    if not isinstance(term, ox.Literal):
        return None if term is None else getattr(term, "value", str(term))
    datatype = term.datatype.value
    try:
        if datatype in _NUMBERS:
            return _NUMBERS[datatype](term.value)
    except ValueError:
        return term.value
    if datatype == _XSD + "boolean" and term.value in {"true", "false", "1", "0"}:
        return term.value in {"true", "1"}
    return term.value


class Graph:
    """A knowledge graph to ask. Get one from ``calckg.open``."""

    def __init__(self, graph: KnowledgeGraph) -> None:
        self._graph = graph

    def __repr__(self) -> str:
        return f"calckg.open({self._graph.name!r})"

    def query(self, name: str, /, **params: str | int) -> Rows:
        """Run the stored query ``name`` (``queries()`` lists them) with its parameters.

        A concept is given as a CURIE, an IRI or a name. Raises ``UsageError`` for an unknown query, parameter, concept
        or an ill-formed value, each with the nearest known ones.
        """
        return Rows(*queries.rows(queries.load(name).run(self._graph.sparql, params)))

    @staticmethod
    def queries() -> dict[str, str]:
        """Return the stored queries: name to summary."""
        return {name: queries.load(name).summary for name in queries.names()}

    def select(self, text: str) -> Rows:
        """Answer a read-only SPARQL SELECT; raises ``UsageError`` for another form or a malformed query."""
        check_read_only(text, self._graph.sparql)
        result = self._graph.sparql.query(text)
        if not isinstance(result, ox.QuerySolutions):
            raise UsageError("not a SELECT; use ask() or construct()")
        return Rows(*queries.rows(result))

    def ask(self, text: str) -> bool:
        """Answer a read-only SPARQL ASK; raises ``UsageError`` as ``select`` does."""
        check_read_only(text, self._graph.sparql)
        result = self._graph.sparql.query(text)
        if not isinstance(result, ox.QueryBoolean):
            raise UsageError("not an ASK; use select() or construct()")
        return bool(result)

    def construct(self, text: str) -> rdflib.Graph:
        """Answer a read-only SPARQL CONSTRUCT or DESCRIBE as an rdflib graph; raises ``UsageError`` as ``select``."""
        check_read_only(text, self._graph.sparql)
        result = self._graph.sparql.query(text)
        if not isinstance(result, ox.QueryTriples):
            raise UsageError("not a CONSTRUCT or DESCRIBE; use select() or ask()")
        return _rdflib(result)

    def search(self, text: str, limit: int = 10) -> Rows:
        """Return the concepts whose names or codes fit ``text``, best first; ``calckg.naming`` says what is best.

        Raises ``UsageError`` for a text without a letter or digit, and for a distant graph.
        """
        columns = list(naming.Found._fields[:-1])
        found = naming.search(self._graph.names, text, limit)
        return Rows(columns, [(ox.NamedNode(iri), *map(ox.Literal, texts)) for iri, *texts, _ in found])

    def to_rdflib(self, root: str | None = None) -> rdflib.Graph:
        """Return the merge as an rdflib graph: all of it, or what is about the concept ``root`` and narrower ones."""
        if root is None:
            quads = self._graph.quads()
        else:
            quads = extract.about(self._graph.sparql, concepts.find(self._graph.sparql, root))
        return _rdflib(ox.Triple(q.subject, q.predicate, q.object) for q in quads)

    def validate(
        self,
        shapes: Source | None = None,
        *,
        limit: int | None = None,
        shape: str | Iterable[str] | None = None,
        focus: str | Iterable[str] | None = None,
        recheck: bool = False,
    ) -> Validation:
        """Check the graph against ``shapes``, as ``calckg.validate`` does.

        Constraints that found nothing when the graph was built are not asked again, unless ``recheck`` is true.
        """
        from calckg.shapes import engine

        options = _options(limit, shape, focus, recheck=recheck)
        rules = engine.shape_files() if shapes is None else _rules(shapes)
        return engine.validate_graph(self._graph, rules, options)


def validate(
    data: Source,
    shapes: Source | None = None,
    *,
    limit: int | None = None,
    shape: str | Iterable[str] | None = None,
    focus: str | Iterable[str] | None = None,
    format: str | None = None,
) -> Validation:
    """Check RDF, a file, several or an rdflib graph, against SHACL shapes.

    Without ``shapes`` they are those that the data name by ``sh:shapesGraph``, else calckg's own.

    ``format`` is that of the files where their suffixes do not tell it: turtle, trig, ntriples, nquads, rdfxml, jsonld.
    ``limit`` is the most results of a constraint, ``shape`` the only shape or shapes and ``focus`` the only node or
    nodes, by their IRIs or CURIEs. The outcome has ``conforms``, ``counts()`` by severity, the findings in ``report``,
    and the ``sh:ValidationReport`` as ``turtle()`` or ``to_rdflib()``.

    Raises ``CalckgError`` for what can't be read, and for shapes that are not well formed.
    """
    from calckg.shapes import engine

    if format is not None and (not isinstance(format, str) or format not in rdf.FORMATS):
        raise UsageError(f"format={shortened(format)}: give one of {', '.join(rdf.FORMATS)}, or None")
    options, rules = _options(limit, shape, focus), None if shapes is None else _rules(shapes)
    if _is_rdflib(data):
        return engine.validate(rdf.of_rdflib(data), rules, options=options)
    return engine.validate_files(_paths(data), rules, options, format)


def _options(
    limit: int | None, shape: str | Iterable[str] | None, focus: str | Iterable[str] | None, *, recheck: bool = False
) -> Options:
    from calckg.shapes.options import Options

    return Options.of(limit, _texts("shape", shape), _texts("focus", focus), recheck=recheck)


def _texts(name: str, given: str | Iterable[str] | None) -> list[str]:
    """Return what an argument names: nothing, one or several."""
    if given is None:
        return []
    several = isinstance(given, Iterable) and not isinstance(given, str | bytes)
    texts: list[object] = list(given) if several else [given]
    for text in texts:
        if not isinstance(text, str):
            raise UsageError(f"{name}={shortened(text)}: give an IRI or a CURIE as text, several, or None")
    return [str(text) for text in texts]


def _rules(shapes: Source) -> Rules:
    from calckg.shapes import engine

    if _is_rdflib(shapes):
        return engine.shapes_of((quad.triple for quad in rdf.of_rdflib(shapes)), "the graph of shapes")
    return _paths(shapes)


def _is_rdflib(source: Source) -> TypeGuard[rdflib.Graph]:
    rdflib = sys.modules.get("rdflib")  # who has a graph of it has imported it
    return rdflib is not None and isinstance(source, rdflib.Graph)


def _paths(source: Source) -> list[Path]:
    if hasattr(source, "read"):
        raise UsageError("an open file is no RDF to check or to check against; give its path")
    paths: list[object] = [source]
    if isinstance(source, Iterable) and not isinstance(source, str | Path):
        paths = list(source)
    found = [Path(path) for path in paths if isinstance(path, str | Path)]
    if not found or len(found) < len(paths):
        told = shortened(source)
        raise UsageError(f"{told} is no RDF to check or to check against; give a file, several, or an rdflib graph")
    for path in paths:
        if isinstance(path, str) and _is_text(path):
            told = shortened(path)
            raise UsageError(f"{told} is a text, no path; write it to a file, or read it into an rdflib graph")
    return found


def _is_text(path: str) -> bool:
    """Tell whether what should be a path is the text of RDF."""
    try:
        return not Path(path).exists() and _TEXT.search(path) is not None
    except (OSError, ValueError):  # too long for a path, or with a NUL in it
        return True


def _rdflib(triples: Iterable[ox.Triple]) -> rdflib.Graph:
    graph = rdf.to_rdflib(triples)
    for prefix, namespace in prefixes.load().namespaces.items():
        graph.bind(prefix, namespace)
    return graph


def open_graph(kg: str | Path | None = None, *, endpoint: str | None = None) -> Graph:
    """Open a graph: the bundled one, a built one in the directory ``kg``, or a distant one behind ``endpoint``.

    Raises ``CalckgError`` when it can't be opened.
    """
    if kg is not None and endpoint is not None:
        raise UsageError("kg and endpoint name two graphs; give one of them")
    if endpoint is not None:
        return Graph(KnowledgeGraph.distant(endpoint))
    return Graph(KnowledgeGraph.bundled() if kg is None else KnowledgeGraph.built(kg))
