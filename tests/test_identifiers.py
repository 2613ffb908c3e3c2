"""The syntax of each code system."""

from __future__ import annotations

import csv
import doctest
import gzip
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import duckdb
import pyoxigraph as ox
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from calckg import identifiers, prefixes
from calckg.identifiers import (
    CODE_SYSTEMS,
    Partition,
    isbn_ok,
    mesh_tree_number_ok,
    orcid_ok,
    problem,
    sctid_check_digit_ok,
    sctid_partition,
    verhoeff_check_digit,
)

DATA = Path(__file__).parents[2] / "shared" / "data"

VALID = [
    ("HP", "0004934"),
    ("MONDO", "0000004"),
    ("DOID", "4"),
    ("DOID", "0050004"),  # the newer numbers are padded
    ("UBERON", "0000948"),
    ("RO", "HOM0000017"),  # RO's homology relations
    ("medgen", "C0342649"),
    ("medgen", "CN295720"),
    ("medgen.uid", "90990"),
    ("medgen.uid", "69"),
    ("UMLS", "C0342649"),
    ("SCTID", "237897009"),  # a concept of the International release
    ("SCTID", "731000124108"),  # a concept of an extension (the module of the US edition)
    ("OMIM", "231000"),
    ("OMIMPS", "203655"),
    ("Orphanet", "191"),
    ("mesh", "D061205"),
    ("mesh", "D000072716"),  # nine digits since the six ran out
    ("mesh", "C000591739"),
    ("mesh", "Q000097"),
    ("NCIT", "C405"),
    ("NCIT", "C165258"),
    ("EFO", "0009491"),
    ("ICD10CM", "I70"),
    ("ICD10CM", "E30.1"),
    ("ICD10CM", "S72.001A"),  # the seventh character says which encounter
    ("ICD10CM", "T36.0X1A"),  # X holds an empty place
    ("ICD10CM", "C4A"),
    ("ICD10CM", "QA0.0142"),
    ("ICD10CM", "I00-I99"),
    ("ICD10CM", "C7A-C7A"),
    ("ICD10CM", "C00-D49"),
    ("ICD10WHO", "B68"),
    ("ICD10WHO", "N18.9"),
    ("ICD10WHO", "H00-H06"),
    ("icd11.foundation", "733056203"),
    ("MedDRA", "10050183"),
    ("MedDRA", "20000020"),  # a standardised query
    ("DECIPHER", "46"),
    ("NCBIGene", "2629"),
    ("PMID", "1"),
    ("PMID", "33190187"),
    ("PMC", "PMC3249112"),
    ("PMC", "PMC3249112.2"),
    ("doi", "10.1681/ASN.2021101327"),
    ("doi", "10.1002/(SICI)1096-8628(19961111)65:4<277::AID-AJMG6>3.0.CO;2-M"),
    ("doi", "10.1000.10/123456"),  # a registrant with a subdivision
    ("ISBN", "978-0-7216-0615-6"),
    ("ISBN", "9780721606156"),
    ("ISBN", "0-19-262896-8"),
    ("ISBN", "080442957X"),
    ("ORCID", "0000-0002-7356-1779"),
    ("ORCID", "0000-0002-1694-233X"),
    ("ECO", "0000304"),
    ("STY", "T047"),
]

