"""``calckg mappings check``: every rule finds its example, and no row is lost."""

from __future__ import annotations

import gc
import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from calckg.errors import CalckgError, SourceError, UnknownNameError
from calckg.findings import FileSource, Severity
from calckg.kg import KnowledgeGraph
from calckg.mappings import rules
from calckg.mappings.check import UNSATISFIABLE, Checked, check
from calckg.prefixes import load
from calckg.reason import reason
from tests.conftest import Build, Run

SHARED = Path(__file__).parents[2] / "shared" / "data"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the folder of upstream data is not there")

PREFIXES = (
    "HP",
    "MONDO",
    "UMLS",
    "SCTID",
    "OMIM",
    "mesh",
    "ORCID",
    "dcterms",
    "ICD10CM",
    "DOID",
    "PMID",
    "doi",
    "oboInOwl",
)
HEAD = "\n".join(
    [
        "# curie_map:",
        *(f"#   {name}: {load().namespaces[name]}" for name in PREFIXES),
        "# license: https://creativecommons.org/publicdomain/zero/1.0/",
        "# mapping_set_id: https://example.org/set",
        "",
    ]
)
GIVEN = {
    "mapping_justification": "semapv:ManualMappingCuration",
    "author_id": "ORCID:0000-0002-7356-1779",
    "mapping_date": "2024-02-25",
    "mapping_tool": "none",
}
SYNTAX = ("file", "record", "identifier")
Check = Callable[..., Checked]
Loaded = Callable[[str], KnowledgeGraph]
RELEASE = "https://w3id.org/calckg/graph/release/hpo"


def table(text: str) -> str:
    """Return the rows of an example, with bars between the cells, as a mapping set."""
    header, *rows = ([cell.strip() for cell in line.split("|")] for line in text.strip().splitlines())
    more = {slot: value for slot, value in GIVEN.items() if slot not in header}
    header = [*more, *header]
    return HEAD + "\n".join("\t".join(row) for row in [header, *([*more.values(), *cells] for cells in rows)]) + "\n"


def found(done: Checked) -> set[str]:
    """Return the rules that found something, on rows or on whole files."""
    return {finding.rule for finding in done.report}


@pytest.fixture
def checked(tmp_path: Path) -> Check:
    def run(text: str | bytes, *only: str, **options: Any) -> Checked:
        path = tmp_path / "set.sssom.tsv"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return check([path], rules.chosen(only), **options)

    return run


@pytest.fixture
def loaded(build: Build) -> Loaded:
    """A graph that was built of a release of HPO, told in Turtle."""

    def make(turtle: str) -> KnowledgeGraph:
        path = build({RELEASE: turtle})
        manifest = json.loads((path / "manifest.json").read_text())
        sources = [{"graph": RELEASE, "source": "hpo", "title": "Human Phenotype Ontology", "version": "2025-05-06"}]
        if "release/medgen>" in turtle:  # the same graph, as that of another release
            sources = [{"graph": RELEASE, "source": "medgen", "title": "MedGen", "version": "2025-09"}]
        (path / "manifest.json").write_text(json.dumps({**manifest, "sources": sources}))
        return KnowledgeGraph.built(path)

    return make


WITH_EXAMPLES = [rule.id for rule in rules.load().values() if rule.bad]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_a_rule_finds_its_bad_example_and_not_its_good_one(checked: Check, loaded: Loaded, name: str) -> None:
    rule = rules.load()[name]
    graph = loaded(rule.graph) if rule.graph else None
    asked = reason if name == UNSATISFIABLE else None
    if asked and shutil.which("java") is None:
        pytest.skip("HermiT needs Java, and there is no 'java' on the PATH")
    assert not found(checked(table(rule.good), graph=graph, reason=asked)), rule.good
    assert name in found(checked(table(rule.bad), graph=graph, reason=asked)), rule.bad


def test_every_rule_on_rows_has_examples_and_says_what_to_do() -> None:
    for rule in rules.load().values():
        assert rule.problem.endswith(".")
        assert rule.remedy.endswith(".")
        assert rule.family in rules.FAMILIES
        assert bool(rule.bad and rule.good) != (rule.family == "file"), rule.id


