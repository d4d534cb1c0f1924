"""Mel spectrograms in decibels, plain and in the form of the spectrogram archive of GTZAN."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from earmark.features._sets import FeatureSet, register
from earmark.types import Float32Array, IntArray

if TYPE_CHECKING:
    from earmark.features._pass import Spectra

__all__ = ["LOGMEL", "LOGMEL_GTZAN", "archive_columns", "logmel_gtzan", "quantise"]

_N_MELS = 128
_BANDS = tuple(f"mel{band}" for band in range(1, _N_MELS + 1))
_FRONT_END: dict[str, int | float | str] = {
    "n_fft": 2048,
    "hop_length": 512,
    "window": "hann",
    "pad_mode": "reflect",
}

# The archive keeps 387 columns of every excerpt; of 30.01 s or 1293 frames, that is one in 3.34.
_N_FRAMES, _N_COLUMNS = 1293, 387
_AS_LONG = 10
"""A clip within this many frames of an excerpt counts as equally long."""


def archive_columns(n_frames: int) -> IntArray:
    """Return the numbers of the frames that are the columns of the archive.

    They are ``floor((c + 0.5) * 1293 / 387.5)`` for c = 0, 1, ... A clip within ten frames of 1293
    has the archive's 387 columns, at ``floor((c + 0.5) * n_frames / 387.5)``, since some excerpts
    are a few frames longer.
    """
    if abs(n_frames - _N_FRAMES) <= _AS_LONG:
        columns, step = np.arange(_N_COLUMNS), n_frames / (_N_COLUMNS + 0.5)
    else:
        step = _N_FRAMES / (_N_COLUMNS + 0.5)
        columns = np.arange(int(n_frames / step) + 2)
    frames = np.floor((columns + 0.5) * step).astype(np.int64)
    inside: IntArray = frames[frames < n_frames]
    return inside


def quantise(decibels: Float32Array) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Scale decibels to 8 bits by their own minimum and maximum, as the archive does.

    ``min(255, floor(256 q))`` with ``q = (dB - min) / (max - min)``; 0 if all cells are equal.
    """
    low, high = decibels.min(), decibels.max()
    if low == high:
        return np.zeros(decibels.shape, dtype=np.uint8)
    scaled = (decibels - low) / (high - low)
    return np.asarray(np.minimum(255, np.floor(256 * scaled)), dtype=np.uint8)


def _logmel(spectra: Spectra) -> Float32Array:
    decibels: Float32Array = spectra.decibels - spectra.decibels.max()
    np.maximum(decibels, np.float32(-80), out=decibels)
    return decibels.T


def logmel_gtzan(spectra: Spectra) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Compute the 8-bit mel matrix of a signal from its spectra."""
    decibels = _logmel(spectra)
    # The first column of the archive was made with silence before the clip, ours with its mirror.
    return quantise(decibels)[:, archive_columns(decibels.shape[1])[1:]]


LOGMEL = register(
    FeatureSet(
        name="logmel",
        version=1,
        sr=22_050,
        names=_BANDS,
        parameters={**_FRONT_END, "n_mels": _N_MELS, "ref": "max", "top_db": 80},
        from_spectra=_logmel,
        per_frame=True,
    )
)

LOGMEL_GTZAN = register(
    FeatureSet(
        name="logmel_gtzan",
        version=2,
        sr=22_050,
        names=_BANDS,
        parameters={
            **_FRONT_END,
            "n_mels": _N_MELS,
            "ref": "max",
            "top_db": 80,
            "scale": "uint8 by minimum and maximum",
            "frames_per_column": "1293/387.5; its own frames/387.5 within 10 of 1293",
            "first_column": 1,
        },
        from_spectra=logmel_gtzan,
        per_frame=True,
    )
)
