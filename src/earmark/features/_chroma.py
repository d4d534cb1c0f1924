"""The tuning of a recording."""

from __future__ import annotations

import numpy as np

from earmark.features._filters import N_CHROMA, hz_to_octs
from earmark.features._kernel import kernel
from earmark.types import Float32Array, FloatArray, Hertz

__all__ = ["MAX_HZ", "MIN_HZ", "estimate_tuning"]

MIN_HZ: Hertz = 150.0
MAX_HZ: Hertz = 4000.0
"""The range of peaks, in hertz, as in `librosa.piptrack`."""

_EDGES = np.linspace(-0.5, 0.5, 101)


@kernel("int64(float32[::1], float64[::1])")
def _most_frequent(semitones: Float32Array, edges: FloatArray) -> int:
    """Return the step between two edges that holds the most deviations from whole semitones."""
    counts = np.zeros(len(edges) - 1, np.int64)
    for semitone in semitones:
        deviation = semitone - np.floor(semitone)
        if deviation >= 0.5:
            deviation -= np.float32(1)
        step = int((deviation - edges[0]) * len(counts))
        # The product is rounded, the edges are not.
        if deviation < edges[step]:
            step -= 1
        elif deviation >= edges[step + 1]:
            step += 1
        counts[step] += 1
    return int(counts.argmax())


def estimate_tuning(frequencies: Float32Array, heights: Float32Array) -> float:
    """Estimate the deviation from A4 = 440 Hz in semitones, -0.5 to 0.49 in steps of 0.01.

    It is the most frequent deviation among the spectral peaks (hertz, power) that are not below the
    median peak, and 0.0 without a peak. Equals ``librosa.estimate_tuning(S=power)``.
    """
    if not len(frequencies):
        return 0.0
    above = len(heights) // 2
    below = above - 1 + len(heights) % 2
    ordered = np.partition(heights, (below, above))
    median = (ordered[below] + ordered[above]) / 2
    semitones = N_CHROMA * hz_to_octs(frequencies[heights >= median])
    return float(_EDGES[_most_frequent(np.asarray(semitones, dtype=np.float32), _EDGES)])
