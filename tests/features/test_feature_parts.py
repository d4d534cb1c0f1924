"""Each step equals the librosa function it stands for."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import pytest

from earmark.audio import load
from earmark.features._chroma import chroma_stft, estimate_tuning
from earmark.features._filters import chroma_filters, hz_to_octs, mel_filters
from earmark.features._hpss import harmonic_mask, hpss
from earmark.features._rhythm import onset_strength, tempo
from earmark.features._spectral import (
    melspectrogram,
    mfcc,
    power_to_db,
    rms,
    spectral_bandwidth,
    spectral_centroid,
    spectral_rolloff,
    zero_crossing_rate,
)
from earmark.features._spectrum import fft_frequencies, istft, n_frames, stft
from earmark.testing import clicks, music_like, noise, sine
from earmark.types import Complex64Array, Float32Array

SR = 22_050


@dataclass(frozen=True)
class Case:
    """A signal with librosa's spectra of it, frames as columns."""

    y: Float32Array
    D: Complex64Array
    S: Float32Array
    power: Float32Array
    mel: Float32Array


@pytest.fixture(scope="module", params=["music", "noise", "tone", "clicks", "jazz", "metal"])
def case(request: pytest.FixtureRequest, examples: Path) -> Case:
    """Return signals of several kinds, one after the other."""
    match request.param:
        case "music":
            y = music_like(duration=5, seed=2)
        case "noise":
            y = noise(duration=3)
        case "tone":
            y = sine(441.7, duration=3)
        case "clicks":
            y = clicks(120, duration=6)
        case "jazz":
            y, _ = load(examples / "jazz_lamplight.ogg", offset=10, duration=5.01)
        case _:
            y, _ = load(examples / "metal_ironmonger.ogg", offset=3, duration=5)
    D = librosa.stft(y, pad_mode="reflect")
    S = np.abs(D)
    return Case(y=y, D=D, S=S, power=S**2, mel=librosa.feature.melspectrogram(S=S**2, sr=SR))


def quietly(function: Callable[..., Any], **arguments: Any) -> Any:
    """Call a function of librosa on a signal so short, or of so little pitch, that it warns."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "n_fft=2048 is too large", UserWarning)
        warnings.filterwarnings("ignore", "Trying to estimate tuning", UserWarning)
        return function(**arguments)


def rows(X: Float32Array) -> Float32Array:
    """Turn librosa's columns into rows."""
    return np.ascontiguousarray(X.T)


@pytest.mark.parametrize("pad_mode", ["reflect", "constant"])
def test_stft(case: Case, pad_mode: str) -> None:
    expected = librosa.stft(case.y, pad_mode=pad_mode).T
    found = stft(case.y, pad_mode=pad_mode)
    assert (found.shape, found.dtype) == (expected.shape, np.complex64)
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-6 * np.abs(expected).max())


@pytest.mark.parametrize("n_samples", [1, 2, 511, 512, 513, 1024, 1025, 2047, 2048, 2049, 5000])
@pytest.mark.parametrize("pad_mode", ["reflect", "constant"])
def test_stft_of_a_short_signal(n_samples: int, pad_mode: str) -> None:
    y = noise(duration=n_samples / SR)
    expected = quietly(librosa.stft, y=y, pad_mode=pad_mode).T
    found = stft(y, pad_mode=pad_mode)
    assert len(found) == n_frames(n_samples) == len(expected)
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-6 * np.abs(expected).max())


def test_istft(case: Case) -> None:
    expected = librosa.istft(case.D)
    found = istft(rows(case.D))
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


def test_istft_of_a_changed_spectrum(case: Case) -> None:
    changed = (case.D * np.linspace(0, 1, 1025)[:, np.newaxis]).astype(np.complex64)
    np.testing.assert_allclose(istft(rows(changed)), librosa.istft(changed), rtol=0, atol=1e-6)


@pytest.mark.parametrize("sr", [8000, SR, 22_050.5, 44_100])
def test_fft_frequencies(sr: float) -> None:
    expected = librosa.fft_frequencies(sr=sr, n_fft=2048)
    np.testing.assert_allclose(fft_frequencies(sr=sr), expected, rtol=1e-12)


