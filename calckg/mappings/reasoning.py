"""What follows from mappings taken at their word: which codes could then stand for nothing at all, and why.

Exact matches are equivalences, broad and narrow ones subclasses, and so is ``skos:broader`` where a vocabulary means it
so; each code is a subclass of its categories, some of which exclude each other. A class below two of those is
unsatisfiable. SQL finds what could be; a reasoner judges the module of it, and the shortest explanation is told.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import pyoxigraph as ox

from calckg import prefixes
from calckg.mappings.cardinality import EXACT
from calckg.mappings.intake import quoted
from calckg.mappings.meaning import categories, excluded
from calckg.mappings.vocabulary import term_id
from calckg.upstream.obo_ontologies import ONTOLOGIES

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SUBSUMPTIVE: Final = (*(one.prefix for one in ONTOLOGIES), "SCTID")
"""The vocabularies whose hierarchy is one of classes; MeSH's and MedGen's say what to look under, no more."""
_DEAR: Final = 1000  # a link of a mapping, beside one of a vocabulary: the fewest mappings make the best explanation


class Reasoned(Protocol):
    """What a reasoner must tell; ``calckg.reason.reason`` does."""

    @property
    def unsatisfiable(self) -> list[str]:
        """The IRIs of the classes that nothing can be in."""


class Link(NamedTuple):
    """That all of ``low`` is of ``high``: by a mapping (``row``), a hierarchy, or a category."""

    low: str
    high: str
    row: int | None
    place: str | None
    sign: str

    @property
    def said(self) -> str:
        """The link as text."""
        return f"{self.low} {self.sign} {self.high}" + ("" if self.place is None else f" ({self.place})")


def unsatisfiable(
    connection: DuckDBPyConnection, reason: Callable[[Iterable[ox.Quad]], Reasoned]
) -> list[tuple[int, str]]:
    """Return (row, what is said) of each mapping that a class is unsatisfiable by.

    ``connection`` is that of ``check.prepare``; ``reason`` is ``calckg.reason.reason``, and raises what that does. It
    is not asked when nothing could be unsatisfiable.
    """
    categories(connection)
    _links(connection)
    suspects = _suspects(connection)
    if not suspects:
        return []
    ways: dict[str, list[Link]] = defaultdict(list)
    for row in _module(connection):
        link = Link(*row)
        ways[link.low].append(link)
    empty = _judged(ways, suspects, reason)
    return sorted(_told(_explanation(ways, code) for code in sorted(empty)))


def _links(connection: DuckDBPyConnection) -> None:
    """Make ``subsumed(low, high, id, place, sign)``, of codes; a vocabulary's are from mapped to mapped code."""
    known = ", ".join(map(quoted, SUBSUMPTIVE))
    place = "mapping_place(r.file, r.line)"
    broader = term_id(connection, "skos:broader")
    row = "FROM mapping m JOIN mapping_told r USING (id) WHERE NOT negated AND subject <> object"
    connection.execute(
        f"""CREATE OR REPLACE TABLE subsumed AS
        WITH RECURSIVE up AS (
            SELECT c.node, q.o AS above FROM mapped_code c JOIN quad q ON q.s = c.node
            WHERE q.p = {broader} AND split_part(c.code, ':', 1) IN ({known})
            UNION SELECT u.node, q.o FROM up u JOIN quad q ON q.s = u.above
            WHERE q.p = {broader})
        SELECT l.code AS low, h.code AS high, NULL::BIGINT AS id, NULL::VARCHAR AS place, 'is below' AS sign
        FROM up JOIN mapped_code l ON l.node = up.node JOIN mapped_code h ON h.node = up.above
        WHERE split_part(l.code, ':', 1) = split_part(h.code, ':', 1) AND l.code <> h.code
        UNION ALL SELECT subject, object, m.id, {place}, '=' {row} AND {EXACT}
        UNION ALL SELECT object, subject, m.id, {place}, '=' {row} AND {EXACT}
        UNION ALL SELECT subject, object, m.id, {place}, 'is below' {row}
            AND predicate IN ('skos:broadMatch', 'rdfs:subClassOf')
        UNION ALL SELECT object, subject, m.id, {place}, 'is below' {row} AND predicate = 'skos:narrowMatch'"""
    )


