"""What can be counted and computed of a table of features, as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from earmark.datasets import FeatureTable, Track, identical_rows
from earmark.types import FloatArray, IntArray

__all__ = [
    "balance_of",
    "columns_of",
    "correlation_of",
    "distributions_of",
    "duplicates_of",
    "map_of",
    "missing_of",
    "separation",
]

NEAR = 0.25
"""Rows closer than this share of the usual nearest distance are near duplicates."""

_MOST_LISTED = 200
_MOST_DISTRIBUTIONS = 24
_MOST_CORRELATED = 100
_MOST_POINTS = 2500
_BLOCK = 2**23  # distances held at a time


def standardised(X: FloatArray) -> FloatArray:
    """Scale columns to mean 0 and deviation 1; constant ones become 0."""
    deviations = X.std(axis=0)
    scaled: FloatArray = (X - X.mean(axis=0)) / np.where(deviations > 0, deviations, 1.0)
    return scaled


def balance_of(table: FeatureTable) -> list[dict[str, Any]]:
    """Count rows, tracks and artists of each genre."""
    counted = []
    for genre in table.classes:
        rows = table.labels == genre
        counts: dict[str, Any] = {"genre": genre, "n": int(rows.sum())}
        for name in ("track", "artist"):
            group = table.groups.get(name)
            counts[f"{name}s"] = None if group is None else len(np.unique(group[rows]))
        counted.append(counts)
    return counted


def missing_of(table: FeatureTable, tracks: Sequence[Track] | None) -> dict[str, Any]:
    """Count missing values; None if unknown."""
    constant = np.ptp(table.X, axis=0) == 0 if len(table) else np.zeros(0, dtype=bool)
    found: dict[str, Any] = {
        "values": 0,  # a table with a missing value is refused
        "labels": int((table.labels == "").sum()),
        "constant_columns": [table.names[at] for at in np.flatnonzero(constant)],
        "tracks": None,
        "artists": None,
        "audio": None,
    }
    if tracks is not None:
        found["tracks"] = len(tracks)
        found["artists"] = sum(not track.artist for track in tracks)
        found["audio"] = sum(track.path is None for track in tracks)
    return found


def nearest(Z: FloatArray, groups: IntArray) -> tuple[FloatArray, IntArray]:
    """Find the nearest row of another group, by Euclidean distance.

    Returns distances (infinite where there is no other group) and numbers of the rows.
    """
    squares = (Z**2).sum(axis=1)
    neighbours = np.zeros(len(Z), dtype=np.int64)
    lonely = np.zeros(len(Z), dtype=bool)
    step = max(1, _BLOCK // max(1, len(Z)))
    for start in range(0, len(Z), step):
        part = slice(start, start + step)
        block = squares - 2 * (Z[part] @ Z.T)
        block[groups[part, None] == groups] = np.inf
        neighbours[part] = block.argmin(axis=1)
        lonely[part] = np.isinf(block.min(axis=1))
    # From the rows themselves: the difference of large squares has no digits left for a small one.
    distances: FloatArray = np.sqrt(((Z - Z[neighbours]) ** 2).sum(axis=1))
    distances[lonely] = np.inf
    return distances, neighbours


def duplicates_of(table: FeatureTable) -> dict[str, Any]:
    """Find rows that are equal, and rows far closer than rows usually are."""
    same = identical_rows(table.X) if table.X.shape[1] else np.arange(len(table))
    _, first, sizes = np.unique(same, return_index=True, return_counts=True)
    exact = [np.flatnonzero(same == number) for number in np.flatnonzero(sizes > 1)]
    found: dict[str, Any] = {
        "exact": {
            "rule": "every feature is equal to the last digit",
            "rows": int(sum(len(rows) for rows in exact)),
            "groups": [_listed(table, rows) for rows in exact[:_MOST_LISTED]],
            "n_groups": len(exact),
            "n_across_genres": sum(len(set(table.labels[rows])) > 1 for rows in exact),
        }
    }
    rule = (
        f"the nearest row is closer than {NEAR} of the median nearest distance, in columns scaled "
        "to deviation 1; exact duplicates count once, and rows of one track are not compared"
    )
    near: dict[str, Any] = {"rule": rule, "usual": None, "threshold": None}
    near |= {"pairs": [], "n_pairs": 0, "n_across_genres": 0}
    if len(first) > 2 and table.X.shape[1]:
        near |= _near(table, np.sort(first))
    return {**found, "near": near}


def _near(table: FeatureTable, rows: IntArray) -> dict[str, Any]:
    tracks = table.groups["track"][rows] if "track" in table.groups else np.arange(len(rows))
    distances, neighbours = nearest(standardised(table.X)[rows], tracks)
    reached = distances[np.isfinite(distances)]
    if not len(reached):
        return {}
    usual = float(np.median(reached))
    close = {
        (min(at, other), max(at, other)): float(distances[at])
        for at, other in enumerate(neighbours.tolist())
        if distances[at] < NEAR * usual
    }
    pairs = [
        {**_listed(table, rows[list(pair)]), "distance": distance}
        for pair, distance in sorted(close.items(), key=lambda item: item[1])
    ]
    return {
        "usual": usual,
        "threshold": NEAR * usual,
        "pairs": pairs[:_MOST_LISTED],
        "n_pairs": len(pairs),
        "n_across_genres": sum(len(set(pair["genres"])) > 1 for pair in pairs),
    }


def _listed(table: FeatureTable, rows: IntArray) -> dict[str, Any]:
    return {"ids": table.ids[rows].tolist(), "genres": table.labels[rows].tolist()}


def separation(table: FeatureTable) -> list[float | None]:
    """Compute how far each column separates the genres; rows without a genre are left out.

    This is the F of a one-way analysis of variance (Fisher 1925): the variance of the genres' means
    over that within genres, each over its degrees of freedom. None with fewer than two genres, as
    many genres as rows, or no variance within any.
    """
    labelled = table.labels != ""
    X, labels = table.X[labelled], table.labels[labelled]
    genres, numbers, counts = np.unique(labels, return_inverse=True, return_counts=True)
    n, k = len(X), len(genres)
    if k < 2 or n <= k:
        return [None] * X.shape[1]
    Z = standardised(X)
    means = np.stack([Z[numbers == number].mean(axis=0) for number in range(k)])
    between = counts @ means**2 / (k - 1)
    within = ((Z - means[numbers]) ** 2).sum(axis=0) / (n - k)
    return [float(b / w) if w > 1e-12 else None for b, w in zip(between, within, strict=True)]


def columns_of(table: FeatureTable) -> list[dict[str, Any]]:
    """Describe each column."""
    if not table.X.size:
        return []
    quartiles = np.percentile(table.X, [0, 25, 50, 75, 100], axis=0)
    names = ("min", "q1", "median", "q3", "max")
    scores = separation(table)
    return [
        {
            "name": name,
            "mean": float(table.X[:, at].mean()),
            "sd": float(table.X[:, at].std()),
            **dict(zip(names, quartiles[:, at].tolist(), strict=True)),
            "f": scores[at],
        }
        for at, name in enumerate(table.names)
    ]


def _most_telling(table: FeatureTable, most: int) -> list[int]:
    scores = [-1.0 if value is None else value for value in separation(table)]
    return sorted(range(len(scores)), key=lambda at: -scores[at])[:most]


def distributions_of(table: FeatureTable) -> list[dict[str, Any]]:
    """Summarise, per genre, the columns that separate the genres most, as box plots show them."""
    if not table.X.size:
        return []
    scores = separation(table)
    found = []
    for at in _most_telling(table, _MOST_DISTRIBUTIONS):
        boxes = [
            {"genre": genre, **_box(table.X[table.labels == genre, at])} for genre in table.classes
        ]
        found.append({"name": table.names[at], "f": scores[at], "genres": boxes})
    return found


def _box(values: FloatArray) -> dict[str, Any]:
    q1, median, q3 = np.percentile(values, [25, 50, 75])
    reach = 1.5 * (q3 - q1)
    inside = values[(values >= q1 - reach) & (values <= q3 + reach)]
    return {
        "n": len(values),
        "low": float(inside.min()),
        "q1": float(q1),
        "median": float(median),
        "q3": float(q3),
        "high": float(inside.max()),
        "mean": float(values.mean()),
        "n_beyond": len(values) - len(inside),
    }


def correlation_of(table: FeatureTable) -> dict[str, Any] | None:
    """Correlate the columns, alike ones beside each other; constant ones are left out."""
    varying = np.ptp(table.X, axis=0) > 0
    chosen = sorted(at for at in _most_telling(table, _MOST_CORRELATED) if varying[at])
    if len(chosen) < 2 or len(table) < 3:
        return None
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    matrix = np.clip(np.corrcoef(table.X[:, chosen], rowvar=False), -1, 1)
    apart = 1 - np.abs(matrix)
    np.fill_diagonal(apart, 0)
    apart = (apart + apart.T) / 2
    order = leaves_list(linkage(squareform(apart), method="average", optimal_ordering=True))
    return {
        "names": [table.names[chosen[at]] for at in order],
        "values": matrix[np.ix_(order, order)].round(4).tolist(),
    }


def map_of(table: FeatureTable, *, seed: int) -> dict[str, Any] | None:
    """Place the rows on a plane: by variance, and by what separates the genres."""
    n, d = table.X.shape
    if n < 3 or d < 2:
        return None
    Z = standardised(table.X)
    rows = np.arange(n)
    if n > _MOST_POINTS:
        rows = np.sort(np.random.default_rng(seed).choice(n, _MOST_POINTS, replace=False))
    _, values, axes = np.linalg.svd(Z, full_matrices=False)
    shares = values**2 / max(float((values**2).sum()), 1e-300)
    discriminant = _discriminant_axes(Z, table)
    return {
        "ids": table.ids[rows].tolist(),
        "genres": table.labels[rows].tolist(),
        "pca": _placed(Z[rows], axes[:2].T),
        "explained": shares[:2].tolist(),
        "lda": None if discriminant is None else _placed(Z[rows], discriminant),
    }


def _placed(Z: FloatArray, axes: FloatArray) -> list[list[float]]:
    """Project; the largest weight of an axis is made positive, so that signs are no accident."""
    strongest = axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])]
    placed: list[list[float]] = (Z @ (axes * np.where(strongest < 0, -1, 1))).round(4).tolist()
    return placed


def _discriminant_axes(Z: FloatArray, table: FeatureTable) -> FloatArray | None:
    """Find the two directions that separate the genres most (Fisher 1936), or None."""
    labelled = table.labels != ""
    genres, numbers = np.unique(table.labels[labelled], return_inverse=True)
    Z = Z[labelled]
    if len(genres) < 3 or len(Z) <= len(genres) + 2:
        return None
    from scipy.linalg import eigh

    means = np.stack([Z[numbers == number].mean(axis=0) for number in range(len(genres))])
    inner = Z - means[numbers]
    within = inner.T @ inner / len(Z)
    outer = means[numbers] - Z.mean(axis=0)
    between = outer.T @ outer / len(Z)
    # Columns that repeat each other would make the matrix singular.
    ridge = 1e-3 * max(float(np.trace(within)) / len(within), 1e-9) * np.eye(len(within))
    axes: FloatArray = eigh(between, within + ridge)[1][:, ::-1][:, :2]
    return axes
