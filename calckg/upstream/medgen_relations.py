"""MGREL and MedGen_HPO_OMIM_Mapping: hierarchy, features, modes of inheritance.

A row of MGREL says what its *second* concept is to its first, as in the UMLS: PAR, that CUI2 is the parent of CUI1;
manifestation_of, that CUI2 is a manifestation of CUI1. Rows of REL PAR and CHD, and of RELA isa and inverse_isa, are
``skos:broader`` (Orphanet's, too: it calls its hierarchy part_of). A RELA becomes an association where the model has a
predicate for it and the ends fit; ``related_to`` and the response to a drug are ``skos:related``. Left out and
counted: rows that are suppressed, of a concept to itself, and of a RELA that the model has no predicate for (places of
terms in data models, variants of gene products), for a predicate as wide as ``biolink:related_to`` would say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from calckg.tables import SEPARATOR
from calckg.upstream import OnError
from calckg.upstream.by_rule import leave_out
from calckg.upstream.ends import Rule, namespace, resource, settle
from calckg.upstream.flat import quoted
from calckg.upstream.medgen_codes import local_part, no_term, stage_terms, wrong_term
from calckg.upstream.medgen_files import Kind, load, refuse
from calckg.upstream.medgen_names import INFORES
from calckg.upstream.medgen_staging import no_cui, prepare, wrong_cui
from calckg.upstream.semantic_types import KIND
from calckg.upstream.umls_relations import RULES as RULES_OF_UMLS

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

RELATIONS: Final = Kind(
    "MGREL", ("CUI1", "AUI1", "STYPE1", "REL", "CUI2", "AUI2", "RELA", "RUI", "SAB", "SL", "SUPPRESS")
)
FEATURES: Final = Kind(
    "MedGen_HPO_OMIM_Mapping",
    (
        "OMIM_CUI",
        "MIM_number",
        "OMIM_name",
        "relationship",
        "HPO_CUI",
        "HPO_ID",
        "HPO_name",
        "MedGen_name",
        "MedGen_source",
        "STY",
    ),
)

# They say no more than that there is something between the two.
_RELATED: Final = ("related_to", "has_pharmacological_response", "pharmacological_response_of")
# What a disease is said to have, by NCI: the abnormality of, and the disease that has it.
_OF_DISEASE: Final = (
    ("is_cytogenetic_abnormality_of_disease", "disease_has_cytogenetic_abnormality"),
    ("is_molecular_abnormality_of_disease", "disease_has_molecular_abnormality"),
    ("is_associated_disease_of", "disease_has_associated_disease"),
    ("is_associated_disease_of_disease", ""),
)
_GENES: Final = (
    ("gene_associated_with_disease", "disease_has_associated_gene"),
    ("gene_mapped_to_disease", "disease_mapped_to_gene"),
    ("gene_involved_in_pathogenesis_of_disease", "pathogenesis_of_disease_involves_gene"),
)
_MANIFESTATIONS: Final = (
    ("manifestation_of", "has_manifestation"),
    ("definitional_manifestation_of", "has_definitional_manifestation"),
    ("is_finding_of_disease", "disease_has_finding"),
)


def _rules() -> Iterator[Rule]:
    yield from RULES_OF_UMLS
    for forward, inverse in _OF_DISEASE:
        yield Rule(forward, "biolink:associated_with", forward=False)
        yield Rule(inverse, "biolink:associated_with")
    for forward, inverse in _GENES[1:]:
        yield Rule(forward, "biolink:gene_associated_with_condition")
        yield Rule(inverse, "biolink:gene_associated_with_condition", forward=False)


RULES: Final = tuple(rule for rule in _rules() if rule.relation)
"""What each RELA becomes; ``first`` of a claim is the second concept of the row, as that is what the row speaks of."""

_RELATIONS: Final = frozenset(rule.relation for rule in RULES)


def _known_ends() -> Iterator[tuple[str, str, str]]:
    for of, has in _MANIFESTATIONS:
        yield of, "PhenotypicFeature", "Disease"
        yield has, "Disease", "PhenotypicFeature"
    for of, has in _OF_DISEASE:
        yield of, "DiseaseOrPhenotypicFeature", "Disease"
        yield has, "Disease", "DiseaseOrPhenotypicFeature"
    for of, has in _GENES:
        yield of, "Gene", "Disease"
        yield has, "Disease", "Gene"
    yield "inheritance_type_of", "GeneticInheritance", "Disease"
    yield "has_inheritance_type", "Disease", "GeneticInheritance"


# What the ends of a relation are known to be by it.
_KNOWN: Final = tuple(known for known in _known_ends() if known[0])
# These say that a condition is used as something more than its semantic types tell.
_USES: Final = ("PhenotypicFeature", "GeneticInheritance")
_EXCLUDED: Final = ("site", "substance", "procedure", "gene")

# How a RELA denies or doubts another: pattern, the other, whether it denies, the words that weaken it.
_QUALIFIED: Final = (
    (r"is_not_(.+)", r"is_\1", True, None),
    (r"not_(.+)", r"\1", True, None),
    (r"disease_excludes_(.+)", r"disease_has_\1", True, None),
    (r"may_be_(.+)", r"is_\1", False, "may"),
    (r"disease_may_have_(.+)", r"disease_has_\1", False, "may"),
)


def meaning(relation: str) -> tuple[str, bool, str | None] | None:
    """Return the relation of the model's rules that a RELA is, whether it is denied, and the word that weakens it.

    ``None`` when there is no rule for it.
    """
    if relation in _RELATIONS:
        return relation, False, "may" if relation.startswith("may_") else None
    for pattern, other, negated, hedge in _QUALIFIED:
        found = re.fullmatch(pattern, relation)
        if found and found.expand(other) in _RELATIONS:
            return found.expand(other), negated, hedge
    return None


def _meanings(connection: DuckDBPyConnection, column: str) -> str:
    """Return a relation of SQL ``(original, relation, negated, hedge)`` of the RELAs in ``medgen_file``."""
    rows = ["(CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), false, CAST(NULL AS VARCHAR))"]  # there may be no other
    for (original,) in connection.execute(
        f"SELECT DISTINCT {column} AS v FROM medgen_file WHERE v IS NOT NULL ORDER BY v"
    ).fetchall():
        found = meaning(str(original))
        if found:
            relation, negated, hedge = found
            weakened = quoted(hedge) if hedge else "NULL"
            rows.append(f"({quoted(str(original))}, {quoted(relation)}, {str(negated).lower()}, {weakened})")
    return f"(VALUES {', '.join(rows)}) AS meaning(original, relation, negated, hedge)"


def fill_relations(connection: DuckDBPyConnection, path: Path, graph: str, on_error: OnError) -> int:
    """Read MGREL: ``broader`` at once; what may become associations is put by for ``associate``."""
    prepare(connection)
    count, found = load(connection, "medgen_file", path, RELATIONS, on_error, without=("AUI1", "STYPE1", "AUI2", "SL"))
    refuse(connection, "medgen_file", found, on_error, {"CUI1": (no_cui, wrong_cui), "CUI2": (no_cui, wrong_cui)})
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE medgen_relation AS
        SELECT CUI1, CUI2, REL, RELA, RUI, SAB, relation, negated, hedge,
            CASE WHEN coalesce(SUPPRESS, 'N') <> 'N' THEN 'suppressed'
                WHEN CUI1 = CUI2 THEN 'of a concept to itself'
                WHEN REL IN ('PAR', 'CHD') OR RELA IN ('isa', 'inverse_isa') THEN 'broader'
                WHEN RELA IN {_RELATED} THEN 'related'
                WHEN relation IS NOT NULL THEN 'claim'
                ELSE 'no predicate for ' || coalesce(REL, '') || coalesce(' ' || RELA, '') END AS fate
        FROM medgen_file LEFT JOIN {_meanings(connection, "RELA")} ON original = RELA
        """
    )
    connection.execute("DROP TABLE medgen_file")
    leave_out(
        connection,
        RELATIONS.stem,
        "SELECT fate FROM medgen_relation WHERE fate NOT IN ('broader', 'related', 'claim')",
    )
    medgen = namespace("medgen")
    second_is_wider = "(REL = 'PAR' OR (REL <> 'CHD' AND RELA = 'inverse_isa'))"
    connection.execute(
        f"""
        INSERT INTO broader (graph, concept, broader)
        SELECT $graph, {medgen} || low, {medgen} || high
        FROM (
            SELECT DISTINCT CASE WHEN {second_is_wider} THEN CUI1 ELSE CUI2 END AS low,
                CASE WHEN {second_is_wider} THEN CUI2 ELSE CUI1 END AS high
            FROM medgen_relation WHERE fate = 'broader'
        )
        """,
        {"graph": graph},
    )
    related = f"{resource('skos:related')} || {quoted(2 * SEPARATOR)} || {medgen}"
    connection.execute(
        f"""
        INSERT INTO concept (graph, concept, extra)
        SELECT $graph, {medgen} || CUI2, list(DISTINCT {related} || CUI1)
        FROM medgen_relation WHERE fate = 'related' GROUP BY CUI2
        """,
        {"graph": graph},
    )
    connection.execute(
        f"""
        INSERT INTO medgen_claim
        SELECT relation, {medgen} || CUI2, {medgen} || CUI1, negated, hedge, RELA, SAB, RUI, NULL, '{RELATIONS.stem}'
        FROM medgen_relation WHERE fate = 'claim'
        """
    )
    connection.execute("DROP TABLE medgen_relation")
    return count


