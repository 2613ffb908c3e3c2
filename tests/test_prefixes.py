"""The prefix table and the way from CURIE to IRI and back."""

from __future__ import annotations

import doctest
import gzip
import json
import re
import subprocess
import sys
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import given
from hypothesis import strategies as st

from calckg import identifiers, prefixes, resources
from calckg.errors import SourceError, UnknownNameError, UsageError
from calckg.prefixes import UNRANKED, Prefix

TABLE = prefixes.load()
MONDO = Path(__file__).parents[2] / "shared" / "data" / "mondo"
OBO = "http://purl.obolibrary.org/obo/"


def example(prefix: str) -> str:
    system = identifiers.CODE_SYSTEMS.get(prefix)
    return "thing" if system is None else system.example


# What the design decides, and what Mondo's sets and Bioregistry declare where it refers to them.
CANONICAL = {
    "ckg:Cited": "https://w3id.org/calckg/ontology/Cited",
    "kg:meta": "https://w3id.org/calckg/graph/meta",
    "ckgid:concept/pulp-stone": "https://w3id.org/calckg/id/concept/pulp-stone",
    "medgen:C0342649": "https://www.ncbi.nlm.nih.gov/medgen/C0342649",
    "medgen:CN295720": "https://www.ncbi.nlm.nih.gov/medgen/CN295720",
    "medgen.uid:90990": "http://identifiers.org/medgen/90990",
    "UMLS:C0342649": "http://linkedlifedata.com/resource/umls/id/C0342649",
    "SCTID:237897009": "http://snomed.info/id/237897009",
    "HP:0004934": OBO + "HP_0004934",
    "MONDO:0000004": OBO + "MONDO_0000004",
    "UBERON:0000948": OBO + "UBERON_0000948",
    "DOID:10493": OBO + "DOID_10493",
    "NCIT:C26691": OBO + "NCIT_C26691",
    "ECO:0000304": OBO + "ECO_0000304",
    "RO:0002200": OBO + "RO_0002200",
    "PATO:0000384": OBO + "PATO_0000384",
    "IAO:0100001": OBO + "IAO_0100001",
    "OMIM:231000": "https://omim.org/entry/231000",
    "OMIMPS:203655": "https://omim.org/phenotypicSeries/PS203655",
    "Orphanet:191": "http://www.orpha.net/ORDO/Orphanet_191",
    "mesh:D061205": "http://id.nlm.nih.gov/mesh/D061205",
    "ICD10CM:E30.1": "http://purl.bioontology.org/ontology/ICD10CM/E30.1",
    "ICD10CM:I00-I99": "http://purl.bioontology.org/ontology/ICD10CM/I00-I99",
    "ICD10WHO:B68": "https://icd.who.int/browse10/2019/en#/B68",
    "icd11.foundation:733056203": "http://id.who.int/icd/entity/733056203",
    "MedDRA:10050183": "http://identifiers.org/meddra/10050183",
    "EFO:0009491": "http://www.ebi.ac.uk/efo/EFO_0009491",
    "DECIPHER:46": "https://www.deciphergenomics.org/syndrome/46",
    "NCBIGene:2629": "https://www.ncbi.nlm.nih.gov/gene/2629",
    "PMID:33190187": "https://pubmed.ncbi.nlm.nih.gov/33190187",
    "PMC:PMC3249112": "http://europepmc.org/articles/PMC3249112",
    "doi:10.1681/ASN.2021101327": "https://doi.org/10.1681/ASN.2021101327",
    "ISBN:9780721606156": "http://isbndb.com/search-all.html?kw=9780721606156",
    "ORCID:0000-0002-7356-1779": "https://orcid.org/0000-0002-7356-1779",
    "STY:T047": "http://purl.bioontology.org/ontology/STY/T047",
    "biolink:has_phenotype": "https://w3id.org/biolink/vocab/has_phenotype",
    "infores:medgen": "https://w3id.org/information-resource-registry/medgen",
    "skos:exactMatch": "http://www.w3.org/2004/02/skos/core#exactMatch",
    "sssom:NegatedPredicate": "https://w3id.org/sssom/NegatedPredicate",
    "semapv:UnspecifiedMatching": "https://w3id.org/semapv/vocab/UnspecifiedMatching",
    "oboInOwl:hasDbXref": "http://www.geneontology.org/formats/oboInOwl#hasDbXref",
    "fabio:hasPubMedCentralId": "http://purl.org/spar/fabio/hasPubMedCentralId",
    "bibo:AcademicArticle": "http://purl.org/ontology/bibo/AcademicArticle",
}


