"""The 57 numbers of the public GTZAN table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from earmark.arguments import checked
from earmark.features._extract import extract
from earmark.features._filters import N_MELS
from earmark.features._sets import FeatureSet, register
from earmark.features._spectrum import HOP_LENGTH, N_FFT
from earmark.types import AudioArray, FloatArray, Hertz

if TYPE_CHECKING:
    from earmark.features._pass import Spectra

__all__ = ["GTZAN57", "fifty_seven", "gtzan57"]

_N_MFCC = 20

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


def fifty_seven(spectra: Spectra) -> FloatArray:
    """Compute the 57 features of a signal from its spectra."""
    # Compiled code is loaded with the first signal, not with the package.
    from earmark.features._rhythm import tempo
    from earmark.features._signal import rms_and_crossings
    from earmark.features._statistics import mean_and_variance

    rms, crossings = rms_and_crossings(spectra.y, spectra.padded)
    frames = np.stack(
        [rms, spectra.centroid, spectra.bandwidth, spectra.rolloff, crossings], axis=1
    )
    return np.concatenate(
        [
            mean_and_variance(spectra.chroma.reshape(-1, 1)).ravel(),
            mean_and_variance(frames).ravel(),
            np.ravel(spectra.parts),
            [tempo(spectra.onset_strength, sr=spectra.sr)],
            mean_and_variance(spectra.mfcc).ravel(),
        ]
    )


@checked
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
        samples of the harmonic and the percussive part; tempo in beats per minute; and mean and
        variance over the frames of 20 mel-frequency cepstral coefficients.

    Raises
    ------
    ParameterError
        If `y` is empty, has more than one channel, is not floating point, not finite or beyond
        1e10, or if `sr` is below 1,000 Hz.

    Notes
    -----
    The frame is 2048 samples under a Hann window, the hop 512; frames are centred and the signal is
    reflected at its ends. Only the tempo comes from a signal padded with zeros. A signal shorter
    than a frame is reflected several times. Silence gives 0 except in the cepstrum, where the first
    mean is that of -100 dB. Signals are never clipped.

    Examples
    --------
    >>> t = np.arange(22_050) / 22_050
    >>> features = gtzan57(0.5 * np.sin(2 * np.pi * 440 * t), sr=22_050)
    >>> features.shape
    (57,)
    >>> abs(features[GTZAN57.names.index("rms_mean")] - 0.5 / 2**0.5) < 0.001
    np.True_
    """
    (features,) = extract(y, sr=sr, sets=("gtzan57",)).values()
    return features


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
        from_spectra=fifty_seven,
        separates=True,
    )
)
