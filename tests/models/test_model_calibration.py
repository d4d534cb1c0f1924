"""Temperature and threshold: known answers, and what holds for all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from earmark.models import is_decided
from earmark.models._calibration import (
    FEWEST,
    WINDOW,
    apply_temperature,
    fit_doubt,
    fit_temperature,
    lowest_reliable,
    smallest_threshold,
)


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


def by_windows(values: np.ndarray, right: np.ndarray, accuracy: float) -> float:
    """Look at each value in turn: what `lowest_reliable` does, word by word."""
    doubtful = []
    for value in values:
        distance = np.abs(values - value)
        reach = max(WINDOW, np.sort(distance)[min(FEWEST, len(values)) - 1])
        if right[distance <= reach].mean() < accuracy:
            doubtful.append(value)
    if not doubtful:
        return 0.0
    return 2.0 if max(doubtful) == values.max() else max(doubtful)


@pytest.mark.parametrize("n", [1, 2, 19, 20, 21, 300, 2000])
@pytest.mark.parametrize("accuracy", [0.5, 0.8])
def test_floor_is_the_highest_confidence_at_which_answers_are_right_too_seldom(
    n: int, accuracy: float
) -> None:
    rng = np.random.default_rng(n)
    values = rng.random(n).round(9)
    right = rng.random(n) < values
    found = lowest_reliable(values, right, accuracy=accuracy)
    assert found == by_windows(values, right, accuracy)


def test_floor_of_few_answers_comes_from_the_nearest() -> None:
    values = np.linspace(0.2, 0.9, 15)
    assert lowest_reliable(values, values > 0.6, accuracy=0.5) == 2  # 6 of 15
    assert lowest_reliable(values, values > 0.4, accuracy=0.5) == 0  # 10 of 15


def test_neither_floor_nor_margin_is_zero_where_weak_answers_are_mostly_wrong() -> None:
    p, y = simulated(4000, temperature=1.0)  # right as often as its confidence says
    doubt = fit_doubt(p, y, accuracy=0.5)
    assert doubt.min_confidence == pytest.approx(0.5, abs=0.06)
    assert doubt.min_margin == pytest.approx(0.2, abs=0.1)
    undecided = ~is_decided(p, min_confidence=doubt.min_confidence, min_margin=doubt.min_margin)
    wrong = p.argmax(axis=1) != y
    assert (doubt.n, doubt.n_right) == (4000, (~wrong).sum())
    assert (doubt.n_undecided, doubt.n_undecided_wrong) == (
        undecided.sum(),
        (undecided & wrong).sum(),
    )
    assert doubt.n_undecided_wrong > doubt.n_undecided / 2


def test_tenths_hold_every_answer_once() -> None:
    p, y = simulated(500, temperature=1.0)
    doubt = fit_doubt(p, y, accuracy=0.5)
    for tenths in (doubt.by_confidence, doubt.by_margin):
        assert sum(n for _, n, _ in tenths) == 500
        assert sum(right for _, _, right in tenths) == doubt.n_right
        assert all(0 < right + 1 <= n + 1 for _, n, right in tenths)


def test_answers_never_right_leave_nothing_decided() -> None:
    p = np.tile([0.7, 0.2, 0.1], (50, 1))
    doubt = fit_doubt(p, np.full(50, 2), accuracy=0.5)
    assert min(doubt.min_confidence, doubt.min_margin) > 1
    assert (doubt.n_undecided, doubt.n_undecided_wrong) == (50, 50)
