"""``earmark datasets explore``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from earmark.arguments import PAGE_ENDINGS
from earmark.cli._help import examples
from earmark.cli._options import JobsOption, JsonOption, OverwriteOption, SeedOption
from earmark.cli._output import compile_first, printable, stdout, told_warnings
from earmark.cli._progress import progress_bar
from earmark.files import atomic_write, check_target
from earmark.wording import counted

if TYPE_CHECKING:
    from earmark.evaluation import Exploration

__all__ = ["add_explore"]

_HELP = (
    "Describe a dataset: counts, duplicates, features, and a map of its tracks.\n\n"
    "Shows the number of tracks and artists per genre, and exact and near duplicates. With "
    "--output, an HTML report adds the distributions and correlations of the features, a map of "
    "the tracks, and a spectrogram of each genre if there is audio. The report works offline. "
    "Features of a folder of audio are computed once and kept in your cache folder."
)
_EXAMPLES = examples(
    "earmark datasets explore gtzan:DATA/gtzan -o gtzan.html",
    "earmark datasets explore folder:MUSIC --json",
)


def add_explore(app: typer.Typer) -> None:
    """Add the command to an application.

    Parameters
    ----------
    app : typer.Typer
        The application of ``earmark datasets``.
    """
    app.command("explore", help=_HELP, epilog=_EXAMPLES, no_args_is_help=True)(_explore)


def _explore(
    dataset: Annotated[
        str,
        typer.Argument(
            metavar="DATASET",
            help="Dataset as NAME:PATH. See earmark datasets list.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="HTML file to write the report to.",
            show_default=False,
        ),
    ] = None,
    features: Annotated[
        str | None,
        typer.Option(
            "--features",
            "-f",
            metavar="NAME",
            help="Feature set.",
            show_default="the first of the dataset",
        ),
    ] = None,
    faulty: Annotated[
        bool, typer.Option("--faulty", help="Include rows with known faults.")
    ] = False,
    seed: SeedOption = 0,
    jobs: JobsOption = None,
    overwrite: OverwriteOption = False,
    as_json: JsonOption = False,
) -> None:
    from earmark.figures import explore_page
    from earmark.workflows.explore import explore

    check_target(output, overwrite=overwrite, endings=PAGE_ENDINGS)
    compile_first()
    with told_warnings(), progress_bar("Exploring") as progress:
        found = explore(
            dataset,
            feature_set=features,
            faulty=faulty,
            seed=seed,
            jobs=jobs,
            progress=progress,
        )
    content = found.to_dict()
    if output is not None:
        with atomic_write(output, "w") as file:
            file.write(explore_page(content))
    if as_json:
        typer.echo(json.dumps(content, indent=1))
    else:
        _tell(found, output)


def _tell(found: Exploration, output: Path | None) -> None:
    from rich.table import Table

    dataset, exact, near = found.dataset, found.duplicates["exact"], found.duplicates["near"]
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Genre")
    for head in ("Rows", "Tracks", "Artists"):
        table.add_column(head, justify="right")
    for one in found.balance:
        counts = (
            "-" if one[key] is None else f"{one[key]:,}" for key in ("n", "tracks", "artists")
        )
        table.add_row(printable(one["genre"]) or "(none)", *counts)
    stdout().print(table, markup=False)
    lines = [
        f"{counted(dataset['n'], dataset['unit'])}, {counted(dataset['n_columns'], 'feature')} "
        f"({dataset['feature_set']})",
        f"Exact duplicates: {counted(exact['n_groups'], 'group')}, "
        f"{exact['n_across_genres']} across genres",
        f"Near duplicates: {counted(near['n_pairs'], 'pair')}, "
        f"{near['n_across_genres']} across genres",
    ]
    if output is not None:
        lines.append(f"Written to {printable(str(output))}")
    typer.echo("\n".join(["", *lines]))
