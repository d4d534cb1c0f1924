"""Mean and variance of columns equal numpy's."""

from __future__ import annotations

import numpy as np
import pytest

from earmark.features._statistics import mean_and_variance


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n", "d"), [(1, 1), (1, 20), (2, 5), (130, 20), (15_516, 1)])
@pytest.mark.parametrize("offset", [0.0, 1e4])
def test_mean_and_variance_equal_numpy(n: int, d: int, dtype: type, offset: float) -> None:
    X = (np.random.default_rng(n).standard_normal((n, d)) + offset).astype(dtype)
    found = mean_and_variance(X)
    exact = X.astype(np.float64)
    np.testing.assert_allclose(found[:, 0], exact.mean(axis=0), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(found[:, 1], exact.var(axis=0), rtol=1e-9, atol=1e-20)


def test_columns_need_not_lie_together() -> None:
    X = np.arange(12.0).reshape(3, 4).T
    np.testing.assert_allclose(mean_and_variance(X)[:, 0], X.mean(axis=0))
