"""How often what a space puts near a song is of its genre, or by its artist."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from earmark.datasets import FeatureTable, Fold
from earmark.evaluation._resampling import Estimate, mean_difference
from earmark.evaluation._scoring import Split
from earmark.records import Record
from earmark.types import BoolArray, FloatArray, IntArray

__all__ = [
    "K",
    "Likeness",
    "Retrieval",
    "by_segments",
    "by_vectors",
    "retrieve",
    "tracks_of",
]

K = 5
"""How many of the nearest songs are looked at."""

_N_NEAREST = 10
"""Nearest segments that each segment of a song counts."""

Likeness = Callable[[int, BoolArray], FloatArray]
"""Maps a song and the candidates to the similarity of each; others have minus infinity."""


def by_vectors(vectors: FloatArray) -> Likeness:
    """Compare songs of one vector each, of length one, by their cosine.

    Parameters
    ----------
    vectors : np.ndarray [shape=(n, d)]
        One of each song.

    Returns
    -------
    callable
        See `Likeness`.

    Examples
    --------
    >>> alike = by_vectors(np.array([[1.0, 0.0], [0.6, 0.8]]))
    >>> alike(0, np.array([False, True])).tolist()
    [-inf, 0.6]
    """
    cosines = vectors @ vectors.T
    return lambda song, asked: np.where(asked, cosines[song], -np.inf)


def by_segments(vectors: FloatArray, songs: IntArray) -> Likeness:
    """Compare songs of many vectors each: for each segment the ten nearest, summed by song.

    Parameters
    ----------
    vectors : np.ndarray [shape=(n, d)]
        Of the segments, of length one.
    songs : np.ndarray of int [shape=(n,)]
        Of which song each is, numbered from 0.

    Returns
    -------
    callable
        See `Likeness`.

    Examples
    --------
    >>> vectors = np.array([[1.0, 0.0], [0.6, 0.8], [0.8, 0.6], [0.0, 1.0]])
    >>> by_segments(vectors, np.array([0, 1, 1, 2]))(0, np.array([False, True, True])).tolist()
    [-inf, 1.4, 0.0]
    """
    n_songs = int(songs.max()) + 1

    def alike(song: int, asked: BoolArray) -> FloatArray:
        there = np.flatnonzero(asked[songs])
        cosines = vectors[songs == song] @ vectors[there].T
        n_nearest = min(_N_NEAREST, len(there))
        nearest = np.argpartition(-cosines, n_nearest - 1, axis=1)[:, :n_nearest]
        found = np.take_along_axis(cosines, nearest, axis=1)
        sums = np.bincount(songs[there[nearest]].ravel(), found.ravel(), minlength=n_songs)
        return np.where(asked, sums, -np.inf)

    return alike


@dataclass(frozen=True)
class Retrieval(
    Record,
    keys=(
        ("n", lambda found: len(found.songs)),
        ("n_artists", lambda found: len(np.unique(found.artists))),
        ("k", lambda _: K),
        ("genre_precision", lambda found: found.estimate("precision")),
        ("ceiling", lambda found: float(found.ceiling.mean())),
        ("chance", lambda found: float(found.chance.mean())),
        ("same_artist", lambda found: found.estimate("same_artist")),
        ("artist_first", lambda found: found.estimate("artist_first")),
    ),
):
    """The results of a space, a number for each query song.

    Attributes
    ----------
    songs : np.ndarray of int [shape=(n,)]
        Rows of the table.
    artists : np.ndarray of int [shape=(n,)]
        Of whom they are.
    precision : np.ndarray [shape=(n,)]
        Share of the five nearest by other artists that is of the song's genre.
    ceiling : np.ndarray [shape=(n,)]
        The largest there could be: some folds hold fewer than five songs of a genre by others.
    chance : np.ndarray [shape=(n,)]
        Share of all songs by others that is of the song's genre.
    same_artist : np.ndarray [shape=(n,)]
        Share of the five nearest of all songs that is by its artist, of the most there could be;
        NaN where the fold holds no other song of the artist.
    artist_first : np.ndarray [shape=(n,)]
        How often another song of the artist is nearer than one of the same genre by others; NaN
        where there are none of either.
    """

    songs: IntArray
    artists: IntArray
    precision: FloatArray
    ceiling: FloatArray
    chance: FloatArray
    same_artist: FloatArray
    artist_first: FloatArray

    def estimate(self, name: str) -> Estimate:
        """Compute the mean of an attribute, with a 95 % bootstrap interval over artists.

        Parameters
        ----------
        name : str
            Of the attribute.

        Returns
        -------
        Estimate
            Songs of one artist are drawn together.
        """
        values = np.asarray(getattr(self, name), dtype=np.float64)
        known = np.isfinite(values)
        zeros = np.zeros(int(known.sum()))
        return mean_difference(values[known], zeros, groups=self.artists[known])


def tracks_of(table: FeatureTable) -> tuple[FeatureTable, IntArray]:
    """Return a row for each track of a table, and the number of the track of each row.

    Parameters
    ----------
    table : FeatureTable
        Of tracks or of segments.

    Returns
    -------
    tracks : FeatureTable
        The first row of each track.
    numbers : np.ndarray of int [shape=(n,)]
        From 0, in the order of `tracks`.
    """
    if table.unit == "track":
        return table, np.arange(len(table))
    _, first, numbers = np.unique(table.groups["track"], return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return table.select(np.sort(first)), rank[numbers]


def retrieve(split: Split, likeness: Callable[[Fold], Likeness]) -> Retrieval:
    """Ask a space for the songs nearest to each song, among those of the same fold.

    Parameters
    ----------
    split : Split
        A row for each track, with groups ``"artist"``, and its folds. Both queries and results are
        test rows of the same fold.
    likeness : callable
        Fits a space to the training rows of a fold and compares its test rows, numbered from 0.

    Returns
    -------
    Retrieval
        A number for each test row with a song by another artist beside it.
    """
    tracks, found = split.table, list[tuple[float, ...]]()
    for fold in split.folds:
        alike = likeness(fold)
        genres, artists = tracks.labels[fold.test], tracks.groups["artist"][fold.test]
        for song, row in enumerate(fold.test.tolist()):
            others = artists != artists[song]
            if others.any():
                measured = _measure(song, alike, genres == genres[song], others)
                found.append((row, artists[song], *measured))
    columns = [np.array(column) for column in zip(*found, strict=True)]
    return Retrieval(columns[0].astype(np.int64), columns[1].astype(np.int64), *columns[2:])


def _nearest(scores: FloatArray, asked: BoolArray) -> IntArray:
    """Return the nearest candidate; of equals, the first."""
    order = np.argsort(-scores, kind="stable")
    return np.asarray(order[: min(K, int(asked.sum()))])


def _measure(song: int, alike: Likeness, genre: BoolArray, others: BoolArray) -> tuple[float, ...]:
    """Return what `Retrieval` holds of one song, from `precision` on."""
    scores = alike(song, others)
    precision = genre[_nearest(scores, others)].sum() / K
    ceiling = min(K, int((genre & others).sum())) / K
    chance = float(genre[others].mean())
    own = ~others
    own[song] = False
    if not own.any():
        return precision, ceiling, chance, np.nan, np.nan
    every = others | own
    scores = alike(song, every)
    same_artist = own[_nearest(scores, every)].sum() / min(K, int(own.sum()))
    rivals = genre & others
    if not rivals.any():
        return precision, ceiling, chance, same_artist, np.nan
    difference = scores[own][:, np.newaxis] - scores[rivals]
    first = float((difference > 0).mean() + (difference == 0).mean() / 2)
    return precision, ceiling, chance, same_artist, first
