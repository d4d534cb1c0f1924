"""How right, how evenly right and how honestly sure a classifier is, with intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from earmark.errors import ParameterError
from earmark.types import FloatArray, IntArray

__all__ = [
    "Estimate",
    "accuracy",
    "bootstrap",
    "chance_calibration_error",
    "expected_calibration_error",
    "macro_f1",
]

Metric = Callable[[IntArray, FloatArray], float]


@dataclass(frozen=True)
class Estimate:
    """A number and the interval it lies in.

    Attributes
    ----------
    value : float
        On the rows as they are.
    low, high : float
        The 95 % bootstrap interval over rows.
    """

    value: float
    low: float
    high: float


def _checked(y: IntArray, probabilities: FloatArray) -> None:
    if probabilities.ndim != 2 or len(y) != len(probabilities) or not len(y):
        raise ParameterError(
            f"y has shape {y.shape} and probabilities {probabilities.shape}: "
            "one row of probabilities for each of one label or more is needed"
        )


def accuracy(y: IntArray, probabilities: FloatArray) -> float:
    """Compute the share of rows whose most probable class is the right one.

    Parameters
    ----------
    y : np.ndarray of int [shape=(n,)]
        Number of the right class.
    probabilities : np.ndarray [shape=(n, n_classes)]
        Class probabilities.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    ParameterError
        If the lengths differ or there is no row.

    Examples
    --------
    >>> accuracy(np.array([0, 1]), np.array([[0.9, 0.1], [0.8, 0.2]]))
    0.5
    """
    _checked(y, probabilities)
    return float((probabilities.argmax(axis=1) == y).mean())


def macro_f1(y: IntArray, probabilities: FloatArray) -> float:
    """Compute the mean over the classes of the harmonic mean of precision and recall.

    Parameters
    ----------
    y : np.ndarray of int [shape=(n,)]
        Number of the right class.
    probabilities : np.ndarray [shape=(n, n_classes)]
        Class probabilities.

    Returns
    -------
    float
        From 0 to 1. Classes that are neither there nor predicted are left out.

    Raises
    ------
    ParameterError
        If the lengths differ or there is no row.

    Examples
    --------
    >>> macro_f1(np.array([0, 1]), np.array([[0.9, 0.1], [0.2, 0.8]]))
    1.0
    """
    _checked(y, probabilities)
    n_classes = probabilities.shape[1]
    predicted = probabilities.argmax(axis=1)
    hits = np.bincount(y[predicted == y], minlength=n_classes)
    total = np.bincount(y, minlength=n_classes) + np.bincount(predicted, minlength=n_classes)
    return float((2 * hits[total > 0] / total[total > 0]).mean())


def expected_calibration_error(
    y: IntArray, probabilities: FloatArray, *, n_bins: int = 10
) -> float:
    """Compute how far confidence lies from accuracy, on average.

    Parameters
    ----------
    y : np.ndarray of int [shape=(n,)]
        Number of the right class.
    probabilities : np.ndarray [shape=(n, n_classes)]
        Class probabilities.
    n_bins : int
        Rows are sorted by their top probability and dealt into this many bins of equal mass.

    Returns
    -------
    float
        ``sum_b |B_b| / n * |accuracy(B_b) - mean confidence(B_b)|`` (Guo and others 2017, with
        bins of equal mass). It is above 0 by chance alone: see `chance_calibration_error`.

    Raises
    ------
    ParameterError
        If the lengths differ or there is no row.

    Examples
    --------
    >>> y = np.array([0, 0, 0, 1])
    >>> expected_calibration_error(y, np.tile([0.75, 0.25], (4, 1)), n_bins=1)
    0.0
    """
    _checked(y, probabilities)
    confidence = probabilities.max(axis=1)
    gap = (probabilities.argmax(axis=1) == y) - confidence
    order = np.argsort(confidence, kind="stable")
    return float(sum(abs(gap[rows].sum()) for rows in np.array_split(order, n_bins)) / len(y))


def chance_calibration_error(
    probabilities: FloatArray, *, n_bins: int = 10, n_draws: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """Simulate the calibration error of a model that means its probabilities.

    Parameters
    ----------
    probabilities : np.ndarray [shape=(n, n_classes)]
        Class probabilities.
    n_bins : int
        As in `expected_calibration_error`.
    n_draws : int
        How often an answer to each row is drawn from its own probabilities.
    seed : int
        The same seed gives the same draws.

    Returns
    -------
    mean : float
        Mean of the calibration errors of the draws.
    high : float
        Their 95th percentile.

    Raises
    ------
    ParameterError
        If there is no row.

    Examples
    --------
    >>> mean, high = chance_calibration_error(np.tile([0.6, 0.4], (290, 1)))
    >>> 0.05 < mean < high < 0.12
    True
    """
    _checked(np.zeros(len(probabilities), dtype=np.int64), probabilities)
    rng = np.random.default_rng(seed)
    confidence = probabilities.max(axis=1)
    bins = np.array_split(np.argsort(confidence, kind="stable"), n_bins)
    right = rng.random((n_draws, len(confidence))) < confidence
    gap = right - confidence
    errors = sum(np.abs(gap[:, rows].sum(axis=1)) for rows in bins) / len(confidence)
    return float(np.mean(errors)), float(np.percentile(errors, 95))


def bootstrap(
    metric: Metric,
    y: IntArray,
    probabilities: FloatArray,
    *,
    n_resamples: int = 2000,
    seed: int = 0,
) -> Estimate:
    """Compute a metric and its 95 % percentile bootstrap interval over rows.

    Parameters
    ----------
    metric : callable
        Maps ``(y, probabilities)`` to a number.
    y : np.ndarray of int [shape=(n,)]
        Number of the right class.
    probabilities : np.ndarray [shape=(n, n_classes)]
        Class probabilities.
    n_resamples : int
        How many times rows are drawn with replacement.
    seed : int
        The same seed gives the same interval.

    Returns
    -------
    Estimate
        The metric on all rows, and the 2.5th and 97.5th percentile of the resamples (Efron 1979).

    Raises
    ------
    ParameterError
        If the lengths differ or there is no row.

    Examples
    --------
    >>> y = np.arange(100) % 2
    >>> estimate = bootstrap(accuracy, y, np.tile([0.6, 0.4], (100, 1)))
    >>> estimate.value, 0.38 < estimate.low < 0.45, 0.55 < estimate.high < 0.62
    (0.5, True, True)
    """
    _checked(y, probabilities)
    rng = np.random.default_rng(seed)
    draws = rng.integers(len(y), size=(n_resamples, len(y)))
    values = [metric(y[rows], probabilities[rows]) for rows in draws]
    low, high = np.percentile(values, [2.5, 97.5])
    return Estimate(metric(y, probabilities), float(low), float(high))
