"""Each step equals the librosa function it stands for."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import pytest
import scipy.fft

from earmark.audio import load
from earmark.features._cepstrum import log_power, mfcc, top_db
from earmark.features._chroma import estimate_tuning
from earmark.features._contrast import spectral_contrast
from earmark.features._filters import chroma_filters, hz_to_octs, mel_filters
from earmark.features._layout import BINS, BLOCKS, HOP, LANES, OVERLAP, STRETCHES
from earmark.features._pass import Spectra, spectral_pass
from earmark.features._rhythm import mean_tempogram, tempo
from earmark.features._separation import carry_frames, mask_harmonic, overlap_add
from earmark.features._signal import rms_and_crossings
from earmark.features._spectrum import (
    N_FFT,
    WINDOW,
    fast_length,
    fft_frequencies,
    framed,
    n_frames,
    reflected,
)
from earmark.testing import clicks, music_like, noise, silence, sine
from earmark.types import Complex64Array, Float32Array, FloatArray

SR = 22_050


@dataclass(frozen=True)
class Case:
    """A signal with librosa's spectra of it, frames as columns, and Earmark's."""

    y: Float32Array
    D: Complex64Array
    S: Float32Array
    power: Float32Array
    mel: Float32Array
    spectra: Spectra


def spectra_of(y: Float32Array, *, sr: float = SR) -> Spectra:
    """Take everything out of the memory that the next pass overwrites."""
    found = spectral_pass(y, sr=sr)
    kept = dataclasses.replace(
        found, mel=found.mel.copy(), padded=found.padded.copy(), peaks=found.peaks.copy()
    )
    for name in ("magnitudes", "decibels", "onset_strength", "chroma", "mfcc"):
        vars(kept)[name] = getattr(found, name).copy()
    return kept


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
    mel = librosa.feature.melspectrogram(S=S**2, sr=SR)
    return Case(y=y, D=D, S=S, power=S**2, mel=mel, spectra=spectra_of(y))


def quietly(function: Callable[..., Any], **arguments: Any) -> Any:
    """Call a function of librosa on a signal so short, or of so little pitch, that it warns."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "n_fft=2048 is too large", UserWarning)
        warnings.filterwarnings("ignore", "Trying to estimate tuning", UserWarning)
        return function(**arguments)


def rows(X: Float32Array) -> Float32Array:
    """Turn librosa's columns into rows."""
    return np.ascontiguousarray(X.T)


def test_stft(case: Case) -> None:
    found = scipy.fft.rfft(framed(reflected(case.y)) * WINDOW, axis=1)
    assert (found.shape, found.dtype) == (case.D.T.shape, np.complex64)
    np.testing.assert_allclose(found, case.D.T, rtol=0, atol=2e-6 * np.abs(case.D).max())


def test_magnitudes(case: Case) -> None:
    found, expected = case.spectra.magnitudes, rows(case.S)
    assert (found.shape, found.dtype) == (expected.shape, np.float32)
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-6 * expected.max())


@pytest.mark.parametrize("n_samples", [1, 2, 511, 512, 513, 1024, 1025, 2047, 2048, 2049, 5000])
def test_magnitudes_of_a_short_signal(n_samples: int) -> None:
    y = noise(duration=n_samples / SR)
    expected = np.abs(quietly(librosa.stft, y=y, pad_mode="reflect")).T
    found = spectral_pass(y, sr=SR).magnitudes
    assert len(found) == n_frames(n_samples) == len(expected)
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-6 * np.abs(expected).max())


@pytest.mark.parametrize("n_samples", [1, 2, 511, 512, 513, 1024, 1025, 2047, 2048, 2049, 5000])
def test_edges_are_the_frames_that_see_whether_the_ends_are_silent(n_samples: int) -> None:
    y = noise(duration=n_samples / SR)
    silent, mirrored = (
        quietly(librosa.feature.melspectrogram, y=y, sr=SR, pad_mode=mode).T
        for mode in ("constant", "reflect")
    )
    found = spectral_pass(y, sr=SR, separate=False).edges
    n = min(2, len(silent))
    atol = 1e-5 * silent.max()
    np.testing.assert_allclose(found[:n], silent[:n], rtol=0, atol=atol)
    np.testing.assert_allclose(found[-n:], silent[-n:], rtol=0, atol=atol)
    np.testing.assert_allclose(silent[2:-2], mirrored[2:-2], rtol=0, atol=atol)


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


# From here on what librosa is given is the transform in double precision, so that a difference is
# Earmark's own; librosa would round it to single precision between its steps.
def exact_magnitudes(y: Float32Array) -> FloatArray:
    S: FloatArray = np.abs(librosa.stft(y.astype(np.float64), pad_mode="reflect"))
    return S


