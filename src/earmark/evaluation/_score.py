"""All scores of held-out answers that are one number."""

from __future__ import annotations

from dataclasses import dataclass

from earmark.evaluation._answers import HeldOut
from earmark.evaluation._counts import confidences
from earmark.evaluation._estimates import estimates
from earmark.evaluation._metrics import chance_calibration_error
from earmark.evaluation._resampling import Estimate
from earmark.types import IntArray

__all__ = ["Metrics", "Unsure", "metrics_of", "unsure_of"]


@dataclass(frozen=True)
class Metrics:
    """Everything that is one number.

    Attributes
    ----------
    accuracy, balanced_accuracy, macro_precision, macro_recall, macro_f1 : Estimate
        How right, over all rows and over all classes.
    log_loss : Estimate
        In nats.
    top3 : Estimate
        Share of rows whose class is one of the three most probable.
    calibration_error : Estimate
        Over ten bins of equal mass.
    calibration_error_by_chance : float
        The 95th percentile of the calibration errors of a simulated model that is calibrated
        perfectly: one below it is no evidence of a fault.
    mean_confidence : float
        Mean probability given to the answer, to be compared with the accuracy.
    """

    accuracy: Estimate
    balanced_accuracy: Estimate
    macro_precision: Estimate
    macro_recall: Estimate
    macro_f1: Estimate
    log_loss: Estimate
    top3: Estimate
    calibration_error: Estimate
    calibration_error_by_chance: float
    mean_confidence: float


@dataclass(frozen=True)
class Unsure:
    """What a model's own thresholds hold back.

    Attributes
    ----------
    sure : float
        Share of the rows that are not "unsure".
    sure_accuracy : float or None
        Accuracy on those; None where there is none.
    unfamiliar : float
        Share of the rows that are "unfamiliar".
    """

    sure: float
    sure_accuracy: float | None
    unfamiliar: float


def metrics_of(held_out: HeldOut, *, groups: IntArray | None = None) -> Metrics:
    """Compute everything that is one number.

    Parameters
    ----------
    held_out : HeldOut
        The answers.
    groups : np.ndarray of int [shape=(n,)] or None
        Rows with one number are resampled together; None: each row by itself.

    Returns
    -------
    Metrics
        With intervals; the bootstrap's seed is always 0.
    """
    found = estimates(
        held_out.y, held_out.probabilities, predicted=held_out.predicted, groups=groups
    )
    chance = chance_calibration_error(held_out.probabilities, predicted=held_out.predicted)
    confidence = confidences(held_out.probabilities, held_out.predicted)
    return Metrics(
        **found, calibration_error_by_chance=chance[1], mean_confidence=float(confidence.mean())
    )


def unsure_of(held_out: HeldOut) -> Unsure:
    """Count what a model's own thresholds hold back.

    Parameters
    ----------
    held_out : HeldOut
        The answers.

    Returns
    -------
    Unsure
        Shares of the rows.
    """
    sure = held_out.confident & held_out.familiar
    return Unsure(
        sure=float(sure.mean()),
        sure_accuracy=float(held_out.right[sure].mean()) if sure.any() else None,
        unfamiliar=float((~held_out.familiar).mean()),
    )
