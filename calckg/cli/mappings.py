"""``calckg mappings``: mapping sets checked row by row."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from calckg import render
from calckg.cli.options import KgOption, OutputOption, choose_format, emit, open_graph, terminal_width
from calckg.errors import UsageError
from calckg.findings import Report, Severity

if TYPE_CHECKING:
    from calckg.mappings.check import Checked

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Check mapping sets, and say what each check is.")
_COLUMNS = ("rule", "severity", "problem", "remedy")
_SUFFIXES = {".csv": "csv", ".json": "json", ".md": "markdown", ".txt": "table"}


@app.command()
def check(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE", help="Mapping sets in SSSOM/TSV (.sssom.tsv, .sssom.tsv.gz).")
    ],
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="RULE", help="Only this rule, or family of rules (repeatable): record, logic/chain."),
    ] = None,
    skip: Annotated[
        list[str] | None, typer.Option(metavar="RULE", help="Not this rule, or family of rules (repeatable).")
    ] = None,
    profile: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help='TOML of severities: "record/range" = "warning"; "off" leaves a rule out.'),
    ] = None,
    fail_on: Annotated[
        str, typer.Option(metavar="SEVERITY", help="Exit with 1 at a finding this grave: violation, warning or info.")
    ] = "violation",
    limit: Annotated[
        int | None, typer.Option(metavar="N", help="Tell N findings of each rule at most, and how many more there are.")
    ] = None,
    format: Annotated[
        str | None,
        typer.Option("--format", metavar="NAME", help=f"One of: {', '.join(render.FINDING_FORMATS)}. Default: table."),
    ] = None,
    kg: KgOption = None,
    output: OutputOption = None,
) -> None:
    """Check mapping sets row by row: slots, identifiers, cardinality, and what the mappings say together.

    With --kg the codes are looked up in the releases that the graph was built from. Every row that was read is
    accounted for: it has no finding, or at least one.
    """
    from calckg.mappings import rules
    from calckg.mappings.check import check

    grave = _severity(fail_on)
    name = choose_format(format, output, render.FINDING_FORMATS, _SUFFIXES, "table")
    if limit is not None and limit < 0:
        raise UsageError(f"--limit {limit}: give 0 or more")
    chosen = rules.chosen(only or (), skip or (), profile)
    done = check(files, chosen, limit, open_graph(kg, None))
    emit(render.findings(done.report, name, width=terminal_width(output)).encode(), output)
    failed = any(chosen[rule].severity >= grave for rule, count in done.by_rule.items() if count)
    _summary(done)
    if failed:
        raise typer.Exit(1)


@app.command()
def rules(
    format: Annotated[
        str | None,
        typer.Option("--format", metavar="NAME", help=f"One of: {', '.join(render.FINDING_FORMATS)}. Default: table."),
    ] = None,
    output: OutputOption = None,
) -> None:
    """List the rules: what each finds, how grave it is, and what to do."""
    from calckg.mappings import rules as known

    name = choose_format(format, output, render.FINDING_FORMATS, _SUFFIXES, "table")
    rows = [(rule.id, str(rule.severity), rule.problem, rule.remedy) for rule in known.load().values()]
    if name == "json":
        text = json.dumps([dict(zip(_COLUMNS, row, strict=True)) for row in rows], indent=2) + "\n"
    elif name == "csv":
        stream = io.StringIO()
        csv.writer(stream, lineterminator="\n").writerows([_COLUMNS, *rows])
        text = stream.getvalue()
    elif name == "markdown":
        text = render.markdown(_COLUMNS, rows)
    else:
        text = render.table(_COLUMNS, rows, width=terminal_width(output))
    emit(text.encode(), output)


def _summary(done: Checked) -> None:
    told = Report(done.report)
    for rule, count in done.by_rule.items():
        more = count - sum(finding.rule == rule for finding in told)
        if more:
            print(f"{more:,} more of {rule}", file=sys.stderr)
    for system, count in done.not_loaded:
        print(f"not checked: {system} is not loaded ({count:,} codes)", file=sys.stderr)
    faulty = done.rows - done.clean
    print(f"{done.rows:,} rows: {done.clean:,} without a finding, {faulty:,} with", file=sys.stderr)


def _severity(text: str) -> Severity:
    try:
        return Severity.of(text)
    except KeyError:
        raise UsageError(f"--fail-on {text}: give violation, warning or info") from None
