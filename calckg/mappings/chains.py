"""Chains of mappings: the shortest way from one code to another, or from a code back into its own vocabulary.

``links`` makes what chains are made of: ``mapping_link(id, a, b, kind, path)``, each mapping that is not negated and
has two ends, once in each direction. ``kind`` is how much it says (``KINDS``: "broad" where ``b`` is the broader one),
and ``path`` its predicate, with ^ before it where it is read against its direction, as in SPARQL's property paths.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from sys import intern
from typing import TYPE_CHECKING, Final, NamedTuple

from calckg import prefixes
from calckg.errors import UsageError
from calckg.mappings.codes import TERMS
from calckg.mappings.intake import quoted
from calckg.mappings.vocabulary import namespaces, term_id

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

KINDS: Final = ("exact", "close", "broad", "narrow", "related", "xref", "other")
"""What a mapping says of its ends, the strongest first; broad and narrow are as strong as each other."""
RANKS: Final[Mapping[str, int]] = {kind: place for place, kind in enumerate(k for k in KINDS if k != "narrow")} | {
    "narrow": KINDS.index("broad")
}
_KINDS: Final = {
    "exact": ("skos:exactMatch", "owl:equivalentClass", "owl:equivalentProperty", "owl:sameAs"),
    "close": ("skos:closeMatch",),
    "broad": ("skos:broadMatch", "rdfs:subClassOf", "rdfs:subPropertyOf"),
    "narrow": ("skos:narrowMatch",),
    "related": ("skos:relatedMatch",),
    "xref": ("oboInOwl:hasDbXref", "rdfs:seeAlso"),
}
SYMMETRIC: Final = ("skos:exactMatch", "skos:closeMatch", "skos:relatedMatch", *_KINDS["exact"][1:])
"""The predicates that say the same read against their direction."""
TURNED: Final = {"broad": "narrow", "narrow": "broad"}
"""What a mapping says read against its direction."""
ENDS: Final = f"{TERMS} AND subject <> object"
"""SQL: a row of ``mapping`` has two ends, and they are two."""


def iri(code: str) -> str | None:
    """Return the IRI of a code as mappings tell it, which machine formats give; none where its prefix is unknown."""
    table = prefixes.load()
    if "://" not in code and code.partition(":")[0] not in table.namespaces:
        return None
    try:
        return table.expand(code)
    except UsageError:  # what is no IRI
        return None


class Link(NamedTuple):
    """What joins two codes: the mapping of a row, or what the graph has, which is none's; and where it stands."""

    row: int | None
    place: str


class Chains:
    """Links of codes, one way (``directed``) or both ways; of several between two codes the first is taken."""

    def __init__(self, links: Iterable[tuple[str, str, Link]], directed: bool = False) -> None:
        self._links: dict[tuple[str, str], Link] = {}
        self._near: dict[str, list[str]] = {}
        known, near = self._links, self._near
        for start, end, link in links:
            one, other = intern(start), intern(end)  # a text that is there once is found faster
            if (one, other) not in known:
                known[one, other] = link
                near.setdefault(one, []).append(other)
            if not directed and (other, one) not in known:
                known[other, one] = link
                near.setdefault(other, []).append(one)
        for codes in near.values():
            codes.sort()

    def codes(self) -> list[str]:
        """Return the codes that links lead from, in order."""
        return sorted(self._near)

    def shortest(self, start: str, ends: Iterable[str]) -> Iterator[list[tuple[str, Link]]]:
        """Yield a shortest chain from ``start`` to each of ``ends`` that can be reached, the nearest first.

        A chain has each code that is come to, with the link to it; of chains as long the first in order is taken.
        """
        wanted, near, links = set(ends) - {start}, self._near, self._links
        before = {start: start}
        waiting = [start]
        for here in waiting:
            if not wanted:
                break
            for code in near.get(here, ()):
                if code in before:
                    continue
                before[code] = here
                waiting.append(code)
                if code in wanted:
                    wanted.discard(code)
                    chain, end = [], code
                    while end != start:
                        last = before[end]
                        chain.append((end, links[last, end]))
                        end = last
                    chain.reverse()
                    yield chain


def links(connection: DuckDBPyConnection) -> None:
    """Make ``mapping_link`` of ``mapping``."""
    symmetric = ", ".join(map(quoted, SYMMETRIC))
    turned = " ".join(f"WHEN {quoted(kind)} THEN {quoted(other)}" for kind, other in TURNED.items())
    connection.execute(
        f"""CREATE OR REPLACE TABLE mapping_link AS
        WITH told AS (
            SELECT id, subject, object, coalesce(predicate, '') AS predicate, {kind_of("predicate")} AS kind
            FROM mapping WHERE NOT negated AND {ENDS})
        SELECT id, subject AS a, object AS b, kind, predicate AS path FROM told UNION ALL
        SELECT id, object, subject, CASE kind {turned} ELSE kind END,
            CASE WHEN predicate IN ({symmetric}) THEN predicate ELSE '^' || predicate END FROM told"""
    )


def kind_of(predicate: str) -> str:
    """Return SQL for the kind of a predicate, which the SQL ``predicate`` gives as a CURIE."""
    cases = " ".join(
        f"WHEN {predicate} IN ({', '.join(map(quoted, names))}) THEN {quoted(kind)}" for kind, names in _KINDS.items()
    )
    return f"CASE {cases} ELSE 'other' END"


def rank_of(kind: str) -> str:
    """Return SQL for how strong a kind is, 0 the strongest."""
    return f"CASE {kind} " + " ".join(f"WHEN {quoted(name)} THEN {rank}" for name, rank in RANKS.items()) + " END"


def labels(connection: DuckDBPyConnection, codes: str) -> None:
    """Make ``mapping_label(code, label)``: names of the codes that the statement ``codes`` gives, where there is one.

    It is the graph's, which ``term`` and ``quad`` of the connection have; else one that the mappings give.
    """
    namespaces(connection)
    label = term_id(connection, "rdfs:label")
    run = connection.execute
    run(f"CREATE OR REPLACE TABLE mapping_named AS SELECT DISTINCT code FROM ({codes}) c")
    run(
        f"""CREATE OR REPLACE TABLE mapping_label AS
        WITH named AS (
            SELECT n.code, coalesce(s.namespace || substr(n.code, strpos(n.code, ':') + 1), n.code) AS iri
            FROM mapping_named n LEFT JOIN mapping_space s ON s.prefix = split_part(n.code, ':', 1)),
        graph AS (
            SELECT n.code, min(l.value) AS label FROM named n JOIN term t ON t.value = n.iri AND t.kind = 0
            JOIN quad q ON q.s = t.id JOIN term l ON l.id = q.o
            WHERE q.p = {label} GROUP BY n.code),
        told AS (
            SELECT e.code, min(e.label) AS label FROM (
                SELECT n.code, r.subject_label AS label FROM mapping_named n JOIN mapping m ON m.subject = n.code
                JOIN mapping_row r ON r.id = m.id UNION ALL
                SELECT n.code, r.object_label FROM mapping_named n JOIN mapping m ON m.object = n.code
                JOIN mapping_row r ON r.id = m.id) e WHERE e.label IS NOT NULL GROUP BY e.code)
        SELECT n.code, coalesce(g.label, t.label) AS label
        FROM mapping_named n LEFT JOIN graph g ON g.code = n.code LEFT JOIN told t ON t.code = n.code
        WHERE coalesce(g.label, t.label) IS NOT NULL"""
    )
    run("DROP TABLE mapping_named; DROP TABLE mapping_space")
