"""What changed between two graphs: one kind of change a test, and the RDF that holds every triple of it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calckg import bundle, changeset, columnar
from calckg.diff import KINDS, Change, Difference
from calckg.errors import CalckgError
from calckg.kg import KnowledgeGraph
from tests.conftest import Build, Run

KG = "https://w3id.org/calckg/graph/"
A, B = KG + "release/a", "https://example.org/graph/b"
HP = "http://purl.obolibrary.org/obo/HP_"
MONDO = "http://purl.obolibrary.org/obo/MONDO_"
SKOS = "http://www.w3.org/2004/02/skos/core#"
BIOLINK = "https://w3id.org/biolink/vocab/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
CS = "http://purl.org/vocab/changeset/schema#"
ASSOCIATION = """ex:a a biolink:Association ; biolink:subject MONDO:0000001 ; biolink:predicate biolink:has_phenotype ;
    biolink:object HP:0000001 ; biolink:negated false . """
MAPPING = """ex:m a owl:Axiom ; owl:annotatedSource HP:0000001 ; owl:annotatedProperty skos:exactMatch ;
    owl:annotatedTarget MONDO:0000001 . """
LINK = "ex:l a ckg:LiteratureLink ; ckg:concept HP:0000001 ; ckg:citation PMID:1 . "
CONCEPT = 'HP:0000001 a skos:Concept ; skos:prefLabel "One"@en . '


def graph(build: Build, text: str | Mapping[str, str]) -> Path:
    return build({A: text} if isinstance(text, str) else text)


def changes(build: Build, old: str | Mapping[str, str], new: str | Mapping[str, str]) -> list[Change]:
    with Difference(graph(build, old), graph(build, new)) as difference:
        return difference.changes()


def only(found: list[Change], kind: str) -> Change:
    assert [change.kind for change in found] == [kind]
    return found[0]


def test_a_concept_that_is_new_is_added(build: Build) -> None:
    change = only(changes(build, "", CONCEPT), "concept added")
    assert (change.id, change.label, change.graphs) == (HP + "0000001", "One", (A,))


def test_a_concept_that_is_gone_is_removed_and_keeps_its_label(build: Build) -> None:
    change = only(changes(build, CONCEPT, ""), "concept removed")
    assert (change.id, change.label, change.graphs) == (HP + "0000001", "One", (A,))


def test_a_concept_that_another_graph_also_names_is_not_added(build: Build) -> None:
    assert changes(build, {A: CONCEPT}, {A: CONCEPT, B: "HP:0000001 a skos:Concept ."}) == []


def test_a_concept_of_two_graphs_is_one_change(build: Build) -> None:
    change = only(changes(build, "", {A: CONCEPT, B: "HP:0000001 a skos:Concept ."}), "concept added")
    assert change.graphs == (B, A)


def test_a_concept_that_is_deprecated_now_is_retired_with_what_replaces_it(build: Build) -> None:
    later = CONCEPT + "HP:0000001 owl:deprecated true ; dcterms:isReplacedBy HP:0000002 ."
    change = only(changes(build, CONCEPT, later), "concept retired")
    assert ("http://purl.org/dc/terms/isReplacedBy", HP + "0000002") in change.details


def test_a_concept_that_is_no_longer_deprecated_is_restored(build: Build) -> None:
    assert only(changes(build, CONCEPT + "HP:0000001 owl:deprecated true .", CONCEPT), "concept restored")


def test_deprecated_false_is_not_retired(build: Build) -> None:
    assert changes(build, CONCEPT, CONCEPT + "HP:0000001 owl:deprecated false .") == []


def test_a_new_preferred_label_renames(build: Build) -> None:
    change = only(changes(build, CONCEPT, CONCEPT.replace("One", "Uno")), "concept renamed")
    assert (change.property, change.before, change.after) == (SKOS + "prefLabel", "One", "Uno")
    assert (change.label, change.graphs) == ("Uno", (A,))


def test_names_are_paired_within_their_language(build: Build) -> None:
    old = 'HP:0000001 a skos:Concept ; skos:prefLabel "One"@en, "Eins"@de .'
    new = 'HP:0000001 a skos:Concept ; skos:prefLabel "First"@en, "Ein"@de .'
    assert [(c.before, c.after) for c in changes(build, old, new)] == [("Eins", "Ein"), ("One", "First")]


def test_a_new_label_renames_where_no_preferred_label_says_it(build: Build) -> None:
    old, new = (f'HP:0000001 a skos:Concept ; skos:altLabel "{name}"@en .' for name in ("a", "b"))
    change = only(changes(build, old, new), "concept renamed")
    assert (change.property.rpartition("#")[2], change.before, change.after) == ("label", "a", "b")


def test_another_synonym_is_no_change_of_the_name(build: Build) -> None:
    assert changes(build, CONCEPT, CONCEPT + 'HP:0000001 skos:altLabel "Single"@en .') == []


def test_another_parent_moves(build: Build) -> None:
    parents = 'HP:0000002 a skos:Concept ; skos:prefLabel "Two"@en . HP:0000003 a skos:Concept . '
    old, new = (CONCEPT + parents + f"HP:0000001 skos:broader HP:000000{n} ." for n in (2, 3))
    change = only(changes(build, old, new), "concept moved")
    assert (change.before, change.before_label, change.after) == (HP + "0000002", "Two", HP + "0000003")


def test_a_second_parent_moves_too(build: Build) -> None:
    old = CONCEPT + "HP:0000001 skos:broader HP:0000002 ."
    change = only(changes(build, old, old + " HP:0000001 skos:broader HP:0000003 ."), "concept moved")
    assert (change.before, change.after) == ("", HP + "0000003")


def test_a_parent_that_another_graph_says_now_is_no_move(build: Build) -> None:
    link = "HP:0000001 skos:broader HP:0000002 ."
    assert changes(build, {A: CONCEPT + link, B: ""}, {A: CONCEPT, B: link}) == []


def test_a_mapping_is_gained(build: Build) -> None:
    change = only(changes(build, CONCEPT, CONCEPT + MAPPING), "mapping gained")
    assert (change.id, change.label, change.property) == (HP + "0000001", "One", SKOS + "exactMatch")
    assert (change.after, change.before, change.statement) == (MONDO + "0000001", "", "https://example.org/m")


def test_a_mapping_is_lost(build: Build) -> None:
    assert only(changes(build, MAPPING, ""), "mapping lost").before == MONDO + "0000001"


def test_a_mapping_under_another_node_is_the_same_mapping(build: Build) -> None:
    assert changes(build, MAPPING, MAPPING.replace("ex:m", "ex:n")) == []


def test_a_mapping_that_is_negated_now_is_another_one(build: Build) -> None:
    negated = MAPPING + "ex:m <https://w3id.org/sssom/predicate_modifier> <https://w3id.org/sssom/NegatedPredicate> ."
    assert [c.kind for c in changes(build, MAPPING, negated)] == ["mapping gained", "mapping lost"]


def test_a_mapping_of_another_source_is_gained_there(build: Build) -> None:
    change = only(
        changes(build, {A: MAPPING, B: ""}, {A: MAPPING, B: MAPPING.replace("ex:m", "ex:n")}), "mapping gained"
    )
    assert change.graphs == (B,)


def test_an_association_is_gained_with_what_qualifies_it(build: Build) -> None:
    change = only(changes(build, CONCEPT, CONCEPT + ASSOCIATION), "association gained")
    assert (change.id, change.property) == (MONDO + "0000001", BIOLINK + "has_phenotype")
    assert (change.after, change.after_label) == (HP + "0000001", "One")
    assert change.details == ((BIOLINK + "negated", "false"),)


def test_an_association_is_lost(build: Build) -> None:
    assert only(changes(build, ASSOCIATION, ""), "association lost").statement == "https://example.org/a"


def test_an_association_that_is_negated_now_is_another_one(build: Build) -> None:
    found = changes(build, ASSOCIATION, ASSOCIATION.replace("false", "true"))
    assert [(c.kind, c.details[0][1]) for c in found] == [("association gained", "true"), ("association lost", "false")]


def test_a_citation_is_added(build: Build) -> None:
    change = only(changes(build, "", 'PMID:1 a bibo:AcademicArticle ; dcterms:title "A paper"@en .'), "citation added")
    assert (change.id, change.label) == ("https://pubmed.ncbi.nlm.nih.gov/1", "A paper")


def test_a_citation_is_removed(build: Build) -> None:
    assert only(changes(build, "PMID:1 a bibo:Book .", ""), "citation removed")


def test_a_journal_is_no_citation(build: Build) -> None:
    assert changes(build, "", "ex:j a bibo:Journal .") == []


def test_a_literature_link_is_gained_and_lost(build: Build) -> None:
    gained = only(changes(build, "", LINK), "literature link gained")
    assert (gained.id, gained.after) == (HP + "0000001", "https://pubmed.ncbi.nlm.nih.gov/1")
    assert only(changes(build, LINK, ""), "literature link lost")


PIECES = (
    CONCEPT,
    'HP:0000001 a skos:Concept ; skos:prefLabel "Uno"@en . ',
    "HP:0000001 owl:deprecated true . ",
    "HP:0000001 skos:broader HP:0000002 . ",
    "HP:0000002 a skos:Concept ; skos:altLabel 'x\"y\\\\z\\n'@en . ",
    MAPPING,
    ASSOCIATION,
    LINK,
    "PMID:1 a bibo:AcademicArticle . ",
)
graphs = st.lists(st.sampled_from(PIECES), unique=True).map("".join)
few = settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
MIRRORED = {"added": "removed", "retired": "restored", "gained": "lost", "renamed": "renamed", "moved": "moved"}
MIRRORED |= {there: here for here, there in MIRRORED.items()}


def key(change: Change, *, swap: bool = False) -> tuple[object, ...]:
    """Return what a change says, but for labels, which are the later graph's where it has one."""
    subject, _, verb = change.kind.rpartition(" ")
    kind, sides = change.kind, (change.before, change.after)
    if swap:
        kind, sides = f"{subject} {MIRRORED[verb]}", sides[::-1]
    return (kind, change.id, change.property, *sides, change.statement, change.details, change.graphs)


