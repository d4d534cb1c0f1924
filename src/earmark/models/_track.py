"""From the clips of a track to one answer, or to "unsure" and the reason."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from earmark.arguments import checked
from earmark.errors import ParameterError
from earmark.models._served import Model, is_decided
from earmark.types import FloatArray, Unsure

__all__ = ["TrackPrediction", "predict_track"]


@dataclass(frozen=True)
class TrackPrediction:
    """Answer of a model for a track.

    Attributes
    ----------
    genre : str or None
        The most probable class, even if the answer is unsure; None for a silent track.
    confidence : float or None
        Its probability.
    unsure : {"unfamiliar", "undecided", "silent"} or None
        None if the answer can be relied on. ``"silent"``: no clip counts. ``"unfamiliar"``: the
        track lies farther from the training data than 95 % of held-out music does, so that its
        probabilities mean little. ``"undecided"``: the top probability is below the model's
        `min_confidence`, or less than `min_margin` above the next.
    probabilities : np.ndarray [shape=(n_classes,)]
        Mean over the clips, weighted by their length; empty for a silent track.
    spread : np.ndarray [shape=(n_classes,)]
        Standard deviation over the clips, weighted in the same way; empty for a silent track.
    distance : float or None
        Mean distance of the clips from the training data, weighted in the same way.
    clip_probabilities : np.ndarray [shape=(n_clips, n_classes)]
        Probabilities of each clip; NaN for a clip that does not count.
    """

    genre: str | None
    confidence: float | None
    unsure: Unsure | None
    probabilities: FloatArray
    spread: FloatArray
    distance: float | None
    clip_probabilities: FloatArray


@checked
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
        Weight of each clip, e.g. its seconds that are not silent; clips with 0 are left out.
    fingerprint : str
        Fingerprint of the feature set of `X`.

    Returns
    -------
    TrackPrediction
        The answer.

    Raises
    ------
    FingerprintError
        If the features are not the model's own.
    ParameterError
        If `X` has another shape or is not finite, or a length is negative or not a number.

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
    lengths = np.asarray(lengths, dtype=np.float64)
    if lengths.shape != (len(prediction.distance),) or not (lengths >= 0).all():
        raise ParameterError(f"lengths={lengths!r}: each row of X needs one, 0 or more")
    clips = np.where(lengths[:, np.newaxis] > 0, prediction.probabilities, np.nan)
    if not lengths.any():
        nothing: FloatArray = np.empty(0)
        return TrackPrediction(None, None, "silent", nothing, nothing, None, clips)
    weights = lengths / lengths.sum()
    probabilities = weights @ prediction.probabilities
    spread = np.sqrt(weights @ (prediction.probabilities - probabilities) ** 2)
    distance = float(weights @ prediction.distance)
    top = int(probabilities.argmax())
    confidence = float(probabilities[top])
    decided = is_decided(
        probabilities[np.newaxis],
        min_confidence=model.min_confidence,
        min_margin=model.min_margin,
    )
    unsure: Unsure | None = None
    if distance > model.max_distance:
        unsure = "unfamiliar"
    elif not decided[0]:
        unsure = "undecided"
    return TrackPrediction(
        model.classes[top],
        confidence,
        unsure,
        probabilities,
        spread,
        distance,
        clips,
    )
