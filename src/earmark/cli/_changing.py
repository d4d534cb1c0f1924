"""What ``earmark tag`` and ``earmark organise`` have in common: options, and what is printed."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from earmark.cli._output import printable, stdout

if TYPE_CHECKING:
    from earmark.changes import OrganisePlan, Outcome, Run, TagPlan
    from earmark.changes._outcomes import OutcomeState
    from earmark.library import Batch

__all__ = [
    "AllOption",
    "BatchArgument",
    "LimitOption",
    "NamesOption",
    "add_group",
    "print_document",
    "print_history",
    "print_kept",
    "print_run",
    "print_written",
    "rows_shown",
]

Report = Callable[[Any], Mapping[str, Any]]
Row = TypeVar("Row")

AllOption = Annotated[
    bool, typer.Option("--all", help="Also show the files that stay as they are.")
]
BatchArgument = Annotated[
    int | None,
    typer.Argument(
        metavar="ID", help="Number of the run, as shown by history.", show_default="the last one"
    ),
]
LimitOption = Annotated[
    int,
    typer.Option(
        "--limit", "-n", metavar="N", min=0, help="Maximum number of files to show (0 for all)."
    ),
]
NamesOption = Annotated[
    Path | None,
    typer.Option(
        "--names",
        metavar="FILE",
        help='Your names for genres: a TOML file with lines such as hiphop = "Rap", or a CSV file. '
        'An empty name "" leaves files of that genre alone.',
        show_default=False,
    ),
]

_STATES = {"written": "was written", "placed": "was placed", "undone": "was undone"}
_WORDS: Mapping[OutcomeState, str] = {
    "already": "unchanged",
    "skipped": "[yellow]skipped[/]",
    "failed": "[red]failed[/] ",
}
"""What is printed before files to which nothing was done."""


def add_group(
    app: typer.Typer,
    name: str,
    commands: Mapping[str, tuple[Callable[..., None], str]],
    *,
    about: str,
    examples: str,
) -> None:
    """Add commands to an application under one name.

    Parameters
    ----------
    app : typer.Typer
        The application.
    name : str
        Of the group.
    commands : mapping of str to (callable, str)
        What each one does, and examples of it.
    about, examples : str
        Of the group.
    """
    group = typer.Typer(no_args_is_help=True, help=about, epilog=examples)
    for command, (function, epilog) in commands.items():
        group.command(command, epilog=epilog, no_args_is_help=command == "apply")(function)
    app.add_typer(group, name=name)


def print_document(document: Mapping[str, Any]) -> None:
    """Print one JSON document."""
    typer.echo(json.dumps(document, indent=1))


def rows_shown(rows: Sequence[Row], *, limit: int, table: Callable[[Sequence[Row]], Table]) -> None:
    """Print a table of the first rows of a plan, and how many more there are."""
    console = stdout()
    shown = rows[:limit] if limit else rows
    if shown:
        console.print(table(shown))
        console.print()
    if len(rows) > len(shown):
        console.print(f"{len(rows) - len(shown):,} more. Show all with --limit 0", style="dim")


def print_kept(plan: TagPlan | OrganisePlan) -> None:
    """Print how many files of a plan are kept, and why."""
    for why, count in plan.kept.items():
        stdout().print(f"  {count:,}  {escape(printable(why))}", style="dim", soft_wrap=True)


def print_written(output: Path | None, command: str) -> None:
    """Print where a plan was written to, and what to do with it."""
    if output is not None:
        stdout().print(
            f"Plan written to {escape(printable(str(output)))}. Check it and edit it, then run: "
            f"earmark {command} apply {escape(printable(shlex.quote(str(output))))}",
            soft_wrap=True,
        )


def print_run(
    run: Run, *, report: Report, as_json: bool, done: OutcomeState, undo: str = ""
) -> None:
    """Print what was done, what was not, and why.

    Parameters
    ----------
    run : Run
        What came of an apply or undo.
    report : callable
        Makes of it what JSON can hold.
    as_json : bool
        Whether that is printed.
    done : {"written", "placed", "undone"}
        What was to become of the files.
    undo : str
        The command that takes it back.
    """
    if as_json:
        print_document(report(run))
        return
    console = stdout()

    def line(word: str, outcome: Outcome) -> None:
        reason = outcome.reason or _STATES[outcome.state]
        name, reason = escape(printable(outcome.path)), escape(printable(reason))
        console.print(f"{word} {name}: {reason}", soft_wrap=True)

    for outcome in run.cut_short:
        line("left over from a run that was cut short:", outcome)
    for state, word in _WORDS.items():
        for outcome in run.outcomes:
            if outcome.state == state:
                line(word, outcome)
    counts = [f"{run.count(done):,} {done}"]
    if run.count("already"):
        counts.append(f"{run.count('already'):,} unchanged")
    counts += [f"{run.count('skipped'):,} skipped", f"{run.count('failed'):,} failed"]
    console.print(", ".join(counts))
    if undo and run.count(done):
        console.print(f"Undo this with: {undo} {run.batch}")


def print_history(
    batches: list[Batch], *, report: Report, as_json: bool, done: str, settings: Sequence[str]
) -> None:
    """Print what was applied, and how much of it stands.

    Parameters
    ----------
    batches : list of Batch
        What was applied.
    report : callable
        Makes of them what JSON can hold.
    as_json : bool
        Whether that is printed.
    done : str
        What became of the files.
    settings : sequence of str
        Names of what was asked for, the longest last.
    """
    if as_json:
        print_document(report(batches))
        return
    if not batches:
        stdout().print("No plan has been applied yet")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("ID", done.capitalize(), "Undone", "Failed"):
        table.add_column(column, justify="right", no_wrap=True)
    for column in ("When", *(name.capitalize() for name in settings[:-1])):
        table.add_column(column, no_wrap=True)
    table.add_column(settings[-1].capitalize(), overflow="fold")
    for one in batches:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(one.created_at))
        counts = (one.n_to_undo, one.counts["undone"], one.counts["failed"])
        said = [Text(printable(str(one.settings.get(name, "")))) for name in settings]
        table.add_row(str(one.id), *map(str, counts), when, *said)
    stdout().print(table)
