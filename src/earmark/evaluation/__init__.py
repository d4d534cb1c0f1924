"""Honest scores: metrics with intervals, and the protocols they are measured under."""

from earmark.evaluation._metrics import (
    Estimate,
    accuracy,
    bootstrap,
    chance_calibration_error,
    expected_calibration_error,
    macro_f1,
)
from earmark.evaluation._protocols import (
    PROTOCOLS,
    HeldOut,
    Score,
    held_out_predictions,
    protocol_folds,
    score,
)

__all__ = [
    "PROTOCOLS",
    "Estimate",
    "HeldOut",
    "Score",
    "accuracy",
    "bootstrap",
    "chance_calibration_error",
    "expected_calibration_error",
    "held_out_predictions",
    "macro_f1",
    "protocol_folds",
    "score",
]
