"""Permutation importance: what is known by construction, and scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression

from earmark.evaluation import accuracy_drops, importances


@pytest.fixture
def rows() -> tuple[np.ndarray, np.ndarray]:
    """Return rows of four columns: the first decides, the second helps, two say nothing."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 4))
    return X, (2 * X[:, 0] + X[:, 1] > 0).astype(np.int64)


@pytest.fixture
def model(rows: tuple[np.ndarray, np.ndarray]) -> LogisticRegression:
    return LogisticRegression().fit(*rows)


def test_drops_are_those_of_scikit_learn(rows, model) -> None:
    X, y = rows
    asked, drops = accuracy_drops(model.predict, X, y, seed=0, repeats=30)
    expected = permutation_importance(model, X, y, n_repeats=30, random_state=0)
    np.testing.assert_array_equal(asked, np.arange(300))
    np.testing.assert_allclose(drops.mean(axis=0), expected.importances_mean, atol=0.02)


def test_column_that_is_not_used_is_worth_nothing(rows) -> None:
    X, y = rows
    _, drops = accuracy_drops(lambda X: (2 * X[:, 0] + X[:, 1] > 0).astype(int), X, y, seed=0)
    assert not drops[:, 2:].any()
    assert (drops[:, :2] >= 0).all()  # all was right before


def test_column_that_misleads_is_worth_less_than_nothing() -> None:
    X = np.random.default_rng(0).normal(size=(200, 1))
    _, drops = accuracy_drops(lambda X: (X[:, 0] > 0).astype(int), X, X[:, 0] < 0, seed=0)
    assert drops.mean() == pytest.approx(-0.5, abs=0.1)


def test_seed_decides_the_shuffles(rows, model) -> None:
    X, y = rows
    found = [accuracy_drops(model.predict, X, y, seed=seed)[1] for seed in ([0, 1], [0, 1], [0, 2])]
    np.testing.assert_array_equal(found[0], found[1])
    assert (found[0] != found[2]).any()


@pytest.mark.parametrize(
    ("max_rows", "max_answers", "asked"),
    [(500, 50_000, 300 + 5 * 4 * 300), (100, 50_000, 100 + 5 * 4 * 100), (300, 100, 300 + 4 * 300)],
)
def test_cost_is_bounded(rows, max_rows: int, max_answers: int, asked: int) -> None:
    X, y = rows
    seen: list[int] = []

    def answer(X: np.ndarray) -> np.ndarray:
        seen.append(len(X))
        return np.zeros(len(X), dtype=np.int64)

    chosen, drops = accuracy_drops(answer, X, y, seed=0, max_rows=max_rows, max_answers=max_answers)
    assert sum(seen) == asked
    assert len(seen) < 10
    assert drops.shape == (len(chosen), 4)
    assert len(set(chosen)) == len(chosen) == min(max_rows, 300)


def test_intervals_are_over_groups_and_sorted(rows, model) -> None:
    X, y = rows
    _, drops = accuracy_drops(model.predict, X, y, seed=0)
    names = ("first", "second", "third", "fourth")
    found = importances(drops, names)
    assert [one.feature for one in found[:2]] == ["first", "second"]
    assert [one.drop for one in found] == sorted((one.drop for one in found), reverse=True)
    assert all(one.low <= one.drop <= one.high for one in found)
    assert found[0].low > found[1].high
    doubled = importances(np.repeat(drops, 4, axis=0), names, groups=np.repeat(np.arange(300), 4))
    for one, two in zip(found, doubled, strict=True):
        assert (one.drop, one.low, one.high) == pytest.approx((two.drop, two.low, two.high))
