"""The corpora there are for workflows: those of `earmark.datasets`, and the user's own library."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Sequence
from functools import partial

import numpy as np

from earmark.datasets import Corpus, DatasetWarning, FeatureTable, Track, joined_groups
from earmark.datasets import corpora as published
from earmark.datasets._files import numbered
from earmark.errors import DatasetError, LibraryError, ParameterError
from earmark.extraction import TrackFeatures
from earmark.extraction._rows import stored_path
from earmark.features import FeatureSet
from earmark.identity import artist_key, recording_keys
from earmark.library import Filters, LibraryTrack, library_path, open_library
from earmark.tags import named_genres
from earmark.types import IntArray, PathName
from earmark.wording import counted

__all__ = ["LIBRARY", "corpora", "get_corpus", "kept_features", "parse_dataset"]

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
        warnings.warn(
            f"{genres} left out: {', '.join(rare[:8])}{' ...' if len(rare) > 8 else ''}",
            DatasetWarning,
            stacklevel=2,
        )
    if not found:
        raise DatasetError(f"{os.fspath(path)!r}: the library has no tracks")
    n_silent = sum(_artist(track) is None for track in found)
    if n_silent:
        of_all = f"of {len(found)} tracks"
        reasons = ("names no artist in its tags", "name no artist in their tags")
        count = counted(n_silent, *(f"{of_all} {reason}" for reason in reasons))
        warnings.warn(
            f"{count}: scores may be too high, because songs by one artist cannot be kept apart",
            DatasetWarning,
            stacklevel=2,
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


def _load_table(
    path: PathName,
    *,
    feature_set: str | None = None,
    faulty: bool = False,
    unit: str | None = None,
) -> FeatureTable:
    raise ParameterError(
        f"dataset='library:{os.fspath(path)}' has no table of features. They are "
        "computed from its tracks"
    )


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
    feature_sets=(),
    load_table=_load_table,
    tracks=_tracks,
)


def corpora() -> tuple[Corpus, ...]:
    """List every corpus there is, the user's library last."""
    return (*published(), LIBRARY)


def get_corpus(name: str) -> Corpus:
    """Return the corpus of a name.

    Raises
    ------
    ParameterError
        If there is none of that name.
    """
    found = {corpus.name: corpus for corpus in corpora()}
    if name not in found:
        raise ParameterError(f"corpus={name!r} is not one of {', '.join(found)}")
    return found[name]


def parse_dataset(dataset: str) -> tuple[Corpus, str]:
    """Take a dataset argument apart: ``NAME:PATH``, or ``library`` for the user's own.

    Raises
    ------
    ParameterError
        If it is not of that form or names no corpus.
    """
    name, _, path = dataset.partition(":")
    if name == LIBRARY.name and not path:
        path = library_path()
    known = {corpus.name: corpus for corpus in corpora()}
    if name not in known or not path:
        raise ParameterError(
            f"dataset={dataset!r} is not of the form NAME:PATH with one of {', '.join(known)}"
        )
    return known[name], path


def kept_features(path: str, kind: FeatureSet) -> dict[str, TrackFeatures]:
    """Return what a library keeps of its tracks: they need not be listened to again.

    Parameters
    ----------
    path : str
        The library's file.
    kind : FeatureSet
        Which features.

    Returns
    -------
    dict of str to TrackFeatures
        By the id of the track in the corpus; without those of which they are not kept.
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
