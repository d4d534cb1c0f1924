"""What the journal holds of files that are placed, and what their places tell of it."""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Collection, Mapping
from typing import Any

from earmark.audio import audio_digest
from earmark.changes._outcomes import Outcome, left_begun, reason_of
from earmark.changes.files._transfer import (
    Mode,
    discard_part,
    is_empty_file,
    is_one_file,
    missing_folders,
    remove_folders,
)
from earmark.errors import AudioError, TagError
from earmark.files import FileState, content_hash
from earmark.library import Change, Filters, Library
from earmark.tags import Tags, read_tags

__all__ = [
    "away",
    "done",
    "expected",
    "forget_roots",
    "is_made",
    "is_original",
    "moved_from",
    "noted",
    "settle_one",
    "target_of",
    "tell_library",
]


def _digest(path: str) -> str | None:
    """Return what tells a file from others though its tags change; None if nothing does."""
    try:
        return audio_digest(path).hex()
    except AudioError:
        return None


def _is_inside(path: str, folder: str) -> bool:
    return path.startswith(os.path.join(folder, ""))


def _mount_of(folder: str) -> str:
    """Return where the disk that a folder is on, or would be on, is in the tree of files."""
    while not os.path.ismount(folder) and os.path.dirname(folder) != folder:
        folder = os.path.dirname(folder)
    return folder


def noted(library: Library, path: str, place: str, *, mode: Mode, into: str) -> Mapping[str, Any]:
    """Return what must be known of a file's old and new place to take back what is done.

    Parameters
    ----------
    library : Library
        The library.
    path, place : str
        Where the file is, and where it comes to.
    mode : {"link", "copy", "move"}
        How it comes there.
    into : str
        The folder that files come into.

    Returns
    -------
    mapping
        ``folders`` that are made; ``mounts``, where the disks are; of a moved file the ``root``,
        what is scanned that it lies in, and ``into`` if that will be scanned only because of it.

    Raises
    ------
    ChangeError
        If the folders cannot be made.
    """
    folder = os.path.dirname(place)
    # A link is one, be the disk of what it leads to there or not.
    around = {folder} if mode == "link" else {folder, os.path.realpath(os.path.dirname(path))}
    before: dict[str, Any] = {
        "folders": missing_folders(folder),
        "mounts": sorted({_mount_of(one) for one in around}),
    }
    if mode == "move":
        roots = library.scanned.roots()
        before["root"] = next((root for root in roots if _is_inside(path, root)), None)
        scanned = any(root == into or _is_inside(into, root) for root in roots)
        before["into"] = None if scanned else into
    return before


def away(change: Change, made: Collection[str]) -> str:
    """Say why the place of a change tells nothing, as where its disk is away; ``""`` if it does.

    Parameters
    ----------
    change : Change
        The change.
    made : collection of str
        Folders that were made for its batch.
    """
    for mount in change.before["mounts"]:
        if not os.path.ismount(mount):
            return f"the disk at {mount!r} is not connected"
    folder = os.path.dirname(target_of(change))
    while folder in made:
        folder = os.path.dirname(folder)
    return "" if os.path.isdir(folder) else f"folder {folder!r} does not exist"


def expected(path: str, mode: Mode) -> dict[str, Any]:
    """Return what must be at a place for it to be what was made of a file."""
    if mode == "copy":
        return {"mode": mode, "sha256": content_hash(path)}
    if mode == "move":
        stamp = FileState.of(path)
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
        return content_hash(place) == str(after["sha256"])
    if FileState.of(place) == FileState(after["size"], after["mtime_ns"]):
        return True
    return after["digest"] is not None and _digest(place) == after["digest"]


def is_original(path: str, change: Change) -> bool:
    """Tell whether a file still is what was copied, its tags apart."""
    if content_hash(path) == str(change.after["sha256"]):
        return True
    digest = _digest(path)
    return digest is not None and digest == _digest(target_of(change))


def tell_library(library: Library, path: str, place: str) -> None:
    """Write down that a file was moved, with all tracks in it."""
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
    # Other audio than what was listened to is left to the next scan to find.
    state = FileState(status.st_size, status.st_mtime_ns if known else 0)
    library.scanned.move([(track.id, place, state, tags)], now=time.time())


