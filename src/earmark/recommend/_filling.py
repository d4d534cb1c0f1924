"""Choosing songs until a playlist is as long as it is to be, and ordering them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from earmark.errors import ParameterError
from earmark.identity import artist_of
from earmark.library import LibraryTrack
from earmark.recommend._catalogue import Catalogue, Song
from earmark.recommend._ordering import arrange
from earmark.recommend._variety import Chosen
from earmark.types import Seconds
from earmark.wording import counted

__all__ = ["TYPICAL_S", "Length", "Picking", "artist_or_id", "seconds_of"]

TYPICAL_S: Seconds = 240.0
"""What a song of unknown length is taken to last."""

_SHORT_S: Seconds = 150.0
_MAX_TRIES = 6


@dataclass(frozen=True)
class Length:
    """How long a playlist is to be: one of both.

    Attributes
    ----------
    tracks : int or None
        Number of songs.
    minutes : float or None
        Total length in minutes, as close as whole songs allow.
    """

    tracks: int | None = None
    minutes: float | None = None

    def __post_init__(self) -> None:
        if (self.tracks is None) == (self.minutes is None):
            raise ParameterError("give either tracks or minutes")
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
        target, so_far = (self.minutes or 0) * 60, sum(map(seconds_of, tracks))
        return bool(tracks) and abs(so_far + seconds_of(more) - target) >= abs(so_far - target)


def seconds_of(track: LibraryTrack) -> Seconds:
    return TYPICAL_S if track.duration is None else track.duration


def artist_or_id(track: LibraryTrack) -> object:
    """Return whom a track is by; without an artist it is by one of its own."""
    return artist_of(track) or track.id


def _in_order(songs: Sequence[Song]) -> list[Song]:
    vectors = np.stack([song.vector for song in songs])
    order = arrange(vectors, [artist_or_id(song.track) for song in songs])
    return [songs[at] for at in order]


class Picking:
    """Chooses songs until a playlist is as long as wanted, and orders them.

    The songs of `start` are in it in any case, the first of them at the beginning; the others come
    from `tracks`, better ones first.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        start: Sequence[Song],
        tracks: Iterable[LibraryTrack],
        length: Length,
    ) -> None:
        self._catalogue, self._start, self._length = catalogue, start, length
        self._tracks = list(tracks)

    def picked(self, per_artist: int | None) -> tuple[list[Song], list[str]]:
        """Return songs in order, and a note where it took more by one artist than the limit."""
        songs, is_full = self._limited(per_artist)
        limit = per_artist
        while not is_full and limit is not None:
            limit = 2 * limit if limit < len(self._tracks) else None
            more, is_full = self._limited(limit)
            songs = max(songs, more, key=len)
        by_artist = Counter(artist_of(song.track) for song in songs)
        del by_artist[""]
        most = max(by_artist.values(), default=0)
        if per_artist is None or most <= per_artist:
            return songs, []
        return songs, [
            f"up to {counted(most, 'song')} by one artist instead of {per_artist}, to fill it up"
        ]

    def _limited(self, per_artist: int | None) -> tuple[list[Song], bool]:
        """Choose and order songs, and tell whether they are as long as wanted.

        Where those by one artist are too many to be kept apart, others are chosen in their stead.
        """
        chosen = Chosen(self._catalogue, per_artist=per_artist)
        for song in self._start:
            chosen.add(song)
        without_place: set[int] = set()
        ordered: list[Song] = []
        is_full = False
        for _ in range(_MAX_TRIES):
            left = (track for track in self._tracks if track.id not in without_place)
            is_full = self._fill(chosen, left)
            songs = chosen.songs
            if not songs:
                break
            placed = _in_order(songs)
            if len(placed) > len(ordered):
                ordered = placed
            ids = {song.track.id for song in placed}
            lost = {song.track.id for song in songs} - ids
            if not lost:
                break
            is_full = False
            without_place |= lost
            chosen = Chosen(self._catalogue, per_artist=per_artist)
            for song in songs:
                if song.track.id in ids:
                    chosen.add(song)
        return ordered, is_full

    def _fill(self, chosen: Chosen, tracks: Iterable[LibraryTrack]) -> bool:
        """Choose songs, those given first, until they are as long as wanted; tell whether."""
        for track in tracks:
            if self._length.is_reached([song.track for song in chosen.songs], track):
                return True
            if chosen.has_room(track) and chosen.place_of(track) is None:
                chosen.add(self._catalogue.song(track.id))
        return self._length.tracks is not None and len(chosen.songs) >= self._length.tracks
