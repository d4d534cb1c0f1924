"""Playlists: songs like others, from one song to another, or of a genre."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from typing import Any

import numpy as np

from earmark.errors import ParameterError
from earmark.library import Filters, LibraryTrack, album_note
from earmark.recommend._folding import Chosen
from earmark.recommend._recordings import artist_of
from earmark.recommend._similar import find_similar
from earmark.recommend._songs import Catalogue, Song
from earmark.recommend._walk import arrange, corridor, walk
from earmark.types import FloatArray, IntArray, Seconds

__all__ = ["Length", "Playlist", "playlist_between", "playlist_like", "playlist_of_genre"]

_TYPICAL_S: Seconds = 240.0
_SHORT_S: Seconds = 150.0
_PER_ARTIST = 3
_MOST_TRIES = 6
_ANYWHERE = 400


@dataclass(frozen=True)
class Length:
    """How long a playlist is to be: one of both.

    Attributes
    ----------
    tracks : int or None
        So many songs.
    minutes : float or None
        As near to so many minutes as whole songs allow.
    """

    tracks: int | None = None
    minutes: float | None = None

    def __post_init__(self) -> None:
        if (self.tracks is None) == (self.minutes is None):
            raise ParameterError("tracks and minutes: one of both is needed")
        if self.tracks is not None and self.tracks < 1:
            raise ParameterError(f"tracks={self.tracks!r} must be 1 or more")
        if self.minutes is not None and not 0 < self.minutes < np.inf:
            raise ParameterError(f"minutes={self.minutes!r} must be more than 0")

    @property
    def most_tracks(self) -> int:
        """How many songs it takes at the most, if they are not very short."""
        if self.tracks is not None:
            return self.tracks
        return int(np.ceil((self.minutes or 0) * 60 / _SHORT_S))

    def is_reached(self, tracks: Sequence[LibraryTrack], more: LibraryTrack) -> bool:
        """Tell whether tracks are as long as they are to be.

        Parameters
        ----------
        tracks : sequence of LibraryTrack
            What there is.
        more : LibraryTrack
            What would come next.

        Returns
        -------
        bool
            Whether they would be farther from the length with it than without.
        """
        if self.tracks is not None:
            return len(tracks) >= self.tracks
        target, so_far = (self.minutes or 0) * 60, sum(map(_seconds, tracks))
        return bool(tracks) and abs(so_far + _seconds(more) - target) >= abs(so_far - target)


@dataclass(frozen=True)
class Playlist:
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
        What was not to be had.
    """

    title: str
    tracks: tuple[LibraryTrack, ...]
    steps: tuple[float, ...]
    notes: tuple[str, ...] = ()

    @property
    def duration(self) -> Seconds:
        """How long it is, in seconds."""
        return sum(track.duration or 0.0 for track in self.tracks)

    def to_dict(self) -> dict[str, Any]:
        """Convert to what JSON can hold.

        Returns
        -------
        dict
            A playlist as the schema ``earmark.playlist/2`` defines it.
        """
        return {
            "schema": "earmark.playlist/2",
            "title": self.title,
            "duration": self.duration,
            "tracks": [
                {
                    "id": track.id,
                    "path": track.path,
                    **track.place,
                    "artist": track.artist,
                    "title": track.title,
                    "album": track.album,
                    "genre": track.genre,
                    "duration": track.duration,
                }
                for track in self.tracks
            ],
            "steps": list(self.steps),
            "notes": list(self.notes),
        }


def _seconds(track: LibraryTrack) -> Seconds:
    return _TYPICAL_S if track.duration is None else track.duration


def _artist(track: LibraryTrack) -> object:
    """Return whom a track is by; without an artist it is by one of its own."""
    return artist_of(track) or track.id


