"""``earmark tag``."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from earmark.cli._library_options import (
    ArtistOption,
    GenreOption,
    InOption,
    LibraryOption,
    filters_of,
)
from earmark.cli._output import printable, progress_bar, stdout

if TYPE_CHECKING:
    from earmark.changes import Outcome
    from earmark.workflows.tag import TagPlan, TagRun

__all__ = ["add_to"]

_HELP = (
    "Write genres into the tags of your files: look at a plan first, apply it, take it back.\n\n"
    "Nothing but the genre is changed. Genres that are there are kept unless you say --replace; an "
    "answer that is unsure is never written."
)
_EXAMPLES = (
    "Examples:  earmark tag plan -o plan.csv  ·  earmark tag apply plan.csv  ·  earmark tag undo"
)

_JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to an application.

    Parameters
    ----------
    app : typer.Typer
        The application.
    """
    tag = typer.Typer(no_args_is_help=True, help=_HELP, epilog=_EXAMPLES)
    tag.command(
        "plan",
        epilog="Examples:  earmark tag plan  ·  earmark tag plan --in ~/Music/new -o plan.csv  ·  "
        "earmark tag plan --replace --threshold 0.8 --names mine.toml -o plan.csv",
    )(_plan)
    tag.command("apply", epilog="Example:  earmark tag apply plan.csv", no_args_is_help=True)(
        _apply
    )
    tag.command("undo", epilog="Examples:  earmark tag undo  ·  earmark tag undo 3")(_undo)
    tag.command("history", epilog="Example:  earmark tag history")(_history)
    app.add_typer(tag, name="tag")


def _plan(
    library: LibraryOption = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Where to write the plan; edit it.", show_default=False
        ),
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            "--threshold",
            min=0,
            max=1,
            help="Write answers at least so sure.",
            show_default="as sure as --precision asks",
        ),
    ] = None,
    precision: Annotated[
        float,
        typer.Option("--precision", min=0, max=1, help="Share of answers that should be right."),
    ] = 0.9,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace genres that are there.")
    ] = False,
    genres: Annotated[
        int, typer.Option("--genres", min=1, help="So many genres a file at the most.")
    ] = 1,
    also: Annotated[
        float,
        typer.Option("--also", min=0, max=1, help="Further genres must be so probable."),
    ] = 0.25,
    names: Annotated[
        Path | None,
        typer.Option(
            "--names",
            help='What you call genres: TOML lines hiphop = "Rap", or CSV; "" is never written.',
            show_default=False,
        ),
    ] = None,
    genre: GenreOption = None,
    artist: ArtistOption = None,
    folder: InOption = None,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=0, help="Show so many files at the most; 0: all.")
    ] = 100,
    show_kept: Annotated[
        bool, typer.Option("--all", help="Show the files that are kept as they are, too.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the output if it is there.")
    ] = False,
    as_json: _JsonOption = False,
) -> None:
    """Show what would be written, file by file; no file is changed."""
    from dataclasses import replace as changed

    from earmark.workflows.tag import plan_tags, report

    filters = changed(
        filters_of(genre=genre, artist=artist, folder=folder), missing=None, state=None
    )
    with progress_bar("Planning") as progress:
        plan = plan_tags(
            filters,
            library=library,
            threshold=threshold,
            precision=precision,
            replace=replace,
            max_genres=genres,
            also=also,
            names=names,
            output=output,
            overwrite=overwrite,
            progress=progress,
        )
    if as_json:
        typer.echo(json.dumps(report(plan), indent=1))
        return
    _print_plan(plan, limit=limit, show_kept=show_kept)
    if output is not None:
        stdout().print(
            f"written to {escape(printable(str(output)))}: look it over, edit it, then "
            "earmark tag apply it",
            soft_wrap=True,
        )


def _apply(
    plan: Annotated[str, typer.Argument(help="What earmark tag plan -o wrote.")],
    library: LibraryOption = None,
    as_json: _JsonOption = False,
) -> None:
    """Write what a plan says; each file is changed as a whole or not at all."""
    from earmark.workflows.tag import apply_tags

    with progress_bar("Writing") as progress:
        run = apply_tags(plan, library=library, progress=progress)
    _tell(run, as_json=as_json, verb="written")
    if not as_json and run.count("written"):
        stdout().print(f"take it back with: earmark tag undo {run.batch}")
    _exit(run)


