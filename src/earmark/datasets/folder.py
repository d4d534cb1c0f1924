"""A user's own music: audio files in folders that are named after genres.

``PATH/rock/song.mp3`` is rock, and so is ``PATH/rock/artist/album/song.mp3``. Artists are read from
the files' own tags.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal

from earmark.audio import find_audio
from earmark.datasets._corpus import Corpus
from earmark.datasets._files import numbered
from earmark.datasets._track import Track
from earmark.datasets._warnings import warn_about_dataset
from earmark.errors import DatasetError, ParameterError, TagError
from earmark.identity import artist_key
from earmark.tags import Tags, named_genres, read_tags
from earmark.types import PathName
from earmark.wording import counted

__all__ = ["CITATION", "CORPUS", "LICENCE", "check_layout"]

CITATION = "Your own music."
LICENCE = "Whatever holds for your files."


def _stored(path: str) -> str:
    r"""Return a path as UTF-8 with ``/`` between folders; bytes that are not stand as ``\xNN``."""
    return os.fsencode(path.replace(os.sep, "/")).decode("utf-8", "backslashreplace")


def _refuse_similar(folder: PathName, labels: list[str]) -> None:
    """Refuse folders whose names differ only in case: one genre, most likely, not two."""
    known: dict[str, str] = {}
    for label in labels:
        other = known.setdefault(label.casefold(), label)
        if other != label:
            raise DatasetError(
                f"{os.fspath(folder)!r}: genres {other!r} and {label!r} differ only in case"
            )


def _tracks(folder: PathName, *, genre_from: Literal["folder", "tags"] = "folder") -> list[Track]:
    """Find the audio files in a folder, their genres and their artists.

    The genre is the name of the first folder below, or the first genre in the file's tags. Tags
    that differ only in case are one genre, written as most files write it; folders that do are
    refused. A file without an artist in its tags is grouped with those of the folder it is in below
    the genre's folder (``rock/ARTIST/...``), and if there is none, it is by an artist of its own.
    """
    if genre_from not in ("folder", "tags"):
        raise ParameterError(f"genre_from={genre_from!r} is not one of folder, tags")
    root = os.fspath(folder)
    try:
        paths = list(find_audio(root))
    except OSError as error:
        raise DatasetError(f"{root!r}: {error.strerror}") from error
    if not paths:
        raise DatasetError(f"{root!r}: holds no audio file")
    parts = [os.path.relpath(path, root).split(os.sep) for path in paths]
    tags = [_tags_or_none(path) for path in paths]
    artist_names = [tag.artist or tag.albumartist for tag in tags]
    if genre_from == "tags":
        labels = _commonest_spelling(
            [next(iter(named_genres(said.chosen_genres)), "") for said in tags]
        )
    else:
        labels = [_stored(part[0]).strip() if len(part) > 1 else "" for part in parts]
        _refuse_similar(folder, labels)
    artists = numbered(
        _artist(artist, part) for artist, part in zip(artist_names, parts, strict=True)
    )
    n_silent = sum(not artist for artist in artist_names)
    if n_silent:
        of_all = f"of {len(paths)} files"
        reasons = ("names no artist in its tags", "name no artist in their tags")
        count = counted(n_silent, *(f"{of_all} {reason}" for reason in reasons))
        warn_about_dataset(
            f"{count}: scores may be too high, because songs by one artist cannot be kept apart"
        )
    return [
        Track(
            id=_stored("/".join(part)),
            label=label,
            path=path,
            artist=name,
            title=tag.title,
            groups={"artist": int(artist)},
        )
        for path, part, tag, label, name, artist in zip(
            paths, parts, tags, labels, artist_names, artists, strict=True
        )
    ]


def check_layout(folder: PathName, found: Sequence[Track], *, fewest: int) -> None:
    """Refuse a folder from which genres cannot be learnt, before its files are decoded.

    Parameters
    ----------
    folder : str or path-like
        Where the tracks were found.
    found : sequence of Track
        All that were found.
    fewest : int
        Files that a genre must have.

    Raises
    ------
    DatasetError
        If a genre has fewer files. The message says what the layout should be and what was found
        instead.

    Examples
    --------
    >>> check_layout("music", [Track("song.mp3", "", path="music/song.mp3")], fewest=5)
    Traceback (most recent call last):
    ...
    earmark.errors.DatasetError: 'music' is not laid out by genre. Expected: a folder for each \
