"""Calibrate probabilities, and find thresholds for undecided answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from earmark.records import Record
from earmark.types import BoolArray, FloatArray, IntArray

__all__ = [
    "FEWEST",
    "WINDOW",
    "Doubt",
    "apply_temperature",
    "fit_doubt",
    "fit_temperature",
    "lowest_reliable",
    "smallest_threshold",
]

_TINY = 1e-12

WINDOW = 0.05
"""Answers with a confidence, or margin, within this distance count as similar."""

FEWEST = 20
"""If fewer answers are similar, the nearest ones are added up to this number."""


def _counts(tenths: tuple[tuple[float, int, int], ...]) -> list[dict[str, float]]:
    return [{"from": start, "n": n, "right": right} for start, n, right in tenths]


@dataclass(frozen=True)
class Doubt(
    Record,
    keys=(
        *("n", "right=n_right", "undecided=n_undecided", "undecided_wrong=n_undecided_wrong"),
        ("by_confidence", lambda doubt: _counts(doubt.by_confidence)),
        ("by_margin", lambda doubt: _counts(doubt.by_margin)),
    ),
):
    """The thresholds below which answers are too often wrong, and the counts they were chosen on.

    An answer needs a top probability of `min_confidence` and a gap of `min_margin` to the second.
    Of `n` held-out answers `n_right` were right; the thresholds make `n_undecided` undecided,
    `n_undecided_wrong` of them wrong. `by_confidence` and `by_margin` hold (start, answers, right
    answers) for each tenth.
    """

    min_confidence: float
    min_margin: float
    n: int
    n_right: int
    n_undecided: int
    n_undecided_wrong: int
    by_confidence: tuple[tuple[float, int, int], ...]
    by_margin: tuple[tuple[float, int, int], ...]


def apply_temperature(probabilities: FloatArray, temperature: float) -> FloatArray:
    """Soften probabilities (temperature above 1) or sharpen them (below 1).

    ``p^(1/T) / sum p^(1/T)`` for rows [shape=(n, n_classes)] that sum to one (Guo and others 2017).
    """
    logits = np.log(np.maximum(probabilities, _TINY)) / temperature
    powers: FloatArray = np.exp(logits - logits.max(axis=1, keepdims=True))
    powers /= powers.sum(axis=1, keepdims=True)
    return powers


def fit_temperature(probabilities: FloatArray, y: IntArray) -> float:
    """Find the temperature, 0.05 to 20, that makes the right classes of held-out rows likeliest."""

    def loss(log_temperature: float) -> float:
        calibrated = apply_temperature(probabilities, float(np.exp(log_temperature)))
        return float(-np.log(np.maximum(calibrated[np.arange(len(y)), y], _TINY)).mean())

    found = minimize_scalar(loss, bounds=(np.log(0.05), np.log(20)), method="bounded")
    return float(np.exp(found.x))


def smallest_threshold(probabilities: FloatArray, y: IntArray, *, accuracy: float) -> float:
    """Find the lowest confidence at or above which a share `accuracy` of held-out answers is right.

    It is a confidence that occurs, 0 if all answers together are right often enough, or 2, which no
    answer reaches, if there is none.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == y
    if right.mean() >= accuracy:
        return 0.0
    thresholds = np.unique(confidence)
    reached = [t for t in thresholds if right[confidence >= t].mean() >= accuracy]
    return float(min(reached, default=2.0))


def lowest_reliable(values: FloatArray, right: BoolArray, *, accuracy: float) -> float:
    """Find the confidence or margin below which held-out answers are too often wrong.

    It is the highest value at which less than a share `accuracy` is right among the answers within
    `WINDOW` of it, or among the `FEWEST` nearest if those are fewer. 0 if answers are right often
    enough everywhere; 2, which no answer reaches, if they are wrong too often even at the highest
    value.
    """
    order = np.argsort(values, kind="stable")
    ordered, n = values[order], len(values)
    n_right = np.concatenate([[0], np.cumsum(right[order])])
    first = np.searchsorted(ordered, ordered - WINDOW, side="left")
    last = np.searchsorted(ordered, ordered + WINDOW, side="right")
    for at in np.flatnonzero(last - first < min(FEWEST, n)):
        distance = np.abs(ordered - ordered[at])
        near = np.flatnonzero(distance <= np.sort(distance)[min(FEWEST, n) - 1])
        first[at], last[at] = near[0], near[-1] + 1
    doubtful = (n_right[last] - n_right[first]) / (last - first) < accuracy
    if not doubtful.any():
        return 0.0
    highest = float(ordered[doubtful][-1])
    return 2.0 if highest == ordered[-1] else highest


def _tenths(values: FloatArray, right: BoolArray) -> tuple[tuple[float, int, int], ...]:
    """Count all and right answers in each tenth that holds any."""
    tenth = np.minimum(np.floor(values * 10 + 1e-9).astype(np.int64), 9)
    return tuple(
        (at / 10, int((tenth == at).sum()), int(right[tenth == at].sum()))
        for at in np.unique(tenth).tolist()
    )


def fit_doubt(probabilities: FloatArray, y: IntArray, *, accuracy: float) -> Doubt:
    """Find both thresholds for undecided answers from held-out rows, by `lowest_reliable`."""
    top = np.partition(probabilities, -2, axis=1)[:, -2:]
    confidence, margin = top[:, 1], top[:, 1] - top[:, 0]
    right: BoolArray = probabilities.argmax(axis=1) == y
    min_confidence = lowest_reliable(confidence, right, accuracy=accuracy)
    min_margin = lowest_reliable(margin, right, accuracy=accuracy)
    undecided = (confidence < min_confidence) | (margin < min_margin)
    return Doubt(
        min_confidence=min_confidence,
        min_margin=min_margin,
        n=len(y),
        n_right=int(right.sum()),
        n_undecided=int(undecided.sum()),
        n_undecided_wrong=int((undecided & ~right).sum()),
        by_confidence=_tenths(confidence, right),
        by_margin=_tenths(margin, right),
    )
