"""Loudness and zero crossings: what needs no spectrum."""

from __future__ import annotations

import numpy as np

from earmark.features import _tiles as tiles_of
from earmark.features._spectrum import HOP_LENGTH, N_FFT, n_frames
from earmark.types import Float32Array, FloatArray, IntArray

__all__ = ["rms_and_crossings"]


def _per_frame(stretches: FloatArray | IntArray) -> FloatArray:
    """Add up the four stretches of 512 samples that a frame is made of."""
    overlap = N_FFT // HOP_LENGTH
    n = len(stretches) - overlap + 1
    sums: FloatArray = np.sum([stretches[i : i + n] for i in range(overlap)], axis=0, dtype=float)
    return sums


def rms_and_crossings(y: Float32Array, padded: Float32Array) -> tuple[FloatArray, FloatArray]:
    """Compute root mean square and zero-crossing rate of each frame.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)]
        Mono signal.
    padded : np.ndarray [shape=(1024 + n + 1024,)]
        The same, reflected at its ends.

    Returns
    -------
    rms, rate : np.ndarray [shape=(1 + n // 512,)]
        As ``librosa.feature.rms(y=y, pad_mode="reflect")`` and
        ``librosa.feature.zero_crossing_rate(y)``.

    Examples
    --------
    >>> y = np.tile(np.float32([0.5, -0.5]), 4096)
    >>> rms, rate = rms_and_crossings(y, np.pad(y, 1024, mode="reflect"))
    >>> float(rms[8]), float(rate[8])
    (0.5, 0.99951171875)
    """
    n_stretches = n_frames(len(y)) + N_FFT // HOP_LENGTH - 1
    energy = np.empty(n_stretches)
    crossings = np.empty(n_stretches, dtype=np.int64)
    at_start = np.empty(n_stretches, dtype=np.bool_)
    tiles_of.signal_blocks(padded, len(y), y, energy, crossings, at_start)
    frames = slice(0, n_frames(len(y)))
    rms = np.sqrt(_per_frame(energy) / N_FFT)
    return rms, (_per_frame(crossings) - at_start[frames]) / N_FFT