@pytest.mark.parametrize(("curie", "iri"), CANONICAL.items())
def test_a_curie_stands_for_the_iri_that_the_design_decides(curie: str, iri: str) -> None:
    assert TABLE.expand(curie) == iri


@pytest.mark.parametrize(("curie", "iri"), CANONICAL.items())
def test_a_canonical_iri_is_printed_as_its_curie(curie: str, iri: str) -> None:
    assert TABLE.compress(iri) == curie


@pytest.mark.parametrize(
    ("text", "curie"),
    [
        ("MEDGEN:90990", "medgen.uid:90990"),
        ("medgen:90990", "medgen.uid:90990"),
        ("MedGen:C0342649", "medgen:C0342649"),
        ("MEDGEN:CN295720", "medgen:CN295720"),
        ("medgen.uid:C0342649", "medgen:C0342649"),
        ("http://identifiers.org/medgen/C0342649", "medgen:C0342649"),
        ("https://identifiers.org/medgen:90990", "medgen.uid:90990"),
        ("https://www.ncbi.nlm.nih.gov/medgen/90990", "medgen.uid:90990"),
        ("https://bioregistry.io/medgen:CN295720", "medgen:CN295720"),
    ],
)
def test_the_local_part_decides_between_a_medgen_uid_and_a_medgen_concept(text: str, curie: str) -> None:
    assert TABLE.compress(TABLE.expand(text)) == curie


def test_a_medgen_local_part_of_neither_kind_stays_where_it_is_for_a_shape_to_refuse() -> None:
    assert TABLE.expand("MEDGEN:X1") == "https://www.ncbi.nlm.nih.gov/medgen/X1"


@pytest.mark.parametrize(
    ("text", "curie"),
    [
        ("hp:0004934", "HP:0004934"),
        ("mondo:0000004", "MONDO:0000004"),
        ("HP_0004934", "HP:0004934"),
        ("Orphanet_191", "Orphanet:191"),
        ("SNOMEDCT_US:237897009", "SCTID:237897009"),
        ("SNOMED_CT:237897009", "SCTID:237897009"),
        ("SNOMEDCT:237897009", "SCTID:237897009"),
        ("snomedct_us_2015_03_01:237897009", "SCTID:237897009"),
        ("ORPHA:191", "Orphanet:191"),
        ("MESH:D061205", "mesh:D061205"),
        ("MSH:D061205", "mesh:D061205"),
        ("MIM:231000", "OMIM:231000"),
        ("OMIM:PS203655", "OMIMPS:203655"),
        ("omim:ps203655", "OMIMPS:203655"),
        ("MEDDRA:10050183", "MedDRA:10050183"),
        ("ICD-10:B68", "ICD10WHO:B68"),
        ("UMLS_CUI:C0342649", "UMLS:C0342649"),
        ("DOI:10.1681/ASN.2021101327", "doi:10.1681/ASN.2021101327"),
        ("ISBN-13:9780721606156", "ISBN:9780721606156"),
        ("orcid:0000-0002-7356-1779", "ORCID:0000-0002-7356-1779"),
        ("dct:title", "dcterms:title"),
        ("<http://purl.obolibrary.org/obo/HP_0004934>", "HP:0004934"),
        ("  HP:0004934\n", "HP:0004934"),
    ],
)
def test_other_ways_to_write_a_curie_are_read(text: str, curie: str) -> None:
    assert TABLE.compress(TABLE.expand(text)) == curie


