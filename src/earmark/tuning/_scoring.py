"""What a point is worth: its share of right answers on held-out rows, in parallel processes."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice, takewhile
from typing import Any, TypeAlias

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from earmark.datasets import FeatureTable, Fold
from earmark.errors import EarmarkError, ParameterError
from earmark.evaluation import FITTING_MODULES, InnerGroups
from earmark.models.recipe import Recipe, fit
from earmark.processes import Pool

__all__ = ["FoldScore", "Scorer", "Scores", "score_of", "scoring", "with_parameters"]


@dataclass(frozen=True)
class FoldScore:
    """The result of one point in one fold: how many of the `n` held-out rows were named right.

    `seconds` is the computing time, and `failure` why the model could not be fitted.
    """

    n_right: int
    n: int
    seconds: float
    failure: str | None = None


def with_parameters(recipe: Recipe, parameters: Mapping[str, Any]) -> Recipe:
    """Set parameters of a recipe's classifier, keeping the others.

    ParameterError if the recipe has several classifiers.
    """
    if len(recipe.members) != 1:
        raise ParameterError(
            f"recipe={recipe.name!r} has {len(recipe.members)} classifiers: only one can be tuned"
        )
    return replace(recipe, members=({**recipe.members[0], **parameters},))


class Scorer:
    """Scores points, which are parameters of the recipe, in the same folds of a table.

    `inner_groups` is what is kept whole where the recipe holds out rows itself.
    """

    def __init__(
        self,
        table: FeatureTable,
        folds: Sequence[Fold],
        recipe: Recipe,
        *,
        inner_groups: InnerGroups,
    ) -> None:
        self.n_folds = len(folds)
        self._recipe = recipe
        self._inner_groups = inner_groups
        self._classes = table.classes
        self._parts = [(table.select(fold.train), table.select(fold.test)) for fold in folds]

    def __call__(self, parameters: Mapping[str, Any], fold: int) -> FoldScore:
        """Fit on the training rows of a fold and count the right answers to its test rows."""
        train, test = self._parts[fold]
        before = time.perf_counter()
        recipe = with_parameters(self._recipe, parameters)
        try:
            with warnings.catch_warnings(), threadpool_limits(1):
                # Some points are bad ones: that shows in their score.
                warnings.simplefilter("ignore", ConvergenceWarning)
                model = fit(
                    recipe,
                    train,
                    classes=self._classes,
                    calibrate=False,
                    inner_groups=self._inner_groups,
                )
                predicted = np.array(self._classes)[model.predict_labels(test.X)]
        except ValueError as error:  # say, more neighbours than rows
            return FoldScore(0, len(test), time.perf_counter() - before, str(error))
        n_right = int((predicted == test.labels).sum())
        return FoldScore(n_right, len(test), time.perf_counter() - before)


def score_of(scores: Sequence[FoldScore]) -> tuple[float, float]:
    """Compute the share of right answers of a point in all folds, and its standard error.

    The error is the standard deviation of the folds' scores over the root of their number, or
    ``sqrt(p (1 - p) / n)`` for a single fold. No fold may have failed.
    """
    n = sum(part.n for part in scores)
    score = sum(part.n_right for part in scores) / n
    if len(scores) == 1:
        return score, math.sqrt(score * (1 - score) / n)
    shares = [part.n_right / part.n for part in scores]
    return score, float(np.std(shares, ddof=1)) / math.sqrt(len(shares))


def _score(scorer: Scorer, task: tuple[Mapping[str, Any], int]) -> FoldScore:
    return scorer(*task)


Scores: TypeAlias = Callable[[Sequence[Mapping[str, Any]]], Iterator[list[FoldScore]]]
"""Scores points in order, as they are done, until it is closed or out of time."""


@contextmanager
def scoring(scorer: Scorer, *, jobs: int, late: Callable[[], bool]) -> Iterator[Scores]:
    """Keep `jobs` processes of one thread that score points; with 1, this process does it.

    What is yielded maps points to the scores of their folds, in the order of the points, one by
    one. It ends early once `late` returns true.
    """
    pool = Pool(partial(_score, scorer), jobs=jobs, preload=FITTING_MODULES, ahead=2)

    def scores(points: Sequence[Mapping[str, Any]]) -> Iterator[list[FoldScore]]:
        begun = takewhile(lambda _: not late(), points)
        results = pool.map(((point, fold) for point in begun for fold in folds), ordered=True)
        while parts := list(islice(results, len(folds))):
            if any(part.exit_code is not None for part in parts):
                raise EarmarkError(
                    "a process that scored trials was killed, perhaps because memory ran out. Try "
                    "fewer processes, such as jobs=1"
                )
            yield [part.unwrap() for part in parts]

    folds = range(scorer.n_folds)
    with pool:
        yield scores
