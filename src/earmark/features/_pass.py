"""One spectral pass over a clip: a forward FFT, an inverse one, and all that is computed between.

Frames go through in chunks that stay in the cache. A chunk's magnitudes are taken, and what needs
no neighbours in time is computed at once: moments of the spectrum, mel bands, peaks, medians along
frequency. The medians along time reach 15 frames into the next chunk, so that the separation into
harmonic and percussive parts follows one chunk behind. Nothing but magnitudes is kept of the whole
clip: pitch classes have to wait until all peaks have told how it is tuned.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import scipy.fft

from earmark.features import _tiles as tiles_of
from earmark.features._cepstrum import log_power
from earmark.features._chroma import MAX_HZ, MIN_HZ, estimate_tuning
from earmark.features._filters import N_CHROMA, N_MELS, chroma_filters, mel_filters
from earmark.features._spectrum import (
    HOP_LENGTH,
    N_FFT,
    WINDOW,
    edge_frames,
    fft_frequencies,
    framed,
    n_frames,
    reflected,
)
from earmark.features._tiles import BINS, BLOCKS, LANES, MARGIN, TILE_BINS
from earmark.types import Complex64Array, Float32Array, FloatArray, Hertz, Int32Array, IntArray

__all__ = ["Spectra", "spectral_pass"]

CHUNK = 160
"""Frames that go through together: 1.3 MB of transform, and a segment of 3 s at once."""

_ROWS = CHUNK + 2 * MARGIN

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


class _Workspace(threading.local):
    """Arrays that every clip of a thread uses again: nothing is set up twice."""

    def __init__(self) -> None:
        def zeros(*shape: int) -> Float32Array:
            return np.zeros(shape, dtype=np.float32)

        self.windowed = zeros(CHUNK, N_FFT)
        self.blocks = [zeros(BLOCKS, _ROWS, LANES) for _ in range(2)]
        self.along_time = zeros(BLOCKS, _ROWS, LANES)
        self.along_frequency = [zeros(CHUNK // LANES, BLOCKS * LANES, LANES) for _ in range(2)]
        self._tiles = zeros(0, TILE_BINS, LANES)
        self._peaks = zeros(2, 0)

    def tiles(self, n_groups: int) -> Float32Array:
        if len(self._tiles) < n_groups:
            self._tiles = np.zeros((n_groups, TILE_BINS, LANES), dtype=np.float32)
        return self._tiles[:n_groups]

    def peaks(self, n: int) -> Float32Array:
        if self._peaks.shape[1] < n:
            self._peaks = np.zeros((2, n), dtype=np.float32)
        return self._peaks


_workspace = _Workspace()


def _as_int(values: Float32Array) -> Int32Array:
    """Return the bits of floating-point numbers, which order positive ones as integers do."""
    return values.view(np.int32)


@dataclass(frozen=True)
class Spectra:
    """What a spectral pass gives.

    `chroma` and `magnitudes` are computed when asked for, from memory that the next pass of the
    same thread overwrites: use them before.

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
        Magnitudes, see `earmark.features._tiles`.
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
        for tile, rows in zip(self.tiles, _groups(len(chroma)), strict=True):
            tiles_of.accumulate_chroma(tile, rows.stop - rows.start, filters, chroma[rows])
        return chroma

    @cached_property
    def magnitudes(self) -> Float32Array:
        """``|librosa.stft(y)|.T`` [shape=(t, 1025)]."""
        inner = self.tiles[:, MARGIN : MARGIN + BINS].transpose(0, 2, 1)
        return inner.reshape(-1, BINS)[: len(self.mel)]

    @cached_property
    def decibels(self) -> Float32Array:
        """`mel` in decibels [shape=(t, 128)], down to -100."""
        return log_power(self.mel)

    @cached_property
    def decibels_of_silent_ends(self) -> Float32Array:
        """`decibels` of the signal padded with zeros [shape=(t, 128)]."""
        numbers, D = edge_frames(self.y)
        decibels = self.decibels.copy()
        power = np.asarray(D.real**2 + D.imag**2, dtype=np.float32)
        decibels[numbers] = log_power(power @ mel_filters(sr=self.sr).T)
        return decibels


def _groups(n: int) -> list[slice]:
    return [slice(start, min(start + LANES, n)) for start in range(0, n, LANES)]


def _mirror(blocks: Float32Array, n: int, *, first: bool, last: bool) -> None:
    """Fill the margins of the first and the last chunk of a clip by mirroring its frames.

    `scipy.ndimage` calls that ``reflect``: ``d c b a | a b c d | d c b a``, as often as it takes.
    """
    outside = np.array([row for row in range(-MARGIN, n + MARGIN) if not 0 <= row < n])
    if first and last:
        turned = outside % (2 * n)
        inside = np.where(turned < n, turned, 2 * n - 1 - turned)
    elif first:
        outside = outside[outside < 0]
        inside = -1 - outside
    else:
        outside = outside[outside >= n]
        inside = 2 * n - 1 - outside
    blocks[:, outside + MARGIN] = blocks[:, inside + MARGIN]


