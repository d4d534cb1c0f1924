"""Filter banks: from linear frequency to mel bands and to pitch classes."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from earmark.features._spectrum import N_FFT, fft_frequencies
from earmark.types import Float32Array, FloatArray, Hertz

__all__ = ["N_CHROMA", "N_MELS", "chroma_filters", "hz_to_octs", "mel_filters"]

N_MELS = 128
N_CHROMA = 12

# Slaney's scale (Auditory Toolbox, 1998): linear to 1 kHz, 200/3 Hz a mel, logarithmic above.
_HZ_PER_MEL = 200.0 / 3
_BREAK_HZ = 1000.0
_BREAK_MEL = _BREAK_HZ / _HZ_PER_MEL
_LOG_STEP = np.log(6.4) / 27


def _hz_to_mel(frequency: Hertz) -> float:
    if frequency < _BREAK_HZ:
        return frequency / _HZ_PER_MEL
    return float(_BREAK_MEL + np.log(frequency / _BREAK_HZ) / _LOG_STEP)


def _mel_to_hz(mel: FloatArray) -> FloatArray:
    above = _BREAK_HZ * np.exp(_LOG_STEP * (mel - _BREAK_MEL))
    return np.where(mel < _BREAK_MEL, mel * _HZ_PER_MEL, above)


@lru_cache(maxsize=8)
def mel_filters(*, sr: Hertz) -> Float32Array:
    """Return the 128 triangular mel filters of `librosa.filters.mel`, [shape=(128, 1025)].

    Between 0 and ``sr / 2``, 130 edges are evenly spaced in mels; band m rises from edge m to m +
    1, falls to edge m + 2, and is scaled by ``2 / (width in hertz)``.
    """
    edges = _mel_to_hz(np.linspace(0.0, _hz_to_mel(sr / 2), N_MELS + 2))
    widths = np.diff(edges)
    ramps = edges[:, np.newaxis] - fft_frequencies(sr=sr)
    rising = -ramps[:-2] / widths[:-1, np.newaxis]
    falling = ramps[2:] / widths[1:, np.newaxis]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    scale = 2.0 / (edges[2:] - edges[:-2])
    return (triangles * scale[:, np.newaxis]).astype(np.float32)


def hz_to_octs(
    frequency: npt.NDArray[np.floating[Any]], *, tuning: float = 0.0
) -> npt.NDArray[np.floating[Any]]:
    """Convert hertz to octaves: ``log2(f / (440 * 2^(tuning / 12) / 16))``.

    Equals `librosa.hz_to_octs`; `tuning` is the deviation from A4 = 440 Hz in semitones.
    """
    a440 = 440.0 * 2.0 ** (tuning / N_CHROMA)
    octaves: npt.NDArray[np.floating[Any]] = np.log2(frequency / (a440 / 16))
    return octaves


@lru_cache(maxsize=128)
def chroma_filters(*, sr: Hertz, tuning: float) -> Float32Array:
    """Return the twelve pitch-class filters of `librosa.filters.chroma` [(12, 1025)], C first.

    A bin counts for each pitch class by a Gaussian of their distance in semitones, as wide as the
    bin but at least one semitone. Bins have unit norm and are weighted by a Gaussian of two octaves
    around octave 5 (Ellis 2007). `tuning` is the deviation from A4 = 440 Hz in semitones.
    """
    frequencies = np.linspace(0, sr, N_FFT, endpoint=False)[1:]
    semitones = N_CHROMA * hz_to_octs(frequencies, tuning=tuning)
    # Bin 0 has no pitch: it is placed an octave and a half below bin 1, halfway around the circle.
    semitones = np.concatenate(([semitones[0] - 1.5 * N_CHROMA], semitones))
    widths = np.concatenate((np.maximum(np.diff(semitones), 1.0), [1.0]))
    half = N_CHROMA / 2
    distance = semitones - np.arange(N_CHROMA)[:, np.newaxis]
    distance = np.remainder(distance + half + 10 * N_CHROMA, N_CHROMA) - half
    weights = np.exp(-0.5 * (2 * distance / widths) ** 2)
    weights /= np.sqrt((weights**2).sum(axis=0))
    weights *= np.exp(-0.5 * ((semitones / N_CHROMA - 5.0) / 2.0) ** 2)
    weights = np.roll(weights, -3, axis=0)  # from A first to C first
    return np.ascontiguousarray(weights[:, : N_FFT // 2 + 1], dtype=np.float32)
