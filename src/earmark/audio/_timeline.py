"""Place decoded blocks by their time stamps, and fill gaps with silence."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from earmark.audio._missing import Missing
from earmark.types import Float32Array, Seconds

__all__ = ["Timeline"]

_BLOCK = 65_536
_TOLERANCE: Seconds = 0.01
"""Time stamps are rounded; some containers count in milliseconds."""

_CLEAR_GAP: Seconds = 0.1
"""A gap of this length counts even without other signs of damage."""

_CONFIRMING = 4
"""Number of blocks that have to agree with a jump in the time stamps."""

_DAMAGE_LASTS = 4
"""Blocks after a sign of damage whose time stamps may jump because of it."""


class Timeline:
    """Put the output of a decoder in order of time; time stamps of damaged files can be wrong.

    A jump is accepted if there was a sign of damage before it (or it is long and the container is
    `continuous`, so its stamps never jump), the blocks after it agree with it, and it does not lead
    beyond the `promised` samples. `done` counts the samples given out, `missing` lists the gaps
    filled with silence.
    """

    def __init__(self, *, sr: int, promised: int | None, continuous: bool) -> None:
        self.done = 0
        self.missing: list[Missing] = []
        self._sr = sr
        self._promised = promised
        self._continuous = continuous
        self._tolerance = round(_TOLERANCE * sr)
        self._shift: float | None = None
        self._damage = 0
        self._held: list[Float32Array] = []
        self._n_held = 0
        self._jump = 0.0
        self._elsewhere, self._n_elsewhere = 0.0, 0

    def note_damage(self) -> None:
        """Record a sign of damage at this place."""
        self._damage = _DAMAGE_LASTS

    def start_at(self, position: float) -> None:
        """Set the expected time stamp of the first sample, in samples."""
        if self._shift is None:
            self._shift = position

    def push(self, block: Float32Array, position: float | None) -> Iterator[Float32Array]:
        """Add a block [shape=(n, channels)] with its time stamp in samples; yield what is ready."""
        if position is None:
            if self._held:
                self._hold(block)
            else:
                yield self._give(block)
            return
        if self._shift is None:
            self._shift = position
        ahead = position - self._shift - self.done - self._n_held
        if self._held:
            if abs(ahead - self._jump) <= self._tolerance:
                self._hold(block)
                if len(self._held) >= _CONFIRMING:
                    yield from self._release(believed=True)
                return
            yield from self._release(believed=ahead > self._jump)
            ahead = position - self._shift - self.done
        self._damage = max(0, self._damage - 1)
        if abs(ahead) <= self._tolerance:
            yield self._give(block)
        elif self._credible(ahead):
            self._jump = ahead
            self._hold(block)
        else:
            self._set_clock(ahead)
            yield self._give(block)

    def _set_clock(self, ahead: float) -> None:
        """Follow a jump of the time stamps once several agree; a single one may be wrong."""
        if abs(ahead - self._elsewhere) > self._tolerance:
            self._elsewhere, self._n_elsewhere = ahead, 0
        self._n_elsewhere += 1
        if self._n_elsewhere >= _CONFIRMING and self._shift is not None:
            self._shift += ahead
            self._elsewhere, self._n_elsewhere = 0.0, 0

    def finish(self) -> Iterator[Float32Array]:
        """Yield the blocks that were held back; nothing follows."""
        yield from self._release(believed=True)

    def _credible(self, ahead: float) -> bool:
        if ahead < 0:
            return False
        if not self._damage and not (self._continuous and ahead > _CLEAR_GAP * self._sr):
            return False
        end = self.done + ahead
        return self._promised is None or end <= self._promised + _CLEAR_GAP * self._sr

    def _hold(self, block: Float32Array) -> None:
        self._held.append(block)
        self._n_held += len(block)

    def _release(self, *, believed: bool) -> Iterator[Float32Array]:
        held, self._held, self._n_held = self._held, [], 0
        if held and believed:
            yield from self._silence(round(self._jump), held[0].shape[1])
        for block in held:
            yield self._give(block)

    def _silence(self, n: int, channels: int) -> Iterator[Float32Array]:
        self.missing.append(Missing(self.done / self._sr, n / self._sr))
        while n > 0:
            part = min(n, _BLOCK)
            yield self._give(np.zeros((part, channels), dtype=np.float32))
            n -= part

    def _give(self, block: Float32Array) -> Float32Array:
        self.done += len(block)
        return block
