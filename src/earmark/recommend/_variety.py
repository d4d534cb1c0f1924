"""Choosing songs one after the other: one of each recording, and few of each artist."""

from __future__ import annotations

from collections import Counter

import numpy as np

from earmark.identity import artist_of, recording_keys, same_sound
from earmark.library import LibraryTrack
from earmark.recommend._catalogue import Catalogue, Song

__all__ = ["Chosen"]

_WORTH_COMPARING = 0.6
"""Cosine in the space of styles below which two tracks are not compared segment by segment: copies
encoded at 64 kbit/s or a third as loud were at 0.75 or more, halves of a piece at 0.66."""


class Chosen:
    """Songs that were chosen so far, at most `per_artist` of each known artist."""

    def __init__(self, catalogue: Catalogue, *, per_artist: int | None) -> None:
        self.songs: list[Song] = []
        self._catalogue = catalogue
        self._per_artist = per_artist
        self._places: dict[tuple[str, ...], int] = {}
        self._sounds: list[tuple[int, Song]] = []
        self._of_artist: Counter[str] = Counter()

    def place_of(self, track: LibraryTrack) -> int | None:
        """Return which of the songs is the same recording as a track, or a version; None if none.

        They are if they share what `recording_keys` gives, or sound the same from the start on.
        """
        for key in recording_keys(track):
            if key in self._places:
                return self._places[key]
        vector = self._catalogue.vector(track.id)
        if vector is None or not self._sounds:
            return None
        cosines = np.stack([song.vector for _, song in self._sounds]) @ vector
        for at in np.flatnonzero(cosines >= _WORTH_COMPARING).tolist():
            segments = self._catalogue.segments(track.id)
            place, song = self._sounds[at]
            if segments is not None and same_sound(song.segments, segments):
                return place
        return None

    def has_room(self, track: LibraryTrack) -> bool:
        """Tell whether there may be another song of a track's artist."""
        artist = artist_of(track)
        if not artist or self._per_artist is None:
            return True
        return self._of_artist[artist] < self._per_artist

    def raise_limit(self) -> None:
        """Let there be one song more of each artist."""
        if self._per_artist is not None:
            self._per_artist += 1

    def add(self, song: Song) -> None:
        """Choose a song."""
        self._of_artist[artist_of(song.track)] += 1
        self.songs.append(song)
        self.add_copy(len(self.songs) - 1, song)

    def add_copy(self, place: int, song: Song) -> None:
        """Remember what else is the same as a chosen song, and by what that is known."""
        for key in recording_keys(song.track):
            self._places.setdefault(key, place)
        self._sounds.append((place, song))
