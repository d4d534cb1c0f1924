"""Everything that came of scoring models, as one versioned JSON document."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from earmark.datasets import Examples
from earmark.errors import ResultsError
from earmark.evaluation._curves import CalibrationBin, ClassScore, CoveragePoint
from earmark.evaluation._importance import Importance
from earmark.evaluation._resampling import Estimate, Intervals
from earmark.evaluation._results_1 import upgraded
from earmark.evaluation._score import Metrics, Unsure
from earmark.files import atomic_write
from earmark.records import Record, from_record
from earmark.types import PathName

__all__ = [
    "RESULTS_SCHEMA",
    "DatasetInfo",
    "ModelResult",
    "Predictions",
    "Results",
    "Run",
    "read_results",
]

RESULTS_SCHEMA = "earmark.results/2"
"""Name and version of the document; raised with every change that could break a reader."""

_FAMILY = "earmark.results/"
_BEFORE = "earmark.results/1"


@dataclass(frozen=True)
class Predictions:
    """The answer for each test row.

    Attributes
    ----------
    ids : tuple of str
        Of the rows.
    tracks : tuple of int or None
        Which rows are segments of one track; None where rows are tracks.
    artists : tuple of int or None
        Which rows are by one artist, or by artists who share a track or a duplicate; None where no
        artists are known.
    true, predicted : tuple of str
        The right class, and the class answered.
    probabilities : tuple of tuple of float
        Of each class, in the order of the dataset's classes, to six decimals.
    """

    ids: tuple[str, ...]
    tracks: tuple[int, ...] | None
    artists: tuple[int, ...] | None
    true: tuple[str, ...]
    predicted: tuple[str, ...]
    probabilities: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Run:
    """One model under one protocol.

    Attributes
    ----------
    protocol : str
        Name of the protocol.
    n : int
        Rows tested.
    n_tracks : int
        Tracks they are of.
    n_folds : int
        Fits; 0 where a packaged model was asked as it is.
    seed : int
        Of the folds.
    inner_groups : str or None
        What the model's own folds kept whole: ``artist``, ``track`` or ``row``.
    intervals : Intervals
        How all intervals of the run were made.
    metrics : Metrics
        Of the rows.
    track_metrics : Metrics or None
        After the segments of each track have voted; None where rows are tracks.
    per_class : mapping of str to ClassScore
        By class.
    confusion : tuple of tuple of int
        Right classes down, answers across.
    calibration_curve : tuple of CalibrationBin
        Ten bins of equal mass.
    coverage : tuple of CoveragePoint
        For thresholds from 0 to 0.95.
    unsure : Unsure or None
        Of the model's own thresholds; None where it has none.
    second : tuple of tuple of int
        Most probable classes down, second most probable across.
    importances : tuple of Importance or None
        By column, the highest first; None if not measured.
    fit_seconds : float
        Wall time of all fits, one thread each.
    predict_milliseconds_per_row : float
        Wall time of the predictions, per row.
    peak_memory_mb : float or None
        Megabytes (10^6 bytes) that fitting and predicting added at most to a process with the table
        loaded, the most of all folds; None where the system does not tell.
    model_bytes : int or None
        Size of the model of the first fold, as the graph that a file holds; None if not measured.
    folds : tuple of tuple of str
        Ids of the test rows of each fold.
    predictions : Predictions
        Of all test rows.
    """

    protocol: str
    n: int
    n_tracks: int
    n_folds: int
    seed: int
    inner_groups: str | None
    intervals: Intervals
    metrics: Metrics
    track_metrics: Metrics | None
    per_class: Mapping[str, ClassScore]
    confusion: tuple[tuple[int, ...], ...]
    calibration_curve: tuple[CalibrationBin, ...]
    coverage: tuple[CoveragePoint, ...]
    unsure: Unsure | None
    second: tuple[tuple[int, ...], ...]
    importances: tuple[Importance, ...] | None
    fit_seconds: float
    predict_milliseconds_per_row: float
    peak_memory_mb: float | None
    model_bytes: int | None
    folds: tuple[tuple[str, ...], ...]
    predictions: Predictions


@dataclass(frozen=True)
class ModelResult:
    """One model under every protocol it was scored under.

    Attributes
    ----------
    name : str
        As it was given.
    family : str or None
        Its family; None where several are averaged.
    recipe : mapping
        Everything that decides what it learns.
    runs : tuple of Run
        One for each protocol.
    leakage_gap : Estimate or None
        Accuracy under ``random`` less that under ``artist``, of the same rows, with a paired
        interval; None where one of the two is missing.
    gap_intervals : Intervals or None
        How that interval was made.
    """

    name: str
    family: str | None
    recipe: Mapping[str, Any]
    runs: tuple[Run, ...]
    leakage_gap: Estimate | None
    gap_intervals: Intervals | None = None

    def run(self, protocol: str) -> Run | None:
        """Find the run of a protocol.

        Parameters
        ----------
        protocol : str
            Name of the protocol.

        Returns
        -------
        Run or None
            None where there is none.
        """
        return next((run for run in self.runs if run.protocol == protocol), None)


@dataclass(frozen=True)
class DatasetInfo:
    """What was scored on.

    Attributes
    ----------
    name : str
        Of the corpus.
    n : int
        Rows of the table.
    unit : str
        What a row is: ``track`` or ``segment``.
    feature_set, fingerprint : str
        Of the columns.
    digest : str
        SHA-256 of everything in the table that scores depend on.
    classes : tuple of str
        The genres, in the order of all probabilities and matrices.
    counts : mapping of str to int
        Rows of each.
    provenance : mapping of str to str
        Where the rows come from.
    """

    name: str
    n: int
    unit: str
    feature_set: str
    fingerprint: str
    digest: str
    classes: tuple[str, ...]
    counts: Mapping[str, int]
    provenance: Mapping[str, str]

    @classmethod
    def of(cls, table: Examples, *, name: str, classes: Sequence[str]) -> DatasetInfo:
        """Describe rows.

        Parameters
        ----------
        table : FeatureTable or ArrayTable
            The rows.
        name : str
            Of the corpus.
        classes : sequence of str
            The genres, in the order of all probabilities and matrices.

        Returns
        -------
        DatasetInfo
            What was scored on.
        """
        return cls(
            name=name,
            n=len(table),
            unit=table.unit,
            feature_set=table.feature_set,
            fingerprint=table.fingerprint,
            digest=table.digest,
            classes=tuple(classes),
            counts={genre: int((table.labels == genre).sum()) for genre in classes},
            provenance=dict(table.provenance),
        )


@dataclass(frozen=True)
class Results(Record, schema=RESULTS_SCHEMA):
    """Everything that came of scoring models on a dataset.

    Attributes
    ----------
    earmark : str
        Version of Earmark.
    seed : int
        Of the folds.
    dataset : DatasetInfo
        What was scored on.
    models : tuple of ModelResult
        In the order in which they were given.
    skipped : mapping of str to str
        Protocols that were left out, and why.
    """

    earmark: str
    seed: int
    dataset: DatasetInfo
    models: tuple[ModelResult, ...]
    skipped: Mapping[str, str] = field(default_factory=dict)

    def model(self, name: str) -> ModelResult | None:
        """Find the results of a model.

        Parameters
        ----------
        name : str
            As it was given.

        Returns
        -------
        ModelResult or None
            None where there is none.
        """
        return next((model for model in self.models if model.name == name), None)

    @property
    def protocols(self) -> tuple[str, ...]:
        """The protocols of all runs, in the order they first stand."""
        return tuple(dict.fromkeys(run.protocol for model in self.models for run in model.runs))

    def to_json(self) -> str:
        """Convert to JSON.

        Returns
        -------
        str
            One document, a line for each model and run, and a newline at its end.
        """
        content = self.to_dict()
        models = content.pop("models")
        parts = [
            json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)[:-2],
            ',\n "models": [',
        ]
        for number, model in enumerate(models):
            runs = [json.dumps(run, allow_nan=False) for run in model.pop("runs")]
            head = json.dumps(model, ensure_ascii=False, allow_nan=False)[:-1]
            lines = "[]" if not runs else "[\n   " + ",\n   ".join(runs) + "]"
            parts.append(f'{"," if number else ""}\n  {head}, "runs": {lines}}}')
        parts.append("]\n}\n")
        return "".join(parts)

    def write(self, path: PathName) -> None:
        """Write the document, in one step: a reader finds the old one or the new one, whole.

        Parameters
        ----------
        path : str or path-like
            Where to; what is there is replaced.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        with atomic_write(path, "w") as file:
            file.write(self.to_json())


