"""The progress bar of the command line: it draws the status of a job."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
)
from rich.text import Text

from earmark.cli._output import printable, time_text
from earmark.workflows.jobs import Job, JobStatus

__all__ = ["bar_aside", "progress_bar"]

_NARROW = 100
"""Columns, below which the bar takes what the words leave."""

_BARS: list[Progress] = []
"""Those that are shown, or will be."""


class _Pace(ProgressColumn):
    """How many are done per minute, if that says something, and the time passed and left."""

    def __init__(self, *, rate: bool) -> None:
        super().__init__()
        self._rate = rate

    def render(self, task: Task) -> Text:
        """Say what is known so far."""
        parts = []
        if task.speed and self._rate:
            parts.append(f"{60 * task.speed:,.0f}/min")
        if task.elapsed is not None:
            parts.append(f"{time_text(task.elapsed)} elapsed")
        if task.time_remaining is not None:
            parts.append(f"{time_text(task.time_remaining)} left")
        return Text(", ".join(parts))


@contextmanager
def progress_bar(
    what: str, *, streaming: bool = False, in_turns: bool = False, show_item: bool = False
) -> Iterator[Job[Any]]:
    """Show a bar with an estimate on standard error while it is a terminal, and clear it after.

    What the job warns of is printed on standard error in any case. With `streaming`, results go to
    standard output meanwhile: where that is the terminal too, they are progress enough. With
    `in_turns`, the work comes in pieces with waits between them: the bar is cleared at the end of
    each. `show_item` shows what was done last instead of how many are done per minute.
    """
    console = Console(file=sys.stderr)
    narrow = console.width < _NARROW
    columns: list[ProgressColumn] = [
        TextColumn(what),
        BarColumn(bar_width=20 if show_item else None if narrow else 40),
        MofNCompleteColumn(),
        _Pace(rate=not show_item),
    ]
    if show_item:
        columns.append(TextColumn("{task.description}", markup=False))
    bar = Progress(
        *columns,
        console=console,
        transient=True,
        expand=narrow and not show_item,
        # Else Rich sends it to standard error too, and a file or a pipe gets nothing.
        redirect_stdout=sys.stdout.isatty(),
    )
    shown = console.is_terminal and not (streaming and sys.stdout.isatty())
    tasks: list[TaskID] = []
    n_warned = 0

    def draw(status: JobStatus) -> None:
        nonlocal n_warned
        for warning in status.warnings[n_warned:]:
            n_warned += 1
            with bar_aside():
                typer.echo(f"earmark: {printable(warning)}", err=True)
        if not shown or (in_turns and not status.total):
            return
        if not tasks:
            tasks.append(bar.add_task("", total=None))
            bar.start()
        bar.update(
            tasks[0],
            completed=status.done,
            total=status.total or None,
            description=printable(status.item),
        )
        if in_turns and status.done >= status.total:
            bar.stop()
            bar.remove_task(tasks.pop())

    job: Job[Any] = Job(what)
    job.subscribe(draw)
    if not shown:
        with job:
            yield job
        return
    _BARS.append(bar)
    try:
        with job:
            yield job
    finally:
        _BARS.remove(bar)
        bar.stop()


@contextmanager
def bar_aside() -> Iterator[None]:
    """Clear the bars on the terminal while something else is printed there, then draw them again.

    Rich keeps prints apart from a bar only where both go through one console; a bar is on standard
    error, and results are on standard output.
    """
    visible = [bar for bar in _BARS if bar.live.is_started]
    for bar in visible:
        bar.stop()
    try:
        yield
    finally:
        for bar in visible:
            bar.start()
