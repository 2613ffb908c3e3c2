"""Concepts are found by name, synonym and code, whatever the spelling; the best comes first."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import calckg
from calckg import naming, spelling
from calckg.errors import SourceError, UsageError
from calckg.kg import KnowledgeGraph
from tests.conftest import Build, Run
from tests.test_startup import HEAVY, imported

HP = "http://purl.obolibrary.org/obo/HP_"
# oboInOwl is no prefix of the tests' own.
TEXT = """
HP:0004934 a skos:Concept ; skos:inScheme scheme:HP ; skos:notation "HP:0004934" ;
  skos:prefLabel "Vascular calcification"@en ; skos:altLabel "Calcification of vessels"@en ;
  skos:hiddenLabel "vascular Calcification"@en .
medgen:C0342649 a skos:Concept ; skos:inScheme scheme:medgen ; skos:notation "medgen:C0342649" ;
  skos:exactMatch HP:0004934 ; skos:prefLabel "Vascular calcification"@en ; skos:hiddenLabel "Mönckeberg’s disease"@en ;
  <http://www.geneontology.org/formats/oboInOwl#hasRelatedSynonym> "Hardened arteries"@en .
HP:0000001 a skos:Concept ; skos:prefLabel "Vascular calcification of the aorta"@en .
HP:0000002 a skos:Concept ; skos:prefLabel "Severe vascular calcification"@en .
HP:0000003 a skos:Concept ; skos:prefLabel "Calcification of a vascular graft"@en .
HP:0000004 a skos:Concept ; skos:prefLabel "Calcinosis type 1"@en .
HP:0000005 a skos:Concept ; skos:prefLabel "Calcinosis type 2"@en .
HP:0000006 a skos:Concept ; skos:prefLabel "Sjögren syndrome"@en ; skos:altLabel "Straße", "血管石灰化"@ja .
HP:0000007 a skos:Concept ; skos:prefLabel "Bone"@en ; owl:deprecated true .
HP:0000008 a skos:Concept ; skos:altLabel "Bone"@en .
HP:0000009 a skos:Concept ; skos:prefLabel "Bone AND joint"@en .
HP:0000010 a skos:Concept ; skos:notation "HP:0000010" .
HP:0000011 a skos:Concept ; skos:prefLabel "Cysts with calcfications" .
ex:a%20b a skos:Concept ; skos:prefLabel "Elsewhere"@en .
OMIM:231000 a skos:Concept ; skos:notation "OMIM:231000" ; skos:prefLabel "Gaucher disease, type III"@en .
ex:paper a bibo:AcademicArticle ; dcterms:title "Severe vascular calcification: a review" .
"""


@pytest.fixture(scope="module")
def kg(build: Build) -> Path:
    return build({"https://example.org/graph/a": TEXT})


@pytest.fixture(scope="module")
def index(kg: Path) -> Path:
    return KnowledgeGraph.built(kg).names


def labels(index: Path, text: str, limit: int = 10) -> list[tuple[str, str]]:
    return [(one.match, one.name) for one in naming.search(index, text, limit)]


# ranking


def test_exact_before_prefix_before_words(index: Path) -> None:
    assert labels(index, "vascular calcification") == [
        ("exact", "Vascular calcification"),
        ("prefix", "Vascular calcification of the aorta"),
        ("words", "Severe vascular calcification"),
        ("words", "Calcification of a vascular graft"),
    ]


def test_a_clique_is_one_row_by_its_best_name(index: Path) -> None:
    found = naming.search(index, "hardened arteries")
    assert found == [
        naming.Found(
            f"{HP}0004934",
            "Vascular calcification",
            "exact",
            "Hardened arteries",
            "related",
            "medgen:C0342649",
            "HP:0004934",
        )
    ]


def test_the_leader_s_own_name_goes_before_the_same_name_of_another(index: Path) -> None:
    assert naming.search(index, "vascular calcification")[0].code == "HP:0004934"


def test_a_retired_concept_comes_after_one_in_use(index: Path) -> None:
    assert [one.curie for one in naming.search(index, "bone", 2)] == ["HP:0000008", "HP:0000007"]


def test_a_concept_without_a_name_is_found_by_code_alone(index: Path) -> None:
    assert [(one.match, one.label) for one in naming.search(index, "HP:0000010")] == [("code", "HP:0000010")]


def test_only_concepts_are_found(index: Path) -> None:
    assert labels(index, "review") == []


@pytest.mark.parametrize("text", ["severe vasc", "calcification sev", "sev calcif"])
def test_a_word_may_be_only_begun(index: Path, text: str) -> None:
    assert labels(index, text)[0][1] == "Severe vascular calcification"


def test_words_in_any_order(index: Path) -> None:
    assert labels(index, "aorta vascular calcification") == [("words", "Vascular calcification of the aorta")]


@pytest.mark.parametrize("text", ["aorta elsewhere nothing", "nothing, aorta, whatever"])
def test_where_no_name_has_all_words_some_do(index: Path, text: str) -> None:
    assert ("any", "Vascular calcification of the aorta") in labels(index, text)


def test_the_more_words_the_better(index: Path) -> None:
    assert labels(index, "severe vascular syndrome")[0] == ("any", "Severe vascular calcification")


@pytest.mark.parametrize(
    "text", ["SJÖGREN SYNDROME", "sjogren syndrome", "Sjo\u0308gren   syndrome", "sjögren-syndrome"]
)
def test_case_diacritics_and_punctuation_do_not_matter(index: Path, text: str) -> None:
    assert labels(index, text) == [("exact", "Sjögren syndrome")]


@pytest.mark.parametrize("text", ["STRASSE", "straße", "血管石灰化"])
def test_other_letters_than_english(index: Path, text: str) -> None:
    assert [match for match, _ in labels(index, text)] == ["exact"]


def test_the_beginning_of_a_name_in_another_script(index: Path) -> None:
    assert labels(index, "血管石") == [("prefix", "血管石灰化")]


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_the_limit(index: Path, limit: int) -> None:
    assert len(naming.search(index, "vascular calcification", limit)) == limit


def test_a_search_gives_the_same_each_time(kg: Path, index: Path, tmp_path: Path) -> None:
    naming.write(KnowledgeGraph.built(kg).columns, tmp_path / "names.sqlite")
    assert (tmp_path / "names.sqlite").read_bytes() == index.read_bytes()


# typing errors


@pytest.mark.parametrize(
    "text",
    [
        "vasculr calcificaton",  # letters lost
        "vascullar calcificattion",  # added
        "vaskular calzification",  # changed
        "vascualr caclification",  # swapped
        "ascular calcificatio",  # at the ends
        "bascular ccalcificationn",
        "vasc calxificaxion",
    ],
)
def test_typing_errors_are_corrected(index: Path, text: str) -> None:
    assert labels(index, text)[0] == ("corrected", "Vascular calcification")


def test_a_slip_of_a_source_does_not_hide_what_is_meant(index: Path) -> None:
    assert labels(index, "calcfications", 1) == [("words", "Cysts with calcfications")]
    assert labels(index, "vascular calcfications")[0] == ("corrected", "Vascular calcification")
    assert labels(index, "calcfication vascular")[0] == ("corrected", "Vascular calcification")
    assert labels(index, "vascular syndrome", 1)[0][0] == "any"


@pytest.mark.parametrize("text", ["bnoe", "obne", "bome", "vone", "bonee"])
def test_a_short_word_is_corrected_over_one_edit(index: Path, text: str) -> None:
    assert labels(index, text)[0][1] == "Bone"


@pytest.mark.parametrize("text", ["bnxe", "zzzz", "bx"])
def test_a_short_word_is_not_corrected_over_two(index: Path, text: str) -> None:
    assert labels(index, text) == []


def test_a_number_is_never_corrected(index: Path) -> None:
    assert labels(index, "calcinosis type 3", 1)[0][0] == "any"


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_edits_are_as_many_both_ways(one: str, other: str) -> None:
    distance = spelling.edits(one, other, 9)
    assert distance == spelling.edits(other, one, 9)
    assert abs(len(one) - len(other)) <= distance <= max(len(one), len(other))
    assert (spelling.edits(one, other, 2) > 2) == (distance > 2)


@given(st.integers(0, 21), st.sampled_from("abcxyz"), st.sampled_from(["drop", "add", "change", "swap"]))
def test_any_single_edit_is_corrected(index: Path, place: int, letter: str, edit: str) -> None:
    name = "vascularcalcification"
    word = {
        "drop": name[:place] + name[place + 1 :],
        "add": name[:place] + letter + name[place:],
        "change": name[:place] + letter + name[place + 1 :],
        "swap": name[:place] + name[place + 1 : place + 2] + name[place : place + 1] + name[place + 2 :],
    }[edit]
    with sqlite3.connect(":memory:") as memory:
        memory.execute("CREATE TABLE word (text, reversed, letters, names)")
        memory.execute("INSERT INTO word VALUES (?, ?, ?, 1)", (name, name[::-1], spelling.letters(name)))
        assert spelling.nearest_words(memory, word) == ([name] if word != name else [])
    memory.close()


# codes


@pytest.mark.parametrize(
    "text",
    ["HP:0004934", "hp:0004934", "HP_0004934", f"{HP}0004934", f"<{HP}0004934>", "0004934", "C0342649", "c0342649"],
)
def test_a_code_finds_its_concept(index: Path, text: str) -> None:
    (found,) = naming.search(index, text)
    assert (found.match, found.curie, found.label) == ("code", "HP:0004934", "Vascular calcification")


@pytest.mark.parametrize("text", ["MIM:231000", "https://omim.org/entry/231000", "231000"])
def test_another_form_of_a_prefix(index: Path, text: str) -> None:
    assert [(one.match, one.code) for one in naming.search(index, text)] == [("code", "OMIM:231000")]


def test_an_iri_without_a_prefix_is_a_code(index: Path) -> None:
    assert [one.label for one in naming.search(index, "https://example.org/a%20b")] == ["Elsewhere"]


@pytest.mark.parametrize("text", ["HP:9999999", "XX:0004934", "HP:", "medgen:0004934"])
def test_an_unknown_code_is_no_other_concept_s(index: Path, text: str) -> None:
    assert not [one for one in naming.search(index, text) if one.match == "code"]


# what may be typed


@pytest.mark.parametrize(
    "text",
    [
        '"',
        'bone"',
        "'bone' OR 1=1",
        "bone AND",
        "AND",
        "NOT bone",
        "NEAR(bone joint, 2)",
        "bone*",
        "*bone",
        "^bone",
        "words:bone",
        "{words} : bone",
        "bone) OR (bone",
        "-bone",
        "bone\x00joint",
        "bone\nAND\njoint",
        "bone;--",
        "%bone_",
    ],
)
def test_syntax_in_a_text_is_only_text(index: Path, text: str) -> None:
    if any(map(str.isalnum, text)):
        assert isinstance(labels(index, text), list)
    else:
        with pytest.raises(UsageError):
            labels(index, text)


def test_an_operator_is_a_word(index: Path) -> None:
    assert labels(index, "bone AND joint") == [("exact", "Bone AND joint")]


@given(text=st.text())
def test_whatever_is_typed_is_answered_or_refused(index: Path, text: str) -> None:
    if naming.words(text):
        naming.search(index, text)
    else:
        with pytest.raises(UsageError, match="no letter or digit"):
            naming.search(index, text)


def test_a_very_long_text(index: Path) -> None:
    assert labels(index, "bone joint " * 10_000) == [("words", "Bone AND joint")]
    assert labels(index, "b" * 100_000) == []


@pytest.mark.parametrize("text", ["", " ", "...", '"', "*", "–", "\ud800"])
def test_a_text_without_a_letter_is_refused(index: Path, text: str) -> None:
    with pytest.raises(UsageError, match="has no letter or digit to search for"):
        naming.search(index, text)


@pytest.mark.parametrize("text", ["bone\ud800", "HP:\ud800a"])
def test_half_a_character_is_no_character(index: Path, text: str) -> None:
    assert isinstance(naming.search(index, text), list)


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_is_refused(index: Path, limit: int) -> None:
    with pytest.raises(UsageError, match=f"the limit is {limit}; give 1 or more"):
        naming.search(index, "bone", limit)


# the index


@given(st.text(st.characters(min_codepoint=1, max_codepoint=127)))
def test_the_index_takes_plain_text_apart_as_a_search_does(text: str) -> None:
    with closing(sqlite3.connect(":memory:")) as memory:
        memory.executescript(naming._SCHEMA)
        memory.execute("INSERT INTO word_of_name (rowid, words) VALUES (1, ?)", (text,))
        assert {word for (word,) in memory.execute("SELECT term FROM vocabulary")} == set(naming.words(text))


def names(index: Path) -> list[tuple[str, str, str]]:
    """Return (code, name, kind) of every name, the best first."""
    with closing(sqlite3.connect(index)) as opened:
        rows = opened.execute(
            "SELECT c.curie, n.text, n.kind FROM name n JOIN coded c ON c.id = n.concept ORDER BY n.id"
        )
        return [(curie, text, naming.KINDS[kind]) for curie, text, kind in rows]


def test_each_name_is_kept_once(build: Build) -> None:
    text = """
    HP:0000001 a skos:Concept ; skos:notation "HP:0000001" ; skos:hiddenLabel "HP:0000001"@en ;
      skos:prefLabel "Bone"@en ; skos:altLabel "Bone"@de , "bone" , "BONE"@la , "Os"@fr ; skos:hiddenLabel "os"@la .
    HP:0000002 a skos:Concept ; skos:notation "HP:0000002" ; skos:altLabel "bone" .
    """
    assert names(KnowledgeGraph.built(build({"https://example.org/graph/a": text})).names) == [
        ("HP:0000001", "Os", "exact"),
        ("HP:0000001", "Bone", "preferred"),
        ("HP:0000002", "bone", "exact"),
    ]


def test_a_name_in_two_languages_is_of_the_better_kind(build: Build) -> None:
    text = 'ex:a a skos:Concept ; skos:prefLabel "Bone"@en ; skos:altLabel "Os"@fr ; skos:hiddenLabel "Os"@la .'
    index = KnowledgeGraph.built(build({"https://example.org/graph/a": text})).names
    assert [(name, kind) for _, name, kind in names(index)] == [("Os", "exact"), ("Bone", "preferred")]


def test_a_concept_that_is_a_citation_too_has_one_label(build: Build) -> None:
    text = """
    ex:a a skos:Concept , bibo:AcademicArticle ; skos:prefLabel "Bones"@en ; dcterms:title "A review of bones" .
    """
    index = KnowledgeGraph.built(build({"https://example.org/graph/a": text})).names
    assert {one.label for one in naming.search(index, "bones")} == {"A review of bones"}


def test_a_graph_without_an_index(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").touch()
    with pytest.raises(SourceError, match=r"names\.sqlite: there is no index of names; build the graph again"):
        naming.search(KnowledgeGraph.built(tmp_path).names, "bone")


@pytest.mark.parametrize("content", [b"", b"not a database" * 100])
def test_a_damaged_index(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "names.sqlite").write_bytes(content)
    with pytest.raises(SourceError, match="the index of names can't be read"):
        naming.search(tmp_path / "names.sqlite", "bone")


def test_an_index_that_can_not_be_written(kg: Path, tmp_path: Path) -> None:
    with pytest.raises(calckg.CalckgError, match="the index of names can't be written"):
        naming.write(KnowledgeGraph.built(kg).columns, tmp_path / "none" / "names.sqlite")


def test_ctrl_c_in_a_function_that_sqlite_calls_is_no_full_disk(
    kg: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: str) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(naming, "letters", interrupted)
    with pytest.raises(KeyboardInterrupt):
        naming.write(KnowledgeGraph.built(kg).columns, tmp_path / "names.sqlite")


def test_odd_characters_in_the_path(kg: Path, tmp_path: Path) -> None:
    folder = tmp_path / "a?b#c %20 ü"
    folder.mkdir()
    naming.write(KnowledgeGraph.built(kg).columns, folder / "names.sqlite")
    assert labels(folder / "names.sqlite", "bone", 1) == [("exact", "Bone")]


def test_an_empty_graph_has_no_names(build: Build) -> None:
    index = KnowledgeGraph.built(build({"https://example.org/graph/a": ""})).names
    assert naming.search(index, "bone") == []
    assert naming.search(index, "HP:0004934") == []


def test_a_distant_graph_is_asked_by_a_stored_query() -> None:
    with pytest.raises(UsageError, match=r"calckg query search-by-name --endpoint http://127.0.0.1:1/"):
        calckg.open(endpoint="http://127.0.0.1:1/").search("bone")


# from Python, and as a command


def test_the_rows_of_a_search(kg: Path) -> None:
    rows = calckg.open(kg).search("calcification of vessels", limit=1)
    assert rows.dicts() == [
        {
            "concept": f"{HP}0004934",
            "label": "Vascular calcification",
            "match": "exact",
            "name": "Calcification of vessels",
            "kind": "exact",
            "code": "HP:0004934",
        }
    ]


@pytest.mark.parametrize(
    ("format", "begin"),
    [
        ("csv", f"concept,label,match,name,kind,code\n{HP}0004934,Vascular calcification,corrected,"),
        ("table", "concept     label            "),
        ("markdown", "| concept | label | match | name | kind | code |\n| --- | --- | --- | "),
        ("json", f'[\n  {{\n    "concept": "{HP}0004934",\n    "label": "Vascular calcification",\n'),
    ],
)
def test_every_format(run: Run, kg: Path, format: str, begin: str) -> None:
    done = run("search", "vasculr", "calcificaton", "--kg", kg, "--format", format)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(begin)


def test_the_suffix_tells_the_format(run: Run, kg: Path, tmp_path: Path) -> None:
    assert run("search", "bone", "--limit", "2", "--kg", kg, "-o", tmp_path / "a.json").code == 0
    assert len(json.loads((tmp_path / "a.json").read_text())) == 2


@pytest.mark.parametrize(("format", "out"), [("json", "[]\n"), ("csv", "concept,label,match,name,kind,code\n")])
def test_nothing_found_is_no_failure(run: Run, kg: Path, format: str, out: str) -> None:
    done = run("search", "zzzz", "qqqq", "--kg", kg, "--format", format)
    assert (done.code, done.out) == (0, out)
    assert done.complaint == "no concept has a name like 'zzzz qqqq'"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["..."], "'...' has no letter or digit to search for"),
        ([""], "'' has no letter or digit to search for"),
        (["bone", "--limit", "0"], "the limit is 0; give 1 or more"),
        (["bone", "--format", "jsno"], "unknown format 'jsno'; did you mean json?"),
    ],
)
def test_wrong_usage(run: Run, kg: Path, arguments: list[str], message: str) -> None:
    done = run("search", *arguments, "--kg", kg)
    assert done.code == 2
    assert message in done.complaint


def test_the_bundled_graph_is_searched(run: Run, bundled: KnowledgeGraph) -> None:
    done = run("search", "vasculr calcificaton", "--limit", "1")
    assert done.out.splitlines()[1].startswith(f"{HP}0004934,Vascular calcification,corrected,")


def test_a_search_by_name_starts_fast(bundled: KnowledgeGraph) -> None:
    assert not imported("search", "calcificaton") & (HEAVY | {"pyoxigraph"})


def test_an_index_is_read_where_nothing_can_be_written(kg: Path, tmp_path: Path) -> None:
    folder = tmp_path / "kg"
    folder.mkdir()
    for name in ("manifest.json", "names.sqlite"):
        (folder / name).write_bytes((kg / name).read_bytes())
        (folder / name).chmod(0o400)
    folder.chmod(0o500)
    command = [sys.executable, "-m", "calckg", "search", "bone", "--kg", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=dict(os.environ))
    folder.chmod(0o700)
    assert done.stdout.count("\n") > 2
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", "names.sqlite"]
