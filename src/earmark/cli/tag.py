"""``earmark tag``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace as changed
from functools import partial
from typing import TYPE_CHECKING, Annotated

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from earmark.cli._changing import (
    AllOption,
    LimitOption,
    NamesOption,
    add_undo_and_history,
    print_kept,
    print_plan,
    print_rows,
    print_run,
)
from earmark.cli._commands import command, group
from earmark.cli._library_options import LibraryOption, with_filters
from earmark.cli._options import JsonOption, OverwriteOption, PlanOutputOption, argument, option
from earmark.cli._output import plain_table, printable, stdout
from earmark.cli._progress import progress_bar
from earmark.wording import counted

if TYPE_CHECKING:
    from earmark.changes.tags import TagPlan, TagRow
    from earmark.library import Filters

__all__ = ["app"]

app = group(
    "tag",
    "Write genres into the tags of your files: make a plan, apply it, undo it.\n\n"
    "Only the genre changes. Existing genres are kept unless you pass --replace, except empty ones "
    "such as Other or Unknown. Unsure answers are never written.",
    "earmark tag plan -o plan.csv",
    "earmark tag apply plan.csv",
    "earmark tag undo",
)


@command(
    app,
    "earmark tag plan",
    "earmark tag plan --in ~/Music/new -o plan.csv",
    "earmark tag plan --replace --threshold 0.8 --names mine.toml -o plan.csv",
    "earmark tag plan --treat-as-empty 'To sort' -o plan.csv",
)
@with_filters(without=("missing",))
def _plan(
    filters: Filters,
    library: LibraryOption = None,
    output: PlanOutputOption = None,
    threshold: Annotated[
        float | None,
        option(
            "--threshold NUMBER",
            "Write only answers with at least this confidence, from 0 to 1.",
            min=0,
            max=1,
            show_default="chosen to reach --precision",
        ),
    ] = None,
    precision: Annotated[
        float,
        option(
            "--precision NUMBER",
            "Share of the written genres that should be right, from 0 to 1.",
            min=0,
            max=1,
        ),
    ] = 0.9,
    replace: Annotated[bool, option("--replace", "Also replace existing genres.")] = False,
    genres: Annotated[int, option("--genres N", "Maximum number of genres per file.", min=1)] = 1,
    also: Annotated[
        float,
        option(
            "--also NUMBER",
            "Minimum probability of each genre after the first, from 0 to 1.",
            min=0,
            max=1,
        ),
    ] = 0.25,
    names: NamesOption = None,
    limit: LimitOption = 100,
    show_kept: AllOption = False,
    overwrite: OverwriteOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show which genres would be written, file by file. No file is changed."""
    from earmark.workflows.tag import plan_tags

    with progress_bar("Planning") as progress:
        plan = plan_tags(
            changed(filters, missing=None, state=None),
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
    show = partial(_show, plan, limit=limit, show_kept=show_kept)
    print_plan("tag", plan, show, output=output, as_json=as_json)


@command(app, "earmark tag apply plan.csv", no_args_is_help=True)
def _apply(
    plan: Annotated[str, argument("PLAN", "Plan file, written by earmark tag plan -o.")],
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the genres of a plan. Each file is changed completely or not at all."""
    from earmark.workflows.changes import apply_changes

    with progress_bar("Writing") as progress:
        run = apply_changes(plan, kind="tag", library=library, progress=progress)
    print_run("tag", run, as_json=as_json)


add_undo_and_history(
    app,
    "tag",
    undo="Undo an apply: write back the genres that the files had before.",
    settings=["model"],
)


def _genres(genres: Sequence[str]) -> str:
    return printable("; ".join(genres))


def _table(rows: Sequence[TagRow]) -> Table:
    table = plain_table()
    table.add_column("File", overflow="fold", ratio=2)
    table.add_column("New genre", overflow="fold", ratio=1)
    table.add_column("Confidence", justify="right", no_wrap=True)
    table.add_column("Current genre", overflow="fold", ratio=1)
    table.add_column("", overflow="fold", ratio=1)
    for row in rows:
        sure = "" if row.confidence is None else f"{row.confidence:.0%}"
        style = "bold" if row.action == "write" else "dim"
        cells = (printable(row.path), _genres(row.genres), sure, _genres(row.now))
        table.add_row(*map(Text, cells), Text(printable(row.why), style="dim"), style=style)
    return table


def _show(plan: TagPlan, *, limit: int, show_kept: bool) -> None:
    """Print the files of a plan, why others are kept, and what is promised."""
    print_rows(plan, limit=limit, show_kept=show_kept, table=_table)
    n_kept = len(plan.rows) - len(plan.to_change)
    files = counted(len(plan.to_change), "file")
    stdout().print(f"{files} to write, {n_kept:,} to leave as they are")
    print_kept(plan)
    stdout().print(_promise(plan), soft_wrap=True)


def _promise(plan: TagPlan) -> str:
    """Say what the threshold is, and what it promises."""
    least = plan.threshold
    text = f"Answers with a confidence of {least.confidence:.0%} or more are written"
    if least.precision is not None and least.share is not None:
        text += (
            f". On music by artists that model {escape(printable(plan.model))} was not trained on, "
            f"{least.share:.0%} of tracks had such an answer, and {least.precision:.0%} of these "
            "were right"
        )
    if plan.covered is not None:
        text += f". In this library, {plan.covered:.0%} of tracks have one"
    return text
