"""A publisher's server on this machine, for tests: it does what servers do, and on request what they should not."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

MONDAY, TUESDAY = formatdate(1_700_000_000, usegmt=True), formatdate(1_700_086_400, usegmt=True)


@dataclass
class Act:
    """What is done to one request instead of answering it as one should.

    ``cut`` is after how many bytes the connection ends, ``hold`` after how many it hangs until the server stops.
    """

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    hold: int | None = None


@dataclass
class Page:
    """What is at one path. ``acts`` are done to the next requests in turn, ``always`` to all after them."""

    body: bytes = b""
    etag: str | None = '"monday"'
    modified: str | None = None
    ranges: bool = True  # heeds Range
    conditions: bool = True  # heeds If-Range, If-None-Match, If-Modified-Since
    sized: bool = True  # says how long the body is
    chunked: bool = False
    more: int = 0  # how many bytes more (or less) it says than there are
    headers: dict[str, str] = field(default_factory=dict)
    acts: list[Act] = field(default_factory=list)
    always: Act | None = None


@dataclass
class Publisher:
    """The server: its pages by path, and the requests that came, as (path, headers)."""

    pages: dict[str, Page]
    address: str = ""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def paths(self) -> list[str]:
        """Return the paths that were asked for, in turn."""
        return [path for path, _ in self.asked]

    def ranges(self) -> list[str | None]:
        """Return the header ``Range`` of each request."""
        return [headers.get("Range") for _, headers in self.asked]


class _Handler(BaseHTTPRequestHandler):
    publisher: ClassVar[Publisher]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.publisher.asked.append((self.path, dict(self.headers)))
        self.close_connection = True
        page = self.publisher.pages.get(self.path)
        if page is None:
            self.send_error(404)
            return
        act = page.acts.pop(0) if page.acts else page.always or Act()
        with suppress(ConnectionError):  # a client that has gone
            self._answer(page, act)

    def _answer(self, page: Page, act: Act) -> None:
        status, body, headers = (act.status, b"", {}) if act.status else self._content(page)
        self.send_response(status)
        validators = {"ETag": page.etag, "Last-Modified": page.modified}
        for name, value in {**validators, **headers, **page.headers, **act.headers}.items():
            if value is not None:
                self.send_header(name, value)
        if page.chunked and status == 200:
            self.send_header("Transfer-Encoding", "chunked")
        elif page.sized and status != 304:
            self.send_header("Content-Length", str(len(body) + (page.more if status == 200 else 0)))
        self.end_headers()
        stop = act.cut if act.hold is None else act.hold
        if page.chunked and status == 200:
            half = body[: len(body) // 2]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(half), half))
            if stop is None:
                rest = body[len(half) :]
                self.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(rest), rest))
            return
        self.wfile.write(body[:stop])
        if act.hold is not None:
            self.wfile.flush()
            self.publisher.stopped.wait(20)

    def _content(self, page: Page) -> tuple[int, bytes, dict[str, str]]:
        asked = self.headers
        if page.conditions:
            if page.etag and asked["If-None-Match"] == page.etag:
                return 304, b"", {}
            if asked["If-None-Match"] is None and page.modified and asked["If-Modified-Since"] == page.modified:
                return 304, b"", {}
        span = asked["Range"]
        if span is None or not page.ranges:
            return 200, page.body, {}
        if page.conditions and asked["If-Range"] not in (page.etag, page.modified):
            return 200, page.body, {}
        start, size = int(span.removeprefix("bytes=").removesuffix("-")), len(page.body)
        if start >= size:
            return 416, b"", {"Content-Range": f"bytes */{size}"}
        return 206, page.body[start:], {"Content-Range": f"bytes {start}-{size - 1}/{size}"}

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def publishing(pages: dict[str, Page]) -> Iterator[Publisher]:
    """Yield a server on this machine that has these pages."""
    publisher = Publisher(pages)
    handler = type("Handler", (_Handler,), {"publisher": publisher})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        publisher.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield publisher
        finally:
            publisher.stopped.set()
            server.shutdown()
            thread.join()


def until(true: object, seconds: float = 10.0) -> None:
    """Wait until the function ``true`` returns something true."""
    assert callable(true)
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it has not come true"
        time.sleep(0.01)
