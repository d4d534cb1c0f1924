"""Onset strength and tempo."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from earmark.features._kernel import kernel
from earmark.features._spectrum import HOP_LENGTH, N_FFT, fast_length
from earmark.types import Float32Array, FloatArray, Hertz

__all__ = ["mean_tempogram", "onset_strength", "tempo"]

_WINDOW_S = 8.0
_START_BPM = 120.0
_MAX_BPM = 320.0
_FAINT = 1e-4


def onset_strength(decibels: Float32Array, *, room: Float32Array | None = None) -> Float32Array:
    """Return how much louder each frame is than the one before, in the median mel band.

    The median of ``max(0, dB[t] - dB[t - 1])`` over the bands, three frames late: one for the
    difference, two for centring. Equals ``librosa.onset.onset_strength(y=y, sr=sr,
    aggregate=np.median)`` (Böck and Widmer 2013, without their maximum filter) if `decibels`
    [shape=(t, 128)] are of the signal padded with zeros. `room` is working memory.
    """
    room = None if room is None else room[: len(decibels) - 1]
    rise = np.subtract(decibels[1:], decibels[:-1], out=room)
    rise.sort(axis=1)  # vectorised, unlike a partition
    middle = decibels.shape[1] // 2
    # Cutting off at zero before the median gives the same as after it.
    upper, lower = np.maximum(rise[:, middle], 0), np.maximum(rise[:, middle - 1], 0)
    late = 1 + N_FFT // (2 * HOP_LENGTH)
    envelope = np.zeros(len(decibels), dtype=np.float32)
    n = max(0, len(decibels) - late)
    envelope[late:] = ((upper + lower) / 2)[:n]
    return envelope


@lru_cache(maxsize=8)
def _ramp(n_lags: int) -> FloatArray:
    """Return a ramp from zero to one over half a window."""
    half = n_lags // 2
    return np.arange(half) / half


@lru_cache(maxsize=8)
def _window(n_lags: int) -> FloatArray:
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_lags) / n_lags)


@lru_cache(maxsize=8)
def _tempo_prior(n_lags: int, sr: Hertz) -> tuple[FloatArray, FloatArray]:
    """Return the tempo of each lag from 1, and the logarithm of its prior."""
    bpm = 60.0 * sr / HOP_LENGTH / np.arange(1, n_lags)
    prior = -0.5 * np.log2(bpm / _START_BPM) ** 2
    prior[bpm >= _MAX_BPM] = -np.inf
    return bpm, prior


@lru_cache(maxsize=8)
def _waves(n_lags: int) -> FloatArray:
    """Return cosines (two rows) and sines (two rows) of one and two turns in a window."""
    angle = 2 * np.pi / n_lags * np.outer([1, 2], np.arange(n_lags))
    return np.concatenate([np.cos(angle), np.sin(angle)])


def mean_tempogram(envelope: Float32Array, *, n_lags: int) -> FloatArray:
    r"""Return the mean autocorrelation of an envelope under a Hann window [shape=(n_lags,)].

    The autocorrelation of each frame is scaled to a maximum of 1. Equals
    ``librosa.feature.tempogram(onset_envelope=envelope, win_length=n_lags).mean(axis=1)`` (Grosche,
    Müller and Kurth 2010).

    With ``e`` the envelope, padded by half a window of falling values at both ends, ``w`` the
    window and ``g_t`` one over the energy of frame ``t``, the result is

    .. math:: R_l = \frac{1}{T} \sum_n e_n e_{n+l} \sum_t g_t w_{n-t} w_{n+l-t}

    With ``a`` the phase of the window at ``n`` and ``b`` that of a lag, the product of windows is

    .. math:: \tfrac14 (1 - \cos a) (1 - \cos(a + b)) = \tfrac14 [1 - \cos a
        + \cos b (\tfrac12 - \cos a + \tfrac12 \cos 2a) + \sin b (\sin a - \tfrac12 \sin 2a)]

    and likewise from the phase at ``m = n + l``. A sum over ``t`` of ``g_t`` times such a wave is a
    difference of two running sums, one that ends at ``n``, one at ``m``. So each term depends on
    ``n`` alone or on ``m`` alone, which makes ``R`` three plain correlations. Frames ten thousand
    times fainter than the strongest would be lost in the running sums, so they are computed one by
    one.
    """
    n_frames = len(envelope)
    ramp, window = _ramp(n_lags), _window(n_lags)
    e = np.concatenate([envelope[0] * ramp, envelope, envelope[-1] * ramp[::-1]])
    energy = np.correlate(e * e, window * window, mode="valid")[:n_frames]
    faintest = _FAINT * energy.max()
    total = _weighted_correlation(e, energy, faintest, n_lags)
    alone = np.flatnonzero((energy < faintest) & (energy > np.finfo(np.float64).tiny))
    if len(alone):
        frames = np.lib.stride_tricks.sliding_window_view(e, n_lags)[alone] * window
        n_fft = fast_length(2 * n_lags)
        spectrum = np.fft.rfft(frames / np.sqrt(energy[alone, np.newaxis]), n=n_fft, axis=1)
        power = (spectrum.real**2 + spectrum.imag**2).sum(axis=0)
        total += np.fft.irfft(power, n=n_fft)[:n_lags]
    return total / n_frames


@kernel("void(float64[::1], float64[::1], float64, float64[:, ::1], float64[:, ::1])")
def _fill_factors(
    e: FloatArray, energy: FloatArray, faintest: float, waves: FloatArray, out: FloatArray
) -> None:
    """Fill in the rows to correlate: ``e``, and ``e`` times six sums over frames.

    Three sums are over the frames that begin no later than ``n`` (rows 1 to 3), and three over
    those of them that end before it (rows 4 to 6): of the terms without the lag, with its cosine,
    and with its sine; see `mean_tempogram`.
    """
    n_lags = waves.shape[1]
    out[:] = 0
    sums = np.zeros((2, 5))
    for n in range(len(e)):
        place = n % n_lags
        c1, c2, s1, s2 = waves[0, place], waves[1, place], waves[2, place], waves[3, place]
        out[0, n] = e[n]
        for i in range(2):
            t = n - i * n_lags  # the waves have the same phase as a window ago
            if 0 <= t < len(energy) and energy[t] >= faintest:
                g = 1.0 / energy[t]
                sums[i, 0] += g
                sums[i, 1] += g * c1
                sums[i, 2] += g * c2
                sums[i, 3] += g * s1
                sums[i, 4] += g * s2
            g = sums[i, 0]
            once = c1 * sums[i, 1] + s1 * sums[i, 3]
            twice = c2 * sums[i, 2] + s2 * sums[i, 4]
            turned_once = s1 * sums[i, 1] - c1 * sums[i, 3]
            turned_twice = s2 * sums[i, 2] - c2 * sums[i, 4]
            row, sign = 3 * i + 1, 1 - 2 * i
            out[row, n] = sign * e[n] * (g - once)
            out[row + 1, n] = sign * e[n] * (0.5 * (g + twice) - once)
            out[row + 2, n] = e[n] * (turned_once - 0.5 * turned_twice)


def _weighted_correlation(
    e: FloatArray, energy: FloatArray, faintest: float, n_lags: int
) -> FloatArray:
    """Sum the scaled autocorrelations of all Hann-windowed frames but faint ones, at once."""
    waves = _waves(n_lags)
    factors = np.empty((7, fast_length(len(e) + n_lags)))
    _fill_factors(e, energy, faintest, waves, factors)
    spectra = np.fft.rfft(factors, axis=1)
    products = spectra[1:] * np.conj(spectra[0])
    product = np.conj(products[:3]) + products[3:]
    correlations = np.fft.irfft(product, n=factors.shape[1], axis=1)
    plain, cosine, sine = correlations[:, :n_lags]
    total: FloatArray = plain + waves[0] * cosine + waves[2] * sine
    return total / 4


def tempo(envelope: Float32Array, *, sr: Hertz) -> float:
    """Estimate the tempo of an onset envelope in beats per minute, as in `librosa.beat`.

    As `librosa.beat.beat_track`: the lag with the largest mean autocorrelation over windows of 8 s,
    weighted by a log-normal prior of one octave around 120 (Ellis 2007); 0.0 for an envelope
    without an onset.
    """
    if not envelope.any():
        return 0.0
    n_lags = int(_WINDOW_S * sr / HOP_LENGTH)
    correlation = mean_tempogram(envelope, n_lags=n_lags)[1:]
    bpm, prior = _tempo_prior(n_lags, sr)
    return float(bpm[np.argmax(np.log1p(1e6 * np.maximum(correlation, 0)) + prior)])
