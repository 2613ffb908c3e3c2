"""``calckg mappings explain``, ``path`` and ``summary``: what mappings say of two codes, two systems, and at all."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from calckg.errors import UnknownNameError, UsageError
from calckg.kg import KnowledgeGraph
from calckg.mappings import chains, picture
from calckg.mappings.explain import Explanation, explain
from calckg.mappings.summary import bars, summary
from calckg.mappings.ways import ways
from tests.conftest import Build, Run
from tests.test_mappings_check import HEAD, SHARED, needs_shared, table

Write = Callable[..., Path]
SVG = "{http://www.w3.org/2000/svg}"
MAPPINGS = """
subject_id | subject_label | predicate_id | predicate_modifier | object_id | object_label | author_id
HP:0004934 | Vascular calcification | skos:exactMatch | | UMLS:C0342649 | calcification | ORCID:0000-0002-7356-1779
UMLS:C0342649 | | skos:exactMatch | | SCTID:237897009 | Vascular calcification |
SCTID:237897009 | | skos:exactMatch | | MONDO:0000001 | |
HP:0004934 | | skos:broadMatch | | MONDO:0000001 | |
HP:0004934 | | oboInOwl:hasDbXref | | mesh:D061205 | |
MONDO:0000001 | | oboInOwl:hasDbXref | | mesh:D061205 | |
HP:0000002 | | skos:exactMatch | | OMIM:231000 | |
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def make(text: str, name: str = "set.sssom.tsv") -> Path:
        path = tmp_path / name
        declared = "#   oboInOwl: http://www.geneontology.org/formats/oboInOwl#\n# license"
        path.write_text(table(text).replace("# license", declared, 1))
        return path

    return make


@pytest.fixture
def explained(write: Write) -> Callable[..., Explanation]:
    def run(one: str, other: str, text: str = MAPPINGS, limit: int = 5, longest: int = 6) -> Explanation:
        return explain(one, other, [write(text)], limit=limit, longest=longest)

    return run


Explained = Callable[..., Explanation]


def codes(told: Explanation) -> list[list[str]]:
    return [[code.code for code in chain.codes] for chain in told.chains]


# explain


def test_chains_come_shortest_first_and_of_equal_length_the_stronger_first(explained: Explained) -> None:
    text = (
        MAPPINGS + "HP:0004934 | | skos:closeMatch | | OMIM:5 | | |\nOMIM:5 | | skos:exactMatch | | MONDO:0000001 | |\n"
    )
    told = explained("HP:0004934", "MONDO:0000001", text.replace("OMIM:5 | | |", "OMIM:5 | |"))
    assert codes(told) == [
        ["HP:0004934", "MONDO:0000001"],
        ["HP:0004934", "OMIM:5", "MONDO:0000001"],
        ["HP:0004934", "mesh:D061205", "MONDO:0000001"],
        ["HP:0004934", "UMLS:C0342649", "SCTID:237897009", "MONDO:0000001"],
    ]
    assert [chain.kind for chain in told.chains] == ["broad", "close", "xref", "exact"]


def test_a_link_names_file_line_justification_and_author(explained: Explained) -> None:
    (chain,) = explained("HP:0004934", "UMLS:C0342649").chains[:1]
    (statement,) = chain.links[0].statements
    line = next(n for n, row in enumerate(table(MAPPINGS).splitlines(), 2) if "0000-0002-7356" in row)
    assert str(statement.source).endswith(f"set.sssom.tsv:{line}")
    assert statement.justification == "semapv:ManualMappingCuration"
    assert statement.author == "ORCID:0000-0002-7356-1779"


def test_what_is_broader_one_way_is_narrower_the_other(explained: Explained) -> None:
    assert explained("HP:0004934", "MONDO:0000001").chains[0].kind == "broad"
    assert explained("MONDO:0000001", "HP:0004934").chains[0].kind == "narrow"


def test_a_limit_leaves_chains_out_and_says_so(explained: Explained) -> None:
    told = explained("HP:0004934", "MONDO:0000001", limit=2)
    assert (len(told.chains), told.more) == (2, True)
    assert not explained("HP:0004934", "MONDO:0000001", limit=3).more


def test_the_longest_chain_is_kept_to(explained: Explained) -> None:
    assert len(explained("HP:0004934", "SCTID:237897009", longest=1).chains) == 0
    assert max(map(len, codes(explained("HP:0004934", "MONDO:0000001", longest=2)))) == 3


def test_an_exact_chain_beside_a_broad_match_is_a_contradiction(explained: Explained) -> None:
    said = [one.said for one in explained("HP:0004934", "MONDO:0000001").contradictions]
    assert "HP:0004934 and MONDO:0000001 come out as the same, and it is stated otherwise" in said
    assert "chain 1 comes out as broad, chain 3 as exact" in said


