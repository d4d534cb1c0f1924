"""Run a model: features in, calibrated class probabilities out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from earmark.arguments import checked
from earmark.models._session import Served, find_file, shipped
from earmark.types import BoolArray, FloatArray, PathName

__all__ = [
    "DEFAULT_MODEL",
    "Model",
    "Prediction",
    "is_decided",
    "load_model",
    "shipped_models",
]

DEFAULT_MODEL = "gtzan943"
"""Name of the default model."""


@dataclass(frozen=True)
class Prediction:
    """Answers of a model for rows of features.

    Attributes
    ----------
    probabilities : np.ndarray [shape=(n, n_classes)]
        Calibrated; each row sums to one.
    distance : np.ndarray [shape=(n,)]
        Distance of each row from the training data.
    """

    probabilities: FloatArray
    distance: FloatArray


@checked
def is_decided(probabilities: FloatArray, *, min_confidence: float, min_margin: float) -> BoolArray:
    """Tell which answers name a genre clearly enough.

    Parameters
    ----------
    probabilities : np.ndarray [shape=(n, n_classes)]
        Two classes or more.
    min_confidence : float
        Minimum top probability.
    min_margin : float
        Minimum gap to the second probability.

    Returns
    -------
    np.ndarray of bool [shape=(n,)]
        False for undecided rows.

    Examples
    --------
    >>> p = np.array([[0.6, 0.3, 0.1], [0.45, 0.4, 0.15], [0.3, 0.35, 0.35]])
    >>> is_decided(p, min_confidence=0.4, min_margin=0.1).tolist()
    [True, False, False]
    """
    top = np.partition(probabilities, -2, axis=1)[:, -2:]
    decided: BoolArray = (top[:, 1] >= min_confidence) & (top[:, 1] - top[:, 0] >= min_margin)
    return decided


class Model(Served):
    """A fitted classifier with its feature set, classes, calibration and card.

    Made by `load_model`.

    Attributes
    ----------
    name : str
        Short name.
    sha256 : str
        Hash of its file, which identifies it.
    n_bytes : int
        Size of its file.
    classes : tuple of str
        Its genres, in the order of the probabilities.
    feature_set : FeatureSet
        Features that it takes.
    min_confidence, min_margin : float
        A track is "undecided" if its top probability is below the first or its gap to the second
        genre below the second. Older models have no margin, which is 0.
    max_distance : float
        A track is "unfamiliar" if it is farther than this from the training data.
    manifest : mapping
        The manifest in its file.
    card : str
        Its card, Markdown.
    """

    kind = "classifier"
    outputs = ("probabilities", "distance")
    needed = ("recipe", "calibration", "training", "scores")
    # Nearest neighbours need memory for each training row.
    n_rows = 128

    def _read(self, manifest: Mapping[str, Any]) -> None:
        self.classes = _checked_classes(manifest["classes"])
        unsure = manifest["unsure"]
        self.min_confidence = float(unsure["min_confidence"])
        self.min_margin = float(unsure.get("min_margin", 0.0))
        self.max_distance = float(unsure["max_distance"])
        if not all(map(math.isfinite, (self.min_confidence, self.min_margin, self.max_distance))):
            raise ValueError("a threshold is not finite")

    @property
    def _widths(self) -> tuple[int | None, ...]:
        return (len(self.classes), None)

    def __repr__(self) -> str:
        return f"<Model {self.name!r}: {self.feature_set.name} -> {', '.join(self.classes)}>"

    def predict(self, X: FloatArray, *, fingerprint: str) -> Prediction:
        """Compute class probabilities and distances.

        Parameters
        ----------
        X : np.ndarray [shape=(n, d)]
            Rows of features.
        fingerprint : str
            Fingerprint of the feature set they were computed with.

        Returns
        -------
        Prediction
            A row for each row of `X`.

        Raises
        ------
        FingerprintError
            If the features are not the model's own.
        ParameterError
            If `X` has another shape or is not finite.

        Examples
        --------
        >>> model = load_model()
        >>> features = model.feature_set(np.zeros(66_150), sr=22_050)
        >>> prediction = model.predict(
        ...     features[np.newaxis], fingerprint=model.feature_set.fingerprint
        ... )
        >>> prediction.probabilities.shape
        (1, 10)
        >>> bool(prediction.distance[0] > model.max_distance)  # silence is not familiar
        True
        """
        probabilities, distance = self._answers(X, fingerprint=fingerprint)
        return Prediction(probabilities, distance)


def _checked_classes(classes: Any) -> tuple[str, ...]:
    """Return the genres of a manifest, or raise what is wrong with them."""
    if not isinstance(classes, list) or not all(isinstance(genre, str) for genre in classes):
        raise ValueError("classes is not a list of names")
    if len(classes) < 2 or len(set(classes)) < len(classes):
        raise ValueError("classes are fewer than two, or not all different")
    if not all(genre and genre.isprintable() for genre in classes):
        raise ValueError("a class has a name that cannot be printed")
    return tuple(classes)


def shipped_models() -> tuple[str, ...]:
    """List the models in the package.

    Returns
    -------
    tuple of str
        Their names, sorted.

    Examples
    --------
    >>> DEFAULT_MODEL in shipped_models()
    True
    """
    return shipped("classifier")


@checked
def load_model(name_or_path: PathName = DEFAULT_MODEL) -> Model:
    """Load a model.

    Parameters
    ----------
    name_or_path : str or path-like
        Name of a model in the package, or path of an ``.earmark`` file.

    Returns
    -------
    Model
        Ready to predict.

    Raises
    ------
    ModelNotFoundError, ModelFormatError, ModelIntegrityError, ModelPayloadError
        If it does not exist, or its file cannot be trusted.
    FingerprintError
        If it needs features that this release does not compute.

    Examples
    --------
    >>> load_model().classes[:3]
    ('blues', 'classical', 'country')
    """
    return Model(find_file(name_or_path, "classifier"))
