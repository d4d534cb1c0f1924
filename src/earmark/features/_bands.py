"""Mean and deviation of each mel band, as the spectrogram archive of GTZAN holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from earmark.features._logmel import LOGMEL_GTZAN, _logmel, logmel_gtzan, quantise
from earmark.features._sets import FeatureSet, register
from earmark.types import FloatArray

if TYPE_CHECKING:
    from earmark.features._pass import Spectra

__all__ = ["BANDS", "band_statistics"]


def band_statistics(Q: np.ndarray[Any, np.dtype[np.uint8]]) -> FloatArray:
    """Compute the mean and the deviation of each band of a spectrogram, as `BANDS` holds them.

    Parameters
    ----------
    Q : np.ndarray of uint8 [shape=(n_bands, t)]
        A mel spectrogram of 8 bits, with one column or more.

    Returns
    -------
    np.ndarray [shape=(2 * n_bands,)]
        The means (0 to 255), then the population deviations.

    Examples
    --------
    >>> band_statistics(np.array([[0, 2], [5, 5]], dtype=np.uint8)).tolist()
    [1.0, 5.0, 1.0, 0.0]
    """
    return np.concatenate([Q.mean(axis=1, dtype=np.float64), Q.std(axis=1, dtype=np.float64)])


def _from_spectra(spectra: Spectra) -> FloatArray:
    Q = logmel_gtzan(spectra)
    # Under six frames, the only column is the first, which the archive spoils, so all frames are
    # used.
    return band_statistics(Q if Q.shape[1] else quantise(_logmel(spectra)))


BANDS = register(
    FeatureSet(
        name="bands",
        version=2,
        sr=LOGMEL_GTZAN.sr,
        names=tuple(f"{band}_{kind}" for kind in ("mean", "std") for band in LOGMEL_GTZAN.names),
        parameters={**LOGMEL_GTZAN.parameters, "deviation": "population"},
        from_spectra=_from_spectra,
    )
)