def test_spectral_centroid(case: Case) -> None:
    expected = librosa.feature.spectral_centroid(S=exact_magnitudes(case.y), sr=SR)[0]
    np.testing.assert_allclose(case.spectra.centroid, expected, rtol=1e-5)


def test_spectral_bandwidth(case: Case) -> None:
    expected = librosa.feature.spectral_bandwidth(S=exact_magnitudes(case.y), sr=SR)[0]
    np.testing.assert_allclose(case.spectra.bandwidth, expected, rtol=2e-5)


def test_spectral_rolloff(case: Case) -> None:
    expected = librosa.feature.spectral_rolloff(S=case.S, sr=SR, roll_percent=0.85)[0]
    np.testing.assert_allclose(case.spectra.rolloff, expected, rtol=1e-12)


def test_rms(case: Case) -> None:
    expected = librosa.feature.rms(y=case.y, pad_mode="reflect")[0]
    found, _ = rms_and_crossings(case.y, case.spectra.padded)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-9)


def crossings(y: Float32Array) -> FloatArray:
    return rms_and_crossings(y, reflected(y))[1]


def test_zero_crossing_rate(case: Case) -> None:
    expected = librosa.feature.zero_crossing_rate(case.y)[0]
    np.testing.assert_array_equal(crossings(case.y), expected)


@pytest.mark.parametrize("n_samples", [1, 2, 511, 512, 513, 1024, 1025, 2047, 2048, 2049, 5000])
def test_loudness_and_crossings_of_a_short_signal(n_samples: int) -> None:
    y = noise(duration=n_samples / SR)
    rms, rate = rms_and_crossings(y, reflected(y))
    expected = librosa.feature.rms(y=y, pad_mode="reflect")[0]
    np.testing.assert_allclose(rms, expected, rtol=1e-5)
    np.testing.assert_array_equal(rate, librosa.feature.zero_crossing_rate(y)[0])


def test_zero_crossings_of_samples_next_to_nothing() -> None:
    y = np.tile(np.array([1e-11, -1e-11, 0.5, -0.0, -0.5, 0.0], dtype=np.float32), 1000)
    expected = librosa.feature.zero_crossing_rate(y)[0]
    assert expected.max() > 0.2
    np.testing.assert_array_equal(crossings(y), expected)


def test_melspectrogram(case: Case) -> None:
    found = case.spectra.mel
    np.testing.assert_allclose(found, rows(case.mel), rtol=1e-4, atol=1e-6 * case.mel.max())


@pytest.mark.parametrize("sr", [4000, 8000, 16_000, 32_000, 44_100, 96_000])
def test_melspectrogram_at_other_rates(sr: int) -> None:
    # Bands that are empty, bins that no band takes, and bands as narrow as a bin.
    y = music_like(duration=1, sr=sr)
    expected = rows(quietly(librosa.feature.melspectrogram, y=y, sr=sr, pad_mode="reflect"))
    found = spectral_pass(y, sr=sr).mel
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6 * expected.max())


def test_decibels_equal_power_to_db(case: Case) -> None:
    expected = librosa.power_to_db(case.mel)
    np.testing.assert_allclose(top_db(log_power(rows(case.mel))), rows(expected), atol=2e-5)
    np.testing.assert_allclose(top_db(case.spectra.decibels), rows(expected), atol=1e-3)


def test_decibels_of_nothing() -> None:
    nothing = np.zeros((3, 4), dtype=np.float32)
    np.testing.assert_allclose(top_db(log_power(nothing)), -100, rtol=1e-6)


@pytest.mark.parametrize("n_mfcc", [13, 20, 128])
def test_mfcc(case: Case, n_mfcc: int) -> None:
    decibels = librosa.power_to_db(case.mel)
    expected = librosa.feature.mfcc(S=decibels, n_mfcc=n_mfcc)
    np.testing.assert_allclose(mfcc(rows(decibels), n_mfcc=n_mfcc), rows(expected), atol=1e-3)


def test_mfcc_of_a_signal(case: Case) -> None:
    expected = librosa.feature.mfcc(S=librosa.power_to_db(case.mel))
    np.testing.assert_allclose(case.spectra.mfcc, rows(expected), atol=2e-3)


def test_spectral_contrast(case: Case) -> None:
    expected = librosa.feature.spectral_contrast(S=case.S, sr=SR)
    np.testing.assert_allclose(spectral_contrast(rows(case.S), sr=SR), rows(expected), atol=1e-4)


@pytest.mark.parametrize("sr", [16_000, 22_050.5, 44_100, 96_000])
def test_spectral_contrast_at_other_rates(case: Case, sr: float) -> None:
    expected = librosa.feature.spectral_contrast(S=case.S, sr=sr)
    np.testing.assert_allclose(spectral_contrast(rows(case.S), sr=sr), rows(expected), atol=1e-4)