@few
@given(text=graphs)
def test_a_graph_does_not_differ_from_a_copy_of_it(build: Build, text: str) -> None:
    first, second = graph(build, text), graph(build, text)
    for other in (first, second):
        with Difference(first, other) as difference:
            assert (difference.changes(), difference.counts()) == ([], (0, 0))


@few
@given(old=graphs, new=graphs)
def test_the_other_way_round_everything_is_mirrored(build: Build, old: str, new: str) -> None:
    first, second = graph(build, old), graph(build, new)
    with Difference(first, second) as forth, Difference(second, first) as back:
        assert sorted(map(key, forth.changes())) == sorted(key(change, swap=True) for change in back.changes())
        assert forth.counts() == back.counts()[::-1]


@few
@given(old=graphs, new=graphs)
def test_the_old_graph_with_the_changes_made_is_the_new_one(build: Build, old: str, new: str) -> None:
    first, second = graph(build, {A: old, B: CONCEPT}), graph(build, {A: new, B: new})
    quads = {path: set(KnowledgeGraph.built(path).quads()) for path in (first, second)}
    with Difference(first, second) as difference:
        made = set(quads[first])
        for quad in changeset.dataset(difference):
            name = quad.graph_name.value if isinstance(quad.graph_name, ox.NamedNode) else ""
            for verb, change in (("added", made.add), ("removed", made.remove)):
                prefix = f"{KG}diff/{verb}/"
                if name.startswith(prefix):
                    rest = name.removeprefix(prefix)
                    at = B if rest == quote(B, safe="") else KG + rest
                    change(ox.Quad(quad.subject, quad.predicate, quad.object, ox.NamedNode(at)))
        assert made == quads[second]
        assert (applied(quads[first], list(changeset.change_sets(difference)))) == quads[second]


