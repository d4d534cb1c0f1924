"""Mel spectrograms in decibels equal librosa's, and the archive of GTZAN."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import librosa
import numpy as np
import pytest

from earmark.audio import load
from earmark.features import LOGMEL, LOGMEL_GTZAN, extract
from earmark.features._logmel import archive_columns, quantise
from earmark.testing import clicks, music_like, noise, silence, sine
from earmark.types import Float32Array

SR = 22_050


def librosa_logmel(y: Float32Array, *, sr: float) -> Float32Array:
    mel = librosa.feature.melspectrogram(y=y, sr=sr, pad_mode="reflect")
    decibels: Float32Array = librosa.power_to_db(mel, ref=np.max)
    return decibels


@pytest.mark.parametrize(
    ("y", "sr"),
    [
        (music_like(duration=5), SR),
        (music_like(duration=2, sr=44_100), 44_100),
        (music_like(duration=2, sr=8000), 8000),
        (noise(duration=2), SR),
        (clicks(120, duration=3), SR),
        (np.concatenate([silence(duration=1), noise(duration=1)]), SR),
        (music_like(duration=2048 / SR), SR),
    ],
    ids=["music", "44.1 kHz", "8 kHz", "noise", "clicks", "half silence", "short"],
)
def test_logmel_equals_librosa(y: Float32Array, sr: int) -> None:
    found, expected = LOGMEL(y, sr=sr), librosa_logmel(y, sr=sr)
    assert (found.shape, found.dtype) == (expected.shape, np.float32)
    assert found.max() == 0
    assert found.min() >= -80
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)


def test_logmel_of_a_tone_equals_librosa_down_to_rounding() -> None:
    # Bands 70 dB below the tone hold little but the rounding of the transform.
    y = sine(441.7)
    found, expected = LOGMEL(y, sr=SR), librosa_logmel(y, sr=SR)
    np.testing.assert_allclose(found, expected, rtol=0, atol=5e-3)
    np.testing.assert_allclose(found[expected > -60], expected[expected > -60], rtol=0, atol=2e-4)


def test_logmel_of_silence_is_flat() -> None:
    assert not LOGMEL(silence(duration=1), sr=SR).any()
    assert not LOGMEL_GTZAN(silence(duration=1), sr=SR).any()


def test_logmel_does_not_depend_on_gain() -> None:
    y = music_like(duration=2)
    quiet = LOGMEL(y * np.float32(0.25), sr=SR)
    np.testing.assert_allclose(quiet, LOGMEL(y, sr=SR), rtol=0, atol=1e-4)


@pytest.mark.parametrize("n_frames", [1, 2, 4, 5, 65, 130, 1282, 1293, 1304, 4000])
def test_archive_columns(n_frames: int) -> None:
    expected = []
    column = 0
    while (frame := int((column + 0.5) * 1293 / 387.5)) < n_frames:
        expected.append(frame)
        column += 1
    assert archive_columns(n_frames).tolist() == expected


@pytest.mark.parametrize("n_frames", [1283, 1290, 1292, 1293, 1296, 1303])
def test_archive_columns_of_a_clip_as_long_as_an_excerpt(n_frames: int) -> None:
    expected = [int((column + 0.5) * n_frames / 387.5) for column in range(387)]
    assert archive_columns(n_frames).tolist() == expected


def test_quantise_spans_all_bits() -> None:
    levels = np.linspace(-80, 0, 257, dtype=np.float32)
    assert quantise(levels).tolist() == [*range(256), 255]
    assert quantise(levels + 3).dtype == np.uint8
    assert not quantise(np.full((2, 3), -80, dtype=np.float32)).any()


@pytest.mark.parametrize("n_samples", [1, 2048, 66_150, 661_500])
def test_logmel_gtzan_is_made_of_logmel(n_samples: int) -> None:
    y = music_like(duration=n_samples / SR)
    found = extract(y, sr=SR, sets=("logmel", "logmel_gtzan"))
    logmel, small = found["logmel"], found["logmel_gtzan"]
    q = (logmel - logmel.min()) / (logmel.max() - logmel.min())
    expected = np.minimum(255, np.floor(256 * q)).astype(np.uint8)
    columns = archive_columns(logmel.shape[1])[1:]
    assert (small.dtype, small.shape) == (np.uint8, (128, len(columns)))
    np.testing.assert_array_equal(small, expected[:, columns])


@pytest.fixture(scope="module")
def archive(data: Path) -> dict[str, np.ndarray[Any, np.dtype[np.uint8]]]:
    with np.load(data / "gtzan" / "logmel_u8.npz") as file:
        return dict(zip(file["name"].tolist(), file["X"], strict=True))


@pytest.mark.realdata
@pytest.mark.parametrize(
    "genre",
    ["blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock"],
)
def test_excerpt_equals_the_archive(
    data: Path, archive: dict[str, np.ndarray[Any, np.dtype[np.uint8]]], genre: str
) -> None:
    y, sr = load(data / "gtzan" / "audio" / "full_30s" / f"{genre}.00000.flac")
    logmel = LOGMEL(y, sr=sr)
    n_frames = logmel.shape[1]
    expected = archive[f"{genre}.00000"]
    columns = np.floor((np.arange(387) + 0.5) * n_frames / 387.5).astype(int)
    found = quantise(logmel)[:, columns]
    # Column 0 was made with silence before the clip. What is apart is so by one.
    assert np.mean(found[:, 1:] != expected[:, 1:]) <= 1e-4
    np.testing.assert_array_equal(LOGMEL_GTZAN(y, sr=sr), found[:, 1:])
