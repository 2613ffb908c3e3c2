"""How two codes are connected: the chains of mappings between them, shortest first, and what contradicts them."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from calckg import prefixes
from calckg.errors import UnknownNameError, UsageError
from calckg.findings import FileSource, GraphSource
from calckg.mappings import chains
from calckg.mappings.check import prepare
from calckg.mappings.intake import File, quoted
from calckg.upstream.sssom_slots import SCHEMES

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from calckg.kg import KnowledgeGraph

_CLAIMS: Final = ("exact", "broad", "narrow")  # the kinds that say something of the ends of a chain, too
_MOST: Final = 100_000  # chains begun; of what is further off it is only said that there may be more


@dataclass(frozen=True, slots=True)
class Code:
    """A code as a CURIE, and its name, empty where nobody gives one."""

    code: str
    label: str

    def __str__(self) -> str:
        return f"{self.code} ({self.label})" if self.label else self.code


@dataclass(frozen=True, slots=True)
class Statement:
    """A mapping as it is stated: by which file and line, or in which named graph, how justified and by whom."""

    subject: str
    predicate: str
    target: str
    negated: bool
    kind: str
    source: FileSource | GraphSource
    justification: str
    author: str
    record: str

    def as_dict(self) -> dict[str, object]:
        """Return the statement as JSON holds it."""
        return {
            "subject": self.subject,
            "subject_iri": chains.iri(self.subject),
            "predicate": self.predicate,
            "predicate_iri": chains.iri(self.predicate),
            "object": self.target,
            "object_iri": chains.iri(self.target),
            "negated": self.negated,
            "source": self.source.as_dict(),
            "justification": self.justification or None,
            "author": self.author or None,
            "record": self.record or None,
        }

    def kind_from(self, start: str) -> str:
        """Return the kind as it reads from ``start`` on: what is broader one way is narrower the other."""
        return self.kind if start == self.subject else chains.TURNED.get(self.kind, self.kind)


@dataclass(frozen=True, slots=True)
class Link:
    """One step of a chain, from ``start`` to ``end``, and all mappings that state it, the strongest first."""

    start: Code
    end: Code
    statements: Sequence[Statement]

    @property
    def kind(self) -> str:
        """What the strongest mapping says, from ``start`` to ``end``."""
        return self.statements[0].kind_from(self.start.code)


@dataclass(frozen=True, slots=True)
class Chain:
    """Links that lead from one code to the other."""

    links: Sequence[Link]

    @property
    def codes(self) -> list[Code]:
        """The codes that the chain goes through, both ends among them."""
        return [self.links[0].start, *(link.end for link in self.links)]

    @property
    def kind(self) -> str:
        """The weakest of its links; "broad/narrow" where it goes both ways."""
        kinds = {link.kind for link in self.links}
        weakest = max(kinds, key=lambda kind: (chains.RANKS[kind], kind))
        return "broad/narrow" if weakest in chains.TURNED and set(chains.TURNED) <= kinds else weakest

    def claim(self, first: int, last: int) -> str | None:
        """Return what the links from ``first`` up to ``last`` say of their ends: exact, broad or narrow, or nothing."""
        kinds = {link.kind for link in self.links[first:last]} - {"exact"}
        kind = kinds.pop() if kinds else "exact"
        return None if kinds or kind not in _CLAIMS else kind


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What can't be true beside the chains (by number, from 1) that say otherwise; none: a denial that stands alone."""

    said: str
    chains: Sequence[int]
    statements: Sequence[Statement]


@dataclass(frozen=True, slots=True)
class Explanation:
    """How ``start`` and ``end`` are connected within ``longest`` links; ``more``: a limit may have left chains out."""

    start: Code
    end: Code
    chains: Sequence[Chain]
    contradictions: Sequence[Contradiction]
    longest: int
    more: bool

    def as_dict(self) -> dict[str, object]:
        """Return all of it as JSON holds it."""

        def code(one: Code) -> dict[str, object]:
            return {"code": one.code, "iri": chains.iri(one.code), "label": one.label or None}

        return {
            "from": code(self.start),
            "to": code(self.end),
            "chains": [
                {
                    "kind": chain.kind,
                    "links": [
                        {
                            "from": code(link.start),
                            "to": code(link.end),
                            "kind": link.kind,
                            "statements": [one.as_dict() for one in link.statements],
                        }
                        for link in chain.links
                    ],
                }
                for chain in self.chains
            ],
            "contradictions": [
                {"said": one.said, "chains": list(one.chains), "statements": [s.as_dict() for s in one.statements]}
                for one in self.contradictions
            ],
            "longest": self.longest,
            "more": self.more,
        }


