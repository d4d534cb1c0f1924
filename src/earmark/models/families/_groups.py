"""Hold rows out within the training rows, in whole groups."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from earmark.datasets import Fold, group_folds
from earmark.models.families._threads import one_thread
from earmark.types import FloatArray, IntArray

__all__ = ["TakesGroups", "fit_classifier", "inner_folds"]

_INTERRUPTED = "Training interrupted by user"
"""How scikit-learn's warning begins."""


class TakesGroups:
    """A classifier that holds rows out while fitting.

    Its ``fit(X, y, groups=None)`` keeps rows of the same group together; without groups, each row
    is a group.
    """

    def deal(self, y: IntArray, groups: IntArray | None) -> None:
        """Split the rows as ``fit`` would, without fitting.

        Parameters
        ----------
        y : np.ndarray of int [shape=(n,)]
            Number of the class of each training row.
        groups : np.ndarray of int [shape=(n,)] or None
            Rows with the same number stay together.

        Raises
        ------
        DatasetError
            If a class has too few groups, as ``fit`` would.
        """
        raise NotImplementedError


def fit_classifier(
    classifier: Any, X: FloatArray, y: IntArray, *, groups: IntArray | None = None
) -> Any:
    """Fit a classifier from `make_classifier`, with groups if it uses them.

    Parameters
    ----------
    classifier : estimator
        Not yet fitted.
    X : np.ndarray [shape=(n, d)]
        Training rows.
    y : np.ndarray of int [shape=(n,)]
        Number of the class of each.
    groups : np.ndarray of int [shape=(n,)] or None
        Rows with the same number stay together; None makes each row a group.

    Returns
    -------
    estimator
        The classifier itself.

    Raises
    ------
    DatasetError
        If a class has too few groups to hold rows out.

    Examples
    --------
    >>> from earmark.models.families import make_classifier
    >>> X, y = np.array([[0.0], [1.0], [10.0], [11.0]]), np.array([0, 0, 1, 1])
    >>> fit_classifier(make_classifier("knn", {"n_neighbors": 1}), X, y).predict([[9.0]]).tolist()
    [1]
    """
    with one_thread(), _interruptible():
        if isinstance(classifier, TakesGroups):
            return classifier.fit(X, y, groups=groups)  # type: ignore[attr-defined]
        return classifier.fit(X, y)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C end a fit: networks of scikit-learn catch it, warn, and return as they are."""
    with warnings.catch_warnings():
        warnings.filterwarnings("error", _INTERRUPTED)
        try:
            yield
        except UserWarning as warning:
            if str(warning).startswith(_INTERRUPTED):
                raise KeyboardInterrupt from warning
            raise


def inner_folds(
    y: IntArray,
    groups: IntArray | None,
    *,
    n_folds: int,
    seed: int,
    classes: Sequence[str] | None = None,
) -> list[Fold]:
    """Split training rows into folds, in whole groups.

    Parameters
    ----------
    y : np.ndarray of int [shape=(n,)]
        Number of the class of each row.
    groups : np.ndarray of int [shape=(n,)] or None
        Rows with the same number stay together; None makes each row a group.
    n_folds : int
        Number of folds.
    seed : int
        The same seed gives the same folds.
    classes : sequence of str or None
        Names of the classes, for errors.

    Returns
    -------
    list of Fold
        Each row is held out once.

    Raises
    ------
    DatasetError
        If all rows of a class are in one fold.

    Examples
    --------
    >>> fold = inner_folds(np.arange(8) % 2, np.arange(8) // 2, n_folds=4, seed=0)[0]
    >>> len(fold.train), len(fold.test)
    (6, 2)
    """
    labels: npt.NDArray[np.str_] = y.astype(str) if classes is None else np.array(classes)[y]
    alone = np.arange(len(y)) if groups is None else groups
    return group_folds(labels, alone, n_folds=n_folds, seed=seed)