genre, with 5 or more audio files in it or in folders below it (music/GENRE/song.mp3, \
music/GENRE/ARTIST/ALBUM/song.mp3). Found: 1 audio file directly in 'music' and none in folders
    """
    root = os.fspath(folder)
    counts = Counter(track.label for track in found)
    n_loose = counts.pop("", 0)
    small = {label: n for label, n in sorted(counts.items()) if n < fewest}
    if counts and not small:
        return
    if counts and len(small) <= len(counts) / 2:
        names = _some_counts(small)
        of_all = f"of {len(counts)} genres"
        too_small = counted(len(small), f"{of_all} has", f"{of_all} have")
        raise DatasetError(
            f"{root!r}: {too_small} fewer than {fewest} audio files, "
            f"which cannot be split into folds: {names}. Add files, or remove the "
            "folder"
        )
    expected = (
        f"{root!r} is not laid out by genre. Expected: a folder for each genre, with {fewest} or "
        f"more audio files in it or in folders below it ({os.path.join(root, 'GENRE', 'song.mp3')}"
        f", {os.path.join(root, 'GENRE', 'ARTIST', 'ALBUM', 'song.mp3')}). Found: "
    )
    if not counts:
        loose = counted(n_loose, "audio file")
        raise DatasetError(f"{expected}{loose} directly in {root!r} and none in folders")
    instead = (
        f"{counted(len(counts), 'folder')} with audio files, {len(small)} of them with fewer than "
        f"{fewest}: {_some_counts(small)}"
    )
    if _named_after_artists(found) > len(counts) / 2:
        instead += (
            ". They are named after artists. If the genres are in the tags of the files, scan the "
            "folder and train on the library instead (earmark scan, then earmark train -d library)"
        )
    raise DatasetError(expected + instead)


def _some_counts(counts: Mapping[str, int], most: int = 5) -> str:
    shown = ", ".join(f"{label!r} {n}" for label, n in list(counts.items())[:most])
    return shown + (" ..." if len(counts) > most else "")


def _named_after_artists(found: Sequence[Track]) -> int:
    """Count the folders whose name is the artist of most files in them."""
    hits: Counter[str] = Counter()
    for track in found:
        if track.label and track.artist and artist_key(track.artist) == artist_key(track.label):
            hits[track.label] += 1
    sizes = Counter(track.label for track in found)
    return sum(n > sizes[label] / 2 for label, n in hits.items())


def _tags_or_none(path: str) -> Tags:
    """Read the tags of a file; those that cannot be read say nothing."""
    try:
        return read_tags(path)
    except TagError:
        return Tags()


def _artist(artist: str, parts: list[str]) -> tuple[str, ...] | None:
    """Return the source of a file's artist: the tag, else the folders below the genre."""
    if artist:
        return ("tag", artist_key(artist))
    return ("folder", *parts[:2]) if len(parts) > 2 else None


def _commonest_spelling(genres: list[str]) -> list[str]:
    """Write genres that differ only in case as most files write them."""
    spellings: dict[str, Counter[str]] = {}
    for genre in genres:
        spellings.setdefault(genre.casefold(), Counter())[genre] += 1
    return [spellings[genre.casefold()].most_common(1)[0][0] for genre in genres]


CORPUS = Corpus(
    name="folder",
    title="A folder of music",
    size="as many as you have",
    expects="a folder with a folder of audio files for each genre",
    citation=CITATION,
    licence=LICENCE,
    faults=(
        "a file without an artist in its tags counts as an artist of its own, unless it is in a "
        "folder below its genre's, which then stands for the artist",
        "the same song twice is only noticed once its features are computed",
    ),
    files={},
    tracks=_tracks,
)
