"""What a library holds of a track, and what can be asked for."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from earmark.analysis import MEASUREMENTS, Gaps
from earmark.arguments import check_fields
from earmark.files import FileState
from earmark.records import Record
from earmark.types import Seconds, Unsure, part_name

__all__ = [
    "Filters",
    "KnownFile",
    "LibraryTrack",
]

State = Literal["analysed", "failed"]


@dataclass(frozen=True)
class KnownFile:
    """What the library knows of a file without listening to it.

    Attributes
    ----------
    id : int
        Number of the track.
    path : str
        The file.
    state : FileState or None
        Size and time when it was read; None where it could not even be asked for them.
    digest : bytes or None
        Of the encoded audio.
    failed, missing : bool
        Whether it could not be listened to, and whether it was gone.
    answered_by : str or None
        Hash of the model that was asked.
    placed_by : str or None
        Hash of the space in which it has a place.
    fingerprints : frozenset of str
        Feature sets that are kept of it.
    part : int
        Number of the track in the cue sheet of the file; 0 where the file is one track.
    cue_sheet : str
        Hash of what a cue sheet beside the file said of it; ``""`` without one.
    """

    id: int
    path: str
    state: FileState | None
    digest: bytes | None
    failed: bool
    missing: bool
    answered_by: str | None
    placed_by: str | None
    fingerprints: frozenset[str]
    part: int = 0
    cue_sheet: str = ""

    @property
    def name(self) -> str:
        """The path, and the number in the cue sheet if the track is part of the file."""
        return part_name(self.path, self.part)


@dataclass(frozen=True)
class LibraryTrack(
    Record,
    keys=(
        *("id", "path", "*place", "missing", "artist", "albumartist", "title", "album"),
        *("track_number", "disc_number", "composer", "year", "tag_genres=genres", "ids"),
        *("duration", *MEASUREMENTS, "genre", "corrected", "predicted", "confidence", "runner_up"),
        *("unsure", "probabilities", "warnings"),
        ("gaps", lambda track: [{"start": at, "length": length} for at, length in track.gaps]),
        "error",
    ),
):
    """A track of a library.

    Attributes
    ----------
    id : int
        Its number, never given twice.
    path : str
        Where its file is, or was when it was last seen.
    state : {"analysed", "failed"}
        Whether it could be listened to.
    missing : bool
        Whether the last scan did not find the file.
    digest : bytes or None
        Of the encoded audio, see `earmark.audio.audio_digest`.
    artist, albumartist, title, album, genres, year, ids, track_number, disc_number, composer
        What the file says of itself, as in `earmark.tags.Tags`.
    duration : float or None
        In seconds.
    tempo, brightness, loudness, percussiveness : float or None
        See `MEASUREMENTS`.
    predicted : str or None
        The genre the model finds most probable; None for a silent track, or if it was not asked.
    confidence : float or None
        Its probability.
    runner_up : str or None
        The second most probable.
    margin : float or None
        How much less probable that is.
    unsure : {"unfamiliar", "undecided", "silent"} or None
        Why the answer should not be relied on; None if it can be, or the user has corrected it.
    probabilities : mapping of str to float
        Of each genre; empty for a silent track, or if the model was not asked.
    corrected : str or None
        What the user says the genre is.
    error_code, error_reason : str or None
        Of a failed one: the ``code`` of an `AudioError`, and the reason.
    warnings : tuple of str
        What is wrong with the file without making it unusable.
    gaps : tuple of (float, float or None)
        Start and length in seconds of each stretch that could not be decoded; the length is None
        where nobody knows it.
    part : int
        Its number in the cue sheet of the file; 0 if the file is one track.
    start, end : float or None
        Where a part begins and ends in the file, in seconds; None where the file does.
    """

    id: int
    path: str
    state: State
    missing: bool
    digest: bytes | None = None
    artist: str = ""
    albumartist: str = ""
    title: str = ""
    album: str = ""
    genres: tuple[str, ...] = ()
    year: int | None = None
    ids: Mapping[str, str] = field(default_factory=dict)
    duration: Seconds | None = None
    tempo: float | None = None
    brightness: float | None = None
    loudness: float | None = None
    percussiveness: float | None = None
    predicted: str | None = None
    confidence: float | None = None
    runner_up: str | None = None
    margin: float | None = None
    unsure: Unsure | None = None
    probabilities: Mapping[str, float] = field(default_factory=dict)
    corrected: str | None = None
    error_code: str | None = None
    error_reason: str | None = None
    warnings: tuple[str, ...] = ()
    gaps: Gaps = ()
    track_number: int | None = None
    disc_number: int | None = None
    composer: str = ""
    part: int = 0
    start: Seconds | None = None
    end: Seconds | None = None

    @property
    def name(self) -> str:
        """What the track is called where a path is shown: ``album.flac#03`` for part of a file."""
        return part_name(self.path, self.part)

    @property
    def place(self) -> dict[str, Any]:
        """Which part of its file the track is, as JSON has it; empty if the file is one track."""
        return {"part": self.part, "start": self.start, "end": self.end} if self.part else {}

    @property
    def caption(self) -> str:
        """Artist and title as far as the tags name them, else the name of the file."""
        artist = self.artist or self.albumartist
        stem = os.path.splitext(os.path.basename(self.path))[0]
        title = self.title or part_name(stem, self.part)
        return f"{artist} - {title}" if artist else title

    @property
    def error(self) -> dict[str, str | None] | None:
        """Why it could not be analysed, as JSON has it."""
        if self.error_code is None:
            return None
        return {"code": self.error_code, "message": self.error_reason}

    @property
    def genre(self) -> str | None:
        """What the user says, else what the model finds most probable."""
        return self.corrected or self.predicted


