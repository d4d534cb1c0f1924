"""A model file of two thousand bytes, and the tools of somebody who tampers with it."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from earmark.datasets import FeatureTable
from earmark.features import GTZAN57
from earmark.models import write_model
from earmark.models.recipe import FittedModel, Recipe, fit, load_recipe

MakeGraph = Callable[..., onnx.ModelProto]
Forge = Callable[..., Path]

_N_FEATURES = len(GTZAN57.names)


def _make_graph(
    *,
    weights: onnx.TensorProto | None = None,
    outputs: tuple[str, ...] = ("probabilities", "distance"),
    inputs: tuple[str, ...] = ("features",),
    n_classes: int = 2,
) -> onnx.ModelProto:
    """Softmax of a linear map, and the sum of the features as the distance."""
    if weights is None:
        values = np.zeros((_N_FEATURES, n_classes))
        values[:n_classes] = 0.5 * np.eye(n_classes)
        weights = numpy_helper.from_array(values, "weights")
    axes = numpy_helper.from_array(np.array([1]), "axes")
    nodes = [
        helper.make_node("MatMul", [inputs[0], "weights"], ["scores"]),
        helper.make_node("Cast", ["scores"], ["scores32"], to=TensorProto.FLOAT),
        helper.make_node("Softmax", ["scores32"], ["probabilities"], axis=1),
        helper.make_node("ReduceSum", [inputs[0], "axes"], ["distance"], keepdims=0),
    ]
    given = {
        "probabilities": helper.make_tensor_value_info(
            "probabilities", TensorProto.FLOAT, [None, n_classes]
        ),
        "distance": helper.make_tensor_value_info("distance", TensorProto.DOUBLE, [None]),
        "scores": helper.make_tensor_value_info("scores", TensorProto.DOUBLE, [None, n_classes]),
    }
    graph = helper.make_graph(
        nodes,
        "tiny",
        [
            helper.make_tensor_value_info(name, TensorProto.DOUBLE, [None, _N_FEATURES])
            for name in inputs
        ],
        [given[name] for name in outputs],
        [weights, axes],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


@pytest.fixture(scope="session")
def make_graph() -> MakeGraph:
    """Return the maker of small ONNX graphs."""
    return _make_graph


@pytest.fixture(scope="session")
def payload() -> bytes:
    """Return a graph that is as it should be."""
    return bytes(_make_graph().SerializeToString(deterministic=True))


@pytest.fixture
def manifest() -> dict[str, Any]:
    """Return a manifest that is as it should be, without what is added when it is written."""
    return {
        "name": "tiny",
        "features": {
            "name": GTZAN57.name,
            "version": GTZAN57.version,
            "fingerprint": GTZAN57.fingerprint,
        },
        "classes": ["jazz", "rock"],
        "unsure": {"min_confidence": 0.6, "max_distance": 100.0},
        "recipe": {},
        "calibration": {},
        "training": {},
        "scores": {},
    }


@pytest.fixture
def model_path(tmp_path: Path, manifest: dict[str, Any], payload: bytes) -> Path:
    """Return the path of a model file that is as it should be."""
    path = tmp_path / "tiny.earmark"
    write_model(path, manifest=manifest, payload=payload, card="# Tiny\n")
    return path


@pytest.fixture
def forge(tmp_path: Path, manifest: dict[str, Any], payload: bytes) -> Forge:
    """Return a function that writes a model file of any content, every hash and the seal right."""

    def write(
        *,
        format_version: Any = 1,
        changes: Mapping[str, Any] | None = None,
        without: str = "",
        payload: bytes = payload,
        card: bytes = b"# Forged\n",
        manifest_bytes: bytes | None = None,
        extra: Mapping[str, bytes] | None = None,
        drop: str = "",
        compression: int = zipfile.ZIP_STORED,
    ) -> Path:
        hashes = {
            "model.onnx": hashlib.sha256(payload).hexdigest(),
            "card.md": hashlib.sha256(card).hexdigest(),
        }
        whole = {"format": format_version, **manifest, "hashes": hashes, **(changes or {})}
        whole.pop(without, None)
        members = {
            "manifest.json": json.dumps(whole).encode()
            if manifest_bytes is None
            else manifest_bytes,
            "model.onnx": payload,
            "card.md": card,
            **(extra or {}),
        }
        members.pop(drop, None)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", compression) as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        body = buffer.getvalue()[:-2] + (64).to_bytes(2, "little")
        path = tmp_path / "forged.earmark"
        path.write_bytes(body + hashlib.sha256(body).hexdigest().encode())
        return path

    return write


def make_table(
    *, seed: int = 0, n_classes: int = 3, n_artists: int = 10, n_each: int = 4
) -> FeatureTable:
    """Return positive, long-tailed columns, shifted by class and a little by artist."""
    rng = np.random.default_rng(seed)
    rows, labels, artists = [], [], []
    of_class = np.random.default_rng(7).normal(0, 0.25, (n_classes, _N_FEATURES))
    for number in range(n_classes):
        for artist in range(n_artists):
            of_artist = rng.normal(0, 0.4, _N_FEATURES)
            for _ in range(n_each):
                rows.append(np.exp(of_class[number] + of_artist + rng.normal(0, 0.6, _N_FEATURES)))
                labels.append(f"genre{number}")
                artists.append(number * n_artists + artist)
    order = rng.permutation(len(rows))
    return FeatureTable(
        ids=np.array([f"track{i:03}" for i in range(len(rows))]),
        X=np.array(rows)[order],
        feature_set=GTZAN57.name,
        fingerprint=GTZAN57.fingerprint,
        labels=np.array(labels)[order],
        groups={"artist": np.array(artists)[order]},
    )


@pytest.fixture(scope="session")
def table() -> FeatureTable:
    """Return 120 rows of three classes by thirty artists."""
    return make_table()


@pytest.fixture(scope="session")
def unseen() -> FeatureTable:
    """Return further rows of the same kind."""
    return make_table(seed=1)


@pytest.fixture(scope="session")
def recipe() -> Recipe:
    """Return the recipe of the shipped model."""
    return load_recipe("gtzan57")


@pytest.fixture(scope="session")
def fitted(recipe: Recipe, table: FeatureTable) -> FittedModel:
    """Return the shipped recipe, fitted to the small table."""
    return fit(recipe, table, classes=table.classes)