def _undo(
    batch: Annotated[
        int | None,
        typer.Argument(help="Number that earmark tag history shows.", show_default="the last"),
    ] = None,
    library: LibraryOption = None,
    as_json: _JsonOption = False,
) -> None:
    """Make genres what they were before an apply."""
    from earmark.workflows.tag import undo_tags

    with progress_bar("Taking back") as progress:
        run = undo_tags(batch, library=library, progress=progress)
    _tell(run, as_json=as_json, verb="undone")
    _exit(run)


def _history(library: LibraryOption = None, as_json: _JsonOption = False) -> None:
    """List what was applied, and how much of it stands."""
    from earmark.workflows.tag import list_tag_batches, report

    batches = list_tag_batches(library=library)
    if as_json:
        typer.echo(json.dumps(report(batches), indent=1))
        return
    if not batches:
        stdout().print("nothing was applied yet")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("ID", "Written", "Undone", "Failed"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("When", no_wrap=True)
    table.add_column("Model", overflow="fold")
    for one in batches:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(one.created_at))
        counts = (one.n_to_undo, one.counts["undone"], one.counts["failed"])
        model = Text(printable(str(one.settings.get("model", ""))))
        table.add_row(str(one.id), *map(str, counts), when, model)
    stdout().print(table)


def _exit(run: TagRun) -> None:
    if run.count("failed") or run.count("skipped"):
        raise typer.Exit(1)


def _genres(genres: Sequence[str]) -> str:
    return printable("; ".join(genres))


def _print_plan(plan: TagPlan, *, limit: int, show_kept: bool) -> None:
    """Print the files of a plan, why others are kept, and what is promised."""
    console = stdout()
    rows = plan.rows if show_kept else plan.to_write
    shown = rows[:limit] if limit else rows
    if shown:
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("File", overflow="fold", ratio=2)
        table.add_column("Genre", overflow="fold", ratio=1)
        table.add_column("Sure", justify="right", no_wrap=True)
        table.add_column("Now", overflow="fold", ratio=1)
        table.add_column("", overflow="fold", ratio=1)
        for row in shown:
            sure = "" if row.confidence is None else f"{row.confidence:.0%}"
            style = "bold" if row.action == "write" else "dim"
            cells = (printable(row.path), _genres(row.genres), sure, _genres(row.now))
            table.add_row(*map(Text, cells), Text(printable(row.why), style="dim"), style=style)
        console.print(table)
        console.print()
    if len(rows) > len(shown):
        console.print(f"{len(rows) - len(shown):,} more are shown by --limit 0", style="dim")
    n_kept = len(plan.rows) - len(plan.to_write)
    console.print(f"{len(plan.to_write):,} to be written, {n_kept:,} kept as they are")
    for why, count in plan.kept.items():
        console.print(f"  {count:,}  {escape(printable(why))}", style="dim", soft_wrap=True)
    console.print(_promise(plan), soft_wrap=True)


def _promise(plan: TagPlan) -> str:
    """Say what the threshold is, and what it promises."""
    least = plan.threshold
    told = f"written is what is {least.confidence:.0%} sure or more"
    if least.precision is not None and least.share is not None:
        told += (
            f": of such answers, {least.precision:.0%} were right on music of artists that model "
            f"{escape(printable(plan.model))} had not heard, and {least.share:.0%} of it had one"
        )
    if plan.covered is not None:
        told += f"; {plan.covered:.0%} of the tracks here have one"
    return told


def _tell(run: TagRun, *, as_json: bool, verb: Any) -> None:
    """Print what was done, what was not, and why."""
    from earmark.workflows.tag import report

    if as_json:
        typer.echo(json.dumps(report(run), indent=1))
        return
    console = stdout()

    def line(word: str, outcome: Outcome) -> None:
        name, reason = (escape(printable(text)) for text in (outcome.path, outcome.reason))
        console.print(f"{word} {name}: {reason}", soft_wrap=True)

    for outcome in run.cut_short:
        kept = Text(f"cut short before: {printable(outcome.path)}: ")
        kept.append(printable(outcome.reason) or "was written")
        console.print(kept, soft_wrap=True)
    for outcome in run.outcomes:
        if outcome.state == "skipped":
            line("[yellow]skipped[/]", outcome)
    for outcome in run.outcomes:
        if outcome.state == "failed":
            line("[red]failed[/] ", outcome)
    counts = f"{run.count(verb):,} {verb}, {run.count('skipped'):,} skipped, "
    console.print(f"{counts}{run.count('failed'):,} failed")
