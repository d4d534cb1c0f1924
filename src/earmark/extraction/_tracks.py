"""One file to the features of its clips, in one pass and in bounded memory."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from earmark import audio
from earmark.errors import EmptyAudioError, ParameterError, TooShortError
from earmark.features import FeatureSet, extract
from earmark.types import FloatArray, PathName, Seconds

__all__ = ["MIN_TRACK_S", "UNITS", "TrackFeatures", "Unit", "extract_track"]

MIN_TRACK_S: Seconds = 1.0
"""A track shorter than this says too little to be analysed."""

Unit = Literal["track", "clip", "segment"]
"""What one row of features is about."""

UNITS: tuple[Unit, ...] = ("track", "clip", "segment")


@dataclass(frozen=True)
class TrackFeatures:
    """The features of the clips of one file, or of its segments, or of the whole.

    Attributes
    ----------
    duration : float
        Length of what was decoded, in seconds.
    bounds : tuple of (float, float)
        Start and end of each unit in seconds.
    values : mapping of str to tuple of np.ndarray
        By feature set: the features of each unit.
    warnings : tuple of str
        What is wrong with the file without making it unusable.
    sounding : tuple of float
        Seconds of each unit that count: its length less silence and what could not be decoded; 0
        for a silent one.
    missing : tuple of Missing
        Stretches of the file that could not be decoded.
    """

    duration: Seconds
    bounds: tuple[tuple[Seconds, Seconds], ...]
    values: Mapping[str, tuple[np.ndarray[Any, Any], ...]]
    warnings: tuple[str, ...]
    sounding: tuple[Seconds, ...]
    missing: tuple[audio.Missing, ...] = ()

    def matrix(self, feature_set: FeatureSet) -> FloatArray:
        """Stack the features of all units.

        Parameters
        ----------
        feature_set : FeatureSet
            One that was asked for and keeps no frames.

        Returns
        -------
        np.ndarray [shape=(n_units, d)]
            A row for each unit.
        """
        return np.stack(self.values[feature_set.name])


def extract_track(
    path: PathName, sets: Sequence[FeatureSet], *, unit: Unit = "clip"
) -> TrackFeatures:
    """Decode a file and compute feature sets of each of its clips.

    Parameters
    ----------
    path : str or path-like
        The file.
    sets : sequence of FeatureSet
        What to compute, all of one sampling rate.
    unit : {"clip", "segment", "track"}
        Clips of 30 s, segments of 3 s (see `earmark.audio.clip_bounds`), or the whole: the mean
        over its clips, weighted by length.

    Returns
    -------
    TrackFeatures
        Features of each unit.

    Raises
    ------
    AudioError
        Of the class that says why the file cannot be used; `TooShortError` under one second.
    ParameterError
        If there is no unit of that name, or the frames of a whole track are asked for.

    Examples
    --------
    >>> import soundfile, tempfile
    >>> from earmark.features import GTZAN57
    >>> with tempfile.NamedTemporaryFile(suffix=".wav") as file:
    ...     soundfile.write(file.name, np.sin(np.arange(132_300) / 8), 22_050)
    ...     track = extract_track(file.name, [GTZAN57], unit="segment")
    >>> track.bounds, track.matrix(GTZAN57).shape
    (((0.0, 3.0), (3.0, 6.0)), (2, 57))
    """
    if unit not in UNITS:
        raise ParameterError(f"unit={unit!r} is not one of {', '.join(UNITS)}")
    if unit == "track" and any(one.per_frame for one in sets):
        raise ParameterError("unit='track' has no frames: choose clip or segment")
    (sr,) = {one.sr for one in sets}
    names = tuple(one.name for one in sets)
    duration = audio.SEGMENT_S if unit == "segment" else audio.CLIP_S
    rows, bounds, sounding = [], [], []
    peak = 0.0
    with audio.stream(path, sr=sr) as blocks:
        for clip in audio.clips(blocks, sr=sr, duration=duration):
            if clip.end < MIN_TRACK_S * sr:
                length = math.floor(1000 * clip.end / sr) / 1000  # never rounded up to enough
                raise TooShortError(
                    path, f"it is {length:.3f} s long: {MIN_TRACK_S:g} s or more is needed"
                )
            rows.append(extract(clip.y, sr=sr, sets=names))
            bounds.append((clip.start / sr, clip.end / sr))
            sounding.append((clip.end - clip.start) / sr if clip.y.any() else 0.0)
            peak = max(peak, float(clip.y.max()), -float(clip.y.min()))
        warnings = list(blocks.warnings)
        missing = tuple(blocks.missing)
        native_sr = blocks.native_sr
    if not rows:
        raise EmptyAudioError(path, "it holds no samples")
    if native_sr < sr:
        warnings.append(f"sampled at {native_sr} Hz: nothing above {native_sr // 2} Hz is in it")
    if peak == 0.0:
        warnings.append("silent: every sample is zero")
    values = {name: tuple(row[name] for row in rows) for name in names}
    if unit == "track":
        lengths = [end - start for start, end in bounds]
        values = {
            name: (np.average(clips, axis=0, weights=lengths),) for name, clips in values.items()
        }
        bounds, sounding = [(0.0, bounds[-1][1])], [sum(sounding)]
    return TrackFeatures(
        bounds[-1][1], tuple(bounds), values, tuple(warnings), tuple(sounding), missing
    )
