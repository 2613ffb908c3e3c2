"""Shell completion: commands, stored queries and options, by Typer's protocol of environment variables."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from calckg import cli, queries
from calckg.cli.group import COMMANDS

Complete = Callable[..., list[str]]


@pytest.fixture
def complete(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Complete:
    """Complete the last of some words as bash asks for it."""

    def ask(*words: str) -> list[str]:
        monkeypatch.setenv("_CALCKG_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", " ".join(("calckg", *words)))
        monkeypatch.setenv("COMP_CWORD", str(len(words)))
        with pytest.raises(SystemExit) as caught:
            cli.main([])
        out, err = capsys.readouterr()
        assert err == ""
        assert caught.value.code in (0, None, 2)
        return [line for line in out.split("\n") if line]

    return ask


def test_every_command_is_offered(complete: Complete) -> None:
    assert complete("") == list(COMMANDS)


def test_a_command_is_completed(complete: Complete) -> None:
    assert complete("val") == ["validate"]


def test_every_stored_query_is_offered(complete: Complete) -> None:
    assert complete("query", "") == queries.names()


def test_the_name_of_a_stored_query_is_completed(complete: Complete) -> None:
    found = complete("query", "conditions-with")
    assert "conditions-with-feature" in found
    assert all(name.startswith("conditions-with") for name in found)


def test_the_parameter_of_a_stored_query_is_completed(complete: Complete) -> None:
    assert complete("query", "conditions-with-feature", "--fe") == ["--feature"]


@pytest.mark.parametrize(
    ("command", "begin", "option"),
    [
        ("validate", "--foc", "--focus"),
        ("validate", "--fa", "--fail-on"),
        ("dump", "--ro", "--root"),
        ("sparql", "--en", "--endpoint"),
        ("stats", "--fo", "--format"),
        ("show", "--ou", "--output"),
        ("query", "--li", "--list"),
    ],
)
def test_an_option_is_completed(complete: Complete, command: str, begin: str, option: str) -> None:
    assert complete(command, begin) == [option]


@pytest.mark.parametrize("given", [("qurey", ""), ("query", "nothing", "--f"), ("nothing", "more", "--f")])
def test_after_an_unknown_name_nothing_is_offered_and_nothing_said(complete: Complete, given: tuple[str, ...]) -> None:
    assert complete(*given) == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_script(shell: str) -> None:
    environment = os.environ | {"_CALCKG_COMPLETE": f"source_{shell}"}
    command = [sys.executable, "-c", "from calckg import cli; cli.main([])"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "_CALCKG_COMPLETE" in done.stdout
    assert "calckg" in done.stdout
