"""Onset strength and tempo."""

from __future__ import annotations

import numpy as np
import scipy.fft

from earmark.features._spectral import power_to_db
from earmark.features._spectrum import HOP_LENGTH, N_FFT
from earmark.types import Float32Array, FloatArray, Hertz

__all__ = ["onset_strength", "tempo"]

_WINDOW_S = 8.0
_START_BPM = 120.0
_MAX_BPM = 320.0
_TINY = float(np.finfo(np.float64).tiny)


def onset_strength(mel: Float32Array) -> Float32Array:
    """Compute how much louder each frame is than the one before, in the median mel band.

    Parameters
    ----------
    mel : np.ndarray [shape=(t, 128)]
        Mel spectrogram as power, of the signal padded with zeros.

    Returns
    -------
    np.ndarray [shape=(t,)]
        The median over the bands of ``max(0, dB[t] - dB[t - 1])``, three frames late: one for the
        difference, two for the centring. Equals ``librosa.onset.onset_strength(y=y, sr=sr,
        aggregate=np.median)`` (Böck and Widmer 2013, without their maximum filter).

    Examples
    --------
    >>> mel = np.full((8, 128), 1e-6, dtype=np.float32)
    >>> mel[3:] = 1.0
    >>> onset_strength(mel).round(3).tolist()
    [0.0, 0.0, 0.0, 0.0, 0.0, 60.0, 0.0, 0.0]
    """
    decibels = power_to_db(mel)
    rise = np.median(np.maximum(0.0, np.diff(decibels, axis=0)), axis=1)
    late = 1 + N_FFT // (2 * HOP_LENGTH)
    return np.pad(rise, (late, 0))[: len(mel)].astype(np.float32)


def _mean_tempogram(envelope: Float32Array, n_lags: int) -> FloatArray:
    """Average the local autocorrelation of an envelope, each frame's scaled to a maximum of 1."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_lags) / n_lags)
    padded = np.pad(envelope, n_lags // 2, mode="linear_ramp", end_values=0)
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_lags)[: len(envelope)]
    n_fft = scipy.fft.next_fast_len(2 * n_lags - 1, real=True)
    spectrum = scipy.fft.rfft(frames * window, n=n_fft, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    correlation = scipy.fft.irfft(power, n=n_fft, axis=1)[:, :n_lags]
    largest = np.abs(correlation).max(axis=1, keepdims=True)
    largest[largest < _TINY] = 1.0
    mean: FloatArray = (correlation / largest).mean(axis=0)
    return mean


def tempo(envelope: Float32Array, *, sr: Hertz) -> float:
    """Estimate the tempo of an onset envelope in beats a minute.

    Parameters
    ----------
    envelope : np.ndarray [shape=(t,)]
        As `onset_strength` gives it.
    sr : float
        Sampling rate of the audio in hertz.

    Returns
    -------
    float
        The lag at which the mean autocorrelation over windows of 8 s, weighted by a log-normal
        prior of one octave about 120, is largest (Grosche, Müller and Kurth 2010; Ellis 2007);
        0.0 for an envelope without an onset. Equals the tempo of `librosa.beat.beat_track`.

    Examples
    --------
    >>> envelope = np.zeros(1292, dtype=np.float32)
    >>> envelope[::20] = 1.0
    >>> round(tempo(envelope, sr=22_050), 2)  # 60 * 22050 / 512 / 20
    129.2
    """
    if not envelope.any():
        return 0.0
    n_lags = int(_WINDOW_S * sr / HOP_LENGTH)
    correlation = _mean_tempogram(envelope, n_lags)[1:]
    bpm = 60.0 * sr / HOP_LENGTH / np.arange(1, n_lags)
    prior = -0.5 * np.log2(bpm / _START_BPM) ** 2
    prior[bpm >= _MAX_BPM] = -np.inf
    return float(bpm[np.argmax(np.log1p(1e6 * correlation) + prior)])
