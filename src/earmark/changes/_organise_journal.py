"""What came of files that were to be placed: as a run tells it, and as their places do."""

from __future__ import annotations

import os
import stat
import time
from dataclasses import dataclass
from typing import Any, Literal

from earmark.audio import audio_digest
from earmark.changes._replace import FileStamp, stamp_of
from earmark.changes._transfer import (
    Mode,
    discard_part,
    is_empty_file,
    is_one_file,
    remove_folders,
    sha256_of,
)
from earmark.errors import AudioError, TagError
from earmark.library import FileState, Library
from earmark.library._journal import Change
from earmark.tags import Tags, read_tags

__all__ = [
    "OrganiseOutcome",
    "OrganiseRun",
    "expected",
    "is_made",
    "reason_of",
    "settle_one",
    "target_of",
    "tell_library",
]

OrganiseState = Literal["placed", "undone", "skipped", "failed"]


@dataclass(frozen=True)
class OrganiseOutcome:
    """What came of one file.

    Attributes
    ----------
    path : str
        Where the file was when the plan was made.
    target : str
        Where it was to come to.
    state : {"placed", "undone", "skipped", "failed"}
        What came of it.
    reason : str
        Why it was left as it is.
    """

    path: str
    target: str
    state: OrganiseState
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Convert to what JSON can hold.

        Returns
        -------
        dict
            Its attributes.
        """
        return {
            "path": self.path,
            "target": self.target,
            "state": self.state,
            "reason": self.reason or None,
        }


@dataclass(frozen=True)
class OrganiseRun:
    """What came of an apply or an undo.

    Attributes
    ----------
    batch : int or None
        What `undo_organise` takes; None if nothing was begun.
    outcomes : tuple of OrganiseOutcome
        One a file that the plan wanted placed, or that was to be taken back.
    cut_short : tuple of OrganiseOutcome
        What became of files at which an earlier run was ended.
    """

    batch: int | None
    outcomes: tuple[OrganiseOutcome, ...]
    cut_short: tuple[OrganiseOutcome, ...] = ()

    def count(self, state: OrganiseState) -> int:
        """Count the files of which something came.

        Parameters
        ----------
        state : {"placed", "undone", "skipped", "failed"}
            What came of them.

        Returns
        -------
        int
            How many.
        """
        return sum(outcome.state == state for outcome in self.outcomes)

    def to_dict(self) -> dict[str, Any]:
        """Convert to what JSON can hold.

        Returns
        -------
        dict
            A run as the schema ``earmark.organise/1`` defines it.
        """
        return {
            "batch": self.batch,
            "outcomes": [outcome.to_dict() for outcome in self.outcomes],
            "cut_short": [outcome.to_dict() for outcome in self.cut_short],
        }


def reason_of(error: Exception) -> str:
    if isinstance(error, OSError):
        return (error.strerror or str(error)).lower()
    return str(getattr(error, "reason", error))


def _digest(path: str) -> str | None:
    """Return what tells a file from others though its tags change; None if nothing does."""
    try:
        return audio_digest(path).hex()
    except AudioError:
        return None


def expected(path: str, mode: Mode) -> dict[str, Any]:
    """Return what must be at a place for it to be what was made of a file."""
    if mode == "copy":
        return {"mode": mode, "sha256": sha256_of(path)}
    if mode == "move":
        stamp = stamp_of(path)
        told = {"size": stamp.size, "mtime_ns": stamp.mtime_ns, "digest": _digest(path)}
        return {"mode": mode, **told}
    return {"mode": mode}


def is_made(place: str, change: Change) -> bool:
    """Tell whether what is at a place is what was made of a file, tags of moved ones apart."""
    after = change.after
    if after["mode"] == "link":
        return os.path.islink(place) and os.readlink(place) == change.path
    if not stat.S_ISREG(os.lstat(place).st_mode):
        return False
    if after["mode"] == "copy":
        return sha256_of(place) == str(after["sha256"])
    if stamp_of(place) == FileStamp(after["size"], after["mtime_ns"]):
        return True
    return after["digest"] is not None and _digest(place) == after["digest"]


def tell_library(library: Library, path: str, place: str) -> None:
    """Write down that a file was moved."""
    track = library.find(path)
    if track is None or track.missing:
        return
    status = os.stat(place)
    try:
        tags = read_tags(place)
    except TagError:  # it has none that can be read: what is known of it stays
        tags = Tags(
            artist=track.artist,
            albumartist=track.albumartist,
            title=track.title,
            album=track.album,
            genres=track.genres,
            year=track.year,
            ids=track.ids,
        )
    known = track.digest is None or _digest(place) == track.digest.hex()
    # Other audio than what was listened to is left to the next scan to find.
    state = FileState(status.st_size, status.st_mtime_ns if known else 0)
    library.scanned.move([(track.id, place, state, tags)], now=time.time())


def target_of(change: Change) -> str:
    """Return where a file was to come to."""
    return change.target or change.path


def _not_done(change: Change) -> str:
    """Say why a change was not made; ``""`` if it was. A move that is half done is finished."""
    path, place = change.path, target_of(change)
    if not os.path.lexists(place):
        return "ended before it was placed" if os.path.lexists(path) else "it is gone"
    mode = change.after["mode"]
    if mode == "move" and os.path.lexists(path) and is_one_file(path, place):
        if not is_empty_file(path):
            os.unlink(path)
            return ""
    elif is_made(place, change):
        return ""
    if mode != "link" and is_empty_file(place) and not is_empty_file(path):
        os.unlink(place)  # it kept the place for the file
        return "ended before it was placed"
    return "another file is there"


def settle_one(library: Library, change: Change, why: str = "") -> OrganiseOutcome:
    """Find out what became of a file, write it down, and leave nothing half done.

    Parameters
    ----------
    library : Library
        Its journal holds the change.
    change : Change
        One that was begun.
    why : str
        What went wrong, where that is known.

    Returns
    -------
    OrganiseOutcome
        What became of it.
    """
    place = target_of(change)
    try:
        discard_part(place)
        reason = _not_done(change)
    except OSError as error:
        reason = reason_of(error)
    if not reason:
        if change.after["mode"] == "move":
            tell_library(library, change.path, place)
        library.journal.finish(change.id, "done")
        return OrganiseOutcome(change.path, place, "placed")
    remove_folders(os.path.dirname(place), change.before["folders"])
    library.journal.finish(change.id, "failed", reason=why or reason)
    return OrganiseOutcome(change.path, place, "failed", why or reason)
