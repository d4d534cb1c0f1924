"""What a scan did: in numbers, and change by change."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from earmark.errors import AudioError
from earmark.library import LibraryTrack
from earmark.records import Record, RecordKey, error_record, failure_record

__all__ = ["ScanEvent", "ScanEventKind", "ScanReport", "WarnedFile"]

ScanEventKind: TypeAlias = Literal["new", "changed", "moved", "back", "gone", "failed"]
"""What happened to a file: it is new, its tags or audio changed, it was moved or renamed, it was
gone and is back where it was, it is gone, it cannot be used."""


def _of_track(name: str) -> RecordKey:
    """Return an entry that a track has and a file that failed has not."""
    return name, lambda event: getattr(event.track, name, None)


@dataclass(frozen=True)
class WarnedFile(Record, keys=("path", "messages=warnings", "partial")):
    """A file that was analysed although something is wrong with it.

    Attributes
    ----------
    path : str
        The file; ``album.flac#03`` for part of one.
    warnings : tuple of str
        What is wrong.
    partial : bool
        Whether part of its audio could not be decoded.
    new : bool
        Whether this scan found it, rather than one before.
    """

    path: str
    warnings: tuple[str, ...]
    partial: bool
    new: bool


@dataclass(frozen=True)
class ScanEvent(
    Record,
    schema="earmark.scan-event/1",
    keys=(
        *("event=kind", "path", "before"),
        *(_of_track(name) for name in ("id", "genre", "confidence", "unsure")),
        ("warnings", lambda event: event.track.warnings if event.track else ()),
        ("error", lambda event: error_record(event.error)),
    ),
):
    """What happened to one file.

    Attributes
    ----------
    kind : {"new", "changed", "moved", "back", "gone", "failed"}
        What happened.
    path : str
        The file; ``album.flac#03`` for part of one.
    before : str or None
        Where a file that was moved was before.
    track : LibraryTrack or None
        What the library holds of it now; None of a file that failed.
    error : AudioError or None
        Why it failed.
    """

    kind: ScanEventKind
    path: str
    before: str | None = None
    track: LibraryTrack | None = None
    error: AudioError | None = None


@dataclass(frozen=True)
class ScanReport(
    Record,
    schema="earmark.scan/2",
    keys=(
        *("library", "roots", "files=n_files", "unchanged=n_unchanged", "analysed=n_analysed"),
        ("*", lambda it: {"tracks": it.n_tracks} if it.n_tracks != it.n_analysed else {}),
        *("refreshed=n_refreshed", "moved=n_moved", "answered=n_answered", "missing=n_missing"),
        "partial=n_partial",
        ("failed", lambda report: [failure_record(error) for error in report.failed]),
        "warned",
        ("seconds", lambda report: round(report.seconds, 3)),
        ("audio_seconds", lambda report: round(report.audio_seconds, 3)),
    ),
):
    """What a scan did.

    Attributes
    ----------
    library : str
        Its file.
    roots : tuple of str
        What was scanned.
    n_files : int
        Audio files that were found.
    n_unchanged : int
        Those of them that cost no more than a look at their time.
    n_analysed : int
        Those that were decoded and analysed.
    n_refreshed : int
        Those of which only tags or times had changed.
    n_moved : int
        Those that the library knew from another place.
    n_answered : int
        Those that were answered or placed anew from what is kept of them.
    n_missing : int
        Tracks whose files are gone since the last scan.
    failed : tuple of AudioError
        What could not be analysed, in this scan or before.
    warned : tuple of WarnedFile
        What has warnings, by this scan or an earlier one.
    seconds : float
        How long it took.
    audio_seconds : float
        How long the music is that was analysed.
    n_tracks : int
        Tracks in the files that were analysed: more than those where cue sheets name several.
    """

    library: str
    roots: tuple[str, ...]
    n_files: int = 0
    n_unchanged: int = 0
    n_analysed: int = 0
    n_refreshed: int = 0
    n_moved: int = 0
    n_answered: int = 0
    n_missing: int = 0
    failed: tuple[AudioError, ...] = field(default=())
    warned: tuple[WarnedFile, ...] = field(default=())
    seconds: float = 0.0
    audio_seconds: float = 0.0
    n_tracks: int = 0

    @property
    def found_something(self) -> bool:
        """Whether anything was not as the library had it."""
        counts = (self.n_analysed, self.n_refreshed, self.n_moved, self.n_answered, self.n_missing)
        return any(counts)

    @property
    def n_partial(self) -> int:
        """Files of which part of the audio could not be decoded."""
        return sum(one.partial for one in self.warned)
