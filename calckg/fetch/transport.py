"""HTTP as far as fetching needs it: redirects that are looked at, failures that pass told from those that stay.

``http`` and ``https`` only; proxies are those of the environment (``HTTPS_PROXY``, ``NO_PROXY``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from importlib.metadata import PackageNotFoundError, version
from ssl import SSLCertVerificationError
from typing import Final, TypeVar, cast
from urllib.error import URLError
from urllib.parse import quote, urljoin, urlsplit
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, ProxyHandler, Request, getproxies

from calckg.errors import SourceError

T = TypeVar("T")
BLOCK: Final = 1 << 18
_REDIRECTS: Final = 5
_PROGRESS: Final = 1 << 20  # as many new bytes begin the count of failures anew
_SLOWEST: Final = 100  # bytes a second; what is slower hangs
_LONGEST_WAIT: Final = 60.0
_LONGEST_PAGE: Final = 16 << 20
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_PASSING: Final = frozenset({408, 425, 429})


class RefusedError(SourceError):
    """Say that the server has answered, and will not give this one file."""


class PassingError(Exception):
    """Say why a request failed that may succeed the next time; ``wait`` is in how many seconds the server says."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        self.reason, self.wait = reason, wait
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a server is waited for (seconds), how many failures in a row are borne, and how the time is spent."""

    timeout: float = 30.0
    attempts: int = 6
    sleep: Callable[[float], None] = time.sleep
    say: Callable[[str], None] = lambda text: None


def persistently(call: Callable[[], T], address: str, patience: Patience, reached: Callable[[], int] = lambda: 0) -> T:
    """Return what ``call`` returns, calling again, later and later, while it raises ``PassingError``.

    ``reached`` tells how many bytes there are: failures are counted anew when there are a mebibyte more than ever
    before, so that there is always an end. Raises ``SourceError`` when patience has run out.
    """
    failures, best = 0, reached()
    while True:
        try:
            return call()
        except PassingError as error:
            failures += 1
            if reached() >= best + _PROGRESS:
                failures, best = 1, reached()
            if failures >= patience.attempts:
                said = f"{error.reason} ({failures} attempts); check the connection, or try again later"
                raise SourceError(f"{said}: what has come is kept", address) from None
            wait = min(_LONGEST_WAIT, 2.0 ** (failures - 1) if error.wait is None else error.wait)
            patience.say(f"{address}: {error.reason}; again in {wait:.0f} s")
            patience.sleep(wait)


@contextmanager
def get(address: str, headers: Mapping[str, str], patience: Patience, remedy: str) -> Iterator[HTTPResponse]:
    """Ask for ``address``, follow redirects, and give the response with status 200, 206, 304 or 416; then close it.

    Raises ``PassingError``, and ``RefusedError`` with ``remedy`` where another attempt is in vain.
    """
    here = address
    for _ in range(_REDIRECTS + 1):
        response = _ask(here, headers, patience.timeout, address)
        try:
            if response.status in _MOVED:
                here = redirected(here, response.headers.get("Location"), address)
                continue
            _check(response, address, remedy)
            yield response
            return
        finally:
            response.close()
    raise RefusedError(f"more than {_REDIRECTS} redirects, the last to {here}; {remedy}", address)


def redirected(here: str, location: str | None, address: str) -> str:
    """Return where a redirect from ``here`` to ``location`` leads; raises ``RefusedError`` where it must not lead."""
    try:
        there = quote(urljoin(here, location or ""), safe="%/:=&?~#+!$,;'@()*[]")
        parts = urlsplit(there)
        plain = parts.port is None or parts.port > 0
    except ValueError:
        plain = False
    if not location or not plain or not parts.hostname or "@" in parts.netloc:
        raise RefusedError(f"a redirect to {location!r}, which is no address; tell the publisher", address)
    if parts.scheme not in ("http", "https"):
        raise RefusedError(f"a redirect to {there}: only http and https are followed; tell the publisher", address)
    if urlsplit(here).scheme == "https" and parts.scheme != "https":
        raise RefusedError(f"a redirect from https to {there}, which is not secure; tell the publisher", address)
    return parts._replace(fragment="").geturl()


def blocks(response: HTTPResponse, patience: Patience) -> Iterator[bytes]:
    """Yield the body as it comes; raises ``PassingError`` when it breaks off or hardly comes."""
    began, came = time.monotonic(), 0
    while True:
        try:
            block = response.read1(BLOCK)
        except (OSError, HTTPException) as error:
            raise PassingError(_reason(error)) from None
        if not block:
            return
        yield block
        came += len(block)
        if (passed := time.monotonic() - began) > patience.timeout:
            if came < _SLOWEST * passed:
                raise PassingError(f"only {came} bytes in {passed:.0f} s")
            began, came = time.monotonic(), 0


def read_text(address: str, patience: Patience, remedy: str) -> tuple[str, str]:
    """Return the address where redirects from ``address`` end, and the text that is there."""

    def read() -> tuple[str, str]:
        with get(address, {}, patience, remedy) as response:
            if response.status != 200:
                raise RefusedError(f"the server answers {response.status} to a plain request; {remedy}", address)
            expected, body = response.length, bytearray()
            for block in blocks(response, patience):
                body += block
                if len(body) > _LONGEST_PAGE:
                    said = f"more than {_LONGEST_PAGE >> 20} MiB, too much for a list or a checksum"
                    raise RefusedError(f"{said}; {remedy}", address)
            if expected is not None and len(body) < expected:
                raise PassingError(f"{len(body):,} of {expected:,} bytes came")
            return response.geturl(), body.decode("utf-8", errors="replace")

    return persistently(read, address, patience)


@cache
def _opener(proxies: tuple[tuple[str, str], ...]) -> OpenerDirector:
    # Without urllib's own handlers of redirects (they follow from https to http) and of errors.
    opener = OpenerDirector()
    for handler in (ProxyHandler(dict(proxies)), HTTPHandler(), HTTPSHandler()):
        opener.add_handler(handler)
    opener.addheaders = []
    return opener


@cache
def _agent() -> str:
    try:
        return f"calckg/{version('calckg')} (+https://w3id.org/calckg)"
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "calckg (+https://w3id.org/calckg)"


def _ask(here: str, headers: Mapping[str, str], timeout: float, address: str) -> HTTPResponse:
    request = Request(here, headers={"User-Agent": _agent(), **headers})
    try:
        opener = _opener(tuple(sorted(getproxies().items())))
        return cast("HTTPResponse", opener.open(request, timeout=timeout))
    except (OSError, HTTPException) as error:
        cause = error.reason if isinstance(error, URLError) else error
        if isinstance(cause, SSLCertVerificationError):
            said = f"the server's certificate is not to be trusted ({cause.verify_message})"
            raise SourceError(f"{said}; check the clock, the proxy and the system's certificates", address) from None
        raise PassingError(f"no answer from {urlsplit(here).netloc}: {_reason(cause)}") from None
    except ValueError as error:  # a host name that can't be one
        raise RefusedError(f"{here} is no address ({error}); tell the publisher", address) from None


def _check(response: HTTPResponse, address: str, remedy: str) -> None:
    status = response.status
    if status in (200, 206, 304, 416):
        return
    try:
        said = f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        said = str(status)
    if status >= 500 or status in _PASSING:
        raise PassingError(f"the server answers {said}", _retry_after(response.headers.get("Retry-After")))
    raise RefusedError(f"the server answers {said}; {remedy}", address)


def _retry_after(said: str | None) -> float | None:
    if said is None:
        return None
    if said.strip().isdecimal():
        return float(said)
    try:
        return max(0.0, parsedate_to_datetime(said).timestamp() - time.time())
    except ValueError:
        return None


def _reason(error: object) -> str:
    if isinstance(error, TimeoutError):
        return "nothing came in time"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
