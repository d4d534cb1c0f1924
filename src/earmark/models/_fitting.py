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
from earmark.models._recipe import Recipe
from earmark.models._served import Prediction, is_decided
from earmark.models._transform import Transform, fit_transform, matching
from earmark.models.families import fit_classifier, inner_folds, make_classifier, one_thread
from earmark.types import BoolArray, FloatArray, IntArray

__all__ = ["FittedModel", "InnerGroups", "Member", "classifiers_of", "fit", "groups_inside"]

InnerGroups: TypeAlias = Literal["artist", "track", "row"]
"""The groups that stay together when training rows are held out."""

_OURS = ("family", "columns", "weight")
_PRECISIONS = (0.8, 0.85, 0.9, 0.95)


@dataclass(frozen=True)
class Member:
    """One fitted classifier of a model, the columns it uses (None for all), and its weight."""

    family: str
    classifier: Any
    columns: BoolArray | None
    weight: float

    def seen(self, Z: FloatArray) -> FloatArray:
        """Return the columns of transformed rows that the classifier uses."""
        return Z if self.columns is None else Z[:, self.columns]


@dataclass(frozen=True)
class _Base:
    """The part that is fitted on all rows, before any are held out."""

    classifier_transform: Transform
    members: tuple[Member, ...]
    distance_columns: BoolArray | None
    distance_transform: Transform
    precision: FloatArray

    def predict(self, X: FloatArray) -> Prediction:
        Z = self.classifier_transform(X)
        found = [member.classifier.predict_proba(member.seen(Z)) for member in self.members]
        weights = [member.weight for member in self.members]
        if len(set(weights)) == 1:
            mean = np.mean(found, axis=0)
        else:
            mean = np.average(found, axis=0, weights=weights)
        # The transform centres its columns: their mean over the training rows is zero.
        D = self.distance_transform(self.measured(X))
        return Prediction(mean, np.sqrt(np.einsum("ij,jk,ik->i", D, self.precision, D)))

    def measured(self, X: FloatArray) -> FloatArray:
        """Return the columns used for the distance."""
        return X if self.distance_columns is None else X[:, self.distance_columns]


@dataclass(frozen=True)
class FittedModel:
    """A fitted model in scikit-learn, for evaluation and export.

    Attributes
    ----------
    recipe : Recipe
        Recipe it was made with.
    classes : tuple of str
        Genres, in the order of the probabilities.
    names : tuple of str
        Names of the columns it takes.
    feature_set : FeatureSet or None
        The feature set of those columns; None if they come from a table of the user's.
    base : object
        The fitted transforms and members.
    temperature : float
        Divisor of the logarithm of the mean probabilities.
    min_confidence, min_margin : float
        An answer with a top probability below the first, or a gap to the second genre below the
        second, is undecided; 0 if nothing was calibrated.
    max_distance : float
        Rows with a larger distance are unfamiliar; infinite if nothing was calibrated.
    calibrated : bool
        Whether rows were held out for temperature and thresholds.
    precise : tuple of (float, float, float)
        For some shares of right answers: the share, the lowest confidence at which held-out answers
        that are not unsure were right that often, and the share of held-out rows with such an
        answer. Shares that no confidence reaches are left out.
    doubt : Doubt or None
        The counts behind `min_confidence` and `min_margin`; None if nothing was calibrated.
    """

    recipe: Recipe
    classes: tuple[str, ...]
    names: tuple[str, ...]
    feature_set: FeatureSet | None
    base: _Base
    temperature: float
    min_confidence: float
    min_margin: float
    max_distance: float
    calibrated: bool
    precise: tuple[tuple[float, float, float], ...] = ()
    doubt: Doubt | None = None

    def predict(self, X: FloatArray) -> Prediction:
        """Compute calibrated class probabilities and distances.

        Parameters
        ----------
        X : np.ndarray [shape=(n, d)]
            Rows of features.

        Returns
        -------
        Prediction
            A row for each row of `X`.
        """
        with one_thread():
            raw = self.base.predict(X)
        if self.temperature == 1.0:
            return raw
        return Prediction(apply_temperature(raw.probabilities, self.temperature), raw.distance)

    def predict_labels(self, X: FloatArray) -> IntArray:
        """Name the class of each row.

        Parameters
        ----------
        X : np.ndarray [shape=(n, d)]
            Rows of features.

        Returns
        -------
        np.ndarray of int [shape=(n,)]
            Numbers of `classes`: the most probable, or the answer of the classifier's own
            ``predict`` if it is the only one and was not calibrated (a support vector machine does
            not break ties by its probabilities).
        """
        members = self.base.members
        if len(members) == 1 and not self.calibrated:
            Z = members[0].seen(self.base.classifier_transform(X))
            with one_thread():
                return np.asarray(members[0].classifier.predict(Z), dtype=np.int64)
        return np.asarray(self.predict(X).probabilities.argmax(axis=1), dtype=np.int64)


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


