"""Nearest neighbours against the definition, written out."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.neighbors import KNeighborsClassifier

from earmark.errors import ParameterError
from earmark.models.families import make_classifier
from earmark.models.families.knn import squared_weights

WEIGHTS = ("uniform", "distance", "distance2")


def by_definition(
    known: np.ndarray, y: np.ndarray, rows: np.ndarray, *, k: int, p: int, weights: str
) -> np.ndarray:
    """Return the shares of the classes, one pair of rows at a time."""
    found = np.zeros((len(rows), y.max() + 1))
    for i, row in enumerate(rows):
        powers = [sum(abs(Fraction(a) - Fraction(b)) ** p for a, b in zip(row, one, strict=True))
                  for one in known.tolist()]  # fmt: skip
        nearest = sorted(range(len(known)), key=lambda j: (powers[j], j))[:k]
        exact = [float(powers[j]) ** (1 / p) for j in nearest]
        power = {"uniform": 0, "distance": 1, "distance2": 2}[weights]
        if power and 0 in exact:
            of = [float(d == 0) for d in exact]
        else:
            of = [1 / d**power for d in exact]
        for j, weight in zip(nearest, of, strict=True):
            found[i, y[j]] += weight
    return found / found.sum(axis=1, keepdims=True)


def rows_with_ties(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rows on a coarse grid: many are equal, many equally far, of different classes."""
    rng = np.random.default_rng(seed)
    known = rng.integers(0, 3, (60, 4)) * 0.5
    rows = np.concatenate([rng.integers(0, 3, (30, 4)) * 0.5, known[:10]])
    return known, np.arange(60) % 3, rows


@pytest.mark.parametrize("k", [1, 2, 5, 60])
@pytest.mark.parametrize("p", [1, 2, 3])
@pytest.mark.parametrize("weights", WEIGHTS)
def test_shares_are_those_of_the_definition(k: int, p: int, weights: str) -> None:
    known, y, rows = rows_with_ties()
    made = make_classifier("knn", {"n_neighbors": k, "p": p, "weights": weights}).fit(known, y)
    expected = by_definition(known, y, rows, k=k, p=p, weights=weights)
    np.testing.assert_allclose(made.predict_proba(rows), expected, atol=1e-9)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    hnp.arrays(np.float64, (12, 3), elements=st.sampled_from([0.0, 1.0, 1.5, -2.0, 1e-8])),
    st.integers(1, 12),
    st.sampled_from([1, 2, 3]),
    st.sampled_from(WEIGHTS),
)
def test_shares_are_those_of_the_definition_whatever_the_rows(
    known: np.ndarray, k: int, p: int, weights: str
) -> None:
    y = np.arange(12) % 2
    made = make_classifier("knn", {"n_neighbors": k, "p": p, "weights": weights}).fit(known, y)
    expected = by_definition(known, y, known[:5], k=k, p=p, weights=weights)
    np.testing.assert_allclose(made.predict_proba(known[:5]), expected, atol=1e-6)


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("p", [1, 2, 3])
def test_without_ties_it_is_scikit_learns(weights: Any, p: int) -> None:
    rng = np.random.default_rng(1)
    known, rows, y = rng.normal(size=(200, 20)), rng.normal(size=(50, 20)), np.arange(200) % 4
    settings = {"n_neighbors": 7, "weights": weights, "p": p}
    made = make_classifier("knn", settings).fit(known, y)
    expected = KNeighborsClassifier(7, weights=weights, p=p).fit(known, y)
    np.testing.assert_allclose(made.predict_proba(rows), expected.predict_proba(rows), atol=1e-9)
    np.testing.assert_array_equal(made.predict(rows), expected.predict(rows))


@pytest.mark.parametrize("p", [1, 2, 3])
def test_equal_rows_are_at_distance_zero(p: int) -> None:
    known = np.random.default_rng(2).normal(1000, 1, (300, 57))
    made = make_classifier("knn", {"n_neighbors": 3, "p": p}).fit(known, np.arange(300) % 3)
    distance, numbers = made.kneighbors(known)
    np.testing.assert_array_equal(distance[:, 0], 0)
    np.testing.assert_array_equal(numbers[:, 0], np.arange(300))


@pytest.mark.parametrize("p", [1, 2, 3])
def test_near_duplicates_keep_their_digits(p: int) -> None:
    known = np.random.default_rng(3).normal(0, 1, (100, 57))
    row = known[:1].copy()
    row[0, 5] += 1e-9
    made = make_classifier("knn", {"n_neighbors": 1, "p": p}).fit(known, np.arange(100) % 3)
    distance, _ = made.kneighbors(row)
    assert distance[0, 0] == pytest.approx(abs(row[0, 5] - known[0, 5]), rel=1e-9)


def test_of_equal_rows_the_first_is_the_nearest() -> None:
    known = np.zeros((40, 3))
    made = make_classifier("knn", {"n_neighbors": 5}).fit(known, np.arange(40) % 4)
    np.testing.assert_array_equal(
        made.kneighbors(known[:2], return_distance=False), [[0, 1, 2, 3, 4]] * 2
    )


def test_square_that_vanishes_counts_as_zero() -> None:
    np.testing.assert_array_equal(squared_weights(np.array([[1e-200, 1.0]])), [[1, 0]])


def test_many_rows_are_taken_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    known, y, rows = rows_with_ties()
    made = make_classifier("knn", {"p": 3}).fit(known, y)
    expected = made.predict_proba(rows)
    monkeypatch.setattr("earmark.models.families.knn._N_DISTANCES", 100)
    monkeypatch.setattr("earmark.models.families.knn._N_IN_CACHE", 100)
    np.testing.assert_array_equal(made.predict_proba(rows), expected)


def test_more_neighbours_than_rows_are_refused() -> None:
    with pytest.raises(
        ParameterError, match="n_neighbors=5 needs as many training rows; there are n_samples=4"
    ):
        make_classifier("knn").fit(np.zeros((4, 2)), np.arange(4))
