"""Making confidence mean what it says."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar

from earmark.types import FloatArray, IntArray

__all__ = ["apply_temperature", "fit_temperature", "smallest_threshold"]

_TINY = 1e-12


def apply_temperature(probabilities: FloatArray, temperature: float) -> FloatArray:
    """Sharpen or soften probabilities.

    Parameters
    ----------
    probabilities : np.ndarray [shape=(n, n_classes)]
        Rows that sum to one.
    temperature : float
        Above 1 softens, below 1 sharpens.

    Returns
    -------
    np.ndarray [shape=(n, n_classes)]
        ``p^(1/T) / sum p^(1/T)`` (Guo and others 2017).

    Examples
    --------
    >>> apply_temperature(np.array([[0.8, 0.2]]), 0.5).round(3).tolist()
    [[0.941, 0.059]]
    """
    logits = np.log(np.maximum(probabilities, _TINY)) / temperature
    powers: FloatArray = np.exp(logits - logits.max(axis=1, keepdims=True))
    powers /= powers.sum(axis=1, keepdims=True)
    return powers


def fit_temperature(probabilities: FloatArray, y: IntArray) -> float:
    """Find the temperature under which the right classes are most likely.

    Parameters
    ----------
    probabilities : np.ndarray [shape=(n, n_classes)]
        Of rows that were not trained on.
    y : np.ndarray of int [shape=(n,)]
        Number of the right class.

    Returns
    -------
    float
        From 0.05 to 20.

    Examples
    --------
    >>> sure = np.tile([0.99, 0.01], (100, 1))  # and right three times in four
    >>> y = (np.arange(100) % 4 == 0).astype(np.int64)
    >>> apply_temperature(sure, fit_temperature(sure, y))[0].round(2).tolist()
    [0.75, 0.25]
    """

    def loss(log_temperature: float) -> float:
        calibrated = apply_temperature(probabilities, float(np.exp(log_temperature)))
        return float(-np.log(np.maximum(calibrated[np.arange(len(y)), y], _TINY)).mean())

    found = minimize_scalar(loss, bounds=(np.log(0.05), np.log(20)), method="bounded")
    return float(np.exp(found.x))


def smallest_threshold(probabilities: FloatArray, y: IntArray, *, accuracy: float) -> float:
    """Find the smallest confidence from which on answers are right often enough.

    Parameters
    ----------
    probabilities : np.ndarray [shape=(n, n_classes)]
        Of rows that were not trained on.
    y : np.ndarray of int [shape=(n,)]
        Number of the right class.
    accuracy : float
        Share of the answers at or above the threshold that should be right.

    Returns
    -------
    float
        A confidence that occurs; 0 if all answers together are right often enough; 2, which
        nothing reaches, if no threshold does.

    Examples
    --------
    >>> p = np.array([[0.9, 0.1], [0.8, 0.2], [0.6, 0.4], [0.5, 0.5]])
    >>> smallest_threshold(p, np.array([0, 0, 1, 1]), accuracy=0.7)
    0.8
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == y
    if right.mean() >= accuracy:
        return 0.0
    thresholds = np.unique(confidence)
    reached = [t for t in thresholds if right[confidence >= t].mean() >= accuracy]
    return float(min(reached, default=2.0))
