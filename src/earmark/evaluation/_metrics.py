"""How right, how evenly right and how honestly sure a classifier is."""

from __future__ import annotations

import numpy as np

from earmark.evaluation._counts import METRICS, N_BINS, RowCounts, check_shapes, confidences
from earmark.types import FloatArray, IntArray

__all__ = [
    "accuracy",
    "balanced_accuracy",
    "chance_calibration_error",
    "expected_calibration_error",
    "log_loss",
    "macro_f1",
    "macro_precision",
    "macro_recall",
    "top3",
]


def _one(name: str, y: IntArray, probabilities: FloatArray) -> float:
    """Compute one metric of rows as they are."""
    check_shapes(y, probabilities)
    counted = RowCounts.of(
        y, probabilities, probabilities.argmax(axis=1), np.arange(len(y)), len(y)
    )
    return float(counted.scores(np.ones((1, len(y))))[0, METRICS.index(name)])


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
    return _one("accuracy", y, probabilities)


def balanced_accuracy(y: IntArray, probabilities: FloatArray) -> float:
    """Compute the mean over the classes that are there of the share of their rows found.

    Parameters
    ----------
    y : np.ndarray of int [shape=(n,)]
        Number of the right class.
    probabilities : np.ndarray [shape=(n, n_classes)]
        Class probabilities.

    Returns
    -------
    float
        From 0 to 1. Classes without a row are left out.

    Raises
    ------
    ParameterError
        If the lengths differ or there is no row.

    Examples
    --------
    >>> p = np.tile([0.9, 0.1], (4, 1))
    >>> accuracy(np.array([0, 0, 0, 1]), p), balanced_accuracy(np.array([0, 0, 0, 1]), p)
    (0.75, 0.5)
    """
    return _one("balanced_accuracy", y, probabilities)


def macro_precision(y: IntArray, probabilities: FloatArray) -> float:
    """Compute the mean over the classes of the share of a class's answers that are right.

    Parameters
    ----------
    y : np.ndarray of int [shape=(n,)]
        Number of the right class.
    probabilities : np.ndarray [shape=(n, n_classes)]
        Class probabilities.

    Returns
    -------
    float
        From 0 to 1. A class that is never answered counts as 0; one that is neither there nor
        answered is left out.

    Raises
    ------
    ParameterError
        If the lengths differ or there is no row.

    Examples
    --------
    >>> macro_precision(np.array([0, 0, 0, 1]), np.tile([0.9, 0.1], (4, 1)))
    0.375
    """
    return _one("macro_precision", y, probabilities)


def macro_recall(y: IntArray, probabilities: FloatArray) -> float:
    """Compute the mean over the classes of the share of a class's rows that are found.

    Parameters
    ----------
    y : np.ndarray of int [shape=(n,)]
        Number of the right class.
    probabilities : np.ndarray [shape=(n, n_classes)]
        Class probabilities.

    Returns
    -------
    float
        From 0 to 1. A class that is answered but not there counts as 0, which is how it differs
        from `balanced_accuracy`; one that is neither is left out.

    Raises
    ------
    ParameterError
        If the lengths differ or there is no row.

    Examples
    --------
    >>> macro_recall(np.array([1, 1, 1, 1]), np.tile([0.1, 0.9], (4, 1)))
    1.0
    """
    return _one("macro_recall", y, probabilities)


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
    return _one("macro_f1", y, probabilities)


def log_loss(y: IntArray, probabilities: FloatArray) -> float:
    """Compute the mean of minus the logarithm of the right class's probability.

    Parameters
    ----------
    y : np.ndarray of int [shape=(n,)]
        Number of the right class.
    probabilities : np.ndarray [shape=(n, n_classes)]
        Class probabilities.

    Returns
    -------
    float
        0 or more, in nats; a probability of 0 counts as 2.2e-16, as in scikit-learn.

    Raises
    ------
    ParameterError
        If the lengths differ or there is no row.

    Examples
    --------
    >>> round(log_loss(np.array([0]), np.array([[0.5, 0.5]])), 4)
    0.6931
    """
    return _one("log_loss", y, probabilities)


def top3(y: IntArray, probabilities: FloatArray) -> float:
    """Compute the share of rows whose right class is one of the three most probable.

    Parameters
    ----------
    y : np.ndarray of int [shape=(n,)]
        Number of the right class.
    probabilities : np.ndarray [shape=(n, n_classes)]
        Class probabilities. Of equal ones the class with the lower number comes first.

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
    >>> p = np.array([[0.4, 0.3, 0.2, 0.1]] * 4)
    >>> top3(np.arange(4), p)
    0.75
    """
    return _one("top3", y, probabilities)


def expected_calibration_error(
    y: IntArray, probabilities: FloatArray, *, n_bins: int = N_BINS
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
    check_shapes(y, probabilities)
    rows = np.arange(len(y))
    counted = RowCounts.of(y, probabilities, probabilities.argmax(axis=1), rows, len(y))
    return float(counted.calibration_error(np.ones((1, len(y))), n_bins)[0])


def chance_calibration_error(
    probabilities: FloatArray,
    *,
    predicted: IntArray | None = None,
    n_bins: int = N_BINS,
    n_draws: int = 1000,
    seed: int = 0,
) -> tuple[float, float]:
    """Simulate the calibration error of a model that means its probabilities.

    Parameters
    ----------
    probabilities : np.ndarray [shape=(n, n_classes)]
        Class probabilities.
    predicted : np.ndarray of int [shape=(n,)] or None
        Number of the class answered; None: the most probable.
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
    check_shapes(np.zeros(len(probabilities), dtype=np.int64), probabilities)
    rng = np.random.default_rng(seed)
    answers = probabilities.argmax(axis=1) if predicted is None else predicted
    confidence = confidences(probabilities, answers)
    bins = np.array_split(np.argsort(confidence, kind="stable"), n_bins)
    n, errors = len(confidence), []
    at_once = max(1, 4_000_000 // n)
    for start in range(0, n_draws, at_once):
        right = rng.random((min(at_once, n_draws - start), n)) < confidence
        gap = right - confidence
        errors.append(sum(np.abs(gap[:, rows].sum(axis=1)) for rows in bins) / n)
    every = np.concatenate(errors)
    return float(every.mean()), float(np.percentile(every, 95))
