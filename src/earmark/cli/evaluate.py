"""``earmark evaluate``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from earmark.cli._output import printable, progress_bar, stdout, told_warnings
from earmark.cli._pages import Overwrite, Page, check_page, write_page
from earmark.errors import MissingExtraError

if TYPE_CHECKING:
    from earmark.evaluation import Results

__all__ = ["add_to"]

_HELP = (
    "Score models on a dataset, with and without songs or artists on both sides of the split.\n\n"
    "Needs the extra *train*: pip install 'earmark\\[train]'. Every model is fitted anew in each "
    "fold, and so is everything that learns. Numbers in brackets are 95 % bootstrap intervals, "
    "over artists where the protocol keeps artists apart, else over tracks. The leakage gap is the "
    "accuracy under *random* less that under *artist*, of the same rows. With --output, finished "
    "runs are kept: the same command takes up where it stopped."
)
_EXAMPLES = (
    "Examples:  earmark evaluate -d gtzan:DATA/gtzan -m knn,svm  ·  "
    "earmark evaluate -d segments57:DATA/segments57 -m forest -p random,track,artist "
    "-o results.json --report page.html  ·  "
    "earmark evaluate -d folder:MUSIC -m mine.earmark --new-rows"
)
_PROTOCOLS = (
    "random (rows at random), track (tracks whole), artist (artists whole), official, published3, "
    "joined by commas; all: those that the dataset supports."
)


def add_to(app: typer.Typer) -> None:
    """Add the command to an application.

    Parameters
    ----------
    app : typer.Typer
        The application.
    """
    app.command("evaluate", help=_HELP, epilog=_EXAMPLES, no_args_is_help=True)(_evaluate)


def _evaluate(
    dataset: Annotated[
        str,
        typer.Option(
            "--dataset",
            "-d",
            help="NAME:PATH, as in gtzan:FOLDER, segments57:FOLDER, fma:FOLDER or folder:MUSIC.",
            show_default=False,
        ),
    ],
    models: Annotated[
        str,
        typer.Option(
            "--models",
            "-m",
            help="Joined by commas: default (the recipe of the model that ships), knn, svm, "
            "forest and other families and presets, recipes (name or TOML file), .earmark files "
            "(used as they are, on rows they were not trained on).",
        ),
    ] = "default",
    protocols: Annotated[str, typer.Option("--protocols", "-p", help=_PROTOCOLS)] = "all",
    new_rows: Annotated[
        bool,
        typer.Option(
            "--new-rows",
            help="Score an .earmark file on the rows it was not trained on, those by artists it "
            "was trained on apart.",
        ),
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Results file (JSON) to write after every run."),
    ] = None,
    report: Page = None,
    overwrite: Overwrite = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Forget the runs that --output holds already.")
    ] = False,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Random seed of the folds.")] = 0,
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=0, help="Folds at a time; 0: one for each core.")
    ] = 0,
    importances: Annotated[
        bool,
        typer.Option("--importances", help="Also measure what each column is worth, by shuffling."),
    ] = False,
    features: Annotated[
        str | None,
        typer.Option("--features", help="Feature set for models that take any."),
    ] = None,
    unit: Annotated[
        str | None, typer.Option("--unit", help="track or segment, where the dataset has both.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Everything, as JSON.")] = False,
) -> None:
    try:
        from earmark.extraction import usable_cores
        from earmark.workflows.evaluate import evaluate
    except ModuleNotFoundError as error:
        raise MissingExtraError("train", error.name) from error

    check_page(report, overwrite=overwrite)
    with told_warnings(), progress_bar("Evaluating") as progress:
        results = evaluate(
            dataset,
            models=_split(models),
            protocols="all" if protocols == "all" else _split(protocols),
            new_rows=new_rows,
            seed=seed,
            importances=importances,
            jobs=jobs or usable_cores(),
            feature_set=features,
            unit=unit,
            output=output,
            fresh=fresh,
            progress=progress,
        )
    if report is not None:
        write_page(report, [results])
    if as_json:
        typer.echo(results.to_json(), nl=False)
        return
    _show(results)


def _split(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]


def _rows_text(model: str, rows: Mapping[str, Any]) -> str:
    """Say which rows a finished model was scored on.

    Examples
    --------
    >>> rows = {"trained_on": 90, "unseen": 8, "unseen_known_artists": 2, "artists_known": True}
    >>> _rows_text("mine.earmark", rows)
    'mine.earmark: 8 new rows by artists it was not trained on, 2 new rows by artists it was \
trained on; 90 rows it was trained on are left out'
    """
    new, known = rows["unseen"], rows["unseen_known_artists"]
    parts = [f"{new:,} new rows by artists it was not trained on"]
    if rows["artists_known"]:
        parts.append(f"{known:,} new rows by artists it was trained on")
    else:
        parts = [f"{new:,} new rows; the dataset does not say who they are by"]
    left_out = f"{rows['trained_on']:,} rows it was trained on are left out"
    return f"{model}: {', '.join(parts)}; {left_out}"


def _show(results: Results) -> None:
    from earmark.cli._tables import results_tables

    console, dataset = stdout(), results.dataset
    console.print(
        printable(
            f"{dataset.name}: {dataset.n} {dataset.unit}s of {len(dataset.classes)} genres, "
            f"{dataset.feature_set}, seed {results.seed}; accuracy with 95 % intervals"
        )
    )
    for table in results_tables(results, width=console.width):
        console.print()
        console.print(table)
    for model in results.models:
        if "rows" in model.recipe:
            console.print(printable(_rows_text(model.name, model.recipe["rows"])))
    for protocol, reason in results.skipped.items():
        console.print(printable(f"left out: {protocol} ({reason})"), style="dim")
