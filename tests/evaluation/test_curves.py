"""Classes, confusions, calibration, coverage and second choices, by scikit-learn and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from earmark.errors import ParameterError
from earmark.evaluation import (
    calibration_curve,
    confusion_matrix,
    coverage_curve,
    estimates,
    per_class,
    second_choices,
)


def random_case(seed: int, n: int = 60, n_classes: int = 5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.integers(n_classes, size=n), rng.dirichlet(np.ones(n_classes), size=n)


@settings(deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.integers(1, 80), st.integers(2, 12))
def test_classes_and_confusions_equal_those_of_scikit_learn(seed: int, n: int, k: int) -> None:
    y, p = random_case(seed, n, k)
    predicted, names = p.argmax(axis=1), [f"genre{i}" for i in range(k)]
    found = confusion_matrix(y, predicted, n_classes=k)
    np.testing.assert_array_equal(found, metrics.confusion_matrix(y, predicted, labels=range(k)))
    expected = metrics.precision_recall_fscore_support(
        y, predicted, labels=range(k), zero_division=0
    )
    scores = per_class(y, predicted, classes=names)
    assert list(scores) == names
    for name, precision, recall, f1, n_rows in zip(names, *expected, strict=True):
        one = scores[name]
        assert (one.precision, one.recall, one.f1, one.n) == pytest.approx(
            (precision, recall, f1, n_rows)
        )


def test_lengths_that_differ_are_refused() -> None:
    with pytest.raises(ParameterError, match="predicted"):
        confusion_matrix(np.zeros(2, int), np.zeros(3, int), n_classes=2)


@settings(deadline=None, derandomize=True)
@given(st.integers(0, 1000), st.integers(1, 60))
def test_calibration_curve_tells_the_calibration_error(seed: int, n: int) -> None:
    y, p = random_case(seed, n)
    curve = calibration_curve(y, p, p.argmax(axis=1))
    assert len(curve) == min(n, 10)
    assert sum(part.n for part in curve) == n
    assert max(part.n for part in curve) - min(part.n for part in curve) <= 1
    assert [part.confidence for part in curve] == sorted(part.confidence for part in curve)
    error = sum(part.n * abs(part.confidence - part.accuracy) for part in curve) / n
    expected = estimates(y, p, n_resamples=1)["calibration_error"].value
    assert error == pytest.approx(expected)


@settings(deadline=None, derandomize=True)
@given(st.integers(0, 1000))
def test_coverage_falls_from_everything(seed: int) -> None:
    y, p = random_case(seed)
    curve = coverage_curve(y, p, p.argmax(axis=1))
    assert [point.threshold for point in curve] == [step / 20 for step in range(20)]
    assert curve[0].coverage == 1
    assert curve[0].accuracy == (p.argmax(axis=1) == y).mean()
    shares = [point.coverage for point in curve]
    assert shares == sorted(shares, reverse=True)
    for point in curve:
        let = p.max(axis=1) >= point.threshold
        expected = (p.argmax(axis=1) == y)[let].mean() if let.any() else None
        assert point.accuracy == expected


def test_nothing_let_through_has_no_accuracy() -> None:
    curve = coverage_curve(np.array([0]), np.array([[0.6, 0.4]]), np.array([0]))
    assert [point.accuracy for point in curve if point.threshold > 0.6] == [None] * 7


def test_confidence_is_that_of_the_answer() -> None:
    p = np.array([[0.6, 0.4]])
    (part,) = calibration_curve(np.array([1]), p, np.array([1]))
    assert (part.confidence, part.accuracy) == (0.4, 1)


@settings(deadline=None, derandomize=True)
@given(st.integers(0, 1000))
def test_second_choices_are_counted_beside_the_first(seed: int) -> None:
    _, p = random_case(seed)
    counts = second_choices(p)
    assert counts.sum() == len(p)
    assert not counts.diagonal().any()
    np.testing.assert_array_equal(
        counts.sum(axis=1), np.bincount(p.argmax(axis=1), minlength=p.shape[1])
    )
    first, second = np.argsort(p[0])[::-1][:2]
    assert second_choices(p[:1])[first, second] == 1


def test_one_class_has_no_second() -> None:
    with pytest.raises(ParameterError, match="one class"):
        second_choices(np.ones((3, 1)))
