"""What a tuned model is worth: it is tuned again inside every training fold."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from earmark.datasets import FeatureTable
from earmark.evaluation import Estimate, InnerGroups, Run, Split, score_split
from earmark.models.recipe import FittedModel, Recipe, fit
from earmark.records import Record
from earmark.tuning._result import Tuning
from earmark.tuning._search import TUNING_PROTOCOLS, search_parameters
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
        Genres in the order of the probabilities.
    family : str or Recipe
        What is tuned.
    protocol : {"random", "track", "artist"}
        Protocol of the folds that score the points.
    calibrate : bool
        Whether the fitted model is calibrated.
    **settings
        As for `search_parameters`.

    Returns
    -------
    FittedModel
        With the parameters that were chosen.

    Raises
    ------
    ParameterError
        As `search_parameters` does.
    DatasetError
        If the folds cannot be made.
    StudyError
        As `search_parameters` does.
    """
    tuning = search_parameters(table, family=family, protocol=protocol, **settings)
    return _fit_chosen(tuning, table, classes, calibrate=calibrate)


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
    """Answers of tuned models for rows that neither they nor their tuning used.

    Attributes
    ----------
    protocol, inner_protocol : str
        Protocol of the folds that are scored, and of those inside their training rows that chose
        the parameters.
    seed : int
        Of both.
    tunings : tuple of Tuning
        One for each fold that is scored.
    run : Run
        The scores.
    """

    protocol: str
    inner_protocol: str
    seed: int
    tunings: tuple[Tuning, ...]
    run: Run

    @property
    def ids(self) -> npt.NDArray[np.str_]:
        """The rows scored."""
        return np.array(self.run.predictions.ids)

    @property
    def true(self) -> npt.NDArray[np.str_]:
        """Their genres."""
        return np.array(self.run.predictions.true)

    @property
    def predicted(self) -> npt.NDArray[np.str_]:
        """The answers."""
        return np.array(self.run.predictions.predicted)

    @property
    def accuracy(self) -> Estimate:
        """Accuracy with its interval, over artists where the protocol keeps artists apart."""
        return self.run.metrics.accuracy

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
        Protocol of the folds that are scored.
    inner_protocol : {"random", "track", "artist"} or None
        Protocol of the folds inside the training rows; None: the same, or for a published
        split ``artist`` where artists are known, else ``track``.
    seed : int
        Of both.
    storage : path-like or None
        Where the study files are: ``.0``, ``.1`` ... is added for the folds.
    progress : callable or None
        Called with the trials done, those expected in all, and the best so far in the fold.
    **settings
        As for `search_parameters`; a budget is that of each fold.

    Returns
    -------
    NestedTuning
        The score, and what was chosen in each fold.

    Raises
    ------
    ParameterError
        As `search_parameters` does.
    DatasetError
        If the folds cannot be made.
    StudyError
        As `search_parameters` does.
    """
    split = Split.deal(protocol, table, seed=seed)
    if inner_protocol is None:
        known = split.inner_groups.replace("row", "track")
        inner_protocol = protocol if protocol in TUNING_PROTOCOLS else known
    candidate = _Tuned(
        family,
        {"protocol": inner_protocol, "seed": seed, **settings},
        n_folds=len(split.folds),
        storage=storage,
        progress=progress,
    )
    run = score_split(candidate, split)[0]
    return NestedTuning(protocol, inner_protocol, seed, tuple(candidate.tunings), run)


@dataclass
class _Tuned:
    """A model whose parameters are searched inside the training rows of each fold."""

    family: str | Recipe
    settings: Mapping[str, Any]
    n_folds: int
    storage: PathName | None
    progress: Progress | None
    tunings: list[Tuning] = field(default_factory=list)
    calibrate: bool = False

    @property
    def name(self) -> str:
        """How it is called in errors."""
        return self.family if isinstance(self.family, str) else self.family.name

    def fit(self, table: Any, *, classes: Sequence[str], inner_groups: InnerGroups) -> FittedModel:
        """Search on training rows, and fit what is chosen to them."""
        number = len(self.tunings)
        tuning = search_parameters(
            table,
            family=self.family,
            storage=None if self.storage is None else f"{os.fspath(self.storage)}.{number}",
            progress=self._progress_in(number),
            **self.settings,
        )
        self.tunings.append(tuning)
        return _fit_chosen(tuning, table, classes, calibrate=False)

    def _progress_in(self, number: int) -> Progress | None:
        """Report the progress in one fold as a part of all."""
        if self.progress is None:
            return None
        report, n_folds = self.progress, self.n_folds

        def update(done: int, expected: int, name: str) -> None:
            before = number * expected
            report(before + done, n_folds * expected, f"fold {number + 1} of {n_folds}: {name}")

        return update


def _fit_chosen(
    tuning: Tuning, table: FeatureTable, classes: Sequence[str], *, calibrate: bool
) -> FittedModel:
    """Fit the recipe that was chosen to the rows it was chosen by."""
    return fit(
        tuning.recipe,
        table,
        classes=classes,
        calibrate=calibrate,
        inner_groups=tuning.inner_groups,
    )
