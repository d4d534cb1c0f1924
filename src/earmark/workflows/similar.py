"""Find the songs of a library that are near one."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from typing import Any

from earmark.arguments import checked
from earmark.errors import AudioError
from earmark.extraction import map_files
from earmark.library import Filters, Library, LibraryTrack, open_library
from earmark.models import DEFAULT_MODEL
from earmark.recommend import By, Catalogue, Neighbour, Song, find_similar
from earmark.tags import Tags
from earmark.types import PathName, Progress
from earmark.workflows._listening import Ears, listen_whole
from earmark.workflows.library import find_track

__all__ = ["SimilarSongs", "similar"]


@dataclass(frozen=True)
class SimilarSongs:
    """What is near a song.

    Attributes
    ----------
    query : LibraryTrack
        The song; its number is 0 where the file is not in the library.
    by : {"style", "timbre"}
        How songs were compared.
    neighbours : tuple of Neighbour
        What is near it, the nearest first.
    """

    query: LibraryTrack
    by: By
    neighbours: tuple[Neighbour, ...]

    def to_dict(self) -> dict[str, Any]:
        """Convert to what JSON can hold.

        Returns
        -------
        dict
            What the schema ``earmark.similar/2`` defines.
        """
        return {
            "schema": "earmark.similar/2",
            "by": self.by,
            "query": self.query.to_dict(),
            "neighbours": [neighbour.to_dict() for neighbour in self.neighbours],
        }


@checked
def similar(
    track: str | int | PathName,
    *,
    library: PathName | None = None,
    by: By = "style",
    n: int = 10,
    per_artist: int | None = 2,
    genre: str | None = None,
    tempo: tuple[float | None, float | None] | None = None,
    year: tuple[int | None, int | None] | None = None,
    progress: Progress | None = None,
) -> SimilarSongs:
    """Find the songs of a library that are near one.

    Parameters
    ----------
    track : str, int or path-like
        A track's number, its path, or words that artist and title of one track hold; or an audio
        file that is not in the library, which is listened to.
    library : str, path-like or None
        The library's file.
    by : {"style", "timbre"}
        In a space learnt so that genres and artists are near; or by the sound of segments of 3 s.
    n : int
        How many are wanted.
    per_artist : int or None
        How many of one artist there may be; of those without an artist any number. None: no limit.
    genre : str or None
        Only songs of this genre, whatever the case.
    tempo : tuple of (float or None, float or None) or None
        Only from the slowest to the fastest, in beats a minute.
    year : tuple of (int or None, int or None) or None
        Only from the first to the last year.
    progress : callable or None
        Called while an index is built, with the tracks done and those there are.

    Returns
    -------
    SimilarSongs
        The nearest first: one of each recording, never the song itself or another of its
        recording. Fewer than `n` where there are no more.

    Raises
    ------
    LibraryError
        If the library cannot be used, or nothing in it can be compared.
    ParameterError
        If there is no such track, or there are several; if an argument has a value that is not
        taken.
    AudioError
        If a file from outside the library cannot be used.

    Warns
    -----
    CacheWarning
        If an index cannot be kept beside the library.

    Examples
    --------
    >>> found = similar("blue train", by="timbre", year=(1955, 1965))  # doctest: +SKIP
    >>> found.neighbours[0].track.caption, found.neighbours[0].why  # doctest: +SKIP
    ('...', '31 of the nearest 800 segments are of it; both most like jazz (81 %, 77 %)')
    """
    with open_library(library) as opened:
        catalogue = Catalogue(opened, progress)
        song = _song(catalogue, os.fspath(track) if not isinstance(track, int) else str(track))
        found = find_similar(
            catalogue,
            song,
            by=by,
            n=n,
            per_artist=per_artist,
            filters=Filters(genre=genre, tempo=tempo, year=year),
        )
    return SimilarSongs(song.track, by, tuple(found))


def _song(catalogue: Catalogue, named: str) -> Song:
    """Return what somebody means: a track of the library, or else a file."""
    opened = catalogue.library
    path = os.path.expanduser(named)
    is_number = named.isascii() and named.isdigit()
    if not is_number and os.path.isfile(path) and opened.find(path) is None:
        return _heard(opened, path)
    return catalogue.song(find_track(opened, named).id)


def _heard(opened: Library, path: str) -> Song:
    """Listen to a file that is not in the library."""
    ears = Ears(opened.setting("model") or DEFAULT_MODEL)
    ((_, heard),) = map_files(partial(listen_whole, sets=ears.sets), [path])
    if isinstance(heard, AudioError):
        raise heard
    matrices, bounds = heard.heard.matrices, heard.heard.bounds
    vector = ears.place(matrices[ears.style.feature_set.fingerprint], heard.heard.sounding)
    if vector is None:
        raise AudioError(path, "it is silent: there is nothing to compare")
    answer = ears.answer(matrices[ears.model.feature_set.fingerprint], bounds, heard.heard.sounding)
    first, second = answer.ranked[:2]
    tags = heard.tags if isinstance(heard.tags, Tags) else Tags()
    traits: dict[str, Any] = dict(heard.heard.traits)
    track = LibraryTrack(
        id=0,
        path=os.path.abspath(path),
        state="analysed",
        missing=False,
        digest=heard.digest,
        artist=tags.artist,
        albumartist=tags.albumartist,
        title=tags.title,
        album=tags.album,
        genres=tags.genres,
        year=tags.year,
        ids=tags.ids,
        duration=heard.heard.duration,
        predicted=first,
        confidence=float(answer.probabilities.max()),
        runner_up=second,
        unsure=answer.unsure,
        probabilities=dict(zip(answer.classes, answer.probabilities.tolist(), strict=True)),
        warnings=heard.heard.warnings,
        gaps=heard.heard.gaps,
        **traits,
    )
    return Song(track, vector, matrices[ears.timbre.feature_set.fingerprint])
