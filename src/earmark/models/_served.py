"""A model as it is used: features in, calibrated class probabilities out."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from earmark.errors import (
    FingerprintError,
    ModelFormatError,
    ModelNotFoundError,
    ModelPayloadError,
    ParameterError,
)
from earmark.features import FeatureSet, get_feature_set
from earmark.models._artifact import ModelFile, read_model
from earmark.types import FloatArray, PathName

__all__ = ["DEFAULT_MODEL", "Model", "Prediction", "load_model", "shipped_models"]

DEFAULT_MODEL = "gtzan943"
"""Name of the model that is used unless another is asked for."""

_SUFFIX = ".earmark"
# Rows a graph is asked at once: what neighbours are found by needs memory for each training row.
_N_ROWS = 128


@dataclass(frozen=True)
class Prediction:
    """What a model says of some rows of features.

    Attributes
    ----------
    probabilities : np.ndarray [shape=(n, n_classes)]
        Calibrated; each row sums to one.
    distance : np.ndarray [shape=(n,)]
        How far each row lies from the training data.
    """

    probabilities: FloatArray
    distance: FloatArray


class Model:
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
        The genres it knows, in the order of the probabilities.
    feature_set : FeatureSet
        What it takes.
    min_confidence : float
        A top probability below this is "unsure".
    max_distance : float
        A distance above this is "unfamiliar".
    manifest : mapping
        Everything its file says of it.
    card : str
        Its card, Markdown.
    """

    def __init__(self, file: ModelFile) -> None:
        self.path = file.path
        self.sha256 = file.sha256
        self.n_bytes = file.n_bytes
        self.manifest: Mapping[str, Any] = file.manifest
        self.card = file.card
        try:
            self.name = str(file.manifest["name"])
            self.classes = _checked_classes(file.manifest["classes"])
            self.min_confidence = float(file.manifest["unsure"]["min_confidence"])
            self.max_distance = float(file.manifest["unsure"]["max_distance"])
            features = file.manifest["features"]
            name, fingerprint = str(features["name"]), str(features["fingerprint"])
            if not (math.isfinite(self.min_confidence) and math.isfinite(self.max_distance)):
                raise ValueError("a threshold is not finite")
            for key in ("recipe", "calibration", "training", "scores"):
                file.manifest[key]
        except (KeyError, TypeError, ValueError) as error:
            raise ModelFormatError(file.path, f"its manifest is incomplete: {error!r}") from error
        try:
            self.feature_set: FeatureSet = get_feature_set(name)
        except ParameterError as error:
            raise FingerprintError(file.path, str(error)) from error
        if fingerprint != self.feature_set.fingerprint:
            raise FingerprintError(file.path, _mismatch(name, fingerprint, self.feature_set))
        self._payload = file.payload
        self._session  # noqa: B018  (a payload that cannot be run is refused here, not later)

    def __repr__(self) -> str:
        return f"<Model {self.name!r}: {self.feature_set.name} -> {', '.join(self.classes)}>"

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        # Files are what is done in parallel, each on one thread.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Weights in a file of their own would be under no hash: give no folder to read them from.
        options.add_session_config_entry(
            "session.model_external_initializers_file_folder_path", os.devnull
        )
        try:
            session = onnxruntime.InferenceSession(
                self._payload, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's own classes have no common root
            raise ModelPayloadError(
                self.path, f"its payload is not an ONNX graph: {error}"
            ) from error
        inputs = [given.name for given in session.get_inputs()]
        outputs = [output.name for output in session.get_outputs()]
        if inputs != ["features"] or outputs != ["probabilities", "distance"]:
            raise ModelPayloadError(self.path, f"its graph takes {inputs} and gives {outputs}")
        columns = (session.get_inputs()[0].shape[-1:], session.get_outputs()[0].shape[-1:])
        wanted = ([len(self.feature_set.names)], [len(self.classes)])
        if columns != wanted:
            raise ModelPayloadError(
                self.path, f"its graph is of {columns} columns, its manifest of {wanted}"
            )
        return session

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
        >>> import numpy as np
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
        if fingerprint != self.feature_set.fingerprint:
            name = self.feature_set.name
            raise FingerprintError(self.path, _mismatch(name, self.feature_set, fingerprint))
        X = np.asarray(X, dtype=np.float64)
        n_features = len(self.feature_set.names)
        if X.ndim != 2 or X.shape[1] != n_features:
            raise ParameterError(f"X has shape {X.shape}: (n, {n_features}) is needed")
        if not np.isfinite(X).all():
            raise ParameterError("X holds a value that is not finite")
        if not len(X):
            return Prediction(np.empty((0, len(self.classes))), np.empty(0))
        probabilities, distance = np.empty((len(X), len(self.classes))), np.empty(len(X))
        for start in range(0, len(X), _N_ROWS):
            block = slice(start, start + _N_ROWS)
            probabilities[block], distance[block] = self._run(X[block])
        return Prediction(probabilities, distance)

    def _run(self, X: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Let the graph answer some rows, and check what it answers."""
        try:
            found = self._session.run(None, {"features": X})
        except Exception as error:  # onnxruntime's own classes have no common root
            raise ModelPayloadError(self.path, f"its graph fails: {error}") from error
        probabilities, distance = (np.asarray(values, dtype=np.float64) for values in found)
        if probabilities.shape != (len(X), len(self.classes)) or distance.shape != (len(X),):
            raise ModelPayloadError(self.path, "its graph gives arrays of other shapes")
        if not (np.isfinite(probabilities).all() and np.isfinite(distance).all()):
            raise ModelPayloadError(self.path, "its graph gives numbers that are not finite")
        return probabilities, distance


def _checked_classes(classes: Any) -> tuple[str, ...]:
    """Return the genres of a manifest, or say what is wrong with them."""
    if not isinstance(classes, list) or not all(isinstance(genre, str) for genre in classes):
        raise ValueError("classes is not a list of names")
    if len(classes) < 2 or len(set(classes)) < len(classes):
        raise ValueError("classes are fewer than two, or not all different")
    if not all(genre and genre.isprintable() for genre in classes):
        raise ValueError("a class has a name that cannot be printed")
    return tuple(classes)


def _mismatch(name: str, wanted: str | FeatureSet, given: str | FeatureSet) -> str:
    def show(value: str | FeatureSet) -> str:
        return value.fingerprint if isinstance(value, FeatureSet) else value

    return f"it was made for {name} {show(wanted)}, the features are of {show(given)}"


def shipped_models() -> tuple[str, ...]:
    """List the models that come with the package.

    Returns
    -------
    tuple of str
        Their names, sorted.

    Examples
    --------
    >>> DEFAULT_MODEL in shipped_models()
    True
    """
    folder = resources.files("earmark.models") / "shipped"
    names = (entry.name for entry in folder.iterdir())
    return tuple(sorted(name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX)))


def load_model(name_or_path: PathName = DEFAULT_MODEL) -> Model:
    """Load a model.

    Parameters
    ----------
    name_or_path : str or path-like
        Name of a model that comes with the package, or path of an ``.earmark`` file.

    Returns
    -------
    Model
        Ready to predict.

    Raises
    ------
    ModelNotFoundError, ModelFormatError, ModelIntegrityError, ModelPayloadError
        If there is none, or its file is not to be trusted.
    FingerprintError
        If it was made for features this release does not compute.

    Examples
    --------
    >>> load_model().classes[:3]
    ('blues', 'classical', 'country')
    """
    if name_or_path in shipped_models():
        entry = resources.files("earmark.models") / "shipped" / f"{name_or_path}{_SUFFIX}"
        with resources.as_file(entry) as path:
            return Model(read_model(path))
    if not Path(name_or_path).suffix and not os.path.lexists(name_or_path):
        known = ", ".join(shipped_models())
        raise ModelNotFoundError(name_or_path, f"no model of that name; there are: {known}")
    return Model(read_model(name_or_path))
