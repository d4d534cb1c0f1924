"""Finding the nearest of many vectors: one contract, an exact index and one of FAISS.

Vectors are of length one, nearness is their scalar product, and several vectors may bear one id
(the segments of a track do). Both indexes answer with the same arrays; the exact one is the oracle
the other is tested against.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from earmark.errors import ParameterError
from earmark.processes import usable_cores
from earmark.types import BoolArray, Float32Array, IntArray

__all__ = ["ExactIndex", "FaissIndex", "Index"]

_BLOCK = 32_768
"""Vectors compared at once: their scalar products with 80 queries take 10 MB."""

_N_PROBE = 32
"""Lists an index of FAISS looks through, out of as many as the root of the number of vectors."""

_SAMPLE_PER_LIST = 64


class Index(ABC):
    """Vectors of length one, each with an id.

    Attributes
    ----------
    n_vectors : int
        How many.
    n_dims : int
        Their length.
    """

    n_vectors: int
    n_dims: int

    def search(
        self, queries: Float32Array, *, k: int, mask: BoolArray | None = None
    ) -> tuple[Float32Array, IntArray]:
        """Find the nearest vectors.

        Parameters
        ----------
        queries : np.ndarray [shape=(q, n_dims)]
            Vectors of length one.
        k : int
            How many to find for each.
        mask : np.ndarray of bool [shape=(m,)] or None
            By id, which may be found; ids from m on may not. None: all may.

        Returns
        -------
        scores : np.ndarray of float32 [shape=(q, k)]
            Scalar products, falling; minus infinity where there are fewer than `k`.
        ids : np.ndarray of int [shape=(q, k)]
            Ids of the vectors, -1 there.

        Raises
        ------
        ParameterError
            If `queries` has another shape, or `k` is less than 1.

        Examples
        --------
        >>> index = ExactIndex(np.array([7, 8, 9]), np.eye(3, dtype=np.float32))
        >>> scores, ids = index.search(np.float32([[0.6, 0.8, 0.0]]), k=2)
        >>> ids.tolist(), scores.round(2).tolist()
        ([[8, 7]], [[0.800000011920929, 0.6000000238418579]])
        """
        queries = np.ascontiguousarray(queries, dtype=np.float32)
        if queries.ndim != 2 or queries.shape[1] != self.n_dims:
            raise ParameterError(f"queries has shape {queries.shape}: (q, {self.n_dims}) is needed")
        if k < 1:
            raise ParameterError(f"k={k!r} must be 1 or more")
        scores = np.full((len(queries), k), -np.inf, dtype=np.float32)
        ids = np.full((len(queries), k), -1, dtype=np.int64)
        k_there = min(k, self.n_vectors)
        if k_there and len(queries) and (mask is None or mask.any()):
            scores[:, :k_there], ids[:, :k_there] = self._search(queries, k_there, mask)
        return scores, ids

    @abstractmethod
    def _search(
        self, queries: Float32Array, k: int, mask: BoolArray | None
    ) -> tuple[Float32Array, IntArray]: ...


class ExactIndex(Index):
    """All vectors as they are, compared with every query, block by block.

    Attributes
    ----------
    ids : np.ndarray of int [shape=(n,)]
        Id of each vector.
    vectors : np.ndarray of float32 [shape=(n, d)]
        The vectors, which may lie in a file.

    Examples
    --------
    >>> ExactIndex(np.array([7, 8]), np.eye(2, dtype=np.float32)).n_vectors
    2
    """

    def __init__(self, ids: IntArray, vectors: Float32Array) -> None:
        self.ids = ids
        self.vectors = vectors
        self.n_vectors, self.n_dims = vectors.shape

    def _search(
        self, queries: Float32Array, k: int, mask: BoolArray | None
    ) -> tuple[Float32Array, IntArray]:
        rows = None if mask is None else np.flatnonzero(_allowed(mask, self.ids))
        n = self.n_vectors if rows is None else len(rows)
        best = np.full((len(queries), k), -np.inf, dtype=np.float32)
        found = np.full((len(queries), k), -1, dtype=np.int64)
        for start in range(0, n, _BLOCK):
            of_block = (
                slice(start, start + _BLOCK) if rows is None else rows[start : start + _BLOCK]
            )
            scores = queries @ self.vectors[of_block].T
            where = np.arange(scores.shape[1])[np.newaxis].repeat(len(queries), axis=0)
            if scores.shape[1] > k:
                where = np.argpartition(scores, -k, axis=1)[:, -k:]
                scores = np.take_along_axis(scores, where, axis=1)
            joined = np.concatenate([best, scores], axis=1)
            ids = np.concatenate([found, self.ids[of_block][where]], axis=1)
            order = np.lexsort((ids, -joined), axis=1)[:, :k]
            best = np.take_along_axis(joined, order, axis=1)
            found = np.take_along_axis(ids, order, axis=1)
        return best, found


def _allowed(mask: BoolArray, ids: IntArray) -> BoolArray:
    """Return which ids a mask lets through."""
    inside = ids < len(mask)
    allowed: BoolArray = mask[np.where(inside, ids, 0)] & inside
    return allowed


class FaissIndex(Index):
    """Vectors in lists by the nearest of some centres, of which a query looks through a few.

    Half precision of what is left when the centre is taken away: of what differs between
    neighbours this loses less than eight bits of the whole would.

    Attributes
    ----------
    faiss_index : faiss.IndexIVFScalarQuantizer
        The lists.
    n_tracks : int
        How many different ids there are.
    """

    def __init__(self, faiss_index: Any, *, n_tracks: int) -> None:
        self.faiss_index = faiss_index
        self.n_tracks = n_tracks
        self.n_vectors, self.n_dims = int(faiss_index.ntotal), int(faiss_index.d)

    @classmethod
    def trained(cls, sample: Float32Array, *, n_vectors: int, n_tracks: int) -> FaissIndex:
        """Make an index without vectors, its centres fitted to a sample.

        Parameters
        ----------
        sample : np.ndarray [shape=(n, d)]
            Some of the vectors that are going to be added.
        n_vectors, n_tracks : int
            How many vectors, and different ids, there are going to be.

        Returns
        -------
        FaissIndex
            To be given vectors by `add`.
        """
        import faiss

        faiss.omp_set_num_threads(usable_cores())
        n_dims = sample.shape[1]
        n_lists = max(1, min(len(sample) // 39, int(np.sqrt(n_vectors))))
        centres = faiss.IndexFlatIP(n_dims)
        lists = faiss.IndexIVFScalarQuantizer(
            centres,
            n_dims,
            n_lists,
            faiss.ScalarQuantizer.QT_fp16,
            faiss.METRIC_INNER_PRODUCT,
            True,  # what is left when the centre is taken away
        )
        lists.cp.spherical = True
        lists.cp.niter = 10
        lists.cp.seed = 0
        lists.cp.max_points_per_centroid = _SAMPLE_PER_LIST
        lists.train(np.ascontiguousarray(sample))
        return cls(lists, n_tracks=n_tracks)

    def add(self, ids: IntArray, vectors: Float32Array) -> None:
        """Add vectors.

        Parameters
        ----------
        ids : np.ndarray of int [shape=(n,)]
            Their ids.
        vectors : np.ndarray of float32 [shape=(n, d)]
            The vectors.
        """
        import faiss

        faiss.omp_set_num_threads(usable_cores())
        self.faiss_index.add_with_ids(np.ascontiguousarray(vectors), np.ascontiguousarray(ids))
        self.n_vectors = int(self.faiss_index.ntotal)

    def _search(
        self, queries: Float32Array, k: int, mask: BoolArray | None
    ) -> tuple[Float32Array, IntArray]:
        import faiss

        # The command line keeps every library to one thread; here there is but one thing to do.
        faiss.omp_set_num_threads(usable_cores())
        n_lists = int(self.faiss_index.nlist)
        n_probe = _N_PROBE
        settings: dict[str, Any] = {}
        if mask is not None:
            # The fewer may be found, the more lists it takes to meet as many of them.
            share = min(1.0, np.count_nonzero(mask) / max(1, self.n_tracks))
            n_probe = int(np.ceil(_N_PROBE / np.sqrt(share)))
            bits = np.packbits(mask, bitorder="little")
            settings["sel"] = faiss.IDSelectorBitmap(bits)
        settings["nprobe"] = max(1, min(n_lists, n_probe))
        scores, ids = self.faiss_index.search(
            queries, k, params=faiss.SearchParametersIVF(**settings)
        )
        return np.where(ids < 0, np.float32(-np.inf), scores), ids
