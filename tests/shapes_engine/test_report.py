"""Outcomes as a validation report, as findings with their place, and as what CI systems read."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calckg import rdf
from calckg.findings import FileSource, Finding, GraphSource, Severity
from calckg.printable import printable
from calckg.shapes import algebra, model
from calckg.shapes.model import SH, Term
from calckg.shapes.reports import ci_formats, file_lines, messages, report, report_graph
from calckg.shapes.results import Outcome, Result

EX = "https://example.org/"
P, Q = model.Predicate(EX + "p"), model.Predicate(EX + "q")
XSD = "http://www.w3.org/2001/XMLSchema#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
FOUR = ox.Literal("4", datatype=ox.NamedNode(XSD + "integer"))
OTHER = model.Shape(ox.NamedNode(EX + "other"))
NAMELESS = model.Shape(ox.BlankNode("inner"))


def ex(name: str) -> ox.NamedNode:
    return ox.NamedNode(EX + name)


def plan(
    kind: model.Kind | None = None,
    path: model.Path | None = P,
    severity: str = SH + "Violation",
    said: tuple[ox.Literal, ...] = (),
    node: Term | None = None,
) -> algebra.Plan:
    kind = kind or model.MaxCount(1)
    constraint = model.Constraint(SH + type(kind).__name__ + "ConstraintComponent", kind)
    shape = model.Shape(node or ex("shape"), path, (), (constraint,), severity, said)
    return algebra.Plan(shape, constraint, algebra.Focus(()), algebra.Nodes(algebra.Constant(holds=True)))


def graph(*outcomes: Outcome) -> ox.Store:
    store = ox.Store()
    store.extend(ox.Quad(t.subject, t.predicate, t.object) for t in report_graph.triples(outcomes))
    return store


def objects(store: ox.Store, name: str) -> list[Term]:
    found = [quad.object for quad in store.quads_for_pattern(None, ox.NamedNode(SH + name), None)]
    return [term for term in found if not isinstance(term, ox.Triple)]


def findings(outcome: Outcome) -> list[Finding]:
    return list(report.findings([outcome], ox.Store(), lambda focus, path, value: GraphSource()))


# the report


def test_without_results_it_conforms() -> None:
    assert [term.value for term in objects(graph(Outcome(plan(), [])), "conforms")] == ["true"]


def test_what_a_limit_left_out_does_not_conform() -> None:
    assert [term.value for term in objects(graph(Outcome(plan(), [], more=3)), "conforms")] == ["false"]


@pytest.mark.parametrize("name", ["inner", "result0000001", "results"])
def test_no_result_has_the_name_of_a_node_that_it_tells_of(name: str) -> None:
    """Twelve blank nodes: the report, five results, five paths, and the node itself."""
    path = model.Inverse(P)
    results = [Result(ox.BlankNode(name)), Result(ex("a"), ox.BlankNode(name)), *(Result(ex(n)) for n in "bcd")]
    store = graph(Outcome(plan(path=path), results))
    nodes = {term for quad in store for term in (quad.subject, quad.object) if isinstance(term, ox.BlankNode)}
    assert len(nodes) == 12
    assert objects(store, "focusNode").count(ox.BlankNode(name)) == 1


def test_a_result_says_all_that_the_standard_asks_for() -> None:
    store = graph(Outcome(plan(model.NodeKind(frozenset({"IRI"}))), [Result(ex("a"), ox.Literal("x"))]))
    said = {name: [str(term) for term in objects(store, name)] for name in ("focusNode", "value", "resultPath")}
    assert said == {"focusNode": [f"<{EX}a>"], "value": ['"x"'], "resultPath": [f"<{EX}p>"]}
    assert objects(store, "sourceShape") == [ex("shape")]
    assert objects(store, "sourceConstraintComponent") == [ox.NamedNode(SH + "NodeKindConstraintComponent")]
    assert objects(store, "resultSeverity") == [ox.NamedNode(SH + "Violation")]


def test_a_severity_of_one_s_own_stays_in_the_report_and_is_a_violation_in_findings() -> None:
    outcome = Outcome(plan(severity=EX + "Terrible"), [Result(ex("a"))])
    assert objects(graph(outcome), "resultSeverity") == [ex("Terrible")]
    assert [finding.severity for finding in findings(outcome)] == [Severity.VIOLATION]


def test_a_path_of_the_result_stands_before_that_of_the_shape() -> None:
    assert objects(graph(Outcome(plan(), [Result(ex("a"), path=Q)])), "resultPath") == [ex("q")]


def test_a_constraint_in_sparql_is_named() -> None:
    kind = model.Sparql("SELECT $this WHERE {}", node=ex("constraint"))
    assert objects(graph(Outcome(plan(kind), [Result(ex("a"))])), "sourceConstraint") == [ex("constraint")]


PATHS: dict[str, model.Path] = {
    "sh:inversePath ex:p": model.Inverse(P),
    "sh:alternativePath ( ex:p ex:q )": model.Alternative((P, Q)),
    "sh:zeroOrMorePath ex:p": model.Closure(P, 0, many=True),
    "sh:oneOrMorePath ex:p": model.Closure(P, 1, many=True),
    "sh:zeroOrOnePath ex:p": model.Closure(P, 0, many=False),
    "rdf:first ex:p ; rdf:rest ( [ sh:inversePath ex:q ] )": model.Sequence((P, model.Inverse(Q))),
}


@pytest.mark.parametrize("text", PATHS)
def test_a_path_is_said_as_a_shapes_graph_says_it(text: str) -> None:
    turtle = f"@prefix sh: <{SH}> . @prefix rdf: <{RDF}> . @prefix ex: <{EX}> . ex:r sh:resultPath [ {text} ] ."
    found = report_graph.triples([Outcome(plan(path=PATHS[text]), [Result(ex("a"))])])
    about_paths = {RDF + "first", RDF + "rest"}
    kept = [
        ox.Triple(ex("r") if t.predicate.value == SH + "resultPath" else t.subject, t.predicate, t.object)
        for t in found
        if t.predicate.value in about_paths or t.predicate.value.endswith("Path")
    ]
    expected = ox.Dataset(ox.parse(turtle, format=ox.RdfFormat.TURTLE))
    given = ox.Dataset(ox.Quad(t.subject, t.predicate, t.object) for t in kept)
    for dataset in (expected, given):
        dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    assert given == expected


ODD_TERMS = (
    *(ox.Literal(text) for text in ("", "a", 'a "b" \\ c', "line\nline\r\ttab", "\u2028 é 💊", "<x> . _:b")),
    *(ox.Literal("a", language=tag) for tag in ("en", "de-CH")),
    *(ox.Literal(text, datatype=ox.NamedNode(XSD + kind)) for text, kind in (("4", "integer"), ("x", "boolean"))),
    *(ox.Literal(text, datatype=ox.NamedNode(XSD + "decimal")) for text in ("1.0", "1.", "")),
    *(ox.NamedNode(iri) for iri in (EX + "a", SH + "Info", RDF + "type", "http://purl.obolibrary.org/obo/HP_0000001")),
    *(ox.NamedNode("http://purl.obolibrary.org/obo/HP_" + name) for name in ("", "a/b", "a.", "%20", "é")),
    *(ox.BlankNode(name) for name in ("b", "result", "resultx0000001", "0")),
)
TERMS = st.sampled_from(ODD_TERMS)
MESSAGES = st.sampled_from([term for term in ODD_TERMS if isinstance(term, ox.Literal)])
KINDS: tuple[model.Kind, ...] = (
    model.MaxCount(1),
    model.Sparql("", node=ex("q")),
    model.Sparql("", node=ox.BlankNode("resulty")),
)


@st.composite
def made_outcomes(draw: st.DrawFn) -> Outcome:
    path = draw(st.sampled_from([None, P, *PATHS.values()]))
    said = tuple(draw(st.lists(MESSAGES | st.just(ox.Literal("{?value} of {$this}")), max_size=3)))
    of = plan(draw(st.sampled_from(KINDS)), path, draw(st.sampled_from([SH + "Info", EX + "Grave"])), said)
    results = st.builds(Result, TERMS, st.none() | TERMS, message=st.none() | MESSAGES)
    return Outcome(of, draw(st.lists(results, max_size=4)), draw(st.integers(0, 1)))


@pytest.mark.parametrize("name", ["turtle", "ntriples", "jsonld"])
@given(st.lists(made_outcomes(), max_size=4))
def test_a_report_is_written_as_its_triples_are(name: str, outcomes: list[Outcome]) -> None:
    written, stream = BytesIO(), BytesIO()
    report_graph.write(outcomes, written, name)
    rdf.write_quads(report_graph.triples(outcomes), stream, name)
    assert written.getvalue() == stream.getvalue()


# messages

OWN: list[tuple[model.Kind, str]] = [
    (model.Class(ex("C")), f"is no instance of {EX}C"),
    (model.Datatype(XSD + "date"), "is no well-formed literal of xsd:date"),
    (model.NodeKind(frozenset({"IRI", "BlankNode"})), "is not a blank node or an IRI"),
    (model.MinCount(1), "has fewer than 1 value"),
    (model.MaxCount(2), "has more than 2 values"),
    (model.Range(">=", FOUR), "is not >= 4"),
    (model.Length("<=", 3), "has more than 3 characters"),
    (model.Length(">=", 3), "has fewer than 3 characters"),
    (model.Pattern("^a", "i"), "does not match ^a (flags i)"),
    (model.LanguageIn(("en", "de")), "is in none of the languages en, de"),
    (model.UniqueLang(), "has more than one value in a language"),
    (model.Equals(EX + "q"), f"is not a value of both this and {EX}q"),
    (model.Disjoint(EX + "q"), f"is a value of {EX}q too"),
    (model.LessThan(EX + "q", or_equals=True), f"is not less than or equal to the values of {EX}q"),
    (model.Not(OTHER), f"conforms to {EX}other, which it must not"),
    (model.And((OTHER, NAMELESS)), f"does not conform to all of {EX}other, a shape"),
    (model.Or((OTHER,)), f"conforms to none of {EX}other"),
    (model.Xone((OTHER,)), f"does not conform to just one of {EX}other"),
    (model.Node(OTHER), f"does not conform to {EX}other"),
    (model.Qualified(OTHER, "<=", 2), f"has more than 2 values that conform to {EX}other"),
    (model.Closed(frozenset()), "has a predicate that is not allowed here"),
    (model.HasValue(ex("v")), f"lacks the value {EX}v"),
    (
        model.In(tuple(ox.Literal(str(n)) for n in range(10))),
        'is none of "0", "1", "2", "3", "4", "5", "6", "7" and 2 more',
    ),
    (model.Sparql("SELECT $this WHERE {}"), "does not conform to a constraint in SPARQL"),
]


@pytest.mark.parametrize(("kind", "text"), OWN, ids=[f"{type(kind).__name__}-{text[:12]}" for kind, text in OWN])
def test_a_constraint_without_a_message_is_told_in_words(kind: model.Kind, text: str) -> None:
    assert messages.of(plan(kind), Result(ex("a"))) == [ox.Literal(text)]


def test_every_kind_of_constraint_has_words() -> None:
    missing = {kind.__name__ for kind in model.Kind.__args__} - {type(kind).__name__ for kind, _ in OWN}
    assert missing == {"Property"}  # its results are those of the property shape


def test_placeholders_are_filled_and_unknown_ones_stay() -> None:
    said = ox.Literal("{$this} has {?value}, {$limit} at most, {?nothing}", language="en")
    result = Result(ex("a"), ox.Literal("9"), bindings={"limit": FOUR})
    assert messages.of(plan(said=(said,)), result) == [
        ox.Literal(f"{EX}a has 9, 4 at most, {{?nothing}}", language="en")
    ]


def test_the_row_s_message_stands_before_the_constraint_s_and_that_before_the_shape_s() -> None:
    row, constraint, shape = (ox.Literal(text) for text in ("row", "constraint", "shape"))
    kind = model.Sparql("SELECT $this WHERE {}", messages=(constraint,))
    assert messages.of(plan(kind, said=(shape,)), Result(ex("a"), message=row)) == [row]
    assert messages.of(plan(kind, said=(shape,)), Result(ex("a"))) == [constraint]
    assert messages.of(plan(said=(shape,)), Result(ex("a"))) == [shape]


def test_a_finding_names_the_value_though_the_limit_has_its_digits() -> None:
    limit = ox.Literal("40", datatype=ox.NamedNode(XSD + "integer"))
    (found,) = findings(Outcome(plan(model.Range(">", limit)), [Result(ex("a"), FOUR)]))
    assert found.message == f"<{EX}p> is not > 40 (found: 4)"


LABEL = model.Predicate("http://www.w3.org/2000/01/rdf-schema#label")


@pytest.mark.parametrize(
    ("kind", "path", "of", "message"),
    [
        (model.MaxCount(1), LABEL, None, "rdfs:label has more than 1 value"),
        (model.MaxCount(1), P, None, f"<{EX}p> has more than 1 value"),
        (model.MaxCount(1), model.Sequence((LABEL, P)), None, f"(rdfs:label/<{EX}p>) has more than 1 value"),
        (model.MaxCount(1), model.Inverse(LABEL), None, "^(rdfs:label) has more than 1 value"),
        (model.Class(ex("C")), None, None, f"is no instance of {EX}C"),
        (model.Closed(frozenset()), None, LABEL, "rdfs:label is not allowed here"),
        (model.Closed(frozenset()), P, LABEL, "rdfs:label is not allowed here"),
        (model.Sparql("SELECT $this WHERE {}"), P, LABEL, "rdfs:label does not conform to a constraint in SPARQL"),
    ],
)
def test_our_own_words_begin_with_the_property(
    kind: model.Kind, path: model.Path | None, of: model.Path | None, message: str
) -> None:
    (found,) = findings(Outcome(plan(kind, path), [Result(ex("a"), path=of)]))
    assert found.message == message


def test_the_shape_s_own_words_stand_as_they_are() -> None:
    (found,) = findings(Outcome(plan(said=(ox.Literal("too many"),)), [Result(ex("a"))]))
    assert found.message == "too many"


def test_a_blank_node_is_told_as_one() -> None:
    said = (ox.Literal("{$this} has {?value}"),)
    result = Result(ox.BlankNode("a"), ox.BlankNode("b"))
    (own,) = findings(Outcome(plan(model.Class(ex("C")), node=ox.BlankNode("s")), [result]))
    assert (own.rule, own.subject) == ("_:s", "_:a")
    assert own.message == f"<{EX}p> is no instance of {EX}C (found: _:b)"
    (given,) = findings(Outcome(plan(said=said), [result]))
    assert given.message == "_:a has _:b"


@pytest.mark.parametrize(
    ("shapes", "told"),
    [
        ([[model.Datatype(XSD + "string")], [model.Class(ex("C"))]], f"sh:datatype xsd:string, sh:class {EX}C"),
        ([[model.NodeKind(frozenset({"IRI"}))], [model.MinCount(1)]], "sh:nodeKind IRI, a shape"),
        ([[model.Class(ex("C")), model.Class(ex("D"))], []], "a shape, a shape"),
    ],
)
def test_a_shape_without_an_iri_is_told_by_what_it_asks(shapes: list[list[model.Kind]], told: str) -> None:
    parts = tuple(
        model.Shape(ox.BlankNode(str(number)), constraints=tuple(model.Constraint("", kind) for kind in kinds))
        for number, kinds in enumerate(shapes)
    )
    assert messages.of(plan(model.Or(parts)), Result(ex("a"))) == [ox.Literal(f"conforms to none of {told}")]


def test_a_finding_does_not_name_a_value_twice() -> None:
    said = ox.Literal("{?value} is too much")
    (found,) = findings(Outcome(plan(said=(said,)), [Result(ex("a"), FOUR)]))
    assert found.message == "4 is too much"


def test_a_finding_is_in_english_where_there_is_english() -> None:
    said = (ox.Literal("zu viel", language="de"), ox.Literal("too much", language="en"))
    (found,) = findings(Outcome(plan(said=said), [Result(ex("a"))]))
    assert found.message == "too much"


def test_a_shape_without_an_iri_goes_by_what_holds_it() -> None:
    shapes = ox.Store()
    shapes.add(ox.Quad(ex("holder"), ox.NamedNode(SH + "property"), ox.BlankNode("inner")))
    outcome = Outcome(plan(node=ox.BlankNode("inner")), [Result(ex("a"))])
    (found,) = report.findings([outcome], shapes, lambda focus, path, value: GraphSource())
    assert found.rule == EX + "holder"


# lines of files

LINES = """# a comment
<https://example.org/a> <https://example.org/q> "x" .

