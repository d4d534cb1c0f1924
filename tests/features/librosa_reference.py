"""The 57 features by librosa, written from section 3 of the design, and nothing of Earmark's."""

from __future__ import annotations

import warnings
from typing import Any

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


def mirrored(S: NDArray[Any], margin: int = 15) -> NDArray[Any]:
    """Add rows at either end, looked up one by one in the mirror."""
    n = len(S)
    place = np.arange(-margin, n + margin) % (2 * n)
    return S[np.where(place < n, place, 2 * n - 1 - place)]


def mirrored_medians(S: NDArray[Any]) -> NDArray[Any]:
    """Take the median of each window of 31 rows by itself."""
    rows = mirrored(S)
    return np.stack([np.sort(rows[i : i + 31], axis=0)[15] for i in range(len(S))])


def parts(y: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Part harmonic from percussive, silent where no whole frame reaches.

    Where the window is more than eight times as long as the axis, SciPy 1.17 reads memory that
    nobody wrote: of two or three frames the medians are taken by their definition.
    """
    D = librosa.stft(y, pad_mode="reflect")
    if D.shape[1] < 4:
        S = np.abs(D)
        harmonic, percussive = mirrored_medians(S.T).T, mirrored_medians(S)
        mask = librosa.util.softmask(harmonic, percussive, power=2, split_zeros=True)
        spectra = (D * mask, D * (1 - mask))
    else:
        spectra = librosa.decompose.hpss(D)
    sounds = np.zeros((2, len(y)), dtype=y.dtype)
    for sound, spectrum in zip(sounds, spectra, strict=True):
        inverse = librosa.istft(spectrum)
        sound[: len(inverse)] = inverse
    return sounds[0], sounds[1]


def librosa57(y: NDArray[np.floating[Any]], *, sr: float) -> NDArray[np.float64]:
    """Compute the features of a mono signal, in the order of `NAMES`."""
    with warnings.catch_warnings():
        # A signal shorter than a frame is allowed here, and silence has no pitch.
        warnings.filterwarnings("ignore", "n_fft=2048 is too large", UserWarning)
        warnings.filterwarnings("ignore", "Trying to estimate tuning", UserWarning)
        return _librosa57(y, sr=sr)


def _librosa57(y: NDArray[np.floating[Any]], *, sr: float) -> NDArray[np.float64]:
    magnitude = np.abs(librosa.stft(y, pad_mode="reflect"))
    power = magnitude**2
    harmonic, percussive = parts(y)
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
