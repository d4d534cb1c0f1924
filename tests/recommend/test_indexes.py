"""What holds of every index of vectors; the exact one is the oracle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.errors import ParameterError
from earmark.recommend import ExactIndex, FaissIndex, Index

Array = np.ndarray[Any, Any]
Make = Callable[[Array, Array], Index]


def units(n: int, d: int, seed: int = 0) -> Array:
    vectors = np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def exact(ids: Array, vectors: Array) -> Index:
    return ExactIndex(ids, vectors)


def faiss(ids: Array, vectors: Array) -> Index:
    index = FaissIndex.trained(vectors, n_vectors=len(vectors), n_tracks=len(np.unique(ids)))
    index.add(ids, vectors)
    return index


def naive(ids: Array, vectors: Array, query: Array, k: int, mask: Array | None) -> list[int]:
    """Say what is nearest as plainly as can be."""
    scores = vectors.astype(np.float64) @ query
    order = sorted(range(len(ids)), key=lambda at: (-scores[at], ids[at]))
    there = [at for at in order if mask is None or (ids[at] < len(mask) and mask[ids[at]])]
    return [int(ids[at]) for at in there[:k]]


@pytest.fixture(params=[exact, faiss], ids=["exact", "faiss"])
def make(request: pytest.FixtureRequest) -> Make:
    found: Make = request.param
    return found


@pytest.fixture(scope="module")
def some() -> tuple[Array, Array]:
    """Return 1000 vectors of 100 tracks."""
    return np.repeat(np.arange(3, 103), 10), units(1000, 8)


def test_nearest_are_found_in_order(make: Make, some: tuple[Array, Array]) -> None:
    ids, vectors = some
    queries = units(5, 8, seed=1)
    scores, found = make(ids, vectors).search(queries, k=7)
    assert (scores.shape, found.shape) == ((5, 7), (5, 7))
    assert (scores.dtype, found.dtype) == (np.float32, np.int64)
    assert (np.diff(scores, axis=1) <= 0).all()
    for query, row in zip(queries, found.tolist(), strict=True):
        assert row == naive(ids, vectors, query, 7, None)


def test_scores_are_scalar_products(make: Make, some: tuple[Array, Array]) -> None:
    ids, vectors = some
    scores, found = make(ids, vectors).search(vectors[40:41], k=1)
    assert found[0, 0] == ids[40]
    assert scores[0, 0] == pytest.approx(1, abs=2e-3)


def test_mask_is_kept(make: Make, some: tuple[Array, Array]) -> None:
    ids, vectors = some
    mask = np.zeros(90, dtype=np.bool_)  # ids from 90 on are not in it
    mask[::7] = True
    queries = units(5, 8, seed=2)
    _, found = make(ids, vectors).search(queries, k=20, mask=mask)
    for query, row in zip(queries, found.tolist(), strict=True):
        assert row == naive(ids, vectors, query, 20, mask)


def test_what_is_not_there_is_minus_one(make: Make, some: tuple[Array, Array]) -> None:
    ids, vectors = some
    mask = np.arange(103) == 50
    scores, found = make(ids, vectors).search(units(2, 8), k=12, mask=mask)
    assert (found[:, :10] == 50).all()
    assert (found[:, 10:] == -1).all()
    assert np.isneginf(scores[:, 10:]).all()
    scores, found = make(ids, vectors).search(units(2, 8), k=3, mask=np.zeros(103, dtype=np.bool_))
    assert (found == -1).all()
    assert np.isneginf(scores).all()


def test_more_than_there_are_can_be_asked_for(make: Make, some: tuple[Array, Array]) -> None:
    ids, vectors = some
    _, found = make(ids, vectors).search(units(1, 8), k=1500)
    assert found.shape == (1, 1500)
    assert sorted(found[0, :1000].tolist()) == ids.tolist()
    assert (found[0, 1000:] == -1).all()


def test_no_query_is_no_answer(make: Make, some: tuple[Array, Array]) -> None:
    scores, found = make(*some).search(np.empty((0, 8), dtype=np.float32), k=3)
    assert scores.shape == found.shape == (0, 3)


def test_empty_index_finds_nothing() -> None:
    index = ExactIndex(np.empty(0, dtype=np.int64), np.empty((0, 8), dtype=np.float32))
    assert (index.search(units(2, 8), k=3)[1] == -1).all()


@pytest.mark.parametrize(("shape", "k"), [((2, 7), 3), ((8,), 3), ((2, 8), 0)])
def test_bad_question_is_refused(
    make: Make, some: tuple[Array, Array], shape: tuple[int, ...], k: int
) -> None:
    with pytest.raises(ParameterError):
        make(*some).search(np.ones(shape, dtype=np.float32), k=k)


def test_blocks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    ids, vectors, queries = np.arange(1000) // 3, units(1000, 8), units(4, 8, seed=1)
    mask = np.arange(334) % 2 == 0
    whole = [ExactIndex(ids, vectors).search(queries, k=20, mask=m)[1] for m in (None, mask)]
    monkeypatch.setattr("earmark.recommend._indexes._BLOCK", 64)
    blocks = [ExactIndex(ids, vectors).search(queries, k=20, mask=m)[1] for m in (None, mask)]
    np.testing.assert_array_equal(whole, blocks)


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(1, 300),
    k=st.integers(1, 30),
    seed=st.integers(0, 1000),
    share=st.sampled_from([None, 0.03, 0.3, 0.9]),
)
def test_faiss_is_exact_on_few(n: int, k: int, seed: int, share: float | None) -> None:
    rng = np.random.default_rng(seed)
    ids, vectors = rng.integers(0, 50, n), units(n, 8, seed)
    mask = None if share is None else rng.random(50) < share
    queries = units(3, 8, seed + 1)
    scores, found = exact(ids, vectors).search(queries, k=k, mask=mask)
    scores_of_faiss, found_by_faiss = faiss(ids, vectors).search(queries, k=k, mask=mask)
    there = np.isfinite(scores)
    np.testing.assert_array_equal(there, np.isfinite(scores_of_faiss))
    np.testing.assert_allclose(scores[there], scores_of_faiss[there], atol=2e-3)
    # Half precision may exchange neighbours that are all but equally near.
    np.testing.assert_array_equal(found < 0, found_by_faiss < 0)


def test_faiss_recalls_what_lies_in_clusters() -> None:
    rng = np.random.default_rng(0)
    centres = units(400, 16, seed=1)
    vectors = centres[rng.integers(0, 400, 40_000)] + 0.08 * rng.standard_normal((40_000, 16))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    ids = np.arange(40_000)
    queries = vectors[::400]
    _, wanted = exact(ids, vectors).search(queries, k=10)
    for mask, n_lists in ((None, 200), (ids % 50 == 0, 200)):
        index = faiss(ids, vectors)
        assert isinstance(index, FaissIndex)
        assert index.faiss_index.nlist == n_lists
        _, found = index.search(queries, k=10, mask=mask)
        if mask is not None:
            _, wanted = exact(ids, vectors).search(queries, k=10, mask=mask)
        recall = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(wanted, found, strict=True)])
        assert recall >= 0.95
