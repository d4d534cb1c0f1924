"""The 57 features against librosa: on every recording there is, and on signals of the worst kind.

With ``EARMARK_ALL=1`` the recordings are all compared, which takes librosa four minutes, and the
worst difference of each set is printed (``pytest -s``).
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from librosa_reference import NAMES, SCALE, librosa57

from earmark.audio import AUDIO_SUFFIXES, load
from earmark.features import gtzan57
from earmark.testing import clicks, music_like, noise, silence, sine
from earmark.types import Float32Array, FloatArray

SR = 22_050
TEMPO = NAMES.index("tempo")
CHROMA = slice(NAMES.index("chroma_stft_mean"), NAMES.index("chroma_stft_var") + 1)


def differences(found: FloatArray, expected: FloatArray, scale: FloatArray) -> FloatArray:
    return np.asarray(np.abs(found - expected) / np.maximum(np.abs(expected), scale))


def recordings(folder: Path, sample: int | None, largest: int) -> list[Path]:
    """Return the recordings below a folder, or a sample of those that are not too large."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in AUDIO_SUFFIXES)
    if sample is None or os.environ.get("EARMARK_ALL") == "1":
        return paths
    small = [path for path in paths if path.stat().st_size <= largest]
    chosen = np.random.default_rng(3).permutation(len(small))[:sample]
    return [small[i] for i in sorted(chosen)]


# rolloff is a whole bin: where the running sum comes within rounding of 85 %, a frame may fall on
# the next one, and its variance is what differs most.
@pytest.mark.realdata
@pytest.mark.parametrize(
    ("folder", "sample", "largest"),
    [
        ("gtzan/audio/full_30s", 3, 10**9),
        ("gtzan/audio/first_15_20s", 5, 10**9),
        ("music", 3, 150_000),
        pytest.param("gtzan/audio/full_30s", None, 0, marks=pytest.mark.slow),
        pytest.param("gtzan/audio/first_15_20s", 12, 10**9, marks=pytest.mark.slow),
        pytest.param("music", 6, 150_000, marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_recordings_equal_librosa(
    data: Path, folder: str, sample: int | None, largest: int
) -> None:
    paths = recordings(data / folder, sample, largest)
    assert len(paths) >= (sample or 10)
    rows = []
    for path in paths:
        y, sr = load(path)
        rows.append((gtzan57(y, sr=sr), librosa57(y, sr=sr)))
    found, expected = np.swapaxes(rows, 0, 1)
    np.testing.assert_allclose(found[:, TEMPO], expected[:, TEMPO], rtol=1e-12)
    apart = differences(found, expected, expected.std(axis=0))
    worst = [
        f"{NAMES[column]} {apart[:, column].max():.1e} ({paths[apart[:, column].argmax()].name})"
        for column in np.argsort(-apart.max(axis=0))
    ]
    print(f"\n{folder}, {len(paths)} files:", *worst[:12], sep="\n    ")  # noqa: T201
    assert apart.max() <= 1e-4, worst[:5]


def first_samples(n: int) -> Float32Array:
    return music_like(duration=30, seed=8)[:n]


# What is stated for each: the most that any of the 57 is apart, as a part of the larger of its
# value and of SCALE.
STATED = {
    "sine at 60 Hz": (sine(60), 1e-5),
    "sine at 440 Hz": (sine(440), 1e-5),
    "sine at 9,000 Hz": (sine(9000), 1e-5),
    "clicks, 97 a minute": (clicks(97, duration=10), 1e-5),
    "silence": (silence(), 5e-6),
    "half silence": (np.concatenate([music_like(duration=4), silence(duration=4)]), 1e-5),
    "noise at -80 dB": (noise(amplitude=1e-4), 2e-6),
    "music at -80 dB": (music_like(duration=6) * np.float32(1e-4), 1e-4),
    "music at -440 dB": (music_like(duration=3) * np.float32(1e-22), 1e-4),
    "all but silence, then music": (
        np.concatenate([noise(duration=1, amplitude=1e-23), music_like(duration=3)]),
        1e-5,
    ),
    "white noise": (noise(duration=6, amplitude=0.25), 2e-6),
    "clipped square wave": (np.clip(20 * sine(440), -1, 1), 5e-6),
    "clipped square wave, low": (np.clip(20 * sine(100), -1, 1), 5e-6),
    "1 sample": (first_samples(1), 5e-6),
    "511 samples": (first_samples(511), 5e-6),
    "512 samples": (first_samples(512), 5e-6),
    "2,047 samples": (first_samples(2047), 5e-6),
    "2,048 samples": (first_samples(2048), 5e-6),
    "66,149 samples": (first_samples(66_149), 5e-6),
    "661,500 samples": (first_samples(661_500), 1e-4),
}


@pytest.mark.parametrize("name", STATED)
def test_signals_reach_the_stated_tolerance(name: str) -> None:
    y, stated = STATED[name]
    assert stated <= 1e-3
    expected = librosa57(y, sr=SR)
    apart = differences(gtzan57(y, sr=SR), expected, SCALE)
    worst = int(apart.argmax())
    print(f"\n{name}: {apart[worst]:.1e} ({NAMES[worst]})")  # noqa: T201
    assert apart[worst] <= stated, NAMES[worst]


def test_clicks_whose_tuning_librosa_does_not_know_either() -> None:
    # One click begins at the last sample of a frame. The spectrum of a single sample is flat but
    # for rounding, which makes the only peaks there are, and so the tuning. In double precision
    # librosa finds another tuning, and a chroma as far from its own.
    y = clicks(120, duration=10)
    found, single = gtzan57(y, sr=SR), librosa57(y, sr=SR)
    double = librosa57(y.astype(np.float64), sr=SR)
    apart = differences(found, single, SCALE)
    own = differences(single, double, SCALE)
    print(f"\nclicks, 120 a minute: {apart[CHROMA]}; librosa {own[CHROMA]}")  # noqa: T201
    assert own[CHROMA].max() > 1e-3
    assert apart[CHROMA].max() <= 1e-2
    assert np.delete(apart, np.r_[CHROMA]).max() <= 1e-5
