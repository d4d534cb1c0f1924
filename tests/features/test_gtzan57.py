"""The 57 features equal librosa's, and the public table."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from librosa_reference import NAMES, SCALE, librosa57

from earmark.audio import load
from earmark.features import GTZAN57, gtzan57
from earmark.testing import clicks, music_like, noise, silence, sine
from earmark.types import Float32Array, FloatArray

TEMPO = NAMES.index("tempo")

PIECES = [
    "blues_wet_shoes",
    "classical_morning_fugue",
    "country_gatepost",
    "disco_mirrorball",
    "hiphop_dust_jacket",
    "jazz_lamplight",
    "metal_ironmonger",
    "reggae_low_tide",
]


def fade(y: Float32Array) -> Float32Array:
    return (y * np.linspace(0, 1, len(y))).astype(np.float32)


SIGNALS = {
    "music": music_like(duration=8, bpm=100, seed=3),
    "fast music": music_like(duration=8, bpm=170, seed=4),
    "noise": noise(duration=4),
    "loud noise": np.clip(noise(duration=2, amplitude=2), -1, 1),
    "faint noise": noise(duration=2, amplitude=1e-4),
    "fading noise": fade(noise(duration=4)),
    "tone": sine(441.7, duration=4),
    "detuned chord": sum((sine(f, amplitude=0.2) for f in (226.1, 284.9, 338.7)), silence()),
    "clicks": clicks(97, duration=10),
    "one sample": np.array([0.25], dtype=np.float32),
    "half a hop": noise(duration=300 / 22_050),
    "two frames": noise(duration=700 / 22_050),
    "three frames": music_like(duration=1100 / 22_050),
    "less than a frame": music_like(duration=1700 / 22_050),
    "a frame": music_like(duration=2048 / 22_050),
    "silence": silence(duration=2),
    "sound, then silence": np.concatenate([music_like(duration=2), silence(duration=2)]),
}


def assert_close(found: FloatArray, expected: FloatArray, scale: FloatArray) -> None:
    error = np.abs(found - expected) / np.maximum(np.abs(expected), scale)
    worst = int(error.argmax())
    assert error[worst] <= 1e-4, (
        f"{NAMES[worst]} is {found[worst]}, not {expected[worst]}: {error[worst]:.1e} apart"
    )
    assert found[TEMPO] == pytest.approx(expected[TEMPO], rel=1e-12)


def test_names_are_in_the_order_of_the_public_table() -> None:
    assert list(GTZAN57.names) == NAMES


@pytest.mark.parametrize("name", SIGNALS)
def test_synthetic_signals_equal_librosa(name: str) -> None:
    y = SIGNALS[name]
    assert_close(gtzan57(y, sr=22_050), librosa57(y, sr=22_050), SCALE)


@pytest.mark.parametrize("sr", [8000, 16_000, 44_100])
def test_other_sampling_rates_equal_librosa(sr: int) -> None:
    y = music_like(duration=5, sr=sr, seed=6)
    assert_close(gtzan57(y, sr=sr), librosa57(y, sr=sr), SCALE)


@pytest.mark.parametrize("piece", PIECES)
def test_music_equals_librosa(examples: Path, piece: str) -> None:
    y, sr = load(examples / f"{piece}.ogg", offset=4, duration=9)
    assert_close(gtzan57(y, sr=sr), librosa57(y, sr=sr), SCALE)


def test_whole_piece_equals_librosa(examples: Path) -> None:
    y, sr = load(examples / "jazz_lamplight.ogg")
    assert_close(gtzan57(y, sr=sr), librosa57(y, sr=sr), SCALE)


def test_every_example_is_compared(examples: Path) -> None:
    assert sorted(path.stem for path in examples.glob("*.ogg")) == PIECES


@pytest.fixture(scope="module")
def public_table(data: Path) -> dict[str, FloatArray]:
    """Return the rows of the public table by the name of the excerpt."""
    with (data / "gtzan" / "features_30_sec.csv").open(newline="") as file:
        return {
            row["filename"].removesuffix(".wav"): np.array([float(row[name]) for name in NAMES])
            for row in csv.DictReader(file)
        }


@pytest.mark.realdata
@pytest.mark.parametrize(
    "genre",
    ["blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock"],
)
def test_excerpt_equals_the_public_table(
    data: Path, public_table: dict[str, FloatArray], genre: str
) -> None:
    y, sr = load(data / "gtzan" / "audio" / "full_30s" / f"{genre}.00000.flac")
    spread = np.std(list(public_table.values()), axis=0)
    assert_close(GTZAN57(y, sr=sr), public_table[f"{genre}.00000"], spread)
