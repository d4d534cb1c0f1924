"""What is known about a file before a decoder opens it."""

from __future__ import annotations

from dataclasses import dataclass

from earmark.audio._mpeg import FrameSurvey

__all__ = ["Hints"]


@dataclass(frozen=True)
class Hints:
    """What is known about a file before FFmpeg opens it.

    `n_samples` per channel (None leaves it to the container), the `frames` of MPEG audio or AAC,
    whether parts are missing (`is_damaged`), the bytes to read (`start`, `end`), and the sampling
    rate in hertz and channel layout to convert to.
    """

    n_samples: int | None = None
    frames: FrameSurvey | None = None
    is_damaged: bool = False
    start: int = 0
    end: int | None = None
    sr: int | None = None
    layout: str | None = None