INVALID = [
    ("HP", "4934", "expected 7 digits, e.g. 0004934"),
    ("HP", "00049340", "expected 7 digits"),
    ("HP", "HP:0004934", "the prefix is there twice; write HP:0004934"),
    ("DOID", "004", "expected 1 to 7 digits"),
    ("UMLS", "CN295720", "a CN-number is MedGen's own, never a UMLS CUI; write medgen:CN295720"),
    ("UMLS", "0189573", "the C is missing; C0189573 if the digits are right"),
    ("UMLS", "90990", "if it is a MedGen UID, write medgen.uid:90990"),
    ("UMLS", "C034264", "expected C and 7 digits"),
    ("UMLS", "c0342649", "upper and lower case matter; write UMLS:C0342649"),
    ("UMLS", "C0342649 ", "there is white space around it; write UMLS:C0342649"),
    ("medgen", "90990", "a bare number is a MedGen UID; write medgen.uid:90990"),
    ("medgen", "CN29572", "expected C and 7 digits, or CN and 6 digits"),
    ("medgen.uid", "C0342649", "a concept's identifier, not a UID; write medgen:C0342649"),
    ("medgen.uid", "CN295720", "a concept's identifier, not a UID; write medgen:CN295720"),
    ("medgen.uid", "090990", "expected 1 to 8 digits without a leading zero"),
    ("SCTID", "237897008", "the check digit is 8, 9 expected (Verhoeff)"),
    ("SCTID", "0237897009", "without a leading zero"),
    ("SCTID", "12345", "expected 6 to 18 digits"),
    ("SCTID", "1234567890123456789", "expected 6 to 18 digits"),
    ("SCTID", "2378970O9", "expected 6 to 18 digits"),  # the letter O
    ("OMIM", "PS203655", "this is a phenotypic series, not an entry; write OMIMPS:203655"),
    ("OMIM", "23900", "expected 6 digits"),
    ("OMIM", "931000", "the first of them 1 to 6"),
    ("OMIMPS", "PS203655", "the prefix says PS already; write OMIMPS:203655"),
    ("Orphanet", "ORPHA191", "the prefix is there twice; write Orphanet:191"),
    ("Orphanet", "0191", "it begins with a zero; write Orphanet:191"),
    ("mesh", "C1720824", "C1720824 has the form of a UMLS CUI"),
    ("mesh", "D00007727", "expected D, C or Q and 6 or 9 digits"),
    ("mesh", "A05.360.319", "a tree number moves from year to year"),
    ("mesh", "M0000001", "M is a MeSH concept's"),
    ("NCIT", "3921", "the C is missing; C3921 if the digits are right"),
    ("ICD10CM", "E301", "the dot is missing; write E30.1"),
    ("ICD10CM", "E30.", "nothing follows the dot; write E30"),
    ("ICD10CM", "e30.1", "upper and lower case matter; write ICD10CM:E30.1"),
    ("ICD10CM", "E30.12345", "expected 3 characters"),
    ("ICD10CM", "I99-I00", "the block ends before it begins; write I00-I99"),
    ("ICD10WHO", "26.8", "expected a letter, 2 digits"),
    ("ICD10WHO", "C4A", "expected a letter, 2 digits"),
    ("icd11.foundation", "5A74.0", "expected 5 to 10 digits"),
    ("MedDRA", "1008095", "expected 8 digits"),
    ("MedDRA", "100233350", "expected 8 digits"),
    ("PMID", "033190187", "it begins with a zero; write PMID:33190187"),
    ("PMID", "0", "expected 1 to 8 digits"),
    ("PMID", "20037588P", "expected 1 to 8 digits"),
    ("PMID", "123456789", "expected 1 to 8 digits"),
    ("PMC", "3249112", "the local part begins with PMC; write PMC:PMC3249112"),
    ("doi", "https://doi.org/10.1681/ASN.2021101327", "write doi:10.1681/ASN.2021101327"),
    ("doi", "11.1681/ASN", "expected 10., the registrant's digits"),
    ("doi", "10.1681/", "expected 10., the registrant's digits"),
    ("ISBN", "978-0-7216-0615-7", "the check digit is wrong (ISO 2108)"),
    ("ISBN", "0412792702.", "expected 10 or 13 digits"),
    ("ORCID", "0000-0001-5889-4462", "the check digit is wrong (ISO 7064, MOD 11-2)"),
    ("ORCID", "0000000273561779", "expected 4 groups of 4 digits"),
    ("STY", "47", "expected T and 3 digits"),
]


@pytest.mark.parametrize(("prefix", "local"), VALID)
def test_a_valid_code_has_no_problem(prefix: str, local: str) -> None:
    assert problem(prefix, local) is None


@pytest.mark.parametrize(("prefix", "local", "said"), INVALID)
def test_an_invalid_code_is_named_with_what_is_wrong(prefix: str, local: str, said: str) -> None:
    found = problem(prefix, local)
    assert found is not None
    assert found.startswith(f"{prefix}:{local}: ")
    assert said in found
    assert "\n" not in found


@pytest.mark.parametrize("system", CODE_SYSTEMS.values(), ids=lambda system: system.prefix)
def test_each_code_system_has_a_valid_example_and_says_what_it_is(system: identifiers.CodeSystem) -> None:
    assert problem(system.prefix, system.example) is None
    assert system.name
    assert system.form


