"""The loops of the spectral pass.

Every kernel works on 32 neighbours at a time, the *lanes*, in an innermost loop of constant length
that the compiler turns into vector instructions. Magnitudes are kept in two layouts:

*blocks* [shape=(33, frames, 32)]
    Lanes are neighbouring bins: what runs along time, the harmonic median, reads these.
*tiles* [shape=(bins, 32)]
    Lanes are neighbouring frames: what runs along frequency reads these.

Both have 15 rows of margin at either end of the axis that a median runs along. A sum over many rows
adds up a few of them before it meets the running sum in memory, which takes longer than adding.
"""

from __future__ import annotations

import numpy as np

from earmark.features._kernel import kernel, kernel_from_source
from earmark.features._median import GROUP, median_source
from earmark.types import BoolArray, Float32Array, FloatArray, Int32Array, IntArray

__all__ = [
    "BINS",
    "BLOCKS",
    "LANES",
    "MARGIN",
    "TILE_BINS",
    "accumulate_chroma",
    "analyse",
    "filter_time",
    "mask_harmonic",
    "overlap_add",
    "signal_blocks",
]

LANES = 32
BINS = 1025
BLOCKS = BINS // LANES + 1  # the last holds one bin
MARGIN = 15
TILE_BINS = BLOCKS * LANES + 2 * MARGIN
HOP = 512
OVERLAP = 4  # frames that cover a sample

_f4 = np.float32
_ROLL_PERCENT = np.float32(0.85)
_PEAK_THRESHOLD = np.float32(0.1)
_TINY = np.float32(np.finfo(np.float32).tiny)

_median = kernel_from_source(
    "median", median_source("median", stride=LANES), "void(int32[::1], int32[::1], int64)"
)


@kernel("void(float32[:, ::1], int64, float32[:, :, ::1])")
def _magnitudes(D: Float32Array, n: int, blocks: Float32Array) -> None:
    """Write ``|D|`` of `n` frames into blocks, behind their margin: `np.abs` of `librosa.stft`."""
    row = np.zeros(BLOCKS * LANES, np.float32)
    for t in range(n):
        for k in range(BINS - 1):
            row[k] = np.sqrt(D[t, 2 * k] * D[t, 2 * k] + D[t, 2 * k + 1] * D[t, 2 * k + 1])
        last = BINS - 1
        row[last] = np.sqrt(D[t, 2 * last] ** 2 + D[t, 2 * last + 1] ** 2)
        for b in range(BLOCKS):
            for j in range(LANES):
                blocks[b, MARGIN + t, j] = row[LANES * b + j]


@kernel("void(float32[:, :, ::1], int64, float32[:, ::1])")
def _transpose(blocks: Float32Array, first: int, tile: Float32Array) -> None:
    """Turn frames of blocks into a tile, mirrored beyond its first and last bin."""
    for b in range(BLOCKS):
        for t in range(LANES):
            for j in range(LANES):
                tile[MARGIN + LANES * b + j, t] = blocks[b, MARGIN + first + t, j]
    for i in range(MARGIN):
        for t in range(LANES):
            tile[MARGIN - 1 - i, t] = tile[MARGIN + i, t]
            tile[MARGIN + BINS + i, t] = tile[MARGIN + BINS - 1 - i, t]


@kernel("void(float32[:, ::1], float32[:, ::1])")
def _moments(tile: Float32Array, out: Float32Array) -> None:
    """Compute sum, centroid, bandwidth, rolloff and maximum of each frame, in bins.

    ``c = sum k S / sum S``, ``sqrt(sum S (k - c)^2 / sum S)``, and the number of bins at which the
    running sum is still below 0.85 of the whole: `librosa.feature.spectral_centroid`,
    `spectral_bandwidth`, `spectral_rolloff`. The second moment is taken about the centroid, so that
    a pure tone loses nothing. Eight or four bins are added up before they meet the sum in memory;
    but the whole of which 0.85 are asked is summed bin by bin, as the running sum is, so that
    both are rounded alike.
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


@kernel("void(float32[:, ::1], int64[:, ::1], float32[:, ::1], float32[:, ::1])")
def _mel(tile: Float32Array, runs: IntArray, weights: Float32Array, out: Float32Array) -> None:
    """Sum the power of each frame into mel bands: `librosa.feature.melspectrogram`.

    A bin feeds two neighbouring bands at most. A run is the bins that feed the same two.
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


