"""Measurements of each frame by itself: moments, mel bands, peaks, pitch classes.

A sum over many bins adds up a few of them before adding to the running sum in memory, because
memory is slower.
"""

from __future__ import annotations

import numpy as np

from earmark.features._filters import N_CHROMA
from earmark.features._kernel import inner_kernel, kernel
from earmark.features._layout import BINS, LANES, MARGIN
from earmark.types import BoolArray, Float32Array, IntArray

__all__ = ["accumulate_chroma", "append_peaks", "measure_moments", "sum_mel_bands"]

_f4 = np.float32
_ROLL_PERCENT = np.float32(0.85)
_PEAK_THRESHOLD = np.float32(0.1)
_TINY = np.float32(np.finfo(np.float32).tiny)


@inner_kernel
def measure_moments(tile: Float32Array, out: Float32Array) -> None:
    """Compute sum, centroid, bandwidth, rolloff and maximum of each frame, in bins.

    ``c = sum k S / sum S``, ``sqrt(sum S (k - c)^2 / sum S)``, and the number of bins at which the
    running sum is still below 0.85 of the total: `librosa.feature.spectral_centroid`,
    `spectral_bandwidth`, `spectral_rolloff`. The second moment is taken about the centroid, so that
    a pure tone loses nothing. Eight or four bins are added up before adding to memory. Only the
    total for the rolloff is summed bin by bin, as the running sum is, so that both are rounded
    alike.
    """
    for lane in range(LANES):
        out[0, lane] = out[1, lane] = out[2, lane] = out[3, lane] = out[4, lane] = out[6, lane] = 0
    for k in range(0, BINS - 1, 8):
        for lane in range(LANES):
            a, b, c, d = (
                tile[MARGIN + k, lane],
                tile[MARGIN + k + 1, lane],
                tile[MARGIN + k + 2, lane],
                tile[MARGIN + k + 3, lane],
            )
            e, f, g, h = (
                tile[MARGIN + k + 4, lane],
                tile[MARGIN + k + 5, lane],
                tile[MARGIN + k + 6, lane],
                tile[MARGIN + k + 7, lane],
            )
            s = ((a + b) + (c + d)) + ((e + f) + (g + h))
            q = (b + _f4(2) * c) + (_f4(3) * d + _f4(4) * e)
            q += (_f4(5) * f + _f4(6) * g) + _f4(7) * h
            out[0, lane] += s
            out[1, lane] += _f4(k) * s + q
            out[6, lane] = (((((((out[6, lane] + a) + b) + c) + d) + e) + f) + g) + h
            out[4, lane] = max(
                out[4, lane], max(max(max(a, b), max(c, d)), max(max(e, f), max(g, h)))
            )
    for lane in range(LANES):
        a = tile[MARGIN + BINS - 1, lane]
        out[0, lane] += a
        out[1, lane] += _f4(BINS - 1) * a
        out[4, lane] = max(out[4, lane], a)
        out[5, lane] = _ROLL_PERCENT * (out[6, lane] + a)
        out[6, lane] = 0
        out[1, lane] /= out[0, lane] if out[0, lane] > 0 else _f4(1)
    for k in range(0, BINS - 1, 4):
        for lane in range(LANES):
            a, b, c, d = (
                tile[MARGIN + k, lane],
                tile[MARGIN + k + 1, lane],
                tile[MARGIN + k + 2, lane],
                tile[MARGIN + k + 3, lane],
            )
            z = _f4(k) - out[1, lane]
            z1, z2, z3 = z + _f4(1), z + _f4(2), z + _f4(3)
            out[2, lane] += (a * z * z + b * z1 * z1) + (c * z2 * z2 + d * z3 * z3)
            r0 = out[6, lane] + a
            r1 = r0 + b
            r2 = r1 + c
            r3 = r2 + d
            out[6, lane] = r3
            wanted = out[5, lane]
            below = (_f4(1) if r0 < wanted else _f4(0)) + (_f4(1) if r1 < wanted else _f4(0))
            below += (_f4(1) if r2 < wanted else _f4(0)) + (_f4(1) if r3 < wanted else _f4(0))
            out[3, lane] += below
    for lane in range(LANES):
        z = _f4(BINS - 1) - out[1, lane]
        out[2, lane] += tile[MARGIN + BINS - 1, lane] * z * z
        out[2, lane] = np.sqrt(out[2, lane] / (out[0, lane] if out[0, lane] > 0 else _f4(1)))


