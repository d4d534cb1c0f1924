"""Boosted trees, on columns as they are or on their principal components."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from lightgbm import LGBMClassifier
from sklearn.base import clone
from sklearn.decomposition import PCA

from earmark.models.families._estimator import Classifier
from earmark.models.families._family import CLASS_WEIGHT, POSITIVE, Family, FitOptions, Number
from earmark.types import FloatArray, IntArray

if TYPE_CHECKING:
    from earmark.models._onnx import Graph

__all__ = ["FAMILY", "BoostedTrees"]


class BoostedTrees(Classifier):
    """LightGBM's trees, optionally on the first principal components.

    Parameters
    ----------
    trees : LGBMClassifier
        Not yet fitted.
    n_components : int or None
        Number of principal components for the trees, at most the number of rows or columns. None
        leaves the columns as they are.

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
        X, y = self._training_data(X, y)
        self.components_: Any = None
        if self.n_components is not None:
            n_components = min(self.n_components, *np.shape(X))
            self.components_ = PCA(n_components, svd_solver="full").fit(X)
        self.trees_ = clone(self.trees).fit(self._seen(X), y)
        return self

    def _seen(self, X: FloatArray) -> FloatArray:
        """Return the input of the trees."""
        if self.components_ is None:
            return X
        seen: FloatArray = self.components_.transform(X)
        return seen

    def _probabilities(self, X: FloatArray) -> FloatArray:
        # The booster itself, because its wrapper warns about missing column names.
        found: FloatArray = np.asarray(self.trees_.booster_.predict(self._seen(X), num_threads=1))
        return np.column_stack([1 - found, found]) if found.ndim == 1 else found


class _Boosting(Family):
    """Boosted trees, on columns as they are or on their principal components."""

    name = "lightgbm"
    made_with = ("scikit-learn", "lightgbm")
    settings = MappingProxyType(
        {
            "n_components": (Number(1, whole=True, words=("none",)), "none"),
            "n_estimators": (Number(1, whole=True), 100),
            "learning_rate": (POSITIVE, 0.1),
            "num_leaves": (Number(2, 131072, whole=True), 31),
            "max_depth": (Number(1, whole=True, words=("none",)), "none"),
            "min_child_samples": (Number(1, whole=True), 20),
            "subsample": (Number(0, 1, above=True), 1.0),
            "colsample_bytree": (Number(0, 1, above=True), 1.0),
            "reg_alpha": (Number(0), 0.0),
            "reg_lambda": (Number(0), 0.0),
            "class_weight": (CLASS_WEIGHT, "none"),
        }
    )
    presets = MappingProxyType(
        {
            "lightgbm": {
                "description": (
                    "Boosted trees on the first 100 principal components, as a "
                    "project on FMA has it for band means and deviations of 3 s "
                    "segments."
                ),
                "n_components": 100,
            },
        }
    )
    grids = MappingProxyType(
        {
            "lightgbm": {
                "source": "Earmark",
                "parameters": {
                    "num_leaves": {"values": [7, 15, 31], "simpler": "smaller"},
                    "learning_rate": {"values": [0.05, 0.1]},
                    "min_child_samples": {"values": [40, 20, 10]},
                },
            },
        }
    )
    spaces = MappingProxyType(
        {
            "lightgbm": {
                "source": "Earmark",
                "parameters": {
                    "n_estimators": {"low": 50, "high": 400, "simpler": "smaller"},
                    "num_leaves": {"low": 4, "high": 63, "log": True, "simpler": "smaller"},
                    "learning_rate": {"low": 0.01, "high": 0.3, "log": True},
                    "min_child_samples": {"low": 5, "high": 60, "simpler": "larger"},
                    "reg_lambda": {"low": 0.001, "high": 10.0, "log": True, "simpler": "larger"},
                },
            },
        }
    )

    def make(self, parameters: dict[str, Any], options: FitOptions) -> Any:
        """Make a classifier."""
        n_components, max_depth = parameters.pop("n_components"), parameters.pop("max_depth")
        trees = LGBMClassifier(
            max_depth=-1 if max_depth is None else max_depth,
            # Rows are drawn again for each tree if `subsample` is below 1.
            subsample_freq=1,
            random_state=options.seed,
            deterministic=True,
            force_row_wise=True,
            n_jobs=1,
            verbose=-1,
            **parameters,
        )
        return BoostedTrees(trees, n_components=n_components)

    def export(self, graph: Graph, Z: str, classifier: Any) -> str:
        """Add a fitted classifier to a graph."""
        from earmark.models._onnx import add_boosted_trees

        return add_boosted_trees(graph, Z, classifier)


FAMILY = _Boosting()
