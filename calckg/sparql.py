"""The graph for SPARQL: a pyoxigraph store or a distant endpoint behind one interface.

Results are pyoxigraph's own (``QuerySolutions``, ``QueryBoolean``, ``QueryTriples``), from either.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator
from typing import Protocol

import pyoxigraph as ox

from calckg.errors import EndpointError, UsageError
from calckg.printable import without_password

Result = ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples

_TOKEN = r"""(?P<comment>\#[^\n\r]*)
      | (?P<string>\"{3}(?:[^\\]|\\.)*?\"{3} | '{3}(?:[^\\]|\\.)*?'{3} | "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*')
      | (?P<iri><[^<>"{}|^`\\\x00-\x20]*>)
      | (?P<word>(?:\\.|[^\s<>"'{}()\[\],;.=!&|/*+^#\\])+)
      | (?P<other>.)"""
_ESCAPE = r"\\u([0-9A-Fa-f]{4})|\\U(000[0-9A-Fa-f]{5}|0010[0-9A-Fa-f]{4})"  # SPARQL 1.1, 19.2
_UPDATES = {"INSERT", "DELETE", "LOAD", "CLEAR", "CREATE", "DROP", "COPY", "MOVE", "ADD", "WITH"}
_MOVED = (301, 302, 303, 307, 308)  # HTTP's codes; a query is posted to nobody but who was named
_LONGEST = 120  # of what the parser expected; it lists whole ranges of characters
_QUERY_FORMS = {"SELECT", "ASK", "CONSTRUCT", "DESCRIBE"}


class SparqlGraph(Protocol):
    """What answers SPARQL 1.1 queries over a graph whose default graph is the merge of all named ones."""

    def query(self, text: str) -> Result:
        """Answer ``text``; raises ``UsageError`` for a malformed query, ``EndpointError`` for a failed one."""
        ...


class LocalGraph:
    """A pyoxigraph store, in memory or on disk."""

    def __init__(self, store: ox.Store) -> None:
        self.store = store

    def query(self, text: str) -> Result:
        """Answer ``text``; see ``SparqlGraph``."""
        try:
            return self.store.query(text)
        except SyntaxError as error:
            raise UsageError(_syntax_message(error)) from None
        except (OSError, ValueError, RuntimeError) as error:
            raise EndpointError(f"the query failed: {' '.join(str(error).split())}") from None


class EndpointGraph:
    """A distant SPARQL 1.1 Protocol endpoint, asked by POST with SPARQL JSON or N-Triples back.

    It may take ``timeout`` seconds for an answer; without that, ``CALCKG_TIMEOUT`` or 300.
    """

    def __init__(self, url: str, timeout: float | None = None) -> None:
        if not re.match(r"https?://[^/\s]+", url):
            raise UsageError(f"--endpoint {url!r}: not an http(s) address; give the address that answers SPARQL")
        if without_password(url) != url:  # HTTP's own way to sign in is not done here
            raise UsageError(f"--endpoint {url!r}: has a name before @; give the address without it")
        self.url, self.timeout = url, _timeout() if timeout is None else timeout
        self.server = ""
        """What the server calls itself, as soon as it has answered."""

    def query(self, text: str) -> Result:
        """Answer ``text``; see ``SparqlGraph``."""
        from http.client import HTTPException, IncompleteRead
        from urllib.error import HTTPError
        from urllib.parse import urlencode
        from urllib.request import Request, urlopen

        form = query_form(text)
        graph_form = form in {"CONSTRUCT", "DESCRIBE"}
        accept = "application/n-triples" if graph_form else "application/sparql-results+json"
        headers = {
            "Accept": accept,
            "Content-Type": "application/x-www-form-urlencoded",
            "User-Agent": "calckg",
        }
        try:
            request = Request(self.url, data=urlencode({"query": text}).encode(), headers=headers)
            with urlopen(request, timeout=self.timeout) as reply:
                self.server = reply.headers.get("Server", "")
                body: bytes = reply.read()
        except HTTPError as error:
            told = " ".join(error.read(400).decode("utf-8", "replace").split())
            if error.code in _MOVED and (place := error.headers.get("Location")):
                raise EndpointError(f"{self.url} has moved ({error.code}); give the address {place}") from None
            kind = UsageError if error.code == 400 else EndpointError
            raise kind(f"{self.url} answered {error.code} {error.reason}: {told}") from None
        except (OSError, HTTPException, ValueError) as error:  # ValueError: an address that is none
            reason = getattr(error, "reason", error)
            if isinstance(reason, TimeoutError):
                waited = f"{self.timeout:g} second{'s' * (self.timeout != 1)}"
                why = f"gave no answer in {waited}; ask for less, or set CALCKG_TIMEOUT higher"
                raise EndpointError(f"{self.url} {why}") from None
            told = " ".join(str(reason).split())
            if isinstance(error, IncompleteRead):
                raise EndpointError(f"{self.url} broke its answer off ({told}); ask for less, or ask again") from None
            raise EndpointError(f"{self.url} can't be reached ({told}); is the server running?") from None
        try:
            return _graph(body) if graph_form else _solutions(body, form)
        except (SyntaxError, ValueError) as error:
            told = " ".join(str(error).split())
            doubt = "is it a SPARQL endpoint?"
            if isinstance(error, SyntaxError) and body.startswith(b'{"head"'):
                doubt += " If so, a limit of its own may have cut the answer off"
            raise EndpointError(f"{self.url} did not answer in {accept} ({told}); {doubt}") from None


def _timeout() -> float:
    given = os.environ.get("CALCKG_TIMEOUT", "300")
    try:
        seconds = float(given)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < math.inf:
        raise UsageError(f"CALCKG_TIMEOUT={given}: not a number of seconds; set one such as 300")
    return seconds


def _graph(body: bytes) -> Result:
    store = ox.Store()
    store.load(body, format=ox.RdfFormat.N_TRIPLES)
    return store.query("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }")


def _solutions(body: bytes, form: str) -> Result:
    found = ox.parse_query_results(body, format=ox.QueryResultsFormat.JSON)
    try:
        if form in {"SELECT", "ASK"} and isinstance(found, ox.QuerySolutions) != (form == "SELECT"):
            raise ValueError(f"{form} was asked")
        if isinstance(found, ox.QueryBoolean):
            return found
        for _ in found:  # rows are parsed as they are asked for: see here that all of them can be
            pass
        return ox.parse_query_results(body, format=ox.QueryResultsFormat.JSON)
    finally:
        del found  # solutions must end in their own thread, and a traceback may keep this frame for longer


def _words(text: str) -> Iterator[tuple[str, str]]:
    """Yield (kind, token) for the words and IRIs of a query, without comments and strings."""
    tokens = re.compile(_TOKEN, re.VERBOSE | re.DOTALL)  # here, for stored queries do without
    for match in tokens.finditer(text):
        kind = match.lastgroup or "other"
        if kind in {"word", "iri"}:
            yield kind, match.group()


def _unescaped(text: str) -> str:
    """Undo code point escapes, as an endpoint may before it parses (pyoxigraph undoes them in strings and IRIs)."""
    return re.sub(_ESCAPE, lambda m: chr(int(m[1] or m[2], 16)), text)


def query_form(text: str) -> str:
    """Return ``SELECT``, ``ASK``, ``CONSTRUCT`` or ``DESCRIBE``; the empty string when there is none of them."""
    for kind, token in _words(text):
        if kind == "word" and token.upper() in _QUERY_FORMS:
            return token.upper()
    return ""


def check_read_only(text: str, graph: SparqlGraph) -> None:
    """Refuse what reaches out of the graph or changes it: ``SERVICE``, updates, ``FROM`` of an unknown graph.

    ``FROM`` and ``FROM NAMED`` may name a named graph of ``graph``. Raises ``UsageError``.
    """
    for form in dict.fromkeys((text, _unescaped(text))):
        words = list(_words(form))
        upper = [token.upper() if kind == "word" else "" for kind, token in words]
        first = next((word for word in upper if word in _QUERY_FORMS | _UPDATES), "")
        if first in _UPDATES:
            raise UsageError(f"{first} is an update, and this command only reads; load changes with your store's tools")
        _check_service(form)
        _check_from(words, upper, graph)


def _check_service(text: str) -> None:
    """Refuse ``SERVICE`` where it is the keyword and not part of a name, a string or a comment.

    The parser decides, for it takes ``SERVICEex:a`` and ``?a<?b)SERVICE`` as the keyword, too: with a letter of the
    word changed, a query that parses did not use it as one.
    """
    changed = re.sub("(SERVIC)E", r"\1X", text, flags=re.IGNORECASE)
    if changed == text:
        return
    try:
        ox.Store().query(changed)
    except SyntaxError as error:
        if any("SERVICE" in token.upper() for kind, token in _words(text) if kind == "word"):
            raise UsageError(
                "SERVICE asks another server and is refused; ask that server with --endpoint instead"
            ) from None
        raise UsageError(_syntax_message(error)) from None


def _check_from(words: list[tuple[str, str]], upper: list[str], graph: SparqlGraph) -> None:
    for index, word in enumerate(upper):
        if word != "FROM":
            continue
        after = words[index + 2 : index + 3] if upper[index + 1 : index + 2] == ["NAMED"] else words[index + 1 :][:1]
        iri = after[0][1] if after else ""
        absolute = re.match(r"<[A-Za-z][A-Za-z0-9+.-]*:", iri)
        if not absolute or not graph.query(f"ASK {{ GRAPH {iri} {{ ?s ?p ?o }} }}"):
            raise UsageError(
                f"FROM {iri}: no named graph of this name here, and nothing is fetched; "
                "list the graphs with: SELECT DISTINCT ?g WHERE { GRAPH ?g { ?s ?p ?o } }"
            )


def _syntax_message(error: SyntaxError) -> str:
    """Say in one line where a query is malformed (line and column are 1-based)."""
    text = " ".join(str(error.msg).split())
    match = re.match(r"error at (\d+):(\d+): (.*)", text)
    if match:
        told = match[3] if len(match[3]) <= _LONGEST else match[3][:_LONGEST].rpartition(", ")[0] + ", …"
        return f"the query is malformed at line {match[1]}, column {match[2]}: {told}"
    return f"the query is malformed: {text}"