@pytest.mark.parametrize("sr", [8000, 16_000, SR, 32_000, 44_100])
def test_mel_filters(sr: int) -> None:
    expected = librosa.filters.mel(sr=sr, n_fft=2048)
    np.testing.assert_allclose(mel_filters(sr=sr), expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("sr", [8000, SR, 44_100])
@pytest.mark.parametrize("tuning", [-0.5, -0.31, -0.01, 0.0, 0.17, 0.49])
def test_chroma_filters(sr: int, tuning: float) -> None:
    expected = librosa.filters.chroma(sr=sr, n_fft=2048, tuning=tuning)
    np.testing.assert_allclose(chroma_filters(sr=sr, tuning=tuning), expected, atol=1e-6)


@pytest.mark.parametrize("tuning", [-0.5, 0.0, 0.3])
def test_hz_to_octs(tuning: float) -> None:
    f = np.geomspace(1, 20_000, 50)
    expected = librosa.hz_to_octs(f, tuning=tuning)
    np.testing.assert_allclose(hz_to_octs(f, tuning=tuning), expected, rtol=0, atol=1e-12)


def test_spectral_centroid(case: Case) -> None:
    expected = librosa.feature.spectral_centroid(S=case.S, sr=SR)[0]
    np.testing.assert_allclose(spectral_centroid(rows(case.S), sr=SR), expected, rtol=1e-5)


def test_spectral_bandwidth(case: Case) -> None:
    centroid = librosa.feature.spectral_centroid(S=case.S, sr=SR)
    expected = librosa.feature.spectral_bandwidth(S=case.S, sr=SR, centroid=centroid)[0]
    found = spectral_bandwidth(rows(case.S), sr=SR, centroid=centroid[0])
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("roll_percent", [0.1, 0.85, 0.99])
def test_spectral_rolloff(case: Case, roll_percent: float) -> None:
    expected = librosa.feature.spectral_rolloff(S=case.S, sr=SR, roll_percent=roll_percent)[0]
    found = spectral_rolloff(rows(case.S), sr=SR, roll_percent=roll_percent)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_rms(case: Case) -> None:
    expected = librosa.feature.rms(y=case.y, pad_mode="reflect")[0]
    np.testing.assert_allclose(rms(case.y), expected, rtol=1e-5, atol=1e-9)


def test_zero_crossing_rate(case: Case) -> None:
    expected = librosa.feature.zero_crossing_rate(case.y)[0]
    np.testing.assert_array_equal(zero_crossing_rate(case.y), expected)


def test_zero_crossings_of_samples_next_to_nothing() -> None:
    y = np.tile(np.array([1e-11, -1e-11, 0.5, -0.0, -0.5, 0.0], dtype=np.float32), 1000)
    expected = librosa.feature.zero_crossing_rate(y)[0]
    assert expected.max() > 0.2
    np.testing.assert_array_equal(zero_crossing_rate(y), expected)


def test_melspectrogram(case: Case) -> None:
    found = melspectrogram(rows(case.power), sr=SR)
    np.testing.assert_allclose(found, rows(case.mel), rtol=1e-4, atol=1e-6 * case.mel.max())


@pytest.mark.parametrize("ref", [1.0, 0.5, 1e-12, 40.0])
def test_power_to_db(case: Case, ref: float) -> None:
    expected = librosa.power_to_db(case.mel, ref=ref)
    np.testing.assert_allclose(power_to_db(rows(case.mel), ref=ref), rows(expected), atol=1e-4)


def test_power_to_db_of_nothing() -> None:
    np.testing.assert_allclose(power_to_db(np.zeros((3, 4), dtype=np.float32)), -100, rtol=1e-6)


@pytest.mark.parametrize("n_mfcc", [13, 20, 128])
def test_mfcc(case: Case, n_mfcc: int) -> None:
    expected = librosa.feature.mfcc(S=librosa.power_to_db(case.mel), n_mfcc=n_mfcc)
    np.testing.assert_allclose(mfcc(rows(case.mel), n_mfcc=n_mfcc), rows(expected), atol=1e-3)


def test_estimate_tuning(case: Case) -> None:
    expected = quietly(librosa.estimate_tuning, S=case.power, sr=SR, n_fft=2048)
    assert estimate_tuning(rows(case.power), sr=SR) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("sr", [8000, SR, 44_100])
@pytest.mark.parametrize("cents", [-50, -37, -12, 0, 8, 21, 44])
def test_estimate_tuning_of_detuned_chords(cents: int, sr: int) -> None:
    notes = 440 * 2 ** ((np.array([-9, -5, 0, 3, 10, 15]) + cents / 100) / 12)
    y = sum((sine(f, sr=sr, duration=2, amplitude=0.1) for f in notes), noise(duration=2, sr=sr))
    power = np.abs(librosa.stft(y, pad_mode="reflect")) ** 2
    expected = librosa.estimate_tuning(S=power, sr=sr, n_fft=2048)
    assert estimate_tuning(rows(power), sr=sr) == pytest.approx(expected, abs=1e-12)


def test_chroma_stft(case: Case) -> None:
    expected = quietly(librosa.feature.chroma_stft, S=case.power, sr=SR)
    np.testing.assert_allclose(chroma_stft(rows(case.power), sr=SR), rows(expected), atol=1e-5)


def test_chroma_of_silence_is_zero() -> None:
    assert not chroma_stft(np.zeros((4, 1025), dtype=np.float32), sr=SR).any()


def test_harmonic_mask(case: Case) -> None:
    harmonic, percussive = librosa.decompose.hpss(case.S, mask=True)
    found = harmonic_mask(rows(case.S))
    np.testing.assert_allclose(found, rows(harmonic), rtol=0, atol=1e-6)
    np.testing.assert_allclose(1 - found, rows(percussive), rtol=0, atol=1e-6)


@pytest.mark.parametrize("scale", [1e-30, 1e-22, 1.0, 1e25])
def test_harmonic_mask_does_not_depend_on_scale(scale: float) -> None:
    S = np.random.default_rng(3).random((1025, 20), dtype=np.float32) * np.float32(scale)
    expected = librosa.decompose.hpss(S, mask=True)[0]
    assert expected.std() > 0.1
    np.testing.assert_allclose(harmonic_mask(rows(S)), rows(expected), rtol=0, atol=1e-6)


def test_harmonic_mask_of_silence_is_a_half() -> None:
    assert (harmonic_mask(np.zeros((5, 1025), dtype=np.float32)) == 0.5).all()


def test_hpss(case: Case) -> None:
    parts = hpss(case.y, rows(case.D), rows(case.S))
    for found, spectrum in zip(parts, librosa.decompose.hpss(case.D), strict=True):
        expected = librosa.istft(spectrum)
        assert len(found) == len(case.y)
        np.testing.assert_allclose(found[: len(expected)], expected, rtol=0, atol=2e-6)
        assert not found[len(expected) :].any()


def test_parts_add_up_as_far_as_whole_frames_reach(case: Case) -> None:
    harmonic, percussive = hpss(case.y, rows(case.D), rows(case.S))
    end = 512 * (case.D.shape[1] - 1)
    np.testing.assert_allclose((harmonic + percussive)[:end], case.y[:end], rtol=0, atol=1e-6)


def mel_of_silent_ends(y: Float32Array, *, sr: float) -> Float32Array:
    mel: Float32Array = librosa.feature.melspectrogram(y=y, sr=sr, pad_mode="constant")
    return rows(mel)


def test_onset_strength(case: Case) -> None:
    expected = librosa.onset.onset_strength(y=case.y, sr=SR, aggregate=np.median)
    found = onset_strength(mel_of_silent_ends(case.y, sr=SR))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-3)


