"""Compute feature sets of a signal from one spectral pass."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from earmark.errors import ParameterError
from earmark.types import AudioArray, Float32Array, Hertz

if TYPE_CHECKING:
    from earmark.features._pass import Spectra
    from earmark.features._sets import FeatureSet

__all__ = ["compute_sets"]

_LOWEST_SR = 1000
_LOUDEST = 1e10  # the squares of a spectrum louder than this would not fit into 32 bits


def _checked(y: AudioArray, sr: Hertz) -> Float32Array:
    """Return the signal as float32, or raise what is wrong with it."""
    if not _LOWEST_SR <= sr < math.inf:
        raise ParameterError(f"sr={sr!r} is not a sampling rate of {_LOWEST_SR} Hz or more")
    signal = np.asarray(y)
    if signal.ndim != 1 or not signal.size:
        raise ParameterError(
            f"y has shape {signal.shape}: one channel of one sample or more is needed"
        )
    if not np.issubdtype(signal.dtype, np.floating):
        raise ParameterError(
            f"y has dtype {signal.dtype}: floating point with full scale 1.0 is needed"
        )
    # NaN is neither below nor above anything.
    if not (float(signal.min()) > -_LOUDEST and float(signal.max()) < _LOUDEST):
        at = int(np.argmax(~(np.abs(signal.astype(np.float64)) < _LOUDEST)))
        raise ParameterError(f"y is {signal[at]} at sample {at}: full scale is 1")
    return np.ascontiguousarray(signal, dtype=np.float32)


def _recipe(feature_set: FeatureSet) -> Callable[[Spectra], Any]:
    """Return the function that computes a set, or raise that there is none."""
    if feature_set.from_spectra is None:
        raise ParameterError(f"feature set {feature_set.name!r} cannot be computed from audio")
    return feature_set.from_spectra


def compute_sets(
    y: AudioArray, *, sr: Hertz, sets: Sequence[FeatureSet]
) -> dict[str, np.ndarray[Any, Any]]:
    """Compute feature sets of a mono signal [shape=(n,)], by name; see `extract`."""
    if not sets:
        raise ParameterError("sets is empty")
    recipes = {feature_set.name: _recipe(feature_set) for feature_set in sets}
    signal = _checked(y, sr)
    # Compiled code and FFT are loaded with the first signal, not with the package.
    from earmark.features._pass import spectral_pass

    separate = any(feature_set.separates for feature_set in sets)
    spectra = spectral_pass(signal, sr=sr, separate=separate)
    return {name: recipe(spectra) for name, recipe in recipes.items()}
