"""RDF files in and out: formats by suffix, errors with file, line and column, one canonical order for Turtle."""

from __future__ import annotations

import codecs
import gzip
import mmap
import zlib
from collections.abc import Iterable, Iterator, Mapping
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import pyoxigraph as ox

from calckg import prefixes
from calckg.errors import CalckgError, SourceError, UsageError
from calckg.files import EMPTY, plain_suffix, readable

if TYPE_CHECKING:
    import rdflib

RDF_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")

FORMATS: dict[str, ox.RdfFormat] = {
    "turtle": ox.RdfFormat.TURTLE,
    "trig": ox.RdfFormat.TRIG,
    "ntriples": ox.RdfFormat.N_TRIPLES,
    "nquads": ox.RdfFormat.N_QUADS,
    "rdfxml": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
}
LINES = ("nquads", "ntriples")
"""The formats of one statement a line; they are sorted as texts."""
_DECLARATION = b"@prefix "
_BEYOND = {
    "Only UTF-8 is supported": "XML is read in UTF-8 only; save it so",
    "cannot decode input using UTF-8": "it has bytes that are no UTF-8; save it in UTF-8",
    "<!ENTITY values should": "an entity is read where its value follows in double quotes, no other; write it so",
    "language tag ''": 'xml:lang="" can\'t be read; write the file in another format, such as Turtle',
}
"""What the parser of RDF/XML does not take, though XML has it."""
SUFFIXES: dict[str, str] = {
    ".ttl": "turtle",
    ".turtle": "turtle",
    ".trig": "trig",
    ".nt": "ntriples",
    ".nq": "nquads",
    ".rdf": "rdfxml",
    ".owl": "rdfxml",
    ".xml": "rdfxml",
    ".jsonld": "jsonld",
    ".json": "jsonld",
}


def format_of(path: str | Path, name: str | None = None) -> ox.RdfFormat:
    """Return the RDF format called ``name``, else that of the suffix of ``path`` (``.gz`` is looked through)."""
    if name is not None:
        return FORMATS[name]
    suffix = plain_suffix(path)
    if suffix not in SUFFIXES:
        raise SourceError(f"{suffix or 'no suffix'!r} is not an RDF suffix; known: {' '.join(SUFFIXES)}", path)
    return FORMATS[SUFFIXES[suffix]]


def read(path: str | Path, name: str | None = None) -> Iterator[ox.Quad]:
    """Yield the quads of an RDF file; blank nodes are renamed so that two files never share one.

    It is in the format called ``name``, else in what its suffix stands for. A pipe can be read but once.

    Raises ``SourceError`` with file, line and column (1-based) when the file is not well formed RDF 1.1.
    """
    path = readable(path)
    for quad in _parsed(path, name):
        _check_version(quad, path)
        yield quad


def write_lines(path: str | Path, output: Path, name: str | None = None) -> None:
    """Write the triples of an RDF file, those of named graphs too, to ``output`` as canonical N-Triples; see ``read``.

    Where the lines have no sign of RDF 1.2, Python looks at none of the quads: it takes half the time.
    """
    path = readable(path)
    if path.is_file() and not format_of(path, name).supports_datasets:
        with output.open("wb") as lines:
            ox.serialize(_parsed(path, name), lines, format=ox.RdfFormat.N_TRIPLES)
        if not _may_be_newer(output):
            return
    with output.open("wb") as lines:
        ox.serialize((quad.triple for quad in read(path, name)), lines, format=ox.RdfFormat.N_TRIPLES)


def address_of(path: Path) -> str:
    """Return the IRI of a file, which relative IRIs in it refer to; that of a pipe does not tell the process."""
    return (path.resolve() if path.is_file() else path.absolute()).as_uri()


