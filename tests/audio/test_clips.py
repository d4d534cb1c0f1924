"""Where a track is cut."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.audio import CLIP_S, Clip, clip_bounds, clips
from earmark.errors import ParameterError
from earmark.types import Float32Array

SR = 100
RATES = st.sampled_from([1.0, 16, 99.9, 100, 101])


def split(y: Float32Array, sizes: list[int]) -> list[Float32Array]:
    """Cut a signal into blocks of the sizes given, repeated as often as it takes."""
    edges = [0]
    while edges[-1] < len(y):
        edges.append(edges[-1] + sizes[len(edges) % len(sizes)])
    return [y[first:end] for first, end in pairwise(edges)]


@given(n_samples=st.integers(1, 30_000), sr=RATES)
@settings(derandomize=True, deadline=None)
def test_bounds_cover_the_track_once(n_samples: int, sr: float) -> None:
    bounds = clip_bounds(n_samples, sr=sr)
    assert bounds[0][0] == 0
    assert bounds[-1][1] == n_samples
    assert all(end == start for (_, end), (start, _) in pairwise(bounds))


@given(n_samples=st.integers(1, 30_000), sr=RATES)
@settings(derandomize=True, deadline=None)
def test_clips_are_of_the_lengths_promised(n_samples: int, sr: float) -> None:
    lengths = [end - start for start, end in clip_bounds(n_samples, sr=sr)]
    assert all(length == round(CLIP_S * sr) for length in lengths[:-1])
    assert lengths[-1] < round(30 * sr) + round(15 * sr)
    if len(lengths) > 1:
        assert lengths[-1] >= round(15 * sr)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.01, [0.01]),
        (14, [14]),
        (30, [30]),
        (44.99, [44.99]),
        (45, [30, 15]),
        (59.99, [30, 29.99]),
        (60, [30, 30]),
        (74.99, [30, 44.99]),
        (75, [30, 30, 15]),
        (90, [30, 30, 30]),
    ],
)
def test_remainder_under_15_s_joins_the_clip_before(seconds: float, expected: list[float]) -> None:
    bounds = clip_bounds(round(seconds * SR), sr=SR)
    assert [(end - start) / SR for start, end in bounds] == expected


@pytest.mark.parametrize("n_samples", [661_500, 661_794, 675_808, 992_249])
def test_excerpts_of_gtzan_are_one_clip(n_samples: int) -> None:
    assert clip_bounds(n_samples, sr=22_050) == [(0, n_samples)]


def test_45_s_are_two_clips_at_22050_hz() -> None:
    assert clip_bounds(992_250, sr=22_050) == [(0, 661_500), (661_500, 992_250)]


@given(n_samples=st.integers(1, 20_000), sizes=st.lists(st.integers(1, 9000), min_size=1))
@settings(derandomize=True, deadline=None)
def test_clips_are_the_bounds_with_their_samples(n_samples: int, sizes: list[int]) -> None:
    y = np.arange(n_samples, dtype=np.float32)
    found = list(clips(split(y, sizes), sr=SR))
    assert [(clip.start, clip.end) for clip in found] == clip_bounds(n_samples, sr=SR)
    for clip in found:
        np.testing.assert_array_equal(clip.y, y[clip.start : clip.end])


def test_empty_blocks_change_nothing() -> None:
    y = np.arange(10_000, dtype=np.float32)
    nothing = np.empty(0, dtype=np.float32)
    found = list(clips([nothing, y[:4000], nothing, y[4000:], nothing], sr=SR))
    assert [(clip.start, clip.end) for clip in found] == clip_bounds(10_000, sr=SR)


@pytest.mark.parametrize("blocks", [[], [np.empty(0, dtype=np.float32)]], ids=["none", "empty"])
def test_no_sample_no_clip(blocks: list[Float32Array]) -> None:
    assert list(clips(blocks, sr=SR)) == []


def test_clip_is_given_as_soon_as_it_is_certain() -> None:
    n_read = 0

    def second_by_second() -> Iterator[Float32Array]:
        nonlocal n_read
        while True:
            n_read += 1
            yield np.zeros(SR, dtype=np.float32)

    first: Clip = next(clips(second_by_second(), sr=SR))
    assert (first.start, first.end, n_read) == (0, 3000, 45)


@pytest.mark.parametrize("n_samples", [0, -1])
def test_bounds_of_nothing_are_refused(n_samples: int) -> None:
    with pytest.raises(ParameterError, match=f"n_samples={n_samples}"):
        clip_bounds(n_samples, sr=SR)


@pytest.mark.parametrize("sr", [0, -22_050, 0.001, float("nan"), float("inf")])
def test_sampling_rate_that_gives_no_clip_is_refused(sr: float) -> None:
    with pytest.raises(ParameterError, match="sr="):
        clip_bounds(1000, sr=sr)
