"""What is computed from the graph and kept in it: clique leaders and one label for each concept and citation.

All of it is SQL over the columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calckg import columnar, prefixes, staging

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_SKOS = "http://www.w3.org/2004/02/skos/core#"
_CKG = "https://w3id.org/calckg/ontology/"
_DCTERMS = "http://purl.org/dc/terms/"
_BIBO = "http://purl.org/ontology/bibo/"
_RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_RDFS_LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
CLIQUE_GRAPH = "https://w3id.org/calckg/graph/derived/clique"
LABEL_GRAPH = "https://w3id.org/calckg/graph/derived/label"
SCHEME = "https://w3id.org/calckg/id/scheme/"
_UNRANKED = prefixes.UNRANKED


def derive(connection: DuckDBPyConnection) -> int:
    """Add the derived graphs to the columns, which have none yet; return how many quads there are then."""
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE concept_node AS
        SELECT DISTINCT q.s AS id FROM quad q
        WHERE q.p = {_id(_RDF_TYPE)} AND q.o = {_id(_SKOS + "Concept")}"""
    )
    _cliques(connection)
    _concept_labels(connection)
    _citation_labels(connection)
    alone = "SELECT c.id AS s, c.id AS o FROM concept_node c ANTI JOIN led l ON l.id = c.id"
    columnar.link(connection, f"{alone} UNION ALL SELECT id, leader FROM led", _CKG + "cliqueLeader", CLIQUE_GRAPH)
    columnar.link(connection, "SELECT id AS s, o FROM concept_label", _RDFS_LABEL, LABEL_GRAPH)
    labels = f"SELECT s, '{_RDFS_LABEL}' AS p, v, '@en' AS t, NULL AS g FROM citation_label"
    return columnar.add(connection, lambda: staging.stage(connection, labels, LABEL_GRAPH))


def _id(iri: str) -> str:
    """Return a sub-query of the id of an IRI; as a value it lets DuckDB pass over the quads of other predicates."""
    return f"(SELECT id FROM term WHERE kind = {columnar.IRI} AND value = '{iri}')"


def _of(predicate: str) -> str:
    """Return a sub-query of the distinct (s, o, g) of one predicate."""
    return f"(SELECT DISTINCT q.s, q.o, q.g FROM quad q WHERE q.p = {_id(predicate)})"


def _cliques(connection: DuckDBPyConnection) -> None:
    """Make ``led(id, leader)`` of the concepts that another leads: the leader by the declared order of prefixes.

    A component that holds two members of one scheme is not merged: each member leads itself.
    """
    _components(connection)
    table = prefixes.load()
    names = sorted(table.namespaces)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE scheme_rank AS SELECT unnest(?) AS scheme, unnest(?) AS place",
        [[SCHEME + name for name in names], [table.rank(name) for name in names]],
    )
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE belonging AS
        SELECT DISTINCT c.id, c.root, q.o AS scheme FROM component c
        JOIN quad q ON q.s = c.id WHERE q.p = {_id(_SKOS + "inScheme")}"""
    )
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE led AS
        WITH torn AS (SELECT DISTINCT root FROM belonging GROUP BY root, scheme HAVING count(*) > 1),
        place AS (
            SELECT t.id AS scheme, r.place FROM scheme_rank r
            JOIN term t ON t.value = r.scheme AND t.kind = {columnar.IRI}),
        member AS (
            SELECT c.id, c.root, coalesce(p.place, {_UNRANKED}) AS place
            FROM component c LEFT JOIN belonging b ON b.id = c.id LEFT JOIN place p ON p.scheme = b.scheme),
        first_place AS (SELECT root, min(place) AS place FROM member GROUP BY root),
        leader AS (
            SELECT m.root, min(m.id) AS leader FROM member m JOIN first_place f ON f.root = m.root AND f.place = m.place
            GROUP BY m.root)
        SELECT c.id, l.leader FROM component c JOIN leader l ON l.root = c.root ANTI JOIN torn ON torn.root = c.root
        WHERE c.id <> l.leader"""
    )


