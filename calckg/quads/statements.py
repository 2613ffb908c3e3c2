"""Each table's statement: the common table of its nodes, and the branches that tell what is said of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from calckg.quads import properties as of
from calckg.quads.sql import (
    HEX_DIGITS,
    LANG,
    NULL,
    PLAIN,
    branch,
    choice,
    columns,
    datatype,
    extras,
    extreme,
    iri,
    link,
    minted,
    nodes,
    quoted,
    resource,
    stated,
    typed,
)

Parts: TypeAlias = tuple[str, list[str]]


def _source() -> Parts:
    distribution = minted("distribution", "source", ("iri", "file_name"))
    checksum = f"{quoted(iri('ckgid:checksum/'))} || substr(file_sha256, 1, {HEX_DIGITS})"
    checked = "file_sha256 IS NOT NULL"
    common = nodes("file", "source", distribution, "file_name IS NOT NULL", f", {checksum} AS checksum")
    return common, [
        typed("iri", "dcat:Dataset", "source", "type IS NULL"),
        *columns("source", of.SOURCE, "source", "iri"),
        *columns("source", {"title": "rdfs:label"}, "source", "iri"),
        extras("source", "iri"),
        link("iri", "dcat:distribution", "node", "file"),
        typed("node", "dcat:Distribution", "file"),
        *columns("source", of.FILE, "file", "node"),
        link("node", "spdx:checksum", "checksum", "file", checked),
        typed("checksum", "spdx:Checksum", "file", checked),
        link("checksum", "spdx:algorithm", resource("spdx:checksumAlgorithm_sha256"), "file", checked),
        branch(
            "checksum",
            resource("spdx:checksumValue"),
            "file_sha256",
            datatype("xsd:hexBinary"),
            "file",
            checked,
        ),
    ]


def _concept() -> Parts:
    return "", [
        typed("concept", "skos:Concept", "concept"),
        *columns("concept", of.CONCEPT, "concept", "concept"),
        extras("concept", "concept"),
    ]


def _name() -> Parts:
    known = " OR ".join(f"{column} IS NOT NULL" for column in of.NAME)
    node = minted("name", "name", ("concept", "kind", "text", "lang", "vocabulary", "term_type", "code"))
    plain = choice("kind", {kind: pair[0] for kind, pair in of.NAME_KINDS.items()})
    linked = choice("kind", {kind: pair[1] for kind, pair in of.NAME_KINDS.items()})
    return nodes("label", "name", node, known), [
        branch("concept", plain, "text", LANG, "name"),
        branch("concept", linked, "node", NULL, "label"),
        typed("node", "skosxl:Label", "label"),
        branch("node", resource("skosxl:literalForm"), "text", LANG, "label"),
        *columns("name", of.NAME, "label", "node"),
    ]


def _definition() -> Parts:
    known = " OR ".join(f"{column} IS NOT NULL" for column in of.DEFINITION)
    node = minted("definition", "definition", ("concept", "kind", "text", "lang"))
    kind = choice("kind", of.DEFINITION_KINDS)
    return nodes("axiom", "definition", node, known), [
        branch("concept", kind, "text", LANG, "definition"),
        *columns("definition", {"knowledge_source": "ckg:definitionSource"}, "definition", "concept"),
        typed("node", "owl:Axiom", "axiom"),
        link("node", "owl:annotatedSource", "concept", "axiom"),
        link("node", "owl:annotatedProperty", kind, "axiom"),
        branch("node", resource("owl:annotatedTarget"), "text", LANG, "axiom"),
        *columns("definition", of.DEFINITION, "axiom", "node"),
    ]


def _broader() -> Parts:
    return "", [
        link("concept", "skos:broader", "broader", "broader"),
        stated("concept", "relation", "broader", "broader", "relation IS NOT NULL"),
    ]


def _replacement() -> Parts:
    certain = "kind = 'replaced'"
    return "", [
        link("concept", "dcterms:isReplacedBy", "replacement", "replacement", certain),
        link("concept", "IAO:0100001", "replacement", "replacement", certain),
        link("concept", "oboInOwl:consider", "replacement", "replacement", "kind = 'consider'"),
        stated("concept", "relation", "replacement", "replacement", "relation IS NOT NULL"),
        *columns("replacement", {"date": "ckg:retiredOn"}, "replacement", "concept"),
    ]


def _mapping() -> Parts:
    node = f"coalesce(record_id, {minted('mapping', 'mapping', of.MAPPING_IDENTITY)})"
    # A negative mapping, a literal one and an absence of any term have no plain triple.
    plain = ["predicate_modifier IS NULL"]
    for end in ("subject", "object"):
        plain.append(f"{end}_id <> {resource('sssom:NoTermFound')}")
        plain.append(f"coalesce({end}_type, '') <> {resource('rdfs:Literal')}")
    return nodes("record", "mapping", node), [
        typed("node", "owl:Axiom", "record"),
        *columns("mapping", of.MAPPING, "record", "node"),
        extras("record", "node"),
        link("mapping_set", "sssom:mappings", "node", "record", "mapping_set IS NOT NULL"),
        stated("subject_id", "predicate_id", "object_id", "mapping", " AND ".join(plain)),
    ]


def _association() -> Parts:
    node = f"coalesce(association, {minted('association', 'association', of.ASSOCIATION_IDENTITY)})"
    return nodes("claim", "association", node), [
        typed("node", "biolink:Association", "claim"),
        *columns("association", of.ASSOCIATION, "claim", "node"),
        # Rows of one content are one association: curated first and last.
        extreme("min", "association", "created", "dcterms:created", "claim", "node"),
        extreme("max", "association", "modified", "dcterms:modified", "claim", "node"),
        extras("claim", "node"),
        stated("subject", "predicate", "object", "association", "NOT negated"),
    ]


def _citation() -> Parts:
    authors = "coalesce(author_list, array_to_string(creator, ', '))"
    in_journal = "(SELECT * FROM citation WHERE journal IS NOT NULL) AS issue_of"
    return "", [
        typed("citation", "bibo:AcademicArticle", "citation", "type IS NULL"),
        *columns("citation", of.CITATION, "citation", "citation"),
        *columns("citation", {"page": "bibo:uri"}, "citation", "citation", datatype("xsd:anyURI")),
        branch("citation", resource("ckg:authorList"), authors, PLAIN, "citation", f"{authors} IS NOT NULL"),
        extras("citation", "citation"),
        typed("journal", "bibo:Journal", in_journal),
        *columns("citation", of.JOURNAL, in_journal, "journal"),
    ]


def _citation_link() -> Parts:
    return "", [stated("citation", "relation", "other", "citation_link", "relation IS NOT NULL")]


def _literature_link() -> Parts:
    identity = ("graph", "concept", "citation", "category")
    node = f"coalesce(literature_link, {minted('literature', 'literature_link', identity)})"
    return nodes("recommendation", "literature_link", node), [
        typed("node", "ckg:LiteratureLink", "recommendation"),
        *columns("literature_link", of.LITERATURE_LINK, "recommendation", "node"),
    ]


BUILDERS: Final[Mapping[str, Callable[[], Parts]]] = {
    "source": _source,
    "concept": _concept,
    "name": _name,
    "definition": _definition,
    "broader": _broader,
    "replacement": _replacement,
    "mapping": _mapping,
    "association": _association,
    "citation": _citation,
    "citation_link": _citation_link,
    "literature_link": _literature_link,
}
