"""The ends of what a terminology says: each is a concept; an association is made where they fit its predicate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from calckg import prefixes
from calckg.upstream.flat import quoted
from calckg.upstream.semantic_types import KIND, UNKNOWN

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_CONDITIONS: Final = ("condition", "process")
_PARTS: Final = ("site", "substance", *_CONDITIONS)
_ANYTHING: Final = tuple(dict.fromkeys(KIND.values()))

FITS: Final[Mapping[str, tuple[Sequence[str], Sequence[str]]]] = {
    "biolink:affects": (_ANYTHING, _CONDITIONS),
    "biolink:associated_with": (_CONDITIONS, _CONDITIONS),
    "biolink:causes": ((*_CONDITIONS, "substance", "gene", "procedure"), _CONDITIONS),
    "biolink:gene_associated_with_condition": (("gene",), ("condition",)),
    "biolink:has_mode_of_inheritance": (("condition",), ("inheritance",)),
    "biolink:has_part": (_PARTS, (*_PARTS, "unknown")),
    "biolink:has_phenotype": (("condition",), ("feature",)),
    "biolink:located_in": (_PARTS, ("site",)),
    "biolink:manifestation_of": (_CONDITIONS, _CONDITIONS),
    "biolink:part_of": ((*_PARTS, "unknown"), _PARTS),
    "biolink:treats": (("substance", "procedure"), _CONDITIONS),
    "ckg:has_clinical_course": (("condition",), ("course",)),
    "ckg:has_complication": (_CONDITIONS, _CONDITIONS),
    "ckg:has_modifier": (("condition",), ("modifier",)),
}
"""Which kinds may stand at the ends of a predicate; a test compares it with ontology/shapes/associations.ttl."""

FEATURES: Final = ("PhenotypicFeature", "DiseaseOrPhenotypicFeature")
"""The categories that make a condition a feature of another."""


class Rule(NamedTuple):
    """What a relation of a terminology becomes: ``forward`` when its first end is the subject.

    Of several rules for a relation, the first whose predicate the ends fit holds.
    """

    relation: str
    predicate: str
    forward: bool = True


def namespace(prefix: str) -> str:
    """Return the namespace of ``prefix`` as SQL writes it."""
    return quoted(prefixes.load().namespaces[prefix])


def resource(name: str) -> str:
    """Return the IRI of a CURIE as SQL writes it."""
    return quoted(prefixes.load().expand(name))


def scheme(prefix: str) -> str:
    """Return the IRI of the scheme of ``prefix`` as SQL writes it."""
    return resource(f"ckgid:scheme/{prefix}")


def complete(connection: DuckDBPyConnection, graph: str) -> None:
    """Give every end a row in ``concept``, and ``biolink:NamedThing`` to each concept of which no category is known."""
    known = ", ".join(
        f"({quoted(name)}, {quoted(iri)}, {scheme(name)})"
        for name, iri in prefixes.load().namespaces.items()
        if prefixes.load().records[name].clique_rank is not None
    )
    ends = " UNION ALL ".join(
        f"SELECT {column} AS concept FROM {table} WHERE graph = $graph"
        for table, columns in _ENDS.items()
        for column in columns
    )
    connection.execute(
        f"""
        INSERT INTO concept (graph, concept, scheme, notation)
        SELECT $graph, concept, scheme, prefix || ':' || substr(concept, length(namespace) + 1)
        FROM (SELECT DISTINCT concept FROM ({ends}) WHERE concept <> {resource("sssom:NoTermFound")}) AS ends
        ANTI JOIN (SELECT concept FROM concept WHERE graph = $graph AND notation IS NOT NULL) AS known USING (concept)
        LEFT JOIN (VALUES {known}) AS declared(prefix, namespace, scheme) ON starts_with(concept, namespace)
        """,
        {"graph": graph},
    )
    connection.execute(
        f"""
        INSERT INTO concept (graph, concept, category)
        SELECT $graph, concept, [{resource(f"biolink:{UNKNOWN}")}]
        FROM concept WHERE graph = $graph GROUP BY concept HAVING count(category) = 0
        """,
        {"graph": graph},
    )


_ENDS: Final = {
    "concept": ("concept",),  # one of which only a category is known, say
    "name": ("concept",),
    "definition": ("concept",),
    "broader": ("concept", "broader"),
    "replacement": ("concept", "replacement"),
    "mapping": ("subject_id", "object_id"),
    "association": ("subject", "object"),
}


def categorise(connection: DuckDBPyConnection, graph: str, claims: str, known: Mapping[str, tuple[str, str]]) -> None:
    """Give a category to what stands at an end of some relations: what a severity is said to be is a severity.

    ``known`` is the relation to its end in ``claims`` (``first`` or ``second``) and the name of a Biolink class.
    """
    for relation, (end, category) in known.items():
        connection.execute(
            f"""
            INSERT INTO concept (graph, concept, category)
            SELECT DISTINCT $graph, {end}, [{resource(f"biolink:{category}")}] FROM {claims} WHERE relation = $relation
            """,
            {"graph": graph, "relation": relation},
        )


def settle(connection: DuckDBPyConnection, graph: str, claims: str, rules: Iterable[Rule]) -> None:
    """Make the temporary table ``settled`` of the rows of ``claims`` whose ends fit one of the ``rules``.

    ``claims`` has columns ``relation``, ``first`` and ``second`` (IRIs); ``settled`` has all of its columns, and
    ``subject``, ``predicate``, ``object``, ``category`` (of the association) and ``claim``, the claim's row number.
    Categories must be in ``concept`` by now.
    """
    expand = prefixes.load().expand
    rule = _values((r.relation, expand(r.predicate), r.forward, rank) for rank, r in enumerate(rules))
    fit = _values(
        (expand(predicate), subject, object_)
        for predicate, (subjects, objects) in FITS.items()
        for subject in subjects
        for object_ in objects
    )
    kinds = [(name, kind) for name, kind in KIND.items()] + [(name, "feature") for name in FEATURES]
    kind = _values((expand(f"biolink:{name}"), kind) for name, kind in kinds)
    feature_claim = resource("biolink:DiseaseToPhenotypicFeatureAssociation")
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE settled AS
        WITH rule(relation, predicate, forward, rank) AS (VALUES {rule}),
        fit(predicate, subject, object) AS (VALUES {fit}),
        ends AS (SELECT first AS concept FROM {claims} UNION SELECT second FROM {claims}),
        told AS (
            SELECT DISTINCT concept, known.kind
            FROM (
                SELECT concept, unnest(category) AS category
                FROM concept SEMI JOIN ends USING (concept) WHERE graph = $graph
            ) AS said JOIN (VALUES {kind}) AS known(category, kind) USING (category)
        ),
        kind AS (FROM told UNION ALL SELECT concept, 'unknown' FROM ends ANTI JOIN told USING (concept)),
        chosen AS (
            SELECT c.rowid AS claim, arg_min({{'predicate': r.predicate, 'forward': r.forward}}, r.rank) AS rule
            FROM {claims} AS c JOIN rule AS r ON r.relation = c.relation
            JOIN kind AS a ON a.concept = c.first JOIN kind AS b ON b.concept = c.second
            JOIN fit ON fit.predicate = r.predicate
                AND fit.subject = CASE WHEN r.forward THEN a.kind ELSE b.kind END
                AND fit.object = CASE WHEN r.forward THEN b.kind ELSE a.kind END
            GROUP BY c.rowid
        )
        SELECT c.*, claim, rule.predicate AS predicate,
            CASE WHEN rule.forward THEN first ELSE second END AS subject,
            CASE WHEN rule.forward THEN second ELSE first END AS object,
            CASE WHEN rule.predicate = {resource("biolink:has_phenotype")} THEN [{feature_claim}] END AS category
        FROM {claims} AS c JOIN chosen ON chosen.claim = c.rowid
        """,
        {"graph": graph},
    )


def _values(rows: Iterable[Sequence[str | bool | int]]) -> str:
    return ", ".join(f"({', '.join(quoted(x) if isinstance(x, str) else str(x).lower() for x in row)})" for row in rows)


def unsourced(knowledge_source: str) -> str:
    """Return the SQL of the columns that tell whose word an association is, for terminologies, which cite nothing.

    They are ``negated``, ``citation_status``, ``evidence``, ``knowledge_level`` and ``primary_knowledge_source``;
    ``knowledge_source`` is SQL.
    """
    return (
        f"false AS negated, {resource('ckg:Unsourced')} AS citation_status, [{resource('ECO:0000303')}] AS evidence, "
        f"'knowledge_assertion' AS knowledge_level, {knowledge_source} AS primary_knowledge_source"
    )
