"""Chord diagrams: arcs fill the circle less the gaps, ribbons are as wide as what they count."""

from __future__ import annotations

import math
import re
from itertools import pairwise

import numpy as np
import pytest

from earmark.figures._genre_similarity import Arc, arc_path, chord, chord_slot, ribbon_path

MATRIX = np.random.default_rng(0).integers(1, 30, (6, 6)) * (1 - np.eye(6, dtype=int))


def length(arc: Arc) -> float:
    return arc.end - arc.start


@pytest.mark.parametrize("gap", [0.0, 0.02, 0.1])
def test_arcs_and_gaps_are_the_circle(gap: float) -> None:
    arcs, _ = chord(MATRIX.tolist(), gap=gap)
    assert sum(map(length, arcs)) == pytest.approx(2 * math.pi - 6 * gap)
    for before, after in pairwise(arcs):
        assert after.start - before.end == pytest.approx(gap)
    assert arcs[0].start + 2 * math.pi - arcs[-1].end == pytest.approx(gap)


def test_arc_is_as_long_as_its_row_is_heavy() -> None:
    arcs, _ = chord(MATRIX.tolist())
    per_track = [length(arc) / arc.n for arc in arcs]
    np.testing.assert_allclose(per_track, per_track[0])
    assert [arc.n for arc in arcs] == MATRIX.sum(axis=1).tolist()


def test_ends_of_ribbons_are_as_wide_as_their_counts() -> None:
    arcs, ribbons = chord(MATRIX.tolist())
    scale = length(arcs[0]) / arcs[0].n
    assert len(ribbons) == 15
    for ribbon in ribbons:
        a, b = ribbon.source, ribbon.target
        assert length(a) == pytest.approx(MATRIX[a.genre, b.genre] * scale)
        assert length(b) == pytest.approx(MATRIX[b.genre, a.genre] * scale)
        assert a.n >= b.n


def test_ends_of_ribbons_fill_their_arc_without_overlap() -> None:
    arcs, ribbons = chord(MATRIX.tolist())
    for arc in arcs:
        ends = [end for r in ribbons for end in (r.source, r.target) if end.genre == arc.genre]
        ends.sort(key=lambda end: end.start)
        assert ends[0].start == pytest.approx(arc.start)
        assert ends[-1].end == pytest.approx(arc.end)
        for before, after in pairwise(ends):
            assert after.start == pytest.approx(before.end)


def test_diagonal_counts_for_nothing() -> None:
    with_diagonal = (MATRIX + 50 * np.eye(6, dtype=int)).tolist()
    assert chord(with_diagonal) == chord(MATRIX.tolist())


def test_genre_never_named_has_a_place_without_length() -> None:
    arcs, ribbons = chord([[0, 2, 1], [3, 0, 0], [0, 0, 0]])
    assert [arc.n for arc in arcs] == [3, 3, 0]
    assert length(arcs[2]) == 0
    assert {(r.source.genre, r.target.genre) for r in ribbons} == {(1, 0), (0, 2)}


def test_genre_in_no_pair_is_left_out() -> None:
    arcs, _ = chord([[0, 2, 0], [3, 0, 0], [0, 0, 0]])
    assert [arc.genre for arc in arcs] == [0, 1]


@pytest.mark.parametrize("matrix", [[], [[0]], [[0, 0], [0, 0]]])
def test_nothing_gives_nothing(matrix: list[list[int]]) -> None:
    assert chord(matrix) == ([], [])
    slot = chord_slot(matrix, ["a", "b"][: len(matrix)], unit="track")
    assert (slot["arcs"], slot["ribbons"]) == ([], [])


def test_many_genres_leave_half_the_circle_to_arcs() -> None:
    k = 200
    arcs, _ = chord((1 - np.eye(k, dtype=int)).tolist())
    assert sum(map(length, arcs)) == pytest.approx(math.pi)


def test_paths_stay_in_the_unit_circle() -> None:
    arcs, ribbons = chord(MATRIX.tolist())
    for path in [*map(arc_path, arcs), *map(ribbon_path, ribbons)]:
        points = re.findall(r"(-?\d+\.\d{4}) (-?\d+\.\d{4})", path)
        assert points
        assert all(math.hypot(float(x), float(y)) <= 1.0001 for x, y in points)
        assert path.startswith("M")
        assert path.endswith("Z")


def test_texts_tell_the_counts() -> None:
    slot = chord_slot([[0, 2], [1, 0]], ["rock", "jazz"], unit="track")
    assert slot["arcs"][1]["text"] == "jazz: most probable for 1 track"
    assert slot["ribbons"][0]["text"] == (
        "rock first, jazz second: 2 tracks; jazz first, rock second: 1 track"
    )
