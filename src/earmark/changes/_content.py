"""Whether a file is still the one a plan was made from, although its size or time has changed.

A plan holds a hash of the audio, artist, title, album and year of each file, and one of its genres.
A file that was only touched, or whose genres Earmark itself has written or restored since, is still
the same file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from earmark.audio import audio_digest
from earmark.errors import AudioError, TagError
from earmark.files import FileState
from earmark.tags import Tags, read_tags

if TYPE_CHECKING:
    from earmark.library import Library, LibraryTrack

__all__ = ["content_of", "is_as_planned", "loose"]

_SIGNS = 16


def _hash(value: Any) -> str:
    # Bytes that are not UTF-8 are not kept by the library.
    text = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
    return hashlib.sha256(text).hexdigest()[:_SIGNS]


def loose(genres: Iterable[str]) -> list[str]:
    """Return keys that are the same for all spellings of the same genres, as ID3v1 has its own."""
    return ["".join(filter(str.isalnum, genre.casefold())) or genre for genre in genres]


def _hash_of_genres(genres: Iterable[str]) -> str:
    return _hash(loose(genres))


def _content(digest: bytes, tags: Tags, genres: Sequence[str]) -> str:
    names = (tags.artist, tags.albumartist, tags.title, tags.album, tags.year)
    return f"{_hash([digest.hex(), *names])} {_hash_of_genres(genres)}"


def content_of(track: LibraryTrack) -> str:
    """Return a hash of audio and names and one of the genres; empty where too little is known."""
    # The names of a part are in a cue sheet, not in the tags.
    if track.digest is None or track.part:
        return ""
    return _content(track.digest, track.tags, track.tags.genres)


def _genres_of_ours(library: Library, path: str) -> set[tuple[str, str]]:
    """Return hashes of the genres that Earmark wrote into a file, each with done or undone.

    Another file that was at this path does no harm: the audio is compared first.
    """
    changes = library.journal.changes(states=("done", "undone"), kind="tag", path=path)
    return {(_hash_of_genres(change.after["genres"]), change.state) for change in changes}


def is_as_planned(library: Library, path: str, *, seen: FileState, content: str) -> bool:
    """Tell whether a file still is the one a plan was made from; OSError if it is gone.

    `seen` is its size and time then, `content` what `content_of` gave; without that, only size and
    time are compared. False where the file cannot be read.
    """
    if FileState.of(path) == seen:
        return True
    if not content:
        return False
    try:
        tags = read_tags(path)
        now = _content(audio_digest(path), tags, tags.chosen_genres)
    except (AudioError, TagError):
        return False
    if now == content:
        return True
    names_now, _, genres_now = now.partition(" ")
    names, _, genres = content.partition(" ")
    ours = _genres_of_ours(library, path)
    return names_now == names and ((genres_now, "done") in ours or (genres, "undone") in ours)
