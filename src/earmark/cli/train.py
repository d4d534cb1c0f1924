"""``earmark train``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from earmark.cli._commands import command, train_extra
from earmark.cli._library_options import TreatAsEmptyOption
from earmark.cli._options import JobsOption, OverwriteOption, option
from earmark.cli._output import print_card, print_json, stdout
from earmark.cli._progress import progress_bar
from earmark.records import document

if TYPE_CHECKING:
    from earmark.evaluation import Score

__all__ = ["app"]

app = typer.Typer()


@command(
    app,
    "earmark train --dataset folder:~/Music/by-genre -o mine.earmark",
    "earmark train --dataset library -o mine.earmark",
    "earmark classify song.mp3 --model mine.earmark",
    no_args_is_help=True,
)
def _train(
    dataset: Annotated[
        str,
        option(
            "--dataset -d DATASET",
            "What to train on: folder:PATH for your own music with one folder per genre, "
            "library (or library:FILE) for the genres you set in your library, or a dataset as "
            "NAME:PATH. See earmark datasets list.",
        ),
    ],
    output: Annotated[Path, option("--output -o FILE", "The .earmark file to write the model to.")],
    recipe: Annotated[
        str,
        option(
            "--recipe RECIPE",
            "Kind of model and its settings: default, the name of a recipe or a model family "
            "such as knn, or a TOML file.",
        ),
    ] = "default",
    treat_as_empty: TreatAsEmptyOption = None,
    overwrite: OverwriteOption = False,
    jobs: JobsOption = None,
    as_json: Annotated[bool, option("--json", "Print the scores as JSON.")] = False,
) -> None:
    r"""Train a model on your own music or on a dataset, and write it to a file.

    Requires extra packages: pip install 'earmark\[train]'. Before the model is trained on all
    songs, it is tested on songs and artists it was not trained on. The scores are printed and
    written into the model's card.
    """
    with train_extra():
        from earmark.workflows.train import train

    with progress_bar("Training") as progress:
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
        print_json(content)
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
