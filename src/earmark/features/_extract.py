"""Several feature sets from one spectral pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from earmark.arguments import checked
from earmark.features._compute import compute_sets
from earmark.features._sets import get_feature_set
from earmark.types import AudioArray, Hertz

__all__ = ["extract"]


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
        If there is no set with a name, a set cannot be computed from audio, or `sets` is empty; if
        `y` is empty, has more than one channel, is not floating point, not finite or beyond 1e10;
        if `sr` is below 1,000 Hz or too low for a set.

    See Also
    --------
    gtzan57 : Compute only that set.

    Examples
    --------
    >>> from earmark.testing import music_like
    >>> found = extract(music_like(duration=3), sr=22_050, sets=("gtzan57", "logmel"))
    >>> found["gtzan57"].shape, found["logmel"].shape
    ((57,), (128, 130))
    """
    return compute_sets(y, sr=sr, sets=[get_feature_set(name) for name in sets])
