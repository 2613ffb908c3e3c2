"""Stored queries: read their headers, check and bind their parameters, run them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from calckg import bundle, concepts, identifiers, prefixes, resources
from calckg.errors import SourceError, UnknownNameError, UsageError
from calckg.files import writing
from calckg.sparql import SparqlGraph

_KEYS = {"summary": str, "description": str, "tags": list, "params": dict, "columns": list}
_FORMS = {str: "a text", list: "a list of words: [a, b]", dict: "one line for each parameter"}
_PARAM_KEYS = {"type", "help", "optional"}
_XSD = "http://www.w3.org/2001/XMLSchema#"
TYPES = ("concept", "iri", "string", "integer", "year", "code-system", "pmid", "doi", "predicate")
Value = str | int | ox.NamedNode | ox.Literal


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter: its type (one of ``TYPES``), help, the example term (``None`` where the text has ``UNDEF``)."""

    name: str
    type: str
    help: str
    example: ox.NamedNode | ox.Literal | None

    @property
    def option(self) -> str:
        """Its name on the command line."""
        return "--" + self.name.replace("_", "-")

    @property
    def optional(self) -> bool:
        """Whether it may be left out, which means "any"."""
        return self.example is None


@dataclass(frozen=True, slots=True)
class StoredQuery:
    """A stored query: what its header says, and its text, which runs as it stands."""

    name: str
    group: str
    path: Path
    text: str
    summary: str
    description: str = ""
    tags: tuple[str, ...] = ()
    params: Mapping[str, Param] = field(default_factory=dict)
    columns: tuple[str, ...] = ()

    def bind(self, values: Mapping[str, Value]) -> str:
        """Return the text with the ``VALUES`` block of each parameter holding the given value.

        A value is text (a CURIE or an IRI where a concept is asked for), a number or a pyoxigraph term; it is turned
        into a checked RDF term and written in that term's own serialisation. An optional parameter without a value
        stays ``UNDEF``. Raises ``UsageError`` for an unknown, a missing or an ill-formed one.
        """
        for name in values:
            if name not in self.params:
                raise UnknownNameError(f"parameter of {self.name}", name, self.params, self._usage())
        text = self.text
        for name, param in self.params.items():
            if name in values:
                line = _values_line(name).search(text)
                if line is not None:
                    text = f"{text[: line.start(2)]}{term_of(param, values[name])}{text[line.end(2) :]}"
            elif not param.optional:
                raise UsageError(f"{self.name} needs {param.option}: {param.help}")
        return text

    def run(self, graph: SparqlGraph, values: Mapping[str, Value]) -> ox.QuerySolutions:
        """Bind ``values`` and ask ``graph``; a concept may also be given by its name.

        Raises ``UnknownNameError`` for a concept that ``graph`` does not have.
        """
        found = dict(values)
        for name, value in values.items():
            if isinstance(value, str) and name in self.params and self.params[name].type == "concept":
                found[name] = concepts.find(graph, value)
        result = graph.query(self.bind(found))
        if not isinstance(result, ox.QuerySolutions):
            raise SourceError("a stored query must be a SELECT", self.path)
        return result

    def _usage(self) -> str:
        if not self.params:
            return "it takes none."
        return "it takes: " + ", ".join(self.params)


def _values_line(name: str) -> re.Pattern[str]:
    blank = r"[^\S\n]"  # all on one line
    return re.compile(
        rf"^({blank}*VALUES{blank}+\?{re.escape(name)}{blank}*\{{{blank}*)(.*?)({blank}*\}}{blank}*\.?{blank}*(?:#.*)?)$",
        re.MULTILINE,
    )


def files() -> dict[str, Path]:
    """Return the file of each stored query by its name, in the order of the names."""
    found = {path.stem: path for path in resources.queries_dir().glob("*/*.rq")}
    return dict(sorted(found.items()))


def names() -> list[str]:
    """Return the names of all stored queries, sorted."""
    return list(files())


