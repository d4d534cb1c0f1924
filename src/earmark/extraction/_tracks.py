"""One file to the features of its clips, in one pass and in bounded memory."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from earmark import audio
from earmark.errors import EmptyAudioError, TooShortError
from earmark.features import FeatureSet
from earmark.types import FloatArray, PathName, Seconds

__all__ = ["MIN_TRACK_S", "TrackFeatures", "extract_track"]

MIN_TRACK_S: Seconds = 1.0
"""A track shorter than this says too little to be analysed."""


@dataclass(frozen=True)
class TrackFeatures:
    """The features of the clips of one file.

    Attributes
    ----------
    duration : float
        Length of what was decoded, in seconds.
    bounds : tuple of (float, float)
        Start and end of each clip in seconds.
    X : np.ndarray [shape=(n_clips, d)]
        Features of each clip.
    warnings : tuple of str
        What is wrong with the file without making it unusable.
    """

    duration: Seconds
    bounds: tuple[tuple[Seconds, Seconds], ...]
    X: FloatArray
    warnings: tuple[str, ...]


def extract_track(path: PathName, feature_set: FeatureSet) -> TrackFeatures:
    """Decode a file and compute the features of each of its clips.

    Parameters
    ----------
    path : str or path-like
        The file.
    feature_set : FeatureSet
        What to compute, at its own sampling rate.

    Returns
    -------
    TrackFeatures
        One row for each clip (see `earmark.audio.clip_bounds`).

    Raises
    ------
    AudioError
        Of the class that says why the file cannot be used; `TooShortError` under one second.

    Examples
    --------
    >>> import soundfile, tempfile
    >>> from earmark.features import GTZAN57
    >>> with tempfile.NamedTemporaryFile(suffix=".wav") as file:
    ...     soundfile.write(file.name, np.sin(np.arange(66_150) / 8), 22_050)
    ...     track = extract_track(file.name, GTZAN57)
    >>> track.bounds, track.X.shape
    (((0.0, 3.0),), (1, 57))
    """
    sr = feature_set.sr
    rows, bounds = [], []
    peak = 0.0
    with audio.stream(path, sr=sr) as blocks:
        for clip in audio.clips(blocks, sr=sr):
            if clip.end < MIN_TRACK_S * sr:
                length = math.floor(1000 * clip.end / sr) / 1000  # never rounded up to enough
                raise TooShortError(
                    path, f"it is {length:.3f} s long: {MIN_TRACK_S:g} s or more is needed"
                )
            rows.append(feature_set(clip.y, sr=sr))
            bounds.append((clip.start / sr, clip.end / sr))
            peak = max(peak, float(np.abs(clip.y).max()))
        warnings = list(blocks.warnings)
        native_sr = blocks.native_sr
    if not rows:
        raise EmptyAudioError(path, "it holds no samples")
    if native_sr < sr:
        warnings.append(f"sampled at {native_sr} Hz: nothing above {native_sr // 2} Hz is in it")
    if peak == 0.0:
        warnings.append("silent: every sample is zero")
    return TrackFeatures(bounds[-1][1], tuple(bounds), np.array(rows), tuple(warnings))
