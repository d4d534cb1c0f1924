"""What is known of a track once its file was decoded: measurements, features, and an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from earmark.types import FloatArray, Seconds, Unsure

__all__ = ["MEASUREMENTS", "Analysis", "Answer", "AnswerSummary", "Gaps", "Part"]

Gaps: TypeAlias = tuple[tuple[Seconds, Seconds | None], ...]
"""Start and length of each stretch of a track that could not be decoded, the length if known."""

MEASUREMENTS = ("tempo", "brightness", "loudness", "percussiveness")
"""What is measured of a track: beats a minute, mean spectral centroid in hertz, mean level in
decibels, and the share of the percussive part in the energy."""


@dataclass(frozen=True)
class Part:
    """Which part of its file a track is.

    Attributes
    ----------
    number : int
        Its number in the cue sheet of the file; 0 if the file is one track.
    start, end : float or None
        Where it begins and ends in the file, in seconds; None where the file does.
    cue_sheet : str
        Hash of the part about it in a cue sheet beside the file; ``""`` without one.
    """

    number: int = 0
    start: Seconds | None = None
    end: Seconds | None = None
    cue_sheet: str = ""


@dataclass(frozen=True)
class Analysis:
    """What was computed from the samples of a track.

    Attributes
    ----------
    duration : float
        In seconds.
    bounds : np.ndarray [shape=(n_clips, 2)]
        Start and end of each clip in seconds.
    sounding : np.ndarray [shape=(n_clips,)]
        Seconds of each clip that count: its length less silence; 0 for a silent clip.
    matrices : mapping of str to np.ndarray
        By the fingerprint of a feature set: [shape=(n_clips, d), dtype=float32], or of the segments
        that are not silent [shape=(n_segments, d), dtype=uint8].
    measurements : mapping of str to float
        By the names in `MEASUREMENTS`; empty for a silent track.
    warnings : tuple of str
        What is wrong with the file without making it unusable.
    gaps : tuple of (float, float or None)
        Start and length in seconds of each stretch that could not be decoded; the length is None
        where nobody knows it.
    """

    duration: Seconds
    bounds: FloatArray
    sounding: FloatArray
    matrices: Mapping[str, npt.NDArray[Any]]
    measurements: Mapping[str, float]
    warnings: tuple[str, ...] = ()
    gaps: Gaps = ()


@dataclass(frozen=True)
class AnswerSummary:
    """What a model says of a track as a whole.

    Attributes
    ----------
    genre : str or None
        The most probable genre, even if the answer is unsure; None if the track is silent or the
        model was not asked.
    confidence : float or None
        Its probability.
    runner_up : str or None
        The second most probable genre.
    margin : float or None
        How much less probable that is.
    unsure : {"unfamiliar", "undecided", "silent"} or None
        Why the answer should not be relied on; None if it can be.
    probabilities : mapping of str to float
        Of each genre; empty if the track is silent or the model was not asked.
    """

    genre: str | None = None
    confidence: float | None = None
    runner_up: str | None = None
    margin: float | None = None
    unsure: Unsure | None = None
    probabilities: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """Answer of a model for a track.

    Attributes
    ----------
    model_sha256 : str
        Which model.
    classes : tuple of str
        The genres it knows.
    probabilities : np.ndarray [shape=(n_classes,)]
        Of the track: the mean over the clips, weighted by `sounding`; empty if it is silent.
    unsure : {"unfamiliar", "undecided", "silent"} or None
        Why it should not be relied on.
    distance : float or None
        How far the track lies from the training data; None if it is silent.
    bounds : np.ndarray [shape=(n_clips, 2)]
        Start and end of each clip in seconds.
    timeline : np.ndarray [shape=(n_clips, n_classes)]
        Probabilities of each clip; NaN in a silent one.
    sounding : np.ndarray [shape=(n_clips,)]
        Seconds of each clip that count: its length less silence; 0 for a silent clip.
    spread : np.ndarray [shape=(n_classes,)] or None
        Standard deviation of the probabilities over the clips, weighted in the same way; empty if
        the track is silent. None of an answer that a library kept.
    """

    model_sha256: str
    classes: tuple[str, ...]
    probabilities: npt.NDArray[np.floating[Any]]
    unsure: Unsure | None
    distance: float | None
    bounds: FloatArray
    timeline: npt.NDArray[np.floating[Any]]
    sounding: FloatArray
    spread: FloatArray | None = None

    @property
    def ranked(self) -> list[str]:
        """The genres, the most probable first; empty if the track is silent."""
        return [self.classes[at] for at in np.argsort(-self.probabilities, kind="stable")]

    @property
    def genre(self) -> str | None:
        """The most probable genre, even if the answer is unsure; None if the track is silent."""
        return self.classes[int(self.probabilities.argmax())] if len(self.probabilities) else None

    @property
    def confidence(self) -> float | None:
        """Its probability; None if the track is silent."""
        return float(self.probabilities.max()) if len(self.probabilities) else None

    @property
    def summary(self) -> AnswerSummary:
        """The answer for the track as a whole, without its clips."""
        if not len(self.probabilities):
            return AnswerSummary(unsure=self.unsure)
        first, second = self.ranked[:2]
        low, high = np.sort(self.probabilities)[-2:].tolist()
        shares = dict(zip(self.classes, self.probabilities.tolist(), strict=True))
        return AnswerSummary(first, high, second, high - low, self.unsure, shares)

    def rounded(self) -> Answer:
        """Return the answer in the precision in which a library keeps it.

        Returns
        -------
        Answer
            Its probabilities are float32.
        """
        return replace(
            self,
            probabilities=self.probabilities.astype(np.float32),
            timeline=self.timeline.astype(np.float32),
        )
