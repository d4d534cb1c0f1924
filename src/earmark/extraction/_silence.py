"""Find where a track is silent, so that silence does not count as music."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby, pairwise

import numpy as np

from earmark import audio
from earmark.types import BoolArray, Float32Array, Hertz, Seconds

__all__ = [
    "MIN_SILENCE_S",
    "SILENCE_DB",
    "clips_of_sound",
    "seconds_of_sound",
    "silent_seconds",
]

SILENCE_DB = -80.0
"""Level of a second, in decibels of full scale (root mean square), below which it is silent.

The quietest second of music in 731 files is at -58 dB, dithered digital silence of 16 bits at
-95 dB; between them are only fading ends and pauses. See ``docs/decisions/0020-silence.md``.
"""

MIN_SILENCE_S: Seconds = 5.0
"""Silence of this length or more is cut off from the sound; shorter pauses are part of it."""

_WINDOW_S: Seconds = 1.0
_STEP_S: Seconds = 0.1  # how exactly the ends of long silence are known


def silent_seconds(y: Float32Array, *, sr: Hertz) -> BoolArray:
    """Tell which seconds of samples [shape=(n,)] are silent [shape=(ceil(n / sr),)].

    The last one may be shorter than a second.
    """
    return _silent(y, _size(_WINDOW_S, sr))


def seconds_of_sound(
    silent: BoolArray,
    bounds: tuple[Seconds, Seconds],
    missing: Iterable[audio.Missing] = (),
) -> Seconds:
    """Measure how many seconds of a stretch are neither silent nor missing.

    `silent` is what `silent_seconds` says of the stretch, `bounds` are its start and end in seconds
    from the start of the file, and `missing` is what could not be decoded of the file.
    """
    start, end = bounds
    edges = np.minimum(start + _WINDOW_S * np.arange(len(silent) + 1), end)
    edges[-1] = end
    starts, ends = edges[:-1][~silent], edges[1:][~silent]
    total = float((ends - starts).sum())
    for gap in missing:
        until = np.inf if gap.length is None else gap.start + gap.length
        inside = np.minimum(ends, until) - np.maximum(starts, gap.start)
        total -= float(np.maximum(inside, 0).sum())
    return max(total, 0.0)


def clips_of_sound(
    blocks: Iterable[Float32Array], *, sr: Hertz, duration: Seconds = audio.CLIP_S
) -> Iterator[audio.Clip]:
    """Cut a stream of mono blocks into clips without gaps, long silence apart from sound.

    A track without `MIN_SILENCE_S` of silence on end is cut as `earmark.audio.clip_bounds` does.
    Otherwise each stretch of sound, and each of silence, is cut in this way, so that clips begin
    where the sound does. ParameterError if `sr` is no sampling rate, or `duration` is less than 1
    s.
    """
    start = 0
    for _, stretch in groupby(_stretches(_runs(blocks, sr), sr), key=lambda part: part[0]):
        end = start
        for clip in audio.clips((part for _, part in stretch), sr=sr, duration=duration):
            end = start + clip.end
            yield audio.Clip(start + clip.start, end, clip.y)
        start = end


def _size(seconds: Seconds, sr: Hertz) -> int:
    return max(1, round(seconds * sr))


def _silent(y: Float32Array, size: int) -> BoolArray:
    """Tell which windows of some samples are silent; the last may be shorter."""
    whole = len(y) // size
    blocks = y[: whole * size].reshape(whole, size)
    power = np.einsum("ij,ij->i", blocks, blocks) / size
    rest = y[whole * size :]
    if len(rest):
        power = np.append(power, rest @ rest / len(rest))
    silent: BoolArray = power < 10 ** (SILENCE_DB / 10)
    return silent


def _blocks_of_one_second(blocks: Iterable[Float32Array], sr: Hertz) -> Iterator[Float32Array]:
    size = _size(_WINDOW_S, sr)
    held: list[Float32Array] = []
    n_held = 0
    for block in blocks:
        held.append(block)
        n_held += len(block)
        if n_held < size:
            continue
        joined = np.concatenate(held) if len(held) > 1 else block
        whole = n_held // size * size
        yield from joined[:whole].reshape(-1, size)
        held, n_held = [joined[whole:]], n_held - whole
    if n_held:
        yield np.concatenate(held)


def _runs(blocks: Iterable[Float32Array], sr: Hertz) -> Iterator[tuple[bool, Float32Array]]:
    """Cut a stream into pieces of up to a second, each silent as a whole or not."""
    size = _size(_STEP_S, sr)
    before = None
    for block in _blocks_of_one_second(blocks, sr):
        silent = _silent(block, size)
        if not silent.any() and (len(silent) > 1 or not before):
            yield False, block
            before = False
            continue
        if len(block) % size and (len(silent) > 1 or before is not None):
            # A last bit is too short to be a clip: it goes with what is before it.
            silent[-1] = silent[-2] if len(silent) > 1 else before
        changes = np.flatnonzero(np.diff(silent)) + 1
        edges = [0, *(changes * size).tolist(), len(block)]
        for at, (first, last) in enumerate(pairwise(edges)):
            yield bool(silent[0]) ^ bool(at % 2), block[first:last]
        before = silent[-1]


def _stretches(
    runs: Iterable[tuple[bool, Float32Array]], sr: Hertz
) -> Iterator[tuple[int, Float32Array]]:
    """Yield each piece with the number of the stretch of sound or silence it is part of."""
    enough = _size(MIN_SILENCE_S, sr)
    number, is_silent = 0, None
    pause: list[Float32Array] = []
    for silent, piece in runs:
        pause.append(piece)
        if silent and not is_silent and sum(map(len, pause)) < enough:
            continue  # it may be a pause
        number += is_silent is not None and is_silent != silent
        is_silent = silent
        for one in pause:
            yield number, one
        pause = []
    for one in pause:
        yield number, one
