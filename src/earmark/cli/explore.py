"""``earmark datasets explore``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from earmark.arguments import PAGE_ENDINGS
from earmark.cli._output import compile_first, printable, progress_bar, stdout, told_warnings
from earmark.files import atomic_write, check_target

if TYPE_CHECKING:
    from earmark.workflows.explore import Exploration

__all__ = ["add_explore"]

_HELP = (
    "Look at a dataset before anything is fitted to it.\n\n"
    "Counts of tracks and artists, exact and near duplicates, how features are spread, correlated "
    "and mapped, and a spectrogram of each genre where there is audio. Features of a folder of "
    "audio are computed once and kept in your cache folder. With --output all of it is written as "
    "one HTML page that needs no network."
)
_EXAMPLES = (
    "Examples:  earmark datasets explore gtzan:DATA/gtzan -o gtzan.html  ·  "
    "earmark datasets explore folder:MUSIC --json"
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
        str, typer.Argument(help="NAME:PATH, see: earmark datasets list.", show_default=False)
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The HTML page to write.", show_default=False),
    ] = None,
    features: Annotated[
        str | None,
        typer.Option("--features", "-f", help="A feature set.", show_default="the dataset's first"),
    ] = None,
    faulty: Annotated[bool, typer.Option("--faulty", help="Keep rows with known faults.")] = False,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Which tracks are examples.")] = 0,
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=0, help="Files at a time (0: one for each core).")
    ] = 0,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a page that is there.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Everything, as JSON.")] = False,
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
            jobs=jobs or None,
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
        counts = ("-" if one[key] is None else str(one[key]) for key in ("n", "tracks", "artists"))
        table.add_row(printable(one["genre"]) or "(none)", *counts)
    stdout().print(table, markup=False)
    lines = [
        f"{dataset['n']} {dataset['unit']}s, {dataset['n_columns']} features "
        f"({dataset['feature_set']})",
        f"exact duplicates: {exact['n_groups']} groups, {exact['n_across_genres']} across genres",
        f"near duplicates: {near['n_pairs']} pairs, {near['n_across_genres']} across genres",
    ]
    if output is not None:
        lines.append(f"written: {printable(str(output))}")
    typer.echo("\n".join(["", *lines]))