def explain(
    one: str,
    other: str,
    paths: Sequence[Path] = (),
    graph: KnowledgeGraph | None = None,
    limit: int = 5,
    longest: int = 6,
) -> Explanation:
    """Return the chains between two codes, CURIEs or IRIs in any known form: shortest first, then strongest.

    The mappings are those of the files ``paths``, or without them of ``graph``. Raises ``UnknownNameError`` for a code
    that stands in no mapping, with the nearest that do, and ``UsageError`` for what is no code, or twice the same.
    """
    connection, files = prepare(paths, graph)
    chains.links(connection)
    start, end = _code(connection, files, one), _code(connection, files, other)
    if start == end:
        raise UsageError(f"{one} and {other} are both {start}; give two codes")
    distance = _distances(connection, start, end, longest)
    found, more = list[Sequence[str]](), False
    for most in range(distance or 0, longest + 1 if distance else 0):
        found, more = _shortest(_steps(connection, most), start, end, most, limit)
        if more:
            break
    codes = {start, end}.union(*found)
    statements = _statements(connection, files, codes)
    chains.labels(connection, _values(codes))
    names = dict(connection.execute("SELECT code, label FROM mapping_label").fetchall())
    told = [_chain(way, statements, names) for way in found]
    ends = Code(start, names.get(start, "")), Code(end, names.get(end, ""))
    return Explanation(*ends, told, _contradictions(told, statements, start, end), longest, more)


def _code(connection: DuckDBPyConnection, files: Sequence[File], text: str) -> str:
    """Return the code as ``mapping`` has it."""
    known = "SELECT subject AS code FROM mapping UNION SELECT object FROM mapping"

    def is_there(code: str) -> bool:
        query = "SELECT 1 FROM mapping WHERE subject = ? OR object = ? LIMIT 1"
        return connection.execute(query, [code, code]).fetchone() is not None

    text = text.strip()
    if is_there(text):
        return text
    table = prefixes.load()
    iri = table.expand(text)
    code = table.compress(iri) or iri
    own = [
        prefix + ":" + iri[len(space) :]
        for file in files
        for prefix, space in file.curie_map.items()
        if iri.startswith(space)
    ]
    for candidate in (code, *own):
        if is_there(candidate):
            return candidate
    near = connection.execute(
        f"SELECT code FROM ({known}) c WHERE levenshtein(code, ?) <= 2 ORDER BY levenshtein(code, ?), code LIMIT 3",
        [code, code],
    ).fetchall()
    raise UnknownNameError("code", text, [row[0] for row in near], "(no mapping has it; name the set that does)")


def _values(codes: set[str]) -> str:
    return "SELECT unnest([" + ", ".join(map(quoted, sorted(codes))) + "]) AS code"


def _distances(connection: DuckDBPyConnection, start: str, end: str, longest: int) -> int | None:
    """Make ``chain_near`` and ``chain_far(code, steps)``, from ``start`` and to ``end``; return how far that is.

    No chain goes through its own ends.
    """
    run = connection.execute
    run("CREATE OR REPLACE TABLE chain_near (code VARCHAR, steps INTEGER)")
    run("CREATE OR REPLACE TABLE chain_far (code VARCHAR, steps INTEGER)")
    for name, code, other, within in (
        ("chain_near", start, end, ""),
        ("chain_far", end, start, f"JOIN chain_near w ON w.code = l.b AND w.steps + {{}} <= {longest}"),
    ):
        run(f"INSERT INTO {name} VALUES (?, 0)", [code])
        for step in range(1, longest + 1):
            added = run(
                f"""INSERT INTO {name} SELECT DISTINCT l.b, {step} FROM mapping_link l
                JOIN {name} n ON n.code = l.a {within.format(step)}
                WHERE n.steps = {step - 1} AND n.code <> ?
                AND NOT EXISTS (SELECT 1 FROM {name} o WHERE o.code = l.b)""",
                [other],
            ).fetchone()
            if not added or not added[0]:
                break
    row = run("SELECT steps FROM chain_far WHERE code = ?", [start]).fetchone()
    return None if row is None else int(row[0])


class _Steps(NamedTuple):
    """The links that lie on walks of a certain length: the next codes of each, with ranks, and how far it is."""

    next: Mapping[str, Sequence[tuple[str, int]]]
    far: Mapping[str, int]


def _steps(connection: DuckDBPyConnection, most: int) -> _Steps:
    rows = connection.execute(
        f"""SELECT l.a, l.b, min({chains.rank_of("l.kind")}) AS rank, any_value(f.steps) FROM mapping_link l
        JOIN chain_near n ON n.code = l.a JOIN chain_far f ON f.code = l.b
        WHERE n.steps + 1 + f.steps <= {most} GROUP BY l.a, l.b ORDER BY l.a, rank, l.b"""
    )
    onward: dict[str, list[tuple[str, int]]] = defaultdict(list)
    far = {}
    for a, b, rank, steps in rows.fetchall():
        onward[a].append((b, rank))
        far[b] = steps
    return _Steps(onward, far)