@inner_kernel
def sum_mel_bands(
    tile: Float32Array, runs: IntArray, weights: Float32Array, out: Float32Array
) -> None:
    """Sum the power of each frame into mel bands: `librosa.feature.melspectrogram`.

    A bin belongs to at most two neighbouring bands. A run is the bins that belong to the same two.
    """
    out[:] = 0
    for i in range(len(runs)):
        band, k, end = runs[i, 0], runs[i, 1], runs[i, 2]
        while k + 4 <= end:
            for lane in range(LANES):
                p0, p1 = tile[MARGIN + k, lane], tile[MARGIN + k + 1, lane]
                p2, p3 = tile[MARGIN + k + 2, lane], tile[MARGIN + k + 3, lane]
                p0, p1, p2, p3 = p0 * p0, p1 * p1, p2 * p2, p3 * p3
                out[band, lane] += (weights[k, 0] * p0 + weights[k + 1, 0] * p1) + (
                    weights[k + 2, 0] * p2 + weights[k + 3, 0] * p3
                )
                out[band + 1, lane] += (weights[k, 1] * p0 + weights[k + 1, 1] * p1) + (
                    weights[k + 2, 1] * p2 + weights[k + 3, 1] * p3
                )
            k += 4
        while k < end:
            for lane in range(LANES):
                p0 = tile[MARGIN + k, lane] * tile[MARGIN + k, lane]
                out[band, lane] += weights[k, 0] * p0
                out[band + 1, lane] += weights[k, 1] * p0
            k += 1


@inner_kernel
def _append_peak(tile: Float32Array, k: int, lane: int, peaks: Float32Array, count: int) -> int:
    """Append place and height of the parabola through a bin and its neighbours, if it is a peak."""
    at, below, above = tile[k, lane], tile[k - 1, lane], tile[k + 1, lane]
    at, below, above = at * at, below * below, above * above
    if not (at > below and at >= above):
        return count
    curvature = above + below - _f4(2) * at
    slope = (above - below) / _f4(2)
    shift = -slope / curvature if abs(slope) < abs(curvature) else _f4(0)
    peaks[0, count] = _f4(k - MARGIN) + shift
    peaks[1, count] = at + _f4(0.5) * slope * shift
    return count + 1


@inner_kernel
def append_peaks(
    tile: Float32Array,
    largest: Float32Array,
    n: int,
    first: int,
    last: int,
    peaks: Float32Array,
    count: int,
) -> int:
    """Append the spectral peaks of `n` frames: place in bins, and height (`librosa.piptrack`).

    A peak is above a tenth of the frame's largest power, higher than the bin below it and not lower
    than the bin above. Most bins are below the threshold, so eight are checked at once.
    """
    threshold = np.empty(LANES, np.float32)
    n_loud = np.empty(LANES, np.float32)
    for lane in range(LANES):
        threshold[lane] = (
            _PEAK_THRESHOLD * (largest[lane] * largest[lane]) if lane < n else _f4(np.inf)
        )
    for start in range(MARGIN + first, MARGIN + last, 8):
        end = min(start + 8, MARGIN + last)
        n_loud[:] = 0
        for k in range(start, end):
            for lane in range(LANES):
                at = tile[k, lane] * tile[k, lane]
                n_loud[lane] += _f4(1) if at > threshold[lane] else _f4(0)
        for lane in range(n):
            if n_loud[lane] > 0:
                for k in range(start, end):
                    at = tile[k, lane] * tile[k, lane]
                    if at > threshold[lane]:
                        count = _append_peak(tile, k, lane, peaks, count)
    return count


@inner_kernel
def _add_chroma(
    tile: Float32Array, filters: Float32Array, adds: BoolArray, sums: Float32Array
) -> None:
    """Sum the power of 32 frames into pitch classes; a bin counts for some of them only."""
    power = np.empty((4, LANES), np.float32)
    sums[:] = 0
    for k in range(0, BINS - 1, 4):
        for i in range(4):
            for lane in range(LANES):
                power[i, lane] = tile[MARGIN + k + i, lane] * tile[MARGIN + k + i, lane]
        for c in range(N_CHROMA):
            if adds[k // 4, c]:
                w0, w1, w2, w3 = (
                    filters[c, k],
                    filters[c, k + 1],
                    filters[c, k + 2],
                    filters[c, k + 3],
                )
                for lane in range(LANES):
                    sums[c, lane] += (w0 * power[0, lane] + w1 * power[1, lane]) + (
                        w2 * power[2, lane] + w3 * power[3, lane]
                    )
    for c in range(N_CHROMA):
        for lane in range(LANES):
            s = tile[MARGIN + BINS - 1, lane]
            sums[c, lane] += filters[c, BINS - 1] * (s * s)


@kernel("void(float32[:, :, ::1], float32[:, ::1], boolean[:, ::1], float32[:, ::1])")
def accumulate_chroma(
    tiles: Float32Array, filters: Float32Array, adds: BoolArray, chroma: Float32Array
) -> None:
    """Sum the power of each frame into pitch classes with a maximum of 1, in `chroma` [(n, 12)].

    ``C = filters @ S^2``, each frame divided by its maximum, as in `librosa.feature.chroma_stft`;
    silence stays 0. `adds` [shape=(256, 12)] says which four neighbouring bins add to a class at
    all.
    """
    sums = np.empty((N_CHROMA, LANES), np.float32)
    for group in range(len(tiles)):
        _add_chroma(tiles[group], filters, adds, sums)
        start = LANES * group
        for lane in range(min(LANES, len(chroma) - start)):
            largest = _f4(0)
            for c in range(N_CHROMA):
                largest = max(largest, sums[c, lane])
            if largest < _TINY:
                largest = _f4(1)
            for c in range(N_CHROMA):
                chroma[start + lane, c] = sums[c, lane] / largest