DENIED = """
subject_id | predicate_id | predicate_modifier | object_id
HP:0004934 | skos:exactMatch | | UMLS:C0342649
UMLS:C0342649 | skos:exactMatch | | SCTID:237897009
SCTID:237897009 | skos:exactMatch | Not | HP:0004934
UMLS:C0000001 | skos:exactMatch | Not | OMIM:231000
UMLS:C0000001 | skos:exactMatch | | HP:0000003
OMIM:231000 | skos:exactMatch | | HP:0000004
"""


def test_a_negative_mapping_against_a_chain_is_a_contradiction(explained: Explained) -> None:
    (one,) = explained("HP:0004934", "SCTID:237897009", DENIED).contradictions
    assert one.said == "HP:0004934 and SCTID:237897009 come out as the same, and that is denied"
    assert (one.chains, one.statements[0].subject) == ((1,), "SCTID:237897009")


def test_a_negative_mapping_is_no_link(explained: Explained) -> None:
    told = explained("UMLS:C0000001", "OMIM:231000", DENIED)
    assert told.chains == []
    assert [one.said for one in told.contradictions] == ["it is denied that UMLS:C0000001 and OMIM:231000 match"]


TWO = """
subject_id | predicate_id | object_id
MONDO:0000001 | skos:exactMatch | UMLS:C0342649
UMLS:C0342649 | skos:exactMatch | MONDO:0000002
MONDO:0000002 | skos:closeMatch | OMIM:231000
MONDO:0000003 | skos:closeMatch | OMIM:231000
"""


def test_two_codes_of_one_vocabulary_that_come_out_as_the_same_contradict(explained: Explained) -> None:
    (one,) = explained("MONDO:0000001", "MONDO:0000002", TWO).contradictions
    assert one.said.endswith("come out as the same, and both are codes of MONDO")
    assert not explained("MONDO:0000002", "MONDO:0000003", TWO).contradictions


@pytest.mark.parametrize(
    "form",
    [
        "hp:0004934",
        "HP_0004934",
        "http://purl.obolibrary.org/obo/HP_0004934",
        "<https://purl.obolibrary.org/obo/HP_0004934>",
    ],
)
def test_a_code_is_known_in_any_form(explained: Explained, form: str) -> None:
    assert explained(form, "snomedct_us:237897009").start.code == "HP:0004934"


def test_a_code_of_a_prefix_that_only_the_set_declares(tmp_path: Path) -> None:
    path = tmp_path / "own.sssom.tsv"
    head = HEAD.replace("# license", "#   OWN: https://example.org/own/\n# license", 1)
    path.write_text(
        head + "subject_id\tpredicate_id\tobject_id\tmapping_justification\n"
        "OWN:1\tskos:exactMatch\tHP:0004934\tsemapv:MappingReview\n"
    )
    assert len(explain("OWN:1", "HP:0004934", [path]).chains) == 1
    assert explain("https://example.org/own/1", "HP:0004934", [path]).start.code == "OWN:1"


def test_a_code_in_no_mapping_is_refused_with_the_nearest(explained: Explained) -> None:
    with pytest.raises(UnknownNameError, match="did you mean HP:0004934"):
        explained("HP:0004935", "UMLS:C0342649")


def test_twice_the_same_code_is_refused(explained: Explained) -> None:
    with pytest.raises(UsageError, match="both HP:0004934"):
        explained("HP:0004934", "HP_0004934")


GRAPH = """
@prefix sssom: <https://w3id.org/sssom/> .
ex:m1 a owl:Axiom ; owl:annotatedSource HP:0004934 ; owl:annotatedProperty skos:exactMatch ;
    owl:annotatedTarget UMLS:C0342649 ; sssom:mapping_justification <https://w3id.org/semapv/vocab/MappingReview> .
ex:m2 a owl:Axiom ; owl:annotatedSource UMLS:C0342649 ; owl:annotatedProperty skos:exactMatch ;
    owl:annotatedTarget HP:0004934 ; sssom:predicate_modifier sssom:NegatedPredicate .
HP:0004934 a skos:Concept ; skos:prefLabel "Vascular <&\\"> calcification"@en .
UMLS:C0342649 a skos:Concept .
"""