def fill_features(connection: DuckDBPyConnection, path: Path, graph: str, on_error: OnError) -> int:
    """Read MedGen_HPO_OMIM_Mapping: HPO's annotations of OMIM's diseases; a row for each semantic type."""
    prepare(connection)
    names = ("OMIM_name", "HPO_name", "MedGen_name")
    count, found = load(connection, "medgen_file", path, FEATURES, on_error, text=names)
    number = local_part("OMIM", "MIM_number")
    checks = {
        "OMIM_CUI": (no_cui, wrong_cui),
        "MIM_number": (lambda column: f"{column} IS NOT NULL AND {local_part('OMIM', column)} IS NULL", _wrong_number),
        "HPO_CUI": (no_cui, wrong_cui),
        "HPO_ID": (no_term, wrong_term),
    }
    refuse(connection, "medgen_file", found, on_error, checks)
    stage_terms(connection, FEATURES.stem, "HPO_CUI", "HPO_ID", "HPO_name", "MedGen_name", "MedGen_source")
    connection.execute(
        f"""
        INSERT INTO medgen_code
        SELECT DISTINCT OMIM_CUI, 'OMIM', {number}, OMIM_name, true, CAST(NULL AS VARCHAR)
        FROM medgen_file WHERE MIM_number IS NOT NULL
        """
    )
    connection.execute(
        f"""
        INSERT INTO medgen_term
        SELECT DISTINCT OMIM_CUI, OMIM_name, 'OMIM', {number} FROM medgen_file WHERE OMIM_name IS NOT NULL
        """
    )
    meanings = _meanings(connection, "relationship")
    leave_out(
        connection,
        FEATURES.stem,
        f"SELECT 'no predicate for ' || coalesce(relationship, 'an empty relationship') "
        f"FROM medgen_file ANTI JOIN {meanings} ON original = relationship",
    )
    medgen = namespace("medgen")
    connection.execute(
        f"""
        INSERT INTO medgen_claim
        SELECT DISTINCT relation, {medgen} || HPO_CUI, {medgen} || OMIM_CUI, negated, hedge, relationship, 'HPO',
            CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), '{FEATURES.stem}'
        FROM medgen_file JOIN {meanings} ON original = relationship
        """
    )
    connection.execute("DROP TABLE medgen_file")
    return count


