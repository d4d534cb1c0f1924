"""Folds: every row tested once, no group torn apart, the same by the same seed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.datasets import group_folds, random_folds
from earmark.errors import DatasetError

LABELS = np.array(["rock", "jazz", "blues"] * 40)
GROUPS = np.arange(120) // 6 * 10 + np.arange(120) % 3  # 60 groups of two, each of one class


@st.composite
def corpora(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, int]:
    """Draw rows of several classes, each by enough groups of any size to be dealt."""
    n_folds = draw(st.integers(2, 4))
    labels, groups = [], []
    for label in range(draw(st.integers(2, 3))):
        for _ in range(draw(st.integers(2 * n_folds, 3 * n_folds))):
            size = draw(st.integers(1, 4))
            number = len(set(groups))
            labels += [f"genre{label}"] * size
            groups += [number] * size
    order = np.array(draw(st.permutations(range(len(labels)))))
    return np.array(labels)[order], np.array(groups)[order], n_folds


@settings(deadline=None, derandomize=True)
@given(corpora(), st.integers(0, 2**31))
def test_no_group_is_on_both_sides(corpus: tuple[np.ndarray, np.ndarray, int], seed: int) -> None:
    labels, groups, n_folds = corpus
    try:
        folds = group_folds(labels, groups, n_folds=n_folds, seed=seed)
    except DatasetError:  # groups of very unequal sizes can put a whole class into one fold
        return
    assert len(folds) == n_folds
    tested = np.concatenate([fold.test for fold in folds])
    np.testing.assert_array_equal(np.sort(tested), np.arange(len(labels)))
    for fold in folds:
        assert not set(groups[fold.train]) & set(groups[fold.test])
        assert len(fold.train) + len(fold.test) == len(labels)
        assert set(labels[fold.train]) == set(labels)


def test_groups_of_the_example_are_kept_whole() -> None:
    for fold in group_folds(LABELS, GROUPS, n_folds=5, seed=0):
        assert not set(GROUPS[fold.train]) & set(GROUPS[fold.test])
        assert len(fold.test) == 24


def test_random_folds_tear_groups_apart() -> None:
    folds = random_folds(LABELS, n_folds=5, seed=0)
    assert any(set(GROUPS[fold.train]) & set(GROUPS[fold.test]) for fold in folds)


def test_random_folds_are_even_in_every_class() -> None:
    for fold in random_folds(LABELS, n_folds=5, seed=0):
        assert np.unique(LABELS[fold.test], return_counts=True)[1].tolist() == [8, 8, 8]


@pytest.mark.parametrize("grouped", [True, False])
def test_seed_decides_the_folds(grouped: bool) -> None:
    def tests(seed: int) -> list[list[int]]:
        if grouped:
            folds = group_folds(LABELS, GROUPS, n_folds=5, seed=seed)
        else:
            folds = random_folds(LABELS, n_folds=5, seed=seed)
        return [fold.test.tolist() for fold in folds]

    assert tests(0) == tests(0)
    assert tests(0) != tests(1)


def test_class_of_one_group_is_refused() -> None:
    groups = np.where(LABELS == "blues", -1, GROUPS)
    with pytest.raises(DatasetError, match="class 'blues' has too few groups for n_folds=5"):
        group_folds(LABELS, groups, n_folds=5, seed=0)


def test_class_of_one_row_is_refused() -> None:
    labels = np.array(["rock"] * 10 + ["jazz"])
    with pytest.raises(DatasetError, match="class 'jazz'"):
        random_folds(labels, n_folds=5, seed=0)


@pytest.mark.parametrize("n_folds", [0, 1, 121])
def test_impossible_number_of_folds_is_refused(n_folds: int) -> None:
    with pytest.raises(DatasetError, match="cannot be dealt"):
        group_folds(LABELS, GROUPS, n_folds=n_folds, seed=0)


def test_no_rows_are_refused() -> None:
    with pytest.raises(DatasetError, match="0 rows cannot be dealt"):
        random_folds(np.array([], dtype=str), n_folds=5, seed=0)
