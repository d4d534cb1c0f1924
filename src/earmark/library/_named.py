"""From what somebody types to the track of a library that is meant."""

from __future__ import annotations

import os
from collections import Counter

from earmark.arguments import checked
from earmark.errors import ParameterError
from earmark.identity import recording_keys
from earmark.library._filters import Filters
from earmark.library._library import Library
from earmark.library._track import LibraryTrack
from earmark.types import split_part_name

__all__ = ["find_track"]

_MOST_CANDIDATES = 5


@checked
def find_track(opened: Library, named: str) -> LibraryTrack:
    """Find the track that somebody means.

    Parameters
    ----------
    opened : Library
        Where to look.
    named : str
        Its number, its path (``album.flac#03`` for a track in a file), or words that artist and
        title of one song hold, whatever the case; where there is no title, the name of the file.

    Returns
    -------
    LibraryTrack
        The track.

    Raises
    ------
    ParameterError
        If there is none, or several; then some of them are named.

    Examples
    --------
    >>> import tempfile
    >>> from earmark.library import open_library
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with open_library(f"{folder}/library.db", create=True) as opened:
    ...         find_track(opened, "blue monday")
    Traceback (most recent call last):
    ...
    earmark.errors.ParameterError: track='blue monday' matches no track of ...
    """
    number = int(named) if named.isascii() and named.isdigit() else None
    if number is not None and (by_number := opened.tracks_of([number])):
        return by_number[0]
    found = _at_path(opened, os.path.expanduser(named))
    if found is not None:
        return found
    words = tuple(named.split())
    candidates = opened.tracks(Filters(words=words)) if words else []
    if not candidates:
        raise ParameterError(
            f"track={named!r} matches no track of {opened.path!r}: give its number, its path, or "
            "words from its artist and title"
        )
    shared = frozenset.intersection(*map(recording_keys, candidates))
    if len(candidates) == 1 or shared:
        return candidates[0]  # several files of one recording are one song
    captions = Counter(one.caption for one in candidates)
    shown = "; ".join(
        f"{one.id}: {one.caption}" + (f" ({one.name})" if captions[one.caption] > 1 else "")
        for one in candidates[:_MOST_CANDIDATES]
    )
    more = len(candidates) - _MOST_CANDIDATES
    raise ParameterError(
        f"track={named!r} matches {len(candidates)} tracks: {shown}"
        + (f"; and {more} more" if more > 0 else "")
    )


def _at_path(opened: Library, named: str) -> LibraryTrack | None:
    """Return the track of a file, or the one in a file that is named."""
    found = opened.find(named)
    if found is None:
        path, part = split_part_name(named)
        return opened.find(path, part=part) if part else None
    tracks = opened.tracks_in(named)
    if len(tracks) > 1:
        shown = ", ".join(
            f"{os.path.basename(one.name)} ({one.tags.title})" for one in tracks[:_MOST_CANDIDATES]
        )
        more = ", ..." if len(tracks) > _MOST_CANDIDATES else ""
        raise ParameterError(
            f"track={named!r} holds {len(tracks)} tracks, according to its cue sheet. Name one of "
            f"them: {shown}{more}"
        )
    return found
