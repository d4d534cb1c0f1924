"""One file to the features of its clips, in one pass and in bounded memory."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

import numpy as np

from earmark import audio
from earmark.errors import AudioError, EmptyAudioError, ParameterError, TooShortError
from earmark.extraction._silence import (
    clips_of_sound,
    seconds_of_sound,
    silent_seconds,
)
from earmark.features import FeatureSet, extract
from earmark.tags import CueTrack
from earmark.types import (
    BoolArray,
    Float32Array,
    FloatArray,
    Hertz,
    PathName,
    Seconds,
    part_name,
)

__all__ = [
    "MIN_TRACK_S",
    "UNITS",
    "TrackFeatures",
    "Unit",
    "extract_parts",
    "extract_track",
]

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
    silent_segments : tuple of np.ndarray of bool [shape=(n_segments,)]
        Which of the segments of each unit are silent throughout.
    """

    duration: Seconds
    bounds: tuple[tuple[Seconds, Seconds], ...]
    values: Mapping[str, tuple[np.ndarray[Any, Any], ...]]
    warnings: tuple[str, ...]
    sounding: tuple[Seconds, ...]
    missing: tuple[audio.Missing, ...] = ()
    silent_segments: tuple[BoolArray, ...] = ()

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
        over its clips, weighted by length without silence. Silence of 5 s or more on end is cut
        apart from the sound, whose clips begin where it does.

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
    sr, names = _checked(sets, unit)
    with audio.stream(path, sr=sr) as blocks:
        units = _compute_units(blocks, os.fspath(path), sr=sr, names=names, unit=unit)
        return _finish(units, blocks, blocks.warnings, tuple(blocks.missing), unit=unit)


def extract_parts(
    path: PathName,
    sets: Sequence[FeatureSet],
    parts: Sequence[CueTrack],
    *,
    unit: Unit = "clip",
) -> list[TrackFeatures | AudioError]:
    """Decode the file of an album once, and compute feature sets of each of its tracks.

    A track is cut out of the samples after they were resampled, so that the last few samples before
    its start have a part in the first few after it, and the other way round.

    Parameters
    ----------
    path : str or path-like
        The file.
    sets : sequence of FeatureSet
        What to compute, all of one sampling rate.
    parts : sequence of CueTrack
        The tracks in it, in time, none of which overlap.
    unit : {"clip", "segment", "track"}
        As in `extract_track`.

    Returns
    -------
    list of TrackFeatures or AudioError
        For each track its features, its times counted from its own start; or why it has none, such
        as that the file ends before it begins.

    Raises
    ------
    AudioError
        If no track can be decoded, of the class that says why the file cannot be used.
    ParameterError
        As in `extract_track`.

    Examples
    --------
    >>> import soundfile, tempfile
    >>> from earmark.features import GTZAN57
    >>> from earmark.tags import CueTrack, Tags
    >>> album = [CueTrack(1, 0.0, 2.0, Tags()), CueTrack(2, 2.0, None, Tags())]
    >>> with tempfile.NamedTemporaryFile(suffix=".wav") as file:
    ...     soundfile.write(file.name, np.sin(np.arange(132_300) / 8), 22_050)
    ...     tracks = extract_parts(file.name, [GTZAN57], album)
    >>> [track.duration for track in tracks]
    [2.0, 4.0]
    """
    sr, names = _checked(sets, unit)
    found: list[_Units | AudioError] = []
    from_ = parts[0].start if parts else 0.0  # what comes before need not be decoded
    with audio.stream(path, sr=sr, offset=from_) as blocks:
        cutter = _Cutter(blocks, at=round(from_ * sr))
        for part in parts:
            name = part_name(os.fspath(path), part.number)
            first, end = (None if at is None else round(at * sr) for at in (part.start, part.end))
            cut = cutter.cut(first or 0, end)
            try:
                found.append(_compute_units(cut, name, sr=sr, names=names, unit=unit))
            except EmptyAudioError:
                reason = f"it begins at {part.start:.2f} s, where the file has ended"
                found.append(EmptyAudioError(name, reason))
            except TooShortError as error:
                found.append(error)
            except AudioError as error:
                if not any(isinstance(one, _Units) for one in found):
                    raise
                found.append(AudioError.of_code(error.code, name, error.reason))
        cutter.drain()
        missing = [_missing_in(part, blocks.missing) for part in parts]
        return [
            one
            if isinstance(one, AudioError)
            else _finish(one, blocks, blocks.warnings if lost else (), lost, unit=unit)
            for one, lost in zip(found, missing, strict=True)
        ]


def _checked(sets: Sequence[FeatureSet], unit: Unit) -> tuple[int, tuple[str, ...]]:
    """Return the sampling rate and the names of feature sets."""
    if unit not in UNITS:
        raise ParameterError(f"unit={unit!r} is not one of {', '.join(UNITS)}")
    if unit == "track" and any(one.per_frame for one in sets):
        raise ParameterError("unit='track' has no frames: choose clip or segment")
    (sr,) = {one.sr for one in sets}
    return sr, tuple(one.name for one in sets)


