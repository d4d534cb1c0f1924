"""How a recording is tuned."""

from __future__ import annotations

import numpy as np

from earmark.features._filters import N_CHROMA, hz_to_octs
from earmark.types import Float32Array, Hertz

__all__ = ["MAX_HZ", "MIN_HZ", "estimate_tuning"]

MIN_HZ: Hertz = 150.0
MAX_HZ: Hertz = 4000.0
"""Where peaks are looked for, as `librosa.piptrack` does."""

_EDGES = np.linspace(-0.5, 0.5, 101)


def estimate_tuning(frequencies: Float32Array, heights: Float32Array) -> float:
    """Estimate how far a recording is tuned from A4 = 440 Hz.

    Parameters
    ----------
    frequencies : np.ndarray [shape=(n,)]
        Of the spectral peaks, in hertz.
    heights : np.ndarray [shape=(n,)]
        Their power.

    Returns
    -------
    float
        In fractions of a semitone, from -0.5 to 0.49 in steps of 0.01: the most frequent
        deviation among the peaks not below the median peak. 0.0 where there is no peak. Equals
        ``librosa.estimate_tuning(S=power)``.

    Examples
    --------
    >>> peaks = 440 * 2 ** (np.array([0.203, 12.203, 3.1]) / 12)
    >>> round(estimate_tuning(peaks.astype(np.float32), np.ones(3, dtype=np.float32)), 2)
    0.2
    """
    if not len(frequencies):
        return 0.0
    strong = frequencies[heights >= np.median(heights)]
    deviation = np.mod(N_CHROMA * hz_to_octs(strong), 1.0)
    deviation[deviation >= 0.5] -= 1.0
    bins = np.searchsorted(_EDGES, deviation, side="right") - 1
    return float(_EDGES[np.bincount(bins, minlength=100).argmax()])
