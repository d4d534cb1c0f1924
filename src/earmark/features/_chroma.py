"""How a recording is tuned, and how much of each pitch class sounds in each frame."""

from __future__ import annotations

import numpy as np

from earmark.features._filters import N_CHROMA, chroma_filters, hz_to_octs
from earmark.features._spectrum import fft_frequencies
from earmark.types import Float32Array, FloatArray, Hertz

__all__ = ["chroma_stft", "estimate_tuning"]

_FMIN: Hertz = 150.0
_FMAX: Hertz = 4000.0
_PEAK_THRESHOLD = 0.1
_RESOLUTION = 0.01
_TINY = float(np.finfo(np.float32).tiny)


def _peaks(power: Float32Array, *, sr: Hertz) -> tuple[FloatArray, FloatArray]:
    """Find the spectral peaks from 150 Hz to 4 kHz, as `librosa.piptrack` does.

    Returns their frequencies in hertz and their heights, both interpolated by a parabola through
    the peak and its neighbours (Smith, Spectral Audio Signal Processing, "Quadratic
    interpolation of spectral peaks"). A peak is above a tenth of its frame's maximum, higher than
    the bin below it and not lower than the bin above.
    """
    frequencies = fft_frequencies(sr=sr)
    inside = np.flatnonzero((frequencies >= _FMIN) & (frequencies < min(_FMAX, sr / 2)))
    inside = inside[(inside > 0) & (inside < len(frequencies) - 1)]
    if not len(inside):
        return np.empty(0), np.empty(0)
    first, last = int(inside[0]), int(inside[-1]) + 1
    threshold = np.float32(_PEAK_THRESHOLD) * power.max(axis=1, keepdims=True)
    loud = power[:, first - 1 : last + 1]
    loud = loud * (loud > threshold)
    is_peak = (loud[:, 1:-1] > loud[:, :-2]) & (loud[:, 1:-1] >= loud[:, 2:])
    rows, columns = np.nonzero(is_peak)
    bins = columns + first
    below, at, above = (power[rows, bins + shift] for shift in (-1, 0, 1))
    curvature = above + below - 2 * at
    slope = (above - below) / 2
    steep = np.abs(slope) >= np.abs(curvature)  # the vertex would be more than a bin away
    shift = np.where(steep, 0, -slope / np.where(steep, 1, curvature))
    return (bins + shift) * float(sr) / 2048, at + 0.5 * slope * shift


def estimate_tuning(power: Float32Array, *, sr: Hertz) -> float:
    """Estimate how far a recording is tuned from A4 = 440 Hz.

    Parameters
    ----------
    power : np.ndarray [shape=(t, 1025)]
        Squared magnitudes.
    sr : float
        Sampling rate in hertz.

    Returns
    -------
    float
        In fractions of a semitone, from -0.5 to 0.49 in steps of 0.01: the most frequent
        deviation among the peaks not below the median peak. 0.0 where there is no peak. Equals
        `librosa.estimate_tuning` of the same array.

    Examples
    --------
    >>> from earmark.features._spectrum import stft
    >>> t = np.arange(22_050) / 22_050
    >>> y = np.sin(2 * np.pi * 440 * 2 ** (0.2 / 12) * t)
    >>> 0.1 < estimate_tuning(abs(stft(y)) ** 2, sr=22_050) < 0.3
    True
    """
    frequencies, heights = _peaks(power, sr=sr)
    if not len(frequencies):
        return 0.0
    strong = frequencies[heights >= np.median(heights)]
    deviation = np.mod(N_CHROMA * hz_to_octs(strong), 1.0)
    deviation[deviation >= 0.5] -= 1.0
    edges = np.linspace(-0.5, 0.5, round(1 / _RESOLUTION) + 1)
    counts, _ = np.histogram(deviation, edges)
    return float(edges[counts.argmax()])


def chroma_stft(power: Float32Array, *, sr: Hertz) -> Float32Array:
    """Compute how much of each pitch class sounds in each frame.

    Parameters
    ----------
    power : np.ndarray [shape=(t, 1025)]
        Squared magnitudes.
    sr : float
        Sampling rate in hertz.

    Returns
    -------
    np.ndarray [shape=(t, 12)]
        C to B, scaled so that the largest of each frame is 1; a silent frame is 0. Equals
        ``librosa.feature.chroma_stft(S=power.T, sr=sr).T``.

    Examples
    --------
    >>> from earmark.features._spectrum import stft
    >>> y = np.sin(2 * np.pi * 440 * np.arange(22_050) / 22_050)
    >>> int(chroma_stft(abs(stft(y)) ** 2, sr=22_050)[20].argmax())  # A
    9
    """
    filters = chroma_filters(sr=sr, tuning=estimate_tuning(power, sr=sr))
    chroma: Float32Array = power @ filters.T
    largest = chroma.max(axis=1, keepdims=True)
    largest[largest < _TINY] = 1.0
    chroma /= largest
    return chroma
