"""The 57 features of the public GTZAN table, and 886 that describe how the spectrogram moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from earmark.features._gtzan57 import GTZAN57, fifty_seven
from earmark.features._logmel import LOGMEL_GTZAN, logmel_gtzan
from earmark.features._sets import FeatureSet, register
from earmark.features._texture import NAMES, PARAMETERS, texture
from earmark.types import FloatArray

if TYPE_CHECKING:
    from earmark.features._pass import Spectra

__all__ = ["GTZAN943"]


def _from_archive(row: FloatArray, Q: npt.NDArray[np.uint8]) -> FloatArray:
    """Join the 57 public features of an excerpt and those from its archived spectrogram."""
    return np.concatenate([row, texture(Q)])


def _from_spectra(spectra: Spectra) -> FloatArray:
    return _from_archive(fifty_seven(spectra), logmel_gtzan(spectra))


GTZAN943 = register(
    FeatureSet(
        name="gtzan943",
        version=1,
        sr=22_050,
        names=(*GTZAN57.names, *NAMES),
        parameters={
            "gtzan57": GTZAN57.fingerprint,
            "logmel_gtzan": LOGMEL_GTZAN.fingerprint,
            **PARAMETERS,
        },
        from_spectra=_from_spectra,
        from_archive=_from_archive,
        separates=True,
    )
)
