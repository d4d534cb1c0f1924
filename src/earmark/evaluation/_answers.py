"""Answers of models for rows they were not fitted on, and the cost of getting them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from multiprocessing import parent_process
from typing import Any, Protocol

import numpy as np

from earmark.datasets import Examples, Fold, Rows
from earmark.errors import DatasetError, ParameterError
from earmark.evaluation._protocols import check_folds
from earmark.models import Prediction, is_decided
from earmark.processes import PeakMemory
from earmark.types import BoolArray, FloatArray, IntArray

__all__ = [
    "Cost",
    "Fitted",
    "HeldOut",
    "answer_fold",
    "held_out_predictions",
    "join",
    "spread",
    "vote",
]


class Fitted(Protocol):
    """What a fitted model must be able to do to be scored."""

    @property
    def min_confidence(self) -> float:
        """A top probability below this is undecided."""
        ...

    @property
    def min_margin(self) -> float:
        """A gap between the top two below this is undecided."""
        ...

    @property
    def max_distance(self) -> float:
        """A distance above this is unfamiliar."""
        ...

    def predict(self, X: Any) -> Prediction:
        """Compute class probabilities and distances of rows, as `inputs` of a table gives them."""
        ...


@dataclass(frozen=True)
class Cost:
    """What fitting and asking took.

    Attributes
    ----------
    fit_seconds : float
        Wall time of all fits.
    predict_seconds : float
        Wall time of all predictions.
    peak_memory : int or None
        Bytes by which the resident memory of the process grew at most meanwhile, the most of all
        folds; None where the system does not tell. A process that did other work before may have
        memory to use again and grow less: in fresh ones, as `evaluate_folds` starts for several
        jobs, it is what the model took. See `earmark.processes.PeakMemory`.
    """

    fit_seconds: float
    predict_seconds: float
    peak_memory: int | None


@dataclass(frozen=True)
class HeldOut:
    """Answers of models for rows they were not fitted on.

    Attributes
    ----------
    rows : np.ndarray of int [shape=(n,)]
        Numbers of the rows in their table.
    y : np.ndarray of int [shape=(n,)]
        Number of the right class.
    probabilities : np.ndarray [shape=(n, n_classes)]
        Class probabilities.
    predicted : np.ndarray of int [shape=(n,)]
        Number of the class answered: the most probable, unless the model answers otherwise.
    confident, familiar : np.ndarray of bool [shape=(n,)]
        Which rows are above the confidence threshold, and which within the distance, of the model
        that answered them.
    cost : Cost
        Of the models.
    """

    rows: IntArray
    y: IntArray
    probabilities: FloatArray
    predicted: IntArray
    confident: BoolArray
    familiar: BoolArray
    cost: Cost

    def only(self, mask: BoolArray) -> HeldOut:
        """Keep a part of the rows.

        Parameters
        ----------
        mask : np.ndarray of bool [shape=(n,)]
            Which.

        Returns
        -------
        HeldOut
            Those; the cost is that of all.
        """
        return replace(self, **{name: getattr(self, name)[mask] for name in _COLUMNS})

    @property
    def right(self) -> FloatArray:
        """1 for each row that is answered rightly, 0 for the others."""
        right: FloatArray = (self.predicted == self.y).astype(np.float64)
        return right


_COLUMNS = tuple(field.name for field in fields(HeldOut) if field.name != "cost")


def answers(model: Fitted, X: Any, probabilities: FloatArray) -> IntArray:
    """Return the classes a model answers, which for some is not always the most probable."""
    own = getattr(model, "predict_labels", None)
    found: IntArray = probabilities.argmax(axis=1) if own is None else np.asarray(own(X))
    return found


def answer_fold(
    fit: Callable[[Any], Fitted],
    table: Examples,
    fold: Fold,
    *,
    classes: Sequence[str] | None = None,
) -> tuple[HeldOut, Fitted]:
    """Fit a model on the training rows of one fold and ask it about the test rows.

    Returns the answers and the fitted model. `classes` are the genres in the order of the model's
    probabilities; None: those of the table.
    """
    names = np.array(table.classes if classes is None else classes)
    place = {str(name): number for number, name in enumerate(names)}
    X = table.inputs(fold.test)
    with PeakMemory(fresh=parent_process() is not None) as peak:
        start = time.perf_counter()
        model = fit(table.select(fold.train))
        fitted = time.perf_counter()
        prediction = model.predict(X)
        asked = time.perf_counter()
    probabilities = np.asarray(prediction.probabilities, dtype=np.float64)
    if probabilities.shape != (len(X), len(names)):
        raise ParameterError(
            f"the model gives probabilities of shape {probabilities.shape} "
            f"for {len(X)} rows and {len(names)} classes"
        )
    held_out = HeldOut(
        rows=fold.test,
        y=np.array([place[label] for label in table.labels[fold.test].tolist()], dtype=np.int64),
        probabilities=probabilities,
        predicted=answers(model, X, probabilities),
        confident=is_decided(
            probabilities, min_confidence=model.min_confidence, min_margin=model.min_margin
        ),
        familiar=np.asarray(prediction.distance) <= model.max_distance,
        cost=Cost(fitted - start, asked - fitted, peak.grown),
    )
    return held_out, model


def join(parts: Iterable[HeldOut]) -> HeldOut:
    """Join the answers of several folds, in order; times are sums, memory is the highest."""
    held = list(parts)
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in held]) for name in _COLUMNS
    }
    peaks = [part.cost.peak_memory for part in held]
    known = [peak for peak in peaks if peak is not None]
    cost = Cost(
        sum(part.cost.fit_seconds for part in held),
        sum(part.cost.predict_seconds for part in held),
        max(known) if known else None,
    )
    return HeldOut(**columns, cost=cost)


def spread(held_out: HeldOut, classes: Sequence[str], into: Sequence[str]) -> HeldOut:
    """Give answers of a model that knows some classes a column for each of more.

    Parameters
    ----------
    held_out : HeldOut
        Its answers.
    classes : sequence of str
        The genres it knows, in the order of its probabilities.
    into : sequence of str
        Those and others.

    Returns
    -------
    HeldOut
        With probability 0 for the others.
    """
    if tuple(classes) == tuple(into):
        return held_out
    place = np.array([list(into).index(name) for name in classes])
    probabilities = np.zeros((len(held_out.y), len(into)))
    probabilities[:, place] = held_out.probabilities
    return replace(
        held_out,
        y=place[held_out.y],
        probabilities=probabilities,
        predicted=place[held_out.predicted],
    )


def held_out_predictions(
    fit: Callable[[Any], Fitted],
    table: Examples,
    folds: Sequence[Fold],
    *,
    groups: IntArray | None = None,
) -> HeldOut:
    """Fit a model in each fold and collect its answers for the test rows of the fold.

    Parameters
    ----------
    fit : callable
        Maps a table of training rows, and nothing else, to a fitted model.
    table : FeatureTable or ArrayTable
        All rows.
    folds : sequence of Fold
        As `protocol_folds` gives them, or made by hand.
    groups : np.ndarray of int [shape=(n,)] or None
        Rows with one number must be on one side of every fold; None asks it of each row alone.

    Returns
    -------
    HeldOut
        The test rows of all folds, and what the fits and predictions took, in this process.

    Raises
    ------
    ParameterError
        If a fold tears a group apart, tests a row twice or is empty.
    """
    check_folds(folds, np.arange(len(table)) if groups is None else groups)
    return join(answer_fold(fit, table, fold)[0] for fold in folds)


def vote(held_out: HeldOut, table: Rows) -> HeldOut:
    """Let the segments of each track vote: the mean of their probabilities is the track's.

    Parameters
    ----------
    held_out : HeldOut
        Answers for segments.
    table : Rows
        With groups ``"track"``.

    Returns
    -------
    HeldOut
        A row for each track that has segments in `held_out`, numbered as its first of them; the
        answer is the most probable class. Confident and familiar is a track more than half of whose
        segments are.

    Raises
    ------
    DatasetError
        If the segments of a track are of several classes.
    """
    tracks = table.groups["track"][held_out.rows]
    _, first, number, sizes = np.unique(
        tracks, return_index=True, return_inverse=True, return_counts=True
    )
    if (held_out.y != held_out.y[first][number]).any():
        row = held_out.rows[(held_out.y != held_out.y[first][number]).argmax()]
        raise DatasetError(
            f"{str(table.ids[row])!r} has another class than other segments of its track"
        )

    def mean(values: FloatArray) -> FloatArray:
        return np.bincount(number, weights=values) / sizes

    probabilities = np.column_stack([mean(column) for column in held_out.probabilities.T])
    return HeldOut(
        rows=held_out.rows[first],
        y=held_out.y[first],
        probabilities=probabilities,
        predicted=probabilities.argmax(axis=1),
        confident=mean(held_out.confident.astype(np.float64)) > 0.5,
        familiar=mean(held_out.familiar.astype(np.float64)) > 0.5,
        cost=held_out.cost,
    )
