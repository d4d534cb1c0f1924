"""Separate what sustains from what strikes (Fitzgerald 2010; Driedger, Müller and Disch 2014)."""

from __future__ import annotations

import numpy as np

from earmark.features._median import running_median
from earmark.features._spectrum import istft
from earmark.types import AudioArray, Complex64Array, Float32Array

__all__ = ["harmonic_mask", "hpss"]

_TINY = np.finfo(np.float32).tiny


def harmonic_mask(S: Float32Array) -> Float32Array:
    """Compute the share of each cell that belongs to the harmonic part.

    Parameters
    ----------
    S : np.ndarray [shape=(t, 1025)]
        Magnitudes.

    Returns
    -------
    np.ndarray [shape=(t, 1025)]
        ``h^2 / (h^2 + p^2)``, where h is the median of 31 frames about the cell and p that of 31
        bins; 0.5 where both are nothing. The percussive mask is one minus it. Equals
        ``librosa.decompose.hpss(S.T, mask=True)[0].T``.

    Examples
    --------
    >>> S = np.zeros((40, 1025), dtype=np.float32)
    >>> S[:, 100] = 1.0  # a line in time is a sustained tone
    >>> float(harmonic_mask(S)[20, 100])
    1.0
    """
    harmonic = running_median(S)
    percussive = np.ascontiguousarray(running_median(np.ascontiguousarray(S.T)).T)
    larger = np.maximum(harmonic, percussive)
    nothing = larger < _TINY
    larger[nothing] = 1.0
    # Scaled by the larger of the two, so that the squares neither vanish nor overflow.
    harmonic /= larger
    percussive /= larger
    harmonic *= harmonic
    percussive *= percussive
    percussive += harmonic
    percussive[nothing] = 1.0
    harmonic /= percussive
    harmonic[nothing] = 0.5
    return harmonic


def hpss(y: AudioArray, D: Complex64Array, S: Float32Array) -> tuple[Float32Array, Float32Array]:
    """Split a signal into a harmonic and a percussive signal.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)]
        Mono signal.
    D : np.ndarray [shape=(t, 1025)]
        Its short-time Fourier transform.
    S : np.ndarray [shape=(t, 1025)]
        The magnitudes of `D`.

    Returns
    -------
    harmonic, percussive : np.ndarray [shape=(n,)]
        Their sum is `y` as far as whole frames reach, sample ``512 * (t - 1)``; both are 0 from
        there on.

    Notes
    -----
    Each is `librosa.istft`, without `length`, of a part of ``librosa.decompose.hpss(D.T)``, filled
    up with zeros. The two masks sum to one, so one inverse transform serves both.

    Examples
    --------
    >>> from earmark.features._spectrum import stft
    >>> y = np.sin(np.arange(22_050) / 5).astype(np.float32)
    >>> D = stft(y)
    >>> harmonic, percussive = hpss(y, D, abs(D))
    >>> middle = slice(4096, -4096)  # where a tone begins and ends it strikes
    >>> bool(percussive[middle].var() < 1e-3 * harmonic[middle].var())
    True
    """
    whole = istft(D * harmonic_mask(S))
    harmonic = np.zeros(len(y), dtype=np.float32)
    harmonic[: len(whole)] = whole
    percussive = np.zeros(len(y), dtype=np.float32)
    percussive[: len(whole)] = y[: len(whole)] - whole
    return harmonic, percussive
