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
    """What came of one point in one fold.

    Attributes
    ----------
    n_right : int
        Rows held out that were named right.
    n : int
        Rows held out.
    seconds : float
        Computing time.
    failure : str or None
        Why it could not be fitted.
    """

    n_right: int
    n: int
    seconds: float
    failure: str | None = None


def with_parameters(recipe: Recipe, parameters: Mapping[str, Any]) -> Recipe:
    """Set parameters of a recipe's classifier.

    Parameters
    ----------
    recipe : Recipe
        Of one classifier.
    parameters : mapping
        Values by name.

    Returns
    -------
    Recipe
        With those, and what it had beside them.

    Raises
    ------
    ParameterError
        If it has several classifiers.
    """
    if len(recipe.members) != 1:
        raise ParameterError(
            f"recipe={recipe.name!r} has {len(recipe.members)} classifiers: only one can be tuned"
        )
    return replace(recipe, members=({**recipe.members[0], **parameters},))


class Scorer:
    """Scores points in folds of a table.

    Parameters
    ----------
    table : FeatureTable
        All rows there are to learn from.
    folds : sequence of Fold
        Of that table; they stay the same for all points.
    recipe : Recipe
        Whose parameters are set.
    inner_groups : {"artist", "track", "row"}
        What is kept whole where the recipe holds rows out itself.
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
    """Compute the score of a point and its standard error.

    Parameters
    ----------
    scores : sequence of FoldScore
        Of all folds, none of which failed.

    Returns
    -------
    score : float
        Right answers over rows, all folds together.
    standard_error : float
        Standard deviation of the folds' scores over the root of their number; of one fold
        ``sqrt(p (1 - p) / n)``.

    Examples
    --------
    >>> score, standard_error = score_of([FoldScore(6, 10, 0.0), FoldScore(8, 10, 0.0)])
    >>> score, round(standard_error, 6)
    (0.7, 0.1)
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
    """Keep processes that score points.

    Parameters
    ----------
    scorer : Scorer
        What each scores with.
    jobs : int
        How many, on one thread each; with 1 it is done in this one.
    late : callable
        Tells whether no further point shall be begun.

    Yields
    ------
    callable
        Maps points to the scores of their folds, in the order of the points, one by one; it ends
        early when it is late.
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
