"""Score a recipe under every protocol, refit it on all rows, write the model (extra ``train``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np

import earmark
from earmark.datasets import FeatureTable, gtzan
from earmark.errors import ParameterError
from earmark.evaluation import (
    PROTOCOLS,
    HeldOut,
    Score,
    held_out_predictions,
    protocol_folds,
    score,
)
from earmark.models import Model, load_model, write_model
from earmark.models._onnx import export_onnx
from earmark.models.recipe import FittedModel, Recipe, fit, load_recipe
from earmark.types import PathName, Progress
from earmark.workflows._card import render_card

__all__ = ["Training", "load_dataset", "score_recipe", "train"]


@dataclass(frozen=True)
class Training:
    """What came of training a model.

    Attributes
    ----------
    model : Model
        The model, as written.
    scores : dict of str to Score
        By protocol.
    """

    model: Model
    scores: dict[str, Score]

    @property
    def leakage_gap(self) -> float:
        """Accuracy with artists on both sides of a split, less that with artists apart."""
        return self.scores["random"].accuracy.value - self.scores["artist"].accuracy.value


def load_dataset(dataset: str) -> FeatureTable:
    """Read the table a dataset argument names.

    Parameters
    ----------
    dataset : str
        ``gtzan:FOLDER``.

    Returns
    -------
    FeatureTable
        Its rows that are free of known faults.

    Raises
    ------
    ParameterError
        If it names no dataset.
    DatasetError
        If the folder does not hold it.

    Examples
    --------
    >>> load_dataset("music")
    Traceback (most recent call last):
    ...
    earmark.errors.ParameterError: dataset='music' is not of the form gtzan:FOLDER
    """
    corpus, _, folder = dataset.partition(":")
    if corpus != "gtzan" or not folder:
        raise ParameterError(f"dataset={dataset!r} is not of the form gtzan:FOLDER")
    table = gtzan.load_table(folder)
    return table.select(table.partitions["fault_filtered"] != "")


def _artist_clean(table: FeatureTable, held_out: HeldOut) -> HeldOut:
    """Keep the test tracks none of whose artists is in the rows that were fitted on."""
    artists = table.groups["artist"]
    fitted_on = np.setdiff1d(np.arange(len(table)), held_out.rows)
    return held_out.only(~np.isin(artists[held_out.rows], artists[fitted_on]))


def score_recipe(
    recipe: Recipe, table: FeatureTable, *, progress: Progress | None = None
) -> dict[str, Score]:
    """Score a recipe under every protocol, everything that learns refitted in each fold.

    Parameters
    ----------
    recipe : Recipe
        What to score.
    table : FeatureTable
        The rows, with groups ``"artist"`` and partition ``"fault_filtered"``.
    progress : callable or None
        Called with the protocols done, their number, and the next one's name.

    Returns
    -------
    dict of str to Score
        ``artist_640``: artist folds inside the train and valid lists, where choices are made;
        ``random`` and ``artist`` on all rows; ``official`` on the test list, and
        ``official_artist_clean`` on the part of it none of whose artists is trained on.
    """
    fit_rows = partial(fit, recipe, classes=table.classes)
    learnt_from = table.select(table.partitions["fault_filtered"] != "test")
    planned = [("artist_640", "artist", learnt_from), *((name, name, table) for name in PROTOCOLS)]
    scores = {}
    for done, (name, protocol, rows) in enumerate(planned):
        if progress is not None:
            progress(done, len(planned) + 1, name)
        folds = protocol_folds(protocol, rows, seed=recipe.seed)
        held_out = held_out_predictions(fit_rows, rows, folds)
        seed = None if protocol == "official" else recipe.seed
        scores[name] = score(name, held_out, n_folds=len(folds), seed=seed)
        if protocol == "official":
            clean = _artist_clean(rows, held_out)
            scores["official_artist_clean"] = score(
                "official_artist_clean", clean, n_folds=len(folds), seed=seed
            )
    return scores


def train(
    dataset: str,
    *,
    output: PathName,
    recipe: PathName = "gtzan57",
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Training:
    """Score a recipe honestly, refit it on all rows, and write the model.

    Parameters
    ----------
    dataset : str
        ``gtzan:FOLDER``.
    output : str or path-like
        Where to write the ``.earmark`` file.
    recipe : str or path-like
        Name of a recipe that comes with the package, or path of a TOML file like those.
    overwrite : bool
        Whether to replace a file that is there, once all is done.
    progress : callable or None
        Called with the steps done, their number, and the next one's name.

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
    """
    how = load_recipe(recipe)
    target = Path(output)
    if not target.parent.is_dir():
        raise ParameterError(f"output={str(output)!r}: its folder does not exist")
    if target.is_dir() or (target.exists() and not overwrite):
        raise ParameterError(
            f"output={str(output)!r} exists: delete it, choose another, or ask to overwrite it"
        )
    table = load_dataset(dataset)
    scores = score_recipe(how, table, progress=progress)
    fitted = fit(how, table, classes=table.classes)
    manifest = _manifest(fitted, table, scores)
    write_model(output, manifest=manifest, payload=export_onnx(fitted), card=render_card(manifest))
    if progress is not None:
        progress(len(PROTOCOLS) + 2, len(PROTOCOLS) + 2, str(output))
    return Training(load_model(output), scores)


def _manifest(
    fitted: FittedModel, table: FeatureTable, scores: Mapping[str, Score]
) -> dict[str, object]:
    recipe = fitted.recipe
    return {
        "name": recipe.name,
        "features": {
            "name": recipe.feature_set.name,
            "version": recipe.feature_set.version,
            "fingerprint": recipe.feature_set.fingerprint,
        },
        "classes": list(fitted.classes),
        "recipe": recipe.to_dict(),
        "calibration": {"method": "temperature", "temperature": fitted.temperature},
        "unsure": {
            "min_confidence": fitted.min_confidence,
            "max_distance": fitted.max_distance,
        },
        "training": {
            **table.provenance,
            "n": len(table),
            "n_artists": len(np.unique(table.groups["artist"])),
            "ids": table.ids.tolist(),
        },
        "scores": {name: result.to_dict() for name, result in scores.items()},
        "made_with": {
            "earmark": earmark.__version__,
            **{name: version(name) for name in ("scikit-learn", "skl2onnx", "onnx", "numpy")},
        },
    }
