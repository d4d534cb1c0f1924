"""Mean and deviation of each mel band over each segment of 3 s, in 8 bits, to compare timbre.

Segments are cut out of the 8-bit matrix `logmel_gtzan` of the whole clip and never normalised
again, so the level of a segment relative to its clip is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from earmark.arguments import checked
from earmark.features._bands import BANDS
from earmark.features._logmel import LOGMEL_GTZAN, _logmel, logmel_gtzan, quantise
from earmark.features._sets import FeatureSet, register
from earmark.types import FloatArray

if TYPE_CHECKING:
    from earmark.features._pass import Spectra

__all__ = [
    "SAME_RECORDING",
    "SEGMENT_BANDS",
    "quantise_segments",
    "recording_likeness",
    "segment_bands",
]

_STEPS = 4
"""Steps of a deviation to one of a mean: few deviations are above 63.75, the largest that fits."""

_N_OF_EXCERPT = 10
_COLUMNS_OF_EXCERPT = 386
_WIDTH_OF_EXCERPT = 38.75
"""Columns of a segment of an excerpt of 30 s, which has 387.5 columns in the archive."""

_WIDTH = 3 * 22_050 / 512 * 387.5 / 1293
"""Columns of a segment of any other clip."""

SAME_RECORDING = 0.9
"""Two songs with this `recording_likeness` or more are the same recording, or versions of it."""

_FEWEST = 4
"""Minimum number of common segments to compare the course of two songs."""


def quantise_segments(statistics: FloatArray) -> npt.NDArray[np.uint8]:
    """Round the means and deviations of bands to 8 bits, as `SEGMENT_BANDS` holds them.

    Parameters
    ----------
    statistics : np.ndarray [shape=(..., 256)]
        128 means (0 to 255), then 128 deviations.

    Returns
    -------
    np.ndarray of uint8 [shape=(..., 256)]
        Whole means and quarters of deviations, off by at most half a step; deviations above 63.75
        become 63.75.

    Examples
    --------
    >>> quantise_segments(np.repeat([100.4, 10.2], 128))[[0, -1]].tolist()
    [100, 41]
    """
    steps = np.repeat([1, _STEPS], statistics.shape[-1] // 2)
    return np.asarray(np.minimum(255, np.rint(statistics * steps)), dtype=np.uint8)


def segment_bands(Q: npt.NDArray[np.uint8], *, n_segments: int) -> npt.NDArray[np.uint8]:
    """Return means and deviations of the bands of `logmel_gtzan` in segments [(256, n_segments)].

    Segment i begins at column ``floor(38.72 i + 0.5)``, or ``floor(38.75 i + 0.5)`` of an excerpt
    of 30 s, which has 386 columns. The last segment is longer or shorter than 3 s.
    """
    t = Q.shape[1]
    width = _WIDTH_OF_EXCERPT if t == _COLUMNS_OF_EXCERPT else _WIDTH
    starts = np.floor(width * np.arange(n_segments) + 0.5).astype(np.int64)
    lengths = np.diff(starts, append=t)
    x = Q.astype(np.float64)
    mean = np.add.reduceat(x, starts, axis=1) / lengths
    square = np.add.reduceat(x * x, starts, axis=1) / lengths
    # All sums are whole numbers below 2^53, so nothing is lost before the subtraction.
    deviation = np.sqrt(np.maximum(square - mean * mean, 0))
    return np.ascontiguousarray(quantise_segments(np.concatenate([mean, deviation]).T).T)


@checked
def recording_likeness(
    first: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8], *, max_lag: int = 1
) -> float:
    """Compare the course of two songs, to find out if they are the same recording.

    Parameters
    ----------
    first, second : np.ndarray of uint8 [shape=(n_segments, 256)]
        `segment_bands` of each song, a row for each segment.
    max_lag : int
        Maximum number of segments by which one song may begin later than the other.

    Returns
    -------
    float
        From -1 to 1: the largest correlation at any lag, after subtracting the mean of each band
        over the common segments. So the average level of a band, and with it equalisation and most
        of the timbre, is ignored. Songs with fewer than four segments in common have 1 if all
        numbers are equal, else 0.

    Notes
    -----
    Among half a million pairs in GTZAN, all pairs at `SAME_RECORDING` or more have the same title
    and artist (``benchmarks/results/similarity.md``). A copy that begins half a segment later is
    missed more often than not.

    Examples
    --------
    >>> song = np.random.default_rng(0).integers(0, 256, (20, 256), dtype=np.uint8)
    >>> round(recording_likeness(song, song[1:]), 3)
    1.0
    >>> recording_likeness(song, song[::-1]) < SAME_RECORDING
    True
    """
    likeness = -1.0
    enough = False
    for lag in range(-max_lag, max_lag + 1):
        a, b = first[max(0, lag) :], second[max(0, -lag) :]
        n_common = min(len(a), len(b))
        if n_common >= _FEWEST:
            enough = True
            likeness = max(likeness, _correlation(a[:n_common], b[:n_common]))
    return likeness if enough else float(np.array_equal(first, second))


def _correlation(first: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8]) -> float:
    """Correlate the deviations of two songs from their own means; 0 if one is constant."""
    if np.array_equal(first, second):
        return 1.0
    steps = np.repeat([1.0, 1 / _STEPS], first.shape[1] // 2)
    a, b = (song * steps for song in (first, second))
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    size = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum()) / size if size > 0 else 0.0


def _from_archive(row: FloatArray, Q: npt.NDArray[np.uint8]) -> npt.NDArray[Any]:
    """Cut the archived spectrogram of an excerpt into ten; its 57 features are not used."""
    return segment_bands(Q, n_segments=_N_OF_EXCERPT)


def _from_spectra(spectra: Spectra) -> npt.NDArray[Any]:
    from earmark.audio import SEGMENT_S, clip_bounds

    Q = logmel_gtzan(spectra)
    if not Q.shape[1]:
        # As in `bands`, the only column is the first, which the archive spoils.
        return segment_bands(quantise(_logmel(spectra)), n_segments=1)
    bounds = clip_bounds(len(spectra.y), sr=LOGMEL_GTZAN.sr, duration=SEGMENT_S)
    return segment_bands(Q, n_segments=len(bounds))


SEGMENT_BANDS = register(
    FeatureSet(
        name="segment_bands",
        version=1,
        sr=LOGMEL_GTZAN.sr,
        names=BANDS.names,
        parameters={
            "logmel_gtzan": LOGMEL_GTZAN.fingerprint,
            "segment_s": 3,
            "columns_per_segment": "387.5/10 of 386 columns, else 66150/512*387.5/1293",
            "deviation": "population",
            "steps_per_deviation": _STEPS,
        },
        from_spectra=_from_spectra,
        from_archive=_from_archive,
        per_frame=True,
    )
)