<https://example.org/a> <https://example.org/p> "x" .
<https://example.org/a> <https://example.org/p> "x y" .
<https://example.org/ab> <https://example.org/p> "x" .
"""


def line(path: Path, name: str, way: model.Path | None = P, value: str | None = "x") -> int | None:
    statement = (ex(name), way, None if value is None else ox.Literal(value))
    return file_lines.find(file_lines.DataFile(path, None), [statement]).get(statement)


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    path = tmp_path / "data.nt"
    path.write_text(LINES)
    return path


def test_a_finding_has_the_line_of_its_statement(lines: Path) -> None:
    assert line(lines, "a") == 4
    assert line(lines, "a", value="x y") == 5
    assert line(lines, "ab") == 6


def test_without_a_statement_it_is_the_first_line_of_the_focus_node(lines: Path) -> None:
    assert line(lines, "a", value=None) == 2
    assert line(lines, "a", model.Inverse(P)) == 2
    assert line(lines, "b", value=None) is None


def test_a_statement_that_is_not_found_has_no_line(lines: Path) -> None:
    assert line(lines, "a", value="nowhere") is None
    assert line(lines, "b") is None


@pytest.mark.parametrize("end", [" .", " <urn:x:g> .", "."])
def test_a_language_is_found_whatever_its_case(tmp_path: Path, end: str) -> None:
    path = tmp_path / "data.nq"
    texts = ['"c"@en', '"c\\"@EN-gb"', '"c"@en-GB', '"c"@EN']
    path.write_text("".join(f"<https://example.org/a> <https://example.org/p> {text}{end}\n" for text in texts))
    values = [ox.Literal("c", language="en-gb"), ox.Literal("c", language="en"), ox.Literal('c"@EN-gb')]
    found = file_lines.find(file_lines.DataFile(path, None), [(ex("a"), P, value) for value in values])
    assert found == {(ex("a"), P, value): number for value, number in zip(values, (3, 1, 2), strict=True)}


@pytest.mark.parametrize("name", ["gone.nt", "gone.nt.gz", "other.nt.gz", "cut.nt.gz"])
def test_a_file_that_can_not_be_read_any_more_has_no_lines(tmp_path: Path, name: str) -> None:
    (tmp_path / "other.nt.gz").write_text(LINES)
    (tmp_path / "cut.nt.gz").write_bytes(gzip.compress(LINES.encode())[:40])
    assert line(tmp_path / name, "a") is None


def test_lines_of_quads_have_a_graph_at_their_end(tmp_path: Path) -> None:
    path = tmp_path / "data.nq"
    path.write_text(LINES.replace(" .\n", " <urn:x:g> .\n"))
    assert (line(path, "a"), line(path, "a", value="x y")) == (4, 5)


def test_lines_are_those_of_what_is_compressed(tmp_path: Path) -> None:
    path = tmp_path / "data.nt.gz"
    path.write_bytes(gzip.compress(LINES.encode()))
    assert line(path, "a") == 4


def test_other_formats_have_no_lines(tmp_path: Path) -> None:
    path = tmp_path / "data.ttl"
    path.write_text(LINES)
    assert line(path, "a") is None


# for CI systems


def finding(name: str = "a", severity: Severity = Severity.VIOLATION, file: str = "data.nt") -> Finding:
    return Finding(EX + "shape", severity, EX + name, "is wrong", "mend it", FileSource(file, 7))


def test_sarif_names_file_and_line() -> None:
    (told,) = json.loads(ci_formats.sarif([finding(file="my data.nt")]))["runs"]
    (result,) = told["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "my%20data.nt"}, "region": {"startLine": 7}}
    assert told["tool"]["driver"]["rules"][0]["help"] == {"text": "mend it"}


def test_sarif_says_what_a_limit_left_out() -> None:
    (told,) = json.loads(ci_formats.sarif([], ["9 more of ex:shape"]))["runs"]
    (note,) = told["invocations"][0]["toolExecutionNotifications"]
    assert note["message"] == {"text": "9 more of ex:shape"}


def junit(found: list[Finding], untold: int = 0) -> ElementTree.Element:
    checked = [(EX + "shape", 0.25, untold), (EX + "shape", 0.25, 0), (EX + "fine", 0.5, 0)]
    return ElementTree.fromstring(ci_formats.junit(found, checked, Severity.WARNING))


def test_junit_has_a_case_for_each_shape_with_its_time() -> None:
    cases = {case.get("name"): case.get("time") for case in junit([])}
    assert cases == {EX + "fine": "0.500", EX + "shape": "0.500"}


def test_junit_fails_only_from_the_limit_on() -> None:
    assert junit([finding(severity=Severity.INFO)]).get("failures") == "0"
    assert junit([finding(severity=Severity.WARNING)]).get("failures") == "1"


def test_junit_fails_a_shape_whose_findings_a_limit_left_out() -> None:
    (failure,) = junit([], untold=3).iter("failure")
    assert failure.get("message") == "3 findings, not told"
    (failure,) = junit([finding()], untold=3).iter("failure")
    assert failure.get("message") == "4 findings: is wrong"


ODD = "".join(map(chr, range(0x20))) + "\x7f\x85\u2028\ufffe\uffff\U0001f9b4"


def test_whatever_a_value_holds_the_report_for_ci_is_well_formed() -> None:
    odd = replace(finding(), message=ODD, subject=EX + ODD)
    (failure,) = junit([odd]).iter("failure")
    assert (failure.get("message") or "").endswith("\\x08\t\n\\x0b\\x0c\r\\x0e" + printable(ODD[15:]))
    (result,) = json.loads(ci_formats.sarif([odd]))["runs"][0]["results"]
    assert result["message"]["text"] == f"{EX}{ODD}: {ODD}"


def test_a_list_of_no_values_is_told_as_such() -> None:
    (finding,) = findings(Outcome(plan(model.In(())), [Result(ex("a"), ox.Literal("x"))]))
    assert finding.message.endswith("can have no value: sh:in is empty (found: x)")
