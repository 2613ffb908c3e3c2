"""Checks of what both ends are: kinds of things that exclude each other, names with nothing in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, reduce
from itertools import product
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from calckg import prefixes, resources
from calckg.mappings.cardinality import EXACT
from calckg.mappings.intake import File, quoted
from calckg.mappings.vocabulary import term_id, term_ids
from calckg.upstream.obo_ontologies import ONTOLOGIES
from calckg.upstream.semantic_types import SEMANTIC_TYPES, UNKNOWN

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_NAMES: Final = (
    *("skos:prefLabel", "skos:altLabel", "skos:hiddenLabel"),
    *("oboInOwl:hasBroadSynonym", "oboInOwl:hasNarrowSynonym", "oboInOwl:hasRelatedSynonym"),
)
_SAME_KIND: Final = (
    "predicate IN ('skos:exactMatch', 'skos:closeMatch', 'skos:broadMatch', 'skos:narrowMatch', "
    "'owl:equivalentClass', 'owl:sameAs', 'rdfs:subClassOf') AND NOT negated"
)
_SIMILAR: Final = f"(({EXACT}) OR (predicate = 'skos:closeMatch' AND NOT negated))"
_STOP: Final = (
    *("and", "the", "with", "without", "due", "for", "from", "not", "other", "specified", "unspecified", "nos", "type"),
    *("disease", "disorder", "syndrome", "abnormality", "abnormal", "finding", "familial", "hereditary", "congenital"),
)
_LETTERS: Final = 4  # of a word: those after them are inflection (calcific-ation, calcific-ations, calcif-ied)
# A hyphen parts words or does not: oto-palato-digital, otopalatodigital.
_NAME: Final = "CASE WHEN contains(name, '-') THEN name || ' ' || replace(name, '-', '') ELSE name END"
_PLAIN: Final = reduce(
    lambda text, sign: f"replace({text}, '{sign}', ' ')",
    ("-", ",", "(", ")", "/"),
    f"lower(strip_accents(nfc_normalize({_NAME})))",
)
# Most names are words and blanks by then, and take a third of the time that an expression does.
_WORDS: Final = (
    "list_transform(list_filter(CASE WHEN regexp_full_match(plain, '[a-z0-9 ]*') THEN string_split(plain, ' ') "
    "ELSE regexp_extract_all(plain, '[\\p{L}\\p{N}]+') END, "
    f"lambda w: length(w) >= 3 AND w NOT IN ({', '.join(map(quoted, _STOP))})), "
    f"lambda w: left(CASE WHEN length(w) > 3 AND ends_with(w, 's') THEN left(w, length(w) - 1) ELSE w END, {_LETTERS}))"
)


def queries(connection: DuckDBPyConnection, files: Sequence[File]) -> dict[str, str]:
    """Return the query of each rule.

    Makes ``mapped_category(code, category)`` and ``mapped_words(code, name)``.
    """
    categories(connection)
    _sets(connection)
    _words(connection)
    return {
        "meaning/category": f"""
            SELECT m.id, 'object_id' AS slot,
                m.subject || ' is of ' || s.said || ', ' || m.object || ' of ' || o.said AS said
            FROM mapping m JOIN category_set s ON s.code = m.subject JOIN category_set o ON o.code = m.object
            JOIN category_apart x ON x.a = s.said AND x.b = o.said WHERE {_SAME_KIND}""",
        "meaning/label": """
            SELECT m.id, 'object_id' AS slot,
                m.subject || ' (' || s.name || ') and ' || m.object || ' (' || o.name || ') share no word' AS said
            FROM mapped_pair m JOIN mapped_words s ON s.code = m.subject JOIN mapped_words o ON o.code = m.object""",
    }


@cache
def excluded() -> frozenset[tuple[str, str]]:
    """Return the pairs of Biolink categories (their local names) that exclude each other, by the ontology's axioms."""
    space = prefixes.load().namespaces["biolink"]
    owl, rdfs = prefixes.load().namespaces["owl"], prefixes.load().namespaces["rdfs"]
    below: dict[str, set[str]] = {}
    apart: set[tuple[str, str]] = set()
    known = ox.parse(path=resources.ontology_dir() / "calckg.ttl", format=ox.RdfFormat.TURTLE)
    for quad in known:
        one, other = str(getattr(quad.subject, "value", "")), str(getattr(quad.object, "value", ""))
        if one.startswith(space) and other.startswith(space):
            one, other = one.removeprefix(space), other.removeprefix(space)
            if quad.predicate.value == rdfs + "subClassOf":
                below.setdefault(other, set()).add(one)
            elif quad.predicate.value == owl + "disjointWith":
                apart |= {(one, other), (other, one)}
    return frozenset(pair for a, b in apart for pair in product(_all_below(below, a), _all_below(below, b)))


