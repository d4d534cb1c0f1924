"""The order in which groups of 32 frames are measured.

A group stays in the cache (see `earmark.features._layout`). Everything that needs no neighbours in
time is computed from its magnitudes at once: moments of the spectrum, mel bands, peaks, medians
along frequency. The medians along time reach 15 frames into the next group, so that the separation
into harmonic and percussive parts follows one group behind. Only the magnitudes of the whole clip
are kept, for the pitch classes: they need the tuning, which takes all peaks.
"""

from __future__ import annotations

import numpy as np

from earmark.features._fft import forward, inverse, load_stretches, magnitudes, mask_spectrum
from earmark.features._frames import append_peaks, measure_moments, sum_mel_bands
from earmark.features._kernel import inner_kernel, kernel
from earmark.features._layout import LANES, TILE_BINS
from earmark.features._separation import (
    append_future,
    append_past,
    carry_frames,
    fill_blocks,
    filter_frequency,
    filter_time,
    forget_frames,
    mask_harmonic,
    mirror_bins,
    mirror_frames,
    overlap_add,
    silence_frame,
)
from earmark.types import Float32Array, FloatArray, IntArray

__all__ = ["measure", "measure_frames", "separate"]


@inner_kernel
def measure(
    tile: Float32Array,
    start: int,
    n: int,
    moments: Float32Array,
    runs: IntArray,
    weights: Float32Array,
    first: int,
    last: int,
    frames: Float32Array,
    mel: Float32Array,
    peaks: Float32Array,
    n_peaks: int,
) -> int:
    """Measure `n` frames of a tile, from number `start` of the signal; see `measure_frames`."""
    rows = tile.reshape(TILE_BINS, LANES)
    measure_moments(rows, moments)
    for row in range(4):
        for lane in range(n):
            frames[row, start + lane] = moments[row, lane]
    n_peaks = append_peaks(rows, moments[4], n, first, last, peaks, n_peaks)
    bands = np.empty((mel.shape[1], LANES), np.float32)
    sum_mel_bands(rows, runs, weights, bands)
    for lane in range(min(LANES, len(mel) - start)):
        for band in range(mel.shape[1]):
            mel[start + lane, band] = bands[band, lane]
    return n_peaks


@inner_kernel
def separate(
    start: int,
    total: int,
    window: Float32Array,
    wave: Float32Array,
    half_wave: Float32Array,
    place: IntArray,
    stretches: Float32Array,
    Z: Float32Array,
    blocks: Float32Array,
    percussive: Float32Array,
    harmonic: Float32Array,
    frames: Float32Array,
    inverse_windows: Float32Array,
    sums: FloatArray,
) -> None:
    """Separate the group from frame `start` on, now that its neighbours in time are known."""
    filter_time(blocks.view(np.int32), harmonic.view(np.int32))
    mask_harmonic(harmonic, percussive)
    mask_spectrum(Z, half_wave, place, percussive)
    if start > 0:
        carry_frames(frames)
    else:
        forget_frames(frames)
    inverse(Z, window, wave, frames)
    if total - start < LANES:
        silence_frame(frames, total - start)
    overlap_add(frames, stretches, start, total, window, inverse_windows, sums)


@kernel(
    "int64(float32[::1], int64, boolean, float32[::1], float32[:, ::1], float32[:, ::1],"
    " int64[::1], int64[:, ::1], float32[:, ::1], int64, int64,"
    " float32[:, ::1], float32[:, ::1], float32[:, ::1], float32[:, ::1], float32[::1],"
    " float32[::1], float32[::1], float32[:, ::1], float32[:, ::1], float32[:, ::1],"
    " float32[:, ::1], float64[:, ::1])"
)
def measure_frames(
    padded: Float32Array,
    total: int,
    separates: bool,
    window: Float32Array,
    wave: Float32Array,
    half_wave: Float32Array,
    place: IntArray,
    runs: IntArray,
    weights: Float32Array,
    first: int,
    last: int,
    stretches: Float32Array,
    Z: Float32Array,
    blocks: Float32Array,
    percussive: Float32Array,
    harmonic: Float32Array,
    frames: Float32Array,
    inverse_windows: Float32Array,
    tiles: Float32Array,
    moments: Float32Array,
    mel: Float32Array,
    peaks: Float32Array,
    sums: FloatArray,
) -> int:
    """Process all frames, group by group, and return the number of spectral peaks.

    `padded` is the reflected signal of `total` frames; frames beyond them are only needed for
    `mel`. Results go to `tiles` (magnitudes), `moments` [shape=(4, total)] (sum, centroid,
    bandwidth and rolloff, in bins), `mel` [shape=(total or more, 128)], `peaks` (place and height,
    searched in bins `first` to `last`) and, if the signal `separates`, `sums` (see `overlap_add`).
    The other arrays are tables and working memory.
    """
    n_peaks = np.int64(0)  # a literal would make numba compile `measure` twice
    measured = np.empty((7, LANES), np.float32)
    n_groups = -(-total // LANES)
    for group in range(max(len(tiles), n_groups + 1)):
        here, before, start = group % 2, (group + 1) % 2, group * LANES
        n = max(0, min(LANES, total - start))
        if group < len(tiles):
            load_stretches(padded, start, stretches[here])
            forward(stretches[here], window, wave, Z[here])
            magnitudes(Z[here], half_wave, place, tiles[group])
            n_peaks = measure(
                tiles[group], start, n, measured, runs, weights, first, last, moments, mel, peaks,
                n_peaks,
            )  # fmt: skip
        if not separates:
            continue
        if n > 0:
            mirror_bins(tiles[group])
            filter_frequency(tiles[group].view(np.int32), percussive[here].view(np.int32))
            fill_blocks(tiles[group], blocks[here])
            if group > 0:
                append_past(blocks[here], blocks[before])
            if group == 0 or group + 1 == n_groups:
                mirror_frames(blocks[here], n, group == 0, group + 1 == n_groups)
            if group > 0:
                append_future(blocks[before], blocks[here])
        if 0 < group <= n_groups:
            separate(
                start - LANES, total, window, wave, half_wave, place,
                stretches[before], Z[before], blocks[before], percussive[before],
                harmonic, frames, inverse_windows, sums,
            )  # fmt: skip
    if separates and total % LANES == 0:
        # The frames of a full last group reach into one more stretch of the signal.
        carry_frames(frames)
        silence_frame(frames, 0)
        load_stretches(padded, total, stretches[0])
        overlap_add(frames, stretches[0], total, total, window, inverse_windows, sums)
    return int(n_peaks)
