"""OBO Graphs JSON (github.com/geneontology/obographs): ``hp.json``, ``mondo.json``, plain or gz.

Nodes and edges are read one at a time; what they become is said in ``obo_terms``. The other parts of a graph (logical
definitions, equivalent nodes, property chains) are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from calckg.errors import SourceError
from calckg.loading import load
from calckg.tables import Rows
from calckg.upstream import OnError, opened
from calckg.upstream.json_stream import JsonStream
from calckg.upstream.obo_ontologies import ONTOLOGIES, Ontology, stated
from calckg.upstream.obo_terms import MalformedTermError, Synonym, Term, Terms, settle
from calckg.upstream.source import Format, Stated

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_KINDS: Final = {
    "hasExactSynonym": "exact",
    "hasBroadSynonym": "broad",
    "hasNarrowSynonym": "narrow",
    "hasRelatedSynonym": "related",
}
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_GRAPHS: Final = re.compile(rb'"graphs"\s*:')
_IDENTIFIER: Final = re.compile(r'"graphs"\s*:\s*\[\s*\{\s*"id"\s*:\s*"([^"]*)"')
_VERSION: Final = re.compile(r'"version"\s*:\s*"([^"]*)"')


def fill(ontology: Ontology, connection: DuckDBPyConnection, path: Path, graph: str, on_error: OnError) -> int:
    """Read the graphs of a file into the tables; return how many nodes there were."""
    document = _Document(path, Terms(ontology, graph), on_error)
    load(connection, document.rows())
    settle(connection, graph, ontology)
    return document.nodes


class _Document:
    def __init__(self, path: Path, terms: Terms, on_error: OnError) -> None:
        self.path, self.terms, self.on_error = path, terms, on_error
        self.nodes = 0

    def rows(self) -> Rows:
        found = False
        with opened(self.path) as stream:
            json = JsonStream(stream, self.path)
            for name in json.members():
                if name != "graphs":
                    json.skip()
                    continue
                found = True
                for _ in json.items():
                    for part in json.members():
                        if part == "nodes":
                            yield from self._each(json, self._node)
                        elif part == "edges":
                            yield from self._each(json, self._edge)
                        else:
                            json.skip()
            json.end()
        if not found:
            raise SourceError('no "graphs" in it; is this OBO Graphs JSON?', self.path)

    def _each(self, json: JsonStream, rows: Callable[[Any], Rows]) -> Rows:
        for _ in json.items():
            # The place costs a look back over the text; it is needed only where something is wrong.
            mark = json.mark()
            item = json.value()
            try:
                yield from list(rows(item))
            except MalformedTermError as error:
                line, column = json.place(mark)
                self.on_error(SourceError(str(error), self.path, line, error.column or column))

    def _node(self, node: Any) -> Rows:
        self.nodes += 1
        return self.terms.term(_term(node))

    def _edge(self, edge: Any) -> Rows:
        return self.terms.relation(_text(edge, "sub"), _text(edge, "pred"), _text(edge, "obj"))


def _term(node: Any) -> Term:
    """Return the term that a node describes; raises ``MalformedTermError``."""
    term = Term(_text(node, "id"), is_class=_maybe(node, "type") == "CLASS", label=_maybe(node, "lbl"))
    meta = node.get("meta")
    if meta is None:
        return term
    if not isinstance(meta, dict):
        raise MalformedTermError(f"the meta of {term.id} is no object", "meta")
    definition = meta.get("definition")
    if definition is not None:
        term.definition, term.definition_xrefs = _text(definition, "val").strip(), _texts(definition, "xrefs")
    term.comments, term.subsets = _texts(meta, "comments"), _texts(meta, "subsets")
    term.xrefs = [_text(xref, "val") for xref in _items(meta, "xrefs")]
    term.synonyms = [_synonym(synonym) for synonym in _items(meta, "synonyms")]
    term.properties = [(_text(pair, "pred"), _text(pair, "val")) for pair in _items(meta, "basicPropertyValues")]
    term.deprecated = meta.get("deprecated") is True
    return term


def _synonym(item: Any) -> Synonym:
    pred = _text(item, "pred")
    if pred not in _KINDS:
        raise MalformedTermError(f"{pred!r} is no kind of synonym; one of {', '.join(_KINDS)} expected", "pred")
    return Synonym(_text(item, "val").strip(), _KINDS[pred], _maybe(item, "synonymType"), _texts(item, "xrefs"))


def _items(item: dict[str, Any], key: str) -> Iterator[Any]:
    found = item.get(key)
    if found is None:
        return iter(())
    if not isinstance(found, list):
        raise MalformedTermError(f"an array expected as {key}, found {str(found)[:40]!r}", key)
    return iter(found)


def _texts(item: dict[str, Any], key: str) -> list[str]:
    found = item.get(key)
    if found is None:
        return []
    if not isinstance(found, list):
        raise MalformedTermError(f"an array expected as {key}, found {str(found)[:40]!r}", key)
    return [_checked(text, key) for text in found]


def _text(item: Any, key: str) -> str:
    if not isinstance(item, dict):
        raise MalformedTermError(f"an object with {key} expected, found {str(item)[:40]!r}", key)
    if key not in item:
        raise MalformedTermError(f"no {key} in {str(item)[:80]!r}; every such object needs one (OBO Graphs)", key)
    return _checked(item[key], key)


def _maybe(item: dict[str, Any], key: str) -> str | None:
    found = item.get(key)
    return None if found is None else _checked(found, key).strip() or None


def _checked(text: object, key: str) -> str:
    if not isinstance(text, str):
        raise MalformedTermError(f"text expected as {key}, found {str(text)[:40]!r}", key)
    if not text.isascii() and _SURROGATE.search(text):
        raise MalformedTermError(f"half a character in {key} ({text[:40]!a}); it has to be mended there", key)
    return text


def _matches(ontology: Ontology, name: str, head: bytes) -> bool:
    if not ontology.named(name, "json") or not _GRAPHS.search(head):
        return False
    identifier = _IDENTIFIER.search(head.decode("utf-8", errors="replace"))
    return identifier is None or ontology.named(identifier[1].rpartition("/")[2], "(json|owl|obo)")


def _stated(path: Path, head: bytes) -> Stated:
    text = head.decode("utf-8", errors="replace")
    # Some writers put the nodes first, and the version at the end of the file.
    text = text.partition('"nodes"')[0]
    version = _VERSION.search(text)
    address = version[1] if version and version[1].startswith("http") else None
    return stated(path, version[1] if version else None, text, address)


FORMATS: Final = tuple(
    Format(
        f"{ontology.source.title} (OBO Graphs)",
        ontology.source,
        partial(_matches, ontology),
        partial(fill, ontology),
        _stated,
    )
    for ontology in ONTOLOGIES
)
"""OBO Graphs of each ontology that is known."""
