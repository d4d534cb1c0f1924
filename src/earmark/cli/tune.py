"""``earmark tune``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from earmark.cli._output import Pace, printable, told_warnings
from earmark.errors import MissingExtraError

if TYPE_CHECKING:
    from earmark.types import Progress as Callback
    from earmark.workflows.tune import TunedModel

__all__ = ["add_to"]

_HELP = (
    "Search the parameters of a model, and write the best as a recipe.\n\n"
    "Needs the extra *train*: pip install 'earmark\\[train]'. Every point is scored on artists it "
    "has not seen, by the same five folds. Where the dataset has an official split, its test rows "
    "take no part (GTZAN: 640 of 930 rows choose). The score of the best of many trials is too "
    "high; --nested tells an honest one.\n\n"
    "With --study, a search that was ended goes on where it was when the same command is given "
    "again."
)
_EXAMPLES = (
    "Examples:  earmark tune --dataset gtzan:DATA/gtzan --model knn  ·  "
    "earmark tune -d gtzan:DATA/gtzan -m svm --search optuna --trials 200 --study svm.study "
    "-o svm.toml --report svm.html  ·  "
    "earmark tune -d folder:MUSIC -m forest --search optuna --minutes 10 --nested"
)


def add_to(app: typer.Typer) -> None:
    """Add the command to an application.

    Parameters
    ----------
    app : typer.Typer
        The application.
    """
    app.command("tune", help=_HELP, epilog=_EXAMPLES, no_args_is_help=True)(_tune)


@contextmanager
def _bar() -> Iterator[Callback]:
    """Show a bar, an estimate and the best so far on standard error while it is a terminal."""
    console = Console(file=sys.stderr)
    columns = (
        TextColumn("Tuning"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        Pace(rate=False),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("", total=None)

        def update(done: int, total: int, name: str) -> None:
            bar.update(task, completed=done, total=total, description=printable(name))

        yield update


def _tune(
    dataset: Annotated[
        str,
        typer.Option("--dataset", "-d", help="CORPUS:PATH, say gtzan:FOLDER.", show_default=False),
    ],
    model: Annotated[
        str, typer.Option("--model", "-m", help="A family, a preset, or a recipe's TOML file.")
    ] = "svm",
    search: Annotated[
        str, typer.Option("--search", help="grid: every combination; optuna: draw (TPE).")
    ] = "grid",
    space: Annotated[
        str | None,
        typer.Option(
            "--space",
            help="What is searched: a preset, or a TOML file like those.",
            show_default="the family's",
        ),
    ] = None,
    protocol: Annotated[
        str, typer.Option("--protocol", help="Whose folds score: artist, track or random.")
    ] = "artist",
    trials: Annotated[
        int | None,
        typer.Option(
            "--trials",
            min=1,
            help="Trials in all, with those in the study.",
            show_default="the grid; 100",
        ),
    ] = None,
    minutes: Annotated[
        float | None, typer.Option("--minutes", help="Time in all.", show_default="no limit")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of folds and points.")] = 0,
    rule: Annotated[
        str,
        typer.Option("--rule", help="best, or one-se: the simplest within a standard error of it."),
    ] = "best",
    rows: Annotated[
        str, typer.Option("--rows", help="train: without official test rows; or all.")
    ] = "train",
    feature_set: Annotated[
        str | None,
        typer.Option("--features", help="Table of the dataset.", show_default="its first"),
    ] = None,
    study: Annotated[
        Path | None,
        typer.Option("--study", help="Keep the search in this file.", show_default=False),
    ] = None,
    nested: Annotated[
        bool, typer.Option("--nested", help="Tune inside every fold too: an honest score.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The recipe to write, TOML.", show_default=False),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option("--report", help="The page to write, HTML.", show_default=False),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files that are there.")
    ] = False,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="Processes.", show_default="cores")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The search, as JSON.")] = False,
) -> None:
    try:
        from earmark.extraction import usable_cores
        from earmark.workflows.tune import tune
    except ModuleNotFoundError as error:
        raise MissingExtraError("train", error.name) from error

    with told_warnings(), _bar() as progress:
        tuned = tune(
            dataset,
            model=model,
            search=search,
            space=space,
            protocol=protocol,
            trials=trials,
            minutes=minutes,
            seed=seed,
            rule=rule,
            rows=rows,
            feature_set=feature_set,
            study=study,
            nested=nested,
            output=output,
            report=report,
            overwrite=overwrite,
            jobs=usable_cores() if jobs is None else jobs,
            progress=progress,
        )
    if as_json:
        typer.echo(json.dumps(tuned.to_dict(), indent=1))
    else:
        for line in _told(tuned):
            typer.echo(printable(line))


def _values(parameters: Any) -> str:
    return ", ".join(f"{name} = {value}" for name, value in parameters.items())


def _told(tuned: TunedModel) -> Iterator[str]:
    """Say what was done, what came of it, and what was written."""
    tuning, chosen = tuned.tuning, tuned.tuning.chosen
    of = f" of {tuning.size}" if tuning.size is not None else ""
    before = f", {tuning.n_resumed} of them before" if tuning.n_resumed else ""
    failed = sum(trial.score is None for trial in tuning.trials)
    yield (
        f"{len(tuning.trials)}{of} points of {tuning.space.name} tried{before}; {failed} could not "
        f"be fitted"
    )
    yield tuned.note
    yield f"chosen    {_values(chosen.parameters)}"
    yield (
        f"score     {chosen.score:.3f}, standard error {chosen.standard_error:.3f}: "
        f"{tuning.n_folds} folds, protocol {tuning.protocol}, seed {tuning.seed}, n = {tuning.n}; "
        "too high, being the best of many"
    )
    if tuned.nested is not None:
        found = tuned.nested.accuracy
        yield (
            f"honest    {found.value:.3f} ({found.low:.3f} to {found.high:.3f}): "
            f"tuned again inside every training fold, protocol {tuned.nested.protocol}"
        )
    for what, path in (("recipe", tuned.output), ("page", tuned.report)):
        if path is not None:
            yield f"{what:<9} {path}"
