"""Every family as a graph: the same numbers as scikit-learn's, on real rows too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

from earmark.datasets import FeatureTable, group_folds, segments57
from earmark.models import LargeModelWarning, load_model, write_model
from earmark.models import _artifact as artifact
from earmark.models._onnx._trees import rounded_down
from earmark.models.export import export_onnx
from earmark.models.families import FAMILIES
from earmark.models.recipe import FittedModel, Recipe, fit, load_recipe, presets

Table = tuple[FeatureTable, FeatureTable]

NETWORK = {"hidden_layer_sizes": [16, 16], "learning_rate_init": 0.01, "max_iter": 10}
SMALL: dict[str, Mapping[str, Any]] = {
    "forest": {"n_estimators": 30},
    "lightgbm": {"n_estimators": 10, "n_components": 20},
    "mlp": NETWORK,
    "stacking": {"members": [{"family": "knn"}, {"family": "svm"}, {"family": "mlp", **NETWORK}]},
}
KINDS: list[dict[str, Any]] = [
    *({"family": family, **SMALL.get(family, {})} for family in FAMILIES),
    *(
        {"family": "knn", "p": p, "weights": weights, "n_neighbors": 4}
        for p in (1, 2, 3)
        for weights in ("uniform", "distance", "distance2")
    ),
    *(
        {"family": "svm", "kernel": kernel, "C": 10.0, "coef0": 0.5}
        for kernel in ("linear", "poly", "sigmoid")
    ),
    {"family": "svm", "kernel": "poly", "degree": 2, "class_weight": "balanced", "gamma": "auto"},
    {"family": "lda", "shrinkage": 0.3},
    {"family": "logistic", "class_weight": "balanced"},
    {"family": "forest", "n_estimators": 20, "criterion": "entropy", "max_features": 2},
    {"family": "forest", "n_estimators": 20, "max_depth": 3},
    {"family": "lightgbm", "n_estimators": 5, "subsample": 0.7, "colsample_bytree": 0.5},
    {"family": "mlp", **NETWORK, "validation_fraction": 0, "max_iter": 400},
    {
        "family": "stacking",
        "members": [{"family": "majority"}, {"family": "lightgbm", "n_estimators": 3}],
    },
    {"family": "stacking", "members": [{"family": "lda"}], "passthrough": False},
]


def name_of(kind: Mapping[str, Any]) -> str:
    return "-".join(str(value) for value in kind.values() if not isinstance(value, list))


def ask(payload: bytes, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(payload, options, providers=["CPUExecutionProvider"])
    probabilities, distance = session.run(["probabilities", "distance"], {"features": X})
    return probabilities, distance


def fitted(kind: Mapping[str, Any], table: FeatureTable, *, calibrate: bool = False) -> FittedModel:
    recipe = Recipe(name="one", feature_set=None, members=(kind,), log_columns=("*_var",))
    return fit(recipe, table, classes=table.classes, calibrate=calibrate)


def assert_same(model: FittedModel, X: np.ndarray, *, atol: float = 1e-5) -> None:
    probabilities, distance = ask(export_onnx(model), X)
    expected = model.predict(X)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities, expected.probabilities, rtol=0, atol=atol)
    np.testing.assert_allclose(distance, expected.distance, rtol=1e-9)


def extreme(X: np.ndarray) -> np.ndarray:
    return np.concatenate([X, 0 * X[:3], 1e3 * X[:3], -X[:3], 1e-12 * X[:3]])


# --- every kind -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS, ids=name_of)
def test_graph_gives_what_the_family_gives(
    kind: Mapping[str, Any], table: FeatureTable, unseen: FeatureTable
) -> None:
    assert_same(fitted(kind, table), extreme(unseen.X))


@pytest.mark.parametrize("kind", KINDS[: len(FAMILIES)], ids=name_of)
def test_graph_of_a_calibrated_model_gives_what_it_gives(
    kind: Mapping[str, Any], table: FeatureTable, unseen: FeatureTable
) -> None:
    model = fitted(kind, table, calibrate=True)
    assert model.temperature != 1
    assert_same(model, unseen.X)


@pytest.mark.parametrize("calibrate", [False, True])
@pytest.mark.parametrize("kind", KINDS[: len(FAMILIES)], ids=name_of)
def test_graph_of_two_classes_gives_what_it_gives(
    kind: Mapping[str, Any], calibrate: bool, table: FeatureTable, unseen: FeatureTable
) -> None:
    two = table.select(table.labels != "genre1")
    assert_same(fitted(kind, two, calibrate=calibrate), unseen.X)


def test_graph_of_several_members_gives_what_they_give(
    table: FeatureTable, unseen: FeatureTable
) -> None:
    members = (
        {"family": "knn", "weights": "distance2", "columns": ["mfcc*", "tempo"], "weight": 0.5},
        {"family": "forest", "n_estimators": 10, "columns": ["*_mean"]},
        {"family": "lda", "weight": 2},
    )
    recipe = replace(
        load_recipe("gtzan57"),
        members=members,
        precision="double",
        distance_columns=("mfcc*",),
        sqrt_columns=("mfcc*_var",),
    )
    assert_same(fit(recipe, table, classes=table.classes), extreme(unseen.X))


def test_columns_as_they_are_give_what_they_give(table: FeatureTable, unseen: FeatureTable) -> None:
    recipe = replace(load_recipe("forest-entropy"), standardise=False, clip=2.0)
    assert_same(fit(recipe, table, classes=table.classes, calibrate=False), unseen.X)


@pytest.mark.parametrize("family", ["svm", "stacking"])
def test_single_precision_is_smaller_and_nearly_the_same(
    family: str, table: FeatureTable, unseen: FeatureTable
) -> None:
    model = fitted({"family": family, **SMALL.get(family, {})}, table, calibrate=True)
    whole = export_onnx(model)
    half = export_onnx(replace(model, recipe=replace(model.recipe, precision="single")))
    assert len(half) < 0.9 * len(whole)
    (expected, found) = (
        onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"]).run(
            ["probabilities"], {"features": unseen.X}
        )[0]
        for graph in (whole, half)
    )
    np.testing.assert_allclose(found, expected, atol=1e-5)


# --- neighbours -----------------------------------------------------------------------------------


@pytest.mark.parametrize("p", [1, 2, 3])
@pytest.mark.parametrize("weights", ["uniform", "distance", "distance2"])
@pytest.mark.parametrize("k", [1, 3, 50])
def test_equal_rows_and_ties_are_settled_alike(
    p: int, weights: str, k: int, table: FeatureTable
) -> None:
    """Copies of rows under other genres, many more than the graph looks at closely."""
    copies = np.concatenate([np.arange(len(table)), np.repeat([3, 50, 7], 60)])
    labels = np.concatenate([table.labels, np.tile(["genre0", "genre1", "genre2"], 60)])
    more = FeatureTable(
        ids=np.arange(len(copies)).astype(str),
        X=table.X[copies],
        feature_set=table.feature_set,
        fingerprint=table.fingerprint,
        labels=labels,
    )
    model = fitted({"family": "knn", "n_neighbors": k, "p": p, "weights": weights}, more)
    near = table.X[:20] * (1 + 1e-9)
    assert_same(model, np.concatenate([table.X, near]), atol=1e-6)


@pytest.mark.parametrize("p", [1, 3])
def test_parts_of_the_training_rows_are_put_together(
    p: int, table: FeatureTable, unseen: FeatureTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = fitted({"family": "knn", "p": p, "n_neighbors": 100}, table)
    monkeypatch.setattr("earmark.models._onnx._neighbours._N_IN_CACHE", 57 * 11)
    assert_same(model, unseen.X)


# --- trees ----------------------------------------------------------------------------------------


def test_thresholds_are_rounded_so_that_nothing_crosses_them() -> None:
    rng = np.random.default_rng(0)
    thresholds = np.concatenate(
        [rng.normal(size=2000), [0.0, -0.0, 0.1, 1e-300, -1e-300, 2.0**-149]]
    )
    single = rounded_down(thresholds)
    for values in (single, np.nextafter(single, np.float32(np.inf))):
        np.testing.assert_array_equal(values <= single, values.astype(np.float64) <= thresholds)


def test_forest_writes_only_shares_above_zero(table: FeatureTable) -> None:
    model = fitted({"family": "forest", "n_estimators": 5}, table)
    graph = onnx.load_from_string(export_onnx(model)).graph
    (trees,) = (node for node in graph.node if node.op_type == "TreeEnsembleRegressor")
    attributes = {attribute.name: attribute for attribute in trees.attribute}
    n_leaves = sum(mode == b"LEAF" for mode in attributes["nodes_modes"].strings)
    assert len(attributes["target_ids"].ints) == n_leaves


# --- the file -------------------------------------------------------------------------------------


@pytest.fixture
def write(tmp_path: Path, manifest: dict[str, Any]) -> Callable[[FittedModel, str], Path]:
    def write_fitted(model: FittedModel, name: str) -> Path:
        unsure = {"min_confidence": model.min_confidence, "max_distance": model.max_distance}
        whole = {**manifest, "classes": list(model.classes), "unsure": unsure}
        path = tmp_path / f"{name}.earmark"
        write_model(path, manifest=whole, payload=export_onnx(model), card="")
        return path

    return write_fitted


@pytest.mark.parametrize("kind", KINDS[: len(FAMILIES)], ids=name_of)
def test_file_of_every_family_is_served(
    kind: Mapping[str, Any], table: FeatureTable, unseen: FeatureTable, write: Any
) -> None:
    model = fitted(kind, table, calibrate=True)
    path = write(model, "one")
    assert path.read_bytes() == write(fitted(kind, table, calibrate=True), "two").read_bytes()
    served = load_model(path).predict(np.tile(unseen.X, (3, 1)), fingerprint=unseen.fingerprint)
    expected = model.predict(unseen.X).probabilities
    np.testing.assert_allclose(served.probabilities, np.tile(expected, (3, 1)), atol=1e-5)


def test_graph_is_asked_few_rows_at_once(
    table: FeatureTable, write: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else ten thousand rows would need a distance to each training row all at the same time."""
    model = load_model(write(fitted({"family": "knn"}, table, calibrate=True), "knn"))
    session, asked = model._session, []

    class Spy:
        def run(self, outputs: Any, given: dict[str, np.ndarray]) -> Any:
            asked.append(len(given["features"]))
            return session.run(outputs, given)

    monkeypatch.setitem(model.__dict__, "_session", Spy())
    X = np.tile(table.X, (4, 1))
    found = model.predict(X, fingerprint=table.fingerprint)
    assert sum(asked) == len(X) == len(found.distance)
    assert max(asked) <= 128