def _made(title: str, songs: Sequence[Song], length: Length) -> Playlist:
    """Make a playlist of songs in their order."""
    steps = tuple(float(before.vector @ after.vector) for before, after in pairwise(songs))
    tracks = tuple(song.track for song in songs)
    notes = []
    if length.tracks is not None and len(tracks) < length.tracks:
        notes.append(
            f"{len(tracks)} of {length.tracks} songs: there are no more with no recording twice "
            "and no artist twice in a row"
        )
    total = sum(map(_seconds, tracks))
    if length.minutes is not None and abs(total / 60 - length.minutes) > max(
        4.0, length.minutes / 10
    ):
        notes.append(f"{total / 60:.0f} of {length.minutes:g} minutes: no better fit was found")
    if album := album_note(tracks):
        notes.append(album)
    return Playlist(title, tracks, steps, tuple(notes))


def _in_order(songs: Sequence[Song]) -> list[Song]:
    vectors = np.stack([song.vector for song in songs])
    order = arrange(vectors, [_artist(song.track) for song in songs])
    return [songs[at] for at in order]


def _filled(
    catalogue: Catalogue, chosen: Chosen, tracks: Iterable[LibraryTrack], length: Length
) -> list[Song]:
    """Choose songs, those given first, until they are as long as wanted."""
    for track in tracks:
        if length.is_reached([song.track for song in chosen.songs], track):
            break
        if chosen.has_room(track) and chosen.place_of(track) is None:
            chosen.add(catalogue.song(track.id))
    return chosen.songs


def _arranged(
    catalogue: Catalogue, chosen: Chosen, tracks: Iterable[LibraryTrack], length: Length
) -> list[Song]:
    """Choose songs until they are as long as wanted, and order them.

    Where those of one artist are too many to be kept apart, others are chosen in their stead.
    """
    listed = list(tracks)
    without_place: set[int] = set()
    ordered: list[Song] = []
    for _ in range(_MOST_TRIES):
        left = (track for track in listed if track.id not in without_place)
        songs = _filled(catalogue, chosen, left, length)
        if not songs:
            break
        found = _in_order(songs)
        if len(found) > len(ordered):
            ordered = found
        placed = {song.track.id for song in found}
        lost = {song.track.id for song in songs} - placed
        if not lost:
            break
        without_place |= lost
        chosen = Chosen(catalogue, per_artist=_PER_ARTIST)
        for song in songs:
            if song.track.id in placed:
                chosen.add(song)
    return ordered


def _drawn(weights: FloatArray, rng: np.random.Generator) -> IntArray:
    """Draw everything, one after the other, each with a probability in proportion to its weight."""
    keys = np.log(rng.random(len(weights))) / np.maximum(weights, 1e-6)
    order: IntArray = np.argsort(-keys, kind="stable")
    return order


