"""The short-time Fourier transform and its inverse, frames as rows.

The rest of the package sees frames by frequency bins, the transpose of librosa's arrays: a frame
is then contiguous in memory, as the FFT, the sums over frequency and the statistics read it.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

import numpy as np
import scipy.fft

from earmark.types import AudioArray, Complex64Array, Float32Array, FloatArray, Hertz

__all__ = ["HOP_LENGTH", "N_FFT", "fft_frequencies", "istft", "n_frames", "pad_centred", "stft"]

N_FFT = 2048
"""Samples in a frame."""

HOP_LENGTH = 512
"""Samples from one frame to the next."""


@cache
def _hann() -> Float32Array:
    """Return the periodic Hann window."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)
    return window.astype(np.float32)


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


def pad_centred(y: AudioArray, *, mode: Literal["reflect", "constant", "edge"]) -> Float32Array:
    """Extend a signal by half a frame at both ends, so that frame t is centred on sample 512 t."""
    return np.pad(np.asarray(y, dtype=np.float32), N_FFT // 2, mode=mode)


def frame(padded: Float32Array) -> Float32Array:
    """Return the overlapping frames of a padded signal, as a view [shape=(frames, 2048)]."""
    return np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP_LENGTH]


def stft(y: AudioArray, *, pad_mode: Literal["reflect", "constant"] = "reflect") -> Complex64Array:
    """Compute the short-time Fourier transform, as `librosa.stft` does but frames first.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)]
        Mono signal of one sample or more.
    pad_mode : {"reflect", "constant"}
        How the signal goes on beyond its ends: mirrored, or silent.

    Returns
    -------
    np.ndarray [shape=(1 + n // 512, 1025), dtype=complex64]
        ``D[t, k] = sum_m w[m] y[512 t + m - 1024] exp(-2 i pi k m / 2048)`` with the periodic
        Hann window ``w``.

    Examples
    --------
    >>> D = stft(np.ones(2048))
    >>> D.shape, round(float(abs(D[2, 0])))
    ((5, 1025), 1024)
    """
    frames = frame(pad_centred(y, mode=pad_mode)) * _hann()
    spectrum: Complex64Array = scipy.fft.rfft(frames, axis=1, overwrite_x=True)
    return spectrum


def _overlap_add(frames: Float32Array) -> Float32Array:
    """Add up frames, each 512 samples after the one before it."""
    overlap = N_FFT // HOP_LENGTH
    total = np.zeros((len(frames) + overlap - 1, HOP_LENGTH), dtype=np.float32)
    parts = frames.reshape(len(frames), overlap, HOP_LENGTH)
    for part in range(overlap):
        total[part : part + len(frames)] += parts[:, part]
    return total.reshape(-1)


def istft(D: Complex64Array) -> Float32Array:
    """Invert a centred short-time Fourier transform, as `librosa.istft` does without `length`.

    Parameters
    ----------
    D : np.ndarray [shape=(t, 1025)]
        Frames by bins.

    Returns
    -------
    np.ndarray [shape=(512 * (t - 1),)]
        The frames, windowed once more, added up and divided by the sum of the squared windows
        (Griffin and Lim 1984), half a frame shorter at both ends.

    Examples
    --------
    >>> y = np.sin(np.arange(4096) / 9).astype(np.float32)
    >>> bool(np.allclose(istft(stft(y)), y, atol=1e-6))
    True
    """
    window = _hann()
    frames: Float32Array = scipy.fft.irfft(D, n=N_FFT, axis=1)
    frames *= window
    y = _overlap_add(frames)
    weight = _overlap_add(np.broadcast_to(window**2, frames.shape))
    inner = slice(N_FFT // 2, len(y) - N_FFT // 2)
    return np.divide(y[inner], weight[inner])