@dataclass
class _Units:
    """The units of one track, as they are computed."""

    rows: list[Mapping[str, np.ndarray[Any, Any]]] = field(default_factory=list)
    bounds: list[tuple[Seconds, Seconds]] = field(default_factory=list)
    silent: list[BoolArray] = field(default_factory=list)
    silent_segments: list[BoolArray] = field(default_factory=list)
    peak: float = 0.0


def _compute_units(
    blocks: Iterable[Float32Array], name: str, *, sr: int, names: Sequence[str], unit: Unit
) -> _Units:
    """Compute feature sets of each clip or segment of a stream of samples."""
    duration = audio.SEGMENT_S if unit == "segment" else audio.CLIP_S
    units = _Units()
    for clip in clips_of_sound(blocks, sr=sr, duration=duration):
        units.rows.append(extract(clip.y, sr=sr, sets=names))
        units.bounds.append((clip.start / sr, clip.end / sr))
        silent = silent_seconds(clip.y, sr=sr)
        units.silent.append(silent)
        units.silent_segments.append(_silent_segments(silent, len(clip.y), sr))
        units.peak = max(units.peak, float(clip.y.max()), -float(clip.y.min()))
    if not units.rows:
        raise EmptyAudioError(name, "it holds no samples")
    end = units.bounds[-1][1]
    if end < MIN_TRACK_S:
        length = math.floor(1000 * end) / 1000  # never rounded up to enough
        raise TooShortError(name, f"it is {length:.3f} s long: {MIN_TRACK_S:g} s or more is needed")
    return units


def _silent_segments(silent: BoolArray, n_samples: int, sr: Hertz) -> BoolArray:
    """Tell which segments of a clip are silent throughout, by its seconds."""
    segments = audio.clip_bounds(n_samples, sr=sr, duration=audio.SEGMENT_S)
    seconds = [(math.floor(start / sr), math.ceil(end / sr)) for start, end in segments]
    return np.array([silent[start:end].all() for start, end in seconds])


def _finish(
    units: _Units,
    blocks: audio.AudioStream,
    decoding: Iterable[str],
    missing: tuple[audio.Missing, ...],
    *,
    unit: Unit,
) -> TrackFeatures:
    """Bring the units of a track, and what is wrong with it, into their final shape."""
    warnings = list(decoding)
    native_sr = blocks.native_sr
    if native_sr < blocks.sr:
        warnings.append(f"sampled at {native_sr} Hz: it holds nothing above {native_sr // 2} Hz")
    if units.peak == 0.0:
        warnings.append("silent: every sample is zero")
    sounding = map(partial(seconds_of_sound, missing=missing), units.silent, units.bounds)
    track = TrackFeatures(
        duration=units.bounds[-1][1],
        bounds=tuple(units.bounds),
        values={name: tuple(row[name] for row in units.rows) for name in units.rows[0]},
        warnings=tuple(warnings),
        sounding=tuple(sounding),
        missing=missing,
        silent_segments=tuple(units.silent_segments),
    )
    return _whole(track) if unit == "track" else track


def _whole(track: TrackFeatures) -> TrackFeatures:
    """Average the clips of a track, without what is silent unless it is all silent."""
    lengths = (
        track.sounding if any(track.sounding) else [end - start for start, end in track.bounds]
    )
    values = {
        name: (np.average(clips, axis=0, weights=lengths),) for name, clips in track.values.items()
    }
    return replace(
        track,
        bounds=((0.0, track.duration),),
        values=values,
        sounding=(sum(track.sounding),),
        silent_segments=(np.concatenate(track.silent_segments),),
    )


class _Cutter:
    """Cuts a stream of blocks at samples, from the start on."""

    def __init__(self, blocks: Iterable[Float32Array], *, at: int) -> None:
        self._blocks = iter(blocks)
        self._at = at  # the sample that comes next
        self._held: Float32Array | None = None

    def _next(self) -> Float32Array | None:
        """Return what was held back, else the next block; None at the end."""
        block, self._held = self._held, None
        return next(self._blocks, None) if block is None else block

    def cut(self, start: int, end: int | None) -> Iterator[Float32Array]:
        """Yield the samples from `start` to `end`; what comes before is passed over."""
        while (end is None or self._at < end) and (block := self._next()) is not None:
            if self._at < start:
                skipped = min(start - self._at, len(block))
                self._at += skipped
                block = block[skipped:]
            wanted = block if end is None else block[: end - self._at]
            if len(wanted) < len(block):
                self._held = block[len(wanted) :]
            self._at += len(wanted)
            if len(wanted):
                yield wanted

    def drain(self) -> None:
        """Decode what is left: only then is it known what is wrong with the file."""
        while self._next() is not None:
            pass


def _missing_in(part: CueTrack, missing: Iterable[audio.Missing]) -> tuple[audio.Missing, ...]:
    """Return the stretches that are missing of a track, counted from its own start."""
    found = []
    for one in missing:
        start = max(one.start, part.start)
        ends = [] if one.length is None else [one.start + one.length]
        end = min([*ends, *([] if part.end is None else [part.end])], default=None)
        if end is None or start < end:
            length = None if end is None else end - start
            found.append(audio.Missing(start - part.start, length))
    return tuple(found)
