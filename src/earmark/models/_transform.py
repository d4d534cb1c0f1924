"""From raw features to columns of comparable size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

import numpy as np

from earmark.errors import ParameterError
from earmark.types import BoolArray, FloatArray

__all__ = ["SMALLEST", "Transform", "fit_transform", "matching"]

SMALLEST = 1e-10
"""Smaller values are raised to this before a logarithm or a root."""


@dataclass(frozen=True)
class Transform:
    """Logarithm or square root of some columns, then standardisation, then clipping at `clip`.

    `mean` and `scale` [shape=(d,)] are of the training rows after the function.
    """

    function: Literal["log", "sqrt"]
    columns: BoolArray
    mean: FloatArray
    scale: FloatArray
    clip: float | None

    def __call__(self, X: FloatArray) -> FloatArray:
        """Transform rows [shape=(n, d)]."""
        Z = (_bend(X, self.function, self.columns) - self.mean) / self.scale
        return Z if self.clip is None else np.clip(Z, -self.clip, self.clip)


def _bend(X: FloatArray, function: Literal["log", "sqrt"], columns: BoolArray) -> FloatArray:
    positive = np.maximum(X, SMALLEST)
    bent = np.log(positive) if function == "log" else np.sqrt(positive)
    return np.where(columns, bent, X)


def fit_transform(
    X: FloatArray,
    *,
    function: Literal["log", "sqrt"],
    patterns: Sequence[str],
    names: Sequence[str],
    clip: float | None = None,
    standardise: bool = True,
) -> Transform:
    """Fit a transform on training rows [shape=(n, d)]; a constant column is not scaled.

    `patterns` name the columns for the function, with ``*`` for anything; one that matches no
    column raises `ParameterError`.
    """
    columns = matching(patterns, names)
    bent = _bend(X, function, columns)
    if not standardise:
        n_columns = len(columns)
        return Transform(function, columns, np.zeros(n_columns), np.ones(n_columns), clip)
    scale = bent.std(axis=0)
    scale[scale == 0] = 1.0
    return Transform(function, columns, bent.mean(axis=0), scale, clip)


def matching(patterns: Sequence[str], names: Sequence[str]) -> BoolArray:
    """Return which columns match one of the patterns, where ``*`` stands for anything.

    A pattern that matches no column raises `ParameterError`.
    """
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise ParameterError(f"patterns: {pattern!r} matches no column")
    fits = [any(fnmatchcase(name, pattern) for pattern in patterns) for name in names]
    return np.array(fits, dtype=np.bool_)
