"""Support vector machines, and their scores as probabilities."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import softmax
from sklearn.calibration import CalibratedClassifierCV
from sklearn.svm import SVC

from earmark.models.families._estimator import Classifier
from earmark.models.families._family import (
    CLASS_WEIGHT,
    POSITIVE,
    Choice,
    Family,
    FitOptions,
    Number,
)
from earmark.models.families._groups import TakesGroups, inner_folds
from earmark.types import FloatArray, IntArray

if TYPE_CHECKING:
    from earmark.models._onnx import Graph

__all__ = ["FAMILY", "CalibratedSVC", "SoftmaxSVC"]


class SoftmaxSVC(SVC):  # type: ignore[misc]
    """A support vector machine whose probabilities are the softmax of its scores.

    A score is scikit-learn's ``decision_function``: the number of pairwise votes plus, between -1/3
    and 1/3, how clear they were. No rows are held out for these probabilities, so they give an
    order but are not calibrated. ``predict`` is scikit-learn's own.
    """

    def predict_proba(self, X: FloatArray) -> FloatArray:
        """Return the softmax of the scores [shape=(n, n_classes)]."""
        scores = self.decision_function(X)
        if scores.ndim == 1:
            scores = np.column_stack([-scores, scores]) / 2
        probabilities: FloatArray = softmax(scores, axis=1)
        return probabilities


class CalibratedSVC(TakesGroups, Classifier):
    """A support vector machine with sigmoids fitted to its scores on held-out groups.

    One machine is fitted on all rows; those of the folds only provide the scores for the sigmoids.

    Parameters
    ----------
    machine : SVC
        Not yet fitted.
    n_folds : int
        Number of folds.
    seed : int
        Seed of the folds.
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
        X, y = self._training_data(X, y)
        folds = inner_folds(y, groups, n_folds=self.n_folds, seed=self.seed)
        self.calibrated_ = CalibratedClassifierCV(
            self.machine,
            cv=[(fold.train, fold.test) for fold in folds],
            ensemble=False,
            method="sigmoid",
        ).fit(X, y)
        return self

    def deal(self, y: IntArray, groups: IntArray | None) -> None:
        """Split the rows as ``fit`` would, without fitting; groups stay together.

        Raises `DatasetError` if a class has too few groups.
        """
        inner_folds(y, groups, n_folds=self.n_folds, seed=self.seed)

    def _probabilities(self, X: FloatArray) -> FloatArray:
        probabilities: FloatArray = self.calibrated_.predict_proba(X)
        return probabilities


class _SupportVectors(Family):
    """Support vector machines, and their scores as probabilities."""

    name = "svm"
    settings = MappingProxyType(
        {
            "C": (POSITIVE, 1.0),
            "kernel": (Choice(("linear", "poly", "rbf", "sigmoid")), "rbf"),
            "gamma": (Number(0, above=True, words=("scale", "auto")), "scale"),
            "degree": (Number(1, 10, whole=True), 3),
            "coef0": (Number(-1e6, 1e6), 0.0),
            "class_weight": (CLASS_WEIGHT, "none"),
        }
    )
    presets = MappingProxyType(
        {
            "svm": {
                "description": "Best of the course project's grid search: C 100, rbf, scale.",
                "C": 100.0,
                "kernel": "rbf",
                "gamma": "scale",
            },
            "svm-linear": {
                "description": "The linear kernel of that project's report, at C 1.",
                "kernel": "linear",
            },
            "svm-poly": {
                "description": (
                    "The polynomial kernel of that project's report and grid, "
                    "degree 3, at the C of its best."
                ),
                "C": 100.0,
                "kernel": "poly",
            },
            "svm-sigmoid": {
                "description": "The sigmoid kernel of that project's report and grid, at C 1.",
                "kernel": "sigmoid",
            },
        }
    )
    grids = MappingProxyType(
        {
            "svm": {
                "source": (
                    "grid search of a course project on GTZAN's 57 features; best "
                    "there: 100, rbf, scale"
                ),
                "parameters": {
                    "C": {"values": [0.1, 1.0, 10.0, 100.0, 1000.0], "simpler": "smaller"},
                    "kernel": {"values": ["poly", "rbf", "sigmoid"]},
                    "gamma": {"values": ["scale", "auto"]},
                },
            },
            "svm-300": {
                "source": (
                    "report of a course project on GTZAN: C from 1 to 300; the "
                    "values between are ours"
                ),
                "parameters": {
                    "C": {"values": [1.0, 3.0, 10.0, 30.0, 100.0, 300.0], "simpler": "smaller"},
                    "kernel": {"values": ["linear", "poly", "rbf", "sigmoid"]},
                    "gamma": {
                        "values": ["scale", "auto"],
                        "when": {"kernel": ["poly", "rbf", "sigmoid"]},
                    },
                },
            },
        }
    )
    spaces = MappingProxyType(
        {
            "svm": {
                "source": "Earmark, about both grids",
                "parameters": {
                    "kernel": {"values": ["linear", "poly", "rbf", "sigmoid"]},
                    "C": {"low": 0.01, "high": 1000.0, "log": True, "simpler": "smaller"},
                    "gamma": {
                        "low": 0.0001,
                        "high": 1.0,
                        "log": True,
                        "when": {"kernel": ["poly", "rbf", "sigmoid"]},
                        "simpler": "smaller",
                    },
                    "degree": {
                        "low": 2,
                        "high": 4,
                        "when": {"kernel": ["poly"]},
                        "simpler": "smaller",
                    },
                },
            },
            "svm-300": {
                "source": (
                    "report of a course project on GTZAN: C from 1 to 300, four kernels, two gammas"
                ),
                "parameters": {
                    "C": {"low": 1.0, "high": 300.0, "log": True, "simpler": "smaller"},
                    "kernel": {"values": ["linear", "poly", "rbf", "sigmoid"]},
                    "gamma": {
                        "values": ["scale", "auto"],
                        "when": {"kernel": ["poly", "rbf", "sigmoid"]},
                    },
                },
            },
        }
    )

    def make(self, parameters: dict[str, Any], options: FitOptions) -> Any:
        """Make a classifier."""
        if options.calibrate:
            return CalibratedSVC(SVC(**parameters), n_folds=options.n_folds, seed=options.seed)
        return SoftmaxSVC(**parameters)

    def export(self, graph: Graph, Z: str, classifier: Any) -> str:
        """Add a fitted classifier to a graph."""
        from earmark.models._onnx import add_calibrated, add_machine

        add = add_calibrated if isinstance(classifier, CalibratedSVC) else add_machine
        return add(graph, Z, classifier)


FAMILY = _SupportVectors()
