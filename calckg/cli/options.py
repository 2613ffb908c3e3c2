"""Options that several commands share, and what is done with them: the graph, the format, the output."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated

import typer

from calckg import running
from calckg.errors import UnknownNameError, UsageError
from calckg.files import plain_suffix, refuse_directory, writing
from calckg.kg import KnowledgeGraph
from calckg.printable import printable

KgOption = Annotated[
    Path | None,
    typer.Option(
        "--kg",
        metavar="PATH",
        envvar="CALCKG_KG",
        help="A built graph's directory. Without it (and --endpoint): the bundled graph.",
    ),
]
EndpointOption = Annotated[
    str | None,
    typer.Option(
        "--endpoint",
        metavar="URL",
        help="A SPARQL endpoint with the graph, instead of --kg; it has CALCKG_TIMEOUT seconds for an answer (300).",
    ),
]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Write to FILE, whole or not at all; - is standard output. Its suffix tells the format; .gz compresses.",
        callback=lambda path: None if str(path) == "-" else path,  # as other programs call standard output
    ),
]
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def is_explicit(kg: Path | None) -> bool:
    """Tell whether ``kg`` was given as an option: ``CALCKG_KG`` gives way to what is asked for by name."""
    return kg is not None and str(kg) != os.environ.get("CALCKG_KG")


def open_graph(kg: Path | None, endpoint: str | None) -> KnowledgeGraph:
    """Return the graph that the options name; an explicit --endpoint goes before CALCKG_KG."""
    if endpoint is not None:
        if is_explicit(kg):
            raise UsageError("--kg and --endpoint name two graphs; give one of them")
        return KnowledgeGraph.distant(endpoint)
    return KnowledgeGraph.bundled() if kg is None else KnowledgeGraph.built(kg)


def choose_format(
    asked: str | None, output: Path | None, known: Iterable[str], suffixes: dict[str, str], default: str
) -> str:
    """Return the format: what was asked, else what the suffix of ``output`` says, else ``default``.

    Raises ``UnknownNameError`` for an unknown name and ``UsageError`` for a suffix that tells nothing.
    """
    names = tuple(known)
    if asked is not None:
        if asked not in names:
            raise UnknownNameError("format", asked, names, f"(one of: {', '.join(names)})")
        return asked
    if output is None or str(output).startswith("/dev/"):
        return default
    refuse_directory(output)
    suffix = plain_suffix(output)
    if suffix not in suffixes:
        raise UsageError(
            f"{output}: the suffix {suffix or '(none)'} does not tell a format; "
            f"add --format with one of {', '.join(names)}"
        )
    return suffixes[suffix]


def terminal_width(output: Path | None) -> int | None:
    """Return the columns of the terminal that output goes to; ``None`` when it goes elsewhere."""
    if output is not None or not sys.stdout.isatty():
        return None
    import shutil

    return shutil.get_terminal_size().columns


@contextmanager
def ending_with(code: int) -> Iterator[None]:
    """Let the command end quietly with ``code`` when nobody reads its output on: what it has found stands."""
    try:
        yield
    except BrokenPipeError:
        running.silence(1)
        raise typer.Exit(code) from None


def note(line: str) -> None:
    """Print a line for people beside the output, to standard error, if anybody reads that."""
    try:
        print(printable(line), file=sys.stderr)
    except BrokenPipeError:
        running.silence(2)


@contextmanager
def opened(output: Path | None) -> Iterator[IO[bytes]]:
    """Open ``output`` for bytes, written whole or not at all; without it, standard output."""
    try:
        if output is not None:
            with writing(output) as stream:
                yield stream
            return
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    except OSError as error:
        if error.errno in _FULL and error.filename is None:  # what is written to is not told of
            error.filename = "standard output" if output is None else str(output)
        raise


def emit(data: bytes, output: Path | None) -> None:
    """Write ``data`` to ``output``, or to standard output."""
    with opened(output) as stream:
        stream.write(data)
