"""What a library holds of a track."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from earmark.analysis import MEASUREMENTS, AnswerSummary, Gaps
from earmark.files import FileState
from earmark.records import Record
from earmark.tags import Tags
from earmark.types import Seconds, Unsure, part_name

__all__ = ["KnownFile", "LibraryTrack", "State"]

State: TypeAlias = Literal["analysed", "failed"]
"""Whether a track could be analysed."""


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
        Which space it is placed in, see `earmark.models.Space.vectors_id`.
    fingerprints : frozenset of str
        Feature sets that are kept of it.
    part : int
        Number of the track in the cue sheet of the file; 0 where the file is one track.
    cue_sheet : str
        Hash of the part about it in a cue sheet beside the file; ``""`` without one.
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
        *("id", "path", "*place", "missing", "artist=tags.artist", "albumartist=tags.albumartist"),
        *("title=tags.title", "album=tags.album", "track_number=tags.track_number"),
        *("disc_number=tags.disc_number", "composer=tags.composer", "year=tags.year"),
        *("tag_genres=tags.genres", "ids=tags.ids", "duration"),
        ("*", lambda track: {name: track.measurements.get(name) for name in MEASUREMENTS}),
        *("genre", "corrected", "predicted=answer.genre", "confidence=answer.confidence"),
        *("runner_up=answer.runner_up", "unsure", "probabilities=answer.probabilities", "warnings"),
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
        Whether it could be analysed.
    missing : bool
        Whether the last scan did not find the file.
    digest : bytes or None
        Of the encoded audio, see `earmark.audio.audio_digest`.
    tags : Tags
        The tags of the file, without genres that were left at a default.
    duration : float or None
        In seconds.
    measurements : mapping of str to float
        By the names in `earmark.analysis.MEASUREMENTS`; empty if the track is silent.
    answer : AnswerSummary
        Answer of the model; everything is None for a track it has not classified.
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
    tags: Tags = field(default_factory=Tags)
    duration: Seconds | None = None
    measurements: Mapping[str, float] = field(default_factory=dict)
    answer: AnswerSummary = field(default_factory=AnswerSummary)
    corrected: str | None = None
    error_code: str | None = None
    error_reason: str | None = None
    warnings: tuple[str, ...] = ()
    gaps: Gaps = ()
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
        artist = self.tags.artist or self.tags.albumartist
        stem = os.path.splitext(os.path.basename(self.path))[0]
        title = self.tags.title or part_name(stem, self.part)
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
        return self.corrected or self.answer.genre

    @property
    def unsure(self) -> Unsure | None:
        """Why the genre should not be relied on; None if it can be, or the user has set it."""
        return None if self.corrected else self.answer.unsure
