"""One channel of several: their mean, unless they cancel each other in the whole file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from audio_tools import level, with_ffmpeg

from earmark.audio import load, stream
from earmark.testing import music_like
from earmark.types import Float32Array

SR = 22_050


def write(path: Path, *channels: Float32Array) -> Path:
    soundfile.write(path, np.stack(channels, axis=1), SR, subtype="FLOAT")
    return path


@pytest.fixture
def y() -> Float32Array:
    return music_like(duration=6, sr=SR)


def test_left_is_minus_right_gives_the_left_channel(tmp_path: Path, y: Float32Array) -> None:
    path = write(tmp_path / "a.wav", y, -y)
    np.testing.assert_array_equal(load(path)[0], y)
    with stream(path) as blocks:
        np.testing.assert_array_equal(np.concatenate(list(blocks)), y)
    part, _ = load(path, offset=2, duration=1.5)
    np.testing.assert_array_equal(part, y[2 * SR : round(3.5 * SR)])


@pytest.mark.parametrize(("ending", "codec"), [("m4a", "aac"), ("ogg", "libvorbis")])
def test_left_is_minus_right_after_lossy_coding(tmp_path: Path, ending: str, codec: str) -> None:
    tone = 0.3 * np.sin(np.arange(4 * SR, dtype=np.float32) * 0.4)
    wav = write(tmp_path / "n.wav", tone, -tone)
    path = with_ffmpeg(tmp_path / f"a.{ending}", "-c:a", codec, wav=wav)
    assert level(load(path)[0]) == pytest.approx(level(tone), rel=0.05)
    assert level(load(path, offset=1, duration=1)[0]) == pytest.approx(level(tone), rel=0.05)


def test_stretch_of_a_song_that_cancels_is_its_mean_like_the_rest(
    tmp_path: Path, y: Float32Array
) -> None:
    right = -y
    right[5 * SR :] = y[5 * SR :]
    path = write(tmp_path / "a.wav", y, right)
    mean = (y + right) / 2
    np.testing.assert_array_equal(load(path)[0], mean)
    part, _ = load(path, offset=1, duration=2)
    assert not part.any()


def test_silence_before_what_cancels_changes_nothing(tmp_path: Path, y: Float32Array) -> None:
    left = np.concatenate([np.zeros(3 * SR, dtype=np.float32), y])
    path = write(tmp_path / "a.wav", left, -left)
    np.testing.assert_array_equal(load(path)[0], left)


def test_loudest_channel_stands_for_a_file_of_many_that_cancel(
    tmp_path: Path, y: Float32Array
) -> None:
    faint = 0.001 * y
    path = write(tmp_path / "a.wav", faint, -faint, y, -y)
    np.testing.assert_array_equal(load(path)[0], y)


def test_faint_file_is_its_mean(tmp_path: Path) -> None:
    choice = np.random.default_rng(0)
    left, right = (1e-6 * choice.standard_normal(2 * SR).astype(np.float32) for _ in range(2))
    path = write(tmp_path / "a.wav", left, right)
    np.testing.assert_array_equal(load(path)[0], (left + right) / 2)


def test_channels_are_kept_when_asked_for(tmp_path: Path, y: Float32Array) -> None:
    path = write(tmp_path / "a.wav", y, -y)
    np.testing.assert_array_equal(load(path, mono=False)[0], np.stack([y, -y]))
