"""The columns of HPO's annotations: what may stand in them, and what it stands for.

Each column has far fewer values than the file has rows, so each value is looked at once, in a small table of its own:
``hpoa_code``, ``hpoa_reference``, ``hpoa_frequency``, ``hpoa_modifier`` and ``hpoa_biocuration``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from calckg import prefixes
from calckg.tables import extra
from calckg.upstream.ends import resource
from calckg.upstream.flat import quoted
from calckg.upstream.references import References

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ASPECTS: Final[Mapping[str, tuple[str, str]]] = {
    "P": ("biolink:has_phenotype", "PhenotypicFeature"),
    "I": ("biolink:has_mode_of_inheritance", "GeneticInheritance"),
    "C": ("ckg:has_clinical_course", "ClinicalCourse"),
    "M": ("ckg:has_modifier", "ClinicalModifier"),
    "H": ("ckg:has_past_medical_history", "NamedThing"),
}
"""Aspect to predicate, and to the category of what is said of the disease."""

EVIDENCE: Final[Mapping[str, str]] = {
    "PCS": "ECO:0006017",
    "TAS": "ECO:0000304",
    "IEA": "ECO:0000501",
    "ICE": "ECO:0006019",
}
SEXES: Final[Mapping[str, str]] = {"MALE": "PATO:0000384", "FEMALE": "PATO:0000383"}
DATABASES: Final[Mapping[str, str]] = {
    "DECIPHER": "infores:decipher",
    "OMIM": "infores:omim",
    "Orphanet": "infores:orphanet",
}
"""Prefix of the disease to who first said what is said of it."""

GENE_RELATIONS: Final[Mapping[str, str]] = {
    "MENDELIAN": "biolink:causes",
    "POLYGENIC": "biolink:contributes_to",
    "UNKNOWN": "biolink:gene_associated_with_condition",
}
# Mild, moderate, borderline, severe and profound: the terms below HP:0012824.
SEVERITIES: Final = ("HP:0012825", "HP:0012826", "HP:0012827", "HP:0012828", "HP:0012829")
EXCLUDED: Final = "HP:0040285"
_FREQUENCY: Final = "HP:004028[0-5]"
_RATIO: Final = "[0-9]{1,9}/[0-9]{1,9}"
_PERCENTAGE: Final = "(100([.]0+)?|[0-9]{1,2}([.][0-9]+)?) ?%"
_DATED: Final = r"^(.+?)\s*\[([0-9]{4}-[0-9]{2}-[0-9]{2})\]$"
_BATCH: Final = 50_000


def choice(column: str, names: Mapping[str, str]) -> str:
    """Return the SQL of the IRI that a value of ``column`` stands for; ``names`` are values to CURIEs."""
    cases = " ".join(f"WHEN {quoted(value)} THEN {resource(name)}" for value, name in names.items())
    return f"CASE {column} {cases} END"


def said(prop: str, datatype: str) -> str:
    """Return the SQL of the beginning of an item of ``extra``, to which the value is joined."""
    expand = prefixes.load().expand
    return quoted(extra(expand(prop), "", datatype=expand(datatype)))


def identify(connection: DuckDBPyConnection, table: str, single: Iterable[str], listed: Iterable[str] = ()) -> None:
    """Make the temporary table ``hpoa_code`` of the identifiers in some columns of ``table``.

    It has ``text``, ``iri`` (NULL when the text makes none), ``prefix``, ``notation``, ``is_code`` and ``wrong``, what
    is wrong with the text. The columns ``listed`` hold several with semicolons between them.
    """
    texts = [f"SELECT {column} AS text FROM {table}" for column in single]
    texts += [
        f"SELECT trim(unnest(string_split({column}, ';'))) FROM (SELECT DISTINCT {column} FROM {table})"
        for column in listed
    ]
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE hpoa_text AS SELECT DISTINCT text FROM ({' UNION ALL '.join(texts)})"
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE hpoa_code "
        "(text VARCHAR, iri VARCHAR, prefix VARCHAR, notation VARCHAR, is_code BOOLEAN, wrong VARCHAR)"
    )
    references = References()
    _by_pattern(connection, references)
    (total,) = connection.execute("SELECT count(*) FROM hpoa_text").fetchone() or (0,)
    for start in range(0, total, _BATCH):
        rows = connection.execute(
            "SELECT text FROM hpoa_text ANTI JOIN hpoa_code USING (text) "
            "WHERE hpoa_text.rowid >= $1 AND hpoa_text.rowid < $2 AND text <> ''",
            [start, start + _BATCH],
        ).fetchall()
        known = [(text, references(text)) for (text,) in rows]
        connection.execute(
            """
            INSERT INTO hpoa_code
            SELECT unnest($1::VARCHAR[]), unnest($2::VARCHAR[]), unnest($3::VARCHAR[]), unnest($4::VARCHAR[]),
                unnest($5::BOOLEAN[]), unnest($6::VARCHAR[])
            """,
            [
                [text for text, _ in known],
                [None if found.kind == "text" else found.value for _, found in known],
                [found.prefix for _, found in known],
                [found.notation for _, found in known],
                [found.kind == "code" for _, found in known],
                [found.wrong for _, found in known],
            ],
        )
    connection.execute("DROP TABLE hpoa_text")


def _by_pattern(connection: DuckDBPyConnection, references: References) -> None:
    """Identify what a pattern tells, which is nearly all."""
    names = connection.execute("SELECT DISTINCT split_part(text, ':', 1) FROM hpoa_text WHERE contains(text, ':')")
    for (name,) in names.fetchall():
        head = references.head(name)
        if head is not None:
            connection.execute(
                f"""
                INSERT INTO hpoa_code
                SELECT text, {quoted(head.namespace)} || code, {quoted(head.prefix)},
                    {quoted(head.prefix + ":")} || code,
                    {head.is_code}, NULL
                FROM (
                    SELECT text, substr(text, length($name) + 2) AS code FROM hpoa_text
                    WHERE split_part(text, ':', 1) = $name
                ) AS named WHERE regexp_full_match(code, {quoted(head.pattern)})
                """,
                {"name": name},
            )


def not_codes(connection: DuckDBPyConnection, table: str, column: str, prefix: str | None = None) -> dict[str, str]:
    """Return the values of a column, NULL as the empty text, that are no code (of ``prefix``), and why."""
    expected = f"a code of {prefix}" if prefix else "the code of a disease, such as OMIM:231000,"
    rows = connection.execute(
        f"""
        SELECT value, wrong
        FROM (SELECT DISTINCT coalesce({column}, '') AS value FROM {table}) LEFT JOIN hpoa_code ON text = value
        WHERE NOT coalesce(is_code AND prefix = coalesce($prefix, prefix), false)
        """,
        {"prefix": prefix},
    ).fetchall()
    return {str(value): str(why or f"{expected} expected, found {str(value)!r}") for value, why in rows}


def wrong(connection: DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """Return column to value to what is to be said of it, for all values of ``hpoa`` that can't be read.

    A reference is not among them: one that makes no IRI is kept as text.
    """
    onsets = not_codes(connection, "hpoa", "onset", "HP")
    onsets.pop("", None)
    frequency = f"""regexp_full_match(v, '{_FREQUENCY}|{_PERCENTAGE}') OR (regexp_full_match(v, '{_RATIO}')
        AND TRY_CAST(split_part(v, '/', 1) AS BIGINT) <= TRY_CAST(split_part(v, '/', 2) AS BIGINT)
        AND TRY_CAST(split_part(v, '/', 2) AS BIGINT) > 0)"""
    sayings = "HP:0040280 to HP:0040285, a count such as 3/7 or a percentage expected"
    return {
        "database_id": not_codes(connection, "hpoa", "database_id"),
        "hpo_id": not_codes(connection, "hpoa", "hpo_id", "HP"),
        "onset": onsets,
        "modifier": _modifiers(connection),
        "qualifier": _outside(connection, "qualifier", "v IN ('', 'NOT')", "NOT, or nothing, expected"),
        "evidence": _outside(connection, "evidence", _one_of(EVIDENCE), f"one of {', '.join(EVIDENCE)} expected"),
        "aspect": _outside(connection, "aspect", _one_of(ASPECTS), f"one of {', '.join(ASPECTS)} expected"),
        "sex": _outside(connection, "sex", "upper(v) IN ('', 'MALE', 'FEMALE')", "MALE, FEMALE or nothing expected"),
        "frequency": _outside(connection, "frequency", f"v = '' OR {frequency}", sayings),
    }


def _one_of(values: Iterable[str]) -> str:
    return f"v IN ({', '.join(map(quoted, values))})"


def _outside(connection: DuckDBPyConnection, column: str, condition: str, sayings: str) -> dict[str, str]:
    # In a table of its own, as DuckDB would look at the condition in each row first.
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE hpoa_value AS SELECT DISTINCT coalesce({column}, '') AS v FROM hpoa"
    )
    rows = connection.execute(f"SELECT v FROM hpoa_value WHERE NOT coalesce({condition}, false)").fetchall()
    connection.execute("DROP TABLE hpoa_value")
    return {str(value): f"{sayings}, found {str(value)!r}" for (value,) in rows}


def _modifiers(connection: DuckDBPyConnection) -> dict[str, str]:
    rows = connection.execute(
        """
        SELECT modifier, min(coalesce(wrong, 'a code of HP expected, found ' || item))
        FROM (
            SELECT modifier, trim(unnest(string_split(modifier, ';'))) AS item
            FROM (SELECT DISTINCT modifier FROM hpoa)
        ) AS items LEFT JOIN hpoa_code ON text = item
        WHERE item <> '' AND NOT coalesce(is_code AND prefix = 'HP', false) GROUP BY modifier
        """
    ).fetchall()
    return {str(value): str(why) for value, why in rows}


def prepare(connection: DuckDBPyConnection) -> None:
    """Make the temporary tables of references, frequencies, modifiers and biocurations from ``hpoa``."""
    # A page of the disease's own database may be written as an address, so that IRIs are compared.
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE hpoa_reference AS
        SELECT reference, database_id,
            list_sort(list(DISTINCT r.iri) FILTER (r.iri <> d.iri)) AS publications,
            list_sort(list(DISTINCT {said("dc:source", "xsd:string")} || item) FILTER (r.iri IS NULL)) AS others
        FROM (
            SELECT reference, database_id, trim(unnest(string_split(reference, ';'))) AS item
            FROM (SELECT DISTINCT reference, database_id FROM hpoa WHERE reference <> database_id)
        ) AS listed
        JOIN hpoa_code AS d ON d.text = database_id LEFT JOIN hpoa_code AS r ON r.text = item
        WHERE item <> '' GROUP BY reference, database_id
        """
    )
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE hpoa_frequency AS
        SELECT *, coalesce(has_count = 0 OR has_percentage = 0 OR frequency_qualifier = {resource(EXCLUDED)}, false)
            AS excluded
        FROM (
            SELECT frequency, iri AS frequency_qualifier,
                CASE WHEN contains(frequency, '/') THEN CAST(split_part(frequency, '/', 1) AS BIGINT) END AS has_count,
                CASE WHEN contains(frequency, '/') THEN CAST(split_part(frequency, '/', 2) AS BIGINT) END AS has_total,
                CASE WHEN contains(frequency, '%') THEN CAST(trim(split_part(frequency, '%', 1)) AS DOUBLE) END
                    AS has_percentage
            FROM (SELECT DISTINCT frequency FROM hpoa WHERE frequency IS NOT NULL)
            LEFT JOIN hpoa_code ON text = frequency
        ) AS parts
        """
    )
    _prepare_modifiers(connection)
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE hpoa_biocuration AS
        SELECT biocuration,
            list_sort(list(DISTINCT coalesce(nullif(regexp_extract(item, '{_DATED}', 1), ''), item))) AS contributor,
            min(nullif(regexp_extract(item, '{_DATED}', 2), '')) AS first,
            max(nullif(regexp_extract(item, '{_DATED}', 2), '')) AS last
        FROM (
            SELECT biocuration, nfc_normalize(trim(unnest(string_split(biocuration, ';')))) AS item
            FROM (SELECT DISTINCT biocuration FROM hpoa)
        ) AS listed WHERE item <> '' GROUP BY biocuration
        """
    )


def _prepare_modifiers(connection: DuckDBPyConnection) -> None:
    severe = f"iri IN ({', '.join(map(resource, SEVERITIES))})"
    # Two severities are no severity, but modifiers that exclude each other.
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE hpoa_modifier AS
        SELECT modifier, CASE WHEN severities = 1 THEN severity END AS severity_qualifier,
            CASE WHEN severities > 1 THEN modifiers ELSE others END AS modifier_qualifier
        FROM (
            SELECT modifier, count(DISTINCT iri) FILTER ({severe}) AS severities,
                min(iri) FILTER ({severe}) AS severity,
                list_sort(list(DISTINCT iri)) AS modifiers,
                list_sort(list(DISTINCT iri) FILTER (NOT {severe})) AS others
            FROM (
                SELECT modifier, trim(unnest(string_split(modifier, ';'))) AS item
                FROM (SELECT DISTINCT modifier FROM hpoa)
            ) AS listed JOIN hpoa_code ON text = item GROUP BY modifier
        ) AS sorted
        """
    )
