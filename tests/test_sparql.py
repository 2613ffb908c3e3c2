"""The SPARQL side: a store in memory and an endpoint answer alike; what reaches out or changes is refused."""

from __future__ import annotations

import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calckg.errors import CalckgError, EndpointError, UsageError
from calckg.sparql import EndpointGraph, LocalGraph, check_read_only, query_form
from tests.endpoint import Answer, serving

GRAPH = "https://example.org/graph"
FAR = "http://127.0.0.1:1/never"  # where SERVICE would lead
EX = "PREFIX ex: <https://example.org/> "


@pytest.fixture(scope="module")
def local() -> LocalGraph:
    store = ox.Store()
    a, b = ox.NamedNode("urn:x:a"), ox.NamedNode("urn:x:b")
    store.add(ox.Quad(a, b, ox.Literal("1")))
    store.add(ox.Quad(a, b, ox.Literal("1"), ox.NamedNode(GRAPH)))
    return LocalGraph(store)


# what is read-only

HARMLESS = {
    "plain": "SELECT * { ?s ?p ?o }",
    "in a comment": "SELECT * { ?s ?p ?o } # SERVICE <x>",
    "in a comment in the middle": "SELECT * { # SERVICE\n ?s ?p ?o }",
    "in a string": 'SELECT * { ?s ?p "SERVICE <x> {" }',
    "in a string of single quotes": "SELECT * { ?s ?p 'it\\'s SERVICE' }",
    "in a long string": 'SELECT * { ?s ?p """a "quoted" SERVICE\n# <x>""" }',
    "in an IRI": "SELECT * { ?s <https://example.org/service> ?o }",
    "in an IRI's fragment": "SELECT * { ?s <https://example.org/#SERVICE> ?o }",
    "in an IRI with brackets": "SELECT * { ?s <https://example.org/a_(b)_service> ?o }",
    "as a variable": "SELECT ?service $SERVICE { ?service ?p $SERVICE }",
    "in a prefixed name": EX + "SELECT * { ?s ex:service ?o }",
    "as a prefix": "PREFIX service: <urn:x:> SELECT * { ?s service:a ?o }",
    "in a language tag": 'SELECT * { ?s ?p "x"@en-service }',
    "an update's word as a variable": "SELECT ?insert { ?insert ?delete ?load }",
    "an update's word in a string": 'ASK { ?s ?p "DROP ALL" }',
    "from as a variable": "SELECT ?from { ?from ?p ?o }",
    "with a known graph": f"SELECT * FROM <{GRAPH}> {{ ?s ?p ?o }}",
    "with a known named graph": f"SELECT * FROM NAMED <{GRAPH}> {{ GRAPH ?g {{ ?s ?p ?o }} }}",
    "with two known graphs": f"SELECT * FROM <{GRAPH}> FROM NAMED <{GRAPH}> {{ ?s ?p ?o }}",
}


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS)
def test_a_reading_query_passes(local: LocalGraph, text: str) -> None:
    check_read_only(text, local)
    local.query(text)


