"""The common part of models and spaces: a file, its feature set, and a graph to run."""

from __future__ import annotations

import json
import os
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cached_property, lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
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

__all__ = ["Served", "find_file", "shipped"]

_SUFFIX = ".earmark"
_CLASSIFIER = "classifier"
_WORDS = {_CLASSIFIER: "model", "space": "space"}
"""The name of each kind."""


class Served(ABC):
    """A file of one kind, ready to run on rows of features.

    Each kind has a subclass that names the outputs of its graph and reads its manifest.
    """

    kind: ClassVar[str]
    outputs: ClassVar[tuple[str, ...]]
    needed: ClassVar[tuple[str, ...]]
    n_rows: ClassVar[int]
    """Maximum number of rows in one run."""

    def __init__(self, file: ModelFile) -> None:
        self.path = file.path
        self.sha256 = file.sha256
        self.n_bytes = file.n_bytes
        self.manifest: Mapping[str, Any] = file.manifest
        self.card = file.card
        found = file.manifest.get("kind", _CLASSIFIER)
        if found != self.kind:
            name = _WORDS.get(found) if isinstance(found, str) else None
            actual = f"a {name}" if name else f"of kind {found!r}"
            raise ModelFormatError(file.path, f"it is {actual}, not a {_WORDS[self.kind]}")
        try:
            self.name = str(file.manifest["name"])
            self._read(file.manifest)
            features = file.manifest["features"]
            name, fingerprint = str(features["name"]), str(features["fingerprint"])
            for key in self.needed:
                file.manifest[key]
        except (KeyError, TypeError, ValueError) as error:
            raise ModelFormatError(file.path, f"its manifest is incomplete: {error!r}") from error
        try:
            self.feature_set: FeatureSet = get_feature_set(name)
        except ParameterError as error:
            raise FingerprintError(file.path, str(error)) from error
        if fingerprint != self.feature_set.fingerprint:
            raise FingerprintError(
                file.path, _mismatch(name, fingerprint, self.feature_set.fingerprint)
            )
        self._payload = file.payload
        self._session  # noqa: B018  (a payload that cannot be run is refused here, not later)

    def __reduce__(self) -> tuple[type[Self], tuple[ModelFile]]:
        """Pickle the content of the file, so that another process can load the model."""
        held = (self.path, self.manifest, self._payload, self.card, self.sha256, self.n_bytes)
        return type(self), (ModelFile(*held),)

    @abstractmethod
    def _read(self, manifest: Mapping[str, Any]) -> None:
        """Read the manifest of this kind; a missing key is a `KeyError`."""

    @property
    @abstractmethod
    def _widths(self) -> tuple[int | None, ...]:
        """Number of columns of each output; None for one number per row."""

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        # Files are processed in parallel, so each graph runs on one thread.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Weights in another file would not be hashed, so there is no folder to read them from.
        options.add_session_config_entry(
            "session.model_external_initializers_file_folder_path", os.devnull
        )
        try:
            session = onnxruntime.InferenceSession(
                self._payload, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's exceptions have no common base class
            raise ModelPayloadError(
                self.path, f"its payload is not an ONNX graph: {error}"
            ) from error
        inputs = [given.name for given in session.get_inputs()]
        outputs = [output.name for output in session.get_outputs()]
        if inputs != ["features"] or outputs != list(self.outputs):
            raise ModelPayloadError(self.path, f"its graph takes {inputs} and gives {outputs}")
        columns = (session.get_inputs()[0].shape[-1:], session.get_outputs()[0].shape[-1:])
        wanted = ([len(self.feature_set.names)], [self._widths[0]])
        if columns != wanted:
            raise ModelPayloadError(
                self.path, f"its graph is of {columns} columns, its manifest of {wanted}"
            )
        return session

    def _answers(self, X: npt.NDArray[Any], *, fingerprint: str) -> list[FloatArray]:
        """Run the graph on rows of features, after checking that they fit."""
        if fingerprint != self.feature_set.fingerprint:
            reason = _mismatch(self.feature_set.name, self.feature_set.fingerprint, fingerprint)
            raise FingerprintError(self.path, reason)
        X = np.asarray(X)
        n_features = len(self.feature_set.names)
        if X.ndim != 2 or X.shape[1] != n_features:
            raise ParameterError(f"X has shape {X.shape}: (n, {n_features}) is needed")
        answers = [np.empty(shape) for shape in self._shapes(len(X))]
        for start in range(0, len(X), self.n_rows):
            block = slice(start, start + self.n_rows)
            rows = np.asarray(X[block], dtype=np.float64)
            if not np.isfinite(rows).all():
                raise ParameterError("X holds a value that is not finite")
            for answer, found in zip(answers, self._run(rows), strict=True):
                answer[block] = found
        return answers

    def _shapes(self, n: int) -> list[tuple[int, ...]]:
        return [(n,) if width is None else (n, width) for width in self._widths]

    def _run(self, X: FloatArray) -> list[FloatArray]:
        """Run the graph on some rows, and check its outputs."""
        try:
            found = self._session.run(None, {"features": X})
        except Exception as error:  # onnxruntime's exceptions have no common base class
            raise ModelPayloadError(self.path, f"its graph fails: {error}") from error
        answers = [np.asarray(values, dtype=np.float64) for values in found]
        if [answer.shape for answer in answers] != self._shapes(len(X)):
            raise ModelPayloadError(self.path, "its graph gives arrays of other shapes")
        if not all(np.isfinite(answer).all() for answer in answers):
            raise ModelPayloadError(self.path, "its graph gives numbers that are not finite")
        return answers


def _mismatch(name: str, wanted: str, given: str) -> str:
    return f"it was made for {name} {wanted}, the features are of {given}"


@lru_cache(maxsize=1)
def _kinds() -> dict[str, str]:
    """Return the kind of each file in the package, by name."""
    kinds = {}
    for entry in (resources.files("earmark.models") / "shipped").iterdir():
        if entry.name.endswith(_SUFFIX):
            with resources.as_file(entry) as path, zipfile.ZipFile(path) as archive:
                manifest = json.loads(archive.read("manifest.json"))
            kinds[entry.name.removesuffix(_SUFFIX)] = manifest.get("kind", _CLASSIFIER)
    return kinds


def shipped(kind: str) -> tuple[str, ...]:
    """List the names of the files of a kind that come with the package."""
    return tuple(sorted(name for name, one in _kinds().items() if one == kind))


def find_file(name_or_path: PathName, kind: str) -> ModelFile:
    """Read the file with a name that comes with the package, or at a path.

    A file at a path may be of another kind. Raises `ModelError` if there is none or it cannot be
    trusted.
    """
    if name_or_path in shipped(kind):
        entry = resources.files("earmark.models") / "shipped" / f"{name_or_path}{_SUFFIX}"
        with resources.as_file(entry) as path:
            return read_model(path)
    if not Path(name_or_path).suffix and not os.path.lexists(name_or_path):
        other = _kinds().get(os.fspath(name_or_path))
        hint = f": it is a {_WORDS[other]}" if other else ""
        known = ", ".join(shipped(kind))
        raise ModelNotFoundError(
            name_or_path, f"no {_WORDS[kind]} of that name{hint}. Available: {known}"
        )
    return read_model(name_or_path)
