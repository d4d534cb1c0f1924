"""Several feature sets from one spectral pass."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from earmark.arguments import checked
from earmark.errors import ParameterError
from earmark.features._sets import FeatureSet, get_feature_set
from earmark.types import AudioArray, Float32Array, Hertz

if TYPE_CHECKING:
    from earmark.features._pass import Spectra

__all__ = ["extract"]

_LOWEST_SR = 1000
_LOUDEST = 1e10  # the squares of a spectrum louder than this would not fit into 32 bits


def _checked(y: AudioArray, sr: Hertz) -> Float32Array:
    """Return the signal as float32, or say what is wrong with it."""
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
    """Return how a set is computed, or say that it cannot be."""
    if feature_set.from_spectra is None:
        raise ParameterError(f"feature set {feature_set.name!r} cannot be computed from audio")
    return feature_set.from_spectra


@checked
def extract(
    y: AudioArray, *, sr: Hertz, sets: Sequence[str] = ("gtzan57",)
) -> dict[str, np.ndarray[Any, Any]]:
    """Compute feature sets of a signal, all from one spectral pass.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)]
        Mono signal of one sample or more, full scale at 1.0.
    sr : float
        Its sampling rate in hertz.
    sets : sequence of str
        Names of feature sets: see `feature_sets`.

    Returns
    -------
    dict of str to np.ndarray
        By name: [shape=(d,)], or [shape=(d, t)] for a set that keeps the frames.

    Raises
    ------
    ParameterError
        If there is no set of a name, one cannot be computed from audio, or none is asked for; if
        `y` is empty, has more than one channel, is not floating point, not finite or beyond 1e10;
        if `sr` is below 1,000 Hz or too low for a set.

    See Also
    --------
    gtzan57 : The set of that name alone.

    Examples
    --------
    >>> from earmark.testing import music_like
    >>> found = extract(music_like(duration=3), sr=22_050, sets=("gtzan57", "logmel"))
    >>> found["gtzan57"].shape, found["logmel"].shape
    ((57,), (128, 130))
    """
    wanted = [get_feature_set(name) for name in sets]
    if not wanted:
        raise ParameterError("sets is empty")
    recipes = {one.name: _recipe(one) for one in wanted}
    signal = _checked(y, sr)
    # Compiled code and FFT are loaded with the first signal, not with the package.
    from earmark.features._pass import spectral_pass

    spectra = spectral_pass(signal, sr=sr, separate=any(one.separates for one in wanted))
    return {name: recipe(spectra) for name, recipe in recipes.items()}
