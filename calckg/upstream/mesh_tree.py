"""The trees of MeSH: which number is below which, what kind of thing stands in which branch, and the file of the trees.

``mtreesYYYY.bin`` names headings without their identifiers. A heading that a record of the same release names is that
descriptor; any other is a concept of calckg's own scheme, minted from its name: so the trees can be walked with this
file alone.
Tree numbers move from edition to edition, so a parent is looked for among the numbers of the records, or among those of
the tree file, never across. Where the records give all parents of a descriptor, the tree file adds none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final
from unicodedata import normalize

from calckg import prefixes
from calckg.errors import SourceError
from calckg.identifiers import mesh_tree_number_ok
from calckg.loading import load
from calckg.tables import Rows
from calckg.upstream import OnError, opened

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_NOTHING: Final = "NamedThing"

BRANCHES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "A": "AnatomicalEntity",
        "C": "Disease",
        "C23": "PhenotypicFeature",  # pathological conditions, signs and symptoms
        "C23.550": "PathologicalProcess",
        "D": "ChemicalEntity",
        "E": "Procedure",
        "E07": _NOTHING,  # equipment
        "F02.463": "PhysiologicalProcess",  # mental processes
        "F02.830": "PhysiologicalProcess",  # psychophysiology
        "F03": "Disease",  # mental disorders
        "F04.570": "Procedure",  # psychiatric somatic therapies
        "F04.669": "Procedure",  # psychological techniques
        "F04.711": "Procedure",  # psychological tests
        "F04.754": "Procedure",  # psychotherapy
        "G": "BiologicalProcess",
        "G01": _NOTHING,  # physics
        "G02": _NOTHING,  # chemistry, but for biochemistry
        "G02.111": "BiologicalProcess",
        "G05.360": _NOTHING,  # genomes, genes, chromosomes
        **dict.fromkeys((f"G{number:02}" for number in range(7, 15)), "PhysiologicalProcess"),
        "G17": _NOTHING,  # mathematics
    }
)
"""The Biolink category of each branch; the longest beginning of a tree number counts, and none says nothing."""

PRECEDENCE: Final = (
    ("Disease", "PhenotypicFeature", "PathologicalProcess"),
    ("AnatomicalEntity",),
    ("ChemicalEntity",),
    ("BiologicalProcess", "PhysiologicalProcess"),
    ("Procedure",),
)
"""The kinds that exclude each other. Of a heading in several branches, the first counts: obesity is measured, too."""

_RELEASED: Final = re.compile(r"(?:19|20)[0-9]{2}")
_BLANK: Final = " \t"


def categories(tree_numbers: Iterable[str]) -> list[str]:
    """Return the Biolink classes, sorted, of a heading with these tree numbers: their IRIs."""
    found = {_category(number) for number in tree_numbers}
    chosen = next((kind for kind in PRECEDENCE if found.intersection(kind)), (_NOTHING,))
    names = sorted(found.intersection(chosen)) or [_NOTHING]
    return [prefixes.load().namespaces["biolink"] + name for name in names]


@cache
def _category(tree_number: str) -> str:
    return next((BRANCHES[tree_number[:n]] for n in range(len(tree_number), 0, -1) if tree_number[:n] in BRANCHES), "")


def release(name: str) -> str | None:
    """Return the edition in the name of a file of MeSH, a year: ``desc2026.xml``, ``mtrees2019.bin``."""
    found = _RELEASED.search(name)
    return found[0] if found else None


def fill_tree(connection: DuckDBPyConnection, path: Path, graph: str, on_error: OnError) -> int:
    """Read ``mtreesYYYY.bin``: a heading, a semicolon and a tree number in each line. Blank lines are none."""
    lines = 0

    def rows() -> Rows:
        nonlocal lines
        table = prefixes.load()
        scheme, namespace = table.expand("ckgid:scheme/ckgid"), table.namespaces["ckgid"]
        with opened(path) as stream:
            for number, line in enumerate(stream, 1):
                if not line.strip():
                    continue
                lines += 1
                heading, semicolon, place = line.rstrip("\r\n").rpartition(";")
                heading = normalize("NFC", heading.strip(_BLANK))
                problem = _problem(heading, semicolon, place, line)
                if problem is not None:
                    on_error(SourceError(problem, path, number))
                    continue
                local = f"mesh-heading/{sha256(heading.encode()).hexdigest()[:32]}"
                concept = namespace + local
                yield (
                    "concept",
                    {
                        "graph": graph,
                        "concept": concept,
                        "scheme": scheme,
                        "notation": f"ckgid:{local}",
                        "tree_number": [place],
                    },
                )
                yield "name", {"graph": graph, "concept": concept, "text": heading, "lang": "en", "kind": "preferred"}

    load(connection, rows())
    return lines


def _problem(heading: str, semicolon: str, place: str, line: str) -> str | None:
    if not semicolon or not heading:
        shown = line.rstrip("\r\n")[:60]
        return f"a heading, a semicolon and a tree number expected, {shown!r} found; is the download complete?"
    if not mesh_tree_number_ok(place):
        return f"{place!r} is not a tree number, such as C14.907.137; is there a semicolon missing?"
    return None


def finish(connection: DuckDBPyConnection, graph: str) -> None:
    """Make the hierarchy from the tree numbers, take headings for descriptors of the same name, give categories."""
    _places(connection, graph)
    _hierarchy(connection, graph)
    _unite(connection, graph)
    lacking = connection.execute(
        """
        SELECT concept, array_agg(DISTINCT number) FILTER (number IS NOT NULL) FROM (
            SELECT concept, unnest(CASE WHEN tree_number IS NULL THEN [NULL] ELSE tree_number END) AS number
            FROM concept WHERE graph = $graph AND concept NOT IN (
                SELECT concept FROM concept WHERE graph = $graph AND category IS NOT NULL)) AS place
        GROUP BY concept
        """,
        {"graph": graph},
    ).fetchall()
    load(
        connection,
        (
            ("concept", {"graph": graph, "concept": concept, "category": categories(numbers or ())})
            for concept, numbers in lacking
        ),
    )
    for table in ("mesh_place", "mesh_same"):
        connection.execute(f"DROP TABLE {table}")


def _places(connection: DuckDBPyConnection, graph: str) -> None:
    """Make ``mesh_same``, a heading and its descriptor, and ``mesh_place``, the tree numbers and those above them."""
    namespaces = prefixes.load().namespaces
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE mesh_same AS
        SELECT h.concept AS heading, min(d.concept) AS descriptor
        FROM name AS h JOIN name AS d ON d.text = h.text AND d.lang = h.lang
        WHERE h.graph = $graph AND h.kind = 'preferred' AND starts_with(h.concept, $heading)
            AND d.graph = $graph AND d.kind = 'preferred' AND starts_with(d.concept, $descriptor)
        GROUP BY h.concept
        """,
        {
            "graph": graph,
            "heading": namespaces["ckgid"] + "mesh-heading/",
            "descriptor": namespaces["mesh"] + "D",
        },
    )
    connection.execute(
        r"""
        CREATE OR REPLACE TEMP TABLE mesh_place AS
        SELECT concept, number, CASE WHEN strpos(number, '.') > 0
            THEN regexp_replace(number, '[.][0-9]+\z', '') END AS above, starts_with(concept, $heading) AS in_file
        FROM (SELECT DISTINCT concept, unnest(tree_number) AS number FROM concept WHERE graph = $graph) AS place
        """,
        {"graph": graph, "heading": namespaces["ckgid"] + "mesh-heading/"},
    )


