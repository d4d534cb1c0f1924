"""Fitting a recipe to rows.

Everything that is learned comes from the rows given to `fit`: scaling, the members, the conversion
of scores to probabilities, the temperature and both thresholds. Held-out rows come from folds that
keep groups together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from sklearn.covariance import LedoitWolf

from earmark.datasets import FeatureTable, joined_groups
from earmark.errors import DatasetError, ParameterError
from earmark.features import FeatureSet, feature_sets
from earmark.models._calibration import (
    Doubt,
    apply_temperature,
    fit_doubt,
    fit_temperature,
    smallest_threshold,
)
from earmark.models._fitted import FittedBase, FittedModel, Member
from earmark.models._recipe import Recipe
from earmark.models._served import is_decided
from earmark.models._transform import fit_transform, matching
from earmark.models.families import fit_classifier, inner_folds, make_classifier, one_thread
from earmark.types import BoolArray, FloatArray, IntArray

__all__ = ["InnerGroups", "classifiers_of", "fit", "groups_inside"]

InnerGroups: TypeAlias = Literal["artist", "track", "row"]
"""The groups that stay together when training rows are held out."""

_OURS = ("family", "columns", "weight")
_PRECISIONS = (0.8, 0.85, 0.9, 0.95)


def _make(recipe: Recipe, member: Mapping[str, Any], *, calibrate: bool, n_jobs: int = 1) -> Any:
    return make_classifier(
        member["family"],
        {name: value for name, value in member.items() if name not in _OURS},
        seed=recipe.seed,
        n_folds=recipe.n_folds,
        calibrate=calibrate,
        n_jobs=n_jobs,
    )


def classifiers_of(recipe: Recipe, *, calibrate: bool) -> list[Any]:
    """Return the classifiers of a recipe, not yet fitted."""
    return [_make(recipe, member, calibrate=calibrate) for member in recipe.members]


@dataclass(frozen=True)
class _TrainingRows:
    """Rows as estimators take them."""

    X: FloatArray
    y: IntArray
    groups: IntArray
    names: Sequence[str]
    for_thresholds: BoolArray

    def select(self, rows: IntArray) -> _TrainingRows:
        return _TrainingRows(
            self.X[rows], self.y[rows], self.groups[rows], self.names, self.for_thresholds[rows]
        )


def _fit_member(
    recipe: Recipe, number: int, Z: FloatArray, rows: _TrainingRows, *, calibrate: bool, n_jobs: int
) -> Member:
    """Fit one classifier on transformed rows."""
    member = recipe.members[number]
    weight = member.get("weight", 1.0)
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight < np.inf:
        raise ParameterError(
            f"recipe {recipe.name!r}: weight={weight!r} of member {number} must be above 0"
        )
    columns = None
    if "columns" in member:
        columns = matching(member["columns"], rows.names)
    classifier = _make(recipe, member, calibrate=calibrate, n_jobs=n_jobs)
    unfitted = Member(member["family"], classifier, columns, float(weight))
    fit_classifier(classifier, unfitted.seen(Z), rows.y, groups=rows.groups)
    if member["family"] == "forest":
        # Threads would add up the answers of the trees in a random order.
        classifier.set_params(n_jobs=1)
    return unfitted


def _fit_base(recipe: Recipe, rows: _TrainingRows, *, calibrate: bool, n_jobs: int) -> FittedBase:
    """Fit transforms and classifiers, before anything is held out."""
    X, names = rows.X, rows.names
    transform = fit_transform(
        X,
        function="log",
        patterns=recipe.log_columns,
        names=names,
        clip=recipe.clip,
        standardise=recipe.standardise,
    )
    Z = transform(X)
    members = tuple(
        _fit_member(recipe, number, Z, rows, calibrate=calibrate, n_jobs=n_jobs)
        for number in range(len(recipe.members))
    )
    measured = matching(recipe.distance_columns, names)
    some = None if measured.all() else measured
    columns = X if some is None else X[:, some]
    distance = fit_transform(
        columns,
        function="sqrt",
        patterns=recipe.sqrt_columns,
        names=[name for name, taken in zip(names, measured, strict=True) if taken],
    )
    precision = LedoitWolf(assume_centered=True).fit(distance(columns)).precision_
    return FittedBase(transform, members, some, distance, precision)


def _feature_set(recipe: Recipe, table: FeatureTable) -> FeatureSet | None:
    """Return the feature set of a table; it must be the recipe's, if the recipe has one."""
    wanted = recipe.feature_set
    if wanted is not None and table.fingerprint != wanted.fingerprint:
        raise ParameterError(
            f"table holds {table.feature_set} {table.fingerprint}, "
            f"recipe {recipe.name!r} takes {wanted.name} {wanted.fingerprint}"
        )
    known = (one for one in feature_sets() if one.fingerprint == table.fingerprint)
    return wanted or next(known, None)


