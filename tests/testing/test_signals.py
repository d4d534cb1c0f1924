"""The signals are what their names say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from earmark.testing import clicks, music_like, noise, silence, sine
from earmark.types import Float32Array

MAKERS: dict[str, Callable[..., Float32Array]] = {
    "silence": silence,
    "sine": lambda **settings: sine(440, **settings),
    "clicks": lambda **settings: clicks(120, **settings),
    "noise": noise,
    "music_like": music_like,
}


@pytest.fixture(params=MAKERS)
def make(request: pytest.FixtureRequest) -> Callable[..., Float32Array]:
    """Return each of the signals."""
    return MAKERS[request.param]


@pytest.mark.parametrize(
    ("duration", "sr", "n_samples"),
    [(1, 22_050, 22_050), (0.5, 8000, 4000), (1 / 3, 44_100, 14_700), (7.25, 22_050, 159_863 - 1)],
)
def test_length_is_duration_times_rate(
    make: Callable[..., Float32Array], duration: float, sr: int, n_samples: int
) -> None:
    y = make(duration=duration, sr=sr)
    assert (y.shape, y.dtype) == ((n_samples,), np.float32)


@pytest.mark.parametrize(
    ("function", "seconds"),
    [("silence", 3), ("sine", 3), ("noise", 3), ("clicks", 30), ("music_like", 30)],
)
def test_length_unless_told(function: str, seconds: int) -> None:
    assert len(MAKERS[function]()) == seconds * 22_050


def test_same_settings_give_the_same_bytes(make: Callable[..., Float32Array]) -> None:
    assert make(duration=2).tobytes() == make(duration=2).tobytes()


@pytest.mark.parametrize("function", [noise, music_like])
def test_seed_decides(function: Callable[..., Float32Array]) -> None:
    np.testing.assert_array_equal(function(seed=4), function(seed=4))
    assert not np.array_equal(function(seed=4), function(seed=5))
    np.testing.assert_array_equal(function(), function(seed=0))


def test_silence_is_zero() -> None:
    assert not silence().any()


@pytest.mark.parametrize(
    ("frequency", "sr", "amplitude"), [(440, 22_050, 0.5), (1000, 8000, 1.0), (27.5, 44_100, 0.1)]
)
def test_sine_has_its_frequency_and_peak(frequency: float, sr: int, amplitude: float) -> None:
    y = sine(frequency, duration=2, sr=sr, amplitude=amplitude)
    spectrum = np.abs(np.fft.rfft(y)) / len(y) * 2
    assert spectrum.argmax() == round(2 * frequency)
    assert spectrum.max() == pytest.approx(amplitude, rel=1e-4)
    assert np.delete(spectrum, spectrum.argmax()).max() < 1e-4 * amplitude
    assert y[0] == 0
    assert y[1] > 0


def test_sine_is_the_formula() -> None:
    t = np.arange(22_050) / 22_050
    expected = 0.25 * np.sin(2 * np.pi * 100 * t)
    np.testing.assert_allclose(sine(100, duration=1, amplitude=0.25), expected, atol=1e-7)


@pytest.mark.parametrize(("bpm", "count"), [(60, 10), (120, 20), (90, 15), (97, 17)])
def test_clicks_are_evenly_spaced(bpm: int, count: int) -> None:
    y = clicks(bpm, duration=10)
    at = np.flatnonzero(y == 1)
    assert len(at) == count
    np.testing.assert_allclose(at, np.arange(count) * 60 / bpm * 22_050, atol=1)
    assert y.min() == 0
    assert np.count_nonzero(y) == 64 * count


def test_click_at_the_end_is_cut() -> None:
    y = clicks(60, duration=1 + 10 / 22_050)
    np.testing.assert_allclose(y[-10:], np.exp(-np.arange(10) / 8), rtol=1e-6)


@pytest.mark.parametrize("amplitude", [0.1, 0.01])
def test_noise_is_white_and_as_loud_as_told(amplitude: float) -> None:
    y = noise(duration=10, amplitude=amplitude, seed=9)
    assert y.std() == pytest.approx(amplitude, rel=0.01)
    assert abs(y.mean()) < 0.01 * amplitude
    quarters = np.array_split(np.abs(np.fft.rfft(y)) ** 2, 4)
    powers = [part.mean() for part in quarters]
    assert max(powers) < 1.1 * min(powers)


@pytest.mark.parametrize("seed", range(5))
def test_music_is_within_full_scale_and_not_silent(seed: int) -> None:
    y = music_like(duration=6, seed=seed)
    assert np.abs(y).max() <= 1
    assert 0.05 < y.std() < 0.5


@pytest.mark.parametrize("bpm", [90.0, 120.0])
def test_music_strikes_on_every_beat(bpm: float) -> None:
    y = music_like(duration=12, bpm=bpm)
    beat = int(60 / bpm * 22_050)
    bars = y[: len(y) // beat * beat].reshape(-1, beat)
    loudness = [part.std() for part in np.array_split(bars, 4, axis=1)]
    assert loudness == sorted(loudness, reverse=True)
    assert loudness[0] > 2 * loudness[-1]


def test_signals_need_no_more_than_keywords() -> None:
    arguments: tuple[Any, ...] = (1.0, 8000)
    for function in (silence, noise, music_like):
        with pytest.raises(TypeError, match="positional"):
            function(*arguments)
