"""What the journal and the library hold of files that are placed, and whether it is still true."""

from __future__ import annotations

import os
import stat
import time
from typing import Any

from earmark.audio import audio_digest
from earmark.changes.files._transfer import Mode
from earmark.errors import AudioError, TagError
from earmark.files import FileState, content_hash
from earmark.library import Change, Filters, Library
from earmark.tags import Tags, read_tags

__all__ = [
    "disk_of",
    "expected_at",
    "forget_roots",
    "is_inside",
    "is_made",
    "is_original",
    "moved_from",
    "tell_library",
]


def _digest(path: str) -> str | None:
    """Return what identifies a file though its tags change; None if it has no audio."""
    try:
        return audio_digest(path).hex()
    except AudioError:
        return None


def is_inside(path: str, folder: str) -> bool:
    """Tell whether a path is below a folder."""
    return path.startswith(os.path.join(folder, ""))


def disk_of(folder: str) -> str:
    """Return the mount point of the disk that a folder is on, or would be on."""
    while not os.path.ismount(folder) and os.path.dirname(folder) != folder:
        folder = os.path.dirname(folder)
    return folder


def _place(change: Change) -> str:
    return change.target or change.path


def expected_at(path: str, mode: Mode) -> dict[str, Any]:
    """Return what identifies, at its new place, what is made of a file."""
    if mode == "copy":
        return {"mode": mode, "sha256": content_hash(path)}
    if mode == "move":
        stamp = FileState.of(path)
        state = {"size": stamp.size, "mtime_ns": stamp.mtime_ns, "digest": _digest(path)}
        return {"mode": mode, **state}
    return {"mode": mode}


def is_made(place: str, change: Change) -> bool:
    """Tell whether a place holds what was made of a file; the tags of moved ones may differ."""
    after = change.after
    if after["mode"] == "link":
        return os.path.islink(place) and os.readlink(place) == change.path
    if not stat.S_ISREG(os.lstat(place).st_mode):
        return False
    if after["mode"] == "copy":
        return content_hash(place) == str(after["sha256"])
    if FileState.of(place) == FileState(after["size"], after["mtime_ns"]):
        return True
    return after["digest"] is not None and _digest(place) == after["digest"]


def is_original(path: str, change: Change) -> bool:
    """Tell whether a file still is what was copied, except for its tags."""
    if content_hash(path) == str(change.after["sha256"]):
        return True
    digest = _digest(path)
    return digest is not None and digest == _digest(_place(change))


def tell_library(library: Library, path: str, place: str) -> None:
    """Tell the library that a file was moved, with all tracks in it."""
    track = library.find(path)
    if track is None or track.missing:
        return
    if track.part:
        _tell_of_parts(library, path, place)
        return
    status = os.stat(place)
    tags: Tags | TagError
    try:
        tags = read_tags(place)
    except TagError as error:
        tags = error
    known = track.digest is None or _digest(place) == track.digest.hex()
    # Other audio than what was analysed is left to the next scan to find.
    state = FileState(status.st_size, status.st_mtime_ns if known else 0)
    library.scanned.move([(track.id, place, state, tags)], now=time.time())


def _tell_of_parts(library: Library, path: str, place: str) -> None:
    """Tell the library that the file of an album was moved, and no more: its cue sheet may follow.

    A later scan finds out whether the sheet came along, and whether the file is another by now.
    """
    moves = [
        (track.id, place, library.scanned.state_of(track.id), track.tags)
        for track in library.tracks_in(path)
    ]
    library.scanned.move(moves, now=time.time())


def moved_from(library: Library) -> dict[str, str]:
    """Return where files that were moved were before, by their places.

    Parameters
    ----------
    library : Library
        The library that holds the journal.

    Returns
    -------
    dict of str to str
        All moves that have not been undone.
    """
    changes = library.journal.changes(states=("done",), kind="organise")
    return {_place(change): change.path for change in changes if change.after["mode"] == "move"}


def forget_roots(library: Library) -> None:
    """Stop scanning folders that are scanned only because files were moved there, once empty."""
    changes = library.journal.changes(kind="organise")
    added = {str(change.before["into"]) for change in changes if change.before.get("into")}
    stand = [_place(change) for change in changes if change.state in ("begun", "done")]
    for into in added & set(library.scanned.roots()):
        known = library.count(Filters(path=into, missing=False, state=None))
        if not known and not any(is_inside(place, os.path.realpath(into)) for place in stand):
            library.scanned.forget_roots([into])
