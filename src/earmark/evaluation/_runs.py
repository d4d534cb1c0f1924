"""One model under one protocol: its folds, in parallel, and what is made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from earmark.datasets import FeatureTable, Fold
from earmark.errors import DatasetError, ParameterError
from earmark.evaluation._curves import (
    calibration_curve,
    confusion_matrix,
    coverage_curve,
    per_class,
    second_choices,
)
from earmark.evaluation._held_out import Fitted, HeldOut, answer_fold, answers, join, vote
from earmark.evaluation._importance import Importance, accuracy_drops, importances
from earmark.evaluation._protocols import resampling_units
from earmark.evaluation._resampling import (
    Estimate,
    Intervals,
    ResamplingUnit,
    intervals_over,
    mean_difference,
)
from earmark.evaluation._results import ModelResult, Predictions, Run
from earmark.evaluation._score import Metrics, metrics_of, unsure_of
from earmark.models.families import one_thread
from earmark.processes import map_tasks
from earmark.types import FloatArray, IntArray

__all__ = [
    "FITTING_MODULES",
    "FoldAnswer",
    "FoldTask",
    "PairedAccuracy",
    "accuracy_difference",
    "evaluate_folds",
    "leakage_gap",
    "make_run",
    "model_result",
    "paired_accuracy",
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
    table : FeatureTable
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
    fit: Callable[[FeatureTable], Fitted]
    table: FeatureTable
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
        Which of the test rows were asked about with columns shuffled.
    drops : np.ndarray [shape=(n_asked, d)] or None
        How often each went wrong then.
    model_bytes : int or None
        Size of the model as a file.
    """

    held_out: HeldOut
    shuffled: IntArray | None = None
    drops: FloatArray | None = None
    model_bytes: int | None = None


def _answer(task: FoldTask) -> FoldAnswer:
    with one_thread():
        return _answer_on_one_thread(task)


def _answer_on_one_thread(task: FoldTask) -> FoldAnswer:
    try:
        held_out, model = answer_fold(task.fit, task.table, task.fold, classes=task.classes)
    except (DatasetError, ParameterError) as error:
        raise type(error)(f"{task}: {error}") from error
    size = None if task.size is None else task.size(model)
    if not task.shuffle:
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
        _answer, tasks, jobs=jobs, isolated=isolated, preload=FITTING_MODULES, fresh=True
    )
    for result in results:
        yield result.number, result.unwrap()


def _importances(
    answers: Sequence[FoldAnswer], table: FeatureTable, units: IntArray | None
) -> tuple[Importance, ...] | None:
    drops, rows = [], []
    for answer in answers:
        if answer.drops is None or answer.shuffled is None:
            return None
        drops.append(answer.drops)
        rows.append(answer.held_out.rows[answer.shuffled])
    groups = None if units is None else units[np.concatenate(rows)]
    return importances(np.concatenate(drops), table.names, groups=groups)


