"""OBO Graphs JSON: what terms and relations become, and what is told of a bad file."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from calckg.errors import SourceError
from calckg.upstream.obographs import FORMATS

from .reading import (
    SHARED,
    Connection,
    Rows,
    Select,
    complaints,
    filled,
    known,
    no_malformed,
    real,
    selecting,
    statements,
)

HP = Path(__file__).parent / "data/obographs/hp.json"
REAL = "hpo/hp.v2025-05-06.json.gz"
OBO = "http://purl.obolibrary.org/obo/"
XREF = "oboInOwl:hasDbXref"
STRING = "xsd:string"


@pytest.fixture(scope="module")
def connection() -> Connection:
    return filled(FORMATS, HP)[0]


@pytest.fixture(scope="module")
def select(connection: Connection) -> Select:
    return selecting(connection)


def of(select: Select, table: str, columns: str, term: str, where: str = "true") -> Rows:
    return select(f"SELECT {columns} FROM {table} WHERE concept LIKE '%/HP_{term}' AND {where}")


# --- names


def test_the_label_is_the_preferred_name(select: Select) -> None:
    assert of(select, "name", "text, lang, kind", "0011915") == [("Cardiovascular calcification", "en", "preferred")]


def test_a_synonym_has_its_scope(select: Select) -> None:
    found = of(select, "name", "kind, text", "0004934", "kind <> 'preferred'")
    assert set(found) == {
        ("broad", "Calcified"),
        ("exact", "Calcification of vessels"),
        ("narrow", "Calcified wall"),
        ("related", "Hard vessels"),
    }


def test_a_laypersons_word_that_is_the_label_is_no_alternative(select: Select) -> None:
    """SKOS, S13: a label is not preferred and alternative at once."""
    assert of(select, "name", "kind, synonym_type, xref", "0004934", "text = 'Vascular calcification'") == [
        ("preferred", None, None),
        ("preferred", [f"{OBO}hp#layperson"], ["ORCID:0000-0001-5208-3432"]),
    ]


def test_a_name_from_a_vocabulary_without_a_prefix_keeps_its_code(select: Select) -> None:
    found = of(select, "name", "vocabulary, code, xref", "0004934", "text = 'Calcified' AND code IS NOT NULL")
    assert found == [("ckgid:scheme/CSP", "1234", None)]


def test_an_imported_term_has_no_preferred_name(select: Select) -> None:
    found = select("SELECT concept, kind FROM name WHERE concept LIKE '%UBERON%'")
    assert found == [("UBERON:0001981", "exact")]


# --- definitions


def test_a_definition_has_its_sources(select: Select) -> None:
    columns = "text, knowledge_source, source, attribution"
    ((text, who, source, attribution),) = of(select, "definition", columns, "0004934")
    assert text == "Deposits of calcium in vessels."
    assert who == "infores:hpo"
    assert source == ["PMID:33190187", "ORCID:0000-0002-0736-9199"]
    # A contributor without an IRI, and an ORCID that lacks a digit.
    assert attribution == ["HPO_CONTRIBUTOR:DDD_ndelmage", "ORCID:0000-0002-9353-549"]


def test_a_remark_is_a_comment(select: Select) -> None:
    assert of(select, "definition", "kind, text", "0011915") == [("comment", "A remark.")]


# --- concepts


@pytest.mark.parametrize(
    ("term", "category"),
    [
        ("0004934", "PhenotypicFeature"),
        ("0000118", "PhenotypicFeature"),
        ("0000007", "GeneticInheritance"),
        ("0003577", "Onset"),
        ("0031797", "ClinicalCourse"),
        ("0012823", "ClinicalModifier"),
        ("0040279", "NamedThing"),
        ("0032443", "NamedThing"),
        ("0100610", "PhenotypicFeature"),  # past medical history, and an abnormality
        ("0000057", "PhenotypicFeature"),  # as what replaces it
        ("0001526", "GeneticInheritance"),  # as what it was merged into
        ("0000489", "NamedThing"),  # nothing certain stands for it
    ],
)
def test_the_branch_of_a_term_is_its_category(select: Select, term: str, category: str) -> None:
    assert of(select, "concept", "category", term, "category IS NOT NULL") == [([f"biolink:{category}"],)]


def test_a_code_elsewhere_has_the_category_of_its_vocabulary(select: Select) -> None:
    found: dict[str, list[str]] = dict(select("SELECT concept, category FROM concept WHERE category IS NOT NULL"))
    assert found["Orphanet:191"] == ["biolink:Disease"]
    assert found["UBERON:0001981"] == ["biolink:AnatomicalEntity"]
    assert found["UMLS:C0342649"] == ["biolink:NamedThing"]


def test_a_term_has_scheme_and_notation(select: Select) -> None:
    assert of(select, "concept", "scheme, notation", "0004934", "notation IS NOT NULL") == [
        ("ckgid:scheme/HP", "HP:0004934")
    ]


def test_a_subset_is_kept(select: Select) -> None:
    assert of(select, "concept", "subset", "0011915", "subset IS NOT NULL") == [([f"{OBO}hp#hposlim_core"],)]


def test_the_first_date_is_when_a_term_was_made(select: Select) -> None:
    ((created, extra),) = of(select, "concept", "created, extra", "0004934", "created IS NOT NULL")
    assert created == "2008-02-27T02:20:00Z"
    assert ("dc:date", STRING, "2010-01-01T00:00:00Z") in extra


def test_who_made_a_term_is_an_iri_or_a_name(select: Select) -> None:
    ((names, extra),) = of(select, "concept", "created_by, extra", "0004934", "created IS NOT NULL")
    assert names == ["sandra1"]
    assert ("dcterms:creator", "", "ORCID:0000-0002-0736-9199") in extra


def test_a_further_property_is_kept(select: Select) -> None:
    ((extra,),) = of(select, "concept", "extra", "0004934", "created IS NOT NULL")
    assert ("IAO:0000233", "", "https://github.com/obophenotype/human-phenotype-ontology/issues/1") in extra


def test_a_property_with_an_identifier_of_the_ontology_is_a_term(select: Select) -> None:
    assert of(select, "name", "text", "0034334") == [("allelic_requirement",)]


@pytest.mark.parametrize("iri", ["%NCBITaxon%", "%layperson", "%BFO%"])
def test_what_has_no_declared_prefix_is_no_concept(select: Select, iri: str) -> None:
    assert select(f"SELECT * FROM concept WHERE concept LIKE '{iri}'") == []


# --- cross-references


def test_a_cross_reference_to_a_code_is_an_unspecified_mapping(select: Select) -> None:
    where = "WHERE predicate_id LIKE '%hasDbXref'"
    assert select(f"SELECT subject_id, object_id, mapping_justification FROM mapping {where}") == [
        ("HP:0004934", code, "semapv:UnspecifiedMatching")
        for code in ("MP:0005555", "Orphanet:191", "SCTID:237897009", "UMLS:C0342649")
    ]


def test_a_cross_reference_is_never_an_exact_match(connection: Connection) -> None:
    exact = {(s, o) for s, p, o in statements(connection) if p == "skos:exactMatch"}
    assert exact == {("HP:0004934", "mesh:D061205")}  # which the ontology itself asserts


def test_a_cross_reference_that_makes_no_code_is_kept(select: Select) -> None:
    ((extra,),) = of(select, "concept", "extra", "0004934", "created IS NOT NULL")
    assert [item[1:] for item in extra if item[0] == XREF] == [
        (STRING, "SNOMEDCT_US:237897008"),  # the check digit
        (STRING, "UMLS:0189573"),  # the C is missing
        (STRING, "Fyler:1234"),  # a prefix that nobody declared
        ("", "PMID:32866505"),  # a paper, which is no concept
    ]


# --- retired terms


def test_a_retired_term_has_its_replacement(select: Select) -> None:
    assert of(select, "replacement", "replacement, kind", "0000057") == [("HP:0004934", "replaced")]
    assert of(select, "concept", "deprecated", "0000057", "notation IS NOT NULL") == [(True,)]


def test_what_may_be_considered_is_kept(select: Select) -> None:
    expected = [("HP:0004934", "consider"), ("HP:0011915", "consider")]
    assert of(select, "replacement", "replacement, kind", "0000489") == expected


def test_of_two_replacements_one_has_to_choose(select: Select) -> None:
    expected = [("HP:0004934", "consider", "IAO:0100001"), ("HP:0011915", "consider", "IAO:0100001")]
    assert of(select, "replacement", "replacement, kind, relation", "0000535") == expected


def test_a_live_term_is_not_replaced(select: Select) -> None:
    assert of(select, "replacement", "replacement", "0041161") == []
    ((extra,),) = of(select, "concept", "extra", "0041161", "notation IS NOT NULL")
    assert extra == [("oboInOwl:consider", "", "HP:0020110")]


def test_an_alternative_identifier_is_a_merged_term(select: Select) -> None:
    found = of(select, "concept", "deprecated, retirement_reason", "0001526", "notation IS NOT NULL")
    assert found == [(True, "IAO:0000227")]
    assert of(select, "replacement", "replacement, kind", "0001526") == [("HP:0000007", "replaced")]
    assert of(select, "concept", "alternative_id", "0000007", "notation IS NOT NULL") == [
        (["HP:0001416", "HP:0001526"],)
    ]


def test_an_alternative_identifier_that_is_a_node_is_left_as_it_is(select: Select) -> None:
    found = of(select, "concept", "deprecated, retirement_reason", "0001416", "notation IS NOT NULL")
    assert found == [(True, None)]
    assert of(select, "replacement", "replacement, kind", "0001416") == [("HP:0000007", "replaced")]


# --- relations


def test_is_a_is_a_step_up(select: Select) -> None:
    assert of(select, "broader", "broader, relation", "0011915") == [("HP:0000118", None)]


def test_part_of_is_a_step_up_of_another_kind(select: Select) -> None:
    found = of(select, "broader", "broader, relation", "0004934", "relation IS NOT NULL")
    assert found == [("UBERON:0001981", f"{OBO}BFO_0000050")]


def test_another_relation_is_a_statement(connection: Connection) -> None:
    assert ("HP:0004934", "RO:0002314", "UBERON:0001981") in statements(connection)


def test_every_end_is_a_concept(select: Select) -> None:
    ends = " UNION ".join(
        f"SELECT {column} FROM {table}"
        for table, column in (("broader", "broader"), ("replacement", "replacement"), ("mapping", "object_id"))
    )
    assert select(f"SELECT * FROM ({ends}) AS e(c) WHERE c NOT IN (SELECT concept FROM concept)") == []


def test_every_identifier_is_an_iri(connection: Connection) -> None:
    assert no_malformed(connection)


# --- which file, which release


def test_the_release_is_in_the_head() -> None:
    stated = known(FORMATS, HP).stated(HP, HP.read_bytes())
    assert (stated.version, stated.issued) == ("2024-01-31", "2024-01-31")
    assert stated.derived_from == f"{OBO}hp/releases/2024-01-31/hp.json"


@pytest.mark.parametrize(
    ("name", "identifier", "source"),
    [
        ("hp.json", "hp.json", "hpo"),
        ("hp.v2025-05-06.json.gz", "hp.json", "hpo"),
        ("hp-base.json", "hp/hp-base.json", "hpo"),
        ("mondo.json", "mondo.json", "mondo"),
        ("mondo-2024.json", "mondo.owl", "mondo"),
        ("uberon-basic.json", "uberon.json", "uberon"),
        ("doid.json.gz", "doid.owl", "doid"),
    ],
)
def test_a_file_is_known_by_its_name_and_its_beginning(name: str, identifier: str, source: str) -> None:
    head = json.dumps({"graphs": [{"id": OBO + identifier}]}).encode()
    assert [known.source.name for known in FORMATS if known.matches(name, head)] == [source]


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("hp.json", b'{"nodes": []}'),
        ("hp.json", b'{"graphs": [{"id": "http://purl.obolibrary.org/obo/mondo.json"'),
        ("hpo.txt", b'{"graphs": ['),
        ("mpath.json", b'{"graphs": ['),
    ],
)
def test_another_file_is_not_taken_for_one(name: str, head: bytes) -> None:
    assert not any(known.matches(name, head) for known in FORMATS)


def test_nodes_may_come_before_the_identifier(tmp_path: Path) -> None:
    path = tmp_path / "hp.json"
    graph = {"nodes": [{"id": f"{OBO}HP_0000001", "type": "CLASS", "lbl": "All"}], "edges": [], "id": f"{OBO}hp.json"}
    path.write_text(json.dumps({"graphs": [graph]}), encoding="utf-8")
    assert selecting(filled(FORMATS, path)[0])("SELECT text FROM name") == [("All",)]


def test_a_bare_name_is_one_of_the_ontologys_own(tmp_path: Path) -> None:
    meta = {
        "subsets": ["slim core"],
        "synonyms": [{"pred": "hasExactSynonym", "val": "x", "synonymType": "layperson"}],
        "basicPropertyValues": [{"pred": "odd", "val": "y"}],
    }
    path = made(tmp_path, node(**meta))
    select = selecting(filled(FORMATS, path)[0])
    assert select("SELECT subset, extra FROM concept WHERE subset IS NOT NULL") == [
        ([f"{OBO}hp#slim_core"], [(f"{OBO}hp#odd", STRING, "y")])
    ]
    assert select("SELECT synonym_type FROM name") == [([f"{OBO}hp#layperson"],)]


# --- what is told


def made(folder: Path, *nodes: Any, edges: tuple[Any, ...] = ()) -> Path:
    path = folder / "hp.json"
    lines = ",\n".join(json.dumps(node) for node in nodes)
    more = ",\n".join(json.dumps(edge) for edge in edges)
    path.write_text(f'{{"graphs": [{{"nodes": [\n{lines}\n], "edges": [\n{more}\n]}}]}}', encoding="utf-8")
    return path


def node(**meta: Any) -> dict[str, Any]:
    return {"id": f"{OBO}HP_0000001", "type": "CLASS", "meta": meta}


BAD = {
    "no identifier": ({"lbl": "x"}, "id", "no id in", "OBO Graphs"),
    "no object": ("x", "id", "'x'", "an object"),
    "a malformed identifier": ({"id": f"{OBO}HP_1", "type": "CLASS"}, "id", "HP:1", "7 digits"),
    "a label that is no text": ({"id": f"{OBO}HP_0000001", "lbl": 5}, "lbl", "'5'", "text expected"),
    "synonyms that are no array": (node(synonyms="x"), "synonyms", "'x'", "an array"),
    "comments that are no array": (node(comments="x"), "comments", "'x'", "an array"),
    "an unknown kind of synonym": (node(synonyms=[{"pred": "hasOther", "val": "x"}]), "pred", "hasOther", "Exact"),
    "half a character": (node(comments=["a\ud800"]), "comments", "\\ud800", "mended"),
    "meta that is no object": ({"id": f"{OBO}HP_0000001", "meta": []}, "meta", "HP_0000001", "no object"),
}


@pytest.mark.parametrize(("bad", "column", "value", "remedy"), BAD.values(), ids=BAD)
def test_a_bad_node_is_told_with_its_place(bad: Any, column: str, value: str, remedy: str, tmp_path: Path) -> None:
    good = {"id": f"{OBO}HP_0000118", "type": "CLASS", "lbl": "good"}
    (error,) = complaints(FORMATS, made(tmp_path, good, bad, good))
    assert (error.line, error.column) == (3, column)
    assert value in error.reason
    assert remedy in error.reason


def test_a_bad_node_is_left_out_and_the_others_are_read(tmp_path: Path) -> None:
    errors: list[SourceError] = []
    path = made(tmp_path, {"lbl": "x"}, {"id": f"{OBO}HP_0000118", "type": "CLASS", "lbl": "good"})
    connection, count = filled(FORMATS, path, on_error=errors.append)
    assert (count, len(errors)) == (2, 1)
    assert selecting(connection)("SELECT text FROM name") == [("good",)]


def test_a_bad_edge_is_told_with_its_place(tmp_path: Path) -> None:
    edges = ({"sub": f"{OBO}HP_1", "pred": "is_a", "obj": f"{OBO}HP_0000001"}, {"pred": "is_a"})
    errors = complaints(FORMATS, made(tmp_path, node(), edges=edges))
    assert [(error.line, error.column) for error in errors] == [(4, "sub"), (5, "sub")]


def test_a_file_without_graphs_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "hp.json"
    path.write_text('{"a": {"graphs" : 1}}')
    with pytest.raises(SourceError, match=r'no "graphs"'):
        filled(FORMATS, path)


def test_half_a_file_is_told_with_its_end(tmp_path: Path) -> None:
    path = tmp_path / "hp.json"
    path.write_bytes(HP.read_bytes()[:5000])
    with pytest.raises(SourceError, match="download complete") as caught:
        filled(FORMATS, path)
    assert caught.value.line is not None


# --- the real release


@pytest.fixture(scope="module")
def whole() -> Select:
    connection, _ = filled(FORMATS, SHARED / REAL)
    assert no_malformed(connection)
    return selecting(connection)


@real(REAL)
def test_the_terms_of_the_release(whole: Select) -> None:
    """Terms that were merged into others are not among the deprecated ones of the release; they are told by reason."""
    found = whole(
        """
        SELECT deprecated, retirement_reason, count(DISTINCT concept) FROM concept
        WHERE scheme LIKE '%/HP' AND notation IS NOT NULL GROUP BY ALL
        """
    )
    assert found == [(None, None, 19_178), (True, "IAO:0000227", 3_445), (True, None, 473)]


@real(REAL)
def test_the_hierarchy_of_the_release(whole: Select) -> None:
    assert whole("SELECT count(*), count(relation) FROM broader") == [(23_528, 0)]


@real(REAL)
def test_each_term_of_the_release_has_one_category(whole: Select) -> None:
    found = whole(
        "SELECT concept FROM concept WHERE scheme LIKE '%/HP' GROUP BY 1 EXCEPT SELECT concept FROM concept "
        "WHERE category IS NOT NULL"
    )
    assert found == []
    assert (
        whole("SELECT concept FROM concept WHERE category IS NOT NULL GROUP BY 1 HAVING count(DISTINCT category) > 1")
        == []
    )


@real(REAL)
def test_not_one_cross_reference_of_the_release_is_lost(whole: Select) -> None:
    with gzip.open(SHARED / REAL) as stream:
        nodes = json.load(stream)["graphs"][0]["nodes"]
    said = [
        (node["id"], xref["val"])
        for node in nodes
        if node["id"].startswith(f"{OBO}HP_")
        for xref in node.get("meta", {}).get("xrefs", [])
    ]
    mapped = whole("SELECT count(*) FROM mapping")[0][0]
    kept = whole("SELECT count(*) FROM (SELECT unnest(extra) AS e FROM concept) WHERE e LIKE '%hasDbXref%'")[0][0]
    assert mapped + kept == len(said)


@real(REAL)
def test_no_synonym_of_the_release_is_lost(whole: Select) -> None:
    with gzip.open(SHARED / REAL) as stream:
        nodes = json.load(stream)["graphs"][0]["nodes"]
    said = {
        (node["id"], synonym["val"].strip()) for node in nodes for synonym in node.get("meta", {}).get("synonyms", [])
    }
    found = {(f"{OBO}{concept.replace(':', '_')}", text) for concept, text in whole("SELECT concept, text FROM name")}
    assert said <= found