@pytest.mark.parametrize(
    ("iri", "curie"),
    [
        ("http://identifiers.org/hp/HP:0004934", "HP:0004934"),
        ("https://identifiers.org/HP:0004934", "HP:0004934"),
        ("https://bioregistry.io/hp:0004934", "HP:0004934"),
        ("https://purl.obolibrary.org/obo/HP_0004934", "HP:0004934"),
        ("https://hpo.jax.org/browse/term/HP:0004934", "HP:0004934"),
        ("http://identifiers.org/mesh/D061205", "mesh:D061205"),
        ("https://meshb.nlm.nih.gov/record/ui?ui=D061205", "mesh:D061205"),
        ("http://snomed.info/sct/237897009", "SCTID:237897009"),
        ("http://identifiers.org/umls:C0342649", "UMLS:C0342649"),
        ("http://omim.org/entry/231000", "OMIM:231000"),
        ("https://www.omim.org/entry/231000", "OMIM:231000"),
        ("https://omim.org/MIM:PS203655", "OMIMPS:203655"),
        ("https://www.orpha.net/consor/cgi-bin/OC_Exp.php?Lng=EN&Expert=191", "Orphanet:191"),
        ("https://www.ncbi.nlm.nih.gov/pubmed/33190187", "PMID:33190187"),
        ("https://pubmed.ncbi.nlm.nih.gov/33190187/", "PMID:33190187"),
        ("https://www.ncbi.nlm.nih.gov/pmc/articles/PMC3249112/", "PMC:PMC3249112"),
        ("http://dx.doi.org/10.1681/ASN.2021101327", "doi:10.1681/ASN.2021101327"),
        ("urn:isbn:9780721606156", "ISBN:9780721606156"),
        ("http://decipher.sanger.ac.uk/syndrome/35", "DECIPHER:35"),
        ("https://w3id.org/biolink/infores/medgen", "infores:medgen"),
        ("http://w3id.org/calckg/id/association/x", "ckgid:association/x"),
    ],
)
def test_other_addresses_of_a_thing_are_read(iri: str, curie: str) -> None:
    assert TABLE.compress(iri) == curie


def test_each_alternative_namespace_is_read_with_http_and_with_https() -> None:
    for prefix in TABLE.records.values():
        wanted = prefix.namespace + example(prefix.name)
        for form in (prefix.namespace, *prefix.alternative_namespaces):
            for scheme in ("http://", "https://"):
                iri = re.sub("^https?://", scheme, form) + example(prefix.name)
                assert TABLE.normalise(iri) == wanted, iri
                assert TABLE.expand(iri) == wanted, iri
                assert TABLE.prefix_of(iri) == prefix.name, iri


def test_each_alternative_prefix_is_read_in_upper_and_lower_case() -> None:
    for prefix in TABLE.records.values():
        wanted = prefix.namespace + example(prefix.name)
        for name in (prefix.name, *prefix.alternative_prefixes):
            for stem in (name, name.upper(), name.lower()):
                curie = stem + ("" if ":" in stem else ":") + example(prefix.name)
                assert TABLE.expand(curie) == wanted, curie


def test_the_longest_namespace_wins_when_one_begins_with_another() -> None:
    short = Prefix("short", "http://example.org/a/")
    table = prefixes.Prefixes(
        [short, Prefix("long", "http://example.org/a/b/"), Prefix("bar", "http://example.org/a/b_")]
    )
    assert table.compress("http://example.org/a/b/1") == "long:1"
    assert table.compress("http://example.org/a/b_1") == "bar:1"
    assert table.compress("http://example.org/a/c") == "short:c"


# What other namespaces go on with, and words that look like a code.
_AFTER = sorted({word for one in TABLE.namespaces.values() for word in re.split("[^A-Za-z0-9]+", one) if word})


@given(
    st.sampled_from(list(TABLE.records.values())),
    st.sampled_from([*_AFTER, ""]),
    st.from_regex("[A-Za-z0-9]{0,4}", fullmatch=True),
)
def test_a_word_that_is_surely_a_code_of_a_prefix_is_one(prefix: Prefix, head: str, tail: str) -> None:
    for namespace in (prefix.namespace, *prefix.alternative_namespaces):
        pattern = TABLE.words(prefix, namespace)
        word = head + tail
        if prefix.local_pattern is None and pattern is not None and re.fullmatch(pattern, word):
            assert TABLE.compress(namespace + word) == f"{prefix.name}:{word}"


