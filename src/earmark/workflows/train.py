"""Score a recipe under every protocol, refit it on all rows, write the model (extra ``train``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np

from earmark.arguments import checked
from earmark.datasets import FeatureTable, Fold, Rows, dataset_warnings_to, warn_about_dataset
from earmark.errors import DatasetError, ParameterError
from earmark.evaluation import (
    CLEAN,
    N_FOLDS,
    Estimate,
    Refitted,
    Score,
    Split,
    card_scores,
    card_splits,
    leakage_gap,
    tracks_as_artists,
)
from earmark.features import feature_sets
from earmark.files import check_target
from earmark.models import DEFAULT_MODEL, Model, load_model, write_model
from earmark.models.cards import model_manifest, render_card
from earmark.models.export import export_onnx
from earmark.models.recipe import Recipe, fit, load_recipe
from earmark.types import PathName, Progress
from earmark.workflows._datasets import DatasetLoader, warnings_to
from earmark.workflows.jobs import Job

__all__ = ["Training", "train"]


@dataclass(frozen=True)
class Training:
    """A trained model and its scores.

    Attributes
    ----------
    model : Model
        The model, as written.
    scores : dict of str to Score
        By protocol.
    leakage_gap : Estimate or None
        Accuracy with artists on both sides of a split, less that with artists apart, on the same
        rows, with a paired interval over artists; None where no artists are known.
    """

    model: Model
    scores: dict[str, Score]
    leakage_gap: Estimate | None


def _checked_splits(recipe: Recipe, table: Rows, *, published: Rows | None = None) -> list[Split]:
    """Deal the rows, and refuse a genre that has too few artists or tracks to be held out."""
    candidate = Refitted(recipe.name, recipe, True)
    splits = card_splits(table, seed=recipe.seed, published=published)
    every_row = Split("artist", table, [Fold(np.arange(len(table)), np.arange(0))], 0, "all rows")
    for split in (*splits, every_row):
        candidate.check(split)
    return splits


def _check_tracks(recipe: Recipe, tracks: Rows) -> None:
    """Refuse tracks that cannot be scored, before the first of them is decoded."""
    if len(tracks.classes) < 2:
        return  # refused with its name once it is known which files can be decoded
    with dataset_warnings_to(lambda _: None):  # given later, of what was decoded
        tracks = tracks_as_artists(tracks, n_folds=recipe.n_folds)
    _checked_splits(recipe, tracks)


def _load(
    loader: DatasetLoader, recipe: Recipe, features: str | None
) -> tuple[FeatureTable, dict[str, object]]:
    """Load the rows to train on, and what the card says of them, warnings among it."""
    messages: list[str] = []
    with dataset_warnings_to(messages.append):
        table = loader.load(features)
        artists = table.groups.get("artist")
        table = tracks_as_artists(table, n_folds=recipe.n_folds)
    for message in messages:
        warn_about_dataset(message)
    if len(table.classes) < 2:
        raise DatasetError(
            f"{loader.dataset!r} holds one genre only, {table.classes[0]!r}: two or more are needed"
        )
    if not any(known.fingerprint == table.fingerprint for known in feature_sets()):
        raise ParameterError(
            f"dataset={loader.dataset!r} holds {table.feature_set} features, which model files do "
            "not support: evaluate can use them, train cannot"
        )
    counted = {} if artists is None else {"n_artists": len(np.unique(artists))}
    return table, {**counted, "warnings": messages}


@checked
def train(
    dataset: str,
    *,
    output: PathName,
    recipe: PathName = "default",
    treat_as_empty: Sequence[str] = (),
    overwrite: bool = False,
    jobs: int | None = None,
    progress: Progress | None = None,
    scored: Callable[[dict[str, Score]], None] | None = None,
) -> Training:
    """Score a recipe honestly, refit it on all rows, and write the model.

    Parameters
    ----------
    dataset : str
        ``NAME:PATH``, e.g. ``gtzan:FOLDER`` or, for your own music, ``folder:PATH``.
    output : str or path-like
        Where to write the ``.earmark`` file.
    recipe : str or path-like
        ``default``, the name of a recipe that comes with the package, or the path of a TOML file.
    treat_as_empty : sequence of str
        More genres in the tags of a ``library`` that count as none, see
        `earmark.tags.is_empty_genre`.
    overwrite : bool
        Whether to replace an existing file, once all is done.
    jobs : int or None
        Number of parallel processes that compute the features of audio; 1 works in this process.
        None: one per core. Models are scored and fitted in this process.
    progress : callable or None
        Called with the number of steps done, the number in all, and the name of the next one.
    scored : callable or None
        Called with the scores by protocol, before the model is fitted to all rows and written.

    Returns
    -------
    Training
        The model as written, and its scores by protocol.

    Raises
    ------
    ParameterError, DatasetError
        If the recipe or the dataset cannot be used, or the output exists.
    OSError
        If the file cannot be written.

    Warns
    -----
    DatasetWarning
        If files are left out, or the scores are better than they should be since artists are not
        known or too few. The model's card says so as well.
    """
    how = load_recipe(DEFAULT_MODEL if recipe == "default" else recipe)
    check_target(output, overwrite=overwrite, endings=(".earmark",))
    features = None if how.feature_set is None else how.feature_set.name
    check = partial(_check_tracks, how)
    job: Job[Training] = Job.of(progress, "train")
    job.phase("read")
    loader = DatasetLoader(dataset, None, treat_as_empty, jobs, job, N_FOLDS, check)
    with warnings_to(progress):
        table, about = _load(loader, how, features)
        chosen_by_others = "published3" in table.partitions
        published = loader.load(features, faulty=True) if chosen_by_others else None
    splits = _checked_splits(how, table, published=published)
    job.phase("score")
    scores, runs = card_scores(Refitted(how.name, how, True), splits, progress=job)
    if scored is not None:
        scored(scores)
    paired = leakage_gap(runs)
    gap = None if paired is None else paired.difference
    _fit_and_write(how, table, output, scores, gap, about, job)
    return Training(load_model(output), scores, gap)


def _fit_and_write(
    recipe: Recipe,
    table: FeatureTable,
    output: PathName,
    scores: Mapping[str, Score],
    gap: Estimate | None,
    about: Mapping[str, object],
    job: Job[Training],
) -> None:
    """Fit a recipe to all rows, and write the model; a cancelled job writes nothing."""
    job.phase("fit")
    steps = len(scores.keys() - {CLEAN}) + 1
    job(steps - 1, steps, "all rows")
    fitted = fit(recipe, table, classes=table.classes)
    manifest = model_manifest(
        Path(output).stem,
        fitted,
        table,
        scores={name: score.to_dict() for name, score in scores.items()},
        leakage_gap=None if gap is None else asdict(gap),
        training=about,
    )
    payload, card = export_onnx(fitted), render_card(manifest)
    job(steps, steps, str(output))  # the last moment to cancel
    write_model(output, manifest=manifest, payload=payload, card=card)
