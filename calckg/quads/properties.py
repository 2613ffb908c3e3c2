"""What each column of the tables becomes in RDF, as CURIEs; a column that is not here is told in ``statements``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from calckg.tables import TABLES

SOURCE: Final = {
    "type": "rdf:type",
    "title": "dcterms:title",
    "description": "dcterms:description",
    "publisher": "dcterms:publisher",
    "license": "dcterms:license",
    "rights": "dcterms:rights",
    "version": "dcat:version",
    "version_info": "owl:versionInfo",
    "issued": "dcterms:issued",
    "landing_page": "dcat:landingPage",
    "derived_from": "prov:wasDerivedFrom",
    "attributed_to": "prov:wasAttributedTo",
    "infores": "ckg:infores",
    "part_of": "dcterms:isPartOf",
    "redistribution": "ckg:redistribution",
    "name_priority": "ckg:namePriority",
    "creator": "dcterms:creator",
    "creator_label": "sssom:creator_label",
    "see_also": "rdfs:seeAlso",
    "comment": "rdfs:comment",
    "issue_tracker": "sssom:issue_tracker",
    "confidence": "sssom:mapping_set_confidence",
    "sssom_version": "sssom:sssom_version",
    "other": "sssom:other",
}
FILE: Final = {"file_name": "dcterms:title", "file_bytes": "dcat:byteSize"}
CONCEPT: Final = {
    "category": "rdf:type",
    "scheme": "skos:inScheme",
    "notation": "skos:notation",
    "semantic_type": "ckg:semanticType",
    "deprecated": "owl:deprecated",
    "retired_on": "ckg:retiredOn",
    "retirement_reason": "IAO:0000231",
    "alternative_id": "oboInOwl:hasAlternativeId",
    "subset": "oboInOwl:inSubset",
    "tree_number": "ckg:treeNumber",
    "page": "foaf:page",
    "see_also": "rdfs:seeAlso",
    "created_by": "oboInOwl:created_by",
    "created": "dcterms:created",
    "modified": "dcterms:modified",
}
NAME_KINDS: Final = {
    "preferred": ("skos:prefLabel", "skosxl:prefLabel"),
    "exact": ("skos:altLabel", "skosxl:altLabel"),
    "hidden": ("skos:hiddenLabel", "skosxl:hiddenLabel"),
    "broad": ("oboInOwl:hasBroadSynonym", "ckg:synonymLabel"),
    "narrow": ("oboInOwl:hasNarrowSynonym", "ckg:synonymLabel"),
    "related": ("oboInOwl:hasRelatedSynonym", "ckg:synonymLabel"),
}
NAME: Final = {
    "vocabulary": "dcterms:source",
    "term_type": "ckg:termType",
    "synonym_type": "oboInOwl:hasSynonymType",
    "code": "ckg:code",
    "identifier": "dcterms:identifier",
    "xref": "oboInOwl:hasDbXref",
}
DEFINITION_KINDS: Final = {
    "definition": "skos:definition",
    "scope_note": "skos:scopeNote",
    "note": "skos:note",
    "history_note": "skos:historyNote",
    "editorial_note": "skos:editorialNote",
    "example": "skos:example",
    "summary": "dcterms:abstract",
    "comment": "rdfs:comment",
}
DEFINITION: Final = {"source": "dcterms:source", "attribution": "dc:source"}
# SSSOM's slots are named after themselves, but for those that the schema gives another property.
_SLOTS: Final = {
    "subject_id": "owl:annotatedSource",
    "predicate_id": "owl:annotatedProperty",
    "object_id": "owl:annotatedTarget",
    "author_id": "http://purl.org/pav/authoredBy",
    "creator_id": "dcterms:creator",
    "license": "dcterms:license",
    "mapping_date": "dcterms:created",
    "publication_date": "dcterms:issued",
    "see_also": "rdfs:seeAlso",
    "comment": "rdfs:comment",
}
MAPPING: Final[Mapping[str, str]] = {
    column.name: _SLOTS.get(column.name, f"sssom:{column.name}")
    for column in TABLES["mapping"].columns
    if column.name not in ("graph", "mapping_set", "record_id", "extra")
}
MAPPING_IDENTITY: Final = (
    "graph",
    "subject_id",
    "subject_type",
    "subject_label",
    "subject_source",
    "predicate_id",
    "predicate_modifier",
    "object_id",
    "object_type",
    "object_label",
    "object_source",
    "mapping_justification",
    "author_id",
    "author_label",
    "mapping_source",
    "mapping_tool",
    "mapping_tool_id",
    "subject_match_field",
    "object_match_field",
    "match_string",
    "curation_rule",
    "curation_rule_text",
)
ASSOCIATION: Final = {
    "category": "rdf:type",
    "graph": "dcterms:source",
    "subject": "biolink:subject",
    "predicate": "biolink:predicate",
    "object": "biolink:object",
    "negated": "biolink:negated",
    "frequency_qualifier": "biolink:frequency_qualifier",
    "has_count": "biolink:has_count",
    "has_total": "biolink:has_total",
    "has_percentage": "biolink:has_percentage",
    "frequency_text": "ckg:frequencyText",
    "onset_qualifier": "biolink:onset_qualifier",
    "sex_qualifier": "biolink:sex_qualifier",
    "modifier_qualifier": "ckg:modifierQualifier",
    "context": "ckg:context",
    "section": "ckg:section",
    "hedge": "ckg:hedge",
    "misconception": "ckg:misconception",
    "citation_status": "ckg:citationStatus",
    "evidence": "biolink:has_evidence_of_type",
    "publications": "biolink:publications",
    "primary_knowledge_source": "biolink:primary_knowledge_source",
    "aggregator_knowledge_source": "biolink:aggregator_knowledge_source",
    "knowledge_level": "biolink:knowledge_level",
    "agent_type": "biolink:agent_type",
    "original_predicate": "biolink:original_predicate",
    "identifier": "dcterms:identifier",
    "comment": "rdfs:comment",
    "contributor": "dc:contributor",
}
ASSOCIATION_IDENTITY: Final = (
    "graph",
    "primary_knowledge_source",
    "subject",
    "predicate",
    "object",
    "negated",
    "frequency_qualifier",
    "has_count",
    "has_total",
    "has_percentage",
    "frequency_text",
    "onset_qualifier",
    "sex_qualifier",
    "modifier_qualifier",
    "context",
    "publications",
)
CITATION: Final = {
    "type": "rdf:type",
    "publication_type": "dcterms:type",
    "pmid": "bibo:pmid",
    "doi": "bibo:doi",
    "pmcid": "fabio:hasPubMedCentralId",
    "isbn": "bibo:isbn",
    "title": "dcterms:title",
    "vernacular_title": "dcterms:alternative",
    "language": "dc:language",
    "journal": "dcterms:isPartOf",
    "volume": "bibo:volume",
    "issue": "bibo:issue",
    "pages": "bibo:pages",
    "issued": "dcterms:issued",
    "electronic_date": "ckg:electronicDate",
    "creator": "dc:creator",
    "creator_id": "dcterms:creator",
    "publisher_name": "dcterms:publisher",
    "page": "bibo:uri",
    "free_full_text": "ckg:freeFullText",
    "subject": "dcterms:subject",
    "main_subject": "fabio:hasPrimarySubjectTerm",
    "keyword": "dc:subject",
}
JOURNAL: Final = {
    "journal_title": "dcterms:title",
    "journal_short_title": "bibo:shortTitle",
    "journal_issn": "bibo:issn",
}
LITERATURE_LINK: Final = {
    "concept": "ckg:concept",
    "citation": "ckg:citation",
    "category": "ckg:literatureCategory",
    "graph": "dcterms:source",
}
