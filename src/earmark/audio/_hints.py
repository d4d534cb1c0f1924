"""What a look at a file tells before a decoder opens it."""

from __future__ import annotations

from dataclasses import dataclass

from earmark.audio._mpeg import FrameSurvey

__all__ = ["Hints"]


@dataclass(frozen=True)
class Hints:
    """What is known of a file before FFmpeg opens it.

    Attributes
    ----------
    n_samples : int or None
        Samples of each channel; None leaves it to the container.
    frames : FrameSurvey or None
        The frames of MPEG audio or AAC.
    is_damaged : bool
        Whether parts are known to be missing.
    start, end : int, int or None
        The bytes of the file to look at.
    sr, layout : int, str or None
        Sampling rate in hertz and channels to convert to.
    """

    n_samples: int | None = None
    frames: FrameSurvey | None = None
    is_damaged: bool = False
    start: int = 0
    end: int | None = None
    sr: int | None = None
    layout: str | None = None