def test_no_word_is_sure_where_a_longer_namespace_begins_like_it() -> None:
    omim = TABLE.records["OMIM"]
    pattern = TABLE.words(omim, omim.namespace)
    assert pattern is not None
    assert re.fullmatch(pattern, "231000")
    assert not re.fullmatch(pattern, "PS203655")  # https://omim.org/entry/PS is a form of OMIMPS


@pytest.mark.parametrize(
    "iri",
    [
        "http://example.org/calcification",
        "https://www.ncbi.nlm.nih.gov/books/NBK1526/",
        # a search and a page below a code's are other pages of the same publisher
        "https://www.ncbi.nlm.nih.gov/pubmed/?term=calcinosis",
        "http://www.orpha.net/en/disease/detail/191/references",
        # an edition of SNOMED CT, not a concept
        "http://snomed.info/sct/731000124108/version/20250301",
        # an ontology's release, not a term
        "http://purl.obolibrary.org/obo/mondo/releases/2026-08-04/mondo.owl",
        "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66",
    ],
)
def test_an_iri_outside_every_namespace_is_left_alone(iri: str) -> None:
    assert TABLE.expand(iri) == iri
    assert TABLE.normalise(iri) == iri
    assert TABLE.compress(iri) is None
    assert TABLE.prefix_of(iri) is None


def test_an_iri_outside_every_namespace_is_refused_if_strict() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown namespace 'http://example\.org/x'"):
        TABLE.expand("http://example.org/x", strict=True)


@pytest.mark.parametrize(
    "iri",
    [
        "http://purl.obolibrary.org/obo/HP_",  # nothing is left after the namespace
        "https://www.ncbi.nlm.nih.gov/medgen/?term=calcinosis",  # a query
        "https://w3id.org/calckg/id//x",  # ckgid:/x and, worse, ckgid://x read as IRIs
        "https://w3id.org/calckg/id///x",
        "http://id.nlm.nih.gov/mesh/D061205 x",  # no IRI at all
        "http://id.nlm.nih.gov/mesh/a:b",  # a colon in the first segment
        "http://id.nlm.nih.gov/mesh/100%",  # a percent sign that encodes nothing
    ],
)
def test_no_invalid_curie_is_made(iri: str) -> None:
    assert TABLE.compress(iri) is None


def test_a_fragment_below_a_code_is_kept() -> None:
    assert TABLE.compress("https://omim.org/entry/231000#0001") == "OMIM:231000#0001"


def test_what_an_iri_cannot_hold_is_percent_encoded_in_a_doi() -> None:
    iri = TABLE.expand("doi:10.1002/(SICI)1096-8628(19961111)65:4<277::AID-AJMG6>3.0.CO;2-M")
    assert iri == "https://doi.org/10.1002/(SICI)1096-8628(19961111)65:4%3C277::AID-AJMG6%3E3.0.CO;2-M"
    assert TABLE.expand(TABLE.compress(iri) or "") == iri


def test_an_unknown_prefix_names_the_nearest_known_ones() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown prefix 'SNOMEDCT_UK'; did you mean SNOMEDCT_US") as caught:
        TABLE.expand("SNOMEDCT_UK:237897009")
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("text", ["", "calcinosis", "C0342649", "_0004934", "HP_", "HP:", "omim:ps", "HP:a b", "<a b>"])
def test_what_is_neither_curie_nor_iri_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError):
        TABLE.expand(text)


@pytest.mark.parametrize("iri", ["http://example.org/a b", "http://example.org/<x>", "<http://example.org/{x}>"])
def test_an_iri_with_a_character_that_no_iri_holds_is_wrong_usage(iri: str) -> None:
    with pytest.raises(UsageError, match="does not make an IRI"):
        TABLE.expand(iri)


LOCALS = st.text("abzAZ019_-./:#%?~()é ", min_size=0, max_size=12)
NAMES = st.sampled_from(list(TABLE.records))
FORMS = st.sampled_from([form for p in TABLE.records.values() for form in (p.namespace, *p.alternative_namespaces)])


@given(NAMES, LOCALS)
def test_expanding_undoes_compressing(name: str, local: str) -> None:
    iri = TABLE.normalise(TABLE.namespaces[name] + local)
    curie = TABLE.compress(iri)
    if curie is not None:
        assert TABLE.expand(curie) == iri


