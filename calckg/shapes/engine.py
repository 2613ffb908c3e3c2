"""Validate a graph against shapes files: read the shapes, compile them, run the plans, report."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, nullcontext, suppress
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pyoxigraph as ox

from calckg import columnar, plain_lines, rdf, resources, staging
from calckg.errors import CalckgError, SourceError, UnknownNameError
from calckg.files import readable
from calckg.findings import FileSource, GraphSource, Report, Severity
from calckg.kg import KnowledgeGraph
from calckg.shapes import algebra as al
from calckg.shapes import compiler, model
from calckg.shapes.columns.on_columns import OnColumns
from calckg.shapes.model import Term
from calckg.shapes.options import Options
from calckg.shapes.reading import doubts, reader, shapes_graph
from calckg.shapes.reports import file_lines, places, report, report_graph
from calckg.shapes.reports.file_lines import DataFile, Statement
from calckg.shapes.results import Outcome
from calckg.sparql import LocalGraph
from calckg.uncollected import uncollected

if TYPE_CHECKING:
    import rdflib
    from duckdb import DuckDBPyConnection

    from calckg.sparql import SparqlGraph

_A_LINE = 80  # bytes of a statement in N-Triples, about
Rules = Sequence[Path] | model.Shapes
"""What to check against: files of shapes, or what was read of such (``read_shapes``)."""


@dataclass(frozen=True)
class Validation:
    """The outcome of a validation.

    ``conforms`` is SHACL's own word (no result of any severity, SHACL 3.6.1); ``outcomes`` is what became of each
    constraint, ``triples`` the count of the data's, ``None`` where an endpoint does not tell. ``standing`` is the count
    of constraints that were not asked: the build has found nothing by them. ``notes`` are lines for people: what was
    not checked, and what the shapes have that is no term of SHACL. ``files`` are those that the shapes were read from.
    ``find`` makes the findings, of the columns, which are kept as long as the outcome is.
    """

    outcomes: tuple[Outcome, ...]
    shapes_graph: ox.Store
    find: Callable[[], Report] = field(repr=False)
    triples: int | None
    standing: int = 0
    notes: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()

    @cached_property
    def report(self) -> Report:
        """A finding for each result that was kept, with its place; it is made when it is first asked for.

        For the lines of findings it reads the data's files once more: of a file that has gone there are none.
        """
        return self.find()

    @property
    def shapes(self) -> int:
        """Count the shapes that were checked against: those with a constraint of their own, each once."""
        return len({outcome.plan.shape.node for outcome in self.outcomes})

    @property
    def conforms(self) -> bool:
        """Tell whether there is no result."""
        return not any(outcome.total for outcome in self.outcomes)

    def graph(self) -> list[ox.Triple]:
        """Return the ``sh:ValidationReport``."""
        return report_graph.triples(self.outcomes)

    def to_rdflib(self) -> rdflib.Graph:
        """Return the ``sh:ValidationReport`` as an rdflib graph."""
        return rdf.to_rdflib(self.graph())

    def turtle(self) -> bytes:
        """Return the ``sh:ValidationReport`` as Turtle."""
        with uncollected():
            return report_graph.turtle(self.outcomes)

    def write(self, output: IO[bytes], name: str) -> None:
        """Write the ``sh:ValidationReport`` in the format called ``name``: turtle, ntriples or jsonld."""
        with uncollected():
            report_graph.write(self.outcomes, output, name)

    def at_least(self, severity: Severity) -> int:
        """Count the results of this severity or a graver one, those too that the limit left out."""
        grave = (outcome for outcome in self.outcomes if report.severity(outcome.plan) >= severity)
        return sum(outcome.total for outcome in grave)

    def counts(self) -> dict[str, int]:
        """Count the results by severity, those left out too, gravest first."""
        found = dict.fromkeys(sorted(Severity, reverse=True), 0)
        for outcome in self.outcomes:
            found[report.severity(outcome.plan)] += outcome.total
        return {str(severity): number for severity, number in found.items() if number}


def shape_files() -> list[Path]:
    """Return calckg's own shapes and the prefix table that they declare their prefixes in."""
    folder = resources.ontology_dir()
    return [*sorted((folder / "shapes").glob("*.ttl")), folder / "prefixes.ttl"]


