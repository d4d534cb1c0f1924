"""Score a recipe under every protocol, refit it on all rows, write the model (extra ``train``)."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np

import earmark
from earmark.arguments import checked
from earmark.datasets import DatasetWarning, FeatureTable, Fold
from earmark.errors import DatasetError, ParameterError
from earmark.evaluation import (
    N_FOLDS,
    Estimate,
    HeldOut,
    Score,
    clean_rows,
    held_out_predictions,
    inner_groups,
    mean_difference,
    protocol_folds,
    refusals,
    resampling_units,
    score,
)
from earmark.features import feature_sets
from earmark.files import check_target
from earmark.models import DEFAULT_MODEL, Model, load_model, write_model
from earmark.models.cards import description_of, render_card
from earmark.models.export import export_onnx
from earmark.models.families import get_family
from earmark.models.recipe import FittedModel, Recipe, check_groups, fit, load_recipe
from earmark.types import PathName, Progress
from earmark.wording import counted
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
    leakage_gap : Estimate or None
        Accuracy with artists on both sides of a split, less that with artists apart, on the same
        rows, with a paired interval over artists; None where no artists are known.
    """

    model: Model
    scores: dict[str, Score]
    leakage_gap: Estimate | None


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
    scores, _ = _scores_and_gap(recipe, table, published=published, progress=progress)
    return scores


def _scores_and_gap(
    recipe: Recipe,
    table: FeatureTable,
    *,
    published: FeatureTable | None,
    progress: Progress | None,
) -> tuple[dict[str, Score], Estimate | None]:
    planned = _planned(recipe, table, published=published)
    scores, answers = {}, {}
    for done, (name, protocol, rows, folds) in enumerate(planned):
        if progress is not None:
            progress(done, len(planned) + 1, name)
        kept = inner_groups(protocol, rows)
        fit_rows = partial(fit, recipe, classes=table.classes, inner_groups=kept)
        held_out = held_out_predictions(fit_rows, rows, folds)
        answers[name] = held_out
        seed = None if protocol == "official" else recipe.seed
        scored = partial(_score, table=rows, n_folds=len(folds), seed=seed)
        scores[name] = scored(name, held_out)
        if protocol == "official" and "artist" in table.groups:
            clean = np.isin(held_out.rows, clean_rows(rows, folds[0]))
            if clean.any():
                scores[_CLEAN] = scored(_CLEAN, held_out.only(clean))
    if progress is not None:
        progress(len(planned), len(planned) + 1, "all rows")
    return scores, _leakage_gap(answers, table)