# Each of these makes pyoxigraph ask FAR, or may make another engine do so.
REACHING = {
    "plainly": f"SELECT * {{ SERVICE <{FAR}> {{ ?s ?p ?o }} }}",
    "in lower case": f"SELECT * {{ service <{FAR}> {{ ?s ?p ?o }} }}",
    "silently": f"SELECT * {{ SERVICE SILENT <{FAR}> {{ ?s ?p ?o }} }}",
    "in an ASK": f"ASK {{ SERVICE <{FAR}> {{ ?s ?p ?o }} }}",
    "in a CONSTRUCT": f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ SERVICE <{FAR}> {{ ?s ?p ?o }} }}",
    "in a subquery": f"SELECT * {{ {{ SELECT * {{ SERVICE <{FAR}> {{ ?s ?p ?o }} }} }} }}",
    "by a variable": f"SELECT * {{ BIND(<{FAR}> AS ?far) SERVICE ?far {{ ?s ?p ?o }} }}",
    "by a variable without a space": f"SELECT * {{ BIND(<{FAR}> AS ?far) SERVICE?far {{ ?s ?p ?o }} }}",
    "by a prefixed name without a space": f"PREFIX far: <{FAR}> SELECT * {{ SERVICEfar: {{ ?s ?p ?o }} }}",
    "by the empty prefix": f"PREFIX : <{FAR}> SELECT * {{ SERVICE: {{ ?s ?p ?o }} }}",
    "after true without a space": f"SELECT * {{ ?a ?b trueSERVICE<{FAR}> {{ ?s ?p ?o }} }}",
    "after a number without a space": f"SELECT * {{ ?a ?b 5SERVICE<{FAR}> {{ ?s ?p ?o }} }}",
    "after a comment that a carriage return ends": f"SELECT * {{ ?a ?b ?c #\r SERVICE <{FAR}> {{ ?s ?p ?o }}\n }}",
    "between less-than and a comment's end": f"SELECT * {{ ?a ?b ?c FILTER(?a<?b)SERVICE#>\n<{FAR}> {{ ?s ?p ?o }} }}",
    "after an escaped quote and hash": f'SELECT * {{ ?a ?b "\\u0022 #" . SERVICE <{FAR}> {{ ?s ?p ?o }} }}',
    "after an escaped hash in a name": EX + f"SELECT * {{ ?a ?b ex:\\#x . SERVICE <{FAR}> {{ ?s ?p ?o }} }}",
    "after an escaped quote in a name": EX + f"SELECT * {{ ?a ex:\\'x ?c . SERVICE <{FAR}> {{ ?s ?p ?o }} }} #'",
    "spelt with code points": f"SELECT * {{ \\u0053ERVICE <{FAR}> {{ ?s ?p ?o }} }}",
    "spelt with long code points": f"SELECT * {{ \\U00000053ERVIC\\u0065 <{FAR}> {{ ?s ?p ?o }} }}",
}


@pytest.mark.parametrize("text", REACHING.values(), ids=REACHING)
def test_service_is_refused(local: LocalGraph, text: str) -> None:
    with pytest.raises(UsageError, match=r"SERVICE asks another server|malformed"):
        check_read_only(text, local)


def test_a_malformed_query_with_service_in_a_name_is_told_as_malformed(local: LocalGraph) -> None:
    with pytest.raises(UsageError, match="malformed at line 1"):
        check_read_only("SELECT * { ?s <https://example.org/service> ", local)


UPDATES = {
    "INSERT": "INSERT DATA { <urn:x:a> <urn:x:b> 1 }",
    "DELETE": "DELETE WHERE { ?s ?p ?o }",
    "LOAD": "LOAD <file:///etc/passwd>",
    "CLEAR": "CLEAR ALL",
    "CREATE": "CREATE GRAPH <urn:x:g>",
    "DROP": "drop all",
    "COPY": "COPY DEFAULT TO <urn:x:g>",
    "MOVE": "MOVE DEFAULT TO <urn:x:g>",
    "ADD": "ADD DEFAULT TO <urn:x:g>",
    "WITH": "WITH <urn:x:g> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
    "INSERT after a prologue": EX + "# SELECT\nINSERT { ?s ?p 1 } WHERE { SELECT * { ?s ?p ?o } }",
    "INSERT spelt with code points": "\\u0049NSERT DATA { <urn:x:a> <urn:x:b> 1 }",
}


@pytest.mark.parametrize("text", UPDATES.values(), ids=UPDATES)
def test_an_update_is_refused(local: LocalGraph, text: str) -> None:
    with pytest.raises(UsageError, match="is an update, and this command only reads"):
        check_read_only(text, local)


FROM = {
    "an address": "SELECT * FROM <https://example.org/data.ttl> { ?s ?p ?o }",
    "a file": "SELECT * FROM <file:///etc/passwd> { ?s ?p ?o }",
    "a relative file": "SELECT * FROM <data.ttl> { ?s ?p ?o }",
    "a named address": "SELECT * FROM NAMED <https://example.org/data.ttl> { GRAPH ?g { ?s ?p ?o } }",
    "an address after a known graph": f"SELECT * FROM <{GRAPH}> FROM <urn:x:none> {{ ?s ?p ?o }}",
    "lower case": "select * from <urn:x:none> { ?s ?p ?o }",
    "code points": "SELECT * \\u0046ROM <urn:x:none> { ?s ?p ?o }",
    "nothing": "SELECT * FROM",
}