def assert_tempo_equals_librosa(y: Float32Array, *, sr: int) -> None:
    expected, _ = librosa.beat.beat_track(y=y, sr=sr)
    found = tempo(onset_strength(mel_of_silent_ends(y, sr=sr)), sr=sr)
    assert found == pytest.approx(float(np.ravel(expected)[0]), rel=1e-12)


def test_tempo(case: Case) -> None:
    assert_tempo_equals_librosa(case.y, sr=SR)


@pytest.mark.parametrize("bpm", [50, 75, 93, 120, 150, 185, 240])
def test_tempo_of_music_at_many_tempi(bpm: int) -> None:
    y = music_like(duration=12, bpm=bpm, seed=bpm)
    assert tempo(onset_strength(mel_of_silent_ends(y, sr=SR)), sr=SR) > 0
    assert_tempo_equals_librosa(y, sr=SR)


@pytest.mark.parametrize("sr", [8000, 16_000, 44_100])
def test_tempo_at_other_rates(sr: int) -> None:
    assert_tempo_equals_librosa(music_like(duration=10, bpm=110, sr=sr), sr=sr)


@pytest.mark.parametrize("n_frames", [1, 2, 50])
def test_tempo_without_an_onset_is_zero(n_frames: int) -> None:
    assert tempo(np.zeros(n_frames, dtype=np.float32), sr=SR) == 0
