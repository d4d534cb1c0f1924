"""Playlists: songs like others, from one song to another, or of a genre."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import pairwise, zip_longest
from typing import Any

import numpy as np

from earmark.errors import ParameterError
from earmark.library import Filters, LibraryTrack, album_note
from earmark.recommend._candidates import LeftOut, Selection, candidates, is_familiar
from earmark.recommend._catalogue import Catalogue, Song
from earmark.recommend._filling import TYPICAL_S, Length, Picking, artist_or_id, seconds_of
from earmark.recommend._ordering import corridor, walk
from earmark.recommend._similar import find_similar
from earmark.recommend._variety import Chosen
from earmark.records import Record
from earmark.types import BoolArray, FloatArray, IntArray, Seconds

__all__ = ["PER_ARTIST", "Playlist", "playlist_between", "playlist_like", "playlist_of"]

PER_ARTIST = 3
"""Songs of a playlist by one artist, unless there are too few by others."""

_MAX_TRIES = 6
_ANYWHERE = 400


def _song(track: LibraryTrack) -> dict[str, Any]:
    """Return the title of a song in a playlist."""
    content = track.to_dict()
    names = ("id", "path", *track.place, "artist", "title", "album", "genre", "duration")
    return {name: content[name] for name in names}


@dataclass(frozen=True)
class Playlist(
    Record,
    schema="earmark.playlist/2",
    keys=(
        *("title", "duration", ("tracks", lambda playlist: list(map(_song, playlist.tracks)))),
        *("steps", "notes", "left_out"),
    ),
):
    """Songs in an order.

    Attributes
    ----------
    title : str
        What it is.
    tracks : tuple of LibraryTrack
        The songs; no artist twice in a row, no recording twice.
    steps : tuple of float
        Cosine of each song and the one before, in the space of styles: one fewer than songs.
    notes : tuple of str
        What is not as it was asked for.
    left_out : LeftOut
        How many tracks were left out of what could have been in it.
    """

    title: str
    tracks: tuple[LibraryTrack, ...]
    steps: tuple[float, ...]
    notes: tuple[str, ...] = ()
    left_out: LeftOut = field(default_factory=LeftOut)

    @property
    def duration(self) -> Seconds:
        """How long it is, in seconds."""
        return sum(track.duration or 0.0 for track in self.tracks)


def _made(
    title: str,
    songs: Sequence[Song],
    length: Length,
    *,
    left_out: LeftOut,
    notes: Sequence[str] = (),
) -> Playlist:
    """Make a playlist of songs in their order."""
    steps = tuple(float(before.vector @ after.vector) for before, after in pairwise(songs))
    tracks = tuple(song.track for song in songs)
    more = []
    if length.tracks is not None and len(tracks) < length.tracks:
        more.append(
            f"{len(tracks)} of {length.tracks} songs: there are no more without a recording twice "
            "or an artist twice in a row"
        )
    total = sum(map(seconds_of, tracks))
    if length.minutes is not None and abs(total / 60 - length.minutes) > max(
        4.0, length.minutes / 10
    ):
        more.append(f"{total / 60:.0f} of {length.minutes:g} minutes: no closer fit was found")
    if album := album_note(tracks):
        more.append(album)
    return Playlist(title, tracks, steps, (*notes, *more), left_out)


def _drawn(weights: FloatArray, rng: np.random.Generator) -> IntArray:
    """Draw everything, one after the other, each with a probability in proportion to its weight."""
    keys = np.log(rng.random(len(weights))) / np.maximum(weights, 1e-6)
    order: IntArray = np.argsort(-keys, kind="stable")
    return order


def playlist_like(
    catalogue: Catalogue,
    track_ids: Sequence[int],
    *,
    length: Length,
    seed: int = 0,
    selection: Selection | None = None,
    per_artist: int | None = PER_ARTIST,
) -> Playlist:
    """Make a playlist of songs like some.

    Parameters
    ----------
    catalogue : Catalogue
        Where songs are from.
    track_ids : sequence of int
        Numbers of one track or more.
    length : Length
        How long it is to be.
    seed : int
        Decides which of the half as many again nearest songs are left out.
    selection : Selection or None
        Which tracks may be in it, besides those named.
    per_artist : int or None
        Maximum number of songs by one artist, unless there are too few by others. None: no limit.

    Returns
    -------
    Playlist
        The songs themselves, the first of them at the start, and songs near each of them in turn;
        every song is near the one before.

    Raises
    ------
    ParameterError
        If there is no such track, it was not analysed, or it is silent.
    """
    rng = np.random.default_rng(seed)
    named = [catalogue.song(track_id) for track_id in dict.fromkeys(track_ids)]
    if not named:
        raise ParameterError("like=[]: give one or more tracks")
    start = Chosen(catalogue, per_artist=None)
    for song in named:
        if start.place_of(song.track) is None:
            start.add(song)
    n = length.most_tracks
    left_out: list[LeftOut] = []

    def near(song: Song) -> Iterator[LibraryTrack]:
        found = find_similar(
            catalogue, song, n=n + n // 2 + 1, per_artist=per_artist, selection=selection
        )
        left_out.append(found.left_out)
        scores = np.array([one.score for one in found.neighbours])
        return iter([found.neighbours[at].track for at in _drawn(scores**2, rng)])

    in_turn = zip_longest(*map(near, start.songs))
    tracks = (track for several in in_turn for track in several if track is not None)
    songs, notes = Picking(catalogue, start.songs, tracks, length).picked(per_artist)
    title = "Like " + ", ".join(song.track.caption for song in named)
    return _made(title, songs, length, left_out=_joined(left_out), notes=notes)


def _joined(several: Sequence[LeftOut]) -> LeftOut:
    """Return what was left out for all of several songs: what is like one of them is not."""
    counts = {
        one.name: min(getattr(left_out, one.name) for left_out in several)
        for one in fields(LeftOut)
    }
    return LeftOut(**counts)


def playlist_of(
    catalogue: Catalogue,
    filters: Filters,
    *,
    length: Length,
    seed: int = 0,
    selection: Selection | None = None,
    per_artist: int | None = PER_ARTIST,
) -> Playlist:
    """Make a playlist of songs of a genre, or of what other filters let through.

    Parameters
    ----------
    catalogue : Catalogue
        Where songs are from.
    filters : Filters
        Which songs, e.g. those of a genre.
    length : Length
        How long it is to be.
    seed : int
        Decides which songs: the surer their genre is, where one is asked for, the likelier.
    selection : Selection or None
        Which tracks may be in it; its own filters do not count. Unfamiliar ones are in it only if
        they are included, or if there are no others.
    per_artist : int or None
        Maximum number of songs by one artist, unless there are too few by others. None: no limit.

    Returns
    -------
    Playlist
        Songs whose genre is the user's or sure; unsure ones only where there are not enough. Every
        song is near the one before.

    Raises
    ------
    ParameterError
        If there is no such song.
    """
    rng = np.random.default_rng(seed)
    title = _title_of(filters)
    wanted = replace(selection or Selection(), filters=filters)
    allowed, left_out = candidates(catalogue, wanted, familiar=True)
    if left_out.unfamiliar and not allowed.any():
        allowed, left_out = candidates(catalogue, wanted, familiar=False)
    if not allowed.any():
        raise ParameterError(_nothing_left(filters, left_out))
    tracks = catalogue.library.tracks_of(np.flatnonzero(allowed).tolist())
    weights = np.ones(len(tracks))
    if filters.genre is not None:
        weights = np.array(
            [1.0 if one.corrected else one.answer.confidence or 0.0 for one in tracks]
        )
    drawn = [tracks[at] for at in _drawn(weights, rng)]
    if filters.genre is not None:
        drawn.sort(key=lambda track: track.unsure is not None)  # stable: the sure ones first
        title = tracks[0].genre or title
    songs, notes = Picking(catalogue, (), drawn, length).picked(per_artist)
    return _made(title, songs, length, left_out=left_out, notes=notes)


def _title_of(filters: Filters) -> str:
    """Name a playlist by what its songs have in common."""
    parts = [filters.genre, filters.artist, filters.album, filters.title, *filters.words]
    for bounds, unit in ((filters.year, ""), (filters.tempo, " bpm")):
        if bounds is not None:
            low, high = ("" if one is None else f"{one:g}" for one in bounds)
            parts.append((low if low == high else f"{low}-{high}") + unit)
    return ", ".join(part for part in parts if part) or "Songs"


def _nothing_left(filters: Filters, left_out: LeftOut) -> str:
    what = "these filters" if filters.genre is None else f"genre={filters.genre!r}"
    reasons = [f"{n} {reason}" for reason, n in left_out.to_dict().items() if n]
    if not reasons:
        return f"{what}: no track of the library matches"
    return f"{what}: every track that matches is left out ({', '.join(reasons)})"


def playlist_between(
    catalogue: Catalogue,
    first: int,
    last: int,
    *,
    length: Length,
    seed: int = 0,
    selection: Selection | None = None,
) -> Playlist:
    """Make a playlist that leads from one song to another in steps that each sound near.

    Parameters
    ----------
    catalogue : Catalogue
        Where songs are from.
    first, last : int
        Numbers of the tracks.
    length : Length
        How long it is to be, both included.
    seed : int
        Decides by which songs off the straight line the way may go, where there are many.
    selection : Selection or None
        Which tracks may be on the way; its least likeness does not count.

    Returns
    -------
    Playlist
        Songs on the way, so that the largest step is as small as can be. The two are in it
        whatever the length.

    Raises
    ------
    ParameterError
        If there is no such track, it was not analysed or is silent, or both are the same.
    """
    ends = catalogue.song(first), catalogue.song(last)
    if first == last:
        raise ParameterError(f"from and to are the same track: {ends[0].track.path!r}")
    title = f"From {ends[0].track.caption} to {ends[1].track.caption}"
    familiar = all(is_familiar(catalogue, song.track) for song in ends)
    allowed, left_out = candidates(
        catalogue, selection or Selection(), familiar=familiar, without=(first, last)
    )
    way = _Way(catalogue, *ends, allowed=allowed, seed=seed)
    if length.tracks is not None:
        return _made(title, way.of(length.tracks), length, left_out=left_out)
    target = (length.minutes or 0) * 60
    n, best = max(2, round(target / TYPICAL_S)), list(ends)
    tried = set[int]()
    while n not in tried and len(tried) < _MAX_TRIES:
        tried.add(n)
        songs = way.of(n)
        total = sum(seconds_of(song.track) for song in songs)
        if abs(total - target) < abs(sum(seconds_of(song.track) for song in best) - target):
            best = songs
        n = max(2, len(songs) + round((target - total) / (total / len(songs))))
    return _made(title, best, length, left_out=left_out)


class _Way:
    """Ways between two songs, of any number of steps."""

    def __init__(
        self, catalogue: Catalogue, first: Song, last: Song, *, allowed: BoolArray, seed: int
    ) -> None:
        self._catalogue, self._first, self._last = catalogue, first, last
        index = catalogue.style
        rows = np.flatnonzero(allowed[index.ids])
        self._ids, self._vectors = index.ids[rows], np.asarray(index.vectors)[rows]
        self._left_out = set[int]()
        self._artists: dict[int, object] = {}
        rng = np.random.default_rng(seed)
        self._anywhere = rng.permutation(self._ids)[:_ANYWHERE]

    def of(self, n: int) -> list[Song]:
        """Return a path of up to this many songs; no recording is in it twice."""
        while True:
            songs = self._tried(n)
            chosen = Chosen(self._catalogue, per_artist=None)
            for song in (self._first, self._last):
                chosen.add(song)
            twice = set()
            for song in songs[1:-1]:
                if chosen.place_of(song.track) is None:
                    chosen.add(song)
                else:
                    twice.add(song.track.id)
            if not twice:
                return songs
            self._left_out |= twice

    def _tried(self, n: int) -> list[Song]:
        rows = np.flatnonzero(~np.isin(self._ids, list(self._left_out)))
        ends = self._first.vector[np.newaxis], self._last.vector[np.newaxis]
        vectors = np.concatenate([ends[0], self._vectors[rows], ends[1]])
        anywhere = np.flatnonzero(np.isin(self._ids[rows], self._anywhere)) + 1
        near = np.union1d(corridor(vectors, n - 2), anywhere)
        ids = self._ids[rows[near - 1]].tolist()
        unknown = [one for one in ids if one not in self._artists]
        for track in self._catalogue.library.tracks_of(unknown):
            self._artists[track.id] = artist_or_id(track)
        artists = [
            artist_or_id(self._first.track),
            *(self._artists[one] for one in ids),
            artist_or_id(self._last.track),
        ]
        way = walk(np.concatenate([ends[0], vectors[near], ends[1]]), artists, n=n)
        return [
            self._first,
            *(self._catalogue.song(ids[at - 1]) for at in way[1:-1]),
            self._last,
        ]
