"""Spectral contrast equals librosa's."""

from __future__ import annotations

from pathlib import Path

import librosa
import numpy as np
import pytest
import scipy.fft

from earmark.audio import load
from earmark.errors import ParameterError
from earmark.features import CONTRAST, extract
from earmark.features._spectrum import WINDOW, framed, reflected
from earmark.testing import clicks, music_like, noise, silence, sine
from earmark.types import Float32Array, FloatArray


def librosa_contrast(S: Float32Array, *, sr: float) -> FloatArray:
    """Return mean and variance of librosa's bands, of a spectrogram with frames as columns."""
    bands = librosa.feature.spectral_contrast(S=S, sr=sr)
    return np.stack([bands.mean(axis=1), bands.var(axis=1)], axis=1).ravel()


@pytest.mark.parametrize(
    ("y", "sr"),
    [
        (music_like(duration=5, seed=2), 22_050),
        (music_like(duration=2, sr=44_100), 44_100),
        (music_like(duration=2, sr=16_000), 16_000),
        (noise(duration=2), 22_050),
        (clicks(120, duration=3), 22_050),
        (np.concatenate([music_like(duration=1), silence(duration=1)]), 22_050),
        (music_like(duration=0.05), 22_050),
    ],
    ids=["music", "44.1 kHz", "16 kHz", "noise", "clicks", "half silence", "short"],
)
def test_contrast_equals_librosa(y: Float32Array, sr: int) -> None:
    S = np.abs(librosa.stft(np.pad(y, 1024, mode="reflect"), center=False))
    expected = librosa_contrast(S, sr=sr)
    np.testing.assert_allclose(CONTRAST(y, sr=sr), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("y", "apart"), [(sine(441.7, duration=2), 1.0), (music_like(duration=5, seed=0), 1e-3)]
)
def test_contrast_of_rounding_is_that_of_single_precision(y: Float32Array, apart: float) -> None:
    # A valley 140 dB below the loudest bin, beside a tone or in a bin that happens to be zero, is
    # what rounding left there, and librosa's transform rounds less. Of such a spectrum in single
    # precision librosa makes the same; beside a pure tone, where there is nothing but rounding,
    # the same within a decibel, since two transforms round differently.
    S = np.abs(scipy.fft.rfft(framed(reflected(y)) * WINDOW, axis=1)).T
    found, exact = CONTRAST(y, sr=22_050), librosa_contrast(S, sr=22_050)
    np.testing.assert_allclose(found, exact, rtol=1e-3, atol=apart)


@pytest.mark.realdata
def test_contrast_of_recordings_equals_librosa(data: Path) -> None:
    paths = sorted((data / "gtzan" / "audio" / "full_30s").glob("*.flac"))
    rows = []
    for path in paths:
        y, sr = load(path)
        S = np.abs(librosa.stft(y, pad_mode="reflect"))
        rows.append((CONTRAST(y, sr=sr), librosa_contrast(S, sr=sr)))
    found, expected = np.swapaxes(rows, 0, 1)
    scale = np.maximum(np.abs(expected), expected.std(axis=0))
    apart = np.abs(found - expected) / scale
    # Where a recording ends below the top octave, its valleys there are rounding.
    assert apart[:, :-2].max() <= 1e-4
    assert apart.max() <= 2e-4


def test_names_are_mean_and_variance_of_each_band() -> None:
    expected = [f"contrast{band}_{what}" for band in range(1, 8) for what in ("mean", "var")]
    assert list(CONTRAST.names) == expected


def test_contrast_of_silence_is_zero() -> None:
    assert CONTRAST(silence(duration=1), sr=22_050).tolist() == [0.0] * 14


@pytest.mark.parametrize("sr", [1000, 8000, 11_025, 12_000, 12_800])
def test_too_low_a_rate_is_refused(sr: int) -> None:
    with pytest.raises(ParameterError, match=f"sr={sr} .* 12800 Hz"):
        extract(noise(duration=1, sr=sr), sr=sr, sets=("gtzan57", "contrast"))


def test_lowest_rate_is_accepted() -> None:
    assert np.isfinite(CONTRAST(noise(duration=1, sr=12_850), sr=12_850)).all()