def test_mappings_of_a_graph_are_told_with_its_named_graph_and_its_labels(build: Build) -> None:
    graph = KnowledgeGraph.built(build({"https://example.org/g": GRAPH}))
    told = explain("HP:0004934", "UMLS:C0342649", (), graph)
    (statement,) = told.chains[0].links[0].statements
    assert str(statement.source) == "https://example.org/g"
    assert told.start.label == 'Vascular <&"> calcification'
    assert [one.said for one in told.contradictions] == [
        "HP:0004934 and UMLS:C0342649 come out as the same, and that is denied"
    ]


# path


def test_the_shortest_way_of_each_pair_and_its_weakest_link(write: Write) -> None:
    found = ways("hp", "sctid", [write(MAPPINGS)])
    (way,) = found
    assert (way.start, way.end, way.steps, way.kind, way.via) == (
        "HP:0004934",
        "SCTID:237897009",
        2,
        "exact",
        ("UMLS:C0342649",),
    )
    assert (way.start_label, way.end_label) == ("Vascular calcification", "Vascular calcification")


def test_a_way_is_a_property_path_and_its_kind_has_a_direction(write: Write) -> None:
    path = write(MAPPINGS)
    (way,) = ways("MONDO", "HP", [path])
    assert (way.predicates, way.kind) == ("^skos:broadMatch", "narrow")
    (way,) = ways("HP", "MONDO", [path], only_exact=True)
    assert (way.steps, way.kind, way.predicates) == (3, "exact", "/".join(["skos:exactMatch"] * 3))


def test_ways_of_the_same_length_are_counted_and_the_strongest_told(write: Write) -> None:
    text = """
    subject_id | predicate_id | object_id
    HP:0000001 | skos:closeMatch | UMLS:C0000001
    UMLS:C0000001 | skos:exactMatch | MONDO:0000001
    HP:0000001 | skos:exactMatch | mesh:D000001
    mesh:D000001 | skos:exactMatch | MONDO:0000001
    """
    (way,) = ways("HP", "MONDO", [write(text)])
    assert (way.ways, way.kind, way.via) == (2, "exact", ("mesh:D000001",))


def test_no_code_of_either_system_stands_within_a_way(write: Write) -> None:
    text = """
    subject_id | predicate_id | object_id
    HP:0000001 | skos:exactMatch | HP:0000002
    HP:0000002 | skos:exactMatch | MONDO:0000001
    MONDO:0000001 | skos:exactMatch | MONDO:0000002
    """
    path = write(text)
    assert [(way.start, way.end) for way in ways("HP", "MONDO", [path])] == [("HP:0000002", "MONDO:0000001")]
    assert [(way.start, way.end) for way in ways("MONDO", "MONDO", [path])] == [
        ("MONDO:0000001", "MONDO:0000002"),
        ("MONDO:0000002", "MONDO:0000001"),
    ]


def test_a_way_is_no_longer_than_asked(write: Write) -> None:
    path = write(MAPPINGS)
    assert ways("HP", "SCTID", [path], longest=1) == []
    assert len(ways("HP", "SCTID", [path], longest=2)) == 1


def test_a_denied_pair_is_marked(write: Write) -> None:
    (way,) = ways("HP", "SCTID", [write(DENIED)])
    assert way.denied
    assert not ways("HP", "UMLS", [write(DENIED)])[0].denied


def test_an_unknown_code_system_is_refused_with_the_nearest(write: Write) -> None:
    with pytest.raises(UnknownNameError, match="did you mean MONDO"):
        ways("HP", "MOND", [write(MAPPINGS)])
    with pytest.raises(UsageError, match="no mapping has a code of DOID"):
        ways("HP", "DOID", [write(MAPPINGS)])


# summary

OTHER = """
subject_id | predicate_id | object_id
UMLS:C0342649 | skos:exactMatch | HP:0004934
UMLS:C0342649 | skos:exactMatch | SCTID:1
SCTID:2 | skos:closeMatch | MONDO:0000001
"""


def test_every_row_is_counted_once(write: Write) -> None:
    told = summary([write(MAPPINGS + "HP:0000009 | too few\n"), write(OTHER, "other.sssom.tsv")])
    assert sum(int(str(row["rows"])) for row in told["sets"]) == 8 + 3
    assert any(row["predicate"] == "" and row["rows"] == 1 for row in told["sets"])


def test_exact_matches_are_counted_by_how_many_to_how_many(write: Write) -> None:
    text = "subject_id | predicate_id | object_id\n" + "".join(
        f"{one} | skos:exactMatch | {other}\n"
        for one, other in [
            ("HP:1", "UMLS:1"),
            ("HP:2", "UMLS:2"),
            ("UMLS:3", "HP:2"),
            ("HP:4", "UMLS:5"),
            ("HP:5", "UMLS:5"),
            *((f"HP:{a}", f"UMLS:{b}") for a in (6, 7) for b in (6, 7)),
        ]
    )
    (row,) = summary([write(text)])["cardinality"]
    assert row == {"system": "HP", "other": "UMLS", "1:1": 1, "1:n": 2, "n:1": 2, "n:n": 4}


