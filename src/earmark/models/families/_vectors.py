"""Support vector machines: their scores as probabilities."""

from __future__ import annotations

import numpy as np
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.svm import SVC

from earmark.models.families._groups import TakesGroups, inner_folds
from earmark.types import FloatArray, IntArray

__all__ = ["CalibratedSVC", "SoftmaxSVC"]


class SoftmaxSVC(SVC):  # type: ignore[misc]
    """A support vector machine whose probabilities are the softmax of its scores.

    A score is the number of pairwise votes plus, between -1/3 and 1/3, how clear they were, as
    scikit-learn's ``decision_function`` gives it. Nothing is held out for these probabilities; they
    rank, and say little else. ``predict`` is scikit-learn's own.
    """

    def predict_proba(self, X: FloatArray) -> FloatArray:
        """Compute the softmax of the scores.

        Parameters
        ----------
        X : np.ndarray [shape=(n, d)]
            Rows.

        Returns
        -------
        np.ndarray [shape=(n, n_classes)]
            Each row sums to one.
        """
        scores = self.decision_function(X)
        if scores.ndim == 1:
            scores = np.column_stack([-scores, scores]) / 2
        probabilities: FloatArray = softmax(scores, axis=1)
        return probabilities


class CalibratedSVC(TakesGroups, ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A support vector machine with sigmoids fitted to what it scores on groups held out.

    One machine is fitted on all rows; those of the folds only give the scores for the sigmoids.

    Parameters
    ----------
    machine : SVC
        Not yet fitted.
    n_folds : int
        How many folds.
    seed : int
        Deals the folds.
    """

    def __init__(self, machine: SVC, *, n_folds: int = 5, seed: int = 0) -> None:
        self.machine = machine
        self.n_folds = n_folds
        self.seed = seed

    def fit(self, X: FloatArray, y: IntArray, groups: IntArray | None = None) -> CalibratedSVC:
        """Fit the machine and the sigmoids.

        Parameters
        ----------
        X : np.ndarray [shape=(n, d)]
            Training rows.
        y : np.ndarray of int [shape=(n,)]
            Number of the class of each.
        groups : np.ndarray of int [shape=(n,)] or None
            Rows with the same number stay together.

        Returns
        -------
        CalibratedSVC
            Itself.

        Raises
        ------
        DatasetError
            If a class has too few groups.
        """
        folds = inner_folds(np.asarray(y), groups, n_folds=self.n_folds, seed=self.seed)
        self.calibrated_ = CalibratedClassifierCV(
            self.machine,
            cv=[(fold.train, fold.test) for fold in folds],
            ensemble=False,
            method="sigmoid",
        ).fit(X, y)
        self.classes_ = self.calibrated_.classes_
        return self

    def predict_proba(self, X: FloatArray) -> FloatArray:
        """Compute the calibrated probabilities.

        Parameters
        ----------
        X : np.ndarray [shape=(n, d)]
            Rows.

        Returns
        -------
        np.ndarray [shape=(n, n_classes)]
            Each row sums to one.
        """
        probabilities: FloatArray = self.calibrated_.predict_proba(X)
        return probabilities

    def predict(self, X: FloatArray) -> IntArray:
        """Name the most probable class.

        Parameters
        ----------
        X : np.ndarray [shape=(n, d)]
            Rows.

        Returns
        -------
        np.ndarray of int [shape=(n,)]
            Numbers of classes.
        """
        numbers: IntArray = self.calibrated_.predict(X)
        return numbers
