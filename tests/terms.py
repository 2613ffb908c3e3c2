"""RDF terms and quads for property-based tests."""

from __future__ import annotations

import pyoxigraph as ox
from hypothesis import strategies as st

# Every character that XML, and so RDF/XML, can hold (XML 1.0, 2.2), where a format must.
XML_TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters=["\ufffe", "\uffff"]), max_size=8
)
# What trips up a codec comes more often than chance brings it.
TRICKY = ['"', "\\", "u0041", "\\U00000041", "n", "\n", "\r", "\x00", "\x01", "\x7f", "\ufffe", "\u0301", "'''", '"@en']
TEXT = st.text(st.characters(codec="utf-8"), max_size=8) | st.lists(st.sampled_from(TRICKY), max_size=4).map("".join)
NAMESPACES = ["https://example.org/", "http://purl.obolibrary.org/obo/HP_", "urn:x:", "https://example.org/ü#"]
LOCALS = ["a", "b", "0004934", "x.y", "x-", "x.", "é", "a/b", "a%20b", "a(b)", "a'b", "a,b"]
NODES = st.builds(lambda namespace, local: ox.NamedNode(namespace + local), *map(st.sampled_from, (NAMESPACES, LOCALS)))
# XML needs predicates that end in a name.
PREDICATES = st.sampled_from([ox.NamedNode(f"https://example.org/p#{name}") for name in "abc"])
BLANKS = st.sampled_from([ox.BlankNode(name) for name in ("a", "b1", "c")])
LANGUAGES = st.sampled_from(["en", "en-GB", "de-1996", "x-own", "zh-Hant"])
DATATYPES = st.sampled_from(["http://www.w3.org/2001/XMLSchema#integer", "https://example.org/kind", "urn:x:kind"])


def literals(text: st.SearchStrategy[str]) -> st.SearchStrategy[ox.Literal]:
    """Return literals with these lexical forms: plain, of a language, or of a datatype."""
    return st.one_of(
        st.builds(ox.Literal, text),
        st.builds(lambda value, language: ox.Literal(value, language=language), text, LANGUAGES),
        st.builds(lambda value, datatype: ox.Literal(value, datatype=ox.NamedNode(datatype)), text, DATATYPES),
    )


def quads(text: st.SearchStrategy[str], *, blanks: bool = True, graphs: bool = True) -> st.SearchStrategy[ox.Quad]:
    """Return quads whose literals have these lexical forms, with blank nodes and named graphs if wanted."""
    subjects: st.SearchStrategy[ox.NamedNode | ox.BlankNode] = st.one_of(NODES, BLANKS) if blanks else NODES
    names: st.SearchStrategy[ox.NamedNode | ox.DefaultGraph] = (
        st.one_of(NODES, st.just(ox.DefaultGraph())) if graphs else st.just(ox.DefaultGraph())
    )
    return st.builds(ox.Quad, subjects, PREDICATES, st.one_of(subjects, literals(text)), names)
