"""One spectral pass over a clip: a forward transform, an inverse one, and everything between.

The loop over the frames is compiled (`earmark.features._loop`). This module holds its memory and
turns its results into features.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from earmark.features._cepstrum import log_power, mfcc, top_db
from earmark.features._chroma import MAX_HZ, MIN_HZ, estimate_tuning
from earmark.features._fft import tables
from earmark.features._filters import N_CHROMA, N_MELS, chroma_filters, mel_filters
from earmark.features._frames import accumulate_chroma
from earmark.features._layout import (
    BINS,
    BLOCK_ROWS,
    BLOCKS,
    HOP,
    IMAGINARY,
    LANES,
    MARGIN,
    OVERLAP,
    STRETCHES,
    TILE_BINS,
)
from earmark.features._loop import measure_frames
from earmark.features._rhythm import onset_strength
from earmark.features._spectrum import (
    N_FFT,
    fft_frequencies,
    framed,
    n_frames,
    reflected,
    with_silence,
)
from earmark.types import BoolArray, Float32Array, FloatArray, Hertz, IntArray

__all__ = ["Spectra", "spectral_pass"]

_NARROW_BINS = 40.0
"""A spectrum narrower than this is measured again in double precision. The rounding of a
single-precision FFT, spread over a thousand bins, would widen a pure tone by a tenth."""

_FAINT = np.float32(1e-10)
"""So is a spectrum with a sum below this, because the squares of its bins do not fit into 32
bits."""

_FAINT_WEIGHT = 1e-10
"""Smaller weights of a chroma filter, three semitones from its class, are left out."""


@lru_cache(maxsize=8)
def _mel_runs(*, sr: Hertz) -> tuple[IntArray, Float32Array]:
    """Return the mel filters as runs of bins with the same bands, and two weights for each bin.

    A run is (lower band, first bin, first bin after it); the weights [shape=(1025, 2)] are those of
    the lower band and of the one above.
    """
    filters = mel_filters(sr=sr)
    weights = np.zeros((BINS, 2), dtype=np.float32)
    lower = np.zeros(BINS, dtype=np.int64)
    for k in range(BINS):
        bands = np.flatnonzero(filters[:, k])
        lower[k] = min(bands[0], N_MELS - 2) if len(bands) else lower[max(0, k - 1)]
        weights[k, bands - lower[k]] = filters[bands, k]
    starts = np.flatnonzero(np.diff(lower, prepend=-1))
    return np.column_stack([lower[starts], starts, [*starts[1:], BINS]]), weights


@lru_cache(maxsize=8)
def _peak_bins(*, sr: Hertz) -> tuple[int, int]:
    """Return the first bin that may hold peaks, and the first bin after them."""
    hz = fft_frequencies(sr=sr)
    between = np.flatnonzero((hz >= MIN_HZ) & (hz < min(MAX_HZ, sr / 2)))
    return max(1, int(between[0])), min(BINS - 2, int(between[-1])) + 1


@lru_cache(maxsize=128)
def _heard_filters(*, sr: Hertz, tuning: float) -> tuple[Float32Array, BoolArray]:
    """Return the chroma filters, and the classes to which four neighbouring bins contribute."""
    filters = chroma_filters(sr=sr, tuning=tuning)
    fours = filters[:, :-1].reshape(N_CHROMA, -1, 4)
    return filters, np.ascontiguousarray((fours > _FAINT_WEIGHT).any(axis=2).T)


_EDGE = OVERLAP + 1
"""Stretches of 512 samples that two neighbouring frames take."""


class _Workspace(threading.local):
    """Arrays that every clip of a thread uses again."""

    def __init__(self) -> None:
        def zeros(*shape: int) -> Float32Array:
            return np.zeros(shape, dtype=np.float32)

        # Two, because the separation still reads them one group later.
        self.two_groups = (
            zeros(2, HOP * STRETCHES),
            zeros(2, 2 * IMAGINARY),
            zeros(2, BLOCKS * BLOCK_ROWS * LANES),
            zeros(2, BLOCKS * LANES * LANES),
        )
        self.one_group = (
            zeros(BLOCKS * LANES * LANES),
            zeros(N_FFT * STRETCHES),
            zeros(HOP * LANES),
        )
        self._rooms: dict[str, Float32Array] = {}

    def room(self, name: str, *shape: int) -> Float32Array:
        """Return the memory with a name, as an array of a shape."""
        n = math.prod(shape)
        if name not in self._rooms or len(self._rooms[name]) < n:
            self._rooms[name] = np.zeros(n, dtype=np.float32)
        return self._rooms[name][:n].reshape(shape)


_workspace = _Workspace()


@dataclass(frozen=True)
class Spectra:
    """Results of a spectral pass, in memory that the next pass of the same thread overwrites.

    `padded` is `y` with 1024 reflected samples at both ends; `centroid`, `bandwidth` and `rolloff`
    are in hertz [shape=(t,)]; `mel` is [shape=(t, 128)], and `edges` its first two and last two
    rows if silence surrounds the signal instead of its reflection. `parts` are mean and variance of
    the harmonic and the percussive samples, empty if not separated; `tiles` are magnitudes (see
    `earmark.features._layout`); `peaks` are frequencies in hertz and heights. Everything else is
    computed when first needed.
    """

    y: Float32Array
    padded: Float32Array
    sr: Hertz
    centroid: FloatArray
    bandwidth: FloatArray
    rolloff: FloatArray
    mel: Float32Array
    edges: Float32Array
    parts: tuple[tuple[float, float], ...]
    tiles: Float32Array
    peaks: Float32Array

    @cached_property
    def chroma(self) -> Float32Array:
        """Pitch classes [shape=(t, 12)], as `librosa.feature.chroma_stft`."""
        tuning = estimate_tuning(*self.peaks)
        chroma = np.empty((len(self.mel), N_CHROMA), dtype=np.float32)
        accumulate_chroma(self.tiles, *_heard_filters(sr=self.sr, tuning=tuning), chroma)
        return chroma

    @cached_property
    def magnitudes(self) -> Float32Array:
        """``|librosa.stft(y)|.T`` [shape=(t, 1025)]."""
        inner = self.tiles[:, MARGIN : MARGIN + BINS].transpose(0, 2, 1)
        return inner.reshape(-1, BINS)[: len(self.mel)]

    @cached_property
    def decibels(self) -> Float32Array:
        """`mel` in decibels [shape=(t, 128)], down to -100."""
        return log_power(self.mel, out=_workspace.room("decibels", *self.mel.shape))

    @cached_property
    def mfcc(self) -> Float32Array:
        """Cepstral coefficients [shape=(t, 20)], as `librosa.feature.mfcc`."""
        return mfcc(top_db(self.decibels, out=_workspace.room("raised", *self.mel.shape)))

    @cached_property
    def onset_strength(self) -> Float32Array:
        """Onset strength [shape=(t,)] of the signal padded with zeros, as `beat_track` uses it."""
        silent_ends = _workspace.room("raised", *self.mel.shape)
        silent_ends[:] = self.decibels
        edges = log_power(self.edges)
        n = min(2, len(silent_ends))
        silent_ends[:n] = edges[:n]
        silent_ends[-n:] = edges[-n:]
        room = _workspace.room("rise", *self.mel.shape)
        return onset_strength(top_db(silent_ends, out=silent_ends), room=room)


def _statistics(sums: FloatArray, n: int) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return mean and variance of both parts, including the zeros that no whole frame reaches."""
    h, h2, p, p2 = sums.sum(axis=1) / n
    return (h, max(0.0, h2 - h * h)), (p, max(0.0, p2 - p * p))


