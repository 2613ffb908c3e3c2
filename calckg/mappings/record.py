"""Checks of one record by itself: what SSSOM asks of its slots (SSSOM 1.1, Mapping)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from calckg.mappings.identifier import COMPOSED
from calckg.mappings.intake import File, quoted, union, used_slots
from calckg.tables import Type
from calckg.upstream.sssom_slots import ENTITY_TYPES, SLOTS

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

JUSTIFICATIONS: Final = (
    "LexicalMatching",
    "LogicalReasoning",
    "CompositeMatching",
    "UnspecifiedMatching",
    "SemanticSimilarityThresholdMatching",
    "LexicalSimilarityThresholdMatching",
    "MappingChaining",
    "MappingReview",
    "MappingInversion",
    "ManualMappingCuration",
    "StructuralMatching",
    "InstanceBasedMatching",
    "BackgroundKnowledgeBasedMatching",
    "LLMBasedMatching",
    "AgentBasedMatching",
)
"""The terms of semapv that are processes by which a mapping is made."""
PREDICATES: Final = (
    *(f"skos:{name}Match" for name in ("exact", "close", "broad", "narrow", "related")),
    "skos:mappingRelation",
    *("owl:equivalentClass", "owl:equivalentProperty", "owl:sameAs", "owl:disjointWith", "owl:differentFrom"),
    *("rdfs:subClassOf", "rdfs:subPropertyOf", "rdfs:seeAlso"),
    *("oboInOwl:hasDbXref", "oio:hasDbXref", "OIO:hasDbXref", "semapv:crossSpeciesExactMatch"),
    *("semapv:crossSpeciesCloseMatch", "semapv:crossSpeciesNarrowMatch", "semapv:crossSpeciesBroadMatch"),
    "sssom:superClassOf",
)
"""The predicates that SSSOM's guide names, and their like; any other one is allowed, and told."""
_CURIE: Final = r"[A-Za-z_][A-Za-z0-9._-]*:[^\s<>\"{}|\\^`]+"
_CORE: Final = ("subject_id", "predicate_id", "object_id", "mapping_justification")
_REFERENCES: Final = [
    slot
    for slot, column in SLOTS.items()
    if column.type is Type.IRI and slot not in _CORE and not slot.endswith(("_type", "_modifier", "record_id"))
]
"""The slots besides those four that hold CURIEs, or IRIs, as some slots and the sets of before 1.0 do."""
_TEXTS: Final = ("subject_label", "predicate_label", "object_label", "author_label", "match_string", "comment")
# A character that stands for what can't be read, a control character, or UTF-8 that was read as Latin-1.
_BROKEN: Final = (
    r"[\x{FFFD}\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x{9F}]|[\x{C2}\x{C3}\x{CE}\x{CF}][\x{80}-\x{BF}]|\x{E2}\x{20AC}"
)
_SEVERAL: Final = r"^[^:]+:[^'()]*\(.*'[A-Za-z_][A-Za-z0-9._-]*:[^']+'.*\)$"
_PART: Final = r"'([A-Za-z_][A-Za-z0-9._-]*):[^'/][^']*'"
_LITERAL: Final = "'rdfs literal', 'rdfs:Literal'"
_DATE: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_ROW: Final = "mapping_row r"


def queries(connection: DuckDBPyConnection, files: Sequence[File]) -> dict[str, str]:
    """Return the query of each rule: the row's ``id``, the ``slot``, and what is ``said``."""
    declared = [(file.number, prefix) for file in files for prefix in file.curie_map]
    connection.execute(
        "CREATE OR REPLACE TABLE mapping_declared AS "
        "SELECT unnest(?::INTEGER[]) AS file, unnest(?::VARCHAR[]) AS prefix",
        [list(column) for column in zip(*declared, strict=True)] or [[], []],
    )
    used = used_slots(connection)
    return {
        "record/required": _required(),
        "record/curie": _curies(used),
        "record/prefix": _prefixes(),
        "record/justification": _justification(),
        "record/predicate": _predicate(),
        "record/value": union(_values(used)),
        "record/range": union(_ranges(used)),
        "record/date": union(_dates(used)),
        "record/same-ends": (
            "SELECT id, 'object_id' AS slot, subject || ' is both ends of the mapping' AS said FROM mapping "
            "WHERE subject = object AND subject <> 'sssom:NoTermFound'"
        ),
        "record/literal": _literal(used),
        "record/composite": _composite(used),
        "record/text": _texts(used),
        "record/repeated": _repeated(),
        "record/contradictory": _contradictory(),
    }


