"""HPO's annotations: ``phenotype.hpoa``, which conditions show which features, and ``genes_to_disease.txt``.

A row is an association; rows of one content are one, with ``ckg:rowCount`` where there are several. The columns are
described with HPO's annotations at https://obophenotype.github.io/human-phenotype-ontology/; releases up to 2023 name
them otherwise. ``genes_to_phenotype.txt`` and ``phenotype_to_genes.txt`` join these two files and are not read.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from calckg.errors import SourceError
from calckg.upstream import OnError, flat, opened
from calckg.upstream.ends import resource
from calckg.upstream.flat import Layout, quoted
from calckg.upstream.hpoa_columns import (
    ASPECTS,
    DATABASES,
    EVIDENCE,
    GENE_RELATIONS,
    SEXES,
    choice,
    identify,
    not_codes,
    prepare,
    said,
    wrong,
)
from calckg.upstream.source import Format, Source, Stated

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_COLUMNS: Final = (
    "database_id disease_name qualifier hpo_id reference evidence onset frequency sex modifier aspect biocuration"
)
ANNOTATIONS: Final = Layout(tuple(_COLUMNS.split()), "\t")
GENES: Final = Layout(("ncbi_gene_id", "gene_symbol", "association_type", "disease_id", "source"), "\t", headed=True)
_OLD_NAMES: Final = {"databaseid": "database_id", "diseasename": "disease_name"}
_TABLES: Final = tuple(
    f"hpoa{name}" for name in ("", "_code", "_reference", "_frequency", "_modifier", "_biocuration", "_pair")
)
_BATCH: Final = 10_000
# What makes rows one association, as of ``calckg.quads``: all but evidence, biocuration and the disease's name.
_CONTENT: Final = (
    "subject",
    "database",
    "aspect",
    "object",
    "negated",
    "frequency_qualifier",
    "has_count",
    "has_total",
    "has_percentage",
    "onset_qualifier",
    "sex_qualifier",
    "severity_qualifier",
    "modifier_qualifier",
    "publications",
)
_HPOA: Final = "infores:hpo-annotations"


def fill_annotations(connection: DuckDBPyConnection, path: Path, graph: str, on_error: OnError) -> int:
    """Read ``phenotype.hpoa``; return how many rows there were."""
    count = _load(connection, path, on_error)
    identify(connection, "hpoa", ("database_id", "hpo_id", "onset", "frequency"), ("modifier", "reference"))
    flat.refuse(connection, "hpoa", path, ANNOTATIONS, on_error, wrong(connection))
    prepare(connection)
    _associate(connection, graph)
    _describe(connection, graph)
    for table in _TABLES:
        connection.execute(f"DROP TABLE {table}")
    return count


def _header(path: Path) -> int:
    """Return the number of the line that names the columns; raises ``SourceError`` when they are others."""
    with opened(path) as stream:
        for number, line in enumerate(stream, 1):
            names = line.rstrip("\r\n").lstrip("#").split("\t")
            if line.startswith("#") and len(names) == 1:
                continue
            found = tuple(_OLD_NAMES.get(name.lower(), name.lower()) for name in names)
            if found != ANNOTATIONS.columns:
                expected = f"the columns {_COLUMNS} expected, found {' '.join(names)[:200]!r}"
                raise SourceError(f"{expected}; is this phenotype.hpoa?", path, number)
            return number
    raise SourceError("no line that names the columns; is the download complete?", path)


def _load(connection: DuckDBPyConnection, path: Path, on_error: OnError) -> int:
    """Make the temporary table ``hpoa`` of the rows that have all columns; return how many there were in all."""
    from calckg.database import duckdb

    header = _header(path)
    types = ", ".join(f"'{name}': 'VARCHAR'" for name in ANNOTATIONS.columns)
    try:
        connection.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE hpoa AS SELECT * FROM read_csv($1, delim = '\t', quote = '', escape = '',
                comment = '', header = false, skip = {header}, columns = {{{types}}}, auto_detect = false,
                strict_mode = true, null_padding = false)
            """,
            [str(path)],
        )
    except duckdb.Error:
        return _load_slowly(connection, path, header, on_error)
    (count,) = connection.execute("SELECT count(*) FROM hpoa").fetchone() or (0,)
    return int(count)


