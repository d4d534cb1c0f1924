"""Names for the units and arrays that signatures speak of."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = [
    "AudioArray",
    "BoolArray",
    "Complex64Array",
    "Float32Array",
    "FloatArray",
    "Hertz",
    "Int32Array",
    "IntArray",
    "PathName",
    "Progress",
    "Seconds",
    "Unsure",
]

Seconds: TypeAlias = float
"""A duration or a position in time, in seconds."""

Hertz: TypeAlias = float
"""A frequency or a sampling rate, in hertz."""

PathName: TypeAlias = str | PathLike[str]
"""What the caller may give as a path."""

Float32Array: TypeAlias = npt.NDArray[np.float32]
FloatArray: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.int64]
Int32Array: TypeAlias = npt.NDArray[np.int32]
BoolArray: TypeAlias = npt.NDArray[np.bool_]
Complex64Array: TypeAlias = npt.NDArray[np.complex64]

AudioArray: TypeAlias = npt.NDArray[np.floating[Any]]
"""Samples, full scale at 1.0: [shape=(n,)] mono or [shape=(channels, n)]."""

Progress: TypeAlias = Callable[[int, int, str], None]
"""Called with what is done, what there is in all, and the name of what was done last."""

Unsure: TypeAlias = Literal["unfamiliar", "undecided", "silent"]
"""Why an answer should not be relied on: the music is unlike all that the model was trained on; the
top genre is too weak or too close to the next; there is nothing but silence, and so no genre."""
