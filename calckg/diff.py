"""What changed between two built graphs, by their columns: as rows for people, and as RDF that holds every triple.

The terms of both graphs get one numbering (those of the new graph keep their ids; what only the old one has is
negative), so that quads are compared as integers. All that follows looks only at subjects that something changed about.
A blank node is the same when its label is; the graphs that calckg builds have none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from calckg import columnar, prefixes
from calckg.errors import CalckgError
from calckg.quads.sql import quoted, resource

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

KINDS = (
    *("concept added", "concept retired", "concept restored", "concept removed", "concept renamed", "concept moved"),
    *("mapping gained", "mapping lost", "association gained", "association lost"),
    *("citation added", "citation removed", "literature link gained", "literature link lost"),
)
_CONCEPT_DETAILS = (
    *("owl:deprecated", "ckg:retiredOn", "IAO:0000231"),
    *("dcterms:isReplacedBy", "IAO:0100001", "oboInOwl:consider"),
)
_MAPPING_DETAILS = ("sssom:predicate_modifier", "sssom:mapping_justification")
_ASSOCIATION_DETAILS = (
    *("biolink:negated", "biolink:frequency_qualifier", "biolink:has_count", "biolink:has_total"),
    *("biolink:has_percentage", "ckg:frequencyText", "biolink:onset_qualifier", "biolink:sex_qualifier"),
    *("ckg:severityQualifier", "ckg:modifierQualifier", "biolink:disease_context_qualifier", "ckg:context"),
    *("ckg:misconception", "biolink:publications", "biolink:primary_knowledge_source"),
)
# Journals have a class of BIBO too, and are no citations.
_PERIODICALS = ("bibo:Journal", "bibo:Periodical", "bibo:Magazine", "bibo:Newspaper", "bibo:Series")
_UNIT, _RECORD = "\x1f", "\x1e"

_TERMS = """
CREATE TEMP TABLE same AS
    SELECT o.id AS old_id, coalesce(min(n.id), -o.id) AS id
    FROM old_term o LEFT JOIN new_term n ON n.kind = o.kind AND n.value = o.value
        AND coalesce(n.datatype, '') = coalesce(o.datatype, '') AND coalesce(n.lang, '') = coalesce(o.lang, '')
    GROUP BY o.id
    UNION ALL SELECT 0, 0;
CREATE TEMP VIEW node AS
    SELECT id, kind, value, datatype, lang FROM new_term
    UNION ALL SELECT -id, kind, value, datatype, lang FROM old_term;
"""
_OLD = """SELECT s.id AS s, p.id AS p, o.id AS o, g.id AS g
    FROM old_quad q JOIN same s ON s.old_id = q.s JOIN same p ON p.old_id = q.p
    JOIN same o ON o.old_id = q.o JOIN same g ON g.old_id = q.g"""
# side is 0 for the old graph and 1 for the new one.
_DELTA = f"""
CREATE TEMP TABLE delta AS
    SELECT min(side) AS side, s, p, o, g
    FROM (SELECT 0 AS side, s, p, o, g FROM ({_OLD}) AS old UNION ALL SELECT 1, s, p, o, g FROM new_quad) AS quads
    GROUP BY s, p, o, g HAVING min(side) = max(side);
CREATE TEMP TABLE touched AS SELECT DISTINCT s FROM delta;
CREATE TEMP TABLE told AS
    SELECT 0 AS side, s, p, o, g FROM ({_OLD} WHERE s.id IN (SELECT s FROM touched)) AS old
    UNION ALL SELECT 1, s, p, o, g FROM new_quad WHERE s IN (SELECT s FROM touched);
CREATE TEMP TABLE change (
    kind VARCHAR, id BIGINT, property BIGINT, before BIGINT, after BIGINT, statement BIGINT, details VARCHAR, g BIGINT);
"""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed: ``kind`` is one of ``KINDS``, ``id`` the concept, the citation or a statement's subject.

    ``before`` and ``after`` are IRIs or texts, empty where there was or is none. What was gained or lost stands in
    ``after`` or ``before``, under ``property``; its own node is ``statement``. ``details`` are properties and values,
    ``graphs`` the named graphs that say it.
    """

    kind: str
    id: str
    label: str
    property: str = ""
    before: str = ""
    before_label: str = ""
    after: str = ""
    after_label: str = ""
    statement: str = ""
    details: tuple[tuple[str, str], ...] = ()
    graphs: tuple[str, ...] = ()


