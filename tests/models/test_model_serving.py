"""`Model`: what it refuses to be made of, what it refuses to be asked, what it answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from earmark.errors import FingerprintError, ModelFormatError, ModelPayloadError, ParameterError
from earmark.features import GTZAN57
from earmark.models import Model, load_model

OTHER = "f" * 64


@pytest.fixture(scope="module")
def shipped() -> Model:
    return load_model("gtzan57")


@pytest.fixture
def rows() -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 1, (7, len(GTZAN57.names)))


# --- the manifest -------------------------------------------------------------------------------


def test_features_of_another_fingerprint_are_refused(forge: Any) -> None:
    features = {"name": "gtzan57", "version": 1, "fingerprint": OTHER}
    with pytest.raises(FingerprintError) as caught:
        load_model(forge(changes={"features": features}))
    assert OTHER in caught.value.reason
    assert GTZAN57.fingerprint in caught.value.reason


def test_unknown_feature_set_is_refused(forge: Any) -> None:
    features = {"name": "gtzan58", "version": 1, "fingerprint": OTHER}
    with pytest.raises(FingerprintError, match="'gtzan58' is not a feature set"):
        load_model(forge(changes={"features": features}))


@pytest.mark.parametrize(
    "key",
    ["name", "features", "classes", "unsure", "recipe", "calibration", "training", "scores"],
)
def test_manifest_without_a_key_is_refused(forge: Any, key: str) -> None:
    with pytest.raises(ModelFormatError, match=f"incomplete.*'{key}'"):
        load_model(forge(without=key))


@pytest.mark.parametrize(
    "changes",
    [
        {"unsure": {}},
        {"unsure": {"min_confidence": None, "max_distance": 1}},
        {"unsure": {"min_confidence": "high", "max_distance": 1}},
        {"unsure": {"min_confidence": float("nan"), "max_distance": 1}},
        {"unsure": {"min_confidence": 0.5, "max_distance": float("inf")}},
        {"unsure": {"min_confidence": 0.5, "min_margin": None, "max_distance": 1}},
        {"unsure": [1, 2]},
        {"features": "gtzan57"},
        {"features": {"name": "gtzan57"}},
        {"classes": 10},
        {"classes": None},
        {"classes": "jazz"},
        {"classes": []},
        {"classes": ["jazz"]},
        {"classes": ["jazz", "jazz"]},
        {"classes": ["jazz", 1]},
        {"classes": ["jazz", ""]},
        {"classes": ["jazz", "\x1b[31mrock"]},
    ],
    ids=str,
)
def test_manifest_of_another_shape_is_refused(forge: Any, changes: dict[str, Any]) -> None:
    with pytest.raises(ModelFormatError, match="incomplete"):
        load_model(forge(changes=changes))


# --- the graph ----------------------------------------------------------------------------------


@pytest.mark.parametrize("payload", [b"", b"\0", b"not a graph", b"\x80\x04K\x01.", bytes(1000)])
def test_payload_that_is_no_graph_is_refused(forge: Any, payload: bytes) -> None:
    with pytest.raises(ModelPayloadError):
        load_model(forge(payload=payload))


@pytest.mark.parametrize(
    "outputs",
    [
        ("distance", "probabilities"),
        ("probabilities",),
        ("probabilities", "distance", "scores"),
        ("scores", "distance"),
    ],
    ids="-".join,
)
def test_graph_with_other_outputs_is_refused(
    forge: Any, make_graph: Any, outputs: tuple[str, ...]
) -> None:
    payload = make_graph(outputs=outputs).SerializeToString()
    with pytest.raises(ModelPayloadError, match=f"gives .*{outputs[0]}"):
        load_model(forge(payload=payload))


@pytest.mark.parametrize("inputs", [("x",), ("features", "more")], ids="-".join)
def test_graph_with_other_inputs_is_refused(
    forge: Any, make_graph: Any, inputs: tuple[str, ...]
) -> None:
    with pytest.raises(ModelPayloadError):
        load_model(forge(payload=make_graph(inputs=inputs).SerializeToString()))


def test_graph_of_another_number_of_classes_is_refused(forge: Any, make_graph: Any) -> None:
    with pytest.raises(ModelPayloadError):
        load_model(forge(payload=make_graph(n_classes=3).SerializeToString()))


def test_graph_with_a_foreign_operator_is_refused(forge: Any, make_graph: Any) -> None:
    graph = make_graph()
    graph.graph.node[0].op_type = "Shell"
    graph.graph.node[0].domain = "evil"
    graph.opset_import.append(helper.make_opsetid("evil", 1))
    with pytest.raises(ModelPayloadError):
        load_model(forge(payload=graph.SerializeToString()))


@pytest.mark.parametrize("location", ["weights.bin", "./weights.bin", "/etc/passwd"])
def test_graph_that_reads_another_file_is_refused(
    tmp_path: Path,
    forge: Any,
    make_graph: Any,
    monkeypatch: pytest.MonkeyPatch,
    location: str,
) -> None:
    """A file beside the model is under none of its hashes."""
    values = np.ones((len(GTZAN57.names), 2))
    values.tofile(tmp_path / "weights.bin")
    weights = numpy_helper.from_array(values, "weights")
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, "offset": "0", "length": str(values.nbytes)}.items():
        weights.external_data.add(key=key, value=value)
    path = forge(payload=make_graph(weights=weights).SerializeToString())
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelPayloadError):
        load_model(path)


# --- prediction ---------------------------------------------------------------------------------


def test_prediction_is_what_the_graph_computes(model_path: Path, rows: np.ndarray) -> None:
    prediction = load_model(model_path).predict(rows, fingerprint=GTZAN57.fingerprint)
    powers = np.exp(0.5 * rows[:, :2])
    np.testing.assert_allclose(
        prediction.probabilities, powers / powers.sum(axis=1, keepdims=True), rtol=1e-6
    )
    np.testing.assert_allclose(prediction.distance, rows.sum(axis=1), rtol=1e-12)


def test_features_must_be_of_the_models_fingerprint(shipped: Model, rows: np.ndarray) -> None:
    with pytest.raises(FingerprintError) as caught:
        shipped.predict(rows, fingerprint=OTHER)
    assert OTHER in caught.value.reason
    assert GTZAN57.fingerprint in caught.value.reason


@pytest.mark.parametrize("shape", [(57,), (1, 56), (1, 58), (57, 1), (1, 1, 57), ()], ids=str)
def test_rows_of_another_shape_are_refused(shipped: Model, shape: tuple[int, ...]) -> None:
    with pytest.raises(ParameterError, match=r"X has shape .*\(n, 57\) is needed"):
        shipped.predict(np.zeros(shape), fingerprint=GTZAN57.fingerprint)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_rows_that_are_not_finite_are_refused(
    shipped: Model, rows: np.ndarray, value: float
) -> None:
    rows[3, 5] = value
    with pytest.raises(ParameterError, match="not finite"):
        shipped.predict(rows, fingerprint=GTZAN57.fingerprint)


def test_no_rows_give_no_answers(shipped: Model) -> None:
    prediction = shipped.predict(np.zeros((0, 57)), fingerprint=GTZAN57.fingerprint)
    assert prediction.probabilities.shape == (0, 10)
    assert prediction.distance.shape == (0,)


@pytest.mark.parametrize("scale", [0.0, 1e-300, 1.0, 1e6, 1e100])
def test_probabilities_sum_to_one_whatever_the_row(
    shipped: Model, rows: np.ndarray, scale: float
) -> None:
    prediction = shipped.predict(scale * rows, fingerprint=GTZAN57.fingerprint)
    assert np.isfinite(prediction.probabilities).all()
    assert (prediction.probabilities >= 0).all()
    np.testing.assert_allclose(prediction.probabilities.sum(axis=1), 1, atol=1e-6)


def test_answer_that_is_not_finite_is_refused(shipped: Model, rows: np.ndarray) -> None:
    with pytest.raises(ModelPayloadError, match="not finite"):
        shipped.predict(1e300 * rows, fingerprint=GTZAN57.fingerprint)


class Session:
    """What stands for the graph of a model."""

    def __init__(self, *answer: Any) -> None:
        self.answer = answer

    def run(self, *_: object) -> Any:
        if not self.answer:
            raise RuntimeError("index out of bounds")
        return self.answer


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((), "its graph fails: index out of bounds"),
        ((np.ones((3, 2)), np.ones((3, 1))), "arrays of other shapes"),
        ((np.ones((3, 3)), np.ones(3)), "arrays of other shapes"),
        ((np.ones((1, 2)), np.ones(1)), "arrays of other shapes"),
        ((np.full((3, 2), np.nan), np.ones(3)), "not finite"),
        ((np.ones((3, 2)), np.full(3, np.inf)), "not finite"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_graph_that_answers_wrongly_is_an_error(
    model_path: Path, rows: np.ndarray, answer: tuple[Any, ...], told: str
) -> None:
    model = load_model(model_path)
    model.__dict__["_session"] = Session(*answer)
    with pytest.raises(ModelPayloadError, match=told):
        model.predict(rows[:3], fingerprint=GTZAN57.fingerprint)


def test_rows_are_answered_each_by_itself(shipped: Model, rows: np.ndarray) -> None:
    together = shipped.predict(rows, fingerprint=GTZAN57.fingerprint)
    alone = [shipped.predict(row[None], fingerprint=GTZAN57.fingerprint) for row in rows]
    np.testing.assert_allclose(
        together.probabilities, [one.probabilities[0] for one in alone], atol=1e-6
    )
    np.testing.assert_allclose(together.distance, [one.distance[0] for one in alone], rtol=1e-9)


# --- the model that ships -----------------------------------------------------------------------


def test_shipped_model_knows_ten_genres_in_order(shipped: Model) -> None:
    assert len(shipped.classes) == len(set(shipped.classes)) == 10
    assert list(shipped.classes) == sorted(shipped.classes)


def test_older_file_has_no_margin(forge: Any) -> None:
    assert load_model(forge()).min_margin == 0
    unsure = {"min_confidence": 0.5, "min_margin": 0.25, "max_distance": 1.0}
    assert load_model(forge(changes={"unsure": unsure})).min_margin == 0.25


def test_shipped_model_can_be_unsure(shipped: Model) -> None:
    assert 0.1 < shipped.min_confidence < 1
    assert 0 < shipped.max_distance < np.inf


def test_shipped_model_says_what_it_was_trained_on(shipped: Model) -> None:
    training = shipped.manifest["training"]
    assert len(training["ids"]) == len(set(training["ids"])) == training["n"] == 930
    assert training["citation"]


def test_shipped_model_says_what_each_protocol_gave(shipped: Model) -> None:
    scores = shipped.manifest["scores"]
    assert {name: score["n"] for name, score in scores.items()} == {
        "artist_inner": 640,
        "random": 930,
        "artist": 930,
        "official": 290,
        "official_artist_clean": 226,
        "published3": 948,
    }
    for score in scores.values():
        for name in ("accuracy", "macro_f1", "calibration_error"):
            assert 0 <= score[name]["low"] <= score[name]["high"] <= 1
        assert score["accuracy"]["low"] <= score["accuracy"]["value"] <= score["accuracy"]["high"]


def test_shipped_card_shows_every_score(shipped: Model) -> None:
    for score in shipped.manifest["scores"].values():
        for name in ("accuracy", "macro_f1", "calibration_error"):
            low, high = score[name]["low"], score[name]["high"]
            assert f"{score[name]['value']:.3f} [{low:.3f}, {high:.3f}]" in shipped.card
