"""RDF files: formats round trip, errors have a place, output has one order."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import given, settings
from hypothesis import strategies as st

from calckg import rdf
from calckg.errors import SourceError, UsageError
from tests import terms
from tests.conftest import ROOT

FEW = settings(max_examples=20)  # of each format
SUFFIX = {"turtle": ".ttl", "trig": ".trig", "ntriples": ".nt", "nquads": ".nq", "rdfxml": ".rdf", "jsonld": ".jsonld"}
TEXT = {name: terms.XML_TEXT if name == "rdfxml" else terms.TEXT for name in SUFFIX}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rdf")


def file(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def written(quads: list[ox.Quad], name: str) -> bytes:
    stream = io.BytesIO()
    rdf.write_quads(quads, stream, name)
    return stream.getvalue()


def problem(path: Path) -> SourceError:
    """Return what ``read`` says; ``write_lines`` must say the same."""
    with pytest.raises(SourceError) as caught:
        list(rdf.read(path))
    assert "\n" not in str(caught.value)
    with pytest.raises(SourceError) as also:
        rdf.write_lines(path, path.parent / "out.nt")
    assert str(also.value) == str(caught.value)
    return caught.value


def merged(quads: list[ox.Quad]) -> set[ox.Quad]:
    return {ox.Quad(q.subject, q.predicate, q.object) for q in quads}


# round trips


@pytest.mark.parametrize("name", SUFFIX)
@FEW
@given(data=st.data())
def test_what_is_written_is_read_again(name: str, folder: Path, data: st.DataObject) -> None:
    named = rdf.FORMATS[name].supports_datasets
    quads = data.draw(st.lists(terms.quads(TEXT[name], blanks=False, graphs=named), max_size=5))
    path = file(folder, "x" + SUFFIX[name], written(quads, name) or b"\n")
    if name == "rdfxml" and not quads:
        return  # an empty document is not RDF/XML, which the serialiser knows
    assert set(rdf.read(path)) == set(quads)


@pytest.mark.parametrize("name", SUFFIX)
@FEW
@given(data=st.data())
def test_blank_nodes_are_read_again_as_the_same_graph(name: str, folder: Path, data: st.DataObject) -> None:
    quads = data.draw(st.lists(terms.quads(terms.XML_TEXT, graphs=False), min_size=1, max_size=4))
    path = file(folder, "b" + SUFFIX[name], written(quads, name))
    before, after = ox.Dataset(quads), ox.Dataset(rdf.read(path))
    for dataset in (before, after):
        dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    assert before == after


@pytest.mark.parametrize("name", ["turtle", "ntriples", "rdfxml"])
@FEW
@given(data=st.data())
def test_a_format_without_named_graphs_gets_the_merge(name: str, folder: Path, data: st.DataObject) -> None:
    quads = data.draw(st.lists(terms.quads(terms.XML_TEXT, blanks=False), min_size=1, max_size=5))
    assert set(rdf.read(file(folder, "m" + SUFFIX[name], written(quads, name)))) == merged(quads)


@pytest.mark.parametrize("name", SUFFIX)
@FEW
@given(data=st.data())
def test_the_order_of_the_input_does_not_show(name: str, data: st.DataObject) -> None:
    quads = data.draw(st.lists(terms.quads(terms.XML_TEXT), max_size=6))
    again = data.draw(st.permutations(quads + quads[:1]))
    assert written(quads, name) == written(again, name)


@pytest.mark.parametrize("name", SUFFIX)
@FEW
@given(data=st.data())
def test_triples_are_written_as_the_default_graph_is(name: str, data: st.DataObject) -> None:
    quads = data.draw(st.lists(terms.quads(terms.XML_TEXT, graphs=False), max_size=6))
    stream = io.BytesIO()
    rdf.write_quads([quad.triple for quad in quads], stream, name)
    assert stream.getvalue() == written(quads, name)


@given(st.lists(terms.quads(terms.TEXT, blanks=False, graphs=False), max_size=6))
def test_canonical_turtle_is_a_fixed_point(folder: Path, quads: list[ox.Quad]) -> None:
    once = written(quads, "turtle")
    assert written(list(rdf.read(file(folder, "f.ttl", once or b"\n"))), "turtle") == once


def test_turtle_declares_only_the_prefixes_that_occur() -> None:
    quad = ox.Quad(
        ox.NamedNode("http://purl.obolibrary.org/obo/HP_0004934"),
        rdf.RDF_TYPE,
        ox.NamedNode("http://www.w3.org/2004/02/skos/core#Concept"),
    )
    head = [line.split()[1] for line in written([quad], "turtle").decode().splitlines() if line.startswith("@prefix")]
    assert head == ["HP:", "rdf:", "skos:"]


def test_turtle_writes_the_type_first() -> None:
    subject = ox.NamedNode("urn:x:s")
    quads = [ox.Quad(subject, ox.NamedNode("urn:x:a"), subject), ox.Quad(subject, rdf.RDF_TYPE, subject)]
    assert written(quads, "turtle").decode().splitlines()[1].endswith(" a <urn:x:s> ;")


@pytest.mark.parametrize("path", sorted((ROOT / "graph").glob("*.ttl")), ids=lambda path: path.name)
def test_the_curated_graph_is_in_the_canonical_order(path: Path) -> None:
    assert written(list(rdf.read(path)), "turtle") == path.read_bytes(), "run: make format"


def test_two_files_never_share_a_blank_node(folder: Path) -> None:
    paths = [file(folder, name, "_:a <urn:x:p> 1 .") for name in ("one.ttl", "two.ttl")]
    assert len({quad.subject for path in paths for quad in rdf.read(path)}) == 2


def test_a_relative_iri_is_resolved_against_the_file(folder: Path) -> None:
    (quad,) = rdf.read(file(folder, "r.ttl", "<#a> <urn:x:p> 1 ."))
    assert quad.subject == ox.NamedNode((folder / "r.ttl").as_uri() + "#a")


@pytest.mark.parametrize(("suffix", "name"), rdf.SUFFIXES.items())
def test_a_suffix_tells_the_format(suffix: str, name: str) -> None:
    assert rdf.format_of("a" + suffix) == rdf.format_of("a" + suffix.upper() + ".gz") == rdf.FORMATS[name]


def test_gz_is_looked_through(folder: Path) -> None:
    path = file(folder, "g.ttl.gz", gzip.compress(b"<urn:x:s> <urn:x:p> 1 ."))
    assert len(list(rdf.read(path))) == 1


# errors


PLACES = [
    ("bad.ttl", "<urn:x:a> <urn:x:b> 1 .\n<urn:x:a> <urn:x:b> .\n", 2, 21),
    ("undeclared.ttl", "\n\n  ex:a a ex:B .", 3, 3),
    ("open.ttl", '<urn:x:a> <urn:x:b> "open .\n', 1, 21),
    ("bad.nt", "<urn:x:a> <urn:x:b> <urn:x:c> .\n<urn:x:a> <urn:x:b> x .\n", 2, 21),
    ("bad.nq", "<urn:x:a> <urn:x:b> <urn:x:c> <urn:x:g> 1 .\n", 1, 41),
    ("bad.trig", "<urn:x:g> {\n <urn:x:a> <urn:x:b> . }\n", 2, 22),
    ("bad.rdf", '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n<a></b>\n</rdf:RDF>', 2, 6),
    ("bad.jsonld", '{\n"@id": "urn:x:a",,\n}', 2, 18),
]


@pytest.mark.parametrize(("name", "text", "line", "column"), PLACES, ids=[place[0] for place in PLACES])
def test_a_malformed_file_is_told_with_line_and_column(
    folder: Path, name: str, text: str, line: int, column: int
) -> None:
    error = problem(file(folder, name, text))
    assert (error.line, error.column) == (line, column)
    assert str(error).startswith(f"{folder / name}:{line}:{column}: not well formed: ")


@pytest.mark.parametrize("suffix", rdf.SUFFIXES)
def test_a_file_that_is_not_utf8_is_told(folder: Path, suffix: str) -> None:
    assert problem(file(folder, "latin1" + suffix, '<urn:x:a> <urn:x:b> "é" .'.encode("latin-1"))).line == 1


def test_rdf_xml_that_is_xml_but_no_rdf_is_told(folder: Path) -> None:
    assert "namespaces are required" in str(problem(file(folder, "html.rdf", "<html/>")))


def test_a_json_ld_context_is_never_fetched(folder: Path) -> None:
    text = json.dumps({"@context": "https://example.org/context", "@id": "urn:x:a"})
    assert "nothing is fetched" in str(problem(file(folder, "far.jsonld", text)))


@pytest.mark.parametrize("end", [10, 20, -4, -8])
def test_a_truncated_gz_is_told(folder: Path, end: int) -> None:
    whole = gzip.compress(b"".join(b"<urn:x:a> <urn:x:b> <urn:x:%d> .\n" % n for n in range(2000)))
    assert "not a whole gzip file" in str(problem(file(folder, "cut.nt.gz", whole[:end])))


def test_a_damaged_gz_is_told(folder: Path) -> None:
    whole = bytearray(gzip.compress(b"".join(b"<urn:x:a> <urn:x:b> <urn:x:%d> .\n" % n for n in range(2000))))
    whole[12:60] = b"\xff" * 48
    assert "not a whole gzip file" in str(problem(file(folder, "hurt.nt.gz", bytes(whole))))


def test_a_gz_that_is_none_is_told(folder: Path) -> None:
    assert "not a whole gzip file" in str(problem(file(folder, "no.ttl.gz", "<urn:x:a> <urn:x:b> 1 .")))


@pytest.mark.parametrize("name", ["a.nt", "a.ttl", "a.rdf", "a.jsonld"])
def test_a_gz_that_is_not_called_so_is_told(folder: Path, name: str) -> None:
    text = gzip.compress(b"<urn:x:a> <urn:x:b> 1 .")
    assert "this is a gzip file; give its name .gz at the end" in str(problem(file(folder, name, text)))


@pytest.mark.parametrize("suffix", [".ttl", ".nt", ".trig", ".nq", ".ttl.gz"])
def test_the_mark_before_utf8_is_no_part_of_the_text(folder: Path, suffix: str) -> None:
    text = b"\xef\xbb\xbf<urn:x:a> <urn:x:b> <urn:x:c> ."
    path = file(folder, f"mark{suffix}", gzip.compress(text) if suffix.endswith(".gz") else text)
    (quad,) = rdf.read(path)
    assert quad.subject == ox.NamedNode("urn:x:a")


@pytest.mark.parametrize("address", ["http://example.org/a.ttl", "https://me:secret@example.org/a.ttl", "FTP://x/a.nt"])
def test_an_address_is_not_fetched(address: str) -> None:
    told = str(problem(Path(address)))
    assert told.endswith(": addresses are not fetched; download it, and name the file")
    assert "secret" not in told


def test_an_unknown_suffix_is_told_with_the_known_ones(folder: Path) -> None:
    assert ".ttl .turtle .trig" in str(problem(file(folder, "a.txt", "text")))


def test_a_missing_file_is_told(folder: Path) -> None:
    assert "no such file" in str(problem(folder / "none.ttl"))


@pytest.mark.parametrize("name", ["some.trig", "some.ttl", "none.ttl"])
def test_triples_are_written_as_lines(folder: Path, name: str) -> None:
    triples = '<urn:x:a> <urn:x:b> "x"@en, "<<( --ltr" . _:b <urn:x:b> _:b .'
    text = {"some.trig": f"<urn:x:g> {{ {triples} }} {triples}", "some.ttl": triples, "none.ttl": "# nothing"}[name]
    path = file(folder, name, text)
    rdf.write_lines(path, folder / "out.nt")
    lines = (folder / "out.nt").read_bytes()
    assert lines.count(b"\n") == len(list(rdf.read(path)))
    read = [quad.triple for quad in ox.parse(lines, format=ox.RdfFormat.N_TRIPLES)]
    assert {str(triple.object) for triple in read if not isinstance(triple.subject, ox.BlankNode)} == (
        set() if name == "none.ttl" else {'"x"@en', '"<<( --ltr"'}
    )


def test_a_literal_that_no_reader_takes_is_told(folder: Path) -> None:
    text = f'<urn:x:a> <urn:x:b> "{"x" * 17_000_000}" .'
    assert str(problem(file(folder, "long.nt", text))).endswith("bytes); shorten it")


def test_a_triple_term_is_refused(folder: Path) -> None:
    error = problem(file(folder, "star.ttl", "<urn:x:a> <urn:x:b> <<( <urn:x:a> <urn:x:b> 1 )>> ."))
    assert "RDF 1.2" in str(error)


def test_a_base_direction_is_refused(folder: Path) -> None:
    assert "RDF 1.2" in str(problem(file(folder, "rtl.ttl", '<urn:x:a> <urn:x:b> "x"@ar--rtl .')))


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown RDF format 'hdt'; known: turtle, trig"):
        written([], "hdt")


def test_what_is_written_goes_out_as_it_comes() -> None:
    output = io.BytesIO()
    sizes: list[int] = []

    def triples() -> Iterator[ox.Triple]:
        for number in range(10_000):
            sizes.append(output.tell())
            yield ox.Triple(ox.NamedNode(f"urn:x:{number}"), rdf.RDF_TYPE, ox.NamedNode("urn:x:c"))

    rdf.serialise(triples(), output, "jsonld")
    assert sizes[-1] > len(output.getvalue()) / 2


# rdflib


@given(st.lists(terms.quads(terms.TEXT, blanks=False, graphs=False), max_size=5))
def test_rdflib_gets_each_literal_as_it_is_written(quads: list[ox.Quad]) -> None:
    graph = rdf.to_rdflib(ox.Triple(q.subject, q.predicate, q.object) for q in quads)
    lexical = {str(o) for o in graph.objects() if isinstance(o, rdflib.Literal)}
    assert lexical == {q.object.value for q in quads if isinstance(q.object, ox.Literal)}
    assert len(graph) == len(set(quads))


def test_rdflib_keeps_a_number_with_its_zeros() -> None:
    decimal = ox.Literal("99.0", datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#decimal"))
    node = ox.NamedNode("urn:x:s")
    (value,) = rdf.to_rdflib([ox.Triple(node, node, decimal)]).objects()
    assert str(value) == "99.0"


def test_rdflib_keeps_a_blank_node_by_its_name() -> None:
    triple = ox.Triple(ox.BlankNode("b1"), ox.NamedNode("urn:x:p"), ox.BlankNode("b1"))
    ((subject, _, target),) = rdf.to_rdflib([triple])
    assert subject == target == rdflib.BNode("b1")


# --- XML


XML = """<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://example.org/">
<rdf:Description rdf:about="http://example.org/a"><e:p>one
two
three</e:p><e:q>one&#13;two</e:q></rdf:Description>
</rdf:RDF>
"""


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_of_xml_end_in_one_way_whatever_the_file_has(tmp_path: Path, end: str) -> None:
    path = tmp_path / "a.rdf"
    path.write_bytes(XML.replace("\n", end).encode())
    assert {quad.object for quad in rdf.read(path)} == {ox.Literal("one\ntwo\nthree"), ox.Literal("one\rtwo")}


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_lines_end_so_however_they_are_cut(size: int) -> None:
    text = b"\r\n\r\r\na\rb\nc\r\n\n\r"
    stream = rdf.XmlLines(io.BufferedReader(io.BytesIO(text)))
    read = b"".join(iter(lambda: stream.read(size), b""))
    assert read == text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (XML.replace("<e:p>", '<e:p xml:lang="">').encode(), 'xml:lang="" can\'t be read'),
        (XML.replace("<rdf:RDF", "<!DOCTYPE a [<!ENTITY b 'c'>]>\n<rdf:RDF", 1).encode(), "in double quotes, no other"),
        (XML.encode("utf-16"), "save it in UTF-8"),
        (XML.replace('1.0"', '1.0" encoding="ISO-8859-1"').encode("latin-1"), "XML is read in UTF-8 only"),
    ],
)
def test_xml_that_is_not_taken_is_told_as_such(tmp_path: Path, text: bytes, told: str) -> None:
    path = tmp_path / "a.rdf"
    path.write_bytes(text)
    with pytest.raises(SourceError) as error:
        list(rdf.read(path))
    assert told in str(error.value)
    assert "not well formed" not in str(error.value)
