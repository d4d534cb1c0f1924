"""``earmark train``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from earmark.cli._output import print_card, progress_bar
from earmark.errors import MissingExtraError

__all__ = ["add_to"]

_HELP = (
    "Score a recipe under every protocol, refit it on all rows, and write the model.\n\n"
    "Needs the extra *train*: pip install 'earmark\\[train]'. The scores say how right the recipe "
    "is on songs and artists it has not seen; they are printed and written into the model's card."
)
_EXAMPLES = (
    "Examples:  earmark train --dataset gtzan:DATA/gtzan -o mine.earmark  ·  "
    "earmark classify song.mp3 --model mine.earmark"
)


def add_to(app: typer.Typer) -> None:
    """Add the command to an application.

    Parameters
    ----------
    app : typer.Typer
        The application.
    """
    app.command("train", help=_HELP, epilog=_EXAMPLES, no_args_is_help=True)(_train)


def _train(
    dataset: Annotated[
        str,
        typer.Option(
            "--dataset",
            "-d",
            help="gtzan:FOLDER, where FOLDER holds features_30_sec.csv and index.csv.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="The .earmark file to write.", show_default=False),
    ],
    recipe: Annotated[
        str, typer.Option("--recipe", help="Name of a shipped recipe, or a TOML file like it.")
    ] = "gtzan57",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a file that is there.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The scores, as JSON.")] = False,
) -> None:
    try:
        from earmark.workflows.train import train
    except ModuleNotFoundError as error:
        raise MissingExtraError("train", error.name) from error

    with progress_bar("Training") as progress:
        training = train(
            dataset, output=output, recipe=recipe, overwrite=overwrite, progress=progress
        )
    if as_json:
        scores = {name: score.to_dict() for name, score in training.scores.items()}
        content = {
            "schema": "earmark.train/1",
            "model": str(output),
            "leakage_gap": training.leakage_gap,
            "scores": scores,
        }
        typer.echo(json.dumps(content, indent=1))
        return
    print_card(training.model.card)
