"""The syntax of each code system: pattern, check digit, partition. Whether a code exists is not asked here.

>>> problem("SCTID", "237897009") is None
True
>>> problem("SCTID", "237897008")
'SCTID:237897008: the check digit is 8, 9 expected (Verhoeff)'
>>> problem("UMLS", "CN295720")
"UMLS:CN295720: a CN-number is MedGen's own, never a UMLS CUI; write medgen:CN295720"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

# Verhoeff, "Error Detecting Decimal Codes", 1969: multiplication in the dihedral group D5, and the permutation
# that is applied once for each place to the left.
_D5 = (
    "0123456789",
    "1234067895",
    "2340178956",
    "3401289567",
    "4012395678",
    "5987604321",
    "6598710432",
    "7659821043",
    "8765932104",
    "9876543210",
)
_PERMUTATION = (
    "0123456789",
    "1576283094",
    "5803796142",
    "8916043527",
    "9453126870",
    "4286573901",
    "2793806415",
    "7046913258",
)
_INVERSE = "0432156789"

_COMPONENTS = {"0": "concept", "1": "description", "2": "relationship"}


class Partition(NamedTuple):
    """What the partition identifier of a SNOMED CT identifier says.

    ``identifier`` is its two digits, ``component`` is ``concept``, ``description`` or ``relationship``, and
    ``namespace`` the seven digits of the extension's namespace (``None`` in the International release).
    """

    identifier: str
    component: str
    namespace: str | None


class CodeSystem(NamedTuple):
    """The syntax of one code system.

    ``pattern`` must match the whole local part. It holds to what Python, RE2 (DuckDB) and XPath (SPARQL, SHACL)
    read alike: no anchors, no look-around, no shorthand for digits. ``form`` says the same in words. ``check``
    tells what the pattern can't, as a clause or ``None``. ``mistakes`` are what is often written instead: a
    pattern, and what to say of it.
    """

    prefix: str
    name: str
    pattern: str
    example: str
    form: str
    check: Callable[[str], str | None] | None = None
    mistakes: tuple[tuple[str, str], ...] = ()

    def matches(self, local: str) -> bool:
        """Tell whether the whole of ``local`` has the pattern; the check digit is not looked at."""
        return _compiled(self.pattern).fullmatch(local) is not None


def problem(prefix: str, local: str) -> str | None:
    """Return what is wrong with a code as one line, or ``None``.

    ``prefix`` is a canonical prefix of the prefix table and ``local`` what follows the colon. A prefix that is no
    code system's has no syntax to offend against.
    """
    system = CODE_SYSTEMS.get(prefix)
    if system is None:
        return None
    if not system.matches(local):
        return f"{prefix}:{local}: {_mistake(system, local)}"
    why = system.check(local) if system.check else None
    return None if why is None else f"{prefix}:{local}: {why}"


def _mistake(system: CodeSystem, local: str) -> str:
    if local != local.strip():
        return f"there is white space around it; write {system.prefix}:{local.strip()}"
    for other in (local.upper(), local.lower()):
        if other != local and system.matches(other):
            return f"upper and lower case matter; write {system.prefix}:{other}"
    for pattern, said in system.mistakes:
        found = _compiled(pattern).fullmatch(local)
        if found:
            return found.expand(said)
    return f"expected {system.form}, e.g. {system.example}"


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # When first asked: compiling all of them would cost a command that checks none some milliseconds.
    return re.compile(pattern)


def _decimal(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def verhoeff_check_digit(digits: str) -> str:
    """Return the Verhoeff check digit that belongs after ``digits`` (ASCII decimal digits)."""
    check = 0
    for place, digit in enumerate(reversed(digits), start=1):
        check = int(_D5[check][int(_PERMUTATION[place % 8][int(digit)])])
    return _INVERSE[check]


def sctid_check_digit_ok(sctid: str) -> bool:
    """Tell whether a SNOMED CT identifier ends in the right Verhoeff digit.

    ``sctid`` is 6 to 18 decimal digits (SNOMED CT Release File Specification, 6.3); for anything else, no.
    """
    return _decimal(sctid) and 6 <= len(sctid) <= 18 and verhoeff_check_digit(sctid[:-1]) == sctid[-1]


def sctid_partition(sctid: str) -> Partition | None:
    """Return the partition of a SNOMED CT identifier, or ``None`` if its partition identifier is not in use.

    In use are 00, 01, 02 (short format) and 10, 11, 12 (long format, which has room for a seven-digit namespace
    and so has 11 digits or more). The check digit is not looked at.
    """
    if not _decimal(sctid) or not 6 <= len(sctid) <= 18:
        return None
    identifier = sctid[-3:-1]
    component = _COMPONENTS.get(identifier[1])
    if component is None or identifier[0] not in "01":
        return None
    if identifier[0] == "0":
        return Partition(identifier, component, None)
    return Partition(identifier, component, sctid[-10:-3]) if len(sctid) >= 11 else None


def _sctid_problem(sctid: str) -> str | None:
    expected = verhoeff_check_digit(sctid[:-1])
    if sctid[-1] != expected:
        return f"the check digit is {sctid[-1]}, {expected} expected (Verhoeff)"
    partition = sctid_partition(sctid)
    if partition is None:
        return f"there is no partition {sctid[-3:-1]!r} for {len(sctid)} digits; a concept's is 00 or 10"
    if partition.component != "concept":
        said = f"partition {partition.identifier} marks a {partition.component}"
        return f"{said}, not a concept; write the concept's identifier"
    return None


def isbn_ok(isbn: str) -> bool:
    """Tell whether ``isbn`` has 10 or 13 digits and the right check digit (ISO 2108); hyphens don't count."""
    digits = isbn.replace("-", "")
    if len(digits) == 10 and _decimal(digits[:9]) and (_decimal(digits[9]) or digits[9] == "X"):
        values = [*map(int, digits[:9]), 10 if digits[9] == "X" else int(digits[9])]
        return sum(weight * value for weight, value in zip(range(10, 0, -1), values, strict=True)) % 11 == 0
    if len(digits) == 13 and _decimal(digits) and digits.startswith(("978", "979")):
        return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits)) % 10 == 0
    return False


