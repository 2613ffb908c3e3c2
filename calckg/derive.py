"""What is computed from the graph and kept in it: clique leaders and one label for each concept and citation.

All of it is SQL over the columns; the result is a relation ``derived(s, p, v, t, g)``, as ``columnar.stage`` takes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calckg import columnar, prefixes

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


def derive(connection: DuckDBPyConnection) -> str:
    """Compute the derived graphs over ``term`` and ``quad``; return the name of the relation that holds them."""
    connection.execute("CREATE OR REPLACE TEMP TABLE derived (s VARCHAR, p VARCHAR, v VARCHAR, t VARCHAR, g VARCHAR)")
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE concept_node AS
        SELECT DISTINCT q.s AS id FROM quad q JOIN term p ON p.id = q.p JOIN term o ON o.id = q.o
        WHERE p.value = '{_RDF_TYPE}' AND o.value = '{_SKOS}Concept'"""
    )
    _cliques(connection)
    _concept_labels(connection)
    _citation_labels(connection)
    return "derived"


def _of(predicate: str) -> str:
    """Return a sub-query of the distinct (s, o, g) of one predicate."""
    return f"(SELECT DISTINCT q.s, q.o, q.g FROM quad q JOIN term p ON p.id = q.p WHERE p.value = '{predicate}')"


def _cliques(connection: DuckDBPyConnection) -> None:
    """Give every concept its leader: components of exact match, the leader by the declared order of prefixes.

    A component that holds two members of one scheme is not merged: each member leads itself.
    """
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE edge AS
        SELECT s AS a, o AS b FROM {_of(_SKOS + "exactMatch")} WHERE s <> o
        UNION SELECT o, s FROM {_of(_SKOS + "exactMatch")} WHERE s <> o"""
    )
    connection.execute("CREATE OR REPLACE TEMP TABLE component AS SELECT id, id AS root FROM concept_node")
    # The lowest id wanders along the edges; taking the root's root halves the number of rounds.
    while True:
        connection.execute(
            """CREATE OR REPLACE TEMP TABLE closer AS
            SELECT c.id, least(min(r.root), min(rr.root)) AS root
            FROM component c
            JOIN (SELECT id, root FROM component
                  UNION ALL SELECT e.a, n.root FROM edge e JOIN component n ON n.id = e.b) r ON r.id = c.id
            JOIN component rr ON rr.id = r.root
            GROUP BY c.id"""
        )
        changed = connection.execute(
            "SELECT count(*) FROM component c JOIN closer n ON n.id = c.id WHERE n.root <> c.root"
        ).fetchone()
        connection.execute("DROP TABLE component")
        connection.execute("ALTER TABLE closer RENAME TO component")
        if not changed or not changed[0]:
            break
    table = prefixes.load()
    names = sorted(table.namespaces)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE scheme_rank AS SELECT unnest(?) AS scheme, unnest(?) AS place",
        [[SCHEME + name for name in names], [table.rank(name) for name in names]],
    )
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE member AS
        SELECT c.id, c.root, min(coalesce(r.place, {_UNRANKED})) AS place
        FROM component c LEFT JOIN {_of(_SKOS + "inScheme")} i ON i.s = c.id
        LEFT JOIN term t ON t.id = i.o LEFT JOIN scheme_rank r ON r.scheme = t.value
        GROUP BY c.id, c.root"""
    )
    connection.execute(
        f"""INSERT INTO derived
        WITH torn AS (SELECT DISTINCT root FROM (
            SELECT c.root FROM component c JOIN {_of(_SKOS + "inScheme")} i ON i.s = c.id
            GROUP BY c.root, i.o HAVING count(DISTINCT c.id) > 1) shared),
        leader AS (SELECT root, id AS leader FROM (
            SELECT root, id, row_number() OVER (PARTITION BY root ORDER BY place, id) AS n FROM member) ranked
            WHERE n = 1)
        SELECT {columnar.value_of("s")}, '{_CKG}cliqueLeader', {columnar.value_of("o")}, NULL, '{CLIQUE_GRAPH}'
        FROM member m JOIN leader l ON l.root = m.root LEFT JOIN torn ON torn.root = m.root
        JOIN term s ON s.id = m.id
        JOIN term o ON o.id = CASE WHEN torn.root IS NULL THEN l.leader ELSE m.id END"""
    )


def _concept_labels(connection: DuckDBPyConnection) -> None:
    """Choose each concept's label: preferred before other names, English first, then by the sources' priority."""
    # TRY_CAST, for DuckDB may cast before it joins, and so values of other predicates.
    connection.execute(
        f"""INSERT INTO derived
        WITH priority AS (
            SELECT n.s AS g, min(TRY_CAST(t.value AS INTEGER)) AS place
            FROM {_of(_CKG + "namePriority")} n JOIN term t ON t.id = n.o GROUP BY n.s),
        name AS (
            SELECT s, o, g, 0 AS kind FROM {_of(_SKOS + "prefLabel")}
            UNION ALL SELECT s, o, g, 1 FROM {_of(_SKOS + "altLabel")}
            UNION ALL SELECT s, o, g, 2 FROM {_of(_SKOS + "notation")}),
        ranked AS (
            SELECT c.id, n.o, row_number() OVER (PARTITION BY c.id ORDER BY n.kind,
                CASE WHEN t.lang = 'en' THEN 0 WHEN t.lang LIKE 'en-%' THEN 1 WHEN t.lang IS NULL THEN 2 ELSE 3 END,
                coalesce(p.place, {_UNRANKED}), t.value, n.o) AS n
            FROM concept_node c JOIN name n ON n.s = c.id JOIN term t ON t.id = n.o
            LEFT JOIN priority p ON p.g = n.g)
        SELECT {columnar.value_of("s")}, '{_RDFS_LABEL}', o.value, {columnar.tail_of("o")}, '{LABEL_GRAPH}'
        FROM ranked r JOIN term s ON s.id = r.id JOIN term o ON o.id = r.o WHERE r.n = 1"""
    )


def _citation_labels(connection: DuckDBPyConnection) -> None:
    """Label a citation by its title, or by first author, journal, year, volume and pages where no title is known."""

    def one(predicate: str) -> str:
        return f"""(SELECT x.s, min(t.value) AS v FROM {_of(predicate)} x
                    JOIN term t ON t.id = x.o AND t.kind = {columnar.LITERAL} GROUP BY x.s)"""

    connection.execute(
        f"""INSERT INTO derived
        WITH article AS (
            SELECT DISTINCT q.s AS id FROM quad q JOIN term p ON p.id = q.p JOIN term o ON o.id = q.o
            WHERE p.value = '{_RDF_TYPE}' AND o.value = '{_BIBO}AcademicArticle'),
        journal AS (
            SELECT i.s, min(t.value) AS v FROM {_of(_DCTERMS + "isPartOf")} i
            JOIN {_of(_BIBO + "shortTitle")} n ON n.s = i.o JOIN term t ON t.id = n.o GROUP BY i.s)
        SELECT s, '{_RDFS_LABEL}', v, '@en', '{LABEL_GRAPH}' FROM (
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
        WHERE coalesce(title.v, author.v, journal.v) IS NOT NULL) labelled"""
    )
