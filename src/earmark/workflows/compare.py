"""Set several results files side by side."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from earmark.arguments import checked
from earmark.errors import ParameterError
from earmark.evaluation import (
    Estimate,
    Intervals,
    Results,
    Run,
    paired_accuracy,
    read_results,
)
from earmark.records import Record
from earmark.types import PathName
from earmark.wording import counted

__all__ = ["COMPARE_SCHEMA", "Comparison", "Difference", "Entry", "compare"]

COMPARE_SCHEMA = "earmark.compare/2"
"""Name and version of what `Comparison.to_dict` returns."""


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


@checked
def compare(paths: Sequence[PathName]) -> Comparison:
    """Set several results files side by side.

    Parameters
    ----------
    paths : sequence of path-like
        Results files, of which the first gives the baseline.

    Returns
    -------
    Comparison
        Every run, and the differences that can be taken: between models that were scored on the
        same dataset, on the rows both were tested on, with a paired bootstrap. Rows are the same
        where their ids and genres are. Under protocols that keep artists apart, artists are
        resampled.

    Raises
    ------
    ParameterError
        If there is no path, or one appears twice.
    ResultsError
        If a file is no results file of this version.
    """
    named = [os.fspath(path) for path in paths]
    if not named or len(set(named)) != len(named):
        raise ParameterError(f"paths={named!r}: give one or more, all different")
    results = tuple(read_results(path) for path in named)
    entries = tuple(_entries(named, results))
    return Comparison(
        results, entries, tuple(_differences(entries)), tuple(_warnings(named, results))
    )