def test_large_file_warns(table: FeatureTable, write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    model = fitted({"family": "lda"}, table, calibrate=True)
    monkeypatch.setattr(artifact, "_LARGE_BYTES", 10_000)
    with pytest.warns(LargeModelWarning, match=r"large\.earmark' has 0 MB, more than 0"):
        path = write(model, "large")
    assert load_model(path).n_bytes > 10_000


def test_file_too_large_to_be_read_is_not_written(
    table: FeatureTable, write: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artifact, "_MAX_BYTES", 10_000)
    with pytest.raises(artifact.ModelFormatError, match="it would be larger than 10000 bytes"):
        write(fitted({"family": "lda"}, table, calibrate=True), "large")
    assert not list(tmp_path.iterdir())


# --- real rows ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def segments(data: Path) -> Table:
    """Return 600 segments to learn from and 1,200 by other artists."""
    table = segments57.CORPUS.load_table(data / "segments57")
    fold = group_folds(table.labels, table.groups["artist"], n_folds=5, seed=0)[0]
    rng = np.random.default_rng(0)
    train, test = (
        table.select(np.sort(rng.choice(rows, n, replace=False)))
        for rows, n in ((fold.train, 600), (fold.test, 1200))
    )
    return train, test


@pytest.mark.realdata
@pytest.mark.parametrize("name", [name for name in presets() if name != "stacking"])
def test_preset_gives_the_same_of_real_rows(name: str, segments: Table) -> None:
    train, test = segments
    model = fit(load_recipe(name), train, classes=train.classes, calibrate=False)
    found, _ = ask(export_onnx(model), test.X)
    off = np.abs(found - model.predict(test.X).probabilities).max(axis=1)
    if name.startswith(("forest", "lightgbm")):
        n_trees = {"forest": 441}.get(name, 100)
        assert np.quantile(off, 0.99) <= 1e-5
        assert off.max() <= 2 / n_trees
    else:
        assert off.max() <= 1e-5


@pytest.mark.realdata
def test_stacking_gives_the_same_of_real_rows(segments: Table) -> None:
    train, test = segments
    (member,) = load_recipe("stacking").members
    quick = {"family": "mlp", "hidden_layer_sizes": [64, 64], "learning_rate_init": 0.001}
    members = [*member["members"][:2], quick]
    recipe = replace(load_recipe("stacking"), members=({**member, "members": members},))
    model = fit(recipe, train, classes=train.classes, calibrate=False)
    found, _ = ask(export_onnx(model), test.X)
    np.testing.assert_allclose(found, model.predict(test.X).probabilities, rtol=0, atol=1e-5)


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["gtzan57", "knn-2", "svm", "lda"])
def test_calibrated_model_gives_the_same_of_real_rows(name: str, segments: Table) -> None:
    train, test = segments
    model = fit(load_recipe(name), train, classes=train.classes)
    assert_same(model, test.X)