def _load_slowly(connection: DuckDBPyConnection, path: Path, header: int, on_error: OnError) -> int:
    """Read the rows by Python, which tells of each that is malformed."""
    bad, good = 0, 0

    def told(error: SourceError) -> None:
        nonlocal bad
        if error.line is None or error.line > header:
            bad += 1
            on_error(error)

    columns = ", ".join(f"nullif(f[{n}], '') AS {name}" for n, name in enumerate(ANNOTATIONS.columns, 1))
    select = f"SELECT {columns} FROM (SELECT string_split(unnest($1::VARCHAR[]), '\t') AS f)"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE hpoa AS {select}", [[]])
    lines: list[str] = []
    for number, fields in flat.records(path, ANNOTATIONS, told):
        if number > header:
            good += 1
            lines.append("\t".join(fields))
        if len(lines) == _BATCH:
            connection.execute(f"INSERT INTO hpoa {select}", [lines])
            lines.clear()
    connection.execute(f"INSERT INTO hpoa {select}", [lines])
    return good + bad


def _associate(connection: DuckDBPyConnection, graph: str) -> None:
    """Make the associations; rows that may be of one content are put together apart, as they are few."""
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE hpoa_pair AS
        SELECT d.iri AS subject, t.iri AS object
        FROM hpoa JOIN hpoa_code AS d ON d.text = database_id JOIN hpoa_code AS t ON t.text = hpo_id
        GROUP BY d.iri, t.iri HAVING count(*) > 1
        """
    )
    alone = _association(
        f"({_read('ANTI')})",
        evidence=f"[{choice('evidence', EVIDENCE)}]",
        automated="evidence = 'IEA'",
        contributor="contributor",
        first="first",
        last="last",
        more="others",
    )
    together = _association(
        f"({_read('SEMI')})",
        evidence=f"list_sort(list(DISTINCT {choice('evidence', EVIDENCE)}))",
        automated="bool_and(evidence = 'IEA')",
        contributor="list_sort(list_distinct(flatten(list(contributor) FILTER (contributor IS NOT NULL))))",
        first="min(first)",
        last="max(last)",
        more=f"""list_concat(
            CASE WHEN count(*) > 1 THEN [{said("ckg:rowCount", "xsd:integer")} || CAST(count(*) AS VARCHAR)] END,
            list_sort(list_distinct(flatten(list(others) FILTER (others IS NOT NULL)))))""",
    )
    for select in (alone, f"{together} GROUP BY {', '.join(_CONTENT)}"):
        connection.execute(f"INSERT INTO association BY NAME {select}", {"graph": graph})


def _association(
    relation: str, *, evidence: str, automated: str, contributor: str, first: str, last: str, more: str
) -> str:
    """Return the SQL of the associations in ``relation``; the others are the SQL of what its rows may differ in."""
    predicates = {aspect: predicate for aspect, (predicate, _) in ASPECTS.items()}
    return f"""
        SELECT $graph AS graph, subject, {choice("aspect", predicates)} AS predicate, object, negated,
            CASE WHEN aspect = 'P' THEN [{resource("biolink:DiseaseToPhenotypicFeatureAssociation")}] END AS category,
            frequency_qualifier, has_count, has_total, has_percentage, onset_qualifier, sex_qualifier,
            severity_qualifier, modifier_qualifier, publications,
            CASE WHEN publications IS NULL THEN {resource("ckg:Unsourced")} ELSE {resource("ckg:Cited")} END
                AS citation_status,
            coalesce({choice("database", DATABASES)}, {resource(_HPOA)}) AS primary_knowledge_source,
            CASE WHEN {choice("database", DATABASES)} IS NOT NULL THEN [{resource(_HPOA)}] END
                AS aggregator_knowledge_source,
            {evidence} AS evidence, 'knowledge_assertion' AS knowledge_level,
            -- IEA is read out of the text of OMIM by a program, the others are a curator's.
            CASE WHEN {automated} THEN 'automated_agent' ELSE 'manual_agent' END AS agent_type,
            [aspect] AS original_predicate, {contributor} AS contributor, {first} AS created, {last} AS modified,
            {more} AS extra
        FROM {relation}
    """


def _read(kind: str) -> str:
    """Return the SQL of the rows of ``hpoa`` with each value read, whose pair is (SEMI) or is not (ANTI) in another."""
    return f"""
        SELECT subject, database, aspect, object, qualifier IS NOT NULL OR coalesce(excluded, false) AS negated,
            evidence, frequency_qualifier, has_count, has_total, has_percentage, o.iri AS onset_qualifier,
            {choice("upper(sex)", SEXES)} AS sex_qualifier, severity_qualifier, modifier_qualifier,
            publications, others, contributor, first, last
        FROM (
            SELECT hpoa.*, d.iri AS subject, d.prefix AS database, t.iri AS object
            FROM hpoa JOIN hpoa_code AS d ON d.text = database_id JOIN hpoa_code AS t ON t.text = hpo_id
            {kind} JOIN hpoa_pair AS pair ON pair.subject = d.iri AND pair.object = t.iri
        ) AS row_
        LEFT JOIN hpoa_code AS o ON o.text = onset
        LEFT JOIN hpoa_frequency USING (frequency)
        LEFT JOIN hpoa_modifier USING (modifier)
        LEFT JOIN hpoa_biocuration USING (biocuration)
        LEFT JOIN hpoa_reference USING (reference, database_id)
    """


def _describe(connection: DuckDBPyConnection, graph: str) -> None:
    """Give the diseases a concept and their names, and the terms a concept."""
    categories = {aspect: f"biolink:{category}" for aspect, (_, category) in ASPECTS.items()}
    parameters = {"graph": graph}
    connection.execute(
        f"""
        INSERT INTO concept (graph, concept, scheme, notation, category)
        SELECT $graph, iri, {resource("ckgid:scheme/")} || prefix, notation, list_sort(list(DISTINCT category))
        FROM (
            SELECT DISTINCT database_id AS text, {resource("biolink:Disease")} AS category FROM hpoa
            UNION SELECT DISTINCT hpo_id, {choice("aspect", categories)} FROM hpoa
        ) AS end_ JOIN hpoa_code USING (text) GROUP BY iri, prefix, notation
        """,
        parameters,
    )
    connection.execute(
        """
        INSERT INTO name (graph, concept, text, lang, kind)
        SELECT DISTINCT $graph, iri, nfc_normalize(trim(disease_name)), 'en', 'exact'
        FROM (SELECT DISTINCT database_id, disease_name FROM hpoa WHERE trim(disease_name) <> '') AS named
        JOIN hpoa_code ON text = database_id
        """,
        parameters,
    )


def fill_genes(connection: DuckDBPyConnection, path: Path, graph: str, on_error: OnError) -> int:
    """Read ``genes_to_disease.txt``; return how many rows there were."""
    count = flat.load(connection, "hpoa_gene", path, GENES, on_error)
    identify(connection, "hpoa_gene", ("ncbi_gene_id", "disease_id"))
    kinds = ", ".join(map(quoted, GENE_RELATIONS))
    strange = connection.execute(
        f"""
        SELECT DISTINCT coalesce(association_type, '') FROM hpoa_gene
        WHERE NOT coalesce(association_type IN ({kinds}), false)
        """
    ).fetchall()
    faults = {
        "ncbi_gene_id": not_codes(connection, "hpoa_gene", "ncbi_gene_id", "NCBIGene"),
        "disease_id": not_codes(connection, "hpoa_gene", "disease_id"),
        "association_type": {
            str(value): f"one of {', '.join(GENE_RELATIONS)} expected, found {str(value)!r}" for (value,) in strange
        },
    }
    flat.refuse(connection, "hpoa_gene", path, GENES, on_error, faults)
    _associate_genes(connection, graph)
    connection.execute("DROP TABLE hpoa_gene")
    connection.execute("DROP TABLE hpoa_code")
    return count


def _associate_genes(connection: DuckDBPyConnection, graph: str) -> None:
    counted = said("ckg:rowCount", "xsd:integer")
    parameters = {"graph": graph}
    connection.execute(
        f"""
        INSERT INTO association BY NAME
        SELECT $graph AS graph, g.iri AS subject, {choice("association_type", GENE_RELATIONS)} AS predicate,
            d.iri AS object, false AS negated, {resource("ckg:Unsourced")} AS citation_status,
            [{resource("ECO:0000303")}] AS evidence,
            coalesce({choice("d.prefix", DATABASES)}, {resource(_HPOA)}) AS primary_knowledge_source,
            -- OMIM's genes come by way of MedGen.
            CASE WHEN bool_or(source LIKE '%mim2gene_medgen%') THEN [{resource(_HPOA)}, {resource("infores:medgen")}]
                WHEN {choice("d.prefix", DATABASES)} IS NOT NULL THEN [{resource(_HPOA)}] END
                AS aggregator_knowledge_source,
            'knowledge_assertion' AS knowledge_level, 'not_provided' AS agent_type,
            [association_type] AS original_predicate,
            CASE WHEN count(*) > 1 THEN [{counted} || CAST(count(*) AS VARCHAR)] END AS extra
        FROM hpoa_gene JOIN hpoa_code AS g ON g.text = ncbi_gene_id JOIN hpoa_code AS d ON d.text = disease_id
        GROUP BY g.iri, association_type, d.iri, d.prefix
        """,
        parameters,
    )
    connection.execute(
        f"""
        INSERT INTO concept (graph, concept, scheme, notation, category)
        SELECT DISTINCT $graph, iri, {resource("ckgid:scheme/")} || prefix, notation, [category]
        FROM (
            SELECT DISTINCT ncbi_gene_id AS text, {resource("biolink:Gene")} AS category FROM hpoa_gene
            UNION ALL SELECT DISTINCT disease_id, {resource("biolink:Disease")} FROM hpoa_gene
        ) AS end_ JOIN hpoa_code USING (text)
        """,
        parameters,
    )
    connection.execute(
        """
        INSERT INTO name (graph, concept, text, lang, kind)
        SELECT DISTINCT $graph, iri, nfc_normalize(gene_symbol), 'en', 'exact'
        FROM hpoa_gene JOIN hpoa_code ON text = ncbi_gene_id WHERE trim(gene_symbol) NOT IN ('', '-')
        """,
        parameters,
    )


def _stated(path: Path, head: bytes) -> Stated:
    """The release is in the head, as ``#version`` or, up to 2023, as ``#date``; else in the file's name."""
    text = head.decode("utf-8", errors="replace")
    found = re.search(r"^#(?:version|date): *(\S+)", text, re.MULTILINE)
    version = found[1] if found else None
    date = re.search(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", version or path.name)
    return Stated(version or (date[0] if date else None), date[0] if date else None)


def _is_annotations(name: str, head: bytes) -> bool:
    columns = re.search(rb"^(#DatabaseID|database_id)\t", head, re.MULTILINE | re.IGNORECASE)
    return re.fullmatch(r".+\.hpoa(\.gz)?", name, re.IGNORECASE) is not None and columns is not None


def _is_genes(name: str, head: bytes) -> bool:
    named = re.fullmatch(r"genes_to_disease.*\.(txt|tsv)(\.gz)?", name, re.IGNORECASE)
    return named is not None and head.startswith(b"ncbi_gene_id\t")


SOURCE: Final = Source(
    name="hpo-annotations",
    title="HPO annotations of diseases",
    publisher="Human Phenotype Ontology Consortium and Monarch Initiative",
    landing_page="https://hpo.jax.org/data/annotations",
    infores="https://w3id.org/information-resource-registry/hpo-annotations",
    redistribution=True,
    name_priority=58,
    license="https://hpo.jax.org/app/license",
    rights=(
        "Free for all use when the consortium is acknowledged and the release is named; "
        "rows on Orphanet's diseases are Orphanet's, CC BY 4.0."
    ),
)
FORMATS: Final = (
    Format("HPO annotations of diseases", SOURCE, _is_annotations, fill_annotations, _stated),
    Format("HPO genes to disease", SOURCE, _is_genes, fill_genes, _stated),
)
"""The files of HPO's annotations that are read."""