@given(FORMS, LOCALS)
def test_a_normalised_iri_is_normal(form: str, local: str) -> None:
    once = TABLE.normalise(form + local)
    assert TABLE.normalise(once) == once


@given(FORMS, LOCALS)
def test_every_form_of_an_iri_has_one_curie(form: str, local: str) -> None:
    assert TABLE.compress(form + local) == TABLE.compress(TABLE.normalise(form + local))


@given(NAMES, LOCALS)
def test_what_expanding_gives_is_canonical_and_an_iri(name: str, local: str) -> None:
    try:
        iri = TABLE.expand(f"{name}:{local}")
    except UsageError:
        return
    assert TABLE.normalise(iri) == iri
    assert ox.NamedNode(iri).value == iri


@given(st.text())
def test_any_text_expands_to_an_iri_or_is_wrong_usage(text: str) -> None:
    with suppress(UsageError):
        ox.NamedNode(TABLE.expand(text))


@given(st.text())
def test_any_text_can_be_compressed_and_normalised(text: str) -> None:
    TABLE.compress(text)
    assert TABLE.normalise(TABLE.normalise(text)) == TABLE.normalise(text)


def test_the_order_of_clique_leaders_is_total_and_ends_with_numbers_and_minted_names() -> None:
    ranked = sorted((p for p in TABLE.namespaces if TABLE.rank(p) != UNRANKED), key=TABLE.rank)
    assert ranked[:3] == ["MONDO", "HP", "UBERON"]
    assert ranked[-2:] == ["medgen.uid", "ckgid"]
    assert all(TABLE.rank(a) < TABLE.rank(b) for a, b in pairwise(["HP", "mesh", "medgen", "UMLS", "SCTID", "OMIM"]))
    assert len({TABLE.rank(p) for p in ranked}) == len(ranked)


def test_each_clique_rank_says_why() -> None:
    assert all(p.comment for p in TABLE.records.values() if p.clique_rank is not None)


def test_a_prefix_without_a_rank_comes_after_all_others() -> None:
    assert TABLE.rank("skos") == TABLE.rank(None) == TABLE.rank("nobody") == UNRANKED


def test_each_code_system_has_a_prefix_and_each_ranked_prefix_a_code_system() -> None:
    ranked = {p.name for p in TABLE.records.values() if p.clique_rank is not None}
    assert set(identifiers.CODE_SYSTEMS) <= set(TABLE.namespaces)
    assert ranked - {"ckgid"} <= set(identifiers.CODE_SYSTEMS)


def test_each_local_pattern_admits_what_its_code_system_admits() -> None:
    for prefix in TABLE.records.values():
        if prefix.local_pattern is not None:
            assert prefix.fits(example(prefix.name)), prefix.name


def test_the_table_declares_prefixes_as_shacl_does() -> None:
    path = resources.ontology_dir() / "prefixes.ttl"
    namespaces = [
        quad.object
        for quad in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE)
        if quad.predicate.value == prefixes.SH + "namespace"
    ]
    any_uri = ox.NamedNode("http://www.w3.org/2001/XMLSchema#anyURI")
    assert len(namespaces) == len(TABLE.namespaces)
    assert all(isinstance(value, ox.Literal) and value.datatype == any_uri for value in namespaces)


def test_the_jsonld_context_expands_every_prefix() -> None:
    document = {
        "@context": TABLE.jsonld_context(),
        "@graph": [{"@id": curie, "skos:related": {"@id": "HP:0004934"}} for curie in CANONICAL],
    }
    quads = ox.parse(json.dumps(document), format=ox.RdfFormat.JSON_LD)
    assert {quad.subject.value for quad in quads if isinstance(quad.subject, ox.NamedNode)} == set(CANONICAL.values())


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # rdflib's own JSON-LD parser makes one
def test_the_jsonld_context_is_read_by_rdflib() -> None:
    document = {"@context": TABLE.jsonld_context(), "@id": "OMIMPS:203655", "skos:broader": {"@id": "HP:0004934"}}
    graph = rdflib.Graph().parse(data=json.dumps(document), format="json-ld")
    assert (None, None, rdflib.URIRef(OBO + "HP_0004934")) in graph
    assert (rdflib.URIRef("https://omim.org/phenotypicSeries/PS203655"), None, None) in graph