class Difference:
    """What changed from one built graph to another; a context manager, for it holds both graphs open.

    ``old`` and ``new`` are graph directories. Raises ``CalckgError`` when the columns of one can't be opened.
    """

    def __init__(self, old: Path, new: Path) -> None:
        self._connection = columnar.in_memory()
        try:
            self._connection.execute("SET memory_limit = '2GB'; SET preserve_insertion_order = false")
            _attach(self._connection, old, new)
            self._connection.execute(_TERMS + _DELTA)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Difference:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of both graphs."""
        self._connection.close()

    def counts(self) -> tuple[int, int]:
        """Count the quads that were added and those that were removed."""
        ((added, removed),) = self._connection.execute(
            "SELECT count(*) FILTER (WHERE side = 1), count(*) FILTER (WHERE side = 0) FROM delta"
        ).fetchall()
        return int(added), int(removed)

    def quads(self) -> Iterator[tuple[bool, str, str, str, str]]:
        """Yield each quad that was added (true) or removed (false), as N-Quads texts; no graph is an empty text."""
        cursor = self._connection.execute(
            f"""SELECT d.side = 1, {columnar.text_of("s")}, {columnar.text_of("p")}, {columnar.text_of("o")},
                coalesce({columnar.text_of("g")}, '')
            FROM delta d JOIN node s ON s.id = d.s JOIN node p ON p.id = d.p JOIN node o ON o.id = d.o
            LEFT JOIN node g ON g.id = d.g ORDER BY ALL"""
        )
        while rows := cursor.fetchmany(10_000):
            yield from rows

    def changes(self) -> list[Change]:
        """Return the changes of concepts, mappings, associations, citations and literature links, in one order."""
        connection = self._connection
        connection.execute("DELETE FROM change")
        _concepts(connection)
        _pairs(connection)
        _statements(
            connection, "mapping", ("owl:annotatedSource", "owl:annotatedProperty", "owl:annotatedTarget"),
            _MAPPING_DETAILS, ("id", "property", "value", "g", "details"),
        )  # fmt: skip
        _statements(
            connection, "association", ("biolink:subject", "biolink:predicate", "biolink:object"),
            _ASSOCIATION_DETAILS, ("statement", "id", "property", "value", "g", "details"),
        )  # fmt: skip
        _statements(
            connection, "literature link", ("ckg:concept", "", "ckg:citation"),
            ("ckg:literatureCategory",), ("id", "value", "g", "details"),
        )  # fmt: skip
        _citations(connection)
        return [
            Change(*[*texts, _split(details), tuple(graphs.split())]) for *texts, details, graphs in _named(connection)
        ]


def _attach(connection: DuckDBPyConnection, old: Path, new: Path) -> None:
    from calckg.database import duckdb

    paths = {"old": old / "quads.duckdb", "new": new / "quads.duckdb"}
    databases: dict[Path, str] = {}
    for side, path in paths.items():
        real = path.resolve()
        if real not in databases:  # a file can be attached once only
            databases[real] = f"{side}_graph"
            try:
                connection.execute(f"ATTACH {quoted(str(real))} AS {side}_graph (READ_ONLY)")
            except duckdb.Error as error:
                raise CalckgError(f"{path}: the columns can't be opened ({error}); build the graph again") from None
        for table in ("term", "quad"):
            connection.execute(f"CREATE TEMP VIEW {side}_{table} AS SELECT * FROM {databases[real]}.{table}")


def _ids(names: Iterable[str]) -> str:
    """Return SQL for the ids of the IRIs that the CURIEs ``names`` stand for, in both graphs."""
    return f"SELECT id FROM node WHERE kind = {columnar.IRI} AND value IN ({', '.join(map(resource, names))})"


def _details(names: Iterable[str], by: str) -> str:
    """Return SQL of what is said of a node by the properties ``names``, as one text for each of ``by``."""
    return f"""(SELECT {by}, string_agg(property || chr(31) || value, chr(30) ORDER BY property, value) AS details
        FROM (SELECT DISTINCT {", ".join(f"t.{name.strip()}" for name in by.split(","))},
                p.value AS property, o.value AS value
            FROM told t JOIN node p ON p.id = t.p JOIN node o ON o.id = t.o WHERE t.p IN ({_ids(names)})) AS facts
        GROUP BY {by})"""


def _concepts(connection: DuckDBPyConnection) -> None:
    """Note the concepts that are new, gone, retired or back; what the merge of the graphs says of them counts."""
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE concept AS
        SELECT DISTINCT side, s, g FROM told
        WHERE p IN ({_ids(["rdf:type"])}) AND o IN ({_ids(["skos:Concept"])});
        CREATE OR REPLACE TEMP TABLE deprecated AS
        SELECT DISTINCT t.side, t.s, t.g FROM told t JOIN node o ON o.id = t.o
        WHERE t.p IN ({_ids(["owl:deprecated"])}) AND o.value IN ('true', '1')"""
    )
    staying = "(SELECT s FROM concept WHERE side = 0 INTERSECT SELECT s FROM concept WHERE side = 1)"
    for source, side, kind, where in (
        ("concept", 1, "concept added", ""),
        ("concept", 0, "concept removed", ""),
        ("deprecated", 1, "concept retired", f"AND c.s IN {staying}"),
        ("deprecated", 0, "concept restored", f"AND c.s IN {staying}"),
    ):
        connection.execute(
            f"""INSERT INTO change (kind, id, details, g)
            SELECT '{kind}', c.s, coalesce(d.details, ''), c.g
            FROM {source} c LEFT JOIN {_details(_CONCEPT_DETAILS, "side, s")} d ON d.side = c.side AND d.s = c.s
            WHERE c.side = {side} AND c.s NOT IN (SELECT s FROM {source} WHERE side <> {side}) {where}"""
        )


