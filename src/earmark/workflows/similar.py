"""Find the songs in a library that are similar to a track."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial

from earmark.analysis import AnalysedTrack, Analyser, analyse_file
from earmark.arguments import checked
from earmark.errors import AudioError
from earmark.extraction import map_files
from earmark.library import Filters, Library, LibraryTrack, check_genre, find_track
from earmark.models import DEFAULT_MODEL
from earmark.recommend import (
    MIN_LENGTH,
    By,
    Catalogue,
    LeftOut,
    Neighbour,
    Selection,
    Song,
    find_similar,
)
from earmark.records import Record
from earmark.tags import Tags
from earmark.types import PathName, Progress, Seconds
from earmark.workflows.session import default_session, opened_library

__all__ = ["SimilarSongs", "similar"]


@dataclass(frozen=True)
class SimilarSongs(
    Record,
    schema="earmark.similar/2",
    keys=("by", "query", "neighbours", "left_out", "beyond_per_artist"),
):
    """Songs similar to a track.

    Attributes
    ----------
    query : LibraryTrack
        The track; its number is 0 if the file is not in the library.
    by : {"style", "timbre"}
        How songs were compared.
    neighbours : tuple of Neighbour
        The similar songs, the nearest first.
    left_out : LeftOut
        How many tracks were left out, for each reason.
    beyond_per_artist : int
        How many songs exceed the limit of songs by one artist, because there were too few others.
    """

    query: LibraryTrack
    by: By
    neighbours: tuple[Neighbour, ...]
    left_out: LeftOut
    beyond_per_artist: int = 0


@checked
def similar(
    track: str | int | PathName,
    *,
    library: Library | PathName | None = None,
    by: By = "style",
    n: int = 10,
    per_artist: int | None = 2,
    filters: Filters | None = None,
    min_length: Seconds = MIN_LENGTH,
    include_unfamiliar: bool = False,
    min_likeness: float | None = None,
    progress: Progress | None = None,
) -> SimilarSongs:
    """Find the songs in a library that are similar to a track.

    Parameters
    ----------
    track : str, int or path-like
        A track's number, its path, or words from its artist and title; or an audio file that is not
        in the library, which is analysed.
    library : Library, str, path-like or None
        An open library, or its file.
    by : {"style", "timbre"}
        In a learnt space in which songs of the same genre or artist are close; or by the sound of
        segments of 3 s.
    n : int
        How many songs to find.
    per_artist : int or None
        Maximum number of songs by one artist. It is exceeded only if there would be fewer than `n`
        songs. Songs without an artist are not counted. None: no limit.
    filters : Filters or None
        Only songs that match these; None: all.
    min_length : float
        Leave out tracks shorter than this, in seconds. Silent ones are always left out.
    include_unfamiliar : bool
        Whether to find music unlike any the model knows even if the track itself is not.
    min_likeness : float or None
        Leave out songs whose cosine with the track (by timbre: of the nearest segment) is below
        this, from 0 to 1. 0 keeps all. None: 0.1 by style, 0.65 by timbre.
    progress : callable or None
        Called while an index is built, with the number of tracks done and the number in all.

    Returns
    -------
    SimilarSongs
        The nearest first, one of each recording, without the track itself and its copies. There can
        be fewer than `n`.

    Raises
    ------
    LibraryError
        If the library cannot be used, or nothing in it can be compared.
    ParameterError
        If no track matches, or several do; if no track has the genre of the filters; if an argument
        has a value that is not accepted.
    AudioError
        If a file that is not in the library cannot be used.

    Warns
    -----
    CacheWarning
        If an index cannot be kept beside the library; a `Job` as `progress` gets it instead.

    Examples
    --------
    >>> fifties = Filters(year=(1955, 1959))
    >>> near = similar("blue train", by="timbre", filters=fifties)  # doctest: +SKIP
    >>> near.neighbours[0].track.caption, near.neighbours[0].why  # doctest: +SKIP
    ('...', '31 of the 800 nearest segments are from it; both most like jazz (81 %, 77 %)')
    """
    selection = Selection(filters, min_length, include_unfamiliar, min_likeness)
    with opened_library(library, progress=progress) as opened:
        check_genre(opened, filters.genre if filters else None)
        catalogue = Catalogue(opened, progress)
        song = _song(catalogue, os.fspath(track) if not isinstance(track, int) else str(track))
        near = find_similar(catalogue, song, by=by, n=n, per_artist=per_artist, selection=selection)
    return SimilarSongs(song.track, by, near.neighbours, near.left_out, near.beyond_per_artist)


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
    model = default_session().model(opened.setting("model") or DEFAULT_MODEL)
    analyser = Analyser(model)
    ((_, done),) = map_files(partial(analyse_file, sets=analyser.sets, whole=True), [path])
    track = done if isinstance(done, AudioError) else done[0][1]
    if isinstance(track, AudioError):
        raise track
    return _song_of(analyser, os.path.abspath(path), track)


def _song_of(analyser: Analyser, path: str, heard: AnalysedTrack) -> Song:
    analysis = heard.analysis
    matrices, sounding = analysis.matrices, analysis.sounding
    vector = analyser.place(matrices[analyser.style.feature_set.fingerprint], sounding=sounding)
    if vector is None:
        raise AudioError(path, "it is silent: there is nothing to compare")
    X = matrices[analyser.model.feature_set.fingerprint]
    answer = analyser.answer(X, bounds=analysis.bounds, sounding=sounding).rounded()
    track = LibraryTrack(
        id=0,
        path=path,
        state="analysed",
        missing=False,
        digest=heard.digest,
        tags=heard.tags if isinstance(heard.tags, Tags) else Tags(),
        duration=analysis.duration,
        measurements=analysis.measurements,
        answer=answer.summary,
        warnings=analysis.warnings,
        gaps=analysis.gaps,
    )
    return Song(track, vector, matrices[analyser.timbre.feature_set.fingerprint])
