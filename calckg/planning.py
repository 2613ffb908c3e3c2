"""Which files a build is made from: recognised by name and first lines, digested, put to their named graphs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from calckg.errors import SourceError, UsageError
from calckg.files import sha256
from calckg.upstream import registry
from calckg.upstream.source import Format, Stated


@dataclass(frozen=True, slots=True)
class Item:
    """One file of a release: what it is, whose, and into which named graph it goes."""

    path: Path
    format: Format
    stated: Stated
    sha256: str
    bytes: int

    @property
    def graph(self) -> str:
        """The IRI of the named graph."""
        name = self.format.graph(self.path) if self.format.graph else self.format.source.name
        return registry.RELEASE + quote(name, safe="")


@dataclass(slots=True)
class Plan:
    """The files to build from, by named graph; those that no reader knows, and those that are no whole download."""

    graphs: dict[str, list[Item]] = field(default_factory=dict)
    unknown: list[Path] = field(default_factory=list)
    incomplete: list[Path] = field(default_factory=list)


def plan(paths: Sequence[Path], named: Iterable[tuple[str, Path]] = ()) -> Plan:
    """Recognise the files at ``paths`` (folders are looked through) and those that are ``named`` with their source.

    Raises ``SourceError`` for a file that can't be read and ``UsageError`` when two files are the same by name.
    """
    found = Plan()
    files = {path.resolve(): path for given in paths for path in _files(given)}
    outright: dict[Path, str] = {}
    for name, path in named:
        outright[path.resolve()] = name
        files[path.resolve()] = path
    for real, path in sorted(files.items()):
        if real not in outright and (path.name.endswith(".part") or not path.stat().st_size):
            found.incomplete.append(path)
            continue
        head = registry.head_of(path)
        known = _of_source(outright[real], path, head) if real in outright else registry.recognise(path, head)
        if known is None:
            found.unknown.append(path)
            continue
        digest, size = sha256(path)
        item = Item(path, known, known.stated(path, head), digest, size)
        found.graphs.setdefault(item.graph, []).append(item)
    for graph, items in found.graphs.items():
        # The order of the files must not show in the graph: by content, whatever they are called.
        items.sort(key=lambda item: (item.path.name, item.sha256))
        names = [item.path.name for item in items]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            places = ", ".join(str(item.path) for item in items if item.path.name == twice)
            raise UsageError(f"{places}: two files of this name for {graph}; give one of them")
    found.graphs = dict(sorted(found.graphs.items()))
    return found


def _files(path: Path) -> Iterator[Path]:
    if not path.exists():
        raise SourceError("no such file or folder; check the spelling of its path", path)
    if not path.is_dir():
        yield path
        return
    for found in sorted(path.rglob("*")):
        hidden = any(part.startswith(".") for part in found.relative_to(path).parts)
        if found.is_file() and not hidden and not any(map(is_graph, found.parents)):
            yield found


def is_graph(folder: Path) -> bool:
    """Tell whether ``folder`` is a graph directory; what is in one is no release."""
    return (folder / "manifest.json").is_file() and (folder / "quads.duckdb").is_file()


def _of_source(name: str, path: Path, head: bytes) -> Format:
    """Return the format of a file whose source was said outright; by its content alone where its name tells nothing."""
    known = registry.by_name(name)
    fitting = [one for one in known if one.matches(path.name, head)]
    if not fitting and len(known) > 1:
        names = ", ".join(repr(one.name) for one in known)
        raise UsageError(f"{path}: which file of {name} is it? Write one of these before the =: {names}")
    return (fitting or known)[0]
