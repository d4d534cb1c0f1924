"""What frames do and don't depend on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.features._pass import Spectra, spectral_pass
from earmark.features._rhythm import tempo
from earmark.features._signal import rms_and_crossings
from earmark.testing import music_like, sine
from earmark.types import Float32Array, FloatArray

SR = 22_050


def per_frame(spectra: Spectra) -> dict[str, Float32Array | FloatArray]:
    """Return everything that frames have, taken out of the memory that passes share."""
    rms, crossings = rms_and_crossings(spectra.y, spectra.padded)
    return {
        "centroid": spectra.centroid,
        "bandwidth": spectra.bandwidth,
        "rolloff": spectra.rolloff,
        "chroma": spectra.chroma,
        "mel": spectra.mel.copy(),
        "decibels": spectra.decibels.copy(),
        "magnitudes": spectra.magnitudes.copy(),
        "rms": rms,
        "crossings": crossings,
    }


def tempo_of(spectra: Spectra) -> float:
    return tempo(spectra.onset_strength, sr=spectra.sr)


MUSIC = music_like(duration=5, seed=21)
SPECTRA = spectral_pass(MUSIC, sr=SR)
FRAMES, TEMPO = per_frame(SPECTRA), tempo_of(SPECTRA)


@given(gain=st.floats(0.1, 1))
@settings(derandomize=True, deadline=None, max_examples=20)
def test_gain_changes_no_frame(gain: float) -> None:
    spectra = spectral_pass(MUSIC * np.float32(gain), sr=SR)
    found = per_frame(spectra)
    for name in ("centroid", "bandwidth"):
        np.testing.assert_allclose(found[name], FRAMES[name], rtol=1e-5)
    np.testing.assert_allclose(found["chroma"], FRAMES["chroma"], rtol=0, atol=1e-4)
    # Another bin where the running sum is within rounding of 85 %.
    moved = np.abs(found["rolloff"] - FRAMES["rolloff"])
    assert moved.max() <= 1.01 * SR / 2048
    assert np.mean(moved > 0) <= 0.02
    np.testing.assert_array_equal(found["crossings"], FRAMES["crossings"])
    assert tempo_of(spectra) == TEMPO


@given(n_samples=st.integers(3000, len(MUSIC)), n_silent=st.integers(1, 60_000))
@settings(derandomize=True, deadline=None, max_examples=20)
def test_appended_silence_changes_no_frame_before_it(n_samples: int, n_silent: int) -> None:
    y = MUSIC[:n_samples]
    alone = spectral_pass(y, sr=SR)
    tuning = np.sort(alone.peaks[0]).copy()
    before = per_frame(alone)
    longer = spectral_pass(np.append(y, np.zeros(n_silent, dtype=np.float32)), sr=SR)
    after = per_frame(longer)
    # Frame t ends at 512 t + 1024.
    n = (n_samples - 1024 - 1024) // 512 + 1
    assert n >= 1
    for name, expected in before.items():
        if name == "chroma" and len(tuning) != longer.peaks.shape[1]:
            continue  # a clip is tuned as a whole, and the last frames have other peaks
        np.testing.assert_array_equal(after[name][:n], expected[:n], err_msg=name)


@pytest.mark.parametrize("sr", [22_050, 44_100])
@given(frequency=st.floats(200, 10_000))
@settings(derandomize=True, deadline=None, max_examples=15)
def test_centroid_of_a_sine_is_its_frequency(sr: int, frequency: float) -> None:
    y = sine(frequency, sr=sr, duration=0.5)
    centroid = spectral_pass(y, sr=sr).centroid
    # Not the frames that see the mirrored ends, where the phase jumps.
    np.testing.assert_allclose(centroid[2:-3], frequency, rtol=0.01)