@pytest.mark.parametrize("text", FROM.values(), ids=FROM)
def test_from_of_an_unknown_graph_is_refused(local: LocalGraph, text: str) -> None:
    with pytest.raises(UsageError, match="no named graph of this name here, and nothing is fetched"):
        check_read_only(text, local)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("SELECT * {}", "SELECT"),
        ("ask {}", "ASK"),
        ("PREFIX select: <urn:x:> CONSTRUCT WHERE { ?s ?p ?o }", "CONSTRUCT"),
        ("# SELECT\nDESCRIBE <urn:x:a>", "DESCRIBE"),
        ("BASE <https://example.org/select> ASK {}", "ASK"),
        ("", ""),
        ("DROP ALL", ""),
    ],
)
def test_the_form_of_a_query(text: str, form: str) -> None:
    assert query_form(text) == form


@given(st.text(st.sampled_from("SERVICE selct<>\"'#\\{}?:.\n\ru0053")))
def test_any_text_is_checked_without_another_error(text: str) -> None:
    graph = LocalGraph(ox.Store())
    problem = ""
    try:
        check_read_only(text, graph)
        graph.query(text)
    except CalckgError as error:
        problem = str(error)
    assert "\n" not in problem


def test_a_malformed_query_is_told_with_line_and_column(local: LocalGraph) -> None:
    with pytest.raises(UsageError, match="malformed at line 2, column 7: expected"):
        local.query("SELECT *\nWHERE ?s")


def test_the_message_of_a_malformed_query_is_short(local: LocalGraph) -> None:
    with pytest.raises(UsageError) as caught:
        local.query("SELECT * { ?s ?p")
    assert len(str(caught.value)) < 200


# an endpoint

ROWS = {
    "head": {"vars": ["s", "n"]},
    "results": {
        "bindings": [
            {"s": {"type": "uri", "value": "urn:x:a"}, "n": {"type": "literal", "value": "é", "xml:lang": "fr"}},
            {"s": {"type": "bnode", "value": "b"}},
        ]
    },
}


def ask(answer: Answer, text: str = "SELECT * { ?s ?p ?o }", timeout: float = 5.0) -> object:
    with serving(answer) as url:
        return EndpointGraph(url, timeout).query(text)


def failure(answer: Answer, text: str = "SELECT * { ?s ?p ?o }", timeout: float = 5.0) -> str:
    with pytest.raises(EndpointError) as caught:
        ask(answer, text, timeout)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_an_endpoint_gives_rows() -> None:
    result = ask(Answer(json.dumps(ROWS).encode()))
    assert isinstance(result, ox.QuerySolutions)
    assert [(row["s"], row["n"]) for row in result] == [
        (ox.NamedNode("urn:x:a"), ox.Literal("é", language="fr")),
        (ox.BlankNode("b"), None),
    ]


@pytest.mark.parametrize("truth", [True, False])
def test_an_endpoint_answers_ask(truth: bool) -> None:
    result = ask(Answer(json.dumps({"head": {}, "boolean": truth}).encode()), "ASK {}")
    assert isinstance(result, ox.QueryBoolean)
    assert bool(result) is truth


@pytest.mark.parametrize("text", ["CONSTRUCT WHERE { ?s ?p ?o }", "DESCRIBE <urn:x:a>"])
def test_an_endpoint_gives_triples(text: str) -> None:
    result = ask(Answer(b'<urn:x:a> <urn:x:b> "1" .\n'), text)
    assert isinstance(result, ox.QueryTriples)
    assert [str(triple) for triple in result] == ['<urn:x:a> <urn:x:b> "1"']


def test_an_endpoint_is_asked_with_the_text_unchanged() -> None:
    answer = Answer(json.dumps(ROWS).encode())
    text = 'SELECT * { ?s ?p "é&=+ #" }\n'
    ask(answer, text)
    assert answer.asked == [text]


@pytest.mark.parametrize(
    ("text", "accept"),
    [("SELECT * {}", "application/sparql-results+json"), ("DESCRIBE <urn:x:a>", "application/n-triples")],
)
def test_an_endpoint_is_asked_for_a_standard_format(text: str, accept: str) -> None:
    answer = Answer(b'{"head": {"vars": []}, "results": {"bindings": []}}' if "SELECT" in text else b"")
    ask(answer, text)
    assert answer.headers[0]["Accept"] == accept


