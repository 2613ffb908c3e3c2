"""References: what is a code, what is another IRI, and what remains a text."""

from __future__ import annotations

import pytest

from calckg import prefixes
from calckg.identifiers import CODE_SYSTEMS, problem
from calckg.upstream.references import Reference, References

CODES = [f"{system.prefix}:{system.example}" for system in CODE_SYSTEMS.values()]


def look_up(text: str) -> Reference:
    return References()(text)


@pytest.mark.parametrize(
    ("text", "prefix", "notation"),
    [
        ("UMLS:C0342649", "UMLS", "UMLS:C0342649"),
        ("SNOMEDCT_US_2015_03_01:237897009", "SCTID", "SCTID:237897009"),
        ("ORPHA:191", "Orphanet", "Orphanet:191"),
        ("OMIM:PS231200", "OMIMPS", "OMIMPS:231200"),
        ("MEDGEN:90990", "medgen.uid", "medgen.uid:90990"),
        ("medgen:C0342649", "medgen", "medgen:C0342649"),
        ("http://purl.obolibrary.org/obo/HP_0004934", "HP", "HP:0004934"),
        ("http://identifiers.org/mesh/D061205", "mesh", "mesh:D061205"),
        (" ICD-10:Q25.0 ", "ICD10WHO", "ICD10WHO:Q25.0"),
    ],
)
def test_a_code_is_told_in_any_form(text: str, prefix: str, notation: str) -> None:
    found = look_up(text)
    assert (found.kind, found.prefix, found.notation) == ("code", prefix, notation)
    assert found.value == prefixes.load().expand(notation)


@pytest.mark.parametrize(
    ("text", "iri"),
    [
        ("PMID:33190187", "https://pubmed.ncbi.nlm.nih.gov/33190187"),
        ("https://orcid.org/0000-0002-0736-9199", "https://orcid.org/0000-0002-0736-9199"),
        ("url:http://www.ncbi.nlm.nih.gov/pubmed/23327728", "https://pubmed.ncbi.nlm.nih.gov/23327728"),
        ("http://example.org/a?b=c", "http://example.org/a?b=c"),
        ("ECO:0000304", "http://purl.obolibrary.org/obo/ECO_0000304"),
    ],
)
def test_a_paper_a_person_and_a_page_are_no_codes(text: str, iri: str) -> None:
    found = look_up(text)
    assert (found.kind, found.value) == ("iri", iri)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("UMLS:0189573", "the C is missing"),
        ("SCTID:237897008", "the check digit is 8, 9 expected"),
        ("PMID:20037588P", "PMID:20037588P"),
        ("DO:lh", "1 to 7 digits"),
        ("Fyler:1234", "no code with a declared prefix"),
        ("sandra1", "no code with a declared prefix"),
        ("2008-02-27T02:20:00Z", "no code with a declared prefix"),
        ("http://example.org/a b", "does not make an IRI"),
        ("HP:", "nothing after the prefix"),
        ("", "no code"),
    ],
)
def test_what_makes_no_iri_is_a_text_and_why(text: str, wrong: str) -> None:
    found = look_up(text)
    assert (found.kind, found.value) == ("text", text)
    assert wrong in str(found.wrong)


def test_the_short_way_gives_what_the_table_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    """Well-formed references in a canonical form are not looked up with the table's care."""
    table = prefixes.load()
    names = {name for p in table.records.values() for name in (p.name, *p.alternative_prefixes) if ":" not in name}
    texts = {f"{name}:{system.example}" for name in names for system in CODE_SYSTEMS.values()}
    texts |= {table.expand(code) for code in CODES} | {text.lower() for text in CODES} | set(CODES)
    short = {text: look_up(text) for text in texts}
    monkeypatch.setattr(References, "_plain", lambda self, text, head, local: None)
    assert short == {text: look_up(text) for text in texts}


@pytest.mark.parametrize("code", CODES)
def test_every_code_system_is_read(code: str) -> None:
    found = look_up(code)
    assert found.prefix == code.partition(":")[0]
    assert problem(*code.split(":", 1)) is None
    assert found.kind != "text"
