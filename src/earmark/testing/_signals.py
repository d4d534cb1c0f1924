"""Signals whose features are known, or at least reproducible."""

from __future__ import annotations

import numpy as np

from earmark.types import Float32Array, Hertz, Seconds

__all__ = ["clicks", "music_like", "noise", "silence", "sine"]


def _n_samples(duration: Seconds, sr: Hertz) -> int:
    return round(duration * sr)


def silence(*, duration: Seconds = 3.0, sr: Hertz = 22_050) -> Float32Array:
    """Return zeros.

    Parameters
    ----------
    duration : float
        In seconds.
    sr : float
        Sampling rate in hertz.

    Returns
    -------
    np.ndarray [shape=(n,)]
        The signal.

    Examples
    --------
    >>> silence(duration=1, sr=8000).shape
    (8000,)
    """
    return np.zeros(_n_samples(duration, sr), dtype=np.float32)


def sine(
    frequency: Hertz, *, duration: Seconds = 3.0, sr: Hertz = 22_050, amplitude: float = 0.5
) -> Float32Array:
    """Return a pure tone.

    Parameters
    ----------
    frequency : float
        In hertz.
    duration : float
        In seconds.
    sr : float
        Sampling rate in hertz.
    amplitude : float
        Its peak.

    Returns
    -------
    np.ndarray [shape=(n,)]
        The signal.

    Examples
    --------
    >>> round(float(sine(441, duration=1).max()), 2)
    0.5
    """
    t = np.arange(_n_samples(duration, sr)) / sr
    return (amplitude * np.sin(2 * np.pi * frequency * t)).astype(np.float32)


def clicks(bpm: float, *, duration: Seconds = 30.0, sr: Hertz = 22_050) -> Float32Array:
    """Return short clicks at a steady tempo.

    Parameters
    ----------
    bpm : float
        Clicks per minute.
    duration : float
        In seconds.
    sr : float
        Sampling rate in hertz.

    Returns
    -------
    np.ndarray [shape=(n,)]
        The signal.

    Examples
    --------
    >>> int((clicks(120, duration=2) == 1).sum())
    4
    """
    y = silence(duration=duration, sr=sr)
    starts = np.arange(0, len(y), 60 / bpm * sr).astype(int)
    decay = np.exp(-np.arange(64) / 8).astype(np.float32)
    for start in starts:
        end = min(len(y), start + len(decay))
        y[start:end] = decay[: end - start]
    return y


def noise(
    *, duration: Seconds = 3.0, sr: Hertz = 22_050, amplitude: float = 0.1, seed: int = 0
) -> Float32Array:
    """Return white Gaussian noise.

    Parameters
    ----------
    duration : float
        In seconds.
    sr : float
        Sampling rate in hertz.
    amplitude : float
        Its standard deviation.
    seed : int
        The same seed gives the same samples.

    Returns
    -------
    np.ndarray [shape=(n,)]
        The signal.

    Examples
    --------
    >>> round(float(noise(duration=10).std()), 3)
    0.1
    """
    rng = np.random.default_rng(seed)
    return (amplitude * rng.standard_normal(_n_samples(duration, sr))).astype(np.float32)


def music_like(
    *, duration: Seconds = 30.0, sr: Hertz = 22_050, bpm: float = 120.0, seed: int = 0
) -> Float32Array:
    """Return chords over a beat, a signal in which every feature has something to measure.

    Parameters
    ----------
    duration : float
        In seconds.
    sr : float
        Sampling rate in hertz.
    bpm : float
        Beats per minute.
    seed : int
        The same seed gives the same samples.

    Returns
    -------
    np.ndarray [shape=(n,)]
        The signal, within full scale.

    Examples
    --------
    >>> y = music_like(duration=4)
    >>> len(y), bool(abs(y).max() <= 1)
    (88200, True)
    """
    rng = np.random.default_rng(seed)
    n = _n_samples(duration, sr)
    y = 0.01 * rng.standard_normal(n)
    beat = int(60 / bpm * sr)
    t = np.arange(beat) / sr
    for start in range(0, n, beat):
        root = 110 * 2 ** (rng.integers(0, 24) / 12)
        chord = sum(np.sin(2 * np.pi * root * ratio * t) for ratio in (1, 1.26, 1.5, 2, 3))
        struck = 0.12 * chord * np.exp(-3 * t)
        struck += 0.3 * rng.standard_normal(beat) * np.exp(-40 * t)
        y[start : start + beat] += struck[: n - start]
    return np.clip(y, -1, 1).astype(np.float32)