def _parsed(path: Path, name: str | None) -> Iterator[ox.Quad]:
    """Yield the quads of an RDF file, those of RDF 1.2 too; what is wrong is a ``SourceError`` with the place."""
    rdf_format = format_of(path, name)
    if _is_gzip(path) and path.suffix.lower() != ".gz":
        raise SourceError("this is a gzip file; give its name .gz at the end, or unpack it", path)
    try:
        with _open(path) as stream:
            if not stream.peek(1):
                raise SourceError(EMPTY, path)
            lines = XmlLines(stream) if rdf_format == ox.RdfFormat.RDF_XML else stream
            source = cast("IO[bytes]", lines)  # all that is asked of it is to be read
            yield from ox.parse(source, format=rdf_format, base_iri=address_of(path), rename_blank_nodes=True)
    except SyntaxError as error:
        if error.lineno is None and rdf_format == ox.RdfFormat.RDF_XML and path.is_file():
            error.lineno, error.offset = _xml_place(path)
        raise syntax_error(error, path) from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise SourceError(f"not a whole gzip file ({error}); download it again", path) from None
    except MemoryError as error:  # the reader's own limit
        raise SourceError(f"a term is too long ({' '.join(str(error).split())} bytes); shorten it", path) from None
    except (OSError, ValueError, UnicodeDecodeError) as error:
        raise SourceError(f"can't be read: {error}", path) from None


def _may_be_newer(lines: Path) -> bool:
    """Tell whether a file of N-Triples has what only RDF 1.2 has: a triple term, or a direction after a language."""
    if not lines.stat().st_size:  # which no memory can be mapped to
        return False
    with lines.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as text:
        return any(text.find(sign) >= 0 for sign in (b"<<(", b"--ltr", b"--rtl"))


def _check_version(quad: ox.Quad, path: Path) -> None:
    """Refuse what came with RDF 1.2: the libraries that the quads are handed to do not know it."""
    target = quad.object
    if isinstance(target, ox.Triple) or (isinstance(target, ox.Literal) and getattr(target, "direction", None)):
        raise SourceError(f"{target} is RDF 1.2 (an object of {quad.subject}); write RDF 1.1", path)


def _open(path: Path) -> BufferedReader | gzip.GzipFile:
    """Open a file for its bytes, after the mark that some programs put before UTF-8."""
    stream = gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb")  # noqa: SIM115
    if stream.peek(len(codecs.BOM_UTF8)).startswith(codecs.BOM_UTF8):
        stream.read(len(codecs.BOM_UTF8))
    return stream


class XmlLines:
    """A stream of XML in UTF-8 in which each line ends in a line feed (XML 1.0, 2.11): the parser leaves them as is."""

    def __init__(self, stream: BufferedReader | gzip.GzipFile) -> None:
        self._stream, self._is_after_return = stream, False

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, ``size`` at most; none at the end."""
        while block := self._stream.read(size):
            text = block[1:] if self._is_after_return and block.startswith(b"\n") else block
            self._is_after_return = block.endswith(b"\r")
            if text:
                return text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return b""


def _is_gzip(path: Path) -> bool:
    """Tell whether a file begins as gzip does; of what can be read but once, such as a pipe, it is not looked at."""
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(2) == b"\x1f\x8b"


def _xml_place(path: Path) -> tuple[int | None, int | None]:
    """Find where XML stops being well formed: the RDF/XML parser does not say."""
    from xml.parsers import expat

    parser = expat.ParserCreate()
    try:
        with _open(path) as stream:
            parser.ParseFile(stream)
    except expat.ExpatError as error:
        return error.lineno, error.offset + 1
    return None, None


def syntax_error(error: SyntaxError, path: str | Path) -> SourceError:
    """Turn a parser's ``SyntaxError`` into a one-line ``SourceError`` that names the place."""
    message = " ".join(str(error.msg).split()).removeprefix("Parser error ")
    if error.lineno is not None and message.startswith(("at line", "between line")):
        message = message.partition(": ")[2] or message
    if "LoadDocumentCallback" in message:
        message = "it names a context by its address, and nothing is fetched: put the context itself into the file"
    for sign, why in _BEYOND.items():
        if sign in message:
            return SourceError(why, path, error.lineno, error.offset)
    return SourceError(f"not well formed: {message}; mend the file there", path, error.lineno, error.offset)


def sort_key(triple: ox.Triple | ox.Quad) -> tuple[str, bool, str, str]:
    """Return what a triple is ordered by: subject, ``rdf:type`` first, predicate, object as N-Triples."""
    predicate = triple.predicate.value
    return (str(triple.subject), predicate != RDF_TYPE.value, predicate, str(triple.object))


