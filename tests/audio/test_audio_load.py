"""What is decoded equals what librosa decodes."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from earmark.audio import info, load
from earmark.errors import ParameterError
from earmark.testing import music_like, noise, sine
from earmark.types import Float32Array

with warnings.catch_warnings():
    # librosa.load looks at audioread, which imports modules that Python has since dropped.
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioread.rawread  # noqa: F401
import librosa


def write(
    path: Path, *, sr: int, channels: int, duration: float = 1.6, subtype: str | None = None
) -> Path:
    """Write a piece with another tune in each channel."""
    tunes = [music_like(duration=duration, sr=sr, seed=seed) for seed in range(channels)]
    soundfile.write(path, np.stack(tunes, axis=1), sr, subtype=subtype)
    return path


def assert_equals_librosa(path: Path, **settings: Any) -> None:
    y, sr = load(path, **settings)
    expected, expected_sr = librosa.load(path, **settings)
    assert sr == expected_sr
    assert y.dtype == np.float32
    assert y.shape == expected.shape
    assert y.size > 0
    np.testing.assert_allclose(y, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("sr", [22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize(
    ("suffix", "subtype"),
    [("wav", "PCM_16"), ("wav", "FLOAT"), ("flac", "PCM_16"), ("flac", "PCM_24")],
)
def test_samples_equal_librosa(
    tmp_path: Path, suffix: str, subtype: str, sr: int, channels: int
) -> None:
    path = write(tmp_path / f"piece.{suffix}", sr=sr, channels=channels, subtype=subtype)
    assert_equals_librosa(path)


@pytest.mark.parametrize("suffix", ["ogg", "mp3", "aiff"])
def test_other_kinds_equal_librosa(tmp_path: Path, suffix: str) -> None:
    assert_equals_librosa(write(tmp_path / f"piece.{suffix}", sr=44_100, channels=2))


@pytest.mark.parametrize("native", [22_050, 44_100, 48_000])
@pytest.mark.parametrize(
    "settings",
    [
        {"mono": False},
        {"sr": None},
        {"sr": None, "mono": False},
        {"sr": 16_000},
        {"sr": 44_100.0, "mono": False},
        {"offset": 0.5},
        {"offset": 1 / 3},
        {"duration": 0.7777},
        {"offset": 0.4, "duration": 0.5},
        {"offset": 0.4, "duration": 0.5, "mono": False},
        {"offset": 1.0, "duration": 100.0},
        {"offset": 0.1, "duration": 0.0001},
    ],
    ids=str,
)
def test_settings_mean_what_they_mean_in_librosa(
    tmp_path: Path, native: int, settings: dict[str, Any]
) -> None:
    assert_equals_librosa(write(tmp_path / "piece.wav", sr=native, channels=2), **settings)


@pytest.mark.parametrize("n_samples", [1, 2, 3, 100, 65_535, 65_536, 65_537, 131_072])
def test_length_is_librosas_around_a_block(tmp_path: Path, n_samples: int) -> None:
    path = tmp_path / "noise.wav"
    soundfile.write(path, noise(duration=n_samples / 44_100, sr=44_100), 44_100)
    assert info(path).n_samples == n_samples
    assert_equals_librosa(path)


def test_channels_are_rows(tmp_path: Path) -> None:
    both = np.stack([sine(440, sr=8000), sine(880, sr=8000)])
    soundfile.write(tmp_path / "two.wav", both.T, 8000, subtype="FLOAT")
    y, _ = load(tmp_path / "two.wav", sr=None, mono=False)
    np.testing.assert_array_equal(y, both)


def test_one_channel_is_a_vector_in_any_case(tmp_path: Path) -> None:
    path = write(tmp_path / "one.wav", sr=22_050, channels=1)
    np.testing.assert_array_equal(load(path, mono=False)[0], load(path, mono=True)[0])
    assert load(path, mono=False)[0].ndim == 1


def test_own_rate_gives_the_very_samples(tmp_path: Path) -> None:
    y = noise(duration=2, sr=48_000)
    soundfile.write(tmp_path / "noise.wav", y, 48_000, subtype="FLOAT")
    loaded, sr = load(tmp_path / "noise.wav", sr=None)
    assert sr == 48_000
    np.testing.assert_array_equal(loaded, y)


def test_eight_channels_are_averaged(tmp_path: Path) -> None:
    levels = np.arange(8, dtype=np.float32) / 16
    soundfile.write(tmp_path / "eight.wav", np.tile(levels, (22_050, 1)), 22_050, subtype="FLOAT")
    assert info(tmp_path / "eight.wav").channels == 8
    y, _ = load(tmp_path / "eight.wav")
    np.testing.assert_array_equal(y, np.full(22_050, levels.mean(), dtype=np.float32))
    assert load(tmp_path / "eight.wav", mono=False)[0].shape == (8, 22_050)


@pytest.mark.parametrize("native", [8000, 192_000])
def test_low_and_high_rates_keep_length_and_pitch(tmp_path: Path, native: int) -> None:
    soundfile.write(tmp_path / "tone.wav", sine(1000, sr=native, duration=2), native)
    y, sr = load(tmp_path / "tone.wav")
    assert (len(y), sr) == (44_100, 22_050)
    inner = slice(2000, -2000)  # where the tone begins and ends the resampler rings
    np.testing.assert_allclose(y[inner], sine(1000, duration=2)[inner], atol=1e-3)


def test_what_is_above_the_new_range_is_removed(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "high.wav", sine(15_000, sr=44_100, duration=2), 44_100)
    y, _ = load(tmp_path / "high.wav")
    assert np.abs(y[2000:-2000]).max() < 1e-4


@pytest.mark.parametrize("settings", [{"offset": 60}, {"duration": 0}], ids=str)
def test_nothing_asked_for_is_an_empty_array(tmp_path: Path, settings: dict[str, float]) -> None:
    y, sr = load(write(tmp_path / "piece.wav", sr=44_100, channels=2), **settings)
    assert (y.shape, y.dtype, sr) == ((0,), np.float32, 22_050)


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        *(("sr", value) for value in (0, -22_050, 0.5, float("nan"), float("inf"))),
        *(("offset", value) for value in (-1, float("nan"), float("inf"))),
        *(("duration", value) for value in (-0.1, float("nan"), float("inf"))),
    ],
)
def test_bad_arguments_are_named(tmp_path: Path, argument: str, value: float) -> None:
    path = write(tmp_path / "piece.wav", sr=22_050, channels=1)
    with pytest.raises(ParameterError, match=f"{argument}={value}"):
        load(path, **{argument: value})


@pytest.mark.parametrize(
    ("suffix", "container", "codec"),
    [
        ("wav", "WAV", "PCM_16"),
        ("flac", "FLAC", "PCM_16"),
        ("ogg", "OGG", "VORBIS"),
        ("mp3", "MP3", "MPEG_LAYER_III"),
    ],
)
def test_info_says_what_the_file_is(
    tmp_path: Path, suffix: str, container: str, codec: str
) -> None:
    path = write(tmp_path / f"piece.{suffix}", sr=44_100, channels=2, duration=2)
    found = info(path)
    assert found.path == str(path)
    assert (found.container, found.codec, found.decoder) == (container, codec, "libsndfile")
    assert (found.sr, found.channels) == (44_100, 2)
    assert found.duration == pytest.approx(2.0, abs=0.06)  # MP3 is made of whole packets
    assert found.n_samples == load(path, sr=None)[0].size


def test_info_does_not_decode(tmp_path: Path) -> None:
    y: Float32Array = np.full(44_100, np.nan, dtype=np.float32)
    soundfile.write(tmp_path / "nan.wav", y, 22_050, subtype="FLOAT")
    assert info(tmp_path / "nan.wav").duration == 2.0


def test_paths_may_be_text_or_path_objects(tmp_path: Path) -> None:
    path = write(tmp_path / "piece.wav", sr=22_050, channels=1)
    np.testing.assert_array_equal(load(str(path))[0], load(path)[0])
    assert info(str(path)) == info(path)
