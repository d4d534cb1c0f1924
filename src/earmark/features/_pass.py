"""One spectral pass over a clip: a forward transform, an inverse one, and all that lies between.

The loop over the frames is compiled (`earmark.features._loop`). Here are the memory it works in and
what is made of its results.
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
from earmark.features._lanes import (
    BINS,
    BLOCK_ROWS,
    BLOCKS,
    HOP,
    IMAGINARY,
    LANES,
    MARGIN,
    STRETCHES,
    TILE_BINS,
)
from earmark.features._loop import run
from earmark.features._rhythm import onset_strength
from earmark.features._spectrum import (
    N_FFT,
    edge_frames,
    fft_frequencies,
    framed,
    n_frames,
    reflected,
)
from earmark.types import Float32Array, FloatArray, Hertz, IntArray

__all__ = ["Spectra", "spectral_pass"]

_NARROW_BINS = 40.0
"""A spectrum narrower than this is measured again in double precision: the rounding of a single-
precision FFT, spread over a thousand bins, would widen a pure tone by a tenth."""

_FAINT = np.float32(1e-10)
"""So is a spectrum whose sum is below this: squares of its bins do not fit into 32 bits."""


@lru_cache(maxsize=8)
def _mel_runs(*, sr: Hertz) -> tuple[IntArray, Float32Array]:
    """Return the mel filters as two weights for each bin, and the runs of bins with equal bands.

    Returns
    -------
    runs : np.ndarray [shape=(n, 3)]
        Lower band, first bin, and first bin after it.
    weights : np.ndarray [shape=(1025, 2)]
        Into the lower band and into the one above.
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
    """Return the first bin that peaks are looked for in, and the first after them."""
    hz = fft_frequencies(sr=sr)
    between = np.flatnonzero((hz >= MIN_HZ) & (hz < min(MAX_HZ, sr / 2)))
    return max(1, int(between[0])), min(BINS - 2, int(between[-1])) + 1


class _Workspace(threading.local):
    """Arrays that every clip of a thread uses again: nothing is set up twice."""

    def __init__(self) -> None:
        def zeros(*shape: int) -> Float32Array:
            return np.zeros(shape, dtype=np.float32)

        # Two of what the separation, one group behind, still reads.
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
        """Return the memory of a name, as an array of a shape."""
        n = math.prod(shape)
        if name not in self._rooms or len(self._rooms[name]) < n:
            self._rooms[name] = np.zeros(n, dtype=np.float32)
        return self._rooms[name][:n].reshape(shape)


_workspace = _Workspace()


@dataclass(frozen=True)
class Spectra:
    """What a spectral pass gives.

    All of it lies in memory that the next pass of the same thread overwrites: what is to be kept
    has to be copied. What is not an attribute is computed when it is asked for.

    Attributes
    ----------
    y : np.ndarray [shape=(n,)]
        The signal.
    padded : np.ndarray [shape=(1024 + n + 1024,)]
        The signal, reflected at its ends.
    sr : float
        Its sampling rate in hertz.
    centroid, bandwidth, rolloff : np.ndarray [shape=(t,)]
        In hertz, as librosa's ``spectral_*`` of the same names.
    mel : np.ndarray [shape=(t, 128)]
        As `librosa.feature.melspectrogram`.
    parts : tuple of (float, float)
        Mean and variance of the samples of the harmonic part, then of the percussive part; empty
        where they were not separated.
    tiles : np.ndarray [shape=(groups, 1086, 32)]
        Magnitudes, see `earmark.features._lanes`.
    peaks : np.ndarray [shape=(2, any)]
        Frequencies in hertz and heights of the spectral peaks.
    """

    y: Float32Array
    padded: Float32Array
    sr: Hertz
    centroid: FloatArray
    bandwidth: FloatArray
    rolloff: FloatArray
    mel: Float32Array
    parts: tuple[tuple[float, float], ...]
    tiles: Float32Array
    peaks: Float32Array

    @cached_property
    def chroma(self) -> Float32Array:
        """Pitch classes [shape=(t, 12)], as `librosa.feature.chroma_stft`."""
        tuning = estimate_tuning(*self.peaks)
        filters = chroma_filters(sr=self.sr, tuning=tuning)
        chroma = np.empty((len(self.mel), N_CHROMA), dtype=np.float32)
        accumulate_chroma(self.tiles, filters, chroma)
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
        """Onset strength [shape=(t,)] of the signal padded with zeros, as `beat_track` takes it."""
        # Only frames that reach beyond an end see whether it is mirrored or silent.
        silent_ends = _workspace.room("silent ends", *self.mel.shape)
        silent_ends[:] = self.decibels
        numbers, D = edge_frames(self.y)
        power = np.asarray(D.real**2 + D.imag**2, dtype=np.float32)
        silent_ends[numbers] = log_power(power @ mel_filters(sr=self.sr).T)
        room = _workspace.room("rise", *self.mel.shape)
        return onset_strength(top_db(silent_ends, out=silent_ends), room=room)