def test_two_sets_agree_differ_or_one_is_silent(write: Write) -> None:
    told = summary([write(MAPPINGS), write(OTHER, "other.sssom.tsv")])["agreement"]
    by_pair = {(row["system"], row["other"]): [*row.values()][4:] for row in told}
    assert by_pair == {
        ("HP", "UMLS"): [1, 0, 0, 0],  # the other way round is the same
        ("SCTID", "UMLS"): [0, 0, 1, 1],  # other codes
        ("MONDO", "SCTID"): [0, 1, 0, 0],  # of one code, other mappings
    }


RELEASE = "https://w3id.org/calckg/graph/release/hpo"
VOCABULARY = """
HP:0004934 a skos:Concept ; skos:notation "HP:0004934" .
HP:0000001 a skos:Concept ; skos:notation "HP:0000001" .
HP:0000002 a skos:Concept ; skos:notation "HP:0000002" ; owl:deprecated true .
"""


def test_coverage_counts_current_codes_and_tells_the_others_apart(build: Build, write: Write) -> None:
    kg = build({RELEASE: VOCABULARY})
    manifest = json.loads((kg / "manifest.json").read_text())
    source = {"graph": RELEASE, "source": "hpo", "title": "HPO", "version": "2025-05-06"}
    (kg / "manifest.json").write_text(json.dumps({**manifest, "sources": [source]}))
    told = summary([write(MAPPINGS)], KnowledgeGraph.built(kg))
    rows = {str(row["system"]): row for row in told["coverage"]}
    assert [*rows["HP"].values()][2:] == ["HPO 2025-05-06", 2, 1, 1, 1]
    assert [*rows["mesh"].values()][2:] == [None, None, 1, 0, None]
    assert picture.coverage(bars(told)).count("1 of 2 (50.0 %)") == 1


# pictures


def test_a_picture_is_xml_with_all_codes_and_no_script(explained: Explained) -> None:
    told = explained("HP:0004934", "MONDO:0000001")
    root = ElementTree.fromstring(picture.explanation(told))
    words = "".join(root.itertext())
    assert all(code in words for chain in codes(told) for code in chain)
    assert root.find(f"{SVG}title") is not None
    assert not {"script", "foreignObject", "image"} & {element.tag.removeprefix(SVG) for element in root.iter()}
    assert "prefers-color-scheme: dark" in words


def test_hostile_labels_are_escaped(explained: Explained) -> None:
    label = "<script>alert('1')</script> & \"x\" \x02 ]]>"
    told = explained("HP:0004934", "UMLS:C0342649", MAPPINGS.replace("Vascular calcification", label))
    text = picture.explanation(told)
    assert "<script" not in text
    assert label.replace("\x02", "\ufffd") in "".join(ElementTree.fromstring(text).itertext())


def test_a_long_label_is_cut_and_told_in_full_beside(explained: Explained) -> None:
    label = "long " * 60
    told = explained("HP:0004934", "UMLS:C0342649", MAPPINGS.replace("Vascular calcification", label))
    root = ElementTree.fromstring(picture.explanation(told))
    assert all(len(element.text or "") < 150 for element in root.iter(f"{SVG}text"))
    assert any(label.strip() in (element.text or "") for element in root.iter(f"{SVG}title"))


def test_a_picture_says_that_nothing_connects(explained: Explained) -> None:
    told = explained("HP:0004934", "OMIM:231000")
    assert "No chain of up to 6 mappings connects them." in picture.explanation(told)


# the commands


def test_the_same_is_written_twice_alike(run: Run, write: Write) -> None:
    path = write(MAPPINGS)
    for call in (
        ("explain", "HP:0004934", "MONDO:0000001", path, "--format", "svg"),
        ("explain", "HP:0004934", "MONDO:0000001", path, "--format", "json"),
        ("path", "HP", "MONDO", path),
        ("summary", path),
        ("summary", path, "--format", "svg"),
    ):
        done = run("mappings", *call)
        assert done.code == 0, done.err
        assert done.out
        assert run("mappings", *call) == done


def test_explain_tells_chains_and_contradictions_as_tables(run: Run, write: Write) -> None:
    done = run("mappings", "explain", "MONDO:0000001", "HP:0004934", write(MAPPINGS))
    assert done.out.startswith("MONDO:0000001 and HP:0004934 (Vascular calcification)\n")
    assert "^skos:broadMatch" in done.out
    assert "^skos:exactMatch" not in done.out
    assert "come out as the same, and it is stated otherwise" in done.out


