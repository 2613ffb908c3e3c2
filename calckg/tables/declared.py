"""The canonical tables: name, columns, types, and one line of meaning each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from calckg.tables.model import Column, Table, Type


def _one(name: str, kind: Type, meaning: str) -> Column:
    return Column(name, kind, meaning)


def _key(name: str, kind: Type, meaning: str, *values: str) -> Column:
    return Column(name, kind, meaning, required=True, values=values)


def _many(name: str, kind: Type, meaning: str) -> Column:
    return Column(name, kind, meaning, many=True)


_I, _T, _E, _D, _N, _F, _B = (
    Type.IRI,
    Type.TEXT,
    Type.ENGLISH,
    Type.DATE,
    Type.INTEGER,
    Type.DOUBLE,
    Type.BOOLEAN,
)

_GRAPH = _key("graph", _I, "named graph of the source that says it")
_EXTRA = _many(
    "extra",
    _T,
    "what the source says beyond these columns: property IRI, datatype IRI or language or nothing for an IRI, value; "
    "joined by U+001F (see extra)",
)

SOURCE = Table(
    "source",
    "a dataset, and one of its files; the dataset's columns repeat when it has several files. Or a mapping set",
    (
        _key("graph", _I, "graph that holds the description: kg:meta, or a mapping set's own"),
        _key("iri", _I, "the dataset, which is also its named graph; or the mapping set"),
        _many("type", _I, "dcat:Dataset when NULL; sssom:MappingSet"),
        _one("title", _E, "title"),
        _one("description", _E, "description"),
        _one("publisher", _T, "who publishes it"),
        _one("license", _I, "licence"),
        _one("rights", _E, "terms of use in words, where no IRI stands for them"),
        _one("version", _T, "release, as the publisher numbers it"),
        _one("version_info", _T, "version in the words of an ontology or a mapping set (owl:versionInfo)"),
        _one("issued", _D, "date of the release"),
        _one("landing_page", _I, "page about the source"),
        _many("derived_from", _I, "addresses of the documents or files that it was made of"),
        _many("attributed_to", _I, "agents whom it is due to"),
        _one("infores", _I, "the source in the information resource registry"),
        _one("part_of", _I, "the dataset that this one is part of"),
        _one("redistribution", _B, "may be redistributed"),
        _one(
            "name_priority",
            _N,
            "place among the sources when a concept's label is chosen; lower is preferred",
        ),
        _many("creator", _I, "creators"),
        _many("creator_label", _T, "creators by name"),
        _many("see_also", _I, "further addresses"),
        _one("comment", _E, "remarks"),
        _one("issue_tracker", _I, "where to report what is wrong"),
        _one("confidence", _F, "confidence in the mapping set, 0 to 1"),
        _one("sssom_version", _I, "version of SSSOM that the mapping set follows"),
        _one("other", _T, "SSSOM's slot of this name"),
        _one("file_name", _T, "name of one file of the release"),
        _one("file_sha256", _T, "its SHA-256, hexadecimal"),
        _one("file_bytes", _N, "its size in bytes"),
        _EXTRA,
    ),
)

CONCEPT = Table(
    "concept",
    "something that is spoken of; several rows about one concept add up",
    (
        _GRAPH,
        _key("concept", _I, "the concept"),
        _one("scheme", _I, "its vocabulary, ckgid:scheme/PREFIX"),
        _one("notation", _T, "its code as a CURIE"),
        _many("category", _I, "Biolink categories"),
        _many("semantic_type", _I, "UMLS semantic types"),
        _one("deprecated", _B, "true when it is retired; NULL otherwise"),
        _one("retired_on", _D, "when it was retired, where no replacement says it"),
        _one("retirement_reason", _I, "why (IAO:0000231; a SNOMED CT inactivation value)"),
        _many("alternative_id", _T, "further identifiers of it in the same vocabulary, as CURIEs"),
        _many("subset", _I, "subsets (slims, reference sets) that it is in"),
        _many("tree_number", _T, "places in a tree of numbers (MeSH, UMLS semantic network)"),
        _many("page", _I, "pages about it"),
        _many("see_also", _I, "further addresses"),
        _many("created_by", _T, "who made it"),
        _one("created", _D, "when it was made"),
        _one("modified", _D, "when it was last changed"),
        _EXTRA,
    ),
)

NAME = Table(
    "name",
    "a name of a concept, and what is known of the name",
    (
        _GRAPH,
        _key("concept", _I, "the concept"),
        _key("text", _T, "the name"),
        _one("lang", _T, "BCP 47 tag in lower case; NULL when no language is meant"),
        _key(
            "kind",
            _T,
            "how it names the concept; preferred in the vocabulary's own release only, hidden: found, not shown",
            *("preferred", "exact", "broad", "narrow", "related", "hidden"),
        ),
        _one("vocabulary", _I, "the vocabulary that the name comes from (SAB), ckgid:scheme/…"),
        _one("term_type", _T, "its kind there: TTY, SNOMED CT's fully specified name or synonym, lexical tag"),
        _many("synonym_type", _I, "OBO synonym types: layperson, abbreviation, …"),
        _one("code", _T, "the code that it has there (CODE, SDUI)"),
        _many("identifier", _T, "identifiers of the name itself (AUI, description identifier, term UI)"),
        _many("xref", _I, "where the name was found"),
    ),
)

DEFINITION = Table(
    "definition",
    "a definition or another note of a concept, and whom it is from",
    (
        _GRAPH,
        _key("concept", _I, "the concept"),
        _key("text", _T, "plain text, no markup"),
        _one("lang", _T, "BCP 47 tag in lower case"),
        _key(
            "kind",
            _T,
            "what kind of text it is",
            *("definition", "scope_note", "note", "history_note", "editorial_note", "example", "summary", "comment"),
        ),
        _one("knowledge_source", _I, "who gives it, infores"),
        _many("source", _I, "where it was taken from: papers, pages, people"),
        _many("attribution", _T, "whom it is from, in words"),
    ),
)

BROADER = Table(
    "broader",
    "one step up a hierarchy",
    (
        _GRAPH,
        _key("concept", _I, "the narrower concept"),
        _key("broader", _I, "the broader concept"),
        _one(
            "relation",
            _I,
            "the relation that it is more exactly, when it is not plain is-a (part of, instance of)",
        ),
    ),
)

REPLACEMENT = Table(
    "replacement",
    "what stands, or may stand, for a retired concept",
    (
        _GRAPH,
        _key("concept", _I, "the retired concept"),
        _key("replacement", _I, "the concept to use"),
        _key("kind", _T, "replaced is certain; consider: one of several, or only near", "replaced", "consider"),
        _one(
            "relation",
            _I,
            "the source's own relation, where it has one (SNOMED CT's association reference set)",
        ),
        _one("date", _D, "when"),
    ),
)

MAPPING = Table(
    "mapping",
    "a mapping; the columns are SSSOM's slots, except for graph, mapping_set and extra",
    (
        _GRAPH,
        _one("mapping_set", _I, "the mapping set that it is in"),
        _one("record_id", _I, "the record's own IRI"),
        _one("subject_id", _I, "subject; NULL when it is a literal; sssom:NoTermFound"),
        _one("subject_label", _T, "name of the subject, or the literal"),
        _one("subject_category", _T, "category of the subject, as written"),
        _key("predicate_id", _I, "predicate"),
        _one("predicate_label", _T, "name of the predicate"),
        _one("predicate_modifier", _I, "sssom:NegatedPredicate, or NULL"),
        _one("object_id", _I, "object; NULL when it is a literal; sssom:NoTermFound"),
        _one("object_label", _T, "name of the object, or the literal"),
        _one("object_category", _T, "category of the object, as written"),
        _one("mapping_justification", _I, "why: a semapv term"),
        _many("author_id", _I, "who asserted it"),
        _many("author_label", _T, "who asserted it, by name"),
        _many("reviewer_id", _I, "who reviewed it"),
        _many("reviewer_label", _T, "who reviewed it, by name"),
        _many("creator_id", _I, "who made the record"),
        _many("creator_label", _T, "who made the record, by name"),
        _one("license", _I, "licence"),
        _one("subject_type", _I, "kind of entity that the subject is"),
        _one("subject_source", _I, "vocabulary of the subject"),
        _one("subject_source_version", _T, "its version"),
        _one("object_type", _I, "kind of entity that the object is"),
        _one("object_source", _I, "vocabulary of the object"),
        _one("object_source_version", _T, "its version"),
        _one("predicate_type", _I, "kind of property that the predicate is"),
        _one("mapping_provider", _I, "who provides it"),
        _one("mapping_source", _I, "mapping set that it was taken from"),
        _one("mapping_cardinality", _T, "1:1, 1:n, n:1, n:n, 1:0, 0:1 or 0:0"),
        _many("cardinality_scope", _T, "slots that the cardinality was counted within"),
        _one("mapping_tool", _T, "tool that made it"),
        _one("mapping_tool_id", _I, "tool that made it, by IRI"),
        _one("mapping_tool_version", _T, "its version"),
        _one("mapping_date", _D, "when it was asserted"),
        _one("publication_date", _D, "when it was published"),
        _one("review_date", _D, "when it was reviewed"),
        _one("confidence", _F, "confidence, 0 to 1"),
        _one("reviewer_agreement", _F, "how far the reviewer agrees, -1 to 1"),
        _many("curation_rule", _I, "rules that the curator followed"),
        _many("curation_rule_text", _T, "rules that the curator followed, in words"),
        _many("subject_match_field", _I, "properties of the subject that matched"),
        _many("object_match_field", _I, "properties of the object that matched"),
        _many("match_string", _T, "strings that matched"),
        _many("subject_preprocessing", _I, "what was done to the subject's strings first"),
        _many("object_preprocessing", _I, "what was done to the object's strings first"),
        _one("similarity_score", _F, "similarity, 0 to 1"),
        _one("similarity_measure", _T, "how the similarity was measured"),
        _many("see_also", _I, "further addresses"),
        _one("issue_tracker_item", _I, "where it is discussed"),
        _one("other", _T, "SSSOM's slot of this name"),
        _one("comment", _T, "remarks"),
        _EXTRA,
    ),
)

ASSOCIATION = Table(
    "association",
    "one statement of one source about two concepts; rows of the same content collapse to one association",
    (
        _GRAPH,
        _one("association", _I, "its IRI where it has a name; made from the identity fields otherwise"),
        _many("category", _I, "Biolink classes besides biolink:Association"),
        _key("subject", _I, "subject"),
        _key("predicate", _I, "predicate"),
        _key("object", _I, "object"),
        _key("negated", _B, "true when the source denies it"),
        _one("frequency_qualifier", _I, "how frequent, as an HPO term"),
        _one("has_count", _N, "how many of has_total"),
        _one("has_total", _N, "of how many"),
        _one("has_percentage", _F, "how many of a hundred"),
        _one("frequency_text", _T, "how frequent, in the source's words"),
        _one("onset_qualifier", _I, "onset, as an HPO term"),
        _one("sex_qualifier", _I, "sex that it is limited to, PATO"),
        _one("severity_qualifier", _I, "severity, as an HPO term"),
        _many("modifier_qualifier", _I, "other clinical modifiers (laterality, course, …), as HPO terms"),
        _one("disease_context_qualifier", _I, "the disease in which it holds"),
        _one("context", _T, "what it is limited to, in words"),
        _one("section", _T, "section of the document"),
        _one("hedge", _T, "words that weaken the claim"),
        _one("misconception", _B, "true when it is a false statement that the source corrects"),
        _one("citation_status", _I, "ckg:Cited, ckg:Unsourced or ckg:CitationNeeded"),
        _many("evidence", _I, "evidence types, ECO"),
        _many("publications", _I, "references; never the subject's own identifier"),
        _one("primary_knowledge_source", _I, "who first said it, infores"),
        _many("aggregator_knowledge_source", _I, "who passed it on, infores"),
        _one("knowledge_level", _T, "Biolink knowledge level"),
        _one("agent_type", _T, "Biolink agent type"),
        _many("original_predicate", _T, "the source's own relation (RELA, association type, aspect)"),
        _many("identifier", _T, "the source's own identifier of the statement (RUI, relationship identifier)"),
        _one("comment", _E, "the statement in our own words"),
        _many("contributor", _T, "biocurators"),
        _one("created", _D, "date of the first biocuration"),
        _one("modified", _D, "date of the last biocuration"),
        _EXTRA,
    ),
)

CITATION = Table(
    "citation",
    "a publication; several rows about one publication add up",
    (
        _GRAPH,
        _key("citation", _I, "the publication: PMID, else DOI, else its page"),
        _many("type", _I, "bibo:AcademicArticle when NULL; bibo:Book, bibo:Webpage, …"),
        _many("publication_type", _I, "publication types, MeSH"),
        _one("pmid", _T, "PubMed identifier, digits"),
        _one("doi", _T, "DOI, from 10."),
        _one("pmcid", _T, "PubMed Central identifier, from PMC"),
        _many("isbn", _T, "ISBN, digits"),
        _one("title", _E, "title in English"),
        _one("vernacular_title", _T, "title in the publication's language"),
        _many("language", _T, "languages, as the source writes them"),
        _one("journal", _I, "the journal, or what the publication is part of"),
        _one("journal_title", _T, "title of the journal"),
        _one("journal_short_title", _T, "abbreviated title of the journal"),
        _many("journal_issn", _T, "ISSN of the journal"),
        _one("volume", _T, "volume"),
        _one("issue", _T, "issue"),
        _one("pages", _T, "pages, or the article's number"),
        _one("issued", _D, "date of the issue"),
        _one("electronic_date", _D, "date of the electronic publication"),
        _many("creator", _T, "authors by name, in order, collective ones too"),
        _one("author_list", _T, "all authors in order, as one text; the creators joined by commas when NULL"),
        _many("creator_id", _I, "authors by ORCID"),
        _one("publisher_name", _T, "name of the publisher"),
        _many("page", _I, "addresses of the publication"),
        _one("free_full_text", _B, "free in full"),
        _many("subject", _I, "MeSH headings and substances"),
        _many("main_subject", _I, "those of them that are major topics"),
        _many("keyword", _T, "keywords"),
        _EXTRA,
    ),
)

CITATION_LINK = Table(
    "citation_link",
    "one publication corrects, retracts, updates or comments on another",
    (
        _GRAPH,
        _key("citation", _I, "the publication that the record is of"),
        _key("relation", _I, "CiTO property from it to the other"),
        _key("other", _I, "the other publication"),
    ),
)

LITERATURE_LINK = Table(
    "literature_link",
    "a publication to read about a concept",
    (
        _GRAPH,
        _one("literature_link", _I, "its IRI where it has a name; made from the identity fields otherwise"),
        _key("concept", _I, "the concept"),
        _key("citation", _I, "the publication"),
        _one("category", _I, "ckgid:literature-category/…; NULL when the source gives none"),
    ),
)

_ALL = (
    SOURCE,
    CONCEPT,
    NAME,
    DEFINITION,
    BROADER,
    REPLACEMENT,
    MAPPING,
    ASSOCIATION,
    CITATION,
    CITATION_LINK,
)
TABLES: Final[Mapping[str, Table]] = {table.name: table for table in (*_ALL, LITERATURE_LINK)}