ROWS = """
subject_id | predicate_id | object_id
HP:0004934 | skos:exactMatch | UMLS:C0342649
HP:0002071 | skos:exactMatch | UMLS:0189573
HP:0000002 | skos:exactMatch
"""


def test_each_row_is_accounted_for(checked: Check) -> None:
    done = checked(table(ROWS))
    assert (done.rows, done.clean) == (3, 1)
    assert done.by_rule == {"identifier/form": 1, "record/cells": 1}


def test_a_finding_names_file_line_and_mapping(checked: Check) -> None:
    (finding,) = checked(table(ROWS), "identifier").report
    lines = table(ROWS).splitlines()
    assert isinstance(finding.source, FileSource)
    assert finding.source.line == next(number for number, line in enumerate(lines, 1) if "0189573" in line)
    assert finding.subject == "HP:0002071 skos:exactMatch UMLS:0189573"
    assert "the C is missing" in finding.message


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("UMLS:CN295720", "write medgen:CN295720"),
        ("UMLS:90990", "write medgen.uid:90990"),
        ("UMLS:0342649", "the C is missing"),
        ("OMIM:PS203655", "write OMIMPS:203655"),
        ("SCTID:C0342649", "UMLS:C0342649"),
        ("OMIM:CN295720", "medgen:CN295720"),
        ("OMIM:D061205", "mesh:D061205"),
    ],
)
def test_a_code_under_a_wrong_prefix_is_told_with_the_right_one(checked: Check, code: str, said: str) -> None:
    text = table(f"subject_id | predicate_id | object_id\nHP:0004934 | skos:exactMatch | {code}")
    (finding,) = checked(text, "identifier/form").report
    assert said in finding.message


def test_a_limit_keeps_so_many_and_counts_all(checked: Check) -> None:
    text = table("subject_id | predicate_id | object_id\n" + "HP:1 | skos:exactMatch | UMLS:C0342649\n" * 5)
    done = checked(text, "identifier", limit=2)
    assert (len(done.report), done.by_rule) == (2, {"identifier/form": 5})


QUOTED = HEAD + (
    "subject_id\tsubject_label\tpredicate_id\tobject_id\tmapping_justification\n"
    'HP:0004934\t"Vascular ""calcification"""\tskos:exactMatch\tUMLS:C0342649\tsemapv:LexicalMatching\n'
    'HP:0000002\t"two\nlines"\tskos:exactMatch\tUMLS:0000001\tsemapv:LexicalMatching\n'
)


def test_a_quoted_cell_may_hold_a_line_end(checked: Check) -> None:
    done = checked(QUOTED, *SYNTAX)
    assert (done.rows, done.by_rule) == (2, {"identifier/form": 1})


def test_quotes_that_do_not_match_are_a_finding_and_the_row_is_counted(checked: Check) -> None:
    done = checked(QUOTED + 'HP:0000003\t"x" y\tskos:exactMatch\tUMLS:C0342649\tsemapv:LexicalMatching\n')
    assert (done.rows, done.by_rule["record/cells"]) == (3, 1)


def test_what_is_not_utf8_is_a_finding_with_its_line(checked: Check) -> None:
    text = table(ROWS).encode().replace(b"HP:0004934", b"HP:\xff004934")
    done = checked(text)
    (finding,) = (one for one in done.report if one.rule == "file/encoding")
    assert isinstance(finding.source, FileSource)
    assert finding.source.line == text[: text.index(b"\xff")].count(b"\n") + 1
    assert done.rows == 3


def test_windows_line_ends_and_a_byte_order_mark_are_no_fault(checked: Check) -> None:
    text = b"\xef\xbb\xbf" + table(ROWS).replace("\n", "\r\n").encode()
    assert checked(text).by_rule == checked(table(ROWS)).by_rule


def test_a_set_without_metadata_is_checked_all_the_same(checked: Check) -> None:
    done = checked(table(ROWS).removeprefix(HEAD))
    assert done.rows == 3
    assert {"file/metadata", "record/prefix"} <= set(done.by_rule)


