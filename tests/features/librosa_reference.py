"""The 57 features by librosa, written from section 3 of the design, and nothing of Earmark's."""

from __future__ import annotations

import warnings

import librosa
import numpy as np
from numpy.typing import NDArray

NAMES = [
    *(
        f"{name}_{statistic}"
        for name in (
            "chroma_stft",
            "rms",
            "spectral_centroid",
            "spectral_bandwidth",
            "rolloff",
            "zero_crossing_rate",
            "harmony",
            "perceptr",
        )
        for statistic in ("mean", "var")
    ),
    "tempo",
    *(f"mfcc{i}_{statistic}" for i in range(1, 21) for statistic in ("mean", "var")),
]

# How much a column varies among pieces of music, to an order of magnitude: what a difference is
# measured by where the value itself is next to nothing.
SCALE = np.array(
    [
        *(0.1, 0.01),  # chroma
        *(0.05, 0.005),  # loudness
        *(500, 5e5),  # centroid
        *(500, 1e5),  # bandwidth
        *(1000, 1e6),  # roll-off
        *(0.05, 0.005),  # zero crossings
        *(0.001, 0.01),  # harmonic part
        *(0.001, 0.005),  # percussive part
        30,  # tempo
        *(100, 2000),  # first coefficient
        *[20, 200] * 19,
    ]
)


def librosa57(y: NDArray[np.float32], *, sr: float) -> NDArray[np.float64]:
    """Compute the features of a mono signal, in the order of `NAMES`."""
    with warnings.catch_warnings():
        # A signal shorter than a frame is allowed here, and silence has no pitch.
        warnings.filterwarnings("ignore", "n_fft=2048 is too large", UserWarning)
        warnings.filterwarnings("ignore", "Trying to estimate tuning", UserWarning)
        return _librosa57(y, sr=sr)


def _librosa57(y: NDArray[np.float32], *, sr: float) -> NDArray[np.float64]:
    D = librosa.stft(y, pad_mode="reflect")
    magnitude = np.abs(D)
    power = magnitude**2
    harmonic = np.zeros_like(y)
    percussive = np.zeros_like(y)
    for part, whole in zip(librosa.decompose.hpss(D), (harmonic, percussive), strict=True):
        sound = librosa.istft(part)
        whole[: len(sound)] = sound
    mel = librosa.feature.melspectrogram(S=power, sr=sr)
    tempo, _ = librosa.beat.beat_track(y=y, sr=sr)
    features = (
        librosa.feature.chroma_stft(S=power, sr=sr),
        librosa.feature.rms(y=y, pad_mode="reflect"),
        librosa.feature.spectral_centroid(S=magnitude, sr=sr),
        librosa.feature.spectral_bandwidth(S=magnitude, sr=sr),
        librosa.feature.spectral_rolloff(S=magnitude, sr=sr, roll_percent=0.85),
        librosa.feature.zero_crossing_rate(y),
        harmonic,
        percussive,
    )
    values = [(x.mean(dtype=np.float64), x.var(dtype=np.float64)) for x in features]
    cepstrum = librosa.feature.mfcc(S=librosa.power_to_db(mel), n_mfcc=20)
    moments = [(x.mean(dtype=np.float64), x.var(dtype=np.float64)) for x in cepstrum]
    return np.array([*np.ravel(values), float(np.ravel(tempo)[0]), *np.ravel(moments)])