def write_turtle(triples: Iterable[ox.Triple], output: IO[bytes]) -> None:
    """Write Turtle in the one canonical order, with the prefixes that occur and no others."""
    ordered = sorted(triples, key=sort_key)
    terms = {term for triple in ordered for term in (triple.subject, triple.predicate, triple.object)}
    serialise(ordered, output, "turtle", prefixes_of(filter(None, map(_iri_of, terms))))


def turtle_texts(terms: Mapping[str, ox.NamedNode | ox.Literal]) -> tuple[str, dict[str, str]]:
    """Return the texts of terms in Turtle by those in N-Triples, and the head that declares the prefixes in them."""
    output, said = BytesIO(), ox.NamedNode("urn:x:p")
    declared = prefixes_of(filter(None, map(_iri_of, terms.values())))
    namespaces = tuple(f"<{namespace}" for namespace in declared.values())
    texts = {text: text for text in terms}  # as they are where nothing can be shorter
    others = [text for text in terms if text[0] != "<" or text.startswith(namespaces)]
    statements = (ox.Triple(ox.BlankNode(str(number)), said, terms[text]) for number, text in enumerate(others))
    serialise(statements, output, "turtle", declared)
    lines = output.getvalue().decode().split("\n")[:-1]
    head = lines[: len(lines) - len(others)]
    for number, (text, line) in enumerate(zip(others, lines[len(head) :], strict=True)):
        texts[text] = line[len(f"_:{number} {said} ") : -len(" .")]
    return "".join(f"{line}\n" for line in head), texts


def prefixes_of(iris: Iterable[str]) -> dict[str, str]:
    """Return the prefixes that ``iris`` are written with, each with its namespace."""
    table = prefixes.load()
    size = min(map(len, table.namespaces.values()))
    heads = {namespace[:size] for namespace in table.namespaces.values()}
    used = set()
    for iri in set(iris):  # most stand in many triples
        if iri[:size] not in heads:
            continue  # nothing declared begins like it
        name = table.prefix_of(iri)
        if name is not None and name not in used and iri.startswith(table.namespaces[name]):
            used.add(name)
    return {name: iri for name, iri in table.turtle_prefixes().items() if name in used}


def _iri_of(term: object) -> str:
    """Return the IRI that a term is written with: its own or its datatype's; of a blank node the empty string."""
    node = term.datatype if isinstance(term, ox.Literal) else term
    return node.value if isinstance(node, ox.NamedNode) else ""


def to_rdflib(triples: Iterable[ox.Triple]) -> rdflib.Graph:
    """Copy triples to an rdflib graph; each literal keeps the form that it is written in."""
    import rdflib

    def term(value: object) -> rdflib.URIRef | rdflib.BNode | rdflib.Literal:
        if isinstance(value, ox.NamedNode):
            return rdflib.URIRef(value.value)
        if isinstance(value, ox.BlankNode):
            return rdflib.BNode(value.value)
        assert isinstance(value, ox.Literal)
        if value.language:
            return rdflib.Literal(value.value, lang=value.language)
        plain = value.datatype.value == "http://www.w3.org/2001/XMLSchema#string"
        return rdflib.Literal(value.value, datatype=None if plain else value.datatype.value, normalize=False)

    graph = rdflib.Graph(bind_namespaces="none")
    for triple in triples:
        graph.add((term(triple.subject), term(triple.predicate), term(triple.object)))
    return graph


def of_rdflib(graph: rdflib.Graph) -> Iterator[ox.Quad]:
    """Yield the statements of an rdflib graph, or of a dataset with the graphs that they stand in.

    Raises ``CalckgError`` for a term that RDF does not have in its place, or that is not well formed.
    """
    import rdflib
    from rdflib.graph import DATASET_DEFAULT_GRAPH_ID

    terms: dict[object, ox.NamedNode | ox.BlankNode | ox.Literal] = {}

    def term(value: object) -> Any:
        found = terms.get(value)  # asked once: rdflib hashes its terms in Python
        if found is None:
            if isinstance(value, rdflib.Literal):
                datatype = None if value.datatype is None else ox.NamedNode(value.datatype)
                found = ox.Literal(str(value), language=value.language, datatype=datatype)
            elif isinstance(value, rdflib.BNode):
                found = ox.BlankNode(value)
            else:
                found = ox.NamedNode(str(value))
            terms[value] = found
        return found

    quads = getattr(graph, "quads", None)
    named = quads() if quads else ((*triple, None) for triple in graph)
    for *parts, place in named:
        name = getattr(place, "identifier", place)
        is_default = name is None or name == DATASET_DEFAULT_GRAPH_ID
        try:
            quad = ox.Quad(*map(term, parts), *([] if is_default else [term(name)]))
        except (TypeError, ValueError) as error:
            told, why = " ".join(map(str, parts)), " ".join(str(error).split())
            if isinstance(error, TypeError):
                why = "one of these can't stand where it does"
            raise CalckgError(f"{told}: no statement of RDF ({why}); mend it in the graph") from None
        yield quad