@kernel("int64(float32[:, ::1], int64, int64, float32[:, ::1], int64)")
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


@kernel("int64(float32[:, ::1], float32[::1], int64, int64, int64, float32[:, ::1], int64)")
def _peaks(
    tile: Float32Array,
    largest: Float32Array,
    n: int,
    first: int,
    last: int,
    peaks: Float32Array,
    count: int,
) -> int:
    """Append the spectral peaks of `n` frames: place in bins, and height (`librosa.piptrack`).

    A peak is above a tenth of the frame's largest power, higher than the bin below it and not
    lower than the bin above. Most bins are below the threshold; eight are asked at once.
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


@kernel(
    "int64(float32[:, ::1], int64, float32[:, :, ::1], float32[:, :, ::1], int32[:, ::1],"
    " int32[:, ::1], boolean, int64[:, ::1], float32[:, ::1], float32[:, ::1], int64,"
    " float32[:, ::1], int64, int64, float32[:, ::1], int64)"
)
def analyse(
    D: Float32Array,
    n: int,
    blocks: Float32Array,
    tiles: Float32Array,
    tiles_as_int: Int32Array,
    medians: Int32Array,
    separate: bool,
    runs: IntArray,
    weights: Float32Array,
    frames: Float32Array,
    start: int,
    mel: Float32Array,
    first: int,
    last: int,
    peaks: Float32Array,
    count: int,
) -> int:
    """Compute everything of `n` frames that does not wait for their neighbours in time.

    Parameters
    ----------
    D : [shape=(n, 2050)]
        Their transform, real and imaginary parts in turn.
    n : int
        How many.
    blocks : [shape=(33, 15 + frames + 15, 32)]
        Takes the magnitudes, behind the margin.
    tiles : [shape=(groups, 1086, 32)]
        Takes the magnitudes, a tile for each 32 frames; `tiles_as_int` is the same memory.
    medians : [shape=(groups, 1056 * 32)]
        Takes the medians along frequency, of `scipy.ndimage.median_filter(S, (31, 1))`, as the
        integers whose bits they are: positive floating-point numbers are ordered like these.
    separate : bool
        Whether the medians are wanted.
    runs, weights
        The mel filters, see `_mel`.
    frames : [shape=(4, any)]
        Takes sum, centroid, bandwidth and rolloff, in bins, from column `start` on.
    start : int
        Number of the first frame.
    mel : [shape=(n, 128)]
        Takes the mel spectrogram.
    first, last : int
        Bins that peaks are looked for in.
    peaks : [shape=(2, any)]
        Takes the peaks, from `count` on.

    Returns
    -------
    int
        How many peaks there are now.
    """
    _magnitudes(D, n, blocks)
    moments = np.empty((7, LANES), np.float32)
    bands = np.empty((mel.shape[1], LANES), np.float32)
    for group in range((n + LANES - 1) // LANES):
        here = LANES * group
        m = min(LANES, n - here)
        tile = tiles[group]
        _transpose(blocks, here, tile)
        _moments(tile, moments)
        for row in range(4):
            for lane in range(m):
                frames[row, start + here + lane] = moments[row, lane]
        _mel(tile, runs, weights, bands)
        for lane in range(m):
            for band in range(mel.shape[1]):
                mel[here + lane, band] = bands[band, lane]
        count = _peaks(tile, moments[4], m, first, last, peaks, count)
        if separate:
            _median(tiles_as_int[group], medians[group], BLOCKS * LANES // GROUP)
    return count


@kernel("void(int32[::1], int64, int64, int32[::1])")
def filter_time(blocks: Int32Array, rows: int, n: int, out: Int32Array) -> None:
    """Compute the medians along time: `scipy.ndimage.median_filter(S, (1, 31))`.

    Parameters
    ----------
    blocks : [shape=(33 * rows * 32,)]
        Magnitudes in blocks, with margins, as integers (see `analyse`).
    rows : int
        Frames of a block, margins included.
    n : int
        How many frames; medians come in groups of 16.
    out : [shape=(33 * rows * 32,)]
        Takes the medians; those of frame t are at row t, without a margin.
    """
    for b in range(BLOCKS):
        start = b * rows * LANES
        _median(blocks[start:], out[start:], (n + GROUP - 1) // GROUP)


@kernel("void(float32[:, ::1], int64, float32[:, :, ::1], float32[:, :, ::1])")
def mask_harmonic(
    D: Float32Array, n: int, harmonic: Float32Array, percussive: Float32Array
) -> None:
    """Multiply `n` frames by ``h^2 / (h^2 + p^2)``: `librosa.decompose.hpss`, `util.softmask`.

    The smallest normal number is added so that 0 / 0 comes out as 0.5 without a question; it
    changes nothing else that could be heard.

    Parameters
    ----------
    D : [shape=(n, 2050)]
        The transform, real and imaginary parts in turn; changed in place.
    n : int
        How many frames.
    harmonic : [shape=(33, rows, 32)]
        Medians along time, in blocks without a margin.
    percussive : [shape=(groups, 1056, 32)]
        Medians along frequency, in tiles without a margin.
    """
    mask = np.empty((LANES, BLOCKS * LANES), np.float32)
    row = np.empty(BLOCKS * LANES, np.float32)
    for group in range((n + LANES - 1) // LANES):
        for b in range(BLOCKS):
            for j in range(LANES):
                for t in range(LANES):
                    mask[t, LANES * b + j] = percussive[group, LANES * b + j, t]
        for t in range(min(LANES, n - LANES * group)):
            for b in range(BLOCKS):
                for j in range(LANES):
                    row[LANES * b + j] = harmonic[b, LANES * group + t, j]
            for k in range(BLOCKS * LANES):
                h, p = row[k], mask[t, k]
                h *= h
                row[k] = (h + _f4(0.5) * _TINY) / (h + p * p + _TINY)
            frame = D[LANES * group + t]
            for k in range(BINS):
                frame[2 * k] *= row[k]
                frame[2 * k + 1] *= row[k]


@kernel("void(float32[:, ::1], int64, float32[:, ::1], float32[:, ::1])")
def accumulate_chroma(
    tile: Float32Array, n: int, filters: Float32Array, chroma: Float32Array
) -> None:
    """Sum the power of `n` frames into pitch classes and scale each frame to a maximum of 1.

    ``C = filters @ S^2``, each frame divided by its largest value:
    `librosa.feature.chroma_stft`, `util.normalize`. Silence stays 0.

    Parameters
    ----------
    tile : [shape=(1086, 32)]
        Magnitudes.
    n : int
        How many frames.
    filters : [shape=(12, 1025)]
        `librosa.filters.chroma`.
    chroma : [shape=(n, 12)]
        Takes the result.
    """
    n_chroma = filters.shape[0]
    sums = np.zeros((n_chroma, LANES), np.float32)
    for k in range(0, BINS - 1, 4):
        for c in range(0, n_chroma, 3):
            a0, a1, a2, a3 = filters[c, k], filters[c, k + 1], filters[c, k + 2], filters[c, k + 3]
            b0, b1 = filters[c + 1, k], filters[c + 1, k + 1]
            b2, b3 = filters[c + 1, k + 2], filters[c + 1, k + 3]
            c0, c1 = filters[c + 2, k], filters[c + 2, k + 1]
            c2, c3 = filters[c + 2, k + 2], filters[c + 2, k + 3]
            for lane in range(LANES):
                p0, p1 = tile[MARGIN + k, lane], tile[MARGIN + k + 1, lane]
                p2, p3 = tile[MARGIN + k + 2, lane], tile[MARGIN + k + 3, lane]
                p0, p1, p2, p3 = p0 * p0, p1 * p1, p2 * p2, p3 * p3
                sums[c, lane] += (a0 * p0 + a1 * p1) + (a2 * p2 + a3 * p3)
                sums[c + 1, lane] += (b0 * p0 + b1 * p1) + (b2 * p2 + b3 * p3)
                sums[c + 2, lane] += (c0 * p0 + c1 * p1) + (c2 * p2 + c3 * p3)
    for c in range(n_chroma):
        for lane in range(LANES):
            s = tile[MARGIN + BINS - 1, lane]
            sums[c, lane] += filters[c, BINS - 1] * (s * s)
    for lane in range(n):
        largest = _f4(0)
        for c in range(n_chroma):
            largest = max(largest, sums[c, lane])
        if largest < _TINY:
            largest = _f4(1)
        for c in range(n_chroma):
            chroma[lane, c] = sums[c, lane] / largest


@kernel(
    "void(float32[:, ::1], int64, int64, int64, float32[::1], float32[:, ::1], float32[::1],"
    " float64[:, ::1])"
)
def overlap_add(
    frames: Float32Array,
    n: int,
    first: int,
    total: int,
    window: Float32Array,
    pending: Float32Array,
    y: Float32Array,
    sums: FloatArray,
) -> None:
    """Add up windowed frames and take sums of the two signals they part: `librosa.istft`.

    A stretch of 512 samples is complete once four frames have been added to it. It is divided by
    the sum of their squared windows (Griffin and Lim 1984); the first two stretches, which the
    centring put before the signal, are dropped. The rest of the signal is its percussive part.

    Parameters
    ----------
    frames : [shape=(n, 2048)]
        Harmonic frames, not windowed yet.
    n : int
        How many.
    first, total : int
        Number of the first of them, and of all frames of the signal.
    window : [shape=(2048,)]
        Hann.
    pending : [shape=(4, 512)]
        Stretches not complete yet; kept between calls, zero at first.
    y : [shape=(any,)]
        The signal.
    sums : [shape=(4, 32)]
        Takes the sums, in lanes, of h, h^2, p and p^2; zero at first.
    """
    inverse = np.empty(HOP, np.float32)
    lanes = np.empty((4, LANES), np.float32)
    for t in range(first, first + n + (1 if first + n == total else 0)):
        if t < total:
            for part in range(OVERLAP):
                stretch = pending[(t + part) % OVERLAP]
                frame = frames[t - first, part * HOP : (part + 1) * HOP]
                weight = window[part * HOP : (part + 1) * HOP]
                for i in range(HOP):
                    stretch[i] += frame[i] * weight[i]
        done = pending[t % OVERLAP]
        if t >= OVERLAP // 2 and total > 1:
            if t < OVERLAP or t + 2 > total or t == first:
                inverse[:] = 0
                for part in range(OVERLAP):
                    if 0 <= t - part < total:
                        for i in range(HOP):
                            inverse[i] += window[part * HOP + i] * window[part * HOP + i]
                for i in range(HOP):
                    inverse[i] = _f4(1) / inverse[i]
            start = (t - OVERLAP // 2) * HOP
            signal = y[start : start + HOP]
            lanes[:] = 0
            for i in range(0, HOP, 4 * LANES):
                for lane in range(LANES):
                    a, b, c, d = (
                        i + lane,
                        i + lane + LANES,
                        i + lane + 2 * LANES,
                        i + lane + 3 * LANES,
                    )
                    h0, h1 = done[a] * inverse[a], done[b] * inverse[b]
                    h2, h3 = done[c] * inverse[c], done[d] * inverse[d]
                    p0, p1, p2, p3 = signal[a] - h0, signal[b] - h1, signal[c] - h2, signal[d] - h3
                    lanes[0, lane] += (h0 + h1) + (h2 + h3)
                    lanes[1, lane] += (h0 * h0 + h1 * h1) + (h2 * h2 + h3 * h3)
                    lanes[2, lane] += (p0 + p1) + (p2 + p3)
                    lanes[3, lane] += (p0 * p0 + p1 * p1) + (p2 * p2 + p3 * p3)
            # A few numbers fit into single precision, a million would not.
            for row in range(4):
                for lane in range(LANES):
                    sums[row, lane] += np.float64(lanes[row, lane])
        done[:] = 0


@kernel("void(float32[::1], int64, float32[::1], float64[::1], int64[::1], boolean[::1])")
def signal_blocks(
    padded: Float32Array,
    n: int,
    y: Float32Array,
    energy: FloatArray,
    crossings: IntArray,
    at_start: BoolArray,
) -> None:
    """Sum the squares and count the sign changes of each 512 samples of a signal.

    What `librosa.feature.rms` and `librosa.feature.zero_crossing_rate` add up for each frame, whose
    2048 samples are four of these stretches.

    Parameters
    ----------
    padded : [shape=(1024 + n + 1024,)]
        The signal, reflected at its ends.
    n : int
        Its length.
    y : [shape=(n,)]
        The signal itself.
    energy : [shape=(stretches,)]
        Takes the sums of squares, of the padded signal.
    crossings : [shape=(stretches,)]
        Takes the sign changes; beyond its ends the signal is continued by its last value, so
        there are none. Samples from -1e-10 on count as positive.
    at_start : [shape=(stretches,)]
        Takes whether one of them is at the first sample: a frame does not count its own.
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
