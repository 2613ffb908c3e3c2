"""XML is read as a stream, and nothing that a file declares can make it grow or reach out."""

from __future__ import annotations

import gzip
import socket
import tracemalloc
from pathlib import Path

import pytest

from calckg.errors import SourceError
from calckg.upstream import xml


def written(folder: Path, text: str, name: str = "a.xml", encoding: str = "utf-8") -> Path:
    path = folder / name
    data = text.encode(encoding)
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


def names(path: Path) -> list[str | None]:
    return [record.get("name") for record in xml.Document(path, ["set"], ["record"])]


def refused(path: Path) -> SourceError:
    with pytest.raises(SourceError) as found:
        names(path)
    assert found.value.file == str(path)
    return found.value


RECORDS = "<set>\n" + "".join(f'  <record name="{n}"><b>{n}</b>x</record>\n' for n in range(30)) + "</set>"


@pytest.mark.parametrize("chunk", [1, 7, 64, 1 << 16])
def test_each_record_comes_once_and_in_order_wherever_the_chunks_end(
    tmp_path: Path, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xml, "_CHUNK", chunk)
    path = written(tmp_path, RECORDS)
    assert names(path) == [str(n) for n in range(30)]
    texts = [xml.text(record) for record in xml.Document(path, ["set"], ["record"])]
    assert texts == [f"{n}x" for n in range(30)]


@pytest.mark.parametrize("chunk", [1, 16, 1 << 16])
def test_records_may_lie_deeper_and_among_others(tmp_path: Path, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml, "_CHUNK", chunk)
    path = written(
        tmp_path,
        '<set kind="k"><head>1</head><inner><record name="a"/><other/><record name="b"/></inner>'
        '<inner/><inner><record name="c"/></inner><tail/></set>',
    )
    assert names(path) == ["a", "b", "c"]


def test_the_root_is_known_when_the_first_record_comes(tmp_path: Path) -> None:
    document = xml.Document(written(tmp_path, '<set lang="eng"><record/></set>'), ["set"], ["record"])
    next(iter(document))
    assert document.root is not None
    assert document.root.get("lang") == "eng"


def test_a_set_without_a_record_is_read(tmp_path: Path) -> None:
    assert names(written(tmp_path, "<set>\n</set>")) == []


def test_a_gzip_file_is_read(tmp_path: Path) -> None:
    assert names(written(tmp_path, RECORDS, "a.xml.gz"))[:2] == ["0", "1"]


def test_an_encoding_that_the_file_declares_is_used(tmp_path: Path) -> None:
    text = '<?xml version="1.0" encoding="iso-8859-1"?><set><record name="Ménière"/></set>'
    assert names(written(tmp_path, text, encoding="iso-8859-1")) == ["Ménière"]


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    with path.open("w") as stream:
        stream.write("<set><inner>")
        for number in range(30_000):
            stream.write(f'<record name="{number}"><a>{"text " * 20}</a></record>\n')
        stream.write("</inner></set>")
    tracemalloc.start()
    try:
        assert sum(1 for _ in xml.Document(path, ["set"], ["record"])) == 30_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000 < path.stat().st_size


@pytest.mark.parametrize(
    "declaration",
    [
        '<!ENTITY lol "lol">',  # an entity that others may multiply
        '<!ENTITY file SYSTEM "file:///etc/hostname">',  # an entity that is another file
        '<!ENTITY % more "">',  # a parameter entity, which may declare others
        '<!ENTITY image SYSTEM "a.png" NDATA png>',  # an unparsed one
    ],
)
def test_an_entity_declaration_is_refused_at_its_line(tmp_path: Path, declaration: str) -> None:
    error = refused(written(tmp_path, f'<?xml version="1.0"?>\n<!DOCTYPE set [\n  {declaration}\n]>\n<set/>'))
    assert error.line == 3
    assert "is declared here" in error.reason
    assert "remove the declaration" in error.reason


def test_a_default_of_an_attribute_is_refused_at_its_line(tmp_path: Path) -> None:
    error = refused(written(tmp_path, '<!DOCTYPE set [\n<!ATTLIST record name CDATA "long">\n]>\n<set/>'))
    assert (error.line, "'name' of <record>" in error.reason) == (2, True)


def test_a_doctype_that_declares_nothing_is_let_pass_and_nothing_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_network(*_: object) -> None:
        raise AssertionError("a connection was asked for")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    for identifier in ('"https://dtd.nlm.nih.gov/a.dtd"', f'"{tmp_path}/missing.dtd"'):
        text = f'<!DOCTYPE set PUBLIC "-//NLM//DTD A//EN" {identifier}>\n<set><record name="a"/></set>'
        assert names(written(tmp_path, text)) == ["a"]


def test_a_doctype_that_declares_elements_only_is_let_pass(tmp_path: Path) -> None:
    text = '<!DOCTYPE set [<!ELEMENT set (record*)><!ATTLIST record name CDATA #IMPLIED>]><set><record name="a"/></set>'
    assert names(written(tmp_path, text)) == ["a"]


