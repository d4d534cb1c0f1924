"""Features of one frame each: shape of the spectrum, loudness, zero crossings, cepstrum."""

from __future__ import annotations

import numpy as np
import scipy.fft

from earmark.features._filters import mel_filters
from earmark.features._spectrum import (
    HOP_LENGTH,
    N_FFT,
    fft_frequencies,
    frame,
    n_frames,
    pad_centred,
)
from earmark.types import AudioArray, Float32Array, FloatArray, Hertz

__all__ = [
    "melspectrogram",
    "mfcc",
    "power_to_db",
    "rms",
    "spectral_bandwidth",
    "spectral_centroid",
    "spectral_rolloff",
    "zero_crossing_rate",
]

_TINY = float(np.finfo(np.float32).tiny)
_ZERO_CROSSING_THRESHOLD = 1e-10
_AMIN = 1e-10
_TOP_DB = 80.0


def _normalised(S: Float32Array) -> Float32Array:
    """Scale each frame to a sum of one; a frame that sums to nothing stays as it is."""
    total = S.sum(axis=1, keepdims=True, dtype=np.float64)
    total[total < _TINY] = 1.0
    shares: Float32Array = np.divide(S, total, dtype=np.float32, casting="same_kind")
    return shares


def spectral_centroid(S: Float32Array, *, sr: Hertz) -> FloatArray:
    """Compute the centre of mass of each frame's spectrum in hertz.

    Parameters
    ----------
    S : np.ndarray [shape=(t, 1025)]
        Magnitudes.
    sr : float
        Sampling rate in hertz.

    Returns
    -------
    np.ndarray [shape=(t,)]
        ``sum_k f_k S_k / sum_k S_k``, and 0 for silence. Equals
        `librosa.feature.spectral_centroid`.

    Examples
    --------
    >>> S = np.zeros((1, 1025), dtype=np.float32)
    >>> S[0, 100] = 3.0
    >>> float(spectral_centroid(S, sr=20_480)[0])
    1000.0
    """
    frequencies = fft_frequencies(sr=sr)
    return _normalised(S) @ frequencies


def spectral_bandwidth(S: Float32Array, *, sr: Hertz, centroid: FloatArray) -> FloatArray:
    """Compute the standard deviation of each frame's spectrum about its centroid in hertz.

    Parameters
    ----------
    S : np.ndarray [shape=(t, 1025)]
        Magnitudes.
    sr : float
        Sampling rate in hertz.
    centroid : np.ndarray [shape=(t,)]
        As `spectral_centroid` gives it.

    Returns
    -------
    np.ndarray [shape=(t,)]
        ``sqrt(sum_k S_k (f_k - c)^2 / sum_k S_k)``. Equals `librosa.feature.spectral_bandwidth`.

    Examples
    --------
    >>> S = np.zeros((1, 1025), dtype=np.float32)
    >>> S[0, [90, 110]] = 1.0
    >>> float(spectral_bandwidth(S, sr=20_480, centroid=np.array([1000.0]))[0])
    100.0
    """
    distance = fft_frequencies(sr=sr) - centroid[:, np.newaxis]
    distance *= distance
    distance *= _normalised(S)
    bandwidth: FloatArray = np.sqrt(distance.sum(axis=1))
    return bandwidth


def spectral_rolloff(S: Float32Array, *, sr: Hertz, roll_percent: float = 0.85) -> FloatArray:
    """Find the frequency below which a share of each frame's magnitude lies.

    Parameters
    ----------
    S : np.ndarray [shape=(t, 1025)]
        Magnitudes.
    sr : float
        Sampling rate in hertz.
    roll_percent : float
        The share, 0.85 unless told.

    Returns
    -------
    np.ndarray [shape=(t,)]
        Centre in hertz of the first bin at which the running sum reaches the share of the whole;
        0 for silence. Equals `librosa.feature.spectral_rolloff`.

    Examples
    --------
    >>> float(spectral_rolloff(np.ones((1, 1025), dtype=np.float32), sr=20_480)[0])
    8710.0
    """
    running = np.cumsum(S, axis=1)
    first = (running < roll_percent * running[:, -1:]).sum(axis=1)
    rolloff: FloatArray = fft_frequencies(sr=sr)[first]
    return rolloff