def test_a_refused_query_is_a_wrong_request() -> None:
    with pytest.raises(UsageError, match="answered 400 Bad Request: Parse error at line 1"):
        ask(Answer(b"Parse error\n at line 1", status=400))


def test_a_server_error_is_told_with_what_it_says() -> None:
    assert "answered 500 Internal Server Error: out of memory" in failure(Answer(b"out of memory", status=500))


def test_a_missing_page_is_told() -> None:
    assert "answered 404 Not Found" in failure(Answer(status=404))


NOT_SPARQL = {
    "a web page": b"<html>hello</html>",
    "nothing": b"",
    "other JSON": b'{"hello": 1}',
    "JSON cut off after a row": json.dumps(ROWS).encode()[:-30],
    "a row that is none": b'{"head":{"vars":["s"]},"results":{"bindings":[{"s":3}]}}',
    "an IRI that is none": b'{"head":{"vars":["s"]},"results":{"bindings":[{"s":{"type":"uri","value":"a b"}}]}}',
}


@pytest.mark.parametrize("body", NOT_SPARQL.values(), ids=NOT_SPARQL)
def test_an_answer_that_is_not_sparql_is_told(body: bytes) -> None:
    assert "is it a SPARQL endpoint?" in failure(Answer(body))


def test_triples_that_are_none_are_told() -> None:
    assert "is it a SPARQL endpoint?" in failure(Answer(b"<html>"), "CONSTRUCT WHERE { ?s ?p ?o }")


def test_an_answer_that_breaks_off_is_told() -> None:
    assert "broke its answer off" in failure(Answer(b"{}", missing=5))


def test_a_slow_endpoint_times_out() -> None:
    told = failure(Answer(b"{}", delay=0.5), timeout=0.1)
    assert told.endswith(" gave no answer in 0.1 seconds; ask for less, or set CALCKG_TIMEOUT higher")


def test_the_time_for_an_answer_is_set_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert EndpointGraph("http://e/").timeout == 300
    monkeypatch.setenv("CALCKG_TIMEOUT", "0.5")
    assert EndpointGraph("http://e/").timeout == 0.5
    assert EndpointGraph("http://e/", 7).timeout == 7


@pytest.mark.parametrize("text", ["", "soon", "0", "-1", "nan", "inf"])
def test_a_time_for_an_answer_that_is_none_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALCKG_TIMEOUT", text)
    with pytest.raises(UsageError, match=f"CALCKG_TIMEOUT={text}: not a number of seconds; set one such as 300"):
        EndpointGraph("http://e/")


def test_an_answer_that_breaks_off_is_told_in_another_thread_too() -> None:
    body = json.dumps(ROWS).encode()
    with serving(Answer(body[: body.index(b"bnode")])) as url, ThreadPoolExecutor(1) as pool:
        error = pool.submit(EndpointGraph(url).query, "SELECT * { ?s ?p ?o }").exception()
    assert isinstance(error, EndpointError)
    assert str(error).endswith("; is it a SPARQL endpoint? If so, a limit of its own may have cut the answer off")


def test_a_refused_connection_is_told() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(EndpointError, match=r"can't be reached \(.*refused\); is the server running\?"):
        EndpointGraph(f"http://127.0.0.1:{port}/").query("ASK {}")


def test_a_server_that_does_not_speak_http_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(10_000)
                connection.sendall(b"SSH-2.0-x\r\n")

        thread = threading.Thread(target=greet)
        thread.start()
        with pytest.raises(EndpointError, match="can't be reached"):
            EndpointGraph(f"http://127.0.0.1:{server.getsockname()[1]}/").query("ASK {}")
        thread.join()


@pytest.mark.parametrize("url", ["example.org/sparql", "ftp://example.org/", "http:///sparql", "", "graph.ttl"])
def test_an_address_that_is_not_http_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match=r"not an http\(s\) address"):
        EndpointGraph(url)


@pytest.mark.parametrize("url", ["http://[x/", "http://127.0.0.1:port/", "http://127.0.0.1/a b", "http://127.0.0.1/ä"])
def test_an_odd_address_is_told(url: str) -> None:
    with pytest.raises(EndpointError, match="can't be reached"):
        EndpointGraph(url).query("ASK {}")