def make_run(
    protocol: str,
    table: FeatureTable,
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
    table : FeatureTable
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


def _voted(
    held_out: HeldOut, table: FeatureTable, over: ResamplingUnit, units: IntArray | None
) -> Metrics:
    """Score the votes of the segments, each track once."""
    votes = vote(held_out, table)
    groups = units[votes.rows] if over == "artist" and units is not None else None
    return metrics_of(votes, groups=groups)


def _artists(table: FeatureTable, rows: IntArray) -> tuple[int, ...] | None:
    over, artists = resampling_units("artist", table)
    return None if over != "artist" or artists is None else tuple(artists[rows].tolist())


def _rows(counts: IntArray) -> tuple[tuple[int, ...], ...]:
    return tuple(map(tuple, counts.tolist()))


@dataclass(frozen=True)
class PairedAccuracy:
    """Accuracies of two runs on the rows both were tested on.

    Attributes
    ----------
    n : int
        How many rows those are.
    first, second : float
        Accuracy of each run on them.
    difference : Estimate
        The first less the second. Each resample of its interval draws the same artists, or tracks,
        for both.
    intervals : Intervals
        What it draws.
    """

    n: int
    first: float
    second: float
    difference: Estimate
    intervals: Intervals


def paired_accuracy(
    first: Run, second: Run, *, over: ResamplingUnit | None = None
) -> PairedAccuracy | None:
    """Compare the accuracy of two runs on the rows both were tested on.

    Parameters
    ----------
    first, second : Run
        Under one protocol or two, of one dataset: rows with the same id and the same genre are the
        same.
    over : {"artist", "track"} or None
        What is resampled; None: artists if either run's own intervals are over artists, else
        tracks. Where no run says which rows are by one artist, tracks.

    Returns
    -------
    PairedAccuracy or None
        None where no row is the same.
    """
    a, b = first.predictions, second.predictions
    place = {row: number for number, row in enumerate(zip(b.ids, b.true, strict=True))}
    rows = enumerate(zip(a.ids, a.true, strict=True))
    common = [(number, place[row]) for number, row in rows if row in place]
    if not common:
        return None
    # In the order of the ids, so that the same rows in other folds give the same interval.
    common.sort(key=lambda pair: a.ids[pair[0]])
    left, right = (np.array(side) for side in zip(*common, strict=True))
    if over is None:
        over = "artist" if "artist" in (first.intervals.over, second.intervals.over) else "track"
    groups = _groups(a, left, over)
    if groups is None:
        groups = _groups(b, right, over)
    if groups is None:
        over, groups = "track", _groups(a, left, "track")
    hits = _right(first)[left], _right(second)[right]
    return PairedAccuracy(
        n=len(left),
        first=float(hits[0].mean()),
        second=float(hits[1].mean()),
        difference=mean_difference(*hits, groups=groups),
        intervals=intervals_over(over, groups, len(left)),
    )


def _groups(predictions: Predictions, rows: IntArray, over: ResamplingUnit) -> IntArray | None:
    known = predictions.artists if over == "artist" else predictions.tracks
    return None if known is None else np.array(known)[rows]


def accuracy_difference(first: Run, second: Run) -> Estimate | None:
    """Compute the accuracy of one run less that of another, on the rows both were tested on.

    Parameters
    ----------
    first, second : Run
        Under one protocol or two, of one dataset.

    Returns
    -------
    Estimate or None
        With the interval of `paired_accuracy`; None where they have no row in common.
    """
    found = paired_accuracy(first, second)
    return None if found is None else found.difference


def _right(run: Run) -> FloatArray:
    found = run.predictions
    return np.array([a == b for a, b in zip(found.true, found.predicted, strict=True)], dtype=float)


def leakage_gap(runs: Sequence[Run]) -> PairedAccuracy | None:
    """Compute what a model gains where artists are on both sides.

    Parameters
    ----------
    runs : sequence of Run
        Of one model.

    Returns
    -------
    PairedAccuracy or None
        Accuracy under ``random`` less that under ``artist``, with an interval over artists; None
        where one of them is missing.
    """
    by_name = {run.protocol: run for run in runs}
    if not {"random", "artist"} <= set(by_name):
        return None
    return paired_accuracy(by_name["random"], by_name["artist"], over="artist")


def model_result(
    name: str, family: str | None, recipe: Mapping[str, Any], runs: Sequence[Run]
) -> ModelResult:
    """Put the runs of a model together, with its leakage gap.

    Parameters
    ----------
    name : str
        Name of the model.
    family : str or None
        Its family; None where several are averaged.
    recipe : mapping
        Everything that decides what it learns.
    runs : sequence of Run
        One for each protocol.

    Returns
    -------
    ModelResult
        With the gap where it can be computed.
    """
    gap = leakage_gap(runs)
    if gap is None:
        return ModelResult(name, family, recipe, tuple(runs), None)
    return ModelResult(name, family, recipe, tuple(runs), gap.difference, gap.intervals)