def _fault(slot: str, said: str, where: str) -> str:
    return f"SELECT r.id, {quoted(slot)} AS slot, {said} AS said FROM {_ROW} WHERE r.{_told()} AND {where}"


def _told() -> str:
    """A row that does not fit the columns has nothing in its slots, and is told once."""
    return "id NOT IN (SELECT id FROM mapping_fault WHERE rule = 'record/cells')"


def _required() -> str:
    parts = [
        _fault(slot, f"'{slot} is empty'", f"r.{slot} IS NULL") for slot in ("predicate_id", "mapping_justification")
    ]
    for end in ("subject", "object"):
        literal = f"coalesce(r.{end}_type IN ({_LITERAL}), false)"
        parts.append(_fault(f"{end}_id", f"'{end}_id is empty'", f"r.{end}_id IS NULL AND NOT {literal}"))
        parts.append(
            _fault(f"{end}_label", f"'{end}_label, the literal, is empty'", f"r.{end}_label IS NULL AND {literal}")
        )
    return " UNION ALL ".join(parts)


def _curies(used: Collection[str]) -> str:
    several = rf"\s*{_CURIE}(\s*\|\s*{_CURIE})*\s*"  # an IRI has the form of a CURIE too
    forms = {slot: several if SLOTS[slot].many else _CURIE for slot in (*_CORE, *_REFERENCES)}
    return union(
        _fault(slot, f"'''' || r.{slot} || ''' is not a CURIE'", f"NOT regexp_full_match(r.{slot}, {quoted(form)})")
        for slot, form in forms.items()
        if slot in used
    )


def _prefixes() -> str:
    return " UNION ALL ".join(
        f"""SELECT r.id, '{end}_id' AS slot, 'the prefix ' || p.prefix || ' is not in curie_map' AS said
        FROM mapping_row r JOIN mapping_prefix p ON p.file = r.file AND p.prefix = split_part(r.{end}_id, ':', 1)
        WHERE NOT p.declared AND regexp_full_match(r.{end}_id, {quoted(_CURIE)})"""
        for end in ("subject", "predicate", "object")
    )


def _justification() -> str:
    known = ", ".join(f"'semapv:{name}'" for name in JUSTIFICATIONS)
    return _fault(
        "mapping_justification",
        "r.mapping_justification || ' is no process of semapv'",
        f"r.mapping_justification NOT IN ({known}) AND regexp_full_match(r.mapping_justification, {quoted(_CURIE)})",
    )


def _predicate() -> str:
    known = ", ".join(map(quoted, PREDICATES))
    return (
        "SELECT id, 'predicate_id' AS slot, predicate || ' is no predicate that SSSOM names' AS said "
        f"FROM mapping WHERE predicate NOT IN ({known})"
    )


def _values(used: Collection[str]) -> Iterator[str]:
    types = ", ".join(quoted(text) for pair in ENTITY_TYPES.items() for text in pair)
    cardinalities = "'1:1', '1:n', 'n:1', 'n:n', '1:0', '0:1', '0:0'"
    kind = (" is not a type of entity", "{} NOT IN (" + types + ")")
    names = "|".join(SLOTS)
    several = quoted(rf"\s*({names})(\s*\|\s*({names}))*\s*")
    wrong = {
        "subject_type": kind,
        "object_type": kind,
        "predicate_type": kind,
        "predicate_modifier": (" is no modifier; there is one: Not", "{} <> 'Not'"),
        "cardinality_scope": (" names no slot", "NOT regexp_full_match({}, " + several + ")"),
        "mapping_cardinality": (" is no cardinality", "{} NOT IN (" + cardinalities + ")"),
    }
    for slot, (said, where) in wrong.items():
        if slot in used:
            yield _fault(slot, f"'''' || r.{slot} || '''{said}'", where.replace("{}", f"r.{slot}"))


def _ranges(used: Collection[str]) -> list[str]:
    found = []
    for slot, column in SLOTS.items():
        if column.type is Type.DOUBLE and slot in used:
            least = -1 if slot == "reviewer_agreement" else 0
            number = f"TRY_CAST(r.{slot} AS DOUBLE)"
            wrong = f"r.{slot} IS NOT NULL AND NOT coalesce({number} BETWEEN {least} AND 1, false)"
            found.append(_fault(slot, f"'''' || r.{slot} || ''' is no number from {least} to 1'", wrong))
    return found


