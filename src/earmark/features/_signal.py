"""Loudness and zero crossings, which need no spectrum."""

from __future__ import annotations

import numpy as np

from earmark.features._kernel import inner_kernel, kernel
from earmark.features._layout import HOP, LANES, OVERLAP
from earmark.features._spectrum import N_FFT, n_frames
from earmark.types import BoolArray, Float32Array, FloatArray, IntArray

__all__ = ["fill_rms_and_crossings", "rms_and_crossings"]

_f4 = np.float32


@inner_kernel
def _sum_stretches(
    padded: Float32Array,
    n: int,
    y: Float32Array,
    energy: FloatArray,
    crossings: IntArray,
    at_start: BoolArray,
) -> None:
    """Sum the squares and count the sign changes of each 512 samples, a quarter of a frame.

    Samples from -1e-10 count as positive, and beyond its ends the signal keeps its last value.
    `at_start` says whether a stretch begins with a sign change, which a frame that begins there
    does not count.
    """
    limit = _f4(-1e-10)
    margin = OVERLAP // 2 * HOP
    lanes = np.empty(LANES, np.float32)
    changes = np.empty(LANES, np.int32)
    for stretch in range(len(energy)):
        start = stretch * HOP
        here = padded[start : start + HOP]
        lanes[:] = 0
        for i in range(0, HOP, 2 * LANES):
            for lane in range(LANES):
                a, b = here[i + lane], here[i + lane + LANES]
                lanes[lane] += a * a + b * b
        total = 0.0
        for lane in range(LANES):
            total += np.float64(lanes[lane])
        energy[stretch] = total
        low, high = max(start - margin, 1), min(start - margin + HOP, n)
        changes[:] = 0
        if high - low == HOP:
            now, before = y[low:high], y[low - 1 : high - 1]
            for i in range(0, HOP, 2 * LANES):
                for lane in range(LANES):
                    a, b = i + lane, i + lane + LANES
                    first = np.int32(now[a] < limit) ^ np.int32(before[a] < limit)
                    second = np.int32(now[b] < limit) ^ np.int32(before[b] < limit)
                    changes[lane] += first + second
        else:
            for i in range(low, high):
                changes[0] += np.int32((y[i] < limit) != (y[i - 1] < limit))
        crossings[stretch] = changes.sum()
        at = start - margin
        at_start[stretch] = 1 <= at < n and (y[at] < limit) != (y[at - 1] < limit)


@kernel("void(float32[::1], float32[::1], float64[::1], float64[::1])")
def fill_rms_and_crossings(
    padded: Float32Array, y: Float32Array, rms: FloatArray, rate: FloatArray
) -> None:
    """Add up the four stretches of 512 samples that a frame is made of; see `rms_and_crossings`."""
    n_stretches = len(rms) + OVERLAP - 1
    energy = np.empty(n_stretches)
    crossings = np.empty(n_stretches, np.int64)
    at_start = np.empty(n_stretches, np.bool_)
    _sum_stretches(padded, len(y), y, energy, crossings, at_start)
    for frame in range(len(rms)):
        total, changes = 0.0, -np.int64(at_start[frame])
        for stretch in range(frame, frame + OVERLAP):
            total += energy[stretch]
            changes += crossings[stretch]
        rms[frame] = np.sqrt(total / N_FFT)
        rate[frame] = changes / N_FFT


def rms_and_crossings(y: Float32Array, padded: Float32Array) -> tuple[FloatArray, FloatArray]:
    """Return root mean square and zero-crossing rate of each frame [shape=(1 + n // 512,)].

    They equal ``librosa.feature.rms(y=y, pad_mode="reflect")`` and ``zero_crossing_rate(y)``;
    `padded` is `y` with 1024 reflected samples at both ends.
    """
    rms, rate = np.empty((2, n_frames(len(y))))
    fill_rms_and_crossings(padded, y, rms, rate)
    return rms, rate
