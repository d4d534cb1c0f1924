"""Metrics with the intervals they lie in."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from earmark.evaluation._counts import METRICS, RowCounts, check_shapes
from earmark.evaluation._resampling import (
    N_RESAMPLES,
    Estimate,
    Resamples,
    interval,
    unit_numbers,
)
from earmark.types import FloatArray, IntArray

__all__ = ["bootstrap", "estimates"]

Metric = Callable[[IntArray, FloatArray], float]


def estimates(
    y: IntArray,
    probabilities: FloatArray,
    *,
    predicted: IntArray | None = None,
    groups: IntArray | None = None,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> dict[str, Estimate]:
    """Compute every metric with its 95 % percentile bootstrap interval.

    Parameters
    ----------
    y : np.ndarray of int [shape=(n,)]
        Number of the right class.
    probabilities : np.ndarray [shape=(n, n_classes)]
        Class probabilities.
    predicted : np.ndarray of int [shape=(n,)] or None
        Number of the class answered; None: the most probable. Calibration is of the probability
        that the answer is given.
    groups : np.ndarray of int [shape=(n,)] or None
        Rows with one number, such as the segments of a track, are drawn together; None: each row
        by itself.
    n_resamples : int
        How many times.
    seed : int
        The same seed gives the same intervals.

    Returns
    -------
    dict of str to Estimate
        By the names in `METRICS`.

    Raises
    ------
    ParameterError
        If the lengths differ or there is no row.

    Examples
    --------
    >>> y = np.arange(100) % 2
    >>> found = estimates(y, np.tile([0.6, 0.4], (100, 1)))
    >>> found["accuracy"].value, round(found["calibration_error"].value, 2)
    (0.5, 0.1)
    """
    check_shapes(y, probabilities)
    answers = probabilities.argmax(axis=1) if predicted is None else predicted
    units, n_units = unit_numbers(groups, len(y))
    counted = RowCounts.of(y, probabilities, answers, units, n_units)
    values = counted.scores(np.ones((1, n_units)))[0]
    resampled = Resamples(n_units, n_resamples=n_resamples, seed=seed).apply(counted.scores)
    return {
        name: interval(float(value), column)
        for name, value, column in zip(METRICS, values, resampled.T, strict=True)
    }


def bootstrap(
    metric: Metric,
    y: IntArray,
    probabilities: FloatArray,
    *,
    groups: IntArray | None = None,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> Estimate:
    """Compute any metric and its 95 % percentile bootstrap interval over rows.

    Parameters
    ----------
    metric : callable
        Maps ``(y, probabilities)`` to a number. It is called once for each resample: `estimates`
        is faster for what it knows.
    y : np.ndarray of int [shape=(n,)]
        Number of the right class.
    probabilities : np.ndarray [shape=(n, n_classes)]
        Class probabilities.
    groups : np.ndarray of int [shape=(n,)] or None
        Rows with one number, such as the segments of a track, are drawn together; None: each row
        by itself.
    n_resamples : int
        How many times they are drawn with replacement.
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
    >>> from earmark.evaluation import accuracy
    >>> y = np.arange(100) % 2
    >>> estimate = bootstrap(accuracy, y, np.tile([0.6, 0.4], (100, 1)))
    >>> estimate.value, 0.38 < estimate.low < 0.45, 0.55 < estimate.high < 0.62
    (0.5, True, True)
    """
    check_shapes(y, probabilities)
    units, n_units = unit_numbers(groups, len(y))
    ends = np.bincount(units, minlength=n_units).cumsum()
    members = np.split(np.argsort(units, kind="stable"), ends[:-1])
    values = []
    for draws in Resamples(n_units, n_resamples=n_resamples, seed=seed).draws():
        for drawn in draws:
            rows = drawn if groups is None else np.concatenate([members[unit] for unit in drawn])
            values.append(metric(y[rows], probabilities[rows]))
    return interval(metric(y, probabilities), np.array(values))
