"""Ranking the tracks of a library by how near they are to a song, by style or by timbre."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from earmark.models import spaces
from earmark.recommend._candidates import By
from earmark.recommend._catalogue import Catalogue, Song
from earmark.recommend._indexes import ExactIndex, FaissIndex
from earmark.types import BoolArray, Float32Array, IntArray

__all__ = ["LOOKED_AT", "PER_SEGMENT", "Rank", "Ranking", "ranked_by"]

PER_SEGMENT = 10
"""Nearest segments that each segment of a song counts."""

LOOKED_AT = 64
"""Tracks that are read at once."""

_FEW_TRACKS = 1000


@dataclass(frozen=True)
class Ranking:
    """Tracks in the order of their likeness, the nearest first: numbers and scores [shape=(n,)].

    By timbre, `counts` [shape=(n,)] are the near segments of each track, and `n_segments` all near
    segments there are. `is_complete` tells whether every track above the floor is in it.
    """

    ids: IntArray
    scores: Float32Array
    counts: IntArray
    is_complete: bool
    n_segments: int = 0


Rank = Callable[[int, BoolArray], Ranking]
"""Maps how many to look for (by timbre, for each segment) and which may be found to a ranking."""


def ranked_by(
    by: By, catalogue: Catalogue, song: Song, allowed: BoolArray, *, floor: float
) -> Rank:
    """Return what ranks tracks by their likeness to a song, see `Rank`.

    `allowed` tells by number which tracks may ever be found. A song, or by timbre a segment, does
    not count if its cosine is below `floor`.
    """
    if by == "style":
        return _by_style(catalogue, song, floor)
    return _by_timbre(catalogue, song, allowed, floor)


def _by_style(catalogue: Catalogue, song: Song, floor: float) -> Rank:
    def rank(count: int, allowed: BoolArray) -> Ranking:
        scores, ids = catalogue.style.search(song.vector[np.newaxis], k=count, mask=allowed)
        there = (ids[0] >= 0) & (scores[0] >= floor)
        found = ids[0][there]
        return Ranking(
            found, np.clip(scores[0][there], 0, 1), np.zeros_like(found), len(found) < count
        )

    return rank


def _by_timbre(catalogue: Catalogue, song: Song, allowed: BoolArray, floor: float) -> Rank:
    space = spaces()["timbre"]
    queries = space.embed(song.segments, fingerprint=space.feature_set.fingerprint)
    index = catalogue.timbre
    if isinstance(index, FaissIndex) and np.count_nonzero(allowed) <= _FEW_TRACKS:
        index = _index_of_few(catalogue, np.flatnonzero(allowed))

    def rank(count: int, allowed: BoolArray) -> Ranking:
        k = max(count, -(-LOOKED_AT * count // (PER_SEGMENT * len(queries))))
        scores, ids = index.search(queries, k=k, mask=allowed)
        n_segments = int((ids >= 0).sum())
        there = (ids >= 0) & (scores >= floor)
        found, which = np.unique(ids[there], return_inverse=True)
        cosines = np.clip(scores[there], 0, 1)
        sums = np.bincount(which, weights=cosines, minlength=len(found)) / (len(queries) * k)
        order = np.lexsort((found, -sums))
        counts = np.bincount(which, minlength=len(found))
        return Ranking(
            found[order],
            sums[order].astype(np.float32),
            counts[order],
            is_complete=not there[:, -1].any(),
            n_segments=n_segments,
        )

    return rank


def _index_of_few(catalogue: Catalogue, ids: IntArray) -> ExactIndex:
    """Compare the segments of few tracks exactly: an index of all would meet few of them."""
    space = spaces()["timbre"]
    held = [(one, catalogue.segments(int(one))) for one in ids]
    rows = [(one, matrix) for one, matrix in held if matrix is not None and len(matrix)]
    if not rows:
        return ExactIndex(np.empty(0, np.int64), np.empty((0, space.n_dims), np.float32))
    lengths = [len(matrix) for _, matrix in rows]
    vectors = space.embed(
        np.concatenate([matrix for _, matrix in rows]), fingerprint=space.feature_set.fingerprint
    )
    return ExactIndex(np.repeat([one for one, _ in rows], lengths), vectors)