@pytest.mark.parametrize("system", CODE_SYSTEMS.values(), ids=lambda system: system.prefix)
def test_no_code_is_empty_or_ends_in_a_newline(system: identifiers.CodeSystem) -> None:
    assert problem(system.prefix, "") is not None
    assert problem(system.prefix, system.example + "\n") is not None


def test_a_prefix_that_is_no_code_system_has_no_syntax_to_offend_against() -> None:
    assert problem("skos", "exactMatch") is None


def test_other_scripts_have_digits_too_but_codes_do_not_use_them() -> None:
    assert problem("HP", "٠٠٠٤٩٣٤") is not None
    assert problem("SCTID", "٢٣٧٨٩٧٠٠٩") is not None
    assert not sctid_check_digit_ok("٢٣٧٨٩٧٠٠٩")
    assert not isbn_ok("²780721606156")


@pytest.mark.parametrize("text", [local for _, local in VALID] + [local for _, local, _ in INVALID])
def test_duckdb_and_sparql_read_the_patterns_as_python_does(text: str) -> None:
    systems = list(CODE_SYSTEMS.values())
    expected = [system.matches(text) for system in systems]
    columns = ", ".join("regexp_full_match(?, ?)" for _ in systems)
    row = duckdb.execute(f"SELECT {columns}", [v for s in systems for v in (text, s.pattern)]).fetchone()
    assert list(row or ()) == expected
    for system, wanted in zip(systems, expected, strict=True):
        query = f"ASK {{ FILTER regex({ox.Literal(text)}, {ox.Literal(f'^({system.pattern})$')}) }}"
        assert bool(ox.Store().query(query)) == wanted, system.prefix


DIGITS = st.text("0123456789", min_size=5, max_size=17)


@given(DIGITS)
def test_a_verhoeff_check_digit_is_accepted(digits: str) -> None:
    assert sctid_check_digit_ok(digits + verhoeff_check_digit(digits))


@given(DIGITS, st.data())
def test_changing_one_digit_breaks_the_check(digits: str, data: st.DataObject) -> None:
    right = digits + verhoeff_check_digit(digits)
    place = data.draw(st.integers(0, len(right) - 1))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != right[place]]))
    assert not sctid_check_digit_ok(right[:place] + other + right[place + 1 :])


@given(DIGITS, st.data())
def test_swapping_two_neighbours_breaks_the_check(digits: str, data: st.DataObject) -> None:
    right = digits + verhoeff_check_digit(digits)
    place = data.draw(st.integers(0, len(right) - 2))
    first, second = right[place], right[place + 1]
    assume(first != second)
    assert not sctid_check_digit_ok(right[:place] + second + first + right[place + 2 :])


@pytest.mark.parametrize("digits", ["", "9", "23789", "1234567890123456789", "23789700x"])
def test_what_is_not_6_to_18_digits_has_no_right_check_digit(digits: str) -> None:
    assert not sctid_check_digit_ok(digits)
    assert sctid_partition(digits) is None


@given(st.text())
def test_no_text_breaks_the_functions(text: str) -> None:
    for prefix in CODE_SYSTEMS:
        problem(prefix, text)
    sctid_check_digit_ok(text), sctid_partition(text), isbn_ok(text), orcid_ok(text), mesh_tree_number_ok(text)


@pytest.mark.parametrize(
    ("sctid", "partition"),
    [
        ("237897009", Partition("00", "concept", None)),
        ("680946014", Partition("01", "description", None)),
        ("100022", Partition("02", "relationship", None)),
        ("731000124108", Partition("10", "concept", "1000124")),
        ("999480561000087114", Partition("11", "description", "1000087")),
        ("5187571000000122", Partition("12", "relationship", "1000000")),
        ("900000000000207008", Partition("00", "concept", None)),  # the core module: long, but short format
        ("237897039", None),  # 03 is reserved
        ("237897209", None),  # 20 is reserved
        ("1234567105", None),  # 10 has a namespace, for which ten digits leave no room
    ],
)
def test_a_partition_says_component_and_namespace(sctid: str, partition: Partition | None) -> None:
    assert sctid_partition(sctid) == partition


