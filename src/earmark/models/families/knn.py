"""Nearest neighbours with exact distances."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.neighbors import KNeighborsClassifier
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from earmark.errors import ParameterError
from earmark.models.families._family import Choice, Family, FitOptions, Number
from earmark.types import FloatArray, IntArray

if TYPE_CHECKING:
    from earmark.models._onnx import Graph

__all__ = ["FAMILY", "Neighbours", "squared_weights"]


# Distances held in memory at once: 32 MB.
_N_DISTANCES = 4_000_000
_N_IN_CACHE = 32_768


def squared_weights(distance: FloatArray) -> FloatArray:
    """Weigh neighbours by the inverse square of their distance.

    Parameters
    ----------
    distance : np.ndarray [shape=(n, k)]
        Distances of the neighbours of each row.

    Returns
    -------
    np.ndarray [shape=(n, k)]
        ``1 / d^2``. If a row has neighbours at distance 0, only they count, as 1 each, as in
        scikit-learn for ``1 / d``.

    Examples
    --------
    >>> squared_weights(np.array([[1.0, 2.0], [0.0, 2.0]])).tolist()
    [[1.0, 0.25], [1.0, 0.0]]
    """
    with np.errstate(divide="ignore"):
        weights = 1.0 / distance**2
    # A distance can be so small that its square is zero; such a neighbour counts as one at 0.
    same = np.isinf(weights)
    some = same.any(axis=1)
    weights[some] = same[some]
    return weights


class Neighbours(KNeighborsClassifier):  # type: ignore[misc]
    """Nearest neighbours as in scikit-learn, but with exact distances and well-defined ties.

    scikit-learn computes Euclidean distances from scalar products, which gives equal rows a
    distance of 1e-7. Here they come from differences, so equal rows have distance 0. Among training
    rows at the same distance, the first one counts as nearer.
    """

    def fit(self, X: FloatArray, y: IntArray) -> Neighbours:
        """Keep the training rows; `ParameterError` if they are fewer than the neighbours."""
        rows = check_array(X, dtype=np.float64)
        if len(rows) < self.n_neighbors:
            raise ParameterError(
                f"family='knn': n_neighbors={self.n_neighbors} needs as many training rows; there "
                f"are n_samples={len(rows)}"
            )
        super().fit(X, y)
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        return tags

    def kneighbors(
        self, X: Any = None, n_neighbors: int | None = None, return_distance: bool = True
    ) -> Any:
        """Return distances, if wanted, and numbers [(n, k)] of the nearest rows, nearest first.

        Unlike in scikit-learn, `X` must be given.
        """
        k = self.n_neighbors if n_neighbors is None else n_neighbors
        check_is_fitted(self)
        rows: FloatArray = validate_data(self, X, dtype=np.float64, reset=False)
        known: FloatArray = self._fit_X
        step = max(1, _N_DISTANCES // len(known))
        numbers = np.empty((len(rows), k), dtype=np.int64)
        distance = np.empty((len(rows), k))
        for start in range(0, len(rows), step):
            block = slice(start, start + step)
            numbers[block], distance[block] = _nearest(rows[block], known, k=k, p=self.p)
        return (distance, numbers) if return_distance else numbers


def _nearest(rows: FloatArray, known: FloatArray, *, k: int, p: int) -> tuple[IntArray, FloatArray]:
    """Return numbers and distances of the nearest rows, ties by number."""
    if p == 3:
        all_distances = _cubic(rows, known)
    else:
        all_distances = cdist(rows, known, "cityblock" if p == 1 else "euclidean")
    numbers = np.empty((len(rows), k), dtype=np.int64)
    farthest = np.partition(all_distances, k - 1, axis=1)[:, k - 1]
    for i, of_row in enumerate(all_distances):
        near = np.flatnonzero(of_row <= farthest[i])
        numbers[i] = near[np.argsort(of_row[near], kind="stable")[:k]]
    return numbers, np.take_along_axis(all_distances, numbers, axis=1)


def _cubic(rows: FloatArray, known: FloatArray) -> FloatArray:
    """Return ``(sum |x - z|^3)^(1/3)``, ten times as fast as by powers."""
    found = np.zeros((len(rows), len(known)))
    step = max(1, _N_IN_CACHE // len(known))
    for start in range(0, len(rows), step):
        block, cubes = rows[start : start + step], found[start : start + step]
        apart, squares = np.empty_like(cubes), np.empty_like(cubes)
        for of_row, of_known in zip(block.T, known.T, strict=True):
            np.subtract(of_row[:, np.newaxis], of_known, out=apart)
            np.abs(apart, out=apart)
            np.multiply(apart, apart, out=squares)
            squares *= apart
            cubes += squares
    distances: FloatArray = np.cbrt(found)
    return distances


_WEIGHTS = {"uniform": "uniform", "distance": "distance", "distance2": squared_weights}


class _NearestNeighbours(Family):
    """Nearest neighbours with exact distances."""

    name = "knn"
    settings = MappingProxyType(
        {
            "n_neighbors": (Number(1, whole=True), 5),
            "weights": (Choice(("uniform", "distance", "distance2")), "uniform"),
            "p": (Number(1, 3, whole=True), 2),
        }
    )
    presets = MappingProxyType(
        {
            "knn": {
                "description": (
                    "Nearest neighbours with scikit-learn's five, where the course projects begin."
                ),
                "n_neighbors": 5,
            },
            "knn-1d2": {
                "description": (
                    "Weights 1/d^2, the formula of the report and slides of a "
                    "course project on GTZAN; five neighbours."
                ),
                "n_neighbors": 5,
                "weights": "distance2",
            },
            "knn-2": {
                "description": (
                    "Best of that project's grid search (1 to 8 neighbours, two "
                    "weights, three exponents): 0.85 there."
                ),
                "n_neighbors": 2,
                "weights": "distance",
            },
            "knn-3": {
                "description": (
                    "Best of another course project on GTZAN's 3 s segments: F1 "
                    "0.914 there, with segments of a song on both sides."
                ),
                "n_neighbors": 3,
            },
            "knn-15": {
                "description": ("Best number of neighbours of the Echo Nest study: 0.5255 there."),
                "n_neighbors": 15,
            },
        }
    )
    grids = MappingProxyType(
        {
            "knn": {
                "source": (
                    "grid search of a course project on GTZAN's 57 features; best "
                    "there: 2, distance"
                ),
                "parameters": {
                    "n_neighbors": {"low": 1, "high": 8, "simpler": "larger"},
                    "weights": {"values": ["uniform", "distance"]},
                    "p": {"values": [1, 2, 3]},
                },
            },
            "knn-40": {
                "source": (
                    "report of a course project on GTZAN: 1 to 40 neighbours, weights 1 or 1/d^2"
                ),
                "parameters": {
                    "n_neighbors": {"low": 1, "high": 40, "simpler": "larger"},
                    "weights": {"values": ["uniform", "distance2"]},
                    "p": {"values": [1, 2]},
                },
            },
            "knn-echonest": {
                "source": (
                    "study of FMA's Echo Nest features: from 2 neighbours upward, "
                    "15 best there; the end is ours"
                ),
                "parameters": {
                    "n_neighbors": {"low": 2, "high": 30, "simpler": "larger"},
                },
            },
        }
    )
    spaces = MappingProxyType(
        {
            "knn": {
                "source": "Earmark, the union of both grids and further neighbours",
                "parameters": {
                    "n_neighbors": {"low": 1, "high": 60, "simpler": "larger"},
                    "weights": {"values": ["uniform", "distance", "distance2"]},
                    "p": {"low": 1, "high": 3},
                },
            },
        }
    )

    def make(self, parameters: dict[str, Any], options: FitOptions) -> Any:
        """Make a classifier."""
        weights = parameters.pop("weights")
        # Any algorithm but "brute", with which scikit-learn would ignore our distances.
        return Neighbours(algorithm="kd_tree", weights=_WEIGHTS[weights], **parameters)

    def export(self, graph: Graph, Z: str, classifier: Any) -> str:
        """Add a fitted classifier to a graph."""
        from earmark.models._onnx import add_neighbours

        return add_neighbours(graph, Z, classifier)


FAMILY = _NearestNeighbours()
