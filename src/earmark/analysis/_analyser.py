"""What a model, and the spaces that similar songs are found in, make of features."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy.typing as npt

from earmark.analysis._records import Answer
from earmark.features import get_feature_set
from earmark.models import Model, Space, predict_track, spaces
from earmark.types import Float32Array, FloatArray

__all__ = ["Analyser", "answer_of"]


def answer_of(
    model: Model, X: npt.NDArray[Any], *, bounds: FloatArray, sounding: FloatArray
) -> Answer:
    """Have a model name the genre of a track.

    Parameters
    ----------
    model : Model
        The model.
    X : np.ndarray [shape=(n_clips, d)]
        Features of the clips, those of the model.
    bounds : np.ndarray [shape=(n_clips, 2)]
        Start and end of each in seconds.
    sounding : np.ndarray [shape=(n_clips,)]
        Seconds of each that count.

    Returns
    -------
    Answer
        What it says.
    """
    prediction = predict_track(
        model, X, lengths=sounding, fingerprint=model.feature_set.fingerprint
    )
    return Answer(
        model_sha256=model.sha256,
        classes=model.classes,
        probabilities=prediction.probabilities,
        unsure=prediction.unsure,
        distance=prediction.distance,
        bounds=bounds,
        timeline=prediction.clip_probabilities,
        sounding=sounding,
        spread=prediction.spread,
    )


@dataclass(frozen=True)
class Analyser:
    """A model and the spaces that similar songs are found in: what a library is scanned with.

    Attributes
    ----------
    model : Model
        What names the genre.
    """

    model: Model

    @cached_property
    def style(self) -> Space:
        """The space of styles."""
        return spaces()["style"]

    @cached_property
    def timbre(self) -> Space:
        """The space of timbres."""
        return spaces()["timbre"]

    @cached_property
    def sets(self) -> tuple[str, ...]:
        """Names of the feature sets that are needed."""
        needed = (self.model, self.style, self.timbre)
        return tuple(dict.fromkeys(each.feature_set.name for each in needed))

    @cached_property
    def fingerprints(self) -> frozenset[str]:
        """Their fingerprints."""
        return frozenset(get_feature_set(name).fingerprint for name in self.sets)

    def answer(self, X: npt.NDArray[Any], *, bounds: FloatArray, sounding: FloatArray) -> Answer:
        """Have the model name the genre of a track, see `answer_of`.

        Parameters
        ----------
        X : np.ndarray [shape=(n_clips, d)]
            Features of the clips, those of the model.
        bounds : np.ndarray [shape=(n_clips, 2)]
            Start and end of each in seconds.
        sounding : np.ndarray [shape=(n_clips,)]
            Seconds of each that count.

        Returns
        -------
        Answer
            What it says.
        """
        return answer_of(self.model, X, bounds=bounds, sounding=sounding)

    def place(self, X: npt.NDArray[Any], *, sounding: FloatArray) -> Float32Array | None:
        """Find the place of a track in the space of styles.

        Parameters
        ----------
        X : np.ndarray [shape=(n_clips, d)]
            Features of the clips, those of the space.
        sounding : np.ndarray [shape=(n_clips,)]
            Seconds of each that count.

        Returns
        -------
        np.ndarray of float32 [shape=(d,)] or None
            Its place; None if the track is silent.
        """
        counts = sounding > 0
        if not counts.any():
            return None
        return self.style.embed_track(
            X[counts], lengths=sounding[counts], fingerprint=self.style.feature_set.fingerprint
        )
