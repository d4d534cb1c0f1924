"""Cutting a track into clips, the unit of classification."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from earmark.errors import ParameterError
from earmark.types import Float32Array, Hertz, Seconds

__all__ = ["CLIP_S", "Clip", "clip_bounds", "clips"]

CLIP_S: Seconds = 30.0
"""Length of a clip."""

_REMAINDER_S: Seconds = 15.0
"""A remainder shorter than this joins the clip before it."""


@dataclass(frozen=True)
class Clip:
    """A stretch of a track.

    Attributes
    ----------
    start, end : int
        First sample, and first sample after it.
    y : np.ndarray [shape=(end - start,)]
        Its samples.
    """

    start: int
    end: int
    y: Float32Array


def _lengths(sr: Hertz) -> tuple[int, int]:
    """Return the samples of a clip, and those of the shortest remainder that is one itself."""
    if not 1 <= sr < math.inf:
        raise ParameterError(f"sr={sr!r} is not a sampling rate in hertz")
    return round(CLIP_S * sr), round(_REMAINDER_S * sr)


def clip_bounds(n_samples: int, *, sr: Hertz) -> list[tuple[int, int]]:
    """Say where a track of a given length is cut.

    Parameters
    ----------
    n_samples : int
        Length of the track.
    sr : float
        Its sampling rate in hertz.

    Returns
    -------
    list of (int, int)
        First sample of each clip, and first sample after it. Clips are 30 s; a remainder under
        15 s joins the clip before it, a longer one is a clip itself, and a shorter track is one
        clip.

    Raises
    ------
    ParameterError
        If there is no sample, or `sr` is not a sampling rate.

    Examples
    --------
    >>> clip_bounds(661_794, sr=22_050)  # an excerpt of GTZAN, 30.01 s
    [(0, 661794)]
    >>> clip_bounds(100 * 100, sr=100)
    [(0, 3000), (3000, 6000), (6000, 10000)]
    """
    if n_samples < 1:
        raise ParameterError(f"n_samples={n_samples} must be 1 or more")
    length, remainder = _lengths(sr)
    whole, rest = divmod(n_samples, length)
    count = whole + (rest >= remainder) if whole else 1
    starts = [i * length for i in range(count)]
    return list(zip(starts, [*starts[1:], n_samples], strict=True))


def clips(blocks: Iterable[Float32Array], *, sr: Hertz) -> Iterator[Clip]:
    """Cut a stream of mono blocks into clips, as `clip_bounds` says, in bounded memory.

    Parameters
    ----------
    blocks : iterable of np.ndarray [shape=(n,)]
        The track, from its start.
    sr : float
        Its sampling rate in hertz.

    Yields
    ------
    Clip
        One after the other; nothing for a track without a sample.

    Raises
    ------
    ParameterError
        If `sr` is not a sampling rate.

    Examples
    --------
    >>> blocks = [np.zeros(700, dtype=np.float32)] * 10
    >>> [(clip.start, clip.end) for clip in clips(blocks, sr=100)]
    [(0, 3000), (3000, 7000)]
    """
    length, remainder = _lengths(sr)
    # A clip is certain once what follows it is enough not to join it.
    certain = length + remainder
    start = n_held = 0
    held: list[Float32Array] = []
    for block in blocks:
        held.append(block)
        n_held += len(block)
        while n_held >= certain:
            joined = np.concatenate(held)
            yield Clip(start, start + length, joined[:length])
            start += length
            held = [joined[length:]]
            n_held -= length
    if n_held:
        joined = np.concatenate(held)
        for first, end in clip_bounds(n_held, sr=sr):
            yield Clip(start + first, start + end, joined[first:end])
