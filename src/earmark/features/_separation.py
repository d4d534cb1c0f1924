"""Separate harmonic from percussive sound: medians along time and frequency, masks, overlap-add.

Fitzgerald 2010: a tone is a ridge along time, a stroke one along frequency. Each bin is divided
between the two in the ratio of their squared medians. The masks sum to one and the inverse
transform is linear, so the percussive part is the signal minus the harmonic part.
"""

from __future__ import annotations

import numpy as np

from earmark.features._kernel import inner_kernel, kernel_from_source
from earmark.features._layout import (
    BINS,
    BLOCK_ROWS,
    BLOCKS,
    HOP,
    LANES,
    MARGIN,
    OVERLAP,
    STRETCHES,
)
from earmark.features._median import GROUP, median_source
from earmark.types import Float32Array, FloatArray, Int32Array

__all__ = [
    "append_future",
    "append_past",
    "carry_frames",
    "fill_blocks",
    "filter_frequency",
    "filter_time",
    "forget_frames",
    "mask_harmonic",
    "mirror_bins",
    "mirror_frames",
    "overlap_add",
    "silence_frame",
]

_f4 = np.float32
_TINY = np.float32(np.finfo(np.float32).tiny)
_BLOCK = BLOCK_ROWS * LANES
_SQUARE = LANES * LANES

median = kernel_from_source("median", median_source("median", stride=LANES))


@inner_kernel
def mirror_bins(tile: Float32Array) -> None:
    """Fill the margins of a tile by mirroring its bins, as `scipy.ndimage` does by default."""
    for i in range(MARGIN):
        for lane in range(LANES):
            tile[(MARGIN - 1 - i) * LANES + lane] = tile[(MARGIN + i) * LANES + lane]
            tile[(MARGIN + BINS + i) * LANES + lane] = tile[(MARGIN + BINS - 1 - i) * LANES + lane]


@inner_kernel
def _transpose(square: Float32Array, out: Float32Array) -> None:
    """Transpose 32 x 32 numbers, in squares of eight that fit into registers."""
    for row in range(0, LANES, 8):
        for column in range(0, LANES, 8):
            for i in range(row, row + 8):
                for j in range(column, column + 8):
                    out[i * LANES + j] = square[j * LANES + i]


@inner_kernel
def fill_blocks(tile: Float32Array, blocks: Float32Array) -> None:
    """Turn a tile into blocks, between their margins."""
    for b in range(BLOCKS):
        start = (MARGIN + LANES * b) * LANES
        inner = b * _BLOCK + MARGIN * LANES
        _transpose(tile[start : start + _SQUARE], blocks[inner : inner + _SQUARE])


@inner_kernel
def append_past(blocks: Float32Array, before: Float32Array) -> None:
    """Give a group the last 15 frames of the one before it, as its first margin."""
    for b in range(BLOCKS):
        for i in range(b * BLOCK_ROWS, b * BLOCK_ROWS + MARGIN):
            for lane in range(LANES):
                blocks[i * LANES + lane] = before[(i + LANES) * LANES + lane]


@inner_kernel
def append_future(blocks: Float32Array, after: Float32Array) -> None:
    """Give a group the first 15 frames of the one after it, as its last margin."""
    for b in range(BLOCKS):
        for i in range(b * BLOCK_ROWS + MARGIN, b * BLOCK_ROWS + 2 * MARGIN):
            for lane in range(LANES):
                blocks[(i + LANES) * LANES + lane] = after[i * LANES + lane]


@inner_kernel
def mirror_frames(blocks: Float32Array, n: int, first: bool, last: bool) -> None:
    """Fill the margins of the first and the last group of a clip by mirroring its `n` frames.

    `scipy.ndimage` calls that ``reflect``: ``d c b a | a b c d | d c b a``, as often as it takes.
    """
    for row in range(-MARGIN, n + MARGIN):
        if 0 <= row < n or (row < 0 and not first) or (row >= n and not last):
            continue
        if first and last:
            turned = row % (2 * n)
            inside = turned if turned < n else 2 * n - 1 - turned
        elif first:
            inside = -1 - row
        else:
            inside = 2 * n - 1 - row
        for b in range(BLOCKS):
            for j in range(LANES):
                blocks[b * _BLOCK + (MARGIN + row) * LANES + j] = blocks[
                    b * _BLOCK + (MARGIN + inside) * LANES + j
                ]


