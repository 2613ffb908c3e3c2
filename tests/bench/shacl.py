"""Eight shapes over generated data with seeded violations, from files to report, beside pySHACL.

``BENCH_TRIPLES`` says how many triples (100,000); pySHACL takes minutes for a million.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

from tests.bench._run import CALCKG, folder, run, say, verdict

TRIPLES = int(os.environ.get("BENCH_TRIPLES", "100000"))
FASTER, MEMORY = 1 / 40, 0.5
A_NODE = 7  # triples of a node
SHAPES = """@prefix ex: <http://example.org/> . @prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
ex:code a sh:PropertyShape ; sh:targetClass ex:Thing ; sh:path ex:code ; sh:minCount 1 ; sh:maxCount 1 ;
  sh:pattern "^C[0-9]{7}$" .
ex:date a sh:PropertyShape ; sh:targetClass ex:Thing ; sh:path ex:date ; sh:datatype xsd:date .
ex:kind a sh:PropertyShape ; sh:targetClass ex:Thing ; sh:path ex:kind ; sh:in ( "a" "b" "c" ) ;
  sh:nodeKind sh:Literal .
ex:name a sh:PropertyShape ; sh:targetClass ex:Thing ; sh:path ex:name ; sh:uniqueLang true .
ex:part a sh:PropertyShape ; sh:targetClass ex:Thing ; sh:path ex:part ; sh:class ex:Thing .
ex:either a sh:NodeShape ; sh:targetClass ex:Thing ;
  sh:or ( [ sh:path ex:part ; sh:minCount 1 ] [ sh:not [ sh:path ex:kind ; sh:hasValue "a" ] ] ) .
ex:whole a sh:PropertyShape ; sh:targetClass ex:Thing ; sh:path [ sh:inversePath ex:part ] ; sh:maxCount 3 .
ex:own a sh:NodeShape ; sh:targetClass ex:Thing ; sh:sparql [ sh:message "part of itself" ;
  sh:select "SELECT $this WHERE { $this <http://example.org/part> $this }" ] .
"""
PEER = """
import sys, rdflib, pyshacl
data, shapes = (rdflib.Graph().parse(path) for path in sys.argv[1:3])
_, report, _ = pyshacl.validate(data, shacl_graph=shapes)
print(sum(1 for _ in report.subjects(rdflib.URIRef("http://www.w3.org/ns/shacl#resultSeverity"))))
"""


def generate(path: Path, triples: int, seed: int = 1) -> None:
    """Write about so many triples; one node in a hundred breaks each rule."""
    chance = random.Random(seed)
    count = triples // A_NODE
    with path.open("w", encoding="utf-8") as out:
        for n in range(count):
            node = f"<http://example.org/n{n}>"
            code, date, kind, other, tongue = (chance.random() < 0.01 for _ in range(5))
            part = n if other else chance.randrange(count)
            lines = [
                "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://example.org/Thing>",
                f'<http://example.org/code> "{"X" if code else "C"}{n:07}"',
                f'<http://example.org/date> "2020-{13 if date else 11}-02"^^<http://www.w3.org/2001/XMLSchema#date>',
                f'<http://example.org/kind> "{"z" if kind else chance.choice("abc")}"',
                f'<http://example.org/name> "one {n}"@en',
                f'<http://example.org/name> "two {n}"@{"en" if tongue else "de"}',
                f"<http://example.org/part> <http://example.org/n{part}>",
            ]
            out.writelines(f"{node} {line} .\n" for line in lines)


def main() -> None:
    """Print the ratios."""
    with folder() as work:
        data, shapes = work / "data.nt", work / "shapes.ttl"
        generate(data, TRIPLES)
        shapes.write_text(SHAPES, encoding="utf-8")
        peer = run(sys.executable, "-c", PEER, data, shapes)
        say(f"{TRIPLES:,} triples; pySHACL: {peer}")
        told = ("--format", "turtle", "-o", work / "report.ttl")
        ours = run(*CALCKG, "validate", data, "--shapes", shapes, *told, codes=(0, 1))
        say(f"calckg validate: {ours}")
        say(f"from files to report: ratio {ours.wall / peer.wall:.3f}; {verdict(ours.wall / peer.wall, FASTER)}")
        say(f"memory: ratio {ours.memory / peer.memory:.2f}; {verdict(ours.memory / peer.memory, MEMORY)}")
