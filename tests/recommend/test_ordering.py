"""Orders of songs: ways from one to another, and no artist twice in a row."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, pairwise, permutations
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.recommend._ordering import arrange, corridor, walk

Array = np.ndarray[Any, Any]


def units(n: int, seed: int, d: int = 4) -> Array:
    vectors = np.random.default_rng(seed).standard_normal((n, d))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def largest_step(vectors: Array, way: list[int]) -> float:
    return max(float(np.linalg.norm(vectors[a] - vectors[b])) for a, b in pairwise(way))


def artists_of(n: int, n_artists: int, seed: int) -> list[int]:
    found: list[int] = np.random.default_rng(seed).integers(0, n_artists, n).tolist()
    return found


@settings(deadline=None)
@given(
    m=st.integers(2, 60),
    n=st.integers(1, 30),
    n_artists=st.integers(1, 20),
    seed=st.integers(0, 10**6),
)
def test_way_keeps_its_promises(m: int, n: int, n_artists: int, seed: int) -> None:
    artists = artists_of(m, n_artists, seed)
    way = walk(units(m, seed), artists, n=n)
    assert (way[0], way[-1]) == (0, m - 1)
    assert len(set(way)) == len(way) <= max(n, 2)
    if len(way) > 2:
        assert all(artists[a] != artists[b] for a, b in pairwise(way))


@settings(deadline=None, max_examples=30)
@given(m=st.integers(3, 7), n=st.integers(3, 7), seed=st.integers(0, 10**6))
def test_largest_step_is_the_smallest_there_is(m: int, n: int, seed: int) -> None:
    vectors, artists = units(m, seed, 2), artists_of(m, 4, seed)
    ways = [
        [0, *between, m - 1]
        for n_between in range(min(n, m) - 1)
        for between in permutations(range(1, m - 1), n_between)
    ]
    allowed = [way for way in ways if all(artists[a] != artists[b] for a, b in pairwise(way))]
    found = walk(vectors, artists, n=n)
    if not allowed:
        assert found == [0, m - 1]
    else:
        wanted = min(largest_step(vectors, way) for way in allowed)
        # Where the best way has fewer songs, what is put in may make larger steps.
        assert any(
            abs(largest_step(vectors, [0, *kept, m - 1]) - wanted) < 1e-9
            for size in range(len(found) - 1)
            for kept in combinations(found[1:-1], size)
        )


def test_steps_are_even_where_songs_are_dense() -> None:
    angles = np.linspace(0, 1.5, 400)
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    way = walk(vectors, list(range(400)), n=11)
    assert len(way) == 11
    steps = np.diff(angles[way])
    assert (steps > 0).all()
    assert steps.max() < 1.2 * steps.min()


def test_way_goes_round_a_gap() -> None:
    direct = np.array([0.0, 2.0])  # nothing between them but by the other side
    round_about = np.linspace(0, -4.28, 30)
    angles = np.concatenate([[direct[0]], round_about[1:-1], [direct[1]]])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    assert len(walk(vectors, list(range(30)), n=30)) == 30
    assert largest_step(vectors, walk(vectors, list(range(30)), n=30)) < 0.16


def test_songs_are_put_in_where_the_way_is_short() -> None:
    vectors = np.concatenate([units(1, 0), units(1, 0), units(20, 1)])
    vectors = np.concatenate([vectors[:1], vectors[2:], vectors[1:2]])
    assert len(walk(vectors, list(range(22)), n=12)) == 12


def test_corridor_holds_what_is_on_the_way() -> None:
    rng = np.random.default_rng(0)
    vectors = units(5000, 1, 8)
    places = corridor(vectors, 20)
    assert len(places) <= 800
    assert len(set(places.tolist())) == len(places)
    assert places.min() >= 1
    assert places.max() <= 4998
    ends = vectors[[0, -1]]

    def detour(some: Array) -> float:
        return float(np.linalg.norm(vectors[some][:, None] - ends, axis=2).sum(axis=1).mean())

    assert detour(places) < detour(rng.integers(1, 4999, 800))


def test_corridor_of_two_is_empty() -> None:
    assert corridor(units(2, 0), 5).tolist() == []
    assert corridor(units(9, 0), 0).tolist() == []


# --- an order ------------------------------------------------------------------------------------


@settings(deadline=None)
@given(
    n=st.integers(0, 40),
    n_artists=st.integers(1, 12),
    seed=st.integers(0, 10**6),
)
def test_order_keeps_its_promises(n: int, n_artists: int, seed: int) -> None:
    artists = artists_of(n, n_artists, seed)
    order = arrange(units(n, seed).astype(np.float32), artists)
    assert len(set(order)) == len(order)
    assert all(artists[a] != artists[b] for a, b in pairwise(order))
    if n:
        assert order[0] == 0
    counts = Counter(artists[1:])
    too_many = any(
        count > ((n - 1) // 2 if artist == artists[0] else n // 2)
        for artist, count in counts.items()
    )
    assert too_many or len(order) == n


@given(n_of_one=st.integers(1, 30), n_others=st.integers(0, 30))
def test_no_more_are_left_out_than_must_be(n_of_one: int, n_others: int) -> None:
    artists = [*(["a"] * n_of_one), *range(n_others)]
    order = arrange(np.ones((len(artists), 2), dtype=np.float32), artists)
    assert len(order) == min(n_of_one, n_others + 1) + n_others


def test_each_song_is_near_the_one_before() -> None:
    angles = np.array([0.0, 0.9, 0.3, 1.2, 0.6])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    assert arrange(vectors, "abcde") == [0, 2, 4, 1, 3]
