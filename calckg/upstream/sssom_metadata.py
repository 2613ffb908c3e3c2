"""The metadata block of an SSSOM/TSV file: YAML, embedded behind ``#`` or in a file of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from calckg.errors import SourceError, nearest
from calckg.upstream import opened

if TYPE_CHECKING:
    from yaml import Node

Tree: TypeAlias = "str | list[Tree] | dict[str, Tree] | None"

BUILT_IN: Final[Mapping[str, str]] = {
    "owl": "http://www.w3.org/2002/07/owl#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "semapv": "https://w3id.org/semapv/vocab/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "sssom": "https://w3id.org/sssom/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "linkml": "https://w3id.org/linkml/",
}
"""The prefixes that a file need not declare, and must not declare otherwise (SSSOM 1.1, IRI prefixes)."""

_SUFFIXES = (".sssom.yml", ".sssom.yaml", ".yml", ".yaml")
_VALUE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S*")


@dataclass(frozen=True)
class Metadata:
    """The slots of a mapping set: ``text``, ``texts`` and ``tree`` give one; ``place`` tells where it stands."""

    file: Path
    slots: Mapping[str, Tree] = field(default_factory=dict)
    lines: Mapping[tuple[str, ...], int] = field(default_factory=dict)

    def text(self, slot: str) -> str | None:
        """Return the value of a slot that has one; raises ``SourceError`` when it has several."""
        values = self.texts(slot)
        if len(values) > 1:
            raise self.error(slot, f"{slot} has {len(values)} values and takes one; keep one")
        return values[0] if values else None

    def texts(self, slot: str) -> list[str]:
        """Return the values of a slot; a single one need not be written as a list (SSSOM 1.1, TSV)."""
        tree = self.slots.get(slot)
        items = tree if isinstance(tree, list) else [tree]
        if any(isinstance(item, (list, dict)) for item in items):
            raise self.error(slot, f"{slot} is not a value or a list of values; write it as one")
        return [str(item) for item in items if item not in (None, "")]

    def curie_map(self) -> dict[str, str]:
        """Return prefix to namespace, the built-in ones too; raises ``SourceError`` for a namespace that is none."""
        tree = self.slots.get("curie_map") or {}
        if not isinstance(tree, dict):
            raise self.error("curie_map", "curie_map does not give a namespace for each prefix; write 'HP: http://…'")
        result = dict(BUILT_IN)
        for prefix, namespace in tree.items():
            if not isinstance(namespace, str) or not _VALUE.fullmatch(namespace):
                said = f"the prefix {prefix} stands for {namespace!r}, which is no IRI"
                raise self.error("curie_map", f"{said}; write its namespace", prefix)
            own = BUILT_IN.get(prefix)
            if own is None:
                result[prefix] = namespace
            # Sets of before 1.0 have http for https, and semapv without vocab/: those mean the built-in one.
            elif not _schemeless(own).startswith(_schemeless(namespace)):
                said = f"the built-in prefix {prefix} stands for {namespace!r} here"
                raise self.error("curie_map", f"{said}; use {own} or another prefix", prefix)
        return result

    def error(self, slot: str, message: str, *inner: str) -> SourceError:
        """Return the error of what is said in a slot (and of an item within it)."""
        line = self.lines.get((slot, *inner), self.lines.get((slot,)))
        return SourceError(message, self.file, line, slot)


def _schemeless(iri: str) -> str:
    return iri.partition("://")[2] or iri


def embedded(path: Path, lines: Iterable[str]) -> Metadata:
    """Read the block whose ``lines`` each begin with ``#``, the first of them the first of the file."""
    text = "\n".join(line[1:].rstrip() for line in lines)
    return _parsed(path, text, indent=1)


def external(path: Path) -> Metadata:
    """Read the block in a file of its own."""
    with opened(path) as stream:
        text = "\n".join(line.rstrip() for line in stream.read().splitlines())
    return _parsed(path, text, indent=0)


def beside(path: Path) -> Path | None:
    """Return the metadata file that belongs to ``path`` by its name: ``a.sssom.yml`` to ``a.sssom.tsv[.gz]``."""
    name = path.name.removesuffix(".gz").removesuffix(".tsv").removesuffix(".sssom")
    for suffix in _SUFFIXES:
        candidate = path.with_name(name + suffix)
        if candidate.is_file():
            return candidate
    return None


def undeclared(prefix: str, known: Iterable[str]) -> str:
    """Return what is wrong with a prefix that the set does not declare."""
    close = nearest(prefix, known)
    hint = f" (did you mean {' or '.join(close)}?)" if close else ""
    return f"the prefix {prefix!r} is not in curie_map{hint}; declare it there"


def _parsed(path: Path, text: str, indent: int) -> Metadata:
    import yaml

    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1 + indent) if mark else (None, None)
        raise SourceError(f"the metadata is not YAML: {error.problem}; mend it there", path, *place) from None
    except yaml.YAMLError as error:
        raise SourceError(f"the metadata is not YAML: {' '.join(str(error).split())}", path) from None
    if root is None:
        return Metadata(path)
    lines: dict[tuple[str, ...], int] = {}
    tree = _tree(root, (), lines, set(), path)
    if not isinstance(tree, dict):
        raise SourceError("the metadata has no slots; write 'slot: value' on each line", path, root.start_mark.line + 1)
    return Metadata(path, tree, lines)


def _tree(node: Node, place: tuple[str, ...], lines: dict[tuple[str, ...], int], seen: set[int], path: Path) -> Tree:
    """Return what a node holds, every scalar as it is written; note the line of each key."""
    import yaml

    line = node.start_mark.line + 1
    if id(node) in seen:
        raise SourceError("the metadata uses an alias (*), which SSSOM forbids; write the value out", path, line)
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        return [_tree(item, place, lines, seen, path) for item in node.value]
    if isinstance(node, yaml.MappingNode):
        result: dict[str, Tree] = {}
        for key, value in node.value:
            name = str(key.value)
            if name in result:
                number = key.start_mark.line + 1
                raise SourceError(f"{name} stands twice in the metadata; keep one", path, number)
            lines[(*place, name)] = key.start_mark.line + 1
            result[name] = _tree(value, (*place, name), lines, seen, path)
        return result
    return None if node.tag == "tag:yaml.org,2002:null" else str(node.value)
