"""Bootstrap intervals: many resamples at once, as counts of how often each unit is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from earmark.errors import ParameterError
from earmark.types import FloatArray, IntArray

__all__ = [
    "N_RESAMPLES",
    "Estimate",
    "Intervals",
    "Resamples",
    "ResamplingUnit",
    "interval",
    "intervals_over",
    "mean_difference",
    "unit_numbers",
]

N_RESAMPLES = 2000
"""How often units are drawn with replacement."""

ResamplingUnit = Literal["artist", "track"]
"""What a bootstrap draws whole: all rows of an artist, or all rows of a track."""

_AT_ONCE = 4_000_000
"""Counts held at a time, which bounds the memory."""


@dataclass(frozen=True)
class Estimate:
    """A number and the interval it lies in.

    Attributes
    ----------
    value : float
        On the rows as they are.
    low, high : float
        The 95 % bootstrap interval.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Intervals:
    """How intervals were made, to be stated beside them.

    Attributes
    ----------
    over : {"artist", "track"}
        What each resample draws whole.
    n_units : int
        How many artists or tracks there are to draw from.
    n_resamples : int
        How many times as many were drawn with replacement.
    seed : int
        Seed of the draws.
    """

    over: ResamplingUnit
    n_units: int
    n_resamples: int = N_RESAMPLES
    seed: int = 0


def intervals_over(over: ResamplingUnit, groups: IntArray | None, n: int) -> Intervals:
    """Describe intervals from resampling groups of `n` rows; None: each row by itself."""
    return Intervals(over, unit_numbers(groups, n)[1])


def unit_numbers(groups: IntArray | None, n: int) -> tuple[IntArray, int]:
    """Give a number to what is resampled together: groups of rows, or single rows where None.

    Returns the number of the unit of each row, from 0 in the order of `groups`, and how many there
    are.
    """
    if groups is None:
        return np.arange(n), n
    if groups.shape != (n,):
        raise ParameterError(f"groups has shape {groups.shape}: one number for each of {n} rows")
    numbers, units = np.unique(groups, return_inverse=True)
    return units, len(numbers)


@dataclass(frozen=True)
class Resamples:
    """Units drawn with replacement (Efron 1979): as many as there are, `n_resamples` times."""

    n_units: int
    n_resamples: int = N_RESAMPLES
    seed: int = 0

    def draws(self) -> Iterator[IntArray]:
        """Yield numbers of the units drawn, of shape (n_some, n_units), some resamples at a time.

        However many come at a time, all together are the same.
        """
        rng = np.random.default_rng(self.seed)
        at_once = max(1, _AT_ONCE // self.n_units)
        for start in range(0, self.n_resamples, at_once):
            n_some = min(at_once, self.n_resamples - start)
            yield rng.integers(self.n_units, size=(n_some, self.n_units))

    def counts(self) -> Iterator[FloatArray]:
        """Yield how often each unit is drawn: shape (n_some, n_units), some resamples at a time."""
        for draws in self.draws():
            n_some = len(draws)
            places = draws + np.arange(n_some)[:, np.newaxis] * self.n_units
            flat = np.bincount(places.ravel(), minlength=n_some * self.n_units)
            yield flat.reshape(n_some, self.n_units).astype(np.float64)

    def apply(self, statistic: Callable[[FloatArray], FloatArray]) -> FloatArray:
        """Compute statistics of every resample.

        `statistic` maps counts of shape (n_some, n_units) to numbers of shape (n_some, ...).
        """
        return np.concatenate([statistic(counts) for counts in self.counts()])


def interval(value: float, resampled: FloatArray) -> Estimate:
    """Make an estimate of a number: the 2.5th to 97.5th percentile of its resampled values."""
    low, high = np.percentile(resampled, [2.5, 97.5])
    return Estimate(float(value), float(low), float(high))


def mean_difference(
    first: FloatArray,
    second: FloatArray,
    *,
    groups: IntArray | None = None,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> Estimate:
    """Compute the mean of ``first - second``, both of the same rows, with a paired interval.

    Parameters
    ----------
    first, second : np.ndarray [shape=(n,)]
        A number for each row, such as 1 where an answer is right and 0 where it is not.
    groups : np.ndarray of int [shape=(n,)] or None
        Rows with one number are drawn together; None: each row by itself.
    n_resamples : int
        How many times rows are drawn with replacement.
    seed : int
        The same seed gives the same interval.

    Returns
    -------
    Estimate
        The difference on all rows, and the 2.5th and 97.5th percentile of the resamples, in each of
        which both sides are of the same rows.

    Raises
    ------
    ParameterError
        If the lengths differ or there is no row.

    Examples
    --------
    >>> right, wrong = np.ones(50), np.zeros(50)
    >>> mean_difference(right, wrong)
    Estimate(value=1.0, low=1.0, high=1.0)
    """
    if first.shape != second.shape or first.ndim != 1 or not len(first):
        raise ParameterError(
            f"first has shape {first.shape} and second {second.shape}: "
            "both must have one number for each row, and at least one row"
        )
    difference = np.asarray(first, dtype=np.float64) - second
    units, n_units = unit_numbers(groups, len(difference))
    totals = np.bincount(units, weights=difference, minlength=n_units)
    sizes = np.bincount(units, minlength=n_units).astype(np.float64)
    resamples = Resamples(n_units, n_resamples=n_resamples, seed=seed)
    found = resamples.apply(lambda counts: (counts @ totals) / (counts @ sizes))
    return interval(difference.mean(), found)