@dataclass
class _Chunk:
    """Frames on their way through."""

    start: int
    D: Complex64Array
    blocks: Float32Array
    along_frequency: Float32Array


class _Separation:
    """Parts harmonic from percussive, one chunk behind, and sums up both."""

    def __init__(self, y: Float32Array, total: int) -> None:
        self._y, self._total = y, total
        self._pending = np.zeros((N_FFT // HOP_LENGTH, HOP_LENGTH), dtype=np.float32)
        self._sums = np.zeros((4, LANES))
        self._waiting: _Chunk | None = None

    def add(self, chunk: _Chunk) -> None:
        n, last = len(chunk.D), chunk.start + len(chunk.D) == self._total
        before = self._waiting
        if before is not None:
            chunk.blocks[:, :MARGIN] = before.blocks[:, CHUNK : CHUNK + MARGIN]
        if before is None or last:
            _mirror(chunk.blocks, n, first=before is None, last=last)
        if before is not None:
            before.blocks[:, CHUNK + MARGIN :] = chunk.blocks[:, MARGIN : 2 * MARGIN]
            self._finish(before)
        self._waiting = chunk
        if last:
            self._finish(chunk)

    def _finish(self, chunk: _Chunk) -> None:
        n, along_time = len(chunk.D), _workspace.along_time
        tiles_of.filter_time(
            _as_int(chunk.blocks).reshape(-1), _ROWS, n, _as_int(along_time).reshape(-1)
        )
        tiles_of.mask_harmonic(chunk.D.view(np.float32), n, along_time, chunk.along_frequency)
        frames = scipy.fft.irfft(chunk.D, n=N_FFT, axis=1, overwrite_x=True)
        tiles_of.overlap_add(
            frames, n, chunk.start, self._total, WINDOW, self._pending, self._y, self._sums
        )

    def statistics(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return mean and variance of either part, zeros where no whole frame reaches included."""
        h, h2, p, p2 = self._sums.sum(axis=1) / len(self._y)
        return (h, max(0.0, h2 - h * h)), (p, max(0.0, p2 - p * p))


def _measure_again(frames: Float32Array, rows: IntArray) -> FloatArray:
    """Measure centroid, bandwidth and rolloff of some frames in double precision, in bins."""
    S = np.abs(scipy.fft.rfft(frames[rows].astype(np.float64) * _exact_window(), axis=1))
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
        Whether to part harmonic from percussive, which takes two thirds of the time.

    Returns
    -------
    Spectra
        See there.
    """
    total = n_frames(len(y))
    padded = reflected(y)
    frames = framed(padded)
    hz = fft_frequencies(sr=sr)
    between = np.flatnonzero((hz >= MIN_HZ) & (hz < min(MAX_HZ, sr / 2)))
    first, last = max(1, int(between[0])), min(BINS - 2, int(between[-1])) + 1
    tiles = _workspace.tiles(-(-total // LANES))
    peaks, n_peaks = _workspace.peaks(total * ((last - first) // 2 + 1)), 0
    moments = np.empty((4, total), dtype=np.float32)
    mel = np.empty((total, N_MELS), dtype=np.float32)
    separation = _Separation(y, total)
    for number, start in enumerate(range(0, total, CHUNK)):
        rows = slice(start, min(start + CHUNK, total))
        n = rows.stop - start
        windowed = np.multiply(frames[rows], WINDOW, out=_workspace.windowed[:n])
        D = np.asarray(scipy.fft.rfft(windowed, axis=1), dtype=np.complex64)
        chunk = _Chunk(
            start, D, _workspace.blocks[number % 2], _workspace.along_frequency[number % 2]
        )
        group = slice(start // LANES, -(-rows.stop // LANES))
        n_peaks = tiles_of.analyse(
            D.view(np.float32),
            n,
            chunk.blocks,
            tiles[group],
            _as_int(tiles[group]).reshape(-1, TILE_BINS * LANES),
            _as_int(chunk.along_frequency).reshape(-1, BLOCKS * LANES * LANES),
            separate,
            *_mel_runs(sr=sr),
            moments,
            start,
            mel[rows],
            first,
            last,
            peaks,
            n_peaks,
        )
        if separate:
            separation.add(chunk)
    total_magnitude, centroid, bandwidth, rolloff = moments.astype(np.float64)
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
        parts=separation.statistics() if separate else (),
        tiles=tiles,
        peaks=np.array([found[0] * np.float64(bin_hz), found[1]], dtype=np.float32),
    )