def orcid_ok(orcid: str) -> bool:
    """Tell whether ``orcid`` is four groups of four with the right last character (ISO 7064, MOD 11-2)."""
    if not _compiled(_ORCID).fullmatch(orcid):
        return False
    total = 0
    for digit in orcid[:-1].replace("-", ""):
        total = (total + int(digit)) * 2
    return "0123456789X"[(12 - total % 11) % 11] == orcid[-1]


def mesh_tree_number_ok(text: str) -> bool:
    """Tell whether ``text`` has the form of a MeSH tree number: C23, C23.550, C23.550.099."""
    return _compiled(_MESH_TREE).fullmatch(text) is not None


def _icd10_problem(code: str) -> str | None:
    first, _, last = code.partition("-")
    return f"the block ends before it begins; write {last}-{first}" if last and last < first else None


_ORCID = "[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{3}[0-9X]"
_MESH_TREE = "[A-NVZ][0-9]{2}([.][0-9]{3})*"
# The second character is a digit but for QA0, the third a digit but for some (C7A, M1A, Z3A).
_ICD10CM = "[A-Z][0-9A][0-9A-Z]"
_ICD10 = "[A-Z][0-9]{2}"
_ICD10_MISTAKES = (
    (r"([A-Z][0-9A-Z]{2})([0-9A-Z]{1,4})", r"the dot is missing; write \1.\2"),
    (r"([A-Z][0-9A-Z]{2})[.]-?", r"nothing follows the dot; write \1"),
)


def _obo(prefix: str, name: str, example: str, pattern: str = "[0-9]{7}", form: str = "7 digits") -> CodeSystem:
    return CodeSystem(prefix, name, pattern, example, form, mistakes=(_doubled(prefix),))


