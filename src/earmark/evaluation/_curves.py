"""What a single number hides: classes, confusions, calibration and coverage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from earmark.errors import ParameterError
from earmark.evaluation._counts import confidences
from earmark.evaluation._resampling import Resamples, unit_numbers
from earmark.types import BoolArray, FloatArray, IntArray

__all__ = [
    "CalibrationBin",
    "ClassScore",
    "CoveragePoint",
    "calibration_curve",
    "confusion_matrix",
    "coverage_curve",
    "per_class",
    "second_choices",
]

_THRESHOLDS = tuple(step / 20 for step in range(20))


@dataclass(frozen=True)
class ClassScore:
    """How one class fares.

    Attributes
    ----------
    n : int
        Its rows.
    precision : float
        Share of its answers that are right; 0 where it is never answered.
    recall : float
        Share of its rows that are found; 0 where it has none.
    f1 : float
        Their harmonic mean.
    """

    n: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class CalibrationBin:
    """Rows of about the same confidence.

    Attributes
    ----------
    confidence : float
        Their mean confidence.
    accuracy : float
        Share of them that is answered rightly.
    n : int
        How many.
    """

    confidence: float
    accuracy: float
    n: int


@dataclass(frozen=True)
class CoveragePoint:
    """What is left when answers below a confidence are withheld.

    Attributes
    ----------
    threshold : float
        The smallest confidence that is let through.
    coverage : float
        Share of the rows that are answered.
    n : int
        How many rows those are.
    accuracy : float or None
        Share of those that are answered rightly; None where none is answered.
    low, high : float or None
        The 95 % bootstrap interval of the accuracy; None where none is answered.
    """

    threshold: float
    coverage: float
    n: int
    accuracy: float | None
    low: float | None
    high: float | None


def confusion_matrix(y: IntArray, predicted: IntArray, *, n_classes: int) -> IntArray:
    """Count the rows of each class by the answers they were given.

    Parameters
    ----------
    y : np.ndarray of int [shape=(n,)]
        Number of the right class.
    predicted : np.ndarray of int [shape=(n,)]
        Number of the class answered.
    n_classes : int
        How many classes there are.

    Returns
    -------
    np.ndarray of int [shape=(n_classes, n_classes)]
        Right classes down, answers across.

    Raises
    ------
    ParameterError
        If the lengths differ.

    Examples
    --------
    >>> confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), n_classes=2).tolist()
    [[1, 1], [0, 1]]
    """
    if y.shape != predicted.shape:
        raise ParameterError(f"y has shape {y.shape} and predicted {predicted.shape}")
    cells = np.bincount(y * n_classes + predicted, minlength=n_classes**2)
    return cells.reshape(n_classes, n_classes)


def per_class(y: IntArray, predicted: IntArray, *, classes: Sequence[str]) -> dict[str, ClassScore]:
    """Score each class by itself.

    Parameters
    ----------
    y : np.ndarray of int [shape=(n,)]
        Number of the right class.
    predicted : np.ndarray of int [shape=(n,)]
        Number of the class answered.
    classes : sequence of str
        Names of the classes.

    Returns
    -------
    dict of str to ClassScore
        By name, in the order of `classes`.

    Raises
    ------
    ParameterError
        If the lengths differ.

    Examples
    --------
    >>> per_class(np.array([0, 0, 1]), np.array([0, 1, 1]), classes=["jazz", "rock"])["rock"]
    ClassScore(n=1, precision=0.5, recall=1.0, f1=0.6666666666666666)
    """
    confusion = confusion_matrix(y, predicted, n_classes=len(classes))
    hits, actual, answered = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    return {
        name: ClassScore(
            n=int(actual[i]),
            precision=float(hits[i] / max(answered[i], 1)),
            recall=float(hits[i] / max(actual[i], 1)),
            f1=float(2 * hits[i] / max(actual[i] + answered[i], 1)),
        )
        for i, name in enumerate(classes)
    }


def calibration_curve(
    y: IntArray, probabilities: FloatArray, predicted: IntArray, *, n_bins: int = 10
) -> tuple[CalibrationBin, ...]:
    """Set accuracy against confidence.

    Parameters
    ----------
    y : np.ndarray of int [shape=(n,)]
        Number of the right class.
    probabilities : np.ndarray [shape=(n, n_classes)]
        Class probabilities.
    predicted : np.ndarray of int [shape=(n,)]
        Number of the class answered; its probability is the confidence.
    n_bins : int
        Rows are sorted by confidence and dealt into this many bins of equal mass.

    Returns
    -------
    tuple of CalibrationBin
        By rising confidence; fewer than `n_bins` where there are fewer rows.

    Examples
    --------
    >>> p = np.array([[0.9, 0.1], [0.6, 0.4]])
    >>> for part in calibration_curve(np.array([0, 1]), p, p.argmax(axis=1), n_bins=2):
    ...     print(part.confidence, part.accuracy, part.n)
    0.6 0.0 1
    0.9 1.0 1
    """
    confidence, right = confidences(probabilities, predicted), predicted == y
    bins = np.array_split(np.argsort(confidence, kind="stable"), n_bins)
    return tuple(
        CalibrationBin(float(confidence[rows].mean()), float(right[rows].mean()), len(rows))
        for rows in bins
        if len(rows)
    )


def coverage_curve(
    y: IntArray,
    probabilities: FloatArray,
    predicted: IntArray,
    *,
    groups: IntArray | None = None,
) -> tuple[CoveragePoint, ...]:
    """Set the accuracy of the answers that are let through against how many they are.

    Parameters
    ----------
    y : np.ndarray of int [shape=(n,)]
        Number of the right class.
    probabilities : np.ndarray [shape=(n, n_classes)]
        Class probabilities.
    predicted : np.ndarray of int [shape=(n,)]
        Number of the class answered; its probability is the confidence.
    groups : np.ndarray of int [shape=(n,)] or None
        Rows with the same number are resampled together; None: each row by itself.

    Returns
    -------
    tuple of CoveragePoint
        For the thresholds 0, 0.05 and so on up to 0.95.

    Examples
    --------
    >>> p = np.array([[0.9, 0.1], [0.6, 0.4]])
    >>> point = coverage_curve(np.array([0, 1]), p, p.argmax(axis=1))[14]
    >>> point.threshold, point.coverage, point.n, point.accuracy
    (0.7, 0.5, 1, 1.0)
    """
    confidence, right = confidences(probabilities, predicted), predicted == y
    let = confidence[:, np.newaxis] >= np.array(_THRESHOLDS)
    lows, highs = _intervals_of_shares(let & right[:, np.newaxis], let, groups)
    points = []
    for at, threshold in enumerate(_THRESHOLDS):
        n = int(let[:, at].sum())
        known = (float(right[let[:, at]].mean()), lows[at], highs[at]) if n else (None, None, None)
        points.append(CoveragePoint(threshold, n / len(y), n, *known))
    return tuple(points)


def _intervals_of_shares(
    hits: BoolArray, there: BoolArray, groups: IntArray | None
) -> tuple[list[float], list[float]]:
    """Return the ends of the intervals of ``hits / there``, by column; 0 where none is there."""
    units, n_units = unit_numbers(groups, len(hits))
    sums = np.zeros((2, n_units, hits.shape[1]))
    for total, values in zip(sums, (hits, there), strict=True):
        np.add.at(total, units, values)

    def shares(counts: FloatArray) -> FloatArray:
        found, of = counts @ sums[0], counts @ sums[1]
        return np.asarray(np.divide(found, of, out=np.full_like(found, np.nan), where=of > 0))

    resampled = Resamples(n_units).apply(shares)
    ends = np.zeros((2, hits.shape[1]))
    known = ~np.isnan(resampled).all(axis=0)
    ends[:, known] = np.nanpercentile(resampled[:, known], [2.5, 97.5], axis=0)
    return ends[0].tolist(), ends[1].tolist()


def second_choices(probabilities: FloatArray) -> IntArray:
    """Count which class is second most probable where another is the most probable.

    Parameters
    ----------
    probabilities : np.ndarray [shape=(n, n_classes)]
        Class probabilities of two classes or more. Of equal ones the class with the lower number
        comes first.

    Returns
    -------
    np.ndarray of int [shape=(n_classes, n_classes)]
        The most probable down, the second across.

    Raises
    ------
    ParameterError
        If there is only one class.

    Examples
    --------
    >>> second_choices(np.array([[0.6, 0.3, 0.1], [0.5, 0.1, 0.4]])).tolist()
    [[0, 1, 1], [0, 0, 0], [0, 0, 0]]
    """
    n_classes = probabilities.shape[1]
    if n_classes < 2:
        raise ParameterError("probabilities have only one class, but two or more are needed")
    order = np.argsort(-probabilities, axis=1, kind="stable")
    return confusion_matrix(order[:, 0], order[:, 1], n_classes=n_classes)
