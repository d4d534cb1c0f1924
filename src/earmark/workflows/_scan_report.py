"""What a scan did: in numbers, and change by change."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from earmark.errors import AudioError
from earmark.library import LibraryTrack

__all__ = ["ScanEvent", "ScanEventKind", "ScanReport", "WarnedFile"]

ScanEventKind: TypeAlias = Literal["new", "changed", "moved", "back", "gone", "failed"]
"""What happened to a file: it is new, its tags or audio changed, it was moved or renamed, it was
gone and is back where it was, it is gone, it cannot be used."""


@dataclass(frozen=True)
class WarnedFile:
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
class ScanEvent:
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

    def to_dict(self) -> dict[str, Any]:
        """Convert to what JSON can hold.

        Returns
        -------
        dict
            What the schema ``earmark.scan-event/1`` defines.
        """
        track, error = self.track, self.error
        return {
            "schema": "earmark.scan-event/1",
            "event": self.kind,
            "path": self.path,
            "before": self.before,
            "id": track and track.id,
            "genre": track and track.genre,
            "confidence": track and track.confidence,
            "unsure": track and track.unsure,
            "warnings": list(track.warnings) if track else [],
            "error": error and {"code": error.code, "message": error.reason},
        }


@dataclass(frozen=True)
class ScanReport:
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

    def to_dict(self) -> dict[str, Any]:
        """Convert to what JSON can hold.

        Returns
        -------
        dict
            What the schema ``earmark.scan/2`` defines.
        """
        return {
            "schema": "earmark.scan/2",
            "library": self.library,
            "roots": list(self.roots),
            "files": self.n_files,
            "unchanged": self.n_unchanged,
            "analysed": self.n_analysed,
            **({"tracks": self.n_tracks} if self.n_tracks != self.n_analysed else {}),
            "refreshed": self.n_refreshed,
            "moved": self.n_moved,
            "answered": self.n_answered,
            "missing": self.n_missing,
            "partial": self.n_partial,
            "failed": [
                {"path": one.path, "code": one.code, "message": one.reason} for one in self.failed
            ],
            "warned": [
                {"path": one.path, "messages": list(one.warnings), "partial": one.partial}
                for one in self.warned
            ],
            "seconds": round(self.seconds, 3),
            "audio_seconds": round(self.audio_seconds, 3),
        }