def rms(y: AudioArray) -> FloatArray:
    """Compute the root mean square of each frame of a signal, reflected at its ends.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)]
        Mono signal.

    Returns
    -------
    np.ndarray [shape=(1 + n // 512,)]
        Equals ``librosa.feature.rms(y=y, pad_mode="reflect")``.

    Examples
    --------
    >>> float(rms(np.full(4096, 0.5))[3])
    0.5
    """
    frames = frame(pad_centred(y, mode="reflect"))
    energy: FloatArray = np.einsum("ij,ij->i", frames, frames).astype(np.float64)
    root: FloatArray = np.sqrt(energy / N_FFT)
    return root


def zero_crossing_rate(y: AudioArray) -> FloatArray:
    """Compute the share of samples in each frame whose sign differs from the one before.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)]
        Mono signal, continued beyond its ends by its first and last sample.

    Returns
    -------
    np.ndarray [shape=(1 + n // 512,)]
        Samples within 1e-10 of zero count as positive, and a frame's first sample as no crossing.
        Equals `librosa.feature.zero_crossing_rate`.

    Examples
    --------
    >>> float(zero_crossing_rate(np.tile([1.0, -1.0], 4096))[8])
    0.99951171875
    """
    negative = pad_centred(y, mode="edge") < -_ZERO_CROSSING_THRESHOLD
    # Entry i counts the crossings at the samples 1 to i: a frame that starts at sample a holds
    # those at a + 1 to a + 2047.
    crossings = np.concatenate(([0], np.cumsum(negative[1:] != negative[:-1])))
    first = np.arange(n_frames(len(y))) * HOP_LENGTH
    rate: FloatArray = (crossings[first + N_FFT - 1] - crossings[first]) / np.float64(N_FFT)
    return rate


def melspectrogram(power: Float32Array, *, sr: Hertz) -> Float32Array:
    """Sum a power spectrogram into 128 mel bands.

    Parameters
    ----------
    power : np.ndarray [shape=(t, 1025)]
        Squared magnitudes.
    sr : float
        Sampling rate in hertz.

    Returns
    -------
    np.ndarray [shape=(t, 128)]
        Equals ``librosa.feature.melspectrogram(S=power.T, sr=sr).T``.

    Examples
    --------
    >>> melspectrogram(np.ones((3, 1025), dtype=np.float32), sr=22_050).shape
    (3, 128)
    """
    return power @ mel_filters(sr=sr).T


def power_to_db(S: Float32Array, *, ref: float = 1.0) -> Float32Array:
    """Convert power to decibels, at most 80 dB below the loudest cell.

    Parameters
    ----------
    S : np.ndarray
        Power, 0 or more.
    ref : float
        The power that becomes 0 dB.

    Returns
    -------
    np.ndarray [shape=S.shape]
        ``10 log10(max(S, 1e-10) / max(ref, 1e-10))``, raised to its maximum less 80 where it is
        lower. Equals `librosa.power_to_db`.

    Examples
    --------
    >>> S = np.array([1.0, 100.0, 0.0], dtype=np.float32)
    >>> power_to_db(S).round(3).tolist()
    [0.0, 20.0, -60.0]
    """
    decibels = 10.0 * np.log10(np.maximum(S, np.float32(_AMIN)))
    decibels -= np.float32(10.0 * np.log10(max(ref, _AMIN)))
    floored: Float32Array = np.maximum(decibels, decibels.max() - np.float32(_TOP_DB))
    return floored


def mfcc(mel: Float32Array, *, n_mfcc: int = 20) -> Float32Array:
    """Compute mel-frequency cepstral coefficients.

    Parameters
    ----------
    mel : np.ndarray [shape=(t, 128)]
        Mel spectrogram as power.
    n_mfcc : int
        How many coefficients.

    Returns
    -------
    np.ndarray [shape=(t, n_mfcc)]
        The first coefficients of the orthonormal DCT-II over the bands in decibels (Davis and
        Mermelstein 1980). Equals `librosa.feature.mfcc`.

    Examples
    --------
    >>> mfcc(np.ones((2, 128), dtype=np.float32)).shape
    (2, 20)
    """
    coefficients: Float32Array = scipy.fft.dct(power_to_db(mel), type=2, norm="ortho", axis=1)
    return coefficients[:, :n_mfcc]
