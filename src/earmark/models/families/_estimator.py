"""Common code of our classifiers: checks of rows and labels, as scikit-learn requires."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from earmark.errors import ParameterError
from earmark.types import FloatArray, IntArray

__all__ = ["Classifier"]

Self = TypeVar("Self", bound="Classifier")


class Classifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier that predicts the most probable class."""

    classes_: Any

    def _training_data(self, X: Any, y: Any) -> tuple[FloatArray, Any]:
        """Check training rows and labels; remember the classes."""
        rows, labels = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(labels)
        self.classes_ = np.unique(labels)
        if len(self.classes_) < 2:
            raise ParameterError(
                f"y holds one class only, {self.classes_[0]!r}, but two classes or more are needed"
            )
        return rows, labels

    def _rows(self, X: Any) -> FloatArray:
        """Check rows to classify."""
        check_is_fitted(self)
        rows: FloatArray = validate_data(self, X, dtype=np.float64, reset=False)
        return rows

    def predict_proba(self, X: FloatArray) -> FloatArray:
        """Return class probabilities [shape=(n, n_classes)]."""
        return self._probabilities(self._rows(X))

    def _probabilities(self, X: FloatArray) -> FloatArray:
        """Compute the class probabilities of checked rows."""
        raise TypeError(f"{type(self).__name__} computes no probabilities")

    def predict(self, X: FloatArray) -> IntArray:
        """Return the most probable label of each row."""
        best = self.predict_proba(X).argmax(axis=1)
        labels: IntArray = self.classes_[best]
        return labels