def _pairs(connection: DuckDBPyConnection) -> None:
    """Note the names and parents of concepts that changed: what went beside what came, in the order of their texts."""
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE pair AS
        WITH edge AS (
            SELECT DISTINCT side, s, p, o FROM told
            WHERE p IN ({_ids(["skos:prefLabel", "rdfs:label", "skos:broader"])})
              AND s IN (SELECT s FROM concept WHERE side = 0) AND s IN (SELECT s FROM concept WHERE side = 1)),
        changed AS (SELECT min(side) AS side, s, p, o FROM edge GROUP BY s, p, o HAVING count(*) = 1),
        numbered AS (
            SELECT c.side, c.s, c.p, c.o, coalesce(o.lang, '') AS lang,
                row_number() OVER (PARTITION BY c.side, c.s, c.p, coalesce(o.lang, '')
                    ORDER BY o.value, o.kind, coalesce(o.datatype, '')) AS n
            FROM changed c JOIN node o ON o.id = c.o)
        SELECT coalesce(b.s, a.s) AS s, coalesce(b.p, a.p) AS p, b.o AS before, a.o AS after
        FROM (SELECT * FROM numbered WHERE side = 0) b FULL JOIN (SELECT * FROM numbered WHERE side = 1) a
            ON a.s = b.s AND a.p = b.p AND a.lang = b.lang AND a.n = b.n"""
    )
    # The label is made of the names: where it changed as the preferred label did, that says it.
    same = "coalesce(n.before, 0) = coalesce(c.before, 0) AND coalesce(n.after, 0) = coalesce(c.after, 0)"
    connection.execute(
        f"""INSERT INTO change (kind, id, property, before, after, details, g)
        SELECT DISTINCT CASE WHEN c.p IN ({_ids(["skos:broader"])}) THEN 'concept moved' ELSE 'concept renamed' END,
            c.s, c.p, c.before, c.after, '', t.g
        FROM pair c JOIN told t ON t.s = c.s AND t.p = c.p
            AND t.o = CASE t.side WHEN 0 THEN c.before ELSE c.after END
        WHERE NOT (c.p IN ({_ids(["rdfs:label"])}) AND EXISTS (
            SELECT 1 FROM pair n WHERE n.s = c.s AND n.p IN ({_ids(["skos:prefLabel"])}) AND {same}))"""
    )


def _statements(
    connection: DuckDBPyConnection,
    kind: str,
    properties: tuple[str, str, str],
    details: tuple[str, ...],
    identity: tuple[str, ...],
) -> None:
    """Note the nodes of one kind that one graph has and the other has not, by what is said in ``identity``.

    ``properties`` are those of the subject, of the predicate (which a literature link has not) and of the object.
    """
    subject, predicate, value = properties
    with_predicate = ""
    if predicate:
        with_predicate = f"JOIN told p ON p.side = s.side AND p.s = s.s AND p.g = s.g AND p.p IN ({_ids([predicate])})"
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE statement AS
        SELECT DISTINCT s.side, s.s AS statement, s.o AS id, {"p.o" if predicate else "o.p"} AS property,
            o.o AS value, s.g, coalesce(d.details, '') AS details
        FROM told s {with_predicate}
        JOIN told o ON o.side = s.side AND o.s = s.s AND o.g = s.g AND o.p IN ({_ids([value])})
        LEFT JOIN {_details(details, "side, s, g")} d ON d.side = s.side AND d.s = s.s AND d.g = s.g
        WHERE s.p IN ({_ids([subject])})"""
    )
    alike = " AND ".join(f"x.{name} = a.{name}" for name in identity)
    for side, verb, column in ((1, "gained", "after"), (0, "lost", "before")):
        connection.execute(
            f"""INSERT INTO change (kind, id, property, {column}, statement, details, g)
            SELECT '{kind} {verb}', a.id, a.property, a.value, a.statement, a.details, a.g FROM statement a
            WHERE a.side = {side} AND NOT EXISTS (SELECT 1 FROM statement x WHERE x.side <> {side} AND {alike})"""
        )


