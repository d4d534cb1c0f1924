"""Cut a track into clips, the unit of classification, or segments, the unit of similarity."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from earmark.arguments import checked
from earmark.errors import ParameterError
from earmark.types import Float32Array, Hertz, Seconds

__all__ = ["CLIP_S", "SEGMENT_S", "Clip", "clip_bounds", "clips"]

CLIP_S: Seconds = 30.0
"""Length of a clip."""

SEGMENT_S: Seconds = 3.0
"""Length of a segment."""


@dataclass(frozen=True)
class Clip:
    """A stretch of a track.

    Attributes
    ----------
    start, end : int
        First sample, and first sample after the end.
    y : np.ndarray [shape=(end - start,)]
        Its samples.
    """

    start: int
    end: int
    y: Float32Array


def _lengths(sr: Hertz, duration: Seconds) -> tuple[int, int]:
    """Return the samples of a clip, and of the shortest remainder that is a clip of its own."""
    if not 1 <= sr < math.inf:
        raise ParameterError(f"sr={sr!r} is not a sampling rate in hertz")
    if not 1 <= duration < math.inf:
        raise ParameterError(f"duration={duration!r} must be 1 s or more")
    return round(duration * sr), round(duration / 2 * sr)


@checked
def clip_bounds(n_samples: int, *, sr: Hertz, duration: Seconds = CLIP_S) -> list[tuple[int, int]]:
    """Return where a track of a given length is cut.

    Parameters
    ----------
    n_samples : int
        Length of the track.
    sr : float
        Its sampling rate in hertz.
    duration : float
        Length of a clip in seconds: `CLIP_S`, or `SEGMENT_S` for segments.

    Returns
    -------
    list of (int, int)
        First sample of each clip, and first sample after it. A remainder shorter than half a clip
        joins the clip before it, and a longer one is a clip of its own. A track shorter than a clip
        is one clip.

    Raises
    ------
    ParameterError
        If there are no samples, `sr` is not a sampling rate, or `duration` is under 1 s.

    Examples
    --------
    >>> clip_bounds(661_794, sr=22_050)  # an excerpt of GTZAN, 30.01 s
    [(0, 661794)]
    >>> clip_bounds(100 * 100, sr=100)
    [(0, 3000), (3000, 6000), (6000, 10000)]
    """
    if n_samples < 1:
        raise ParameterError(f"n_samples={n_samples} must be 1 or more")
    length, remainder = _lengths(sr, duration)
    whole, rest = divmod(n_samples, length)
    count = whole + (rest >= remainder) if whole else 1
    starts = [i * length for i in range(count)]
    return list(zip(starts, [*starts[1:], n_samples], strict=True))


@checked
def clips(
    blocks: Iterable[Float32Array], *, sr: Hertz, duration: Seconds = CLIP_S
) -> Iterator[Clip]:
    """Cut a stream of mono blocks into clips, as `clip_bounds` says, in bounded memory.

    Parameters
    ----------
    blocks : iterable of np.ndarray [shape=(n,)]
        The track, from its start.
    sr : float
        Its sampling rate in hertz.
    duration : float
        Length of a clip in seconds: `CLIP_S`, or `SEGMENT_S` for segments.

    Yields
    ------
    Clip
        The clips in order; none for a track without samples.

    Raises
    ------
    ParameterError
        If `sr` is not a sampling rate, or `duration` is under 1 s.

    Examples
    --------
    >>> blocks = [np.zeros(700, dtype=np.float32)] * 10
    >>> [(clip.start, clip.end) for clip in clips(blocks, sr=100)]
    [(0, 3000), (3000, 7000)]
    """
    length, remainder = _lengths(sr, duration)
    # A clip is complete once enough follows that the rest cannot join it.
    certain = length + remainder
    start = n_held = 0
    held: list[Float32Array] = []
    for block in blocks:
        held.append(block)
        n_held += len(block)
        if n_held < certain:
            continue
        joined = np.concatenate(held)
        while len(joined) >= certain:
            yield Clip(start, start + length, joined[:length])
            start += length
            joined = joined[length:]
        held, n_held = [joined], len(joined)
    if n_held:
        joined = np.concatenate(held)
        for first, end in clip_bounds(n_held, sr=sr, duration=duration):
            yield Clip(start + first, start + end, joined[first:end])
