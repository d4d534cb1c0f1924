"""Joining groupings, and finding rows that are equal."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.datasets import identical_rows, joined_groups
from earmark.errors import DatasetError


def naive(groups: list[np.ndarray]) -> list[int]:
    """Join one pair of rows after the other."""
    joined = list(range(len(groups[0])))
    for group in groups:
        for one in range(len(group)):
            for other in range(one):
                if group[one] == group[other] and joined[one] != joined[other]:
                    old, new = joined[one], joined[other]
                    joined = [new if number == old else number for number in joined]
    rank = {number: at for at, number in enumerate(dict.fromkeys(joined))}
    return [rank[number] for number in joined]


@settings(deadline=None, derandomize=True)
@given(st.data(), st.integers(0, 12), st.integers(1, 3))
def test_joined_are_the_connected_components(data: st.DataObject, n: int, n_groups: int) -> None:
    numbers = st.lists(st.integers(-5, 9), min_size=n, max_size=n)
    groups = [np.array(data.draw(numbers), dtype=np.int64) for _ in range(n_groups)]
    joined = joined_groups(*groups)
    assert joined.dtype == np.int64
    assert joined.tolist() == naive(groups)


def test_long_chain_is_one_group() -> None:
    n = 10_000
    first, second = np.arange(n) // 2, (np.arange(n) + 1) // 2
    assert len(np.unique(joined_groups(first, second))) == 1


@pytest.mark.parametrize("groups", [(), (np.arange(3), np.arange(4))])
def test_groups_that_do_not_fit_are_refused(groups: tuple[np.ndarray, ...]) -> None:
    with pytest.raises(DatasetError, match=r"groups of lengths \["):
        joined_groups(*groups)


def test_equal_rows_hold_one_number() -> None:
    X = np.array([[0.0, 1], [1, 0], [-0.0, 1], [1, 1e-300], [1, 0]])
    assert identical_rows(X).tolist() == [0, 1, 0, 2, 1]
    assert identical_rows(np.empty((0, 3))).tolist() == []
    assert identical_rows(np.empty((2, 0))).tolist() == [0, 0]