def _measure_again(frames: Float32Array, rows: IntArray) -> FloatArray:
    """Measure centroid, bandwidth and rolloff of some frames in double precision, in bins."""
    S = np.abs(np.fft.rfft(frames[rows].astype(np.float64) * _exact_window(), axis=1))
    S[S.sum(axis=1) < np.finfo(np.float32).tiny] = 0  # as in librosa
    k = np.arange(BINS, dtype=np.float64)
    running = np.cumsum(S, axis=1)
    total = np.where(running[:, -1] > 0, running[:, -1], 1)
    centroid = S @ k / total
    spread = ((k - centroid[:, np.newaxis]) ** 2 * S).sum(axis=1)
    rolloff = (running < 0.85 * running[:, -1:]).sum(axis=1)
    return np.array([centroid, np.sqrt(spread / total), rolloff])


def _with_edges(y: Float32Array, total: int) -> tuple[Float32Array, list[int]]:
    """Reflect a signal at its ends, and append both ends again with silence beyond them.

    Only two frames at either end differ; they are frames of the appended part, which starts at
    sample ``(total + 4) * 512``. Returns the samples [shape=((total + 14) * 512,)] and the four
    frame numbers.
    """
    padded = _workspace.room("padded", (total + 4 + 2 * _EDGE) * HOP)
    reflected(y, out=padded[: len(y) + N_FFT])
    start, end = total + 4, total + 4 + _EDGE
    with_silence(y, first=-N_FFT // 2, out=padded[start * HOP : end * HOP])
    with_silence(y, first=(total - 2) * HOP - N_FFT // 2, out=padded[end * HOP :])
    return padded, [start, start + 1, end, end + 1]


@lru_cache(maxsize=1)
def _exact_window() -> FloatArray:
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)


def spectral_pass(y: Float32Array, *, sr: Hertz, separate: bool = True) -> Spectra:
    """Compute everything that feature sets are made of from a float32 mono signal.

    Separating harmonic from percussive takes half of the time.
    """
    total = n_frames(len(y))
    padded, edges = _with_edges(y, total)
    first, last = _peak_bins(sr=sr)
    tiles = _workspace.room("tiles", -(-(edges[-1] + 1) // LANES), TILE_BINS * LANES)
    peaks = _workspace.room("peaks", 2, total * ((last - first) // 2 + 1))
    moments = np.empty((4, total), dtype=np.float32)
    mel = _workspace.room("mel", edges[-1] + 1, N_MELS)
    sums = np.zeros((4, LANES))
    n_peaks = measure_frames(
        padded,
        total,
        separate,
        *tables(),
        *_mel_runs(sr=sr),
        first,
        last,
        *_workspace.two_groups,
        *_workspace.one_group,
        tiles,
        moments,
        mel,
        peaks,
        sums,
    )
    total_magnitude, centroid, bandwidth, rolloff = moments.astype(np.float64)
    doubtful = np.flatnonzero((bandwidth < _NARROW_BINS) | (total_magnitude < _FAINT))
    if len(doubtful):
        frames = framed(padded)
        doubtful = doubtful[frames[doubtful].any(axis=1)]
        again = _measure_again(frames, doubtful)
        centroid[doubtful], bandwidth[doubtful], rolloff[doubtful] = again
    bin_hz = np.float64(sr / N_FFT)
    found = peaks[:, :n_peaks]
    np.multiply(found[0], bin_hz, out=found[0], casting="same_kind")
    return Spectra(
        y=y,
        padded=padded[: len(y) + N_FFT],
        sr=sr,
        centroid=centroid * bin_hz,
        bandwidth=bandwidth * bin_hz,
        rolloff=rolloff * bin_hz,
        mel=mel[:total],
        edges=mel[edges],
        parts=_statistics(sums, len(y)) if separate else (),
        tiles=tiles.reshape(-1, TILE_BINS, LANES)[: -(-total // LANES)],
        peaks=found,
    )
