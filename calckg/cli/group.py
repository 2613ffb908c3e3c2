"""The root command and its sub-commands, each imported when it is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.core
import typer.main

from calckg.errors import UnknownNameError, UsageError

COMMANDS = (
    *("query", "sparql", "show", "search", "dump", "validate", "mappings", "reason", "stats", "diff", "fetch"),
    "build",
)


def lighten(command: Any) -> Any:
    """Let the plain parameters of ``command`` (text, number, path, flag) do without pydantic.

    Typer builds a pydantic adapter for every parameter it processes, and importing pydantic costs more than the rest
    of a command. What can't be converted here goes Typer's own way, which also words the errors.
    """
    for parameter in command.params:
        _lighten_parameter(parameter)
    make_help_option = command.get_help_option

    def help_option(context: Any) -> Any:
        option = make_help_option(context)
        if option is not None and "process_value" not in vars(option):
            _lighten_parameter(option)
        return option

    command.get_help_option = help_option
    return command


def _lighten_parameter(parameter: Any) -> None:
    parameter.process_value = _processor(parameter, _converter(parameter))


def _converter(parameter: Any) -> Callable[[Any], Any] | None:
    descriptor = getattr(parameter, "type_descriptor", None)
    if descriptor is None or descriptor.is_choice or descriptor.is_file or descriptor.is_ranged:
        return None
    plain: dict[Any, Callable[[Any], Any]] = {str: _text, int: int, bool: _boolean, Path: Path}
    annotation = descriptor.annotation
    if descriptor.is_list:
        annotation = annotation.__args__[0]
    return plain.get(annotation)


def _text(value: Any) -> str:
    text = str(value)
    if any("\ud800" <= character <= "\udfff" for character in text):  # how Python hands on bytes that are no UTF-8
        raise UsageError(f"{text!r} is not UTF-8; check the terminal's encoding")
    return text


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError(value)


def _name(parameter: Any) -> str:
    """Return how a parameter is called on the command line."""
    return str(max(parameter.opts, key=len) if parameter.param_type_name == "option" else parameter.metavar)


def _processor(parameter: Any, convert: Callable[[Any], Any] | None) -> Callable[[Any, Any], Any]:
    typers_own = parameter.process_value

    def process(context: Any, value: Any) -> Any:
        many = parameter.multiple or parameter.nargs == -1
        try:
            if value is not None:
                if convert is None:
                    return typers_own(context, value)
                if convert is Path and "" in (value if many else (value,)):
                    raise UsageError(f"{_name(parameter)} '': the name of a file is empty; give one")
                value = tuple(convert(item) for item in value) if many else convert(value)
            elif many:
                value = ()
        except (TypeError, ValueError):
            if convert is int:
                raise UsageError(f"{_name(parameter)} {value!r}: give a whole number") from None
            return typers_own(context, value)
        if parameter.required and parameter.value_is_missing(value):
            return typers_own(context, value)
        return value if parameter.callback is None else parameter.callback(context, parameter, value)

    return process


class LazyGroup(typer.core.TyperGroup):
    """A group whose commands are imported, by name, only when they are asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of the sub-commands in the order of the help text."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import the sub-command ``cmd_name``; raises ``UnknownNameError`` with the nearest names."""
        if cmd_name not in COMMANDS:
            raise UnknownNameError("command", cmd_name, COMMANDS, "(calckg --help lists all)")
        module = importlib.import_module(f"calckg.cli.{cmd_name}")
        command = lighten(typer.main.get_command(module.app))
        command.name = cmd_name
        for inner in getattr(command, "commands", {}).values():
            lighten(inner)
        return command


app = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    help="Ask, check and hand on a knowledge graph of medical concepts, grown around calcification.",
    epilog="Exit codes: 0 done, 1 findings at or above --fail-on, 2 wrong usage, 3 could not do the job.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"calckg {version('calckg')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """Hold the options of the command as a whole."""


def root_command() -> Any:
    """Return the command that ``calckg`` runs."""
    return lighten(typer.main.get_command(app))