def _numbers(table: FeatureTable, classes: Sequence[str]) -> IntArray:
    """Return the class number of each row."""
    number = {name: i for i, name in enumerate(classes)}
    if len(number) < max(2, len(classes)):
        raise DatasetError(
            f"classes={list(classes)!r}: two or more, all different, are needed to learn from"
        )
    if unknown := sorted(set(table.labels.tolist()) - set(classes)):
        raise ParameterError(f"label {unknown[0]!r} is not one of classes={list(classes)!r}")
    if missing := sorted(set(classes) - set(table.labels.tolist())):
        raise DatasetError(f"class {missing[0]!r} has no rows to learn from")
    return np.array([number[label] for label in table.labels.tolist()], dtype=np.int64)


def groups_inside(
    groups: Mapping[str, IntArray], n_rows: int, inner_groups: InnerGroups
) -> IntArray:
    """Return the groups that stay together within the training rows, joined by duplicates."""
    order = ("artist", "track", "row")
    if inner_groups not in order:
        raise ParameterError(f"inner_groups={inner_groups!r} is not one of {', '.join(order)}")
    there = [kind for kind in order[order.index(inner_groups) :] if kind in groups]
    chosen = groups[there[0]] if there else np.arange(n_rows)
    duplicates = groups.get("duplicate")
    if duplicates is None:
        return chosen
    joined = joined_groups(chosen, duplicates)
    # Folds depend on the numbers of groups, so they are kept unless groups had to be joined.
    return chosen if len(np.unique(chosen)) == len(np.unique(joined)) else joined


def _choosing(table: FeatureTable) -> BoolArray:
    """Return the rows for choosing thresholds: all but those of a published test split.

    If there are no others, as in a fold of that split, it is all of them.
    """
    official = table.partitions.get("official")
    if official is None or (official == "test").all():
        return np.ones(len(table), dtype=np.bool_)
    return np.asarray(official != "test", dtype=np.bool_)


def _precise(
    probabilities: FloatArray, y: IntArray, sure: BoolArray
) -> tuple[tuple[float, float, float], ...]:
    """Find the lowest confidence at which held-out answers reach each share of right answers."""
    confidence = probabilities.max(axis=1)
    found = []
    for precision in _PRECISIONS if sure.any() else ():
        threshold = smallest_threshold(probabilities[sure], y[sure], accuracy=precision)
        if threshold <= 1:
            share = float(np.mean(sure & (confidence >= threshold)))
            found.append((precision, threshold, share))
    return tuple(found)


@dataclass(frozen=True)
class _Calibration:
    """Results on held-out rows; without them a model is never unsure."""

    temperature: float = 1.0
    min_confidence: float = 0.0
    min_margin: float = 0.0
    max_distance: float = np.inf
    precise: tuple[tuple[float, float, float], ...] = ()
    doubt: Doubt | None = None


