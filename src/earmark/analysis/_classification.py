"""The answer for a file in full, and how it comes about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from earmark.analysis._analyser import answer_of
from earmark.analysis._tracks import extract_file
from earmark.errors import AudioError
from earmark.extraction import TrackFeatures
from earmark.models import Model
from earmark.records import Record, error_record
from earmark.tags import CueAlbum, cue_album
from earmark.types import Seconds, Unsure, part_name

__all__ = ["Classification", "ClassifiedClip", "classify_file"]


@dataclass(frozen=True)
class ClassifiedClip(Record, keys=("start", "end", "silent", "probabilities")):
    """The answer for one stretch of a track.

    Attributes
    ----------
    start, end : float
        In seconds.
    probabilities : dict of str to float or None
        Probability of each genre; None for a silent clip.
    """

    start: Seconds
    end: Seconds
    probabilities: dict[str, float] | None

    @property
    def silent(self) -> bool:
        """Whether it is silent, and so has no part in the answer."""
        return self.probabilities is None

    @property
    def genre(self) -> str | None:
        """The most probable genre; None for a silent clip."""
        if self.probabilities is None:
            return None
        return max(self.probabilities, key=self.probabilities.__getitem__)


@dataclass(frozen=True)
class Classification(
    Record,
    keys=(
        *("path", "*place", "duration", "genre", "confidence", "unsure", "warnings"),
        *("probabilities", "clips"),
        ("error", lambda answer: error_record(answer.error)),
    ),
):
    """The answer for one file, or one track in it, or why there is none.

    Attributes
    ----------
    path : str
        The file.
    duration : float or None
        Length of what was decoded, in seconds.
    genre : str or None
        The most probable genre, even if the answer is unsure; None for a silent track or an error.
    confidence : float or None
        Its probability.
    unsure : {"unfamiliar", "undecided", "silent"} or None
        Why the answer should not be relied on; None if it can be.
    warnings : tuple of str
        What is wrong with the file without making it unusable.
    probabilities : dict of str to float
        Probability of each genre: the mean over the clips, weighted by length without silence;
        empty for a silent track or an error.
    spread : dict of str to float
        Their standard deviation over the clips, weighted in the same way.
    distance : float or None
        How far the track lies from the training data; "unfamiliar" is above the model's
        ``max_distance``.
    clips : tuple of ClassifiedClip
        The answer for each clip, in order of time.
    error : AudioError or None
        Why there is no answer.
    part : int
        Number of the track in the cue sheet of the file; 0 if the file is one track.
    start, end : float or None
        Where a part begins and ends in the file, in seconds; None where the file does. The times
        of its clips are counted from its own start.
    artist, title : str
        Of a part, as the sheet writes them.
    """

    path: str
    duration: Seconds | None = None
    genre: str | None = None
    confidence: float | None = None
    unsure: Unsure | None = None
    warnings: tuple[str, ...] = ()
    probabilities: dict[str, float] = field(default_factory=dict)
    spread: dict[str, float] = field(default_factory=dict)
    distance: float | None = None
    clips: tuple[ClassifiedClip, ...] = ()
    error: AudioError | None = None
    part: int = 0
    start: Seconds | None = None
    end: Seconds | None = None
    artist: str = ""
    title: str = ""

    @property
    def name(self) -> str:
        """What is shown as its path: ``album.flac#03`` for part of a file."""
        return part_name(self.path, self.part)

    @property
    def place(self) -> dict[str, Any]:
        """Which part of its file a track is, and what the sheet calls it; empty for a file."""
        names = ("part", "start", "end", "artist", "title")
        return {name: getattr(self, name) for name in names} if self.part else {}

    @property
    def runner_up(self) -> str | None:
        """The second most probable genre; None for a silent track or an error."""
        ranked = sorted(self.probabilities, key=self.probabilities.__getitem__, reverse=True)
        return ranked[1] if len(ranked) > 1 else None


def classify_file(path: str, *, model: Model, whole: bool = False) -> tuple[Classification, ...]:
    """Name the genre of each track in a file.

    Parameters
    ----------
    path : str
        The file.
    model : Model
        What names it.
    whole : bool
        Whether to take the file as one track, whatever its cue sheet says.

    Returns
    -------
    tuple of Classification
        One, or those of the tracks of its cue sheet.

    Raises
    ------
    AudioError
        Of the class that says why the file cannot be used.
    """
    album = CueAlbum() if whole else cue_album(path)
    features = extract_file(path, [model.feature_set], album=album)
    if not album.tracks:
        return tuple(_classification(path, track, model) for track in features)
    return tuple(
        replace(
            _classification(path, track, model),
            part=part.number,
            start=part.start,
            end=part.end,
            artist=part.tags.artist,
            title=part.tags.title,
        )
        for part, track in zip(album.tracks, features, strict=True)
    )


def _classification(path: str, track: TrackFeatures | AudioError, model: Model) -> Classification:
    if isinstance(track, AudioError):
        return Classification(path=path, error=track)
    sounding = np.array(track.sounding)
    X = track.matrix(model.feature_set)
    answer = answer_of(model, X, bounds=np.array(track.bounds), sounding=sounding)

    def named(values: Iterable[float] | None) -> dict[str, float]:
        if values is None or answer.unsure == "silent":
            return {}
        return dict(zip(answer.classes, map(float, values), strict=True))

    return Classification(
        path=path,
        duration=track.duration,
        genre=answer.genre,
        confidence=answer.confidence,
        unsure=answer.unsure,
        warnings=track.warnings,
        probabilities=named(answer.probabilities),
        spread=named(answer.spread),
        distance=answer.distance,
        clips=tuple(
            ClassifiedClip(start, end, named(row) if counts else None)
            for (start, end), row, counts in zip(
                track.bounds, answer.timeline, track.sounding, strict=True
            )
        ),
    )