def _shortest(steps: _Steps, start: str, end: str, most: int, limit: int) -> tuple[list[Sequence[str]], bool]:
    """Return ``limit`` chains of ``most`` links or fewer, and whether there are or may be more.

    They come by length, by the weakest link, by all links, by the codes. Each of these only grows along a chain, so
    what is begun and comes first is what can end first.
    """
    waiting: list[tuple[int, int, int, tuple[str, ...]]] = [(0, 0, 0, (start,))]
    found: list[Sequence[str]] = []
    begun = 0
    while waiting and begun < _MOST:
        _, weakest, sum_of, codes = heapq.heappop(waiting)
        here = codes[-1]
        if here == end:
            if len(found) == limit:
                return found, True
            found.append(codes)
            continue
        begun += 1
        for code, rank in steps.next.get(here, ()):
            length = len(codes) + steps.far[code]
            if length <= most and code not in codes:
                heapq.heappush(waiting, (length, max(weakest, rank), sum_of + rank, (*codes, code)))
    return found, bool(waiting)


def _statements(
    connection: DuckDBPyConnection, files: Sequence[File], codes: set[str]
) -> dict[frozenset[str], list[Statement]]:
    """Return the mappings between any two of the codes, by both: those that hold first, the strongest first."""
    by_number = {file.number: file for file in files}
    rows = connection.execute(
        f"""WITH wanted AS ({_values(codes)})
        SELECT m.subject, coalesce(m.predicate, ''), m.object, m.negated, {chains.kind_of("coalesce(m.predicate, '')")},
            r.file, r.line, coalesce(r.mapping_justification, ''),
            coalesce(r.author_label, r.author_id, r.creator_label, r.creator_id, ''), coalesce(r.record_id, '')
        FROM mapping m JOIN mapping_row r USING (id)
        WHERE {chains.ENDS} AND m.subject IN (SELECT code FROM wanted) AND m.object IN (SELECT code FROM wanted)"""
    ).fetchall()
    found: dict[frozenset[str], list[Statement]] = defaultdict(list)
    for subject, predicate, obj, negated, kind, number, line, justification, author, record in rows:
        file = by_number[number]
        source = GraphSource(file.graph) if file.path is None else FileSource(str(file.path), line)
        statement = Statement(subject, predicate, obj, negated, kind, source, justification, author, record)
        found[frozenset((subject, obj))].append(statement)
    for told in found.values():
        told.sort(key=lambda s: (s.negated, chains.RANKS[s.kind], s.predicate, _place(s), s.record))
    return found


def _place(statement: Statement) -> tuple[str, int]:
    source = statement.source
    return (source.file, source.line or 0) if isinstance(source, FileSource) else (source.graph or "", 0)


def _chain(
    codes: Sequence[str], statements: Mapping[frozenset[str], Sequence[Statement]], names: Mapping[str, str]
) -> Chain:
    links = []
    for one, other in pairwise(codes):
        told = [statement for statement in statements[frozenset((one, other))] if not statement.negated]
        links.append(Link(Code(one, names.get(one, "")), Code(other, names.get(other, "")), told))
    return Chain(links)


def _contradictions(
    told: Sequence[Chain], statements: Mapping[frozenset[str], Sequence[Statement]], start: str, end: str
) -> list[Contradiction]:
    found: dict[tuple[str, tuple[Statement, ...]], list[int]] = defaultdict(list)
    for number, chain in enumerate(told, 1):
        for said, against in _against(chain, statements):
            found[said, tuple(against)].append(number)
    for (one, first), (other, second) in combinations(enumerate(told, 1), 2):
        claims = first.claim(0, len(first.links)), second.claim(0, len(second.links))
        if None not in claims and claims[0] != claims[1]:
            found[f"chain {one} comes out as {claims[0]}, chain {other} as {claims[1]}", ()] += [one, other]
    denials = tuple(one for one in statements.get(frozenset((start, end)), ()) if one.negated)
    if denials and not any(set(denials) & set(against) for _, against in found):
        found[f"it is denied that {start} and {end} match", denials] = []
    return [Contradiction(said, tuple(numbers), against) for (said, against), numbers in found.items()]


def _against(
    chain: Chain, statements: Mapping[frozenset[str], Sequence[Statement]]
) -> Iterator[tuple[str, Sequence[Statement]]]:
    """Yield what speaks against any part of a chain, and the mappings that do."""
    codes = [code.code for code in chain.codes]
    for first, last in combinations(range(len(codes)), 2):
        one, other, claim = codes[first], codes[last], chain.claim(first, last)
        if claim is None:
            continue
        same = f"{one} and {other} come out as the same"
        if claim != "exact":
            same = f"{other} comes out as {'broader' if claim == 'broad' else 'narrower'} than {one}"
        prefix = one.partition(":")[0]
        if claim == "exact" and prefix == other.partition(":")[0] and prefix not in SCHEMES:
            yield f"{same}, and both are codes of {prefix}", ()
        told = statements.get(frozenset((one, other)), ())
        denied = [s for s in told if s.negated and s.kind_from(one) == claim]
        if denied:
            yield f"{same}, and that is denied", denied
        otherwise = [s for s in told if not s.negated and s.kind in _CLAIMS and s.kind_from(one) != claim]
        if otherwise:
            yield f"{same}, and it is stated otherwise", otherwise
