"""Stored queries: the header, the one line of each parameter, and binding inside the braces only."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calckg import queries
from calckg.errors import CalckgError, SourceError, UnknownNameError, UsageError
from calckg.queries import StoredQuery
from calckg.sparql import LocalGraph
from tests import terms

XSD = "http://www.w3.org/2001/XMLSchema#"
HP = "<http://purl.obolibrary.org/obo/HP_0004934>"

QUERY = """#+ summary: Features of a condition
#+ description: "One row a feature."
#+ tags: [condition, feature]
#+ params:
#+   condition: {type: concept, help: "the condition"}
#+   text: {type: string, help: "a word"}
#+   most: {type: integer, help: "how many"}
#+   year: {type: year, help: "the year"}
#+   system: {type: code-system, help: "the code system"}
#+   system_name: {type: code-system, help: "its prefix"}
#+   paper: {type: pmid, help: "the paper"}
#+   pmid: {type: pmid, help: "its number"}
#+   doi: {type: doi, help: "its DOI"}
#+   predicate: {type: predicate, help: "the relation"}
#+   graph: {type: iri, help: "the graph"}
#+   feature: {type: concept, optional: true, help: "the feature"}
#+   limit: {type: integer, optional: true, help: "how many"}
#+ columns: [feature]
PREFIX HP: <http://purl.obolibrary.org/obo/HP_>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
SELECT ?feature WHERE {
  # VALUES ?text { "not this one" }
  VALUES ?condition { HP:0004934 }
  VALUES ?text { "calc"@en }
    VALUES ?most { 5 } .
  VALUES ?year { "2020"^^xsd:gYear }   # the year of print
  VALUES ?system { <https://w3id.org/calckg/id/scheme/HP> }
  VALUES ?system_name { "HP" }
  VALUES ?paper { <https://pubmed.ncbi.nlm.nih.gov/33190187> }
  VALUES ?pmid { "33190187" }
  VALUES ?doi { "10.1007/s00223-020-00780-y" }
  VALUES ?predicate { <https://w3id.org/biolink/vocab/causes> }
  VALUES ?graph { <https://w3id.org/calckg/graph/meta> }
  VALUES ?feature { UNDEF }
  VALUES ?limit { UNDEF }
}
"""
GIVEN: dict[str, queries.Value] = {
    "condition": "HP:0004934", "text": "calc", "most": 5, "year": "2020", "system": "HP", "system_name": "HP",
    "paper": "33190187", "pmid": "33190187", "doi": "10.1007/s00223-020-00780-y", "predicate": "biolink:causes",
    "graph": "kg:meta",
}  # fmt: skip


def stored(folder: Path, text: str) -> StoredQuery:
    path = folder / "group" / "a-query.rq"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return queries.read(path)


@pytest.fixture(scope="module")
def query(tmp_path_factory: pytest.TempPathFactory) -> StoredQuery:
    return stored(tmp_path_factory.mktemp("queries"), QUERY)


def bound(query: StoredQuery, name: str, value: queries.Value) -> str:
    """Bind one parameter besides the others and return what stands between its braces."""
    text = query.bind(GIVEN | {name: value})
    (line,) = (line for line in text.splitlines() if line.strip().startswith(f"VALUES ?{name} "))
    return line[line.index("{") + 1 : line.rindex("}")].strip()


# the header


def test_the_header_is_read(query: StoredQuery) -> None:
    assert (query.name, query.group, query.summary) == ("a-query", "group", "Features of a condition")
    assert (query.description, query.tags, query.columns) == (
        "One row a feature.",
        ("condition", "feature"),
        ("feature",),
    )


def test_the_example_of_a_parameter_is_a_term(query: StoredQuery) -> None:
    assert query.params["condition"].example == ox.NamedNode("http://purl.obolibrary.org/obo/HP_0004934")
    assert query.params["text"].example == ox.Literal("calc", language="en")


def test_undef_makes_a_parameter_optional(query: StoredQuery) -> None:
    assert [name for name, param in query.params.items() if param.optional] == ["feature", "limit"]


def test_a_parameter_is_an_option_with_hyphens(query: StoredQuery) -> None:
    assert query.params["system_name"].option == "--system-name"


def test_a_query_runs_as_it_stands() -> None:
    result = ox.Store().query(QUERY)
    assert isinstance(result, ox.QuerySolutions)
    assert len(list(result)) == 1


SMALL = """#+ summary: A query
#+ columns: [x]
#+ params:
#+   x: {type: string, help: "a text"}
SELECT ?x WHERE {
  VALUES ?x { "a" }
}
"""
BROKEN = {
    "no header": ("SELECT * {}", 1, "the header needs summary and columns"),
    "no summary": (SMALL.replace("#+ summary: A query\n", ""), 1, "the header needs summary and columns"),
    "no columns": (SMALL.replace("#+ columns: [x]\n", ""), 1, "the header needs summary and columns"),
    "no YAML": (SMALL.replace("[x]", "[x"), 3, "the header is not YAML"),
    "a colon in the summary": (SMALL.replace("A query", "A query: odd"), 1, "the header is not YAML"),
    "an unknown key": (SMALL.replace("#+ columns", "#+ endpoint: x\n#+ columns"), 2, "unknown key 'endpoint'"),
    "columns that are no list": (SMALL.replace("[x]", "x"), 2, "columns in the header must be a list"),
    "columns that are no words": (SMALL.replace("[x]", "[1]"), 2, "columns in the header must be a list of words"),
    "tags that are no list": (SMALL.replace("#+ columns", "#+ tags: x\n#+ columns"), 2, "tags in the header must be"),
    "a summary that is no text": (SMALL.replace("A query", "[a, b]"), 1, "summary in the header must be a text"),
    "parameters that are a list": (SMALL.replace("  x: {", "  - {"), 3, "params in the header must be"),
    "a parameter that is a word": (
        SMALL.replace('{type: string, help: "a text"}', "string"),
        4,
        "'x' needs type and help",
    ),
    "a parameter without help": (SMALL.replace(', help: "a text"', ""), 4, "'x' needs type and help"),
    "a help with an unquoted comma": (SMALL.replace('"a text"', "a text, or b"), 4, "(quote texts)"),
    "a help that is no text": (SMALL.replace('"a text"', "5"), 4, "help must be a text"),
    "an unknown type": (SMALL.replace("string", "text"), 4, "unknown type 'text'; known: concept, iri, string"),
    "no VALUES line": (SMALL.replace("VALUES ?x", "VALUES ?y"), 4, "needs just one line: VALUES ?x"),
    "VALUES in a comment": (SMALL.replace("VALUES ?x", "# VALUES ?x"), 4, "needs just one line"),
    "VALUES on three lines": (SMALL.replace('{ "a" }', '{\n"a"\n}'), 4, "needs just one line"),
    "two VALUES lines": (SMALL.replace("}\n}", '}\n  VALUES ?x { "b" }\n}'), 4, "needs just one line"),
    "two examples": (SMALL.replace('"a"', '"a" "b"'), 6, "is not one IRI or literal"),
    "an example of an unknown prefix": (SMALL.replace('"a"', "ex:a"), 6, "is not one IRI or literal"),
    "an empty VALUES": (SMALL.replace('"a" ', ""), 6, "is not one IRI or literal"),
    "UNDEF without optional": (SMALL.replace('"a"', "UNDEF"), 6, "optional: true and UNDEF go together"),
    "optional without UNDEF": (SMALL.replace("string,", "string, optional: true,"), 6, "go together"),
}


@pytest.mark.parametrize(("text", "line", "problem"), BROKEN.values(), ids=BROKEN)
def test_a_faulty_header_is_told_with_its_place(tmp_path: Path, text: str, line: int, problem: str) -> None:
    with pytest.raises(SourceError) as caught:
        stored(tmp_path, text)
    assert problem in str(caught.value)
    assert (caught.value.file, caught.value.line) == (str(tmp_path / "group" / "a-query.rq"), line)


def test_a_header_is_kept_in_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALCKG_CACHE", str(tmp_path / "cache"))
    before = stored(tmp_path, SMALL)
    assert len(list((tmp_path / "cache" / "headers").iterdir())) == 1
    monkeypatch.setattr(queries, "_checked_header", lambda path, lines: pytest.fail("read again"))
    assert stored(tmp_path, SMALL) == before


def test_an_edited_header_is_read_anew(tmp_path: Path) -> None:
    stored(tmp_path, SMALL)
    assert stored(tmp_path, SMALL.replace("A query", "Another")).summary == "Another"


def test_a_damaged_cache_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALCKG_CACHE", str(tmp_path / "cache"))
    stored(tmp_path, SMALL)
    (kept,) = (tmp_path / "cache" / "headers").iterdir()
    kept.write_bytes(kept.read_bytes()[:10])
    assert stored(tmp_path, SMALL).summary == "A query"


def test_a_cache_that_can_not_be_written_does_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CALCKG_CACHE", str(tmp_path / "file"))
    assert stored(tmp_path, SMALL).summary == "A query"


def test_an_unknown_query_names_the_nearest() -> None:
    with pytest.raises(
        UnknownNameError, match="unknown query 'conditions-with-featre'; did you mean conditions-with-fea"
    ):
        queries.load("conditions-with-featre")


def test_names_are_sorted_and_unlike() -> None:
    assert queries.names() == sorted(set(queries.names()))


@pytest.mark.parametrize("name", queries.names())
def test_every_stored_query_is_read_and_runs_as_it_stands(name: str) -> None:
    query = queries.load(name)
    result = ox.Store().query(query.text)
    assert isinstance(result, ox.QuerySolutions)
    assert tuple(variable.value for variable in result.variables) == query.columns


# binding


@pytest.mark.parametrize(
    ("name", "value", "term"),
    [
        ("condition", "HP:0004934", HP),
        ("condition", "hp:0004934", HP),
        ("condition", "http://purl.obolibrary.org/obo/HP_0004934", HP),
        ("condition", "https://bioregistry.io/hp:0004934", HP),
        ("condition", ox.NamedNode("urn:x:a"), "<urn:x:a>"),
        ("text", "calc", '"calc"@en'),
        ("text", "  calc ", '"calc"@en'),
        ("text", ox.Literal("x"), '"x"'),
        ("most", 7, f'"7"^^<{XSD}integer>'),
        ("most", "-7", f'"-7"^^<{XSD}integer>'),
        ("year", 1999, f'"1999"^^<{XSD}gYear>'),
        ("system", "SNOMEDCT_US", "<https://w3id.org/calckg/id/scheme/SCTID>"),
        ("system", "hp:", "<https://w3id.org/calckg/id/scheme/HP>"),
        ("system_name", "ORPHA", '"Orphanet"'),
        ("paper", "PMID:1", "<https://pubmed.ncbi.nlm.nih.gov/1>"),
        ("paper", "https://pubmed.ncbi.nlm.nih.gov/1/", "<https://pubmed.ncbi.nlm.nih.gov/1>"),
        ("pmid", 1, '"1"'),
        ("pmid", "pmid:1", '"1"'),
        ("doi", "10.1007/x", '"10.1007/x"'),
        ("doi", "doi:10.1007/x", '"10.1007/x"'),
        ("doi", "https://doi.org/10.1007/x", '"10.1007/x"'),
        ("predicate", "biolink:has_phenotype", "<https://w3id.org/biolink/vocab/has_phenotype>"),
        ("graph", "kg:meta", "<https://w3id.org/calckg/graph/meta>"),
        ("feature", "HP:0004934", HP),
        ("limit", 3, f'"3"^^<{XSD}integer>'),
    ],
)  # fmt: skip
def test_a_value_becomes_the_term_that_is_asked_for(
    query: StoredQuery, name: str, value: queries.Value, term: str
) -> None:
    assert bound(query, name, value) == term


def test_an_optional_parameter_that_is_left_out_stays_undef(query: StoredQuery) -> None:
    assert "VALUES ?feature { UNDEF }" in query.bind(GIVEN)


def test_binding_changes_nothing_but_what_is_inside_the_braces(query: StoredQuery) -> None:
    values = GIVEN | {"condition": "HP:0000001", "text": "other", "limit": 1}
    for before, after in zip(query.text.splitlines(), query.bind(values).splitlines(), strict=True):
        if "VALUES" in before and before != after:
            assert before[: before.index("{")] == after[: after.index("{")]
            assert before[before.rindex("}") :] == after[after.rindex("}") :]
        else:
            assert before == after


def test_a_values_line_in_a_comment_is_left_alone(query: StoredQuery) -> None:
    assert '# VALUES ?text { "not this one" }' in query.bind(GIVEN | {"text": "x"})


@given(terms.TEXT.filter(lambda text: text.strip()))
def test_a_text_is_bound_as_one_literal(query: StoredQuery, text: str) -> None:
    asked = query.bind(GIVEN | {"text": text}).replace("SELECT ?feature", "SELECT ?text")
    result = ox.Store().query(asked)
    assert isinstance(result, ox.QuerySolutions)
    assert [row["text"] for row in result] == [ox.Literal(text.strip(), language="en")]


INJECTIONS = [
    "HP:0004934> . ?s ?p ?o . VALUES ?x { <urn:x:a",
    "<http://example.org/a> } ?s ?p ?o { <http://example.org/b>",
    "http://example.org/a>} ?s ?p ?o {<http://example.org/b",
    "http://example.org/a b",
    "http://example.org/a\n} ?s ?p ?o {",
    "http://example.org/{x}",
    'http://example.org/"',
    "http://example.org/\\u003E",
    "} . ?s ?p ?o {",
    "UNDEF",
    "?s",
    "_:b",
    "HP:0004934 HP:0004935",
]


@pytest.mark.parametrize("name", ["condition", "predicate", "graph", "feature"])
@pytest.mark.parametrize("value", INJECTIONS)
def test_what_is_no_iri_is_refused(query: StoredQuery, name: str, value: str) -> None:
    with pytest.raises(UsageError):
        query.bind(GIVEN | {name: value})


@pytest.mark.parametrize("name", ["most", "year", "system", "system_name", "paper", "pmid", "limit"])
@pytest.mark.parametrize("value", INJECTIONS)
def test_what_is_no_number_or_name_is_refused(query: StoredQuery, name: str, value: str) -> None:
    with pytest.raises(UsageError):
        query.bind(GIVEN | {name: value})


@given(st.sampled_from(sorted(GIVEN)), st.text(st.sampled_from("HP:0123 <>{}?\"'\\\n#._/httpurn")))
def test_whatever_is_given_the_query_stays_one_of_the_same_form(query: StoredQuery, name: str, value: str) -> None:
    text, problem = "", ""
    try:
        text = query.bind(GIVEN | {name: value})
    except CalckgError as error:
        problem = str(error)
    assert "\n" not in problem
    if problem:
        return
    assert len(text.splitlines()) == len(query.text.splitlines())
    assert len(list(ox.Store().query(text))) == 1  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["", "  \n"])
@pytest.mark.parametrize("name", sorted(GIVEN))
def test_an_empty_value_is_told_with_what_is_wanted(query: StoredQuery, name: str, value: str) -> None:
    with pytest.raises(UsageError, match=f"{query.params[name].option} is empty; give {query.params[name].help}"):
        query.bind(GIVEN | {name: value})


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("most", "many", "--most 'many' is not a whole number"),
        ("most", "1.5", "--most '1.5' is not a whole number"),
        ("year", "20", "--year '20' is not a year; give four digits"),
        ("system", "SNOWMED", "unknown prefix 'SNOWMED'; did you mean SNOMED"),
        ("pmid", "abc", "--pmid: PMID:abc: expected"),
        ("doi", "11.1007/x", "--doi: doi:11.1007/x"),
        ("condition", "HQ:0004934", "unknown prefix 'HQ'; did you mean HP"),
        ("condition", "HP:12", "HP:12: expected 7 digits"),
    ],
)
def test_an_ill_formed_value_is_told(query: StoredQuery, name: str, value: str, problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        query.bind(GIVEN | {name: value})
    assert problem in str(caught.value)


def test_an_unknown_parameter_names_the_nearest(query: StoredQuery) -> None:
    with pytest.raises(UnknownNameError, match="unknown parameter of a-query 'conditon'; did you mean condition"):
        query.bind(GIVEN | {"conditon": "HP:0004934"})


def test_an_unknown_parameter_of_a_query_without_any_is_told(tmp_path: Path) -> None:
    plain = stored(tmp_path, "#+ summary: A query\n#+ columns: [s]\nSELECT ?s { ?s ?p ?o }")
    with pytest.raises(UnknownNameError, match="'x'; it takes none"):
        plain.bind({"x": 1})


def test_a_missing_parameter_is_told(query: StoredQuery) -> None:
    with pytest.raises(UsageError, match="a-query needs --condition: the condition"):
        query.bind({})


# running


def test_a_concept_that_the_graph_does_not_have_is_told(query: StoredQuery) -> None:
    with pytest.raises(UnknownNameError, match="unknown concept 'HP:0004934'"):
        query.run(LocalGraph(ox.Store()), GIVEN)


def test_a_query_that_is_no_select_is_refused(tmp_path: Path) -> None:
    asking = stored(tmp_path, "#+ summary: A query\n#+ columns: [s]\nASK { ?s ?p ?o }")
    with pytest.raises(SourceError, match="a stored query must be a SELECT"):
        asking.run(LocalGraph(ox.Store()), {})


def test_rows_are_variables_and_terms() -> None:
    result = ox.Store().query("SELECT ?a ?b { VALUES (?a ?b) { (1 UNDEF) (UNDEF <urn:x:a>) } }")
    assert isinstance(result, ox.QuerySolutions)
    assert queries.rows(result) == (["a", "b"], [(ox.Literal(1), None), (None, ox.NamedNode("urn:x:a"))])
