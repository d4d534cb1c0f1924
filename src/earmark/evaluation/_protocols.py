"""How rows are split to be scored, and the scores (extra ``train``)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np

from earmark.datasets import FeatureTable, Fold, group_folds, random_folds
from earmark.errors import ParameterError
from earmark.evaluation._metrics import (
    Estimate,
    accuracy,
    bootstrap,
    chance_calibration_error,
    expected_calibration_error,
    macro_f1,
)
from earmark.models import Prediction
from earmark.types import BoolArray, FloatArray, IntArray

__all__ = ["PROTOCOLS", "HeldOut", "Score", "held_out_predictions", "protocol_folds", "score"]

PROTOCOLS = ("random", "artist", "official")
"""Names of the protocols: folds at random, folds that keep artists whole, the published split."""

N_FOLDS = 5


class _Fitted(Protocol):
    """What a fitted model must be able to do to be scored."""

    @property
    def min_confidence(self) -> float: ...
    @property
    def max_distance(self) -> float: ...
    def predict(self, X: FloatArray) -> Prediction: ...


@dataclass(frozen=True)
class HeldOut:
    """What models said of rows they were not fitted on.

    Attributes
    ----------
    rows : np.ndarray of int [shape=(n,)]
        Numbers of the rows in their table.
    y : np.ndarray of int [shape=(n,)]
        Number of the right class.
    probabilities : np.ndarray [shape=(n, n_classes)]
        Class probabilities.
    confident, familiar : np.ndarray of bool [shape=(n,)]
        Which rows are above the confidence threshold, and which within the distance, of the model
        that answered them.
    """

    rows: IntArray
    y: IntArray
    probabilities: FloatArray
    confident: BoolArray
    familiar: BoolArray

    def only(self, mask: BoolArray) -> HeldOut:
        """Keep a part of the rows.

        Parameters
        ----------
        mask : np.ndarray of bool [shape=(n,)]
            Which.

        Returns
        -------
        HeldOut
            Those.
        """
        return HeldOut(*(value[mask] for value in vars(self).values()))


@dataclass(frozen=True)
class Score:
    """Scores under one protocol.

    Attributes
    ----------
    protocol : str
        Which.
    n : int
        Tracks scored.
    n_folds : int
        Fits; 1 where the split is a published one.
    seed : int or None
        Of the folds.
    accuracy, macro_f1, calibration_error : Estimate
        Each with its 95 % bootstrap interval over tracks.
    calibration_error_by_chance : float
        The 95th percentile of the calibration errors of a simulated model that is calibrated
        perfectly: one below it is no evidence of a fault.
    mean_confidence : float
        Mean top probability, to be compared with the accuracy.
    sure : float
        Share of the tracks that are not "unsure".
    sure_accuracy : float or None
        Accuracy on those; None where there is none.
    unfamiliar : float
        Share of the tracks that are "unfamiliar".
    """

    protocol: str
    n: int
    n_folds: int
    seed: int | None
    accuracy: Estimate
    macro_f1: Estimate
    calibration_error: Estimate
    calibration_error_by_chance: float
    mean_confidence: float
    sure: float
    sure_accuracy: float | None
    unfamiliar: float

    def to_dict(self) -> dict[str, Any]:
        """Convert to what JSON can hold.

        Returns
        -------
        dict
            Attributes by name; an estimate is ``{"value", "low", "high"}``.
        """
        return asdict(self)


def protocol_folds(protocol: str, table: FeatureTable, *, seed: int) -> list[Fold]:
    """Split a table as a protocol says.

    Parameters
    ----------
    protocol : {"random", "artist", "official"}
        ``random``: five stratified folds. ``artist``: five stratified folds, no artist on both
        sides. ``official``: fit on the published train and valid lists, score the test list.
    table : FeatureTable
        With groups ``"artist"`` and, for ``official``, the partition ``"fault_filtered"``.
    seed : int
        The same seed gives the same folds.

    Returns
    -------
    list of Fold
        In which no row is on both sides.

    Raises
    ------
    ParameterError
        If there is no protocol of that name, or the table lacks what it needs.
    DatasetError
        If the folds cannot be made.
    """
    try:
        if protocol == "random":
            return random_folds(table.labels, n_folds=N_FOLDS, seed=seed)
        if protocol == "artist":
            artists = table.groups["artist"]
            return group_folds(table.labels, artists, n_folds=N_FOLDS, seed=seed)
        if protocol == "official":
            part = table.partitions["fault_filtered"]
            fit_on = np.flatnonzero((part == "train") | (part == "valid"))
            return [Fold(fit_on, np.flatnonzero(part == "test"))]
    except KeyError as error:
        raise ParameterError(f"protocol={protocol!r} needs {error} in the table") from error
    raise ParameterError(f"protocol={protocol!r} is not one of {', '.join(PROTOCOLS)}")


def held_out_predictions(
    fit: Callable[[FeatureTable], _Fitted], table: FeatureTable, folds: list[Fold]
) -> HeldOut:
    """Fit a model in each fold and collect what it says of the fold's test rows.

    Parameters
    ----------
    fit : callable
        Maps a table of training rows, and nothing else, to a fitted model.
    table : FeatureTable
        All rows.
    folds : list of Fold
        As `protocol_folds` gives them.

    Returns
    -------
    HeldOut
        The test rows of all folds.
    """
    classes = np.array(table.classes)
    parts = []
    for fold in folds:
        model = fit(table.select(fold.train))
        prediction = model.predict(table.X[fold.test])
        parts.append(
            (
                fold.test,
                np.searchsorted(classes, table.labels[fold.test]),
                prediction.probabilities,
                prediction.probabilities.max(axis=1) >= model.min_confidence,
                prediction.distance <= model.max_distance,
            )
        )
    return HeldOut(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def score(protocol: str, held_out: HeldOut, *, n_folds: int, seed: int | None) -> Score:
    """Score what models said of rows they were not fitted on.

    Parameters
    ----------
    protocol : str
        Name of the protocol, for the record.
    held_out : HeldOut
        The predictions.
    n_folds : int
        Fits, for the record.
    seed : int or None
        Of the folds, for the record; the bootstrap's is always 0.

    Returns
    -------
    Score
        With intervals over tracks.
    """
    y, probabilities = held_out.y, held_out.probabilities
    sure = held_out.confident & held_out.familiar
    return Score(
        protocol=protocol,
        n=len(y),
        n_folds=n_folds,
        seed=seed,
        accuracy=bootstrap(accuracy, y, probabilities),
        macro_f1=bootstrap(macro_f1, y, probabilities),
        calibration_error=bootstrap(expected_calibration_error, y, probabilities),
        calibration_error_by_chance=chance_calibration_error(probabilities)[1],
        mean_confidence=float(probabilities.max(axis=1).mean()),
        sure=float(sure.mean()),
        sure_accuracy=accuracy(y[sure], probabilities[sure]) if sure.any() else None,
        unfamiliar=float((~held_out.familiar).mean()),
    )