def _citations(connection: DuckDBPyConnection) -> None:
    namespace = quoted(prefixes.load().namespaces["bibo"])
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE citation AS
        SELECT DISTINCT t.side, t.s, t.g FROM told t JOIN node o ON o.id = t.o
        WHERE t.p IN ({_ids(["rdf:type"])}) AND starts_with(o.value, {namespace})
          AND o.value NOT IN ({", ".join(map(resource, _PERIODICALS))})"""
    )
    for side, verb in ((1, "added"), (0, "removed")):
        connection.execute(
            f"""INSERT INTO change (kind, id, details, g) SELECT 'citation {verb}', s, '', g FROM citation
            WHERE side = {side} AND s NOT IN (SELECT s FROM citation WHERE side <> {side})"""
        )


def _named(connection: DuckDBPyConnection) -> list[tuple[Any, ...]]:
    """Return the changes with the texts of their terms, in the order of ``KINDS`` and of those texts."""
    label = _ids(["rdfs:label"])
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE label AS
        WITH wanted AS (SELECT id FROM change UNION SELECT before FROM change UNION SELECT after FROM change),
        stated AS (
            SELECT s, o, 0 AS place FROM new_quad WHERE p IN ({label}) AND s IN (SELECT id FROM wanted)
            UNION ALL SELECT s.id, o.id, 1 FROM old_quad q JOIN same s ON s.old_id = q.s
                JOIN same p ON p.old_id = q.p JOIN same o ON o.old_id = q.o
            WHERE p.id IN ({label}) AND s.id IN (SELECT id FROM wanted))
        SELECT s AS id, value FROM (
            SELECT n.s, t.value, row_number() OVER (PARTITION BY n.s ORDER BY n.place, t.value) AS n
            FROM stated n JOIN node t ON t.id = n.o) AS ranked
        WHERE n = 1"""
    )
    place = " ".join(f"WHEN {quoted(kind)} THEN {number}" for number, kind in enumerate(KINDS))

    def text(column: str) -> str:
        return f"coalesce({column}.value, '')"

    names = ("id", "id_label", "property", "before", "before_label", "after", "after_label", "statement")
    columns = ", ".join(f"{text(name)} AS {name}" for name in names)
    one = ", ".join(("kind", *names, "details"))
    labelled = "\n".join(
        f"LEFT JOIN node {name} ON {name}.id = c.{name} LEFT JOIN label {name}_label ON {name}_label.id = c.{name}"
        for name in ("id", "before", "after")
    )
    rows: list[tuple[Any, ...]] = connection.execute(
        f"""SELECT {one}, string_agg(DISTINCT graph, ' ' ORDER BY graph)
        FROM (SELECT c.kind, {columns}, c.details, {text("g")} AS graph FROM change c {labelled}
            LEFT JOIN node property ON property.id = c.property LEFT JOIN node statement ON statement.id = c.statement
            LEFT JOIN node g ON g.id = c.g) AS told_change
        GROUP BY {one}
        ORDER BY CASE kind {place} END, id, property, before, after, statement, details"""
    ).fetchall()
    return rows


def _split(details: str) -> tuple[tuple[str, str], ...]:
    """Return the pairs of property and value that SQL has joined."""
    pairs = (fact.partition(_UNIT) for fact in details.split(_RECORD) if fact)
    return tuple((name, value) for name, _, value in pairs)