def playlist_like(
    catalogue: Catalogue, track_ids: Sequence[int], *, length: Length, seed: int = 0
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

    Returns
    -------
    Playlist
        The songs themselves, the first of them at the start, and songs near each of them in turn;
        every song is near the one before.

    Raises
    ------
    ParameterError
        If there is no such track, or it was not listened to.
    """
    rng = np.random.default_rng(seed)
    named = [catalogue.song(track_id) for track_id in dict.fromkeys(track_ids)]
    if not named:
        raise ParameterError("like=[]: one track or more is needed")
    chosen = Chosen(catalogue, per_artist=_PER_ARTIST)
    for song in named:
        if chosen.place_of(song.track) is None:
            chosen.add(song)
    n = length.most_tracks

    def near(song: Song) -> Iterator[LibraryTrack]:
        found = find_similar(catalogue, song, n=n + n // 2 + 1, per_artist=_PER_ARTIST)
        scores = np.array([one.score for one in found])
        return iter([found[at].track for at in _drawn(scores**2, rng)])

    in_turn = zip_longest(*map(near, chosen.songs[: len(named)]))
    tracks = (track for several in in_turn for track in several if track is not None)
    songs = _arranged(catalogue, chosen, tracks, length)
    title = "Like " + ", ".join(song.track.caption for song in named)
    return _made(title, songs, length)


def playlist_of_genre(
    catalogue: Catalogue, genre: str, *, length: Length, seed: int = 0
) -> Playlist:
    """Make a playlist of songs of a genre.

    Parameters
    ----------
    catalogue : Catalogue
        Where songs are from.
    genre : str
        Its name, whatever the case.
    length : Length
        How long it is to be.
    seed : int
        Decides which songs: the surer their genre is, the likelier.

    Returns
    -------
    Playlist
        Songs of which the user says that they are of this genre, or the model is sure; those of
        which it is unsure only where there are not enough. Every song is near the one before.

    Raises
    ------
    ParameterError
        If there is no song of it.
    """
    rng = np.random.default_rng(seed)
    tracks = catalogue.library.tracks(Filters(genre=genre))
    if not tracks:
        raise ParameterError(f"genre={genre!r}: no track of the library is of it")
    weights = np.array([1.0 if one.corrected else one.confidence or 0.0 for one in tracks])
    drawn = [tracks[at] for at in _drawn(weights, rng)]
    drawn.sort(key=lambda track: track.unsure is not None)  # stable: the sure ones first
    there = (track for track in drawn if catalogue.vector(track.id) is not None)
    chosen = Chosen(catalogue, per_artist=_PER_ARTIST)
    songs = _arranged(catalogue, chosen, there, length)
    if not songs:
        raise ParameterError(f"genre={genre!r}: no track of it can be compared")
    return _made(tracks[0].genre or genre, songs, length)


def playlist_between(
    catalogue: Catalogue, first: int, last: int, *, length: Length, seed: int = 0
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

    Returns
    -------
    Playlist
        Songs on the way, so that the largest step is as small as can be. The two are in it
        whatever the length.

    Raises
    ------
    ParameterError
        If there is no such track, it was not listened to, or both are the same.
    """
    ends = catalogue.song(first), catalogue.song(last)
    if first == last:
        raise ParameterError(f"from and to are both {ends[0].track.path!r}")
    title = f"From {ends[0].track.caption} to {ends[1].track.caption}"
    way = _Way(catalogue, *ends, seed=seed)
    if length.tracks is not None:
        return _made(title, way.of(length.tracks), length)
    target = (length.minutes or 0) * 60
    n, best = max(2, round(target / _TYPICAL_S)), list(ends)
    tried = set[int]()
    while n not in tried and len(tried) < _MOST_TRIES:
        tried.add(n)
        songs = way.of(n)
        total = sum(_seconds(song.track) for song in songs)
        if abs(total - target) < abs(sum(_seconds(song.track) for song in best) - target):
            best = songs
        n = max(2, len(songs) + round((target - total) / (total / len(songs))))
    return _made(title, best, length)


class _Way:
    """Ways between two songs, of any number of steps."""

    def __init__(self, catalogue: Catalogue, first: Song, last: Song, *, seed: int) -> None:
        self._catalogue, self._first, self._last = catalogue, first, last
        index = catalogue.style
        self._ids, self._vectors = index.ids, np.asarray(index.vectors)
        self._left_out = {first.track.id, last.track.id}
        self._artists: dict[int, object] = {}
        rng = np.random.default_rng(seed)
        self._anywhere = rng.permutation(self._ids)[:_ANYWHERE]

    def of(self, n: int) -> list[Song]:
        """Return a way of so many songs, or fewer; no recording is in it twice."""
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
            self._artists[track.id] = _artist(track)
        artists = [
            _artist(self._first.track),
            *(self._artists[one] for one in ids),
            _artist(self._last.track),
        ]
        way = walk(np.concatenate([ends[0], vectors[near], ends[1]]), artists, n=n)
        return [
            self._first,
            *(self._catalogue.song(ids[at - 1]) for at in way[1:-1]),
            self._last,
        ]