def test_peaks_equal_piptrack(case: Case) -> None:
    pitch, height = librosa.piptrack(S=case.power, sr=SR, n_fft=2048)
    is_peak = pitch.T > 0
    expected = np.array([pitch.T[is_peak], height.T[is_peak]])
    found = case.spectra.peaks
    # A bin at the threshold, or as high as its neighbour, may fall on either side of it.
    assert abs(found.shape[1] - expected.shape[1]) <= 1e-3 * expected.shape[1]
    if found.shape == expected.shape:
        np.testing.assert_allclose(np.sort(found), np.sort(expected), rtol=1e-4)


def tuning_of(y: Float32Array, *, sr: float) -> float:
    return estimate_tuning(*spectral_pass(y, sr=sr, separate=False).peaks)


def test_estimate_tuning(case: Case) -> None:
    expected = quietly(librosa.estimate_tuning, S=case.power, sr=SR, n_fft=2048)
    assert tuning_of(case.y, sr=SR) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("sr", [8000, SR, 44_100])
@pytest.mark.parametrize("cents", [-50, -37, -12, 0, 8, 21, 44])
def test_estimate_tuning_of_detuned_chords(cents: int, sr: int) -> None:
    notes = 440 * 2 ** ((np.array([-9, -5, 0, 3, 10, 15]) + cents / 100) / 12)
    y = sum((sine(f, sr=sr, duration=2, amplitude=0.1) for f in notes), noise(duration=2, sr=sr))
    power = np.abs(librosa.stft(y, pad_mode="reflect")) ** 2
    expected = librosa.estimate_tuning(S=power, sr=sr, n_fft=2048)
    assert tuning_of(y, sr=sr) == pytest.approx(expected, abs=1e-12)


def test_tuning_of_silence_is_none() -> None:
    assert tuning_of(silence(), sr=SR) == 0


def test_chroma_stft(case: Case) -> None:
    expected = quietly(librosa.feature.chroma_stft, S=case.power, sr=SR)
    np.testing.assert_allclose(case.spectra.chroma, rows(expected), atol=1e-5)


def test_chroma_of_silence_is_zero() -> None:
    assert not spectra_of(silence()).chroma.any()


def masked_by_kernel(harmonic: Float32Array, percussive: Float32Array) -> Float32Array:
    """Send medians [shape=(32, 1025)] through the kernel, in the layouts it takes."""
    wide = np.zeros((2, LANES, BLOCKS * LANES), dtype=np.float32)
    wide[:, :, :BINS] = harmonic, percussive
    blocks = np.ascontiguousarray(wide[0].reshape(LANES, BLOCKS, LANES).transpose(1, 0, 2))
    tile = np.ascontiguousarray(wide[1].T)
    mask_harmonic(blocks.reshape(-1), tile.reshape(-1))
    return tile.T[:, :BINS]


@pytest.mark.parametrize("scale", [0.0, 1e-14, 1e-10, 1.0, 1e9])
def test_mask_equals_softmask_at_every_scale(scale: float) -> None:
    rng = np.random.default_rng(0)
    harmonic, percussive = (scale * rng.uniform(0.1, 1, (2, LANES, BINS))).astype(np.float32)
    harmonic[0, :50] = percussive[0, 25:75] = 0
    expected = librosa.util.softmask(harmonic, percussive, power=2, split_zeros=True)
    np.testing.assert_allclose(masked_by_kernel(harmonic, percussive), expected, rtol=0, atol=1e-6)


def parts_by_kernel(frames: Float32Array, y: Float32Array) -> FloatArray:
    """Return the sums of h, h^2, p and p^2, of windowed frames [shape=(t, 2048)]."""
    total = len(frames)
    sums, inverse = np.zeros((4, LANES)), np.zeros(HOP * LANES, dtype=np.float32)
    room = np.zeros((N_FFT, STRETCHES), dtype=np.float32)
    stretches = np.zeros((total + LANES + OVERLAP, HOP), dtype=np.float32)
    padded = reflected(y)[: (total + 3) * HOP]
    stretches[: total + 3] = padded.reshape(-1, HOP)
    for start in range(0, total + 1, LANES):
        carry_frames(room.reshape(-1))
        here = frames[start : start + LANES]
        room[:, OVERLAP:] = 0
        room[:, OVERLAP : OVERLAP + len(here)] = here.T
        signal = np.zeros((HOP, STRETCHES), dtype=np.float32)
        signal[:, :LANES] = stretches[start : start + LANES].T
        overlap_add(room.reshape(-1), signal.reshape(-1), start, total, WINDOW, inverse, sums)
    return np.asarray(sums.sum(axis=1))


