"""Statistics of how a spectrogram moves, against what is known of simple ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import scipy.linalg

from earmark.audio import load
from earmark.features import GTZAN57, GTZAN943, extract
from earmark.features._texture import NAMES, texture
from earmark.testing import music_like
from earmark.types import FloatArray

Matrix = npt.NDArray[np.uint8]


def noise(t: int = 386, *, low: int = 20, high: int = 200) -> Matrix:
    return np.random.default_rng(t).integers(low, high, (128, t), dtype=np.uint8)


def named(values: FloatArray, start: str) -> dict[str, float]:
    return {n: v for n, v in zip(NAMES, values, strict=True) if n.startswith(start)}


def test_names_are_of_each_number_and_differ() -> None:
    assert len(NAMES) == len(set(NAMES)) == len(texture(noise())) == 886


@pytest.mark.parametrize("t", [0, 1, 2, 3, 4, 5, 10, 39, 63, 64, 65, 66, 100, 1000])
@pytest.mark.parametrize("kind", ["zeros", "loudest", "noise"])
def test_every_length_gives_finite_numbers(t: int, kind: str) -> None:
    Q = {"zeros": np.zeros, "loudest": lambda s, d: np.full(s, 255, d)}.get(kind)
    values = texture(noise(t) if Q is None else Q((128, t), np.uint8))
    assert np.isfinite(values).all()


def test_a_single_column_lasts_and_none_is_silence() -> None:
    Q = noise(1)
    np.testing.assert_array_equal(texture(Q), texture(np.repeat(Q, 2, axis=1)))
    np.testing.assert_array_equal(texture(Q[:, :0]), texture(np.zeros((128, 2), dtype=np.uint8)))


def test_what_does_not_change_changes_nothing() -> None:
    Q = noise()
    louder = (Q + np.arange(128, dtype=np.uint8)[:, np.newaxis] // 4).astype(np.uint8)
    found, expected = named(texture(louder), "change"), named(texture(Q), "change")
    assert found == pytest.approx(expected, abs=1e-9)
    found, expected = named(texture(louder), "modulation"), named(texture(Q), "modulation")
    assert found == pytest.approx(expected, abs=1e-9)


def test_backwards_what_rose_falls() -> None:
    Q = noise()
    forth, back = texture(Q), texture(Q[:, ::-1])
    for name, value in named(back, "modulation").items():
        turned = name.replace("_rise", "_?").replace("_fall", "_rise").replace("_?", "_fall")
        # Without a modulation along frequency both are one.
        twin = name if "_scale0_" in name else turned
        assert value == pytest.approx(named(forth, twin)[twin], abs=1e-9)
    for name, value in named(back, "change1_").items():
        sign = -1 if "_skew_" in name else 1
        assert value == pytest.approx(sign * forth[NAMES.index(name)], abs=1e-9)


@pytest.mark.parametrize(("turns", "rate"), [(1, 1), (2, 2), (4, 3), (6, 5), (10, 8), (25, 18)])
def test_a_beat_is_found_at_its_rate(turns: int, rate: int) -> None:
    beat = 128 + 100 * np.cos(2 * np.pi * turns * np.arange(386) / 64)
    values = texture(np.tile(beat.astype(np.uint8), (128, 1)))
    found = named(values, "modulation_mel1to32_scale0_rise")
    assert max(found, key=lambda name: found[name]).endswith(f"rise{rate}")


@pytest.mark.parametrize("way", ["rise", "fall"])
def test_what_glides_up_or_down_is_told_apart(way: str) -> None:
    band, column = np.arange(128)[:, np.newaxis], np.arange(386)
    sign = 1 if way == "fall" else -1  # lines of equal phase
    phase = 2 * np.pi * (4 * band / 32 + sign * 6 * column / 64)
    values = texture((128 + 100 * np.cos(phase)).astype(np.uint8))
    found = named(values, "modulation_mel33to64")
    name = "modulation_mel33to64_scale3_{}5"
    expected, other = name.format(way), name.format("fall" if way == "rise" else "rise")
    assert max(found, key=lambda one: found[one]) in (expected, other)
    assert abs(found[expected] - found[other]) > 3


def test_log_covariance_equals_scipy() -> None:
    Q = noise()
    cepstra = scipy.fft.dct(Q / 256, axis=0, norm="ortho")[:20] * 4 / np.sqrt(128)
    expected = scipy.linalg.logm(np.cov(np.diff(cepstra, axis=1), bias=True) + 1e-4 * np.eye(20))
    found = texture(Q)[-210:]
    i, j = np.triu_indices(20)
    weights = np.where(i == j, 1, np.sqrt(2))
    np.testing.assert_allclose(found, expected.real[i, j] * weights, atol=1e-6)


def test_changes_by_hand() -> None:
    # Four bands that jump by 64 of 256 every second column.
    Q = np.zeros((128, 9), dtype=np.uint8)
    Q[:4] = np.repeat([0, 64, 0, 64, 0], 2)[:9]
    values = texture(Q)
    d = np.array([0, 0.25, 0, -0.25, 0, 0.25, 0, -0.25])
    assert values[NAMES.index("change1_abs_mel1to4")] == pytest.approx(np.log(0.125 + 1e-3))
    assert values[NAMES.index("change1_std_mel1to4")] == pytest.approx(np.log(d.std() + 1e-3))
    assert values[NAMES.index("change1_skew_mel1to4")] == pytest.approx(0, abs=1e-12)


def test_the_set_joins_both_and_holds_their_fingerprints() -> None:
    y = music_like(duration=5)
    found = extract(y, sr=22_050, sets=("gtzan943", "gtzan57", "logmel_gtzan"))
    np.testing.assert_array_equal(found["gtzan943"][:57], found["gtzan57"])
    np.testing.assert_array_equal(found["gtzan943"][57:], texture(found["logmel_gtzan"]))
    assert GTZAN943.names[:57] == GTZAN57.names
    assert GTZAN943.parameters["gtzan57"] == GTZAN57.fingerprint


@pytest.mark.realdata
def test_audio_gives_what_the_archive_does(data: Path) -> None:
    archive = np.load(data / "gtzan" / "logmel_u8.npz")
    rows = dict(zip(archive["name"].tolist(), range(len(archive["name"])), strict=True))
    for path in sorted((data / "gtzan/audio/full_30s").glob("*.flac")):
        y, sr = load(path)
        found = extract(y, sr=sr, sets=("gtzan943",))["gtzan943"][57:]
        expected = texture(archive["X"][rows[path.stem]][:, 1:])
        np.testing.assert_allclose(found, expected, atol=0.02, err_msg=path.stem)
