"""Songs that sound alike: one of each recording, few of each artist, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import get_args

from earmark.errors import ParameterError
from earmark.library import Library, LibraryTrack
from earmark.recommend._candidates import (
    By,
    LeftOut,
    Selection,
    candidates,
    is_familiar,
)
from earmark.recommend._catalogue import Catalogue, Song
from earmark.recommend._ranking import LOOKED_AT, PER_SEGMENT, Ranking, ranked_by
from earmark.recommend._reasons import Scale, why
from earmark.recommend._variety import Chosen
from earmark.records import Record
from earmark.wording import counted

__all__ = ["Neighbour", "Neighbourhood", "find_similar"]

_MAX_ATTEMPTS = 6


@dataclass(frozen=True)
class Neighbour(Record):
    """A song that is near another.

    Attributes
    ----------
    track : LibraryTrack
        The song.
    score : float
        From 0 to 1, the nearer the higher. By style: the cosine, 0 where it is negative. By timbre:
        the sum of cosines, over all segments of the query song, to those of its ten nearest
        segments that are of this song, out of what ten perfect ones each would give.
    why : str
        What both have in common.
    copies : tuple of int
        Numbers of tracks that were left out as the same recording, or versions of it.
    """

    track: LibraryTrack
    score: float
    why: str
    copies: tuple[int, ...] = ()


@dataclass(frozen=True)
class Neighbourhood:
    """The songs that are near one, and what was left out.

    Attributes
    ----------
    neighbours : tuple of Neighbour
        The nearest first.
    left_out : LeftOut
        How many tracks were left out, and why.
    beyond_per_artist : int
        How many of the songs exceed the limit of songs by one artist: they fill up what would
        have been too few.
    """

    neighbours: tuple[Neighbour, ...]
    left_out: LeftOut
    beyond_per_artist: int = 0


def find_similar(
    catalogue: Catalogue,
    song: Song,
    *,
    by: By = "style",
    n: int = 10,
    per_artist: int | None = 2,
    selection: Selection | None = None,
) -> Neighbourhood:
    """Find the songs of a library that are near one.

    Parameters
    ----------
    catalogue : Catalogue
        Where they are from; to be kept for what is asked next.
    song : Song
        The song they are compared with.
    by : {"style", "timbre"}
        How songs are compared.
    n : int
        How many songs to find.
    per_artist : int or None
        Maximum number of songs by one artist, unless there are too few without more of them.
    selection : Selection or None
        Which tracks may be found; None: the defaults of `Selection`.

    Returns
    -------
    Neighbourhood
        The songs, and how many tracks were left out.

    Raises
    ------
    ParameterError
        If an argument has a value that is not accepted.
    LibraryError
        If no track in the library can be compared.
    """
    if by not in get_args(By):
        raise ParameterError(f"by={by!r} is not one of {', '.join(get_args(By))}")
    for name, value in (("n", n), ("per_artist", per_artist)):
        if value is not None and value < 1:
            raise ParameterError(f"{name}={value!r} must be 1 or more")
    selection = selection or Selection()
    allowed, left_out = candidates(
        catalogue, selection, familiar=is_familiar(catalogue, song.track), without=[song.track.id]
    )
    rank = ranked_by(by, catalogue, song, allowed, floor=selection.floor(by))
    count = 4 * n + LOOKED_AT if by == "style" else PER_SEGMENT
    for attempt in range(_MAX_ATTEMPTS):
        ranking = rank(count, allowed)
        nearest = _Nearest(catalogue, song, ranking, n=n, per_artist=per_artist)
        n_allowed = int(allowed.sum())
        allowed[nearest.own] = False  # copies of the song itself take the places of others
        if len(nearest.neighbours) == n or ranking.is_complete or not allowed.any():
            break
        if attempt or not nearest.own:
            count *= 4
    beyond = nearest.fill_up()
    if len(nearest.neighbours) < n and ranking.is_complete:
        left_out = replace(left_out, unlike=n_allowed - len(ranking.ids))
    explained = (
        _explained(neighbour, song, catalogue.scale, by) for neighbour in nearest.neighbours
    )
    return Neighbourhood(tuple(explained), left_out, beyond)


def _explained(neighbour: Neighbour, song: Song, scale: Scale, by: By) -> Neighbour:
    reason = why(song.track, neighbour.track, scale)
    if by == "style":
        return replace(neighbour, why=reason or "similar as a whole; no single trait stands out")
    return replace(neighbour, why=f"{neighbour.why}; {reason}" if reason else neighbour.why)


def _tracks(library: Library, ranking: Ranking) -> Iterator[tuple[LibraryTrack, float, int]]:
    """Read the tracks of a ranking, some at a time."""
    ids, scores, counts = (part.tolist() for part in (ranking.ids, ranking.scores, ranking.counts))
    for start in range(0, len(ids), LOOKED_AT):
        several = slice(start, start + LOOKED_AT)
        ranks = dict(
            zip(ids[several], zip(scores[several], counts[several], strict=True), strict=True)
        )
        for track in library.tracks_of(ids[several]):
            yield (track, *ranks[track.id])


class _Nearest:
    """The nearest tracks of a ranking, `n` at most: one of each recording and few of each artist.

    `own` are the numbers of the copies of the song itself.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        song: Song,
        ranking: Ranking,
        *,
        n: int,
        per_artist: int | None,
    ) -> None:
        self.neighbours: list[Neighbour] = []
        self.own: list[int] = []
        self._catalogue, self._n = catalogue, n
        self._n_segments = ranking.n_segments
        self._chosen = Chosen(catalogue, per_artist=per_artist)
        self._waiting: list[tuple[LibraryTrack, float, int]] = []
        itself = Chosen(catalogue, per_artist=None)
        itself.add(song)
        for track, score, count in _tracks(catalogue.library, ranking):
            if len(self.neighbours) == n:
                break
            if itself.place_of(track) is not None:
                self.own.append(track.id)
                itself.add_copy(0, catalogue.song(track.id))
            elif not self._take(track, score, count):
                self._waiting.append((track, score, count))

    def _take(self, track: LibraryTrack, score: float, count: int) -> bool:
        """Add a track, or note it as a copy; False where its artist has enough songs."""
        place = self._chosen.place_of(track)
        if place is not None:
            nearer = self.neighbours[place]
            self._chosen.add_copy(place, self._catalogue.song(track.id))
            self.neighbours[place] = replace(nearer, copies=(*nearer.copies, track.id))
            return True
        if not self._chosen.has_room(track):
            return False
        self._chosen.add(self._catalogue.song(track.id))
        nearest = f"of the {self._n_segments} nearest segments"
        reason = counted(count, f"{nearest} is from it", f"{nearest} are from it")
        self.neighbours.append(Neighbour(track, score, reason))
        return True

    def fill_up(self) -> int:
        """Add songs by artists that have enough already; return how many were added."""
        before = len(self.neighbours)
        while self._waiting and len(self.neighbours) < self._n:
            self._chosen.raise_limit()
            waiting, self._waiting = self._waiting, []
            for one in waiting:
                if len(self.neighbours) < self._n and not self._take(*one):
                    self._waiting.append(one)
        added = len(self.neighbours) - before
        self.neighbours.sort(key=lambda one: -one.score)  # what was added is nearer than the last
        return added