def test_serialisers_take_the_prefixes() -> None:
    triple = ox.Triple(*[ox.NamedNode(TABLE.expand(c)) for c in ("HP:0004934", "skos:exactMatch", "medgen.uid:90990")])
    turtle = ox.serialize([triple], format=ox.RdfFormat.TURTLE, prefixes=TABLE.turtle_prefixes())
    assert b"HP:0004934 skos:exactMatch medgen.uid:90990 ." in (turtle or b"")


def test_a_curie_map_holds_the_prefixes_asked_for_in_order() -> None:
    assert TABLE.sssom_curie_map(["skos", "HP", "skos"]) == {
        "HP": OBO + "HP_",
        "skos": "http://www.w3.org/2004/02/skos/core#",
    }
    assert list(TABLE.sssom_curie_map(["skos", "HP"])) == ["HP", "skos"]


def test_a_curie_map_refuses_a_prefix_that_is_not_declared() -> None:
    with pytest.raises(UnknownNameError):
        TABLE.sssom_curie_map(["HPP"])


HEAD = """\
@prefix ckg: <https://w3id.org/calckg/ontology/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
ckg:prefixes
"""


@pytest.mark.parametrize(
    ("declarations", "said"),
    [
        ("sh:declare [ sh:prefix 'a' ] .", "needs one sh:prefix and one sh:namespace"),
        ("sh:declare [ sh:prefix 'a' ; sh:namespace 'http://a/', 'http://b/' ] .", "needs one sh:prefix"),
        ("sh:declare [ sh:prefix 'a' ; sh:namespace 'http://a/' ; ckg:cliqueRank 'x' ] .", "a whole number"),
        (
            "sh:declare [ sh:prefix 'a' ; sh:namespace 'http://a/' ], [ sh:prefix 'A' ; sh:namespace 'http://b/' ] .",
            "the prefix 'a:' is declared twice",
        ),
        (
            "sh:declare [ sh:prefix 'a' ; sh:namespace 'http://a/' ], [ sh:prefix 'b' ; sh:namespace 'https://a/' ] .",
            "the namespace 'a/' is declared twice",
        ),
        (
            "sh:declare [ sh:prefix 'a' ; sh:namespace 'http://a/' ; ckg:cliqueRank 1 ] ,"
            " [ sh:prefix 'b' ; sh:namespace 'http://b/' ; ckg:cliqueRank 1 ] .",
            "the clique rank '1' is declared twice",
        ),
        # 4:1 is where the file stops being Turtle
        ("sh:declare [ sh:prefix", "prefixes.ttl:4"),
    ],
)
def test_a_faulty_table_is_refused(tmp_path: Path, declarations: str, said: str) -> None:
    path = tmp_path / "prefixes.ttl"
    path.write_text(HEAD + declarations, encoding="utf-8")
    with pytest.raises(SourceError, match=re.escape(said)):
        prefixes.load(path)


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"none\.ttl"):
        prefixes.load(tmp_path / "none.ttl")


def test_the_table_is_read_once() -> None:
    assert prefixes.load() is prefixes.load()


def test_reading_the_table_imports_nothing_slow() -> None:
    code = (
        "import sys, calckg.prefixes as p; p.load().expand('HP:0004934');"
        "print({'rdflib', 'difflib', 'duckdb', 'dataclasses'} & set(sys.modules) or 'none')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "none"


def test_the_examples_in_the_documentation_hold() -> None:
    assert doctest.testmod(prefixes) == (0, 3)


@pytest.mark.skipif(not MONDO.is_dir(), reason="needs Mondo's mapping sets in ../shared/data/mondo")
def test_mondo_declares_the_prefixes_as_we_read_them() -> None:
    declared: dict[str, set[str]] = {}
    for path in MONDO.glob("*.sssom.tsv.gz"):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                found = re.fullmatch(r"# {3}([\w.]+): (\S+)\n", line)
                if found:
                    declared.setdefault(found[1], set()).add(found[2])
    assert len(declared) >= 20
    for name, namespaces in declared.items():
        for namespace in namespaces:
            assert TABLE.normalise(namespace + "90990") == TABLE.expand(f"{name}:90990"), name
