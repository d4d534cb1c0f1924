"""Score a recipe under every protocol, refit it on all rows, write the model (extra ``train``)."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np

import earmark
from earmark.arguments import check_ending, checked
from earmark.datasets import DatasetWarning, FeatureTable
from earmark.errors import DatasetError, ParameterError
from earmark.evaluation import (
    Score,
    clean_rows,
    held_out_predictions,
    inner_groups,
    protocol_folds,
    refusals,
    score,
)
from earmark.features import feature_sets
from earmark.models import DEFAULT_MODEL, Model, load_model, write_model
from earmark.models._onnx import export_onnx
from earmark.models.recipe import FittedModel, Recipe, fit, load_recipe
from earmark.types import PathName, Progress
from earmark.workflows._card import render_card
from earmark.workflows._rows import load_rows

__all__ = ["Training", "score_recipe", "train"]


_PROTOCOLS = ("random", "track", "artist", "official", "published3")
_CLEAN = "official_artist_clean"
_FEW_TRACKS = 20


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
    def leakage_gap(self) -> float | None:
        """Accuracy with artists on both sides of a split, less that with artists apart."""
        if not {"random", "artist"} <= set(self.scores):
            return None
        return self.scores["random"].accuracy.value - self.scores["artist"].accuracy.value


@checked
def score_recipe(
    recipe: Recipe,
    table: FeatureTable,
    *,
    published: FeatureTable | None = None,
    progress: Progress | None = None,
) -> dict[str, Score]:
    """Score a recipe under the protocols of a card, everything that learns refitted in each fold.

    Parameters
    ----------
    recipe : Recipe
        What to score.
    table : FeatureTable
        The rows. What needs groups ``"artist"`` or partition ``"official"`` is left out where they
        are not there.
    published : FeatureTable or None
        The rows of ``published3``, where others chose them; None takes those of `table`.
    progress : callable or None
        Called with the protocols done, their number, and the next one's name.

    Returns
    -------
    dict of str to Score
        ``artist_inner``: artist folds inside the train and valid lists, where choices are made;
        ``random``, ``track`` and ``artist`` on all rows, ``published3`` on those in it;
        ``official`` on the test list, and ``official_artist_clean`` on the part of it none of
        whose artists is trained on.
    """
    lacking = refusals(table)
    if table.unit == "track":
        lacking["track"] = "rows are tracks: its folds are those of random"
    planned = [(name, name, table) for name in _PROTOCOLS if name not in lacking]
    if published is not None:
        planned = [(name, _, published if name == "published3" else t) for name, _, t in planned]
    if not {"artist", "official"} & set(lacking):
        learnt_from = table.select(table.partitions["official"] != "test")
        planned.insert(0, ("artist_inner", "artist", learnt_from))
    scores = {}
    for done, (name, protocol, rows) in enumerate(planned):
        if progress is not None:
            progress(done, len(planned) + 1, name)
        folds = protocol_folds(protocol, rows, seed=recipe.seed)
        kept = inner_groups(protocol, rows)
        fit_rows = partial(fit, recipe, classes=table.classes, inner_groups=kept)
        held_out = held_out_predictions(fit_rows, rows, folds)
        seed = None if protocol == "official" else recipe.seed
        scores[name] = score(name, held_out, n_folds=len(folds), seed=seed)
        if protocol == "official" and "artist" in table.groups:
            clean = np.isin(held_out.rows, clean_rows(rows, folds[0]))
            if clean.any():
                part = held_out.only(clean)
                scores[_CLEAN] = score(_CLEAN, part, n_folds=len(folds), seed=seed)
    if progress is not None:
        progress(len(planned), len(planned) + 1, "all rows")
    return scores


@checked
def train(
    dataset: str,
    *,
    output: PathName,
    recipe: PathName = "default",
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
        ``default``, name of a recipe that comes with the package, or path of a TOML file like
        those.
    overwrite : bool
        Whether to replace a file that is there, once all is done.
    jobs : int or None
        Files that are listened to at a time; None: one for each core.
    progress : callable or None
        Called with the steps done, their number, and the next one's name.
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
    check_ending("output", output, (".earmark",))
    target = Path(output)
    if not target.parent.is_dir():
        raise ParameterError(f"output={str(output)!r}: its folder does not exist")
    if target.is_dir() or (target.exists() and not overwrite):
        raise ParameterError(
            f"output={str(output)!r} exists: delete it, choose another, or ask to overwrite it"
        )
    features = None if how.feature_set is None else how.feature_set.name
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DatasetWarning)
        table = load_rows(dataset, feature_set=features, jobs=jobs, progress=progress)
        n_artists = _count_artists(table)
        table = _with_artists_enough(table, how.n_folds)
    told = [str(one.message) for one in caught if issubclass(one.category, DatasetWarning)]
    for message in told:
        warnings.warn(message, DatasetWarning, stacklevel=3)
    if len(table.classes) < 2:
        raise DatasetError(
            f"{dataset!r} holds one genre only, {table.classes[0]!r}: two or more are needed"
        )
    if not any(one.fingerprint == table.fingerprint for one in feature_sets()):
        raise ParameterError(
            f"dataset={dataset!r} holds {table.feature_set} features, which no model file can ask "
            "for: evaluate takes them, train does not"
        )
    published = None
    if "published3" in table.partitions:
        published = load_rows(dataset, feature_set=features, faulty=True)
    scores = score_recipe(how, table, published=published, progress=progress)
    if scored is not None:
        scored(scores)
    fitted = fit(how, table, classes=table.classes)
    manifest = _manifest(target.stem, fitted, table, scores, {**n_artists, "warnings": told})
    write_model(output, manifest=manifest, payload=export_onnx(fitted), card=render_card(manifest))
    if progress is not None:
        steps = len(scores.keys() - {_CLEAN}) + 1
        progress(steps, steps, str(output))
    return Training(load_model(output), scores)


def _with_artists_enough(table: FeatureTable, n_folds: int) -> FeatureTable:
    """Let the tracks of genres that have too few artists stand for artists, and warn of it.

    An artist who is in another genre as well stays whole.
    """
    tracks = table.groups.get("track", np.arange(len(table)))
    known = table.groups.get("artist", tracks)
    artists = known.copy()
    for genre in table.classes:
        rows = np.flatnonzero(table.labels == genre)
        n_artists, n_tracks = (len(np.unique(group[rows])) for group in (known, tracks))
        if "artist" in table.groups and n_artists < n_folds:
            alone = rows[~np.isin(known[rows], known[table.labels != genre])]
            artists[alone] = artists.max() + 1 + tracks[alone]
            warnings.warn(
                f"genre {genre!r} has {n_artists} artist{'s' * (n_artists > 1)}: its scores tell "
                "how well their other songs are recognised, not how well the genre is",
                DatasetWarning,
                stacklevel=2,
            )
        if n_tracks < _FEW_TRACKS:
            warnings.warn(
                f"genre {genre!r} has {n_tracks} track{'s' * (n_tracks > 1)}: {_FEW_TRACKS} or "
                "more are needed for a score that says much",
                DatasetWarning,
                stacklevel=2,
            )
    if "artist" not in table.groups:
        return table
    return replace(table, groups={**table.groups, "artist": artists})


def _made_with(recipe: Recipe) -> list[str]:
    """Name the libraries whose versions decide what a recipe makes."""
    boosted = any(member["family"] == "lightgbm" for member in recipe.members)
    return ["scikit-learn", "skl2onnx", "onnx", "numpy", *(["lightgbm"] if boosted else [])]


def _count_artists(table: FeatureTable) -> dict[str, int]:
    artists = table.groups.get("artist")
    return {} if artists is None else {"n_artists": len(np.unique(artists))}


def _manifest(
    name: str,
    fitted: FittedModel,
    table: FeatureTable,
    scores: Mapping[str, Score],
    told: Mapping[str, object],
) -> dict[str, object]:
    recipe = fitted.recipe
    (features,) = (one for one in feature_sets() if one.fingerprint == table.fingerprint)
    return {
        "name": name,
        "description": recipe.description,
        "features": {
            "name": features.name,
            "version": features.version,
            "fingerprint": features.fingerprint,
        },
        "classes": list(fitted.classes),
        "recipe": recipe.to_dict(),
        "calibration": {"method": recipe.calibration, "temperature": fitted.temperature},
        "unsure": {
            "min_confidence": fitted.min_confidence,
            "max_distance": fitted.max_distance,
            # Without artists it is not known how often answers are right on others' music.
            "thresholds": [
                {"precision": precision, "confidence": confidence, "share": share}
                for precision, confidence, share in fitted.precise
                if "artist" in table.groups
            ],
        },
        "training": {
            **table.provenance,
            "n": len(table),
            "unit": table.unit,
            **told,
            "ids": table.ids.tolist(),
        },
        "scores": {name: result.to_dict() for name, result in scores.items()},
        "made_with": {
            "earmark": earmark.__version__,
            **{name: version(name) for name in _made_with(recipe)},
        },
    }