def applied(quads: set[ox.Quad], sets: list[ox.Quad]) -> set[ox.Quad]:
    """Make the changes of ``cs:ChangeSet`` nodes."""
    made = set(quads)
    facts = {(q.subject, q.predicate.value): q.object for q in sets}
    for quad in sets:
        if quad.predicate.value in (CS + "addition", CS + "removal"):
            told = quad.object
            places = (*(RDF + name for name in ("subject", "predicate", "object")), "http://purl.org/dc/terms/source")
            statement = ox.Quad(*(facts[told, place] for place in places))  # type: ignore[arg-type, index]
            (made.add if quad.predicate.value == CS + "addition" else made.remove)(statement)
    return made


def test_kinds_come_in_their_order(build: Build) -> None:
    found = changes(build, MAPPING + LINK, CONCEPT + ASSOCIATION + "PMID:1 a bibo:Book .")
    places = [KINDS.index(change.kind) for change in found]
    assert places == sorted(places)


def test_the_graph_of_changes_is_described(build: Build) -> None:
    with Difference(graph(build, ""), graph(build, "ex:s ex:p ex:o .")) as difference:
        said = {str(q) for q in changeset.dataset(difference) if q.graph_name == ox.NamedNode(KG + "diff")}
    name = f"<{KG}diff/added/release/a>"
    void = "http://rdfs.org/ns/void#"
    assert said == {
        f"{name} <{RDF}type> <{void}Dataset> <{KG}diff>",
        f'{name} <{void}triples> "1"^^<http://www.w3.org/2001/XMLSchema#integer> <{KG}diff>',
        f"{name} <http://purl.org/dc/terms/source> <{A}> <{KG}diff>",
    }


