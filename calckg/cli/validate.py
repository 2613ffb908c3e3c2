"""``calckg validate``: SHACL shapes over the graph, over anybody's RDF files, or inside a triple store."""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from calckg import prefixes, rdf, render
from calckg.cli.options import (
    EndpointOption,
    KgOption,
    OutputOption,
    choose_format,
    emit,
    ending_with,
    is_explicit,
    note,
    open_graph,
    terminal_width,
)
from calckg.errors import UnknownNameError, UsageError
from calckg.files import plain_suffix, refuse_input
from calckg.findings import Report, Severity

if TYPE_CHECKING:
    from calckg.kg import KnowledgeGraph
    from calckg.shapes.engine import Validation
    from calckg.shapes.options import Options

app = typer.Typer(add_completion=False)
FORMATS = (*render.FINDING_FORMATS, "turtle", "ntriples", "jsonld", "sarif", "junit")
_SUFFIXES = {
    ".csv": "csv",
    ".json": "json",
    ".md": "markdown",
    ".txt": "table",
    ".ttl": "turtle",
    ".nt": "ntriples",
    ".jsonld": "jsonld",
    ".sarif": "sarif",
    ".xml": "junit",
}
_STDIN = Path("/dev/stdin")

_FormatOption = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="NAME",
        help=f"One of: {', '.join(FORMATS)}. turtle, ntriples and jsonld hold the sh:ValidationReport; sarif and "
        "junit are for CI systems. Default: table.",
    ),
]
_FilesArgument = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="FILE", help="RDF files to check, taken together, instead of the graph; - is standard input."
    ),
]
_FromOption = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="NAME", help=f"Format of FILEs: {', '.join(rdf.FORMATS)}. Default: by their suffixes."
    ),
]
_ShapesOption = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE",
        help="Shapes to check against (repeatable). Default: what FILEs name by sh:shapesGraph, else calckg's own.",
    ),
]


@app.command()
def validate(
    files: _FilesArgument = None,
    read_as: _FromOption = None,
    shapes: _ShapesOption = None,
    shape: Annotated[
        list[str] | None,
        typer.Option(metavar="IRI", help="Only this shape, by its IRI or CURIE (repeatable)."),
    ] = None,
    focus: Annotated[
        list[str] | None,
        typer.Option(metavar="NODE", help="Only this node, by its IRI or CURIE (repeatable)."),
    ] = None,
    fail_on: Annotated[
        str,
        typer.Option(metavar="SEVERITY", help="Exit with 1 at a finding this grave: violation, warning or info."),
    ] = "violation",
    limit: Annotated[
        int | None,
        typer.Option(metavar="N", help="Tell N results of each constraint at most, and how many more there are."),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Print the queries that the shapes became, with the time each took.")
    ] = False,
    recheck: Annotated[
        bool,
        typer.Option("--recheck", help="Ask constraints that found nothing when the graph was built, too."),
    ] = False,
    format: _FormatOption = None,
    kg: KgOption = None,
    endpoint: EndpointOption = None,
    output: OutputOption = None,
) -> None:
    """Check the graph, or RDF FILEs, against SHACL shapes, and say what is wrong and what to do about it.

    Constraints that found nothing when the graph was built are not asked again, but with --recheck or --explain.

    With --endpoint the shapes become queries that the triple store answers, two at a time; nothing is copied out of it.
    """
    grave = _severity(fail_on)
    name = choose_format(format, output, FORMATS, _SUFFIXES, "table")
    _refuse(files, shapes, kg, endpoint, recheck)
    files = _data(files or [], read_as)
    if output is not None:
        refuse_input(output, [*(files or ()), *(shapes or ())])
    options = _options(limit, focus, shape, recheck=recheck or explain)
    if files:
        outcome = _outcome_of_files(files, shapes, options, read_as)
    else:
        outcome = _outcome_of_graph(open_graph(kg, endpoint), shapes, options)
    if output is not None:  # shapes may import others, and data may name theirs
        refuse_input(output, outcome.files)
    failed = outcome.at_least(grave) > 0
    with ending_with(int(failed)):
        if explain:
            _explain(outcome)
        _tell(outcome, name, grave, output)
    _summary(outcome, grave)
    if failed:
        raise typer.Exit(1)


def _refuse(
    files: list[Path] | None, shapes: list[Path] | None, kg: Path | None, endpoint: str | None, recheck: bool
) -> None:
    """Refuse what makes no sense, or not together."""
    if any(str(file) in {"-", str(_STDIN)} for file in shapes or ()):
        raise UsageError("--shapes: shapes are not read from standard input; give a file of them")
    if files and (endpoint is not None or is_explicit(kg)):
        other = "--kg" if endpoint is None else "--endpoint"
        raise UsageError(f"FILE and {other} name two things to check; give one of them")
    if recheck and (files or endpoint is not None):
        raise UsageError("--recheck is for a built graph; of FILEs and of an endpoint everything is asked anyway")


def _outcome_of_files(
    files: list[Path], shapes: list[Path] | None, options: Options, read_as: str | None
) -> Validation:
    from calckg.shapes import engine

    return engine.validate_files(files, shapes or None, options, read_as)


def _outcome_of_graph(graph: KnowledgeGraph, shapes: list[Path] | None, options: Options) -> Validation:
    from calckg.shapes import engine

    return engine.validate_graph(graph, shapes or engine.shape_files(), options)


