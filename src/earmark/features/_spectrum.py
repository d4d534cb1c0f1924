"""The frames that every feature is computed on, and the frequencies of their bins."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from earmark.types import Complex64Array, Float32Array, FloatArray, Hertz

__all__ = [
    "HOP_LENGTH",
    "N_FFT",
    "WINDOW",
    "edge_frames",
    "fast_length",
    "fft_frequencies",
    "framed",
    "n_frames",
    "reflected",
]

N_FFT = 2048
"""Samples in a frame."""

HOP_LENGTH = 512
"""Samples from one frame to the next."""

WINDOW: Float32Array = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)).astype(np.float32)
"""The periodic Hann window."""


@lru_cache(maxsize=64)
def fast_length(n: int) -> int:
    """Return the smallest length from `n` on that is a product of 2, 3 and 5, for a fast FFT.

    Examples
    --------
    >>> fast_length(1637), fast_length(64)
    (1728, 64)
    """
    while True:
        rest = n
        for factor in (2, 3, 5):
            while rest % factor == 0:
                rest //= factor
        if rest == 1:
            return n
        n += 1


def n_frames(n_samples: int) -> int:
    """Count the centred frames of a signal: ``1 + n // 512``.

    Examples
    --------
    >>> n_frames(661_500), n_frames(511)
    (1292, 1)
    """
    return 1 + n_samples // HOP_LENGTH


def fft_frequencies(*, sr: Hertz) -> FloatArray:
    """Return the centre of each bin in hertz, as `librosa.fft_frequencies` does.

    Examples
    --------
    >>> float(fft_frequencies(sr=22_050)[-1])
    11025.0
    """
    return np.arange(N_FFT // 2 + 1, dtype=np.float64) * float(sr / N_FFT)


def reflected(y: Float32Array, *, out: Float32Array | None = None) -> Float32Array:
    """Extend a signal by half a frame at both ends by its mirror image, as often as it takes.

    A long one is written into `out` [shape=(n + 2048,)] if that is given.
    """
    half = N_FFT // 2
    if len(y) <= half:
        return np.pad(y, half, mode="reflect")
    # np.pad takes three times as long for the same.
    padded = np.empty(len(y) + N_FFT, dtype=np.float32) if out is None else out
    padded[:half] = y[half:0:-1]
    padded[half:-half] = y
    padded[-half:] = y[-2 : -half - 2 : -1]
    return padded


def framed(padded: Float32Array) -> Float32Array:
    """Return the frames of a signal padded by half a frame, as a view [shape=(t, 2048)]."""
    return np.lib.stride_tricks.as_strided(
        padded,
        (1 + (len(padded) - N_FFT) // HOP_LENGTH, N_FFT),
        (HOP_LENGTH * padded.itemsize, padded.itemsize),
        writeable=False,
    )


def edge_frames(y: Float32Array) -> tuple[list[int], Complex64Array]:
    """Compute the transform of the frames that reach beyond an end of a signal, silence there.

    They are two at each end, and all in which ``librosa.stft(y, pad_mode="constant")`` differs
    from the transform of the reflected signal.

    Returns
    -------
    numbers : list of int
        Which frames.
    D : np.ndarray [shape=(len(numbers), 1025)]
        Their transforms.
    """
    total = n_frames(len(y))
    numbers = sorted({0, min(1, total - 1), max(0, total - 2), total - 1})
    frames = np.zeros((len(numbers), N_FFT), dtype=np.float32)
    for frame, number in zip(frames, numbers, strict=True):
        start = number * HOP_LENGTH - N_FFT // 2
        inside = slice(max(0, start), min(len(y), start + N_FFT))
        frame[inside.start - start : inside.stop - start] = y[inside]
    D: Complex64Array = np.fft.rfft(frames * WINDOW, axis=1).astype(np.complex64)
    return numbers, D
