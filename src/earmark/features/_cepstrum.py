"""Decibels, and the cepstrum of mel bands."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from earmark.types import Float32Array

__all__ = ["log_power", "mfcc", "top_db"]

_AMIN = np.float32(1e-10)
_TOP_DB = np.float32(80.0)


def log_power(S: Float32Array, *, out: Float32Array | None = None) -> Float32Array:
    """Convert power to decibels, into `out` if it is given: ``10 log10(max(S, 1e-10))``."""
    decibels: Float32Array = np.maximum(S, _AMIN, out=out)
    np.log10(decibels, out=decibels)
    decibels *= np.float32(10)
    return decibels


def top_db(decibels: Float32Array, *, out: Float32Array | None = None) -> Float32Array:
    """Raise all cells more than 80 dB below the loudest cell to that level.

    Applied to `log_power`, this is `librosa.power_to_db`.
    """
    raised: Float32Array = np.maximum(decibels, decibels.max() - _TOP_DB, out=out)
    return raised


@lru_cache(maxsize=8)
def _cosines(n: int, n_mfcc: int) -> Float32Array:
    """Return the columns of the orthonormal DCT-II: `scipy.fft.dct(..., norm="ortho")`."""
    matrix = np.sqrt(2 / n) * np.cos(np.pi / n * np.outer(np.arange(n) + 0.5, np.arange(n_mfcc)))
    matrix[:, 0] = np.sqrt(1 / n)
    return np.asarray(matrix, dtype=np.float32)


def mfcc(decibels: Float32Array, *, n_mfcc: int = 20) -> Float32Array:
    """Return mel-frequency cepstral coefficients [shape=(t, n_mfcc)] of decibels [(t, 128)].

    They are the orthonormal DCT-II over the bands (Davis and Mermelstein 1980), equal to
    ``librosa.feature.mfcc(S=decibels.T).T``.
    """
    return decibels @ _cosines(decibels.shape[1], n_mfcc)
