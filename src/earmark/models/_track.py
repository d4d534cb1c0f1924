"""From the clips of a track to one answer, or to "unsure" and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from earmark.models._served import Model
from earmark.types import FloatArray

__all__ = ["TrackPrediction", "Unsure", "predict_track"]

Unsure = Literal["confidence", "unfamiliar"]
"""Why an answer is not to be relied on."""


@dataclass(frozen=True)
class TrackPrediction:
    """What a model says of a track.

    Attributes
    ----------
    genre : str
        The most probable class, also where the answer is unsure.
    confidence : float
        Its probability.
    unsure : {"confidence", "unfamiliar"} or None
        None where the answer stands. ``"unfamiliar"``: the track lies farther from the training
        data than 95 % of held-out music does, so that its probabilities mean little.
        ``"confidence"``: the top probability is below the one that makes answers 70 % right.
    probabilities : np.ndarray [shape=(n_classes,)]
        Mean over the clips, weighted by their length.
    spread : np.ndarray [shape=(n_classes,)]
        Standard deviation over the clips, weighted likewise.
    distance : float
        Mean distance of the clips from the training data, weighted likewise.
    clip_probabilities : np.ndarray [shape=(n_clips, n_classes)]
        Those of each clip.
    """

    genre: str
    confidence: float
    unsure: Unsure | None
    probabilities: FloatArray
    spread: FloatArray
    distance: float
    clip_probabilities: FloatArray


def predict_track(
    model: Model, X: FloatArray, *, lengths: FloatArray, fingerprint: str
) -> TrackPrediction:
    """Combine a model's answers for the clips of a track.

    Parameters
    ----------
    model : Model
        What to ask.
    X : np.ndarray [shape=(n_clips, d)]
        Features of the clips.
    lengths : np.ndarray [shape=(n_clips,)]
        Their lengths, in any unit.
    fingerprint : str
        Fingerprint of the feature set of `X`.

    Returns
    -------
    TrackPrediction
        The answer.

    Raises
    ------
    FingerprintError, ParameterError
        As `Model.predict`.

    Examples
    --------
    >>> from earmark.models import load_model
    >>> model = load_model()
    >>> features = model.feature_set(np.zeros(66_150), sr=22_050)
    >>> answer = predict_track(
    ...     model, features[np.newaxis], lengths=np.ones(1),
    ...     fingerprint=model.feature_set.fingerprint,
    ... )
    >>> answer.unsure
    'unfamiliar'
    """
    prediction = model.predict(X, fingerprint=fingerprint)
    weights = lengths / lengths.sum()
    probabilities = weights @ prediction.probabilities
    spread = np.sqrt(weights @ (prediction.probabilities - probabilities) ** 2)
    distance = float(weights @ prediction.distance)
    top = int(probabilities.argmax())
    confidence = float(probabilities[top])
    unsure: Unsure | None = None
    if distance > model.max_distance:
        unsure = "unfamiliar"
    elif confidence < model.min_confidence:
        unsure = "confidence"
    return TrackPrediction(
        model.classes[top],
        confidence,
        unsure,
        probabilities,
        spread,
        distance,
        prediction.probabilities,
    )