def with_check_digit(digits: str) -> str:
    return digits + verhoeff_check_digit(digits)


@pytest.mark.parametrize(
    ("digits", "said"),
    [
        ("68094601", "partition 01 marks a description, not a concept"),
        ("10002", "partition 02 marks a relationship, not a concept"),
        ("23789703", "there is no partition '03' for 9 digits"),
        ("123456710", "there is no partition '10' for 10 digits"),
    ],
)
def test_a_snomed_ct_code_must_be_a_concept(digits: str, said: str) -> None:
    assert said in (problem("SCTID", with_check_digit(digits)) or "")


@given(st.text("0123456789", min_size=9, max_size=9), st.integers(0, 8), st.integers(1, 9))
def test_changing_one_digit_breaks_an_isbn(digits: str, place: int, step: int) -> None:
    last = next(d for d in "0123456789X" if isbn_ok(digits + d))
    changed = digits[:place] + str((int(digits[place]) + step) % 10) + digits[place + 1 :]
    assert not isbn_ok(changed + last)


@given(st.text("0123456789", min_size=15, max_size=15), st.integers(0, 14), st.integers(1, 9))
def test_changing_one_digit_breaks_an_orcid(digits: str, place: int, step: int) -> None:
    def grouped(text: str) -> str:
        return "-".join(text[at : at + 4] for at in range(0, 16, 4))

    last = next(d for d in "0123456789X" if orcid_ok(grouped(digits + d)))
    changed = digits[:place] + str((int(digits[place]) + step) % 10) + digits[place + 1 :]
    assert not orcid_ok(grouped(changed + last))


@pytest.mark.parametrize(
    ("text", "ok"),
    [
        ("C23", True),
        ("C23.550.099", True),
        ("A05.360.319.114", True),
        ("C23.55", False),
        ("O01", False),
        ("D061205", False),
    ],
)
def test_mesh_tree_numbers(text: str, ok: bool) -> None:
    assert mesh_tree_number_ok(text) is ok


def test_the_examples_in_the_documentation_hold() -> None:
    assert doctest.testmod(identifiers) == (0, 3)


def rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        table = (line for line in lines if not line.startswith("#"))
        yield from csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE)


@cache
def judged(curie: str) -> str | None:
    table = prefixes.load()
    prefix, _, local = (table.compress(table.expand(curie)) or ":").partition(":")
    assert prefix in CODE_SYSTEMS, f"{curie} is of no code system"
    return problem(prefix, local)


@pytest.mark.skipif(not (DATA / "mondo").is_dir(), reason="needs Mondo's mapping sets in ../shared/data/mondo")
def test_every_identifier_in_mondos_sets_is_judged_and_the_real_defects_are_found() -> None:
    found: dict[str, str] = {}
    for path in sorted((DATA / "mondo").glob("*.sssom.tsv.gz")):
        for row in rows(path):
            for curie in (row["subject_id"], row["object_id"]):
                said = judged(curie)
                if said is not None:
                    found[f"{row['subject_id']} {curie}"] = said
    # All of them are errors in the sets; of 9,147 SNOMED CT codes none has a wrong check digit.
    assert set(found) == {
        "MONDO:0100511 mesh:C1720824",  # a UMLS CUI
        "MONDO:0015459 mesh:D00007727",  # a digit too many or too few
        "MONDO:1060188 NCIT:3921",  # without its C
        "MONDO:0006733 MedDRA:100233350",
        "MONDO:0006694 MedDRA:1008095",
    }


@pytest.mark.skipif(not (DATA / "hpo").is_dir(), reason="needs HPO in ../shared/data/hpo")
def test_every_cross_reference_of_hpo_is_judged_and_the_malformed_one_is_found() -> None:
    (path,) = (DATA / "hpo").glob("hp.*.json.gz")
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        nodes = json.load(stream)["graphs"][0]["nodes"]
    references = [reference["val"] for node in nodes for reference in node.get("meta", {}).get("xrefs", [])]
    codes = [code for code in references if re.match("UMLS:|SNOMEDCT_US:|MEDDRA:|NCIT:", code)]
    assert len(codes) > 17_000
    assert [code for code in codes if judged(code)] == ["UMLS:0189573"]
