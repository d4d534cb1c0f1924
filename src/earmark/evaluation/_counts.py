"""Counts of rows from which every metric follows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from earmark.errors import ParameterError
from earmark.types import FloatArray, IntArray

__all__ = ["METRICS", "N_BINS", "RowCounts", "check_shapes", "confidences"]

METRICS = (
    "accuracy",
    "balanced_accuracy",
    "macro_precision",
    "macro_recall",
    "macro_f1",
    "log_loss",
    "top3",
    "calibration_error",
)
"""Names of the metrics that `estimates` gives."""

N_BINS = 10
"""Bins of equal mass that calibration is measured in."""

_TINY = float(np.finfo(np.float64).eps)


def check_shapes(y: IntArray, probabilities: FloatArray) -> None:
    """Raise where labels and probabilities do not fit each other, or there are none."""
    if probabilities.ndim != 2 or len(y) != len(probabilities) or not len(y):
        raise ParameterError(
            f"y has shape {y.shape} and probabilities {probabilities.shape}: "
            "there must be a row of probabilities for each label, and at least one label"
        )
    if y.min() < 0 or y.max() >= probabilities.shape[1]:
        raise ParameterError(
            f"y holds {y.min()} to {y.max()}, probabilities are of {probabilities.shape[1]} classes"
        )


def confidences(probabilities: FloatArray, predicted: IntArray) -> FloatArray:
    """Return the probability that each row's answer is given."""
    chosen: FloatArray = probabilities[np.arange(len(predicted)), predicted]
    return chosen


def _share(part: FloatArray, whole: FloatArray) -> FloatArray:
    """Divide; 0 / 0 is 0, as no hit among no attempts."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def _mean_of(values: FloatArray, there: FloatArray) -> FloatArray:
    return np.asarray((values * there).sum(axis=1) / there.sum(axis=1))


@dataclass(frozen=True)
class RowCounts:
    """What is counted of each unit, from which all metrics follow.

    ``confusion`` holds rows by (right class, answer), ``sums`` the rows, their log loss and their
    hits among the first three; ``order``, ``units`` and ``gap`` are rows by rising confidence.
    """

    n_classes: int
    confusion: csr_array
    sums: FloatArray
    units: IntArray
    gap: FloatArray

    @classmethod
    def of(
        cls, y: IntArray, probabilities: FloatArray, predicted: IntArray, units: IntArray, n: int
    ) -> RowCounts:
        """Count rows; ``units`` are numbered from 0 to ``n - 1``."""
        rows = np.arange(len(y))
        n_classes = probabilities.shape[1]
        cells = (np.ones(len(y)), (units, y * n_classes + predicted))
        loss = -np.log(np.clip(probabilities[rows, y], _TINY, 1 - _TINY))
        first_three = np.argsort(-probabilities, axis=1, kind="stable")[:, :3]
        among = (first_three == y[:, np.newaxis]).any(axis=1)
        confidence = confidences(probabilities, predicted)
        order = np.argsort(confidence, kind="stable")
        return cls(
            n_classes,
            csr_array(cells, shape=(n, n_classes**2)),
            np.column_stack(
                [np.bincount(units, weights=w, minlength=n) for w in (rows >= 0, loss, among)]
            ),
            units[order],
            ((predicted == y) - confidence)[order],
        )

    def scores(self, counts: FloatArray) -> FloatArray:
        """Compute every metric for resamples: how often each unit counts in each."""
        cells = np.asarray(self.confusion.T @ counts.T).T
        confusion = cells.reshape(len(counts), self.n_classes, self.n_classes)
        hits = np.diagonal(confusion, axis1=1, axis2=2)
        actual, answered = confusion.sum(axis=2), confusion.sum(axis=1)
        sums = counts @ self.sums
        either = (actual + answered > 0).astype(np.float64)
        recall = _share(hits, actual)
        return np.column_stack(
            [
                hits.sum(axis=1) / sums[:, 0],
                _mean_of(recall, (actual > 0).astype(np.float64)),
                _mean_of(_share(hits, answered), either),
                _mean_of(recall, either),
                _mean_of(_share(2 * hits, actual + answered), either),
                sums[:, 1] / sums[:, 0],
                sums[:, 2] / sums[:, 0],
                self.calibration_error(counts),
            ]
        )

    def calibration_error(self, counts: FloatArray, n_bins: int = N_BINS) -> FloatArray:
        """Compute the expected calibration error; a row drawn often may lie in several bins."""
        errors = np.empty(len(counts))
        bins = np.arange(n_bins + 1)
        for number, count in enumerate(counts):
            weights = count[self.units]
            mass, total = weights.cumsum(), (weights * self.gap).cumsum()
            size, larger = divmod(int(mass[-1]), n_bins)
            edges = bins * size + np.minimum(bins, larger)
            row = np.searchsorted(mass, edges)
            at_edge = total[row] - (mass[row] - edges) * self.gap[row]
            errors[number] = np.abs(np.diff(at_edge)).sum() / mass[-1]
        return errors