def read_results(path: PathName) -> Results:
    """Read what `Results.write` wrote.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    Results
        Equal to those written. A file of version 1 did not say what its intervals resample (tracks)
        and which rows are by one artist; the rest of what it lacks is computed from its
        predictions.

    Raises
    ------
    ResultsError
        If there is no such file, or it is not a results file that this release reads.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ResultsError(path, f"cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ResultsError(path, f"is not JSON: {error}") from error
    schema = content.pop("schema", None) if isinstance(content, dict) else None
    if not isinstance(schema, str) or not schema.startswith(_FAMILY):
        raise ResultsError(path, "is not a results file: its schema is not earmark.results")
    if schema not in (RESULTS_SCHEMA, _BEFORE):
        raise ResultsError(path, f"is {schema}; this release reads {RESULTS_SCHEMA} and {_BEFORE}")
    try:
        if schema == _BEFORE:
            content = upgraded(content)
        results: Results = from_record(Results, content, "results")
        _check(results)
    except ValueError as error:
        raise ResultsError(path, f"is damaged: {error}") from error
    return results


def _check(results: Results) -> None:
    """Raise ValueError where parts do not fit each other."""
    n_classes = len(results.dataset.classes)
    for model in results.models:
        for run in model.runs:
            what = f"the run of {model.name!r} under {run.protocol!r}"
            found = run.predictions
            groups = (found.tracks or found.ids, found.artists or found.ids)
            columns = (found.ids, found.true, found.predicted, *groups)
            if {run.n, *map(len, columns)} != {len(found.probabilities)}:
                raise ValueError(f"{what} has predictions of different lengths")
            rows = (*found.probabilities, *run.confusion, *run.second)
            if any(len(row) != n_classes for row in rows):
                raise ValueError(f"{what} is not of {n_classes} classes")
            if len(run.confusion) != n_classes or len(run.second) != n_classes:
                raise ValueError(f"{what} is not of {n_classes} classes")
            if not {*found.true, *found.predicted} <= set(results.dataset.classes):
                raise ValueError(f"{what} names other classes than the dataset")
