"""MRREL: the hierarchy of the Metathesaurus, and those of its relations that the model has a predicate for.

A row says what its *second* concept is to its first (UMLS Reference Manual, chapter 3, Related Concepts): ``PAR``, that
CUI2 is the parent of CUI1; ``has_finding_site``, that CUI2 has its finding site in CUI1.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from calckg.upstream import OnError
from calckg.upstream.by_rule import leave_out
from calckg.upstream.ends import Rule, categorise, namespace, resource, settle, unsourced
from calckg.upstream.flat import load, refuse
from calckg.upstream.umls_files import RELATIONS, cuis

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# RELA, its inverse, and what the first of them becomes: the second concept is the subject.
_RELATIONS: Final = (
    ("has_finding_site", "finding_site_of", "biolink:located_in"),
    ("has_location", "location_of", "biolink:located_in"),
    ("disease_has_primary_anatomic_site", "is_primary_anatomic_site_of_disease", "biolink:located_in"),
    ("disease_has_associated_anatomic_site", "is_associated_anatomic_site_of", "biolink:located_in"),
    ("causative_agent_of", "has_causative_agent", "biolink:causes", "biolink:affects"),
    ("cause_of", "due_to", "biolink:causes", "biolink:affects"),
    ("induces", "induced_by", "biolink:causes"),
    ("has_manifestation", "manifestation_of", "biolink:has_phenotype"),
    ("manifestation_of", "has_manifestation", "biolink:manifestation_of"),
    ("has_definitional_manifestation", "definitional_manifestation_of", "biolink:has_phenotype"),
    ("definitional_manifestation_of", "has_definitional_manifestation", "biolink:manifestation_of"),
    ("disease_has_finding", "is_finding_of_disease", "biolink:has_phenotype"),
    ("is_finding_of_disease", "disease_has_finding", "biolink:manifestation_of"),
    ("complicated_by", "complicates", "ckg:has_complication"),
    ("associated_with", "", "biolink:associated_with"),
    ("gene_associated_with_disease", "disease_has_associated_gene", "biolink:gene_associated_with_condition"),
    ("has_inheritance_type", "inheritance_type_of", "biolink:has_mode_of_inheritance"),
    ("has_clinical_course", "clinical_course_of", "ckg:has_clinical_course"),
    ("has_severity", "severity_of", "ckg:has_modifier"),
    ("may_treat", "may_be_treated_by", "biolink:treats"),
    ("has_ingredient", "ingredient_of", "biolink:has_part"),
    ("has_active_ingredient", "active_ingredient_of", "biolink:has_part"),
    ("part_of", "has_part", "biolink:part_of"),
    ("regional_part_of", "has_regional_part", "biolink:part_of"),
    ("constitutional_part_of", "has_constitutional_part", "biolink:part_of"),
    ("systemic_part_of", "has_systemic_part", "biolink:part_of"),
    ("anatomic_structure_is_physical_part_of", "has_physical_part_of_anatomic_structure", "biolink:part_of"),
)
# What the second or the first concept of a relation is known to be by it.
_KNOWN: Final = {
    "has_inheritance_type": ("second", "GeneticInheritance"),
    "inheritance_type_of": ("first", "GeneticInheritance"),
    "has_clinical_course": ("second", "ClinicalCourse"),
    "clinical_course_of": ("first", "ClinicalCourse"),
    "has_severity": ("second", "ClinicalModifier"),
    "severity_of": ("first", "ClinicalModifier"),
}
_SOURCES: Final = {
    "HPO": "hpo",
    "MSH": "mesh",
    "NCI": "ncit",
    "OMIM": "omim",
    "ORPHANET": "orphanet",
    "SNOMEDCT_US": "snomedct",
}


def _rules() -> Iterator[Rule]:
    for relation, inverse, *wanted in _RELATIONS:
        for predicate in wanted:
            yield Rule(relation, predicate)
            if inverse:
                yield Rule(inverse, predicate, forward=False)


RULES: Final = tuple(_rules())
"""What each RELA becomes; ``first`` of a claim is the second concept of the row, as that is what the row speaks of."""


def fill_relations(connection: DuckDBPyConnection, path: Path, graph: str, on_error: OnError) -> int:
    """Read MRREL: PAR, CHD and isa into ``broader``; what may become associations is put by for ``associate``.

    Left out, and counted, are relations of a concept to itself, those that are suppressed or obsolete, siblings and the
    other looser kinds of REL, and RELA that no predicate is for.
    """
    wanted = tuple(sorted({rule.relation for rule in RULES} | {"isa", "inverse_isa"}))
    count = load(
        connection,
        "umls_relation",
        path,
        RELATIONS,
        on_error,
        keep=("CUI1", "REL", "CUI2", "RELA", "RUI", "SAB", "SUPPRESS"),
        leave={
            "suppressed or obsolete": "SUPPRESS IS DISTINCT FROM 'N'",
            "of a concept to itself": "CUI1 IS NOT DISTINCT FROM CUI2",
            "neither of the hierarchy nor a relation with a predicate": (
                f"NOT coalesce(REL IN ('PAR', 'CHD') OR RELA IN {wanted}, false)"
            ),
        },
    )
    wrong = cuis(connection, "umls_relation", "CUI1") | cuis(connection, "umls_relation", "CUI2")
    refuse(connection, "umls_relation", path, RELATIONS, on_error, wrong)
    umls = namespace("UMLS")
    connection.execute(
        f"""
        INSERT INTO broader (graph, concept, broader)
        SELECT DISTINCT $graph, {umls} || narrower, {umls} || wider
        FROM (
            SELECT CUI1 AS narrower, CUI2 AS wider FROM umls_relation WHERE REL = 'PAR' OR RELA = 'inverse_isa'
            UNION ALL
            SELECT CUI2, CUI1 FROM umls_relation WHERE REL = 'CHD' OR RELA = 'isa'
        )
        """,
        {"graph": graph},
    )
    _make_claims(connection)
    connection.execute(
        f"""
        INSERT INTO umls_claim
        SELECT RELA, {umls} || CUI2, {umls} || CUI1, SAB, RUI
        FROM umls_relation WHERE RELA IN {tuple(sorted({rule.relation for rule in RULES}))}
        """
    )
    connection.execute("DROP TABLE umls_relation")
    return count


def _make_claims(connection: DuckDBPyConnection) -> None:
    connection.execute(
        "CREATE TEMP TABLE IF NOT EXISTS umls_claim "
        "(relation VARCHAR, first VARCHAR, second VARCHAR, sab VARCHAR, rui VARCHAR)"
    )


def associate(connection: DuckDBPyConnection, graph: str) -> None:
    """Make associations of the relations that were put by, where the ends fit the predicate; count those that don't."""
    _make_claims(connection)
    categorise(connection, graph, "umls_claim", _KNOWN)
    settle(connection, graph, "umls_claim", RULES)
    umls = resource("infores:umls")
    cases = " ".join(f"WHEN '{sab}' THEN {resource(f'infores:{name}')}" for sab, name in _SOURCES.items())
    first_said = f"CASE sab {cases} ELSE {umls} END"
    connection.execute(
        f"""
        INSERT INTO association BY NAME
        SELECT $graph AS graph, category, subject, predicate, object, {unsourced(first_said)},
            CASE WHEN primary_knowledge_source <> {umls} THEN [{umls}] END AS aggregator_knowledge_source,
            'not_provided' AS agent_type, CASE WHEN starts_with(relation, 'may_') THEN 'may' END AS hedge,
            [relation] AS original_predicate, CASE WHEN rui IS NOT NULL THEN [rui] END AS identifier
        FROM settled
        """,
        {"graph": graph},
    )
    leave_out(
        connection,
        "MRREL",
        "SELECT 'the categories of the ends do not fit ' || relation FROM umls_claim "
        "ANTI JOIN settled ON settled.claim = umls_claim.rowid",
    )
    connection.execute("DROP TABLE umls_claim")
    connection.execute("DROP TABLE settled")