def load(name: str) -> StoredQuery:
    """Read the stored query ``name``; raises ``UnknownNameError`` with the nearest names."""
    paths = files()
    if name not in paths:
        raise UnknownNameError("query", name, paths, "(calckg query --list shows all)")
    return read(paths[name])


def read(path: Path) -> StoredQuery:
    """Read one query file; raises ``SourceError`` when its header or a parameter's ``VALUES`` line is not right."""
    text = path.read_text(encoding="utf-8")
    header = _header(path, text)
    params: dict[str, Param] = {}
    for name, entry in (header.get("params") or {}).items():
        params[name] = _param(path, text, name, entry)
    return StoredQuery(
        name=path.stem,
        group=path.parent.name,
        path=path,
        text=text,
        summary=header["summary"],
        description=header.get("description", ""),
        tags=tuple(header.get("tags", ())),
        params=params,
        columns=tuple(header.get("columns", ())),
    )


def _header(path: Path, text: str) -> dict[str, Any]:
    """Read the header of a query; the cache keeps it as JSON under its own digest, for YAML is slow to import."""
    lines = "\n".join(line[2:].removeprefix(" ") for line in text.splitlines() if line.startswith("#+"))
    kept = bundle.cache() / "headers" / f"{hashlib.sha256(lines.encode()).hexdigest()}.json"
    try:
        header: dict[str, Any] = json.loads(kept.read_bytes())
    except (OSError, ValueError):
        header = _checked_header(path, lines)
        _keep(kept, header)
    return header


def _keep(kept: Path, header: dict[str, Any]) -> None:
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with writing(kept) as stream:
            stream.write(json.dumps(header).encode())
    except (OSError, UsageError):
        pass  # a cache that can't be written costs time, nothing else


def _checked_header(path: Path, lines: str) -> dict[str, Any]:
    import yaml

    try:
        header = yaml.safe_load(lines)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "not YAML"
        raise SourceError(f"the header is not YAML: {problem}", path, mark.line + 1 if mark else 1) from None
    if not isinstance(header, dict) or "summary" not in header or "columns" not in header:
        raise SourceError("the header needs summary and columns, each line beginning with #+", path, 1)
    for key, value in header.items():
        if key not in _KEYS:
            known = ", ".join(sorted(_KEYS))
            raise SourceError(f"unknown key {key!r} in the header; known: {known}", path, _line(lines, key))
        if not isinstance(value, _KEYS[key]) or (
            isinstance(value, list) and not all(isinstance(v, str) for v in value)
        ):
            raise SourceError(f"{key} in the header must be {_FORMS[_KEYS[key]]}", path, _line(lines, key))
    return header


def _line(text: str, key: Any) -> int | None:
    """Return the line of ``text`` that ``key`` begins, 1-based."""
    starts = (number for number, line in enumerate(text.splitlines(), 1) if line.strip().startswith(f"{key}:"))
    return next(starts, None)


def _param(path: Path, text: str, name: str, entry: Any) -> Param:
    where = _line(text.replace("#+", "  "), name)
    if not isinstance(entry, dict) or not {"type", "help"} <= set(entry) <= _PARAM_KEYS:
        raise SourceError(f"parameter {name!r} needs type and help, and may say optional (quote texts)", path, where)
    if entry["type"] not in TYPES:
        raise SourceError(f"parameter {name!r}: unknown type {entry['type']!r}; known: {', '.join(TYPES)}", path, where)
    if not isinstance(entry["help"], str):
        raise SourceError(f"parameter {name!r}: help must be a text", path, where)
    found = list(_values_line(name).finditer(text))
    if len(found) != 1:
        raise SourceError(f"parameter {name!r} needs just one line: VALUES ?{name} {{ an example }}", path, where)
    example, line = found[0][2], text.count("\n", 0, found[0].start(2)) + 1
    if bool(entry.get("optional")) != (example == "UNDEF"):
        raise SourceError(f"parameter {name!r}: optional: true and UNDEF go together", path, line)
    term = None if example == "UNDEF" else _term(path, text, name, example, line)
    return Param(name, entry["type"], entry["help"], term)


