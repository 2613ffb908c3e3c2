"""``calckg mappings explain``, ``path`` and ``summary``: what mappings say of two codes, two systems, and at all."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from calckg import prefixes, render
from calckg.cli.options import KgOption, OutputOption, choose_format, emit, open_graph, terminal_width
from calckg.errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    from calckg.mappings.explain import Explanation, Statement
    from calckg.mappings.summary import Summary

_SUFFIXES = {".csv": "csv", ".tsv": "tsv", ".json": "json", ".md": "markdown", ".txt": "table", ".svg": "svg"}
_EXPLAINED = ("table", "json", "svg")
_WAYS = ("table", "csv", "tsv", "json", "markdown")
_SUMMARIES = ("table", "csv", "tsv", "json", "markdown", "svg")
_MOST_STEPS = 20

FilesArgument = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[FILE]...", help="Mapping sets in SSSOM/TSV (.sssom.tsv, .sssom.tsv.gz). None: those of the graph."
    ),
]


def _format_option(names: Sequence[str]) -> object:
    return typer.Option(
        "--format", metavar="NAME", help=f"One of: {', '.join(names)}. Default: by the suffix of -o, else table."
    )


def explain(
    one: Annotated[str, typer.Argument(metavar="A", help="A code: a CURIE such as HP:0004934, or an IRI.")],
    other: Annotated[str, typer.Argument(metavar="B", help="The other code.")],
    files: FilesArgument = None,
    limit: Annotated[int, typer.Option(metavar="N", help="Tell N chains at most.")] = 5,
    longest: Annotated[int, typer.Option(metavar="N", help="Chains of N mappings at most.")] = 6,
    format: Annotated[str | None, _format_option(_EXPLAINED)] = None,
    kg: KgOption = None,
    output: OutputOption = None,
) -> None:
    """Say by which chains of mappings two codes are connected, shortest first, and what contradicts them.

    Each link is told with its predicate (^ before one that is read against its direction), where it is stated, how it
    is justified and by whom. Without a file, the mappings are those of the graph of --kg, or of the bundled one.
    """
    from calckg.mappings.explain import explain
    from calckg.mappings.picture import explanation

    name = choose_format(format, output, _EXPLAINED, _SUFFIXES, "table")
    _refuse_other(name, _EXPLAINED, output)
    _refuse_below_one("--limit", limit)
    _refuse_longest(longest)
    told = explain(one, other, files or (), open_graph(kg, None), limit, longest)
    if name == "json":
        text = json.dumps(told.as_dict(), indent=2, ensure_ascii=False) + "\n"
    elif name == "svg":
        text = explanation(told)
    else:
        text = _explained(told, terminal_width(output))
    emit(text.encode(), output)
    if not told.chains:
        print(f"nothing connects {told.start} and {told.end} within {longest} mappings", file=sys.stderr)
    elif told.more:
        print(f"there are more chains; --limit {2 * limit} tells more of them", file=sys.stderr)


def path(
    start: Annotated[str, typer.Argument(metavar="FROM", help="A code system, by its prefix: HP.")],
    end: Annotated[str, typer.Argument(metavar="TO", help="The code system to get to: MONDO.")],
    files: FilesArgument = None,
    longest: Annotated[int, typer.Option(metavar="N", help="Ways of N mappings at most.")] = 3,
    only_exact: Annotated[bool, typer.Option("--only-exact", help="Only by way of exact matches.")] = False,
    format: Annotated[str | None, _format_option(_WAYS)] = None,
    kg: KgOption = None,
    output: OutputOption = None,
) -> None:
    """Make a table from one code system to another by way of the mappings: the shortest way of each pair of codes.

    It has the number of steps and their kind, which is that of the weakest mapping (exact, close, broad or narrow,
    related, xref, other), the predicates as a SPARQL property path, the codes between, and how many ways are as short.
    No code of the two systems stands within a way. CSV, TSV and JSON have the IRIs of both codes, too.
    """
    from calckg.mappings.ways import COLUMNS, MACHINE_COLUMNS, ways

    name = choose_format(format, output, _WAYS, _SUFFIXES, "table")
    _refuse_other(name, _WAYS, output)
    _refuse_longest(longest)
    found = ways(start, end, files or (), open_graph(kg, None), longest, only_exact)
    if name == "json":
        text = json.dumps([way.as_dict() for way in found], indent=2, ensure_ascii=False) + "\n"
    else:
        columns = MACHINE_COLUMNS if name in ("csv", "tsv") else COLUMNS
        text = _drawn(columns, [way.cells(columns) for way in found], name, terminal_width(output))
    emit(text.encode(), output)
    if not found:
        print(f"no way leads from {start} to {end} within {longest} mappings", file=sys.stderr)


def summary(
    files: FilesArgument = None,
    part: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Only this part: sets, coverage, cardinality or agreement."),
    ] = None,
    format: Annotated[str | None, _format_option(_SUMMARIES)] = None,
    kg: KgOption = None,
    output: OutputOption = None,
) -> None:
    """Count mappings: by set and predicate, by code system, how many to how many, and where two sets agree.

    In SVG it is a picture of the coverage by code system. CSV and TSV hold one part.
    """
    from calckg.mappings.picture import coverage
    from calckg.mappings.summary import PARTS, bars, summary

    name = choose_format(format, output, _SUMMARIES, _SUFFIXES, "table")
    if part is not None and part not in PARTS:
        raise UnknownNameError("part", part, PARTS, f"(one of: {', '.join(PARTS)})")
    if part is None and name in ("csv", "tsv"):
        raise UsageError(f"{name} holds one table; add --part with one of {', '.join(PARTS)}")
    if part not in (None, "coverage") and name == "svg":
        raise UsageError(f"--part {part}: the picture is of the coverage; leave --part out")
    told = summary(files or (), open_graph(kg, None))
    chosen = list(PARTS) if part is None else [part]
    if name == "svg":
        text = coverage(bars(told))
    elif name == "json":
        text = json.dumps({one: told[one] for one in chosen}, indent=2, ensure_ascii=False) + "\n"
    else:
        width = terminal_width(output)
        text = "\n".join(_part(told, one, PARTS[one], name, width, headed=part is None) for one in chosen)
    emit(text.encode(), output)


def _explained(told: Explanation, width: int | None) -> str:
    from calckg.mappings.chains import SYMMETRIC
    from calckg.mappings.picture import triple

    texts, rows, against = list[str](), list[tuple[str, ...]](), list[tuple[str, ...]]()
    for number, chain in enumerate(told.chains, 1):
        for place, link in enumerate(chain.links, 1):
            for statement in link.statements:
                onward = statement.subject == link.start.code or statement.predicate in SYMMETRIC
                ends = (link.start.code, ("" if onward else "^") + statement.predicate, str(link.end))
                rows.append((str(number), chain.kind, str(place), *ends, *_origin(statement)))
    if rows:
        columns = ("chain", "kind", "link", "from", "predicate", "to", "source", "justification", "author")
        texts.append(f"{told.start} and {told.end}\n\n" + render.table(columns, rows, width=width))
    for one in told.contradictions:
        numbers = ", ".join(map(str, one.chains))
        against += [(numbers, one.said, triple(s), *_origin(s)) for s in one.statements]
        if not one.statements:
            against.append((numbers, one.said, "", "", "", ""))
    if against:
        heads = ("chain", "contradiction", "stated", "source", "justification", "author")
        texts.append(render.table(heads, against, width=width))
    return "\n".join(texts)


def _origin(statement: Statement) -> tuple[str, str, str]:
    from calckg.mappings.picture import place

    return place(statement.source), statement.justification, statement.author


def _part(told: Summary, part: str, columns: Sequence[str], name: str, width: int | None, *, headed: bool) -> str:
    rows = [[_cell(row[column], name) for column in columns] for row in told[part]]
    heads = {"table": f"{part}\n", "markdown": f"## {part}\n\n"}
    return (heads[name] if headed else "") + _drawn(columns, rows, name, width)


def _cell(value: object, name: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, int):
        return f"{value:,}" if name in ("table", "markdown") else str(value)
    text = str(value)
    return prefixes.load().compress(text) or text if name in ("table", "markdown") and "://" in text else text


def _drawn(columns: Sequence[str], rows: Iterable[Sequence[str]], name: str, width: int | None) -> str:
    if name == "markdown":
        return render.markdown(columns, rows)
    if name == "table":
        return render.table(columns, rows, width=width)
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter="\t" if name == "tsv" else ",", lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return stream.getvalue()


def _refuse_other(name: str, known: Sequence[str], output: Path | None) -> None:
    if name not in known:
        raise UsageError(f"{output}: {name} is none of the formats here; add --format with one of {', '.join(known)}")


def _refuse_below_one(option: str, number: int) -> None:
    if number < 1:
        raise UsageError(f"{option} {number}: give 1 or more")


def _refuse_longest(longest: int) -> None:
    _refuse_below_one("--longest", longest)
    if longest > _MOST_STEPS:
        raise UsageError(f"--longest {longest}: give {_MOST_STEPS} or less")
