"""Options and output that ``earmark tag`` and ``earmark organise`` have in common."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from earmark.cli._commands import command
from earmark.cli._library_options import LibraryOption
from earmark.cli._options import JsonOption, argument, option
from earmark.cli._output import plain_table, print_json, printable, stdout
from earmark.cli._progress import progress_bar

if TYPE_CHECKING:
    from earmark.changes import ChangeRun, Outcome, OutcomeState
    from earmark.changes.files import OrganisePlan
    from earmark.changes.tags import TagPlan
    from earmark.library import Batch, BatchKind

__all__ = [
    "AllOption",
    "LimitOption",
    "NamesOption",
    "add_undo_and_history",
    "print_kept",
    "print_plan",
    "print_rows",
    "print_run",
]

AllOption = Annotated[bool, option("--all", "Also show the files that stay as they are.")]
BatchArgument = Annotated[
    int | None,
    argument("ID", "Number of the run, as shown by history.", show_default="the last one"),
]
LimitOption = Annotated[
    int, option("--limit -n N", "Maximum number of files to show (0 for all).", min=0)
]
NamesOption = Annotated[
    Path | None,
    option(
        "--names FILE",
        'Your names for genres: a TOML file with lines such as hiphop = "Rap", or a CSV file. '
        'An empty name "" leaves files of that genre alone.',
        show_default=False,
    ),
]

_DONE: Mapping[BatchKind, OutcomeState] = {"tag": "written", "organise": "placed"}
_STATES = {"written": "was written", "placed": "was placed", "undone": "was undone"}
_WORDS: Mapping[OutcomeState, str] = {
    "already": "unchanged",
    "skipped": "[yellow]skipped[/]",
    "failed": "[red]failed[/] ",
}
"""Words before files to which nothing was done."""


def add_undo_and_history(
    app: typer.Typer, kind: BatchKind, *, undo: str, settings: Sequence[str]
) -> None:
    """Add undo, described by `undo`, and history, which shows `settings`, the longest last."""

    @command(app, f"earmark {kind} undo", f"earmark {kind} undo 3", about=undo)
    def _undo(
        batch: BatchArgument = None, library: LibraryOption = None, as_json: JsonOption = False
    ) -> None:
        from earmark.workflows.changes import undo_changes

        with progress_bar("Undoing") as progress:
            run = undo_changes(batch, kind=kind, library=library, progress=progress)
        print_run(kind, run, as_json=as_json, undone=True)

    @command(app, f"earmark {kind} history")
    def _history(library: LibraryOption = None, as_json: JsonOption = False) -> None:
        """List the plans applied so far, and how much of each has been undone."""
        from earmark.workflows.changes import list_batches

        batches = list_batches(kind, library=library)
        if as_json:
            _print_document(kind, batches)
        else:
            _print_history(batches, settings=settings)


def _print_document(
    kind: BatchKind, result: TagPlan | OrganisePlan | ChangeRun | list[Batch]
) -> None:
    from earmark.changes import change_document

    print_json(change_document(kind, result))


def print_plan(
    kind: BatchKind,
    plan: TagPlan | OrganisePlan,
    show: Callable[[], None],
    *,
    output: Path | None,
    as_json: bool,
) -> None:
    """Print a plan as JSON or as `show` does, and what to do with the file it was written to."""
    if as_json:
        _print_document(kind, plan)
        return
    show()
    if output is not None:
        stdout().print(
            f"Plan written to {escape(printable(str(output)))}. Check it and edit it, then run: "
            f"earmark {kind} apply {escape(printable(shlex.quote(str(output))))}",
            soft_wrap=True,
        )


def print_rows(
    plan: TagPlan | OrganisePlan,
    *,
    limit: int,
    show_kept: bool,
    table: Callable[[Sequence[Any]], Table],
) -> None:
    """Print a table of the first rows of a plan, and how many more there are."""
    console = stdout()
    rows = plan.rows if show_kept else plan.to_change
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


def print_run(kind: BatchKind, run: ChangeRun, *, as_json: bool, undone: bool = False) -> None:
    """Print what was done, or undone, what was not, and why; exit with 1 if something was not."""
    if as_json:
        _print_document(kind, run)
    else:
        _print_outcomes(run, "undone" if undone else _DONE[kind])
        if not undone and run.count(_DONE[kind]):
            stdout().print(f"Undo this with: earmark {kind} undo {run.batch}")
    if run.count("failed") or run.count("skipped"):
        raise typer.Exit(1)


def _print_outcomes(run: ChangeRun, done: OutcomeState) -> None:
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


def _print_history(batches: list[Batch], *, settings: Sequence[str]) -> None:
    if not batches:
        stdout().print("No plan has been applied yet")
        return
    table = plain_table()
    for column in ("ID", _DONE[batches[0].kind].capitalize(), "Undone", "Failed"):
        table.add_column(column, justify="right", no_wrap=True)
    for column in ("When", *(name.capitalize() for name in settings[:-1])):
        table.add_column(column, no_wrap=True)
    table.add_column(settings[-1].capitalize(), overflow="fold")
    for batch in batches:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(batch.created_at))
        counts = (batch.n_to_undo, batch.counts["undone"], batch.counts["failed"])
        values = [Text(printable(str(batch.settings.get(name, "")))) for name in settings]
        table.add_row(str(batch.id), *map(str, counts), when, *values)
    stdout().print(table)
