"""Temperature and threshold: known answers, and what holds for all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from earmark.models._calibration import apply_temperature, fit_temperature, smallest_threshold


@st.composite
def probabilities(draw: st.DrawFn) -> np.ndarray:
    shape = (draw(st.integers(1, 20)), draw(st.integers(2, 6)))
    raw = draw(hnp.arrays(np.float64, shape, elements=st.floats(1e-6, 1)))
    return raw / raw.sum(axis=1, keepdims=True)


@st.composite
def answers(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    p = draw(probabilities())
    y = draw(hnp.arrays(np.int64, len(p), elements=st.integers(0, p.shape[1] - 1)))
    return p, y


def simulated(n: int, *, temperature: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Rows whose true probabilities are known, reported as if the temperature were another."""
    rng = np.random.default_rng(seed)
    true = rng.dirichlet(np.ones(5), size=n)
    y = (rng.random((n, 1)) > true.cumsum(axis=1)).sum(axis=1)
    return apply_temperature(true, 1 / temperature), y


@pytest.mark.parametrize(
    ("temperature", "expected"),
    [(1, [0.8, 0.2]), (0.5, [16 / 17, 1 / 17]), (2, [2 / 3, 1 / 3]), (1e6, [0.5, 0.5])],
)
def test_temperature_has_known_answers(temperature: float, expected: list[float]) -> None:
    found = apply_temperature(np.array([[0.8, 0.2]]), temperature)
    np.testing.assert_allclose(found, [expected], atol=1e-6)


def test_temperature_takes_zeros() -> None:
    found = apply_temperature(np.array([[1.0, 0.0, 0.0]]), 0.05)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found, [[1, 0, 0]], atol=1e-9)


@settings(deadline=None, derandomize=True)
@given(probabilities(), st.floats(0.05, 20))
def test_temperature_keeps_the_order_and_the_sum(p: np.ndarray, temperature: float) -> None:
    q = apply_temperature(p, temperature)
    np.testing.assert_allclose(q.sum(axis=1), 1, rtol=1e-12)
    at = np.arange(len(p))
    np.testing.assert_allclose(q[at, p.argmax(axis=1)], q.max(axis=1), rtol=1e-12)


@settings(deadline=None, derandomize=True)
@given(probabilities(), st.floats(1.01, 20))
def test_temperature_above_one_softens(p: np.ndarray, temperature: float) -> None:
    softened = apply_temperature(p, temperature).max(axis=1)
    assert (softened <= p.max(axis=1) + 1e-12).all()


@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5])
def test_temperature_of_a_simulation_is_found(temperature: float) -> None:
    p, y = simulated(20_000, temperature=temperature)
    assert fit_temperature(p, y) == pytest.approx(temperature, rel=0.05)


def test_temperature_stays_in_its_bounds() -> None:
    p = np.tile([0.6, 0.4], (50, 1))
    assert fit_temperature(p, np.zeros(50, dtype=np.int64)) == pytest.approx(0.05, rel=1e-3)
    assert fit_temperature(p, np.ones(50, dtype=np.int64)) == pytest.approx(20, rel=1e-3)


@pytest.mark.parametrize(
    ("y", "accuracy", "expected"),
    [
        ([0, 0, 0, 0], 1.0, 0.0),
        ([0, 0, 0, 1], 0.75, 0.0),
        ([0, 0, 0, 1], 0.76, 0.6),
        ([0, 0, 1, 1], 0.7, 0.8),
        ([0, 0, 1, 1], 2 / 3, 0.6),
        ([0, 1, 1, 1], 1.0, 0.9),
        ([1, 1, 1, 1], 0.1, None),
    ],
)
def test_threshold_has_known_answers(y: list[int], accuracy: float, expected: float | None) -> None:
    p = np.array([[0.9, 0.1], [0.8, 0.2], [0.6, 0.4], [0.55, 0.45]])
    found = smallest_threshold(p, np.array(y), accuracy=accuracy)
    assert found > 1 if expected is None else found == expected


@settings(deadline=None, derandomize=True)
@given(answers(), st.floats(0.05, 1))
def test_threshold_reaches_the_accuracy_and_none_below_does(
    case: tuple[np.ndarray, np.ndarray], accuracy: float
) -> None:
    p, y = case
    right, confidence = p.argmax(axis=1) == y, p.max(axis=1)
    threshold = smallest_threshold(p, y, accuracy=accuracy)
    if threshold <= 1:
        assert right[confidence >= threshold].mean() >= accuracy
    smaller = [t for t in (0.0, *confidence) if t < threshold]
    assert all(right[confidence >= t].mean() < accuracy for t in smaller)
