"""What the 57 features are of input that is hardly music, and what they don't depend on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.errors import ParameterError
from earmark.features import GTZAN57, gtzan57
from earmark.testing import clicks, music_like, noise, silence, sine
from earmark.types import FloatArray

SR = 22_050


def feature(values: FloatArray, name: str) -> float:
    return float(values[GTZAN57.names.index(name)])


@pytest.mark.parametrize("n_samples", [1, 511, 2048, 44_100])
def test_silence_is_zero_but_for_its_cepstrum(n_samples: int) -> None:
    values = gtzan57(np.zeros(n_samples, dtype=np.float32), sr=SR)
    expected = np.zeros(57)
    # The orthonormal DCT of 128 bands at -100 dB.
    expected[GTZAN57.names.index("mfcc1_mean")] = -100 * 128**0.5
    # A sum of 128 numbers in single precision, and it cancels but for the first coefficient.
    np.testing.assert_allclose(values, expected, rtol=2e-6, atol=5e-5)
    assert feature(values, "tempo") == 0


@pytest.mark.parametrize(
    "n_samples", [1, 2, 3, 511, 512, 513, 1023, 1024, 1025, 2047, 2048, 2049, 4097]
)
@pytest.mark.parametrize("make", [noise, music_like], ids=["noise", "music"])
def test_short_signals_have_finite_features(make: Callable[..., Any], n_samples: int) -> None:
    values = gtzan57(make(duration=n_samples / SR), sr=SR)
    assert values.shape == (57,)
    assert np.isfinite(values).all()
    assert feature(values, "rms_mean") > 0


@pytest.mark.parametrize(
    "y",
    [
        np.clip(music_like(duration=3) * 20, -1, 1),
        music_like(duration=3) * np.float32(100),
        np.full(30_000, 0.5, dtype=np.float32),
        np.tile(np.array([1, -1], dtype=np.float32), 15_000),
        np.eye(1, 30_000, 15_000, dtype=np.float32)[0],
        music_like(duration=1) * np.float32(1e-30),
        np.full(30_000, 1e-42, dtype=np.float32),
    ],
    ids=["clipped", "beyond full scale", "constant", "nyquist", "impulse", "faint", "denormal"],
)
def test_extreme_signals_have_finite_features(y: FloatArray) -> None:
    values = gtzan57(y, sr=SR)
    assert values.shape == (57,)
    assert np.isfinite(values).all()


def test_clipped_signal_is_taken_as_it_is() -> None:
    square = np.sign(sine(100, duration=2) + np.float32(1e-6)).astype(np.float32)
    assert feature(gtzan57(square, sr=SR), "rms_mean") == pytest.approx(1, abs=1e-6)
    louder = gtzan57(square * np.float32(4), sr=SR)
    assert feature(louder, "rms_mean") == pytest.approx(4, abs=1e-5)


@pytest.mark.parametrize("amplitude", [1e19, 1e30, 3e38, 1e300])
def test_samples_too_large_to_square_give_no_nan(amplitude: float) -> None:
    y = amplitude * sine(440, duration=1, amplitude=1).astype(np.float64)
    try:
        values = gtzan57(y, sr=SR)
    except ParameterError:
        return
    assert np.isfinite(values).all()


@pytest.mark.parametrize("dtype", [np.float16, np.float64, np.longdouble, ">f4"])
def test_any_floating_point_is_accepted(dtype: Any) -> None:
    y = noise(duration=1).astype(np.float16)
    expected = gtzan57(y.astype(np.float32), sr=SR)
    np.testing.assert_array_equal(gtzan57(y.astype(dtype), sr=SR), expected)


def test_input_is_not_changed() -> None:
    y = music_like(duration=2)
    before = y.copy()
    gtzan57(y, sr=SR)
    np.testing.assert_array_equal(y, before)


def test_read_only_and_strided_input_is_accepted() -> None:
    y = music_like(duration=2)
    strided = np.repeat(y, 2)[::2]
    strided.flags.writeable = False
    np.testing.assert_array_equal(gtzan57(strided, sr=SR), gtzan57(y, sr=SR))


def test_same_signal_gives_the_same_bytes() -> None:
    y = music_like(duration=3)
    assert gtzan57(y, sr=SR).tobytes() == gtzan57(y.copy(), sr=SR).tobytes()


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.zeros(4000, dtype=np.int16), "int16"),
        (np.zeros(4000, dtype=bool), "bool"),
        (np.zeros(4000, dtype=np.complex64), "complex64"),
        (np.zeros((2, 4000)), r"\(2, 4000\)"),
        (np.zeros((4000, 1)), r"\(4000, 1\)"),
        (np.zeros(0), r"\(0,\)"),
        (np.float32(0.5), r"shape \(\)"),
        (np.array([0.1, np.nan, 0.2]), "sample 1"),
        (np.array([0.1, 0.2, np.inf]), "sample 2"),
        (np.array([-np.inf, 0.2, 0.3]), "sample 0"),
    ],
    ids=["int", "bool", "complex", "rows", "column", "empty", "scalar", "nan", "inf", "-inf"],
)
def test_bad_signal_is_refused(y: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        gtzan57(y, sr=SR)


@pytest.mark.parametrize("sr", [0, -22_050, float("nan"), float("inf")])
def test_bad_sampling_rate_is_refused(sr: float) -> None:
    with pytest.raises(ParameterError, match="sr="):
        gtzan57(noise(duration=1), sr=sr)


@pytest.mark.parametrize("sr", [1, 63, 64, 100, 127, 128, 500])
def test_low_sampling_rate_is_refused_or_has_finite_features(sr: int) -> None:
    try:
        values = gtzan57(noise(duration=1), sr=sr)
    except ParameterError:
        return
    assert np.isfinite(values).all()


@pytest.mark.parametrize("sr", [22_050, 44_100])
@pytest.mark.parametrize("frequency", [1000, 5000])
def test_centroid_of_a_tone_is_its_frequency(sr: int, frequency: int) -> None:
    values = gtzan57(sine(frequency, sr=sr, duration=4), sr=sr)
    assert feature(values, "spectral_centroid_mean") == pytest.approx(frequency, rel=0.01)
    assert feature(values, "zero_crossing_rate_mean") == pytest.approx(2 * frequency / sr, rel=0.01)
    assert feature(values, "rms_mean") == pytest.approx(0.5 / 2**0.5, rel=0.01)


@pytest.mark.parametrize("bpm", [80, 100, 120, 140])
def test_tempo_of_clicks_is_theirs(bpm: int) -> None:
    # Lags are whole frames, some 4 % apart at the fastest of these.
    assert feature(gtzan57(clicks(bpm), sr=SR), "tempo") == pytest.approx(bpm, rel=0.03)


def test_tone_is_harmonic_and_clicks_are_percussive() -> None:
    tone = gtzan57(sine(440, duration=4), sr=SR)
    struck = gtzan57(clicks(120, duration=4), sr=SR)
    assert feature(tone, "harmony_var") > 20 * feature(tone, "perceptr_var")
    assert feature(struck, "perceptr_var") > 20 * feature(struck, "harmony_var")


MUSIC = music_like(duration=6, seed=11)
WITHOUT_GAIN = [
    GTZAN57.names.index(name)
    for name in (
        *(
            f"{name}_{statistic}"
            for name in (
                "chroma_stft",
                "spectral_centroid",
                "spectral_bandwidth",
                "rolloff",
                "zero_crossing_rate",
            )
            for statistic in ("mean", "var")
        ),
        "tempo",
    )
]
REFERENCE = gtzan57(MUSIC, sr=SR)


@given(gain=st.floats(0.1, 1))
@settings(derandomize=True, deadline=None, max_examples=20)
def test_gain_changes_neither_pitch_nor_colour_nor_tempo(gain: float) -> None:
    values = gtzan57(MUSIC * np.float32(gain), sr=SR)
    np.testing.assert_allclose(values[WITHOUT_GAIN], REFERENCE[WITHOUT_GAIN], rtol=1e-3)


@given(gain=st.floats(0.1, 1))
@settings(derandomize=True, deadline=None, max_examples=5)
def test_gain_scales_loudness(gain: float) -> None:
    values = gtzan57(MUSIC * np.float32(gain), sr=SR)
    for name, power in (("rms_mean", 1), ("rms_var", 2), ("harmony_var", 2), ("perceptr_var", 2)):
        expected = feature(REFERENCE, name) * gain**power
        assert feature(values, name) == pytest.approx(expected, rel=1e-4)


def test_sign_does_not_matter() -> None:
    flipped = gtzan57(-MUSIC, sr=SR)
    np.testing.assert_allclose(flipped[WITHOUT_GAIN], REFERENCE[WITHOUT_GAIN], rtol=1e-3)
    names = ("harmony_mean", "perceptr_mean")
    for name in names:
        assert feature(flipped, name) == pytest.approx(-feature(REFERENCE, name), rel=1e-3)


def test_silence_of_any_length_is_the_same() -> None:
    short, long = (gtzan57(silence(duration=seconds), sr=SR) for seconds in (0.1, 5))
    np.testing.assert_allclose(short, long, rtol=1e-6, atol=1e-9)
