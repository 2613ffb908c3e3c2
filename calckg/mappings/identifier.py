"""Checks of the codes by themselves: has each the form that its code system asks for? ``calckg.identifiers`` judges."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from calckg.identifiers import CODE_SYSTEMS, problem
from calckg.mappings import evidence
from calckg.mappings.intake import File, quoted, union
from calckg.upstream import sctid
from calckg.upstream.sssom_slots import ENTITY_TYPES

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

COMPOSED: Final = ("composed entity expression", ENTITY_TYPES["composed entity expression"])
"""How a row says that an end is an expression of several codes, which has no code system's form."""
_CM: Final = (
    "A00-B99 C00-D49 D50-D89 E00-E89 F01-F99 G00-G99 H00-H59 H60-H95 I00-I99 J00-J99 K00-K95 L00-L99 M00-M99 N00-N99 "
    "O00-O9A P00-P96 Q00-QA0 R00-R99 S00-T88 U00-U85 V00-Y99 Z00-Z99"
)
_WHO: Final = (
    "A00-B99 C00-D48 D50-D89 E00-E90 F00-F99 G00-G99 H00-H59 H60-H95 I00-I99 J00-J99 K00-K93 L00-L99 M00-M99 N00-N99 "
    "O00-O99 P00-P96 Q00-Q99 R00-R99 S00-T98 U00-U99 V01-Y98 Z00-Z99"
)
CHAPTERS: Final = {"ICD10CM": _CM, "ICD10WHO": _WHO}
"""The first and the last category of each chapter of ICD-10-CM and ICD-10."""
_OTHERS: Final = (
    (re.compile("C[0-9]{7}"), "UMLS", "a UMLS CUI"),
    (re.compile("CN[0-9]{6}"), "medgen", "a concept of MedGen's own"),
    (re.compile("D[0-9]{6}"), "mesh", "a MeSH descriptor"),
)


def queries(connection: DuckDBPyConnection, files: Sequence[File]) -> dict[str, str]:
    """Return the query of each rule; makes ``mapping_wrong_code(code, said)`` and the tables of ``evidence``."""
    prefixes = connection.execute("SELECT DISTINCT prefix FROM mapping_code WHERE prefix IS NOT NULL").fetchall()
    present = [str(prefix) for (prefix,) in prefixes if prefix in CODE_SYSTEMS]
    found = [
        (f"{prefix}:{local}", _said(local, said.partition(": ")[2]))
        for prefix in sorted(present)
        for (local,) in connection.execute(
            f"SELECT local FROM mapping_code WHERE prefix = {quoted(prefix)} AND NOT {_surely(prefix)}"
        ).fetchall()
        if (said := problem(prefix, local)) is not None
    ]
    connection.execute(
        "CREATE OR REPLACE TABLE mapping_wrong_code AS "
        "SELECT unnest(?::VARCHAR[]) AS code, unnest(?::VARCHAR[]) AS said",
        [list(column) for column in zip(*found, strict=True)] or [[], []],
    )
    evidence.make(connection)
    return {
        "identifier/form": " UNION ALL ".join(
            f"SELECT m.id, '{end}_id' AS slot, w.code || ': ' || w.said AS said "
            f"FROM mapping m JOIN mapping_wrong_code w ON w.code = m.{end} WHERE {single(end)}"
            for end in ("subject", "object")
        ),
        "identifier/chapter": union(
            _chapter(end, prefix) for end in ("subject", "object") for prefix in CHAPTERS if prefix in present
        ),
        "identifier/paper": f"{_cell()} UNION ALL {_ends()}",
    }


def single(end: str) -> str:
    """Return the SQL of: this end of ``m`` is one code, not an expression of several."""
    types = ", ".join(map(quoted, COMPOSED))
    return f"m.id NOT IN (SELECT id FROM mapping_row WHERE {end}_type IN ({types}))"


def _surely(prefix: str) -> str:
    """Return the SQL of: the local part is well formed; false of what must be asked of the judge."""
    system = CODE_SYSTEMS[prefix]
    if prefix == "SCTID":
        return f"coalesce({sctid.is_concept('local')}, false)"
    return "false" if system.check else f"regexp_full_match(local, {quoted(system.pattern)})"


def _said(local: str, said: str) -> str:
    """Add whose code it may be, where the judge of the one code system does not say it."""
    for form, prefix, name in _OTHERS:
        if "write" not in said and form.fullmatch(local):
            return f"{said}; it has the form of {name}: {prefix}:{local}"
    return said


def _chapter(end: str, prefix: str) -> str:
    """A category, or the first and the last of a block, that no one chapter has; a form that is none is told before."""
    chapters = ", ".join(f"('{one[:3]}', '{one[4:]}')" for one in CHAPTERS[prefix].split())
    return f"""SELECT m.id, '{end}_id' AS slot, m.{end} || ' is in no chapter of {CODE_SYSTEMS[prefix].name}' AS said
        FROM mapping m JOIN (SELECT local, substr(local, 1, 3) AS first,
                CASE WHEN substr(local, 4, 1) = '-' THEN substr(local, 5, 3) ELSE substr(local, 1, 3) END AS last
            FROM mapping_code WHERE prefix = '{prefix}') c ON c.local = m.{end}_local
        WHERE m.{end}_prefix = '{prefix}' AND m.{end} NOT IN (SELECT code FROM mapping_wrong_code)
        AND NOT EXISTS (SELECT 1 FROM (VALUES {chapters}) AS chapter(begin, finish)
            WHERE c.first BETWEEN begin AND finish AND c.last BETWEEN begin AND finish)"""


def _cell() -> str:
    """One slot gives two identifiers of one kind each, and the graph has others together."""
    return f"""SELECT a.id, a.slot, {_disagree("a.code", "b.code")} AS said
        FROM mapping_paper a JOIN mapping_paper b ON b.id = a.id AND b.slot = a.slot AND b.kind <> a.kind
        JOIN (SELECT id, slot FROM mapping_paper GROUP BY id, slot HAVING count(*) = count(DISTINCT kind)) single
            ON single.id = a.id AND single.slot = a.slot
        {_other("a.code", "b.kind", "b.code")} WHERE a.kind = 'PMID'"""


def _ends() -> str:
    """An exact match says that two identifiers are of one paper."""
    kinds = ", ".join(f"'{kind}'" for kind in CODE_SYSTEMS if kind in {"PMID", "doi", "PMC"})
    return f"""SELECT a.id, 'object_id' AS slot, {_disagree("a.code", "a.other")} AS said
        FROM (SELECT id, subject AS code, object AS other, object_prefix AS kind FROM mapping
            WHERE NOT negated AND predicate IN ('skos:exactMatch', 'owl:sameAs')
            AND subject_prefix IN ({kinds}) AND object_prefix IN ({kinds}) AND subject_prefix <> object_prefix) a
        {_other("a.code", "a.kind", "a.other")}"""


def _disagree(code: str, other: str) -> str:
    return f"{code} has ' || known.code || ', not ' || {other}".replace(code, f"{code} || '", 1)


def _other(code: str, kind: str, other: str) -> str:
    """Join the papers that have ``code``, and of this kind another identifier only."""
    same = "CASE WHEN starts_with({}, 'doi:') THEN 'doi:' || lower(substr({}, 5)) ELSE {} END"
    return f"""JOIN known_paper paper ON paper.code = {same.replace("{}", code)}
        JOIN (SELECT paper, kind, min(code) AS code FROM known_paper GROUP BY paper, kind
            HAVING count(*) = 1) known
        ON known.paper = paper.paper AND known.kind = {kind} AND known.code <> {same.replace("{}", other)}"""
