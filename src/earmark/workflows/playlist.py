"""Make playlists out of a library, and write them to files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from earmark.arguments import check_ending, checked
from earmark.errors import ParameterError
from earmark.files import atomic_write, check_target
from earmark.library import Filters, Library, check_genre, find_track
from earmark.recommend import (
    MIN_LENGTH,
    PER_ARTIST,
    Catalogue,
    Length,
    Playlist,
    PlaylistFormat,
    Selection,
    playlist_between,
    playlist_like,
    playlist_of,
    render,
)
from earmark.types import PathName, Progress, Seconds
from earmark.workflows.session import opened_library

__all__ = ["Playlist", "make_playlist", "write_playlist"]

_N_TRACKS = 25


@checked
def make_playlist(
    *,
    like: Sequence[str | int] | str | int = (),
    from_: str | int | None = None,
    to: str | int | None = None,
    filters: Filters | None = None,
    tracks: int | None = None,
    minutes: float | None = None,
    per_artist: int | None = PER_ARTIST,
    min_length: Seconds = MIN_LENGTH,
    include_unfamiliar: bool = False,
    min_likeness: float | None = None,
    seed: int = 0,
    library: Library | PathName | None = None,
    progress: Progress | None = None,
) -> Playlist:
    """Make a playlist: songs like a track, from one track to another, or matching filters.

    Parameters
    ----------
    like : str or int, or sequence of those
        Tracks, each given by its number, its path, or words from its artist and title. The playlist
        has songs similar to each of them in turn.
    from_, to : str, int or None
        Two tracks. The playlist leads from one to the other in small steps.
    filters : Filters or None
        Only songs that match these, for example those of a genre, besides the tracks named. Without
        `like` and `from_`, the playlist has songs that match the filters.
    tracks : int or None
        Number of songs. None: 25, or as many as fit `minutes`.
    minutes : float or None
        Total length in minutes, as close as whole songs allow.
    per_artist : int or None
        Maximum number of songs by one artist, unless there are too few by others. None: no limit.
        It does not apply with `from_` and `to`.
    min_length : float
        Leave out tracks shorter than this, in seconds. Silent ones are always left out.
    include_unfamiliar : bool
        Whether to include music unlike any the model knows even if the tracks named are not.
    min_likeness : float or None
        With `like`: leave out songs whose cosine with the track named is below this, from 0 to 1. 0
        keeps all. None: 0.1.
    seed : int
        Random seed. The same seed gives the same playlist from the same library.
    library : Library, str, path-like or None
        An open library, or its file.
    progress : callable or None
        Called while an index is built.

    Returns
    -------
    Playlist
        No artist plays twice in a row (except in a playlist of only the two tracks named), and no
        recording appears twice. Its ``notes`` say in what it differs from what was requested.

    Raises
    ------
    LibraryError
        If the library cannot be used, or nothing in it can be compared.
    ParameterError
        If `like` is combined with `from_` and `to`, or neither these nor filters are given; if both
        `tracks` and `minutes` are given; if no track or genre matches, or several tracks do; if an
        argument has a value that is not accepted.

    Warns
    -----
    CacheWarning
        If an index cannot be kept beside the library; a `Job` as `progress` gets it instead.

    Examples
    --------
    >>> walk = make_playlist(from_="blue train", to="master of puppets")  # doctest: +SKIP
    >>> write_playlist(walk, "walk.m3u8")  # doctest: +SKIP
    >>> dance = make_playlist(filters=Filters(tempo=(118, 126)), minutes=60)  # doctest: +SKIP
    """
    liked = [like] if isinstance(like, str | int) else list(like)
    wanted = filters or Filters()
    _check_kind(liked, from_, to, wanted)
    if per_artist is not None and per_artist < 1:
        raise ParameterError(f"per_artist={per_artist!r} must be 1 or more")
    settings: dict[str, Any] = {
        "length": Length(_N_TRACKS if tracks is None and minutes is None else tracks, minutes),
        "seed": seed,
        "selection": Selection(wanted, min_length, include_unfamiliar, min_likeness),
    }
    with opened_library(library, progress=progress) as opened:
        check_genre(opened, wanted.genre)
        catalogue = Catalogue(opened, progress)
        named = liked or [track for track in (from_, to) if track is not None]
        ids = [find_track(opened, str(track)).id for track in named]
        if liked:
            return playlist_like(catalogue, ids, per_artist=per_artist, **settings)
        if ids:
            return playlist_between(catalogue, *ids, **settings)
        return playlist_of(catalogue, wanted, per_artist=per_artist, **settings)


def _check_kind(
    liked: Sequence[str | int], from_: str | int | None, to: str | int | None, filters: Filters
) -> None:
    """Refuse what says no kind of playlist, or several."""
    if liked and (from_, to) != (None, None):
        raise ParameterError("like cannot be combined with from and to")
    if (from_ is None) != (to is None):
        raise ParameterError("from and to must be given together")
    if not liked and from_ is None and filters == Filters():
        raise ParameterError("Give like, from and to, or a filter such as genre")


@checked
def write_playlist(
    playlist: Playlist,
    path: PathName,
    *,
    kind: PlaylistFormat | None = None,
    relative: bool = True,
    overwrite: bool = False,
) -> str:
    r"""Write a playlist to a file, in one step.

    Parameters
    ----------
    playlist : Playlist
        The songs.
    path : str or path-like
        The file.
    kind : {"m3u8", "pls", "xspf", "csv", "json"} or None
        The format; None: according to the extension of the file. ``.m3u`` is written like
        ``.m3u8``.
    relative : bool
        Whether paths are relative to the folder of the file, so that both can be moved together;
        otherwise they are absolute.
    overwrite : bool
        Whether to replace an existing file.

    Returns
    -------
    str
        The file, absolute.

    Raises
    ------
    ParameterError
        If the format is unknown, the folder does not exist, the file exists, or its extension is
        not that of a format.
    OSError
        If it cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     written = write_playlist(Playlist("None", (), ()), f"{folder}/none.m3u8")
    ...     Path(written).read_text()
    '#EXTM3U\n#PLAYLIST:None\n'
    """
    target = Path(os.path.abspath(os.fspath(path)))
    check_target(target, overwrite=overwrite)
    chosen = format_of(target, kind)
    content = render(playlist, chosen, folder=str(target.parent) if relative else None)
    with atomic_write(target) as file:
        file.write(content)
    return str(target)


def format_of(path: PathName, kind: str | None) -> PlaylistFormat:
    """Return the format a playlist is written in, by its name or that of the file, if any."""
    known: tuple[PlaylistFormat, ...] = get_args(PlaylistFormat)
    if kind is None and path:
        endings = (*(f".{one}" for one in known), ".m3u")
        kind = check_ending("output", path, endings).removeprefix(".")
    if kind in (None, "m3u"):
        kind = "m3u8"
    for one in known:
        if one == kind:
            return one
    raise ParameterError(f"kind={kind!r} is not one of {', '.join(known)}")
