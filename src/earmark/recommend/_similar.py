"""Songs that sound alike: one of each recording, few of each artist, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np

from earmark.errors import ParameterError
from earmark.library import Filters, Library, LibraryTrack
from earmark.recommend._folding import Chosen
from earmark.recommend._indexes import ExactIndex, FaissIndex
from earmark.recommend._songs import Catalogue, Song, spaces
from earmark.recommend._why import Scale, why
from earmark.types import BoolArray, Float32Array, IntArray, Progress

__all__ = ["By", "Neighbour", "find_similar", "similar"]

By = Literal["style", "timbre"]
"""How songs are compared: in a learnt space, or by the sound of their segments."""

_PER_SEGMENT = 10
_FEW_TRACKS = 1000
_LOOKED_AT = 64
_MOST_ATTEMPTS = 6


@dataclass(frozen=True)
class _Ranking:
    """Numbers of tracks, the nearest first, their scores, and how many near segments are theirs."""

    ids: IntArray
    scores: Float32Array
    counts: IntArray
    n_segments: int = 0


@dataclass(frozen=True)
class Neighbour:
    """A song that is near another.

    Attributes
    ----------
    track : LibraryTrack
        The song.
    score : float
        From 0 to 1, rising with nearness. By style: the cosine, 0 where it is negative. By timbre:
        the sum of cosines, over all segments of the song asked about, to those of its ten nearest
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

    def to_dict(self) -> dict[str, Any]:
        """Convert to what JSON can hold.

        Returns
        -------
        dict
            A neighbour as the schema ``earmark.similar/2`` defines it.
        """
        return {
            "track": self.track.to_dict(),
            "score": self.score,
            "why": self.why,
            "copies": list(self.copies),
        }


def similar(
    library: Library,
    query: int | Song,
    *,
    by: By = "style",
    n: int = 10,
    per_artist: int | None = 2,
    filters: Filters | None = None,
    progress: Progress | None = None,
) -> list[Neighbour]:
    """Find the songs of a library that are near one.

    Parameters
    ----------
    library : Library
        The library, open.
    query : int or Song
        Number of a track of it, or a song from elsewhere.
    by : {"style", "timbre"}
        How they are compared.
    n : int
        How many are wanted.
    per_artist : int or None
        How many of one artist there may be; of those without an artist any number. None: no limit.
    filters : Filters or None
        Which tracks may be found; None: all whose files are there.
    progress : callable or None
        Called while an index is built.

    Returns
    -------
    list of Neighbour
        The nearest first; never the song itself, nor another of its recording, nor two of one.
        Fewer than `n` where there are no more.

    Raises
    ------
    ParameterError
        If there is no such track, it was not listened to, or an argument has a value that is not
        taken.
    LibraryError
        If no track in the library can be compared.

    Examples
    --------
    >>> import tempfile
    >>> from earmark.library import open_library
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with open_library(f"{folder}/a.db", create=True) as library:
    ...         similar(library, 1)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    earmark.errors.LibraryError: ... no track in it can be compared; to listen: earmark scan FOLDER
    """
    catalogue = Catalogue(library, progress)
    catalogue.style  # noqa: B018  (an empty library is told of first)
    song = query if isinstance(query, Song) else catalogue.song(query)
    return find_similar(catalogue, song, by=by, n=n, per_artist=per_artist, filters=filters)


def find_similar(
    catalogue: Catalogue,
    song: Song,
    *,
    by: By = "style",
    n: int = 10,
    per_artist: int | None = 2,
    filters: Filters | None = None,
) -> list[Neighbour]:
    """Find the songs that are near one, as `similar` does.

    Parameters
    ----------
    catalogue : Catalogue
        Where they are from; to be kept for what is asked next.
    song : Song
        What they are to be near.
    by : {"style", "timbre"}
        How they are compared.
    n : int
        How many are wanted.
    per_artist : int or None
        How many of one artist there may be.
    filters : Filters or None
        Which tracks may be found.

    Returns
    -------
    list of Neighbour
        The nearest first.

    Raises
    ------
    ParameterError
        If an argument has a value that is not taken.
    LibraryError
        If no track in the library can be compared.
    """
    if by not in get_args(By):
        raise ParameterError(f"by={by!r} is not one of {', '.join(get_args(By))}")
    for name, value in (("n", n), ("per_artist", per_artist)):
        if value is not None and value < 1:
            raise ParameterError(f"{name}={value!r} must be 1 or more")
    allowed = _mask(catalogue, filters)
    if song.track.id < len(allowed):
        allowed[song.track.id] = False
    rank = _by_style(catalogue, song) if by == "style" else _by_timbre(catalogue, song, allowed)
    chosen: list[Neighbour] = []
    count = 4 * n + _LOOKED_AT if by == "style" else _PER_SEGMENT
    for attempt in range(_MOST_ATTEMPTS):
        ranking = rank(count, allowed)
        chosen, own = _folded(catalogue, song, ranking, n=n, per_artist=per_artist)
        allowed[own] = False  # copies of the song itself take the places of others
        exhausted = by == "style" and len(ranking.ids) < count
        if len(chosen) == n or exhausted or not allowed.any():
            break
        if attempt or not own:
            count *= 4
    return [_explained(one, song, catalogue.scale, by) for one in chosen]