def _wrong_number(text: str) -> str:
    return f"a MIM number expected, 6 digits, found {text!r}"


def associate(connection: DuckDBPyConnection, graph: str) -> None:
    """Make associations of the relations that were put by, where the ends fit; count those that don't."""
    _categorise(connection, graph)
    settle(connection, graph, "medgen_claim", RULES)
    medgen = resource("infores:medgen")
    sources = INFORES | {"HPO": "hpo-annotations"}
    cases = " ".join(f"WHEN '{sab}' THEN {resource(f'infores:{name}')}" for sab, name in sources.items())
    said = f"CASE sab {cases} ELSE {medgen} END"
    connection.execute(
        f"""
        INSERT INTO association BY NAME
        SELECT $graph AS graph, category, subject, predicate, object, negated, hedge, section,
            {resource("ckg:Unsourced")} AS citation_status, [{resource("ECO:0000303")}] AS evidence,
            {said} AS primary_knowledge_source,
            CASE WHEN primary_knowledge_source <> {medgen} THEN [{medgen}] END AS aggregator_knowledge_source,
            'knowledge_assertion' AS knowledge_level, 'not_provided' AS agent_type,
            CASE WHEN original IS NOT NULL THEN [original] END AS original_predicate,
            CASE WHEN rui IS NOT NULL THEN [rui] END AS identifier
        FROM settled
        """,
        {"graph": graph},
    )
    for (stem,) in connection.execute("SELECT DISTINCT file FROM medgen_claim ORDER BY file").fetchall():
        leave_out(
            connection,
            str(stem),
            f"SELECT 'the categories of the ends do not fit ' || relation FROM medgen_claim "
            f"ANTI JOIN settled ON settled.claim = medgen_claim.rowid WHERE file = {quoted(str(stem))}",
        )
    connection.execute("DROP TABLE settled")


