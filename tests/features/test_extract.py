"""Several sets from one pass, and memory that passes share."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from threading import Barrier

import numpy as np
import pytest

from earmark.errors import ParameterError
from earmark.features import extract, feature_sets, get_feature_set, gtzan57
from earmark.features._pass import spectral_pass
from earmark.testing import clicks, music_like, noise, sine
from earmark.types import Float32Array

SR = 22_050
SETS = ("bands", "contrast", "gtzan57", "gtzan943", "logmel", "logmel_gtzan", "segment_bands")
MUSIC = music_like(duration=4, seed=5)


def values(y: Float32Array, sets: tuple[str, ...] = SETS) -> dict[str, bytes]:
    return {name: found.tobytes() for name, found in extract(y, sr=SR, sets=sets).items()}


def test_every_set_is_known_here() -> None:
    computed = [one.name for one in feature_sets() if one.from_spectra is not None]
    assert tuple(computed) == SETS


def some_sets() -> Iterator[tuple[str, ...]]:
    for n in range(1, len(SETS) + 1):
        for sets in combinations(SETS, n):
            yield sets
            yield sets[::-1]


@pytest.mark.parametrize("sets", sorted(set(some_sets())), ids="+".join)
def test_several_sets_equal_each_alone(sets: tuple[str, ...]) -> None:
    found = extract(MUSIC, sr=SR, sets=sets)
    assert tuple(found) == sets
    for name in sets:
        alone = get_feature_set(name)(MUSIC, sr=SR)
        assert found[name].dtype == alone.dtype
        np.testing.assert_array_equal(found[name], alone)


def test_default_is_gtzan57() -> None:
    found = extract(MUSIC, sr=SR)
    assert list(found) == ["gtzan57"]
    np.testing.assert_array_equal(found["gtzan57"], gtzan57(MUSIC, sr=SR))


def test_a_set_named_twice_is_computed_once() -> None:
    assert list(extract(MUSIC, sr=SR, sets=("logmel", "logmel"))) == ["logmel"]


@pytest.mark.parametrize("sets", [(), []])
def test_no_set_is_refused(sets: tuple[str, ...]) -> None:
    with pytest.raises(ParameterError, match="sets is empty"):
        extract(MUSIC, sr=SR, sets=sets)


def test_unknown_set_is_refused_before_the_signal_is_looked_at() -> None:
    with pytest.raises(ParameterError, match=r"'chroma99' .* contrast, .*gtzan57"):
        extract(np.zeros(0), sr=SR, sets=("gtzan57", "chroma99"))


def test_bad_signal_is_refused_for_every_set() -> None:
    for name in SETS:
        with pytest.raises(ParameterError, match="sample 1"):
            extract(np.array([0.0, np.nan]), sr=SR, sets=(name,))


CLIPS = {
    "long": music_like(duration=12, seed=6),
    "short": clicks(150, duration=1),
    "shorter": noise(duration=0.01),
    "tone": sine(440, duration=3),
    "nothing": np.zeros(40_000, dtype=np.float32),
    "beyond full scale": noise(duration=2, amplitude=1e8),
}


@pytest.mark.parametrize("between", CLIPS)
def test_result_does_not_depend_on_what_was_computed_before(between: str) -> None:
    for name, y in CLIPS.items():
        fresh = in_a_fresh_thread(y)
        values(CLIPS[between])
        assert values(y) == fresh, name


def in_a_fresh_thread(y: Float32Array) -> dict[str, bytes]:
    """Compute in memory that no clip has used before."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(values, y).result()


def test_result_is_kept_while_others_are_computed() -> None:
    found = extract(MUSIC, sr=SR, sets=SETS)
    before = {name: array.copy() for name, array in found.items()}
    for y in CLIPS.values():
        values(y)
    for name, array in found.items():
        np.testing.assert_array_equal(array, before[name])


def test_two_threads_at_once_do_not_disturb_each_other() -> None:
    expected = {name: values(y) for name, y in CLIPS.items()}
    start = Barrier(2)

    def work(names: list[str]) -> list[tuple[str, dict[str, bytes]]]:
        start.wait()
        return [(name, values(CLIPS[name])) for name in names * 5]

    with ThreadPoolExecutor(2) as pool:
        halves = pool.map(work, [list(CLIPS), list(CLIPS)[::-1]])
        for name, found in [pair for half in halves for pair in half]:
            assert found == expected[name], name


def test_a_generous_rate_gives_the_same_pass_twice() -> None:
    # The filter banks of a rate are kept; another rate between must not take them over.
    first = spectral_pass(MUSIC, sr=SR).mel.copy()
    spectral_pass(MUSIC, sr=48_000)
    np.testing.assert_array_equal(spectral_pass(MUSIC, sr=SR).mel, first)