def _planned(
    recipe: Recipe, table: FeatureTable, *, published: FeatureTable | None = None
) -> list[tuple[str, str, FeatureTable, list[Fold]]]:
    """List what a recipe is scored by: names, protocols, rows and folds.

    A genre that has too few artists or tracks for any of it is refused here, before anything is
    fitted.
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
    prepared = [
        (name, protocol, rows, protocol_folds(protocol, rows, seed=recipe.seed))
        for name, protocol, rows in planned
    ]
    for _, protocol, rows, folds in prepared:
        check_groups(recipe, rows, folds, inner_groups=inner_groups(protocol, rows))
    every_row = Fold(np.arange(len(table)), np.arange(0))
    check_groups(recipe, table, [every_row])
    return prepared


def _score(
    protocol: str, held_out: HeldOut, *, table: FeatureTable, n_folds: int, seed: int | None
) -> Score:
    over, units = resampling_units(protocol, table)
    groups = None if units is None else units[held_out.rows]
    return score(protocol, held_out, n_folds=n_folds, seed=seed, over=over, groups=groups)


def _leakage_gap(answers: Mapping[str, HeldOut], table: FeatureTable) -> Estimate | None:
    """Compare the random with the artist folds, row by row, resampling artists."""
    if not {"random", "artist"} <= set(answers):
        return None
    sides = []
    for name in ("random", "artist"):
        right = np.zeros(len(table))
        right[answers[name].rows] = answers[name].right
        sides.append(right)
    _, artists = resampling_units("artist", table)
    return mean_difference(*sides, groups=artists)


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
        ``default``, name of a recipe that comes with the package, or path of a TOML file like
        those.
    treat_as_empty : sequence of str
        More genres in the tags of a ``library`` that count as none, see
        `earmark.tags.is_empty_genre`.
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
    check_target(output, overwrite=overwrite, endings=(".earmark",))
    features = None if how.feature_set is None else how.feature_set.name
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DatasetWarning)
        table = load_rows(
            dataset,
            feature_set=features,
            treat_as_empty=treat_as_empty,
            jobs=jobs,
            progress=progress,
            fewest=N_FOLDS,
            check=partial(_check_before_listening, how),
        )
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
            f"dataset={dataset!r} holds {table.feature_set} features, which model files do not "
            "support: evaluate can use them, train cannot"
        )
    published = None
    if "published3" in table.partitions:
        published = load_rows(dataset, feature_set=features, faulty=True)
    scores, gap = _scores_and_gap(how, table, published=published, progress=progress)
    if scored is not None:
        scored(scores)
    fitted = fit(how, table, classes=table.classes)
    manifest = _manifest(Path(output).stem, fitted, table, scores, {**n_artists, "warnings": told})
    manifest["leakage_gap"] = None if gap is None else asdict(gap)
    write_model(output, manifest=manifest, payload=export_onnx(fitted), card=render_card(manifest))
    if progress is not None:
        steps = len(scores.keys() - {_CLEAN}) + 1
        progress(steps, steps, str(output))
    return Training(load_model(output), scores, gap)


def _check_before_listening(recipe: Recipe, tracks: FeatureTable) -> None:
    """Refuse tracks that cannot be scored, before the first of them is decoded."""
    if len(tracks.classes) < 2:
        return  # refused with its name once it is known which files can be decoded
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DatasetWarning)  # given later, of what was decoded
        tracks = _with_artists_enough(tracks, recipe.n_folds)
    _planned(recipe, tracks)


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
                f"genre {genre!r} has {counted(n_artists, 'artist')}: its scores show "
                "how well other songs by them are recognised, not how well the genre is",
                DatasetWarning,
                stacklevel=2,
            )
        if n_tracks < _FEW_TRACKS:
            warnings.warn(
                f"genre {genre!r} has {counted(n_tracks, 'track')}: {_FEW_TRACKS} or "
                "more are needed for a reliable score",
                DatasetWarning,
                stacklevel=2,
            )
    if "artist" not in table.groups:
        return table
    return replace(table, groups={**table.groups, "artist": artists})


def _made_with(recipe: Recipe) -> list[str]:
    """Name the libraries whose versions decide what a recipe makes."""
    used = [name for member in recipe.members for name in get_family(member["family"]).made_with]
    return list(dict.fromkeys(["scikit-learn", "onnx", "numpy", *used]))


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
    recipe, segments = fitted.recipe, table.unit == "segment"
    (features,) = (one for one in feature_sets() if one.fingerprint == table.fingerprint)
    return {
        "name": name,
        "description": description_of(recipe, table.provenance.get("corpus", "")),
        "chosen_on": recipe.corpus or None,
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
            "min_margin": fitted.min_margin,
            "max_distance": fitted.max_distance,
            # Without artists it is not known how often answers are right on others' music.
            "thresholds": [
                {"precision": precision, "confidence": confidence, "share": share}
                for precision, confidence, share in fitted.precise
                if "artist" in table.groups
            ],
            "held_out": None if fitted.doubt is None else fitted.doubt.to_dict(),
        },
        "training": {
            **table.provenance,
            "n": len(table),
            "unit": table.unit,
            "n_tracks": len(np.unique(table.groups["track"])) if segments else len(table),
            **told,
            "ids": table.ids.tolist(),
        },
        "scores": {name: result.to_dict() for name, result in scores.items()},
        "made_with": {
            "earmark": earmark.__version__,
            **{name: version(name) for name in _made_with(recipe)},
        },
    }
