"""A way from one song to another in steps that each sound near, and a pleasant order of songs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from earmark.types import Float32Array, FloatArray, IntArray

__all__ = ["arrange", "corridor", "walk"]

_IN_CORRIDOR = 800
_PER_BIN = 48


def corridor(vectors: Float32Array, n_between: int) -> IntArray:
    """Find the songs that lie between the first and the last of `vectors` [shape=(m, d)].

    The way is divided into `n_between` stretches. For each of them, the songs by which the detour
    is shortest are returned as rows of `vectors`, some 800 in all, without the first and the last.
    """
    if n_between < 1 or len(vectors) < 3:
        return np.empty(0, dtype=np.int64)
    first, last, songs = vectors[0], vectors[-1], vectors[1:-1]
    way = last - first
    along = np.clip((songs - first) @ way / max(float(way @ way), 1e-12), 0, 1)
    detour = np.linalg.norm(songs - first, axis=1) + np.linalg.norm(songs - last, axis=1)
    bins = np.minimum((along * n_between).astype(np.int64), n_between - 1)
    order = np.lexsort((detour, bins))
    starts = np.searchsorted(bins[order], np.arange(n_between))
    rank = np.arange(len(order)) - starts[bins[order]]
    per_bin = max(1, min(_PER_BIN, _IN_CORRIDOR // n_between))
    places: IntArray = np.sort(order[rank < per_bin]) + 1
    return places


def walk(vectors: Float32Array, artists: Sequence[object], *, n: int) -> list[int]:
    """Find a way of `n` songs from the first of `vectors` [shape=(m, d)], m 2 or more, to the last.

    Of all ways of `n` songs or fewer, it is one whose largest step is as small as possible, and of
    these the one whose squared steps have the smallest sum: many small steps. If it has fewer than
    `n` songs, others are added where they make the smallest steps.

    Rows are returned, none twice. Two songs whose `artists` are equal do not follow each other:
    there are fewer than `n` where there are not enough songs or artists, and only the two ends
    where no way avoids this.
    """
    last = len(vectors) - 1
    _, codes = np.unique([str(one) for one in artists], return_inverse=True)
    if n < 3:
        return [0, last]
    X = vectors.astype(np.float64)
    X /= np.maximum(np.linalg.norm(X, axis=1, keepdims=True), 1e-12)
    squares = np.maximum(2 - 2 * X @ X.T, 0)
    steps = np.where(codes[:, np.newaxis] == codes, np.inf, squares)
    largest = np.full(len(X), np.inf)
    largest[0] = 0.0
    for _ in range(n - 1):
        largest = np.minimum(largest, np.maximum(largest[:, np.newaxis], steps).min(axis=0))
    if not np.isfinite(largest[last]):
        return [0, last]
    way = _shortest(np.where(steps <= largest[last], steps, np.inf), n - 1)
    while len(way) < n:
        if not _put_in(way, steps):
            break
    return way


def _shortest(steps: FloatArray, n_steps: int) -> list[int]:
    """Find the path from the first to the last with the least sum, in a number of steps or less."""
    last = len(steps) - 1
    sums = np.full(len(steps), np.inf)
    sums[0] = 0.0
    came_from = []
    for _ in range(n_steps):
        through = sums[:, np.newaxis] + steps
        before = through.argmin(axis=0)
        reached = through[before, np.arange(len(steps))]
        stays = sums <= reached
        came_from.append(np.where(stays, np.arange(len(steps)), before))
        sums = np.minimum(sums, reached)
    way = [last]
    for before in came_from[::-1]:
        if before[way[-1]] != way[-1]:
            way.append(int(before[way[-1]]))
    return way[::-1]


def _put_in(way: list[int], steps: FloatArray) -> bool:
    """Put another song in where it makes the smallest steps; False where there is none."""
    free = np.setdiff1d(np.arange(len(steps)), way)
    if not len(free):
        return False
    to_free = steps[way][:, free]
    into = np.maximum(to_free[:-1], to_free[1:])
    at, one = np.unravel_index(into.argmin(), into.shape)
    if not np.isfinite(into[at, one]):
        return False
    way.insert(int(at) + 1, int(free[one]))
    return True


def arrange(vectors: Float32Array, artists: Sequence[object]) -> list[int]:
    """Order songs so that each is near the one before, and no artist comes twice in a row.

    Returns numbers of rows of `vectors` [shape=(n, d)] and starts with the first. If an artist has
    too many songs to keep them apart, the last ones are left out.
    """
    if not len(vectors):
        return []
    left = _separable(list(range(1, len(artists))), artists, artists[0])
    order = [0]
    while left:
        counts = Counter(artists[one] for one in left)
        here = artists[order[-1]]
        nearest = np.argsort(-(vectors[left] @ vectors[order[-1]]), kind="stable").tolist()
        others = ((at, artists[left[at]]) for at in nearest if artists[left[at]] != here)
        # There always is one: songs are left out beforehand until there is.
        at = next(at for at, artist in others if _can_go_on(counts, artist, len(left) - 1))
        order.append(left.pop(at))
    return order


def _can_go_on(counts: Counter[object], taken: object, n_left: int) -> bool:
    """Tell whether what is left once one of an artist is taken can be put apart."""
    most_of_taken = counts[taken] - 1 <= n_left // 2
    return most_of_taken and all(
        count <= (n_left + 1) // 2 for artist, count in counts.items() if artist != taken
    )


def _separable(left: list[int], artists: Sequence[object], first: object) -> list[int]:
    """Leave out songs of artists that have too many, the last ones first."""
    counts = Counter(artists[one] for one in left)
    while left:
        n = len(left)
        too_many = [
            artist
            for artist, count in counts.items()
            if count > (n // 2 if artist == first else (n + 1) // 2)
        ]
        if not too_many:
            break
        out = next(one for one in reversed(left) if artists[one] == too_many[0])
        left = [one for one in left if one != out]
        counts[too_many[0]] -= 1
    return left
