"""How the spectrogram moves: statistics of the 8-bit mel matrix `logmel_gtzan`.

There are three blocks. All are averages over time, so none depends on the length of a clip, and a
constant added to a band changes them only through the 80 dB floor: they describe movement, not
loudness or equalisation. Timbre as such (band means, cepstral means) did not improve models; see
``docs/decisions/0008-default-model.md``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from earmark.types import FloatArray, IntArray

__all__ = ["NAMES", "PARAMETERS", "texture"]

_N_MELS = 128
_HEIGHT, _WIDTH, _HOP = 32, 64, 32
"""Bands and columns of a patch (a quarter of the bands, 4.96 s), and columns between patches."""

_SCALES = (0, 1, 2, 3, 5, 7, 10, 13, 17)
"""Edges of groups of modulations along frequency, in cycles per 32 bands."""

_RATES = (1, 2, 3, 5, 8, 12, 18, 33)
"""Edges of groups of modulations along time, in cycles per 64 columns: multiples of 0.202 Hz."""

_LAGS = (1, 4)
_N_POOLED = 32
_N_CEPSTRA = 20
_FLOOR = 1e-4

PARAMETERS: dict[str, int | float | str] = {
    "patch": f"{_HEIGHT} bands x {_WIDTH} columns, hop {_HOP}",
    "scales": " ".join(map(str, _SCALES)),
    "rates": " ".join(map(str, _RATES)),
    "change_lags": " ".join(map(str, _LAGS)),
    "pooled_bands": _N_POOLED,
    "cepstra": _N_CEPSTRA,
    "floor": _FLOOR,
}


def _hann(n: int) -> FloatArray:
    """Return a Hann window without its two zeros."""
    window: FloatArray = np.sin(np.pi * np.arange(1, n + 1) / (n + 1)) ** 2
    return window


def _averages(edges: tuple[int, ...], n: int) -> FloatArray:
    """Return the matrix [shape=(groups, n)] whose rows average the bins between two edges."""
    averages = np.zeros((len(edges) - 1, n))
    for row, low, high in zip(averages, edges, edges[1:], strict=False):
        row[low:high] = 1 / (high - low)
    return averages


@lru_cache(maxsize=1)
def _cosines() -> FloatArray:
    """Return the first rows of the orthonormal DCT-II of 128 bands, times 4 / sqrt(128)."""
    k, band = np.arange(_N_CEPSTRA)[:, np.newaxis], np.arange(_N_MELS)
    matrix = np.sqrt(2 / _N_MELS) * np.cos(np.pi * k * (2 * band + 1) / (2 * _N_MELS))
    matrix[0] /= np.sqrt(2)
    return np.asarray(matrix * 4 / np.sqrt(_N_MELS))


@lru_cache(maxsize=1)
def _upper_triangle() -> tuple[IntArray, IntArray, FloatArray]:
    """Return rows and columns of the upper triangle, and weights: root 2 off the diagonal."""
    i, j = np.triu_indices(_N_CEPSTRA)
    return i, j, np.where(i == j, 1.0, np.sqrt(2))


def _modulations(x: FloatArray) -> FloatArray:
    """Average the two-dimensional modulation spectra of patches, in four rows of them.

    ``P(s, r) = |sum_bc p(b, c) w(b) w(c) exp(-2 pi i (s b / 32 + r c / 64))|^2`` of a patch p, each
    band minus its mean, under Hann windows of unit energy; the mean over the patches of a row,
    which overlap by half, and over groups of scales s and of rates r, rising and falling apart;
    then ``log(mean + 1e-4)``. A patch longer than the clip is padded.
    """
    t = x.shape[1]
    width = min(t, _WIDTH)
    count = -(-(t - width) // _HOP) + 1
    starts = np.rint(np.linspace(0, t - width, count)).astype(int)
    patches = sliding_window_view(x, (_HEIGHT, width))[::_HEIGHT, starts]
    patches = patches - patches.mean(axis=3, keepdims=True)
    window = _hann(_HEIGHT)[:, np.newaxis] * _hann(width)
    patches *= window / np.sqrt((window**2).sum())
    Z = np.fft.fft(np.fft.rfft(patches, axis=2), n=_WIDTH, axis=3)
    power = _averages(_SCALES, _HEIGHT // 2 + 1) @ (Z.real**2 + Z.imag**2).mean(axis=1)
    rising = _averages(_RATES, _WIDTH)
    falling = rising[:, -np.arange(_WIDTH) % _WIDTH]
    # Without a modulation along frequency, rising and falling are the same.
    groups = np.concatenate([power @ rising.T, (power @ falling.T)[:, 1:]], axis=1)
    return np.asarray(np.log(groups + _FLOOR).ravel())


def _changes(pooled: FloatArray, lag: int) -> FloatArray:
    """Describe how each pooled band changes over some columns: ``d(c) = x(c + lag) - x(c)``.

    With a the mean of ``|d|`` and s the deviation of d: ``log(a + 1e-3)``, ``log(s + 1e-3)``,
    ``a / (s + 0.004)``, small where changes come in bursts, and ``mean(d^3) / (s + 0.005)^3``,
    large where a sharp rise is followed by a slow fall.
    """
    lag = min(lag, pooled.shape[1] - 1)
    d = pooled[:, lag:] - pooled[:, :-lag]
    a, s = np.abs(d).mean(axis=1), d.std(axis=1)
    skew = (d * d * d).mean(axis=1) / (s + 0.005) ** 3
    return np.concatenate([np.log(a + 1e-3), np.log(s + 1e-3), a / (s + 0.004), skew])


def _log_covariance(x: FloatArray) -> FloatArray:
    """Compute the matrix logarithm of the covariance of the steps of 20 cepstral coefficients.

    ``V diag(log(max(w, 0) + 1e-4)) V'`` of its eigenvalues w and eigenvectors V; the upper triangle
    by rows, with root 2 off the diagonal, so that distances are those between matrices (Arsigny and
    others 2006).
    """
    steps = np.diff(_cosines() @ x, axis=1)
    steps -= steps.mean(axis=1, keepdims=True)
    w, V = np.linalg.eigh(steps @ steps.T / steps.shape[1])
    logarithm = (V * np.log(np.maximum(w, 0) + _FLOOR)) @ V.T
    i, j, weights = _upper_triangle()
    return np.asarray(logarithm[i, j] * weights)


def texture(Q: npt.NDArray[np.uint8]) -> FloatArray:
    """Compute 886 statistics of how a spectrogram by `logmel_gtzan` [shape=(128, t)] moves.

    They are in the order of `NAMES`. A single column is treated as constant, none as silence.
    """
    matrix: npt.NDArray[Any] = Q if Q.shape[1] else np.zeros((_N_MELS, 1), dtype=np.uint8)
    if matrix.shape[1] == 1:
        matrix = np.repeat(matrix, 2, axis=1)
    x = matrix / 256.0
    pooled = x.reshape(_N_POOLED, -1, x.shape[1]).mean(axis=1)
    changes = [_changes(pooled, lag) for lag in _LAGS]
    return np.concatenate([_modulations(x), *changes, _log_covariance(x)])


def _names() -> tuple[str, ...]:
    pooled = _N_MELS // _N_POOLED
    modulations = [
        f"modulation_mel{low + 1}to{low + _HEIGHT}_scale{scale}_{way}{rate}"
        for low in range(0, _N_MELS, _HEIGHT)
        for way, scales in (("rise", _SCALES[:-1]), ("fall", _SCALES[1:-1]))
        for scale in scales
        for rate in _RATES[:-1]
    ]
    changes = [
        f"change{lag}_{statistic}_mel{pooled * band + 1}to{pooled * (band + 1)}"
        for lag in _LAGS
        for statistic in ("abs", "std", "burst", "skew")
        for band in range(_N_POOLED)
    ]
    i, j, _ = _upper_triangle()
    covariances = [f"logcov_{a}_{b}" for a, b in zip(i, j, strict=True)]
    return (*modulations, *changes, *covariances)


NAMES = _names()
