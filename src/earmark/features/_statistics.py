"""Mean and variance of columns, compiled, because NumPy's calls would take most of the time."""

from __future__ import annotations

import numpy as np

from earmark.features._kernel import kernel
from earmark.types import Float32Array, FloatArray

__all__ = ["mean_and_variance"]


@kernel("void(float64[:, ::1], float64[:, ::1])")
def _fill(X: FloatArray, out: FloatArray) -> None:
    """Sum the values, then the squares of their differences from the mean.

    Four rows are added up before adding to the sum in memory.
    """
    n, d = X.shape
    whole = n - n % 4
    out[:] = 0
    for i in range(0, whole, 4):
        for j in range(d):
            out[j, 0] += (X[i, j] + X[i + 1, j]) + (X[i + 2, j] + X[i + 3, j])
    for i in range(whole, n):
        for j in range(d):
            out[j, 0] += X[i, j]
    for j in range(d):
        out[j, 0] /= n
    for i in range(0, whole, 4):
        for j in range(d):
            mean = out[j, 0]
            a, b, c, e = X[i, j] - mean, X[i + 1, j] - mean, X[i + 2, j] - mean, X[i + 3, j] - mean
            out[j, 1] += (a * a + b * b) + (c * c + e * e)
    for i in range(whole, n):
        for j in range(d):
            difference = X[i, j] - out[j, 0]
            out[j, 1] += difference * difference
    for j in range(d):
        out[j, 1] /= n


def mean_and_variance(X: FloatArray | Float32Array) -> FloatArray:
    """Return mean and population variance of each column side by side [shape=(d, 2)]."""
    out = np.empty((X.shape[1], 2))
    _fill(np.ascontiguousarray(X, dtype=np.float64), out)
    return out
