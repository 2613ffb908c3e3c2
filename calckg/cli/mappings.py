"""``calckg mappings``: mappings checked row by row, repaired, converted, explained."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from calckg import render
from calckg.cli.mapping_convert import convert
from calckg.cli.mapping_explain import explain, path, summary
from calckg.cli.options import KgOption, OutputOption, choose_format, emit, open_graph, terminal_width
from calckg.errors import UsageError
from calckg.findings import Report, Severity

if TYPE_CHECKING:
    from calckg.mappings.check import Checked

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Check mappings, repair and convert mapping sets, and say how codes are connected.",
)
ReasonOption = Annotated[
    bool, typer.Option("--reason", help="Ask HermiT (needs Java) whether mappings make a class unsatisfiable.")
]
_COLUMNS = ("rule", "severity", "problem", "remedy")
_SUFFIXES = {".csv": "csv", ".json": "json", ".md": "markdown", ".txt": "table"}


@app.command()
def check(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE]...", help="Mapping sets in SSSOM/TSV (.sssom.tsv, .sssom.tsv.gz). None: those of the graph."
        ),
    ] = None,
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
    against: Annotated[
        list[Path] | None,
        typer.Option(metavar="PATH", help="Further sets that count in what the mappings say together (repeatable)."),
    ] = None,
    reason: ReasonOption = False,
    kg: KgOption = None,
    output: OutputOption = None,
) -> None:
    """Check mappings row by row: slots, identifiers, cardinality, and what the mappings say together.

    With --kg the codes are looked up in the releases that the graph was built from; without a file, the mappings of
    that graph are checked, or of the bundled one. Every row that was read is accounted for: it has no finding, or at
    least one.
    """
    from calckg import reason as reasoner
    from calckg.mappings import rules
    from calckg.mappings.check import UNSATISFIABLE, check

    grave = _severity(fail_on)
    name = choose_format(format, output, render.FINDING_FORMATS, _SUFFIXES, "table")
    if limit is not None and limit < 0:
        raise UsageError(f"--limit {limit}: give 0 or more")
    chosen = rules.chosen(only or (), skip or (), profile)
    asked = reasoner.reason if reason else None
    done = check(files or (), chosen, limit, open_graph(kg, None), against or (), asked)
    emit(render.findings(done.report, name, width=terminal_width(output)).encode(), output)
    failed = any(chosen[rule].severity >= grave for rule, count in done.by_rule.items() if count)
    _summary(done, [] if reason or UNSATISFIABLE not in chosen else [UNSATISFIABLE])
    if failed:
        raise typer.Exit(1)


@app.command()
def fix(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A mapping set in SSSOM/TSV; it is not touched.")],
    log: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the changes here, as TSV: line, rule, slot, before, after."),
    ] = None,
    kg: KgOption = None,
    output: OutputOption = None,
) -> None:
    """Write a repaired copy of a mapping set; what is not certain stays as it is.

    Mended are prefixes and codes in the wrong case, rows that stand there twice and, with --kg, codes that are retired
    and have one replacement.
    """
    from calckg.mappings import repair

    for option, given in (("--output", output), ("--log", log)):
        if given is not None and given.exists() and file.exists() and given.samefile(file):
            raise UsageError(f"{option} {given}: that is the file to be repaired, which is not touched; name another")
    if output is not None and log is not None and output.absolute() == log.absolute():
        raise UsageError(f"--log {log}: the repaired copy goes there; name another file")
    copy, changes = repair.repair(file, open_graph(kg, None))
    emit(copy, output)
    if log is not None:
        emit(repair.log(changes).encode(), log)
    for rule, count in Counter(change.rule for change in changes).items():
        print(f"{count:,} of {rule} mended", file=sys.stderr)
    print(f"{len(changes):,} changes; calckg mappings check tells what is left", file=sys.stderr)


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


for _command in (explain, path, summary, convert):
    app.command()(_command)


def _summary(done: Checked, without_reasoner: Sequence[str]) -> None:
    told = Report(done.report)
    for rule, count in done.by_rule.items():
        more = count - sum(finding.rule == rule for finding in told)
        if more:
            print(f"{more:,} more of {rule}", file=sys.stderr)
    for system, count in done.not_loaded:
        print(f"not checked: {system} is not loaded ({count:,} code{'s' * (count != 1)})", file=sys.stderr)
    for rule in without_reasoner:
        print(f"not checked: {rule}; --reason asks HermiT", file=sys.stderr)
    faulty = done.rows - done.clean
    print(f"{done.rows:,} rows: {done.clean:,} without a finding, {faulty:,} with", file=sys.stderr)


def _severity(text: str) -> Severity:
    try:
        return Severity.of(text)
    except KeyError:
        raise UsageError(f"--fail-on {text}: give violation, warning or info") from None
