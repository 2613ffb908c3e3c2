"""The releases that can be fetched: the table ``graph/releases.toml``, and the pages that list what is current.

A release has ``files``, whose addresses stay the same, and ``listed`` files, whose names carry a year or a date: those
are found among the links of a page of the publisher.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import unquote, urljoin, urlsplit

from calckg import resources
from calckg.errors import SourceError
from calckg.fetch.transport import RefusedError

ReadPage: TypeAlias = Callable[[str], tuple[str, str]]
CHECKSUMS: Final = {".md5": "md5", ".sha1": "sha1", ".sha256": "sha256", ".sha512": "sha512"}
_FILE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
_RELEASE_NAME: Final = re.compile(r"[a-z][a-z0-9-]*")
_TEXTS: Final = ("title", "publisher", "license", "landing_page", "size")
_KEYS: Final = {*_TEXTS, "rights", "base", "files", "listed", "checksum"}
_LISTED_KEYS: Final = {"index", "pattern", "name", "latest"}


@dataclass(frozen=True, slots=True)
class File:
    """A file to fetch: where it is, what it is called here, and the address of its checksum where there is one."""

    release: Release
    name: str
    address: str
    checksum: str | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """Files that the page ``index`` links to: those whose name the regular expression ``pattern`` matches as a whole.

    ``name`` is what such a file is called here, with ``\\1`` for the first group. With ``latest`` only the last in the
    order of names is taken.
    """

    index: str
    pattern: re.Pattern[str]
    name: str
    latest: bool


@dataclass(frozen=True, slots=True)
class Release:
    """What a publisher gives out under one name, and on which terms; ``size`` is about how much there is to fetch.

    ``checksum`` is what the publisher adds to a file's address for the address of its checksum (``.md5``).
    """

    name: str
    title: str
    publisher: str
    license: str
    landing_page: str
    size: str
    rights: str
    addresses: tuple[str, ...]
    listed: tuple[Listed, ...]
    checksum: str | None

    def files(self, read_page: ReadPage, on_error: Callable[[RefusedError], None]) -> list[File]:
        """Return the files, asking ``read_page`` for (address in the end, text) of each page that lists some.

        A page that is refused or lists none that fits is told to ``on_error``.
        """
        found = [self._file(address.rpartition("/")[2], address) for address in self.addresses]
        for listed in self.listed:
            try:
                found += self._on_page(listed, *read_page(listed.index))
            except RefusedError as error:
                on_error(error)
        return list({file.name: file for file in reversed(found)}.values())[::-1]

    def _file(self, name: str, address: str) -> File:
        return File(self, name, address, address + self.checksum if self.checksum else None)

    def _on_page(self, listed: Listed, address: str, text: str) -> list[File]:
        files = []
        for link in sorted(set(links(text, address))):
            match = listed.pattern.fullmatch(unquote(urlsplit(link).path).rpartition("/")[2])
            if match and _FILE_NAME.fullmatch(name := match.expand(listed.name)):
                files.append(self._file(name, link))
        if not files:
            said = f"no link to a file like {listed.pattern.pattern}"
            raise RefusedError(f"{said}; has the publisher moved it? See {self.landing_page}", listed.index)
        files.sort(key=lambda file: file.name)
        return files[-1:] if listed.latest else files


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found += [value for name, value in attrs if name == "href" and value]


def links(text: str, address: str) -> Iterable[str]:
    """Yield the addresses that the HTML page at ``address`` links to and that are on the same server."""
    parser = _Links()
    parser.feed(text)
    here = urlsplit(address)
    for href in parser.found:
        try:
            link = urlsplit(urljoin(address, href.strip()))
        except ValueError:
            continue
        if (link.scheme, link.netloc) == (here.scheme, here.netloc) and link.geturl().isascii():
            yield link._replace(fragment="").geturl()


def load(path: Path | None = None) -> dict[str, Release]:
    """Return the releases by name; of ``graph/releases.toml`` unless another table is given.

    Raises ``SourceError`` when the table can't be read or says what is not understood.
    """
    path = resources.graph_dir() / "releases.toml" if path is None else path
    try:
        table = tomllib.loads(path.read_bytes().decode("utf-8"))
    except OSError as error:
        raise SourceError(f"can't be read ({error.strerror}); check its path", path) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SourceError(f"not TOML: {error}; mend it", path) from None
    found = {}
    for name, said in table.items():
        try:
            found[name] = _release(name, said)
        except (ValueError, re.error) as error:
            raise SourceError(f"[{name}]: {error}; mend it", path) from None
    return found


def _release(name: str, said: Any) -> Release:
    if not _RELEASE_NAME.fullmatch(name):
        raise ValueError("the name of a release is lower-case letters, digits and hyphens")
    _known(said, _KEYS)
    texts = {key: _text(said, key) for key in _TEXTS}
    base = _text(said, "base", "")
    names = said.get("files", [])
    if not isinstance(names, list) or not all(isinstance(item, str) for item in names):
        raise ValueError("files must be a list of addresses, from base on")
    listed = said.get("listed", [])
    if not isinstance(listed, list) or not (names or listed):
        raise ValueError("there must be files, or tables listed")
    checksum = said.get("checksum")
    if checksum not in (None, *CHECKSUMS):
        raise ValueError(f"checksum must be one of {', '.join(CHECKSUMS)}")
    addresses = tuple(_address(urljoin(base, item), "files") for item in names)
    for address in addresses:
        if not _FILE_NAME.fullmatch(address.rpartition("/")[2]):
            raise ValueError(f"{address!r} does not end in the name of a file")
    return Release(
        name=name,
        rights=_text(said, "rights", ""),
        addresses=addresses,
        listed=tuple(_listed(item) for item in listed),
        checksum=checksum,
        **texts,
    )


def _listed(said: Any) -> Listed:
    _known(said, _LISTED_KEYS)
    pattern = re.compile(_text(said, "pattern"))
    latest = said.get("latest", False)
    if not isinstance(latest, bool):
        raise ValueError("latest must be true or false")
    return Listed(_address(_text(said, "index"), "index"), pattern, _text(said, "name", r"\g<0>"), latest)


def _known(said: Any, keys: set[str]) -> None:
    if not isinstance(said, Mapping):
        raise ValueError("must be a table")
    if unknown := sorted(set(said) - keys):
        raise ValueError(f"unknown key {unknown[0]!r} (known: {', '.join(sorted(keys))})")


def _text(said: Mapping[str, Any], key: str, default: str | None = None) -> str:
    value = said.get(key, default)
    if not isinstance(value, str) or (default is None and not value):
        raise ValueError(f"{key} must be a text")
    return value


def _address(address: str, key: str) -> str:
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.netloc or "@" in parts.netloc:
        raise ValueError(f"{key}: {address!r} is no address that begins with https://")
    return address