def _suspects(connection: DuckDBPyConnection) -> set[str]:
    """Return the codes that come to be of two categories that exclude each other."""
    pairs = sorted(excluded())
    connection.execute(
        "CREATE OR REPLACE TABLE category_pair AS SELECT unnest(?::VARCHAR[]) AS a, unnest(?::VARCHAR[]) AS b",
        [list(column) for column in zip(*pairs, strict=True)],
    )
    connection.execute(
        """CREATE OR REPLACE TABLE category_reached AS
        WITH RECURSIVE reached AS (
            SELECT code, category FROM mapped_category
            UNION SELECT s.low, r.category FROM reached r JOIN subsumed s ON s.high = r.code)
        SELECT code, category FROM reached"""
    )
    rows = connection.execute(
        """SELECT DISTINCT a.code FROM category_reached a JOIN category_reached b ON b.code = a.code
        JOIN category_pair p ON p.a = a.category AND p.b = b.category"""
    )
    suspects = {str(row[0]) for row in rows.fetchall()}
    connection.execute("CREATE OR REPLACE TABLE suspect AS SELECT unnest(?::VARCHAR[]) AS code", [sorted(suspects)])
    return suspects


def _module(connection: DuckDBPyConnection) -> list[tuple[str, str, int | None, str | None, str]]:
    """Return the links of the suspects and of all above them: the module that decides about them."""
    return connection.execute(
        """WITH RECURSIVE around AS (
            SELECT code FROM suspect UNION SELECT s.high FROM around a JOIN subsumed s ON s.low = a.code)
        SELECT low, high, id, place, sign FROM subsumed SEMI JOIN around ON around.code = subsumed.low
        UNION ALL SELECT code, ' ' || category, NULL, NULL, 'is of' FROM mapped_category SEMI JOIN around USING (code)
        ORDER BY ALL"""
    ).fetchall()


def _judged(
    ways: Mapping[str, Sequence[Link]], suspects: set[str], reason: Callable[[Iterable[ox.Quad]], Reasoned]
) -> set[str]:
    """Return the suspects that the reasoner finds unsatisfiable, in one run."""
    table = prefixes.load()
    names = sorted({name for links in ways.values() for link in links for name in (link.low, link.high)})
    names += sorted({f" {name}" for pair in excluded() for name in pair} - set(names))
    nodes = {name: ox.NamedNode(f"urn:x-calckg:class:{number}") for number, name in enumerate(names)}
    below, apart = (ox.NamedNode(table.expand(name)) for name in ("rdfs:subClassOf", "owl:disjointWith"))
    kind, owl_class = (ox.NamedNode(table.expand(name)) for name in ("rdf:type", "owl:Class"))
    axioms = [ox.Quad(node, kind, owl_class) for node in nodes.values()]
    axioms += [ox.Quad(nodes[link.low], below, nodes[link.high]) for links in ways.values() for link in links]
    axioms += [ox.Quad(nodes[f" {a}"], apart, nodes[f" {b}"]) for a, b in sorted(excluded())]
    empty = set(reason(axioms).unsatisfiable)
    return {code for code in suspects if nodes[code].value in empty}


def _explanation(ways: Mapping[str, Sequence[Link]], code: str) -> list[Link]:
    """Return the links by which ``code`` is of two categories that exclude each other, with the fewest mappings."""
    came: dict[str, Link | None] = {}
    waiting: list[tuple[int, str, Link | None]] = [(0, code, None)]
    costs: dict[str, int] = {}
    while waiting:
        cost, here, link = heapq.heappop(waiting)
        if here in came:
            continue
        came[here], costs[here] = link, cost
        for step in ways.get(here, ()):
            if step.high not in came:
                heapq.heappush(waiting, (cost + (1 if step.row is None else _DEAR), step.high, step))
    kinds = sorted(name for name in came if name.startswith(" "))
    pairs = [pair for pair in combinations(kinds, 2) if (pair[0][1:], pair[1][1:]) in excluded()]
    best = min(pairs, key=lambda pair: (costs[pair[0]] + costs[pair[1]], pair))
    return [*dict.fromkeys(step for kind in best for step in _way(came, kind))]


def _way(came: Mapping[str, Link | None], end: str) -> list[Link]:
    steps = []
    while (step := came[end]) is not None:
        steps.append(step)
        end = step.low
    return steps[::-1]


def _told(explanations: Iterable[Sequence[Link]]) -> Iterator[tuple[int, str]]:
    """Yield the row and the text of each mapping in an explanation; one that holds another's mappings says no more."""
    by_rows: dict[frozenset[int], Sequence[Link]] = {}
    for links in explanations:
        rows = frozenset(link.row for link in links if link.row is not None)
        if len(links) < len(by_rows.get(rows, links)) or rows not in by_rows:
            by_rows[rows] = links
    by_rows.pop(frozenset(), None)  # what contradicts itself without a mapping is no mapping's fault
    said: dict[int, str] = {}
    for rows in sorted(by_rows, key=lambda rows: (len(rows), sorted(rows))):
        if not any(other < rows for other in by_rows):
            links = by_rows[rows]
            text = f"nothing could be {links[0].low}: " + ", ".join(link.said.replace("  ", " ") for link in links)
            for row in rows:
                said.setdefault(row, text)
    yield from said.items()
