"""``calckg query NAME``: each stored query as a command with options of its own."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.core
import typer.main

from calckg import queries
from calckg.cli.group import lighten
from calckg.cli.options import (
    EndpointOption,
    KgOption,
    OutputOption,
    choose_format,
    emit,
    open_graph,
    terminal_width,
)
from calckg.render import ROW_FORMATS, ROW_SUFFIXES, cell, solutions, table

RowFormat = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="NAME",
        help=f"One of: {', '.join(ROW_FORMATS)}. Default: by the suffix of -o, a table on a terminal, else csv.",
    ),
]
_SHARED = {"kg": KgOption, "endpoint": EndpointOption, "format": RowFormat, "output": OutputOption}


class QueryGroup(typer.core.TyperGroup):
    """A group with one command for each stored query; only the header of the one that is asked for is read."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of the stored queries."""
        return queries.names()

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Make the command of the stored query ``cmd_name``; raises ``UnknownNameError``."""
        return query_command(queries.load(cmd_name))


app = typer.Typer(
    cls=QueryGroup,
    add_completion=False,
    invoke_without_command=True,
    subcommand_metavar="NAME [OPTIONS]",
    help="Ask a stored query. Each has options of its own: calckg query NAME --help.",
)


@app.callback()
def _group(
    context: typer.Context,
    list_all: Annotated[bool, typer.Option("--list", help="List the stored queries and what each answers.")] = False,
) -> None:
    if context.invoked_subcommand is not None:
        return
    if not list_all:
        print(context.get_help())
        raise typer.Exit(2)
    stored = [queries.load(name) for name in queries.names()]
    rows = [(q.group, q.name, q.summary, " ".join(_usage(p) for p in q.params.values())) for q in stored]
    rows.sort()
    emit(table(("group", "query", "answers", "options"), rows, width=terminal_width(None)).encode(), None)


def _usage(param: queries.Param) -> str:
    return f"[{param.option}]" if param.optional else param.option


def query_command(stored: queries.StoredQuery) -> Any:
    """Make a Typer command of a stored query: an option for each parameter, its example in the help."""
    command = typer.Typer(add_completion=False)
    command.command(name=stored.name, help=_help(stored), epilog=_example(stored))(_function(stored))
    return lighten(typer.main.get_command(command))


def _function(stored: queries.StoredQuery) -> Any:
    def ask(**given: Any) -> None:
        values = {name: given[name] for name in stored.params if given[name] is not None}
        ask_stored(stored, values, **{name: given[name] for name in _SHARED})

    parameters = []
    for name, param in stored.params.items():
        text = param.help + (" Left out: any." if param.optional else "")
        kind: Any = str | None if param.optional else str
        parameters.append(_parameter(name, Annotated[kind, typer.Option(param.option, help=text)], param.optional))
    parameters += [_parameter(name, option, True) for name, option in _SHARED.items()]
    ask.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    ask.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return ask


def _parameter(name: str, annotation: Any, optional: bool) -> inspect.Parameter:
    default = None if optional else inspect.Parameter.empty
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def _help(stored: queries.StoredQuery) -> str:
    return f"{stored.summary}.\n\n{stored.description}".strip()


def _example(stored: queries.StoredQuery) -> str:
    words = [f"{p.option} {_quoted(cell(p.example))}" for p in stored.params.values() if not p.optional]
    return "Example: " + " ".join(["calckg query", stored.name, *words])


def _quoted(text: str) -> str:
    return f'"{text}"' if " " in text else text


def ask_stored(
    stored: queries.StoredQuery,
    values: dict[str, Any],
    kg: Path | None,
    endpoint: str | None,
    format: str | None,
    output: Path | None,
) -> None:
    """Ask ``stored`` of the graph that the options name and write the rows."""
    width = terminal_width(output)
    name = choose_format(format, output, ROW_FORMATS, ROW_SUFFIXES, "table" if width else "csv")
    graph = open_graph(kg, endpoint)
    emit(solutions(stored.run(graph.sparql, values), name, width=width), output)