def test_an_entity_that_nothing_declares_is_told_with_line_and_column(tmp_path: Path) -> None:
    text = '<!DOCTYPE set SYSTEM "a.dtd">\n<set>\n <record>&nbsp;</record></set>'
    error = refused(written(tmp_path, text))
    assert (error.line, error.column) == (3, 10)
    assert "undefined entity &nbsp;" in error.reason


def test_what_is_not_well_formed_is_told_with_line_and_column(tmp_path: Path) -> None:
    error = refused(written(tmp_path, '<set>\n <record name="a">\n</set>'))
    assert (error.line, error.column) == (3, 3)
    assert error.reason == "not well-formed XML (mismatched tag); mend it there, or download it again"


@pytest.mark.parametrize("text", [RECORDS[:200], RECORDS[:3]])
def test_a_file_that_breaks_off_is_told(tmp_path: Path, text: str) -> None:
    assert "download" in refused(written(tmp_path, text)).reason


def test_another_root_is_told(tmp_path: Path) -> None:
    error = refused(written(tmp_path, "<!-- a web page -->\n<html/>"))
    assert (error.line, error.column) == (2, 1)
    assert error.reason == "the root is <html>, <set> expected; is this the file that it should be?"


@pytest.mark.parametrize(("text", "said"), [("", "empty"), ("not XML", "syntax error")])
def test_what_is_no_xml_at_all_is_told(tmp_path: Path, text: str, said: str) -> None:
    assert said in refused(written(tmp_path, text)).reason


def test_an_encoding_that_nobody_knows_is_told(tmp_path: Path) -> None:
    error = refused(written(tmp_path, '<?xml version="1.0" encoding="klingon"?><set/>'))
    assert (error.line, "unknown encoding" in error.reason) == (1, True)


def test_a_gzip_file_that_breaks_off_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, RECORDS, "a.xml.gz")
    path.write_bytes(path.read_bytes()[:-20])
    assert "not a whole gzip file" in refused(path).reason


def test_the_place_of_an_element_is_found_again(tmp_path: Path) -> None:
    first, second, third = (
        "<record><a/>\n  <b/></record>",
        "<record>\n <a><c/></a></record>",
        "<record><b/>\n\n<a/></record>",
    )
    text = f"<set>\n{first}\n<other/>\n{second}{third}</set>"
    document = xml.Document(written(tmp_path, text), ["set"], ["record"])
    places = [[document.place(element) for element in record.iter()] for record in document]
    assert places == [[(2, 1), (2, 9), (3, 3)], [(5, 1), (6, 2), (6, 5)], [(6, 22), (6, 30), (8, 1)]]


def test_places_are_found_when_only_some_records_are_asked_for(tmp_path: Path) -> None:
    document = xml.Document(written(tmp_path, RECORDS, "a.xml.gz"), ["set"], ["record"])
    wanted = ("3", "17", "29")
    assert [document.place(record) for record in document if record.get("name") in wanted] == [(5, 3), (19, 3), (31, 3)]


def test_an_error_in_a_record_names_file_line_and_column(tmp_path: Path) -> None:
    document = xml.Document(written(tmp_path, '<set>\n <record name="a"/></set>'), ["set"], ["record"])
    record = next(iter(document))
    assert str(document.error("no", record)) == f"{document.path}:2:2: no"
    assert str(document.error("no", record, "name")) == f"{document.path}:2:name: no"


def test_plain_text_is_without_markup_and_with_single_spaces(tmp_path: Path) -> None:
    path = written(tmp_path, "<set><record>  Ca<sup>2+</sup> in\n <i>Homo  sapiens</i>.<b/> </record></set>")
    assert [xml.text(record) for record in xml.Document(path, ["set"], ["record"])] == ["Ca2+ in Homo sapiens."]


def test_the_text_of_what_is_empty_or_missing_is_none(tmp_path: Path) -> None:
    path = written(tmp_path, "<set><record> <a> </a></record></set>")
    record = next(iter(xml.Document(path, ["set"], ["record"])))
    assert (xml.text(record), xml.child(record, "a"), xml.child(record, "b")) == (None, None, None)


def test_a_fragment_may_have_several_elements_and_text() -> None:
    found = xml.fragment("<a>1</a>and<b/>", "a.xml")
    assert [element.tag for element in found] == ["a", "b"]


def test_a_fragment_that_is_not_well_formed_is_told_at_its_line() -> None:
    with pytest.raises(SourceError) as found:
        xml.fragment("<a>\n<b></a>", "a.xml", 40)
    assert (found.value.file, found.value.line) == ("a.xml", 41)
    assert "mismatched tag" in found.value.reason


def test_a_fragment_can_declare_nothing() -> None:
    with pytest.raises(SourceError, match="not well-formed"):
        xml.fragment('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "a.xml", 1)
