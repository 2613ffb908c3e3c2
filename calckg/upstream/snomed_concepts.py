"""What several files of SNOMED CT say together: names and their preference, categories, replacements, associations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from calckg.upstream import sctid
from calckg.upstream.ends import Rule, categorise, complete, namespace, resource, scheme, settle, unsourced
from calckg.upstream.snomed_files import ROW

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_STAGED: Final = {
    "snomed_description": "id VARCHAR, concept VARCHAR, lang VARCHAR, full_name BOOLEAN, term VARCHAR, active BOOLEAN",
    "snomed_language": "description VARCHAR, refset VARCHAR",
    "snomed_claim": "relation VARCHAR, first VARCHAR, second VARCHAR, id VARCHAR, since VARCHAR",
    "snomed_association": "refset VARCHAR, concept VARCHAR, target VARCHAR",
    "snomed_reason": "concept VARCHAR, reason VARCHAR",
}

# Whose preferred term is the preferred label of its language, first; the next has a tag of its own for what differs.
_US_ENGLISH: Final = "900000000000509007"
_GB_ENGLISH: Final = "900000000000508004"

_CATEGORIES: Final = {
    "disorder": "Disease",
    "finding": "PhenotypicFeature",
    "morphologic abnormality": "PathologicalProcess",
    "body structure": "AnatomicalEntity",
    "cell": "AnatomicalEntity",
    "cell structure": "AnatomicalEntity",
    "substance": "ChemicalEntity",
    "product": "ChemicalEntity",
    "medicinal product": "ChemicalEntity",
    "medicinal product form": "ChemicalEntity",
    "clinical drug": "ChemicalEntity",
    "real clinical drug": "ChemicalEntity",
    "real medicinal product": "ChemicalEntity",
    "procedure": "Procedure",
    "regime/therapy": "Procedure",
}
"""The Biolink category that the tag of a fully specified name tells; of other tags, none."""

_REPLACED: Final = {"900000000000526001": "REPLACED BY", "900000000000527005": "SAME AS"}
_CONSIDER: Final = {
    "900000000000523009": "POSSIBLY EQUIVALENT TO",
    "900000000000528000": "WAS A",
    "900000000000529008": "SIMILAR TO",
    "900000000000530003": "ALTERNATIVE",
    "1186921001": "POSSIBLY REPLACED BY",
    "1186924009": "PARTIALLY EQUIVALENT TO",
}

RULES: Final = (
    Rule("363698007", "biolink:located_in"),  # finding site
    Rule("246075003", "biolink:causes", forward=False),  # causative agent
    Rule("246075003", "biolink:affects", forward=False),
    Rule("42752001", "biolink:causes", forward=False),  # due to
    Rule("42752001", "biolink:affects", forward=False),
    Rule("47429007", "biolink:associated_with"),
    Rule("363705008", "biolink:has_phenotype"),  # has definitional manifestation
    Rule("363705008", "biolink:manifestation_of", forward=False),
    Rule("263502005", "ckg:has_clinical_course"),
    Rule("246454002", "ckg:has_clinical_course"),  # occurrence: the period of life in which it begins
    Rule("246112005", "ckg:has_modifier"),  # severity
    Rule("127489000", "biolink:has_part"),  # has active ingredient
    Rule("123005000", "biolink:part_of"),
    Rule("733930001", "biolink:part_of"),  # regional part of
    Rule("733931002", "biolink:part_of"),  # constitutional part of
    Rule("733932009", "biolink:part_of"),  # systemic part of
    Rule("733933004", "biolink:part_of"),  # lateral half of
    Rule("774081006", "biolink:part_of"),  # proper part of
)
"""What attributes become. An attribute with no rule, or whose ends do not fit, is stated as it is: concept, attribute,
concept."""

_KNOWN: Final = {
    "263502005": ("second", "ClinicalCourse"),
    "246454002": ("second", "Onset"),
    "246112005": ("second", "ClinicalModifier"),
}


def stage(connection: DuckDBPyConnection) -> None:
    """Make the temporary tables of what is put by, unless they are there."""
    for table, columns in _STAGED.items():
        connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS {table} ({columns})")


def finish(connection: DuckDBPyConnection, graph: str) -> None:
    """Fill the tables with what needs several files, once all are read."""
    stage(connection)
    _insert_names(connection, graph)
    _insert_categories(connection, graph)
    _insert_replacements(connection, graph)
    _insert_reasons(connection, graph)
    _insert_associations(connection, graph)
    complete(connection, graph)
    for table in (*_STAGED, ROW, sctid.KNOWN):
        connection.execute(f"DROP TABLE IF EXISTS {table}")


def _insert_names(connection: DuckDBPyConnection, graph: str) -> None:
    """The preferred term of US English is the preferred label; another that is preferred in Great Britain, in en-gb.

    Where no language reference set prefers a term, it is the fully specified name. A text has one kind (SKOS, S13).
    """
    order = f"CASE refset WHEN '{_US_ENGLISH}' THEN '0' WHEN '{_GB_ENGLISH}' THEN '1' ELSE '2' || refset END"
    connection.execute(
        f"""
        INSERT INTO name (graph, concept, text, lang, kind, vocabulary, term_type, identifier)
        WITH liked AS (
            SELECT concept, lang, term, refset, {order} AS place FROM snomed_description
            JOIN snomed_language ON description = id WHERE active AND NOT full_name
        ),
        preferred AS (SELECT concept, lang, arg_min(term, place || term) AS term FROM liked GROUP BY concept, lang),
        british AS (
            SELECT concept, min(term) AS term FROM liked ANTI JOIN preferred USING (concept, lang, term)
            WHERE refset = '{_GB_ENGLISH}' GROUP BY concept
        ),
        named AS (
            SELECT concept, lang, min(term) AS term FROM snomed_description ANTI JOIN preferred USING (concept, lang)
            WHERE active AND full_name GROUP BY concept, lang
        ),
        best AS (
            SELECT concept, lang, term, lang AS tag FROM preferred UNION ALL SELECT concept, lang, term, lang FROM named
            UNION ALL SELECT concept, 'en', term, 'en-gb' FROM british
        ),
        shown AS (
            SELECT DISTINCT concept, lang, term FROM snomed_description
            SEMI JOIN (SELECT * FROM snomed_description WHERE NOT active) AS gone USING (concept, lang, term)
            WHERE active
        )
        SELECT $graph, d.concept, d.term, coalesce(best.tag, d.lang),
            CASE
                WHEN best.concept IS NOT NULL THEN 'preferred'
                WHEN active OR shown.concept IS NOT NULL THEN 'exact'
                ELSE 'hidden'
            END,
            {scheme("SCTID")}, CASE WHEN full_name THEN 'fully specified name' ELSE 'synonym' END, [id]
        FROM snomed_description AS d
        LEFT JOIN best ON (best.concept, best.lang, best.term) = (d.concept, d.lang, d.term)
        LEFT JOIN shown ON (shown.concept, shown.lang, shown.term) = (d.concept, d.lang, d.term)
        """,
        {"graph": graph},
    )


def _insert_categories(connection: DuckDBPyConnection, graph: str) -> None:
    tags = ", ".join(f"('{tag}', {resource(f'biolink:{name}')})" for tag, name in _CATEGORIES.items())
    connection.execute(
        f"""
        INSERT INTO concept (graph, concept, category)
        SELECT DISTINCT $graph, concept, [category]
        FROM snomed_description JOIN (VALUES {tags}) AS known(tag, category)
            ON tag = regexp_extract(term, '[(]([^()]+)[)]\\z', 1)
        WHERE full_name AND active
        """,
        {"graph": graph},
    )


def _insert_replacements(connection: DuckDBPyConnection, graph: str) -> None:
    """What one concept stands for certainly is a replacement; of several, or of a near one, a person has to choose.

    MOVED TO and MOVED FROM name a namespace and a former identifier, which nobody can use instead; they, and the links
    between an anatomical structure, its whole and its parts, are stated as they are.
    """
    sct = namespace("SCTID")
    certain = f"refset IN {tuple(_REPLACED)}"
    connection.execute(
        f"""
        INSERT INTO replacement (graph, concept, replacement, kind, relation)
        SELECT DISTINCT $graph, concept, target,
            CASE WHEN {certain} AND targets = 1 THEN 'replaced' ELSE 'consider' END, {sct} || refset
        FROM snomed_association JOIN (
            SELECT concept, count(DISTINCT target) FILTER ({certain}) AS targets
            FROM snomed_association GROUP BY concept
        ) AS counted USING (concept)
        WHERE refset IN {(*_REPLACED, *_CONSIDER)}
        """,
        {"graph": graph},
    )
    _state(
        connection,
        graph,
        f"SELECT concept, refset, target FROM snomed_association WHERE refset NOT IN {(*_REPLACED, *_CONSIDER)}",
    )


def _insert_reasons(connection: DuckDBPyConnection, graph: str) -> None:
    connection.execute(
        """
        INSERT INTO concept (graph, concept, retirement_reason)
        SELECT DISTINCT $graph, concept, reason FROM snomed_reason
        SEMI JOIN (SELECT concept FROM concept WHERE graph = $graph AND deprecated) AS gone USING (concept)
        """,
        {"graph": graph},
    )


def _insert_associations(connection: DuckDBPyConnection, graph: str) -> None:
    categorise(connection, graph, "snomed_claim", _KNOWN)
    settle(connection, graph, "snomed_claim", RULES)
    connection.execute(
        f"""
        INSERT INTO association BY NAME
        SELECT $graph AS graph, category, subject, predicate, object, {unsourced(resource("infores:snomedct"))},
            'manual_agent' AS agent_type, ['SCTID:' || relation] AS original_predicate, [id] AS identifier,
            since AS modified
        FROM settled
        """,
        {"graph": graph},
    )
    _state(
        connection,
        graph,
        "SELECT first, relation, second FROM snomed_claim WHERE rowid NOT IN (SELECT claim FROM settled)",
    )
    connection.execute("DROP TABLE settled")


def _state(connection: DuckDBPyConnection, graph: str, rows: str) -> None:
    """State rows of concept, attribute and concept as triples."""
    connection.execute(
        f"""
        INSERT INTO concept (graph, concept, extra)
        SELECT $graph, subject, list(DISTINCT {namespace("SCTID")} || attribute || chr(31) || chr(31) || object)
        FROM ({rows}) AS stated(subject, attribute, object) GROUP BY subject
        """,
        {"graph": graph},
    )
