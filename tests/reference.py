"""The generated parts of the README: ``python -m tests.reference`` rewrites them, ``test_readme`` compares them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from calckg import queries, rdf, render
from calckg.cli.group import COMMANDS, LazyGroup, root_command
from calckg.mappings import rules
from calckg.shapes.engine import shape_files
from tests.test_floors import FLOORS

README = Path(__file__).parent.parent / "README.md"
_SH = "http://www.w3.org/ns/shacl#"
_COMMENT = "http://www.w3.org/2000/01/rdf-schema#comment"


def commands() -> str:
    """Describe every command with its arguments and options, from the commands themselves."""
    root = root_command()
    return "\n".join(_commands(root.get_command(None, name), name) for name in COMMANDS)


def _commands(command: Any, name: str) -> str:
    """Describe a command, or each command of a group."""
    inner = {} if isinstance(command, LazyGroup) or name == "query" else getattr(command, "commands", {})
    return "\n".join(_command(one, f"{name} {of}") for of, one in inner.items()) or _command(command, name)


def _command(command: Any, name: str) -> str:
    summary, _, rest = (command.help or "").partition("\n")
    lines = [f"### `calckg {name}`", "", summary.strip(), ""]
    if rest.strip():
        lines += [" ".join(rest.split()), ""]
    rows = [(f"`{_form(p)}`", _meaning(p)) for p in command.params]
    if rows:
        lines.append(render.markdown(("option", "meaning"), rows))
    return "\n".join(lines)


def _form(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return str(parameter.metavar or parameter.name.upper())
    names = ", ".join(sorted(parameter.opts, key=len))
    if parameter.is_flag:
        return ", ".join([names, *parameter.secondary_opts])
    return f"{names} {parameter.metavar or parameter.name.upper()}"


def _meaning(parameter: Any) -> str:
    text = parameter.help or ""
    shown = parameter.default not in (None, False, (), []) and parameter.param_type_name == "option"
    told = parameter.opts[0] if parameter.default is True else parameter.default
    return f"{text} Default: {told}." if shown else text


def stored_queries() -> str:
    """List every stored query with what it answers and an example that runs."""
    stored = sorted((queries.load(name) for name in queries.names()), key=lambda q: (q.group, q.name))
    rows = []
    for query in stored:
        words = [f"{p.option} {_shell(render.cell(p.example))}" for p in query.params.values() if not p.optional]
        more = [f"[{p.option}]" for p in query.params.values() if p.optional]
        rows.append((query.group, f"`{' '.join([query.name, *words, *more])}`", query.summary))
    return render.markdown(("group", "query", "answers"), rows)


def _shell(text: str) -> str:
    return f'"{text}"' if re.search(r"[^\w:./-]", text) else text


def shapes() -> str:
    """List every shape with the problem that it finds and the remedy."""
    rows = sorted(set(_shapes()))
    return render.markdown(("shape", "severity", "problem", "remedy"), rows)


def _shapes() -> Iterator[tuple[str, str, str, str]]:
    for path in shape_files():
        facts: dict[str, dict[str, ox.NamedNode | ox.Literal]] = {}
        for quad in rdf.read(path):
            if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode | ox.Literal):
                facts.setdefault(quad.subject.value, {})[quad.predicate.value] = quad.object
        for iri, fact in facts.items():
            if _SH + "message" in fact:
                severity = fact.get(_SH + "severity", ox.NamedNode(_SH + "Violation")).value.removeprefix(_SH)
                comment = fact.get(_COMMENT, ox.Literal("")).value
                yield iri.rpartition("/")[2], severity.lower(), fact[_SH + "message"].value, comment


def mapping_rules() -> str:
    """List every rule of the mapping checks with the problem that it finds and the remedy."""
    rows = [(rule.id, str(rule.severity), rule.problem, rule.remedy) for rule in rules.load().values()]
    return render.markdown(("rule", "severity", "problem", "remedy"), rows)


def floors() -> str:
    """Draw the floors of the package, the highest first."""
    rows = [(str(number), ", ".join(f"`{name}`" for name in FLOORS[number])) for number in reversed(range(len(FLOORS)))]
    return render.markdown(("floor", "modules"), rows)


PARTS = {
    "commands": commands,
    "queries": stored_queries,
    "shapes": shapes,
    "mapping rules": mapping_rules,
    "floors": floors,
}


def rewritten(text: str) -> str:
    """Return the README's ``text`` with each generated part as it must be now."""
    for name, make in PARTS.items():
        begin, end = f"<!-- generated: {name} -->\n", f"<!-- end: {name} -->"
        before, found, rest = text.partition(begin)
        assert found, f"the README has no part {begin!r}"
        _, found, after = rest.partition(end)
        assert found, f"the README has no {end!r}"
        text = f"{before}{begin}\n{make().strip()}\n\n{end}{after}"
    return text


if __name__ == "__main__":
    README.write_text(rewritten(README.read_text(encoding="utf-8")), encoding="utf-8")