def read_shapes(paths: Sequence[Path]) -> model.Shapes:
    """Read the shapes in ``paths``, and in the files that they import, together.

    Raises ``CalckgError`` for none, or for what is not well formed.
    """
    return _shapes(shapes_graph.read(paths), ", ".join(map(str, paths)))


def shapes_of(triples: Iterable[ox.Triple], name: str) -> model.Shapes:
    """Read the shapes in the triples of what ``name`` names, as ``read_shapes`` does."""
    return _shapes(shapes_graph.read((), triples), name)


def _shapes(found: shapes_graph.Found, name: str) -> model.Shapes:
    told = _numbered(found.triples)
    try:
        shapes = reader.read(told)
    except SourceError:
        raise
    except CalckgError as error:
        raise CalckgError(f"{name}: {error}") from None
    if not shapes.shapes:
        raise CalckgError(f"{name}: there is no shape in it; give one with sh:NodeShape or sh:PropertyShape")
    return shapes.changed(files=found.files)


def _of_data(connection: DuckDBPyConnection, data: Iterable[DataFile] = ()) -> model.Shapes:
    """Return the shapes that the data suggest, which may be in the files of the data; else calckg's own."""
    found = shapes_graph.suggested(connection, dict(data))
    return _shapes(found, "sh:shapesGraph of the data") if found.triples else read_shapes(shape_files())


def _known(shapes: Rules) -> model.Shapes:
    return shapes if isinstance(shapes, model.Shapes) else read_shapes(shapes)


def _numbered(triples: Iterable[ox.Triple]) -> list[ox.Triple]:
    """Name blank nodes in their order, so that a report names a shape without an IRI the same way each time.

    The names are not the data's: what is read from files has random ones, what is built those of its readers.
    """
    nodes: dict[ox.BlankNode, ox.BlankNode] = {}

    def named(term: Any) -> Any:
        if not isinstance(term, ox.BlankNode):
            return term
        return nodes.setdefault(term, ox.BlankNode(f"calckgshape{len(nodes):06}"))

    return [
        ox.Triple(named(t.subject), t.predicate, named(t.object))
        if isinstance(t.object, ox.BlankNode) or isinstance(t.subject, ox.BlankNode)
        else t
        for t in triples
    ]


def validate(
    quads: Iterable[ox.Quad],
    shapes: Rules | None,
    files: Mapping[str, str] | None = None,
    options: Options | None = None,
) -> Validation:
    """Validate the merge of ``quads`` against ``shapes``, else against those that the data suggest, or calckg's own.

    ``files`` gives the file that each subject (as N-Triples text) was read from, where there are files; else the
    source of a finding is the named graph of the statement that it is about, else of its focus node. Raises
    ``SourceError`` for a file that can't be read, ``CalckgError`` for shapes that are not well formed or not there.
    """
    known = None if shapes is None else _known(shapes)
    connection = columnar.connect()
    columnar.add(connection, lambda: staging.stage_quads(connection, quads))
    known = known or _of_data(connection)
    return _run(connection, OnColumns(connection, shapes=known.graph), known, files or {}, options or Options())