def test_a_missing_column_is_told_once_for_the_file_and_for_each_row(checked: Check) -> None:
    done = checked(HEAD + "subject_id\tobject_id\tmapping_justification\nHP:1\tUMLS:2\tsemapv:MappingReview\n", *SYNTAX)
    assert done.by_rule == {"file/columns": 1, "identifier/form": 2, "record/required": 1}


def test_a_set_of_an_older_version_is_understood(checked: Check) -> None:
    text = "subject_id\tpredicate_id\tobject_id\tmatch_type\nHP:0004934\tskos:exactMatch\tUMLS:C0342649\tLexical\n"
    assert not checked(HEAD + text, *SYNTAX).by_rule


def test_a_compressed_set(tmp_path: Path) -> None:
    path = tmp_path / "set.sssom.tsv.gz"
    path.write_bytes(gzip.compress(table(ROWS).encode()))
    assert check([path], rules.chosen()).rows == 3


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        check([tmp_path / "none.tsv"], rules.chosen())


CHAIN = """
subject_id | predicate_id | object_id
MONDO:0009280 | skos:exactMatch | UMLS:C0268394
UMLS:C0268394 | skos:exactMatch | SCTID:237897009
SCTID:237897009 | skos:exactMatch | OMIM:231000
OMIM:231000 | skos:exactMatch | MONDO:0009281
OMIM:231000 | skos:exactMatch | mesh:D000001
"""


def test_a_chain_is_told_link_by_link_and_only_its_rows_are(checked: Check) -> None:
    found = list(checked(table(CHAIN), "logic/chain").report)
    assert len(found) == 4
    (said,) = {finding.message for finding in found}
    codes = [part.split(" (line ")[0].strip() for part in said.split("=")]
    assert codes == ["MONDO:0009280", "UMLS:C0268394", "SCTID:237897009", "OMIM:231000", "MONDO:0009281"]


# of whole files

DATED = """
subject_id | predicate_id | object_id | mapping_date
HP:0004934 | skos:exactMatch | UMLS:C0342649 |
HP:0000002 | skos:exactMatch | UMLS:C0006663 |
"""


def test_what_all_rows_lack_is_told_once_of_the_file(checked: Check) -> None:
    done = checked(table(DATED), "provenance")
    (finding,) = done.report
    assert finding.rule == "provenance/date"
    assert finding.message == "no mapping_date in any row (2), nor in the metadata"
    assert done.clean == 2


def test_what_the_metadata_say_no_row_lacks(checked: Check) -> None:
    said = table(DATED).replace("# license:", "# mapping_date: 2024-02-25\n# license:")
    assert not found(checked(said, "provenance"))


@needs_shared
@pytest.mark.parametrize("name", ["scope-empty", "scope-predicate", "with-unmapped-entities"])
def test_the_cardinalities_of_the_standard_s_examples_are_right(name: str) -> None:
    path = SHARED / "sssom" / f"cardinality-{name}.sssom.tsv"
    assert not found(check([path], rules.chosen(["cardinality"])))


# against vocabularies

RETIRED = rules.load()["existence/retired"]


def test_a_retired_code_is_told_with_what_took_its_place_in_the_end(checked: Check, loaded: Loaded) -> None:
    (finding,) = checked(table(RETIRED.bad), "existence/retired", graph=loaded(RETIRED.graph)).report
    assert finding.message == "HP:0000002 is retired; HP:0004934 took its place by way of HP:0000003"


def test_replacements_that_go_round_in_a_circle_end(checked: Check, loaded: Loaded) -> None:
    turtle = RETIRED.graph + "HP:0004934 dcterms:isReplacedBy HP:0000002 ."
    (finding,) = checked(table(RETIRED.bad), "existence/retired", graph=loaded(turtle)).report
    assert finding.message == (
        "HP:0000002 is retired, and its replacements go round in a circle: "
        "HP:0000002 → HP:0000003 → HP:0004934 → HP:0000002"
    )