@dataclass(frozen=True)
class Filters:
    """Which tracks are asked for: those for which everything that is set holds.

    Attributes
    ----------
    genre : str or None
        Exactly this genre, whatever the case: the user's word or else the model's.
    artist, album, title : str or None
        Part of what the tags say, whatever the case; the artist may be the album's.
    words : tuple of str
        Each is part of the artist or of the title; where there is no title, of the file's name.
    year : tuple of (int or None, int or None) or None
        First and last year.
    path : str or None
        This file, or what is in this folder; ``album.flac#03`` is one track of a file.
    min_confidence, max_confidence : float or None
        Bounds of the model's confidence.
    tempo : tuple of (float or None, float or None) or None
        Slowest and fastest, in beats a minute.
    unsure : bool or None
        Only answers that are unsure, or only those that are not; corrected ones are not.
    doubtful : bool or None
        Only answers worth asking the user about, or only the others. Doubtful are unsure answers,
        those of less than 0.5 confidence (which are wrong more often than right), and those whose
        top two genres are less than 0.2 apart; not silent tracks, and not corrected ones.
    corrected : bool or None
        Only tracks of which the user has spoken, or only those of which not.
    tag_genre : bool or None
        Only tracks whose tags name a genre, or only those whose tags do not. Values such as "Other"
        name none, see `earmark.tags.is_empty_genre`.
    treat_as_empty : tuple of str
        More genres in tags that count as none.
    warned : bool or None
        Only tracks with warnings, or only those without.
    missing : bool or None
        Only tracks whose file is gone, or only those whose file is there; None for both.
    state : {"analysed", "failed"} or None
        Only tracks of this state.
    """

    genre: str | None = None
    artist: str | None = None
    album: str | None = None
    title: str | None = None
    words: tuple[str, ...] = ()
    year: tuple[int | None, int | None] | None = None
    path: str | None = None
    min_confidence: float | None = None
    max_confidence: float | None = None
    tempo: tuple[float | None, float | None] | None = None
    unsure: bool | None = None
    doubtful: bool | None = None
    corrected: bool | None = None
    tag_genre: bool | None = None
    treat_as_empty: tuple[str, ...] = ()
    warned: bool | None = None
    missing: bool | None = False
    state: State | None = "analysed"

    def __post_init__(self) -> None:
        check_fields(self)