def test_that_nothing_connects_them_is_said_and_no_failure(run: Run, write: Write) -> None:
    done = run("mappings", "explain", "HP:0004934", "OMIM:231000", write(MAPPINGS))
    assert (done.code, done.out) == (0, "")
    assert done.complaint.startswith("nothing connects HP:0004934 (Vascular calcification) and OMIM:231000 ")
    assert done.complaint.endswith(" within 6 mappings")


def test_explain_as_json_and_as_a_picture_by_the_suffix(run: Run, write: Write, tmp_path: Path) -> None:
    path = write(MAPPINGS)
    told = json.loads(run("mappings", "explain", "HP:0004934", "MONDO:0000001", path, "--format", "json").out)
    assert [chain["kind"] for chain in told["chains"]] == ["broad", "xref", "exact"]
    (statement,) = told["chains"][0]["links"][0]["statements"]
    assert set(statement["source"]) == {"file", "line"}
    assert told["from"] == {
        "code": "HP:0004934",
        "iri": "http://purl.obolibrary.org/obo/HP_0004934",
        "label": "Vascular calcification",
    }
    assert statement["predicate_iri"] == "http://www.w3.org/2004/02/skos/core#broadMatch"
    assert statement["object_iri"] == "http://purl.obolibrary.org/obo/MONDO_0000001"
    run("mappings", "explain", "HP:0004934", "MONDO:0000001", path, "-o", tmp_path / "x.svg")
    assert ElementTree.parse(tmp_path / "x.svg").getroot().tag == f"{SVG}svg"


def test_path_as_csv_tsv_and_json(run: Run, write: Write) -> None:
    path = write(MAPPINGS)
    rows = list(csv.DictReader(io.StringIO(run("mappings", "path", "HP", "MONDO", path, "--format", "csv").out)))
    tabs = run("mappings", "path", "HP", "MONDO", path, "--format", "tsv").out
    assert list(csv.DictReader(io.StringIO(tabs), delimiter="\t")) == rows
    (way,) = json.loads(run("mappings", "path", "HP", "MONDO", path, "--format", "json").out)
    assert {key: way[key] for key in ("from", "to", "steps", "kind", "via")} == {
        "from": "HP:0004934",
        "to": "MONDO:0000001",
        "steps": 1,
        "kind": "broad",
        "via": [],
    }
    assert rows[0]["kind"] == "broad"
    for told in (rows[0], way):
        assert told["from_iri"] == "http://purl.obolibrary.org/obo/HP_0004934"
        assert told["to_iri"] == "http://purl.obolibrary.org/obo/MONDO_0000001"
    assert "from_iri" not in run("mappings", "path", "HP", "MONDO", path).out


def test_a_code_whose_prefix_nobody_declares_has_no_iri() -> None:
    assert chains.iri("WHAT:1") is None
    assert chains.iri("https://example.org/a b") is None
    assert chains.iri("https://example.org/a") == "https://example.org/a"


def test_summary_as_csv_needs_a_part(run: Run, write: Write) -> None:
    path = write(MAPPINGS)
    done = run("mappings", "summary", path, "--format", "csv")
    assert done.code == 2
    assert "add --part" in done.complaint
    out = run("mappings", "summary", path, "--format", "csv", "--part", "sets").out
    assert out.startswith("set,predicate,negated,rows,subjects,objects\n")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (("explain", "HP:0004934", "UMLS:C0342649", "--longest", "0"), "give 1 or more"),
        (("explain", "HP:0004934", "UMLS:C0342649", "-o", "x.csv"), "csv is none of the formats here"),
        (("path", "HP", "UMLS", "--longest", "99"), "give 20 or less"),
        (("summary", "--part", "cover"), "did you mean coverage"),
        (("summary", "--part", "sets", "--format", "svg"), "the picture is of the coverage"),
    ],
)
def test_wrong_requests_are_refused(run: Run, call: tuple[str, ...], said: str) -> None:
    done = run("mappings", *call)
    assert done.code == 2
    assert said in done.complaint


@needs_shared
def test_the_real_sets_of_mondo_lead_from_orphanet_to_omim() -> None:
    found = ways("Orphanet", "OMIM", sorted((SHARED / "mondo").glob("*.sssom.tsv.gz")), longest=2, only_exact=True)
    gaucher = [way for way in found if way.start == "Orphanet:2072"]
    assert [(way.end, way.via) for way in gaucher] == [("OMIM:231005", ("MONDO:0009268",))]