def _explained(one: Neighbour, song: Song, scale: Scale, by: By) -> Neighbour:
    told = why(song.track, one.track, scale)
    if by == "style":
        return replace(one, why=told or "near as a whole; nothing plain in common stands out")
    return replace(one, why=f"{one.why}; {told}" if told else one.why)


def _mask(catalogue: Catalogue, filters: Filters | None) -> BoolArray:
    """Return which tracks may be found, by number."""
    ids = catalogue.style.ids
    allowed = np.zeros(int(ids[-1]) + 1, dtype=np.bool_)
    if filters is None or filters == Filters():
        allowed[ids] = True
    else:
        found = catalogue.library.ids(filters)
        allowed[found[found < len(allowed)]] = True
    return allowed


Rank = Callable[[int, BoolArray], _Ranking]


def _by_style(catalogue: Catalogue, song: Song) -> Rank:
    def rank(count: int, allowed: BoolArray) -> _Ranking:
        scores, ids = catalogue.style.search(song.vector[np.newaxis], k=count, mask=allowed)
        there = ids[0] >= 0
        found = ids[0][there]
        return _Ranking(found, np.clip(scores[0][there], 0, 1), np.zeros_like(found))

    return rank


def _by_timbre(catalogue: Catalogue, song: Song, allowed: BoolArray) -> Rank:
    space = spaces()["timbre"]
    queries = space.embed(song.segments, fingerprint=space.feature_set.fingerprint)
    index = catalogue.timbre
    if isinstance(index, FaissIndex) and np.count_nonzero(allowed) <= _FEW_TRACKS:
        index = _index_of_few(catalogue, np.flatnonzero(allowed))

    def rank(count: int, allowed: BoolArray) -> _Ranking:
        k = max(count, -(-_LOOKED_AT * count // (_PER_SEGMENT * len(queries))))
        scores, ids = index.search(queries, k=k, mask=allowed)
        there = ids >= 0
        found, which = np.unique(ids[there], return_inverse=True)
        cosines = np.clip(scores[there], 0, 1)
        sums = np.bincount(which, weights=cosines, minlength=len(found)) / (len(queries) * k)
        order = np.lexsort((found, -sums))
        counts = np.bincount(which, minlength=len(found))
        return _Ranking(found[order], sums[order].astype(np.float32), counts[order], there.sum())

    return rank


def _index_of_few(catalogue: Catalogue, ids: IntArray) -> ExactIndex:
    """Compare the segments of few tracks exactly: an index of all would meet few of them."""
    space = spaces()["timbre"]
    held = [(one, catalogue.segments(int(one))) for one in ids]
    rows = [(one, matrix) for one, matrix in held if matrix is not None]
    if not rows:
        return ExactIndex(np.empty(0, np.int64), np.empty((0, space.n_dims), np.float32))
    lengths = [len(matrix) for _, matrix in rows]
    vectors = space.embed(
        np.concatenate([matrix for _, matrix in rows]), fingerprint=space.feature_set.fingerprint
    )
    return ExactIndex(np.repeat([one for one, _ in rows], lengths), vectors)


def _tracks(library: Library, ranking: _Ranking) -> Iterator[tuple[LibraryTrack, float, int]]:
    """Read the tracks of a ranking, some at a time."""
    ids, scores, counts = (part.tolist() for part in (ranking.ids, ranking.scores, ranking.counts))
    for start in range(0, len(ids), _LOOKED_AT):
        several = slice(start, start + _LOOKED_AT)
        told = dict(
            zip(ids[several], zip(scores[several], counts[several], strict=True), strict=True)
        )
        for track in library.tracks_of(ids[several]):
            yield (track, *told[track.id])


def _folded(
    catalogue: Catalogue, song: Song, ranking: _Ranking, *, n: int, per_artist: int | None
) -> tuple[list[Neighbour], list[int]]:
    """Choose the nearest, one of each recording and few of each artist; find the song's copies."""
    itself = Chosen(catalogue, per_artist=None)
    itself.add(song)
    chosen, found = Chosen(catalogue, per_artist=per_artist), list[Neighbour]()
    own = []
    for track, score, count in _tracks(catalogue.library, ranking):
        if len(found) == n:
            break
        place = chosen.place_of(track)
        if itself.place_of(track) is not None:
            own.append(track.id)
            itself.add_copy(0, catalogue.song(track.id))
        elif place is not None:
            nearer = found[place]
            chosen.add_copy(place, catalogue.song(track.id))
            found[place] = replace(nearer, copies=(*nearer.copies, track.id))
        elif chosen.has_room(track):
            chosen.add(catalogue.song(track.id))
            told = f"{count} of the nearest {ranking.n_segments} segments are of it"
            found.append(Neighbour(track, score, told))
    return found, own