def _dates(used: Collection[str]) -> list[str]:
    found = []
    for slot, column in SLOTS.items():
        if column.type is Type.DATE and slot in used:
            well = f"regexp_full_match(r.{slot}, '{_DATE}') AND TRY_CAST(r.{slot} AS DATE) IS NOT NULL"
            found.append(
                _fault(
                    slot,
                    f"'''' || r.{slot} || ''' is not a date'",
                    f"r.{slot} IS NOT NULL AND NOT coalesce({well}, false)",
                )
            )
            future = f"TRY_CAST(r.{slot} AS DATE) > current_date"
            found.append(_fault(slot, f"r.{slot} || ' is still to come'", f"{well} AND {future}"))
    return found


def _literal(used: Collection[str]) -> str:
    """SSSOM 1.1: the end of a literal mapping has a label and no identifier."""
    return union(
        _fault(
            f"{end}_id",
            f"'the {end} is a literal and has the identifier ' || r.{end}_id",
            f"r.{end}_type IN ({_LITERAL}) AND r.{end}_id IS NOT NULL",
        )
        for end in ("subject", "object")
        if f"{end}_type" in used
    )


def _composite(used: Collection[str]) -> str:
    """SSSOM 1.1: an expression of several codes is said to be one, and its brackets and quotes match."""
    types = ", ".join(map(quoted, COMPOSED))
    parts = []
    for end in ("subject", "object"):
        told, text = f"coalesce(r.{end}_type IN ({types}), false)", f"r.{end}_id"
        silent = f"{text} || ' is an expression of several codes, and {end}_type does not say so'"
        parts.append(_fault(f"{end}_type", silent, f"NOT {told} AND regexp_matches({text}, {quoted(_SEVERAL)})"))
        if f"{end}_type" not in used:
            continue
        opened, closed, quotes = (f"length(replace({text}, {quoted(sign)}, ''))" for sign in "()'")
        unmatched = f"({opened} <> {closed} OR (length({text}) - {quotes}) % 2 = 1)"
        said = f"'the brackets or quotes of ' || {text} || ' do not match'"
        parts.append(_fault(f"{end}_id", said, f"{told} AND {unmatched}"))
        parts.append(
            f"""SELECT r.id, '{end}_id' AS slot, 'the prefix ' || r.prefix || ' is not in curie_map' AS said
            FROM (SELECT id, file, unnest(regexp_extract_all({end}_id, {quoted(_PART)}, 1)) AS prefix
                FROM mapping_row WHERE {end}_type IN ({types})) r
            WHERE NOT EXISTS (SELECT 1 FROM mapping_declared d WHERE d.file = r.file AND d.prefix = r.prefix)"""
        )
    return " UNION ALL ".join(parts)


def _texts(used: Collection[str]) -> str:
    """What became of a text that was read in another encoding than it was written in."""
    return union(
        _fault(
            slot,
            f"'''' || r.{slot} || ''' has characters of a wrong encoding'",
            f"regexp_matches(r.{slot}, {quoted(_BROKEN)})",
        )
        for slot in _TEXTS
        if slot in used
    )


def _repeated() -> str:
    """The same mapping, for the same reason and of the same author, stands in the same file before."""
    same = ", ".join(
        f"r.{slot}"
        for slot in ("file", *(slot for slot in SLOTS if slot not in {"record_id", "comment", "other", "see_also"}))
    )
    ends = "coalesce(r.subject_id, r.subject_label, '') AS one, coalesce(r.object_id, r.object_label, '') AS other"
    return f"""SELECT id, NULL AS slot, 'the same mapping stands in line ' || line_before AS said FROM (
        SELECT r.id, min(r.line) OVER (PARTITION BY {same}) AS line_before, r.line FROM mapping_row r
        SEMI JOIN (SELECT file, {ends} FROM mapping_row r GROUP BY ALL HAVING count(*) > 1) few
            ON few.file = r.file AND few.one = coalesce(r.subject_id, r.subject_label, '')
            AND few.other = coalesce(r.object_id, r.object_label, '')
        WHERE r.{_told()}) again WHERE line > line_before"""


def _contradictory() -> str:
    """The same triple is stated and denied."""
    return """SELECT m.id, 'predicate_modifier' AS slot,
        CASE WHEN m.negated THEN 'denied here, stated' ELSE 'stated here, denied' END || ' in ' || o.place AS said
    FROM mapping m JOIN (
        SELECT subject, predicate, object, negated, arg_min(mapping_place(r.file, r.line), id) AS place
        FROM mapping JOIN mapping_told r USING (id) GROUP BY subject, predicate, object, negated) o
    ON o.subject = m.subject AND o.predicate = m.predicate AND o.object = m.object AND o.negated <> m.negated"""
