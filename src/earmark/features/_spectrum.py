"""The frames of all features, and the frequencies of their bins."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from earmark.types import Float32Array, FloatArray, Hertz

__all__ = [
    "HOP_LENGTH",
    "N_FFT",
    "WINDOW",
    "fast_length",
    "fft_frequencies",
    "framed",
    "n_frames",
    "reflected",
    "with_silence",
]

N_FFT = 2048
"""Samples in a frame."""

HOP_LENGTH = 512
"""Samples from one frame to the next."""

WINDOW: Float32Array = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)).astype(np.float32)
"""The periodic Hann window."""


@lru_cache(maxsize=64)
def fast_length(n: int) -> int:
    """Return the smallest length from `n` on that is a product of 2, 3 and 5, for a fast FFT."""
    while True:
        rest = n
        for factor in (2, 3, 5):
            while rest % factor == 0:
                rest //= factor
        if rest == 1:
            return n
        n += 1


def n_frames(n_samples: int) -> int:
    """Count the centred frames of a signal: ``1 + n // 512``."""
    return 1 + n_samples // HOP_LENGTH


def fft_frequencies(*, sr: Hertz) -> FloatArray:
    """Return the centre of each bin in hertz, as `librosa.fft_frequencies` does."""
    return np.arange(N_FFT // 2 + 1, dtype=np.float64) * float(sr / N_FFT)


def reflected(y: Float32Array, *, out: Float32Array | None = None) -> Float32Array:
    """Extend a signal at both ends by half a frame of its mirror image, repeated if needed.

    It is written into `out` [shape=(n + 2048,)] if that is given.
    """
    half = N_FFT // 2
    padded = np.empty(len(y) + N_FFT, dtype=np.float32) if out is None else out
    if len(y) <= half:
        padded[:] = np.pad(y, half, mode="reflect")
        return padded
    # np.pad takes three times as long.
    padded[:half] = y[half:0:-1]
    padded[half:-half] = y
    padded[-half:] = y[-2 : -half - 2 : -1]
    return padded


def with_silence(y: Float32Array, *, first: int, out: Float32Array) -> None:
    """Write the piece of a signal that begins at sample `first`, silence beyond its ends."""
    start, end = max(0, first), min(len(y), first + len(out))
    out[:] = 0
    out[start - first : end - first] = y[start:end]


def framed(padded: Float32Array) -> Float32Array:
    """Return the frames of a signal padded by half a frame, as a view [shape=(t, 2048)]."""
    return np.lib.stride_tricks.as_strided(
        padded,
        (1 + (len(padded) - N_FFT) // HOP_LENGTH, N_FFT),
        (HOP_LENGTH * padded.itemsize, padded.itemsize),
        writeable=False,
    )