def _doubled(prefix: str) -> tuple[str, str]:
    written = "(Orphanet|ORPHA)" if prefix == "Orphanet" else f"({prefix})"
    return rf"{written}[:_]?([0-9]+)", rf"the prefix is there twice; write {prefix}:\2"


def _number(prefix: str, name: str, example: str, digits: int) -> CodeSystem:
    pattern = f"[1-9][0-9]{{0,{digits - 1}}}"
    zeros = (r"0+([1-9][0-9]*)", rf"it begins with a zero; write {prefix}:\1")
    form = f"1 to {digits} digits without a leading zero"
    return CodeSystem(prefix, name, pattern, example, form, mistakes=(zeros, _doubled(prefix)))


_CUI = (r"C[0-9]{7}", r"\g<0> has the form of a UMLS CUI; write UMLS:\g<0>, or the code of this system")
_ALL = (
    _obo("MONDO", "Mondo Disease Ontology", "0000004"),
    _obo("HP", "Human Phenotype Ontology", "0004934"),
    _obo("UBERON", "Uberon", "0000948"),
    _obo("CL", "Cell Ontology", "0000062"),
    _number("CHEBI", "Chemical Entities of Biological Interest", "22984", 7),
    _obo("GO", "Gene Ontology", "0030282"),
    _obo("MP", "Mammalian Phenotype Ontology", "0000003"),
    # The newer numbers have 7 digits, with zeros in front; the older ones have none in front.
    _obo("DOID", "Human Disease Ontology", "10493", "0[0-9]{6}|[1-9][0-9]{0,6}", "1 to 7 digits"),
    _obo("ECO", "Evidence and Conclusion Ontology", "0000304"),
    _obo("PATO", "Phenotype and Trait Ontology", "0000384"),
    _obo("RO", "Relation Ontology", "0002200", "(HOM)?[0-9]{7}"),
    _obo("IAO", "Information Artifact Ontology", "0100001"),
    _obo("EFO", "Experimental Factor Ontology", "0009491"),
    _number("NCBIGene", "NCBI Gene", "2629", 10),
    _number("Orphanet", "Orphanet", "191", 7),
    _number("DECIPHER", "DECIPHER syndrome", "46", 4),
    _number("PMID", "PubMed", "33190187", 8),
    CodeSystem(
        "mesh",
        "Medical Subject Headings",
        "[CDQ]([0-9]{6}|[0-9]{9})",
        "D061205",
        "D, C or Q and 6 or 9 digits",
        mistakes=(
            _CUI,
            (_MESH_TREE, "a tree number moves from year to year; write the descriptor's unique identifier"),
            (r"[MT][0-9]{6,9}", "M is a MeSH concept's and T a term's; write the record's identifier"),
        ),
    ),
    CodeSystem(
        "medgen",
        "MedGen",
        "C[0-9]{7}|CN[0-9]{6}",
        "C0342649",
        "C and 7 digits, or CN and 6 digits",
        mistakes=((r"[0-9]+", r"a bare number is a MedGen UID; write medgen.uid:\g<0>"),),
    ),
    CodeSystem(
        "medgen.uid",
        "MedGen UID",
        "[1-9][0-9]{0,7}",
        "90990",
        "1 to 8 digits without a leading zero",
        mistakes=((r"CN?[0-9]+", r"this is a concept's identifier, not a UID; write medgen:\g<0>"),),
    ),
    CodeSystem(
        "UMLS",
        "Unified Medical Language System",
        "C[0-9]{7}",
        "C0342649",
        "C and 7 digits",
        mistakes=(
            (r"CN[0-9]+", r"a CN-number is MedGen's own, never a UMLS CUI; write medgen:\g<0>"),
            (r"[0-9]{7}", r"the C is missing; C\g<0> if the digits are right"),
            (r"[0-9]+", r"a bare number is no CUI; if it is a MedGen UID, write medgen.uid:\g<0>"),
        ),
    ),
    CodeSystem(
        "SCTID",
        "SNOMED CT",
        "[1-9][0-9]{5,17}",
        "237897009",
        "6 to 18 digits without a leading zero",
        _sctid_problem,
    ),
    CodeSystem(
        "OMIM",
        "Online Mendelian Inheritance in Man",
        "[1-6][0-9]{5}",
        "231000",
        "6 digits, the first of them 1 to 6",
        mistakes=((r"PS([0-9]{6})", r"this is a phenotypic series, not an entry; write OMIMPS:\1"),),
    ),
    CodeSystem(
        "OMIMPS",
        "OMIM phenotypic series",
        "[1-6][0-9]{5}",
        "203655",
        "6 digits, the first of them 1 to 6",
        mistakes=((r"PS([0-9]{6})", r"the prefix says PS already; write OMIMPS:\1"),),
    ),
    CodeSystem(
        "NCIT",
        "NCI Thesaurus",
        "C[1-9][0-9]{1,6}",
        "C26691",
        "C and 2 to 7 digits",
        mistakes=((r"[0-9]+", r"the C is missing; C\g<0> if the digits are right"),),
    ),
    CodeSystem("icd11.foundation", "ICD-11 foundation", "[1-9][0-9]{4,9}", "733056203", "5 to 10 digits"),
    CodeSystem(
        "ICD10CM",
        "ICD-10-CM",
        f"{_ICD10CM}(-{_ICD10CM}|[.][0-9A-Z]{{1,4}})?",
        "E30.1",
        "3 characters, a dot and up to 4 more, or a block such as I00-I99",
        _icd10_problem,
        _ICD10_MISTAKES,
    ),
    CodeSystem(
        "ICD10WHO",
        "ICD-10",
        f"{_ICD10}(-{_ICD10}|[.][0-9]{{1,2}})?",
        "B68",
        "a letter, 2 digits, a dot and up to 2 digits, or a block such as H00-H06",
        _icd10_problem,
        _ICD10_MISTAKES,
    ),
    # Terms begin with 10, standardised queries with 20.
    CodeSystem("MedDRA", "MedDRA", "[12]0[0-9]{6}", "10050183", "8 digits that begin with 10 (or 20: a query)"),
    CodeSystem(
        "PMC",
        "PubMed Central",
        "PMC[1-9][0-9]{0,8}([.][1-9][0-9]*)?",
        "PMC3249112",
        "PMC and up to 9 digits",
        mistakes=((r"[1-9][0-9]*", r"the local part begins with PMC; write PMC:PMC\g<0>"),),
    ),
    CodeSystem(
        "doi",
        "Digital Object Identifier",
        r"10[.][0-9]{4,9}([.][0-9]+)*/\S+",
        "10.1681/ASN.2021101327",
        "10., the registrant's digits, a slash and a suffix",
        mistakes=((r".*?(10[.][0-9.]+/\S+)", r"only the DOI itself belongs here; write doi:\1"),),
    ),
    CodeSystem(
        "ISBN",
        "International Standard Book Number",
        "([0-9]-?){9}[0-9X]|97[89]-?([0-9]-?){9}[0-9]",
        "978-0-7216-0615-6",
        "10 or 13 digits, with or without hyphens",
        lambda isbn: None if isbn_ok(isbn) else "the check digit is wrong (ISO 2108)",
    ),
    CodeSystem(
        "ORCID",
        "ORCID iD",
        _ORCID,
        "0000-0002-7356-1779",
        "4 groups of 4 digits with hyphens",
        lambda orcid: None if orcid_ok(orcid) else "the check digit is wrong (ISO 7064, MOD 11-2)",
    ),
    CodeSystem("STY", "UMLS semantic type", "T[0-9]{3}", "T047", "T and 3 digits"),
)

CODE_SYSTEMS: Mapping[str, CodeSystem] = MappingProxyType({system.prefix: system for system in _ALL})
"""Each code system by its canonical prefix."""
