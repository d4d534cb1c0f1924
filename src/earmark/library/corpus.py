"""The user's own library as a dataset to learn from."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from functools import partial

import numpy as np

from earmark.datasets import Corpus, Track, joined_groups, numbered, warn_about_dataset
from earmark.errors import DatasetError, LibraryError
from earmark.extraction import TrackFeatures, stored_path
from earmark.features import FeatureSet
from earmark.identity import artist_key, recording_keys
from earmark.library import Filters, LibraryTrack, open_library
from earmark.tags import named_genres
from earmark.types import IntArray, PathName
from earmark.wording import counted

__all__ = ["LIBRARY", "kept_features"]

_FEWEST = 5
"""Tracks of a genre: a genre with fewer cannot be in each of five folds."""


def _label(track: LibraryTrack, also: Sequence[str] = ()) -> str:
    """Return the genre that a person gave the track; what a model predicted never counts."""
    return track.corrected or next(iter(named_genres(track.tags.genres, also)), "")


def _artist(track: LibraryTrack) -> tuple[str, str] | None:
    name = track.tags.artist or track.tags.albumartist
    return ("tag", artist_key(name)) if name else None


def _artists(tracks: Sequence[LibraryTrack]) -> IntArray:
    """Give tracks by one artist one number, and those in one file, which were mastered together."""
    artists = numbered(_artist(track) for track in tracks)
    if not any(track.part for track in tracks):
        return artists
    files = numbered((track.path,) if track.part else None for track in tracks)
    return joined_groups(artists, files)


def _recordings(tracks: Sequence[LibraryTrack]) -> IntArray:
    """Give copies and versions of one song one number."""
    keys = [recording_keys(track) for track in tracks]
    kinds = sorted({key[0] for several in keys for key in several})
    found = [np.arange(len(tracks))]
    for kind in kinds:  # each is a grouping; a track without such a key is alone in it
        of_kind = (next((key for key in several if key[0] == kind), None) for several in keys)
        found.append(numbered(of_kind))
    return joined_groups(*found)


def _tracks(path: PathName, *, treat_as_empty: Sequence[str] = ()) -> list[Track]:
    """Read the tracks of a library whose genre somebody has named.

    The label is the user's correction, else the first genre in the file's tags that says something:
    "Other" and the like do not, see `earmark.tags.is_empty_genre`, nor do those in
    `treat_as_empty`. Genres in fewer than five tracks are left out.
    """
    label_of = partial(_label, also=treat_as_empty)
    try:
        with open_library(path) as library:
            found = library.tracks(Filters())
    except LibraryError as error:
        raise DatasetError(str(error)) from error
    spelled: dict[str, Counter[str]] = {}
    for track in found:
        if label := label_of(track):
            # The user's own spelling counts more than that of any number of files.
            weight = len(found) + 1 if track.corrected else 1
            spelled.setdefault(label.casefold(), Counter())[label] += weight
    labels = {key: counts.most_common(1)[0][0] for key, counts in spelled.items()}
    sizes = Counter(label_of(track).casefold() for track in found)
    rare = sorted(labels[key] for key in labels if sizes[key] < _FEWEST)
    if rare:
        few = f"fewer than {_FEWEST} tracks"
        genres = counted(len(rare), f"genre has {few} and is", f"genres have {few} and are")
        warn_about_dataset(
            f"{genres} left out: {', '.join(rare[:8])}{' ...' if len(rare) > 8 else ''}"
        )
    if not found:
        raise DatasetError(f"{os.fspath(path)!r}: the library has no tracks")
    n_silent = sum(_artist(track) is None for track in found)
    if n_silent:
        of_all = f"of {len(found)} tracks"
        reasons = ("names no artist in its tags", "name no artist in their tags")
        count = counted(n_silent, *(f"{of_all} {reason}" for reason in reasons))
        warn_about_dataset(
            f"{count}: scores may be too high, because songs by one artist cannot be kept apart"
        )
    artists = _artists(found)
    recordings = _recordings(found)
    return [
        Track(
            id=stored_path(track.name),
            label=labels.get(key, "") if sizes[key] >= _FEWEST else "",
            path=track.path,
            artist=track.tags.artist or track.tags.albumartist,
            title=track.tags.title,
            groups={"artist": int(artist), "duplicate": int(recording)},
            part=track.part,
            start=track.start,
            end=track.end,
        )
        for track, artist, recording in zip(found, artists, recordings, strict=True)
        for key in [label_of(track).casefold()]
    ]


LIBRARY = Corpus(
    name="library",
    title="Your library",
    size="as many as you have",
    expects="a library file that earmark scan made; nothing: the usual one",
    citation="Your own music.",
    licence="Whatever holds for your files.",
    faults=(
        "the genre is your correction, else the first in the file's tags that says something (not "
        "Other or Unknown), never a prediction",
        "a genre in fewer than five tracks is left out",
        "a file without an artist in its tags counts as an artist of its own",
        "the tracks of a one-file album are tracks by its cue sheet, and count as by one artist",
        "copies and versions of a song are kept on one side of every split by the group "
        "'duplicate': same audio, ids, or artist and title",
    ),
    files={},
    tracks=_tracks,
)
"""The library as a corpus: its tracks are labelled by what a person said, never by predictions."""


def kept_features(path: str, kind: FeatureSet) -> dict[str, TrackFeatures]:
    """Return the features that a library keeps of its tracks.

    Parameters
    ----------
    path : str
        The library's file.
    kind : FeatureSet
        Which features.

    Returns
    -------
    dict of str to TrackFeatures
        By the id of the track in the corpus. Tracks without kept features are left out.
    """
    found = {}
    with open_library(path) as library:
        for track in library.tracks(Filters()):
            X, answer = library.matrix(track.id, kind.fingerprint), library.answer(track.id)
            if X is None or answer is None or track.duration is None:
                continue
            bounds = tuple((start, end) for start, end in answer.bounds.tolist())
            rows = {kind.name: tuple(X.astype(float))}
            found[stored_path(track.name)] = TrackFeatures(
                track.duration, bounds, rows, track.warnings, tuple(answer.sounding.tolist())
            )
    return found
