"""Compile what is compiled once for each user."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from earmark.features import cache_folder, extract, feature_sets
from earmark.types import Seconds

__all__ = ["Warmup", "warmup"]


@dataclass(frozen=True)
class Warmup:
    """What came of warming up.

    Attributes
    ----------
    seconds : float
        How long it took; well under a second where all was compiled before.
    folder : str or None
        Where compiled code is kept; None where no folder can be written and every process compiles
        for itself.
    """

    seconds: Seconds
    folder: str | None


def warmup() -> Warmup:
    """Compile the loops of the features, or load what was compiled before.

    Returns
    -------
    Warmup
        How long it took, and where the result is.

    Examples
    --------
    >>> warmup().seconds > 0
    True
    """
    start = time.perf_counter()
    sets = [one.name for one in feature_sets() if one.from_spectra is not None]
    extract(np.zeros(4096, dtype=np.float32), sr=22_050, sets=sets)
    folder = cache_folder()
    return Warmup(time.perf_counter() - start, None if folder is None else str(folder))