def format_named(name: str) -> ox.RdfFormat:
    """Return the RDF format called ``name``; raises ``UsageError`` with the known names."""
    if name not in FORMATS:
        raise UsageError(f"unknown RDF format {name!r}; known: {', '.join(FORMATS)}")
    return FORMATS[name]


def write_quads(quads: Iterable[ox.Quad] | Iterable[ox.Triple], output: IO[bytes], name: str) -> None:
    """Write ``quads`` to ``output`` in the format called ``name``, in one order whatever theirs was.

    Triples are of the default graph. Formats without named graphs get the merge: each triple once. Raises
    ``UsageError`` for an unknown name.
    """
    rdf_format = format_named(name)
    statements: set[ox.Quad | ox.Triple] | set[ox.Triple]
    if rdf_format.supports_datasets:
        statements = set[ox.Quad | ox.Triple](quads)
    else:
        statements = {q if isinstance(q, ox.Triple) else ox.Triple(q.subject, q.predicate, q.object) for q in quads}
    if name in LINES:
        output.writelines(line.encode() for line in sorted(f"{statement} .\n" for statement in statements))
    elif name == "turtle":
        write_turtle(cast("set[ox.Triple]", statements), output)
    else:
        serialise(cast("list[ox.Quad]", sorted(statements, key=_graph_and_sort_key)), output, name)


def _graph_and_sort_key(statement: ox.Triple | ox.Quad) -> tuple[str, tuple[str, bool, str, str]]:
    """Return what a statement is ordered by where graphs are told apart: the default graph first."""
    named = isinstance(statement, ox.Quad) and not isinstance(statement.graph_name, ox.DefaultGraph)
    return str(cast(ox.Quad, statement).graph_name) if named else "", sort_key(statement)


def serialise(
    ordered: Iterable[ox.Triple] | Iterable[ox.Quad],
    output: IO[bytes],
    name: str,
    declared: dict[str, str] | None = None,
) -> None:
    """Write statements as they come, ordered as ``write_quads`` orders them, to the format called ``name``.

    ``declared`` are the prefixes of Turtle; TriG has all. Nothing is kept of what is written.
    """
    # RDF/XML and JSON-LD go without: the order that they would be given prefixes in is not fixed.
    if name == "trig":
        declared = prefixes.load().turtle_prefixes()
    head = _SortedHead(output)
    ox.serialize(ordered, output=cast("IO[bytes]", head), format=FORMATS[name], prefixes=declared)
    head.finish()


class _SortedHead:
    """An output that sorts the prefix declarations at the head, which the serialiser writes in no order."""

    def __init__(self, output: IO[bytes]) -> None:
        self._output = output
        self._head: bytes | None = b""

    def write(self, data: bytes) -> int:
        if self._head is None:
            return self._output.write(data)
        self._head += data
        last = self._head.rfind(b"\n") + 1
        if not _DECLARATION.startswith(self._head[last : last + len(_DECLARATION)]):  # JSON-LD has no line that ends
            self.finish()
        return len(data)

    def flush(self) -> None:
        """Leave it to the output: what is flushed now may be half a head."""

    def finish(self) -> None:
        if self._head is None:
            return
        lines = self._head.splitlines(keepends=True)
        count = next((i for i, line in enumerate(lines) if not line.startswith(_DECLARATION)), len(lines))
        self._output.writelines(sorted(lines[:count]) + lines[count:])
        self._head = None
