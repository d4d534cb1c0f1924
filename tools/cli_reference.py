"""Write ``docs/reference/cli.md`` from the commands themselves.

    python tools/cli_reference.py [--check]

With ``--check`` nothing is written: exit code 1 says that the page is not what the commands say.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from earmark.cli._main import app

__all__ = ["PAGE", "reference"]

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "cli.md"

_START = """# The command line

Every command and option, generated from the program. `earmark COMMAND --help` shows the same.
[Settings](config.md) says how to set an option once for all commands.

"""


def _cell(text: str) -> str:
    """Make a text fit for a cell of a table."""
    return re.sub(r"\s+", " ", text).replace("|", "\\|").strip()


def _paragraphs(text: str | None) -> str:
    return "\n\n".join(re.sub(r"\s+", " ", part) for part in (text or "").split("\n\n"))


def _examples(epilog: str | None) -> Iterator[str]:
    """Yield the lines below "Examples:", as they are to be typed."""
    yield from (line.replace("\\[", "[") for line in (epilog or "").split("\n")[1:])


def _parameters(command: Any, context: typer.Context) -> Iterator[str]:
    rows = []
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is None or parameter.name == "help":
            continue
        name, about = record
        rows.append(f"| `{_cell(name)}` | {_cell(about)} |")
    if rows:
        yield "\n".join(["| | |", "|---|---|", *rows])


def _describe(command: Any, words: tuple[str, ...], parent: Any) -> Iterator[str]:
    context = typer.Context(command, info_name=words[-1], parent=parent)
    yield f"{'#' * (len(words) + 1)} {' '.join(words)}"
    yield _paragraphs(command.help)
    usage = " ".join(command.collect_usage_pieces(context))
    yield f"```text\n{' '.join(words)} {usage}\n```"
    if len(words) > 1:
        yield from _parameters(command, context)
    examples = list(_examples(command.epilog))
    if examples:
        lines = "\n".join(examples)
        yield f"```console\n{lines}\n```"
    for name, subcommand in getattr(command, "commands", {}).items():
        yield from _describe(subcommand, (*words, name), context)


def reference() -> str:
    """Return the page.

    Returns
    -------
    str
        Markdown: a section for each command, with its options and examples.
    """
    return _START + "\n\n".join(_describe(typer.main.get_command(app), ("earmark",), None)) + "\n"


def main() -> None:
    """Write the page, or check it."""
    text = reference()
    if "--check" in sys.argv[1:]:
        same = PAGE.exists() and PAGE.read_text(encoding="utf-8") == text
        print(f"{PAGE.name} is {'up to date' if same else 'old: run make docs'}")
        sys.exit(0 if same else 1)
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
