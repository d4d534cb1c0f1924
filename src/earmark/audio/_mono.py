"""The mean of the channels, or one of them if they cancel each other.

The mean of stereo is silent if the right channel is the inverted left one. One channel then stands
for the whole file, whatever part of it is read. Whether the mean is silent is only known at the end
of the file, so it is read through beforehand, but only if the first second leaves the question
open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from earmark.types import Float32Array

__all__ = ["SILENCE_DB", "loudest_if_mean_is_silent", "to_mono"]

SILENCE_DB = -80.0
"""A second whose root mean square is below this, in decibels of full scale, is silent."""

_CANCELLED_DB = -60.0
"""A mean this far below the loudest channel of the same second is only coding noise."""


def _mean(block: Float32Array) -> Float32Array:
    """Average the channels of a block [shape=(n, channels)]."""
    if block.shape[1] == 1:
        return block[:, 0]
    if block.shape[1] == 2:  # bit-identical to the mean, and forty times faster
        mono: Float32Array = (block[:, 0] + block[:, 1]) * np.float32(0.5)
        return mono
    mean: Float32Array = block.mean(axis=1, dtype=np.float32)
    return mean


class _Meter:
    """Measures for each second whether the mean of the channels is silent, and each channel."""

    def __init__(self, sr: int, n_channels: int, *, start: int = 0) -> None:
        self._sr = sr
        self._left = sr - start % sr
        self._is_whole = start % sr == 0
        self._mean = 0.0
        self._channels = np.zeros(n_channels)
        self.mean_sounds = False
        self.channels_sound = np.zeros(n_channels, dtype=bool)
        self.totals = np.zeros(n_channels)

    def add(self, block: Float32Array) -> bool:
        """Add more of the file; return whether the mean has been audible for a whole second."""
        while len(block) and not self.mean_sounds:
            part, block = block[: self._left], block[self._left :]
            mean = _mean(part)
            self._mean += float(np.dot(mean, mean))
            self._channels += np.einsum("ij,ij->j", part, part, dtype=np.float64)
            self._left -= len(part)
            if not self._left:
                self.end_second()
        return self.mean_sounds

    def end_second(self) -> None:
        """Judge the second that ends here, unless its start is unknown."""
        if self._is_whole:
            enough = 10 ** (SILENCE_DB / 10) * self._sr
            self.totals += self._channels
            self.channels_sound |= self._channels >= enough
            relative = 10 ** (_CANCELLED_DB / 10) * self._channels.max()
            self.mean_sounds = self._mean >= max(enough, relative)
        self._mean, self._channels = 0.0, np.zeros_like(self._channels)
        self._left, self._is_whole = self._sr, True


def loudest_if_mean_is_silent(blocks: Iterable[Float32Array], *, sr: int) -> int | None:
    """Return the channel to use for a file whose mean is silent, else None.

    Blocks [shape=(n, channels)] are read only until the mean is not silent. None too if every
    channel is silent.
    """
    meter: _Meter | None = None
    for block in blocks:
        meter = meter or _Meter(sr, block.shape[1])
        if meter.add(block):
            return None
    if meter is None:
        return None
    meter.end_second()
    if meter.mean_sounds or not meter.channels_sound.any():
        return None
    return int(np.argmax(np.where(meter.channels_sound, meter.totals, -1.0)))


def to_mono(
    blocks: Iterable[Float32Array], *, sr: int, start: int, choose: Callable[[], int | None]
) -> Iterator[Float32Array]:
    """Mix blocks [(n, channels)] to one channel, or take one of them if the mean is silent.

    They begin at sample `start` of the file. `choose` asks `loudest_if_mean_is_silent` about the
    whole file; it is called at most once, and only if the blocks themselves do not settle it.
    """
    meter: _Meter | None = None
    held: list[Float32Array] = []
    n_held = 0
    channel: int | None = None
    decided = False
    for block in blocks:
        if not decided:
            meter = meter or _Meter(sr, block.shape[1], start=start)
            held.append(block)
            n_held += len(block)
            decided = meter.add(block)
            if not decided and n_held < 2 * sr:
                continue
            if not decided and any(map(_differ, held)):
                channel, decided = choose(), True
            yield from (_pick(each, channel) for each in held)
            held, n_held = [], 0
        else:
            yield _pick(block, channel)
    if any(map(_differ, held)):
        channel = choose()
    yield from (_pick(each, channel) for each in held)


def _pick(block: Float32Array, channel: int | None) -> Float32Array:
    return _mean(block) if channel is None else np.ascontiguousarray(block[:, channel])


def _differ(block: Float32Array) -> bool:
    """Say whether the channels of a block are not all the same."""
    return bool((block[:, 1:] != block[:, :1]).any())
