"""Every example of the README and the documentation runs, and prints what the page shows."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import typer
from doc_examples import ROOT, Sandbox, blocks_of, differences, pages, write_outputs
from typer.main import get_command

from earmark.cli._main import app

SKIPPED = {
    "installs software": 2,
    "needs GTZAN and FMA": 1,
    "needs your own music": 2,
    "runs until it is stopped": 1,
    "runs the test suite": 4,
}
"""Reasons why an example does not run, and how many examples have each."""


def _pages() -> list[object]:
    """Return the pages with examples, those that take long being marked."""
    marked: list[object] = []
    for path in pages():
        text = path.read_text(encoding="utf-8")
        if any(block.skipped is None for block in blocks_of(text)):
            marks = [pytest.mark.slow] if "<!-- example: slow -->" in text else []
            name = str(path.relative_to(ROOT))
            marked.append(pytest.param(path, marks=marks, id=name))
    return marked


@pytest.mark.parametrize("page", _pages())
def test_examples_print_what_the_page_shows(page: Path, sandbox: Sandbox) -> None:
    _, failures = write_outputs(page.read_text(encoding="utf-8"), sandbox)
    assert not failures, "\n\n".join(map(str, failures))


def test_few_examples_do_not_run_and_say_why() -> None:
    blocks = [block for path in pages() for block in blocks_of(path.read_text(encoding="utf-8"))]
    reasons = Counter(block.skipped for block in blocks if block.skipped is not None)
    assert reasons == SKIPPED


def test_demo_runs_what_make_demo_runs() -> None:
    recipe = re.search(r"^demo:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert recipe is not None
    assert re.findall(r"\$\(BIN\)/(.*)", recipe[1]) == [
        "earmark warmup",
        "earmark classify examples/audio",
    ]


def test_examples_of_the_command_reference_are_commands() -> None:
    text = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    commands = [command.text for block in blocks_of(text) for command in block.commands()]
    assert len(commands) > 60
    main = get_command(app)
    for command in commands:
        if "$(" not in command:
            _parse(main, command)


def _parse(group: Any, command: str) -> None:
    """Parse a command line without running it."""
    words = shlex.split(command.partition(" > ")[0])[1:]
    context = typer.Context(group, info_name="earmark")
    while words and (inner := getattr(group, "commands", {}).get(words[0])) is not None:
        group, words = inner, words[1:]
        context = typer.Context(group, info_name=group.name, parent=context)
    group.parse_args(context, words)


@pytest.mark.parametrize(
    ("shown", "real"),
    [
        ("a  b\nc", "a b\n\nc   "),
        ("8 files: 8 analysed. Took 3.3 s", "8 files: 8 analysed. Took 12 s"),
        ("jazz 81% 0.58", "jazz 82% 0.59"),
        ("...\nend", "one\ntwo\nend"),
        ("start\n...", "start"),
        ("Ready after ...", "Ready after 9.8 s. The code is kept"),
        ("2026-11-28 03:46", "2027-01-01 12:00"),
    ],
)
def test_small_numbers_times_and_spaces_may_differ(shown: str, real: str) -> None:
    assert not differences(shown, real)


@pytest.mark.parametrize(
    ("shown", "real"),
    [
        ("24 files", "25 files"),
        ("jazz 81%", "jazz 71%"),
        ("jazz", "rock"),
        ("one", "one\ntwo"),
        ("one\n...\nend", "one\ntwo"),
        ("one", ""),
    ],
)
def test_anything_else_may_not(shown: str, real: str) -> None:
    assert differences(shown, real)