@inner_kernel
def filter_frequency(tile: Int32Array, out: Int32Array) -> None:
    """Write the medians along frequency: `scipy.ndimage.median_filter(S, (31, 1))`, no margin.

    The magnitudes are given as the integers with the same bits, which have the same order.
    """
    median(tile, out, BLOCKS * LANES // GROUP)


@inner_kernel
def filter_time(blocks: Int32Array, out: Int32Array) -> None:
    """Write the medians along time, `scipy.ndimage.median_filter(S, (1, 31))`, without margins.

    The magnitudes are integers, as for `filter_frequency`.
    """
    for b in range(BLOCKS):
        median(blocks[b * _BLOCK :], out[b * _SQUARE :], LANES // GROUP)


@inner_kernel
def mask_harmonic(harmonic: Float32Array, percussive: Float32Array) -> None:
    """Replace `percussive` by the mask ``h^2 / (h^2 + p^2)`` of `librosa.decompose.hpss`.

    `harmonic` holds medians along time with bins side by side, `percussive` medians along frequency
    with frames side by side. The smallest normal number is added so that 0 / 0 gives 0.5.
    """
    heights = np.empty(_SQUARE, np.float32)
    for b in range(BLOCKS):
        _transpose(harmonic[b * _SQUARE : (b + 1) * _SQUARE], heights)
        mask = percussive[b * _SQUARE : (b + 1) * _SQUARE]
        for i in range(_SQUARE):
            h, p = heights[i] * heights[i], mask[i] * mask[i]
            mask[i] = (h + _TINY) / (h + p + _f4(2) * _TINY)


@inner_kernel
def carry_frames(frames: Float32Array) -> None:
    """Keep the last three frames of a group, for the stretches of the next that they reach into."""
    for i in range(OVERLAP * HOP):
        for h in range(1, OVERLAP):
            frames[i * STRETCHES + OVERLAP - h] = frames[i * STRETCHES + OVERLAP + LANES - h]


@inner_kernel
def forget_frames(frames: Float32Array) -> None:
    """Set the group before the first to silence."""
    for i in range(OVERLAP * HOP):
        for h in range(1, OVERLAP):
            frames[i * STRETCHES + OVERLAP - h] = _f4(0)


@inner_kernel
def silence_frame(frames: Float32Array, n: int) -> None:
    """Set everything after the last frame of a signal, place `n` of its group, to silence.

    A stretch beyond the last frame is still covered by three others.
    """
    for i in range(OVERLAP * HOP):
        frames[i * STRETCHES + OVERLAP + n] = _f4(0)


@inner_kernel
def _fill_inverse(window: Float32Array, first: int, total: int, inverse: Float32Array) -> None:
    """Compute one over the sum of the squared windows that cover each sample of 32 stretches."""
    inside = np.empty((OVERLAP, LANES), np.float32)
    for h in range(OVERLAP):
        for lane in range(LANES):
            inside[h, lane] = _f4(1) if 0 <= first + lane - h < total else _f4(0)
    for i in range(HOP):
        w0, w1 = window[i] * window[i], window[i + HOP] * window[i + HOP]
        w2, w3 = (
            window[i + 2 * HOP] * window[i + 2 * HOP],
            window[i + 3 * HOP] * window[i + 3 * HOP],
        )
        for lane in range(LANES):
            covered = (w0 * inside[0, lane] + w1 * inside[1, lane]) + (
                w2 * inside[2, lane] + w3 * inside[3, lane]
            )
            inverse[i * LANES + lane] = _f4(1) / covered if covered > 0 else _f4(0)


@inner_kernel
def overlap_add(
    frames: Float32Array,
    stretches: Float32Array,
    first: int,
    total: int,
    window: Float32Array,
    inverse: Float32Array,
    sums: FloatArray,
) -> None:
    """Add up windowed harmonic frames as `librosa.istft` does, and sum both parts of the signal.

    Four frames cover a stretch of 512 samples; their sum is divided by that of their squared
    windows (Griffin and Lim 1984), and the two stretches before the signal are dropped. The rest of
    the signal is percussive. `sums` [shape=(4, 32)] gets the sums of h, h^2, p and p^2 in lanes;
    `inverse` is kept between calls. Places 1 to 3 of each row of `frames` hold the last three
    frames of the group before.
    """
    if first <= LANES or first + LANES > total:
        _fill_inverse(window, first, total, inverse)
    low = max(0, OVERLAP // 2 - first)
    high = min(LANES, total + 1 - first) if total > 1 else 0
    lanes = np.empty((4, LANES), np.float32)
    for start in range(0, HOP, 32):
        lanes[:] = 0
        for i in range(start, start + 32):
            for lane in range(LANES):
                at = i * STRETCHES + lane
                h = (
                    (frames[at + 4] + frames[at + HOP * STRETCHES + 3])
                    + (frames[at + 2 * HOP * STRETCHES + 2] + frames[at + 3 * HOP * STRETCHES + 1])
                ) * inverse[i * LANES + lane]
                p = stretches[at] - h
                lanes[0, lane] += h
                lanes[1, lane] += h * h
                lanes[2, lane] += p
                lanes[3, lane] += p * p
        # A few numbers can be summed in single precision, a million cannot.
        for row in range(4):
            for lane in range(low, high):
                sums[row, lane] += np.float64(lanes[row, lane])