def test_columns_that_are_not_there_are_an_error(build: Build, tmp_path: Path) -> None:
    with pytest.raises(CalckgError, match="the columns can't be opened"):
        Difference(tmp_path, graph(build, ""))


@pytest.fixture(scope="module")
def pair(build: Build) -> tuple[Path, Path]:
    return graph(build, CONCEPT), graph(build, CONCEPT.replace("One", "Uno") + MAPPING)


def test_csv_has_iris_and_the_summary_is_on_standard_error(run: Run, pair: tuple[Path, Path]) -> None:
    done = run("diff", *pair)
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert [(row["change"], row["id"]) for row in rows] == [
        ("concept renamed", HP + "0000001"),
        ("mapping gained", HP + "0000001"),
    ]
    assert done.complaint == "concept renamed: 1; mapping gained: 1; quads added: 6; quads removed: 2"


def test_json_leaves_out_what_does_not_apply(run: Run, pair: tuple[Path, Path]) -> None:
    (renamed, _) = json.loads(run("diff", *pair, "--format", "json").out)
    assert renamed == {
        "change": "concept renamed",
        "id": HP + "0000001",
        "label": "Uno",
        "property": SKOS + "prefLabel",
        "before": "One",
        "after": "Uno",
        "details": {},
        "graphs": [A],
    }


def test_a_table_has_curies(run: Run, pair: tuple[Path, Path]) -> None:
    assert "skos:exactMatch  " in run("diff", *pair, "--format", "table").out


@pytest.mark.parametrize("name", ["turtle", "ntriples", "rdfxml", "nquads", "trig", "jsonld", "markdown"])
def test_every_format_is_written_the_same_twice(run: Run, pair: tuple[Path, Path], name: str) -> None:
    first, second = (run("diff", *pair, "--format", name).out for _ in range(2))
    assert first
    assert first == second


def test_the_suffix_tells_the_format(run: Run, pair: tuple[Path, Path], tmp_path: Path) -> None:
    assert run("diff", *pair, "-o", tmp_path / "changes.nq").code == 0
    assert f"<{KG}diff/added/release/a> ." in (tmp_path / "changes.nq").read_text(encoding="utf-8")


def test_differences_exit_with_0_unless_asked(run: Run, pair: tuple[Path, Path]) -> None:
    assert run("diff", *pair).code == 0
    assert run("diff", *pair, "--exit-code").code == 1
    assert run("diff", pair[0], pair[0], "--exit-code").code == 0


def test_bundled_names_the_bundled_graph(run: Run, bundled: KnowledgeGraph) -> None:
    done = run("diff", "bundled", "bundled", "--exit-code", "--format", "table")
    assert (done.code, done.out, done.err) == (0, "", "quads added: 0; quads removed: 0\n")


def test_a_place_without_a_graph_is_named(run: Run, tmp_path: Path) -> None:
    done = run("diff", "bundled", tmp_path / "none")
    assert done.code == 3
    assert "no such graph directory" in done.complaint


def test_against_the_bundled_graph_every_quad_is_told(run: Run, build: Build, bundled: KnowledgeGraph) -> None:
    path = graph(build, CONCEPT)
    ((here,),) = KnowledgeGraph.built(path).columns.execute("SELECT count(*) FROM quad").fetchall()
    with Difference(path, bundle.directory()) as difference:
        added, removed = difference.counts()
    total = sum(1 for _ in columnar.quads(bundled.columns))
    assert added - removed == total - here
