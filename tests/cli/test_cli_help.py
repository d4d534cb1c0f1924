"""The help of every command: plain words, what stands for each value, and examples."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

from earmark.cli._main import app
from earmark.models import DEFAULT_MODEL


def _commands(
    command: Any, words: tuple[str, ...] = (), parent: Any = None
) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """Yield the words, the command and the context of each command and group."""
    context = typer.Context(command, info_name=words[-1] if words else "earmark", parent=parent)
    yield words, command, context
    for name, inner in getattr(command, "commands", {}).items():
        yield from _commands(inner, (*words, name), context)


COMMANDS = list(_commands(get_command(app)))
NAMES = [" ".join(words) or "earmark" for words, _, _ in COMMANDS]


@pytest.mark.parametrize(("words", "command", "context"), COMMANDS, ids=NAMES)
def test_every_option_has_help_that_ends_in_a_full_stop(
    words: tuple[str, ...], command: Any, context: Any
) -> None:
    for parameter in command.get_params(context):
        assert parameter.help, parameter.name
        assert parameter.help.endswith("."), parameter.name
        assert parameter.help[0].isupper() or parameter.help.startswith("."), parameter.name


@pytest.mark.parametrize(("words", "command", "context"), COMMANDS, ids=NAMES)
def test_no_option_shows_a_python_type(words: tuple[str, ...], command: Any, context: Any) -> None:
    for parameter in command.get_params(context):
        shown, about = parameter.get_help_record(context)
        assert "<" not in shown
        assert "x>=" not in about
        if parameter.param_type_name == "argument" or not parameter.is_flag:
            assert parameter.metavar, parameter.name


@pytest.mark.parametrize(("words", "command", "context"), COMMANDS, ids=NAMES)
def test_every_command_has_an_example_of_itself(
    words: tuple[str, ...], command: Any, context: Any
) -> None:
    assert re.match(r"Examples?:\n\$ ", command.epilog)
    assert " ".join(("earmark", *words)) in command.epilog


@pytest.mark.parametrize(("words", "command", "context"), COMMANDS, ids=NAMES)
def test_every_command_says_what_it_does_in_a_sentence(
    words: tuple[str, ...], command: Any, context: Any
) -> None:
    first = command.help.split("\n\n")[0].strip()
    assert first[0].isupper()
    assert first.endswith(".")
    assert "\n" not in first
    assert len(first) <= 90


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("words", [words for words, _, _ in COMMANDS], ids=NAMES)
def test_help_shows_nothing_cut_off(words: tuple[str, ...], columns: int) -> None:
    done = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": str(columns)})
    assert done.exit_code == 0
    assert "\N{HORIZONTAL ELLIPSIS}" not in done.stdout
    assert "<" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= columns


@pytest.mark.parametrize("command", ["classify", "scan", "models show"])
def test_help_names_the_default_model(command: str) -> None:
    done = CliRunner().invoke(app, [*command.split(), "--help"], env={"COLUMNS": "200"})
    assert DEFAULT_MODEL in done.stdout


def test_usage_shows_arguments_without_braces() -> None:
    usage = {
        name: CliRunner().invoke(app, [*name.split(), "--help"], env={"COLUMNS": "200"}).stdout
        for name in ("classify", "scan", "similar", "library set-genre")
    }
    assert "classify [OPTIONS] PATH..." in usage["classify"]
    assert "scan [OPTIONS] [PATH]..." in usage["scan"]
    assert "similar [OPTIONS] TRACK " in usage["similar"]
    assert "library set-genre [OPTIONS] TRACK... GENRE " in usage["library set-genre"]
