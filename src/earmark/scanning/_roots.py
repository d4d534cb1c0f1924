"""The files in the folders that are scanned, and what to do about folders that are not there."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from earmark.errors import AudioAccessError, AudioError, AudioNotFoundError
from earmark.extraction import find_inputs
from earmark.library import Filters, Library
from earmark.wording import counted

__all__ = ["find_files"]


def find_files(library: Library, roots: Sequence[str]) -> tuple[list[str], tuple[AudioError, ...]]:
    """Return the audio files below folders, and errors for what cannot be searched.

    Folders that exist are added to those of the library. One that does not exist and holds no
    music, since it was renamed, say, is forgotten.
    """
    existing = [root for root in roots if os.path.lexists(root)]
    scanned_before = library.scanned.roots()
    library.scanned.add_roots(existing, now=time.time())
    found = find_inputs(existing)
    closed = [error for error in found if isinstance(error, AudioAccessError)]
    empty = [error for error in found if isinstance(error, AudioError) and error not in closed]
    # Of a folder that was scanned before, all may have been moved or deleted since.
    unknown = [error for error in empty if error.path not in scanned_before]
    paths = [track.path for track in library.scanned.known()] if unknown else []
    strange = [
        error for error in unknown if not any(_is_inside(path, error.path) for path in paths)
    ]
    absent = _absent_roots(library, [root for root in roots if root not in existing])
    return [path for path in found if isinstance(path, str)], (*absent, *closed, *strange)


def _absent_roots(library: Library, roots: Sequence[str]) -> list[AudioError]:
    """Forget absent folders that hold no music any more; return errors for the others."""
    counts = {root: library.count(_all_in(root)) for root in roots}
    scanned = library.scanned.roots()
    useless = [
        root
        for root in roots
        if root in scanned and not library.count(Filters(path=root, state="analysed"))
    ]
    tracks = [track.id for root in useless for track in library.tracks(_all_in(root))]
    library.scanned.mark_missing(tracks, now=time.time())
    library.scanned.forget_roots(useless)
    return [
        AudioNotFoundError(root, _absence(count))
        for root, count in counts.items()
        if root not in useless
    ]


def _all_in(folder: str) -> Filters:
    return Filters(path=folder, state=None)


def _absence(n_tracks: int) -> str:
    if not n_tracks:
        return "no such file or folder"
    tracks = counted(
        n_tracks, "track it held is kept as it was", "tracks it held are kept as they were"
    )
    return f"no such file or folder; the {tracks}"


def _is_inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(os.path.join(folder, ""))
