"""``earmark train``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from earmark.cli._help import examples
from earmark.cli._library_options import TreatAsEmptyOption
from earmark.cli._options import JobsOption, OverwriteOption
from earmark.cli._output import print_card, stdout, told_warnings
from earmark.cli._progress import progress_bar
from earmark.errors import MissingExtraError
from earmark.records import document

if TYPE_CHECKING:
    from earmark.evaluation import Score

__all__ = ["add_to"]

_HELP = (
    "Train a model on your own music or on a dataset, and write it to a file.\n\n"
    "Requires extra packages: pip install 'earmark\\[train]'. Before the model is trained on all "
    "songs, it is tested on songs and artists it was not trained on. The scores are printed and "
    "written into the model's card."
)
_EXAMPLES = examples(
    "earmark train --dataset folder:~/Music/by-genre -o mine.earmark",
    "earmark train --dataset library -o mine.earmark",
    "earmark classify song.mp3 --model mine.earmark",
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
            metavar="DATASET",
            help="What to train on: folder:PATH for your own music with one folder per genre, "
            "library (or library:FILE) for the genres you set in your library, or a dataset as "
            "NAME:PATH. See earmark datasets list.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The .earmark file to write the model to.",
            show_default=False,
        ),
    ],
    recipe: Annotated[
        str,
        typer.Option(
            "--recipe",
            metavar="RECIPE",
            help="Kind of model and its settings: default, the name of a recipe or a model family "
            "such as knn, or a TOML file.",
        ),
    ] = "default",
    treat_as_empty: TreatAsEmptyOption = None,
    overwrite: OverwriteOption = False,
    jobs: JobsOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the scores as JSON.")] = False,
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
            jobs=jobs,
            progress=progress,
            scored=None if as_json else _print_scores,
        )
    if as_json:
        content = document(
            "earmark.train/2",
            model=str(output),
            leakage_gap=training.leakage_gap,
            warnings=training.model.manifest["training"]["warnings"],
            scores=training.scores,
        )
        typer.echo(json.dumps(content, indent=1))
        return
    print_card(training.model.card)


def _print_scores(scores: dict[str, Score]) -> None:
    """Print the accuracy of the recipe before anything is written."""
    names = [name for name in ("artist", "track", "random") if name in scores]
    score = scores[names[0]]
    right = score.accuracy
    stdout().print(
        f"{_APART[names[0]]}: {right.value:.0%} right (95 % interval over "
        f"{score.intervals.over}s {right.low:.0%} to {right.high:.0%}, n = {score.n}). "
        "Now training on all of them."
    )


_APART = {
    "artist": "On songs by artists it was not trained on",
    "track": "On songs it was not trained on",
    "random": "On songs it was not trained on, though perhaps on others by the same artists",
}
