"""``earmark train``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from earmark.cli._library_options import TreatAsEmptyOption
from earmark.cli._output import print_card, progress_bar, stdout, told_warnings
from earmark.errors import MissingExtraError

if TYPE_CHECKING:
    from earmark.evaluation import Score

__all__ = ["add_to"]

_HELP = (
    "Score a recipe under every protocol, refit it on all rows, and write the model.\n\n"
    "Needs the extra *train*: pip install 'earmark\\[train]'. The scores say how right the recipe "
    "is on songs and artists it has not seen; they are printed and written into the model's card."
)
_EXAMPLES = (
    "Examples:  earmark train --dataset folder:~/Music/by-genre -o mine.earmark  ·  "
    "earmark train --dataset library -o mine.earmark  ·  "
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
            help="NAME:PATH, see earmark datasets list; folder:PATH for your own music, a folder "
            "for each genre; library for what you said in your library, or library:PATH.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="The .earmark file to write.", show_default=False),
    ],
    recipe: Annotated[
        str,
        typer.Option(
            "--recipe",
            help="default, name of a shipped recipe or of a family (knn ...), or a TOML file.",
        ),
    ] = "default",
    treat_as_empty: TreatAsEmptyOption = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a file that is there.")
    ] = False,
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=0, help="Files at a time; 0: one for each core.")
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="The scores, as JSON.")] = False,
) -> None:
    try:
        from earmark.workflows.train import train
    except ModuleNotFoundError as error:
        raise MissingExtraError("train", error.name) from error

    with told_warnings(), progress_bar("Training") as progress:
        training = train(
            dataset,
            output=output,
            recipe=recipe,
            treat_as_empty=treat_as_empty or (),
            overwrite=overwrite,
            jobs=jobs or None,
            progress=progress,
            scored=None if as_json else _print_scores,
        )
    if as_json:
        scores = {name: score.to_dict() for name, score in training.scores.items()}
        content = {
            "schema": "earmark.train/2",
            "model": str(output),
            "leakage_gap": None if training.leakage_gap is None else vars(training.leakage_gap),
            "warnings": training.model.manifest["training"]["warnings"],
            "scores": scores,
        }
        typer.echo(json.dumps(content, indent=1))
        return
    print_card(training.model.card)


def _print_scores(scores: dict[str, Score]) -> None:
    """Say how right the recipe is before anything is written."""
    names = [name for name in ("artist", "track", "random") if name in scores]
    score = scores[names[0]]
    right = score.accuracy
    stdout().print(
        f"{_APART[names[0]]}: {right.value:.0%} right (95 % interval over "
        f"{score.intervals.over}s {right.low:.0%} to {right.high:.0%}, n = {score.n}). "
        "Writing the model, refitted on all of them."
    )


_APART = {
    "artist": "On songs by artists it had not heard",
    "track": "On songs it had not heard",
    "random": "On songs it had not heard, though perhaps others by their artists",
}
