"""XML as a stream of records: nothing is fetched for it, and what it declares itself is refused.

An entity can be made to hold gigabytes in a few lines, or to read another file, and so can the default of an attribute;
the formats read here need neither. A DOCTYPE that declares nothing is let pass.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import deque
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, Final, cast
from xml.parsers import expat

from calckg.errors import SourceError
from calckg.upstream import opened

_CHUNK: Final = 1 << 16
_NO_ELEMENT: Final = expat.errors.codes[expat.errors.XML_ERROR_NO_ELEMENTS]


class Document:
    """An XML file, plain or gz, to be read once from its beginning to its end.

    ``roots`` are the elements that the file may consist of, ``tags`` those that are records; both without a namespace.
    A record is never inside another.
    """

    def __init__(self, path: str | Path, roots: Collection[str], tags: Collection[str]) -> None:
        self.path, self.roots, self.tags = Path(path), frozenset(roots), frozenset(tags)
        self.root: ET.Element | None = None  # with its attributes, once the first record has come
        self._number, self._record = -1, ET.Element("")
        self._places: Iterator[list[tuple[int, int]]] = iter(())
        self._placed, self._last = -1, list[tuple[int, int]]()

    def __iter__(self) -> Iterator[ET.Element]:
        """Yield each record; one is gone when the next is asked for.

        Raises ``SourceError`` with line and column where the file is not well-formed, declares an entity or an
        attribute's default, or has another root.
        """
        _check_prolog(self.path, self.roots)
        builder = ET.TreeBuilder()
        # An element around the whole, to see the tree while it grows: events would cost twice the time.
        whole = builder.start("document", {})
        parser = ET.XMLParser(target=builder)
        with _bytes(self.path) as stream, _told(self.path):
            while chunk := stream.read(_CHUNK):
                parser.feed(chunk)
                self.root = whole[0] if len(whole) else None
                yield from self._records(whole)
            builder.end("document")
            parser.close()
        yield from self._records(whole, ended=True)

    def _records(self, whole: ET.Element, *, ended: bool = False) -> Iterator[ET.Element]:
        """Yield the records that are complete and take them away, with all else that is behind."""
        container, tags = whole, self.tags
        while len(container):
            last = container[-1]
            complete = container[:] if ended else container[:-1]
            del container[: len(complete)]
            for element in complete:
                for record in (element,) if element.tag in tags else element.iter():
                    if record.tag in tags:
                        self._number += 1
                        self._record = record
                        yield record
            if ended or last.tag in tags:
                return
            container = last

    def place(self, element: ET.Element) -> tuple[int, int]:
        """Return the line and the column at which ``element`` of the present record begins.

        The parser does not keep them, so the file is read a second time as far as needed; records in order cost
        one such reading together.
        """
        if self._placed > self._number or self._placed < 0:
            self._places, self._placed = _places(self.path, self.tags), -1
        while self._placed < self._number:
            self._last = next(self._places)
            self._placed += 1
        for number, other in enumerate(self._record.iter()):
            if other is element:
                return self._last[number]
        return self._last[0]

    def error(self, message: str, element: ET.Element, column: str | None = None) -> SourceError:
        """Return an error at ``element`` of the present record; ``column`` names an attribute or a part of it."""
        line, place = self.place(element)
        return SourceError(message, self.path, line, place if column is None else column)


def text(element: ET.Element | None) -> str | None:
    """Return the plain text in an element, without markup and with single spaces; ``None`` when there is none."""
    if element is None:
        return None
    found = "".join(element.itertext()) if len(element) else element.text
    return " ".join(found.split()) or None if found else None


def child(element: ET.Element, path: str) -> str | None:
    """Return the plain text of the first element at ``path`` below ``element``, as ``text`` does."""
    return text(element.find(path))


def fragment(content: str, path: str | Path, line: int | None = None) -> ET.Element:
    """Read XML without a root, such as stands escaped in another file; return an element that holds it.

    ``path`` and ``line`` tell where it begins, for the ``SourceError`` that is raised when it is not well-formed. It
    can't have a DOCTYPE.
    """
    try:
        return ET.XML(f"<fragment>{content}</fragment>")
    except ET.ParseError as error:
        number = None if line is None else line + error.position[0] - 1
        raise SourceError(
            f"the XML in this text is not well-formed ({_reason(error)}); mend it there", path, number
        ) from None


@contextmanager
def _bytes(path: Path) -> Iterator[BinaryIO]:
    # The parser finds out the encoding itself.
    with opened(path) as stream:
        yield cast("BinaryIO", cast("TextIOWrapper", stream).buffer)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn what the parser raises into ``SourceError``."""
    try:
        yield
    except ET.ParseError as error:
        line, column = error.position
        raise _malformed(path, error.code, _reason(error), line, column) from None
    except expat.ExpatError as error:
        raise _malformed(path, error.code, expat.ErrorString(error.code), error.lineno, error.offset) from None
    except (LookupError, ValueError) as error:  # an unknown encoding, and one that expat can't be taught
        raise SourceError(f"{error}; convert the file to UTF-8", path, 1) from None