def _categorise(connection: DuckDBPyConnection, graph: str) -> None:
    """Give a category to ends: what is used as a feature is one, unless it is a site, a substance or the like.

    What has something as a feature is a disease where nothing else is known of it.
    """
    excluded = ", ".join(resource(f"biolink:{name}") for name, kind in KIND.items() if kind in _EXCLUDED)
    known = ", ".join(
        f"({quoted(relation)}, {resource(f'biolink:{first}')}, {resource(f'biolink:{second}')})"
        for relation, first, second in _KNOWN
    )
    either = resource("biolink:DiseaseOrPhenotypicFeature")
    uses = ", ".join(resource(f"biolink:{name}") for name in _USES)
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE medgen_used AS
        WITH known(relation, of_first, of_second) AS (VALUES {known}),
        ends AS (
            SELECT first AS concept, of_first AS category FROM medgen_claim JOIN known USING (relation)
            UNION SELECT second, of_second FROM medgen_claim JOIN known USING (relation)
        ),
        told AS (
            SELECT concept, bool_or(list_has_any(category, [{excluded}])) AS excluded
            FROM concept SEMI JOIN ends USING (concept) WHERE graph = $graph AND category IS NOT NULL GROUP BY concept
        )
        SELECT ends.concept, CASE WHEN count(*) = 1 THEN list(ends.category)
            ELSE list_sort(list(ends.category) FILTER (ends.category <> {either})) END AS category
        FROM ends LEFT JOIN told ON told.concept = ends.concept
        WHERE told.concept IS NULL OR (NOT excluded AND ends.category IN ({uses}))
        GROUP BY ends.concept
        """,
        {"graph": graph},
    )
    connection.execute(
        "INSERT INTO concept (graph, concept, category) SELECT $graph, concept, category FROM medgen_used",
        {"graph": graph},
    )
    connection.execute(
        f"INSERT INTO medgen_known SELECT substr(concept, length({namespace('medgen')}) + 1) FROM medgen_used"
    )
    connection.execute("DROP TABLE medgen_used")