def _fit_member(
    recipe: Recipe,
    number: int,
    Z: FloatArray,
    y: IntArray,
    groups: IntArray,
    *,
    names: Sequence[str],
    calibrate: bool,
    n_jobs: int,
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
        columns = matching(member["columns"], names)
    classifier = _make(recipe, member, calibrate=calibrate, n_jobs=n_jobs)
    unfitted = Member(member["family"], classifier, columns, float(weight))
    fit_classifier(classifier, unfitted.seen(Z), y, groups=groups)
    if member["family"] == "forest":
        # Threads would add up the answers of the trees in a random order.
        classifier.set_params(n_jobs=1)
    return unfitted


def _fit_base(
    recipe: Recipe,
    X: FloatArray,
    y: IntArray,
    groups: IntArray,
    *,
    names: Sequence[str],
    calibrate: bool,
    n_jobs: int,
) -> _Base:
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
        _fit_member(recipe, number, Z, y, groups, names=names, calibrate=calibrate, n_jobs=n_jobs)
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
    return _Base(transform, members, some, distance, precision)


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
    feature_set, y = _feature_set(recipe, table), _numbers(table, classes)
    X, groups, names = table.X, groups_inside(table.groups, len(table), inner_groups), table.names
    temperature, max_distance = 1.0, np.inf
    doubt: Doubt | None = None
    precise: tuple[tuple[float, float, float], ...] = ()
    with one_thread():
        if calibrate:
            held_out, distance = np.zeros((len(table), len(classes))), np.zeros(len(table))
            for fold in inner_folds(
                y, groups, n_folds=recipe.n_folds, seed=recipe.seed, classes=classes
            ):
                base = _fit_base(
                    recipe,
                    X[fold.train],
                    y[fold.train],
                    groups[fold.train],
                    names=names,
                    calibrate=True,
                    n_jobs=n_jobs,
                )
                found = base.predict(X[fold.test])
                held_out[fold.test], distance[fold.test] = found.probabilities, found.distance
            if recipe.calibration == "temperature":
                temperature = fit_temperature(held_out, y)
                held_out = apply_temperature(held_out, temperature)
            choosing = _choosing(table)
            doubt = fit_doubt(held_out[choosing], y[choosing], accuracy=recipe.accuracy)
            max_distance = float(np.quantile(distance, recipe.familiar))
            decided = is_decided(
                held_out, min_confidence=doubt.min_confidence, min_margin=doubt.min_margin
            )
            sure = decided & (distance <= max_distance)
            precise = _precise(held_out, y, sure)
        base = _fit_base(recipe, X, y, groups, names=names, calibrate=calibrate, n_jobs=n_jobs)
    return FittedModel(
        recipe=recipe,
        classes=tuple(classes),
        names=tuple(names),
        feature_set=feature_set,
        base=base,
        temperature=temperature,
        min_confidence=0.0 if doubt is None else doubt.min_confidence,
        min_margin=0.0 if doubt is None else doubt.min_margin,
        max_distance=max_distance,
        calibrated=calibrate,
        precise=precise,
        doubt=doubt,
    )
