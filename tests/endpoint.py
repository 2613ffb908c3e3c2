"""A SPARQL endpoint of one answer, for tests."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qs

import pyoxigraph as ox


@dataclass
class Answer:
    """What the endpoint says, whatever it is asked; with ``store`` it answers from that. ``asked`` is what came."""

    body: bytes = b""
    status: int = 200
    missing: int = 0  # how many bytes more it promises than it sends
    delay: float = 0.0
    location: str = ""  # where it says that it has moved to
    store: ox.Store | None = None
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def reply(self, query: str) -> bytes:
        """Return the body."""
        if self.store is None:
            return self.body
        result = self.store.query(query)
        if isinstance(result, ox.QueryTriples):
            return result.serialize(format=ox.RdfFormat.N_TRIPLES) or b""
        return result.serialize(format=ox.QueryResultsFormat.JSON) or b""


class _Handler(BaseHTTPRequestHandler):
    answer: ClassVar[Answer]

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        query = parse_qs(text)["query"][0]
        self.answer.asked.append(query)
        self.answer.headers.append(dict(self.headers))
        time.sleep(self.answer.delay)
        body = self.answer.reply(query)
        self.send_response(self.answer.status)
        if self.answer.location:
            self.send_header("Location", self.answer.location)
        self.send_header("Content-Length", str(len(body) + self.answer.missing))
        self.end_headers()
        with suppress(BrokenPipeError):  # a client that has stopped waiting
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """Yield the address of an endpoint on this machine that gives ``answer``.

    No garbage is collected meanwhile: pyoxigraph's results must end in the thread that they began in.
    """
    handler = type("Handler", (_Handler,), {"answer": answer})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        gc.collect()
        gc.disable()
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/sparql"
        finally:
            server.shutdown()
            thread.join()
            gc.enable()
