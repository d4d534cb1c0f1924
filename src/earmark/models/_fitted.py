"""A fitted model as scikit-learn holds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from earmark.features import FeatureSet
from earmark.models._calibration import Doubt, apply_temperature
from earmark.models._recipe import Recipe
from earmark.models._served import Prediction
from earmark.models._transform import Transform
from earmark.models.families import one_thread
from earmark.types import BoolArray, FloatArray, IntArray

__all__ = ["FittedBase", "FittedModel", "Member"]


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
class FittedBase:
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
    base: FittedBase
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