def _components(connection: DuckDBPyConnection) -> None:
    """Make ``component(id, root)`` of the concepts with an exact match; the root is the lowest id of the component.

    Each round hangs every node on the lowest of its neighbours and makes one node of each tree. Half of the nodes with
    an edge go in a round at least.
    """
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE edge AS
        WITH match AS (
            SELECT DISTINCT q.s AS a, q.o AS b FROM quad q
            SEMI JOIN concept_node s ON s.id = q.s SEMI JOIN concept_node o ON o.id = q.o
            WHERE q.p = {_id(_SKOS + "exactMatch")} AND q.s <> q.o)
        FROM match UNION ALL SELECT b, a FROM match"""
    )
    connection.execute("CREATE OR REPLACE TEMP TABLE component AS SELECT DISTINCT a AS id, a AS root FROM edge")
    while _count(connection, "edge"):
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE tree AS SELECT a AS id, least(a, min(b)) AS root FROM edge GROUP BY a"
        )
        jump = "SELECT t.id, r.root FROM tree t JOIN tree r ON r.id = t.root"
        while _count(connection, "tree t JOIN tree r ON r.id = t.root WHERE r.root <> t.root"):
            connection.execute(f"CREATE OR REPLACE TEMP TABLE tree AS {jump}")
        connection.execute(
            """CREATE OR REPLACE TEMP TABLE component AS
            SELECT c.id, coalesce(t.root, c.root) AS root FROM component c LEFT JOIN tree t ON t.id = c.root"""
        )
        connection.execute(
            """CREATE OR REPLACE TEMP TABLE edge AS
            SELECT DISTINCT a.root AS a, b.root AS b FROM edge e JOIN tree a ON a.id = e.a JOIN tree b ON b.id = e.b
            WHERE a.root <> b.root"""
        )


def _count(connection: DuckDBPyConnection, rows: str) -> int:
    found = connection.execute(f"SELECT count(*) FROM {rows}").fetchone()
    return int(found[0]) if found else 0


def _concept_labels(connection: DuckDBPyConnection) -> None:
    """Make ``concept_label(id, o)``: preferred before other names, English first, then by the sources' priority."""
    best = "SELECT q.s AS id, min(q.o) AS o, max(q.o) AS last, q.p FROM quad q SEMI JOIN concept_node c ON c.id = q.s"
    preferred, other, code = (
        f"{best} {{better}} WHERE q.p = {_id(_SKOS + name)} GROUP BY q.s, q.p"
        for name in ("prefLabel", "altLabel", "notation")
    )
    connection.execute("CREATE OR REPLACE TEMP TABLE candidate AS " + preferred.format(better=""))
    for worse in (other, code):
        connection.execute("INSERT INTO candidate " + worse.format(better="ANTI JOIN candidate b ON b.id = q.s"))
    # Most concepts have one name of their best kind. TRY_CAST, for DuckDB may cast before it joins, and so values of
    # other predicates.
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE concept_label AS
        WITH priority AS (
            SELECT n.s AS g, min(TRY_CAST(t.value AS INTEGER)) AS place
            FROM {_of(_CKG + "namePriority")} n JOIN term t ON t.id = n.o GROUP BY n.s),
        ranked AS (
            SELECT c.id, q.o, row_number() OVER (PARTITION BY c.id ORDER BY
                CASE WHEN t.lang = 'en' THEN 0 WHEN t.lang LIKE 'en-%' THEN 1 WHEN t.lang IS NULL THEN 2 ELSE 3 END,
                coalesce(p.place, {_UNRANKED}), t.value, q.o) AS n
            FROM candidate c JOIN quad q ON q.s = c.id AND q.p = c.p JOIN term t ON t.id = q.o
            LEFT JOIN priority p ON p.g = q.g WHERE c.o <> c.last)
        SELECT id, o FROM candidate WHERE o = last UNION ALL SELECT id, o FROM ranked WHERE n = 1"""
    )


def _citation_labels(connection: DuckDBPyConnection) -> None:
    """Make ``citation_label(s, v)``: the title, or first author, journal, year, volume and pages where it has none."""

    def one(predicate: str) -> str:
        return f"""(SELECT x.s, min(t.value) AS v FROM {_of(predicate)} x
                    JOIN term t ON t.id = x.o AND t.kind = {columnar.LITERAL} GROUP BY x.s)"""

    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE citation_label AS
        WITH article AS (
            SELECT DISTINCT q.s AS id FROM quad q
            WHERE q.p = {_id(_RDF_TYPE)} AND q.o = {_id(_BIBO + "AcademicArticle")}),
        journal AS (
            SELECT i.s, min(t.value) AS v FROM {_of(_DCTERMS + "isPartOf")} i
            JOIN {_of(_BIBO + "shortTitle")} n ON n.s = i.o JOIN term t ON t.id = n.o GROUP BY i.s)
        SELECT {columnar.value_of("s")} AS s,
            coalesce(title.v, concat_ws(' ',
                CASE WHEN strpos(author.v, ',') > 0
                     THEN substr(author.v, 1, strpos(author.v, ',') - 1) || ' et al.'
                     WHEN author.v IS NOT NULL THEN author.v || '.' END,
                journal.v, substr(issued.v, 1, 4)
                    || CASE WHEN volume.v IS NULL THEN '' ELSE ';' || volume.v END
                    || CASE WHEN issue.v IS NULL THEN '' ELSE '(' || issue.v || ')' END
                    || CASE WHEN pages.v IS NULL THEN '' ELSE ':' || pages.v END)) AS v
        FROM article a JOIN term s ON s.id = a.id
        LEFT JOIN {one(_DCTERMS + "title")} title ON title.s = a.id
        LEFT JOIN {one(_CKG + "authorList")} author ON author.s = a.id
        LEFT JOIN journal ON journal.s = a.id
        LEFT JOIN {one(_DCTERMS + "issued")} issued ON issued.s = a.id
        LEFT JOIN {one(_BIBO + "volume")} volume ON volume.s = a.id
        LEFT JOIN {one(_BIBO + "issue")} issue ON issue.s = a.id
        LEFT JOIN {one(_BIBO + "pages")} pages ON pages.s = a.id
        WHERE coalesce(title.v, author.v, journal.v) IS NOT NULL"""
    )