def _data(files: list[Path], read_as: str | None) -> list[Path]:
    """Return the files to read; refuse those of which nothing tells the format."""
    known = ", ".join(rdf.FORMATS)
    if read_as is not None:
        if not files:
            raise UsageError("--from is the format of FILEs; name one, or - for standard input")
        if read_as not in rdf.FORMATS:
            raise UnknownNameError("format", read_as, rdf.FORMATS, f"(one of: {known})")
    for file in files:
        tells = read_as is not None or plain_suffix(file) in rdf.SUFFIXES
        exists = str(file) == "-" or (file.exists() and not file.is_dir())
        if not tells and exists:  # else its reader says what is wrong with it
            suffix = file.suffix or "(none)"
            raise UsageError(f"{file}: the suffix {suffix} does not tell a format; add --from with one of {known}")
    return [_STDIN if str(file) == "-" else file for file in files]


def _tell(outcome: Validation, name: str, grave: Severity, output: Path | None) -> None:
    """Print the findings; in a table those that are only information are counted instead, unless they are grave."""
    if name in rdf.FORMATS:
        emit(_in_rdf(outcome, name), output)
        return
    report, more = outcome.report, dict[str, list[str]]()
    if name == "table" and grave > Severity.INFO:
        for finding in report:
            if finding.severity == Severity.INFO:
                more.setdefault(finding.rule, []).append(finding.message)
        report = Report(f for f in report if f.severity > Severity.INFO)
    # A file's name may have bytes that are no UTF-8.
    emit(_rendered(report, outcome, name, terminal_width(output), grave).encode(errors="backslashreplace"), output)
    for rule, messages in sorted(more.items()):
        such = "" if len(set(messages)) == 1 else ", such as"
        shape = prefixes.load().compress(rule) or rule
        often = f"{len(messages):,} times" if len(messages) > 1 else "once"
        note(f"info, {often}{such}: {' '.join(messages[0].split())} ({shape})")


def _options(limit: int | None, focus: list[str] | None, shape: list[str] | None, *, recheck: bool) -> Options:
    from calckg.shapes.options import Options

    progress = _progress if sys.stderr.isatty() else lambda done, of: None
    return Options.of(limit, shape or (), focus or (), progress, recheck=recheck, named="--{} ")


def _progress(done: int, of: int) -> None:
    end = "\r" if done < of else "\r\033[K"
    print(f"{done} of {of} constraints" if done < of else "", end=end, file=sys.stderr, flush=True)


def _explain(outcome: Validation) -> None:
    for one in outcome.outcomes:
        shape, component = str(one.plan.shape.node), one.plan.constraint.component.rpartition("#")[2]
        note(f"# {shape} {component}: {one.seconds * 1e3:.1f} ms, {render.counted(one.total, 'result')}")
        for query in one.queries:
            note(query)


def _summary(outcome: Validation, grave: Severity) -> None:
    """Tell whether the data conform, which is without any result (SHACL 3.6.1), and what the limit left out.

    Where all results are less grave than what the command fails on, that is told.
    """
    found = ", ".join(render.counted(count, severity) for severity, count in outcome.counts().items())
    for line in (*_left_out(outcome), *(f"note: {doubt}" for doubt in outcome.notes)):
        note(line)
    passed = "no " + " and no ".join(str(one) for one in sorted(Severity, reverse=True) if one >= grave)
    verdict = f"{'does not conform' if outcome.at_least(grave) else passed} ({found})" if found else "conforms"
    if outcome.standing:
        some = f"{outcome.standing} of {render.counted(len(outcome.outcomes), 'constraint')}"
        note(f"{some} found nothing when the graph was built: --recheck asks them again")
    triples = "" if outcome.triples is None else f"{render.counted(outcome.triples, 'triple')}, "
    note(f"{triples}{render.counted(outcome.shapes, 'shape')}: {verdict}")


def _left_out(outcome: Validation) -> list[str]:
    """Return a line for each constraint with results beyond the limit."""
    from calckg.shapes.engine import rule

    lines = []
    for one in outcome.outcomes:
        if one.more:
            shape = rule(outcome, one)
            component = one.plan.constraint.component.rpartition("#")[2]
            lines.append(f"{one.more:,} more of {prefixes.load().compress(shape) or shape} ({component})")
    return lines


def _severity(text: str) -> Severity:
    try:
        return Severity.of(text)
    except KeyError:
        known = [str(severity) for severity in Severity]
        raise UnknownNameError("severity", text, known, f"(one of: {', '.join(known)})") from None


def _in_rdf(outcome: Validation, name: str) -> bytes:
    stream = BytesIO()
    outcome.write(stream, name)
    return stream.getvalue()


def _rendered(report: Report, outcome: Validation, name: str, width: int | None, grave: Severity) -> str:
    if name in {"sarif", "junit"}:
        from calckg.shapes.engine import rule
        from calckg.shapes.reports import ci_formats
        from calckg.shapes.reports.report import severity

        if name == "sarif":
            return ci_formats.sarif(report, _left_out(outcome))
        checked = [
            (rule(outcome, one), one.seconds, one.more if severity(one.plan) >= grave else 0)
            for one in outcome.outcomes
        ]
        return ci_formats.junit(report, checked, grave)
    return render.findings(report, name, width=width)