def test_a_retired_code_that_nothing_replaces_for_certain_is_told_with_what_to_consider(
    checked: Check, loaded: Loaded
) -> None:
    consider = "<http://www.geneontology.org/formats/oboInOwl#consider>"
    turtle = RETIRED.graph.replace("dcterms:isReplacedBy HP:0000003", f"{consider} HP:0004934", 1)
    (finding,) = checked(table(RETIRED.bad), "existence/retired", graph=loaded(turtle)).report
    assert finding.message == "HP:0000002 is retired; its vocabulary has you consider HP:0004934"


def test_a_code_system_that_is_not_loaded_is_named(checked: Check, loaded: Loaded) -> None:
    done = checked(table(RETIRED.good), graph=loaded(RETIRED.graph))
    assert done.not_loaded == [("Unified Medical Language System (UMLS)", 1)]
    assert checked(table(RETIRED.good), "record", graph=loaded(RETIRED.graph)).not_loaded == []


# choosing rules


@pytest.mark.parametrize("family", ["cardinality", "hierarchy"])
def test_what_goes_wrong_on_one_of_the_connections_is_told(
    checked: Check, family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise CalckgError(f"{family} can't be asked")

    monkeypatch.setattr(f"calckg.mappings.{family}.queries", fails)
    with pytest.raises(CalckgError, match=f"{family} can't be asked"):
        checked(table("subject_id | object_id\nHP:0000001 | UMLS:C0000001"))
    assert gc.isenabled()


def test_rules_are_chosen_by_id_and_by_family() -> None:
    assert set(rules.chosen(["logic"], ["logic/chain"])) == {
        "logic/circle",
        "logic/denied",
        "logic/precision",
        "logic/reciprocal",
    }


def test_a_rule_that_is_none_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean record/range"):
        rules.chosen(["record/rage"])


def test_a_profile_changes_severities_and_switches_rules_off(tmp_path: Path) -> None:
    path = tmp_path / "profile.toml"
    path.write_text('"record/range" = "info"\n"logic/chain" = "off"\n')
    chosen = rules.chosen(profile=path)
    assert chosen["record/range"].severity is Severity.INFO
    assert "logic/chain" not in chosen


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('"record/rang" = "info"', "'record/rang' is no rule"),
        ('"record/range" = "bad"', "write violation, warning, info or off"),
        ("record", "is no TOML"),
    ],
)
def test_a_profile_that_says_nothing_sensible_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "profile.toml"
    path.write_text(text)
    with pytest.raises(SourceError, match=said):
        rules.chosen(profile=path)


# the command


def test_the_command_exits_with_1_for_a_violation_and_accounts_for_the_rows(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "set.sssom.tsv"
    path.write_text(table(ROWS))
    done = run("mappings", "check", str(path), "--format", "csv")
    assert done.code == 1
    assert done.err.splitlines()[-1] == "3 rows: 1 without a finding, 2 with"
    assert "identifier/form" in done.out
    assert run("mappings", "check", str(path), "--skip", "identifier", "--skip", "record").code == 0


def test_the_command_says_how_many_more_there_are(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "set.sssom.tsv"
    path.write_text(table(ROWS + "HP:0000003 | skos:exactMatch | UMLS:7\n"))
    assert "1 more of identifier/form" in run("mappings", "check", str(path), "--limit", "1").err


def test_the_rules_are_listed(run: Run) -> None:
    out = run("mappings", "rules", "--format", "csv").out
    assert all(f"\n{name}," in out for name in rules.load())


# real sets

KNOWN = {"MedDRA:1008095", "MedDRA:100233350", "mesh:D00007727", "mesh:C1720824", "NCIT:3921"}


@needs_shared
def test_the_known_defects_of_mondo_s_sets_are_found() -> None:
    done = check(sorted((SHARED / "mondo").glob("*.sssom.tsv.gz")), rules.chosen())
    assert done.rows == 111_281
    wrong = {finding.subject.rpartition(" ")[2] for finding in done.report if finding.rule == "identifier/form"}
    assert wrong == KNOWN
    assert done.by_rule["identifier/chapter"] == 1
    on_rows = {rule for rule in done.by_rule if rule.startswith(("record", "identifier", "cardinality", "logic"))}
    assert on_rows == {"identifier/form", "identifier/chapter", "cardinality/exact"}
