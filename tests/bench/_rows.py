"""Rows to N-Quads in two ways: ``python -m tests.bench._rows calckg|rdflib NAMES.csv OUTPUT.nq``.

A row's concept gets a type, a category, its scheme, its notation and its name: what its row alone tells of it, so that
a mapping language can say the same.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Final

GRAPH: Final = "https://w3id.org/calckg/graph/release/medgen"
SCHEME: Final = "https://w3id.org/calckg/id/scheme/medgen"
MEDGEN: Final = "https://www.ncbi.nlm.nih.gov/medgen/"
CATEGORY: Final = "https://w3id.org/biolink/vocab/NamedThing"
MAPPING: Final = f"""
@prefix rr: <http://www.w3.org/ns/r2rml#> .
@prefix rml: <http://semweb.mmlab.be/ns/rml#> .
@prefix ql: <http://semweb.mmlab.be/ns/ql#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .

<https://example.org/mapping/concept> a rr:TriplesMap ;
  rml:logicalSource [ rml:source "PATH" ; rml:referenceFormulation ql:CSV ] ;
  rr:subjectMap [ rr:template "{MEDGEN}{{CUI}}" ; rr:class skos:Concept, <{CATEGORY}> ; rr:graph <{GRAPH}> ] ;
  rr:predicateObjectMap [ rr:predicate skos:inScheme ; rr:object <{SCHEME}> ] ,
    [ rr:predicate skos:notation ; rr:objectMap [ rr:template "medgen:{{CUI}}" ; rr:termType rr:Literal ] ] ,
    [ rr:predicate skos:prefLabel ; rr:objectMap [ rml:reference "name" ; rr:language "en" ] ] .
"""
"""The same as an RML mapping of the file ``PATH``."""


def with_calckg(source: Path, target: Path) -> None:
    """Go calckg's way: the file into the tables, the tables to quads, all of it in SQL."""
    import duckdb

    from calckg import tables
    from tests import stating

    with duckdb.connect() as connection:
        tables.create(connection, temporary=True)
        connection.execute(
            "CREATE TEMP TABLE row AS SELECT * FROM read_csv($path, header = true, all_varchar = true, quote = '\"')",
            {"path": str(source)},
        )
        connection.execute(
            "INSERT INTO concept (graph, concept, scheme, notation, category) "
            "SELECT $graph, $medgen || CUI, $scheme, 'medgen:' || CUI, [$category] FROM row",
            {"graph": GRAPH, "medgen": MEDGEN, "scheme": SCHEME, "category": CATEGORY},
        )
        connection.execute(
            "INSERT INTO name (graph, concept, text, lang, kind) "
            "SELECT $graph, $medgen || CUI, name, 'en', 'preferred' FROM row",
            {"graph": GRAPH, "medgen": MEDGEN},
        )
        connection.execute("CREATE TEMP TABLE nquad (s VARCHAR, p VARCHAR, o VARCHAR, g VARCHAR)")
        stating.insert(connection, "nquad", ("concept", "name"))
        quoted = str(target).replace("'", "''")
        connection.execute(
            "COPY (SELECT s || ' ' || p || ' ' || o || ' ' || g || ' .' FROM nquad) "
            f"TO '{quoted}' (FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\x01')"
        )


def with_rdflib(source: Path, target: Path) -> None:
    """Go row by row, the shortest way that rdflib has."""
    from rdflib import Dataset, Literal, URIRef
    from rdflib.namespace import RDF, SKOS

    dataset = Dataset()
    graph = dataset.graph(URIRef(GRAPH))
    category, scheme = URIRef(CATEGORY), URIRef(SCHEME)
    with source.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            concept = URIRef(MEDGEN + row["CUI"])
            graph.add((concept, RDF.type, SKOS.Concept))
            graph.add((concept, RDF.type, category))
            graph.add((concept, SKOS.inScheme, scheme))
            graph.add((concept, SKOS.notation, Literal("medgen:" + row["CUI"])))
            graph.add((concept, SKOS.prefLabel, Literal(row["name"], lang="en")))
    dataset.serialize(str(target), format="nquads", encoding="utf-8")


WAYS: Final = {"calckg": with_calckg, "rdflib": with_rdflib}


if __name__ == "__main__":
    WAYS[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
