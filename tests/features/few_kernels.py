"""A few kernels that are compiled in a moment, made as those of the features are."""

from __future__ import annotations

import numpy as np

from earmark.features._kernel import inner_kernel, kernel, kernel_from_source

added = kernel_from_source("added", "def added(x, y):\n    return x + y\n")


@inner_kernel
def squared(x):  # type: ignore[no-untyped-def]  # numba infers it
    """Return the square."""
    return x * x


@kernel("f8(f8[::1])")
def norm(values):  # type: ignore[no-untyped-def]
    """Return the sum of squares."""
    total = 0.0
    for value in values:
        total = added(total, squared(value))
    return total


@kernel("void(f8[::1],f8)")
def scale(values, by):  # type: ignore[no-untyped-def]
    """Multiply in place."""
    for i in range(len(values)):
        values[i] *= by


def computed() -> np.ndarray:
    """Use all of them."""
    values = np.arange(5.0)
    scale(values, 0.5)
    return np.array([norm(values), *values])