def _all_below(below: Mapping[str, Iterable[str]], category: str) -> set[str]:
    return {category}.union(*(_all_below(below, lower) for lower in below.get(category, ())))


def categories(connection: DuckDBPyConnection) -> None:
    """Make ``mapped_category(code, category)``: by the graph's types and UMLS' semantic types, or the code system.

    An ontology of one kind of thing says of a code that is not loaded what it is (a code of Mondo is a disease).
    """
    table = prefixes.load()
    names = sorted({name for pair in excluded() for name in pair})
    told = {table.expand(f"biolink:{name}"): name for name in names}
    told |= {
        table.expand(f"STY:{known.tui}"): known.category
        for known in SEMANTIC_TYPES.values()
        if known.category in names and known.category != UNKNOWN
    }
    by_prefix = {one.prefix: one.category for one in ONTOLOGIES if one.category in names}
    run = connection.execute
    run(
        """CREATE OR REPLACE TABLE category_term AS SELECT t.id, n.name FROM term t JOIN (
            SELECT unnest(?::VARCHAR[]) AS iri, unnest(?::VARCHAR[]) AS name) n ON n.iri = t.value WHERE t.kind = 0""",
        [list(told), list(told.values())],
    )
    run(
        f"""CREATE OR REPLACE TABLE mapped_category AS
        SELECT DISTINCT c.code, t.name AS category FROM quad q JOIN mapped_code c ON c.node = q.s
        JOIN category_term t ON t.id = q.o
        WHERE q.p IN ({_kinds(connection)})"""
    )
    _by_release(connection)
    for prefix, category in by_prefix.items():
        ends = " UNION ".join(
            f"SELECT {end} FROM mapping WHERE {end}_prefix = {quoted(prefix)}" for end in ("subject", "object")
        )
        run(
            f"""INSERT INTO mapped_category SELECT code, '{category}' FROM ({ends}) e(code)
            WHERE code NOT IN (SELECT code FROM mapped_category)
            AND '{prefix}' NOT IN (SELECT prefix FROM vocabulary_loaded)"""
        )


def _kinds(connection: DuckDBPyConnection) -> str:
    return ", ".join(map(str, term_ids(connection, "rdf:type", "ckg:semanticType")))


def _by_release(connection: DuckDBPyConnection) -> None:
    """Give a code without a category that of its like in a release: MedGen has a UMLS concept by three codes."""
    exact = f"quad WHERE p = {term_id(connection, 'skos:exactMatch')} AND g IN (SELECT g FROM vocabulary_loaded)"
    connection.execute(
        f"""INSERT INTO mapped_category SELECT DISTINCT c.code, t.name
        FROM (SELECT s AS node, o AS alike FROM {exact} UNION SELECT o, s FROM {exact}) e
        JOIN mapped_code c ON c.node = e.node JOIN quad q ON q.s = e.alike JOIN category_term t ON t.id = q.o
        WHERE q.p IN ({_kinds(connection)}) AND c.code NOT IN (SELECT code FROM mapped_category)"""
    )