def validate_files(
    paths: Sequence[Path], shapes: Rules | None, options: Options | None = None, name: str | None = None
) -> Validation:
    """Validate RDF files, taken together, as ``validate`` does; the source of a finding is the file that says it.

    They are in the format called ``name`` (``rdf.FORMATS``), else in what their suffixes stand for.
    """
    known = None if shapes is None else _known(shapes)
    connection = columnar.connect()
    graphs = {rdf.address_of(path): DataFile(path, name) for path in paths}
    with tempfile.TemporaryDirectory(prefix="calckg-") as folder:
        # As lines they go to the columns without Python, and to a store if a shape asks in SPARQL.
        lines: dict[str, Path] = {}
        for number, (graph, (path, _)) in enumerate(graphs.items()):
            file = readable(path)
            if not _has_lines(file, name) or not plain_lines.are_plain(connection, file):
                file = Path(folder) / f"{number}.nt"
                rdf.write_lines(path, file, name)
            lines[graph] = file

        def stage() -> None:
            for graph, file in lines.items():
                plain_lines.stage(connection, file, graph)

        def store() -> SparqlGraph:
            made = ox.Store()
            with connection.cursor() as cursor:
                for file in lines.values():
                    if plain_lines.are_plain(cursor, file):
                        made.bulk_load(path=str(file), format=ox.RdfFormat.N_TRIPLES, lenient=True)
                    else:  # a load would give blank nodes other names than the columns have
                        made.bulk_extend(ox.parse(path=str(file), format=ox.RdfFormat.N_TRIPLES, lenient=True))
            return LocalGraph(made)

        columnar.give_back(connection, sum(file.stat().st_size for file in lines.values()) // _A_LINE)
        columnar.add(connection, stage)
        known = known or _of_data(connection, graphs.values())
        return _run(connection, OnColumns(connection, store, known.graph), known, {}, options or Options(), graphs)


def _has_lines(file: Path, name: str | None) -> bool:
    """Tell whether a file has N-Triples as they are, and can be read more than once."""
    return file.is_file() and file.suffix.lower() != ".gz" and (name or rdf.SUFFIXES.get(file.suffix)) == "ntriples"


def rule(validation: Validation, outcome: Outcome) -> str:
    """Return the IRI by which findings name the shape of an outcome."""
    return report.rule(outcome.plan.shape.node, validation.shapes_graph)


def validate_graph(graph: KnowledgeGraph, shapes: Rules, options: Options | None = None) -> Validation:
    """Validate a graph: one that is here by its columns, and by its store what is written in SPARQL; else by SPARQL."""
    known = _known(shapes)
    if graph.distant_address is not None:
        return _distant(graph.sparql, known, options or Options())
    stored = graph.manifest.get("store", True)
    columnar.give_back(graph.columns, staging.count(graph.columns, "quad"))
    backend = OnColumns(graph.columns, (lambda: graph.sparql) if stored else None, known.graph)
    triples = graph.manifest.get("triples")  # an older build does not have them
    options = options or Options()

    def cleared(plans: Sequence[al.Plan]) -> set[int]:
        if options.recheck or isinstance(shapes, model.Shapes):  # a build has found what it did by files
            return set()
        from calckg.shapes import standing

        return standing.nothing_found(graph, plans, shapes)

    return _run(graph.columns, backend, known, {}, options, triples=triples, cleared=cleared)


def _distant(graph: SparqlGraph, shapes: model.Shapes, options: Options) -> Validation:
    """Run all plans inside a triple store; the source of a finding is its default graph."""
    from calckg.shapes.store.on_sparql import OnSparql

    plans = list(compiler.compile_shapes(_chosen(shapes, options)))
    outcomes = []
    triples: int | None = None
    # What is wrong with the store the first constraint tells, with its name; the number can be done without.
    with suppress(CalckgError) if plans else nullcontext():
        triples = _count(graph)
    backend = OnSparql(graph, shapes.graph, triples=triples)
    with closing(backend.run(plans, limit=options.limit, focus=options.focus or None)) as run:
        for outcome in run:
            outcomes.append(outcome)
            options.progress(len(outcomes), len(plans))

    def find() -> Report:
        return Report(report.findings(outcomes, shapes.graph, lambda focus, path, value: GraphSource()))

    notes = tuple(_notes(shapes))
    return Validation(tuple(outcomes), shapes.graph, find, triples, notes=notes, files=shapes.files)


def _count(graph: SparqlGraph) -> int:
    counted = graph.query("SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }")
    return int(next(iter(counted))["n"].value)  # type: ignore[arg-type]


def _run(
    connection: DuckDBPyConnection,
    backend: OnColumns,
    shapes: model.Shapes,
    files: Mapping[str, str],
    options: Options,
    graphs: Mapping[str, DataFile] | None = None,
    triples: int | None = None,
    cleared: Callable[[Sequence[al.Plan]], set[int]] = lambda plans: set(),
) -> Validation:
    chosen = _chosen(shapes, options)
    plans = list(compiler.compile_shapes(chosen))
    nothing = cleared(plans)
    waiting = [plan for number, plan in enumerate(plans) if number not in nothing]
    outcomes = []
    with closing(backend.run(waiting, limit=options.limit, focus=options.focus or None)) as run:
        for number, plan in enumerate(plans):
            outcomes.append(Outcome(plan, ()) if number in nothing else next(run))
            options.progress(len(outcomes), len(plans))
    if triples is None:
        triples = columnar.triples(connection)
    find = partial(_found, connection, outcomes, shapes.graph, files, graphs or {})
    notes = list(_notes(shapes))
    if options.focus or not any(one.total for one in outcomes):
        notes += doubts.untargeted(connection, chosen, options.focus)
    return Validation(tuple(outcomes), shapes.graph, find, triples, len(nothing), tuple(notes), shapes.files)


def _notes(shapes: model.Shapes) -> Iterator[str]:
    yield from doubts.unknown_terms(shapes.graph)
    yield from shapes_graph.not_followed(shapes.graph)


def _found(
    connection: DuckDBPyConnection,
    outcomes: Sequence[Outcome],
    shapes: ox.Store,
    files: Mapping[str, str],
    graphs: Mapping[str, DataFile],
) -> Report:
    """Return the results with their places: those of ``graphs`` that are files are named as such."""
    told = [(r.focus, _path(o, r.path), r.value) for o in outcomes for r in o.results]
    graph_of = places.graphs_of(connection, told)
    lines = _lines(told, graph_of, graphs)

    def source(focus: Term, path: model.Path | None, value: Term | None) -> FileSource | GraphSource:
        file = files.get(str(focus))
        graph = graph_of.get((focus, path, value))
        if file is None and graph is not None and graph in graphs:
            file = str(graphs[graph].path)
        return FileSource(file, lines.get((focus, path, value))) if file else GraphSource(graph)

    return Report(report.findings(outcomes, shapes, source))


def _lines(
    told: Iterable[Statement], graph_of: Mapping[Statement, str], graphs: Mapping[str, DataFile]
) -> dict[Statement, int]:
    """Return the lines of statements in those files that have a line for each."""
    by_graph: dict[str, list[Statement]] = {}
    for statement in told:
        if statement in graph_of:
            by_graph.setdefault(graph_of[statement], []).append(statement)
    found = {}
    for graph, statements in by_graph.items():
        if graph in graphs:
            found.update(file_lines.find(graphs[graph], statements))
    return found


def _path(outcome: Outcome, path: model.Path | None) -> model.Path | None:
    return outcome.plan.shape.path if path is None else path


def _chosen(shapes: model.Shapes, options: Options) -> list[model.Shape]:
    """Return the shapes to check against; those named, with the focus nodes as targets where they have none."""
    if not options.only:
        return list(shapes)
    known = {shape.node.value: shape for shape in shapes if isinstance(shape.node, ox.NamedNode)}
    for iri in options.only:
        if iri not in known:
            raise UnknownNameError("shape", iri, known, "(its IRI or CURIE)")
    chosen = []
    for iri in dict.fromkeys(options.only):
        shape = known[iri]
        if not shape.targets and not options.focus:
            raise CalckgError(f"{iri}: the shape has no target; name the nodes to check with --focus")
        targets = shape.targets or tuple(model.TargetNode(node) for node in options.focus)
        chosen.append(shape.changed(targets=targets))
    return chosen