def _tell_of_parts(library: Library, path: str, place: str) -> None:
    """Write down that the file of an album was moved, and no more: its cue sheet may still follow.

    A later scan finds out whether the sheet came along, and whether the file is another by now.
    """
    moves = []
    for track in library.tracks_in(path):
        tags = Tags(
            artist=track.artist,
            albumartist=track.albumartist,
            title=track.title,
            album=track.album,
            genres=track.genres,
            year=track.year,
            ids=track.ids,
            track_number=track.track_number,
            disc_number=track.disc_number,
            composer=track.composer,
        )
        moves.append((track.id, place, library.scanned.state_of(track.id), tags))
    library.scanned.move(moves, now=time.time())


def target_of(change: Change) -> str:
    """Return where a file was to come to."""
    return change.target or change.path


def done(library: Library, change: Change) -> Outcome:
    """Write down that a file is at its place."""
    place = target_of(change)
    if change.after["mode"] == "move":
        tell_library(library, change.path, place)
        if change.before["into"] is not None:
            # A later scan without paths is to look where the files are now.
            library.scanned.add_roots([change.before["into"]], now=time.time())
    library.journal.finish(change.id, "done")
    return Outcome(change.path, "placed", target=place)


def moved_from(library: Library) -> dict[str, str]:
    """Return where files that were moved were before, by their places.

    Parameters
    ----------
    library : Library
        Whose journal holds what was done.

    Returns
    -------
    dict of str to str
        Of all moves that stand.
    """
    changes = library.journal.changes(states=("done",), kind="organise")
    return {target_of(change): change.path for change in changes if change.after["mode"] == "move"}


def forget_roots(library: Library) -> None:
    """Scan folders no longer that are scanned since files were moved there, if none are left."""
    changes = library.journal.changes(kind="organise")
    added = {str(change.before["into"]) for change in changes if change.before.get("into")}
    stand = [target_of(change) for change in changes if change.state in ("begun", "done")]
    for into in added & set(library.scanned.roots()):
        known = library.count(Filters(path=into, missing=False, state=None))
        if not known and not any(_is_inside(one, os.path.realpath(into)) for one in stand):
            library.scanned.forget_roots([into])


def _not_done(change: Change) -> str:
    """Say why a change was not made; ``""`` if it was. A move that is half done is finished."""
    path, place = change.path, target_of(change)
    mode = change.after["mode"]
    if not os.path.lexists(place):
        if mode == "move" and not os.path.lexists(path):
            raise FileNotFoundError(
                errno.ENOENT, "it is neither at its old place nor at its new one"
            )
        return "stopped before it was placed"
    if mode == "move" and os.path.lexists(path) and is_one_file(path, place):
        if not is_empty_file(path):
            os.unlink(path)
            return ""
    elif is_made(place, change):
        return ""
    if mode != "link" and is_empty_file(place) and not is_empty_file(path):
        os.unlink(place)  # it kept the place for the file
        return "stopped before it was placed"
    return "another file is already there"


def settle_one(
    library: Library, change: Change, made: Collection[str], *, why: str = ""
) -> Outcome:
    """Find out what became of a file, write it down, and leave nothing half done.

    Parameters
    ----------
    library : Library
        Its journal holds the change.
    change : Change
        One that was begun. It stays so where its places cannot be looked at: only they tell.
    made : collection of str
        Folders that were made for its batch.
    why : str
        What went wrong, where that is known.

    Returns
    -------
    Outcome
        What became of it.
    """
    place = target_of(change)
    reason = ""
    unseen = away(change, made)
    try:
        if not unseen:
            discard_part(place)
            reason = _not_done(change)
            if not reason:
                return done(library, change)
    except OSError as error:
        unseen = reason_of(error)
    if unseen:
        if why:
            return Outcome(change.path, "failed", target=place, reason=why)
        return left_begun(change.path, unseen, target=place)
    remove_folders(os.path.dirname(place), change.before["folders"])
    library.journal.finish(change.id, "failed", reason=why or reason)
    return Outcome(change.path, "failed", target=place, reason=why or reason)
