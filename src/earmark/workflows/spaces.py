"""Score the recipe of a space, refit it on all rows, write the space (extra ``train``)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from earmark.arguments import checked
from earmark.datasets import FeatureTable, Fold, parse_dataset
from earmark.errors import DatasetError, ParameterError
from earmark.evaluation import (
    N_FOLDS,
    Likeness,
    Retrieval,
    Split,
    by_segments,
    by_vectors,
    retrieve,
    tracks_of,
)
from earmark.features import SEGMENT_BANDS, quantise_segments
from earmark.files import check_target
from earmark.models import Space, load_space, write_model
from earmark.models.cards import render_space_card, space_manifest
from earmark.models.export import export_space
from earmark.models.recipe import SpaceRecipe, fit_space, load_space_recipe
from earmark.types import IntArray, PathName, Progress
from earmark.workflows._datasets import DatasetLoader, warnings_to
from earmark.workflows.jobs import Job

__all__ = ["SpaceTraining", "load_space_rows", "score_space", "train_space"]

SEED = 0
"""Of the folds."""


@dataclass(frozen=True)
class SpaceTraining:
    """What came of training a space.

    Attributes
    ----------
    space : Space
        The space, as written.
    scores : dict of str to Retrieval
        By protocol.
    """

    space: Space
    scores: dict[str, Retrieval]


@checked
def load_space_rows(
    dataset: str,
    recipe: SpaceRecipe,
    *,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> FeatureTable:
    """Read the rows that the recipe of a space learns from.

    Parameters
    ----------
    dataset : str
        ``NAME:PATH``.
    recipe : SpaceRecipe
        Whose features are wanted.
    jobs : int or None
        Number of parallel processes; 1 works in this process. None: one per core.
    progress : callable or None
        Called with the audio files done, their number, and the last one's path.

    Returns
    -------
    FeatureTable
        Of tracks, or, for `segment_bands`, of their segments.

    Raises
    ------
    ParameterError, DatasetError
        If the dataset cannot be used or has no such features.
    """
    if recipe.feature_set is not SEGMENT_BANDS:
        return DatasetLoader(dataset, jobs=jobs, progress=progress).load(recipe.feature_set.name)
    corpus, _ = parse_dataset(dataset)
    if corpus.name != "gtzan":
        raise ParameterError(
            f"dataset={dataset!r} has no segments of 3 s, which recipe {recipe.name!r} learns "
            "from: gtzan has"
        )
    table = DatasetLoader(dataset).load("bands")
    return replace(
        table,
        X=quantise_segments(table.X).astype(np.float64),
        feature_set=SEGMENT_BANDS.name,
        fingerprint=SEGMENT_BANDS.fingerprint,
        names=SEGMENT_BANDS.names,
    )


@checked
def score_space(
    recipe: SpaceRecipe, table: FeatureTable, *, seed: int = SEED, progress: Progress | None = None
) -> dict[str, Retrieval]:
    """Score the recipe of a space by what it finds among artists that it was not fitted on.

    Parameters
    ----------
    recipe : SpaceRecipe
        What to score.
    table : FeatureTable
        The rows, with groups ``"artist"``.
    seed : int
        Of the folds.
    progress : callable or None
        Called with the protocols done, their number, and the next one's name.

    Returns
    -------
    dict of str to Retrieval
        ``artist_inner``, where there is a published split: five artist folds inside its train and
        valid lists, where choices are made. ``artist``: five artist folds of all rows.

    Raises
    ------
    ParameterError
        If the table has no artists.
    DatasetError
        If the folds cannot be made.
    """
    parts = {"artist": table}
    if "official" in table.partitions:
        learnt_from = table.select(table.partitions["official"] != "test")
        parts = {"artist_inner": learnt_from, **parts}
    scores = {}
    for done, (name, rows) in enumerate(parts.items()):
        if progress is not None:
            progress(done, len(parts) + 1, name)
        tracks, numbers = tracks_of(rows)
        split = Split.deal("artist", tracks, seed=seed, name=name)
        scores[name] = retrieve(split, partial(_likeness, recipe, rows, numbers))
    return scores


def _likeness(recipe: SpaceRecipe, table: FeatureTable, numbers: IntArray, fold: Fold) -> Likeness:
    """Fit a space to the training tracks of a fold, and compare its test tracks."""
    fitted = fit_space(recipe, table.select(np.isin(numbers, fold.train)))
    if table.unit == "track":
        return by_vectors(fitted.embed(table.X[fold.test]))
    rows = np.flatnonzero(np.isin(numbers, fold.test))
    songs = np.searchsorted(fold.test, numbers[rows])
    return by_segments(fitted.embed(table.X[rows]), songs)


@checked
def train_space(
    dataset: str,
    *,
    output: PathName,
    recipe: PathName = "style",
    overwrite: bool = False,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> SpaceTraining:
    """Score the recipe of a space, refit it on all rows, and write the space.

    Parameters
    ----------
    dataset : str
        ``NAME:PATH``, e.g. ``gtzan:FOLDER``.
    output : str or path-like
        Where to write the ``.earmark`` file.
    recipe : str or path-like
        Name of a recipe that comes with the package, or path of a TOML file like those.
    overwrite : bool
        Whether to replace a file that is there, once all is done.
    jobs : int or None
        Number of parallel processes that compute the features of audio; 1 works in this process.
        None: one per core. Spaces are scored and fitted in this process.
    progress : callable or None
        Called with the steps done, their number, and the next one's name.

    Returns
    -------
    SpaceTraining
        The space as written, and its scores by protocol.

    Raises
    ------
    ParameterError, DatasetError
        If the recipe or the dataset cannot be used, or the output exists.
    OSError
        If the file cannot be written.
    """
    how = load_space_recipe(recipe)
    check_target(output, overwrite=overwrite, endings=(".earmark",))
    job: Job[SpaceTraining] = Job.of(progress, "train_space")
    job.phase("read")
    with warnings_to(progress):
        table = load_space_rows(dataset, how, jobs=jobs, progress=job)
    if "artist" not in table.groups:
        raise DatasetError(f"{dataset!r} does not say who the artists are, which a score needs")
    job.phase("score")
    scores = score_space(how, table, progress=job)
    steps = len(scores) + 1
    job.phase("fit", total=steps)
    job(steps - 1, steps, "all rows")
    fitted = fit_space(how, table)
    folds = {"n_folds": N_FOLDS, "seed": SEED}
    manifest = space_manifest(
        Path(output).stem,
        fitted,
        table,
        tracks=tracks_of(table)[0],
        scores={name: {**folds, **score.to_dict()} for name, score in scores.items()},
    )
    card = render_space_card(manifest)
    payload = export_space(fitted)
    job(steps, steps, str(output))  # the last moment to cancel
    write_model(output, manifest=manifest, payload=payload, card=card)
    return SpaceTraining(load_space(output), scores)
