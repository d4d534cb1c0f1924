"""Columns made comparable by what the training rows say."""

from __future__ import annotations

import numpy as np
import pytest

from earmark.errors import ParameterError
from earmark.models._transform import SMALLEST, fit_transform

NAMES = ("tempo", "rms_mean", "rms_var")


def rows(n: int = 50, seed: int = 0) -> np.ndarray:
    return np.exp(np.random.default_rng(seed).normal(0, 2, (n, 3)))


@pytest.mark.parametrize(("function", "bend"), [("log", np.log), ("sqrt", np.sqrt)])
def test_chosen_columns_are_bent_and_all_standardised(function: str, bend: np.ufunc) -> None:
    X = rows()
    transform = fit_transform(X, function=function, patterns=["*_var"], names=NAMES)  # type: ignore[arg-type]
    assert transform.columns.tolist() == [False, False, True]
    bent = np.column_stack([X[:, :2], bend(X[:, 2])])
    np.testing.assert_allclose(transform(X), (bent - bent.mean(0)) / bent.std(0), rtol=1e-10)


def test_training_rows_come_out_centred() -> None:
    Z = fit_transform(rows(), function="log", patterns=["*"], names=NAMES)(rows())
    np.testing.assert_allclose(Z.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(Z.std(axis=0), 1, rtol=1e-12)


def test_constant_column_is_not_scaled() -> None:
    X = rows()
    X[:, 0] = 7.0
    transform = fit_transform(X, function="log", patterns=["*_var"], names=NAMES)
    assert transform.scale[0] == 1
    np.testing.assert_array_equal(transform(X)[:, 0], 0)
    assert transform(X + 1)[0, 0] == 1


@pytest.mark.parametrize("value", [0.0, -1.0, -1e9, SMALLEST / 2])
@pytest.mark.parametrize("function", ["log", "sqrt"])
def test_what_has_no_logarithm_is_raised(function: str, value: float) -> None:
    transform = fit_transform(rows(), function=function, patterns=["*"], names=NAMES)  # type: ignore[arg-type]
    expected = transform(np.full((1, 3), SMALLEST))
    np.testing.assert_array_equal(transform(np.full((1, 3), value)), expected)
    assert np.isfinite(expected).all()


def test_clip_bounds_every_value() -> None:
    X = rows()
    loose = fit_transform(X, function="log", patterns=["*_var"], names=NAMES)
    tight = fit_transform(X, function="log", patterns=["*_var"], names=NAMES, clip=1.5)
    np.testing.assert_array_equal(tight(X), np.clip(loose(X), -1.5, 1.5))
    assert (np.abs(loose(X)) > 1.5).any()


def test_pattern_that_fits_no_column_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"'\*_vax' matches no column"):
        fit_transform(rows(), function="log", patterns=["*_var", "*_vax"], names=NAMES)


def test_patterns_do_not_fit_a_part_of_a_name() -> None:
    with pytest.raises(ParameterError, match="'rms' matches no column"):
        fit_transform(rows(), function="log", patterns=["rms"], names=NAMES)


def test_other_rows_are_measured_by_the_training_rows() -> None:
    transform = fit_transform(rows(), function="log", patterns=["*_var"], names=NAMES)
    mean = transform.mean.copy()
    transform(rows(seed=9) + 100)
    np.testing.assert_array_equal(transform.mean, mean)
    assert transform(rows() + 100)[:, 0].min() > transform(rows())[:, 0].min()
