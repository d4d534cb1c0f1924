"""Boosted trees, on columns as they are or on their principal components."""

from __future__ import annotations

from typing import Any

import numpy as np
from lightgbm import LGBMClassifier
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.decomposition import PCA

from earmark.types import FloatArray, IntArray

__all__ = ["BoostedTrees"]


class BoostedTrees(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """LightGBM's trees, on the first principal components if asked.

    Parameters
    ----------
    trees : LGBMClassifier
        Not yet fitted.
    n_components : int or None
        Principal components the trees see; as many as there can be if the rows or columns are
        fewer. None leaves the columns as they are.

    Attributes
    ----------
    components_ : PCA or None
        The fitted components.
    trees_ : LGBMClassifier
        The fitted trees.
    """

    def __init__(self, trees: LGBMClassifier, *, n_components: int | None = None) -> None:
        self.trees = trees
        self.n_components = n_components

    def fit(self, X: FloatArray, y: IntArray) -> BoostedTrees:
        """Fit the components and the trees.

        Parameters
        ----------
        X : np.ndarray [shape=(n, d)]
            Training rows.
        y : np.ndarray of int [shape=(n,)]
            Number of the class of each.

        Returns
        -------
        BoostedTrees
            Itself.
        """
        self.components_: Any = None
        if self.n_components is not None:
            n_components = min(self.n_components, *np.shape(X))
            self.components_ = PCA(n_components, svd_solver="full").fit(X)
        self.trees_ = clone(self.trees).fit(self._seen(X), y)
        self.classes_ = self.trees_.classes_
        return self

    def _seen(self, X: FloatArray) -> FloatArray:
        """Return what the trees see of rows."""
        if self.components_ is None:
            return X
        seen: FloatArray = self.components_.transform(X)
        return seen

    def predict_proba(self, X: FloatArray) -> FloatArray:
        """Compute class probabilities.

        Parameters
        ----------
        X : np.ndarray [shape=(n, d)]
            Rows.

        Returns
        -------
        np.ndarray [shape=(n, n_classes)]
            Each row sums to one.
        """
        # The booster itself: the wrapper around it looks for names of columns and warns of none.
        found: FloatArray = np.asarray(self.trees_.booster_.predict(self._seen(X), num_threads=1))
        return np.column_stack([1 - found, found]) if found.ndim == 1 else found

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
        numbers: IntArray = self.classes_[self.predict_proba(X).argmax(axis=1)]
        return numbers