def _statistics(sums: FloatArray, n: int) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return mean and variance of either part, zeros where no whole frame reaches included."""
    h, h2, p, p2 = sums.sum(axis=1) / n
    return (h, max(0.0, h2 - h * h)), (p, max(0.0, p2 - p * p))


def _measure_again(frames: Float32Array, rows: IntArray) -> FloatArray:
    """Measure centroid, bandwidth and rolloff of some frames in double precision, in bins."""
    S = np.abs(np.fft.rfft(frames[rows].astype(np.float64) * _exact_window(), axis=1))
    S[S.sum(axis=1) < np.finfo(np.float32).tiny] = 0  # as librosa leaves it
    k = np.arange(BINS, dtype=np.float64)
    running = np.cumsum(S, axis=1)
    total = np.where(running[:, -1] > 0, running[:, -1], 1)
    centroid = S @ k / total
    spread = ((k - centroid[:, np.newaxis]) ** 2 * S).sum(axis=1)
    rolloff = (running < 0.85 * running[:, -1:]).sum(axis=1)
    return np.array([centroid, np.sqrt(spread / total), rolloff])


@lru_cache(maxsize=1)
def _exact_window() -> FloatArray:
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)


def spectral_pass(y: Float32Array, *, sr: Hertz, separate: bool = True) -> Spectra:
    """Compute everything that feature sets are made of.

    Parameters
    ----------
    y : np.ndarray [shape=(n,), dtype=float32]
        Mono signal of one sample or more.
    sr : float
        Its sampling rate in hertz.
    separate : bool
        Whether to part harmonic from percussive, which takes half of the time.

    Returns
    -------
    Spectra
        See there.
    """
    total = n_frames(len(y))
    padded = reflected(y, out=_workspace.room("padded", len(y) + N_FFT))
    first, last = _peak_bins(sr=sr)
    tiles = _workspace.room("tiles", -(-total // LANES), TILE_BINS * LANES)
    peaks = _workspace.room("peaks", 2, total * ((last - first) // 2 + 1))
    moments = np.empty((4, total), dtype=np.float32)
    mel = _workspace.room("mel", total, N_MELS)
    sums = np.zeros((4, LANES))
    n_peaks = run(
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
    frames = framed(padded)
    doubtful = np.flatnonzero((bandwidth < _NARROW_BINS) | (total_magnitude < _FAINT))
    doubtful = doubtful[frames[doubtful].any(axis=1)]
    if len(doubtful):
        again = _measure_again(frames, doubtful)
        centroid[doubtful], bandwidth[doubtful], rolloff[doubtful] = again
    bin_hz = float(sr) / N_FFT
    found = peaks[:, :n_peaks]
    return Spectra(
        y=y,
        padded=padded,
        sr=sr,
        centroid=centroid * bin_hz,
        bandwidth=bandwidth * bin_hz,
        rolloff=rolloff * bin_hz,
        mel=mel,
        parts=_statistics(sums, len(y)) if separate else (),
        tiles=tiles.reshape(-1, TILE_BINS, LANES),
        peaks=np.array([found[0] * np.float64(bin_hz), found[1]], dtype=np.float32),
    )