@pytest.mark.parametrize("tilt", [0.0, 1.0])
def test_overlap_add_equals_istft(case: Case, tilt: float) -> None:
    changed = (case.D * np.linspace(1, 1 - tilt, BINS)[:, np.newaxis]).astype(np.complex64)
    h = librosa.istft(changed).astype(np.float64)
    p = case.y[: len(h)] - h
    found = parts_by_kernel(scipy.fft.irfft(rows(changed), n=N_FFT, axis=1) * WINDOW, case.y)
    loudness = np.square(case.y, dtype=np.float64).sum()
    assert found[1] == pytest.approx((h**2).sum(), abs=1e-6 * loudness)
    assert found[3] == pytest.approx((p**2).sum(), abs=1e-6 * loudness)
    assert found[0] == pytest.approx(h.sum(), abs=1e-6 * np.sqrt(loudness * len(h)))
    assert found[2] == pytest.approx(p.sum(), abs=1e-6 * np.sqrt(loudness * len(h)))


def test_parts_equal_hpss(case: Case) -> None:
    for (mean, variance), spectrum in zip(
        case.spectra.parts, librosa.decompose.hpss(case.D), strict=True
    ):
        expected = np.zeros(len(case.y))
        sound = librosa.istft(spectrum)
        expected[: len(sound)] = sound
        assert mean == pytest.approx(expected.mean(), abs=1e-7)
        assert variance == pytest.approx(expected.var(), rel=1e-5, abs=1e-12)


def test_nothing_is_separated_unless_it_is_asked_for() -> None:
    assert spectral_pass(noise(duration=1), sr=SR, separate=False).parts == ()


def test_onset_strength(case: Case) -> None:
    expected = librosa.onset.onset_strength(y=case.y, sr=SR, aggregate=np.median)
    np.testing.assert_allclose(case.spectra.onset_strength, expected, rtol=0, atol=1e-3)


ENVELOPES = {
    "beats": (np.arange(1292) % 20 == 0).astype(np.float32),
    "random": np.random.default_rng(0).random(1000, dtype=np.float32),
    "sparse": np.eye(1, 2000, 700, dtype=np.float32)[0],
    "short": np.random.default_rng(1).random(50, dtype=np.float32),
    "two": np.array([0, 1], dtype=np.float32),
    # Windows a million times fainter than others weigh as much as they do.
    "loud, faint": np.r_[np.ones(400), 1e-6 * (np.arange(800) % 25 == 0)].astype(np.float32),
    "fading": (np.random.default_rng(2).random(1500) * np.logspace(0, -9, 1500)).astype(np.float32),
    "gap": np.r_[np.arange(300) % 30 == 0, np.zeros(900), np.arange(300) % 22 == 0].astype(
        np.float32
    ),
}


@pytest.mark.parametrize("name", ENVELOPES)
@pytest.mark.parametrize("n_lags", [344, 125, 64])
def test_mean_tempogram(name: str, n_lags: int) -> None:
    envelope = ENVELOPES[name]
    expected = librosa.feature.tempogram(onset_envelope=envelope, win_length=n_lags).mean(axis=1)
    found = mean_tempogram(envelope, n_lags=n_lags)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


def assert_tempo_equals_librosa(y: Float32Array, *, sr: int) -> None:
    expected, _ = librosa.beat.beat_track(y=y, sr=sr)
    spectra = spectral_pass(y, sr=sr, separate=False)
    found = tempo(spectra.onset_strength, sr=sr)
    assert found == pytest.approx(float(np.ravel(expected)[0]), rel=1e-12)


def test_tempo(case: Case) -> None:
    assert_tempo_equals_librosa(case.y, sr=SR)


@pytest.mark.parametrize("bpm", [50, 75, 93, 120, 150, 185, 240])
def test_tempo_of_music_at_many_tempi(bpm: int) -> None:
    assert_tempo_equals_librosa(music_like(duration=12, bpm=bpm, seed=bpm), sr=SR)


@pytest.mark.parametrize("sr", [8000, 16_000, 44_100])
def test_tempo_at_other_rates(sr: int) -> None:
    assert_tempo_equals_librosa(music_like(duration=10, bpm=110, sr=sr), sr=sr)


@pytest.mark.parametrize("n_frames", [1, 2, 50])
def test_tempo_without_an_onset_is_zero(n_frames: int) -> None:
    assert tempo(np.zeros(n_frames, dtype=np.float32), sr=SR) == 0


def test_fast_lengths_are_products_of_two_three_and_five() -> None:
    for n in (1, 7, 64, 1637, 65_537):
        assert fast_length(n) == scipy.fft.next_fast_len(n, real=True)