def _sets(connection: DuckDBPyConnection) -> None:
    """Make ``category_set(code, said)`` and ``category_apart(a, b)``: none of the one goes with one of the other."""
    run = connection.execute
    run(
        """CREATE OR REPLACE TABLE category_set AS
        WITH counted AS (SELECT code, min(category) AS one, max(category) AS last FROM mapped_category GROUP BY code)
        SELECT code, one AS said FROM counted WHERE one = last UNION ALL
        SELECT code, string_agg(category, ' and ' ORDER BY category) AS said
        FROM mapped_category SEMI JOIN (FROM counted WHERE one < last) several USING (code) GROUP BY code"""
    )
    sets = [str(row[0]) for row in run("SELECT DISTINCT said FROM category_set ORDER BY said").fetchall()]
    apart = [
        (a, b) for a, b in product(sets, sets) if excluded().issuperset(product(a.split(" and "), b.split(" and ")))
    ]
    run(
        "CREATE OR REPLACE TABLE category_apart AS SELECT unnest(?::VARCHAR[]) AS a, unnest(?::VARCHAR[]) AS b",
        [list(column) for column in zip(*apart, strict=True)] or [[], []],
    )


def _words(connection: DuckDBPyConnection) -> None:
    """Make ``mapped_words(code, name)`` and ``mapped_pair(id, subject, object)``, what may share no word.

    The preferred names of most pairs share one; only for the others all their names are looked at.
    """
    run = connection.execute
    named = " UNION ALL ".join(
        f"SELECT m.{end} FROM mapping m JOIN mapping_row r USING (id) WHERE r.{end}_label IS NOT NULL"
        for end in ("subject", "object")
    )
    run(
        f"""CREATE OR REPLACE TABLE mapped_pair AS
        WITH named(code) AS (SELECT code FROM mapped_code UNION ALL {named})
        SELECT id, subject, object FROM mapping WHERE {_SIMILAR} AND subject <> object
        AND subject IN (FROM named) AND object IN (FROM named)"""
    )
    for names in (("skos:prefLabel",), _NAMES):
        _names(connection, names)
        run(
            f"""CREATE OR REPLACE TABLE mapped_word AS
            SELECT code, name, preferred, {_WORDS} AS words
            FROM (SELECT code, name, preferred, {_PLAIN} AS plain FROM mapped_name) n WHERE len(words) > 0"""
        )
        run(
            """CREATE OR REPLACE TABLE mapped_pair AS SELECT * FROM mapped_pair ANTI JOIN (
                SELECT p.id FROM mapped_pair p JOIN mapped_word s ON s.code = p.subject
                JOIN mapped_word o ON o.code = p.object WHERE list_has_any(s.words, o.words)) alike USING (id)"""
        )
    run(
        """CREATE OR REPLACE TABLE mapped_words AS
        SELECT code, coalesce(min(CASE WHEN preferred THEN name END), min(name)) AS name
        FROM mapped_word GROUP BY code"""
    )
    run("DROP TABLE mapped_name; DROP TABLE mapped_word")


def _names(connection: DuckDBPyConnection, properties: Sequence[str]) -> None:
    """Make ``mapped_name(code, name, preferred)``: those of the graph, and the row's label where it prefers none."""
    preferred = term_id(connection, "skos:prefLabel")
    known = ", ".join(map(str, term_ids(connection, *properties)))
    connection.execute(
        f"""CREATE OR REPLACE TABLE mapped_name AS
        WITH wanted AS (SELECT subject AS code FROM mapped_pair UNION SELECT object FROM mapped_pair)
        SELECT DISTINCT c.code, t.value AS name, q.p = {preferred} AS preferred
        FROM quad q JOIN mapped_code c ON c.node = q.s SEMI JOIN wanted w ON w.code = c.code JOIN term t ON t.id = q.o
        WHERE q.p IN ({known})"""
    )
    connection.execute(
        "INSERT INTO mapped_name "
        + " UNION ".join(
            f"""SELECT p.{end} AS code, r.{end}_label AS name, true
            FROM mapped_pair p JOIN mapping_row r USING (id)
            ANTI JOIN (SELECT code FROM mapped_name WHERE preferred) n ON n.code = p.{end}
            WHERE r.{end}_label IS NOT NULL"""
            for end in ("subject", "object")
        )
    )