def _reason(error: ET.ParseError) -> str:
    return str(error).partition(": line")[0]


def _malformed(path: Path, code: int, reason: str, line: int, column: int) -> SourceError:
    remedy = "is the download complete?" if code == _NO_ELEMENT else "mend it there, or download it again"
    return SourceError(f"not well-formed XML ({reason}); {remedy}", path, line, column + 1)


def _check_prolog(path: Path, roots: Collection[str]) -> None:
    """Read as far as the root; refuse what is declared before it, and another root."""
    parser = expat.ParserCreate()
    begun: list[str] = []

    def error(message: str) -> SourceError:
        return SourceError(message, path, parser.CurrentLineNumber, parser.CurrentColumnNumber + 1)

    def entity(name: str, *_: object) -> None:
        raise error(f"the entity {name!r} is declared here, which may hide or fetch anything; remove the declaration")

    def attribute(element: str, name: str, _: str, default: str | None, __: bool) -> None:
        if default is not None:
            said = f"a default of the attribute {name!r} of <{element}> is declared here"
            raise error(f"{said}, which may multiply the file; remove the declaration")

    def start(tag: str, _: object) -> None:
        if not begun and tag not in roots:
            expected = " or ".join(f"<{root}>" for root in sorted(roots))
            raise error(f"the root is <{tag}>, {expected} expected; is this the file that it should be?")
        begun.append(tag)
        parser.StartElementHandler = None

    parser.EntityDeclHandler = entity
    parser.AttlistDeclHandler = attribute
    parser.StartElementHandler = start
    with _bytes(path) as stream, _told(path):
        while not begun:
            chunk = stream.read(_CHUNK)
            try:
                parser.Parse(chunk, not chunk)
            except expat.ExpatError:
                if not begun:  # what is wrong further down is told when it is reached
                    raise


def _places(path: Path, tags: Collection[str]) -> Iterator[list[tuple[int, int]]]:
    """Yield for each record the line and the column of each of its elements, itself first."""
    parser = expat.ParserCreate()
    whole: deque[list[tuple[int, int]]] = deque()
    places: list[tuple[int, int]] = []
    depth = 0

    def start(tag: str, _: object) -> None:
        nonlocal depth
        if depth or tag in tags:
            depth += 1
            places.append((parser.CurrentLineNumber, parser.CurrentColumnNumber + 1))

    def end(_: str) -> None:
        nonlocal depth
        if depth:
            depth -= 1
            if not depth:
                whole.append(places.copy())
                places.clear()

    handlers: tuple[Callable[..., None], Callable[..., None]] = start, end
    parser.StartElementHandler, parser.EndElementHandler = handlers
    with _bytes(path) as stream:
        while chunk := stream.read(_CHUNK):
            try:
                parser.Parse(chunk, False)
            except expat.ExpatError:
                yield from whole  # the first reading has come no further either
                return
            while whole:
                yield whole.popleft()