def _hierarchy(connection: DuckDBPyConnection, graph: str) -> None:
    """Add what is above each heading: not what it is a kind of, but where its readers look for it."""
    connection.execute(
        """
        INSERT INTO broader (graph, concept, broader, relation)
        WITH step AS (
            SELECT below.concept, above.concept AS broader, below.in_file
            FROM mesh_place AS below
            LEFT JOIN mesh_place AS above ON above.number = below.above AND above.in_file = below.in_file
            WHERE below.above IS NOT NULL),
        known AS (
            SELECT concept FROM mesh_place WHERE NOT in_file
            EXCEPT SELECT concept FROM step WHERE NOT in_file AND broader IS NULL),
        named AS (
            SELECT coalesce(below.descriptor, concept) AS concept, coalesce(above.descriptor, broader) AS broader,
                in_file
            FROM step
            LEFT JOIN mesh_same AS below ON below.heading = concept
            LEFT JOIN mesh_same AS above ON above.heading = broader)
        SELECT DISTINCT $graph, concept, broader, $relation FROM named
        WHERE broader IS NOT NULL AND broader <> concept AND NOT (in_file AND concept IN (SELECT concept FROM known))
        """,
        {"graph": graph, "relation": prefixes.load().expand("meshv:broaderDescriptor")},
    )


def _unite(connection: DuckDBPyConnection, graph: str) -> None:
    """Let a heading be its descriptor; its tree numbers count when the descriptor's record gives none."""
    connection.execute(
        """
        INSERT INTO concept (graph, concept, tree_number)
        SELECT $graph, descriptor, list(DISTINCT number ORDER BY number)
        FROM mesh_same JOIN mesh_place ON concept = heading
        WHERE descriptor NOT IN (SELECT concept FROM mesh_place WHERE NOT in_file)
        GROUP BY descriptor
        """,
        {"graph": graph},
    )
    for table in ("concept", "name"):
        connection.execute(
            f"DELETE FROM {table} WHERE graph = $graph AND concept IN (SELECT heading FROM mesh_same)", {"graph": graph}
        )
