"""Metrics against scikit-learn and against what is known by construction."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from earmark.errors import ParameterError
from earmark.evaluation import (
    METRICS,
    accuracy,
    balanced_accuracy,
    bootstrap,
    chance_calibration_error,
    estimates,
    expected_calibration_error,
    log_loss,
    macro_f1,
    macro_precision,
    macro_recall,
    top3,
)

BY_NAME = {
    "accuracy": accuracy,
    "balanced_accuracy": balanced_accuracy,
    "macro_precision": macro_precision,
    "macro_recall": macro_recall,
    "macro_f1": macro_f1,
    "log_loss": log_loss,
    "top3": top3,
    "calibration_error": expected_calibration_error,
}
EVERY = list(BY_NAME.values())


def random_case(seed: int, n: int = 60, n_classes: int = 5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.integers(n_classes, size=n), rng.dirichlet(np.ones(n_classes), size=n)


def perfect(y: np.ndarray, n_classes: int) -> np.ndarray:
    return np.eye(n_classes)[y]


def simulated(n: int, *, confidence: float, accuracy: float) -> tuple[np.ndarray, np.ndarray]:
    """Two classes, always the first at one confidence, right as often as wanted."""
    y = (np.arange(n) >= accuracy * n).astype(np.int64)
    return np.random.default_rng(0).permutation(y), np.tile([confidence, 1 - confidence], (n, 1))


# --- against scikit-learn -----------------------------------------------------------------------


@settings(deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.integers(1, 80), st.integers(2, 12))
def test_scores_equal_those_of_scikit_learn(seed: int, n: int, n_classes: int) -> None:
    y, p = random_case(seed, n, n_classes)
    predicted = p.argmax(axis=1)
    # With no labels given scikit-learn too takes the classes that are there or predicted.
    macro = {"average": "macro", "zero_division": 0}
    with warnings.catch_warnings():
        # Classes that are predicted and not there are no news.
        warnings.filterwarnings("ignore", message="y_pred contains classes not in y_true")
        warnings.filterwarnings("ignore", message="A single label was found")
        balanced = metrics.balanced_accuracy_score(y, predicted)
    expected = {
        accuracy: metrics.accuracy_score(y, predicted),
        balanced_accuracy: balanced,
        macro_precision: metrics.precision_score(y, predicted, **macro),
        macro_recall: metrics.recall_score(y, predicted, **macro),
        macro_f1: metrics.f1_score(y, predicted, **macro),
        log_loss: metrics.log_loss(y, p, labels=range(n_classes)),
    }
    for metric, value in expected.items():
        assert metric(y, p) == pytest.approx(value, abs=1e-12)


@settings(deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.integers(1, 80), st.integers(4, 12))
def test_top_three_is_that_of_scikit_learn(seed: int, n: int, n_classes: int) -> None:
    y, p = random_case(seed, n, n_classes)
    expected = metrics.top_k_accuracy_score(y, p, k=3, labels=range(n_classes))
    assert top3(y, p) == pytest.approx(expected, abs=1e-12)


def test_of_equal_classes_the_first_come_first() -> None:
    assert top3(np.arange(5), np.full((5, 5), 0.2)) == 0.6
    assert top3(np.array([0, 1]), np.full((2, 2), 0.5)) == 1


def test_impossible_answer_costs_no_more_than_can_be_told() -> None:
    assert log_loss(np.array([0]), np.array([[0.0, 1.0]])) == pytest.approx(36.04, abs=0.01)


@settings(deadline=None, derandomize=True, max_examples=10)
@given(st.integers(0, 1000), st.booleans())
def test_fast_intervals_are_those_of_plain_resampling(seed: int, grouped: bool) -> None:
    """All metrics from counts, against each metric from the rows of each resample."""
    y, p = random_case(seed, n=40)
    groups = np.random.default_rng(seed).integers(12, size=40) * 7 if grouped else None
    found = estimates(y, p, groups=groups, n_resamples=40, seed=seed)
    assert tuple(found) == METRICS == tuple(BY_NAME)
    for name, metric in BY_NAME.items():
        plain = bootstrap(metric, y, p, groups=groups, n_resamples=40, seed=seed)
        for part in ("value", "low", "high"):
            assert getattr(found[name], part) == pytest.approx(getattr(plain, part), abs=1e-12)


def test_answers_other_than_the_most_probable_are_scored_as_given() -> None:
    p = np.array([[0.6, 0.4], [0.7, 0.3]])
    found = estimates(np.array([1, 0]), p, predicted=np.array([1, 0]), n_resamples=10)
    assert found["accuracy"].value == 1
    assert found["calibration_error"].value == pytest.approx((0.6 + 0.3) / 2)


def test_groups_of_another_length_are_refused() -> None:
    y, p = random_case(0)
    with pytest.raises(ParameterError, match="groups has shape"):
        estimates(y, p, groups=np.arange(3))


def test_label_beyond_the_classes_is_refused() -> None:
    with pytest.raises(ParameterError, match="y holds 0 to 2, probabilities are of 2 classes"):
        accuracy(np.array([0, 2]), np.full((2, 2), 0.5))


def test_interval_over_groups_is_as_wide_as_there_are_groups() -> None:
    y, p = simulated(40, confidence=0.9, accuracy=0.5)
    y, p, tracks = np.repeat(y, 10), np.repeat(p, 10, axis=0), np.repeat(np.arange(40), 10)
    over_tracks = estimates(y, p, groups=tracks)["accuracy"]
    over_rows = estimates(y, p)["accuracy"]
    assert over_tracks.high - over_tracks.low == pytest.approx(
        np.sqrt(10) * (over_rows.high - over_rows.low), rel=0.1
    )


def test_class_that_is_nowhere_is_left_out() -> None:
    y = np.array([0, 1, 0, 1])
    assert macro_f1(y, perfect(y, 10)) == 1.0


def test_class_that_is_only_predicted_counts_as_zero() -> None:
    assert macro_f1(np.array([0, 0]), perfect(np.array([0, 2]), 3)) == pytest.approx(1 / 3)


# --- by construction ----------------------------------------------------------------------------


@settings(deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=50))
def test_perfect_answers_score_one(labels: list[int]) -> None:
    y = np.array(labels)
    p = perfect(y, 5)
    assert accuracy(y, p) == macro_f1(y, p) == 1.0
    assert expected_calibration_error(y, p) == 0.0


def test_sure_and_wrong_is_the_worst_calibration() -> None:
    assert expected_calibration_error(np.array([0, 0]), perfect(np.array([1, 1]), 2)) == 1.0


def test_calibrated_simulation_has_a_small_error() -> None:
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(5), size=100_000)
    y = (rng.random((len(p), 1)) > p.cumsum(axis=1)).sum(axis=1)
    assert expected_calibration_error(y, p) < 0.01


def test_chance_error_is_what_answers_drawn_from_the_probabilities_show() -> None:
    rng = np.random.default_rng(0)
    top = rng.uniform(0.2, 0.9, 290)
    p = np.column_stack([top, *[(1 - top) / 9] * 9])
    found = [
        expected_calibration_error((p.argmax(axis=1) + (rng.random(290) >= top)) % 10, p)
        for _ in range(500)
    ]
    mean, high = chance_calibration_error(p)
    assert mean == pytest.approx(np.mean(found), abs=0.003)
    assert high == pytest.approx(np.percentile(found, 95), abs=0.006)
    assert chance_calibration_error(p) == (mean, high)


@pytest.mark.parametrize(
    ("confidence", "right"), [(0.9, 0.6), (0.99, 0.5), (0.6, 0.9), (0.75, 0.75)]
)
@pytest.mark.parametrize("n_bins", [1, 10])
def test_constant_confidence_is_off_by_its_distance(
    confidence: float, right: float, n_bins: int
) -> None:
    y, p = simulated(100_000, confidence=confidence, accuracy=right)
    assert expected_calibration_error(y, p, n_bins=n_bins) == pytest.approx(
        abs(confidence - right), abs=0.01
    )


def test_fewer_rows_than_bins_are_taken() -> None:
    assert expected_calibration_error(np.array([0]), np.array([[0.7, 0.3]])) == pytest.approx(0.3)


@settings(deadline=None, derandomize=True)
@given(st.integers(0, 1000), st.integers(1, 20))
def test_calibration_error_is_between_zero_and_one(seed: int, n_bins: int) -> None:
    y, p = random_case(seed)
    assert 0 <= expected_calibration_error(y, p, n_bins=n_bins) <= 1


@settings(deadline=None, derandomize=True)
@given(st.integers(0, 1000))
def test_order_of_the_rows_does_not_matter(seed: int) -> None:
    y, p = random_case(seed)
    order = np.random.default_rng(seed).permutation(len(y))
    for metric in EVERY:
        assert metric(y[order], p[order]) == pytest.approx(metric(y, p), abs=1e-12)


@pytest.mark.parametrize("metric", EVERY)
@pytest.mark.parametrize(
    ("y", "p"),
    [
        (np.zeros(2, int), np.zeros((3, 2))),
        (np.zeros(0, int), np.zeros((0, 2))),
        (np.zeros(2, int), np.zeros(2)),
    ],
    ids=["lengths", "empty", "one dimension"],
)
def test_shapes_that_do_not_fit_are_refused(metric, y, p) -> None:
    with pytest.raises(ParameterError, match="y has shape"):
        metric(y, p)
    with pytest.raises(ParameterError, match="y has shape"):
        bootstrap(metric, y, p)


# --- the bootstrap ------------------------------------------------------------------------------


def test_seed_decides_the_interval() -> None:
    case = random_case(0)
    first, again = (bootstrap(accuracy, *case, n_resamples=200, seed=3) for _ in range(2))
    other = bootstrap(accuracy, *case, n_resamples=200, seed=4)
    assert first == again
    assert (first.low, first.high) != (other.low, other.high)
    assert first.value == other.value == accuracy(*case)


@pytest.mark.parametrize("metric", [accuracy, macro_f1])
def test_interval_holds_the_value(metric) -> None:
    estimate = bootstrap(metric, *random_case(1), n_resamples=500)
    assert estimate.low < estimate.value < estimate.high


def test_interval_of_what_never_varies_is_a_point() -> None:
    y = np.arange(50) % 5
    estimate = bootstrap(accuracy, y, perfect(y, 5), n_resamples=50)
    assert (estimate.low, estimate.value, estimate.high) == (1, 1, 1)


def test_interval_is_as_wide_as_the_binomial() -> None:
    y, p = simulated(400, confidence=0.9, accuracy=0.7)
    estimate = bootstrap(accuracy, y, p)
    half = 1.96 * np.sqrt(0.7 * 0.3 / 400)
    assert estimate.low == pytest.approx(0.7 - half, abs=0.01)
    assert estimate.high == pytest.approx(0.7 + half, abs=0.01)


def test_interval_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for seed in range(300):
        y = (rng.random(100) > 0.6).astype(np.int64)
        p = np.tile([0.9, 0.1], (100, 1))
        found = estimates(y, p, n_resamples=200, seed=seed)["accuracy"]
        covered += found.low <= 0.6 <= found.high
    assert 0.89 <= covered / 300 <= 0.99
