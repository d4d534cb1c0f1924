"""Spectral contrast: how far the peaks of each octave stand above its valleys."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from earmark.errors import ParameterError
from earmark.features._cepstrum import log_power, top_db
from earmark.features._sets import FeatureSet, register
from earmark.features._spectrum import fft_frequencies
from earmark.types import Float32Array, FloatArray, Hertz

if TYPE_CHECKING:
    from earmark.features._pass import Spectra

__all__ = ["CONTRAST", "spectral_contrast"]

_N_BANDS = 7
_FMIN = 200.0
_QUANTILE = 0.02


@lru_cache(maxsize=8)
def _octaves(*, sr: Hertz) -> tuple[tuple[slice, int], ...]:
    """Return the bins of each octave, and how many of them count as peak and as valley."""
    hz = fft_frequencies(sr=sr)
    edges = [0.0, *(_FMIN * 2.0**octave for octave in range(_N_BANDS))]
    if edges[-2] >= sr / 2:
        raise ParameterError(f"sr={sr!r} is too low: contrast needs more than {2 * edges[-2]:g} Hz")
    octaves = []
    for band, (low, high) in enumerate(pairwise(edges)):
        inside = np.flatnonzero((hz >= low) & (hz <= high))
        # As in librosa, an octave begins a bin lower and leaves its last bin out, and the highest
        # one goes on to the end.
        first = int(inside[0]) - (band > 0)
        is_last = band == _N_BANDS - 1
        end = len(hz) if is_last else int(inside[-1]) + 1
        count = max(1, int(np.rint(_QUANTILE * (end - first))))
        octaves.append((slice(first, end if is_last else end - 1), count))
    return tuple(octaves)


def spectral_contrast(S: Float32Array, *, sr: Hertz) -> Float32Array:
    """Return the spectral contrast of magnitudes [shape=(t, 1025)] in decibels [shape=(t, 7)].

    For the octaves from 0, 200, 400 ... 6400 Hz, it is the mean of the loudest 2 % of the bins
    above the mean of the faintest 2 % (Jiang and others 2002), as in librosa. `sr` must be above
    12,800 Hz.
    """
    peaks, valleys = (np.empty((len(S), _N_BANDS), dtype=np.float32) for _ in range(2))
    for band, (bins, count) in enumerate(_octaves(sr=sr)):
        ordered = np.sort(S[:, bins], axis=1)
        valleys[:, band] = ordered[:, :count].mean(axis=1)
        peaks[:, band] = ordered[:, -count:].mean(axis=1)
    return top_db(log_power(peaks)) - top_db(log_power(valleys))


def _from_spectra(spectra: Spectra) -> FloatArray:
    contrast = spectral_contrast(spectra.magnitudes, sr=spectra.sr)
    mean, variance = contrast.mean(axis=0, dtype=np.float64), contrast.var(axis=0, dtype=np.float64)
    return np.column_stack([mean, variance]).ravel()


CONTRAST = register(
    FeatureSet(
        name="contrast",
        version=1,
        sr=22_050,
        names=tuple(
            f"contrast{band}_{statistic}"
            for band in range(1, _N_BANDS + 1)
            for statistic in ("mean", "var")
        ),
        parameters={
            "n_fft": 2048,
            "hop_length": 512,
            "window": "hann",
            "pad_mode": "reflect",
            "n_bands": 6,
            "fmin": _FMIN,
            "quantile": _QUANTILE,
        },
        from_spectra=_from_spectra,
    )
)