def _calibrate(
    recipe: Recipe, rows: _TrainingRows, classes: Sequence[str], *, n_jobs: int
) -> _Calibration:
    """Hold rows out, fold by fold, and choose temperature and thresholds on the answers to them."""
    y, n_rows = rows.y, len(rows.y)
    held_out, distance = np.zeros((n_rows, len(classes))), np.zeros(n_rows)
    folds = inner_folds(y, rows.groups, n_folds=recipe.n_folds, seed=recipe.seed, classes=classes)
    for fold in folds:
        base = _fit_base(recipe, rows.select(fold.train), calibrate=True, n_jobs=n_jobs)
        prediction = base.predict(rows.X[fold.test])
        held_out[fold.test] = prediction.probabilities
        distance[fold.test] = prediction.distance
    temperature = 1.0
    if recipe.calibration == "temperature":
        temperature = fit_temperature(held_out, y)
        held_out = apply_temperature(held_out, temperature)
    chosen = rows.for_thresholds
    doubt = fit_doubt(held_out[chosen], y[chosen], accuracy=recipe.accuracy)
    max_distance = float(np.quantile(distance, recipe.familiar))
    decided = is_decided(held_out, min_confidence=doubt.min_confidence, min_margin=doubt.min_margin)
    precise = _precise(held_out, y, decided & (distance <= max_distance))
    return _Calibration(
        temperature, doubt.min_confidence, doubt.min_margin, max_distance, precise, doubt
    )


def fit(
    recipe: Recipe,
    table: FeatureTable,
    *,
    classes: Sequence[str],
    calibrate: bool = True,
    inner_groups: InnerGroups = "artist",
    n_jobs: int = 1,
) -> FittedModel:
    """Fit a recipe to the rows of a table.

    Parameters
    ----------
    recipe : Recipe
        What to do.
    table : FeatureTable
        Training rows.
    classes : sequence of str
        Genres in the order of the probabilities. Each needs a row, or rows of at least two groups
        if rows are held out.
    calibrate : bool
        Whether to hold rows out to calibrate the probabilities: the sigmoids of support vector
        machines, the temperature and both thresholds. Without it, fitting takes a sixth of the
        time, and no answer is "unsure".
    inner_groups : {"artist", "track", "row"}
        What stays together when rows are held out. If the table lacks artists, tracks are used, and
        if it lacks tracks, rows. Rows of the same group ``"duplicate"`` always stay together.
    n_jobs : int
        Threads for the trees of forests and the parts of stacking. The model does not depend on it.

    Returns
    -------
    FittedModel
        Fitted on all rows; temperature and thresholds come from held-out groups.

    Raises
    ------
    ParameterError
        If the table's features are not the recipe's, a label is not one of the classes, or the
        recipe needs something that does not exist.
    DatasetError
        If there is only one class, or a class has no rows or too few groups.

    Examples
    --------
    >>> from earmark.models.recipe import load_recipe
    >>> rng = np.random.default_rng(0)
    >>> labels = np.array(["jazz", "rock"] * 20)
    >>> table = FeatureTable(
    ...     ids=np.arange(40).astype(str), X=rng.normal(labels[:, None] == "rock", 0.3, (40, 5)),
    ...     feature_set="mine", fingerprint="0", labels=labels,
    ... )
    >>> model = fit(load_recipe("knn"), table, classes=table.classes)
    >>> model.predict_labels(np.array([[0.0] * 5, [1.0] * 5])).tolist()
    [0, 1]
    """
    feature_set = _feature_set(recipe, table)
    rows = _TrainingRows(
        X=table.X,
        y=_numbers(table, classes),
        groups=groups_inside(table.groups, len(table), inner_groups),
        names=table.names,
        for_thresholds=_choosing(table),
    )
    with one_thread():
        held_out = _Calibration()
        if calibrate:
            held_out = _calibrate(recipe, rows, classes, n_jobs=n_jobs)
        base = _fit_base(recipe, rows, calibrate=calibrate, n_jobs=n_jobs)
    return FittedModel(
        recipe=recipe,
        classes=tuple(classes),
        names=tuple(table.names),
        feature_set=feature_set,
        base=base,
        calibrated=calibrate,
        **vars(held_out),
    )
