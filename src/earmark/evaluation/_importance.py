"""What a model's answers rest on: how many go wrong when a column is shuffled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from earmark.evaluation._resampling import Resamples, interval, unit_numbers
from earmark.types import FloatArray, IntArray

__all__ = ["Importance", "accuracy_drops", "importances"]

_REPEATS = 5
_MAX_ROWS = 500
_MAX_ANSWERS = 50_000
_AT_ONCE = 10_000


@dataclass(frozen=True)
class Importance:
    """What one column is worth to a model.

    Attributes
    ----------
    feature : str
        Name of the column.
    drop : float
        Accuracy on test rows, less that after the column was shuffled among them.
    low, high : float
        The 95 % bootstrap interval, over what the run's other intervals are over.
    """

    feature: str
    drop: float
    low: float
    high: float


def accuracy_drops(
    answer: Callable[[FloatArray], IntArray],
    X: FloatArray,
    y: IntArray,
    *,
    seed: int | Sequence[int],
    repeats: int = _REPEATS,
    max_rows: int = _MAX_ROWS,
    max_answers: int = _MAX_ANSWERS,
) -> tuple[IntArray, FloatArray]:
    """Shuffle each column of some test rows and count how often each answer goes wrong.

    Parameters
    ----------
    answer : callable
        Maps rows to numbers of classes.
    X : np.ndarray [shape=(n, d)]
        Test rows of one fold.
    y : np.ndarray of int [shape=(n,)]
        Number of the right class.
    seed : int or sequence of int
        The same seed gives the same rows and shuffles.
    repeats : int
        How often each column is shuffled: less, but once at least, where more than `max_answers`
        would be asked for.
    max_rows : int
        Maximum number of rows, drawn at random.
    max_answers : int
        What the cost is bounded by, as far as `repeats` allows.

    Returns
    -------
    rows : np.ndarray of int [shape=(n_asked,)]
        Which rows were classified.
    drops : np.ndarray [shape=(n_asked, d)]
        For each row and column: 1 where it is answered rightly, less the share of the shuffles
        after which it is.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(100, 2))
    >>> rows, drops = accuracy_drops(lambda X: (X[:, 0] > 0).astype(int), X, X[:, 0] > 0, seed=0)
    >>> bool(drops[:, 0].mean() > 0.3), bool(drops[:, 1].any())
    (True, False)
    """
    rng = np.random.default_rng(seed)
    rows = np.arange(len(X))
    if len(X) > max_rows:
        rows = np.sort(rng.choice(len(X), max_rows, replace=False))
    n, d = len(rows), X.shape[1]
    X, y = X[rows], y[rows]
    repeats = int(np.clip(max_answers // (n * d), 1, repeats))
    right = (answer(X) == y).astype(np.float64)
    wanted = [column for column in range(d) for _ in range(repeats)]
    hits = np.zeros((d, n))
    together = max(1, _AT_ONCE // n)
    for start in range(0, len(wanted), together):
        columns = wanted[start : start + together]
        shuffled = np.tile(X, (len(columns), 1)).reshape(len(columns), n, d)
        for block, column in zip(shuffled, columns, strict=True):
            block[:, column] = rng.permutation(block[:, column])
        found = answer(shuffled.reshape(-1, d)).reshape(len(columns), n)
        np.add.at(hits, columns, found == y)
    return rows, right[:, np.newaxis] - hits.T / repeats


def importances(
    drops: FloatArray, names: Sequence[str], *, groups: IntArray | None = None
) -> tuple[Importance, ...]:
    """Average the drops of all rows, with intervals.

    Parameters
    ----------
    drops : np.ndarray [shape=(n, d)]
        Of `accuracy_drops`, from all folds.
    names : sequence of str
        Names of the columns.
    groups : np.ndarray of int [shape=(n,)] or None
        Rows with one number are resampled together; None: each row by itself.

    Returns
    -------
    tuple of Importance
        By falling drop. An interval around 0 says that nothing is known of the column; one of two
        columns that say the same can be shuffled without harm (Breiman 2001).
    """
    units, n_units = unit_numbers(groups, len(drops))
    totals = np.zeros((n_units, drops.shape[1]))
    np.add.at(totals, units, drops)
    sizes = np.bincount(units, minlength=n_units).astype(np.float64)
    found = Resamples(n_units).apply(lambda counts: (counts @ totals) / (counts @ sizes)[:, None])
    estimates = [
        (name, interval(float(value), column))
        for name, value, column in zip(names, drops.mean(axis=0), found.T, strict=True)
    ]
    estimates.sort(key=lambda entry: -entry[1].value)
    return tuple(Importance(name, one.value, one.low, one.high) for name, one in estimates)
