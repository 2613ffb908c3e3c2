"""A MedGen-shaped release of any number of concepts, all kinds of its files: ``python -m tests.bench._medgen_release``.

    python -m tests.bench._medgen_release 230000 DIRECTORY [SEED]

The same number and seed give the same bytes. The shares below are such that 230,000 concepts make about 10 million
quads with what is derived from them; MedGen itself has more terms and far more literature for each.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import duckdb

from calckg.upstream import medgen_codes, medgen_history, medgen_names, medgen_relations, sctid
from calckg.upstream.medgen import LITERATURE
from calckg.upstream.medgen_files import Kind

# One in so many concepts has it.
CN_NUMBER: Final = 33
SYNONYM: Final = 8
SECOND_TYPE: Final = 12
DEFINITION: Final = 10
ATTRIBUTE: Final = 6
UID: Final = 16
CODE: Final = 12
FEATURES: Final = 6
PAPER: Final = 8
MERGED: Final = 60
FORMER_UID: Final = 50

FEATURES_OF_ONE: Final = 2
CHILDREN: Final = 6

_WORDS: Final = {
    "kind": (
        "familial juvenile congenital acquired transient chronic acute idiopathic progressive isolated bilateral "
        "severe mild recurrent diffuse focal"
    ),
    "site": (
        "vascular renal hepatic cardiac pulmonary cerebral ocular dental muscular cutaneous aortic mitral thyroid "
        "pancreatic valvular articular"
    ),
    "sign": (
        "calcification calcinosis sclerosis atrophy dysplasia stenosis fibrosis hypertrophy edema necrosis deposition "
        "insufficiency malformation neoplasm inflammation degeneration"
    ),
}
_TYPES: Final = (
    *(("T047", "B2.2.1.2.1", "Disease or Syndrome"),) * 9,
    *(("T033", "A2.2", "Finding"),) * 5,
    *(("T191", "B2.2.1.2.1.2", "Neoplastic Process"),) * 2,
    ("T184", "A2.2.2", "Sign or Symptom"),
    ("T121", "A1.4.1.1.1", "Pharmacologic Substance"),
    ("T023", "A1.2.3.1", "Body Part, Organ, or Organ Component"),
    ("T061", "B1.3.1.3", "Therapeutic or Preventive Procedure"),
)
_DISEASES: Final = 9  # the first of them
_FINDINGS: Final = range(9, 14)
# Of twenty concepts, so many are named by a source; a source's codes go with its names, and NCBI (GTR) has none.
_SABS: Final = ("SNOMEDCT_US",) * 3 + ("NCI", "OMIM", "MSH") + ("GTR",) * 14
_RANDOM: Final = (2_654_435_761, 40_503, 4_294_967_291)


def _random(column: str, seed: int, number: int, below: int) -> str:
    """Return the SQL of a number from 0 that looks random, the same for the same row."""
    factor, step, modulus = _RANDOM
    start = (seed * step + number * 97_777) % modulus
    return f"((({column} * {factor} + {start}) % {modulus}) // 64 % {below})"


def _array(texts: tuple[str, ...] | list[str]) -> str:
    return "[" + ", ".join(f"'{text}'" for text in texts) + "]"


def _concepts(connection: duckdb.DuckDBPyConnection, count: int, seed: int) -> None:
    words = " || ' ' || ".join(
        f"{_array(words)}[{_random('i', seed, place, len(words))} + 1]"
        for place, words in enumerate(map(str.split, _WORDS.values()))
    )
    types = {part: _array([row[place] for row in _TYPES]) for place, part in enumerate(("tui", "stn", "sty"))}
    columns = ", ".join(f"{texts}[kind + 1] AS {part}" for part, texts in types.items())
    connection.execute(
        f"""
        CREATE TABLE concept AS
        SELECT *, {columns},
            CASE WHEN i % {CN_NUMBER} = 5 THEN 'CN' || lpad(CAST(i // {CN_NUMBER} AS VARCHAR), 6, '0')
                ELSE 'C' || lpad(CAST(i AS VARCHAR), 7, '0') END AS cui,
            upper(name[1]) || substr(name, 2) || ', type ' || i AS title,
            {_array(_SABS)}[{_random("i", seed, 11, len(_SABS))} + 1] AS sab
        FROM (
            SELECT i, {words} AS name, {_random("i", seed, 10, len(_TYPES))} AS kind FROM range(1, {count + 1}) AS t(i)
        )
        ORDER BY i
        """
    )
    # Identifiers of SNOMED CT with the check digit that is right.
    connection.execute(
        f"""
        CREATE TABLE snomed AS
        SELECT i, min(sctid) AS sctid
        FROM (
            SELECT i, CAST(100000 + i AS VARCHAR) || '00' || d AS sctid
            FROM concept, range(10) AS digit(d) WHERE sab = 'SNOMEDCT_US' ORDER BY i
        )
        WHERE {sctid.is_concept("sctid")} GROUP BY i
        """
    )
    connection.execute(
        """
        CREATE TABLE coded AS
        SELECT concept.*, CASE sab WHEN 'SNOMEDCT_US' THEN sctid WHEN 'NCI' THEN 'C' || (10000 + i)
            WHEN 'OMIM' THEN CAST(100000 + i % 500000 AS VARCHAR)
            WHEN 'MSH' THEN 'D' || lpad(CAST(i AS VARCHAR), 9, '0')
            ELSE 'GTRT' || lpad(CAST(i AS VARCHAR), 9, '0') END AS code
        FROM concept LEFT JOIN snomed USING (i) ORDER BY i
        """
    )


def _names(seed: int) -> Iterator[tuple[Kind, str]]:
    yield medgen_names.NAMES, "SELECT cui, title, sab, 'N' FROM concept ORDER BY i"
    identifier = "CASE WHEN sab IN ('SNOMEDCT_US', 'NCI') THEN code END"
    descriptor = "CASE WHEN sab NOT IN ('SNOMEDCT_US', 'NCI') THEN code END"
    own = "CASE sab WHEN 'GTR' THEN 'AN' || lpad(CAST(i AS VARCHAR), 7, '0') ELSE code END"
    yield (
        medgen_names.ATOMS,
        f"""
        SELECT cui, 'P', 'PF', 'Y', 'A' || lpad(CAST(i AS VARCHAR), 8, '0'), NULL, {identifier}, {descriptor}, sab,
            'PT', {own}, title, 'N', i, 0 AS part
        FROM coded
        UNION ALL
        SELECT cui, 'S', 'PF', 'Y', 'A' || lpad(CAST(i AS VARCHAR), 8, '1'), NULL, {identifier}, {descriptor}, sab,
            'SY', {own}, name || ' no. ' || i, CASE WHEN i % 100 = 0 THEN 'O' ELSE 'N' END, i, 1
        FROM coded WHERE i % {SYNONYM} = 0
        ORDER BY i, part
        """,
    )
    yield (
        medgen_names.TYPES,
        f"""
        SELECT cui, tui, stn, sty, 'AT' || i, i, 0 AS part FROM concept
        UNION ALL
        SELECT cui, 'T046', 'B2.2.1.2', 'Pathologic Function', 'AT' || i || '1', i, 1 FROM concept
        WHERE i % {SECOND_TYPE} = 0 AND tui = 'T047'
        ORDER BY i, part
        """,
    )
    yield (
        medgen_names.DEFINITIONS,
        f"""
        SELECT cui, 'A disorder in which there is ' || name || '.' || chr(13) || 'It has the number ' || i || '.',
            'NCI', 'N' FROM concept WHERE i % {DEFINITION} = 1 ORDER BY i
        """,
    )
    yield (
        medgen_names.ATTRIBUTES,
        f"""
        SELECT cui, code, 'CODE', code, 'AT9' || i, 'Locus', sab, 'Xq' || {_random("i", seed, 20, 30)}, 'N'
        FROM coded WHERE i % {ATTRIBUTE} = 2 ORDER BY i
        """,
    )


def _relations(count: int, seed: int) -> Iterator[tuple[Kind, str]]:
    # Each row has its inverse, as in the release.
    both = "SELECT *, false AS back FROM edge UNION ALL SELECT *, true FROM edge"
    edges = f"""
        SELECT child.i, child.cui AS low, parent.cui AS high, 'CHD' AS rel, 'PAR' AS inverse,
            'isa' AS rela, 'inverse_isa' AS other, 'NCI' AS sab, 0 AS part
        FROM concept AS child JOIN concept AS parent ON parent.i = child.i // {CHILDREN} WHERE child.i // {CHILDREN} > 0
        UNION ALL
        SELECT i, low, high, 'RO', 'RO', 'manifestation_of', 'has_manifestation', 'HPO', part FROM shown
    """
    yield (
        medgen_relations.RELATIONS,
        f"""
        WITH edge AS ({edges})
        SELECT CASE WHEN back THEN low ELSE high END, 'A1', 'AUI', CASE WHEN back THEN inverse ELSE rel END,
            CASE WHEN back THEN high ELSE low END, 'A2', CASE WHEN back THEN other ELSE rela END,
            'R' || (back::INTEGER + 1) || part || lpad(CAST(i AS VARCHAR), 8, '0'), sab, sab, 'N'
        FROM ({both}) ORDER BY i, part, back
        """,
    )
    yield (
        medgen_relations.FEATURES,
        """
        SELECT high, d.code, d.title, 'manifestation_of', low, 'HP:' || lpad(CAST(f.i AS VARCHAR), 7, '0'), f.title,
            f.title, 'GTR', f.sty
        FROM shown JOIN coded AS d ON d.cui = high JOIN coded AS f ON f.cui = low
        WHERE d.sab = 'OMIM' ORDER BY shown.i, part
        """,
    )


def _make_shown(connection: duckdb.DuckDBPyConnection, count: int, seed: int) -> None:
    """Make the table of the features of diseases: one disease in so many shows some findings."""
    connection.execute(
        f"CREATE TABLE finding AS SELECT row_number() OVER (ORDER BY i) - 1 AS n, cui FROM concept "
        f"WHERE kind IN {tuple(_FINDINGS)}"
    )
    row = connection.execute("SELECT count(*) FROM finding").fetchone()
    findings = max(1, int(row[0]) if row else 1)
    connection.execute(
        f"""
        CREATE TABLE shown AS
        SELECT i, concept.cui AS high, finding.cui AS low, part + 1 AS part
        FROM concept, range({FEATURES_OF_ONE}) AS feature(part), finding
        WHERE kind < {_DISEASES} AND i % {FEATURES} = 3
            AND n = {_random(f"(i * {FEATURES_OF_ONE} + part)", seed, 30, findings)}
        """
    )


def _codes() -> Iterator[tuple[Kind, str]]:
    yield (
        medgen_codes.MAPPINGS,
        f"""
        SELECT cui, title, CAST(500000 + i AS VARCHAR), 'MedGen', i, 0 AS part FROM coded WHERE i % {UID} = 0
        UNION ALL
        SELECT cui, title, code, CASE sab WHEN 'MSH' THEN 'MeSH' ELSE sab END, i, 1
        FROM coded WHERE sab IN ('SNOMEDCT_US', 'OMIM', 'MSH') AND i % {CODE} = 0
        UNION ALL
        SELECT cui, title, 'MONDO:' || lpad(CAST(i AS VARCHAR), 7, '0'), 'MONDO', i, 2
        FROM coded WHERE kind < {_DISEASES} AND i % {CODE} = 1
        ORDER BY i, part
        """,
    )
    yield (
        medgen_codes.FEATURES,
        f"""
        SELECT cui, 'HP:' || lpad(CAST(i AS VARCHAR), 7, '0'), title, title, 'GTR', sty
        FROM concept WHERE kind IN {tuple(_FINDINGS)} AND i % {CODE} = 2 ORDER BY i
        """,
    )
    yield (
        LITERATURE,
        f"SELECT CAST(500000 + i AS VARCHAR), cui, title, CAST(10000000 + i // 2 AS VARCHAR) FROM concept "
        f"WHERE i % {PAPER} = 0 ORDER BY i",
    )


def _history(count: int) -> Iterator[tuple[Kind, str]]:
    """Concepts above ``count`` are those that are gone."""
    former = f"'C' || lpad(CAST(i + {count} AS VARCHAR), 7, '0')"
    yield medgen_history.MERGED, f"SELECT {former}, cui FROM concept WHERE i % {MERGED} = 0 ORDER BY i"
    yield (
        medgen_history.CONCEPTS,
        f"SELECT {former}, cui, 'Jun ' || (2012 + i % 10) FROM concept WHERE i % {MERGED} = 1 ORDER BY i",
    )
    day = "strftime(DATE '2015-01-01' + CAST(i % 3000 AS INTEGER), '%d %b %Y')"
    for prefix, code, chosen in (
        ("medgen.uid", "CAST(500000 + i AS VARCHAR)", f"i % {UID} = 0"),
        ("HP", "'HP:' || lpad(CAST(i AS VARCHAR), 7, '0')", f"kind IN {tuple(_FINDINGS)} AND i % {CODE} = 2"),
        ("MONDO", "'MONDO:' || lpad(CAST(i AS VARCHAR), 7, '0')", f"kind < {_DISEASES} AND i % {CODE} = 1"),
        ("Orphanet", "'Orphanet_' || i", f"kind < {_DISEASES} AND i % {FORMER_UID} = 7"),
    ):
        yield (
            medgen_history.CODES[prefix],
            f"""
            SELECT {code}, cui, {day}, '1', i, 0 AS part FROM concept WHERE {chosen}
            UNION ALL
            SELECT {code}, {former}, {day}, '0', i, 1 FROM concept WHERE {chosen} AND i % {FORMER_UID} = 7
            ORDER BY i, part
            """,
        )


def write(count: int, directory: Path, seed: int = 1) -> list[Path]:
    """Write the files of a release with ``count`` concepts to ``directory``; return their paths."""
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    with duckdb.connect() as connection:
        _concepts(connection, count, seed)
        _make_shown(connection, count, seed)
        for kind, select in (*_names(seed), *_relations(count, seed), *_codes(), *_history(count)):
            separator = "\t" if kind.stem.endswith("_history") else "|"
            columns = [f"coalesce(CAST(v{number} AS VARCHAR), '')" for number in range(len(kind.columns))]
            names = ", ".join(f"v{number}" for number in range(len(kind.columns)))
            line = f" || '{separator}' || ".join(columns) + ("" if separator == "\t" else " || '|'")
            header = "#" + separator.join(kind.columns) + ("" if separator == "\t" else "|")
            suffix = "txt" if separator == "\t" else f"{'RRF' if kind.stem.isupper() else 'txt'}.gz"
            path = directory / f"{kind.stem}.{suffix}"
            packed = ", COMPRESSION gzip" if separator == "|" else ""
            connection.execute(
                f"""COPY (SELECT {line} AS "{header}" FROM ({select}) AS made({names}))
                TO '{path}' (FORMAT csv, HEADER, DELIMITER '\x01', QUOTE '', ESCAPE ''{packed})"""
            )
            paths.append(path)
    return paths


def main() -> None:
    """Write a release as the command line asks."""
    if len(sys.argv) not in (3, 4):
        sys.exit("usage: python -m tests.bench._medgen_release CONCEPTS DIRECTORY [SEED]")
    for path in write(int(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:])):
        print(f"{path.stat().st_size:12,} {path}")


if __name__ == "__main__":
    main()