def _term(path: Path, text: str, name: str, example: str, line: int) -> ox.NamedNode | ox.Literal:
    """Read the example of a ``VALUES`` line: an IRI or a literal, written out."""
    try:
        result = ox.Store().query(f"SELECT ?x WHERE {{ VALUES ?x {{ {example} }} }}", prefixes=_declared(text))
        found = [row["x"] for row in result] if isinstance(result, ox.QuerySolutions) else []
    except SyntaxError:
        found = []
    term = found[0] if len(found) == 1 else None
    if not isinstance(term, ox.NamedNode | ox.Literal):
        raise SourceError(f"parameter {name!r}: {example!r} is not one IRI or literal", path, line)
    return term


def _declared(text: str) -> dict[str, str]:
    return dict(re.findall(r"^PREFIX\s+([\w.-]*):\s*<([^>]*)>", text, re.MULTILINE | re.IGNORECASE))


def term_of(param: Param, value: Value) -> ox.NamedNode | ox.Literal:
    """Turn ``value`` into the RDF term that ``param`` asks for; raises ``UsageError`` when it can't be one."""
    if isinstance(value, ox.NamedNode | ox.Literal):
        return value
    text = str(value).strip()
    if not text:
        raise UsageError(f"{param.option} is empty; give {param.help}")
    if param.type in {"concept", "predicate", "iri"}:
        return concepts.node(text)
    if param.type == "code-system":
        return _code_system(param, text)
    if param.type == "integer":
        if not re.fullmatch(r"[+-]?\d+", text):
            raise UsageError(f"{param.option} {text!r} is not a whole number; give one such as 5")
        return ox.Literal(text, datatype=ox.NamedNode(_XSD + "integer"))
    if param.type == "year":
        if not re.fullmatch(r"\d{4}", text):
            raise UsageError(f"{param.option} {text!r} is not a year; give four digits such as 2020")
        return _like(param, text)
    if param.type in {"pmid", "doi"}:
        return _publication_id(param, text)
    return _like(param, text)


def _like(param: Param, text: str) -> ox.Literal:
    """Make a literal of the example's own datatype and language."""
    example = param.example
    if isinstance(example, ox.Literal) and example.language:
        return ox.Literal(text, language=example.language)
    if isinstance(example, ox.Literal):
        return ox.Literal(text, datatype=example.datatype)
    return ox.Literal(text)


def _code_system(param: Param, text: str) -> ox.NamedNode | ox.Literal:
    """Turn a prefix (``HP``, ``SNOMEDCT``) into its scheme's IRI, or into text where the example is text."""
    prefix = prefixes.load().canonical_prefix(text.rstrip(":"))
    if isinstance(param.example, ox.Literal):
        return ox.Literal(prefix)
    return ox.NamedNode(f"https://w3id.org/calckg/id/scheme/{prefix}")


def _publication_id(param: Param, text: str) -> ox.NamedNode | ox.Literal:
    """Turn ``33190187``, ``PMID:33190187``, a DOI or either's address into what the query's example shows."""
    prefix = "PMID" if param.type == "pmid" else "doi"
    bare = text
    if ":" in text and not re.fullmatch(r"10\.\d{4,9}/\S+", text):
        curie = prefixes.load().compress(prefixes.load().expand(text)) or ""
        bare = curie.partition(":")[2] if curie.startswith(prefix + ":") else text
    problem = identifiers.problem(prefix, bare)
    if problem:
        raise UsageError(f"{param.option}: {problem}")
    if isinstance(param.example, ox.NamedNode):
        return ox.NamedNode(prefixes.load().expand(f"{prefix}:{bare}"))
    return ox.Literal(bare)


def rows(result: ox.QuerySolutions) -> tuple[list[str], list[Sequence[Any]]]:
    """Return the variables of ``result`` and all its rows, each a sequence of terms or ``None``."""
    variables = [variable.value for variable in result.variables]
    return variables, [tuple(solution[name] for name in variables) for solution in result]
