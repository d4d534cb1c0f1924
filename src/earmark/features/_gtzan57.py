"""The 57 numbers of the public GTZAN table."""

from __future__ import annotations

import math

import numpy as np

from earmark.errors import ParameterError
from earmark.features._chroma import chroma_stft
from earmark.features._filters import N_MELS
from earmark.features._hpss import hpss
from earmark.features._rhythm import onset_strength, tempo
from earmark.features._sets import FeatureSet, register
from earmark.features._spectral import (
    melspectrogram,
    mfcc,
    rms,
    spectral_bandwidth,
    spectral_centroid,
    spectral_rolloff,
    zero_crossing_rate,
)
from earmark.features._spectrum import HOP_LENGTH, N_FFT, stft
from earmark.types import AudioArray, Complex64Array, Float32Array, FloatArray, Hertz

__all__ = ["GTZAN57", "gtzan57"]

_N_MFCC = 20
_LOWEST_SR = 1000
_LOUDEST = 1e10  # the squares of a spectrum louder than this would not fit into 32 bits

_FRAME_FEATURES = (
    "chroma_stft",
    "rms",
    "spectral_centroid",
    "spectral_bandwidth",
    "rolloff",
    "zero_crossing_rate",
    "harmony",
    "perceptr",
)

_NAMES = (
    *(f"{name}_{statistic}" for name in _FRAME_FEATURES for statistic in ("mean", "var")),
    "tempo",
    *(f"mfcc{i}_{statistic}" for i in range(1, _N_MFCC + 1) for statistic in ("mean", "var")),
)


def _mean_and_variance(values: Float32Array | FloatArray) -> tuple[float, float]:
    return float(values.mean(dtype=np.float64)), float(values.var(dtype=np.float64))


def _power(D: Complex64Array) -> Float32Array:
    power: Float32Array = D.real**2
    power += D.imag**2
    return power


def _checked(y: AudioArray, sr: Hertz) -> Float32Array:
    """Return the signal as float32, or say what is wrong with it."""
    if not _LOWEST_SR <= sr < math.inf:
        raise ParameterError(f"sr={sr!r} is not a sampling rate of {_LOWEST_SR} Hz or more")
    signal = np.asarray(y)
    if signal.ndim != 1 or not signal.size:
        raise ParameterError(
            f"y has shape {signal.shape}: one channel of one sample or more is needed"
        )
    if not np.issubdtype(signal.dtype, np.floating):
        raise ParameterError(
            f"y has dtype {signal.dtype}: floating point with full scale 1.0 is needed"
        )
    # NaN is neither below nor above anything.
    if not (float(signal.min()) > -_LOUDEST and float(signal.max()) < _LOUDEST):
        at = int(np.argmax(~(np.abs(signal.astype(np.float64)) < _LOUDEST)))
        raise ParameterError(f"y is {signal[at]} at sample {at}: full scale is 1")
    return signal.astype(np.float32, copy=False)


def gtzan57(y: AudioArray, *, sr: Hertz) -> FloatArray:
    """Compute the 57 features of the public GTZAN table.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)]
        Mono signal of one sample or more, full scale at 1.0.
    sr : float
        Its sampling rate in hertz. Models and the public table are at 22,050.

    Returns
    -------
    np.ndarray [shape=(57,)]
        In the order of `GTZAN57.names`: mean and population variance over the frames of chroma,
        RMS, spectral centroid, bandwidth and roll-off (hertz), and zero-crossing rate; over the
        samples of the harmonic and the percussive part; tempo in beats a minute; and mean and
        variance over the frames of 20 mel-frequency cepstral coefficients.

    Raises
    ------
    ParameterError
        If `y` is empty, has more than one channel, is not floating point, not finite or beyond
        1e10, or if `sr` is below 1,000 Hz.

    Notes
    -----
    The frame is 2048 samples under a Hann window, the hop 512; frames are centred and the signal
    is reflected at its ends. Only the tempo comes from a signal padded with zeros. A signal
    shorter than a frame is reflected as often as it takes. Silence gives 0 everywhere but for
    the cepstrum, whose first mean is that of -100 dB. Signals are clipped nowhere.

    Examples
    --------
    >>> t = np.arange(22_050) / 22_050
    >>> features = gtzan57(0.5 * np.sin(2 * np.pi * 440 * t), sr=22_050)
    >>> features.shape
    (57,)
    >>> abs(features[GTZAN57.names.index("rms_mean")] - 0.5 / 2**0.5) < 0.001
    np.True_
    """
    y = _checked(y, sr)
    D = stft(y)
    power = _power(D)
    S = np.sqrt(power)
    centroid = spectral_centroid(S, sr=sr)
    harmonic, percussive = hpss(y, D, S)
    per_frame = (
        chroma_stft(power, sr=sr),
        rms(y),
        centroid,
        spectral_bandwidth(S, sr=sr, centroid=centroid),
        spectral_rolloff(S, sr=sr),
        zero_crossing_rate(y),
        harmonic,
        percussive,
    )
    mel = melspectrogram(power, sr=sr)
    # Only frames that reach beyond an end see whether it is mirrored or silent.
    mel_of_silent_ends = melspectrogram(_power(stft(y, pad_mode="constant")), sr=sr)
    values = [number for feature in per_frame for number in _mean_and_variance(feature)]
    values.append(tempo(onset_strength(mel_of_silent_ends), sr=sr))
    for coefficient in mfcc(mel, n_mfcc=_N_MFCC).T:
        values.extend(_mean_and_variance(coefficient))
    return np.array(values)


GTZAN57 = register(
    FeatureSet(
        name="gtzan57",
        version=1,
        sr=22_050,
        names=_NAMES,
        parameters={
            "n_fft": N_FFT,
            "hop_length": HOP_LENGTH,
            "window": "hann",
            "pad_mode": "reflect",
            "n_mels": N_MELS,
            "n_mfcc": _N_MFCC,
            "roll_percent": 0.85,
            "hpss_kernel": 31,
            "tempo": "beat_track",
        },
        compute=gtzan57,
    )
)
