"""Dividing rows into training and test rows, by seed."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from earmark.errors import DatasetError
from earmark.types import FloatArray, IntArray

__all__ = ["Fold", "group_folds", "identical_rows", "joined_groups", "random_folds"]


@dataclass(frozen=True)
class Fold:
    """Rows to fit on and rows to score.

    Attributes
    ----------
    train, test : np.ndarray of int
        Numbers of the rows. No row is in both.
    """

    train: IntArray
    test: IntArray


def random_folds(labels: npt.NDArray[np.str_], *, n_folds: int, seed: int) -> list[Fold]:
    """Deal the rows into folds at random, each with the same share of every class.

    Parameters
    ----------
    labels : np.ndarray of str [shape=(n,)]
        Class of each row.
    n_folds : int
        How many folds.
    seed : int
        The same seed gives the same folds.

    Returns
    -------
    list of Fold
        Each row is tested once.

    Raises
    ------
    DatasetError
        If all rows of a class are in one fold.

    Examples
    --------
    >>> folds = random_folds(np.array(["rock", "jazz"] * 10), n_folds=5, seed=0)
    >>> len(folds), len(folds[0].train), len(folds[0].test)
    (5, 16, 4)
    """
    return group_folds(labels, np.arange(len(labels)), n_folds=n_folds, seed=seed)


def group_folds(
    labels: npt.NDArray[np.str_], groups: IntArray, *, n_folds: int, seed: int
) -> list[Fold]:
    """Deal whole groups into folds, the classes as even as the groups allow.

    Parameters
    ----------
    labels : np.ndarray of str [shape=(n,)]
        Class of each row.
    groups : np.ndarray of int [shape=(n,)]
        Rows with the same number stay together.
    n_folds : int
        How many folds.
    seed : int
        The same seed gives the same folds.

    Returns
    -------
    list of Fold
        Each row is tested once, and no group is on both sides.

    Raises
    ------
    DatasetError
        If all rows of a class are in one fold.

    Examples
    --------
    >>> labels, groups = np.array(["rock", "jazz"] * 10), np.arange(20) // 2
    >>> fold = group_folds(labels, groups, n_folds=5, seed=0)[0]
    >>> set(groups[fold.train]) & set(groups[fold.test])
    set()
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    alone = len(np.unique(groups)) == len(groups)
    kind = StratifiedKFold if alone else StratifiedGroupKFold
    by = None if alone else groups
    with warnings.catch_warnings():
        # A class may have fewer members than there are folds: then some folds test none of it.
        warnings.filterwarnings("ignore", message="The least populated class")
        try:
            splitter = kind(n_folds, shuffle=True, random_state=seed)
            folds = [Fold(train, test) for train, test in splitter.split(labels, labels, by)]
        except ValueError as error:
            raise DatasetError(f"{len(labels)} rows cannot be dealt: {error}") from error
    for fold in folds:
        untaught = set(labels) - set(labels[fold.train])
        if untaught:
            raise DatasetError(
                f"class {str(min(untaught))!r} has too few groups for n_folds={n_folds}: "
                "one fold tests all of it and trains on none"
            )
    return folds


def joined_groups(*groups: IntArray) -> IntArray:
    """Join groupings: rows stay together that any of them keeps together.

    Parameters
    ----------
    *groups : np.ndarray of int [shape=(n,)]
        In each, rows with the same number stay together.

    Returns
    -------
    np.ndarray of int [shape=(n,)]
        Connected components, numbered from 0 by their first row: if the first grouping joins rows 1
        and 2 and the second rows 2 and 3, all three are one group.

    Raises
    ------
    DatasetError
        If there is no grouping, or their lengths differ.

    Examples
    --------
    >>> joined_groups(np.array([7, 7, 3, 4]), np.array([0, 1, 1, 2])).tolist()
    [0, 0, 0, 1]
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    lengths = sorted({len(group) for group in groups})
    if len(lengths) != 1:
        raise DatasetError(f"groups of lengths {lengths}: one or more of one length are needed")
    n = lengths[0]
    # A row is an edge between its number in the first grouping and that in each of the others.
    numbers, offset = [], 0
    for group in groups:
        _, number = np.unique(group, return_inverse=True)
        numbers.append(number + offset)
        offset += int(number.max(initial=-1)) + 1
    start = np.tile(numbers[0], len(groups))
    edges = coo_array(
        (np.ones(len(start), dtype=np.int8), (start, np.concatenate(numbers))),
        shape=(offset, offset),
    )
    _, component = connected_components(edges, directed=False)
    _, first, joined = np.unique(
        component[numbers[0]] if n else component, return_index=True, return_inverse=True
    )
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[joined]


def identical_rows(X: FloatArray) -> IntArray:
    """Group the rows that are equal to the last digit: copies of one recording, almost surely.

    Parameters
    ----------
    X : np.ndarray [shape=(n, d)]
        The features.

    Returns
    -------
    np.ndarray of int [shape=(n,)]
        Equal rows hold the same number; numbered from 0 by their first row.

    Examples
    --------
    >>> identical_rows(np.array([[1.0, 2.0], [0.0, 2.0], [1.0, 2.0]])).tolist()
    [0, 1, 0]
    """
    known: dict[bytes, int] = {}
    rows = np.ascontiguousarray(X + 0.0)  # so that -0.0 is 0.0
    return np.array([known.setdefault(row.tobytes(), len(known)) for row in rows], dtype=np.int64)
