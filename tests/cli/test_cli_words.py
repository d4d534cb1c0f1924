"""Errors name options on the command line, and arguments in Python."""

from __future__ import annotations

import typer

from earmark.cli._main import app
from earmark.cli._words import in_flags

COMMAND = typer.main.get_command(app)


def words(message: str, *typed: str) -> str:
    return in_flags(message, command=COMMAND, words=typed)


def test_argument_becomes_the_option_of_the_command() -> None:
    message = "output='a b.csv' already exists. Choose another name, or pass overwrite=True"
    assert words(message, "tag", "plan", "-o", "a b.csv") == (
        "--output 'a b.csv' already exists. Choose another name, or pass --overwrite"
    )


def test_option_of_another_name_than_the_argument_is_found_too() -> None:
    assert words("per_artist=-1 is below 0", "similar", "x") == "--per-artist -1 is below 0"


def test_what_is_no_option_of_the_command_is_left_alone() -> None:
    assert words("C=0 must be above 0", "models", "list") == "C=0 must be above 0"
    assert words("output='x' is a folder", "models", "list") == "output='x' is a folder"
    assert words("nothing to say here", "scan") == "nothing to say here"
