"""The rules of hierarchies on real ones: DOID's and MedGen's, matched by way of Mondo; each seeded defect is found.

Of the 11,429 matches twelve have a finding: ten where one side has siblings and the other parent and child, two whose
ancestors lie apart. By their names all twelve matches are right, and it is the hierarchies that do not agree: DOID has
hairy cell leukaemia below chronic lymphocytic leukaemia, and a lipoma below the malignant neoplasms.
"""

from __future__ import annotations

import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from calckg import prefixes
from calckg.build import build
from calckg.findings import FileSource
from calckg.kg import KnowledgeGraph
from calckg.mappings import rules
from calckg.mappings.check import check
from calckg.planning import plan

SHARED = Path(__file__).parents[2] / "shared" / "data"
FILES = (SHARED / "doid" / "doid.2016-03-04.obo.gz", SHARED / "medgen" / "MGREL_2.2022-05-26.csv.gz")
SETS = tuple(SHARED / "mondo" / f"mondo_exactmatch_{name}.sssom.tsv.gz" for name in ("doid", "umls"))
NAMESPACES = prefixes.load().namespaces
HEAD = "".join(
    [
        "# curie_map:\n",
        *(f"#   {name}: {NAMESPACES[name]}\n" for name in ("DOID", "medgen")),
        "# license: https://creativecommons.org/publicdomain/zero/1.0/\n# mapping_set_id: https://example.org/set\n",
        "subject_id\tpredicate_id\tobject_id\tmapping_justification\n",
    ]
)
Rows = Mapping[tuple[str, str], str]
"""The predicate of each pair of codes."""

pytestmark = pytest.mark.skipif(
    not all(path.is_file() for path in (*FILES, *SETS)), reason="the folder of upstream data is not there"
)

# Endothelial dystrophy is a corneal dystrophy (DOID:2566, C0010036); its X-linked form and posterior polymorphous
# dystrophy (DOID:0060457, C0339284) are below it, on both sides. Pulmonary fibrosis is DOID:3770.
DYSTROPHY, ITS, BELOW, THAT = "DOID:0060443", "medgen:C5441823", "DOID:0060446", "medgen:C2749049"
SEEDS: Mapping[str, tuple[Mapping[str, tuple[str, str]], set[str]]] = {
    "hierarchy/reversed": (
        {DYSTROPHY: ("skos:exactMatch", THAT), BELOW: ("skos:exactMatch", ITS)},
        {DYSTROPHY, BELOW},
    ),
    "hierarchy/siblings": ({DYSTROPHY: ("skos:exactMatch", THAT)}, {"DOID:0060457"}),
    "hierarchy/cycle": (
        {DYSTROPHY: ("skos:broadMatch", THAT), BELOW: ("skos:narrowMatch", ITS)},
        {DYSTROPHY, BELOW},
    ),
    "hierarchy/apart": ({"DOID:3770": ("skos:exactMatch", THAT)}, {"DOID:3770"}),
}
"""What is said of a subject instead, and the subjects of the rows that are then found."""


def told(path: Path) -> Iterator[tuple[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        lines = (line for line in stream if not line.startswith("#"))
        for row in csv.DictReader(lines, delimiter="\t"):
            yield row["subject_id"], row["object_id"]


@pytest.fixture(scope="module")
def matches() -> Rows:
    """DOID's codes with MedGen's: what Mondo says is the same as both."""
    others = defaultdict[str, list[str]](list)
    for mondo, umls in told(SETS[1]):
        others[mondo].append(umls.replace("UMLS:", "medgen:"))
    return {(doid, other): "skos:exactMatch" for mondo, doid in told(SETS[0]) for other in others[mondo]}


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeGraph:
    target = tmp_path_factory.mktemp("hierarchies") / "KG"
    build(target, plan(FILES), curated=False, with_store=False, validate=False)
    return KnowledgeGraph.built(target)


def found(folder: Path, rows: Rows, graph: KnowledgeGraph, *only: str) -> dict[tuple[str, str], str]:
    """Return the message of each finding, by rule and subject of the row."""
    path = folder / "set.sssom.tsv"
    lines = [f"{one}\t{predicate}\t{other}\tsemapv:MappingChaining\n" for (one, other), predicate in rows.items()]
    path.write_text(HEAD + "".join(lines))
    report = check([path], rules.chosen(only), None, graph).report
    assert all(isinstance(finding.source, FileSource) for finding in report)
    return {(finding.rule, finding.subject.partition(" ")[0]): finding.message for finding in report}


def test_few_of_the_real_matches_disagree_with_the_hierarchies(
    tmp_path: Path, matches: Rows, graph: KnowledgeGraph
) -> None:
    assert len(matches) == 11_429
    before = found(tmp_path, matches, graph, "hierarchy")
    assert Counter(rule for rule, _ in before) == {"hierarchy/siblings": 10, "hierarchy/apart": 2}
    assert before["hierarchy/siblings", "DOID:285"].endswith("and DOID:285 is below DOID:1040 (line 3748)")


def test_each_rule_of_hierarchies_is_tried() -> None:
    assert {rule.id for rule in rules.load().values() if rule.family == "hierarchy"} == set(SEEDS)


@pytest.mark.parametrize("name", SEEDS)
def test_a_seeded_defect_is_found_and_nothing_else(
    tmp_path: Path, matches: Rows, graph: KnowledgeGraph, name: str
) -> None:
    instead, expected = SEEDS[name]
    rows = {pair: predicate for pair, predicate in matches.items() if pair[0] not in instead}
    rows |= {(subject, other): predicate for subject, (predicate, other) in instead.items()}
    before = {subject for _, subject in found(tmp_path, matches, graph, name)}
    assert not before & expected
    assert {subject for _, subject in found(tmp_path, rows, graph, name)} - before == expected
