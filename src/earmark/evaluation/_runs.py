"""One model under one protocol: its folds, in parallel, and what is made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from earmark.datasets import Examples, FeatureTable, Fold, Rows
from earmark.errors import DatasetError, ParameterError
from earmark.evaluation._answers import Fitted, HeldOut, answer_fold, answers, join, vote
from earmark.evaluation._curves import (
    calibration_curve,
    confusion_matrix,
    coverage_curve,
    per_class,
    second_choices,
)
from earmark.evaluation._importance import Importance, accuracy_drops, importances
from earmark.evaluation._protocols import resampling_units
from earmark.evaluation._resampling import ResamplingUnit, intervals_over
from earmark.evaluation._results import Predictions, Run
from earmark.evaluation._score import Metrics, metrics_of, unsure_of
from earmark.models.families import one_thread
from earmark.processes import map_tasks
from earmark.types import FloatArray, IntArray

__all__ = [
    "FITTING_MODULES",
    "FoldAnswer",
    "FoldTask",
    "answer_task",
    "evaluate_folds",
    "make_run",
]

FITTING_MODULES = ("earmark.evaluation._preloaded",)
"""What processes that fit models import."""


@dataclass(frozen=True)
class FoldTask:
    """A model to fit and to ask in one fold.

    Attributes
    ----------
    model, protocol : str
        Their names.
    number : int
        Of the fold.
    fit : callable
        Maps a table of training rows to a fitted model. Can be pickled.
    table : FeatureTable or ArrayTable
        All rows.
    fold : Fold
        Which are which.
    classes : tuple of str
        Genres in the order of the model's probabilities.
    seed : int
        Of the shuffles.
    shuffle : bool
        Whether to measure what each column is worth.
    size : callable or None
        Maps the fitted model to the bytes it takes as a file; None leaves it unmeasured.
    """

    model: str
    protocol: str
    number: int
    fit: Callable[[Any], Fitted]
    table: Examples
    fold: Fold
    classes: tuple[str, ...]
    seed: int = 0
    shuffle: bool = False
    size: Callable[[Any], int] | None = None

    def __str__(self) -> str:
        return f"model={self.model!r} under protocol={self.protocol!r}"


@dataclass(frozen=True)
class FoldAnswer:
    """What came of one fold.

    Attributes
    ----------
    held_out : HeldOut
        Answers for its test rows.
    shuffled : np.ndarray of int [shape=(n_asked,)] or None
        Which test rows were classified with shuffled columns.
    drops : np.ndarray [shape=(n_asked, d)] or None
        How often each went wrong then.
    model_bytes : int or None
        Size of the model as a file.
    """

    held_out: HeldOut
    shuffled: IntArray | None = None
    drops: FloatArray | None = None
    model_bytes: int | None = None


def answer_task(task: FoldTask) -> FoldAnswer:
    """Fit and ask a model in one fold, in this process, on one thread."""
    with one_thread():
        return _answer_on_one_thread(task)


def _answer_on_one_thread(task: FoldTask) -> FoldAnswer:
    try:
        held_out, model = answer_fold(task.fit, task.table, task.fold, classes=task.classes)
    except (DatasetError, ParameterError) as error:
        raise type(error)(f"{task}: {error}") from error
    size = None if task.size is None else task.size(model)
    if not task.shuffle or not isinstance(task.table, FeatureTable):
        return FoldAnswer(held_out, model_bytes=size)

    def answer(X: FloatArray) -> IntArray:
        if hasattr(model, "predict_labels"):
            return answers(model, X, np.empty(0))
        return answers(model, X, np.asarray(model.predict(X).probabilities))

    shuffled, drops = accuracy_drops(
        answer, task.table.X[task.fold.test], held_out.y, seed=[task.seed, task.number]
    )
    return FoldAnswer(held_out, shuffled, drops, size)


def evaluate_folds(
    tasks: Sequence[FoldTask], *, jobs: int = 1, isolated: bool = False
) -> Iterator[tuple[int, FoldAnswer]]:
    """Fit and ask models, fold by fold, on one thread each.

    Parameters
    ----------
    tasks : sequence of FoldTask
        What to do.
    jobs : int
        Processes at a time, a fresh one for each fold; with 1 all is done in this one. Answers do
        not depend on it.
    isolated : bool
        Whether to use fresh processes for a single job too.

    Yields
    ------
    number : int
        Of the task, from 0.
    answer : FoldAnswer
        What came of it, as soon as it is there.

    Raises
    ------
    ParameterError, DatasetError
        If a model cannot be fitted to the rows; model and protocol are named.
    EarmarkError
        If a process is ended from outside, say because memory is short.
    """
    results = map_tasks(
        answer_task, tasks, jobs=jobs, isolated=isolated, preload=FITTING_MODULES, fresh=True
    )
    for result in results:
        yield result.number, result.unwrap()


def _importances(
    answers: Sequence[FoldAnswer], table: Rows, units: IntArray | None
) -> tuple[Importance, ...] | None:
    drops, rows = [], []
    if not isinstance(table, FeatureTable):
        return None
    for answer in answers:
        if answer.drops is None or answer.shuffled is None:
            return None
        drops.append(answer.drops)
        rows.append(answer.held_out.rows[answer.shuffled])
    groups = None if units is None else units[np.concatenate(rows)]
    return importances(np.concatenate(drops), table.names, groups=groups)


def make_run(
    protocol: str,
    table: Rows,
    answers: Sequence[FoldAnswer],
    *,
    classes: Sequence[str],
    seed: int,
    inner_groups: str | None = None,
    calibrated: bool = True,
    n_folds: int | None = None,
) -> Run:
    """Score what came of all folds of a protocol.

    Parameters
    ----------
    protocol : str
        Its name.
    table : Rows
        All rows.
    answers : sequence of FoldAnswer
        One for each fold.
    classes : sequence of str
        Genres in the order of the probabilities.
    seed : int
        Of the folds, for the record.
    inner_groups : str or None
        What the model's own folds kept whole, for the record.
    calibrated : bool
        Whether the model has thresholds of its own, so that it can be unsure.
    n_folds : int or None
        Fits, for the record; None: as many as answers.

    Returns
    -------
    Run
        With intervals over artists or tracks, as `resampling_units` says.
    """
    held_out = join(answer.held_out for answer in answers)
    rows, predicted = held_out.rows, held_out.predicted
    tracks = table.groups["track"] if table.unit == "segment" else None
    of_tracks = None if tracks is None else tracks[rows]
    over, units = resampling_units(protocol, table)
    groups = None if units is None else units[rows]
    names = np.array(classes)
    sizes = [answer.model_bytes for answer in answers if answer.model_bytes is not None]
    cost, peak = held_out.cost, held_out.cost.peak_memory
    confusion = confusion_matrix(held_out.y, predicted, n_classes=len(names))
    return Run(
        protocol=protocol,
        n=len(rows),
        n_tracks=len(rows) if of_tracks is None else len(np.unique(of_tracks)),
        n_folds=len(answers) if n_folds is None else n_folds,
        seed=seed,
        inner_groups=inner_groups,
        intervals=intervals_over(over, groups, len(rows)),
        metrics=metrics_of(held_out, groups=groups),
        track_metrics=None if tracks is None else _voted(held_out, table, over, units),
        per_class=per_class(held_out.y, predicted, classes=classes),
        confusion=_rows(confusion),
        calibration_curve=calibration_curve(held_out.y, held_out.probabilities, predicted),
        coverage=coverage_curve(held_out.y, held_out.probabilities, predicted, groups=groups),
        unsure=unsure_of(held_out) if calibrated else None,
        second=_rows(second_choices(held_out.probabilities)),
        importances=_importances(answers, table, units),
        fit_seconds=cost.fit_seconds,
        predict_milliseconds_per_row=1000 * cost.predict_seconds / len(rows),
        peak_memory_mb=None if peak is None else peak / 1e6,
        model_bytes=sizes[0] if sizes else None,
        folds=tuple(tuple(table.ids[answer.held_out.rows].tolist()) for answer in answers),
        predictions=Predictions(
            ids=tuple(table.ids[rows].tolist()),
            tracks=None if of_tracks is None else tuple(of_tracks.tolist()),
            artists=_artists(table, rows),
            true=tuple(names[held_out.y].tolist()),
            predicted=tuple(names[predicted].tolist()),
            probabilities=tuple(map(tuple, np.round(held_out.probabilities, 6).tolist())),
        ),
    )


def _voted(held_out: HeldOut, table: Rows, over: ResamplingUnit, units: IntArray | None) -> Metrics:
    """Score the votes of the segments, each track once."""
    votes = vote(held_out, table)
    groups = units[votes.rows] if over == "artist" and units is not None else None
    return metrics_of(votes, groups=groups)


def _artists(table: Rows, rows: IntArray) -> tuple[int, ...] | None:
    over, artists = resampling_units("artist", table)
    return None if over != "artist" or artists is None else tuple(artists[rows].tolist())


def _rows(counts: IntArray) -> tuple[tuple[int, ...], ...]:
    return tuple(map(tuple, counts.tolist()))
