"""Data with seeded violations, eight shapes, and a built graph of the data: ``python -m tests.bench._shapes_data``.

    python -m tests.bench._shapes_data 100000 DIRECTORY [SEED]

The same number and seed give the same data. They make ``data.nt``, ``shapes.ttl`` and ``KG``, which has the columns and
the store that a build makes. For each rule one node in a hundred breaks it; nothing breaks one on which the
specification leaves a choice, so that whoever validates must find as many results.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from calckg import columnar, plain_lines, storing

A_NODE: Final = 8  # triples of a node
BROKEN: Final = 0.01
SHAPES: Final = """@prefix ex: <http://example.org/> . @prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
ex:code a sh:PropertyShape ; sh:targetClass ex:Thing ; sh:path ex:code ; sh:minCount 1 ; sh:maxCount 1 ;
  sh:pattern "^C[0-9]{7}$" ; sh:disjoint ex:kind .
ex:date a sh:PropertyShape ; sh:targetClass ex:Thing ; sh:path ex:date ; sh:datatype xsd:date ; sh:lessThan ex:until .
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
_EX: Final = "http://example.org/"
_DATE: Final = "^^<http://www.w3.org/2001/XMLSchema#date>"


def _codes(n: int, way: int) -> list[str]:
    """Return the codes of a node: as they should be, none, two, one that is none."""
    right = f'"C{n:07}"'
    return ([right], [], [right, f'"C9{n:06}"'], [f'"X{n:07}"'])[way]


def _dates(n: int, way: int) -> list[tuple[str, str]]:
    """Return since when and until when; no end where the beginning is no date, for then they can't be compared."""
    day = f"{1 + n % 28:02}"
    begin, end = ("date", f'"2020-11-{day}"{_DATE}'), ("until", f'"2021-11-{day}"{_DATE}')
    return ([begin, end], [("date", f'"2020-13-{day}"{_DATE}')], [begin, ("until", f'"2019-11-{day}"{_DATE}')])[way]


def _node(n: int, count: int, chance: random.Random) -> Iterator[tuple[str, str]]:
    """Yield what is said of a node: predicate and object."""

    def way(ways: int) -> int:
        """Return 0, or one in a hundred times each of the other ways."""
        drawn = int(chance.random() / BROKEN)
        return drawn + 1 if drawn < ways - 1 else 0

    code = way(4)
    yield from (("code", one) for one in _codes(n, code))
    yield from _dates(n, way(3))
    right = f'"{chance.choice("abc")}"'
    yield "kind", (right, '"z"', f"<{_EX}z>", f'"C{n:07}"')[way(4) if code == 0 else 0]
    yield "name", f'"one {n}"@en'
    yield "name", f'"two {n}"@{("de", "en")[way(2)]}'
    part = way(4)
    if part != 1:
        yield "part", f"<{_EX}{(f'n{chance.randrange(count)}', '', f'n{n}', 'nowhere')[part]}>"


def generate(path: Path, triples: int, seed: int) -> None:
    """Write about so many triples as canonical N-Triples."""
    chance = random.Random(seed)
    count = triples // A_NODE
    kind = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://example.org/Thing>"
    with path.open("w", encoding="utf-8") as out:
        for n in range(count):
            node = f"<{_EX}n{n}>"
            out.write(f"{node} {kind} .\n")
            out.writelines(f"{node} <{_EX}{predicate}> {value} .\n" for predicate, value in _node(n, count, chance))


def build(data: Path, folder: Path) -> None:
    """Make a built graph of ``data`` alone, without what a build derives."""
    folder.mkdir()
    connection = columnar.connect(folder / "quads.duckdb")
    try:
        quads = columnar.add(connection, lambda: plain_lines.stage(connection, data, f"{_EX}graph"))
        storing.write(connection, folder / "store")
        triples = columnar.triples(connection)
        connection.execute("CHECKPOINT")
    finally:
        connection.close()
    manifest = {"graph": "built", "quads": quads, "triples": triples, "store": True}
    (folder / "manifest.json").write_text(json.dumps(manifest) + "\n")


def main() -> None:
    """Write data, shapes and graph to the directory that is named."""
    if len(sys.argv) not in {3, 4}:
        sys.exit("usage: python -m tests.bench._shapes_data TRIPLES DIRECTORY [SEED]")
    triples, folder = int(sys.argv[1]), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    generate(folder / "data.nt", triples, int(sys.argv[3]) if len(sys.argv) == 4 else 1)
    (folder / "shapes.ttl").write_text(SHAPES, encoding="utf-8")
    build(folder / "data.nt", folder / "KG")


if __name__ == "__main__":
    main()
