"""``calckg dump``: the graph, or what is about one concept, as RDF."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from calckg import concepts, extract, prefixes, rdf, redistribution
from calckg.cli.options import EndpointOption, KgOption, OutputOption, choose_format, open_graph, opened

app = typer.Typer(add_completion=False)


@app.command()
def dump(
    root: Annotated[
        str | None,
        typer.Option(
            metavar="CONCEPT",
            help="Only this concept (a code or a name), what is narrower, and what is linked to them.",
        ),
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="NAME",
            help=f"One of: {', '.join(rdf.FORMATS)}. Default: by the suffix of -o, else nquads (turtle with --root).",
        ),
    ] = None,
    include_restricted: Annotated[
        bool,
        typer.Option("--include-restricted", help="Also what may not be passed on: SNOMED CT, UMLS."),
    ] = False,
    kg: KgOption = None,
    endpoint: EndpointOption = None,
    output: OutputOption = None,
) -> None:
    """Write the graph as RDF: the same graph gives the same bytes.

    N-Quads, TriG and JSON-LD keep the named graphs; N-Triples, Turtle and RDF/XML hold their merge. Sources
    that may not be redistributed are left out.
    """
    name = choose_format(format, output, rdf.FORMATS, rdf.SUFFIXES, "turtle" if root else "nquads")
    graph = open_graph(kg, endpoint)
    left_out = [] if include_restricted else redistribution.restricted(graph)
    if left_out:
        names = ", ".join(prefixes.load().compress(node.value) or node.value for node in left_out)
        print(f"left out, may not be redistributed: {names} (--include-restricted adds them)", file=sys.stderr)
    if root is None and graph.distant_address is None:
        from calckg import lines  # the columns are not asked for what is about one concept

        relation = redistribution.statement(left_out) if left_out else "FROM quad"
        with opened(output) as stream:
            lines.write(graph.columns, stream, name, relation)
        return
    quads = graph.quads() if root is None else extract.about(graph.sparql, concepts.find(graph.sparql, root))
    if left_out:
        quads = redistribution.without(quads, left_out)
    with opened(output) as stream:
        rdf.write_quads(quads, stream, name)
