"""Means and deviations of bands by segment, and what their course tells of recordings."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from earmark.audio import SEGMENT_S, clip_bounds, load
from earmark.datasets import gtzan
from earmark.features import (
    LOGMEL_GTZAN,
    SAME_RECORDING,
    SEGMENT_BANDS,
    extract,
    get_feature_set,
    recording_likeness,
)
from earmark.features._segments import quantise_segments, segment_bands
from earmark.testing import music_like, noise, silence

SR = 22_050


def test_names_are_means_then_deviations() -> None:
    assert SEGMENT_BANDS.names[:2] == ("mel1_mean", "mel2_mean")
    assert SEGMENT_BANDS.names[127:129] == ("mel128_mean", "mel1_std")
    assert get_feature_set("segment_bands") is SEGMENT_BANDS


def test_fingerprint_is_pinned() -> None:
    # Libraries and spaces carry it: raise the version if the numbers change, then change this.
    assert SEGMENT_BANDS.fingerprint == (
        "0f275302e10e4561cefe8cbd32ffe57b6d9ddac48bed89b5f1e4b3cdb83190b2"
    )
    assert SEGMENT_BANDS.parameters["logmel_gtzan"] == LOGMEL_GTZAN.fingerprint


# --- where segments are cut ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "seconds", [0.01, 0.5, 1.0, 2.9, 3.0, 4.49, 4.51, 10.0, 29.9, 30.0, 30.01, 31.6, 44.9, 95.0]
)
def test_there_are_as_many_segments_as_clip_bounds_says(seconds: float) -> None:
    y = noise(duration=95)[: int(seconds * SR)]
    found = SEGMENT_BANDS(y, sr=SR)
    assert found.dtype == np.uint8
    bounds = clip_bounds(len(y), sr=SR, duration=SEGMENT_S)
    assert found.shape == (256, len(bounds))


@pytest.mark.parametrize("seconds", [30.0, 12.0, 40.0])
def test_segments_begin_every_three_seconds(seconds: float) -> None:
    # Loud and soft by turns: each segment has a level of its own.
    y = noise(duration=seconds) * 0.01
    for i in range(0, int(seconds // 3), 2):
        y[3 * i * SR : 3 * (i + 1) * SR] *= 50
    means = SEGMENT_BANDS(y, sr=SR)[:128].mean(axis=0)
    loud, soft = means[0:-1:2], means[1:-1:2]
    assert loud.min() - soft.max() > 50
    assert np.ptp(loud) < 5
    assert np.ptp(soft) < 6


def test_segments_are_of_the_matrix_of_the_clip() -> None:
    found = extract(
        music_like(duration=12.2), sr=SR, sets=("segment_bands", "logmel_gtzan", "gtzan943")
    )
    Q, bands = found["logmel_gtzan"].astype(np.float64), found["segment_bands"]
    edges = [0, 39, 77, 116, Q.shape[1]]
    for i, (start, end) in enumerate(pairwise(edges)):
        part = Q[:, start:end]
        np.testing.assert_array_equal(bands[:128, i], np.rint(part.mean(axis=1)))
        np.testing.assert_array_equal(
            bands[128:, i], np.minimum(255, np.rint(4 * part.std(axis=1)))
        )


def test_rounding_is_at_most_half_a_step() -> None:
    rng = np.random.default_rng(0)
    mean, deviation = rng.uniform(0, 255, (50, 128)), rng.uniform(0, 63.75, (50, 128))
    found = quantise_segments(np.concatenate([mean, deviation], axis=1)).astype(np.float64)
    assert np.abs(found[:, :128] - mean).max() <= 0.5
    assert np.abs(found[:, 128:] / 4 - deviation).max() <= 0.125
    assert quantise_segments(np.full(256, 127.5))[-1] == 255  # the largest deviation there can be


@pytest.mark.parametrize("n", [1, 100, 512, 2048, 2560, 4096])
def test_short_and_silent_signals_are_one_segment(n: int) -> None:
    assert SEGMENT_BANDS(music_like(duration=3)[:n], sr=SR).shape == (256, 1)
    assert not SEGMENT_BANDS(silence(duration=1)[:n], sr=SR).any()


def test_from_the_archive_are_the_ten_segments_of_bands() -> None:
    Q = np.random.default_rng(0).integers(0, 256, (128, 386), dtype=np.uint8)
    assert SEGMENT_BANDS.from_archive is not None
    found = SEGMENT_BANDS.from_archive(np.zeros(57), Q)
    expected = [
        np.concatenate([part.mean(axis=1), part.std(axis=1)])
        for part in (Q[:, gtzan.segment_columns(i)] for i in range(10))
    ]
    np.testing.assert_array_equal(found, quantise_segments(np.array(expected)).T)
    np.testing.assert_array_equal(found, segment_bands(Q, n_segments=10))


@pytest.mark.realdata
def test_audio_gives_what_the_archive_does(data: Path) -> None:
    names, archive = gtzan.load_spectrograms(data / "gtzan")
    place = {str(name): at for at, name in enumerate(names)}
    for path in sorted((data / "gtzan/audio/full_30s").glob("*.flac")):
        y, sr = load(path)
        heard = SEGMENT_BANDS(y, sr=sr).astype(int)
        read = segment_bands(np.ascontiguousarray(archive[place[path.stem], :, 1:]), n_segments=10)
        assert np.abs(heard - read).max() <= 1, path.stem


# --- one recording ------------------------------------------------------------------------------


def course(n: int, *, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, 256), dtype=np.uint8)


def test_copies_are_known_again_wherever_they_begin() -> None:
    song = course(12)
    assert recording_likeness(song, song) == 1.0
    for copy in (song[1:], song[:-3], np.concatenate([course(1, seed=2), song])):
        assert recording_likeness(song, copy) == pytest.approx(1)
        assert recording_likeness(copy, song) == pytest.approx(1)
    assert recording_likeness(song, song[2:]) < SAME_RECORDING
    assert recording_likeness(song, song[2:], max_lag=2) == pytest.approx(1)


def test_level_and_equalisation_do_not_count() -> None:
    song = course(12) // 2
    tilted = song + np.linspace(0, 100, 256).astype(np.uint8)
    assert recording_likeness(song, tilted) == pytest.approx(1)


def test_other_songs_are_other_recordings() -> None:
    songs = [course(12, seed=seed) for seed in range(5)]
    likeness = [recording_likeness(a, b) for a in songs for b in songs if a is not b]
    assert max(likeness) < 0.3


@pytest.mark.parametrize("n", [1, 3])
def test_of_short_songs_only_equal_ones_are_one_recording(n: int) -> None:
    song = course(n)
    assert recording_likeness(song, song.copy()) == 1
    assert recording_likeness(song, song + np.uint8(1)) == 0
    assert recording_likeness(song, course(20)) == 0


def test_songs_that_never_change_are_likened_to_equal_ones_only() -> None:
    flat = np.full((8, 256), 7, dtype=np.uint8)
    assert recording_likeness(flat, flat.copy()) == 1
    assert recording_likeness(flat, flat + np.uint8(1)) == 0
    assert recording_likeness(flat, course(8)) == 0
