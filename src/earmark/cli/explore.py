"""``earmark datasets explore``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from earmark.arguments import PAGE_ENDINGS
from earmark.cli._commands import command
from earmark.cli._options import (
    JobsOption,
    JsonOption,
    OverwriteOption,
    SeedOption,
    argument,
    option,
)
from earmark.cli._output import (
    compile_first,
    plain_table,
    print_json,
    printable,
    stdout,
)
from earmark.cli._progress import progress_bar
from earmark.files import atomic_write, check_target
from earmark.wording import counted

if TYPE_CHECKING:
    from earmark.evaluation import Exploration

__all__ = ["app"]

app = typer.Typer()


@command(
    app,
    "earmark datasets explore gtzan:DATA/gtzan -o gtzan.html",
    "earmark datasets explore folder:MUSIC --json",
    no_args_is_help=True,
)
def _explore(
    dataset: Annotated[
        str, argument("DATASET", "Dataset as NAME:PATH. See earmark datasets list.")
    ],
    output: Annotated[
        Path | None, option("--output -o FILE", "HTML file to write the report to.")
    ] = None,
    features: Annotated[
        str | None,
        option("--features -f NAME", "Feature set.", show_default="the first of the dataset"),
    ] = None,
    faulty: Annotated[bool, option("--faulty", "Include rows with known faults.")] = False,
    seed: SeedOption = 0,
    jobs: JobsOption = None,
    overwrite: OverwriteOption = False,
    as_json: JsonOption = False,
) -> None:
    """Describe a dataset: counts, duplicates, features, and a map of its tracks.

    Shows the number of tracks and artists per genre, and exact and near duplicates. With
    --output, an HTML report adds the distributions and correlations of the features, a map of
    the tracks, and a spectrogram of each genre if there is audio. The report works offline.
    Features of a folder of audio are computed once and kept in your cache folder.
    """
    from earmark.figures import explore_page
    from earmark.workflows.explore import explore

    check_target(output, overwrite=overwrite, endings=PAGE_ENDINGS)
    compile_first()
    with progress_bar("Exploring") as progress:
        exploration = explore(
            dataset,
            feature_set=features,
            faulty=faulty,
            seed=seed,
            jobs=jobs,
            progress=progress,
        )
    content = exploration.to_dict()
    if output is not None:
        with atomic_write(output, "w") as file:
            file.write(explore_page(content))
    if as_json:
        print_json(content)
    else:
        _print(exploration, output)


def _print(exploration: Exploration, output: Path | None) -> None:

    dataset, exact, near = (
        exploration.dataset,
        exploration.duplicates["exact"],
        exploration.duplicates["near"],
    )
    table = plain_table()
    table.add_column("Genre")
    for head in ("Rows", "Tracks", "Artists"):
        table.add_column(head, justify="right")
    for genre in exploration.balance:
        counts = (
            "-" if genre[key] is None else f"{genre[key]:,}" for key in ("n", "tracks", "artists")
        )
        table.add_row(printable(genre["genre"]) or "(none)", *counts)
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
