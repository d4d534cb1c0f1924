"""Models set side by side: what one gains on the rows that both were tested on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from earmark.evaluation._resampling import (
    Estimate,
    Intervals,
    ResamplingUnit,
    intervals_over,
    mean_difference,
)
from earmark.evaluation._results import ModelResult, Predictions, Results, Run
from earmark.records import Record
from earmark.types import FloatArray, IntArray
from earmark.wording import counted

__all__ = [
    "COMPARE_SCHEMA",
    "Comparison",
    "Difference",
    "Entry",
    "PairedAccuracy",
    "accuracy_difference",
    "compare_results",
    "leakage_gap",
    "model_result",
    "paired_accuracy",
]

COMPARE_SCHEMA = "earmark.compare/2"
"""Name and version of what `Comparison.to_dict` returns."""


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


@dataclass(frozen=True)
class Entry(
    Record,
    keys=(
        *("model", "protocol", "path", "dataset", "digest"),
        *("n=run.n", "n_folds=run.n_folds", "seed=run.seed"),
        *("accuracy=run.metrics.accuracy", "macro_f1=run.metrics.macro_f1"),
        "intervals=run.intervals",
    ),
):
    """One model under one protocol, in one file.

    Attributes
    ----------
    model : str
        Its name, and the file's where the name stands in several.
    protocol : str
        Name of the protocol.
    path : str
        The file.
    dataset : str
        Name of the dataset.
    digest : str
        SHA-256 of the rows.
    run : Run
        Everything else.
    """

    model: str
    protocol: str
    path: str
    dataset: str
    digest: str
    run: Run


@dataclass(frozen=True)
class Difference:
    """How much more accurate a model is than the first, on the same rows.

    Attributes
    ----------
    protocol : str
        Name of the protocol.
    model, baseline : str
        Which is compared with which.
    n : int
        Rows that both were tested on.
    n_model, n_baseline : int
        Rows that each was tested on.
    model_accuracy, baseline_accuracy : float
        Accuracy of each on the rows that both were tested on.
    accuracy : Estimate
        Accuracy of the model less that of the baseline, with a paired interval: each resample draws
        the same artists, or tracks, for both.
    intervals : Intervals
        How that interval was made.
    """

    protocol: str
    model: str
    baseline: str
    n: int
    n_model: int
    n_baseline: int
    model_accuracy: float
    baseline_accuracy: float
    accuracy: Estimate
    intervals: Intervals


@dataclass(frozen=True)
class Comparison(Record, schema=COMPARE_SCHEMA, keys=("entries", "differences", "warnings")):
    """Several results files side by side.

    Attributes
    ----------
    results : tuple of Results
        As they were read.
    entries : tuple of Entry
        Every run of every file.
    differences : tuple of Difference
        Under each protocol, of each model from the first of the same dataset.
    warnings : tuple of str
        What must be known before numbers are compared.
    """

    results: tuple[Results, ...]
    entries: tuple[Entry, ...]
    differences: tuple[Difference, ...]
    warnings: tuple[str, ...]


def _entries(paths: Sequence[str], results: Sequence[Results]) -> Iterator[Entry]:
    names = [model.name for one in results for model in one.models]
    for path, one in zip(paths, results, strict=True):
        for model in one.models:
            alone = names.count(model.name) == 1
            label = model.name if alone else f"{model.name} ({path})"
            for run in model.runs:
                dataset = one.dataset
                yield Entry(label, run.protocol, path, dataset.name, dataset.digest, run)


def _differences(entries: Sequence[Entry]) -> Iterator[Difference]:
    for protocol in dict.fromkeys(entry.protocol for entry in entries):
        first: dict[str, Entry] = {}
        for entry in entries:
            if entry.protocol != protocol:
                continue
            baseline = first.setdefault(entry.dataset, entry)
            if entry is baseline:
                continue
            found = paired_accuracy(entry.run, baseline.run)
            if found is not None:
                yield Difference(
                    protocol=protocol,
                    model=entry.model,
                    baseline=baseline.model,
                    n=found.n,
                    n_model=entry.run.n,
                    n_baseline=baseline.run.n,
                    model_accuracy=found.first,
                    baseline_accuracy=found.second,
                    accuracy=found.difference,
                    intervals=found.intervals,
                )


def _tested(results: Results) -> dict[str, str]:
    """Return the genre of every row that any run tested, by its id."""
    found: dict[str, str] = {}
    for model in results.models:
        for run in model.runs:
            found.update(zip(run.predictions.ids, run.predictions.true, strict=True))
    return found


def _warnings(paths: Sequence[str], results: Sequence[Results]) -> Iterator[str]:
    first = results[0]
    rows = _tested(first)
    for path, one in zip(paths, results, strict=True):
        if one.dataset.name != first.dataset.name:
            yield (
                f"{path!r} is of another dataset than {paths[0]!r} ({one.dataset.name}, "
                f"{one.dataset.feature_set}, n = {one.dataset.n:,}): its scores are listed beside "
                "the others, without differences"
            )
            continue
        others = _tested(one)
        if others != rows:
            yield _overlap(path, others, paths[0], rows)
        elif (
            one.dataset.digest != first.dataset.digest
            and one.dataset.fingerprint == first.dataset.fingerprint
        ):
            yield (
                f"{path!r} has the same {len(rows)} rows as {paths[0]!r}, but their features, "
                "artists or splits are not the same: rows are paired by id and genre"
            )
        if one.seed != first.seed:
            yield f"{path!r} has other folds than {paths[0]!r}: seed {one.seed}, not {first.seed}"


def _overlap(path: str, others: dict[str, str], first: str, rows: dict[str, str]) -> str:
    """Say how many rows two files have in common, and what became of the rest."""
    both = others.keys() & rows.keys()
    renamed = sum(others[row] != rows[row] for row in both)
    n = len(both) - renamed
    said = f"{first!r} was tested on {counted(len(rows), 'row')} and {path!r} on {len(others)}: "
    if not n:
        return said + "none is in both, so there are no differences"
    reasons = ("is left out because its genre", "are left out because their genre")
    genres = f", {counted(renamed, *reasons)} is not the same" if renamed else ""
    return (
        f"{said}differences are of the {n} in both{genres} (only in the first: "
        f"{len(rows) - n - renamed}, only in the other: {len(others) - n - renamed}); accuracies "
        "are each of all its rows"
    )


def compare_results(results: Sequence[Results], paths: Sequence[str]) -> Comparison:
    """Set results side by side.

    Parameters
    ----------
    results : sequence of Results
        The first gives the baseline.
    paths : sequence of str
        What each is called in warnings.

    Returns
    -------
    Comparison
        Every run, and the differences between models that were scored on the same dataset, on the
        rows both were tested on, with a paired bootstrap. Rows are the same where their ids and
        genres are.
    """
    entries = tuple(_entries(paths, results))
    return Comparison(
        tuple(results), entries, tuple(_differences(entries)), tuple(_warnings(paths, results))
    )
