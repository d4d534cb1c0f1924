"""Ask a library, correct it, and tidy it up."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal, TextIO

from earmark.analysis import Answer
from earmark.arguments import checked
from earmark.errors import ParameterError
from earmark.library import (
    Filters,
    Library,
    LibraryStats,
    LibraryTrack,
    TrackPage,
    check_genre,
    csv_rows,
    find_track,
    known_genres,
    library_stats,
    match_genre,
)
from earmark.recommend import Catalogue, Neighbour, find_similar
from earmark.records import Record
from earmark.types import PathName
from earmark.workflows.session import opened_library

__all__ = [
    "TrackDetails",
    "export_tracks",
    "failed_tracks",
    "forget_folder",
    "list_tracks",
    "prune_library",
    "review_tracks",
    "set_genre",
    "show_track",
    "stats",
]


def _clips(details: TrackDetails) -> list[dict[str, Any]]:
    """Return what the model says clip by clip."""
    answer = details.answer
    if answer is None:
        return []
    columns = (answer.bounds.tolist(), answer.timeline.tolist(), answer.sounding.tolist())
    return [
        {
            "start": start,
            "end": end,
            "silent": not sounding,
            "probabilities": dict(zip(answer.classes, row, strict=True)) if sounding else None,
        }
        for (start, end), row, sounding in zip(*columns, strict=True)
    ]


@dataclass(frozen=True)
class TrackDetails(
    Record,
    schema="earmark.library-track/2",
    keys=(
        *("track", ("distance", lambda details: getattr(details.answer, "distance", None))),
        *(("clips", _clips), "similar=neighbours"),
    ),
):
    """All that is known of one track.

    Attributes
    ----------
    track : LibraryTrack
        The track.
    answer : Answer or None
        What the model says, clip by clip; None of a track that failed.
    neighbours : tuple of Neighbour
        The nearest songs, by style.
    """

    track: LibraryTrack
    answer: Answer | None
    neighbours: tuple[Neighbour, ...] = ()


@checked
def list_tracks(
    filters: Filters | None = None,
    *,
    library: Library | PathName | None = None,
    sort: str = "path",
    limit: int | None = None,
    offset: int = 0,
) -> TrackPage:
    """List tracks of a library.

    Parameters
    ----------
    filters : Filters or None
        Which; None: those that are there and were analysed.
    library : Library, str, path-like or None
        An open library, or its file, see `earmark.library.library_path`.
    sort : {"path", "artist", "title", "genre", "confidence", "doubt", "year", "added"}
        In what order.
    limit : int or None
        How many at the most.
    offset : int
        How many to pass over.

    Returns
    -------
    TrackPage
        The tracks, and how many there are in all.

    Raises
    ------
    LibraryError
        If the library cannot be used.
    ParameterError
        If `sort` is unknown, a bound is out of range, or no track has the genre of the filters.
    """
    with opened_library(library) as opened:
        check_genre(opened, filters.genre if filters else None)
        tracks = opened.tracks(filters, sort=sort, limit=limit, offset=offset)
        partly = limit is not None or offset
        return TrackPage(tuple(tracks), opened.count(filters) if partly else len(tracks))


@checked
def failed_tracks(
    filters: Filters | None = None, *, library: Library | PathName | None = None
) -> TrackPage:
    """List the files that could not be analysed, and those heard only in part, with reasons.

    Parameters
    ----------
    filters : Filters or None
        Which of them.
    library : Library, str, path-like or None
        An open library, or its file.

    Returns
    -------
    TrackPage
        By path; each track holds ``error_code`` and ``error_reason``. Those that were analysed and
        have warnings are in ``warned``.

    Raises
    ------
    LibraryError
        If the library cannot be used.
    """
    wanted = filters or Filters()
    page = list_tracks(replace(wanted, state="failed"), library=library)
    warned = list_tracks(replace(wanted, warned=True, state="analysed"), library=library)
    return replace(page, warned=warned.tracks)


@checked
def stats(
    filters: Filters | None = None, *, library: Library | PathName | None = None
) -> LibraryStats:
    """Count what is in a library.

    Parameters
    ----------
    filters : Filters or None
        Which tracks are counted.
    library : Library, str, path-like or None
        An open library, or its file.

    Returns
    -------
    LibraryStats
        Its numbers.

    Raises
    ------
    LibraryError
        If the library cannot be used.
    """
    with opened_library(library) as opened:
        check_genre(opened, filters.genre if filters else None)
        return library_stats(opened, filters)


@checked
def show_track(
    track: str | int, *, library: Library | PathName | None = None, n_similar: int = 5
) -> TrackDetails:
    """Tell all that is known of one track.

    Parameters
    ----------
    track : str or int
        As `find_track` takes it.
    library : Library, str, path-like or None
        An open library, or its file.
    n_similar : int
        How many of the nearest songs are wanted.

    Returns
    -------
    TrackDetails
        The track, what the model says clip by clip, and the nearest songs.

    Raises
    ------
    LibraryError
        If the library cannot be used.
    ParameterError
        If there is no such track, or there are several.
    """
    with opened_library(library) as opened:
        found = find_track(opened, str(track))
        near: tuple[Neighbour, ...] = ()
        if found.state == "analysed" and found.answer.genre is not None and n_similar:
            catalogue = Catalogue(opened)
            near = find_similar(catalogue, catalogue.song(found.id), n=n_similar).neighbours
        return TrackDetails(found, opened.answer(found.id), near)


@checked
def prune_library(
    *, library: Library | PathName | None = None, preview: bool = False
) -> list[LibraryTrack]:
    """Forget the tracks whose files are gone, and all that was decided about them.

    Parameters
    ----------
    library : Library, str, path-like or None
        An open library, or its file.
    preview : bool
        Whether only to say what would be forgotten.

    Returns
    -------
    list of LibraryTrack
        What was forgotten, or would be.

    Raises
    ------
    LibraryError
        If the library cannot be used.
    """
    with opened_library(library) as opened:
        gone = opened.tracks(Filters(missing=True, state=None))
        if not preview:
            opened.scanned.prune(one.id for one in gone)
        return gone


@checked
def forget_folder(
    folder: PathName, *, library: Library | PathName | None = None, preview: bool = False
) -> list[LibraryTrack]:
    """Scan a folder no longer when none is named, and mark what is gone of it.

    A folder that does not exist is kept, because its disk may not be plugged in.

    Parameters
    ----------
    folder : str or path-like
        A folder or file that was scanned.
    library : Library, str, path-like or None
        An open library, or its file.
    preview : bool
        Whether only to say what would be marked.

    Returns
    -------
    list of LibraryTrack
        The tracks in it whose files are gone: `prune_library` forgets them.

    Raises
    ------
    LibraryError
        If the library cannot be used.
    ParameterError
        If it was not scanned.
    """
    path = os.path.abspath(os.path.expanduser(os.fspath(folder)))
    with opened_library(library) as opened:
        roots = opened.scanned.roots()
        if path not in roots:
            told = ", ".join(map(repr, roots)) or "nothing"
            raise ParameterError(
                f"folder={path!r} is not a scanned folder. Scanned folders: {told}"
            )
        inside = opened.tracks(Filters(path=path, state=None))
        gone = [one for one in inside if not os.path.lexists(one.path)]
        if not preview:
            opened.scanned.forget_roots([path])
            opened.scanned.mark_missing((one.id for one in gone), now=time.time())
        return gone


@checked
def export_tracks(
    output: TextIO,
    filters: Filters | None = None,
    *,
    kind: Literal["csv", "json", "jsonl"] = "csv",
    library: Library | PathName | None = None,
    sort: str = "path",
) -> int:
    """Write tracks of a library for other programs.

    Parameters
    ----------
    output : text stream
        Where to; of a file, opened with ``newline=""`` and ``errors="surrogateescape"`` where
        names that are not UTF-8 are to be kept.
    filters : Filters or None
        Which; None: those that are there and were analysed.
    kind : {"csv", "json", "jsonl"}
        A table, one document of the schema ``earmark.library/2``, or a track a line.
    library : Library, str, path-like or None
        An open library, or its file.
    sort : str
        In what order, as in `list_tracks`.

    Returns
    -------
    int
        How many were written.

    Raises
    ------
    LibraryError
        If the library cannot be used.
    ParameterError
        If there is no such kind or order.
    """
    if kind not in ("csv", "json", "jsonl"):
        raise ParameterError(f"kind={kind!r} is not one of csv, json, jsonl")
    page = list_tracks(filters, library=library, sort=sort)
    if kind == "json":
        output.write(json.dumps(page.to_dict(), indent=1) + "\n")
    elif kind == "jsonl":
        for track in page.tracks:
            output.write(json.dumps(track.to_dict()) + "\n")
    else:
        for row in csv_rows(page.tracks):
            output.write(row)
    return len(page.tracks)


@checked
def set_genre(
    tracks: str | int | Iterable[str | int],
    genre: str | None,
    *,
    new: bool = False,
    library: Library | PathName | None = None,
) -> list[LibraryTrack]:
    """Set the genre of tracks; it replaces what a model says, everywhere.

    Parameters
    ----------
    tracks : str, int, or iterable of them
        As `find_track` takes them.
    genre : str or None
        The genre, in the spelling of any case: ``Jazz`` sets ``jazz`` where that is known. None
        clears the genre that was set.
    new : bool
        Whether the genre may be new: neither one of the model's, nor set before, nor in tags.
    library : Library, str, path-like or None
        An open library, or its file.

    Returns
    -------
    list of LibraryTrack
        The tracks, as they are now.

    Raises
    ------
    LibraryError
        If the library cannot be used.
    UnknownGenreError
        If the genre is new, and `new` is False. Nothing is done then.
    ParameterError
        If the genre cannot be a name, or a track does not exist or several match. Nothing is done
        then.
    """
    named = [tracks] if isinstance(tracks, str | int) else list(tracks)
    with opened_library(library) as opened:
        if genre is not None:
            genre = match_genre(genre, known_genres(opened), new=new)
        found = [find_track(opened, str(track)) for track in named]
        opened.set_genre((one.id for one in found), genre, now=time.time())
        return opened.tracks_of(one.id for one in found)


@checked
def review_tracks(
    filters: Filters | None = None,
    *,
    everything: bool = False,
    library: Library | PathName | None = None,
) -> list[LibraryTrack]:
    """List the tracks whose genre is worth asking about, the most doubtful first.

    Parameters
    ----------
    filters : Filters or None
        Which; None: all that were analysed and have no genre set by the user.
    everything : bool
        Whether to list answers that are beyond doubt as well. Implied by a bound on the confidence.
    library : Library, str, path-like or None
        An open library, or its file.

    Returns
    -------
    list of LibraryTrack
        Unfamiliar music first, then undecided answers, then the others; among each, those first
        whose top two genres are closest. Silent tracks are left out.

    Raises
    ------
    LibraryError
        If the library cannot be used.
    ParameterError
        If no track has the genre of the filters.
    """
    wanted = filters or Filters()
    if wanted.corrected is None:
        wanted = replace(wanted, corrected=False)
    bounded = (wanted.unsure, wanted.min_confidence, wanted.max_confidence) != (None, None, None)
    if not everything and not bounded:
        wanted = replace(wanted, doubtful=True)
    with opened_library(library) as opened:
        check_genre(opened, wanted.genre)
        tracks = opened.tracks(wanted, sort="doubt")
    return [track for track in tracks if track.answer.genre is not None]
