"""What a tuned model is worth: it is tuned again inside every training fold."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from earmark.datasets import FeatureTable
from earmark.evaluation import (
    Estimate,
    estimates,
    inner_groups,
    protocol_folds,
    resampling_units,
)
from earmark.models.recipe import FittedModel, Recipe, fit
from earmark.records import Record
from earmark.tuning._result import Tuning
from earmark.tuning._search import PROTOCOLS, tune
from earmark.types import PathName, Progress

__all__ = ["NestedTuning", "fit_tuned", "nested_tune"]


def fit_tuned(
    table: FeatureTable,
    *,
    classes: Sequence[str],
    family: str | Recipe,
    protocol: str = "artist",
    calibrate: bool = True,
    **settings: Any,
) -> FittedModel:
    """Tune on rows and fit what was chosen to the same rows.

    This is what `earmark.evaluation` can fit in each fold, so that the tuning is scored with the
    model.

    Parameters
    ----------
    table : FeatureTable
        Training rows.
    classes : sequence of str
        Genres in the order the probabilities shall have.
    family : str or Recipe
        What is tuned.
    protocol : {"random", "track", "artist"}
        Whose folds score the points.
    calibrate : bool
        Whether the fitted model is calibrated.
    **settings
        As for `tune`.

    Returns
    -------
    FittedModel
        With the parameters that were chosen.

    Raises
    ------
    ParameterError
        As `tune` does.
    DatasetError
        If the folds cannot be made.
    StudyError
        As `tune` does.
    """
    tuning = tune(table, family=family, protocol=protocol, **settings)
    return fit(
        tuning.recipe,
        table,
        classes=classes,
        calibrate=calibrate,
        inner_groups=tuning.inner_groups,
    )


def _summary(tuning: Tuning) -> dict[str, Any]:
    """Return what a search chose in one fold."""
    chosen = tuning.chosen
    return {
        "n": tuning.n,
        "trials": len(tuning.trials),
        "parameters": chosen.parameters,
        "score": chosen.score,
    }


def _predictions(nested: NestedTuning) -> dict[str, Any]:
    return {name: getattr(nested, name) for name in ("ids", "true", "predicted")}


@dataclass(frozen=True)
class NestedTuning(
    Record,
    keys=(
        "protocol",
        "inner_protocol",
        "seed",
        ("n", lambda nested: len(nested.ids)),
        "accuracy",
        "optimism",
        ("folds", lambda nested: [_summary(tuning) for tuning in nested.tunings]),
        ("predictions", _predictions),
    ),
):
    """What tuned models say of rows that neither they nor their tuning saw.

    Attributes
    ----------
    protocol, inner_protocol : str
        Whose folds are scored, and whose folds inside their training rows chose the parameters.
    seed : int
        Of both.
    tunings : tuple of Tuning
        One for each fold that is scored.
    ids, true, predicted : np.ndarray of str [shape=(n,)]
        The rows scored, their genres and the answers.
    accuracy : Estimate
        With its 95 % bootstrap interval, over artists where the protocol keeps artists apart, else
        over tracks.
    """

    protocol: str
    inner_protocol: str
    seed: int
    tunings: tuple[Tuning, ...]
    ids: npt.NDArray[np.str_]
    true: npt.NDArray[np.str_]
    predicted: npt.NDArray[np.str_]
    accuracy: Estimate

    @property
    def optimism(self) -> float:
        """How much higher the searches' own scores are: their mean, less the accuracy."""
        scores = [tuning.chosen.score or 0.0 for tuning in self.tunings]
        return float(np.mean(scores)) - self.accuracy.value


def nested_tune(
    table: FeatureTable,
    *,
    family: str | Recipe,
    protocol: str = "artist",
    inner_protocol: str | None = None,
    seed: int = 0,
    storage: PathName | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> NestedTuning:
    """Score a tuned model honestly: tune inside every training fold, score on its test rows.

    The score of the best of many trials is too high, because it was chosen for being high. Here
    the rows that are scored had no part in choosing.

    Parameters
    ----------
    table : FeatureTable
        All rows.
    family : str or Recipe
        What is tuned.
    protocol : str
        Whose folds are scored.
    inner_protocol : {"random", "track", "artist"} or None
        Whose folds inside the training rows score the points; None: the same, or for a published
        split ``artist`` where artists are known, else ``track``.
    seed : int
        Of both.
    storage : path-like or None
        Where the study files are: ``.0``, ``.1`` ... is added for the folds.
    progress : callable or None
        Called with the trials done, those expected in all, and the best so far in the fold.
    **settings
        As for `tune`; a budget is that of each fold.

    Returns
    -------
    NestedTuning
        The score, and what was chosen in each fold.

    Raises
    ------
    ParameterError
        As `tune` does.
    DatasetError
        If the folds cannot be made.
    StudyError
        As `tune` does.
    """
    if inner_protocol is None:
        known = inner_groups(protocol, table)
        inner_protocol = protocol if protocol in PROTOCOLS else known.replace("row", "track")
    folds = protocol_folds(protocol, table, seed=seed)
    classes = np.array(table.classes)
    tunings, answers = [], []
    for number, fold in enumerate(folds):
        train = table.select(fold.train)
        tuning = tune(
            train,
            family=family,
            protocol=inner_protocol,
            seed=seed,
            storage=None if storage is None else f"{os.fspath(storage)}.{number}",
            progress=_part(progress, number, len(folds)),
            **settings,
        )
        model = fit(
            tuning.recipe,
            train,
            classes=table.classes,
            calibrate=False,
            inner_groups=tuning.inner_groups,
        )
        tunings.append(tuning)
        answers.append(model.predict_labels(table.X[fold.test]))
    rows = np.concatenate([fold.test for fold in folds])
    predicted = np.concatenate(answers)
    y = np.searchsorted(classes, table.labels[rows])
    _, units = resampling_units(protocol, table)
    groups = None if units is None else units[rows]
    return NestedTuning(
        protocol=protocol,
        inner_protocol=inner_protocol,
        seed=seed,
        tunings=tuple(tunings),
        ids=table.ids[rows],
        true=table.labels[rows],
        predicted=classes[predicted],
        accuracy=estimates(y, np.eye(len(classes))[predicted], groups=groups)["accuracy"],
    )


def _part(progress: Progress | None, number: int, n_folds: int) -> Progress | None:
    """Tell of the progress in one fold as a part of all."""
    if progress is None:
        return None

    def told(done: int, expected: int, name: str) -> None:
        before = number * expected
        progress(before + done, n_folds * expected, f"fold {number + 1} of {n_folds}: {name}")

    return told
