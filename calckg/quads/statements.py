"""Each table's statement: the common table of its nodes, and the branches that tell what is said of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from calckg.quads import properties as of
from calckg.quads.sql import (
    HEX_DIGITS,
    LANG,
    NULL,
    PLAIN,
    Parts,
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
from calckg.tables import Table


def _source(table: Table) -> Parts:
    distribution = minted("distribution", table, ("iri", "file_name"))
    checksum = f"{quoted(iri('ckgid:checksum/'))} || substr(file_sha256, 1, {HEX_DIGITS})"
    checked = "file_sha256 IS NOT NULL"
    common = nodes("file", table, distribution, "file_name IS NOT NULL", f", {checksum} AS checksum")
    branches = [
        typed("iri", "dcat:Dataset", "source", "type IS NULL"),
        *columns(table, of.SOURCE, "source", "iri"),
        *columns(table, {"title": "rdfs:label"}, "source", "iri"),
        *extras(table, "source", "iri"),
        link("iri", "dcat:distribution", "node", "file"),
        typed("node", "dcat:Distribution", "file"),
        *columns(table, of.FILE, "file", "node"),
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
    return Parts(branches, common)


def _concept(table: Table) -> Parts:
    branches = [
        typed("concept", "skos:Concept", "concept"),
        *columns(table, of.CONCEPT, "concept", "concept"),
        *extras(table, "concept", "concept"),
    ]
    return Parts(branches)


def _name(table: Table) -> Parts:
    known = " OR ".join(f"{column} IS NOT NULL" for column in of.NAME)
    node = minted("name", table, ("concept", "kind", "text", "lang", "vocabulary", "term_type", "code"))
    plain = choice("kind", {kind: pair[0] for kind, pair in of.NAME_KINDS.items()})
    linked = choice("kind", {kind: pair[1] for kind, pair in of.NAME_KINDS.items()})
    branches = [
        branch("concept", plain, "text", LANG, "name"),
        branch("concept", linked, "node", NULL, "label"),
        typed("node", "skosxl:Label", "label"),
        branch("node", resource("skosxl:literalForm"), "text", LANG, "label"),
        *columns(table, of.NAME, "label", "node"),
    ]
    return Parts(branches, nodes("label", table, node, known))


def _definition(table: Table) -> Parts:
    known = " OR ".join(f"{column} IS NOT NULL" for column in of.DEFINITION)
    node = minted("definition", table, ("concept", "kind", "text", "lang"))
    kind = choice("kind", of.DEFINITION_KINDS)
    branches = [
        branch("concept", kind, "text", LANG, "definition"),
        *columns(table, {"knowledge_source": "ckg:definitionSource"}, "definition", "concept"),
        typed("node", "owl:Axiom", "axiom"),
        link("node", "owl:annotatedSource", "concept", "axiom"),
        link("node", "owl:annotatedProperty", kind, "axiom"),
        branch("node", resource("owl:annotatedTarget"), "text", LANG, "axiom"),
        *columns(table, of.DEFINITION, "axiom", "node"),
    ]
    return Parts(branches, nodes("axiom", table, node, known))


def _broader(table: Table) -> Parts:
    branches = [
        link("concept", "skos:broader", "broader", "broader"),
        stated("concept", "relation", "broader", "broader", "relation IS NOT NULL"),
    ]
    return Parts(branches)


def _replacement(table: Table) -> Parts:
    certain = "kind = 'replaced'"
    branches = [
        link("concept", "dcterms:isReplacedBy", "replacement", "replacement", certain),
        link("concept", "IAO:0100001", "replacement", "replacement", certain),
        link("concept", "oboInOwl:consider", "replacement", "replacement", "kind = 'consider'"),
        stated("concept", "relation", "replacement", "replacement", "relation IS NOT NULL"),
        *columns(table, {"date": "ckg:retiredOn"}, "replacement", "concept"),
    ]
    return Parts(branches)


def _mapping(table: Table) -> Parts:
    node = f"coalesce(record_id, {minted('mapping', table, of.MAPPING_IDENTITY)})"
    # A negative mapping, a literal one and an absence of any term have no plain triple.
    plain = ["predicate_modifier IS NULL"]
    for end in ("subject", "object"):
        plain.append(f"{end}_id <> {resource('sssom:NoTermFound')}")
        plain.append(f"coalesce({end}_type, '') <> {resource('rdfs:Literal')}")
    branches = [
        typed("node", "owl:Axiom", "record"),
        *columns(table, of.MAPPING, "record", "node"),
        *extras(table, "record", "node"),
        link("mapping_set", "sssom:mappings", "node", "record", "mapping_set IS NOT NULL"),
        stated("subject_id", "predicate_id", "object_id", "mapping", " AND ".join(plain)),
    ]
    return Parts(branches, nodes("record", table, node))


def _association(table: Table) -> Parts:
    node = f"coalesce(association, {minted('association', table, of.ASSOCIATION_IDENTITY)})"
    branches = [
        typed("node", "biolink:Association", "claim"),
        *columns(table, of.ASSOCIATION, "claim", "node"),
        # Rows of one content are one association: curated first and last.
        *extreme("min", table, "created", "dcterms:created", "claim", "node"),
        *extreme("max", table, "modified", "dcterms:modified", "claim", "node"),
        *extras(table, "claim", "node"),
        stated("subject", "predicate", "object", "association", "NOT negated"),
    ]
    return Parts(branches, nodes("claim", table, node))


def _citation(table: Table) -> Parts:
    authors = "coalesce(author_list, array_to_string(creator, ', '))"
    in_journal = "(SELECT * FROM citation WHERE journal IS NOT NULL) AS issue_of"
    branches = [
        typed("citation", "bibo:AcademicArticle", "citation", "type IS NULL"),
        *columns(table, of.CITATION, "citation", "citation"),
        *columns(table, {"page": "bibo:uri"}, "citation", "citation", datatype("xsd:anyURI")),
        branch("citation", resource("ckg:authorList"), authors, PLAIN, "citation", f"{authors} IS NOT NULL"),
        *extras(table, "citation", "citation"),
        typed("journal", "bibo:Journal", in_journal),
        *columns(table, of.JOURNAL, in_journal, "journal"),
    ]
    return Parts(branches)


def _citation_link(table: Table) -> Parts:
    return Parts([stated("citation", "relation", "other", "citation_link", "relation IS NOT NULL")])


def _literature_link(table: Table) -> Parts:
    identity = ("graph", "concept", "citation", "category")
    node = f"coalesce(literature_link, {minted('literature', table, identity)})"
    branches = [
        typed("node", "ckg:LiteratureLink", "recommendation"),
        *columns(table, of.LITERATURE_LINK, "recommendation", "node"),
    ]
    return Parts(branches, nodes("recommendation", table, node))


BUILDERS: Final[Mapping[str, Callable[[Table], Parts]]] = {
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
